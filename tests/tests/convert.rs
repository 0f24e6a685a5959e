//! `sigwarden convert`, and policies of other products wherever a policy is taken.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::{fixture, scratch, sigwarden, write};

const KEY: &str = "|-\n          -----BEGIN PUBLIC KEY-----\n          MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ9xKWPa6S6+eRH3FowRnTrcNdJQ8\n          \
                   amA7l77HtjTdwH0MMMEUSaOgN3zhD62pt3hgiq/ClyAz5z9VuxByGUfTVA==\n          -----END PUBLIC KEY-----";
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Kyverno's ClusterPolicy with one rule: what stands beside `rules`, what stands in the rule, and its block.
fn kyverno(spec: &str, rule: &str, block: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p}}\nspec:\n  {spec}\n  rules:\n  - name: r\n    {rule}\n    \
         verifyImages:\n    - imageReferences: ['ghcr.io/x/*']\n      {block}\n"
    )
}

const PODS: &str = "match: {any: [{resources: {kinds: [Pod]}}]}";
const SIGNED: &str =
    "attestors: [{entries: [{keyless: {subject: 'https://github.com/x/*', issuer: i, rekor: {url: u}}}]}]";

fn image_validating(attestor: &str, rest: &str, expression: &str) -> String {
    format!(
        "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {{name: p}}\nspec:\n  matchConstraints:\n    resourceRules:\n    \
         - {{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}}\n  matchImageReferences: [{{glob: 'ghcr.io/*'}}]\n  \
         attestors:\n  - name: a\n    {attestor}\n  {rest}\n  validations:\n  - expression: >-\n      {expression}\n"
    )
}

fn cluster_image_policy(spec: &str, authorities: &str) -> String {
    format!(
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: p}}\nspec:\n  images: [{{glob: 'ghcr.io/x/**'}}]\n  {spec}\n  \
         authorities:\n  {authorities}\n"
    )
}

/// The JSON of a conversion, and its exit code.
fn convert(text: &str, flags: &[&str]) -> (Answer, Value) {
    let folder = scratch();
    let file = write(folder.path(), "policy.yaml", text);
    let words = [&["convert", "-o", "json", &file][..], flags].concat();
    let run = sigwarden(&words);
    if run.out.is_empty() {
        return (run.answer, json!({"error": run.err}));
    }
    (run.answer, run.json())
}

