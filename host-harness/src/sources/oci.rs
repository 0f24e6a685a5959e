//! Manifests, indexes and descriptors, with the fields that a Kubewarden host knows.
//!
//! Such a host reads a manifest into types like these and writes it anew for the policy: fields that are not here
//! (a descriptor's `data`, say) never reach it. The harness hands over the same, so that a policy cannot lean on
//! what a cluster does not give it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};
use sigwarden_core::evidence::media_type;
use sigwarden_core::reference::Digest;

use super::SourceError;

/// Media type of an image index.
const INDEX_MEDIA_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// Media types under which manifests and indexes are kept (OCI image-spec; Docker's schema 2).
pub(super) const MANIFEST_MEDIA_TYPES: [&str; 4] = [
    INDEX_MEDIA_TYPE,
    media_type::MANIFEST,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// A reference to content (OCI image-spec, `descriptor.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its hash.
    pub digest: Digest,
    /// What an artifact manifest holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Where else it may be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    /// Free text by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Architecture and operating system of an index's child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Value>,
}

impl Descriptor {
    /// An annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// Whether the content is a manifest or index, as far as the media type says.
    pub(super) fn is_manifest(&self) -> bool {
        MANIFEST_MEDIA_TYPES.contains(&self.media_type.as_str())
    }
}

/// An image manifest or an image index (OCI image-spec, `manifest.md` and `image-index.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// What this document is. Indexes in a layout may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What an artifact manifest holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image configuration, or what an artifact keeps in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Descriptor>,
    /// Contents of a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<Descriptor>>,
    /// Contents of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifests: Option<Vec<Descriptor>>,
    /// The manifest that this one is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free text by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Reads a manifest or index. `what` names it in the error.
    ///
    /// # Errors
    /// [`SourceError::NotManifest`].
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self, SourceError> {
        serde_json::from_slice(bytes)
            .map_err(|error| SourceError::NotManifest { what: what.to_owned(), reason: error.to_string() })
    }

    /// The descriptor by which the referrers API lists this manifest: `listed` as it stands in an index, the rest
    /// from the manifest itself (OCI distribution-spec, "Listing Referrers").
    pub(super) fn as_referrer(&self, listed: &Descriptor, size: u64) -> Descriptor {
        let config_type = || self.config.as_ref().map(|config| config.media_type.clone());
        Descriptor {
            media_type: self.media_type.clone().unwrap_or_else(|| listed.media_type.clone()),
            size,
            digest: listed.digest.clone(),
            artifact_type: self.artifact_type.clone().or_else(config_type),
            urls: None,
            annotations: self.annotations.clone(),
            platform: None,
        }
    }
}

/// Whether `bytes` hash to `digest`.
pub(super) fn matches_digest(digest: &Digest, bytes: &[u8]) -> bool {
    let hash = match digest.algorithm() {
        "sha512" => Sha512::digest(bytes).to_vec(),
        _ => Sha256::digest(bytes).to_vec(),
    };
    hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == digest.hex()
}

/// An index of `manifests`, as the referrers API answers.
#[must_use]
pub fn index_of(manifests: Vec<Descriptor>) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: Some(INDEX_MEDIA_TYPE.to_owned()),
        artifact_type: None,
        config: None,
        layers: None,
        manifests: Some(manifests),
        subject: None,
        annotations: None,
    }
}
