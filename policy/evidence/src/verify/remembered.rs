//! Has exactly this been verified before, in this request?
//!
//! Evidence repeats itself: sigstore-verify checks an entry's promise twice, images share attestations, and every timestamp
//! of an authority brings the same certificates along. Whether a signature holds depends on nothing but scheme, key,
//! signature and what it covers, so the answer may be kept, and is found by all four as they are. A scheme that signs a
//! digest covers just that: data with the same digest has the same signatures.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sigstore_verify::crypto::{CryptoProvider, Error, HashContext, SigningScheme};
use sigstore_verify::types::HashAlgorithm;

/// Answers that are kept. A request's budget allows a few times as many checks, but what repeats is the little that
/// certificates and logs share.
const MAX_ANSWERS: usize = 128;
/// The longest question that is kept. What signs a digest asks with some hundred bytes, 2 KB for the largest RSA keys; Ed25519
/// covers the data itself, which may have megabytes where it is a payload.
const MAX_QUESTION_BYTES: usize = 8 << 10;

/// Signature, what it covers, key, and the scheme by its name. In this order, as other signatures differ at once.
type Question = (Vec<u8>, Vec<u8>, Vec<u8>, &'static str);

thread_local! {
    static ANSWERS: RefCell<BTreeMap<Question, Result<(), String>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forgets everything: a new request begins. In a cluster each has an instance of its own.
pub fn forget() {
    ANSWERS.with_borrow_mut(BTreeMap::clear);
}

/// A provider that is asked the same only once in a request: the memory begins empty with each.
#[derive(Debug)]
pub struct Remembering<P>(pub P);

impl<P: CryptoProvider> CryptoProvider for Remembering<P> {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        self.0.hash(algorithm)
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        self.0.sha256(data)
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        self.0.sha384(data)
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        self.0.sha512(data)
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        match scheme.hash_algorithm() {
            Some(HashAlgorithm::Sha2256) => self.verify_prehashed(scheme, key, &self.sha256(data), signature),
            Some(HashAlgorithm::Sha2384) => self.verify_prehashed(scheme, key, &self.sha384(data), signature),
            Some(HashAlgorithm::Sha2512) => self.verify_prehashed(scheme, key, &self.sha512(data), signature),
            _ => ask_once(scheme, key, data, signature, || self.0.verify_raw(scheme, key, data, signature)),
        }
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let verify = || self.0.verify_prehashed(scheme, key, digest, signature);
        // What covers data itself has answers about data alone.
        if scheme.hash_algorithm().is_some() { ask_once(scheme, key, digest, signature, verify) } else { verify() }
    }
}

/// The answer of `verify`, or what it was when the same was asked before.
fn ask_once(
    scheme: SigningScheme,
    key: &[u8],
    covered: &[u8],
    signature: &[u8],
    verify: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let size = key.len().saturating_add(covered.len()).saturating_add(signature.len());
    if size > MAX_QUESTION_BYTES {
        return verify();
    }
    let question = (signature.to_vec(), covered.to_vec(), key.to_vec(), scheme.name());
    if let Some(known) = ANSWERS.with_borrow(|answers| answers.get(&question).cloned()) {
        return known.map_err(Error::Verification);
    }
    let answer = verify();
    // Only a verdict is kept, and not that the question could not be put.
    let kept = match &answer {
        Ok(()) => Some(Ok(())),
        Err(Error::Verification(reason)) => Some(Err(reason.clone())),
        Err(_) => None,
    };
    ANSWERS.with_borrow_mut(|answers| {
        if let Some(kept) = kept.filter(|_| answers.len() < MAX_ANSWERS) {
            answers.insert(question, kept);
        }
    });
    answer
}

#[cfg(test)]
mod tests {
    use super::super::provider::own_provider;
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const DIGESTS: SigningScheme = SigningScheme::EcdsaP256Sha256;
    const DATA: SigningScheme = SigningScheme::Ed25519;

    /// Name, scheme, key, data, signature; whether it holds, and how often it is asked in two attempts.
    type Case<'c> = (&'c str, SigningScheme, &'c [u8], &'c [u8], &'c [u8], bool, usize);

    /// Says yes to one question in each way of asking, and counts how often it is asked anything.
    #[derive(Debug, Default)]
    struct Strict(AtomicUsize);

    impl Strict {
        fn answer(&self, key: &[u8], signature: &[u8], covers_it: bool) -> Result<(), Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match key {
                b"key" if signature == b"signature" && covers_it => Ok(()),
                b"cannot ask" => Err(Error::UnsupportedAlgorithm("none".to_owned())),
                _ => Err(Error::Verification("no".to_owned())),
            }
        }
    }

    impl CryptoProvider for Strict {
        fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
            own_provider().hash(algorithm)
        }

        fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
            self.answer(key, signature, scheme == DATA && (data == b"data" || data.len() > MAX_QUESTION_BYTES))
        }

        fn verify_prehashed(
            &self,
            scheme: SigningScheme,
            key: &[u8],
            digest: &[u8],
            signature: &[u8],
        ) -> Result<(), Error> {
            let large = vec![b'x'; MAX_QUESTION_BYTES + 1];
            let covers_it = [b"data", large.as_slice()].iter().any(|data| digest == own_provider().sha256(data));
            self.answer(key, signature, scheme == DIGESTS && covers_it)
        }
    }

    #[test]
    fn the_same_is_asked_once_and_nothing_else_is_taken_for_it() {
        let large = vec![b'x'; MAX_QUESTION_BYTES + 1];
        for scheme in [DIGESTS, DATA] {
            forget();
            let large_is_asked = if scheme == DATA { 2 } else { 1 };
            let cases: [Case<'_>; 10] = [
                ("itself", scheme, b"key", b"data", b"signature", true, 1),
                ("another hash", SigningScheme::EcdsaP256Sha384, b"key", b"data", b"signature", false, 1),
                ("another curve", SigningScheme::EcdsaP384Sha256, b"key", b"data", b"signature", false, 1),
                ("another key", scheme, b"kez", b"data", b"signature", false, 1),
                ("other data", scheme, b"key", b"dat_", b"signature", false, 1),
                ("another signature", scheme, b"key", b"data", b"signaturf", false, 1),
                ("a byte moved from one part to the next", scheme, b"keyd", b"ata", b"signature", false, 1),
                ("and back", scheme, b"ke", b"ydata", b"signature", false, 1),
                ("what could not be asked", scheme, b"cannot ask", b"data", b"signature", false, 2),
                ("what is too large to keep", scheme, b"key", &large, b"signature", true, large_is_asked),
            ];
            let provider = Remembering(Strict::default());
            for (name, scheme, key, data, signature, holds, asked) in cases {
                provider.0.0.store(0, Ordering::Relaxed);
                for _ in 0..2 {
                    let answer = provider.verify_raw(scheme, key, data, signature);
                    assert_eq!(answer.is_ok(), holds, "case `{name}`: {answer:?}");
                }
                assert_eq!(provider.0.0.load(Ordering::Relaxed), asked, "case `{name}`, {}", scheme.name());
            }
            provider.0.0.store(0, Ordering::Relaxed);
            forget();
            assert!(provider.verify_raw(scheme, b"key", b"data", b"signature").is_ok());
            assert_eq!(provider.0.0.load(Ordering::Relaxed), 1, "forgotten, and asked again");
        }
    }

    #[test]
    fn a_digest_and_its_data_are_one_question_and_another_digest_is_another() {
        forget();
        let provider = Remembering(Strict::default());
        assert!(provider.verify_raw(DIGESTS, b"key", b"data", b"signature").is_ok());
        let mut digest = own_provider().sha256(b"data");
        assert!(provider.verify_prehashed(DIGESTS, b"key", &digest, b"signature").is_ok());
        assert_eq!(provider.0.0.load(Ordering::Relaxed), 1);
        digest[31] ^= 1;
        assert!(provider.verify_prehashed(DIGESTS, b"key", &digest, b"signature").is_err());
        // What a scheme covers that hashes by itself is no digest, though it be the same bytes; nor the other way round.
        assert!(provider.verify_raw(DATA, b"key", &own_provider().sha256(b"data"), b"signature").is_err());
        assert!(provider.verify_raw(DATA, b"key", b"data", b"signature").is_ok());
        assert!(provider.verify_prehashed(DATA, b"key", b"data", b"signature").is_err());
        assert_eq!(provider.0.0.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn beyond_what_is_kept_each_question_is_put() {
        forget();
        let provider = Remembering(Strict::default());
        for number in 0..=MAX_ANSWERS {
            assert!(provider.verify_raw(DIGESTS, b"key", number.to_string().as_bytes(), b"signature").is_err());
        }
        for _ in 0..2 {
            assert!(provider.verify_raw(DIGESTS, b"key", b"data", b"signature").is_ok());
        }
        assert_eq!(provider.0.0.load(Ordering::Relaxed), MAX_ANSWERS + 3);
        ANSWERS.with_borrow(|answers| assert_eq!(answers.len(), MAX_ANSWERS));
        forget();
    }
}
