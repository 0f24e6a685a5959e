//! `sigwarden publish`: what is collected, what is left out, and that doing it again does nothing.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_core::evidence::published::{Element, PublishedEvidence, tag};
use sigwarden_core::reference::Digest;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::registry::{Access, Registry};
use sigwarden_tests::{Run, fixture, program, scratch, sigwarden, write};
use std::process::Command;

const APP: &str = "sha256:29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c";

fn referrers(name: &str) -> String {
    fixture(&format!("layouts/referrers/{name}"))
}

fn publish(registry: &Registry, words: &[&str]) -> Run {
    let host = registry.host();
    let words: Vec<&str> = ["publish", "--insecure-registry", &host].into_iter().chain(words.iter().copied()).collect();
    sigwarden(&words)
}

fn report(run: &Run) -> Value {
    run.json()["images"][0].clone()
}

/// What lies published in a repository of the registry about an image.
fn published(registry: &Registry, repository: &str, subject: &str) -> Option<Vec<Element>> {
    let subject = Digest::parse(subject).unwrap();
    let digest = registry.tag(repository, &tag(&subject))?;
    let manifest = registry.manifest(repository, &digest);
    let config = registry.blob(repository, manifest["config"]["digest"].as_str().unwrap());
    let evidence = PublishedEvidence::read(&config, &subject).unwrap();
    Some(evidence.elements().map(Result::unwrap).collect())
}

fn writes(requests: &[String]) -> usize {
    requests.iter().filter(|request| ["PUT", "POST", "PATCH"].iter().any(|method| request.starts_with(method))).count()
}

#[test]
fn everything_an_image_has_is_published_once() {
    let cases = [
        ("bundles", "myorg/app", "1.4.2", (2, 0, 0)),
        ("cosign 2's tags", "myorg/app-legacy", "1.4.2", (0, 1, 1)),
        ("both", "mixed-v2-v3", "v1", (1, 1, 0)),
        ("seven attestations", "v3-att-all", "v1", (7, 0, 0)),
    ];
    for has_api in [true, false] {
        for (name, repository, version, (bundles, signatures, attestations)) in cases {
            let registry = Registry::start().with(repository, referrers(repository));
            registry.set(|switches| switches.referrers = has_api);
            let image = registry.image(&format!("{repository}:{version}"));

            let first = publish(&registry, &[&image, "-o", "json"]);
            assert_eq!(first.answer, Answer::Yes, "case `{name}`: {}", first.text());
            let first = report(&first);
            assert_eq!(first["outcome"], "published", "case `{name}`");
            assert_eq!(first["dropped"], json!([]), "case `{name}`");
            let elements = published(&registry, repository, first["digest"].as_str().unwrap()).unwrap();
            let count = |is: fn(&Element) -> bool| elements.iter().filter(|element| is(element)).count();
            assert_eq!(
                (
                    count(|element| matches!(element, Element::Bundle(_))),
                    count(|element| matches!(element, Element::CosignSignature(_))),
                    count(|element| matches!(element, Element::CosignAttestation(_))),
                ),
                (bundles, signatures, attestations),
                "case `{name}`, referrers API {has_api}"
            );
            assert!(writes(&registry.requests()) > 0, "case `{name}`");

            let second = publish(&registry, &[&image, "-o", "json"]);
            assert_eq!(second.answer, Answer::Yes, "case `{name}`: {}", second.text());
            assert_eq!(report(&second)["outcome"], "unchanged", "case `{name}`");
            assert_eq!(report(&second)["artifact"], first["artifact"], "case `{name}`");
            assert_eq!(writes(&registry.requests()), 0, "case `{name}`");
        }
    }
}