#[test]
fn policies_are_converted_in_pairs() {
    let keyless = |fields: Value| json!([{"entries": [{"keyless": fields}]}]);
    let github = format!("- keyless: {{identities: [{{issuer: '{GITHUB}', subjectRegExp: 'github.com/x/.+$'}}]}}");
    let image = image_validating(
        "cosign: {keyless: {identities: [{issuer: i, subject: s}]}}",
        "attestations: [{name: slsa, intoto: {type: https://slsa.dev/provenance/v1}}]",
        "images.containers.map(i, verifyAttestationSignatures(i, attestations.slsa, [attestors.a])).all(e, e > 0) && \
         images.containers.map(i, extractPayload(i, attestations.slsa).predicate.b.id == 'x').all(e, e)",
    );
    let signatures = "signatures:\n- image: 'ghcr.io/x/*'\n  githubActions: {owner: x}\n  annotations: {env: prod}\n";
    // Name, policy, number of policies, and what the last of them (the validating one) says.
    type Case = (&'static str, String, usize, Vec<(&'static str, Value)>);
    let cases: Vec<Case> = vec![
        (
            "Kyverno",
            kyverno("background: false", PODS, &format!("failureAction: Enforce\n      {SIGNED}")),
            2,
            vec![
                ("/kind", json!("ClusterAdmissionPolicy")),
                ("/spec/mode", json!("protect")),
                ("/spec/mutating", json!(false)),
                ("/spec/backgroundAudit", json!(false)),
                ("/spec/timeoutEvalSeconds", json!(10)),
                ("/spec/settings/mutate", json!(false)),
                ("/spec/settings/verifyImages/0/failureAction", json!("Enforce")),
                ("/spec/settings/verifyImages/0/mutateDigest", json!(true)),
                ("/spec/settings/verifyImages/0/required", json!(true)),
                ("/spec/rules/0/resources", json!(["pods", "pods/ephemeralcontainers", "replicationcontrollers"])),
                ("/spec/rules/2/resources", json!(["jobs", "cronjobs"])),
            ],
        ),
        (
            "Kyverno's default is to audit",
            kyverno("background: true", PODS, &format!("mutateDigest: false\n      {SIGNED}")),
            1,
            vec![
                ("/spec/mode", json!("monitor")),
                ("/spec/backgroundAudit", json!(true)),
                ("/spec/settings/verifyImages/0/failureAction", json!("Audit")),
            ],
        ),
        (
            "namespaces, labels, names and users",
            kyverno(
                "validationFailureAction: enforce",
                "match: {all: [{resources: {kinds: [Deployment], namespaces: [a, b], selector: {matchLabels: {app: x}}}}, {subjects: \
                 [{kind: Group, name: g}]}]}\n    exclude: {any: [{resources: {namespaceSelector: {matchExpressions: [{key: k, operator: Exists}]}}}]}",
                SIGNED,
            ),
            2,
            vec![
                (
                    "/spec/rules",
                    json!([{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["CREATE", "UPDATE"]}]),
                ),
                (
                    "/spec/namespaceSelector/matchExpressions",
                    json!([{"key": "k", "operator": "DoesNotExist"}, {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}]),
                ),
                ("/spec/objectSelector", json!({"matchLabels": {"app": "x"}})),
                (
                    "/spec/matchConditions",
                    json!([{"name": "subjects", "expression": "'g' in request.userInfo.groups"}]),
                ),
                ("/spec/settings/verifyImages/0/failureAction", json!("Enforce")),
            ],
        ),
        (
            "alternatives are pairs of their own",
            kyverno(
                "failurePolicy: Ignore",
                "match: {any: [{resources: {kinds: [Pod], namespaces: [a]}}, {resources: {kinds: [Pod], operations: [CREATE]}}]}",
                &format!("failureAction: Enforce\n      {SIGNED}"),
            ),
            4,
            vec![("/spec/failurePolicy", json!("Fail"))],
        ),
        (
            "a key in a Secret",
            kyverno("background: true", PODS, "attestors: [{entries: [{keys: {secret: {name: a, namespace: b}}}]}]"),
            2,
            vec![("/spec/contextAwareResources", json!([{"apiVersion": "v1", "kind": "Secret"}]))],
        ),
        (
            "one namespace",
            kyverno("background: true", PODS, SIGNED).replace(
                "kind: ClusterPolicy\nmetadata: {name: p}",
                "kind: Policy\nmetadata: {name: p, namespace: team}",
            ),
            2,
            vec![
                ("/kind", json!("AdmissionPolicy")),
                ("/metadata/namespace", json!("team")),
                ("/spec/namespaceSelector", Value::Null),
            ],
        ),
        (
            "conditions with one name each",
            kyverno(
                "background: true",
                &format!(
                    "{PODS}\n    preconditions: {{all: [{{key: '{{{{request.namespace}}}}', operator: Equals, value: a}}, {{key: '{{{{request.userInfo.username}}}}', operator: NotEquals, value: u}}]}}"
                ),
                SIGNED,
            ),
            2,
            vec![(
                "/spec/matchConditions",
                json!([
                {"name": "precondition", "expression": "!(request.userInfo.username in ['u'])"},
                {"name": "precondition-2", "expression": "request.namespace in ['a']"}]),
            )],
        ),
        (
            "actions by namespace",
            kyverno("validationFailureActionOverrides: [{action: Enforce, namespaces: ['prod-*']}]", PODS, SIGNED),
            2,
            vec![
                ("/spec/mode", json!("protect")),
                ("/spec/settings/failureAction", json!("Audit")),
                ("/spec/settings/failureActionOverrides", json!([{"action": "Enforce", "namespaces": ["prod-*"]}])),
                ("/spec/settings/verifyImages/0/failureAction", Value::Null),
            ],
        ),
        (
            "older fields",
            kyverno("background: true", PODS, "subject: s\n      issuer: i\n      image: quay.io/*"),
            2,
            vec![
                ("/spec/settings/verifyImages/0/imageReferences", json!(["ghcr.io/x/*", "quay.io/*"])),
                ("/spec/settings/verifyImages/0/attestors", keyless(json!({"subject": "s", "issuer": "i"}))),
            ],
        ),
        (
            "expressions say what they match",
            kyverno(
                "background: true",
                PODS,
                "attestors: [{entries: [{keyless: {subjectRegExp: 'a|b', issuerRegExp: '^c$', rekor: {url: u}}}]}]",
            ),
            2,
            vec![(
                "/spec/settings/verifyImages/0/attestors",
                keyless(json!({"subjectRegExp": ".*(?:a|b).*", "issuerRegExp": "c", "rekor": {"url": "u"}})),
            )],
        ),
        (
            "trust that Kyverno ignores",
            kyverno(
                "background: true",
                PODS,
                "type: SigstoreBundle\n      attestors: [{entries: [{keyless: {subject: s, issuer: i, roots: x, rekor: {url: u, pubkey: y}}}]}]",
            ),
            2,
            vec![(
                "/spec/settings/verifyImages/0/attestors",
                keyless(json!({"subject": "s", "issuer": "i", "rekor": {"url": "u"}})),
            )],
        ),
        (
            "ClusterImagePolicy",
            cluster_image_policy("mode: enforce", &format!("{github}\n  - key:\n        data: {KEY}")),
            2,
            vec![
                ("/spec/namespaceSelector", json!({"matchLabels": {"policy.sigstore.dev/include": "true"}})),
                ("/spec/settings/unmatchedImages", json!("deny")),
                ("/spec/settings/verifyImages/0/imageReferences", json!(["ghcr.io/x/*"])),
                ("/spec/settings/verifyImages/0/attestors/0/count", json!(1)),
                (
                    "/spec/settings/verifyImages/0/attestors/0/entries/0/keyless",
                    json!({"subjectRegExp": ".*github.com/x/.+", "issuer": GITHUB, "rekor": {"url": "https://rekor.sigstore.dev"}}),
                ),
                ("/spec/settings/verifyImages/0/attestors/0/entries/1/keys/rekor", json!({"ignoreTlog": true})),
            ],
        ),
        (
            "an authority that never passes",
            cluster_image_policy(
                "mode: warn",
                "- keyless: {ca-cert: {data: x}, identities: [{issuer: i, subject: s}]}",
            ),
            2,
            vec![
                ("/spec/settings/verifyImages/0/failureAction", json!("Audit")),
                ("/spec/settings/verifyImages/0/validate/deny/conditions/any/0/value", json!("always")),
            ],
        ),
        (
            "ImageValidatingPolicy",
            image,
            2,
            vec![
                ("/spec/mode", json!("protect")),
                ("/spec/rules/0/resources", json!(["pods", "pods/ephemeralcontainers"])),
                ("/spec/rules/1/resources", json!(["deployments", "replicasets", "statefulsets", "daemonsets"])),
                (
                    "/spec/settings/verifyImages/0/attestations",
                    json!([{"type": "https://slsa.dev/provenance/v1",
                        "attestors": [{"count": 1, "entries": [{"keyless": {"subject": "s", "issuer": "i", "rekor": {"url": "https://rekor.sigstore.dev"}}}]}],
                        "conditions": [{"all": [{"key": "{{ b.id }}", "operator": "Equals", "value": "x"}]}]}]),
                ),
            ],
        ),
        (
            "settings of verify-image-signatures",
            signatures.to_owned(),
            2,
            vec![(
                "/spec/settings/verifyImages/0/attestors/0/entries/0",
                json!({"keyless": {"subject": "https://github.com/*", "issuer": GITHUB, "additionalExtensions": {"githubWorkflowRepository": "x/*"},
                    "rekor": {"url": "https://rekor.sigstore.dev"}}, "annotations": {"env": "prod"}}),
            )],
        ),
        (
            "a policy of verify-image-signatures",
            format!(
                "apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nmetadata: {{name: p, namespace: team}}\nspec:\n  module: \
                 registry://ghcr.io/kubewarden/policies/verify-image-signatures:v1.0.0\n  mutating: true\n  mode: monitor\n  policyServer: s\n  rules:\n  - \
                 {{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}}\n  settings:\n    modifyImagesWithDigest: false\n    {}",
                signatures.replace('\n', "\n    ")
            ),
            1,
            vec![
                ("/kind", json!("AdmissionPolicy")),
                ("/metadata/namespace", json!("team")),
                ("/spec/policyServer", json!("s")),
                ("/spec/mode", json!("monitor")),
                (
                    "/spec/rules",
                    json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]),
                ),
            ],
        ),
    ];
    for (name, policy, count, expected) in cases {
        let (answer, json) = convert(&policy, &[]);
        assert_eq!(answer, Answer::Yes, "case `{name}`: {json:#}");
        let policies = json["policies"].as_array().unwrap();
        assert_eq!(policies.len(), count, "case `{name}`: {json:#}");
        let names: BTreeSet<&str> = policies.iter().filter_map(|policy| policy["metadata"]["name"].as_str()).collect();
        assert_eq!(names.len(), count, "case `{name}`: a name stands for two policies: {names:?}");
        for (pointer, value) in expected {
            let last = policies.last().unwrap();
            assert_eq!(last.pointer(pointer).unwrap_or(&Value::Null), &value, "case `{name}`, {pointer}: {last:#}");
        }
        if count == 2 {
            let [pin, twin] = policies.as_slice() else { unreachable!("two policies") };
            assert_eq!(
                (&pin["spec"]["mutating"], &pin["spec"]["settings"]["mutate"]),
                (&json!(true), &Value::Null),
                "case `{name}`"
            );
            for same in ["rules", "mode", "namespaceSelector", "objectSelector", "matchConditions"] {
                assert_eq!(pin["spec"][same], twin["spec"][same], "case `{name}`, {same}");
            }
            assert_eq!(
                pin["spec"]["settings"]["verifyImages"], twin["spec"]["settings"]["verifyImages"],
                "case `{name}`"
            );
        }
    }
}

