//! Functions over text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex_lite::{NoExpand, Regex, RegexBuilder};
use serde_json::Value;
use wildmatch::WildMatch;

use super::super::super::err::{ConditionError, FunctionError};
use super::super::super::spelling;
use super::super::super::version::{Range, Version};
use super::super::evaluate::weight;
use super::Call;
use crate::reference::{Digest, ImageRef};

type Result<T = Value> = std::result::Result<T, ConditionError>;

/// Longest regular expression; the longest known has 150 characters.
const MAX_REGEX_BYTES: usize = 1024;
/// Most memory that a compiled one may take: matching costs as many steps for each character as it has states.
const MAX_COMPILED_BYTES: usize = 64 * 1024;
/// Most different expressions in one evaluation: settings hold few, and those that a predicate could bring are bounded.
const MAX_REGEXES: usize = 32;
/// Longest text that is matched with wildcards or expressions.
const MAX_MATCHED_BYTES: usize = 64 * 1024;

pub(super) fn starts_with(call: &Call<'_>) -> Result {
    Ok(Value::Bool(call.text(0)?.starts_with(call.text(1)?)))
}

pub(super) fn ends_with(call: &Call<'_>) -> Result {
    Ok(Value::Bool(call.text(0)?.ends_with(call.text(1)?)))
}

pub(super) fn join(call: &Call<'_>) -> Result {
    let glue = call.text(0)?;
    let parts: Option<Vec<&str>> = call.list(1)?.iter().map(Value::as_str).collect();
    let parts = parts.ok_or_else(|| call.wrong_type(1, "a list of strings"))?;
    call.machine.charge_copy(parts.len().saturating_mul(glue.len()))?;
    call.string(parts.join(glue))
}

/// A string as it is, everything else as JSON.
pub(super) fn to_string(call: &Call<'_>) -> Result {
    let value = call.any(0)?;
    call.machine.charge_copy(weight(value))?;
    Ok(Value::String(spelling::in_text(value)))
}

pub(super) fn type_of(call: &Call<'_>) -> Result {
    Ok(Value::from(match call.any(0)? {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }))
}

/// -1, 0 or 1, by bytes.
pub(super) fn compare(call: &Call<'_>) -> Result {
    Ok(Value::from(call.text(0)?.cmp(call.text(1)?) as i8))
}

/// Without regard to case.
pub(super) fn equal_fold(call: &Call<'_>) -> Result {
    let (left, right) = (call.text(0)?, call.text(1)?);
    let same = |(a, b): (char, char)| a == b || lower(a) == lower(b) || upper(a) == upper(b);
    let same_length = left.chars().count() == right.chars().count();
    Ok(Value::Bool(same_length && left.chars().zip(right.chars()).all(same)))
}

