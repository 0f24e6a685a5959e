//! What a decision costs in host calls, and what it says when the host does not answer.

mod carriers;
mod counting;
mod deadline;
mod house;
mod rekor;
mod tampering;

use super::*;
use crate::host::HostError;
use crate::test_host::fixtures;
use counting::Counting;
use serde_json::json;

/// 2026-11-24, a day after the fixtures were made.
const NOW: i64 = 1_795_478_400;

fn settings() -> Value {
    let key = std::fs::read_to_string(fixtures().join("keys/k-p256.pub")).unwrap();
    let root: Value =
        serde_json::from_str(&std::fs::read_to_string(fixtures().join("trust/trusted_root.json")).unwrap()).unwrap();
    json!({
        "verifyImages": [{
            "imageReferences": ["ghcr.io/x/*"],
            "attestors": [{"entries": [{"keys": {"publicKeys": key}}]}],
        }],
        "trustRoots": {"sigstore": root},
        "evidence": {"extended": true},
    })
}

fn pod(images: &[&str]) -> Value {
    let containers: Vec<_> =
        images.iter().enumerate().map(|(i, image)| json!({"name": format!("c{i}"), "image": image})).collect();
    json!({
        "uid": "1", "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "name": "web",
        "namespace": "default", "object": {"kind": "Pod", "spec": {"containers": containers}},
    })
}

/// The codes of everything that failed.
fn codes(decision: &Decision) -> String {
    decision.response.audit_annotations.clone().unwrap_or_default().remove("codes").unwrap_or_default()
}

/// A host of which every call fails.
fn failing(layout: &str, error: &HostError) -> Counting {
    let mut host = Counting::new(layout);
    host.failures.insert(String::new(), error.clone());
    host
}

fn ask(host: &Counting, images: &[&str], settings: &Value) -> Decision {
    decide(host, json!({"request": pod(images), "settings": settings}).to_string().as_bytes(), NOW)
}

#[test]
fn an_image_that_no_block_matches_costs_no_call() {
    let host = failing("v2-key-p256", &HostError::Unreachable("never asked".to_owned()));
    let decision = ask(&host, &["docker.io/library/nginx:1"], &settings());
    assert!(decision.response.accepted);
    assert!(host.calls.borrow().is_empty(), "{:?}", host.calls);

    let mut deny = settings();
    deny["unmatchedImages"] = "deny".into();
    let decision = ask(&host, &["docker.io/library/nginx:1"], &deny);
    assert!(!decision.response.accepted);
    assert_eq!(decision.explanation.images[0].findings[0].code, Code::ImageUnmatched);
    assert!(host.calls.borrow().is_empty(), "{:?}", host.calls);
}

/// The outline leaves annotations out, and an object that may have too many is read as a whole.
#[test]
fn annotations_are_counted_where_there_may_be_too_many() {
    let limit = workload::MAX_ANNOTATION_BYTES;
    let host = Counting::new("v2-key-p256");
    for (bytes, accepted) in [(limit, true), (limit + 1, false)] {
        let mut pod = pod(&["docker.io/library/nginx:1"]);
        pod["object"]["metadata"] = json!({"annotations": {"a": "x".repeat(bytes - 1)}});
        let payload = json!({"request": pod, "settings": settings()}).to_string();
        let decision = decide(&host, payload.as_bytes(), NOW);
        assert_eq!(decision.response.accepted, accepted, "{bytes}");
        let codes: Vec<_> = decision.explanation.findings().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, if accepted { vec![] } else { vec![Code::RequestTooLarge] }, "{bytes}");
    }
}

#[test]
fn eight_containers_of_one_image_cost_the_calls_of_one() {
    let one = Counting::new("v2-key-p256");
    assert!(ask(&one, &["ghcr.io/x/y:v1"], &settings()).response.accepted);
    assert_eq!(one.operations(), ["resolve", "config", "manifest", "blob"]);

    let eight = Counting::new("v2-key-p256");
    let decision = ask(&eight, &["ghcr.io/x/y:v1"; 8], &settings());
    assert!(decision.response.accepted);
    assert_eq!(eight.calls, one.calls);
    assert_eq!(decision.explanation.images[0].locations.len(), 8);
    let object = decision.response.mutated_object.unwrap();
    for container in object["spec"]["containers"].as_array().unwrap() {
        assert!(container["image"].as_str().unwrap().starts_with("ghcr.io/x/y:v1@sha256:"), "{container}");
    }
}

