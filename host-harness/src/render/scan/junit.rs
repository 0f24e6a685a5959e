//! JUnit XML: a suite for images, one for whole objects, and one for what is not covered.

use std::io::{self, Write};

use sigwarden_core::decision::{Finding, Outcome};

use super::super::report::xml_text as text;
use super::{told, told_with_remedy};
use crate::scan::report::ScanReport;

/// One test case: what it is about, and what is wrong with it.
struct Case {
    name: String,
    class: String,
    outcome: Outcome,
    reasons: Vec<Reason>,
    /// Where it stands in the file.
    origin: String,
}

/// What is wrong, on one line, and with what there is to do.
#[derive(Clone)]
struct Reason {
    line: String,
    whole: String,
}

impl Reason {
    fn of(finding: &Finding) -> Self {
        Self { line: told(finding), whole: told_with_remedy(finding) }
    }

    fn without_remedy(line: String) -> Self {
        Self { whole: line.clone(), line }
    }
}

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let images = report.images.iter().flat_map(|entry| {
        let reasons: Vec<Reason> = entry.reasons().into_iter().map(Reason::of).collect();
        entry.uses.iter().map(move |place| Case {
            name: format!("{} in {} {}", entry.report.image, place.object.name, place.container),
            class: place.object.origin.file.clone(),
            origin: place.object.origin.to_string(),
            outcome: entry.report.outcome,
            reasons: reasons.clone(),
        })
    });
    let objects = report.objects.iter().map(|object| Case {
        name: object.object.name.clone(),
        class: object.object.origin.file.clone(),
        origin: object.object.origin.to_string(),
        outcome: object.outcome,
        reasons: object
            .findings
            .iter()
            .map(Reason::of)
            .chain(object.error.clone().map(Reason::without_remedy))
            .collect(),
    });
    let not_covered = report.not_covered.iter().map(|object| Case {
        name: object.object.name.clone(),
        class: object.object.origin.file.clone(),
        origin: object.object.origin.to_string(),
        outcome: Outcome::Skipped,
        reasons: vec![Reason::without_remedy(object.reason.clone())],
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
        let first = case.reasons.first().map(|reason| reason.line.as_str()).unwrap_or_default();
        let mut lines: Vec<&str> = case.reasons.iter().map(|reason| reason.whole.as_str()).collect();
        lines.push(&case.origin);
        let all = text(&lines.join("\n"));
        writeln!(out, ">\n      <{element} message=\"{}\">{all}</{element}>\n    </testcase>", text(first))?;
    }
    writeln!(out, "  </testsuite>")
}
