//! Every command in the README and in the tutorial prints what they say, from the top of the checkout.

use sigwarden_tests::{fixture, program, sigwarden, top};

/// What the tutorial's images have, and what is drafted for them.
fn printed(command: &str) -> String {
    let layout =
        |registry: &str, folder: &str| format!("{registry}={}", fixture(&format!("layouts/referrers/{folder}")));
    let (ours, theirs) = (layout("ghcr.io/myorg", "myorg"), layout("docker.io/bitnami", "thirdparty"));
    let coredns = layout("registry.k8s.io/coredns", "v3-keyless-email");
    let root = fixture("trust/trusted_root.json");
    let words = [command, "docs/tutorial/staging.yaml", "--oci-layout", &ours, "--oci-layout", &theirs];
    let run = sigwarden(&[&words[..], &["--oci-layout", &coredns, "--trusted-root", &root]].concat());
    run.out
}

/// What stands between these two on a line.
fn between<'t>(text: &'t str, before: &'t str, after: &'t str) -> impl Iterator<Item = String> + 't {
    text.lines().filter_map(move |line| Some(line.split_once(before)?.1.split_once(after)?.0.to_owned()))
}

#[test]
fn commands_and_outputs_are_true() {
    std::env::set_current_dir(top()).expect("the top of the checkout");
    let cases = trycmd::TestCases::new();
    cases.case("README.md").case("docs/tutorial.md").register_bin("sigwarden", program());
    // What depends on the day has a name in both, which the tutorial explains.
    let (scanned, suggested) = (printed("scan").replace('\n', ";\n"), printed("suggest"));
    let ago: Vec<String> = between(&scanned, "on 2026-11-23, ", ";").collect();
    let ends: Vec<String> = between(&suggested, "expires: \"", "\"").collect();
    assert!(!ago.is_empty() && !ends.is_empty(), "{scanned}{suggested}");
    for (name, values) in [("[DAYS_AGO]", ago), ("[IN_A_MONTH]", ends)] {
        for value in values {
            cases.insert_var(name, value).expect("a name");
        }
    }
    cases.run();
}

/// Nobody has to guess what stands in for something.
#[test]
fn what_stands_for_something_is_explained_before_it_is_used() {
    for file in ["README.md", "docs/tutorial.md", "docs/story.md"] {
        let text = std::fs::read_to_string(top().join(file)).expect("a page");
        assert!(!text.contains("[..]"), "{file}");
        for (notation, explained) in [
            ("\n? 1\n", "`? 1`"),
            ("\n...\n", "`...`"),
            ("[DAYS_AGO]", "`[DAYS_AGO]`"),
            ("[IN_A_MONTH]", "`[IN_A_MONTH]`"),
        ] {
            let Some(used) = text.find(notation) else { continue };
            assert!(text.find(explained).is_some_and(|explained| explained < used), "{file}: {explained}");
        }
    }
}
