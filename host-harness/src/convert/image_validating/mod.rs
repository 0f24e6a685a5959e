//! Kyverno's ImageValidatingPolicy and NamespacedImageValidatingPolicy, as far as their CEL is of a known shape.

mod attestor;
mod cel;
mod checks;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::attestor::Attestor;
use self::checks::Check;
use super::kyverno::matching::read_selector;
use super::plan::{Action, Plan};
use super::reader::Object;
use super::report::{Reason, Reporter};
use super::scope::{Resource, Scope};
use super::tree::{Fields, Tree};
use super::verify_image_signatures::read_rule;

const LEAVE: &str = "leave this policy to Kyverno, or write its settings by hand";
/// The kinds for which Kyverno writes policies out of one for Pods, with the path of their Pod's template.
const CONTROLLERS: [(Resource, &str); 6] = [
    (Resource::Deployments, "spec.template"),
    (Resource::ReplicaSets, "spec.template"),
    (Resource::StatefulSets, "spec.template"),
    (Resource::DaemonSets, "spec.template"),
    (Resource::Jobs, "spec.template"),
    (Resource::CronJobs, "spec.jobTemplate.spec.template"),
];

/// Whether a document is one of these policies.
pub(super) fn is_policy(group: &str, kind: &str) -> bool {
    group == "policies.kyverno.io" && matches!(kind, "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy")
}

/// Reads a policy.
pub(super) fn read(document: &Value, reporter: &Reporter<'_>) -> Vec<Plan> {
    let Some((policy, spec)) = Object::policy(document, reporter) else { return Vec::new() };
    let metadata = policy.get("metadata").map(|node| node.value.clone()).unwrap_or_default();
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let action = read_action(&spec);
    let (background, only_watches) = read_evaluation(&spec);
    let timeout = read_webhook(&spec);
    read_rest(&spec);
    let scopes = read_scopes(&spec);
    let patterns = read_patterns(&spec);
    let mut trust_roots = Fields::new();
    let attestors = read_attestors(&spec, &mut trust_roots);
    let checks = read_validations(&spec);
    let attestations = read_attestations(&spec, &checks);
    let digests = read_configurations(&spec);
    if reporter.is_refused() || scopes.is_empty() {
        return Vec::new();
    }
    let Some(block) = write(&spec, patterns, action, &checks, &attestors, &attestations, digests) else {
        return Vec::new();
    };
    note_unused(&spec, &checks, attestors.keys());
    note_differences(&spec);
    let plan = |(part, scope): (&str, Scope)| Plan {
        origin: reporter.origin().clone(),
        name: text("name").unwrap_or_else(|| "policy".to_owned()),
        part: part.to_owned(),
        namespaced: document.get("kind").and_then(Value::as_str) == Some("NamespacedImageValidatingPolicy"),
        namespace: text("namespace"),
        scope,
        blocks: vec![block.clone()],
        action: Action::Enforce,
        overrides: Vec::new(),
        denies_unmatched: false,
        background,
        timeout,
        only_watches,
        policy_server: None,
        trust_roots: trust_roots.clone(),
    };
    scopes.into_iter().map(plan).collect()
}

/// Attestors that no validation asks for decide nothing.
fn note_unused<'a>(spec: &Object<'_>, checks: &[Check], names: impl Iterator<Item = &'a String>) {
    for name in names {
        let is_used = checks.iter().any(|check| match check {
            Check::Signed { attestors, .. } | Check::Attested { attestors, .. } => attestors.contains(name),
            Check::Says { .. } => false,
        });
        if !is_used {
            let message = format!("no validation uses `{name}`: left out");
            spec.reporter.elsewhere(&spec.at("attestors"), &message);
        }
    }
}

fn note_differences(spec: &Object<'_>) {
    spec.reporter.changed(
        &spec.at("validations"),
        "sees the images of the lists that it names, and admits what is in no list",
        "containers, initContainers, ephemeralContainers and image volumes are all verified",
    );
    spec.reporter.changed(
        &spec.at("validations"),
        "of several attestations of one type the last counts, and a bundle hides signatures of the older format",
        "all of the type must hold (`match: all`), and both formats are read",
    );
}

fn read_action(spec: &Object<'_>) -> Action {
    let actions = spec.get("validationActions").map(|node| node.texts()).unwrap_or_default();
    for action in &actions {
        if !matches!(action.as_str(), "Deny" | "Audit" | "Warn") {
            let message = format!("`{action}` is no action");
            spec.reporter.refuse(
                &spec.at("validationActions"),
                "validationActions",
                Reason::Invalid,
                message,
                "write Deny, Audit or Warn",
            );
        }
    }
    if actions.is_empty() || actions.iter().any(|action| action == "Deny") { Action::Enforce } else { Action::Audit }
}

