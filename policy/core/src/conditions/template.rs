//! Templates: JSON from the settings with `{{ path }}` in its strings.
//!
//! A string that is one variable and nothing else becomes what the path leads to, whatever its type. In other strings the
//! text of what is found is put in: strings as they are, everything else as compact JSON. What is put in is never read
//! again.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::ConditionError;
use super::path::{Path, PathError};

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
    Path(#[from] PathError),
    /// `{{` without `}}`.
    #[error("a variable is not closed: `}}}}` is missing")]
    Unclosed,
    /// Kyverno knows it, this policy does not yet.
    #[error("{0} is not supported yet")]
    Unsupported(&'static str),
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
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Literal(Value),
    Variable(Path),
    Text(Vec<Piece>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Variable(Path),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When a variable cannot be read or is of a kind that is not supported, or a limit is broken.
    pub fn parse(source: &Value) -> Result<Self, TemplateError> {
        Ok(Self { source: source.clone(), node: Node::parse(source, 0)? })
    }

    /// The JSON it was read from.
    #[must_use]
    pub const fn source(&self) -> &Value {
        &self.source
    }

    /// Whether the predicate has a say in what it becomes.
    #[must_use]
    pub const fn has_variables(&self) -> bool {
        !matches!(self.node, Node::Literal(_))
    }

    pub(super) fn evaluate<'t>(&'t self, predicate: &'t Value) -> Result<Cow<'t, Value>, ConditionError> {
        match &self.node {
            Node::Literal(value) => Ok(Cow::Borrowed(value)),
            Node::Variable(path) => path.find(predicate).map(Cow::Borrowed),
            node => node.fill(predicate).map(Cow::Owned),
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
                    return Err(TemplateError::Unsupported("a variable in a key"));
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
        if text.contains("{{`") || text.contains("`}}") {
            return Err(TemplateError::HelmEscaped);
        }
        if text.contains(r"\{{") {
            return Err(TemplateError::Unsupported(r"an escaped variable (`\{{ … }}`)"));
        }
        if text.split_once("$(").is_some_and(|(_, rest)| rest.contains(')')) {
            return Err(TemplateError::Unsupported("a reference into the policy (`$( … )`)"));
        }

        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once("{{") {
            let (expression, behind) = behind.split_once("}}").ok_or(TemplateError::Unclosed)?;
            if expression.contains("{{") {
                return Err(TemplateError::Unsupported("a variable inside a variable"));
            }
            if expression.starts_with('-') {
                return Err(TemplateError::Unsupported("a variable that starts with a dash (`{{- … }}`)"));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            pieces.push(Piece::Variable(Path::parse(expression.trim())?));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(match pieces.as_slice() {
            [Piece::Variable(path)] => Self::Variable(path.clone()),
            [] | [Piece::Literal(_)] => Self::Literal(Value::from(text)),
            _ => Self::Text(pieces),
        })
    }

    fn fill(&self, predicate: &Value) -> Result<Value, ConditionError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Variable(path) => path.find(predicate).cloned(),
            Self::Text(pieces) => fill_text(pieces, predicate).map(Value::String),
            Self::List(items) => items.iter().map(|item| item.fill(predicate)).collect(),
            Self::Object(entries) => {
                entries.iter().map(|(key, value)| Ok((key.clone(), value.fill(predicate)?))).collect()
            }
        }
    }
}

fn fill_text(pieces: &[Piece], predicate: &Value) -> Result<String, ConditionError> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Variable(path) => match path.find(predicate)? {
                Value::String(found) => text.push_str(found),
                other => text.push_str(&other.to_string()),
            },
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(ConditionError::TooLong { limit: MAX_TEXT_BYTES });
        }
    }
    Ok(text)
}
