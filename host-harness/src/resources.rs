//! Objects of a cluster that the policy may read, from files: `--resource FILE`.
//!
//! A policy can keep its keys in Secrets and its trust roots in ConfigMaps. Offline there is no cluster to ask, so
//! people hand over the manifests. An object that was not handed over is absent only if some were: without any, nobody
//! could look.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sigwarden_metadata::Resource;

use crate::documents;

/// Kubernetes refuses larger objects (etcd's limit is 1.5 MB).
const MAX_FILE_BYTES: usize = 16 << 20;

/// How an object is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// For example `v1`.
    pub api_version: String,
    /// For example `Secret`.
    pub kind: String,
    /// `None` for kinds without namespaces.
    pub namespace: Option<String>,
    /// Its own name.
    pub name: String,
}

/// Objects of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    objects: BTreeMap<ObjectName, Value>,
}

/// Why a file holds no objects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The system would not read it.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It is longer than any object can be.
    #[error("`{}` has more than {MAX_FILE_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is neither YAML nor JSON.
    #[error("`{}` is not {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What it is not, where and why.
        reason: String,
    },
    /// A document in it is no object.
    #[error("`{}` holds something without apiVersion, kind and metadata.name", path.display())]
    NotObject {
        /// The file.
        path: PathBuf,
    },
    /// A key or value of a Secret is no text.
    #[error("`{}` holds a Secret whose stringData is not all text: quote it", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Two objects of one name.
    #[error("{name} is given twice")]
    Twice {
        /// Its name.
        name: ObjectName,
    },
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl Resources {
    /// Reads manifests: YAML or JSON, one or several in a file, and `List`s.
    ///
    /// # Errors
    /// [`ResourceError`].
    pub fn load(paths: &[PathBuf]) -> Result<Self, ResourceError> {
        let mut resources = Self::default();
        for path in paths {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ResourceError::Unreadable { path: path.clone(), reason: error.to_string() })?;
            resources.add(path, &text)?;
        }
        Ok(resources)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), ResourceError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(ResourceError::TooLarge { path: path.to_owned() });
        }
        let file = path.display().to_string();
        let documents = documents::read(text, &file)
            .map_err(|error| ResourceError::Syntax { path: path.to_owned(), reason: error.to_string() })?;
        for mut document in documents.into_iter().map(|document| document.value) {
            let is_list = document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
            match document.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) if is_list => {
                    items.into_iter().try_for_each(|item| self.add_object(path, item))?;
                }
                _ => self.add_object(path, document)?,
            }
        }
        Ok(())
    }

    fn add_object(&mut self, path: &Path, object: Value) -> Result<(), ResourceError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Object {
            api_version: String,
            kind: String,
            metadata: ObjectMeta,
        }
        #[derive(Deserialize)]
        struct ObjectMeta {
            name: String,
            namespace: Option<String>,
        }
        let read: Object =
            serde_json::from_value(object.clone()).map_err(|_| ResourceError::NotObject { path: path.to_owned() })?;
        let namespace = read.metadata.namespace.or_else(|| is_namespaced(&read.kind).then(|| "default".to_owned()));
        let name = ObjectName { api_version: read.api_version, kind: read.kind, namespace, name: read.metadata.name };
        if self.objects.contains_key(&name) {
            return Err(ResourceError::Twice { name });
        }
        let object = stored(object).ok_or_else(|| ResourceError::NotText { path: path.to_owned() })?;
        self.objects.insert(name, object);
        Ok(())
    }

    /// Whether anything was given at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The kinds of what was given.
    pub fn kinds(&self) -> impl Iterator<Item = Resource> {
        self.objects.keys().map(|name| Resource { api_version: name.api_version.clone(), kind: name.kind.clone() })
    }

    /// The object of this name.
    #[must_use]
    pub fn get(&self, name: &ObjectName) -> Option<&Value> {
        self.objects.get(name)
    }
}

/// The kinds that policies read lie in namespaces; `kubectl` takes the current one for a manifest that names none.
fn is_namespaced(kind: &str) -> bool {
    matches!(kind, "Secret" | "ConfigMap")
}

/// The object as an API server hands it out: a Secret's `stringData` is folded into its `data`. `None` where that is no
/// text, which an API server refuses.
fn stored(mut object: Value) -> Option<Value> {
    let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    let Some(fields) = object.as_object_mut().filter(|_| is_secret) else { return Some(object) };
    let Some(plain) = fields.remove("stringData") else { return Some(object) };
    let data = fields.entry("data").or_insert_with(|| Value::Object(serde_json::Map::new())).as_object_mut()?;
    for (key, value) in plain.as_object()? {
        data.insert(key.clone(), STANDARD.encode(value.as_str()?).into());
    }
    Some(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Resources, ResourceError> {
        let mut resources = Resources::default();
        resources.add(Path::new("r.yaml"), text).map(|()| resources)
    }

    fn secret(namespace: &str, name: &str) -> ObjectName {
        ObjectName {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    #[test]
    fn objects_are_found_by_name() {
        let resources = read(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: keys}\ndata: {cosign.pub: eA==}\n---\n\
             apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n  \
             stringData: {cosign.pub: \"y\"}\n",
        )
        .unwrap();
        assert_eq!(resources.get(&secret("keys", "a")).unwrap()["data"], json!({"cosign.pub": "eA=="}));
        assert_eq!(resources.get(&secret("default", "b")).unwrap()["data"], json!({"cosign.pub": "eQ=="}));
        for (name, wanted) in [("namespace", secret("default", "a")), ("name", secret("keys", "b"))] {
            assert_eq!(resources.get(&wanted), None, "another {name}");
        }
        assert!(!resources.is_empty());
        assert!(Resources::default().is_empty());
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        let path = || PathBuf::from("r.yaml");
        let one = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
        let cases = [
            ("no object", "just text".to_owned(), ResourceError::NotObject { path: path() }),
            ("no name", "apiVersion: v1\nkind: Secret\n".to_owned(), ResourceError::NotObject { path: path() }),
            ("no text", format!("{one}stringData: {{a: 1}}\n"), ResourceError::NotText { path: path() }),
            ("twice", format!("{one}---\n{one}"), ResourceError::Twice { name: secret("default", "a") }),
        ];
        for (name, text, expected) in cases {
            assert_eq!(read(&text), Err(expected), "case `{name}`");
        }
        assert!(matches!(read("a: [1"), Err(ResourceError::Syntax { .. })));
        let gone = Resources::load(&["no-such-file.yaml".into()]).unwrap_err();
        assert!(matches!(gone, ResourceError::Unreadable { .. }), "{gone:?}");
    }
}
