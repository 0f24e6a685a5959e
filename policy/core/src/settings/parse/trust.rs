//! What every attestor says of its trust: `rekor`, `ctlog`, `roots` and `trustRoot`.

use std::sync::Arc;

use super::super::lint;
use super::super::model::TrustChoice;
use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use super::{Context, pem};
use crate::quote::quote;
use crate::suggestion::closest;
use crate::verify::{InlineTrust, LogRule, SIGSTORE, SctRule, TrustError};

/// Whom an attestor believes, and what it asks of them.
pub(super) struct Trust {
    pub(super) log: LogRule,
    pub(super) sct: SctRule,
    pub(super) choice: TrustChoice,
}

/// Reads everything about trust. `authorities` is the field under which certificate authorities stand, if there may be one.
pub(super) fn read_trust(
    fields: &mut Fields<'_>,
    context: Context<'_>,
    authorities: Option<&'static str>,
) -> Option<Trust> {
    let mut inline = InlineTrust::default();
    let log = read_rekor(fields, context, &mut inline);
    let sct = read_ctlog(fields, context, &mut inline);
    let authorities = authorities.and_then(|field| fields.optional(field));
    let authorities = read_part(authorities, context, pem::CERTIFICATE, |blocks| inline.set_authorities(blocks));
    let root = read_trust_root(fields, context);
    authorities?;
    let inline = (!inline.is_empty()).then(|| Arc::new(inline));
    let choice = TrustChoice { inline, ..TrustChoice::named(&root?) };
    Some(Trust { log: log?, sct: sct?, choice: with_rekor_url(fields, choice) })
}

/// A part of the trust root, as PEM. `Some` also where it is absent.
pub(super) fn read_part(
    node: Option<Node<'_>>,
    context: Context<'_>,
    label: &str,
    set: impl FnOnce(&[String]) -> Result<(), TrustError>,
) -> Option<()> {
    let Some(node) = node else { return Some(()) };
    if context.bundles_only {
        node.problem_with_help(
            "Kyverno ignores this for SigstoreBundle, and believes its own trust root instead",
            "leave `type` out, which makes it count for both formats, or remove it",
        );
        return None;
    }
    let blocks = pem::read(&node, label)?;
    set(&blocks).map_err(|error| node.problem_with_help(error.to_string(), pem::paste(label))).ok()
}

/// `rekor.url`: asked only for a signature that carries no proof, on a host that can.
fn with_rekor_url(fields: &Fields<'_>, choice: TrustChoice) -> TrustChoice {
    let url = fields.node().value().get("rekor").and_then(|rekor| rekor.get("url")).and_then(|url| url.as_str());
    match url.map(|url| url.trim_end_matches('/')).filter(|url| !url.is_empty()) {
        Some(url) => TrustChoice { rekor_url: url.to_owned(), ..choice },
        None => choice,
    }
}

/// `rekor`.
fn read_rekor(fields: &mut Fields<'_>, context: Context<'_>, inline: &mut InlineTrust) -> Option<LogRule> {
    let Some(node) = fields.optional("rekor") else {
        return Some(LogRule::Require);
    };
    node.object(Place::Rekor, |fields| {
        let ignored = fields.flag("ignoreTlog", false);
        let pubkey = fields.optional("pubkey");
        if let (Some(node), true) = (&pubkey, ignored) {
            node.warning("has no effect beside `ignoreTlog: true`", "remove one of the two");
        }
        let has_pubkey = pubkey.is_some();
        let pubkey = read_part(pubkey, context, pem::PUBLIC_KEY, |blocks| inline.set_rekor_keys(blocks));
        if let Some(node) = fields.optional("url")
            && let Some(url) = node.text()
            && !ignored
            && !has_pubkey
        {
            lint::rekor_url(&node, url);
        }
        pubkey?;
        Some(if ignored { LogRule::InsecureIgnore } else { LogRule::Require })
    })
}

/// Kyverno refuses a keyless `rekor` without `url`, and what it refuses is not to be read as anything here.
pub(super) fn check_rekor_url(fields: &Fields<'_>) {
    let node = fields.node();
    let has_url =
        |rekor: &serde_json::Value| rekor.get("url").and_then(|url| url.as_str()).is_some_and(|url| !url.is_empty());
    if node.value().get("rekor").is_some_and(|rekor| rekor.is_object() && !has_url(rekor)) {
        node.problem_with_help(
            "`rekor` has no `url`",
            "write `url: https://rekor.sigstore.dev`; evidence that carries its proof never causes a call to it",
        );
    }
}

fn read_ctlog(fields: &mut Fields<'_>, context: Context<'_>, inline: &mut InlineTrust) -> Option<SctRule> {
    let Some(node) = fields.optional("ctlog") else {
        return Some(SctRule::Require);
    };
    node.object(Place::Ctlog, |fields| {
        let ignored = fields.flag("ignoreSCT", false);
        let pubkey = fields.optional("pubkey");
        if let (Some(node), true) = (&pubkey, ignored) {
            node.warning("has no effect beside `ignoreSCT: true`", "remove one of the two");
        }
        let pubkey = read_part(pubkey, context, pem::PUBLIC_KEY, |blocks| inline.set_ct_keys(blocks));
        let chain = fields.optional("tsaCertChain");
        let chain = read_part(chain, context, pem::CERTIFICATE, |blocks| inline.set_timestamp_chain(blocks));
        pubkey?;
        chain?;
        Some(if ignored { SctRule::InsecureIgnore } else { SctRule::Require })
    })
}

/// `trustRoot`: the name of a trust root, `sigstore` unless given.
fn read_trust_root(fields: &mut Fields<'_>, context: Context<'_>) -> Option<String> {
    let Some(node) = fields.optional("trustRoot") else {
        return Some(SIGSTORE.to_owned());
    };
    let name = node.text()?;
    if context.trust_roots.contains(name) {
        return Some(name.to_owned());
    }
    let message = format!("there is no trust root {}", quote(name));
    match closest(name, context.trust_roots.iter().copied()) {
        Some(word) => node.problem_with_help(message, format!("did you mean `{word}`?")),
        None => node.problem_with_help(message, "define it under `trustRoots`; `sigstore` and `github` are built in"),
    }
    None
}
