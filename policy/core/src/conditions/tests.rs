mod dialect;
mod functions;
mod operators;
mod templates;

use serde_json::json;

use super::*;

/// Monday, 2 March 2026, 12:00 UTC.
const NOW: i64 = 1_772_452_800;

fn condition(key: Value, operator: Operator, value: Value) -> Condition {
    let template = |source: Value| Template::parse(&source).unwrap_or_else(|error| panic!("{source}: {error}"));
    Condition { path: "c".to_owned(), key: template(key), operator, value: template(value), message: None }
}

fn result(key: Value, operator: Operator, value: Value, predicate: &Value) -> ConditionResult {
    condition(key, operator, value).evaluate(&Scope::new(NOW).with_predicate(predicate))
}

/// What a string from the settings becomes on a predicate.
fn filled(source: &str, predicate: &Value) -> Result<Value, ConditionError> {
    let template = Template::parse(&json!(source)).unwrap_or_else(|error| panic!("{source}: {error}"));
    let scope = Scope::new(NOW).with_predicate(predicate);
    template.evaluate(&scope).map(|value| value.into_owned())
}

/// Why a string from the settings is refused.
fn refused(source: &str) -> TemplateError {
    Template::parse(&json!(source)).map(|_| ()).expect_err(source)
}

#[test]
fn lists_of_conditions() {
    let predicate = json!({"yes": true});
    let scope = Scope::new(NOW).with_predicate(&predicate);
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
        let results = evaluate(&blocks, &scope);
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
