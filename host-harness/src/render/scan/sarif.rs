//! SARIF: one result for each reason in each place, at the document that the object stands in.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};
use sigwarden_core::decision::Outcome;

use super::super::sarif;
use super::told;
use crate::manifests::Origin;
use crate::scan::report::ScanReport;

const NO_ANSWER: &str = "no-answer";
const NOT_COVERED: &str = "not-covered";

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let mut results = Vec::new();
    for entry in &report.images {
        for finding in entry.reasons() {
            results.extend(entry.uses.iter().map(|place| {
                let text =
                    format!("{} {}: {}: {}", place.object.name, place.container, entry.report.image, told(finding));
                result(&finding.code.to_string(), level(entry.report.outcome), &text, &place.object.origin)
            }));
        }
    }
    for object in &report.objects {
        let told = |text: String| format!("{}: {text}", object.object.name);
        let findings = object.findings.iter().map(|finding| (finding.code.to_string(), super::told(finding)));
        let all = findings.chain(object.error.clone().map(|error| (NO_ANSWER.to_owned(), error)));
        results
            .extend(all.map(|(rule, text)| result(&rule, level(object.outcome), &told(text), &object.object.origin)));
    }
    for object in &report.not_covered {
        let text = format!("{}: {}", object.object.name, object.reason);
        results.push(result(NOT_COVERED, "warning", &text, &object.object.origin));
    }
    let rules: BTreeSet<&str> =
        results.iter().filter_map(|result| result.get("ruleId").and_then(Value::as_str)).collect();
    let rules: Vec<Value> = rules.into_iter().map(|id| json!({"id": id})).collect();
    sarif::write(out, &rules, &results)
}

const fn level(outcome: Outcome) -> &'static str {
    if outcome.refuses() { "error" } else { "warning" }
}

fn result(rule: &str, level: &str, text: &str, origin: &Origin) -> Value {
    // The line is one of the file that was read; a template has other lines.
    let place = match &origin.template {
        Some(template) => json!({"artifactLocation": {"uri": template}}),
        None => json!({"artifactLocation": {"uri": origin.file}, "region": {"startLine": origin.line}}),
    };
    json!({
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    })
}
