use serde_json::json;

use super::*;

fn condition(key: Value, operator: Operator, value: Value) -> Condition {
    let template = |source: Value| Template::parse(&source).unwrap_or_else(|error| panic!("{source}: {error}"));
    Condition { path: "c".to_owned(), key: template(key), operator, value: template(value), message: None }
}

fn result(key: Value, operator: Operator, value: Value, predicate: &Value) -> ConditionResult {
    condition(key, operator, value).evaluate(predicate)
}

/// Each row: key, value, whether Equals holds, whether NotEquals holds. The first block are Kyverno's own answers.
#[test]
fn operators() {
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
            true,
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
                result.passed
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
        let passed = |operator| result(json!("{{ a }}"), operator, value.clone(), &predicate).passed;
        assert_eq!((passed(Operator::Equals), passed(Operator::NotEquals)), (equals, not_equals), "case `{name}`");
    }
}

#[test]
fn variables_are_filled_in() {
    let predicate = json!({
        "b": {"id": 5}, "s": "text", "n": null, "l": ["x", {"y": 1}], "a-b": {"c d": 1}, "a\"b": 2, "ключ": 3,
        "inject": "{{ s }}", "_x1": true
    });
    let cases = [
        ("whole string keeps the type", json!("{{ b.id }}"), json!(5)),
        ("no spaces", json!("{{b.id}}"), json!(5)),
        ("spaces around dots", json!("{{ b . id }}"), json!(5)),
        ("object", json!("{{ b }}"), json!({"id": 5})),
        ("mixed text", json!("pre-{{ b.id }}-{{ b }}"), json!("pre-5-{\"id\":5}")),
        ("text in text", json!("<{{ s }}>"), json!("<text>")),
        ("null in text", json!("<{{ n }}>"), json!("<null>")),
        ("a space makes it text", json!(" {{ b.id }}"), json!(" 5")),
        ("two variables", json!("{{ s }}{{ s }}"), json!("texttext")),
        ("index", json!("{{ l[0] }}"), json!("x")),
        ("index and key", json!("{{ l[1].y }}"), json!(1)),
        ("index from the end", json!("{{ l[-2] }}"), json!("x")),
        ("index behind the end", json!("{{ l[2] }}"), json!(null)),
        ("index before the start", json!("{{ l[-3] }}"), json!(null)),
        ("key that is null", json!("{{ n }}"), json!(null)),
        ("quoted keys", json!(r#"{{ "a-b"."c d" }}"#), json!(1)),
        ("escaped quote", json!(r#"{{ "a\"b" }}"#), json!(2)),
        ("not ASCII", json!(r#"{{ "ключ" }}"#), json!(3)),
        ("underscore and digit", json!("{{ _x1 }}"), json!(true)),
        ("in a list", json!(["{{ s }}", 1]), json!(["text", 1])),
        ("in an object", json!({"k": {"l": "{{ b.id }}"}}), json!({"k": {"l": 5}})),
        ("braces in the predicate stay", json!("{{ inject }}"), json!("{{ s }}")),
        ("in text too", json!("<{{ inject }}>"), json!("<{{ s }}>")),
        ("braces that are no variable", json!("a } b }} c { d"), json!("a } b }} c { d")),
        ("a brace behind a variable", json!("{{ s }}}"), json!("text}")),
        ("dollar and parenthesis apart", json!("$5 (five)"), json!("$5 (five)")),
        ("no string", json!(7), json!(7)),
    ];
    for (name, source, expected) in cases {
        let template = Template::parse(&source).expect(name);
        let filled = template.evaluate(&predicate).expect(name);
        assert_eq!(*filled, expected, "case `{name}`");
        assert_eq!(template.source(), &source, "case `{name}`");
    }
}

#[test]
fn what_is_no_template_is_refused() {
    let unsupported = |construct, expression: &str| {
        TemplateError::Path(PathError::Unsupported { construct, expression: expression.trim().to_owned() })
    };
    let reserved = |name: &str, expression: &str| {
        TemplateError::Path(PathError::Reserved { name: name.to_owned(), expression: expression.trim().to_owned() })
    };
    let syntax = |reason, expression: &str| {
        TemplateError::Path(PathError::Syntax { expression: expression.trim().to_owned(), reason })
    };
    let characters = "write a key that holds other characters than letters, digits and `_` in double quotes";
    let cases = [
        ("function", "{{ length(list) }}", unsupported("a function", " length(list) ")),
        ("function in a path", "{{ a.max(b) }}", unsupported("a function", " a.max(b) ")),
        ("pipe", "{{ a | [0] }}", unsupported("a pipe", " a | [0] ")),
        ("or", "{{ a || b }}", unsupported("`||`", " a || b ")),
        ("and", "{{ a && b }}", unsupported("`&&`", " a && b ")),
        ("not", "{{ !a }}", unsupported("a comparison", " !a ")),
        ("comparison", "{{ a == b }}", unsupported("a comparison", " a == b ")),
        ("filter", "{{ a[?b] }}", unsupported("a filter", " a[?b] ")),
        ("list projection", "{{ a[*].b }}", unsupported("a projection", " a[*].b ")),
        ("object projection", "{{ a.*.b }}", unsupported("a projection", " a.*.b ")),
        ("flatten", "{{ a[].b }}", unsupported("a projection", " a[].b ")),
        ("slice", "{{ a[0:2] }}", unsupported("a slice", " a[0:2] ")),
        ("slice from the start", "{{ a[:2] }}", unsupported("a slice", " a[:2] ")),
        ("multi-select list", "{{ a.[b, c] }}", unsupported("a multi-select list", " a.[b, c] ")),
        ("multi-select list in front", "{{ [b, c] }}", unsupported("a multi-select list", " [b, c] ")),
        ("multi-select object", "{{ a.{b: c} }}", unsupported("a multi-select object", " a.{b: c} ")),
        ("current node", "{{ @ }}", unsupported("`@`", " @ ")),
        ("raw string", "{{ 'a' }}", unsupported("a literal", " 'a' ")),
        ("JSON literal", "{{ `1` }}", unsupported("a literal", " `1` ")),
        ("arithmetic", "{{ a + b }}", unsupported("arithmetic", " a + b ")),
        ("the request", "{{ request.operation }}", reserved("request", " request.operation ")),
        ("the request, quoted", "{{ \"request\".operation }}", reserved("request", " \"request\".operation ")),
        ("the image", "{{ image.tag }}", reserved("image", " image.tag ")),
        ("the images", "x{{ images }}", reserved("images", " images ")),
        ("the element", "{{ element.x }}", reserved("element", " element.x ")),
        ("dash in a key", "{{ build-type }}", syntax(characters, " build-type ")),
        ("digit in front", "{{ 1a }}", syntax(characters, " 1a ")),
        ("two dots", "{{ a..b }}", syntax(characters, " a..b ")),
        ("two keys", "{{ a b }}", syntax(characters, " a b ")),
        ("dot behind", "{{ a. }}", syntax("it ends in a dot", " a. ")),
        ("quote not closed", "{{ \"a }}", syntax("a quote is not closed", " \"a ")),
        ("bad escape", "{{ \"\\x\" }}", syntax("a quoted key is not a JSON string", " \"\\x\" ")),
        ("bracket not closed", "{{ a[0 }}", syntax("a bracket is not closed", " a[0 ")),
        ("bracket not opened", "{{ a] }}", syntax(characters, " a] ")),
        ("index with two signs", "{{ a[--1] }}", syntax("an index is not a number", " a[--1] ")),
        (
            "index too large",
            "{{ a[99999999999999999999] }}",
            syntax("an index is not a number", " a[99999999999999999999] "),
        ),
        ("empty", "{{ }}", TemplateError::Path(PathError::Empty)),
        ("not closed", "a {{ b", TemplateError::Unclosed),
        ("nested", "{{ a.{{ b }} }}", TemplateError::Unsupported("a variable inside a variable")),
        ("dash in front", "{{- a }}", TemplateError::Unsupported("a variable that starts with a dash (`{{- … }}`)")),
        ("escaped", r"\{{ a }}", TemplateError::Unsupported(r"an escaped variable (`\{{ … }}`)")),
        ("reference", "$(./../a)", TemplateError::Unsupported("a reference into the policy (`$( … )`)")),
        ("escaped for Helm", "{{`{{ a }}`}}", TemplateError::HelmEscaped),
    ];
    for (name, source, expected) in cases {
        assert_eq!(Template::parse(&json!(source)).map(|_| ()), Err(expected), "case `{name}`: {source}");
    }
    let in_key = json!({"{{ a }}": 1});
    assert_eq!(Template::parse(&in_key).map(|_| ()), Err(TemplateError::Unsupported("a variable in a key")));
    let nested = json!([{"a": ["{{ b(c) }}"]}]);
    assert_eq!(Template::parse(&nested).map(|_| ()), Err(unsupported("a function", " b(c) ")), "inside other JSON");
}

#[test]
fn limits() {
    let steps = |count: usize| json!(format!("{{{{ {} }}}}", vec!["a"; count].join(".")));
    assert!(Template::parse(&steps(64)).is_ok());
    assert_eq!(Template::parse(&steps(65)).map(|_| ()), Err(TemplateError::Path(PathError::TooDeep)));

    let text = |bytes: usize| json!("x".repeat(bytes));
    assert!(Template::parse(&text(4096)).is_ok());
    assert_eq!(Template::parse(&text(4097)).map(|_| ()), Err(TemplateError::TooLong(4097)));

    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(Template::parse(&nested(64)).is_ok());
    assert_eq!(Template::parse(&nested(65)).map(|_| ()), Err(TemplateError::TooDeep));

    let long = |bytes: usize| json!({"a": "x".repeat(bytes), "b": "y"});
    let filled = |bytes: usize| result(json!("{{ a }}{{ b }}"), Operator::Equals, json!("*"), &long(bytes));
    assert!(filled(65_535).passed);
    assert_eq!(filled(65_536).error, Some(ConditionError::TooLong { limit: 65_536 }));
    let compared = |bytes: usize| result(json!("{{ a }}"), Operator::NotEquals, json!("x"), &long(bytes));
    assert!(compared(65_536).passed);
    assert_eq!(compared(65_537).error, Some(ConditionError::TooLong { limit: 65_536 }));
}

#[test]
fn what_is_not_in_the_predicate_is_an_error() {
    let predicate = json!({
        "buildDefinition": {"buildType": "x", "externalParameters": {}, "internalParameters": {}, "resolvedDependencies": []},
        "l": [1], "n": null, "t": true
    });
    let missing = |path: &str, nearest: &[&str]| ConditionError::MissingKey {
        path: path.to_owned(),
        nearest: nearest.iter().map(|key| (*key).to_owned()).collect(),
    };
    let stuck = |path: &str, found, wanted| ConditionError::NotTraversable { path: path.to_owned(), found, wanted };
    let cases = [
        ("at the top", "{{ buildType }}", missing("buildType", &["buildDefinition", "l", "t", "n"])),
        (
            "misspelt",
            "{{ buildDefinition.buildTyp.x }}",
            missing(
                "buildDefinition.buildTyp",
                &["buildType", "resolvedDependencies", "externalParameters", "internalParameters"],
            ),
        ),
        (
            "in an empty object",
            "{{ buildDefinition.externalParameters.a }}",
            missing("buildDefinition.externalParameters.a", &[]),
        ),
        ("quoted", r#"{{ "a b" }}"#, missing(r#""a b""#, &["buildDefinition", "l", "n", "t"])),
        ("key of a list", "{{ l.a }}", stuck("l", "a list", "an object")),
        ("key of an element", "{{ l[0].a }}", stuck("l[0]", "a number", "an object")),
        ("key of null", "{{ n.a }}", stuck("n", "null", "an object")),
        ("index of an object", "{{ buildDefinition[0] }}", stuck("buildDefinition", "an object", "a list")),
        ("index of a boolean", "{{ t[0] }}", stuck("t", "a boolean", "a list")),
        ("index of the predicate", "{{ [0] }}", stuck("the predicate", "an object", "a list")),
    ];
    for (name, key, expected) in cases {
        for operator in [Operator::Equals, Operator::NotEquals] {
            for (key, value) in
                [(json!(key), json!("*")), (json!("x"), json!(key)), (json!("in {{ t }} text"), json!([key]))]
            {
                let result = result(key, operator, value, &predicate);
                assert_eq!(result.error, Some(expected.clone()), "case `{name}`");
                assert!(!result.passed, "case `{name}`");
            }
        }
    }
}

#[test]
fn lists_of_conditions() {
    let predicate = json!({"yes": true});
    let of = |key: &str| condition(json!(key), Operator::Equals, json!(true));
    let (yes, no, error) =
        (|| of("{{ yes }}"), || condition(json!(1), Operator::Equals, json!(2)), || of("{{ nope }}"));
    let block = |any: Option<Vec<Condition>>, all: Option<Vec<Condition>>| ConditionBlock { any, all };
    let cases = [
        ("no blocks", vec![], true),
        ("an empty block", vec![block(None, None)], true),
        ("empty lists", vec![block(Some(vec![]), Some(vec![]))], true),
        ("all of one", vec![block(None, Some(vec![yes()]))], true),
        ("all with one that does not hold", vec![block(None, Some(vec![yes(), no()]))], false),
        ("any with one that holds", vec![block(Some(vec![no(), yes()]), None)], true),
        ("any with none", vec![block(Some(vec![no(), no()]), None)], false),
        ("any does not hold, all does", vec![block(Some(vec![no()]), Some(vec![yes()]))], false),
        ("any holds, all does not", vec![block(Some(vec![yes()]), Some(vec![no()]))], false),
        ("both hold", vec![block(Some(vec![yes(), no()]), Some(vec![yes()]))], true),
        ("an empty any asks for nothing", vec![block(Some(vec![]), Some(vec![yes()]))], true),
        ("two blocks", vec![block(Some(vec![yes()]), None), block(None, Some(vec![yes()]))], true),
        ("the second does not hold", vec![block(None, Some(vec![yes()])), block(None, Some(vec![no()]))], false),
        (
            "one any does not hold for another",
            vec![block(Some(vec![yes()]), None), block(Some(vec![no()]), None)],
            false,
        ),
        ("an error in all", vec![block(None, Some(vec![yes(), error()]))], false),
        ("an error beside one that holds", vec![block(Some(vec![yes(), error()]), None)], false),
    ];
    for (name, blocks, expected) in cases {
        let results = evaluate(&blocks, &predicate);
        assert_eq!(hold(&blocks, &results), expected, "case `{name}`");
        if let Some((_, incomplete)) = results.split_last() {
            assert!(!hold(&blocks, incomplete), "case `{name}` without its last result");
        }
    }
}

#[test]
fn results_tell_what_was_found() {
    let predicate = json!({"buildType": "https://example.com/b", "long": "é".repeat(300), "exact": "é".repeat(198)});
    let found = |key: &str| result(json!(key), Operator::Equals, json!("https://*"), &predicate);

    let build_type = found("{{ buildType }}");
    assert_eq!(build_type.text, r#"{{ buildType }} Equals "https://*""#);
    assert_eq!(build_type.wanted, r#""https://*""#);
    assert_eq!(build_type.found.as_deref(), Some(r#""https://example.com/b""#));
    assert_eq!(build_type.path, "c");

    assert_eq!(found("{{ exact }}").found.map(|text| text.chars().count()), Some(200), "with its quotes");
    let long = found("{{ long }}").found.expect("found");
    assert_eq!(long.chars().count(), 200);
    assert!(long.ends_with('…'));
    assert_eq!(found("{{ nope }}").found, None);
}
