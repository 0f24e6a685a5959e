use serde_json::json;

use super::*;

fn predicate() -> Value {
    json!({
        "b": {"id": "x", "n": null}, "l": [1, 2, 3], "empty": [], "s": "text", "num": 5, "flag": true,
        "people": [
            {"name": "ana", "age": 30, "tags": ["a", "b"]},
            {"name": "bob", "age": 20, "tags": ["c"]},
            {"name": "cyd", "tags": []}
        ],
        "components": [
            {"name": "commons-text", "version": "1.10.0", "licenses": [{"expression": "GPL-3.0"}]},
            {"name": "commons-logging", "version": "1.2.0", "licenses": [{"expression": "MIT"}, {"id": "x"}]}
        ],
        "matches": [{"vulnerability": [{"cvss": [{"metrics": {"impactScore": 9.9}}]}]}],
        "map": {"z": {"v": 1}, "a": {"v": 2}}
    })
}

/// The first block are Kyverno's own answers (SEMANTICS A10 and G).
#[test]
fn what_expressions_give() {
    let cases = [
        ("or, with an absent key", "missing || 'x'", json!("x")),
        ("projection over an absent key", "missing[].a", json!(null)),
        ("filter over an absent key", "missing[?a == 'b']", json!(null)),
        ("key that is null", "b.n", json!(null)),
        ("index out of range", "l[7]", json!(null)),
        ("absent key in an object", "{a: missing}", json!({"a": null})),
        ("absent key in a list", "[missing]", json!([null])),
        ("order of a number and text", "components[?version > '0']", json!([])),
        (
            "the gate that never fires",
            "matches[].vulnerability[].cvss[?metrics.impactScore > '8.0'][] | length(@)",
            json!(0),
        ),
        (
            "the same with a number",
            "matches[].vulnerability[].cvss[?metrics.impactScore > `8.0`][] | length(@)",
            json!(1),
        ),
        ("flattened", "components[].licenses[].expression", json!(["GPL-3.0", "MIT"])),
        ("filtered", "components[?name == 'commons-logging'].version | [0]", json!("1.2.0")),
        ("filtered, or a word", "components[?name=='nothing'].version || 'none'", json!("none")),
        // What follows from the specification.
        ("wildcard", "people[*].name", json!(["ana", "bob", "cyd"])),
        ("values", "map.*.v", json!([2, 1])),
        ("slice", "l[1:]", json!([2, 3])),
        ("slice backwards", "l[::-1]", json!([3, 2, 1])),
        ("slice from the end", "l[-2:-1]", json!([2])),
        ("slice out of range", "l[5:9]", json!([])),
        ("slice of text", "s[0:2]", json!(null)),
        ("index into a projection", "people[*].tags[0]", json!(["a", "c"])),
        ("index of a projection", "people[*].tags | [0]", json!(["a", "b"])),
        ("flatten one level", "people[].tags[]", json!(["a", "b", "c"])),
        ("flatten text", "s[]", json!(null)),
        ("select a list", "people[0].[name, age]", json!(["ana", 30])),
        ("select an object", "people[0].{n: name, x: nope}", json!({"n": "ana", "x": null})),
        ("select below null", "b.n.{a: x}", json!(null)),
        ("select behind a bar", "b.n | {a: x}", json!({"a": null})),
        ("and", "flag && num", json!(5)),
        ("and, false", "empty && num", json!([])),
        ("or", "empty || num", json!(5)),
        ("not", "!empty", json!(true)),
        ("not absent", "!missing", json!(true)),
        ("equal", "num == `5.0`", json!(true)),
        ("not equal", "s != 'text'", json!(false)),
        ("absent equals null", "missing == `null`", json!(true)),
        ("order", "num >= `5`", json!(true)),
        ("order of texts", "s > 'a'", json!(null)),
        ("filter by a comparison", "people[?age > `25`].name", json!(["ana"])),
        ("filter by more", "people[?age > `25` || name == 'cyd'].name", json!(["ana", "cyd"])),
        ("filter by a function", "people[?contains(name, 'b')].name", json!(["bob"])),
        ("filter by what is there", "people[?tags].name", json!(["ana", "bob"])),
        ("literal", "`{\"a\": [1]}`.a[0]", json!(1)),
        ("raw string", "'it\\'s'", json!("it's")),
        ("quoted key", "\"b\".\"id\"", json!("x")),
        ("parentheses", "(missing || b).id", json!("x")),
        ("piped functions", "people[*].name | sort(@) | reverse(@) | [0]", json!("cyd")),
        ("expression argument", "max_by(people[?age], &age).name", json!("ana")),
        ("map", "map(&age, people)", json!([30, 20, null])),
        ("a key of a number in a projection is left out", "people[*].age.years", json!([])),
    ];
    for (name, expression, expected) in cases {
        let source = format!("{{{{ {expression} }}}}");
        assert_eq!(filled(&source, &predicate()), Ok(expected), "case `{name}`: {expression}");
    }
}

