//! What sigstore-verify cannot express, and real cosign makes.
//!
//! Rekor entries of kind intoto 0.0.1, Rekor v2 entries over SHA-384 or SHA-512, keys that signed without log or
//! timestamp, P-384 with SHA-256, P-256 with SHA-384 or SHA-512, timestamps over a whole DSSE envelope. Built from the
//! same family's primitives (sigstore-crypto, -merkle, -tsa, -types) and webpki; there is no cryptography here.
//!
//! The checks are those of the Sigstore client specification, as sigstore-verify numbers them:
//! 1. every timestamp, and every signed entry timestamp, verifies and gives a time;
//! 2. the certificate leads to a trusted authority at each of those times, and is logged (SCT);
//! 3. every log entry is vouched for by its log, and is about this signature, this payload and this signer;
//! 4. the signature verifies.
//!
//! Step 3's "about" is what closes CVE-2022-36056 (an entry of something else rides along): it runs whatever the rules
//! ignore. A check that cannot be made is an error, never a skip.

use super::{Claims, EvidenceError, KeyHash, LogRule, PublicKey, Question, SctRule, Signer, TrustRoot};
use crate::evidence::{Content, LogEntry, Material, SignerMaterial, pem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sigstore_verify::crypto::{Checkpoint, KeyAlgorithm, SigningScheme, WEBPKI_VERIFICATION_ALGS};
use sigstore_verify::types::bundle::InclusionProof;
use sigstore_verify::types::{DerPublicKey, DigestBytes, HashAlgorithm, Sha256Hash, SignatureBytes, TimestampToken};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};
use x509_cert::Certificate;
use x509_cert::der::oid::db::rfc5280::ID_KP_CODE_SIGNING;
use x509_cert::der::oid::db::rfc6962::CT_PRECERT_SCTS;
use x509_cert::der::{Any, Decode, Encode, Tag};
use x509_cert::ext::pkix::sct::{HashAlgorithm as SctHash, SignatureAlgorithm as SctSignature};
use x509_cert::ext::pkix::{SignedCertificateTimestamp, SignedCertificateTimestampList};

/// Verifies `material`; `claims` are its certificate's, if it has one.
pub(super) fn verify(
    material: &Material,
    claims: Option<&Claims>,
    question: Question<'_>,
) -> Result<(), EvidenceError> {
    let now = Timestamp::from_second(question.now).map_err(|e| EvidenceError::Timestamp(e.to_string()))?;
    // A stranger's key fails by its signature, and not by the log entry that names another: that is what helps a reader.
    let by_key = matches!(question.signer, Signer::Key(_));
    if by_key {
        verify_signature(material, claims, question.signer)?;
    }
    let times = times(material, question, now)?;
    if let (Signer::Certificate { sct }, Some(claims)) = (question.signer, claims) {
        verify_certificate(material, claims, &times, question.trust, *sct)?;
    }
    for entry in &material.entries {
        if question.log == LogRule::Require {
            verify_inclusion(entry, question.trust, now)?;
        }
        check_entry(entry, material, question.signer)?;
    }
    if by_key { Ok(()) } else { verify_signature(material, claims, question.signer) }
}

/// The earliest time at which an authority or a log says that the signature existed, in Unix seconds.
pub(super) fn earliest_time(material: &Material, question: Question<'_>) -> Result<Option<i64>, EvidenceError> {
    let now = Timestamp::from_second(question.now).map_err(|e| EvidenceError::Timestamp(e.to_string()))?;
    Ok(times(material, question, now)?.iter().min().map(|time| time.as_second()))
}

