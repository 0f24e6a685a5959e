//! Kyverno's `context` of a rule: what can be known beforehand is written out where its variables stand.
//!
//! A variable is replaced only where it is a plain path into a value at hand. Whatever else names a context entry needs
//! an answer for each request, and is refused: a policy that lost it would ask less.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::reader::{Node, Object};
use super::report::{Reason, Reporter};

/// Values nested deeper than this do not come out of a YAML reader (which stops earlier); the bound is for us.
const MAX_DEPTH: usize = 256;

/// ConfigMaps at hand, by namespace and name.
#[derive(Clone, Debug, Default)]
pub struct ConfigMaps(BTreeMap<(String, String), Value>);

impl ConfigMaps {
    /// Takes the object up, if it is a ConfigMap. One without a namespace is in `default`.
    pub fn take(&mut self, document: &Value) -> bool {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        if text("/kind") != Some("ConfigMap") || text("/apiVersion") != Some("v1") {
            return false;
        }
        let name = text("/metadata/name").unwrap_or_default().to_owned();
        let namespace = text("/metadata/namespace").unwrap_or("default").to_owned();
        self.0.insert((namespace, name), document.clone());
        true
    }

    fn get(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.0.get(&(namespace.to_owned(), name.to_owned()))
    }
}

/// What is known of a rule's context.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Values by name.
    known: BTreeMap<String, Value>,
    /// Entries that have none.
    unknown: Vec<String>,
}

impl Variables {
    /// Reads `context`.
    pub(super) fn read(node: Option<Node<'_>>, config_maps: &ConfigMaps) -> Self {
        let mut variables = Self::default();
        for entry in node.iter().flat_map(Node::items) {
            let Some(entry) = entry.object() else { continue };
            let Some(name) = entry.text("name").map(str::to_owned) else { continue };
            match variables.read_entry(&entry, &name, config_maps) {
                Some(value) => {
                    variables.known.insert(name, value);
                }
                None => variables.unknown.push(name),
            }
        }
        variables
    }

    fn read_entry(&self, entry: &Object<'_>, name: &str, config_maps: &ConfigMaps) -> Option<Value> {
        if let Some(map) = entry.object("configMap") {
            let (map_name, namespace) = (map.text("name")?, map.text("namespace").unwrap_or("default"));
            let found = config_maps.get(namespace, map_name).cloned();
            if found.is_none() {
                entry.reporter.refuse(
                    &map.path,
                    "context",
                    Reason::Context,
                    format!("the values of `{name}` are in ConfigMap `{namespace}/{map_name}`, which was not supplied"),
                    "supply it: `kubectl get configmap … -o yaml`, and `--config-map FILE`",
                );
            } else {
                entry.reporter.changed(
                    &map.path,
                    &format!("ConfigMap `{namespace}/{map_name}` is read for each request"),
                    "its values are written out as they are now: convert again when it changes",
                );
            }
            return found;
        }
        if let Some(variable) = entry.object("variable") {
            if let (Some(value), None) = (variable.get("value"), variable.get("jmesPath")) {
                variable.ignore("default");
                let value = self.filled(value.value, &value.path, entry.reporter, 0);
                if !mentions_variable(&value) {
                    return Some(value);
                }
            }
            variable.ignore_all();
            entry.reporter.refuse(
                &variable.path,
                "context",
                Reason::Context,
                format!("`{name}` is computed for each request"),
                "write its value where it is used",
            );
            return None;
        }
        entry.ignore_all();
        entry.reporter.refuse(
            &entry.path,
            "context",
            Reason::Context,
            format!("`{name}` is fetched for each request (an API call, an image's data or a global entry)"),
            "write its value where it is used, or say the same in another policy",
        );
        None
    }

    /// The value with its variables filled in. What cannot be is refused once.
    pub(super) fn filled(&self, value: &Value, path: &str, reporter: &Reporter<'_>, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            reporter.refuse(path, "context", Reason::Invalid, "is nested too deep", "flatten it");
            return Value::Null;
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::String(text) => self.filled_text(text, path, reporter),
            Value::Array(items) => {
                let item =
                    |(index, item): (usize, &Value)| self.filled(item, &format!("{path}[{index}]"), reporter, deeper);
                Value::Array(items.iter().enumerate().map(item).collect())
            }
            Value::Object(fields) => {
                let field = |(key, field): (&String, &Value)| {
                    (key.clone(), self.filled(field, &format!("{path}.{key}"), reporter, deeper))
                };
                Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str, path: &str, reporter: &Reporter<'_>) -> Value {
        let text = without_helm(text);
        // The whole string is one variable: it takes the value's own type.
        if let Some(inner) = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
            && let Some(value) = self.lookup(inner)
        {
            return value.clone();
        }
        let mut filled = String::with_capacity(text.len());
        let mut rest = text.as_str();
        // Each round takes one `{{` off the text.
        while let Some((before, behind)) = rest.split_once("{{") {
            filled.push_str(before);
            let known = behind.split_once("}}").and_then(|(inner, behind)| Some((self.lookup(inner)?, behind)));
            match known {
                // Inside another variable the text would become code there.
                Some((Value::String(value), behind)) if !is_inside_variable(&filled) => {
                    filled.push_str(value);
                    rest = behind;
                }
                _ => {
                    filled.push_str("{{");
                    rest = behind;
                }
            }
        }
        filled.push_str(rest);
        let names = self.known.keys().chain(&self.unknown);
        if let Some(name) = names.into_iter().find(|name| mentions(&filled, name)) {
            // Unknown entries were refused where they are defined.
            if self.known.contains_key(name) {
                reporter.refuse(
                    path,
                    "context",
                    Reason::Context,
                    format!("uses `{name}` in a way that depends on the request or on the image"),
                    "write the value itself",
                );
            }
        }
        Value::String(filled)
    }

    /// The value at a plain path such as `keys.data.certificate` or `keys.data."tls.crt"`.
    fn lookup(&self, expression: &str) -> Option<&Value> {
        let mut steps = steps(expression.trim())?.into_iter();
        let mut value = self.known.get(&steps.next()?)?;
        for step in steps {
            value = value.get(&step)?;
        }
        Some(value)
    }
}

/// The steps of a plain path; `None` for any other expression.
fn steps(expression: &str) -> Option<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = expression;
    loop {
        let (step, behind) = if let Some(quoted) = rest.strip_prefix('"') {
            let (step, behind) = quoted.split_once('"')?;
            if step.contains('\\') {
                return None;
            }
            (step, behind)
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            rest.split_at_checked(end)?
        };
        if step.is_empty() {
            return None;
        }
        steps.push(step.to_owned());
        if behind.is_empty() {
            return Some(steps);
        }
        rest = behind.strip_prefix('.')?;
    }
}

