//! Signatures that hold and many that hardly do not, with RustCrypto's verdict: for the tests of this crate, and as
//! WebAssembly for those in `tests/tests/ecdsa.rs`.
//!
//! They are made backwards: for any u1, u2 and key Q, r = x(u1·G + u2·Q), s = r/u2 and z = u1·s hold. So no private key is
//! needed, and the keys that have tables can be tried too.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "not everybody who includes this file uses all of it")]

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::ops::{MulVartime, Reduce};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::{Digest, Sha256};

const KNOWN_KEYS: &str = include_str!("../../known_keys.txt");

/// Bytes that are the same on every run.
pub(crate) struct Random {
    seed: String,
    count: u64,
}

impl Random {
    pub(crate) fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), count: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.count += 1;
        Sha256::digest(format!("{} {}", self.seed, self.count)).into()
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        out
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from_le_bytes(self.bytes()) % limit
    }
}

macro_rules! signatures {
    ($module:ident, $curve:ident, $name:literal, $bytes:literal) => {
        pub(crate) mod $module {
            use super::*;
            use ::$curve::ecdsa::{Signature, VerifyingKey};
            pub(crate) use ::$curve::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey, Scalar};

            pub(crate) fn scalar(bytes: [u8; $bytes]) -> Scalar {
                <Scalar as Reduce<FieldBytes>>::reduce(&bytes.into())
            }

            fn small(number: i64) -> Scalar {
                let scalar = Scalar::from(number.unsigned_abs());
                if number < 0 { -scalar } else { scalar }
            }

            pub(crate) fn uncompressed(point: ProjectivePoint) -> Vec<u8> {
                AffinePoint::from(point).to_sec1_point(false).as_bytes().to_vec()
            }

            /// The keys that have tables.
            pub(crate) fn known() -> Vec<ProjectivePoint> {
                let lines = KNOWN_KEYS.lines().filter_map(|line| line.strip_prefix(concat!($name, " ")));
                let known = lines.map(|line| {
                    let hex = line.split(' ').nth(1).unwrap().as_bytes();
                    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
                    let key: Vec<u8> = hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
                    PublicKey::from_sec1_bytes(&key).unwrap().to_projective()
                });
                known.collect()
            }

            #[derive(Clone, Debug)]
            pub(crate) struct Case {
                pub(crate) key: Vec<u8>,
                pub(crate) digest: Vec<u8>,
                pub(crate) r: [u8; $bytes],
                pub(crate) s: [u8; $bytes],
            }

            impl Case {
                /// A signature that holds; none if R is infinity, or its x a multiple of n.
                pub(crate) fn new(u1: Scalar, u2: Scalar, q: ProjectivePoint) -> Option<Self> {
                    let sum = ProjectivePoint::GENERATOR.mul_vartime(&u1) + q.mul_vartime(&u2);
                    let r = <Scalar as Reduce<FieldBytes>>::reduce(&AffinePoint::from(sum).x());
                    (r != Scalar::ZERO).then(|| Self::with_r(r, u1, u2, q))?
                }

                /// What is asked about u1·G + u2·Q, with any r.
                pub(crate) fn with_r(r: Scalar, u1: Scalar, u2: Scalar, q: ProjectivePoint) -> Option<Self> {
                    let s = r * u2.invert_vartime().into_option()?;
                    let z = u1 * s;
                    Some(Self {
                        key: uncompressed(q),
                        digest: z.to_bytes().to_vec(),
                        r: r.to_bytes().into(),
                        s: s.to_bytes().into(),
                    })
                }

                /// r and s, if both are in 1..n: others nobody looks at.
                pub(crate) fn signature(&self) -> Option<Signature> {
                    Signature::from_scalars(self.r, self.s).ok()
                }

                /// RustCrypto's verdict.
                pub(crate) fn holds(&self) -> bool {
                    self.signature().is_some_and(|signature| {
                        VerifyingKey::from_sec1_bytes(&self.key)
                            .is_ok_and(|key| key.verify_prehash(&self.digest, &signature).is_ok())
                    })
                }

                /// Changes something. What becomes of the verdict is for RustCrypto to say.
                pub(crate) fn mutated(&self, kind: usize, random: &mut Random, other: &Self) -> Self {
                    let mut case = self.clone();
                    let flip = |bytes: &mut [u8], random: &mut Random| {
                        if !bytes.is_empty() {
                            let byte = random.below(bytes.len());
                            bytes[byte] ^= 1 << random.below(8);
                        }
                    };
                    match kind {
                        0 => flip(&mut case.digest, random),
                        1 => flip(&mut case.r, random),
                        2 => flip(&mut case.s, random),
                        3 => flip(&mut case.key, random),
                        4 => case.s = (-scalar(case.s)).to_bytes().into(),
                        5 => std::mem::swap(&mut case.r, &mut case.s),
                        6 => case.key.clone_from(&other.key),
                        7 => case.digest.truncate(random.below($bytes)),
                        8 => case.digest.extend(random.bytes::<16>()),
                        9 => {
                            // Another way to write the same key, or its opposite.
                            case.key.truncate(1 + $bytes);
                            case.key[0] = 2 + random.bytes::<1>()[0] % 2;
                        }
                        10 => case.key[0] = random.bytes::<1>()[0],
                        _ => case.r = random.bytes(),
                    }
                    case
                }
            }

            const KINDS: usize = 12;

            /// Signatures without end.
            pub(crate) struct Signatures {
                random: Random,
                known: Vec<ProjectivePoint>,
                last: Case,
            }

            impl Signatures {
                pub(crate) fn new(seed: &str) -> Self {
                    let known = known();
                    assert!(!known.is_empty());
                    let last = Case::new(Scalar::ONE, Scalar::ONE, ProjectivePoint::GENERATOR).unwrap();
                    Self { random: Random::new(seed), known, last }
                }

                /// A signature that holds, half of them by a key that has a table, and its mutants.
                pub(crate) fn next_with_mutants(&mut self) -> Vec<Case> {
                    let random = &mut self.random;
                    let case = loop {
                        let q = match self.known.get(random.below(2 * self.known.len())) {
                            Some(known) => *known,
                            None => ProjectivePoint::GENERATOR.mul_vartime(&scalar(random.bytes())),
                        };
                        if let Some(case) = Case::new(scalar(random.bytes()), scalar(random.bytes()), q) {
                            break case;
                        }
                    };
                    let mut cases = vec![case.clone()];
                    cases.extend((0..KINDS).map(|kind| case.mutated(kind, random, &self.last)));
                    self.last = case;
                    cases
                }
            }

            /// Signatures whose sums are special, each with whether it holds: u1 and u2 of 0, ±1, ±2 and at the edges of
            /// digits, keys that are small multiples of the generator or near those that have tables; the sum may be
            /// infinite, or meet equal or opposite points on the way. Each beside a twin with another r.
            pub(crate) fn special() -> Vec<(String, Case, bool)> {
                let power = |bit: usize| (0..bit).fold(Scalar::ONE, |power, _| power + power);
                let top = 8 * $bytes - 1;
                let mut scalars: Vec<(String, Scalar)> =
                    [0, 1, -1, 2, -2, 16, -17].map(|number| (number.to_string(), small(number))).into();
                for bit in [30, 35, 40, 216, top - 4, top] {
                    scalars.push((format!("2^{bit}"), power(bit)));
                    scalars.push((format!("n - 2^{bit} + 1"), -power(bit) + Scalar::ONE));
                }
                let mut keys: Vec<(String, ProjectivePoint)> = [1, -1, 2, -2, 3, -5, 16]
                    .map(|k| (format!("{k}G"), ProjectivePoint::GENERATOR.mul_vartime(&small(k))))
                    .into();
                for (index, known) in known().into_iter().enumerate() {
                    keys.push((format!("known key {index}"), known));
                    keys.push((format!("opposite of known key {index}"), -known));
                    keys.push((format!("known key {index} + G"), known + ProjectivePoint::GENERATOR));
                }
                let mut cases = Vec::new();
                for (index, (key, q)) in keys.iter().enumerate() {
                    for (name1, u1) in &scalars {
                        // All pairs for the generator's multiples, and a diagonal for the others.
                        for (name2, u2) in scalars.iter().skip(index % 3).step_by(if index < 7 { 1 } else { 3 }) {
                            let name = format!("{key}, u1 = {name1}, u2 = {name2}");
                            match Case::new(*u1, *u2, *q) {
                                Some(case) => {
                                    let mut twin = case.clone();
                                    twin.r[$bytes - 1] ^= 1;
                                    cases.push((format!("{name}, another r"), twin, false));
                                    cases.push((name, case, true));
                                }
                                None => {
                                    let case = Case::with_r(Scalar::ONE, *u1, *u2, *q);
                                    cases.extend(case.map(|case| (format!("{name}: infinity"), case, false)));
                                }
                            }
                        }
                    }
                }
                cases
            }

            /// x(R) may be n or more, and then r is x − n: the second candidate must be looked at, and only then. Each
            /// beside a twin with another r; and how many there are whose x is above n, and below.
            pub(crate) fn wrapping() -> (Vec<(String, Case, bool)>, usize, usize) {
                let mut random = Random::new("wrap");
                let mut cases = Vec::new();
                let (mut wrapped, mut direct) = (0, 0);
                for small in 1..=60_u64 {
                    let r = Scalar::from(small);
                    // The points with x = n + small and x = small, where there are such. (−1 is n − 1 as a number.)
                    let mut above: [u8; $bytes] = (-Scalar::ONE).to_bytes().into();
                    let mut carry = small + 1;
                    for byte in above.iter_mut().rev() {
                        carry += u64::from(*byte);
                        *byte = carry.to_le_bytes()[0];
                        carry >>= 8;
                    }
                    let below: [u8; $bytes] = r.to_bytes().into();
                    for (x, wraps) in [(above, true), (below, false)] {
                        let compressed: Vec<u8> = [2_u8].iter().chain(&x).copied().collect();
                        let Ok(point) = PublicKey::from_sec1_bytes(&compressed) else { continue };
                        // R = u1·G + u2·Q, solved for Q.
                        let (u1, u2) = (scalar(random.bytes()), scalar(random.bytes()));
                        let q = (point.to_projective() - ProjectivePoint::GENERATOR.mul_vartime(&u1))
                            .mul_vartime(&u2.invert_vartime().unwrap());
                        let case = Case::with_r(r, u1, u2, q).unwrap();
                        let mut other = case.clone();
                        other.r[$bytes - 1] ^= 1;
                        cases.push((format!("r = {small}, x above n: {wraps}"), case, true));
                        cases.push((format!("r = {small}, x above n: {wraps}, another r"), other, false));
                        if wraps { wrapped += 1 } else { direct += 1 }
                    }
                }
                (cases, wrapped, direct)
            }
        }
    };
}
signatures!(on_p256, p256, "P256", 32);
signatures!(on_p384, p384, "P384", 48);
