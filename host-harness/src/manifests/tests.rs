use serde_json::json;

use super::*;
use crate::documents::MAX_DEPTH;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a:1}]}\n";

fn images(text: &str) -> Vec<String> {
    let manifests = parse(text, "m.yaml", "default").unwrap_or_else(|error| panic!("{error}"));
    manifests.covered.into_iter().flat_map(|manifest| manifest.images).collect()
}

#[test]
fn all_forms_of_documents_are_read() {
    let json = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}"#;
    let cases = [
        ("one", POD.to_owned(), 1),
        ("with marker", format!("---\n{POD}"), 1),
        ("two", format!("{POD}---\n{}", POD.replace("a:1", "b:1")), 2),
        ("empty ones between", format!("---\n---\n# nothing\n---\n{POD}---\n\n---\n"), 1),
        ("CRLF", format!("---\n{POD}---\n{POD}").replace('\n', "\r\n"), 2),
        ("end markers", format!("{POD}...\n---\n{POD}...\n"), 2),
        ("a document on the line of its marker", format!("--- {json}\n--- # comment\n{POD}"), 2),
        ("byte order mark", format!("\u{feff}{POD}"), 1),
        ("JSON", json.to_owned(), 1),
        ("JSON after JSON", format!("{json}\n{json}"), 2),
        ("list", format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{json}, {json}]}}"#), 2),
        ("list in a list", format!(r#"{{"kind": "List", "items": [{{"kind": "List", "items": [{json}]}}]}}"#), 1),
        (
            "list whose items have no kind",
            "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: p}, spec: {containers: [{name: c, image: a:1}]}}]\n"
                .to_owned(),
            1,
        ),
        (
            "anchors",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [&c {name: i, image: a:1}]\n  containers: [*c]\n"
                .to_owned(),
            2,
        ),
        ("a marker in a block scalar that is indented", format!("kind: ConfigMap\ndata:\n  x: |\n    ---\n    y\n---\n{POD}"), 1),
    ];
    for (name, text, count) in cases {
        assert_eq!(images(&text).len(), count, "case `{name}`");
    }
}

#[test]
fn all_kinds_are_requests() {
    let pod = "{containers: [{name: c, image: a:1}]}";
    let template = format!("{{template: {{spec: {pod}}}}}");
    let cases = [
        ("v1", "Pod", pod.to_owned()),
        ("v1", "ReplicationController", template.clone()),
        ("apps/v1", "Deployment", template.clone()),
        ("apps/v1", "ReplicaSet", template.clone()),
        ("apps/v1", "StatefulSet", template.clone()),
        ("apps/v1", "DaemonSet", template.clone()),
        ("batch/v1", "Job", template.clone()),
        ("batch/v1", "CronJob", format!("{{jobTemplate: {{spec: {template}}}}}")),
    ];
    for (version, kind, spec) in cases {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n");
        let manifests = parse(&text, "m.yaml", "shop").expect("a manifest");
        let manifest = manifests.covered.first().unwrap_or_else(|| panic!("{kind} is covered"));
        assert_eq!(manifest.images, ["a:1"], "{kind}");
        assert_eq!(manifest.object.name, format!("{kind} shop/x"));
        assert_eq!(manifest.request.pointer("/namespace"), Some(&json!("shop")), "{kind}");
    }
}

#[test]
fn what_has_containers_is_named_and_the_rest_is_counted() {
    let named = [
        (
            "a Rollout",
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {spec: {containers: [{name: c, image: a:1}]}}}\n",
        ),
        (
            "nested deeper",
            "apiVersion: x/v1\nkind: Cluster\nmetadata: {name: r}\nspec: {pools: [{template: {spec: {containers: [{image: a:1}]}}}]}\n",
        ),
        (
            "a kind in another group",
            "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: r}\nspec: {template: {spec: {containers: [{image: a:1}]}}}\n",
        ),
        (
            "a PodTemplate",
            "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: r}\ntemplate: {spec: {containers: [{image: a:1}]}}\n",
        ),
        (
            "a Workflow with a single container",
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: r}\nspec: {templates: [{name: t, container: {image: a:1, command: [x]}}]}\n",
        ),
        (
            "a Workflow with a script",
            "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: r}\nspec: {templates: [{name: t, script: {image: a:1, source: x}}]}\n",
        ),
        (
            "a Workflow of steps, one of which has a sidecar",
            "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: r}\nspec: {workflowSpec: {templates: [{steps: [[{name: s, template: t}]]}, {name: t, sidecars: [{name: s, image: a:1}]}]}}\n",
        ),
        (
            "a Task",
            "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: r}\nspec: {steps: [{name: s, image: a:1}]}\n",
        ),
    ];
    for (name, text) in named {
        let manifests = parse(text, "m.yaml", "default").expect("a manifest");
        assert_eq!(manifests.not_covered.len(), 1, "case `{name}`");
        assert_eq!(manifests.not_covered.first().map(|object| object.images.clone()), Some(vec!["a:1".to_owned()]));
        assert!(manifests.covered.is_empty(), "case `{name}`");
    }
    let counted = [
        ("a Service", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: []}\n"),
        (
            "a schema",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {schema: {properties: {containers: {type: array, items: {type: object}}}}}\n",
        ),
    ];
    let counted = counted.into_iter().chain([
        (
            "a schema of a single container",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {schema: {properties: {container: {properties: {image: {type: string}}}}}}\n",
        ),
        ("steps that run nothing", "apiVersion: x/v1\nkind: Plan\nmetadata: {name: s}\nspec: {steps: [{name: a}, b]}\n"),
    ]);
    for (name, text) in counted {
        let manifests = parse(text, "m.yaml", "default").expect("a manifest");
        assert_eq!(
            (manifests.others, manifests.not_covered.len(), manifests.covered.len()),
            (1, 0, 0),
            "case `{name}`"
        );
    }
}

