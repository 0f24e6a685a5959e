//! Published evidence: everything that is known of one image, in the config blob of one small OCI artifact.
//!
//! A stock Kubewarden hands out no blobs and no referrers, but the config of any manifest, parsed and written anew. So the
//! artifact's config *is* the evidence (`docs/evidence.md`): one call brings signatures and attestations of every format.
//! What matters in it is base64 or text, which survives that journey.
//!
//! Both sides stand here, so that they cannot drift apart: [`PublishedEvidence`] for whoever publishes (merging what is
//! there with what is new, and writing the one canonical form of it), and [`Element`] for the policy, which reads an
//! element only when it comes to it. Nothing here is verified; who can push to the repository can write anything.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::material::{Material, MaterialError};
use super::media_type::{EMPTY, MANIFEST};
use crate::json;
use crate::quote::quote;
use crate::reference::Digest;

/// Media type of the evidence, and artifact type of the manifest that carries it.
pub const MEDIA_TYPE: &str = "application/vnd.sigwarden.evidence.v1+json";
/// Largest evidence that is read or written. A host takes 35 ms for 2 MB each time it hands it out, so ordinary evidence
/// should stay far below; an SBOM attestation comes near.
pub const MAX_BYTES: usize = 16 << 20;
/// Most elements that are read or written. Ten thousand that are junk must not hide the good one behind them; an image
/// that is signed by every nightly build for years has a few thousand.
pub const MAX_ELEMENTS: usize = 16_384;

/// The blob of the OCI empty descriptor (image-spec "Guidance for an Empty Descriptor").
pub const EMPTY_BLOB: &[u8] = b"{}";

/// The tag under which evidence about `subject` is published: `sha256-<hex>.sigwarden`.
#[must_use]
pub fn tag(subject: &Digest) -> String {
    format!("{}-{}.sigwarden", subject.algorithm(), subject.hex())
}

/// Why evidence cannot be read as published evidence, or not be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishedError {
    /// It is not a JSON object with the fields of the format.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It says that it is something else, perhaps of a later version.
    #[error("its media type is {}, and not `{MEDIA_TYPE}`", quote(.found))]
    MediaType {
        /// What it says.
        found: String,
    },
    /// It was published for another image.
    #[error("it was published for {found}, and this is {wanted}")]
    Subject {
        /// For which image.
        found: String,
        /// For which it should be.
        wanted: Digest,
    },
    /// More bytes than are read.
    #[error("{bytes} bytes are more than the {MAX_BYTES} that are read")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// More elements than are read.
    #[error("{count} elements are more than the {MAX_ELEMENTS} that are read")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// An element holds no kind of evidence that is known here.
    #[error("an element is of an unknown kind, {}: it may be of a later version", quote(.kind))]
    Kind {
        /// Its only key, or all of them.
        kind: String,
    },
}

/// The evidence as it lies in the config blob, its elements unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'j> {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    subject: String,
    #[serde(borrow, default)]
    evidence: Vec<&'j RawValue>,
}

/// The elements of the evidence in `json` about `subject`, as JSON text, in their order, each once.
///
/// # Errors
/// When it is not published evidence, is about another image, or holds more than is read.
pub fn elements<'j>(json: &'j [u8], subject: &Digest) -> Result<Vec<&'j str>, PublishedError> {
    if json.len() > MAX_BYTES {
        return Err(PublishedError::TooLarge { bytes: json.len() });
    }
    let wire: Wire<'j> = serde_json::from_slice(json).map_err(|e| PublishedError::Unreadable(e.to_string()))?;
    if wire.media_type != MEDIA_TYPE {
        return Err(PublishedError::MediaType { found: wire.media_type });
    }
    if wire.subject != subject.as_str() {
        return Err(PublishedError::Subject { found: quote(&wire.subject).to_string(), wanted: subject.clone() });
    }
    let mut seen = BTreeSet::new();
    let distinct: Vec<&str> = wire.evidence.into_iter().map(RawValue::get).filter(|text| seen.insert(*text)).collect();
    if distinct.len() > MAX_ELEMENTS {
        return Err(PublishedError::TooMany { count: distinct.len() });
    }
    Ok(distinct)
}

