use serde_json::json;

use super::*;

/// Each row: key, value, whether Equals holds, whether NotEquals holds. The first block are Kyverno's own answers.
#[test]
fn equality() {
    let cases = [
        ("value is the pattern", json!("ab"), json!("a*"), true, false),
        ("key is not", json!("a*"), json!("ab"), false, true),
        ("duration and seconds", json!("1h"), json!(3600), true, false),
        ("quantities", json!("1Gi"), json!("1024Mi"), true, false),
        ("decimal strings", json!("1.0"), json!("1"), true, false),
        ("exponent", json!("1e3"), json!("1000"), true, false),
        ("numeric string and number", json!("1"), json!(1), false, true),
        ("number and numeric string", json!(1), json!("1"), true, false),
        ("boolean and its name", json!(true), json!("true"), false, true),
        ("null and null", json!(null), json!(null), false, false),
        ("quantity and pattern", json!("5"), json!("5?"), false, false),
        ("no quantity and pattern", json!("5x"), json!("5?"), true, false),
        ("null and text", json!(null), json!("x"), false, false),
        ("order of lists", json!(["a", "b"]), json!(["b", "a"]), false, true),
        ("case", json!("abc"), json!("ABC"), false, true),
        ("number and text of number", json!(5), json!("5"), true, false),
        ("empty strings", json!(""), json!(""), true, false),
        ("same text", json!("abc"), json!("abc"), true, false),
        ("float", json!(9.9), json!(9.9), true, false),
        // What follows from the rules.
        ("booleans", json!(true), json!(true), true, false),
        ("other boolean", json!(true), json!(false), false, true),
        ("integer and float", json!(5), json!(5.0), true, false),
        ("integer and other float", json!(5), json!(5.5), false, true),
        (
            "integers beyond floating point",
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992_u64),
            false,
            false,
        ),
        ("number and float text", json!(5), json!("5.0"), true, false),
        ("number and no number", json!(5), json!("five"), false, true),
        ("number and duration", json!(3600), json!("1h"), false, true),
        ("number and pattern", json!(5), json!("*"), false, true),
        ("durations", json!("60m"), json!("1h"), true, false),
        ("other duration", json!("61m"), json!("1h"), false, true),
        ("duration and fraction of seconds", json!("1s"), json!(1.9), true, false),
        ("duration and other number", json!("1h"), json!(3601), false, true),
        ("duration before quantity", json!("5m"), json!("300s"), true, false),
        ("duration and pattern", json!("1h"), json!("*"), true, false),
        ("duration and zero", json!("0s"), json!("0"), false, true),
        ("quantity and text", json!("5"), json!("five"), false, false),
        ("quantity and nothing", json!("5"), json!(""), false, true),
        ("quantity and pattern that would match", json!("5"), json!("*"), false, false),
        ("letter that Kubernetes takes for zero", json!("M"), json!("G"), false, true),
        ("such a letter and a pattern", json!("M"), json!("M*"), false, false),
        ("nothing and pattern", json!(""), json!("*"), true, false),
        ("text and number", json!("a"), json!(1), false, true),
        ("text and list", json!("a"), json!(["a"]), false, true),
        ("text and null", json!("a"), json!(null), false, true),
        ("one character", json!("é"), json!("?"), true, false),
        ("lists", json!(["a", 1]), json!(["a", 1.0]), true, false),
        ("longer list", json!(["a"]), json!(["a", "b"]), false, true),
        ("list has no patterns", json!(["ab"]), json!(["a*"]), false, true),
        ("list and object", json!([]), json!({}), false, true),
        ("objects", json!({"a": {"b": 1}}), json!({"a": {"b": 1.0}}), true, false),
        ("another key", json!({"a": 1}), json!({"b": 1}), false, true),
        ("one key more", json!({"a": 1}), json!({"a": 1, "b": 1}), false, true),
        ("object and text", json!({}), json!("{}"), false, true),
    ];
    for (name, key, value, equals, not_equals) in cases {
        // Both ways in: as a literal, and as what a path leads to.
        let predicate = json!({ "found": key });
        for key in [key, json!("{{ found }}")] {
            let passed = |operator| {
                let result = result(key.clone(), operator, value.clone(), &predicate);
                assert_eq!(result.error, None, "case `{name}`");
                result.verdict == Verdict::Holds
            };
            assert_eq!(passed(Operator::Equals), equals, "case `{name}`, Equals");
            assert_eq!(passed(Operator::NotEquals), not_equals, "case `{name}`, NotEquals");
        }
    }
}

