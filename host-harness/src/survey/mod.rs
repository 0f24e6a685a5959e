//! What an image has: signatures and attestations from every place, each verified if anything given can verify it.
//!
//! Nothing is decided here. What a certificate says is shown as the claim that it is, and beside it whether it holds, under
//! which trust root or with which key. What could not be looked into is [`Holding::error`], and never "unsigned".

mod holding;
mod provenance;
mod report;
mod surveyor;

use sigwarden_core::verify::{KeyError, TrustError};

pub use holding::{Children, Holding, Seen, Signer, Standing};
pub use provenance::Provenance;
pub use report::{SurveyEntry, SurveyReport, survey};
pub use surveyor::Surveyor;

/// Why a survey cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// A trust root cannot be used.
    #[error("the trust root cannot be used: {0}")]
    Trust(#[from] TrustError),
    /// A key cannot be used.
    #[error("the key `{name}` cannot be used: {reason}")]
    Key {
        /// Under which name it was given.
        name: String,
        /// Why not.
        reason: KeyError,
    },
}
