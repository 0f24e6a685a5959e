//! Writes YAML that a person reads first and `kubectl` second.
//!
//! The subset is small: block style, strings plain only where no YAML version could take them for anything else, text
//! of several lines as a literal block. What is written reads back as the same value; a test holds that.

use std::fmt::Write as _;

use serde_json::Value;

use super::tree::{Field, Fields, Tree};

/// Columns of a comment, where words allow.
const WIDTH: usize = 100;

/// Columns of a list on its key's line.
const SHORT: usize = 90;

/// The documents, each with a comment in front.
#[must_use]
pub fn documents<'t>(documents: impl IntoIterator<Item = (&'t str, &'t Tree)>) -> String {
    let mut out = String::new();
    for (index, (why, tree)) in documents.into_iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        comment(&mut out, why, 0);
        node(&mut out, tree, 0);
    }
    out
}

fn node(out: &mut String, tree: &Tree, indent: usize) {
    match tree {
        Tree::Scalar(value) => {
            let _ = writeln!(out, "{:indent$}{}", "", scalar(value));
        }
        Tree::List(items) if items.is_empty() => {
            let _ = writeln!(out, "{:indent$}[]", "");
        }
        Tree::Map(entries) if entries.is_empty() => {
            let _ = writeln!(out, "{:indent$}{{}}", "");
        }
        Tree::List(items) => items.iter().for_each(|item| list_item(out, item, indent)),
        Tree::Map(entries) => fields(out, entries, indent, None),
    }
}

/// Writes the fields of an object. With `dash`, the first one stands behind the dash of a list item at that column.
fn fields(out: &mut String, entries: &Fields, indent: usize, dash: Option<usize>) {
    for (index, entry) in entries.iter().enumerate() {
        let dash = if index == 0 { dash } else { None };
        if let Some(why) = &entry.comment {
            comment(out, why, dash.unwrap_or(indent));
        }
        match dash {
            Some(column) => {
                let _ = write!(out, "{:column$}- ", "");
            }
            None => {
                let _ = write!(out, "{:indent$}", "");
            }
        }
        field(out, entry, indent);
    }
}

