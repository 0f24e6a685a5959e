//! What there is to do, said in flags.
//!
//! The module knows settings alone, and advises what to write there. Whoever wrote flags has no settings to write into.

use serde_json::Value;
use sigwarden_core::attestors::advised_entry;
use sigwarden_core::decision::{CheckReport, Code, Explanation, Finding};

use super::{SignerFlags, escape_regexp, has_wildcard, only};

/// Puts flags where the advice in `explanation` names fields of settings, as far as there are such flags.
pub fn in_flags(explanation: &mut Explanation, signer: &SignerFlags) {
    for block in explanation.images.iter_mut().flat_map(|image| &mut image.blocks) {
        block.findings.iter_mut().for_each(|finding| reword(finding, signer));
        block.checks.iter_mut().for_each(|check| reword_check(check, signer));
    }
}

/// The same of what is wrong with a single bundle, whose signature holds where its signer is known.
pub fn of_a_bundle(finding: &mut Finding, signer: &SignerFlags) {
    let named = |found: &str| {
        // A certificate's name, and in brackets its issuer. Of several names none is the one to write.
        let (name, issuer) = found.strip_suffix(')')?.split_once(" (")?;
        let flags = [flag("certificate-identity", name), flag("certificate-oidc-issuer", issuer)].join(" ");
        (!name.contains(", ")).then(|| format!("if you trust this signer: `{flags}`"))
    };
    match (finding.code, finding.found.as_deref()) {
        (Code::WrongIdentity, Some(found)) => finding.remedy = named(found),
        (Code::WrongSubject, _) => {
            finding.remedy = Some("give the file that was signed, or the bundle that was made for this one".to_owned());
        }
        // Of a key its hash is known, and no flag says another.
        (Code::WrongKey, _) => finding.remedy = Some("compare the key with the one that signed".to_owned()),
        // It brings no authorities along, and there is no flag that does for it.
        (Code::CertificateUntrusted | Code::TimestampUntrusted | Code::TrustRootOutdated, _) => {
            finding.remedy = finding.remedy.take().map(|_| another_sigstore(""));
        }
        _ => reword(finding, signer),
    }
}

// As deep as the settings, which are those of the flags.
fn reword_check(check: &mut CheckReport, signer: &SignerFlags) {
    for literal in literals(signer) {
        check.label = check.label.replace(&literal.expression(), literal.text);
    }
    check.finding.iter_mut().for_each(|finding| reword(finding, signer));
    let candidates = check.candidates.iter_mut().filter_map(|candidate| candidate.finding.as_mut());
    candidates.for_each(|finding| reword(finding, signer));
    check.parts.iter_mut().for_each(|part| reword_check(part, signer));
}

fn reword(finding: &mut Finding, signer: &SignerFlags) {
    reword_remedy(finding, signer);
    let Some(wanted) = finding.wanted.as_mut().filter(|_| finding.code == Code::WrongIdentity) else { return };
    for literal in literals(signer) {
        let expression = literal.expression();
        if wanted.strip_prefix(literal.before) == Some(expression.as_str()) {
            *wanted = format!("{}{}", literal.before, literal.text);
            let hint = format!("the `*` and `?` of --{} stand for themselves", literal.flag);
            let hint = format!(
                "{hint}; if they should not, `{}`",
                flag(&format!("{}-regexp", literal.flag), &literal.meant())
            );
            let rest = finding.remedy.take().map(|rest| format!("; or, {rest}")).unwrap_or_default();
            finding.remedy = Some(hint + &rest);
            return;
        }
    }
}

/// An exact name that only an expression says in settings: as a pattern it would match others too.
struct Literal<'f> {
    flag: &'static str,
    text: &'f str,
    /// What stands before it where the rule is told.
    before: &'static str,
}

impl Literal<'_> {
    /// As the module shows what became of it.
    fn expression(&self) -> String {
        format!("/{}/", only(self.text))
    }

    /// The expression for whoever meant a pattern.
    fn meant(&self) -> String {
        let piece = |character: char| match character {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            other => escape_regexp(other.encode_utf8(&mut [0; 4])),
        };
        self.text.chars().map(piece).collect()
    }
}

