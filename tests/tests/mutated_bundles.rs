//! Bundles with one bit changed: the verdict with our own arithmetic is the verdict with AWS-LC's. Everything else is the
//! same core, so that where they differed, one of the two would take a signature that the other does not.
//!
//! Some bits in `make test`, `SIGWARDEN_MUTATIONS` of each field in `make mutated-bundles`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden::bench::{Engine, NativeRunner, Operation, Runner};
use sigwarden_tests::fixture;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// xorshift64*: the same places in every run.
struct Places(u64);

impl Places {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A bundle and what is asked about it.
struct Case {
    name: String,
    bundle: Value,
    question: Value,
}

/// The first SHA-256 that the bundle claims to sign.
fn artifact(bundle: &Value) -> Option<String> {
    if let Some(payload) = bundle.pointer("/dsseEnvelope/payload") {
        let statement: Value = serde_json::from_slice(&STANDARD.decode(payload.as_str()?).ok()?).ok()?;
        return statement.pointer("/subject/0/digest/sha256").and_then(Value::as_str).map(str::to_owned);
    }
    let digest = STANDARD.decode(bundle.pointer("/messageSignature/messageDigest/digest")?.as_str()?).ok()?;
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn cases() -> Vec<Case> {
    let mut paths = Vec::new();
    files(Path::new(&fixture("layouts")), &mut paths);
    // A thousand pieces of junk are another test's business.
    paths.retain(|path| !path.to_string_lossy().contains("junk"));
    let fixtures = paths.len();
    if let Ok(corpus) = std::env::var("SIGWARDEN_CORPUS") {
        files(&Path::new(&corpus).join("bundles"), &mut paths);
    }
    let root: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("trust/trusted_root.json")).unwrap()).unwrap();
    let keys = ["k-p256", "k-p384", "k-rsa2048", "k-ed25519"]
        .map(|name| std::fs::read_to_string(fixture(&format!("keys/{name}.pub"))).unwrap());
    let mut cases = BTreeMap::new();
    for (index, path) in paths.iter().enumerate() {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let Ok(bundle) = serde_json::from_str::<Value>(&text) else { continue };
        let media_type = bundle.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        if !media_type.starts_with("application/vnd.dev.sigstore.bundle") {
            continue;
        }
        let Some(artifact) = artifact(&bundle) else { continue };
        let mut question = json!({"artifact": {"digest": format!("sha256:{artifact}")}});
        if index < fixtures {
            question["trustedRoot"] = root.clone();
        }
        let mut signers = vec![json!({"certificateIdentityRegexp": ".*", "certificateOidcIssuerRegexp": ".*"})];
        if bundle.pointer("/verificationMaterial/publicKey").is_some() {
            signers = keys.iter().map(|key| json!({"key": key})).collect();
        }
        for (number, signer) in signers.into_iter().enumerate() {
            let mut question = question.clone();
            question.as_object_mut().unwrap().extend(signer.as_object().unwrap().clone());
            let name = format!("{} {number}", path.file_name().unwrap().to_string_lossy());
            // Mirrors hold the same blobs again.
            cases.insert(name.clone(), Case { name, bundle: bundle.clone(), question });
        }
    }
    cases.into_values().collect()
}

/// Pointers to all texts that hold bytes, or a checkpoint.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields_) => {
            fields_.iter().for_each(|(name, value)| fields(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| fields(value, &format!("{at}/{index}"), found));
        }
        Value::String(text)
            if at.ends_with("/envelope") || STANDARD.decode(text).is_ok_and(|bytes| bytes.len() >= 16) =>
        {
            found.push(at.to_owned());
        }
        _ => {}
    }
}

/// One bit of this field changed.
fn mutated(bundle: &Value, field: &str, places: &mut Places) -> Value {
    let mut changed = bundle.clone();
    let text = changed.pointer_mut(field).unwrap();
    let old = text.as_str().unwrap().to_owned();
    if field.ends_with("/envelope") {
        let mut bytes = old.into_bytes();
        // ASCII before and after, so that it still is text: the dash before a checkpoint's signature is three bytes.
        let mut place = places.below(bytes.len());
        while !bytes[place].is_ascii() {
            place = places.below(bytes.len());
        }
        bytes[place] ^= 1 << places.below(7);
        *text = String::from_utf8(bytes).unwrap().into();
    } else {
        let mut bytes = STANDARD.decode(old).unwrap();
        let place = places.below(bytes.len());
        bytes[place] ^= 1 << places.below(8);
        *text = STANDARD.encode(bytes).into();
    }
    changed
}

fn verdict(runner: &NativeRunner, case: &Case, bundle: &Value) -> (bool, Value) {
    let mut question = case.question.clone();
    question["bundle"] = bundle.to_string().into();
    let no_host = Arc::new(|_: &str, _: &str, _: &str, _: &[u8]| Err("there is no host".to_owned()));
    let answer = runner.run(Operation::VerifyBundle, question.to_string().as_bytes(), no_host).unwrap();
    let report: Value = serde_json::from_slice(&answer).unwrap();
    (report["outcome"] == "passed", report)
}

#[test]
fn our_verdict_on_mutated_bundles_is_that_of_aws_lc() {
    let mutations: usize = std::env::var("SIGWARDEN_MUTATIONS").map_or(2, |number| number.parse().unwrap());
    let (ours, theirs) = (NativeRunner::new(Engine::Own).unwrap(), NativeRunner::new(Engine::AwsLc).unwrap());
    let mut places = Places(0x5157_4752_4445_4e31);
    let (mut good, mut accepted, mut refused, mut fields_of) = (0, 0, 0, BTreeMap::<String, usize>::new());
    let cases = cases();
    for case in &cases {
        let (admitted, report) = verdict(&ours, case, &case.bundle);
        assert_eq!(report, verdict(&theirs, case, &case.bundle).1, "{}", case.name);
        good += usize::from(admitted);
        let mut places_in = Vec::new();
        fields(&case.bundle, "", &mut places_in);
        for field in places_in {
            for _ in 0..mutations {
                let changed = mutated(&case.bundle, &field, &mut places);
                let (admitted, report) = verdict(&ours, case, &changed);
                assert_eq!(report, verdict(&theirs, case, &changed).1, "{}: {field}: {changed}", case.name);
                *(if admitted { &mut accepted } else { &mut refused }) += 1;
                if !admitted {
                    *fields_of.entry(field.rsplit('/').next().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
    }
    println!(
        "{} questions, {good} of them accepted; {} mutants, {refused} refused, {accepted} accepted, 0 differing verdicts",
        cases.len(),
        accepted + refused,
    );
    println!("refused by field: {fields_of:?}");
    assert!(good >= 40, "{good}");
    assert!(refused > 5 * accepted, "{refused} refused, {accepted} accepted");
    for field in ["sig", "rawBytes", "payload", "signedEntryTimestamp", "envelope", "canonicalizedBody"] {
        assert!(fields_of.contains_key(field), "{field} was never refused");
    }
}
