//! Points in time as Go reads and writes them: RFC 3339, and layouts spelled by example (`2006-01-02 15:04:05`).
//!
//! Only what says the same to everybody: a time zone must be an offset or UTC, never a name such as `CET`.

const SECONDS_PER_DAY: i64 = 86_400;
const NANOSECONDS: i128 = 1_000_000_000;
/// RFC 3339 as Go spells it.
const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
/// Longest layout and longest time; RFC 3339 has 35 characters with nanoseconds.
const MAX_BYTES: usize = 128;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A point in time, and the offset from UTC in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant {
    /// Since 1970 in UTC.
    nanoseconds: i128,
    offset_seconds: i32,
}

/// The parts of a date on a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// 0 is Sunday.
    pub(super) weekday: i64,
}

/// Why a layout cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnknownLayout;

impl Instant {
    pub(super) fn from_seconds(seconds: i64) -> Self {
        Self { nanoseconds: i128::from(seconds).saturating_mul(NANOSECONDS), offset_seconds: 0 }
    }

    pub(super) const fn nanoseconds(self) -> i128 {
        self.nanoseconds
    }

    /// The same offset at another time.
    pub(super) const fn at(self, nanoseconds: i128) -> Self {
        Self { nanoseconds, offset_seconds: self.offset_seconds }
    }

    pub(super) const fn in_utc(self) -> Self {
        Self { nanoseconds: self.nanoseconds, offset_seconds: 0 }
    }

    /// RFC 3339, as Go's `time.Parse` takes it: with a fraction or without.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::parse_as(RFC3339, text)
    }

    /// By a layout, which must be one that [`check_layout`] accepts.
    pub(super) fn parse_as(layout: &str, text: &str) -> Option<Self> {
        if layout.len() > MAX_BYTES || text.len() > MAX_BYTES {
            return None;
        }
        let mut parsed = Parsed::default();
        let mut rest = text;
        for part in parts(layout).ok()? {
            rest = parsed.read(part, rest)?;
        }
        if rest.is_empty() { parsed.instant() } else { None }
    }

    /// RFC 3339 without a fraction, in its own offset.
    pub(super) fn to_rfc3339(self) -> Option<String> {
        let civil = self.civil()?;
        if !(0..=9999).contains(&civil.year) {
            return None;
        }
        let zone = match self.offset_seconds {
            0 => "Z".to_owned(),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs().checked_div(60)?;
                format!("{sign}{:02}:{:02}", minutes.checked_div(60)?, minutes.checked_rem(60)?)
            }
        };
        Some(format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
            civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
        ))
    }

    /// On a clock in its own offset.
    pub(super) fn civil(self) -> Option<Civil> {
        let seconds = i64::try_from(self.nanoseconds.div_euclid(NANOSECONDS)).ok()?;
        let local = seconds.checked_add(i64::from(self.offset_seconds))?;
        let (days, second_of_day) = (local.div_euclid(SECONDS_PER_DAY), local.rem_euclid(SECONDS_PER_DAY));
        let (year, month, day) = date_of(days)?;
        Some(Civil {
            year,
            month,
            day,
            hour: second_of_day.checked_div(3600)?,
            minute: second_of_day.checked_div(60)?.checked_rem(60)?,
            second: second_of_day.checked_rem(60)?,
            // The first of January 1970 was a Thursday.
            weekday: days.checked_add(4)?.rem_euclid(7),
        })
    }
}

