//! cosign's flags, read as settings: who must have signed?
//!
//! `sigwarden verify` takes the flags that people have in their scripts and writes the policy they amount to. Where
//! our reading differs from cosign's it is stricter, and `--help` says so: a regular expression must match the whole
//! identity. Flags that we do not honour are not accepted.

mod advice;
mod key_file;
mod origin;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use sigwarden_core::evidence::COSIGN_TYPES;

pub use advice::{in_flags, of_a_bundle};
pub use key_file::{KeyFileError, key_elsewhere, public_keys};
pub use origin::{trusted_root_named, with_flags};

/// Where signatures are logged. Never contacted: evidence carries its proof.
const REKOR_URL: &str = "https://rekor.sigstore.dev";

const TIMESTAMP_CHAIN: &str = "--timestamp-certificate-chain";

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

/// What else a certificate must say, and whose authorities are asked in place of the trust root's.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct CertificateFlags {
    /// Repository whose workflow asked for the certificate, for example `myorg/app`
    #[arg(long, value_name = "OWNER/NAME", requires = "issuer", conflicts_with = "key")]
    pub certificate_github_workflow_repository: Option<Exact>,

    /// Ref at which that workflow ran, for example `refs/heads/main`
    #[arg(long, value_name = "REF", requires = "issuer", conflicts_with = "key")]
    pub certificate_github_workflow_ref: Option<Exact>,

    /// Commit at which it ran
    #[arg(long, value_name = "COMMIT", requires = "issuer", conflicts_with = "key")]
    pub certificate_github_workflow_sha: Option<Exact>,

    /// Name of that workflow
    #[arg(long, value_name = "NAME", requires = "issuer", conflicts_with = "key")]
    pub certificate_github_workflow_name: Option<Exact>,

    /// Event that started it, for example `push`
    #[arg(long, value_name = "EVENT", requires = "issuer", conflicts_with = "key")]
    pub certificate_github_workflow_trigger: Option<Exact>,

    /// Certificate authorities in place of the trust root's (PEM file)
    #[arg(long, value_name = "FILE", requires = "issuer", conflicts_with = "key")]
    pub ca_roots: Option<PathBuf>,

    /// Certificate authorities between those and the signing certificate (PEM file). They are trusted like the roots
    #[arg(long, value_name = "FILE", requires = "ca_roots")]
    pub ca_intermediates: Option<PathBuf>,

    /// Both in one file (PEM)
    #[arg(long, value_name = "FILE", requires = "issuer", conflicts_with_all = ["key", "ca_roots"])]
    pub certificate_chain: Option<PathBuf>,

    /// Timestamp authority in place of the trust root's: its certificate, then those above it (PEM file)
    #[arg(long, value_name = "FILE")]
    pub timestamp_certificate_chain: Option<PathBuf>,
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

/// What the files hold that [`SignerFlags`] and [`CertificateFlags`] name.
#[derive(Clone, Debug, Default)]
pub struct SignerFiles {
    key: Option<String>,
    authorities: Option<String>,
    timestamp_chain: Option<String>,
}

impl CertificateFlags {
    /// Reads the files, and the key of `signer`.
    ///
    /// # Errors
    /// With the first error of `read`.
    pub fn files<E>(
        &self,
        signer: &SignerFlags,
        read: impl Fn(&str, &Path) -> Result<String, E>,
    ) -> Result<SignerFiles, E> {
        let read_all = |files: &[(&str, &Option<PathBuf>)]| -> Result<Option<String>, E> {
            let named = files.iter().filter_map(|(flag, path)| Some((*flag, path.as_deref()?)));
            let texts: Vec<String> = named.map(|(flag, path)| read(flag, path)).collect::<Result<_, _>>()?;
            // A file need not end its last line.
            Ok((!texts.is_empty()).then(|| texts.join("\n")))
        };
        Ok(SignerFiles {
            key: read_all(&[("--key", &signer.key)])?,
            authorities: read_all(&self.authorities())?,
            timestamp_chain: read_all(&[(TIMESTAMP_CHAIN, &self.timestamp_certificate_chain)])?,
        })
    }

