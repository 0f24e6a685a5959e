//! Published evidence that somebody tampered with: the right verdict, bounded work, and a reason.

use super::*;
use crate::evidence::published::{self, CosignLayer, Element, MAX_BYTES, MEDIA_TYPE, PublishedEvidence};

fn stock() -> Value {
    let mut settings = settings();
    settings["evidence"] = json!({});
    settings
}

fn attested(quantifier: &str) -> Value {
    let mut settings = stock();
    settings["verifyImages"][0] = json!({"imageReferences": ["ghcr.io/x/*"], "attestations": [{
        "type": "https://slsa.dev/provenance/v1", "match": quantifier, "attestors": [{"entries": [{"keyless": {
            "subject": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
            "issuer": "https://token.actions.githubusercontent.com",
        }}]}],
    }]});
    settings
}

/// The layout with this config blob published for its `v1`.
fn publishing(layout: &str, config: Vec<u8>) -> Counting {
    let mut host = Counting::new(layout);
    let tag = published::tag(&host.digest("v1"));
    host.configs.insert(format!("*:{tag}"), config);
    host
}

fn config_of(layout: &str) -> Value {
    let host = Counting::new(layout);
    serde_json::from_slice(&host.layout.published(&host.digest("v1")).artifact().unwrap().config).unwrap()
}

