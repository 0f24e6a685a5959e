//! Which form some bytes have. Told from their outermost layer alone: what is inside, the parser of that form says.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use sigwarden_core::evidence::published;

use super::InspectError;

/// Top-level keys of a document that is none of the forms, in the message about it.
const SHOWN_KEYS: usize = 5;
/// Start of a DER `SEQUENCE`, which every certificate is.
const DER_SEQUENCE: u8 = 0x30;

/// What kind of thing was inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// A Sigstore bundle.
    Bundle,
    /// A layer of cosign's tag `.sig`.
    CosignSignature,
    /// A layer of cosign's tag `.att`.
    CosignAttestation,
    /// A manifest or layer descriptor with cosign's annotations; its pieces are one of the two above.
    Manifest,
    /// What `sigwarden publish` writes; its pieces are one of the three above.
    Published,
    /// A DSSE envelope.
    Envelope,
    /// An in-toto statement that nobody signed.
    Statement,
    /// A predicate of SLSA provenance without the statement around it.
    Provenance,
    /// What cosign signs, without the signature.
    SigningPayload,
    /// An X.509 certificate.
    Certificate,
    /// A public key.
    PublicKey,
    /// A `trusted_root.json`.
    TrustedRoot,
}

impl Form {
    /// In words, with its article.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bundle => "a Sigstore bundle",
            Self::CosignSignature => "a signature of cosign's tag .sig",
            Self::CosignAttestation => "an attestation of cosign's tag .att",
            Self::Manifest => "a manifest of cosign",
            Self::Published => "published evidence",
            Self::Envelope => "a DSSE envelope",
            Self::Statement => "an in-toto statement, not signed",
            Self::Provenance => "a provenance predicate, not signed",
            Self::SigningPayload => "the payload of an image signature, without the signature",
            Self::Certificate => "a certificate",
            Self::PublicKey => "a public key",
            Self::TrustedRoot => "a trust root",
        }
    }
}

/// Some bytes of a known form.
pub(super) enum Recognised {
    /// Documents of JSON, each with its form or why it has none.
    Documents(Vec<Result<(Form, Vec<u8>), InspectError>>),
    /// A PEM text.
    Pem(Form, String),
    /// Perhaps a certificate in DER.
    Der(Vec<u8>),
}

/// Finds out what `bytes` are.
pub(super) fn recognise(bytes: &[u8]) -> Result<Recognised, InspectError> {
    recognise_plain(bytes).or_else(|error| {
        // `cosign sign-blob --output-certificate` writes PEM, in base64.
        let compact: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        match STANDARD.decode(compact) {
            Ok(decoded) if !decoded.is_empty() => recognise_plain(&decoded).map_err(|_| error),
            _ => Err(error),
        }
    })
}

fn recognise_plain(bytes: &[u8]) -> Result<Recognised, InspectError> {
    let text = bytes.trim_ascii();
    match text.first() {
        None => Err(InspectError::Empty),
        Some(b'{') => Ok(Recognised::Documents(documents(text))),
        Some(b'[') => Err(InspectError::Unknown { found: "a list of JSON".to_owned() }),
        Some(b'-') if text.starts_with(b"-----BEGIN ") => pem(text),
        // A certificate has no white space around it that could be taken away.
        Some(_) if bytes.first() == Some(&DER_SEQUENCE) => Ok(Recognised::Der(bytes.to_vec())),
        Some(_) if std::str::from_utf8(text).is_ok() => Err(InspectError::Unknown { found: "text".to_owned() }),
        Some(_) => Err(InspectError::Unknown { found: "bytes of no known form".to_owned() }),
    }
}

fn pem(text: &[u8]) -> Result<Recognised, InspectError> {
    let text = std::str::from_utf8(text).map_err(|error| InspectError::Unreadable(error.to_string()))?;
    let kind = text.lines().next().and_then(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    match kind {
        Some("CERTIFICATE") => Ok(Recognised::Pem(Form::Certificate, text.to_owned())),
        Some("PUBLIC KEY") => Ok(Recognised::Pem(Form::PublicKey, text.to_owned())),
        Some(kind) if kind.ends_with("PRIVATE KEY") => Err(InspectError::PrivateKey),
        Some(kind) => Err(InspectError::Unknown { found: format!("a PEM block `{kind}`") }),
        None => Err(InspectError::Unknown { found: "a PEM block without a kind".to_owned() }),
    }
}

/// The documents that follow each other in `text`, such as the lines of a `.jsonl`. One that does not parse is the last.
fn documents(text: &[u8]) -> Vec<Result<(Form, Vec<u8>), InspectError>> {
    let mut found = Vec::new();
    for document in serde_json::Deserializer::from_slice(text).into_iter::<Box<RawValue>>() {
        if found.len() == super::MAX_PIECES {
            found
                .push(Err(InspectError::Unreadable(format!("more than {} documents are not read", super::MAX_PIECES))));
            break;
        }
        found.push(match document {
            Ok(document) => form(document.get()).map(|form| (form, document.get().as_bytes().to_vec())),
            Err(error) => Err(InspectError::Unreadable(format!("it is not JSON: {error}"))),
        });
    }
    found
}

/// The form of one document, by the keys that only this form has.
fn form(json: &str) -> Result<Form, InspectError> {
    let fields: BTreeMap<&str, &RawValue> = match serde_json::from_str(json) {
        Ok(fields) => fields,
        // Keys with escapes cannot be borrowed, and no form has any.
        Err(_) => return Err(InspectError::Unknown { found: "JSON that is no plain object".to_owned() }),
    };
    let has = |name: &str| fields.contains_key(name);
    let text = |name: &str| fields.get(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let media_type = text("mediaType").unwrap_or_default();
    if media_type == published::MEDIA_TYPE {
        return Ok(Form::Published);
    }
    if media_type.starts_with("application/vnd.dev.sigstore.trustedroot") || has("certificateAuthorities") {
        return Ok(Form::TrustedRoot);
    }
    let forms: [(&[&str], Form); 8] = [
        (&["verificationMaterial"], Form::Bundle),
        (&["payloadType", "payload"], Form::Envelope),
        (&["_type", "predicateType"], Form::Statement),
        (&["critical"], Form::SigningPayload),
        (&["layers"], Form::Manifest),
        (&["digest", "annotations"], Form::Manifest),
        (&["buildDefinition"], Form::Provenance),
        (&["builder", "buildType"], Form::Provenance),
    ];
    forms.iter().find(|(keys, _)| keys.iter().all(|key| has(key))).map(|(_, form)| *form).ok_or_else(|| {
        let keys: Vec<String> = fields.keys().take(SHOWN_KEYS).map(|key| format!("`{}`", shortened(key))).collect();
        InspectError::Unknown {
            found: if keys.is_empty() {
                "an empty object".to_owned()
            } else {
                format!("JSON with {}", keys.join(", "))
            },
        }
    })
}

fn shortened(key: &str) -> String {
    const MAX: usize = 40;
    key.chars().take(MAX).collect()
}
