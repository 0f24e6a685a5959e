//! Points as (X, Y, Z) with x = X/Z² and y = Y/Z³: the cheapest doublings.

use super::Affine;
use crate::field::Field;

/// (X, Y, Z), not infinity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jacobian<F> {
    pub(crate) x: F,
    pub(crate) y: F,
    pub(crate) z: F,
}

/// How another point differs from this one: `h` in x, `r` in y, both scaled.
pub(crate) struct Difference<F> {
    pub(crate) h: F,
    pub(crate) r: F,
}

impl<F: Field> Jacobian<F> {
    pub(crate) fn from_affine(point: &Affine<F>) -> Self {
        Self { x: point.x, y: point.y, z: F::load(&F::ONE) }
    }

    /// dbl-2001-b. Z3 is 2·Y1·Z1, as our squarings have no room for the square of a sum; 4·gamma is carried before it
    /// is multiplied, which keeps X3 and Y3 near p.
    #[must_use]
    pub(crate) fn double(&self) -> Self {
        let delta = self.z.squared();
        let gamma = self.y.squared();
        let gamma2 = gamma.doubled();
        let gamma4 = gamma2.doubled().carried();
        let beta4 = self.x.times(&gamma4);
        let third_of_alpha = self.x.minus(&delta).times(&self.x.plus(&delta));
        let alpha = third_of_alpha.doubled().plus(&third_of_alpha).carried();
        let x3 = alpha.squared_plus(&beta4.doubled().negated());
        let z3 = self.y.times(&self.z.doubled());
        let y3 = alpha.times_minus_product(&beta4.minus(&x3), &gamma4, &gamma2);
        Self { x: x3, y: y3, z: z3 }
    }

    /// The first half of madd-2004-hmv.
    pub(crate) fn difference(&self, other: &Affine<F>) -> Difference<F> {
        let z1z1 = self.z.squared();
        let h = other.x.times_plus(&z1z1, &self.x.negated());
        let r = other.y.times_plus(&self.z.times(&z1z1), &self.y.negated());
        Difference { h, r }
    }

    /// The second half of madd-2004-hmv. The points must differ in x.
    #[must_use]
    pub(crate) fn add_distinct(&self, difference: &Difference<F>) -> Self {
        let Difference { h, r } = difference;
        let hh = h.squared();
        let hhh = h.times(&hh);
        let v = self.x.times(&hh);
        let x3 = r.squared_plus(&hhh.plus(&v.doubled()).negated());
        let y3 = r.times_minus_product(&v.minus(&x3), &self.y, &hhh);
        let z3 = self.z.times(h);
        Self { x: x3, y: y3, z: z3 }
    }

    /// The sum, whatever the two points are.
    #[must_use]
    pub(crate) fn add(&self, other: &Affine<F>) -> Option<Self> {
        let difference = self.difference(other);
        match (difference.h.is_zero(), difference.r.is_zero()) {
            (false, _) => Some(self.add_distinct(&difference)),
            (true, true) => Some(self.double()),
            (true, false) => None,
        }
    }
}
