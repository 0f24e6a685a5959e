//! Makes the tables of `src/table.rs`, with the field and point arithmetic of the crate itself.
//!
//! Affine points cost one inversion per table, here by Fermat's little theorem. The tests compare every entry with
//! RustCrypto's multiples.

#![forbid(unsafe_code)]
#![allow(dead_code, reason = "the modules are the crate's, and not all of them is used here")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a build that cannot go on should stop"
)]

#[path = "src/field.rs"]
mod field;
#[rustfmt::skip]
#[path = "src/p256_field.rs"]
mod p256_field;
#[rustfmt::skip]
#[path = "src/p384_field.rs"]
mod p384_field;
#[path = "src/point/mod.rs"]
mod point;
#[path = "src/word.rs"]
mod word;

use std::fmt::Write as _;
use std::path::Path;

use field::Field;
use point::{Affine, Xyzz};
use word::Limb;

/// Bits per digit, and every how many digits there is a row.
///
/// A wider digit saves additions, a smaller spread doublings, and both cost space: in the module, and in a fresh
/// instance some microseconds for every page that is touched for the first time, as much as several doublings. With a
/// spread of 8 a key's table fits two pages (P-256) or five; and as the generator's doublings are those of the key, its
/// own spread is free up to the same number of them.
struct Shape {
    window: u32,
    spread: u32,
}

const P256_GENERATOR: Shape = Shape { window: 6, spread: 6 };
const P384_GENERATOR: Shape = Shape { window: 5, spread: 8 };
const KNOWN: Shape = Shape { window: 5, spread: 8 };

fn main() {
    let known_keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("known_keys.txt");
    for input in ["known_keys.txt", "build.rs", "src"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let keys = std::fs::read_to_string(&known_keys).expect("known_keys.txt can be read");
    let mut out = String::new();
    write_curve::<p256_field::Element<Limb>>(&mut out, "P256", &keys, &P256_GENERATOR);
    write_curve::<p384_field::Element<Limb>>(&mut out, "P384", &keys, &P384_GENERATOR);
    let directory = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&directory).join("tables.rs"), out).expect("OUT_DIR can be written");
}

fn write_curve<F: Field<Word = Limb>>(out: &mut String, curve: &str, keys: &str, shape: &Shape)
where
    F::Stored: std::fmt::Debug,
{
    let stored = std::any::type_name::<F::Stored>();
    let generator = Affine { x: F::load(&F::GENERATOR_X), y: F::load(&F::GENERATOR_Y) };
    let table = table(generator, shape);
    writeln!(out, "pub(crate) static {curve}_GENERATOR: Table<{stored}> = {table};").expect("memory");
    writeln!(out, "pub(crate) static {curve}_KNOWN: &[Known<{stored}>] = &[").expect("memory");
    for line in keys.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let (Some(of), Some(hex), Some(name)) = (words.next(), words.next(), words.next()) else {
            panic!("known_keys.txt: not `curve point name`: {line}");
        };
        assert!(["P256", "P384"].contains(&of), "known_keys.txt: no such curve: {line}");
        if of != curve {
            continue;
        }
        let key: Vec<u8> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("known_keys.txt: hexadecimal digits"))
            .collect();
        assert!(key.len() == 1 + 2 * F::BYTES && key[0] == 4, "known_keys.txt: not an uncompressed point: {line}");
        let (x, y) = key[1..].split_at(F::BYTES);
        let read = |bytes| field::from_bytes(bytes).expect("known_keys.txt: a coordinate below p");
        let point: Affine<F> = Affine { x: read(x), y: read(y) };
        assert!(point.off_curve().is_zero(), "known_keys.txt: not on the curve: {line}");
        let table = self::table(point, &KNOWN);
        writeln!(out, "Known {{ name: {name:?}, key: &{key:?}, table: {table} }},").expect("memory");
    }
    writeln!(out, "];").expect("memory");
}

/// The table of `point`, as Rust.
fn table<F: Field<Word = Limb>>(point: Affine<F>, shape: &Shape) -> String
where
    F::Stored: std::fmt::Debug,
{
    // A scalar has 8·BYTES bits, and its signed digits may carry one further.
    let rows = (8 * F::BYTES as u32 + 1).div_ceil(shape.window).div_ceil(shape.spread);
    let mut first = Xyzz::from_affine(&point);
    let mut firsts = vec![first];
    for _ in 1..rows {
        for _ in 0..shape.window * shape.spread {
            first = first.double();
        }
        firsts.push(first);
    }
    let mut entries = Vec::new();
    for one in affine(&firsts) {
        let mut multiple = Xyzz::from_affine(&one);
        entries.push(multiple);
        for _ in 1..1 << (shape.window - 1) {
            multiple = multiple.add(&one).expect("small multiples are finite");
            entries.push(multiple);
        }
    }
    let entries: Vec<_> = affine(&entries).iter().map(|point| [stored(&point.x), stored(&point.y)]).collect();
    format!("Table {{ window: {}, spread: {}, entries: &{entries:?} }}", shape.window, shape.spread)
}

/// x = X/ZZ and y = Y/ZZZ for all of them, with one inversion. ZZ/ZZZ is 1/Z, and its square 1/ZZ.
fn affine<F: Field<Word = Limb>>(points: &[Xyzz<F>]) -> Vec<Affine<F>> {
    let mut products = vec![F::load(&F::ONE)];
    for point in points {
        products.push(products[products.len() - 1].times(&point.zzz));
    }
    let mut inverse = invert(&products[points.len()]);
    let mut out = Vec::new();
    for (point, before) in points.iter().zip(&products).rev() {
        let zzz_inverse = inverse.times(before);
        inverse = inverse.times(&point.zzz);
        let z_inverse = point.zz.times(&zzz_inverse);
        out.push(Affine { x: point.x.times(&z_inverse.squared()), y: point.y.times(&zzz_inverse) });
    }
    out.reverse();
    out
}

/// a^(p−2) = 1/a.
fn invert<F: Field<Word = Limb>>(a: &F) -> F {
    let mut exponent = F::PRIME_BYTES.to_vec();
    // Both primes end in 0xff.
    *exponent.last_mut().expect("p has bytes") -= 2;
    let mut power = F::load(&F::ONE);
    for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)) {
        power = power.squared();
        if bit == 1 {
            power = power.times(a);
        }
    }
    power
}

/// Carried limbs below p, still times R.
fn stored<F: Field<Word = Limb>>(element: &F) -> F::Stored {
    let mut bytes = vec![0; F::BYTES];
    // Away with R and back with R twice: what `write_bytes` takes away is what tables keep.
    field::write_bytes(&element.times(&F::load(&F::R_SQUARED)), &mut bytes);
    field::stored::<F>(&bytes).expect("below p")
}
