//! Reads what stands between `{{` and `}}`, and takes the variables inside it out of it.
//!
//! Kyverno fills inner variables in as text and reads the result, so that a value may become syntax. Here an inner
//! variable is an expression of its own, and a mark stands for it in the outer one: in a raw string, in the name of a key,
//! or as a whole JSON literal. Anywhere else it would have to be syntax, and is an error.

use std::iter::Peekable;
use std::str::Chars;

use super::ExpressionError;

/// Longest expression: the longest known has 170 characters.
const MAX_BYTES: usize = 2048;
/// Brackets and parentheses inside each other. The parser uses the stack for each; a wasm instance has 512 KiB.
const MAX_NESTING: usize = 24;
/// `!`, `&`, `[*]`, `[?` and `*`, for each of which the parser may use the stack too.
const MAX_PREFIXES: usize = 48;
/// Operators of any kind: the tree is as deep as they are many, and taking it apart uses the stack.
const MAX_OPERATORS: usize = 256;
/// Variables in variables. Real policies have one level.
const MAX_VARIABLE_DEPTH: usize = 4;

/// Marks: private-use characters, which settings may therefore not hold.
const TEXT_MARK: [char; 2] = ['\u{E000}', '\u{E001}'];
const LITERAL_MARK: [char; 2] = ['\u{E002}', '\u{E003}'];

/// An expression, with marks where its inner variables stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) inner: Vec<Source>,
}

/// A piece of marked text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marked<'t> {
    Text(&'t str),
    Variable(usize),
}

/// Reads the expression that follows `{{`, up to and with its `}}`.
///
/// # Errors
/// Where it is not closed, breaks a limit or uses a variable as syntax.
pub(in crate::conditions) fn read(characters: &mut Peekable<Chars<'_>>) -> Result<Source, ExpressionError> {
    Reader { characters, source: Source { text: String::new(), inner: Vec::new() }, limits: Limits::default() }.read(0)
}

/// Splits marked text.
pub(super) fn marked(text: &str) -> Vec<Marked<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(TEXT_MARK[0]) {
        let Some((number, behind)) = behind.split_once(TEXT_MARK[1]) else { break };
        if !before.is_empty() {
            pieces.push(Marked::Text(before));
        }
        if let Ok(number) = number.parse() {
            pieces.push(Marked::Variable(number));
        }
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Marked::Text(rest));
    }
    pieces
}

/// The variable of a literal that is nothing else.
pub(super) fn marked_literal(text: &str) -> Option<usize> {
    text.strip_prefix(LITERAL_MARK[0])?.strip_suffix(LITERAL_MARK[1])?.parse().ok()
}

/// Whether a mark is in the text.
pub(super) fn has_mark(text: &str) -> bool {
    text.contains(|c| TEXT_MARK.contains(&c) || LITERAL_MARK.contains(&c))
}

#[derive(Default)]
struct Limits {
    nesting: usize,
    prefixes: usize,
    operators: usize,
}

struct Reader<'r, 'c> {
    characters: &'r mut Peekable<Chars<'c>>,
    source: Source,
    limits: Limits,
}

impl Reader<'_, '_> {
    fn read(mut self, depth: usize) -> Result<Source, ExpressionError> {
        if depth >= MAX_VARIABLE_DEPTH {
            return Err(ExpressionError::TooDeep);
        }
        let mut open_braces = 0_usize;
        // `{{- x }}` asks Kyverno not to look at the result again, which is never done here.
        self.characters.next_if_eq(&'-');
        while let Some(character) = self.characters.next() {
            match character {
                '}' if open_braces == 0 => {
                    if self.characters.next_if_eq(&'}').is_some() {
                        return Ok(self.source);
                    }
                    return Err(self.syntax("a `}` has no `{`"));
                }
                '{' if self.characters.next_if_eq(&'{').is_some() => self.bare_variable(depth)?,
                '\'' | '"' | '`' => self.quoted(character, depth)?,
                _ => {
                    match character {
                        '{' => open_braces = open_braces.saturating_add(1),
                        '}' => open_braces = open_braces.saturating_sub(1),
                        _ => {}
                    }
                    self.count(character)?;
                    self.push(character)?;
                }
            }
        }
        Err(ExpressionError::Unclosed)
    }

