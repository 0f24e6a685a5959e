//! Who signed, and by which trust: inline trust, certificates, extensions, keys and roots that the cluster keeps. On
//! evidence that real cosign made. Every acceptance has a twin that one part of the trust refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, deny_module, fixture, module, scratch, sigwarden_on, write};
use std::path::Path;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOW: &str = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main";

fn text(path: &str) -> String {
    std::fs::read_to_string(fixture(path)).unwrap()
}

/// The blocks of a PEM file, one by one.
fn blocks(path: &str) -> Vec<String> {
    let text = text(path);
    let blocks: Vec<_> = text.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect();
    assert!(blocks.iter().all(|block| block.starts_with("-----BEGIN CERTIFICATE-----")), "{path}");
    blocks
}

/// `value` with what stands at `pointer` replaced or added; with null it is taken out.
fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match new {
        Value::Null => assert!(parent.remove(key).is_some(), "nothing at {pointer}"),
        new => drop(parent.insert(key.to_owned(), new)),
    }
    value
}

/// Asks about one image of the fixtures. Without `more` arguments, the trust root is the public one, which knows nobody of
/// the fixtures.
fn ask(module: &Path, image: &str, settings: &Value, more: &[&str]) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", settings.to_string());
    let layout = format!("ghcr.io={}", fixture("layouts/referrers"));
    let words = ["verify", image, "--policy", &policy, "--oci-layout", &layout, "-o", "json"];
    sigwarden_on(module, &[&words, more].concat())
}

/// Each row: a name, an image, the block (an entry of `attestors`, or the rest of the block), and the codes of the refusal.
fn check(cases: Vec<(&str, &str, Value, &str)>, more: &[&str]) {
    for (name, image, rules, codes) in cases {
        let mut block = match rules {
            Value::Object(ref fields) if fields.contains_key("attestors") || fields.contains_key("block") => {
                rules.clone()
            }
            entry => json!({"attestors": [{"entries": [entry]}]}),
        };
        if let Some(fields) = block.as_object_mut().unwrap().remove("block") {
            block.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        }
        if block.get("image").is_none() {
            block["imageReferences"] = json!(["ghcr.io/*"]);
        }
        let settings = json!({ "verifyImages": [block] });
        let image = format!("ghcr.io/{image}:v1");
        let run = ask(&module(), &image, &settings, more);
        if codes.is_empty() {
            assert_eq!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
            let denied = ask(&deny_module(), &image, &settings, more);
            assert_eq!(denied.answer, Answer::No, "case `{name}` without the policy");
        } else {
            assert_ne!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
            assert!(run.json()["explanation"]["problems"].as_array().is_none_or(Vec::is_empty), "case `{name}`");
            assert_eq!(run.codes(), codes, "case `{name}`: {}", run.text());
        }
    }
}

/// A keyless entry that brings everything along.
fn keyless() -> Value {
    json!({"keyless": {
        "subject": WORKFLOW, "issuer": ISSUER, "roots": text("trust/fulcio-chain.pem"),
        "rekor": {"url": "https://rekor.invalid", "pubkey": text("trust/rekor1.pub")},
        "ctlog": {"pubkey": text("trust/ct.pub")},
    }})
}

/// The roots of the fixtures, for what does not bring its own.
fn local() -> [String; 2] {
    ["--trusted-root".to_owned(), fixture("trust/trusted_root.json")]
}

