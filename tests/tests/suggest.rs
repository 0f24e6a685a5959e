//! What is suggested, through the Wasm module: it admits what was surveyed, refuses the twins, and has no entry too many.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden::convert::tree::Tree;
use sigwarden::engine::Module;
use sigwarden::log::Log;
use sigwarden::manifests::{Manifest, Object, Origin};
use sigwarden::policy::Policy;
use sigwarden::request;
use sigwarden::sources::{LayoutArg, Layouts};
use sigwarden::suggest::{Options, Rehearsal, SuggestError, settings};
use sigwarden::survey::Surveyor;
use sigwarden::workers;
use sigwarden_core::decision::Outcome;
use sigwarden_core::reference::ImageRef;
use sigwarden_tests::registry::Registry;
use sigwarden_tests::{Run, deny_module, fixture, module, program, scratch, sigwarden, sigwarden_on, top, write};

const NOW: i64 = 1_900_000_000;
const REGISTRY: &str = "127.0.0.1:17021";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(fixtures().join(path)).unwrap()
}

fn layouts() -> Arc<Layouts> {
    let layout: LayoutArg = format!("{REGISTRY}={}", fixtures().join("layouts/referrers").display()).parse().unwrap();
    Arc::new(Layouts::open(&[layout], Arc::new(Log::default())).unwrap())
}

fn named(images: &[&str]) -> Vec<String> {
    images.iter().map(|image| format!("{REGISTRY}/{image}")).collect()
}

/// The settings that are suggested for these images.
fn suggested(images: &[&str]) -> Result<Value, SuggestError> {
    let surveyor = Surveyor::new(layouts(), NOW).unwrap();
    let surveyor = surveyor.with_trusted_root(&text("trust/trusted_root.json")).unwrap();
    let surveyor = surveyor.with_named_root("github", &text("trust/trusted_root.github.json")).unwrap();
    let surveyor = surveyor.with_key("ours", &text("keys/k-p256.pub")).unwrap();
    let holdings: Vec<_> = named(images).iter().map(|image| surveyor.look(&ImageRef::parse(image).unwrap())).collect();
    let keys = BTreeMap::from([("ours".to_owned(), text("keys/k-p256.pub"))]);
    let options = Options { expires: "2999-12-31".to_owned(), keys, log: None, unproven: BTreeMap::new() };
    settings(&holdings, &options).map(|fields| Tree::from(fields).to_value())
}

/// The fixtures' own Sigstore, and their stand-in for GitHub's.
fn trust_roots() -> Value {
    let root = |path| serde_json::from_str::<Value>(&text(path)).unwrap();
    json!({"sigstore": root("trust/trusted_root.json"), "github": root("trust/trusted_root.github.json")})
}

/// Whether the module admits a Pod of these images.
fn admits(policy: &Policy, settings: &Value, images: &[&str]) -> bool {
    let mut settings = settings.clone();
    settings["trustRoots"] = trust_roots();
    settings["evidence"] = json!({"extended": true});
    settings["deadline"] = json!("240s");
    let explained = policy.explain(&request::pod_with_images(&named(images)), &settings);
    explained.is_ok_and(|explained| explained.admits())
}

fn policy() -> Policy {
    Policy::new(Module::from_file(&module()).unwrap(), layouts(), Arc::new(Log::default()))
}

/// Where list elements and fields stand: the pointer of what holds them, and their index or name.
fn parts(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        _ => Vec::new(),
    };
    for (name, inner) in inside {
        parts(inner, &format!("{at}/{name}"), found);
        found.push((at.to_owned(), name));
    }
}

