//! Reports of test runs, one file per form. Each renders the same [`Report`] and adds nothing to it.

mod junit;
mod markdown;
mod sarif;
mod text;

use std::io::{self, Write};

pub(super) use junit::text as xml_text;
pub(super) use markdown::cell;

use serde::Serialize;

use crate::suite::Mismatch;

/// What became of the tests of several files.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// In the order in which they were run.
    pub suites: Vec<SuiteReport>,
}

/// What became of the tests of one file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuiteReport {
    /// The file.
    pub file: String,
    /// In the order of the file.
    pub tests: Vec<TestReport>,
}

/// What became of one test.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// What it is called.
    pub name: String,
    /// What was not as expected. Empty: the test passed.
    pub mismatches: Vec<Mismatch>,
    /// Why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The admission message, where the test failed and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Seconds.
    pub seconds: f64,
}

impl TestReport {
    /// Whether everything was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.mismatches.is_empty() && self.error.is_none()
    }

    /// Everything that is wrong, a line each.
    fn problems(&self) -> impl Iterator<Item = String> {
        self.mismatches.iter().map(ToString::to_string).chain(self.error.clone())
    }
}

impl Report {
    /// Every test.
    pub fn tests(&self) -> impl Iterator<Item = &TestReport> {
        self.suites.iter().flat_map(|suite| &suite.tests)
    }

    /// The same without what passed, and without files where everything did.
    #[must_use]
    pub fn failures_only(mut self) -> Self {
        for suite in &mut self.suites {
            suite.tests.retain(|test| !test.passed());
        }
        self.suites.retain(|suite| !suite.tests.is_empty());
        self
    }
}

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
}

/// Writes a report. `all` counts every test that was run, also those that the report leaves out.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &Report, form: Form, all: Tally) -> io::Result<()> {
    match form {
        Form::Text => text::write(out, report, all),
        Form::Json => super::json::pretty(out, report),
        Form::Junit => junit::write(out, report),
        Form::Sarif => sarif::write(out, report),
        Form::Markdown => markdown::write(out, report, all),
    }
}

/// How many tests passed, failed and could not be run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Could not be run.
    pub errors: usize,
}

impl Tally {
    /// Counts.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let count = |wanted: fn(&TestReport) -> bool| report.tests().filter(|test| wanted(test)).count();
        Self {
            passed: count(TestReport::passed),
            failed: count(|test| test.error.is_none() && !test.passed()),
            errors: count(|test| test.error.is_some()),
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.errors > 0 { write!(f, ", {} could not be run", self.errors) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
