//! What real Kyverno answered to pairs of policy and signed image, and what we answer to the same two files.
//!
//! The rule: nothing is admitted here that Kyverno refuses, but for the closed list in `docs/kyverno.md`; and where both
//! admit, the same digest is pinned. Every other difference stands in [`DIFFERENCES`] with its reason, and one that has
//! gone has to be taken out of there.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigwarden::commands::Answer;
use sigwarden_tests::{corpus, sigwarden};

/// Why we differ. The words for users stand in `docs/kyverno.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// Admitted here: signatures and attestations of both formats are read, whatever `type` says.
    BothFormats,
    /// Admitted here: Kyverno's verifier for bundles refuses to start with `ignoreSCT` alone.
    IgnoredSct,
    /// Admitted here: bundles are looked for in `repository` too.
    BundlesElsewhere,
    /// Whoever would let anybody in must say so.
    Anybody,
    /// Identity and annotations must be on one signature.
    OneSignature,
    /// A pattern with a tag matches an image given by digest.
    DigestMatches,
    /// Docker Hub's names are one image in every spelling.
    OneImage,
    /// Only images that the block is about are pinned.
    PinsItsOwn,
    /// Image volumes are images.
    ImageVolumes,
    /// `validate.deny` is evaluated without attestations too.
    DenyIsEvaluated,
    /// Wildcards in the evidence are data.
    WildcardsAreData,
    /// What is no version is an error, and not 0.0.0.
    NoVersion,
    /// Extensions and annotations count for bundles too.
    BundlesAreChecked,
    /// An attestation is not a signature.
    NoSignature,
    /// An image string that cannot be read is refused, and its neighbours are verified.
    Unreadable,
}

/// Each difference that is known, by the case's name.
const DIFFERENCES: &[(&str, Why)] = &[
    ("010-kl-subject-only", Why::Anybody),
    ("135-annot-split", Why::OneSignature),
    ("143-ref-colon-star-digest", Why::DigestMatches),
    ("161-ref-dockerhub-short", Why::OneImage),
    ("163-ref-skip", Why::PinsItsOwn),
    ("209-res-vol", Why::ImageVolumes),
    ("243-att-noattestors-tuf", Why::Anybody),
    ("270-att-nested-wrong-tuf", Why::Anybody),
    ("281-att-deny-noattestation", Why::DenyIsEvaluated),
    ("311-att-op-anyin-keystar", Why::WildcardsAreData),
    ("353-att-op-func-semver-bad", Why::NoVersion),
    ("377-bundle-kl-ext", Why::BundlesAreChecked),
    ("392-bundle-annot-miss", Why::BundlesAreChecked),
    ("393-bundle-legacy", Why::BothFormats),
    ("397-bundle-att-as-sig", Why::NoSignature),
    ("399-bundle-repo", Why::BundlesElsewhere),
    ("415-bundle-att-legacy", Why::BothFormats),
    ("418-cosign-v3only-key", Why::BothFormats),
    ("421-cosign-v3only-oci11", Why::BothFormats),
    ("449-ref-upper-evil", Why::Unreadable),
    ("455-ref-tag-pattern-tagdigest", Why::DigestMatches),
    ("465-bundle-key-ignoresct", Why::IgnoredSct),
    ("500-ref-upper-init", Why::Unreadable),
    ("502-ref-upper-required-star", Why::Unreadable),
];

impl Why {
    /// Whether it may admit what Kyverno refuses.
    const fn may_admit_more(self) -> bool {
        matches!(self, Self::BothFormats | Self::IgnoredSct | Self::BundlesElsewhere)
    }
}

/// How an answer differs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Difference {
    /// Kyverno refuses, we admit.
    Weaker,
    /// Kyverno admits, we refuse.
    Stricter,
    /// Both admit, and other digests stand in the object afterwards.
    Pins { theirs: BTreeMap<String, String>, ours: BTreeMap<String, String> },
}

