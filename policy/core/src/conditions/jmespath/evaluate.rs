//! Evaluates expressions, within a budget.
//!
//! Values are borrowed from the scope as long as they can be: a path into a bill of materials of some megabytes copies
//! what it leads to, and nothing else. Copies and steps are counted, because both can be made many with few words:
//! `[@, @] | [@, @] | …` doubles with every bar.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::super::compare::deep_equal;
use super::super::err::ConditionError;
use super::super::scope::{NAMED_KEYS, Scope, kind_of};
use super::super::spelling;
use super::functions::{self, Call, Given};
use super::tree::{Argument, Comparator, Expr, Piece, Step};
use crate::entries;
use crate::json;
use crate::suggestion::closest_first;

/// Nodes of expressions that one condition's side may evaluate: a filter with ten conditions over a bill of materials of
/// 20,000 components takes about a million.
const MAX_STEPS: usize = 4_000_000;
/// Bytes that it may copy: twice what the largest evidence has.
const MAX_COPIED: usize = 64 << 20;

static NULL: Value = Value::Null;

type Found<'x> = Result<Cow<'x, Value>, ConditionError>;

pub(super) struct Machine<'x> {
    scope: &'x Scope<'x>,
    steps: Cell<usize>,
    copied: Cell<usize>,
    pub(super) regexes: RefCell<BTreeMap<String, Regex>>,
}

impl<'s> Machine<'s> {
    pub(super) fn new(scope: &'s Scope<'s>) -> Self {
        Self { scope, steps: Cell::new(0), copied: Cell::new(0), regexes: RefCell::default() }
    }

