//! Trust roots: whom we believe about certificates, logs and time.
//!
//! Two are embedded (Sigstore's public good instance and GitHub's own), others come as `trusted_root.json` in the
//! settings. A root is parsed when first asked for; one that does not parse is an error, never an empty root.

use super::inline_trust::InlineTrust;
use super::provider;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sigstore_verify::Verifier;
use sigstore_verify::crypto::{Keyring, SigningScheme};
use sigstore_verify::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{TimeRange, TsaAuthority};

/// Name of the embedded public good root, and the default of every attestor.
pub const SIGSTORE: &str = "sigstore";
/// Name of the embedded root of GitHub's own instance.
pub const GITHUB: &str = "github";

/// The schemes by which certificate transparency logs sign (RFC 6962 §2.1.4, and what logs use besides).
const CT_SCHEMES: [SigningScheme; 5] = [
    SigningScheme::EcdsaP256Sha256,
    SigningScheme::EcdsaP384Sha384,
    SigningScheme::RsaPkcs1Sha256,
    SigningScheme::RsaPkcs1Sha384,
    SigningScheme::RsaPkcs1Sha512,
];

/// A trust root that verification can use: every key and certificate in it is parsed once.
pub struct TrustRoot {
    root: TrustedRoot,
    /// sigstore-verify's own preparation of it.
    pub(super) verifier: Verifier,
    /// Keys of the transparency logs.
    pub(super) rekor_keys: Keyring,
    /// Timestamp authorities, each with its window.
    pub(super) timestamp_authorities: Vec<TsaAuthority>,
    /// Whether timestamps beside a key's signature must verify even where no log is asked for: somebody wrote down
    /// which authority they are by.
    pub(super) stamps_keys: bool,
    ct_keys: Vec<(SigningScheme, Keyring)>,
    anchors: Vec<(TrustAnchor<'static>, Option<TimeRange>)>,
}

impl std::fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustRoot").finish_non_exhaustive()
    }
}

/// Why a trust root, or a part of one, cannot be used.
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
    /// A PEM block that does not hold a certificate.
    #[error("certificate {number} cannot be read: {reason}")]
    Certificate {
        /// Which one, from 1.
        number: usize,
        /// Why not, in the words of the parser.
        reason: String,
    },
    /// A certificate that may not certify others stands where authorities stand.
    #[error("certificate {number} is not a certificate authority's")]
    NotAnAuthority {
        /// Which one, from 1.
        number: usize,
    },
    /// A PEM block that does not hold a log's key.
    #[error("key {number} cannot be used: {reason}")]
    LogKey {
        /// Which one, from 1.
        number: usize,
        /// Why not, in the words of the parser.
        reason: String,
    },
    /// A timestamp authority's chain is not one.
    #[error("a timestamp authority has one certificate that signs and one root, and this has {leaves} and {roots}")]
    TimestampChain {
        /// Certificates that are no authority's.
        leaves: usize,
        /// Certificates that are their own issuer.
        roots: usize,
    },
}

impl TrustRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// When it does not parse, holds unusable material, or holds nothing.
    pub fn from_json(json: &str) -> Result<Self, TrustError> {
        let root = TrustedRoot::from_json(json).map_err(|e| TrustError::Malformed(e.to_string()))?;
        if root.certificate_authorities.is_empty() && root.tlogs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err(TrustError::Empty);
        }
        Self::prepare(root)
    }

    /// The URL of a transparency log, by the hash of its key.
    #[must_use]
    pub fn log_url(&self, log_id: &[u8]) -> Option<&str> {
        self.root.tlogs.iter().find(|log| log.log_id.key_id.as_bytes() == log_id).map(|log| log.base_url.as_str())
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

    /// This root with the parts of `inline` in place of its own. A part that `inline` lacks stays.
    ///
    /// # Errors
    /// When a part cannot be used.
    pub fn with(&self, inline: &InlineTrust) -> Result<Self, TrustError> {
        let mut root = self.root.clone();
        inline.replace_in(&mut root)?;
        Ok(Self { stamps_keys: inline.has_timestamp_authority(), ..Self::prepare(root)? })
    }

    fn prepare(root: TrustedRoot) -> Result<Self, TrustError> {
        provider::install();
        let unusable = |e: &dyn std::fmt::Display| TrustError::Unusable(e.to_string());
        let verifier = Verifier::new(&root).map_err(|e| unusable(&e))?;
        let rekor_keys = root.rekor_keys().map_err(|e| unusable(&e))?;
        let ct_keys = CT_SCHEMES
            .into_iter()
            .map(|scheme| Ok((scheme, root.ctfe_keys(scheme)?)))
            .collect::<Result<_, sigstore_verify::trust_root::Error>>()
            .map_err(|e| unusable(&e))?;
        let mut anchors = Vec::new();
        for authority in &root.certificate_authorities {
            for certificate in &authority.cert_chain.certificates {
                let der = CertificateDer::from(certificate.raw_bytes.as_bytes());
                let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|e| unusable(&e))?.to_owned();
                anchors.push((anchor, authority.valid_for));
            }
        }
        let timestamp_authorities = timestamp_authorities(&root);
        Ok(Self { root, verifier, rekor_keys, timestamp_authorities, stamps_keys: false, ct_keys, anchors })
    }

    /// Whether one of its logs has this ID.
    pub(super) fn knows_log(&self, id: &[u8]) -> bool {
        self.root.tlogs.iter().any(|log| log.log_id.key_id.as_bytes() == id)
    }

    /// The certificate authorities that vouch at `time`.
    pub(super) fn anchors_at(&self, time: Timestamp) -> Vec<TrustAnchor<'static>> {
        let open = |(_, window): &&(TrustAnchor<'static>, Option<TimeRange>)| {
            window.is_none_or(|window| window.contains(time))
        };
        self.anchors.iter().filter(open).map(|(anchor, _)| anchor.clone()).collect()
    }

    /// The keys of the certificate transparency logs that sign in this way.
    pub(super) fn ct_keys(&self, scheme: SigningScheme) -> Option<&Keyring> {
        self.ct_keys.iter().find(|(known, _)| *known == scheme).map(|(_, keys)| keys)
    }
}

/// Leaf first, root last, as trusted roots write chains. No clock is read: a token's own time is held against the window.
fn timestamp_authorities(root: &TrustedRoot) -> Vec<TsaAuthority> {
    let authority = |authority: &sigstore_verify::trust_root::TimestampAuthority| {
        let chain: Vec<_> = authority.cert_chain.certificates.iter().map(|entry| entry.raw_bytes.clone()).collect();
        let (leaf, intermediates, root) = match chain.as_slice() {
            [] => return None,
            [root] => (root, &[][..], root),
            [leaf, intermediates @ .., root] => (leaf, intermediates, root),
        };
        Some(TsaAuthority::new(leaf.clone(), intermediates.to_vec(), root.clone(), authority.valid_for))
    };
    root.timestamp_authorities.iter().filter_map(authority).collect()
}
