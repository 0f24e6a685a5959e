//! The fields by which a block named its one signer before there were `attestors`: `key`, or `issuer` with `subject` and
//! `roots`.
//!
//! They mean what Kyverno means by them: one more attestor. (Where the block has attestations Kyverno loses that attestor
//! again, and accepts anybody's; here it is kept.)

use super::super::model::{Attestor, AttestorKind, AttestorSet, KeylessAttestor, TrustChoice};
use super::super::reader::{Fields, Node};
use super::attestors::read_pattern;
use super::trust::{Trust, read_part};
use super::{Context, keys, pem};
use crate::verify::{InlineTrust, KeyHash, LogRule, SIGSTORE, SctRule};
use std::sync::Arc;

const NOW: &str = "write it as an entry of `attestors`, which says the same";

/// The attestor set that these fields stand for: `None` where there are none, `Some(None)` where they are wrong.
pub(super) fn read(fields: &mut Fields<'_>, context: Context<'_>) -> Option<Option<AttestorSet>> {
    let key = fields.optional("key");
    let issuer = fields.optional("issuer");
    let subject = fields.optional("subject");
    let roots = fields.optional("roots");
    match (key, issuer) {
        (None, None) => {
            let without_effect = [subject, roots];
            let mut without_effect = without_effect.into_iter().flatten().peekable();
            without_effect.peek()?;
            for node in without_effect {
                node.problem_with_help("has no effect without `issuer`", "write `keyless` entries under `attestors`");
            }
            Some(None)
        }
        (Some(key), issuer) => {
            key.warning("is an old form", NOW);
            for node in [issuer, subject, roots].into_iter().flatten() {
                node.problem_with_help("has no effect beside `key`", "write an entry for each under `attestors`");
            }
            let trust = Trust { log: LogRule::Require, sct: SctRule::Require, choice: choice(InlineTrust::default()) };
            Some(keys::read_public_keys(&key, KeyHash::Sha256, trust).map(|kinds| set(&key, kinds, context)))
        }
        (None, Some(issuer)) => {
            issuer.warning("is an old form", NOW);
            let mut inline = InlineTrust::default();
            let roots = read_part(roots, context, pem::CERTIFICATE, |blocks| inline.set_authorities(blocks));
            let pattern = read_pattern(&issuer, context);
            let subject = match subject {
                Some(node) => read_pattern(&node, context),
                None => {
                    issuer.problem_with_help(
                        "stands alone, so that everybody of this issuer could sign",
                        "name the `subject` too, in a `keyless` entry under `attestors`",
                    );
                    None
                }
            };
            let kind = || {
                roots?;
                Some(AttestorKind::Keyless(KeylessAttestor {
                    subject: Some(subject?),
                    subject_regexp: None,
                    issuer: Some(pattern?),
                    issuer_regexp: None,
                    extensions: Vec::new(),
                    any_signer: false,
                    log: LogRule::Require,
                    sct: SctRule::Require,
                    trust_root: choice(inline),
                }))
            };
            Some(kind().map(|kind| set(&issuer, vec![kind], context)))
        }
    }
}

fn choice(inline: InlineTrust) -> TrustChoice {
    TrustChoice { inline: (!inline.is_empty()).then(|| Arc::new(inline)), ..TrustChoice::named(SIGSTORE) }
}

fn set(node: &Node<'_>, kinds: Vec<AttestorKind>, context: Context<'_>) -> AttestorSet {
    let path = node.path();
    let attestor = |kind| Attestor {
        path: path.to_owned(),
        annotations: context.annotations.clone(),
        repository: context.repository.cloned(),
        kind,
    };
    let entries: Vec<_> = kinds.into_iter().map(attestor).collect();
    AttestorSet { path: path.to_owned(), required: entries.len(), entries }
}
