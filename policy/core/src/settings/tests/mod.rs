//! What settings mean when they are good, and what is said when they are not.

mod house;
mod problems;
mod review;
mod slsa;
mod trust;
mod warnings;

use serde_json::{Value, json};

use super::*;
use crate::conditions::Operator;
use crate::evidence::{CarrierKind, Plan};
use crate::reference::ImageRef;
use crate::test_host::fixtures;
use crate::verify::{KeyHash, LogRule, PublicKey, SctRule};

const KEY_1: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAX6sfoWIpr7gKcZLO8U9AwbgXd0j
pk8DbFAtdySTscQW+RRYENOdNNOzetNCE/ODv5IW4ZJwZFa3REK9yMtAHQ==
-----END PUBLIC KEY-----
";
const KEY_2: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEey1oKpb9+oQ/4W+tRu7OZFkh8LHK
X9QPlx3F0de343Jwh4ReFObSnLUaV0ZrnAKshk9QfZ7gdDHUfAjg6daOuA==
-----END PUBLIC KEY-----
";

fn keyless() -> Value {
    json!({
        "subject": "https://github.com/myorg/*",
        "issuer": "https://token.actions.githubusercontent.com",
        "rekor": {"url": "https://rekor.sigstore.dev"}
    })
}

fn block() -> Value {
    json!({"imageReferences": ["ghcr.io/myorg/*"], "attestors": [{"entries": [{"keyless": keyless()}]}]})
}

fn settings_of(block: Value) -> Value {
    json!({"verifyImages": [block]})
}

/// `value` with what stands at `pointer` replaced or, in an object, added.
fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match value.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = new,
        parent => {
            parent.as_object_mut().expect("an object").insert(key.to_owned(), new);
        }
    }
    value
}