fn without(settings: &Value, (at, name): &(String, String)) -> Value {
    let mut settings = settings.clone();
    match settings.pointer_mut(at) {
        Some(Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
        Some(Value::Object(fields)) => assert!(fields.remove(name).is_some()),
        other => panic!("{at}: {other:?}"),
    }
    settings
}

const CLUSTER: [&str; 10] = [
    "myorg/app:1.4.2",
    "myorg/app-legacy:1.4.2",
    "myorg/debug:1.2",
    "thirdparty/redis:7.2",
    "v2-key-p256:v1",
    "v2-key-p256-nolog:v1",
    "v2-key-rsa2048:v1",
    "v3-keyless-tsaonly:v1",
    "reusable/pinned:tag",
    "github/private:v1",
];

#[test]
fn what_was_surveyed_is_admitted_and_nothing_else() {
    let (policy, settings) = (policy(), suggested(&CLUSTER).unwrap());
    assert!(admits(&policy, &settings, &CLUSTER), "{settings:#}");
    for image in CLUSTER {
        assert!(admits(&policy, &settings, &[image]), "{image}: {settings:#}");
    }
    for stranger in
        ["myorg/app:laptop", "myorg/app-legacy:laptop", "orgs/fork:v1", "orgs/lookalike:v1", "v2-key-rsa4096:v1"]
    {
        assert!(!admits(&policy, &settings, &[stranger]), "{stranger}: {settings:#}");
    }
    // What was pinned to another digest, as after somebody moved the tag.
    let moved = settings.to_string().replace("aedd03ba78ae9", "0edd03ba78ae9");
    assert_ne!(moved, settings.to_string());
    assert!(!admits(&policy, &serde_json::from_str(&moved).unwrap(), &["thirdparty/redis:7.2"]));
}

/// The same repository names, signed by somebody else: what is suggested for the one refuses the other.
#[test]
fn identities_of_others_are_not_covered() {
    let policy = policy();
    let settings = suggested(&["orgs/shared-image:v1"]).unwrap();
    for stranger in ["orgs/fork:v1", "orgs/lookalike:v1"] {
        let widened = settings.to_string().replace("orgs/shared-image:*", "orgs/*");
        let widened: Value = serde_json::from_str(&widened).unwrap();
        assert!(admits(&policy, &widened, &["orgs/shared-image:v1"]));
        assert!(!admits(&policy, &widened, &[stranger]), "{stranger}: {widened:#}");
    }
}

#[test]
fn other_keys_are_not_covered() {
    let policy = policy();
    let settings = suggested(&["v2-key-p256:v1"]).unwrap().to_string().replace("v2-key-p256:*", "v2-key-*");
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert!(admits(&policy, &settings, &["v2-key-p256:v1"]), "{settings:#}");
    for stranger in ["v2-key-rsa2048:v1", "v2-key-p256-nolog:v1"] {
        assert!(!admits(&policy, &settings, &[stranger]), "{stranger}: {settings:#}");
    }
}

/// No two fixtures differ in these alone: another value must refuse what runs today.
const COMPARED: [&str; 3] = ["sourceBranch", "buildType", "digests"];

/// Without any part of it, something that runs today is refused, or a stranger is let in.
fn no_part_can_be_removed(settings: &Value, images: &[&str], strangers: &[&str], wanted: &[&str]) {
    let policy = policy();
    assert!(admits(&policy, settings, images), "{settings:#}");
    for stranger in strangers {
        assert!(!admits(&policy, settings, &[stranger]), "{stranger}: {settings:#}");
    }
    let mut found = Vec::new();
    parts(settings, "", &mut found);
    for wanted in wanted {
        assert!(found.iter().any(|(_, name)| name == wanted), "no {wanted} in {settings:#}");
    }
    let mut let_in = 0;
    for part in found {
        // See `a_signature_is_asked_for_beside_provenance`.
        if part.1 == "attestors" && settings.pointer(&part.0).unwrap().get("attestations").is_some() {
            continue;
        }
        let mut less = without(settings, &part);
        if COMPARED.contains(&part.1.as_str()) {
            let other =
                if part.1 == "digests" { json!([format!("sha256:{}", "0".repeat(64))]) } else { "another".into() };
            less.pointer_mut(&part.0).unwrap()[&part.1] = other;
        }
        if !admits(&policy, &less, images) {
            continue;
        }
        let stranger = strangers.iter().find(|stranger| admits(&policy, &less, &[stranger]));
        assert!(stranger.is_some(), "{part:?} is one too many in {settings:#}");
        let_in += 1;
    }
    assert!(let_in > 0, "that unmatched images are denied keeps somebody out");
}

#[test]
fn no_part_of_a_draft_can_be_removed() {
    let mut settings = suggested(&CLUSTER).unwrap();
    // As if an image of the same signer and another builder lay in the same repository.
    let own = format!("{REGISTRY}/myorg/app:*");
    let blocks = settings["verifyImages"].as_array_mut().unwrap();
    let ours = |block: &&mut Value| block["imageReferences"].as_array().unwrap().contains(&json!(own));
    let names = blocks.iter_mut().find(ours).unwrap()["imageReferences"].as_array_mut().unwrap();
    names.clear();
    names.push(format!("{REGISTRY}/myorg/*:*").into());
    let strangers =
        ["myorg/generated:2.0", "myorg/app:laptop", "reusable/pinned:branch", "reusable/pinned:commit", "orgs/fork:v1"];
    let wanted = [
        "rekor",
        "url",
        "ignoreTlog",
        "ctlog",
        "ignoreSCT",
        "trustRoot",
        "subject",
        "issuer",
        "slsa",
        "builderId",
        "digests",
        "publicKeys",
    ];
    no_part_can_be_removed(&settings, &CLUSTER, &strangers, &wanted);
}

#[test]
fn no_part_of_a_draft_for_two_signers_can_be_removed() {
    let images = ["myorg/app:1.4.2", "myorg/app:laptop"];
    no_part_can_be_removed(&suggested(&images).unwrap(), &images, &["orgs/fork:v1"], &["count", "entries"]);
}

#[test]
fn a_signature_is_asked_for_beside_provenance() {
    let registry = Registry::start().with("myorg/app", fixture("layouts/referrers/myorg/app"));
    let (image, host, root) = (registry.image("myorg/app:1.4.2"), registry.host(), fixture("trust/trusted_root.json"));
    let ask = |words: &[&str]| {
        sigwarden(&[words, &["--insecure-registry", &host, "--trusted-root", &root, "-o", "json"]].concat())
    };
    let mut settings = ask(&["suggest", "--image", &image]).json()["policies"][0]["spec"]["settings"].take();
    let folder = scratch();
    let pod = write(folder.path(), "pod.yaml", pod(&image));
    let scan = |settings: &Value| {
        let policy = write(folder.path(), "policy.json", settings.to_string());
        ask(&["scan", &pod, "--policy", &policy]).answer
    };
    assert_eq!(scan(&settings), Answer::Yes);
    let signature = "sha256:aa84a8175d645fa5021d3d1e851069d04b579f69a16318cc1abaa4d64ef1454e";
    registry.lose_manifest("myorg/app", signature);
    assert_eq!(scan(&settings), Answer::No);
    assert!(settings["verifyImages"][0].as_object_mut().unwrap().remove("attestors").is_some());
    assert_eq!(scan(&settings), Answer::Yes);
}

/// The signer is right, the builder is another one: only `attestations` keeps this image out.
#[test]
fn without_what_is_asked_of_provenance_another_builder_is_let_in() {
    let policy = policy();
    let settings = suggested(&["myorg/app:1.4.2"]).unwrap().to_string().replace("myorg/app:*", "myorg/*");
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    assert!(!admits(&policy, &settings, &["myorg/generated:2.0"]), "{settings:#}");
    assert!(settings["verifyImages"][0].as_object_mut().unwrap().remove("attestations").is_some());
    assert!(admits(&policy, &settings, &["myorg/generated:2.0"]), "{settings:#}");
}

/// Of a signed image and of one that nobody signed.
#[test]
fn where_an_image_was_built_is_asked_for_and_each_answer_counts() {
    let policy = policy();
    for (image, strangers) in [
        ("myorg/app:1.4.2", ["myorg/generated:2.0", "myorg/app:laptop"]),
        ("reusable/pinned:tag", ["reusable/called-by-fork:v1", "reusable/pinned:branch"]),
    ] {
        let settings = suggested(&[image]).unwrap();
        assert!(settings["exceptions"].is_null(), "{settings:#}");
        let slsa = settings["verifyImages"][0]["attestations"][0]["slsa"].as_object().unwrap().clone();
        let names: Vec<&str> = slsa.keys().map(String::as_str).collect();
        assert_eq!(names, ["buildType", "builderId", "sourceBranch", "sourceUri"]);
        assert!(admits(&policy, &settings, &[image]), "{settings:#}");
        for (name, value) in &slsa {
            let mut other = settings.clone();
            let value = value.as_str().unwrap();
            other["verifyImages"][0]["attestations"][0]["slsa"][name] = format!("{value}x").into();
            assert!(!admits(&policy, &other, &[image]), "{name}: {other:#}");
        }
        // The same asked of everything: only what was built so gets in.
        let mut everywhere = settings.clone();
        everywhere["verifyImages"][0]["imageReferences"] = json!([format!("{REGISTRY}/*")]);
        assert!(admits(&policy, &everywhere, &[image]));
        for stranger in strangers {
            assert!(!admits(&policy, &everywhere, &[stranger]), "{stranger}: {everywhere:#}");
        }
    }
}

/// Provenance that holds, and does not say what `slsa` asks: two builds of one image.
#[test]
fn where_provenance_cannot_be_asked_for_the_draft_says_why() {
    let image = format!("{REGISTRY}/documents/of-one-type:v1");
    let run = run(&["suggest", "--image", &image]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let comment = run.out.replace("\n    #", "");
    assert!(
        comment.contains("There is provenance, and `slsa` cannot ask for it: ") && comment.contains("[SW5"),
        "{comment}"
    );
    assert!(!run.out.contains("- slsa:"), "{}", run.out);
}

#[test]
fn both_of_the_pair_are_run_and_the_second_sees_what_the_first_made() {
    let images = ["myorg/app:1.4.2", "myorg/debug:1.2"];
    let asked = |images: &[&str]| {
        let names = named(images);
        vec![Manifest {
            object: Object {
                origin: Origin { file: "test".to_owned(), line: 1, template: None },
                name: "a pod".to_owned(),
            },
            request: request::pod_with_images(&names),
            images: names,
        }]
    };
    let mut pinning = suggested(&images).unwrap();
    pinning["trustRoots"] = trust_roots();
    pinning["evidence"] = json!({"extended": true});
    pinning["deadline"] = json!("240s");
    let mut verifying = pinning.clone();
    verifying["mutate"] = false.into();
    let options = workers::Options { jobs: 1, deadline: None };
    let outcome = |pinning: &Value, verifying: &Value| {
        let pair = Rehearsal { pinning: pinning.clone(), verifying: verifying.clone() };
        pair.over(asked(&images), policy(), options, &|| {}).outcome()
    };
    assert_eq!(outcome(&pinning, &verifying), Outcome::Passed);
    // The twin asked about the tags refuses them; so does one that is for another digest.
    assert_eq!(outcome(&verifying, &verifying), Outcome::Failed);
    let moved: Value =
        serde_json::from_str(&verifying.to_string().replace("ae20884ea773ee", "0e20884ea773ee")).unwrap();
    assert_eq!(outcome(&pinning, &moved), Outcome::Failed);
    let strangers = suggested(&["orgs/fork:v1"]).unwrap();
    assert_eq!(outcome(&strangers, &verifying), Outcome::Failed);
}

/// What a registry takes too long for is not suggested.
#[test]
fn the_deadline_is_kept() {
    let registry = Registry::start().with("myorg/app", fixture("layouts/referrers/myorg/app"));
    let (image, host, root) = (registry.image("myorg/app:1.4.2"), registry.host(), fixture("trust/trusted_root.json"));
    let words =
        ["suggest", "--image", &image, "--insecure-registry", &host, "--trusted-root", &root, "--deadline", "2"];
    let quick = sigwarden(&words[..7]);
    assert_eq!(quick.answer, Answer::Yes, "{}", quick.text());
    registry.set(|switches| switches.latency = Duration::from_secs(5));
    let slow = sigwarden(&words);
    assert_eq!((slow.answer, slow.out.as_str()), (Answer::Unknown, ""), "{}", slow.text());
    assert!(slow.err.contains("not reached within"), "{}", slow.err);
}

#[test]
fn what_nobody_could_look_into_is_not_suggested() {
    let error = suggested(&["myorg/app:1.4.2", "myorg/app:nothing"]).unwrap_err();
    assert!(matches!(error, SuggestError::Unseen { .. }), "{error}");
}

/// Where the shop's images are, and whom to trust.
fn sources() -> Vec<String> {
    let layout =
        |registry: &str, folder: &str| format!("{registry}={}", fixture(&format!("layouts/referrers/{folder}")));
    let words =
        ["--oci-layout", &layout("ghcr.io/myorg", "myorg"), "--oci-layout", &layout("docker.io/bitnami", "thirdparty")];
    let root = fixture("trust/trusted_root.json");
    words
        .into_iter()
        .chain(["--oci-layout", &layout(REGISTRY, ""), "--trusted-root", &root])
        .map(str::to_owned)
        .collect()
}

fn run(words: &[&str]) -> Run {
    sigwarden(&words.iter().map(|word| (*word).to_owned()).chain(sources()).collect::<Vec<_>>())
}

fn pod(image: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: '{image}'}}]}}\n")
}

