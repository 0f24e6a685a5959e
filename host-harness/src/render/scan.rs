//! Reports of scans, one file per form. Each renders the same [`ScanReport`] and adds nothing to it.

mod html;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use sigwarden_core::decision::Finding;

use super::report;
use crate::scan::report::{ScanReport, Totals};

/// Form of a report: those of test runs, and one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Also a form of test runs.
    Report(report::Form),
    /// One page for a browser, a phone and paper.
    Html,
}

impl ValueEnum for Form {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Report(report::Form::Text),
            Self::Report(report::Form::Json),
            Self::Report(report::Form::Junit),
            Self::Report(report::Form::Sarif),
            Self::Report(report::Form::Markdown),
            Self::Html,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Report(form) => form.to_possible_value(),
            Self::Html => Some(PossibleValue::new("html").help("One page for a browser, a phone and paper")),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", PossibleValue::get_name))
    }
}

/// Writes a report.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, scan: &ScanReport, form: Form) -> io::Result<()> {
    match form {
        Form::Report(report::Form::Text) => text::write(out, scan),
        Form::Report(report::Form::Json) => super::json::pretty(out, scan),
        Form::Report(report::Form::Junit) => junit::write(out, scan),
        Form::Report(report::Form::Sarif) => sarif::write(out, scan),
        Form::Report(report::Form::Markdown) => markdown::write(out, scan),
        Form::Html => html::write(out, scan),
    }
}

/// A finding on one line.
fn told(finding: &Finding) -> String {
    let contrast = match (&finding.wanted, &finding.found) {
        (Some(wanted), Some(found)) => format!(" (wanted {wanted}, found {found})"),
        (Some(wanted), None) => format!(" (wanted {wanted})"),
        (None, Some(found)) => format!(" (found {found})"),
        (None, None) => String::new(),
    };
    format!("{}{contrast} [{}]", finding.message, finding.code)
}

/// The same, with a line below it for what there is to do.
fn told_with_remedy(finding: &Finding) -> String {
    finding.remedy.as_ref().map_or_else(|| told(finding), |remedy| format!("{}\ndo: {remedy}", told(finding)))
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
