//! How long an admission takes, and what it costs.
//!
//! A [`Question`] is asked once of the real host calls, which [`Recorded`] keeps, and then again and again with these
//! answers at hand, so that the module is measured and not a registry. Every question has an expected verdict, and a
//! twin whose evidence is [`spoiled`] in one bit and must be refused: a fast wrong answer is worth nothing. Each
//! sample starts a fresh instance, as a Kubewarden host does, so no memo survives from one to the next. Samples of
//! everything that is compared are interleaved, because a machine's speed changes from second to second.

mod figures;
mod meter;
mod native;
mod peer;
mod recorded;
mod runner;
mod spoiled;

pub use figures::{Comparison, Figures, Measured, Measurements, Timed};
pub use meter::{Cost, Meter};
pub use native::{Engine, NativeRunner};
pub use peer::PeerRunner;
pub use recorded::Recorded;
pub use runner::{ModuleRunner, Operation, Runner};
pub use spoiled::spoiled;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::HostCalls;
use crate::policy::{Policy, PolicyError};

/// One admission, or one bundle, to measure.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is called in reports.
    pub name: String,
    /// What is asked.
    pub operation: Operation,
    /// And about what: the `AdmissionRequest` with the settings, or the bundle with its artifact and signer.
    pub payload: Value,
    /// Whether it is good enough: the verdict that every sample must give. `None`: whatever the first answer is.
    pub admitted: Option<bool>,
}

/// A question, and who answers what the module asks meanwhile.
pub struct Asked {
    /// The question.
    pub question: Question,
    /// The module on the host whose answers are kept.
    pub policy: Policy,
    /// Makes a host that has fetched nothing yet, for samples with registries as they are.
    pub live: Option<Box<LiveHost>>,
}

/// Makes a host that has fetched nothing yet.
pub type LiveHost = dyn Fn() -> Result<Arc<HostCalls>, String>;

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Samples with the host's answers at hand.
    pub samples: usize,
    /// Samples with a host that has nothing cached, where `latency` is given.
    pub cold_samples: usize,
    /// What one uncached host call takes.
    pub latency: Option<Duration>,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// There is no first answer.
    #[error("`{name}`: {error}")]
    Policy {
        /// The question.
        name: String,
        /// What went wrong.
        error: PolicyError,
    },
    /// One of those that are compared did not answer.
    #[error("`{name}`: {runner}: {reason}")]
    NoAnswer {
        /// The question.
        name: String,
        /// Who was asked.
        runner: String,
        /// What went wrong.
        reason: String,
    },
    /// An answer that is not the expected one.
    #[error("`{name}`: {runner} {}, which is wrong: {message}", if *.admitted { "admits" } else { "refuses" })]
    WrongVerdict {
        /// The question.
        name: String,
        /// Who was asked.
        runner: String,
        /// What was answered.
        admitted: bool,
        /// The answer's own words.
        message: String,
    },
    /// The evidence holds no signature that could be spoiled, so nothing shows that it is looked at.
    #[error("`{name}`: there is no signature in what the host answered, so nothing shows that it is verified")]
    NothingToSpoil {
        /// The question.
        name: String,
    },
}

/// A question with all that is needed to ask it again.
struct Prepared {
    question: Question,
    payload: Vec<u8>,
    recorded: Arc<Recorded>,
    twin: Option<Twin>,
    admitted: bool,
    cost: Cost,
    live: Option<Box<LiveHost>>,
}

/// The same with one bit changed in every signature, wherever the evidence lies: in the host's answers, or in the question.
struct Twin {
    payload: Vec<u8>,
    recorded: Arc<Recorded>,
}

impl Twin {
    fn of(operation: Operation, payload: &[u8], recorded: &Arc<Recorded>) -> Option<Self> {
        match operation {
            Operation::Validate => Some(Self { payload: payload.to_vec(), recorded: Arc::new(recorded.spoiled()?) }),
            Operation::VerifyBundle => {
                let mut question: Value = serde_json::from_slice(payload).ok()?;
                let bundle = question.get_mut("bundle")?;
                *bundle = serde_json::from_slice(&spoiled(bundle.to_string().as_bytes())?).ok()?;
                Some(Self { payload: question.to_string().into_bytes(), recorded: Arc::clone(recorded) })
            }
        }
    }
}

/// Measures every question on every runner. The first runner is what the others are compared with.
///
/// # Errors
/// When a question cannot be asked, or an answer is wrong.
pub fn measure(
    questions: Vec<Asked>,
    runners: &[Box<dyn Runner>],
    meter: &Meter,
    effort: Effort,
    mut progress: impl FnMut(&str),
) -> Result<Measurements, BenchError> {
    let mut prepared = Vec::new();
    for asked in questions {
        progress(&asked.question.name);
        prepared.push(prepare(asked, runners, meter)?);
    }
    let mut instantiation = Vec::with_capacity(effort.samples);
    let mut warm = vec![vec![Vec::with_capacity(effort.samples); runners.len()]; prepared.len()];
    let mut live = vec![Vec::new(); prepared.len()];
    for _ in 0..effort.samples {
        if let Some(runner) = runners.first() {
            let took = runner.get_ready().map_err(|reason| BenchError::NoAnswer {
                name: "an instance".to_owned(),
                runner: runner.name().to_owned(),
                reason,
            })?;
            instantiation.extend(took);
        }
        for ((question, times), live) in prepared.iter().zip(&mut warm).zip(&mut live) {
            for (runner, times) in runners.iter().zip(times) {
                times.push(sample(question, &**runner, question.recorded.host(None))?);
            }
            if let Some(runner) = runners.first() {
                live.extend(live_sample(question, &**runner)?);
            }
        }
    }
    let mut cold = vec![Vec::new(); prepared.len()];
    if let (Some(latency), Some(runner)) = (effort.latency, runners.first()) {
        progress("with a host that has nothing cached");
        for _ in 0..effort.cold_samples {
            for (question, times) in prepared.iter().zip(&mut cold) {
                times.push(sample(question, &**runner, question.recorded.host(Some(latency)))?);
            }
        }
    }
    let measured =
        prepared.into_iter().zip(warm).zip(cold).zip(live).map(|(((question, warm), cold), live)| Measured {
            name: question.question.name,
            admitted: question.admitted,
            twin_refused: question.twin.is_some(),
            warm: runners
                .iter()
                .zip(warm)
                .filter_map(|(runner, times)| {
                    Some(Timed { runner: runner.name().to_owned(), figures: Figures::of(times)? })
                })
                .collect(),
            cold: Figures::of(cold),
            live: Figures::of(live),
            cost: question.cost,
        });
    Ok(Measurements { questions: measured.collect(), instantiation: Figures::of(instantiation) })
}