#[test]
fn what_would_admit_more_is_refused() {
    let with_key =
        |key: &str| kyverno("background: true", PODS, &format!("attestors: [{{entries: [{{keys: {{{key}}}}}]}}]"));
    let image = |expression: &str| {
        image_validating("cosign: {keyless: {identities: [{issuer: i, subject: s}]}}", "", expression)
    };
    let all = "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e > 0)";
    // Name, policy, reason, field.
    let cases = [
        (
            "unknown field",
            kyverno("background: true", PODS, &format!("requierd: true\n      {SIGNED}")),
            "unknown",
            "requierd",
        ),
        ("unknown field of the policy", kyverno("foo: true", PODS, SIGNED), "unknown", "foo"),
        (
            "unknown field of a match",
            kyverno("background: true", "match: {any: [{resources: {kinds: [Pod], kind: x}}]}", SIGNED),
            "unknown",
            "resources.kind",
        ),
        ("KMS", with_key("kms: 'gcpkms://x'"), "kms", "keys.kms"),
        ("KMS as a key", with_key("publicKeys: 'awskms:///x'"), "kms", "keys.kms"),
        ("Notary", kyverno("background: true", PODS, &format!("type: Notary\n      {SIGNED}")), "notary", "type"),
        (
            "roles",
            kyverno("background: true", "match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [x]}]}", SIGNED),
            "match",
            "match.clusterRoles",
        ),
        (
            "precondition",
            kyverno(
                "background: true",
                &format!(
                    "{PODS}\n    preconditions: {{all: [{{key: '{{{{ length(x) }}}}', operator: Equals, value: 1}}]}}"
                ),
                SIGNED,
            ),
            "match",
            "preconditions",
        ),
        (
            "wildcard in a label",
            kyverno(
                "background: true",
                "match: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: 'x*'}}}}]}",
                SIGNED,
            ),
            "match",
            "match.selector",
        ),
        (
            "exception by label and name",
            kyverno(
                "background: true",
                &format!(
                    "{PODS}\n    exclude: {{any: [{{resources: {{names: [x], namespaceSelector: {{matchLabels: {{a: b}}}}}}}}]}}"
                ),
                SIGNED,
            ),
            "match",
            "exclude",
        ),
        (
            "other kinds",
            kyverno("background: true", "match: {any: [{resources: {kinds: [Task]}}]}", SIGNED),
            "kinds",
            "match.kinds",
        ),
        (
            "extractors",
            kyverno("background: true", &format!("{PODS}\n    imageExtractors: {{Pod: [{{path: /x}}]}}"), SIGNED),
            "kinds",
            "imageExtractors",
        ),
        (
            "API call",
            kyverno(
                "background: true",
                &format!("{PODS}\n    context: [{{name: c, apiCall: {{urlPath: /x}}}}]"),
                SIGNED,
            ),
            "context",
            "context",
        ),
        (
            "no issuer",
            kyverno("background: true", PODS, "attestors: [{entries: [{keyless: {subject: s, rekor: {url: u}}}]}]"),
            "anybody",
            "keyless.issuer",
        ),
        (
            "nobody attests",
            kyverno("background: true", PODS, "attestations: [{type: t}]"),
            "anybody",
            "attestations.attestors",
        ),
        ("elided attestors", kyverno("background: true", PODS, "attestors:"), "settings", "settings"),
        ("free CEL", image("variables.x == 1"), "cel", "validations"),
        ("free CEL beside a known shape", image(&format!("{all} || true")), "cel", "validations"),
        (
            "images in CEL",
            image(all).replace("{glob: 'ghcr.io/*'}", "{expression: 'ref == 1'}"),
            "cel",
            "matchImageReferences",
        ),
        ("Notary's attestor", image_validating("notary: {certs: {value: x}}", "", all), "notary", "attestors.notary"),
        (
            "TUF",
            image_validating("cosign: {tuf: {mirror: x}, keyless: {identities: [{issuer: i, subject: s}]}}", "", all),
            "context",
            "tuf",
        ),
        ("CUE", cluster_image_policy("policy: {type: cue, data: x}", "- static: {action: pass}"), "cue", "policy"),
        ("Rego", cluster_image_policy("policy: {type: rego, data: x}", "- static: {action: pass}"), "rego", "policy"),
        (
            "TrustRoot",
            cluster_image_policy("mode: warn", "- keyless: {trustRootRef: t, identities: [{issuer: i, subject: s}]}"),
            "context",
            "trustRootRef",
        ),
    ];
    for (name, policy, reason, field) in cases {
        let (answer, json) = convert(&policy, &[]);
        assert_eq!(answer, Answer::No, "case `{name}`: {json:#}");
        assert_eq!(json["policies"], json!([]), "case `{name}`");
        let is_it = |note: &&Value| note["part"] == "refused" && note["reason"] == reason && note["field"] == field;
        assert!(json["report"].as_array().unwrap().iter().any(|note| is_it(&note)), "case `{name}`: {json:#}");
    }
}

