#!/usr/bin/env python3
"""Writes src/p256_field.rs and src/p384_field.rs: field arithmetic as straight lines, column by column.

    python3 policy/ecdsa/generate.py            write the files
    python3 policy/ecdsa/generate.py --check    fail if they are not what would be written

Typing a hundred and ninety-six products by hand is how mistakes are made; trusting this script is not needed either:
the interval proof and every test run the written code, not the script.

The reduction (Montgomery 1985, with radix 2^W and R = 2^(W·N)): both primes are p = … − 1 modulo 2^W, so that −1/p is 1
and the quotient digit q of a column is the column's own low W bits. Adding q·p then means: clear these bits (that is
the −1 of the prime), and add ±q at the exponents of the prime's other terms.
"""
import pathlib
import sys

CURVES = {
    "p256": dict(
        title="P-256", bits=29, limbs=9, bytes=32, pairs=False,
        terms=[(256, 1), (224, -1), (192, 1), (96, 1)],
        b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        gx=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        gy=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        source="SP 800-186 section 3.2.1.3"),
    "p384": dict(
        title="P-384", bits=28, limbs=14, bytes=48, pairs=True,
        terms=[(384, 1), (128, -1), (96, -1), (32, 1)],
        b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        gx=0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        gy=0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        source="SP 800-186 section 3.2.1.4"),
}


class Pairs:
    """Limbs side by side, each two of them once."""

    def __init__(self, limbs):
        self.limbs, self.names, self.lines = limbs, {}, ["let (zero, nothing) = (W::from(0), W::nothing());"]

    def of(self, *two):
        limbs = [f"{limb[0]}{limb[1]}" if limb and 0 <= limb[1] < self.limbs else "zero" for limb in two]
        if tuple(limbs) not in self.names:
            name = self.names[tuple(limbs)] = "_".join(limbs)
            text = f"W::both({limbs[0]}, nothing)" if limbs[0] == limbs[1] else f"W::pair({limbs[0]}, {limbs[1]})"
            self.lines.append(f"let {name} = {text};")
        return self.names[tuple(limbs)]


