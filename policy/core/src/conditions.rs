//! Conditions on a predicate: does what was attested say what the policy asks for?
//!
//! A condition compares a `key` with a `value`. Both are [`Template`]s: JSON from the settings in which `{{ path }}`
//! stands for something in the predicate. Names, operators and meaning are Kyverno's, with these differences, all
//! towards refusal:
//! - a path sees the predicate and nothing else, so a predicate cannot stand in for the request or the image;
//! - what is found in the predicate is data: never looked at for `{{` again, and not a wildcard pattern;
//! - a path that leads through something other than an object or list is an error, as an absent key is.
//!
//! An error in any condition fails the attestation, also where another condition of an `any` list holds.

mod compare;
mod duration;
mod path;
mod quantity;
mod template;

pub(crate) use duration::parse as parse_duration;
pub use path::PathError;
pub use template::{Template, TemplateError};

use std::fmt;

use serde_json::Value;

use crate::quote::quote;
use compare::{Comparison, Pattern, compare};

/// Characters of the evaluated key that a result carries.
const FOUND_CHARS: usize = 200;

/// How key and value are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// They are equal: numbers as numbers, durations and quantities by what they stand for, other strings with
    /// wildcards in the value, lists and objects element by element.
    Equals,
    /// They are not, and could be compared. A key that is null satisfies neither operator.
    NotEquals,
}

impl Operator {
    /// The name as the settings spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "Equals",
            Self::NotEquals => "NotEquals",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One element of `conditions`: it holds if one of `any` holds and every one of `all`.
///
/// A list that is absent or empty asks for nothing, as in Kyverno.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionBlock {
    /// At least one of them.
    pub any: Option<Vec<Condition>>,
    /// Every one of them.
    pub all: Option<Vec<Condition>>,
}

impl ConditionBlock {
    /// The conditions of both lists, those of `any` first.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.any.iter().chain(&self.all).flatten()
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Path in the settings, for example `verifyImages[0].attestations[0].conditions[0].all[1]`.
    pub path: String,
    /// What is looked at.
    pub key: Template,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: Template,
    /// What the author wants people to read when it does not hold.
    pub message: Option<String>,
}

/// The condition as a person reads it: `{{ buildDefinition.buildType }} Equals "https://…"`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.key, self.operator, self.value.source())
    }
}

/// Why a condition cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The predicate has no such key.
    #[error("the predicate has no {}{}", quote(.path), named_keys(.nearest))]
    MissingKey {
        /// The path up to and with the key that is absent.
        path: String,
        /// Up to five keys that are there instead, the most similar first.
        nearest: Vec<String>,
    },
    /// The path goes on, but what it leads to has no parts of that kind.
    #[error("{} in the predicate is {found}, not {wanted}", quote(.path))]
    NotTraversable {
        /// The path to what is there.
        path: String,
        /// What is there, for example `a string`.
        found: &'static str,
        /// What the path needs, for example `an object`.
        wanted: &'static str,
    },
    /// More text than is compared.
    #[error("the text to compare is longer than {limit} bytes")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
}

fn named_keys(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = nearest.iter().map(|key| quote(key).to_string()).collect();
    format!("; nearest there: {}", keys.join(", "))
}

/// What became of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionResult {
    /// Path in the settings.
    pub path: String,
    /// The condition in words.
    pub text: String,
    /// The value it asks for, as compact JSON from the settings.
    pub wanted: String,
    /// The author's message, if there is one.
    pub message: Option<String>,
    /// Whether it holds. Never where there is an error.
    pub passed: bool,
    /// The evaluated key as compact JSON of up to 200 characters, if it could be evaluated.
    pub found: Option<String>,
    /// Why it could not be evaluated.
    pub error: Option<ConditionError>,
}

/// Evaluates every condition on one predicate: block by block, first `any`, then `all`. [`hold`] says what follows.
#[must_use]
pub fn evaluate(blocks: &[ConditionBlock], predicate: &Value) -> Vec<ConditionResult> {
    blocks.iter().flat_map(ConditionBlock::conditions).map(|condition| condition.evaluate(predicate)).collect()
}

/// Whether the results that [`evaluate`] gave for `blocks` satisfy all of them, without an error anywhere.
#[must_use]
pub fn hold(blocks: &[ConditionBlock], results: &[ConditionResult]) -> bool {
    let mut remaining = results.iter();
    let mut next_passed = |list: &Option<Vec<Condition>>| -> Option<Vec<bool>> {
        list.iter().flatten().map(|_| remaining.next().map(|result| result.passed)).collect()
    };
    let blocks_hold = blocks.iter().all(|block| {
        let (Some(any), Some(all)) = (next_passed(&block.any), next_passed(&block.all)) else {
            return false;
        };
        (any.is_empty() || any.contains(&true)) && !all.contains(&false)
    });
    blocks_hold && results.iter().all(|result| result.error.is_none())
}

impl Condition {
    fn evaluate(&self, predicate: &Value) -> ConditionResult {
        let key = self.key.evaluate(predicate);
        let found = key.as_ref().ok().map(|key| shortened(key));
        let comparison = key.and_then(|key| {
            let value = self.value.evaluate(predicate)?;
            let pattern = if self.value.has_variables() { Pattern::Literal } else { Pattern::Wildcards };
            compare(&key, &value, pattern)
        });
        let passed = match self.operator {
            Operator::Equals => comparison == Ok(Comparison::Equal),
            Operator::NotEquals => comparison == Ok(Comparison::Different),
        };
        ConditionResult {
            path: self.path.clone(),
            text: self.to_string(),
            wanted: self.value.source().to_string(),
            message: self.message.clone(),
            passed,
            found,
            error: comparison.err(),
        }
    }
}

fn shortened(value: &Value) -> String {
    let json = value.to_string();
    let mut characters = json.chars();
    let mut shown: String = characters.by_ref().take(FOUND_CHARS.saturating_sub(1)).collect();
    let rest = characters.as_str();
    if rest.chars().nth(1).is_some() {
        shown.push('…');
    } else {
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests;
