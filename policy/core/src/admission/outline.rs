//! What the decision reads of a request, and nothing else of it.
//!
//! A request carries the object twice, with managed fields and a description of itself; of most of it no policy asks
//! anything. The outline is the request as a [`Value`] from which everything is left out that [`REQUEST`] does not name. What
//! needs the rest (a patch, a condition with `request`, an object on its way out, one so large that its annotations may be too
//! large) reads the [`whole`].

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, Deserializer};
use serde_json::Value;

use crate::decision::{Code, Finding};
use crate::json::{
    Json,
    Part::{self, Fields, Items, Whole},
};

/// A container, or a volume, which may be an image too.
const CONTAINER: Part = Fields(&[("name", Whole), ("image", Whole), ("imagePullPolicy", Whole)]);
const POD_SPEC: Part = Fields(&[
    ("initContainers", Items(&CONTAINER)),
    ("containers", Items(&CONTAINER)),
    ("ephemeralContainers", Items(&CONTAINER)),
    ("volumes", Items(&CONTAINER)),
]);
const TEMPLATE: (&str, Part) = ("template", Fields(&[("spec", POD_SPEC)]));
/// The ways of all kinds to the pod specification: which one it is stands elsewhere in the request, perhaps further back.
const OBJECT: Part = Fields(&[
    ("kind", Whole),
    (
        "metadata",
        Fields(&[("name", Whole), ("generateName", Whole), ("namespace", Whole), ("deletionTimestamp", Whole)]),
    ),
    (
        "spec",
        Fields(&[
            ("initContainers", Items(&CONTAINER)),
            ("containers", Items(&CONTAINER)),
            ("ephemeralContainers", Items(&CONTAINER)),
            ("volumes", Items(&CONTAINER)),
            TEMPLATE,
            ("jobTemplate", Fields(&[("spec", Fields(&[TEMPLATE]))])),
        ]),
    ),
]);
const REQUEST: Part = Fields(&[
    ("operation", Whole),
    ("kind", Whole),
    ("resource", Whole),
    ("subResource", Whole),
    ("namespace", Whole),
    ("name", Whole),
    ("object", OBJECT),
    ("oldObject", OBJECT),
]);

/// An `AdmissionRequest` in outline.
pub(super) struct Outline(pub(super) Value);

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        REQUEST.deserialize(deserializer).map(Self)
    }
}

/// The whole request of a `ValidationRequest`.
///
/// # Errors
/// When what the outline leaves out cannot be read.
pub(crate) fn whole(payload: &[u8]) -> Result<Value, Finding> {
    #[derive(Deserialize)]
    struct Payload {
        request: Json,
    }
    let Payload { request: Json(request) } = serde_json::from_slice(payload).map_err(|e| unreadable(&e))?;
    Ok(request)
}

pub(super) fn unreadable(error: &dyn fmt::Display) -> Finding {
    Finding::new(Code::RequestMalformed, format!("the request cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{self, Workload};
    use serde_json::json;

    fn outlined(request: &Value) -> Value {
        let Outline(outline) = serde_json::from_str(&request.to_string()).expect("JSON");
        outline
    }

    fn pod_spec() -> Value {
        json!({
            "serviceAccountName": "web",
            "initContainers": [{"name": "init", "image": "busybox:1", "command": ["sh"]}],
            "containers": [
                {"name": "web", "image": "ghcr.io/myorg/web:1", "imagePullPolicy": "Always", "env": [{"name": "A", "value": "b"}]},
                {"name": "side", "image": "ghcr.io/myorg/side"}
            ],
            "ephemeralContainers": [{"name": "debug", "image": "alpine:3"}],
            "volumes": [
                {"name": "config", "configMap": {"name": "c"}},
                {"name": "model", "image": {"reference": "ghcr.io/myorg/model:1", "pullPolicy": "Always"}}
            ]
        })
    }

    fn requests() -> Vec<Value> {
        let kinds = [
            ("", "Pod", pod_spec()),
            ("apps", "Deployment", json!({"replicas": 2, "template": {"metadata": {}, "spec": pod_spec()}})),
            (
                "batch",
                "CronJob",
                json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod_spec()}}}}),
            ),
        ];
        let request = |(group, kind, spec): (&str, &str, Value), operation: &str| {
            let object = json!({
                "apiVersion": "v1", "kind": kind, "spec": spec, "status": {"phase": "Pending"},
                "metadata": {"name": "web", "generateName": "web-", "namespace": "shop", "annotations": {"a": "b"}, "managedFields": [{"manager": "kubectl"}]}
            });
            json!({
                "uid": "1", "operation": operation, "kind": {"group": group, "version": "v1", "kind": kind},
                "resource": {"resource": "things"}, "subResource": "", "namespace": "shop", "name": "web",
                "object": object, "oldObject": if operation == "UPDATE" { object.clone() } else { Value::Null },
                "userInfo": {"username": "me"}, "dryRun": false
            })
        };
        kinds
            .into_iter()
            .flat_map(|kind| ["CREATE", "UPDATE"].map(|operation| request(kind.clone(), operation)))
            .collect()
    }

    /// Pointers to everything in `value`, itself first.
    fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), out))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), out));
            }
            _ => {}
        }
    }

    /// Whatever stands anywhere in a request, its outline says the same of it: the same images in the same places, or the
    /// same error.
    #[test]
    fn an_outline_says_what_the_whole_says() {
        let mut count = 0;
        for request in requests() {
            let mut all = Vec::new();
            pointers(&request, "", &mut all);
            for pointer in &all {
                let others = [
                    json!(null),
                    json!(true),
                    json!(-1),
                    json!(7),
                    json!(1.5),
                    json!("x"),
                    json!([]),
                    json!([1, {}]),
                    json!({}),
                    json!({"name": 1}),
                ];
                for other in others {
                    let mut changed = request.clone();
                    *changed.pointer_mut(pointer).expect("it is there") = other;
                    let outline = outlined(&changed);
                    let whole = Workload::from_request(&changed);
                    assert_eq!(Workload::from_request(&outline), whole, "{pointer}: {changed}");
                    assert_eq!(workload::subject_of(&outline), workload::subject_of(&changed), "{pointer}: {changed}");
                    assert_eq!(workload::may_be_leaving(&outline), workload::may_be_leaving(&changed));
                    count += 1;
                }
            }
            // Unchanged it is read, so that not everything here compares errors.
            assert_eq!(Workload::from_request(&outlined(&request)).expect("a workload").images.len(), 5);
        }
        assert!(count > 3_000, "{count}");
    }

    #[test]
    fn what_no_decision_reads_is_left_out() {
        let request = requests().swap_remove(2);
        let text = outlined(&request).to_string();
        for kept in ["operation", "initContainers", "imagePullPolicy", "deployment"] {
            assert!(text.to_lowercase().contains(&kept.to_lowercase()), "{kept}: {text}");
        }
        for left_out in
            ["managedFields", "annotations", "userInfo", "env", "command", "replicas", "status", "configMap"]
        {
            assert!(request.to_string().contains(left_out) && !text.contains(left_out), "{left_out}: {text}");
        }
    }

    /// The last of several, as `serde_json::Value` has it.
    #[test]
    fn a_field_twice_is_its_last() {
        let text =
            r#"{"operation": "DELETE", "object": 1, "operation": "CREATE", "object": {"kind": "Pod", "kind": "Job"}}"#;
        let Outline(outline) = serde_json::from_str(text).expect("JSON");
        assert_eq!(outline, serde_json::from_str::<Value>(text).expect("JSON"));
    }
}
