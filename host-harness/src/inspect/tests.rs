use serde_json::{Value, json};

use super::*;

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{TOP}/tests/fixtures/{name}")).unwrap()
}

fn blob(repository: &str, hex: &str) -> (String, Vec<u8>) {
    let name = format!("{TOP}/tests/fixtures/layouts/referrers/{repository}/blobs/sha256/{hex}");
    let bytes = std::fs::read(&name).unwrap();
    (name, bytes)
}

/// The blobs of a repository whose text has `part` in it.
fn blobs_with(repository: &str, part: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("{TOP}/tests/fixtures/layouts/referrers/{repository}/blobs/sha256");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let read = names.into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()));
    read.filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(part)).collect()
}

fn inspect(name: &str, bytes: &[u8]) -> Result<Inspection, InspectError> {
    inspect_file(name, bytes, &KnownLogs::with(None).unwrap())
}

fn json_of(name: &str, bytes: &[u8]) -> Value {
    serde_json::to_value(inspect(name, bytes).unwrap()).unwrap()
}

fn bundle() -> (String, Vec<u8>) {
    blobs_with("myorg/app", "dsseEnvelope").into_iter().find(|(_, bytes)| is_provenance(bytes)).unwrap()
}

/// Made by the workflow; beside it lies one by somebody else.
fn is_provenance(bundle: &[u8]) -> bool {
    let inspection = inspect("x", bundle).unwrap();
    let piece = &inspection.evidence[0];
    let by_workflow = matches!(&piece.signer, Some(Signer::Certificate { certificate, .. })
        if certificate.names[0].starts_with("https://github.com/myorg/app/"));
    by_workflow && piece.statement.as_ref().is_some_and(|it| it.predicate_type.is_some())
}
#[test]
fn a_bundle_says_who_when_which_workflow_and_what() {
    let (name, bytes) = bundle();
    let found = json_of(&name, &bytes);
    assert_eq!(found["verified"], false);
    assert_eq!(found["note"], NOTE);
    assert!(found["verifyWith"].as_str().unwrap().starts_with("sigwarden verify-bundle --bundle "));
    // Standard input has no name under which another command could read it.
    let from_input = json_of("-", &bytes);
    assert!(from_input["verifyWith"].as_str().unwrap().starts_with("sigwarden verify-bundle --bundle FILE "));
    let piece = &found["evidence"][0];
    assert_eq!(piece["form"], "bundle");
    let expected = [
        ("/signer/kind", json!("certificate")),
        ("/signer/names/0", json!("https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main")),
        ("/signer/issuer", json!("https://token.actions.githubusercontent.com")),
        ("/signer/repository", json!("https://github.com/myorg/app")),
        ("/signer/gitRef", json!("refs/heads/main")),
        ("/signer/commit", json!("4b825dc642cb6eb9a060e54bf8d69288fbee4904")),
        ("/signer/trigger", json!("push")),
        ("/signer/extensions/sourceRepositoryRef", json!("refs/heads/main")),
        ("/logEntries/0/entry", json!("hashedrekord 0.0.2")),
        ("/logEntries/0/hasInclusionProof", json!(true)),
        ("/statement/predicateType", json!("https://slsa.dev/provenance/v1")),
        (
            "/statement/subjects/0/digests/0",
            json!("sha256:29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c"),
        ),
        ("/statement/builder", json!("https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main")),
        ("/statement/buildType", json!("https://actions.github.io/buildtypes/workflow/v1")),
        ("/statement/source", json!("git+https://github.com/myorg/app@refs/heads/main")),
    ];
    for (pointer, value) in expected {
        assert_eq!(piece.pointer(pointer), Some(&value), "{pointer} of {piece:#}");
    }
    // A timestamp stands within the certificate's ten minutes.
    let time = piece["timestamps"][0]["time"].as_str().unwrap();
    assert!(
        piece["signer"]["notBefore"].as_str().unwrap() <= time && time < piece["signer"]["notAfter"].as_str().unwrap()
    );
}