/// Whether every part of a layout is known.
pub(super) fn check_layout(layout: &str) -> Result<(), UnknownLayout> {
    if layout.len() > MAX_BYTES { Err(UnknownLayout) } else { parts(layout).map(|_| ()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'l> {
    Literal(&'l str),
    Year,
    ShortYear,
    Month {
        is_padded: bool,
    },
    MonthName {
        is_long: bool,
    },
    Day {
        padding: Option<char>,
    },
    DayName {
        is_long: bool,
    },
    Hour24,
    Hour12 {
        is_padded: bool,
    },
    Minute {
        is_padded: bool,
    },
    Second {
        is_padded: bool,
    },
    Noon {
        is_upper: bool,
    },
    /// `.000` asks for as many digits, `.999` takes any.
    Fraction {
        digits: Option<usize>,
    },
    Zone {
        has_z: bool,
        has_colon: bool,
        has_minutes: bool,
    },
}

/// Go's reference time, longest spellings first.
const SPELLINGS: &[(&str, Part<'static>)] = &[
    ("January", Part::MonthName { is_long: true }),
    ("Monday", Part::DayName { is_long: true }),
    ("Z07:00", Part::Zone { has_z: true, has_colon: true, has_minutes: true }),
    ("-07:00", Part::Zone { has_z: false, has_colon: true, has_minutes: true }),
    ("Z0700", Part::Zone { has_z: true, has_colon: false, has_minutes: true }),
    ("-0700", Part::Zone { has_z: false, has_colon: false, has_minutes: true }),
    ("2006", Part::Year),
    ("Z07", Part::Zone { has_z: true, has_colon: false, has_minutes: false }),
    ("-07", Part::Zone { has_z: false, has_colon: false, has_minutes: false }),
    ("Jan", Part::MonthName { is_long: false }),
    ("Mon", Part::DayName { is_long: false }),
    ("01", Part::Month { is_padded: true }),
    ("02", Part::Day { padding: Some('0') }),
    ("03", Part::Hour12 { is_padded: true }),
    ("04", Part::Minute { is_padded: true }),
    ("05", Part::Second { is_padded: true }),
    ("06", Part::ShortYear),
    ("15", Part::Hour24),
    ("_2", Part::Day { padding: Some(' ') }),
    ("PM", Part::Noon { is_upper: true }),
    ("pm", Part::Noon { is_upper: false }),
    ("1", Part::Month { is_padded: false }),
    ("2", Part::Day { padding: None }),
    ("3", Part::Hour12 { is_padded: false }),
    ("4", Part::Minute { is_padded: false }),
    ("5", Part::Second { is_padded: false }),
];

/// What a layout consists of. Bounded by its length, of which the callers take care.
fn parts(layout: &str) -> Result<Vec<Part<'_>>, UnknownLayout> {
    let mut parts = Vec::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        // Names of zones say something else everywhere, and days of the year are not worth their code.
        if ["MST", "002", "__2"].iter().any(|unknown| rest.starts_with(unknown)) {
            return Err(UnknownLayout);
        }
        if let Some((fraction, behind)) = fraction_of_layout(rest) {
            parts.push(fraction);
            rest = behind;
            continue;
        }
        if let Some((spelling, part)) = SPELLINGS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
            parts.push(*part);
            rest = rest.strip_prefix(spelling).ok_or(UnknownLayout)?;
            continue;
        }
        let (literal, behind) = rest.split_at_checked(first.len_utf8()).ok_or(UnknownLayout)?;
        parts.push(Part::Literal(literal));
        rest = behind;
    }
    Ok(parts)
}

/// `.000` or `,999`, with no digit behind.
fn fraction_of_layout(layout: &str) -> Option<(Part<'static>, &str)> {
    let behind = layout.strip_prefix(['.', ','])?;
    let digit = behind.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let rest = behind.trim_start_matches(digit);
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let count = behind.len().checked_sub(rest.len())?;
    Some((Part::Fraction { digits: (digit == '0').then_some(count) }, rest))
}

#[derive(Default)]
struct Parsed {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    is_afternoon: Option<bool>,
    offset_seconds: i32,
}

impl Parsed {
    /// Reads one part off the text, and answers what is left of it.
    fn read<'t>(&mut self, part: Part<'_>, text: &'t str) -> Option<&'t str> {
        match part {
            Part::Literal(literal) => text.strip_prefix(literal),
            Part::Year => number(text, 4, 4).map(|(year, rest)| {
                self.year = year;
                rest
            }),
            Part::ShortYear => number(text, 2, 2).map(|(year, rest)| {
                // As in Go and in POSIX: 69 to 99 are of the last century.
                self.year = year.saturating_add(if year >= 69 { 1900 } else { 2000 });
                rest
            }),
            Part::Month { is_padded } => numeral(text, is_padded, 1, 12).map(|(month, rest)| {
                self.month = Some(month);
                rest
            }),
            Part::MonthName { is_long } => name(text, &MONTHS, is_long).map(|(index, rest)| {
                self.month = Some(index.saturating_add(1));
                rest
            }),
            Part::Day { padding } => {
                let text = if padding == Some(' ') { text.strip_prefix(' ').unwrap_or(text) } else { text };
                numeral(text, padding == Some('0'), 1, 31).map(|(day, rest)| {
                    self.day = Some(day);
                    rest
                })
            }
            Part::DayName { is_long } => name(text, &DAYS, is_long).map(|(_, rest)| rest),
            Part::Hour24 => numeral(text, true, 0, 23).map(|(hour, rest)| {
                self.hour = hour;
                rest
            }),
            Part::Hour12 { is_padded } => numeral(text, is_padded, 0, 12).map(|(hour, rest)| {
                self.hour = hour;
                rest
            }),
            Part::Minute { is_padded } => numeral(text, is_padded, 0, 59).map(|(minute, rest)| {
                self.minute = minute;
                rest
            }),
            Part::Second { is_padded } => {
                let (second, rest) = numeral(text, is_padded, 0, 59)?;
                self.second = second;
                // Go takes a fraction behind the seconds whether or not the layout has one.
                match self.read_fraction(rest, None) {
                    Some(behind) => Some(behind),
                    None => Some(rest),
                }
            }
            Part::Noon { is_upper } => {
                let (morning, afternoon) = if is_upper { ("AM", "PM") } else { ("am", "pm") };
                self.is_afternoon = Some(text.starts_with(afternoon));
                text.strip_prefix(afternoon).or_else(|| text.strip_prefix(morning))
            }
            // The seconds have taken it already, if it is there.
            Part::Fraction { digits: Some(_) } if self.nanosecond == 0 => self.read_fraction(text, None).or(Some(text)),
            Part::Fraction { .. } => Some(text),
            Part::Zone { has_z, has_colon, has_minutes } => self.read_zone(text, has_z, has_colon, has_minutes),
        }
    }

    fn read_fraction<'t>(&mut self, text: &'t str, digits: Option<usize>) -> Option<&'t str> {
        let behind = text.strip_prefix(['.', ','])?;
        let rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        let count = behind.len().checked_sub(rest.len()).filter(|count| *count > 0)?;
        if digits.is_some_and(|digits| digits != count) {
            return None;
        }
        let padded: String = behind.chars().take(count).chain("000000000".chars()).take(9).collect();
        self.nanosecond = padded.parse().ok()?;
        Some(rest)
    }

    fn read_zone<'t>(&mut self, text: &'t str, has_z: bool, has_colon: bool, has_minutes: bool) -> Option<&'t str> {
        if has_z && let Some(rest) = text.strip_prefix('Z') {
            return Some(rest);
        }
        let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (None, Some(rest)) => (-1, rest),
            (None, None) => return None,
        };
        let (hours, rest) = number(rest, 2, 2)?;
        let rest = if has_colon { rest.strip_prefix(':')? } else { rest };
        let (minutes, rest) = if has_minutes { number(rest, 2, 2)? } else { (0, rest) };
        if hours > 24 || minutes > 60 {
            return None;
        }
        let seconds = hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_mul(sign)?;
        self.offset_seconds = i32::try_from(seconds).ok()?;
        Some(rest)
    }

    fn instant(&self) -> Option<Instant> {
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day > days_in(self.year, month)? {
            return None;
        }
        let hour = match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour.checked_add(12)?,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let of_day = hour.checked_mul(60)?.checked_add(self.minute)?.checked_mul(60)?.checked_add(self.second)?;
        let local = days_since_epoch(self.year, month, day)?.checked_mul(SECONDS_PER_DAY)?.checked_add(of_day)?;
        let seconds = local.checked_sub(i64::from(self.offset_seconds))?;
        let nanoseconds = i128::from(seconds).checked_mul(NANOSECONDS)?.checked_add(i128::from(self.nanosecond))?;
        Some(Instant { nanoseconds, offset_seconds: self.offset_seconds })
    }
}

