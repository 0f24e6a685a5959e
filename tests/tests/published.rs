//! Evidence as a stock Kubewarden can read it, through the Wasm module: what was published, and cosign's tags. With
//! something wrong in it, the verdict is right, the work bounded, and there is a reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::published::{evidence, publish, publish_config};
use sigwarden_tests::{Run, fixture, scratch, sigwarden, write};
use std::path::Path;

const SUBJECT: &str = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main";

fn attestors() -> Value {
    json!([{"entries": [{"keyless": {"subject": SUBJECT, "issuer": "https://token.actions.githubusercontent.com"}}]}])
}

fn signed() -> Value {
    json!({"verifyImages": [{"imageReferences": ["*"], "attestors": attestors()}]})
}

fn attested(quantifier: &str) -> Value {
    json!({"verifyImages": [{"imageReferences": ["*"], "attestations": [
        {"type": "https://slsa.dev/provenance/v1", "match": quantifier, "attestors": attestors()},
    ]}]})
}

fn ask(image: &str, layout: &Layout, policy: &Value, host: &str) -> Run {
    let folder = scratch();
    let mut policy = policy.clone();
    // What is asked here is whether, and not how fast on this machine.
    policy["deadline"] = "5m".into();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let root = fixture("trust/trusted_root.json");
    let repository = image.rsplit_once(':').expect("a tag").0;
    let mapping = format!("{repository}={}", layout.path());
    let rest = ["--policy", &policy, "--oci-layout", &mapping, "--trusted-root", &root, "-o", "json", "--host", host];
    sigwarden(&[["verify", image].as_slice(), &rest].concat())
}

fn copy(name: &str) -> Layout {
    Layout::copy(Path::new(&fixture(&format!("layouts/referrers/{name}"))))
}

fn config_of(layout: &Layout) -> Value {
    serde_json::from_slice(&evidence(layout, "v1").artifact().unwrap().config).unwrap()
}

/// The layout with this config published for its image.
fn publishing(name: &str, config: &[u8]) -> Layout {
    let layout = copy(name);
    publish_config(&layout, "v1", config);
    layout
}

#[test]
fn what_was_published_is_all_that_a_stock_host_needs() {
    let cases = [
        ("cosign 2, .sig", "v2-keyless-gha", signed()),
        ("cosign 3, bundle", "v3-keyless-gha", signed()),
        ("cosign 2, .att", "v2-att-slsa1", attested("all")),
        ("cosign 3, attestation", "v3-att-slsa1", attested("all")),
        ("one of several attestations", "v2-att-all", attested("any")),
    ];
    for (name, layout, policy) in cases {
        // Nothing was published: this host can see neither blobs nor referrers.
        let before = ask("ghcr.io/x/y:v1", &copy(layout), &policy, "kubewarden");
        assert_ne!(before.answer, Answer::Yes, "case `{name}`: {}", before.text());
        assert!(before.text().contains("sigwarden publish"), "case `{name}`: {}", before.text());

        let published = copy(layout);
        assert!(publish(&published, "v1") > 0);
        let run = ask("ghcr.io/x/y:v1", &published, &policy, "kubewarden");
        assert_eq!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
        // The twin: somebody else.
        let other = policy.to_string().replace("octo-repo/.github", "octo-rep0/.github");
        let run = ask("ghcr.io/x/y:v1", &published, &serde_json::from_str(&other).unwrap(), "kubewarden");
        assert_eq!(run.answer, Answer::No, "case `{name}`: {}", run.text());
    }
}

#[test]
fn cosigns_own_tag_suffices_for_a_signature_under_this_name() {
    let layout = copy("v2-keyless-gha");
    let run = ask("127.0.0.1:17021/v2-keyless-gha:v1", &layout, &signed(), "kubewarden");
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    // Copied to another name, the payload cannot be guessed, and that is said.
    let run = ask("ghcr.io/x/y:v1", &layout, &signed(), "kubewarden");
    assert_eq!((run.answer, run.codes().as_str()), (Answer::Unknown, "SW3011"), "{}", run.text());
    // A layer that claims to be the payload, and is not, is never fetched in its place.
    let image = layout.tagged("v1").unwrap().replace(':', "-");
    let manifest = layout.tagged(&format!("{image}.sig")).unwrap();
    layout.change_manifest(&manifest, |manifest| {
        manifest["layers"][0]["digest"] = format!("sha256:{}", "0".repeat(64)).into();
    });
    let run = ask("127.0.0.1:17021/v2-keyless-gha:v1", &layout, &signed(), "kubewarden");
    assert_eq!((run.answer, run.codes().as_str()), (Answer::Unknown, "SW3011"), "{}", run.text());
}

#[test]
fn tampering_is_refused_with_a_reason() {
    let good = config_of(&copy("v2-keyless-gha"));
    let other = config_of(&copy("v2-keyless-email"));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut config = good.clone();
        change(&mut config);
        config.to_string()
    };
    let text = good.to_string();
    let cases = [
        ("untouched", text.clone(), Answer::Yes, ""),
        ("swapped between images", other.to_string(), Answer::Unknown, "it was published for"),
        ("wrong media type", changed(&|c| c["mediaType"] = "text/plain".into()), Answer::Unknown, "its media type is"),
        ("truncated", text[..text.len() - 9].to_owned(), Answer::Unknown, "could not look"),
        ("20 MB", changed(&|c| c["pad"] = "x".repeat(20 << 20).into()), Answer::Unknown, "more than the 16777216"),
        ("duplicated", changed(&|c| c["evidence"] = vec![c["evidence"][0].clone(); 1000].into()), Answer::Yes, ""),
    ];
    for (name, config, answer, reason) in cases {
        let layout = publishing("v2-keyless-gha", config.as_bytes());
        let run = ask("ghcr.io/x/y:v1", &layout, &signed(), "kubewarden");
        assert_eq!(run.answer, answer, "case `{name}`: {:.2000}", run.text());
        assert!(run.text().contains(reason), "case `{name}`: {:.4000}", run.text());
    }
    // A stale copy beside a newer `.sig`: the tag is read where what was published does not settle it.
    let mut stale = good.clone();
    stale["evidence"] = json!([]);
    let layout = publishing("v2-keyless-gha", stale.to_string().as_bytes());
    let run = ask("127.0.0.1:17021/v2-keyless-gha:v1", &layout, &signed(), "kubewarden");
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
}

#[test]
fn ten_thousand_pieces_of_junk_hide_nothing_and_cost_little() {
    let good = config_of(&copy("v3-keyless-gha"));
    // Bundles that parse, about the right image, with another signer's certificate: a kilobyte and a half each.
    let mut small = good["evidence"][0].clone();
    let certificate = STANDARD.encode(vec![0; 300]);
    small["bundle"]["verificationMaterial"] = json!({"certificate": {"rawBytes": certificate}});
    let mut elements: Vec<Value> = (0..10_000)
        .map(|n| {
            let mut junk = small.clone();
            junk["bundle"]["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(format!("{n:064}")).into();
            junk
        })
        .collect();
    elements.push(good["evidence"][0].clone());
    let mut config = good.clone();
    config["evidence"] = elements.into();
    let text = config.to_string();
    assert!(text.len() < 16 << 20, "{}", text.len());
    let layout = publishing("v3-keyless-gha", text.as_bytes());
    let start = std::time::Instant::now();
    let run = ask("ghcr.io/x/y:v1", &layout, &signed(), "kubewarden");
    eprintln!("{} bytes of junk: {:?}", text.len(), start.elapsed());
    assert_eq!(run.answer, Answer::Yes, "{:.2000}", run.text());
}
