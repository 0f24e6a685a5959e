//! Conditions, denials and the latest attestation, on attestations that real cosign made.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, corpus, deny_module, fixture, module, scratch, sigwarden_on, write};
use std::path::Path;

const OCTO: &str = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SCAN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const SBOM: &str = "https://cyclonedx.org/bom";
const VEX: &str = "https://openvex.dev/ns";
const FINDINGS: &str = "{{ scan.scanner.result.Results[].Vulnerabilities[].VulnerabilityID }}";

fn attestation(predicate_type: &str, more: Value) -> Value {
    let mut attestation = json!({
        "type": predicate_type,
        "attestors": [{"entries": [{"keyless": {
            "subject": OCTO, "issuer": ISSUER, "rekor": {"url": "https://rekor.sigstore.dev"},
        }}]}],
    });
    attestation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    attestation
}

fn policy(attestations: Value, validate: Option<Value>) -> Value {
    let mut block = json!({"imageReferences": ["ghcr.io/documents/*"], "attestations": attestations});
    if let Some(validate) = validate {
        block["validate"] = validate;
    }
    json!({ "verifyImages": [block] })
}

fn world() -> Vec<String> {
    let layout = format!("ghcr.io={}", fixture("layouts/referrers"));
    ["--oci-layout", &layout, "--trusted-root", &fixture("trust/trusted_root.json")].map(str::to_owned).to_vec()
}

fn verify_on(module: &Path, image: &str, policy: &Value) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let words = ["verify", image, "--policy", &policy, "-o", "json"].map(str::to_owned);
    sigwarden_on(module, &[words.to_vec(), world()].concat())
}

fn verify(image: &str, policy: &Value) -> Run {
    verify_on(&module(), image, policy)
}

/// The codes of a refusal, or nothing where it is admitted, and then not by a module that refuses everything.
fn codes(image: &str, policy: &Value) -> String {
    let run = verify(image, policy);
    match run.answer {
        Answer::Yes => {
            assert_eq!(verify_on(&deny_module(), image, policy).answer, Answer::No);
            String::new()
        }
        Answer::No => run.codes(),
        Answer::Unknown => panic!("{image}: {}", run.text()),
    }
}

/// A scan, a bill of materials and a VEX document on one image, in both formats.
#[test]
fn named_attestations_are_asked_together() {
    let named = |vex: &str| {
        json!([
            attestation(SCAN, json!({"name": "scan"})),
            attestation(SBOM, json!({"name": "sbom"})),
            attestation(VEX, json!({"name": vex})),
        ])
    };
    let unexplained = |status: &str| {
        json!({"message": "{{ image.name }} has findings that nobody explained", "deny": {"conditions": {"any": [
            {"key": FINDINGS, "operator": "AnyNotIn", "value": format!("{{{{ vex.statements[?status == '{status}'].vulnerability.name }}}}")},
            {"key": "{{ sbom.bomFormat }}", "operator": "NotEquals", "value": "CycloneDX"},
        ]}}})
    };
    for image in ["ghcr.io/documents/all:v1", "ghcr.io/documents/all-legacy:v1"] {
        assert_eq!(codes(image, &policy(named("vex"), Some(unexplained("not_affected")))), "", "{image}");
        // The same with one word changed.
        let run = verify(image, &policy(named("vex"), Some(unexplained("fixed"))));
        assert_eq!((run.answer, run.codes().as_str()), (Answer::No, "SW5008"), "{image}: {}", run.text());
        let finding = run.finding("SW5008");
        let name = image.trim_start_matches("ghcr.io/documents/").trim_end_matches(":v1");
        let message = finding["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name} has findings that nobody explained (")), "{message}");
        assert_eq!(finding["found"], "[\"CVE-2024-0001\"]");

        let cases = [
            ("holds", json!({"key": "{{ sbom.bomFormat }}", "operator": "Equals", "value": "CycloneDX"}), "SW5008"),
            ("does not hold", json!({"key": "{{ sbom.bomFormat }}", "operator": "Equals", "value": "SPDX"}), ""),
            ("an absent key", json!({"key": "{{ sbom.bomformat }}", "operator": "Equals", "value": "x"}), "SW5008"),
            ("a null", json!({"key": "{{ sbom.components[9] }}", "operator": "Equals", "value": "x"}), "SW5008"),
            (
                "nothing to compare",
                json!({"key": "{{ sbom.bomFormat }}", "operator": "GreaterThan", "value": 1}),
                "SW5008",
            ),
            ("the image", json!({"key": "{{ image.name }}", "operator": "Equals", "value": "none"}), ""),
            (
                "the image it is",
                json!({"key": "{{ image.path }}", "operator": "Equals", "value": "documents/*"}),
                "SW5008",
            ),
        ];
        for (case, condition, expected) in cases {
            let validate = json!({"message": "no", "deny": {"conditions": {"any": [condition]}}});
            assert_eq!(codes(image, &policy(named("vex"), Some(validate))), expected, "{image}, {case}");
        }
    }
}

