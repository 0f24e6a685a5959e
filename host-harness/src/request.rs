//! Admission requests: one made up for a list of images, or one read from a file.
//!
//! Nothing is judged here. A request of the wrong shape is the module's to refuse, as it would be in a cluster.

use serde_json::{Value, json};

use crate::documents;

/// The `AdmissionRequest` for the creation of a Pod that runs `images`, one container for each, in this order.
#[must_use]
pub fn pod_with_images<S: AsRef<str>>(images: &[S]) -> Value {
    let containers: Vec<Value> = (1_usize..)
        .zip(images)
        .map(|(number, image)| json!({"name": format!("image-{number}"), "image": image.as_ref()}))
        .collect();
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "images", "namespace": "default"},
        "spec": {"containers": containers},
    });
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": "images",
        "namespace": "default",
        "operation": "CREATE",
        "userInfo": {"username": "sigwarden"},
        "object": pod,
        "oldObject": null,
        "dryRun": false,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
    })
}

/// Why a text is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It is neither JSON nor YAML.
    #[error("the request in `{file}` is not {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// What it is not, where and why.
        reason: String,
    },
    /// It holds no document, or several.
    #[error("`{file}` holds {count} documents, and one request is asked at a time: keep one object in the file")]
    NotOne {
        /// The file.
        file: String,
        /// How many.
        count: usize,
    },
    /// A list of objects.
    #[error("`{file}` is a {kind}, and one request is asked at a time: keep one of its items in the file")]
    List {
        /// The file.
        file: String,
        /// Its kind.
        kind: String,
    },
}

/// Reads an `AdmissionRequest` (JSON or YAML), taking it out of the `AdmissionReview` that a cluster sends it in. A plain
/// manifest is read as the request to create it. `file` names the text in errors.
///
/// # Errors
/// See [`RequestError`].
pub fn parse(text: &str, file: &str) -> Result<Value, RequestError> {
    let mut value = one_document(text, file)?;
    let kind = value.get("kind").and_then(Value::as_str).map(str::to_owned);
    let is_manifest = value.get("apiVersion").is_some_and(Value::is_string);
    match kind {
        Some(kind) if kind == "AdmissionReview" => Ok(match value.get_mut("request") {
            Some(request) => request.take(),
            None => value,
        }),
        Some(kind) if is_manifest && value.get("items").is_some() => {
            Err(RequestError::List { file: file.to_owned(), kind })
        }
        Some(kind) if is_manifest => Ok(creation(value, &kind, "default")),
        _ => Ok(value),
    }
}

fn one_document(text: &str, file: &str) -> Result<Value, RequestError> {
    let mut documents = documents::read(text, file)
        .map_err(|error| RequestError::Syntax { file: file.to_owned(), reason: error.to_string() })?;
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document.value),
        (last, others) => {
            let count = others.saturating_add(usize::from(last.is_some()));
            Err(RequestError::NotOne { file: file.to_owned(), count })
        }
    }
}

/// The request that creates an object of this kind, in `namespace` if it names none.
pub(crate) fn creation(mut object: Value, kind: &str, namespace: &str) -> Value {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let api_version = text("/apiVersion").unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version.as_str()));
    let name = text("/metadata/name");
    let namespace = text("/metadata/namespace").unwrap_or_else(|| namespace.to_owned());
    // The API server writes the namespace into what it creates.
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.entry("namespace").or_insert_with(|| Value::from(namespace.as_str()));
    }
    let kind_name = json!({"group": group, "version": version, "kind": kind});
    // True for every kind that this policy is about.
    let resource = json!({"group": group, "version": version, "resource": format!("{}s", kind.to_ascii_lowercase())});
    json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": kind_name,
        "resource": resource,
        "requestKind": kind_name,
        "requestResource": resource,
        "name": name,
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "sigwarden"},
        "object": object,
        "oldObject": null,
        "dryRun": false,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_for_each_image() {
        let request = pod_with_images(&["a:1", "b@sha256:0"]);
        assert_eq!(
            request.pointer("/object/spec/containers"),
            Some(&json!([{"name": "image-1", "image": "a:1"}, {"name": "image-2", "image": "b@sha256:0"}]))
        );
        assert_eq!(request.pointer("/operation"), Some(&json!("CREATE")));
    }

    #[test]
    fn requests_are_found() {
        let cases = [
            ("review", r#"{"kind": "AdmissionReview", "request": {"uid": "u"}}"#, json!({"uid": "u"})),
            (
                "review in YAML",
                "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n  uid: u\n",
                json!({"uid": "u"}),
            ),
            ("request", r#"{"kind": {"kind": "Pod"}, "uid": "u"}"#, json!({"kind": {"kind": "Pod"}, "uid": "u"})),
            ("no review", r#"{"kind": "Other", "request": 1}"#, json!({"kind": "Other", "request": 1})),
            ("review without request", r#"{"kind": "AdmissionReview"}"#, json!({"kind": "AdmissionReview"})),
            ("no object", "[1]", json!([1])),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(text, "r.json"), Ok(expected), "case `{name}`");
        }
    }

    #[test]
    fn a_manifest_is_a_request_to_create_it() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}\n";
        let request = parse(text, "d.yaml").unwrap();
        let expected = [
            ("/kind", json!({"group": "apps", "version": "v1", "kind": "Deployment"})),
            ("/resource", json!({"group": "apps", "version": "v1", "resource": "deployments"})),
            ("/operation", json!("CREATE")),
            ("/namespace", json!("default")),
            ("/object/metadata/namespace", json!("default")),
            ("/object/spec/replicas", json!(1)),
            ("/oldObject", Value::Null),
        ];
        for (pointer, value) in expected {
            assert_eq!(request.pointer(pointer), Some(&value), "{pointer}");
        }
        let pod = parse("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}}", "p.yaml").unwrap();
        assert_eq!(pod.pointer("/kind"), Some(&json!({"group": "", "version": "v1", "kind": "Pod"})));
        assert_eq!(pod.pointer("/namespace"), Some(&json!("shop")));
    }

    #[test]
    fn what_is_not_one_request_is_an_error() {
        let file = || "r.yaml".to_owned();
        let cases = [
            ("two documents", "a: 1\n---\nb: 2\n", RequestError::NotOne { file: file(), count: 2 }),
            ("nothing", "", RequestError::NotOne { file: file(), count: 0 }),
            (
                "list",
                "apiVersion: v1\nkind: PodList\nitems: []\n",
                RequestError::List { file: file(), kind: "PodList".to_owned() },
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(text, "r.yaml"), Err(expected), "case `{name}`");
        }
        assert!(matches!(parse("{", "r.yaml"), Err(RequestError::Syntax { .. })));
    }
}
