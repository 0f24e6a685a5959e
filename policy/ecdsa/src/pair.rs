//! Two limbs at once, where the machine has instructions for that.
//!
//! Field arithmetic is sums of products. WebAssembly's 128-bit vectors multiply two limbs of 32 bits by two others in one
//! instruction; the proof in `bounds.rs` shows that factors are no wider.

#[cfg(target_feature = "simd128")]
pub(crate) use vectors::Pair;
#[cfg(not(target_feature = "simd128"))]
pub(crate) use words::Pair;

#[cfg(target_feature = "simd128")]
mod vectors {
    use crate::word::Limb;
    use core::arch::wasm32::{
        i32x4, i32x4_add, i32x4_splat, i64x2_add, i64x2_extmul_low_i32x4, i64x2_extract_lane, i64x2_sub, v128,
    };
    use core::ops::{Add, Mul, Sub};

    /// As a factor two numbers of 32 bits in the lower half of a vector, as a sum of products two of 64.
    #[derive(Clone, Copy)]
    pub(crate) struct Pair(v128);

    impl Pair {
        #[inline(always)]
        pub(crate) fn new(low: Limb, high: Limb) -> Self {
            Self(i32x4(low.0 as i32, high.0 as i32, 0, 0))
        }

        /// A compiler that knew both to be the same would widen them before they are multiplied, and then have to multiply
        /// 64 bits: where there is no instruction for that, it takes ten.
        #[inline(always)]
        pub(crate) fn both(limb: Limb, nothing: Self) -> Self {
            Self(i32x4_add(i32x4_splat(limb.0 as i32), nothing.0))
        }

        #[inline(always)]
        pub(crate) fn nothing() -> Self {
            Self(core::hint::black_box(i32x4(0, 0, 0, 0)))
        }

        #[inline(always)]
        pub(crate) fn apart(self) -> (Limb, Limb) {
            (Limb(i64x2_extract_lane::<0>(self.0)), Limb(i64x2_extract_lane::<1>(self.0)))
        }
    }

    impl Add for Pair {
        type Output = Self;

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(i64x2_add(self.0, other.0))
        }
    }

    impl Sub for Pair {
        type Output = Self;

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(i64x2_sub(self.0, other.0))
        }
    }

    impl Mul for Pair {
        type Output = Self;

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(i64x2_extmul_low_i32x4(self.0, other.0))
        }
    }
}

#[cfg(not(target_feature = "simd128"))]
#[expect(clippy::arithmetic_side_effects, reason = "on limbs, which `bounds` proves not to overflow")]
mod words {
    use crate::word::Limb;
    use core::ops::{Add, Mul, Sub};

    /// One after the other.
    #[derive(Clone, Copy)]
    pub(crate) struct Pair(Limb, Limb);

    impl Pair {
        #[inline(always)]
        pub(crate) fn new(low: Limb, high: Limb) -> Self {
            Self(low, high)
        }

        #[inline(always)]
        pub(crate) fn both(limb: Limb, _: Self) -> Self {
            Self(limb, limb)
        }

        #[inline(always)]
        pub(crate) fn nothing() -> Self {
            Self(Limb(0), Limb(0))
        }

        #[inline(always)]
        pub(crate) fn apart(self) -> (Limb, Limb) {
            (self.0, self.1)
        }
    }

    impl Add for Pair {
        type Output = Self;

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(self.0 + other.0, self.1 + other.1)
        }
    }

    impl Sub for Pair {
        type Output = Self;

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(self.0 - other.0, self.1 - other.1)
        }
    }

    impl Mul for Pair {
        type Output = Self;

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(self.0 * other.0, self.1 * other.1)
        }
    }
}
