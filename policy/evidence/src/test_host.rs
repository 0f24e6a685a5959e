//! A host for tests, of this crate and of `sigwarden-core`: one OCI layout of the fixtures, whatever repository is asked for.

use crate::host::{Host, HostError, ManifestId};
use crate::reference::{Digest, ImageRef, Repository};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// `tests/fixtures` of the project.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// One OCI layout as a host.
pub(crate) struct Layout(pub(crate) PathBuf);

impl Layout {
    pub(crate) fn index(&self) -> Vec<Value> {
        let index: Value = serde_json::from_slice(&std::fs::read(self.0.join("index.json")).unwrap()).unwrap();
        index["manifests"].as_array().unwrap().clone()
    }

    pub(crate) fn read(&self, digest: &str) -> Option<Vec<u8>> {
        std::fs::read(self.0.join("blobs/sha256").join(digest.strip_prefix("sha256:")?)).ok()
    }

    pub(crate) fn tag(&self, tag: &str) -> Option<String> {
        let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
        Some(self.index().iter().find(named)?["digest"].as_str()?.to_owned())
    }
}

impl Host for Layout {
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError> {
        Ok(self.tag(image.tag_or_latest()).map(|digest| digest.parse().unwrap()))
    }

    fn manifest(&self, _: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        Ok(match reference {
            ManifestId::Tag(tag) => self.tag(tag).and_then(|digest| self.read(&digest)),
            ManifestId::Digest(digest) => self.read(digest.as_str()),
        })
    }

    fn config(&self, repository: &Repository, reference: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        let Some(manifest) = self.manifest(repository, reference)? else { return Ok(None) };
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        Ok(manifest["config"]["digest"].as_str().and_then(|digest| self.read(digest)))
    }

    fn blob(&self, _: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.read(digest.as_str()))
    }

    fn referrers(&self, _: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        let refers = |entry: &Value| {
            let manifest: Value = serde_json::from_slice(&self.read(entry["digest"].as_str()?)?).ok()?;
            (manifest["subject"]["digest"] == digest.as_str()).then(|| entry.clone())
        };
        let manifests: Vec<Value> = self.index().iter().filter_map(refers).collect();
        Ok(Some(serde_json::json!({ "manifests": manifests }).to_string().into_bytes()))
    }
}
