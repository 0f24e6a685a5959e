//! Any settings: nothing panics, and those that are refused admit nothing, not even what runs nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sigwarden_core::admission;
use sigwarden_core::host::{CallbackHost, Callbacks};
use sigwarden_fuzz::{Input, NOW, documents, edit, text, trusted_root};
use std::sync::LazyLock;
use std::time::Duration;

/// A host that cannot look anywhere.
struct Unreachable;

impl Callbacks for Unreachable {
    fn call(&self, _: &str, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        Err("connection refused".to_owned())
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

static SEEDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let files = [
        "policies-examples/kubernetes-images.yaml",
        "policies-examples/pin-third-party.yaml",
        "policies-examples/signed-by-github-workflows.yaml",
        "policies-examples/signed-with-a-key.yaml",
        "policies-examples/slsa-provenance.yaml",
        "tests/kwctl/4-built-by-our-workflow/settings.yaml",
        "tests/bench/provenance.yaml",
    ];
    let mut seeds: Vec<Value> = files
        .iter()
        .flat_map(|file| documents(file))
        .map(|document| document.pointer("/spec/settings").unwrap_or(&document).clone())
        .collect();
    // A bit of everything that the examples do without.
    seeds.push(json!({
        "deadline": "1.5s", "mutate": false, "unmatchedImages": "deny", "verifyUnchanged": false,
        "evidence": {"extended": true, "carriers": ["published", "tags", "referrers"]},
        "trustRoots": {"ours": trusted_root()},
        "exceptions": [{"imageReferences": ["ghcr.io/a/b:1"], "expires": "2031-01-01", "reason": "moving"}],
        "verifyImages": [{
            "imageReferences": ["ghcr.io/*"], "skipImageReferences": ["ghcr.io/a/*"], "failureAction": "Audit",
            "attestors": [{"count": 1, "entries": [
                {"keyless": {"subjectRegExp": "https://github\\.com/.*", "issuerRegExp": ".*", "additionalExtensions": {"githubWorkflowTrigger": "push"}}},
                {"keys": {"publicKeys": "k8s://default/key", "signatureAlgorithm": "sha512"}},
                {"certificates": {"cert": text("tests/fixtures/keys/byo-leaf.crt")}},
            ]}],
            "attestations": [{
                "type": "https://slsa.dev/provenance/v1", "match": "latest",
                "attestors": [{"entries": [{"keyless": {"subject": "*", "issuer": "*"}}]}],
                "conditions": [{"all": [{"key": "{{ length(to_array(x)) || time_now() }}", "operator": "GreaterThan", "value": "1h"}]}],
            }],
        }],
    }));
    for seed in &seeds {
        let verdict = admission::validate_settings(seed.to_string().as_bytes(), NOW);
        assert!(verdict.is_ok(), "{verdict:?}");
    }
    seeds
});

fn payload(settings: &Value, request: &Value) -> Vec<u8> {
    json!({"settings": settings, "request": request}).to_string().into_bytes()
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let settings = match input.byte() % 8 {
        0 => {
            let bytes = input.rest();
            drop(admission::validate_settings(bytes, NOW));
            let Ok(settings) = serde_json::from_slice(bytes) else { return };
            settings
        }
        _ => {
            let mut settings = SEEDS[input.below(SEEDS.len())].clone();
            edit(&mut settings, &mut input);
            settings
        }
    };
    let valid = admission::validate_settings(settings.to_string().as_bytes(), NOW).is_ok();
    let gone = json!({"uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "DELETE"});
    let pod = json!({
        "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "namespace": "default",
        "object": {"spec": {"containers": [{"name": "c", "image": "ghcr.io/myorg/app:1.4.2"}, {"name": "d", "image": "nginx"}]}},
    });
    let decide =
        |request| admission::decide(&CallbackHost(Unreachable), &payload(&settings, request), NOW).response.accepted;
    assert_eq!(decide(&gone), valid, "settings that are refused decide nothing: {settings}");
    let admitted = decide(&pod);
    assert!(valid || !admitted, "admitted by settings that are refused: {settings}");
});
