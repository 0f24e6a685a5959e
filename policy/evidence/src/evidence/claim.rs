//! What a piece of evidence says: "this image is signed", or a statement about it.
//!
//! Read from the signed payload before anything is verified, to find out which evidence is worth verifying. A claim is
//! believed only together with a verified signature over the same bytes.

use super::material::{Content, MaterialError};
use crate::entries;
use crate::json::{self, Json};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ops::Range;

/// Predicate type of cosign v3's image signatures, and the only attestation that is one.
pub const COSIGN_SIGN_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// cosign's short names of predicate types (`cosign attest --type`), which a statement never carries.
pub const COSIGN_TYPES: [(&str, &str); 10] = [
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("link", "https://in-toto.io/Link/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
];

/// The payload type of in-toto statements.
pub const IN_TOTO_PAYLOAD: &str = "application/vnd.in-toto+json";
/// What the payload of cosign's image signatures calls itself.
const COSIGN_SIGNATURE: &str = "cosign container image signature";
/// Objects, and members and elements, in one statement. As JSON text a few bytes each, in memory up to a hundred times as
/// many: 16 MB of the smallest objects would take a gigabyte. An SBOM of 14 MB has a quarter of this.
const MAX_OBJECTS: usize = 200_000;
const MAX_MEMBERS: usize = 1_000_000;
/// Subjects of one statement. Builds list their artifacts; ten thousand is beyond any seen.
const MAX_SUBJECTS: usize = 10_000;

/// What is claimed.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The image is signed. An attestation is never one.
    Signature(Vec<Subject>),
    /// A statement about the image.
    Attestation {
        /// What it is about.
        subjects: Vec<Subject>,
        /// Its predicate type, compared for equality.
        predicate_type: String,
        /// The predicate, unread: whoever made the statement is not known yet.
        predicate: Predicate,
    },
}

/// Where in its payload a predicate stands. It is read when its statement is verified, and one at a time.
#[derive(Clone, Debug)]
pub struct Predicate(Range<usize>);

impl Predicate {
    /// `predicate` in the statement that it was read from.
    fn of(predicate: Option<&RawValue>, payload: &[u8]) -> Self {
        let text = predicate.map_or("", RawValue::get);
        let start = text.as_ptr().addr().saturating_sub(payload.as_ptr().addr());
        Self(start..start.saturating_add(text.len()))
    }

    /// The predicate itself; `null` where the statement has none. `content` is what the claim was read from.
    ///
    /// # Errors
    /// When it is no value. The statement was read without looking into it: it may be nested too deeply, or hold a number
    /// beyond all numbers or half a character.
    pub fn value(&self, content: &Content) -> Result<Value, MaterialError> {
        if self.0.is_empty() {
            return Ok(Value::Null);
        }
        let malformed = |reason: String| MaterialError::Malformed { what: "predicate", reason };
        let text = match content {
            Content::Envelope { payload, .. } => payload.get(self.0.clone()),
            Content::Message { .. } | Content::Artifact { .. } => None,
        };
        let text = text.ok_or_else(|| malformed("it is not there".to_owned()))?;
        json::read(text).map_err(|error| malformed(error.to_string()))
    }
}

/// Something a claim is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `sha256:<hex>` or `sha512:<hex>`.
    pub digests: Vec<String>,
    /// Annotations that the signer added (`cosign sign -a`).
    pub annotations: BTreeMap<String, Value>,
}

