//! Which of two values is more, in Kyverno's eyes?
//!
//! Numbers with numbers and with text that spells one; durations with durations and numbers of seconds; Kubernetes
//! quantities with each other; versions with each other. In this order, so `5m` beside `300s` is five minutes. Whatever
//! does not go together has no order, and a condition on it holds in no direction.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::duration::Duration;
use super::quantity::Quantity;
use super::version::Version;

/// The order of key and value; `None` where they have none.
pub(super) fn compare(key: &Value, value: &Value) -> Option<Ordering> {
    match (key, value) {
        (Value::Number(key), Value::Number(value)) => numbers(key, value),
        (Value::Number(number), Value::String(text)) => match Duration::parse(text) {
            Some(duration) => Some(from_number(number)?.cmp(&duration)),
            None => floats(number.as_f64()?, text.parse().ok()?),
        },
        (Value::String(text), Value::Number(number)) => match Duration::parse(text) {
            Some(duration) => Some(duration.cmp(&from_number(number)?)),
            None => floats(text.parse().ok()?, number.as_f64()?),
        },
        (Value::String(key), Value::String(value)) => texts(key, value),
        _ => None,
    }
}

/// The order of two durations; numbers are seconds.
pub(super) fn compare_durations(key: &Value, value: &Value) -> Option<Ordering> {
    let duration = |value: &Value| match value {
        Value::String(text) => Duration::parse_as_go(text),
        Value::Number(number) => from_number(number),
        _ => None,
    };
    Some(duration(key)?.cmp(&duration(value)?))
}

fn texts(key: &str, value: &str) -> Option<Ordering> {
    if let (Some(key), Some(value)) = (Duration::parse(key), Duration::parse(value)) {
        return Some(key.cmp(&value));
    }
    if let (Some(key), Some(value)) = (Quantity::parse(key), Quantity::parse(value)) {
        return key.compare(&value);
    }
    if let (Ok(key), Ok(value)) = (key.parse::<f64>(), value.parse::<f64>()) {
        return floats(key, value);
    }
    Some(Version::parse(key)?.compare(&Version::parse(value)?))
}

/// Whole numbers exactly, everything else as floating point.
fn numbers(key: &Number, value: &Number) -> Option<Ordering> {
    match (key.as_i128(), value.as_i128()) {
        (Some(key), Some(value)) => Some(key.cmp(&value)),
        _ => floats(key.as_f64()?, value.as_f64()?),
    }
}

fn floats(key: f64, value: f64) -> Option<Ordering> {
    key.partial_cmp(&value)
}

/// Seconds; as in Go, the fraction is cut off. `None` beyond what Go can hold.
fn from_number(number: &Number) -> Option<Duration> {
    Duration::from_nanoseconds(Duration::from_seconds(number.as_f64()?.trunc()).nanoseconds())
}
