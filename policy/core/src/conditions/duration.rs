//! Durations as Go reads and writes them (`time.Duration`): `1h30m`, `-1.5s`, `100µs`.

use std::fmt;

const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
/// More digits than any duration within Go's range of 292 years needs.
const MAX_DIGITS: usize = 20;

/// A duration in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i128);

impl Duration {
    /// `None` for what Go refuses, and for `0`, which Kyverno takes for a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text != "0").then(|| Self::parse_as_go(text)).flatten()
    }

    /// `None` for what Go refuses.
    pub fn parse_as_go(text: &str) -> Option<Self> {
        let (sign, mut rest) = match text.split_at_checked(1) {
            Some(("-", rest)) => (-1, rest),
            Some(("+", rest)) => (1, rest),
            _ => (1, text),
        };
        if rest.is_empty() {
            return None;
        }
        if rest == "0" {
            return Some(Self(0));
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let (whole, behind) = digits(rest)?;
            let (fraction, behind) = match behind.strip_prefix('.') {
                Some(behind) => digits(behind)?,
                None => ("", behind),
            };
            if whole.is_empty() && fraction.is_empty() {
                return None;
            }
            let unit_end = behind.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(behind.len());
            let (unit, behind) = behind.split_at_checked(unit_end)?;
            let part = nanoseconds(whole, fraction, nanoseconds_per(unit)?)?;
            total = total.checked_add(part)?;
            rest = behind;
        }
        // Go holds durations in 64 bits and refuses what does not fit.
        let signed = total.checked_mul(sign)?;
        i64::try_from(signed).ok().map(|_| Self(signed))
    }

    /// `None` beyond the 292 years that Go can hold.
    pub(super) fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        i64::try_from(nanoseconds).ok().map(|_| Self(nanoseconds))
    }

    /// Positive and negative.
    #[must_use]
    pub const fn nanoseconds(self) -> i128 {
        self.0
    }

    /// Whole seconds; beyond the range of the type, the nearest it can hold.
    pub(super) fn from_seconds(whole_seconds: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, and the caller has cut the fraction off"
        )]
        let seconds = whole_seconds as i64;
        Self(i128::from(seconds).saturating_mul(NANOSECONDS_PER_SECOND))
    }
}

/// A duration that is not negative, as other settings write it too.
pub(crate) fn parse(text: &str) -> Option<std::time::Duration> {
    let Duration(nanoseconds) = Duration::parse(text)?;
    u64::try_from(nanoseconds).ok().map(std::time::Duration::from_nanos)
}

/// As Go prints it: `26h3m0s`, `1.5s`, `100ms`, `0s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let total = self.0.unsigned_abs();
        let fraction = |part: u128, unit: u128| {
            let digits = unit.checked_ilog10().unwrap_or(0);
            let (whole, rest) = (part.checked_div(unit).unwrap_or(0), part.checked_rem(unit).unwrap_or(0));
            let rest = format!("{rest:0width$}", width = usize::try_from(digits).unwrap_or(0));
            match rest.trim_end_matches('0') {
                "" => whole.to_string(),
                rest => format!("{whole}.{rest}"),
            }
        };
        match total {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{sign}{total}ns"),
            1_000..1_000_000 => write!(f, "{sign}{}\u{b5}s", fraction(total, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{sign}{}ms", fraction(total, 1_000_000)),
            _ => {
                let minutes = total.checked_div(60_000_000_000).unwrap_or(0);
                let seconds = total.checked_rem(60_000_000_000).unwrap_or(0);
                let seconds = fraction(seconds, 1_000_000_000);
                match (minutes.checked_div(60).unwrap_or(0), minutes.checked_rem(60).unwrap_or(0)) {
                    (0, 0) => write!(f, "{sign}{seconds}s"),
                    (0, minutes) => write!(f, "{sign}{minutes}m{seconds}s"),
                    (hours, minutes) => write!(f, "{sign}{hours}h{minutes}m{seconds}s"),
                }
            }
        }
    }
}

fn nanoseconds(whole: &str, fraction: &str, per_unit: i128) -> Option<i128> {
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = number(fraction)?.checked_mul(per_unit)?.checked_div(scale)?;
    number(whole)?.checked_mul(per_unit)?.checked_add(part)
}

/// The digits in front, and what follows.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end <= MAX_DIGITS).then(|| text.split_at_checked(end)).flatten()
}

fn nanoseconds_per(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOSECONDS_PER_SECOND,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let second = 1_000_000_000;
        let cases = [
            ("seconds", "5s", Some(5 * second)),
            ("two units", "26h3m", Some((26 * 60 + 3) * 60 * second)),
            ("all units", "1h1m1s1ms1us1ns", Some(3_661_001_001_001)),
            ("micro sign", "1µs", Some(1_000)),
            ("Greek letter", "1μs", Some(1_000)),
            ("fraction", "1.5h", Some(5400 * second)),
            ("fraction without whole", ".5s", Some(second / 2)),
            ("whole without fraction", "5.s", Some(5 * second)),
            ("less than a nanosecond", "0.5ns", Some(0)),
            ("negative", "-1m", Some(-60 * second)),
            ("plus", "+1m", Some(60 * second)),
            ("signed zero", "-0", Some(0)),
            ("longest", "9223372036854775807ns", Some(9_223_372_036_854_775_807)),
            ("longer than Go can hold", "9223372036854775808ns", None),
            ("longest negative", "-9223372036854775808ns", Some(-9_223_372_036_854_775_808)),
            ("many digits", "1.000000000000000000000s", None),
            ("zero is a number", "0", None),
            ("zero with a unit", "0s", Some(0)),
            ("no unit", "5", None),
            ("a day is not a unit", "1d", None),
            ("a capital is not a unit", "1H", None),
            ("unit alone", "h", None),
            ("dot alone", ".s", None),
            ("sign alone", "-", None),
            ("two signs", "--1s", None),
            ("a space", "1 s", None),
            ("number behind", "1h5", None),
            ("empty", "", None),
            ("a word", "hours", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(Duration::parse(text), expected.map(Duration), "case `{name}`: {text:?}");
        }
    }

    #[test]
    fn writes_what_go_writes() {
        let cases = [
            ("26h3m", "26h3m0s"),
            ("90s", "1m30s"),
            ("1h", "1h0m0s"),
            ("1500ms", "1.5s"),
            ("0s", "0s"),
            ("100ms", "100ms"),
            ("1500us", "1.5ms"),
            ("1us", "1µs"),
            ("7ns", "7ns"),
            ("-90s", "-1m30s"),
            ("1h0.000000001s", "1h0m0.000000001s"),
        ];
        for (text, expected) in cases {
            assert_eq!(Duration::parse(text).map(|duration| duration.to_string()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn seconds_as_numbers() {
        assert_eq!(Some(Duration::from_seconds(3600.0)), Duration::parse("1h"));
        assert_eq!(Some(Duration::from_seconds(-1.0)), Duration::parse("-1s"));
        assert_ne!(Some(Duration::from_seconds(f64::MAX)), Duration::parse("1h"));
    }
}
