//! OCI layouts for the tests of this module, made of JSON.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigwarden_core::reference::Digest;
use tempfile::TempDir;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A layout in a directory of its own, or in a given one.
pub(super) struct Fixture {
    _keep: Option<TempDir>,
    dir: std::path::PathBuf,
    entries: Vec<Value>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let keep = TempDir::new().unwrap();
        let dir = keep.path().to_owned();
        Self { _keep: Some(keep), dir, entries: Vec::new() }
    }

    pub(super) fn at(dir: &Path) -> Self {
        Self { _keep: None, dir: dir.to_owned(), entries: Vec::new() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a blob lies.
    pub(super) fn path(&self, digest: &Digest) -> std::path::PathBuf {
        self.dir.join("blobs").join(digest.algorithm()).join(digest.hex())
    }

    pub(super) fn blob(&self, bytes: &[u8]) -> Digest {
        let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = Digest::parse(&format!("sha256:{hex}")).unwrap();
        std::fs::create_dir_all(self.dir.join("blobs/sha256")).unwrap();
        std::fs::write(self.path(&digest), bytes).unwrap();
        digest
    }

    /// A manifest that is not in `index.json`; `distinction` tells it from others.
    pub(super) fn manifest(&self, distinction: &str, mut fields: Value) -> Digest {
        let object = fields.as_object_mut().unwrap();
        object.insert("schemaVersion".to_owned(), json!(2));
        object.insert("annotations".to_owned(), json!({"distinction": distinction}));
        self.blob(&serde_json::to_vec(&fields).unwrap())
    }

    /// Names a manifest in `index.json`.
    pub(super) fn entry(&mut self, media_type: &str, digest: &Digest, annotations: Value) -> &mut Self {
        let mut entry = descriptor(media_type, digest);
        entry["annotations"] = annotations;
        self.entries.push(entry);
        self
    }

    /// An image under a tag.
    pub(super) fn tagged(&mut self, name: &str) -> Digest {
        let digest = self.manifest(name, json!({}));
        self.entry(MANIFEST, &digest, json!({"org.opencontainers.image.ref.name": name}));
        digest
    }

    pub(super) fn write(&self) {
        let index = json!({"schemaVersion": 2, "manifests": self.entries});
        std::fs::create_dir_all(&self.dir).unwrap();
        std::fs::write(self.dir.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
    }
}

pub(super) fn descriptor(media_type: &str, digest: &Digest) -> Value {
    json!({"mediaType": media_type, "size": 2, "digest": digest})
}
