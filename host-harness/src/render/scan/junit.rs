//! JUnit XML: a suite for images, one for whole objects, and one for what is not covered.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome;

use super::super::report::xml_text as text;
use super::told;
use crate::scan::report::ScanReport;

/// One test case: what it is about, and what is wrong with it.
struct Case {
    name: String,
    class: String,
    outcome: Outcome,
    reasons: Vec<String>,
}

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let images = report.images.iter().flat_map(|entry| {
        let reasons: Vec<String> = entry.reasons().into_iter().map(told).collect();
        entry.uses.iter().map(move |place| Case {
            name: format!("{} in {} {}", entry.report.image, place.object.name, place.container),
            class: place.object.origin.to_string(),
            outcome: entry.report.outcome,
            reasons: reasons.clone(),
        })
    });
    let objects = report.objects.iter().map(|object| Case {
        name: object.object.name.clone(),
        class: object.object.origin.to_string(),
        outcome: object.outcome,
        reasons: object.findings.iter().map(told).chain(object.error.clone()).collect(),
    });
    let not_covered = report.not_covered.iter().map(|object| Case {
        name: object.object.name.clone(),
        class: object.object.origin.to_string(),
        outcome: Outcome::Skipped,
        reasons: vec![object.reason.clone()],
    });
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="sigwarden scan">"#)?;
    suite(out, "images", &images.collect::<Vec<_>>())?;
    suite(out, "objects", &objects.collect::<Vec<_>>())?;
    suite(out, "not covered", &not_covered.collect::<Vec<_>>())?;
    writeln!(out, "</testsuites>")
}

fn suite(out: &mut dyn Write, name: &str, cases: &[Case]) -> io::Result<()> {
    let count = |outcome: Outcome| cases.iter().filter(|case| case.outcome == outcome).count();
    writeln!(
        out,
        r#"  <testsuite name="{name}" tests="{}" failures="{}" errors="{}" skipped="{}">"#,
        cases.len(),
        count(Outcome::Failed),
        count(Outcome::Undecided),
        count(Outcome::Skipped)
    )?;
    for case in cases {
        write!(out, r#"    <testcase classname="{}" name="{}""#, text(&case.class), text(&case.name))?;
        let element = match case.outcome {
            Outcome::Failed => "failure",
            Outcome::Undecided => "error",
            Outcome::Skipped => "skipped",
            Outcome::Passed | Outcome::Audited => {
                writeln!(out, "/>")?;
                continue;
            }
        };
        let first = case.reasons.first().map(String::as_str).unwrap_or_default();
        let all = text(&case.reasons.join("\n"));
        writeln!(out, ">\n      <{element} message=\"{}\">{all}</{element}>\n    </testcase>", text(first))?;
    }
    writeln!(out, "  </testsuite>")
}
