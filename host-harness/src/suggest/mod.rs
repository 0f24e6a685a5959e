//! What a policy would have to say so that it admits what was seen, and as little else as the evidence allows.

mod draft;
mod identity;
mod pair;
mod provenance;
mod rehearsal;
mod terms;
mod unpublished;

pub use draft::{Options, SuggestError, others, settings};
pub use identity::{Identity, IdentityPattern, SubjectPattern, generalise};
pub use pair::pair;
pub use provenance::unproven;
pub use rehearsal::Rehearsal;
pub(crate) use terms::PUBLIC_LOG;
pub use unpublished::unpublished;
