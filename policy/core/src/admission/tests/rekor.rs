//! Old signatures without a proof of the log, on hosts that can ask it.

use super::*;

const BUNDLE: &str = "dev.sigstore.cosign/bundle";

fn keyless() -> Value {
    json!({"keyless": {
        "subject": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
        "issuer": "https://token.actions.githubusercontent.com",
    }})
}

fn with_entry(entry: Value) -> Value {
    let mut settings = settings();
    settings["verifyImages"][0]["attestors"][0]["entries"][0] = entry;
    settings
}

/// A layout whose signature (or attestation, by `suffix`) has lost its proof, and what the log says of it.
fn without_proof(layout: &str, suffix: &str) -> (Counting, Value) {
    let mut host = Counting::new(layout);
    let tag = format!("{}.{suffix}", host.digest("v1").as_str().replace(':', "-"));
    let manifest = host.layout.tag(&tag).unwrap();
    let bytes = std::fs::read(host.layout.0.join("blobs/sha256").join(manifest.trim_start_matches("sha256:"))).unwrap();
    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let annotations = manifest["layers"][0]["annotations"].as_object_mut().unwrap();
    let bundle = annotations.remove(BUNDLE).expect("a proof");
    let bundle: Value = serde_json::from_str(bundle.as_str().unwrap()).unwrap();
    host.manifests.insert(tag, manifest);
    // What Rekor answers for this entry.
    let payload = &bundle["Payload"];
    let entry = json!({
        "body": payload["body"], "integratedTime": payload["integratedTime"], "logIndex": payload["logIndex"],
        "logID": payload["logID"], "verification": {"signedEntryTimestamp": bundle["SignedEntryTimestamp"]},
    });
    (host, entry)
}

#[test]
fn a_signature_without_proof_is_completed_from_the_log() {
    let settings = with_entry(keyless());
    let (mut host, entry) = without_proof("v2-keyless-gha", "sig");
    let other = without_proof("v2-keyless-email", "sig").1;
    host.entries = Some(json!([other, {"not": "an entry"}, entry]));
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    let call = host.calls.borrow().last().unwrap().clone();
    assert!(call.starts_with("rekor https://rekor.sigstore.dev sha256:"), "{call}");
    assert_eq!(host.operations().iter().filter(|operation| *operation == "rekor").count(), 1);
}

#[test]
fn the_log_is_believed_only_in_what_it_signed_about_this_signature() {
    let entry_of = |layout: &str| without_proof(layout, "sig").1;
    let good = entry_of("v2-keyless-gha");
    let changed = |field: &str, value: Value| {
        let mut entry = good.clone();
        entry[field] = value;
        entry
    };
    let mut set = good.clone();
    let flipped = set["verification"]["signedEntryTimestamp"].as_str().unwrap().replacen('A', "B", 1);
    set["verification"]["signedEntryTimestamp"] = flipped.into();
    let cases = [
        ("no entry", json!([]), "SW4006"),
        ("another signature's", json!([entry_of("v2-keyless-email")]), "SW4006"),
        ("another time", json!([changed("integratedTime", json!(1_700_000_000))]), "SW4006"),
        ("another index", json!([changed("logIndex", json!(1))]), "SW4006"),
        ("another promise", json!([set]), "SW4006"),
        ("another log", json!([changed("logID", json!("00".repeat(32)))]), "SW4014"),
        ("too many", json!(vec![good.clone(); 65]), "SW3012"),
        ("no list", json!({"entries": 1}), "SW3012"),
    ];
    let settings = with_entry(keyless());
    for (name, entries, code) in cases {
        let (mut host, _) = without_proof("v2-keyless-gha", "sig");
        host.entries = Some(entries);
        let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
        assert!(!decision.response.accepted, "case `{name}`");
        assert_eq!(codes(&decision), code, "case `{name}`: {:?}", decision.response.message);
    }
}

#[test]
fn an_attestation_and_a_key_are_completed_too() {
    let mut attested = settings();
    attested["verifyImages"][0] = json!({"imageReferences": ["ghcr.io/x/*"], "attestations": [{
        "type": "https://slsa.dev/provenance/v1", "attestors": [{"entries": [keyless()]}],
    }]});
    for (layout, suffix, settings) in [("v2-att-slsa1", "att", attested), ("v2-key-p256", "sig", settings())] {
        let (mut host, entry) = without_proof(layout, suffix);
        let refused = ask(&host, &["ghcr.io/x/y:v1"], &settings);
        assert_eq!(codes(&refused), "SW4006", "{layout}: {:?}", refused.response.message);
        host.entries = Some(json!([entry]));
        let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
        assert!(decision.response.accepted, "{layout}: {:?}", decision.response.message);
    }
}

#[test]
fn the_log_is_asked_only_where_it_must_be_and_the_host_can() {
    let asked = |host: &Counting| host.operations().iter().any(|operation| operation == "rekor");
    // Evidence with its proof: an outage of the log is invisible.
    let mut host = Counting::new("v2-keyless-gha");
    host.failures.insert("rekor".to_owned(), HostError::Unreachable("down".to_owned()));
    assert!(ask(&host, &["ghcr.io/x/y:v1"], &with_entry(keyless())).response.accepted);
    assert!(!asked(&host));

    // A rule that ignores the log.
    let mut ignoring = keyless();
    ignoring["keyless"]["rekor"] = json!({"url": "https://rekor.example", "ignoreTlog": true});
    let (host, _) = without_proof("v2-keyless-gha", "sig");
    ask(&host, &["ghcr.io/x/y:v1"], &with_entry(ignoring));
    assert!(!asked(&host));

    // Another identity is sorted out before.
    let mut stranger = keyless();
    stranger["keyless"]["subject"] = "https://github.com/somebody/else".into();
    let (host, _) = without_proof("v2-keyless-gha", "sig");
    assert_eq!(codes(&ask(&host, &["ghcr.io/x/y:v1"], &with_entry(stranger))), "SW4002");
    assert!(!asked(&host));

    // A stock host, which has no such call.
    let (mut host, entry) = without_proof("v2-keyless-gha", "sig");
    host.entries = Some(json!([entry]));
    let mut stock = with_entry(keyless());
    stock["evidence"]["extended"] = false.into();
    stock["verifyImages"][0]["imageReferences"] = json!(["*"]);
    let decision = ask(&host, &["127.0.0.1:17021/v2-keyless-gha:v1"], &stock);
    assert_eq!(codes(&decision), "SW4006", "{:?}", decision.response.message);
    assert!(!asked(&host));

    // A log that is down, by the URL of the settings.
    let (mut host, _) = without_proof("v2-keyless-gha", "sig");
    host.failures.insert("rekor".to_owned(), HostError::Unreachable("connection refused".to_owned()));
    let mut own = keyless();
    own["keyless"]["rekor"] = json!({"url": "https://rekor.example/"});
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &with_entry(own));
    assert_eq!(codes(&decision), "SW3012");
    assert_eq!(decision.explanation.outcome, Outcome::Undecided);
    let message = decision.response.message.unwrap();
    assert!(
        message.contains("https://rekor.example could not be asked: could not look: connection refused"),
        "{message}"
    );
}
