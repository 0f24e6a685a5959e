use super::*;

/// Each row: a name, settings, and every problem as it is displayed.
pub(super) fn check(cases: Vec<(&str, Value, Vec<&str>)>) {
    for (name, settings, expected) in cases {
        let problems = Settings::parse(&settings).map(|_| ()).expect_err(name);
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected, "case `{name}`");
    }
}

fn at(pointer: &str, value: Value) -> Value {
    settings_of(with(block(), pointer, value))
}

#[test]
fn settings_as_a_whole() {
    let elided = "the list was elided: there is a key, but nothing under it (write the list out, or remove the key if nothing is meant)";
    check(vec![
        ("null", json!(null), vec!["the settings must be an object with `verifyImages` in it"]),
        ("a string", json!("x"), vec!["the settings must be an object with `verifyImages` in it"]),
        (
            "the list alone",
            json!([block()]),
            vec!["the settings are a list, not an object (write the list under `verifyImages:`)"],
        ),
        ("nothing in it", json!({}), vec!["`verifyImages` is missing"]),
        ("a null list", json!({"verifyImages": null}), vec![&format!("verifyImages: {elided}")]),
        (
            "an empty list",
            json!({"verifyImages": []}),
            vec![
                "verifyImages: the list is empty: it was elided, or it asks for nothing (write the list out, or remove the key if nothing is meant)",
            ],
        ),
        (
            "a whole policy",
            json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "spec": {"rules": [{"verifyImages": [block()]}]}}),
            vec![
                "these are not settings, but a whole `ClusterPolicy` (write only what stands under a rule's `verifyImages`, as `verifyImages:` of the settings)",
            ],
        ),
        (
            "a rule",
            with(settings_of(block()), "/match", json!({})),
            vec![
                "match: is not supported yet, and nothing here is ignored in silence (say in the ClusterAdmissionPolicy which objects the policy is for: `rules`, `namespaceSelector`, `matchConditions`)",
            ],
        ),
        (
            "switches of the wrong type",
            json!({
                "verifyImages": [block()], "unmatchedImages": "alow", "failureAction": "Deny", "evidence": true,
                "mutate": "yes"
            }),
            vec![
                "failureAction: `Deny` is not one of `Enforce` or `Audit`",
                "unmatchedImages: `alow` is not one of `allow`, `warn` or `deny` (did you mean `allow`?)",
                "evidence: must be an object, not `true`",
                "mutate: must be true or false, not the string `yes`",
            ],
        ),
        (
            "evidence",
            with(settings_of(block()), "/evidence", json!({"extendd": true})),
            vec!["evidence: unknown field `extendd` (did you mean `extended`?)"],
        ),
        (
            "carriers",
            with(
                settings_of(block()),
                "/evidence",
                json!({"carriers": ["publishd", "referrers", "tags", "tags"], "repository": "r.example/x:1"}),
            ),
            vec![
                "evidence.carriers[0]: `publishd` is not one of `published`, `tags` or `referrers` (did you mean `published`?)",
                "evidence.carriers[1]: a stock Kubewarden cannot list referrers (remove it, or set `extended: true` for a host that offers the calls of docs/host-callbacks.md)",
                "evidence.carriers[3]: stands in the list twice",
                "evidence.repository: `r.example/x:1` has a tag or digest: write the repository alone",
            ],
        ),
        (
            "no carriers",
            with(settings_of(block()), "/evidence", json!({"carriers": []})),
            vec![
                "evidence.carriers: the list is empty: it was elided, or it asks for nothing (write the list out, or remove the key if nothing is meant)",
            ],
        ),
        (
            "a repository for what is not looked for",
            with(settings_of(block()), "/evidence", json!({"carriers": ["tags"], "repository": "r.example/x"})),
            vec![
                "evidence.repository: is where published evidence lies, and `carriers` does not list `published` (list `published`, or name the repository in a block's `repository`, which is for every carrier)",
            ],
        ),
        (
            "no time",
            with(settings_of(block()), "/deadline", json!("0s")),
            vec![
                "deadline: `0s` is not a time between nothing and an hour (write it as Go does, for example `1.5s`: somewhat less than the policy's `timeoutEvalSeconds`)",
            ],
        ),
        (
            "a number",
            with(settings_of(block()), "/deadline", json!(2)),
            vec!["deadline: must be a string, not the number 2 (write `2s`, with the unit)"],
        ),
        (
            "a number that hardly means seconds",
            with(settings_of(block()), "/deadline", json!(1500)),
            vec!["deadline: must be a string, not the number 1500 (write `1.5s`, with the unit)"],
        ),
        (
            "no number",
            with(settings_of(block()), "/deadline", json!(true)),
            vec!["deadline: must be a string, not `true`"],
        ),
        (
            "trust roots",
            with(settings_of(block()), "/trustRoots", json!({"own": "x", "my-root": null})),
            vec![
                "trustRoots[\"my-root\"]: must be a trusted_root.json as an object, or a `configMap` that holds one",
                "trustRoots.own: must be a trusted_root.json as an object, or a `configMap` that holds one",
            ],
        ),
    ]);
}

