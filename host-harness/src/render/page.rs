//! The typography of the text form: marks, labelled fields, line breaks.
//!
//! Lines break between words, never inside one, and commands are not broken at all: a digest, a URL or a command can be
//! copied as it stands. Lines are as long as the terminal is wide, within reason. Text comes from registries and certificates, so what could move the cursor or
//! turn the writing round is shown as an escape.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use anstyle::{AnsiColor, Style};
use sigwarden_core::decision::Outcome;

/// Columns of a line, where words allow, if it does not go to a terminal.
const WIDTH: usize = 100;
/// Narrower, fields would have no room beside their labels; wider, an eye loses the line.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=140;
/// Columns of the terminal that standard output is; 0 where it is none.
static OUTPUT: AtomicUsize = AtomicUsize::new(0);
/// Columns of the terminal that standard error is; 0 where it is none.
static ERRORS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Where this thread's pages go.
    static PLACE: Cell<Place> = const { Cell::new(Place::Output) };
}

/// Where a page goes, which says how long its lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
    /// A file, which is the same whoever writes it.
    File,
}

impl Place {
    /// Columns of the terminal, if there is one.
    fn terminal(self) -> Option<usize> {
        let columns = match self {
            Self::Output => OUTPUT.load(Ordering::Relaxed),
            Self::Errors => ERRORS.load(Ordering::Relaxed),
            Self::File => 0,
        };
        (columns > 0).then_some(columns)
    }
}

/// Makes lines as long as the terminals are wide that standard output and standard error are.
pub fn fit_terminals(output: Option<usize>, errors: Option<usize>) {
    for (place, columns) in [(&OUTPUT, output), (&ERRORS, errors)] {
        place.store(columns.map_or(0, |columns| columns.clamp(*WIDTHS.start(), *WIDTHS.end())), Ordering::Relaxed);
    }
}

/// Writes something that does not go to standard output, where pages go otherwise.
pub(crate) fn bound_for<T>(place: Place, write: impl FnOnce() -> T) -> T {
    let before = PLACE.replace(place);
    let written = write();
    PLACE.set(before);
    written
}

/// Writes a line to standard error that begins with its kind: `warning`, `note`, `error`. It breaks only on a terminal, so that a log has it in one piece;
/// what stands below its first line stays as it is, where it shows a piece of a file.
///
/// # Errors
/// When `err` cannot be written to.
pub fn remark(err: &mut dyn Write, kind: &str, text: &str) -> io::Result<()> {
    let Some(columns) = Place::Errors.terminal() else { return writeln!(err, "{kind}: {text}") };
    let is_excerpt = text.lines().any(|line| line.trim_start().starts_with('|'));
    let indent = kind.chars().count().saturating_add(2);
    write!(err, "{kind}: ")?;
    for (index, line) in lines(text).enumerate() {
        let start = if index == 0 { indent } else { 0 };
        if index > 0 && (is_excerpt || is_command(line.trim_start())) {
            writeln!(err, "{line}")?;
            continue;
        }
        for (index, part) in broken(&visible(&quotes_unbroken(line)), start, indent, columns).iter().enumerate() {
            let hang = if index > 0 { indent } else { 0 };
            writeln!(err, "{:hang$}{}", "", part.replace(NO_BREAK, " "))?;
        }
    }
    Ok(())
}

/// Where fields of an image start.
const INDENT: usize = 4;
/// Columns of a label and its colon.
const LABEL: usize = 11;
/// Where the text of a field starts.
const FIELD: usize = INDENT + LABEL;

/// A space at which no line breaks. It is printed as a plain one.
const NO_BREAK: &str = "\u{a0}";

/// Programs that people are told to run.
const PROGRAMS: [&str; 8] = ["cosign", "crane", "docker", "gh", "helm", "kubectl", "kwctl", "sigwarden"];

/// Writes one line.
///
/// # Errors
/// When `out` cannot be written to.
pub(crate) fn line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    Page::new(out).line(text)
}

/// Writes lines.
pub(super) struct Page<'w> {
    out: &'w mut dyn Write,
}

