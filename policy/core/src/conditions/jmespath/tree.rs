//! A JMESPath expression, ready to be evaluated.
//!
//! What an expression starts from is known when it is read: a name at its top is a name of the scope ([`Expr::Root`]), a
//! name behind a `.`, a `|` or in a projection is a key of what is there. So the scope need never be put together as one
//! JSON object, and no key of a predicate can stand in for a name of the scope.

use serde_json::Value;

use super::functions::Function;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// What is there: `@`, or nothing written.
    Current,
    /// A name of the scope: a key of the predicate, `request`, `image` …
    Root(String),
    Literal(Value),
    /// `from.a.b[0]`
    Path {
        from: Box<Self>,
        steps: Vec<Step>,
    },
    /// `left.[…]`, `left.{…}`: null where left is null.
    Below(Box<Self>, Box<Self>),
    /// `left | right`
    Pipe(Box<Self>, Box<Self>),
    /// `of[*].each`, and every projection that is one over another list.
    Project {
        of: Box<Self>,
        each: Box<Self>,
    },
    /// `of[?keep].each`
    Filter {
        of: Box<Self>,
        keep: Box<Self>,
        each: Box<Self>,
    },
    /// `of[]` before its projection: one level of lists in a list undone.
    Flatten(Box<Self>),
    /// `of.*` before its projection: the values of an object.
    Values(Box<Self>),
    /// `[start:stop:step]` of what is there; the step is not zero.
    Slice {
        start: Option<i32>,
        stop: Option<i32>,
        step: i32,
    },
    /// `[a, b]`
    List(Vec<Self>),
    /// `{a: b}`
    Object(Vec<(String, Self)>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Compare(Comparator, Box<Self>, Box<Self>),
    Call(&'static Function, Vec<Argument>),
    /// A raw string with variables in it: `'pre-{{ b.id }}'`.
    Text(Vec<Piece>),
    /// A literal that is a variable: `` `{{ a }}` ``.
    Spelled(Box<Self>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Key(String),
    Index(i32),
    /// `a.{{ b }}`: the key is what the variable says, whatever characters it holds.
    Variable(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    /// Evaluated from the top of the scope, wherever it stands.
    Variable(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Value(Expr),
    /// `&expression`
    Reference(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
