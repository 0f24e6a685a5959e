//! Exceptions, mirrors, overrides, pull policies, updates: house rules as they work on requests.

use super::*;
use crate::test_host::Layout;

const DAY: i64 = 86_400;

fn settings_with(more: Value) -> Value {
    let mut settings = settings();
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

fn decide_request(host: &Counting, request: &Value, settings: &Value, now: i64) -> Decision {
    decide(host, json!({"request": request, "settings": settings}).to_string().as_bytes(), now)
}

fn image_of(decision: &Decision, container: usize) -> String {
    let object = decision.response.mutated_object.clone().unwrap_or_default();
    object["spec"]["containers"][container]["image"].as_str().unwrap_or("unchanged").to_owned()
}

#[test]
fn an_excepted_image_is_admitted_and_pinned_until_its_day_is_over() {
    let debug = "ghcr.io/x/debug:1.2";
    let exception = json!({"imageReferences": [debug], "reason": "no one to sign it", "expires": "2026-12-31"});
    let excepting = |exception: &Value| settings_with(json!({ "exceptions": [exception] }));
    let last_second = 1_798_761_599;
    let cases = [
        ("long before", NOW, true, "", None),
        ("two weeks before", last_second - 14 * DAY + 1, true, "", Some("in 14 days")),
        ("its last second", last_second, true, "", Some("today")),
        ("over", last_second + 1, false, "SW3007,SW4001", None),
    ];
    for (name, now, accepted, expected, warning) in cases {
        let host = Counting::new("myorg/debug");
        let decision = decide_request(&host, &pod(&[debug]), &excepting(&exception), now);
        assert_eq!(decision.response.accepted, accepted, "case `{name}`: {decision:#?}");
        assert_eq!(codes(&decision), expected, "case `{name}`");
        let warnings = decision.response.warnings.clone().unwrap_or_default();
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "case `{name}`: {warnings:?}");
        if let Some(warning) = warning {
            assert!(warnings[0].contains(warning) && warnings[0].contains("no one to sign it"), "{warnings:?}");
        }
        if accepted {
            assert!(image_of(&decision, 0).starts_with("ghcr.io/x/debug:1.2@sha256:"), "case `{name}`");
            assert_eq!(host.operations(), ["resolve"], "case `{name}`: an exception asks for no evidence");
            let excepted = decision.explanation.images[0].excepted.as_deref();
            assert_eq!(excepted, Some("until 2026-12-31 by exceptions[0]: no one to sign it"), "case `{name}`");
        } else {
            let message = decision.response.message.unwrap();
            assert!(message.contains("ended with 2026-12-31: no one to sign it"), "{message}");
        }
    }

    // Where it cannot be pinned, it must come by digest.
    let mut twin = excepting(&exception);
    twin["mutate"] = false.into();
    let host = Counting::new("myorg/debug");
    assert_eq!(codes(&decide_request(&host, &pod(&[debug]), &twin, NOW)), "SW3006");
    // And what cannot be resolved is not admitted, excepted or not.
    let gone = Counting::new("myorg/debug");
    let mut other = exception.clone();
    other["imageReferences"] = json!(["ghcr.io/x/debug:9"]);
    let decision = decide_request(&gone, &pod(&["ghcr.io/x/debug:9"]), &excepting(&other), NOW);
    assert_eq!(codes(&decision), "SW3002");
    let down = failing("myorg/debug", &HostError::Unreachable("down".to_owned()));
    assert_eq!(codes(&decide_request(&down, &pod(&[debug]), &excepting(&exception), NOW)), "SW3003");
}

#[test]
fn an_exception_for_digests_is_for_no_other() {
    let debug = "ghcr.io/x/debug:1.2";
    let real = Layout(fixtures().join("layouts/referrers/myorg/debug")).tag("1.2").unwrap();
    let other = format!("sha256:{}", "a".repeat(64));
    for (digest, accepted) in [(&real, true), (&other, false)] {
        let exceptions =
            json!([{"imageReferences": [debug], "digests": [digest], "reason": "x", "expires": "2026-12-31"}]);
        let settings = settings_with(json!({ "exceptions": exceptions }));
        for image in [debug.to_owned(), format!("{debug}@{real}")] {
            let host = Counting::new("myorg/debug");
            let decision = decide_request(&host, &pod(&[&image]), &settings, NOW);
            assert_eq!(decision.response.accepted, accepted, "{image} and {digest}: {decision:#?}");
        }
    }
}

