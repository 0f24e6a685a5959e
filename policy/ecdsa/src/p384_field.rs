//! The field of P-384: 14 limbs of 28 bits, R = 2^392.
//!
//! p = 2^384 − 2^128 − 2^96 + 2^32 − 1 (SP 800-186 section 3.2.1.4). Written by `generate.py`; do not edit. The meaning of every
//! function is in `field.rs`, and the proof that no limb overflows in `bounds.rs`.

use crate::field::Field;
use crate::word::Word;

/// An element of the field of P-384, times R, in limbs of 28 bits, lowest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<W>(pub(crate) [W; 14]);

impl<W: Word> Field for Element<W> {
    type Word = W;
    type Stored = [i32; 14];
    const BITS: u32 = 28;
    const BYTES: usize = 48;
    /// p itself.
    const PRIME: Self::Stored = [0xfffffff, 0xf, 0x0, 0xffff000, 0xffeffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffffff, 0xfffff];
    /// 1, as R mod p.
    const ONE: Self::Stored = [0x100, 0xffff000, 0xfffffff, 0xfffff, 0x1000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0];
    /// The number 1: multiplying with it takes R away.
    const PLAIN_ONE: Self::Stored = [0x1, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0];
    /// R² mod p: multiplying with it brings R in.
    const R_SQUARED: Self::Stored = [0x10000, 0xfe00000, 0xffffff, 0x0, 0x2, 0x0, 0xffffe00, 0xfff, 0x20000, 0x100000, 0x0, 0x0, 0x0, 0x0];
    /// The curve's b, times R.
    const B: Self::Stored = [0x12dcccd, 0x8870d04, 0x2ec0811, 0xd9474c3, 0xfc429ad, 0x1920022, 0x7f2209b, 0x938ae27, 0x74bee94, 0x2094e33, 0x1f41f02, 0xf9b62b2, 0xb604fbf, 0x8114];
    /// The order n of the curve (smaller than p), times R.
    const ORDER: Self::Stored = [0x52973ff, 0xeff5cdc, 0xe112026, 0xac5ac48, 0xadb2e8f, 0x55ce630, 0x8c8e086, 0x6767ac0, 0x13b93d9, 0x7b624c5, 0xd81bb9a, 0xffc7634, 0xfffffff, 0xfffff];
    /// x of the generator, times R.
    const GENERATOR_X: Self::Stored = [0xb5284d, 0x7565fcc, 0xe383dd0, 0xe2edd6c, 0xe6de378, 0x541b4d6, 0x79c3afc, 0xa30eff8, 0x4868459, 0xde2b645, 0x723614e, 0x13812ff, 0x2299e15, 0x3aadc];
    /// y of the generator, times R.
    const GENERATOR_Y: Self::Stored = [0x3a4fe2b, 0x3dad200, 0x9ac2304, 0xbfa6b4a, 0xccbfa8, 0x2e83b05, 0xbade756, 0xf4ffd98, 0x3521968, 0xa840c6c, 0x2263969, 0xe9dd800, 0x25a15c5, 0x78abc];
    /// p, big endian.
    const PRIME_BYTES: &'static [u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff];
    /// The order n of the curve, big endian.
    const ORDER_BYTES: &'static [u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73];
    /// p − n, big endian.
    const PRIME_MINUS_ORDER: &'static [u8] = &[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x38, 0x9c, 0xb2, 0x7e, 0x0b, 0xc8, 0xd2, 0x1f, 0xa7, 0xe5, 0xf2, 0x4c, 0xb7, 0x4f, 0x58, 0x85, 0x13, 0x13, 0xe6, 0x96, 0x33, 0x3a, 0xd6, 0x8c];

