//! Does this signature hold, under this trust root?
//!
//! [`verify`] is the only way to a [`Verified`], so whoever holds one knows that the signature, its certificate or key,
//! its log entries and its timestamps were checked together. Who may sign is not decided here: the caller matches the
//! [`Claims`] (cheaply before, and with meaning after).
//!
//! sigstore-verify does the work wherever it can express the question. What it cannot express (an entry kind, a hash, a
//! key that signed without a log) goes to `legacy`, and the choice between them is made before looking at the result:
//! evidence that one of them refuses is never tried on the other.

mod certificate;
mod chain;
mod err;
mod extensions;
mod inline_trust;
mod keys;
#[cfg(test)]
mod known_keys;
mod legacy;
mod near_miss;
mod provider;
mod remembered;
#[cfg(test)]
mod tests;
mod trust;

pub use certificate::{CertifiedBuild, Claims, GITHUB_ACTIONS_ISSUER};
pub use chain::certificate_follows;
pub use err::EvidenceError;
pub use extensions::FulcioExtension;
pub use inline_trust::InlineTrust;
pub use keys::{KeyError, KeyHash, PublicKey};
pub use provider::own_provider;
pub use remembered::Remembering;
pub use remembered::forget;
pub use trust::{GITHUB, SIGSTORE, TrustError, TrustRoot, prepare};

use crate::evidence::{Content, Evidence, LogEntry, Material, SignerMaterial};
use crate::reference::Digest;
use sigstore_verify::crypto::KeyAlgorithm;
use sigstore_verify::types::{Artifact, Bundle, Sha256Hash};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, TimestampError, TransparencyLogError, VerificationPolicy,
};
use std::rc::Rc;

/// Whether the transparency log must vouch for a signature (Kyverno `rekor.ignoreTlog`, cosign
/// `--insecure-ignore-tlog`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogRule {
    /// At least one entry, and every entry that is there must verify.
    Require,
    /// None is needed. A certificate still needs a time at which it was valid, so that its timestamps must verify; a key
    /// needs none, and nothing beside its signature is looked at.
    InsecureIgnore,
}

/// Whether the certificate must be in a certificate transparency log (Kyverno `ctlog.ignoreSCT`, cosign
/// `--insecure-ignore-sct`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SctRule {
    /// Its signed certificate timestamp must verify.
    Require,
    /// It is not looked at.
    InsecureIgnore,
}

/// By what a signature must be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer<'a> {
    /// By the holder of a certificate that leads to the trust root, whoever that is.
    Certificate {
        /// Whether the certificate must be logged.
        sct: SctRule,
    },
    /// By this key. A certificate that cosign stored beside the signature (`cosign sign --key … --certificate …`) must be
    /// the key's, and is not looked at otherwise.
    Key(&'a PublicKey),
}

/// What [`verify`] checks.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whom to believe about certificates, logs and time.
    pub trust: &'a TrustRoot,
    /// By what the signature must be made.
    pub signer: &'a Signer<'a>,
    /// Whether a log must vouch for it.
    pub log: LogRule,
    /// Unix seconds: nothing may claim to have happened later.
    pub now: i64,
}

/// Proof that [`verify`] said yes.
#[derive(Clone, Debug)]
pub struct Verified {
    claims: Option<Rc<Claims>>,
}

impl Verified {
    /// What the verified certificate says; `None` where a key signed.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.as_deref()
    }
}

/// The claims of the certificate that came along with `evidence`, if one did. Nothing is verified.
///
/// # Errors
/// When the certificate cannot be read.
pub fn claims_of(evidence: &Evidence) -> Result<Option<Rc<Claims>>, EvidenceError> {
    evidence.material.signer.leaf().map(|leaf| Claims::read(leaf).map(Rc::new)).transpose()
}

/// Verifies the signature of `evidence` over what it claims.
///
/// # Errors
/// With the first check that fails.
pub fn verify(evidence: &Evidence, question: Question<'_>) -> Result<Verified, EvidenceError> {
    verify_with_claims(evidence, claims_of(evidence)?, question)
}

/// As [`verify`], for whoever has read the certificate already: `claims` are what [`claims_of`] says of `evidence`.
pub fn verify_with_claims(
    evidence: &Evidence,
    claims: Option<Rc<Claims>>,
    question: Question<'_>,
) -> Result<Verified, EvidenceError> {
    provider::install();
    check_signer_kind(evidence, claims.as_deref(), question.signer)?;
    if question.log == LogRule::Require {
        check_entries_are_complete(&evidence.material, question.trust)?;
    }
    let signed_by = claims.filter(|_| matches!(question.signer, Signer::Certificate { .. }));
    let bundle = evidence.bundle().map_err(|error| EvidenceError::Malformed(error.to_string()))?;
    match bundle.filter(|_| expressible(evidence, question, signed_by.as_deref())) {
        Some(bundle) => with_sigstore(evidence, bundle, question)?,
        None => legacy::verify(&evidence.material, signed_by.as_deref(), question)?,
    }
    Ok(Verified { claims: signed_by })
}

