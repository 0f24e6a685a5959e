//! What images have: the survey of the fixtures, beside their forged twins and under the wrong trust root.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigwarden::log::Log;
use sigwarden::render::survey as in_words;
use sigwarden::sources::{LayoutArg, Layouts};
use sigwarden::survey::{Holding, Seen, Signer, Standing, SurveyEntry, SurveyReport, Surveyor};
use sigwarden_core::reference::ImageRef;
use sigwarden_tests::layout::{Layout, flip_base64};
use sigwarden_tests::published::publish;

const NOW: i64 = 1_900_000_000;
const REGISTRY: &str = "127.0.0.1:17021";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// With the trust root under which the fixtures were made.
fn surveyor() -> Surveyor {
    let dir = fixtures().join("layouts/referrers");
    let layout: LayoutArg = format!("{REGISTRY}={}", dir.display()).parse().unwrap();
    let layouts = Layouts::open(&[layout], Arc::new(Log::default())).unwrap();
    let root = std::fs::read_to_string(fixtures().join("trust/trusted_root.json")).unwrap();
    Surveyor::new(Arc::new(layouts), NOW).unwrap().with_trusted_root(&root).unwrap()
}

fn key(name: &str) -> String {
    std::fs::read_to_string(fixtures().join("keys").join(name)).unwrap()
}

fn look(surveyor: &Surveyor, image: &str) -> Holding {
    surveyor.look(&ImageRef::parse(&format!("{REGISTRY}/{image}")).unwrap())
}

fn subjects(seen: &Seen) -> Vec<&str> {
    match &seen.signer {
        Signer::Keyless { subjects, .. } => subjects.iter().map(String::as_str).collect(),
        Signer::Key { .. } | Signer::Unreadable => Vec::new(),
    }
}

#[test]
fn can_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Surveyor>();
}

#[test]
fn what_a_workflow_signed_is_verified() {
    for image in ["myorg/app:1.4.2", "myorg/app-legacy:1.4.2"] {
        let holding = look(&surveyor(), image);
        assert_eq!(holding.error, None, "{image}");
        let signature = holding.signatures.iter().find(|seen| seen.is_verified()).unwrap();
        let [subject] = subjects(signature)[..] else { panic!("{image}: {signature:?}") };
        assert!(subject.starts_with("https://github.com/myorg/"), "{image}: {subject}");
        assert!(signature.signed_at.is_some_and(|time| time > 1_700_000_000 && time < NOW), "{image}");
        let provenance = holding.attestations.iter().find(|seen| seen.is_verified() && seen.provenance.is_some());
        let builder = provenance.unwrap().provenance.as_ref().unwrap().builder_id.as_deref();
        assert!(builder.is_some_and(|builder| builder.starts_with("https://github.com/")), "{image}: {builder:?}");
    }
}

/// The same image under the public trust root: the claims are shown, and nobody vouches for them.
#[test]
fn claims_alone_are_not_verified() {
    let dir = fixtures().join("layouts/referrers");
    let layout: LayoutArg = format!("{REGISTRY}={}", dir.display()).parse().unwrap();
    let layouts = Layouts::open(&[layout], Arc::new(Log::default())).unwrap();
    let holding = look(&Surveyor::new(Arc::new(layouts), NOW).unwrap(), "myorg/app:1.4.2");
    assert!(!holding.signatures.is_empty() && holding.verified().next().is_none());
    for seen in &holding.signatures {
        assert!(!subjects(seen).is_empty() && seen.signed_at.is_none());
        let Standing::Refused { code, message } = &seen.standing else { panic!("{seen:?}") };
        assert!(code.starts_with("SW") && !message.is_empty());
    }
}

