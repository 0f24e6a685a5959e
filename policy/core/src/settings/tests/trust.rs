//! Whom attestors believe, and the forms in which they name a signer besides keys and identities.

use super::problems::check;
use super::*;
use crate::test_host::fixtures;

fn pem(path: &str) -> String {
    std::fs::read_to_string(fixtures().join(path)).expect("a fixture")
}

fn entry(entry: Value) -> Value {
    settings_of(with(block(), "/attestors/0/entries/0", entry))
}

fn first_kind(settings: &Value) -> AttestorKind {
    parse(settings).verify_images.remove(0).attestors.remove(0).entries.remove(0).kind
}

fn inline_keyless() -> Value {
    json!({"keyless": {
        "subject": "s", "issuer": "i", "roots": pem("trust/fulcio-chain.pem"),
        "rekor": {"url": "https://rekor.example", "pubkey": pem("trust/rekor1.pub")},
        "ctlog": {"pubkey": pem("trust/ct.pub"), "tsaCertChain": pem("trust/tsa-chain.pem")},
    }})
}

#[test]
fn inline_trust_is_read_and_told_apart() {
    let choice = |settings: &Value| match first_kind(settings) {
        AttestorKind::Keyless(keyless) => keyless.trust_root,
        kind => panic!("{kind:?}"),
    };
    let whole = choice(&entry(inline_keyless()));
    assert_eq!(whole.root, "sigstore");
    let inline = whole.inline.as_ref().expect("inline trust");
    let parts: Vec<_> = inline.as_written().into_iter().map(|(name, _)| name).collect();
    assert_eq!(parts, ["roots", "rekor.pubkey", "ctlog.pubkey", "ctlog.tsaCertChain"]);
    assert_eq!(choice(&entry(inline_keyless())).identity(), whole.identity(), "the same is the same");

    let changes = [
        ("/keyless/roots", json!(pem("keys/byo-root.crt"))),
        ("/keyless/rekor/pubkey", json!(pem("trust/rekor1-next.pub"))),
        ("/keyless/ctlog/pubkey", json!(pem("trust/rekor1.pub"))),
        ("/keyless/ctlog/tsaCertChain", json!(format!("{}{}", pem("keys/byo-leaf.crt"), pem("keys/byo-root.crt")))),
        ("/keyless/trustRoot", json!("github")),
    ];
    let mut identities = vec![whole.identity(), TrustChoice::named("sigstore").identity()];
    for (pointer, new) in changes {
        identities.push(choice(&entry(with(inline_keyless(), pointer, new))).identity());
    }
    let count = identities.len();
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), count, "two kinds of trust have one identity");

    let key = json!({"keys": {"publicKeys": KEY_1, "rekor": {"pubkey": pem("trust/rekor1.pub")}}});
    let AttestorKind::Key(key) = first_kind(&entry(key)) else { panic!("a key") };
    assert_eq!(key.trust_root.inline.expect("inline trust").as_written()[0].0, "rekor.pubkey");
}

#[test]
fn parts_that_cannot_be_used() {
    let path = "verifyImages[0].attestors[0].entries[0].keyless";
    let certificates = "(paste the certificates as PEM text: `-----BEGIN CERTIFICATE-----` …)";
    let key = "(paste the public key as PEM text: `-----BEGIN PUBLIC KEY-----` …)";
    let leaf = pem("keys/byo-leaf.crt");
    let chain = format!("{}{leaf}", pem("trust/fulcio-chain.pem"));
    let cases = [
        (
            "roots of nobody",
            "roots",
            leaf.clone(),
            format!("certificate 1 is not a certificate authority's {certificates}"),
        ),
        ("roots and a leaf", "roots", chain, format!("certificate 3 is not a certificate authority's {certificates}")),
        ("no roots", "roots", String::new(), format!("there is no certificate {certificates}")),
        (
            "a key for roots",
            "roots",
            KEY_1.to_owned(),
            format!("this is a public key, not a certificate {certificates}"),
        ),
        (
            "a certificate for a log",
            "rekor.pubkey",
            leaf.clone(),
            format!("this is a certificate, not a public key {key}"),
        ),
        (
            "a log elsewhere",
            "rekor.pubkey",
            "https://x/k".to_owned(),
            format!("`https://x/k` is a web address, which a policy cannot fetch {key}"),
        ),
        (
            "a log by name",
            "ctlog.pubkey",
            "ctfe.pub".to_owned(),
            format!("`ctfe.pub` is not PEM text, and a policy cannot read files {key}"),
        ),
        (
            "a timestamp authority without a signer",
            "ctlog.tsaCertChain",
            pem("keys/byo-root.crt"),
            format!(
                "a timestamp authority has one certificate that signs and one root, and this has 0 and 1 {certificates}"
            ),
        ),
        (
            "two timestamp signers",
            "ctlog.tsaCertChain",
            format!("{leaf}{leaf}{}", pem("keys/byo-root.crt")),
            format!(
                "a timestamp authority has one certificate that signs and one root, and this has 2 and 1 {certificates}"
            ),
        ),
    ];
    for (name, field, text, message) in cases {
        let pointer = format!("/keyless/{}", field.replace('.', "/"));
        check(vec![(
            name,
            entry(with(inline_keyless(), &pointer, json!(text))),
            vec![&format!("{path}.{field}: {message}")],
        )]);
    }
    let bundles = with(
        settings_of(with(block(), "/type", json!("SigstoreBundle"))),
        "/verifyImages/0/attestors/0/entries/0",
        with(inline_keyless(), "/keyless/ctlog", json!({})),
    );
    let ignored = "Kyverno ignores this for SigstoreBundle, and believes its own trust root instead (leave `type` out, which makes it count for both formats, or remove it)";
    check(vec![(
        "inline trust for bundles",
        bundles,
        vec![&format!("{path}.rekor.pubkey: {ignored}"), &format!("{path}.roots: {ignored}")],
    )]);
}

