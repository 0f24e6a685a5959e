//! Looks at images, one at a time or many at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use sigwarden_core::evidence::{Claim, Evidence, SignerMaterial};
use sigwarden_core::reference::{Digest, ImageRef, Repository};
use sigwarden_core::verify::{
    Claims, EvidenceError, GITHUB, KeyHash, LogRule, PublicKey, Question, SIGSTORE, SctRule, Signer as Asked,
    TrustRoot, claims_of, signed_at, verify,
};

use super::provenance::Provenance;
use super::{Children, Holding, Seen, Signer, Standing, SurveyError};
use crate::publish::{Collected, Dropped, Readable, collect_all};
use crate::sources::{Manifest, Source, SourceError};

/// Images of an index that are looked into where the index has nothing. Sixteen platforms are many, and each costs as
/// many questions as an image does.
const MAX_CHILDREN: usize = 32;

/// In which ways a certificate's signature is tried, the strictest first: log, certificate log. GitHub's own instance logs
/// nothing.
const LOGGED: [(LogRule, SctRule); 2] =
    [(LogRule::Require, SctRule::Require), (LogRule::InsecureIgnore, SctRule::Require)];
const UNLOGGED: [(LogRule, SctRule); 1] = [(LogRule::InsecureIgnore, SctRule::InsecureIgnore)];

/// Finds out what images have.
pub struct Surveyor {
    source: Arc<dyn Source>,
    roots: BTreeMap<String, Arc<TrustRoot>>,
    keys: Vec<Given>,
    logs: Vec<String>,
    now: i64,
}

/// A key that somebody gave.
struct Given {
    name: String,
    key: PublicKey,
}

