//! When are two JSON values equal, in Kyverno's eyes?
//!
//! The key decides how. A boolean equals a boolean. A number equals a number or a string that reads as one. A list or
//! object equals another element by element. For a string, the first of these that applies decides:
//! 1. one side is a duration and the other a duration or a number of seconds: by length;
//! 2. the key reads as a Kubernetes quantity and the value is a string: by amount, and a value that is not a quantity is
//!    neither equal nor different;
//! 3. the value is a string: the value is a pattern that may match the key, never the other way round.
//!
//! Types that do not go together are different, so NotEquals holds. Null is neither equal to anything nor different.

use serde_json::{Number, Value};
use wildmatch::WildMatch;

use super::duration::Duration;
use super::err::ConditionError;
use super::quantity::Quantity;
use super::template::MAX_TEXT_BYTES;

/// What two values are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// [`super::Operator::Equals`] holds.
    Equal,
    /// [`super::Operator::NotEquals`] holds.
    Different,
    /// Neither holds.
    Neither,
}

impl From<bool> for Comparison {
    fn from(is_equal: bool) -> Self {
        if is_equal { Self::Equal } else { Self::Different }
    }
}

/// What `*` and `?` in the value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Wildcards: the settings wrote them.
    Wildcards,
    /// Characters: the predicate did. A key that they would match as wildcards is not called different either.
    Literal,
}

/// Compares the key with the value.
///
/// # Errors
/// When a string is longer than is compared, or matching it would take too long.
pub(super) fn compare(key: &Value, value: &Value, pattern: Pattern) -> Result<Comparison, ConditionError> {
    Ok(match (key, value) {
        (Value::Null, _) => Comparison::Neither,
        (Value::String(key), _) => compare_text(key, value, pattern)?,
        (Value::Number(key), Value::String(value)) => match value.parse::<Number>() {
            Ok(value) => Comparison::from(numbers_equal(key, &value)),
            // Go reads more spellings of a number than JSON has.
            Err(_) => match value.parse::<f64>() {
                Ok(value) => Comparison::from(key.as_f64() == Some(value)),
                Err(_) => Comparison::Different,
            },
        },
        (Value::Number(key), Value::Number(value)) => match numbers_equal(key, value) {
            true => Comparison::Equal,
            // Go compares floating point, where they are the same.
            false if key.as_f64() == value.as_f64() => Comparison::Neither,
            false => Comparison::Different,
        },
        _ => Comparison::from(deep_equal(key, value)),
    })
}

fn compare_text(key: &str, value: &Value, pattern: Pattern) -> Result<Comparison, ConditionError> {
    if let Some(comparison) = compare_durations(key, value) {
        return Ok(comparison);
    }
    let Value::String(value) = value else {
        return Ok(Comparison::Different);
    };
    if let Some(key_quantity) = Quantity::parse(key) {
        return Ok(match Quantity::parse(value) {
            Some(value_quantity) => Comparison::from(key_quantity == value_quantity),
            // Kyverno sees the difference between something and nothing, but between "5" and "five" neither.
            None if value.is_empty() => Comparison::Different,
            None => Comparison::Neither,
        });
    }
    if key.len() > MAX_TEXT_BYTES || value.len() > MAX_TEXT_BYTES {
        return Err(ConditionError::TooLong { limit: MAX_TEXT_BYTES });
    }
    let is_match = matches(value, key)?;
    Ok(match pattern {
        Pattern::Literal if key == value => Comparison::Equal,
        Pattern::Literal if is_match => Comparison::Neither,
        _ => Comparison::from(is_match),
    })
}

/// Steps of matching one text: as many milliseconds as a pod may wait for one condition. Both sides may be data, and of a pattern
/// with many wildcards each may look at every character of the text.
const MAX_MATCHING: usize = 16_000_000;

/// Whether the pattern matches the text.
fn matches(pattern: &str, text: &str) -> Result<bool, ConditionError> {
    if !pattern.contains(['*', '?']) {
        return Ok(pattern == text);
    }
    if pattern.len().saturating_mul(text.len()) > MAX_MATCHING {
        return Err(ConditionError::TooMuchWork { what: "steps of matching", limit: MAX_MATCHING });
    }
    Ok(WildMatch::new(pattern).matches(text))
}

/// `None` where this is not about durations. A number that stands for a duration counts whole seconds.
fn compare_durations(key: &str, value: &Value) -> Option<Comparison> {
    let key = Duration::parse(key);
    let value = match value {
        Value::String(text) => Duration::parse(text)?,
        // As in Go, the fraction is cut off; a number beyond any duration is not equal to one.
        Value::Number(seconds) => Duration::from_seconds(seconds.as_f64()?.trunc()),
        _ => return None,
    };
    Some(Comparison::from(key? == value))
}

/// Equality of JSON, with 1 equal to 1.0. The recursion is bounded by the JSON parser, which stops at 128 levels.
pub(super) fn deep_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => numbers_equal(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| deep_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| deep_equal(left, right)))
        }
        _ => left == right,
    }
}

/// Integers exactly, everything else as floating point.
fn numbers_equal(left: &Number, right: &Number) -> bool {
    left == right || ((left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64())
}
