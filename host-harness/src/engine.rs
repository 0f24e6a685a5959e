//! The policy module on wasmtime: compiled once, a fresh instance for every call.
//!
//! That is how a Kubewarden host runs it, so nothing that a call leaves behind can reach the next one. What comes
//! out is the module's answer or an [`EngineError`]; a module that traps, reports an error or is no waPC module
//! has not answered, and no caller may take that for consent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wapc::WapcHost;
use wasmtime::{Cache, Config, Engine};
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

/// Answers the calls that a module makes while it works: binding, namespace, operation and payload in, the answer
/// or an error text out.
pub type HostCalls = dyn Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// Why a module gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The file cannot be read.
    #[error("cannot read the module `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The bytes are not a WebAssembly module, or one that asks its host for things that waPC hosts do not have.
    #[error("not a module that this host can run: {reason}")]
    Unusable {
        /// What wasmtime said.
        reason: String,
    },
    /// An instance could not be made, or stopped while it started.
    #[error("the module did not start: {reason}")]
    Start {
        /// What wasmtime said.
        reason: String,
    },
    /// The module trapped, reported an error or does not know the operation.
    #[error("the module gave no answer to `{operation}`: {reason}")]
    NoAnswer {
        /// The operation.
        operation: String,
        /// The module's error text, or the trap.
        reason: String,
    },
}

/// A compiled module.
#[derive(Clone)]
pub struct Module {
    prepared: WasmtimeEngineProviderPre,
}

impl Module {
    /// Compiles the module in `path`.
    ///
    /// # Errors
    /// [`EngineError::Unreadable`] and [`EngineError::Unusable`].
    pub fn from_file(path: &Path) -> Result<Self, EngineError> {
        let bytes = std::fs::read(path)
            .map_err(|error| EngineError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::from_bytes(&bytes)
    }

    /// Compiles a module. Compiled code is kept in the user's cache directory, so that only the first run of a
    /// program pays for compilation.
    ///
    /// # Errors
    /// [`EngineError::Unusable`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EngineError> {
        let unusable = |reason: String| EngineError::Unusable { reason };
        let mut config = Config::new();
        // A cache that cannot be used (no home directory, a read-only disk) costs time and nothing else.
        config.cache(Cache::from_file(None).ok());
        let engine = Engine::new(&config).map_err(|error| unusable(format!("{error:#}")))?;
        let prepared = WasmtimeEngineProviderBuilder::new()
            .engine(engine)
            .module_bytes(bytes)
            .build_pre()
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self { prepared })
    }

    /// Calls `operation` with `payload` in an instance of its own. `host_calls` answers what the module asks
    /// meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Start`] and [`EngineError::NoAnswer`].
    pub fn call(&self, operation: &str, payload: &[u8], host_calls: Arc<HostCalls>) -> Result<Vec<u8>, EngineError> {
        let instance =
            self.prepared.rehydrate(None).map_err(|error| EngineError::Start { reason: error.to_string() })?;
        let callback: Box<wapc::HostCallback> = Box::new(move |_, binding, namespace, operation, payload| {
            host_calls(binding, namespace, operation, payload).map_err(Into::into)
        });
        let host = WapcHost::new(Box::new(instance), Some(callback))
            .map_err(|error| EngineError::Start { reason: reason_of(&error) })?;
        host.call(operation, payload)
            .map_err(|error| EngineError::NoAnswer { operation: operation.to_owned(), reason: reason_of(&error) })
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").finish_non_exhaustive()
    }
}

/// The part of a waPC error that the variants of [`EngineError`] do not say themselves.
fn reason_of(error: &wapc::errors::Error) -> String {
    match error {
        wapc::errors::Error::GuestCallFailure(reason) | wapc::errors::Error::InitFailed(reason) => reason.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
