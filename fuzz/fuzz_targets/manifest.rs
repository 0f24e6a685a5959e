//! A host that hands out genuine evidence, about another image than the one that is asked about: as it is, with this
//! image's digest in place of the other's, with changes, or any bytes. Nothing panics, and nothing is admitted.
//!
//! What the host says of tags is believed (a registry decides what its tags name), so that is all it says truly.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sigwarden_core::admission::{self, ValidationResponse};
use sigwarden_core::evidence::published::{CosignLayer, Element, PublishedEvidence};
use sigwarden_core::host::{CallbackHost, Callbacks};
use sigwarden_fuzz::{Input, Layout, NOW, edit, text, trusted_root};
use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Duration;

const ABSENT: &str = "Registry error: url https://a/, envelope: OCI API errors: [OCI API error: manifest unknown]";

/// What nobody signed.
static UNSIGNED: LazyLock<String> = LazyLock::new(|| format!("sha256:{}", "4b".repeat(32)));

struct Seed {
    layout: Layout,
    /// Everything in the layout, as it would be published for the image.
    published: Value,
    settings: Value,
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let keyless = json!([{"entries": [{"keyless": {"subject": "*", "issuer": "https://*"}}]}]);
    // As little as an operator can ask for.
    let lax = json!([{"entries": [{"keyless": {
        "subject": "*", "issuer": "*", "rekor": {"url": "https://rekor.sigstore.dev", "ignoreTlog": true}, "ctlog": {"ignoreSCT": true},
    }}]}]);
    let key = |extra: Value| {
        let mut keys = json!({"publicKeys": text("tests/fixtures/keys/k-p256.pub")});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!([{"entries": [{"keys": keys}]}])
    };
    let attested = |attestors: &Value| json!([{"type": "https://slsa.dev/provenance/v1", "attestors": attestors}]);
    let cases = [
        ("v3-keyless-rekor1", json!({"attestors": keyless})),
        ("v3-keyless-rekor1-tsa", json!({"attestors": keyless})),
        ("v3-keyless-tsaonly", json!({"attestors": lax})),
        ("v2-keyless-gha", json!({"attestors": keyless})),
        ("v2-keyless-gha", json!({"attestors": lax})),
        ("v2-key-p256", json!({"attestors": key(json!({}))})),
        ("v2-key-p256", json!({"attestors": key(json!({"rekor": {"ignoreTlog": true}}))})),
        ("v3-key-p256-rekor1", json!({"attestors": key(json!({}))})),
        ("v3-att-slsa1", json!({"attestations": attested(&keyless)})),
        ("v2-att-slsa1", json!({"attestations": attested(&keyless)})),
        ("v2-multi", json!({"attestors": lax})),
    ];
    let seeds = cases.map(|(name, mut block)| {
        block["imageReferences"] = json!(["*"]);
        let layout = Layout::read(name);
        let published = publish(&layout);
        let settings = json!({
            "verifyImages": [block], "evidence": {"extended": true}, "trustRoots": {"sigstore": trusted_root()},
        });
        let seed = Seed { layout, published, settings };
        let signed = ask(&seed, &seed.layout.image, &mut Input(&[]));
        assert!(signed.accepted, "{name}: the image that was signed is admitted: {:?}", signed.message);
        assert!(!ask(&seed, &UNSIGNED, &mut Input(&[])).accepted, "{name}: the other is not");
        seed
    });
    seeds.into()
});

fn publish(layout: &Layout) -> Value {
    let mut evidence = PublishedEvidence::new(layout.image.parse().unwrap());
    for blob in layout.blobs.values() {
        let Ok(manifest) = serde_json::from_slice::<Value>(blob) else { continue };
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            let Some(payload) = layout.blobs.get(layer["digest"].as_str().unwrap_or_default()) else { continue };
            let kind = layer["mediaType"].as_str().unwrap_or_default();
            let annotations = || serde_json::from_value(layer["annotations"].clone()).unwrap_or_default();
            let layer = || CosignLayer { payload: payload.clone(), annotations: annotations() };
            let element = match kind {
                "application/vnd.dev.cosign.simplesigning.v1+json" => Element::CosignSignature(layer()),
                "application/vnd.dsse.envelope.v1+json" => Element::CosignAttestation(layer()),
                _ if kind.starts_with("application/vnd.dev.sigstore.bundle") => {
                    Element::Bundle(String::from_utf8(payload.clone()).unwrap())
                }
                _ => continue,
            };
            evidence.add(&element).unwrap();
        }
    }
    serde_json::from_slice(&evidence.artifact().unwrap().config).unwrap()
}

