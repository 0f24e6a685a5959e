//! `attestations`: a predicate type, who must have attested it, and what it must say.

use super::super::lint;
use super::super::model::{AttestationRule, Attestor, AttestorKind, AttestorSet, Quantifier};
use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use super::super::slsa::{PROVENANCE_TYPES, SlsaRule};
use super::attestors::{Subject, read_sets_for};
use super::conditions;
use super::slsa;
use super::{Context, given};
use crate::conditions::{Duration, RESERVED_NAMES};
use crate::quote::quote;

/// The list under a block's `attestations`. `block_has_attestors`: someone vouches for those that name nobody.
pub(super) fn read_rules(
    node: &Node<'_>,
    context: Context<'_>,
    block_has_attestors: bool,
) -> Option<Vec<AttestationRule>> {
    node.each(|node| read_rule(&node, context, block_has_attestors))
}

fn read_rule(node: &Node<'_>, context: Context<'_>, block_has_attestors: bool) -> Option<AttestationRule> {
    node.object(Place::Attestation, |fields| {
        let slsa = fields.optional("slsa").map(|node| slsa::read(&node));
        let predicate_types = read_types(fields, slsa.is_some());
        let attestors = fields.optional("attestors").map(|node| read_sets_for(&node, context, Subject::Attestation));
        let conditions = fields.optional("conditions").map(|node| conditions::read_blocks(&node));
        let quantifier = fields.optional("match").map(|node| read_quantifier(&node));
        let max_age = fields.optional("maxAge").map(|node| read_max_age(&node, quantifier));
        let name = fields.optional("name").map(|node| read_name(&node));
        let slsa = given(slsa);
        let attestors = read_signers(fields, attestors, slsa.as_ref(), context);
        if attestors.as_ref().is_some_and(Vec::is_empty) && !block_has_attestors {
            fields.node().problem_with_help(
                "names no attestor, and neither does the block: anybody's attestation would do",
                "name `attestors` here or in the block",
            );
        }
        Some(AttestationRule {
            path: fields.node().path().to_owned(),
            predicate_type: predicate_types.as_ref()?.0.clone(),
            or_type: predicate_types?.1,
            attestors: attestors?,
            slsa: slsa?,
            conditions: conditions.unwrap_or(Some(Vec::new()))?,
            quantifier: quantifier.unwrap_or(Some(Quantifier::All))?,
            max_age: given(max_age)?,
            name: given(name)?,
        })
    })
}

/// Who must have attested: whom `attestors` names, or the builder that `slsa` names, or anybody. Empty where the block's
/// attestors are asked.
fn read_signers(
    fields: &mut Fields<'_>,
    attestors: Option<Option<Vec<AttestorSet>>>,
    slsa: Option<&Option<SlsaRule>>,
    context: Context<'_>,
) -> Option<Vec<AttestorSet>> {
    let any_signer = fields.optional("anySigner").filter(|node| node.boolean() == Some(true));
    match (attestors, slsa?, any_signer) {
        (Some(_), _, Some(node)) | (None, Some(_), Some(node)) => {
            node.problem_with_help(
                "contradicts `attestors` or `slsa`, which say who must have attested",
                "remove one of them",
            );
            None
        }
        (Some(attestors), slsa, None) => {
            let attestors = attestors?;
            let is_key = |entry: &Attestor| matches!(entry.kind, AttestorKind::Key(_) | AttestorKind::SecretKey(_));
            if slsa.is_some() && attestors.iter().any(|set| set.entries.iter().all(is_key)) {
                fields.node().problem_with_help(
                    "`slsa` compares builder and source with the signing certificate, and keys have none",
                    "name the workflow that attests as `keyless`, or ask for what the predicate says in `conditions`",
                );
            }
            Some(attestors)
        }
        (None, Some(slsa), None) => Some(vec![slsa::signed_by_builder(slsa, context)?]),
        (None, None, Some(node)) => {
            lint::any_signer(&node);
            Some(vec![slsa::signed_by_anybody(node.path(), context)?])
        }
        (None, None, None) => Some(Vec::new()),
    }
}

/// The type, and under `slsa` the other version of provenance if none is written.
fn read_types(fields: &mut Fields<'_>, is_slsa: bool) -> Option<(String, Option<String>)> {
    let is_given = ["type", "predicateType"].iter().any(|field| fields.node().value().get(field).is_some());
    if !is_slsa || is_given {
        let predicate_type = read_type(fields)?;
        if is_slsa && !PROVENANCE_TYPES.contains(&predicate_type.as_str()) {
            fields.node().problem_with_help(
                "`slsa` reads SLSA provenance, and `type` is something else",
                format!("remove `type`, or write `{}`", PROVENANCE_TYPES.join("` or `")),
            );
            return None;
        }
        return Some((predicate_type, None));
    }
    // Asked for all the same, so that the reader knows these fields.
    let _ = (fields.optional("type"), fields.optional("predicateType"));
    let [newer, older] = PROVENANCE_TYPES.map(str::to_owned);
    Some((newer, Some(older)))
}

/// `type`, or `predicateType` as it used to be called.
fn read_type(fields: &mut Fields<'_>) -> Option<String> {
    let (new, old) = (fields.optional("type"), fields.optional("predicateType"));
    if let (Some(new), Some(old)) = (&new, &old)
        && new.value() != old.value()
    {
        old.problem_with_help("differs from `type`", "remove it: it is the old name of `type`");
        return None;
    }
    let Some(node) = new.or(old) else {
        fields.node().problem_with_help(
            "`type` is missing",
            "write the predicate type, such as `https://slsa.dev/provenance/v1`",
        );
        return None;
    };
    let predicate_type = node.text()?;
    if predicate_type.is_empty() {
        node.problem("the predicate type is empty");
        return None;
    }
    lint::predicate_type(&node, predicate_type);
    Some(predicate_type.to_owned())
}

fn read_quantifier(node: &Node<'_>) -> Option<Quantifier> {
    node.choice(&[("all", Quantifier::All), ("any", Quantifier::Any), ("latest", Quantifier::Latest)])
}

fn read_max_age(node: &Node<'_>, quantifier: Option<Option<Quantifier>>) -> Option<Duration> {
    let text = node.text()?;
    let Some(age) = Duration::parse_as_go(text).filter(|age| age.nanoseconds() > 0) else {
        node.problem_with_help(
            format!("{} is not a duration", quote(text)),
            "write hours, minutes and seconds, such as `168h` or `1h30m`",
        );
        return None;
    };
    if matches!(quantifier, None | Some(Some(Quantifier::All))) {
        node.problem_with_help(
            "asks every attestation to be young, and old ones never go away",
            "set `match: latest`, so that a new attestation takes the place of the old one",
        );
        return None;
    }
    Some(age)
}

fn read_name(node: &Node<'_>) -> Option<String> {
    let name = node.text()?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
        node.problem_with_help(
            format!("{} cannot be named in a variable", quote(name)),
            "use letters, digits and `_`, and no digit in front",
        );
        return None;
    }
    if RESERVED_NAMES.contains(&name) {
        node.problem_with_help(format!("`{name}` stands for something else in variables"), "give it another name");
        return None;
    }
    Some(name.to_owned())
}