impl Surveyor {
    /// Looks into `source`, and believes the built-in trust roots. `now` in Unix seconds: nothing may have been signed later.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn new(source: Arc<dyn Source>, now: i64) -> Result<Self, SurveyError> {
        let mut roots = BTreeMap::new();
        for name in [SIGSTORE, GITHUB] {
            if let Some(root) = TrustRoot::built_in(name) {
                roots.insert(name.to_owned(), root?);
            }
        }
        Ok(Self { source, roots, keys: Vec::new(), logs: Vec::new(), now })
    }

    /// With a `trusted_root.json` in place of the built-in `sigstore`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn with_trusted_root(self, json: &str) -> Result<Self, SurveyError> {
        self.with_named_root(SIGSTORE, json)
    }

    /// With a `trusted_root.json` in place of a built-in one: `sigstore` or `github`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn with_named_root(mut self, name: &str, json: &str) -> Result<Self, SurveyError> {
        self.roots.insert(name.to_owned(), Arc::new(TrustRoot::from_json(json)?));
        Ok(self)
    }

    /// With a public key (PEM) that is tried on what keys signed, under the name by which people know it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn with_key(mut self, name: &str, pem: &str) -> Result<Self, SurveyError> {
        let key = PublicKey::from_pem(pem, KeyHash::Sha256)
            .map_err(|reason| SurveyError::Key { name: name.to_owned(), reason })?;
        self.keys.push(Given { name: name.to_owned(), key });
        Ok(self)
    }

    /// Completes signatures that carry no proof from these transparency logs, named by their URLs.
    #[must_use]
    pub fn with_logs(self, logs: Vec<String>) -> Self {
        Self { logs, ..self }
    }

    /// When it looks, in Unix seconds.
    #[must_use]
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// What `image` has.
    #[must_use]
    pub fn look(&self, image: &ImageRef) -> Holding {
        let repository = image.repository();
        let mut holding =
            Holding { image: image.written().to_owned(), repository: repository.to_string(), ..Holding::default() };
        let digest = match self.resolve(image) {
            Ok(Some(digest)) => digest,
            Ok(None) => {
                holding.error = Some(format!("there is no image `{}`", image.written()));
                return holding;
            }
            Err(error) => {
                holding.error = Some(error.to_string());
                return holding;
            }
        };
        holding.digest = Some(digest.to_string());
        if let Err(error) = self.look_at(image, &digest, &mut holding) {
            holding.error = Some(error.to_string());
        }
        holding
    }

    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, SourceError> {
        match image.digest() {
            Some(digest) => Ok(Some(digest.clone())),
            None => self.source.resolve(image.repository(), image.tag_or_latest()),
        }
    }

    fn look_at(&self, image: &ImageRef, digest: &Digest, holding: &mut Holding) -> Result<(), SourceError> {
        let repository = image.repository();
        let Some(bytes) = self.source.manifest(repository, digest)? else {
            holding.error = Some(format!("the registry does not have {digest}"));
            return Ok(());
        };
        let manifest = Manifest::parse(image.written(), &bytes)?;
        let mut tray = Tray::default();
        let collected = self.gather(repository, digest)?;
        holding.dropped = collected.dropped;
        for found in collected.found {
            self.examine(found, &mut tray);
        }
        holding.dropped.extend(tray.worse);
        let (signatures, attestations) = tray.seen.into_iter().partition(|seen| seen.predicate_type.is_none());
        (holding.signatures, holding.attestations) = (signatures, attestations);
        if let Some(children) = manifest.manifests {
            let bare = holding.signatures.is_empty() && holding.attestations.is_empty();
            let mut with_evidence = Vec::new();
            for child in children.iter().take(MAX_CHILDREN).filter(|_| bare) {
                if !self.gather(repository, &child.digest)?.found.is_empty() {
                    with_evidence.push(child.digest.to_string());
                }
            }
            holding.children = Some(Children { count: children.len(), with_evidence });
        }
        Ok(())
    }

    fn gather(&self, repository: &Repository, digest: &Digest) -> Result<Collected, SourceError> {
        collect_all(self.source.as_ref(), repository, digest, &self.logs)
    }

    /// Verifies one piece of evidence.
    fn examine(&self, found: Readable, tray: &mut Tray) {
        let Readable { place, material, claim, .. } = found;
        let (predicate_type, provenance) = match &claim {
            Claim::Signature(_) => (None, None),
            Claim::Attestation { predicate_type, predicate, .. } => {
                let predicate = predicate.value(&material.content).ok();
                let provenance = predicate.and_then(|predicate| Provenance::read(predicate_type, &predicate));
                (Some(predicate_type.clone()), provenance)
            }
        };
        let signature = material.content.signature().to_vec();
        let evidence = Evidence::new(tray.seen.len(), place.clone(), material, claim);
        let (signer, standing, signed_at) = self.verify(&evidence);
        tray.put(signature, Seen { places: vec![place], signer, standing, signed_at, predicate_type, provenance });
    }

    fn verify(&self, evidence: &Evidence) -> (Signer, Standing, Option<i64>) {
        match claims_of(evidence) {
            Ok(Some(claims)) => {
                let (standing, time) = self.by_certificate(evidence);
                (keyless(&claims), standing, time)
            }
            Ok(None) => self.by_key(evidence),
            Err(error) => (Signer::Unreadable, refused(&error), None),
        }
    }

    fn by_certificate(&self, evidence: &Evidence) -> (Standing, Option<i64>) {
        let mut first = None;
        for name in [SIGSTORE, GITHUB] {
            let Some(trust) = self.roots.get(name) else { continue };
            let ways = if name == GITHUB { UNLOGGED.iter() } else { LOGGED.iter() };
            for (log, sct) in ways.copied() {
                let signer = Asked::Certificate { sct };
                let question = Question { trust, signer: &signer, log, now: self.now };
                match verify(evidence, question) {
                    Ok(_) => {
                        let standing = Standing::Verified {
                            trust_root: name.to_owned(),
                            logged: log == LogRule::Require,
                            certificate_logged: sct == SctRule::Require,
                            hash: None,
                        };
                        return (standing, signed_at(&evidence.material, question).ok().flatten());
                    }
                    Err(error) => {
                        first.get_or_insert(error);
                    }
                }
            }
        }
        let untrusted = || EvidenceError::Certificate("there is no trust root".to_owned());
        (refused(&first.unwrap_or_else(untrusted)), None)
    }

    /// Tries the keys that were given. Each with the hashes that a rule can ask for.
    fn by_key(&self, evidence: &Evidence) -> (Signer, Standing, Option<i64>) {
        let hint = match &evidence.material.signer {
            SignerMaterial::Key { hint } if !hint.is_empty() => Some(hint.clone()),
            SignerMaterial::Key { .. } | SignerMaterial::Certificates(_) => None,
        };
        let unknown = Signer::Key { name: None, fingerprint: None, hint: hint.clone() };
        let Some(trust) = self.roots.get(SIGSTORE) else { return (unknown, Standing::UnknownKey, None) };
        for given in &self.keys {
            for hash in [KeyHash::Sha256, KeyHash::Sha384, KeyHash::Sha512] {
                let signer = Asked::Key(&given.key.clone().with_hash(hash));
                // First whether it is this key's at all; then what else can be said for it.
                let question = Question { trust, signer: &signer, log: LogRule::InsecureIgnore, now: self.now };
                if verify(evidence, question).is_err() {
                    continue;
                }
                let logged = Question { log: LogRule::Require, ..question };
                let holds = verify(evidence, logged).is_ok();
                let time = if holds { signed_at(&evidence.material, logged).ok().flatten() } else { None };
                let standing = Standing::Verified {
                    trust_root: SIGSTORE.to_owned(),
                    logged: holds,
                    certificate_logged: false,
                    hash: Some(hash.as_str()),
                };
                let (name, fingerprint) = (Some(given.name.clone()), Some(given.key.fingerprint()));
                return (Signer::Key { name, fingerprint, hint }, standing, time);
            }
        }
        (unknown, Standing::UnknownKey, None)
    }
}

