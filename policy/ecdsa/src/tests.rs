//! The inside against RustCrypto: tables, reading and writing, the group law where it is special.

use p256::elliptic_curve::group::Group;
use p256::elliptic_curve::ops::MulVartime;
use p256::elliptic_curve::sec1::ToSec1Point;

use crate::curve::{Curve, P256, P384};
use crate::field::{self, Field, READABLE};
use crate::point::{Affine, Jacobian, Xyzz};
use crate::table::Table;
use crate::{sum, tables};

/// What RustCrypto says of a point: its coordinates, or nothing for infinity.
type Coordinates = Option<(Vec<u8>, Vec<u8>)>;

fn bytes<F: Field<Word = crate::word::Limb>>(element: &F) -> Vec<u8> {
    let mut out = vec![0; F::BYTES];
    field::write_bytes(element, &mut out);
    out
}

fn of_affine<F: Field<Word = crate::word::Limb>>(point: &Affine<F>) -> Coordinates {
    Some((bytes(&point.x), bytes(&point.y)))
}

fn of_xyzz<C: Curve>(point: Option<&Xyzz<C::Element>>) -> Coordinates {
    let point = point?;
    // ZZZ/ZZ is Z, and ZZ is its square whatever the sign.
    let (zz, zzz) = (C::invert(&point.zz).unwrap(), C::invert(&point.zzz).unwrap());
    assert!(
        point.zz.squared().times(&point.zz).minus(&point.zzz.squared()).is_zero(),
        "ZZ and ZZZ are powers of one Z"
    );
    Some((bytes(&point.x.times(&zz)), bytes(&point.y.times(&zzz))))
}

fn of_jacobian<C: Curve>(point: Option<&Jacobian<C::Element>>) -> Coordinates {
    let point = point?;
    let z = C::invert(&point.z).unwrap();
    let zz = z.squared();
    Some((bytes(&point.x.times(&zz)), bytes(&point.y.times(&zz.times(&z)))))
}

