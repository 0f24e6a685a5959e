//! `alwaysPull`: whether nodes ask the registry again before they run an image that they have.
//!
//! It makes a node look at what the tag means now, and at who may pull it. It binds nothing: only a digest makes a node run
//! what was verified.

use crate::decision::{Code, Finding};
use crate::settings::AlwaysPull;
use crate::workload::{Workload, WorkloadImage};

/// What is wrong with the pull policies of an image, or the pointers at which `Always` is to be written.
///
/// What did not change stays as it is, and so do the containers of a pod that is there already, where Kubernetes allows no
/// other policy any more.
pub(super) fn check(
    rule: AlwaysPull,
    may_patch: bool,
    workload: &Workload,
    written: &str,
) -> Result<Vec<String>, Finding> {
    let missing: Vec<&WorkloadImage> = workload
        .images
        .iter()
        .filter(|image| image.image == written && !image.is_always_pulled)
        .filter(|image| !workload.is_unchanged(&image.image, &image.location))
        .filter(|image| workload.may_set_pull_policy(&image.location))
        .collect();
    if rule == AlwaysPull::Mutate && may_patch {
        return Ok(missing.iter().map(|image| image.pull_pointer.clone()).collect());
    }
    match missing.first() {
        None => Ok(Vec::new()),
        Some(image) => Err(Finding::new(Code::PullPolicy, "nodes may run this image without asking the registry")
            .contrast("imagePullPolicy Always", format!("another one at {}", image.pull_pointer))
            .remedy("write `imagePullPolicy: Always` (`pullPolicy` for image volumes)")),
    }
}
