//! Static public keys: from PEM to a key that can only be asked "did you make this signature?".
//!
//! Input is the operator's text (`keys.publicKeys`, cosign's `--key`), read when the settings are read, so that a bad
//! key is a settings error and never a refused pod. Only `PUBLIC KEY` PEM blocks are read (SPKI, RFC 5280 §4.1.2.7), as
//! cosign writes them.

use super::provider::{self, verify_ecdsa};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, verify_signature};
use sigstore_verify::types::{DerCertificate, DerPublicKey, SignatureBytes};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// Hash over which ECDSA and RSA keys sign (`signatureAlgorithm`, cosign's `--signature-digest-algorithm`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyHash {
    /// SHA-256, cosign's and Kyverno's default whatever the key.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl KeyHash {
    /// Its name as `signatureAlgorithm` writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The digest of `data`.
    #[must_use]
    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a PEM block, or of another kind.
    #[error("not a `-----BEGIN PUBLIC KEY-----` PEM block: {0}")]
    NotPem(String),
    /// Not a certificate.
    #[error("not a certificate: {0}")]
    NotCertificate(String),
    /// Not a key that cosign makes.
    #[error("unsupported key: {0}")]
    Unsupported(String),
}

/// A public key and the hash it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    spki: DerPublicKey,
    algorithm: KeyAlgorithm,
    hash: KeyHash,
}

impl PublicKey {
    /// Reads one PEM block.
    ///
    /// # Errors
    /// When the text is not a PEM `PUBLIC KEY`, or the key is not ECDSA P-256 or P-384, RSA from 2048 to 8192 bits,
    /// or Ed25519.
    pub fn from_pem(pem: &str, hash: KeyHash) -> Result<Self, KeyError> {
        let spki = DerPublicKey::from_pem(pem.trim()).map_err(|e| KeyError::NotPem(e.to_string()))?;
        Self::from_spki(spki, hash)
    }