/// Every time at which an authority or a log says that the signature existed. None are asked for where a key signed and
/// its log is ignored: that may be a log, or an authority, which nobody here knows.
fn times(material: &Material, question: Question<'_>, now: Timestamp) -> Result<Vec<Timestamp>, EvidenceError> {
    let trust = question.trust;
    let mut times = Vec::new();
    let needs_no_time = question.log == LogRule::InsecureIgnore && matches!(question.signer, Signer::Key(_));
    if needs_no_time && !trust.stamps_keys {
        return Ok(times);
    }
    let stamped = match &material.content {
        // cosign's legacy attestations stamp the envelope, everything else stamps the signature.
        Content::Envelope { raw: Some(raw), .. } => raw.as_slice(),
        content => content.signature(),
    };
    for token in &material.timestamps {
        let (token, stamped) = (TimestampToken::from_bytes(token), SignatureBytes::from_bytes(stamped));
        let time = trust
            .timestamp_authorities()
            .iter()
            .find_map(|authority| {
                sigstore_verify::tsa::verify_timestamp_for_authority(&token, &stamped, authority).ok()
            })
            .ok_or_else(|| {
                EvidenceError::Timestamp("no timestamp authority of the trust root vouches for it".to_owned())
            })?;
        times.push(time);
    }
    for entry in material.entries.iter().filter(|_| !needs_no_time) {
        if let Some(set) = &entry.set {
            let seconds = entry.integrated_time.ok_or_else(|| EvidenceError::Log("a promise without a time".into()))?;
            let time = Timestamp::from_second(seconds).map_err(|e| EvidenceError::Log(e.to_string()))?;
            verify_set(entry, set, time, trust)?;
            times.push(time);
        }
    }
    match times.iter().max() {
        Some(latest) if *latest > now => Err(EvidenceError::Timestamp(format!("{latest} is in the future"))),
        _ => Ok(times),
    }
}

fn verify_set(entry: &LogEntry, set: &[u8], time: Timestamp, trust: &TrustRoot) -> Result<(), EvidenceError> {
    let log = log_id(entry)?;
    let keys = trust.rekor_keys()?;
    if keys.key(&log).is_none() {
        return Err(EvidenceError::UnknownLog(log.to_hex()));
    }
    // What Rekor v1 signs (rekor `pkg/verify`), as canonical JSON (RFC 8785): there is nothing to escape in these texts.
    let rest = format!(
        r#"","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
        time.as_second(),
        log.to_hex(),
        entry.log_index,
    );
    let signed = [r#"{"body":""#, &STANDARD.encode(&entry.body), &rest].concat();
    keys.verify_with_key_id_at(&log, time, signed, &SignatureBytes::from_bytes(set))
        .map_err(|e| EvidenceError::Log(format!("signed entry timestamp: {e}")))
}

fn log_id(entry: &LogEntry) -> Result<Sha256Hash, EvidenceError> {
    <[u8; 32]>::try_from(entry.log_id.as_slice())
        .map(Sha256Hash::new)
        .map_err(|_| EvidenceError::Log("its log ID is not 32 bytes long".to_owned()))
}

/// The log vouches for the entry by a proof. Where there is only a promise, it was checked with the times, and that there
/// is one of the two before anything else.
fn verify_inclusion(entry: &LogEntry, trust: &TrustRoot, now: Timestamp) -> Result<(), EvidenceError> {
    entry.proof.as_ref().map_or(Ok(()), |proof| verify_proof(entry, proof, trust, now))
}

/// Folds the proof up to a root that one of the logs has signed (RFC 9162 §2.1.3, C2SP tlog-checkpoint).
fn verify_proof(
    entry: &LogEntry,
    proof: &InclusionProof,
    trust: &TrustRoot,
    now: Timestamp,
) -> Result<(), EvidenceError> {
    let log = |e: &dyn std::fmt::Display| EvidenceError::Log(format!("inclusion proof: {e}"));
    let checkpoint = Checkpoint::from_text(proof.checkpoint.envelope()).map_err(|e| log(&e))?;
    // Rekor v1 counts within its shard and repeats root and size outside the checkpoint; v2 has one count, and only
    // the signed checkpoint is believed for either.
    let is_v2 = entry.kind.1 == "0.0.2" && entry.kind.0 != "intoto";
    let index = if is_v2 { entry.log_index } else { proof.log_index.get() };
    if !is_v2 && (proof.root_hash != *checkpoint.root_hash() || proof.tree_size != checkpoint.tree_size()) {
        return Err(log(&"it and its checkpoint are about different trees"));
    }
    let leaf = sigstore_merkle::hash_leaf(&entry.body);
    sigstore_merkle::verify_inclusion_proof(
        &leaf,
        index,
        checkpoint.tree_size(),
        &proof.hashes,
        checkpoint.root_hash(),
    )
    .map_err(|e| log(&e))?;
    let keys = trust.rekor_keys()?;
    let signed = checkpoint.signatures().iter().any(|signature| {
        keys.keys_by_hint(&signature.key_id, now)
            .any(|key| key.verify(checkpoint.signed_data(), &signature.signature).is_ok())
    });
    if signed { Ok(()) } else { Err(EvidenceError::UnknownLog(checkpoint.origin().to_owned())) }
}

/// The certificate leads to an authority, at every time that is known, and its precertificate was logged.
fn verify_certificate(
    material: &Material,
    claims: &Claims,
    times: &[Timestamp],
    trust: &TrustRoot,
    sct: SctRule,
) -> Result<(), EvidenceError> {
    let SignerMaterial::Certificates(chain) = &material.signer else {
        return Err(EvidenceError::WrongSignerKind("signed with a key, and the rule asks for a certificate"));
    };
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err(EvidenceError::Certificate("there is none".to_owned()));
    };
    let mut issuer = None;
    for time in times {
        if *time < claims.not_before || *time > claims.not_after {
            return Err(EvidenceError::Certificate(format!(
                "it was valid from {} to {}, and the signature was made at {time}",
                claims.not_before, claims.not_after
            )));
        }
        issuer = Some(verify_chain(leaf, intermediates, *time, trust)?);
    }
    let issuer = issuer.ok_or_else(|| {
        EvidenceError::Timestamp("neither a log nor a timestamp authority says when it was made".to_owned())
    })?;
    match sct {
        SctRule::Require => verify_sct(leaf, &issuer, trust),
        SctRule::InsecureIgnore => Ok(()),
    }
}

