//! `keys`: public keys as PEM text, several in one string if need be, or one in a Secret.

use super::super::model::{AttestorKind, KeyAttestor, SecretKeyAttestor};
use super::super::not_yet::Place;
use super::super::reader::Node;
use super::trust::{Trust, read_trust};
use super::{Context, pem, read_object_name};
use crate::quote::quote;
use crate::verify::{KeyHash, PublicKey};

const SECRET_SCHEME: &str = "k8s://";

/// One attestor for each key.
pub(super) fn read(node: &Node<'_>, context: Context<'_>) -> Option<Vec<AttestorKind>> {
    node.object(Place::Keys, |fields| {
        let hash = fields.optional("signatureAlgorithm").map_or(Some(KeyHash::Sha256), |node| read_hash(&node));
        let trust = read_trust(fields, context, None);
        if let Some(node) = fields.optional("kms") {
            node.problem_with_help("a policy cannot call a KMS", pem::KMS);
        }
        let public_keys = fields.optional("publicKeys");
        let secret = fields.optional("secret");
        let is_in_kms = fields.node().value().get("kms").is_some();
        match (public_keys, secret) {
            (Some(keys), None) => read_public_keys(&keys, hash?, trust?),
            (None, Some(secret)) => {
                let (namespace, name) = read_secret(&secret)?;
                Some(vec![secret_key(namespace, name, hash?, trust?)])
            }
            (Some(_), Some(secret)) => {
                secret.problem_with_help("has no effect beside `publicKeys`", "remove one of the two");
                None
            }
            (None, None) if is_in_kms => None,
            (None, None) => {
                fields.node().problem_with_help("`publicKeys` is missing", pem::paste(pem::PUBLIC_KEY));
                None
            }
        }
    })
}

/// `publicKeys`: PEM text, or the name of a Secret.
pub(super) fn read_public_keys(node: &Node<'_>, hash: KeyHash, trust: Trust) -> Option<Vec<AttestorKind>> {
    if is_secret(node) {
        let (namespace, name) = read_secret_url(node)?;
        return Some(vec![secret_key(namespace, name, hash, trust)]);
    }
    let key = |key| AttestorKind::Key(KeyAttestor { key, log: trust.log, trust_root: trust.choice.clone() });
    Some(read_keys(node, hash)?.into_iter().map(key).collect())
}

fn secret_key(namespace: String, name: String, hash: KeyHash, trust: Trust) -> AttestorKind {
    AttestorKind::SecretKey(SecretKeyAttestor { namespace, name, hash, log: trust.log, trust_root: trust.choice })
}

pub(super) fn read_hash(node: &Node<'_>) -> Option<KeyHash> {
    if node.value().as_str() == Some("sha224") {
        node.problem_with_help("sha224 is not supported", "sign with sha256, which is cosign's default");
        return None;
    }
    node.choice(&[("sha256", KeyHash::Sha256), ("sha384", KeyHash::Sha384), ("sha512", KeyHash::Sha512)])
}

fn read_keys(node: &Node<'_>, hash: KeyHash) -> Option<Vec<PublicKey>> {
    let blocks = pem::read(node, pem::PUBLIC_KEY)?;
    let read = |(index, pem): (usize, String)| {
        let key = PublicKey::from_pem(&pem, hash);
        let problem = |error| format!("key {}: {error}", index.saturating_add(1));
        key.map_err(|error| node.problem_with_help(problem(error), pem::paste(pem::PUBLIC_KEY))).ok()
    };
    blocks.into_iter().enumerate().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn is_secret(node: &Node<'_>) -> bool {
    node.value().as_str().is_some_and(|text| text.trim().starts_with(SECRET_SCHEME))
}

/// `k8s://namespace/name`, as cosign writes it.
fn read_secret_url(node: &Node<'_>) -> Option<(String, String)> {
    let text = node.text()?.trim();
    let path = text.strip_prefix(SECRET_SCHEME).and_then(|path| path.split_once('/'));
    let Some((namespace, name)) = path else {
        node.problem_with_help(format!("{} does not name a Secret", quote(text)), "write `k8s://NAMESPACE/NAME`");
        return None;
    };
    Some((read_object_name(node, namespace)?, read_object_name(node, name)?))
}

fn read_secret(node: &Node<'_>) -> Option<(String, String)> {
    node.object(Place::Secret, |fields| {
        let read = |node: Option<Node<'_>>| node.and_then(|node| read_object_name(&node, node.text()?));
        let namespace = read(fields.required("namespace"));
        let name = read(fields.required("name"));
        Some((namespace?, name?))
    })
}
