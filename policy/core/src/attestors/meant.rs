//! What may have been meant: the entry that would have accepted what is there.
//!
//! Asked once, about the one piece of evidence that an answer is about, and after everything else: it costs up to two checks
//! more. Only a signer whose signature verifies is ever put into an entry: a forged one must not find its way into a policy
//! through our own advice.

use super::{EvidenceError, verify_key, verify_keyless};
use crate::decision::Finding;
use crate::evidence::Evidence;
use crate::examiner::Examiner;
use crate::json;
use crate::settings::{Attestor, AttestorKind, KeyAttestor, KeylessAttestor};
use crate::verify::{KeyHash, LogRule, SctRule};
use serde_json::{Value, json};

/// Before the entry that would have accepted the signer.
const ADD_ENTRY: &str = "if this signer is meant too, add it to the entries, with `count: 1`:\n- ";
/// Between a hint about how the rule is written and that.
const OR: &str = "; or, ";

/// What a remedy says of the rule itself, and the entry that it advises, for a program in which nobody writes entries.
#[must_use]
pub fn advised_entry(remedy: &str) -> Option<(Option<&str>, Value)> {
    let (hint, entry) = remedy.split_once(ADD_ENTRY)?;
    Some((hint.strip_suffix(OR), json::read(entry.as_bytes()).ok()?))
}

/// The finding of an entry that nothing satisfied. `nearest` is the evidence that `error` is about.
pub(super) fn finding(
    examiner: &Examiner<'_>,
    entry: &Attestor,
    error: &EvidenceError,
    nearest: Option<&Evidence>,
) -> Finding {
    let finding = error.finding();
    let Some(evidence) = nearest else { return finding };
    match (error, &entry.kind) {
        (EvidenceError::WrongIdentity { hint, .. }, AttestorKind::Keyless(keyless)) => {
            // A hint is about how the rule is written, which comes first.
            let first = hint.as_ref().map(|hint| format!("{hint}{OR}")).unwrap_or_default();
            match signer_entry(examiner, keyless, evidence) {
                Some(written) => finding.remedy(format!("{first}{ADD_ENTRY}{written}")),
                None => finding,
            }
        }
        (EvidenceError::WrongKey(_), AttestorKind::Key(key)) => match other_hash(examiner, key, evidence) {
            Some(hash) => {
                let mut finding = finding;
                finding.message = format!("the key is right, and signed with {}", hash.as_str());
                finding.remedy(format!("say so beside the key:\nsignatureAlgorithm: {}", hash.as_str()))
            }
            None => finding,
        },
        _ => finding,
    }
}

/// The entry for whoever made this signature, as the settings write it on one line.
fn signer_entry(examiner: &Examiner<'_>, keyless: &KeylessAttestor, evidence: &Evidence) -> Option<Value> {
    let verified = verify_keyless(examiner, keyless, evidence).ok()?;
    let claims = verified.claims()?;
    let [name] = claims.names.as_slice() else { return None };
    let issuer = claims.issuer.as_deref()?;
    // What stands for more than itself in a pattern was not seen.
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?']) && !text.contains(char::is_control);
    // Roots in PEM would make the line as long as a page.
    if !is_plain(name) || !is_plain(issuer) || keyless.trust_root.inline.is_some() {
        return None;
    }
    let mut fields = json!({"subject": name, "issuer": issuer});
    let more = [
        (keyless.trust_root.root != "sigstore", "trustRoot", json!(keyless.trust_root.root)),
        (keyless.log == LogRule::InsecureIgnore, "rekor", json!({"ignoreTlog": true})),
        (keyless.sct == SctRule::InsecureIgnore, "ctlog", json!({"ignoreSCT": true})),
    ];
    for (_, name, value) in more.into_iter().filter(|(is_so, _, _)| *is_so) {
        fields.as_object_mut()?.insert(name.to_owned(), value);
    }
    Some(json!({"keyless": fields}))
}

/// The hash with which the rule's own key made the signature.
fn other_hash(examiner: &Examiner<'_>, key: &KeyAttestor, evidence: &Evidence) -> Option<KeyHash> {
    let others = [KeyHash::Sha256, KeyHash::Sha384, KeyHash::Sha512].into_iter().filter(|hash| *hash != key.key.hash());
    others.into_iter().find(|hash| {
        let other = KeyAttestor { key: key.key.clone().with_hash(*hash), ..key.clone() };
        verify_key(examiner, &other, evidence).is_ok()
    })
}