fn literals(signer: &SignerFlags) -> impl Iterator<Item = Literal<'_>> {
    let named = [
        ("certificate-identity", &signer.certificate_identity, ""),
        ("certificate-oidc-issuer", &signer.certificate_oidc_issuer, "issuer "),
    ];
    let named =
        named.into_iter().filter_map(|(flag, text, before)| Some(Literal { flag, text: text.as_deref()?, before }));
    named.filter(|literal| has_wildcard(literal.text))
}

fn reword_remedy(finding: &mut Finding, signer: &SignerFlags) {
    let Some(remedy) = finding.remedy.as_deref() else { return };
    let advice = match finding.code {
        Code::WrongIdentity => identity(finding, remedy, signer),
        Code::WrongKey => remedy
            .strip_prefix("say so beside the key:\nsignatureAlgorithm: ")
            .map(|hash| format!("say so beside the key: `--signature-digest-algorithm {hash}`"))
            .or_else(|| {
                remedy.starts_with("compare the key with the one that signed").then(|| {
                    "compare the key with the one that signed; for another hash: `--signature-digest-algorithm`"
                        .to_owned()
                })
            }),
        Code::CertificateUntrusted | Code::TimestampUntrusted | Code::TrustRootOutdated => {
            remedy.starts_with("if it was signed with another Sigstore").then(|| {
                another_sigstore(match finding.code {
                    Code::CertificateUntrusted if signer.key.is_none() => {
                        ", or its certificate authorities: `--ca-roots FILE`"
                    }
                    Code::TimestampUntrusted => ", or its timestamp authority: `--timestamp-certificate-chain FILE`",
                    _ => "",
                })
            })
        }
        Code::EvidenceUnsupported => remedy.starts_with("ask for what is there").then(|| {
            let flags = match signer.key {
                Some(_) => {
                    "`--certificate-identity`, `--certificate-oidc-issuer` in place of `--key`: a certificate signed"
                }
                None => "`--key FILE` in place of `--certificate-identity`, `--certificate-oidc-issuer`: a key signed",
            };
            format!("ask for what is there: {flags}")
        }),
        Code::LogUnreachable => log_not_asked(&finding.message, remedy),
        Code::LogUntrusted => remedy
            .contains(IGNORE_TLOG_IN_SETTINGS)
            .then(|| remedy.replace(IGNORE_TLOG_IN_SETTINGS, "(`--insecure-ignore-tlog`)")),
        Code::WrongPredicateType => predicate_type(remedy),
        _ => None,
    };
    if let Some(advice) = advice {
        finding.remedy = Some(advice);
    }
}

/// How the module says that no log is needed, to whoever writes settings or flags.
const IGNORE_TLOG_IN_SETTINGS: &str = "(`rekor: {ignoreTlog: true}`, `--insecure-ignore-tlog`)";

/// What vouches for what another Sigstore signed: its trust root, `or` something else.
fn another_sigstore(or: &str) -> String {
    format!(
        "if it was signed with another Sigstore, give its trusted_root.json: `--trusted-root FILE`{or}; if it is new, use a newer \
         release of sigwarden"
    )
}

/// What lets the log be asked that nobody allowed.
fn log_not_asked(message: &str, remedy: &str) -> Option<String> {
    let (url, _) = remedy.strip_prefix("see whether ")?.split_once(" answers this host")?;
    message.contains(&format!("`{url}` is not asked")).then(|| {
        format!("let it be asked: `--rekor-url {url}`; or accept signatures without a log: `--insecure-ignore-tlog`")
    })
}