#[test]
fn losses_are_allowed_by_name() {
    let policy = kyverno(
        "background: true",
        &format!("{PODS}\n    preconditions: {{all: [{{key: '{{{{ length(x) }}}}', operator: Equals, value: 1}}]}}"),
        SIGNED,
    );
    for (flag, answer) in [("preconditions", Answer::Yes), ("precondition", Answer::No)] {
        let (given, json) = convert(&policy, &["--allow-loss", flag]);
        assert_eq!(given, answer, "{flag}: {json:#}");
    }
    let anybody =
        kyverno("background: true", PODS, "attestors: [{entries: [{keyless: {subject: s, rekor: {url: u}}}]}]");
    let (answer, json) = convert(&anybody, &["--allow-loss", "keyless.issuer"]);
    assert_eq!(answer, Answer::Yes, "{json:#}");
    let issuer = json.pointer("/policies/0/spec/settings/verifyImages/0/attestors/0/entries/0/keyless/issuer");
    assert_eq!(issuer, Some(&json!("*")));
    // Settings that cannot be used are not written, whatever is allowed.
    let elided = kyverno("background: true", PODS, "attestors:");
    assert_eq!(convert(&elided, &["--allow-loss", "settings"]).0, Answer::No);
}

#[test]
fn supplied_config_maps_are_written_out() {
    let policy = kyverno(
        "background: true",
        &format!("{PODS}\n    context: [{{name: keys, configMap: {{name: m, namespace: team}}}}]"),
        "attestors: [{entries: [{keyless: {subject: '{{ keys.data.who }}', issuer: i, rekor: {url: u}}}]}]",
    );
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: team}\ndata: {who: somebody}\n";
    let folder = scratch();
    let file = write(folder.path(), "map.yaml", map);
    let other = write(folder.path(), "other.yaml", map.replace("name: m", "name: other"));
    let subject = "/policies/0/spec/settings/verifyImages/0/attestors/0/entries/0/keyless/subject";
    let cases = [
        ("not supplied", policy.clone(), vec![], Answer::No, None),
        ("another", policy.clone(), vec!["--config-map", &other], Answer::No, None),
        ("supplied", policy.clone(), vec!["--config-map", &file], Answer::Yes, Some(json!("somebody"))),
        ("in the same file", format!("{map}---\n{policy}"), vec![], Answer::Yes, Some(json!("somebody"))),
    ];
    for (name, text, flags, answer, expected) in cases {
        let (given, json) = convert(&text, &flags);
        assert_eq!(given, answer, "case `{name}`: {json:#}");
        assert_eq!(json.pointer(subject), expected.as_ref(), "case `{name}`");
    }
}