#[test]
fn everything_is_reported_at_once() {
    let entry = json!({"keyless": {"subjekt": "a", "issuer": 1, "issuerRegExp": "(", "rekor": {"url": "u", "ignoreTLog": true}}});
    check(vec![(
        "two bad blocks",
        json!({
            "verifyImages": [
                {"imageReferences": ["ghcr.io/MyOrg/*", ""], "attestors": [{"entries": [entry, {"keys": {}}]}], "requierd": true},
                {"imageReference": "x", "attestors": null}
            ],
            "unmatched": "deny"
        }),
        vec![
            "verifyImages[0].imageReferences[0]: `ghcr.io/MyOrg/*` can never match: image names have no upper-case letters, write `ghcr.io/myorg/*`",
            "verifyImages[0].imageReferences[1]: the pattern is empty and matches nothing",
            "verifyImages[0].attestors[0].entries[0].keyless.issuer: must be a string, not the number 1",
            "verifyImages[0].attestors[0].entries[0].keyless.issuerRegExp: `(` is not a regular expression: found open group without closing ')'",
            "verifyImages[0].attestors[0].entries[0].keyless.rekor: unknown field `ignoreTLog` (did you mean `ignoreTlog`?)",
            "verifyImages[0].attestors[0].entries[0].keyless: says nothing about the subject, so that everybody's signature would do (write `subject`: the workflow or e-mail address that signs)",
            "verifyImages[0].attestors[0].entries[0].keyless: unknown field `subjekt` (did you mean `subject`?)",
            "verifyImages[0].attestors[0].entries[1].keys: `publicKeys` is missing (paste the public key as PEM text: `-----BEGIN PUBLIC KEY-----` …)",
            "verifyImages[0]: unknown field `requierd` (did you mean `required`?)",
            "verifyImages[1]: `imageReferences` is missing",
            "verifyImages[1].attestors: the list was elided: there is a key, but nothing under it (write the list out, or remove the key if nothing is meant)",
            "verifyImages[1]: unknown field `imageReference` (did you mean `imageReferences`?)",
            "unknown field `unmatched`",
        ],
    )]);

    let many = json!({"verifyImages": vec![json!(1); 150]});
    let problems = Settings::parse(&many).map(|_| ()).expect_err("150 problems");
    assert_eq!(problems.len(), 101);
    assert_eq!(problems.last().map(ToString::to_string).as_deref(), Some("there are 50 more problems"));
}

#[test]
fn lists_that_were_elided() {
    let null = "the list was elided: there is a key, but nothing under it";
    let empty = "the list is empty: it was elided, or it asks for nothing";
    let rule = json!([{"type": "t", "conditions": [{"all": [{"key": "{{ a }}", "operator": "Equals", "value": 1}]}]}]);
    let whole = with(block(), "/attestations", rule);
    for pointer in [
        "/imageReferences",
        "/attestors",
        "/attestors/0/entries",
        "/attestations",
        "/attestations/0/conditions",
        "/attestations/0/conditions/0/all",
        "/attestations/0/conditions/0/any",
        "/attestations/0/attestors",
        "/skipImageReferences",
    ] {
        for (value, message) in [(json!(null), null), (json!([]), empty)] {
            let settings = settings_of(with(whole.clone(), pointer, value));
            let problems = Settings::parse(&settings).map(|_| ()).expect_err(pointer);
            let [problem] = problems.as_slice() else { panic!("{pointer}: {problems:?}") };
            assert_eq!(problem.message, message, "{pointer}");
            let path = pointer.replace("/0", "[0]").replace('/', ".");
            assert_eq!(problem.path, format!("verifyImages[0]{path}"));
            assert!(problem.help.is_some(), "{pointer}");
        }
    }
}