/// The flags that name the signer who was found.
fn identity(finding: &Finding, remedy: &str, signer: &SignerFlags) -> Option<String> {
    let Some((hint, entry)) = advised_entry(remedy) else {
        // Nobody knows yet whether it is really this signer's.
        return remedy.starts_with("if this signer is meant").then(|| {
            "if this signer is meant, name it: `--certificate-identity`, `--certificate-oidc-issuer`".to_owned()
        });
    };
    let field = |name: &str| entry.get("keyless")?.get(name)?.as_str();
    let (subject, issuer) = (field("subject")?, field("issuer")?);
    let (wanted, found) = (finding.wanted.as_deref()?, finding.found.as_deref()?);
    // The expression is what the hint is about.
    let hint = hint.map(|hint| format!("{hint}; or, "));
    if wanted.starts_with("issuer ") {
        let hint = hint.filter(|_| signer.certificate_oidc_issuer_regexp.is_some()).unwrap_or_default();
        return Some(format!("{hint}if you trust this issuer: `{}`", flag("certificate-oidc-issuer", issuer)));
    }
    if let Some((name, _)) = wanted.split_once(' ').filter(|(name, _)| name.starts_with("githubWorkflow")) {
        let value = found.strip_prefix(name)?.trim_start();
        let name = name.trim_start_matches("githubWorkflow").to_ascii_lowercase();
        // Of what the certificate does not have, the hint tells.
        return (value != "(none)").then(|| {
            format!("if that is what you mean: `{}`", flag(&format!("certificate-github-workflow-{name}"), value))
        });
    }
    let hint = hint.filter(|_| signer.certificate_identity_regexp.is_some()).unwrap_or_default();
    let mut flags = flag("certificate-identity", subject);
    if signer.certificate_oidc_issuer.as_deref() != Some(issuer) {
        flags.push(' ');
        flags.push_str(&flag("certificate-oidc-issuer", issuer));
    }
    Some(format!("{hint}if you trust this signer: `{flags}`"))
}

/// The type that there is, where the module advises a list of attestations.
fn predicate_type(remedy: &str) -> Option<String> {
    let (first, written) = remedy.split_once(", write:\n")?;
    let written = written.lines().find_map(|line| line.strip_prefix("- type: "))?;
    let predicate_type: Value = serde_json::from_str(written).ok()?;
    Some(format!("{first}: `{}`", flag("type", predicate_type.as_str()?)))
}

