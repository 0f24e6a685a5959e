//! `exceptions`, `mirrors`, `failureActionOverrides` and the switches around them.

use super::*;

fn settings_with(name: &str, value: Value) -> Value {
    let mut settings = settings_of(block());
    settings[name] = value;
    settings
}

fn exception() -> Value {
    json!({"imageReferences": ["docker.io/bitnami/redis*"], "reason": "no one signs it", "expires": "2026-12-31"})
}

#[test]
fn house_rules_are_read() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let mut settings = settings_with("exceptions", json!([with(exception(), "/digests", json!([digest]))]));
    settings["mirrors"] = json!({"mirror.local": "docker.io"});
    settings["failureActionOverrides"] = json!([{"action": "audit", "namespaces": ["dev-*"]}]);
    settings["verifyUnchanged"] = false.into();
    settings["verifyImages"][0]["alwaysPull"] = "require".into();
    let settings = parse(&settings);
    assert_eq!(settings.exceptions[0].reason, "no one signs it");
    assert_eq!(settings.exceptions[0].expires.as_str(), "2026-12-31");
    assert_eq!(settings.exceptions[0].digests[0].as_str(), digest);
    assert_eq!(settings.failure_action_overrides[0].action, FailureAction::Audit);
    assert!(!settings.verify_unchanged);
    assert_eq!(settings.verify_images[0].always_pull, Some(AlwaysPull::Require));
    assert!(settings.mirrors.home_of(&ImageRef::parse("mirror.local/nginx").unwrap()).is_some());

    let plain = parse(&settings_of(block()));
    assert!(plain.exceptions.is_empty() && plain.failure_action_overrides.is_empty() && plain.verify_unchanged);
    assert_eq!(plain.verify_images[0].always_pull, None);
}

#[test]
fn house_rules_that_make_no_sense_are_told() {
    let without = |field: &str| {
        let mut exception = exception();
        exception.as_object_mut().unwrap().remove(field);
        settings_with("exceptions", json!([exception]))
    };
    let exception = |field: &str, value: Value| settings_with("exceptions", json!([with(exception(), field, value)]));
    let cases = [
        ("no images", without("imageReferences"), "exceptions[0]: `imageReferences` is missing"),
        ("no reason", without("reason"), "exceptions[0]: `reason` is missing"),
        ("an empty reason", exception("/reason", json!(" ")), "exceptions[0].reason: is empty"),
        ("no end", without("expires"), "exceptions[0]: `expires` is missing: an exception without an end is a rule"),
        ("no day", exception("/expires", json!("next week")), "exceptions[0].expires: `next week` is not a day"),
        (
            "a moment",
            exception("/expires", json!("2026-12-31T00:00:00Z")),
            "exceptions[0].expires: `2026-12-31T00:00:00Z` is not a day",
        ),
        ("a number", exception("/expires", json!(20261231)), "exceptions[0].expires: must be a string"),
        (
            "no digest",
            exception("/digests", json!(["sha256:x"])),
            "exceptions[0].digests[0]: `sha256:x` is not a digest",
        ),
        ("no digests", exception("/digests", json!([])), "exceptions[0].digests: the list is empty"),
        (
            "misspelt",
            exception("/expire", json!("2026-12-31")),
            "exceptions[0]: unknown field `expire` (did you mean `expires`?)",
        ),
        ("no list", settings_with("exceptions", json!(exception_object())), "exceptions: must be a list"),
        ("a pattern", settings_with("mirrors", json!({"mirror.local/*": "ghcr.io"})), "mirrors: "),
        (
            "no registry",
            settings_with("mirrors", json!({"mirror": "ghcr.io"})),
            "mirrors: `mirror` does not begin with a registry",
        ),
        (
            "no home",
            settings_with("mirrors", json!({"mirror.local": "myorg"})),
            "mirrors[\"mirror.local\"]: `myorg` does not begin with a registry",
        ),
        ("itself", settings_with("mirrors", json!({"ghcr.io": "ghcr.io/"})), "mirrors: `ghcr.io` stands for itself"),
        (
            "twice",
            settings_with("mirrors", json!({"mirror.local": "ghcr.io", "Mirror.local/": "quay.io"})),
            "mirrors: `mirror.local` stands here twice",
        ),
        (
            "no namespaces",
            settings_with("failureActionOverrides", json!([{"action": "Audit"}])),
            "failureActionOverrides[0]: `namespaces` is missing",
        ),
        (
            "a selector",
            settings_with(
                "failureActionOverrides",
                json!([{"action": "Audit", "namespaces": ["x"], "namespaceSelector": {}}]),
            ),
            "failureActionOverrides[0].namespaceSelector: the labels of a namespace are not part of what a policy sees",
        ),
        (
            "Kyverno's name",
            settings_with("validationFailureActionOverrides", json!([])),
            "validationFailureActionOverrides: is not supported",
        ),
        ("no switch", settings_with("verifyUnchanged", json!("no")), "verifyUnchanged: must be true or false"),
        (
            "no rule",
            settings_of(with(block(), "/alwaysPull", json!("yes"))),
            "verifyImages[0].alwaysPull: `yes` is not one of `require` or `mutate`",
        ),
    ];
    for (name, settings, expected) in cases {
        let problems = Settings::parse(&settings).map(|_| ()).expect_err(name);
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.starts_with(expected)), "case `{name}`: {lines:#?}");
    }
}

fn exception_object() -> Value {
    exception()
}

#[test]
fn exceptions_that_are_too_wide_or_too_narrow_are_warned_of() {
    let warnings = |pattern: &str, digests: Value| -> Vec<String> {
        let mut exception = with(exception(), "/imageReferences", json!([pattern]));
        if digests != Value::Null {
            exception["digests"] = digests;
        }
        let settings = parse(&settings_with("exceptions", json!([exception])));
        settings.warnings.iter().map(|warning| warning.message.clone()).collect()
    };
    let listed = json!([format!("sha256:{}", "a".repeat(64))]);
    let cases = [
        ("a repository", "docker.io/bitnami/redis*", Value::Null, vec!["also matches what only begins like it"]),
        ("an organisation", "docker.io/bitnami/*", Value::Null, vec![]),
        ("everything", "*", Value::Null, vec!["every image is excepted"]),
        ("a tag", "docker.io/bitnami/redis:7", Value::Null, vec!["matches tags only"]),
        ("a tag with its digest", "docker.io/bitnami/redis:7", listed, vec![]),
        ("a port is no tag", "localhost:5000/*", Value::Null, vec![]),
    ];
    for (name, pattern, digests, expected) in cases {
        let found = warnings(pattern, digests);
        assert_eq!(found.len(), expected.len(), "case `{name}`: {found:?}");
        assert!(found.iter().zip(&expected).all(|(found, part)| found.contains(part)), "case `{name}`: {found:?}");
    }
}
