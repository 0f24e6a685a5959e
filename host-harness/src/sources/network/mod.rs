//! What asking over the network takes, whether a registry or a transparency log: limits, retries, a deadline, and
//! errors that say who did not answer, and how.

mod err;
mod patience;
mod waiting;
mod web;

pub use err::NetworkError;
pub(super) use err::{excerpt, root_cause};
pub(super) use patience::{Patience, Trouble};
pub(super) use waiting::Worker;
pub(super) use web::{Web, is_loopback, is_passing, read_body, retry_after};