#[test]
fn every_part_of_inline_trust_is_needed() {
    let gha = "v2-keyless-gha";
    let [intermediate, root] = <[String; 2]>::try_from(blocks("trust/fulcio-chain.pem")).unwrap();
    let roots = |pem: &str| with(keyless(), "/keyless/roots", json!(pem));
    let rekor = |path: &str| with(keyless(), "/keyless/rekor/pubkey", json!(text(path)));
    let ct = |path: &str| with(keyless(), "/keyless/ctlog/pubkey", json!(text(path)));
    check(
        vec![
            ("complete", gha, keyless(), ""),
            ("no roots", gha, with(keyless(), "/keyless/roots", Value::Null), "SW4005"),
            ("other roots", gha, roots(&text("keys/byo-root.crt")), "SW4005"),
            // cosign 2 leaves the intermediate beside the signature, cosign 3 does not.
            ("the root alone", gha, roots(&root), ""),
            ("the intermediate alone", gha, roots(&intermediate), ""),
            ("cosign 3, complete", "v3-legacy-keyless", keyless(), ""),
            ("cosign 3, the root alone", "v3-legacy-keyless", roots(&root), "SW4005"),
            ("cosign 3, the intermediate alone", "v3-legacy-keyless", roots(&intermediate), ""),
            ("no log key", gha, with(keyless(), "/keyless/rekor/pubkey", Value::Null), "SW4014"),
            ("another log's key", gha, rekor("trust/rekor1-next.pub"), "SW4014"),
            (
                "both logs' keys",
                gha,
                with(
                    keyless(),
                    "/keyless/rekor/pubkey",
                    json!(format!("{}{}", text("trust/rekor1-next.pub"), text("trust/rekor1.pub"))),
                ),
                "",
            ),
            ("no certificate log key", gha, with(keyless(), "/keyless/ctlog/pubkey", Value::Null), "SW4005"),
            ("another certificate log's key", gha, ct("trust/rekor1.pub"), "SW4005"),
            ("no certificate log asked", gha, with(keyless(), "/keyless/ctlog", json!({"ignoreSCT": true})), ""),
            ("somebody else", gha, with(keyless(), "/keyless/subject", json!(format!("{WORKFLOW}2"))), "SW4002"),
        ],
        &[],
    );
}

#[test]
fn inline_trust_replaces_and_never_adds() {
    let [flag, root] = local();
    let gha = "v2-keyless-gha";
    let bare = || json!({"keyless": {"subject": WORKFLOW, "issuer": ISSUER, "rekor": {"url": "x"}, "ctlog": {}}});
    let stranger = format!("{}{}", text("keys/byo-leaf.crt"), text("keys/byo-chain.pem"));
    let stamped = |chain: &str| with(bare(), "/keyless/ctlog", json!({"tsaCertChain": chain}));
    check(
        vec![
            ("the trust root as it is", gha, bare(), ""),
            ("other roots", gha, with(bare(), "/keyless/roots", json!(text("keys/byo-root.crt"))), "SW4005"),
            ("another log", gha, with(bare(), "/keyless/rekor/pubkey", json!(text("trust/rekor1-next.pub"))), "SW4014"),
            (
                "another certificate log",
                gha,
                with(bare(), "/keyless/ctlog/pubkey", json!(text("trust/rekor1.pub"))),
                "SW4005",
            ),
            ("timestamp, authority of the trust root", "v2-keyless-tsa", bare(), ""),
            ("timestamp, the right authority", "v2-keyless-tsa", stamped(&text("trust/tsa-chain.pem")), ""),
            ("timestamp, another authority", "v2-keyless-tsa", stamped(&stranger), "SW4007"),
            // As in Kyverno, naming an authority does not ask for a timestamp.
            ("no timestamp, an authority", gha, stamped(&stranger), ""),
        ],
        &[&flag, &root],
    );
}

#[test]
fn attestations_have_inline_trust_too() {
    let inline = |image: &'static str, name: &'static str, entry: Value, codes: &'static str| {
        let rule = json!({"type": "https://slsa.dev/provenance/v1", "attestors": [{"entries": [entry]}]});
        (name, image, json!({"block": {"attestations": [rule]}}), codes)
    };
    let mut cases = Vec::new();
    // The second takes the other of the two ways of verifying: its log entry is of a kind that few know.
    for (image, unknown_ct) in [("v2-att-slsa1", "SW4005"), ("v2-att-intoto-entry", "SW4014")] {
        let part = |pointer: &str, path: &str| with(keyless(), pointer, json!(text(path)));
        cases.extend([
            inline(image, "complete", keyless(), ""),
            inline(image, "no roots", with(keyless(), "/keyless/roots", Value::Null), "SW4005"),
            inline(image, "other roots", part("/keyless/roots", "keys/byo-chain.pem"), "SW4005"),
            inline(image, "another log", part("/keyless/rekor/pubkey", "trust/rekor1-next.pub"), "SW4014"),
            inline(image, "another certificate log", part("/keyless/ctlog/pubkey", "trust/rekor1.pub"), unknown_ct),
        ]);
    }
    check(cases, &[]);
}

