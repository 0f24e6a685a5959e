//! Kyverno's `match` and `exclude` as scopes of Kubewarden policies.
//!
//! A scope is one conjunction. Alternatives become several scopes, and so several policies over the same rules: whatever
//! one of them concerns is verified. What cannot be said is refused, because a policy that concerns less admits more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::patterns::{cel_matches_any, cel_string, has_wildcard, matches, wildcard_regex};
use super::super::reader::{Node, Object};
use super::super::report::{Reason, Reporter};
use super::super::scope::{NAMESPACE_NAME, Operator, Requirement, Resource, Scope};

const ELSEWHERE: &str = "say it in the Kubewarden policies by hand, or leave it to Kyverno";
/// CEL for the name that Kyverno compares.
const OBJECT_NAME: &str = "(has(object.metadata.name) ? object.metadata.name : \
                           (has(object.metadata.generateName) ? object.metadata.generateName : ''))";

/// What `match` says.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// The alternatives.
    pub(super) scopes: Vec<Scope>,
    /// Whether Kyverno made rules for Pod controllers out of this; they are in the scopes.
    pub(super) has_controllers: bool,
    /// Kinds that hold no images for Kyverno.
    pub(super) other_kinds: Vec<String>,
}

/// Whether a rule lets Kyverno make rules for Pod controllers: no filter goes by name, selector or annotations, or names
/// several kinds with Pod among them. One rule that does not prevents it for the whole policy.
pub(super) fn lets_have_controllers(rule: &Value) -> bool {
    let filters = ["match", "exclude"].into_iter().filter_map(|part| rule.get(part)).flat_map(|part| {
        let listed = ["any", "all"].into_iter().filter_map(|key| part.get(key)?.as_array()).flatten();
        std::iter::once(part).chain(listed)
    });
    filters.filter_map(|filter| filter.get("resources")).all(|resources| {
        let is_narrowed = ["name", "names", "selector", "annotations"].iter().any(|key| match resources.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        });
        let kinds = resources.get("kinds").and_then(Value::as_array);
        !is_narrowed && kinds.is_none_or(|kinds| kinds.len() < 2 || !kinds.iter().any(|kind| kind == "Pod"))
    })
}

/// Reads `match` and `exclude` of a rule. A filter for Pods is also one for the controllers.
pub(super) fn read(rule: &Object<'_>, controllers: Option<&BTreeSet<Resource>>) -> Matched {
    let mut kinds = Kinds { controllers, ..Kinds::default() };
    let mut alternatives = match rule.object("match") {
        Some(object) => alternatives(&object, &mut kinds),
        None => {
            rule.reporter.refuse(
                &rule.at("match"),
                "match",
                Reason::Invalid,
                "is missing: the rule is for nothing",
                "say what it is for",
            );
            Vec::new()
        }
    };
    let mut matched = Matched::default();
    if let Some(node) = rule.get("exclude") {
        let mut excluded_kinds = Kinds { controllers, ..Kinds::default() };
        for excluded in exceptions(&node, &mut excluded_kinds) {
            alternatives = alternatives.into_iter().map(|scope| without(scope, &excluded, &node)).collect();
        }
    }
    matched.has_controllers = kinds.has_controllers;
    matched.other_kinds = kinds.others.into_iter().collect();
    matched.scopes = alternatives;
    matched
}

/// What the filters say about kinds.
#[derive(Debug, Default)]
struct Kinds<'a> {
    /// What a filter for Pods is for as well.
    controllers: Option<&'a BTreeSet<Resource>>,
    others: BTreeSet<String>,
    has_controllers: bool,
}

/// The alternatives of `match` or `exclude`: `any`, `all`, or the old form with one filter.
fn alternatives(object: &Object<'_>, kinds: &mut Kinds<'_>) -> Vec<Scope> {
    let (any, all) = (object.items("any"), object.items("all"));
    let mut scopes = Vec::new();
    for filter in &any {
        scopes.extend(filter.object().and_then(|filter| read_filter(&filter, kinds)));
    }
    let mut together: Option<Scope> = None;
    for filter in &all {
        if let Some(scope) = filter.object().and_then(|filter| read_filter(&filter, kinds)) {
            together = Some(together.map_or_else(|| scope.clone(), |other| other.and(&scope)));
        }
    }
    if any.is_empty() && all.is_empty() {
        scopes.extend(read_filter(object, kinds));
    }
    scopes.extend(together);
    merged(scopes)
}

