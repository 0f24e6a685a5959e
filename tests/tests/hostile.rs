//! What somebody may try who can push to an image's repository: more than is read, things that are not what they seem, and
//! evidence made unreadable. Refused, with a reason, in bounded work.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::{Run, fixture, scratch, sigwarden, write};
use std::path::Path;

const IMAGE: &str = "ghcr.io/x/y:v1";

fn ask(layout: &str, policy: &Value) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let root = fixture("trust/trusted_root.json");
    let mapping = format!("ghcr.io/x/y={layout}");
    sigwarden(&["verify", IMAGE, "--policy", &policy, "--oci-layout", &mapping, "--trusted-root", &root, "-o", "json"])
}

fn keyless(rule: &str, more: Value) -> Value {
    let attestor = json!([{"entries": [{"keyless": {
        "subject": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
        "issuer": "https://token.actions.githubusercontent.com",
    }}]}]);
    let mut block = json!({"imageReferences": ["*"]});
    match rule {
        "attestors" => block["attestors"] = attestor,
        _ => {
            block["attestations"] = json!([{"type": "https://slsa.dev/provenance/v1", "attestors": attestor}]);
            for (key, value) in more.as_object().unwrap() {
                block["attestations"][0][key] = value.clone();
            }
        }
    }
    json!({"verifyImages": [block]})
}

/// The digest that the layout's tag names.
fn digest_of(layout: &Layout, tag: &str) -> String {
    let index = layout.index();
    let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
    index["manifests"].as_array().unwrap().iter().find(named).unwrap()["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_list_of_lists_is_read_only_so_far() {
    // Two thousand times the same referrer, which has two thousand layers: four million pieces of evidence in two blobs.
    let layout = Layout::copy(Path::new(&fixture("layouts/referrers/v2-key-p256")));
    let image = digest_of(&layout, "v1");
    let layers: Vec<Value> = (0..2048).map(|_| json!({"mediaType": "x", "digest": image, "size": 1})).collect();
    let kind = "application/vnd.dev.cosign.artifact.sig.v1+json";
    let config = json!({"mediaType": "x", "digest": image, "size": 1});
    let manifests: Vec<Value> = (0..2048)
        .map(|i| {
            let manifest = json!({"schemaVersion": 2, "artifactType": kind, "config": config, "layers": layers, "annotations": {"n": i.to_string()}});
            json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": layout.add(&manifest), "size": 1, "artifactType": kind})
        })
        .take(64)
        .collect();
    let many: Vec<Value> = manifests.iter().cycle().take(2048).cloned().collect();
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": many});
    layout.tag(&image.replace(':', "-"), &index);
    // The attacker's list does not stand in the way of a good signature that is found first, and refuses otherwise.
    let key = std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap();
    let by_key = json!({"verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keys": {"publicKeys": key}}]}]}]});
    assert_eq!(ask(layout.path(), &by_key).answer, Answer::Yes);
    let run = ask(layout.path(), &keyless("attestors", json!({})));
    assert_eq!(run.answer, Answer::Unknown, "{:.2000}", run.text());
    assert_eq!(run.codes(), "SW4013");
}

#[test]
fn a_statement_that_would_fill_the_memory_is_not_read() {
    let layout = Layout::copy(Path::new(&fixture("layouts/referrers/v2-att-slsa1")));
    let image = digest_of(&layout, "v1");
    let hex = image.trim_start_matches("sha256:");
    let manifest = digest_of(&layout, &format!("sha256-{hex}.att"));
    layout.change_layer(&manifest, |blob| {
        let mut envelope: Value = serde_json::from_slice(&blob).unwrap();
        let bomb = "{\"\":0},".repeat(1_500_000);
        let statement = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"x","digest":{{"sha256":"{hex}"}}}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":[{bomb}0]}}"#
        );
        use base64::Engine as _;
        envelope["payload"] = base64::engine::general_purpose::STANDARD.encode(statement).into();
        serde_json::to_vec(&envelope).unwrap()
    });
    let run = ask(layout.path(), &keyless("attestations", json!({"match": "any"})));
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert_eq!(run.codes(), "SW4009");
}

#[test]
fn where_all_must_hold_what_cannot_be_read_does_not_hold() {
    let original = fixture("layouts/referrers/v2-att-all");
    let all = keyless("attestations", json!({}));
    let any = keyless("attestations", json!({"match": "any"}));
    assert_eq!(ask(&original, &all).answer, Answer::Yes, "{}", ask(&original, &all).text());
    let layout = Layout::copy(Path::new(&original));
    let hex = digest_of(&layout, "v1").replace("sha256:", "");
    let manifest = digest_of(&layout, &format!("sha256-{hex}.att"));
    // Another attestation of the image, of whatever type, is listed and cannot be had.
    layout.change_manifest(&manifest, |manifest| {
        let layers = manifest["layers"].as_array_mut().unwrap();
        let own =
            layers.iter().position(|layer| layer["annotations"]["predicateType"] == "https://slsa.dev/provenance/v1");
        let other = if own == Some(0) { 1 } else { 0 };
        layers[other]["digest"] = format!("sha256:{}", "0".repeat(64)).into();
    });
    let run = ask(layout.path(), &all);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert_eq!(run.codes(), "SW4009");
    assert_eq!(ask(layout.path(), &any).answer, Answer::Yes, "one good one is enough where the rule says so");
}

#[test]
fn a_good_signature_is_found_among_a_thousand_that_are_junk() {
    let run = ask(&fixture("layouts/referrers/hostile/junk-referrers"), &keyless("attestors", json!({})));
    assert_eq!(run.answer, Answer::Yes, "{:.2000}", run.text());
}

#[test]
fn settings_that_accept_anybody_are_told_so() {
    let folder = scratch();
    let policy = json!({"verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keyless": {
        "subject": "*", "issuer": "https://token.actions.githubusercontent.com",
    }}]}]}]});
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let mapping = format!("ghcr.io/x/y={}", fixture("layouts/referrers/v2-keyless-gha"));
    let root = fixture("trust/trusted_root.json");
    let run = sigwarden(&["verify", IMAGE, "--policy", &policy, "--oci-layout", &mapping, "--trusted-root", &root]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert!(run.err.contains("warning: ") && run.err.contains("everybody with a certificate"), "{}", run.err);
}
