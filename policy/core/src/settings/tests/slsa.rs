//! `slsa` and `anySigner`: what is asked for, and who must have signed.

use super::*;
use serde_json::json;

fn settings(attestation: &Value) -> Value {
    json!({"verifyImages": [{"imageReferences": ["ghcr.io/o/r*"], "attestations": [attestation]}]})
}

fn problems(attestation: &Value) -> Vec<(String, String)> {
    let problems = Settings::parse(&settings(attestation)).map(|_| ()).expect_err("not to be accepted");
    problems.into_iter().map(|problem| (problem.path, problem.message)).collect()
}

const PATH: &str = "verifyImages[0].attestations[0]";

#[test]
fn the_signer_is_the_builder_where_nobody_else_is_named() {
    let own = "https://github.com/o/r/.github/workflows/w.yml";
    let generator =
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";
    let cases = [
        (json!({"sourceUri": "github.com/o/r"}), format!("{generator}@*")),
        (json!({"sourceUri": "github.com/o/r", "builderId": own}), format!("{own}@*")),
        (json!({"sourceUri": "github.com/o/r", "builderId": format!("{own}@v1")}), format!("{own}@*")),
    ];
    for (slsa, subject) in cases {
        let parsed = Settings::parse(&settings(&json!({ "slsa": slsa }))).unwrap();
        let rule = &parsed.verify_images[0].attestations[0];
        let [set] = rule.attestors.as_slice() else { panic!("{:?}", rule.attestors) };
        let [Attestor { kind: AttestorKind::Keyless(keyless), .. }] = set.entries.as_slice() else { panic!("{set:?}") };
        assert_eq!(keyless.subject.as_ref().map(|pattern| pattern.as_str()), Some(subject.as_str()), "{slsa}");
        let issuer = keyless.issuer.as_ref().map(|pattern| pattern.as_str());
        assert_eq!(issuer, Some("https://token.actions.githubusercontent.com"), "{slsa}");
        for (predicate_type, is_about) in [
            ("https://slsa.dev/provenance/v1", true),
            ("https://slsa.dev/provenance/v0.2", true),
            ("https://slsa.dev/provenance/v0.1", false),
        ] {
            assert_eq!(rule.is_about(predicate_type), is_about, "{slsa}, {predicate_type}");
        }
        assert!(rule.asks_of_predicate());
    }
}

#[test]
fn a_type_narrows_it() {
    let parsed = settings(&json!({"type": "https://slsa.dev/provenance/v1", "slsa": {"sourceUri": "github.com/o/r"}}));
    let rule = Settings::parse(&parsed).unwrap().verify_images.remove(0).attestations.remove(0);
    assert!(rule.is_about("https://slsa.dev/provenance/v1"));
    assert!(!rule.is_about("https://slsa.dev/provenance/v0.2"));
}

#[test]
fn what_makes_no_sense_is_told() {
    let entry = json!({"keyless": {"subject": "a@b", "issuer": "c"}});
    let attestors = json!([{"entries": [entry]}]);
    let cases = [
        ("no source", json!({"slsa": {}}), ".slsa", "`sourceUri` is missing"),
        ("source with a ref", json!({"slsa": {"sourceUri": "github.com/o/r@main"}}), ".slsa.sourceUri", "names a ref"),
        ("elsewhere", json!({"slsa": {"sourceUri": "gitlab.com/o/r"}}), ".slsa.sourceUri", "is not a repository"),
        (
            "no workflow",
            json!({"slsa": {"sourceUri": "github.com/o/r", "builderId": "https://cloudbuild.googleapis.com/x"}}),
            ".slsa.builderId",
            "is not a workflow of GitHub",
        ),
        (
            "a ref",
            json!({"slsa": {"sourceUri": "github.com/o/r", "sourceBranch": "refs/heads/main"}}),
            ".slsa.sourceBranch",
            "is a whole ref",
        ),
        (
            "no version",
            json!({"slsa": {"sourceUri": "github.com/o/r", "sourceVersionedTag": "latest"}}),
            ".slsa.sourceVersionedTag",
            "is not a version tag",
        ),
        (
            "misspelt",
            json!({"slsa": {"sourceUri": "github.com/o/r", "builder": "x"}}),
            ".slsa",
            "unknown field `builder`",
        ),
        (
            "another type",
            json!({"type": "https://spdx.dev/Document", "slsa": {"sourceUri": "github.com/o/r"}}),
            "",
            "`slsa` reads SLSA provenance",
        ),
        (
            "any signer and slsa",
            json!({"anySigner": true, "slsa": {"sourceUri": "github.com/o/r"}}),
            ".anySigner",
            "contradicts",
        ),
        (
            "any signer and attestors",
            json!({"type": "x", "anySigner": true, "attestors": attestors}),
            ".anySigner",
            "contradicts",
        ),
        ("no signer", json!({"type": "x", "anySigner": false}), "", "names no attestor"),
    ];
    for (name, attestation, path, message) in cases {
        let found = problems(&attestation);
        let expected = format!("{PATH}{path}");
        assert!(
            found.iter().any(|(at, text)| *at == expected && text.contains(message)),
            "case `{name}`: {expected}: {message} is not among {found:?}"
        );
    }
}

#[test]
fn any_signer_is_warned_of() {
    let parsed = Settings::parse(&settings(&json!({"type": "x", "anySigner": true}))).unwrap();
    let [warning] = parsed.warnings.as_slice() else { panic!("{:?}", parsed.warnings) };
    assert_eq!(warning.path, format!("{PATH}.anySigner"));
    assert!(warning.message.contains("anybody"), "{}", warning.message);
}
