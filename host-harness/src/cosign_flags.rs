//! cosign's flags, read as settings: who must have signed?
//!
//! `sigwarden verify` takes the flags that people have in their scripts and writes the policy they amount to. Where
//! our reading differs from cosign's it is stricter, and `--help` says so: a regular expression must match the whole
//! identity. Flags that we do not honour are not accepted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use sigwarden_core::evidence::COSIGN_TYPES;

/// Where signatures are logged. Never contacted: evidence carries its proof.
const REKOR_URL: &str = "https://rekor.sigstore.dev";

/// Whose signature is asked for.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct SignerFlags {
    /// Exact identity in the signing certificate: a workflow's URL, an e-mail address
    #[arg(long, value_name = "IDENTITY", alias = "cert-identity", requires = "issuer", group = "signer")]
    pub certificate_identity: Option<String>,

    /// Regular expression for the identity. It must match the whole of it: write `.*` where cosign needs none
    #[arg(long, value_name = "REGEXP", alias = "cert-identity-regex", requires = "issuer", group = "signer")]
    pub certificate_identity_regexp: Option<String>,

    /// Exact issuer in the signing certificate
    #[arg(long, value_name = "URL", alias = "cert-oidc-issuer", group = "issuer", conflicts_with = "key")]
    pub certificate_oidc_issuer: Option<String>,

    /// Regular expression for the issuer. It must match the whole of it
    #[arg(long, value_name = "REGEXP", group = "issuer", conflicts_with = "key")]
    pub certificate_oidc_issuer_regexp: Option<String>,

    /// Public key (PEM file)
    #[arg(long, value_name = "FILE", group = "signer")]
    pub key: Option<PathBuf>,

    /// Accept signatures that no transparency log vouches for
    #[arg(long)]
    pub insecure_ignore_tlog: bool,

    /// Accept certificates that no certificate log vouches for
    #[arg(long)]
    pub insecure_ignore_sct: bool,
}

/// What else the signature or attestation must be like.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct EvidenceFlags {
    /// Annotation that the signature must carry
    #[arg(short, long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub annotations: Vec<Annotation>,

    /// Ask for an attestation of this type, not for a signature: custom, slsaprovenance, slsaprovenance02,
    /// slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex or a URI
    #[arg(long = "type", value_name = "TYPE")]
    pub predicate_type: Option<PredicateType>,

    /// Hash under the signature of --key
    #[arg(long, value_name = "ALGORITHM", requires = "key")]
    pub signature_digest_algorithm: Option<KeyHash>,
}

/// One `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    key: String,
    value: String,
}

/// A predicate type as it stands in statements: a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateType(String);

/// Hash functions of key signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyHash {
    /// SHA-256, the default.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// What is wrong with the value of a flag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlagError {
    /// An annotation without `=`, or with nothing before it.
    #[error("write KEY=VALUE")]
    Annotation,
    /// Neither one of cosign's names nor a URI.
    #[error("`{0}` is neither a URI nor one of {names}", names = COSIGN_TYPES.map(|(name, _)| name).join(", "))]
    PredicateType(String),
}

impl FromStr for Annotation {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err(FlagError::Annotation),
        }
    }
}

impl FromStr for PredicateType {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = COSIGN_TYPES.iter().find(|(name, _)| *name == text).map(|(_, uri)| *uri);
        match known {
            Some(uri) => Ok(Self(uri.to_owned())),
            None if text.contains(':') => Ok(Self(text.to_owned())),
            None => Err(FlagError::PredicateType(text.to_owned())),
        }
    }
}

