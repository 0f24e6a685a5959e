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
        let (zero, nothing) = (W::from(0), W::nothing());
        let a0_a0 = W::both(a0, nothing);
        let b0_b1 = W::pair(b0, b1);
        let b2_b3 = W::pair(b2, b3);
        let b4_b5 = W::pair(b4, b5);
        let b6_b7 = W::pair(b6, b7);
        let b8_b9 = W::pair(b8, b9);
        let b10_b11 = W::pair(b10, b11);
        let b12_b13 = W::pair(b12, b13);
        let a1_a1 = W::both(a1, nothing);
        let zero_b0 = W::pair(zero, b0);
        let b1_b2 = W::pair(b1, b2);
        let b3_b4 = W::pair(b3, b4);
        let b5_b6 = W::pair(b5, b6);
        let b7_b8 = W::pair(b7, b8);
        let b9_b10 = W::pair(b9, b10);
        let b11_b12 = W::pair(b11, b12);
        let b13_zero = W::pair(b13, zero);
        let a2_a2 = W::both(a2, nothing);
        let a3_a3 = W::both(a3, nothing);
        let a4_a4 = W::both(a4, nothing);
        let a5_a5 = W::both(a5, nothing);
        let a6_a6 = W::both(a6, nothing);
        let a7_a7 = W::both(a7, nothing);
        let a8_a8 = W::both(a8, nothing);
        let a9_a9 = W::both(a9, nothing);
        let a10_a10 = W::both(a10, nothing);
        let a11_a11 = W::both(a11, nothing);
        let a12_a12 = W::both(a12, nothing);
        let a13_a13 = W::both(a13, nothing);
        let (x0, x1) = W::apart(a0_a0 * b0_b1 + a1_a1 * zero_b0);
        let (x2, x3) = W::apart(a0_a0 * b2_b3 + a1_a1 * b1_b2 + a2_a2 * b0_b1 + a3_a3 * zero_b0);
        let (x4, x5) = W::apart(a0_a0 * b4_b5 + a1_a1 * b3_b4 + a2_a2 * b2_b3 + a3_a3 * b1_b2 + a4_a4 * b0_b1 + a5_a5 * zero_b0);
        let (x6, x7) = W::apart(a0_a0 * b6_b7 + a1_a1 * b5_b6 + a2_a2 * b4_b5 + a3_a3 * b3_b4 + a4_a4 * b2_b3 + a5_a5 * b1_b2 + a6_a6 * b0_b1 + a7_a7 * zero_b0);
        let (x8, x9) = W::apart(a0_a0 * b8_b9 + a1_a1 * b7_b8 + a2_a2 * b6_b7 + a3_a3 * b5_b6 + a4_a4 * b4_b5 + a5_a5 * b3_b4 + a6_a6 * b2_b3 + a7_a7 * b1_b2 + a8_a8 * b0_b1 + a9_a9 * zero_b0);
        let (x10, x11) = W::apart(a0_a0 * b10_b11 + a1_a1 * b9_b10 + a2_a2 * b8_b9 + a3_a3 * b7_b8 + a4_a4 * b6_b7 + a5_a5 * b5_b6 + a6_a6 * b4_b5 + a7_a7 * b3_b4 + a8_a8 * b2_b3 + a9_a9 * b1_b2 + a10_a10 * b0_b1 + a11_a11 * zero_b0);
        let (x12, x13) = W::apart(a0_a0 * b12_b13 + a1_a1 * b11_b12 + a2_a2 * b10_b11 + a3_a3 * b9_b10 + a4_a4 * b8_b9 + a5_a5 * b7_b8 + a6_a6 * b6_b7 + a7_a7 * b5_b6 + a8_a8 * b4_b5 + a9_a9 * b3_b4 + a10_a10 * b2_b3 + a11_a11 * b1_b2 + a12_a12 * b0_b1 + a13_a13 * zero_b0);
        let (x14, x15) = W::apart(a1_a1 * b13_zero + a2_a2 * b12_b13 + a3_a3 * b11_b12 + a4_a4 * b10_b11 + a5_a5 * b9_b10 + a6_a6 * b8_b9 + a7_a7 * b7_b8 + a8_a8 * b6_b7 + a9_a9 * b5_b6 + a10_a10 * b4_b5 + a11_a11 * b3_b4 + a12_a12 * b2_b3 + a13_a13 * b1_b2);
        let (x16, x17) = W::apart(a3_a3 * b13_zero + a4_a4 * b12_b13 + a5_a5 * b11_b12 + a6_a6 * b10_b11 + a7_a7 * b9_b10 + a8_a8 * b8_b9 + a9_a9 * b7_b8 + a10_a10 * b6_b7 + a11_a11 * b5_b6 + a12_a12 * b4_b5 + a13_a13 * b3_b4);
        let (x18, x19) = W::apart(a5_a5 * b13_zero + a6_a6 * b12_b13 + a7_a7 * b11_b12 + a8_a8 * b10_b11 + a9_a9 * b9_b10 + a10_a10 * b8_b9 + a11_a11 * b7_b8 + a12_a12 * b6_b7 + a13_a13 * b5_b6);
        let (x20, x21) = W::apart(a7_a7 * b13_zero + a8_a8 * b12_b13 + a9_a9 * b11_b12 + a10_a10 * b10_b11 + a11_a11 * b9_b10 + a12_a12 * b8_b9 + a13_a13 * b7_b8);
        let (x22, x23) = W::apart(a9_a9 * b13_zero + a10_a10 * b12_b13 + a11_a11 * b11_b12 + a12_a12 * b10_b11 + a13_a13 * b9_b10);
        let (x24, x25) = W::apart(a11_a11 * b13_zero + a12_a12 * b12_b13 + a13_a13 * b11_b12);
        let (x26, _) = W::apart(a13_a13 * b13_zero);
        let c = x0;
        let q0 = c.low(28);
        let c = (c >> 28) + x1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + x2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + x3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + x4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + x5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + x6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + x7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + x8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + x9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + x10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + x11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + x12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + x13 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + x14 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + x15 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + x16 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + x17 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + x18 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + x19 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + x20 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + x21 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + x22 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + x23 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + x24 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + x25 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + x26 + (q13 << 20);
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
        let (zero, nothing) = (W::from(0), W::nothing());
        let a0_a0 = W::both(a0, nothing);
        let b0_b1 = W::pair(b0, b1);
        let b2_b3 = W::pair(b2, b3);
        let b4_b5 = W::pair(b4, b5);
        let b6_b7 = W::pair(b6, b7);
        let b8_b9 = W::pair(b8, b9);
        let b10_b11 = W::pair(b10, b11);
        let b12_b13 = W::pair(b12, b13);
        let a1_a1 = W::both(a1, nothing);
        let zero_b0 = W::pair(zero, b0);
        let b1_b2 = W::pair(b1, b2);
        let b3_b4 = W::pair(b3, b4);
        let b5_b6 = W::pair(b5, b6);
        let b7_b8 = W::pair(b7, b8);
        let b9_b10 = W::pair(b9, b10);
        let b11_b12 = W::pair(b11, b12);
        let b13_zero = W::pair(b13, zero);
        let a2_a2 = W::both(a2, nothing);
        let a3_a3 = W::both(a3, nothing);
        let a4_a4 = W::both(a4, nothing);
        let a5_a5 = W::both(a5, nothing);
        let a6_a6 = W::both(a6, nothing);
        let a7_a7 = W::both(a7, nothing);
        let a8_a8 = W::both(a8, nothing);
        let a9_a9 = W::both(a9, nothing);
        let a10_a10 = W::both(a10, nothing);
        let a11_a11 = W::both(a11, nothing);
        let a12_a12 = W::both(a12, nothing);
        let a13_a13 = W::both(a13, nothing);
        let (x0, x1) = W::apart(a0_a0 * b0_b1 + a1_a1 * zero_b0);
        let (x2, x3) = W::apart(a0_a0 * b2_b3 + a1_a1 * b1_b2 + a2_a2 * b0_b1 + a3_a3 * zero_b0);
        let (x4, x5) = W::apart(a0_a0 * b4_b5 + a1_a1 * b3_b4 + a2_a2 * b2_b3 + a3_a3 * b1_b2 + a4_a4 * b0_b1 + a5_a5 * zero_b0);
        let (x6, x7) = W::apart(a0_a0 * b6_b7 + a1_a1 * b5_b6 + a2_a2 * b4_b5 + a3_a3 * b3_b4 + a4_a4 * b2_b3 + a5_a5 * b1_b2 + a6_a6 * b0_b1 + a7_a7 * zero_b0);
        let (x8, x9) = W::apart(a0_a0 * b8_b9 + a1_a1 * b7_b8 + a2_a2 * b6_b7 + a3_a3 * b5_b6 + a4_a4 * b4_b5 + a5_a5 * b3_b4 + a6_a6 * b2_b3 + a7_a7 * b1_b2 + a8_a8 * b0_b1 + a9_a9 * zero_b0);
        let (x10, x11) = W::apart(a0_a0 * b10_b11 + a1_a1 * b9_b10 + a2_a2 * b8_b9 + a3_a3 * b7_b8 + a4_a4 * b6_b7 + a5_a5 * b5_b6 + a6_a6 * b4_b5 + a7_a7 * b3_b4 + a8_a8 * b2_b3 + a9_a9 * b1_b2 + a10_a10 * b0_b1 + a11_a11 * zero_b0);
        let (x12, x13) = W::apart(a0_a0 * b12_b13 + a1_a1 * b11_b12 + a2_a2 * b10_b11 + a3_a3 * b9_b10 + a4_a4 * b8_b9 + a5_a5 * b7_b8 + a6_a6 * b6_b7 + a7_a7 * b5_b6 + a8_a8 * b4_b5 + a9_a9 * b3_b4 + a10_a10 * b2_b3 + a11_a11 * b1_b2 + a12_a12 * b0_b1 + a13_a13 * zero_b0);
        let (x14, x15) = W::apart(a1_a1 * b13_zero + a2_a2 * b12_b13 + a3_a3 * b11_b12 + a4_a4 * b10_b11 + a5_a5 * b9_b10 + a6_a6 * b8_b9 + a7_a7 * b7_b8 + a8_a8 * b6_b7 + a9_a9 * b5_b6 + a10_a10 * b4_b5 + a11_a11 * b3_b4 + a12_a12 * b2_b3 + a13_a13 * b1_b2);
        let (x16, x17) = W::apart(a3_a3 * b13_zero + a4_a4 * b12_b13 + a5_a5 * b11_b12 + a6_a6 * b10_b11 + a7_a7 * b9_b10 + a8_a8 * b8_b9 + a9_a9 * b7_b8 + a10_a10 * b6_b7 + a11_a11 * b5_b6 + a12_a12 * b4_b5 + a13_a13 * b3_b4);
        let (x18, x19) = W::apart(a5_a5 * b13_zero + a6_a6 * b12_b13 + a7_a7 * b11_b12 + a8_a8 * b10_b11 + a9_a9 * b9_b10 + a10_a10 * b8_b9 + a11_a11 * b7_b8 + a12_a12 * b6_b7 + a13_a13 * b5_b6);
        let (x20, x21) = W::apart(a7_a7 * b13_zero + a8_a8 * b12_b13 + a9_a9 * b11_b12 + a10_a10 * b10_b11 + a11_a11 * b9_b10 + a12_a12 * b8_b9 + a13_a13 * b7_b8);
        let (x22, x23) = W::apart(a9_a9 * b13_zero + a10_a10 * b12_b13 + a11_a11 * b11_b12 + a12_a12 * b10_b11 + a13_a13 * b9_b10);
        let (x24, x25) = W::apart(a11_a11 * b13_zero + a12_a12 * b12_b13 + a13_a13 * b11_b12);
        let (x26, _) = W::apart(a13_a13 * b13_zero);
        let c = x0;
        let q0 = c.low(28);
        let c = (c >> 28) + x1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + x2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + x3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + x4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + x5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + x6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + x7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + x8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + x9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + x10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + x11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + x12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + x13 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + x14 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20) + e0;
        let r0 = c.low(28);
        let c = (c >> 28) + x15 - (q12 << 12) - (q11 << 16) + (q2 << 20) + e1;
        let r1 = c.low(28);
        let c = (c >> 28) + x16 - (q13 << 12) - (q12 << 16) + (q3 << 20) + e2;
        let r2 = c.low(28);
        let c = (c >> 28) + x17 - (q13 << 16) + (q4 << 20) + e3;
        let r3 = c.low(28);
        let c = (c >> 28) + x18 + (q5 << 20) + e4;
        let r4 = c.low(28);
        let c = (c >> 28) + x19 + (q6 << 20) + e5;
        let r5 = c.low(28);
        let c = (c >> 28) + x20 + (q7 << 20) + e6;
        let r6 = c.low(28);
        let c = (c >> 28) + x21 + (q8 << 20) + e7;
        let r7 = c.low(28);
        let c = (c >> 28) + x22 + (q9 << 20) + e8;
        let r8 = c.low(28);
        let c = (c >> 28) + x23 + (q10 << 20) + e9;
        let r9 = c.low(28);
        let c = (c >> 28) + x24 + (q11 << 20) + e10;
        let r10 = c.low(28);
        let c = (c >> 28) + x25 + (q12 << 20) + e11;
        let r11 = c.low(28);
        let c = (c >> 28) + x26 + (q13 << 20) + e12;
        let r12 = c.low(28);
        let r13 = (c >> 28) + e13;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a²
    #[inline(never)]
    fn squared(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
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
        let d13 = a13 + a13;
        let (zero, nothing) = (W::from(0), W::nothing());
        let a0_a0 = W::both(a0, nothing);
        let a0_d1 = W::pair(a0, d1);
        let d2_d3 = W::pair(d2, d3);
        let d4_d5 = W::pair(d4, d5);
        let d6_d7 = W::pair(d6, d7);
        let d8_d9 = W::pair(d8, d9);
        let d10_d11 = W::pair(d10, d11);
        let d12_d13 = W::pair(d12, d13);
        let a1_a1 = W::both(a1, nothing);
        let a1_d2 = W::pair(a1, d2);
        let d3_d4 = W::pair(d3, d4);
        let d5_d6 = W::pair(d5, d6);
        let d7_d8 = W::pair(d7, d8);
        let d9_d10 = W::pair(d9, d10);
        let d11_d12 = W::pair(d11, d12);
        let d13_zero = W::pair(d13, zero);
        let a2_a2 = W::both(a2, nothing);
        let a2_d3 = W::pair(a2, d3);
        let a3_a3 = W::both(a3, nothing);
        let a3_d4 = W::pair(a3, d4);
        let a4_a4 = W::both(a4, nothing);
        let a4_d5 = W::pair(a4, d5);
        let a5_a5 = W::both(a5, nothing);
        let a5_d6 = W::pair(a5, d6);
        let a6_a6 = W::both(a6, nothing);
        let a6_d7 = W::pair(a6, d7);
        let a7_a7 = W::both(a7, nothing);
        let a7_d8 = W::pair(a7, d8);
        let a8_a8 = W::both(a8, nothing);
        let a8_d9 = W::pair(a8, d9);
        let a9_a9 = W::both(a9, nothing);
        let a9_d10 = W::pair(a9, d10);
        let a10_a10 = W::both(a10, nothing);
        let a10_d11 = W::pair(a10, d11);
        let a11_a11 = W::both(a11, nothing);
        let a11_d12 = W::pair(a11, d12);
        let a12_a12 = W::both(a12, nothing);
        let a12_d13 = W::pair(a12, d13);
        let a13_a13 = W::both(a13, nothing);
        let a13_zero = W::pair(a13, zero);
        let (x0, x1) = W::apart(a0_a0 * a0_d1);
        let (x2, x3) = W::apart(a0_a0 * d2_d3 + a1_a1 * a1_d2);
        let (x4, x5) = W::apart(a0_a0 * d4_d5 + a1_a1 * d3_d4 + a2_a2 * a2_d3);
        let (x6, x7) = W::apart(a0_a0 * d6_d7 + a1_a1 * d5_d6 + a2_a2 * d4_d5 + a3_a3 * a3_d4);
        let (x8, x9) = W::apart(a0_a0 * d8_d9 + a1_a1 * d7_d8 + a2_a2 * d6_d7 + a3_a3 * d5_d6 + a4_a4 * a4_d5);
        let (x10, x11) = W::apart(a0_a0 * d10_d11 + a1_a1 * d9_d10 + a2_a2 * d8_d9 + a3_a3 * d7_d8 + a4_a4 * d6_d7 + a5_a5 * a5_d6);
        let (x12, x13) = W::apart(a0_a0 * d12_d13 + a1_a1 * d11_d12 + a2_a2 * d10_d11 + a3_a3 * d9_d10 + a4_a4 * d8_d9 + a5_a5 * d7_d8 + a6_a6 * a6_d7);
        let (x14, x15) = W::apart(a1_a1 * d13_zero + a2_a2 * d12_d13 + a3_a3 * d11_d12 + a4_a4 * d10_d11 + a5_a5 * d9_d10 + a6_a6 * d8_d9 + a7_a7 * a7_d8);
        let (x16, x17) = W::apart(a3_a3 * d13_zero + a4_a4 * d12_d13 + a5_a5 * d11_d12 + a6_a6 * d10_d11 + a7_a7 * d9_d10 + a8_a8 * a8_d9);
        let (x18, x19) = W::apart(a5_a5 * d13_zero + a6_a6 * d12_d13 + a7_a7 * d11_d12 + a8_a8 * d10_d11 + a9_a9 * a9_d10);
        let (x20, x21) = W::apart(a7_a7 * d13_zero + a8_a8 * d12_d13 + a9_a9 * d11_d12 + a10_a10 * a10_d11);
        let (x22, x23) = W::apart(a9_a9 * d13_zero + a10_a10 * d12_d13 + a11_a11 * a11_d12);
        let (x24, x25) = W::apart(a11_a11 * d13_zero + a12_a12 * a12_d13);
        let (x26, _) = W::apart(a13_a13 * a13_zero);
        let c = x0;
        let q0 = c.low(28);
        let c = (c >> 28) + x1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + x2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + x3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + x4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + x5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + x6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + x7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + x8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + x9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + x10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + x11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + x12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + x13 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + x14 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + x15 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + x16 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + x17 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + x18 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + x19 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + x20 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + x21 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + x22 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + x23 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + x24 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + x25 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + x26 + (q13 << 20);
        let r12 = c.low(28);
        let r13 = c >> 28;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }

    /// a² + e
    #[inline(never)]
    fn squared_plus(&self, e: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = self.0;
        let [e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13] = e.0;
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
        let d13 = a13 + a13;
        let (zero, nothing) = (W::from(0), W::nothing());
        let a0_a0 = W::both(a0, nothing);
        let a0_d1 = W::pair(a0, d1);
        let d2_d3 = W::pair(d2, d3);
        let d4_d5 = W::pair(d4, d5);
        let d6_d7 = W::pair(d6, d7);
        let d8_d9 = W::pair(d8, d9);
        let d10_d11 = W::pair(d10, d11);
        let d12_d13 = W::pair(d12, d13);
        let a1_a1 = W::both(a1, nothing);
        let a1_d2 = W::pair(a1, d2);
        let d3_d4 = W::pair(d3, d4);
        let d5_d6 = W::pair(d5, d6);
        let d7_d8 = W::pair(d7, d8);
        let d9_d10 = W::pair(d9, d10);
        let d11_d12 = W::pair(d11, d12);
        let d13_zero = W::pair(d13, zero);
        let a2_a2 = W::both(a2, nothing);
        let a2_d3 = W::pair(a2, d3);
        let a3_a3 = W::both(a3, nothing);
        let a3_d4 = W::pair(a3, d4);
        let a4_a4 = W::both(a4, nothing);
        let a4_d5 = W::pair(a4, d5);
        let a5_a5 = W::both(a5, nothing);
        let a5_d6 = W::pair(a5, d6);
        let a6_a6 = W::both(a6, nothing);
        let a6_d7 = W::pair(a6, d7);
        let a7_a7 = W::both(a7, nothing);
        let a7_d8 = W::pair(a7, d8);
        let a8_a8 = W::both(a8, nothing);
        let a8_d9 = W::pair(a8, d9);
        let a9_a9 = W::both(a9, nothing);
        let a9_d10 = W::pair(a9, d10);
        let a10_a10 = W::both(a10, nothing);
        let a10_d11 = W::pair(a10, d11);
        let a11_a11 = W::both(a11, nothing);
        let a11_d12 = W::pair(a11, d12);
        let a12_a12 = W::both(a12, nothing);
        let a12_d13 = W::pair(a12, d13);
        let a13_a13 = W::both(a13, nothing);
        let a13_zero = W::pair(a13, zero);
        let (x0, x1) = W::apart(a0_a0 * a0_d1);
        let (x2, x3) = W::apart(a0_a0 * d2_d3 + a1_a1 * a1_d2);
        let (x4, x5) = W::apart(a0_a0 * d4_d5 + a1_a1 * d3_d4 + a2_a2 * a2_d3);
        let (x6, x7) = W::apart(a0_a0 * d6_d7 + a1_a1 * d5_d6 + a2_a2 * d4_d5 + a3_a3 * a3_d4);
        let (x8, x9) = W::apart(a0_a0 * d8_d9 + a1_a1 * d7_d8 + a2_a2 * d6_d7 + a3_a3 * d5_d6 + a4_a4 * a4_d5);
        let (x10, x11) = W::apart(a0_a0 * d10_d11 + a1_a1 * d9_d10 + a2_a2 * d8_d9 + a3_a3 * d7_d8 + a4_a4 * d6_d7 + a5_a5 * a5_d6);
        let (x12, x13) = W::apart(a0_a0 * d12_d13 + a1_a1 * d11_d12 + a2_a2 * d10_d11 + a3_a3 * d9_d10 + a4_a4 * d8_d9 + a5_a5 * d7_d8 + a6_a6 * a6_d7);
        let (x14, x15) = W::apart(a1_a1 * d13_zero + a2_a2 * d12_d13 + a3_a3 * d11_d12 + a4_a4 * d10_d11 + a5_a5 * d9_d10 + a6_a6 * d8_d9 + a7_a7 * a7_d8);
        let (x16, x17) = W::apart(a3_a3 * d13_zero + a4_a4 * d12_d13 + a5_a5 * d11_d12 + a6_a6 * d10_d11 + a7_a7 * d9_d10 + a8_a8 * a8_d9);
        let (x18, x19) = W::apart(a5_a5 * d13_zero + a6_a6 * d12_d13 + a7_a7 * d11_d12 + a8_a8 * d10_d11 + a9_a9 * a9_d10);
        let (x20, x21) = W::apart(a7_a7 * d13_zero + a8_a8 * d12_d13 + a9_a9 * d11_d12 + a10_a10 * a10_d11);
        let (x22, x23) = W::apart(a9_a9 * d13_zero + a10_a10 * d12_d13 + a11_a11 * a11_d12);
        let (x24, x25) = W::apart(a11_a11 * d13_zero + a12_a12 * a12_d13);
        let (x26, _) = W::apart(a13_a13 * a13_zero);
        let c = x0;
        let q0 = c.low(28);
        let c = (c >> 28) + x1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + x2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + x3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + x4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + x5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + x6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + x7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + x8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + x9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + x10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + x11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + x12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + x13 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + x14 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20) + e0;
        let r0 = c.low(28);
        let c = (c >> 28) + x15 - (q12 << 12) - (q11 << 16) + (q2 << 20) + e1;
        let r1 = c.low(28);
        let c = (c >> 28) + x16 - (q13 << 12) - (q12 << 16) + (q3 << 20) + e2;
        let r2 = c.low(28);
        let c = (c >> 28) + x17 - (q13 << 16) + (q4 << 20) + e3;
        let r3 = c.low(28);
        let c = (c >> 28) + x18 + (q5 << 20) + e4;
        let r4 = c.low(28);
        let c = (c >> 28) + x19 + (q6 << 20) + e5;
        let r5 = c.low(28);
        let c = (c >> 28) + x20 + (q7 << 20) + e6;
        let r6 = c.low(28);
        let c = (c >> 28) + x21 + (q8 << 20) + e7;
        let r7 = c.low(28);
        let c = (c >> 28) + x22 + (q9 << 20) + e8;
        let r8 = c.low(28);
        let c = (c >> 28) + x23 + (q10 << 20) + e9;
        let r9 = c.low(28);
        let c = (c >> 28) + x24 + (q11 << 20) + e10;
        let r10 = c.low(28);
        let c = (c >> 28) + x25 + (q12 << 20) + e11;
        let r11 = c.low(28);
        let c = (c >> 28) + x26 + (q13 << 20) + e12;
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
        let (zero, nothing) = (W::from(0), W::nothing());
        let a0_a0 = W::both(a0, nothing);
        let b0_b1 = W::pair(b0, b1);
        let b2_b3 = W::pair(b2, b3);
        let b4_b5 = W::pair(b4, b5);
        let b6_b7 = W::pair(b6, b7);
        let b8_b9 = W::pair(b8, b9);
        let b10_b11 = W::pair(b10, b11);
        let b12_b13 = W::pair(b12, b13);
        let a1_a1 = W::both(a1, nothing);
        let zero_b0 = W::pair(zero, b0);
        let b1_b2 = W::pair(b1, b2);
        let b3_b4 = W::pair(b3, b4);
        let b5_b6 = W::pair(b5, b6);
        let b7_b8 = W::pair(b7, b8);
        let b9_b10 = W::pair(b9, b10);
        let b11_b12 = W::pair(b11, b12);
        let b13_zero = W::pair(b13, zero);
        let a2_a2 = W::both(a2, nothing);
        let a3_a3 = W::both(a3, nothing);
        let a4_a4 = W::both(a4, nothing);
        let a5_a5 = W::both(a5, nothing);
        let a6_a6 = W::both(a6, nothing);
        let a7_a7 = W::both(a7, nothing);
        let a8_a8 = W::both(a8, nothing);
        let a9_a9 = W::both(a9, nothing);
        let a10_a10 = W::both(a10, nothing);
        let a11_a11 = W::both(a11, nothing);
        let a12_a12 = W::both(a12, nothing);
        let a13_a13 = W::both(a13, nothing);
        let f0_f0 = W::both(f0, nothing);
        let g0_g1 = W::pair(g0, g1);
        let g2_g3 = W::pair(g2, g3);
        let g4_g5 = W::pair(g4, g5);
        let g6_g7 = W::pair(g6, g7);
        let g8_g9 = W::pair(g8, g9);
        let g10_g11 = W::pair(g10, g11);
        let g12_g13 = W::pair(g12, g13);
        let f1_f1 = W::both(f1, nothing);
        let zero_g0 = W::pair(zero, g0);
        let g1_g2 = W::pair(g1, g2);
        let g3_g4 = W::pair(g3, g4);
        let g5_g6 = W::pair(g5, g6);
        let g7_g8 = W::pair(g7, g8);
        let g9_g10 = W::pair(g9, g10);
        let g11_g12 = W::pair(g11, g12);
        let g13_zero = W::pair(g13, zero);
        let f2_f2 = W::both(f2, nothing);
        let f3_f3 = W::both(f3, nothing);
        let f4_f4 = W::both(f4, nothing);
        let f5_f5 = W::both(f5, nothing);
        let f6_f6 = W::both(f6, nothing);
        let f7_f7 = W::both(f7, nothing);
        let f8_f8 = W::both(f8, nothing);
        let f9_f9 = W::both(f9, nothing);
        let f10_f10 = W::both(f10, nothing);
        let f11_f11 = W::both(f11, nothing);
        let f12_f12 = W::both(f12, nothing);
        let f13_f13 = W::both(f13, nothing);
        let (x0, x1) = W::apart(a0_a0 * b0_b1 + a1_a1 * zero_b0 - f0_f0 * g0_g1 - f1_f1 * zero_g0);
        let (x2, x3) = W::apart(a0_a0 * b2_b3 + a1_a1 * b1_b2 + a2_a2 * b0_b1 + a3_a3 * zero_b0 - f0_f0 * g2_g3 - f1_f1 * g1_g2 - f2_f2 * g0_g1 - f3_f3 * zero_g0);
        let (x4, x5) = W::apart(a0_a0 * b4_b5 + a1_a1 * b3_b4 + a2_a2 * b2_b3 + a3_a3 * b1_b2 + a4_a4 * b0_b1 + a5_a5 * zero_b0 - f0_f0 * g4_g5 - f1_f1 * g3_g4 - f2_f2 * g2_g3 - f3_f3 * g1_g2 - f4_f4 * g0_g1 - f5_f5 * zero_g0);
        let (x6, x7) = W::apart(a0_a0 * b6_b7 + a1_a1 * b5_b6 + a2_a2 * b4_b5 + a3_a3 * b3_b4 + a4_a4 * b2_b3 + a5_a5 * b1_b2 + a6_a6 * b0_b1 + a7_a7 * zero_b0 - f0_f0 * g6_g7 - f1_f1 * g5_g6 - f2_f2 * g4_g5 - f3_f3 * g3_g4 - f4_f4 * g2_g3 - f5_f5 * g1_g2 - f6_f6 * g0_g1 - f7_f7 * zero_g0);
        let (x8, x9) = W::apart(a0_a0 * b8_b9 + a1_a1 * b7_b8 + a2_a2 * b6_b7 + a3_a3 * b5_b6 + a4_a4 * b4_b5 + a5_a5 * b3_b4 + a6_a6 * b2_b3 + a7_a7 * b1_b2 + a8_a8 * b0_b1 + a9_a9 * zero_b0 - f0_f0 * g8_g9 - f1_f1 * g7_g8 - f2_f2 * g6_g7 - f3_f3 * g5_g6 - f4_f4 * g4_g5 - f5_f5 * g3_g4 - f6_f6 * g2_g3 - f7_f7 * g1_g2 - f8_f8 * g0_g1 - f9_f9 * zero_g0);
        let (x10, x11) = W::apart(a0_a0 * b10_b11 + a1_a1 * b9_b10 + a2_a2 * b8_b9 + a3_a3 * b7_b8 + a4_a4 * b6_b7 + a5_a5 * b5_b6 + a6_a6 * b4_b5 + a7_a7 * b3_b4 + a8_a8 * b2_b3 + a9_a9 * b1_b2 + a10_a10 * b0_b1 + a11_a11 * zero_b0 - f0_f0 * g10_g11 - f1_f1 * g9_g10 - f2_f2 * g8_g9 - f3_f3 * g7_g8 - f4_f4 * g6_g7 - f5_f5 * g5_g6 - f6_f6 * g4_g5 - f7_f7 * g3_g4 - f8_f8 * g2_g3 - f9_f9 * g1_g2 - f10_f10 * g0_g1 - f11_f11 * zero_g0);
        let (x12, x13) = W::apart(a0_a0 * b12_b13 + a1_a1 * b11_b12 + a2_a2 * b10_b11 + a3_a3 * b9_b10 + a4_a4 * b8_b9 + a5_a5 * b7_b8 + a6_a6 * b6_b7 + a7_a7 * b5_b6 + a8_a8 * b4_b5 + a9_a9 * b3_b4 + a10_a10 * b2_b3 + a11_a11 * b1_b2 + a12_a12 * b0_b1 + a13_a13 * zero_b0 - f0_f0 * g12_g13 - f1_f1 * g11_g12 - f2_f2 * g10_g11 - f3_f3 * g9_g10 - f4_f4 * g8_g9 - f5_f5 * g7_g8 - f6_f6 * g6_g7 - f7_f7 * g5_g6 - f8_f8 * g4_g5 - f9_f9 * g3_g4 - f10_f10 * g2_g3 - f11_f11 * g1_g2 - f12_f12 * g0_g1 - f13_f13 * zero_g0);
        let (x14, x15) = W::apart(a1_a1 * b13_zero + a2_a2 * b12_b13 + a3_a3 * b11_b12 + a4_a4 * b10_b11 + a5_a5 * b9_b10 + a6_a6 * b8_b9 + a7_a7 * b7_b8 + a8_a8 * b6_b7 + a9_a9 * b5_b6 + a10_a10 * b4_b5 + a11_a11 * b3_b4 + a12_a12 * b2_b3 + a13_a13 * b1_b2 - f1_f1 * g13_zero - f2_f2 * g12_g13 - f3_f3 * g11_g12 - f4_f4 * g10_g11 - f5_f5 * g9_g10 - f6_f6 * g8_g9 - f7_f7 * g7_g8 - f8_f8 * g6_g7 - f9_f9 * g5_g6 - f10_f10 * g4_g5 - f11_f11 * g3_g4 - f12_f12 * g2_g3 - f13_f13 * g1_g2);
        let (x16, x17) = W::apart(a3_a3 * b13_zero + a4_a4 * b12_b13 + a5_a5 * b11_b12 + a6_a6 * b10_b11 + a7_a7 * b9_b10 + a8_a8 * b8_b9 + a9_a9 * b7_b8 + a10_a10 * b6_b7 + a11_a11 * b5_b6 + a12_a12 * b4_b5 + a13_a13 * b3_b4 - f3_f3 * g13_zero - f4_f4 * g12_g13 - f5_f5 * g11_g12 - f6_f6 * g10_g11 - f7_f7 * g9_g10 - f8_f8 * g8_g9 - f9_f9 * g7_g8 - f10_f10 * g6_g7 - f11_f11 * g5_g6 - f12_f12 * g4_g5 - f13_f13 * g3_g4);
        let (x18, x19) = W::apart(a5_a5 * b13_zero + a6_a6 * b12_b13 + a7_a7 * b11_b12 + a8_a8 * b10_b11 + a9_a9 * b9_b10 + a10_a10 * b8_b9 + a11_a11 * b7_b8 + a12_a12 * b6_b7 + a13_a13 * b5_b6 - f5_f5 * g13_zero - f6_f6 * g12_g13 - f7_f7 * g11_g12 - f8_f8 * g10_g11 - f9_f9 * g9_g10 - f10_f10 * g8_g9 - f11_f11 * g7_g8 - f12_f12 * g6_g7 - f13_f13 * g5_g6);
        let (x20, x21) = W::apart(a7_a7 * b13_zero + a8_a8 * b12_b13 + a9_a9 * b11_b12 + a10_a10 * b10_b11 + a11_a11 * b9_b10 + a12_a12 * b8_b9 + a13_a13 * b7_b8 - f7_f7 * g13_zero - f8_f8 * g12_g13 - f9_f9 * g11_g12 - f10_f10 * g10_g11 - f11_f11 * g9_g10 - f12_f12 * g8_g9 - f13_f13 * g7_g8);
        let (x22, x23) = W::apart(a9_a9 * b13_zero + a10_a10 * b12_b13 + a11_a11 * b11_b12 + a12_a12 * b10_b11 + a13_a13 * b9_b10 - f9_f9 * g13_zero - f10_f10 * g12_g13 - f11_f11 * g11_g12 - f12_f12 * g10_g11 - f13_f13 * g9_g10);
        let (x24, x25) = W::apart(a11_a11 * b13_zero + a12_a12 * b12_b13 + a13_a13 * b11_b12 - f11_f11 * g13_zero - f12_f12 * g12_g13 - f13_f13 * g11_g12);
        let (x26, _) = W::apart(a13_a13 * b13_zero - f13_f13 * g13_zero);
        let c = x0;
        let q0 = c.low(28);
        let c = (c >> 28) + x1 + (q0 << 4);
        let q1 = c.low(28);
        let c = (c >> 28) + x2 + (q1 << 4);
        let q2 = c.low(28);
        let c = (c >> 28) + x3 + (q2 << 4) - (q0 << 12);
        let q3 = c.low(28);
        let c = (c >> 28) + x4 + (q3 << 4) - (q1 << 12) - (q0 << 16);
        let q4 = c.low(28);
        let c = (c >> 28) + x5 + (q4 << 4) - (q2 << 12) - (q1 << 16);
        let q5 = c.low(28);
        let c = (c >> 28) + x6 + (q5 << 4) - (q3 << 12) - (q2 << 16);
        let q6 = c.low(28);
        let c = (c >> 28) + x7 + (q6 << 4) - (q4 << 12) - (q3 << 16);
        let q7 = c.low(28);
        let c = (c >> 28) + x8 + (q7 << 4) - (q5 << 12) - (q4 << 16);
        let q8 = c.low(28);
        let c = (c >> 28) + x9 + (q8 << 4) - (q6 << 12) - (q5 << 16);
        let q9 = c.low(28);
        let c = (c >> 28) + x10 + (q9 << 4) - (q7 << 12) - (q6 << 16);
        let q10 = c.low(28);
        let c = (c >> 28) + x11 + (q10 << 4) - (q8 << 12) - (q7 << 16);
        let q11 = c.low(28);
        let c = (c >> 28) + x12 + (q11 << 4) - (q9 << 12) - (q8 << 16);
        let q12 = c.low(28);
        let c = (c >> 28) + x13 + (q12 << 4) - (q10 << 12) - (q9 << 16) + (q0 << 20);
        let q13 = c.low(28);
        let c = (c >> 28) + x14 + (q13 << 4) - (q11 << 12) - (q10 << 16) + (q1 << 20);
        let r0 = c.low(28);
        let c = (c >> 28) + x15 - (q12 << 12) - (q11 << 16) + (q2 << 20);
        let r1 = c.low(28);
        let c = (c >> 28) + x16 - (q13 << 12) - (q12 << 16) + (q3 << 20);
        let r2 = c.low(28);
        let c = (c >> 28) + x17 - (q13 << 16) + (q4 << 20);
        let r3 = c.low(28);
        let c = (c >> 28) + x18 + (q5 << 20);
        let r4 = c.low(28);
        let c = (c >> 28) + x19 + (q6 << 20);
        let r5 = c.low(28);
        let c = (c >> 28) + x20 + (q7 << 20);
        let r6 = c.low(28);
        let c = (c >> 28) + x21 + (q8 << 20);
        let r7 = c.low(28);
        let c = (c >> 28) + x22 + (q9 << 20);
        let r8 = c.low(28);
        let c = (c >> 28) + x23 + (q10 << 20);
        let r9 = c.low(28);
        let c = (c >> 28) + x24 + (q11 << 20);
        let r10 = c.low(28);
        let c = (c >> 28) + x25 + (q12 << 20);
        let r11 = c.low(28);
        let c = (c >> 28) + x26 + (q13 << 20);
        let r12 = c.low(28);
        let r13 = c >> 28;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13])
    }
}
