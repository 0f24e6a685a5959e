//! A scan: what would the cluster answer to each of these objects?
//!
//! Every object is asked about by itself, as the request to create it, because settings may treat namespaces and users
//! differently; what comes back is put together by image ([`report`]). Evidence is fetched once, however many objects need
//! it: the [`Registries`](crate::sources::Registries) remember it, and whoever asks meanwhile waits for the same answer.
//!
//! Nothing that was not asked counts as admitted: what the deadline cuts off is undecided.

pub mod report;

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::manifests::Manifest;
use crate::policy::{Explained, PolicyError};
use report::ScanReport;

/// Workers. They wait for registries most of the time, and registries count requests.
pub const MAX_JOBS: usize = 64;
/// Stack of a worker: that of the main thread, on which the module runs elsewhere.
const STACK_BYTES: usize = 8 << 20;

/// Answers a request as the policy does.
pub type Ask = dyn Fn(&Value) -> Result<Explained, PolicyError> + Send + Sync;

/// How to go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many objects are asked about at a time.
    pub jobs: usize,
    /// When to give up. What is unanswered by then is undecided.
    pub deadline: Option<Duration>,
}

/// Why there is no answer about an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The module gave none.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The time was over.
    #[error("not reached within {} s: give --deadline more", .0.as_secs_f64())]
    Deadline(Duration),
    /// The system gave no thread, or took it away.
    #[error("nobody was left to ask about it: {0}")]
    NoWorker(String),
}

/// What became of one object.
pub type Answer = Result<Explained, ScanError>;

/// Asks about every object. `progress` is told each time one is answered.
pub fn scan(manifests: Vec<Manifest>, ask: Arc<Ask>, options: Options, progress: &dyn Fn()) -> ScanReport {
    let start = Instant::now();
    let manifests = Arc::new(manifests);
    let queue = Arc::new(Mutex::new(order(&manifests)));
    let (sender, receiver) = channel::<(usize, Result<Explained, PolicyError>)>();
    let mut failure = "the thread has stopped".to_owned();
    for number in 0..options.jobs.clamp(1, MAX_JOBS).min(manifests.len()) {
        let (manifests, queue, ask, sender) =
            (Arc::clone(&manifests), Arc::clone(&queue), Arc::clone(&ask), sender.clone());
        let work = move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some((index, manifest)) = next.and_then(|index| Some((index, manifests.get(index)?))) else {
                    return;
                };
                // Nobody listens any more once the deadline is over.
                if sender.send((index, ask(&manifest.request))).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("scan {number}")).stack_size(STACK_BYTES).spawn(work);
        if let Err(error) = thread {
            failure = error.to_string();
        }
    }
    drop(sender);

    let mut answers: Vec<Option<Answer>> = Vec::new();
    answers.resize_with(manifests.len(), || None);
    let mut is_late = false;
    for _ in 0..manifests.len() {
        let received = match options.deadline {
            Some(deadline) => receiver.recv_timeout(deadline.saturating_sub(start.elapsed())),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok((index, answer)) => {
                if let Some(slot) = answers.get_mut(index) {
                    *slot = Some(answer.map_err(ScanError::Policy));
                }
                progress();
            }
            Err(reason) => {
                is_late = reason == RecvTimeoutError::Timeout;
                break;
            }
        }
    }
    let missing = || match options.deadline.filter(|_| is_late) {
        Some(deadline) => ScanError::Deadline(deadline),
        None => ScanError::NoWorker(failure.clone()),
    };
    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(missing())));
    ScanReport::of(manifests.iter().zip(answers))
}

/// Objects that name an image for the first time come first: the others have then nothing to wait for.
fn order(manifests: &[Manifest]) -> VecDeque<usize> {
    let mut seen = BTreeSet::new();
    let mut later = Vec::new();
    let mut order = VecDeque::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let fresh = manifest.images.iter().filter(|image| seen.insert(image.as_str())).count();
        if fresh > 0 { order.push_back(index) } else { later.push(index) }
    }
    order.extend(later);
    order
}

#[cfg(test)]
mod tests;
