//! The field of P-256: 9 limbs of 29 bits, R = 2^261.
//!
//! p = 2^256 − 2^224 + 2^192 + 2^96 − 1 (SP 800-186 section 3.2.1.3). Written by `generate.py`; do not edit. The meaning of every
//! function is in `field.rs`, and the proof that no limb overflows in `bounds.rs`.

use crate::field::Field;
use crate::word::Word;

/// An element of the field of P-256, times R, in limbs of 29 bits, lowest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<W>(pub(crate) [W; 9]);

impl<W: Word> Field for Element<W> {
    type Word = W;
    type Stored = [i32; 9];
    const BITS: u32 = 29;
    const BYTES: usize = 32;
    /// p itself.
    const PRIME: Self::Stored = [0x1fffffff, 0x1fffffff, 0x1fffffff, 0x1ff, 0x0, 0x0, 0x40000, 0x1fe00000, 0xffffff];
    /// 1, as R mod p.
    const ONE: Self::Stored = [0x20, 0x0, 0x0, 0x1fffc000, 0x1fffffff, 0x1fffffff, 0x1f7fffff, 0x3ffffff, 0x0];
    /// The number 1: multiplying with it takes R away.
    const PLAIN_ONE: Self::Stored = [0x1, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0];
    /// R² mod p: multiplying with it brings R in.
    const R_SQUARED: Self::Stored = [0xc00, 0x0, 0x1fff0000, 0x1fdfffff, 0x1fbfffff, 0x1fffffff, 0x1fffffff, 0x1ffffffe, 0x13];
    /// The curve's b, times R.
    const B: Self::Stored = [0x1897bbfb, 0x1cdf6229, 0x18486c4, 0x1732821, 0x1dad59e0, 0xabf7212, 0x1a06d110, 0x17721d20, 0x8600c3];
    /// The order n of the curve (smaller than p), times R.
    const ORDER: Self::Stored = [0x6bead13, 0x11694833, 0x14c98cd6, 0x150f2ff, 0xd6f1362, 0xce652e9, 0x158200b3, 0x29f8c3f, 0xc9184];
    /// x of the generator, times R.
    const GENERATOR_X: Self::Stored = [0x15228783, 0x730d418, 0xdb00bcf, 0x57f11fb, 0xa20eb75, 0x12b77622, 0x330fdb9, 0x1af4dd57, 0x120bee];
    /// y of the generator, times R.
    const GENERATOR_Y: Self::Stored = [0x12aac150, 0x125357ce, 0xf22e6ef, 0xe390e86, 0x64b1695, 0x88dd21f, 0x2a97443, 0x2962176, 0xae3fe3];
    /// p, big endian.
    const PRIME_BYTES: &'static [u8] = &[0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    /// The order n of the curve, big endian.
    const ORDER_BYTES: &'static [u8] = &[0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51];
    /// p − n, big endian.
    const PRIME_MINUS_ORDER: &'static [u8] = &[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x43, 0x19, 0x05, 0x53, 0x58, 0xe8, 0x61, 0x7b, 0x0c, 0x46, 0x35, 0x3d, 0x03, 0x9c, 0xda, 0xae];

