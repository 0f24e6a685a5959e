//! House rules through the module, with settings as people write them: YAML, and dates without quotes.

use sigwarden::commands::Answer;
use sigwarden_tests::{Run, deny_module, fixture, module, scratch, sigwarden_on, top, write};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const SIGNED: &str = r#"
verifyImages:
- imageReferences: ["ghcr.io/myorg/*"]
  attestors:
  - entries:
    - keyless:
        subject: "https://github.com/myorg/*"
        issuer: "https://token.actions.githubusercontent.com"
"#;

/// Names and what they are about stand below each other.
#[test]
fn make_tells_of_its_targets_in_two_columns() {
    let output = Command::new("make").arg("help").current_dir(top()).env_remove("MAKEFLAGS").output().expect("make");
    let text = String::from_utf8(output.stdout).unwrap();
    let column = |line: &str| line.find("  ").map(|gap| gap + line[gap..].len() - line[gap..].trim_start().len());
    let columns: BTreeSet<_> = text.lines().filter(|line| !line.starts_with("make")).map(column).collect();
    assert_eq!(columns.len(), 1, "{text}");
    assert!(text.contains("ecdsa-differential  a million"), "{text}");
}

fn verify(module: &Path, image: &str, policy: &str) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.yaml", policy);
    let home = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let mirror = format!("mirror.local/ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    let words =
        ["verify", image, "--policy", &policy, "--trusted-root", &root, "--oci-layout", &home, "--oci-layout", &mirror];
    sigwarden_on(module, &words)
}

#[test]
fn an_exception_holds_to_its_day() {
    let debug = "ghcr.io/myorg/debug:1.2";
    let excepting = |day: &str| {
        format!(
            "{SIGNED}exceptions:\n- imageReferences: [\"{debug}\"]\n  reason: debugging the new probes\n  expires: {day}\n"
        )
    };
    let cases = [
        ("no exception", SIGNED.to_owned(), Answer::No, "SW4001"),
        ("to the end of time", excepting("2999-12-31"), Answer::Yes, "until 2999-12-31"),
        ("over", excepting("2026-01-31"), Answer::No, "ended with 2026-01-31: debugging the new probes"),
        ("no day", excepting("soon"), Answer::Unknown, "is not a day"),
    ];
    for (name, policy, answer, part) in cases {
        let run = verify(&module(), debug, &policy);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        assert!(run.text().contains(part), "case `{name}`: {}", run.text());
    }
    let run = verify(&module(), debug, &excepting("2999-12-31"));
    assert!(run.text().contains("ghcr.io/myorg/debug:1.2@sha256:"), "{}", run.text());
    assert_eq!(verify(&deny_module(), debug, &excepting("2999-12-31")).answer, Answer::No);
    // It is for the debug image, and not for its neighbour.
    assert_eq!(verify(&module(), "ghcr.io/myorg/app:laptop", &excepting("2999-12-31")).answer, Answer::No);
}

#[test]
fn evidence_of_a_mirrored_image_lies_at_home() {
    let mirrors = format!("{SIGNED}mirrors: {{mirror.local/ghcr.io: ghcr.io}}\nunmatchedImages: deny\n");
    let cases = [
        ("signed", "mirror.local/ghcr.io/myorg/app:1.4.2", mirrors.as_str(), Answer::Yes),
        ("not signed", "mirror.local/ghcr.io/myorg/debug:1.2", &mirrors, Answer::No),
        ("signed by a person", "mirror.local/ghcr.io/myorg/app:laptop", &mirrors, Answer::No),
        ("a registry of a similar name", "mirror.local.evil/ghcr.io/myorg/app:1.4.2", &mirrors, Answer::No),
    ];
    for (name, image, policy, answer) in cases {
        let run = verify(&module(), image, policy);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        if answer == Answer::Yes {
            assert!(run.text().contains("mirror.local/ghcr.io/myorg/app:1.4.2@sha256:"), "{}", run.text());
            assert_eq!(verify(&deny_module(), image, policy).answer, Answer::No, "case `{name}`");
        }
    }
}
