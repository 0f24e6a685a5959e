//! `slsa`: slsa-verifier's questions, and who must have signed where no attestor is named.

use std::collections::BTreeMap;

use super::super::model::{Attestor, AttestorKind, AttestorSet, KeylessAttestor, TrustChoice};
use super::super::not_yet::Place;
use super::super::reader::Node;
use super::super::slsa::{Builder, SlsaRule, Source, VersionedTag, parse_ref_name};
use super::{Context, given};
use crate::reference::TextPattern;
use crate::verify::{GITHUB_ACTIONS_ISSUER, LogRule, SIGSTORE, SctRule};

pub(super) fn read(node: &Node<'_>) -> Option<SlsaRule> {
    node.object(Place::Slsa, |fields| {
        let builder = fields.optional("builderId").map(|node| node.parsed(Builder::parse));
        let source = match fields.optional("sourceUri") {
            Some(node) => node.parsed(Source::parse),
            None => {
                fields.node().problem_with_help(
                    "`sourceUri` is missing: whatever the builder builds would do",
                    "write the repository, such as `sourceUri: github.com/myorg/app`",
                );
                None
            }
        };
        let branch = fields.optional("sourceBranch").map(|node| node.parsed(parse_ref_name));
        let tag = fields.optional("sourceTag").map(|node| node.parsed(parse_ref_name));
        let versioned_tag = fields.optional("sourceVersionedTag").map(|node| node.parsed(VersionedTag::parse));
        let build_type = fields.optional("buildType").map(|node| node.text().map(str::to_owned));
        let workflow_inputs =
            fields.optional("workflowInputs").map(|node| node.each_value(|node| node.text().map(str::to_owned)));
        Some(SlsaRule {
            path: fields.node().path().to_owned(),
            builder: given(builder)?.unwrap_or_else(Builder::container_generator),
            source: source?,
            branch: given(branch)?,
            tag: given(tag)?,
            versioned_tag: given(versioned_tag)?,
            build_type: given(build_type)?,
            workflow_inputs: given(workflow_inputs)?.unwrap_or_else(BTreeMap::new),
        })
    })
}

/// Who must have signed where only the builder is named: the builder, by GitHub's word. At which ref is checked with the
/// rest of the rule.
pub(super) fn signed_by_builder(rule: &SlsaRule, context: Context<'_>) -> Option<AttestorSet> {
    keyless_set(&rule.path, &format!("{}@*", rule.builder.name()), GITHUB_ACTIONS_ISSUER, SctRule::Require, context)
}

/// Whoever has a certificate: what Kyverno makes of an attestation without attestors.
pub(super) fn signed_by_anybody(path: &str, context: Context<'_>) -> Option<AttestorSet> {
    keyless_set(path, "*", "*", SctRule::InsecureIgnore, context)
}

fn keyless_set(path: &str, subject: &str, issuer: &str, sct: SctRule, context: Context<'_>) -> Option<AttestorSet> {
    let keyless = KeylessAttestor {
        subject: Some(TextPattern::parse(subject).ok()?),
        subject_regexp: None,
        issuer: Some(TextPattern::parse(issuer).ok()?),
        issuer_regexp: None,
        log: LogRule::Require,
        sct,
        trust_root: TrustChoice::named(SIGSTORE),
        extensions: Vec::new(),
        any_signer: false,
    };
    let entry = Attestor {
        path: path.to_owned(),
        annotations: BTreeMap::new(),
        repository: context.repository.cloned(),
        kind: AttestorKind::Keyless(keyless),
    };
    Some(AttestorSet { path: path.to_owned(), required: 1, entries: vec![entry] })
}
