//! The same core as a native program, on other engines of cryptography.
//!
//! Everything but cryptography is what the module has: the core, its callbacks, its memory of identical checks, which
//! begins empty with each request. sigstore-crypto knows one provider in a process, so the one that is installed here
//! passes on to the engine of the runner whose turn it is.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::digest::{Context, Digest, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{self as aws_lc, UnparsedPublicKey, VerificationAlgorithm};
use sigstore_verify::crypto::{
    CryptoProvider, Error, HashContext, KeyAlgorithm, SigningScheme, install_default_provider,
};
use sigstore_verify::types::HashAlgorithm;
use sigwarden_core::host::{CallbackHost, Callbacks};
use sigwarden_core::verify::{Remembering, own_provider};
use sigwarden_core::{admission, bundle};

use super::{Operation, Runner};
use crate::engine::HostCalls;

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// AWS-LC: C and assembly.
    AwsLc,
    /// RustCrypto's curves, as they come.
    RustCrypto,
    /// What the module has: sigwarden-ecdsa, and RustCrypto for the rest.
    Own,
}

impl Engine {
    /// What it is called on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsLc => "native",
            Self::RustCrypto => "rustcrypto-native",
            Self::Own => "own-native",
        }
    }

    /// The engine of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::AwsLc, Self::RustCrypto, Self::Own].into_iter().find(|engine| engine.name() == name)
    }

    /// Its cryptography, without a memory.
    #[must_use]
    pub fn provider(self) -> &'static dyn CryptoProvider {
        match self {
            Self::AwsLc => &AwsLc,
            Self::RustCrypto => &RustCrypto,
            Self::Own => own_provider(),
        }
    }
}

/// The core, natively.
#[derive(Debug)]
pub struct NativeRunner {
    engine: Engine,
}

impl NativeRunner {
    /// Runs the core on this engine.
    ///
    /// # Errors
    /// When something verified signatures in this process before, so that the choice is made.
    pub fn new(engine: Engine) -> Result<Self, Error> {
        static INSTALLED: Mutex<bool> = Mutex::new(false);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*installed {
            install_default_provider(&Remembering(Chosen))
                .map_err(|_| Error::UnsupportedAlgorithm("cryptography was chosen before".to_owned()))?;
            *installed = true;
        }
        Ok(Self { engine })
    }
}

impl Runner for NativeRunner {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn run(&self, operation: Operation, payload: &[u8], host: Arc<HostCalls>) -> Result<Vec<u8>, String> {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        ENGINE.store(self.engine as u8, Ordering::SeqCst);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
        let now = i64::try_from(now.as_secs()).map_err(|error| error.to_string())?;
        match operation {
            Operation::Validate => {
                let host = CallbackHost(Called { host, started: Instant::now() });
                serde_json::to_vec(&admission::decide(&host, payload, now).response)
            }
            Operation::VerifyBundle => serde_json::to_vec(&bundle::verify(payload, now)),
        }
        .map_err(|error| error.to_string())
    }
}

/// Host calls without waPC.
struct Called {
    host: Arc<HostCalls>,
    started: Instant,
}

impl Callbacks for Called {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        (self.host)(binding, namespace, operation, payload)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Whose turn it is.
static ENGINE: AtomicU8 = AtomicU8::new(Engine::Own as u8);

fn engine() -> &'static dyn CryptoProvider {
    match ENGINE.load(Ordering::SeqCst) {
        turn if turn == Engine::AwsLc as u8 => &AwsLc,
        turn if turn == Engine::RustCrypto as u8 => &RustCrypto,
        _ => own_provider(),
    }
}

#[derive(Debug)]
struct Chosen;

impl CryptoProvider for Chosen {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        engine().hash(algorithm)
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        engine().sha256(data)
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        engine().sha384(data)
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        engine().sha512(data)
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        engine().verify_raw(scheme, key, data, signature)
    }

    fn verify_prehashed(&self, scheme: SigningScheme, key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), Error> {
        engine().verify_prehashed(scheme, key, hash, signature)
    }
}

fn invalid(scheme: SigningScheme) -> Error {
    Error::Verification(format!("{} signature invalid", scheme.name()))
}

fn unsupported(what: impl std::fmt::Display) -> Error {
    Error::UnsupportedAlgorithm(format!("{what} is not supported"))
}

/// aws-lc-rs, for what a signature in Sigstore may be made with.
#[derive(Debug)]
struct AwsLc;

struct Hashing(Context);

