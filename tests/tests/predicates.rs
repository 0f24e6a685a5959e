//! Predicates that hold what JSON can spell and no value is: signed by the right key, and by nobody's mistake taken for nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, scratch, sigwarden, write};
use std::path::Path;

const IMAGE: &str = "ghcr.io/myorg/app:v1";
const TYPE: &str = "https://example.org/scan/v1";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What stands before an uncompressed point of P-256 in a public key (RFC 5480).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public_key() -> String {
    let point = key().verifying_key().to_sec1_point(false);
    let der = [&SPKI[..], point.as_bytes()].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// A blob of the layout in `folder`, and its descriptor.
fn blob(folder: &Path, media_type: &str, content: &[u8]) -> Value {
    let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    write(&blobs, &hex, content);
    json!({"mediaType": media_type, "digest": format!("sha256:{hex}"), "size": content.len()})
}

fn manifest(folder: &Path, tag: &str, layers: &[Value]) -> Value {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let config = blob(folder, "application/vnd.oci.image.config.v1+json", b"{}");
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
    let mut descriptor = blob(folder, media_type, manifest.to_string().as_bytes());
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
    descriptor
}

/// A layout of an image with one attestation, whose predicate is this text.
fn layout(folder: &Path, predicate: &str) {
    let image = manifest(folder, "v1", &[]);
    let hex = image["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{hex}"}}}}],"predicateType":"{TYPE}","predicate":{predicate}}}"#
    );
    let signed = format!("DSSEv1 {} {PAYLOAD_TYPE} {} {statement}", PAYLOAD_TYPE.len(), statement.len());
    let signature: Signature = key().sign_prehash(&Sha256::digest(signed)).unwrap();
    let signature = STANDARD.encode(signature.to_der());
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE, "payload": STANDARD.encode(&statement), "signatures": [{"sig": signature}]
    });
    let mut layer = blob(folder, "application/vnd.dsse.envelope.v1+json", envelope.to_string().as_bytes());
    layer["annotations"] = json!({"dev.cosignproject.cosign/signature": ""});
    let attestations = manifest(folder, &format!("sha256-{hex}.att"), &[layer]);
    let index = json!({"schemaVersion": 2, "manifests": [image, attestations]});
    write(folder, "index.json", index.to_string());
    write(folder, "oci-layout", r#"{"imageLayoutVersion": "1.0.0"}"#);
}

/// Asks about the image with these rules on its attestation, and on what is denied.
fn ask(predicate: &str, quantifier: &str, conditions: &Value, deny: &Value) -> Run {
    let folder = scratch();
    let images = folder.path().join("layout");
    layout(&images, predicate);
    let entry = json!({"keys": {"publicKeys": public_key(), "rekor": {"ignoreTlog": true}}});
    let mut attestation = json!({
        "name": "scan", "type": TYPE, "match": quantifier, "attestors": [{"entries": [entry]}],
    });
    let mut block = json!({"imageReferences": ["ghcr.io/myorg/*"]});
    if !conditions.is_null() {
        attestation["conditions"] = conditions.clone();
    }
    if !deny.is_null() {
        block["validate"] = json!({"deny": {"conditions": deny}});
    }
    block["attestations"] = json!([attestation]);
    let policy = write(folder.path(), "policy.json", json!({"verifyImages": [block]}).to_string());
    sigwarden(&["verify", IMAGE, "--policy", &policy, "--oci-layout", images.to_str().unwrap(), "-o", "json"])
}

#[test]
fn what_is_no_value_is_not_nothing() {
    // Each asks for something that is not there, and says what to take in its place.
    let defaulted = "{{ length(found || `[]`) }}";
    let condition = json!([{"all": [{"key": defaulted, "operator": "Equals", "value": 0}]}]);
    let denied = |key: &str| json!({"any": [{"key": key, "operator": "GreaterThan", "value": 0}]});
    let denials = [denied("{{ length(scan.found || `[]`) }}"), denied("{{ length(not_null(scan.found, `[]`)) }}")];
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let more = [
        ("nothing more", "0"),
        ("half a character", r#""\udcff""#),
        ("beyond all numbers", "1e999"),
        ("too deep", &*deep),
    ];
    for (name, rest) in more {
        let is_value = rest == "0";
        for found in ["[]", r#"["CVE-1"]"#] {
            let predicate = format!(r#"{{"found":{found},"rest":{rest}}}"#);
            let is_good = is_value && found == "[]";
            for quantifier in ["all", "any"] {
                for (rule, conditions, deny) in [
                    ("a condition", &condition, &Value::Null),
                    ("a denial", &Value::Null, &denials[0]),
                    ("another denial", &Value::Null, &denials[1]),
                ] {
                    let run = ask(&predicate, quantifier, conditions, deny);
                    assert_eq!(
                        run.answer == Answer::Yes,
                        is_good,
                        "{name}, {found}, {quantifier}, {rule}: {}",
                        run.text()
                    );
                    let unreadable = run.text().contains("not a valid predicate: ");
                    let told = !is_value && (quantifier == "all" || rule == "a condition");
                    assert_eq!(unreadable, told, "{name}, {found}, {quantifier}, {rule}: {}", run.text());
                }
            }
        }
    }
}
