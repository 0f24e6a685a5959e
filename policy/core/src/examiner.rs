//! The one desk over which all evidence of a request passes.
//!
//! It remembers: the same signature asked about in the same way is verified once, a trust root is parsed once. And it
//! counts: verifying is the expensive part, so a registry full of plausible junk must not buy unlimited work.

mod cluster_trust;

use crate::conditions::{ImageFacts, RequestFacts, Scope};
use crate::decision::{Code, Finding, Looked, LookedResult, Outcome};
use crate::evidence::{Carrier, Clues, Content, Evidence, Gap, Load, Material, Opening, Plan, Purpose, Sealed, Store};
use crate::host::{HostError, failure_text};
use crate::reference::{Digest, ImageRef, Repository};
use crate::settings::{Attestor, AttestorKind, KeyAttestor, TrustChoice, TrustRootSource};
use crate::verify::{
    self, Claims, EvidenceError, LogRule, PublicKey, Question, SctRule, Signer, TrustRoot, Verified, check_signer_kind,
    claims_of, is_about, plain_fault, verify_with_claims,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Signatures, log entries and timestamps verified for one request, after the cheap filters (subject, kind of signer,
/// identity). A pod with twenty images and several rules needs about a hundred; each costs milliseconds, and a host allows
/// two seconds.
const MAX_CHECKS: usize = 512;

/// So many checks are what honest requests need. Beyond them evidence is looked at twice, the first time for what can be
/// seen without cryptography, so that damaged copies of something genuine do not use the budget up.
const MANY_CHECKS: usize = 64;

/// An image as rules see it: a name, and the digest that everything is about.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The image as written.
    pub image: &'a ImageRef,
    /// What it was resolved to.
    pub digest: &'a Digest,
}

/// Which evidence, completed from which log, for whose key (none: a certificate).
type CompletedKey = (usize, String, Option<String>);
/// One piece of evidence, with different entries of a log.
type Completed = Rc<[Rc<Evidence>]>;
/// What a certificate says, where there is one.
type ReadClaims = Result<Option<Rc<Claims>>, EvidenceError>;
/// Namespace and name.
type SecretName = (String, String);
type MemoKey = (usize, Option<String>, LogRule, SctRule, String);

/// What all checks of one request share.
pub struct Examiner<'a> {
    store: Store<'a>,
    sources: &'a BTreeMap<String, TrustRootSource>,
    now: i64,
    request: Option<&'a RequestFacts<'a>>,
    roots: RefCell<BTreeMap<String, Result<Arc<TrustRoot>, EvidenceError>>>,
    keys: RefCell<BTreeMap<SecretName, Result<PublicKey, EvidenceError>>>,
    claims: RefCell<BTreeMap<usize, ReadClaims>>,
    memo: RefCell<BTreeMap<MemoKey, Result<Rc<Verified>, EvidenceError>>>,
    completed: RefCell<BTreeMap<CompletedKey, Completed>>,
    checks: Cell<usize>,
}

impl<'a> Examiner<'a> {
    /// A desk with nothing on it, for a request of its own. `now` is in Unix seconds.
    #[must_use]
    pub fn new(store: Store<'a>, sources: &'a BTreeMap<String, TrustRootSource>, now: i64) -> Self {
        verify::forget();
        Self {
            store,
            sources,
            now,
            request: None,
            roots: RefCell::default(),
            keys: RefCell::default(),
            claims: RefCell::default(),
            memo: RefCell::default(),
            completed: RefCell::default(),
            checks: Cell::new(0),
        }
    }

    /// The same desk, where conditions may ask about the request.
    #[must_use]
    pub const fn about(mut self, request: &'a RequestFacts<'a>) -> Self {
        self.request = Some(request);
        self
    }

    /// Unix seconds.
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// What conditions see of an image and of the request. Predicates are bound to it as they are verified.
    #[must_use]
    pub fn scope<'s>(&'s self, target: Target<'s>) -> Scope<'s> {
        let image = ImageFacts { image: target.image, digest: target.digest };
        Scope::new(self.now).with_request(self.request).with_image(image)
    }