#[test]
fn nothing_is_admitted_that_kyverno_refuses() {
    let Some(folder) = corpus("kyverno-answers") else { return };
    let mut names: Vec<String> = std::fs::read_dir(folder.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut wrong = Vec::new();
    let (mut same, mut listed) = (0_usize, 0_usize);
    for name in &names {
        let (difference, text) = compare(&folder, name);
        let known = DIFFERENCES.iter().find(|(known, _)| known == name).map(|(_, why)| *why);
        match (difference, known) {
            (None, None) => same += 1,
            (None, Some(why)) => wrong.push(format!("{name}: is listed ({why:?}), and there is no difference")),
            (Some(difference), None) => wrong.push(format!("{name}: {difference:?}\n{text}")),
            (Some(Difference::Weaker), Some(why)) if !why.may_admit_more() => {
                wrong.push(format!("{name}: WEAKER, and {why:?} is no reason for that\n{text}"));
            }
            (Some(_), Some(_)) => listed += 1,
        }
    }
    for (known, _) in DIFFERENCES {
        assert!(names.iter().any(|name| name == known), "there is no case {known}");
    }
    println!("{} cases: {same} answered as by Kyverno, {listed} differ as listed", names.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}

/// The difference, and what was printed.
fn compare(folder: &Path, name: &str) -> (Option<Difference>, String) {
    let case = folder.join("cases").join(name);
    let file = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(file("expect.json")).unwrap()).unwrap();
    let layouts = |name: &str| folder.join("layouts").join(name).to_str().unwrap().to_owned();
    let mut words = vec![
        "run".to_owned(),
        "--host=extended".to_owned(),
        "--offline".to_owned(),
        format!("--oci-layout=127.0.0.1:17021={}", layouts("referrers")),
        format!("--oci-layout=127.0.0.1:17022={}", layouts("noreferrers")),
        // The same registry by another name.
        format!("--oci-layout=localhost:17021={}", layouts("referrers")),
        "-r".to_owned(),
        file("resource.yaml"),
        "-s".to_owned(),
        file("policy.yaml"),
    ];
    if expected["trust"] == "tuf-cache" {
        words.push(format!("--trusted-root={}", folder.join("trust/trusted_root.json").display()));
    }
    let run = sigwarden(&words);
    // A policy that Kyverno refuses admits nothing there.
    let theirs = expected["admitted"].as_bool().unwrap_or(false);
    let ours = run.answer == Answer::Yes;
    let difference = match (theirs, ours) {
        (false, false) => None,
        (true, false) => Some(Difference::Stricter),
        (false, true) => Some(Difference::Weaker),
        (true, true) => {
            let object = created_object(&file("resource.yaml"));
            let pinned = digests(&images(patched(object, &run.json())));
            let wanted = digests(&expected_images(&expected));
            (pinned != wanted).then_some(Difference::Pins { theirs: wanted, ours: pinned })
        }
    };
    (difference, run.text())
}

fn created_object(path: &str) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    sigwarden::request::parse(&text, path).unwrap()["object"].take()
}

fn patched(mut object: Value, response: &Value) -> Value {
    let Some(patch) = response["patch"].as_str() else { return object };
    let operations: Vec<Value> = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
    for operation in operations {
        assert_eq!(operation["op"], "replace", "{operation}");
        *object.pointer_mut(operation["path"].as_str().unwrap()).unwrap() = operation["value"].clone();
    }
    object
}

/// The images of an object by `containers/name`, as in the expectations.
fn images(object: Value) -> BTreeMap<String, String> {
    let pod = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec", "/spec"];
    let spec = pod.iter().find_map(|pointer| object.pointer(pointer)).unwrap();
    let mut images = BTreeMap::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec[list].as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            images.insert(format!("{list}/{name}"), container["image"].as_str().unwrap_or_default().to_owned());
        }
    }
    images
}

fn expected_images(expected: &Value) -> BTreeMap<String, String> {
    let entries = expected["images_after"].as_object().unwrap();
    entries.iter().map(|(name, image)| (name.clone(), image.as_str().unwrap().to_owned())).collect()
}

/// The digests behind the references: how the rest is spelt is no difference.
fn digests(images: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let digest = |image: &String| image.split_once('@').map(|(_, digest)| digest.to_owned()).unwrap_or_default();
    images.iter().map(|(name, image)| (name.clone(), digest(image))).collect()
}