fn prepare(asked: Asked, runners: &[Box<dyn Runner>], meter: &Meter) -> Result<Prepared, BenchError> {
    let Asked { question, policy, live } = asked;
    let title = question.name.clone();
    let name = || title.clone();
    let no_answer =
        |runner: &str, reason: String| BenchError::NoAnswer { name: name(), runner: runner.to_owned(), reason };
    let payload = serde_json::to_vec(&question.payload).map_err(|error| no_answer("the request", error.to_string()))?;
    let (answer, recorded) = Recorded::capture(&policy, question.operation, &payload)
        .map_err(|error| BenchError::Policy { name: name(), error })?;
    let first = Verdict::read(&answer).map_err(|reason| no_answer("the module", reason))?;
    if question.admitted.is_some_and(|expected| expected != first.admitted) {
        let (admitted, message) = (first.admitted, first.message);
        return Err(BenchError::WrongVerdict { name: name(), runner: "the module".to_owned(), admitted, message });
    }
    let recorded = Arc::new(recorded);
    let twin = match (first.admitted, Twin::of(question.operation, &payload, &recorded)) {
        // What is refused anyway needs no twin.
        (false, _) => None,
        (true, Some(twin)) => Some(twin),
        (true, None) => return Err(BenchError::NothingToSpoil { name: name() }),
    };
    let cost = meter
        .cost(question.operation, &payload, recorded.host(None))
        .map_err(|error| no_answer("the module", error.to_string()))?
        .with_host(&recorded, payload.len());
    let prepared = Prepared { payload, recorded, twin, admitted: first.admitted, cost, live, question };
    if let Some(runner) = runners.first() {
        // Connections and logins are made before anything is timed.
        live_sample(&prepared, &**runner)?;
    }
    for runner in runners {
        sample(&prepared, &**runner, prepared.recorded.host(None))?;
        if let Some(twin) = &prepared.twin {
            let answer = runner
                .run(prepared.question.operation, &twin.payload, twin.recorded.host(None))
                .map_err(|reason| no_answer(runner.name(), reason))?;
            let verdict = Verdict::read(&answer).map_err(|reason| no_answer(runner.name(), reason))?;
            if verdict.admitted {
                let (name, runner) = (prepared.question.name, runner.name().to_owned());
                let message = "the twin has one bit changed in every signature".to_owned();
                return Err(BenchError::WrongVerdict { name, runner, admitted: true, message });
            }
        }
    }
    Ok(prepared)
}

/// One admission on a host that has fetched nothing yet, where there is one.
fn live_sample(question: &Prepared, runner: &dyn Runner) -> Result<Option<Duration>, BenchError> {
    let Some(host) = &question.live else { return Ok(None) };
    let host = host().map_err(|reason| BenchError::NoAnswer {
        name: question.question.name.clone(),
        runner: "the host".to_owned(),
        reason,
    })?;
    sample(question, runner, host).map(Some)
}

/// One admission, timed from the request's bytes to the answer's.
fn sample(question: &Prepared, runner: &dyn Runner, host: Arc<HostCalls>) -> Result<Duration, BenchError> {
    let start = Instant::now();
    let answer = runner.run(question.question.operation, &question.payload, host);
    let elapsed = start.elapsed();
    let own_time = answer.as_deref().ok().and_then(|answer| runner.own_time(answer));
    let (name, runner) = (|| question.question.name.clone(), || runner.name().to_owned());
    let verdict = answer.and_then(|answer| Verdict::read(&answer)).map_err(|reason| BenchError::NoAnswer {
        name: name(),
        runner: runner(),
        reason,
    })?;
    if verdict.admitted != question.admitted {
        let (admitted, message) = (verdict.admitted, verdict.message);
        return Err(BenchError::WrongVerdict { name: name(), runner: runner(), admitted, message });
    }
    Ok(own_time.unwrap_or(elapsed))
}

/// The part of an answer that matters here.
struct Verdict {
    admitted: bool,
    message: String,
}

impl Verdict {
    fn read(answer: &[u8]) -> Result<Self, String> {
        let answer: Value =
            serde_json::from_slice(answer).map_err(|error| format!("the answer is not JSON: {error}"))?;
        // A response has `accepted`, a report about a bundle its outcome.
        let outcome = answer.get("outcome").and_then(Value::as_str).map(|outcome| outcome == "passed");
        let admitted = answer.get("accepted").and_then(Value::as_bool).or(outcome);
        let admitted = admitted.ok_or_else(|| "the answer says neither".to_owned())?;
        let message = answer.get("message").or_else(|| answer.pointer("/finding/message"));
        let message = message.and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { admitted, message })
    }
}
