//! Text from outside, as it may stand in a message: short, on one line, without control characters.
//!
//! Image strings, keys of settings and values of predicates are written by others, and can be long or hold escape
//! sequences. Whatever shows them goes through [`quote`] or [`plain`].

use std::fmt;

/// Characters shown before the rest is left out: an image with a tag fits, a pasted certificate does not.
const SHOWN_CHARS: usize = 160;

/// `text` in backticks.
pub const fn quote(text: &str) -> Quoted<'_> {
    Quoted(Plain(text))
}

/// `text` as part of a longer word, such as a path.
pub const fn plain(text: &str) -> Plain<'_> {
    Plain(text)
}

/// See [`quote`].
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(Plain<'a>);

/// See [`plain`].
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(SHOWN_CHARS) {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        f.write_str(if characters.next().is_some() { "…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_short_line() {
        let cases = [
            ("plain", "nginx", "`nginx`".to_owned()),
            ("empty", "", "``".to_owned()),
            ("line break and escape", "a\n\u{1b}[31m", "`a\\n\\u{1b}[31m`".to_owned()),
            ("exactly the limit", &"x".repeat(160), format!("`{}`", "x".repeat(160))),
            ("one over the limit", &"é".repeat(161), format!("`{}…`", "é".repeat(160))),
        ];
        for (name, text, expected) in cases {
            assert_eq!(quote(text).to_string(), expected, "case `{name}`");
            assert_eq!(plain(text).to_string(), expected.trim_matches('`'), "case `{name}`");
        }
    }
}