/// A flag as it is typed into a shell. Certificates are written by others.
fn flag(name: &str, value: &str) -> String {
    format!("--{name} '{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use sigwarden_core::verify::EvidenceError;

    use super::*;

    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn advised(code: Code, wanted: &str, found: &str, remedy: &str, signer: &SignerFlags) -> String {
        let mut finding = Finding::new(code, "no").contrast(wanted, found).remedy(remedy);
        reword(&mut finding, signer);
        finding.remedy.unwrap()
    }

    #[test]
    fn identities_are_named_by_flags() {
        let entry = |subject: &str| {
            let entry = serde_json::json!({"keyless": {"subject": subject, "issuer": ISSUER}});
            format!("if this signer is meant too, add it to the entries, with `count: 1`:\n- {entry}")
        };
        let exact = SignerFlags { certificate_oidc_issuer: Some(ISSUER.to_owned()), ..SignerFlags::default() };
        let other = SignerFlags { certificate_oidc_issuer: Some("https://other".to_owned()), ..SignerFlags::default() };
        let loose = SignerFlags { certificate_identity_regexp: Some("b".to_owned()), ..exact.clone() };
        let cases = [
            (
                "identity",
                "a",
                "b",
                entry("b"),
                &exact,
                "if you trust this signer: `--certificate-identity 'b'`".to_owned(),
            ),
            (
                "both",
                "a",
                "b",
                entry("b"),
                &other,
                format!("if you trust this signer: `--certificate-identity 'b' --certificate-oidc-issuer '{ISSUER}'`"),
            ),
            (
                "issuer",
                "issuer https://other",
                "issuer",
                format!("write `x`; or, {}", entry("b")),
                &other,
                format!("if you trust this issuer: `--certificate-oidc-issuer '{ISSUER}'`"),
            ),
            (
                "expression",
                "/a/",
                "b",
                format!("write `.*`; or, {}", entry("b")),
                &loose,
                "write `.*`; or, if you trust this signer: `--certificate-identity 'b'`".to_owned(),
            ),
            (
                "extension",
                "githubWorkflowRef refs/heads/main",
                "githubWorkflowRef refs/heads/next",
                entry("b"),
                &exact,
                "if that is what you mean: `--certificate-github-workflow-ref 'refs/heads/next'`".to_owned(),
            ),
            (
                "a name that would end the quotes",
                "a",
                "b",
                entry("a' $(b)"),
                &exact,
                r"if you trust this signer: `--certificate-identity 'a'\'' $(b)'`".to_owned(),
            ),
            (
                "a signature that was not verified",
                "a",
                "b",
                "if this signer is meant too, add an entry for it".to_owned(),
                &exact,
                "if this signer is meant, name it: `--certificate-identity`, `--certificate-oidc-issuer`".to_owned(),
            ),
            ("a hint alone", "a", "b", "write `.*`".to_owned(), &exact, "write `.*`".to_owned()),
        ];
        for (name, wanted, found, remedy, signer, expected) in cases {
            assert_eq!(advised(Code::WrongIdentity, wanted, found, &remedy, signer), expected, "case `{name}`");
        }
    }

    #[test]
    fn hashes_and_types_are_named_by_flags() {
        let flags = SignerFlags::default();
        let hash = advised(Code::WrongKey, "a", "b", "say so beside the key:\nsignatureAlgorithm: sha512", &flags);
        assert_eq!(hash, "say so beside the key: `--signature-digest-algorithm sha512`");
        let yaml = "if that is what you mean, write:\nattestations:\n- type: \"https://x.test/y\"\n  match: any";
        assert_eq!(
            advised(Code::WrongPredicateType, "a", "b", yaml, &flags),
            "if that is what you mean: `--type 'https://x.test/y'`"
        );
        assert_eq!(advised(Code::WrongKey, "a", "b", "compare the key", &flags), "compare the key");
    }

    #[test]
    fn what_the_module_advises_is_said_in_flags() {
        let key = SignerFlags { key: Some("k.pub".into()), ..SignerFlags::default() };
        let keyless = SignerFlags::default();
        let url = || "https://rekor.example".to_owned();
        let unasked = format!("the transparency log `{}` is not asked: allow it with --rekor-url {}", url(), url());
        let cases = [
            (EvidenceError::UnknownLog("x".to_owned()), &key, vec!["`--trusted-root FILE`;"]),
            (
                EvidenceError::Timestamp("x".to_owned()),
                &key,
                vec!["`--trusted-root FILE`,", "`--timestamp-certificate-chain FILE`"],
            ),
            (EvidenceError::Certificate("x".to_owned()), &keyless, vec!["`--trusted-root FILE`,", "`--ca-roots FILE`"]),
            (EvidenceError::WrongSignerKind("x"), &key, vec!["`--certificate-identity`", "in place of `--key`"]),
            (EvidenceError::WrongSignerKind("x"), &keyless, vec!["`--key FILE` in place of"]),
            (EvidenceError::WrongKey("x".to_owned()), &key, vec!["for another hash: `--signature-digest-algorithm`"]),
            (
                EvidenceError::LogUnreachable { url: url(), reason: unasked },
                &key,
                vec!["`--rekor-url https://rekor.example`", "`--insecure-ignore-tlog`"],
            ),
            (
                EvidenceError::LogUnreachable { url: url(), reason: "time-out".to_owned() },
                &key,
                vec!["see whether https://rekor.example answers"],
            ),
            (EvidenceError::NoLogEntry, &key, vec!["without one (`--insecure-ignore-tlog`)"]),
            (EvidenceError::LogNotAsked, &key, vec!["without one (`--insecure-ignore-tlog`)"]),
        ];
        let settings = ["trustRoots", "roots`", "pubkey", "`keys`", "`keyless`", "signatureAlgorithm", "ignoreTlog"];
        for (error, signer, expected) in cases {
            let mut finding = error.finding();
            reword(&mut finding, signer);
            let remedy = finding.remedy.unwrap();
            for words in expected {
                assert!(remedy.contains(words), "{error}: {remedy}");
            }
            let named = settings.into_iter().find(|name| remedy.replace("--ca-roots", "").contains(name));
            assert_eq!(named, None, "{error}: {remedy}");
        }
    }
}
