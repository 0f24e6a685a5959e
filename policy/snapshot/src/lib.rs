//! Makes a policy module that begins where its preparation ended.
//!
//! Hosts run the policy in a fresh instance for every request, and each would read the embedded trust roots again. So the
//! module exports a function that reads them. It is run here, once, and what it leaves in memory becomes the new module's
//! data (wasmtime-wizer does the rewriting); the function's export is gone from it.
//!
//! What an instance must find out for itself, the time and the seeds of its hash maps, comes in through imports. While the
//! snapshot is made every import ends the attempt, so that none of it can be inside.

#![forbid(unsafe_code)]

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::{Config, Engine, ExternType, Instance, Linker, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// The export that prepares the module. It takes and gives nothing.
pub const PREPARATION: &str = "sigwarden_prepare";

/// Instructions that the preparation may take. Reading two trust roots takes some three million.
const MAX_FUEL: u64 = 1_000_000_000;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are not a module, or one with something in it that cannot be kept in a snapshot.
    #[error("the module cannot be used: {0}")]
    Module(String),
    /// It has nothing to be prepared with.
    #[error("the module exports no function `{PREPARATION}` without parameters and results")]
    NothingToPrepare,
    /// The preparation asked its host for something, trapped, or did not end.
    #[error("the preparation failed: {0}")]
    Preparation(String),
    /// The snapshot is not what was to be made.
    #[error("the snapshot is unusable: {0}")]
    Unusable(String),
}

/// `module` as it is after its preparation. The same bytes for the same module.
///
/// # Errors
/// When the module cannot be prepared without its host.
pub fn snapshot(module: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let unusable = |error: wasmtime::Error| SnapshotError::Module(format!("{error:#}"));
    let mut wizer = Wizer::new();
    wizer.init_func(PREPARATION);
    let (context, instrumented) = wizer.instrument(module).map_err(unusable)?;
    let engine = Engine::new(Config::new().consume_fuel(true)).map_err(unusable)?;
    let compiled = Module::new(&engine, &instrumented).map_err(unusable)?;
    let mut linker = Linker::new(&engine);
    for import in compiled.imports() {
        let ExternType::Func(signature) = import.ty() else { continue };
        let asked = format!("it asks its host for `{}.{}`", import.module(), import.name());
        let refuse =
            move |_: wasmtime::Caller<'_, ()>, _: &[Val], _: &mut [Val]| Err(wasmtime::Error::msg(asked.clone()));
        linker.func_new(import.module(), import.name(), signature, refuse).map_err(unusable)?;
    }

    // The innermost reason: what is around it tells where the module was.
    let failed = |error: wasmtime::Error| SnapshotError::Preparation(error.root_cause().to_string());
    let mut store = Store::new(&engine, ());
    store.set_fuel(MAX_FUEL).map_err(failed)?;
    let instance = linker.instantiate(&mut store, &compiled).map_err(failed)?;
    let prepare =
        instance.get_typed_func::<(), ()>(&mut store, PREPARATION).map_err(|_| SnapshotError::NothingToPrepare)?;
    prepare.call(&mut store, ()).map_err(failed)?;

    let mut prepared = Prepared { store, instance, missing: None };
    let made = pin!(wizer.snapshot(&context, &mut prepared)).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(made) = made else { return Err(SnapshotError::Unusable("it was not made at once".to_owned())) };
    let snapshot = made.map_err(unusable)?;
    if let Some(missing) = prepared.missing {
        return Err(SnapshotError::Unusable(format!("`{missing}` cannot be read")));
    }
    Module::validate(&engine, &snapshot).map_err(|error| SnapshotError::Unusable(format!("{error:#}")))?;
    if snapshot.windows(PREPARATION.len()).any(|bytes| bytes == PREPARATION.as_bytes()) {
        return Err(SnapshotError::Unusable(format!("it still exports `{PREPARATION}`")));
    }
    Ok(snapshot)
}

/// An instance after its preparation.
struct Prepared {
    store: Store<()>,
    instance: Instance,
    /// What was to be read and is not there.
    missing: Option<String>,
}

impl InstanceState for Prepared {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let value = self.instance.get_global(&mut self.store, name).map(|global| global.get(&mut self.store));
        match value {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            _ => {
                self.missing = Some(name.to_owned());
                SnapshotVal::I32(0)
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&mut self.store, name) {
            Some(memory) => contents(memory.data(&self.store)),
            None => {
                self.missing = Some(name.to_owned());
                contents(&[]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
