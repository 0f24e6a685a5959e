//! The decision in the forms in which people and programs read it.
//!
//! Renderers take the module's [`Explanation`](sigwarden_core::decision::Explanation) and add nothing to it: no fact
//! is computed here, so every form says the same.

pub mod conversion;
pub mod json;
mod page;
pub mod publish;
pub mod report;
pub mod scan;
pub mod text;
