//! Both ways of verifying, over evidence that real cosign made (`tests/fixtures`): they agree with each other, accept what
//! is genuine, and refuse its twin with one byte changed.

use super::*;
use crate::evidence::{Carrier, Clues, Item, MaterialError, Opening, Plan, Store};
use crate::reference::{ImageRef, Repository};
use crate::test_host::{Layout, fixtures};
use sigstore_verify::types::{CertificateContent, KeyId, SignatureContent, VerificationMaterialContent};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// 2026-11-24, a day after the fixtures were made.
const NOW: i64 = 1_795_478_400;

/// The layouts below a folder.
fn layouts(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("oci-layout").exists() {
        return found.push(folder.to_owned());
    }
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| entry.is_dir()) {
        layouts(&entry, found);
    }
}

/// The evidence of one image in one layout, in all carriers.
fn evidence(layout: &Layout, digest: &Digest) -> Vec<Rc<Evidence>> {
    let plan = Plan::new(true);
    let store = Store::new(layout, &plan);
    let repository = Repository::parse("example.test/x").unwrap();
    let image = ImageRef::parse("example.test/x").unwrap();
    let clues = Clues { image: &image, digest, annotations: &BTreeMap::new() };
    [Carrier::CosignSignatures, Carrier::CosignAttestations, Carrier::Referrers]
        .into_iter()
        .flat_map(|carrier| store.load(&repository, digest, carrier).items.clone())
        .filter_map(|item| match item {
            Item::Readable(evidence) => Some(evidence),
            Item::Sealed(sealed) => match sealed.open(&store, clues) {
                Opening::Readable(evidence) => Some(evidence),
                Opening::Unreadable(_) | Opening::Gap(_) | Opening::OutOfReach => None,
            },
            Item::Unreadable { .. } => None,
        })
        // Sealed or not, what sigstore-types does not read as it should is never verified.
        .filter(|evidence| evidence.bundle().is_ok())
        .collect()
}

/// Every readable piece of evidence of the fixtures, with the layout's name.
fn all_evidence() -> Vec<(String, Rc<Evidence>)> {
    let root = fixtures().join("layouts");
    let mut folders = Vec::new();
    layouts(&root, &mut folders);
    let mut all = Vec::new();
    for folder in folders {
        let name = folder.strip_prefix(&root).unwrap().display().to_string();
        // A thousand pieces of junk are another test's business.
        if name.contains("junk") {
            continue;
        }
        let layout = Layout(folder);
        for entry in layout.index() {
            let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
            all.extend(evidence(&layout, &digest).into_iter().map(|evidence| (name.clone(), evidence)));
        }
    }
    all
}

fn trust() -> TrustRoot {
    TrustRoot::from_json(&std::fs::read_to_string(fixtures().join("trust/trusted_root.json")).unwrap()).unwrap()
}

fn keys() -> BTreeMap<String, PublicKey> {
    let mut keys = BTreeMap::new();
    for entry in std::fs::read_dir(fixtures().join("keys")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if text.starts_with("-----BEGIN PUBLIC KEY") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            for hash in [KeyHash::Sha256, KeyHash::Sha384, KeyHash::Sha512] {
                keys.insert(format!("{name} {}", hash.as_str()), PublicKey::from_pem(&text, hash).unwrap());
            }
        }
    }
    assert!(keys.len() >= 15, "keys are missing: {:?}", keys.keys());
    keys
}

/// Every question that may be asked about a piece of evidence.
fn questions<'a>(
    trust: &'a TrustRoot,
    signers: &'a [(String, Signer<'a>)],
) -> impl Iterator<Item = (String, Question<'a>)> {
    signers.iter().flat_map(move |(name, signer)| {
        [LogRule::Require, LogRule::InsecureIgnore]
            .into_iter()
            .map(move |log| (format!("{name}, {log:?}"), Question { trust, signer, log, now: NOW }))
    })
}

fn signers(keys: &BTreeMap<String, PublicKey>) -> Vec<(String, Signer<'_>)> {
    let certificates = [SctRule::Require, SctRule::InsecureIgnore]
        .map(|sct| (format!("certificate, SCT {sct:?}"), Signer::Certificate { sct }));
    let keys = keys.iter().map(|(name, key)| (format!("key {name}"), Signer::Key(key)));
    certificates.into_iter().chain(keys).collect()
}

#[test]
fn both_ways_of_verifying_agree_on_everything_cosign_made() {
    let (trust, keys) = (trust(), keys());
    let signers = signers(&keys);
    let (mut compared, mut accepted) = (0, 0);
    for (name, evidence) in all_evidence() {
        for (question_name, question) in questions(&trust, &signers) {
            let claims = evidence.material.signer.leaf().map(|leaf| Claims::read(leaf).unwrap());
            let Some(bundle) = evidence.bundle().unwrap() else { continue };
            if !expressible(&evidence, question, claims.as_ref()) || evidence.material.content.signed_bytes().is_none()
            {
                continue;
            }
            if question.log == LogRule::Require && evidence.material.entries.is_empty() {
                continue;
            }
            let theirs = with_sigstore(&evidence, bundle, question);
            let ours = legacy::verify(&evidence.material, claims.as_ref(), question);
            assert_eq!(
                theirs.is_ok(),
                ours.is_ok(),
                "{name}: {} asked for {question_name}: sigstore-verify says {theirs:?}, legacy {ours:?}",
                evidence.source
            );
            compared += 1;
            accepted += usize::from(ours.is_ok());
        }
    }
    assert!(compared > 500 && accepted > 100, "only {compared} compared, {accepted} accepted");
}