    /// Evaluates an expression from the top of the scope.
    pub(super) fn run<'x>(&self, expr: &'x Expr) -> Found<'x>
    where
        's: 'x,
    {
        match expr {
            // What a plain path leads to needs no copy.
            Expr::Root(name) => self.scope.name(name).map(Cow::Borrowed),
            Expr::Path { from, steps } => match &**from {
                Expr::Root(name) => {
                    let place = self.scope.place_of(name);
                    self.walk(self.scope.name(name)?, steps, place, name).map(Cow::Borrowed)
                }
                _ => self.owned(expr, &NULL).map(Cow::Owned),
            },
            Expr::Literal(value) => Ok(Cow::Borrowed(value)),
            _ => self.owned(expr, &NULL).map(Cow::Owned),
        }
    }

    /// Counts work. Functions whose cost depends on their arguments charge it themselves.
    pub(super) fn charge(&self, steps: usize) -> Result<(), ConditionError> {
        let total = self.steps.get().saturating_add(steps);
        self.steps.set(total);
        if total > MAX_STEPS {
            return Err(ConditionError::TooMuchWork { what: "steps", limit: MAX_STEPS });
        }
        Ok(())
    }

    pub(super) fn charge_copy(&self, bytes: usize) -> Result<(), ConditionError> {
        let total = self.copied.get().saturating_add(bytes);
        self.copied.set(total);
        if total > MAX_COPIED {
            return Err(ConditionError::TooMuchWork { what: "bytes of copies", limit: MAX_COPIED });
        }
        Ok(())
    }

    pub(super) fn now(&self) -> i64 {
        self.scope.now()
    }

    pub(super) fn own(&self, value: Cow<'_, Value>) -> Result<Value, ConditionError> {
        match value {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => {
                self.charge_copy(weight(value))?;
                Ok(value.clone())
            }
        }
    }

    /// Evaluates to a value of its own; see [`Self::eval`].
    pub(super) fn owned(&self, expr: &Expr, current: &Value) -> Result<Value, ConditionError> {
        self.own(self.eval(expr, current)?)
    }

    /// Evaluates; what is absent is null.
    pub(super) fn lenient<'x>(&'x self, expr: &'x Expr, current: &'x Value) -> Found<'x> {
        or_null(self.eval(expr, current))
    }

    /// Evaluates on what is there. The recursion is bounded by the depth to which expressions are compiled.
    fn eval<'x>(&'x self, expr: &'x Expr, current: &'x Value) -> Found<'x> {
        self.charge(1)?;
        match expr {
            Expr::Current => Ok(Cow::Borrowed(current)),
            Expr::Root(name) => self.scope.name(name).map(Cow::Borrowed),
            Expr::Literal(value) => Ok(Cow::Borrowed(value)),
            Expr::Path { from, steps } => {
                let (place, name) = match &**from {
                    Expr::Root(name) => (self.scope.place_of(name), name.as_str()),
                    _ => ("what was found", ""),
                };
                match self.eval(from, current)? {
                    Cow::Borrowed(value) => self.walk(value, steps, place, name).map(Cow::Borrowed),
                    Cow::Owned(value) => {
                        self.own(Cow::Borrowed(self.walk(&value, steps, place, name)?)).map(Cow::Owned)
                    }
                }
            }
            Expr::Below(left, right) => match self.eval(left, current)? {
                Cow::Borrowed(Value::Null) | Cow::Owned(Value::Null) => Ok(null()),
                Cow::Borrowed(value) => self.eval(right, value),
                Cow::Owned(value) => self.owned(right, &value).map(Cow::Owned),
            },
            Expr::Pipe(left, right) => match self.eval(left, current)? {
                Cow::Borrowed(value) => self.eval(right, value),
                Cow::Owned(value) => self.owned(right, &value).map(Cow::Owned),
            },
            Expr::Project { of, each } => self.select(of, None, each, current),
            Expr::Filter { of, keep, each } => self.select(of, Some(keep), each, current),
            Expr::Flatten(of) => self.flatten(of, current),
            Expr::Values(of) => match self.lenient(of, current)? {
                Cow::Borrowed(Value::Object(entries)) => {
                    let values = entries.values().map(|value| self.own(Cow::Borrowed(value)));
                    Ok(Cow::Owned(Value::Array(values.collect::<Result<_, _>>()?)))
                }
                Cow::Owned(Value::Object(entries)) => {
                    Ok(Cow::Owned(Value::Array(entries.into_iter().map(|(_, value)| value).collect())))
                }
                _ => Ok(null()),
            },
            Expr::Slice { start, stop, step } => match current {
                Value::Array(items) => {
                    let chosen = slice(items.len(), *start, *stop, *step);
                    self.charge(chosen.len())?;
                    let items = chosen.into_iter().filter_map(|index| items.get(index));
                    let items = items.map(|item| self.own(Cow::Borrowed(item))).collect::<Result<_, _>>()?;
                    Ok(Cow::Owned(Value::Array(items)))
                }
                _ => Ok(null()),
            },
            Expr::List(items) => {
                let items = items.iter().map(|item| self.own(self.lenient(item, current)?));
                Ok(Cow::Owned(Value::Array(items.collect::<Result<_, _>>()?)))
            }
            Expr::Object(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| Ok((key.clone(), self.own(self.lenient(value, current)?)?)));
                entries::object(entries).map(Cow::Owned)
            }
            Expr::Not(of) => Ok(Cow::Owned(Value::Bool(!is_true(&*self.lenient(of, current)?)))),
            Expr::And(left, right) => {
                let left = self.lenient(left, current)?;
                if is_true(&left) { self.eval(right, current) } else { Ok(left) }
            }
            Expr::Or(left, right) => {
                let left = self.lenient(left, current)?;
                if is_true(&left) { Ok(left) } else { self.lenient(right, current) }
            }
            Expr::Compare(comparator, left, right) => {
                let (left, right) = (self.lenient(left, current)?, self.lenient(right, current)?);
                if matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
                    self.charge(weight(&left).min(weight(&right)).checked_div(32).unwrap_or(0))?;
                }
                Ok(Cow::Owned(compared(*comparator, &left, &right)))
            }
            Expr::Call(function, arguments) => {
                let given = arguments.iter().map(|argument| {
                    Ok(match argument {
                        Argument::Value(expr) => Given::Value(self.lenient(expr, current)?),
                        Argument::Reference(expr) => Given::Reference(expr),
                    })
                });
                let given = given.collect::<Result<Vec<_>, ConditionError>>()?;
                functions::call(&Call { machine: self, function, given }).map(Cow::Owned)
            }
            Expr::Text(pieces) => self.text(pieces).map(|text| Cow::Owned(Value::String(text))),
            Expr::Spelled(of) => match self.variable(of)? {
                // Kyverno puts the text itself between the backticks.
                Cow::Borrowed(Value::String(text)) => spelled(text).map(Cow::Owned),
                Cow::Owned(Value::String(text)) => spelled(&text).map(Cow::Owned),
                other => Ok(other),
            },
        }
    }

    /// The elements of a list for which `keep` holds, each through `each`; those that become null are left out.
    fn select<'x>(&'x self, of: &'x Expr, keep: Option<&'x Expr>, each: &'x Expr, current: &'x Value) -> Found<'x> {
        let list = self.lenient(of, current)?;
        let Value::Array(items) = &*list else { return Ok(null()) };
        let mut selected = Vec::new();
        for item in items {
            if let Some(keep) = keep
                && !is_true(&*self.lenient(keep, item)?)
            {
                continue;
            }
            let found = self.own(self.lenient(each, item)?)?;
            if !found.is_null() {
                selected.push(found);
            }
        }
        Ok(Cow::Owned(Value::Array(selected)))
    }

    fn flatten<'x>(&'x self, of: &'x Expr, current: &'x Value) -> Found<'x> {
        let list = self.lenient(of, current)?;
        let Value::Array(items) = &*list else { return Ok(null()) };
        self.charge(items.len())?;
        let mut flat = Vec::new();
        for item in items {
            match item {
                Value::Array(inner) => {
                    for item in inner {
                        flat.push(self.own(Cow::Borrowed(item))?);
                    }
                }
                other => flat.push(self.own(Cow::Borrowed(other))?),
            }
        }
        Ok(Cow::Owned(Value::Array(flat)))
    }

    /// Follows a path. `place` and `start` say in errors where it began.
    fn walk<'v>(
        &self,
        start: &'v Value,
        steps: &[Step],
        place: &'static str,
        name: &str,
    ) -> Result<&'v Value, ConditionError> {
        let mut at = start;
        let mut walked = name.to_owned();
        for step in steps {
            self.charge(1)?;
            let filled;
            let key = match step {
                Step::Key(key) => key,
                Step::Variable(pieces) => {
                    filled = self.text(pieces)?;
                    &filled
                }
                Step::Index(index) => {
                    let Value::Array(items) = at else {
                        return Err(not_traversable(place, walked, at, "a list"));
                    };
                    at = element(items, *index).unwrap_or(&NULL);
                    walked.push_str(&format!("[{index}]"));
                    continue;
                }
            };
            let Value::Object(object) = at else {
                return Err(not_traversable(place, walked, at, "an object"));
            };
            push_key(&mut walked, key);
            at = object.get(key).ok_or_else(|| {
                let nearest = closest_first(key, object.keys().map(String::as_str));
                ConditionError::MissingKey {
                    within: place,
                    path: walked.clone(),
                    nearest: nearest.into_iter().take(NAMED_KEYS).map(str::to_owned).collect(),
                }
            })?;
        }
        Ok(at)
    }

    /// A variable inside an expression, from the top of the scope.
    fn variable<'x>(&'x self, expr: &'x Expr) -> Found<'x> {
        self.run(expr)
            .map_err(|error| if error.is_absence() { ConditionError::InVariable(Box::new(error)) } else { error })
    }

    /// Text with variables, which are filled in from the top of the scope.
    fn text(&self, pieces: &[Piece]) -> Result<String, ConditionError> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Variable(variable) => {
                    self.charge(1)?;
                    let value = self.variable(variable)?;
                    self.charge_copy(weight(&value))?;
                    text.push_str(&spelling::in_text(&value));
                }
            }
        }
        Ok(text)
    }
}

