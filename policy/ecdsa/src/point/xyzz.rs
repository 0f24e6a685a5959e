//! Points as (X, Y, ZZ, ZZZ) with x = X/ZZ, y = Y/ZZZ and ZZ³ = ZZZ²: the cheapest additions.

use super::{Affine, Jacobian};
use crate::field::Field;

/// (X, Y, ZZ, ZZZ), not infinity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Xyzz<F> {
    pub(crate) x: F,
    pub(crate) y: F,
    pub(crate) zz: F,
    pub(crate) zzz: F,
}

/// How another point differs from this one: `p` in x, `r` in y, both scaled.
pub(crate) struct Difference<F> {
    pub(crate) p: F,
    pub(crate) r: F,
}

impl<F: Field> Xyzz<F> {
    pub(crate) fn from_affine(point: &Affine<F>) -> Self {
        let one = F::load(&F::ONE);
        Self { x: point.x, y: point.y, zz: one, zzz: one }
    }

    pub(crate) fn from_jacobian(point: &Jacobian<F>) -> Self {
        let zz = point.z.squared();
        Self { x: point.x, y: point.y, zz, zzz: zz.times(&point.z) }
    }

    /// dbl-2008-s-1, with 3·X1² + a·ZZ1² = 3·(X1 − ZZ1)·(X1 + ZZ1) as a = −3.
    #[must_use]
    pub(crate) fn double(&self) -> Self {
        let u = self.y.doubled().carried();
        let v = u.squared();
        let w = u.times(&v);
        let s = self.x.times(&v);
        let third_of_m = self.x.minus(&self.zz).times(&self.x.plus(&self.zz));
        let m = third_of_m.doubled().plus(&third_of_m).carried();
        let x3 = m.squared_plus(&s.doubled().negated());
        let y3 = m.times_minus_product(&s.minus(&x3), &w, &self.y);
        Self { x: x3, y: y3, zz: v.times(&self.zz), zzz: w.times(&self.zzz) }
    }

    /// The first half of madd-2008-s.
    pub(crate) fn difference(&self, other: &Affine<F>) -> Difference<F> {
        let p = other.x.times_plus(&self.zz, &self.x.negated());
        let r = other.y.times_plus(&self.zzz, &self.y.negated());
        Difference { p, r }
    }

    /// The second half of madd-2008-s. The points must differ in x.
    #[must_use]
    pub(crate) fn add_distinct(&self, difference: &Difference<F>) -> Self {
        let Difference { p, r } = difference;
        let pp = p.squared();
        let ppp = p.times(&pp);
        let q = self.x.times(&pp);
        let x3 = r.squared_plus(&ppp.plus(&q.doubled()).negated());
        let y3 = r.times_minus_product(&q.minus(&x3), &self.y, &ppp);
        Self { x: x3, y: y3, zz: self.zz.times(&pp), zzz: self.zzz.times(&ppp) }
    }

    /// The sum, whatever the two points are.
    #[must_use]
    pub(crate) fn add(&self, other: &Affine<F>) -> Option<Self> {
        let difference = self.difference(other);
        match (difference.p.is_zero(), difference.r.is_zero()) {
            (false, _) => Some(self.add_distinct(&difference)),
            (true, true) => Some(self.double()),
            (true, false) => None,
        }
    }

    /// x·scale − x(this): zero exactly if the affine x is `scale`. No inversion is needed to compare.
    pub(crate) fn x_differs_from(&self, scale: &F) -> F {
        scale.times_plus(&self.zz, &self.x.negated())
    }
}
