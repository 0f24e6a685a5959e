//! Any key, digest and signature: the verdict is RustCrypto's, and nothing panics. cargo-fuzz builds with debug
//! assertions, so that a limb that overflows is a crash.
//!
//! The first byte chooses the curve and how the rest is read: as it is, or as u1, u2 and k, from which a signature by
//! the key k·G is made that holds (or whose sums are special: small scalars make u1·G and u2·Q meet), and that may be
//! changed in a few bits then.

#![no_main]

use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::ops::{MulVartime, Reduce};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;

macro_rules! curve {
    ($module:ident, $curve:ident, $verify:ident, $bytes:literal) => {
        mod $module {
            use super::*;
            use $curve::ecdsa::{Signature, VerifyingKey};
            use $curve::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

            fn compare(key: &[u8], digest: &[u8], r: [u8; $bytes], s: [u8; $bytes]) -> bool {
                let Ok(signature) = Signature::from_scalars(r, s) else { return false };
                let theirs =
                    VerifyingKey::from_sec1_bytes(key).is_ok_and(|key| key.verify_prehash(digest, &signature).is_ok());
                assert_eq!(sigwarden_ecdsa::$verify(key, digest, &signature).is_ok(), theirs);
                theirs
            }

            /// r, s, the length of the key, the key, and the digest.
            pub(super) fn as_it_is(data: &[u8]) -> Option<()> {
                let (r, data) = data.split_first_chunk()?;
                let (s, data) = data.split_first_chunk()?;
                let (&length, data) = data.split_first()?;
                let (key, digest) = data.split_at_checked(length.into())?;
                compare(key, digest, *r, *s);
                Some(())
            }

            /// A signature that holds, with up to eight bits of key, digest, r and s changed: which, says the beginning.
            pub(super) fn nearly_held(data: &[u8]) -> Option<()> {
                let (&changes, data) = data.split_first()?;
                let (changes, data) = data.split_at_checked(usize::from(changes % 9) * 2)?;
                let mut made = made(data)?;
                for change in changes.chunks_exact(2) {
                    let parts: [&mut [u8]; 4] = [&mut made.key, &mut made.digest, &mut made.r, &mut made.s];
                    let (index, bit) = (usize::from(change[0]), 1 << (change[1] >> 3 & 7));
                    let part = parts.into_iter().nth(usize::from(change[1] & 3))?;
                    let length = part.len();
                    part[index % length] ^= bit;
                }
                compare(&made.key, &made.digest, made.r, made.s);
                Some(())
            }

            pub(super) fn made_to_hold(data: &[u8]) -> Option<()> {
                let made = made(data)?;
                assert_eq!(compare(&made.key, &made.digest, made.r, made.s), made.possible);
                Some(())
            }

            struct Made {
                key: Vec<u8>,
                digest: Vec<u8>,
                r: [u8; $bytes],
                s: [u8; $bytes],
                /// Whether there is a signature like this.
                possible: bool,
            }

            /// Up to $bytes little-endian bytes of each scalar, so that short input makes small scalars.
            fn made(data: &[u8]) -> Option<Made> {
                let third = data.len() / 3;
                let scalar = |index: usize| {
                    let mut bytes = [0; $bytes];
                    for (out, byte) in bytes.iter_mut().rev().zip(data.iter().skip(index * third).take(third)) {
                        *out = *byte;
                    }
                    <Scalar as Reduce<FieldBytes>>::reduce(&bytes.into())
                };
                let (u1, u2, k) = (scalar(0), scalar(1), scalar(2));
                // An odd last byte negates the key.
                let k = if data.last()? & 1 == 1 { -k } else { k };
                let q = ProjectivePoint::GENERATOR.mul_vartime(&k);
                let sum = AffinePoint::from(ProjectivePoint::GENERATOR.mul_vartime(&u1) + q.mul_vartime(&u2));
                let r = <Scalar as Reduce<FieldBytes>>::reduce(&sum.x());
                let s = r * u2.invert_vartime().into_option()?;
                Some(Made {
                    key: AffinePoint::from(q).to_sec1_point(false).as_bytes().to_vec(),
                    digest: (u1 * s).to_bytes().to_vec(),
                    r: r.to_bytes().into(),
                    s: s.to_bytes().into(),
                    possible: k != Scalar::ZERO && r != Scalar::ZERO,
                })
            }
        }
    };
}
curve!(on_p256, p256, verify_p256, 32);
curve!(on_p384, p384, verify_p384, 48);

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    // Input too short for its way says nothing.
    let _ = match how % 6 {
        0 => on_p256::as_it_is(data),
        1 => on_p256::made_to_hold(data),
        2 => on_p256::nearly_held(data),
        3 => on_p384::as_it_is(data),
        4 => on_p384::made_to_hold(data),
        _ => on_p384::nearly_held(data),
    };
});