#[test]
fn what_is_an_error() {
    let cases = [
        ("absent key", "missing", "the predicate has no `missing`"),
        ("absent key below", "b.nope", "the predicate has no `b.nope`; nearest there: `n`, `id`"),
        ("absent key before a bar", "missing | length(@)", "the predicate has no `missing`"),
        ("key of text", "s.x", "`s` in the predicate is a string, not an object"),
        ("right side of and", "flag && missing", "the predicate has no `missing`"),
        ("length of null", "length(missing)", "`length`: argument 1 must be a string, list or object, not null"),
        (
            "absent key behind a filter",
            "(components[?name=='x'] | [0]).version",
            "`this` in what was found is null, not an object",
        ),
    ];
    for (name, expression, expected) in cases {
        let error = filled(&format!("{{{{ {expression} }}}}"), &predicate()).expect_err(name).to_string();
        assert!(error.starts_with(expected), "case `{name}`: {error}");
    }
}

/// What a predicate makes large is bounded.
#[test]
fn work_is_bounded() {
    let doubling = format!("{{{{ l{} }}}}", " | [@, @]".repeat(30));
    let too_much = |what, limit| Err(ConditionError::TooMuchWork { what, limit });
    assert_eq!(filled(&doubling, &predicate()), too_much("bytes of copies", 64 << 20));
    let small = format!("{{{{ l{} | length(@) }}}}", " | [@, @]".repeat(10));
    assert_eq!(filled(&small, &predicate()), Ok(json!(2)));

    let wide = json!({"l": vec![1; 3000]});
    let quadratic = "{{ l[*].[`{{ l[?@ == `2`] }}`] | length(@) }}";
    assert_eq!(filled(quadratic, &wide), too_much("steps", 4_000_000));
    assert_eq!(filled(quadratic, &json!({"l": vec![1; 30]})), Ok(json!(30)));

    let text = json!({"s": "x".repeat(65_537), "fits": "x".repeat(65_536)});
    let limit = Err(ConditionError::TooLong { limit: 65_536 });
    assert_eq!(filled("{{ regex_match('y', s) }}", &text), limit);
    assert_eq!(filled("{{ regex_match('y', fits) }}", &text), Ok(json!(false)));
}