#[test]
fn blocks_that_verify_nothing() {
    let bare = |flags: Value| {
        let mut block = json!({"imageReferences": ["ghcr.io/myorg/*"]});
        block.as_object_mut().expect("an object").extend(flags.as_object().expect("an object").clone());
        settings_of(block)
    };
    let never = "verifyImages[0]: `required` can never be met: the block names neither attestors nor attestations (name `attestors`, or set `required: false` if only the digest matters)";
    let nothing = "verifyImages[0]: the block verifies nothing: it names neither attestors nor attestations, and asks for no digest (name `attestors`, or remove the block)";
    check(vec![
        ("defaults", bare(json!({})), vec![never]),
        ("required", bare(json!({"required": true, "mutateDigest": false, "verifyDigest": false})), vec![never]),
        ("nothing on", bare(json!({"required": false, "mutateDigest": false, "verifyDigest": false})), vec![nothing]),
    ]);
    for flags in [
        json!({"required": false}),
        json!({"required": false, "mutateDigest": false}),
        json!({"required": false, "verifyDigest": false}),
    ] {
        let settings = parse(&bare(flags));
        assert!(settings.verify_images[0].attestors.is_empty());
        assert_eq!(settings.warnings.len(), 1, "it is said that nothing is verified");
    }
}

#[test]
fn fields_that_are_not_honoured_yet() {
    let keys = json!({"publicKeys": KEY_1});
    let attestation = json!([{"type": "t"}]);
    let whole = with(block(), "/attestations", attestation);
    let whole = with(whole, "/attestors/0/entries", json!([{"keyless": keyless()}, {"keys": keys}]));
    let places = [("/additionalExtensions", "x")];
    for (pointer, value) in places {
        let problems =
            Settings::parse(&settings_of(with(whole.clone(), pointer, json!(value)))).map(|_| ()).expect_err(pointer);
        let [problem] = problems.as_slice() else { panic!("{pointer}: {problems:?}") };
        assert_eq!(problem.message, "is not supported yet, and nothing here is ignored in silence", "{pointer}");
        let path = pointer.replace("/0", "[0]").replace("/1", "[1]").replace('/', ".");
        assert_eq!(problem.path, format!("verifyImages[0]{path}"));
        assert!(problem.help.is_some(), "{pointer}");
    }
}

#[test]
fn public_keys() {
    let path = "verifyImages[0].attestors[0].entries[0].keys.publicKeys";
    let paste = "(paste the public key as PEM text: `-----BEGIN PUBLIC KEY-----` …)";
    let labelled = |label: &str| KEY_1.replace("PUBLIC KEY", label);
    let cases = [
        ("AWS", "awskms:///x", "`awskms:///x` is a key in a KMS, which a policy cannot call"),
        ("GCP", "gcpkms://x", "`gcpkms://x` is a key in a KMS, which a policy cannot call"),
        ("Azure", "azurekms://x", "`azurekms://x` is a key in a KMS, which a policy cannot call"),
        ("Vault", "hashivault://x", "`hashivault://x` is a key in a KMS, which a policy cannot call"),
        ("a web address", "https://x/k.pub", "`https://x/k.pub` is a web address, which a policy cannot fetch"),
        ("an environment", "env://KEY", "`env://KEY` is a variable of an environment that a policy does not have"),
        ("a file", "/etc/cosign.pub", "`/etc/cosign.pub` is not PEM text, and a policy cannot read files"),
        ("nothing", "", "there is no key"),
        ("spaces", " \n", "there is no key"),
        ("a certificate", &labelled("CERTIFICATE"), "this is a certificate, not a public key"),
        (
            "an RSA key",
            &labelled("RSA PUBLIC KEY"),
            "`RSA PUBLIC KEY` is not a PEM block that is read: only `PUBLIC KEY` is",
        ),
        (
            "a private key",
            &labelled("EC PRIVATE KEY"),
            "this is a PRIVATE key: take it out of here, and replace it wherever it was used",
        ),
        ("a comment in front", &format!("# mine\n{KEY_1}"), "there is text outside the PEM blocks"),
        ("text behind", &format!("{KEY_1}# mine"), "there is text outside the PEM blocks"),
        (
            "not closed",
            KEY_1.trim_end().trim_end_matches('-'),
            "a PEM block is not closed: `-----END PUBLIC KEY-----` is missing",
        ),
        (
            "the second not closed",
            &format!("{KEY_1}{}", KEY_2.trim_end().trim_end_matches('-')),
            "a PEM block is not closed: `-----END PUBLIC KEY-----` is missing",
        ),
    ];
    let print =
        "(print the public key (`cosign public-key --key URI`) and paste it under `publicKeys`: it is no secret)";
    for (name, text, message) in cases {
        let settings = at("/attestors/0/entries/0", json!({"keys": {"publicKeys": text}}));
        let help = if message.ends_with("cannot call") { print } else { paste };
        check(vec![(name, settings, vec![&format!("{path}: {message} {help}")])]);
    }

    let second_is_bad = format!("{KEY_1}{}", KEY_2.replace('M', "!"));
    let settings = at("/attestors/0/entries/0", json!({"keys": {"publicKeys": second_is_bad}}));
    let problems = Settings::parse(&settings).map(|_| ()).expect_err("a bad key");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.starts_with("key 2: "), "{}", problems[0]);
    assert_eq!(problems[0].path, path);

    check(vec![
        (
            "sha224",
            at("/attestors/0/entries/0", json!({"keys": {"publicKeys": KEY_1, "signatureAlgorithm": "sha224"}})),
            vec![
                "verifyImages[0].attestors[0].entries[0].keys.signatureAlgorithm: sha224 is not supported (sign with sha256, which is cosign's default)",
            ],
        ),
        (
            "SHA256",
            at("/attestors/0/entries/0", json!({"keys": {"publicKeys": KEY_1, "signatureAlgorithm": "SHA256"}})),
            vec![
                "verifyImages[0].attestors[0].entries[0].keys.signatureAlgorithm: `SHA256` is not one of `sha256`, `sha384` or `sha512` (did you mean `sha256`?)",
            ],
        ),
    ]);
}