    fn load(stored: &Self::Stored) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = *stored;
        Self([W::from(a0), W::from(a1), W::from(a2), W::from(a3), W::from(a4), W::from(a5), W::from(a6), W::from(a7), W::from(a8)])
    }

    fn limbs(&self) -> &[W] {
        &self.0
    }

    #[inline]
    fn plus(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = b.0;
        Self([a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4, a5 + b5, a6 + b6, a7 + b7, a8 + b8])
    }

    #[inline]
    fn minus(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = b.0;
        Self([a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7, a8 - b8])
    }

    #[inline]
    fn negated(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        Self([-a0, -a1, -a2, -a3, -a4, -a5, -a6, -a7, -a8])
    }

    #[inline(never)]
    fn carried(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let c = a0;
        let r0 = c.low(29);
        let c = (c >> 29) + a1;
        let r1 = c.low(29);
        let c = (c >> 29) + a2;
        let r2 = c.low(29);
        let c = (c >> 29) + a3;
        let r3 = c.low(29);
        let c = (c >> 29) + a4;
        let r4 = c.low(29);
        let c = (c >> 29) + a5;
        let r5 = c.low(29);
        let c = (c >> 29) + a6;
        let r6 = c.low(29);
        let c = (c >> 29) + a7;
        let r7 = c.low(29);
        let r8 = (c >> 29) + a8;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }

    /// a·b
    #[inline(never)]
    fn times(&self, b: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = b.0;
        let c = a0 * b0;
        let q0 = c.low(29);
        let c = (c >> 29) + a0 * b1 + a1 * b0;
        let q1 = c.low(29);
        let c = (c >> 29) + a0 * b2 + a1 * b1 + a2 * b0;
        let q2 = c.low(29);
        let c = (c >> 29) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + (q0 << 9);
        let q3 = c.low(29);
        let c = (c >> 29) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + (q1 << 9);
        let q4 = c.low(29);
        let c = (c >> 29) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + (q2 << 9);
        let q5 = c.low(29);
        let c = (c >> 29) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + (q3 << 9) + (q0 << 18);
        let q6 = c.low(29);
        let c = (c >> 29) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + (q4 << 9) + (q1 << 18) - (q0 << 21);
        let q7 = c.low(29);
        let c = (c >> 29) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + (q5 << 9) + (q2 << 18) - (q1 << 21) + (q0 << 24);
        let q8 = c.low(29);
        let c = (c >> 29) + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + (q6 << 9) + (q3 << 18) - (q2 << 21) + (q1 << 24);
        let r0 = c.low(29);
        let c = (c >> 29) + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + (q7 << 9) + (q4 << 18) - (q3 << 21) + (q2 << 24);
        let r1 = c.low(29);
        let c = (c >> 29) + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + (q8 << 9) + (q5 << 18) - (q4 << 21) + (q3 << 24);
        let r2 = c.low(29);
        let c = (c >> 29) + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + (q6 << 18) - (q5 << 21) + (q4 << 24);
        let r3 = c.low(29);
        let c = (c >> 29) + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + (q7 << 18) - (q6 << 21) + (q5 << 24);
        let r4 = c.low(29);
        let c = (c >> 29) + a6 * b8 + a7 * b7 + a8 * b6 + (q8 << 18) - (q7 << 21) + (q6 << 24);
        let r5 = c.low(29);
        let c = (c >> 29) + a7 * b8 + a8 * b7 - (q8 << 21) + (q7 << 24);
        let r6 = c.low(29);
        let c = (c >> 29) + a8 * b8 + (q8 << 24);
        let r7 = c.low(29);
        let r8 = c >> 29;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }

    /// a·b + e
    #[inline(never)]
    fn times_plus(&self, b: &Self, e: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = b.0;
        let [e0, e1, e2, e3, e4, e5, e6, e7, e8] = e.0;
        let c = a0 * b0;
        let q0 = c.low(29);
        let c = (c >> 29) + a0 * b1 + a1 * b0;
        let q1 = c.low(29);
        let c = (c >> 29) + a0 * b2 + a1 * b1 + a2 * b0;
        let q2 = c.low(29);
        let c = (c >> 29) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + (q0 << 9);
        let q3 = c.low(29);
        let c = (c >> 29) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + (q1 << 9);
        let q4 = c.low(29);
        let c = (c >> 29) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + (q2 << 9);
        let q5 = c.low(29);
        let c = (c >> 29) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + (q3 << 9) + (q0 << 18);
        let q6 = c.low(29);
        let c = (c >> 29) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + (q4 << 9) + (q1 << 18) - (q0 << 21);
        let q7 = c.low(29);
        let c = (c >> 29) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + (q5 << 9) + (q2 << 18) - (q1 << 21) + (q0 << 24);
        let q8 = c.low(29);
        let c = (c >> 29) + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + (q6 << 9) + (q3 << 18) - (q2 << 21) + (q1 << 24) + e0;
        let r0 = c.low(29);
        let c = (c >> 29) + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + (q7 << 9) + (q4 << 18) - (q3 << 21) + (q2 << 24) + e1;
        let r1 = c.low(29);
        let c = (c >> 29) + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + (q8 << 9) + (q5 << 18) - (q4 << 21) + (q3 << 24) + e2;
        let r2 = c.low(29);
        let c = (c >> 29) + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + (q6 << 18) - (q5 << 21) + (q4 << 24) + e3;
        let r3 = c.low(29);
        let c = (c >> 29) + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + (q7 << 18) - (q6 << 21) + (q5 << 24) + e4;
        let r4 = c.low(29);
        let c = (c >> 29) + a6 * b8 + a7 * b7 + a8 * b6 + (q8 << 18) - (q7 << 21) + (q6 << 24) + e5;
        let r5 = c.low(29);
        let c = (c >> 29) + a7 * b8 + a8 * b7 - (q8 << 21) + (q7 << 24) + e6;
        let r6 = c.low(29);
        let c = (c >> 29) + a8 * b8 + (q8 << 24) + e7;
        let r7 = c.low(29);
        let r8 = (c >> 29) + e8;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }

    /// a²
    #[inline(never)]
    fn squared(&self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let d0 = a0 + a0;
        let d1 = a1 + a1;
        let d2 = a2 + a2;
        let d3 = a3 + a3;
        let d4 = a4 + a4;
        let d5 = a5 + a5;
        let d6 = a6 + a6;
        let d7 = a7 + a7;
        let c = a0 * a0;
        let q0 = c.low(29);
        let c = (c >> 29) + d0 * a1;
        let q1 = c.low(29);
        let c = (c >> 29) + d0 * a2 + a1 * a1;
        let q2 = c.low(29);
        let c = (c >> 29) + d0 * a3 + d1 * a2 + (q0 << 9);
        let q3 = c.low(29);
        let c = (c >> 29) + d0 * a4 + d1 * a3 + a2 * a2 + (q1 << 9);
        let q4 = c.low(29);
        let c = (c >> 29) + d0 * a5 + d1 * a4 + d2 * a3 + (q2 << 9);
        let q5 = c.low(29);
        let c = (c >> 29) + d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + (q3 << 9) + (q0 << 18);
        let q6 = c.low(29);
        let c = (c >> 29) + d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + (q4 << 9) + (q1 << 18) - (q0 << 21);
        let q7 = c.low(29);
        let c = (c >> 29) + d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + (q5 << 9) + (q2 << 18) - (q1 << 21) + (q0 << 24);
        let q8 = c.low(29);
        let c = (c >> 29) + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + (q6 << 9) + (q3 << 18) - (q2 << 21) + (q1 << 24);
        let r0 = c.low(29);
        let c = (c >> 29) + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (q7 << 9) + (q4 << 18) - (q3 << 21) + (q2 << 24);
        let r1 = c.low(29);
        let c = (c >> 29) + d3 * a8 + d4 * a7 + d5 * a6 + (q8 << 9) + (q5 << 18) - (q4 << 21) + (q3 << 24);
        let r2 = c.low(29);
        let c = (c >> 29) + d4 * a8 + d5 * a7 + a6 * a6 + (q6 << 18) - (q5 << 21) + (q4 << 24);
        let r3 = c.low(29);
        let c = (c >> 29) + d5 * a8 + d6 * a7 + (q7 << 18) - (q6 << 21) + (q5 << 24);
        let r4 = c.low(29);
        let c = (c >> 29) + d6 * a8 + a7 * a7 + (q8 << 18) - (q7 << 21) + (q6 << 24);
        let r5 = c.low(29);
        let c = (c >> 29) + d7 * a8 - (q8 << 21) + (q7 << 24);
        let r6 = c.low(29);
        let c = (c >> 29) + a8 * a8 + (q8 << 24);
        let r7 = c.low(29);
        let r8 = c >> 29;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }

    /// a² + e
    #[inline(never)]
    fn squared_plus(&self, e: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [e0, e1, e2, e3, e4, e5, e6, e7, e8] = e.0;
        let d0 = a0 + a0;
        let d1 = a1 + a1;
        let d2 = a2 + a2;
        let d3 = a3 + a3;
        let d4 = a4 + a4;
        let d5 = a5 + a5;
        let d6 = a6 + a6;
        let d7 = a7 + a7;
        let c = a0 * a0;
        let q0 = c.low(29);
        let c = (c >> 29) + d0 * a1;
        let q1 = c.low(29);
        let c = (c >> 29) + d0 * a2 + a1 * a1;
        let q2 = c.low(29);
        let c = (c >> 29) + d0 * a3 + d1 * a2 + (q0 << 9);
        let q3 = c.low(29);
        let c = (c >> 29) + d0 * a4 + d1 * a3 + a2 * a2 + (q1 << 9);
        let q4 = c.low(29);
        let c = (c >> 29) + d0 * a5 + d1 * a4 + d2 * a3 + (q2 << 9);
        let q5 = c.low(29);
        let c = (c >> 29) + d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + (q3 << 9) + (q0 << 18);
        let q6 = c.low(29);
        let c = (c >> 29) + d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + (q4 << 9) + (q1 << 18) - (q0 << 21);
        let q7 = c.low(29);
        let c = (c >> 29) + d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + (q5 << 9) + (q2 << 18) - (q1 << 21) + (q0 << 24);
        let q8 = c.low(29);
        let c = (c >> 29) + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + (q6 << 9) + (q3 << 18) - (q2 << 21) + (q1 << 24) + e0;
        let r0 = c.low(29);
        let c = (c >> 29) + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (q7 << 9) + (q4 << 18) - (q3 << 21) + (q2 << 24) + e1;
        let r1 = c.low(29);
        let c = (c >> 29) + d3 * a8 + d4 * a7 + d5 * a6 + (q8 << 9) + (q5 << 18) - (q4 << 21) + (q3 << 24) + e2;
        let r2 = c.low(29);
        let c = (c >> 29) + d4 * a8 + d5 * a7 + a6 * a6 + (q6 << 18) - (q5 << 21) + (q4 << 24) + e3;
        let r3 = c.low(29);
        let c = (c >> 29) + d5 * a8 + d6 * a7 + (q7 << 18) - (q6 << 21) + (q5 << 24) + e4;
        let r4 = c.low(29);
        let c = (c >> 29) + d6 * a8 + a7 * a7 + (q8 << 18) - (q7 << 21) + (q6 << 24) + e5;
        let r5 = c.low(29);
        let c = (c >> 29) + d7 * a8 - (q8 << 21) + (q7 << 24) + e6;
        let r6 = c.low(29);
        let c = (c >> 29) + a8 * a8 + (q8 << 24) + e7;
        let r7 = c.low(29);
        let r8 = (c >> 29) + e8;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }

    /// a·b − f·g
    #[inline(never)]
    fn times_minus_product(&self, b: &Self, f: &Self, g: &Self) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = b.0;
        let [f0, f1, f2, f3, f4, f5, f6, f7, f8] = f.0;
        let [g0, g1, g2, g3, g4, g5, g6, g7, g8] = g.0;
        let c = a0 * b0 - f0 * g0;
        let q0 = c.low(29);
        let c = (c >> 29) + a0 * b1 + a1 * b0 - f0 * g1 - f1 * g0;
        let q1 = c.low(29);
        let c = (c >> 29) + a0 * b2 + a1 * b1 + a2 * b0 - f0 * g2 - f1 * g1 - f2 * g0;
        let q2 = c.low(29);
        let c = (c >> 29) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - f0 * g3 - f1 * g2 - f2 * g1 - f3 * g0 + (q0 << 9);
        let q3 = c.low(29);
        let c = (c >> 29) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - f0 * g4 - f1 * g3 - f2 * g2 - f3 * g1 - f4 * g0 + (q1 << 9);
        let q4 = c.low(29);
        let c = (c >> 29) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 - f0 * g5 - f1 * g4 - f2 * g3 - f3 * g2 - f4 * g1 - f5 * g0 + (q2 << 9);
        let q5 = c.low(29);
        let c = (c >> 29) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 - f0 * g6 - f1 * g5 - f2 * g4 - f3 * g3 - f4 * g2 - f5 * g1 - f6 * g0 + (q3 << 9) + (q0 << 18);
        let q6 = c.low(29);
        let c = (c >> 29) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 - f0 * g7 - f1 * g6 - f2 * g5 - f3 * g4 - f4 * g3 - f5 * g2 - f6 * g1 - f7 * g0 + (q4 << 9) + (q1 << 18) - (q0 << 21);
        let q7 = c.low(29);
        let c = (c >> 29) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 - f0 * g8 - f1 * g7 - f2 * g6 - f3 * g5 - f4 * g4 - f5 * g3 - f6 * g2 - f7 * g1 - f8 * g0 + (q5 << 9) + (q2 << 18) - (q1 << 21) + (q0 << 24);
        let q8 = c.low(29);
        let c = (c >> 29) + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 - f1 * g8 - f2 * g7 - f3 * g6 - f4 * g5 - f5 * g4 - f6 * g3 - f7 * g2 - f8 * g1 + (q6 << 9) + (q3 << 18) - (q2 << 21) + (q1 << 24);
        let r0 = c.low(29);
        let c = (c >> 29) + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 - f2 * g8 - f3 * g7 - f4 * g6 - f5 * g5 - f6 * g4 - f7 * g3 - f8 * g2 + (q7 << 9) + (q4 << 18) - (q3 << 21) + (q2 << 24);
        let r1 = c.low(29);
        let c = (c >> 29) + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 - f3 * g8 - f4 * g7 - f5 * g6 - f6 * g5 - f7 * g4 - f8 * g3 + (q8 << 9) + (q5 << 18) - (q4 << 21) + (q3 << 24);
        let r2 = c.low(29);
        let c = (c >> 29) + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 - f4 * g8 - f5 * g7 - f6 * g6 - f7 * g5 - f8 * g4 + (q6 << 18) - (q5 << 21) + (q4 << 24);
        let r3 = c.low(29);
        let c = (c >> 29) + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 - f5 * g8 - f6 * g7 - f7 * g6 - f8 * g5 + (q7 << 18) - (q6 << 21) + (q5 << 24);
        let r4 = c.low(29);
        let c = (c >> 29) + a6 * b8 + a7 * b7 + a8 * b6 - f6 * g8 - f7 * g7 - f8 * g6 + (q8 << 18) - (q7 << 21) + (q6 << 24);
        let r5 = c.low(29);
        let c = (c >> 29) + a7 * b8 + a8 * b7 - f7 * g8 - f8 * g7 - (q8 << 21) + (q7 << 24);
        let r6 = c.low(29);
        let c = (c >> 29) + a8 * b8 - f8 * g8 + (q8 << 24);
        let r7 = c.low(29);
        let r8 = c >> 29;
        Self([r0, r1, r2, r3, r4, r5, r6, r7, r8])
    }
}
