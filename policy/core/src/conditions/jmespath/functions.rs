//! JMESPath's functions, and those that Kyverno adds.
//!
//! Left out is what needs a network, randomness or another parser; each stands in [`LEFT_OUT`] with its reason, so that
//! settings which use it are refused by name.

mod amounts;
mod lists;
mod objects;
mod texts;
mod times;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::super::err::{ConditionError, FunctionError};
use super::super::scope::kind_of;
use super::super::spelling;
use super::evaluate::Machine;
use super::tree::Expr;

/// What a function takes in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Any,
    Text,
    Number,
    /// A string, or a number that is spelled as one.
    TextOrNumber,
    List,
    Object,
    TextOrList,
    ListOrObject,
    /// A string, list or object.
    Sized,
    /// `&expression`
    Reference,
}

impl Parameter {
    const fn wanted(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::TextOrNumber => "a string or number",
            Self::List => "a list",
            Self::Object => "an object",
            Self::TextOrList => "a string or list",
            Self::ListOrObject => "a list or object",
            Self::Sized => "a string, list or object",
            Self::Reference => "an expression",
        }
    }

    const fn takes(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Any, _)
                | (Self::Text | Self::TextOrNumber | Self::TextOrList | Self::Sized, Value::String(_))
                | (Self::Number | Self::TextOrNumber, Value::Number(_))
                | (Self::List | Self::TextOrList | Self::ListOrObject | Self::Sized, Value::Array(_))
                | (Self::Object | Self::ListOrObject | Self::Sized, Value::Object(_))
        )
    }
}

type Run = fn(&Call<'_>) -> Result<Value, ConditionError>;
type Check = fn(&str) -> Result<(), FunctionError>;

/// A function.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Whether it is in JMESPath's specification.
    pub(super) is_standard: bool,
    pub(super) parameters: &'static [Parameter],
    /// The last parameter may be given more than once.
    pub(super) is_variadic: bool,
    /// The argument that is checked when settings are read, if it is written there.
    pub(super) written: Option<usize>,
    pub(super) check: Option<Check>,
    run: Run,
}

impl Function {
    /// What it takes in a place, from 0.
    pub(super) fn parameter(&self, index: usize) -> Option<Parameter> {
        let last = self.parameters.last().filter(|_| self.is_variadic);
        self.parameters.get(index).or(last).copied()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// An argument, evaluated or, for `&expression`, not.
pub(super) enum Given<'x> {
    Value(Cow<'x, Value>),
    Reference(&'x Expr),
}

/// A function and what it was given.
pub(super) struct Call<'x> {
    pub(super) machine: &'x Machine<'x>,
    pub(super) function: &'static Function,
    pub(super) given: Vec<Given<'x>>,
}

/// Checks the types of the arguments, and calls.
pub(super) fn call(call: &Call<'_>) -> Result<Value, ConditionError> {
    for (index, given) in call.given.iter().enumerate() {
        let (Given::Value(value), Some(parameter)) = (given, call.function.parameter(index)) else { continue };
        if !parameter.takes(value) {
            return Err(call.wrong_type(index, parameter.wanted()));
        }
    }
    (call.function.run)(call)
}

impl Call<'_> {
    pub(super) fn fail(&self, error: FunctionError) -> ConditionError {
        ConditionError::Function { function: self.function.name, error }
    }

    pub(super) fn unreadable(&self, text: &str, wanted: &'static str) -> ConditionError {
        self.fail(FunctionError::Unreadable { text: text.to_owned(), wanted })
    }

    pub(super) fn wrong_type(&self, index: usize, wanted: &'static str) -> ConditionError {
        let found = self.value(index).map_or("an expression", kind_of);
        self.fail(FunctionError::WrongType { position: index.saturating_add(1), wanted, found })
    }

    pub(super) fn value(&self, index: usize) -> Option<&Value> {
        match self.given.get(index)? {
            Given::Value(value) => Some(value),
            Given::Reference(_) => None,
        }
    }

    pub(super) fn any(&self, index: usize) -> Result<&Value, ConditionError> {
        self.value(index).ok_or_else(|| self.wrong_type(index, Parameter::Any.wanted()))
    }

    /// A string. Its length is charged, since whatever is done with it walks it at least once.
    pub(super) fn text(&self, index: usize) -> Result<&str, ConditionError> {
        match self.value(index) {
            Some(Value::String(text)) => {
                self.machine.charge(text.len().checked_div(32).unwrap_or(0))?;
                Ok(text)
            }
            _ => Err(self.wrong_type(index, Parameter::Text.wanted())),
        }
    }

    /// A string, or a number as it is spelled.
    pub(super) fn spelled(&self, index: usize) -> Result<Cow<'_, str>, ConditionError> {
        match self.value(index) {
            Some(Value::String(_)) => self.text(index).map(Cow::Borrowed),
            Some(number @ Value::Number(_)) => Ok(Cow::Owned(spelling::in_text(number))),
            _ => Err(self.wrong_type(index, Parameter::TextOrNumber.wanted())),
        }
    }

