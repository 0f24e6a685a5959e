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
    cases: Vec<(Curve, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>)>,
}

#[derive(Clone, Copy, Deserialize)]
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

fn answer(payload: &[u8], verify: fn(Curve, &[u8], &[u8], &[u8], &[u8]) -> Option<()>) -> CallResult {
    let payload: Payload = serde_json::from_slice(payload)?;
    let verdicts: Vec<bool> = payload
        .cases
        .iter()
        .map(|(curve, key, digest, r, s)| {
            let mut verdict = None;
            for _ in 0..payload.times {
                verdict = verify(*curve, key, digest, r, s);
            }
            verdict.is_some()
        })
        .collect();
    Ok(serde_json::to_vec(&verdicts)?)
}

fn sigwarden(curve: Curve, key: &[u8], digest: &[u8], r: &[u8], s: &[u8]) -> Option<()> {
    match curve {
        Curve::P256 => sigwarden_ecdsa::verify_p256(key, digest, &p256_signature(r, s)?).ok(),
        Curve::P384 => sigwarden_ecdsa::verify_p384(key, digest, &p384_signature(r, s)?).ok(),
    }
}

fn rustcrypto(curve: Curve, key: &[u8], digest: &[u8], r: &[u8], s: &[u8]) -> Option<()> {
    match curve {
        Curve::P256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
            key.verify_prehash(digest, &p256_signature(r, s)?).ok()
        }
        Curve::P384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
            key.verify_prehash(digest, &p384_signature(r, s)?).ok()
        }
    }
}

fn p256_signature(r: &[u8], s: &[u8]) -> Option<p256::ecdsa::Signature> {
    let (r, s): ([u8; 32], [u8; 32]) = (r.try_into().ok()?, s.try_into().ok()?);
    p256::ecdsa::Signature::from_scalars(r, s).ok()
}

fn p384_signature(r: &[u8], s: &[u8]) -> Option<p384::ecdsa::Signature> {
    let (r, s): ([u8; 48], [u8; 48]) = (r.try_into().ok()?, s.try_into().ok()?);
    p384::ecdsa::Signature::from_scalars(r, s).ok()
}