/// One element: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// A Sigstore bundle, as JSON text.
    Bundle(String),
    /// A layer of cosign's tag `.sig`.
    CosignSignature(CosignLayer),
    /// A layer of cosign's tag `.att`.
    CosignAttestation(CosignLayer),
}

/// A layer of cosign's own: the blob, and the annotations with signature, certificate and proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignLayer {
    /// The blob: the simple-signing payload, or the DSSE envelope.
    pub payload: Vec<u8>,
    /// The layer's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An [`Element`] as it is written: an object with one field.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum WireElement<'a> {
    #[serde(borrow)]
    Bundle(&'a RawValue),
    CosignSignature(WireLayer<'a>),
    CosignAttestation(WireLayer<'a>),
}

#[derive(Deserialize)]
struct WireLayer<'a> {
    /// base64, and so without anything that would have to be unescaped.
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl WireLayer<'_> {
    fn read(self) -> Result<CosignLayer, PublishedError> {
        let payload = STANDARD
            .decode(self.payload.as_bytes())
            .map_err(|e| PublishedError::Unreadable(format!("a payload: {e}")))?;
        Ok(CosignLayer { payload, annotations: self.annotations })
    }

    fn write(layer: &CosignLayer) -> Value {
        json!({"payload": STANDARD.encode(&layer.payload), "annotations": layer.annotations})
    }
}

impl Element {
    /// Reads one element from its JSON text.
    ///
    /// # Errors
    /// When it is of another kind, or cannot be read.
    pub fn read(json: &str) -> Result<Self, PublishedError> {
        match serde_json::from_str(json) {
            Ok(WireElement::Bundle(bundle)) => Ok(Self::Bundle(bundle.get().to_owned())),
            Ok(WireElement::CosignSignature(layer)) => layer.read().map(Self::CosignSignature),
            Ok(WireElement::CosignAttestation(layer)) => layer.read().map(Self::CosignAttestation),
            Err(error) => Err(match kinds(json) {
                Some(kind) if !KINDS.contains(&kind.as_str()) => PublishedError::Kind { kind },
                _ => PublishedError::Unreadable(format!("an element: {error}")),
            }),
        }
    }

    /// What the element holds, as material to be verified.
    ///
    /// # Errors
    /// When it does not parse as what it says it is.
    pub fn material(self) -> Result<Material, MaterialError> {
        match self {
            Self::Bundle(json) => Material::from_bundle_json(json.as_bytes()),
            Self::CosignSignature(layer) => Material::from_cosign_signature(layer.payload, &layer.annotations),
            Self::CosignAttestation(layer) => Material::from_cosign_attestation(layer.payload, &layer.annotations),
        }
    }

    fn write(&self) -> Result<Value, PublishedError> {
        Ok(match self {
            Self::Bundle(text) => {
                let bundle: Value =
                    serde_json::from_str(text).map_err(|e| PublishedError::Unreadable(format!("a bundle: {e}")))?;
                json!({"bundle": bundle})
            }
            Self::CosignSignature(layer) => json!({"cosignSignature": WireLayer::write(layer)}),
            Self::CosignAttestation(layer) => json!({"cosignAttestation": WireLayer::write(layer)}),
        })
    }
}

/// The fields of a [`WireElement`].
const KINDS: [&str; 3] = ["bundle", "cosignSignature", "cosignAttestation"];

/// The fields of what stands in an element's place, if it is an object.
fn kinds(json: &str) -> Option<String> {
    let fields: BTreeMap<String, IgnoredAny> = serde_json::from_str(json).ok()?;
    Some(fields.into_keys().collect::<Vec<_>>().join(", "))
}

/// The evidence about one image, to be added to and written. The same evidence is always written as the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedEvidence {
    subject: Digest,
    /// Canonical texts by their SHA-256.
    elements: BTreeMap<String, String>,
}