#[test]
fn what_the_predicate_says_is_no_pattern() {
    let predicate = json!({"a": "abc", "star": "*", "same": "abc"});
    let cases = [
        ("star from the settings", json!("*"), true, false),
        ("star from the predicate", json!("{{ star }}"), false, false),
        ("star from the predicate in text", json!("a{{ star }}"), false, false),
        ("star from the settings beside a variable", json!("*{{ same }}"), false, false),
        ("same text", json!("{{ same }}"), true, false),
        ("other text", json!("{{ same }}d"), false, true),
    ];
    for (name, value, equals, not_equals) in cases {
        let passed = |operator| result(json!("{{ a }}"), operator, value.clone(), &predicate).verdict == Verdict::Holds;
        assert_eq!((passed(Operator::Equals), passed(Operator::NotEquals)), (equals, not_equals), "case `{name}`");
    }
}

/// The other fourteen operators. Each row: key, value, and for AnyIn, AllIn, AnyNotIn, AllNotIn whether it holds (`+`), does
/// not (`-`), or is open (`?`). The first block are Kyverno's own answers, where it says yes or no; what is open refuses
/// in attestations and denies in denials.
#[test]
fn membership() {
    let star = json!({"star": "*"});
    let cases = [
        ("list and list, some", json!(["a", "b"]), json!(["b", "c"]), "+-+-"),
        ("JSON text of a list", json!(["a", "b"]), json!("[\"b\"]"), "+-+-"),
        ("empty key", json!([]), json!(["a"]), "-+-+"),
        ("number in a range", json!(5), json!("1-10"), "++--"),
        ("text of a number in a range", json!("5"), json!("1-10"), "++--"),
        ("number outside a range", json!(11), json!("1-10"), "--++"),
        ("wildcard in the value", json!(["a", "b"]), json!(["?"]), "++--"),
        ("wildcard that does not match", json!("abc"), json!(["b*"]), "--++"),
        ("wildcard that matches", json!("abc"), json!(["a*"]), "++--"),
        ("text and itself", json!("abc"), json!("abc"), "++--"),
        ("null", json!(null), json!(["a"]), "????"),
        // Kyverno: yes, yes, no, no. The identifier `*` is among everything there.
        ("star as key", json!("*"), json!(["zzz"]), "????"),
        ("star in the key's list", json!(["*"]), json!(["zzz"]), "????"),
        ("star in key and value", json!("*"), json!(["*"]), "++--"),
        // What follows from the rules.
        ("all of them", json!(["a", "b"]), json!(["a", "b", "c"]), "++--"),
        ("none of them", json!(["a", "b"]), json!(["c"]), "--++"),
        ("empty value", json!("a"), json!([]), "--++"),
        ("boolean as text", json!(true), json!(["true"]), "++--"),
        ("number as text", json!(5), json!(["5"]), "++--"),
        ("whole number with a point", json!(5.0), json!(["5"]), "++--"),
        ("large number, which Go prints with an exponent", json!(1_234_567), json!(["1234567"]), "????"),
        ("large numbers on both sides", json!(1_234_567), json!([1_234_567]), "++--"),
        ("object in the list", json!([{"a": 1}]), json!(["a"]), "????"),
        ("null in the list", json!([null, "a"]), json!(["a"]), "????"),
        ("object", json!({"a": 1}), json!(["a"]), "????"),
        ("number as value", json!("a"), json!(1), "????"),
        ("JSON text that is no list", json!("6"), json!("5"), "????"),
        ("JSON text that is no list, equal", json!("5"), json!("5"), "++--"),
        ("text and other text", json!("abc"), json!("abd"), "--++"),
        ("list of one and its text", json!(["abc"]), json!("abc"), "++-?"),
        ("list and pattern", json!(["ab", "ac"]), json!("a*"), "++--"),
        ("outside a range", json!(11), json!("1!-10"), "++--"),
        ("not outside a range", json!(5), json!("1!-10"), "--++"),
        ("edges are inside", json!([1, 10]), json!("1-10"), "++--"),
        ("fractions", json!("9.9"), json!("0.5-10.0"), "++--"),
        ("negative", json!(-3), json!("-5--1"), "++--"),
        ("quantities in a range", json!("512Mi"), json!("1Mi-1Gi"), "++--"),
        ("durations in a range", json!("90m"), json!("1h-2h"), "++--"),
        ("a word and a range", json!("abc"), json!("1-10"), "????"),
        ("a date is no range", json!("2024-01-01"), json!("2024-01-01"), "++--"),
        ("two words are no range", json!("b"), json!("a-c"), "--++"),
        ("a range upside down", json!(5), json!("10-1"), "--++"),
    ];
    let operators = [Operator::AnyIn, Operator::AllIn, Operator::AnyNotIn, Operator::AllNotIn];
    for (name, key, value, expected) in cases {
        for (operator, expected) in operators.into_iter().zip(expected.chars()) {
            let result = result(key.clone(), operator, value.clone(), &star);
            assert_eq!(result.error, None, "case `{name}`, {operator}");
            assert_eq!(sign(result.verdict), expected, "case `{name}`, {operator}");
        }
    }
}

fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Holds => '+',
        Verdict::Fails => '-',
        Verdict::Open(_) => '?',
    }
}

/// `In` and `NotIn`, which compare lists without wildcards.
#[test]
fn old_membership() {
    let cases = [
        ("text in a list", json!("abc"), json!(["abc", "d"]), "+-"),
        ("text in a list of patterns", json!("abc"), json!(["a*"]), "+-"),
        ("text not in a list", json!("x"), json!(["abc", "d"]), "-+"),
        ("list in a list", json!(["a", "b"]), json!(["a", "b", "c"]), "+-"),
        // Kyverno's own answer: one that is not in the list is enough.
        ("list partly in a list", json!(["a", "z"]), json!(["a", "b"]), "-+"),
        ("no wildcards for lists", json!(["ab"]), json!(["a*"]), "-+"),
        ("text that is no list", json!("x"), json!("abc"), "??"),
        ("JSON text", json!("b"), json!("[\"a\", \"b\"]"), "+-"),
        ("numbers in the list", json!([1]), json!([1]), "??"),
        ("null", json!(null), json!(["a"]), "??"),
    ];
    for (name, key, value, expected) in cases {
        for (operator, expected) in [Operator::In, Operator::NotIn].into_iter().zip(expected.chars()) {
            let result = result(key.clone(), operator, value.clone(), &json!({}));
            assert_eq!(sign(result.verdict), expected, "case `{name}`, {operator}");
        }
    }
}

