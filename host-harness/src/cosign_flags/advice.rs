//! What there is to do, said in flags.
//!
//! The module knows settings alone, and advises what to write there. Whoever wrote flags has no settings to write into.

use serde_json::Value;
use sigwarden_core::attestors::advised_entry;
use sigwarden_core::decision::{CheckReport, Code, Explanation, Finding};

use super::SignerFlags;

/// Puts flags where the advice in `explanation` names fields of settings, as far as there are such flags.
pub fn in_flags(explanation: &mut Explanation, signer: &SignerFlags) {
    for block in explanation.images.iter_mut().flat_map(|image| &mut image.blocks) {
        block.findings.iter_mut().for_each(|finding| reword(finding, signer));
        block.checks.iter_mut().for_each(|check| reword_check(check, signer));
    }
}

// As deep as the settings, which are those of the flags.
fn reword_check(check: &mut CheckReport, signer: &SignerFlags) {
    check.finding.iter_mut().for_each(|finding| reword(finding, signer));
    let candidates = check.candidates.iter_mut().filter_map(|candidate| candidate.finding.as_mut());
    candidates.for_each(|finding| reword(finding, signer));
    check.parts.iter_mut().for_each(|part| reword_check(part, signer));
}

fn reword(finding: &mut Finding, signer: &SignerFlags) {
    let Some(remedy) = finding.remedy.as_deref() else { return };
    let advice = match finding.code {
        Code::WrongIdentity => identity(finding, remedy, signer),
        Code::WrongKey => remedy
            .strip_prefix("say so beside the key:\nsignatureAlgorithm: ")
            .map(|hash| format!("say so beside the key: `--signature-digest-algorithm {hash}`")),
        Code::WrongPredicateType => predicate_type(remedy),
        _ => None,
    };
    if let Some(advice) = advice {
        finding.remedy = Some(advice);
    }
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
}