class Field:
    def __init__(self, title, bits, limbs, bytes, pairs, terms, b, n, gx, gy, source):
        self.pairs = pairs
        self.title, self.bits, self.limbs, self.bytes, self.terms, self.source = title, bits, limbs, bytes, terms, source
        self.p = sum(sign << exponent for exponent, sign in terms) - 1
        assert self.p % (1 << bits) == (1 << bits) - 1 and self.p.bit_length() == 8 * bytes
        assert (gy * gy - (gx**3 - 3 * gx + b)) % self.p == 0 and n < self.p
        self.b, self.n, self.gx, self.gy = b, n, gx, gy

    def montgomery(self, value):
        return (value << (self.bits * self.limbs)) % self.p

    def stored(self, value):
        mask = (1 << self.bits) - 1
        limbs = [(value >> (self.bits * i)) & mask for i in range(self.limbs)]
        assert sum(limb << (self.bits * i) for i, limb in enumerate(limbs)) == value
        return "[" + ", ".join(f"0x{limb:x}" for limb in limbs) + "]"

    def big_endian(self, value):
        return "[" + ", ".join(f"0x{byte:02x}" for byte in value.to_bytes(self.bytes, "big")) + "]"

    def names(self, letter):
        return "[" + ", ".join(f"{letter}{i}" for i in range(self.limbs)) + "]"

    def products(self, *factors):
        """Lines to begin with, and per column the signed products of `factors`, each (sign, a, b)."""
        n = self.limbs
        if self.pairs:
            return self.products_in_pairs(*factors)
        columns = [[] for _ in range(2 * n - 1)]
        for sign, a, b in factors:
            for i in range(n):
                for j in range(n):
                    columns[i + j].append((sign, f"{a}{i} * {b}{j}"))
        return [], columns

    def products_in_pairs(self, *factors):
        """As `products`, two columns at a time: limb i of one factor meets limbs j and j + 1 of the other where i + j is even,
        which are columns i + j and the next. It pays for fourteen limbs, not for nine."""
        n, pairs, sums = self.limbs, Pairs(self.limbs), [[] for _ in range(self.limbs)]
        for sign, a, b in factors:
            for i in range(n):
                for j in range(-(i % 2), n, 2):
                    sums[(i + j) // 2].append((sign, f"{pairs.of((a, i), (a, i))} * {pairs.of((b, j), (b, j + 1))}"))
        return self.columns(pairs.lines, sums)

    def squares(self):
        """As `products`, for a·a: mixed products once, with the doubled limbs `d`."""
        n = self.limbs
        if self.pairs:
            return self.squares_in_pairs()
        columns = [[] for _ in range(2 * n - 1)]
        for i in range(n):
            for j in range(i, n):
                columns[i + j].append(("+", f"a{i} * a{i}" if i == j else f"d{i} * a{j}"))
        return [f"let d{i} = a{i} + a{i};" for i in range(n - 1)], columns

    def squares_in_pairs(self):
        """As `squares`, two columns at a time."""
        n, pairs, sums = self.limbs, Pairs(self.limbs), [[] for _ in range(self.limbs)]
        for i in range(n):
            sums[i].append(("+", f"{pairs.of(('a', i), ('a', i))} * {pairs.of(('a', i), ('d', i + 1))}"))
            for j in range(i + 2, n, 2):
                sums[(i + j) // 2].append(("+", f"{pairs.of(('a', i), ('a', i))} * {pairs.of(('d', j), ('d', j + 1))}"))
        doubled = [f"let d{i} = a{i} + a{i};" for i in range(1, n)]
        return self.columns(doubled + pairs.lines, sums)

    def columns(self, lines, sums):
        """Lines that end with the columns `x`, and these; `sums` are of pairs, of columns 2k and 2k + 1 each."""
        for k, terms in enumerate(sums):
            text = terms[0][1] + "".join(f" {sign} {term}" for sign, term in terms[1:])
            lines.append(f"let (x{2 * k}, x{2 * k + 1}) = W::apart({text});")
        # The last is an empty one.
        lines[-1] = lines[-1].replace(f"x{2 * self.limbs - 1})", "_)")
        return lines, [[("+", f"x{k}")] for k in range(2 * self.limbs - 1)]

    def reduce(self, columns, addend):
        """Column by column: take the carry, add the products and the earlier quotients, cut W bits off."""
        out, width = [], self.bits
        for k in range(2 * self.limbs):
            terms = list(columns[k]) if k < len(columns) else []
            for exponent, sign in sorted(self.terms):
                i = k - exponent // width
                if 0 <= i < self.limbs:
                    terms.append(("+" if sign > 0 else "-", f"(q{i} << {exponent % width})"))
            if k > 0:
                terms.insert(0, ("+", f"(c >> {width})"))
            if addend and k >= self.limbs:
                terms.append(("+", f"e{k - self.limbs}"))
            assert terms[0][0] == "+"
            text = terms[0][1] + "".join(f" {sign} {term}" for sign, term in terms[1:])
            if len(terms) == 1:
                text = text.removeprefix("(").removesuffix(")")
            if k == 2 * self.limbs - 1:
                out.append(f"let r{k - self.limbs} = {text};")
            else:
                out.append(f"let c = {text};")
                out.append(f"let {'q' if k < self.limbs else 'r'}{k % self.limbs} = c.low({width});")
        return out

    def function(self, name, doc, operands, products, addend=False):
        beginning, columns = products
        letters = operands + (["e"] if addend else [])
        signature = ", ".join(f"{letter}: &Self" for letter in letters[1:])
        lines = [f"/// {doc}", "#[inline(never)]", f"fn {name}(&self, {signature}) -> Self {{" if signature else f"fn {name}(&self) -> Self {{"]
        lines.append(f"    let {self.names('a')} = self.0;")
        lines += [f"    let {self.names(letter)} = {letter}.0;" for letter in letters[1:]]
        lines += ["    " + line for line in beginning + self.reduce(columns, addend)]
        lines += [f"    Self({self.names('r')})", "}"]
        return lines

    def carried(self):
        lines = ["#[inline(never)]", "fn carried(&self) -> Self {", f"    let {self.names('a')} = self.0;"]
        for k in range(self.limbs):
            carry = f"(c >> {self.bits}) + " if k else ""
            if k == self.limbs - 1:
                lines.append(f"    let r{k} = {carry}a{k};")
            else:
                lines += [f"    let c = {carry}a{k};", f"    let r{k} = c.low({self.bits});"]
        return lines + [f"    Self({self.names('r')})", "}"]

    def source_text(self):
        n = self.limbs
        limbwise = lambda op: "Self([" + ", ".join(op(i) for i in range(n)) + "])"
        prime = " ".join(f"{'+' if sign > 0 else '−'} 2^{exponent}" for exponent, sign in self.terms)[2:] + " − 1"
        constant = lambda name, doc, value: [f"/// {doc}", f"const {name}: Self::Stored = {value};"]
        body = [
            f"type Word = W;",
            f"type Stored = [i32; {n}];",
            f"const BITS: u32 = {self.bits};",
            f"const BYTES: usize = {self.bytes};",
            *constant("PRIME", "p itself.", self.stored(self.p)),
            *constant("ONE", "1, as R mod p.", self.stored(self.montgomery(1))),
            *constant("PLAIN_ONE", "The number 1: multiplying with it takes R away.", self.stored(1)),
            *constant("R_SQUARED", "R² mod p: multiplying with it brings R in.", self.stored(self.montgomery(1 << (self.bits * n)))),
            *constant("B", "The curve's b, times R.", self.stored(self.montgomery(self.b))),
            *constant("ORDER", "The order n of the curve (smaller than p), times R.", self.stored(self.montgomery(self.n))),
            *constant("GENERATOR_X", "x of the generator, times R.", self.stored(self.montgomery(self.gx))),
            *constant("GENERATOR_Y", "y of the generator, times R.", self.stored(self.montgomery(self.gy))),
            "/// p, big endian.",
            f"const PRIME_BYTES: &'static [u8] = &{self.big_endian(self.p)};",
            "/// The order n of the curve, big endian.",
            f"const ORDER_BYTES: &'static [u8] = &{self.big_endian(self.n)};",
            "/// p − n, big endian.",
            f"const PRIME_MINUS_ORDER: &'static [u8] = &{self.big_endian(self.p - self.n)};",
            "",
            "fn load(stored: &Self::Stored) -> Self {",
            f"    let {self.names('a')} = *stored;",
            "    " + limbwise(lambda i: f"W::from(a{i})"),
            "}",
            "",
            "fn limbs(&self) -> &[W] {",
            "    &self.0",
            "}",
            "",
            "#[inline]",
            "fn plus(&self, b: &Self) -> Self {",
            f"    let {self.names('a')} = self.0;",
            f"    let {self.names('b')} = b.0;",
            "    " + limbwise(lambda i: f"a{i} + b{i}"),
            "}",
            "",
            "#[inline]",
            "fn minus(&self, b: &Self) -> Self {",
            f"    let {self.names('a')} = self.0;",
            f"    let {self.names('b')} = b.0;",
            "    " + limbwise(lambda i: f"a{i} - b{i}"),
            "}",
            "",
            "#[inline]",
            "fn negated(&self) -> Self {",
            f"    let {self.names('a')} = self.0;",
            "    " + limbwise(lambda i: f"-a{i}"),
            "}",
            "",
            *self.carried(), "",
            *self.function("times", "a·b", ["a", "b"], self.products(("+", "a", "b"))), "",
            *self.function("times_plus", "a·b + e", ["a", "b"], self.products(("+", "a", "b")), addend=True), "",
            *self.function("squared", "a²", ["a"], self.squares()), "",
            *self.function("squared_plus", "a² + e", ["a"], self.squares(), addend=True), "",
            *self.function("times_minus_product", "a·b − f·g", ["a", "b", "f", "g"],
                           self.products(("+", "a", "b"), ("-", "f", "g"))),
        ]
        return "\n".join([
            f"//! The field of {self.title}: {n} limbs of {self.bits} bits, R = 2^{self.bits * n}.",
            "//!",
            f"//! p = {prime} ({self.source}). Written by `generate.py`; do not edit. The meaning of every",
            "//! function is in `field.rs`, and the proof that no limb overflows in `bounds.rs`.",
            "",
            "use crate::field::Field;",
            "use crate::word::Word;",
            "",
            f"/// An element of the field of {self.title}, times R, in limbs of {self.bits} bits, lowest first.",
            "#[derive(Clone, Copy, Debug)]",
            f"pub(crate) struct Element<W>(pub(crate) [W; {n}]);",
            "",
            "impl<W: Word> Field for Element<W> {",
            *[("    " + line if line else "") for line in body],
            "}",
            "",
        ])


def main():
    here = pathlib.Path(__file__).resolve().parent / "src"
    stale = []
    for name, curve in CURVES.items():
        path, text = here / f"{name}_field.rs", Field(**curve).source_text()
        if sys.argv[1:] == ["--check"]:
            stale += [] if path.exists() and path.read_text() == text else [path.name]
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"not what generate.py writes: {', '.join(stale)}")


main()