#[test]
fn not_signed_and_could_not_look_are_different_answers() {
    let unreachable = HostError::Unreachable("connection refused".to_owned());
    let refused = HostError::Refused { capability: "oci/v1/manifest_digest".to_owned() };
    let denied = HostError::Denied("Not authorized: url https://ghcr.io/v2/".to_owned());
    let mut stock = settings();
    stock["evidence"]["extended"] = false.into();
    let cases = [
        ("signed", "v2-key-p256", None, settings(), Outcome::Passed, None),
        ("another key", "v2-key-rsa2048", None, settings(), Outcome::Failed, Some(Code::WrongKey)),
        ("not signed", "myorg/debug", None, settings(), Outcome::Failed, Some(Code::Unsigned)),
        (
            "no answer",
            "v2-key-p256",
            Some(unreachable),
            settings(),
            Outcome::Undecided,
            Some(Code::RegistryUnreachable),
        ),
        ("not granted", "v2-key-p256", Some(refused), settings(), Outcome::Undecided, Some(Code::HostRefused)),
        ("no access", "v2-key-p256", Some(denied), settings(), Outcome::Undecided, Some(Code::RegistryDenied)),
        ("a host without blobs", "v2-key-p256", None, stock, Outcome::Undecided, Some(Code::EvidenceOutOfReach)),
    ];
    for (name, layout, failure, settings, outcome, code) in cases {
        let tag = if layout == "myorg/debug" { "1.2" } else { "v1" };
        let host = failure.map_or_else(|| Counting::new(layout), |error| failing(layout, &error));
        let decision = ask(&host, &[&format!("ghcr.io/x/y:{tag}")], &settings);
        assert_eq!(decision.explanation.outcome, outcome, "case `{name}`: {:#?}", decision.explanation);
        assert_eq!(decision.response.accepted, outcome == Outcome::Passed, "case `{name}`");
        let codes = decision.response.audit_annotations.unwrap_or_default().remove("codes");
        assert_eq!(codes.as_deref(), code.map(Code::as_str), "case `{name}`");
    }
}

#[test]
fn an_auditing_block_warns_and_pins_nothing() {
    let mut settings = settings();
    settings["verifyImages"][0]["failureAction"] = "Audit".into();
    let decision = ask(&Counting::new("myorg/debug"), &["ghcr.io/x/y:1.2"], &settings);
    assert!(decision.response.accepted);
    assert_eq!(decision.explanation.outcome, Outcome::Audited);
    assert!(decision.response.warnings.unwrap()[0].contains("SW4001"));
    assert_eq!(decision.response.mutated_object, None);
    // What cannot even be read is refused whatever the action.
    let decision = ask(&Counting::new("myorg/debug"), &["UPPER/case"], &settings);
    assert!(!decision.response.accepted);
}

#[test]
fn the_message_says_what_to_do_and_says_it_once() {
    let images = ["ghcr.io/x/y:1.2", "ghcr.io/x/z:1.2"];
    let unsigned = ask(&Counting::new("myorg/debug"), &images, &settings()).response.message.unwrap();
    assert_eq!(unsigned.matches(" — do: ").count(), 2, "each image has its own command: {unsigned}");
    let denied = HostError::Denied("Not authorized: url x".to_owned());
    let denied = ask(&failing("v2-key-p256", &denied), &["ghcr.io/x/y:v1", "ghcr.io/x/z:v1"], &settings());
    let message = denied.response.message.unwrap();
    assert_eq!(message.matches(" — do: ").count(), 1, "{message}");
    assert!(message.contains("PolicyServer"), "{message}");
}

