//! Who answers: a module in an instance of its own, or the same core natively.

use std::sync::Arc;

use crate::engine::{HostCalls, Module};

/// Answers `validate`.
pub trait Runner {
    /// What it is called in reports.
    fn name(&self) -> &str;

    /// Answers one request. Nothing of it stays for the next.
    ///
    /// # Errors
    /// With the reason why there is no answer.
    fn run(&self, payload: &[u8], host: Arc<HostCalls>) -> Result<Vec<u8>, String>;
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

    fn run(&self, payload: &[u8], host: Arc<HostCalls>) -> Result<Vec<u8>, String> {
        self.module.call("validate", payload, host).map_err(|error| error.to_string())
    }
}