    pub(super) fn number(&self, index: usize) -> Result<f64, ConditionError> {
        self.value(index).and_then(Value::as_f64).ok_or_else(|| self.wrong_type(index, Parameter::Number.wanted()))
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self, index: usize, name: &'static str) -> Result<usize, ConditionError> {
        let number = self.number(index)?;
        if number.fract() != 0.0 || !(0.0..=4_294_967_296.0).contains(&number) {
            return Err(self.fail(FunctionError::OutOfRange(name)));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within the range")]
        let count = number as u64;
        usize::try_from(count).map_err(|_| self.fail(FunctionError::OutOfRange(name)))
    }

    /// A list. Its length is charged.
    pub(super) fn list(&self, index: usize) -> Result<&[Value], ConditionError> {
        match self.value(index) {
            Some(Value::Array(items)) => {
                self.machine.charge(items.len())?;
                Ok(items)
            }
            _ => Err(self.wrong_type(index, Parameter::List.wanted())),
        }
    }

    pub(super) fn object(&self, index: usize) -> Result<&serde_json::Map<String, Value>, ConditionError> {
        match self.value(index) {
            Some(Value::Object(entries)) => {
                self.machine.charge(entries.len())?;
                Ok(entries)
            }
            _ => Err(self.wrong_type(index, Parameter::Object.wanted())),
        }
    }

    /// A `&expression` on an element.
    pub(super) fn apply(&self, index: usize, element: &Value) -> Result<Value, ConditionError> {
        match self.given.get(index) {
            Some(Given::Reference(expr)) => match self.machine.owned(expr, element) {
                Err(error) if error.is_absence() => Ok(Value::Null),
                other => other,
            },
            _ => Err(self.wrong_type(index, Parameter::Reference.wanted())),
        }
    }

    pub(super) fn copy(&self, value: &Value) -> Result<Value, ConditionError> {
        self.machine.own(Cow::Borrowed(value))
    }

    /// Text as a result, counted as a copy.
    pub(super) fn string(&self, text: String) -> Result<Value, ConditionError> {
        self.machine.charge_copy(text.len())?;
        Ok(Value::String(text))
    }

    pub(super) fn float(&self, number: f64) -> Result<Value, ConditionError> {
        spelling::number(number).ok_or_else(|| self.fail(FunctionError::OutOfRange("the result")))
    }
}

use Parameter::{Any, List, ListOrObject, Number, Object, Reference, Sized, Text, TextOrList, TextOrNumber};

const fn standard(name: &'static str, parameters: &'static [Parameter], run: Run) -> Function {
    Function { name, is_standard: true, parameters, is_variadic: false, written: None, check: None, run }
}

const fn added(name: &'static str, parameters: &'static [Parameter], run: Run) -> Function {
    Function { name, is_standard: false, parameters, is_variadic: false, written: None, check: None, run }
}

const fn variadic(function: Function) -> Function {
    Function { is_variadic: true, ..function }
}

const fn checked(function: Function, written: usize, check: Check) -> Function {
    Function { written: Some(written), check: Some(check), ..function }
}

/// Every function, JMESPath's own first, each part in alphabetical order.
pub(super) static ALL: &[Function] = &[
    standard("abs", &[Number], amounts::abs),
    standard("avg", &[List], amounts::avg),
    standard("ceil", &[Number], amounts::ceil),
    standard("contains", &[TextOrList, Any], lists::contains),
    standard("ends_with", &[Text, Text], texts::ends_with),
    standard("floor", &[Number], amounts::floor),
    standard("join", &[Text, List], texts::join),
    standard("keys", &[Object], objects::keys),
    standard("length", &[Sized], lists::length),
    standard("map", &[Reference, List], lists::map),
    standard("max", &[List], lists::max),
    standard("max_by", &[List, Reference], lists::max_by),
    variadic(standard("merge", &[Object], objects::merge)),
    standard("min", &[List], lists::min),
    standard("min_by", &[List, Reference], lists::min_by),
    variadic(standard("not_null", &[Any], lists::not_null)),
    standard("reverse", &[TextOrList], lists::reverse),
    standard("sort", &[List], lists::sort),
    standard("sort_by", &[List, Reference], lists::sort_by),
    standard("starts_with", &[Text, Text], texts::starts_with),
    standard("sum", &[List], amounts::sum),
    standard("to_array", &[Any], lists::to_array),
    standard("to_number", &[Any], amounts::to_number),
    standard("to_string", &[Any], texts::to_string),
    standard("type", &[Any], texts::type_of),
    standard("values", &[Object], objects::values),
    added("add", &[Any, Any], amounts::add),
    added("base64_decode", &[Text], texts::base64_decode),
    added("base64_encode", &[Text], texts::base64_encode),
    added("compare", &[Text, Text], texts::compare),
    added("divide", &[Any, Any], amounts::divide),
    added("equal_fold", &[Text, Text], texts::equal_fold),
    added("image_normalize", &[Text], texts::image_normalize),
    added("items", &[ListOrObject, Text, Text], objects::items),
    added("label_match", &[Object, Object], objects::label_match),
    added("lookup", &[ListOrObject, TextOrNumber], objects::lookup),
    added("modulo", &[Any, Any], amounts::modulo),
    added("multiply", &[Any, Any], amounts::multiply),
    added("object_from_lists", &[List, List], objects::object_from_lists),
    added("parse_json", &[Text], objects::parse_json),
    added("path_canonicalize", &[Text], texts::path_canonicalize),
    added("pattern_match", &[Text, TextOrNumber], texts::pattern_match),
    checked(added("regex_match", &[Text, TextOrNumber], texts::regex_match), 0, texts::check_regex),
    checked(
        added("regex_replace_all", &[Text, TextOrNumber, TextOrNumber], texts::regex_replace_all),
        0,
        texts::check_regex,
    ),
    checked(
        added("regex_replace_all_literal", &[Text, TextOrNumber, TextOrNumber], texts::regex_replace_all_literal),
        0,
        texts::check_regex,
    ),
    added("replace", &[Text, Text, Text, Number], texts::replace),
    added("replace_all", &[Text, Text, Text], texts::replace_all),
    added("round", &[Number, Number], amounts::round),
    checked(added("semver_compare", &[Text, Text], texts::semver_compare), 1, texts::check_version_range),
    added("sha256", &[Text], texts::sha256),
    added("split", &[Text, Text], texts::split),
    added("subtract", &[Any, Any], amounts::subtract),
    added("time_add", &[Text, Text], times::add),
    added("time_after", &[Text, Text], times::after),
    added("time_before", &[Text, Text], times::before),
    added("time_between", &[Text, Text, Text], times::between),
    added("time_diff", &[Text, Text], times::diff),
    added("time_now", &[], times::now),
    added("time_now_utc", &[], times::now),
    checked(added("time_parse", &[Text, Text], times::parse), 0, times::check_layout),
    checked(added("time_since", &[Text, Text, Text], times::since), 0, times::check_layout),
    added("time_to_cron", &[Text], times::to_cron),
    added("time_truncate", &[Text, Text], times::truncate),
    added("time_utc", &[Text], times::utc),
    added("to_boolean", &[Text], texts::to_boolean),
    added("to_lower", &[Text], texts::to_lower),
    added("to_upper", &[Text], texts::to_upper),
    added("trim", &[Text, Text], texts::trim),
    added("trim_prefix", &[Text, Text], texts::trim_prefix),
    added("truncate", &[Text, Number], texts::truncate),
];

/// Kyverno's functions that are not here.
pub(super) static LEFT_OUT: &[(&str, &str)] = &[
    ("is_external_url", "it asks the DNS, and a policy decides by the evidence alone"),
    ("md5", "a hash that can be forged decides nothing"),
    ("parse_yaml", "predicates are JSON: use `parse_json`"),
    ("random", "the same request must always get the same answer"),
    ("sha1", "a hash that can be forged decides nothing"),
    ("x509_decode", "ask for the signer in `attestors`: certificates are verified there"),
];