#[test]
fn variables_outside_conditions() {
    let whole = with(block(), "/attestations", json!([{"type": "t"}]));
    for pointer in [
        "/imageReferences/0",
        "/repository",
        "/attestors/0/entries/0/keyless/subject",
        "/attestors/0/entries/0/keyless/issuerRegExp",
        "/attestors/0/entries/0/keyless/rekor/url",
        "/attestors/0/entries/0/keys/publicKeys",
        "/attestations/0/type",
    ] {
        let is_key = pointer.contains("keys");
        let entry = if is_key { json!({"keys": {}}) } else { json!({"keyless": keyless()}) };
        let whole = with(whole.clone(), "/attestors/0/entries/0", entry);
        let path = pointer.replace("/0", "[0]").replace('/', ".");
        let expected = format!("verifyImages[0]{path}: variables are not filled in here (write the value itself)");
        check(vec![(pointer, settings_of(with(whole, pointer, json!("{{ keys.data.x }}"))), vec![&expected])]);
    }
}

#[test]
fn entries_name_one_kind_of_attestor() {
    let entry = "verifyImages[0].attestors[0].entries[0]";
    let both = json!({"keyless": keyless(), "keys": {"publicKeys": KEY_1}});
    let nested = json!({"entries": [{"keyless": keyless()}]});
    check(vec![
        (
            "none",
            at("/attestors/0/entries/0", json!({})),
            vec![&format!("{entry}: the entry names nobody (write `keys`, `certificates`, `keyless` or `attestor`)")],
        ),
        (
            "two",
            at("/attestors/0/entries/0", both),
            vec![&format!("{entry}: the entry names several kinds of attestor (write one entry for each)")],
        ),
        (
            "annotations beside a nested set",
            at("/attestors/0/entries/0", json!({"attestor": nested, "annotations": {"a": "b"}, "repository": "a/b"})),
            vec![
                &format!(
                    "{entry}.annotations: has no effect beside `attestor` (write it on the entries of the nested set)"
                ),
                &format!(
                    "{entry}.repository: has no effect beside `attestor` (write it on the entries of the nested set)"
                ),
            ],
        ),
        (
            "annotations that are no text",
            at("/attestors/0/entries/0/annotations", json!({"a.b/c": 1, "d": null})),
            vec![
                &format!("{entry}.annotations[\"a.b/c\"]: must be a string, not the number 1"),
                &format!("{entry}.annotations.d: must be a string, not nothing (null)"),
            ],
        ),
        (
            "a repository with a tag",
            at("/attestors/0/entries/0/repository", json!("ghcr.io/a/b:c")),
            vec![&format!("{entry}.repository: `ghcr.io/a/b:c` has a tag or digest: write the repository alone")],
        ),
        (
            "keyless that is null",
            at("/attestors/0/entries/0/keyless", json!(null)),
            vec![&format!("{entry}.keyless: must be an object, not nothing (null)")],
        ),
    ]);

    let nested = |levels: usize| {
        (0..levels).fold(json!({"keyless": keyless()}), |inner, _| json!({"attestor": {"entries": [inner]}}))
    };
    first_block(with(block(), "/attestors/0/entries/0", nested(8)));
    let problems = Settings::parse(&at("/attestors/0/entries/0", nested(9))).map(|_| ()).expect_err("too deep");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "sets are nested deeper than 8 levels");
}

