//! Manifests and configurations, as a Kubewarden host hands them out.
//!
//! Such a host reads manifests into the types of the crate `oci-client` and writes them anew; so does this file, with
//! the same crate, and its errors are that crate's too. A configuration is parsed and written anew: keys sorted, the
//! last of duplicate keys, and nothing that is not JSON, or nested more than 127 deep.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use oci_client::client::linux_amd64_resolver;
use oci_client::errors::{OciDistributionError, OciEnvelope, OciError, OciErrorCode};
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
    OciImageManifest, OciManifest, Versioned,
};
use serde::Serialize;
use serde_json::Value;
use sigwarden_core::reference::{Digest, ImageRef};

use crate::sources::{NetworkError, Source, SourceError};

/// A registry, as seen through a Kubewarden host.
pub(super) struct Registry {
    source: Arc<dyn Source>,
    /// Answers of this process, by operation and reference as written. A host keeps them for a minute, which is longer
    /// than any run; failures it does not keep.
    cache: Mutex<BTreeMap<(Operation, String), Vec<u8>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Digest,
    Manifest,
    ManifestAndConfig,
}

#[derive(Serialize)]
struct ManifestDigest<'a> {
    digest: &'a Digest,
}

#[derive(Serialize)]
struct ManifestAndConfig {
    manifest: OciImageManifest,
    digest: String,
    config: Value,
}

impl Registry {
    pub(super) fn new(source: Arc<dyn Source>) -> Self {
        Self { source, cache: Mutex::default() }
    }

    /// `{"digest": …}`; of an index, the index's own.
    pub(super) fn manifest_digest(&self, image: &str) -> Result<Vec<u8>, String> {
        self.cached(Operation::Digest, image, |image| {
            // A host asks for the manifest's headers: whether the bytes make a manifest does not matter here.
            let (digest, _) = self.fetch(image)?;
            write_json(&ManifestDigest { digest: &digest })
        })
    }

    /// The manifest or index.
    pub(super) fn oci_manifest(&self, image: &str) -> Result<Vec<u8>, String> {
        self.cached(Operation::Manifest, image, |image| {
            let (_, bytes) = self.fetch(image)?;
            write_json(&parse(&bytes).map_err(|error| registry_error(&error))?)
        })
    }

    /// `{"manifest": …, "digest": …, "config": …}`; of an index, those of its image for the host's own platform.
    pub(super) fn oci_manifest_config(&self, image: &str) -> Result<Vec<u8>, String> {
        self.cached(Operation::ManifestAndConfig, image, |image| {
            let (digest, manifest) = self.image_manifest(image)?;
            let config = Digest::parse(&manifest.config.digest)
                .map_err(|error| registry_error(&OciDistributionError::GenericError(Some(error.to_string()))))?;
            let blob = self
                .source
                .blob(image.repository(), &config)
                .map_err(|error| self.could_not_look(image, "blobs", config.as_str(), &error))?
                .ok_or_else(|| {
                    self.absent(image, "blobs", config.as_str(), OciErrorCode::BlobUnknown, "blob unknown")
                })?;
            let text = String::from_utf8(blob).map_err(|error| {
                let reason = format!("Cannot parse config as UTF-8 string: {error}");
                registry_error(&OciDistributionError::GenericError(Some(reason)))
            })?;
            let config = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            write_json(&ManifestAndConfig { manifest, digest: digest.to_string(), config })
        })
    }

    /// An answer from the cache, or a new one. The key is the reference as written: a host does not know that `nginx`
    /// and `docker.io/nginx` are one image.
    fn cached(
        &self,
        operation: Operation,
        written: &str,
        ask: impl FnOnce(&ImageRef) -> Result<Vec<u8>, String>,
    ) -> Result<Vec<u8>, String> {
        let key = (operation, written.to_owned());
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = cache().get(&key) {
            return Ok(answer.clone());
        }
        let image = ImageRef::parse(written).map_err(|error| format!("Invalid OCI image reference: {error}"))?;
        let answer = ask(&image)?;
        cache().insert(key, answer.clone());
        Ok(answer)
    }

