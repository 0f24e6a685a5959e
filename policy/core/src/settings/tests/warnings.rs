use super::*;

fn warnings(block: Value) -> Vec<String> {
    parse(&settings_of(block)).warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn patterns_without_a_boundary() {
    let open = |start: &str, name: &str| {
        format!(
            "`{start}*` also matches what only begins like it: `{name}` (write a boundary in front of the star, such as `{start}/*`)"
        )
    };
    let no_tag = |text: &str| {
        format!("`{text}` has no tag, so it matches the tag `latest` only (write `{text}:*` for every tag and digest)")
    };
    let cases = [
        ("organisation", "ghcr.io/myorg/*", None),
        ("organisation without boundary", "ghcr.io/myorg*", Some(open("ghcr.io/myorg", "myorg-evil"))),
        ("registry without boundary", "registry.k8s.io*", Some(open("registry.k8s.io", "registry.k8s.io.evil.com"))),
        ("short name without boundary", "nginx*", Some(open("nginx", "nginx-evil"))),
        ("repository with any tag or digest", "ghcr.io/myorg/app*", None),
        ("everything", "*", None),
        ("any registry", "*.example.com/*", None),
        ("no tag", "ghcr.io/myorg/app", Some(no_tag("ghcr.io/myorg/app"))),
        ("no tag, but a port", "localhost:5000/app", Some(no_tag("localhost:5000/app"))),
        ("tag", "ghcr.io/myorg/app:v1", None),
    ];
    for (name, pattern, expected) in cases {
        let expected: Vec<_> =
            expected.map(|text| format!("verifyImages[0].imageReferences[0]: {text}")).into_iter().collect();
        assert_eq!(warnings(with(block(), "/imageReferences/0", json!(pattern))), expected, "case `{name}`");
    }

    let skipped = [
        ("repository", "ghcr.io/myorg/app:*", None),
        ("repository without boundary", "ghcr.io/myorg/app*", Some(open("ghcr.io/myorg/app", "app-evil"))),
        (
            "everything",
            "*",
            Some(
                "every image is skipped, so this block verifies nothing (name the images that may be skipped)"
                    .to_owned(),
            ),
        ),
    ];
    for (name, pattern, expected) in skipped {
        let expected: Vec<_> =
            expected.map(|text| format!("verifyImages[0].skipImageReferences[0]: {text}")).into_iter().collect();
        assert_eq!(
            warnings(with(block(), "/skipImageReferences", json!([pattern]))),
            expected,
            "skipped, case `{name}`"
        );
    }
}

#[test]
fn identities_that_are_hardly_any() {
    let entry = "verifyImages[0].attestors[0].entries[0].keyless";
    let anybody = "everybody with a certificate of this issuer is accepted (name who may sign)";
    let any_issuer = "the word of any identity provider is accepted (name the issuer whose identities are meant)";
    let cases = [
        ("workflow", "subject", "https://github.com/myorg/*", None),
        (
            "organisation without boundary",
            "subject",
            "https://github.com/myorg*",
            Some(
                "`https://github.com/myorg*` also matches what only begins like it: `myorg-evil` (write a boundary in front of the star, such as `https://github.com/myorg/*`)",
            ),
        ),
        ("repository of the organisation", "subject", "https://github.com/myorg/app*", None),
        ("e-mail addresses", "subject", "*@example.com", None),
        ("issuer", "issuer", "https://token.actions.githubusercontent.com", None),
        (
            "issuer without its scheme",
            "issuer",
            "token.actions.githubusercontent.com",
            Some(
                "`token.actions.githubusercontent.com` matches no issuer: they are URLs (write `https://token.actions.githubusercontent.com`)",
            ),
        ),
        ("any scheme and host", "issuer", "*.example.com", None),
        ("issuer with a part of its scheme", "issuer", "http*.example.com", None),
        (
            "e-mail addresses without boundary",
            "subject",
            "*example.com",
            Some(
                "`*example.com` also matches what only ends like it: `evilexample.com` (write what stands in front, such as `*@example.com` for e-mail addresses)",
            ),
        ),
        ("anybody", "subject", "*", Some(anybody)),
        ("anybody but nobody", "subject", "?*", Some(anybody)),
        ("anybody by expression", "subjectRegExp", "^.*$", Some(anybody)),
        ("somebody by expression", "subjectRegExp", "^https://github.com/myorg/.*$", None),
        ("any issuer", "issuer", "*", Some(any_issuer)),
        ("any issuer by expression", "issuerRegExp", ".+", Some(any_issuer)),
        ("one issuer by expression", "issuerRegExp", "https://accounts\\.google\\.com", None),
    ];
    for (name, field, value, expected) in cases {
        let expected: Vec<_> = expected.map(|text| format!("{entry}.{field}: {text}")).into_iter().collect();
        let block = with(block(), &format!("/attestors/0/entries/0/keyless/{field}"), json!(value));
        assert_eq!(warnings(block), expected, "case `{name}`");
    }
}

#[test]
fn attestations_that_no_carrier_can_hold() {
    let attested = json!({
        "imageReferences": ["ghcr.io/myorg/app:*"],
        "attestations": [{"type": "https://slsa.dev/provenance/v1", "attestors": block()["attestors"]}],
    });
    let warned = |block: &Value, evidence: Value| {
        let mut settings = settings_of(block.clone());
        settings["evidence"] = evidence;
        let warnings = Settings::parse(&settings).expect("settings").warnings;
        warnings.iter().any(|warning| warning.path == "evidence" && warning.message.contains("can hold attestations"))
    };
    assert!(warned(&attested, json!({"carriers": ["tags"]})));
    assert!(!warned(&attested, json!({"carriers": ["tags"], "extended": true})));
    assert!(!warned(&attested, json!({"carriers": ["tags", "published"]})));
    assert!(!warned(&block(), json!({"carriers": ["tags"]})));
}

#[test]
fn logs_that_are_not_asked() {
    let path = "verifyImages[0].attestors[0].entries[0].keyless.rekor.url";
    let own = format!(
        "{path}: `https://rekor.example.com` is asked for signatures without proof alone, and only with `evidence.extended` (the log's key must be in the attestor's trust root (`trustRoot`))"
    );
    let cases = [
        ("the public one", json!({"url": "https://rekor.sigstore.dev/"}), vec![]),
        ("another one", json!({"url": "https://rekor.example.com"}), vec![own]),
        ("another one that is ignored", json!({"url": "https://rekor.example.com", "ignoreTlog": true}), vec![]),
    ];
    for (name, rekor, expected) in cases {
        assert_eq!(warnings(with(block(), "/attestors/0/entries/0/keyless/rekor", rekor)), expected, "case `{name}`");
    }
}

#[test]
fn sets_and_attestations() {
    let keys = |pem: &str| json!({"keys": {"publicKeys": pem}});
    let cases = [
        (
            "the same key twice",
            with(block(), "/attestors", json!([{"entries": [keys(KEY_1), keys(KEY_1)]}])),
            vec![
                "verifyImages[0].attestors[0]: the same key stands here twice, and counts twice (write every key once)",
            ],
        ),
        ("two keys", with(block(), "/attestors", json!([{"entries": [keys(KEY_1), keys(KEY_2)]}])), vec![]),
        (
            "the same key twice, one suffices",
            with(block(), "/attestors", json!([{"count": 1, "entries": [keys(KEY_1), keys(KEY_1)]}])),
            vec![],
        ),
        (
            "short type",
            with(block(), "/attestations", json!([{"type": "slsaprovenance1"}])),
            vec![
                "verifyImages[0].attestations[0].type: `slsaprovenance1` is cosign's short name; statements carry the URI, so nothing ever matches (write `https://slsa.dev/provenance/v1`)",
            ],
        ),
        (
            "a block of conditions with nothing in it",
            with(block(), "/attestations", json!([{"type": "t", "conditions": [{}]}])),
            vec![
                "verifyImages[0].attestations[0].conditions[0]: asks for nothing (write conditions under `all` or `any`, or remove it)",
            ],
        ),
        (
            "a key without variable",
            with(
                block(),
                "/attestations",
                json!([{"type": "t", "conditions": [{"all": [{"key": "buildType", "operator": "Equals", "value": "x"}]}]}]),
            ),
            vec![
                "verifyImages[0].attestations[0].conditions[0].all[0].key: holds no variable, so the condition does not look at the predicate (write `{{ buildType }}` if that is a path)",
            ],
        ),
        (
            "nothing verified",
            json!({"imageReferences": ["*"], "required": false}),
            vec![
                "verifyImages[0]: the block verifies nothing: what it asks for is no matter of who made the image (name `attestors` to say who must have signed)",
            ],
        ),
    ];
    for (name, block, expected) in cases {
        assert_eq!(warnings(block), expected, "case `{name}`");
    }
}