impl<'w> Page<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self { out }
    }

    /// A headline with a mark in front.
    pub(super) fn headline(&mut self, outcome: Outcome, text: &str) -> io::Result<()> {
        let (mark, style) = mark(outcome);
        write!(self.out, "{style}{mark}{style:#} ")?;
        self.wrapped(text, 2, 2, Style::new().bold())
    }

    /// A sentence below a headline.
    pub(super) fn sentence(&mut self, text: &str) -> io::Result<()> {
        write!(self.out, "{:INDENT$}", "")?;
        self.wrapped(text, INDENT, INDENT, Style::new())
    }

    /// A sentence below a headline, with its own mark.
    pub(super) fn marked(&mut self, outcome: Outcome, text: &str) -> io::Result<()> {
        let (mark, style) = mark(outcome);
        write!(self.out, "  {style}{mark}{style:#} ")?;
        self.wrapped(text, INDENT, INDENT, Style::new())
    }

    /// A labelled text. Each of its lines is broken by itself.
    pub(super) fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.label(label)?;
        for (index, line) in lines(text).enumerate() {
            if index > 0 {
                write!(self.out, "{:FIELD$}", "")?;
            }
            self.wrapped(line, FIELD, FIELD, Style::new())?;
        }
        Ok(())
    }

    /// A labelled list: as many items on a line as there is room for. What does not fit on one hangs below itself.
    pub(super) fn items(&mut self, label: &str, items: &[String]) -> io::Result<()> {
        let width = columns();
        let mut lines: Vec<String> = Vec::new();
        // Whether another item may stand behind the last one.
        let mut has_room = false;
        for item in items {
            let item = item.replace('\n', "\\n");
            let whole = visible(&unbroken(&item));
            let length = whole.chars().count();
            let joined = lines.last().filter(|_| has_room).map(|line| format!("{line} · {whole}"));
            let fits = |text: &String| FIELD.saturating_add(text.chars().count()) <= width;
            if let (Some(joined), Some(line)) = (joined.filter(fits), lines.last_mut()) {
                *line = joined;
            } else if FIELD.saturating_add(length) <= width {
                lines.push(whole);
                has_room = true;
            } else {
                // A dash would end one line or begin another.
                let item = item.replace(NO_BREAK, " ").replacen(" — ", ": ", 1);
                let parts = broken(&visible(&item), FIELD, FIELD.saturating_add(2), width);
                let parts = parts.into_iter().enumerate();
                lines.extend(parts.map(|(index, part)| if index > 0 { format!("  {part}") } else { part }));
                has_room = false;
            }
        }
        self.label(label)?;
        for (index, line) in lines.iter().enumerate() {
            let hang = if index > 0 { FIELD } else { 0 };
            writeln!(self.out, "{:hang$}{}", "", line.replace(NO_BREAK, " "))?;
        }
        Ok(())
    }

    /// What to do: the field that the eye should find first. Sentences break; what the hand copies stays as it is.
    pub(super) fn remedy(&mut self, text: &str) -> io::Result<()> {
        let style = AnsiColor::Cyan.on_default();
        self.label("do")?;
        for (index, line) in lines(text).enumerate() {
            if index > 0 {
                write!(self.out, "{:FIELD$}", "")?;
            }
            if is_command(line) {
                writeln!(self.out, "{style}{}{style:#}", visible(line))?;
            } else {
                self.wrapped(&quotes_unbroken(line), FIELD, FIELD, style)?;
            }
        }
        Ok(())
    }

    /// A caret below the character at `column` of the field above.
    pub(super) fn caret(&mut self, column: usize) -> io::Result<()> {
        let style = AnsiColor::Yellow.on_default();
        writeln!(self.out, "{:1$}{style}^{style:#}", "", FIELD.saturating_add(column))
    }

    /// A line without indentation.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.wrapped(text, 0, 2, Style::new())
    }

    /// A line of a table: what does not fit into its last column goes on below it.
    pub(super) fn row(&mut self, first: &str, last: &str) -> io::Result<()> {
        let indent = first.chars().count().saturating_add(2);
        write!(self.out, "{}  ", visible(first))?;
        self.wrapped(last, indent, indent, Style::new())
    }

    /// A line that begins with words in a style of their own.
    pub(super) fn led(&mut self, lead: &str, text: &str, style: Style) -> io::Result<()> {
        write!(self.out, "{style}{lead}{style:#} ")?;
        self.wrapped(text, lead.chars().count().saturating_add(1), 0, Style::new())
    }

    /// A line about something that does not stand in the way.
    pub(super) fn warning(&mut self, text: &str) -> io::Result<()> {
        let style = AnsiColor::Yellow.on_default();
        write!(self.out, "{style}warning:{style:#} ")?;
        self.wrapped(text, 9, 9, Style::new())
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    fn label(&mut self, label: &str) -> io::Result<()> {
        let dim = Style::new().dimmed();
        let label = format!("{label}:");
        write!(self.out, "{:INDENT$}{dim}{label:LABEL$}{dim:#}", "")
    }

    /// One line of text, starting at column `start` and going on at column `hang`.
    fn wrapped(&mut self, text: &str, start: usize, hang: usize, style: Style) -> io::Result<()> {
        for (index, line) in broken(&visible(text), start, hang, columns()).iter().enumerate() {
            if index > 0 {
                write!(self.out, "{:hang$}", "")?;
            }
            writeln!(self.out, "{style}{}{style:#}", line.replace(NO_BREAK, " "))?;
        }
        Ok(())
    }
}