/// Path building by webpki, with the authorities whose window covers `time` as anchors. Returns the SPKI of the leaf's
/// issuer.
fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    time: Timestamp,
    trust: &TrustRoot,
) -> Result<Vec<u8>, EvidenceError> {
    let error = |e: &dyn std::fmt::Display| EvidenceError::Certificate(e.to_string());
    let anchors = trust.anchors_at(time)?;
    if anchors.is_empty() {
        return Err(error(&format!("the trust root has no certificate authority for {time}")));
    }
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|e| error(&e))?;
    let intermediates: Vec<_> = intermediates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let seconds = u64::try_from(time.as_second()).map_err(|e| error(&e))?;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let usage = KeyUsage::required(ID_KP_CODE_SIGNING.as_bytes());
    let path = leaf
        .verify_for_usage(WEBPKI_VERIFICATION_ALGS, &anchors, &intermediates, time, usage, None, None)
        .map_err(|e| error(&e))?;
    issuer_spki(&path).map_err(|e| error(&e))
}

fn issuer_spki(path: &VerifiedPath<'_>) -> Result<Vec<u8>, x509_cert::der::Error> {
    match path.intermediate_certificates().next() {
        Some(issuer) => Ok(issuer.subject_public_key_info().as_ref().to_vec()),
        // An anchor keeps the contents only, without the SEQUENCE around them.
        None => Any::new(Tag::Sequence, path.anchor().subject_public_key_info.as_ref())?.to_der(),
    }
}

