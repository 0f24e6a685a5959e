//! JMESPath in Kyverno's dialect: what stands between `{{` and `}}`.
//!
//! Parsed once, when settings are read; evaluated on predicates and requests that others wrote, so every evaluation has a
//! budget. The dialect differs from the specification where Kyverno's does: a key that is absent is an error, which `||`,
//! projections, comparisons and functions take for null; order is defined on numbers only. And it differs from Kyverno's
//! in one point: a path through something that is no object is the same error, where Kyverno's is null.

mod compile;
mod evaluate;
mod functions;
mod source;
mod tree;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

use super::err::{ConditionError, FunctionError};
use super::scope::Scope;
use crate::quote::quote;
use evaluate::Machine;
use tree::{Argument, Expr, Piece, Step};

/// Every function, for documentation and tests: its name, and whether it is JMESPath's own.
pub fn function_names() -> impl Iterator<Item = (&'static str, bool)> {
    functions::ALL.iter().map(|function| (function.name, function.is_standard))
}

/// Kyverno's functions that are left out, each with the reason.
pub fn left_out_functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    functions::LEFT_OUT.iter().copied()
}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// There is nothing between the braces.
    #[error("the variable is empty")]
    Empty,
    /// `{{`, a quote or a bracket is not closed.
    #[error("a variable is not closed: a quote or `}}}}` is missing")]
    Unclosed,
    /// Not JMESPath.
    #[error("{} is not an expression: {reason}", quote(.expression))]
    Syntax {
        /// The whole expression.
        expression: String,
        /// What is wrong.
        reason: String,
    },
    /// A variable inside an expression where it would be syntax.
    #[error(
        "a variable inside an expression can be a string (`'{{{{ a }}}}'`), a key (`a.{{{{ b }}}}`) or a literal: here, write its expression without the braces"
    )]
    BareVariable,
    /// `@`, an index or a projection at the top, where there is no value yet but only names.
    #[error("{} starts from everything at once: name a key first, such as `a[*]`", quote(.expression))]
    WholeScope {
        /// The whole expression.
        expression: String,
    },
    /// There is no such function.
    #[error("there is no function {}{}", quote(.name), did_you_mean(*.nearest))]
    UnknownFunction {
        /// As written.
        name: String,
        /// The one that may have been meant.
        nearest: Option<&'static str>,
    },
    /// Kyverno has it, and this policy has not.
    #[error("the function `{name}` is not supported: {why}")]
    LeftOutFunction {
        /// Its name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// More or fewer arguments than the function takes.
    #[error("the function `{name}` takes {takes} arguments, not {given}")]
    ArgumentCount {
        /// Its name.
        name: &'static str,
        /// How many it takes (at least).
        takes: usize,
        /// How many are written.
        given: usize,
    },
    /// A regular expression or range of versions that is none.
    #[error("the function `{name}`: {error}")]
    Argument {
        /// The function.
        name: &'static str,
        /// What is wrong.
        error: FunctionError,
    },
    /// Longer than an expression may be.
    #[error("the expression is longer than {limit} bytes")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
    /// Brackets, operators or variables nest deeper than they may.
    #[error("the expression has too many operators, or too many inside each other")]
    TooDeep,
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression(Expr);

impl Expression {
    /// Reads the expression that follows `{{`, up to and with its `}}`.
    pub(super) fn read(characters: &mut Peekable<Chars<'_>>) -> Result<Self, ExpressionError> {
        compile::compile(&source::read(characters)?).map(Self)
    }

    pub(super) fn evaluate<'x>(&'x self, scope: &'x Scope<'x>) -> Result<Cow<'x, Value>, ConditionError> {
        let machine = Machine::new(scope);
        // Nothing leaves the machine but a value: what it borrows lives as long as the scope and the expression.
        machine.run(&self.0)
    }

    /// The names of the scope that it uses.
    pub(super) fn add_names(&self, names: &mut BTreeSet<String>) {
        add_names(&self.0, names);
    }
}

/// The recursion is bounded by the depth to which expressions are compiled.
fn add_names(expr: &Expr, names: &mut BTreeSet<String>) {
    let add_pieces = |pieces: &[Piece], names: &mut BTreeSet<String>| {
        for piece in pieces {
            if let Piece::Variable(variable) = piece {
                add_names(variable, names);
            }
        }
    };
    match expr {
        Expr::Root(name) => {
            names.insert(name.clone());
        }
        Expr::Current | Expr::Literal(_) | Expr::Slice { .. } => {}
        Expr::Path { from, steps } => {
            add_names(from, names);
            for step in steps {
                if let Step::Variable(pieces) = step {
                    add_pieces(pieces, names);
                }
            }
        }
        Expr::Below(left, right)
        | Expr::Pipe(left, right)
        | Expr::And(left, right)
        | Expr::Or(left, right)
        | Expr::Compare(_, left, right)
        | Expr::Project { of: left, each: right } => {
            add_names(left, names);
            add_names(right, names);
        }
        Expr::Filter { of, keep, each } => {
            add_names(of, names);
            add_names(keep, names);
            add_names(each, names);
        }
        Expr::Flatten(of) | Expr::Values(of) | Expr::Not(of) | Expr::Spelled(of) => add_names(of, names),
        Expr::List(items) => items.iter().for_each(|item| add_names(item, names)),
        Expr::Object(entries) => entries.iter().for_each(|(_, value)| add_names(value, names)),
        Expr::Call(_, arguments) => arguments.iter().for_each(|argument| match argument {
            Argument::Value(expr) | Argument::Reference(expr) => add_names(expr, names),
        }),
        Expr::Text(pieces) => add_pieces(pieces, names),
    }
}
