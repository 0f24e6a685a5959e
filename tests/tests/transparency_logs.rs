//! Old signatures that carry no proof that they were logged: completed from a transparency log, recorded or live.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::registry::Registry;
use sigwarden_tests::{Run, fixture, scratch, sigwarden, write};

const BUNDLE: &str = "dev.sigstore.cosign/bundle";

/// An image with its signature's proof taken away, and that proof as the log would tell it.
struct World {
    layout: Layout,
    entry: Value,
}

impl World {
    fn new() -> Self {
        let layout = Layout::copy(fixture("layouts/referrers/v2-keyless-gha").as_ref());
        let index = layout.index();
        let names = |entry: &&Value| {
            let name = entry["annotations"]["org.opencontainers.image.ref.name"].as_str();
            name.is_some_and(|name| name.ends_with(".sig"))
        };
        let signature = index["manifests"].as_array().unwrap().iter().find(names).unwrap();
        let mut bundle = String::new();
        layout.change_manifest(signature["digest"].as_str().unwrap(), |manifest| {
            let annotations = manifest["layers"][0]["annotations"].as_object_mut().unwrap();
            bundle = annotations.remove(BUNDLE).unwrap().as_str().unwrap().to_owned();
        });
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        let mut entry = bundle["Payload"].clone();
        entry["verification"] = json!({"signedEntryTimestamp": bundle["SignedEntryTimestamp"]});
        Self { layout, entry }
    }

    /// The question, with `log` as the attestor's.
    fn ask(&self, log: &str, words: &[&str]) -> Run {
        let folder = scratch();
        let policy = json!({"verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keyless": {
            "subject": "https://github.com/*", "issuer": "https://token.actions.githubusercontent.com",
            "rekor": {"url": log},
        }}]}]}]});
        let policy = write(folder.path(), "policy.json", policy.to_string());
        let layout = format!("r.test/x={}", self.layout.path());
        let root = fixture("trust/trusted_root.json");
        let words: Vec<&str> =
            ["verify", "r.test/x:v1", "--policy", &policy, "--oci-layout", &layout, "--trusted-root", &root]
                .into_iter()
                .chain(words.iter().copied())
                .collect();
        sigwarden(&words)
    }
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn recorded_entries_complete_a_signature() {
    let world = World::new();
    let mut wrong_time = world.entry.clone();
    wrong_time["integratedTime"] = json!(world.entry["integratedTime"].as_i64().unwrap() + 1);
    let mut wrong_body = world.entry.clone();
    wrong_body["body"] = json!(sigwarden_tests::layout::flip_base64(world.entry["body"].as_str().unwrap()));
    let cases = [
        ("the log's answer", json!({"24296fb2": world.entry}), Answer::Yes),
        ("a list", json!([{"24296fb2": world.entry}]), Answer::Yes),
        ("another time", json!({"24296fb2": wrong_time}), Answer::No),
        ("another body", json!({"24296fb2": wrong_body}), Answer::No),
        ("nothing", json!([]), Answer::No),
        ("no entries", json!({"code": 404, "message": "not found"}), Answer::Unknown),
    ];
    for (name, recorded, expected) in cases {
        let folder = scratch();
        let file = write(folder.path(), "entries.json", recorded.to_string());
        let run = world.ask("https://rekor.sigstore.dev", &["--rekor-entries", &file]);
        assert_eq!(run.answer, expected, "case `{name}`: {}", run.text());
    }
}

