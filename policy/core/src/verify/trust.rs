//! Trust roots: whom we believe about certificates, logs and time.
//!
//! Two are embedded (Sigstore's public good instance and GitHub's own), others come as `trusted_root.json` in the
//! settings. A root is parsed when first asked for; one that does not parse is an error, never an empty root.

use super::provider;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};

/// Name of the embedded public good root, and the default of every attestor.
pub const SIGSTORE: &str = "sigstore";
/// Name of the embedded root of GitHub's own instance.
pub const GITHUB: &str = "github";

/// A trust root that verification can use.
pub struct TrustRoot {
    pub(super) root: TrustedRoot,
    pub(super) verifier: Verifier,
}

impl std::fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustRoot").finish_non_exhaustive()
    }
}

/// Why a trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a `trusted_root.json` (sigstore protobuf-specs, `TrustedRoot` as JSON).
    #[error("not a trusted_root.json: {0}")]
    Malformed(String),
    /// Parsed, but a key, certificate or window in it cannot be used.
    #[error("unusable trusted root: {0}")]
    Unusable(String),
    /// It names neither a log, nor an authority: nothing could ever verify under it.
    #[error("the trusted root is empty: it has no certificate authorities, logs or timestamp authorities")]
    Empty,
}

impl TrustRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// When it does not parse, holds unusable material, or holds nothing.
    pub fn from_json(json: &str) -> Result<Self, TrustError> {
        provider::install();
        let root = TrustedRoot::from_json(json).map_err(|e| TrustError::Malformed(e.to_string()))?;
        if root.certificate_authorities.is_empty() && root.tlogs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err(TrustError::Empty);
        }
        let verifier = Verifier::new(&root).map_err(|e| TrustError::Unusable(e.to_string()))?;
        Ok(Self { root, verifier })
    }

    /// One of the embedded roots, by name.
    ///
    /// # Errors
    /// None in a build whose tests pass; the type keeps callers honest.
    pub fn built_in(name: &str) -> Option<Result<Self, TrustError>> {
        match name {
            SIGSTORE => Some(Self::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT)),
            GITHUB => Some(Self::from_json(SIGSTORE_GITHUB_TRUSTED_ROOT)),
            _ => None,
        }
    }
}
