//! Paths into a predicate: the part of JMESPath that only follows keys and indices.
//!
//! `buildDefinition.externalParameters.workflow.ref`, `"quoted key".list[0]`, `list[-1]`. Everything else JMESPath has
//! (functions, pipes, filters, projections, literals …) is refused by name when the settings are read, so that no
//! condition is ever understood in another way than its author meant it.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

use super::ConditionError;
use crate::quote::quote;
use crate::suggestion::closest_first;

/// Most steps in a path: predicates nest less than the 128 levels that the JSON parser takes.
const MAX_STEPS: usize = 64;
/// Keys that an error about an absent key names.
const NAMED_KEYS: usize = 5;

/// What the first step of a path may not be called: Kyverno binds these names to the request, the image and the loop,
/// and a predicate with a key of that name must never be taken for them.
const RESERVED: &[&str] = &[
    "request",
    "images",
    "image",
    "element",
    "elementIndex",
    "target",
    "serviceAccountName",
    "serviceAccountNamespace",
];

static NULL: Value = Value::Null;

/// Why an expression is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// There is nothing between the braces.
    #[error("the variable is empty")]
    Empty,
    /// JMESPath, but more than a path.
    #[error("{construct} in {} is not supported yet: write a path of keys and indices, such as `a.b[0].c`", quote(.expression))]
    Unsupported {
        /// What is not supported, for example `a function`.
        construct: &'static str,
        /// The whole expression.
        expression: String,
    },
    /// A name that stands for something outside the predicate.
    #[error("`{name}` in {} is not supported yet: a condition sees the predicate only", quote(.expression))]
    Reserved {
        /// The name.
        name: String,
        /// The whole expression.
        expression: String,
    },
    /// Not JMESPath.
    #[error("{} is not a path: {reason}", quote(.expression))]
    Syntax {
        /// The whole expression.
        expression: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// More steps than any predicate has levels.
    #[error("the path has more than {MAX_STEPS} steps")]
    TooDeep,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(i64),
}

/// A parsed path, with at least one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    pub(super) fn parse(expression: &str) -> Result<Self, PathError> {
        Parser { expression, characters: expression.chars().peekable() }.parse()
    }

    /// What the path leads to; null for an index behind the end of a list.
    pub(super) fn find<'v>(&self, predicate: &'v Value) -> Result<&'v Value, ConditionError> {
        let mut at = predicate;
        for (walked, step) in self.0.iter().enumerate() {
            let here = || self.text_of(walked);
            at = match (step, at) {
                (Step::Key(key), Value::Object(object)) => match object.get(key) {
                    Some(value) => value,
                    None => {
                        let nearest = closest_first(key, object.keys().map(String::as_str));
                        return Err(ConditionError::MissingKey {
                            path: self.text_of(walked.saturating_add(1)),
                            nearest: nearest.into_iter().take(NAMED_KEYS).map(str::to_owned).collect(),
                        });
                    }
                },
                (Step::Index(index), Value::Array(items)) => element(items, *index).unwrap_or(&NULL),
                (Step::Key(_), other) => return Err(not_traversable(here(), other, "an object")),
                (Step::Index(_), other) => return Err(not_traversable(here(), other, "a list")),
            };
        }
        Ok(at)
    }

    /// The first so many steps as they are written.
    fn text_of(&self, steps: usize) -> String {
        let mut text = String::new();
        for step in self.0.iter().take(steps) {
            match step {
                Step::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    let is_plain =
                        key.chars().all(is_identifier_part) && !key.starts_with(|c: char| c.is_ascii_digit());
                    text.push_str(&if is_plain { key.clone() } else { Value::from(key.as_str()).to_string() });
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        if text.is_empty() { "the predicate".to_owned() } else { text }
    }
}

fn element(items: &[Value], index: i64) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { items.get(items.len().checked_sub(from_end)?) } else { items.get(from_end) }
}

fn not_traversable(path: String, found: &Value, wanted: &'static str) -> ConditionError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ConditionError::NotTraversable { path, found, wanted }
}

const fn is_identifier_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

struct Parser<'a> {
    expression: &'a str,
    characters: Peekable<Chars<'a>>,
}