#[test]
fn the_command_drafts_what_admits_the_manifests_and_refuses_their_twins() {
    let folder = scratch();
    let shop = top().join("demo/shop.yaml").display().to_string();
    let suggested = run(&["suggest", &shop, "--expires-in-days", "7"]);
    assert_eq!(suggested.answer, Answer::Yes, "{}", suggested.text());
    assert!(suggested.err.contains("Rollout shop/canary"), "{}", suggested.err);
    let policy = write(folder.path(), "policy.yaml", &suggested.out);

    let scanned = run(&["scan", &shop, "--policy", &policy]);
    assert_eq!(scanned.answer, Answer::Yes, "{}", scanned.text());
    assert!(scanned.out.contains("3 objects with 3 images: 3 admitted"), "{}", scanned.out);
    for twin in ["ghcr.io/myorg/app:laptop", "ghcr.io/myorg/app-legacy:1.4.2", "127.0.0.1:17021/orgs/shared-image:v1"] {
        let manifests = write(folder.path(), "twin.yaml", pod(twin));
        let refused = run(&["scan", &manifests, "--policy", &policy]);
        assert_eq!(refused.answer, Answer::No, "{twin}: {}", refused.text());
    }
    // The tag that was pinned names another digest.
    let moved = suggested.out.replace("sha256:aedd03ba78ae9", "sha256:0edd03ba78ae9");
    assert_ne!(moved, suggested.out);
    let refused = run(&["scan", &shop, "--policy", &write(folder.path(), "moved.yaml", &moved)]);
    assert_eq!(refused.answer, Answer::No, "{}", refused.text());
}

