//! ECDSA verification on P-256 and P-384 for WebAssembly, in variable time.
//!
//! Verification sees only public values, so nothing here needs to hide how long it takes. What it needs is to be fast
//! where a 64-bit product is one instruction and a 128-bit product a library call: in WebAssembly, where a general
//! library takes ten times as long as on the machine itself.
//!
//! Read in this order; every file builds on those before it:
//! 1. `word`: what a limb is; `pair`: two of them at once.
//! 2. `field`: what arithmetic modulo p means; `p256_field` and `p384_field` are generated and hold the arithmetic.
//! 3. `point`: the group law, with the formulas of the Explicit-Formulas Database.
//! 4. `digits`, `table`, `sum`: u1·G + u2·Q with few additions.
//! 5. `curve`: what RustCrypto does (scalars modulo n, inversion, compressed keys).
//! 6. this file: the equation.
//!
//! What keeps it right, beside being read: `bounds` proves that no limb overflows, whatever the input, by running this
//! code on intervals; the tests compare it with RustCrypto and with Project Wycheproof's vectors, natively and as
//! WebAssembly; tables are compared with RustCrypto entry by entry.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows panics"))]

#[cfg(test)]
mod bounds;
mod curve;
mod digits;
#[expect(clippy::arithmetic_side_effects, reason = "on limbs, which `bounds` proves not to overflow")]
mod field;
#[expect(clippy::arithmetic_side_effects, reason = "on limbs, which `bounds` proves not to overflow")]
mod inverse;
#[expect(clippy::arithmetic_side_effects, reason = "on limbs, which `bounds` proves not to overflow")]
#[rustfmt::skip]
mod p256_field;
#[expect(clippy::arithmetic_side_effects, reason = "on limbs, which `bounds` proves not to overflow")]
#[rustfmt::skip]
mod p384_field;
mod pair;
mod point;
mod sum;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod word;

use curve::{Curve, Scalars};
use field::Field;
use point::Affine;

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The key is not a point of the curve (SEC 1 §2.3.3), or it is infinity.
    Key,
    /// The signature is not this key's over this digest.
    Signature,
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Key => "the key is not a point of the curve",
            Self::Signature => "the signature does not match",
        })
    }
}

impl core::error::Error for Refused {}

/// Verifies a signature over a digest with a P-256 key in SEC 1 form (§2.3.3).
///
/// Of a digest longer than 32 bytes the leftmost 32 count (FIPS 186-5 §6.4.2).
///
/// # Errors
/// When the key is none, or the signature is not its.
pub fn verify_p256(key: &[u8], digest: &[u8], signature: &p256::ecdsa::Signature) -> Result<(), Refused> {
    verify::<curve::P256>(key, digest, signature)
}

/// Verifies a signature over a digest with a P-384 key in SEC 1 form (§2.3.3).
///
/// Of a digest longer than 48 bytes the leftmost 48 count (FIPS 186-5 §6.4.2); a shorter one is taken as it is.
///
/// # Errors
/// When the key is none, or the signature is not its.
pub fn verify_p384(key: &[u8], digest: &[u8], signature: &p384::ecdsa::Signature) -> Result<(), Refused> {
    verify::<curve::P384>(key, digest, signature)
}

fn verify<C: Curve>(key: &[u8], digest: &[u8], signature: &C::Signature) -> Result<(), Refused> {
    let Scalars { u1, u2, r } = C::scalars(digest, signature).ok_or(Refused::Signature)?;
    let (u1, u2) = (u1.as_ref(), u2.as_ref());
    let sum = match C::known().iter().find(|known| known.key == key) {
        Some(known) => sum::with_table(C::generator(), u1, &known.table, u2),
        None => sum::without_table::<C>(C::generator(), u1, &point::<C>(key).ok_or(Refused::Key)?, u2),
    };
    let sum = sum.ok_or(Refused::Signature)?;

    // r is x modulo n. As x is below p, and p is below 2n, x is r or r + n.
    let order = C::Element::load(&<C::Element as Field>::ORDER);
    let x: C::Element = field::from_bytes(r.as_ref()).ok_or(Refused::Signature)?;
    let is_x = |x: &C::Element| sum.x_differs_from(x).is_zero();
    let x_may_be_larger = r.as_ref() < <C::Element as Field>::PRIME_MINUS_ORDER;
    if is_x(&x) || (x_may_be_larger && is_x(&x.plus(&order))) { Ok(()) } else { Err(Refused::Signature) }
}

/// The point that a key is, if it is one.
fn point<C: Curve>(key: &[u8]) -> Option<Affine<C::Element>> {
    let bytes = <C::Element as Field>::BYTES;
    let read = |x: &[u8], y: &[u8]| Some(Affine::<C::Element> { x: field::from_bytes(x)?, y: field::from_bytes(y)? });
    let point = match key.split_first() {
        // Uncompressed, as nearly every key comes.
        Some((4, coordinates)) => {
            let (x, y) = coordinates.split_at_checked(bytes)?;
            read(x, y)?
        }
        _ => {
            let (x, y) = C::decompress(key)?;
            read(x.as_ref(), y.as_ref())?
        }
    };
    point.off_curve().is_zero().then_some(point)
}
