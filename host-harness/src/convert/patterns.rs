//! Patterns of other products, in ours.
//!
//! Ours are Kyverno's: `*` is any run of characters, `/` and `:` included, `?` is exactly one, nothing escapes them;
//! regular expressions match the whole text.

/// A regular expression that matches the whole of a text wherever the given one matches a part of it.
///
/// What is anchored stays as it is; what is not gets the `.*` that was only meant before.
pub(super) fn whole_regex(partial: &str) -> String {
    let is_flagged = partial.starts_with("(?");
    if has_top_level_bar(partial) || is_flagged {
        return format!(".*(?:{partial}).*");
    }
    let (body, start) = match partial.strip_prefix('^') {
        Some(body) => (body, ""),
        None if partial.starts_with(".*") => (partial, ""),
        None => (partial, ".*"),
    };
    let (body, end) = match body.strip_suffix('$') {
        Some(rest) if !ends_with_escape(rest) => (rest, ""),
        _ if body.ends_with(".*") && !ends_with_escape(body.trim_end_matches('*').trim_end_matches('.')) => (body, ""),
        _ => (body, ".*"),
    };
    format!("{start}{body}{end}")
}

/// Whether the character behind this text is escaped by it.
fn ends_with_escape(text: &str) -> bool {
    text.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1
}

/// Whether there is a `|` outside groups and classes, which anchors beside it would not bind.
fn has_top_level_bar(regex: &str) -> bool {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    for character in regex.chars() {
        if escaped {
            escaped = false;
            continue;
        }
        match character {
            '\\' => escaped = true,
            '[' if !in_class => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth = depth.saturating_add(1),
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// A regular expression for exactly this text.
pub(super) fn escaped(text: &str) -> String {
    let mut regex = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '-' | '&' | '~'
        ) {
            regex.push('\\');
        }
        regex.push(character);
    }
    regex
}

/// A regular expression, anchored, for what Kyverno's wildcards mean.
pub(super) fn wildcard_regex(pattern: &str) -> String {
    let mut regex = String::from("^");
    for character in pattern.chars() {
        match character {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            other => regex.push_str(&escaped(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    regex
}

/// Whether a text has Kyverno's wildcards in it.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a text matches a pattern of Kyverno's. Both come from the policy.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    // A pattern that cannot be read matches nothing.
    sigwarden_core::reference::TextPattern::parse(pattern).is_ok_and(|pattern| pattern.matches(text))
}

/// A string literal of CEL.
pub(super) fn cel_string(text: &str) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => {
                literal.push('\\');
                literal.push(character);
            }
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// A CEL condition that holds where the value matches one of the patterns.
pub(super) fn cel_matches_any(value: &str, patterns: &[String]) -> String {
    let (wild, exact): (Vec<&String>, Vec<&String>) = patterns.iter().partition(|pattern| has_wildcard(pattern));
    let mut parts = Vec::new();
    if !exact.is_empty() {
        let list: Vec<String> = exact.iter().map(|text| cel_string(text)).collect();
        parts.push(format!("{value} in [{}]", list.join(", ")));
    }
    for pattern in wild {
        parts.push(format!("{value}.matches({})", cel_string(&wildcard_regex(pattern))));
    }
    match parts.len() {
        0 => "false".to_owned(),
        1 => parts.concat(),
        _ => format!("({})", parts.join(" || ")),
    }
}

#[cfg(test)]
mod tests {
    use sigwarden_core::settings::WholeRegex;

    use super::*;

    #[test]
    fn partial_expressions_match_the_same_as_whole_ones() {
        // Expression, its whole form, a text that both match, one that neither does.
        let cases = [
            (
                "https://github.com/x/.+",
                ".*https://github.com/x/.+.*",
                "evil https://github.com/x/y z",
                "https://github.com/x/",
            ),
            ("^https://x/.+$", "https://x/.+", "https://x/y", "evil https://x/y"),
            ("^a", "a.*", "ab", "ba"),
            ("a$", ".*a", "ba", "ab"),
            (".*a.*", ".*a.*", "xay", "xy"),
            ("a|b", ".*(?:a|b).*", "xby", "xy"),
            ("^a$|^b$", ".*(?:^a$|^b$).*", "b", "xb"),
            ("(a|b)c", ".*(a|b)c.*", "xbcx", "xb"),
            (r"a\$", r".*a\$.*", "xa$x", "a"),
            (r"a\.*", r".*a\.*.*", "xa", "x"),
            ("[|]x", ".*[|]x.*", "a|xb", "x"),
            ("(?i)A", ".*(?:(?i)A).*", "xay", "xy"),
        ];
        for (partial, whole, yes, no) in cases {
            assert_eq!(whole_regex(partial), whole, "case `{partial}`");
            let regex = WholeRegex::parse(whole).unwrap_or_else(|error| panic!("case `{partial}`: {error}"));
            assert!(regex.matches(yes), "case `{partial}`: {yes}");
            assert!(!regex.matches(no), "case `{partial}`: {no}");
        }
    }

    #[test]
    fn escaped_text_matches_itself_only() {
        for text in ["a.b", "x*", "[a]", "a|b", "$^", "{}", "a\\b", "a+b?", "(x)", "#-&~"] {
            let regex = WholeRegex::parse(&escaped(text)).unwrap();
            assert!(regex.matches(text), "case `{text}`");
            assert!(!regex.matches(&format!("{text}x")), "case `{text}`");
        }
        assert!(!WholeRegex::parse(&escaped("a.b")).unwrap().matches("axb"));
    }

    #[test]
    fn conditions_in_cel() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let cases = [
            (texts(&["a", "b"]), "v in ['a', 'b']"),
            (texts(&["a*"]), "v.matches('^a.*$')"),
            (texts(&["a", "b?"]), "(v in ['a'] || v.matches('^b.$'))"),
            (texts(&["a.b*"]), r"v.matches('^a\\.b.*$')"),
            (texts(&["it's"]), r"v in ['it\'s']"),
            (texts(&[]), "false"),
        ];
        for (patterns, expected) in cases {
            assert_eq!(cel_matches_any("v", &patterns), expected);
        }
    }
}
