//! Functions over time. Now is what the host said when the request came in.

use serde_json::Value;

use super::super::super::duration::Duration;
use super::super::super::err::{ConditionError, FunctionError};
use super::super::super::instant::{self, Instant};
use super::Call;

type Result<T = Value> = std::result::Result<T, ConditionError>;

const TIME: &str = "a time (RFC 3339)";
const LAYOUT: &str = "a layout of times (`2006-01-02 15:04:05`, without names of zones)";
/// Go's zero time, the first of January of year 1, from which it rounds: seconds before 1970.
const ZERO_TIME: i128 = 62_135_596_800 * 1_000_000_000;

/// From the first time to the second, which is now where it is empty. `''` as layout is RFC 3339.
pub(super) fn since(call: &Call<'_>) -> Result {
    let layout = call.text(0)?;
    let read = |index: usize| -> Result<Instant> {
        let text = call.text(index)?;
        let parsed = if layout.is_empty() { Instant::parse(text) } else { Instant::parse_as(layout, text) };
        parsed.ok_or_else(|| call.unreadable(text, if layout.is_empty() { TIME } else { "a time of this layout" }))
    };
    let start = read(1)?;
    let end = if call.text(2)?.is_empty() { Instant::from_seconds(call.machine.now()) } else { read(2)? };
    difference(call, end, start)
}

/// From the first time to the second.
pub(super) fn diff(call: &Call<'_>) -> Result {
    difference(call, time(call, 1)?, time(call, 0)?)
}

pub(super) fn after(call: &Call<'_>) -> Result {
    Ok(Value::Bool(time(call, 0)?.nanoseconds() > time(call, 1)?.nanoseconds()))
}

pub(super) fn before(call: &Call<'_>) -> Result {
    Ok(Value::Bool(time(call, 0)?.nanoseconds() < time(call, 1)?.nanoseconds()))
}

/// Strictly after the second and before the third.
pub(super) fn between(call: &Call<'_>) -> Result {
    let at = time(call, 0)?.nanoseconds();
    Ok(Value::Bool(at > time(call, 1)?.nanoseconds() && at < time(call, 2)?.nanoseconds()))
}

/// In UTC.
pub(super) fn now(call: &Call<'_>) -> Result {
    written(call, Instant::from_seconds(call.machine.now()))
}

pub(super) fn utc(call: &Call<'_>) -> Result {
    written(call, time(call, 0)?.in_utc())
}

pub(super) fn add(call: &Call<'_>) -> Result {
    let at = time(call, 0)?;
    let sum = at.nanoseconds().saturating_add(duration(call, 1)?.nanoseconds());
    written(call, at.at(sum))
}

/// Down to a multiple of the duration since the year 1; a duration that is not positive changes nothing.
pub(super) fn truncate(call: &Call<'_>) -> Result {
    let at = time(call, 0)?;
    let unit = duration(call, 1)?.nanoseconds();
    if unit <= 0 {
        return written(call, at);
    }
    let since_zero = at.nanoseconds().saturating_add(ZERO_TIME);
    let over = since_zero.checked_rem_euclid(unit).unwrap_or(0);
    written(call, at.at(at.nanoseconds().saturating_sub(over)))
}

/// A time of another layout as RFC 3339. A layout that is a number stands for seconds since 1970.
pub(super) fn parse(call: &Call<'_>) -> Result {
    let (layout, text) = (call.text(0)?, call.text(1)?);
    let parsed = if layout.parse::<i64>().is_ok() {
        text.parse::<i64>().ok().map(Instant::from_seconds)
    } else {
        Instant::parse_as(layout, text)
    };
    written(call, parsed.ok_or_else(|| call.unreadable(text, "a time of this layout"))?)
}

/// Minute, hour, day, month and day of the week, as cron spells them.
pub(super) fn to_cron(call: &Call<'_>) -> Result {
    let civil = time(call, 0)?.civil().ok_or_else(|| call.fail(FunctionError::OutOfRange("the time")))?;
    call.string(format!("{} {} {} {} {}", civil.minute, civil.hour, civil.day, civil.month, civil.weekday))
}

/// Whether a text is a layout.
pub(super) fn check_layout(layout: &str) -> std::result::Result<(), FunctionError> {
    instant::check_layout(layout).map_err(|_| FunctionError::Unreadable { text: layout.to_owned(), wanted: LAYOUT })
}

fn time(call: &Call<'_>, index: usize) -> Result<Instant> {
    let text = call.text(index)?;
    Instant::parse(text).ok_or_else(|| call.unreadable(text, TIME))
}

fn duration(call: &Call<'_>, index: usize) -> Result<Duration> {
    let text = call.text(index)?;
    Duration::parse_as_go(text).ok_or_else(|| call.unreadable(text, "a duration (`1h30m`)"))
}

/// Go stops at 292 years in either direction, and so does this.
fn difference(call: &Call<'_>, end: Instant, start: Instant) -> Result {
    let nanoseconds = end.nanoseconds().saturating_sub(start.nanoseconds());
    let bounded = nanoseconds.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    let duration =
        Duration::from_nanoseconds(bounded).ok_or_else(|| call.fail(FunctionError::OutOfRange("the time")))?;
    call.string(duration.to_string())
}

fn written(call: &Call<'_>, at: Instant) -> Result {
    call.string(at.to_rfc3339().ok_or_else(|| call.fail(FunctionError::OutOfRange("the time")))?)
}
