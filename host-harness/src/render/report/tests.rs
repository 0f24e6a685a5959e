use super::*;
use crate::suite::Verdict;

fn report() -> Report {
    let test = |name: &str, mismatches, error: Option<&str>| TestReport {
        name: name.to_owned(),
        mismatches,
        error: error.map(str::to_owned),
        message: None,
        seconds: 0.5,
    };
    let wrong = Mismatch::Verdict { expected: Verdict::Admitted, found: Verdict::Refused };
    let message = Mismatch::Message { expected: "<b> | \"x\"".to_owned(), found: "a\u{1}b\nc".to_owned() };
    let tests = vec![
        test("good", Vec::new(), None),
        test("bad & <ugly>", vec![wrong, message], None),
        test("lost", Vec::new(), Some("cannot read `x`")),
    ];
    Report { suites: vec![SuiteReport { file: "a/sigwarden-test.yaml".to_owned(), tests }] }
}

fn written(form: Form) -> String {
    let report = report();
    let mut out = Vec::new();
    write(&mut out, &report, form, Tally::of(&report)).expect("memory can be written to");
    String::from_utf8(out).expect("text")
}

#[test]
fn tests_are_counted() {
    assert_eq!(Tally::of(&report()), Tally { passed: 1, failed: 1, errors: 1 });
    let failures = report().failures_only();
    assert_eq!(failures.tests().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["bad & <ugly>", "lost"]);
}

#[test]
fn junit_is_well_formed() {
    let xml = written(Form::Junit);
    assert!(xml.contains(r#"<testsuites name="sigwarden" tests="3" failures="1" errors="1" time="1.500">"#), "{xml}");
    assert!(xml.contains(r#"name="bad &amp; &lt;ugly&gt;""#), "{xml}");
    assert!(xml.contains(r#"<failure message="expected admitted, but it is refused">"#), "{xml}");
    assert!(xml.contains(r#"<error message="cannot read `x`">"#), "{xml}");
    assert!(!xml.contains('\u{1}'), "no control characters: {xml}");
    for element in ["testsuites", "testsuite", "failure", "error"] {
        let opened = xml.matches(&format!("<{element} ")).count();
        assert_eq!(opened, xml.matches(&format!("</{element}>")).count(), "<{element}> is closed: {xml}");
    }
}

#[test]
fn sarif_has_a_result_for_each_problem() {
    let sarif: serde_json::Value = serde_json::from_str(&written(Form::Sarif)).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let rules: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().unwrap_or_default()).collect();
    assert_eq!(rules, ["verdict", "message", "not-run"]);
    let location = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(location, "a/sigwarden-test.yaml");
    for rule in rules {
        let known = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
        assert!(known.iter().any(|known| known["id"] == rule), "{rule} is described");
    }
}

#[test]
fn markdown_keeps_its_table() {
    let markdown = written(Form::Markdown);
    assert!(markdown.starts_with("**sigwarden**: 1 passed, 1 failed, 1 could not be run\n"), "{markdown}");
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 4, "{markdown}");
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
}

#[test]
fn text_says_what_is_wrong() {
    let text = anstream::adapter::strip_str(&written(Form::Text)).to_string();
    for line in ["✓ good", "✗ bad & <ugly>", "expected admitted, but it is refused", "? lost", "cannot read `x`"] {
        assert!(text.contains(line), "`{line}` in {text}");
    }
}
