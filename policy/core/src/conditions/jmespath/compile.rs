//! From the parser's tree to ours.
//!
//! The parser is the crate `jmespath`; its interpreter is not used, because Kyverno's dialect differs from it (an absent
//! key is an error, `Below` and `Pipe` are two things) and because it bounds nothing.

use jmespath::ast::{Ast, Comparator as AstComparator};
use jmespath::{ErrorReason, Rcvar, Variable};
use serde_json::{Map, Value};

use super::ExpressionError;
use super::functions::{self, Function, Parameter};
use super::source::{self, Marked, Source};
use super::tree::{Argument, Comparator, Expr, Piece, Step};
use crate::suggestion::closest;

/// Levels of the tree, for which the evaluator uses the stack: one or two kilobytes each, of 512 KiB that an instance has.
/// Variables inside an expression have half as many, since they are evaluated on top of it: 120 with all that may nest.
const MAX_DEPTH: usize = 64;

/// Compiles an expression whose names are those of the scope.
pub(super) fn compile(source: &Source) -> Result<Expr, ExpressionError> {
    compile_within(source, MAX_DEPTH)
}

/// The recursion is bounded by how deep [`source::read`] lets variables nest.
fn compile_within(source: &Source, max_depth: usize) -> Result<Expr, ExpressionError> {
    if source.text.trim().is_empty() {
        return Err(ExpressionError::Empty);
    }
    let half = max_depth.checked_div(2).unwrap_or(0);
    let inner = source.inner.iter().map(|inner| compile_within(inner, half)).collect::<Result<Vec<_>, _>>()?;
    let ast = jmespath::parse(&source.text).map_err(|error| syntax(source, &error.reason))?;
    Compiler { source, inner, max_depth }.expr(&ast, At::Root, 0)
}

fn syntax(source: &Source, reason: &ErrorReason) -> ExpressionError {
    let reason = match reason {
        // The parser goes on to print its own token, which means nothing to anybody else.
        ErrorReason::Parse(reason) => reason.split(" -- ").next().unwrap_or_default().to_owned(),
        ErrorReason::Runtime(_) => "it cannot be read".to_owned(),
    };
    let mut characters = reason.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    ExpressionError::Syntax { expression: shown(source), reason: format!("{first}{}", characters.as_str()) }
}

/// The expression as it was written, or nearly so.
fn shown(source: &Source) -> String {
    let mut shown = String::new();
    for piece in source::marked(&source.text) {
        match piece {
            Marked::Text(text) => shown.push_str(text),
            Marked::Variable(number) => {
                let inner = source.inner.get(number).map(shown_inner).unwrap_or_default();
                shown.push_str(&inner);
            }
        }
    }
    shown.trim().to_owned()
}

fn shown_inner(source: &Source) -> String {
    format!("{{{{ {} }}}}", source.text.trim())
}

/// What a name is a name of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// The scope.
    Root,
    /// Whatever was evaluated before.
    Value,
}

struct Compiler<'s> {
    source: &'s Source,
    inner: Vec<Expr>,
    max_depth: usize,
}

