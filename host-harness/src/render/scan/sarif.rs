//! SARIF: one result for each reason in each place, at the document that the object stands in, in the file that was read.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};
use sigwarden_core::decision::{Code, Outcome};

use super::super::sarif;
use super::told_with_remedy;
use crate::manifests::{Object, Origin, STANDARD_INPUT};
use crate::scan::report::ScanReport;

const NO_ANSWER: &str = "no-answer";
const NOT_COVERED: &str = "not-covered";

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let mut results = Vec::new();
    for entry in &report.images {
        for finding in entry.reasons() {
            results.extend(entry.uses.iter().map(|place| {
                let text = format!(
                    "{} {}: {}: {}",
                    place.object.name,
                    place.container,
                    entry.report.image,
                    told_with_remedy(finding)
                );
                result(&finding.code.to_string(), level(entry.report.outcome), &text, &place.object)
            }));
        }
    }
    for object in &report.objects {
        let named = |text: String| format!("{}: {text}", object.object.name);
        let findings = object.findings.iter().map(|finding| (finding.code.to_string(), told_with_remedy(finding)));
        let all = findings.chain(object.error.clone().map(|error| (NO_ANSWER.to_owned(), error)));
        results.extend(all.map(|(rule, text)| result(&rule, level(object.outcome), &named(text), &object.object)));
    }
    for object in &report.not_covered {
        let text = format!("{}: {}", object.object.name, object.reason);
        results.push(result(NOT_COVERED, "warning", &text, &object.object));
    }
    let rules: BTreeSet<&str> =
        results.iter().filter_map(|result| result.get("ruleId").and_then(Value::as_str)).collect();
    let rules: Vec<Value> = rules.into_iter().map(rule).collect();
    sarif::write(out, &rules, &results)
}

const fn level(outcome: Outcome) -> &'static str {
    if outcome.refuses() { "error" } else { "warning" }
}

fn result(rule: &str, level: &str, text: &str, object: &Object) -> Value {
    let Origin { file, line, template } = &object.origin;
    // A program that shows code needs a file that it has: the one that was read, with its line. Standard input is none, so what
    // Helm says stands in for it, in which the object has another line.
    let in_file = json!({"artifactLocation": {"uri": sarif::uri(file)}, "region": {"startLine": line}});
    let (place, text) = match template {
        Some(template) if file == STANDARD_INPUT => {
            (json!({"artifactLocation": {"uri": sarif::uri(template)}}), text.to_owned())
        }
        Some(template) => (in_file, format!("{text} ({template})")),
        None => (in_file, text.to_owned()),
    };
    let mut result = json!({
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": object.name}]}],
    });
    if let (Some(template), Some(fields)) = (template, result.as_object_mut()) {
        fields.insert("properties".to_owned(), json!({"template": template}));
    }
    result
}

/// What a rule is about.
fn rule(id: &str) -> Value {
    let code = Code::ALL.iter().find(|code| code.as_str() == id);
    let text = match (code, id) {
        (Some(code), _) => code.summary(),
        (None, NOT_COVERED) => "The object runs images, and the policy is not asked about it.",
        (None, _) => "There is no answer about the object.",
    };
    json!({"id": id, "shortDescription": {"text": text}})
}
