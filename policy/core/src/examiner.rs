//! The one desk over which all evidence of a request passes.
//!
//! It remembers: the same signature asked about in the same way is verified once, a trust root is parsed once. And it
//! counts: verifying is the expensive part, so a registry full of plausible junk must not buy unlimited work.

mod cluster_trust;

use crate::decision::{Code, Finding, Looked, Outcome};
use crate::evidence::{Carrier, Evidence, Gap, Load, Store};
use crate::host::HostError;
use crate::reference::{Digest, ImageRef, Repository};
use crate::settings::{Attestor, AttestorKind, KeyAttestor, TrustChoice, TrustRootSource};
use crate::verify::{
    Claims, EvidenceError, LogRule, PublicKey, Question, SctRule, Signer, TrustRoot, Verified, check_signer_kind,
    claims_of, verify_with_claims,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Signatures, log entries and timestamps verified for one request, after the cheap filters (subject, kind of signer,
/// identity). A pod with twenty images and several rules needs about a hundred; each costs milliseconds, and a host allows
/// two seconds.
const MAX_CHECKS: usize = 512;

/// An image as rules see it: a name, and the digest that everything is about.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The image as written.
    pub image: &'a ImageRef,
    /// What it was resolved to.
    pub digest: &'a Digest,
}

type MemoKey = (usize, Option<String>, LogRule, SctRule, String);

/// What all checks of one request share.
pub struct Examiner<'a> {
    store: Store<'a>,
    sources: &'a BTreeMap<String, TrustRootSource>,
    now: i64,
    roots: RefCell<BTreeMap<String, Result<Rc<TrustRoot>, EvidenceError>>>,
    keys: RefCell<BTreeMap<(String, String), Result<PublicKey, EvidenceError>>>,
    claims: RefCell<BTreeMap<usize, Result<Option<Rc<Claims>>, EvidenceError>>>,
    memo: RefCell<BTreeMap<MemoKey, Result<Rc<Verified>, EvidenceError>>>,
    checks: Cell<usize>,
}

impl<'a> Examiner<'a> {
    /// A desk with nothing on it. `now` is in Unix seconds.
    #[must_use]
    pub fn new(store: Store<'a>, sources: &'a BTreeMap<String, TrustRootSource>, now: i64) -> Self {
        Self {
            store,
            sources,
            now,
            roots: RefCell::default(),
            keys: RefCell::default(),
            claims: RefCell::default(),
            memo: RefCell::default(),
            checks: Cell::new(0),
        }
    }

    /// What `carrier` holds about `digest`.
    pub fn load(&self, repository: &Repository, digest: &Digest, carrier: Carrier) -> Rc<Load> {
        self.store.load(repository, digest, carrier)
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

    /// Verifies `evidence` under the trust that an attestor chose.
    ///
    /// # Errors
    /// As [`verify`](crate::verify::verify), when the trust root cannot be had, and when the request's budget of checks is
    /// used up.
    pub fn verify(
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
        let checks = self.checks.get().saturating_add(cost);
        if checks > MAX_CHECKS {
            return Err(EvidenceError::BudgetExhausted { what: "signature checks", limit: MAX_CHECKS });
        }
        self.checks.set(checks);
        let result = self.root(trust).and_then(|trust| {
            let question = Question { trust: &trust, signer, log, now: self.now };
            verify_with_claims(evidence, claims, question).map(Rc::new)
        });
        self.memo.borrow_mut().insert(memo_key, result.clone());
        result
    }

    /// The trust root that an attestor chose, with what it brings along in place.
    fn root(&self, trust: &TrustChoice) -> Result<Rc<TrustRoot>, EvidenceError> {
        let Some(inline) = &trust.inline else { return self.named_root(&trust.root) };
        self.prepared(&trust.identity(), || {
            let base = self.named_root(&trust.root)?;
            base.with(inline).map_err(|e| unusable(&trust.root, &e))
        })
    }

    fn named_root(&self, name: &str) -> Result<Rc<TrustRoot>, EvidenceError> {
        self.prepared(name, || match self.sources.get(name) {
            Some(TrustRootSource::Inline(json)) => TrustRoot::from_json(json).map_err(|e| unusable(name, &e)),
            Some(TrustRootSource::BuiltIn) => TrustRoot::built_in(name)
                .ok_or_else(|| unusable(name, &"not built in"))?
                .map_err(|e| unusable(name, &e)),
            Some(TrustRootSource::ConfigMap { namespace, name, key }) => {
                cluster_trust::trust_root(self.store.host(), namespace, name, key)
            }
            None => Err(unusable(name, &"not in the settings")),
        })
    }

    fn prepared(
        &self,
        identity: &str,
        prepare: impl FnOnce() -> Result<TrustRoot, EvidenceError>,
    ) -> Result<Rc<TrustRoot>, EvidenceError> {
        let known = self.roots.borrow().get(identity).cloned();
        if let Some(known) = known {
            return known;
        }
        let root = prepare().map(Rc::new);
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

/// A gap as the reason why a question stays open.
#[must_use]
pub fn gap_finding(gap: &Gap) -> Finding {
    match gap {
        Gap::Host(error) => host_finding(error),
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
        HostError::Unreachable(_) => Finding::new(Code::RegistryUnreachable, error.to_string())
            .remedy("see whether the registry answers, and whether the credentials given to this host may read it"),
    }
}

/// The outcome of a finding: open questions are `Undecided`, the rest is a plain no.
#[must_use]
pub const fn outcome(finding: &Finding) -> Outcome {
    match finding.code {
        Code::RegistryUnreachable | Code::HostRefused | Code::BudgetExhausted | Code::TrustUnavailable => {
            Outcome::Undecided
        }
        _ => Outcome::Failed,
    }
}