    /// Where evidence is looked for.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        self.store.plan()
    }

    /// Whether the request has taken so long that nothing new may be started.
    #[must_use]
    pub fn is_time_up(&self) -> bool {
        self.store.is_time_up()
    }

    /// What `carrier` holds about `target`. `own` is the repository that a rule names for its evidence.
    pub fn load(&self, target: Target<'_>, own: Option<&Repository>, carrier: Carrier) -> Rc<Load> {
        let elsewhere = match carrier {
            Carrier::Published => self.plan().repository.as_ref(),
            _ => None,
        };
        let repository = own.or(elsewhere).unwrap_or_else(|| target.image.repository());
        self.store.load(repository, target.digest, carrier)
    }

    /// Gets the signed bytes of a signature that came without them.
    pub fn open(&self, sealed: &Sealed, clues: Clues<'_>) -> Opening {
        sealed.open(&self.store, clues)
    }

    /// What the certificate that came along with `evidence` says, before anything is verified. Read once.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn claims(&self, evidence: &Evidence) -> Result<Option<Rc<Claims>>, EvidenceError> {
        if let Some(known) = self.claims.borrow().get(&evidence.id) {
            return known.clone();
        }
        let claims = claims_of(evidence);
        self.claims.borrow_mut().insert(evidence.id, claims.clone());
        claims
    }

    /// The attestor with its key, where the cluster keeps that; any other attestor as it is.
    ///
    /// # Errors
    /// When the key cannot be had.
    pub fn with_key<'e>(&self, entry: &'e Attestor) -> Result<Cow<'e, Attestor>, EvidenceError> {
        let AttestorKind::SecretKey(secret) = &entry.kind else { return Ok(Cow::Borrowed(entry)) };
        let name = (secret.namespace.clone(), secret.name.clone());
        let known = self.keys.borrow().get(&name).cloned();
        let key = match known {
            Some(known) => known,
            None if self.is_time_up() => Err(EvidenceError::OutOfTime),
            None => {
                let key = cluster_trust::key(self.store.host(), &secret.namespace, &secret.name);
                self.keys.borrow_mut().insert(name, key.clone());
                key
            }
        }?;
        let kind = AttestorKind::Key(KeyAttestor {
            key: key.with_hash(secret.hash),
            log: secret.log,
            trust_root: secret.trust_root.clone(),
        });
        Ok(Cow::Owned(Attestor { kind, ..entry.clone() }))
    }

    /// Verifies `evidence` under the trust that an attestor chose; where it carries no proof that it was logged, and the
    /// host can ask, with what the log says of it.
    ///
    /// # Errors
    /// As [`verify`](crate::verify::verify), when the trust root cannot be had, when the request's budget of checks is
    /// used up, and when the log has no entry for it or cannot be asked.
    pub fn verify(
        &self,
        evidence: &Evidence,
        signer: &Signer<'_>,
        log: LogRule,
        trust: &TrustChoice,
    ) -> Result<Rc<Verified>, EvidenceError> {
        let result = self.verify_as_it_is(evidence, signer, log, trust);
        // Bundles must bring their proof; only cosign's older forms may come without.
        if !(matches!(result, Err(EvidenceError::NoLogEntry)) && evidence.is_legacy()) {
            return result;
        }
        if !self.plan().extended {
            return Err(EvidenceError::LogNotAsked);
        }
        let mut refused = None;
        for completed in self.completed(evidence, signer, &trust.rekor_url)?.iter() {
            match self.verify_as_it_is(completed, signer, log, trust) {
                Ok(verified) => return Ok(verified),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| EvidenceError::NotInLog(trust.rekor_url.clone())))
    }

    /// `evidence` with each entry of the log that is about it.
    fn completed(&self, evidence: &Evidence, signer: &Signer<'_>, url: &str) -> Result<Completed, EvidenceError> {
        // Which entries are about it depends on whose it is to be.
        let asked_for = match signer {
            Signer::Key(key) => Some(key.identity()),
            Signer::Certificate { .. } => None,
        };
        let key = (evidence.id, url.to_owned(), asked_for);
        if let Some(known) = self.completed.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let artifact = match &evidence.material.content {
            Content::Message { payload, .. } | Content::Envelope { payload, .. } => Digest::of(payload),
            Content::Artifact { .. } => return Err(EvidenceError::NoLogEntry),
        };
        let entries = self.store.rekor_entries(url, &artifact).map_err(|gap| match gap {
            Gap::Host(error) => EvidenceError::LogUnreachable { url: url.to_owned(), reason: error.to_string() },
            Gap::Limit { what, limit } => EvidenceError::BudgetExhausted { what, limit },
            Gap::Deadline => EvidenceError::OutOfTime,
        })?;
        // At most `evidence::rekor::MAX_ENTRIES`.
        let about = entries.iter().filter(|entry| is_about(entry, &evidence.material, signer));
        let completed: Completed = about
            .map(|entry| {
                let material = Material { entries: vec![entry.clone()], ..evidence.material.clone() };
                let (source, claim) = (evidence.source.clone(), evidence.claim.clone());
                Rc::new(Evidence::new(self.store.next_id(), source, material, claim))
            })
            .collect();
        self.completed.borrow_mut().insert(key, Rc::clone(&completed));
        Ok(completed)
    }

    fn verify_as_it_is(
        &self,
        evidence: &Evidence,
        signer: &Signer<'_>,
        log: LogRule,
        trust: &TrustChoice,
    ) -> Result<Rc<Verified>, EvidenceError> {
        let claims = self.claims(evidence)?;
        check_signer_kind(evidence, claims.as_deref(), signer)?;
        let (key, sct) = match signer {
            Signer::Key(key) => (Some(key.identity()), SctRule::Require),
            Signer::Certificate { sct } => (None, *sct),
        };
        let memo_key = (evidence.id, key, log, sct, trust.identity());
        if let Some(known) = self.memo.borrow().get(&memo_key) {
            return known.clone();
        }
        let material = &evidence.material;
        let cost = material.entries.len().saturating_add(material.timestamps.len()).saturating_add(1);
        let is_suspicious = self.checks.get() > MANY_CHECKS;
        if log == LogRule::Require
            && let Some(fault) = plain_fault(material, signer, is_suspicious)
        {
            return Err(fault);
        }
        self.charge(cost)?;
        let result = self.root(trust).and_then(|trust| {
            let question = Question { trust: &trust, signer, log, now: self.now };
            verify_with_claims(evidence, claims, question).map(Rc::new)
        });
        self.memo.borrow_mut().insert(memo_key, result.clone());
        result
    }

    /// The trust root that an attestor chose, with what it brings along in place.
    fn root(&self, trust: &TrustChoice) -> Result<Arc<TrustRoot>, EvidenceError> {
        let Some(inline) = &trust.inline else { return self.named_root(&trust.root) };
        self.prepared(&trust.identity(), || {
            let base = self.named_root(&trust.root)?;
            base.with(inline).map(Arc::new).map_err(|e| unusable(&trust.root, &e))
        })
    }

    /// The earliest time at which a log or timestamp authority saw the signature of `evidence`, in Unix seconds. Asked
    /// about evidence that [`Self::verify`] accepted for the same signer, and charged like it.
    ///
    /// # Errors
    /// When one of its times does not verify, and when the request's budget of checks is used up.
    pub fn signed_at(
        &self,
        evidence: &Evidence,
        signer: &Signer<'_>,
        log: LogRule,
        trust: &TrustChoice,
    ) -> Result<Option<i64>, EvidenceError> {
        if !evidence.material.entries.is_empty() || log != LogRule::Require || !evidence.is_legacy() {
            return self.signed_as_it_is(&evidence.material, signer, log, trust);
        }
        // What came without a proof was accepted with what the log says of it.
        let mut earliest = None;
        for completed in self.completed(evidence, signer, &trust.rekor_url)?.iter() {
            if self.verify_as_it_is(completed, signer, log, trust).is_ok() {
                let time = self.signed_as_it_is(&completed.material, signer, log, trust)?;
                earliest = earliest.into_iter().chain(time).min();
            }
        }
        Ok(earliest)
    }

    fn signed_as_it_is(
        &self,
        material: &Material,
        signer: &Signer<'_>,
        log: LogRule,
        trust: &TrustChoice,
    ) -> Result<Option<i64>, EvidenceError> {
        self.charge(material.entries.len().saturating_add(material.timestamps.len()))?;
        let trust = self.root(trust)?;
        verify::signed_at(material, Question { trust: &trust, signer, log, now: self.now })
    }

    fn charge(&self, cost: usize) -> Result<(), EvidenceError> {
        if self.is_time_up() {
            return Err(EvidenceError::OutOfTime);
        }
        let checks = self.checks.get().saturating_add(cost);
        if checks > MAX_CHECKS {
            return Err(EvidenceError::BudgetExhausted { what: "signature checks", limit: MAX_CHECKS });
        }
        self.checks.set(checks);
        Ok(())
    }

    fn named_root(&self, name: &str) -> Result<Arc<TrustRoot>, EvidenceError> {
        self.prepared(name, || match self.sources.get(name) {
            Some(TrustRootSource::Inline(json)) => {
                TrustRoot::from_json(json).map(Arc::new).map_err(|e| unusable(name, &e))
            }
            Some(TrustRootSource::BuiltIn) => TrustRoot::built_in(name)
                .ok_or_else(|| unusable(name, &"not built in"))?
                .map_err(|e| unusable(name, &e)),
            Some(TrustRootSource::ConfigMap { .. }) if self.is_time_up() => Err(EvidenceError::OutOfTime),
            Some(TrustRootSource::ConfigMap { namespace, name, key }) => {
                cluster_trust::trust_root(self.store.host(), namespace, name, key).map(Arc::new)
            }
            None => Err(unusable(name, &"not in the settings")),
        })
    }

    fn prepared(
        &self,
        identity: &str,
        prepare: impl FnOnce() -> Result<Arc<TrustRoot>, EvidenceError>,
    ) -> Result<Arc<TrustRoot>, EvidenceError> {
        let known = self.roots.borrow().get(identity).cloned();
        if let Some(known) = known {
            return known;
        }
        let root = prepare();
        self.roots.borrow_mut().insert(identity.to_owned(), root.clone());
        root
    }
}

