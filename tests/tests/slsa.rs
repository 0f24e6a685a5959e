//! SLSA provenance in words, on evidence that real cosign and a real Fulcio made: who built the image, and from what.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, deny_module, fixture, module, scratch, sigwarden_on, write};
use std::path::Path;

fn ask(module: &Path, image: &str, attestation: &Value) -> Run {
    let folder = scratch();
    let policy = json!({"verifyImages": [{"imageReferences": ["ghcr.io/*"], "attestations": [attestation]}]});
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let layout = format!("ghcr.io={}", fixture("layouts/referrers"));
    let root = fixture("trust/trusted_root.json");
    let words = ["verify", image, "--policy", &policy, "--oci-layout", &layout, "--trusted-root", &root, "-o", "json"];
    sigwarden_on(module, &words)
}

const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// The story's image, built through slsa-github-generator (v0.2), and a GitHub artifact attestation (v1).
#[test]
fn each_question_right_and_wrong() {
    let generated = "ghcr.io/myorg/generated:2.0";
    let attested = "ghcr.io/github/public:v1";
    let workflow = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml";
    let octo = |more: Value| {
        let mut slsa = json!({"builderId": workflow, "sourceUri": "github.com/octo-org/octo-repo"});
        slsa.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "slsa": slsa })
    };
    let cases = [
        (generated, json!({"slsa": {"sourceUri": "github.com/myorg/app"}}), ""),
        (generated, json!({"slsa": {"sourceUri": "github.com/myorg/ap"}}), "SW5006"),
        (generated, json!({"slsa": {"sourceUri": "github.com/myorg/app", "sourceBranch": "main"}}), ""),
        (generated, json!({"slsa": {"sourceUri": "github.com/myorg/app", "sourceBranch": "maim"}}), "SW5006"),
        (generated, json!({"slsa": {"sourceUri": "github.com/myorg/app", "sourceTag": "v2"}}), "SW5006"),
        (
            generated,
            json!({"type": "https://slsa.dev/provenance/v0.2", "slsa": {"sourceUri": "github.com/myorg/app"}}),
            "",
        ),
        (
            generated,
            json!({"type": "https://slsa.dev/provenance/v1", "slsa": {"sourceUri": "github.com/myorg/app"}}),
            "SW5001",
        ),
        (attested, octo(json!({})), ""),
        (attested, octo(json!({"builderId": workflow.replace("release", "build")})), "SW5005"),
        (attested, octo(json!({"builderId": format!("{workflow}@refs/heads/main")})), ""),
        (attested, octo(json!({"builderId": format!("{workflow}@refs/heads/mai")})), "SW5006"),
        (attested, octo(json!({"sourceUri": "github.com/octo-org/octo-rep"})), "SW5006"),
        (attested, octo(json!({"sourceBranch": "main"})), ""),
        (attested, octo(json!({"sourceBranch": "mai"})), "SW5006"),
        (attested, octo(json!({"buildType": "https://actions.github.io/buildtypes/workflow/v1"})), ""),
        (attested, octo(json!({"buildType": "https://actions.github.io/buildtypes/workflow/v2"})), "SW5006"),
        (attested, json!({"slsa": {"sourceUri": "github.com/octo-org/octo-repo"}}), "SW5005"),
        // A condition on top of it.
        (
            generated,
            json!({"slsa": {"sourceUri": "github.com/myorg/app"}, "conditions": [{"all": [
                {"key": "{{ invocation.configSource.entryPoint }}", "operator": "Equals", "value": ".github/workflows/release.yml"},
            ]}]}),
            "",
        ),
        (
            generated,
            json!({"slsa": {"sourceUri": "github.com/myorg/app"}, "conditions": [{"all": [
                {"key": "{{ invocation.configSource.entryPoint }}", "operator": "Equals", "value": ".github/workflows/other.yml"},
            ]}]}),
            "SW5003",
        ),
    ];
    for (image, attestation, code) in cases {
        let run = ask(&module(), image, &attestation);
        let expected = if code.is_empty() { Answer::Yes } else { Answer::No };
        assert_eq!(run.answer, expected, "{image}, {attestation}: {}", run.text());
        assert_eq!(run.codes(), code, "{image}, {attestation}: {}", run.text());
        if expected == Answer::Yes {
            let denied = ask(&deny_module(), image, &attestation);
            assert_eq!(denied.answer, Answer::No, "{image}, {attestation}: {}", denied.text());
        }
    }
}

/// Provenance that names our workflow as its builder, made by somebody on a laptop.
#[test]
fn forged_provenance_is_not_the_builders() {
    let slsa = json!({
        "builderId": "https://github.com/myorg/app/.github/workflows/release.yml", "sourceUri": "github.com/myorg/app",
    });
    for (attestation, image, code) in [
        (json!({ "slsa": slsa }), "ghcr.io/myorg/app:1.4.2", ""),
        (json!({ "slsa": slsa }), "ghcr.io/myorg/app:laptop", "SW5005"),
        // Even where the rule itself names the forger, her certificate says nothing of a build.
        (
            json!({"slsa": slsa, "attestors": [{"entries": [{"keyless": {"subject": "*@*", "issuer": "*"}}]}]}),
            "ghcr.io/myorg/app:laptop",
            "SW5006",
        ),
    ] {
        let run = ask(&module(), image, &attestation);
        assert_eq!(run.codes(), code, "{image}, {attestation}: {}", run.text());
        assert_eq!(run.answer, if code.is_empty() { Answer::Yes } else { Answer::No }, "{}", run.text());
    }
}

#[test]
fn any_signer_accepts_whoever_has_a_certificate() {
    let provenance = "https://slsa.dev/provenance/v1";
    let named = json!({"type": provenance, "attestors": [{"entries": [{"keyless": {
        "subject": "https://github.com/myorg/*", "issuer": GITHUB, "rekor": {"url": "https://rekor.sigstore.dev"},
    }}]}]});
    let cases = [
        ("ghcr.io/myorg/app:laptop", json!({"type": provenance, "anySigner": true}), Answer::Yes),
        ("ghcr.io/myorg/app:laptop", named, Answer::No),
        ("ghcr.io/myorg/debug:1.2", json!({"type": provenance, "anySigner": true}), Answer::No),
        ("ghcr.io/myorg/app:laptop", json!({"type": provenance, "anySigner": false}), Answer::Unknown),
    ];
    for (image, attestation, answer) in cases {
        let run = ask(&module(), image, &attestation);
        assert_eq!(run.answer, answer, "{image}, {attestation}: {}", run.text());
    }
}