#[test]
fn logs_have_names_where_a_trust_root_knows_them() {
    let (name, bytes) = bundle();
    let log = |inspection: Inspection| inspection.evidence[0].log_entries[0].log.clone();
    assert_eq!(log(inspect(&name, &bytes).unwrap()), None);
    let root = String::from_utf8(fixture("trust/trusted_root.json")).unwrap();
    let logs = KnownLogs::with(Some(&root)).unwrap();
    assert_eq!(log(inspect_file(&name, &bytes, &logs).unwrap()).as_deref(), Some("https://rekor2.fixture.test"));
    assert!(KnownLogs::with(Some("{}")).is_err());
}

#[test]
fn every_form_is_told() {
    let (_, bundle) = bundle();
    let value: Value = serde_json::from_slice(&bundle).unwrap();
    let envelope = value["dsseEnvelope"].to_string();
    let statement = {
        use base64::Engine as _;
        let payload = value.pointer("/dsseEnvelope/payload").unwrap().as_str().unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(payload).unwrap()).unwrap()
    };
    let predicate = serde_json::from_str::<Value>(&statement).unwrap()["predicate"].to_string();
    let old = r#"{"builder": {"id": "b"}, "buildType": "t", "invocation": {"configSource": {"uri": "git+https://x/y@refs/heads/z"}}}"#;
    let payload = r#"{"critical": {"type": "cosign container image signature", "identity": {"docker-reference": "ghcr.io/x/y"},
        "image": {"docker-manifest-digest": "sha256:aa"}}, "optional": {"a": "b"}}"#;
    let cases = [
        ("bundle", bundle.clone(), Form::Bundle),
        ("envelope", envelope.clone().into_bytes(), Form::Envelope),
        ("statement", statement.clone().into_bytes(), Form::Statement),
        ("provenance v1", predicate.into_bytes(), Form::Provenance),
        ("provenance v0.2", old.into(), Form::Provenance),
        ("payload", payload.into(), Form::SigningPayload),
        ("PEM", fixture("keys/byo-leaf.crt"), Form::Certificate),
        ("key", fixture("keys/k-p384.pub"), Form::PublicKey),
        ("trust root", fixture("trust/trusted_root.json"), Form::TrustedRoot),
    ];
    for (name, bytes, form) in cases {
        let found = inspect("file", &bytes).unwrap_or_else(|error| panic!("case `{name}`: {error}"));
        assert_eq!(found.evidence[0].form, form, "case `{name}`");
        assert!(!found.verified && found.unreadable.is_empty(), "case `{name}`");
        // The reject twin: the first two thirds of it, cut in the middle of something.
        let cut = bytes.len() * 2 / 3;
        assert!(inspect("file", &bytes[..cut]).is_err(), "case `{name}`, truncated");
    }
    let lines = format!("{envelope}\n{statement}\n{{\"x\": 1}}\n");
    let found = inspect("several.jsonl", lines.as_bytes()).unwrap();
    let forms: Vec<_> = found.evidence.iter().map(|piece| (piece.source.as_str(), piece.form)).collect();
    assert_eq!(forms, [("document 1", Form::Envelope), ("document 2", Form::Statement)]);
    assert_eq!(found.unreadable[0].source, "document 3");
}

#[test]
fn certificates_come_as_pem_der_and_base64() {
    use base64::Engine as _;
    let pem = fixture("keys/byo-leaf.crt");
    let text = String::from_utf8(pem.clone()).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let twice = base64::engine::general_purpose::STANDARD.encode(&pem).into_bytes();
    let expected = json_of("file", &pem)["evidence"].clone();
    assert_eq!(expected[0]["signer"]["names"][0], "signer@byo.test");
    for (name, bytes) in [("DER", der.clone()), ("base64 of PEM", twice)] {
        assert_eq!(json_of("file", &bytes)["evidence"], expected, "case `{name}`");
    }
    assert!(matches!(inspect("file", &der[..der.len() - 1]), Err(InspectError::Unreadable(_))));
    assert_eq!(json_of("file", &fixture("keys/byo-chain.pem"))["evidence"].as_array().unwrap().len(), 2);
}