#[test]
fn counts() {
    let count = "verifyImages[0].attestors[0].count";
    let whole = "must be a whole number from 1, not";
    for (value, message) in [
        (json!(0), format!("{whole} the number 0")),
        (json!(-1), format!("{whole} the number -1")),
        (json!(1.5), format!("{whole} the number 1.5")),
        (json!("1"), format!("{whole} the string `1`")),
        (json!(null), format!("{whole} nothing (null)")),
        (json!(2), "asks for 2 of 1 entries".to_owned()),
    ] {
        check(vec![("count", at("/attestors/0/count", value), vec![&format!("{count}: {message}")])]);
    }

    let no_entries = json!([{"count": 2, "entries": []}]);
    check(vec![(
        "no entries to count",
        at("/attestors", no_entries),
        vec![
            "verifyImages[0].attestors[0].entries: the list is empty: it was elided, or it asks for nothing (write the list out, or remove the key if nothing is meant)",
        ],
    )]);

    // As many keys as are counted, but in one entry.
    let one_entry = json!([{"count": 2, "entries": [{"keys": {"publicKeys": format!("{KEY_1}{KEY_2}")}}]}]);
    check(vec![("keys in one entry", at("/attestors", one_entry), vec![&format!("{count}: asks for 2 of 1 entries")])]);
}

#[test]
fn identities() {
    let keyless_path = "verifyImages[0].attestors[0].entries[0].keyless";
    let no_subject = format!(
        "{keyless_path}: says nothing about the subject, so that everybody's signature would do (write `subject`: the workflow or e-mail address that signs)"
    );
    let no_issuer = format!(
        "{keyless_path}: says nothing about the issuer, so that any identity provider's word would do (write `issuer`, for GitHub Actions `https://token.actions.githubusercontent.com`)"
    );
    let of = |keyless: Value| at("/attestors/0/entries/0/keyless", keyless);
    let bundles = with(block(), "/type", json!("SigstoreBundle"));
    let exact = with(bundles.clone(), "/attestors/0/entries/0/keyless/subject", json!("https://example.test/me"));
    check(vec![
        ("nothing", of(json!({})), vec![&no_subject, &no_issuer]),
        ("only a subject", of(json!({"subject": "a"})), vec![&no_issuer]),
        ("only an issuer", of(json!({"issuerRegExp": "a"})), vec![&no_subject]),
        (
            "empty ones",
            of(json!({"subject": "", "issuerRegExp": ""})),
            vec![
                &format!("{keyless_path}.subject: the pattern is empty and matches nothing"),
                &format!("{keyless_path}.issuerRegExp: the regular expression is empty"),
            ],
        ),
        (
            "an unknown trust root",
            of(with(keyless(), "/trustRoot", json!("sigstor"))),
            vec![&format!("{keyless_path}.trustRoot: there is no trust root `sigstor` (did you mean `sigstore`?)")],
        ),
        (
            "a trust root that is nowhere",
            of(with(keyless(), "/trustRoot", json!("own"))),
            vec![&format!(
                "{keyless_path}.trustRoot: there is no trust root `own` (define it under `trustRoots`; `sigstore` and `github` are built in)"
            )],
        ),
        (
            "a trust root that is there, and broken",
            with(of(with(keyless(), "/trustRoot", json!("own"))), "/trustRoots", json!({"own": 1})),
            vec!["trustRoots.own: must be a trusted_root.json as an object, or a `configMap` that holds one"],
        ),
        (
            "either or both, as Kyverno reads it by type",
            settings_of(with(exact, "/attestors/0/entries/0/keyless/subjectRegExp", json!("a"))),
            vec![&format!(
                "{keyless_path}: `subject` and `subjectRegExp` must both match for SigstoreBundle in Kyverno, and either one for Cosign (write one of them)"
            )],
        ),
        (
            "a pattern that Kyverno does not read as one",
            settings_of(bundles),
            vec![&format!(
                "{keyless_path}.subject: Kyverno compares this letter by letter for SigstoreBundle, so that a wildcard admits nobody there (leave `type` out, which makes it a pattern, or write a regular expression)"
            )],
        ),
        (
            "a log without a URL",
            of(with(keyless(), "/rekor", json!({"ignoreTlog": true}))),
            vec![&format!(
                "{keyless_path}: `rekor` has no `url` (write `url: https://rekor.sigstore.dev`; evidence that carries its proof never causes a call to it)"
            )],
        ),
    ]);
}

