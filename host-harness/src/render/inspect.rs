//! What evidence says of itself, for a person at a terminal. The mark is never ✓: nothing was verified.

use std::io::{self, Write};

use serde_json::Value;
use sigwarden_core::decision::Outcome;

use super::page::Page;
use crate::inspect::{Authority, Certificate, Form, Inspection, LogEntry, NOTE, Piece, Signer, Statement, TrustedRoot};

/// Subjects, annotations and keys of a predicate that are shown: `-o json` has the rest.
const SHOWN: usize = 10;
/// Characters of one annotation.
const SHOWN_VALUE: usize = 200;

/// Writes what was found.
///
/// # Errors
/// When `out` cannot be written to.
pub fn inspection(out: &mut dyn Write, inspection: &Inspection) -> io::Result<()> {
    let mut text = Text { page: Page::new(out) };
    if inspection.evidence.is_empty() {
        text.page.headline(Outcome::Failed, &format!("{}: there is no evidence", inspection.inspected))?;
        text.optional("digest", inspection.digest.as_ref())?;
        text.page.field("looked", &inspection.looked.join("\n"))?;
        if inspection.unreadable.is_empty() {
            // Nothing says anything of itself, and there is nothing to verify.
            return Ok(());
        }
    }
    for piece in &inspection.evidence {
        text.piece(inspection, piece)?;
    }
    for unreadable in &inspection.unreadable {
        let name = [&inspection.inspected, &unreadable.source];
        let name: Vec<&str> = name.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
        text.page.headline(Outcome::Undecided, &format!("{}: cannot be read", name.join(", ")))?;
        text.page.field("because", &unreadable.reason)?;
    }
    text.page.blank()?;
    text.page.warning(NOTE)?;
    match &inspection.verify_with {
        Some(command) => text.page.remedy(command),
        None if inspection.evidence.iter().any(|piece| piece.form == Form::Envelope) => text.page.sentence(
            "an envelope brings neither certificate nor log entry: what vouches for it is the bundle or tag that it was taken from",
        ),
        None => text.page.sentence("there is nothing to verify: nobody signed this"),
    }
}

struct Text<'w> {
    page: Page<'w>,
}