#[test]
fn a_policy_of_kyverno_decides_about_a_manifest() {
    let folder = scratch();
    let policy = |organisation: &str| {
        let signed = SIGNED
            .replace("github.com/x", &format!("github.com/{organisation}"))
            .replace("issuer: i", &format!("issuer: '{GITHUB}'"));
        kyverno("background: true", PODS, &format!("failureAction: Enforce\n      {signed}"))
            .replace("ghcr.io/x", "ghcr.io/myorg")
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: 'ghcr.io/myorg/app:1.4.2'}]\n";
    let layout = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let world = [
        "--host=extended",
        "--offline",
        "--oci-layout",
        &layout,
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
    ];
    let cases = [
        ("signed", policy("myorg"), pod.to_owned(), Answer::Yes, ""),
        ("signed by another", policy("other"), pod.to_owned(), Answer::No, ""),
        (
            "refused conversion",
            policy("myorg").replace("failureAction: Enforce", "type: Notary"),
            pod.to_owned(),
            Answer::Unknown,
            "cannot be converted",
        ),
        (
            "list",
            policy("myorg"),
            "apiVersion: v1\nkind: List\nitems: []\n".to_owned(),
            Answer::Unknown,
            "keep one of its items",
        ),
        ("two objects", policy("myorg"), format!("{pod}---\n{pod}"), Answer::Unknown, "keep one object"),
        (
            "a kind that the policy is not for",
            policy("myorg").replace("[Pod]", "[Deployment]"),
            pod.to_owned(),
            Answer::Yes,
            "a cluster would not ask it",
        ),
    ];
    for (name, policy, request, answer, said) in cases {
        let policy = write(folder.path(), "policy.yaml", policy);
        let request = write(folder.path(), "request.yaml", request);
        let run = sigwarden(&[&["run", "-r", &request, "-s", &policy][..], &world[..]].concat());
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        assert!(run.err.contains(said), "case `{name}`: {}", run.err);
    }
}

