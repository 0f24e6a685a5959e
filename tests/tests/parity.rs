//! The same verdict wherever evidence lies: in a layout, in a live registry, and published for a stock Kubewarden. Every question of the
//! recorded matrix is put to all three.

use sigwarden::commands::Answer;
use sigwarden_tests::questions::{Recorded, recorded};
use sigwarden_tests::registry::Registry;
use sigwarden_tests::{Run, fixture, scratch, sigwarden};
use std::collections::BTreeMap;

/// Questions that a stock host answers otherwise, and why.
const DIFFERENCES: &[(&str, &str)] = &[("v3-other-repo/there", OTHER_REPOSITORY)];
const OTHER_REPOSITORY: &str =
    "evidence that lies in another repository than the image is not collected by `sigwarden publish`";
/// Runs of a question whose time was up: a stock host's deadline is real time, and the machine may be busy.
const ATTEMPTS: usize = 5;

fn ask(words: &[String]) -> Run {
    let mut run = sigwarden(words);
    for _ in 1..ATTEMPTS {
        if !run.text().contains("SW1004") {
            break;
        }
        run = sigwarden(words);
    }
    run
}

/// The question with another place in which to look for the image.
fn looking_in(recorded: &Recorded, folder: &std::path::Path, place: &[String]) -> Vec<String> {
    let mut words = recorded.arguments(folder);
    let at = words.iter().position(|word| word == "--oci-layout").expect("a layout");
    words.splice(at..at + 2, place.iter().cloned());
    words
}

fn repository(recorded: &Recorded) -> &str {
    recorded.image.split('@').next().expect("an image by digest")
}

#[test]
fn a_live_registry_is_like_a_layout() {
    let folder = scratch();
    let mut wrong = Vec::new();
    for recorded in recorded() {
        if recorded.question.repository.is_some() {
            continue;
        }
        let layout = ask(&recorded.arguments(folder.path()));
        let name = recorded.layout.trim_start_matches("layouts/").replace('_', "-").to_lowercase();
        let registry = Registry::start().with(&name, fixture(&recorded.layout));
        let digest = recorded.image.split('@').nth(1).expect("an image by digest");
        let mut words = looking_in(&recorded, folder.path(), &["--insecure-registry".to_owned(), registry.host()]);
        words[1] = format!("{}/{name}@{digest}", registry.host());
        let live = ask(&words);
        if live.answer != layout.answer {
            wrong.push(format!(
                "{} ({}): {:?} in a layout, live {:?}: {}",
                recorded.name,
                recorded.client,
                layout.answer,
                live.answer,
                live.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn published_evidence_on_a_stock_host_is_like_a_layout() {
    let folder = scratch();
    let mut published: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut one_call = 0;
    for recorded in recorded() {
        let place = format!("{}={}", repository(&recorded), fixture(&recorded.layout));
        let number = published.len();
        let target = published.entry((recorded.image.clone(), recorded.layout.clone())).or_insert_with(|| {
            let target = folder.path().join(number.to_string()).display().to_string();
            let run = sigwarden(&["publish", &recorded.image, "--oci-layout", &place, "--to-layout", &target]);
            // An image without evidence has nothing to publish; then there is an empty place.
            assert_ne!(run.answer, Answer::Unknown, "{}: {}", recorded.name, run.text());
            std::fs::create_dir_all(&target).expect("a writable folder");
            if run.answer == Answer::No {
                let index = r#"{"schemaVersion":2,"manifests":[]}"#;
                std::fs::write(format!("{target}/index.json"), index).expect("a writable folder");
                std::fs::write(format!("{target}/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("writable");
            }
            target
        });
        let layout = ask(&recorded.arguments(folder.path()));
        let place = ["--oci-layout".to_owned(), format!("{}={target}", repository(&recorded))];
        let mut words = looking_in(&recorded, folder.path(), &place);
        words.extend(["--host".to_owned(), "kubewarden".to_owned(), "--verbose".to_owned()]);
        let stock = ask(&words);
        let is_listed = DIFFERENCES.iter().any(|(name, _)| *name == recorded.name);
        match stock.answer == layout.answer {
            true if is_listed => wrong.push(format!("{} is listed as a difference, and is none", recorded.name)),
            false if !is_listed => wrong.push(format!(
                "{} ({}): {:?} in a layout, published {:?}: {}",
                recorded.name,
                recorded.client,
                layout.answer,
                stock.answer,
                stock.text()
            )),
            _ => {}
        }
        let calls = stock.err.lines().filter(|line| line.contains("kubewarden/oci/")).count();
        if stock.answer == Answer::Yes {
            // What lies in another repository is not published: a look for it, and one for cosign 2's tag.
            let expected = if recorded.question.repository.is_some() { 2 } else { 1 };
            assert_eq!(calls, expected, "{}: one call brings everything: {}", recorded.name, stock.err);
            one_call += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(one_call > 200, "only {one_call} admissions");
}
