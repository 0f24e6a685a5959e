//! Multiples of points that are known when this crate is built.
//!
//! `build.rs` makes a table for the generator of each curve and for each key in `known_keys.txt`. Of the scalar's
//! signed digits in base 2^window, every `spread`-th has a row: row i holds 1, 2, … 2^(window−1) times
//! 2^(window·spread·i)·Q. The digits between are served by the same rows, some doublings earlier: see `sum.rs`.

use crate::field::Field;
use crate::point::Affine;

/// x and y of a point, times R.
pub(crate) type Entry<S> = [S; 2];

/// The multiples of one point.
pub(crate) struct Table<S: 'static> {
    /// Bits per digit.
    pub(crate) window: u32,
    /// Every how many digits there is a row.
    pub(crate) spread: u32,
    /// The rows, 2^(window−1) entries each.
    pub(crate) entries: &'static [Entry<S>],
}

/// A key that has a table.
pub(crate) struct Known<S: 'static> {
    /// Who signs with it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people who debug, and for the tests"))]
    pub(crate) name: &'static str,
    /// The uncompressed point (SEC 1 §2.3.3).
    pub(crate) key: &'static [u8],
    /// Its multiples.
    pub(crate) table: Table<S>,
}

impl<S: Copy> Table<S> {
    /// The rows, lowest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Entry<S>]> {
        self.entries.chunks_exact(1_usize << self.window.saturating_sub(1))
    }

    /// If digits are to be added when `bit` doublings are still to come: the first of them.
    pub(crate) fn first_digit_at(&self, bit: u32) -> Option<usize> {
        let index = bit.checked_div(self.window)?;
        (bit.is_multiple_of(self.window) && index < self.spread).then_some(index as usize)
    }

    /// How many doublings the spread costs.
    pub(crate) fn doublings(&self) -> u32 {
        self.window.saturating_mul(self.spread.saturating_sub(1))
    }
}

/// `digit` times the point of which `multiples` are 1, 2, … times; nothing for zero.
pub(crate) fn multiple<F: Field>(multiples: &[Entry<F::Stored>], digit: i8) -> Option<Affine<F>> {
    let [x, y] = multiples.get(usize::from(digit.unsigned_abs()).checked_sub(1)?)?;
    let point = Affine { x: F::load(x), y: F::load(y) };
    Some(if digit < 0 { point.negated() } else { point })
}