#[test]
fn nothing_to_convert_is_an_error() {
    let cases = [
        ("no policy", "apiVersion: v1\nkind: Pod\n", "no policy about images"),
        ("nothing", "", "no policy about images"),
        (
            "another policy of Kyverno",
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec: {rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: m}}]}\n",
            "no policy about images",
        ),
        ("broken", "a: [1,\n", "policy.yaml:1:"),
    ];
    for (name, text, said) in cases {
        let (answer, json) = convert(text, &[]);
        assert_eq!(answer, Answer::Unknown, "case `{name}`");
        assert!(json["error"].as_str().unwrap_or_default().contains(said), "case `{name}`: {json:#}");
    }
}

#[test]
fn an_exception_that_says_nothing_excludes_nothing() {
    let all = json!(["CREATE", "UPDATE"]);
    let not_x =
        json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["x"]}]});
    // Name, `exclude`, losses that are allowed, the operations that are left, the namespaces.
    let cases = [
        ("empty", "{}", vec![], &all, Value::Null),
        ("no alternatives", "{any: []}", vec![], &all, Value::Null),
        ("no resources", "{any: [{resources: {}}]}", vec![], &all, Value::Null),
        ("no subjects", "{any: [{subjects: []}]}", vec![], &all, Value::Null),
        ("no namespaces", "{resources: {namespaces: []}}", vec![], &all, Value::Null),
        (
            "nothing beside something",
            "{any: [{resources: {}}, {resources: {namespaces: [x]}}]}",
            vec![],
            &all,
            not_x.clone(),
        ),
        (
            "nothing together with something",
            "{all: [{resources: {}}, {resources: {namespaces: [x]}}]}",
            vec![],
            &all,
            Value::Null,
        ),
        ("something", "{any: [{resources: {namespaces: [x]}}]}", vec![], &all, not_x.clone()),
        ("no operations", "{any: [{resources: {namespaces: [x], operations: []}}]}", vec![], &all, not_x),
        (
            "a role is lost",
            "{any: [{clusterRoles: [r], resources: {namespaces: [x]}}]}",
            vec!["match.clusterRoles"],
            &all,
            Value::Null,
        ),
        ("all is lost", "{any: [{roles: [r]}]}", vec!["match.roles"], &all, Value::Null),
        (
            "a subject is lost",
            "{any: [{subjects: [{kind: Robot, name: r}]}]}",
            vec!["match.subjects"],
            &all,
            Value::Null,
        ),
        ("a subject without kind", "{any: [{subjects: [{name: r}]}]}", vec!["match.subjects"], &all, Value::Null),
        (
            "no operator",
            "{any: [{resources: {selector: {matchExpressions: [{key: k}]}}}]}",
            vec!["match.selector"],
            &all,
            Value::Null,
        ),
        (
            "an unknown field",
            "{any: [{resources: {namespaces: [x], nmes: [y]}}]}",
            vec!["resources.nmes"],
            &all,
            Value::Null,
        ),
    ];
    for (name, exclude, losses, operations, namespaces) in cases {
        let policy = kyverno("background: true", &format!("{PODS}\n    exclude: {exclude}"), SIGNED);
        let flags: Vec<&str> = losses.iter().flat_map(|loss| ["--allow-loss", loss]).collect();
        let (answer, json) = convert(&policy, &flags);
        assert_eq!(answer, Answer::Yes, "case `{name}`: {json:#}");
        let policies = json["policies"].as_array().unwrap();
        assert_eq!(policies.len(), 2, "case `{name}`: {json:#}");
        let spec = &policies[1]["spec"];
        assert_eq!(&spec["rules"][0]["operations"], operations, "case `{name}`");
        assert_eq!(spec["namespaceSelector"], namespaces, "case `{name}`");
        if !losses.is_empty() {
            let (answer, json) = convert(&policy, &[]);
            assert_eq!(answer, Answer::No, "case `{name}` without leave: {json:#}");
        }
    }
    // An empty selector selects everything.
    let nothing_left = "{any: [{resources: {selector: {}}}]}";
    let (_, json) = convert(&kyverno("background: true", &format!("{PODS}\n    exclude: {nothing_left}"), SIGNED), &[]);
    assert_eq!(json["policies"], json!([]), "{json:#}");
}

