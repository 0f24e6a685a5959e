use super::*;
use crate::settings::Settings;
use serde_json::json;

const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0";
const WORKFLOW: &str = "https://github.com/o/r/.github/workflows/release.yml@refs/heads/main";
const COMMIT: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// One question: what the settings ask, what the certificate says, what the predicate says.
struct Scene {
    slsa: Value,
    name: &'static str,
    repository: Option<&'static str>,
    git_ref: Option<&'static str>,
    commit: Option<&'static str>,
    trigger: Option<&'static str>,
    predicate: Value,
}

impl Scene {
    fn ask(&self) -> Result<(), Finding> {
        let settings = json!({"verifyImages": [{
            "imageReferences": ["ghcr.io/o/r*"],
            "attestations": [{"slsa": self.slsa}],
        }]});
        let settings = Settings::parse(&settings).unwrap_or_else(|problems| panic!("{problems:?}"));
        let rule = settings.verify_images[0].attestations[0].slsa.as_ref().unwrap();
        let build = CertifiedBuild {
            repository: self.repository.map(str::to_owned),
            git_ref: self.git_ref,
            commit: self.commit,
            trigger: self.trigger,
        };
        check_against(rule, &[self.name.to_owned()], &build, &Provenance::read(&self.predicate))
    }
}

/// slsa-github-generator's container workflow, started by hand on main.
fn generated() -> Scene {
    let uri = "git+https://github.com/o/r@refs/heads/main";
    Scene {
        slsa: json!({"sourceUri": "github.com/o/r"}),
        name: GENERATOR,
        repository: Some("https://github.com/o/r"),
        git_ref: Some("refs/heads/main"),
        commit: Some(COMMIT),
        trigger: Some("workflow_dispatch"),
        predicate: json!({
            "builder": {"id": GENERATOR},
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
            "invocation": {
                "configSource": {"uri": uri, "digest": {"sha1": COMMIT}, "entryPoint": ".github/workflows/release.yml"},
                "environment": {
                    "github_event_name": "workflow_dispatch", "github_ref": "refs/heads/main", "github_ref_type": "branch",
                    "github_base_ref": "", "github_event_payload": {"inputs": {"release": "1.2", "dry": true}},
                },
            },
            "materials": [{"uri": uri, "digest": {"sha1": COMMIT}}],
        }),
    }
}

/// The same, from a tag that was pushed.
fn generated_from_tag() -> Scene {
    let mut scene = generated();
    let uri = "git+https://github.com/o/r@refs/tags/v1.2.3";
    scene.git_ref = Some("refs/tags/v1.2.3");
    scene.trigger = Some("push");
    scene.predicate["invocation"]["configSource"]["uri"] = uri.into();
    scene.predicate["materials"][0]["uri"] = uri.into();
    scene.predicate["invocation"]["environment"] = json!({
        "github_event_name": "push", "github_ref": "refs/tags/v1.2.3", "github_ref_type": "tag", "github_base_ref": "",
        "github_event_payload": {"base_ref": "refs/heads/main"},
    });
    scene
}

/// A GitHub artifact attestation (actions/attest-build-provenance).
fn attested() -> Scene {
    Scene {
        slsa: json!({
            "builderId": "https://github.com/o/r/.github/workflows/release.yml", "sourceUri": "github.com/o/r",
        }),
        name: WORKFLOW,
        repository: Some("https://github.com/o/r"),
        git_ref: Some("refs/heads/main"),
        commit: Some(COMMIT),
        trigger: Some("push"),
        predicate: json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {
                    "ref": "refs/heads/main", "repository": "https://github.com/o/r", "path": ".github/workflows/release.yml",
                }},
                "internalParameters": {"github": {"event_name": "push"}},
                "resolvedDependencies": [{
                    "uri": "git+https://github.com/o/r@refs/heads/main", "digest": {"gitCommit": COMMIT},
                }],
            },
            "runDetails": {"builder": {"id": WORKFLOW}},
        }),
    }
}

type Change = fn(&mut Scene);