/// The SCT embedded in the certificate (RFC 6962 §3.2, §3.3).
fn verify_sct(leaf: &[u8], issuer_spki: &[u8], trust: &TrustRoot) -> Result<(), EvidenceError> {
    let error = |e: &dyn std::fmt::Display| EvidenceError::Certificate(format!("certificate transparency: {e}"));
    let leaf = Certificate::from_der(leaf).map_err(|e| error(&e))?;
    let list: Option<(bool, SignedCertificateTimestampList)> = leaf.tbs_certificate.get().map_err(|e| error(&e))?;
    let (_, list) = list.ok_or_else(|| error(&"the certificate carries no timestamp of a log"))?;
    let scts = list.parse_timestamps().map_err(|e| error(&format!("{e:?}")))?;
    let [sct] = scts.as_slice() else {
        return Err(error(&"the certificate must carry exactly one timestamp of a log"));
    };
    let sct = sct.parse_timestamp().map_err(|e| error(&format!("{e:?}")))?;
    let scheme = match (&sct.signature.algorithm.hash, &sct.signature.algorithm.signature) {
        (SctHash::Sha256, SctSignature::Ecdsa) => SigningScheme::EcdsaP256Sha256,
        (SctHash::Sha384, SctSignature::Ecdsa) => SigningScheme::EcdsaP384Sha384,
        (SctHash::Sha256, SctSignature::Rsa) => SigningScheme::RsaPkcs1Sha256,
        (SctHash::Sha384, SctSignature::Rsa) => SigningScheme::RsaPkcs1Sha384,
        (SctHash::Sha512, SctSignature::Rsa) => SigningScheme::RsaPkcs1Sha512,
        _ => return Err(error(&"unknown signature algorithm")),
    };
    let keys = trust.ct_keys(scheme)?.ok_or_else(|| error(&"unknown signature algorithm"))?;
    let log = Sha256Hash::new(sct.log_id.key_id);
    if keys.key(&log).is_none() {
        return Err(EvidenceError::UnknownLog(log.to_hex()));
    }
    let time = i64::try_from(sct.timestamp).map_err(|e| error(&e))?;
    let time = Timestamp::from_millisecond(time).map_err(|e| error(&e))?;
    let signed = signed_precertificate(leaf, &sct, issuer_spki).map_err(|e| error(&e))?;
    keys.verify_with_key_id_at(&log, time, signed, &SignatureBytes::from_bytes(sct.signature.signature.as_slice()))
        .map_err(|e| error(&e))
}

/// The bytes that a log signs for a precertificate (RFC 6962 §3.2, `digitally-signed struct`).
fn signed_precertificate(
    mut leaf: Certificate,
    sct: &SignedCertificateTimestamp,
    issuer_spki: &[u8],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    if let Some(extensions) = &mut leaf.tbs_certificate.extensions {
        extensions.retain(|extension| extension.extn_id != CT_PRECERT_SCTS);
    }
    let certificate = leaf.tbs_certificate.to_der()?;
    let extensions = sct.extensions.as_slice();
    let mut signed = vec![0 /* v1 */, 0 /* certificate_timestamp */];
    signed.extend(sct.timestamp.to_be_bytes());
    signed.extend(1_u16.to_be_bytes() /* precert_entry */);
    signed.extend(Sha256::digest(issuer_spki));
    let [zero, length @ ..] = u32::try_from(certificate.len())?.to_be_bytes();
    if zero != 0 {
        return Err("the certificate is longer than 2^24 bytes".into());
    }
    signed.extend(length);
    signed.extend(certificate);
    signed.extend(u16::try_from(extensions.len())?.to_be_bytes());
    signed.extend(extensions);
    Ok(signed)
}

/// Bodies of the entries that cosign makes (rekor `pkg/types`), as far as they are compared.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Body {
    HashedRekord { spec: HashedRekord },
    Dsse { spec: Dsse },
    Intoto { spec: Intoto },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HashedRekord {
    V2 {
        #[serde(rename = "hashedRekordV002")]
        entry: HashedRekordV2,
    },
    V1 {
        data: HashedData,
        signature: HashedSignature,
    },
}

