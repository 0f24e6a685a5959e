//! The same verdict as RustCrypto, on many signatures that hold and many that hardly do not.
//!
//! Signatures are made backwards: for any u1, u2 and key Q, r = x(u1·G + u2·Q), s = r/u2 and z = u1·s hold. So no
//! private key is needed, and the keys that have tables can be tried too.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its counts"
)]

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::ops::{MulVartime, Reduce};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::{Digest, Sha256};

const KNOWN_KEYS: &str = include_str!("../known_keys.txt");

/// Bytes that are the same on every run.
struct Random {
    seed: String,
    count: u64,
}

impl Random {
    fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), count: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.count += 1;
        Sha256::digest(format!("{} {}", self.seed, self.count)).into()
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        out
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from_le_bytes(self.bytes()) % limit
    }
}

#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    /// r or s outside 1..n: refused before either looks.
    out_of_range: usize,
}

macro_rules! differential {
    ($module:ident, $curve:ident, $verify:ident, $name:literal, $bytes:literal) => {
        mod $module {
            use super::*;
            use $curve::ecdsa::{Signature, VerifyingKey};
            use $curve::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey, Scalar};

            fn scalar(bytes: [u8; $bytes]) -> Scalar {
                <Scalar as Reduce<FieldBytes>>::reduce(&bytes.into())
            }

            fn uncompressed(point: ProjectivePoint) -> Vec<u8> {
                AffinePoint::from(point).to_sec1_point(false).as_bytes().to_vec()
            }

            #[derive(Clone)]
            struct Case {
                key: Vec<u8>,
                digest: Vec<u8>,
                r: [u8; $bytes],
                s: [u8; $bytes],
            }

            impl Case {
                /// A signature that holds; none if R is infinity, or its x a multiple of n.
                fn new(u1: Scalar, u2: Scalar, q: ProjectivePoint) -> Option<Self> {
                    let sum = ProjectivePoint::GENERATOR.mul_vartime(&u1) + q.mul_vartime(&u2);
                    let r = <Scalar as Reduce<FieldBytes>>::reduce(&AffinePoint::from(sum).x());
                    let s = r * u2.invert_vartime().into_option()?;
                    let z = u1 * s;
                    (r != Scalar::ZERO).then(|| Self {
                        key: uncompressed(q),
                        digest: z.to_bytes().to_vec(),
                        r: r.to_bytes().into(),
                        s: s.to_bytes().into(),
                    })
                }

                /// Both verdicts are this one.
                fn check(&self, tally: &mut Tally) -> bool {
                    let Ok(signature) = Signature::from_scalars(self.r, self.s) else {
                        tally.out_of_range += 1;
                        return false;
                    };
                    let theirs = VerifyingKey::from_sec1_bytes(&self.key)
                        .is_ok_and(|key| key.verify_prehash(&self.digest, &signature).is_ok());
                    let ours = sigwarden_ecdsa::$verify(&self.key, &self.digest, &signature).is_ok();
                    assert_eq!(
                        ours, theirs,
                        "key {:02x?}, digest {:02x?}, r {:02x?}, s {:02x?}",
                        self.key, self.digest, self.r, self.s
                    );
                    if ours {
                        tally.accepted += 1
                    } else {
                        tally.refused += 1
                    }
                    ours
                }

                /// Changes something. What becomes of the verdict is for RustCrypto to say.
                fn mutated(&self, kind: usize, random: &mut Random, other: &Self) -> Self {
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

            fn run(count: usize) {
                let mut random = Random::new($name);
                let mut tally = Tally::default();
                let known: Vec<ProjectivePoint> = KNOWN_KEYS
                    .lines()
                    .filter_map(|line| line.strip_prefix(concat!($name, " ")))
                    .map(|line| {
                        let hex = line.split(' ').next().unwrap().as_bytes();
                        let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
                        let key: Vec<u8> = hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
                        PublicKey::from_sec1_bytes(&key).unwrap().to_projective()
                    })
                    .collect();
                assert!(!known.is_empty());
                let mut last = Case::new(Scalar::ONE, Scalar::ONE, ProjectivePoint::GENERATOR).unwrap();
                while tally.accepted + tally.refused + tally.out_of_range < count {
                    let q = match known.get(random.below(2 * known.len())) {
                        Some(known) => *known,
                        None => ProjectivePoint::GENERATOR.mul_vartime(&scalar(random.bytes())),
                    };
                    let Some(case) = Case::new(scalar(random.bytes()), scalar(random.bytes()), q) else { continue };
                    assert!(case.check(&mut tally), "made to hold");
                    for kind in 0..KINDS {
                        case.mutated(kind, &mut random, &last).check(&mut tally);
                    }
                    last = case;
                }
                println!("{}: {tally:?}", $name);
                assert!(tally.accepted * 12 > count && tally.refused * 2 > count, "both verdicts: {tally:?}");
            }

            #[test]
            fn same_verdict_on_a_few_thousand() {
                run(2_600);
            }

            /// `make ecdsa-differential`
            #[test]
            #[ignore = "takes a quarter of an hour"]
            fn same_verdict_on_half_a_million() {
                run(500_000);
            }

            /// x(R) may be n or more, and then r is x − n: the second candidate must be looked at, and only then.
            #[test]
            fn an_x_above_the_order_is_recognised() {
                let (mut random, mut tally) = (Random::new("wrap"), Tally::default());
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
                        let s = r * u2.invert_vartime().unwrap();
                        let q = (point.to_projective() - ProjectivePoint::GENERATOR.mul_vartime(&u1))
                            .mul_vartime(&u2.invert_vartime().unwrap());
                        let case = Case {
                            key: uncompressed(q),
                            digest: (u1 * s).to_bytes().to_vec(),
                            r: r.to_bytes().into(),
                            s: s.to_bytes().into(),
                        };
                        assert!(case.check(&mut tally), "x = {small}, wraps: {wraps}");
                        let mut other = case.clone();
                        other.r[$bytes - 1] ^= 1;
                        assert!(!other.check(&mut tally), "x = {small}, another r");
                        if wraps { wrapped += 1 } else { direct += 1 }
                    }
                }
                assert!(wrapped > 10 && direct > 10, "{wrapped} wrapped, {direct} direct");
            }

            #[test]
            fn keys_that_are_none_are_refused() {
                let (mut tally, one) = (Tally::default(), Scalar::ONE);
                let good = Case::new(one + one, one, ProjectivePoint::GENERATOR.mul_vartime(&(one + one))).unwrap();
                assert!(good.check(&mut tally));
                let key = &good.key;
                let with = |change: &dyn Fn(&mut Vec<u8>)| {
                    let mut key = key.clone();
                    change(&mut key);
                    key
                };
                let cases = [
                    ("empty", Vec::new()),
                    ("infinity", vec![0]),
                    ("only the tag", vec![4]),
                    ("infinity, padded", with(&|key| key.fill(0))),
                    ("no tag", key[1..].to_vec()),
                    ("a byte short", with(&|key| key.truncate(2 * $bytes))),
                    ("a byte long", with(&|key| key.push(0))),
                    ("0, 0", with(&|key| key[1..].fill(0))),
                    ("y off by one", with(&|key| key[2 * $bytes] ^= 1)),
                    ("x off by one", with(&|key| key[$bytes] ^= 1)),
                    ("x too large", with(&|key| key[1..=$bytes].fill(0xff))),
                    ("y too large", with(&|key| key[1 + $bytes..].fill(0xff))),
                    ("hybrid", with(&|key| key[0] = 6 | key[2 * $bytes] & 1)),
                    ("compressed, no such x", {
                        let mut key = with(&|key| key.truncate(1 + $bytes));
                        key[0] = 2;
                        while PublicKey::from_sec1_bytes(&key).is_ok() {
                            key[$bytes] = key[$bytes].wrapping_add(1);
                        }
                        key
                    }),
                ];
                let signature = Signature::from_scalars(good.r, good.s).unwrap();
                for (name, key) in cases {
                    assert!(VerifyingKey::from_sec1_bytes(&key).is_err(), "{name}: RustCrypto takes it");
                    let verdict = sigwarden_ecdsa::$verify(&key, &good.digest, &signature);
                    assert_eq!(verdict, Err(sigwarden_ecdsa::Refused::Key), "{name}");
                }
                // And the ways to write it that count.
                let mut compressed = key[..=$bytes].to_vec();
                compressed[0] = 2 | key[2 * $bytes] & 1;
                assert_eq!(sigwarden_ecdsa::$verify(&compressed, &good.digest, &signature), Ok(()));
                compressed[0] ^= 1;
                let verdict = sigwarden_ecdsa::$verify(&compressed, &good.digest, &signature);
                assert_eq!(verdict, Err(sigwarden_ecdsa::Refused::Signature));
            }
        }
    };
}
differential!(p256_differential, p256, verify_p256, "P256", 32);
differential!(p384_differential, p384, verify_p384, "P384", 48);