/// The first so many; all where the number is negative.
pub(super) fn replace(call: &Call<'_>) -> Result {
    let (text, old, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if call.number(3)? < 0.0 {
        return replace_all(call);
    }
    let count = call.count(3, "the count")?;
    let places = text.matches(old).take(count).count();
    call.machine.charge_copy(text.len().saturating_add(places.saturating_mul(new.len())))?;
    Ok(Value::String(text.replacen(old, new, count)))
}

pub(super) fn replace_all(call: &Call<'_>) -> Result {
    let (text, old, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    call.machine.charge_copy(text.len().saturating_add(text.matches(old).count().saturating_mul(new.len())))?;
    Ok(Value::String(text.replace(old, new)))
}

pub(super) fn to_upper(call: &Call<'_>) -> Result {
    call.string(call.text(0)?.chars().map(upper).collect())
}

pub(super) fn to_lower(call: &Call<'_>) -> Result {
    call.string(call.text(0)?.chars().map(lower).collect())
}

/// Letter by letter, as Go does: `ß` stays what it is.
fn upper(letter: char) -> char {
    let mut mapped = letter.to_uppercase();
    mapped.next().filter(|_| mapped.next().is_none()).unwrap_or(letter)
}

fn lower(letter: char) -> char {
    let mut mapped = letter.to_lowercase();
    mapped.next().filter(|_| mapped.next().is_none()).unwrap_or(letter)
}

/// Takes the characters of the second off both ends.
pub(super) fn trim(call: &Call<'_>) -> Result {
    let cut = call.text(1)?;
    call.string(call.text(0)?.trim_matches(|c| cut.contains(c)).to_owned())
}

pub(super) fn trim_prefix(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    call.string(text.strip_prefix(call.text(1)?).unwrap_or(text).to_owned())
}

/// Between every two characters where the separator is empty.
pub(super) fn split(call: &Call<'_>) -> Result {
    let (text, separator) = (call.text(0)?, call.text(1)?);
    let parts: Vec<&str> = if separator.is_empty() {
        text.split("").filter(|part| !part.is_empty()).collect()
    } else {
        text.split(separator).collect()
    };
    call.machine.charge_copy(parts.len().saturating_mul(32))?;
    Ok(parts.into_iter().map(Value::from).collect())
}

/// `*` for any characters, `?` for one, over the whole text.
pub(super) fn pattern_match(call: &Call<'_>) -> Result {
    let pattern = call.text(0)?;
    let text = call.spelled(1)?;
    check_length(&text)?;
    check_length(pattern)?;
    call.machine.charge(text.len().saturating_mul(pattern.len()).checked_div(64).unwrap_or(0))?;
    Ok(Value::Bool(WildMatch::new(pattern).matches(&text)))
}

/// Somewhere inside the text, as the author of the expression did not anchor it.
pub(super) fn regex_match(call: &Call<'_>) -> Result {
    let text = call.spelled(1)?;
    with_regex(call, &text, |regex, text| Ok(Value::Bool(regex.is_match(text))))
}

/// `$1` and `$name` in the replacement stand for groups.
pub(super) fn regex_replace_all(call: &Call<'_>) -> Result {
    let (text, new) = (call.spelled(1)?, call.spelled(2)?);
    with_regex(call, &text, |regex, text| {
        // A replacement may name a group, at most the whole match, as often as it has characters.
        let places = regex.find_iter(text).count();
        call.machine.charge_copy(places.saturating_add(text.len()).saturating_mul(new.len()))?;
        call.string(regex.replace_all(text, new.as_ref()).into_owned())
    })
}

pub(super) fn regex_replace_all_literal(call: &Call<'_>) -> Result {
    let (text, new) = (call.spelled(1)?, call.spelled(2)?);
    with_regex(call, &text, |regex, text| {
        call.machine.charge_copy(regex.find_iter(text).count().saturating_mul(new.len()))?;
        call.string(regex.replace_all(text, NoExpand(&new)).into_owned())
    })
}

/// Whether a text is a regular expression that can be used.
pub(super) fn check_regex(expression: &str) -> std::result::Result<(), FunctionError> {
    compile(expression).map(|_| ())
}

fn compile(expression: &str) -> std::result::Result<Regex, FunctionError> {
    let unusable = |reason: String| FunctionError::Regex { expression: expression.to_owned(), reason };
    if expression.len() > MAX_REGEX_BYTES {
        return Err(unusable(format!("it has more than {MAX_REGEX_BYTES} bytes")));
    }
    let mut builder = RegexBuilder::new(expression);
    builder.size_limit(MAX_COMPILED_BYTES).build().map_err(|error| unusable(error.to_string()))
}

fn with_regex(call: &Call<'_>, text: &str, then: impl FnOnce(&Regex, &str) -> Result) -> Result {
    let expression = call.text(0)?;
    check_length(text)?;
    // Case is folded for ASCII only here, and for all letters in Go: what differs is not decided.
    if expression.contains("(?") && expression.contains('i') && !text.is_ascii() && ignores_case(expression) {
        return Err(call.fail(FunctionError::Regex {
            expression: expression.to_owned(),
            reason: "it ignores case, and the text has letters outside ASCII".to_owned(),
        }));
    }
    call.machine.charge(text.len().saturating_mul(expression.len()).checked_div(64).unwrap_or(0))?;
    let mut regexes = call.machine.regexes.borrow_mut();
    if !regexes.contains_key(expression) {
        if regexes.len() >= MAX_REGEXES {
            return Err(ConditionError::TooMuchWork { what: "regular expressions", limit: MAX_REGEXES });
        }
        let regex = compile(expression).map_err(|error| call.fail(error))?;
        regexes.insert(expression.to_owned(), regex);
    }
    match regexes.get(expression) {
        Some(regex) => then(regex, text),
        None => Err(call.unreadable(expression, "a regular expression")),
    }
}

/// Whether a group of flags turns on `i`.
fn ignores_case(expression: &str) -> bool {
    expression.split("(?").skip(1).any(|behind| {
        let flags = behind.split([':', ')']).next().unwrap_or_default();
        flags.split('-').next().unwrap_or_default().contains('i') && !flags.contains('<')
    })
}

fn check_length(text: &str) -> Result<()> {
    if text.len() > MAX_MATCHED_BYTES {
        return Err(ConditionError::TooLong { limit: MAX_MATCHED_BYTES });
    }
    Ok(())
}

/// `true` and `false` in any case.
pub(super) fn to_boolean(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => Err(call.unreadable(text, "`true` or `false`")),
    }
}

pub(super) fn base64_decode(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    call.string(decoded.ok_or_else(|| call.unreadable(text, "the base64 of text"))?)
}

pub(super) fn base64_encode(call: &Call<'_>) -> Result {
    call.string(STANDARD.encode(call.text(0)?))
}

pub(super) fn sha256(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    call.machine.charge(text.len())?;
    call.string(Digest::of(text.as_bytes()).hex().to_owned())
}

/// Without `.`, `..` and doubled slashes, as far as the path itself tells.
pub(super) fn path_canonicalize(call: &Call<'_>) -> Result {
    let path = call.text(0)?;
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    call.string(match (is_absolute, joined.is_empty(), path.is_empty()) {
        (true, _, _) => format!("/{joined}"),
        (false, true, false) => ".".to_owned(),
        (false, _, _) => joined,
    })
}

/// The first so many characters.
pub(super) fn truncate(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    let count = if call.number(1)? < 0.0 { 0 } else { call.count(1, "the length")? };
    call.string(text.chars().take(count).collect())
}

/// Whether a version is in a range. What is no version is an error; Kyverno takes it for 0.0.0.
pub(super) fn semver_compare(call: &Call<'_>) -> Result {
    let (text, range) = (call.text(0)?, call.text(1)?);
    let version = Version::parse(text).ok_or_else(|| call.unreadable(text, "a version (`1.2.3`)"))?;
    let range = Range::parse(range).ok_or_else(|| call.unreadable(range, "a range of versions (`>=1.2.0 <2.0.0`)"))?;
    Ok(Value::Bool(range.contains(&version)))
}

/// Whether a text is a range of versions.
pub(super) fn check_version_range(range: &str) -> std::result::Result<(), FunctionError> {
    match Range::parse(range) {
        Some(_) => Ok(()),
        None => {
            Err(FunctionError::Unreadable { text: range.to_owned(), wanted: "a range of versions (`>=1.2.0 <2.0.0`)" })
        }
    }
}

/// Registry and tag filled in, in Kyverno's spelling: `nginx` is `docker.io/nginx:latest`.
pub(super) fn image_normalize(call: &Call<'_>) -> Result {
    let text = call.text(0)?;
    let image = ImageRef::parse(text).map_err(|_| call.unreadable(text, "an image reference"))?;
    let reference: Cow<'_, str> = match image.digest() {
        Some(digest) => format!("{}@{digest}", image.written_name()).into(),
        None => format!("{}:{}", image.written_name(), image.tag_or_latest()).into(),
    };
    call.string(reference.into_owned())
}
