//! How values are spelled when they become text.
//!
//! Inside other text a value is spelled as JSON, where lists of operators compare text as Go's `fmt` prints it. The two
//! differ for numbers: `1000000` and `1e+06`.

use serde_json::{Number, Value};

/// Beyond this, not every whole number is a floating-point number (2⁵³).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The number as JSON: whole where it is whole. `None` for what JSON cannot say (infinity).
pub(super) fn number(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2⁵³")]
        let whole = value as i64;
        return Some(Value::from(whole));
    }
    Number::from_f64(value).map(Value::Number)
}

/// A string as it is, everything else as compact JSON, with whole numbers whole (`5`, not `5.0`).
pub(super) fn in_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => plain_number(number),
        other => other.to_string(),
    }
}

/// The text of a number, string or boolean as a person writes it.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(_) | Value::Number(_) => Some(in_text(value)),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text that Go's `fmt.Sprint` prints, which Kyverno compares: numbers from a million on with an exponent.
pub(super) fn as_go_prints(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Number(number) => go_number(number),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(as_go_prints).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}:{}", as_go_prints(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Bool(_) | Value::String(_) => in_text(value),
    }
}

fn plain_number(value: &Number) -> String {
    match value.as_f64().filter(|_| value.is_f64()).and_then(number) {
        Some(whole) => whole.to_string(),
        None => value.to_string(),
    }
}

/// `%v` of a float64: the shortest digits, with an exponent where it is below -4 or above 5 (strconv's `%g`).
fn go_number(value: &Number) -> String {
    let Some(float) = value.as_f64() else { return value.to_string() };
    let scientific = format!("{float:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return plain_number(value) };
    let Ok(exponent) = exponent.parse::<i32>() else { return plain_number(value) };
    if (-4..6).contains(&exponent) {
        return plain_number(value);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_in_text() {
        let cases = [
            ("string", json!("a\"b"), "a\"b"),
            ("whole", json!(5), "5"),
            ("whole, written with a point", json!(5.0), "5"),
            ("fraction", json!(9.9), "9.9"),
            ("beyond floating point", json!(9_007_199_254_740_993_u64), "9007199254740993"),
            ("boolean", json!(true), "true"),
            ("null", json!(null), "null"),
            ("object", json!({"id": 5}), "{\"id\":5}"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(in_text(&value), expected, "case `{name}`");
        }
        assert_eq!(number(f64::INFINITY), None);
        assert_eq!(number(2.0), Some(json!(2)));
        assert_eq!(number(2.5), Some(json!(2.5)));
    }

    #[test]
    fn values_as_go_prints_them() {
        let cases = [
            ("null", json!(null), "<nil>"),
            ("small", json!(0.00001), "1e-05"),
            ("fraction", json!(1.5), "1.5"),
            ("six digits", json!(123_456), "123456"),
            ("seven digits", json!(1_234_567), "1.234567e+06"),
            ("large", json!(1e21), "1e+21"),
            ("list", json!(["a", 1]), "[a 1]"),
            ("object", json!({"a": {"b": true}}), "map[a:map[b:true]]"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(as_go_prints(&value), expected, "case `{name}`");
        }
    }
}