/// Flips the lowest bit of the byte in the middle.
fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

type Mutation = (&'static str, fn(&mut Material) -> bool);

/// One byte of each part of the evidence. `false` where the part is not there.
const MUTATIONS: [Mutation; 8] = [
    ("payload", |m| match &mut m.content {
        Content::Message { payload, .. } => {
            flip(payload);
            true
        }
        Content::Envelope { payload, .. } => {
            flip(payload);
            true
        }
        Content::Artifact { .. } => false,
    }),
    ("payload type", |m| match &mut m.content {
        Content::Envelope { payload_type, .. } => {
            payload_type.push(' ');
            true
        }
        _ => false,
    }),
    ("signature", |m| match &mut m.content {
        Content::Message { signature, .. } | Content::Envelope { signature, .. } => {
            flip(signature);
            true
        }
        Content::Artifact { .. } => false,
    }),
    ("certificate", |m| match &mut m.signer {
        SignerMaterial::Certificates(chain) => {
            flip(&mut chain[0]);
            true
        }
        SignerMaterial::Key { .. } => false,
    }),
    ("log entry body", |m| first_entry(m, |entry| flip(&mut entry.body))),
    ("signed entry timestamp", |m| {
        m.entries.iter().any(|e| e.set.is_some()) && first_entry(m, |e| e.set.iter_mut().for_each(|set| flip(set)))
    }),
    ("integrated time", |m| {
        m.entries.iter().any(|e| e.set.is_some())
            && first_entry(m, |e| e.integrated_time = e.integrated_time.map(|time| time - 1))
    }),
    ("timestamp", |m| {
        // The authority's signature stands at the end; in the middle lies its certificate, which the trust root has too.
        m.timestamps.iter_mut().filter_map(|timestamp| timestamp.last_mut()).for_each(|byte| *byte ^= 1);
        !m.timestamps.is_empty()
    }),
];

fn first_entry(material: &mut Material, change: impl Fn(&mut LogEntry)) -> bool {
    material.entries.iter_mut().for_each(change);
    !material.entries.is_empty()
}

#[test]
fn one_changed_byte_anywhere_is_refused() {
    let (trust, keys) = (trust(), keys());
    let signers = signers(&keys);
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, evidence) in all_evidence() {
        for (question_name, question) in questions(&trust, &signers) {
            // Where the log is ignored, its entries need not verify: covered by asking with the log.
            if question.log == LogRule::InsecureIgnore && !evidence.material.entries.is_empty() {
                continue;
            }
            if verify(&evidence, question).is_err() {
                continue;
            }
            for (part, mutate) in MUTATIONS {
                let mut material = evidence.material.clone();
                // A key whose log is ignored needs no time: nobody looks at the timestamp.
                let timeless = question.log == LogRule::InsecureIgnore && matches!(question.signer, Signer::Key(_));
                if !mutate(&mut material) || (timeless && part == "timestamp") {
                    continue;
                }
                let changed = Evidence::new(evidence.id, evidence.source.clone(), material, evidence.claim.clone());
                let result = verify(&changed, question);
                assert!(result.is_err(), "{name}: {} asked for {question_name}: {part} changed", evidence.source);
                *refused.entry(part).or_default() += 1;
            }
        }
    }
    for (part, _) in MUTATIONS {
        assert!(refused.get(part).is_some_and(|count| *count >= 3), "`{part}` was hardly tried: {refused:?}");
    }
}

/// Every blob of `folder` and of the folders in it that says it is a Sigstore bundle.
fn bundles_below(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bundles_below(&path, found);
        } else if let Some(text) = std::fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            let json = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
            if json["mediaType"].as_str().is_some_and(|name| name.starts_with("application/vnd.dev.sigstore.bundle")) {
                found.push((path.display().to_string(), text));
            }
        }
    }
}

