//! `validate.deny`, and the names by which it knows attestations.

use super::super::model::{AttestationRule, Denial};
use super::super::not_yet::Place;
use super::super::reader::Node;
use super::conditions::{Sight, read_denial, read_message};

/// Reads `validate`. `names` are those of the block's attestations.
pub(super) fn read(node: &Node<'_>, names: &[&str]) -> Option<Denial> {
    let sight = Sight::Named(names);
    node.object(Place::Validate, |fields| {
        let message = fields.optional("message").map(|node| read_message(&node, sight));
        let deny = fields.required("deny").and_then(|node| {
            node.object(Place::Deny, |fields| fields.required("conditions").and_then(|node| read_denial(&node, sight)))
        });
        Some(Denial {
            path: fields.node().path().to_owned(),
            message: message.map_or(Some(None), |message| message.map(Some))?,
            conditions: deny?,
        })
    })
}

/// The names that are written in `attestations`, whatever else is wrong there.
pub(super) fn written_names<'n>(attestations: Option<&Node<'n>>) -> Vec<&'n str> {
    let items = attestations.and_then(|node| node.value().as_array()).into_iter().flatten();
    items.filter_map(|item| item.get("name")?.as_str()).collect()
}

/// A name must mean one attestation, be used, and not be that of a key in conditions on predicates.
pub(super) fn check_names(node: &Node<'_>, rules: &[AttestationRule], denial: Option<&Denial>) {
    let named = || rules.iter().filter_map(|rule| Some((rule.name.as_deref()?, rule)));
    for (index, (name, rule)) in named().enumerate() {
        if named().take(index).any(|(other, _)| other == name) {
            node.problem_with_help(
                format!("two attestations are named `{name}`"),
                format!("give the one at {} another name", rule.path),
            );
        }
        let is_key = |rule: &AttestationRule| {
            let conditions = rule.conditions.iter().flat_map(|block| block.conditions());
            conditions.flat_map(|one| [one.key.names(), one.value.names()]).any(|names| names.contains(name))
        };
        if let Some(rule) = rules.iter().find(|rule| is_key(rule)) {
            node.problem_with_help(
                format!("`{name}` is the name of an attestation, and a variable in the conditions of {}", rule.path),
                "conditions of an attestation see its own predicate only: give the attestation another name, or ask in `validate.deny`",
            );
        }
        let is_used = denial.is_some_and(|denial| {
            let conditions = denial.conditions.iter().flat_map(|block| block.conditions());
            conditions.flat_map(|one| [one.key.names(), one.value.names()]).any(|names| names.contains(name))
        });
        if !is_used {
            node.warning(
                format!("the attestation named `{name}` is not used in `validate.deny`, where alone names count"),
                "remove the name, or use it there",
            );
        }
    }
}