    /// Reads one PEM block, with the hash of the key's own size (Sigstore's algorithm registry): SHA-384 for P-384,
    /// SHA-256 for everything else.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_pem_with_own_hash(pem: &str) -> Result<Self, KeyError> {
        let key = Self::from_pem(pem, KeyHash::Sha256)?;
        let hash = if key.algorithm == KeyAlgorithm::EcdsaP384 { KeyHash::Sha384 } else { KeyHash::Sha256 };
        Ok(Self { hash, ..key })
    }

    /// The key in a certificate (one PEM block). Nothing else of the certificate is looked at: not its chain, not its
    /// validity.
    ///
    /// # Errors
    /// When it is not a certificate, or its key is none that [`Self::from_pem`] would read.
    pub fn from_certificate(pem: &str, hash: KeyHash) -> Result<Self, KeyError> {
        let certificate = DerCertificate::from_pem(pem.trim()).map_err(|e| KeyError::NotCertificate(e.to_string()))?;
        let certificate =
            Certificate::from_der(certificate.as_bytes()).map_err(|e| KeyError::NotCertificate(e.to_string()))?;
        let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
        let spki = spki.map_err(|e| KeyError::NotCertificate(e.to_string()))?;
        Self::from_spki(DerPublicKey::from_bytes(&spki), hash)
    }

    pub(super) fn from_spki(spki: DerPublicKey, hash: KeyHash) -> Result<Self, KeyError> {
        provider::install();
        let algorithm = KeyAlgorithm::from_spki(&spki).map_err(|e| KeyError::Unsupported(e.to_string()))?;
        let key = Self { spki, algorithm, hash };
        match algorithm {
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Ed25519 | KeyAlgorithm::Rsa => {
                sigstore_verify::crypto::validate_raw_public_key(algorithm.default_signing_scheme(), &key.raw()?)
                    .map_err(|e| KeyError::Unsupported(e.to_string()))?;
                Ok(key)
            }
            other => Err(KeyError::Unsupported(format!("{other:?}"))),
        }
    }

    /// The bits inside the SPKI.
    fn raw(&self) -> Result<Vec<u8>, KeyError> {
        SubjectPublicKeyInfoRef::from_der(self.spki.as_bytes())
            .map(|spki| spki.subject_public_key.raw_bytes().to_vec())
            .map_err(|e| KeyError::Unsupported(e.to_string()))
    }

    pub(super) const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// SPKI in DER.
    pub(super) const fn spki(&self) -> &DerPublicKey {
        &self.spki
    }

    /// `sha256:<hex of the SPKI's hash>`, shortened to 16 digits: enough to tell keys apart in a message.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.spki.as_bytes());
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }

    /// The key as PEM, as [`Self::from_pem`] reads it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.spki.to_pem()
    }

    /// The same key, signing with another hash.
    #[must_use]
    pub fn with_hash(self, hash: KeyHash) -> Self {
        Self { hash, ..self }
    }

    /// The hash it signs with.
    #[must_use]
    pub const fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Tells this key, with its hash, from every other.
    pub fn identity(&self) -> String {
        format!("{} {}", self.hash.as_str(), self.spki.to_base64())
    }

    /// What kind of key it is, in words, for example `ECDSA P-256 with sha256`.
    #[must_use]
    pub fn description(&self) -> String {
        let name = match self.algorithm {
            KeyAlgorithm::EcdsaP256 => "ECDSA P-256",
            KeyAlgorithm::EcdsaP384 => "ECDSA P-384",
            KeyAlgorithm::Rsa => "RSA",
            _ => return "Ed25519".to_owned(),
        };
        format!("{name} with {}", self.hash.as_str())
    }

    /// Whether sigstore-verify, left to choose, would check this key's signatures in the way this key asks for.
    pub(super) fn is_sigstore_default(&self) -> bool {
        match self.algorithm {
            KeyAlgorithm::Ed25519 => true,
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::Rsa => self.hash == KeyHash::Sha256,
            _ => false,
        }
    }

    /// Whether `signature` is this key's signature over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        provider::install();
        // By the provider that is installed, which may be somebody else's, and remembers what held before.
        let by = |scheme| verify_signature(&self.spki, message, &SignatureBytes::from_bytes(signature), scheme).is_ok();
        // PKCS#1 v1.5 is what cosign makes; PSS is what some HSMs insist on. Neither can be mistaken for the other.
        let rsa = |pkcs1, pss| by(pkcs1) || by(pss);
        match (self.algorithm, self.hash) {
            (KeyAlgorithm::EcdsaP256, KeyHash::Sha256) => by(SigningScheme::EcdsaP256Sha256),
            (KeyAlgorithm::EcdsaP256, KeyHash::Sha384) => by(SigningScheme::EcdsaP256Sha384),
            (KeyAlgorithm::EcdsaP384, KeyHash::Sha256) => by(SigningScheme::EcdsaP384Sha256),
            (KeyAlgorithm::EcdsaP384, KeyHash::Sha384) => by(SigningScheme::EcdsaP384Sha384),
            // The provider has no scheme for these.
            (KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384, KeyHash::Sha512) => self
                .raw()
                .is_ok_and(|raw| verify_ecdsa(self.algorithm, &raw, &Sha512::digest(message), signature).is_some()),
            (KeyAlgorithm::Rsa, KeyHash::Sha256) => rsa(SigningScheme::RsaPkcs1Sha256, SigningScheme::RsaPssSha256),
            (KeyAlgorithm::Rsa, KeyHash::Sha384) => rsa(SigningScheme::RsaPkcs1Sha384, SigningScheme::RsaPssSha384),
            (KeyAlgorithm::Rsa, KeyHash::Sha512) => rsa(SigningScheme::RsaPkcs1Sha512, SigningScheme::RsaPssSha512),
            (KeyAlgorithm::Ed25519, _) => by(SigningScheme::Ed25519),
            _ => false,
        }
    }
}
