//! What a scan found: by image, worst first, and what concerns whole objects.
//!
//! The one model that every form renders, and `-o json` as it stands. An image that fares differently in different objects has
//! an entry for each way.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sigwarden_core::decision::{CheckReport, Finding, ImageReport, Outcome};

use super::Answer;
use crate::manifests::{Manifest, NotCovered, Object};

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// How many of what.
    pub totals: Totals,
    /// Objects that are refused as a whole, or about which there is no answer.
    pub objects: Vec<ObjectEntry>,
    /// Images, worst first.
    pub images: Vec<ImageEntry>,
    /// Objects that run images, and that the policy is not asked about.
    pub not_covered: Vec<NotCovered>,
    /// What the policy warns of.
    pub warnings: Vec<String>,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Objects that were asked about.
    pub objects: usize,
    /// Of them: admitted.
    pub admitted: usize,
    /// Refused.
    pub refused: usize,
    /// Refused, because nobody could find out; or not reached.
    pub undecided: usize,
    /// Distinct images in them.
    pub images: usize,
    /// Objects without images.
    pub others: usize,
}

/// An object that is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectEntry {
    /// Which.
    #[serde(flatten)]
    pub object: Object,
    /// How it ended.
    pub outcome: Outcome,
    /// What the policy says of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An image, as it fares in the objects that name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageEntry {
    /// Where it is named.
    pub uses: Vec<Use>,
    /// Whether no block matches it, so that nothing was verified.
    pub unmatched: bool,
    /// What the policy says of it. Its locations are in `uses`.
    pub report: ImageReport,
}

/// One place that names an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// The list and index: `initContainers[0]`.
    pub field: String,
    /// Name of the container or volume.
    pub container: String,
}

impl ScanReport {
    /// Puts answers together.
    pub(crate) fn of<'m>(answers: impl Iterator<Item = (&'m Manifest, Answer)>) -> Self {
        let mut scan = Self::default();
        let mut by_image: BTreeMap<String, Vec<ImageEntry>> = BTreeMap::new();
        let mut warnings = BTreeSet::new();
        for (manifest, answer) in answers {
            scan.totals.objects = scan.totals.objects.saturating_add(1);
            let entry =
                |outcome, findings, error| ObjectEntry { object: manifest.object.clone(), outcome, findings, error };
            let explained = match answer {
                Ok(explained) => explained,
                Err(error) => {
                    scan.totals.undecided = scan.totals.undecided.saturating_add(1);
                    scan.objects.push(entry(Outcome::Undecided, Vec::new(), Some(error.to_string())));
                    continue;
                }
            };
            let count = match (explained.admits(), explained.undecided()) {
                (true, _) => &mut scan.totals.admitted,
                (false, true) => &mut scan.totals.undecided,
                (false, false) => &mut scan.totals.refused,
            };
            *count = count.saturating_add(1);
            let explanation = &explained.explanation;
            let says_why = explanation.images.iter().any(|image| image.outcome.refuses());
            if !explained.admits() && (!says_why || !explanation.problems.is_empty()) {
                let error = explained.response.message.clone().filter(|_| explanation.problems.is_empty());
                scan.objects.push(entry(explanation.outcome, explanation.problems.clone(), error));
            }
            warnings.extend(explanation.warnings.iter().cloned());
            for mut report in explained.explanation.images {
                let uses = std::mem::take(&mut report.locations).into_iter().map(|location| Use {
                    object: manifest.object.clone(),
                    field: location.field,
                    container: location.name,
                });
                let entries = by_image.entry(report.image.clone()).or_default();
                match entries.iter_mut().find(|entry| entry.report == report) {
                    Some(entry) => entry.uses.extend(uses),
                    None => {
                        let unmatched =
                            report.blocks.is_empty() && report.outcome == Outcome::Passed && report.excepted.is_none();
                        entries.push(ImageEntry { uses: uses.collect(), unmatched, report });
                    }
                }
            }
        }
        scan.totals.images = by_image.len();
        scan.images = by_image.into_values().flatten().collect();
        // What is refused before what nobody could find out: the first is a fact. Then what most objects need.
        scan.images.sort_by_key(|entry| (entry.rank(), std::cmp::Reverse(entry.uses.len())));
        scan.warnings = warnings.into_iter().collect();
        scan
    }

    /// The worst of everything, but for what is not covered.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.totals {
            Totals { undecided: 1.., .. } => Outcome::Undecided,
            Totals { refused: 1.., .. } => Outcome::Failed,
            Totals { .. } => Outcome::Passed,
        }
    }
}

impl ImageEntry {
    const fn rank(&self) -> u8 {
        match self.report.outcome {
            Outcome::Failed => 0,
            Outcome::Undecided => 1,
            Outcome::Audited => 2,
            Outcome::Skipped | Outcome::Passed if self.unmatched => 3,
            Outcome::Skipped | Outcome::Passed => 4,
        }
    }

    /// The verdict in a word.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self.report.outcome {
            Outcome::Failed => "refused",
            Outcome::Undecided => "undecided",
            Outcome::Audited => "audited",
            Outcome::Passed | Outcome::Skipped if self.unmatched => "no rule",
            Outcome::Passed | Outcome::Skipped if self.report.excepted.is_some() => "excepted",
            Outcome::Passed | Outcome::Skipped => "admitted",
        }
    }

    /// Why it is refused: what settled each block and check that stands in the way.
    #[must_use]
    pub fn reasons(&self) -> Vec<&Finding> {
        let mut found: Vec<&Finding> = Vec::new();
        if self.report.outcome.refuses() {
            found.extend(&self.report.findings);
        }
        for block in self.report.blocks.iter().filter(|block| block.outcome.refuses()) {
            found.extend(&block.findings);
            block.checks.iter().for_each(|check| reasons_of(check, &mut found));
        }
        found
    }

    /// How many objects name it.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.uses.iter().map(|place| &place.object).collect::<BTreeSet<_>>().len()
    }
}

// Depth is that of the settings, which have a limit.
fn reasons_of<'f>(check: &'f CheckReport, found: &mut Vec<&'f Finding>) {
    if check.outcome.refuses() {
        found.extend(&check.finding);
        check.parts.iter().for_each(|part| reasons_of(part, found));
    }
}