/// What sigstore-verify is given is what sigstore-types would have read in the same text. (Key IDs of envelopes are hints,
/// which neither looks at; a chain of one certificate is a certificate.)
#[test]
fn bundles_are_read_as_sigstore_types_reads_them() {
    let mut found = Vec::new();
    bundles_below(&fixtures().join("layouts"), &mut found);
    match std::env::var_os("SIGWARDEN_CORPUS") {
        Some(corpus) => bundles_below(Path::new(&corpus), &mut found),
        None => eprintln!("SKIPPED for the corpus: SIGWARDEN_CORPUS is not set"),
    }
    let (mut compared, mut refused) = (0, 0);
    for (path, text) in found {
        match (Bundle::from_json(&text), Material::from_bundle_json(text.as_bytes())) {
            (Ok(mut theirs), Ok(material)) => {
                if let SignatureContent::DsseEnvelope(envelope) = &mut theirs.content {
                    envelope.signature.keyid = KeyId::default();
                }
                if let VerificationMaterialContent::X509CertificateChain { certificates } =
                    &theirs.verification_material.content
                    && let [one] = certificates.as_slice()
                {
                    theirs.verification_material.content =
                        VerificationMaterialContent::Certificate(CertificateContent::new(one.raw_bytes.clone()));
                }
                assert_eq!(material.to_bundle(), Some(theirs), "{path}");
                compared += 1;
            }
            (Err(_), Err(_)) => refused += 1,
            // Entry kinds that they do not know.
            (Err(error), Ok(material)) => assert!(material.to_bundle().is_none(), "{path}: {error}"),
            // They check less of the form.
            (Ok(_), Err(error)) => assert!(matches!(error, MaterialError::Malformed { .. }), "{path}: {error}"),
        }
    }
    assert!(compared >= 30, "only {compared} compared, {refused} refused by both");
}

#[test]
fn nothing_from_the_future_is_believed() {
    let trust = trust();
    let signer = Signer::Certificate { sct: SctRule::Require };
    let layout = Layout(fixtures().join("layouts/referrers/v2-att-intoto-entry"));
    let digest = layout.tag("v1").unwrap().parse().unwrap();
    let evidence = evidence(&layout, &digest);
    let [attestation] = evidence.as_slice() else { panic!("one attestation, not {}", evidence.len()) };
    let question = Question { trust: &trust, signer: &signer, log: LogRule::Require, now: NOW };
    verify(attestation, question).unwrap();
    let error = verify(attestation, Question { now: 1_700_000_000, ..question }).unwrap_err();
    assert!(matches!(error, EvidenceError::Timestamp(_)), "{error:?}");
}

/// The certificates of a PEM file of the fixtures, one by one.
fn certificates(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(fixtures().join(path)).unwrap();
    text.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect()
}

#[test]
fn inline_authorities_count_within_their_own_validity() {
    let mut inline = InlineTrust::default();
    inline.set_authorities(&certificates("trust/fulcio-chain.pem")).unwrap();
    let with_inline = trust().with(&inline).unwrap();
    let anchors = |seconds| with_inline.anchors_at(jiff::Timestamp::from_second(seconds).unwrap()).unwrap().len();
    assert_eq!((anchors(NOW), anchors(0), anchors(NOW + 100 * 365 * 86_400)), (2, 0, 0));

    let mut other = InlineTrust::default();
    other.set_authorities(&certificates("keys/byo-chain.pem")).unwrap();
    assert_ne!(other.fingerprint(), inline.fingerprint());
    let reversed: Vec<_> = certificates("trust/fulcio-chain.pem").into_iter().rev().collect();
    other.set_authorities(&reversed).unwrap();
    assert!(!other.is_empty() && other.has_authorities() && !other.has_timestamp_authority());
}

#[test]
fn another_trust_root_believes_nothing() {
    let keys = keys();
    let signers = signers(&keys);
    let stranger = TrustRoot::built_in(SIGSTORE).unwrap().unwrap();
    let mut asked = 0;
    for (name, evidence) in all_evidence() {
        for (question_name, question) in questions(&stranger, &signers) {
            if question.log == LogRule::Require || matches!(question.signer, Signer::Certificate { .. }) {
                let result = verify(&evidence, question);
                assert!(result.is_err(), "{name}: {} asked for {question_name}", evidence.source);
                asked += 1;
            }
        }
    }
    assert!(asked > 500, "only {asked} asked");
}

#[test]
fn built_in_trust_roots_can_be_used() {
    prepare().unwrap();
    for name in [SIGSTORE, GITHUB] {
        let root = TrustRoot::built_in(name).unwrap().unwrap();
        root.verifier().unwrap();
        assert_eq!(root.rekor_keys().unwrap().is_empty(), name == GITHUB, "GitHub's instance logs nothing");
        assert!(Arc::ptr_eq(&root, &TrustRoot::built_in(name).unwrap().unwrap()), "{name} is read once");
    }
    assert!(TrustRoot::built_in("somebody").is_none());
    assert!(matches!(TrustRoot::from_json("{"), Err(TrustError::Malformed(_))));
    let empty = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    assert!(matches!(TrustRoot::from_json(empty), Err(TrustError::Empty)));
}

#[test]
fn keys_that_cannot_be_used_are_errors() {
    let good = std::fs::read_to_string(fixtures().join("keys/k-p256.pub")).unwrap();
    PublicKey::from_pem(&good, KeyHash::Sha256).unwrap();
    let cases = [
        ("no PEM", "k8s://ns/name".to_owned(), true),
        ("another block", good.replace("PUBLIC KEY", "CERTIFICATE"), true),
        ("a byte of the header changed", good.replace("MFkw", "MFkx"), false),
        ("empty", String::new(), true),
    ];
    for (name, pem, not_pem) in cases {
        let error = PublicKey::from_pem(&pem, KeyHash::Sha256).unwrap_err();
        assert_eq!(matches!(error, KeyError::NotPem(_)), not_pem, "case `{name}`: {error:?}");
    }
}
