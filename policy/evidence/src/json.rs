//! JSON values as they are written.
//!
//! serde_json's own `Value`, built with the feature `raw_value`, takes an object with one certain key for the text that stands
//! under it, and reads that. Whoever writes such an object would have it mean one thing here and another everywhere else. So
//! nothing in this crate is read as a `Value`, but as [`Json`], to which no key is special, or as a [`Part`] of it.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A value, read in whole.
#[derive(Default)]
pub struct Json(pub Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Part::Whole.deserialize(deserializer).map(Self)
    }
}

/// The value that `text` spells.
///
/// # Errors
/// When it spells none.
pub fn read(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text).map(|Json(value)| value)
}

/// What of a value is read.
pub enum Part {
    /// All of it.
    Whole,
    /// Of an object these fields.
    Fields(&'static [(&'static str, Part)]),
    /// Of a list this of each item.
    Items(&'static Part),
}

impl<'de> DeserializeSeed<'de> for &'static Part {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        // Whatever is of another type than it should be stays of that type, so that it is refused as such.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &'static Part {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        let of_each = match self {
            Part::Whole => self,
            Part::Items(part) => *part,
            Part::Fields(_) => {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Value::Array(kept));
            }
        };
        while let Some(item) = items.next_element_seed(of_each)? {
            kept.push(item);
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        let fields = match self {
            Part::Whole => {
                // Of several with one name the last counts, as serde_json has it.
                while let Some(key) = entries.next_key::<String>()? {
                    drop(kept.insert(key, entries.next_value_seed(self)?));
                }
                return Ok(Value::Object(kept));
            }
            Part::Fields(fields) => fields,
            Part::Items(_) => &[][..],
        };
        while let Some(field) = entries.next_key_seed(Name(fields))? {
            match field {
                Some((name, part)) => drop(kept.insert((*name).to_owned(), entries.next_value_seed(part)?)),
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(kept))
    }
}

/// Finds the field that a key names.
struct Name(&'static [(&'static str, Part)]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static (&'static str, Part)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static (&'static str, Part)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(name, _)| *name == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_serde_json_reads() {
        let texts = [
            "null",
            "true",
            "0",
            "-7",
            "18446744073709551615",
            "1.5",
            "-0.0",
            r#""a\u00e9\n""#,
            "[]",
            "{}",
            r#"[1, [2, {"a": null}], "x"]"#,
            r#"{"a": {"b": [true, {"c": 1e3}]}, "d": ""}"#,
            r#"{"a": 1, "b": 2, "a": 3}"#,
        ];
        for text in texts {
            assert_eq!(read(text.as_bytes()).expect(text), serde_json::from_str::<Value>(text).expect(text), "{text}");
        }
        for text in ["", "{", "[1,]", "nul", "1e999", r#"{"a"}"#, "1 2", r#""\ud800""#] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(read(deep.as_bytes()).is_err());
    }

    /// The key that serde_json keeps for itself is a key like any other.
    #[test]
    fn no_key_is_special() {
        let text = r#"{"$serde_json::private::RawValue": "{\"image\": 1}"}"#;
        for value in [read(text.as_bytes()), read(format!("[{text}]").as_bytes()).map(|list| list[0].clone())] {
            let value = value.expect(text);
            let fields: Vec<_> = value.as_object().expect("an object").iter().collect();
            assert_eq!(fields, [(&"$serde_json::private::RawValue".to_owned(), &Value::from("{\"image\": 1}"))]);
        }
        // Otherwise this test shows nothing.
        assert_eq!(serde_json::from_str::<Value>(text).expect(text), serde_json::json!({"image": 1}));
    }
}
