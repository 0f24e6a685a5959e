//! SARIF: one result for each thing that is not as expected, at the file of its test.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::sarif;
use super::{Report, TestReport};
use crate::suite::Mismatch;

pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let results: Vec<Value> =
        report.suites.iter().flat_map(|suite| suite.tests.iter().flat_map(|test| results(&suite.file, test))).collect();
    let rule = |(id, text): (&str, &str)| json!({"id": id, "shortDescription": {"text": text}});
    let rules: Vec<Value> = RULES.into_iter().map(rule).collect();
    sarif::write(out, &rules, &results)
}

const ERROR: &str = "not-run";
const RULES: [(&str, &str); 6] = [
    ("verdict", "the verdict is not the expected one"),
    ("code", "the expected code is missing"),
    ("message", "the expected message is missing"),
    ("pinned", "other images are pinned than expected"),
    ("warning", "the expected warning is missing"),
    (ERROR, "the test could not be run"),
];

fn results(file: &str, test: &TestReport) -> Vec<Value> {
    let location = json!({"physicalLocation": {"artifactLocation": {"uri": sarif::uri(file)}}});
    let result = |rule: &str, text: String| {
        json!({
            "ruleId": rule,
            "level": "error",
            "message": {"text": format!("{}: {text}", test.name)},
            "locations": [location],
        })
    };
    let mismatches = test.mismatches.iter().map(|mismatch| {
        let rule = match mismatch {
            Mismatch::Verdict { .. } => "verdict",
            Mismatch::Code { .. } => "code",
            Mismatch::Message { .. } => "message",
            Mismatch::Pinned { .. } => "pinned",
            Mismatch::Warning { .. } => "warning",
        };
        result(rule, mismatch.to_string())
    });
    mismatches.chain(test.error.clone().map(|error| result(ERROR, error))).collect()
}
