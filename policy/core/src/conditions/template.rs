//! Templates: JSON from the settings with `{{ expression }}` in its strings.
//!
//! A string that is one variable and nothing else becomes what the expression gives, whatever its type. In other strings
//! the text of what is found is put in: strings as they are, everything else as compact JSON. What is put in is never
//! read again, so a value can hold quotes, braces and `{{` as it likes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::err::ConditionError;
use super::jmespath::{Expression, ExpressionError};
use super::scope::Scope;
use super::spelling;
use crate::entries;

/// Longest string with variables: the longest known has 170 characters.
const MAX_TEMPLATE_BYTES: usize = 4096;
/// Deepest lists and objects around variables.
const MAX_DEPTH: usize = 64;
/// Longest text that filling in may give. Predicates can have megabytes, and comparing costs as much again.
pub(super) const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Why JSON is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// What stands between the braces cannot be read.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// Kyverno knows it, this policy does not.
    #[error("{0} is not supported: {1}")]
    Unsupported(&'static str, &'static str),
    /// Braces wrapped for Helm, in settings that no Helm has unwrapped.
    #[error("the braces are still escaped for Helm: write `{{{{ path }}}}` instead of ``{{{{`{{{{ path }}}}`}}}}``")]
    HelmEscaped,
    /// Longer than a template may be.
    #[error("the text has {0} bytes and may have {MAX_TEMPLATE_BYTES}")]
    TooLong(usize),
    /// Nested deeper than a template may be.
    #[error("lists and objects nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// JSON with variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    source: Value,
    node: Node,
    names: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Literal(Value),
    Variable(Expression),
    Text(Vec<Piece>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Variable(Expression),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When a variable cannot be read or is of a kind that is not supported, or a limit is broken.
    pub fn parse(source: &Value) -> Result<Self, TemplateError> {
        let node = Node::parse(source, 0)?;
        let mut names = BTreeSet::new();
        node.add_names(&mut names);
        Ok(Self { source: source.clone(), node, names })
    }

    /// The JSON it was read from.
    #[must_use]
    pub const fn source(&self) -> &Value {
        &self.source
    }

    /// Whether anything but the settings has a say in what it becomes.
    #[must_use]
    pub const fn has_variables(&self) -> bool {
        !matches!(self.node, Node::Literal(_))
    }

    /// The names of the scope that its variables use: keys of the predicate, `request`, named attestations …
    #[must_use]
    pub const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The text that a person reads; where a variable cannot be filled in, the text as written.
    #[must_use]
    pub fn in_words(&self, scope: &Scope<'_>) -> String {
        self.evaluate(scope).map_or_else(|_| self.to_string(), |value| spelling::in_text(&value))
    }

    pub(super) fn evaluate<'t>(&'t self, scope: &'t Scope<'t>) -> Result<Cow<'t, Value>, ConditionError> {
        match &self.node {
            Node::Literal(value) => Ok(Cow::Borrowed(value)),
            Node::Variable(expression) => expression.evaluate(scope),
            node => node.fill(scope).map(Cow::Owned),
        }
    }
}

/// A string as it is, other JSON compact.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Value::String(text) => f.write_str(text),
            other => write!(f, "{other}"),
        }
    }
}

impl Node {
    fn parse(source: &Value, depth: usize) -> Result<Self, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::TooDeep);
        }
        let parse_inner = |inner: &Value| Self::parse(inner, depth.saturating_add(1));
        let node = match source {
            Value::String(text) => Self::parse_text(text)?,
            Value::Array(items) => Self::List(items.iter().map(parse_inner).collect::<Result<_, _>>()?),
            Value::Object(entries) => {
                if entries.keys().any(|key| key.contains("{{")) {
                    return Err(TemplateError::Unsupported("a variable in a key", "write the key itself"));
                }
                let parsed = entries.iter().map(|(key, value)| Ok((key.clone(), parse_inner(value)?)));
                Self::Object(parsed.collect::<Result<_, TemplateError>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Literal(source.clone()),
        };
        let is_literal = match &node {
            Self::List(items) => items.iter().all(|item| matches!(item, Self::Literal(_))),
            Self::Object(entries) => entries.iter().all(|(_, value)| matches!(value, Self::Literal(_))),
            Self::Literal(_) | Self::Variable(_) | Self::Text(_) => false,
        };
        Ok(if is_literal { Self::Literal(source.clone()) } else { node })
    }

    fn parse_text(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLong(text.len()));
        }
        if text.contains("{{`{{") {
            return Err(TemplateError::HelmEscaped);
        }
        if text.contains(r"\{{") {
            return Err(TemplateError::Unsupported(
                r"an escaped variable (`\{{ … }}`)",
                "what is found is never read again, so nothing need be escaped",
            ));
        }
        if text.split_once("$(").is_some_and(|(_, rest)| rest.contains(')')) && !text.contains("{{") {
            return Err(TemplateError::Unsupported("a reference into the policy (`$( … )`)", "write the value itself"));
        }

        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once("{{") {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let mut characters = behind.chars().peekable();
            pieces.push(Piece::Variable(Expression::read(&mut characters)?));
            let left: usize = characters.map(char::len_utf8).fold(0, usize::saturating_add);
            rest = behind.len().checked_sub(left).and_then(|at| behind.get(at..)).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(match pieces.as_slice() {
            [Piece::Variable(expression)] => Self::Variable(expression.clone()),
            [] | [Piece::Literal(_)] => Self::Literal(Value::from(text)),
            _ => Self::Text(pieces),
        })
    }

    fn add_names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Literal(_) => {}
            Self::Variable(expression) => expression.add_names(names),
            Self::Text(pieces) => pieces.iter().for_each(|piece| {
                if let Piece::Variable(expression) = piece {
                    expression.add_names(names);
                }
            }),
            Self::List(items) => items.iter().for_each(|item| item.add_names(names)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.add_names(names)),
        }
    }

    fn fill(&self, scope: &Scope<'_>) -> Result<Value, ConditionError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Variable(expression) => expression.evaluate(scope).map(Cow::into_owned),
            Self::Text(pieces) => fill_text(pieces, scope).map(Value::String),
            Self::List(items) => items.iter().map(|item| item.fill(scope)).collect(),
            Self::Object(entries) => {
                entries::object(entries.iter().map(|(key, value)| Ok((key.clone(), value.fill(scope)?))))
            }
        }
    }
}

fn fill_text(pieces: &[Piece], scope: &Scope<'_>) -> Result<String, ConditionError> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Variable(expression) => text.push_str(&spelling::in_text(&*expression.evaluate(scope)?)),
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(ConditionError::TooLong { limit: MAX_TEXT_BYTES });
        }
    }
    Ok(text)
}
