//! Warnings about settings as a whole.

use super::*;

/// 2026-12-01T00:00:00Z
const NOW: i64 = 1_796_083_200;

type Case<'c> = (&'c str, Value, Vec<(&'c str, &'c str)>);

/// Each row: a name, settings, and the path and a part of each warning.
fn check(cases: Vec<Case<'_>>) {
    for (name, settings, expected) in cases {
        let found = parse(&settings).review(NOW);
        assert_eq!(found.len(), expected.len(), "case `{name}`: {found:#?}");
        for (found, (path, part)) in found.iter().zip(expected) {
            assert_eq!(found.path, path, "case `{name}`: {found:?}");
            assert!(found.message.contains(part), "case `{name}`: {found:?}");
            assert!(found.help.is_some(), "case `{name}`: {found:?}");
        }
    }
}

fn at(pointer: &str, value: Value) -> Value {
    settings_of(with(block(), pointer, value))
}

fn also(name: &str, value: Value) -> Value {
    let mut settings = settings_of(block());
    settings[name] = value;
    settings
}

fn two(first: Value, second: Value) -> Value {
    json!({"verifyImages": [first, second]})
}

#[test]
fn blocks_that_are_about_nothing_or_everything() {
    let block_path = "verifyImages[0]";
    let skip = "verifyImages[0].skipImageReferences[0]";
    check(vec![
        ("a block like any other", settings_of(block()), vec![]),
        (
            "everything",
            at("/imageReferences", json!(["*"])),
            vec![("verifyImages[0].imageReferences[0]", "every image must satisfy this block:")],
        ),
        (
            "no reference at all",
            at("/imageReferences", json!(["ghcr.io//x:1"])),
            vec![("verifyImages[0].imageReferences[0]", "can never match")],
        ),
        ("a reference", at("/imageReferences", json!(["ghcr.io/myorg/x:1"])), vec![]),
        ("skips something", at("/skipImageReferences", json!(["ghcr.io/myorg/x/*"])), vec![]),
        (
            "skips all",
            at("/skipImageReferences", json!(["ghcr.io/*"])),
            vec![(block_path, "every image of this block is skipped")],
        ),
        (
            "skips the very same",
            at("/skipImageReferences", json!(["ghcr.io/myorg/*"])),
            vec![(block_path, "every image of this block is skipped")],
        ),
        (
            "skips tags only",
            settings_of(with(
                with(block(), "/imageReferences", json!(["ghcr.io/myorg/x:*"])),
                "/skipImageReferences",
                json!(["ghcr.io/myorg/x:*"]),
            )),
            vec![],
        ),
        ("skips nothing", at("/skipImageReferences", json!(["quay.io/x/*"])), vec![(skip, "skips nothing")]),
        (
            "skips what ends otherwise",
            settings_of(with(
                with(block(), "/imageReferences", json!(["ghcr.io/myorg/*-app:1"])),
                "/skipImageReferences",
                json!(["ghcr.io/myorg/x-tool:1*"]),
            )),
            vec![],
        ),
        (
            "skips by another spelling",
            settings_of(with(
                with(block(), "/imageReferences", json!(["nginx:*"])),
                "/skipImageReferences",
                json!(["docker.io/nginx:1.2"]),
            )),
            vec![],
        ),
    ]);
}

#[test]
fn blocks_beside_each_other() {
    let other = || with(block(), "/attestors/0/entries/0/keyless/subject", json!("https://github.com/other/*"));
    let audit = with(block(), "/failureAction", json!("Audit"));
    let mut provenance = with(block(), "/attestations", json!([{"slsa": {"sourceUri": "github.com/o/r"}}]));
    provenance.as_object_mut().unwrap().remove("attestors");
    check(vec![
        (
            "both attestors",
            two(block(), other()),
            vec![("verifyImages[1]", "the attestors of both blocks must have signed")],
        ),
        ("other images", two(block(), with(other(), "/imageReferences", json!(["ghcr.io/other/*"]))), vec![]),
        ("a signature, and provenance", two(block(), provenance), vec![]),
        (
            "one audits",
            two(block(), audit.clone()),
            vec![("verifyImages[1]", "only one of the two blocks enforces: verifyImages[0]")],
        ),
        (
            "the other audits",
            two(audit, block()),
            vec![("verifyImages[1]", "only one of the two blocks enforces: verifyImages[1]")],
        ),
        (
            "everything beside it",
            two(block(), with(other(), "/imageReferences", json!(["*"]))),
            vec![("verifyImages[1].imageReferences[0]", "those of the other blocks too")],
        ),
    ]);
}

