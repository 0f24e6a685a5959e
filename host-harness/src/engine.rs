//! The policy module on wasmtime: compiled once, a fresh instance for every call.
//!
//! That is how a Kubewarden host runs it, so nothing that a call leaves behind can reach the next one. What comes
//! out is the module's answer or an [`EngineError`]; a module that traps, reports an error or is no waPC module
//! has not answered, and no caller may take that for consent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sigwarden_metadata::{Declared, MetadataError};
use wapc::WapcHost;
use wasmtime::{Cache, Config, Engine};
use wasmtime_provider::{EpochDeadlines, ResourceLimits, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::host;

/// How long a call may take, its host calls included, where nobody says how long. Slow registries have their own, shorter
/// limits; this one is for a module that never ends.
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(300);
/// How often time is looked at. policy-server's limit of 2 s means 1 to 2 s; here it is exact to a twentieth.
const TICK: Duration = Duration::from_millis(50);
/// Memory of one instance. Evidence of one request is bounded to some hundred megabytes in the module; a module that takes more
/// than this is broken, and must not take the machine with it.
const MAX_MEMORY_BYTES: usize = 2 << 30;
/// Function pointers of one instance: ours has about a thousand, and never more than at the start.
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// How often a module's memory is laid out anew when the system refuses: Linux seals no memory file of which it is moving a page
/// just then (`EBUSY`, after waiting for a fifth of a second itself), and another file has other pages.
const IMAGE_ATTEMPTS: u32 = 10;
/// Between two of these attempts.
const IMAGE_PAUSE: Duration = Duration::from_millis(20);
/// What the engine's crate says of a call that took too long.
const INTERRUPTED: &str = "guest code interrupted, execution deadline exceeded";

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
    /// The module was still at work when its time was over.
    #[error("the module gave no answer to `{operation}` within {}, and was stopped", in_words(*limit))]
    TooSlow {
        /// The operation.
        operation: String,
        /// What it was given.
        limit: Duration,
    },
}

/// A compiled module.
#[derive(Clone)]
pub struct Module {
    prepared: WasmtimeEngineProviderPre,
    declared: Result<Declared, MetadataError>,
    time_limit: Duration,
}

impl Module {
    /// Compiles the module in `path`.
    ///
    /// # Errors
    /// [`EngineError::Unreadable`], [`EngineError::Unusable`] and [`EngineError::Start`].
    pub fn from_file(path: &Path) -> Result<Self, EngineError> {
        let bytes = std::fs::read(path)
            .map_err(|error| EngineError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::from_bytes(&bytes)
    }

    /// Compiles a module. Compiled code is kept in the user's cache directory, so that only the first run of a
    /// program pays for compilation.
    ///
    /// # Errors
    /// [`EngineError::Unusable`], and [`EngineError::Start`] when its memory cannot be laid out.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EngineError> {
        let unusable = |reason: String| EngineError::Unusable { reason };
        let mut config = Config::new();
        config.epoch_interruption(true);
        // A cache that cannot be used (no home directory, a read-only disk) costs time and nothing else.
        config.cache(Cache::from_file(None).ok());
        let engine = Engine::new(&config).map_err(|error| unusable(format!("{error:#}")))?;
        let limits =
            ResourceLimits { max_memory_size: Some(MAX_MEMORY_BYTES), max_table_elements: Some(MAX_TABLE_ELEMENTS) };
        let prepared = WasmtimeEngineProviderBuilder::new()
            .engine(engine.clone())
            .module(compiled(&engine, bytes)?)
            .enable_resource_limits(limits)
            .build_pre()
            .map_err(|error| unusable(error.to_string()))?;
        let ticks = engine.weak();
        std::thread::Builder::new()
            .name("clock of the module".to_owned())
            .spawn(move || {
                // Ends with the last module of this engine.
                while let Some(engine) = ticks.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(|error| unusable(format!("cannot watch the time: {error}")))?;
        Ok(Self { prepared, declared: host::declared(bytes), time_limit: DEFAULT_TIME_LIMIT })
    }

    /// Gives every call so much time, its host calls included, as policy-server does.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// What the module asks of its host.
    ///
    /// # Errors
    /// When its metadata cannot be read.
    pub fn declared(&self) -> Result<Declared, MetadataError> {
        self.declared.clone()
    }

    /// Calls `operation` with `payload` in an instance of its own. `host_calls` answers what the module asks
    /// meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Start`], [`EngineError::NoAnswer`] and [`EngineError::TooSlow`].
    pub fn call(&self, operation: &str, payload: &[u8], host_calls: Arc<HostCalls>) -> Result<Vec<u8>, EngineError> {
        self.instance(host_calls)?.call(operation, payload)
    }

    /// A fresh instance, ready for its call.
    ///
    /// # Errors
    /// [`EngineError::Start`].
    pub fn instance(&self, host_calls: Arc<HostCalls>) -> Result<Instance, EngineError> {
        let ticks = u64::try_from(self.time_limit.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX);
        let deadlines = EpochDeadlines { wapc_init: ticks, wapc_func: ticks };
        let instance = self
            .prepared
            .rehydrate(Some(deadlines))
            .map_err(|error| EngineError::Start { reason: error.to_string() })?;
        let callback: Box<wapc::HostCallback> = Box::new(move |_, binding, namespace, operation, payload| {
            host_calls(binding, namespace, operation, payload).map_err(Into::into)
        });
        let host = WapcHost::new(Box::new(instance), Some(callback))
            .map_err(|error| EngineError::Start { reason: reason_of(&error) })?;
        Ok(Instance { host, time_limit: self.time_limit })
    }
}

/// An instance of a module, for one call.
pub struct Instance {
    host: WapcHost,
    time_limit: Duration,
}

impl Instance {
    /// Calls `operation` with `payload`.
    ///
    /// # Errors
    /// [`EngineError::NoAnswer`] and [`EngineError::TooSlow`].
    pub fn call(self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, EngineError> {
        self.host.call(operation, payload).map_err(|error| {
            let (operation, reason) = (operation.to_owned(), reason_of(&error));
            if reason == INTERRUPTED {
                EngineError::TooSlow { operation, limit: self.time_limit }
            } else {
                EngineError::NoAnswer { operation, reason }
            }
        })
    }
}

/// Compiles a module for `engine`, its memory laid out for every instance: where that is left to the first instance, a passing
/// want of the system is a request without an answer.
///
/// # Errors
/// [`EngineError::Unusable`], and [`EngineError::Start`] when the memory cannot be laid out.
pub(crate) fn compiled(engine: &Engine, bytes: &[u8]) -> Result<wasmtime::Module, EngineError> {
    let module =
        wasmtime::Module::new(engine, bytes).map_err(|error| EngineError::Unusable { reason: format!("{error:#}") })?;
    insist(IMAGE_ATTEMPTS, || module.initialize_copy_on_write_image())
        .map_err(|error| EngineError::Start { reason: format!("{error:#}") })?;
    Ok(module)
}

/// Tries until it succeeds, `attempts` times at most; the last failure is what comes out.
fn insist<E>(attempts: u32, mut attempt: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    for _ in 1..attempts {
        if attempt().is_ok() {
            return Ok(());
        }
        std::thread::sleep(IMAGE_PAUSE);
    }
    attempt()
}

/// A time limit as people write it.
fn in_words(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
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
