//! What a limb is: a 64-bit integer, or in the proof all the values that it may have.
//!
//! Field and point arithmetic is written once, over [`Word`]. The program runs it with [`Limb`]; the test in
//! `bounds.rs` runs the very same code with intervals and finds that no operation leaves the range of an `i64`.

use core::ops::{Add, Mul, Neg, Shl, Shr, Sub};

use crate::pair::Pair;

/// Signed integers as far as field arithmetic needs them.
pub(crate) trait Word:
    Copy
    + From<i32>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// The lowest `bits` bits: the value modulo 2^bits, never negative. Together with `>>`, which rounds down,
    /// `x = (x >> bits) · 2^bits + x.low(bits)` holds for negative `x` too.
    #[must_use]
    fn low(self, bits: u32) -> Self;

    /// Whether this is certainly the same number.
    #[must_use]
    fn equals(self, other: Self) -> bool;

    /// Whether this is certainly at most `limit`.
    #[must_use]
    fn at_most(self, limit: i32) -> bool;

    /// Two numbers side by side. Factors lie within an `i32`, sums are of products.
    type Pair: Copy + Add<Output = Self::Pair> + Sub<Output = Self::Pair> + Mul<Output = Self::Pair>;

    /// These two.
    fn pair(low: Self, high: Self) -> Self::Pair;

    /// This one twice, plus [`Word::nothing`].
    fn both(self, nothing: Self::Pair) -> Self::Pair;

    /// Zeros, of which a compiler does not know that they are.
    fn nothing() -> Self::Pair;

    /// The two of a pair.
    fn apart(pair: Self::Pair) -> (Self, Self);
}

/// A limb: an `i64` that does not overflow, by proof. A build with debug assertions checks it nevertheless.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limb(pub(crate) i64);

macro_rules! proved {
    ($name:ident, $function:ident, $wrapping:ident, $checked:ident) => {
        impl $name for Limb {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                debug_assert!(self.0.$checked(other.0).is_some(), "a limb overflows");
                Self(self.0.$wrapping(other.0))
            }
        }
    };
}
proved!(Add, add, wrapping_add, checked_add);
proved!(Sub, sub, wrapping_sub, checked_sub);
proved!(Mul, mul, wrapping_mul, checked_mul);

impl Neg for Limb {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.wrapping_neg())
    }
}

impl Shl<u32> for Limb {
    type Output = Self;

    #[inline(always)]
    fn shl(self, bits: u32) -> Self {
        Self(self.0.wrapping_shl(bits))
    }
}

impl Shr<u32> for Limb {
    type Output = Self;

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(self.0.wrapping_shr(bits))
    }
}

impl From<i32> for Limb {
    #[inline(always)]
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

/// Writes a big-endian number as limbs of `bits` bits, lowest first. What has no room in them is left out.
pub(crate) fn limbs_of(bytes: &[u8], bits: u32, limbs: &mut [i32]) {
    let mut lowest_first = bytes.iter().rev();
    let (mut pending, mut count) = (0_i64, 0_u32);
    for limb in limbs {
        // At most five turns: a limb has fewer than 33 bits. `pending` stays below 2^(bits + 8).
        while count < bits {
            let Some(&byte) = lowest_first.next() else { break };
            pending |= i64::from(byte) << count;
            count = count.saturating_add(8);
        }
        // Fewer than 32 bits.
        *limb = i32::try_from(Limb(pending).low(bits).0).unwrap_or_default();
        pending >>= bits;
        count = count.saturating_sub(bits);
    }
}

/// Writes carried limbs of `bits` bits, lowest first, as a big-endian number.
pub(crate) fn write_limbs(limbs: &[Limb], bits: u32, out: &mut [u8]) {
    let mut limbs = limbs.iter();
    let (mut pending, mut count) = (0_i64, 0_u32);
    for byte in out.iter_mut().rev() {
        if count < 8 {
            let limb = limbs.next().map_or(0, |limb| limb.0);
            pending |= limb << count;
            count = count.saturating_add(bits);
        }
        *byte = Limb(pending).low(8).0.to_le_bytes()[0];
        pending >>= 8;
        count = count.saturating_sub(8);
    }
}

impl Word for Limb {
    #[inline(always)]
    fn low(self, bits: u32) -> Self {
        Self(self.0 & !(-1_i64).wrapping_shl(bits))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        self.0 == other.0
    }

    #[inline(always)]
    fn at_most(self, limit: i32) -> bool {
        self.0 <= limit.into()
    }

    type Pair = Pair;

    #[inline(always)]
    fn pair(low: Self, high: Self) -> Pair {
        Pair::new(low, high)
    }

    #[inline(always)]
    fn both(self, nothing: Pair) -> Pair {
        Pair::both(self, nothing)
    }

    #[inline(always)]
    fn nothing() -> Pair {
        Pair::nothing()
    }

    #[inline(always)]
    fn apart(pair: Pair) -> (Self, Self) {
        pair.apart()
    }
}
