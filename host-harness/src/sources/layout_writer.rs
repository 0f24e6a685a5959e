//! Writing an artifact into an OCI layout (OCI image-spec, `image-layout.md`).
//!
//! Blobs first, then `index.json`, each by renaming: whoever reads meanwhile sees the old layout or the new one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sigwarden_core::reference::Digest;

use super::registry::Artifact;

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Why a layout cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutWriteError {
    /// The system refuses.
    #[error("cannot write `{}`: {reason}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// What is there is no layout.
    #[error("`{}` is not the index of an OCI layout: {reason}", path.display())]
    NotLayout {
        /// The `index.json`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Puts `artifact` under `tag` into the layout in `dir`, and makes a layout there if there is none.
///
/// # Errors
/// [`LayoutWriteError`].
pub fn write_to_layout(dir: &Path, tag: &str, artifact: &Artifact) -> Result<(), LayoutWriteError> {
    let blobs = dir.join("blobs").join("sha256");
    std::fs::create_dir_all(&blobs).map_err(|error| unwritable(&blobs, &error))?;
    for blob in artifact.blobs.iter().chain([&artifact.manifest]) {
        replace(&blobs.join(Digest::of(blob).hex()), blob)?;
    }
    let marker = dir.join("oci-layout");
    if !marker.is_file() {
        replace(&marker, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    }

    let path = dir.join("index.json");
    let mut index = read_index(&path)?;
    let not_layout = || LayoutWriteError::NotLayout { path: path.clone(), reason: "`manifests` is no list".to_owned() };
    let entries = index.get_mut("manifests").and_then(Value::as_array_mut).ok_or_else(not_layout)?;
    entries.retain(|entry| entry.pointer("/annotations").and_then(|found| found.get(REF_NAME)) != Some(&json!(tag)));
    entries.push(json!({
        "mediaType": artifact.media_type,
        "digest": artifact.digest(),
        "size": artifact.manifest.len(),
        "annotations": {REF_NAME: tag},
    }));
    replace(&path, index.to_string().as_bytes())
}

fn read_index(path: &Path) -> Result<Value, LayoutWriteError> {
    let not_layout = |reason: String| LayoutWriteError::NotLayout { path: path.to_owned(), reason };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| not_layout(error.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(json!({"schemaVersion": 2, "manifests": []})),
        Err(error) => Err(not_layout(error.to_string())),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), LayoutWriteError> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes).map_err(|error| unwritable(&new, &error))?;
    std::fs::rename(&new, path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> LayoutWriteError {
    LayoutWriteError::Unwritable { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use sigwarden_core::evidence::media_type;

    use super::*;

    fn artifact(text: &str) -> Artifact {
        let manifest = json!({"schemaVersion": 2, "config": {"digest": Digest::of(text.as_bytes())}});
        Artifact {
            manifest: manifest.to_string().into_bytes(),
            media_type: media_type::MANIFEST,
            blobs: vec![text.as_bytes().to_vec()],
        }
    }

    fn index(dir: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(dir.join("index.json")).unwrap()).unwrap()
    }

    #[test]
    fn a_tag_is_written_once_and_the_rest_stays() {
        let dir = tempfile::TempDir::new().unwrap();
        let old =
            json!({"schemaVersion": 2, "kept": 1, "manifests": [{"digest": "sha256:0", "annotations": {"a": "b"}}]});
        std::fs::write(dir.path().join("index.json"), old.to_string()).unwrap();
        for text in ["one", "two", "two"] {
            write_to_layout(dir.path(), "t", &artifact(text)).unwrap();
        }
        let new = index(dir.path());
        assert_eq!(new["kept"], 1);
        assert_eq!(new["manifests"].as_array().unwrap().len(), 2);
        assert_eq!(new["manifests"][0], old["manifests"][0]);
        assert_eq!(new["manifests"][1]["digest"], artifact("two").digest().to_string());
        assert!(dir.path().join("blobs/sha256").join(Digest::of(b"two").hex()).is_file());
    }

    #[test]
    fn a_new_layout_is_made_and_what_is_none_is_left_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let new = dir.path().join("new");
        write_to_layout(&new, "t", &artifact("one")).unwrap();
        assert!(new.join("oci-layout").is_file());
        for content in ["[]", "{", r#"{"manifests": {}}"#] {
            std::fs::write(new.join("index.json"), content).unwrap();
            let error = write_to_layout(&new, "t", &artifact("one")).unwrap_err();
            assert!(matches!(error, LayoutWriteError::NotLayout { .. }), "{content}: {error}");
            assert_eq!(std::fs::read(new.join("index.json")).unwrap(), content.as_bytes());
        }
    }
}