/// What `exclude` takes out. A filter that says nothing excludes nothing, and so does one of which a part was lost: the
/// rest of it would exclude more.
fn exceptions(node: &Node<'_>, kinds: &mut Kinds<'_>) -> Vec<Scope> {
    let reporter = node.reporter;
    let Some(object) = node.object() else { return Vec::new() };
    let (any, all) = (object.items("any"), object.items("all"));
    if !any.is_empty() && !all.is_empty() {
        node.refuse(
            "exclude",
            Reason::Match,
            "`any` and `all` stand side by side, which Kyverno refuses",
            "write one of them",
        );
        return Vec::new();
    }
    let mut read = |filter: &Node<'_>| {
        let before = reporter.losses();
        let scope = filter.object().and_then(|filter| read_filter(&filter, kinds));
        scope.filter(|_| reporter.losses() == before && says_something(filter.value))
    };
    let mut scopes: Vec<Scope> = any.iter().filter_map(&mut read).collect();
    // Each of `all` must be met: one that excludes nothing leaves nothing excluded.
    let together: Option<Vec<Scope>> = all.iter().map(&mut read).collect();
    scopes.extend(together.and_then(|scopes| scopes.into_iter().reduce(|one, other| one.and(&other))));
    let before = reporter.losses();
    if any.is_empty() && all.is_empty() {
        scopes.extend(read_filter(&object, kinds).filter(|_| says_something(node.value)));
    }
    // Reports the fields that nobody knows.
    drop(object);
    if reporter.losses() == before { merged(scopes) } else { Vec::new() }
}

/// Whether a filter names anything. An empty selector does: it selects everything.
fn says_something(filter: &Value) -> bool {
    let is_filled = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    let resources = filter.get("resources").and_then(Value::as_object);
    let names_resources = resources.is_some_and(|resources| {
        resources.iter().any(|(key, value)| match key.as_str() {
            "selector" | "namespaceSelector" => !value.is_null(),
            _ => is_filled(value),
        })
    });
    names_resources || ["subjects", "roles", "clusterRoles"].iter().any(|key| filter.get(key).is_some_and(is_filled))
}

/// Scopes that differ in nothing but their resources are one.
pub(in crate::convert) fn merged(scopes: Vec<Scope>) -> Vec<Scope> {
    let mut merged: Vec<Scope> = Vec::new();
    for scope in scopes {
        let same = |other: &&mut Scope| Scope { resources: scope.resources.clone(), ..(**other).clone() } == scope;
        match merged.iter_mut().find(same) {
            Some(other) => other.resources.extend(scope.resources),
            None => merged.push(scope),
        }
    }
    merged
}

fn read_filter(filter: &Object<'_>, kinds: &mut Kinds<'_>) -> Option<Scope> {
    let mut scope = Scope::everything();
    if let Some(resources) = filter.object("resources") {
        read_resources(&resources, &mut scope, kinds)?;
    }
    for key in ["roles", "clusterRoles"] {
        if let Some(node) = filter.get(key) {
            node.refuse(
                &format!("match.{key}"),
                Reason::Match,
                "roles are looked up in the cluster for each request, which a Kubewarden policy cannot do",
                ELSEWHERE,
            );
        }
    }
    let subjects: Vec<String> = filter.items("subjects").iter().filter_map(read_subject).collect();
    if !subjects.is_empty() {
        add_condition(&mut scope, "subjects", any_of(&subjects));
    }
    Some(scope)
}

fn any_of(conditions: &[String]) -> String {
    match conditions {
        [one] => one.clone(),
        several => format!("({})", several.join(" || ")),
    }
}

fn add_condition(scope: &mut Scope, name: &str, expression: String) {
    scope.conditions.insert((name.to_owned(), expression));
}

