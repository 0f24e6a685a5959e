//! A report for people.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome;

use super::super::page::Page;
use super::{Report, Tally};

pub(super) fn write(out: &mut dyn Write, report: &Report, all: Tally) -> io::Result<()> {
    let mut page = Page::new(out);
    for suite in &report.suites {
        page.line(&suite.file)?;
        for test in &suite.tests {
            let outcome = match (&test.error, test.passed()) {
                (Some(_), _) => Outcome::Undecided,
                (None, true) => Outcome::Passed,
                (None, false) => Outcome::Failed,
            };
            page.marked(outcome, &test.name)?;
            for problem in test.problems() {
                page.sentence(&problem)?;
            }
            for line in test.message.iter().flat_map(|message| message.lines()) {
                page.sentence(line)?;
            }
        }
    }
    page.line(&all.to_string())
}
