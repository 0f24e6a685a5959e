//! Scalars as signed digits: all of them ±1 for the combs of `table.rs`, and as few as possible that are not zero for a key
//! without a table.

/// Bytes of the longest scalar.
const MAX_BYTES: usize = 48;

/// A scalar as Σ ±2^i over all i below some count. Such sums are the odd numbers.
pub(crate) struct Signs {
    /// The scalar, or n − scalar, whichever is odd (n is): lowest byte first.
    odd: [u8; MAX_BYTES],
    /// Whether it is the latter. Then every sign is the opposite one.
    opposite: bool,
}

impl Signs {
    /// Of a scalar below `order`, both big endian and equally long.
    pub(crate) fn new(scalar: &[u8], order: &[u8]) -> Self {
        let opposite = scalar.last().is_none_or(|lowest| lowest % 2 == 0);
        let mut odd = [0; MAX_BYTES];
        let mut borrow = 0;
        for ((out, byte), of_order) in odd.iter_mut().zip(scalar.iter().rev()).zip(order.iter().rev()) {
            if opposite {
                let difference = i16::from(*of_order).wrapping_sub(i16::from(*byte)).wrapping_sub(borrow);
                borrow = i16::from(difference < 0);
                *out = difference.to_le_bytes()[0];
            } else {
                *out = *byte;
            }
        }
        debug_assert!(borrow == 0, "the scalar is below the order");
        Self { odd, opposite }
    }

    /// Whether 2^`index` is added (and not taken away), where there are `count` signs: at least as many as n has bits.
    ///
    /// Σ (2·k(i+1) − 1)·2^i over all but the highest i is k − 1 − (2^(count−1) − 1) for an odd k with the bits k(i), and
    /// 2^(count−1), which is always added, makes that k.
    pub(crate) fn adds(&self, index: u32, count: u32) -> bool {
        let bit = index.saturating_add(1);
        let byte = self.odd.get((bit / 8) as usize).copied().unwrap_or(0);
        (bit >= count || byte >> (bit % 8) & 1 == 1) != self.opposite
    }
}

/// A scalar of 384 bits has at most this many digits: [`sparse`] may carry out of the highest bit.
const MAX_DIGITS: usize = 8 * MAX_BYTES + 1;

/// Digits d with scalar = Σ d(i)·2^i, lowest first.
pub(crate) struct Digits([i8; MAX_DIGITS]);

impl Digits {
    /// Digit `index`; zero above the highest.
    pub(crate) fn get(&self, index: usize) -> i8 {
        self.0.get(index).copied().unwrap_or(0)
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

/// One digit of `width` bits (1..=7), to which `carry` comes from the digit below, moved to
/// −2^(width−1) < d ≤ 2^(width−1), and the carry into the digit above.
fn signed(value: i16, width: u32) -> (i8, i16) {
    let half = 1_i16 << width.saturating_sub(1);
    if value > half {
        (i8::try_from(value.saturating_sub(half.saturating_mul(2))).unwrap_or(0), 1)
    } else {
        (i8::try_from(value).unwrap_or(0), 0)
    }
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

    /// Σ d(i)·2^i as little-endian bytes modulo 2^512, by Horner's rule.
    fn value(digits: impl DoubleEndedIterator<Item = i8>) -> [u8; 64] {
        let mut sum = [0_u8; 64];
        for digit in digits.rev() {
            let mut carry = i32::from(digit);
            for byte in &mut sum {
                carry += i32::from(*byte) << 1;
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
    fn signs_add_up_to_the_scalar_or_to_what_it_lacks() {
        for (name, scalar) in scalars() {
            // All ones are odd, and above every scalar.
            let order = vec![0xff; scalar.len()];
            let signs = Signs::new(&scalar, &order);
            assert_eq!(signs.opposite, scalar.last().unwrap() % 2 == 0, "{name}");
            let bits = u32::try_from(8 * scalar.len()).unwrap();
            // The counts of all combs, and the least.
            for count in (2..=9).map(|teeth| teeth * bits.div_ceil(teeth)).chain([bits]) {
                let sum = value((0..count).map(|index| if signs.adds(index, count) { 1 } else { -1 }));
                // As it is, or minus what it lacks to the order: modulo the order the same.
                let expected = if signs.opposite { minus_order(&scalar) } else { little_endian(&scalar) };
                assert_eq!(sum, expected, "{name}, {count} signs");
            }
        }
    }

    /// scalar − 0xff…ff, as little-endian bytes modulo 2^512.
    fn minus_order(scalar: &[u8]) -> [u8; 64] {
        let mut out = little_endian(scalar);
        let mut borrow = 0;
        for (at, byte) in out.iter_mut().enumerate() {
            let taken = if at < scalar.len() { 0xff } else { 0 };
            let difference = i16::from(*byte) - taken - borrow;
            borrow = i16::from(difference < 0);
            *byte = difference.to_le_bytes()[0];
        }
        out
    }

    #[test]
    fn sparse_digits_add_up_and_are_sparse() {
        for (name, scalar) in scalars() {
            for width in 2..=7 {
                let digits = sparse(&scalar, width);
                assert_eq!(value(digits.0.iter().copied()), little_endian(&scalar), "{name}, width {width}");
                for window in digits.0.windows(width as usize) {
                    assert!(window.iter().filter(|digit| **digit != 0).count() <= 1, "{name}, width {width}");
                }
                let half = 1 << (width - 1);
                assert!(digits.0.iter().all(|d| *d == 0 || (*d & 1 == 1 && (*d as i32).abs() < half)), "{name}");
            }
        }
    }
}
