//! Reads an object so that nothing in it can be overlooked.
//!
//! Every field that is asked for is taken. When an [`Object`] goes out of scope, each field that nobody took is refused:
//! whoever forgets a field has not dropped it in silence.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::report::{Reason, Reporter};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    pub(super) reporter: &'a Reporter<'a>,
}

/// An object whose fields are being taken.
#[derive(Debug)]
pub(super) struct Object<'a> {
    map: &'a Map<String, Value>,
    pub(super) path: String,
    pub(super) reporter: &'a Reporter<'a>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Node<'a> {
    pub(super) const fn root(value: &'a Value, reporter: &'a Reporter<'a>) -> Self {
        Self { value, path: String::new(), reporter }
    }

    /// The fields of an object; anything else is refused.
    pub(super) fn object(&self) -> Option<Object<'a>> {
        match self.value {
            Value::Object(map) => Some(Object {
                map,
                path: self.path.clone(),
                reporter: self.reporter,
                taken: RefCell::new(BTreeSet::new()),
            }),
            _ => self.wrong("an object"),
        }
    }

    /// The elements of a list; anything else is refused.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Self { value, path: format!("{}[{index}]", self.path), reporter: self.reporter })
                .collect(),
            Value::Null => Vec::new(),
            _ => self.wrong("a list").unwrap_or_default(),
        }
    }

    /// The string; anything else is refused.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.wrong("a string"),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.wrong("true or false"),
        }
    }

    /// The strings of a list.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// The strings of an object whose keys the author chooses.
    pub(super) fn text_map(&self) -> Vec<(String, String)> {
        let Value::Object(map) = self.value else { return self.wrong("an object").unwrap_or_default() };
        let entry = |(key, value): (&String, &'a Value)| {
            let node = Node { value, path: format!("{}.{key}", self.path), reporter: self.reporter };
            Some((key.clone(), node.text()?.to_owned()))
        };
        map.iter().filter_map(entry).collect()
    }

    pub(super) fn refuse(&self, field: &str, reason: Reason, message: impl Into<String>, help: &str) {
        self.reporter.refuse(&self.path, field, reason, message, help);
    }

    fn wrong<T>(&self, wanted: &str) -> Option<T> {
        let field = field_of(&self.path);
        self.refuse(&field, Reason::Invalid, format!("must be {wanted}"), "correct it; the API server refuses it too");
        None
    }
}

impl<'a> Object<'a> {
    /// A policy and its `spec`, without which it is refused. `metadata` is still to be taken.
    pub(super) fn policy(document: &'a Value, reporter: &'a Reporter<'a>) -> Option<(Self, Self)> {
        let policy = Node::root(document, reporter).object()?;
        for key in ["apiVersion", "kind", "status"] {
            policy.ignore(key);
        }
        let Some(spec) = policy.object("spec") else {
            policy.ignore("metadata");
            let (message, help) = ("is missing: this is no whole policy", "take the policy itself");
            reporter.refuse("spec", "spec", Reason::Invalid, message, help);
            return None;
        };
        Some((policy, spec))
    }

    /// The field, if it is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        self.written(key).filter(|node| !node.value.is_null())
    }

    /// The field, if it is written, even as nothing.
    pub(super) fn written(&self, key: &str) -> Option<Node<'a>> {
        self.taken.borrow_mut().insert(key.to_owned());
        self.map.get(key).map(|value| Node { value, path: self.at(key), reporter: self.reporter })
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.text()
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(|node| node.flag()).unwrap_or(default)
    }

    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object()
    }

    pub(super) fn items(&self, key: &str) -> Vec<Node<'a>> {
        self.get(key).map(|node| node.items()).unwrap_or_default()
    }

    /// Takes a field that has its place elsewhere, and says where.
    pub(super) fn elsewhere(&self, key: &str, message: &str) {
        if self.get(key).is_some() {
            self.reporter.elsewhere(&self.at(key), message);
        }
    }

    /// Takes a field that says nothing about who may run.
    pub(super) fn ignore(&self, key: &str) {
        self.taken.borrow_mut().insert(key.to_owned());
    }

    pub(super) fn ignore_all(&self) {
        self.taken.borrow_mut().extend(self.map.keys().cloned());
    }

    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        let taken = self.taken.borrow();
        for (key, value) in self.map.iter().filter(|(key, _)| !taken.contains(*key)) {
            if value.is_null() {
                continue;
            }
            self.reporter.refuse(
                &self.at(key),
                &field_of(&self.at(key)),
                Reason::Unknown,
                "is not a known field, so it is not known what would be lost without it",
                "remove it if it is misspelt (the API server drops such fields without a word)",
            );
        }
    }
}

/// The name of a field in `--allow-loss`: its path below the last list, `keys.kms` for instance.
pub(super) fn field_of(path: &str) -> String {
    let last = path.rsplit(']').next().unwrap_or(path).trim_start_matches('.');
    let last = if last.is_empty() { path.rsplit('.').next().unwrap_or(path) } else { last };
    last.trim_start_matches("spec.").split('[').next().unwrap_or(last).to_owned()
}