/// Whether what runs is looked at, and whether only that.
fn read_evaluation(spec: &Object<'_>) -> (bool, bool) {
    let Some(evaluation) = spec.object("evaluation") else { return (true, false) };
    if evaluation.text("mode").is_some_and(|mode| mode != "Kubernetes") {
        evaluation.reporter.refuse(
            &evaluation.at("mode"),
            "evaluation.mode",
            Reason::Kinds,
            "is for JSON documents, not for objects of a cluster",
            LEAVE,
        );
    }
    let enabled = |key: &str| evaluation.object(key).is_none_or(|inner| inner.flag("enabled", true));
    let (background, admission) = (enabled("background"), enabled("admission"));
    if !admission {
        evaluation.reporter.changed(
            &evaluation.at("admission"),
            "requests are not looked at; only what runs already is reported",
            "`mode: monitor`: requests are looked at and none is refused",
        );
    }
    (background, !admission)
}

fn read_webhook(spec: &Object<'_>) -> u64 {
    if spec.text("failurePolicy") == Some("Ignore") {
        spec.reporter.changed(
            &spec.at("failurePolicy"),
            "where a registry cannot be reached, or the webhook does not answer, everything is admitted",
            "`failurePolicy: Fail`: what could not be verified is refused",
        );
    }
    spec.object("webhookConfiguration")
        .and_then(|webhook| webhook.get("timeoutSeconds").and_then(|node| node.value.as_u64()))
        .unwrap_or(10)
}

fn read_rest(spec: &Object<'_>) {
    spec.elsewhere("auditAnnotations", "left out: the policy writes its own audit annotations");
    spec.elsewhere(
        "credentials",
        "credentials belong to the PolicyServer (`spec.imagePullSecret`, `spec.insecureSources`)",
    );
    if let Some(node) = spec.get("images") {
        node.refuse("images", Reason::Kinds, "names images in other places of the object", LEAVE);
    }
}

