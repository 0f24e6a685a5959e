//! What is suggested, through the Wasm module: it admits what was surveyed, refuses the twins, and has no entry too many.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use sigwarden::convert::tree::Tree;
use sigwarden::engine::Module;
use sigwarden::log::Log;
use sigwarden::policy::Policy;
use sigwarden::request;
use sigwarden::sources::{LayoutArg, Layouts};
use sigwarden::suggest::{Options, SuggestError, settings};
use sigwarden::survey::Surveyor;
use sigwarden_core::reference::ImageRef;
use sigwarden_tests::module;

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
    let surveyor = surveyor.with_key("ours", &text("keys/k-p256.pub")).unwrap();
    let holdings: Vec<_> = named(images).iter().map(|image| surveyor.look(&ImageRef::parse(image).unwrap())).collect();
    let keys = BTreeMap::from([("ours".to_owned(), text("keys/k-p256.pub"))]);
    let options = Options { expires: "2999-12-31".to_owned(), keys };
    settings(&holdings, &options).map(|fields| Tree::from(fields).to_value())
}

/// Whether the module admits a Pod of these images.
fn admits(policy: &Policy, settings: &Value, images: &[&str]) -> bool {
    let mut settings = settings.clone();
    settings["trustRoots"] =
        json!({"sigstore": serde_json::from_str::<Value>(&text("trust/trusted_root.json")).unwrap()});
    settings["evidence"] = json!({"extended": true});
    settings["deadline"] = json!("240s");
    let explained = policy.explain(&request::pod_with_images(&named(images)), &settings);
    explained.is_ok_and(|explained| explained.admits())
}

fn policy() -> Policy {
    Policy::new(Module::from_file(&module()).unwrap(), layouts(), Arc::new(Log::default()))
}

/// Where list elements stand.
fn elements(value: &Value, at: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.push((at.to_owned(), index));
                elements(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| elements(field, &format!("{at}/{name}"), found));
        }
        _ => {}
    }
}

const CLUSTER: [&str; 8] = [
    "myorg/app:1.4.2",
    "myorg/app-legacy:1.4.2",
    "myorg/debug:1.2",
    "thirdparty/redis:7.2",
    "v2-key-p256:v1",
    "v2-key-p256-nolog:v1",
    "v2-key-rsa2048:v1",
    "reusable/pinned:tag",
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

#[test]
fn no_entry_can_be_removed() {
    let (policy, settings) = (policy(), suggested(&CLUSTER).unwrap());
    let mut found = Vec::new();
    elements(&settings, "", &mut found);
    assert!(found.len() > CLUSTER.len());
    for (list, index) in found {
        let mut without = settings.clone();
        without.pointer_mut(&list).and_then(Value::as_array_mut).unwrap().remove(index);
        assert!(!admits(&policy, &without, &CLUSTER), "{list}/{index} is one too many in {settings:#}");
    }
}

#[test]
fn what_nobody_could_look_into_is_not_suggested() {
    let error = suggested(&["myorg/app:1.4.2", "myorg/app:nothing"]).unwrap_err();
    assert!(matches!(error, SuggestError::Unseen { .. }), "{error}");
}