impl std::fmt::Debug for Surveyor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surveyor").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What was seen, the same signature once.
#[derive(Default)]
struct Tray {
    seen: Vec<Seen>,
    /// Where in `seen` a signature over a kind of statement is.
    known: BTreeMap<(Vec<u8>, Option<String>), usize>,
    /// Copies of it that are worth less. Their places are none of its places: what can be read there does not hold.
    worse: Vec<Dropped>,
}

impl Tray {
    /// What stands the test wins over what does not: published evidence may have the log entry that the other lacks.
    fn put(&mut self, signature: Vec<u8>, mut new: Seen) {
        let key = (signature, new.predicate_type.clone());
        let Some(old) = self.known.get(&key).and_then(|index| self.seen.get_mut(*index)) else {
            self.known.insert(key, self.seen.len());
            self.seen.push(new);
            return;
        };
        if rank(&new.standing) > rank(&old.standing) {
            std::mem::swap(old, &mut new);
        }
        if old.is_verified() && rank(&new.standing) < rank(&old.standing) {
            let reason = lack(&new.standing);
            self.worse.extend(new.places.into_iter().map(|source| Dropped { source, reason: reason.clone() }));
        } else {
            old.places.append(&mut new.places);
        }
    }
}

/// What is wrong with a copy that is worth less than another, which holds.
fn lack(standing: &Standing) -> String {
    let reason = match standing {
        Standing::Verified { .. } => return "a copy without the log entry that another copy has".to_owned(),
        Standing::Refused { code, message } => format!("{message} [{code}]"),
        Standing::UnknownKey => "no key that was given fits".to_owned(),
    };
    format!("a copy of a signature that holds elsewhere, and not here: {reason}")
}

const fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Verified { logged: true, .. } => 3,
        Standing::Verified { .. } => 2,
        Standing::Refused { .. } => 1,
        Standing::UnknownKey => 0,
    }
}

fn keyless(claims: &Claims) -> Signer {
    let build = claims.build();
    Signer::Keyless {
        subjects: claims.names.clone(),
        issuer: claims.issuer.clone(),
        build_config_uri: claims.build_config_uri().map(str::to_owned),
        source_repository: build.repository.clone(),
        source_ref: build.git_ref.map(str::to_owned),
        source_commit: build.commit.map(str::to_owned),
        trigger: build.trigger.map(str::to_owned),
    }
}

fn refused(error: &EvidenceError) -> Standing {
    let finding = error.finding();
    Standing::Refused { code: finding.code.to_string(), message: error.to_string() }
}