#[test]
fn types_of_signatures() {
    check(vec![
        (
            "Notary",
            at("/type", json!("Notary")),
            vec![
                "verifyImages[0].type: Notary signatures are not supported (sign with cosign, and leave `type` out; a policy for Notary stays with Kyverno)",
            ],
        ),
        (
            "another type",
            at("/type", json!("cosign")),
            vec!["verifyImages[0].type: `cosign` is not one of `Cosign` or `SigstoreBundle` (did you mean `Cosign`?)"],
        ),
    ]);
}

#[test]
fn attestations() {
    let rule = "verifyImages[0].attestations[0]";
    let one = |rule: Value| at("/attestations", json!([rule]));
    let two_keys = json!({"keys": {"publicKeys": format!("{KEY_1}{KEY_2}")}});
    let no_attestor = format!(
        "{rule}: names no attestor, and neither does the block: anybody's attestation would do (name `attestors` here or in the block)"
    );
    let no_annotations =
        "annotations are part of signatures, and attestations have none, so Kyverno refuses every image here";
    check(vec![
        (
            "no type",
            one(json!({})),
            vec![&format!(
                "{rule}: `type` is missing (write the predicate type, such as `https://slsa.dev/provenance/v1`)"
            )],
        ),
        ("an empty type", one(json!({"type": ""})), vec![&format!("{rule}.type: the predicate type is empty")]),
        (
            "two types",
            one(json!({"type": "a", "predicateType": "b"})),
            vec![&format!("{rule}.predicateType: differs from `type` (remove it: it is the old name of `type`)")],
        ),
        (
            "an age that all must have",
            one(json!({"type": "t", "maxAge": "24h"})),
            vec![&format!(
                "{rule}.maxAge: asks every attestation to be young, and old ones never go away (set `match: latest`, so that a new attestation takes the place of the old one)"
            )],
        ),
        (
            "an age in days",
            one(json!({"type": "t", "match": "latest", "maxAge": "7d"})),
            vec![&format!(
                "{rule}.maxAge: `7d` is not a duration (write hours, minutes and seconds, such as `168h` or `1h30m`)"
            )],
        ),
        (
            "an age of nothing",
            one(json!({"type": "t", "match": "latest", "maxAge": "0s"})),
            vec![&format!(
                "{rule}.maxAge: `0s` is not a duration (write hours, minutes and seconds, such as `168h` or `1h30m`)"
            )],
        ),
        (
            "a name that is no word",
            one(json!({"type": "t", "name": "my-scan"})),
            vec![&format!(
                "{rule}.name: `my-scan` cannot be named in a variable (use letters, digits and `_`, and no digit in front)"
            )],
        ),
        (
            "a name that is taken",
            one(json!({"type": "t", "name": "image"})),
            vec![&format!("{rule}.name: `image` stands for something else in variables (give it another name)")],
        ),
        (
            "another quantifier",
            one(json!({"type": "t", "match": "some"})),
            vec![&format!("{rule}.match: `some` is not one of `all`, `any` or `latest`")],
        ),
        (
            "nobody to vouch",
            settings_of(json!({"imageReferences": ["ghcr.io/myorg/*"], "attestations": [{"type": "t"}]})),
            vec![&no_attestor],
        ),
        (
            "a nested set",
            one(
                json!({"type": "t", "attestors": [{"entries": [{"attestor": {"entries": [{"keyless": keyless()}]}}]}]}),
            ),
            vec![&format!(
                "{rule}.attestors[0].entries[0].attestor: sets cannot be nested under `attestations`, where Kyverno would accept anybody instead (write the entries into the attestation's own sets)"
            )],
        ),
        (
            "several keys that are counted",
            one(json!({"type": "t", "attestors": [{"count": 1, "entries": [two_keys]}]})),
            vec![&format!(
                "{rule}.attestors[0].count: an entry with several keys cannot be counted here (write an entry for each key)"
            )],
        ),
        (
            "annotations of an entry",
            one(json!({"type": "t", "attestors": [{"entries": [{"keyless": keyless(), "annotations": {"a": "b"}}]}]})),
            vec![&format!(
                "{rule}.attestors[0].entries[0].annotations: {no_annotations} (remove them, or ask for what must hold in `conditions`)"
            )],
        ),
        (
            "annotations of the block",
            settings_of(with(
                with(block(), "/annotations", json!({"a": "b"})),
                "/attestations",
                json!([{"type": "t"}]),
            )),
            vec![&format!(
                "verifyImages[0].annotations: {no_annotations} (move the annotations to the entries under `attestors`)"
            )],
        ),
    ]);
}

