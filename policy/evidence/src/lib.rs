//! What is known of an image, and whether it may be believed.
//!
//! Input is what a [`host::Host`] hands over of registries and logs: untrusted bytes. Output is evidence, and whether it verifies
//! under a trust root. What a policy makes of that is for `sigwarden-core`. Nothing here reads the clock, the environment or the
//! network, or prints.
//!
//! Imports only point down this list:
//! `verify` → `evidence` → `host` → `reference` → `decision`.

#![forbid(unsafe_code)]

pub mod decision;
pub mod entries;
pub mod evidence;
pub mod host;
pub mod json;
pub mod quote;
pub mod reference;
#[cfg(test)]
mod test_host;
pub mod verify;