/// `matchConstraints`, `matchConditions` and `autogen`: the requests, one scope for each form of the conditions.
fn read_scopes(spec: &Object<'_>) -> Vec<(&'static str, Scope)> {
    let reporter = spec.reporter;
    let mut scope = Scope { resources: BTreeSet::new(), create: false, update: false, ..Scope::everything() };
    let mut only_pods = true;
    if let Some(constraints) = spec.object("matchConstraints") {
        constraints.ignore("matchPolicy");
        let rules = constraints.items("resourceRules");
        only_pods = rules.len() == 1;
        for node in rules {
            let Some(rule) = node.object() else { continue };
            let read = read_rule(&rule);
            only_pods &= rule.get("resources").is_some_and(|node| node.texts() == ["pods"]);
            scope.resources.extend(read.resources);
            scope.create |= read.create;
            scope.update |= read.update;
        }
        if let Some(node) = constraints.get("excludeResourceRules") {
            node.refuse(
                "excludeResourceRules",
                Reason::Match,
                "takes resources out again",
                "write the resources that are meant",
            );
        }
        if let Some(node) = constraints.get("namespaceSelector") {
            scope.namespace = read_selector(&node, reporter);
        }
        if let Some(node) = constraints.get("objectSelector") {
            scope.object = read_selector(&node, reporter);
        }
    }
    if scope.resources.contains(&Resource::Pods) && scope.update {
        scope.resources.insert(Resource::EphemeralContainers);
    }
    if scope.is_empty() {
        reporter.refuse(
            &spec.at("matchConstraints"),
            "matchConstraints",
            Reason::Kinds,
            "concerns nothing that is made of Pods",
            "leave this policy to Kyverno",
        );
        return Vec::new();
    }
    let conditions = read_conditions(spec);
    let controllers = if only_pods { controllers(spec) } else { Vec::new() };
    let mut scopes: Vec<(&'static str, Scope)> = Vec::new();
    for template in ["", "spec.template", "spec.jobTemplate.spec.template"] {
        let mut one = scope.clone();
        if !template.is_empty() {
            one.resources =
                controllers.iter().filter(|(_, path)| *path == template).map(|(resource, _)| *resource).collect();
            if one.resources.is_empty() {
                continue;
            }
        }
        for (name, expression) in &conditions {
            let moved =
                if template.is_empty() { Some(expression.clone()) } else { cel::with_template(expression, template) };
            match moved {
                Some(moved) => {
                    one.conditions.insert((name.clone(), moved));
                }
                None => reporter.refuse(
                    &spec.at("matchConditions"),
                    "matchConditions",
                    Reason::Match,
                    "Kyverno rewrites this condition for Pod controllers, and it speaks of the object in a way that is not rewritten here",
                    "write `autogen.podControllers.controllers: []`, or the conditions of each kind by hand",
                ),
            }
        }
        match scopes.iter_mut().find(|(_, other)| Scope { resources: other.resources.clone(), ..one.clone() } == *other)
        {
            Some((_, other)) => other.resources.extend(one.resources),
            None => {
                let part = match template {
                    "" => "pods",
                    "spec.template" => "controllers",
                    _ => "cronjobs",
                };
                scopes.push((part, one));
            }
        }
    }
    scopes
}

/// The controllers for which Kyverno writes policies as well.
fn controllers(spec: &Object<'_>) -> Vec<(Resource, &'static str)> {
    let named = spec.object("autogen").and_then(|autogen| {
        let named =
            autogen.object("podControllers").and_then(|inner| inner.get("controllers").map(|node| node.texts()));
        autogen.ignore("validatingAdmissionPolicy");
        named
    });
    CONTROLLERS
        .into_iter()
        .filter(|(resource, _)| named.as_ref().is_none_or(|names| names.iter().any(|name| name == resource.plural())))
        .collect()
}

fn read_conditions(spec: &Object<'_>) -> Vec<(String, String)> {
    let mut conditions = Vec::new();
    for node in spec.items("matchConditions") {
        let Some(condition) = node.object() else { continue };
        let (Some(name), Some(expression)) = (condition.text("name"), condition.text("expression")) else { continue };
        if cel::is_for_webhooks(expression) {
            conditions.push((name.to_owned(), expression.to_owned()));
        } else {
            node.refuse(
                "matchConditions",
                Reason::Cel,
                "uses what Kyverno adds to CEL, which a webhook does not know",
                "write it with `object`, `oldObject` and `request` only",
            );
        }
    }
    conditions
}

/// `matchImageReferences`: globs in which `*` goes over everything, with `[a-z]`, `{a,b}` and `\`.
fn read_patterns(spec: &Object<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    let rules = spec.items("matchImageReferences");
    for node in &rules {
        let Some(rule) = node.object() else { continue };
        if rule.get("expression").is_some() {
            node.refuse("matchImageReferences", Reason::Cel, "says in CEL which images are meant", "write a glob");
            continue;
        }
        let Some(glob) = rule.text("glob") else { continue };
        match expanded(glob) {
            Some(expanded) => {
                node.reporter.changed(
                    &node.path,
                    &format!("`{glob}` is compared with the image as it is written: `nginx` is not in `docker.io/*`"),
                    "every spelling of an image is matched, with tag and digest",
                );
                patterns.extend(expanded);
            }
            None => node.refuse(
                "matchImageReferences",
                Reason::Match,
                format!("`{glob}` has classes or escapes"),
                "write `*` and `?`",
            ),
        }
    }
    if rules.is_empty() {
        patterns.push("*".to_owned());
    }
    patterns
}

/// The glob's alternatives. `None` where it has more than `*`, `?` and one `{a,b}`.
fn expanded(glob: &str) -> Option<Vec<String>> {
    if glob.contains(['[', ']', '\\', '!']) {
        return None;
    }
    let collapsed = |text: String| {
        let mut pattern = String::with_capacity(text.len());
        for character in text.chars() {
            if !(character == '*' && pattern.ends_with('*')) {
                pattern.push(character);
            }
        }
        pattern
    };
    match glob.split_once('{') {
        None => (!glob.contains('}')).then(|| vec![collapsed(glob.to_owned())]),
        Some((before, rest)) => {
            let (inside, behind) = rest.split_once('}')?;
            if inside.contains('{') || behind.contains(['{', '}']) || before.contains('}') {
                return None;
            }
            Some(inside.split(',').map(|part| collapsed(format!("{before}{part}{behind}"))).collect())
        }
    }
}

fn read_attestors(spec: &Object<'_>, trust_roots: &mut Fields) -> BTreeMap<String, Attestor> {
    let mut attestors = BTreeMap::new();
    for node in spec.items("attestors") {
        if let Some((name, attestor)) = attestor::read(&node, trust_roots) {
            attestors.insert(name, attestor);
        }
    }
    attestors
}

/// The checks of all validations.
fn read_validations(spec: &Object<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut uses_variables = false;
    for node in spec.items("validations") {
        let Some(validation) = node.object() else { continue };
        for key in ["message", "messageExpression", "reason"] {
            validation.elsewhere(key, "left out: the policy says itself what it found");
        }
        let Some(expression) = validation.text("expression") else {
            node.refuse(
                "validations",
                Reason::Invalid,
                "has no `expression`, which the API server refuses",
                "write one, or remove the validation",
            );
            continue;
        };
        match checks::read(expression) {
            Some(read) => checks.extend(read),
            None => {
                uses_variables |= expression.contains("variables.");
                node.refuse(
                    "validations",
                    Reason::Cel,
                    format!("`{}` is CEL of no known shape", expression.trim()),
                    LEAVE,
                );
            }
        }
    }
    if let Some(node) = spec.get("variables")
        && !uses_variables
    {
        node.reporter.elsewhere(&node.path, "no validation that is kept uses them: left out");
    }
    checks
}

/// The predicate types by the attestations' names.
fn read_attestations(spec: &Object<'_>, checks: &[Check]) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    for node in spec.items("attestations") {
        let Some(attestation) = node.object() else { continue };
        let Some(name) = attestation.text("name") else { continue };
        let is_used = checks.iter().any(|check| match check {
            Check::Attested { attestation, .. } | Check::Says { attestation, .. } => attestation == name,
            Check::Signed { .. } => false,
        });
        if let Some(intoto) = attestation.object("intoto") {
            if let Some(kind) = intoto.text("type") {
                types.insert(name.to_owned(), kind.to_owned());
            }
        } else if let Some(referrer) = attestation.object("referrer") {
            referrer.ignore_all();
            if is_used {
                referrer.reporter.refuse(
                    &referrer.path,
                    "attestations.referrer",
                    Reason::Notary,
                    "is an artifact that Notary signs, not an attestation",
                    "attest with cosign too, or leave this policy to Kyverno",
                );
            }
        }
        if !is_used {
            node.reporter.elsewhere(&node.path, "no validation uses it: left out");
        }
    }
    types
}