fn read_subject(node: &Node<'_>) -> Option<String> {
    let subject = node.object()?;
    subject.ignore("apiGroup");
    let (Some(kind), Some(name)) = (subject.text("kind"), subject.text("name").map(str::to_owned)) else {
        node.refuse("match.subjects", Reason::Invalid, "has no kind or no name", "write `kind` and `name`");
        subject.ignore_all();
        return None;
    };
    let namespace = subject.text("namespace");
    match kind {
        "User" => Some(cel_matches_any("request.userInfo.username", &[name])),
        "Group" if has_wildcard(&name) => {
            Some(format!("request.userInfo.groups.exists(g, g.matches({}))", cel_string(&wildcard_regex(&name))))
        }
        "Group" => Some(format!("{} in request.userInfo.groups", cel_string(&name))),
        "ServiceAccount" => {
            let account = format!("system:serviceaccount:{}:{name}", namespace.unwrap_or("default"));
            Some(cel_matches_any("request.userInfo.username", &[account]))
        }
        other => {
            let message = format!("a subject of kind `{other}` is not known");
            node.refuse("match.subjects", Reason::Match, message, ELSEWHERE);
            None
        }
    }
}

fn read_resources(resources: &Object<'_>, scope: &mut Scope, kinds: &mut Kinds<'_>) -> Option<()> {
    if let Some(node) = resources.get("kinds").filter(|node| node.value != &Value::Array(Vec::new())) {
        let mut named = BTreeSet::new();
        for kind in node.texts() {
            let found = resources_of(&kind);
            if found.is_empty() {
                kinds.others.insert(kind.clone());
            }
            named.extend(found);
            // `v1/Pod` is a Pod too: taking it for one concerns more.
            if let Some(controllers) = kinds.controllers
                && kind.rsplit('/').next() == Some("Pod")
            {
                named.extend(controllers);
                kinds.has_controllers = true;
            }
        }
        scope.resources = named;
    }
    // No operations are all of them.
    if let Some(node) = resources.get("operations").filter(|node| node.value != &Value::Array(Vec::new())) {
        let operations = node.texts();
        let has = |operation: &str| operations.iter().any(|text| text == operation);
        (scope.create, scope.update) = (has("CREATE"), has("UPDATE"));
        if has("DELETE") || has("CONNECT") {
            resources.reporter.elsewhere(&node.path, "nothing is verified on DELETE and CONNECT, in Kyverno neither");
        }
    }
    let mut names: Vec<String> = resources.get("names").map(|node| node.texts()).unwrap_or_default();
    names.extend(resources.text("name").filter(|name| !name.is_empty()).map(str::to_owned));
    if !names.is_empty() {
        add_condition(scope, "names", cel_matches_any(OBJECT_NAME, &names));
    }
    if let Some(node) = resources.get("namespaces") {
        let namespaces = node.texts();
        if namespaces.iter().any(|name| has_wildcard(name)) {
            add_condition(scope, "namespaces", cel_matches_any("request.namespace", &namespaces));
        } else if !namespaces.is_empty() {
            scope.namespace.insert(Requirement::among(NAMESPACE_NAME, namespaces));
        }
    }
    if let Some(node) = resources.get("annotations") {
        for (key, value) in node.text_map() {
            if has_wildcard(&key) {
                node.refuse("match.annotations", Reason::Match, "an annotation's name has a wildcard", ELSEWHERE);
                continue;
            }
            let key = cel_string(&key);
            let value = cel_matches_any(&format!("object.metadata.annotations[{key}]"), &[value]);
            let expression =
                format!("has(object.metadata.annotations) && {key} in object.metadata.annotations && {value}");
            add_condition(scope, &format!("annotation-{}", scope.conditions.len()), expression);
        }
    }
    if let Some(node) = resources.get("selector") {
        scope.object.extend(read_selector(&node, resources.reporter));
    }
    if let Some(node) = resources.get("namespaceSelector") {
        scope.namespace.extend(read_selector(&node, resources.reporter));
    }
    Some(())
}

