//! Functions over numbers, and Kyverno's arithmetic, which knows quantities (`1Gi`) and durations (`1h`) too.

use serde_json::Value;

use super::super::super::duration::Duration;
use super::super::super::err::{ConditionError, FunctionError};
use super::super::super::quantity::Quantity;
use super::Call;

type Result<T = Value> = std::result::Result<T, ConditionError>;

pub(super) fn abs(call: &Call<'_>) -> Result {
    call.float(call.number(0)?.abs())
}

pub(super) fn ceil(call: &Call<'_>) -> Result {
    call.float(call.number(0)?.ceil())
}

pub(super) fn floor(call: &Call<'_>) -> Result {
    call.float(call.number(0)?.floor())
}

/// Null for an empty list.
pub(super) fn avg(call: &Call<'_>) -> Result {
    let items = call.list(0)?;
    if items.is_empty() {
        return Ok(Value::Null);
    }
    let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
    let numbers = numbers.ok_or_else(|| call.wrong_type(0, "a list of numbers"))?;
    #[expect(clippy::cast_precision_loss, reason = "a list has fewer than 2⁵³ elements")]
    call.float(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// To so many places behind the point.
pub(super) fn round(call: &Call<'_>) -> Result {
    let places = call.count(1, "the number of places")?;
    // Beyond 15 places a floating-point number has nothing to round.
    let places = i32::try_from(places.min(16)).unwrap_or(16);
    let shift = 10_f64.powi(places);
    call.float((call.number(0)? * shift).round() / shift)
}

/// A number as it is, a string that spells one; null for everything else.
pub(super) fn to_number(call: &Call<'_>) -> Result {
    match call.any(0)? {
        number @ Value::Number(_) => call.copy(number),
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => call.float(number),
            _ => Ok(Value::Null),
        },
        _ => Ok(Value::Null),
    }
}

/// Kyverno's: numbers, quantities or durations, of one kind, and at least one of them.
pub(super) fn sum(call: &Call<'_>) -> Result {
    let mut items = call.list(0)?.iter();
    let first = items.next().ok_or_else(|| call.fail(FunctionError::EmptyList))?;
    let Some(second) = items.next() else { return call.copy(first) };
    let mut total = plus(call, amount(call, 0, first)?, amount(call, 0, second)?)?;
    for item in items {
        total = plus(call, total, amount(call, 0, item)?)?;
    }
    written(call, total)
}

pub(super) fn add(call: &Call<'_>) -> Result {
    let (left, right) = both(call)?;
    written(call, plus(call, left, right)?)
}

pub(super) fn subtract(call: &Call<'_>) -> Result {
    let (left, right) = both(call)?;
    let difference = match (left, right) {
        (Amount::Number(left), Amount::Number(right)) => Amount::Number(left - right),
        (Amount::Quantity(left), Amount::Quantity(right)) => {
            let negated = right.mantissa.checked_neg().map(|mantissa| Decimal { mantissa, ..right });
            Amount::Quantity(negated.and_then(|right| left.plus(right)).ok_or_else(|| too_large(call))?)
        }
        (Amount::Duration(left), Amount::Duration(right)) => Amount::Duration(left.saturating_sub(right)),
        (left, right) => return Err(mismatch(call, left, right)),
    };
    written(call, difference)
}

pub(super) fn multiply(call: &Call<'_>) -> Result {
    let product = match both(call)? {
        (Amount::Number(left), Amount::Number(right)) => Amount::Number(left * right),
        (Amount::Quantity(quantity), Amount::Number(number)) | (Amount::Number(number), Amount::Quantity(quantity)) => {
            let product = decimal(call, number)?.and_then(|number| quantity.times(number));
            Amount::Quantity(product.ok_or_else(|| too_large(call))?)
        }
        (Amount::Duration(duration), Amount::Number(number)) | (Amount::Number(number), Amount::Duration(duration)) => {
            Amount::Duration(nanoseconds(call, seconds(duration) * number)?)
        }
        (left, right) => return Err(mismatch(call, left, right)),
    };
    written(call, product)
}

pub(super) fn divide(call: &Call<'_>) -> Result {
    let by_zero = || call.fail(FunctionError::DivisionByZero);
    let quotient = match both(call)? {
        (_, Amount::Number(0.0)) => return Err(by_zero()),
        (Amount::Number(left), Amount::Number(right)) => Amount::Number(left / right),
        (Amount::Quantity(left), Amount::Quantity(right)) => match right.approximate() {
            0.0 => return Err(by_zero()),
            right => Amount::Number(left.approximate() / right),
        },
        (Amount::Duration(_), Amount::Duration(0)) => return Err(by_zero()),
        (Amount::Duration(left), Amount::Duration(right)) => Amount::Number(seconds(left) / seconds(right)),
        (Amount::Duration(duration), Amount::Number(number)) => {
            Amount::Duration(nanoseconds(call, seconds(duration) / number)?)
        }
        (Amount::Quantity(quantity), Amount::Number(number)) => {
            let quotient = decimal(call, number)?.and_then(|number| quantity.over(number));
            Amount::Quantity(quotient.ok_or_else(|| too_large(call))?)
        }
        (left, right) => return Err(mismatch(call, left, right)),
    };
    written(call, quotient)
}

/// Of whole numbers, whole quantities or durations; the sign is that of the first.
pub(super) fn modulo(call: &Call<'_>) -> Result {
    let by_zero = || call.fail(FunctionError::DivisionByZero);
    let remainder = match both(call)? {
        (Amount::Number(left), Amount::Number(right)) => {
            let (left, right) = (whole(call, left)?, whole(call, right)?);
            #[expect(
                clippy::cast_precision_loss,
                reason = "whole numbers of a floating-point number stay what they are"
            )]
            Amount::Number(left.checked_rem(right).ok_or_else(by_zero)? as f64)
        }
        (Amount::Quantity(left), Amount::Quantity(right)) => {
            let whole =
                |decimal: Decimal| decimal.whole().ok_or_else(|| call.fail(FunctionError::OutOfRange("a fraction")));
            let mantissa = whole(left)?.checked_rem(whole(right)?).ok_or_else(by_zero)?;
            Amount::Quantity(Decimal { mantissa, exponent: 0 })
        }
        (Amount::Duration(left), Amount::Duration(right)) => {
            Amount::Duration(left.checked_rem(right).ok_or_else(by_zero)?)
        }
        (left, right) => return Err(mismatch(call, left, right)),
    };
    written(call, remainder)
}

