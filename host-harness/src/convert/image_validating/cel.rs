//! A small part of CEL: enough to recognise what policies about images say in it.
//!
//! What is outside this part is an error, and then nothing is translated.

/// Longest expression: longer ones are programs, not checks.
const MAX_BYTES: usize = 16 * 1024;
/// Deepest nesting.
const MAX_DEPTH: usize = 32;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Name(String),
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Expression>),
    /// `a.b`
    Field(Box<Expression>, String),
    /// `f(x)`
    Call(String, Vec<Expression>),
    /// `a.f(x)`
    Method(Box<Expression>, String, Vec<Expression>),
    /// `a[0]`
    Index(Box<Expression>, Box<Expression>),
    /// `a == b`
    Binary(String, Box<Expression>, Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(i64),
    Symbol(&'static str),
}

/// A token and where it starts and ends, in bytes.
pub(super) type Placed = (Token, usize, usize);

const SYMBOLS: [&str; 21] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ",", "+", "-", "?", ":", "{", "}"];

/// Reads an expression. `None`: it is not in our part of CEL.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0 };
    let expression = parser.or(0)?;
    (parser.next == tokens.len()).then_some(expression)
}

/// The tokens of an expression. `None` where it has others than ours.
pub(super) fn tokens(text: &str) -> Option<Vec<Placed>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut tokens = Vec::new();
    let mut at = 0_usize;
    // Each round takes at least one byte.
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        if first.is_whitespace() {
            at = at.checked_add(first.len_utf8())?;
            continue;
        }
        let (token, length) = if first.is_ascii_alphabetic() || first == '_' {
            let is_in = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_in(c)).unwrap_or(rest.len());
            let word = rest.get(..length)?;
            // A raw or byte string is none of ours.
            if rest.get(length..)?.starts_with(['\'', '"']) {
                return None;
            }
            (Token::Name(word.to_owned()), length)
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            (Token::Number(rest.get(..length)?.parse().ok()?), length)
        } else if first == '\'' || first == '"' {
            string(rest, first)?
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            (Token::Symbol(symbol), symbol.len())
        };
        let end = at.checked_add(length)?;
        tokens.push((token, at, end));
        at = end;
    }
    Some(tokens)
}

/// A string with the escapes that are the same everywhere.
fn string(text: &str, quote: char) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    // `'''` starts another kind of string.
    if text.chars().take(3).filter(|c| *c == quote).count() == 3 {
        return None;
    }
    while let Some((index, character)) = characters.next() {
        match character {
            c if c == quote => return Some((Token::Text(value), index.checked_add(1)?)),
            '\n' | '\r' => return None,
            '\\' => match characters.next()?.1 {
                c @ ('\\' | '\'' | '"') => value.push(c),
                'n' => value.push('\n'),
                't' => value.push('\t'),
                _ => return None,
            },
            c => value.push(c),
        }
    }
    None
}

