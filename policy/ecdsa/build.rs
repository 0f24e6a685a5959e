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
#[path = "src/pair.rs"]
mod pair;
#[path = "src/point/mod.rs"]
mod point;
#[path = "src/word.rs"]
mod word;

use std::fmt::Write as _;
use std::path::Path;

use field::Field;
use point::{Affine, Xyzz};
use word::Limb;

/// Teeth of the generators' combs; those of known keys stand in `known_keys.txt`.
const TEETH: u32 = 8;

/// Blocks of a comb of so many teeth: most doublings are saved where they take longest, in the combs of P-384 that nearly
/// every bundle needs.
///
/// One more tooth saves columns, and so additions and doublings, for twice the space; one more block saves doublings. With t
/// teeth and v blocks, a sum of two combs of scalars of b bits takes 2·b/t additions and b/(t·v) doublings, and a comb has
/// v·2^(t−1) entries of 72 (P-256) or 112 bytes (P-384).
fn blocks<F: Field>(teeth: u32) -> u32 {
    if teeth >= TEETH && F::BYTES > 32 { 3 } else { 2 }
}

fn main() {
    let known_keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("known_keys.txt");
    for input in ["known_keys.txt", "build.rs", "src"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let keys = std::fs::read_to_string(&known_keys).expect("known_keys.txt can be read");
    let mut out = String::new();
    write_curve::<p256_field::Element<Limb>>(&mut out, "P256", &keys);
    write_curve::<p384_field::Element<Limb>>(&mut out, "P384", &keys);
    let directory = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&directory).join("tables.rs"), out).expect("OUT_DIR can be written");
}

fn write_curve<F: Field<Word = Limb>>(out: &mut String, curve: &str, keys: &str)
where
    F::Stored: std::fmt::Debug,
{
    let stored = std::any::type_name::<F::Stored>();
    let generator = Affine { x: F::load(&F::GENERATOR_X), y: F::load(&F::GENERATOR_Y) };
    let table = table(generator, TEETH);
    writeln!(out, "pub(crate) static {curve}_GENERATOR: Table<{stored}> = {table};").expect("memory");
    writeln!(out, "pub(crate) static {curve}_KNOWN: &[Known<{stored}>] = &[").expect("memory");
    for line in keys.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.splitn(4, ' ');
        let (Some(of), Some(teeth), Some(hex), Some(name)) = (words.next(), words.next(), words.next(), words.next())
        else {
            panic!("known_keys.txt: not `curve teeth point name`: {line}");
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
        let teeth = teeth.parse().expect("known_keys.txt: a number of teeth");
        let table = self::table(point, teeth);
        writeln!(out, "Known {{ name: {name:?}, key: &{key:?}, table: {table} }},").expect("memory");
    }
    writeln!(out, "];").expect("memory");
}

/// The table of `point`, as Rust.
fn table<F: Field<Word = Limb>>(point: Affine<F>, teeth: u32) -> String
where
    F::Stored: std::fmt::Debug,
{
    let columns = (8 * F::BYTES as u32).div_ceil(teeth);
    let blocks = blocks::<F>(teeth);
    let steps = columns.div_ceil(blocks);
    let mut powers = vec![Xyzz::from_affine(&point)];
    for bit in 0..(teeth * columns + blocks * steps) as usize {
        powers.push(powers[bit].double());
    }
    let powers = affine(&powers);
    let mut entries = Vec::new();
    for block in 0..blocks {
        let tooth = |tooth: u32| &powers[(tooth * columns + block * steps) as usize];
        let twice = |tooth: u32| &powers[(tooth * columns + block * steps + 1) as usize];
        // All teeth but the highest are taken away in entry 0. In 2^tooth + i this one is not, unlike in entry i.
        let mut of_block = vec![Xyzz::from_affine(tooth(teeth - 1))];
        for lower in 0..teeth - 1 {
            of_block[0] =
                of_block[0].add(&tooth(lower).negated()).expect("the highest tooth is larger than all others");
        }
        for lower in 0..teeth - 1 {
            let added: Vec<_> = of_block.iter().map(|entry| entry.add(twice(lower)).expect("as above")).collect();
            of_block.extend(added);
        }
        entries.extend(of_block);
    }
    let entries: Vec<_> = affine(&entries).iter().map(|point| [stored(&point.x), stored(&point.y)]).collect();
    format!("Table {{ teeth: {teeth}, columns: {columns}, steps: {steps}, entries: &{entries:?} }}")
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
