//! The decision in the forms in which people and programs read it.
//!
//! Renderers take the module's [`Explanation`](sigwarden_core::decision::Explanation) and add nothing to it: no fact
//! is computed here, so every form says the same.

pub mod conversion;
pub mod html;
pub mod inspect;
pub mod json;
mod page;
mod prose;
pub mod publish;
pub mod report;
mod sarif;
pub mod scan;
pub mod survey;
pub mod text;
mod told;

pub(crate) use page::{Place, bound_for, line, visible};
pub use page::{fit_terminals, remark};
pub(crate) use prose::codes;
pub use prose::prose;
