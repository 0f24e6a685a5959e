//! A host's answers, kept to be given again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Operation, spoiled};
use crate::engine::HostCalls;
use crate::policy::{Policy, PolicyError};

type Call = (String, String, String, Vec<u8>);
type Answers = BTreeMap<Call, Result<Vec<u8>, String>>;

/// What a host answered in the course of one admission.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    answers: Answers,
    /// How often what was asked, by the operation's name.
    calls: BTreeMap<String, usize>,
}

impl Recorded {
    /// Asks `policy` once, and keeps what its host answered.
    ///
    /// # Errors
    /// When the module gives no answer.
    pub fn capture(policy: &Policy, operation: Operation, payload: &[u8]) -> Result<(Vec<u8>, Self), PolicyError> {
        let kept = Arc::new(Mutex::new(Self::default()));
        let (real, keeper) = (policy.host_calls(), Arc::clone(&kept));
        let host = Arc::new(move |binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            let answer = real(binding, namespace, operation, payload);
            let call = (binding.to_owned(), namespace.to_owned(), operation.to_owned(), payload.to_vec());
            let mut kept = keeper.lock().unwrap_or_else(PoisonError::into_inner);
            let calls = kept.calls.entry(operation.to_owned()).or_default();
            *calls = calls.saturating_add(1);
            kept.answers.insert(call, answer.clone());
            answer
        });
        let answer = policy.module().call(operation.name(), payload, host)?;
        let recorded = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok((answer, recorded))
    }

    /// A host that gives these answers, and an error to any other question. With `latency`, each question takes that long
    /// when it is put to this host for the first time: a host with an empty cache.
    #[must_use]
    pub fn host(self: &Arc<Self>, latency: Option<Duration>) -> Arc<HostCalls> {
        let recorded = Arc::clone(self);
        let asked: Mutex<BTreeSet<Call>> = Mutex::default();
        Arc::new(move |binding, namespace, operation, payload| {
            let call = (binding.to_owned(), namespace.to_owned(), operation.to_owned(), payload.to_vec());
            let answer = recorded.answers.get(&call).cloned();
            if let Some(latency) = latency
                && asked.lock().unwrap_or_else(PoisonError::into_inner).insert(call)
            {
                std::thread::sleep(latency);
            }
            answer.unwrap_or_else(|| Err("this call was not made when the answers were recorded".to_owned()))
        })
    }

    /// The same answers with one bit changed in every signature; `None` where they hold none.
    #[must_use]
    pub fn spoiled(&self) -> Option<Self> {
        let mut twin = self.clone();
        let mut found = false;
        for answer in twin.answers.values_mut().flatten() {
            if let Some(changed) = spoiled(answer) {
                *answer = changed;
                found = true;
            }
        }
        found.then_some(twin)
    }

    /// How often the host was asked, by the operation's name.
    #[must_use]
    pub const fn calls(&self) -> &BTreeMap<String, usize> {
        &self.calls
    }

    /// Bytes of the answers.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.answers.values().flatten().map(Vec::len).sum()
    }
}