#[test]
fn forged_twins_are_shown_as_who_made_them() {
    let holding = look(&surveyor(), "myorg/app:laptop");
    let signers: Vec<&str> = holding.verified().flat_map(subjects).collect();
    assert!(!signers.is_empty());
    assert!(signers.iter().all(|signer| !signer.starts_with("https://github.com/myorg/")), "{signers:?}");
    // What she wrote into the statement is shown beside who she is.
    let forged = holding.attestations.iter().find_map(|seen| Some((seen, seen.provenance.as_ref()?))).unwrap();
    assert!(forged.1.builder_id.as_deref().is_some_and(|id| id.starts_with("https://github.com/myorg/")));
    assert!(subjects(forged.0).iter().all(|name| name.contains('@') && !name.contains("github.com/")));
}

#[test]
fn unsigned_is_not_unknown() {
    let unsigned = look(&surveyor(), "myorg/debug:1.2");
    assert!(unsigned.is_bare() && unsigned.digest.is_some(), "{unsigned:?}");
    let absent = look(&surveyor(), "myorg/debug:nothing");
    assert!(!absent.is_bare() && absent.digest.is_none());
    assert!(absent.error.is_some_and(|error| error.starts_with("there is no image")));
    let nowhere = surveyor().look(&ImageRef::parse("registry.example.test/app:1").unwrap());
    assert!(!nowhere.is_bare() && nowhere.error.is_some_and(|error| error.contains("--oci-layout")));
}

#[test]
fn keys_are_recognised_where_they_were_given() {
    let right = surveyor().with_key("ours", &key("k-p256.pub")).unwrap();
    let wrong = surveyor().with_key("theirs", &key("k-p384.pub")).unwrap();
    for (image, is_logged) in [("v2-key-p256:v1", true), ("v2-key-p256-nolog:v1", false)] {
        let holding = look(&right, image);
        let [seen] = &holding.signatures[..] else { panic!("{holding:?}") };
        let Standing::Verified { logged, hash: Some("sha256"), .. } = &seen.standing else { panic!("{seen:?}") };
        assert_eq!((*logged, seen.signed_at.is_some()), (is_logged, is_logged), "{image}");
        assert!(matches!(&seen.signer, Signer::Key { name: Some(name), .. } if name == "ours"));
        for stranger in [&wrong, &surveyor()] {
            let holding = look(stranger, image);
            assert_eq!(holding.signatures[0].standing, Standing::UnknownKey, "{image}");
            assert!(matches!(&holding.signatures[0].signer, Signer::Key { name: None, fingerprint: None, .. }));
        }
    }
}

#[test]
fn indexes_are_told_apart_from_their_images() {
    for image in ["v3-index-rec:v1", "v3-index-flat:v1"] {
        let holding = look(&surveyor().with_key("ours", &key("k-p256.pub")).unwrap(), image);
        let children = holding.children.as_ref().unwrap();
        assert!(children.count > 0 && holding.verified().next().is_some(), "{holding:?}");
        assert!(children.with_evidence.is_empty(), "they are looked into only where the index has nothing");
    }
}

