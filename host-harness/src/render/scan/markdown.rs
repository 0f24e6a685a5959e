//! For a pull request or a job summary.

use std::io::{self, Write};

use super::super::report::cell;
use super::{tally, told};
use crate::scan::report::ScanReport;

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    writeln!(out, "**sigwarden scan**: {}\n", tally(report.totals))?;
    if !report.images.is_empty() {
        writeln!(out, "| verdict | image | objects | why, or pinned to |\n|---|---|---|---|")?;
    }
    for entry in &report.images {
        let reasons: Vec<String> = entry.reasons().into_iter().map(|finding| cell(&told(finding))).collect();
        let why = if reasons.is_empty() {
            entry.report.pinned.as_deref().map(cell).unwrap_or_default()
        } else {
            reasons.join("<br>")
        };
        writeln!(out, "| {} | {} | {} | {why} |", entry.verdict(), cell(&entry.report.image), entry.objects())?;
    }
    for object in &report.objects {
        let reasons = object.findings.iter().map(told).chain(object.error.clone());
        let reasons: Vec<String> = reasons.map(|reason| cell(&reason)).collect();
        writeln!(
            out,
            "\n**{}** ({}): {}",
            cell(&object.object.name),
            cell(&object.object.origin.to_string()),
            reasons.join("<br>")
        )?;
    }
    for object in &report.not_covered {
        let (name, origin) = (cell(&object.object.name), cell(&object.object.origin.to_string()));
        writeln!(out, "\nNot covered: {name} ({origin}): {}", cell(&object.reason))?;
    }
    Ok(())
}
