//! What was found beside one image.

use serde::Serialize;

use super::Provenance;
use crate::publish::Dropped;

/// Everything that is known about one image. Text in it comes from registries: whoever prints it makes it visible first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// The reference as it was written.
    pub image: String,
    /// Its repository, in full.
    pub repository: String,
    /// What the reference names today. `None` where that could not be found out; [`Self::error`] says why.
    pub digest: Option<String>,
    /// Signatures.
    pub signatures: Vec<Seen>,
    /// Attestations.
    pub attestations: Vec<Seen>,
    /// What lies in the place of evidence, and nobody could use.
    pub dropped: Vec<Dropped>,
    /// Where the image is an index: what its images have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// Why this is not everything, or nothing: it could not be looked. Never the same as unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Holding {
    /// Signatures and attestations that hold.
    pub fn verified(&self) -> impl Iterator<Item = &Seen> {
        self.signatures.iter().chain(&self.attestations).filter(|seen| seen.is_verified())
    }

    /// Whether everything was looked into, and nobody says anything about the image: neither about it nor, if it is an
    /// index, about the images in it.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.error.is_none()
            && self.signatures.is_empty()
            && self.attestations.is_empty()
            && self.dropped.is_empty()
            && self.children.as_ref().is_none_or(|children| children.with_evidence.is_empty())
    }
}

/// The images of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Children {
    /// How many there are.
    pub count: usize,
    /// Digests of those that have evidence of their own. Looked for where the index has none: a tag names the index, and a
    /// signature of a child does not vouch for it.
    pub with_evidence: Vec<String>,
}

/// One signature or attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Where it lies, in words. More than one place where the same signature was also published.
    pub places: Vec<String>,
    /// Who made it, as it says itself.
    pub signer: Signer,
    /// Whether that is so.
    pub standing: Standing,
    /// When a log or timestamp authority saw it, in Unix seconds. Verified times only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<i64>,
    /// What kind of statement it makes; `None` for a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// What the statement says of the build, where it is SLSA provenance. As much worth as its signer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

impl Seen {
    /// Whether it holds.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        matches!(self.standing, Standing::Verified { .. })
    }
}

/// Who signed, as the evidence has it. A claim: [`Seen::standing`] says whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Signer {
    /// Whoever has this certificate.
    Keyless {
        /// Every name in it.
        subjects: Vec<String>,
        /// Who vouched for the name.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// The workflow that was started, with its ref: another than the signing one where that is reusable.
        #[serde(skip_serializing_if = "Option::is_none")]
        build_config_uri: Option<String>,
        /// From which repository it was built.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_repository: Option<String>,
        /// From which branch or tag: `refs/heads/main`.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_ref: Option<String>,
        /// From which commit.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_commit: Option<String>,
        /// What started it.
        #[serde(skip_serializing_if = "Option::is_none")]
        trigger: Option<String>,
    },
    /// Whoever holds a key.
    Key {
        /// The key that fits, among those that were given: its name, and its hash.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The key that fits, in short.
        #[serde(skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
        /// What the signature says about its key, if it does. Nobody's word.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// A certificate that cannot be read.
    Unreadable,
}

/// Whether a signature holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Standing {
    /// It does.
    Verified {
        /// The trust root, `sigstore` or `github`; for a key, whose logs vouch for it.
        trust_root: String,
        /// Whether a transparency log vouches for it.
        logged: bool,
        /// Whether the certificate's own log does; `false` for a key.
        certificate_logged: bool,
        /// The hash that the key signed with, where a key signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<&'static str>,
    },
    /// It does not.
    Refused {
        /// The code of the reason.
        code: String,
        /// The reason.
        message: String,
    },
    /// Nobody can tell: a key signed that was not given.
    UnknownKey,
}
