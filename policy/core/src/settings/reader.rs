//! Walks a JSON value, knows where it stands, and collects everything that is wrong.
//!
//! Reading never stops at the first problem: a getter that finds one notes it and answers `None`, and the code that
//! reads a schema goes on with the next field. Whoever holds `None` need not say anything more.
//!
//! Settings come from the policy's author, and Kubernetes bounds their size; no other limit is needed here but the
//! number of problems that people are shown.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::not_yet::{self, Place};
use crate::decision::{Code, Finding};
use crate::entries;
use crate::quote::{plain, quote};
use crate::suggestion::closest;

/// Problems that are shown one by one.
const MAX_PROBLEMS: usize = 100;

/// Something wrong or doubtful in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, for example `verifyImages[0].attestors[0].entries[1].keyless.subject`; empty for the settings as a whole.
    pub path: String,
    /// What, in one line without the path.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// The problem as a finding.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        let finding = Finding::new(Code::SettingsInvalid, self.headline());
        match &self.help {
            Some(help) => finding.remedy(help),
            None => finding,
        }
    }

    fn headline(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{}: {}", self.path, self.message) }
    }
}

/// Path and message, and the help behind a dash.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.headline())?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// What was noted on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// What was asked for in each kind of object, if somebody wants to know.
    asked: Option<RefCell<FieldsByPlace>>,
}

/// The fields that objects of each kind may have.
pub(super) type FieldsByPlace = BTreeMap<Place, BTreeSet<&'static str>>;

impl Notes {
    /// Notes that also say which fields were asked for.
    pub(super) fn of_fields() -> Self {
        Self { asked: Some(RefCell::default()), ..Self::default() }
    }

    pub(super) fn into_fields(self) -> FieldsByPlace {
        self.asked.map(RefCell::into_inner).unwrap_or_default()
    }

    /// The warnings, if there is no problem.
    pub(super) fn into_result(self) -> Result<Vec<Problem>, Vec<Problem>> {
        let mut problems = self.problems.into_inner();
        if problems.is_empty() {
            return Ok(self.warnings.into_inner());
        }
        let hidden = problems.len().saturating_sub(MAX_PROBLEMS);
        if hidden > 0 {
            problems.truncate(MAX_PROBLEMS);
            let message = format!("there are {hidden} more problems");
            problems.push(Problem { path: String::new(), message, help: None });
        }
        Err(problems)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
    notes: &'a Notes,
}

impl<'a> Node<'a> {
    pub(super) const fn root(value: &'a Value, notes: &'a Notes) -> Self {
        Self { value, path: String::new(), notes }
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn problem(&self, message: impl Into<String>) {
        self.note(&self.notes.problems, message.into(), None);
    }

    pub(super) fn problem_with_help(&self, message: impl Into<String>, help: impl Into<String>) {
        self.note(&self.notes.problems, message.into(), Some(help.into()));
    }

    pub(super) fn warning(&self, message: impl Into<String>, help: impl Into<String>) {
        self.note(&self.notes.warnings, message.into(), Some(help.into()));
    }

    fn note(&self, to: &RefCell<Vec<Problem>>, message: String, help: Option<String>) {
        to.borrow_mut().push(Problem { path: self.path.clone(), message, help });
    }

    /// What `parse` makes of the string; its error is a problem here.
    pub(super) fn parsed<T, E: std::fmt::Display>(&self, parse: impl FnOnce(&'a str) -> Result<T, E>) -> Option<T> {
        parse(self.text()?).map_err(|error| self.problem(error.to_string())).ok()
    }

    /// The word among `choices` that the string is, by its value.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("{} is not one of {}", quote(text), in_words(&words));
            match closest(text, words) {
                Some(word) => self.problem_with_help(message, format!("did you mean `{word}`?")),
                None => self.problem(message),
            }
        }
        found
    }

