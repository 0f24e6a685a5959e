//! A scan: what would the cluster answer to each of these objects?
//!
//! Every object is asked about by itself, as the request to create it, because settings may treat namespaces and users
//! differently; what comes back is put together by image ([`report`]). Evidence is fetched once, however many objects need
//! it: the [`Registries`](crate::sources::Registries) remember it, and whoever asks meanwhile waits for the same answer.
//!
//! Nothing that was not asked counts as admitted: what the deadline cuts off is undecided.

pub mod report;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::manifests::Manifest;
use crate::policy::{Explained, PolicyError};
use crate::workers::{self, Options, Unanswered};
use report::ScanReport;

/// Answers a request as the policy does.
pub type Ask = dyn Fn(&Value) -> Result<Explained, PolicyError> + Send + Sync;

/// Why there is no answer about an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The module gave none.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// It was not asked.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// What became of one object.
pub type Answer = Result<Explained, ScanError>;

/// Asks about every object. `progress` is told each time one is answered.
pub fn scan(manifests: Vec<Manifest>, ask: Arc<Ask>, options: Options, progress: &dyn Fn()) -> ScanReport {
    let manifests = Arc::new(manifests);
    let answer = Arc::new(move |manifest: &Manifest| ask(&manifest.request));
    let answers = workers::answers(&manifests, order(&manifests), &answer, options, progress);
    let answers = answers.into_iter().map(|answer| Ok(answer??));
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
