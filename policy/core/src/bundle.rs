//! One bundle, one artifact, one signer: the question that `sigwarden verify-bundle` puts (sigstore-conformance's
//! protocol). No image, no settings, no host.

use crate::decision::{CandidateReport, Code, Finding, Outcome};
use crate::evidence::{Claim, Content, Evidence, Material};
use crate::json::Json;
use crate::reference::Digest;
use crate::settings::WholeRegex;
use crate::verify::{
    Claims, EvidenceError, LogRule, PublicKey, Question, SIGSTORE, SctRule, Signer, TrustError, TrustRoot,
    verify as verify_evidence,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    /// The bundle itself, or its text in a string: what is no JSON comes in no other way.
    #[serde(borrow)]
    bundle: &'a RawValue,
    artifact: Artifact,
    trusted_root: Option<Json>,
    certificate_identity: Option<String>,
    certificate_identity_regexp: Option<String>,
    certificate_oidc_issuer: Option<String>,
    certificate_oidc_issuer_regexp: Option<String>,
    key: Option<String>,
    #[serde(default)]
    insecure_ignore_tlog: bool,
    #[serde(default)]
    insecure_ignore_sct: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Artifact {
    /// base64.
    Bytes(String),
    Digest(Digest),
}

/// Answers one question (JSON, see the fields of the request above). `now` is in Unix seconds.
#[must_use]
pub fn verify(payload: &[u8], now: i64) -> CandidateReport {
    let mut report = CandidateReport {
        source: "bundle".to_owned(),
        predicate_type: None,
        signer: None,
        outcome: Outcome::Passed,
        finding: None,
    };
    crate::verify::forget();
    if let Err(finding) = check(payload, now, &mut report) {
        report.outcome = Outcome::Failed;
        report.finding = Some(finding);
    }
    report
}

fn check(payload: &[u8], now: i64, report: &mut CandidateReport) -> Result<(), Finding> {
    let request: Request<'_> = serde_json::from_slice(payload)
        .map_err(|e| Finding::new(Code::RequestMalformed, format!("the request cannot be read: {e}")))?;
    let evidence = read(&text(request.bundle)?, &request.artifact)?;
    if let Claim::Attestation { predicate_type, .. } = &evidence.claim {
        report.predicate_type = Some(predicate_type.clone());
    }
    let trust = trust_root(request.trusted_root.as_ref().map(|Json(root)| root))?;
    let log = if request.insecure_ignore_tlog { LogRule::InsecureIgnore } else { LogRule::Require };
    match (&request.key, Identity::read(&request)?) {
        (Some(pem), None) => {
            let key = PublicKey::from_pem_with_own_hash(pem)
                .map_err(|e| Finding::new(Code::SettingsInvalid, e.to_string()))?;
            report.signer = Some(format!("key {}", key.fingerprint()));
            let signer = Signer::Key(&key);
            let question = Question { trust: &trust, signer: &signer, log, now };
            verify_evidence(&evidence, question).map_err(|e| e.finding())?;
            Ok(())
        }
        (None, Some(identity)) => {
            let sct = if request.insecure_ignore_sct { SctRule::InsecureIgnore } else { SctRule::Require };
            let signer = Signer::Certificate { sct };
            let question = Question { trust: &trust, signer: &signer, log, now };
            let verified = verify_evidence(&evidence, question).map_err(|e| e.finding())?;
            let claims = verified
                .claims()
                .ok_or_else(|| Finding::new(Code::EvidenceUnsupported, "the bundle carries no certificate"))?;
            report.signer = Some(claims.signer());
            identity.check(claims).map_err(|e| e.finding())
        }
        _ => Err(Finding::new(
            Code::SettingsInvalid,
            "say who must have signed: either a key, or a certificate identity and its OIDC issuer",
        )),
    }
}

/// The text of the bundle.
fn text(bundle: &RawValue) -> Result<Cow<'_, str>, Finding> {
    if !bundle.get().starts_with('"') {
        return Ok(Cow::Borrowed(bundle.get()));
    }
    serde_json::from_str(bundle.get())
        .map(Cow::Owned)
        .map_err(|e| Finding::new(Code::RequestMalformed, format!("the bundle's text cannot be read: {e}")))
}

