//! The files that Kubewarden, Rancher and Artifact Hub read say the same as each other, and as the module.

use serde_json::{Map, Value, json};
use sigwarden::commands::Answer;
use sigwarden::engine::Module;
use sigwarden_metadata::{Declared, METADATA, Metadata, annotate};
use sigwarden_tests::{example_policies, fixture, module, scratch, sigwarden, sigwarden_on, top, write};
use std::sync::Arc;

fn text(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn annotated() -> Vec<u8> {
    let module = std::fs::read(module()).unwrap();
    annotate(&module, Metadata::parse(METADATA).unwrap(), &text("README.md")).unwrap_or_else(|error| panic!("{error}"))
}

/// The content of the custom section, found as any tool would: by its name.
fn section(module: &[u8]) -> Value {
    let name = b"io.kubewarden.metadata{";
    let at = module.windows(name.len()).rposition(|window| window == name).expect("a section with JSON");
    serde_json::from_slice(&module[at + name.len() - 1..]).expect("JSON to the end of the module")
}

#[test]
fn the_module_carries_what_metadata_yml_says() {
    let first = annotated();
    assert_eq!(first, annotated(), "the same sources give the same bytes");
    let section = section(&first);
    let mut expected = yaml(METADATA);
    expected["annotations"]["io.kubewarden.policy.usage"] = text("README.md").into();
    // What the module itself says, as kwctl asks it.
    let protocol =
        Module::from_bytes(&first).unwrap().call("protocol_version", b"", Arc::new(|_, _, _, _| Err(String::new())));
    expected["protocolVersion"] = serde_json::from_slice(&protocol.unwrap()).unwrap();
    assert_eq!(section, expected);
}

#[test]
fn a_host_grants_what_an_annotated_module_declares() {
    let folder = scratch();
    let request = write(folder.path(), "request.json", text("demo/pod-with-init-container.json"));
    let world = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let run = |module: &str| {
        let settings = top().join("demo/1-signed-by-our-workflows.yaml").display().to_string();
        sigwarden_on(module.as_ref(), &["run", "-r", &request, "-s", &settings, "--oci-layout", &world])
    };
    let bare = run(module().to_str().unwrap());
    let whole = write(folder.path(), "annotated.wasm", annotated());
    assert_eq!(run(&whole).out, bare.out, "annotations do not change what the module says");

    // The same module that forgot to ask for manifests: everything is refused, because nobody could look.
    let metadata = Metadata { host_capabilities: ["oci/v1/manifest_digest".to_owned()].into(), ..ours() };
    let less = write(folder.path(), "less.wasm", with_section(&metadata));
    let refused = run(&less);
    assert_eq!(refused.answer, Answer::Unknown, "{}", refused.text());
    assert!(refused.out.contains("did not grant"), "{}", refused.out);
}

fn ours() -> Metadata {
    Metadata::parse(METADATA).unwrap()
}

/// The module with a section that says something else than its code, which `annotate` would not write.
fn with_section(metadata: &Metadata) -> Vec<u8> {
    let json = serde_json::to_vec(metadata).unwrap();
    let name = b"io.kubewarden.metadata";
    let leb = |mut value: usize| {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(value & 0x7f).unwrap();
            value >>= 7;
            bytes.push(if value == 0 { low } else { low | 0x80 });
            if value == 0 {
                return bytes;
            }
        }
    };
    let content = [&leb(name.len())[..], name, &json].concat();
    let module = [&std::fs::read(module()).unwrap()[..], &[0], &leb(content.len()), &content].concat();
    assert_eq!(Declared::of_module(&module), Ok(Some(metadata.clone().into())));
    module
}

#[test]
fn one_version_for_all() {
    let cargo = text("Cargo.toml");
    let (_, rest) = cargo.split_once("\nversion = \"").unwrap();
    let (version, _) = rest.split_once('"').unwrap();
    let metadata = yaml(METADATA);
    assert_eq!(metadata["annotations"]["io.kubewarden.policy.version"], version);
    let url = metadata["annotations"]["io.kubewarden.policy.ociUrl"].as_str().unwrap();
    let examples = example_policies();
    assert!(!examples.is_empty());
    for path in examples {
        let example = std::fs::read_to_string(&path).unwrap();
        let module = format!("  module: registry://{url}:v{version}\n");
        assert_eq!(example.matches(&module).count(), 2, "{}", path.display());
    }
}