#[test]
fn origins_say_where_to_look() {
    let text =
        format!("---\n# Source: chart/templates/a.yaml\n{POD}---\n# Source: chart/templates/b.yaml\n{POD}---\n\n{POD}");
    let manifests = parse(&text, "all.yaml", "default").expect("manifests");
    let origins: Vec<_> = manifests
        .covered
        .iter()
        .map(|manifest| (manifest.object.origin.to_string(), manifest.object.origin.line))
        .collect();
    assert_eq!(
        origins,
        [
            ("chart/templates/a.yaml".to_owned(), 3),
            ("chart/templates/b.yaml".to_owned(), 9),
            ("all.yaml:15".to_owned(), 15)
        ]
    );
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line() {
    let cases = [
        ("unclosed", format!("{POD}---\nkind: [\n"), 6..=8),
        ("a duplicate key", format!("{POD}---\nkind: Pod\nkind: Pod\n"), 7..=7),
        ("a template", format!("{POD}---\nkind: {{{{ .Values.kind }}}}\nx: {{{{- if\n"), 6..=8),
    ];
    for (name, text, lines) in cases {
        match parse(&text, "m.yaml", "default") {
            Err(ManifestError::Syntax { file, line, is_template, .. }) => {
                assert_eq!(file, "m.yaml", "case `{name}`");
                assert!(lines.contains(&line), "case `{name}`: line {line}");
                assert_eq!(is_template, name == "a template");
            }
            other => panic!("case `{name}`: {other:?}"),
        }
    }
    let nowhere = |text: &str| matches!(parse(text, "m.yaml", "d"), Err(ManifestError::NoObject { .. }));
    assert!(nowhere("- a\n- b\n") && nowhere("text\n") && nowhere("3\n") && nowhere("kind: List\nitems: [1]\n"));
    assert!(nowhere("kind: List\nitems: {a: {kind: Pod}}\n") && !nowhere("kind: List\nitems: null\n"));
    // Charts, and their values, and kustomizations.
    assert!(nowhere("apiVersion: v2\nname: c\n") && nowhere("spec: {containers: [{image: a:1}]}\n"));
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    assert!(nowhere(kustomization) && !nowhere(&kustomization.replace("kustomize.config", "kustomize.toolkit")));
    let quoted = POD.replacen("image: ", "image: \"{{ .Values.image }}\" #", 1);
    assert_ne!(quoted, POD);
    assert!(matches!(parse(&quoted, "m.yaml", "d"), Err(ManifestError::Syntax { is_template: true, .. })));
    assert!(matches!(parse("{\"a\": ", "m.json", "d"), Err(ManifestError::Syntax { line: 1, .. })));
}

#[test]
fn limits_are_errors() {
    let mut list = "{kind: Service}".to_owned();
    for _ in 0..MAX_LISTS {
        list = format!("{{kind: List, items: [{list}]}}");
    }
    assert_eq!(parse(&list, "m.yaml", "d").map(|manifests| manifests.others), Ok(1));
    let error = parse(&format!("{{kind: List, items: [{list}]}}"), "m.yaml", "d");
    assert!(matches!(error, Err(ManifestError::TooMuch { .. })), "{error:?}");
    let deep = format!("a: {}1{}\n", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(matches!(parse(&deep, "m.yaml", "d"), Err(ManifestError::Syntax { .. })));
    // Nine generations of nine aliases each.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for generation in 1..=9 {
        let previous = generation - 1;
        bomb.push_str(&format!("a{generation}: &a{generation} [{}]\n", vec![format!("*a{previous}"); 9].join(", ")));
    }
    assert!(matches!(parse(&bomb, "m.yaml", "d"), Err(ManifestError::Syntax { .. })));
}

#[test]
fn folders_are_searched_and_nothing_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let scan = || read(&[folder.path().to_owned()], "default");
    assert!(matches!(scan(), Err(ManifestError::Nothing(_))));
    write("a.yaml", POD);
    write("b/c.YML", POD);
    write("b/d.json", r#"{"kind": "Service"}"#);
    write("README.md", "# not this");
    write(".git/x.yaml", "nor: [");
    let found = scan().expect("manifests");
    assert_eq!((found.files, found.covered.len(), found.others), (3, 2, 1));
    write("e.yaml", "- not skipped\n");
    assert!(matches!(scan(), Err(ManifestError::NoObject { .. })));
    let missing = read(&[folder.path().join("missing.yaml")], "default");
    assert!(matches!(missing, Err(ManifestError::Unreadable { .. })));
}