#[test]
fn a_live_log_is_asked_where_the_user_named_it() {
    let world = World::new();
    let log = Registry::start();
    log.logs(&world.entry);
    let url = format!("http://{}", log.host());

    let run = world.ask(&url, &["--rekor-url", &url, "--insecure-registry", &log.host()]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let requests = log.requests();
    assert_eq!(requests.len(), 2, "{requests:#?}");

    let cases = [
        ("not named", url.as_str(), vec!["--insecure-registry", "a.test"]),
        ("another one named", "https://rekor.sigstore.dev", vec!["--rekor-url", &url, "--insecure-registry", "a.test"]),
        ("offline", url.as_str(), vec!["--rekor-url", &url, "--offline"]),
    ];
    for (name, asked, words) in cases {
        let run = world.ask(asked, &words);
        assert_eq!(run.answer, Answer::Unknown, "case `{name}`: {}", run.text());
        assert!(unwrapped(&run.text()).contains("allow it with --rekor-url"), "case `{name}`: {}", run.text());
        assert_eq!(log.requests(), Vec::<String>::new(), "case `{name}`");
    }

    log.set(|switches| switches.failures = usize::MAX);
    let run = world.ask(&url, &["--rekor-url", &url, "--insecure-registry", &log.host()]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(unwrapped(&run.text()).contains("answered 4 times with 503"), "{}", run.text());
}

/// A signature that only its log proves is drafted where the log was asked, and what it says holds. Otherwise the image has its digest, for
/// a while, and the draft names no signer.
#[test]
fn a_draft_names_the_signer_that_a_live_log_proves() {
    let world = World::new();
    let log = Registry::start();
    let url = format!("http://{}", log.host());
    let (layout, root) = (format!("r.test/x={}", world.layout.path()), fixture("trust/trusted_root.json"));
    let suggest = |entry: &Value, more: &[&str]| {
        log.logs(entry);
        let words =
            ["suggest", "--image", "r.test/x:v1", "-o", "json", "--oci-layout", &layout, "--trusted-root", &root];
        let run = sigwarden(&[&words[..], more].concat());
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        let json = run.json();
        let settings = json["policies"][0]["spec"]["settings"].clone();
        (settings, json["publish"][0].as_str().map(str::to_owned))
    };
    let asking = ["--rekor-url", &url, "--insecure-registry", &log.host()];

    let (settings, publish) = suggest(&world.entry, &asking);
    assert!(!log.requests().is_empty());
    let entry = &settings["verifyImages"][0]["attestors"][0]["entries"][0]["keyless"];
    assert!(
        entry["subject"].as_str().is_some_and(|subject| subject.starts_with("https://github.com/")),
        "{settings:#}"
    );
    // The policy would ask the public log otherwise.
    assert_eq!(entry["rekor"], json!({"url": url}), "{settings:#}");
    assert_eq!(settings["exceptions"], Value::Null, "{settings:#}");
    // A stock host asks no log: the proof has to be published.
    assert!(publish.is_some_and(|command| command.ends_with(&format!(" --rekor-url {url}"))));

    // Whoever names the public log need not have it written: policies ask it anyway.
    let public = ["--rekor-url", "https://rekor.sigstore.dev/", "--rekor-entries"];
    let folder = scratch();
    let recorded = write(folder.path(), "entries.json", json!({"24296fb2": world.entry}).to_string());
    let (settings, _) = suggest(&world.entry, &[&public[..], &[recorded.as_str()]].concat());
    let entry = &settings["verifyImages"][0]["attestors"][0]["entries"][0]["keyless"];
    assert!(entry["subject"].is_string() && entry["rekor"].is_null(), "{entry:#}");

    let mut forged = world.entry.clone();
    forged["integratedTime"] = json!(world.entry["integratedTime"].as_i64().unwrap() + 1);
    let cases: [(&str, &Value, &[&str], bool); 3] = [
        ("not asked", &world.entry, &[], false),
        ("offline", &world.entry, &["--rekor-url", &url, "--offline"], false),
        ("another time than the log signed", &forged, &asking, true),
    ];
    for (name, entry, more, is_asked) in cases {
        let (settings, _) = suggest(entry, more);
        assert_eq!(!log.requests().is_empty(), is_asked, "case `{name}`");
        assert!(!settings.to_string().contains("octo-org"), "case `{name}`: {settings:#}");
        assert_eq!(settings["exceptions"].as_array().map(Vec::len), Some(1), "case `{name}`: {settings:#}");
    }
}

#[test]
fn evidence_with_its_own_proof_asks_no_log() {
    let registry = Registry::start().with("x", fixture("layouts/referrers/v2-keyless-gha"));
    let url = format!("http://{}", registry.host());
    let folder = scratch();
    let policy = json!({"verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [{"keyless": {
        "subject": "https://github.com/*", "issuer": "https://token.actions.githubusercontent.com",
        "rekor": {"url": url},
    }}]}]}]});
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let run = sigwarden(&[
        "verify",
        &registry.image("x:v1"),
        "--policy",
        &policy,
        "--rekor-url",
        &url,
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
        "--insecure-registry",
        &registry.host(),
    ]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let requests = registry.requests();
    assert!(!requests.iter().any(|request| request.contains("/api/v1/")), "{requests:#?}");
}

/// A stock host can ask no log. What is published with its proof needs none.
#[test]
fn what_is_published_with_its_proof_is_admitted_on_a_stock_host() {
    let world = World::new();
    let published = |entry: &Value| {
        let folder = scratch();
        let entries = write(folder.path(), "entries.json", entry.to_string());
        let place = format!("r.test/x={}", world.layout.path());
        let target = folder.path().join("published").display().to_string();
        let words =
            ["publish", "r.test/x:v1", "--oci-layout", &place, "--to-layout", &target, "--rekor-entries", &entries];
        let run = sigwarden(&words);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        let image = format!("r.test/x@{}", world.layout.tagged("v1").expect("an image"));
        let policy = json!({"deadline": "10m", "verifyImages": [{"imageReferences": ["*"], "attestors": [{"entries": [
            {"keyless": {"subject": "https://github.com/*", "issuer": "https://token.actions.githubusercontent.com"}},
        ]}]}]});
        let policy = write(folder.path(), "policy.json", policy.to_string());
        let place = format!("r.test/x={target}");
        let root = fixture("trust/trusted_root.json");
        let words = ["verify", &image, "--host", "kubewarden", "--policy", &policy, "--oci-layout", &place];
        sigwarden(&[&words[..], &["--trusted-root", &root]].concat())
    };
    let run = published(&world.entry);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    // The same entry with one bit of the log's signature changed is published too, and believed by nobody.
    let mut forged = world.entry.clone();
    let set = forged["verification"]["signedEntryTimestamp"].as_str().unwrap().to_owned();
    let other = if set.as_bytes()[20] == b'A' { "B" } else { "A" };
    forged["verification"]["signedEntryTimestamp"] = format!("{}{other}{}", &set[..20], &set[21..]).into();
    let run = published(&forged);
    assert_ne!(run.answer, Answer::Yes, "{}", run.text());
    // An entry about something else is left out.
    let mut foreign = world.entry.clone();
    foreign["body"] = "e30=".into();
    let run = published(&foreign);
    assert_ne!(run.answer, Answer::Yes, "{}", run.text());
}
