use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};
use sigwarden_core::reference::{Digest, Repository};
use sigwarden_metadata::capabilities::Granted;
use sigwarden_metadata::{Declared, Resource};

use super::*;
use crate::log::Detail;
use crate::resources::Resources;
use crate::session::Session;
use crate::sources::{Descriptor, Source, SourceError};

/// The harness's answer for a repository that no layout holds.
const UNASKED: &str = "`ghcr.io/a/b` is not at hand: no --oci-layout holds it, and --offline asks no registry; do: \
    `cosign save --dir DIR IMAGE`, then `--oci-layout ghcr.io/a/b=DIR`; or leave --offline out";

const IMAGE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const CONFIG: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const INDEX: &str = "sha256:3333333333333333333333333333333333333333333333333333333333333333";
const TEXT: &str = "sha256:4444444444444444444444444444444444444444444444444444444444444444";
const EMPTY_INDEX: &str = "sha256:5555555555555555555555555555555555555555555555555555555555555555";
const FOREIGN: &str = "sha256:6666666666666666666666666666666666666666666666666666666666666666";
const ODD: &str = "sha256:7777777777777777777777777777777777777777777777777777777777777777";
const DEEP: &str = "sha256:8888888888888888888888888888888888888888888888888888888888888888";
const ODD_CONFIG: &str = "sha256:9999999999999999999999999999999999999999999999999999999999999999";
const DEEP_CONFIG: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// `ghcr.io/x/y` holds an image `v1` and indexes; `ghcr.io/x/old` has no referrers API; nobody can look into any other
/// repository. It remembers which tags it was asked for.
#[derive(Default)]
struct FakeSource {
    resolved: Mutex<Vec<String>>,
}

impl FakeSource {
    fn look(repository: &Repository) -> Result<(), SourceError> {
        match repository.to_string().as_str() {
            "ghcr.io/x/y" | "ghcr.io/x/old" => Ok(()),
            other => Err(SourceError::NoLayout { repository: other.to_owned(), tried: Vec::<PathBuf>::new() }),
        }
    }
}

impl Source for FakeSource {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        Self::look(repository)?;
        self.resolved.lock().unwrap().push(tag.to_owned());
        let digest = match tag {
            "v1" => IMAGE,
            "multi" => INDEX,
            "empty" => EMPTY_INDEX,
            "foreign" => FOREIGN,
            "text" => TEXT,
            "odd" => ODD,
            "deep" => DEEP,
            _ => return Ok(None),
        };
        Ok(Some(Digest::parse(digest).unwrap()))
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Self::look(repository)?;
        let config = |digest: &str| json!({"mediaType": "a", "size": 2, "digest": digest, "data": "e30="});
        let image = |platform: &str, digest: &str| {
            json!({"mediaType": "m", "size": 1, "digest": digest, "data": "e30=",
                "platform": {"os": "linux", "architecture": platform, "unknown": 1}})
        };
        Ok(match digest.as_str() {
            IMAGE => Some(json!({"schemaVersion": 2, "config": config(CONFIG), "layers": [], "unknown": 1})),
            ODD => Some(json!({"schemaVersion": 2, "config": config(ODD_CONFIG), "layers": []})),
            DEEP => Some(json!({"schemaVersion": 2, "config": config(DEEP_CONFIG), "layers": []})),
            INDEX => Some(json!({"schemaVersion": 2, "manifests": [image("arm64", TEXT), image("amd64", IMAGE)]})),
            EMPTY_INDEX => Some(json!({"schemaVersion": 2, "manifests": []})),
            FOREIGN => Some(json!({"schemaVersion": 2, "mediaType": "text/plain", "manifests": []})),
            TEXT => return Ok(Some(b"text".to_vec())),
            _ => None,
        }
        .map(|manifest| manifest.to_string().into_bytes()))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Self::look(repository)?;
        Ok(match digest.as_str() {
            CONFIG => Some(br#"{"b": 1, "a": 0, "a": 2}"#.to_vec()),
            ODD_CONFIG => Some(b"no JSON".to_vec()),
            DEEP_CONFIG => Some(format!("{}{}", "[".repeat(128), "]".repeat(128)).into_bytes()),
            _ => None,
        })
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        Self::look(repository)?;
        let descriptor = json!({"mediaType": "m", "size": 1, "digest": CONFIG});
        let found = if digest.as_str() == IMAGE { vec![serde_json::from_value(descriptor).unwrap()] } else { vec![] };
        Ok(repository.path().ends_with("/y").then_some(found))
    }
}

fn extended() -> Host {
    Host::extended(Arc::new(FakeSource::default()))
}

