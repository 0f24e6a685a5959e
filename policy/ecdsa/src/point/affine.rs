//! Points as tables and keys hold them.

use crate::field::Field;

/// (x, y).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine<F> {
    /// x, carried.
    pub(crate) x: F,
    /// y, carried, or lazily negated.
    pub(crate) y: F,
}

impl<F: Field> Affine<F> {
    /// The opposite point.
    #[must_use]
    pub(crate) fn negated(&self) -> Self {
        Self { x: self.x, y: self.y.negated() }
    }

    /// y² − (x³ − 3x + b): zero on the curve.
    pub(crate) fn off_curve(&self) -> F {
        let one = F::load(&F::ONE);
        let three = one.plus(&one).plus(&one);
        let b = F::load(&F::B);
        let x2_minus_3 = self.x.squared_plus(&three.negated());
        let right = self.x.times_plus(&x2_minus_3, &b);
        self.y.squared_plus(&right.negated())
    }
}
