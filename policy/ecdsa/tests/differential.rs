//! The same verdict as RustCrypto, on many signatures that hold and many that hardly do not (`signatures` makes them).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its counts"
)]

mod signatures;

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
            use crate::signatures::$curve::{self, Case, ProjectivePoint, PublicKey, Scalar, Signatures};

            /// Both verdicts are this one.
            fn check(case: &Case, tally: &mut Tally) -> bool {
                let Some(signature) = case.signature() else {
                    tally.out_of_range += 1;
                    return false;
                };
                let ours = sigwarden_ecdsa::$verify(&case.key, &case.digest, &signature).is_ok();
                assert_eq!(ours, case.holds(), "{case:02x?}");
                if ours {
                    tally.accepted += 1
                } else {
                    tally.refused += 1
                }
                ours
            }

            fn run(count: usize) {
                let (mut signatures, mut tally) = (Signatures::new($name), Tally::default());
                while tally.accepted + tally.refused + tally.out_of_range < count {
                    for (index, case) in signatures.next_with_mutants().iter().enumerate() {
                        let holds = check(case, &mut tally);
                        assert!(holds || index > 0, "made to hold: {case:02x?}");
                    }
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

            #[test]
            fn an_x_above_the_order_is_recognised() {
                let mut tally = Tally::default();
                let (cases, wrapped, direct) = $curve::wrapping();
                for (name, case, expected) in cases {
                    assert_eq!(check(&case, &mut tally), expected, "{name}");
                }
                println!("{}: {wrapped} with x above n, {direct} below: {tally:?}", $name);
                assert!(wrapped > 10 && direct > 10, "{wrapped} wrapped, {direct} direct");
            }

            #[test]
            fn special_sums_have_the_same_verdict() {
                let mut tally = Tally::default();
                for (name, case, expected) in $curve::special() {
                    assert_eq!(check(&case, &mut tally), expected, "{name}");
                }
                println!("{}, special sums: {tally:?}", $name);
                assert!(tally.accepted > 1000 && tally.refused > tally.accepted, "{tally:?}");
            }

            #[test]
            fn keys_that_are_none_are_refused() {
                let (mut tally, one) = (Tally::default(), Scalar::ONE);
                let good = Case::new(one + one, one, ProjectivePoint::GENERATOR.mul_vartime(&(one + one))).unwrap();
                assert!(check(&good, &mut tally));
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
                let signature = good.signature().unwrap();
                for (name, key) in cases {
                    assert!(PublicKey::from_sec1_bytes(&key).is_err(), "{name}: RustCrypto takes it");
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
differential!(p256_differential, on_p256, verify_p256, "P256", 32);
differential!(p384_differential, on_p384, verify_p384, "P384", 48);