/// `text` as something that no line break divides.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(' ', NO_BREAK)
}

/// `text` as one line, where a program may read it; whoever sits at a terminal reads it broken.
pub(super) fn unbroken_for_programs(text: &str) -> String {
    if PLACE.get().terminal().is_some() { text.to_owned() } else { unbroken(text) }
}

/// The lines of a text; the empty text has one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Whether a field with this text stands on one line.
pub(super) fn fits_field(text: &str) -> bool {
    !text.contains('\n') && broken(&visible(text), FIELD, FIELD, columns()).len() == 1
}

const fn mark(outcome: Outcome) -> (char, Style) {
    match outcome {
        Outcome::Passed => ('✓', AnsiColor::Green.on_default()),
        Outcome::Skipped | Outcome::Audited => ('!', AnsiColor::Yellow.on_default()),
        Outcome::Failed => ('✗', AnsiColor::Red.on_default()),
        Outcome::Undecided => ('?', AnsiColor::Yellow.on_default()),
    }
}

/// Breaks one line of text between words. The spaces at its start, which YAML lives by, are kept.
fn broken(text: &str, start: usize, hang: usize, width: usize) -> Vec<String> {
    // No line begins with what stands between two things.
    let text = text.replace(" · ", "\u{a0}· ").replace(" — ", "\u{a0}— ");
    let indentation: String = text.chars().take_while(|character| *character == ' ').collect();
    let mut lines = Vec::new();
    let mut line = indentation;
    let mut column = start.saturating_add(line.chars().count());
    let mut is_fresh = true;
    for word in text.trim_start_matches(' ').split(' ') {
        let length = word.chars().count();
        let end = column.saturating_add(length).saturating_add(usize::from(!is_fresh));
        if end > width && !is_fresh {
            // The second of two spaces is no word, and stands neither behind a line nor in front of one.
            if word.is_empty() {
                continue;
            }
            lines.push(std::mem::take(&mut line).trim_end_matches(' ').to_owned());
            column = hang.saturating_add(length);
        } else {
            if !is_fresh {
                line.push(' ');
            }
            column = end;
        }
        line.push_str(word);
        is_fresh = false;
    }
    lines.push(line);
    lines
}

fn columns() -> usize {
    PLACE.get().terminal().unwrap_or(WIDTH)
}

/// Whether a line of advice is there to be copied, as a command or as YAML, and not a sentence.
pub(super) fn is_command(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    line.starts_with([' ', '#']) || line.starts_with("- ") || first.ends_with(':') || PROGRAMS.contains(&first)
}

/// What stands in backticks is a command within a sentence, and stays on one line.
pub(super) fn quotes_unbroken(text: &str) -> String {
    let mut unbroken_text = String::with_capacity(text.len());
    let mut rest = text;
    // Each turn takes a quotation off the front; a last backtick without a second one quotes nothing.
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((quoted, after)) = behind.split_once('`') else { break };
        unbroken_text.push_str(&format!("{before}`{}`", unbroken(quoted)));
        rest = after;
    }
    unbroken_text.push_str(rest);
    unbroken_text
}

