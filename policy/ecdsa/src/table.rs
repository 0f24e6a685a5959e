//! Multiples of points that are known when this crate is built, as combs (Lim and Lee, "More Flexible Exponentiation with
//! Precomputation", 1994; with signs in place of bits, so that half of the entries suffice).
//!
//! A scalar is Σ ±2^i (see [`Signs`]). Written in rows of `columns` signs each, there are as many rows as the comb has
//! `teeth`, and one entry of the table stands for a whole column:
//!
//! ```text
//! 2^((teeth−1)·columns)·Q ± … ± 2^columns·Q ± Q
//! ```
//!
//! Bit j of the entry's index says whether tooth j is added; where the highest tooth is taken away, it is the opposite of an
//! entry. Column c counts 2^c times: so many doublings come after it. A second block of entries, 2^steps times the first,
//! serves the columns from `steps` on, a third those from 2·steps, and so on. Then only `steps` − 1 doublings are needed,
//! which all combs of a sum share.
//!
//! `build.rs` makes one for the generator of each curve and for each key in `known_keys.txt`.

use crate::digits::Signs;
use crate::field::Field;
use crate::point::Affine;

/// x and y of a point, times R.
pub(crate) type Entry<S> = [S; 2];

/// The multiples of one point.
pub(crate) struct Table<S: 'static> {
    /// Signs that an entry combines.
    pub(crate) teeth: u32,
    /// From one tooth to the next: teeth·columns is at least as many as a scalar has bits.
    pub(crate) columns: u32,
    /// Columns that a block serves.
    pub(crate) steps: u32,
    /// The blocks, 2^(teeth−1) entries each.
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
    /// The blocks, lowest first.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &[Entry<S>]> {
        self.entries.chunks_exact(1_usize << self.teeth.saturating_sub(1))
    }

    /// What to add when `step` doublings are still to come.
    pub(crate) fn multiples<F: Field<Stored = S>>(&self, signs: &Signs, step: u32) -> impl Iterator<Item = Affine<F>> {
        // A comb of fewer steps than its neighbour joins in later; its last block may have fewer columns than the others.
        let columns = if step < self.steps { step..self.columns } else { 0..0 };
        let columns = columns.step_by(self.steps.max(1) as usize);
        self.blocks().zip(columns).filter_map(|(entries, column)| {
            let (index, negative) = self.digit(signs, column);
            let [x, y] = entries.get(index)?;
            let point = Affine { x: F::load(x), y: F::load(y) };
            Some(if negative { point.negated() } else { point })
        })
    }

    /// The index of a column's entry, and whether it is the entry's opposite.
    fn digit(&self, signs: &Signs, column: u32) -> (usize, bool) {
        let count = self.teeth.saturating_mul(self.columns);
        let adds = |tooth: u32| signs.adds(tooth.saturating_mul(self.columns).saturating_add(column), count);
        let highest = self.teeth.saturating_sub(1);
        let index = (0..highest).rev().fold(0, |index, tooth| index << 1 | usize::from(adds(tooth) == adds(highest)));
        (index, !adds(highest))
    }
}