#[test]
fn what_is_excepted_by_digest_is_pinned_where_no_block_does_it() {
    let debug = "quay.io/x/debug:1.2";
    let real = Layout(fixtures().join("layouts/referrers/myorg/debug")).tag("1.2").unwrap();
    let exceptions = json!([{"imageReferences": [debug], "digests": [real], "reason": "x", "expires": "2026-12-31"}]);
    let settings = |more: Value| {
        let mut settings = settings_with(json!({"exceptions": exceptions, "unmatchedImages": "deny"}));
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    };
    let host = Counting::new("myorg/debug");
    let decision = decide_request(&host, &pod(&[debug]), &settings(json!({})), NOW);
    assert_eq!(decision.explanation.images[0].pinned, Some(format!("{debug}@{real}")), "{decision:#?}");
    assert!(decision.response.mutated_object.is_some());
    // The twin cannot pin, so that it asks for the digest.
    let twin = settings(json!({"mutate": false}));
    assert_eq!(codes(&decide_request(&host, &pod(&[debug]), &twin, NOW)), "SW3006");
    assert_eq!(codes(&decide_request(&host, &pod(&[&format!("{debug}@{real}")]), &twin, NOW)), "");
}

/// Of a tag that moved, that no block matches is half of the truth; of one that nobody could look up, none of it.
#[test]
fn an_exception_for_another_digest_says_so() {
    let debug = "quay.io/x/debug:1.2";
    let real = Layout(fixtures().join("layouts/referrers/myorg/debug")).tag("1.2").unwrap();
    let excepting = |digest: &str, patterns: &str| {
        let exceptions =
            json!([{"imageReferences": [debug], "digests": [digest], "reason": "x", "expires": "2026-12-31"}]);
        let mut settings = settings_with(json!({"exceptions": exceptions, "unmatchedImages": "deny"}));
        settings["verifyImages"][0]["imageReferences"] = json!([patterns]);
        settings
    };
    let other = format!("sha256:{}", "a".repeat(64));
    let (own, elsewhere) = (Counting::new("myorg/debug"), "docker.io/*");
    for (digest, patterns, expected) in [
        (real.as_str(), elsewhere, ""),
        (&other, elsewhere, "SW3005,SW3013"),
        (real.as_str(), "quay.io/*", ""),
        (&other, "quay.io/*", "SW3013,SW4001"),
    ] {
        let decision = decide_request(&own, &pod(&[debug]), &excepting(digest, patterns), NOW);
        assert_eq!(codes(&decision), expected, "{digest} {patterns}: {decision:#?}");
        assert_eq!(decision.response.accepted, expected.is_empty());
        let finding = decision.explanation.images[0].findings.iter().find(|finding| finding.code == Code::TagMoved);
        assert_eq!(finding.is_some(), !expected.is_empty());
        if let Some(finding) = finding {
            assert_eq!((finding.wanted.as_deref(), finding.found.as_deref()), (Some(other.as_str()), Some(&*real)));
        }
    }
    let down = failing("myorg/debug", &HostError::Unreachable("down".to_owned()));
    let decision = decide_request(&down, &pod(&[debug]), &excepting(&real, elsewhere), NOW);
    assert_eq!(decision.explanation.outcome, Outcome::Undecided, "{decision:#?}");
    assert_eq!(codes(&decision), "SW3003");
}

#[test]
fn an_exception_also_speaks_for_what_no_block_matches() {
    let exceptions = json!([{"imageReferences": ["quay.io/*"], "reason": "x", "expires": "2026-12-31"}]);
    let settings = settings_with(json!({"exceptions": exceptions, "unmatchedImages": "deny"}));
    for (image, accepted) in [("quay.io/x/y:1", true), ("docker.io/x/y:1", false)] {
        let host = Counting::new("myorg/debug");
        let decision = decide_request(&host, &pod(&[image]), &settings, NOW);
        assert_eq!(decision.response.accepted, accepted, "{image}");
        assert!(host.calls.borrow().is_empty(), "{image}: {:?}", host.calls);
    }
}

