//! What field arithmetic means. The arithmetic itself is generated: `p256_field.rs` and `p384_field.rs`.
//!
//! An element is x·R mod p ("in Montgomery's form", R = 2^(BITS·limbs)) as a sum of limbs, limb i times 2^(BITS·i).
//! Limbs are signed and larger than BITS bits may need: sums and differences are taken limb by limb and carry nothing
//! (*lazy*). Every product carries at its end (*carried*: all limbs but the highest are in 0..2^BITS), and an addend
//! that rides along (`times_plus`) is carried with it for nothing. Elements are not reduced below p until somebody
//! asks [`Field::is_zero`] or [`Field::without_r`].
//!
//! How many lazy steps a product survives is not for the reader to count: `bounds.rs` follows every chain of
//! operations in this crate, and fails the tests when a limb could overflow.

use crate::word::{self, Limb, Word};

/// An element may lie this many times p away from zero when [`Field::is_zero`] or [`Field::without_r`] reads it. They
/// would take up to R/p, which is 32 for P-256; the formulas stay within 5, as `bounds.rs` finds.
pub(crate) const READABLE: i32 = 8;

/// An element of a prime field.
pub(crate) trait Field: Copy {
    /// What limbs are.
    type Word: Word;
    /// Carried limbs of a number in 0..p, as constants and tables hold them.
    type Stored: Copy + Default + AsMut<[i32]> + 'static;
    /// Bits per limb.
    const BITS: u32;
    /// Bytes of an element when written out.
    const BYTES: usize;
    /// p itself.
    const PRIME: Self::Stored;
    /// 1, as R mod p.
    const ONE: Self::Stored;
    /// The number 1: multiplying with it takes R away.
    const PLAIN_ONE: Self::Stored;
    /// R² mod p: multiplying with it brings R in.
    const R_SQUARED: Self::Stored;
    /// The curve's b, times R.
    const B: Self::Stored;
    /// The order n of the curve (smaller than p), times R.
    const ORDER: Self::Stored;
    /// x of the generator, times R.
    #[allow(dead_code, reason = "for build.rs")]
    const GENERATOR_X: Self::Stored;
    /// y of the generator, times R.
    #[allow(dead_code, reason = "for build.rs")]
    const GENERATOR_Y: Self::Stored;
    /// p, big endian.
    const PRIME_BYTES: &'static [u8];
    /// The order n of the curve, big endian.
    #[allow(dead_code, reason = "not for build.rs")]
    const ORDER_BYTES: &'static [u8];
    /// p − n, big endian.
    const PRIME_MINUS_ORDER: &'static [u8];

    /// Reads limbs as they are.
    fn load(stored: &Self::Stored) -> Self;

    /// The limbs, lowest first.
    fn limbs(&self) -> &[Self::Word];

    /// a + b, lazy.
    #[must_use]
    fn plus(&self, b: &Self) -> Self;

    /// a − b, lazy.
    #[must_use]
    fn minus(&self, b: &Self) -> Self;

    /// −a, lazy.
    #[must_use]
    fn negated(&self) -> Self;

    /// The same element with its limbs carried.
    #[must_use]
    fn carried(&self) -> Self;

    /// a·b, carried.
    #[must_use]
    fn times(&self, b: &Self) -> Self;

    /// a·b + e, carried.
    #[must_use]
    fn times_plus(&self, b: &Self, e: &Self) -> Self;

    /// a², carried.
    #[must_use]
    fn squared(&self) -> Self;

    /// a² + e, carried.
    #[must_use]
    fn squared_plus(&self, e: &Self) -> Self;

    /// a·b − f·g, carried: two products and one reduction.
    #[must_use]
    fn times_minus_product(&self, b: &Self, f: &Self, g: &Self) -> Self;

    /// 2a, lazy.
    #[inline]
    #[must_use]
    fn doubled(&self) -> Self {
        self.plus(self)
    }

    /// Whether this is 0 modulo p.
    ///
    /// INVARIANT: at most [`READABLE`] times p away from zero.
    #[inline]
    fn is_zero(&self) -> bool {
        // k·p for small k is −k modulo 2^BITS. Hardly ever is anything else near 0 there, and then we look closer.
        let Some(&lowest) = self.limbs().first() else { return false };
        let offset = (lowest + Self::Word::from(READABLE)).low(Self::BITS);
        offset.at_most(READABLE.saturating_mul(2)) && self.is_exactly_zero()
    }

    /// [`Field::is_zero`] without the quick way out.
    #[cold]
    fn is_exactly_zero(&self) -> bool {
        let number = self.without_r();
        let is = |other: &Self| number.limbs().iter().zip(other.limbs()).all(|(a, b)| a.equals(*b));
        is(&Self::load(&Self::PRIME)) || is(&Self::load(&Self::Stored::default()))
    }

    /// The number that this element stands for, carried, in 0..=p.
    ///
    /// The reduction of a number t adds some q·p with 0 ≤ q < R and divides by R exactly, so that the result is within
    /// t/R .. t/R + p. With |t| ≤ 8p < R that leaves 0..=p.
    ///
    /// INVARIANT: at most [`READABLE`] times p away from zero.
    fn without_r(&self) -> Self {
        self.times(&Self::load(&Self::PLAIN_ONE))
    }
}

/// Reads a big-endian number below p.
pub(crate) fn from_bytes<F: Field<Word = Limb>>(bytes: &[u8]) -> Option<F> {
    Some(F::load(&stored::<F>(bytes)?).times(&F::load(&F::R_SQUARED)))
}

/// The limbs of a big-endian number below p, as they are.
pub(crate) fn stored<F: Field>(bytes: &[u8]) -> Option<F::Stored> {
    if bytes.len() != F::BYTES || bytes >= F::PRIME_BYTES {
        return None;
    }
    let mut stored = F::Stored::default();
    word::limbs_of(bytes, F::BITS, stored.as_mut());
    Some(stored)
}

/// Writes the number that an element stands for into `out`, [`Field::BYTES`] long, big endian, below p.
///
/// INVARIANT: at most [`READABLE`] times p away from zero.
pub(crate) fn write_bytes<F: Field<Word = Limb>>(element: &F, out: &mut [u8]) {
    out.fill(0);
    if element.is_zero() {
        return;
    }
    word::write_limbs(element.without_r().limbs(), F::BITS, out);
}
