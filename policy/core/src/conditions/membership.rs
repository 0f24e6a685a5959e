//! Is this among those, in Kyverno's eyes?
//!
//! The key is a list, or a scalar that counts as a list of one. The value is a list, the JSON text of a list of strings, a
//! range (`1-10`, and `1!-10` for what is outside), or one pattern. Elements are compared as text, with wildcards.
//!
//! Every question has two readings. In the honest one only the settings' own text holds wildcards and ranges, and numbers
//! are spelled as people write them. In Kyverno's, text from a predicate is a pattern too (an identifier `*` is among
//! anything), and large numbers have exponents. Where the two disagree the answer is open, and an open answer refuses.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use serde_json::Value;
use wildmatch::WildMatch;

use super::compare::Pattern;
use super::duration::Duration;
use super::err::ConditionError;
use super::quantity::Quantity;
use super::spelling;
use super::template::MAX_TEXT_BYTES;
use super::verdict::{Open, Verdict};
use crate::entries;
use crate::json;

/// Steps of matching wildcards in one condition, each of them 16 pairs of characters at worst. Ten thousand packages
/// against a hundred patterns take a million, as long as the patterns start with a letter.
const MAX_MATCHING: usize = 4_000_000;

/// Which of the elements of the key are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    Any,
    All,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) share: Share,
    /// Whether they must be outside.
    pub(super) is_negated: bool,
    /// Whether lists are compared without wildcards, as the deprecated `In` and `NotIn` do.
    pub(super) is_exact: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Honest(Pattern),
    Kyverno,
}

/// Whether the question is answered with yes in both readings, in neither, or that is open.
///
/// # Errors
/// When texts are longer, or more, than is compared.
pub(super) fn answer(
    question: Question,
    key: &Value,
    value: &Value,
    pattern: Pattern,
) -> Result<Verdict, ConditionError> {
    let read = |reading| Matching { question, reading, steps: Cell::new(0) }.read(key, value);
    Ok(match (read(Reading::Honest(pattern))?, read(Reading::Kyverno)?) {
        (Some(honest), Some(kyverno)) if honest == kyverno => Verdict::from(honest),
        (Some(_), Some(_)) => Verdict::Open(Open::TwoReadings),
        _ => Verdict::Open(Open::Incomparable),
    })
}

struct Matching {
    question: Question,
    reading: Reading,
    steps: Cell<usize>,
}

