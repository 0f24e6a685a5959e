//! What settings mean once they are read: every pattern compiled, every default written out, every key a key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::house::{ActionOverride, AlwaysPull, Exception};
use super::reader::Problem;
use super::slsa::SlsaRule;
use super::whole_regex::WholeRegex;
use crate::conditions::{ConditionBlock, Duration, Template};
use crate::evidence::Plan;
use crate::reference::{ImagePattern, Mirrors, Repository, TextPattern};
use crate::verify::{FulcioExtension, InlineTrust, KeyHash, LogRule, PublicKey, SctRule};

/// The settings of one policy. Only [`Settings::parse`] makes them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The rules, in their order. Never empty.
    pub verify_images: Vec<Block>,
    /// What becomes of images that no block matches.
    pub unmatched_images: Unmatched,
    /// What a block does that says nothing about it; blocks have taken it over already.
    pub failure_action: FailureAction,
    /// What such a block does in some namespaces instead; see [`Settings::action_of`].
    pub failure_action_overrides: Vec<ActionOverride>,
    /// Images that are admitted for a while whatever is known of them.
    pub exceptions: Vec<Exception>,
    /// Images that are pulled from elsewhere, and their names at home.
    pub mirrors: Mirrors,
    /// Whether an update verifies images that have a digest and did not change.
    pub verify_unchanged: bool,
    /// Trust roots by name. `sigstore` and `github` are always there.
    pub trust_roots: BTreeMap<String, TrustRootSource>,
    /// Where evidence is looked for.
    pub evidence: Plan,
    /// Whether the object may be patched.
    pub mutate: bool,
    /// What is legal but probably not meant.
    pub warnings: Vec<Problem>,
}

/// What becomes of an image that no block matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmatched {
    /// It is admitted, as in Kyverno.
    #[default]
    Allow,
    /// It is admitted with a warning.
    Warn,
    /// It is refused.
    Deny,
}

/// What becomes of an image that a block does not accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailureAction {
    /// It is refused.
    #[default]
    Enforce,
    /// It is admitted with a warning.
    Audit,
}

/// Where a trust root comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustRootSource {
    /// From this module.
    BuiltIn,
    /// From the settings: a `trusted_root.json` as text, known to be readable.
    Inline(String),
    /// From the cluster: a `trusted_root.json` as text, which nobody has read yet.
    ConfigMap {
        /// Its namespace: fixed here, never a request's.
        namespace: String,
        /// Its name.
        name: String,
        /// The key under `data`.
        key: String,
    },
}

/// Whom an attestor believes about certificates, logs and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustChoice {
    /// Name of a trust root in [`Settings::trust_roots`].
    pub root: String,
    /// What the attestor puts in place of parts of it.
    pub inline: Option<Arc<InlineTrust>>,
    /// Which log is asked where a signature of cosign's older form carries no proof, and the host can (`rekor.url`).
    pub rekor_url: String,
}

/// The public log, which is what Kyverno asks too where `rekor` names none.
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

impl TrustChoice {
    /// A trust root as it is.
    #[must_use]
    pub fn named(root: &str) -> Self {
        Self { root: root.to_owned(), inline: None, rekor_url: PUBLIC_LOG.to_owned() }
    }

    /// Tells this choice from every other: whom it believes, not where it asks.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.inline {
            // No name of a root holds a line end: it comes from a key of the settings, where one is refused.
            Some(inline) => format!("{}\n{}", self.root, inline.fingerprint()),
            None => self.root.clone(),
        }
    }
}

/// One element of `verifyImages`.
#[derive(Clone, Debug)]
pub struct Block {
    /// `verifyImages[0]`
    pub path: String,
    /// Which images it is about. Never empty.
    pub image_references: Vec<ImagePattern>,
    /// Which of those it is not about.
    pub skip_image_references: Vec<ImagePattern>,
    /// What it does with an image that it does not accept, where no override says otherwise.
    pub failure_action: FailureAction,
    /// Whether the block says so itself, and not the settings around it.
    pub says_action: bool,
    /// What it asks of `imagePullPolicy`, if anything.
    pub always_pull: Option<AlwaysPull>,
    /// Who must have signed: every set. Empty only where `attestations` are given, or where nothing is verified and
    /// `required` is false.
    pub attestors: Vec<AttestorSet>,
    /// What must have been attested: every one.
    pub attestations: Vec<AttestationRule>,
    /// What must not hold (`validate.deny`).
    pub denial: Option<Denial>,
    /// Whether a tag is replaced by the digest that was verified.
    pub mutate_digest: bool,
    /// Whether an image must have a digest in the end.
    pub verify_digest: bool,
    /// Whether an image must have been verified. Verification itself does not depend on it.
    pub required: bool,
    /// Where signatures and attestations are, if not beside the image.
    pub repository: Option<Repository>,
}

/// So many of several attestors.
#[derive(Clone, Debug)]
pub struct AttestorSet {
    /// `verifyImages[0].attestors[1]`
    pub path: String,
    /// How many entries must be satisfied: from 1 to all.
    pub required: usize,
    /// Never empty. A key entry with several keys is several entries.
    pub entries: Vec<Attestor>,
}