fn parse(value: &Value) -> Settings {
    Settings::parse(value).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn first_block(block: Value) -> Block {
    parse(&settings_of(block)).verify_images.remove(0)
}

fn key(pem: &str, hash: KeyHash) -> PublicKey {
    PublicKey::from_pem(pem, hash).expect("a key")
}

#[test]
fn a_pasted_block_has_the_defaults_of_the_api_server() {
    let settings = parse(&settings_of(block()));
    assert_eq!(settings.unmatched_images, Unmatched::Allow);
    assert_eq!(settings.failure_action, FailureAction::Enforce);
    assert_eq!(settings.evidence, Plan::new(false));
    assert!(settings.mutate);
    assert_eq!(settings.warnings, []);
    let roots: Vec<_> = settings.trust_roots.iter().map(|(name, source)| (name.as_str(), source)).collect();
    assert_eq!(roots, [("github", &TrustRootSource::BuiltIn), ("sigstore", &TrustRootSource::BuiltIn)]);

    let [block] = settings.verify_images.as_slice() else { panic!("one block") };
    assert_eq!(block.path, "verifyImages[0]");
    assert_eq!(block.failure_action, FailureAction::Enforce);
    assert!(block.mutate_digest && block.verify_digest && block.required);
    assert!(block.skip_image_references.is_empty() && block.attestations.is_empty() && block.repository.is_none());
    assert!(block.image_references[0].matches(&ImageRef::parse("ghcr.io/myorg/app:1").expect("a reference")));

    let [set] = block.attestors.as_slice() else { panic!("one set") };
    assert_eq!((set.path.as_str(), set.required), ("verifyImages[0].attestors[0]", 1));
    let [entry] = set.entries.as_slice() else { panic!("one entry") };
    assert_eq!(entry.path, "verifyImages[0].attestors[0].entries[0]");
    assert!(entry.annotations.is_empty() && entry.repository.is_none());
    let AttestorKind::Keyless(keyless) = &entry.kind else { panic!("keyless") };
    assert_eq!(keyless.subject.as_ref().map(|subject| subject.as_str()), Some("https://github.com/myorg/*"));
    assert!(keyless.subject_regexp.is_none() && keyless.issuer_regexp.is_none() && keyless.issuer.is_some());
    assert_eq!(
        (keyless.log, keyless.sct, keyless.trust_root.root.as_str()),
        (LogRule::Require, SctRule::Require, "sigstore")
    );
}

#[test]
fn where_evidence_is_looked_for() {
    let plan = |evidence: Value| {
        let mut settings = settings_of(block());
        settings["evidence"] = evidence;
        parse(&settings).evidence
    };
    use CarrierKind::{Published, Referrers, Tags};
    assert_eq!(plan(json!({})), Plan::new(false));
    assert_eq!(plan(json!({})).carriers, [Published, Tags]);
    assert_eq!(plan(json!({"extended": true})).carriers, [Published, Tags, Referrers]);
    assert_eq!(plan(json!({"carriers": ["tags", "published"]})).carriers, [Tags, Published]);
    assert_eq!(plan(json!({"carriers": ["referrers"], "extended": true})).carriers, [Referrers]);
    let repository = plan(json!({"repository": "registry.example/evidence"})).repository;
    assert_eq!(repository.map(|repository| repository.to_string()).as_deref(), Some("registry.example/evidence"));

    let deadline = |text: &str| {
        let mut settings = settings_of(block());
        settings["deadline"] = text.into();
        parse(&settings).evidence.deadline.as_millis()
    };
    assert_eq!(parse(&settings_of(block())).evidence.deadline.as_millis(), 1500);
    assert_eq!((deadline("8s"), deadline("1.5s"), deadline("1h")), (8000, 1500, 3_600_000));
}

#[test]
fn switches() {
    let settings = parse(&json!({
        "verifyImages": [block(), with(block(), "/failureAction", json!("enforce"))],
        "unmatchedImages": "deny",
        "failureAction": "audit",
        "evidence": {"extended": true},
        "mutate": false
    }));
    assert_eq!(settings.unmatched_images, Unmatched::Deny);
    assert_eq!(settings.failure_action, FailureAction::Audit);
    assert_eq!(settings.evidence, Plan::new(true));
    assert!(!settings.mutate);
    let actions: Vec<_> = settings.verify_images.iter().map(|block| block.failure_action).collect();
    assert_eq!(actions, [FailureAction::Audit, FailureAction::Enforce], "a block overrides the default");
}

#[test]
fn booleans_of_a_block_are_read_from_their_own_fields() {
    type Flag = fn(&Block) -> bool;
    let flags: [(&str, Flag); 3] = [
        ("mutateDigest", |block| block.mutate_digest),
        ("verifyDigest", |block| block.verify_digest),
        ("required", |block| block.required),
    ];
    for (name, _) in flags {
        let block = first_block(with(block(), &format!("/{name}"), json!(false)));
        for (other, flag) in flags {
            assert_eq!(flag(&block), other != name, "`{other}` when `{name}` is false");
        }
    }
    let ignored = json!({"useCache": false, "cosignOCI11": true, "type": "Cosign"});
    let mut block = block();
    block.as_object_mut().expect("an object").extend(ignored.as_object().expect("an object").clone());
    first_block(block);
}

#[test]
fn keys_are_split_into_entries() {
    let two_keys = json!({
        "publicKeys": format!("{KEY_1}\n{KEY_2}"),
        "signatureAlgorithm": "sha384",
        "rekor": {"url": "https://rekor.sigstore.dev", "ignoreTlog": true},
        "ctlog": {"ignoreSCT": true},
        "trustRoot": "github"
    });
    let sets = json!([{"entries": [{"keys": two_keys}, {"keyless": keyless()}]}]);
    let block = first_block(with(block(), "/attestors", sets));
    let set = &block.attestors[0];
    assert_eq!(set.required, 3, "without `count`, every key must have signed");
    let paths: Vec<_> = set.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "verifyImages[0].attestors[0].entries[0].keys.publicKeys[0]",
            "verifyImages[0].attestors[0].entries[0].keys.publicKeys[1]",
            "verifyImages[0].attestors[0].entries[1]",
        ]
    );
    for (entry, pem) in set.entries.iter().zip([KEY_1, KEY_2]) {
        let AttestorKind::Key(attestor) = &entry.kind else { panic!("a key") };
        assert_eq!(attestor.key, key(pem, KeyHash::Sha384));
        assert_eq!((attestor.log, attestor.trust_root.root.as_str()), (LogRule::InsecureIgnore, "github"));
    }

    let counted = json!([{"count": 1, "entries": [{"keys": {"publicKeys": format!("{KEY_1}{KEY_2}")}}]}]);
    assert_eq!(first_block(with(self::block(), "/attestors", counted)).attestors[0].required, 1);
}