/// The certificate beside a signature of the fixtures.
fn certificate_of(layout: &str) -> String {
    let folder = Path::new(&fixture("layouts/referrers")).join(layout);
    let json = |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let index = json(&folder.join("index.json"));
    let tagged = |entry: &&Value| {
        entry["annotations"]["org.opencontainers.image.ref.name"].as_str().is_some_and(|tag| tag.ends_with(".sig"))
    };
    let entry = index["manifests"].as_array().unwrap().iter().find(tagged).unwrap();
    let digest = entry["digest"].as_str().unwrap().replace(':', "/");
    let manifest = json(&folder.join("blobs").join(digest));
    manifest["layers"][0]["annotations"]["dev.sigstore.cosign/certificate"].as_str().unwrap().to_owned()
}

#[test]
fn timestamps_stand_for_the_time_where_no_log_does() {
    let only = "v2-keyless-tsaonly";
    let stamped = |chain: &str| {
        let entry = with(keyless(), "/keyless/rekor", json!({"url": "x", "ignoreTlog": true}));
        with(entry, "/keyless/ctlog/tsaCertChain", json!(chain))
    };
    let stranger = format!("{}{}", text("keys/byo-leaf.crt"), text("keys/byo-chain.pem"));
    let right = text("trust/tsa-chain.pem");
    let mut reversed = blocks("trust/tsa-chain.pem");
    reversed.reverse();
    check(
        vec![
            ("the right authority", only, stamped(&right), ""),
            ("in another order", only, stamped(&reversed.concat()), ""),
            ("another authority", only, stamped(&stranger), "SW4007"),
            ("no authority", only, with(stamped(&right), "/keyless/ctlog/tsaCertChain", Value::Null), "SW4007"),
            (
                "the log is wanted after all",
                only,
                with(stamped(&right), "/keyless/rekor/ignoreTlog", json!(false)),
                "SW3012",
            ),
        ],
        &[],
    );
}

#[test]
fn keys_have_inline_trust_too() {
    let key = |more: Value| {
        let mut keys = json!({"publicKeys": text("keys/k-p256.pub")});
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "keys": keys })
    };
    let rekor = |path: &str| key(json!({"rekor": {"url": "x", "pubkey": text(path)}}));
    let unlogged = |ctlog: Value| key(json!({"rekor": {"ignoreTlog": true}, "ctlog": ctlog}));
    let stranger = format!("{}{}", text("keys/byo-leaf.crt"), text("keys/byo-chain.pem"));
    check(
        vec![
            ("the log's key", "v2-key-p256", rekor("trust/rekor1.pub"), ""),
            ("another log's key", "v2-key-p256", rekor("trust/rekor1-next.pub"), "SW4014"),
            ("no log's key", "v2-key-p256", key(json!({})), "SW4014"),
            (
                "another key",
                "v2-key-p256",
                with(rekor("trust/rekor1.pub"), "/keys/publicKeys", json!(text("keys/k-p384.pub"))),
                "SW4003",
            ),
            // A key needs no time; a timestamp counts only where somebody said whose it must be.
            ("timestamp, nobody asked", "v2-key-tsaonly", unlogged(json!({})), ""),
            (
                "timestamp, the right authority",
                "v2-key-tsaonly",
                unlogged(json!({"tsaCertChain": text("trust/tsa-chain.pem")})),
                "",
            ),
            ("timestamp, another authority", "v2-key-tsaonly", unlogged(json!({"tsaCertChain": stranger})), "SW4007"),
            ("no timestamp, an authority", "v2-key-p256-nolog", unlogged(json!({"tsaCertChain": stranger})), ""),
        ],
        &[],
    );
}