#[test]
fn the_artifact_has_the_specified_form() {
    let registry = Registry::start().with("myorg/app", referrers("myorg/app"));
    let run = publish(&registry, &[&registry.image(&format!("myorg/app@{APP}"))]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let digest = registry.tag("myorg/app", &format!("sha256-{}.sigwarden", &APP[7..])).unwrap();
    let manifest = registry.manifest("myorg/app", &digest);
    let media_type = "application/vnd.sigwarden.evidence.v1+json";
    assert_eq!(manifest["artifactType"], media_type);
    assert_eq!(manifest["config"]["mediaType"], media_type);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.oci.empty.v1+json");
    assert_eq!(manifest.get("subject"), None);
    let config: Value =
        serde_json::from_slice(&registry.blob("myorg/app", manifest["config"]["digest"].as_str().unwrap())).unwrap();
    assert_eq!((&config["mediaType"], &config["subject"]), (&json!(media_type), &json!(APP)));
    // Nothing that a signing tool reads has changed.
    assert_eq!(registry.tag("myorg/app", "1.4.2").as_deref(), Some(APP));
}

#[test]
fn what_was_published_before_is_kept() {
    // One of three signatures is there at first, the others come later.
    let layout = Layout::copy(referrers("v3-multi").as_ref());
    let mut index = layout.index();
    let all = index["manifests"].as_array().unwrap().clone();
    let is_referrer = |entry: &&Value| entry.get("artifactType").is_some();
    let kept = all.iter().find(is_referrer).unwrap().clone();
    index["manifests"] = all.iter().filter(|entry| !is_referrer(entry)).chain([&kept]).cloned().collect();
    std::fs::write(std::path::Path::new(layout.path()).join("index.json"), index.to_string()).unwrap();

    let registry = Registry::start().with("v3-multi", referrers("v3-multi"));
    let image = registry.image("v3-multi:v1");
    let early = format!("{}/v3-multi={}", registry.host(), layout.path());
    let first = publish(&registry, &[&image, "--oci-layout", &early, "-o", "json"]);
    assert_eq!(report(&first)["elements"], 1, "{}", first.text());
    let subject = report(&first)["digest"].as_str().unwrap().to_owned();
    let one = published(&registry, "v3-multi", &subject).unwrap();
    let second = publish(&registry, &[&image, "-o", "json"]);
    assert_eq!(report(&second)["outcome"], "published", "{}", second.text());
    let new = report(&second)["found"].as_array().unwrap().iter().filter(|found| found["new"] == true).count();
    let both = published(&registry, "v3-multi", &subject).unwrap();
    assert_eq!((both.len(), both.len() - new), (all.iter().filter(is_referrer).count(), 1));
    assert!(both.contains(&one[0]));

    // The other way round: what the source has lost stays published.
    let third = publish(&registry, &[&image, "--oci-layout", &early, "-o", "json"]);
    assert_eq!(report(&third)["outcome"], "unchanged", "{}", third.text());
    assert_eq!(published(&registry, "v3-multi", &subject).unwrap().len(), both.len());
}

#[test]
fn only_what_nobody_could_use_is_left_out() {
    // About another image: left out. Signed by somebody whom no rule trusts: kept.
    let registry = Registry::start()
        .with("v3-att-othersubject", referrers("v3-att-othersubject"))
        .with("myorg/app", referrers("myorg/app"));
    let run = publish(&registry, &[&registry.image("v3-att-othersubject:v1"), "-o", "json"]);
    let dropped = report(&run)["dropped"].clone();
    assert!(dropped.to_string().contains("it is about another image (sha256:"), "{}", run.text());
    let run = publish(&registry, &[&registry.image("myorg/app:laptop"), "-o", "json"]);
    assert_eq!((&report(&run)["elements"], &report(&run)["dropped"]), (&json!(2), &json!([])), "{}", run.text());

    // What does not parse is left out, and the rest of the layers kept.
    let layout = Layout::copy(referrers("v2-multi").as_ref());
    let entries = layout.index();
    let find = |suffix: &str| {
        let entries = entries["manifests"].as_array().unwrap();
        let name =
            |entry: &Value| entry["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned);
        let entry = entries.iter().find(|entry| name(entry).is_some_and(|name| name.ends_with(suffix))).unwrap();
        entry["digest"].as_str().unwrap().to_owned()
    };
    layout.change_layer(&find(".sig"), |_| b"not JSON".to_vec());
    let registry = Registry::start().with("v2-multi", layout.path());
    let whole = Registry::start().with("v2-multi", referrers("v2-multi"));
    let count = |registry: &Registry| {
        let run = publish(registry, &[&registry.image("v2-multi:v1"), "-o", "json"]);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        (report(&run)["elements"].as_u64().unwrap(), report(&run)["dropped"].clone())
    };
    let ((part, dropped), (all, none)) = (count(&registry), count(&whole));
    assert_eq!((part + 1, none), (all, json!([])));
    assert!(dropped[0]["source"].as_str().unwrap().ends_with(".sig, layer 0"), "{dropped}");
    assert!(dropped[0]["reason"].as_str().unwrap().contains("simple-signing payload"), "{dropped}");
}

#[test]
fn evidence_about_other_peoples_images_goes_elsewhere() {
    let registry = Registry::start().with("myorg/app", referrers("myorg/app"));
    let to = registry.image("mirror/evidence");
    let image = registry.image("myorg/app:1.4.2");
    let run = publish(&registry, &[&image, "--to", &to, "-o", "json"]);
    assert_eq!(report(&run)["outcome"], "published", "{}", run.text());
    assert_eq!(published(&registry, "mirror/evidence", APP).unwrap().len(), 2);
    assert_eq!(published(&registry, "myorg/app", APP), None);

    // What is published beside the image goes along.
    let other = Registry::start().with("myorg/app", referrers("myorg/app"));
    let layout = scratch();
    let dir = layout.path().join("made").to_str().unwrap().to_owned();
    let run = publish(&other, &[&other.image("myorg/app:1.4.2"), "--to-layout", &dir, "-o", "json"]);
    assert_eq!(report(&run)["outcome"], "published", "{}", run.text());
    assert_eq!(writes(&other.requests()), 0);
    let made = Registry::start().with("evidence", &dir);
    assert_eq!(published(&made, "evidence", APP).unwrap().len(), 2);
    let again = publish(&other, &[&other.image("myorg/app:1.4.2"), "--to-layout", &dir, "-o", "json"]);
    assert_eq!(report(&again)["outcome"], "unchanged", "{}", again.text());
}

#[test]
fn nothing_is_written_where_nothing_should_be() {
    let registry = Registry::start()
        .with("myorg/app", referrers("myorg/app"))
        .with("myorg/debug", referrers("myorg/debug"))
        .with("v3-index-rec", referrers("v3-index-rec"));
    let app = registry.image("myorg/app:1.4.2");

    let run = publish(&registry, &[&app, "--dry-run"]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert!(run.out.contains("would go") && run.out.contains("2 pieces"), "{}", run.out);

    let run = publish(&registry, &[&registry.image("myorg/debug:1.2")]);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert!(run.out.contains("no evidence about this image") && run.out.contains("cosign sign"), "{}", run.out);

    let run = publish(&registry, &[&registry.image("myorg/app:nothing")]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.err.contains("there is no image"), "{}", run.err);

    let run = publish(&registry, &[&app, "--offline"]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.err.contains("--to-layout"), "{}", run.err);

    // A part must not look like the whole.
    for digest in registry.blobs("myorg/app") {
        registry.tamper_with_blob("myorg/app", &digest, |bytes| bytes.push(b' '));
    }
    let run = publish(&registry, &[&app]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.err.contains("does not hash to its digest"), "{}", run.err);
    assert_eq!(writes(&registry.requests()), 0);

    // One image that cannot be had does not keep the others from being published.
    let index = registry.image("v3-index-rec:v1");
    let run = publish(&registry, &[&app, &index]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.out.contains("its 2 images have their own"), "{}", run.out);
    assert!(writes(&registry.requests()) > 0);
}

#[test]
fn what_is_no_evidence_is_not_overwritten() {
    let layout = Layout::copy(referrers("myorg/app").as_ref());
    let tag = format!("sha256-{}.sigwarden", &APP[7..]);
    layout.tag(
        &tag,
        &json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "text/plain", "digest": APP, "size": 1}, "layers": []}),
    );
    let registry = Registry::start().with("myorg/app", layout.path());
    let before = registry.tag("myorg/app", &tag);
    let run = publish(&registry, &[&registry.image("myorg/app:1.4.2")]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.err.contains("cannot be added to: it is something else than evidence"), "{}", run.err);
    assert_eq!(registry.tag("myorg/app", &tag), before);
    assert_eq!(writes(&registry.requests()), 0);
}