    fn count(&mut self, character: char) -> Result<(), ExpressionError> {
        let limits = &mut self.limits;
        match character {
            '(' | '[' | '{' => limits.nesting = limits.nesting.saturating_add(1),
            ')' | ']' | '}' => limits.nesting = limits.nesting.saturating_sub(1),
            '!' | '&' | '*' | '?' => limits.prefixes = limits.prefixes.saturating_add(1),
            _ => {}
        }
        if !(character.is_alphanumeric() || character.is_whitespace() || character == '_') {
            limits.operators = limits.operators.saturating_add(1);
        }
        if limits.nesting > MAX_NESTING || limits.prefixes > MAX_PREFIXES || limits.operators > MAX_OPERATORS {
            return Err(ExpressionError::TooDeep);
        }
        Ok(())
    }

    /// A string, key or literal up to its closing quote.
    fn quoted(&mut self, quote: char, depth: usize) -> Result<(), ExpressionError> {
        self.push(quote)?;
        while let Some(character) = self.characters.next() {
            match character {
                '{' if self.characters.next_if_eq(&'{').is_some() => {
                    if quote == '`' {
                        self.literal_variable(depth)?;
                    } else {
                        self.variable(depth, TEXT_MARK)?;
                    }
                }
                '\\' => {
                    self.push(character)?;
                    if let Some(escaped) = self.characters.next() {
                        self.push(escaped)?;
                    }
                }
                _ => {
                    self.push(character)?;
                    if character == quote {
                        return Ok(());
                    }
                }
            }
        }
        Err(ExpressionError::Unclosed)
    }

    /// A variable in the open can only be the name of a key: `a.{{ b }}`.
    fn bare_variable(&mut self, depth: usize) -> Result<(), ExpressionError> {
        if !self.source.text.trim_end().ends_with('.') {
            return Err(ExpressionError::BareVariable);
        }
        self.push('"')?;
        self.variable(depth, TEXT_MARK)?;
        self.push('"')
    }

    /// A variable as a JSON literal: `` `{{ a }}` ``, or in a string of it: `` `"{{ a }}"` ``.
    fn literal_variable(&mut self, depth: usize) -> Result<(), ExpressionError> {
        match self.source.text.chars().next_back() {
            Some('"') => self.variable(depth, TEXT_MARK),
            Some('`') => {
                self.push('"')?;
                self.variable(depth, LITERAL_MARK)?;
                self.push('"')
            }
            _ => Err(ExpressionError::BareVariable),
        }
    }

    fn variable(&mut self, depth: usize, [open, close]: [char; 2]) -> Result<(), ExpressionError> {
        let number = self.source.inner.len();
        let empty = Source { text: String::new(), inner: Vec::new() };
        let inner = Reader { characters: &mut *self.characters, source: empty, limits: Limits::default() }
            .read(depth.saturating_add(1))?;
        self.source.inner.push(inner);
        self.source.text.push(open);
        self.source.text.push_str(&number.to_string());
        self.source.text.push(close);
        Ok(())
    }

    fn push(&mut self, character: char) -> Result<(), ExpressionError> {
        if TEXT_MARK.contains(&character) || LITERAL_MARK.contains(&character) {
            return Err(self.syntax("it holds a private-use character"));
        }
        if self.source.text.len() >= MAX_BYTES {
            return Err(ExpressionError::TooLong { limit: MAX_BYTES });
        }
        self.source.text.push(character);
        Ok(())
    }

    fn syntax(&self, reason: &str) -> ExpressionError {
        ExpressionError::Syntax { expression: self.source.text.trim().to_owned(), reason: reason.to_owned() }
    }
}