/// A label selector. Kyverno's wildcards in it cannot be said.
pub(in crate::convert) fn read_selector(node: &Node<'_>, reporter: &Reporter<'_>) -> BTreeSet<Requirement> {
    let mut requirements = BTreeSet::new();
    let Some(selector) = node.object() else { return requirements };
    for (key, value) in selector.get("matchLabels").map(|labels| labels.text_map()).unwrap_or_default() {
        requirements.insert(Requirement::is(&key, &value));
    }
    for expression in selector.items("matchExpressions") {
        let Some(expression) = expression.object() else { continue };
        let (Some(key), Some(operator)) = (expression.text("key"), expression.text("operator")) else {
            expression.ignore_all();
            reporter.refuse(
                &expression.path,
                "match.selector",
                Reason::Invalid,
                "has no key or no operator",
                "write `key` and `operator`",
            );
            continue;
        };
        let values = expression.get("values").map(|values| values.texts()).unwrap_or_default();
        match Operator::parse(operator) {
            Some(operator) => {
                requirements.insert(Requirement {
                    key: key.to_owned(),
                    operator,
                    values: values.into_iter().collect(),
                });
            }
            None => reporter.refuse(
                &expression.path,
                "match.selector",
                Reason::Invalid,
                format!("`{operator}` is no operator of a label selector"),
                "write In, NotIn, Exists or DoesNotExist",
            ),
        }
    }
    if requirements.iter().any(|one| has_wildcard(&one.key) || one.values.iter().any(|value| has_wildcard(value))) {
        node.refuse(
            "match.selector",
            Reason::Match,
            "a label has a wildcard, which Kubernetes' selectors do not know",
            ELSEWHERE,
        );
    }
    requirements
}

/// What a kind in Kyverno's `kinds` names of ours: `Pod`, `v1/Pod`, `apps/v1/Deployment`, `Pod/ephemeralcontainers`, `*`.
fn resources_of(kind: &str) -> BTreeSet<Resource> {
    let mut parts: Vec<&str> = kind.split('/').collect();
    let mut subresource = None;
    // Subresources are written in lower case, kinds in capitals.
    if parts.len() > 1
        && let Some(last) = parts.last()
        && last.starts_with(|c: char| c.is_ascii_lowercase())
    {
        subresource = parts.pop();
    }
    let Some(name) = parts.pop() else { return BTreeSet::new() };
    let (name, subresource) = match name.split_once('.') {
        Some((name, dotted)) => (name, Some(dotted)),
        None => (name, subresource),
    };
    let (version, group) = (parts.pop(), parts.pop());
    if version.is_some_and(|version| !matches(version, "v1")) {
        return BTreeSet::new();
    }
    let is_meant = |resource: &Resource| {
        let group_fits = match (group, version) {
            (Some(group), _) => matches(group, resource.group()) || (group == "*" && resource.group().is_empty()),
            // `v1/Pod` is the core group's.
            (None, Some("v1")) => resource.group().is_empty(),
            _ => true,
        };
        let subresource_fits = match subresource {
            Some(subresource) => {
                *resource == Resource::EphemeralContainers && matches(subresource, "ephemeralcontainers")
            }
            // Kyverno adds the ephemeral containers of every Pod.
            None => true,
        };
        matches(name, resource.kind()) && group_fits && subresource_fits
    };
    Resource::ALL.into_iter().filter(is_meant).collect()
}

/// The scope without what is excluded.
fn without(mut scope: Scope, excluded: &Scope, place: &Node<'_>) -> Scope {
    let everything = Scope::everything();
    let has_resources = excluded.resources != everything.resources;
    let has_operations = !(excluded.create && excluded.update);
    let parts = [has_resources, has_operations].into_iter().filter(|is_there| *is_there).count();
    let parts = parts
        .saturating_add(excluded.namespace.len())
        .saturating_add(excluded.object.len())
        .saturating_add(excluded.conditions.len());
    if excluded.is_empty() {
        return scope;
    }
    // Kinds and operations that do not overlap leave nothing to exclude.
    if scope.resources.is_disjoint(&excluded.resources) {
        return scope;
    }
    match parts {
        0 => scope.resources.clear(),
        1 if has_resources => scope.resources.retain(|resource| !excluded.resources.contains(resource)),
        1 if has_operations => {
            scope.create &= !excluded.create;
            scope.update &= !excluded.update;
        }
        1 if !excluded.namespace.is_empty() => {
            scope.namespace.extend(excluded.namespace.iter().cloned().map(Requirement::negated));
        }
        1 if !excluded.object.is_empty() => {
            scope.object.extend(excluded.object.iter().cloned().map(Requirement::negated));
        }
        _ => match cel_of(excluded, has_resources && !scope.resources.is_subset(&excluded.resources), has_operations) {
            Some(condition) => {
                let name = format!("excluded-{}", scope.conditions.len());
                add_condition(&mut scope, &name, format!("!({condition})"));
            }
            None => place.reporter.refuse(
                &place.path,
                "exclude",
                Reason::Match,
                "an exception that joins labels of the namespace with something else cannot be said",
                "split it by hand, or leave it to Kyverno",
            ),
        },
    }
    scope
}