/// An attestation that a denial looks at must be there, by its attestor.
#[test]
fn an_absent_attestation_denies() {
    let validate = json!({"message": "no", "deny": {"conditions": {"any": [
        {"key": "{{ sbom.bomFormat }}", "operator": "NotEquals", "value": "CycloneDX"},
    ]}}});
    let with = |sbom: Value| policy(json!([attestation(SCAN, json!({})), sbom]), Some(validate.clone()));
    let image = "ghcr.io/documents/all:v1";
    assert_eq!(codes(image, &with(attestation(SBOM, json!({"name": "sbom"})))), "");
    let other_type = codes(image, &with(attestation("https://cyclonedx.org/bomb", json!({"name": "sbom"}))));
    assert!(other_type.contains("SW5001"), "{other_type}");
    let mut other_signer = attestation(SBOM, json!({"name": "sbom"}));
    other_signer["attestors"][0]["entries"][0]["keyless"]["subject"] = OCTO.replace("octo-repo", "octo-rep").into();
    let other_signer = codes(image, &with(other_signer));
    assert!(other_signer.contains("SW5001"), "{other_signer}");
}

/// Provenance and scans that were made again: by hand and then by the workflow, with a finding and then without.
#[test]
fn of_several_attestations_all_any_or_the_latest() {
    let clean = json!([{"all": [
        {"key": "{{ scanner.result.Results[].Vulnerabilities[?Severity == 'CRITICAL'][] | length(@) }}", "operator": "Equals", "value": 0},
    ]}]);
    let dirty = json!([{"all": [
        {"key": "{{ scanner.result.Results[].Vulnerabilities[?Severity == 'CRITICAL'][] | length(@) }}", "operator": "Equals", "value": 1},
    ]}]);
    for image in ["ghcr.io/documents/of-one-type:v1", "ghcr.io/documents/of-one-type-legacy:v1"] {
        let of = |conditions: &Value, more: Value| {
            let mut rule = attestation(SCAN, more);
            rule["conditions"] = conditions.clone();
            codes(image, &policy(json!([rule]), None))
        };
        assert_eq!(of(&clean, json!({"match": "all"})), "SW5003", "{image}, all");
        assert_eq!(of(&clean, json!({"match": "any"})), "", "{image}, any");
        assert_eq!(of(&clean, json!({"match": "latest"})), "", "{image}, latest");
        assert_eq!(of(&dirty, json!({"match": "any"})), "", "{image}, any, the old one");
        assert_eq!(of(&dirty, json!({"match": "latest"})), "SW5003", "{image}, latest, the old one");
        assert_eq!(of(&clean, json!({"match": "latest", "maxAge": "1000000h"})), "", "{image}, in a century");
        assert_eq!(of(&clean, json!({"match": "latest", "maxAge": "1s"})), "SW5009", "{image}, a second old");
        let scanned = json!([{"all": [{"key": "{{ scanner.version }}", "operator": "Equals", "value": "0.60.0"}]}]);
        assert_eq!(of(&scanned, json!({"match": "any", "maxAge": "1s"})), "SW5009", "{image}, any, a second old");
        assert_eq!(of(&scanned, json!({"match": "any", "maxAge": "1000000h"})), "", "{image}, any, in a century");

        // A denial sees what the rule lets count.
        let denial = json!({"message": "no", "deny": {"conditions": {"any": [
            {"key": "{{ scan.scanner.result.Results[].Vulnerabilities[].Severity }}", "operator": "AnyIn", "value": ["CRITICAL"]},
        ]}}});
        let denied = |quantifier: &str| {
            let rule = attestation(SCAN, json!({"name": "scan", "match": quantifier}));
            codes(image, &policy(json!([rule]), Some(denial.clone())))
        };
        assert_eq!(denied("latest"), "", "{image}, latest");
        assert_eq!(denied("all"), "SW5008", "{image}, all");
        assert_eq!(denied("any"), "SW5008", "{image}, any, where both count");
    }
}