fn unusable(name: &str, error: &dyn std::fmt::Display) -> EvidenceError {
    EvidenceError::Unsupported(format!("trust root `{name}`: {error}"))
}

/// The places where evidence was looked for, each once.
#[derive(Default)]
pub struct Search {
    /// The places, in the order in which they were asked.
    pub looked: Vec<Looked>,
}

impl Search {
    /// Takes note of where a load looked.
    pub fn note(&mut self, looked: &[Looked]) {
        for place in looked {
            if !self.looked.contains(place) {
                self.looked.push(place.clone());
            }
        }
    }
}

impl Search {
    /// Whether no place that was to be asked can be read on this host, so that nothing is known of what lies there.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.looked.iter().all(|place| matches!(place.result, LookedResult::Unsupported(_)))
    }

    /// Takes note of the places that a host without the extended calls cannot show.
    pub fn note_unseen(&mut self, plan: &Plan, purpose: Purpose) {
        for (place, why) in plan.unseen(purpose) {
            self.note(&[Looked { carrier: (*place).to_owned(), result: LookedResult::Unsupported((*why).to_owned()) }]);
        }
    }
}

/// The answer where nothing could be read that might hold what a rule asks for.
#[must_use]
pub fn blind_finding(target: Target<'_>, purpose: Purpose) -> Finding {
    let what = match purpose {
        Purpose::Signatures => "signatures",
        Purpose::Attestations => "attestations",
    };
    Finding::new(Code::EvidenceOutOfReach, format!("this host shows no place where {what} may lie")).remedy(format!(
        "list `published` in `evidence.carriers`, and publish them:
{}",
        publish(target)
    ))
}

