//! Conditions on a predicate: does what was attested say what the policy asks for?
//!
//! A condition compares a `key` with a `value`. Both are [`Template`]s: JSON from the settings in which `{{ expression }}`
//! stands for something in the predicate, the request or the image. Names, operators, functions and meaning are Kyverno's;
//! `docs/conditions.md` lists them, with the differences, all towards refusal:
//! - what is found is data: never looked at for `{{` again, never syntax, and not a wildcard pattern;
//! - the predicate's keys cannot stand in for the request, the image or another attestation;
//! - a path that leads through something other than an object or list is an error, as an absent key is;
//! - what cannot be compared is open: it satisfies no attestation, and lifts no denial.
//!
//! An error in any condition fails the attestation, also where another condition of an `any` list holds; in `validate.deny`
//! it denies.

mod compare;
mod duration;
mod err;
mod instant;
mod jmespath;
mod membership;
mod operator;
mod ordering;
mod quantity;
mod scope;
mod spelling;
mod template;
mod verdict;
mod version;

pub use duration::Duration;
pub(crate) use duration::parse as parse_duration;
pub use err::{ConditionError, FunctionError};
pub use jmespath::{ExpressionError, function_names, left_out_functions};
pub use operator::Operator;
pub use scope::{ContainerImage, ImageFacts, RESERVED_NAMES, RequestFacts, Scope, is_bound_name};
pub use template::{Template, TemplateError};
pub use verdict::{Open, Verdict};

use std::fmt;

use serde_json::Value;

use compare::Pattern;

/// Characters of the evaluated key that a result carries.
const FOUND_CHARS: usize = 200;

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
    /// What the author wants people to read when it decides.
    pub message: Option<Template>,
}

/// The condition as a person reads it: `{{ buildDefinition.buildType }} Equals "https://…"`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.key, self.operator, self.value.source())
    }
}

/// What became of one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionResult {
    /// Path in the settings.
    pub path: String,
    /// The condition in words.
    pub text: String,
    /// How it compares.
    pub operator: Operator,
    /// The value it asks for, as compact JSON from the settings.
    pub wanted: String,
    /// The author's message, if there is one, with its variables filled in.
    pub message: Option<String>,
    /// Whether it holds. Open where there is an error.
    pub verdict: Verdict,
    /// The evaluated key as compact JSON of up to 200 characters, if it could be evaluated.
    pub found: Option<String>,
    /// Why it could not be evaluated.
    pub error: Option<ConditionError>,
}

/// Evaluates every condition: block by block, first `any`, then `all`. [`hold`] and [`deny`] say what follows.
#[must_use]
pub fn evaluate(blocks: &[ConditionBlock], scope: &Scope<'_>) -> Vec<ConditionResult> {
    blocks.iter().flat_map(ConditionBlock::conditions).map(|condition| condition.evaluate(scope)).collect()
}

/// Whether the results that [`evaluate`] gave for `blocks` satisfy all of them, without an error anywhere.
#[must_use]
pub fn hold(blocks: &[ConditionBlock], results: &[ConditionResult]) -> bool {
    fold(blocks, results) == Some(Verdict::Holds) && results.iter().all(|result| result.error.is_none())
}

/// Whether the results that [`evaluate`] gave for the conditions of a denial deny: unless they certainly do not hold,
/// without an error anywhere.
#[must_use]
pub fn deny(blocks: &[ConditionBlock], results: &[ConditionResult]) -> bool {
    fold(blocks, results) != Some(Verdict::Fails) || results.iter().any(|result| result.error.is_some())
}

/// `None` where there are fewer results than conditions.
fn fold(blocks: &[ConditionBlock], results: &[ConditionResult]) -> Option<Verdict> {
    let mut remaining = results.iter();
    let mut next = |list: &Option<Vec<Condition>>| -> Option<Vec<Verdict>> {
        list.iter().flatten().map(|_| remaining.next().map(|result| result.verdict)).collect()
    };
    let mut verdicts = Vec::new();
    for block in blocks {
        let (any, all) = (next(&block.any)?, next(&block.all)?);
        if !any.is_empty() {
            verdicts.push(Verdict::any(any));
        }
        verdicts.push(Verdict::all(all));
    }
    Some(Verdict::all(verdicts))
}

impl Condition {
    fn evaluate(&self, scope: &Scope<'_>) -> ConditionResult {
        let key = self.key.evaluate(scope);
        let found = key.as_ref().ok().map(|key| shortened(key));
        let compared = key.and_then(|key| {
            let value = self.value.evaluate(scope)?;
            let pattern = if self.value.has_variables() { Pattern::Literal } else { Pattern::Wildcards };
            self.operator.compare(&key, &value, pattern)
        });
        let (verdict, error) = match compared {
            Ok(verdict) => (verdict, None),
            Err(error) => (Verdict::Open(Open::Incomparable), Some(error)),
        };
        ConditionResult {
            path: self.path.clone(),
            text: self.to_string(),
            operator: self.operator,
            wanted: self.value.source().to_string(),
            message: self.message.as_ref().map(|message| message.in_words(scope)),
            verdict,
            found,
            error,
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
