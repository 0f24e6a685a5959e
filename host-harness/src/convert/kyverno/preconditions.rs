//! Kyverno's `preconditions`, as far as they ask who asks for what: the rest is refused.
//!
//! Kyverno fills in the empty string where a variable is absent. Operators compare strings by Kyverno's wildcards, but
//! take what looks like a number, a quantity or a duration for one: such values are not translated.

use serde_json::Value;

use super::super::patterns::{cel_matches_any, cel_string, matches};
use super::super::reader::Node;
use super::super::report::Reason;
use super::super::scope::Scope;

const ELSEWHERE: &str =
    "say it in the Kubewarden policies (`rules`, `namespaceSelector`, `matchConditions`), or leave it to Kyverno";

/// Something about a request that CEL can see.
enum Subject {
    Operation,
    Text(String),
}

/// Narrows the scopes down to what the preconditions let through. `has_controllers`: the rule also stands for Pod
/// controllers, where paths into the object mean something else.
pub(super) fn narrow(node: &Node<'_>, scopes: &mut [Scope], has_controllers: bool) {
    let (any, all) = match node.value {
        Value::Array(_) => (Vec::new(), node.items()),
        _ => match node.object() {
            Some(object) => (object.items("any"), object.items("all")),
            None => return,
        },
    };
    for condition in &all {
        match read(condition, has_controllers) {
            Some(Reading::Operations { create, update }) => {
                for scope in &mut *scopes {
                    scope.create &= create;
                    scope.update &= update;
                }
            }
            Some(Reading::Cel(expression)) => add(scopes, &expression),
            None => refuse(condition),
        }
    }
    if any.is_empty() {
        return;
    }
    let mut alternatives = Vec::new();
    for condition in &any {
        match read(condition, has_controllers) {
            Some(reading) => alternatives.push(reading.cel()),
            None => refuse(condition),
        }
    }
    match alternatives.as_slice() {
        // What was refused is no alternative any more: the rest would concern less.
        several if several.len() == any.len() => add(scopes, &several.join(" || ")),
        _ => {}
    }
}

fn add(scopes: &mut [Scope], expression: &str) {
    if expression == "true" {
        return;
    }
    for scope in scopes {
        scope.conditions.insert(("precondition".to_owned(), expression.to_owned()));
    }
}

fn refuse(condition: &Node<'_>) {
    // Its parts are known, and together they say something that cannot be said.
    condition.reporter.refuse(
        &condition.path,
        "preconditions",
        Reason::Match,
        "a precondition that a Kubewarden policy cannot express",
        ELSEWHERE,
    );
}

enum Reading {
    Operations { create: bool, update: bool },
    Cel(String),
}

impl Reading {
    fn cel(self) -> String {
        match self {
            Self::Operations { create: true, update: true } => "true".to_owned(),
            Self::Operations { create: true, update: false } => "request.operation == 'CREATE'".to_owned(),
            Self::Operations { create: false, update: true } => "request.operation == 'UPDATE'".to_owned(),
            Self::Operations { .. } => "false".to_owned(),
            Self::Cel(expression) => expression,
        }
    }
}

