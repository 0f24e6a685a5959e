//! Points of y² = x³ − 3x + b, in the three shapes that verification needs.
//!
//! Formulas carry the names, and their variables the letters, of the Explicit-Formulas Database (Bernstein and Lange,
//! <https://hyperelliptic.org/EFD/g1p/>: "shortw", with a = −3). The point at infinity has no coordinates in any of
//! the shapes: where a point may be infinite, it is an `Option`, and `None` is infinity.
//!
//! The addition formulas are wrong for two points with the same x. Every `add` looks for that first: the same point is
//! doubled, opposite points are infinity. (A double is never infinity: the order of both curves is an odd prime.)

mod affine;
mod jacobian;
mod xyzz;

pub(crate) use affine::Affine;
pub(crate) use jacobian::Jacobian;
pub(crate) use xyzz::Xyzz;
