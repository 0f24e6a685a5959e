//! Why a condition cannot be evaluated.
//!
//! Every error refuses: in the conditions of an attestation it fails the attestation, in `validate.deny` it denies.

use crate::quote::quote;

/// Why a condition cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// There is no such key.
    #[error("{within} has no {}{}", quote(.path), named_keys(.nearest))]
    MissingKey {
        /// What was looked into, for example `the predicate`.
        within: &'static str,
        /// The path up to and with the key that is absent.
        path: String,
        /// Up to five keys that are there instead, the most similar first.
        nearest: Vec<String>,
    },
    /// The path goes on, but what it leads to has no parts of that kind.
    #[error("{} in {within} is {found}, not {wanted}", quote(.path))]
    NotTraversable {
        /// What was looked into, for example `the predicate`.
        within: &'static str,
        /// The path to what is there.
        path: String,
        /// What is there, for example `a string`.
        found: &'static str,
        /// What the path needs, for example `an object`.
        wanted: &'static str,
    },
    /// A variable inside an expression names something that is not there. Nothing takes that for null: Kyverno fills such
    /// variables in before it reads the expression.
    #[error(transparent)]
    InVariable(Box<Self>),
    /// A function cannot take what it was given.
    #[error("`{function}`: {error}")]
    Function {
        /// Its name.
        function: &'static str,
        /// What is wrong.
        error: FunctionError,
    },
    /// More text than is compared.
    #[error("the text to compare is longer than {limit} bytes")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
    /// More work than one condition is worth.
    #[error("the condition takes more than {limit} {what} on this data")]
    TooMuchWork {
        /// What is counted, for example `steps`.
        what: &'static str,
        /// What is allowed.
        limit: usize,
    },
    /// The condition asks about the request, and not all of it can be read.
    #[error("{0}")]
    Request(String),
    /// A list or string that came out of the settings' own text is not what its place needs.
    #[error("{} is not JSON, and it stands where a JSON literal is spelled", quote(.text))]
    NotJson {
        /// The text.
        text: String,
    },
}

impl ConditionError {
    /// Whether it only says that something is not there: what `||`, projections and functions read as null.
    pub(super) const fn is_absence(&self) -> bool {
        matches!(self, Self::MissingKey { .. } | Self::NotTraversable { .. })
    }
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionError {
    /// An argument has the wrong type.
    #[error("argument {position} must be {wanted}, not {found}")]
    WrongType {
        /// From 1.
        position: usize,
        /// For example `a string`.
        wanted: &'static str,
        /// For example `null`.
        found: &'static str,
    },
    /// A string does not read as what is needed.
    #[error("{} is not {wanted}", quote(.text))]
    Unreadable {
        /// The string.
        text: String,
        /// For example `a time`.
        wanted: &'static str,
    },
    /// The regular expression cannot be used.
    #[error("{} is not a regular expression that can be used: {reason}", quote(.expression))]
    Regex {
        /// The expression.
        expression: String,
        /// In the words of the compiler.
        reason: String,
    },
    /// A number is outside what the function takes or gives.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// Amounts of different kinds, for example a duration and a quantity.
    #[error("{left} and {right} do not go together")]
    Mismatch {
        /// For example `a quantity`.
        left: &'static str,
        /// For example `a duration`.
        right: &'static str,
    },
    /// The list is empty, and the function needs an element.
    #[error("the list is empty")]
    EmptyList,
    /// Elements of one list that cannot be put in order.
    #[error("the elements are neither all numbers nor all strings")]
    NotSortable,
}

fn named_keys(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = nearest.iter().map(|key| quote(key).to_string()).collect();
    format!("; nearest there: {}", keys.join(", "))
}