impl KeyHash {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// The settings that the flags amount to: one rule for every image. `key_pem` is the content of `signer.key`.
#[must_use]
pub fn settings(signer: &SignerFlags, evidence: &EvidenceFlags, key_pem: Option<&str>) -> Value {
    let mut entry = Map::new();
    match key_pem {
        Some(pem) => entry.insert("keys".to_owned(), key(signer, evidence.signature_digest_algorithm, pem)),
        None => entry.insert("keyless".to_owned(), keyless(signer)),
    };
    if !evidence.annotations.is_empty() {
        let annotations: BTreeMap<_, _> =
            evidence.annotations.iter().map(|annotation| (&annotation.key, &annotation.value)).collect();
        entry.insert("annotations".to_owned(), json!(annotations));
    }

    let attestors = json!([{"entries": [entry]}]);
    let (question, answer) = match &evidence.predicate_type {
        // cosign is content with one attestation of the type.
        Some(PredicateType(uri)) => ("attestations", json!([{"type": uri, "match": "any", "attestors": attestors}])),
        None => ("attestors", attestors),
    };
    json!({"verifyImages": [{"imageReferences": ["*"], "mutateDigest": true, "required": true, question: answer}]})
}

fn keyless(signer: &SignerFlags) -> Value {
    let mut keyless = Map::new();
    let names = [
        ("subject", "subjectRegExp", &signer.certificate_identity, &signer.certificate_identity_regexp),
        ("issuer", "issuerRegExp", &signer.certificate_oidc_issuer, &signer.certificate_oidc_issuer_regexp),
    ];
    for (exact_field, regexp_field, exact, regexp) in names {
        let (field, text) = match (exact, regexp) {
            // In Kyverno's words an exact name is a pattern; as such this one would match others too.
            (Some(exact), _) if exact.contains(['*', '?']) => (regexp_field, format!("^{}$", escape_regexp(exact))),
            (Some(exact), _) => (exact_field, exact.clone()),
            (None, Some(regexp)) => (regexp_field, regexp.clone()),
            (None, None) => continue,
        };
        keyless.insert(field.to_owned(), Value::from(text));
    }
    keyless.insert("rekor".to_owned(), json!({"url": REKOR_URL, "ignoreTlog": signer.insecure_ignore_tlog}));
    keyless.insert("ctlog".to_owned(), json!({"ignoreSCT": signer.insecure_ignore_sct}));
    Value::Object(keyless)
}

fn key(signer: &SignerFlags, hash: Option<KeyHash>, pem: &str) -> Value {
    json!({
        "publicKeys": pem,
        "signatureAlgorithm": hash.unwrap_or(KeyHash::Sha256).as_str(),
        "rekor": {"url": REKOR_URL, "ignoreTlog": signer.insecure_ignore_tlog},
    })
}

/// A regular expression that matches `text` and nothing else.
fn escape_regexp(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn signer(identity: &str) -> SignerFlags {
        SignerFlags {
            certificate_identity: Some(identity.to_owned()),
            certificate_oidc_issuer: Some(ISSUER.to_owned()),
            ..SignerFlags::default()
        }
    }

    #[test]
    fn settings_are_the_policy_that_the_flags_amount_to() {
        let tlog = |ignore: bool| json!({"url": REKOR_URL, "ignoreTlog": ignore});
        let block = |rest: Value| {
            let mut block = json!({"imageReferences": ["*"], "mutateDigest": true, "required": true});
            for (name, value) in rest.as_object().unwrap() {
                block[name] = value.clone();
            }
            json!({"verifyImages": [block]})
        };
        let exact = json!({"keyless": {"subject": "me@example.org", "issuer": ISSUER,
            "rekor": tlog(false), "ctlog": {"ignoreSCT": false}}});
        let cases = [
            (
                "exact identity",
                settings(&signer("me@example.org"), &EvidenceFlags::default(), None),
                block(json!({"attestors": [{"entries": [exact]}]})),
            ),
            (
                "exact identity with a wildcard's letters",
                settings(&signer("https://a.b/*?"), &EvidenceFlags::default(), None),
                block(json!({"attestors": [{"entries": [{"keyless": {
                    "subjectRegExp": r"^https://a\.b/\*\?$", "issuer": ISSUER,
                    "rekor": tlog(false), "ctlog": {"ignoreSCT": false}}}]}]})),
            ),
            (
                "expressions, logs ignored",
                settings(
                    &SignerFlags {
                        certificate_identity_regexp: Some("s.*".to_owned()),
                        certificate_oidc_issuer_regexp: Some("i.*".to_owned()),
                        insecure_ignore_tlog: true,
                        insecure_ignore_sct: true,
                        ..SignerFlags::default()
                    },
                    &EvidenceFlags::default(),
                    None,
                ),
                block(json!({"attestors": [{"entries": [{"keyless": {"subjectRegExp": "s.*", "issuerRegExp": "i.*",
                    "rekor": tlog(true), "ctlog": {"ignoreSCT": true}}}]}]})),
            ),
            (
                "key with another hash",
                settings(
                    &SignerFlags {
                        key: Some("cosign.pub".into()),
                        insecure_ignore_tlog: true,
                        ..SignerFlags::default()
                    },
                    &EvidenceFlags { signature_digest_algorithm: Some(KeyHash::Sha384), ..EvidenceFlags::default() },
                    Some("PEM"),
                ),
                block(json!({"attestors": [{"entries": [{"keys": {
                    "publicKeys": "PEM", "signatureAlgorithm": "sha384", "rekor": tlog(true)}}]}]})),
            ),
            (
                "attestation with an annotation",
                settings(
                    &signer("me@example.org"),
                    &EvidenceFlags {
                        annotations: vec!["env=prod=1".parse().unwrap()],
                        predicate_type: Some("slsaprovenance1".parse().unwrap()),
                        signature_digest_algorithm: None,
                    },
                    None,
                ),
                block(json!({"attestations": [{"type": "https://slsa.dev/provenance/v1", "match": "any",
                    "attestors": [{"entries": [{"keyless": exact["keyless"], "annotations": {"env": "prod=1"}}]}]}]})),
            ),
        ];
        for (name, settings, expected) in cases {
            assert_eq!(settings, expected, "case `{name}`");
        }
    }

    #[test]
    fn predicate_types() {
        let uri = |text: &str| Ok(PredicateType(text.to_owned()));
        let cases = [
            ("cosign's name", "vuln", uri("https://cosign.sigstore.dev/attestation/vuln/v1")),
            ("a URI", "https://example.org/x", uri("https://example.org/x")),
            ("neither", "slsaprovenance2", Err(FlagError::PredicateType("slsaprovenance2".to_owned()))),
        ];
        for (name, text, expected) in cases {
            assert_eq!(text.parse(), expected, "case `{name}`");
        }
    }

    #[test]
    fn annotations() {
        let cases = [
            ("pair", "a=b", Ok(Annotation { key: "a".to_owned(), value: "b".to_owned() })),
            ("empty value", "a=", Ok(Annotation { key: "a".to_owned(), value: String::new() })),
            ("no value", "a", Err(FlagError::Annotation)),
            ("no key", "=b", Err(FlagError::Annotation)),
        ];
        for (name, text, expected) in cases {
            assert_eq!(text.parse(), expected, "case `{name}`");
        }
    }
}
