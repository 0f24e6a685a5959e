//! Trust roots: whom we believe about certificates, logs and time.
//!
//! Two are embedded (Sigstore's public good instance and GitHub's own), others come as `trusted_root.json` in the
//! settings. A root is parsed when first asked for; one that does not parse is an error, never an empty root.
//!
//! The embedded ones are parsed once in a process. `policy.wasm` is a snapshot in which that was done ([`prepare`]). So
//! parsing neither asks for the time nor makes a hash map, whose seed would be in the snapshot, and keeps nothing twice,
//! which would make it large: what is found by hashes, and what not every request needs, is made when it is asked for.

use super::inline_trust::InlineTrust;
use super::{EvidenceError, provider};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sigstore_verify::Verifier;
use sigstore_verify::crypto::{Keyring, SigningScheme};
use sigstore_verify::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{TimeRange, TsaAuthority};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    /// Whether timestamps beside a key's signature must verify even where no log is asked for: somebody wrote down
    /// which authority they are by.
    pub(super) stamps_keys: bool,
    /// sigstore-verify's own preparation of it.
    verifier: OnceLock<Verifier>,
    /// The preparation for what sigstore-verify is not asked about.
    own: Own,
}

/// Each part when it is first asked for: hardly any evidence needs them all.
#[derive(Default)]
struct Own {
    rekor_keys: OnceLock<Keyring>,
    /// In the order of [`CT_SCHEMES`].
    ct_keys: [OnceLock<Keyring>; CT_SCHEMES.len()],
    anchors: OnceLock<Vec<(TrustAnchor<'static>, Option<TimeRange>)>>,
    timestamp_authorities: OnceLock<Vec<TsaAuthority>>,
}

/// Text that is embedded, until it was read: a snapshot shall not have it beside what it says.
struct Embedded<const LENGTH: usize>(Mutex<[u8; LENGTH]>);

static SIGSTORE_TEXT: Embedded<{ SIGSTORE_PRODUCTION_TRUSTED_ROOT.len() }> =
    Embedded::new(SIGSTORE_PRODUCTION_TRUSTED_ROOT);
static GITHUB_TEXT: Embedded<{ SIGSTORE_GITHUB_TRUSTED_ROOT.len() }> = Embedded::new(SIGSTORE_GITHUB_TRUSTED_ROOT);

impl<const LENGTH: usize> Embedded<LENGTH> {
    const fn new(text: &str) -> Self {
        // INVARIANT: LENGTH is the text's. Zeros would be no trust root.
        match text.as_bytes().first_chunk::<LENGTH>() {
            Some(bytes) => Self(Mutex::new(*bytes)),
            None => Self(Mutex::new([0; LENGTH])),
        }
    }

    /// Whoever reads it keeps what it says.
    fn take(&self) -> Result<TrustedRoot, TrustError> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let malformed = |e: &dyn std::fmt::Display| TrustError::Malformed(e.to_string());
        let text = std::str::from_utf8(&*bytes).map_err(|e| malformed(&e))?;
        let root = TrustedRoot::from_json(text).map_err(|e| malformed(&e))?;
        bytes.fill(0);
        Ok(root)
    }
}

