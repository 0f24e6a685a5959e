//! sigstore-conformance's `bundle-verify` cases and other people's bundles, through `sigwarden verify-bundle`.

use sigwarden::commands::Answer;
use sigwarden_tests::{Run, corpus, deny_module, module, sigwarden_on};
use std::path::{Path, PathBuf};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn text(path: PathBuf) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn verify(module: &Path, case: &Path) -> Run {
    let path = |name: &str| case.join(name).to_str().unwrap().to_owned();
    let mut words = vec!["verify-bundle".to_owned(), "--bundle".to_owned(), path("bundle.sigstore.json")];
    if case.join("key.pub").exists() {
        words.extend(["--key".to_owned(), path("key.pub")]);
    } else {
        let identity = text(case.join("identity")).unwrap_or_else(|| IDENTITY.to_owned());
        let issuer = text(case.join("issuer")).unwrap_or_else(|| ISSUER.to_owned());
        words.extend(["--certificate-identity".to_owned(), identity, "--certificate-oidc-issuer".to_owned(), issuer]);
    }
    if case.join("trusted_root.json").exists() {
        words.extend(["--trusted-root".to_owned(), path("trusted_root.json")]);
    }
    let artifact = if case.join("artifact").exists() { case.join("artifact") } else { case.join("../a.txt") };
    words.push(artifact.to_str().unwrap().to_owned());
    sigwarden_on(module, &words)
}

fn cases(corpus: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("bundle.sigstore.json").exists()).collect();
    cases.sort();
    assert!(cases.len() > 20, "only {} cases", cases.len());
    cases
}

#[test]
fn every_case_is_right() {
    let Some(corpus) = corpus("conformance") else { return };
    let mut wrong = Vec::new();
    for case in cases(&corpus) {
        let name = case.file_name().unwrap().to_str().unwrap();
        let run = verify(&module(), &case);
        let wanted = if name.ends_with("_fail") { Answer::No } else { Answer::Yes };
        if run.answer != wanted {
            wrong.push(format!("{name}: {:?}\n{}", run.answer, run.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_the_policy_none_is_accepted() {
    let Some(corpus) = corpus("conformance") else { return };
    for case in cases(&corpus) {
        let run = verify(&deny_module(), &case);
        assert_eq!(run.answer, Answer::No, "{}: {}", case.display(), run.text());
    }
}
