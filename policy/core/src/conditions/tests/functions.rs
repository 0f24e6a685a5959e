use serde_json::json;

use super::*;

fn predicate() -> Value {
    json!({
        "s": "Hello", "n": 5, "f": 2.5, "neg": -3, "l": [3, 1, 2], "words": ["b", "a"], "mixed": [1, "a"], "empty": [],
        "o": {"a": 1, "b": 2}, "people": [{"n": "ana", "a": 30}, {"n": "bob", "a": 20}], "t": true, "nul": null,
        "when": "2026-03-01T12:00:00Z", "later": "2026-03-02T12:00:00Z", "ver": "1.2.3"
    })
}

/// Each function has a row here or in `what_functions_refuse`, and the test at the end counts them.
const GIVES: &[(&str, &str)] = &[
    ("abs(neg)", "3"),
    ("avg(l)", "2"),
    ("avg(empty)", "null"),
    ("ceil(f)", "3"),
    ("contains(s, 'ell')", "true"),
    ("contains(s, 'x')", "false"),
    ("contains(l, `2`)", "true"),
    ("contains(l, `2.0`)", "true"),
    ("contains(l, '2')", "false"),
    ("ends_with(s, 'lo')", "true"),
    ("floor(f)", "2"),
    ("floor(neg)", "-3"),
    ("join('-', words)", "\"b-a\""),
    ("keys(o)", "[\"a\",\"b\"]"),
    ("length(s)", "5"),
    ("length('é')", "1"),
    ("length(l)", "3"),
    ("length(o)", "2"),
    ("map(&a, people)", "[30,20]"),
    ("max(l)", "3"),
    ("max(words)", "\"b\""),
    ("max(empty)", "null"),
    ("max_by(people, &a).n", "\"ana\""),
    ("merge(o, {b: `3`, c: `4`})", "{\"a\":1,\"b\":3,\"c\":4}"),
    ("min(l)", "1"),
    ("min_by(people, &a).n", "\"bob\""),
    ("not_null(missing, nul, s)", "\"Hello\""),
    ("not_null(missing)", "null"),
    ("reverse(l)", "[2,1,3]"),
    ("reverse(s)", "\"olleH\""),
    ("sort(l)", "[1,2,3]"),
    ("sort(words)", "[\"a\",\"b\"]"),
    ("sort_by(people, &n)[0].n", "\"ana\""),
    ("sort_by(people, &a)[0].n", "\"bob\""),
    ("starts_with(s, 'He')", "true"),
    ("starts_with(s, 'he')", "false"),
    ("sum(l)", "6"),
    ("sum(['1Gi', '1Gi'])", "\"2147483648\""),
    ("sum(['1h', '1800s'])", "\"1h30m0s\""),
    ("to_array(s)", "[\"Hello\"]"),
    ("to_array(l)", "[3,1,2]"),
    ("to_number('2.5')", "2.5"),
    ("to_number('x')", "null"),
    ("to_number(n)", "5"),
    ("to_number('inf')", "null"),
    ("to_string(o)", "\"{\\\"a\\\":1,\\\"b\\\":2}\""),
    ("to_string(s)", "\"Hello\""),
    ("type(nul)", "\"null\""),
    ("type(t)", "\"boolean\""),
    ("type(missing)", "\"null\""),
    ("values(o)", "[1,2]"),
    ("add(n, f)", "7.5"),
    ("add('1Gi', '1Gi')", "\"2147483648\""),
    ("add('1h', '5400s')", "\"2h30m0s\""),
    ("add('500m', '1')", "\"15e-1\""),
    ("base64_decode('aGk=')", "\"hi\""),
    ("base64_encode('hi')", "\"aGk=\""),
    ("compare('a', 'b')", "-1"),
    ("compare('a', 'a')", "0"),
    ("divide(`7`, `2`)", "3.5"),
    ("divide('1Gi', '512Mi')", "2"),
    ("divide('1h', '1800s')", "2"),
    ("divide('1h', `4`)", "\"15m0s\""),
    ("divide('10', `4`)", "\"2\""),
    ("equal_fold('HeLLo', 'hEllO')", "true"),
    ("equal_fold('ß', 'ss')", "false"),
    ("equal_fold('a', 'ab')", "false"),
    ("image_normalize('nginx')", "\"docker.io/nginx:latest\""),
    ("image_normalize('ghcr.io/a/b:1')", "\"ghcr.io/a/b:1\""),
    ("items(o, 'k', 'v')", "[{\"k\":\"a\",\"v\":1},{\"k\":\"b\",\"v\":2}]"),
    ("items(words, 'k', 'v')", "[{\"k\":0,\"v\":\"b\"},{\"k\":1,\"v\":\"a\"}]"),
    ("label_match({a: `1`}, o)", "true"),
    ("label_match({a: `2`}, o)", "false"),
    ("lookup(o, 'a')", "1"),
    ("lookup(o, 'z')", "null"),
    ("lookup(l, `1`)", "1"),
    ("lookup(l, `-1`)", "null"),
    ("lookup(l, `9`)", "null"),
    ("modulo(`7`, `4`)", "3"),
    ("modulo('7', '4')", "\"3\""),
    ("modulo('1h', '1500s')", "\"10m0s\""),
    ("multiply(`2`, f)", "5"),
    ("multiply('1Gi', `2`)", "\"2147483648\""),
    ("multiply(`1.5`, '1h')", "\"1h30m0s\""),
    ("object_from_lists(['a', 'b', 'c'], l)", "{\"a\":3,\"b\":1,\"c\":2}"),
    ("object_from_lists(['a', 'b'], [`1`])", "{\"a\":1,\"b\":null}"),
    ("parse_json('{\"a\": 1}').a", "1"),
    ("path_canonicalize('/a//b/../c/./d/')", "\"/a/c/d\""),
    ("path_canonicalize('/../a')", "\"/a\""),
    ("path_canonicalize('a/..')", "\".\""),
    ("path_canonicalize('')", "\"\""),
    ("pattern_match('H*o', s)", "true"),
    ("pattern_match('h*', s)", "false"),
    ("pattern_match('5', n)", "true"),
    ("regex_match('l+o$', s)", "true"),
    ("regex_match('^ello', s)", "false"),
    ("regex_match('^5$', n)", "true"),
    ("regex_match('(?i)hello', s)", "true"),
    ("regex_replace_all('l(.)', s, '[$1]')", "\"He[l]o\""),
    ("regex_replace_all_literal('l', s, '$1')", "\"He$1$1o\""),
    ("replace(s, 'l', 'L', `1`)", "\"HeLlo\""),
    ("replace(s, 'l', 'L', `-1`)", "\"HeLLo\""),
    ("replace_all(s, 'l', '')", "\"Heo\""),
    ("round(`2.345`, `2`)", "2.35"),
    ("round(`2.5`, `0`)", "3"),
    ("semver_compare(ver, '>=1.2.0 <2.0.0')", "true"),
    ("semver_compare(ver, '<1.2.3')", "false"),
    ("sha256('abc')", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""),
    ("split('a,b', ',')", "[\"a\",\"b\"]"),
    ("split('ab', '')", "[\"a\",\"b\"]"),
    ("subtract(n, f)", "2.5"),
    ("subtract('1Gi', '512Mi')", "\"536870912\""),
    ("subtract('1h', '5400s')", "\"-30m0s\""),
    ("time_add(when, '1h')", "\"2026-03-01T13:00:00Z\""),
    ("time_after(later, when)", "true"),
    ("time_after(when, when)", "false"),
    ("time_before(when, later)", "true"),
    ("time_between('2026-03-01T18:00:00Z', when, later)", "true"),
    ("time_between(when, when, later)", "false"),
    ("time_diff(when, later)", "\"24h0m0s\""),
    ("time_diff(later, when)", "\"-24h0m0s\""),
    ("time_now()", "\"2026-03-02T12:00:00Z\""),
    ("time_now_utc()", "\"2026-03-02T12:00:00Z\""),
    ("time_parse('2006-01-02', '2026-03-01')", "\"2026-03-01T00:00:00Z\""),
    ("time_parse('1', '0')", "\"1970-01-01T00:00:00Z\""),
    ("time_since('', when, '')", "\"24h0m0s\""),
    ("time_since('', when, later)", "\"24h0m0s\""),
    ("time_since('2006-01-02', '2026-03-01', '2026-03-02')", "\"24h0m0s\""),
    ("time_to_cron(when)", "\"0 12 1 3 0\""),
    ("time_truncate('2026-03-01T12:34:56Z', '1h')", "\"2026-03-01T12:00:00Z\""),
    ("time_utc('2026-03-01T12:00:00+02:00')", "\"2026-03-01T10:00:00Z\""),
    ("to_boolean('TruE')", "true"),
    ("to_boolean('false')", "false"),
    ("to_lower(s)", "\"hello\""),
    ("to_upper('straße')", "\"STRAßE\""),
    ("trim('xxaxx', 'x')", "\"a\""),
    ("trim_prefix(s, 'He')", "\"llo\""),
    ("trim_prefix(s, 'x')", "\"Hello\""),
    ("truncate(s, `2`)", "\"He\""),
    ("truncate(s, `-2`)", "\"\""),
];