/// Each row: key, value, and for GreaterThanOrEquals, GreaterThan, LessThanOrEquals, LessThan, then for the same of
/// durations.
#[test]
fn order() {
    let cases = [
        ("versions", json!("1.2.10"), json!("1.2.9"), "++--????"),
        ("two numbers that look like versions", json!("1.10"), json!("1.9"), "--++????"),
        ("texts of numbers", json!("10"), json!("9"), "++--????"),
        ("durations", json!("26h3m"), json!("24h"), "++--++--"),
        ("dates", json!("2024-01-01"), json!("2025-01-01"), "????????"),
        ("numbers", json!(10), json!(9), "++--++--"),
        ("equal numbers", json!(10), json!(10), "+-+-+-+-"),
        ("number and its text", json!(5), json!("6"), "--++????"),
        ("text and a number", json!("abc"), json!(1), "????????"),
        ("text of a number and a number", json!("5"), json!(4), "++--????"),
        ("floats", json!(9.9), json!(10), "--++--++"),
        ("duration and seconds", json!("1h"), json!(3600), "+-+-+-+-"),
        ("seconds and duration", json!(3601), json!("1h"), "++--++--"),
        ("quantities", json!("1Gi"), json!("512Mi"), "++--????"),
        ("minutes and not thousandths", json!("5m"), json!("200s"), "++--++--"),
        ("prerelease", json!("1.0.0-rc.1"), json!("1.0.0"), "--++????"),
        ("large whole numbers", json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), "++--????"),
        ("booleans", json!(true), json!(false), "????????"),
        ("lists", json!([1]), json!([0]), "????????"),
        ("null", json!(null), json!(1), "????????"),
        ("a number beside null", json!(1), json!([]), "????????"),
        ("zero duration", json!("0"), json!("1h"), "????--++"),
    ];
    let operators = [
        Operator::GreaterThanOrEquals,
        Operator::GreaterThan,
        Operator::LessThanOrEquals,
        Operator::LessThan,
        Operator::DurationGreaterThanOrEquals,
        Operator::DurationGreaterThan,
        Operator::DurationLessThanOrEquals,
        Operator::DurationLessThan,
    ];
    for (name, key, value, expected) in cases {
        for (operator, expected) in operators.into_iter().zip(expected.chars()) {
            let result = result(key.clone(), operator, value.clone(), &json!({}));
            assert_eq!(sign(result.verdict), expected, "case `{name}`, {operator}");
        }
    }
}

#[test]
fn every_operator_has_its_name_and_is_open_about_null() {
    for operator in Operator::ALL {
        let result = result(json!("{{ n }}"), operator, json!("x"), &json!({"n": null}));
        assert_eq!(result.verdict, Verdict::Open(Open::Null), "{operator}");
        assert_eq!(format!("{operator:?}"), operator.as_str());
    }
}

/// What the predicate brings is no pattern and no range, whichever side it stands on.
#[test]
fn what_the_predicate_brings_is_compared_as_it_is() {
    let predicate =
        json!({"ids": ["CVE-1", "*"], "all": ["*"], "range": "1-10", "list": "[\"a\"]", "known": ["CVE-1"]});
    let cases = [
        ("identifiers among a list that says star", "{{ ids }}", Operator::AllIn, "{{ known }}", '?'),
        ("star among what is known", "{{ known }}", Operator::AllIn, "{{ all }}", '?'),
        ("itself", "{{ known }}", Operator::AllIn, "{{ ids }}", '+'),
        ("none of what is unknown", "{{ known }}", Operator::AnyNotIn, "{{ ids }}", '-'),
        ("a range that the predicate writes", "5", Operator::AnyIn, "{{ range }}", '?'),
        ("a list that the predicate writes as text", "a", Operator::AnyIn, "{{ list }}", '+'),
    ];
    for (name, key, operator, value, expected) in cases {
        let result = result(json!(key), operator, json!(value), &predicate);
        assert_eq!((sign(result.verdict), result.error), (expected, None), "case `{name}`");
    }
}

#[test]
fn matching_has_limits() {
    let compare = |keys: usize, start: &str| {
        let key: Vec<String> = (0..keys).map(|index| format!("{index:050}")).collect();
        let value: Vec<String> = (0..100).map(|index| format!("{start}x{index:049}*")).collect();
        result(json!(key), Operator::AnyIn, json!(value), &json!({})).error
    };
    assert_eq!(compare(10_000, ""), None, "ten thousand packages, a hundred patterns");
    let limit = Some(ConditionError::TooMuchWork { what: "steps of matching", limit: 4_000_000 });
    assert_eq!(compare(10_000, "*"), limit);
    assert_eq!(compare(100, "*"), None, "a hundred of each");
    let long = "x".repeat(65_537);
    let too_long = Some(ConditionError::TooLong { limit: 65_536 });
    let found = result(json!("{{ long }}"), Operator::AnyIn, json!(["a*"]), &json!({"long": long}));
    assert_eq!((found.verdict, found.error), (Verdict::Open(Open::Incomparable), too_long));
}
