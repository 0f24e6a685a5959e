//! What the policy may ask of its host, and the four ways in which a host fails to answer.
//!
//! Every call answers `Ok(Some(_))`, or `Ok(None)` when the host looked and it is not there, or an error when it
//! could not look. The difference is never lost: "not signed" and "the registry is down" send people to
//! different places. All of them deny.

mod callbacks;
pub mod failure_text;

pub use callbacks::{CallbackHost, Callbacks};

use crate::reference::{Digest, ImageRef, Repository};
use serde_json::Value;
use std::time::Duration;

/// Where evidence comes from. One implementation talks waPC to a real host, the others are tests.
pub trait Host {
    /// The digest of the manifest or index that `image` names. Called with a tag only.
    ///
    /// # Errors
    /// When the host cannot say.
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError>;

    /// The manifest or index behind `repository` and a tag or digest, as JSON text. It may have been parsed and
    /// written anew on its way: its hash proves nothing.
    ///
    /// # Errors
    /// When the host cannot say.
    fn manifest(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError>;

    /// The bytes of a blob. The caller checks that they hash to `digest`.
    ///
    /// # Errors
    /// When the host cannot say.
    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError>;

    /// The OCI 1.1 referrers of `digest`: an image index as JSON text. `Ok(None)` when the registry has no
    /// referrers API (an empty list is an index without manifests).
    ///
    /// # Errors
    /// When the host cannot say.
    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError>;

    /// An object of the cluster that the policy runs in. What it says is trusted, so that its name and namespace come from
    /// the settings, never from a request.
    ///
    /// # Errors
    /// When the host cannot say.
    fn resource(&self, id: ResourceId<'_>) -> Result<Option<Value>, HostError> {
        let _ = id;
        Err(HostError::Unsupported("read Kubernetes resources"))
    }

    /// The config blob of the manifest behind `repository` and a tag or digest, which a stock Kubewarden hands out where
    /// it is JSON. It has been parsed and written anew on its way: its hash proves nothing.
    ///
    /// # Errors
    /// When the host cannot say.
    fn config(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        let _ = (repository, reference);
        Err(HostError::Unsupported("hand out the configuration of an image"))
    }

    /// What the transparency log at `url` holds about `artifact`, the SHA-256 digest of what was signed: a JSON list of
    /// the value objects of Rekor's `/api/v1/log/entries`. Untrusted, like everything that a host hands over.
    ///
    /// # Errors
    /// When the host cannot say.
    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let _ = (url, artifact);
        Err(HostError::Unsupported("ask a transparency log"))
    }

    /// How long the request has been running. Hosts that set no limit may leave it at zero.
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// A namespaced object of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId<'a> {
    /// For example `v1`.
    pub api_version: &'a str,
    /// For example `Secret`.
    pub kind: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The config blob in a stock host's answer to `oci/v1/oci_manifest_config`.
///
/// # Errors
/// When the answer is not of the shape that such a host gives.
pub fn config_in_answer(mut answer: Vec<u8>) -> Result<Vec<u8>, HostError> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        config: &'a serde_json::value::RawValue,
    }
    let Answer { config } = serde_json::from_slice(&answer)
        .map_err(|e| HostError::Unreachable(format!("the host's answer cannot be read: {e}")))?;
    // INVARIANT: it lies within the answer. It is most of that and may have megabytes: what is around it goes, in place of a
    // copy.
    let (start, length) = (config.get().as_ptr().addr().saturating_sub(answer.as_ptr().addr()), config.get().len());
    answer.drain(..start);
    answer.truncate(length);
    Ok(answer)
}

/// How a manifest is named within its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestId<'a> {
    /// By tag, for example `sha256-<hex>.sig`.
    Tag(&'a str),
    /// By digest.
    Digest(&'a Digest),
}

/// Why a host did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// This host has no such call.
    #[error("this host cannot {0}")]
    Unsupported(&'static str),
    /// The host knows the call, but did not grant it to this policy.
    #[error("the host did not grant `{capability}` to this policy")]
    Refused {
        /// The capability, as `hostCapabilities` spells it.
        capability: String,
    },
    /// The registry answered that whoever asks may not look. The host's own words.
    #[error("the registry denies access: {0}")]
    Denied(String),
    /// The registry did not answer, or not in a way that says "absent".
    #[error("could not look: {0}")]
    Unreachable(String),
}
