//! The payload of a cosign signature, written once more from what is known beside it.
//!
//! A stock host hands out the manifest under `sha256-<hex>.sig` with everything but the signed bytes: these are a blob. They
//! are JSON of one form (cosign `specs/SIGNATURE_SPEC.md`), in which only the name of the image and the annotations differ,
//! so they can be guessed, and the layer's digest says whether a guess is right. Nothing but a payload with exactly that
//! digest is ever used, and the signature over it is verified like any other.
//!
//! Out of reach is what was signed under another name (a copy of an image, `--sign-container-identity`), with annotations
//! that no rule names, or by tools that write the time into it (podman, skopeo).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::reference::{Digest, ImageRef, Repository};

/// What a payload may say, as far as a rule knows.
#[derive(Clone, Copy, Debug)]
pub struct Clues<'a> {
    /// The image as it was asked for.
    pub image: &'a ImageRef,
    /// The digest that it is about.
    pub digest: &'a Digest,
    /// The annotations that the rule asks for.
    pub annotations: &'a BTreeMap<String, String>,
}

/// Docker Hub as go-containerregistry writes it.
const DOCKER_HUB: (&str, &str) = ("docker.io/", "index.docker.io/");

/// The payload that hashes to `layer`, if it is one of those that cosign writes. At most eighteen are tried.
pub(super) fn rebuild(layer: &Digest, clues: Clues<'_>) -> Option<Vec<u8>> {
    let mut optional = vec![Value::Null, json!({})];
    if !clues.annotations.is_empty() {
        // A rule asks for some of the annotations, and the signer mostly added just these.
        optional.insert(0, json!(clues.annotations));
    }
    let names = names(clues.image, clues.digest);
    optional
        .iter()
        .flat_map(|optional| names.iter().map(move |name| payload(name, clues.digest, optional)))
        .find(|payload| Digest::of(payload) == *layer)
}

/// The names under which cosign may have signed the image: its repository (cosign 1 to 3), the same with its tag or digest
/// (`--sign-container-identity`, as people set it), and none (cosign before 1.0).
fn names(image: &ImageRef, digest: &Digest) -> Vec<String> {
    let repository = in_go(image.repository());
    let mut names = vec![repository.clone()];
    names.extend(image.tag().map(|tag| format!("{repository}:{tag}")));
    names.push(format!("{repository}@{digest}"));
    if let Some(short) = repository.strip_prefix(DOCKER_HUB.1) {
        names.push(format!("{}{short}", DOCKER_HUB.0));
    }
    names.push(String::new());
    names
}

fn in_go(repository: &Repository) -> String {
    let name = repository.to_string();
    name.strip_prefix(DOCKER_HUB.0).map_or_else(|| name.clone(), |path| format!("{}{path}", DOCKER_HUB.1))
}

/// The bytes as Go's `encoding/json` writes them: this order of fields, keys of maps sorted, no white space.
fn payload(name: &str, digest: &Digest, optional: &Value) -> Vec<u8> {
    let (name, optional) = (html_safe(&json!(name)), html_safe(optional));
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":{name}}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":{optional}}}"#
    )
    .into_bytes()
}

/// Go escapes what could be markup (`encoding/json`, `Marshal`).
fn html_safe(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cosign 2.6 wrote for the fixture `v2-annot`.
    const SIGNED: &str = r#"{"critical":{"identity":{"docker-reference":"127.0.0.1:17021/v2-annot"},"image":{"docker-manifest-digest":"sha256:ea3221a67e11709e162887b1668d2cc357b06812f1acbe31ef1dca77ebc5528e"},"type":"cosign container image signature"},"optional":{"a":"b","env":"prod"}}"#;
    const DIGEST: &str = "sha256:ea3221a67e11709e162887b1668d2cc357b06812f1acbe31ef1dca77ebc5528e";

    fn found(signed: &str, image: &str, annotations: &[(&str, &str)]) -> bool {
        let annotations = annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let image = ImageRef::parse(image).unwrap();
        let clues = Clues { image: &image, digest: &DIGEST.parse().unwrap(), annotations: &annotations };
        let payload = rebuild(&Digest::of(signed.as_bytes()), clues);
        assert!(payload.as_ref().is_none_or(|payload| payload == signed.as_bytes()));
        payload.is_some()
    }

    #[test]
    fn is_what_cosign_wrote_or_nothing() {
        let named = |name: &str, optional: &str| {
            SIGNED.replace("127.0.0.1:17021/v2-annot", name).replace(r#"{"a":"b","env":"prod"}"#, optional)
        };
        let local = "127.0.0.1:17021/v2-annot:v1";
        let both: &[(&str, &str)] = &[("env", "prod"), ("a", "b")];
        let pinned = format!("ghcr.io/x/y@{DIGEST}");
        let escaped = named("ghcr.io/x/y", "{\"a\":\"\\u003cb\\u003e \\u0026 \\\"c\\\" \\u2028\"}");
        let cases = [
            ("annotations of the rule", SIGNED.to_owned(), local, both, true),
            ("one annotation too few", SIGNED.to_owned(), local, &both[..1], false),
            ("another value", SIGNED.to_owned(), local, &[("env", "test"), ("a", "b")], false),
            ("no annotations", named("ghcr.io/x/y", "null"), "ghcr.io/x/y:v1", &[], true),
            ("none signed, some asked for", named("ghcr.io/x/y", "null"), "ghcr.io/x/y:v1", both, true),
            ("empty annotations", named("ghcr.io/x/y", "{}"), "ghcr.io/x/y:v1", &[], true),
            ("another repository", named("ghcr.io/x/y", "null"), "ghcr.io/x/z:v1", &[], false),
            ("with the tag", named("ghcr.io/x/y:v1", "null"), "ghcr.io/x/y:v1", &[], true),
            ("with another tag", named("ghcr.io/x/y:v2", "null"), "ghcr.io/x/y:v1", &[], false),
            ("with the digest", named(&pinned, "null"), "ghcr.io/x/y:v1", &[], true),
            ("without a name", named("", "null"), "ghcr.io/x/y:v1", &[], true),
            ("Docker Hub as Go writes it", named("index.docker.io/library/nginx", "null"), "nginx:1", &[], true),
            ("Docker Hub as people write it", named("docker.io/library/nginx", "null"), "nginx:1", &[], true),
            ("markup", escaped, "ghcr.io/x/y", &[("a", "<b> & \"c\" \u{2028}")], true),
            ("white space", named("ghcr.io/x/y", "null ").replace("null ", " null"), "ghcr.io/x/y", &[], false),
        ];
        for (name, signed, image, annotations, expected) in cases {
            assert_eq!(found(&signed, image, annotations), expected, "case `{name}`");
        }
    }
}
