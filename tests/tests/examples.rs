//! Every policy in `policies-examples/` admits what its README says and refuses the rest.

use sigwarden::commands::Answer;
use sigwarden_tests::{fixture, scratch, sigwarden, top, write};

#[test]
fn every_example_admits_and_refuses_what_it_should() {
    let cases: [(&str, &[(&str, Answer)]); 4] = [
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
        ("pin-third-party", &[("bitnami/redis:7.2", Answer::Yes), ("bitnami/redis:9", Answer::No)]),
    ];
    let world = [
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
        "--oci-layout",
        &format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg")),
        "--oci-layout",
        &format!("docker.io/bitnami={}", fixture("layouts/referrers/thirdparty")),
        "--oci-layout",
        &format!("registry.example.com/team={}", fixture("layouts/referrers")),
    ];
    for (name, images) in cases {
        let policy = top().join(format!("policies-examples/{name}.yaml"));
        for (image, answer) in images {
            let words = [&["verify", image, "--policy", policy.to_str().unwrap()], &world[..]].concat();
            let run = sigwarden(&words);
            assert_eq!(run.answer, *answer, "{name}, {image}: {}", run.text());
        }
    }
    let files = std::fs::read_dir(top().join("policies-examples")).unwrap();
    let yaml = files.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "yaml"));
    assert_eq!(yaml.count(), cases.len(), "an example is not tested");
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
