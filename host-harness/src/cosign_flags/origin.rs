//! Which flag is a setting from? What the module finds wrong with settings is told of the flags that they were.

use std::path::Path;

use sigwarden_core::decision::Finding;

use super::{CertificateFlags, SignerFlags, TIMESTAMP_CHAIN};

/// Where [`super::settings`] puts what is asked of the signer: below `attestors`, or below those of an attestation.
const ENTRY: &str = "attestors[0].entries[0].";
/// Where `--trusted-root` is put.
const TRUSTED_ROOT: &str = "trustRoots.sigstore";

/// Names flags where `problems` name settings that are from flags.
pub fn with_flags(problems: &mut [Finding], signer: &SignerFlags, certificate: &CertificateFlags) {
    for problem in problems {
        let Some((path, message)) = problem.message.split_once(": ") else { continue };
        let Some((_, field)) = path.split_once(ENTRY) else { continue };
        if let Some(file) = file(field, signer, certificate) {
            // A policy cannot read files, and nobody has pasted anything: here a file was read.
            let is_text = message.ends_with(" is not PEM text, and a policy cannot read files")
                || message == "variables are not filled in here";
            let message = if is_text { "it holds no `-----BEGIN CERTIFICATE-----`" } else { message };
            problem.message = format!("{file}: {message}");
            problem.remedy = None;
        } else if let Some(flag) = value(field, signer) {
            problem.message = format!("{flag}: {message}");
        }
    }
}

/// Names `--trusted-root` where `problems` are about the trust root that was read from `file`.
pub fn trusted_root_named(problems: &mut [Finding], file: &Path) {
    for problem in problems {
        let Some((path, message)) = problem.message.split_once(": ") else { continue };
        let Some(field) = path.strip_prefix(TRUSTED_ROOT).filter(|rest| is_end(rest)) else { continue };
        let message = message.strip_suffix(", or a `configMap` that holds one").unwrap_or(message);
        let field = field.trim_start_matches('.');
        let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
        problem.message = format!("--trusted-root {}: {field}{message}", file.display());
    }
}

/// The flags whose files stand in `field`, with the files.
fn file(field: &str, signer: &SignerFlags, certificate: &CertificateFlags) -> Option<String> {
    let is = |name: &str| field.strip_prefix(name).is_some_and(is_end);
    let authorities = certificate.authorities();
    let flags = if is("keyless.roots") {
        &authorities[..]
    } else if is("keyless.ctlog.tsaCertChain") || is("keys.ctlog.tsaCertChain") {
        &[(TIMESTAMP_CHAIN, &certificate.timestamp_certificate_chain)]
    } else if is("keys.publicKeys") {
        &[("--key", &signer.key)]
    } else {
        return None;
    };
    let named = flags.iter().filter_map(|(flag, path)| Some(format!("{flag} {}", path.as_ref()?.display())));
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// The flag whose value stands in `field`.
fn value(field: &str, signer: &SignerFlags) -> Option<String> {
    let either = |exact: &Option<String>, flag: &str| {
        if exact.is_some() { flag.to_owned() } else { format!("{flag}-regexp") }
    };
    Some(match field {
        "keyless.subject" | "keyless.subjectRegExp" => either(&signer.certificate_identity, "--certificate-identity"),
        "keyless.issuer" | "keyless.issuerRegExp" => {
            either(&signer.certificate_oidc_issuer, "--certificate-oidc-issuer")
        }
        _ if field.starts_with("annotations") => "--annotations".to_owned(),
        _ => {
            let name = field.strip_prefix("keyless.additionalExtensions.githubWorkflow")?;
            format!("--certificate-github-workflow-{}", name.to_ascii_lowercase())
        }
    })
}

/// Whether the name of a field ends here.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '['])
}

#[cfg(test)]
mod tests {
    use sigwarden_core::decision::Code;

    use super::*;

    #[test]
    fn settings_that_are_no_flags_are_left() {
        let certificate = CertificateFlags { ca_roots: Some("ca.pem".into()), ..CertificateFlags::default() };
        let entry = format!("verifyImages[0].{ENTRY}");
        let cases = [
            (format!("{entry}keyless.roots: no"), "--ca-roots ca.pem: no".to_owned()),
            (format!("{entry}keyless.rootsX: no"), format!("{entry}keyless.rootsX: no")),
            (format!("{entry}keyless.subjectRegExp: no"), "--certificate-identity-regexp: no".to_owned()),
            (
                format!("verifyImages[0].attestations[0].{ENTRY}keyless.issuerRegExp: no"),
                "--certificate-oidc-issuer-regexp: no".to_owned(),
            ),
            ("deadline: no".to_owned(), "deadline: no".to_owned()),
            ("trustRoots.sigstore: no".to_owned(), "--trusted-root r.json: no".to_owned()),
            ("trustRoots.sigstore.tlogs[0]: no".to_owned(), "--trusted-root r.json: tlogs[0]: no".to_owned()),
            ("trustRoots.sigstore2: no".to_owned(), "trustRoots.sigstore2: no".to_owned()),
        ];
        for (written, expected) in cases {
            let mut problems = [Finding::new(Code::SettingsInvalid, written)];
            with_flags(&mut problems, &SignerFlags::default(), &certificate);
            trusted_root_named(&mut problems, Path::new("r.json"));
            assert_eq!(problems[0].message, expected);
        }
    }
}
