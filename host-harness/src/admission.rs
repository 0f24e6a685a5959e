//! The `AdmissionResponse` that a cluster would get, made from the module's answer as policy-server makes it.
//!
//! The one computation here is the patch: policies answer with the whole mutated object, and Kubernetes wants the
//! difference (RFC 6902) to the object that it sent.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::policy::ValidationResponse;

/// `AdmissionResponse` of `admission.k8s.io/v1`, with the fields and the order of fields that `kwctl run` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The request's own.
    pub uid: String,
    /// Whether the object may be created or changed.
    pub allowed: bool,
    /// `JSONPatch`, if there is a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<&'static str>,
    /// JSON patch in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AdmissionStatus>,
    /// For the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// For whoever sent the request.
    pub warnings: Option<Vec<String>>,
}

/// `status` of an `AdmissionResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdmissionStatus {
    /// The reason, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// HTTP status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// The response to `request`, an `AdmissionRequest`. A module that mutates where there is no object is refused,
    /// as a cluster refuses it; a refusal carries no patch.
    #[must_use]
    pub fn new(request: &Value, answer: ValidationResponse) -> Self {
        let object = request.get("object").filter(|object| !object.is_null());
        let (allowed, patch, message) = match (answer.accepted, object, &answer.mutated_object) {
            (true, Some(object), Some(mutated)) => (true, patch(object, mutated), answer.message),
            (true, None, Some(_)) => {
                (false, None, Some("the policy changes an object that the request does not have".to_owned()))
            }
            (accepted, _, _) => (accepted, None, answer.message),
        };
        let has_status = message.is_some() || answer.code.is_some();
        Self {
            uid: request.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            allowed,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch,
            status: has_status.then_some(AdmissionStatus { message, code: answer.code }),
            audit_annotations: answer.audit_annotations,
            warnings: answer.warnings,
        }
    }
}

/// Base64 of the JSON patch from one object to the other, if they differ.
fn patch(from: &Value, to: &Value) -> Option<String> {
    let patch = json_patch::diff(from, to);
    (!patch.is_empty()).then(|| STANDARD.encode(patch.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(value: Value) -> ValidationResponse {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn is_what_kwctl_prints() {
        let object = json!({"spec": {"containers": [{"image": "a:1"}]}});
        let pinned = json!({"spec": {"containers": [{"image": "a:1@sha256:0"}]}});
        // [{"op":"replace","path":"/spec/containers/0/image","value":"a:1@sha256:0"}]
        let patch =
            "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zcGVjL2NvbnRhaW5lcnMvMC9pbWFnZSIsInZhbHVlIjoiYToxQHNoYTI1NjowIn1d";
        let cases = [
            (
                "admitted as it is",
                json!({"uid": "u", "object": object}),
                json!({"accepted": true}),
                json!({"uid": "u", "allowed": true, "auditAnnotations": null, "warnings": null}),
            ),
            (
                "mutated into itself",
                json!({"uid": "u", "object": object}),
                json!({"accepted": true, "mutated_object": object}),
                json!({"uid": "u", "allowed": true, "auditAnnotations": null, "warnings": null}),
            ),
            (
                "mutated",
                json!({"uid": "u", "object": object}),
                json!({"accepted": true, "mutated_object": pinned, "warnings": ["w"], "audit_annotations": {"a": "b"}}),
                json!({"uid": "u", "allowed": true, "patchType": "JSONPatch", "patch": patch,
                    "auditAnnotations": {"a": "b"}, "warnings": ["w"]}),
            ),
            (
                "refused, with an object that would have been",
                json!({"uid": "u", "object": object}),
                json!({"accepted": false, "message": "no", "code": 403, "mutated_object": pinned}),
                json!({"uid": "u", "allowed": false, "status": {"message": "no", "code": 403},
                    "auditAnnotations": null, "warnings": null}),
            ),
            (
                "mutated out of nothing",
                json!({"object": null}),
                json!({"accepted": true, "mutated_object": pinned}),
                json!({"uid": "", "allowed": false,
                    "status": {"message": "the policy changes an object that the request does not have"},
                    "auditAnnotations": null, "warnings": null}),
            ),
            (
                "a request of the wrong shape",
                json!([1]),
                json!({"accepted": false, "code": 400}),
                json!({"uid": "", "allowed": false, "status": {"code": 400}, "auditAnnotations": null, "warnings": null}),
            ),
        ];
        for (name, request, given, expected) in cases {
            let response = AdmissionResponse::new(&request, answer(given));
            assert_eq!(serde_json::to_value(response).unwrap(), expected, "case `{name}`");
        }
    }

    #[test]
    fn fields_come_in_the_order_of_kwctl() {
        let response = AdmissionResponse::new(&json!({"uid": "u"}), answer(json!({"accepted": true})));
        let text = serde_json::to_string(&response).unwrap();
        assert_eq!(text, r#"{"uid":"u","allowed":true,"auditAnnotations":null,"warnings":null}"#);
    }
}
