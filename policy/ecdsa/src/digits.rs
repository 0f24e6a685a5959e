//! Scalars as signed digits: the fewer digits are not zero, and the smaller they are, the fewer additions.

/// A scalar of 384 bits has at most this many digits: 385 in [`sparse`], which may carry out of the highest bit.
const MAX_DIGITS: usize = 385;

/// Digits d with scalar = Σ d(i)·base^i, lowest first.
pub(crate) struct Digits([i8; MAX_DIGITS]);

impl Digits {
    /// Digit `index`; zero above the highest.
    pub(crate) fn get(&self, index: usize) -> i8 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Every `step`-th digit from `first` on.
    pub(crate) fn every(&self, first: usize, step: usize) -> impl Iterator<Item = i8> {
        self.0.iter().copied().skip(first).step_by(step.max(1))
    }
}

/// `count` bits from bit `first` on (bit 0 is the lowest) of a big-endian number; zeros above its highest bit.
fn bits(scalar: &[u8], first: usize, count: u32) -> i16 {
    let mut lowest_first = scalar.iter().rev().skip(first / 8).copied();
    let low = i32::from(lowest_first.next().unwrap_or(0));
    let high = i32::from(lowest_first.next().unwrap_or(0));
    let both = (high << 8 | low) >> (first % 8);
    // At most 8 bits, so that two bytes hold them wherever they begin.
    i16::try_from(both & !(-1_i32 << count)).unwrap_or(0)
}

/// One digit of `width` bits (1..=7), of which `carry` comes from the digit below, moved to
/// −2^(width−1) < d ≤ 2^(width−1), and the carry into the digit above.
fn signed(value: i16, width: u32) -> (i8, i16) {
    let half = 1_i16 << width.saturating_sub(1);
    if value > half {
        (i8::try_from(value.saturating_sub(half.saturating_mul(2))).unwrap_or(0), 1)
    } else {
        (i8::try_from(value).unwrap_or(0), 0)
    }
}

/// Base 2^width: every digit in −2^(width−1) < d ≤ 2^(width−1), at most 7 bits.
pub(crate) fn windows(scalar: &[u8], width: u32) -> Digits {
    let mut digits = [0; MAX_DIGITS];
    let mut carry = 0;
    // One turn per digit, and one more for the last carry.
    for (first, digit) in (0..=scalar.len().saturating_mul(8)).step_by(width.max(1) as usize).zip(&mut digits) {
        (*digit, carry) = signed(bits(scalar, first, width).saturating_add(carry), width);
    }
    debug_assert!(carry == 0, "the highest digit has room for the carry");
    Digits(digits)
}

/// Base 2 ("wNAF"): every digit is zero or odd in −2^(width−1) < d < 2^(width−1), and among `width` neighbours at most
/// one is not zero.
pub(crate) fn sparse(scalar: &[u8], width: u32) -> Digits {
    let mut digits = [0; MAX_DIGITS];
    let mut carry = 0;
    let mut skip = 0_u32;
    for (first, digit) in (0..=scalar.len().saturating_mul(8)).zip(&mut digits) {
        if skip > 0 {
            skip = skip.saturating_sub(1);
        } else if bits(scalar, first, 1) != carry {
            (*digit, carry) = signed(bits(scalar, first, width).saturating_add(carry), width);
            skip = width.saturating_sub(1);
        }
    }
    Digits(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ d(i)·2^(width·i) as little-endian bytes modulo 2^512, by Horner's rule.
    fn value(digits: &Digits, width: u32) -> [u8; 64] {
        let mut sum = [0_u8; 64];
        for digit in digits.0.iter().rev() {
            let mut carry = i32::from(*digit);
            for byte in &mut sum {
                carry += i32::from(*byte) << width;
                *byte = carry.to_le_bytes()[0];
                carry >>= 8;
            }
        }
        sum
    }

    fn scalars() -> Vec<(String, Vec<u8>)> {
        let mut scalars = Vec::new();
        for length in [32, 48] {
            scalars.push(("zero".into(), vec![0; length]));
            scalars.push(("all ones".into(), vec![0xff; length]));
            for bit in 0..length * 8 {
                let mut one = vec![0; length];
                one[length - 1 - bit / 8] = 1 << (bit % 8);
                scalars.push((format!("bit {bit}"), one.clone()));
                scalars.push((format!("all but bit {bit}"), one.iter().map(|byte| !byte).collect()));
            }
            for seed in 1..200_u64 {
                let mut state = seed;
                let mut next = || {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    state.to_be_bytes()[0]
                };
                scalars.push((format!("random {seed}"), (0..length).map(|_| next()).collect()));
            }
        }
        scalars
    }

    fn little_endian(scalar: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (out, byte) in bytes.iter_mut().zip(scalar.iter().rev()) {
            *out = *byte;
        }
        bytes
    }

    #[test]
    fn windows_add_up_and_are_small() {
        for (name, scalar) in scalars() {
            for width in 2..=7 {
                let digits = windows(&scalar, width);
                let count = (scalar.len() * 8 + 1).div_ceil(width as usize);
                // Beyond them only zeros, which is what the tables rely on.
                assert!(digits.every(count, 1).all(|digit| digit == 0), "{name}, width {width}");
                let half = 1 << (width - 1);
                assert!(digits.0.iter().all(|digit| (-half < *digit as i32) && *digit as i32 <= half), "{name}");
                let mut low = Digits([0; MAX_DIGITS]);
                low.0[..count].copy_from_slice(&digits.0[..count]);
                assert_eq!(value(&low, width), little_endian(&scalar), "{name}, width {width}");
            }
        }
    }

    #[test]
    fn sparse_digits_add_up_and_are_sparse() {
        for (name, scalar) in scalars() {
            for width in 2..=7 {
                let digits = sparse(&scalar, width);
                assert_eq!(value(&digits, 1), little_endian(&scalar), "{name}, width {width}");
                for window in digits.0.windows(width as usize) {
                    assert!(window.iter().filter(|digit| **digit != 0).count() <= 1, "{name}, width {width}");
                }
                let half = 1 << (width - 1);
                assert!(digits.0.iter().all(|d| *d == 0 || (*d & 1 == 1 && (*d as i32).abs() < half)), "{name}");
            }
        }
    }
}
