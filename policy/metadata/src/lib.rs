//! What a Kubewarden host must know of a policy module before it runs it: which objects it judges, whether it changes
//! them, and which questions it may ask.
//!
//! People write that down in `metadata.yml`. Hosts read it from the module, where it lies as JSON in a custom section;
//! `kwctl annotate` puts it there, and so does this crate, so that building the policy needs no other program. Both
//! look for the names of host calls in the module's data, because a list of capabilities that says something else than
//! the code is worse than none.

#![forbid(unsafe_code)]

pub mod capabilities;
mod metadata;
mod module;

pub use metadata::{AnnotateError, Declared, Metadata, MetadataError, Resource, Rule, annotate};
pub use module::ModuleError;

/// `metadata.yml` of this version of sigwarden.
pub const METADATA: &str = include_str!("../../../metadata.yml");