impl Compiler<'_> {
    fn expr(&self, ast: &Ast, at: At, depth: usize) -> Result<Expr, ExpressionError> {
        if depth > self.max_depth {
            return Err(ExpressionError::TooDeep);
        }
        let next = |ast: &Ast, at: At| self.expr(ast, at, depth.saturating_add(1));
        let boxed = |ast: &Ast, at: At| next(ast, at).map(Box::new);
        Ok(match ast {
            Ast::Identity { .. } => self.current(at)?,
            Ast::Field { name, .. } => self.field(name, at)?,
            Ast::Index { idx, .. } => Expr::Path { from: Box::new(self.current(at)?), steps: vec![Step::Index(*idx)] },
            Ast::Literal { value, .. } => self.literal(value)?,
            Ast::Subexpr { offset, lhs, rhs } => {
                let left = next(lhs, at)?;
                let right = next(rhs, At::Value)?;
                let is_pipe = self.source.text.get(*offset..).is_some_and(|text| text.starts_with('|'));
                if is_pipe { Expr::Pipe(Box::new(left), Box::new(right)) } else { below(left, right) }
            }
            Ast::Projection { lhs, rhs, .. } => {
                let of = boxed(lhs, at)?;
                match &**rhs {
                    Ast::Condition { predicate, then, .. } => {
                        Expr::Filter { of, keep: boxed(predicate, At::Value)?, each: boxed(then, At::Value)? }
                    }
                    each => Expr::Project { of, each: boxed(each, At::Value)? },
                }
            }
            Ast::Flatten { node, .. } => Expr::Flatten(boxed(node, at)?),
            Ast::ObjectValues { node, .. } => Expr::Values(boxed(node, at)?),
            Ast::Slice { step: 0, .. } => return Err(self.syntax("the step of a slice is zero")),
            Ast::Slice { start, stop, step, .. } => {
                self.current(at)?;
                Expr::Slice { start: *start, stop: *stop, step: *step }
            }
            Ast::MultiList { elements, .. } => {
                Expr::List(elements.iter().map(|element| next(element, at)).collect::<Result<_, _>>()?)
            }
            Ast::MultiHash { elements, .. } => {
                let pairs = elements.iter().map(|pair| {
                    if source::has_mark(&pair.key) {
                        return Err(ExpressionError::BareVariable);
                    }
                    Ok((pair.key.clone(), next(&pair.value, at)?))
                });
                Expr::Object(pairs.collect::<Result<_, ExpressionError>>()?)
            }
            Ast::Not { node, .. } => Expr::Not(boxed(node, at)?),
            Ast::And { lhs, rhs, .. } => Expr::And(boxed(lhs, at)?, boxed(rhs, at)?),
            Ast::Or { lhs, rhs, .. } => Expr::Or(boxed(lhs, at)?, boxed(rhs, at)?),
            Ast::Comparison { comparator: AstComparator::Equal, lhs, rhs, .. } => {
                Expr::Compare(Comparator::Equal, boxed(lhs, at)?, boxed(rhs, at)?)
            }
            Ast::Comparison { comparator, lhs, rhs, .. } => {
                Expr::Compare(read_comparator(comparator), boxed(lhs, at)?, boxed(rhs, at)?)
            }
            Ast::Function { name, args, .. } => {
                let function = find_function(name)?;
                check_count(function, args.len())?;
                let arguments = args.iter().enumerate().map(|(index, arg)| {
                    let wants_reference = function.parameter(index) == Some(Parameter::Reference);
                    match arg {
                        Ast::Expref { ast, .. } if wants_reference => Ok(Argument::Reference(next(ast, At::Value)?)),
                        Ast::Expref { .. } => Err(self.syntax(&format!("`{name}` takes no `&` there"))),
                        _ if wants_reference => {
                            Err(self.syntax(&format!("`{name}` needs `&` and an expression there")))
                        }
                        arg => Ok(Argument::Value(next(arg, at)?)),
                    }
                });
                let arguments = arguments.collect::<Result<Vec<_>, ExpressionError>>()?;
                check_written(function, &arguments)?;
                Expr::Call(function, arguments)
            }
            Ast::Expref { .. } => return Err(self.syntax("`&` stands outside a function")),
            Ast::Condition { .. } => return Err(self.syntax("a filter stands alone")),
        })
    }

    fn current(&self, at: At) -> Result<Expr, ExpressionError> {
        match at {
            At::Value => Ok(Expr::Current),
            At::Root => Err(ExpressionError::WholeScope { expression: shown(self.source) }),
        }
    }

    fn field(&self, name: &str, at: At) -> Result<Expr, ExpressionError> {
        match (source::has_mark(name), at) {
            (false, At::Root) => Ok(Expr::Root(name.to_owned())),
            (true, At::Root) => Err(ExpressionError::BareVariable),
            (false, At::Value) => {
                Ok(Expr::Path { from: Box::new(Expr::Current), steps: vec![Step::Key(name.to_owned())] })
            }
            (true, At::Value) => {
                Ok(Expr::Path { from: Box::new(Expr::Current), steps: vec![Step::Variable(self.pieces(name)?)] })
            }
        }
    }

    fn pieces(&self, text: &str) -> Result<Vec<Piece>, ExpressionError> {
        let piece = |piece: Marked<'_>| match piece {
            Marked::Text(text) => Ok(Piece::Literal(text.to_owned())),
            Marked::Variable(number) => Ok(Piece::Variable(self.variable(number)?)),
        };
        source::marked(text).into_iter().map(piece).collect()
    }

    fn variable(&self, number: usize) -> Result<Expr, ExpressionError> {
        self.inner.get(number).cloned().ok_or(ExpressionError::BareVariable)
    }

    fn literal(&self, value: &Rcvar) -> Result<Expr, ExpressionError> {
        match &**value {
            Variable::String(text) => match source::marked_literal(text) {
                Some(number) => Ok(Expr::Spelled(Box::new(self.variable(number)?))),
                None if source::has_mark(text) => Ok(Expr::Text(self.pieces(text)?)),
                None => Ok(Expr::Literal(Value::from(text.as_str()))),
            },
            other => {
                let literal = json(other);
                if source::has_mark(&literal.to_string()) {
                    return Err(ExpressionError::BareVariable);
                }
                Ok(Expr::Literal(literal))
            }
        }
    }

    fn syntax(&self, reason: &str) -> ExpressionError {
        ExpressionError::Syntax { expression: shown(self.source), reason: reason.to_owned() }
    }
}