#[test]
fn the_same_comes_as_json_and_into_a_file() {
    let folder = scratch();
    let shop = top().join("demo/shop.yaml").display().to_string();
    let json = run(&["suggest", &shop, "--name", "Shop_1", "-o", "json"]).json();
    let yaml = folder.path().join("out.yaml").display().to_string();
    let filed = run(&["suggest", &shop, "--name", "Shop_1", "--output-file", &yaml]);
    assert_eq!((filed.answer, filed.out.as_str()), (Answer::Yes, ""), "{}", filed.err);
    let text = std::fs::read_to_string(&yaml).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    assert_eq!(json["policies"], Value::from(documents));
    let names = ["shop-1-pin", "shop-1-verify"].map(Value::from);
    assert_eq!([0, 1].map(|index| json["policies"][index]["metadata"]["name"].clone()), names);
    assert_eq!(json["policies"][1]["spec"]["settings"]["mutate"], false);
    for command in json["publish"].as_array().unwrap() {
        assert!(text.contains(&format!("\n#     {}\n", command.as_str().unwrap())), "{command}");
    }
}

/// Settings need a rule, and none that would let another digest in.
#[test]
fn where_nobody_signed_anything_a_moved_tag_is_refused() {
    let (folder, image) = (scratch(), "docker.io/bitnami/redis:7.2");
    let suggested = run(&["suggest", "--image", image]);
    assert_eq!(suggested.answer, Answer::Yes, "{}", suggested.text());
    let manifests = write(folder.path(), "pod.yaml", pod(image));
    let moved = suggested.out.replace("sha256:aedd03ba78ae9", "sha256:0edd03ba78ae9");
    for (policy, answer) in [(&suggested.out, Answer::Yes), (&moved, Answer::No)] {
        let scanned = run(&["scan", &manifests, "--policy", &write(folder.path(), "policy.yaml", policy)]);
        assert_eq!(scanned.answer, answer, "{}", scanned.text());
    }
}