/// A scope as one CEL condition. Labels of namespaces cannot be seen there, but for the name.
fn cel_of(scope: &Scope, with_resources: bool, with_operations: bool) -> Option<String> {
    let mut parts = Vec::new();
    if with_resources {
        let has = |resource: Resource| scope.resources.contains(&resource);
        let is_subresource = "(has(request.subResource) && request.subResource == 'ephemeralcontainers')";
        // Pods and their subresource have one kind.
        let is_ephemeral_only = has(Resource::EphemeralContainers) && !has(Resource::Pods);
        let is_pods_only = has(Resource::Pods) && !has(Resource::EphemeralContainers);
        if is_pods_only {
            return None;
        }
        let whole = scope.resources.iter().filter(|one| !(is_ephemeral_only && **one == Resource::EphemeralContainers));
        let kinds: BTreeSet<&str> = whole.map(|resource| resource.kind()).collect();
        let kinds: Vec<String> = kinds.into_iter().map(cel_string).collect();
        let kinds = (!kinds.is_empty()).then(|| format!("request.kind.kind in [{}]", kinds.join(", ")));
        let subresource = is_ephemeral_only.then(|| is_subresource.to_owned());
        let resources: Vec<String> = kinds.into_iter().chain(subresource).collect();
        parts.push(any_of(&resources));
    }
    if with_operations {
        let operations = [("CREATE", scope.create), ("UPDATE", scope.update)];
        let named: Vec<String> =
            operations.into_iter().filter(|(_, is_in)| *is_in).map(|(name, _)| cel_string(name)).collect();
        parts.push(format!("request.operation in [{}]", named.join(", ")));
    }
    for requirement in &scope.namespace {
        if requirement.key != NAMESPACE_NAME {
            return None;
        }
        let values: Vec<String> = requirement.values.iter().cloned().collect();
        let is_in = cel_matches_any("request.namespace", &values);
        parts.push(match requirement.operator {
            Operator::In => is_in,
            Operator::NotIn => format!("!({is_in})"),
            Operator::Exists => "true".to_owned(),
            Operator::DoesNotExist => "false".to_owned(),
        });
    }
    for requirement in &scope.object {
        let key = cel_string(&requirement.key);
        let has = format!("(has(object.metadata.labels) && {key} in object.metadata.labels)");
        let values: Vec<String> = requirement.values.iter().cloned().collect();
        let is_in = format!("({has} && {})", cel_matches_any(&format!("object.metadata.labels[{key}]"), &values));
        parts.push(match requirement.operator {
            Operator::In => is_in,
            Operator::NotIn => format!("!{is_in}"),
            Operator::Exists => has,
            Operator::DoesNotExist => format!("!{has}"),
        });
    }
    parts.extend(scope.conditions.iter().map(|(_, expression)| format!("({expression})")));
    Some(parts.join(" && "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_name_resources() {
        use Resource::{CronJobs, Deployments, EphemeralContainers, Pods};
        let all = Resource::ALL.to_vec();
        let cases = [
            ("Pod", vec![Pods, EphemeralContainers]),
            ("v1/Pod", vec![Pods, EphemeralContainers]),
            ("*/Pod", vec![Pods, EphemeralContainers]),
            ("Pod/ephemeralcontainers", vec![EphemeralContainers]),
            ("Pod.status", vec![]),
            ("Deployment", vec![Deployments]),
            ("apps/v1/Deployment", vec![Deployments]),
            ("apps/v1beta1/Deployment", vec![]),
            ("v1/Deployment", vec![]),
            ("extensions/v1/Deployment", vec![]),
            ("batch/*/CronJob", vec![CronJobs]),
            ("*", all.clone()),
            ("*/*", all),
            ("tekton.dev/v1beta1/Task", vec![]),
            ("Deployment/scale", vec![]),
            ("pod", vec![]),
        ];
        for (kind, expected) in cases {
            assert_eq!(resources_of(kind).into_iter().collect::<Vec<_>>(), expected, "case `{kind}`");
        }
    }
}