impl HashContext for Hashing {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl AwsLc {
    fn hash_algorithm(algorithm: HashAlgorithm) -> Result<&'static aws_lc_rs::digest::Algorithm, Error> {
        match algorithm {
            HashAlgorithm::Sha2256 => Ok(&SHA256),
            HashAlgorithm::Sha2384 => Ok(&SHA384),
            HashAlgorithm::Sha2512 => Ok(&SHA512),
            other => Err(unsupported(other)),
        }
    }

    fn verification(scheme: SigningScheme) -> Result<&'static dyn VerificationAlgorithm, Error> {
        Ok(match scheme {
            SigningScheme::EcdsaP256Sha256 => &aws_lc::ECDSA_P256_SHA256_ASN1,
            SigningScheme::EcdsaP256Sha384 => &aws_lc::ECDSA_P256_SHA384_ASN1,
            SigningScheme::EcdsaP384Sha256 => &aws_lc::ECDSA_P384_SHA256_ASN1,
            SigningScheme::EcdsaP384Sha384 => &aws_lc::ECDSA_P384_SHA384_ASN1,
            SigningScheme::Ed25519 => &aws_lc::ED25519,
            SigningScheme::RsaPkcs1Sha256 => &aws_lc::RSA_PKCS1_2048_8192_SHA256,
            SigningScheme::RsaPkcs1Sha384 => &aws_lc::RSA_PKCS1_2048_8192_SHA384,
            SigningScheme::RsaPkcs1Sha512 => &aws_lc::RSA_PKCS1_2048_8192_SHA512,
            SigningScheme::RsaPssSha256 => &aws_lc::RSA_PSS_2048_8192_SHA256,
            SigningScheme::RsaPssSha384 => &aws_lc::RSA_PSS_2048_8192_SHA384,
            SigningScheme::RsaPssSha512 => &aws_lc::RSA_PSS_2048_8192_SHA512,
            other => return Err(unsupported(other.name())),
        })
    }
}

/// The digest in an array. Each algorithm has one length.
fn sized<const N: usize>(algorithm: &'static aws_lc_rs::digest::Algorithm, data: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (out, byte) in out.iter_mut().zip(digest(algorithm, data).as_ref()) {
        *out = *byte;
    }
    out
}

impl CryptoProvider for AwsLc {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        Ok(Box::new(Hashing(Context::new(Self::hash_algorithm(algorithm)?))))
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        sized(&SHA256, data)
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        sized(&SHA384, data)
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        sized(&SHA512, data)
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        let key = UnparsedPublicKey::new(Self::verification(scheme)?, key);
        key.verify(data, signature).map_err(|_| invalid(scheme))
    }

    fn verify_prehashed(&self, scheme: SigningScheme, key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), Error> {
        let algorithm = scheme.hash_algorithm().ok_or_else(|| unsupported(scheme.name()))?;
        let hash = Digest::import_less_safe(hash, Self::hash_algorithm(algorithm)?).map_err(|_| invalid(scheme))?;
        let key = UnparsedPublicKey::new(Self::verification(scheme)?, key);
        key.verify_digest(&hash, signature).map_err(|_| invalid(scheme))
    }
}

/// The core's own provider with RustCrypto's curves.
#[derive(Debug)]
struct RustCrypto;

impl CryptoProvider for RustCrypto {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        own_provider().hash(algorithm)
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        own_provider().sha256(data)
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        own_provider().sha384(data)
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        own_provider().sha512(data)
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        match (scheme.key_algorithm(), scheme.hash_algorithm()) {
            (KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384, Some(algorithm)) => {
                let mut hash = self.hash(algorithm)?;
                hash.update(data);
                self.verify_prehashed(scheme, key, &hash.finalize(), signature)
            }
            _ => own_provider().verify_raw(scheme, key, data, signature),
        }
    }

    fn verify_prehashed(&self, scheme: SigningScheme, key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), Error> {
        use p256::ecdsa::signature::hazmat::PrehashVerifier;
        let verified = match scheme.key_algorithm() {
            KeyAlgorithm::EcdsaP256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .and_then(|key| key.verify_prehash(hash, &p256::ecdsa::Signature::from_der(signature)?)),
            KeyAlgorithm::EcdsaP384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .and_then(|key| key.verify_prehash(hash, &p384::ecdsa::Signature::from_der(signature)?)),
            _ => return own_provider().verify_prehashed(scheme, key, hash, signature),
        };
        verified.map_err(|_| invalid(scheme))
    }
}