#[test]
fn manifests_of_cosign_take_their_payload_from_the_layout_around_them() {
    let manifests = blobs_with("myorg/app-legacy", "dev.cosignproject.cosign/signature");
    let mut forms = Vec::new();
    for (name, bytes) in manifests {
        let beside = json_of(&name, &bytes)["evidence"][0].clone();
        assert!(
            beside["statement"]["subjects"][0]["digests"][0].as_str().unwrap().starts_with("sha256:"),
            "{beside:#}"
        );
        let alone = json_of("/nowhere/manifest.json", &bytes)["evidence"][0].clone();
        assert_eq!(alone["signer"], beside["signer"]);
        assert_eq!(alone["logEntries"], beside["logEntries"]);
        assert_eq!(alone["statement"], Value::Null);
        assert_eq!(alone["form"], beside["form"]);
        forms.push(beside["form"].clone());
    }
    assert!(forms.contains(&json!("cosignSignature")) && forms.contains(&json!("cosignAttestation")), "{forms:?}");
    let (name, bytes) = blob("myorg/app", "29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c");
    assert!(
        matches!(inspect(&name, &bytes), Err(InspectError::Unreadable(reason)) if reason.contains("without signatures"))
    );
}

#[test]
fn garbage_is_an_error_in_words() {
    let deep = "[".repeat(100_000);
    let cases: [(&str, Vec<u8>, &str); 17] = [
        ("nothing", Vec::new(), "it is empty"),
        ("white space", b" \n\t".to_vec(), "it is empty"),
        ("text", b"hello".to_vec(), "(text)"),
        ("bytes", vec![0xff, 0xfe, 0x00, 0x01], "bytes of no known form"),
        ("half a JSON", b"{\"a\": ".to_vec(), "not JSON"),
        ("an object", b"{}".to_vec(), "an empty object"),
        ("another object", b"{\"a\": 1, \"b\": 2}".to_vec(), "JSON with `a`, `b`"),
        ("a list", b"[1]".to_vec(), "a list"),
        ("depth", deep.clone().into_bytes(), "a list"),
        ("depth in an object", format!("{{\"verificationMaterial\": {deep}").into_bytes(), "not JSON"),
        ("a sequence and no more", vec![0x30], "certificate"),
        ("a sequence with an endless length", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30], "certificate"),
        ("a private key", b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n".to_vec(), "private key"),
        ("a PEM block of something", b"-----BEGIN FOO-----\n".to_vec(), "a PEM block `FOO`"),
        ("a certificate without end", b"-----BEGIN CERTIFICATE-----\nMIIB".to_vec(), "certificate"),
        ("an empty bundle", b"{\"verificationMaterial\": {}}".to_vec(), "Sigstore bundle"),
        ("an empty trust root", b"{\"certificateAuthorities\": []}".to_vec(), "trusted"),
    ];
    for (name, bytes, expected) in cases {
        let error = inspect("file", &bytes).map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "case `{name}`: {error}");
    }
    assert_eq!(inspect("file", &vec![b'{'; MAX_BYTES + 1]).unwrap_err(), InspectError::TooLarge);
}

#[test]
fn no_truncation_and_no_flipped_byte_is_more_than_an_error() {
    let (name, bytes) = bundle();
    for end in (0..bytes.len()).step_by(97) {
        assert!(inspect(&name, &bytes[..end]).is_err(), "truncated at {end}");
    }
    // Whatever comes out, something does, and it never claims to be verified.
    for at in (0..bytes.len()).step_by(53) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x15;
        if let Ok(found) = inspect(&name, &bytes) {
            assert!(!found.verified);
        }
    }
    let pem = fixture("keys/byo-leaf.crt");
    for at in 0..pem.len() {
        let mut pem = pem.clone();
        pem[at] ^= 0x01;
        let _ = inspect("file", &pem).map(|found| assert!(!found.verified));
    }
}

#[test]
fn times_of_timestamps_are_found_or_not() {
    let (_, bytes) = bundle();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let token = value.pointer("/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp");
    let token = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(token.unwrap().as_str().unwrap()).unwrap()
    };
    assert!(timestamp::time(&token).is_some_and(|time| time > 1_700_000_000));
    for end in 0..token.len() {
        assert_eq!(timestamp::time(&token[..end]), None, "truncated at {end}");
    }
}