/// The earliest time at which a log or timestamp authority saw the signature, in Unix seconds. `None` where nobody did, and
/// for a key whose log is ignored: then nothing beside its signature is looked at.
///
/// # Errors
/// When one of the times does not verify.
pub fn signed_at(material: &Material, question: Question<'_>) -> Result<Option<i64>, EvidenceError> {
    provider::install();
    legacy::earliest_time(material, question)
}

/// Whether `evidence` brings the kind of signer that is asked for. Cheap: no signature is looked at.
///
/// # Errors
/// When it brings the other kind.
pub fn check_signer_kind(
    evidence: &Evidence,
    claims: Option<&Claims>,
    signer: &Signer<'_>,
) -> Result<(), EvidenceError> {
    match (signer, claims) {
        (Signer::Certificate { .. }, Some(_)) | (Signer::Key(_), None) => Ok(()),
        (Signer::Certificate { .. }, None) => {
            Err(EvidenceError::WrongSignerKind("signed with a key, and the rule asks for a certificate"))
        }
        // A bundle with a certificate is a certificate's (sigstore-go refuses to ask a key about it).
        (Signer::Key(key), Some(claims))
            if is_of_cosign_tags(&evidence.material) && claims.public_key == *key.spki() =>
        {
            Ok(())
        }
        (Signer::Key(_), Some(_)) => {
            Err(EvidenceError::WrongSignerKind("signed with a certificate, and the rule asks for a key"))
        }
    }
}

/// Whether this came from `.sig` or `.att`: only there the signed bytes themselves lie beside the signature.
const fn is_of_cosign_tags(material: &Material) -> bool {
    matches!(material.content, Content::Message { .. } | Content::Envelope { raw: Some(_), .. })
}

/// What is wrong with evidence that no cryptography is needed to see, where a log must vouch for it: it carries no entry,
/// or, if `thorough`, one that is about something else. The same errors as [`verify`]'s, for next to nothing.
pub fn plain_fault(material: &Material, signer: &Signer<'_>, thorough: bool) -> Option<EvidenceError> {
    if material.entries.is_empty() {
        return Some(EvidenceError::NoLogEntry);
    }
    // The kinds whose bodies are read here; others are sigstore-verify's to judge.
    let readable = |entry: &&LogEntry| {
        matches!(
            (entry.kind.0.as_str(), entry.kind.1.as_str()),
            ("hashedrekord", "0.0.1" | "0.0.2") | ("dsse" | "intoto", "0.0.1")
        )
    };
    material.entries.iter().filter(|_| thorough).filter(readable).find_map(|entry| {
        let error = legacy::check_entry(entry, material, signer).err()?;
        matches!(error, EvidenceError::Log(_)).then_some(error)
    })
}

/// Whether a log's entry is about this signature, this payload and this signer: nothing that the log says is believed yet.
#[must_use]
pub fn is_about(entry: &LogEntry, material: &Material, signer: &Signer<'_>) -> bool {
    legacy::check_entry(entry, material, signer).is_ok()
}

/// Every entry names a log of the trust root, where it names one by its promise, and brings what its log must have given: the inclusion proof, or where that suffices the promise. Whether they
/// verify is another question; this one has the same answer on both ways.
fn check_entries_are_complete(material: &Material, trust: &TrustRoot) -> Result<(), EvidenceError> {
    if material.entries.is_empty() {
        return Err(EvidenceError::NoLogEntry);
    }
    let known = |entry: &LogEntry| trust.knows_log(&entry.log_id);
    if let Some(stranger) = material.entries.iter().find(|entry| entry.set.is_some() && !known(entry)) {
        return Err(EvidenceError::UnknownLog(stranger.log_id.iter().map(|byte| format!("{byte:02x}")).collect()));
    }
    let vouched_for = |entry: &LogEntry| entry.proof.is_some() || (material.promise_suffices() && entry.set.is_some());
    if material.entries.iter().all(vouched_for) {
        return Ok(());
    }
    Err(EvidenceError::Log("an entry has neither an inclusion proof nor a promise that would do".to_owned()))
}

