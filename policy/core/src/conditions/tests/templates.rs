use serde_json::json;

use super::*;
use crate::reference::{Digest, ImageRef};

#[test]
fn variables_are_filled_in() {
    let predicate = json!({
        "b": {"id": 5}, "s": "text", "n": null, "l": ["x", {"y": 1}], "a-b": {"c d": 1}, "a\"b": 2, "ключ": 3,
        "inject": "{{ s }}", "_x1": true
    });
    let scope = Scope::new(NOW).with_predicate(&predicate);
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
        let filled = template.evaluate(&scope).expect(name);
        assert_eq!(*filled, expected, "case `{name}`");
        assert_eq!(template.source(), &source, "case `{name}`");
    }
}

#[test]
fn limits() {
    let steps = |count: usize| json!(format!("{{{{ {} }}}}", vec!["a"; count].join(".")));
    assert!(Template::parse(&steps(65)).is_ok());
    assert_eq!(Template::parse(&steps(66)).map(|_| ()), Err(TemplateError::Expression(ExpressionError::TooDeep)));

    let text = |bytes: usize| json!("x".repeat(bytes));
    assert!(Template::parse(&text(4096)).is_ok());
    assert_eq!(Template::parse(&text(4097)).map(|_| ()), Err(TemplateError::TooLong(4097)));

    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(Template::parse(&nested(64)).is_ok());
    assert_eq!(Template::parse(&nested(65)).map(|_| ()), Err(TemplateError::TooDeep));

    let long = |bytes: usize| json!({"a": "x".repeat(bytes), "b": "y"});
    let filled = |bytes: usize| result(json!("{{ a }}{{ b }}"), Operator::Equals, json!("*"), &long(bytes));
    assert_eq!(filled(65_535).verdict, Verdict::Holds);
    assert_eq!(filled(65_536).error, Some(ConditionError::TooLong { limit: 65_536 }));
    let compared = |bytes: usize| result(json!("{{ a }}"), Operator::NotEquals, json!("x"), &long(bytes));
    assert_eq!(compared(65_536).verdict, Verdict::Holds);
    assert_eq!(compared(65_537).error, Some(ConditionError::TooLong { limit: 65_536 }));
}