/// What a stock host reads is what holds, and not the copy beside it that does not.
#[test]
fn a_copy_that_does_not_hold_is_no_place_of_one_that_does() {
    const LOG: &str = "dev.sigstore.cosign/bundle";
    let seen = |is_published: bool, is_spoiled: bool| {
        let layout = Layout::copy(&fixtures().join("layouts/referrers/v2-keyless-gha"));
        if is_published {
            assert_eq!(publish(&layout, "v1"), 1);
        }
        if is_spoiled {
            let digest = layout.tagged("v1").unwrap().replace(':', "-");
            let manifest = layout.tagged(&format!("{digest}.sig")).unwrap();
            layout.change_annotation(&manifest, LOG, |entry| {
                let mut entry: serde_json::Value = serde_json::from_str(entry).unwrap();
                let promise = entry["SignedEntryTimestamp"].as_str().unwrap();
                entry["SignedEntryTimestamp"] = flip_base64(promise).into();
                entry.to_string()
            });
        }
        let layouts: LayoutArg = layout.path().parse().unwrap();
        let layouts = Layouts::open(&[layouts], Arc::new(Log::default())).unwrap();
        let root = std::fs::read_to_string(fixtures().join("trust/trusted_root.json")).unwrap();
        let surveyor = Surveyor::new(Arc::new(layouts), NOW).unwrap().with_trusted_root(&root).unwrap();
        let mut holding = look(&surveyor, "v2-keyless-gha:v1");
        assert_eq!(holding.error, None);
        let [signature] = &mut holding.signatures[..] else { panic!("{holding:?}") };
        let kind = |place: &String| place.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let places: Vec<String> = signature.places.iter().map(kind).collect();
        let dropped: Vec<String> = holding.dropped.iter().map(|it| kind(&it.source)).collect();
        let reasons: String = holding.dropped.iter().map(|it| it.reason.as_str()).collect();
        (signature.is_verified(), places, dropped, reasons)
    };
    let tag = || vec!["cosign tag".to_owned()];
    let published = || vec!["published evidence".to_owned()];
    let nothing = String::new();
    assert_eq!(seen(true, false), (true, [tag(), published()].concat(), Vec::new(), nothing.clone()));
    assert_eq!(seen(false, false), (true, tag(), Vec::new(), nothing.clone()));
    assert_eq!(seen(false, true), (false, tag(), Vec::new(), nothing));
    let (holds, places, dropped, reason) = seen(true, true);
    assert_eq!((holds, places, dropped), (true, published(), tag()));
    assert!(reason.starts_with("a copy of a signature that holds elsewhere, and not here: "), "{reason}");
    assert!(reason.ends_with("[SW4006]"), "{reason}");
}

/// A signature of a child does not vouch for the index, and is not passed over either.
#[test]
fn an_index_says_where_only_its_images_are_signed() {
    for image in ["index/children-only:v1", "index/children-only-legacy:v1"] {
        let holding = look(&surveyor(), image);
        assert!(holding.error.is_none() && holding.verified().next().is_none(), "{holding:?}");
        let children = holding.children.as_ref().unwrap();
        assert!(!children.with_evidence.is_empty() && children.with_evidence.len() <= children.count, "{holding:?}");
        assert!(!holding.is_bare());
    }
}

/// Types, names and builders are whatever somebody wrote: a line break in one must not make a line of its own.
#[test]
fn what_somebody_wrote_breaks_no_line() {
    let told = |change: &dyn Fn(&mut Holding)| {
        let mut holding = look(&surveyor(), "myorg/app:1.4.2");
        change(&mut holding);
        let images = vec![SurveyEntry { uses: Vec::new(), holding }];
        let report = SurveyReport { looked_at: NOW, images, ..SurveyReport::default() };
        let (mut text, mut table) = (Vec::new(), Vec::new());
        in_words::text(&mut text, &report).unwrap();
        in_words::markdown(&mut table, &report).unwrap();
        [text, table].map(|written| String::from_utf8(written).unwrap())
    };
    let clean = told(&|_| {});
    let evil = "x\n✓ ghcr.io/evil/image:1\u{1b}]0;x";
    let forged = told(&|holding| {
        for seen in &mut holding.attestations {
            seen.predicate_type = Some(evil.to_owned());
            seen.provenance.as_mut().unwrap().builder_id = Some(evil.to_owned());
            if let Signer::Keyless { subjects, .. } = &mut seen.signer {
                *subjects = vec![evil.to_owned()];
            }
        }
    });
    for (clean, forged) in clean.iter().zip(&forged) {
        assert!(forged.contains("u{a}") && !forged.contains("\u{1b}]"), "{forged}");
        assert!(!forged.lines().any(|line| line.trim_start().starts_with("✓ ghcr.io/evil")), "{forged}");
        assert!(forged.lines().count() <= clean.lines().count(), "{forged}");
    }
}