/// How evidence is put where every host can read it.
#[must_use]
pub fn publish(target: Target<'_>) -> String {
    format!("sigwarden publish {}@{}", target.image.repository(), target.digest)
}

/// The answer where the time for the request was up.
#[must_use]
pub fn deadline_finding() -> Finding {
    Finding::new(Code::DeadlineReached, "the time for this request was up").remedy(
        "try again: the host has what was fetched now; if that does not help, give the policy more time \
         (`timeoutEvalSeconds` of the policy, and `deadline` in its settings)",
    )
}

/// A gap as the reason why a question stays open.
#[must_use]
pub fn gap_finding(gap: &Gap) -> Finding {
    match gap {
        Gap::Host(error) => host_finding(error),
        Gap::Deadline => deadline_finding(),
        Gap::Limit { what, limit } => {
            Finding::new(Code::BudgetExhausted, format!("there is more evidence than is looked at ({limit} {what})"))
                .remedy(
                    "remove what does not belong to the image from its repository, or keep evidence in one of its own",
                )
        }
    }
}

/// A host's failure as a finding: what to do depends on who has to do it.
#[must_use]
pub fn host_finding(error: &HostError) -> Finding {
    match error {
        HostError::Refused { capability } => Finding::new(Code::HostRefused, error.to_string())
            .remedy(format!("grant the capability `{capability}` to this policy")),
        HostError::Unsupported(_) => Finding::new(Code::HostRefused, error.to_string()),
        HostError::Denied(_) => Finding::new(Code::RegistryDenied, error.to_string()).remedy(
            "give this host credentials that may read the repository; Kubewarden uses those of the PolicyServer \
             (`imagePullSecret`), never the pod's `imagePullSecrets`",
        ),
        HostError::Unreachable(text) => match failure_text::own_advice(text) {
            Some((failure, advice)) => {
                let error = HostError::Unreachable(failure.to_owned());
                Finding::new(Code::RegistryUnreachable, error.to_string()).remedy(advice)
            }
            None => Finding::new(Code::RegistryUnreachable, error.to_string()).remedy(unreachable_remedy(text)),
        },
    }
}

