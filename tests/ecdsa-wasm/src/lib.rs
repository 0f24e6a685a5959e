//! ECDSA verification as WebAssembly, by sigwarden-ecdsa and by RustCrypto: for tests and measurements.
//!
//! One operation per implementation. The payload is `{"times": n, "cases": [[curve, key, digest, r, s], …]}`, bytes as
//! arrays of numbers and r and s padded to the curve's width; the answer is one `true` or `false` per case, from the
//! last of `n` verifications of it.

#![cfg(target_arch = "wasm32")]

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use serde::Deserialize;
use wapc_guest::{CallResult, register_function};

#[derive(Deserialize)]
struct Payload {
    times: u32,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    curve: Curve,
    key: Vec<u8>,
    digest: Vec<u8>,
    r: Vec<u8>,
    s: Vec<u8>,
}

#[derive(Deserialize)]
enum Curve {
    P256,
    P384,
}

/// Entry point of waPC: names the operations.
#[expect(unsafe_code, reason = "waPC finds this function by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("sigwarden", |payload| answer(payload, sigwarden));
    register_function("rustcrypto", |payload| answer(payload, rustcrypto));
}

fn answer(payload: &[u8], verify: fn(&Case) -> Option<()>) -> CallResult {
    let payload: Payload = serde_json::from_slice(payload)?;
    let verdict = |case: &Case| {
        let mut verdict = None;
        for _ in 0..payload.times {
            verdict = verify(case);
        }
        verdict.is_some()
    };
    let verdicts: Vec<bool> = payload.cases.iter().map(verdict).collect();
    Ok(serde_json::to_vec(&verdicts)?)
}

fn sigwarden(case: &Case) -> Option<()> {
    match case.curve {
        Curve::P256 => sigwarden_ecdsa::verify_p256(&case.key, &case.digest, &p256_signature(case)?).ok(),
        Curve::P384 => sigwarden_ecdsa::verify_p384(&case.key, &case.digest, &p384_signature(case)?).ok(),
    }
}

fn rustcrypto(case: &Case) -> Option<()> {
    match case.curve {
        Curve::P256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&case.key).ok()?;
            key.verify_prehash(&case.digest, &p256_signature(case)?).ok()
        }
        Curve::P384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&case.key).ok()?;
            key.verify_prehash(&case.digest, &p384_signature(case)?).ok()
        }
    }
}

fn p256_signature(case: &Case) -> Option<p256::ecdsa::Signature> {
    let (r, s): ([u8; 32], [u8; 32]) = (case.r.as_slice().try_into().ok()?, case.s.as_slice().try_into().ok()?);
    p256::ecdsa::Signature::from_scalars(r, s).ok()
}

fn p384_signature(case: &Case) -> Option<p384::ecdsa::Signature> {
    let (r, s): ([u8; 48], [u8; 48]) = (case.r.as_slice().try_into().ok()?, case.s.as_slice().try_into().ok()?);
    p384::ecdsa::Signature::from_scalars(r, s).ok()
}