/// What arithmetic is done on.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Number(f64),
    Quantity(Decimal),
    /// In nanoseconds.
    Duration(i128),
}

/// mantissa × 10^exponent
#[derive(Clone, Copy, Debug)]
struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    fn plus(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let mantissa = self.scaled_to(exponent)?.checked_add(other.scaled_to(exponent)?)?;
        Some(Self { mantissa, exponent })
    }

    fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Self { mantissa, exponent: self.exponent.checked_add(other.exponent)? })
    }

    /// Cut off behind as many places as the longer of the two has, as Kyverno does.
    fn over(self, other: Self) -> Option<Self> {
        let places = self.exponent.min(other.exponent).min(0);
        let shifted = self.scaled_to(places.checked_add(other.exponent.min(0))?)?;
        let divisor = other.scaled_to(other.exponent.min(0))?;
        Some(Self { mantissa: shifted.checked_div(divisor)?, exponent: places })
    }

    fn scaled_to(self, exponent: i32) -> Option<i128> {
        let by = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.mantissa.checked_mul(10_i128.checked_pow(by)?)
    }

    fn whole(self) -> Option<i128> {
        if self.exponent >= 0 { self.scaled_to(0) } else { None }
    }

    fn approximate(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an approximation is what is asked for")]
        let mantissa = self.mantissa as f64;
        mantissa * 10_f64.powi(self.exponent)
    }

    /// As a quantity without a suffix, which equals Kyverno's with one.
    fn written(self) -> String {
        match self.exponent {
            0 => self.mantissa.to_string(),
            exponent => format!("{}e{exponent}", self.mantissa),
        }
    }
}