/// Whether sigstore-verify, asked about this, would check what the question asks for.
fn expressible(evidence: &Evidence, question: Question<'_>, claims: Option<&Claims>) -> bool {
    let material = &evidence.material;
    match (question.signer, claims) {
        // It knows P-384 only with SHA-384, which is not what cosign 2 signs with.
        (Signer::Certificate { .. }, Some(claims)) => {
            let algorithm = claims.key_algorithm;
            matches!(algorithm, KeyAlgorithm::EcdsaP256 | KeyAlgorithm::Ed25519) && knows_entries(algorithm, material)
        }
        (Signer::Key(key), None) => {
            // Without a log it wants a timestamp, by an authority of the trust root; a key's signature needs none.
            question.log == LogRule::Require
                && matches!(material.signer, SignerMaterial::Key { .. })
                && key.is_sigstore_default()
                && knows_entries(key.algorithm(), material)
        }
        _ => false,
    }
}

/// sigstore-verify reads Rekor v2 entries of P-256 keys only.
fn knows_entries(algorithm: KeyAlgorithm, material: &Material) -> bool {
    let is_rekor_v2 = |entry: &LogEntry| entry.kind.0 == "hashedrekord" && entry.kind.1 == "0.0.2";
    algorithm == KeyAlgorithm::EcdsaP256 || !material.entries.iter().any(is_rekor_v2)
}

fn with_sigstore(evidence: &Evidence, bundle: &Bundle, question: Question<'_>) -> Result<(), EvidenceError> {
    let artifact = artifact(evidence)?;
    let verifier = question.trust.verifier()?;
    match question.signer {
        Signer::Certificate { sct } => {
            let mut policy = VerificationPolicy::any_identity();
            if *sct == SctRule::InsecureIgnore {
                policy = policy.skip_sct();
            }
            if question.log == LogRule::InsecureIgnore {
                policy = policy.skip_tlog_unsafe();
            }
            let result = verifier.verify(artifact, bundle, &policy).map_err(translate)?;
            // INVARIANT: what the policy above asked for. A library that checks less must not go unnoticed.
            let complete = result.certificate_verified()
                && (result.sct_verified() || *sct == SctRule::InsecureIgnore)
                && (result.tlog_verified() || question.log == LogRule::InsecureIgnore);
            if !complete {
                return Err(EvidenceError::Unsupported("verification left a check out".to_owned()));
            }
        }
        Signer::Key(key) => {
            // Always with the log: a key whose log is ignored is not expressible.
            let policy = PublicKeyVerificationPolicy::new(key.spki().clone());
            let result = verifier.verify(artifact, bundle, &policy).map_err(|error| match translate(error) {
                EvidenceError::SignatureInvalid(_) => EvidenceError::WrongKey(format!("key {}", key.fingerprint())),
                other => other,
            })?;
            if !result.tlog_verified() {
                return Err(EvidenceError::Unsupported("verification left a check out".to_owned()));
            }
        }
    }
    Ok(())
}

/// What the signature is about: the payload, or the first SHA-256 subject of a statement. That the subject is the image
/// in question was checked by whoever chose this evidence; here it only has to be consistent.
fn artifact(evidence: &Evidence) -> Result<Artifact<'_>, EvidenceError> {
    match &evidence.material.content {
        Content::Message { payload, .. } => Ok(Artifact::from_blob(payload)),
        Content::Artifact { .. } | Content::Envelope { .. } => evidence
            .claim
            .subjects()
            .iter()
            .flat_map(|subject| &subject.digests)
            .filter_map(|digest| digest.parse::<Digest>().ok())
            .find(|digest| digest.algorithm() == "sha256")
            .and_then(|digest| Sha256Hash::from_hex(digest.hex()).ok())
            .map(Artifact::from_digest)
            .ok_or_else(|| EvidenceError::Malformed("no SHA-256 subject".to_owned())),
    }
}

/// sigstore-verify's categories in ours.
fn translate(error: Error) -> EvidenceError {
    match error {
        Error::SignatureInvalid(reason) => EvidenceError::SignatureInvalid(reason),
        Error::ArtifactMismatch(reason) => EvidenceError::SignatureInvalid(reason),
        Error::Certificate(CertificateError::Malformed(reason)) => EvidenceError::Malformed(reason),
        Error::Certificate(error) => EvidenceError::Certificate(error.to_string()),
        Error::TransparencyLog(TransparencyLogError::UnknownLog { log_id }) => EvidenceError::UnknownLog(log_id),
        Error::TransparencyLog(error) => EvidenceError::Log(error.to_string()),
        Error::Timestamp(TimestampError::NoVerifiedTimestamp(reason)) => EvidenceError::Timestamp(reason),
        Error::Timestamp(error) => EvidenceError::Timestamp(error.to_string()),
        Error::Bundle(error) => EvidenceError::Malformed(error.to_string()),
        Error::InvalidBundle(reason) => EvidenceError::Malformed(reason),
        Error::UnsupportedBundle(reason) | Error::UnsupportedArtifact(reason) => EvidenceError::Unsupported(reason),
        other => EvidenceError::Malformed(other.to_string()),
    }
}
