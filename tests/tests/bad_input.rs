//! Input that is wrong: refused with a reason, and never a trap.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden::engine::Module;
use sigwarden_tests::{fixture, module, scratch, sigwarden, write};
use std::sync::Arc;

/// Calls the module as a host would, with no registry behind it.
fn call(operation: &str, payload: &[u8]) -> Value {
    let module = Module::from_file(&module()).unwrap();
    let no_host = Arc::new(|_: &str, _: &str, _: &str, _: &[u8]| Err("no registry here".to_owned()));
    let answer = module.call(operation, payload, no_host).expect("an answer, not a trap");
    serde_json::from_slice(&answer).unwrap()
}

fn good_settings() -> Value {
    let key = std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap();
    json!({"verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keys": {"publicKeys": key}}]}]}]})
}

fn request(object: Value) -> Value {
    json!({
        "uid": "1", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": "default", "name": "web", "object": object,
    })
}

fn pod(image: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": image}]}})
}

#[test]
fn requests_that_make_no_sense_are_refused_with_a_reason() {
    let annotations = json!({"a": "x".repeat(300 << 10)});
    let mut annotated = pod(json!("nginx:1"));
    annotated["metadata"]["annotations"] = annotations;
    let kind = |group: &str, kind: &str| {
        let mut request = request(json!({"kind": kind}));
        request["kind"] = json!({"group": group, "version": "v1", "kind": kind});
        request
    };
    let cases = [
        ("nothing", json!(null), "SW1001"),
        ("a list", json!([]), "SW1001"),
        ("an empty object", json!({}), "SW1001"),
        ("another kind", kind("autoscaling", "Scale"), "SW1002"),
        ("another group's Pod", kind("example.test", "Pod"), "SW1002"),
        ("no object", request(Value::Null), "SW1001"),
        ("no spec", request(json!({"kind": "Pod"})), "SW1001"),
        ("containers are no list", request(json!({"kind": "Pod", "spec": {"containers": {}}})), "SW1001"),
        ("an empty image", request(pod(json!(""))), "SW3001"),
        ("a number for an image", request(pod(json!(5))), "SW1001"),
        ("capitals", request(pod(json!("UPPER/case"))), "SW3001"),
        ("half a digest", request(pod(json!("a@b"))), "SW3001"),
        ("blanks", request(pod(json!(" nginx"))), "SW3001"),
        ("300 KB of annotations", request(annotated), "SW1003"),
        ("a registry that does not answer", request(pod(json!("nginx:1"))), "SW3003"),
    ];
    for (name, request, code) in cases {
        let payload = json!({"request": request, "settings": good_settings()}).to_string();
        let answer = call("sigwarden_explain", payload.as_bytes());
        assert_eq!(answer["response"]["accepted"], false, "case `{name}`");
        let message = answer["response"]["message"].as_str().unwrap();
        assert!(message.contains(code) && message.len() > 40, "case `{name}`: {message}");
        assert_eq!(call("validate", payload.as_bytes()), answer["response"], "case `{name}`");
    }
}

#[test]
fn payloads_that_are_no_json_are_refused_with_a_reason() {
    let deep = "[".repeat(100_000);
    for payload in ["", "{", "null", "\u{0}", "{\"request\":1", deep.as_str()] {
        for operation in ["validate", "sigwarden_explain"] {
            let answer = call(operation, payload.as_bytes());
            let response = if operation == "validate" { &answer } else { &answer["response"] };
            assert_eq!(response["accepted"], false, "{operation} of {payload:.20}");
            assert!(response["message"].as_str().unwrap().contains("SW1001"), "{response}");
        }
        assert_eq!(call("validate_settings", payload.as_bytes())["valid"], false, "{payload:.20}");
        assert_eq!(call("sigwarden_verify_bundle", payload.as_bytes())["outcome"], "failed", "{payload:.20}");
    }
}

#[test]
fn all_mistakes_in_settings_are_told_at_once() {
    let settings = json!({
        "verifyImage": [],
        "verifyImages": [
            {"imageReference": ["ghcr.io/*"], "attestors": []},
            {"imageReferences": "ghcr.io/*", "attestors": [{"entries": [
                {"keyless": {"subject": 5, "isuer": "x"}},
                {"keys": {"publicKeys": "not a key"}},
                {"keyless": {"subjectRegExp": "(", "issuer": "https://x"}},
            ]}]},
            {"imageReferences": [], "attestors": [{"count": 5, "entries": [{"keys": {"kms": "awskms://x"}}]}]},
        ],
    });
    let answer = call("validate_settings", settings.to_string().as_bytes());
    assert_eq!(answer["valid"], false);
    let message = answer["message"].as_str().unwrap();
    for part in [
        "verifyImage",
        "did you mean `verifyImages`",
        "did you mean `imageReferences`",
        "verifyImages[0].attestors",
        "verifyImages[1].imageReferences",
        "verifyImages[1].attestors[0].entries[0].keyless.subject",
        "did you mean `issuer`",
        "verifyImages[1].attestors[0].entries[1].keys.publicKeys",
        "verifyImages[1].attestors[0].entries[2].keyless.subjectRegExp",
        "verifyImages[2].imageReferences",
        "kms",
    ] {
        assert!(message.contains(part), "`{part}` is missing:\n{message}");
    }
}

#[test]
fn settings_that_cannot_be_used_refuse_every_request() {
    for settings in
        [json!(null), json!({}), json!({"verifyImages": []}), json!({"verifyImages": [{}]}), json!([]), json!("x")]
    {
        assert_eq!(call("validate_settings", settings.to_string().as_bytes())["valid"], false, "{settings}");
        let payload = json!({"request": request(pod(json!("nginx:1"))), "settings": settings}).to_string();
        let answer = call("validate", payload.as_bytes());
        assert_eq!(answer["accepted"], false, "{settings}");
        assert!(answer["message"].as_str().unwrap().contains("SW2001"), "{answer}");
    }
    assert_eq!(call("validate_settings", good_settings().to_string().as_bytes())["valid"], true);
}

#[test]
fn files_that_are_not_what_they_should_be_end_with_could_not_decide() {
    let folder = scratch();
    let settings = write(folder.path(), "settings.json", good_settings().to_string());
    let request = write(folder.path(), "request.json", request(pod(json!("nginx:1"))).to_string());
    let broken = write(folder.path(), "broken.json", "{");
    let typo = write(folder.path(), "typo.yaml", "verifyImages:\n- imageReferences: [\"*\"]\n  atestors: []\n");
    let missing = folder.path().join("missing").to_str().unwrap().to_owned();
    let cases: [(&str, Vec<&str>, &str); 6] = [
        ("no such request", vec!["run", "-r", &missing, "-s", &settings], "cannot read"),
        ("the request is not JSON", vec!["run", "-r", &broken, "-s", &settings], "not JSON"),
        ("no such settings", vec!["run", "-r", &request, "-s", &missing], "missing"),
        ("settings with a typo", vec!["run", "-r", &request, "-s", &typo], "did you mean `attestors`"),
        ("an unknown flag", vec!["verify", "nginx:1", "--on-line"], "--on-line"),
        ("nobody to ask for", vec!["verify", "nginx:1"], "--policy"),
    ];
    for (name, words, part) in cases {
        let run = sigwarden(&words);
        assert_eq!(run.answer, Answer::Unknown, "case `{name}`: {}", run.text());
        assert!(run.err.contains(part), "case `{name}`: `{part}` is missing:\n{}", run.text());
    }
}