    /// A string. Kyverno would fill variables in; here only conditions have them, and they are not read with this.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value {
            Value::String(text) if text.contains("{{") => {
                self.problem_with_help("variables are not filled in here", "write the value itself");
                None
            }
            Value::String(text) => Some(text),
            _ => self.wrong_type("a string"),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => self.wrong_type("true or false"),
        }
    }

    /// A number of things, from 1.
    pub(super) fn count(&self) -> Option<usize> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        if count.is_none() {
            return self.wrong_type("a whole number from 1");
        }
        count
    }

    /// What `read` makes of every element of a list, if it makes something of each. It reads on behind a bad one, so
    /// that no problem hides another.
    pub(super) fn each<T>(&self, read: impl FnMut(Self) -> Option<T>) -> Option<Vec<T>> {
        let results: Vec<Option<T>> = self.list()?.into_iter().map(read).collect();
        results.into_iter().collect()
    }

    /// The elements of a list that may not be empty: where a list should stand and is nothing, somebody left it out.
    fn list(&self) -> Option<Vec<Self>> {
        let items = match self.value {
            Value::Array(items) => items,
            Value::Null => {
                self.problem_with_help(
                    "the list was elided: there is a key, but nothing under it",
                    "write the list out, or remove the key if nothing is meant",
                );
                return None;
            }
            _ => return self.wrong_type("a list"),
        };
        if items.is_empty() {
            self.problem_with_help(
                "the list is empty: it was elided, or it asks for nothing",
                "write the list out, or remove the key if nothing is meant",
            );
            return None;
        }
        let item = |(index, value)| Self { value, path: format!("{}[{index}]", self.path), notes: self.notes };
        Some(items.iter().enumerate().map(item).collect())
    }

    /// Reads an object. Fields that `read` did not ask for are problems; `place` says which of them will be known later.
    pub(super) fn object<T>(&self, place: Place, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Option<T> {
        let Value::Object(entries) = self.value else {
            return self.wrong_type("an object");
        };
        let mut fields = Fields { node: self.clone(), entries, known: BTreeSet::new() };
        let result = read(&mut fields);
        fields.note_the_unknown(place);
        result
    }

    /// What `read` makes of every value of an object whose keys the author chooses, if it makes something of each.
    pub(super) fn each_value<T>(&self, mut read: impl FnMut(Self) -> Option<T>) -> Option<BTreeMap<String, T>> {
        let Value::Object(entries) = self.value else {
            return self.wrong_type("an object");
        };
        let results: Vec<_> =
            entries.iter().map(|(key, value)| Some((key.clone(), read(self.child(key, value))?))).collect();
        results.into_iter().collect::<Option<Vec<_>>>().map(entries::map)
    }

    /// What `read` makes of every name and value of such an object, if it makes something of each.
    pub(super) fn each_entry<T>(&self, mut read: impl FnMut(&str, Self) -> Option<T>) -> Option<Vec<T>> {
        let Value::Object(entries) = self.value else {
            return self.wrong_type("an object");
        };
        let results: Vec<_> = entries.iter().map(|(key, value)| read(key, self.child(key, value))).collect();
        results.into_iter().collect()
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let path = match (is_plain, self.path.is_empty()) {
            (true, true) => key.to_owned(),
            (true, false) => format!("{}.{key}", self.path),
            (false, _) => format!("{}[\"{}\"]", self.path, plain(key)),
        };
        Self { value, path, notes: self.notes }
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        let found = match self.value {
            Value::Null => "nothing (null)".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the string {}", quote(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.problem(format!("must be {wanted}, not {found}"));
        None
    }
}

/// The fields of an object, as they are asked for.
pub(super) struct Fields<'a> {
    node: Node<'a>,
    entries: &'a Map<String, Value>,
    known: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// The object itself.
    pub(super) const fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// The field, if it is there.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.known.insert(key);
        self.entries.get(key).map(|value| self.node.child(key, value))
    }

    /// The field; that it is absent is a problem.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Node<'a>> {
        let field = self.optional(key);
        if field.is_none() {
            self.node.problem(format!("`{key}` is missing"));
        }
        field
    }

    /// A boolean that is `default` where it is absent, and where it is wrong (which is a problem).
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.optional(key).and_then(|node| node.boolean()).unwrap_or(default)
    }

    fn note_the_unknown(&self, place: Place) {
        if let Some(asked) = &self.node.notes.asked {
            asked.borrow_mut().entry(place).or_default().extend(&self.known);
        }
        for (key, value) in self.entries.iter().filter(|(key, _)| !self.known.contains(key.as_str())) {
            if let Some(advice) = not_yet::advice(place, key) {
                let message = "is not supported yet, and nothing here is ignored in silence";
                self.node.child(key, value).problem_with_help(message, advice);
                continue;
            }
            let message = format!("unknown field {}", quote(key));
            match closest(key, self.known.iter().copied().chain(not_yet::fields(place))) {
                Some(word) => self.node.problem_with_help(message, format!("did you mean `{word}`?")),
                None => self.node.problem(message),
            }
        }
    }
}

/// `a`, `b` or `c`.
fn in_words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