/// Whether a variable is open at the end of this text.
fn is_inside_variable(text: &str) -> bool {
    text.matches("{{").count() > text.matches("}}").count()
}

/// Whether a text uses the context entry: its name stands in a variable, as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some((_, inside)) = text.split_once("{{") else { return false };
    let mut before: Option<char> = None;
    let mut rest = inside;
    while let Some(found) = rest.find(name) {
        let (ahead, from) = rest.split_at_checked(found).unwrap_or((rest, ""));
        let left = ahead.chars().next_back().or(before);
        let behind = from.strip_prefix(name).unwrap_or_default();
        let is_start = left.is_none_or(|c| !is_word(c) && c != '.');
        if is_start && behind.chars().next().is_none_or(|c| !is_word(c)) {
            return true;
        }
        before = name.chars().next_back();
        rest = behind;
    }
    false
}

fn mentions_variable(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(mentions_variable),
        Value::Object(fields) => fields.values().any(mentions_variable),
        _ => false,
    }
}

/// ``{{`{{ x }}`}}`` is how a Helm chart writes `{{ x }}`.
fn without_helm(text: &str) -> String {
    // Elsewhere a backquote begins a literal of JMESPath.
    if text.trim_start().starts_with("{{`") { text.replace("{{`", "").replace("`}}", "") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::convert::report::Origin;

    #[test]
    fn variables_are_filled_in() {
        let variables = Variables {
            known: BTreeMap::from([(
                "keys".to_owned(),
                json!({"data": {"a": "A", "tls.crt": "C", "list": ["x"], "n": 5, "evil": "'}} {{ request.x }}"}}),
            )]),
            unknown: vec!["api".to_owned()],
        };
        // Text, what becomes of it, whether it is refused.
        let cases = [
            ("no variable", json!("plain"), json!("plain"), false),
            ("whole", json!("{{ keys.data.a }}"), json!("A"), false),
            ("without blanks", json!("{{keys.data.a}}"), json!("A"), false),
            ("quoted step", json!("{{ keys.data.\"tls.crt\" }}"), json!("C"), false),
            ("its own type", json!("{{ keys.data.list }}"), json!(["x"]), false),
            ("inside text", json!("x-{{ keys.data.a }}-{{ keys.data.a }}"), json!("x-A-A"), false),
            ("a number inside text", json!("x{{ keys.data.n }}"), json!("x{{ keys.data.n }}"), true),
            ("absent", json!("{{ keys.data.b }}"), json!("{{ keys.data.b }}"), true),
            ("expression", json!("{{ keys.data.a || 'x' }}"), json!("{{ keys.data.a || 'x' }}"), true),
            (
                "nested",
                json!("{{ keys.data.{{request.namespace}} }}"),
                json!("{{ keys.data.{{request.namespace}} }}"),
                true,
            ),
            ("as an argument", json!("{{ f('{{ keys.data.a }}') }}"), json!("{{ f('{{ keys.data.a }}') }}"), true),
            ("the predicate's own", json!("{{ builder.keys.id }}"), json!("{{ builder.keys.id }}"), false),
            ("longer name", json!("{{ monkeys.id }}"), json!("{{ monkeys.id }}"), false),
            ("outside of variables", json!("keys"), json!("keys"), false),
            ("refused before", json!("{{ api.x }}"), json!("{{ api.x }}"), false),
            ("Helm", json!("{{`{{ keys.data.a }}`}}"), json!("A"), false),
            ("not Helm", json!("x {{`a`}}"), json!("x {{`a`}}"), false),
            ("data is not filled again", json!("{{ keys.data.evil }}"), json!("'}} {{ request.x }}"), false),
            ("deep", json!({"a": [{"b": "{{ keys.data.a }}"}]}), json!({"a": [{"b": "A"}]}), false),
        ];
        for (name, text, expected, is_refused) in cases {
            let allowed = BTreeSet::new();
            let reporter = Reporter::new(Origin { file: String::new(), object: String::new() }, &allowed);
            assert_eq!(variables.filled(&text, "p", &reporter, 0), expected, "case `{name}`");
            assert_eq!(reporter.is_refused(), is_refused, "case `{name}`");
        }
    }
}
