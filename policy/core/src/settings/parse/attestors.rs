//! `attestors`: sets of entries, each of them a key, an identity or another set.

use std::collections::BTreeMap;

use super::super::lint;
use super::super::model::{Attestor, AttestorKind, AttestorSet, ExtensionRule, KeylessAttestor};
use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use super::super::whole_regex::WholeRegex;
use super::trust::{check_rekor_url, read_trust};
use super::{Context, certificates, given, keys, read_annotations};
use crate::quote::quote;
use crate::reference::{Repository, TextPattern};
use crate::suggestion::closest;
use crate::verify::FulcioExtension;

/// Deepest sets within sets. Two levels say "so many of these groups"; nobody has needed a third.
const MAX_DEPTH: usize = 8;

/// What the attestors are to vouch for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Signatures, with sets nested so deep.
    Signature { depth: usize },
    /// An attestation.
    Attestation,
}

/// The list under a block's `attestors`.
pub(super) fn read_sets(node: &Node<'_>, context: Context<'_>) -> Option<Vec<AttestorSet>> {
    read_sets_for(node, context, Subject::Signature { depth: 0 })
}

pub(super) fn read_sets_for(node: &Node<'_>, context: Context<'_>, subject: Subject) -> Option<Vec<AttestorSet>> {
    node.each(|node| read_set(&node, context, subject))
}

fn read_set(node: &Node<'_>, context: Context<'_>, subject: Subject) -> Option<AttestorSet> {
    node.object(Place::Set, |fields| {
        let count_node = fields.optional("count");
        let count = count_node.as_ref().map(Node::count);
        let entries_node = fields.required("entries")?;
        let entries = entries_node.each(|node| read_entry(&node, context, subject));
        let written = entries_node.value().as_array().map_or(0, Vec::len);

        if let (Some(node), Some(Some(count))) = (&count_node, count)
            // As in Kyverno, an entry with several keys is one here, and several when it comes to signatures.
            && count > written
            && written > 0
        {
            node.problem(format!("asks for {count} of {written} entries"));
        }
        let entries: Vec<Attestor> = entries?.into_iter().flatten().collect();
        if let (Some(node), Subject::Attestation) = (&count_node, subject)
            && entries.len() > written
        {
            // Kyverno takes the first key only, so counting the others would admit what it refuses.
            node.problem_with_help("an entry with several keys cannot be counted here", "write an entry for each key");
        }
        let required = count.unwrap_or(Some(entries.len()))?;
        let set = AttestorSet { path: fields.node().path().to_owned(), required, entries };
        lint::set(fields.node(), &set);
        Some(set)
    })
}

/// One entry; several attestors where it has several keys.
fn read_entry(node: &Node<'_>, context: Context<'_>, subject: Subject) -> Option<Vec<Attestor>> {
    node.object(Place::Entry, |fields| {
        let annotations = fields.optional("annotations").map(|node| {
            if subject == Subject::Attestation {
                node.problem_with_help(
                    "annotations are part of signatures, and attestations have none, so Kyverno refuses every image here",
                    "remove them, or ask for what must hold in `conditions`",
                );
            }
            read_annotations(&node)
        });
        let repository = fields.optional("repository").map(|node| node.parsed(Repository::parse));
        if let Some(node) = fields.optional("signatureAlgorithm")
            && keys::read_hash(&node).is_some()
        {
            node.warning("has no effect here, and has none in Kyverno", "write it under `keys`");
        }
        let kinds = read_kinds(fields, context, subject);

        let annotations = match annotations {
            Some(annotations) => Some(annotations?).filter(|own| !own.is_empty()),
            None => None,
        };
        let inherited = || match subject {
            Subject::Signature { .. } => context.annotations.clone(),
            Subject::Attestation => BTreeMap::new(),
        };
        let annotations = annotations.unwrap_or_else(inherited);
        let repository = match repository {
            Some(repository) => Some(repository?),
            None => context.repository.cloned(),
        };
        let kinds = kinds?;
        let is_split = kinds.len() > 1;
        let path = fields.node().path();
        let attestor = |(index, kind)| Attestor {
            path: if is_split { format!("{path}.keys.publicKeys[{index}]") } else { path.to_owned() },
            annotations: annotations.clone(),
            repository: repository.clone(),
            kind,
        };
        Some(kinds.into_iter().enumerate().map(attestor).collect())
    })
}

/// Who an entry names: exactly one of `keys`, `certificates`, `keyless` and `attestor`.
fn read_kinds(fields: &mut Fields<'_>, context: Context<'_>, subject: Subject) -> Option<Vec<AttestorKind>> {
    let keys_node = fields.optional("keys");
    let keyless_node = fields.optional("keyless");
    let nested_node = fields.optional("attestor");
    let certificates_node = fields.optional("certificates");
    let given = [keys_node.is_some(), keyless_node.is_some(), nested_node.is_some(), certificates_node.is_some()];
    match given.into_iter().filter(|is_given| *is_given).count() {
        1 => {}
        0 => fields
            .node()
            .problem_with_help("the entry names nobody", "write `keys`, `certificates`, `keyless` or `attestor`"),
        _ => {
            fields.node().problem_with_help("the entry names several kinds of attestor", "write one entry for each");
        }
    }

    let keys = keys_node.map(|node| keys::read(&node, context));
    let keyless = keyless_node.map(|node| read_keyless(&node, context));
    let certificates = certificates_node.map(|node| certificates::read(&node, context));
    let nested = nested_node.map(|node| {
        for field in ["annotations", "repository"] {
            if let Some(field) = fields.optional(field) {
                field.problem_with_help("has no effect beside `attestor`", "write it on the entries of the nested set");
            }
        }
        read_nested(&node, context, subject)
    });
    match (keys, keyless, nested, certificates) {
        (Some(keys), None, None, None) => keys,
        (None, Some(keyless), None, None) => Some(vec![AttestorKind::Keyless(keyless?)]),
        (None, None, Some(nested), None) => Some(vec![AttestorKind::Nested(nested?)]),
        (None, None, None, Some(certificates)) => Some(vec![certificates?]),
        _ => None,
    }
}

