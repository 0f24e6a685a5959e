//! What every attestor says of its trust: `rekor`, `ctlog` and `trustRoot`.

use super::super::lint;
use super::super::not_yet::Place;
use super::super::reader::Fields;
use super::Context;
use crate::quote::quote;
use crate::suggestion::closest;
use crate::verify::{LogRule, SIGSTORE, SctRule};

/// `rekor`. The URL is never asked: evidence carries its proof.
pub(super) fn read_rekor(fields: &mut Fields<'_>) -> Option<LogRule> {
    let Some(node) = fields.optional("rekor") else {
        return Some(LogRule::Require);
    };
    node.object(Place::Rekor, |fields| {
        let ignored = fields.flag("ignoreTlog", false);
        if let Some(node) = fields.optional("url")
            && let Some(url) = node.text()
            && !ignored
        {
            lint::rekor_url(&node, url);
        }
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
            "write `url: https://rekor.sigstore.dev`; it is never contacted, since evidence carries its proof",
        );
    }
}

pub(super) fn read_ctlog(fields: &mut Fields<'_>) -> Option<SctRule> {
    let Some(node) = fields.optional("ctlog") else {
        return Some(SctRule::Require);
    };
    node.object(Place::Ctlog, |fields| {
        let ignored = fields.flag("ignoreSCT", false);
        Some(if ignored { SctRule::InsecureIgnore } else { SctRule::Require })
    })
}

/// `trustRoot`: the name of a trust root, `sigstore` unless given.
pub(super) fn read_trust_root(fields: &mut Fields<'_>, context: Context<'_>) -> Option<String> {
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
