//! Has exactly this been verified before, in this request?
//!
//! Evidence repeats itself: sigstore-verify checks an entry's promise twice, images share attestations, and every timestamp
//! of an authority brings the same certificates along. Whether a signature holds depends on nothing but scheme, key, data
//! and signature, so the answer may be kept. It is found by all four as they are, and not by digests of them: no question
//! can be taken for another.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sigstore_verify::crypto::{CryptoProvider, Error, HashContext, SigningScheme};
use sigstore_verify::types::HashAlgorithm;

/// Answers that are kept. A request's budget allows a few times as many checks, but what repeats is the little that
/// certificates and logs share.
const MAX_ANSWERS: usize = 128;
/// Data that is kept. Certificates, promises and checkpoints have some hundred bytes up to a few thousand; payloads may
/// have megabytes, and the examiner remembers those by their evidence.
const MAX_DATA_BYTES: usize = 8 << 10;

/// Signature, data, key, and the scheme by its name. In this order, as other signatures differ at once.
type Question = (Vec<u8>, Vec<u8>, Vec<u8>, &'static str);

thread_local! {
    static ANSWERS: RefCell<BTreeMap<Question, Result<(), String>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forgets everything: a new request begins. In a cluster each has an instance of its own.
pub(crate) fn forget() {
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
        let verify = || self.0.verify_raw(scheme, key, data, signature);
        let size = key.len().saturating_add(data.len()).saturating_add(signature.len());
        if size > MAX_DATA_BYTES {
            return verify();
        }
        let question = (signature.to_vec(), data.to_vec(), key.to_vec(), scheme.name());
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

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        self.0.verify_prehashed(scheme, key, digest, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SCHEME: SigningScheme = SigningScheme::EcdsaP256Sha256;

    /// Name, scheme, key, data, signature; whether it holds, and how often it is asked in two attempts.
    type Case<'c> = (&'c str, SigningScheme, &'c [u8], &'c [u8], &'c [u8], bool, usize);

    /// Says yes to one question, and counts how often it is asked anything.
    #[derive(Debug, Default)]
    struct Strict(AtomicUsize);

    impl CryptoProvider for Strict {
        fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
            Err(Error::UnsupportedAlgorithm(algorithm.to_string()))
        }

        fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match (scheme, key) {
                (SCHEME, b"key") if data == b"data" && signature == b"signature" => Ok(()),
                (_, b"cannot ask") => Err(Error::UnsupportedAlgorithm("none".to_owned())),
                _ if data.len() > MAX_DATA_BYTES => Ok(()),
                _ => Err(Error::Verification("no".to_owned())),
            }
        }

        fn verify_prehashed(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), Error> {
            Err(Error::Verification("no".to_owned()))
        }
    }

    #[test]
    fn the_same_is_asked_once_and_nothing_else_is_taken_for_it() {
        forget();
        let large = vec![b'x'; MAX_DATA_BYTES + 1];
        let cases: [Case<'_>; 9] = [
            ("itself", SCHEME, b"key", b"data", b"signature", true, 1),
            ("another scheme", SigningScheme::EcdsaP384Sha384, b"key", b"data", b"signature", false, 1),
            ("another key", SCHEME, b"kez", b"data", b"signature", false, 1),
            ("other data", SCHEME, b"key", b"dat_", b"signature", false, 1),
            ("another signature", SCHEME, b"key", b"data", b"signaturf", false, 1),
            ("a byte moved from one part to the next", SCHEME, b"keyd", b"ata", b"signature", false, 1),
            ("and back", SCHEME, b"ke", b"ydata", b"signature", false, 1),
            ("what could not be asked", SCHEME, b"cannot ask", b"data", b"signature", false, 2),
            ("what is too large to keep", SCHEME, b"key", &large, b"signature", true, 2),
        ];
        let provider = Remembering(Strict::default());
        for (name, scheme, key, data, signature, holds, asked) in cases {
            provider.0.0.store(0, Ordering::Relaxed);
            for _ in 0..2 {
                let answer = provider.verify_raw(scheme, key, data, signature);
                assert_eq!(answer.is_ok(), holds, "case `{name}`: {answer:?}");
            }
            assert_eq!(provider.0.0.load(Ordering::Relaxed), asked, "case `{name}`");
        }
        forget();
        assert!(provider.verify_raw(SCHEME, b"key", b"data", b"signature").is_ok());
        assert_eq!(provider.0.0.load(Ordering::Relaxed), 3, "forgotten, and asked again");
    }

    #[test]
    fn beyond_what_is_kept_each_question_is_put() {
        forget();
        let provider = Remembering(Strict::default());
        for number in 0..=MAX_ANSWERS {
            assert!(provider.verify_raw(SCHEME, b"key", number.to_string().as_bytes(), b"signature").is_err());
        }
        for _ in 0..2 {
            assert!(provider.verify_raw(SCHEME, b"key", b"data", b"signature").is_ok());
        }
        assert_eq!(provider.0.0.load(Ordering::Relaxed), MAX_ANSWERS + 3);
        ANSWERS.with_borrow(|answers| assert_eq!(answers.len(), MAX_ANSWERS));
        forget();
    }
}