#[test]
fn what_functions_give() {
    for (expression, expected) in GIVES {
        let found = filled(&format!("{{{{ {expression} }}}}"), &predicate());
        assert_eq!(found.map(|value| value.to_string()), Ok((*expected).to_owned()), "{expression}");
    }
}

#[test]
fn every_function_is_tested() {
    for (name, _) in function_names() {
        assert!(GIVES.iter().any(|(expression, _)| expression.starts_with(&format!("{name}("))), "{name}");
    }
    let names: Vec<&str> = function_names().map(|(name, _)| name).collect();
    assert!(left_out_functions().all(|(name, _)| !names.contains(&name)));
}

#[test]
fn what_functions_refuse() {
    let unreadable = |text: &str, wanted| FunctionError::Unreadable { text: text.to_owned(), wanted };
    let wrong = |position, wanted, found| FunctionError::WrongType { position, wanted, found };
    let time = "a time (RFC 3339)";
    let cases = [
        ("length(n)", "length", wrong(1, "a string, list or object", "a number")),
        ("join('-', l)", "join", wrong(2, "a list of strings", "a list")),
        ("keys(l)", "keys", wrong(1, "an object", "a list")),
        ("abs(s)", "abs", wrong(1, "a number", "a string")),
        ("avg(words)", "avg", wrong(1, "a list of numbers", "a list")),
        ("sum(empty)", "sum", FunctionError::EmptyList),
        ("sort(mixed)", "sort", FunctionError::NotSortable),
        ("sort_by(people, &x)", "sort_by", FunctionError::NotSortable),
        ("max([t])", "max", FunctionError::NotSortable),
        ("add(n, '1Gi')", "add", FunctionError::Mismatch { left: "a number", right: "a quantity" }),
        // As in Kyverno, where `30m` is thirty thousandths.
        ("add('1h', '30m')", "add", FunctionError::Mismatch { left: "a duration", right: "a quantity" }),
        ("add('1h', '1Gi')", "add", FunctionError::Mismatch { left: "a duration", right: "a quantity" }),
        ("add(n, s)", "add", unreadable("Hello", "a quantity or duration")),
        ("add(n, missing)", "add", wrong(2, "a number, quantity or duration", "null")),
        ("divide(n, `0`)", "divide", FunctionError::DivisionByZero),
        ("divide('1h', '0s')", "divide", FunctionError::DivisionByZero),
        ("divide('1Gi', '0')", "divide", FunctionError::DivisionByZero),
        ("modulo(n, `0`)", "modulo", FunctionError::DivisionByZero),
        ("modulo(f, n)", "modulo", FunctionError::OutOfRange("a number that is not whole")),
        ("multiply('1e100', '2')", "multiply", FunctionError::Mismatch { left: "a quantity", right: "a quantity" }),
        ("multiply('1e99', `1e30`)", "multiply", FunctionError::OutOfRange("the amount")),
        ("round(f, `-1`)", "round", FunctionError::OutOfRange("the number of places")),
        ("semver_compare(s, '<1.0.0')", "semver_compare", unreadable("Hello", "a version (`1.2.3`)")),
        ("semver_compare(ver, s)", "semver_compare", unreadable("Hello", "a range of versions (`>=1.2.0 <2.0.0`)")),
        ("time_since('', s, '')", "time_since", unreadable("Hello", time)),
        ("time_since('', '2026-03-01', '')", "time_since", unreadable("2026-03-01", time)),
        ("time_after(when, s)", "time_after", unreadable("Hello", time)),
        ("time_add(when, '1d')", "time_add", unreadable("1d", "a duration (`1h30m`)")),
        ("time_parse('2006-01-02', 'x')", "time_parse", unreadable("x", "a time of this layout")),
        ("to_boolean(s)", "to_boolean", unreadable("Hello", "`true` or `false`")),
        ("parse_json('{')", "parse_json", unreadable("{", "JSON")),
        ("base64_decode('%')", "base64_decode", unreadable("%", "the base64 of text")),
        ("base64_decode('/w==')", "base64_decode", unreadable("/w==", "the base64 of text")),
        ("image_normalize('A B')", "image_normalize", unreadable("A B", "an image reference")),
        ("lookup(o, n)", "lookup", wrong(2, "a string", "a number")),
        ("lookup(l, s)", "lookup", wrong(2, "a number", "a string")),
        ("lookup(l, f)", "lookup", FunctionError::OutOfRange("the index")),
        ("regex_match('a', nul)", "regex_match", wrong(2, "a string or number", "null")),
        ("object_from_lists([nul], l)", "object_from_lists", wrong(1, "a list of strings", "a list")),
    ];
    for (expression, function, error) in cases {
        let found = filled(&format!("{{{{ {expression} }}}}"), &predicate());
        assert_eq!(found, Err(ConditionError::Function { function, error }), "{expression}");
    }
    for expression in ["regex_match(words[0] || '(', s)", "regex_match('(?i)straße', 'STRASSE ß')"] {
        let found = filled(&format!("{{{{ {expression} }}}}"), &predicate());
        let is_fine = !matches!(found, Err(ConditionError::Function { error: FunctionError::Regex { .. }, .. }));
        assert_eq!(is_fine, expression.starts_with("regex_match(words"), "{expression}: {found:?}");
    }
}

