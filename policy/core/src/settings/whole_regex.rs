//! Regular expressions that match whole strings.

use regex_lite::{Regex, RegexBuilder};

use crate::quote::quote;

/// Longest expression: as long as the longest subject pattern.
const MAX_BYTES: usize = 1024;
/// Most memory that a compiled expression may take. Identities need a few kilobytes; `(a{999}){999}` needs more.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// Why a string is not a regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegexError {
    /// It would match nothing but the empty string.
    #[error("the regular expression is empty")]
    Empty,
    /// Longer than an identity can ask for.
    #[error("the regular expression has {0} bytes and may have {MAX_BYTES}")]
    TooLong(usize),
    /// Not a regular expression, or one that takes too much memory.
    #[error("{} is not a regular expression: {reason}", quote(.expression))]
    Invalid {
        /// The expression as written.
        expression: String,
        /// What is wrong, in the words of the compiler.
        reason: String,
    },
}

/// A regular expression (RE2 syntax without Unicode classes) that must match the whole string.
///
/// Kyverno is satisfied where its expressions match anywhere inside; that reading is kept for hints only.
#[derive(Clone, Debug)]
pub struct WholeRegex(Box<Readings>);

#[derive(Clone, Debug)]
struct Readings {
    written: String,
    whole: Regex,
    anywhere: Regex,
}

impl WholeRegex {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is empty, too long, too large once compiled, or cannot be read.
    pub fn parse(text: &str) -> Result<Self, RegexError> {
        if text.is_empty() {
            return Err(RegexError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(RegexError::TooLong(text.len()));
        }
        let compile = |expression: &str| {
            let compiled = RegexBuilder::new(expression).size_limit(MAX_COMPILED_BYTES).build();
            compiled.map_err(|error| RegexError::Invalid { expression: text.to_owned(), reason: error.to_string() })
        };
        // Alone first: `a)|(b` is nothing, but would become something inside the parentheses.
        let anywhere = compile(text)?;
        let whole = compile(&format!(r"\A(?:{text})\z"))?;
        Ok(Self(Box::new(Readings { written: text.to_owned(), whole, anywhere })))
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.written
    }

    /// Whether the expression matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.whole.is_match(text)
    }

    /// Whether the expression matches somewhere inside `text`. Decides nothing: for messages about the difference.
    #[must_use]
    pub fn matches_loosely(&self, text: &str) -> bool {
        self.0.anywhere.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_loose_readings() {
        let url = "https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main";
        let cases = [
            ("exact", "abc", "abc", true, true),
            ("inside", "b", "abc", false, true),
            ("prefix", "^https://github.com/myorg/", url, false, true),
            ("prefix and the rest", "^https://github.com/myorg/.*", url, true, true),
            ("anchored", "^https://github.com/myorg/.+@refs/heads/main$", url, true, true),
            ("alternatives are bound together", "a|b", "ab", false, true),
            ("second alternative", "a|b", "b", true, true),
            ("line break behind", "abc", "abc\n", false, true),
            ("dollar before a line break", "abc$", "abc\n", false, false),
            ("flags stay inside", "(?m)abc$", "abc\nx", false, true),
            ("no match", "x", "abc", false, false),
            ("case", "ABC", "abc", false, false),
            ("without case", "(?i)ABC", "abc", true, true),
            ("dot is one character", "a.c", "aéc", true, true),
        ];
        for (name, expression, text, whole, loosely) in cases {
            let regex = WholeRegex::parse(expression).expect(name);
            assert_eq!(regex.matches(text), whole, "case `{name}`, whole");
            assert_eq!(regex.matches_loosely(text), loosely, "case `{name}`, loosely");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        assert_eq!(WholeRegex::parse("").map(|_| ()), Err(RegexError::Empty));
        assert!(WholeRegex::parse(&"a".repeat(1024)).is_ok());
        assert_eq!(WholeRegex::parse(&"a".repeat(1025)).map(|_| ()), Err(RegexError::TooLong(1025)));
        let cases = [
            ("not closed", "(a"),
            ("closed too early", "a)|(b"),
            ("nothing to repeat", "*a"),
            ("look-ahead", "(?!a)b"),
            ("back reference", r"(a)\1"),
            ("too large", "(a{999}){999}"),
            ("a comment that swallows the end", "(?x)a#"),
        ];
        for (name, expression) in cases {
            let error = WholeRegex::parse(expression).map(|_| ()).expect_err(name);
            assert!(matches!(error, RegexError::Invalid { .. }), "case `{name}`: {error}");
        }
    }
}
