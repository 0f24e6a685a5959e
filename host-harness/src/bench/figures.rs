//! What was measured, and how it compares.

use std::time::Duration;

use serde::Serialize;

use super::Cost;

/// Times of one thing. Minimum and median say how fast it is, the 95th percentile how calm the machine was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Microseconds.
    pub min_us: f64,
    /// Microseconds.
    pub p50_us: f64,
    /// Microseconds.
    pub p95_us: f64,
    /// How many.
    pub samples: usize,
}

impl Figures {
    /// The figures of some times; `None` of none.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        // Nearest rank: the smallest time that this share of them does not exceed.
        let at = |percent: usize| {
            let rank = times.len().saturating_mul(percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).map(|time| time.as_secs_f64() * 1e6)
        };
        Some(Self { min_us: at(0)?, p50_us: at(50)?, p95_us: at(95)?, samples: times.len() })
    }
}

/// Times of one runner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timed {
    /// Who was asked.
    pub runner: String,
    /// How long it took.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurements {
    /// What it takes to have a fresh instance of the first runner's module, ready for a request. It is part of every sample.
    pub instantiation: Option<Figures>,
    /// By question.
    pub questions: Vec<Measured>,
}

/// One question's measurements.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The question.
    pub name: String,
    /// The verdict, the same in every sample.
    pub admitted: bool,
    /// Whether the same evidence with one bit changed was refused. Not tried where the evidence is refused as it is.
    pub twin_refused: bool,
    /// By runner, with the host's answers at hand. The first is the module that is measured.
    pub warm: Vec<Timed>,
    /// The first runner on a host that has nothing cached.
    pub cold: Option<Figures>,
    /// The first runner on a host that asks registries for everything, anew in each sample.
    pub live: Option<Figures>,
    /// What it costs beside time.
    pub cost: Cost,
}

/// How the first runner compares with another: below 1 it is faster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The other.
    pub against: String,
    /// Of the minima.
    pub min: f64,
    /// Of the medians.
    pub p50: f64,
}

impl Measured {
    /// The first runner beside each of the others.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison> {
        let Some((first, others)) = self.warm.split_first() else { return Vec::new() };
        let compare = |other: &Timed| Comparison {
            against: other.runner.clone(),
            min: first.figures.min_us / other.figures.min_us,
            p50: first.figures.p50_us / other.figures.p50_us,
        };
        others.iter().map(compare).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let figures = |micros: &[u64]| Figures::of(micros.iter().copied().map(Duration::from_micros).collect());
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let cases = [
            ("none", vec![], None),
            ("one", vec![7], Some((7.0, 7.0, 7.0))),
            ("two", vec![9, 1], Some((1.0, 1.0, 9.0))),
            ("a hundred, unsorted", hundred, Some((1.0, 50.0, 95.0))),
        ];
        for (name, micros, expected) in cases {
            let found = figures(&micros).map(|f| (f.min_us.round(), f.p50_us.round(), f.p95_us.round()));
            assert_eq!(found, expected, "case `{name}`");
        }
    }

    #[test]
    fn the_first_is_compared_with_the_others() {
        let timed = |runner: &str, min_us, p50_us| {
            let figures = Figures { min_us, p50_us, p95_us: 0.0, samples: 1 };
            Timed { runner: runner.to_owned(), figures }
        };
        let measured = Measured {
            name: String::new(),
            admitted: true,
            twin_refused: true,
            warm: vec![timed("a", 1.0, 3.0), timed("b", 2.0, 2.0)],
            cold: None,
            live: None,
            cost: Cost::default(),
        };
        assert_eq!(measured.comparisons(), [Comparison { against: "b".to_owned(), min: 0.5, p50: 1.5 }]);
    }
}
