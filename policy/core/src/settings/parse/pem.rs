//! Keys and certificates as PEM text, several in one string if need be.

use super::super::reader::Node;
use crate::quote::quote;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) const PUBLIC_KEY: &str = "PUBLIC KEY";
pub(super) const CERTIFICATE: &str = "CERTIFICATE";
/// What to do about a key that lies where a policy cannot call.
pub(super) const KMS: &str =
    "print the public key (`cosign public-key --key URI`) and paste it under `publicKeys`: it is no secret";

/// What to write.
pub(super) const fn paste(label: &str) -> &'static str {
    // As many kinds as there are constants above.
    if label.len() == PUBLIC_KEY.len() {
        "paste the public key as PEM text: `-----BEGIN PUBLIC KEY-----` …"
    } else {
        "paste the certificates as PEM text: `-----BEGIN CERTIFICATE-----` …"
    }
}

/// The PEM blocks of a string that has at least one, and nothing else in it.
///
/// Certificates may be base64 once more around their PEM, as Kyverno reads them.
pub(super) fn read(node: &Node<'_>, label: &str) -> Option<Vec<String>> {
    let text = node.text()?;
    let decoded = (label == CERTIFICATE).then(|| in_base64(text)).flatten();
    let text = decoded.as_deref().unwrap_or(text);
    let blocks = match what_else_it_is(text, label) {
        Some(message) => Err(message),
        None => split(text, label),
    };
    let help = if is_in_kms(text) { KMS } else { paste(label) };
    blocks.map_err(|message| node.problem_with_help(message, help)).ok()
}

fn is_in_kms(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| ["awskms", "gcpkms", "azurekms", "hashivault"].contains(&scheme))
}

fn in_base64(text: &str) -> Option<String> {
    let packed: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let decoded = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
    decoded.contains("-----BEGIN ").then_some(decoded)
}

/// What a string is that Kyverno would look up somewhere, and that cannot be looked up here.
fn what_else_it_is(text: &str, label: &str) -> Option<String> {
    let what = if label == PUBLIC_KEY { "key" } else { "certificate" };
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    Some(match scheme {
        Some("k8s") => format!("{} is a Secret, which is read for `keys` only", quote(text)),
        _ if is_in_kms(text) => format!("{} is a key in a KMS, which a policy cannot call", quote(text)),
        Some("http" | "https") => format!("{} is a web address, which a policy cannot fetch", quote(text)),
        Some("env") => format!("{} is a variable of an environment that a policy does not have", quote(text)),
        _ if text.trim().is_empty() => format!("there is no {what}"),
        _ if !text.contains("-----BEGIN ") => {
            format!("{} is not PEM text, and a policy cannot read files", quote(text))
        }
        _ => return None,
    })
}

fn split(text: &str, wanted: &str) -> Result<Vec<String>, String> {
    let end = format!("-----END {wanted}-----");
    let mut blocks = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((label, behind)) = rest.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")) else {
            return Err("there is text outside the PEM blocks".to_owned());
        };
        if label != wanted {
            return Err(match label {
                CERTIFICATE => "this is a certificate, not a public key".to_owned(),
                PUBLIC_KEY => "this is a public key, not a certificate".to_owned(),
                _ if label.contains("PRIVATE KEY") => {
                    "this is a PRIVATE key: take it out of here, and replace it wherever it was used".to_owned()
                }
                _ => format!("{} is not a PEM block that is read: only `{wanted}` is", quote(label)),
            });
        }
        let Some((body, behind)) = behind.split_once(end.as_str()) else {
            return Err(format!("a PEM block is not closed: `{end}` is missing"));
        };
        blocks.push(format!("-----BEGIN {wanted}-----{body}{end}\n"));
        rest = behind.trim_start();
    }
    Ok(blocks)
}
