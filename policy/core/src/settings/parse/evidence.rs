//! `evidence` and `deadline`: where evidence is looked for, and how long that may take.

use std::time::Duration;

use serde_json::Value;

use super::super::not_yet::Place;
use super::super::reader::{Fields, Node};
use crate::conditions::parse_duration;
use crate::evidence::{CarrierKind, DEFAULT_DEADLINE, Plan};
use crate::quote::quote;
use crate::reference::Repository;

/// Longest deadline. An API server waits thirty seconds for a webhook; what runs by hand may take longer.
const MAX_DEADLINE: Duration = Duration::from_secs(3600);

/// Both fields, with their defaults.
pub(super) fn read_plan(fields: &mut Fields<'_>) -> Option<Plan> {
    let deadline = fields.optional("deadline").map_or(Some(DEFAULT_DEADLINE), |node| read_deadline(&node));
    let plan = match fields.optional("evidence") {
        Some(node) => node.object(Place::Evidence, read_evidence),
        None => Some(Plan::default()),
    };
    Some(Plan { deadline: deadline?, ..plan? })
}

fn read_evidence(fields: &mut Fields<'_>) -> Option<Plan> {
    let extended = fields.flag("extended", false);
    let carriers = match fields.optional("carriers") {
        Some(node) => read_carriers(&node, extended),
        None => Some(Plan::new(extended).carriers),
    };
    let repository = match fields.optional("repository") {
        Some(node) => Some(node.parsed(Repository::parse)?),
        None => None,
    };
    let carriers = carriers?;
    if let Some(node) = fields.optional("repository")
        && !carriers.contains(&CarrierKind::Published)
    {
        node.problem_with_help(
            "is where published evidence lies, and `carriers` does not list `published`",
            "list `published`, or name the repository in a block's `repository`, which is for every carrier",
        );
    }
    Some(Plan { carriers, repository, ..Plan::new(extended) })
}

fn read_carriers(node: &Node<'_>, extended: bool) -> Option<Vec<CarrierKind>> {
    let mut seen = Vec::new();
    let kinds =
        [("published", CarrierKind::Published), ("tags", CarrierKind::Tags), ("referrers", CarrierKind::Referrers)];
    node.each(|node| {
        let kind = node.choice(&kinds)?;
        if kind == CarrierKind::Referrers && !extended {
            node.problem_with_help(
                "a stock Kubewarden cannot list referrers",
                "remove it, or set `extended: true` for a host that offers the calls of docs/host-callbacks.md",
            );
        }
        if seen.contains(&kind) {
            node.problem("stands in the list twice");
        }
        seen.push(kind);
        Some(kind)
    })
}

fn read_deadline(node: &Node<'_>) -> Option<Duration> {
    if let Value::Number(number) = node.value() {
        // More than a minute are hardly seconds.
        let is_seconds = number.as_f64().is_some_and(|number| number > 0.0 && number <= 60.0);
        let example = if is_seconds { number.to_string() } else { "1.5".to_owned() };
        let message = format!("must be a string, not the number {number}");
        node.problem_with_help(message, format!("write `{example}s`, with the unit"));
        return None;
    }
    let text = node.text()?;
    let deadline = parse_duration(text).filter(|deadline| !deadline.is_zero() && *deadline <= MAX_DEADLINE);
    if deadline.is_none() {
        node.problem_with_help(
            format!("{} is not a time between nothing and an hour", quote(text)),
            "write it as Go does, for example `1.5s`: somewhat less than the policy's `timeoutEvalSeconds`",
        );
    }
    deadline
}