#[test]
fn an_image_from_a_mirror_is_judged_by_its_name_at_home() {
    let mirrors = json!({"mirror.local/ghcr.io": "ghcr.io"});
    let mirrored = "mirror.local/ghcr.io/x/y:v1";
    let cases = [
        ("signed", "v2-key-p256", json!({ "mirrors": mirrors }), ""),
        ("by another key", "v2-key-rsa2048", json!({ "mirrors": mirrors }), "SW4003"),
        ("no mirror, so no block matches", "v2-key-p256", json!({"unmatchedImages": "deny"}), "SW3005"),
        (
            "skipped by its name at home only",
            "v2-key-rsa2048",
            json!({"mirrors": mirrors, "skip": "mirror.local/*"}),
            "SW4003",
        ),
        ("skipped at home", "v2-key-rsa2048", json!({"mirrors": mirrors, "skip": "ghcr.io/x/*"}), ""),
    ];
    for (name, layout, more, expected) in cases {
        let mut settings = settings_with(more);
        if let Some(skip) = settings.as_object_mut().unwrap().remove("skip") {
            settings["verifyImages"][0]["skipImageReferences"] = json!([skip]);
        }
        let host = Counting::new(layout);
        let decision = decide_request(&host, &pod(&[mirrored]), &settings, NOW);
        assert_eq!(codes(&decision), expected, "case `{name}`: {decision:#?}");
        assert_eq!(decision.response.accepted, expected.is_empty(), "case `{name}`");
        if name == "signed" {
            let pinned = image_of(&decision, 0);
            assert!(pinned.starts_with("mirror.local/ghcr.io/x/y:v1@sha256:"), "the mirror stays: {pinned}");
        }
    }
    // A block for the mirror itself is not escaped by the mapping.
    let mut settings = settings_with(json!({ "mirrors": mirrors }));
    settings["verifyImages"][0]["imageReferences"] = json!(["mirror.local/*"]);
    let decision =
        decide_request(&Counting::new("myorg/debug"), &pod(&["mirror.local/ghcr.io/x/y:1.2"]), &settings, NOW);
    assert_eq!(codes(&decision), "SW4001");
}

#[test]
fn failure_actions_by_namespace() {
    let audit_in_dev = json!([{"action": "Audit", "namespaces": ["dev-*", "sandbox"]}]);
    let enforce_in_prod =
        json!([{"action": "Enforce", "namespaces": ["prod"]}, {"action": "Audit", "namespaces": ["*"]}]);
    let cases = [
        ("matched", json!({"failureActionOverrides": audit_in_dev}), None, "dev-1", Outcome::Audited),
        (
            "matched by another pattern",
            json!({"failureActionOverrides": audit_in_dev}),
            None,
            "sandbox",
            Outcome::Audited,
        ),
        ("not matched", json!({"failureActionOverrides": audit_in_dev}), None, "prod", Outcome::Failed),
        ("whole names", json!({"failureActionOverrides": audit_in_dev}), None, "sandbox2", Outcome::Failed),
        ("the first decides", json!({"failureActionOverrides": enforce_in_prod}), None, "prod", Outcome::Failed),
        ("or the next", json!({"failureActionOverrides": enforce_in_prod}), None, "dev", Outcome::Audited),
        (
            "the block says it itself",
            json!({"failureActionOverrides": audit_in_dev}),
            Some("Enforce"),
            "dev-1",
            Outcome::Failed,
        ),
        ("the settings' own", json!({"failureAction": "Audit"}), None, "prod", Outcome::Audited),
        (
            "stricter than the settings",
            json!({"failureAction": "Audit", "failureActionOverrides": [{"action": "Enforce", "namespaces": ["prod"]}]}),
            None,
            "prod",
            Outcome::Failed,
        ),
        (
            "an unknown namespace may be that one",
            json!({"failureAction": "Audit", "failureActionOverrides": [{"action": "Enforce", "namespaces": ["prod"]}]}),
            None,
            "",
            Outcome::Failed,
        ),
        (
            "an unknown namespace is nobody's sandbox",
            json!({"failureActionOverrides": audit_in_dev}),
            None,
            "",
            Outcome::Failed,
        ),
    ];
    for (name, more, own, namespace, expected) in cases {
        let mut settings = settings_with(more);
        if let Some(own) = own {
            settings["verifyImages"][0]["failureAction"] = own.into();
        }
        let mut request = pod(&["ghcr.io/x/y:1.2"]);
        request["namespace"] = namespace.into();
        let decision = decide_request(&Counting::new("myorg/debug"), &request, &settings, NOW);
        assert_eq!(decision.explanation.outcome, expected, "case `{name}`");
    }
}

