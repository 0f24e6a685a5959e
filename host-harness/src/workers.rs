//! Many questions at a time, to registries that take their time.
//!
//! Nothing that was not answered counts as answered: what the deadline cuts off is [`Unanswered`].

use std::collections::VecDeque;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Workers. They wait for registries most of the time, and registries count requests.
pub const MAX_JOBS: usize = 64;
/// Stack of a worker: that of the main thread, on which the module runs elsewhere.
const STACK_BYTES: usize = 8 << 20;

/// How to go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many questions at a time.
    pub jobs: usize,
    /// When to give up.
    pub deadline: Option<Duration>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// The time was over.
    #[error("not reached within {} s: give --deadline more", .0.as_secs_f64())]
    Deadline(Duration),
    /// The system gave no thread, or took it away.
    #[error("nobody was left to ask about it: {0}")]
    NoWorker(String),
}

/// Asks `ask` about each of `items`, in this `order` of their indexes, and answers in the order of the items. `progress` is told
/// each time one is answered.
pub fn answers<T, A>(
    items: &Arc<Vec<T>>,
    order: VecDeque<usize>,
    ask: &Arc<impl Fn(&T) -> A + Send + Sync + ?Sized + 'static>,
    options: Options,
    progress: &dyn Fn(),
) -> Vec<Result<A, Unanswered>>
where
    T: Send + Sync + 'static,
    A: Send + 'static,
{
    let start = Instant::now();
    let queue = Arc::new(Mutex::new(order));
    let (sender, receiver) = channel::<(usize, A)>();
    let mut failure = "the thread has stopped".to_owned();
    for number in 0..options.jobs.clamp(1, MAX_JOBS).min(items.len()) {
        let (items, queue, ask, sender) = (Arc::clone(items), Arc::clone(&queue), Arc::clone(ask), sender.clone());
        let work = move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some((index, item)) = next.and_then(|index| Some((index, items.get(index)?))) else {
                    return;
                };
                // Nobody listens any more once the deadline is over.
                if sender.send((index, ask(item))).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("worker {number}")).stack_size(STACK_BYTES).spawn(work);
        if let Err(error) = thread {
            failure = error.to_string();
        }
    }
    drop(sender);

    let mut answers: Vec<Option<A>> = Vec::new();
    answers.resize_with(items.len(), || None);
    let mut is_late = false;
    for _ in 0..items.len() {
        let received = match options.deadline {
            Some(deadline) => receiver.recv_timeout(deadline.saturating_sub(start.elapsed())),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok((index, answer)) => {
                if let Some(slot) = answers.get_mut(index) {
                    *slot = Some(answer);
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
        Some(deadline) => Unanswered::Deadline(deadline),
        None => Unanswered::NoWorker(failure.clone()),
    };
    answers.into_iter().map(|answer| answer.ok_or_else(missing)).collect()
}