/// A number of so many digits, and what follows.
fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let digits = text.chars().take(most).take_while(char::is_ascii_digit).count();
    let (digits, rest) = (digits >= least).then(|| text.split_at_checked(digits)).flatten()?;
    Some((digits.parse().ok()?, rest))
}

fn numeral(text: &str, is_padded: bool, lowest: i64, highest: i64) -> Option<(i64, &str)> {
    number(text, if is_padded { 2 } else { 1 }, 2).filter(|(number, _)| (lowest..=highest).contains(number))
}

fn name<'t>(text: &'t str, names: &[&str], is_long: bool) -> Option<(i64, &'t str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if is_long { *name } else { name.get(..3)? };
        Some((i64::try_from(index).ok()?, text.strip_prefix(name)?))
    })
}

const fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

fn days_in(year: i64, month: i64) -> Option<i64> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if is_leap(year) => Some(29),
        2 => Some(28),
        _ => None,
    }
}

/// Days from the first of January 1970, in the Gregorian calendar. Years are counted from March, so that the leap day is
/// the last one; 719,468 days lie between the first of March of year 0 and 1970.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let shifted_year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, year_of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let shifted_month = month.checked_add(9)?.rem_euclid(12);
    let day_of_year =
        shifted_month.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?.checked_sub(1)?;
    let day_of_era = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era.checked_div(4)?)?
        .checked_sub(year_of_era.checked_div(100)?)?
        .checked_add(day_of_year)?;
    era.checked_mul(146_097)?.checked_add(day_of_era)?.checked_sub(719_468)
}