#[test]
fn that_nothing_was_named_is_said_with_both_ways_to_name_it() {
    let output = Command::new(program()).arg("suggest").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("\n  <PATH|--image <IMAGE>>\n"), "{error}");
}

/// A stock Kubewarden reads `.sig` tags of images that have the name under which they were signed, and nothing else.
#[test]
fn what_is_to_be_published_is_said() {
    let mirrored = format!("mirror.example/v2-keyless-gha={}", fixture("layouts/referrers/v2-keyless-gha"));
    for (image, expected) in [
        ("ghcr.io/myorg/app:1.4.2", 1),
        // Its signature could be read, its provenance could not.
        ("ghcr.io/myorg/app-legacy:1.4.2", 1),
        ("127.0.0.1:17021/v2-keyless-gha:v1", 0),
        ("mirror.example/v2-keyless-gha:v1", 1),
        ("ghcr.io/myorg/debug:1.2", 0),
    ] {
        let json = run(&["suggest", "--image", image, "--oci-layout", &mirrored, "-o", "json"]).json();
        assert_eq!(json["publish"].as_array().map(Vec::len), Some(expected), "{image}: {json:#}");
    }
}

/// Whoever may push may sign: one signer is drafted, and the other is not passed over in silence.
#[test]
fn that_somebody_else_signed_too_is_said() {
    let shared = format!("{REGISTRY}/orgs/shared-image:v1");
    for (image, expected) in [(shared.as_str(), true), ("ghcr.io/myorg/app:1.4.2", false)] {
        let run = run(&["suggest", "--image", image]);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        let told = run.err.contains("is also signed by https://github.com/octo-org/octo-repo/");
        assert_eq!(told, expected, "{image}: {}", run.err);
        assert_eq!(run.out.contains("# shared-image:v1 is also signed by\n"), expected, "{image}: {}", run.out);
    }
}

