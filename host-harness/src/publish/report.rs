//! What publishing found and did, for people and programs.

use serde::Serialize;

/// The end of it for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Written.
    Published,
    /// Everything was there already.
    Unchanged,
    /// `--dry-run`: it would have been written.
    WouldPublish,
    /// There is no evidence about this image.
    NoEvidence,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Where it lies.
    pub source: String,
    /// `signature`, or the predicate type of an attestation.
    pub kind: String,
    /// Whether it was not published before.
    pub new: bool,
}

/// Something in the place of evidence that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// Where it lies.
    pub source: String,
    /// Why nobody could use it.
    pub reason: String,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The reference as given.
    pub image: String,
    /// What it names.
    pub digest: String,
    /// The end of it.
    pub outcome: Outcome,
    /// Repository and tag of the artifact.
    pub place: String,
    /// Digest of the artifact's manifest, if there is anything to publish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Pieces in the artifact.
    pub elements: usize,
    /// Its size in bytes.
    pub bytes: usize,
    /// What lies beside the image.
    pub found: Vec<Found>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// Images of an index, whose own evidence this is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<usize>,
}
