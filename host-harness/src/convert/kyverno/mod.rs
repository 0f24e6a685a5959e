//! Kyverno's ClusterPolicy and Policy (v1, v2beta1) with `verifyImages`.

mod block;
pub(super) mod matching;
mod preconditions;

use std::collections::BTreeSet;

use serde_json::Value;

use super::plan::{Action, Plan};
use super::reader::{Node, Object};
use super::report::{Reason, Reporter};
use super::scope::{Resource, Scope};
use super::tree::Fields;
use super::variables::{ConfigMaps, Variables};

/// The annotation that says for which Pod controllers Kyverno makes rules out of a rule for Pods.
const AUTOGEN: &str = "pod-policies.kyverno.io/autogen-controllers";

/// Seconds that Kyverno's webhooks wait unless told otherwise.
const DEFAULT_TIMEOUT: u64 = 10;

/// What the policy says of all its rules.
struct Common {
    name: String,
    namespaced: bool,
    namespace: Option<String>,
    action: Option<Action>,
    overrides: Vec<Value>,
    background: bool,
    timeout: u64,
    /// CEL conditions of the webhook.
    conditions: Vec<(String, String)>,
    is_only_background: bool,
}

/// Whether a policy has rules with `verifyImages`, or none that can be looked at.
pub(super) fn is_about_images(document: &Value) -> bool {
    let rules = document.pointer("/spec/rules").and_then(Value::as_array);
    rules.is_none_or(|rules| rules.iter().any(|rule| rule.get("verifyImages").is_some()))
}

