//! Reports of scans, one file per form. Each renders the same [`ScanReport`] and adds nothing to it.

mod html;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::io::{self, Write};

use sigwarden_core::decision::Finding;

use crate::scan::report::{ScanReport, Totals};

/// Form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// JUnit XML, which CI systems show as test results.
    Junit,
    /// SARIF 2.1.0, which code scanning shows beside the files.
    Sarif,
    /// For a pull request or a job summary.
    Markdown,
    /// One page for a browser, a phone and paper.
    Html,
}

/// Writes a report.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &ScanReport, form: Form) -> io::Result<()> {
    match form {
        Form::Text => text::write(out, report),
        Form::Json => super::json::pretty(out, report),
        Form::Junit => junit::write(out, report),
        Form::Sarif => sarif::write(out, report),
        Form::Markdown => markdown::write(out, report),
        Form::Html => html::write(out, report),
    }
}

/// A finding on one line.
fn told(finding: &Finding) -> String {
    let contrast = match (&finding.wanted, &finding.found) {
        (Some(wanted), Some(found)) => format!(" (wanted {wanted}, found {found})"),
        _ => String::new(),
    };
    format!("{}{contrast} [{}]", finding.message, finding.code)
}

fn tally(totals: Totals) -> String {
    let parts =
        [(totals.admitted, "admitted"), (totals.refused, "refused"), (totals.undecided, "undecided, so refused")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let verdicts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{} with {}{verdicts}", counted(totals.objects, "object"), counted(totals.images, "image"))
}
