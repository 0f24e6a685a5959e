//! `certificates`: a certificate that stands for its key, or an authority whose certificates count.

use super::super::model::{AttestorKind, KeyAttestor, KeylessAttestor};
use super::super::not_yet::Place;
use super::super::reader::Node;
use super::trust::read_trust;
use super::{Context, pem};
use crate::verify::{KeyHash, PublicKey};

/// `cert` alone is its public key: neither its chain nor its validity is looked at, as in Kyverno. `certChain` alone is
/// `keyless.roots` without an identity, and must say so (`anySigner`). Both together never pass in Kyverno, which then
/// asks for an SCT that it has no key for.
pub(super) fn read(node: &Node<'_>, context: Context<'_>) -> Option<AttestorKind> {
    if context.bundles_only {
        node.problem_with_help(
            "Kyverno accepts nobody by a certificate for SigstoreBundle",
            "leave `type` out, which makes it count",
        );
        return None;
    }
    node.object(Place::Certificates, |fields| {
        let certificate = fields.optional("cert");
        let chain = fields.optional("certChain");
        let any_signer_node = fields.optional("anySigner");
        let any_signer = any_signer_node.as_ref().is_some_and(|node| node.boolean() == Some(true));
        let trust = read_trust(fields, context, chain.is_some().then_some("certChain"));
        if let (Some(node), true) = (any_signer_node, certificate.is_some()) {
            node.problem_with_help("has no effect beside `cert`", "remove it: the certificate's key must have signed");
        }
        match (certificate, chain) {
            (Some(certificate), None) => {
                let key = read_key(&certificate);
                let trust = trust?;
                Some(AttestorKind::Key(KeyAttestor { key: key?, log: trust.log, trust_root: trust.choice }))
            }
            (Some(_), Some(chain)) => {
                chain.problem_with_help(
                    "Kyverno accepts nobody where `cert` and `certChain` stand together",
                    "remove `certChain`: the key of `cert` must have signed. For all certificates of the authority that \
                     name somebody, write `keyless` with `roots`, `subject` and `issuer`",
                );
                None
            }
            (None, Some(chain)) if any_signer => {
                chain.warning(
                    "everybody with a certificate of this authority is accepted, whatever name is in it",
                    "name who may sign: `keyless` with `roots`, `subject` and `issuer`",
                );
                let trust = trust?;
                Some(AttestorKind::Keyless(KeylessAttestor {
                    subject: None,
                    subject_regexp: None,
                    issuer: None,
                    issuer_regexp: None,
                    extensions: Vec::new(),
                    any_signer,
                    log: trust.log,
                    sct: trust.sct,
                    trust_root: trust.choice,
                }))
            }
            (None, Some(chain)) => {
                chain.problem_with_help(
                    "names an authority and nobody, so that everybody with a certificate of it could sign",
                    "write `keyless` with `roots`, `subject` and `issuer`, or `anySigner: true` here if that is meant",
                );
                None
            }
            (None, None) => {
                fields.node().problem_with_help("`cert` is missing", pem::paste(pem::CERTIFICATE));
                None
            }
        }
    })
}

fn read_key(node: &Node<'_>) -> Option<PublicKey> {
    let blocks = pem::read(node, pem::CERTIFICATE)?;
    let [certificate] = blocks.as_slice() else {
        node.problem_with_help(
            format!("holds {} certificates, and one is meant", blocks.len()),
            "write the signer's own certificate, and an entry for each signer",
        );
        return None;
    };
    let key = PublicKey::from_certificate(certificate, KeyHash::Sha256);
    key.map_err(|error| node.problem_with_help(error.to_string(), pem::paste(pem::CERTIFICATE))).ok()
}