/// What is pushed: the blobs of an artifact, each under its own digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The manifest, which gets the tag of [`tag`].
    pub manifest: Vec<u8>,
    /// The config blob: the evidence.
    pub config: Vec<u8>,
}

impl PublishedEvidence {
    /// Nothing yet.
    #[must_use]
    pub const fn new(subject: Digest) -> Self {
        Self { subject, elements: BTreeMap::new() }
    }

    /// Reads what was published before. Elements of kinds that are not known here are kept as they are: a later version
    /// may have published them.
    ///
    /// # Errors
    /// As [`elements`], and when an element is no JSON object.
    pub fn read(json: &[u8], subject: &Digest) -> Result<Self, PublishedError> {
        let mut evidence = Self::new(subject.clone());
        for text in elements(json, subject)? {
            let value = json::read(text.as_bytes()).map_err(|e| PublishedError::Unreadable(e.to_string()))?;
            if !value.is_object() {
                return Err(PublishedError::Unreadable("an element is not an object".to_owned()));
            }
            evidence.insert(&value);
        }
        Ok(evidence)
    }

    /// Adds an element. `Ok(false)`: it was there already.
    ///
    /// # Errors
    /// When it is a bundle that is not JSON.
    pub fn add(&mut self, element: &Element) -> Result<bool, PublishedError> {
        let value = element.write()?;
        Ok(self.insert(&value))
    }

    /// Adds everything that was published elsewhere about the same image, and returns how much of it is new.
    ///
    /// # Errors
    /// When it is about another image.
    pub fn merge(&mut self, other: Self) -> Result<usize, PublishedError> {
        if other.subject != self.subject {
            return Err(PublishedError::Subject { found: other.subject.to_string(), wanted: self.subject.clone() });
        }
        let before = self.elements.len();
        self.elements.extend(other.elements);
        Ok(self.elements.len().saturating_sub(before))
    }

    fn insert(&mut self, element: &Value) -> bool {
        let text = canonical(element);
        self.elements.insert(Digest::of(text.as_bytes()).to_string(), text).is_none()
    }

    /// The image.
    #[must_use]
    pub const fn subject(&self) -> &Digest {
        &self.subject
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements in the order in which they are written, unknown kinds as errors.
    pub fn elements(&self) -> impl Iterator<Item = Result<Element, PublishedError>> {
        self.elements.values().map(|text| Element::read(text))
    }

    /// The artifact to push.
    ///
    /// # Errors
    /// When there is more than anybody would read.
    pub fn artifact(&self) -> Result<Artifact, PublishedError> {
        let config = self.config()?;
        let descriptor = |media_type: &str, blob: &[u8]| json!({"mediaType": media_type, "digest": Digest::of(blob), "size": blob.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": MEDIA_TYPE,
            "config": descriptor(MEDIA_TYPE, &config),
            // Some registries refuse an empty list.
            "layers": [descriptor(EMPTY, EMPTY_BLOB)],
        });
        Ok(Artifact { manifest: canonical(&manifest).into_bytes(), config })
    }

    fn config(&self) -> Result<Vec<u8>, PublishedError> {
        if self.elements.len() > MAX_ELEMENTS {
            return Err(PublishedError::TooMany { count: self.elements.len() });
        }
        let elements: Vec<&str> = self.elements.values().map(String::as_str).collect();
        // The keys stand in the order in which they sort.
        let config = format!(
            r#"{{"evidence":[{}],"mediaType":"{MEDIA_TYPE}","subject":"{}"}}"#,
            elements.join(","),
            self.subject
        );
        if config.len() > MAX_BYTES {
            return Err(PublishedError::TooLarge { bytes: config.len() });
        }
        Ok(config.into_bytes())
    }
}

/// The value with its keys sorted and without white space, whatever serde_json's features are in this build. As deep as
/// serde_json reads: 128 levels.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields: Vec<_> =
                sorted.into_iter().map(|(key, value)| format!("{}:{}", json!(key), canonical(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests;