#[test]
fn what_is_not_this_images_evidence_admits_nothing() {
    let good = config_of("v2-key-p256");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut config = good.clone();
        change(&mut config);
        config.to_string().into_bytes()
    };
    let text = good.to_string();
    let elsewhere = config_of("v2-key-rsa2048");
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("untouched", text.clone().into_bytes(), "", ""),
        ("another image's", elsewhere.to_string().into_bytes(), "SW4009", "it was published for"),
        (
            "another image's under this name",
            changed(&|config| config["evidence"] = elsewhere["evidence"].clone()),
            "SW4008",
            "another image",
        ),
        ("truncated", text.as_bytes()[..text.len() - 1].to_vec(), "SW3003", "could not look"),
        (
            "another media type",
            changed(&|config| config["mediaType"] = "application/vnd.sigwarden.evidence.v2+json".into()),
            "SW4009",
            "and not `application/vnd.sigwarden.evidence.v1+json`",
        ),
        ("an image's configuration", br#"{"os":"linux","architecture":"amd64"}"#.to_vec(), "SW4009", "its media type"),
        ("nothing", changed(&|config| config["evidence"] = json!([])), "SW4001", "nobody signed"),
        (
            "elements of a later version",
            changed(&|config| config["evidence"] = json!([{"notation": {}}])),
            "SW4009",
            "delete the tag",
        ),
        (
            "20 MB",
            changed(&|config| config["pad"] = "x".repeat(20 << 20).into()),
            "SW4013",
            "there is more evidence than is looked at",
        ),
        (
            "one byte of the signature",
            changed(&|config| {
                let annotations = &mut config["evidence"][0]["cosignSignature"]["annotations"];
                let signature = &mut annotations["dev.cosignproject.cosign/signature"];
                *signature = signature.as_str().unwrap().replacen('M', "N", 1).into();
            }),
            "SW4003",
            "",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, config, code, message) in cases {
        let mut host = publishing("v2-key-p256", config);
        // Published evidence alone: the tag would have the genuine signature.
        let tag = format!("sha256-{}.sig", host.digest("v1").hex());
        host.manifests.insert(tag, json!({"schemaVersion": 2, "layers": []}));
        let decision = ask(&host, &["ghcr.io/x/y:v1"], &stock());
        assert_eq!(decision.response.accepted, code.is_empty(), "case `{name}`: {:?}", decision.response.message);
        if codes(&decision) != code {
            wrong.push(format!("case `{name}`: {:?}", decision.response.message));
            continue;
        }
        let tree = serde_json::to_string(&decision.explanation).unwrap();
        assert!(tree.contains(message), "case `{name}`: {tree}");
        assert!(host.calls.borrow().len() <= 3, "case `{name}`: {:?}", host.calls);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn where_all_must_hold_tampering_refuses() {
    let (all, any) = (attested("all"), attested("any"));
    let good = config_of("v2-att-slsa1");
    let verdicts = |config: &Value| {
        let verdict = |settings: &Value| {
            let host = publishing("v2-att-slsa1", config.to_string().into_bytes());
            let decision = ask(&host, &["ghcr.io/x/y:v1"], settings);
            assert_eq!(host.operations(), ["resolve", "config"], "a stock host is asked twice, whatever it finds");
            (decision.response.accepted, codes(&decision))
        };
        (verdict(&all), verdict(&any))
    };
    let yes = || (true, String::new());
    let no = |code: &str| (false, code.to_owned());
    assert_eq!(verdicts(&good), (yes(), yes()));

    let mut duplicated = good.clone();
    let element = duplicated["evidence"][0].clone();
    duplicated["evidence"] = vec![element; 500].into();
    assert_eq!(verdicts(&duplicated), (yes(), yes()), "what stands there twice counts once");

    // Something that cannot be read may be the one that fails.
    for (name, junk) in [
        ("a later kind", json!({"notation": {}})),
        ("a broken bundle", json!({"bundle": {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}})),
        ("no object", json!(1)),
    ] {
        let mut config = good.clone();
        config["evidence"].as_array_mut().unwrap().insert(0, junk);
        assert_eq!(verdicts(&config), (no("SW4009"), yes()), "{name}");
    }
    let mut empty = good.clone();
    empty["evidence"] = json!([]);
    assert_eq!(verdicts(&empty), (no("SW5001"), no("SW5001")));
    let mut swapped = good.clone();
    swapped["evidence"] = config_of("v2-att-slsa02")["evidence"].clone();
    assert!(!verdicts(&swapped).0.0 && !verdicts(&swapped).1.0, "another image's attestation is none of this one");
}

#[test]
fn ten_thousand_pieces_of_junk_hide_nothing() {
    let good = config_of("v2-keyless-gha");
    let other = config_of("v2-keyless-email");
    let other = &other["evidence"][0]["cosignSignature"];
    let mut junk: Vec<Value> = (0..9_990)
        .map(|n| match n % 4 {
            0 => json!({"bundle": {"n": n}}),
            1 => json!({"cosignSignature": {"payload": "e30=", "annotations": {"n": n.to_string()}}}),
            2 => json!({"n": n}),
            _ => json!({"cosignAttestation": {"payload": "", "annotations": {"n": n.to_string()}}}),
        })
        .collect();
    // Ten of the size of real ones.
    junk.extend((0..10).map(|n| {
        let mut layer = other.clone();
        layer["annotations"]["n"] = n.to_string().into();
        json!({"cosignSignature": layer})
    }));
    junk.extend(good["evidence"].as_array().unwrap().clone());
    assert!(junk.len() > 10_000);
    let config = json!({"mediaType": MEDIA_TYPE, "subject": good["subject"], "evidence": junk});
    let mut settings = stock();
    settings["verifyImages"][0]["attestors"][0]["entries"][0] = json!({"keyless": {
        "subject": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
        "issuer": "https://token.actions.githubusercontent.com",
    }});
    let host = publishing("v2-keyless-gha", config.to_string().into_bytes());
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    assert_eq!(host.operations(), ["resolve", "config"]);

    // The same without the good one: refused, in two calls and one of the tag.
    let mut config = config;
    config["evidence"].as_array_mut().unwrap().pop();
    let host = publishing("v2-keyless-gha", config.to_string().into_bytes());
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &settings);
    assert!(!decision.response.accepted);
    assert_eq!(host.calls.borrow().len(), 3);
}

#[test]
fn a_stale_copy_does_not_hide_a_newer_signature() {
    // Published before the signature was made; `.sig` has it, under the name that is asked for.
    let host = publishing("v2-key-p256", config_with_nothing("v2-key-p256"));
    let mut settings = stock();
    settings["verifyImages"][0]["imageReferences"] = json!(["*"]);
    let decision = ask(&host, &["127.0.0.1:17021/v2-key-p256:v1"], &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    assert_eq!(host.operations(), ["resolve", "config", "manifest"]);
    // An attestation that was made since is out of reach, and the advice is to publish it.
    let host = publishing("v2-att-slsa1", config_with_nothing("v2-att-slsa1"));
    let decision = ask(&host, &["ghcr.io/x/y:v1"], &attested("all"));
    assert_eq!(codes(&decision), "SW5001");
    let tree = serde_json::to_string(&decision.explanation).unwrap();
    assert!(tree.contains("sigwarden publish ghcr.io/x/y@sha256:"), "{tree}");
}

fn config_with_nothing(layout: &str) -> Vec<u8> {
    PublishedEvidence::new(Counting::new(layout).digest("v1")).artifact().unwrap().config
}

#[test]
fn evidence_of_many_images_stays_within_the_requests_budget() {
    // Five images with sixteen megabytes of published evidence each.
    let host = Counting::new("v2-key-p256");
    let mut evidence = host.layout.published(&host.digest("v1"));
    let filler = CosignLayer { payload: vec![0; MAX_BYTES / 4 * 3 - 8192], annotations: Default::default() };
    evidence.add(&Element::CosignAttestation(filler)).unwrap();
    let host = publishing("v2-key-p256", evidence.artifact().unwrap().config);
    let images: Vec<String> = (0..5).map(|n| format!("ghcr.io/x/image-{n}:v1")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    assert!(ask(&host, &images[..1], &stock()).response.accepted);
    let decision = ask(&host, &images, &stock());
    assert!(!decision.response.accepted);
    assert_eq!(codes(&decision), "SW4013");
}
