//! Admission requests: one made up for a list of images, or one read from a file.
//!
//! Nothing is judged here. A request of the wrong shape is the module's to refuse, as it would be in a cluster.

use serde_json::{Value, json};

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

/// Reads an `AdmissionRequest`, taking it out of the `AdmissionReview` that a cluster sends it in.
///
/// # Errors
/// When the text is not JSON; the error says where.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(text)?;
    let is_review = value.get("kind").and_then(Value::as_str) == Some("AdmissionReview");
    Ok(match value.get_mut("request") {
        Some(request) if is_review => request.take(),
        _ => value,
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
    fn reviews_are_unwrapped() {
        let cases = [
            ("review", r#"{"kind": "AdmissionReview", "request": {"uid": "u"}}"#, json!({"uid": "u"})),
            ("request", r#"{"kind": {"kind": "Pod"}, "uid": "u"}"#, json!({"kind": {"kind": "Pod"}, "uid": "u"})),
            ("no review", r#"{"kind": "Other", "request": 1}"#, json!({"kind": "Other", "request": 1})),
            ("review without request", r#"{"kind": "AdmissionReview"}"#, json!({"kind": "AdmissionReview"})),
            ("no object", "[1]", json!([1])),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(text.as_bytes()).unwrap(), expected, "case `{name}`");
        }
        assert!(parse(b"{").unwrap_err().is_eof());
    }
}