fn both(call: &Call<'_>) -> Result<(Amount, Amount)> {
    Ok((amount(call, 0, call.any(0)?)?, amount(call, 1, call.any(1)?)?))
}

/// A quantity before a duration, where a text could be either (`5m` is five thousandths).
fn amount(call: &Call<'_>, index: usize, value: &Value) -> Result<Amount> {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(number) => Ok(Amount::Number(number)),
            None => Err(too_large(call)),
        },
        Value::String(text) => {
            if let Some(quantity) = Quantity::parse(text) {
                let (mantissa, exponent) = quantity.parts().ok_or_else(|| too_large(call))?;
                return Ok(Amount::Quantity(Decimal { mantissa, exponent }));
            }
            match Duration::parse_as_go(text) {
                Some(duration) => Ok(Amount::Duration(duration.nanoseconds())),
                None => Err(call.unreadable(text, "a quantity or duration")),
            }
        }
        _ => Err(call.wrong_type(index, "a number, quantity or duration")),
    }
}

fn plus(call: &Call<'_>, left: Amount, right: Amount) -> Result<Amount> {
    Ok(match (left, right) {
        (Amount::Number(left), Amount::Number(right)) => Amount::Number(left + right),
        (Amount::Quantity(left), Amount::Quantity(right)) => {
            Amount::Quantity(left.plus(right).ok_or_else(|| too_large(call))?)
        }
        (Amount::Duration(left), Amount::Duration(right)) => Amount::Duration(left.saturating_add(right)),
        (left, right) => return Err(mismatch(call, left, right)),
    })
}

fn written(call: &Call<'_>, amount: Amount) -> Result {
    match amount {
        Amount::Number(number) => call.float(number),
        Amount::Quantity(decimal) => call.string(decimal.written()),
        Amount::Duration(nanoseconds) => {
            let duration = Duration::from_nanoseconds(nanoseconds).ok_or_else(|| too_large(call))?;
            call.string(duration.to_string())
        }
    }
}

/// A number exactly as it is spelled.
fn decimal(call: &Call<'_>, number: f64) -> Result<Option<Decimal>> {
    let spelled = format!("{number}");
    let Some(quantity) = Quantity::parse(&spelled) else { return Err(call.unreadable(&spelled, "a quantity")) };
    Ok(quantity.parts().map(|(mantissa, exponent)| Decimal { mantissa, exponent }))
}

fn seconds(nanoseconds: i128) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "Go computes in floating point here too")]
    let nanoseconds = nanoseconds as f64;
    nanoseconds / 1e9
}

fn nanoseconds(call: &Call<'_>, seconds: f64) -> Result<i128> {
    let nanoseconds = seconds * 1e9;
    if nanoseconds.is_nan() || nanoseconds.abs() > 9.2e18 {
        return Err(too_large(call));
    }
    #[expect(clippy::cast_possible_truncation, reason = "cut off, as Go does, and within the range")]
    let whole = nanoseconds as i128;
    Ok(whole)
}

fn whole(call: &Call<'_>, number: f64) -> Result<i64> {
    if number.fract() != 0.0 || number.abs() > 9e15 {
        return Err(call.fail(FunctionError::OutOfRange("a number that is not whole")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within the range")]
    let whole = number as i64;
    Ok(whole)
}

fn too_large(call: &Call<'_>) -> ConditionError {
    call.fail(FunctionError::OutOfRange("the amount"))
}

fn mismatch(call: &Call<'_>, left: Amount, right: Amount) -> ConditionError {
    let kind = |amount| match amount {
        Amount::Number(_) => "a number",
        Amount::Quantity(_) => "a quantity",
        Amount::Duration(_) => "a duration",
    };
    call.fail(FunctionError::Mismatch { left: kind(left), right: kind(right) })
}
