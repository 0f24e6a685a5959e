//! A page of the documentation, which is Markdown, as text.
//!
//! Of Markdown what the pages of `docs/codes.md` use: paragraphs, lists, blocks of code, `**bold**`, `` `code` `` and links, of which
//! the target stands behind the words.

use std::io::{self, Write};

use anstyle::Style;
use sigwarden_core::decision::Code;

use super::page::{Page, quotes_unbroken};

/// Writes a page.
///
/// # Errors
/// When `out` cannot be written to.
pub fn prose(out: &mut dyn Write, markdown: &str) -> io::Result<()> {
    let mut paragraph = String::new();
    let mut is_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            flush(out, &mut paragraph)?;
            is_code = !is_code;
        } else if is_code || line.starts_with("    ") {
            flush(out, &mut paragraph)?;
            writeln!(out, "    {}", line.strip_prefix("    ").unwrap_or(line))?;
        } else if line.trim().is_empty() {
            flush(out, &mut paragraph)?;
            writeln!(out)?;
        } else {
            if line.starts_with("- ") {
                flush(out, &mut paragraph)?;
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(out, &mut paragraph)
}

/// Writes all codes with what they are about.
///
/// # Errors
/// When `out` cannot be written to.
pub(crate) fn codes(out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out);
    Code::ALL.iter().try_for_each(|code| page.row(&code.to_string(), code.summary()))
}

/// Writes what was gathered, and forgets it.
fn flush(out: &mut dyn Write, paragraph: &mut String) -> io::Result<()> {
    if paragraph.is_empty() {
        return Ok(());
    }
    let text = quotes_unbroken(&plain(&std::mem::take(paragraph)));
    match text.split_once(' ') {
        // The two words with which these paragraphs begin lead the eye.
        Some((word, rest)) if matches!(word, "Do:" | "Seen") => {
            let (lead, rest) = match rest.strip_prefix("when ") {
                Some(rest) if word == "Seen" => ("Seen when".to_owned(), rest),
                _ => (word.to_owned(), rest),
            };
            let bold = Style::new().bold();
            Page::new(out).led(&lead, rest, bold)
        }
        _ => Page::new(out).line(&text),
    }
}

/// A paragraph without its markup. Code keeps its backticks: they say where a command begins and ends.
fn plain(markdown: &str) -> String {
    let text = markdown.replace("**", "");
    let mut plain = String::new();
    let mut rest = text.as_str();
    // Each turn takes a link off the front.
    while let Some((before, link)) = rest.split_once('[') {
        match link.split_once("](").and_then(|(words, behind)| Some((words, behind.split_once(')')?))) {
            Some((words, (target, behind))) if !words.contains('[') => {
                plain.push_str(before);
                plain.push_str(&format!("{words} ({target})"));
                rest = behind;
            }
            _ => {
                plain.push_str(before);
                plain.push('[');
                rest = link;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_text() {
        let cases = [
            ("paragraph", "one\ntwo", "one two\n"),
            ("bold", "**Do**: this", "Do: this\n"),
            ("code", "run `a b`", "run `a b`\n"),
            ("link", "see [here](there.md), and [x]", "see here (there.md), and [x]\n"),
            ("list", "- a\n- b\n  c", "- a\n- b c\n"),
            ("block", "x:\n\n    a **b**\n", "x:\n\n    a **b**\n"),
            ("fence", "```yaml\na: b\n```", "    a: b\n"),
        ];
        for (name, markdown, expected) in cases {
            let mut out = Vec::new();
            prose(&mut out, markdown).unwrap();
            let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
            assert_eq!(text, expected, "case `{name}`");
        }
    }
}
