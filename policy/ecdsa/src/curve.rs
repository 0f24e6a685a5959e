//! The two curves, and what RustCrypto does for us on each: scalars, and unusual ways to write a key.

use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToSec1Point;

use crate::field::{self, Field};
use crate::inverse;
use crate::table::{Known, Table};
use crate::word::Limb;
use crate::{p256_field, p384_field, tables};

/// The scalars of one verification, big endian.
pub(crate) struct Scalars<B> {
    /// z/s mod n, times the generator.
    pub(crate) u1: B,
    /// r/s mod n, times the key.
    pub(crate) u2: B,
    /// r itself.
    pub(crate) r: B,
}

/// A curve.
pub(crate) trait Curve {
    /// Its field.
    type Element: Field<Word = Limb>;
    /// A scalar or a coordinate, big endian.
    type Bytes: AsRef<[u8]>;
    /// A signature: r and s, both in 1..n.
    type Signature;

    /// The generator's multiples.
    fn generator() -> &'static Table<<Self::Element as Field>::Stored>;
    /// The keys that have tables.
    fn known() -> &'static [Known<<Self::Element as Field>::Stored>];
    /// What to multiply with (FIPS 186-5 §6.4.2). Of the digest the leftmost bits count, as many as n has; a shorter one
    /// is taken as it is. `None` never happens: s has an inverse.
    fn scalars(digest: &[u8], signature: &Self::Signature) -> Option<Scalars<Self::Bytes>>;
    /// 1/a; nothing for zero.
    fn invert(element: &Self::Element) -> Option<Self::Element>;
    /// Makes x and y of a key that is not written as x and y.
    fn decompress(key: &[u8]) -> Option<(Self::Bytes, Self::Bytes)>;
}

macro_rules! curve {
    ($curve:ident, $rustcrypto:ident, $bytes:literal, $limbs:literal, $field:ident, $generator:ident, $known:ident) => {
        pub(crate) struct $curve;

        impl Curve for $curve {
            type Element = $field::Element<Limb>;
            type Bytes = [u8; $bytes];
            type Signature = $rustcrypto::ecdsa::Signature;

            fn generator() -> &'static Table<<Self::Element as Field>::Stored> {
                &tables::$generator
            }

            fn known() -> &'static [Known<<Self::Element as Field>::Stored>] {
                tables::$known
            }

            #[expect(clippy::arithmetic_side_effects, reason = "on scalars, modulo n")]
            fn scalars(digest: &[u8], signature: &Self::Signature) -> Option<Scalars<Self::Bytes>> {
                let mut z = [0; $bytes];
                for (out, byte) in z.iter_mut().rev().zip(digest.iter().take($bytes).rev()) {
                    *out = *byte;
                }
                let z = <$rustcrypto::Scalar as Reduce<$rustcrypto::FieldBytes>>::reduce(&z.into());
                let (r, s) = signature.split_scalars();
                let mut s_inverse = $rustcrypto::FieldBytes::default();
                inverse::invert::<$limbs>(&s.to_bytes(), Self::Element::ORDER_BYTES, &mut s_inverse)?;
                let s_inverse = $rustcrypto::Scalar::from_repr(s_inverse).into_option()?;
                let (u1, u2) = (z * s_inverse, *r * s_inverse);
                Some(Scalars { u1: u1.to_bytes().into(), u2: u2.to_bytes().into(), r: r.to_bytes().into() })
            }

            fn invert(element: &Self::Element) -> Option<Self::Element> {
                let mut bytes = [0; $bytes];
                field::write_bytes(element, &mut bytes);
                let mut inverse = [0; $bytes];
                inverse::invert::<$limbs>(&bytes, Self::Element::PRIME_BYTES, &mut inverse)?;
                field::from_bytes(&inverse)
            }

            fn decompress(key: &[u8]) -> Option<(Self::Bytes, Self::Bytes)> {
                let point = $rustcrypto::PublicKey::from_sec1_bytes(key).ok()?.to_sec1_point(false);
                Some(((*point.x()?).into(), (*point.y()?).into()))
            }
        }
    };
}
curve!(P256, p256, 32, 9, p256_field, P256_GENERATOR, P256_KNOWN);
curve!(P384, p384, 48, 13, p384_field, P384_GENERATOR, P384_KNOWN);
