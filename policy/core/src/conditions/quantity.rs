//! Quantities as Kubernetes writes them: `1Gi`, `500m`, `1.5`, `1e3`.
//!
//! Kubernetes reads more strings as quantities than a person would (`M` is zero megas, forty digits are a number), and
//! rounds and caps them. Here all of those count as quantities too, so that none falls through to a comparison that
//! Kyverno would not make; but those that hold no digit, or more than can be held exactly, equal their own text only.

use std::cmp::Ordering;

/// Decimal digits that are held exactly: with a factor up to 2⁶⁰ they stay below 2¹²⁸.
const MAX_DIGITS: usize = 20;
/// Largest exponent that is held exactly, positive or negative. Kubernetes caps at 2⁶³ anyway.
const MAX_EXPONENT: i32 = 100;

/// An amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quantity<'a>(Amount<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Amount<'a> {
    /// `mantissa` × 10^`exponent`, the mantissa without trailing zeros in its decimal form; zero has neither sign nor
    /// exponent.
    Exact { is_negative: bool, mantissa: u128, exponent: i32 },
    /// What cannot be held, as written.
    AsWritten(&'a str),
}

enum Suffix {
    /// 10 to this power.
    Decimal(Option<i32>),
    /// 2 to this power.
    Binary(u32),
}

impl<'a> Quantity<'a> {
    /// `None` where one of the two cannot be held, and they are not written alike.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        let (
            Amount::Exact { is_negative, mantissa, exponent },
            Amount::Exact { is_negative: other_negative, mantissa: other_mantissa, exponent: other_exponent },
        ) = (&self.0, &other.0)
        else {
            return None;
        };
        let sign = |is_negative: bool, mantissa: u128| match (mantissa, is_negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let (left, right) = (sign(*is_negative, *mantissa), sign(*other_negative, *other_mantissa));
        if left != right || left == 0 {
            return Some(left.cmp(&right));
        }
        let size = compare_sizes((*mantissa, *exponent), (*other_mantissa, *other_exponent))?;
        Some(if *is_negative { size.reverse() } else { size })
    }

    /// The amount as mantissa × 10^exponent. `None` where it cannot be held.
    pub(super) fn parts(&self) -> Option<(i128, i32)> {
        match &self.0 {
            Amount::Exact { is_negative, mantissa, exponent } => {
                let mantissa = i128::try_from(*mantissa).ok()?;
                Some((if *is_negative { mantissa.checked_neg()? } else { mantissa }, *exponent))
            }
            Amount::AsWritten(_) => None,
        }
    }

    /// `None` for what Kubernetes refuses (`resource.ParseQuantity`).
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (is_negative, unsigned) = match text.split_at_checked(1) {
            Some(("-", rest)) => (true, rest),
            Some(("+", rest)) => (false, rest),
            _ => (false, text),
        };
        let (whole, behind) = digits(unsigned)?;
        let (fraction, suffix) = match behind.strip_prefix('.') {
            Some(behind) => digits(behind)?,
            None => ("", behind),
        };
        let suffix = parse_suffix(suffix)?;
        Some(Self(exact(is_negative, whole, fraction, &suffix).unwrap_or(Amount::AsWritten(text))))
    }
}

/// Compares two sizes other than zero: by how many digits they have before the point, then digit by digit.
fn compare_sizes((left, left_exponent): (u128, i32), (right, right_exponent): (u128, i32)) -> Option<Ordering> {
    let magnitude =
        |mantissa: u128, exponent: i32| i32::try_from(mantissa.checked_ilog10()?).ok()?.checked_add(exponent);
    let by_magnitude = magnitude(left, left_exponent)?.cmp(&magnitude(right, right_exponent)?);
    if by_magnitude.is_ne() {
        return Some(by_magnitude);
    }
    let scaled = |mantissa: u128, by: i32| mantissa.checked_mul(10_u128.checked_pow(u32::try_from(by).ok()?)?);
    let difference = left_exponent.checked_sub(right_exponent)?;
    // Of the same magnitude, the scaled one has as many digits as the other: where it cannot be held, it is larger.
    Some(if difference >= 0 {
        scaled(left, difference).map_or(Ordering::Greater, |left| left.cmp(&right))
    } else {
        scaled(right, difference.checked_neg()?).map_or(Ordering::Less, |right| left.cmp(&right))
    })
}