#[test]
fn certificates_stand_for_keys_or_authorities() {
    let pinned = first_kind(&entry(json!({"certificates": {"cert": pem("keys/byo-leaf.crt")}})));
    let AttestorKind::Key(pinned) = pinned else { panic!("{pinned:?}") };
    assert_eq!((pinned.log, pinned.key.hash()), (LogRule::Require, KeyHash::Sha256));

    let settings = entry(json!({"certificates": {
        "certChain": pem("keys/byo-chain.pem"), "anySigner": true, "ctlog": {"ignoreSCT": true}}}));
    let AttestorKind::Keyless(anybody) = first_kind(&settings) else { panic!("an authority") };
    assert!(anybody.any_signer && anybody.subject.is_none() && anybody.issuer.is_none());
    assert_eq!(anybody.sct, SctRule::InsecureIgnore);
    assert_eq!(anybody.trust_root.inline.expect("inline trust").as_written()[0].0, "roots");
    assert_eq!(
        parse(&settings).warnings[0].message,
        "everybody with a certificate of this authority is accepted, whatever name is in it"
    );

    let path = "verifyImages[0].attestors[0].entries[0].certificates";
    let (leaf, chain) = (pem("keys/byo-leaf.crt"), pem("keys/byo-chain.pem"));
    check(vec![
        (
            "both",
            entry(json!({"certificates": {"cert": leaf, "certChain": chain}})),
            vec![&format!(
                "{path}.certChain: Kyverno accepts nobody where `cert` and `certChain` stand together (remove `certChain`: the key of `cert` must have signed. For all certificates of the authority that name somebody, write `keyless` with `roots`, `subject` and `issuer`)"
            )],
        ),
        (
            "an authority alone",
            entry(json!({"certificates": {"certChain": chain}})),
            vec![&format!(
                "{path}.certChain: names an authority and nobody, so that everybody with a certificate of it could sign (write `keyless` with `roots`, `subject` and `issuer`, or `anySigner: true` here if that is meant)"
            )],
        ),
        (
            "nothing",
            entry(json!({"certificates": {}})),
            vec![&format!(
                "{path}: `cert` is missing (paste the certificates as PEM text: `-----BEGIN CERTIFICATE-----` …)"
            )],
        ),
        (
            "two signers",
            entry(json!({"certificates": {"cert": format!("{leaf}{leaf}")}})),
            vec![&format!(
                "{path}.cert: holds 2 certificates, and one is meant (write the signer's own certificate, and an entry for each signer)"
            )],
        ),
        (
            "anybody with one certificate",
            entry(json!({"certificates": {"cert": leaf, "anySigner": true}})),
            vec![&format!(
                "{path}.anySigner: has no effect beside `cert` (remove it: the certificate's key must have signed)"
            )],
        ),
    ]);
}

