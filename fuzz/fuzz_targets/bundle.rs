//! A bundle that is changed, or any bytes in its place: nothing panics, and what is accepted says what the original said.
//!
//! A signature vouches for its payload, and a certificate for its key, so an accepted bundle has the payload and the
//! certificate of one of those that real cosign made. (Its JSON may differ: fields that nobody reads, an entry more.)

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use sigwarden_core::bundle;
use sigwarden_core::decision::Outcome;
use sigwarden_fuzz::{Input, Layout, NOW, edit, text, trusted_root};
use std::sync::LazyLock;

struct Seed {
    bundle: Value,
    /// Everything that is asked, but the bundle.
    question: Value,
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let (root, key) = (trusted_root(), text("tests/fixtures/keys/k-p256.pub"));
    let layouts = [
        "v3-keyless-rekor1",
        "v3-keyless-rekor1-tsa",
        "v3-keyless-tsaonly",
        "v3-keyless-gha",
        "v3-att-slsa1",
        "v3-key-p256-rekor1",
        "v3-key-p256-tsa",
    ];
    let mut seeds = Vec::new();
    for (layout, bundle) in
        layouts.iter().flat_map(|name| Layout::read(name).bundles().into_iter().map(move |bundle| (name, bundle)))
    {
        let payload = signed(&bundle).expect("cosign's bundles sign something").0;
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        let digest = statement["subject"][0]["digest"]["sha256"].as_str().unwrap();
        let mut question = json!({"artifact": {"digest": format!("sha256:{digest}")}, "trustedRoot": root});
        if layout.contains("-key-") {
            question["key"] = key.clone().into();
        } else {
            question["certificateIdentityRegexp"] = ".*".into();
            question["certificateOidcIssuerRegexp"] = ".*".into();
        }
        // Timestamps alone are what this bundle has.
        question["insecureIgnoreTlog"] = layout.contains("tsa").into();
        assert!(accepted(&bundle.to_string(), &question), "{layout}: the original is accepted");
        seeds.push(Seed { bundle, question });
    }
    seeds
});

fn accepted(bundle: &str, question: &Value) -> bool {
    let mut question = question.clone();
    question["bundle"] = bundle.into();
    bundle::verify(question.to_string().as_bytes(), NOW).outcome == Outcome::Passed
}

/// The payload, and the certificate where there is one.
fn signed(bundle: &Value) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let bytes = |value: &Value| STANDARD.decode(value.as_str()?).ok();
    let material = &bundle["verificationMaterial"];
    let certificate = bytes(&material["certificate"]["rawBytes"])
        .or_else(|| bytes(&material["x509CertificateChain"]["certificates"][0]["rawBytes"]));
    Some((bytes(&bundle["dsseEnvelope"]["payload"])?, certificate))
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let how = input.byte();
    let seed = &SEEDS[input.below(SEEDS.len())];
    match how % 8 {
        // Any bytes, asked about as if they were the seed.
        0 => {
            let text = String::from_utf8_lossy(input.rest()).into_owned();
            assert!(!accepted(&text, &seed.question), "accepted: {text}");
        }
        // Whatever else is asked, it is answered.
        1 => drop(bundle::verify(input.rest(), NOW)),
        2 => {
            let mut question = seed.question.clone();
            question["bundle"] = seed.bundle.to_string().into();
            edit(&mut question, &mut input);
            drop(bundle::verify(question.to_string().as_bytes(), NOW));
        }
        // The bundle, with any bytes for one of its parts.
        3 => {
            let mut bundle = seed.bundle.clone();
            let parts = [
                "/dsseEnvelope/payload",
                "/dsseEnvelope/signatures/0/sig",
                "/verificationMaterial/certificate/rawBytes",
                "/verificationMaterial/tlogEntries/0/canonicalizedBody",
                "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
                "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
            ];
            if let Some(part) = bundle.pointer_mut(parts[input.below(parts.len())]) {
                *part = STANDARD.encode(input.rest()).into();
            }
            check(&bundle, seed);
        }
        _ => {
            let mut bundle = seed.bundle.clone();
            edit(&mut bundle, &mut input);
            check(&bundle, seed);
        }
    }
});

fn check(bundle: &Value, seed: &Seed) {
    if accepted(&bundle.to_string(), &seed.question) {
        let found = signed(bundle);
        assert!(SEEDS.iter().any(|seed| signed(&seed.bundle) == found), "accepted, but never signed: {bundle}");
    }
}
