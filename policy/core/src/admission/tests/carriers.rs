//! Where evidence is looked for, in which order, and at what cost.

use super::*;
use std::path::{Path, PathBuf};

fn stock() -> Value {
    let mut settings = settings();
    settings["evidence"] = json!({});
    settings
}

fn by_workflow() -> Value {
    json!([{"entries": [{"keyless": {
        "subject": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
        "issuer": "https://token.actions.githubusercontent.com",
    }}]}])
}

#[test]
fn a_published_image_costs_two_calls_and_one_where_the_digest_is_given() {
    let mut settings = stock();
    // Three rules: a signature and two attestations, of which all must hold.
    settings["verifyImages"][0] = json!({"imageReferences": ["ghcr.io/x/*"], "attestations": [
        {"type": "https://slsa.dev/provenance/v1", "attestors": by_workflow()},
        {"type": "https://spdx.dev/Document", "attestors": by_workflow(), "match": "any"},
    ]});
    let second = settings["verifyImages"][0].clone();
    settings["verifyImages"].as_array_mut().unwrap().push(second);

    let host = Counting::new("v2-att-all").with_published("v1");
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    assert_eq!(host.operations(), ["resolve", "config"]);

    let host = Counting::new("v2-att-all").with_published("v1");
    let pinned = format!("ghcr.io/x/y@{}", host.digest("v1"));
    assert!(ask(&host, &[pinned.as_str(); 8], &settings).response.accepted);
    assert_eq!(host.operations(), ["config"], "eight containers cost what one does");
}

#[test]
fn a_host_that_offers_more_is_asked_no_more_than_it_must_be() {
    // "Is there a good one" is settled by the first carrier.
    let host = Counting::new("v2-key-p256").with_published("v1");
    assert!(ask(&host, &["ghcr.io/x/y:v1"], &settings()).response.accepted);
    assert_eq!(host.operations(), ["resolve", "config"]);
    // "Is there no bad one" reads every place.
    let mut all = settings();
    all["verifyImages"][0] = json!({"imageReferences": ["ghcr.io/x/*"], "attestations": [
        {"type": "https://slsa.dev/provenance/v1", "attestors": by_workflow()},
    ]});
    let host = Counting::new("v2-att-slsa1").with_published("v1");
    assert!(ask(&host, &["ghcr.io/x/y:v1"], &all).response.accepted);
    assert_eq!(host.operations(), ["resolve", "config", "manifest", "blob", "referrers", "manifest"]);
    // One of them that does not answer denies, though the others are good.
    for failing in ["config", "manifest", "blob", "referrers"] {
        let mut host = Counting::new("v2-att-slsa1").with_published("v1");
        host.failures.insert(failing.to_owned(), HostError::Unreachable("down".to_owned()));
        let decision = ask(&host, &["ghcr.io/x/y:v1"], &all);
        assert_eq!(codes(&decision), "SW3003", "{failing}: {:?}", decision.response.message);
    }
    let mut any = all.clone();
    any["verifyImages"][0]["attestations"][0]["match"] = "any".into();
    let mut host = Counting::new("v2-att-slsa1").with_published("v1");
    host.failures.insert("manifest".to_owned(), HostError::Unreachable("down".to_owned()));
    assert!(ask(&host, &["ghcr.io/x/y:v1"], &any).response.accepted);
    assert_eq!(host.operations(), ["resolve", "config"]);
}

#[test]
fn the_order_and_the_repository_are_those_of_the_settings() {
    let first = |settings: &Value| {
        let host = Counting::new("v2-key-p256").with_published("v1");
        ask(&host, &["ghcr.io/x/y:v1"], settings);
        let call = host.calls.borrow()[1].clone();
        call.split_once("sha256-").map(|(start, _)| start.to_owned()).unwrap()
    };
    let with = |evidence: Value| {
        let mut settings = stock();
        settings["evidence"] = evidence;
        settings
    };
    assert_eq!(first(&stock()), "config ghcr.io/x/y:");
    assert_eq!(first(&with(json!({"carriers": ["tags", "published"]}))), "manifest ghcr.io/x/y:");
    let elsewhere = with(json!({"repository": "registry.example/evidence"}));
    assert_eq!(first(&elsewhere), "config registry.example/evidence:");
    let mut block = elsewhere.clone();
    block["verifyImages"][0]["repository"] = "registry.example/signatures".into();
    assert_eq!(first(&block), "config registry.example/signatures:");
    let mut entry = block.clone();
    entry["verifyImages"][0]["attestors"][0]["entries"][0]["repository"] = "registry.example/entry".into();
    assert_eq!(first(&entry), "config registry.example/entry:");
    // The setting is for published evidence alone.
    let host = Counting::new("v2-key-p256");
    ask(&host, &["ghcr.io/x/y:v1"], &elsewhere);
    assert!(host.calls.borrow()[2].starts_with("manifest ghcr.io/x/y:sha256-"), "{:?}", host.calls);
}