impl Parser<'_> {
    fn parse(mut self) -> Result<Path, PathError> {
        self.skip_spaces();
        if self.peek().is_none() {
            return Err(PathError::Empty);
        }
        let first = if self.peek() == Some('[') { self.index()? } else { self.key()? };
        if let Step::Key(name) = &first
            && RESERVED.contains(&name.as_str())
        {
            return Err(PathError::Reserved { name: name.clone(), expression: self.expression.to_owned() });
        }
        let mut steps = vec![first];
        loop {
            self.skip_spaces();
            let step = match self.peek() {
                None => return Ok(Path(steps)),
                Some('.') => {
                    self.characters.next();
                    self.skip_spaces();
                    self.key()?
                }
                Some('[') => self.index()?,
                Some(other) => return Err(self.unexpected(other)),
            };
            if steps.len() >= MAX_STEPS {
                return Err(PathError::TooDeep);
            }
            steps.push(step);
        }
    }

    /// An identifier, plain or quoted.
    fn key(&mut self) -> Result<Step, PathError> {
        match self.peek() {
            Some('"') => self.quoted_key(),
            Some(character) if is_identifier_part(character) && !character.is_ascii_digit() => {
                let mut key = String::new();
                while let Some(character) = self.characters.next_if(|next| is_identifier_part(*next)) {
                    key.push(character);
                }
                Ok(Step::Key(key))
            }
            Some('[') => Err(self.unsupported("a multi-select list")),
            Some(other) => Err(self.unexpected(other)),
            None => Err(self.syntax("it ends in a dot")),
        }
    }

    fn quoted_key(&mut self) -> Result<Step, PathError> {
        let mut json = String::new();
        let mut is_escaped = false;
        while let Some(character) = self.characters.next() {
            let is_end = character == '"' && !json.is_empty() && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            json.push(character);
            if is_end {
                let key = serde_json::from_str(&json);
                return key.map(Step::Key).map_err(|_| self.syntax("a quoted key is not a JSON string"));
            }
        }
        Err(self.syntax("a quote is not closed"))
    }

    /// `[n]`, standing on the bracket.
    fn index(&mut self) -> Result<Step, PathError> {
        self.characters.next();
        self.skip_spaces();
        let mut digits = String::new();
        while let Some(character) = self.characters.next_if(|next| next.is_ascii_digit() || *next == '-') {
            digits.push(character);
        }
        self.skip_spaces();
        match (digits.is_empty(), self.peek()) {
            (false, Some(']')) => {
                self.characters.next();
                digits.parse().map(Step::Index).map_err(|_| self.syntax("an index is not a number"))
            }
            (_, Some(':')) => Err(self.unsupported("a slice")),
            (true, Some('?')) => Err(self.unsupported("a filter")),
            (true, Some(']' | '*')) => Err(self.unsupported("a projection")),
            (true, Some(_)) => Err(self.unsupported("a multi-select list")),
            (_, _) => Err(self.syntax("a bracket is not closed")),
        }
    }

    /// The error for a character that no path goes on with.
    fn unexpected(&mut self, character: char) -> PathError {
        self.characters.next();
        let doubled = self.peek() == Some(character);
        match character {
            '(' => self.unsupported("a function"),
            '|' if doubled => self.unsupported("`||`"),
            '|' => self.unsupported("a pipe"),
            '&' if doubled => self.unsupported("`&&`"),
            '&' => self.unsupported("an expression reference"),
            '!' | '=' | '<' | '>' => self.unsupported("a comparison"),
            '*' => self.unsupported("a projection"),
            '{' => self.unsupported("a multi-select object"),
            '@' => self.unsupported("`@`"),
            '$' => self.unsupported("`$`"),
            '\'' | '`' => self.unsupported("a literal"),
            '+' | '/' | '%' | '−' | '×' | '÷' => self.unsupported("arithmetic"),
            _ => {
                self.syntax(r#"write a key that holds other characters than letters, digits and `_` in double quotes"#)
            }
        }
    }

    fn unsupported(&self, construct: &'static str) -> PathError {
        PathError::Unsupported { construct, expression: self.expression.to_owned() }
    }

    fn syntax(&self, reason: &'static str) -> PathError {
        PathError::Syntax { expression: self.expression.to_owned(), reason }
    }

    fn peek(&mut self) -> Option<char> {
        self.characters.peek().copied()
    }

    fn skip_spaces(&mut self) {
        while self.characters.next_if(|next| matches!(next, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }
}