#[test]
fn an_exception_for_ephemeral_containers_is_for_them_only() {
    let exclude = |kind: &str| {
        let rule = format!("{PODS}\n    exclude: {{any: [{{resources: {{kinds: ['{kind}'], namespaces: [x]}}}}]}}");
        let (answer, json) = convert(&kyverno("background: true", &rule, SIGNED), &[]);
        assert_eq!(answer, Answer::Yes, "{json:#}");
        json["policies"][1]["spec"]["matchConditions"][0]["expression"].clone()
    };
    assert_eq!(
        exclude("Pod/ephemeralcontainers"),
        json!(
            "!((has(request.subResource) && request.subResource == 'ephemeralcontainers') && request.namespace in ['x'])"
        )
    );
    assert_eq!(exclude("Deployment"), json!("!(request.kind.kind in ['Deployment'] && request.namespace in ['x'])"));
}

#[test]
fn controllers_are_left_out_only_where_kyverno_leaves_them_out() {
    // Name, `match`, whether Deployments are concerned, and ReplicaSets.
    let cases = [
        ("Pods", "{any: [{resources: {kinds: [Pod]}}]}", true, true),
        (
            "Pods and others apart",
            "{any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Deployment]}}]}",
            true,
            true,
        ),
        ("Pods and others together", "{any: [{resources: {kinds: [Pod, Deployment]}}]}", true, false),
        ("others", "{any: [{resources: {kinds: [Deployment]}}]}", true, false),
        ("Pods by name", "{any: [{resources: {kinds: [Pod], names: [x]}}]}", false, false),
        ("no operations are all", "{any: [{resources: {kinds: [Pod], operations: []}}]}", true, true),
    ];
    for (name, filter, deployments, replica_sets) in cases {
        let (answer, json) = convert(&kyverno("background: true", &format!("match: {filter}"), SIGNED), &[]);
        assert_eq!(answer, Answer::Yes, "case `{name}`: {json:#}");
        let rules = json["policies"].to_string();
        assert_eq!(
            (rules.contains("\"deployments\""), rules.contains("\"replicasets\"")),
            (deployments, replica_sets),
            "case `{name}`"
        );
    }
}

