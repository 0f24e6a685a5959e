//! A certificate in a PEM block, as evidence carries them.
//!
//! Go's `encoding/pem` writes nearly all that there are: one block, nothing around it, equal lines. That form is read at
//! once. Every other is left to the library, which looks for a block anywhere in the text, and takes ten times as long.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstore_verify::types::{DerCertificate, Error};

/// The DER in a block (RFC 7468 §5).
///
/// # Errors
/// When the text is no such block.
pub(crate) fn certificate(block: &str) -> Result<Vec<u8>, Error> {
    match as_go_writes(block) {
        Some(der) => Ok(der),
        None => DerCertificate::from_pem(block).map(DerCertificate::into_bytes),
    }
}

/// `None` says only that it is written in another way.
fn as_go_writes(block: &str) -> Option<Vec<u8>> {
    let lines = block.strip_prefix("-----BEGIN CERTIFICATE-----\n")?.strip_suffix("\n-----END CERTIFICATE-----")?;
    let mut text = String::with_capacity(lines.len());
    for line in lines.split('\n') {
        // Above an empty line there would be headers.
        if line.is_empty() {
            return None;
        }
        text.push_str(line);
    }
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nAQIDBAUGBwgJCgsM\nDQ4PEA==\n-----END CERTIFICATE-----";
    const DER: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    #[test]
    fn what_is_read_at_once_is_what_the_library_reads() {
        assert_eq!(as_go_writes(BLOCK), Some(DER.to_vec()));
        // Each byte of a block in turn: left out, doubled, and as each of these.
        let bytes = b"\n\r -=:AB/\0";
        let mut at_once = 0;
        for at in 0..BLOCK.len() {
            let (before, rest) = BLOCK.split_at(at);
            let (here, after) = rest.split_at(1);
            let written = bytes.iter().map(|byte| format!("{before}{}{after}", char::from(*byte)));
            for text in written.chain([format!("{before}{after}"), format!("{before}{here}{here}{after}")]) {
                let library = DerCertificate::from_pem(&text).map(DerCertificate::into_bytes);
                if let Some(der) = as_go_writes(&text) {
                    at_once += 1;
                    assert_eq!(library.as_ref().ok(), Some(&der), "{text:?}");
                }
                assert_eq!(certificate(&text).ok(), library.ok(), "{text:?}");
            }
        }
        assert!(at_once > 50, "{at_once}");
    }

    #[test]
    fn other_forms_are_the_librarys() {
        let cases = [
            ("lines that end as on Windows", BLOCK.replace('\n', "\r\n"), true),
            ("text before it", format!("subject=x\n{BLOCK}"), true),
            ("a header", BLOCK.replacen("-----\n", "-----\na: b\n\n", 1), true),
            ("a key", BLOCK.replace("CERTIFICATE", "PUBLIC KEY"), false),
            ("no end", BLOCK.replace("-----END CERTIFICATE-----", ""), false),
            ("bits behind the last byte", BLOCK.replace("EA==", "EB=="), false),
            ("nothing", String::new(), false),
        ];
        for (name, text, readable) in cases {
            assert_eq!(as_go_writes(&text), None, "case `{name}`");
            assert_eq!(certificate(&text).is_ok(), readable, "case `{name}`");
        }
    }
}
