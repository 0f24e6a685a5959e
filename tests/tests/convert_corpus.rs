//! Policies that others wrote, converted: each becomes Kubewarden policies whose settings the module accepts, or is refused
//! for a reason on the closed list. Everything else is a miss.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sigwarden::convert::report::{Note, Reason};
use sigwarden::convert::{Document, Options, convert, is_convertible, yaml};
use sigwarden::engine::Module;
use sigwarden::log::{Detail, Log};
use sigwarden::policy::Policy;
use sigwarden::policy_file;
use sigwarden::sources::Layouts;
use sigwarden_tests::{corpus, module};

/// What may stand in the way: keys and signatures out of reach, data that was not supplied, requests that Kubewarden cannot
/// tell apart, images in other places, other languages.
const CLOSED_LIST: [Reason; 8] = [
    Reason::Kms,
    Reason::Notary,
    Reason::Context,
    Reason::Match,
    Reason::Kinds,
    Reason::Cel,
    Reason::Cue,
    Reason::Rego,
];

/// Policies that admit unsigned images, by patterns that match more of them here.
const ADMITS_ANYBODY: &str = "__cip-static-pass.yaml";

/// Policies that their own product refuses, or by which it admits nothing: its tests say so.
const REFUSED_THERE: [&str; 4] =
    ["__invalid__", "__empty-authorities__", "__validation-checks__invalid-action__", "-wrong-cert-chain"];

/// What became of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Converted,
    /// By the closed list.
    Refused(Reason),
    /// Its own product refuses it too.
    Invalid,
    Missed(String),
}

#[test]
fn every_policy_is_converted_or_refused_for_a_good_reason() {
    let Some(folder) = corpus("policies") else { return };
    let log = Arc::new(Log::new(Detail::Notes));
    let layouts = Layouts::open(&[], Arc::clone(&log)).unwrap();
    let policy = Policy::new(Module::from_file(&module()).unwrap(), Arc::new(layouts), log);
    let mut outcomes: BTreeMap<(String, Outcome), Vec<String>> = BTreeMap::new();
    let mut converted_texts = 0_usize;
    for path in files(&folder) {
        let Ok(values) = policy_file::documents_of(&path) else { panic!("{} cannot be read", path.display()) };
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let documents: Vec<Document> = values.into_iter().map(|value| Document { file: file.clone(), value }).collect();
        for index in 0..documents.len() {
            let kind = documents[index].value["kind"].as_str().unwrap_or("settings").to_owned();
            let has_rules = !documents[index].value["spec"].is_null() || kind == "settings";
            if !is_convertible(&documents[index].value) || !has_rules || !is_about_images(&documents[index].value) {
                continue;
            }
            // What lies beside it in the file (ConfigMaps, TrustRoots) is supplied; other policies are converted by themselves.
            let beside = |(other, document): &(usize, &Document)| *other == index || !is_convertible(&document.value);
            let input: Vec<Document> =
                documents.iter().enumerate().filter(beside).map(|(_, document)| document.clone()).collect();
            let outcome = outcome(&input, &file, &policy, &mut converted_texts);
            outcomes.entry((kind, outcome)).or_default().push(file.clone());
        }
    }
    let mut missed = Vec::new();
    for ((kind, outcome), files) in &outcomes {
        println!("{kind:32} {:3} {outcome:?}", files.len());
        if matches!(outcome, Outcome::Missed(_)) {
            missed.push(format!("{kind} {outcome:?}: {}", files.join(", ")));
        }
    }
    assert!(outcomes.len() > 4, "the corpus has other kinds of policies");
    assert!(converted_texts > 0, "nothing was converted");
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Whether a Kyverno policy has rules about images at all.
fn is_about_images(document: &Value) -> bool {
    match document["spec"]["rules"].as_array() {
        Some(rules) if document["apiVersion"].as_str().unwrap_or_default().starts_with("kyverno.io/") => {
            rules.iter().any(|rule| !rule["verifyImages"].is_null())
        }
        _ => true,
    }
}

fn outcome(input: &[Document], file: &str, policy: &Policy, converted_texts: &mut usize) -> Outcome {
    let conversion = convert(input, &Options::default());
    if conversion.is_refused() {
        let reasons: BTreeSet<Reason> = conversion
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Refused { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect();
        if REFUSED_THERE.iter().any(|part| file.contains(part)) {
            return Outcome::Invalid;
        }
        if file.ends_with(ADMITS_ANYBODY) && reasons.contains(&Reason::Anybody) {
            return Outcome::Refused(Reason::Anybody);
        }
        if let Some(good) = reasons.iter().find(|reason| CLOSED_LIST.contains(reason)) {
            return Outcome::Refused(*good);
        }
        if let Some(other) = reasons.first() {
            let what: Vec<String> = conversion
                .notes
                .iter()
                .filter_map(|note| match note {
                    Note::Refused { reason, path, message, .. } if reason == other => {
                        Some(format!("{path}: {message}"))
                    }
                    _ => None,
                })
                .collect();
            return Outcome::Missed(what.join("; "));
        }
        unreachable!("a conversion is refused for a reason");
    }
    let written = conversion.policies();
    if written.is_empty() {
        return Outcome::Missed("nothing came out".to_owned());
    }
    // What is printed is what is read, and the module accepts it.
    let text = yaml::documents(written.iter().map(|one| (one.comment.as_str(), &one.policy)));
    for (document, one) in policy_documents(&text).iter().zip(&written) {
        assert_eq!(document, &one.policy.to_value(), "{file}:\n{text}");
        let verdict = policy.validate_settings(&document["spec"]["settings"]).unwrap();
        if !verdict.valid {
            return Outcome::Missed(format!("the module refuses: {}", verdict.message.unwrap_or_default()));
        }
        *converted_texts += 1;
    }
    Outcome::Converted
}

fn policy_documents(text: &str) -> Vec<Value> {
    let folder = sigwarden_tests::scratch();
    let path = sigwarden_tests::write(folder.path(), "policies.yaml", text);
    policy_file::documents_of(Path::new(&path)).unwrap()
}