#[test]
fn what_names_nobody_is_refused_beside_what_does() {
    let root = |keys: &str| {
        format!(
            "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {{name: t}}\nspec: {{sigstoreKeys: {{{keys}}}}}\n---\n"
        )
    };
    let key = "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ9xKWPa6S6+eRH3FowRnTrcNdJQ8\\namA7l77HtjTdwH0MMMEUSaOgN3zhD62pt3hgiq/ClyAz5z9VuxByGUfTVA==\\n-----END PUBLIC KEY-----";
    let logs = format!("tLogs: [{{publicKey: \"{key}\"}}]");
    let who = "identities: [{issuer: i, subject: s}]";
    let log = format!("- keyless: {{{who}}}\n    ctlog: {{url: 'https://r', trustRootRef: t}}");
    let attested = |types: &str| format!("- keyless: {{{who}}}\n    attestations: [{types}]");
    let two = "{name: a, predicateType: a}, {name: b, predicateType: b}";
    let cip = |authorities: &str| cluster_image_policy("mode: enforce", authorities);
    let all = "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e > 0)";
    let ivp = || image_validating("cosign: {keyless: {identities: [{issuer: i, subject: s}]}}", "", all);
    let block = |fields: &str| kyverno("background: true", PODS, fields);
    let bundle = |subject: &str| {
        block(&format!(
            "type: SigstoreBundle\n      attestors: [{{entries: [{{keyless: {{subject: '{subject}', subjectRegExp: '^ab$', issuer: i, rekor: {{url: u}}}}}}]}}]"
        ))
    };
    let when = |operator: &str, value: &str| {
        let rule = format!(
            "{PODS}\n    preconditions: {{all: [{{key: '{{{{request.namespace}}}}', operator: {operator}, value: {value}}}]}}"
        );
        kyverno("background: true", &rule, SIGNED)
    };
    let signatures = |rules: &str, repo: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: p}}\nspec:\n  module: verify-image-signatures\n  rules:\n    {rules}\n  settings: {{signatures: [{{image: 'ghcr.io/x/*', githubActions: {{owner: x, repo: {repo}}}}}]}}\n"
        )
    };
    // Name, what is converted, its twin that is refused, and the refused field.
    let cases = [
        ("log keys", root(&logs) + &cip(&log), root("") + &cip(&log), "trustRootRef"),
        (
            "authorities",
            root(&logs) + &cip(&log),
            root(&logs) + &cip(&format!("- keyless: {{trustRootRef: t, {who}}}")),
            "trustRootRef",
        ),
        (
            "several types",
            cip(&attested(two)),
            cip(&format!("{}\n  {}", attested(two), attested(two))),
            "authorities",
        ),
        ("no type", cip(&attested("{name: a, predicateType: a}")), cip(&attested("{name: a}")), "attestations.predicateType"),
        (
            "timestamps",
            cip(&format!("- keyless: {{{who}}}")),
            cip(&format!("- keyless: {{{who}}}\n    rfc3161timestamp: {{}}")),
            "rfc3161timestamp",
        ),
        (
            "static pass",
            cip("- static: {action: pass}").replace("ghcr.io/x/**", "ghcr.io/x/y"),
            cip("- static: {action: pass}"),
            "static",
        ),
        ("no expression", ivp(), ivp().replace(&format!("expression: >-\n      {all}"), "message: m"), "validations"),
        ("no validations", ivp(), ivp().replace(&format!("\n  - expression: >-\n      {all}"), " []"), "validationConfigurations.required"),
        ("type", block(&format!("type: Cosign\n      {SIGNED}")), block(&format!("type: Cosgin\n      {SIGNED}")), "type"),
        ("bundle", bundle("ab"), bundle("a*"), "keyless.subjectRegExp"),
        (
            "two types",
            block("attestations: [{type: a, predicateType: a, attestors: [{entries: [{keyless: {subject: s, issuer: i, rekor: {url: u}}}]}]}]"),
            block("attestations: [{type: a, predicateType: b, attestors: [{entries: [{keyless: {subject: s, issuer: i, rekor: {url: u}}}]}]}]"),
            "attestations.predicateType",
        ),
        ("rules", signatures("- {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}", "x"), signatures("[]", "x"), "rules"),
        (
            "repository",
            signatures("- {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}", "x"),
            signatures("- {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}", "'*'"),
            "githubActions",
        ),
        ("a list", when("AnyIn", "[a]"), when("Equals", "[a]"), "preconditions"),
        ("not a list", when("NotEquals", "a"), when("NotEquals", "[a]"), "preconditions"),
        (
            "any and all",
            block(SIGNED).replace(PODS, &format!("{PODS}\n    exclude: {{any: [{{resources: {{namespaces: [x]}}}}]}}")),
            block(SIGNED).replace(PODS, &format!("{PODS}\n    exclude: {{any: [{{resources: {{namespaces: [x]}}}}], all: [{{resources: {{namespaces: [x]}}}}]}}")),
            "exclude",
        ),
    ];
    for (name, accepted, refused, field) in cases {
        let (answer, json) = convert(&accepted, &[]);
        assert_eq!(answer, Answer::Yes, "case `{name}`: {json:#}");
        let (answer, json) = convert(&refused, &[]);
        assert_eq!(answer, Answer::No, "case `{name}`: {json:#}");
        let is_it = |note: &Value| note["part"] == "refused" && note["field"] == field;
        assert!(json["report"].as_array().unwrap().iter().any(is_it), "case `{name}`: {json:#}");
    }
}

#[test]
fn a_loss_that_was_not_needed_is_noted() {
    let roles = format!("{PODS}\n    exclude: {{any: [{{roles: [r]}}]}}");
    for (rule, is_noted) in [(PODS, true), (roles.as_str(), false)] {
        let (answer, json) = convert(&kyverno("background: true", rule, SIGNED), &["--allow-loss", "match.roles"]);
        assert_eq!(answer, Answer::Yes, "{json:#}");
        let is_it = |note: &Value| note["origin"]["object"] == "--allow-loss" && note["path"] == "match.roles";
        assert_eq!(json["report"].as_array().unwrap().iter().any(is_it), is_noted, "{json:#}");
    }
}
