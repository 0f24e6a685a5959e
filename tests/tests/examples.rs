//! Every pair of policies in `policies-examples/` admits what its README says and refuses the rest.

use serde_json::Value;
use sigwarden::commands::Answer;
use sigwarden::suite::{self, FILE_NAME};
use sigwarden_tests::{example_policies, fixture, scratch, sigwarden, top, write};

/// The two policies in a file: the one that pins, and the one that verifies what came of it.
fn pair(name: &str) -> [Value; 2] {
    let path = top().join(format!("policies-examples/{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    documents.try_into().unwrap_or_else(|documents: Vec<Value>| panic!("{name}: {} documents", documents.len()))
}

fn examples() -> Vec<String> {
    example_policies().iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn pairs_say_the_same_twice() {
    let metadata: Value = serde_saphyr::from_str(sigwarden_metadata::METADATA).unwrap();
    for name in examples() {
        let [pin, mut verify] = pair(&name);
        assert_eq!(pin["metadata"]["name"], format!("{name}-pin"));
        assert_eq!(verify["metadata"]["name"], format!("{name}-verify"));
        assert_eq!(pin["spec"]["mutating"], true, "{name}");
        assert_eq!(verify["spec"]["mutating"], false, "{name}");
        assert_eq!(verify["spec"]["settings"]["mutate"], false, "{name}");
        assert_eq!(pin["spec"]["settings"].get("mutate"), None, "{name}");
        // The rest is the same.
        verify["metadata"]["name"] = pin["metadata"]["name"].clone();
        verify["spec"]["mutating"] = true.into();
        verify["spec"]["settings"].as_object_mut().unwrap().remove("mutate");
        assert_eq!(pin, verify, "{name}");

        assert_eq!(pin["kind"], "ClusterAdmissionPolicy", "{name}");
        assert_eq!(pin["spec"]["rules"], metadata["rules"], "{name}");
        assert_eq!(pin["spec"]["failurePolicy"], "Fail", "{name}");
        assert_eq!(pin["spec"]["backgroundAudit"], true, "{name}");
        let (eval, webhook) = (pin["spec"]["timeoutEvalSeconds"].as_u64(), pin["spec"]["timeoutSeconds"].as_u64());
        assert!(eval.is_some() && eval < webhook, "{name}: {eval:?} s of {webhook:?} s");
        assert_eq!(pin["spec"]["settings"]["deadline"], "4s", "{name}: less than the host's {eval:?} s");
        let selector = pin["spec"]["namespaceSelector"]["matchExpressions"][0].to_string();
        assert!(selector.contains("NotIn") && selector.contains("kubewarden"), "{name}: {selector}");
    }
}

#[test]
fn every_example_admits_and_refuses_what_it_should() {
    let cases: [(&str, &[(&str, Answer)]); 5] = [
        (
            "signed-by-github-workflows",
            &[
                ("ghcr.io/myorg/app:1.4.2", Answer::Yes),
                ("ghcr.io/myorg/app:laptop", Answer::No),
                ("ghcr.io/myorg/debug:1.2", Answer::No),
            ],
        ),
        (
            "signed-with-a-key",
            &[
                ("registry.example.com/team/v2-key-p256-nolog:v1", Answer::Yes),
                ("registry.example.com/team/v2-key-p256:v1", Answer::Yes),
                ("registry.example.com/team/v2-key-rsa2048-nolog:v1", Answer::No),
            ],
        ),
        ("slsa-provenance", &[("ghcr.io/myorg/app:1.4.2", Answer::Yes), ("ghcr.io/myorg/app:laptop", Answer::No)]),
        ("pin-third-party", &[("docker.io/bitnami/redis:7.2", Answer::Yes), ("docker.io/bitnami/redis:9", Answer::No)]),
        // Kubernetes' images are not here. An image of another registry is none of its business; of its own, it could not look.
        (
            "kubernetes-images",
            &[("docker.io/bitnami/redis:7.2", Answer::Yes), ("registry.k8s.io/pause:3.10", Answer::Unknown)],
        ),
    ];
    let world = [
        "--offline",
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
        "--oci-layout",
        &format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg")),
        "--oci-layout",
        &format!("docker.io/bitnami={}", fixture("layouts/referrers/thirdparty")),
        "--oci-layout",
        &format!("registry.example.com/team={}", fixture("layouts/referrers")),
    ];
    let folder = scratch();
    for (name, images) in cases {
        // As people would ask: with the file as it is.
        let file = top().join(format!("policies-examples/{name}.yaml")).display().to_string();
        let run = sigwarden(&[&["verify", images[0].0, "--policy", &file], &world[..]].concat());
        assert_eq!(run.answer, images[0].1, "{name}: {}", run.text());
        let pair = pair(name);
        let [pin, twin] = pair.each_ref().map(|policy| policy["spec"]["settings"].clone());
        let ask = |image: &str, settings: &Value| {
            let policy = write(folder.path(), "policy.json", settings.to_string());
            sigwarden(&[&["verify", image, "--policy", &policy, "-o", "json"], &world[..]].concat())
        };
        for (image, answer) in images {
            let run = ask(image, &pin);
            assert_eq!(run.answer, *answer, "{name}, {image}: {}", run.text());
            let report = &run.json()["explanation"]["images"][0];
            // What the first pinned, its twin admits; the tag it does not.
            if let Some(pinned) = report["pinned"].as_str() {
                let run = ask(pinned, &twin);
                assert_eq!(run.answer, Answer::Yes, "{name}, {pinned}: {}", run.text());
                let run = ask(image, &twin);
                assert_eq!(
                    (run.answer, run.codes().as_str()),
                    (Answer::No, "SW3006"),
                    "{name}, {image}: {}",
                    run.text()
                );
            }
        }
    }
    assert_eq!(examples().len(), cases.len(), "an example is not tested");
}

#[test]
fn the_settings_in_the_readme_can_be_used() {
    let readme = std::fs::read_to_string(top().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    let (settings, _) = rest.split_once("```").unwrap();
    let folder = scratch();
    let world = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    for (settings, answer) in
        [(settings.to_owned(), Answer::Yes), (settings.replace("operator:", "operatr:"), Answer::Unknown)]
    {
        let policy = write(folder.path(), "policy.yaml", settings);
        let words =
            ["verify", "ghcr.io/myorg/app:1.4.2", "--policy", &policy, "--oci-layout", &world, "--trusted-root", &root];
        let run = sigwarden(&words);
        assert_eq!(run.answer, answer, "{}", run.text());
    }
}

#[test]
fn the_suite_beside_the_examples_holds_and_leaves_none_out() {
    let folder = top().join("policies-examples");
    let run = sigwarden(&["test", "--require-tests", &folder.display().to_string()]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let tests = suite::load(&folder.join(FILE_NAME)).unwrap();
    for name in examples() {
        let asked = tests.iter().filter(|test| test.settings.file_stem().is_some_and(|stem| *stem == *name)).count();
        assert!(asked > 1, "`{name}` is asked {asked} times: once is not enough to be admitted and refused");
    }
}