/// Without a log or timestamp nobody knows which attestation is the latest.
#[test]
fn without_a_verified_time_nothing_is_the_latest() {
    let image = "ghcr.io/v3-key-att:v1";
    let key = std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap();
    let of = |more: Value, ignore: bool| {
        let mut rule = json!({"type": "https://slsa.dev/provenance/v1", "attestors": [{"entries": [{"keys": {
            "publicKeys": key, "rekor": {"url": "https://rekor.sigstore.dev", "ignoreTlog": ignore},
        }}]}]});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        codes(image, &json!({"verifyImages": [{"imageReferences": ["ghcr.io/*"], "attestations": [rule]}]}))
    };
    assert_eq!(of(json!({}), true), "");
    assert_eq!(of(json!({"match": "latest"}), true), "SW4007");
    // Nor is the time believed that a log gives a key's signature: anybody can have an old one logged or timestamped again.
    assert_eq!(of(json!({}), false), "");
    assert_eq!(of(json!({"match": "latest"}), false), "SW4007");
    assert_eq!(of(json!({"match": "any", "maxAge": "1000000h"}), false), "SW4007");
}

/// Conditions see the request, and a predicate cannot pass for it.
#[test]
fn conditions_see_the_request() {
    let image = "ghcr.io/documents/all:v1";
    let request = |namespace: &str| {
        json!({
            "uid": "u", "operation": "CREATE", "namespace": namespace, "name": "web",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "userInfo": {"username": "system:serviceaccount:ci:deployer"},
            "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace},
                "spec": {"containers": [{"name": "main", "image": image}]}},
        })
    };
    let run = |namespace: &str, policy: &Value| {
        let folder = scratch();
        let policy = write(folder.path(), "settings.json", policy.to_string());
        let request = write(folder.path(), "request.json", request(namespace).to_string());
        let words = ["run", "--host", "extended", "-r", &request, "-s", &policy].map(str::to_owned);
        sigwarden_on(&module(), &[words.to_vec(), world()].concat())
    };
    let condition = json!([{"all": [
        {"key": "{{ request.namespace }}", "operator": "Equals", "value": "prod-?"},
        {"key": "{{ serviceAccountName }}", "operator": "Equals", "value": "deployer"},
        {"key": "{{ images.containers.main.path }}", "operator": "Equals", "value": "documents/all"},
        {"key": "{{ bomFormat }}", "operator": "Equals", "value": "CycloneDX"},
    ]}]);
    let by_condition = policy(json!([attestation(SBOM, json!({"conditions": condition}))]), None);
    let by_denial = policy(
        json!([attestation(SBOM, json!({}))]),
        Some(json!({"message": "no", "deny": {"conditions": [
            {"key": "{{ request.namespace }}", "operator": "NotEquals", "value": "prod-?"},
        ]}})),
    );
    for policy in [by_condition, by_denial] {
        let run_in = |namespace| run(namespace, &policy);
        let yes = run_in("prod-1");
        assert_eq!(yes.answer, Answer::Yes, "{}", yes.text());
        let no = run_in("prod-12");
        assert_eq!(no.answer, Answer::No, "{}", no.text());
    }
}

/// Where Kyverno admits and we refuse, each with its reason. Nothing is the other way round.
const STRICTER: &[(&str, &str)] = &[
    ("311-att-op-anyin-keystar", "the predicate's `*` is a name, and no pattern"),
    ("353-att-op-func-semver-bad", "what is no version is an error, and not 0.0.0"),
];