/// `docs/conditions.md` names every function and operator that there is, and none that is not.
#[test]
fn the_documentation_names_what_there_is() {
    let page = include_str!("../../../../../docs/conditions.md");
    let section = |title: &str| {
        let (_, behind) = page.split_once(&format!("\n## {title}\n")).expect(title);
        behind.split("\n## ").next().unwrap_or_default()
    };
    // Words in backticks; those with other characters are examples.
    let words = |text: &str| -> Vec<String> {
        let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        text.split('`').skip(1).step_by(2).filter(is_word).map(str::to_owned).collect()
    };
    let functions = section("Functions");
    let (here, left_out) = functions.split_once("Left out").expect("what is left out");
    let (standard, added) = here.split_once("Kyverno's:").expect("two lists");
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names.dedup();
        names
    };
    let of = |is_standard: bool| {
        sorted(function_names().filter(|(_, own)| *own == is_standard).map(|(name, _)| name.to_owned()).collect())
    };
    assert_eq!(sorted(words(standard)), of(true));
    // The first column: the notes name others.
    let rows = added.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let named = rows.flat_map(words).collect();
    assert_eq!(sorted(named), of(false));
    assert_eq!(sorted(words(left_out)), sorted(left_out_functions().map(|(name, _)| name.to_owned()).collect()));
    let rows = section("Operators").lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next().map(words));
    let operators = rows.flatten().collect();
    assert_eq!(sorted(operators), sorted(Operator::ALL.iter().map(|operator| operator.as_str().to_owned()).collect()));
}