#[test]
fn certificates() {
    let rekor = || json!({"url": "x", "pubkey": text("trust/rekor1.pub")});
    let pinned = |path: &str| json!({"certificates": {"cert": text(path), "rekor": rekor()}});
    let authority = |path: &str| json!({"certificates": {"certChain": text(path), "anySigner": true, "rekor": rekor(), "ctlog": {"ignoreSCT": true}}});
    let encoded = STANDARD.encode(text("keys/byo-leaf.crt"));
    check(
        vec![
            ("the signer's certificate", "v2-byo", pinned("keys/byo-leaf.crt"), ""),
            ("in base64", "v2-byo", with(pinned("keys/byo-leaf.crt"), "/certificates/cert", json!(encoded)), ""),
            ("its authority's certificate", "v2-byo", pinned("keys/byo-int.crt"), "SW4010"),
            (
                "another log",
                "v2-byo",
                with(pinned("keys/byo-leaf.crt"), "/certificates/rekor/pubkey", json!(text("trust/rekor1-next.pub"))),
                "SW4014",
            ),
            (
                "without a log",
                "v2-byo-tsa",
                with(pinned("keys/byo-leaf.crt"), "/certificates/rekor", json!({"ignoreTlog": true})),
                "",
            ),
            ("a log wanted", "v2-byo-tsa", pinned("keys/byo-leaf.crt"), "SW3012"),
            ("another image's signer", "v2-keyless-gha", pinned("keys/byo-leaf.crt"), "SW4010"),
            // It is long out of date, and neither its chain nor its validity is asked, as in Kyverno.
            (
                "a short-lived one",
                "v2-keyless-gha",
                with(pinned("keys/byo-leaf.crt"), "/certificates/cert", json!(certificate_of("v2-keyless-gha"))),
                "",
            ),
            (
                "a short-lived one of somebody else",
                "v2-keyless-gha",
                with(pinned("keys/byo-leaf.crt"), "/certificates/cert", json!(certificate_of("v2-keyless-fork"))),
                "SW4010",
            ),
            // A bundle with a certificate is the certificate's, as for Kyverno.
            ("a bundle", "v3-byo-nochain", pinned("keys/byo-leaf.crt"), "SW4010"),
            ("anybody of the authority", "v2-byo", authority("keys/byo-chain.pem"), ""),
            ("its root alone", "v2-byo", authority("keys/byo-root.crt"), ""),
            ("anybody of another authority", "v2-byo", authority("trust/fulcio-chain.pem"), "SW4005"),
            (
                "certificates must be logged",
                "v2-byo",
                with(authority("keys/byo-chain.pem"), "/certificates/ctlog", json!({})),
                "SW4005",
            ),
            ("a stranger to the authority", "v2-keyless-gha", authority("keys/byo-chain.pem"), "SW4005"),
        ],
        &[],
    );
}

#[test]
fn extensions_of_the_certificate() {
    let [flag, root] = local();
    let builder = "https://github.com/octo-org/shared/.github/workflows/build.yml@refs/tags/v1.2.3";
    let entry = |name: &str, pattern: &str| json!({"keyless": {"subject": builder, "issuer": ISSUER, "additionalExtensions": {name: pattern}}});
    let mut cases = Vec::new();
    for image in ["reusable/called-by-fork", "reusable/called-by-fork-legacy"] {
        cases.extend([
            ("Kyverno's name", image, entry("githubWorkflowRepository", "evil-org/octo-repo"), ""),
            ("another repository", image, entry("githubWorkflowRepository", "octo-org/octo-repo"), "SW4002"),
            ("a pattern", image, entry("githubWorkflowRepository", "evil-org/*"), ""),
            ("a pattern that does not match", image, entry("githubWorkflowRepository", "octo-org/*"), "SW4002"),
            ("case", image, entry("githubWorkflowRepository", "Evil-org/octo-repo"), "SW4002"),
            ("Fulcio's name", image, entry("sourceRepositoryURI", "https://github.com/evil-org/octo-repo"), ""),
            ("a letter less", image, entry("sourceRepositoryURI", "https://github.com/evil-org/octo-rep"), "SW4002"),
            ("the identifier", image, entry("1.3.6.1.4.1.57264.1.12", "https://github.com/evil-org/*"), ""),
            (
                "the identifier beside it",
                image,
                entry("1.3.6.1.4.1.57264.1.13", "https://github.com/evil-org/*"),
                "SW4002",
            ),
            ("an absent one", image, entry("deploymentEnvironment", "*"), "SW4002"),
        ]);
    }
    check(cases, &[&flag, &root]);
}