    fn load(stored: &Self::Stored) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = *stored;
        Self([W::from(a0), W::from(a1), W::from(a2), W::from(a3), W::from(a4), W::from(a5), W::from(a6), W::from(a7), W::from(a8), W::from(a9), W::from(a10), W::from(a11), W::from(a12), W::from(a13)])
    }

    fn limbs(&self) -> &[W] {
        &self.0
    }

    #[inline]
    fn plus(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = b.0;
        Self([a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4, a5 + b5, a6 + b6, a7 + b7, a8 + b8, a9 + b9, a10 + b10, a11 + b11, a12 + b12, a13 + b13])
    }

    #[inline]
    fn minus(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = b.0;
        Self([a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7, a8 - b8, a9 - b9, a10 - b10, a11 - b11, a12 - b12, a13 - b13])
    }

    #[inline]
    fn negated(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        Self([-a0, -a1, -a2, -a3, -a4, -a5, -a6, -a7, -a8, -a9, -a10, -a11, -a12, -a13])
    }

    #[inline(never)]
    fn carried(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let c = a0;
        let r0 = c.low(28);
        let c = (c >> 28) + a1;
        let r1 = c.low(28);
        let c = (c >> 28) + a2;
        let r2 = c.low(28);
        let c = (c >> 28) + a3;
        let r3 = c.low(28);
        let c = (c >> 28) + a4;
        let r4 = c.low(28);
        let c = (c >> 28) + a5;
        let r5 = c.low(28);
        let c = (c >> 28) + a6;
        let r6 = c.low(28);
        let c = (c >> 28) + a7;
        let r7 = c.low(28);
        let c = (c >> 28) + a8;
        let r8 = c.low(28);
        let c = (c >> 28) + a9;
        let r9 = c.low(28);
        let c = (c >> 28) + a10;
        let r10 = c.low(28);
        let c = (c >> 28) + a11;
        let r11 = c.low(28);
        let c = (c >> 28) + a12;
        let r12 = c.low(28);
        let r13 = (c >> 28) + a13;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a·b
    #[inline(never)]
    fn times(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = b.0;
        let a_0 = a0 - a7;
        let a_1 = a1 - a8;
        let a_2 = a2 - a9;
        let a_3 = a3 - a10;
        let a_4 = a4 - a11;
        let a_5 = a5 - a12;
        let a_6 = a6 - a13;
        let b_0 = b7 - b0;
        let b_1 = b8 - b1;
        let b_2 = b9 - b2;
        let b_3 = b10 - b3;
        let b_4 = b11 - b4;
        let b_5 = b12 - b5;
        let b_6 = b13 - b6;
        let ab_low0 = a0 * b0;
        let ab_low1 = a0 * b1 + a1 * b0;
        let ab_low2 = a0 * b2 + a1 * b1 + a2 * b0;
        let ab_low3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
        let ab_low4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
        let ab_low5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
        let ab_low6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
        let ab_low7 = a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1;
        let ab_low8 = a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2;
        let ab_low9 = a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3;
        let ab_low10 = a4 * b6 + a5 * b5 + a6 * b4;
        let ab_low11 = a5 * b6 + a6 * b5;
        let ab_low12 = a6 * b6;
        let ab_high0 = a7 * b7;
        let ab_high1 = a7 * b8 + a8 * b7;
        let ab_high2 = a7 * b9 + a8 * b8 + a9 * b7;
        let ab_high3 = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
        let ab_high4 = a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7;
        let ab_high5 = a7 * b12 + a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8 + a12 * b7;
        let ab_high6 = a7 * b13 + a8 * b12 + a9 * b11 + a10 * b10 + a11 * b9 + a12 * b8 + a13 * b7;
        let ab_high7 = a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8;
        let ab_high8 = a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9;
        let ab_high9 = a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10;
        let ab_high10 = a11 * b13 + a12 * b12 + a13 * b11;
        let ab_high11 = a12 * b13 + a13 * b12;
        let ab_high12 = a13 * b13;
        let ab_cross0 = a_0 * b_0;
        let ab_cross1 = a_0 * b_1 + a_1 * b_0;
        let ab_cross2 = a_0 * b_2 + a_1 * b_1 + a_2 * b_0;
        let ab_cross3 = a_0 * b_3 + a_1 * b_2 + a_2 * b_1 + a_3 * b_0;
        let ab_cross4 = a_0 * b_4 + a_1 * b_3 + a_2 * b_2 + a_3 * b_1 + a_4 * b_0;
        let ab_cross5 = a_0 * b_5 + a_1 * b_4 + a_2 * b_3 + a_3 * b_2 + a_4 * b_1 + a_5 * b_0;
        let ab_cross6 = a_0 * b_6 + a_1 * b_5 + a_2 * b_4 + a_3 * b_3 + a_4 * b_2 + a_5 * b_1 + a_6 * b_0;
        let ab_cross7 = a_1 * b_6 + a_2 * b_5 + a_3 * b_4 + a_4 * b_3 + a_5 * b_2 + a_6 * b_1;
        let ab_cross8 = a_2 * b_6 + a_3 * b_5 + a_4 * b_4 + a_5 * b_3 + a_6 * b_2;
        let ab_cross9 = a_3 * b_6 + a_4 * b_5 + a_5 * b_4 + a_6 * b_3;
        let ab_cross10 = a_4 * b_6 + a_5 * b_5 + a_6 * b_4;
        let ab_cross11 = a_5 * b_6 + a_6 * b_5;
        let ab_cross12 = a_6 * b_6;
        let c = ab_low0;
        let q0 = c.low(28);
        let c = (c >> 28) + ab_low1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + ab_low2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + ab_low3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + ab_low4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + ab_low5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + ab_low6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + ab_low0 + ab_high0 + ab_cross0 + ab_low7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + ab_low1 + ab_high1 + ab_cross1 + ab_low8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + ab_low2 + ab_high2 + ab_cross2 + ab_low9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + ab_low3 + ab_high3 + ab_cross3 + ab_low10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + ab_low4 + ab_high4 + ab_cross4 + ab_low11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + ab_low5 + ab_high5 + ab_cross5 + ab_low12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + ab_low6 + ab_high6 + ab_cross6 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + ab_high0 + ab_low7 + ab_high7 + ab_cross7 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + ab_high1 + ab_low8 + ab_high8 + ab_cross8 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + ab_high2 + ab_low9 + ab_high9 + ab_cross9 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + ab_high3 + ab_low10 + ab_high10 + ab_cross10 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + ab_high4 + ab_low11 + ab_high11 + ab_cross11 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + ab_high5 + ab_low12 + ab_high12 + ab_cross12 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + ab_high6 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + ab_high7 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + ab_high8 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + ab_high9 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + ab_high10 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + ab_high11 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + ab_high12 + (q13 << 20);
        let r12 = c.low(28);
        let r13 = c >> 28;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a·b + e
    #[inline(never)]
    fn times_plus(&self, b: &Self, e: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = b.0;
        let [e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13] = e.0;
        let a_0 = a0 - a7;
        let a_1 = a1 - a8;
        let a_2 = a2 - a9;
        let a_3 = a3 - a10;
        let a_4 = a4 - a11;
        let a_5 = a5 - a12;
        let a_6 = a6 - a13;
        let b_0 = b7 - b0;
        let b_1 = b8 - b1;
        let b_2 = b9 - b2;
        let b_3 = b10 - b3;
        let b_4 = b11 - b4;
        let b_5 = b12 - b5;
        let b_6 = b13 - b6;
        let ab_low0 = a0 * b0;
        let ab_low1 = a0 * b1 + a1 * b0;
        let ab_low2 = a0 * b2 + a1 * b1 + a2 * b0;
        let ab_low3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
        let ab_low4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
        let ab_low5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
        let ab_low6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
        let ab_low7 = a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1;
        let ab_low8 = a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2;
        let ab_low9 = a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3;
        let ab_low10 = a4 * b6 + a5 * b5 + a6 * b4;
        let ab_low11 = a5 * b6 + a6 * b5;
        let ab_low12 = a6 * b6;
        let ab_high0 = a7 * b7;
        let ab_high1 = a7 * b8 + a8 * b7;
        let ab_high2 = a7 * b9 + a8 * b8 + a9 * b7;
        let ab_high3 = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
        let ab_high4 = a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7;
        let ab_high5 = a7 * b12 + a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8 + a12 * b7;
        let ab_high6 = a7 * b13 + a8 * b12 + a9 * b11 + a10 * b10 + a11 * b9 + a12 * b8 + a13 * b7;
        let ab_high7 = a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8;
        let ab_high8 = a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9;
        let ab_high9 = a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10;
        let ab_high10 = a11 * b13 + a12 * b12 + a13 * b11;
        let ab_high11 = a12 * b13 + a13 * b12;
        let ab_high12 = a13 * b13;
        let ab_cross0 = a_0 * b_0;
        let ab_cross1 = a_0 * b_1 + a_1 * b_0;
        let ab_cross2 = a_0 * b_2 + a_1 * b_1 + a_2 * b_0;
        let ab_cross3 = a_0 * b_3 + a_1 * b_2 + a_2 * b_1 + a_3 * b_0;
        let ab_cross4 = a_0 * b_4 + a_1 * b_3 + a_2 * b_2 + a_3 * b_1 + a_4 * b_0;
        let ab_cross5 = a_0 * b_5 + a_1 * b_4 + a_2 * b_3 + a_3 * b_2 + a_4 * b_1 + a_5 * b_0;
        let ab_cross6 = a_0 * b_6 + a_1 * b_5 + a_2 * b_4 + a_3 * b_3 + a_4 * b_2 + a_5 * b_1 + a_6 * b_0;
        let ab_cross7 = a_1 * b_6 + a_2 * b_5 + a_3 * b_4 + a_4 * b_3 + a_5 * b_2 + a_6 * b_1;
        let ab_cross8 = a_2 * b_6 + a_3 * b_5 + a_4 * b_4 + a_5 * b_3 + a_6 * b_2;
        let ab_cross9 = a_3 * b_6 + a_4 * b_5 + a_5 * b_4 + a_6 * b_3;
        let ab_cross10 = a_4 * b_6 + a_5 * b_5 + a_6 * b_4;
        let ab_cross11 = a_5 * b_6 + a_6 * b_5;
        let ab_cross12 = a_6 * b_6;
        let c = ab_low0;
        let q0 = c.low(28);
        let c = (c >> 28) + ab_low1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + ab_low2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + ab_low3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + ab_low4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + ab_low5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + ab_low6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + ab_low0 + ab_high0 + ab_cross0 + ab_low7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + ab_low1 + ab_high1 + ab_cross1 + ab_low8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + ab_low2 + ab_high2 + ab_cross2 + ab_low9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + ab_low3 + ab_high3 + ab_cross3 + ab_low10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + ab_low4 + ab_high4 + ab_cross4 + ab_low11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + ab_low5 + ab_high5 + ab_cross5 + ab_low12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + ab_low6 + ab_high6 + ab_cross6 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + ab_high0 + ab_low7 + ab_high7 + ab_cross7 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20) + e0;
        let r0 = c.low(28);
        let c = (c >> 28) + ab_high1 + ab_low8 + ab_high8 + ab_cross8 - (q12 << 12) - (q11 << 16) + (q2 << 20) + e1;
        let r1 = c.low(28);
        let c = (c >> 28) + ab_high2 + ab_low9 + ab_high9 + ab_cross9 - (q13 << 12) - (q12 << 16) + (q3 << 20) + e2;
        let r2 = c.low(28);
        let c = (c >> 28) + ab_high3 + ab_low10 + ab_high10 + ab_cross10 - (q13 << 16) + (q4 << 20) + e3;
        let r3 = c.low(28);
        let c = (c >> 28) + ab_high4 + ab_low11 + ab_high11 + ab_cross11 + (q5 << 20) + e4;
        let r4 = c.low(28);
        let c = (c >> 28) + ab_high5 + ab_low12 + ab_high12 + ab_cross12 + (q6 << 20) + e5;
        let r5 = c.low(28);
        let c = (c >> 28) + ab_high6 + (q7 << 20) + e6;
        let r6 = c.low(28);
        let c = (c >> 28) + ab_high7 + (q8 << 20) + e7;
        let r7 = c.low(28);
        let c = (c >> 28) + ab_high8 + (q9 << 20) + e8;
        let r8 = c.low(28);
        let c = (c >> 28) + ab_high9 + (q10 << 20) + e9;
        let r9 = c.low(28);
        let c = (c >> 28) + ab_high10 + (q11 << 20) + e10;
        let r10 = c.low(28);
        let c = (c >> 28) + ab_high11 + (q12 << 20) + e11;
        let r11 = c.low(28);
        let c = (c >> 28) + ab_high12 + (q13 << 20) + e12;
        let r12 = c.low(28);
        let r13 = (c >> 28) + e13;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a²
    #[inline(never)]
    fn squared(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let d0 = a0 + a0;
        let d1 = a1 + a1;
        let d2 = a2 + a2;
        let d3 = a3 + a3;
        let d4 = a4 + a4;
        let d5 = a5 + a5;
        let d6 = a6 + a6;
        let d7 = a7 + a7;
        let d8 = a8 + a8;
        let d9 = a9 + a9;
        let d10 = a10 + a10;
        let d11 = a11 + a11;
        let d12 = a12 + a12;
        let c = a0 * a0;
        let q0 = c.low(28);
        let c = (c >> 28) + d0 * a1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + d0 * a2 + a1 * a1 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + d0 * a3 + d1 * a2 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + d0 * a4 + d1 * a3 + a2 * a2 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + d0 * a5 + d1 * a4 + d2 * a3 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + d0 * a10 + d1 * a9 + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + d0 * a11 + d1 * a10 + d2 * a9 + d3 * a8 + d4 * a7 + d5 * a6 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + d0 * a12 + d1 * a11 + d2 * a10 + d3 * a9 + d4 * a8 + d5 * a7 + a6 * a6 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + d0 * a13 + d1 * a12 + d2 * a11 + d3 * a10 + d4 * a9 + d5 * a8 + d6 * a7 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + d1 * a13 + d2 * a12 + d3 * a11 + d4 * a10 + d5 * a9 + d6 * a8 + a7 * a7 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + d2 * a13 + d3 * a12 + d4 * a11 + d5 * a10 + d6 * a9 + d7 * a8 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + d3 * a13 + d4 * a12 + d5 * a11 + d6 * a10 + d7 * a9 + a8 * a8 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + d4 * a13 + d5 * a12 + d6 * a11 + d7 * a10 + d8 * a9 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + d5 * a13 + d6 * a12 + d7 * a11 + d8 * a10 + a9 * a9 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + d6 * a13 + d7 * a12 + d8 * a11 + d9 * a10 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + d7 * a13 + d8 * a12 + d9 * a11 + a10 * a10 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + d8 * a13 + d9 * a12 + d10 * a11 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + d9 * a13 + d10 * a12 + a11 * a11 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + d10 * a13 + d11 * a12 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + d11 * a13 + a12 * a12 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + d12 * a13 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + a13 * a13 + (q13 << 20);
        let r12 = c.low(28);
        let r13 = c >> 28;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a² + e
    #[inline(never)]
    fn squared_plus(&self, e: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13] = e.0;
        let d0 = a0 + a0;
        let d1 = a1 + a1;
        let d2 = a2 + a2;
        let d3 = a3 + a3;
        let d4 = a4 + a4;
        let d5 = a5 + a5;
        let d6 = a6 + a6;
        let d7 = a7 + a7;
        let d8 = a8 + a8;
        let d9 = a9 + a9;
        let d10 = a10 + a10;
        let d11 = a11 + a11;
        let d12 = a12 + a12;
        let c = a0 * a0;
        let q0 = c.low(28);
        let c = (c >> 28) + d0 * a1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + d0 * a2 + a1 * a1 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + d0 * a3 + d1 * a2 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + d0 * a4 + d1 * a3 + a2 * a2 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + d0 * a5 + d1 * a4 + d2 * a3 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + d0 * a10 + d1 * a9 + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + d0 * a11 + d1 * a10 + d2 * a9 + d3 * a8 + d4 * a7 + d5 * a6 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + d0 * a12 + d1 * a11 + d2 * a10 + d3 * a9 + d4 * a8 + d5 * a7 + a6 * a6 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + d0 * a13 + d1 * a12 + d2 * a11 + d3 * a10 + d4 * a9 + d5 * a8 + d6 * a7 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + d1 * a13 + d2 * a12 + d3 * a11 + d4 * a10 + d5 * a9 + d6 * a8 + a7 * a7 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20) + e0;
        let r0 = c.low(28);
        let c = (c >> 28) + d2 * a13 + d3 * a12 + d4 * a11 + d5 * a10 + d6 * a9 + d7 * a8 - (q12 << 12) - (q11 << 16) + (q2 << 20) + e1;
        let r1 = c.low(28);
        let c = (c >> 28) + d3 * a13 + d4 * a12 + d5 * a11 + d6 * a10 + d7 * a9 + a8 * a8 - (q13 << 12) - (q12 << 16) + (q3 << 20) + e2;
        let r2 = c.low(28);
        let c = (c >> 28) + d4 * a13 + d5 * a12 + d6 * a11 + d7 * a10 + d8 * a9 - (q13 << 16) + (q4 << 20) + e3;
        let r3 = c.low(28);
        let c = (c >> 28) + d5 * a13 + d6 * a12 + d7 * a11 + d8 * a10 + a9 * a9 + (q5 << 20) + e4;
        let r4 = c.low(28);
        let c = (c >> 28) + d6 * a13 + d7 * a12 + d8 * a11 + d9 * a10 + (q6 << 20) + e5;
        let r5 = c.low(28);
        let c = (c >> 28) + d7 * a13 + d8 * a12 + d9 * a11 + a10 * a10 + (q7 << 20) + e6;
        let r6 = c.low(28);
        let c = (c >> 28) + d8 * a13 + d9 * a12 + d10 * a11 + (q8 << 20) + e7;
        let r7 = c.low(28);
        let c = (c >> 28) + d9 * a13 + d10 * a12 + a11 * a11 + (q9 << 20) + e8;
        let r8 = c.low(28);
        let c = (c >> 28) + d10 * a13 + d11 * a12 + (q10 << 20) + e9;
        let r9 = c.low(28);
        let c = (c >> 28) + d11 * a13 + a12 * a12 + (q11 << 20) + e10;
        let r10 = c.low(28);
        let c = (c >> 28) + d12 * a13 + (q12 << 20) + e11;
        let r11 = c.low(28);
        let c = (c >> 28) + a13 * a13 + (q13 << 20) + e12;
        let r12 = c.low(28);
        let r13 = (c >> 28) + e13;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a·b − f·g
    #[inline(never)]
    fn times_minus_product(&self, b: &Self, f: &Self, g: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = b.0;
        let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = f.0;
        let [g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13] = g.0;
        let a_0 = a0 - a7;
        let a_1 = a1 - a8;
        let a_2 = a2 - a9;
        let a_3 = a3 - a10;
        let a_4 = a4 - a11;
        let a_5 = a5 - a12;
        let a_6 = a6 - a13;
        let b_0 = b7 - b0;
        let b_1 = b8 - b1;
        let b_2 = b9 - b2;
        let b_3 = b10 - b3;
        let b_4 = b11 - b4;
        let b_5 = b12 - b5;
        let b_6 = b13 - b6;
        let ab_low0 = a0 * b0;
        let ab_low1 = a0 * b1 + a1 * b0;
        let ab_low2 = a0 * b2 + a1 * b1 + a2 * b0;
        let ab_low3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
        let ab_low4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
        let ab_low5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
        let ab_low6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
        let ab_low7 = a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1;
        let ab_low8 = a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2;
        let ab_low9 = a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3;
        let ab_low10 = a4 * b6 + a5 * b5 + a6 * b4;
        let ab_low11 = a5 * b6 + a6 * b5;
        let ab_low12 = a6 * b6;
        let ab_high0 = a7 * b7;
        let ab_high1 = a7 * b8 + a8 * b7;
        let ab_high2 = a7 * b9 + a8 * b8 + a9 * b7;
        let ab_high3 = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
        let ab_high4 = a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7;
        let ab_high5 = a7 * b12 + a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8 + a12 * b7;
        let ab_high6 = a7 * b13 + a8 * b12 + a9 * b11 + a10 * b10 + a11 * b9 + a12 * b8 + a13 * b7;
        let ab_high7 = a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8;
        let ab_high8 = a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9;
        let ab_high9 = a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10;
        let ab_high10 = a11 * b13 + a12 * b12 + a13 * b11;
        let ab_high11 = a12 * b13 + a13 * b12;
        let ab_high12 = a13 * b13;
        let ab_cross0 = a_0 * b_0;
        let ab_cross1 = a_0 * b_1 + a_1 * b_0;
        let ab_cross2 = a_0 * b_2 + a_1 * b_1 + a_2 * b_0;
        let ab_cross3 = a_0 * b_3 + a_1 * b_2 + a_2 * b_1 + a_3 * b_0;
        let ab_cross4 = a_0 * b_4 + a_1 * b_3 + a_2 * b_2 + a_3 * b_1 + a_4 * b_0;
        let ab_cross5 = a_0 * b_5 + a_1 * b_4 + a_2 * b_3 + a_3 * b_2 + a_4 * b_1 + a_5 * b_0;
        let ab_cross6 = a_0 * b_6 + a_1 * b_5 + a_2 * b_4 + a_3 * b_3 + a_4 * b_2 + a_5 * b_1 + a_6 * b_0;
        let ab_cross7 = a_1 * b_6 + a_2 * b_5 + a_3 * b_4 + a_4 * b_3 + a_5 * b_2 + a_6 * b_1;
        let ab_cross8 = a_2 * b_6 + a_3 * b_5 + a_4 * b_4 + a_5 * b_3 + a_6 * b_2;
        let ab_cross9 = a_3 * b_6 + a_4 * b_5 + a_5 * b_4 + a_6 * b_3;
        let ab_cross10 = a_4 * b_6 + a_5 * b_5 + a_6 * b_4;
        let ab_cross11 = a_5 * b_6 + a_6 * b_5;
        let ab_cross12 = a_6 * b_6;
        let f_0 = f0 - f7;
        let f_1 = f1 - f8;
        let f_2 = f2 - f9;
        let f_3 = f3 - f10;
        let f_4 = f4 - f11;
        let f_5 = f5 - f12;
        let f_6 = f6 - f13;
        let g_0 = g7 - g0;
        let g_1 = g8 - g1;
        let g_2 = g9 - g2;
        let g_3 = g10 - g3;
        let g_4 = g11 - g4;
        let g_5 = g12 - g5;
        let g_6 = g13 - g6;
        let fg_low0 = f0 * g0;
        let fg_low1 = f0 * g1 + f1 * g0;
        let fg_low2 = f0 * g2 + f1 * g1 + f2 * g0;
        let fg_low3 = f0 * g3 + f1 * g2 + f2 * g1 + f3 * g0;
        let fg_low4 = f0 * g4 + f1 * g3 + f2 * g2 + f3 * g1 + f4 * g0;
        let fg_low5 = f0 * g5 + f1 * g4 + f2 * g3 + f3 * g2 + f4 * g1 + f5 * g0;
        let fg_low6 = f0 * g6 + f1 * g5 + f2 * g4 + f3 * g3 + f4 * g2 + f5 * g1 + f6 * g0;
        let fg_low7 = f1 * g6 + f2 * g5 + f3 * g4 + f4 * g3 + f5 * g2 + f6 * g1;
        let fg_low8 = f2 * g6 + f3 * g5 + f4 * g4 + f5 * g3 + f6 * g2;
        let fg_low9 = f3 * g6 + f4 * g5 + f5 * g4 + f6 * g3;
        let fg_low10 = f4 * g6 + f5 * g5 + f6 * g4;
        let fg_low11 = f5 * g6 + f6 * g5;
        let fg_low12 = f6 * g6;
        let fg_high0 = f7 * g7;
        let fg_high1 = f7 * g8 + f8 * g7;
        let fg_high2 = f7 * g9 + f8 * g8 + f9 * g7;
        let fg_high3 = f7 * g10 + f8 * g9 + f9 * g8 + f10 * g7;
        let fg_high4 = f7 * g11 + f8 * g10 + f9 * g9 + f10 * g8 + f11 * g7;
        let fg_high5 = f7 * g12 + f8 * g11 + f9 * g10 + f10 * g9 + f11 * g8 + f12 * g7;
        let fg_high6 = f7 * g13 + f8 * g12 + f9 * g11 + f10 * g10 + f11 * g9 + f12 * g8 + f13 * g7;
        let fg_high7 = f8 * g13 + f9 * g12 + f10 * g11 + f11 * g10 + f12 * g9 + f13 * g8;
        let fg_high8 = f9 * g13 + f10 * g12 + f11 * g11 + f12 * g10 + f13 * g9;
        let fg_high9 = f10 * g13 + f11 * g12 + f12 * g11 + f13 * g10;
        let fg_high10 = f11 * g13 + f12 * g12 + f13 * g11;
        let fg_high11 = f12 * g13 + f13 * g12;
        let fg_high12 = f13 * g13;
        let fg_cross0 = f_0 * g_0;
        let fg_cross1 = f_0 * g_1 + f_1 * g_0;
        let fg_cross2 = f_0 * g_2 + f_1 * g_1 + f_2 * g_0;
        let fg_cross3 = f_0 * g_3 + f_1 * g_2 + f_2 * g_1 + f_3 * g_0;
        let fg_cross4 = f_0 * g_4 + f_1 * g_3 + f_2 * g_2 + f_3 * g_1 + f_4 * g_0;
        let fg_cross5 = f_0 * g_5 + f_1 * g_4 + f_2 * g_3 + f_3 * g_2 + f_4 * g_1 + f_5 * g_0;
        let fg_cross6 = f_0 * g_6 + f_1 * g_5 + f_2 * g_4 + f_3 * g_3 + f_4 * g_2 + f_5 * g_1 + f_6 * g_0;
        let fg_cross7 = f_1 * g_6 + f_2 * g_5 + f_3 * g_4 + f_4 * g_3 + f_5 * g_2 + f_6 * g_1;
        let fg_cross8 = f_2 * g_6 + f_3 * g_5 + f_4 * g_4 + f_5 * g_3 + f_6 * g_2;
        let fg_cross9 = f_3 * g_6 + f_4 * g_5 + f_5 * g_4 + f_6 * g_3;
        let fg_cross10 = f_4 * g_6 + f_5 * g_5 + f_6 * g_4;
        let fg_cross11 = f_5 * g_6 + f_6 * g_5;
        let fg_cross12 = f_6 * g_6;
        let c = ab_low0 - fg_low0;
        let q0 = c.low(28);
        let c = (c >> 28) + ab_low1 - fg_low1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + ab_low2 - fg_low2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + ab_low3 - fg_low3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + ab_low4 - fg_low4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + ab_low5 - fg_low5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + ab_low6 - fg_low6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + ab_low0 + ab_high0 + ab_cross0 + ab_low7 - fg_low0 - fg_high0 - fg_cross0 - fg_low7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + ab_low1 + ab_high1 + ab_cross1 + ab_low8 - fg_low1 - fg_high1 - fg_cross1 - fg_low8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + ab_low2 + ab_high2 + ab_cross2 + ab_low9 - fg_low2 - fg_high2 - fg_cross2 - fg_low9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + ab_low3 + ab_high3 + ab_cross3 + ab_low10 - fg_low3 - fg_high3 - fg_cross3 - fg_low10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + ab_low4 + ab_high4 + ab_cross4 + ab_low11 - fg_low4 - fg_high4 - fg_cross4 - fg_low11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + ab_low5 + ab_high5 + ab_cross5 + ab_low12 - fg_low5 - fg_high5 - fg_cross5 - fg_low12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + ab_low6 + ab_high6 + ab_cross6 - fg_low6 - fg_high6 - fg_cross6 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + ab_high0 + ab_low7 + ab_high7 + ab_cross7 - fg_high0 - fg_low7 - fg_high7 - fg_cross7 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + ab_high1 + ab_low8 + ab_high8 + ab_cross8 - fg_high1 - fg_low8 - fg_high8 - fg_cross8 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + ab_high2 + ab_low9 + ab_high9 + ab_cross9 - fg_high2 - fg_low9 - fg_high9 - fg_cross9 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + ab_high3 + ab_low10 + ab_high10 + ab_cross10 - fg_high3 - fg_low10 - fg_high10 - fg_cross10 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + ab_high4 + ab_low11 + ab_high11 + ab_cross11 - fg_high4 - fg_low11 - fg_high11 - fg_cross11 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + ab_high5 + ab_low12 + ab_high12 + ab_cross12 - fg_high5 - fg_low12 - fg_high12 - fg_cross12 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + ab_high6 - fg_high6 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + ab_high7 - fg_high7 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + ab_high8 - fg_high8 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + ab_high9 - fg_high9 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + ab_high10 - fg_high10 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + ab_high11 - fg_high11 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + ab_high12 - fg_high12 + (q13 << 20);
        let r12 = c.low(28);
        let r13 = c >> 28;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }
}
