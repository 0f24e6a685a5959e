//! The decision of sigwarden: may this workload start, given who signed its images and how they were built?
//!
//! Input is an admission request, settings and a [`host::Host`] that hands over what registries hold. Output is an
//! admission response and the [`decision::Explanation`] behind it. Nothing here reads the clock, the environment or
//! the network, prints, or trusts what no signature covers.
//!
//! Imports only point down this list:
//! `admission`, `bundle` → `workload`, `mutation` → `exceptions`, `rules` → `attestations`, `attestors` → `examiner` → `settings` →
//! `conditions` → `verify` → `evidence` → `host` → `reference` → `decision`. From `verify` on it is `sigwarden-evidence`.

#![forbid(unsafe_code)]

pub mod admission;
pub mod attestations;
pub mod attestors;
pub mod bundle;
pub mod conditions;
pub mod examiner;
pub mod exceptions;
pub mod mutation;
pub mod rules;
pub mod settings;
mod suggestion;
#[cfg(test)]
#[path = "../../evidence/src/test_host.rs"]
mod test_host;
pub mod workload;

pub use sigwarden_evidence::{decision, evidence, host, reference, verify};
use sigwarden_evidence::{entries, json, quote};