    /// The image manifest that `image` names, by way of an index if it names one.
    fn image_manifest(&self, image: &ImageRef) -> Result<(Digest, OciImageManifest), String> {
        let (digest, bytes) = self.fetch(image)?;
        let index = match parse(&bytes).map_err(|error| registry_error(&error))? {
            OciManifest::Image(manifest) => return Ok((digest, manifest)),
            OciManifest::ImageIndex(index) => index,
        };
        let no_image =
            |reason: &str| registry_error(&OciDistributionError::ImageManifestNotFoundError(reason.to_owned()));
        let chosen = linux_amd64_resolver(&index.manifests).and_then(|digest| Digest::parse(&digest).ok());
        let Some(chosen) = chosen else {
            return Err(no_image("no entry found in image index manifest matching client's default platform"));
        };
        let bytes = self.manifest(image, &chosen)?;
        match parse(&bytes).map_err(|error| registry_error(&error))? {
            OciManifest::Image(manifest) => Ok((chosen, manifest)),
            OciManifest::ImageIndex(_) => Err(no_image("received Image Index manifest instead")),
        }
    }

    /// The bytes of what `image` names, by its digest if it has one.
    fn fetch(&self, image: &ImageRef) -> Result<(Digest, Vec<u8>), String> {
        let digest = match image.digest() {
            Some(digest) => digest.clone(),
            None => {
                let tag = image.tag_or_latest();
                self.source
                    .resolve(image.repository(), tag)
                    .map_err(|error| self.could_not_look(image, "manifests", tag, &error))?
                    .ok_or_else(|| self.manifest_unknown(image, tag))?
            }
        };
        let bytes = self.manifest(image, &digest)?;
        Ok((digest, bytes))
    }

    fn manifest(&self, image: &ImageRef, digest: &Digest) -> Result<Vec<u8>, String> {
        let reference = image.digest().map_or_else(|| image.tag_or_latest(), Digest::as_str);
        self.source
            .manifest(image.repository(), digest)
            .map_err(|error| self.could_not_look(image, "manifests", reference, &error))?
            .ok_or_else(|| self.manifest_unknown(image, reference))
    }

    fn manifest_unknown(&self, image: &ImageRef, reference: &str) -> String {
        self.absent(image, "manifests", reference, OciErrorCode::ManifestUnknown, "manifest unknown")
    }

    /// What a host says when it looked and there is nothing.
    fn absent(&self, image: &ImageRef, kind: &str, reference: &str, code: OciErrorCode, message: &str) -> String {
        let error = OciError { code, message: message.to_owned(), detail: Value::Null };
        registry_error(&OciDistributionError::RegistryError {
            envelope: OciEnvelope { errors: vec![error] },
            url: self.url(image, kind, reference),
        })
    }

    /// What a host says when the registry does not answer.
    fn could_not_look(&self, image: &ImageRef, kind: &str, reference: &str, error: &SourceError) -> String {
        match error {
            // A host says no more than the URL; who was denied, and where that login comes from, helps here.
            SourceError::Network(denied @ NetworkError::Denied { .. }) => {
                let url = self.url(image, kind, reference);
                registry_error(&OciDistributionError::UnauthorizedError { url: format!("{url} ({denied})") })
            }
            // These say themselves with whom it failed, if anybody was asked: a client's "error sending request for url"
            // would be untrue of a layout, and of a registry it would say the URL twice.
            _ => format!("Fail to interact with OCI registry: {error}"),
        }
    }

    fn url(&self, image: &ImageRef, kind: &str, reference: &str) -> String {
        let repository = image.repository();
        let scheme = self.source.scheme(repository);
        format!("{scheme}://{}/v2/{}/{kind}/{reference}", repository.registry(), repository.path())
    }
}

/// Reads a manifest or index as the host does: what says of itself that it is something else is refused.
fn parse(bytes: &[u8]) -> Result<OciManifest, OciDistributionError> {
    let versioned: Versioned = serde_json::from_slice(bytes)
        .map_err(|error| OciDistributionError::VersionedParsingError(error.to_string()))?;
    if versioned.schema_version != 2 {
        return Err(OciDistributionError::UnsupportedSchemaVersionError(versioned.schema_version));
    }
    let known =
        [IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE];
    match versioned.media_type {
        Some(other) if !known.contains(&other.as_str()) => Err(OciDistributionError::UnsupportedMediaTypeError(other)),
        _ => {
            serde_json::from_slice(bytes).map_err(|error| OciDistributionError::ManifestParsingError(error.to_string()))
        }
    }
}

fn write_json(value: &impl Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

fn registry_error(error: &OciDistributionError) -> String {
    format!("Fail to interact with OCI registry: {error}")
}
