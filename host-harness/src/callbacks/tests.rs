use std::path::PathBuf;

use super::*;
use crate::log::Detail;
use crate::sources::Descriptor;

/// How the harness ends its answer for a repository that no layout holds.
const UNASKED: &str =
    "and registries are not asked: `cosign save --dir DIR IMAGE`, then `--oci-layout ghcr.io/a/b=DIR`";

const IMAGE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const CONFIG: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const INDEX: &str = "sha256:3333333333333333333333333333333333333333333333333333333333333333";
const TEXT: &str = "sha256:4444444444444444444444444444444444444444444444444444444444444444";

/// `ghcr.io/x/y` holds an image `v1` and an index `multi`; `ghcr.io/x/old` has no referrers API; nobody can look into
/// any other repository.
struct FakeSource;

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
        let digest = match tag {
            "v1" => IMAGE,
            "multi" => INDEX,
            "text" => TEXT,
            _ => return Ok(None),
        };
        Ok(Some(Digest::parse(digest).unwrap()))
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Self::look(repository)?;
        let config = json!({"mediaType": "a", "size": 2, "digest": CONFIG, "data": "e30="});
        Ok(match digest.as_str() {
            IMAGE => Some(json!({"schemaVersion": 2, "config": config, "layers": [], "unknown": 1})),
            INDEX => Some(json!({"schemaVersion": 2, "manifests": []})),
            TEXT => return Ok(Some(b"text".to_vec())),
            _ => None,
        }
        .map(|manifest| manifest.to_string().into_bytes()))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        Self::look(repository)?;
        Ok((digest.as_str() == CONFIG).then(|| br#"{"b": 1, "a": 2}"#.to_vec()))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        Self::look(repository)?;
        let descriptor = json!({"mediaType": "m", "size": 1, "digest": CONFIG});
        let found = if digest.as_str() == IMAGE { vec![serde_json::from_value(descriptor).unwrap()] } else { vec![] };
        Ok(repository.path().ends_with("/y").then_some(found))
    }
}

fn ask(binding: &str, operation: &str, payload: &Value) -> Result<Value, String> {
    let callbacks = Callbacks::new(Arc::new(FakeSource), Arc::default());
    let answer = callbacks.answer(binding, "oci", operation, payload.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[test]
fn stock_calls_answer_as_a_kubewarden_host() {
    let manifest = json!({"schemaVersion": 2, "config": {"mediaType": "a", "size": 2, "digest": CONFIG}, "layers": []});
    let by_digest = format!("ghcr.io/x/y@{IMAGE}");
    let by_both = format!("ghcr.io/x/y:gone@{IMAGE}");
    let cases = [
        ("digest of a tag", "v1/manifest_digest", "ghcr.io/x/y:v1", json!({"digest": IMAGE})),
        ("digest of an index", "v1/manifest_digest", "ghcr.io/x/y:multi", json!({"digest": INDEX})),
        ("digest of a digest", "v1/manifest_digest", &by_digest, json!({"digest": IMAGE})),
        ("manifest, without what a host drops", "v1/oci_manifest", "ghcr.io/x/y:v1", manifest.clone()),
        ("the digest counts, not the tag", "v1/oci_manifest", &by_both, manifest.clone()),
        ("index", "v1/oci_manifest", "ghcr.io/x/y:multi", json!({"schemaVersion": 2, "manifests": []})),
        (
            "configuration",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:v1",
            json!({"manifest": manifest, "digest": IMAGE, "config": {"a": 2, "b": 1}}),
        ),
    ];
    for (name, operation, image, expected) in cases {
        assert_eq!(ask("kubewarden", operation, &json!(image)), Ok(expected), "case `{name}`");
    }
}

#[test]
fn stock_errors_are_those_of_a_kubewarden_host() {
    let host = "Fail to interact with OCI registry: ";
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
        (
            "unreachable",
            "v1/oci_manifest",
            elsewhere,
            format!(
                "{host}error sending request for url (https://ghcr.io/v2/a/b/manifests/v1): \
                 no --oci-layout holds `ghcr.io/a/b`, {UNASKED}"
            ),
        ),
        (
            "configuration of an index",
            "v1/oci_manifest_config",
            "ghcr.io/x/y:multi",
            format!("{host}the image is an index, and none of its platforms was chosen"),
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
    let nobody = json!({"status": "unreachable", "reason": format!("no --oci-layout holds `ghcr.io/a/b`, {UNASKED}")});
    let cases = [
        ("blob", "v1/blob", "ghcr.io/x/y", CONFIG, json!({"status": "found", "blob": "eyJiIjogMSwgImEiOiAyfQ=="})),
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
    for (binding, operation) in
        [("kubewarden", "v2/verify"), ("kubewarden", "v1/blob"), ("sigwarden", "v1/manifest_digest"), ("", "")]
    {
        let expected = format!("unknown host call {binding}/oci/{operation}");
        assert_eq!(ask(binding, operation, &json!("ghcr.io/x/y:v1")), Err(expected));
    }
}

#[test]
fn what_the_module_logs_is_kept_for_those_who_ask() {
    let log = Arc::new(Log::new(Detail::Calls));
    let callbacks = Callbacks::new(Arc::new(FakeSource), Arc::clone(&log));
    assert_eq!(callbacks.answer("kubewarden", "tracing", "log", b"{\"message\": \"m\"}"), Ok(Vec::new()));
    callbacks.answer("kubewarden", "oci", "v1/manifest_digest", b"\"ghcr.io/x/y:v1\"").unwrap();
    assert_eq!(
        log.take(),
        [
            "module: {\"message\": \"m\"}".to_owned(),
            "kubewarden/oci/v1/manifest_digest \"ghcr.io/x/y:v1\": 84 bytes".to_owned(),
        ]
    );
}
