//! What the module asks of its host, answered from a [`Source`].
//!
//! Two sets of calls. The stock ones are those of a Kubewarden host, and so are their answers and errors: free text
//! that the module must read like that of any cluster. The extended ones (binding `sigwarden`) answer with typed
//! JSON, in which absent and unreachable cannot be mixed up. Anything else is an error.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sigwarden_core::reference::{Digest, ImageRef, Repository};

use crate::log::Log;
use crate::sources::{Manifest, Source, SourceError, index_of};

/// Answers host calls.
pub(crate) struct Callbacks {
    source: Arc<dyn Source>,
    log: Arc<Log>,
}

/// The payload of the extended calls.
#[derive(Deserialize)]
struct Subject {
    repository: String,
    digest: Digest,
}

impl Callbacks {
    pub(crate) const fn new(source: Arc<dyn Source>, log: Arc<Log>) -> Self {
        Self { source, log }
    }

    /// Answers one call. The error text is what the module gets to see.
    pub(crate) fn answer(
        &self,
        binding: &str,
        namespace: &str,
        operation: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, String> {
        let answer = match (binding, namespace, operation) {
            ("kubewarden", "tracing", "log") => {
                self.log.detail(|| format!("module: {}", String::from_utf8_lossy(payload)));
                return Ok(Vec::new());
            }
            ("kubewarden", "oci", "v1/manifest_digest") => self.stock(payload, Self::manifest_digest),
            ("kubewarden", "oci", "v1/oci_manifest") => self.stock(payload, Self::oci_manifest),
            ("kubewarden", "oci", "v1/oci_manifest_config") => self.stock(payload, Self::oci_manifest_config),
            ("sigwarden", "oci", "v1/blob") => self.extended(payload, Self::blob),
            ("sigwarden", "oci", "v1/referrers") => self.extended(payload, Self::referrers),
            _ => Err(format!("unknown host call {binding}/{namespace}/{operation}")),
        };
        self.log.detail(|| {
            let outcome = match &answer {
                Ok(value) => format!("{} bytes", value.len()),
                Err(error) => error.clone(),
            };
            format!("{binding}/{namespace}/{operation} {}: {outcome}", String::from_utf8_lossy(payload))
        });
        answer
    }

    fn stock(
        &self,
        payload: &[u8],
        call: impl Fn(&Self, &ImageRef) -> Result<Value, String>,
    ) -> Result<Vec<u8>, String> {
        let written: String =
            serde_json::from_slice(payload).map_err(|error| format!("the payload is not an image: {error}"))?;
        let image = ImageRef::parse(&written).map_err(|error| registry_error(&error.to_string()))?;
        write_json(&call(self, &image)?)
    }

    fn manifest_digest(&self, image: &ImageRef) -> Result<Value, String> {
        Ok(json!({"digest": self.fetch(image)?.0}))
    }

    fn oci_manifest(&self, image: &ImageRef) -> Result<Value, String> {
        let (_, manifest) = self.fetch(image)?;
        serde_json::to_value(manifest).map_err(|error| error.to_string())
    }

    fn oci_manifest_config(&self, image: &ImageRef) -> Result<Value, String> {
        let (digest, manifest) = self.fetch(image)?;
        let Some(config) = &manifest.config else {
            return Err(registry_error("the image is an index, and none of its platforms was chosen"));
        };
        let blob = self
            .source
            .blob(image.repository(), &config.digest)
            .map_err(|error| could_not_look(image, &error))?
            .ok_or_else(|| absent(image, "blobs", config.digest.as_str(), "blob unknown"))?;
        let config: Value = serde_json::from_slice(&blob)
            .map_err(|error| registry_error(&format!("the configuration is not JSON: {error}")))?;
        Ok(json!({"manifest": manifest, "digest": digest, "config": config}))
    }

    /// The manifest that `image` names, by its digest if it has one.
    fn fetch(&self, image: &ImageRef) -> Result<(Digest, Manifest), String> {
        let failed = |error: SourceError| could_not_look(image, &error);
        let unknown = || absent(image, "manifests", &reference_of(image), "manifest unknown");
        let repository = image.repository();
        let digest = match image.digest() {
            Some(digest) => digest.clone(),
            None => self.source.resolve(repository, image.tag_or_latest()).map_err(failed)?.ok_or_else(unknown)?,
        };
        let bytes = self.source.manifest(repository, &digest).map_err(failed)?.ok_or_else(unknown)?;
        let manifest = Manifest::parse(digest.as_str(), &bytes).map_err(failed)?;
        Ok((digest, manifest))
    }

    fn extended(
        &self,
        payload: &[u8],
        call: impl Fn(&Self, &Repository, &Digest) -> Result<Value, SourceError>,
    ) -> Result<Vec<u8>, String> {
        let bad = |reason: String| format!("the payload is not a repository and digest: {reason}");
        let subject: Subject = serde_json::from_slice(payload).map_err(|error| bad(error.to_string()))?;
        let repository = Repository::parse(&subject.repository).map_err(|error| bad(error.to_string()))?;
        let answer = call(self, &repository, &subject.digest)
            .unwrap_or_else(|error| json!({"status": "unreachable", "reason": error.to_string()}));
        write_json(&answer)
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Value, SourceError> {
        Ok(match self.source.blob(repository, digest)? {
            Some(bytes) => json!({"status": "found", "blob": STANDARD.encode(bytes)}),
            None => json!({"status": "absent"}),
        })
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Value, SourceError> {
        Ok(match self.source.referrers(repository, digest)? {
            Some(manifests) => json!({"status": "found", "index": index_of(manifests)}),
            // Not "none": this registry has no referrers API, and evidence may lie under the fallback tag.
            None => json!({"status": "absent"}),
        })
    }
}

fn write_json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

fn reference_of(image: &ImageRef) -> String {
    image.digest().map_or_else(|| image.tag_or_latest().to_owned(), ToString::to_string)
}

/// What a Kubewarden host says when it looked and there is nothing.
fn absent(image: &ImageRef, kind: &str, reference: &str, code: &str) -> String {
    let url = url(image, kind, reference);
    registry_error(&format!("Registry error: url {url}, envelope: OCI API errors: [OCI API error: {code}]"))
}

/// What a Kubewarden host says when the registry does not answer.
fn could_not_look(image: &ImageRef, error: &SourceError) -> String {
    registry_error(&format!(
        "error sending request for url ({}): {error}",
        url(image, "manifests", &reference_of(image))
    ))
}

fn url(image: &ImageRef, kind: &str, reference: &str) -> String {
    let repository = image.repository();
    format!("https://{}/v2/{}/{kind}/{reference}", repository.registry(), repository.path())
}

fn registry_error(reason: &str) -> String {
    format!("Fail to interact with OCI registry: {reason}")
}

#[cfg(test)]
mod tests;
