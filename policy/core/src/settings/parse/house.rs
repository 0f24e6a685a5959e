//! `exceptions`, `mirrors` and `failureActionOverrides`.

use std::collections::BTreeSet;

use super::super::house::{ActionOverride, Day, Exception};
use super::super::lint;
use super::super::not_yet::Place;
use super::super::reader::Node;
use super::{given, read_failure_action, read_patterns};
use crate::quote::quote;
use crate::reference::{Digest, Mirrors, Prefix, TextPattern};

pub(super) fn read_exceptions(node: &Node<'_>) -> Option<Vec<Exception>> {
    node.each(|node| {
        node.object(Place::Exception, |fields| {
            let image_references = fields
                .required("imageReferences")
                .and_then(|node| read_patterns(&node, lint::excepted_image_reference));
            let digests = fields.optional("digests").map(|node| node.each(|node| node.parsed(Digest::parse)));
            let reason = fields.required("reason").and_then(|node| {
                let reason = node.text()?;
                if reason.trim().is_empty() {
                    node.problem_with_help("is empty", "say why, for whoever meets this exception later");
                    return None;
                }
                Some(reason.to_owned())
            });
            let expires = match fields.optional("expires") {
                Some(node) => node.parsed(Day::parse),
                None => {
                    fields.node().problem_with_help(
                        "`expires` is missing: an exception without an end is a rule",
                        "write its last day, such as `expires: \"2026-12-31\"`, or use `skipImageReferences`",
                    );
                    None
                }
            };
            let exception = Exception {
                path: fields.node().path().to_owned(),
                image_references: image_references?,
                digests: given(digests)?.unwrap_or_default(),
                reason: reason?,
                expires: expires?,
            };
            lint::exception(fields.node(), &exception);
            Some(exception)
        })
    })
}

/// `{mirror.local/ghcr.io: ghcr.io}`
pub(super) fn read_mirrors(node: &Node<'_>) -> Option<Mirrors> {
    let homes = node.each_value(|node| node.parsed(Prefix::parse))?;
    let mut seen = BTreeSet::new();
    let mut mirrors = Vec::new();
    for (written, home) in homes {
        let mirror = match Prefix::parse(&written) {
            Ok(mirror) => mirror,
            Err(error) => {
                node.problem(error.to_string());
                continue;
            }
        };
        if !seen.insert(mirror.clone()) {
            node.problem(format!("{} stands here twice", quote(mirror.as_str())));
        }
        if mirror == home {
            node.problem_with_help(format!("{} stands for itself", quote(mirror.as_str())), "remove it");
        }
        mirrors.push((mirror, home));
    }
    Some(Mirrors::new(mirrors))
}

pub(super) fn read_overrides(node: &Node<'_>) -> Option<Vec<ActionOverride>> {
    node.each(|node| {
        node.object(Place::ActionOverride, |fields| {
            let action = fields.required("action").and_then(|node| read_failure_action(&node));
            if let Some(node) = fields.optional("namespaceSelector") {
                node.problem_with_help(
                    "the labels of a namespace are not part of what a policy sees",
                    "write two policies with other `failureAction`s, and this selector as `namespaceSelector` of one of \
                     the ClusterAdmissionPolicies",
                );
            }
            let namespaces =
                fields.required("namespaces").and_then(|node| node.each(|node| node.parsed(TextPattern::parse)));
            Some(ActionOverride { action: action?, namespaces: namespaces? })
        })
    })
}
