//! The host's callbacks as a [`Host`]: Kubewarden's own (`kubewarden`/`oci`), and the extended ones (`sigwarden`/`oci`,
//! `sigwarden`/`rekor`; docs/host-callbacks.md).
//!
//! Kubewarden reports failure as free text, which [`failure_text`] reads. The extended callbacks answer
//! with a status.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Host, HostError, ManifestId, ResourceId, config_in_answer, failure_text};
use crate::json::{self, Json};
use crate::reference::{Digest, ImageRef, Repository};

/// The way to a host: waPC in a cluster, a function call where the core runs natively.
pub trait Callbacks {
    /// One call. The error is the host's own text.
    ///
    /// # Errors
    /// When the host does not answer.
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;

    /// How long the request has been running.
    fn elapsed(&self) -> Duration;
}

/// What lies behind these callbacks.
#[derive(Clone, Copy, Debug)]
pub struct CallbackHost<C>(pub C);

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
    index: Json,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<Json>,
}

impl<C: Callbacks> Host for CallbackHost<C> {
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError> {
        let Some(answer) = self.stock("v1/manifest_digest", &image.to_string())? else {
            return Ok(None);
        };
        let unreadable = |e: &dyn std::fmt::Display| HostError::Unreachable(format!("unreadable digest: {e}"));
        let answer: ManifestDigest = serde_json::from_slice(&answer).map_err(|e| unreadable(&e))?;
        answer.digest.parse().map(Some).map_err(|e| unreadable(&e))
    }

    fn manifest(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        self.stock("v1/oci_manifest", &image(repository, reference))
    }

    fn config(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        match self.stock("v1/oci_manifest_config", &image(repository, reference))? {
            Some(answer) => config_in_answer(answer).map(Some),
            None => Ok(None),
        }
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let Some(Blob { blob }) = self.extended("oci", "v1/blob", &about(repository, digest))? else {
            return Ok(None);
        };
        STANDARD
            .decode(blob)
            .map(Some)
            .map_err(|e| HostError::Unreachable(format!("the host's blob is not base64: {e}")))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let found: Option<Index> = self.extended("oci", "v1/referrers", &about(repository, digest))?;
        Ok(found.map(|found| found.index.0.to_string().into_bytes()))
    }

    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let found: Option<Entries> =
            self.extended("rekor", "v1/entries", &json!({"url": url, "artifact": artifact.to_string()}))?;
        Ok(found.map(|found| {
            Value::Array(found.entries.into_iter().map(|Json(entry)| entry).collect()).to_string().into_bytes()
        }))
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn resource(&self, id: ResourceId<'_>) -> Result<Option<Value>, HostError> {
        let ResourceId { api_version, kind, namespace, name } = id;
        let payload = json!({
            "api_version": api_version, "kind": kind, "namespace": namespace, "name": name, "disable_cache": false,
        });
        match self.0.call("kubewarden", "kubernetes", "get_resource", payload.to_string().as_bytes()) {
            Ok(answer) => json::read(&answer)
                .map(Some)
                .map_err(|e| HostError::Unreachable(format!("the host's answer cannot be read: {e}"))),
            Err(error) => failure_text::read_resource(id, &error).map_or(Ok(None), Err),
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

impl<C: Callbacks> CallbackHost<C> {
    /// One of Kubewarden's own calls; the payload is the image as a JSON string.
    fn stock(&self, operation: &str, image: &str) -> Result<Option<Vec<u8>>, HostError> {
        let payload = serde_json::to_vec(image).map_err(|e| HostError::Unreachable(e.to_string()))?;
        match self.0.call("kubewarden", "oci", operation, &payload) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => failure_text::read(&format!("oci/{operation}"), &error).map_or(Ok(None), Err),
        }
    }

    /// One of the extended calls.
    fn extended<T: for<'de> Deserialize<'de>>(
        &self,
        namespace: &str,
        operation: &str,
        request: &Value,
    ) -> Result<Option<T>, HostError> {
        let answer = self
            .0
            .call("sigwarden", namespace, operation, request.to_string().as_bytes())
            .map_err(|e| failure_text::read_extended(&format!("sigwarden {namespace}/{operation}"), &e))?;
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
}
