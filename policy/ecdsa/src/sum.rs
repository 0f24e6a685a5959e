//! u1·G + u2·Q, by doubling from the highest bit down and adding what the digits say on the way.
//!
//! When `bit` doublings are still to come, adding d·P adds d·2^bit·P to the result. Points that have a table (`table.rs`)
//! need few doublings, and share them. A key without a table needs one for every bit of its scalar, and the generator's
//! table rides along with the last of them.

use crate::curve::Curve;
use crate::digits::{self, Signs};
use crate::field::Field;
use crate::point::{Affine, Jacobian, Xyzz};
use crate::table::Table;

/// Bits per digit for a key without a table. Five need eight odd multiples: one more bit costs more multiples than it
/// saves additions.
const WIDTH: u32 = 5;

type Sum<F> = Option<Xyzz<F>>;

fn add<F: Field>(sum: &mut Sum<F>, point: &Affine<F>) {
    *sum = match sum {
        Some(sum) => sum.add(point),
        None => Some(Xyzz::from_affine(point)),
    };
}

fn double<F: Field>(sum: &mut Sum<F>) {
    if let Some(sum) = sum {
        *sum = sum.double();
    }
}

/// Adds what `table` has for a scalar when `bit` doublings are still to come.
fn add_multiples<F: Field>(sum: &mut Sum<F>, table: &Table<F::Stored>, scalar: &Signs, bit: u32) {
    for point in table.multiples(scalar, bit) {
        add(sum, &point);
    }
}

/// u1·G + u2·Q for a Q that has a table. Scalars are big endian.
// Not inlined, as the other ways below: in one frame their variables lie far apart, and each page of the stack that a fresh
// instance touches costs it as much as many additions.
#[inline(never)]
pub(crate) fn with_table<F: Field>(
    generator: &Table<F::Stored>,
    u1: &[u8],
    key: &Table<F::Stored>,
    u2: &[u8],
) -> Option<Xyzz<F>> {
    let (signs1, signs2) = (Signs::new(u1, F::ORDER_BYTES), Signs::new(u2, F::ORDER_BYTES));
    let mut sum = None;
    for bit in (0..generator.steps.max(key.steps)).rev() {
        double(&mut sum);
        add_multiples(&mut sum, generator, &signs1, bit);
        add_multiples(&mut sum, key, &signs2, bit);
    }
    sum
}

/// u1·G + u2·Q for any other Q. Scalars are big endian.
#[inline(never)]
pub(crate) fn without_table<C: Curve>(
    generator: &Table<<C::Element as Field>::Stored>,
    u1: &[u8],
    key: &Affine<C::Element>,
    u2: &[u8],
) -> Option<Xyzz<C::Element>> {
    let (signs1, digits2) = (Signs::new(u1, C::Element::ORDER_BYTES), digits::sparse(u2, WIDTH));
    let multiples = odd_multiples(key, C::invert)?;
    let multiple = |bit: u32| {
        let digit = digits2.get(bit as usize);
        // Odd digits 1, 3, 5 … stand at 0, 1, 2 …
        let point = multiples.get(usize::from(digit.unsigned_abs() / 2)).filter(|_| digit != 0)?;
        Some(if digit < 0 { point.negated() } else { *point })
    };
    let highest = u32::try_from(u2.len()).ok()?.checked_mul(8)?;

    // Doublings are cheapest in Jacobian coordinates, additions in the others: the generator's come last and close.
    let mut high: Option<Jacobian<C::Element>> = None;
    for bit in (generator.steps..=highest).rev() {
        high = high.map(|high| high.double());
        if let Some(point) = multiple(bit) {
            high = match high {
                Some(high) => high.add(&point),
                None => Some(Jacobian::from_affine(&point)),
            };
        }
    }
    let mut sum = high.as_ref().map(Xyzz::from_jacobian);
    for bit in (0..generator.steps).rev() {
        double(&mut sum);
        if let Some(point) = multiple(bit) {
            add(&mut sum, &point);
        }
        add_multiples(&mut sum, generator, &signs1, bit);
    }
    sum
}

/// 1, 3, 5, … 15 times `point`, affine. `None` never happens: the multiples are all finite.
///
/// Each is the one before plus 2·point, which has a Z of its own. On the curve where x is measured in units of Z² and y
/// in units of Z³ that Z is 1, and the addition formulas, which know neither a nor b, hold there as well.
#[inline(never)]
pub(crate) fn odd_multiples<F: Field>(
    point: &Affine<F>,
    invert: impl Fn(&F) -> Option<F>,
) -> Option<[Affine<F>; 1 << (WIDTH - 2)]> {
    let twice = Jacobian::from_affine(point).double();
    let z2 = twice.z.squared();
    let z3 = z2.times(&twice.z);
    let step = Affine { x: twice.x, y: twice.y };
    let mut last = Jacobian { x: point.x.times(&z2), y: point.y.times(&z3), z: F::load(&F::ONE) };
    // The curve's order is a large prime: odd and even multiples below 16 never meet.
    let multiples: [Jacobian<F>; 1 << (WIDTH - 2)] = core::array::from_fn(|index| {
        if index > 0 {
            last = last.add_distinct(&last.difference(&step));
        }
        Jacobian { x: last.x, y: last.y, z: last.z.times(&twice.z) }
    });
    make_affine(&multiples, invert)
}

/// Divides X by Z² and Y by Z³, with one inversion for all (Montgomery's trick).
fn make_affine<F: Field, const N: usize>(
    points: &[Jacobian<F>; N],
    invert: impl Fn(&F) -> Option<F>,
) -> Option<[Affine<F>; N]> {
    let mut product = F::load(&F::ONE);
    let products_before = points.each_ref().map(|point| {
        let before = product;
        product = product.times(&point.z);
        before
    });
    let mut inverse = invert(&product)?;
    let mut affine = points.each_ref().map(|point| Affine { x: point.x, y: point.y });
    for ((point, before), out) in points.iter().zip(&products_before).zip(&mut affine).rev() {
        let z_inverse = inverse.times(before);
        inverse = inverse.times(&point.z);
        let z_inverse2 = z_inverse.squared();
        *out = Affine { x: point.x.times(&z_inverse2), y: point.y.times(&z_inverse2.times(&z_inverse)) };
    }
    Some(affine)
}
