//! The proof that no limb overflows.
//!
//! Field and point arithmetic is generic over what a limb is. Here a limb is a [`Range`]: all the values that it may
//! have, whatever the input. The test starts with every number that can be read from a key, a signature or a table,
//! runs the formulas that verification chains, in every order that it may chain them, and joins what comes out to what
//! may go in, until nothing new comes out. Then every intermediate value of every run of the program lies within a
//! range that was looked at, and none of them leaves the range of an `i64`.
//!
//! Ranges forget how values depend on each other (x − x is not 0 here), so that they are larger than the truth, never
//! smaller.

use core::cell::Cell;
use core::ops::{Add, Mul, Neg, Shl, Shr, Sub};

use crate::field::{Field, READABLE};
use crate::point::{Affine, Jacobian, Xyzz};
use crate::word::Word;
use crate::{inverse, p256_field, p384_field, sum};

thread_local! {
    /// The largest magnitude that any operation of this thread gave.
    static LARGEST: Cell<i128> = const { Cell::new(0) };
    /// How many times p anything that is read may be away from zero.
    static FURTHEST: Cell<i128> = const { Cell::new(0) };
}

/// All integers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    low: i128,
    high: i128,
}

impl Range {
    /// The result of an operation on limbs. `i128` holds every such result exactly.
    fn result(low: i128, high: i128) -> Self {
        assert!(low <= high);
        assert!(low >= i64::MIN.into() && high <= i64::MAX.into(), "a limb overflows: {low}..={high}");
        LARGEST.set(LARGEST.get().max(-low).max(high));
        Self { low, high }
    }

    fn join(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

impl From<i32> for Range {
    fn from(value: i32) -> Self {
        Self { low: value.into(), high: value.into() }
    }
}

impl Add for Range {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::result(self.low + other.low, self.high + other.high)
    }
}

impl Sub for Range {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::result(self.low - other.high, self.high - other.low)
    }
}

impl Mul for Range {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let corners = [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        Self::result(*corners.iter().min().unwrap(), *corners.iter().max().unwrap())
    }
}

impl Neg for Range {
    type Output = Self;
    fn neg(self) -> Self {
        Self::result(-self.high, -self.low)
    }
}

impl Shl<u32> for Range {
    type Output = Self;
    fn shl(self, bits: u32) -> Self {
        assert!(bits < 63);
        Self::result(self.low << bits, self.high << bits)
    }
}

impl Shr<u32> for Range {
    type Output = Self;
    fn shr(self, bits: u32) -> Self {
        assert!(bits < 63);
        Self::result(self.low >> bits, self.high >> bits)
    }
}

impl Word for Range {
    fn low(self, bits: u32) -> Self {
        assert!(bits < 63);
        Self::result(0, (1 << bits) - 1)
    }

    /// Only if it is certain: the code under proof then takes the way on which nothing is special, and the proof takes
    /// the other ways itself.
    fn equals(self, other: Self) -> bool {
        self == other && self.low == self.high
    }

    fn at_most(self, limit: i32) -> bool {
        self.high <= limit.into()
    }

    type Pair = Two;

    fn pair(low: Self, high: Self) -> Two {
        Two(low, high)
    }

    fn both(self, _: Two) -> Two {
        Two(self, self)
    }

    fn nothing() -> Two {
        Two(0.into(), 0.into())
    }

    fn apart(Two(low, high): Two) -> (Self, Self) {
        (low, high)
    }
}

#[derive(Clone, Copy)]
struct Two(Range, Range);

impl Add for Two {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl Sub for Two {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }
}

impl Mul for Two {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        for factor in [self.0, self.1, other.0, other.1] {
            let fits = factor.low >= i32::MIN.into() && factor.high <= i32::MAX.into();
            assert!(fits, "a factor has more than 32 bits: {}..={}", factor.low, factor.high);
        }
        Self(self.0 * other.0, self.1 * other.1)
    }
}

/// A field whose elements are ranges.
trait Proof: Field<Word = Range> + PartialEq {
    fn from_limbs(limbs: &[Range]) -> Self;

    fn join(&self, other: &Self) -> Self {
        let limbs: Vec<_> = self.limbs().iter().zip(other.limbs()).map(|(a, b)| a.join(*b)).collect();
        Self::from_limbs(&limbs)
    }

