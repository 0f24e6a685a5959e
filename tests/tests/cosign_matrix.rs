//! cosign and sigwarden side by side, on every question of the recorded matrix.

use sigwarden::commands::Answer;
use sigwarden_tests::questions::{Recorded, recorded};
use sigwarden_tests::{deny_module, scratch, sigwarden, sigwarden_on};
use std::collections::BTreeMap;

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

#[test]
fn every_verdict_is_cosigns_or_a_listed_difference() {
    let folder = scratch();
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for recorded in recorded() {
        if let Some(what) = recorded.not_expressible() {
            *counts.entry(what).or_default() += 1;
            continue;
        }
        let run = sigwarden(&recorded.arguments(folder.path()));
        let agree = match run.answer {
            Answer::Yes => recorded.accepted(),
            Answer::No => !recorded.accepted(),
            Answer::Unknown => false,
        };
        let expected = difference(&recorded).is_none();
        if agree != expected {
            let is = if agree { "listed as a difference, but agrees" } else { "differs" };
            wrong.push(format!(
                "{} ({}) {is}: cosign {} {}\n{}",
                recorded.name,
                recorded.client,
                recorded.verdict,
                recorded.message,
                run.text()
            ));
        }
        *counts.entry(if agree { "agree" } else { "listed differences" }).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of the verdicts are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts["agree"] > 150, "hardly anything was asked: {counts:?}");
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
        if recorded.not_expressible().is_some() || !recorded.accepted() || difference(&recorded).is_some() {
            continue;
        }
        let run = sigwarden_on(&deny_module(), &recorded.arguments(folder.path()));
        assert_eq!(run.answer, Answer::No, "{}: accepted without the policy:\n{}", recorded.name, run.text());
        accepted += 1;
    }
    assert!(accepted > 100, "only {accepted} were accepted to begin with");
}
