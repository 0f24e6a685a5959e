//! 1/x modulo an odd number, in variable time: Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion" (2019), whose steps are taken here by as many bits as come for nothing.
//!
//! A *division step* makes (f, g) smaller and keeps their greatest common divisor: an even g is halved; to an odd g so many
//! times f is added that it becomes even, after the two have changed places where g is the larger. The steps look at the
//! lowest bits alone, so [`BITS`] of them are taken on one word, and come out as a matrix that is applied to f and g, and
//! modulo m to d and e, for which d·x = f and e·x = g modulo m. Where it ends g is 0, f is 1 or −1, and d is 1/x or −1/x.

use crate::word::{self, Limb, Word};

/// Bits per limb, and steps per matrix: products of two limbs, five at a time, have room in a word.
const BITS: u32 = 30;
/// By so many bits at once g is made even, as far as they are known.
const AT_ONCE: u32 = 6;

/// What [`BITS`] steps do, times 2^BITS: f becomes (u·f + v·g) / 2^BITS, and g becomes (q·f + r·g) / 2^BITS.
/// |u| + |v| and |q| + |r| are at most 2^BITS.
struct Matrix {
    u: Limb,
    v: Limb,
    q: Limb,
    r: Limb,
}

/// Takes [`BITS`] steps on the lowest limbs of f and g. f is odd.
///
/// `lead` is by how many bits f is ahead of g, roughly: −δ of the paper.
fn steps(lead: &mut i32, mut f: Limb, mut g: Limb) -> Matrix {
    let (zero, one) = (Limb::from(0), Limb::from(1));
    let mut matrix = Matrix { u: one, v: zero, q: zero, r: one };
    let mut left = BITS;
    loop {
        let halvings = g.0.trailing_zeros().min(left);
        g = g >> halvings;
        matrix.u = matrix.u << halvings;
        matrix.v = matrix.v << halvings;
        // At most BITS.
        *lead = lead.wrapping_sub_unsigned(halvings);
        left = left.saturating_sub(halvings);
        if left == 0 {
            return matrix;
        }
        let Matrix { u, v, q, r } = matrix;
        if *lead < 0 {
            *lead = lead.wrapping_neg();
            (f, g) = (g, -f);
            matrix = Matrix { u: q, v: r, q: -u, r: -v };
        }
        // f²−2 is −1/f² modulo 64 for odd f, and so f·(f²−2) is −1/f: this many times f makes g even.
        let bits = lead.unsigned_abs().saturating_add(1).min(left).min(AT_ONCE);
        let low = f.low(AT_ONCE);
        let times = (low * g.low(AT_ONCE) * (low * low - Limb::from(2))).low(bits);
        g = g + f * times;
        matrix.q = matrix.q + matrix.u * times;
        matrix.r = matrix.r + matrix.v * times;
    }
}

/// (a·x + b·y + k·m) / 2^BITS for a numerator that 2^BITS divides. Limbs of the result are carried, but for the highest,
/// which has the sign.
pub(crate) fn combined<W: Word, const N: usize>(terms: [(W, &[W; N]); 3]) -> [W; N] {
    let [(a, x), (b, y), (k, m)] = terms;
    let mut result = [W::from(0); N];
    let mut columns = x.iter().zip(y).zip(m).map(|((x, y), m)| a * *x + b * *y + k * *m);
    let lowest = columns.next().unwrap_or(W::from(0));
    let mut carry = lowest >> BITS;
    let mut out = result.iter_mut().peekable();
    for column in columns {
        let sum = column + carry;
        if let Some(limb) = out.next() {
            *limb = sum.low(BITS);
        }
        carry = sum >> BITS;
    }
    if let Some(highest) = out.next() {
        *highest = carry;
    }
    result
}

fn is_negative<const N: usize>(number: &[Limb; N]) -> bool {
    number.last().is_some_and(|highest| highest.0 < 0)
}

fn lowest<const N: usize>(number: &[Limb; N]) -> Limb {
    number.first().copied().unwrap_or(Limb::from(0))
}

/// sign·x + k·m, carried but for the highest limb.
fn carried<const N: usize>(sign: Limb, number: &[Limb; N], k: Limb, modulus: &[Limb; N]) -> [Limb; N] {
    let mut carry = Limb::from(0);
    let mut result = [Limb::from(0); N];
    let mut out = result.iter_mut().zip(number.iter().zip(modulus)).peekable();
    while let Some((limb, (x, m))) = out.next() {
        let sum = sign * *x + k * *m + carry;
        *limb = if out.peek().is_some() { sum.low(BITS) } else { sum };
        carry = sum >> BITS;
    }
    result
}