#[test]
fn exceptions() {
    let exception = |pattern: &str, day: &str| json!({"imageReferences": [pattern], "reason": "r", "expires": day});
    let one = |pattern: &str, day: &str| also("exceptions", json!([exception(pattern, day)]));
    let mut deny = one("quay.io/x/*", "2026-12-31");
    deny["unmatchedImages"] = "deny".into();
    let (path, expires) = ("exceptions[0]", "exceptions[0].expires");
    check(vec![
        ("good", one("ghcr.io/myorg/debug/*", "2026-12-31"), vec![]),
        ("ends soon", one("ghcr.io/myorg/debug/*", "2026-12-14"), vec![(expires, "ends in 14 days")]),
        ("not so soon", one("ghcr.io/myorg/debug/*", "2026-12-15"), vec![]),
        ("ends today", one("ghcr.io/myorg/debug/*", "2026-12-01"), vec![(expires, "ends today")]),
        ("over", one("ghcr.io/myorg/debug/*", "2026-11-30"), vec![(expires, "has ended with 2026-11-30")]),
        ("about nothing", one("quay.io/x/*", "2026-12-31"), vec![(path, "no block is about these images")]),
        ("about what is denied otherwise", deny, vec![]),
        (
            "hidden by another",
            also(
                "exceptions",
                json!([exception("ghcr.io/myorg/*", "2026-12-31"), exception("ghcr.io/myorg/x/*", "2026-12-30")]),
            ),
            vec![("exceptions[1]", "exceptions[0] excepts these images already")],
        ),
        (
            "longer than the other",
            also(
                "exceptions",
                json!([exception("ghcr.io/myorg/*", "2026-12-30"), exception("ghcr.io/myorg/x/*", "2026-12-31")]),
            ),
            vec![],
        ),
    ]);
}

#[test]
fn actions_and_switches() {
    let overrides = |value: Value| also("failureActionOverrides", value);
    let mut own = overrides(json!([{"action": "Audit", "namespaces": ["dev"]}]));
    own["verifyImages"][0]["failureAction"] = "Enforce".into();
    let mut everything = also("unmatchedImages", json!("deny"));
    everything["verifyImages"] = json!([with(
        with(block(), "/imageReferences", json!(["*"])),
        "/attestors",
        json!([{"entries": [{"keyless": keyless()}]}])
    )]);
    let mut twin = at("/alwaysPull", json!("mutate"));
    twin["mutate"] = false.into();
    let mut unbound = at("/alwaysPull", json!("require"));
    unbound["verifyImages"][0]["mutateDigest"] = false.into();
    unbound["verifyImages"][0]["verifyDigest"] = false.into();
    check(vec![
        ("an override", overrides(json!([{"action": "Audit", "namespaces": ["dev"]}])), vec![]),
        ("blocks say it themselves", own, vec![("failureActionOverrides", "every block says its own")]),
        (
            "hidden",
            overrides(
                json!([{"action": "Audit", "namespaces": ["dev-*"]}, {"action": "Enforce", "namespaces": ["dev-1"]}]),
            ),
            vec![("failureActionOverrides[1]", "is never reached")],
        ),
        (
            "the narrower one first",
            overrides(
                json!([{"action": "Enforce", "namespaces": ["dev-1"]}, {"action": "Audit", "namespaces": ["dev-*"]}]),
            ),
            vec![],
        ),
        (
            "the same action",
            overrides(json!([{"action": "Enforce", "namespaces": ["prod"]}])),
            vec![("failureActionOverrides", "changes nothing")],
        ),
        (
            "nothing is unmatched",
            everything,
            vec![("verifyImages[0].imageReferences[0]", "every image"), ("unmatchedImages", "changes nothing")],
        ),
        ("what did not change", also("verifyUnchanged", json!(false)), vec![("verifyUnchanged", "is never verified")]),
        ("pulls are bound by the digest", at("/alwaysPull", json!("mutate")), vec![]),
        ("nothing binds a pull", unbound, vec![("verifyImages[0].alwaysPull", "only a digest binds it")]),
        ("nothing is set", twin, vec![("verifyImages[0].alwaysPull", "with `mutate: false` nothing is set")]),
    ]);
}

#[test]
fn identities_as_wide_as_a_host() {
    let subject = |field: &str, value: &str| at(&format!("/attestors/0/entries/0/keyless/{field}"), json!(value));
    let path = "verifyImages[0].attestors[0].entries[0].keyless";
    let (plain, regexp) = (format!("{path}.subject"), format!("{path}.subjectRegExp"));
    check(vec![
        (
            "GitHub",
            subject("subject", "https://github.com/*"),
            vec![(&plain, "whoever has a repository on github.com")],
        ),
        ("an open host", subject("subject", "https://github.com*"), vec![(&plain, "`github.com.evil.com`")]),
        ("an organisation", subject("subject", "https://github.com/o/*"), vec![]),
        (
            "GitHub by expression",
            subject("subjectRegExp", "^https://github\\.com/.+$"),
            vec![(&regexp, "whoever has a repository on github.com")],
        ),
        (
            "an open organisation by expression",
            subject("subjectRegExp", "https://github.com/o.*"),
            vec![(&regexp, "`o-evil`")],
        ),
        ("an organisation by expression", subject("subjectRegExp", "^https://github\\.com/o/.+$"), vec![]),
        ("a choice", subject("subjectRegExp", "https://github.com/(o|p).*"), vec![]),
    ]);
}

#[test]
fn trust_roots_that_nobody_names() {
    let json = include_str!("../../../../../tests/fixtures/trust/trusted_root.json");
    let root: Value = serde_json::from_str(json).unwrap();
    let unused = also("trustRoots", json!({"own": root}));
    let mut used = unused.clone();
    used["verifyImages"][0]["attestors"][0]["entries"][0]["keyless"]["trustRoot"] = "own".into();
    check(vec![
        ("unused", unused, vec![("trustRoots", "no attestor names the trust root `own`")]),
        ("used", used, vec![]),
        ("in place of the public one", also("trustRoots", json!({"sigstore": root})), vec![]),
    ]);
}