/// Reads the bundle, and makes sure that it is about the artifact.
fn read(bundle: &str, artifact: &Artifact) -> Result<Evidence, Finding> {
    let malformed = |e: &dyn std::fmt::Display| Finding::new(Code::EvidenceMalformed, e.to_string());
    let mut material = Material::from_bundle_json(bundle.as_bytes()).map_err(|e| malformed(&e))?;
    let claim = Claim::read(&material.content).map_err(|e| malformed(&e))?;
    let digest = match artifact {
        Artifact::Digest(digest) => digest.to_string(),
        Artifact::Bytes(base64) => {
            let bytes = STANDARD.decode(base64).map_err(|e| malformed(&e))?;
            let digest = Digest::of(&bytes);
            // With the bytes at hand, keys that sign bytes and not digests (Ed25519) can be asked too.
            if let Content::Artifact { signature, .. } = material.content {
                material.content = Content::Message { payload: bytes, signature };
            }
            digest.to_string()
        }
    };
    if claim.about(&digest).is_none() {
        let found: Vec<_> = claim.subjects().iter().flat_map(|subject| &subject.digests).cloned().collect();
        return Err(
            Finding::new(Code::WrongSubject, "the bundle is about another artifact").contrast(digest, found.join(", "))
        );
    }
    Ok(Evidence::new(0, "bundle".to_owned(), material, claim))
}

fn trust_root(given: Option<&Value>) -> Result<Arc<TrustRoot>, Finding> {
    match given {
        Some(root) => TrustRoot::from_json(&root.to_string()).map(Arc::new),
        None => TrustRoot::built_in(SIGSTORE).unwrap_or(Err(TrustError::Empty)),
    }
    .map_err(|e| Finding::new(Code::SettingsInvalid, e.to_string()))
}

/// cosign's identity flags: exact strings, or regular expressions over the whole string.
struct Identity {
    name: Matcher,
    issuer: Matcher,
}

enum Matcher {
    Exact(String),
    Regexp(WholeRegex),
}

impl Matcher {
    fn read(exact: Option<&String>, regexp: Option<&String>) -> Result<Option<Self>, Finding> {
        match (exact, regexp) {
            (Some(exact), _) => Ok(Some(Self::Exact(exact.clone()))),
            (None, Some(regexp)) => WholeRegex::parse(regexp)
                .map(|regexp| Some(Self::Regexp(regexp)))
                .map_err(|e| Finding::new(Code::SettingsInvalid, e.to_string())),
            (None, None) => Ok(None),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Regexp(regexp) => regexp.matches(text),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Exact(exact) => exact,
            Self::Regexp(regexp) => regexp.as_str(),
        }
    }
}

impl Identity {
    fn read(request: &Request<'_>) -> Result<Option<Self>, Finding> {
        let name = Matcher::read(request.certificate_identity.as_ref(), request.certificate_identity_regexp.as_ref())?;
        let issuer =
            Matcher::read(request.certificate_oidc_issuer.as_ref(), request.certificate_oidc_issuer_regexp.as_ref())?;
        Ok(name.zip(issuer).map(|(name, issuer)| Self { name, issuer }))
    }

    fn check(&self, claims: &Claims) -> Result<(), EvidenceError> {
        let name = claims.names.iter().any(|name| self.name.matches(name));
        let issuer = claims.issuer.as_deref().is_some_and(|issuer| self.issuer.matches(issuer));
        if name && issuer {
            return Ok(());
        }
        let wanted = format!("{} ({})", self.name.as_str(), self.issuer.as_str());
        Err(EvidenceError::WrongIdentity { wanted, found: claims.signer(), hint: None })
    }
}