/// A stock host that grants three capabilities, and Secrets.
fn kubewarden() -> Host {
    let capabilities = ["oci/v1/manifest_digest", "oci/v1/oci_manifest", "kubernetes/get_resource"];
    let secrets = Resource { api_version: "v1".to_owned(), kind: "Secret".to_owned() };
    let declared = Declared {
        host_capabilities: capabilities.map(str::to_owned).into(),
        context_aware_resources: [secrets].into(),
    };
    Host::kubewarden(Arc::new(FakeSource::default()), &declared).unwrap()
}

fn ask_of(host: Host, binding: &str, namespace: &str, operation: &str, payload: &Value) -> Result<Value, String> {
    let callbacks = Callbacks::new(host, Arc::default());
    let answer = callbacks.answer(binding, namespace, operation, payload.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

fn ask(binding: &str, operation: &str, payload: &Value) -> Result<Value, String> {
    ask_of(extended(), binding, "oci", operation, payload)
}

#[test]
fn stock_calls_answer_as_a_kubewarden_host() {
    let manifest = json!({"schemaVersion": 2, "config": {"mediaType": "a", "size": 2, "digest": CONFIG}, "layers": []});
    let entry = |platform: &str, digest: &str| json!({"mediaType": "m", "size": 1, "digest": digest, "platform": {"os": "linux", "architecture": platform}});
    let index = json!({"schemaVersion": 2, "manifests": [entry("arm64", TEXT), entry("amd64", IMAGE)]});
    let by_digest = format!("ghcr.io/x/y@{IMAGE}");
    let by_both = format!("ghcr.io/x/y:gone@{IMAGE}");
    let cases = [
        ("digest of a tag", "v1/manifest_digest", "ghcr.io/x/y:v1", json!({"digest": IMAGE})),
        ("digest of an index", "v1/manifest_digest", "ghcr.io/x/y:multi", json!({"digest": INDEX})),
        ("digest of a digest", "v1/manifest_digest", &by_digest, json!({"digest": IMAGE})),
        ("manifest, without what a host drops", "v1/oci_manifest", "ghcr.io/x/y:v1", manifest.clone()),
        ("the digest counts, not the tag", "v1/oci_manifest", &by_both, manifest.clone()),
        ("index", "v1/oci_manifest", "ghcr.io/x/y:multi", index),
        ("digest of no manifest", "v1/manifest_digest", "ghcr.io/x/y:text", json!({"digest": TEXT})),
        (
            "configuration",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:v1",
            json!({"manifest": manifest, "digest": IMAGE, "config": {"a": 2, "b": 1}}),
        ),
        (
            "configuration of the host's platform",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:multi",
            json!({"manifest": manifest, "digest": IMAGE, "config": {"a": 2, "b": 1}}),
        ),
    ];
    for (name, operation, image, expected) in cases {
        assert_eq!(ask("kubewarden", operation, &json!(image)), Ok(expected), "case `{name}`");
    }
}

#[test]
fn stock_errors_are_those_of_a_kubewarden_host() {
    let host = "Callback evaluation failure: Fail to interact with OCI registry: ";
    let gone = |reference: &str| {
        format!(
            "{host}Registry error: url https://ghcr.io/v2/x/y/manifests/{reference}, \
             envelope: OCI API errors: [OCI API error: manifest unknown]"
        )
    };
    let elsewhere = "ghcr.io/a/b:v1";
    let by_digest = format!("ghcr.io/x/y@{CONFIG}");
    let cases = [
        ("absent", "v1/manifest_digest", "ghcr.io/x/y:gone", gone("gone")),
        ("absent manifest", "v1/oci_manifest", "ghcr.io/x/y", gone("latest")),
        ("absent digest", "v1/oci_manifest", &by_digest, gone(CONFIG)),
        ("absent image's configuration", "v1/oci_manifest_config", "ghcr.io/x/y:gone", gone("gone")),
        ("unreachable", "v1/oci_manifest", elsewhere, format!("{host}{UNASKED}")),
        (
            "configuration of an index without this platform",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:empty",
            format!(
                "{host}Image manifest not found: no entry found in image index manifest matching client's default platform"
            ),
        ),
        (
            "a manifest of another kind",
            "v1/oci_manifest",
            "ghcr.io/x/y:foreign",
            format!("{host}Unsupported media type: text/plain"),
        ),
        (
            "a configuration that is no JSON",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:odd",
            "Callback evaluation failure: expected ident at line 1 column 2".to_owned(),
        ),
        (
            "a configuration nested too deep",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:deep",
            "Callback evaluation failure: recursion limit exceeded at line 1 column 128".to_owned(),
        ),
    ];
    for (name, operation, image, expected) in cases {
        assert_eq!(ask("kubewarden", operation, &json!(image)), Err(expected), "case `{name}`");
    }
    for (name, payload) in [
        ("upper case", json!("ghcr.io/X")),
        ("no string", json!(["ghcr.io/x"])),
        ("no manifest", json!("ghcr.io/x/y:text")),
    ] {
        assert!(ask("kubewarden", "v1/oci_manifest", &payload).is_err(), "case `{name}`");
    }
}

#[test]
fn extended_calls_tell_absent_from_unreachable() {
    let descriptor = json!({"mediaType": "m", "size": 1, "digest": CONFIG});
    let index = |manifests: Value| {
        json!({"status": "found", "index": {"schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}})
    };
    let nobody = json!({"status": "unreachable", "reason": UNASKED});
    let cases = [
        (
            "blob",
            "v1/blob",
            "ghcr.io/x/y",
            CONFIG,
            json!({"status": "found", "blob": "eyJiIjogMSwgImEiOiAwLCAiYSI6IDJ9"}),
        ),
        ("absent blob", "v1/blob", "ghcr.io/x/y", IMAGE, json!({"status": "absent"})),
        ("unreachable blob", "v1/blob", "ghcr.io/a/b", CONFIG, nobody.clone()),
        ("referrers", "v1/referrers", "ghcr.io/x/y", IMAGE, index(json!([descriptor]))),
        ("no referrers", "v1/referrers", "ghcr.io/x/y", CONFIG, index(json!([]))),
        ("no referrers API", "v1/referrers", "ghcr.io/x/old", IMAGE, json!({"status": "absent"})),
        ("unreachable referrers", "v1/referrers", "ghcr.io/a/b", IMAGE, nobody),
    ];
    for (name, operation, repository, digest, expected) in cases {
        let answer = ask("sigwarden", operation, &json!({"repository": repository, "digest": digest}));
        assert_eq!(answer, Ok(expected), "case `{name}`");
    }
    for (name, payload) in [
        ("bad digest", json!({"repository": "ghcr.io/x/y", "digest": "sha256:../../secret"})),
        ("bad repository", json!({"repository": "ghcr.io/../y", "digest": IMAGE})),
        ("no repository", json!({"digest": IMAGE})),
    ] {
        let error = ask("sigwarden", "v1/blob", &payload).unwrap_err();
        assert!(error.starts_with("the payload is not a repository and digest"), "case `{name}`: {error}");
    }
}

#[test]
fn other_calls_are_errors() {
    let cases = [
        ("an operation that nobody has", "kubewarden", "oci", "v1/blob", "unknown operation: v1/blob"),
        ("one that is not ours", "kubewarden", "oci", "v2/verify", "unknown operation: v2/verify"),
        ("a namespace", "kubewarden", "secrets", "all", "unknown namespace: secrets"),
        ("another log", "kubewarden", "tracing", "read", "unknown operation: read"),
        (
            "an extended operation that nobody has",
            "sigwarden",
            "oci",
            "v1/manifest_digest",
            "unknown operation: sigwarden oci/v1/manifest_digest",
        ),
        ("a binding", "other", "oci", "v1/blob", "unknown binding: other"),
    ];
    for (name, binding, namespace, operation, expected) in cases {
        let answer = ask_of(extended(), binding, namespace, operation, &json!("ghcr.io/x/y:v1"));
        assert_eq!(answer, Err(expected.to_owned()), "case `{name}`");
    }
}

#[test]
fn a_stock_host_refuses_what_was_not_granted() {
    let denied = |capability: &str| {
        format!(
            "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
        )
    };
    let subject = json!({"repository": "ghcr.io/x/y", "digest": CONFIG});
    let image = json!("ghcr.io/x/y:v1");
    let object = |kind: &str| json!({"api_version": "v1", "kind": kind, "name": "n", "namespace": "d"});
    let cases = [
        ("not granted", "kubewarden", "oci", "v1/oci_manifest_config", &image, denied("oci/v1/oci_manifest_config")),
        (
            "not granted, and the payload is nonsense",
            "kubewarden",
            "oci",
            "v2/verify",
            &json!(1),
            denied("oci/v2/verify"),
        ),
        ("an extended call", "sigwarden", "oci", "v1/blob", &subject, "unknown binding: sigwarden".to_owned()),
        (
            "a kind that was not granted",
            "kubewarden",
            "kubernetes",
            "get_resource",
            &object("ConfigMap"),
            "Policy has not been granted access to Kubernetes v1/ConfigMap resources. The violation has been reported."
                .to_owned(),
        ),
        (
            "no cluster",
            "kubewarden",
            "kubernetes",
            "get_resource",
            &object("Secret"),
            "Callback evaluation failure: kube::Client was not initialized properly".to_owned(),
        ),
    ];
    for (name, binding, namespace, operation, payload, expected) in cases {
        assert_eq!(ask_of(kubewarden(), binding, namespace, operation, payload), Err(expected), "case `{name}`");
    }
    let digest = ask_of(kubewarden(), "kubewarden", "oci", "v1/manifest_digest", &image);
    assert_eq!(digest, Ok(json!({"digest": IMAGE})));
}

#[test]
fn objects_of_the_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.yaml");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "policies"},
        "data": {"cosign.pub": "eA=="}});
    std::fs::write(&file, secret.to_string()).unwrap();
    let resources = Arc::new(Resources::load(&[file]).unwrap());
    let cases = [
        ("there", "key", Ok(secret)),
        (
            "absent",
            "other",
            Err("Callback evaluation failure: Cannot find v1/Secret named 'other' inside of namespace 'Some(\"policies\")'"
                .to_owned()),
        ),
    ];
    for (case, name, expected) in cases {
        for host in [kubewarden(), extended()] {
            let host = Host { resources: Arc::clone(&resources), ..host };
            let wanted = json!({"api_version": "v1", "kind": "Secret", "name": name, "namespace": "policies",
                "disable_cache": true});
            let answer = ask_of(host, "kubewarden", "kubernetes", "get_resource", &wanted);
            assert_eq!(answer, expected, "case `{case}`");
        }
    }
}

#[test]
fn a_host_keeps_answers_by_the_reference_as_written_and_keeps_no_failures() {
    let source = Arc::new(FakeSource::default());
    let host = Host::extended(Arc::clone(&source) as Arc<dyn Source>);
    let callbacks = Callbacks::new(host, Arc::default());
    let ask = |operation: &str, image: &str| {
        callbacks.answer("kubewarden", "oci", operation, json!(image).to_string().as_bytes())
    };
    for _ in 0..2 {
        ask("v1/manifest_digest", "ghcr.io/x/y:v1").unwrap();
        ask("v1/oci_manifest", "ghcr.io/x/y:v1").unwrap();
        ask("v1/manifest_digest", "ghcr.io/x/y:gone").unwrap_err();
    }
    ask("v1/manifest_digest", &format!("ghcr.io/x/y:v1@{IMAGE}")).unwrap();
    assert_eq!(*source.resolved.lock().unwrap(), ["v1", "v1", "gone", "gone"]);
}

#[test]
fn refusals_are_not_recorded_and_answers_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.yaml");
    let session = Arc::new(Session::recording_to(file.clone()));
    let callbacks = Callbacks::new(Host { session: Arc::clone(&session), ..kubewarden() }, Arc::default());
    for (operation, image) in
        [("v2/verify", "ghcr.io/x/y:v1"), ("v1/manifest_digest", "ghcr.io/x/y:v1"), ("v1/oci_manifest", "ghcr.io/X")]
    {
        drop(callbacks.answer("kubewarden", "oci", operation, json!(image).to_string().as_bytes()));
    }
    session.finish(&Log::default()).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("type: Exchange").count(), 2, "{text}");
    assert!(text.contains("message: 'Invalid OCI image reference:"), "without the host's prefix: {text}");

    let replayed = Host { session: Arc::new(Session::replaying(&file).unwrap()), ..kubewarden() };
    let digest = ask_of(replayed, "kubewarden", "oci", "v1/manifest_digest", &json!("ghcr.io/x/y:v1"));
    assert_eq!(digest, Ok(json!({"digest": IMAGE})));
}

#[test]
fn what_the_module_logs_is_kept_for_those_who_ask() {
    let log = Arc::new(Log::new(Detail::Calls));
    let nothing_granted = Host { granted: Granted::default(), ..extended() };
    let silent = Callbacks::new(nothing_granted, Arc::clone(&log));
    assert_eq!(silent.answer("kubewarden", "tracing", "log", b"{\"message\": \"m\"}"), Ok(Vec::new()));
    let callbacks = Callbacks::new(extended(), Arc::clone(&log));
    callbacks.answer("kubewarden", "oci", "v1/manifest_digest", b"\"ghcr.io/x/y:v1\"").unwrap();
    assert_eq!(
        log.take(),
        [
            "module: {\"message\": \"m\"}".to_owned(),
            "kubewarden/oci/v1/manifest_digest \"ghcr.io/x/y:v1\": 84 bytes".to_owned(),
        ]
    );
}
