//! A report for a pull request or a job summary.

use std::io::{self, Write};

use super::{Report, Tally};

pub(super) fn write(out: &mut dyn Write, report: &Report, all: Tally) -> io::Result<()> {
    writeln!(out, "**sigwarden**: {all}\n")?;
    if report.suites.is_empty() {
        return Ok(());
    }
    writeln!(out, "| | test | file | what is wrong |\n|---|---|---|---|")?;
    for suite in &report.suites {
        for test in &suite.tests {
            let mark = if test.passed() { "✓" } else { "✗" };
            let problems: Vec<String> = test.problems().map(|problem| cell(&problem)).collect();
            writeln!(out, "| {mark} | {} | `{}` | {} |", cell(&test.name), cell(&suite.file), problems.join("<br>"))?;
        }
    }
    Ok(())
}

/// Text that cannot leave its cell, nor become a tag, a link, a picture, code or a mention.
pub(in crate::render) fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '@' => shown.push_str("&#64;"),
            '\\' | '|' | '[' | ']' | '`' | '*' | '_' | '~' => shown.extend(['\\', character]),
            '\r' | '\n' => shown.push(' '),
            other => shown.push(other),
        }
    }
    shown
}