fn exact(is_negative: bool, whole: &str, fraction: &str, suffix: &Suffix) -> Option<Amount<'static>> {
    let written = format!("{whole}{fraction}");
    if written.is_empty() {
        return None;
    }
    let significant = written.trim_start_matches('0');
    if significant.len() > MAX_DIGITS {
        return None;
    }
    let mut mantissa: u128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    let mut exponent = i32::try_from(fraction.len()).ok()?.checked_neg()?;
    match suffix {
        Suffix::Decimal(power) => exponent = exponent.checked_add((*power)?)?,
        Suffix::Binary(power) => mantissa = mantissa.checked_mul(1_u128.checked_shl(*power)?)?,
    }
    if mantissa == 0 {
        return Some(Amount::Exact { is_negative: false, mantissa: 0, exponent: 0 });
    }
    // At most 39 rounds: that many digits has a u128.
    while mantissa.checked_rem(10) == Some(0) {
        mantissa = mantissa.checked_div(10)?;
        exponent = exponent.checked_add(1)?;
    }
    Some(Amount::Exact { is_negative, mantissa, exponent })
}

/// `None` for what is not a suffix; a decimal power of `None` for one that is too large to be held.
fn parse_suffix(suffix: &str) -> Option<Suffix> {
    Some(match suffix {
        "n" => Suffix::Decimal(Some(-9)),
        "u" => Suffix::Decimal(Some(-6)),
        "m" => Suffix::Decimal(Some(-3)),
        "" => Suffix::Decimal(Some(0)),
        "k" => Suffix::Decimal(Some(3)),
        "M" => Suffix::Decimal(Some(6)),
        "G" => Suffix::Decimal(Some(9)),
        "T" => Suffix::Decimal(Some(12)),
        "P" => Suffix::Decimal(Some(15)),
        "E" => Suffix::Decimal(Some(18)),
        "Ki" => Suffix::Binary(10),
        "Mi" => Suffix::Binary(20),
        "Gi" => Suffix::Binary(30),
        "Ti" => Suffix::Binary(40),
        "Pi" => Suffix::Binary(50),
        "Ei" => Suffix::Binary(60),
        _ => {
            let power = suffix.strip_prefix(['e', 'E'])?;
            let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let power = power.parse().ok().filter(|power: &i32| power.unsigned_abs() <= MAX_EXPONENT.unsigned_abs());
            Suffix::Decimal(power)
        }
    })
}

/// The digits in front, and what follows.
fn digits(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_amounts_are_equal_however_they_are_written() {
        let groups = [
            vec!["1Gi", "1024Mi", "1048576Ki", "1073741824", "+1Gi", "1.0Gi", "01Gi"],
            vec!["1", "1.0", "1.", "1000m", "1e0", "10e-1", "0.001k", "1000000u", "1000000000n"],
            vec!["1000", "1k", "1e3", "1E3", "1e+3"],
            vec!["1E", "1e18", "1000P"],
            vec![".5", "0.5", "500m", "5e-1"],
            vec!["0", "-0", "0.0", "0Gi", "00", "0e5"],
            vec!["-1", "-1000m"],
            vec!["1Ei", "1152921504606846976"],
            vec!["999999999999999999"],
            vec!["99999999999999999999999999"],
            vec!["88888888888888888888888888"],
            vec!["1e100"],
            vec!["1e101"],
            vec!["1e99999999999"],
            vec!["M"],
            vec!["k"],
            vec!["."],
            vec!["-"],
        ];
        for (left_index, left_group) in groups.iter().enumerate() {
            for (right_index, right_group) in groups.iter().enumerate() {
                for left in left_group {
                    for right in right_group {
                        let left_quantity = Quantity::parse(left).unwrap_or_else(|| panic!("{left} is a quantity"));
                        let equal = Quantity::parse(right) == Some(left_quantity);
                        assert_eq!(equal, left_index == right_index, "{left} and {right}");
                    }
                }
            }
        }
    }

    #[test]
    fn amounts_have_an_order() {
        let ascending = [
            "-1e30",
            "-1Gi",
            "-1",
            "-1m",
            "0",
            "1n",
            "1m",
            "0.5",
            "999m",
            "1",
            "1.5",
            "1k",
            "1Ki",
            "1M",
            "1Mi",
            "1e9",
            "1Gi",
            "2Gi",
            "1Ti",
            "1e30",
            "99999999999999999999Ei",
            "1e100",
        ];
        for (left_index, left) in ascending.iter().enumerate() {
            for (right_index, right) in ascending.iter().enumerate() {
                let quantity = |text| Quantity::parse(text).unwrap_or_else(|| panic!("{text} is a quantity"));
                let order = quantity(left).compare(&quantity(right));
                assert_eq!(order, Some(left_index.cmp(&right_index)), "{left} and {right}");
            }
        }
        let quantity = |text| Quantity::parse(text).unwrap_or_else(|| panic!("{text} is a quantity"));
        assert_eq!(quantity("M").compare(&quantity("1")), None);
        assert_eq!(quantity("M").compare(&quantity("M")), Some(Ordering::Equal));
    }

    #[test]
    fn other_text_is_no_quantity() {
        for text in [
            "", "a", "5x", "5?", "1Zi", "1 Gi", " 1", "1Gib", "1e", "1e+", "1ee3", "1e3.5", "1.2.3", "--1", "1-",
            "0x10", "1_000", "１", "1ki",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }
}
