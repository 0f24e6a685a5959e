//! The host's callbacks as a [`Host`]: Kubewarden's own (`kubewarden`/`oci`), and the extended ones (`sigwarden`/`oci`,
//! `sigwarden`/`rekor`; docs/host-callbacks.md).
//!
//! Kubewarden reports failure as free text, which `sigwarden_core::host::failure_text` reads. The extended callbacks answer
//! with a status.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigwarden_core::host::{Host, HostError, ManifestId, ResourceId, config_in_answer, failure_text};
use sigwarden_core::reference::{Digest, ImageRef, Repository};
use std::time::{Duration, Instant};

pub(crate) struct WapcHost {
    started: Instant,
}

impl WapcHost {
    /// The host of a request that begins now.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }
}

#[derive(Deserialize)]
struct ManifestDigest {
    digest: String,
}

/// The answer of an extended call.
#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Extended<T> {
    Found(T),
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

#[derive(Deserialize)]
struct Blob {
    blob: String,
}

#[derive(Deserialize)]
struct Index {
    index: Value,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<Value>,
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
        stock("v1/oci_manifest", &image(repository, reference))
    }

    fn config(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        match stock("v1/oci_manifest_config", &image(repository, reference))? {
            Some(answer) => config_in_answer(&answer).map(Some),
            None => Ok(None),
        }
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let Some(Blob { blob }) = extended("oci", "v1/blob", &about(repository, digest))? else {
            return Ok(None);
        };
        STANDARD
            .decode(blob)
            .map(Some)
            .map_err(|e| HostError::Unreachable(format!("the host's blob is not base64: {e}")))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let found: Option<Index> = extended("oci", "v1/referrers", &about(repository, digest))?;
        Ok(found.map(|found| found.index.to_string().into_bytes()))
    }

    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let found: Option<Entries> =
            extended("rekor", "v1/entries", &json!({"url": url, "artifact": artifact.to_string()}))?;
        Ok(found.map(|found| Value::Array(found.entries).to_string().into_bytes()))
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn resource(&self, id: ResourceId<'_>) -> Result<Option<Value>, HostError> {
        let ResourceId { api_version, kind, namespace, name } = id;
        let payload = json!({
            "api_version": api_version, "kind": kind, "namespace": namespace, "name": name, "disable_cache": false,
        });
        match wapc_guest::host_call("kubewarden", "kubernetes", "get_resource", payload.to_string().as_bytes()) {
            Ok(answer) => serde_json::from_slice(&answer)
                .map(Some)
                .map_err(|e| HostError::Unreachable(format!("the host's answer cannot be read: {e}"))),
            Err(error) => failure_text::read_resource(id, &error.to_string()).map_or(Ok(None), Err),
        }
    }
}

fn image(repository: &Repository, reference: ManifestId<'_>) -> String {
    match reference {
        ManifestId::Tag(tag) => format!("{repository}:{tag}"),
        ManifestId::Digest(digest) => format!("{repository}@{digest}"),
    }
}

fn about(repository: &Repository, digest: &Digest) -> Value {
    json!({"repository": repository.to_string(), "digest": digest.to_string()})
}

/// One of Kubewarden's own calls; the payload is the image as a JSON string.
fn stock(operation: &str, image: &str) -> Result<Option<Vec<u8>>, HostError> {
    let payload = serde_json::to_vec(image).map_err(|e| HostError::Unreachable(e.to_string()))?;
    match wapc_guest::host_call("kubewarden", "oci", operation, &payload) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => failure_text::read(&format!("oci/{operation}"), &error.to_string()).map_or(Ok(None), Err),
    }
}

/// One of the extended calls.
fn extended<T: for<'de> Deserialize<'de>>(
    namespace: &str,
    operation: &str,
    request: &Value,
) -> Result<Option<T>, HostError> {
    let answer = wapc_guest::host_call("sigwarden", namespace, operation, request.to_string().as_bytes())
        .map_err(|e| failure_text::read_extended(&format!("sigwarden {namespace}/{operation}"), &e.to_string()))?;
    match serde_json::from_slice(&answer) {
        Ok(Extended::Found(found)) => Ok(Some(found)),
        Ok(Extended::Absent) => Ok(None),
        Ok(Extended::Unreachable { reason }) => Err(HostError::Unreachable(reason)),
        Ok(Extended::Refused { reason }) => {
            Err(HostError::Refused { capability: format!("sigwarden {namespace}/{operation}: {reason}") })
        }
        Err(error) => Err(HostError::Unreachable(format!("the host's answer cannot be read: {error}"))),
    }
}
