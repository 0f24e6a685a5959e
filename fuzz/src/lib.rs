//! What the targets share: an input that is read front to back, changes to JSON documents, and the fixtures.
//!
//! libFuzzer changes bytes, and nearly every byte changed in a document of JSON makes another document that is not JSON,
//! or base64 that is none. So an input says what to change instead: which node of a document that is good, and how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Unix seconds: after everything that the fixtures' authorities certify, before they end.
pub const NOW: i64 = 1_900_000_000;

/// Changes to one document. More only undo each other.
const MAX_EDITS: u8 = 8;

/// An input, read front to back. Behind its end are zeros, so that every input says something.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % limit
    }

    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Up to 255 bytes.
    pub fn piece(&mut self) -> &'a [u8] {
        let length = self.byte().into();
        self.take(length)
    }

    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }
}

/// Pointers (RFC 6901) to all nodes, the document itself first.
fn nodes(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            nodes(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| nodes(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn pointer(value: &Value, input: &mut Input<'_>) -> String {
    let mut found = Vec::new();
    nodes(value, "", &mut found);
    let index = input.below(found.len());
    found.swap_remove(index)
}

/// As many changes as the input asks for.
pub fn edit(value: &mut Value, input: &mut Input<'_>) {
    for _ in 0..input.byte() % (MAX_EDITS + 1) {
        edit_once(value, input);
    }
}

fn edit_once(value: &mut Value, input: &mut Input<'_>) {
    let at = pointer(value, input);
    match input.byte() % 8 {
        0 => remove(value, &at),
        1 => {
            let other = pointer(value, input);
            let copy = value.pointer(&other).cloned();
            set(value, &at, copy.unwrap_or_default());
        }
        2 => {
            let odd = [
                Value::Null,
                true.into(),
                0.into(),
                (-1).into(),
                u64::MAX.into(),
                1e300.into(),
                "".into(),
                Value::Array(Vec::new()),
                Value::Object(Default::default()),
            ];
            let index = input.below(odd.len());
            set(value, &at, odd[index].clone());
        }
        3 => {
            let piece = input.piece();
            let json = serde_json::from_slice(piece).ok();
            set(value, &at, json.unwrap_or_else(|| String::from_utf8_lossy(piece).into_owned().into()));
        }
        4 => match value.pointer_mut(&at) {
            // Another item, or another field.
            Some(Value::Array(items)) if !items.is_empty() => {
                let copy = items[input.below(items.len())].clone();
                items.insert(input.below(items.len() + 1), copy);
            }
            Some(Value::Object(fields)) => {
                let name = String::from_utf8_lossy(input.piece()).into_owned();
                let copy = fields.values().nth(input.below(fields.len().max(1))).cloned();
                fields.insert(name, copy.unwrap_or_default());
            }
            _ => {}
        },
        5 => change_text(value, &at, |bytes| flip(bytes, input)),
        6 => change_text(value, &at, |bytes| {
            let at = input.below(bytes.len() + 1);
            bytes.splice(at..at, input.piece().iter().copied());
        }),
        _ => change_text(value, &at, |bytes| {
            let at = input.below(bytes.len() + 1);
            let end = (at + usize::from(input.byte())).min(bytes.len());
            bytes.drain(at..end);
        }),
    }
}

fn flip(bytes: &mut [u8], input: &mut Input<'_>) {
    if !bytes.is_empty() {
        let at = input.below(bytes.len());
        bytes[at] ^= 1 << (input.byte() % 8);
    }
}

fn set(value: &mut Value, at: &str, new: Value) {
    if let Some(node) = value.pointer_mut(at) {
        *node = new;
    }
}

fn remove(value: &mut Value, at: &str) {
    let Some((parent, name)) = at.rsplit_once('/') else { return };
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(name.parse().map(|index: usize| items.remove(index))),
        _ => {}
    }
}

/// Changes the bytes behind base64, and those of the text itself where it is none.
fn change_text(value: &mut Value, at: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let Some(Value::String(text)) = value.pointer_mut(at) else { return };
    match STANDARD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() >= 8) {
        Some(mut bytes) => {
            change(&mut bytes);
            *text = STANDARD.encode(bytes);
        }
        None => {
            let mut bytes = std::mem::take(text).into_bytes();
            change(&mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

/// A file or folder of the project.
pub fn project(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
    assert!(path.exists(), "there is no {}", path.display());
    path
}

pub fn text(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap()
}

/// The documents of a file, YAML or JSON.
pub fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(path)).unwrap()
}

/// The fixtures' trust root.
pub fn trusted_root() -> Value {
    serde_json::from_str(&text("tests/fixtures/trust/trusted_root.json")).unwrap()
}

/// What a registry holds about an image of the fixtures.
pub struct Layout {
    /// Digest of what the tag `v1` names.
    pub image: String,
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub tags: BTreeMap<String, String>,
    /// Descriptors of everything.
    pub index: Vec<Value>,
}

impl Layout {
    pub fn read(name: &str) -> Self {
        let folder = project("tests/fixtures/layouts/referrers").join(name);
        let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
        let index = index["manifests"].as_array().unwrap().clone();
        let blobs = std::fs::read_dir(folder.join("blobs/sha256")).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (format!("sha256:{}", entry.file_name().to_str().unwrap()), std::fs::read(entry.path()).unwrap())
        });
        let tags = index.iter().filter_map(|entry| {
            let tag = entry["annotations"]["org.opencontainers.image.ref.name"].as_str()?;
            Some((tag.to_owned(), entry["digest"].as_str()?.to_owned()))
        });
        let (blobs, tags): (_, BTreeMap<_, _>) = (blobs.collect(), tags.collect());
        Self { image: tags["v1"].clone(), blobs, tags, index }
    }

    /// The bundles among the blobs.
    pub fn bundles(&self) -> Vec<Value> {
        let read = self.blobs.values().filter_map(|blob| serde_json::from_slice::<Value>(blob).ok());
        read.filter(|json| {
            json["mediaType"].as_str().is_some_and(|kind| kind.starts_with("application/vnd.dev.sigstore.bundle"))
        })
        .collect()
    }
}