fn read(condition: &Node<'_>, has_controllers: bool) -> Option<Reading> {
    let object = condition.object()?;
    object.ignore("message");
    let (key, operator, value) = (object.get("key"), object.get("operator"), object.get("value"));
    let subject = subject(key?.value.as_str()?, has_controllers)?;
    let operator = operator?;
    let is_negated = match operator.value.as_str()? {
        "Equals" | "Equal" | "In" | "AnyIn" | "AllIn" => false,
        "NotEquals" | "NotEqual" | "NotIn" | "AnyNotIn" | "AllNotIn" => true,
        _ => return None,
    };
    let values = match value?.value {
        Value::String(text) => vec![text.clone()],
        // Kyverno compares a list with a string, which are never equal.
        Value::Array(_) if matches!(operator.value.as_str(), Some("Equals" | "Equal" | "NotEquals" | "NotEqual")) => {
            return None;
        }
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    let is_text = |text: &String| {
        !text.contains("{{")
            && !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.' | '['))
            // Negation of the empty string has a rule of its own.
            && !text.is_empty()
    };
    if !values.iter().all(is_text) {
        return None;
    }
    Some(match subject {
        Subject::Operation => {
            let holds = |operation: &str| values.iter().any(|value| matches(value, operation)) != is_negated;
            Reading::Operations { create: holds("CREATE"), update: holds("UPDATE") }
        }
        Subject::Text(text) => {
            let is_in = cel_matches_any(&text, &values);
            Reading::Cel(if is_negated { format!("!({is_in})") } else { is_in })
        }
    })
}

/// What a key such as `{{ request.namespace }}` stands for.
fn subject(key: &str, has_controllers: bool) -> Option<Subject> {
    let inner = key.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    if inner.contains("{{") {
        return None;
    }
    // `|| ''` and `|| 'BACKGROUND'` stand in where there is no request.
    let (path, default) = match inner.split_once("||") {
        Some((path, default)) => (path.trim(), Some(literal(default.trim())?)),
        None => (inner, None),
    };
    if default.is_some_and(|default| !default.is_empty() && !path.starts_with("request.operation")) {
        return None;
    }
    let text = |text: &str| Some(Subject::Text(text.to_owned()));
    match path {
        "request.operation" => Some(Subject::Operation),
        "request.namespace" | "request.object.metadata.namespace" => text("request.namespace"),
        "request.userInfo.username" => text("request.userInfo.username"),
        "request.object.metadata.name" if !has_controllers => {
            text("(has(object.metadata.name) ? object.metadata.name : '')")
        }
        "request.object.kind" | "request.kind.kind" if !has_controllers => text("request.kind.kind"),
        _ if has_controllers => None,
        _ => {
            for (field, prefix) in
                [("labels", "request.object.metadata.labels."), ("annotations", "request.object.metadata.annotations.")]
            {
                if let Some(name) = path.strip_prefix(prefix) {
                    let name = cel_string(name_of(name)?);
                    return text(&format!(
                        "(has(object.metadata.{field}) && {name} in object.metadata.{field} ? object.metadata.{field}[{name}] : '')"
                    ));
                }
            }
            None
        }
    }
}

/// A step of a path: a plain name, or a quoted one.
fn name_of(step: &str) -> Option<&str> {
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match step.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => (!quoted.contains(['"', '\\'])).then_some(quoted),
        None => is_plain(step).then_some(step),
    }
}

fn literal(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let inner = inner
        .or_else(|| text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).map(|json| json.trim_matches('"')));
    inner.filter(|inner| !inner.contains(['\'', '`']))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::convert::report::{Origin, Reporter};

    #[test]
    fn what_can_be_said_narrows_the_scope() {
        let one = |key: &str, operator: &str, value: Value| json!({"all": [{"key": key, "operator": operator, "value": value}]});
        let labels =
            "(has(object.metadata.labels) && 'app' in object.metadata.labels ? object.metadata.labels['app'] : '')";
        // Name, precondition, create, update, condition.
        let cases = [
            ("not on delete", one("{{request.operation}}", "NotEquals", json!("DELETE")), true, true, None),
            (
                "create only",
                one("{{ request.operation || 'BACKGROUND' }}", "Equals", json!("CREATE")),
                true,
                false,
                None,
            ),
            ("both", one("{{request.operation}}", "AnyIn", json!(["CREATE", "UPDATE"])), true, true, None),
            ("none", one("{{request.operation}}", "In", json!(["DELETE"])), false, false, None),
            (
                "namespace",
                one("{{ request.namespace }}", "NotIn", json!(["kube-*", "x"])),
                true,
                true,
                Some("!((request.namespace in ['x'] || request.namespace.matches('^kube\\\\-.*$')))".to_owned()),
            ),
            (
                "label",
                one("{{ request.object.metadata.labels.app || '' }}", "Equals", json!("web")),
                true,
                true,
                Some(format!("{labels} in ['web']")),
            ),
            (
                "any",
                json!({"any": [
                    {"key": "{{request.operation}}", "operator": "Equals", "value": "CREATE"},
                    {"key": "{{request.namespace}}", "operator": "Equals", "value": "a"}]}),
                true,
                true,
                Some("request.operation == 'CREATE' || request.namespace in ['a']".to_owned()),
            ),
            (
                "old list",
                json!([{"key": "{{request.operation}}", "operator": "Equals", "value": "UPDATE"}]),
                false,
                true,
                None,
            ),
        ];
        for (name, value, create, update, condition) in cases {
            let allowed = BTreeSet::new();
            let reporter = Reporter::new(Origin { file: String::new(), object: String::new() }, &allowed);
            let mut scopes = vec![Scope::everything()];
            narrow(&Node::root(&value, &reporter), &mut scopes, false);
            assert!(!reporter.is_refused(), "case `{name}`");
            let scope = scopes.pop().unwrap();
            assert_eq!((scope.create, scope.update), (create, update), "case `{name}`");
            assert_eq!(scope.conditions.into_iter().map(|(_, text)| text).next(), condition, "case `{name}`");
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let cases = [
            ("function", "{{ length(request.object.spec.containers) }}", "Equals", json!("x")),
            ("a number", "{{ request.namespace }}", "Equals", json!("1")),
            ("not a string", "{{ request.namespace }}", "Equals", json!(true)),
            ("comparison", "{{ request.namespace }}", "GreaterThan", json!("a")),
            ("a variable", "{{ request.namespace }}", "Equals", json!("{{ x }}")),
            ("another default", "{{ request.namespace || 'x' }}", "Equals", json!("a")),
            ("nested", "{{ request.object.metadata.labels.{{ x }} }}", "Equals", json!("a")),
            ("not a variable", "a", "Equals", json!("a")),
        ];
        for (name, key, operator, value) in cases {
            let allowed = BTreeSet::new();
            let reporter = Reporter::new(Origin { file: String::new(), object: String::new() }, &allowed);
            let value = json!({"all": [{"key": key, "operator": operator, "value": value}]});
            narrow(&Node::root(&value, &reporter), &mut [Scope::everything()], false);
            assert!(reporter.is_refused(), "case `{name}`");
        }
    }
}
