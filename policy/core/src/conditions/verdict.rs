//! What becomes of a condition: it holds, it does not, or that is open.
//!
//! Kyverno knows yes and no, and takes no for whatever it cannot compare. In `validate.deny` that would admit, so what is
//! open is told apart: an attestation needs conditions that hold, a denial is lifted only by conditions that do not.

use std::fmt;

/// What became of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, in every reading.
    Holds,
    /// It does not hold, in any reading.
    Fails,
    /// Nobody can tell. Refuses wherever it stands.
    Open(Open),
}

/// Why a condition is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// The key is null, for which Kyverno says no to every operator.
    Null,
    /// The types do not go together, for example a word and a number.
    Incomparable,
    /// The predicate holds wildcards or numbers that Kyverno reads in another way than people do.
    TwoReadings,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "the key is null, and null compares with nothing",
            Self::Incomparable => "key and value do not go together",
            Self::TwoReadings => "the evidence holds wildcards or numbers that can be read in two ways",
        })
    }
}

impl Verdict {
    /// Of conditions that must all hold: one that does not is enough, whatever is open.
    pub(super) fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        fold(verdicts, Self::Fails, Self::Holds)
    }

    /// Of conditions of which one must hold.
    pub(super) fn any(verdicts: impl IntoIterator<Item = Self>) -> Self {
        fold(verdicts, Self::Holds, Self::Fails)
    }
}

fn fold(verdicts: impl IntoIterator<Item = Verdict>, decisive: Verdict, otherwise: Verdict) -> Verdict {
    verdicts.into_iter().fold(otherwise, |sum, next| match (sum, next) {
        (sum, next) if sum == decisive || next == decisive => decisive,
        (open @ Verdict::Open(_), _) | (_, open @ Verdict::Open(_)) => open,
        _ => otherwise,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_stays_open_unless_something_decides() {
        use Verdict::{Fails, Holds};
        let open = Verdict::Open(Open::Null);
        let cases = [
            ("nothing", vec![], Holds, Fails),
            ("yes", vec![Holds, Holds], Holds, Holds),
            ("no", vec![Fails, Fails], Fails, Fails),
            ("both", vec![Holds, Fails], Fails, Holds),
            ("yes and open", vec![Holds, open], open, Holds),
            ("open and no", vec![open, Fails], Fails, open),
            ("open", vec![open, open], open, open),
            ("everything", vec![open, Fails, Holds], Fails, Holds),
        ];
        for (name, verdicts, all, any) in cases {
            assert_eq!(Verdict::all(verdicts.clone()), all, "case `{name}`, all");
            assert_eq!(Verdict::any(verdicts), any, "case `{name}`, any");
        }
    }
}
