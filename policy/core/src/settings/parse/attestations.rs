//! `attestations`: a predicate type, who must have attested it, and what it must say.

use super::super::lint;
use super::super::model::{AttestationRule, Quantifier};
use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use super::Context;
use super::attestors::{Subject, read_sets_for};
use crate::conditions::{Condition, ConditionBlock, Operator, Template};
use crate::quote::quote;
use crate::suggestion::closest;

const OPERATORS: [Operator; 2] = [Operator::Equals, Operator::NotEquals];

/// The other operators of Kyverno's schema.
const OTHER_OPERATORS: [&str; 14] = [
    "In",
    "AnyIn",
    "AllIn",
    "NotIn",
    "AnyNotIn",
    "AllNotIn",
    "GreaterThanOrEquals",
    "GreaterThan",
    "LessThanOrEquals",
    "LessThan",
    "DurationGreaterThanOrEquals",
    "DurationGreaterThan",
    "DurationLessThanOrEquals",
    "DurationLessThan",
];

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
        let predicate_type = read_type(fields);
        let attestors = fields.optional("attestors").map(|node| read_sets_for(&node, context, Subject::Attestation));
        let conditions = fields.optional("conditions").map(|node| read_conditions(&node));
        let quantifier = fields.optional("match").map(|node| read_quantifier(&node));
        if attestors.is_none() && !block_has_attestors {
            fields.node().problem_with_help(
                "names no attestor, and neither does the block: anybody's attestation would do",
                "name `attestors` here or in the block",
            );
        }
        Some(AttestationRule {
            path: fields.node().path().to_owned(),
            predicate_type: predicate_type?,
            attestors: attestors.unwrap_or(Some(Vec::new()))?,
            conditions: conditions.unwrap_or(Some(Vec::new()))?,
            quantifier: quantifier.unwrap_or(Some(Quantifier::All))?,
        })
    })
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
    if node.value().as_str() == Some("latest") {
        node.problem_with_help("`latest` is not supported yet", "write `all` or `any`");
        return None;
    }
    node.choice(&[("all", Quantifier::All), ("any", Quantifier::Any)])
}

fn read_conditions(node: &Node<'_>) -> Option<Vec<ConditionBlock>> {
    node.each(|node| {
        if node.value().get("key").is_some() || node.value().get("operator").is_some() {
            node.problem_with_help(
                "a condition must stand under `all` or `any`",
                "write `- all:` around the conditions",
            );
            return None;
        }
        node.object(Place::ConditionBlock, |fields| {
            let any = fields.optional("any").map(|node| read_condition_list(&node));
            let all = fields.optional("all").map(|node| read_condition_list(&node));
            if any.is_none() && all.is_none() {
                fields.node().warning("asks for nothing", "write conditions under `all` or `any`, or remove it");
            }
            let given = |list: Option<Option<_>>| list.map_or(Some(None), |list| list.map(Some));
            Some(ConditionBlock { any: given(any)?, all: given(all)? })
        })
    })
}

fn read_condition_list(node: &Node<'_>) -> Option<Vec<Condition>> {
    node.each(|node| {
        node.object(Place::Condition, |fields| {
            let key = fields.required("key").map(|node| (read_template(&node), node));
            let operator = fields.required("operator").and_then(|node| read_operator(&node));
            let value = fields.required("value").and_then(|node| read_template(&node));
            let message = fields.optional("message").map(|node| node.text().map(str::to_owned));
            let (key, key_node) = key?;
            let key = key?;
            if !key.has_variables() {
                key_node.warning(
                    "holds no variable, so the condition does not look at the predicate",
                    format!("write `{{{{ {key} }}}}` if that is a path"),
                );
            }
            Some(Condition {
                path: fields.node().path().to_owned(),
                key,
                operator: operator?,
                value: value?,
                message: message.map_or(Some(None), |message| message.map(Some))?,
            })
        })
    })
}

fn read_template(node: &Node<'_>) -> Option<Template> {
    if node.value().is_null() {
        node.problem("is null, and no operator ever holds for null");
        return None;
    }
    Template::parse(node.value()).map_err(|error| node.problem(error.to_string())).ok()
}

fn read_operator(node: &Node<'_>) -> Option<Operator> {
    let text = node.text()?;
    let found = OPERATORS.into_iter().find(|operator| operator.as_str() == text);
    if found.is_none() {
        if OTHER_OPERATORS.contains(&text) {
            node.problem_with_help(format!("operator `{text}` is not supported yet"), "`Equals` and `NotEquals` are");
        } else {
            let message = format!("{} is not an operator", quote(text));
            let words = OPERATORS.iter().map(|operator| operator.as_str()).chain(OTHER_OPERATORS);
            match closest(text, words) {
                Some(word) => node.problem_with_help(message, format!("did you mean `{word}`?")),
                None => node.problem(message),
            }
        }
    }
    found
}