/// Reads a policy.
pub(super) fn read(document: &Value, reporter: &Reporter<'_>, config_maps: &ConfigMaps) -> Vec<Plan> {
    let Some((policy, spec)) = Object::policy(document, reporter) else { return Vec::new() };
    let metadata = policy.get("metadata").map(|node| node.value.clone()).unwrap_or_default();
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let webhook = spec.object("webhookConfiguration");
    let common = Common {
        name: text("name").unwrap_or_else(|| "policy".to_owned()),
        namespaced: document.get("kind").and_then(Value::as_str) == Some("Policy"),
        namespace: text("namespace"),
        action: spec.get("validationFailureAction").and_then(|node| read_action(&node)),
        overrides: read_overrides(&spec),
        background: spec.flag("background", true),
        timeout: read_timeout(&spec, webhook.as_ref()),
        conditions: webhook.as_ref().map(read_conditions).unwrap_or_default(),
        is_only_background: !spec.flag("admission", true),
    };
    read_failure_policy(&spec, webhook.as_ref());
    read_environment(&spec);
    if common.is_only_background {
        reporter.changed(
            &spec.at("admission"),
            "requests are not looked at; only what runs already is reported",
            "`mode: monitor`: requests are looked at and none is refused",
        );
    }

    let rules = spec.items("rules");
    let controllers = controllers(&metadata, rules.iter().all(|rule| matching::lets_have_controllers(rule.value)));
    let mut read: Vec<(Object<'_>, matching::Matched)> = Vec::new();
    for node in &rules {
        if let Some(rule) = node.object() {
            let matched = matching::read(&rule, controllers.as_ref());
            read.push((rule, matched));
        }
    }
    let mut plans = Vec::new();
    for (rule, matched) in read {
        plans.extend(read_rule(&rule, matched, &common, config_maps));
    }
    plans
}

/// The controllers for which Kyverno makes rules out of rules for Pods; `None` where it makes none.
fn controllers(metadata: &Value, qualifies: bool) -> Option<BTreeSet<Resource>> {
    if !qualifies {
        return None;
    }
    let annotation =
        metadata.get("annotations").and_then(|annotations| annotations.get(AUTOGEN)).and_then(Value::as_str);
    let is_named = |resource: &Resource| match annotation {
        None | Some("") => true,
        Some(list) => list.split(',').any(|name| name.trim() == resource.kind()),
    };
    let named: BTreeSet<Resource> =
        Resource::ALL.into_iter().filter(|resource| resource.kind() != "Pod" && is_named(resource)).collect();
    (!named.is_empty()).then_some(named)
}

fn read_action(node: &Node<'_>) -> Option<Action> {
    match node.text()?.to_ascii_lowercase().as_str() {
        "enforce" => Some(Action::Enforce),
        "audit" => Some(Action::Audit),
        other => {
            let message = format!("`{other}` is no action");
            node.refuse("failureAction", Reason::Invalid, message, "write Enforce or Audit");
            None
        }
    }
}

fn read_overrides(spec: &Object<'_>) -> Vec<Value> {
    let mut overrides = Vec::new();
    for node in spec.items("validationFailureActionOverrides") {
        let Some(entry) = node.object() else { continue };
        if entry.get("namespaceSelector").is_some() {
            node.refuse(
                "validationFailureActionOverrides",
                Reason::Match,
                "an action that depends on labels of the namespace: a policy does not see them",
                "write two policies with a `namespaceSelector` each",
            );
        }
        entry.ignore_all();
        overrides.push(node.value.clone());
    }
    overrides
}

fn read_timeout(spec: &Object<'_>, webhook: Option<&Object<'_>>) -> u64 {
    let own = spec.get("webhookTimeoutSeconds");
    let newer = webhook.and_then(|webhook| webhook.get("timeoutSeconds"));
    newer.or(own).and_then(|node| node.value.as_u64()).unwrap_or(DEFAULT_TIMEOUT)
}

fn read_conditions(webhook: &Object<'_>) -> Vec<(String, String)> {
    let mut conditions = Vec::new();
    for node in webhook.items("matchConditions") {
        let Some(condition) = node.object() else { continue };
        if let (Some(name), Some(expression)) = (condition.text("name"), condition.text("expression")) {
            conditions.push((name.to_owned(), expression.to_owned()));
        }
    }
    conditions
}

fn read_failure_policy(spec: &Object<'_>, webhook: Option<&Object<'_>>) {
    let own = spec.get("failurePolicy");
    let newer = webhook.and_then(|webhook| webhook.get("failurePolicy"));
    if let Some(node) = newer.or(own)
        && node.value.as_str() == Some("Ignore")
    {
        node.reporter.changed(
            &node.path,
            "where a registry cannot be reached, or the webhook does not answer, everything is admitted",
            "`failurePolicy: Fail`: what could not be verified is refused",
        );
    }
}

fn read_environment(spec: &Object<'_>) {
    if spec.text("applyRules") == Some("One") {
        spec.reporter.changed(
            &spec.at("applyRules"),
            "the first rule that concerns an object is the last that is applied to it",
            "every rule that concerns an image must be satisfied",
        );
    }
    spec.elsewhere("emitWarning", "warnings are always given: every Audit block warns");
    for key in ["schemaValidation", "useServerSideApply"] {
        spec.elsewhere(key, "about Kyverno's own machinery: it has no counterpart");
    }
    for key in ["mutateExistingOnPolicyUpdate", "generateExisting", "generateExistingOnPolicyUpdate"] {
        spec.elsewhere(key, "not about images: it stays with Kyverno");
    }
}

fn read_rule(rule: &Object<'_>, matched: matching::Matched, common: &Common, config_maps: &ConfigMaps) -> Vec<Plan> {
    let reporter = rule.reporter;
    let name = rule.text("name").unwrap_or("rule").to_owned();
    for kind in ["mutate", "validate", "generate"] {
        rule.elsewhere(kind, "not about images: it stays with Kyverno");
    }
    for key in ["skipBackgroundRequests", "reportProperties"] {
        rule.elsewhere(key, "about Kyverno's own machinery: it has no counterpart");
    }
    let Some(images) = rule.get("verifyImages") else {
        rule.ignore_all();
        return Vec::new();
    };
    if let Some(node) = rule.get("imageExtractors") {
        node.refuse(
            "imageExtractors",
            Reason::Kinds,
            "names images in objects that are not made of Pods, or in other places of them",
            "leave this rule to Kyverno",
        );
    }
    if let Some(node) = rule.get("celPreconditions") {
        node.refuse(
            "celPreconditions",
            Reason::Match,
            "Kyverno reads these for `validate.cel` only",
            "write `matchConditions` in the Kubewarden policies",
        );
    }

    let mut scopes = matched.scopes;
    let has_controllers = matched.has_controllers;
    if !matched.other_kinds.is_empty() {
        let kinds = matched.other_kinds.join("`, `");
        if scopes.iter().all(Scope::is_empty) {
            reporter.refuse(
                &rule.at("match"),
                "match.kinds",
                Reason::Kinds,
                format!("`{kinds}` is not made of Pods"),
                "leave this rule to Kyverno",
            );
        } else {
            reporter.elsewhere(&rule.at("match"), &format!("`{kinds}` holds no images, for Kyverno neither: left out"));
        }
    }
    if let Some(node) = rule.get("preconditions") {
        preconditions::narrow(&node, &mut scopes, has_controllers);
    }
    for scope in &mut scopes {
        scope.conditions.extend(common.conditions.iter().cloned());
    }
    scopes.retain(|scope| !scope.is_empty());
    if scopes.is_empty() {
        if !reporter.is_refused() {
            reporter
                .elsewhere(&rule.path, "concerns no request that creates or updates something made of Pods: left out");
        }
        rule.ignore_all();
        return Vec::new();
    }

    let variables = Variables::read(rule.get("context"), config_maps);
    let images = variables.filled(images.value, &images.path, reporter, 0);
    let images = Node { value: &images, path: rule.at("verifyImages"), reporter };
    refuse_variables(images.value, &images.path, reporter);
    let action = action_of(&images, common);
    let is_inherited = !images.items().iter().any(|block| block.value.get("failureAction").is_some());
    let overrides = if is_inherited { common.overrides.clone() } else { Vec::new() };
    // A block's own action would win over those of its namespace.
    let own_action = overrides.is_empty().then(|| action.name());
    let blocks: Vec<Fields> = images.items().iter().filter_map(|node| block::read(node, own_action)).collect();
    if blocks.is_empty() {
        return Vec::new();
    }
    if is_inherited && common.action.is_none() && common.overrides.is_empty() && !common.is_only_background {
        reporter.changed(
            &rule.path,
            "no `failureAction` anywhere: Kyverno only reports (its default is Audit)",
            "the same: `mode: monitor` and `failureAction: Audit`; write `protect` and `Enforce` to enforce",
        );
    }
    let plan = |scope: Scope| Plan {
        origin: reporter.origin().clone(),
        name: common.name.clone(),
        part: name.clone(),
        namespaced: common.namespaced,
        namespace: common.namespace.clone(),
        scope,
        blocks: blocks.clone(),
        action,
        overrides: overrides.clone(),
        denies_unmatched: false,
        background: common.background,
        timeout: common.timeout,
        only_watches: common.is_only_background,
        policy_server: None,
        trust_roots: Fields::new(),
    };
    matching::merged(scopes).into_iter().map(plan).collect()
}

/// Refuses variables that are left outside of conditions, where Kyverno fills them in for each request.
fn refuse_variables(value: &Value, path: &str, reporter: &Reporter<'_>) {
    match value {
        Value::String(text) if text.contains("{{") => reporter.refuse(
            path,
            "context",
            Reason::Context,
            format!("`{text}` is known for each request only"),
            "write the value itself, and a policy for each value there is",
        ),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                refuse_variables(item, &format!("{path}[{index}]"), reporter);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| !matches!(key.as_str(), "conditions" | "validate")) {
                refuse_variables(field, &format!("{path}.{key}"), reporter);
            }
        }
        _ => {}
    }
}

/// One action for all blocks of a rule: Enforce if one block says so, else the first that is said, else the policy's.
fn action_of(images: &Node<'_>, common: &Common) -> Action {
    if common.is_only_background {
        return Action::Audit;
    }
    let mut first = None;
    for node in images.items() {
        let Some(written) = node.value.get("failureAction") else { continue };
        let node = Node { value: written, path: format!("{}.failureAction", node.path), reporter: node.reporter };
        match read_action(&node) {
            Some(Action::Enforce) => return Action::Enforce,
            action => first = first.or(action),
        }
    }
    first.or(common.action).unwrap_or(Action::Audit)
}
