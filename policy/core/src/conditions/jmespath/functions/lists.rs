//! Functions over lists, and those that take whatever there is.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::super::compare::deep_equal;
use super::super::super::err::{ConditionError, FunctionError};
use super::super::super::scope::kind_of;
use super::super::evaluate::weight;
use super::Call;

type Result<T = Value> = std::result::Result<T, ConditionError>;

pub(super) fn contains(call: &Call<'_>) -> Result {
    let wanted = call.any(1)?;
    let found = match call.any(0)? {
        Value::String(text) => match wanted {
            Value::String(part) => {
                call.machine.charge(text.len().checked_div(8).unwrap_or(0))?;
                text.contains(part)
            }
            _ => false,
        },
        Value::Array(items) => {
            call.machine.charge(items.len().saturating_mul(weight(wanted).checked_div(32).unwrap_or(0)))?;
            items.iter().any(|item| deep_equal(item, wanted))
        }
        _ => return Err(call.wrong_type(0, "a string or list")),
    };
    Ok(Value::Bool(found))
}

/// Characters of a string, elements of a list, keys of an object.
pub(super) fn length(call: &Call<'_>) -> Result {
    let length = match call.any(0)? {
        Value::String(_) => call.text(0)?.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        _ => return Err(call.wrong_type(0, "a string, list or object")),
    };
    Ok(Value::from(length))
}

pub(super) fn map(call: &Call<'_>) -> Result {
    call.list(1)?.iter().map(|item| call.apply(0, item)).collect::<Result<Vec<_>>>().map(Value::Array)
}

pub(super) fn not_null(call: &Call<'_>) -> Result {
    for index in 0..call.given.len() {
        let value = call.any(index)?;
        if !value.is_null() {
            return call.copy(value);
        }
    }
    Ok(Value::Null)
}

pub(super) fn reverse(call: &Call<'_>) -> Result {
    match call.any(0)? {
        Value::String(_) => call.string(call.text(0)?.chars().rev().collect()),
        _ => call.list(0)?.iter().rev().map(|item| call.copy(item)).collect::<Result<Vec<_>>>().map(Value::Array),
    }
}

pub(super) fn to_array(call: &Call<'_>) -> Result {
    let value = call.copy(call.any(0)?)?;
    Ok(if value.is_array() { value } else { Value::Array(vec![value]) })
}

pub(super) fn sort(call: &Call<'_>) -> Result {
    let items = call.list(0)?;
    let keys: Vec<&Value> = items.iter().collect();
    let order = sorted(call, &keys)?;
    order.into_iter().map(|item| call.copy(item)).collect::<Result<Vec<_>>>().map(Value::Array)
}

pub(super) fn sort_by(call: &Call<'_>) -> Result {
    let keyed = keyed(call)?;
    check_sortable(call, keyed.iter().map(|(key, _)| key))?;
    let mut keyed: Vec<&(Value, &Value)> = keyed.iter().collect();
    keyed.sort_by(|left, right| order(&left.0, &right.0));
    keyed.into_iter().map(|(_, item)| call.copy(item)).collect::<Result<Vec<_>>>().map(Value::Array)
}

/// Null for an empty list.
pub(super) fn max(call: &Call<'_>) -> Result {
    let keys: Vec<&Value> = call.list(0)?.iter().collect();
    sorted(call, &keys)?.last().map_or(Ok(Value::Null), |item| call.copy(item))
}

/// Null for an empty list.
pub(super) fn min(call: &Call<'_>) -> Result {
    let keys: Vec<&Value> = call.list(0)?.iter().collect();
    sorted(call, &keys)?.first().map_or(Ok(Value::Null), |item| call.copy(item))
}

/// Of several that are largest, the first.
pub(super) fn max_by(call: &Call<'_>) -> Result {
    let keyed = keyed(call)?;
    check_sortable(call, keyed.iter().map(|(key, _)| key))?;
    let best = keyed.iter().reduce(|best, next| if order(&next.0, &best.0).is_gt() { next } else { best });
    best.map_or(Ok(Value::Null), |(_, item)| call.copy(item))
}

/// Of several that are smallest, the first.
pub(super) fn min_by(call: &Call<'_>) -> Result {
    let keyed = keyed(call)?;
    check_sortable(call, keyed.iter().map(|(key, _)| key))?;
    let best = keyed.iter().reduce(|best, next| if order(&next.0, &best.0).is_lt() { next } else { best });
    best.map_or(Ok(Value::Null), |(_, item)| call.copy(item))
}

fn keyed<'c>(call: &'c Call<'_>) -> Result<Vec<(Value, &'c Value)>> {
    call.list(0)?.iter().map(|item| Ok((call.apply(1, item)?, item))).collect()
}

fn sorted<'v>(call: &Call<'_>, items: &[&'v Value]) -> Result<Vec<&'v Value>> {
    check_sortable(call, items.iter().copied())?;
    let mut sorted = items.to_vec();
    sorted.sort_by(|left, right| order(left, right));
    Ok(sorted)
}

/// All numbers or all strings. Sorting takes some more steps than there are elements.
fn check_sortable<'v>(call: &Call<'_>, items: impl Iterator<Item = &'v Value>) -> Result<()> {
    let mut kinds = items.map(kind_of);
    let Some(first) = kinds.next() else { return Ok(()) };
    let mut count: usize = 1;
    let is_mixed = kinds.by_ref().any(|kind| {
        count = count.saturating_add(1);
        kind != first
    });
    if is_mixed || !matches!(first, "a number" | "a string") {
        return Err(call.fail(FunctionError::NotSortable));
    }
    // A list of n takes n·log n comparisons; 64 is more than the logarithm of any length.
    call.machine.charge(count.saturating_mul(64))
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
    }
}