struct Parser<'t> {
    tokens: &'t [Placed],
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _, _)| token)
    }

    fn advance(&mut self) -> Option<Token> {
        let token = self.peek()?.clone();
        self.next = self.next.checked_add(1)?;
        Some(token)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        if is_next {
            self.next = self.next.saturating_add(1);
        }
        is_next
    }

    fn or(&mut self, depth: usize) -> Option<Expression> {
        self.chain(depth, &["||"], |parser, depth| parser.and(depth))
    }

    fn and(&mut self, depth: usize) -> Option<Expression> {
        self.chain(depth, &["&&"], |parser, depth| parser.relation(depth))
    }

    fn chain(
        &mut self,
        depth: usize,
        operators: &[&str],
        operand: impl Fn(&mut Self, usize) -> Option<Expression>,
    ) -> Option<Expression> {
        let depth = depth.checked_add(1).filter(|depth| *depth <= MAX_DEPTH)?;
        let mut left = operand(self, depth)?;
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            let right = operand(self, depth)?;
            left = Expression::Binary((*operator).to_owned(), Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn relation(&mut self, depth: usize) -> Option<Expression> {
        let left = self.sum(depth)?;
        if matches!(self.peek(), Some(Token::Name(word)) if word == "in") {
            self.advance()?;
            let right = self.sum(depth)?;
            return Some(Expression::Binary("in".to_owned(), Box::new(left), Box::new(right)));
        }
        for operator in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.takes(operator) {
                let right = self.sum(depth)?;
                return Some(Expression::Binary(operator.to_owned(), Box::new(left), Box::new(right)));
            }
        }
        Some(left)
    }

    fn sum(&mut self, depth: usize) -> Option<Expression> {
        self.chain(depth, &["+"], |parser, depth| parser.unary(depth))
    }

    fn unary(&mut self, depth: usize) -> Option<Expression> {
        let depth = depth.checked_add(1).filter(|depth| *depth <= MAX_DEPTH)?;
        if self.takes("!") {
            return Some(Expression::Not(Box::new(self.unary(depth)?)));
        }
        let mut expression = self.primary(depth)?;
        loop {
            if self.takes(".") {
                let Token::Name(name) = self.advance()? else { return None };
                expression = if self.takes("(") {
                    Expression::Method(Box::new(expression), name, self.list(")", depth)?)
                } else {
                    Expression::Field(Box::new(expression), name)
                };
            } else if self.takes("[") {
                let index = self.or(depth)?;
                if !self.takes("]") {
                    return None;
                }
                expression = Expression::Index(Box::new(expression), Box::new(index));
            } else {
                return Some(expression);
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Option<Expression> {
        Some(match self.advance()? {
            Token::Text(text) => Expression::Text(text),
            Token::Number(number) => Expression::Number(number),
            Token::Name(name) => match name.as_str() {
                "true" => Expression::Truth(true),
                "false" => Expression::Truth(false),
                "null" | "in" => return None,
                _ if self.takes("(") => Expression::Call(name, self.list(")", depth)?),
                _ => Expression::Name(name),
            },
            Token::Symbol("(") => {
                let inner = self.or(depth)?;
                if !self.takes(")") {
                    return None;
                }
                inner
            }
            Token::Symbol("[") => Expression::List(self.list("]", depth)?),
            Token::Symbol(_) => return None,
        })
    }

    /// Expressions with commas between them, up to the symbol that closes the list.
    fn list(&mut self, end: &str, depth: usize) -> Option<Vec<Expression>> {
        let mut items = Vec::new();
        if self.takes(end) {
            return Some(items);
        }
        loop {
            items.push(self.or(depth)?);
            if self.takes(end) {
                return Some(items);
            }
            if !self.takes(",") {
                return None;
            }
        }
    }
}

/// The expression with another path to the object's Pod: `object.metadata` and `object.spec` become those of the template.
/// `None` where it speaks of the object in another way.
pub(super) fn with_template(text: &str, template: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut written = String::with_capacity(text.len());
    let mut copied = 0_usize;
    for (index, (token, _, end)) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let is_field = index
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|(t, _, _)| *t == Token::Symbol("."));
        if is_field {
            continue;
        }
        match name.as_str() {
            "object" => {
                let dot = tokens.get(index.checked_add(1)?);
                let field = tokens.get(index.checked_add(2)?);
                match (dot, field) {
                    (Some((Token::Symbol("."), _, _)), Some((Token::Name(field), _, _)))
                        if field == "metadata" || field == "spec" =>
                    {
                        written.push_str(text.get(copied..*end)?);
                        written.push('.');
                        written.push_str(template);
                        copied = *end;
                    }
                    _ => return None,
                }
            }
            "oldObject" => return None,
            _ => {}
        }
    }
    written.push_str(text.get(copied..)?);
    Some(written)
}

/// Whether the expression uses nothing but what a webhook's matchConditions know.
pub(super) fn is_for_webhooks(text: &str) -> bool {
    const KNOWN: [&str; 22] = [
        "object",
        "oldObject",
        "request",
        "authorizer",
        "has",
        "size",
        "string",
        "int",
        "true",
        "false",
        "null",
        "in",
        "matches",
        "all",
        "exists",
        "filter",
        "map",
        "startsWith",
        "endsWith",
        "contains",
        "dyn",
        "type",
    ];
    let Some(tokens) = tokens(text) else { return false };
    let mut bound: Vec<&str> = Vec::new();
    for (index, (token, _, _)) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let before = index.checked_sub(1).and_then(|before| tokens.get(before)).map(|(token, _, _)| token);
        if before == Some(&Token::Symbol(".")) {
            // A macro binds its first argument: `.all(x, …)`.
            if matches!(name.as_str(), "all" | "exists" | "exists_one" | "filter" | "map")
                && let Some((Token::Name(variable), _, _)) = index.checked_add(2).and_then(|at| tokens.get(at))
            {
                bound.push(variable);
            }
            continue;
        }
        if !KNOWN.contains(&name.as_str()) && !bound.contains(&name.as_str()) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_ours_is_no_expression() {
        let cases = [
            ("name", "a", true),
            ("method", "a.b.map(i, f(i, [x.y])).all(e, e > 0)", true),
            ("strings", r#"a == 'x' && b != "y\"z""#, true),
            ("list", "a in ['x', 'y']", true),
            ("index", "a['x'][0].b", true),
            ("sum", "(a + b).all(e, e)", true),
            ("not", "!a || b", true),
            ("ternary", "a ? b : c", false),
            ("map", "{'a': 1}", false),
            ("raw string", "a.matches(r'x')", false),
            ("long string", "a == '''x'''", false),
            ("optional", "a.?b", false),
            ("unclosed", "f(a", false),
            ("open string", "'a", false),
            ("nothing", "", false),
            ("two", "a b", false),
            ("float", "1.5 > a", false),
            ("unknown escape", r"a == '\d'", false),
            ("chained comparison", "a < b < c", false),
            ("comment", "a // b", false),
        ];
        for (name, text, is_ours) in cases {
            assert_eq!(parse(text).is_some(), is_ours, "case `{name}`");
        }
        assert_eq!(parse(&"(".repeat(100_000)), None);
        assert_eq!(parse(&format!("{}a{}", "(".repeat(40), ")".repeat(40))), None);
        assert_eq!(parse(&"!".repeat(10_000)), None);
    }

    #[test]
    fn conditions_move_into_the_template() {
        let text =
            "has(object.metadata.labels) && object.metadata.labels.object == 'object.spec' && request.object == 1";
        let moved = "has(object.spec.template.metadata.labels) && object.spec.template.metadata.labels.object == 'object.spec' \
                     && request.object == 1";
        assert_eq!(with_template(text, "spec.template").as_deref(), Some(moved));
        for other in ["object.kind == 'x'", "object == 1", "oldObject.spec.x", "object['spec']"] {
            assert_eq!(with_template(other, "spec.template"), None, "{other}");
        }
    }

    #[test]
    fn conditions_for_webhooks() {
        let cases = [
            ("object.metadata.labels.prod == 'true'", true),
            ("object.spec.containers.all(c, c.image != '')", true),
            ("variables.x == 1", false),
            ("resource.Get('v1', 'pods', 'a', 'b') == 1", false),
            ("images.containers.size() > 0", false),
            ("c.image != ''", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_for_webhooks(text), expected, "{text}");
        }
    }
}