#[test]
fn extensions_are_patterns_by_name() {
    let keyless = |extensions: Value| {
        entry(json!({"keyless": {"subject": "s", "issuer": "i", "additionalExtensions": extensions}}))
    };
    let AttestorKind::Keyless(read) = first_kind(&keyless(json!({
        "githubWorkflowTrigger": "push", "sourceRepositoryURI": "https://github.com/myorg/*", "1.3.6.1.4.1.57264.1.8": "i"})))
    else {
        panic!("keyless")
    };
    let mut rules: Vec<_> = read.extensions.iter().map(|rule| (rule.extension.name(), rule.pattern.as_str())).collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [("githubWorkflowTrigger", "push"), ("issuerV2", "i"), ("sourceRepositoryURI", "https://github.com/myorg/*")]
    );
    let path = "verifyImages[0].attestors[0].entries[0].keyless.additionalExtensions";
    check(vec![
        (
            "misspelt",
            keyless(json!({"githubWorkflowTriger": "push"})),
            vec![&format!(
                "{path}.githubWorkflowTriger: `githubWorkflowTriger` is not an extension of Fulcio's certificates (did you mean `githubWorkflowTrigger`?)"
            )],
        ),
        (
            "another number",
            keyless(json!({"1.3.6.1.4.1.57264.1.7": "push"})),
            vec![&format!(
                "{path}[\"1.3.6.1.4.1.57264.1.7\"]: `1.3.6.1.4.1.57264.1.7` is not an extension of Fulcio's certificates (write a name such as `sourceRepositoryURI`, or the object identifier `1.3.6.1.4.1.57264.1.12`)"
            )],
        ),
        (
            "no text",
            keyless(json!({"buildTrigger": 1})),
            vec![&format!("{path}.buildTrigger: must be a string, not the number 1")],
        ),
    ]);
}

#[test]
fn keys_that_the_cluster_keeps() {
    for keys in [json!({"secret": {"namespace": "ns", "name": "cosign"}}), json!({"publicKeys": "k8s://ns/cosign"})] {
        let AttestorKind::SecretKey(secret) = first_kind(&entry(json!({"keys": keys}))) else { panic!("a Secret") };
        assert_eq!((secret.namespace.as_str(), secret.name.as_str()), ("ns", "cosign"));
        assert_eq!((secret.hash, secret.log), (KeyHash::Sha256, LogRule::Require));
    }
    let path = "verifyImages[0].attestors[0].entries[0].keys";
    let kms = "(print the public key (`cosign public-key --key URI`) and paste it under `publicKeys`: it is no secret)";
    check(vec![
        (
            "no namespace",
            entry(json!({"keys": {"secret": {"name": "x"}}})),
            vec![&format!("{path}.secret: `namespace` is missing")],
        ),
        (
            "a path",
            entry(json!({"keys": {"secret": {"name": "x", "namespace": "../y"}}})),
            vec![&format!("{path}.secret.namespace: `../y` is not a name that Kubernetes allows")],
        ),
        (
            "no Secret's address",
            entry(json!({"keys": {"publicKeys": "k8s://cosign"}})),
            vec![&format!("{path}.publicKeys: `k8s://cosign` does not name a Secret (write `k8s://NAMESPACE/NAME`)")],
        ),
        (
            "two places",
            entry(json!({"keys": {"publicKeys": KEY_1, "secret": {"name": "x", "namespace": "y"}}})),
            vec![&format!("{path}.secret: has no effect beside `publicKeys` (remove one of the two)")],
        ),
        (
            "a KMS",
            entry(json!({"keys": {"kms": "awskms:///x"}})),
            vec![&format!("{path}.kms: a policy cannot call a KMS {kms}")],
        ),
        (
            "a KMS beside a key",
            entry(json!({"keys": {"kms": "awskms:///x", "publicKeys": KEY_1}})),
            vec![&format!("{path}.kms: a policy cannot call a KMS {kms}")],
        ),
    ]);
}

