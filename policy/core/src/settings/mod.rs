//! What the policy's author asks for: Kyverno's `verifyImages` list, and a few switches around it.
//!
//! Input is the policy's `settings`. They are written by a person who may have pasted them from elsewhere, so reading is
//! strict and tells everything at once: what is misspelt, of the wrong type, elided, known but not honoured yet, or asks
//! for nothing. Nothing that is written is ever ignored; what is legal and doubtful is a warning.
//!
//! Meaning and defaults are those of Kyverno's schema with the API server's defaults filled in (`mutateDigest`,
//! `verifyDigest` and `required` are true), except that a block which says nothing about its action enforces.

mod house;
mod lint;
mod model;
mod not_yet;
mod parse;
mod reader;
mod review;
mod slsa;
mod whole_regex;

pub use house::{ActionOverride, AlwaysPull, Day, DayError, Exception};
pub use model::{
    AttestationRule, Attestor, AttestorKind, AttestorSet, Block, Denial, ExtensionRule, FailureAction, KeyAttestor,
    KeylessAttestor, Quantifier, SecretKeyAttestor, Settings, TrustChoice, TrustRootSource, Unmatched,
};
pub use reader::Problem;
pub use slsa::{Builder, PROVENANCE_TYPES, SlsaError, SlsaRule, Source, VersionedTag};
pub use whole_regex::{RegexError, WholeRegex};

#[cfg(test)]
mod tests;