/// Real Kyverno's verdicts on conditions, and ours.
#[test]
fn kyvernos_answers_about_conditions() {
    let Some(answers) = corpus("kyverno-answers") else { return };
    let mut asked = 0;
    let mut wrong = Vec::new();
    let mut cases: Vec<_> =
        std::fs::read_dir(answers.join("cases")).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        if !["-att-op-", "-att-cond-", "-att-name-", "-att-multi-"].iter().any(|kind| name.contains(kind)) {
            continue;
        }
        let read = |file: &str| std::fs::read_to_string(case.join(file)).unwrap();
        let expected: Value = serde_json::from_str(&read("expect.json")).unwrap();
        let (policy, resource) = (read("policy.yaml"), read("resource.yaml"));
        let image = resource.lines().find_map(|line| line.trim().strip_prefix("image: ")).unwrap();
        // The rule's last key, at its indentation: pasted as a person would.
        let (_, rules) = policy.split_once("\n    verifyImages:\n").unwrap();
        let folder = scratch();
        let settings = write(folder.path(), "policy.yaml", format!("    verifyImages:\n{rules}"));
        let layout =
            |registry: &str, folder: &str| format!("{registry}={}", answers.join("layouts").join(folder).display());
        let (with, without) = (layout("127.0.0.1:17021", "referrers"), layout("127.0.0.1:17022", "noreferrers"));
        let root = answers.join("trust/trusted_root.json");
        let request = json!({
            "uid": "u", "operation": "CREATE", "namespace": "default", "name": "p",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
                "spec": {"containers": [{"name": "c0", "image": image}]}},
        });
        let request = write(folder.path(), "request.json", request.to_string());
        let words = [
            "run",
            "--host",
            "extended",
            "-r",
            &request,
            "-s",
            &settings,
            "--oci-layout",
            &with,
            "--oci-layout",
            &without,
            "--trusted-root",
            root.to_str().unwrap(),
        ];
        let run = sigwarden_on(&module(), &words);
        let ours = run.answer == Answer::Yes;
        let kyvernos = expected["admitted"] == true;
        let is_listed = STRICTER.iter().any(|(listed, _)| *listed == name);
        match (kyvernos, ours, is_listed) {
            (false, true, _) => wrong.push(format!("{name}: admitted here, and refused by Kyverno")),
            (true, false, false) => wrong.push(format!("{name}: refused here: {}", run.text())),
            (_, _, true) if kyvernos == ours => wrong.push(format!("{name} is listed as a difference, and is none")),
            _ => {}
        }
        asked += 1;
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 40, "{asked} cases");
}

/// Settings and predicates that go as deep as they may are an answer, and no trap.
#[test]
fn depth_is_an_answer() {
    let image = "ghcr.io/documents/all:v1";
    let nested = (0..3).fold("bomFormat".to_owned(), |inner, _| format!("to_string('{{{{ {inner} }}}}')"));
    let fits = [
        format!("{}bomFormat", "!".repeat(48)),
        format!("{}bomFormat{}", "(".repeat(24), ")".repeat(24)),
        format!("{}bomFormat{}", "[".repeat(24), "]".repeat(24)),
        format!("components{}", "[]".repeat(30)),
        format!("components{}", "[*]".repeat(48)),
        format!("bomFormat{}", " | @".repeat(63)),
        format!("bomFormat{}", " || bomFormat".repeat(60)),
        format!("to_string('{{{{ bomFormat{} }}}}'){}", " | @".repeat(31), " | @".repeat(60)),
        nested,
    ];
    let too_deep = [
        "(".repeat(2000),
        "[".repeat(2000),
        "!".repeat(2000),
        "a.".repeat(1000),
        "{{ ".repeat(1000),
        "a|".repeat(1000),
        "a[*]".repeat(500),
        "`[".repeat(1000),
    ];
    let with = |key: &str| {
        let condition = json!([{"any": [
            {"key": format!("{{{{ {key} }}}}"), "operator": "Equals", "value": "nothing"},
            {"key": "{{ bomFormat }}", "operator": "Equals", "value": "CycloneDX"},
        ]}]);
        policy(json!([attestation(SBOM, json!({"conditions": condition}))]), None)
    };
    for key in fits {
        assert_eq!(codes(image, &with(&key)), "", "{key}");
    }
    for key in too_deep {
        let run = verify(image, &with(&key));
        assert_ne!(run.answer, Answer::Yes, "{key:.40}");
        assert!(
            run.text().contains("verifyImages[0].attestations[0].conditions[0].any[0].key"),
            "{key:.40}: {}",
            run.text()
        );
    }
}