/// The reverse.
fn date_of(days: i64) -> Option<(i64, i64, i64)> {
    let shifted = days.checked_add(719_468)?;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    // Leap days taken out: one in 1,460 days, put back one in 36,524, taken out one in 146,096.
    let year_of_era = day_of_era
        .checked_sub(day_of_era.checked_div(1460)?)?
        .checked_add(day_of_era.checked_div(36_524)?)?
        .checked_sub(day_of_era.checked_div(146_096)?)?
        .checked_div(365)?;
    let before_year = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era.checked_div(4)?)?
        .checked_sub(year_of_era.checked_div(100)?)?;
    let day_of_year = day_of_era.checked_sub(before_year)?;
    let shifted_month = day_of_year.checked_mul(5)?.checked_add(2)?.checked_div(153)?;
    let before_month = shifted_month.checked_mul(153)?.checked_add(2)?.checked_div(5)?;
    let day = day_of_year.checked_sub(before_month)?.checked_add(1)?;
    let month = if shifted_month < 10 { shifted_month.checked_add(3)? } else { shifted_month.checked_sub(9)? };
    let year = era.checked_mul(400)?.checked_add(year_of_era)?;
    Some((if month <= 2 { year.checked_add(1)? } else { year }, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let seconds = |text: &str| Instant::parse(text).map(|at| at.nanoseconds().div_euclid(NANOSECONDS));
        let cases = [
            ("epoch", "1970-01-01T00:00:00Z", Some(0)),
            ("a day", "2024-02-29T12:34:56Z", Some(1_709_210_096)),
            ("before the epoch", "1969-12-31T23:59:59Z", Some(-1)),
            ("offset", "2024-02-29T14:34:56+02:00", Some(1_709_210_096)),
            ("negative offset", "2024-02-29T07:04:56-05:30", Some(1_709_210_096)),
            ("fraction", "2024-02-29T12:34:56.123456789Z", Some(1_709_210_096)),
            ("no leap year", "2023-02-29T00:00:00Z", None),
            ("centuries are no leap years", "1900-02-29T00:00:00Z", None),
            ("month 13", "2024-13-01T00:00:00Z", None),
            ("day 0", "2024-01-00T00:00:00Z", None),
            ("hour 24", "2024-01-01T24:00:00Z", None),
            ("no zone", "2024-01-01T00:00:00", None),
            ("a date", "2024-01-01", None),
            ("a space", "2024-01-01 00:00:00Z", None),
            ("something behind", "2024-01-01T00:00:00Zx", None),
            ("nothing", "", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(seconds(text), expected, "case `{name}`");
        }
        let nanoseconds = Instant::parse("1970-01-01T00:00:00.5Z").map(Instant::nanoseconds);
        assert_eq!(nanoseconds, Some(500_000_000));
    }

    #[test]
    fn layouts() {
        let cases = [
            ("date and time", "2006-01-02 15:04:05", "2024-02-29 12:34:56", Some("2024-02-29T12:34:56Z")),
            ("date", "2006-01-02", "2024-02-29", Some("2024-02-29T00:00:00Z")),
            (
                "names",
                "Mon, 02 Jan 2006 15:04:05 -0700",
                "Thu, 29 Feb 2024 12:34:56 +0100",
                Some("2024-02-29T12:34:56+01:00"),
            ),
            ("long names", "Monday, 2 January 2006", "Thursday, 9 March 2023", Some("2023-03-09T00:00:00Z")),
            ("twelve hours", "3:04PM", "1:05PM", Some("0000-01-01T13:05:00Z")),
            ("midnight", "3:04PM", "12:05AM", Some("0000-01-01T00:05:00Z")),
            ("day with a space", "Jan _2 2006", "Feb  9 2024", Some("2024-02-09T00:00:00Z")),
            ("short year", "06-01-02", "99-12-31", Some("1999-12-31T00:00:00Z")),
            ("milliseconds", "2006-01-02T15:04:05.000Z07:00", "2024-02-29T12:34:56.789Z", Some("2024-02-29T12:34:56Z")),
            ("another text", "2006-01-02", "29.02.2024", None),
            ("a name of a zone", "15:04 MST", "12:34 CET", None),
        ];
        for (name, layout, text, expected) in cases {
            let found = Instant::parse_as(layout, text).and_then(Instant::to_rfc3339);
            assert_eq!(found.as_deref(), expected, "case `{name}`");
        }
        assert_eq!(check_layout("15:04 MST"), Err(UnknownLayout));
        assert_eq!(check_layout(&"x".repeat(128)), Ok(()));
        assert_eq!(check_layout(&"x".repeat(129)), Err(UnknownLayout));
    }

    #[test]
    fn dates_there_and_back() {
        // Every day of eight hundred years around the epoch, and the first of each four centuries.
        for days in -150_000..150_000 {
            let (year, month, day) = date_of(days).expect("a date");
            assert_eq!(days_since_epoch(year, month, day), Some(days), "{year}-{month}-{day}");
            assert!(day <= days_in(year, month).expect("a month"), "{year}-{month}-{day}");
        }
        assert_eq!(Instant::from_seconds(0).civil().map(|civil| civil.weekday), Some(4));
    }
}
