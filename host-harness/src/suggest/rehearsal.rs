//! A draft, run over what it was drafted for, as a cluster would: the policy that pins, and then its twin over what came of it.

use std::sync::Arc;

use serde_json::Value;

use crate::manifests::Manifest;
use crate::policy::{Explained, Policy, PolicyError};
use crate::scan::{self, report::ScanReport};
use crate::workers::Options;

/// The settings of both policies.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Those of the policy that pins.
    pub pinning: Value,
    /// Those of its twin, which changes nothing.
    pub verifying: Value,
}

impl Rehearsal {
    /// What becomes of each of the objects. `progress` is told each time one is answered.
    pub fn over(&self, asked: Vec<Manifest>, policy: Policy, options: Options, progress: &dyn Fn()) -> ScanReport {
        let both = self.clone();
        scan::scan(asked, Arc::new(move |request: &Value| both.answer(&policy, request)), options, progress)
    }

    /// The first answer, unless it is the twin that refuses.
    fn answer(&self, policy: &Policy, request: &Value) -> Result<Explained, PolicyError> {
        let first = policy.explain(request, &self.pinning)?;
        if !first.admits() {
            return Ok(first);
        }
        let mut mutated = request.clone();
        if let (Some(object), Some(request)) = (&first.response.mutated_object, mutated.as_object_mut()) {
            request.insert("object".to_owned(), object.clone());
        }
        let second = policy.explain(&mutated, &self.verifying)?;
        Ok(if second.admits() { first } else { second })
    }
}
