//! Semantic versions (semver.org 2.0.0) and ranges of them, as Kyverno's `semver_compare` and operators read them.
//!
//! A range is what the Go library `blang/semver` takes: comparisons side by side must all hold, `||` separates
//! alternatives, `x` stands for any number. A version before release (`1.0.0-rc.1`) is below `1.0.0` and nothing more.

use std::cmp::Ordering;

/// Most comparisons in one range: nobody reads longer ones.
const MAX_COMPARISONS: usize = 64;
/// Longest version that is read; SHA-256 digests as build metadata fit.
const MAX_BYTES: usize = 256;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version(semver::Version);

impl Version {
    /// `None` for what is no version: three numbers, and what may follow them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| semver::Version::parse(text).ok()).flatten().map(Self)
    }

    /// By precedence: build metadata does not count.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range(Vec<Vec<(Comparison, Version)>>);

impl Range {
    /// `None` for what is no range.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut alternatives = Vec::new();
        let mut budget = MAX_COMPARISONS;
        for alternative in text.split("||") {
            let mut all = Vec::new();
            for part in parts(alternative) {
                budget = budget.checked_sub(1)?;
                all.extend(parse_comparison(&part)?);
            }
            if all.is_empty() {
                return None;
            }
            alternatives.push(all);
        }
        Some(Self(alternatives))
    }

    pub(super) fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|all| all.iter().all(|(comparison, limit)| comparison.holds(version.compare(limit))))
    }
}

impl Comparison {
    const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Splits at spaces, but not between an operator and its version.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match parts.last_mut() {
            Some(last) if last.chars().all(is_operator) => last.push_str(word),
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

const fn is_operator(character: char) -> bool {
    matches!(character, '<' | '>' | '=' | '!')
}

/// One comparison, or two where an `x` makes it a span.
fn parse_comparison(text: &str) -> Option<Vec<(Comparison, Version)>> {
    let at = text.find(|c| !is_operator(c))?;
    let (operator, version) = text.split_at_checked(at)?;
    let comparison = match operator {
        "" | "=" | "==" => Comparison::Equal,
        "!" | "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    };
    if !version.split('.').any(|part| part == "x") {
        return Some(vec![(comparison, Version::parse(version)?)]);
    }
    let (lowest, next) = span(version)?;
    Some(match comparison {
        Comparison::Equal => vec![(Comparison::GreaterOrEqual, lowest), (Comparison::Less, next)],
        Comparison::GreaterOrEqual => vec![(Comparison::GreaterOrEqual, lowest)],
        Comparison::Less => vec![(Comparison::Less, lowest)],
        Comparison::LessOrEqual => vec![(Comparison::Less, next)],
        Comparison::Greater => vec![(Comparison::GreaterOrEqual, next)],
        // All but a span is two alternatives, which a list of comparisons that must all hold cannot say.
        Comparison::NotEqual => return None,
    })
}

/// The first version of `1.2.x` or `1.x`, and the first behind it.
fn span(text: &str) -> Option<(Version, Version)> {
    let numbers: Vec<&str> = text.split('.').collect();
    let version = |major, minor| Version(semver::Version::new(major, minor, 0));
    match numbers.as_slice() {
        [major, "x"] | [major, "x", "x"] => {
            let major: u64 = major.parse().ok()?;
            Some((version(major, 0), version(major.checked_add(1)?, 0)))
        }
        [major, minor, "x"] => {
            let (major, minor): (u64, u64) = (major.parse().ok()?, minor.parse().ok()?);
            Some((version(major, minor), version(major, minor.checked_add(1)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let cases = [
            ("exact", "1.2.3", "1.2.3", Some(true)),
            ("equals sign", "=1.2.3", "1.2.4", Some(false)),
            ("not", "!=1.2.3", "1.2.4", Some(true)),
            ("greater", ">1.2.9", "1.2.10", Some(true)),
            ("greater, itself", ">1.2.9", "1.2.9", Some(false)),
            ("span", ">=1.2.0 <2.0.0", "1.9.9", Some(true)),
            ("span, its end", ">=1.2.0 <2.0.0", "2.0.0", Some(false)),
            ("space behind the operator", ">= 1.2.0", "1.2.0", Some(true)),
            ("alternatives", "<1.0.0 || >=2.0.0", "2.1.0", Some(true)),
            ("neither alternative", "<1.0.0 || >=2.0.0", "1.5.0", Some(false)),
            ("before release", "<1.0.0", "1.0.0-rc.1", Some(true)),
            ("build metadata does not count", "1.0.0", "1.0.0+7", Some(true)),
            ("any patch", "1.2.x", "1.2.77", Some(true)),
            ("any patch, next minor", "1.2.x", "1.3.0", Some(false)),
            ("any minor", "1.x", "1.77.0", Some(true)),
            ("above a span", ">1.x", "2.0.0", Some(true)),
            ("above a span, in it", ">1.x", "1.9.9", Some(false)),
            ("no version", ">=1.2", "1.2.0", None),
            ("a word", "newest", "1.2.0", None),
            ("nothing", "", "1.2.0", None),
            ("nothing behind a bar", "1.2.0 ||", "1.2.0", None),
            ("operator alone", ">=", "1.2.0", None),
            ("unknown operator", "=>1.2.0", "1.2.0", None),
            ("not a span", "!=1.x", "1.2.0", None),
        ];
        for (name, range, version, expected) in cases {
            let version = Version::parse(version).expect(name);
            assert_eq!(Range::parse(range).map(|range| range.contains(&version)), expected, "case `{name}`");
        }
        let many = |count: usize| vec![">=1.0.0"; count].join(" ");
        assert!(Range::parse(&many(64)).is_some());
        assert_eq!(Range::parse(&many(65)), None);
    }

    #[test]
    fn what_is_no_version() {
        for text in ["1.2", "v1.2.3", "1.2.3.4", "01.2.3", "abc", "", " 1.2.3", &format!("1.2.3+{}", "a".repeat(251))] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert!(Version::parse(&format!("1.2.3+{}", "a".repeat(250))).is_some());
    }
}