#[test]
fn images_that_only_a_key_signed_are_admitted_for_the_key() {
    let image = format!("{REGISTRY}/v2-key-p256:v1");
    let key = fixture("keys/k-p256.pub");
    let with = run(&["suggest", "--image", &image, "--key", &key, "-o", "json"]).json();
    let settings = &with["policies"][0]["spec"]["settings"];
    assert!(
        settings["exceptions"].is_null() && settings["verifyImages"].to_string().contains("BEGIN PUBLIC KEY"),
        "{settings:#}"
    );
    let without = run(&["suggest", "--image", &image, "-o", "json"]).json();
    let settings = &without["policies"][0]["spec"]["settings"];
    assert!(!settings.to_string().contains("BEGIN PUBLIC KEY"), "{settings:#}");
    assert_eq!(settings["exceptions"][0]["reason"], "nobody who is known here signed it");
}

#[test]
fn reasons_tell_attestations_from_nothing() {
    let cases = [
        ("ghcr.io/myorg/debug:1.2".to_owned(), "nobody signed it"),
        (format!("{REGISTRY}/documents/of-one-type:v1"), "it has attestations, but no signature"),
    ];
    for (image, reason) in cases {
        let run = run(&["suggest", "--image", &image, "-o", "json"]);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        assert_eq!(run.json()["policies"][0]["spec"]["settings"]["exceptions"][0]["reason"], reason, "{image}");
    }
}

#[test]
fn nothing_is_printed_where_something_could_not_be_looked_into() {
    let shop = top().join("demo/shop.yaml").display().to_string();
    let (absent, far) = ("ghcr.io/myorg/app:nothing", "registry.example/far:1");
    let run = run(&["suggest", &shop, "--image", absent, "--image", far]);
    assert_eq!((run.answer, run.out.as_str()), (Answer::Unknown, ""), "{}", run.err);
    assert!(run.err.contains(absent) && run.err.contains(far), "{}", run.err);
}

/// A module that refuses everything stands for a draft that is wrong.
#[test]
fn nothing_is_printed_where_the_draft_refuses_something() {
    let shop = top().join("demo/shop.yaml").display().to_string();
    let words: Vec<String> = ["suggest", &shop].into_iter().map(str::to_owned).chain(sources()).collect();
    let run = sigwarden_on(&deny_module(), &words);
    assert_eq!((run.answer, run.out.as_str()), (Answer::Unknown, ""), "{}", run.err);
}