    /// The files of certificate authorities, each with its flag.
    const fn authorities(&self) -> [(&'static str, &Option<PathBuf>); 3] {
        [
            ("--ca-roots", &self.ca_roots),
            ("--ca-intermediates", &self.ca_intermediates),
            ("--certificate-chain", &self.certificate_chain),
        ]
    }
}

/// A value that is compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact(String);

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
    /// A value that the policy would read as a pattern.
    #[error("`*` and `?` cannot be written here: they would match other values too")]
    Wildcard,
    /// An annotation without `=`, or with nothing before it.
    #[error("write KEY=VALUE")]
    Annotation,
    /// Neither one of cosign's names nor a URI.
    #[error("`{0}` is neither a URI nor one of {names}", names = COSIGN_TYPES.map(|(name, _)| name).join(", "))]
    PredicateType(String),
}

impl FromStr for Exact {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['*', '?']) { Err(FlagError::Wildcard) } else { Ok(Self(text.to_owned())) }
    }
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

/// The settings that the flags amount to: one rule for every image. `files` are those that `signer` and `certificate` name.
#[must_use]
pub fn settings(
    signer: &SignerFlags,
    certificate: &CertificateFlags,
    evidence: &EvidenceFlags,
    files: &SignerFiles,
) -> Value {
    let mut entry = Map::new();
    match &files.key {
        Some(pem) => entry.insert("keys".to_owned(), key(signer, evidence.signature_digest_algorithm, pem, files)),
        None => entry.insert("keyless".to_owned(), keyless(signer, certificate, files)),
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

fn keyless(signer: &SignerFlags, certificate: &CertificateFlags, files: &SignerFiles) -> Value {
    let mut keyless = Map::new();
    let names = [
        ("subject", "subjectRegExp", &signer.certificate_identity, &signer.certificate_identity_regexp),
        ("issuer", "issuerRegExp", &signer.certificate_oidc_issuer, &signer.certificate_oidc_issuer_regexp),
    ];
    for (exact_field, regexp_field, exact, regexp) in names {
        let (field, text) = match (exact, regexp) {
            // In Kyverno's words an exact name is a pattern; as such this one would match others too.
            (Some(exact), _) if has_wildcard(exact) => (regexp_field, only(exact)),
            (Some(exact), _) => (exact_field, exact.clone()),
            (None, Some(regexp)) => (regexp_field, regexp.clone()),
            (None, None) => continue,
        };
        keyless.insert(field.to_owned(), Value::from(text));
    }
    keyless.insert("rekor".to_owned(), json!({"url": REKOR_URL, "ignoreTlog": signer.insecure_ignore_tlog}));
    let mut ctlog = Map::from_iter([("ignoreSCT".to_owned(), Value::from(signer.insecure_ignore_sct))]);
    if let Some(chain) = &files.timestamp_chain {
        ctlog.insert("tsaCertChain".to_owned(), Value::from(chain.as_str()));
    }
    keyless.insert("ctlog".to_owned(), Value::Object(ctlog));
    if let Some(authorities) = &files.authorities {
        keyless.insert("roots".to_owned(), Value::from(authorities.as_str()));
    }
    let extensions: Map<String, Value> = [
        ("githubWorkflowRepository", &certificate.certificate_github_workflow_repository),
        ("githubWorkflowRef", &certificate.certificate_github_workflow_ref),
        ("githubWorkflowSha", &certificate.certificate_github_workflow_sha),
        ("githubWorkflowName", &certificate.certificate_github_workflow_name),
        ("githubWorkflowTrigger", &certificate.certificate_github_workflow_trigger),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value.as_ref()?.0.as_str()))))
    .collect();
    if !extensions.is_empty() {
        keyless.insert("additionalExtensions".to_owned(), Value::Object(extensions));
    }
    Value::Object(keyless)
}