#[test]
fn trust_roots_in_config_maps() {
    let map = json!({"namespace": "ns", "name": "trust", "key": "root.json"});
    let settings = with(settings_of(block()), "/trustRoots", json!({"own": {"configMap": map}}));
    let wanted = TrustRootSource::ConfigMap {
        namespace: "ns".to_owned(),
        name: "trust".to_owned(),
        key: "root.json".to_owned(),
    };
    assert_eq!(parse(&settings).trust_roots["own"], wanted);
    check(vec![
        (
            "no namespace",
            with(settings_of(block()), "/trustRoots", json!({"own": {"configMap": {"name": "x", "key": "y"}}})),
            vec!["trustRoots.own.configMap: `namespace` is missing"],
        ),
        (
            "both at once",
            with(settings_of(block()), "/trustRoots", json!({"own": {"configMap": map, "tlogs": []}})),
            vec!["trustRoots.own: unknown field `tlogs`"],
        ),
        (
            "a name with a line end",
            with(settings_of(block()), "/trustRoots", json!({"a\nb": {"configMap": map}})),
            vec![r#"trustRoots["a\nb"]: is not a name (give the trust root a name of letters)"#],
        ),
    ]);
}

#[test]
fn the_old_fields_of_a_block() {
    let bare = || json!({"imageReferences": ["ghcr.io/myorg/*"]});
    let old = |fields: Value| {
        let mut block = bare();
        block.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        block
    };
    let by_key = first_block(old(json!({"key": format!("{KEY_1}{KEY_2}"), "annotations": {"a": "b"}})));
    let [set] = by_key.attestors.as_slice() else { panic!("one set") };
    assert_eq!((set.path.as_str(), set.required, set.entries.len()), ("verifyImages[0].key", 2, 2));
    assert_eq!(set.entries[0].annotations["a"], "b");

    let by_name = first_block(old(json!({"issuer": "i", "subject": "s*", "roots": pem("trust/fulcio-chain.pem")})));
    let AttestorKind::Keyless(keyless) = &by_name.attestors[0].entries[0].kind else { panic!("keyless") };
    assert_eq!(keyless.subject.as_ref().map(|subject| subject.as_str()), Some("s*"));
    assert!(keyless.trust_root.inline.is_some());

    // Kyverno forgets it where there are attestations.
    let attested = first_block(old(json!({"key": KEY_1, "attestations": [{"type": "t"}]})));
    assert!(attested.attestors.is_empty());
    assert_eq!(attested.attestations[0].attestors[0].path, "verifyImages[0].key");
    let attestor = json!([{"entries": [{"keyless": keyless_entry()}]}]);
    let both = first_block(old(json!({"key": KEY_1, "attestors": attestor, "attestations": [{"type": "t"}]})));
    let paths: Vec<_> = both.attestations[0].attestors.iter().map(|set| set.path.as_str()).collect();
    assert_eq!(paths, ["verifyImages[0].attestors[0]", "verifyImages[0].key"]);

    let image = first_block(json!({"image": "ghcr.io/myorg/*", "key": KEY_1}));
    assert_eq!(image.image_references.len(), 1);
    let image = first_block(old(json!({"image": "docker.io/*", "key": KEY_1})));
    assert_eq!(image.image_references.len(), 2);

    let without_issuer = "has no effect without `issuer` (write `keyless` entries under `attestors`)";
    let beside_key = "has no effect beside `key` (write an entry for each under `attestors`)";
    check(vec![
        (
            "a subject alone",
            settings_of(old(json!({"subject": "s"}))),
            vec![&format!("verifyImages[0].subject: {without_issuer}")],
        ),
        (
            "an issuer alone",
            settings_of(old(json!({"issuer": "i"}))),
            vec![
                "verifyImages[0].issuer: stands alone, so that everybody of this issuer could sign (name the `subject` too, in a `keyless` entry under `attestors`)",
            ],
        ),
        (
            "a key and an issuer",
            settings_of(old(json!({"key": KEY_1, "issuer": "i", "subject": "s"}))),
            vec![&format!("verifyImages[0].issuer: {beside_key}"), &format!("verifyImages[0].subject: {beside_key}")],
        ),
        ("no image", settings_of(json!({"key": KEY_1})), vec!["verifyImages[0]: `imageReferences` is missing"]),
    ]);
}

fn keyless_entry() -> Value {
    json!({"subject": "s", "issuer": "i"})
}

#[test]
fn fields_that_are_the_hosts_affair() {
    let warnings = |fields: Value| {
        let mut block = block();
        block.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        let warnings = parse(&settings_of(block)).warnings;
        warnings.into_iter().map(|warning| (warning.path, warning.message)).collect::<Vec<_>>()
    };
    let at = |path: &str, message: &str| (format!("verifyImages[0]{path}"), message.to_owned());
    let credentials = "has no effect here: the PolicyServer fetches, with its own credentials";
    let cases = [
        (json!({"useCache": true}), vec![]),
        (json!({"useCache": false, "cosignOCI11": false}), vec![]),
        (
            json!({"cosignOCI11": true}),
            vec![at(".cosignOCI11", "has no effect here: referrers are looked for wherever `evidence` says so")],
        ),
        (
            json!({"imageRegistryCredentials": {"secrets": ["regcred"], "providers": ["amazon"]}}),
            vec![at(".imageRegistryCredentials", credentials)],
        ),
        (
            json!({"imageRegistryCredentials": {"allowInsecureRegistry": true}}),
            vec![
                at(
                    ".imageRegistryCredentials.allowInsecureRegistry",
                    "has no effect here: the PolicyServer decides how it talks to registries",
                ),
                at(".imageRegistryCredentials", credentials),
            ],
        ),
    ];
    for (fields, wanted) in cases {
        assert_eq!(warnings(fields.clone()), wanted, "{fields}");
    }
    let entry = with(block(), "/attestors/0/entries/0/signatureAlgorithm", json!("sha512"));
    let warning = &parse(&settings_of(entry)).warnings[0];
    assert_eq!(warning.path, "verifyImages[0].attestors[0].entries[0].signatureAlgorithm");
    check(vec![(
        "sha224 stays an error",
        settings_of(with(block(), "/attestors/0/entries/0/signatureAlgorithm", json!("sha224"))),
        vec![
            "verifyImages[0].attestors[0].entries[0].signatureAlgorithm: sha224 is not supported (sign with sha256, which is cosign's default)",
        ],
    )]);
}