fn update(old: &Value, new: &Value) -> Value {
    let mut request = new.clone();
    request["operation"] = "UPDATE".into();
    request["oldObject"] = old["object"].clone();
    request
}

#[test]
fn what_is_pinned_and_unchanged_can_be_left_alone() {
    let pinned =
        format!("ghcr.io/x/y:1.2@{}", Layout(fixtures().join("layouts/referrers/myorg/debug")).tag("1.2").unwrap());
    let tagged = "ghcr.io/x/y:1.2".to_owned();
    let other = "ghcr.io/x/z:1.2".to_owned();
    let cases = [
        ("pinned and unchanged", false, &pinned, &pinned, true),
        ("verified all the same by default", true, &pinned, &pinned, false),
        ("unchanged, but a tag", false, &tagged, &tagged, false),
        ("pinned, and new", false, &other, &pinned, false),
    ];
    for (name, verify_unchanged, old, new, accepted) in cases {
        let settings = settings_with(json!({"verifyUnchanged": verify_unchanged}));
        let request = update(&pod(&[old]), &pod(&[new]));
        let host = Counting::new("myorg/debug");
        let decision = decide_request(&host, &request, &settings, NOW);
        assert_eq!(decision.response.accepted, accepted, "case `{name}`: {decision:#?}");
        assert_eq!(host.calls.borrow().is_empty(), accepted, "case `{name}`");
    }
    // In a second container it is new.
    let settings = settings_with(json!({"verifyUnchanged": false}));
    let request = update(&pod(&[&pinned]), &pod(&[&pinned, &pinned]));
    assert!(!decide_request(&Counting::new("myorg/debug"), &request, &settings, NOW).response.accepted);
    // And nothing is left alone that is created.
    let decision = decide_request(&Counting::new("myorg/debug"), &pod(&[&pinned]), &settings, NOW);
    assert!(!decision.response.accepted);
}

