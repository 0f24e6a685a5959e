//! Evidence with one bit changed in every signature.
//!
//! Answers of a host are JSON with evidence somewhere inside, now and then as base64 of more JSON. Signatures stand
//! under few names: `sig` and `signature` in bundles and envelopes, cosign's annotation on layers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const NAMES: [&str; 3] = ["sig", "signature", "dev.cosignproject.cosign/signature"];
/// JSON in base64 in JSON: an envelope in a blob in an answer is two. Deeper, nothing is looked for.
const MAX_LAYERS: usize = 4;

/// The answer with every signature in it changed in one bit; `None` if it holds none.
#[must_use]
pub fn spoiled(answer: &[u8]) -> Option<Vec<u8>> {
    spoil_json(answer, MAX_LAYERS)
}

fn spoil_json(text: &[u8], layers: usize) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    if !value.is_object() && !value.is_array() {
        return None;
    }
    spoil(&mut value, None, layers).then(|| value.to_string().into_bytes())
}

/// Whether something was changed. Recursion ends with the value, whose depth serde_json limits to 128.
fn spoil(value: &mut Value, name: Option<&str>, layers: usize) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter_mut().map(|(name, value)| spoil(value, Some(name), layers)).fold(false, |any, one| any | one)
        }
        Value::Array(items) => items.iter_mut().map(|item| spoil(item, name, layers)).fold(false, |any, one| any | one),
        Value::String(text) => {
            let Ok(mut bytes) = STANDARD.decode(text.as_bytes()) else { return false };
            if name.is_some_and(|name| NAMES.contains(&name)) {
                // Not in the middle of a length or a tag, so that it still is the encoding of a signature.
                let Some(last) = bytes.last_mut() else { return false };
                *last ^= 1;
            } else {
                let Some(layers) = layers.checked_sub(1) else { return false };
                let Some(changed) = spoil_json(&bytes, layers) else { return false };
                bytes = changed;
            }
            *text = STANDARD.encode(bytes);
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(value: &Value) -> String {
        STANDARD.encode(value.to_string())
    }

    #[test]
    fn signatures_are_found_and_nothing_else_changes() {
        let (good, bad) = (STANDARD.encode([1, 2, 3]), STANDARD.encode([1, 2, 2]));
        let cases = [
            (
                "envelope",
                json!({"payload": "QUJD", "signatures": [{"sig": good, "keyid": "QUJD"}]}),
                Some(json!({"payload": "QUJD", "signatures": [{"sig": bad, "keyid": "QUJD"}]})),
            ),
            (
                "annotation",
                json!({"layers": [{"annotations": {"dev.cosignproject.cosign/signature": good}}]}),
                Some(json!({"layers": [{"annotations": {"dev.cosignproject.cosign/signature": bad}}]})),
            ),
            (
                "blob",
                json!({"status": "found", "blob": encoded(&json!({"messageSignature": {"signature": good}}))}),
                Some(json!({"status": "found", "blob": encoded(&json!({"messageSignature": {"signature": bad}}))})),
            ),
            ("digest", json!({"digest": "sha256:00"}), None),
            ("other base64", json!({"blob": STANDARD.encode("text")}), None),
            ("signature that is no base64", json!({"sig": "%"}), None),
            ("no JSON", json!("text"), None),
        ];
        for (name, answer, expected) in cases {
            let found = spoiled(answer.to_string().as_bytes());
            let found = found.map(|json| serde_json::from_slice::<Value>(&json).expect("JSON"));
            assert_eq!(found, expected, "case `{name}`");
        }
    }
}