/// What is answered about an image with this digest. The input says how the host lies; an empty one: not more than that it
/// has evidence about the seed's image.
fn ask(seed: &Seed, digest: &str, input: &mut Input<'_>) -> ValidationResponse {
    let image = match input.byte() % 2 {
        0 => "ghcr.io/a/b:v1".to_owned(),
        _ => format!("ghcr.io/a/b:v1@{digest}"),
    };
    let request = json!({
        "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "namespace": "default",
        "object": {"spec": {"containers": [{"name": "c", "image": image}]}},
    });
    let payload = json!({"settings": seed.settings, "request": request}).to_string();
    let input = RefCell::new(Input(input.rest()));
    let host = CallbackHost(Liar { seed, digest, input });
    admission::decide(&host, payload.as_bytes(), NOW).response
}

struct Liar<'a> {
    seed: &'a Seed,
    digest: &'a str,
    input: RefCell<Input<'a>>,
}

impl Liar<'_> {
    /// What a registry would answer that holds the seed's evidence under both digests.
    fn genuine(&self, operation: &str, payload: &Value) -> Option<Value> {
        let Seed { layout, published, .. } = self.seed;
        let found = |name: &str| {
            let name = name.replace(&self.digest[7..], &layout.image[7..]);
            let digest = layout.tags.get(&name).unwrap_or(&name);
            serde_json::from_slice::<Value>(layout.blobs.get(digest)?).ok()
        };
        let name = |image: &str| Some(image.split_once('@').or_else(|| image.rsplit_once(':'))?.1.to_owned());
        match operation {
            "v1/oci_manifest" => found(&name(payload.as_str()?)?),
            "v1/oci_manifest_config" if payload.as_str()?.ends_with(".sigwarden") => {
                Some(json!({"manifest": {"schemaVersion": 2}, "digest": layout.image, "config": published}))
            }
            "v1/oci_manifest_config" => None,
            "v1/blob" => Some(match layout.blobs.get(payload["digest"].as_str()?) {
                Some(blob) => json!({"status": "found", "blob": STANDARD.encode(blob)}),
                None => json!({"status": "absent"}),
            }),
            "v1/referrers" => {
                let refers = |entry: &&Value| {
                    let blob = layout.blobs.get(entry["digest"].as_str().unwrap_or_default());
                    let manifest = blob.and_then(|blob| serde_json::from_slice::<Value>(blob).ok());
                    manifest.is_some_and(|manifest| manifest["subject"]["digest"] == layout.image.as_str())
                };
                let manifests: Vec<_> = layout.index.iter().filter(refers).collect();
                Some(json!({"status": "found", "index": {"schemaVersion": 2, "manifests": manifests}}))
            }
            _ => None,
        }
    }
}

impl Callbacks for Liar<'_> {
    fn call(&self, _: &str, _: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if operation == "v1/manifest_digest" {
            return Ok(json!({"digest": self.digest}).to_string().into_bytes());
        }
        let mut input = self.input.borrow_mut();
        let payload = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let genuine = self.genuine(operation, &payload);
        let renamed = |value: &Value| value.to_string().replace(&self.seed.layout.image[7..], &self.digest[7..]);
        match (input.byte() % 8, genuine) {
            (0, Some(genuine)) => Ok(genuine.to_string().into_bytes()),
            (1..=2, Some(genuine)) => Ok(renamed(&genuine).into_bytes()),
            (3..=4, Some(mut genuine)) => {
                edit(&mut genuine, &mut input);
                Ok(renamed(&genuine).into_bytes())
            }
            (5, _) => {
                let length = input.below(1 << 15);
                Ok(input.take(length).to_vec())
            }
            (6, _) => Err(String::from_utf8_lossy(input.piece()).into_owned()),
            _ => Err(ABSENT.to_owned()),
        }
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let seed = &SEEDS[input.below(SEEDS.len())];
    assert!(!ask(seed, &UNSIGNED, &mut input).accepted, "admitted, and nobody signed it");
});