/// What to do about a registry that did not answer with what was asked for: that depends on whether it answered at all.
fn unreachable_remedy(text: &str) -> &'static str {
    let lower = text.to_ascii_lowercase();
    // As the host's registry client writes the status of an answer without an envelope.
    let status = lower.split_once(", code: ").map_or("", |(_, behind)| behind);
    if status.starts_with("429") || lower.contains("toomanyrequests") || lower.contains("too many requests") {
        return "the registry limits how much it answers: wait and try again, give this host credentials for it \
                (anonymous limits are lower), or use a mirror";
    }
    if status.starts_with('5') {
        return "the registry answered that it failed: see its status, and try again";
    }
    if is_broken_json(&lower) {
        return "the registry answered, and the answer is broken: see what lies there; \
                a damaged `sha256-<hex>.sigwarden` is to be deleted and published again";
    }
    "see whether the registry answers this host: its name, its certificate, the network between"
}

/// Whether serde_json's or Rust's words for text that does not parse stand in `lower`: then the host did get an answer.
fn is_broken_json(lower: &str) -> bool {
    ["eof while parsing", "invalid utf-8", "stream did not contain valid utf-8", "expected value at line"]
        .iter()
        .any(|words| lower.contains(words))
        || (lower.contains(" at line ") && lower.contains(" column "))
}

/// The outcome of a finding: open questions are `Undecided`, the rest is a plain no.
#[must_use]
pub const fn outcome(finding: &Finding) -> Outcome {
    match finding.code {
        Code::RegistryUnreachable
        | Code::RegistryDenied
        | Code::HostRefused
        | Code::EvidenceOutOfReach
        | Code::LogUnreachable
        | Code::DeadlineReached
        | Code::TrustUnavailable
        | Code::BudgetExhausted => Outcome::Undecided,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_is_for_whoever_can_help() {
        let cases = [
            ("Registry error: url https://r/v2/x, code: 429", "wait and try again"),
            ("envelope: OCI API errors: [OCI API error: toomanyrequests: slow down]", "wait and try again"),
            ("Registry error: url https://r/v2/x, code: 503", "see its status"),
            ("EOF while parsing an object at line 1 column 4711", "published again"),
            ("invalid utf-8 sequence of 1 bytes from index 9", "published again"),
            ("Registry error: url https://r/v2/x, code: 404", "the network between"),
            ("error trying to connect: dns error", "the network between"),
        ];
        for (text, wanted) in cases {
            let remedy = unreachable_remedy(text);
            assert!(remedy.contains(wanted), "{text}: {remedy}");
        }
        assert!(!deadline_finding().remedy.unwrap_or_default().contains("  "));
    }
}