/// What `kwctl scaffold artifacthub` would write, but for the time.
fn artifact_hub(metadata: &Value, questions: &str) -> Value {
    let annotations = &metadata["annotations"];
    let field = |name: &str| annotations[name].as_str().unwrap_or_else(|| panic!("no {name}"));
    let version = field("io.kubewarden.policy.version");
    let source = field("io.kubewarden.policy.source");
    let (name, rest) = field("io.kubewarden.policy.author").split_once(" <").unwrap();
    let keywords: Vec<&str> = field("io.artifacthub.keywords").split(',').map(str::trim).collect();
    let mut package = json!({
        "version": version,
        "name": field("io.kubewarden.policy.title"),
        "displayName": field("io.artifacthub.displayName"),
        "description": field("io.kubewarden.policy.description"),
        "license": field("io.kubewarden.policy.license"),
        "homeURL": field("io.kubewarden.policy.url"),
        "containersImages": [{"name": "policy", "image": format!("{}:v{version}", field("io.kubewarden.policy.ociUrl"))}],
        "keywords": keywords,
        "links": [
            {"name": "policy", "url": format!("{source}/releases/download/v{version}/policy.wasm")},
            {"name": "source", "url": source},
        ],
        "maintainers": [{"name": name, "email": rest.trim_end_matches('>')}],
        "provider": {"name": "kubewarden"},
        "recommendations": [{"url": "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller"}],
        "annotations": {
            "kubewarden/mutation": metadata["mutating"].to_string(),
            "kubewarden/resources": field("io.artifacthub.resources"),
            "kubewarden/rules": metadata["rules"],
            "kubewarden/questions-ui": yaml(questions),
        },
    });
    let resources = &metadata["contextAwareResources"];
    if resources.as_array().is_some_and(|resources| !resources.is_empty()) {
        package["annotations"]["kubewarden/contextAwareResources"] = resources.clone();
    }
    package
}

#[test]
fn artifact_hub_is_told_what_metadata_yml_says() {
    let mut package = yaml(&text("artifacthub-pkg.yml"));
    let fields = package.as_object_mut().unwrap();
    assert!(fields.remove("createdAt").is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))));
    let install = fields.remove("install").unwrap();
    let image = package["containersImages"][0]["image"].as_str().unwrap().to_owned();
    assert!(install.as_str().unwrap().contains(&format!("kwctl pull {image}\n")), "{install}");
    // These are YAML in YAML.
    for name in ["kubewarden/rules", "kubewarden/questions-ui", "kubewarden/contextAwareResources"] {
        if let Some(inner) = package["annotations"].get_mut(name) {
            *inner = yaml(inner.as_str().unwrap());
        }
    }
    assert_eq!(package, artifact_hub(&yaml(METADATA), &text("questions-ui.yml")));

    let owners = yaml(&text("artifacthub-repo.yml"));
    assert_eq!(owners["owners"], package["maintainers"]);
}

/// The settings that the form writes when every field is filled in with its default, or what it suggests.
fn filled_in(questions: &Value) -> Map<String, Value> {
    let mut answers = Map::new();
    for question in questions.as_array().expect("a list of questions") {
        let variable = question["variable"].as_str().expect("a variable");
        let name = variable.rsplit('.').next().unwrap();
        let suggestion = question.get("placeholder").unwrap_or(&question["default"]).clone();
        let value = match question["type"].as_str().expect("a type") {
            "string" | "boolean" | "int" => suggestion,
            "enum" => {
                assert!(question["options"].as_array().unwrap().contains(&suggestion), "{variable}");
                suggestion
            }
            "array[" => json!([suggestion]),
            "map[" => Value::Object(filled_in(&question["subquestions"])),
            "sequence[" => json!([filled_in(&question["sequence_questions"])]),
            other => panic!("{variable}: Rancher has no type {other}"),
        };
        assert!(answers.insert(name.to_owned(), value).is_none(), "{variable} is asked for twice");
    }
    answers
}

#[test]
fn the_form_writes_settings_that_can_be_used() {
    let settings = Value::Object(filled_in(&yaml(&text("questions-ui.yml"))["questions"]));
    let folder = scratch();
    let world = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    let misspelt: Value = serde_json::from_str(&settings.to_string().replace("imageReferences", "images")).unwrap();
    for (settings, answer) in [(settings, Answer::Yes), (misspelt, Answer::Unknown)] {
        let policy = write(folder.path(), "policy.json", settings.to_string());
        let words =
            ["verify", "ghcr.io/myorg/app:1.4.2", "--policy", &policy, "--oci-layout", &world, "--trusted-root", &root];
        let run = sigwarden(&words);
        assert_eq!(run.answer, answer, "{settings}\n{}", run.text());
    }
}