/// `mutateDigest`, `verifyDigest`, `required`.
fn read_configurations(spec: &Object<'_>) -> [bool; 3] {
    let Some(configurations) = spec.object("validationConfigurations") else { return [true; 3] };
    ["mutateDigest", "verifyDigest", "required"].map(|key| configurations.flag(key, true))
}

fn write(
    spec: &Object<'_>,
    patterns: Vec<String>,
    action: Action,
    checks: &[Check],
    attestors: &BTreeMap<String, Attestor>,
    types: &BTreeMap<String, String>,
    [mutate, verify, required]: [bool; 3],
) -> Option<Fields> {
    let mut sets = Vec::new();
    let mut attestations: BTreeMap<&str, (Vec<Tree>, Vec<Tree>)> = BTreeMap::new();
    for check in checks {
        match check {
            Check::Signed { attestors: names, count } => {
                sets.push(attestor::set(spec, attestors, names, *count, false)?)
            }
            Check::Attested { attestation, attestors: names, count } => {
                let set = attestor::set(spec, attestors, names, *count, true)?;
                attestations.entry(attestation).or_default().0.push(set);
            }
            Check::Says { attestation, conditions } => {
                let condition = |condition: &checks::Condition| {
                    Tree::from(
                        Fields::new()
                            .with("key", condition.key.as_str())
                            .with("operator", condition.operator)
                            .with("value", Tree::from(&condition.value)),
                    )
                };
                let all: Vec<Tree> = conditions.iter().map(condition).collect();
                let quantifier = if all.len() == 1 { "all" } else { "any" };
                attestations.entry(attestation).or_default().1.push(Tree::from(Fields::new().with(quantifier, all)));
            }
        }
    }
    let mut block = Fields::new()
        .with("imageReferences", patterns.into_iter().map(Tree::from).collect::<Vec<_>>())
        .with("failureAction", action.name());
    let verifies = !sets.is_empty() || !attestations.is_empty();
    if !sets.is_empty() {
        block.add("attestors", sets);
    }
    let mut written = Vec::new();
    for (name, (sets, conditions)) in attestations {
        let Some(kind) = types.get(name).filter(|_| !sets.is_empty()) else {
            spec.reporter.refuse(
                &spec.at("validations"),
                "validations",
                Reason::Invalid,
                format!("attestation `{name}` is read and never verified, or not defined: Kyverno refuses every image"),
                "verify it with `verifyAttestationSignatures` first",
            );
            return None;
        };
        let mut attestation = Fields::new().with("type", kind.as_str()).with("attestors", sets);
        if !conditions.is_empty() {
            attestation.add("conditions", conditions);
        }
        written.push(Tree::from(attestation));
    }
    if !written.is_empty() {
        block.add("attestations", written);
    }
    if !verifies && required {
        spec.reporter.refuse(
            &spec.at("validationConfigurations"),
            "validationConfigurations.required",
            Reason::Unsupported,
            "`required` refuses every image, since none is ever verified",
            "write a validation that verifies, or `required: false`",
        );
    }
    block.add("mutateDigest", mutate);
    block.add("verifyDigest", verify);
    block.add("required", required && verifies);
    Some(block)
}