#[test]
fn the_old_fields_of_a_block() {
    let [flag, root] = local();
    let provenance = json!([{"type": "https://slsa.dev/provenance/v1"}]);
    let identity = |subject: &str| json!({"block": {"issuer": ISSUER, "subject": subject}});
    let key = |path: &str| json!({"block": {"key": text(path), "image": "ghcr.io/*"}});
    let attested = |block: Value| with(block, "/block/attestations", provenance.clone());
    let stranger = format!("{WORKFLOW}2");
    let both = json!({
        "block": {"key": text("keys/k-p256.pub")},
        "attestors": [{"entries": [{"keyless": {"subject": WORKFLOW, "issuer": ISSUER}}]}],
    });
    check(
        vec![
            ("issuer and subject", "v2-keyless-gha", identity(WORKFLOW), ""),
            ("another subject", "v2-keyless-gha", identity(&stranger), "SW4002"),
            (
                "roots",
                "v2-keyless-gha",
                with(identity(WORKFLOW), "/block/roots", json!(text("trust/fulcio-chain.pem"))),
                "",
            ),
            (
                "other roots",
                "v2-keyless-gha",
                with(identity(WORKFLOW), "/block/roots", json!(text("keys/byo-root.crt"))),
                "SW4005",
            ),
            ("key and image", "v2-key-p256", key("keys/k-p256.pub"), ""),
            ("another key", "v2-key-p256", key("keys/k-p384.pub"), "SW4003"),
            (
                "annotations go with it",
                "v2-annot",
                with(key("keys/k-p256.pub"), "/block/annotations", json!({"env": "prod"})),
                "",
            ),
            (
                "another annotation",
                "v2-annot",
                with(key("keys/k-p256.pub"), "/block/annotations", json!({"env": "dev"})),
                "SW4011",
            ),
            // Kyverno forgets the signer here, and accepts anybody's.
            ("attestation", "v2-att-slsa1", attested(identity(WORKFLOW)), ""),
            ("somebody else's attestation", "v2-att-slsa1", attested(identity(&stranger)), "SW5005"),
            ("attestation by key", "v2-att-slsa1", attested(key("keys/k-p256.pub")), "SW4010"),
            ("beside attestors, both are asked", "v2-keyless-gha", both, "SW4010"),
        ],
        &[&flag, &root],
    );
}

fn secret(namespace: &str, name: &str, data: Value) -> String {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data})
        .to_string()
}

