//! The host's callbacks as a [`Host`]: Kubewarden's own (`kubewarden`/`oci`), and the extended ones
//! (`sigwarden`/`oci`).
//!
//! Kubewarden reports failure as free text, so *absent* is told from *unreachable* by the texts that registries are known
//! to answer with, and whatever is not surely "absent" is "could not look". The extended callbacks answer with a status.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sigwarden_core::host::{Host, HostError, ManifestId};
use sigwarden_core::reference::{Digest, ImageRef, Repository};

pub(crate) struct WapcHost;

#[derive(Deserialize)]
struct ManifestDigest {
    digest: String,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Extended {
    Found {
        blob: Option<String>,
        index: Option<Value>,
    },
    Absent,
    Unreachable {
        #[serde(default)]
        reason: String,
    },
    Refused {
        #[serde(default)]
        reason: String,
    },
}

impl Host for WapcHost {
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError> {
        let Some(answer) = stock("v1/manifest_digest", &image.to_string())? else {
            return Ok(None);
        };
        let unreadable = |e: &dyn std::fmt::Display| HostError::Unreachable(format!("unreadable digest: {e}"));
        let answer: ManifestDigest = serde_json::from_slice(&answer).map_err(|e| unreadable(&e))?;
        answer.digest.parse().map(Some).map_err(|e| unreadable(&e))
    }

    fn manifest(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        let image = match reference {
            ManifestId::Tag(tag) => format!("{repository}:{tag}"),
            ManifestId::Digest(digest) => format!("{repository}@{digest}"),
        };
        stock("v1/oci_manifest", &image)
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        match extended("v1/blob", repository, digest)? {
            None => Ok(None),
            Some(Answer { blob: Some(blob), .. }) => STANDARD
                .decode(blob)
                .map(Some)
                .map_err(|e| HostError::Unreachable(format!("the host's blob is not base64: {e}"))),
            Some(_) => Err(HostError::Unreachable("the host's answer holds no blob".to_owned())),
        }
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        match extended("v1/referrers", repository, digest)? {
            None => Ok(None),
            Some(Answer { index: Some(index), .. }) => Ok(Some(index.to_string().into_bytes())),
            Some(_) => Err(HostError::Unreachable("the host's answer holds no index".to_owned())),
        }
    }
}

/// One of Kubewarden's own calls; the payload is the image as a JSON string.
fn stock(operation: &str, image: &str) -> Result<Option<Vec<u8>>, HostError> {
    let payload = serde_json::to_vec(image).map_err(|e| HostError::Unreachable(e.to_string()))?;
    match wapc_guest::host_call("kubewarden", "oci", operation, &payload) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => read_failure(&format!("oci/{operation}"), &error.to_string()),
    }
}

/// Texts by which registries say that a manifest, tag or repository does not exist (distribution-spec error codes and
/// what is made of them on the way).
const ABSENT: [&str; 5] = ["manifest unknown", "manifest_unknown", "name unknown", "name_unknown", "unknown manifest"];
/// Behind this stands the registry's own answer; before it the URL, in which a repository's name may spell anything.
const REGISTRY_ANSWER: &str = ", envelope: oci api errors:";
/// How Kubewarden refuses a call that the policy's metadata does not list.
const REFUSED: &str = "has not been granted access to";

fn read_failure(capability: &str, text: &str) -> Result<Option<Vec<u8>>, HostError> {
    let lower = text.to_ascii_lowercase();
    if lower.contains(REFUSED) {
        return Err(HostError::Refused { capability: capability.to_owned() });
    }
    let answer = lower.split_once(REGISTRY_ANSWER).map(|(_, answer)| answer);
    if answer.is_some_and(|answer| ABSENT.iter().any(|absent| answer.contains(absent))) {
        return Ok(None);
    }
    Err(HostError::Unreachable(text.to_owned()))
}

struct Answer {
    blob: Option<String>,
    index: Option<Value>,
}

/// One of the extended calls.
fn extended(operation: &str, repository: &Repository, digest: &Digest) -> Result<Option<Answer>, HostError> {
    let request = serde_json::json!({"repository": repository.to_string(), "digest": digest.to_string()});
    let answer = wapc_guest::host_call("sigwarden", "oci", operation, request.to_string().as_bytes())
        .map_err(|e| HostError::Unreachable(e.to_string()))?;
    match serde_json::from_slice(&answer) {
        Ok(Extended::Found { blob, index }) => Ok(Some(Answer { blob, index })),
        Ok(Extended::Absent) => Ok(None),
        Ok(Extended::Unreachable { reason }) => Err(HostError::Unreachable(reason)),
        Ok(Extended::Refused { reason }) => {
            Err(HostError::Refused { capability: format!("sigwarden oci/{operation}: {reason}") })
        }
        Err(error) => Err(HostError::Unreachable(format!("the host's answer cannot be read: {error}"))),
    }
}