/// `text` without characters that a terminal acts upon instead of showing: controls, and those that change the
/// direction of writing.
pub(crate) fn visible(text: &str) -> String {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let words = |count: usize| vec!["word"; count].join(" ");
        let cases = [
            ("short", "a b".to_owned(), vec!["a b".to_owned()]),
            ("empty", String::new(), vec![String::new()]),
            ("just fits", words(20), vec![words(20)]),
            ("one word more", words(21), vec![words(20), "word".to_owned()]),
            ("a word longer than the line", "x".repeat(200), vec!["x".repeat(200)]),
            ("a long word after a short one", format!("to {}", "x".repeat(99)), vec!["to".to_owned(), "x".repeat(99)]),
            ("indented", "  - a: b".to_owned(), vec!["  - a: b".to_owned()]),
            ("two spaces", format!("{}  word", words(20)), vec![words(20), "word".to_owned()]),
            ("a dash", format!("{} — word", words(20)), vec![words(19), "word\u{a0}— word".to_owned()]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(broken(&text, 1, 1, WIDTH), expected, "case `{name}`");
        }
    }

    #[test]
    fn lines_are_as_long_as_the_terminal_is_wide_within_reason() {
        let text = vec!["word"; 40].join(" ");
        for (columns, longest) in [(40, 39), (60, 59), (80, 79), (140, 139)] {
            let lines = broken(&text, 0, 0, columns);
            assert_eq!(lines.iter().map(|line| line.chars().count()).max(), Some(longest), "{columns} columns");
        }
        assert!(WIDTHS.contains(&WIDTH));
    }

    #[test]
    fn items_stand_together_where_there_is_room() {
        let long = "x".repeat(70);
        let cases: [(&str, &[&str], &str); 4] = [
            ("one", &["a — b"], "a — b"),
            ("two", &["a — b", "c d"], "a — b · c d"),
            ("no room for the second", &[&long, "a — b and more", "c"], &format!("{long}\na — b and more · c")),
            (
                "no room for one alone",
                &["a", &format!("{long}\u{a0}—\u{a0}absent and more words"), "b"],
                &format!("a\n{long}: absent and\n  more words\nb"),
            ),
        ];
        for (name, items, expected) in cases {
            let items: Vec<String> = items.iter().map(|&item| item.to_owned()).collect();
            let mut out = Vec::new();
            Page::new(&mut out).items("looked", &items).unwrap();
            let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
            let expected = format!("    looked:    {}\n", expected.replace('\n', "\n               "));
            assert_eq!(text, expected, "case `{name}`");
        }
    }

    #[test]
    fn sentences_of_advice_break_and_commands_do_not() {
        let cases = [
            ("a command", "cosign sign --yes ghcr.io/x/y", true),
            ("our own", "sigwarden publish ghcr.io/x/y", true),
            ("YAML", "attestations:", true),
            ("a list", "- type: x", true),
            ("deeper", "  conditions:", true),
            ("a sentence", "try again: the host has what was fetched now", false),
            ("a sentence about a command", "`sigwarden verify` with this policy prints it", false),
            ("nothing", "", false),
        ];
        for (name, line, expected) in cases {
            assert_eq!(is_command(line), expected, "case `{name}`");
        }
        let long = "x".repeat(30);
        let command = format!("cosign sign {}", [long.as_str(); 6].join(" "));
        let quoted = format!("`sigwarden publish --rekor-url {long} {long} {long}`");
        let sentence = format!("publish with {quoted}, {}", vec!["word"; 40].join(" "));
        let mut out = Vec::new();
        Page::new(&mut out).remedy(&format!("{command}\n{sentence}")).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert!(text.contains(&command), "{text}");
        assert!(text.contains(&quoted), "{text}");
        assert!(text.lines().count() > 3, "{text}");
        assert_eq!(quotes_unbroken("a ` b c"), "a ` b c");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        let cases = [
            ("plain", "ghcr.io/x/y:1 ✓ ä", "ghcr.io/x/y:1 ✓ ä"),
            ("colour", "a\u{1b}[31m", "a\\u{1b}[31m"),
            ("one-byte escape", "a\u{9b}31m", "a\\u{9b}31m"),
            ("carriage return", "a\rb", "a\\u{d}b"),
            ("right to left", "a\u{202e}b", "a\\u{202e}b"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(visible(text), expected, "case `{name}`");
        }
    }
}