/// Reads the embedded roots, for a snapshot of the module's memory: whoever asks for them later finds them read. Asks
/// for no time, no seed and nothing else of the system.
///
/// # Errors
/// None in a build whose tests pass.
pub fn prepare() -> Result<(), TrustError> {
    [SIGSTORE, GITHUB].into_iter().filter_map(TrustRoot::built_in).try_for_each(|root| root.map(drop))
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

/// What is in `cell`, made where it is not there yet.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, TrustError>) -> Result<&T, TrustError> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
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
        Self::of(root).checked()
    }

    /// The URL of a transparency log, by the hash of its key.
    #[must_use]
    pub fn log_url(&self, log_id: &[u8]) -> Option<&str> {
        self.root.tlogs.iter().find(|log| log.log_id.key_id.as_bytes() == log_id).map(|log| log.base_url.as_str())
    }

    /// One of the embedded roots, by name. Everybody gets the same.
    ///
    /// # Errors
    /// None in a build whose tests pass; the type keeps callers honest.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Result<Arc<Self>, TrustError>> {
        static ROOT_OF_SIGSTORE: OnceLock<Result<Arc<TrustRoot>, TrustError>> = OnceLock::new();
        static ROOT_OF_GITHUB: OnceLock<Result<Arc<TrustRoot>, TrustError>> = OnceLock::new();
        let of = |root| Arc::new(Self::of(root));
        match name {
            SIGSTORE => Some(ROOT_OF_SIGSTORE.get_or_init(|| SIGSTORE_TEXT.take().map(of)).clone()),
            GITHUB => Some(ROOT_OF_GITHUB.get_or_init(|| GITHUB_TEXT.take().map(of)).clone()),
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
        Self { stamps_keys: inline.has_timestamp_authority(), ..Self::of(root) }.checked()
    }

    fn of(root: TrustedRoot) -> Self {
        provider::install();
        Self { root, stamps_keys: false, verifier: OnceLock::new(), own: Own::default() }
    }

    /// This root, if sigstore-verify can use it: it looks at every key, window and certificate.
    fn checked(self) -> Result<Self, TrustError> {
        self.verifier()?;
        Ok(self)
    }

    /// sigstore-verify's own preparation of it.
    pub(super) fn verifier(&self) -> Result<&Verifier, TrustError> {
        once(&self.verifier, || Verifier::new(&self.root).map_err(|e| unusable(&e)))
    }

    /// Keys of the transparency logs.
    pub(super) fn rekor_keys(&self) -> Result<&Keyring, TrustError> {
        once(&self.own.rekor_keys, || self.root.rekor_keys().map_err(|e| unusable(&e)))
    }

    /// Timestamp authorities, each with its window.
    pub(super) fn timestamp_authorities(&self) -> &[TsaAuthority] {
        self.own.timestamp_authorities.get_or_init(|| timestamp_authorities(&self.root))
    }

    /// Whether one of its logs has this ID.
    pub(super) fn knows_log(&self, id: &[u8]) -> bool {
        self.root.tlogs.iter().any(|log| log.log_id.key_id.as_bytes() == id)
    }

    /// The certificate authorities that vouch at `time`.
    pub(super) fn anchors_at(&self, time: Timestamp) -> Result<Vec<TrustAnchor<'static>>, TrustError> {
        let open = |(_, window): &&(TrustAnchor<'static>, Option<TimeRange>)| {
            window.is_none_or(|window| window.contains(time))
        };
        let anchors = once(&self.own.anchors, || self.anchors())?;
        Ok(anchors.iter().filter(open).map(|(anchor, _)| anchor.clone()).collect())
    }

    fn anchors(&self) -> Result<Vec<(TrustAnchor<'static>, Option<TimeRange>)>, TrustError> {
        let mut anchors = Vec::new();
        for authority in &self.root.certificate_authorities {
            for certificate in &authority.cert_chain.certificates {
                let der = CertificateDer::from(certificate.raw_bytes.as_bytes());
                let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|e| unusable(&e))?.to_owned();
                anchors.push((anchor, authority.valid_for));
            }
        }
        Ok(anchors)
    }

    /// The keys of the certificate transparency logs that sign in this way.
    pub(super) fn ct_keys(&self, scheme: SigningScheme) -> Result<Option<&Keyring>, TrustError> {
        let known = CT_SCHEMES.iter().zip(&self.own.ct_keys).find(|(known, _)| **known == scheme);
        known.map(|(_, keys)| once(keys, || self.root.ctfe_keys(scheme).map_err(|e| unusable(&e)))).transpose()
    }
}

impl From<TrustError> for EvidenceError {
    fn from(error: TrustError) -> Self {
        Self::Unsupported(format!("the trust root: {error}"))
    }
}

fn unusable(reason: &dyn std::fmt::Display) -> TrustError {
    TrustError::Unusable(reason.to_string())
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
