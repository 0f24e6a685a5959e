//! Pinning: writes resolved images into the object, and pull policies where a block asks for it. Nothing else.
//!
//! The object is changed in place as plain JSON, so no other field is dropped, added or given another meaning, whether this
//! crate knows it or not.

use serde_json::Value;

/// Why an object cannot be patched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MutationError {
    /// There is no string at this RFC 6901 pointer.
    #[error("there is no image to replace at `{0}`")]
    NotThere(String),
    /// There is no object that could hold the field at this RFC 6901 pointer.
    #[error("there is no object for `{0}`")]
    NoParent(String),
}

/// Replaces the string at each pointer (RFC 6901, relative to `object`) by the new image beside it.
///
/// # Errors
/// When one of the pointers does not lead to a string. The object is then unchanged.
pub fn pin(object: &mut Value, pins: &[(String, String)]) -> Result<(), MutationError> {
    for (pointer, _) in pins {
        if !object.pointer(pointer).is_some_and(Value::is_string) {
            return Err(MutationError::NotThere(pointer.clone()));
        }
    }
    for (pointer, image) in pins {
        if let Some(string) = object.pointer_mut(pointer) {
            *string = Value::String(image.clone());
        }
    }
    Ok(())
}

/// Writes `value` at each pointer (RFC 6901, relative to `object`, the last part a field's name without `~`), whether the field
/// is there or not.
///
/// # Errors
/// When one of the pointers does not lead into an object. The object may then be changed in part.
pub fn set(object: &mut Value, pointers: &[String], value: &str) -> Result<(), MutationError> {
    for pointer in pointers {
        let no_parent = || MutationError::NoParent(pointer.clone());
        let (parent, field) = pointer.rsplit_once('/').ok_or_else(no_parent)?;
        let fields = object.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(no_parent)?;
        fields.insert(field.to_owned(), Value::from(value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Pointers of everything that differs between two values.
    fn differences(before: &Value, after: &Value, pointer: &str, found: &mut Vec<String>) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) if before.keys().eq(after.keys()) => {
                for (key, value) in before {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    differences(value, &after[key], &format!("{pointer}/{escaped}"), found);
                }
            }
            (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    differences(before, after, &format!("{pointer}/{index}"), found);
                }
            }
            _ if before != after => found.push(pointer.to_owned()),
            _ => {}
        }
    }

    #[test]
    fn only_the_images_change() {
        let deep = (0..100).fold(json!("bottom"), |inner, _| json!({ "x": [inner] }));
        let cases = [
            ("plain", json!({"image": "a"}), vec!["/image"]),
            ("unknown fields", json!({"image": "a", "fromTheFuture": {"image": "a"}}), vec!["/image"]),
            ("numbers", json!({"image": "a", "n": [1.0, 1e3, -0.0, 1, u64::MAX, i64::MIN]}), vec!["/image"]),
            ("empty things", json!({"image": "a", "n": null, "o": {}, "l": [], "s": ""}), vec!["/image"]),
            ("deep nesting", json!({"image": "a", "deep": deep}), vec!["/image"]),
            (
                "keys that look alike",
                json!({"a/b": "1", "a~1b": "2", "a": {"b": "3"}, "a~0b": "4", "a~b": "5"}),
                vec!["/a~1b", "/a~0b"],
            ),
            ("keys that look like indices", json!({"0": ["x"], "00": ["y"], "": {"": "z"}}), vec!["/0/0", "//"]),
            ("not ASCII", json!({"ключ": "a", "k\u{0}": "b"}), vec!["/ключ"]),
            ("several, in any order", json!({"l": [{"i": "a"}, {"i": "a"}, {"i": "a"}]}), vec!["/l/2/i", "/l/0/i"]),
            ("none", json!({"image": "a"}), vec![]),
            ("the same string again", json!({"image": "new-image"}), vec![]),
        ];
        for (name, before, pointers) in cases {
            let pins: Vec<_> = pointers.iter().map(|pointer| ((*pointer).to_owned(), "new-image".to_owned())).collect();
            let mut after = before.clone();
            pin(&mut after, &pins).expect(name);

            let mut found = Vec::new();
            differences(&before, &after, "", &mut found);
            let mut expected: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "case `{name}`");
            for pointer in pointers {
                assert_eq!(after.pointer(pointer), Some(&json!("new-image")), "case `{name}`");
            }
        }
    }

    #[test]
    fn fields_are_set_whether_they_are_there_or_not() {
        let mut object = json!({"a": {"image": "x", "imagePullPolicy": "Never"}, "l": [{"image": "y"}], "n": 1});
        set(&mut object, &["/a/imagePullPolicy".to_owned(), "/l/0/imagePullPolicy".to_owned()], "Always").unwrap();
        let expected = json!({
            "a": {"image": "x", "imagePullPolicy": "Always"}, "l": [{"image": "y", "imagePullPolicy": "Always"}], "n": 1,
        });
        assert_eq!(object, expected);
        for pointer in ["", "x", "/gone/x", "/n/x", "/l/1/x", "/l/x"] {
            let error = set(&mut object, &[pointer.to_owned()], "Always");
            assert_eq!(error, Err(MutationError::NoParent(pointer.to_owned())), "{pointer:?}");
        }
        assert_eq!(object, expected);
    }

    #[test]
    fn a_pointer_that_leads_nowhere_changes_nothing() {
        let before = json!({"image": "a", "n": 1, "o": {"image": "b"}, "l": ["c"]});
        for pointer in ["/gone", "/n", "/o", "/l", "/l/1", "/l/-", "", "image", "/image/0"] {
            let mut after = before.clone();
            let pins = [("/image".to_owned(), "new".to_owned()), (pointer.to_owned(), "new".to_owned())];
            assert_eq!(pin(&mut after, &pins), Err(MutationError::NotThere(pointer.to_owned())), "{pointer:?}");
            assert_eq!(after, before, "{pointer:?}");
        }
    }
}