#[test]
fn key_algorithms() {
    let cases = [
        ("default", json!({"publicKeys": KEY_1}), KeyHash::Sha256),
        ("sha256", json!({"publicKeys": KEY_1, "signatureAlgorithm": "sha256"}), KeyHash::Sha256),
        ("sha384", json!({"publicKeys": KEY_1, "signatureAlgorithm": "sha384"}), KeyHash::Sha384),
        ("sha512", json!({"publicKeys": KEY_1, "signatureAlgorithm": "sha512"}), KeyHash::Sha512),
    ];
    for (name, keys, hash) in cases {
        let block = first_block(with(block(), "/attestors/0/entries/0", json!({ "keys": keys })));
        let entry = &block.attestors[0].entries[0];
        let AttestorKind::Key(attestor) = &entry.kind else { panic!("a key") };
        assert_eq!(attestor.key, key(KEY_1, hash), "case `{name}`");
        assert_eq!(attestor.log, LogRule::Require, "case `{name}`");
        assert_eq!(entry.path, "verifyImages[0].attestors[0].entries[0]", "case `{name}`");
    }
}

#[test]
fn insecure_switches_are_read_from_their_own_fields() {
    let cases = [
        ("neither", json!({}), json!({}), LogRule::Require, SctRule::Require),
        ("false", json!({"ignoreTlog": false}), json!({"ignoreSCT": false}), LogRule::Require, SctRule::Require),
        ("log", json!({"ignoreTlog": true}), json!({}), LogRule::InsecureIgnore, SctRule::Require),
        ("certificate log", json!({}), json!({"ignoreSCT": true}), LogRule::Require, SctRule::InsecureIgnore),
    ];
    for (name, rekor, ctlog, log, sct) in cases {
        let rekor = with(rekor, "/url", json!("https://rekor.sigstore.dev"));
        let keyless = with(with(keyless(), "/rekor", rekor), "/ctlog", ctlog);
        let block = first_block(with(block(), "/attestors/0/entries/0/keyless", keyless));
        let AttestorKind::Keyless(keyless) = &block.attestors[0].entries[0].kind else { panic!("keyless") };
        assert_eq!((keyless.log, keyless.sct), (log, sct), "case `{name}`");
    }
}

#[test]
fn sets_nest_under_attestors() {
    let nested = json!({"count": 1, "entries": [{"keyless": keyless()}, {"keys": {"publicKeys": KEY_1}}]});
    let block = first_block(with(block(), "/attestors/0/entries/0", json!({ "attestor": nested })));
    let set = &block.attestors[0];
    assert_eq!((set.required, set.entries.len()), (1, 1), "a nested set counts as one entry");
    let AttestorKind::Nested(nested) = &set.entries[0].kind else { panic!("a nested set") };
    assert_eq!((nested.required, nested.entries.len()), (1, 2));
    assert_eq!(nested.path, "verifyImages[0].attestors[0].entries[0].attestor");
    assert_eq!(nested.entries[1].path, "verifyImages[0].attestors[0].entries[0].attestor.entries[1]");
}