macro_rules! curve {
    ($module:ident, $curve:ident, $rustcrypto:ident, $generator:ident, $known:ident) => {
        mod $module {
            use super::*;
            use $rustcrypto::{AffinePoint, ProjectivePoint, PublicKey, Scalar};

            type Element = <$curve as Curve>::Element;
            type Stored = <Element as Field>::Stored;

            fn coordinates(point: ProjectivePoint) -> Coordinates {
                if point.is_identity().into() {
                    return None;
                }
                let point = AffinePoint::from(point).to_sec1_point(false);
                Some((point.x().unwrap().to_vec(), point.y().unwrap().to_vec()))
            }

            fn affine(point: ProjectivePoint) -> Affine<Element> {
                let (x, y) = coordinates(point).unwrap();
                Affine { x: field::from_bytes(&x).unwrap(), y: field::from_bytes(&y).unwrap() }
            }

            /// k·G, for negative k too.
            fn times_g(k: i64) -> ProjectivePoint {
                let point = ProjectivePoint::GENERATOR * Scalar::from(k.unsigned_abs());
                if k < 0 { -point } else { point }
            }

            fn key(bytes: &[u8]) -> ProjectivePoint {
                PublicKey::from_sec1_bytes(bytes).unwrap().to_projective()
            }

            /// Every entry is what `src/table.rs` says that it is.
            fn check_table(name: &str, table: &Table<Stored>, point: ProjectivePoint) {
                let Table { teeth, columns, steps, .. } = *table;
                assert!(teeth * columns >= 8 * u32::try_from(Element::BYTES).unwrap(), "{name}");
                let powers: Vec<_> = std::iter::successors(Some(point), |last| Some(last.double()))
                    .take((teeth * columns + columns + steps) as usize)
                    .collect();
                assert_eq!(table.blocks().count(), columns.div_ceil(steps) as usize, "{name}");
                assert_eq!(table.entries.len(), table.blocks().count() << (teeth - 1), "{name}");
                for (block, entries) in (0..).zip(table.blocks()) {
                    for (index, [x, y]) in entries.iter().enumerate() {
                        let expected: ProjectivePoint = (0..teeth)
                            .map(|tooth| {
                                let power = powers[(tooth * columns + block * steps) as usize];
                                if tooth == teeth - 1 || index >> tooth & 1 == 1 { power } else { -power }
                            })
                            .sum();
                        let entry = Affine { x: Element::load(x), y: Element::load(y) };
                        assert_eq!(of_affine(&entry), coordinates(expected), "{name}: block {block}, entry {index}");
                    }
                }
            }

            #[test]
            fn tables_hold_multiples() {
                check_table("generator", &tables::$generator, ProjectivePoint::GENERATOR);
                assert!(!tables::$known.is_empty());
                for known in tables::$known {
                    check_table(known.name, &known.table, key(known.key));
                }
            }

            #[test]
            fn numbers_are_read_below_p_and_written_back() {
                let prime = Element::PRIME_BYTES;
                let add = |number: &[u8], difference: i16| {
                    let mut out = number.to_vec();
                    let mut carry = difference;
                    for byte in out.iter_mut().rev() {
                        carry += i16::from(*byte);
                        *byte = carry.to_le_bytes()[0];
                        carry >>= 8;
                    }
                    out
                };
                let zero = vec![0; prime.len()];
                let cases = [
                    ("0", zero.clone(), true),
                    ("1", add(&zero, 1), true),
                    ("255", add(&zero, 255), true),
                    ("p - 2", add(prime, -2), true),
                    ("p - 1", add(prime, -1), true),
                    ("p", prime.to_vec(), false),
                    ("p + 1", add(prime, 1), false),
                    ("all ones", vec![0xff; prime.len()], false),
                    ("a byte too many", vec![0; prime.len() + 1], false),
                    ("a byte too few", vec![0; prime.len() - 1], false),
                ];
                for (name, number, expected) in cases {
                    let read = field::from_bytes::<Element>(&number);
                    assert_eq!(read.is_some(), expected, "{name}");
                    if let Some(read) = read {
                        assert_eq!(bytes(&read), number, "{name}");
                        assert_eq!(read.is_zero(), name == "0", "{name}");
                    }
                }
            }

            #[test]
            fn multiples_of_p_are_zero_and_their_neighbours_are_not() {
                let (prime, one) = (Element::load(&Element::PRIME), Element::load(&Element::PLAIN_ONE));
                let (mut above, mut below) = (prime.minus(&prime), prime.minus(&prime));
                for k in 0..READABLE {
                    for (name, multiple) in [("above", above), ("below", below)] {
                        assert!(multiple.is_zero(), "{k} times p {name} zero");
                        assert!(multiple.carried().is_zero(), "{k} times p {name} zero, carried");
                        assert!(bytes(&multiple).iter().all(|byte| *byte == 0));
                        assert!(!multiple.plus(&one).is_zero(), "{k} times p {name} zero, and 1");
                        assert!(!multiple.minus(&one).is_zero(), "{k} times p {name} zero, less 1");
                    }
                    above = above.plus(&prime);
                    below = below.minus(&prime);
                }
            }

            /// All sums of small multiples: among them the same point, opposite points, and doubles met by addition.
            #[test]
            fn additions_are_complete() {
                for i in -9..=9_i64 {
                    for j in (-9..=9_i64).filter(|j| *j != 0) {
                        let expected = coordinates(times_g(i) + times_g(j));
                        let other = affine(times_g(j));
                        // i·G, reached by additions, so that Z is not 1.
                        let step = affine(times_g(i.signum().wrapping_add(i64::from(i == 0))));
                        let (mut xyzz, mut jacobian) = (None::<Xyzz<Element>>, None::<Jacobian<Element>>);
                        for _ in 0..i.abs() {
                            xyzz = xyzz.map_or_else(|| Some(Xyzz::from_affine(&step)), |sum| sum.add(&step));
                            jacobian =
                                jacobian.map_or_else(|| Some(Jacobian::from_affine(&step)), |sum| sum.add(&step));
                        }
                        if let (Some(xyzz), Some(jacobian)) = (xyzz, jacobian) {
                            assert_eq!(of_xyzz::<$curve>(xyzz.add(&other).as_ref()), expected, "{i} and {j}");
                            assert_eq!(of_jacobian::<$curve>(jacobian.add(&other).as_ref()), expected, "{i} and {j}");
                            let crossed = Xyzz::from_jacobian(&jacobian).add(&other);
                            assert_eq!(of_xyzz::<$curve>(crossed.as_ref()), expected, "{i} and {j}");
                            let doubled = coordinates(times_g(2 * i));
                            assert_eq!(of_xyzz::<$curve>(Some(&xyzz.double())), doubled, "{i} doubled");
                            assert_eq!(of_jacobian::<$curve>(Some(&jacobian.double())), doubled, "{i} doubled");
                        }
                    }
                }
            }

            /// Scalars at which digits, carries and infinity meet.
            fn scalars() -> Vec<(String, Scalar)> {
                let mut scalars = Vec::new();
                for k in 0..=20_u64 {
                    scalars.push((format!("{k}"), Scalar::from(k)));
                    scalars.push((format!("n - {k}"), -Scalar::from(k)));
                }
                let mut power = Scalar::from(1_u64);
                for bit in 0..8 * Element::BYTES {
                    if bit % 29 == 0 || bit + 6 > 8 * Element::BYTES {
                        scalars.push((format!("2^{bit}"), power));
                        scalars.push((format!("2^{bit} - 1"), power - Scalar::from(1_u64)));
                        scalars.push((format!("n - 2^{bit}"), -power));
                    }
                    power += power;
                }
                scalars
            }

            /// u1·G + u2·Q for Q = k·G: every intermediate sum may be equal or opposite to what is added, or infinite.
            #[test]
            fn sums_are_complete_without_a_table() {
                let scalars = scalars();
                for k in [1, -1, 2, -5, 16] {
                    let q = affine(times_g(k));
                    for (i, (name1, u1)) in scalars.iter().enumerate() {
                        // A diagonal: all pairs would take minutes.
                        for (name2, u2) in scalars.iter().cycle().skip(i * 7).take(2) {
                            check_sum(u1, u2, times_g(k), &format!("{name1}, {name2}, Q = {k}G"), |a, b| {
                                sum::without_table::<$curve>(<$curve>::generator(), a, &q, b)
                            });
                        }
                    }
                    // u1 + u2·k = 0: infinity.
                    for (name, u2) in &scalars {
                        let times_k = Scalar::from(k.unsigned_abs()) * *u2;
                        let u1 = if k > 0 { -times_k } else { times_k };
                        let name = format!("opposite of {name}, Q = {k}G");
                        assert_eq!(coordinates(times_g(1) * u1 + times_g(k) * *u2), None, "{name}");
                        check_sum(&u1, u2, times_g(k), &name, |a, b| {
                            sum::without_table::<$curve>(<$curve>::generator(), a, &q, b)
                        });
                    }
                }
            }

            #[test]
            fn sums_are_complete_with_tables() {
                let scalars = scalars();
                let generator = <$curve>::generator();
                for (i, (name1, u1)) in scalars.iter().enumerate() {
                    for (name2, u2) in scalars.iter().cycle().skip(i * 7).take(2) {
                        // Q = G is where the two tables hold the same points.
                        check_sum(u1, u2, ProjectivePoint::GENERATOR, &format!("{name1}, {name2}, Q = G"), |a, b| {
                            sum::with_table(generator, a, generator, b)
                        });
                    }
                    check_sum(u1, &-*u1, ProjectivePoint::GENERATOR, &format!("{name1} and its opposite"), |a, b| {
                        sum::with_table(generator, a, generator, b)
                    });
                }
                for known in <$curve>::known() {
                    for (i, (name1, u1)) in scalars.iter().enumerate().step_by(7) {
                        let (name2, u2) = &scalars[(i * 7) % scalars.len()];
                        check_sum(u1, u2, key(known.key), &format!("{name1}, {name2}, {}", known.name), |a, b| {
                            sum::with_table(generator, a, &known.table, b)
                        });
                    }
                }
            }

            /// ±2^i ± 2^j + rest: a scalar whose multiples are known from doublings alone.
            #[derive(Clone)]
            struct Edge {
                terms: Vec<(bool, usize)>,
                rest: i64,
            }

            impl Edge {
                fn scalar(&self) -> Scalar {
                    let power = |bit: usize| (0..bit).fold(Scalar::from(1_u64), |power, _| power + power);
                    let terms = self.terms.iter().map(|(negative, bit)| match negative {
                        true => -power(*bit),
                        false => power(*bit),
                    });
                    terms.fold(small(self.rest), |sum, term| sum + term)
                }
            }

            impl std::fmt::Display for Edge {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    for (negative, bit) in &self.terms {
                        write!(f, "{} 2^{bit} ", if *negative { '-' } else { '+' })?;
                    }
                    write!(f, "{:+}", self.rest)
                }
            }

            fn small(number: i64) -> Scalar {
                let scalar = Scalar::from(number.unsigned_abs());
                if number < 0 { -scalar } else { scalar }
            }

            /// Every power of two, with one more and one less, so that odd and even scalars and both signs of every tooth come;
            /// and two teeth of one column at once, in the first and last columns of blocks.
            fn edges(columns: u32, steps: u32) -> Vec<(Edge, Scalar)> {
                let (columns, steps) = (columns as usize, steps as usize);
                let bits = 8 * Element::BYTES;
                let mut edges = Vec::new();
                for bit in 0..bits {
                    let parts = bit % columns % steps == 0 || (bit + 1) % columns % steps == 0;
                    let mut sums = vec![vec![(false, bit)]];
                    if parts && bit + columns < bits {
                        sums.push(vec![(false, bit + columns), (false, bit)]);
                        sums.push(vec![(false, bit + columns), (true, bit)]);
                    }
                    for terms in sums {
                        let opposite = terms.iter().map(|(negative, bit)| (!negative, *bit)).collect();
                        for terms in [terms, opposite] {
                            for rest in if parts { -1..=1 } else { 0..=1 } {
                                let edge = Edge { terms: terms.clone(), rest };
                                let scalar = edge.scalar();
                                edges.push((edge, scalar));
                            }
                        }
                    }
                }
                edges
            }

            /// A point doubled again and again.
            struct Doubled(Vec<ProjectivePoint>);

            impl Doubled {
                fn new(point: ProjectivePoint) -> Self {
                    Self(
                        std::iter::successors(Some(point), |last| Some(last.double()))
                            .take(8 * Element::BYTES + 8)
                            .collect(),
                    )
                }

                fn times(&self, edge: &Edge) -> ProjectivePoint {
                    let terms = edge.terms.iter().map(|(negative, bit)| match negative {
                        true => -self.0[*bit],
                        false => self.0[*bit],
                    });
                    terms.fold(self.times_small(edge.rest), |sum, term| sum + term)
                }

                fn times_small(&self, number: i64) -> ProjectivePoint {
                    let bits = (0..6).filter(|bit| number.unsigned_abs() >> bit & 1 == 1);
                    let point = bits.fold(ProjectivePoint::IDENTITY, |sum, bit| sum + self.0[bit]);
                    if number < 0 { -point } else { point }
                }
            }

            /// A table like those of `build.rs`, of any point and shape.
            fn table_of(point: ProjectivePoint, Shape { teeth, columns, steps }: Shape) -> Table<Stored> {
                let stored = |element: &Element| {
                    let times_r = element.times(&Element::load(&Element::R_SQUARED));
                    field::stored::<Element>(&bytes(&times_r)).unwrap()
                };
                let mut entries = Vec::new();
                for block in 0..columns.div_ceil(steps) {
                    for index in 0..1_u32 << (teeth - 1) {
                        let sum = (0..teeth).fold(Scalar::from(0_u64), |sum, tooth| {
                            let power = (0..tooth * columns + block * steps)
                                .fold(Scalar::from(1_u64), |power, _| power + power);
                            if tooth == teeth - 1 || index >> tooth & 1 == 1 { sum + power } else { sum - power }
                        });
                        let affine = affine(point * sum);
                        entries.push([stored(&affine.x), stored(&affine.y)]);
                    }
                }
                Table { teeth, columns, steps, entries: entries.leak() }
            }

            fn check_point(found: Option<Xyzz<Element>>, expected: ProjectivePoint, name: impl FnOnce() -> String) {
                assert_eq!(of_xyzz::<$curve>(found.as_ref()), coordinates(expected), "{}", name());
            }

            /// What distinguishes combs.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            struct Shape {
                teeth: u32,
                columns: u32,
                steps: u32,
            }

            fn shape(table: &Table<Stored>) -> Shape {
                Shape { teeth: table.teeth, columns: table.columns, steps: table.steps }
            }

            /// Every table at every edge of its digits, with nothing and with one of the other point.
            #[test]
            fn tables_hold_at_the_edges_of_their_digits() {
                let generator = <$curve>::generator();
                let of_generator = edges(generator.columns, generator.steps);
                let g = Doubled::new(ProjectivePoint::GENERATOR);
                let mut count = 0;
                let known = <$curve>::known().iter().map(|known| (known.name, &known.table, key(known.key)));
                for (name, table, point) in known.chain([("generator", generator, ProjectivePoint::GENERATOR)]) {
                    let q = Doubled::new(point);
                    for other in -1..=1 {
                        let scalar = small(other).to_bytes();
                        for (edge, u2) in edges(table.columns, table.steps) {
                            let found = sum::with_table(generator, &scalar, table, &u2.to_bytes());
                            let expected = g.times_small(other) + q.times(&edge);
                            check_point(found, expected, || format!("{name}: {other} and {edge}"));
                            count += 1;
                        }
                        for (edge, u1) in &of_generator {
                            let found = sum::with_table(generator, &u1.to_bytes(), table, &scalar);
                            let expected = g.times(edge) + q.times_small(other);
                            check_point(found, expected, || format!("{name}: {edge} and {other}"));
                            count += 1;
                        }
                    }
                }
                println!("{}: {count} sums at the edges of {} tables", stringify!($curve), <$curve>::known().len() + 1);
            }

            /// Keys whose multiples are the generator's: at every edge the two sums meet as the same point, as opposite
            /// points, and one apart; with a table of the shape that known keys have and of others, and without.
            #[test]
            fn sums_are_complete_where_both_points_meet() {
                let generator = <$curve>::generator();
                let g = Doubled::new(ProjectivePoint::GENERATOR);
                let shipped = <$curve>::known().last().map(|known| shape(&known.table)).unwrap();
                let columns = u32::try_from(8 * Element::BYTES).unwrap().div_ceil(3);
                // The last block of this one has fewer columns than the others.
                let uneven = Shape { teeth: 3, columns, steps: columns.div_ceil(5) };
                assert!(columns % uneven.steps != 0);
                let mut shapes = vec![shipped, shape(generator), uneven];
                shapes.dedup();
                let (mut count, mut infinite) = (0, 0);
                for k in [1, -1, -3, 16] {
                    let point = g.times_small(k);
                    let (q, without) = (Doubled::new(point), affine(point));
                    for &shape in &shapes {
                        let table = table_of(point, shape);
                        check_table("made here", &table, point);
                        for (edge, u2) in edges(shape.columns, shape.steps) {
                            if shape != shipped && edge.rest == 0 {
                                continue;
                            }
                            let opposite = -(u2 * small(k));
                            for (u1, expected) in [
                                (opposite, ProjectivePoint::IDENTITY),
                                (-opposite, q.times(&edge).double()),
                                (opposite + small(1), g.0[0]),
                                (opposite - small(1), -g.0[0]),
                                (small(0), q.times(&edge)),
                            ] {
                                let (u1, u2) = (u1.to_bytes(), u2.to_bytes());
                                let name = || format!("{k}G, {shape:?}: {edge}");
                                check_point(sum::with_table(generator, &u1, &table, &u2), expected, name);
                                let found = sum::without_table::<$curve>(generator, &u1, &without, &u2);
                                check_point(found, expected, name);
                                count += 2;
                                infinite += 2 * usize::from(bool::from(expected.is_identity()));
                            }
                        }
                    }
                }
                println!("{}: {count} sums of meeting points, {infinite} of them infinite", stringify!($curve));
            }

            fn check_sum(
                u1: &Scalar,
                u2: &Scalar,
                q: ProjectivePoint,
                name: &str,
                sum: impl Fn(&[u8], &[u8]) -> Option<Xyzz<Element>>,
            ) {
                let expected = ProjectivePoint::GENERATOR.mul_vartime(u1) + q.mul_vartime(u2);
                let found = sum(&u1.to_bytes(), &u2.to_bytes());
                assert_eq!(of_xyzz::<$curve>(found.as_ref()), coordinates(expected), "{name}");
                assert_eq!(found.is_none(), bool::from(expected.is_identity()), "{name}");
            }
        }
    };
}
curve!(p256_inside, P256, p256, P256_GENERATOR, P256_KNOWN);
curve!(p384_inside, P384, p384, P384_GENERATOR, P384_KNOWN);

/// The generated files are what `generate.py` writes. Needs python3, and says so where it is missing.
#[test]
fn generated_files_are_generated() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/generate.py");
    match std::process::Command::new("python3").args([script, "--check"]).status() {
        Ok(status) => assert!(status.success(), "run python3 policy/ecdsa/generate.py"),
        Err(error) => eprintln!("SKIPPED generated_files_are_generated: python3: {error}"),
    }
}