#[test]
fn keys_in_secrets() {
    let folder = scratch();
    let pem = |path: &str| json!({"cosign.pub": STANDARD.encode(text(path))});
    let ours = write(folder.path(), "ours.json", secret("policies", "cosign", pem("keys/k-p256.pub")));
    let other_key = write(folder.path(), "other.json", secret("policies", "cosign", pem("keys/k-p384.pub")));
    let elsewhere = write(folder.path(), "elsewhere.json", secret("default", "cosign", pem("keys/k-p256.pub")));
    let two = STANDARD.encode(format!("{}{}", text("keys/k-p256.pub"), text("keys/k-p384.pub")));
    let two = write(folder.path(), "two.json", secret("policies", "cosign", json!({"cosign.pub": two})));
    let renamed = write(
        folder.path(),
        "renamed.json",
        secret("policies", "cosign", json!({"key.pub": STANDARD.encode(text("keys/k-p256.pub"))})),
    );

    let named = json!({"secret": {"namespace": "policies", "name": "cosign"}, "rekor": {"ignoreTlog": true}});
    let by_url = json!({"publicKeys": "k8s://policies/cosign", "rekor": {"ignoreTlog": true}});
    for keys in [named, by_url] {
        let ask_with = |resource: Option<&str>| {
            let more: Vec<&str> = resource.iter().flat_map(|file| ["--resource", file]).collect();
            let settings = json!({"verifyImages": [{
                "imageReferences": ["ghcr.io/*"], "attestors": [{"entries": [{"keys": keys}]}]}]});
            ask(&module(), "ghcr.io/v2-key-p256-nolog:v1", &settings, &more)
        };
        let run = ask_with(Some(&ours));
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        let cases = [
            ("another key", Some(&*other_key), "SW4003", ""),
            ("another namespace", Some(&*elsewhere), "SW4015", "does not exist"),
            ("several keys", Some(&*two), "SW4015", "several keys"),
            ("another name in it", Some(&*renamed), "SW4015", "nothing under `cosign.pub`"),
            ("no cluster", None, "SW4015", "could not be read"),
        ];
        for (name, resource, code, words) in cases {
            let run = ask_with(resource);
            assert_ne!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
            assert_eq!(run.codes(), code, "case `{name}`: {}", run.text());
            let finding = run.finding(code);
            assert!(finding["message"].as_str().unwrap().contains(words), "case `{name}`: {finding}");
            assert!(finding["remedy"].is_string(), "case `{name}`: {finding}");
        }
        let stock = ["--host", "kubewarden", "--resource", &ours, "--allowed-host-capabilities", "oci/*"];
        let settings = json!({"verifyImages": [{
            "imageReferences": ["ghcr.io/*"], "attestors": [{"entries": [{"keys": keys}]}]}]});
        let run = ask(&module(), "ghcr.io/v2-key-p256-nolog:v1", &settings, &stock);
        assert_eq!((run.answer, run.codes().as_str()), (Answer::Unknown, "SW4015"), "{}", run.text());
        let finding = run.finding("SW4015");
        assert!(finding["message"].as_str().unwrap().contains("did not grant"), "{finding}");
        assert!(finding["remedy"].as_str().unwrap().contains("contextAwareResources"), "{finding}");
    }
}

#[test]
fn a_trust_root_in_a_config_map() {
    let folder = scratch();
    let map = |root: &str| {
        let data = json!({"root.json": root});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "trust", "namespace": "policies"}, "data": data})
            .to_string()
    };
    let good = write(folder.path(), "good.json", map(&text("trust/trusted_root.json")));
    let other = write(folder.path(), "other.json", map(&text("trust/trusted_root.github.json")));
    let broken = write(folder.path(), "broken.json", map("{}"));
    let settings = json!({
        "trustRoots": {"own": {"configMap": {"namespace": "policies", "name": "trust", "key": "root.json"}}},
        "verifyImages": [{"imageReferences": ["ghcr.io/*"], "attestors": [{"entries": [{"keyless": {
            "subject": WORKFLOW, "issuer": ISSUER, "trustRoot": "own"}}]}]}],
    });
    let image = "ghcr.io/v2-keyless-gha:v1";
    let run = ask(&module(), image, &settings, &["--resource", &good]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert_eq!(ask(&deny_module(), image, &settings, &["--resource", &good]).answer, Answer::No);
    for (name, more, code) in [
        ("another root", vec!["--resource", &*other], "SW4014"),
        ("no root in it", vec!["--resource", &*broken], "SW4015"),
        ("no cluster", vec![], "SW4015"),
    ] {
        let run = ask(&module(), image, &settings, &more);
        assert_ne!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
        assert_eq!(run.codes(), code, "case `{name}`: {}", run.text());
    }
}