#[test]
fn annotations_and_repository_come_from_the_entry_or_else_the_block() {
    let own = json!({"keyless": keyless(), "annotations": {"env": "prod"}, "repository": "quay.io/own/sigs"});
    let empty = json!({"keyless": keyless(), "annotations": {}});
    let nested = json!({"attestor": {"entries": [{"keyless": keyless()}]}});
    let entries = json!([own, {"keyless": keyless()}, empty, nested]);
    let block = with(block(), "/attestors/0/entries", entries);
    let block = with(block, "/annotations", json!({"team": "a"}));
    let block = first_block(with(block, "/repository", json!("nginx")));

    let seen: Vec<_> = block.attestors[0]
        .entries
        .iter()
        .map(|entry| match &entry.kind {
            AttestorKind::Nested(set) => &set.entries[0],
            _ => entry,
        })
        .map(|entry| (json!(entry.annotations), entry.repository.as_ref().map(ToString::to_string)))
        .collect();
    let of_block = (json!({"team": "a"}), Some("docker.io/library/nginx".to_owned()));
    let of_entry = (json!({"env": "prod"}), Some("quay.io/own/sigs".to_owned()));
    assert_eq!(seen, [of_entry, of_block.clone(), of_block.clone(), of_block]);
}

#[test]
fn attestation_rules() {
    let rules = json!([
        {
            "type": "https://slsa.dev/provenance/v1",
            "match": "any",
            "attestors": [{"entries": [{"keyless": keyless()}]}],
            "conditions": [{
                "all": [{
                    "key": "{{ buildDefinition.buildType }}", "operator": "Equals",
                    "value": "https://actions.github.io/buildtypes/workflow/v1", "message": "not built by a workflow"
                }],
                "any": [
                    {"key": "{{ a }}", "operator": "NotEquals", "value": 1},
                    {"key": "{{ b }}", "operator": "Equals", "value": [true]}
                ]
            }]
        },
        {"predicateType": "https://spdx.dev/Document"}
    ]);
    let block = first_block(with(block(), "/attestations", rules));
    let [provenance, document] = block.attestations.as_slice() else { panic!("two rules") };

    assert_eq!(provenance.path, "verifyImages[0].attestations[0]");
    assert_eq!(provenance.predicate_type, "https://slsa.dev/provenance/v1");
    assert_eq!(provenance.quantifier, Quantifier::Any);
    assert_eq!(provenance.attestors[0].entries[0].path, "verifyImages[0].attestations[0].attestors[0].entries[0]");
    let [conditions] = provenance.conditions.as_slice() else { panic!("one block") };
    let seen: Vec<_> = conditions.conditions().map(|one| (one.path.as_str(), one.to_string())).collect();
    assert_eq!(
        seen,
        [
            ("verifyImages[0].attestations[0].conditions[0].any[0]", "{{ a }} NotEquals 1".to_owned()),
            ("verifyImages[0].attestations[0].conditions[0].any[1]", "{{ b }} Equals [true]".to_owned()),
            (
                "verifyImages[0].attestations[0].conditions[0].all[0]",
                r#"{{ buildDefinition.buildType }} Equals "https://actions.github.io/buildtypes/workflow/v1""#
                    .to_owned()
            ),
        ]
    );
    let all = conditions.all.as_ref().expect("conditions under all");
    assert_eq!(
        (all[0].operator, all[0].message.as_ref().map(ToString::to_string).as_deref()),
        (Operator::Equals, Some("not built by a workflow"))
    );

    assert_eq!(document.predicate_type, "https://spdx.dev/Document");
    assert_eq!(document.quantifier, Quantifier::All);
    assert!(document.attestors.is_empty() && document.conditions.is_empty());
}

