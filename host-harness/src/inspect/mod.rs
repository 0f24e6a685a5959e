//! Inspecting: what evidence says of itself, in words, and nothing about whether it is true.
//!
//! [`file`](inspect_file) takes bytes of whatever form signing tools leave behind ([`Form`]), [`image`](inspect_image) everything
//! that lies beside an image. Both read with the parsers of `sigwarden-core`, so that what is shown here is what the policy
//! would see. Nothing is verified: every name, time and digest is a claim, and [`Inspection::verified`] says so to programs.
//!
//! Input is untrusted and may be anything. It is bounded before it is parsed ([`MAX_BYTES`]), and what cannot be read is an
//! [`InspectError`] or stands among [`Inspection::unreadable`].

mod certificate;
mod file;
mod form;
mod image;
mod piece;
mod statement;
#[cfg(test)]
mod tests;
mod timestamp;
mod trusted_root;

use serde::Serialize;
use sigwarden_core::evidence::published;

use crate::publish::Dropped;
use crate::sources::SourceError;

pub use certificate::Certificate;
pub use file::inspect_file;
pub use form::Form;
pub use image::inspect_image;
pub use piece::{KnownLogs, LogEntry, Piece, Signer, Timestamp};
pub use statement::{Statement, Subject};
pub use trusted_root::{Authority, TrustedRoot};

/// Longest file that is read: as much as published evidence may have, which holds all the rest.
pub const MAX_BYTES: usize = published::MAX_BYTES;
/// Documents of one file, and layers of one manifest, that are read. `gh attestation download` writes thirty at most.
const MAX_PIECES: usize = 1000;

/// What programs and people are told with everything that is shown.
pub const NOTE: &str =
    "inspecting is not verifying: this is what the evidence says of itself, and nobody has checked it";

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The file or image.
    pub inspected: String,
    /// The digest that an image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Always `false`.
    pub verified: bool,
    /// That, in words.
    pub note: &'static str,
    /// The command line that verifies, with capitals where somebody has to fill in what is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_with: Option<String>,
    /// What could be read.
    pub evidence: Vec<Piece>,
    /// What stands in the place of evidence, and cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Dropped>,
    /// Where an image was looked into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looked: Vec<String>,
}

impl Inspection {
    const fn new(inspected: String) -> Self {
        Self {
            inspected,
            digest: None,
            verified: false,
            note: NOTE,
            verify_with: None,
            evidence: Vec::new(),
            unreadable: Vec::new(),
            looked: Vec::new(),
        }
    }
}

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// No bytes.
    #[error("it is empty")]
    Empty,
    /// Too many bytes.
    #[error("it has more than the {MAX_BYTES} bytes that are read")]
    TooLarge,
    /// Nothing of what is known here.
    #[error(
        "it is nothing that can be inspected ({found}): known are Sigstore bundles, cosign's manifests and layers, published evidence, \
         DSSE envelopes, in-toto statements, provenance, certificates, public keys and trusted_root.json"
    )]
    Unknown {
        /// What it looks like.
        found: String,
    },
    /// A key that should not be shown to anybody.
    #[error("it is a private key, which says nothing that may be shown: inspect its public key")]
    PrivateKey,
    /// Known, and broken.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A registry or layout did not say.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is no such image.
    #[error("there is no image `{0}`")]
    NoImage(String),
}