#[derive(Deserialize)]
struct HashedData {
    hash: HexHash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedSignature {
    content: SignatureBytes,
    public_key: PemHolder,
}

/// base64 of a PEM certificate or public key.
#[derive(Deserialize)]
struct PemHolder {
    content: DigestBytes,
}

#[derive(Deserialize)]
struct HexHash {
    algorithm: HashAlgorithm,
    value: String,
}

#[derive(Deserialize)]
struct HashedRekordV2 {
    data: HashedDataV2,
    signature: HashedSignatureV2,
}

#[derive(Deserialize)]
struct HashedDataV2 {
    algorithm: HashAlgorithm,
    digest: DigestBytes,
}

#[derive(Deserialize)]
struct HashedSignatureV2 {
    content: SignatureBytes,
    verifier: VerifierV2,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifierV2 {
    x509_certificate: Option<RawBytes>,
    public_key: Option<RawBytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: DigestBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    payload_hash: HexHash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
struct DsseSignature {
    signature: SignatureBytes,
    /// base64 of a PEM certificate or public key.
    verifier: DigestBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto {
    content: IntotoContent,
    /// base64 of a PEM certificate or public key.
    public_key: Option<DigestBytes>,
}

#[derive(Deserialize)]
struct IntotoContent {
    hash: Option<HexHash>,
}

/// The entry's body is about this signature, this payload and this signer.
pub(super) fn check_entry(entry: &LogEntry, material: &Material, signer: &Signer<'_>) -> Result<(), EvidenceError> {
    let body: Body =
        serde_json::from_slice(&entry.body).map_err(|e| EvidenceError::Log(format!("its body cannot be read: {e}")))?;
    let mismatch = |what: &str| EvidenceError::Log(format!("the entry is about another {what}"));
    let same_signature = |theirs: &SignatureBytes| theirs.as_bytes() == material.content.signature();
    match (&body, entry.kind.0.as_str(), entry.kind.1.as_str()) {
        (Body::HashedRekord { spec: HashedRekord::V1 { data, signature } }, "hashedrekord", "0.0.1") => {
            check_hash(&data.hash, &hashed_by_log(material)?, "payload")?;
            if !same_signature(&signature.content) {
                return Err(mismatch("signature"));
            }
            check_pem(&signature.public_key.content, material, signer)
        }
        (Body::HashedRekord { spec: HashedRekord::V2 { entry } }, "hashedrekord", "0.0.2") => {
            let digest = digest(entry.data.algorithm, &hashed_by_log(material)?)?;
            if digest != entry.data.digest.as_bytes() {
                return Err(mismatch("payload"));
            }
            if !same_signature(&entry.signature.content) {
                return Err(mismatch("signature"));
            }
            let verifier = &entry.signature.verifier;
            match (&verifier.x509_certificate, &verifier.public_key) {
                (Some(certificate), None) => check_certificate(certificate.raw_bytes.as_bytes(), material),
                (None, Some(key)) => check_key(key.raw_bytes.as_bytes(), signer),
                _ => Err(mismatch("signer")),
            }
        }
        (Body::Dsse { spec }, "dsse", "0.0.1") => {
            check_hash(&spec.payload_hash, payload(material)?, "payload")?;
            let [logged] = spec.signatures.as_slice() else {
                return Err(EvidenceError::Log("the entry must hold exactly one signature".to_owned()));
            };
            if !same_signature(&logged.signature) {
                return Err(mismatch("signature"));
            }
            check_pem(&logged.verifier, material, signer)
        }
        (Body::Intoto { spec }, "intoto", "0.0.1") => {
            // This kind holds no signature: the hash of the envelope stands for it, so the envelope's own bytes are
            // needed, and only cosign's `.att` layers have them. The payload is in them: a hash of it that the entry may
            // hold besides adds nothing.
            let Content::Envelope { raw: Some(raw), .. } = &material.content else {
                return Err(EvidenceError::Unsupported(
                    "an intoto 0.0.1 entry without the envelope's bytes".to_owned(),
                ));
            };
            let hash = spec.content.hash.as_ref().ok_or_else(|| mismatch("envelope"))?;
            check_hash(hash, raw, "envelope")?;
            check_pem(spec.public_key.as_ref().ok_or_else(|| mismatch("signer"))?, material, signer)
        }
        (_, kind, version) => Err(EvidenceError::Unsupported(format!("log entries of kind {kind} {version}"))),
    }
}

/// What a hashedrekord is about: the payload of a plain signature, the encoding that a DSSE signature covers.
fn hashed_by_log(material: &Material) -> Result<Vec<u8>, EvidenceError> {
    material
        .content
        .signed_bytes()
        .ok_or_else(|| EvidenceError::Unsupported("an artifact known by its digest alone".to_owned()))
}

fn payload(material: &Material) -> Result<&[u8], EvidenceError> {
    match &material.content {
        Content::Envelope { payload, .. } => Ok(payload),
        Content::Message { .. } | Content::Artifact { .. } => {
            Err(EvidenceError::Log("the entry is about a DSSE envelope, and this is none".to_owned()))
        }
    }
}

fn digest(algorithm: HashAlgorithm, data: &[u8]) -> Result<Vec<u8>, EvidenceError> {
    let hash = match algorithm {
        HashAlgorithm::Sha2256 => KeyHash::Sha256,
        HashAlgorithm::Sha2384 => KeyHash::Sha384,
        HashAlgorithm::Sha2512 => KeyHash::Sha512,
        other => return Err(EvidenceError::Unsupported(format!("{other} digests"))),
    };
    Ok(hash.digest(data))
}

fn check_hash(logged: &HexHash, data: &[u8], what: &str) -> Result<(), EvidenceError> {
    let digest = DigestBytes::new(digest(logged.algorithm, data)?);
    if digest.to_hex().eq_ignore_ascii_case(&logged.value) {
        Ok(())
    } else {
        Err(EvidenceError::Log(format!("the entry is about another {what}")))
    }
}

/// The logged signer, a PEM certificate or key, is ours. Where a certificate came along it is what cosign logs, also when
/// the rule knows the signer by the key in it.
fn check_pem(text: &DigestBytes, material: &Material, signer: &Signer<'_>) -> Result<(), EvidenceError> {
    let malformed = |e: &dyn std::fmt::Display| EvidenceError::Log(format!("its signer cannot be read: {e}"));
    let text = std::str::from_utf8(text.as_bytes()).map_err(|e| malformed(&e))?.trim();
    match &material.signer {
        SignerMaterial::Certificates(_) => {
            let certificate = pem::certificate(text).map_err(|e| malformed(&e))?;
            check_certificate(&certificate, material)
        }
        SignerMaterial::Key { .. } => {
            let key = DerPublicKey::from_pem(text).map_err(|e| malformed(&e))?;
            check_key(key.as_bytes(), signer)
        }
    }
}

/// The certificate that came along is the one that was logged. That it is the signer's was checked before.
fn check_certificate(logged: &[u8], material: &Material) -> Result<(), EvidenceError> {
    if material.signer.leaf() == Some(logged) {
        Ok(())
    } else {
        Err(EvidenceError::Log("the entry is about another signer".to_owned()))
    }
}

fn check_key(logged: &[u8], signer: &Signer<'_>) -> Result<(), EvidenceError> {
    match signer {
        Signer::Key(key) if key.spki().as_bytes() == logged => Ok(()),
        _ => Err(EvidenceError::Log("the entry is about another signer".to_owned())),
    }
}

/// The signature itself.
fn verify_signature(material: &Material, claims: Option<&Claims>, signer: &Signer<'_>) -> Result<(), EvidenceError> {
    let signed = hashed_by_log(material)?;
    let signature = material.content.signature();
    match (signer, claims) {
        (Signer::Key(key), _) if key.verifies(&signed, signature) => Ok(()),
        (Signer::Key(key), _) => Err(EvidenceError::WrongKey(format!("key {}", key.fingerprint()))),
        (Signer::Certificate { .. }, Some(claims)) => {
            // cosign 2 signs with SHA-256 whatever the key, cosign 3 with the hash of the key's size.
            let hashes: &[KeyHash] = match claims.key_algorithm {
                KeyAlgorithm::EcdsaP384 => &[KeyHash::Sha384, KeyHash::Sha256],
                _ => &[KeyHash::Sha256],
            };
            let valid = hashes.iter().any(|hash| {
                PublicKey::from_spki(claims.public_key.clone(), *hash).is_ok_and(|key| key.verifies(&signed, signature))
            });
            if valid {
                Ok(())
            } else {
                Err(EvidenceError::SignatureInvalid("it does not verify with the certificate's key".to_owned()))
            }
        }
        (Signer::Certificate { .. }, None) => {
            Err(EvidenceError::WrongSignerKind("signed with a key, and the rule asks for a certificate"))
        }
    }
}