#[test]
fn the_message_stays_short_and_counts_what_it_leaves_out() {
    let images: Vec<String> = (0..60).map(|i| format!("ghcr.io/x/image-{i}:1.2")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let decision = ask(&Counting::new("myorg/debug"), &images, &settings());
    let message = decision.response.message.unwrap();
    assert!(message.len() <= 1_500, "{} bytes", message.len());
    let shown = message.lines().filter(|line| line.contains("SW4001")).count();
    assert!(message.ends_with(&format!("… and {} more", 60 - shown)), "{message}");
}

/// A report of one image that failed, with as much text of others in it as they like.
fn hostile_report(image: &str, outcome: Outcome, findings: Vec<Finding>) -> ImageReport {
    let location = Location {
        pointer: "/spec/containers/0/image".to_owned(),
        field: "containers[0]".to_owned(),
        name: "é\u{1b}[2J".repeat(400),
    };
    ImageReport {
        image: image.to_owned(),
        locations: vec![location],
        digest: None,
        pinned: None,
        excepted: None,
        outcome,
        findings,
        blocks: Vec::new(),
    }
}

#[test]
fn hostile_texts_fill_no_message() {
    let long = "ü€𝄞\n".repeat(1_000);
    let line = "€".repeat(1_000);
    let finding = |code| Finding::new(code, line.clone()).contrast(&*line, format!("{line}x")).remedy(&*long);
    for count in [1, 2, 40] {
        for (subject, name) in [("Pod a/b", "short"), (&*line, "long"), (&*long, "with line breaks")] {
            let images = (0..count).map(|i| {
                let outcome = if i == 39 { Outcome::Failed } else { Outcome::Undecided };
                let code = if i == 39 { Code::WrongIdentity } else { Code::RegistryUnreachable };
                hostile_report(
                    &format!("{i}{line}"),
                    outcome,
                    vec![finding(code), finding(code), finding(code), finding(code)],
                )
            });
            let explanation = Explanation {
                outcome: Outcome::Failed,
                subject: subject.to_owned(),
                problems: Vec::new(),
                images: images.collect(),
                warnings: Vec::new(),
            };
            let message = ValidationResponse::reject(&explanation).message.unwrap();
            assert!(message.len() <= 1_500, "{count}, {name}: {} bytes", message.len());
            assert!(!message.contains('\u{1b}'), "{count}, {name}: {message}");
            let lines: Vec<_> = message.lines().collect();
            assert!(lines[1].starts_with("containers[0] é"), "{count}, {name}: {message}");
            if count == 40 {
                assert!(lines[1].contains(" 39€") || lines[1].len() < 350, "the plain no comes first: {message}");
                assert_eq!(lines.len(), 3, "{name}: {message}");
                assert_eq!(lines[2], "… and 39 more", "{name}");
            }
        }
    }
}

#[test]
fn each_image_has_one_line_and_the_worst_comes_first() {
    let say = |text: &str| Finding::new(Code::Unsigned, text).remedy(format!("sign {text}"));
    let unreachable = Finding::new(Code::RegistryUnreachable, "no answer");
    let explanation = Explanation {
        outcome: Outcome::Undecided,
        subject: "Pod a/b".to_owned(),
        problems: Vec::new(),
        images: vec![
            ImageReport { locations: Vec::new(), ..hostile_report("slow", Outcome::Undecided, vec![unreachable]) },
            ImageReport {
                locations: Vec::new(),
                ..hostile_report("bad", Outcome::Failed, vec![say("a"), say("b"), say("c"), say("d")])
            },
        ],
        warnings: Vec::new(),
    };
    let message = ValidationResponse::reject(&explanation).message.unwrap();
    let expected = "Pod a/b refused by sigwarden\n\
        bad: a [SW4001]; b [SW4001]; c [SW4001]; and 1 more — do: sign a; or sign b; or sign c\n\
        slow: no answer [SW3003]";
    assert_eq!(message, expected);
}

/// serde_json keeps one key for itself. Whoever writes it into an object gets neither an image past the policy nor anything into
/// the patch.
#[test]
fn what_is_patched_is_what_was_looked_at() {
    let key = "$serde_json::private::RawValue";
    let host = Counting::new("v2-key-p256");
    for (pointer, value) in [
        (
            "/object/spec/volumes",
            json!([{key: r#"{"name": "v", "image": {"reference": "ghcr.io/other/unsigned:1"}}"#}]),
        ),
        ("/object/spec/initContainers", json!([{"name": "i", "image": "ghcr.io/x/y:v1", "env": {key: "1"}}])),
        ("/object/metadata", json!({"annotations": {key: "1"}})),
        ("/object/metadata", json!({"annotations": {key: "no JSON"}})),
    ] {
        let mut request = pod(&["ghcr.io/x/y:v1"]);
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(field.to_owned(), value);
        let payload = json!({"request": request, "settings": settings()}).to_string();
        let decision = decide(&host, payload.as_bytes(), NOW);
        assert!(decision.response.accepted, "{pointer}: {:?}", decision.response);
        // As a host reads the answer.
        let answer = serde_json::to_string(&decision.response).unwrap();
        assert_eq!(serde_json::from_str::<ValidationResponse>(&answer).unwrap(), decision.response, "{pointer}");
        let mut patched = decision.response.mutated_object.unwrap();
        // But for the pins it is the object that was sent.
        for list in ["containers", "initContainers"] {
            let Some(containers) = patched.pointer_mut(&format!("/spec/{list}")) else { continue };
            for container in containers.as_array_mut().unwrap() {
                assert!(container["image"].as_str().unwrap().starts_with("ghcr.io/x/y:v1@sha256:"));
                container["image"] = "ghcr.io/x/y:v1".into();
            }
        }
        assert_eq!(patched, request["object"], "{pointer}");
    }
}