fn field(out: &mut String, entry: &Field, indent: usize) {
    let deeper = indent.saturating_add(2);
    let _ = write!(out, "{}:", string(&entry.key));
    match &entry.value {
        Tree::Scalar(Value::String(text)) if is_block(text) => block(out, text, deeper),
        Tree::Scalar(value) => {
            let _ = writeln!(out, " {}", scalar(value));
        }
        Tree::List(items) if is_short(items) => {
            let _ = writeln!(out, " [{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", "));
        }
        Tree::Map(inner) if inner.is_empty() => out.push_str(" {}\n"),
        // Lists stand in the column of their key, as in most of Kubernetes' own YAML.
        Tree::List(items) => {
            out.push('\n');
            items.iter().for_each(|item| list_item(out, item, indent));
        }
        Tree::Map(inner) => {
            out.push('\n');
            fields(out, inner, deeper, None);
        }
    }
}

fn list_item(out: &mut String, item: &Tree, indent: usize) {
    let deeper = indent.saturating_add(2);
    match item {
        Tree::Map(inner) if !inner.is_empty() => fields(out, inner, deeper, Some(indent)),
        Tree::List(items) if !items.is_empty() => {
            let _ = writeln!(out, "{:indent$}-", "");
            items.iter().for_each(|item| list_item(out, item, deeper));
        }
        Tree::Scalar(Value::String(text)) if is_block(text) => {
            let _ = write!(out, "{:indent$}-", "");
            block(out, text, deeper);
        }
        other => {
            let _ = write!(out, "{:indent$}- ", "");
            node(out, other, 0);
        }
    }
}

/// Whether a list is written on its key's line: a few short strings, or nothing.
fn is_short(items: &[Tree]) -> bool {
    let length = |item: &Tree| match item {
        Tree::Scalar(Value::String(text)) if !text.contains('\n') => Some(text.len().saturating_add(4)),
        _ => None,
    };
    let total = items.iter().map(length).try_fold(0_usize, |sum, length| Some(sum.saturating_add(length?)));
    total.is_some_and(|total| total <= SHORT)
}

/// A string of a list on one line, where `,` and `]` would end a plain one.
fn quoted(item: &Tree) -> String {
    match item {
        Tree::Scalar(Value::String(text)) => in_quotes(text),
        other => scalar(&other.to_value()),
    }
}

/// Whether a text is written as a literal block: several lines that look the same there as they are.
fn is_block(text: &str) -> bool {
    let plain = |character: char| character == '\n' || !(character.is_control() || is_odd(character));
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(plain)
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in text.lines() {
        if line.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
}

/// What is indented by four columns is a command, and stays on its line.
fn comment(out: &mut String, why: &str, indent: usize) {
    for line in why.lines() {
        if let Some(command) = line.strip_prefix("    ") {
            let command: String = command.chars().filter(|c| !c.is_control() && !is_odd(*c)).collect();
            let _ = writeln!(out, "{:indent$}#     {command}", "");
            continue;
        }
        let mut column = usize::MAX;
        for word in line.split_whitespace() {
            let word: String =
                word.chars().filter(|character| !character.is_control() && !is_odd(*character)).collect();
            let length = word.chars().count();
            if column.saturating_add(length).saturating_add(1) > WIDTH {
                if column != usize::MAX {
                    out.push('\n');
                }
                let _ = write!(out, "{:indent$}# {word}", "");
                column = indent.saturating_add(2).saturating_add(length);
            } else {
                let _ = write!(out, " {word}");
                column = column.saturating_add(length).saturating_add(1);
            }
        }
        if column != usize::MAX {
            out.push('\n');
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// A string on one line: plain where that is beyond doubt, else in double quotes.
fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { in_quotes(text) }
}

fn in_quotes(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            odd if odd.is_control() || is_odd(odd) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(odd));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// What YAML takes for a line break or a byte order mark, or what turns the direction of writing.
const fn is_odd(character: char) -> bool {
    matches!(
        character,
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Whether no YAML version takes this for anything but the string that it is.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"];
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+' | ':'))
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let strings = [
            "",
            "a",
            "true",
            "No",
            "1",
            "1e3",
            "0x1f",
            "12:30:45",
            "~",
            "a: b",
            "a #b",
            "*",
            "?*",
            "- a",
            "{{ x }}",
            "a\nb\n",
            "a\nb",
            "a\nb\n\n",
            "\na",
            " a\nb",
            "a\n  b\n\nc\n",
            "a\tb\nc",
            "ä",
            "\u{feff}x",
            "\u{2028}",
            "a\u{7}b",
            "\"",
            "\\",
            "%a",
            "@a",
            "`a`",
            "!a",
            "&a",
            "|",
            ">",
            "a:",
            "a:b",
            "2024-01-01",
            "-----BEGIN X-----\nA=\n-----END X-----\n",
            "a\r\nb",
            "ends with a space ",
            " ",
            "null",
            "x\n y\n",
            "it's",
        ];
        let mut cases: Vec<Value> = strings.iter().map(|text| json!(text)).collect();
        cases.extend([
            json!({}),
            json!([]),
            json!({"a": []}),
            json!({"a": ["x", "y"], "b": ["x".repeat(200)], "c": ["a\nb"], "d": ["a, b]", "true", "1"], "e": [1, "x"]}),
            json!({"a": {}, "b": null, "c": 1.5, "d": [1, [2, [3]], {"e": {"f": [{"g": "h"}, {}]}}]}),
            json!([[], {}, [[]], "a"]),
            json!({"": 1, "a b": 2, "1": 3, "true": 4, "a: b": 5, "*": 6}),
        ]);
        cases.extend(
            strings.iter().map(|text| json!({"key": text, "list": [text, {"in": text}], "nested": {"x": {"y": text}}})),
        );
        for value in cases {
            let text = documents([("why\n# and how", &Tree::from(&value))]);
            let read: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{value}: {error}\n{text}"));
            assert_eq!(read, value, "{text}");
        }
    }

    #[test]
    fn commands_in_comments_stay_on_their_line() {
        let command = format!("    sigwarden publish {}", "x".repeat(120));
        let why = format!("Words {}:\n{command}\r\u{85}", "that break ".repeat(12));
        let text = documents([(why.as_str(), &Tree::from("a"))]);
        assert!(text.lines().any(|line| line == format!("# {command}")), "{text}");
        assert!(text.lines().filter(|line| line.starts_with("# ")).count() > 2, "{text}");
    }

    #[test]
    fn comments_stand_above_their_fields() {
        let mut inner = Fields::new();
        inner.add_why("a", "x", "first");
        inner.add_why("b", true, "second\nand third");
        let tree = Tree::from(Fields::new().with("list", vec![Tree::from(inner)]));
        let expected = "# top\nlist:\n# first\n- a: x\n  # second\n  # and third\n  b: true\n";
        assert_eq!(documents([("top", &tree)]), expected);
    }
}