impl Claim {
    /// The subjects.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        match self {
            Self::Signature(subjects) | Self::Attestation { subjects, .. } => subjects,
        }
    }

    /// The subject that is the image of this digest.
    #[must_use]
    pub fn about(&self, digest: &str) -> Option<&Subject> {
        self.subjects().iter().find(|subject| subject.digests.iter().any(|own| own == digest))
    }

    /// Reads what `content` says.
    ///
    /// # Errors
    /// When the payload is neither cosign's simple-signing JSON nor an in-toto statement.
    pub fn read(content: &Content) -> Result<Self, MaterialError> {
        match content {
            Content::Message { payload, .. } => simple_signing(payload),
            // Only `verify-bundle` asks about plain artifacts; a signature over an image's manifest as a file is none of the
            // image (`evidence::Load` sees to that).
            Content::Artifact { sha256, .. } => {
                let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
                Ok(Self::Signature(vec![Subject {
                    digests: vec![format!("sha256:{hex}")],
                    annotations: BTreeMap::new(),
                }]))
            }
            Content::Envelope { payload_type, payload, .. } if payload_type == IN_TOTO_PAYLOAD => statement(payload),
            Content::Envelope { payload_type, .. } => Err(MaterialError::Malformed {
                what: "attestation",
                reason: format!("payload type `{payload_type}` is not `{IN_TOTO_PAYLOAD}`"),
            }),
        }
    }
}

#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
    #[serde(default)]
    optional: Option<BTreeMap<String, Json>>,
}

#[derive(Deserialize)]
struct Critical {
    #[serde(rename = "type")]
    kind: String,
    image: CriticalImage,
}

#[derive(Deserialize)]
struct CriticalImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// The simple-signing payload (containers/image `docs/containers-signature.5.md`), as cosign fills it.
fn simple_signing(payload: &[u8]) -> Result<Claim, MaterialError> {
    let payload: SimpleSigning = serde_json::from_slice(payload)
        .map_err(|e| MaterialError::Malformed { what: "simple-signing payload", reason: e.to_string() })?;
    if payload.critical.kind != COSIGN_SIGNATURE {
        let reason = format!("its type is `{}`", payload.critical.kind);
        return Err(MaterialError::Malformed { what: "simple-signing payload", reason });
    }
    Ok(Claim::Signature(vec![Subject {
        digests: vec![payload.critical.image.digest],
        annotations: values(payload.optional),
    }]))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<StatementSubject>,
    predicate_type: String,
    #[serde(borrow, default)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StatementSubject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, Json>>,
}

fn values(fields: Option<BTreeMap<String, Json>>) -> BTreeMap<String, Value> {
    entries::map(fields.unwrap_or_default().into_iter().map(|(key, Json(value))| (key, value)))
}

/// An in-toto statement, v0.1 or v1 (in-toto attestation `spec/v1/statement.md`).
fn statement(payload: &[u8]) -> Result<Claim, MaterialError> {
    let malformed = |reason: String| MaterialError::Malformed { what: "in-toto statement", reason };
    // A short payload need not be counted through.
    let more_than =
        |limit: usize, is: fn(&&u8) -> bool| payload.len() > limit && payload.iter().filter(is).count() > limit;
    if more_than(MAX_OBJECTS, |byte| **byte == b'{') {
        return Err(MaterialError::TooMany { what: "objects in a statement", limit: MAX_OBJECTS });
    }
    if more_than(MAX_MEMBERS, |byte| matches!(byte, b'[' | b',')) {
        return Err(MaterialError::TooMany { what: "elements in a statement", limit: MAX_MEMBERS });
    }
    let statement: Statement<'_> = serde_json::from_slice(payload).map_err(|e| malformed(e.to_string()))?;
    if !statement.statement_type.starts_with("https://in-toto.io/Statement/") {
        return Err(malformed(format!("its type is `{}`", statement.statement_type)));
    }
    if statement.subject.len() > MAX_SUBJECTS {
        return Err(MaterialError::TooMany { what: "subjects", limit: MAX_SUBJECTS });
    }
    let subjects = statement
        .subject
        .into_iter()
        .map(|subject| Subject {
            digests: ["sha256", "sha512"]
                .into_iter()
                .filter_map(|name| subject.digest.get(name).map(|hex| format!("{name}:{}", hex.to_ascii_lowercase())))
                .collect(),
            annotations: values(subject.annotations),
        })
        .collect();
    if statement.predicate_type == COSIGN_SIGN_PREDICATE {
        return Ok(Claim::Signature(subjects));
    }
    Ok(Claim::Attestation {
        subjects,
        predicate_type: statement.predicate_type,
        predicate: Predicate::of(statement.predicate, payload),
    })
}
