//! Functions over objects.

use crate::json;
use serde_json::{Map, Value, json};

use super::super::super::compare::deep_equal;
use super::super::super::err::{ConditionError, FunctionError};
use super::super::super::spelling;
use super::super::evaluate::weight;
use super::Call;

type Result<T = Value> = std::result::Result<T, ConditionError>;

pub(super) fn keys(call: &Call<'_>) -> Result {
    let keys = call.object(0)?.keys().map(|key| call.string(key.clone()));
    keys.collect::<Result<Vec<_>>>().map(Value::Array)
}

pub(super) fn values(call: &Call<'_>) -> Result {
    let values = call.object(0)?.values().map(|value| call.copy(value));
    values.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// Of keys that occur more than once, the last wins.
pub(super) fn merge(call: &Call<'_>) -> Result {
    let mut merged = Map::new();
    for index in 0..call.given.len() {
        for (key, value) in call.object(index)? {
            merged.insert(key.clone(), call.copy(value)?);
        }
    }
    Ok(Value::Object(merged))
}

/// Whether every label of the first is in the second, with the same value.
pub(super) fn label_match(call: &Call<'_>) -> Result {
    let (labels, given) = (call.object(0)?, call.object(1)?);
    call.machine.charge(labels.values().map(weight).fold(0, usize::saturating_add).checked_div(32).unwrap_or(0))?;
    let all = labels.iter().all(|(key, value)| given.get(key).is_some_and(|found| deep_equal(found, value)));
    Ok(Value::Bool(all))
}

/// A key of an object or an index of a list; null where there is none.
pub(super) fn lookup(call: &Call<'_>) -> Result {
    let found = match (call.any(0)?, call.any(1)?) {
        (Value::Object(entries), Value::String(key)) => entries.get(key),
        (Value::Object(_), _) => return Err(call.wrong_type(1, "a string")),
        (Value::Array(items), Value::Number(index)) => match index.as_f64() {
            Some(index) if index < 0.0 && index.fract() == 0.0 => None,
            _ => items.get(call.count(1, "the index")?),
        },
        _ => return Err(call.wrong_type(1, "a number")),
    };
    found.map_or(Ok(Value::Null), |value| call.copy(value))
}

/// `{a: 1}` with the names `k` and `v` is `[{k: a, v: 1}]`; for a list, the keys are its indices.
pub(super) fn items(call: &Call<'_>) -> Result {
    let (key_name, value_name) = (call.text(1)?, call.text(2)?);
    let pair = |key: Value, value: &Value| -> Result {
        let mut pair = Map::new();
        call.machine.charge_copy(key_name.len().saturating_add(value_name.len()))?;
        pair.insert(key_name.to_owned(), key);
        pair.insert(value_name.to_owned(), call.copy(value)?);
        Ok(Value::Object(pair))
    };
    let pairs: Result<Vec<Value>> = match call.any(0)? {
        Value::Object(_) => call.object(0)?.iter().map(|(key, value)| pair(call.string(key.clone())?, value)).collect(),
        _ => call.list(0)?.iter().enumerate().map(|(index, value)| pair(json!(index), value)).collect(),
    };
    pairs.map(Value::Array)
}

/// A key without a value becomes null; a value without a key is left out.
pub(super) fn object_from_lists(call: &Call<'_>) -> Result {
    let (keys, values) = (call.list(0)?, call.list(1)?);
    let mut object = Map::new();
    for (index, key) in keys.iter().enumerate() {
        let key = spelling::plain(key).ok_or_else(|| call.wrong_type(0, "a list of strings"))?;
        let value = values.get(index).map_or(Ok(Value::Null), |value| call.copy(value))?;
        object.insert(key, value);
    }
    Ok(Value::Object(object))
}

pub(super) fn parse_json(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    call.machine.charge_copy(text.len().saturating_mul(8))?;
    json::read(text.as_bytes())
        .map_err(|_| call.fail(FunctionError::Unreadable { text: text.to_owned(), wanted: "JSON" }))
}
