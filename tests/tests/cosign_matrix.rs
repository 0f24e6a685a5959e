//! cosign and sigwarden side by side, on every question of the recorded matrix.

use sigwarden::commands::Answer;
use sigwarden_tests::questions::{Recorded, recorded};
use sigwarden_tests::{deny_module, scratch, sigwarden, sigwarden_on, top};
use std::fmt::Write as _;
use std::path::Path;

/// Where sigwarden deliberately says something else than cosign: question, client, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    // Stricter.
    ("v3-att-slsa1/attestation-as-signature", "cosign-v3", NO_SIGNATURE),
    ("x-v2sig-v3att/by-workflow", "cosign-v3", NO_SIGNATURE),
    ("v3-byo/chain-allowed", "cosign-v3", CHAIN),
    ("v3-byo-tsa/chain-allowed", "cosign-v3", CHAIN),
    ("v2-newbundle/signature", "cosign-v2", DSSE_002),
    ("v2-newbundle/attestation", "cosign-v2", DSSE_002),
    ("orgs/lookalike/pattern-without-slash", "cosign-v3", WHOLE),
    ("orgs/fork/pattern-of-any-owner", "cosign-v3", WHOLE),
    ("orgs/fork-legacy/pattern-of-any-owner", "cosign-v3", WHOLE),
    ("orgs/fork-legacy/pattern-of-any-owner", "cosign-v2", WHOLE),
    ("reusable/pinned/tag-by-release-pattern", "cosign-v3", WHOLE),
    // Sees more.
    ("v2-byo/ca-files", "cosign-v3", CA_FILES),
    ("v3-keyless-gha/as-bundle-without-timestamp", "cosign-v2", TIMESTAMPS),
    ("v2-oci11/by-tag", "cosign-v3", EVERY_CARRIER),
    ("v2-oci11/by-tag", "cosign-v2", EVERY_CARRIER),
    ("mixed-v2-v3/right-key", "cosign-v2", EVERY_CARRIER),
    ("x-v2sig-v3att/by-key", "cosign-v3", EVERY_CARRIER),
    ("x-v2a-v3b/key-a", "cosign-v3", EVERY_CARRIER),
    ("x-v2a-v3b/key-a", "cosign-v2", EVERY_CARRIER),
    ("v2-key-rsa2048-pss-attached/key-alone", "cosign-v3", PSS),
    ("v2-key-rsa2048-pss-attached/key-alone", "cosign-v2", PSS),
];

const CA_FILES: &str =
    "authorities that are named take the place of the trust root's; cosign 3 forgets them beside a trust root";
const NO_SIGNATURE: &str = "an attestation is not a signature, whoever made it; cosign 3 does not look at its type";
const CHAIN: &str = "a v0.3 bundle must hold one certificate and no chain (Sigstore bundle specification); cosign 3 reads it when told to";
const DSSE_002: &str = "Rekor v2 entries of kind dsse 0.0.2 were withdrawn before any release of Rekor v2 that is in use; cosign 3 refuses them too";
const WHOLE: &str = "regular expressions match the whole identity; cosign's match anywhere inside it";
const TIMESTAMPS: &str = "timestamps that are there are always used; cosign 2 wants --use-signed-timestamps";
const EVERY_CARRIER: &str = "tags, referrers and both formats are read for every signer; cosign looks at one of them";
const PSS: &str = "an RSA key's PSS signatures are its own as well; cosign's RSA verifier knows PKCS #1 v1.5 only";

fn difference(recorded: &Recorded) -> Option<&'static str> {
    let same = |(name, client, _): &&(&str, &str, &str)| *name == recorded.name && *client == recorded.client;
    DIFFERENCES.iter().find(same).map(|(_, _, reason)| *reason)
}

/// What sigwarden says to a question, in the words of the matrix.
fn ours(recorded: &Recorded, folder: &Path) -> Result<&'static str, String> {
    let run = sigwarden(&recorded.arguments(folder));
    match run.answer {
        Answer::Yes => Ok("accepted"),
        Answer::No => Ok("refused"),
        Answer::Unknown => Err(format!("{} ({}): no answer\n{}", recorded.name, recorded.client, run.text())),
    }
}

/// The table of `tests/fixtures/VERDICTS.md`: every scenario's verdict by cosign and by sigwarden.
///
/// `SIGWARDEN_UPDATE=1 make test` writes it; otherwise it must be as it is.
#[test]
fn every_verdict_is_cosigns_or_a_listed_difference() {
    let folder = scratch();
    let mut wrong = Vec::new();
    let mut table = String::new();
    let (mut agree, mut differ) = (0, 0);
    for recorded in recorded() {
        let verdict = ours(&recorded, folder.path()).unwrap_or_else(|error| {
            wrong.push(error);
            "no answer"
        });
        let agrees = verdict == recorded.verdict;
        match difference(&recorded) {
            Some(_) if agrees => {
                wrong.push(format!("{} ({}) is listed as a difference", recorded.name, recorded.client))
            }
            None if !agrees => wrong.push(format!(
                "{} ({}): cosign {} {}, sigwarden {verdict}",
                recorded.name, recorded.client, recorded.verdict, recorded.message
            )),
            _ => {}
        }
        agree += usize::from(agrees);
        differ += usize::from(!agrees);
        let remark = difference(&recorded).unwrap_or_default();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {verdict} | {remark} |",
            recorded.name, recorded.client, recorded.verdict
        );
    }
    assert!(wrong.is_empty(), "{} of the verdicts are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agree > 250, "hardly anything was asked: {agree}");

    let document = format!(
        "# Verdicts\n\nWhat real cosign said to each recorded question (`questions.json`), and what sigwarden says. {agree} agree, {differ} differ on \
         purpose.\nMade by the tests (`SIGWARDEN_UPDATE=1 make test`), which fail where it is not true.\n\n\
         | scenario and question | asked | cosign | sigwarden | why they differ |\n|---|---|---|---|---|\n{table}"
    );
    let path = top().join("tests/fixtures/VERDICTS.md");
    if std::env::var_os("SIGWARDEN_UPDATE").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == document, "VERDICTS.md is out of date: SIGWARDEN_UPDATE=1 make test");
}

#[test]
fn listed_differences_are_questions_that_exist() {
    let questions = recorded();
    for (name, client, reason) in DIFFERENCES {
        assert!(!reason.is_empty());
        assert!(questions.iter().any(|q| q.name == *name && q.client == *client), "no question {name} to {client}");
    }
}

#[test]
fn every_acceptance_is_the_modules_own() {
    let folder = scratch();
    let mut accepted = 0;
    for recorded in recorded() {
        if !recorded.accepted() || difference(&recorded).is_some() {
            continue;
        }
        let run = sigwarden_on(&deny_module(), &recorded.arguments(folder.path()));
        assert_eq!(run.answer, Answer::No, "{}: accepted without the policy:\n{}", recorded.name, run.text());
        accepted += 1;
    }
    assert!(accepted > 100, "only {accepted} were accepted to begin with");
}