#[test]
fn a_signature_is_read_from_its_tag_alone_where_its_payload_can_be_rebuilt() {
    let mut settings = stock();
    settings["verifyImages"][0]["imageReferences"] = json!(["*"]);
    let host = Counting::new("v2-key-p256");
    let decision = ask(&host, &["127.0.0.1:17021/v2-key-p256:v1"], &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    assert_eq!(host.operations(), ["resolve", "config", "manifest"]);

    // Signed with annotations: the rule must name them all.
    let annotated = |annotations: Value| {
        let mut settings = settings.clone();
        settings["verifyImages"][0]["annotations"] = annotations;
        codes(&ask(&Counting::new("v2-annot"), &["127.0.0.1:17021/v2-annot:v1"], &settings))
    };
    assert_eq!(annotated(json!({"a": "b", "env": "prod"})), "");
    assert_eq!(annotated(json!({"env": "prod"})), "SW3011");
    assert_eq!(annotated(json!({"a": "b", "env": "test"})), "SW3011");

    // What was published has been read, and so has the same payload under the tag: the answer is no, and not "could not look".
    let mut wrong = settings.clone();
    wrong["verifyImages"][0]["annotations"] = json!({"env": "test"});
    let host = Counting::new("v2-annot").with_published("v1");
    let decision = ask(&host, &["127.0.0.1:17021/v2-annot:v1"], &wrong);
    assert_eq!((codes(&decision).as_str(), decision.explanation.outcome), ("SW4011", Outcome::Failed));

    // Under another name the payload cannot be rebuilt, which is no proof that nobody signed.
    let host = Counting::new("v2-key-p256");
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &stock());
    assert_eq!((codes(&decision).as_str(), decision.explanation.outcome), ("SW3011", Outcome::Undecided));
    let tree = serde_json::to_string(&decision.explanation).unwrap();
    assert!(tree.contains("sigwarden publish ghcr.io/x/y@sha256:"), "{tree}");
    // A signature by somebody else is out of the question even so.
    let mut other = stock();
    other["verifyImages"][0]["attestors"] = by_workflow();
    assert_eq!(codes(&ask(&Counting::new("v2-keyless-email"), &["ghcr.io/x/y:v1"], &other)), "SW4002");
}

#[test]
fn where_nothing_can_be_seen_nothing_is_said_to_be_absent() {
    let mut tags_only = stock();
    tags_only["evidence"] = json!({"carriers": ["tags"]});
    tags_only["verifyImages"][0] = json!({"imageReferences": ["ghcr.io/x/*"], "attestations": [
        {"type": "https://slsa.dev/provenance/v1", "attestors": by_workflow()},
    ]});
    let host = Counting::new("v2-att-slsa1");
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &tags_only);
    assert_eq!((codes(&decision).as_str(), decision.explanation.outcome), ("SW3011", Outcome::Undecided));
    assert_eq!(host.operations(), ["resolve"]);
    // With `published` in the list the host has looked: there is none.
    tags_only["evidence"] = json!({});
    let decision = ask(&Counting::new("v2-att-slsa1"), &["ghcr.io/x/y:v1"], &tags_only);
    assert_eq!((codes(&decision).as_str(), decision.explanation.outcome), ("SW5001", Outcome::Failed));
    // A host that lacks even the stock calls.
    let mut host = Counting::new("v2-key-p256");
    for call in ["config", "manifest"] {
        host.failures.insert(call.to_owned(), HostError::Unsupported("hand out manifests"));
    }
    assert_eq!(ask(&host, &["ghcr.io/x/y:v1"], &stock()).explanation.outcome, Outcome::Undecided);
}

fn layouts(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("oci-layout").exists() {
        return found.push(folder.to_owned());
    }
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| entry.is_dir()) {
        layouts(&entry, found);
    }
}

#[test]
fn published_evidence_and_a_host_that_offers_all_lead_to_the_same_verdict() {
    let key = std::fs::read_to_string(fixtures().join("keys/k-p256.pub")).unwrap();
    let by_key = json!([{"entries": [{"keys": {"publicKeys": key}}]}]);
    let mut rules = Vec::new();
    for attestors in [by_key, by_workflow()] {
        rules.push(json!({"attestors": attestors}));
        for predicate in ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"] {
            rules.push(json!({"attestations": [{"type": predicate, "match": "any", "attestors": attestors}]}));
            rules.push(json!({"attestations": [{"type": predicate, "match": "all", "attestors": attestors}]}));
        }
    }
    let root = fixtures().join("layouts/referrers");
    let mut folders = Vec::new();
    layouts(&root, &mut folders);
    let (mut compared, mut admitted) = (0, 0);
    for folder in folders {
        let name = folder.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        // Junk cannot all be published, and where all must hold it stands in the way.
        if name.contains("junk") {
            continue;
        }
        let tags: Vec<String> = Counting::new(&name)
            .layout
            .index()
            .iter()
            .filter_map(|entry| entry["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned))
            .filter(|tag| !tag.starts_with("sha256-"))
            .collect();
        for tag in tags {
            for rule in &rules {
                let mut extended = settings();
                let mut block = rule.clone();
                block["imageReferences"] = json!(["*"]);
                extended["verifyImages"] = json!([block]);
                let mut stock = extended.clone();
                stock["evidence"] = json!({});
                let image = format!("ghcr.io/x/y:{tag}");
                let whole = ask(&Counting::new(&name), &[&image], &extended);
                let host = Counting::new(&name).with_published(&tag);
                let published = ask(&host, &[&image], &stock);
                assert_eq!(
                    published.response.accepted, whole.response.accepted,
                    "{name}:{tag} {rule}: {:?} and {:?}",
                    published.response.message, whole.response.message
                );
                if published.response.accepted {
                    assert_eq!(host.operations(), ["resolve", "config"], "{name}:{tag}");
                    admitted += 1;
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 500 && admitted > 50, "{compared} compared, {admitted} admitted");
}