impl Matching {
    /// `None` where key and value do not go together.
    fn read(&self, key: &Value, value: &Value) -> Result<Option<bool>, ConditionError> {
        let keys: Option<Vec<Cow<'_, str>>> = match key {
            Value::Null | Value::Object(_) => None,
            Value::Array(items) => items.iter().map(|item| self.spell(item)).collect(),
            scalar => self.spell(scalar).map(|text| vec![text]),
        };
        let Some(keys) = keys else { return Ok(None) };
        for key in &keys {
            check_length(key)?;
        }
        match value {
            Value::Array(items) => {
                let is_exact = self.question.is_exact && key.is_array();
                if is_exact && !(items.iter().all(Value::is_string) && all_strings(key)) {
                    return Ok(None);
                }
                let patterns: Option<Vec<Cow<'_, str>>> = items.iter().map(|item| self.spell(item)).collect();
                match patterns {
                    Some(patterns) => self.among(&keys, &patterns, is_exact),
                    None => Ok(None),
                }
            }
            Value::String(text) => self.in_text(key, &keys, text),
            _ => Ok(None),
        }
    }

    fn in_text(&self, key: &Value, keys: &[Cow<'_, str>], text: &str) -> Result<Option<bool>, ConditionError> {
        check_length(text)?;
        let Question { share, is_negated, is_exact } = self.question;
        if !key.is_array() && self.among(keys, &[Cow::Borrowed(text)], false)? == Some(!is_negated) {
            return Ok(Some(!is_negated));
        }
        if key.is_array()
            && let [only] = keys
            && only == text
        {
            // Kyverno answers `NotIn` and `AllNotIn` with yes here, by an oversight.
            let is_oversight = self.reading == Reading::Kyverno && is_negated && (is_exact || share == Share::All);
            return Ok(Some(is_oversight || !is_negated));
        }
        if self.settings_wrote_it()
            && !is_exact
            && let Some(range) = Range::parse(text)
        {
            let inside: Option<Vec<bool>> = keys.iter().map(|key| range.contains(key)).collect();
            return Ok(inside.map(|inside| self.share_of(inside)));
        }
        let list: Vec<String> = match json::read(text.as_bytes()) {
            Ok(_) => match serde_json::from_str(text) {
                Ok(list) => list,
                Err(_) => return Ok(None),
            },
            Err(_) if is_exact => return Ok(None),
            Err(_) => vec![text.to_owned()],
        };
        let patterns: Vec<Cow<'_, str>> = list.into_iter().map(Cow::Owned).collect();
        self.among(keys, &patterns, is_exact || !key.is_array())
    }

    /// Whether wildcards and ranges in the value count.
    const fn settings_wrote_it(&self) -> bool {
        matches!(self.reading, Reading::Kyverno | Reading::Honest(Pattern::Wildcards))
    }

    fn among(
        &self,
        keys: &[Cow<'_, str>],
        patterns: &[Cow<'_, str>],
        is_exact: bool,
    ) -> Result<Option<bool>, ConditionError> {
        let same = entries::set(patterns.iter().map(|pattern| &**pattern));
        let wild: Vec<&str> = if is_exact || !self.settings_wrote_it() {
            Vec::new()
        } else {
            same.iter().copied().filter(|pattern| has_wildcards(pattern)).collect()
        };
        let is_among = |key: &str| -> Result<bool, ConditionError> {
            if same.contains(key) {
                return Ok(true);
            }
            for pattern in &wild {
                check_length(pattern)?;
                if self.matches(pattern, key)? {
                    return Ok(true);
                }
            }
            if self.reading == Reading::Kyverno && !is_exact && has_wildcards(key) {
                for pattern in &same {
                    check_length(pattern)?;
                    if self.matches(key, pattern)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        };
        let among: Vec<bool> = keys.iter().map(|key| is_among(key)).collect::<Result<_, _>>()?;
        Ok(Some(self.share_of(among)))
    }

    fn share_of(&self, among: Vec<bool>) -> bool {
        let mut as_asked = among.into_iter().map(|is_among| is_among != self.question.is_negated);
        match self.question.share {
            Share::Any => as_asked.any(|holds| holds),
            Share::All => as_asked.all(|holds| holds),
        }
    }

    fn spell<'v>(&self, value: &'v Value) -> Option<Cow<'v, str>> {
        match (value, self.reading) {
            (Value::String(text), _) => Some(Cow::Borrowed(text)),
            (other, Reading::Honest(_)) => spelling::plain(other).map(Cow::Owned),
            (other, Reading::Kyverno) => Some(Cow::Owned(spelling::as_go_prints(other))),
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> Result<bool, ConditionError> {
        let start = pattern.split(['*', '?']).next().unwrap_or_default();
        let starts_alike = text.starts_with(start);
        let pairs = if starts_alike { text.len().saturating_mul(pattern.len()) } else { 0 };
        self.steps.set(self.steps.get().saturating_add(pairs.checked_div(16).unwrap_or(0)).saturating_add(1));
        if self.steps.get() > MAX_MATCHING {
            return Err(ConditionError::TooMuchWork { what: "steps of matching", limit: MAX_MATCHING });
        }
        Ok(starts_alike && WildMatch::new(pattern).matches(text))
    }
}

fn all_strings(key: &Value) -> bool {
    key.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn check_length(text: &str) -> Result<(), ConditionError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(ConditionError::TooLong { limit: MAX_TEXT_BYTES });
    }
    Ok(())
}

/// `1-10`, `1Mi-2Gi`, `1h-2h`; with `!` before the dash, what is outside.
struct Range<'t> {
    low: &'t str,
    high: &'t str,
    is_outside: bool,
}

impl<'t> Range<'t> {
    /// `None` for what is not written as a range.
    fn parse(text: &'t str) -> Option<Self> {
        let (low, behind) = end_of_range(text)?;
        let (is_outside, behind) = match behind.strip_prefix('!') {
            Some(behind) => (true, behind),
            None => (false, behind),
        };
        let (high, behind) = end_of_range(behind.strip_prefix('-')?)?;
        behind.is_empty().then_some(Self { low, high, is_outside })
    }

    /// `None` where the text has no order with both ends.
    fn contains(&self, text: &str) -> Option<bool> {
        let inside = order(text, self.low)?.is_ge() && order(text, self.high)?.is_le();
        Some(inside != self.is_outside)
    }
}

/// A sign, digits with or without a fraction, and letters; and what follows.
fn end_of_range(text: &str) -> Option<(&str, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let behind_digits = unsigned.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind_digits.len() == unsigned.len() {
        return None;
    }
    let behind = match behind_digits.strip_prefix('.') {
        Some(fraction) => {
            let behind = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if behind.len() == fraction.len() { behind_digits } else { behind }
        }
        None => behind_digits,
    };
    let behind = behind.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    text.split_at_checked(text.len().checked_sub(behind.len())?)
}

fn order(left: &str, right: &str) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (Duration::parse(left), Duration::parse(right)) {
        return Some(left.cmp(&right));
    }
    Quantity::parse(left)?.compare(&Quantity::parse(right)?)
}
