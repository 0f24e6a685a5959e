//! Conditions: of attestations, and of `validate.deny`.

use super::super::not_yet::Place;
use super::super::reader::Node;
use crate::conditions::{Condition, ConditionBlock, Operator, RESERVED_NAMES, Template, is_bound_name};
use crate::quote::quote;
use crate::suggestion::closest;

/// What the variables of a condition can name.
#[derive(Clone, Copy)]
pub(super) enum Sight<'n> {
    /// The keys of a predicate, whatever they are, and what is bound beside them.
    Predicate,
    /// These attestations, and what is bound beside them.
    Named(&'n [&'n str]),
}

/// The list under an attestation's `conditions`.
pub(super) fn read_blocks(node: &Node<'_>) -> Option<Vec<ConditionBlock>> {
    node.each(|node| {
        if is_condition(&node) {
            node.problem_with_help(
                "a condition must stand under `all` or `any`",
                "write `- all:` around the conditions",
            );
            return None;
        }
        read_block(&node, Sight::Predicate)
    })
}

/// What stands under `deny.conditions`: one block, a list of blocks, or the older list of conditions, all of which must
/// hold.
pub(super) fn read_denial(node: &Node<'_>, sight: Sight<'_>) -> Option<Vec<ConditionBlock>> {
    match node.value().as_array() {
        None => read_block(node, sight).map(|block| vec![block]),
        Some(items) if items.iter().any(|item| item.get("key").is_some() || item.get("operator").is_some()) => {
            let all = read_list(node, sight)?;
            Some(vec![ConditionBlock { any: None, all: Some(all) }])
        }
        Some(_) => node.each(|node| read_block(&node, sight)),
    }
}

fn is_condition(node: &Node<'_>) -> bool {
    node.value().get("key").is_some() || node.value().get("operator").is_some()
}

fn read_block(node: &Node<'_>, sight: Sight<'_>) -> Option<ConditionBlock> {
    node.object(Place::ConditionBlock, |fields| {
        let any = fields.optional("any").map(|node| read_list(&node, sight));
        let all = fields.optional("all").map(|node| read_list(&node, sight));
        if any.is_none() && all.is_none() {
            match sight {
                Sight::Predicate => {
                    fields.node().warning("asks for nothing", "write conditions under `all` or `any`, or remove it");
                }
                Sight::Named(_) => fields.node().problem_with_help(
                    "has no condition, and would deny everything",
                    "write conditions under `any` or `all`",
                ),
            }
        }
        let given = |list: Option<Option<_>>| list.map_or(Some(None), |list| list.map(Some));
        Some(ConditionBlock { any: given(any)?, all: given(all)? })
    })
}

fn read_list(node: &Node<'_>, sight: Sight<'_>) -> Option<Vec<Condition>> {
    node.each(|node| {
        node.object(Place::Condition, |fields| {
            let key = fields.required("key").map(|node| (read_template(&node, sight), node));
            let operator = fields.required("operator").and_then(|node| read_operator(&node));
            let value = fields.required("value").and_then(|node| read_template(&node, sight));
            let message = fields.optional("message").map(|node| read_message(&node, sight));
            let (key, key_node) = key?;
            let key = key?;
            if !key.has_variables() {
                let message = match sight {
                    Sight::Predicate => "holds no variable, so the condition does not look at the predicate",
                    Sight::Named(_) => "holds no variable, so the condition looks at nothing",
                };
                key_node.warning(message, format!("write `{{{{ {key} }}}}` if that is a path"));
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

fn read_template(node: &Node<'_>, sight: Sight<'_>) -> Option<Template> {
    if node.value().is_null() {
        node.problem("is null, and no operator ever holds for null");
        return None;
    }
    let template = Template::parse(node.value()).map_err(|error| node.problem(error.to_string())).ok()?;
    let problems = template.names().iter().filter(|name| !check_name(node, name, sight)).count();
    (problems == 0).then_some(template)
}

/// A message for people, in which variables are filled in.
pub(super) fn read_message(node: &Node<'_>, sight: Sight<'_>) -> Option<Template> {
    if !node.value().is_string() {
        node.text()?;
    }
    read_template(node, sight)
}

/// Whether a variable's first name stands for something here.
fn check_name(node: &Node<'_>, name: &str, sight: Sight<'_>) -> bool {
    if is_bound_name(name) {
        return true;
    }
    if RESERVED_NAMES.contains(&name) {
        node.problem_with_help(
            format!("`{name}` stands for nothing here: Kyverno binds it in `foreach` and mutations only"),
            "name a key of the predicate, or `request`, `image` or `images`",
        );
        return false;
    }
    match sight {
        Sight::Predicate => true,
        Sight::Named(names) if names.contains(&name) => true,
        Sight::Named(names) => {
            let message = format!("there is no attestation named {}", quote(name));
            let words = names.iter().copied().chain(["request", "image", "images"]);
            match closest(name, words) {
                Some(word) => node.problem_with_help(message, format!("did you mean `{word}`?")),
                None => node.problem_with_help(
                    message,
                    "give an attestation of this block that `name`, or name `request`, `image` or `images`",
                ),
            }
            false
        }
    }
}

fn read_operator(node: &Node<'_>) -> Option<Operator> {
    let text = node.text()?;
    let found = Operator::ALL.into_iter().find(|operator| operator.as_str() == text);
    if found.is_none() {
        let message = format!("{} is not an operator", quote(text));
        match closest(text, Operator::ALL.iter().map(|operator| operator.as_str())) {
            Some(word) => node.problem_with_help(message, format!("did you mean `{word}`?")),
            None => node.problem(message),
        }
    }
    found
}
