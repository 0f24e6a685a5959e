//! Bytes as protobuf's JSON writes them: base64 of either alphabet, with or without padding.
//!
//! sigstore-types reads the same texts, and makes itself a table for each; bundles have a dozen of them.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

const fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let padding = DecodePaddingMode::Indifferent;
    GeneralPurpose::new(alphabet, GeneralPurposeConfig::new().with_decode_padding_mode(padding))
}
static PLAIN: GeneralPurpose = engine(&STANDARD);
static FOR_URLS: GeneralPurpose = engine(&URL_SAFE);

/// The bytes.
#[derive(Debug)]
pub(super) struct ProtoBytes(pub(super) Vec<u8>);

/// Decodes one text.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    // Nobody but a few writes the other alphabet, and in none of its texts does the plain one find all its letters.
    PLAIN.decode(text).or_else(|error| if text.contains(['-', '_']) { FOR_URLS.decode(text) } else { Err(error) })
}

impl<'de> Deserialize<'de> for ProtoBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = ProtoBytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ProtoBytes, E> {
                decode(text).map(ProtoBytes).map_err(|error| E::custom(format_args!("invalid base64: {error}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_with_and_without_padding() {
        let cases = [
            ("+/+/", Some(vec![0xfb, 0xff, 0xbf])),
            ("-_-_", Some(vec![0xfb, 0xff, 0xbf])),
            ("aGk=", Some(b"hi".to_vec())),
            ("aGk", Some(b"hi".to_vec())),
            ("", Some(Vec::new())),
            ("+_+_", None),
            ("aGl=", None),
            ("aGk= ", None),
            ("aG\nk=", None),
            ("a", None),
        ];
        for (text, expected) in cases {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::from_str::<ProtoBytes>(&json).ok().map(|bytes| bytes.0), expected, "{text:?}");
            let theirs = sigstore_verify::types::PayloadBytes::from_base64(text).ok();
            assert_eq!(theirs.map(|bytes| bytes.into_bytes()), expected, "{text:?}, by sigstore-types");
        }
        assert!(serde_json::from_str::<ProtoBytes>("7").is_err());
    }
}