#[test]
fn conditions() {
    let list = "verifyImages[0].attestations[0].conditions";
    let of = |conditions: Value| at("/attestations", json!([{"type": "t", "conditions": conditions}]));
    let good = json!({"key": "{{ a }}", "operator": "Equals", "value": 1});
    let one = |field: &str, value: Value| of(json!([{"all": [with(good.clone(), &format!("/{field}"), value)]}]));
    let condition = format!("{list}[0].all[0]");
    check(vec![
        (
            "a flat list",
            of(json!([good])),
            vec![&format!(
                "{list}[0]: a condition must stand under `all` or `any` (write `- all:` around the conditions)"
            )],
        ),
        ("a list of text", of(json!(["x"])), vec![&format!("{list}[0]: must be an object, not the string `x`")]),
        ("another list", of(json!([{"every": [good]}])), vec![&format!("{list}[0]: unknown field `every`")]),
        (
            "nothing in it",
            of(json!([{"all": [{}]}])),
            vec![
                &format!("{condition}: `key` is missing"),
                &format!("{condition}: `operator` is missing"),
                &format!("{condition}: `value` is missing"),
            ],
        ),
        (
            "a misspelt field",
            one("values", json!(1)),
            vec![&format!("{condition}: unknown field `values` (did you mean `value`?)")],
        ),
        (
            "an old operator",
            one("operator", json!("Equal")),
            vec![&format!("{condition}.operator: `Equal` is not an operator (did you mean `Equals`?)")],
        ),
        (
            "another old operator",
            one("operator", json!("NotEqual")),
            vec![&format!("{condition}.operator: `NotEqual` is not an operator (did you mean `NotEquals`?)")],
        ),
        (
            "capitals",
            one("operator", json!("equals")),
            vec![&format!("{condition}.operator: `equals` is not an operator (did you mean `Equals`?)")],
        ),
        ("no operator", one("operator", json!("~=")), vec![&format!("{condition}.operator: `~=` is not an operator")]),
        (
            "null",
            one("value", json!(null)),
            vec![&format!("{condition}.value: is null, and no operator ever holds for null")],
        ),
        (
            "an unknown function",
            one("key", json!("{{ lenght(a) }}")),
            vec![&format!("{condition}.key: there is no function `lenght`; did you mean `length`?")],
        ),
        (
            "a function that is left out",
            one("value", json!("{{ random('a') }}")),
            vec![&format!(
                "{condition}.value: the function `random` is not supported: the same request must always get the same answer"
            )],
        ),
        (
            "the element of a loop",
            one("value", json!("{{element.name}}")),
            vec![&format!(
                "{condition}.value: `element` stands for nothing here: Kyverno binds it in `foreach` and mutations only (name a key of the predicate, or `request`, `image` or `images`)"
            )],
        ),
        (
            "a variable that would be syntax",
            one("key", json!("{{ semver_compare({{ a }}, '>1.0.0') }}")),
            vec![&format!(
                "{condition}.key: a variable inside an expression can be a string (`'{{{{ a }}}}'`), a key (`a.{{{{ b }}}}`) or a literal: here, write its expression without the braces"
            )],
        ),
        (
            "escaped for Helm",
            one("key", json!("{{`{{ a }}`}}")),
            vec![&format!(
                "{condition}.key: the braces are still escaped for Helm: write `{{{{ path }}}}` instead of ``{{{{`{{{{ path }}}}`}}}}``"
            )],
        ),
        (
            "a message that is no text",
            one("message", json!(1)),
            vec![&format!("{condition}.message: must be a string, not the number 1")],
        ),
    ]);
}

