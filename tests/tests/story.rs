//! The story, on images that real cosign signed: what is admitted, what is refused, what is pinned, and that the advice
//! in a refusal is good advice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, advised_attestations, deny_module, fixture, module, scratch, sigwarden_on, top, write};
use std::path::Path;

const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Where the story's images lie, and whom to believe about them.
fn world() -> Vec<String> {
    let myorg = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let redis = format!("docker.io/bitnami/redis={}", fixture("layouts/referrers/thirdparty/redis"));
    ["--oci-layout", &myorg, "--oci-layout", &redis, "--trusted-root", &fixture("trust/trusted_root.json")]
        .map(str::to_owned)
        .to_vec()
}

fn with_world(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain(world()).collect()
}

fn verify(module: &Path, image: &str, policy: &Value) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    sigwarden_on(module, &with_world(&["verify", image, "--policy", &policy, "-o", "json"]))
}

fn run(module: &Path, request: &Value, policy: &Value) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "settings.json", policy.to_string());
    let request = write(folder.path(), "request.json", request.to_string());
    sigwarden_on(module, &with_world(&["run", "--host", "extended", "-r", &request, "-s", &policy]))
}

fn demo(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(top().join("demo").join(name)).unwrap()).unwrap()
}

fn signed_by_our_workflows() -> Value {
    json!({
        "imageReferences": ["ghcr.io/myorg/*"],
        "attestors": [{"entries": [{"keyless": {
            "subject": "https://github.com/myorg/*", "issuer": ISSUER, "rekor": {"url": "https://rekor.sigstore.dev"},
        }}]}],
    })
}

#[test]
fn what_our_workflow_signed_is_admitted_and_pinned() {
    let policy = json!({"verifyImages": [signed_by_our_workflows()]});
    for image in ["ghcr.io/myorg/app:1.4.2", "ghcr.io/myorg/app-legacy:1.4.2", "ghcr.io/myorg/generated:2.0"] {
        let run = verify(&module(), image, &policy);
        assert_eq!(run.answer, Answer::Yes, "{image}: {}", run.text());
        let report = &run.json()["explanation"]["images"][0];
        assert_eq!(report["pinned"], format!("{image}@{}", report["digest"].as_str().unwrap()));
        assert_eq!(verify(&deny_module(), image, &policy).answer, Answer::No, "{image} without the policy");
    }
    let refused = [
        ("ghcr.io/myorg/app:laptop", "SW4002"),
        ("ghcr.io/myorg/debug:1.2", "SW4001"),
        ("ghcr.io/myorg/app:9", "SW3002"),
    ];
    for (image, code) in refused {
        let run = verify(&module(), image, &policy);
        assert_eq!(run.answer, Answer::No, "{image}: {}", run.text());
        assert_eq!(run.codes(), code, "{image}");
    }
}

#[test]
fn an_unsigned_init_container_refuses_the_pod() {
    let policy = json!({"verifyImages": [signed_by_our_workflows()]});
    let mut request = demo("pod-with-init-container.json");
    let run_1 = run(&module(), &request, &policy);
    assert_eq!(run_1.answer, Answer::No);
    let message = run_1.json()["status"]["message"].as_str().unwrap().to_owned();
    for part in
        ["Pod staging/web", "initContainers[0] debug", "ghcr.io/myorg/debug:1.2", "nobody signed this image", "SW4001"]
    {
        assert!(message.contains(part), "`{part}` is missing: {message}");
    }
    assert!(!message.contains("ghcr.io/myorg/app"), "the good image is not to blame: {message}");

    // The twin without it.
    request["object"]["spec"].as_object_mut().unwrap().remove("initContainers");
    assert_eq!(run(&module(), &request, &policy).answer, Answer::Yes);
    assert_eq!(run(&deny_module(), &request, &policy).answer, Answer::No);
}

