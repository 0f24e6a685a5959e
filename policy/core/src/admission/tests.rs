//! What a decision costs in host calls, and what it says when the host does not answer.

mod house;

use super::*;
use crate::host::{HostError, ManifestId};
use crate::reference::Repository;
use crate::test_host::{Layout, fixtures};
use serde_json::json;
use std::cell::RefCell;

/// 2026-11-24, a day after the fixtures were made.
const NOW: i64 = 1_795_478_400;

/// How a host behaves.
#[derive(Clone)]
enum Mood {
    Answers,
    Fails(HostError),
}

/// A layout that notes what it is asked.
struct Noting {
    layout: Layout,
    mood: Mood,
    calls: RefCell<Vec<String>>,
}

impl Noting {
    fn new(layout: &str, mood: Mood) -> Self {
        Self { layout: Layout(fixtures().join("layouts/referrers").join(layout)), mood, calls: RefCell::default() }
    }

    fn ask<T>(&self, call: &str, answer: impl FnOnce() -> Result<T, HostError>) -> Result<T, HostError> {
        self.calls.borrow_mut().push(call.to_owned());
        match &self.mood {
            Mood::Answers => answer(),
            Mood::Fails(error) => Err(error.clone()),
        }
    }
}

impl Host for Noting {
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError> {
        self.ask("resolve", || self.layout.resolve(image))
    }

    fn manifest(&self, repository: &Repository, id: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        self.ask("manifest", || self.layout.manifest(repository, id))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        self.ask("blob", || self.layout.blob(repository, digest))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        self.ask("referrers", || self.layout.referrers(repository, digest))
    }
}

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

fn ask(host: &Noting, images: &[&str], settings: &Value) -> Decision {
    decide(host, json!({"request": pod(images), "settings": settings}).to_string().as_bytes(), NOW)
}

#[test]
fn an_image_that_no_block_matches_costs_no_call() {
    let host = Noting::new("v2-key-p256", Mood::Fails(HostError::Unreachable("never asked".to_owned())));
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

#[test]
fn eight_containers_of_one_image_cost_the_calls_of_one() {
    let one = Noting::new("v2-key-p256", Mood::Answers);
    assert!(ask(&one, &["ghcr.io/x/y:v1"], &settings()).response.accepted);
    assert_eq!(*one.calls.borrow(), ["resolve", "manifest", "blob"]);

    let eight = Noting::new("v2-key-p256", Mood::Answers);
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
    let unreachable = Mood::Fails(HostError::Unreachable("connection refused".to_owned()));
    let refused = Mood::Fails(HostError::Refused { capability: "oci/v1/manifest_digest".to_owned() });
    let mut stock = settings();
    stock["evidence"]["extended"] = false.into();
    let cases = [
        ("signed", "v2-key-p256", Mood::Answers, settings(), Outcome::Passed, None),
        ("another key", "v2-key-rsa2048", Mood::Answers, settings(), Outcome::Failed, Some(Code::WrongKey)),
        ("not signed", "myorg/debug", Mood::Answers, settings(), Outcome::Failed, Some(Code::Unsigned)),
        ("no answer", "v2-key-p256", unreachable, settings(), Outcome::Undecided, Some(Code::RegistryUnreachable)),
        ("not granted", "v2-key-p256", refused, settings(), Outcome::Undecided, Some(Code::HostRefused)),
        ("a host without blobs", "v2-key-p256", Mood::Answers, stock, Outcome::Undecided, Some(Code::HostRefused)),
    ];
    for (name, layout, mood, settings, outcome, code) in cases {
        let tag = if layout == "myorg/debug" { "1.2" } else { "v1" };
        let decision = ask(&Noting::new(layout, mood), &[&format!("ghcr.io/x/y:{tag}")], &settings);
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
    let decision = ask(&Noting::new("myorg/debug", Mood::Answers), &["ghcr.io/x/y:1.2"], &settings);
    assert!(decision.response.accepted);
    assert_eq!(decision.explanation.outcome, Outcome::Audited);
    assert!(decision.response.warnings.unwrap()[0].contains("SW4001"));
    assert_eq!(decision.response.mutated_object, None);
    // What cannot even be read is refused whatever the action.
    let decision = ask(&Noting::new("myorg/debug", Mood::Answers), &["UPPER/case"], &settings);
    assert!(!decision.response.accepted);
}

#[test]
fn the_message_stays_short_and_counts_what_it_leaves_out() {
    let images: Vec<String> = (0..60).map(|i| format!("ghcr.io/x/image-{i}:1.2")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let decision = ask(&Noting::new("myorg/debug", Mood::Answers), &images, &settings());
    let message = decision.response.message.unwrap();
    assert!(message.len() < 1_600, "{} bytes", message.len());
    let shown = message.lines().filter(|line| line.contains("SW4001")).count();
    assert!(message.ends_with(&format!("… and {} more", 60 - shown)), "{message}");
}