#[test]
fn what_is_not_in_the_predicate_is_an_error() {
    let predicate = json!({
        "buildDefinition": {"buildType": "x", "externalParameters": {}, "internalParameters": {}, "resolvedDependencies": []},
        "l": [1], "n": null, "t": true
    });
    let missing = |path: &str, nearest: &[&str]| ConditionError::MissingKey {
        within: "the predicate",
        path: path.to_owned(),
        nearest: nearest.iter().map(|key| (*key).to_owned()).collect(),
    };
    let stuck = |path: &str, found, wanted| ConditionError::NotTraversable {
        within: "the predicate",
        path: path.to_owned(),
        found,
        wanted,
    };
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
        ("quoted", r#"{{ t."a b" }}"#, stuck("t", "a boolean", "an object")),
        (
            "quoted, in an object",
            r#"{{ buildDefinition.externalParameters."a b" }}"#,
            missing(r#"buildDefinition.externalParameters."a b""#, &[]),
        ),
        ("key of a list", "{{ l.a }}", stuck("l", "a list", "an object")),
        ("key of an element", "{{ l[0].a }}", stuck("l[0]", "a number", "an object")),
        ("key of null", "{{ n.a }}", stuck("n", "null", "an object")),
        ("index of an object", "{{ buildDefinition[0] }}", stuck("buildDefinition", "an object", "a list")),
        ("index of a boolean", "{{ t[0] }}", stuck("t", "a boolean", "a list")),
    ];
    for (name, key, expected) in cases {
        for operator in [Operator::Equals, Operator::NotEquals] {
            for (key, value) in
                [(json!(key), json!("*")), (json!("x"), json!(key)), (json!("in {{ t }} text"), json!([key]))]
            {
                let result = result(key, operator, value, &predicate);
                assert_eq!(result.error, Some(expected.clone()), "case `{name}`");
                assert_eq!(result.verdict, Verdict::Open(Open::Incomparable), "case `{name}`");
            }
        }
    }
}

#[test]
fn what_is_no_template_is_refused() {
    let unsupported = |what, advice| TemplateError::Unsupported(what, advice);
    let syntax = |expression: &str, reason: &str| {
        TemplateError::Expression(ExpressionError::Syntax {
            expression: expression.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let whole =
        |expression: &str| TemplateError::Expression(ExpressionError::WholeScope { expression: expression.to_owned() });
    let bare = || TemplateError::Expression(ExpressionError::BareVariable);
    let unclosed = || TemplateError::Expression(ExpressionError::Unclosed);
    let cases = [
        ("empty", "{{ }}", TemplateError::Expression(ExpressionError::Empty)),
        ("not closed", "a {{ b", unclosed()),
        ("quote not closed", "{{ 'a }}", unclosed()),
        ("the whole scope", "{{ @ }}", whole("@")),
        ("the whole scope in a function", "{{ length(@) }}", whole("length(@)")),
        ("an element of the scope", "{{ [0] }}", whole("[0]")),
        ("values of the scope", "{{ *.id }}", whole("*.id")),
        ("two dots", "{{ a..b }}", syntax("a..b", "expected identifier, '*', '{', '[', '&', or '[?'")),
        ("dash in a key", "{{ build-type }}", syntax("build-type", "'-' must be followed by numbers 1-9")),
        ("bracket not closed", "{{ a[0 }}", syntax("a[0", "expected ':', or ']'")),
        ("slice without a step", "{{ a[::0] }}", syntax("a[::0]", "the step of a slice is zero")),
        ("reference outside a function", "{{ a.b && &c }}", syntax("a.b && &c", "`&` stands outside a function")),
        (
            "a value for an expression",
            "{{ map(a, b) }}",
            syntax("map(a, b)", "`map` needs `&` and an expression there"),
        ),
        ("an expression for a value", "{{ length(&a) }}", syntax("length(&a)", "`length` takes no `&` there")),
        ("a variable as an argument", "{{ semver_compare( {{ a }}, '>1.0.0') }}", bare()),
        ("a variable as a name", "{{ {{ a }} }}", bare()),
        ("a variable as an operator", "{{ a {{ b }} c }}", bare()),
        ("a variable in a literal's list", "{{ `[{{ a }}]` }}", bare()),
        (
            "unknown function",
            "{{ lenght(a) }}",
            TemplateError::Expression(ExpressionError::UnknownFunction {
                name: "lenght".to_owned(),
                nearest: Some("length"),
            }),
        ),
        (
            "too few arguments",
            "{{ regex_match('a') }}",
            TemplateError::Expression(ExpressionError::ArgumentCount { name: "regex_match", takes: 2, given: 1 }),
        ),
        (
            "too many arguments",
            "{{ length(a, b) }}",
            TemplateError::Expression(ExpressionError::ArgumentCount { name: "length", takes: 1, given: 2 }),
        ),
        (
            "no range of versions",
            "{{ semver_compare(a, '>=1.2') }}",
            TemplateError::Expression(ExpressionError::Argument {
                name: "semver_compare",
                error: FunctionError::Unreadable {
                    text: ">=1.2".to_owned(),
                    wanted: "a range of versions (`>=1.2.0 <2.0.0`)",
                },
            }),
        ),
        (
            "escaped",
            r"\{{ a }}",
            unsupported(
                r"an escaped variable (`\{{ … }}`)",
                "what is found is never read again, so nothing need be escaped",
            ),
        ),
        ("reference", "$(./../a)", unsupported("a reference into the policy (`$( … )`)", "write the value itself")),
        ("escaped for Helm", "{{`{{ a }}`}}", TemplateError::HelmEscaped),
    ];
    for (name, source, expected) in cases {
        assert_eq!(refused(source), expected, "case `{name}`: {source}");
    }
    for name in ["random", "x509_decode", "parse_yaml", "is_external_url"] {
        let error = refused(&format!("{{{{ {name}(a) }}}}"));
        let is_left_out = matches!(&error, TemplateError::Expression(ExpressionError::LeftOutFunction { name: found, .. }) if found == name);
        assert!(is_left_out, "{error}");
    }
    let regex = refused("{{ regex_match('(a', b) }}");
    let is_regex = matches!(
        regex,
        TemplateError::Expression(ExpressionError::Argument {
            name: "regex_match",
            error: FunctionError::Regex { .. }
        })
    );
    assert!(is_regex, "{regex}");
    let in_key = json!({"{{ a }}": 1});
    let refused_key = Template::parse(&in_key).map(|_| ());
    assert_eq!(refused_key, Err(unsupported("a variable in a key", "write the key itself")));
}

/// Settings come from the policy's author, but a parser that overflows the stack is a trap.
#[test]
fn depth_is_bounded_before_it_is_parsed() {
    let too_deep = |source: String| {
        assert_eq!(refused(&source), TemplateError::Expression(ExpressionError::TooDeep), "{source:.40}");
    };
    let fits = |source: String| assert!(Template::parse(&json!(source)).is_ok(), "{source:.40}");
    fits(format!("{{{{ {}a{} }}}}", "(".repeat(24), ")".repeat(24)));
    too_deep(format!("{{{{ {}a{} }}}}", "(".repeat(25), ")".repeat(25)));
    too_deep(format!("{{{{ {}a{} }}}}", "[".repeat(25), "]".repeat(25)));
    fits(format!("{{{{ {}a }}}}", "!".repeat(48)));
    too_deep(format!("{{{{ {}a }}}}", "!".repeat(49)));
    too_deep(format!("{{{{ a{} }}}}", "[*]".repeat(49)));
    fits(format!("{{{{ a{} }}}}", "[]".repeat(30)));
    too_deep(format!("{{{{ a{} }}}}", "[]".repeat(40)));
    too_deep(format!("{{{{ a{} }}}}", " | b".repeat(65)));
    too_deep(format!("{{{{ a{} }}}}", ".b".repeat(257)));
    let nested = |levels: usize| (0..levels).fold("a".to_owned(), |inner, _| format!("b.{{{{ {inner} }}}}"));
    fits(format!("{{{{ {} }}}}", nested(3)));
    too_deep(format!("{{{{ {} }}}}", nested(4)));
    // A variable inside an expression has half the depth.
    fits(format!("{{{{ b.{{{{ a{} }}}} }}}}", " | b".repeat(32)));
    too_deep(format!("{{{{ b.{{{{ a{} }}}} }}}}", " | b".repeat(33)));
    let long = format!("{{{{ '{}' }}}}", "x".repeat(2048));
    assert_eq!(refused(&long), TemplateError::Expression(ExpressionError::TooLong { limit: 2048 }));
}

#[test]
fn variables_in_variables_are_values() {
    let evil = "') || regex_match('.*', '";
    let predicate = json!({
        "b": {"id": "x", "evil": evil, "braces": "{{ request.operation }}", "n": 5, "quote": "a'b\"c`d"},
        "key": "id", "dotted": "a.b", "a": {"b": 1, "a.b": 2, "x y": 3}, "spaced": "x y",
        "json": "[1, 2]", "nojson": "[1", "list": [1, 2]
    });
    let cases = [
        ("in a string", "{{ regex_match('^x$', '{{ b.id }}') }}", json!(true)),
        ("what would be code", "{{ regex_match('^x$', '{{ b.evil }}') }}", json!(false)),
        ("in a string, as it is", "{{ to_string('{{ b.evil }}') }}", json!(evil)),
        ("braces stay", "{{ to_string('{{ b.braces }}') }}", json!("{{ request.operation }}")),
        ("quotes stay", "{{ to_string('<{{ b.quote }}>') }}", json!("<a'b\"c`d>")),
        ("with text around", "{{ to_string('pre-{{ b.id }}-{{ b.n }}') }}", json!("pre-x-5")),
        ("without spaces", "{{regex_match('^5$','{{b.n}}')}}", json!(true)),
        ("as a key", "{{ b.{{ key }} }}", json!("x")),
        ("a key with a dot is one key", "{{ a.{{ dotted }} }}", json!(2)),
        ("as a quoted key", "{{ a.\"{{ spaced }}\" }}", json!(3)),
        ("as a literal", "{{ length(`{{ list }}`) }}", json!(2)),
        ("as a literal that is text", "{{ length(`{{ json }}`) }}", json!(2)),
        ("in a literal's string", "{{ length(`\"{{ b.id }}\"`) }}", json!(1)),
        ("from the top, wherever it stands", "{{ list[?@ == `{{ list[0] }}`] }}", json!([1])),
        ("three levels", "{{ to_string('{{ to_string('{{ b.id }}') }}') }}", json!("x")),
        ("with a dash", "{{- b.id }}", json!("x")),
        ("an object in braces", "{{ {x: b.id}.x }}", json!("x")),
        ("closing braces in a string", "{{ to_string('}}') }}", json!("}}")),
    ];
    for (name, source, expected) in cases {
        assert_eq!(filled(source, &predicate), Ok(expected), "case `{name}`: {source}");
    }
    let not_json = ConditionError::NotJson { text: "[1".to_owned() };
    assert_eq!(filled("{{ length(`{{ nojson }}`) }}", &predicate), Err(not_json));
    // Not even what takes an absent key for null forgives one in a variable: Kyverno fills variables in first.
    for source in ["{{ to_string('{{ nope }}') }}", "{{ b.{{ nope }} || 'x' }}", "{{ `{{ nope }}` || 'x' }}"] {
        let error = filled(source, &predicate);
        let is_absent =
            |error: &ConditionError| matches!(error, ConditionError::MissingKey { path, .. } if path == "nope");
        assert!(matches!(&error, Err(ConditionError::InVariable(inner)) if is_absent(inner)), "{source}: {error:?}");
    }
    let error = filled("{{ b.{{ key }}.{{ key }} }}", &predicate);
    assert!(matches!(error, Err(ConditionError::NotTraversable { .. })), "{error:?}");
}

/// The request, the image and named attestations are what they are, whatever keys a predicate has.
#[test]
fn a_predicate_cannot_pass_for_the_request() {
    let request = json!({
        "operation": "CREATE", "namespace": "shop", "object": {"metadata": {"labels": {"tier": "gold"}}},
        "userInfo": {"username": "system:serviceaccount:ci:deployer"}
    });
    let image = |text: &str| ImageRef::parse(text).expect("an image");
    let digest = Digest::of(b"image");
    let web = image("ghcr.io/myorg/app/web:1.0");
    let containers = vec![
        ContainerImage { list: "containers".to_owned(), container: "web".to_owned(), image: web.clone() },
        ContainerImage { list: "initContainers".to_owned(), container: "init".to_owned(), image: image("nginx") },
    ];
    let payload = json!({"request": request}).to_string();
    let facts = RequestFacts::new(payload.as_bytes(), containers);
    let forged = json!({"image": {"name": "forged"}, "request": {"operation": "FORGED"}, "images": {}, "scan": {"a": 1}, "id": 1});
    let named = json!({"a": 2});
    let scope = Scope::new(NOW)
        .with_predicate(&forged)
        .with_request(Some(&facts))
        .with_image(ImageFacts { image: &web, digest: &digest })
        .with_named(vec![("scan", &named)]);
    let cases = [
        ("{{ request.operation }}", json!("CREATE")),
        ("{{ request.object.metadata.labels.tier }}", json!("gold")),
        ("{{ serviceAccountName }}/{{ serviceAccountNamespace }}", json!("deployer/ci")),
        ("{{ image.name }}", json!("web")),
        ("{{ image.path }}", json!("myorg/app/web")),
        ("{{ image.registry }}", json!("ghcr.io")),
        ("{{ image.tag }}", json!("1.0")),
        ("{{ image.digest }}", json!(digest.as_str())),
        ("{{ image.reference }}", json!("ghcr.io/myorg/app/web:1.0")),
        ("{{ image.referenceWithTag }}", json!("ghcr.io/myorg/app/web:1.0")),
        ("{{ images.containers.web.name }}", json!("web")),
        ("{{ images.initContainers.init.reference }}", json!("docker.io/nginx:latest")),
        ("{{ scan.a }}", json!(2)),
        ("{{ id }}", json!(1)),
    ];
    for (source, expected) in cases {
        let template = Template::parse(&json!(source)).expect(source);
        let found = template.evaluate(&scope).map(|value| value.into_owned());
        assert_eq!(found, Ok(expected), "{source}");
    }
    // Where there is no request, the predicate's does not stand in for it.
    let alone = Scope::new(NOW).with_predicate(&forged);
    for source in ["{{ request.operation }}", "{{ image.name }}", "{{ images }}", "{{ element }}"] {
        let template = Template::parse(&json!(source)).expect(source);
        let found = template.evaluate(&alone).map(|value| value.into_owned());
        assert!(matches!(found, Err(ConditionError::MissingKey { .. })), "{source}: {found:?}");
    }
}