/// `left.right`, with plain paths made one path.
fn below(left: Expr, right: Expr) -> Expr {
    match (left, right) {
        (left, Expr::Path { from, steps }) if *from == Expr::Current => match left {
            Expr::Path { from, steps: mut first } => {
                first.extend(steps);
                Expr::Path { from, steps: first }
            }
            other => Expr::Path { from: Box::new(other), steps },
        },
        (left, right) => Expr::Below(Box::new(left), Box::new(right)),
    }
}

const fn read_comparator(comparator: &AstComparator) -> Comparator {
    match comparator {
        AstComparator::Equal => Comparator::Equal,
        AstComparator::NotEqual => Comparator::NotEqual,
        AstComparator::LessThan => Comparator::Less,
        AstComparator::LessThanEqual => Comparator::LessOrEqual,
        AstComparator::GreaterThan => Comparator::Greater,
        AstComparator::GreaterThanEqual => Comparator::GreaterOrEqual,
    }
}

fn find_function(name: &str) -> Result<&'static Function, ExpressionError> {
    if let Some(function) = functions::ALL.iter().find(|function| function.name == name) {
        return Ok(function);
    }
    if let Some((_, why)) = functions::LEFT_OUT.iter().find(|(left_out, _)| *left_out == name) {
        return Err(ExpressionError::LeftOutFunction { name: name.to_owned(), why });
    }
    let nearest = closest(name, functions::ALL.iter().map(|function| function.name));
    Err(ExpressionError::UnknownFunction { name: name.to_owned(), nearest })
}

fn check_count(function: &'static Function, given: usize) -> Result<(), ExpressionError> {
    let least = function.parameters.len();
    if given < least || (given > least && !function.is_variadic) {
        return Err(ExpressionError::ArgumentCount { name: function.name, takes: least, given });
    }
    Ok(())
}

/// What the settings themselves write as a regular expression or range of versions must be one.
fn check_written(function: &'static Function, arguments: &[Argument]) -> Result<(), ExpressionError> {
    let (Some(position), Some(check)) = (function.written, function.check) else { return Ok(()) };
    let Some(Argument::Value(Expr::Literal(Value::String(text)))) = arguments.get(position) else { return Ok(()) };
    check(text).map_err(|error| ExpressionError::Argument { name: function.name, error })
}

/// A literal of the parser as JSON. The recursion is bounded by the JSON parser that made it.
fn json(value: &Variable) -> Value {
    match value {
        Variable::Null | Variable::Expref(_) => Value::Null,
        Variable::Bool(value) => Value::from(*value),
        Variable::Number(number) => Value::Number(number.clone()),
        Variable::String(text) => Value::from(text.as_str()),
        Variable::Array(items) => items.iter().map(|item| json(item)).collect(),
        Variable::Object(entries) => {
            let mut object = Map::new();
            object.extend(entries.iter().map(|(key, value)| (key.clone(), json(value))));
            object.into()
        }
    }
}
