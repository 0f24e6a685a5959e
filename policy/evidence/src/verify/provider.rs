//! Signature verification and hashing, as the `CryptoProvider` that sigstore-verify asks for: ECDSA by
//! [`sigwarden_ecdsa`], everything else by RustCrypto. With the feature `rustcrypto`, everything by RustCrypto.
//!
//! Everything verified here is public, so nothing needs constant time. Keys arrive as the raw bits of an SPKI
//! (SEC1 point, PKCS#1 `RSAPublicKey`, 32 Ed25519 bytes), signatures as the field writes them (DER for ECDSA).
//! Anything that does not parse is an invalid signature, never a panic.

use super::remembered::Remembering;
use der::{Decode, asn1::UintRef};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use sigstore_verify::crypto::{
    CryptoProvider, Error, HashContext, KeyAlgorithm, SigningScheme, install_default_provider, try_default_provider,
};
use sigstore_verify::types::HashAlgorithm;
#[cfg(not(feature = "rustcrypto"))]
use sigwarden_ecdsa::{verify_p256, verify_p384};

/// Below 2048 bits RSA is broken in reach; beyond 8192 a check costs more than it adds. webpki draws the same lines.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Makes RustCrypto, with a memory, the process-wide provider unless one is installed already. Cheap; call before verifying.
pub(super) fn install() {
    if try_default_provider().is_none() {
        // The loser of a race finds the same provider installed.
        let _ = install_default_provider(&Remembering(RustCrypto));
    }
}

/// Cryptography as the core has it by itself, without a memory: for whoever compares it with another.
#[must_use]
pub fn own_provider() -> &'static dyn CryptoProvider {
    &RustCrypto
}

#[derive(Debug)]
struct RustCrypto;

struct Sha<D>(D);

impl<D: sha2::Digest + Send> HashContext for Sha<D> {
    fn update(&mut self, data: &[u8]) {
        sha2::Digest::update(&mut self.0, data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

impl CryptoProvider for RustCrypto {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        match algorithm {
            HashAlgorithm::Sha2256 => Ok(Box::new(Sha(Sha256::new()))),
            HashAlgorithm::Sha2384 => Ok(Box::new(Sha(Sha384::new()))),
            HashAlgorithm::Sha2512 => Ok(Box::new(Sha(Sha512::new()))),
            other => Err(Error::UnsupportedAlgorithm(format!("cannot compute {other} digests"))),
        }
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        Sha384::digest(data).into()
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        Sha512::digest(data).into()
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        let valid = match scheme.hash_algorithm() {
            Some(algorithm) => match hash(algorithm, data) {
                Some(digest) => verify_digest(scheme, key, &digest, signature),
                None => None,
            },
            None if scheme == SigningScheme::Ed25519 => verify_ed25519(key, data, signature),
            None => return Err(Error::UnsupportedAlgorithm(format!("{} is not supported", scheme.name()))),
        };
        valid.ok_or_else(|| invalid(scheme))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        verify_digest(scheme, key, digest, signature).ok_or_else(|| invalid(scheme))
    }
}

fn invalid(scheme: SigningScheme) -> Error {
    Error::Verification(format!("{} signature invalid", scheme.name()))
}

fn hash(algorithm: HashAlgorithm, data: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        HashAlgorithm::Sha2256 => Some(Sha256::digest(data).to_vec()),
        HashAlgorithm::Sha2384 => Some(Sha384::digest(data).to_vec()),
        HashAlgorithm::Sha2512 => Some(Sha512::digest(data).to_vec()),
        _ => None,
    }
}

/// `Some` if the signature is valid. The digest's length is checked against the scheme by RSA, and may be any for
/// ECDSA, which takes its leftmost bits (FIPS 186-5 §6.4.2).
fn verify_digest(scheme: SigningScheme, key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    match scheme.key_algorithm() {
        KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 => {
            verify_ecdsa(scheme.key_algorithm(), key, digest, signature)
        }
        KeyAlgorithm::Rsa => verify_rsa(scheme, key, digest, signature),
        _ => None,
    }
}

#[cfg(feature = "rustcrypto")]
fn verify_p256(key: &[u8], digest: &[u8], signature: &p256::ecdsa::Signature) -> p256::ecdsa::signature::Result<()> {
    use p256::ecdsa::{VerifyingKey, signature::hazmat::PrehashVerifier};
    VerifyingKey::from_sec1_bytes(key)?.verify_prehash(digest, signature)
}

#[cfg(feature = "rustcrypto")]
fn verify_p384(key: &[u8], digest: &[u8], signature: &p384::ecdsa::Signature) -> p384::ecdsa::signature::Result<()> {
    use p384::ecdsa::{VerifyingKey, signature::hazmat::PrehashVerifier};
    VerifyingKey::from_sec1_bytes(key)?.verify_prehash(digest, signature)
}

#[derive(der::Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// Left-pads a DER integer to the width of the curve's scalars.
fn scalar<const N: usize>(integer: &UintRef<'_>) -> Option<[u8; N]> {
    let bytes = integer.as_bytes();
    let mut out = [0; N];
    out.get_mut(N.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(out)
}

/// Verifies ECDSA over a digest. Also serves `verify/legacy.rs`, whose P-256 with SHA-512 has no [`SigningScheme`].
pub(super) fn verify_ecdsa(curve: KeyAlgorithm, key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let parsed = EcdsaSignature::from_der(signature).ok()?;
    match curve {
        KeyAlgorithm::EcdsaP256 => {
            let (r, s) = (scalar::<32>(&parsed.r)?, scalar::<32>(&parsed.s)?);
            verify_p256(key, digest, &p256::ecdsa::Signature::from_scalars(r, s).ok()?).ok()
        }
        KeyAlgorithm::EcdsaP384 => {
            let (r, s) = (scalar::<48>(&parsed.r)?, scalar::<48>(&parsed.s)?);
            verify_p384(key, digest, &p384::ecdsa::Signature::from_scalars(r, s).ok()?).ok()
        }
        _ => None,
    }
}

fn verify_ed25519(key: &[u8], data: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    // Strict: refuses the small-order keys and non-canonical points under which one signature fits many messages.
    key.verify_strict(data, &signature).ok()
}

#[derive(der::Sequence)]
struct Pkcs1PublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

fn verify_rsa(scheme: SigningScheme, key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let key = Pkcs1PublicKey::from_der(key).ok()?;
    let modulus = key.modulus.as_bytes();
    let n = BoxedUint::from_be_slice(modulus, u32::try_from(modulus.len().checked_mul(8)?).ok()?).ok()?;
    let exponent = key.public_exponent.as_bytes();
    // Exponents are 65537 in practice; 64 bits leave room for every one that is allowed (below 2^33).
    let e = BoxedUint::from_be_slice(exponent, 64).ok()?;
    let key = PublicKey::new_with_size_limits(n, e, RSA_BITS).ok()?;
    let verified = match scheme {
        SigningScheme::RsaPkcs1Sha256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature),
        SigningScheme::RsaPkcs1Sha384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), digest, signature),
        SigningScheme::RsaPkcs1Sha512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), digest, signature),
        SigningScheme::RsaPssSha256 => key.verify(Pss::<Sha256>::new(), digest, signature),
        SigningScheme::RsaPssSha384 => key.verify(Pss::<Sha384>::new(), digest, signature),
        SigningScheme::RsaPssSha512 => key.verify(Pss::<Sha512>::new(), digest, signature),
        _ => return None,
    };
    verified.ok()
}
