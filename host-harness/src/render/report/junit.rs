//! JUnit XML: the shape that CI systems agree upon (`testsuites` > `testsuite` > `testcase` > `failure` or `error`).

use std::io::{self, Write};

use super::{Report, SuiteReport, TestReport};

pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="sigwarden"{}>"#, counts(report.suites.iter().flat_map(|suite| &suite.tests)))?;
    for suite in &report.suites {
        write_suite(out, suite)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(out: &mut dyn Write, suite: &SuiteReport) -> io::Result<()> {
    let file = text(&suite.file);
    writeln!(out, r#"  <testsuite name="{file}"{}>"#, counts(&suite.tests))?;
    for test in &suite.tests {
        write!(out, r#"    <testcase classname="{file}" name="{}" time="{:.3}""#, text(&test.name), test.seconds)?;
        if test.passed() {
            writeln!(out, "/>")?;
            continue;
        }
        let element = if test.error.is_some() { "error" } else { "failure" };
        let problems: Vec<String> = test.problems().collect();
        let first = problems.first().map(String::as_str).unwrap_or_default();
        let message = test.message.as_deref().unwrap_or_default();
        writeln!(
            out,
            ">\n      <{element} message=\"{}\">{}</{element}>",
            text(first),
            text(&[&problems.join("\n"), message].join("\n"))
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn counts<'t>(tests: impl IntoIterator<Item = &'t TestReport>) -> String {
    let (mut all, mut failures, mut errors, mut seconds) = (0_usize, 0_usize, 0_usize, 0.0);
    for test in tests {
        all = all.saturating_add(1);
        errors = errors.saturating_add(usize::from(test.error.is_some()));
        failures = failures.saturating_add(usize::from(test.error.is_none() && !test.passed()));
        seconds += test.seconds;
    }
    format!(r#" tests="{all}" failures="{failures}" errors="{errors}" time="{seconds:.3}""#)
}

/// Text as it may stand in XML 1.0, in elements and attributes: other control characters may not stand there at all.
pub(in crate::render) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push('\t'),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                escaped.extend(control.escape_unicode());
            }
            other => escaped.push(other),
        }
    }
    escaped
}