/// A name, the scene, what is changed in it, and the code of the refusal.
type Case = (&'static str, fn() -> Scene, Change, Option<Code>);

fn run(cases: &[Case]) {
    for (name, scene, change, expected) in cases {
        let mut scene = scene();
        change(&mut scene);
        let answer = scene.ask();
        assert_eq!(answer.as_ref().err().map(|finding| finding.code), *expected, "case `{name}`: {answer:?}");
    }
}

const NO: Option<Code> = Some(Code::ProvenanceMismatch);
const SILENT: Option<Code> = Some(Code::ProvenanceUncertified);

#[test]
fn builder_and_source() {
    run(&[
        ("generated", generated, |_| {}, None),
        ("attested", attested, |_| {}, None),
        ("the builder written out", generated, |s| s.slsa["builderId"] = GENERATOR.into(), None),
        (
            "another version of it",
            generated,
            |s| s.slsa["builderId"] = GENERATOR.replace("v2.1.0", "v2.0.0").into(),
            NO,
        ),
        ("the other builder", attested, |s| s.slsa = json!({"sourceUri": "github.com/o/r"}), NO),
        ("the certificate is another workflow's", attested, |s| s.name = GENERATOR, NO),
        (
            "a branch of the generator",
            generated,
            |s| s.name = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/heads/main",
            NO,
        ),
        ("the predicate names another builder", generated, |s| s.predicate["builder"]["id"] = WORKFLOW.into(), NO),
        (
            "the predicate names another, v1",
            attested,
            |s| s.predicate["runDetails"]["builder"]["id"] = GENERATOR.into(),
            NO,
        ),
        (
            "the predicate names a runner",
            attested,
            |s| s.predicate["runDetails"]["builder"]["id"] = "https://github.com/actions/runner/github-hosted".into(),
            NO,
        ),
        ("the predicate names none", attested, |s| s.predicate["runDetails"] = json!({}), NO),
        ("another source", generated, |s| s.slsa["sourceUri"] = "github.com/o/x".into(), NO),
        ("a source with the same beginning", generated, |s| s.slsa["sourceUri"] = "github.com/o/rr".into(), NO),
        ("the certificate names another", generated, |s| s.repository = Some("https://github.com/o/x"), NO),
        ("the certificate names none", generated, |s| s.repository = None, SILENT),
        (
            "the predicate names another",
            generated,
            |s| s.predicate["invocation"]["configSource"]["uri"] = "git+https://github.com/o/x@refs/heads/main".into(),
            NO,
        ),
        (
            "the predicate names another, v1",
            attested,
            |s| {
                s.predicate["buildDefinition"]["externalParameters"]["workflow"]["repository"] =
                    "https://github.com/o/x".into()
            },
            NO,
        ),
        (
            "the material is another",
            generated,
            |s| s.predicate["materials"][0]["uri"] = "git+https://github.com/o/x@refs/heads/main".into(),
            NO,
        ),
        ("no material", generated, |s| s.predicate["materials"] = json!([]), NO),
        ("no material, v1", attested, |s| s.predicate["buildDefinition"]["resolvedDependencies"] = json!([]), NO),
        ("another commit", generated, |s| s.commit = Some("00"), NO),
        ("another commit, v1", attested, |s| s.commit = Some("00"), NO),
        (
            "the generator's own v1",
            attested,
            |s| {
                s.predicate["buildDefinition"]["externalParameters"] = json!({});
                s.predicate["buildDefinition"]["internalParameters"] =
                    json!({"GITHUB_WORKFLOW_REF": "o/r/.github/workflows/release.yml@refs/heads/main"});
            },
            None,
        ),
        (
            "the same from another repository",
            attested,
            |s| {
                s.predicate["buildDefinition"]["externalParameters"] = json!({});
                s.predicate["buildDefinition"]["internalParameters"] =
                    json!({"GITHUB_WORKFLOW_REF": "o/x/.github/workflows/release.yml@refs/heads/main"});
            },
            NO,
        ),
        ("neither version", generated, |s| s.predicate = json!({}), NO),
        ("no object", generated, |s| s.predicate = json!("x"), NO),
    ]);
}

#[test]
fn refs() {
    run(&[
        ("its branch", generated, |s| s.slsa["sourceBranch"] = "main".into(), None),
        ("its branch, v1", attested, |s| s.slsa["sourceBranch"] = "main".into(), None),
        ("another branch", generated, |s| s.slsa["sourceBranch"] = "mainly".into(), NO),
        ("another branch, v1", attested, |s| s.slsa["sourceBranch"] = "dev".into(), NO),
        ("the certificate is of another branch", generated, |s| s.git_ref = Some("refs/heads/dev"), NO),
        ("the certificate names no ref", generated, |s| s.git_ref = None, SILENT),
        (
            "the environment contradicts",
            generated,
            |s| s.predicate["invocation"]["environment"]["github_ref"] = "refs/heads/dev".into(),
            NO,
        ),
        ("a branch is no tag", generated, |s| s.slsa["sourceTag"] = "main".into(), NO),
        ("a branch is no version", generated, |s| s.slsa["sourceVersionedTag"] = "v1".into(), NO),
        ("its tag", generated_from_tag, |s| s.slsa["sourceTag"] = "v1.2.3".into(), None),
        ("another tag", generated_from_tag, |s| s.slsa["sourceTag"] = "v1.2.4".into(), NO),
        ("the beginning of its tag", generated_from_tag, |s| s.slsa["sourceTag"] = "v1.2".into(), NO),
        ("its version", generated_from_tag, |s| s.slsa["sourceVersionedTag"] = "v1.2".into(), None),
        ("another version", generated_from_tag, |s| s.slsa["sourceVersionedTag"] = "v1.3".into(), NO),
        ("the branch of a pushed tag", generated_from_tag, |s| s.slsa["sourceBranch"] = "main".into(), None),
        ("another branch of a pushed tag", generated_from_tag, |s| s.slsa["sourceBranch"] = "dev".into(), NO),
        (
            "a tag without a branch",
            generated_from_tag,
            |s| {
                s.slsa["sourceBranch"] = "main".into();
                s.predicate["invocation"]["environment"]["github_event_payload"]["base_ref"] = Value::Null;
            },
            NO,
        ),
        (
            "the branch of a release",
            generated_from_tag,
            |s| {
                s.slsa["sourceBranch"] = "main".into();
                s.predicate["invocation"]["environment"]["github_event_name"] = "release".into();
                s.predicate["invocation"]["environment"]["github_event_payload"] =
                    json!({"release": {"target_commitish": "main"}});
            },
            None,
        ),
        (
            "a workflow's own word about the branch of its tag",
            attested,
            |s| {
                s.slsa["sourceBranch"] = "main".into();
                s.slsa["builderId"] = "https://github.com/o/r/.github/workflows/release.yml".into();
                s.name = "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1";
                s.git_ref = Some("refs/tags/v1");
                s.predicate["runDetails"]["builder"]["id"] = s.name.into();
                s.predicate["buildDefinition"]["externalParameters"]["workflow"]["ref"] = "refs/tags/v1".into();
                s.predicate["buildDefinition"]["resolvedDependencies"][0]["uri"] =
                    "git+https://github.com/o/r@refs/tags/v1".into();
                s.predicate["buildDefinition"]["internalParameters"] = json!({
                    "GITHUB_EVENT_NAME": "push", "GITHUB_BASE_REF": "refs/heads/main", "GITHUB_REF": "refs/tags/v1",
                });
            },
            NO,
        ),
    ]);
}

#[test]
fn build_types_and_inputs() {
    run(&[
        ("its build type", generated, |s| s.slsa["buildType"] = s.predicate["buildType"].clone(), None),
        (
            "another build type",
            generated,
            |s| s.slsa["buildType"] = "https://github.com/slsa-framework/slsa-github-generator/container@v2".into(),
            NO,
        ),
        (
            "its build type, v1",
            attested,
            |s| s.slsa["buildType"] = "https://actions.github.io/buildtypes/workflow/v1".into(),
            None,
        ),
        ("a build type is no pattern", attested, |s| s.slsa["buildType"] = "https://actions.github.io/*".into(), NO),
        ("an input", generated, |s| s.slsa["workflowInputs"] = json!({"release": "1.2"}), None),
        ("another value", generated, |s| s.slsa["workflowInputs"] = json!({"release": "1.3"}), NO),
        ("one of two is absent", generated, |s| s.slsa["workflowInputs"] = json!({"release": "1.2", "x": "y"}), NO),
        ("only strings are inputs", generated, |s| s.slsa["workflowInputs"] = json!({"dry": "true"}), NO),
        (
            "pushed, by the certificate",
            generated,
            |s| {
                s.slsa["workflowInputs"] = json!({"release": "1.2"});
                s.trigger = Some("push");
            },
            NO,
        ),
        (
            "pushed, by the predicate",
            generated,
            |s| {
                s.slsa["workflowInputs"] = json!({"release": "1.2"});
                s.predicate["invocation"]["environment"]["github_event_name"] = "push".into();
            },
            NO,
        ),
        (
            "the certificate does not say",
            generated,
            |s| {
                s.slsa["workflowInputs"] = json!({"release": "1.2"});
                s.trigger = None;
            },
            SILENT,
        ),
        (
            "inputs, v1",
            attested,
            |s| {
                s.slsa["workflowInputs"] = json!({"release": "1.2"});
                s.trigger = Some("workflow_dispatch");
                s.predicate["buildDefinition"]["externalParameters"]["inputs"] = json!({"release": "1.2"});
            },
            None,
        ),
        (
            "no inputs, v1",
            attested,
            |s| {
                s.slsa["workflowInputs"] = json!({"release": "1.2"});
                s.trigger = Some("workflow_dispatch");
            },
            NO,
        ),
    ]);
}

#[test]
fn a_key_says_nothing_about_a_build() {
    let scene = generated();
    let settings = json!({"verifyImages": [{"imageReferences": ["x/*"], "attestations": [{"slsa": scene.slsa}]}]});
    let settings = Settings::parse(&settings).unwrap();
    let rule = settings.verify_images[0].attestations[0].slsa.as_ref().unwrap();
    assert_eq!(check(rule, None, &scene.predicate).unwrap_err().code, Code::ProvenanceUncertified);
}
