//! Runs the sigwarden policy module offline, to see what a cluster would admit and why.
//!
//! A [`policy::Policy`] is the compiled module beside a [`sources::Source`] of registry contents; its methods are
//! the operations of the module. Nothing here decides: whatever is admitted was admitted by the module, and
//! where the module gives no answer the answer is no.
//!
//! ```no_run
//! use std::sync::Arc;
//! use sigwarden::{engine::Module, log::Log, policy::Policy, request, sources::Layouts};
//!
//! let log = Arc::new(Log::default());
//! let layouts = Layouts::open(&["ghcr.io/myorg/app=./app-layout".parse()?], Arc::clone(&log))?;
//! let policy = Policy::new(Module::from_file("policy.wasm".as_ref())?, Arc::new(layouts), log);
//! let settings = serde_json::json!({"verifyImages": [/* … */], "evidence": {"extended": true}});
//! let request = request::pod_with_images(&["ghcr.io/myorg/app:1.0"]);
//! let explained = policy.explain(&request, &settings)?;
//! assert!(explained.admits());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod admission;
pub mod bench;
pub mod call;
pub mod callbacks;
pub mod codes;
pub mod commands;
pub mod convert;
pub mod cosign_flags;
mod documents;
pub mod engine;
pub mod host;
pub mod inspect;
pub mod log;
pub mod manifests;
pub mod out_of_reach;
pub mod policy;
pub mod policy_file;
mod progress;
pub mod publish;
pub mod render;
pub mod request;
pub mod resources;
pub mod scan;
pub mod session;
pub mod sources;
pub mod suggest;
pub mod suite;
pub mod survey;
pub mod workers;