#[test]
fn problems_become_findings() {
    let problems = Settings::parse(&at("/typ", json!("Cosign"))).map(|_| ()).expect_err("a misspelt field");
    let finding = problems[0].to_finding();
    assert_eq!(finding.code, crate::decision::Code::SettingsInvalid);
    assert_eq!(finding.message, "verifyImages[0]: unknown field `typ`");
    assert_eq!(finding.remedy.as_deref(), Some("did you mean `type`?"));
}

#[test]
fn denials() {
    let block_with = |attestations: Value, validate: Value| {
        settings_of(with(with(block(), "/attestations", attestations), "/validate", validate))
    };
    let named = json!([{"type": "scan", "name": "scan"}, {"type": "doc", "name": "doc"}]);
    let denial = |conditions: Value| json!({"message": "no", "deny": {"conditions": conditions}});
    let one = |key: &str| denial(json!({"any": [{"key": key, "operator": "Equals", "value": "{{ doc.b }}"}]}));
    let path = "verifyImages[0].validate";
    let condition = format!("{path}.deny.conditions.any[0]");
    let cases = [
        (
            "no deny",
            block_with(named.clone(), json!({"message": "no"})),
            vec![format!("{path}: `deny` is missing")],
        ),
        (
            "no conditions",
            block_with(named.clone(), json!({"deny": {}})),
            vec![format!("{path}.deny: `conditions` is missing")],
        ),
        (
            "an empty block",
            block_with(named.clone(), denial(json!({}))),
            vec![format!(
                "{path}.deny.conditions: has no condition, and would deny everything (write conditions under `any` or `all`)"
            )],
        ),
        (
            "an empty list",
            block_with(named.clone(), denial(json!([]))),
            vec![format!(
                "{path}.deny.conditions: the list is empty: it was elided, or it asks for nothing (write the list out, or remove the key if nothing is meant)"
            )],
        ),
        (
            "a name that is misspelt",
            block_with(named.clone(), one("{{ scam.a }}")),
            vec![format!("{condition}.key: there is no attestation named `scam` (did you mean `scan`?)")],
        ),
        (
            "a pattern of resources",
            block_with(named.clone(), json!({"pattern": {}, "deny": {"conditions": {"any": []}}})),
            vec![
                format!(
                    "{path}.deny.conditions.any: the list is empty: it was elided, or it asks for nothing (write the list out, or remove the key if nothing is meant)"
                ),
                format!("{path}: unknown field `pattern`"),
            ],
        ),
        (
            "two of one name",
            block_with(
                json!([{"type": "scan", "name": "doc"}, {"type": "doc", "name": "doc"}]),
                one("{{ doc.a }}"),
            ),
            vec![
                "verifyImages[0]: two attestations are named `doc` (give the one at verifyImages[0].attestations[1] another name)".to_owned(),
            ],
        ),
        (
            "a name that is a key elsewhere",
            block_with(
                json!([
                    {"type": "scan", "name": "scan"},
                    {"type": "doc", "name": "doc", "conditions": [{"all": [{"key": "{{ scan.a }}", "operator": "Equals", "value": 1}]}]}
                ]),
                one("{{ scan.a }}"),
            ),
            vec![
                "verifyImages[0]: `scan` is the name of an attestation, and a variable in the conditions of verifyImages[0].attestations[1] (conditions of an attestation see its own predicate only: give the attestation another name, or ask in `validate.deny`)".to_owned(),
            ],
        ),
    ];
    for (name, settings, expected) in cases {
        let problems = Settings::parse(&settings).map(|_| ()).expect_err(name);
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let unknown: Vec<&String> = found.iter().filter(|problem| !expected.contains(problem)).collect();
        assert!(unknown.iter().all(|problem| problem.contains("unknown field `pattern`")), "case `{name}`: {found:#?}");
        assert_eq!(found.len(), expected.len(), "case `{name}`: {found:#?}");
    }
}
