//! The sixteen operators of Kyverno's schema.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::compare::{self, Comparison, Pattern};
use super::err::ConditionError;
use super::membership::{self, Question, Share};
use super::ordering;
use super::verdict::{Open, Verdict};

/// How key and value are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// They are equal: numbers as numbers, durations and quantities by what they stand for, other strings with
    /// wildcards in the value, lists and objects element by element.
    Equals,
    /// They are not, and could be compared. A key that is null satisfies no operator.
    NotEquals,
    /// The old name of `AllIn`, without wildcards in lists.
    In,
    /// One of the key's elements is among the value's.
    AnyIn,
    /// Every one is. An empty list satisfies it.
    AllIn,
    /// The old name of `AnyNotIn`, without wildcards in lists.
    NotIn,
    /// One of the key's elements is not among the value's. An empty list does not satisfy it.
    AnyNotIn,
    /// None is. An empty list satisfies it.
    AllNotIn,
    /// Numbers, durations, quantities or versions in order.
    GreaterThanOrEquals,
    /// The key is more.
    GreaterThan,
    /// The key is at most as much.
    LessThanOrEquals,
    /// The key is less.
    LessThan,
    /// The old name of `GreaterThanOrEquals` for durations, where numbers are seconds.
    DurationGreaterThanOrEquals,
    /// Of `GreaterThan`.
    DurationGreaterThan,
    /// Of `LessThanOrEquals`.
    DurationLessThanOrEquals,
    /// Of `LessThan`.
    DurationLessThan,
}

impl Operator {
    /// Every operator, as Kyverno's schema lists them.
    pub const ALL: [Self; 16] = [
        Self::Equals,
        Self::NotEquals,
        Self::In,
        Self::AnyIn,
        Self::AllIn,
        Self::NotIn,
        Self::AnyNotIn,
        Self::AllNotIn,
        Self::GreaterThanOrEquals,
        Self::GreaterThan,
        Self::LessThanOrEquals,
        Self::LessThan,
        Self::DurationGreaterThanOrEquals,
        Self::DurationGreaterThan,
        Self::DurationLessThanOrEquals,
        Self::DurationLessThan,
    ];

    /// The name as the settings spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "Equals",
            Self::NotEquals => "NotEquals",
            Self::In => "In",
            Self::AnyIn => "AnyIn",
            Self::AllIn => "AllIn",
            Self::NotIn => "NotIn",
            Self::AnyNotIn => "AnyNotIn",
            Self::AllNotIn => "AllNotIn",
            Self::GreaterThanOrEquals => "GreaterThanOrEquals",
            Self::GreaterThan => "GreaterThan",
            Self::LessThanOrEquals => "LessThanOrEquals",
            Self::LessThan => "LessThan",
            Self::DurationGreaterThanOrEquals => "DurationGreaterThanOrEquals",
            Self::DurationGreaterThan => "DurationGreaterThan",
            Self::DurationLessThanOrEquals => "DurationLessThanOrEquals",
            Self::DurationLessThan => "DurationLessThan",
        }
    }

    /// Compares.
    ///
    /// # Errors
    /// When there is more text than is compared.
    pub(super) fn compare(self, key: &Value, value: &Value, pattern: Pattern) -> Result<Verdict, ConditionError> {
        if key.is_null() {
            return Ok(Verdict::Open(Open::Null));
        }
        match self {
            Self::Equals | Self::NotEquals => Ok(match (compare::compare(key, value, pattern)?, self) {
                (Comparison::Equal, Self::Equals) | (Comparison::Different, Self::NotEquals) => Verdict::Holds,
                (Comparison::Neither, _) => Verdict::Open(Open::Incomparable),
                _ => Verdict::Fails,
            }),
            Self::In => among(Share::All, false, true, key, value, pattern),
            Self::AnyIn => among(Share::Any, false, false, key, value, pattern),
            Self::AllIn => among(Share::All, false, false, key, value, pattern),
            Self::NotIn => among(Share::Any, true, true, key, value, pattern),
            Self::AnyNotIn => among(Share::Any, true, false, key, value, pattern),
            Self::AllNotIn => among(Share::All, true, false, key, value, pattern),
            Self::GreaterThanOrEquals => Ok(ordered(ordering::compare(key, value), Ordering::is_ge)),
            Self::GreaterThan => Ok(ordered(ordering::compare(key, value), Ordering::is_gt)),
            Self::LessThanOrEquals => Ok(ordered(ordering::compare(key, value), Ordering::is_le)),
            Self::LessThan => Ok(ordered(ordering::compare(key, value), Ordering::is_lt)),
            Self::DurationGreaterThanOrEquals => Ok(ordered(ordering::compare_durations(key, value), Ordering::is_ge)),
            Self::DurationGreaterThan => Ok(ordered(ordering::compare_durations(key, value), Ordering::is_gt)),
            Self::DurationLessThanOrEquals => Ok(ordered(ordering::compare_durations(key, value), Ordering::is_le)),
            Self::DurationLessThan => Ok(ordered(ordering::compare_durations(key, value), Ordering::is_lt)),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn among(
    share: Share,
    is_negated: bool,
    is_exact: bool,
    key: &Value,
    value: &Value,
    pattern: Pattern,
) -> Result<Verdict, ConditionError> {
    membership::answer(Question { share, is_negated, is_exact }, key, value, pattern)
}

fn ordered(order: Option<Ordering>, holds: fn(Ordering) -> bool) -> Verdict {
    order.map_or(Verdict::Open(Open::Incomparable), |order| Verdict::from(holds(order)))
}
