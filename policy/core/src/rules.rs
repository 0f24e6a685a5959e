//! Which block concerns which image, and what the block says of it.
//!
//! Every block that matches must pass. A block checks its attestor sets, then its attestation rules, then what it denies, all of them: a
//! person who mends one thing wants to know of the next. What it asks of digests is checked by `admission`, which knows
//! what will be pinned.

use crate::attestations;
use crate::attestors;
use crate::decision::{BlockReport, Finding, Outcome};
use crate::examiner::{Examiner, Search, Target, outcome};
use crate::reference::ImageRef;
use crate::settings::{Block, FailureAction, Settings};

/// How a block concerns an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// It must be satisfied.
    Matches,
    /// It would, but `skipImageReferences` takes the image out.
    Skips,
}

/// The blocks that concern an image. `mirrored` is the name by which it is pulled, if that is another.
///
/// `imageReferences` match widely (any honest spelling of the image), `skipImageReferences` only where Kyverno's own
/// narrow reading does too: a skip must never take out more than its author saw it take out. An image from a mirror is matched
/// by either name, and skipped by its name at home only.
pub fn concerning<'s>(
    settings: &'s Settings,
    image: &ImageRef,
    mirrored: Option<&ImageRef>,
) -> Vec<(&'s Block, Concern)> {
    let names = || [Some(image), mirrored].into_iter().flatten();
    let matches =
        |block: &&Block| block.image_references.iter().any(|pattern| names().any(|name| pattern.matches(name)));
    let skips =
        |block: &Block| block.skip_image_references.iter().any(|p| p.matches(image) && p.matches_narrowly(image));
    settings
        .verify_images
        .iter()
        .filter(matches)
        .map(|block| (block, if skips(block) { Concern::Skips } else { Concern::Matches }))
        .collect()
}

/// Whether the block asks anything about the image that a digest names, or only for digests.
#[must_use]
pub fn verifies(block: &Block) -> bool {
    !(block.attestors.is_empty() && block.attestations.is_empty()) || block.denial.is_some()
}

/// Checks everything that `block` asks of the signatures and attestations of an image.
pub fn check(examiner: &Examiner<'_>, target: Target<'_>, block: &Block) -> BlockReport {
    let mut search = Search::default();
    let mut checks: Vec<_> =
        block.attestors.iter().map(|set| attestors::check_set(examiner, target, set, &mut search)).collect();
    checks.extend(
        block
            .attestations
            .iter()
            .map(|rule| attestations::check_rule(examiner, target, rule, &block.attestors, &mut search)),
    );
    checks.extend(attestations::check_denial(examiner, target, block, &mut search));
    let outcome = Outcome::worst(checks.iter().map(|check| check.outcome));
    BlockReport { path: block.path.clone(), outcome, findings: Vec::new(), checks, looked: search.looked }
}

/// A report of a block that failed before its checks, or that has none.
#[must_use]
pub fn report(block: &Block, findings: Vec<Finding>) -> BlockReport {
    BlockReport {
        path: block.path.clone(),
        outcome: Outcome::worst(findings.iter().map(outcome)),
        findings,
        checks: Vec::new(),
        looked: Vec::new(),
    }
}

/// Takes a block's `failureAction` into account: what Audit would refuse is a warning.
pub fn apply_failure_action(action: FailureAction, report: &mut BlockReport) {
    if action == FailureAction::Audit && report.outcome.refuses() {
        report.outcome = Outcome::Audited;
    }
}
