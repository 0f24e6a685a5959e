//! House rules: exceptions that end, and where a block only audits.

use super::model::{Block, FailureAction, Settings};
use crate::quote::quote;
use crate::reference::{Digest, ImagePattern, TextPattern};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How long before its end an exception is warned of: long enough for whoever must sign or rebuild the image.
const NOTICE_DAYS: i64 = 14;

/// Why a string is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a day: write `YYYY-MM-DD`", quote(.0))]
pub struct DayError(String);

/// A day, to its end in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    written: String,
    /// Unix seconds: the first moment that is not of this day any more.
    end: i64,
}

impl Day {
    /// Reads `2026-12-31`.
    ///
    /// # Errors
    /// When it is written in another way, or there is no such day.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let wrong = || DayError(text.to_owned());
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date: Date = text.parse().ok().filter(|_| is_plain).ok_or_else(wrong)?;
        let next = date.tomorrow().map_err(|_| wrong())?;
        let end = next.to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp().as_second();
        Ok(Self { written: text.to_owned(), end })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Unix seconds: the first moment that is not of this day any more.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.end
    }
}

/// Images that are admitted although nothing is known of them, for a reason and to a day.
#[derive(Clone, Debug)]
pub struct Exception {
    /// `exceptions[0]`
    pub path: String,
    /// Which images. Never empty.
    pub image_references: Vec<ImagePattern>,
    /// Only these of them. Empty: whatever their digest is.
    pub digests: Vec<Digest>,
    /// Why, for whoever meets it later. Never empty.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Day,
}

impl Exception {
    /// Whether its last day is over at `now` (Unix seconds).
    #[must_use]
    pub const fn is_over(&self, now: i64) -> bool {
        now >= self.expires.end
    }

    /// The days that are left, where they are few: 1 on the last one.
    #[must_use]
    pub fn ends_soon(&self, now: i64) -> Option<i64> {
        let left = self.expires.end.checked_sub(now).filter(|left| *left > 0)?;
        let days = left.checked_add(DAY - 1)?.checked_div(DAY)?;
        (days <= NOTICE_DAYS).then_some(days)
    }
}

/// What blocks that say nothing do in some namespaces (Kyverno `validationFailureActionOverrides`).
#[derive(Clone, Debug, PartialEq)]
pub struct ActionOverride {
    /// What they do.
    pub action: FailureAction,
    /// Where. Never empty.
    pub namespaces: Vec<TextPattern>,
}

/// What a block asks of `imagePullPolicy` (Kubernetes), so that a node does not run what it has under a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlwaysPull {
    /// It must be `Always`.
    Require,
    /// It is set to `Always`, where the object may be patched; else it must be.
    Mutate,
}

impl Settings {
    /// What `block` does with an image that it does not accept, in this namespace.
    ///
    /// The first override that names the namespace decides, for blocks that do not say it themselves, as in Kyverno. Where
    /// the namespace is not known, the strictest of all that could be meant.
    #[must_use]
    pub fn action_of(&self, block: &Block, namespace: Option<&str>) -> FailureAction {
        if block.says_action {
            return block.failure_action;
        }
        let overrides = &self.failure_action_overrides;
        match namespace {
            Some(namespace) => overrides
                .iter()
                .find(|it| it.namespaces.iter().any(|pattern| pattern.matches(namespace)))
                .map_or(block.failure_action, |it| it.action),
            None if overrides.iter().any(|it| it.action == FailureAction::Enforce) => FailureAction::Enforce,
            None => block.failure_action,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-31T00:00:00Z
    const MIDNIGHT: i64 = 1_798_675_200;

    #[test]
    fn days_end_at_midnight_in_utc() {
        let day = Day::parse("2026-12-31").unwrap();
        assert_eq!(day.end, MIDNIGHT + DAY);
        assert_eq!(day.as_str(), "2026-12-31");
        assert_eq!(Day::parse("2028-02-29").unwrap().end, Day::parse("2028-03-01").unwrap().end - DAY);
        for text in [
            "",
            "2026-12-32",
            "2027-02-29",
            "2026-1-1",
            "31.12.2026",
            "2026-12-31T00:00:00Z",
            "+2026-12-31",
            "tomorrow",
            "9999-12-31",
        ] {
            assert_eq!(Day::parse(text), Err(DayError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn exceptions_end_and_say_so_before() {
        let exception = Exception {
            path: "exceptions[0]".to_owned(),
            image_references: Vec::new(),
            digests: Vec::new(),
            reason: "x".to_owned(),
            expires: Day::parse("2026-12-31").unwrap(),
        };
        let cases = [
            ("long before", MIDNIGHT - 14 * DAY, false, None),
            ("two weeks before its end", MIDNIGHT - 13 * DAY, false, Some(14)),
            ("a second before that", MIDNIGHT - 13 * DAY - 1, false, None),
            ("the day before", MIDNIGHT - 1, false, Some(2)),
            ("its last day", MIDNIGHT, false, Some(1)),
            ("its last second", MIDNIGHT + DAY - 1, false, Some(1)),
            ("over", MIDNIGHT + DAY, true, None),
            ("the end of time", i64::MAX, true, None),
            ("the beginning of time", i64::MIN, false, None),
        ];
        for (name, now, is_over, soon) in cases {
            assert_eq!(exception.is_over(now), is_over, "case `{name}`");
            assert_eq!(exception.ends_soon(now), soon, "case `{name}`");
        }
    }
}