    fn top_of_prime() -> i128 {
        Self::load(&Self::PRIME).limbs().last().unwrap().high
    }

    /// Every number in 0..p with its limbs carried: what tables, constants and parsed numbers are made of.
    fn any_stored() -> Self {
        let full = Range { low: 0, high: (1 << Self::BITS) - 1 };
        let mut limbs: Vec<_> = Self::load(&Self::PRIME).limbs().iter().map(|_| full).collect();
        limbs.last_mut().unwrap().high = Self::top_of_prime();
        Self::from_limbs(&limbs)
    }

    fn contains(&self, other: &Self) -> bool {
        self.join(other) == *self
    }

    /// `from_bytes` after its parsing.
    fn any_read() -> Self {
        Self::any_stored().times(&Self::load(&Self::R_SQUARED))
    }

    /// What [`Field::is_zero`] and [`Field::without_r`] ask for, and then what they do.
    fn assert_readable(&self, what: &str) {
        // The value in units of the highest limb, rounded outwards.
        let (mut low, mut high) = (0, 0);
        for limb in self.limbs() {
            low = (low >> Self::BITS) + limb.low;
            high = (high >> Self::BITS) + 1 + limb.high;
        }
        let limit = i128::from(READABLE) * Self::top_of_prime();
        assert!(-limit <= low && high <= limit, "{what} is {low}..={high}, and only ±{limit} can be read");
        FURTHEST.set(FURTHEST.get().max((-low).max(high).div_euclid(Self::top_of_prime()) + 1));
        assert!(!self.is_zero());
        let _ = self.is_exactly_zero();
        let number = self.without_r();
        let carried = (1 << Self::BITS) - 1;
        let all_but_highest = number.limbs().split_last().unwrap().1;
        assert!(all_but_highest.iter().all(|limb| limb.low == 0 && limb.high == carried));
    }
}

macro_rules! proof {
    ($field:ident) => {
        impl PartialEq for $field::Element<Range> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl Proof for $field::Element<Range> {
            fn from_limbs(limbs: &[Range]) -> Self {
                Self(limbs.try_into().unwrap())
            }
        }
    };
}
proof!(p256_field);
proof!(p384_field);

/// Whatever the points of a verification can be.
#[derive(Clone, Copy, PartialEq)]
struct Points<F> {
    /// A point of a table, a key, or an odd multiple of one; or its opposite.
    affine: [F; 2],
    jacobian: [F; 3],
    xyzz: [F; 4],
}

fn join<F: Proof, const N: usize>(one: [F; N], other: [F; N]) -> [F; N] {
    core::array::from_fn(|i| one[i].join(&other[i]))
}

impl<F: Proof> Points<F> {
    fn start() -> Self {
        let coordinate = F::any_stored().join(&F::any_read());
        let one = F::load(&F::ONE);
        Self {
            affine: [coordinate, coordinate],
            jacobian: [coordinate, coordinate, one],
            xyzz: [coordinate, coordinate, one, one],
        }
    }

    /// Everything that one more operation can give.
    fn grown(&self) -> Self {
        let [x, y] = self.affine;
        let affine = Affine { x, y };
        let [x, y, z] = self.jacobian;
        let jacobian = Jacobian { x, y, z };
        let [x, y, zz, zzz] = self.xyzz;
        let xyzz = Xyzz { x, y, zz, zzz };

        let mut grown = *self;
        let mut add_affine = |point: &Affine<F>| grown.affine = join(grown.affine, [point.x, point.y]);
        add_affine(&affine.negated());
        for multiple in sum::odd_multiples(&affine, |product| {
            product.assert_readable("the product to be inverted");
            Some(F::any_read())
        })
        .unwrap()
        {
            add_affine(&multiple);
        }

        let mut add_jacobian = |point: &Jacobian<F>| grown.jacobian = join(grown.jacobian, [point.x, point.y, point.z]);
        let difference = jacobian.difference(&affine);
        difference.h.assert_readable("H of a Jacobian addition");
        difference.r.assert_readable("r of a Jacobian addition");
        add_jacobian(&Jacobian::from_affine(&affine));
        add_jacobian(&jacobian.double());
        add_jacobian(&jacobian.add(&affine).unwrap());

        let mut add_xyzz = |point: &Xyzz<F>| grown.xyzz = join(grown.xyzz, [point.x, point.y, point.zz, point.zzz]);
        let difference = xyzz.difference(&affine);
        difference.p.assert_readable("P of an addition");
        difference.r.assert_readable("R of an addition");
        add_xyzz(&Xyzz::from_affine(&affine));
        add_xyzz(&Xyzz::from_jacobian(&jacobian));
        add_xyzz(&xyzz.double());
        add_xyzz(&xyzz.add(&affine).unwrap());

        affine.off_curve().assert_readable("the curve equation");
        let r = F::any_read();
        xyzz.x_differs_from(&r).assert_readable("x − r");
        xyzz.x_differs_from(&r.plus(&F::load(&F::ORDER))).assert_readable("x − (r + n)");
        grown
    }
}

