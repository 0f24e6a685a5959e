//! `keys`: public keys as PEM text, several in one string if need be.

use super::super::model::KeyAttestor;
use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use super::Context;
use super::trust::{read_ctlog, read_rekor, read_trust_root};
use crate::quote::quote;
use crate::verify::{KeyHash, PublicKey};

const LABEL: &str = "PUBLIC KEY";
const PASTE: &str = "paste the public key as PEM text: `-----BEGIN PUBLIC KEY-----` …";

pub(super) fn read(node: &Node<'_>, context: Context<'_>) -> Option<Vec<KeyAttestor>> {
    node.object(Place::Keys, |fields| {
        let hash = read_hash(fields);
        let log = read_rekor(fields);
        read_ctlog(fields);
        let trust_root = read_trust_root(fields, context);
        // Named by a reference instead: that problem is enough.
        let is_elsewhere = ["kms", "secret"].iter().any(|field| fields.node().value().get(field).is_some());
        let keys = match fields.optional("publicKeys") {
            Some(node) => read_keys(&node, hash?)?,
            None if is_elsewhere => return None,
            None => {
                fields.node().problem_with_help("`publicKeys` is missing", PASTE);
                return None;
            }
        };
        let (log, trust_root) = (log?, trust_root?);
        Some(keys.into_iter().map(|key| KeyAttestor { key, log, trust_root: trust_root.clone() }).collect())
    })
}

fn read_hash(fields: &mut Fields<'_>) -> Option<KeyHash> {
    let Some(node) = fields.optional("signatureAlgorithm") else {
        return Some(KeyHash::Sha256);
    };
    if node.value().as_str() == Some("sha224") {
        node.problem_with_help("sha224 is not supported", "sign with sha256, which is cosign's default");
        return None;
    }
    node.choice(&[("sha256", KeyHash::Sha256), ("sha384", KeyHash::Sha384), ("sha512", KeyHash::Sha512)])
}

fn read_keys(node: &Node<'_>, hash: KeyHash) -> Option<Vec<PublicKey>> {
    let text = node.text()?;
    if let Some(message) = what_else_it_is(text) {
        node.problem_with_help(message, PASTE);
        return None;
    }
    let blocks = split_pem(text).map_err(|message| node.problem_with_help(message, PASTE)).ok()?;
    let read = |(index, pem): (usize, String)| {
        let key = PublicKey::from_pem(&pem, hash);
        key.map_err(|error| node.problem_with_help(format!("key {}: {error}", index.saturating_add(1)), PASTE)).ok()
    };
    blocks.into_iter().enumerate().map(read).collect::<Vec<_>>().into_iter().collect()
}

/// What a string is that Kyverno would look up somewhere, and that cannot be looked up here.
fn what_else_it_is(text: &str) -> Option<String> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    Some(match scheme {
        Some("k8s") => format!("{} is a Secret, and this policy reads none", quote(text)),
        Some("awskms" | "gcpkms" | "azurekms" | "hashivault") => {
            format!("{} is a key in a KMS, which a policy cannot call", quote(text))
        }
        Some("http" | "https") => format!("{} is a web address, which a policy cannot fetch", quote(text)),
        Some("env") => format!("{} is a variable of an environment that a policy does not have", quote(text)),
        _ if text.trim().is_empty() => "there is no key".to_owned(),
        _ if !text.contains("-----BEGIN ") => {
            format!("{} is not PEM text, and a policy cannot read files", quote(text))
        }
        _ => return None,
    })
}

/// The `PUBLIC KEY` blocks of a text that has nothing else in it.
fn split_pem(text: &str) -> Result<Vec<String>, String> {
    let mut blocks = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((label, behind)) = rest.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")) else {
            return Err("there is text outside the PEM blocks".to_owned());
        };
        if label != LABEL {
            return Err(match label {
                "CERTIFICATE" => "this is a certificate, not a public key".to_owned(),
                _ if label.contains("PRIVATE KEY") => {
                    "this is a PRIVATE key: take it out of here, and replace it wherever it was used".to_owned()
                }
                _ => format!("{} is not a PEM block that is read: only `{LABEL}` is", quote(label)),
            });
        }
        let Some((body, behind)) = behind.split_once("-----END PUBLIC KEY-----") else {
            return Err("a PEM block is not closed: `-----END PUBLIC KEY-----` is missing".to_owned());
        };
        blocks.push(format!("-----BEGIN PUBLIC KEY-----{body}-----END PUBLIC KEY-----\n"));
        rest = behind.trim_start();
    }
    Ok(blocks)
}