/// Corpus policies' conditions, on predicates of their kind.
#[test]
fn conditions_of_real_policies() {
    let predicate = json!({
        "builder": {"id": "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.9.0"},
        "scanner": {"uri": "pkg:github/aquasecurity/trivy@0.34.0"},
        "metadata": {"scanFinishedOn": "2026-03-01T12:00:00Z"},
        "components": [{"name": "commons-text", "version": "1.10.0", "licenses": [{"expression": "GPL-3.0"}]},
            {"name": "httpclient", "version": "4.5.13", "licenses": []}],
        "reviewers": ["ana@example.com"], "Data": {"bomFormat": "CycloneDX"}
    });
    let generator = "{{ regex_match('^https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v[0-9].[0-9].[0-9]$','{{ builder.id}}') }}";
    let cases = [
        ("builder", generator, Operator::Equals, json!(true), '+'),
        (
            "builder at a branch",
            "{{ regex_match('generator_container_slsa3.yml@refs/heads/main','{{ builder.id}}') }}",
            Operator::Equals,
            json!(true),
            '-',
        ),
        (
            "scanner",
            "{{ regex_match('^pkg:github/aquasecurity/trivy@0.34.0','{{ scanner.uri }}') }}",
            Operator::Equals,
            json!(true),
            '+',
        ),
        (
            "scan is fresh",
            "{{ time_since('','{{metadata.scanFinishedOn}}','') }}",
            Operator::LessThanOrEquals,
            json!("168h"),
            '+',
        ),
        (
            "scan is not fresh",
            "{{ time_since('','{{metadata.scanFinishedOn}}','') }}",
            Operator::LessThanOrEquals,
            json!("23h"),
            '-',
        ),
        (
            "scan is a day old",
            "{{ time_diff('{{metadata.scanFinishedOn}}','{{ time_now_utc() }}') }}",
            Operator::LessThanOrEquals,
            json!("24h"),
            '+',
        ),
        ("licenses", "{{ components[].licenses[].expression }}", Operator::AllIn, json!(["GPL-3.0"]), '+'),
        (
            "a version",
            "{{ components[?name == 'commons-text'].version | [0] }}",
            Operator::GreaterThanOrEquals,
            json!("1.2.0"),
            '+',
        ),
        (
            "not these versions",
            "{{ components[?name=='commons-text'].version || 'none' }}",
            Operator::AllNotIn,
            json!(["1.5", "1.9"]),
            '+',
        ),
        (
            "one of these versions",
            "{{ components[?name=='commons-text'].version || 'none' }}",
            Operator::AllNotIn,
            json!(["1.5", "1.10.0"]),
            '-',
        ),
        (
            "a component that is not there",
            "{{ components[?name=='x'].version || 'none' }}",
            Operator::AllNotIn,
            json!(["1.5"]),
            '+',
        ),
        (
            "a range, its variable quoted",
            "{{ semver_compare( '{{ components[?name == 'httpclient'].version | [0] }}', '>4.5.0') }}",
            Operator::Equals,
            json!(true),
            '+',
        ),
        ("reviewers", "{{ reviewers }}", Operator::AnyIn, json!(["ana@example.com", "bob@example.com"]), '+'),
        ("format", "{{ Data.bomFormat }}", Operator::NotEquals, json!("CycloneDX"), '-'),
    ];
    for (name, key, operator, value, expected) in cases {
        let result = result(json!(key), operator, value, &predicate);
        assert_eq!(result.error, None, "case `{name}`");
        let found = match result.verdict {
            Verdict::Holds => '+',
            Verdict::Fails => '-',
            Verdict::Open(_) => '?',
        };
        assert_eq!(found, expected, "case `{name}`: {:?}", result.found);
    }
}

/// Words put together at random: many are refused, some are expressions, and none is a panic. The seed is fixed.
#[test]
fn random_expressions_have_an_answer() {
    let mut words: Vec<String> = "a b.id people l map s num missing @ * [*] [] [0] [-1] [1:] [::-1] [? ] ( ) { } : , | || && ! == != < >= & . \
        'x' '{{ b.id }}' `5` `[1,2]` `{{ l }}` \"a b\" {{ key }} .{{ s }} {{ }} \\ é \u{0} ' ` \" 99999999999 -1 &name &age"
        .split(' ')
        .map(str::to_owned)
        .collect();
    words.extend(function_names().map(|(name, _)| format!("{name}(")));
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let predicate = predicate();
    let scope = Scope::new(NOW).with_predicate(&predicate);
    let (mut parsed, mut given) = (0, 0);
    for _ in 0..100_000 {
        let length = 1 + random(12);
        let text: String = (0..length).map(|_| words[random(words.len())].as_str()).collect();
        let Ok(template) = Template::parse(&json!(format!("{{{{ {text} }}}}"))) else { continue };
        parsed += 1;
        given += usize::from(template.evaluate(&scope).is_ok());
    }
    assert!(parsed > 500 && given > 200, "{parsed} expressions, {given} with a value");
}
