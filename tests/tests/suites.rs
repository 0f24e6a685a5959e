//! `sigwarden test` and `sigwarden bench` on suites: what is as expected passes, what is not fails, in every form of report.

use sigwarden::commands::Answer;
use sigwarden_tests::{fixture, scratch, sigwarden, top, write};

fn bench_suites() -> String {
    top().join("tests/bench").display().to_string()
}

/// A suite of one test, with what is expected of it.
fn suite(folder: &std::path::Path, expect: &str) -> String {
    let text = format!(
        "host: extended\nociLayout: ['ghcr.io/myorg={}']\ntrustedRoot: {}\nsettings: {}\ntests:\n- name: one\n  images: \
         ['ghcr.io/myorg/app:1.4.2']\n  expect: {{{expect}}}\n",
        fixture("layouts/referrers/myorg"),
        fixture("trust/trusted_root.json"),
        top().join("demo/1-signed-by-our-workflows.yaml").display(),
    );
    write(folder, "sigwarden-test.yaml", text)
}

#[test]
fn what_no_layout_holds_is_told_in_the_words_of_suites() {
    let folder = scratch();
    let policy = top().join("demo/1-signed-by-our-workflows.yaml");
    let text = format!(
        "settings: {}\ntests:\n- name: one\n  images: ['ghcr.io/myorg/app:1.4.2']\n  expect: {{verdict: admitted}}\n",
        policy.display()
    );
    let run = sigwarden(&["test", &write(folder.path(), "sigwarden-test.yaml", text)]);
    let told = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("no `ociLayout` of the suite holds it"), "{told}");
    assert!(told.contains("`ociLayout: [\"ghcr.io/myorg/app=DIR\"]`") && told.contains("`replay: FILE`"), "{told}");
    assert!(!told.contains("--oci-layout") && !told.contains("--offline"), "{told}");
}

#[test]
fn expectations_decide() {
    const PINNED: &str =
        "ghcr.io/myorg/app:1.4.2@sha256:29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c";
    let cases = [
        ("verdict", "verdict: admitted".to_owned(), Answer::Yes),
        ("another verdict", "verdict: refused".to_owned(), Answer::No),
        ("pinned", format!("verdict: admitted, pinned: ['{PINNED}']"), Answer::Yes),
        ("pinned otherwise", format!("verdict: admitted, pinned: ['{PINNED}0']"), Answer::No),
        ("a code that is not there", "verdict: admitted, code: SW4001".to_owned(), Answer::No),
        ("a message that is not there", "verdict: admitted, message: nobody".to_owned(), Answer::No),
        ("a warning that is not there", "verdict: admitted, warning: beware".to_owned(), Answer::No),
        ("a misspelt expectation", "verdict: admitted, codes: SW4001".to_owned(), Answer::Unknown),
    ];
    for (name, expect, answer) in cases {
        let folder = scratch();
        let run = sigwarden(&["test", &suite(folder.path(), &expect)]);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
    }
}

#[test]
fn a_test_that_cannot_run_is_no_success() {
    let folder = scratch();
    let path = suite(folder.path(), "verdict: admitted");
    let text = std::fs::read_to_string(&path).unwrap().replace("1-signed-by-our-workflows", "no-such-policy");
    let run = sigwarden(&["test", &write(folder.path(), "broken.yaml", text)]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.out.contains("0 passed, 0 failed, 1 could not be run"), "{}", run.out);

    let empty = scratch();
    let nothing = empty.path().display().to_string();
    assert_eq!(sigwarden(&["test", &nothing]).answer, Answer::Yes);
    assert_eq!(sigwarden(&["test", &nothing, "--require-tests"]).answer, Answer::Unknown);
}

#[test]
fn reports_have_their_forms() {
    let folder = scratch();
    let path = suite(folder.path(), "verdict: refused, code: SW4001");
    for (form, parts) in [
        ("json", &["\"what\": \"verdict\"", "\"what\": \"code\""][..]),
        ("junit", &["<failure message=\"expected refused, but it is admitted\">"]),
        ("sarif", &["\"ruleId\": \"verdict\"", "\"ruleId\": \"code\""]),
        ("markdown", &["**sigwarden**: 0 passed, 1 failed", "| ✗ | one |"]),
        ("text", &["✗", "expected refused, but it is admitted", "0 passed, 1 failed"]),
    ] {
        let run = sigwarden(&["test", &path, "-o", form]);
        assert_eq!(run.answer, Answer::No, "{form}");
        for part in parts {
            assert!(run.out.contains(part), "{form} lacks `{part}`: {}", run.out);
        }
    }
    let quiet = sigwarden(&["test", &bench_suites(), "--fail-only"]);
    assert_eq!(quiet.out, "14 passed, 0 failed\n", "{}", quiet.text());
}

#[test]
fn benchmarks_check_what_they_measure() {
    let run = sigwarden(&["bench", &bench_suites(), "--samples", "2", "-o", "json"]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let report = run.json();
    let scenarios = report["scenarios"].as_array().expect("scenarios");
    let facts: Vec<_> = scenarios
        .iter()
        .map(|row| (row["admitted"] == true, row["twinRefused"] == true, row["cost"]["hostCalls"].as_u64()))
        .collect();
    // Two calls for what is published and named by a tag; a `.sig` costs the look at what is not published.
    let admitted = |calls| (true, true, Some(calls));
    assert_eq!(&facts[..3], [admitted(2), admitted(2), admitted(3)], "{report:#}");
    assert_eq!((facts[3].0, facts[3].1), (false, false), "{report:#}");
    for row in scenarios {
        assert!(row["cost"]["fuel"].as_u64() > Some(100_000), "{row:#}");
        assert!(row["warm"][0]["p50Us"].as_f64() > Some(0.0), "{row:#}");
    }

    let folder = scratch();
    let wrong = sigwarden(&["bench", &suite(folder.path(), "verdict: refused"), "--samples", "1"]);
    assert_eq!(wrong.answer, Answer::Unknown, "{}", wrong.text());
    assert!(wrong.err.contains("admits, which is wrong"), "{}", wrong.err);
}