#[test]
fn registries_with_immutable_tags_say_so_and_we_say_what_to_do() {
    let registry = Registry::start().with("v3-multi", referrers("v3-multi"));
    let image = registry.image("v3-multi:v1");
    let first = publish(&registry, &[&image, "-o", "json"]);
    assert_eq!(report(&first)["outcome"], "published", "{}", first.text());
    registry.set(|switches| switches.immutable = true);
    assert_eq!(publish(&registry, &[&image]).answer, Answer::Yes, "nothing to do");

    // With less there before, there is something to do.
    let tag = format!("sha256-{}.sigwarden", &report(&first)["digest"].as_str().unwrap()[7..]);
    let subject = Digest::parse(report(&first)["digest"].as_str().unwrap()).unwrap();
    let empty = PublishedEvidence::new(subject).artifact().unwrap();
    let other = Registry::start().with("v3-multi", referrers("v3-multi"));
    other.put("v3-multi", &tag, empty.manifest, [empty.config]);
    other.set(|switches| switches.immutable = true);
    let run = publish(&other, &[&other.image("v3-multi:v1")]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    for part in ["refuses the push with 400", &tag, "--to REPOSITORY", "evidence.repository"] {
        assert!(run.err.contains(part), "`{part}` is missing: {}", run.err);
    }
}

#[test]
fn writing_needs_a_login_that_may_write() {
    let login =
        |registry: &Registry, auth: &str| format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.host());
    let accesses = [Access::Basic("bob", "s3cret"), Access::Token { user: "bob", secret: "s3cret", public: true }];
    for access in accesses {
        let registry = Registry::start().with("myorg/app", referrers("myorg/app"));
        registry.set(|switches| switches.access = access.clone());
        let cases = [
            ("none", "{}".to_owned(), Some(2), "anonymous users"),
            ("wrong", login(&registry, "Ym9iOndyb25n"), Some(2), "does not let user `bob`"),
            ("right", login(&registry, "Ym9iOnMzY3JldA=="), Some(0), "published:"),
        ];
        for (name, config, code, part) in cases {
            let folder = scratch();
            write(folder.path(), "config.json", config);
            let output = Command::new(program())
                .args(["publish", &registry.image("myorg/app:1.4.2"), "--insecure-registry", &registry.host()])
                .env("DOCKER_CONFIG", folder.path())
                .output()
                .unwrap();
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(output.status.code(), code, "{access:?}, case `{name}`: {text}");
            assert!(text.contains(part), "{access:?}, case `{name}`: {text}");
        }
    }
}

#[test]
fn writing_is_tried_again_too() {
    let registry = Registry::start().with("myorg/app", referrers("myorg/app"));
    let image = registry.image("myorg/app:1.4.2");
    registry.set(|switches| switches.failed_writes = 2);
    let run = publish(&registry, &[&image, "-o", "json"]);
    assert_eq!(report(&run)["outcome"], "published", "{}", run.text());
    assert_eq!(published(&registry, "myorg/app", APP).unwrap().len(), 2);
}