#[test]
fn denials_know_attestations_by_their_names() {
    let attestations = json!([
        {"type": "scan", "name": "scan", "match": "latest", "maxAge": "168h"}, {"type": "doc", "name": "doc", "match": "any"}
    ]);
    let one = json!({"key": "{{ scan.a }}", "operator": "AnyNotIn", "value": "{{ doc.b[*].c }}", "message": "{{ image.name }}"});
    let request = json!({"key": "{{ request.namespace }}", "operator": "Equals", "value": "x"});
    // One block, a list of blocks, and the older list of conditions.
    let forms = [
        (json!({"any": [one], "all": [request]}), vec![(1, 1)]),
        (json!([{"any": [one]}, {"all": [request]}]), vec![(1, 0), (0, 1)]),
        (json!([one, request]), vec![(0, 2)]),
    ];
    for (conditions, expected) in forms {
        let validate =
            json!({"message": "{{ image.name }} has an unexplained finding", "deny": {"conditions": conditions}});
        let block = first_block(with(with(block(), "/attestations", attestations.clone()), "/validate", validate));
        let denial = block.denial.expect("a denial");
        assert_eq!(denial.path, "verifyImages[0].validate");
        assert_eq!(
            denial.message.map(|message| message.to_string()).as_deref(),
            Some("{{ image.name }} has an unexplained finding")
        );
        let count = |list: &Option<Vec<_>>| list.as_ref().map_or(0, Vec::len);
        let found: Vec<_> = denial.conditions.iter().map(|block| (count(&block.any), count(&block.all))).collect();
        assert_eq!(found, expected);
        let [scan, doc] = block.attestations.as_slice() else { panic!("two attestations") };
        assert_eq!((scan.name.as_deref(), scan.quantifier), (Some("scan"), Quantifier::Latest));
        assert_eq!(scan.max_age.map(|age| age.to_string()).as_deref(), Some("168h0m0s"));
        assert_eq!((doc.name.as_deref(), doc.quantifier, doc.max_age), (Some("doc"), Quantifier::Any, None));
    }
}

#[test]
fn both_forms_of_subject_and_issuer() {
    let keyless = json!({
        "subject": "a@example.com", "subjectRegExp": "b@example\\.com",
        "issuer": "https://a.example.com", "issuerRegExp": "https://[ab]\\.example\\.com"
    });
    let block = first_block(with(block(), "/attestors/0/entries/0/keyless", keyless));
    let AttestorKind::Keyless(keyless) = &block.attestors[0].entries[0].kind else { panic!("keyless") };
    assert!(keyless.subject.as_ref().is_some_and(|subject| subject.matches("a@example.com")));
    assert!(keyless.subject_regexp.as_ref().is_some_and(|subject| subject.matches("b@example.com")));
    assert!(keyless.issuer.as_ref().is_some_and(|issuer| issuer.matches("https://a.example.com")));
    assert!(keyless.issuer_regexp.as_ref().is_some_and(|issuer| issuer.matches("https://b.example.com")));
}

#[test]
fn trust_roots_are_defined_and_named() {
    let root = std::fs::read(fixtures().join("trust/trusted_root.json")).expect("a trust root of the fixtures");
    let root: Value = serde_json::from_slice(&root).expect("JSON");
    let keyless = with(keyless(), "/trustRoot", json!("own"));
    let settings = with(
        settings_of(with(block(), "/attestors/0/entries/0/keyless", keyless)),
        "/trustRoots",
        json!({"own": root, "sigstore": root}),
    );
    let read = parse(&settings);
    let inline = TrustRootSource::Inline(root.to_string());
    let roots: Vec<_> = read.trust_roots.iter().map(|(name, source)| (name.as_str(), source)).collect();
    assert_eq!(roots, [("github", &TrustRootSource::BuiltIn), ("own", &inline), ("sigstore", &inline)]);
    let AttestorKind::Keyless(keyless) = &read.verify_images[0].attestors[0].entries[0].kind else { panic!("keyless") };
    assert_eq!(keyless.trust_root.root, "own");

    let mut without_material = root;
    for field in ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"] {
        without_material[field] = json!([]);
    }
    let problems =
        Settings::parse(&with(settings, "/trustRoots/own", without_material)).map(|_| ()).expect_err("empty");
    assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["trustRoots.own"]);
}