fn prove<F: Proof>(curve: &str) -> String {
    LARGEST.set(0);
    FURTHEST.set(0);
    // What is readable is small enough for the argument at `Field::without_r`: 8p < R.
    assert!(i128::from(READABLE) * (F::top_of_prime() + 1) <= 1 << F::BITS);
    for constant in [F::ONE, F::PLAIN_ONE, F::R_SQUARED, F::B, F::ORDER, F::GENERATOR_X, F::GENERATOR_Y, F::PRIME] {
        assert!(F::any_stored().contains(&F::load(&constant)));
    }
    let mut points = Points::<F>::start();
    // Each round lets ranges grow; they settle because every product shrinks its factors. Twenty rounds do.
    for round in 1..100 {
        let grown = points.grown();
        if grown == points {
            let largest = LARGEST.get();
            let bits = (largest as f64).log2();
            let furthest = FURTHEST.get();
            return format!(
                "{curve}: fixpoint after {round} rounds, no limb above 2^{bits:.2}, read within {furthest}p"
            );
        }
        points = grown;
    }
    panic!("{curve}: ranges keep growing");
}

#[test]
fn no_limb_overflows_on_p256() {
    println!("{}", prove::<p256_field::Element<Range>>("P-256"));
}

#[test]
fn no_limb_overflows_on_p384() {
    println!("{}", prove::<p384_field::Element<Range>>("P-384"));
}

/// The proof can fail: one more lazy doubling than the formulas take, and P-256's products do not fit.
#[test]
#[should_panic(expected = "a limb overflows")]
fn a_sum_too_many_is_found() {
    let lazy = p256_field::Element::<Range>::any_stored().doubled();
    let _ = lazy.times(&lazy);
}

/// So can the one that factors of pairs fit their half of a vector.
#[test]
#[should_panic(expected = "a factor has more than 32 bits")]
fn a_factor_too_wide_is_found() {
    let one = p384_field::Element::<Range>::any_stored();
    let wide = (0..4).fold(one, |lazy, _| lazy.doubled());
    let _ = wide.times(&one);
}

/// Whatever matrix, numbers and multiple of the modulus come together in one step of an inversion. Between the steps it is
/// their value that keeps numbers small (|f|, |g| ≤ m and −2m < d, e < m, as the paper on them says): of limbs, all but
/// the highest are carried, and that is smaller than the others.
#[test]
fn no_step_of_an_inversion_overflows() {
    fn check<const N: usize>() {
        let one = 1 << 30;
        let entry = Range { low: -one, high: one };
        let mut number = [Range { low: 0, high: one - 1 }; N];
        *number.last_mut().unwrap() = Range { low: -one, high: one - 1 };
        // a and b once or not at all, less what makes 30 bits zero.
        let multiple = Range { low: -3 * one, high: 2 * one };
        let modulus = [Range { low: 0, high: one - 1 }; N];
        LARGEST.set(0);
        for limb in inverse::combined([(entry, &number), (entry, &number), (multiple, &modulus)]) {
            assert!(limb.low >= -(1 << 34) && limb.high <= 1 << 34, "{limb:?}");
        }
        assert!(LARGEST.get() > 1 << 62, "{}", LARGEST.get());
    }
    check::<9>();
    check::<13>();
}