fn null<'x>() -> Cow<'x, Value> {
    Cow::Owned(Value::Null)
}

fn or_null(found: Found<'_>) -> Found<'_> {
    match found {
        Err(error) if error.is_absence() => Ok(null()),
        other => other,
    }
}

fn spelled(text: &str) -> Result<Value, ConditionError> {
    json::read(text.as_bytes()).map_err(|_| ConditionError::NotJson { text: text.to_owned() })
}

/// What counts as true: everything but null, false and what is empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Number(_) => true,
    }
}

/// Numbers have an order, and nothing else has.
fn compared(comparator: Comparator, left: &Value, right: &Value) -> Value {
    let ordered = |holds: fn(&f64, &f64) -> bool| match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => Value::Bool(holds(&left, &right)),
            _ => Value::Null,
        },
        _ => Value::Null,
    };
    match comparator {
        Comparator::Equal => Value::Bool(deep_equal(left, right)),
        Comparator::NotEqual => Value::Bool(!deep_equal(left, right)),
        Comparator::Less => ordered(f64::lt),
        Comparator::LessOrEqual => ordered(f64::le),
        Comparator::Greater => ordered(f64::gt),
        Comparator::GreaterOrEqual => ordered(f64::ge),
    }
}

fn element(items: &[Value], index: i32) -> Option<&Value> {
    items.get(position(items.len(), index)?)
}

/// The place in a list; negative indices count from its end.
fn position(length: usize, index: i32) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The indices of a slice, as Python counts them. At most one for each element of the list.
fn slice(length: usize, start: Option<i32>, stop: Option<i32>, step: i32) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let step = i64::from(step);
    let bound = |given: Option<i32>, otherwise: i64| {
        let Some(given) = given else { return otherwise };
        let given = i64::from(given);
        let absolute = if given < 0 { given.saturating_add(length) } else { given };
        let (lowest, highest) = if step < 0 { (-1, length.saturating_sub(1)) } else { (0, length) };
        absolute.clamp(lowest, highest.max(lowest))
    };
    let (from, to) = if step < 0 {
        (bound(start, length.saturating_sub(1)), bound(stop, -1))
    } else {
        (bound(start, 0), bound(stop, length))
    };
    let mut chosen = Vec::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        if let Ok(index) = usize::try_from(at) {
            chosen.push(index);
        }
        at = at.saturating_add(step);
    }
    chosen
}

/// Roughly the bytes of memory that a value takes. The recursion is bounded by the JSON parser, at 128 levels, and by the
/// depth of expressions, which may put lists around it.
pub(super) fn weight(value: &Value) -> usize {
    const NODE: usize = 32;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
        Value::String(text) => NODE.saturating_add(text.len()),
        Value::Array(items) => items.iter().map(weight).fold(NODE, usize::saturating_add),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| weight(value).saturating_add(key.len()).saturating_add(NODE))
            .fold(NODE, usize::saturating_add),
    }
}

fn not_traversable(within: &'static str, path: String, found: &Value, wanted: &'static str) -> ConditionError {
    let path = if path.is_empty() { "this".to_owned() } else { path };
    ConditionError::NotTraversable { within, path, found: kind_of(found), wanted }
}

fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let is_plain =
        key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.starts_with(|c: char| c.is_ascii_digit());
    if is_plain && !key.is_empty() {
        path.push_str(key);
    } else {
        path.push_str(&Value::from(key).to_string());
    }
}
