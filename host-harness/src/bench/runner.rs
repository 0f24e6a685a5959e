//! Who answers: a module in an instance of its own, or the same core natively.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{HostCalls, Module};

/// What is asked of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// May this object be admitted?
    Validate,
    /// Does this bundle vouch for this artifact?
    VerifyBundle,
}

impl Operation {
    /// The module's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::VerifyBundle => "sigwarden_verify_bundle",
        }
    }
}

/// Answers one request at a time.
pub trait Runner {
    /// What it is called in reports.
    fn name(&self) -> &str;

    /// Answers one request. Nothing of it stays for the next.
    ///
    /// # Errors
    /// With the reason why there is no answer.
    fn run(&self, operation: Operation, payload: &[u8], host: Arc<HostCalls>) -> Result<Vec<u8>, String>;

    /// Gets ready for a request, and says how long that took; nothing where there is nothing to get ready.
    ///
    /// # Errors
    /// With the reason why it is not ready.
    fn get_ready(&self) -> Result<Option<Duration>, String> {
        Ok(None)
    }

    /// How long it took by its own clock, where there is something between it and ours.
    fn own_time(&self, answer: &[u8]) -> Option<Duration> {
        let _ = answer;
        None
    }
}

/// A module on the engine that every command uses.
#[derive(Debug)]
pub struct ModuleRunner {
    name: String,
    module: Module,
}

impl ModuleRunner {
    /// Runs `module` under this name.
    #[must_use]
    pub const fn new(name: String, module: Module) -> Self {
        Self { name, module }
    }
}

impl Runner for ModuleRunner {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, operation: Operation, payload: &[u8], host: Arc<HostCalls>) -> Result<Vec<u8>, String> {
        self.module.call(operation.name(), payload, host).map_err(|error| error.to_string())
    }

    fn get_ready(&self) -> Result<Option<Duration>, String> {
        let nobody = Arc::new(|_: &str, _: &str, _: &str, _: &[u8]| Err("nobody is asked here".to_owned()));
        let start = Instant::now();
        let instance = self.module.instance(nobody);
        let elapsed = start.elapsed();
        // Its end is not the beginning's business.
        instance.map(|_| Some(elapsed)).map_err(|error| error.to_string())
    }
}
