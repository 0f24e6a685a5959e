//! A copy of an OCI layout that a test may tamper with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// A layout in a temporary folder.
#[derive(Debug)]
pub struct Layout {
    folder: tempfile::TempDir,
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Layout {
    /// Copies the layout in `from`.
    #[must_use]
    pub fn copy(from: &Path) -> Self {
        let folder = crate::scratch();
        let blobs = folder.path().join("blobs/sha256");
        std::fs::create_dir_all(&blobs).expect("a writable temporary folder");
        for name in ["index.json", "oci-layout"] {
            std::fs::copy(from.join(name), folder.path().join(name)).expect("a layout");
        }
        for entry in std::fs::read_dir(from.join("blobs/sha256")).expect("blobs") {
            let path = entry.expect("a blob").path();
            std::fs::copy(&path, blobs.join(path.file_name().expect("a name"))).expect("a blob");
        }
        Self { folder }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.folder.path().to_str().expect("paths in tests are UTF-8")
    }

    fn blob_path(&self, digest: &str) -> PathBuf {
        self.folder.path().join("blobs/sha256").join(digest.trim_start_matches("sha256:"))
    }

    /// A blob.
    #[must_use]
    pub fn blob(&self, digest: &str) -> Vec<u8> {
        std::fs::read(self.blob_path(digest)).expect("a blob of the layout")
    }

    /// `index.json`.
    #[must_use]
    pub fn index(&self) -> Value {
        let text = std::fs::read(self.folder.path().join("index.json")).expect("an index");
        serde_json::from_slice(&text).expect("an index is JSON")
    }

    /// The digest of the manifest that cosign saved under this kind, for example `atts`.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> String {
        let kind = format!("dev.cosignproject.cosign/{kind}");
        let index = self.index();
        let entry =
            index["manifests"].as_array().and_then(|list| list.iter().find(|e| e["annotations"]["kind"] == *kind));
        entry.and_then(|entry| entry["digest"].as_str()).expect("an entry of this kind").to_owned()
    }

    /// A manifest or index.
    #[must_use]
    pub fn manifest(&self, digest: &str) -> Value {
        serde_json::from_slice(&self.blob(digest)).expect("a manifest is JSON")
    }

    /// The digest that `tag` names.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Option<String> {
        let index = self.index();
        let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
        let entry = index["manifests"].as_array().expect("a list").iter().find(named)?;
        entry["digest"].as_str().map(str::to_owned)
    }

    /// Adds a blob, and returns its digest.
    pub fn write_blob(&self, bytes: &[u8]) -> String {
        self.write(bytes)
    }

    fn write(&self, bytes: &[u8]) -> String {
        let digest = format!("sha256:{}", hex(bytes));
        std::fs::write(self.blob_path(&digest), bytes).expect("a writable temporary folder");
        digest
    }

    /// Adds a manifest, and returns its digest.
    #[must_use]
    pub fn add(&self, manifest: &Value) -> String {
        self.write(manifest.to_string().as_bytes())
    }

    /// Adds a manifest under a tag.
    pub fn tag(&self, tag: &str, manifest: &Value) {
        let digest = self.add(manifest);
        let mut index = self.index();
        let entry = serde_json::json!({
            "mediaType": manifest["mediaType"],
            "digest": digest,
            "size": manifest.to_string().len(),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        });
        index["manifests"].as_array_mut().expect("a list").push(entry);
        std::fs::write(self.folder.path().join("index.json"), index.to_string()).expect("a writable folder");
    }

    /// Replaces a manifest by what `change` makes of it, in the index too.
    pub fn change_manifest(&self, digest: &str, change: impl FnOnce(&mut Value)) {
        let mut manifest: Value = serde_json::from_slice(&self.blob(digest)).expect("a manifest is JSON");
        change(&mut manifest);
        let bytes = serde_json::to_vec(&manifest).expect("JSON");
        let new = self.write(&bytes);
        let mut index = self.index();
        for entry in index["manifests"].as_array_mut().expect("a list").iter_mut().filter(|e| e["digest"] == digest) {
            entry["digest"] = new.clone().into();
            entry["size"] = bytes.len().into();
        }
        std::fs::write(self.folder.path().join("index.json"), index.to_string()).expect("a writable folder");
    }

    /// Replaces the first layer of a manifest by what `change` makes of its bytes, keeping every digest consistent.
    pub fn change_layer(&self, manifest: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let old: Value = serde_json::from_slice(&self.blob(manifest)).expect("a manifest is JSON");
        let layer = old["layers"][0]["digest"].as_str().expect("a layer").to_owned();
        let bytes = change(self.blob(&layer));
        let new = self.write(&bytes);
        self.change_manifest(manifest, |manifest| {
            manifest["layers"][0]["digest"] = new.into();
            manifest["layers"][0]["size"] = bytes.len().into();
        });
    }

    /// Changes one annotation of a manifest's first layer.
    pub fn change_annotation(&self, manifest: &str, name: &str, change: impl FnOnce(&str) -> String) {
        self.change_manifest(manifest, |manifest| {
            let value = &mut manifest["layers"][0]["annotations"][name];
            *value = change(value.as_str().expect("the annotation is there")).into();
        });
    }
}

/// Flips one bit in the middle of base64 content.
#[must_use]
pub fn flip_base64(text: &str) -> String {
    let mut bytes = STANDARD.decode(text).expect("base64");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    STANDARD.encode(bytes)
}

/// Flips one bit in the middle of a PEM block's content.
#[must_use]
pub fn flip_pem(pem: &str) -> String {
    let (head, rest) = pem.split_once("-----\n").expect("PEM");
    let (body, tail) = rest.split_once("\n-----").expect("PEM");
    let flipped = flip_base64(&body.replace('\n', ""));
    let lines: Vec<_> = flipped.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("{head}-----\n{}\n-----{tail}", lines.join("\n"))
}