impl Text<'_> {
    fn optional(&mut self, label: &str, text: Option<&String>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.line(label, text))
    }

    /// A field whose text has one line, whatever it holds: it comes from a certificate or a registry.
    fn line(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.page.field(label, &text.replace('\n', "\\n"))
    }

    fn piece(&mut self, inspection: &Inspection, piece: &Piece) -> io::Result<()> {
        let headline = format!("{}: {}", inspection.inspected, piece.form.words()).replace('\n', "\\n");
        self.page.headline(Outcome::Audited, &headline)?;
        if !piece.source.is_empty() {
            self.line("found in", &piece.source)?;
        }
        match &piece.signer {
            Some(Signer::Certificate { certificate, chain_length }) => self.certificate(certificate, *chain_length)?,
            Some(Signer::UnreadableCertificate { reason }) => {
                self.line("signer", &format!("a certificate that cannot be read: {reason}"))?;
            }
            Some(Signer::Key { algorithm: Some(algorithm), fingerprint, .. }) => {
                self.line("key", algorithm)?;
                self.optional("known as", fingerprint.as_ref())?;
            }
            Some(Signer::Key { hint, .. }) => {
                let hint = hint.as_ref().map_or_else(String::new, |hint| format!(", which it calls `{hint}`"));
                self.line("signer", &format!("a key that whoever verifies must have{hint}"))?;
            }
            None => {}
        }
        for entry in &piece.log_entries {
            self.line("log", &log_entry(entry))?;
        }
        for timestamp in &piece.timestamps {
            self.line("stamped", timestamp.time.as_deref().unwrap_or("with a timestamp that cannot be read"))?;
        }
        let is_signed = !matches!(piece.signer, None | Some(Signer::Key { algorithm: Some(_), .. }));
        if is_signed && piece.form != Form::Certificate && piece.log_entries.is_empty() && piece.timestamps.is_empty() {
            self.line("log", "none, and no timestamp: nothing says when it was signed")?;
        }
        if let Some(statement) = &piece.statement {
            self.statement(statement)?;
        }
        if let Some(reason) = &piece.statement_unreadable {
            self.line("says", &format!("unknown: {reason}"))?;
        }
        piece.trusted_root.as_ref().map_or(Ok(()), |root| self.trusted_root(root))
    }

    fn certificate(&mut self, certificate: &Certificate, chain_length: usize) -> io::Result<()> {
        match certificate.names.as_slice() {
            [] => {}
            names => self.line("signer", &names.join(", "))?,
        }
        self.optional("issuer", certificate.issuer.as_ref())?;
        self.optional("subject", certificate.subject.as_ref())?;
        self.optional("called by", certificate.build_config.as_ref())?;
        self.optional("repo", certificate.repository.as_ref())?;
        self.optional("ref", certificate.git_ref.as_ref())?;
        self.optional("commit", certificate.commit.as_ref())?;
        self.optional("started", certificate.trigger.as_ref())?;
        self.optional("run", certificate.run.as_ref())?;
        self.line("valid", &format!("{} to {}", certificate.not_before, certificate.not_after))?;
        if let Some(authority) = &certificate.issued_by {
            let chain = match chain_length {
                0 | 1 => String::new(),
                more => format!(" (with {more} certificates of its chain)"),
            };
            self.line("issued by", &format!("{authority}{chain}"))?;
        }
        self.optional("serial", certificate.serial.as_ref())
    }

    fn statement(&mut self, statement: &Statement) -> io::Result<()> {
        let about: Vec<String> = statement
            .subjects
            .iter()
            .take(SHOWN)
            .map(|subject| {
                let name = subject.name.as_ref().map(|name| format!("{name} "));
                format!("{}{}", name.unwrap_or_default(), subject.digests.join(" ")).replace('\n', "\\n")
            })
            .collect();
        let more = statement.subjects.len().saturating_sub(SHOWN).saturating_add(statement.more_subjects);
        match &statement.predicate_type {
            Some(predicate_type) => self.line("says", predicate_type)?,
            None if !statement.subjects.is_empty() => self.line("says", "this image is signed")?,
            None => {}
        }
        if !about.is_empty() {
            let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
            self.page.field("about", &format!("{}{more}", about.join("\n")))?;
        }
        for (name, value) in statement.annotations.iter().take(SHOWN) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value: String = value.chars().take(SHOWN_VALUE).collect();
            self.line("annotated", &format!("{name}={value}"))?;
        }
        self.optional("builder", statement.builder.as_ref())?;
        self.optional("type", statement.build_type.as_ref())?;
        self.optional("source", statement.source.as_ref())?;
        self.optional("of commit", statement.commit.as_ref())?;
        match &statement.predicate {
            Value::Object(fields) if statement.builder.is_none() && !fields.is_empty() => {
                let keys: Vec<&str> = fields.keys().take(SHOWN).map(String::as_str).collect();
                let dots = if fields.len() > SHOWN { ", …" } else { "" };
                self.line("predicate", &format!("{}{dots} (-o json has it whole)", keys.join(", ")))
            }
            _ => Ok(()),
        }
    }

    fn trusted_root(&mut self, root: &TrustedRoot) -> io::Result<()> {
        let lists = [
            ("issuers", &root.certificate_authorities),
            ("logs", &root.transparency_logs),
            ("cert logs", &root.certificate_logs),
            ("stampers", &root.timestamp_authorities),
        ];
        for (label, authorities) in lists {
            let lines: Vec<String> = authorities.iter().map(authority).collect();
            if !lines.is_empty() {
                self.page.field(label, &lines.join("\n"))?;
            }
        }
        Ok(())
    }
}

fn log_entry(entry: &LogEntry) -> String {
    let log = entry.log.clone().unwrap_or_else(|| format!("unknown log {}", entry.log_id));
    let time = entry.integrated_time.as_ref().map_or_else(String::new, |time| format!(" at {time}"));
    let proofs = match (entry.has_inclusion_proof, entry.has_promise) {
        (true, true) => "with proof and promise",
        (true, false) => "with proof",
        (false, true) => "with a promise alone",
        (false, false) => "with no proof",
    };
    format!("{log}, entry {}{time}, {} {proofs}", entry.index, entry.entry)
}

fn authority(authority: &Authority) -> String {
    let window = match (&authority.from, &authority.until) {
        (Some(from), Some(until)) => format!(", {from} to {until}"),
        (Some(from), None) => format!(", since {from}"),
        (None, Some(until)) => format!(", until {until}"),
        (None, None) => String::new(),
    };
    format!("{}{window}", authority.name).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{KnownLogs, inspect_file};

    #[test]
    fn nothing_that_is_said_moves_the_cursor_or_starts_a_line() {
        let hostile = r#"{"_type": "https://in-toto.io/Statement/v1", "predicateType": "x\n✓ verified\u001b[2J",
            "subject": [{"name": "a\u001b]0;t\u0007\nb", "digest": {"sha256": "\u001b[31m"}}],
            "predicate": {"\u009b31m": 1, "buildDefinition": {"buildType": "t\r\nu"}}}"#;
        let found = inspect_file("a\n\u{1b}b", hostile.as_bytes(), &KnownLogs::with(None).unwrap()).unwrap();
        let mut out = Vec::new();
        inspection(&mut out, &found).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{7}', '\r']), "{text}");
        assert!(text.lines().all(|line| !line.starts_with('✓') && !line.starts_with("u")), "{text}");
        assert!(text.contains(r"x\n✓ verified\u{1b}[2J") && text.contains(NOTE.split(':').next().unwrap()), "{text}");
    }
}