#[test]
fn pull_policies_are_asked_for_or_set() {
    let image = "ghcr.io/x/y:v1";
    let container = |policy: Option<&str>| {
        let mut pod = pod(&[image]);
        if let Some(policy) = policy {
            pod["object"]["spec"]["containers"][0]["imagePullPolicy"] = policy.into();
        }
        pod
    };
    // What is asked, what stands there, the code of a refusal, and what stands there afterwards.
    let cases = [
        ("nothing asked", None, Some("Never"), "", Some("Never")),
        ("required and there", Some("require"), Some("Always"), "", Some("Always")),
        ("required, and another", Some("require"), Some("IfNotPresent"), "SW3008", None),
        ("required, and the default of a tag", Some("require"), None, "SW3008", None),
        ("set where it is another", Some("mutate"), Some("Never"), "", Some("Always")),
        ("set where there is none", Some("mutate"), None, "", Some("Always")),
        ("set already", Some("mutate"), Some("Always"), "", Some("Always")),
    ];
    for (name, rule, written, code, expected) in cases {
        let mut settings = settings();
        if let Some(rule) = rule {
            settings["verifyImages"][0]["alwaysPull"] = rule.into();
        }
        let host = Counting::new("v2-key-p256");
        let decision = decide_request(&host, &container(written), &settings, NOW);
        assert_eq!(codes(&decision), code, "case `{name}`");
        assert_eq!(decision.response.accepted, code.is_empty(), "case `{name}`");
        if let Some(expected) = expected {
            let object = decision.response.mutated_object.unwrap();
            assert_eq!(object["spec"]["containers"][0]["imagePullPolicy"], expected, "case `{name}`");
        }
    }

    let mut settings = settings();
    settings["verifyImages"][0]["alwaysPull"] = "mutate".into();
    // Without mutations it is a requirement.
    let mut twin = settings.clone();
    twin["mutate"] = false.into();
    twin["verifyImages"][0]["mutateDigest"] = false.into();
    twin["verifyImages"][0]["verifyDigest"] = false.into();
    let ask = |request: &Value, settings: &Value| decide_request(&Counting::new("v2-key-p256"), request, settings, NOW);
    assert_eq!(codes(&ask(&container(Some("Never")), &twin)), "SW3008");
    assert_eq!(codes(&ask(&container(Some("Always")), &twin)), "");
    // An image that nobody signed gets no patch, and is refused.
    let unsigned = pod(&["ghcr.io/x/y:1.2"]);
    let decision = decide_request(&Counting::new("myorg/debug"), &unsigned, &settings, NOW);
    assert_eq!((codes(&decision).as_str(), decision.response.mutated_object), ("SW4001", None));
    // A pod that is there keeps the policies of its containers, whatever becomes of their images.
    let request = update(&pod(&["ghcr.io/x/y:old"]), &container(Some("Never")));
    let object = ask(&request, &settings).response.mutated_object.unwrap();
    assert_eq!(object["spec"]["containers"][0]["imagePullPolicy"], "Never");
    // An image volume has its policy elsewhere.
    let mut volume = container(Some("Always"));
    volume["object"]["spec"]["volumes"] = json!([{"name": "v", "image": {"reference": image, "pullPolicy": "Never"}}]);
    let object = ask(&volume, &settings).response.mutated_object.unwrap();
    assert_eq!(object["spec"]["volumes"][0]["image"]["pullPolicy"], "Always");
}

#[test]
fn a_child_of_a_signed_index_is_refused_by_its_own_name() {
    let layout = "index/only-legacy";
    let index = Layout(fixtures().join("layouts/referrers").join(layout));
    let (child, parent) = (index.tag("amd64").unwrap(), index.tag("v1").unwrap());
    let ask = |image: &str| decide_request(&Counting::new(layout), &pod(&[image]), &settings(), NOW);

    let decision = ask(&format!("ghcr.io/x/y:v1@{child}"));
    assert_eq!(codes(&decision), "SW3009,SW4001");
    let finding = &decision.explanation.images[0].findings[0];
    assert_eq!(finding.wanted.as_deref(), Some(parent.as_str()));
    assert_eq!(finding.found.as_deref(), Some(child.as_str()));
    assert!(finding.remedy.as_deref().unwrap().contains(&format!("ghcr.io/x/y:v1@{parent}")), "{finding:?}");
    // Without a tag nobody knows of which index it is, and with another tag it is of none: that tag leads elsewhere.
    assert_eq!(codes(&ask(&format!("ghcr.io/x/y@{child}"))), "SW4001");
    assert_eq!(codes(&ask(&format!("ghcr.io/x/y:arm64@{child}"))), "SW3013,SW4001");
}

#[test]
fn subresources_and_dry_runs() {
    let mut request = pod(&["ghcr.io/x/y:v1"]);
    request["dryRun"] = true.into();
    let ask = |request: &Value| decide_request(&Counting::new("v2-key-p256"), request, &settings(), NOW);
    assert!(ask(&request).response.accepted, "a dry run is decided like any other");
    for (subresource, accepted) in
        [("", true), ("ephemeralcontainers", true), ("status", false), ("scale", false), ("eviction", false)]
    {
        request["subResource"] = subresource.into();
        request["resource"] = json!({"group": "", "version": "v1", "resource": "pods"});
        let decision = ask(&request);
        assert_eq!(decision.response.accepted, accepted, "{subresource}");
        if !accepted {
            let problem = &decision.explanation.problems[0];
            assert_eq!(problem.code, Code::KindUnsupported);
            assert!(problem.message.contains(&format!("pods/{subresource}")), "{problem:?}");
            assert!(problem.remedy.as_deref().unwrap().contains("pods/ephemeralcontainers"), "{problem:?}");
        }
    }
}
