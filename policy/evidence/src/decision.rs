//! What was decided, and why: one tree for the cluster, the terminal, JSON and the tests.
//!
//! [`Explanation`] is request → image → block → check (attestor or attestation) → each piece of evidence
//! looked at → the [`Finding`] that settled it. The rest of the crate fills it; only shells render it.
//! Nothing here verifies anything, and nothing here has an opinion: [`Outcome::worst`] is the one rule.
//!
//! The JSON form (camelCase, absent fields left out) is what `sigwarden … -o json` prints and what the
//! guest operation `sigwarden_explain` returns.

mod code;
mod parting;

pub use code::Code;
pub use parting::{from_parting, parting};

use serde::{Deserialize, Serialize};

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It was not asked: another branch settled the matter, or the block skips this image.
    Skipped,
    /// It does not hold, but the block only audits: reported as a warning.
    Audited,
    /// It does not hold.
    Failed,
    /// It could not be answered: the evidence could not be fetched, a limit was reached. Refused like `Failed`.
    Undecided,
}

impl Outcome {
    /// The outcome of a whole of which every part must hold.
    #[must_use]
    pub fn worst(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or(Self::Passed)
    }

    /// Whether this outcome stands in the way of admission.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Failed | Self::Undecided)
    }
}

/// The answer to one admission request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `Passed` admits. Everything that [`Outcome::refuses`] does not.
    pub outcome: Outcome,
    /// Object the request is about: kind, namespace and name, as far as known, for example `Pod default/web`.
    pub subject: String,
    /// What is wrong with the request or the settings as a whole. Non-empty means that no image was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Finding>,
    /// One report for each distinct image reference, in the order in which the object names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageReport>,
    /// Texts for the `warnings` of the admission response.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Explanation {
    /// Every finding of the tree, from the top down: of the whole, then image by image.
    #[must_use]
    pub fn findings(&self) -> Vec<&Finding> {
        let mut found: Vec<&Finding> = self.problems.iter().collect();
        for image in &self.images {
            found.extend(&image.findings);
            for block in &image.blocks {
                found.extend(&block.findings);
                block.checks.iter().for_each(|check| check.collect(&mut found));
            }
        }
        found
    }
}

/// One distinct image of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// The image string as written in the object.
    pub image: String,
    /// Where it stands.
    pub locations: Vec<Location>,
    /// The digest it was resolved to (`sha256:<64 hex digits>`), if any block needed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The string written into the object instead, if the image is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The exception that admits it: to which day, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted: Option<String>,
    /// The worst of the blocks, or of `findings`.
    pub outcome: Outcome,
    /// What is wrong with the image before any block is asked, for example a reference that does not parse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The blocks that match the image. Empty: no block does, and `unmatchedImages` decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<BlockReport>,
}

/// One place in the object that names the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// RFC 6901 pointer of the string, for example `/spec/initContainers/0/image`.
    pub pointer: String,
    /// The list and index as people write it, for example `initContainers[0]`.
    pub field: String,
    /// Name of the container or volume.
    pub name: String,
}

/// What one `verifyImages` block said of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockReport {
    /// Path of the block in the settings, for example `verifyImages[0]`.
    pub path: String,
    /// The worst of `findings` and `checks`; `Audited` where the block's `failureAction` is Audit.
    pub outcome: Outcome,
    /// What failed outside the checks, for example a digest that cannot be resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Attestor sets and attestations, in the order of the settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckReport>,
    /// Where evidence was looked for, and what was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked: Vec<Looked>,
}

/// What a check asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckKind {
    /// An attestor set: so many of its entries.
    AttestorSet,
    /// One entry of an attestor set.
    Attestor,
    /// An attestation of one predicate type.
    Attestation,
    /// A condition on a predicate.
    Condition,
}

/// One question of a block, with its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// What kind of question.
    pub kind: CheckKind,
    /// Path in the settings, for example `verifyImages[0].attestors[0].entries[1]`.
    pub path: String,
    /// The question in words, for example ``keyless `https://github.com/myorg/*` ``.
    pub label: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Questions this one is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<CheckReport>,
    /// The evidence that was looked at for this very question: the first hundred pieces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateReport>,
    /// How many more there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_candidates: usize,
}

/// Pieces of evidence that a report describes. A person reads a few; a registry full of junk must not fill the memory.
const MAX_REPORTED: usize = 100;

const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl CheckReport {
    // Depth is that of the settings, which have a limit.
    fn collect<'f>(&'f self, found: &mut Vec<&'f Finding>) {
        found.extend(&self.finding);
        self.parts.iter().for_each(|part| part.collect(found));
        found.extend(self.candidates.iter().filter_map(|candidate| candidate.finding.as_ref()));
    }

    /// Leaves out what is beyond the first hundred candidates, and counts it. What passed stays.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        let all = self.candidates.len();
        let passed = self.candidates.iter().skip(MAX_REPORTED).filter(|c| c.outcome == Outcome::Passed).cloned();
        let passed: Vec<_> = passed.take(MAX_REPORTED).collect();
        self.candidates.truncate(MAX_REPORTED);
        self.candidates.extend(passed);
        self.more_candidates = all.saturating_sub(self.candidates.len());
        self
    }
}

/// One signature or attestation, as one check saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateReport {
    /// Where it was found, for example `cosign tag sha256-….sig, layer 0`.
    pub source: String,
    /// Predicate type of an attestation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Who signed, as the certificate or key says. A claim unless `outcome` is `Passed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// How this candidate ended for this check.
    pub outcome: Outcome,
    /// Why, where it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

/// Where evidence was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Looked {
    /// The carrier, for example `cosign tag sha256-ab12….sig`.
    pub carrier: String,
    /// What was there.
    pub result: LookedResult,
}

/// What was found in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "detail")]
pub enum LookedResult {
    /// So many signatures and attestations.
    Found(usize),
    /// The registry was asked, and has nothing there.
    Absent,
    /// This host has no call for it, or the settings do not list it.
    Unsupported(String),
    /// The host would not or could not say. Never the same as `Absent`.
    Unreachable(String),
}

/// A fact that decided something, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable code.
    pub code: Code,
    /// One line, lower case, no period, user input in backticks.
    pub message: String,
    /// What the rule asks for, where `found` stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// What was found instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What a person can do, in one or more lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// A finding with a code and a headline.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), wanted: None, found: None, remedy: None }
    }

    /// Adds what was wanted and what was found.
    #[must_use]
    pub fn contrast(mut self, wanted: impl Into<String>, found: impl Into<String>) -> Self {
        self.wanted = Some(wanted.into());
        self.found = Some(found.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