#[test]
fn a_third_partys_image_is_pinned_and_nothing_else_is_touched() {
    let policy = json!({"verifyImages": [signed_by_our_workflows(), {
        "imageReferences": ["docker.io/bitnami/*"], "mutateDigest": true, "verifyDigest": true, "required": false,
    }]});
    let mut request = demo("deployment-with-redis.json");
    // What a typed decoder would drop, reorder or round.
    request["object"]["spec"]["template"]["spec"]["x-unknown"] =
        serde_json::from_str(r#"{"a~b/c": [1.0, 1e3, 12345678901234567890, null], "": {}}"#).unwrap();
    let answer = run(&module(), &request, &policy);
    assert_eq!(answer.answer, Answer::Yes, "{}", answer.text());
    let patch = STANDARD.decode(answer.json()["patch"].as_str().unwrap()).unwrap();
    let patch: Vec<Value> = serde_json::from_slice(&patch).unwrap();
    let mut paths: Vec<_> = patch.iter().map(|op| op["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/spec/template/spec/containers/0/image", "/spec/template/spec/containers/1/image",]);
    for operation in &patch {
        assert_eq!(operation["op"], "replace");
        let image = operation["value"].as_str().unwrap();
        assert!(image.starts_with("bitnami/redis:7.2@sha256:") || image.starts_with("ghcr.io/myorg/app:1.4.2@sha256:"));
    }
    // Audited and mutation-free twins are not patched; without mutation the tag is refused.
    let validating = json!({"mutate": false, "verifyImages": policy["verifyImages"]});
    let answer = run(&module(), &request, &validating);
    assert_eq!(answer.answer, Answer::No);
    assert!(answer.json()["status"]["message"].as_str().unwrap().contains("SW3006"), "{}", answer.text());
}

#[test]
fn updates_are_verified_but_what_did_not_change_is_not_patched() {
    let policy = json!({"verifyImages": [signed_by_our_workflows()]});
    let mut request = demo("pod-with-init-container.json");
    request["object"]["spec"].as_object_mut().unwrap().remove("initContainers");
    request["operation"] = "UPDATE".into();
    request["oldObject"] = request["object"].clone();
    let unchanged = run(&module(), &request, &policy);
    assert_eq!(unchanged.answer, Answer::Yes, "{}", unchanged.text());
    assert!(unchanged.json().get("patch").is_none_or(Value::is_null), "{}", unchanged.text());

    request["object"]["spec"]["containers"][0]["image"] = "ghcr.io/myorg/app:laptop".into();
    assert_eq!(run(&module(), &request, &policy).answer, Answer::No, "a changed image is verified");
    request["oldObject"] = request["object"].clone();
    assert_eq!(run(&module(), &request, &policy).answer, Answer::No, "an unchanged one too");
    request["object"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    assert_eq!(run(&module(), &request, &policy).answer, Answer::Yes, "what is being deleted may go");
    request["operation"] = "DELETE".into();
    assert_eq!(run(&module(), &request, &policy).answer, Answer::Yes, "DELETE");
}

#[test]
fn a_forged_provenance_does_not_help_a_laptop() {
    let mut block = signed_by_our_workflows();
    block["attestations"] = json!([{
        "type": "https://slsa.dev/provenance/v1",
        "conditions": [{"all": [{
            "key": "{{ buildDefinition.buildType }}", "operator": "Equals",
            "value": "https://actions.github.io/buildtypes/workflow/v1",
        }]}],
    }]);
    let policy = json!({"verifyImages": [block]});
    for (image, answer) in [("ghcr.io/myorg/app:1.4.2", Answer::Yes), ("ghcr.io/myorg/app:laptop", Answer::No)] {
        let run = verify(&module(), image, &policy);
        assert_eq!(run.answer, answer, "{image}: {}", run.text());
    }
    // Who forged it could be asked for, and would be found.
    let mut forger = policy.clone();
    let keyless = json!({"subject": "mallory@example.test", "issuer": "*"});
    forger["verifyImages"][0]["attestors"][0]["entries"][0]["keyless"] = keyless;
    assert_eq!(verify(&module(), "ghcr.io/myorg/app:laptop", &forger).answer, Answer::Yes);
    assert_eq!(verify(&module(), "ghcr.io/myorg/app:1.4.2", &forger).answer, Answer::No);
}

/// A rule for provenance that slsa-github-generator does not make for containers: another version, another build type.
fn npm_provenance() -> Value {
    let mut block = signed_by_our_workflows();
    block["attestations"] = json!([{
        "type": "https://slsa.dev/provenance/v1",
        "conditions": [{"all": [{
            "key": "{{ buildDefinition.buildType }}", "operator": "Equals",
            "value": "https://github.com/npm/cli/gha/v2",
        }]}],
    }]);
    json!({"verifyImages": [block]})
}

#[test]
fn the_advice_for_a_rule_that_cannot_match_is_the_rule_that_does() {
    let image = "ghcr.io/myorg/generated:2.0";
    let run = verify(&module(), image, &npm_provenance());
    assert_eq!(run.answer, Answer::No);
    let finding = run.finding("SW5002");
    let text = finding.to_string();
    for part in [
        "https://slsa.dev/provenance/v1",
        "https://github.com/npm/cli/gha/v2",
        "https://slsa.dev/provenance/v0.2",
        "https://github.com/slsa-framework/slsa-github-generator/container@v1",
    ] {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
    // Carry it out: what it prints replaces the rule's attestations.
    let yaml = advised_attestations(&finding);
    let policy = format!(
        "verifyImages:\n- imageReferences: [\"ghcr.io/myorg/*\"]\n  attestors:\n  - entries:\n    - keyless:\n        \
         subject: https://github.com/myorg/*\n        issuer: {ISSUER}\n{yaml}"
    );
    let folder = scratch();
    let policy = write(folder.path(), "policy.yaml", policy);
    let advised = with_world(&["verify", image, "--policy", &policy, "-o", "json"]);
    let run = sigwarden_on(&module(), &advised);
    assert_eq!(run.answer, Answer::Yes, "{yaml}\n{}", run.text());
    // It admits this build, and not the laptop's.
    let laptop = with_world(&["verify", "ghcr.io/myorg/app:laptop", "--policy", &policy]);
    assert_eq!(sigwarden_on(&module(), &laptop).answer, Answer::No);
}

#[test]
fn the_generator_speaks_only_for_who_called_it() {
    let mut policy = npm_provenance();
    policy["verifyImages"][0]["attestations"] = json!([{"type": "https://slsa.dev/provenance/v0.2"}]);
    let image = "ghcr.io/myorg/generated:2.0";
    assert_eq!(verify(&module(), image, &policy).answer, Answer::Yes);
    // The same image signature, but provenance asked of somebody who did not call the generator.
    policy["verifyImages"][0]["attestations"][0]["attestors"] = json!([{"entries": [{"keyless": {
        "subject": "https://github.com/myorg/*", "issuer": ISSUER,
    }}]}]);
    let run = verify(&module(), image, &policy);
    assert_eq!(run.answer, Answer::No, "a rule's own attestors are taken at their word");
    assert_eq!(run.codes(), "SW5005");
}

#[test]
fn an_elided_list_is_an_error() {
    let yaml = "verifyImages:\n- imageReferences: [\"ghcr.io/myorg/*\"]\n  attestors: # ...\n  attestations:\n  - type: https://slsa.dev/provenance/v1\n";
    let folder = scratch();
    let policy = write(folder.path(), "policy.yaml", yaml);
    let run = sigwarden_on(&module(), &with_world(&["verify", "ghcr.io/myorg/app:1.4.2", "--policy", &policy]));
    assert_eq!(run.answer, Answer::Unknown);
    assert!(run.err.contains("verifyImages[0].attestors") && run.err.contains("elided"), "{}", run.text());
}

#[test]
fn the_tree_and_the_clusters_answer_are_one() {
    use sigwarden::{engine::Module, log::Log, policy::Policy, sources::Layouts};
    use std::sync::Arc;
    let log = Arc::new(Log::default());
    let mappings = world();
    let layouts: Vec<_> = mappings.iter().filter(|word| word.contains('=')).map(|word| word.parse().unwrap()).collect();
    let layouts = Layouts::open(&layouts, Arc::clone(&log)).unwrap();
    let policy = Policy::new(Module::from_file(&module()).unwrap(), Arc::new(layouts), log);
    let root: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("trust/trusted_root.json")).unwrap()).unwrap();
    let settings = json!({
        "verifyImages": [signed_by_our_workflows()], "trustRoots": {"sigstore": root}, "evidence": {"extended": true},
    });
    let mut admitted = 0;
    for name in ["pod-with-init-container.json", "deployment-with-redis.json"] {
        let mut request = demo(name);
        for _ in 0..2 {
            let response = policy.validate(&request, &settings).unwrap();
            let explained = policy.explain(&request, &settings).unwrap();
            assert_eq!(response, explained.response, "{name}");
            assert_eq!(response.accepted, explained.admits(), "{name}");
            admitted += usize::from(response.accepted);
            if let Some(spec) = request.pointer_mut("/object/spec").and_then(Value::as_object_mut) {
                spec.remove("initContainers");
            }
        }
    }
    assert_eq!(admitted, 3, "one of the four is refused");
}
