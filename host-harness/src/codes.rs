//! The pages behind the codes: `docs/codes.md`, which the program carries with it.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};
use sigwarden_core::decision::Code;

const PAGES: &str = include_str!("../../docs/codes.md");

/// The code that somebody typed.
///
/// # Errors
/// When there is none of that name.
pub fn parse(text: &str) -> Result<Code, String> {
    Code::ALL
        .iter()
        .copied()
        .find(|code| code.as_str().eq_ignore_ascii_case(text.trim()))
        .ok_or_else(|| "there is no such code; `sigwarden explain` lists them".to_owned())
}

/// Reads a code from the command line, and knows all of them for those who type half of one.
#[derive(Clone, Copy, Debug)]
pub struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Code, clap::Error> {
        (parse as fn(&str) -> Result<Code, String>).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.as_str()).help(code.summary()))))
    }
}

/// The section of `docs/codes.md` about a code, without its heading. A test sees to it that every code has one; the
/// summary stands in for one that is missing all the same.
#[must_use]
pub fn page(code: Code) -> &'static str {
    section(code.as_str()).unwrap_or_else(|| code.summary())
}

fn section(heading: &str) -> Option<&'static str> {
    let mut sections = PAGES.split("\n## ").skip(1);
    sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let headings: Vec<&str> = PAGES.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(headings, codes);
    }

    #[test]
    fn pages_begin_with_the_summary_and_say_what_to_do() {
        for code in Code::ALL {
            let page = section(code.as_str()).unwrap_or_else(|| panic!("{code} has no page"));
            assert_eq!(page.lines().next(), Some(code.summary()), "{code}");
            for part in ["**Seen when** ", "**Do**: "] {
                assert!(page.contains(part), "{code} lacks `{part}`");
            }
        }
    }

    #[test]
    fn codes_are_found_as_people_type_them() {
        let cases = [
            ("as it is", "SW4001", Some(Code::Unsigned)),
            ("small", "sw4001", Some(Code::Unsigned)),
            ("blank", " SW4001 ", Some(Code::Unsigned)),
            ("unknown", "SW9999", None),
            ("prefix", "SW400", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(text).ok(), expected, "case `{name}`");
        }
    }
}