fn read_nested(node: &Node<'_>, context: Context<'_>, subject: Subject) -> Option<AttestorSet> {
    let depth = match subject {
        Subject::Signature { depth } => depth.saturating_add(1),
        Subject::Attestation => {
            node.problem_with_help(
                "sets cannot be nested under `attestations`, where Kyverno would accept anybody instead",
                "write the entries into the attestation's own sets",
            );
            return None;
        }
    };
    if depth > MAX_DEPTH {
        node.problem(format!("sets are nested deeper than {MAX_DEPTH} levels"));
        return None;
    }
    read_set(node, context, Subject::Signature { depth })
}

fn read_keyless(node: &Node<'_>, context: Context<'_>) -> Option<KeylessAttestor> {
    node.object(Place::Keyless, |fields| {
        let subject_node = fields.optional("subject");
        let subject = subject_node.as_ref().map(|node| {
            let subject = node.parsed(TextPattern::parse)?;
            lint::subject(node, &subject);
            Some(subject)
        });
        let subject_regexp = fields.optional("subjectRegExp").map(|node| {
            let regexp = node.parsed(WholeRegex::parse)?;
            lint::subject_regexp(&node, &regexp);
            Some(regexp)
        });
        let issuer_node = fields.optional("issuer");
        let issuer = issuer_node.as_ref().map(|node| {
            let issuer = node.parsed(TextPattern::parse)?;
            lint::issuer(node, &issuer);
            Some(issuer)
        });
        let issuer_regexp = fields.optional("issuerRegExp").map(|node| {
            let regexp = node.parsed(WholeRegex::parse)?;
            lint::issuer_regexp(&node, &regexp);
            Some(regexp)
        });
        let extensions =
            fields.optional("additionalExtensions").map_or(Some(Vec::new()), |node| read_extensions(&node));
        check_rekor_url(fields);
        let trust = read_trust(fields, context, Some("roots"));

        if subject.is_none() && subject_regexp.is_none() {
            fields.node().problem_with_help(
                "says nothing about the subject, so that everybody's signature would do",
                "write `subject`: the workflow or e-mail address that signs",
            );
        }
        if issuer.is_none() && issuer_regexp.is_none() {
            fields.node().problem_with_help(
                "says nothing about the issuer, so that any identity provider's word would do",
                "write `issuer`, for GitHub Actions `https://token.actions.githubusercontent.com`",
            );
        }
        if context.bundles_only {
            if subject.is_some() && subject_regexp.is_some() {
                fields.node().problem_with_help(
                    "`subject` and `subjectRegExp` must both match for SigstoreBundle in Kyverno, and either one for Cosign",
                    "write one of them",
                );
            }
            for (node, pattern) in [(&subject_node, &subject), (&issuer_node, &issuer)] {
                if let (Some(node), Some(Some(pattern))) = (node, pattern) {
                    refuse_wildcards(node, pattern);
                }
            }
        }
        let trust = trust?;
        Some(KeylessAttestor {
            subject: given(subject)?,
            subject_regexp: given(subject_regexp)?,
            issuer: given(issuer)?,
            issuer_regexp: given(issuer_regexp)?,
            extensions: extensions?,
            any_signer: false,
            log: trust.log,
            sct: trust.sct,
            trust_root: trust.choice,
        })
    })
}

/// A subject or issuer, where only a pattern may stand.
pub(super) fn read_pattern(node: &Node<'_>, context: Context<'_>) -> Option<TextPattern> {
    let pattern = node.parsed(TextPattern::parse)?;
    if context.bundles_only {
        refuse_wildcards(node, &pattern);
    }
    Some(pattern)
}

fn refuse_wildcards(node: &Node<'_>, pattern: &TextPattern) {
    if pattern.as_str().contains(['*', '?']) {
        node.problem_with_help(
            "Kyverno compares this letter by letter for SigstoreBundle, so that a wildcard admits nobody there",
            "leave `type` out, which makes it a pattern, or write a regular expression",
        );
    }
}

fn read_extensions(node: &Node<'_>) -> Option<Vec<ExtensionRule>> {
    node.each_entry(|name, node| {
        let extension = FulcioExtension::named(name);
        if extension.is_none() {
            let message = format!("{} is not an extension of Fulcio's certificates", quote(name));
            match closest(name, FulcioExtension::names()) {
                Some(word) => node.problem_with_help(message, format!("did you mean `{word}`?")),
                None => node.problem_with_help(
                    message,
                    "write a name such as `sourceRepositoryURI`, or the object identifier `1.3.6.1.4.1.57264.1.12`",
                ),
            }
        }
        let pattern = node.parsed(TextPattern::parse);
        Some(ExtensionRule { extension: extension?, pattern: pattern? })
    })
}
