//! Publishing: everything that is known about an image, put where a stock Kubewarden can hand it to a policy.
//!
//! [`collect()`] gathers what signing tools left beside the image, in every format, and [`collect_all`] also what was published. [`Publisher`] adds it to what is published already
//! and writes the one artifact of `docs/evidence.md`. Nothing is verified: evidence verifies itself, and what a rule of
//! today refuses, one of tomorrow may want. Left out is only what nobody could ever use: what does not parse, and what is
//! about another image.

mod collect;
mod publisher;
mod report;

use sigwarden_core::evidence::published::PublishedError;

use crate::sources::{LayoutWriteError, NetworkError, SourceError};

pub use collect::{Collected, Readable, collect, collect_all};
pub use publisher::{Destination, Mode, Publisher};
pub use report::{Dropped, Found, Outcome, Report};

/// Why nothing was published. What lies in the registry is as it was, unless [`Self::Push`] says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// It could not be found out what there is; a part of it would look like all of it.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is no such image.
    #[error("there is no image `{image}`")]
    NoImage {
        /// The reference.
        image: String,
    },
    /// Something else lies where the evidence should go, and is not overwritten.
    #[error("`{place}` cannot be added to: {reason}; delete this tag if nobody needs it")]
    Occupied {
        /// Repository and tag.
        place: String,
        /// What is wrong with what lies there.
        reason: String,
    },
    /// There is more than any reader takes.
    #[error("the evidence cannot be published: {0}")]
    Unwritable(#[from] PublishedError),
    /// The registry does not take it.
    #[error(
        "{error}; where tags cannot be written twice, delete `{tag}` first, or publish elsewhere (--to REPOSITORY, and \
         `evidence.repository` in the settings)"
    )]
    Push {
        /// What the registry said.
        error: Box<NetworkError>,
        /// The tag.
        tag: String,
    },
    /// The layout cannot be written.
    #[error(transparent)]
    Layout(#[from] LayoutWriteError),
}