fn key(signer: &SignerFlags, hash: Option<KeyHash>, pem: &str, files: &SignerFiles) -> Value {
    let mut keys = Map::from_iter([
        ("publicKeys".to_owned(), Value::from(pem)),
        ("signatureAlgorithm".to_owned(), Value::from(hash.unwrap_or(KeyHash::Sha256).as_str())),
        ("rekor".to_owned(), json!({"url": REKOR_URL, "ignoreTlog": signer.insecure_ignore_tlog})),
    ]);
    if let Some(chain) = &files.timestamp_chain {
        keys.insert("ctlog".to_owned(), json!({"tsaCertChain": chain}));
    }
    Value::Object(keys)
}

/// Whether a pattern in Kyverno's words would match more than `text`.
fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// A regular expression that matches `text` and nothing else.
fn only(text: &str) -> String {
    format!("^{}$", escape_regexp(text))
}

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
                settings(
                    &signer("me@example.org"),
                    &CertificateFlags::default(),
                    &EvidenceFlags::default(),
                    &SignerFiles::default(),
                ),
                block(json!({"attestors": [{"entries": [exact]}]})),
            ),
            (
                "exact identity with a wildcard's letters",
                settings(
                    &signer("https://a.b/*?"),
                    &CertificateFlags::default(),
                    &EvidenceFlags::default(),
                    &SignerFiles::default(),
                ),
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
                    &CertificateFlags::default(),
                    &EvidenceFlags::default(),
                    &SignerFiles::default(),
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
                    &CertificateFlags::default(),
                    &EvidenceFlags { signature_digest_algorithm: Some(KeyHash::Sha384), ..EvidenceFlags::default() },
                    &SignerFiles { key: Some("PEM".to_owned()), ..SignerFiles::default() },
                ),
                block(json!({"attestors": [{"entries": [{"keys": {
                    "publicKeys": "PEM", "signatureAlgorithm": "sha384", "rekor": tlog(true)}}]}]})),
            ),
            (
                "attestation with an annotation",
                settings(
                    &signer("me@example.org"),
                    &CertificateFlags::default(),
                    &EvidenceFlags {
                        annotations: vec!["env=prod=1".parse().unwrap()],
                        predicate_type: Some("slsaprovenance1".parse().unwrap()),
                        signature_digest_algorithm: None,
                    },
                    &SignerFiles::default(),
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
    fn files_and_extensions_become_fields() {
        let flags = CertificateFlags {
            ca_roots: Some("root".into()),
            ca_intermediates: Some("intermediate".into()),
            timestamp_certificate_chain: Some("stamps".into()),
            certificate_github_workflow_repository: Some("myorg/app".parse().unwrap()),
            certificate_github_workflow_trigger: Some("push".parse().unwrap()),
            ..CertificateFlags::default()
        };
        let signer = signer("me@example.org");
        let files = flags.files(&signer, |_, path| Ok::<_, ()>(path.display().to_string())).unwrap();
        let settings = settings(&signer, &flags, &EvidenceFlags::default(), &files);
        let keyless = settings.pointer("/verifyImages/0/attestors/0/entries/0/keyless").unwrap();
        assert_eq!(keyless["roots"], "root\nintermediate");
        assert_eq!(keyless["ctlog"]["tsaCertChain"], "stamps");
        let extensions = json!({"githubWorkflowRepository": "myorg/app", "githubWorkflowTrigger": "push"});
        assert_eq!(keyless["additionalExtensions"], extensions);

        assert_eq!("my*".parse::<Exact>(), Err(FlagError::Wildcard));
        assert_eq!(flags.files(&signer, |_, _| Err::<String, _>("unreadable")).map(drop), Err("unreadable"));
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
