//! A request where every image must be signed, and none is: nothing panics, and what is admitted runs no image.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sigwarden_core::admission;
use sigwarden_core::host::{CallbackHost, Callbacks};
use sigwarden_fuzz::{Input, NOW, documents, edit};
use std::sync::LazyLock;
use std::time::Duration;

/// Every tag is there, and nothing is signed.
struct Unsigned;

impl Callbacks for Unsigned {
    fn call(&self, _: &str, _: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        match operation {
            "v1/manifest_digest" => {
                Ok(json!({"digest": format!("sha256:{}", "1".repeat(64))}).to_string().into_bytes())
            }
            "v1/blob" => Ok(br#"{"status":"absent"}"#.to_vec()),
            "v1/referrers" => Ok(br#"{"status":"found","index":{"schemaVersion":2,"manifests":[]}}"#.to_vec()),
            _ => Err("Registry error: url https://a/, envelope: OCI API errors: [OCI API error: manifest unknown]"
                .to_owned()),
        }
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

static SETTINGS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let keyless = json!([{"entries": [{"keyless": {"subject": "*", "issuer": "https://*"}}]}]);
    vec![
        json!({"verifyImages": [{"imageReferences": ["*"], "attestors": keyless}]}),
        json!({"verifyImages": [{"imageReferences": ["*"], "attestors": keyless}], "evidence": {"extended": true}}),
        json!({"verifyImages": [{"imageReferences": ["*"], "attestors": keyless}], "mutate": false, "unmatchedImages": "deny"}),
        json!({"verifyImages": [{"imageReferences": ["*"], "attestations": [{"type": "https://slsa.dev/provenance/v1", "attestors": keyless}]}]}),
    ]
});

/// One request of each kind, creations and updates.
static SEEDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut seeds = documents("tests/bench/deployment.json");
    seeds.extend(documents("tests/kwctl/2-unsigned-init-container/request.json"));
    let pod = json!({
        "initContainers": [{"name": "i", "image": "ghcr.io/a/i:1"}],
        "containers": [{"name": "c", "image": "ghcr.io/a/c"}, {"name": "d", "image": format!("a@sha256:{}", "2".repeat(64))}],
        "ephemeralContainers": [{"name": "e", "image": "e:5000/e"}],
        "volumes": [{"name": "v", "image": {"reference": "quay.io/a/v:1"}}, {"name": "w", "emptyDir": {}}],
    });
    for (group, kind) in [
        ("", "Pod"),
        ("", "ReplicationController"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("batch", "Job"),
        ("batch", "CronJob"),
    ] {
        let spec = match kind {
            "Pod" => pod.clone(),
            "CronJob" => json!({"jobTemplate": {"spec": {"template": {"spec": pod}}}}),
            _ => json!({"template": {"spec": pod}}),
        };
        let object = json!({"kind": kind, "metadata": {"name": "n", "namespace": "default"}, "spec": spec});
        for (operation, old) in [("CREATE", Value::Null), ("UPDATE", object.clone())] {
            seeds.push(json!({
                "uid": "1", "kind": {"group": group, "version": "v1", "kind": kind}, "operation": operation,
                "name": "n", "namespace": "default", "object": object, "oldObject": old,
            }));
        }
    }
    seeds.iter().for_each(|seed| assert!(!admitted(&SETTINGS[0], seed), "{seed}"));
    seeds
});

fn admitted(settings: &Value, request: &Value) -> bool {
    let payload = json!({"settings": settings, "request": request}).to_string();
    admission::decide(&CallbackHost(Unsigned), payload.as_bytes(), NOW).response.accepted
}

/// Whether this request lets something run that did not, read by other means than the policy's.
fn starts_something(request: &Value) -> bool {
    let way = match request["kind"]["kind"].as_str() {
        Some("Pod") => "/spec",
        Some("CronJob") => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    };
    let pod = request["object"].pointer(way).unwrap_or(&Value::Null);
    let leaves = request["operation"] == "UPDATE"
        && !request["object"]["metadata"]["deletionTimestamp"].is_null()
        && request["oldObject"].pointer(way) == Some(pod);
    if request["operation"] == "DELETE" || leaves {
        return false;
    }
    let items = |list: &str| pod[list].as_array().cloned().unwrap_or_default();
    let containers = ["containers", "initContainers", "ephemeralContainers"].map(items).concat();
    !containers.is_empty() || items("volumes").iter().any(|volume| !volume["image"].is_null())
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let how = input.byte();
    let settings = &SETTINGS[input.below(SETTINGS.len())];
    match how % 8 {
        // Any bytes as the whole payload, which then brings no settings of ours.
        0 => drop(admission::decide(&CallbackHost(Unsigned), input.rest(), NOW)),
        1 => {
            if let Ok(request) = serde_json::from_slice(input.rest()) {
                check(settings, &request);
            }
        }
        _ => {
            let mut request = SEEDS[input.below(SEEDS.len())].clone();
            edit(&mut request, &mut input);
            check(settings, &request);
        }
    }
});

fn check(settings: &Value, request: &Value) {
    if admitted(settings, request) {
        assert!(!starts_something(request), "admitted, and nobody signed: {request}");
    }
}