/// One attestor.
#[derive(Clone, Debug)]
pub struct Attestor {
    /// `verifyImages[0].attestors[1].entries[0]`, with `.keys.publicKeys[n]` behind it where the entry has several keys.
    pub path: String,
    /// What the signature must say besides: the entry's, else the block's. Always empty under `attestations`.
    pub annotations: BTreeMap<String, String>,
    /// Where its evidence is: the entry's, else the block's, else beside the image.
    pub repository: Option<Repository>,
    /// Who it is.
    pub kind: AttestorKind,
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub enum AttestorKind {
    /// The holder of a key.
    Key(KeyAttestor),
    /// The holder of a key that the cluster keeps.
    SecretKey(SecretKeyAttestor),
    /// A person or workflow with a certificate.
    Keyless(KeylessAttestor),
    /// So many of several others. Only under `attestors`.
    Nested(AttestorSet),
}

/// The holder of a key.
#[derive(Clone, Debug)]
pub struct KeyAttestor {
    /// The key.
    pub key: PublicKey,
    /// Whether a transparency log must vouch for the signature.
    pub log: LogRule,
    /// Whom to believe about logs and time.
    pub trust_root: TrustChoice,
}

/// The holder of the key that a Secret holds when the request comes.
#[derive(Clone, Debug)]
pub struct SecretKeyAttestor {
    /// The Secret's namespace: fixed here, never a request's.
    pub namespace: String,
    /// The Secret's name. The key stands under `cosign.pub`, where cosign puts it.
    pub name: String,
    /// The hash that the key signs with.
    pub hash: KeyHash,
    /// Whether a transparency log must vouch for the signature.
    pub log: LogRule,
    /// Whom to believe about logs and time.
    pub trust_root: TrustChoice,
}

/// What a certificate must say about its holder besides the name (`additionalExtensions`).
#[derive(Clone, Debug)]
pub struct ExtensionRule {
    /// Which of Fulcio's extensions.
    pub extension: FulcioExtension,
    /// Matches its value. An extension that is absent matches nothing.
    pub pattern: TextPattern,
}

/// A person or workflow with a certificate. At least one of the subjects and one of the issuers is given, unless
/// `any_signer` is set.
#[derive(Clone, Debug)]
pub struct KeylessAttestor {
    /// Matches a subject alternative name. Where `subject_regexp` is given too, either suffices.
    pub subject: Option<TextPattern>,
    /// Matches a subject alternative name.
    pub subject_regexp: Option<WholeRegex>,
    /// Matches the OIDC issuer. Where `issuer_regexp` is given too, both must.
    pub issuer: Option<TextPattern>,
    /// Matches the OIDC issuer.
    pub issuer_regexp: Option<WholeRegex>,
    /// What the certificate must say besides: all of it.
    pub extensions: Vec<ExtensionRule>,
    /// Whoever holds a certificate of the trust root's authorities will do (`certificates.anySigner`). There are no
    /// subjects and issuers then.
    pub any_signer: bool,
    /// Whether a transparency log must vouch for the signature.
    pub log: LogRule,
    /// Whether the certificate must be logged.
    pub sct: SctRule,
    /// Whom to believe about certificates, logs and time.
    pub trust_root: TrustChoice,
}

/// What must not hold of the image, its request and its attestations.
#[derive(Clone, Debug)]
pub struct Denial {
    /// `verifyImages[0].validate`
    pub path: String,
    /// What the author wants people to read when it denies.
    pub message: Option<Template>,
    /// Never empty. Together they deny unless they certainly do not hold.
    pub conditions: Vec<ConditionBlock>,
}

/// What must have been attested.
#[derive(Clone, Debug)]
pub struct AttestationRule {
    /// `verifyImages[0].attestations[0]`
    pub path: String,
    /// What `validate.deny` calls its predicate.
    pub name: Option<String>,
    /// The statement's predicate type, compared as it is.
    pub predicate_type: String,
    /// A second type that is as good: SLSA provenance has two versions that say the same.
    pub or_type: Option<String>,
    /// Who must have attested it: every set. Where empty, the block has attestors.
    pub attestors: Vec<AttestorSet>,
    /// Where the image must have been built, and from what.
    pub slsa: Option<SlsaRule>,
    /// What the predicate must say. Empty: nothing in particular.
    pub conditions: Vec<ConditionBlock>,
    /// How many of several attestations must be good.
    pub quantifier: Quantifier,
    /// How old one may be that counts, by the time that a log or timestamp authority vouches for.
    pub max_age: Option<Duration>,
}

impl AttestationRule {
    /// Whether statements of this predicate type are what the rule is about.
    #[must_use]
    pub fn is_about(&self, predicate_type: &str) -> bool {
        self.predicate_type == predicate_type || self.or_type.as_deref() == Some(predicate_type)
    }

    /// Whether it matters what the predicate says.
    #[must_use]
    pub fn asks_of_predicate(&self) -> bool {
        self.slsa.is_some() || !self.conditions.is_empty()
    }
}

/// How many of several attestations of a type must satisfy a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one, and at least one.
    #[default]
    All,
    /// One.
    Any,
    /// The one with the latest verified time, or all that have it.
    Latest,
}