/// Writes 1/`number` modulo `modulus` into `out`. All three are big endian and equally long; N limbs of [`BITS`] bits hold
/// the modulus and two bits more. Nothing where there is no inverse.
pub(crate) fn invert<const N: usize>(number: &[u8], modulus: &[u8], out: &mut [u8]) -> Option<()> {
    let read = |bytes: &[u8]| {
        let mut limbs = [0; N];
        word::limbs_of(bytes, BITS, &mut limbs);
        limbs.map(Limb::from)
    };
    let modulus_limbs = read(modulus);
    // Newton: each turn doubles the bits of 1/m that are right, and m itself has three of them.
    let m = lowest(&modulus_limbs);
    let mut reciprocal = m.low(3);
    for _ in 0..4 {
        reciprocal = (reciprocal * (Limb::from(2) - (m * reciprocal).low(BITS))).low(BITS);
    }

    let (zero, one) = (Limb::from(0), Limb::from(1));
    let mut plain_one = [zero; N];
    *plain_one.first_mut()? = one;
    let (mut f, mut g) = (modulus_limbs, read(number));
    let (mut d, mut e) = ([zero; N], plain_one);
    let mut lead = -1;
    // Theorem 11.2 of the paper: (49·bits + 57)/17 steps are enough for any f and g.
    let enough = modulus.len().checked_mul(8 * 49)?.checked_add(57)?.div_ceil(17).div_ceil(BITS as usize);
    for _ in 0..enough {
        if g.iter().all(|limb| limb.0 == 0) {
            break;
        }
        let Matrix { u, v, q, r } = steps(&mut lead, lowest(&f), lowest(&g));
        (f, g) = (
            combined([(u, &f), (v, &g), (zero, &modulus_limbs)]),
            combined([(q, &f), (r, &g), (zero, &modulus_limbs)]),
        );
        // So many m that d and e stay between −2m and m, and that 2^BITS divides the sum.
        let multiple = |a: Limb, b: Limb| {
            let of_sign = if is_negative(&d) { a } else { zero } + if is_negative(&e) { b } else { zero };
            let low = (a * lowest(&d) + b * lowest(&e)).low(BITS);
            of_sign - (reciprocal * low + of_sign).low(BITS)
        };
        (d, e) = (
            combined([(u, &d), (v, &e), (multiple(u, v), &modulus_limbs)]),
            combined([(q, &d), (r, &e), (multiple(q, r), &modulus_limbs)]),
        );
    }

    let is = |sign: Limb| carried(sign, &f, zero, &modulus_limbs).iter().zip(&plain_one).all(|(a, b)| a.0 == b.0);
    let sign = if is(one) {
        one
    } else if is(-one) {
        -one
    } else {
        return None;
    };
    // Between −2m and 2m now.
    let mut inverse = carried(sign, &d, zero, &modulus_limbs);
    for _ in 0..2 {
        if is_negative(&inverse) {
            inverse = carried(one, &inverse, one, &modulus_limbs);
        }
    }
    let smaller = carried(one, &inverse, -one, &modulus_limbs);
    if !is_negative(&smaller) {
        inverse = smaller;
    }
    word::write_limbs(&inverse, BITS, out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;
    use crate::{p256_field, p384_field};
    use p256::elliptic_curve::bigint::{NonZero, Odd, U256, U384};
    use sha2::{Digest, Sha512};

    /// Random numbers, always the same.
    fn random(seed: &str, index: u32) -> [u8; 64] {
        Sha512::digest(format!("{seed} {index}")).into()
    }

    macro_rules! check {
        ($name:ident, $uint:ident, $field:ident, $bytes:literal, $limbs:literal) => {
            #[test]
            fn $name() {
                type Element = $field::Element<Limb>;
                for modulus in [Element::PRIME_BYTES, Element::ORDER_BYTES] {
                    let odd = Odd::new($uint::from_be_slice(modulus)).unwrap();
                    let below = |number: &$uint| number.rem_vartime(&NonZero::new(*odd).unwrap());
                    let one = $uint::ONE;
                    let mut numbers = vec![one, odd.wrapping_sub(&one), odd.shr_vartime(1)];
                    for bit in 0..8 * $bytes {
                        let power = one.shl_vartime(bit);
                        numbers
                            .extend([power, power.wrapping_sub(&one), power.wrapping_add(&one)].map(|it| below(&it)));
                    }
                    for index in 0..2_000 {
                        let number = $uint::from_be_slice(&random(stringify!($name), index)[..$bytes]);
                        // Short ones, too.
                        numbers.push(below(&number.shr_vartime(index % (8 * $bytes))));
                    }
                    let (mut inverted, mut refused) = (0, 0);
                    for number in numbers {
                        let mut found = [0; $bytes];
                        let bytes = number.to_be_bytes();
                        let answer = invert::<$limbs>(bytes.as_ref(), modulus, &mut found);
                        match Option::<$uint>::from(number.invert_odd_mod_vartime(&odd)) {
                            Some(expected) => {
                                assert_eq!(answer, Some(()), "{number}");
                                assert_eq!($uint::from_be_slice(&found), expected, "1/{number}");
                                inverted += 1;
                            }
                            None => {
                                assert_eq!(answer, None, "{number} has no inverse");
                                refused += 1;
                            }
                        }
                    }
                    assert!(inverted > 2_000 && refused > 0, "{inverted} inverted, {refused} refused");
                    println!("{}: {inverted} inverted, {refused} without an inverse", stringify!($name));
                }
            }
        };
    }
    check!(inverses_for_p256_are_rust_cryptos, U256, p256_field, 32, 9);
    check!(inverses_for_p384_are_rust_cryptos, U384, p384_field, 48, 13);

    /// With a modulus that is not prime, numbers that share a factor with it have no inverse.
    #[test]
    fn a_common_factor_is_noticed() {
        let number = |low: u8| -> [u8; 32] { std::array::from_fn(|at| if at == 31 { low } else { 0 }) };
        let mut found = [0; 32];
        for (x, m, inverse) in [(2, 15, Some(8)), (3, 15, None), (5, 15, None), (7, 15, Some(13)), (0, 15, None)] {
            let answer = invert::<9>(&number(x), &number(m), &mut found);
            assert_eq!(answer.map(|()| found), inverse.map(number), "1/{x} modulo {m}");
        }
    }
}
