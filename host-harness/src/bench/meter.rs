//! What one admission costs beside time: instructions, memory, host calls.
//!
//! Fuel and memory are the store's to tell, which waPC hosts keep to themselves; so this is a waPC host of its own, with
//! the nine functions of the protocol and nothing that a module could keep. It counts; the times come from the engine
//! that every other command uses.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use wasmtime::{Caller, Config, Engine, Extern, Linker, Memory, Module, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use super::{Operation, Recorded};
use crate::engine::{EngineError, HostCalls, compiled};

/// More than any admission takes; only so that a module that never ends does.
const MAX_FUEL: u64 = 1_000_000_000_000;
/// Length of a wasm page.
const PAGE_BYTES: u64 = 65_536;

/// What one admission costs beside time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// wasmtime's fuel: about one for each WebAssembly instruction. The same in every run.
    pub fuel: u64,
    /// Bytes of the module's memory at its largest.
    pub peak_memory: u64,
    /// Calls to the host.
    pub host_calls: usize,
    /// The same by operation.
    pub host_calls_by_operation: BTreeMap<String, usize>,
    /// Bytes that the host answered with.
    pub host_bytes: usize,
    /// Bytes of the request with its settings.
    pub request_bytes: usize,
}

impl Cost {
    pub(super) fn with_host(self, recorded: &Recorded, request_bytes: usize) -> Self {
        let by_operation = recorded.calls();
        Self {
            host_calls: by_operation.values().sum(),
            host_calls_by_operation: by_operation.clone(),
            host_bytes: recorded.bytes(),
            request_bytes,
            ..self
        }
    }
}

struct Guest {
    wasi: WasiP1Ctx,
    host: Arc<HostCalls>,
    operation: Vec<u8>,
    request: Vec<u8>,
    answer: Option<Vec<u8>>,
    failure: Option<Vec<u8>>,
    host_answer: Vec<u8>,
    host_failure: Vec<u8>,
}

/// A module, compiled to be counted.
#[derive(Clone)]
pub struct Meter {
    engine: Engine,
    module: Module,
    linker: Linker<Guest>,
    bytes: usize,
}

impl Meter {
    /// Compiles the module in `path`.
    ///
    /// # Errors
    /// [`EngineError::Unreadable`], [`EngineError::Unusable`] and [`EngineError::Start`].
    pub fn from_file(path: &Path) -> Result<Self, EngineError> {
        let bytes = std::fs::read(path)
            .map_err(|error| EngineError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        let unusable = |error: wasmtime::Error| EngineError::Unusable { reason: format!("{error:#}") };
        let mut config = Config::new();
        config.consume_fuel(true).cache(wasmtime::Cache::from_file(None).ok());
        let engine = Engine::new(&config).map_err(unusable)?;
        let module = compiled(&engine, &bytes)?;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_sync(&mut linker, |guest: &mut Guest| &mut guest.wasi).map_err(unusable)?;
        add_wapc(&mut linker).map_err(unusable)?;
        Ok(Self { engine, module, linker, bytes: bytes.len() })
    }

    /// Bytes of the module.
    #[must_use]
    pub const fn module_bytes(&self) -> usize {
        self.bytes
    }

    /// Puts `payload` to the module in a fresh instance, and counts.
    ///
    /// # Errors
    /// [`EngineError::Start`] and [`EngineError::NoAnswer`].
    pub fn cost(&self, operation: Operation, payload: &[u8], host: Arc<HostCalls>) -> Result<Cost, EngineError> {
        let operation = operation.name();
        let start = |error: wasmtime::Error| EngineError::Start { reason: format!("{error:#}") };
        let no_answer = |reason: String| EngineError::NoAnswer { operation: operation.to_owned(), reason };
        let guest = Guest {
            wasi: WasiCtxBuilder::new().build_p1(),
            host,
            operation: operation.into(),
            request: payload.to_vec(),
            answer: None,
            failure: None,
            host_answer: Vec::new(),
            host_failure: Vec::new(),
        };
        let mut store = Store::new(&self.engine, guest);
        store.set_fuel(MAX_FUEL).map_err(start)?;
        let instance = self.linker.instantiate(&mut store, &self.module).map_err(start)?;
        for initializer in ["_start", "_initialize", "wapc_init"] {
            if let Ok(function) = instance.get_typed_func::<(), ()>(&mut store, initializer) {
                function.call(&mut store, ()).map_err(start)?;
            }
        }
        let length = |bytes: usize| i32::try_from(bytes).map_err(|_| no_answer("the request is too long".to_owned()));
        let lengths = (length(operation.len())?, length(payload.len())?);
        let call = instance.get_typed_func::<(i32, i32), i32>(&mut store, "__guest_call").map_err(start)?;
        let code = call.call(&mut store, lengths).map_err(|error| no_answer(format!("{error:#}")))?;
        if code != 1 || store.data().answer.is_none() {
            let failure = store.data().failure.clone().unwrap_or_default();
            return Err(no_answer(String::from_utf8_lossy(&failure).into_owned()));
        }
        let left = store.get_fuel().map_err(start)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| no_answer("the module exports no memory".to_owned()))?;
        let peak_memory = memory.size(&store).saturating_mul(PAGE_BYTES);
        Ok(Cost { fuel: MAX_FUEL.saturating_sub(left), peak_memory, ..Cost::default() })
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// The host's side of waPC (namespace `wapc`).
fn add_wapc(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, Guest>, operation: i32, request: i32| {
        let guest = caller.data();
        let (name, payload) = (guest.operation.clone(), guest.request.clone());
        write(&mut caller, operation, &name)?;
        write(&mut caller, request, &payload)
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Guest>, at: i32, length: i32| {
        caller.data_mut().answer = Some(read(&mut caller, at, length)?);
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, Guest>, at: i32, length: i32| {
        caller.data_mut().failure = Some(read(&mut caller, at, length)?);
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap("wapc", "__console_log", |_: Caller<'_, Guest>, _: i32, _: i32| {})?;
    linker.func_wrap("wapc", "__host_call", host_call)?;
    linker.func_wrap("wapc", "__host_response", |mut caller: Caller<'_, Guest>, at: i32| {
        let bytes = std::mem::take(&mut caller.data_mut().host_answer);
        write(&mut caller, at, &bytes)
    })?;
    linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, Guest>| {
        i32::try_from(caller.data().host_answer.len()).unwrap_or(i32::MAX)
    })?;
    linker.func_wrap("wapc", "__host_error", |mut caller: Caller<'_, Guest>, at: i32| {
        let bytes = std::mem::take(&mut caller.data_mut().host_failure);
        write(&mut caller, at, &bytes)
    })?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, Guest>| {
        i32::try_from(caller.data().host_failure.len()).unwrap_or(i32::MAX)
    })?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the signature is waPC's: four strings, each with its length")]
fn host_call(
    mut caller: Caller<'_, Guest>,
    binding: i32,
    binding_length: i32,
    namespace: i32,
    namespace_length: i32,
    operation: i32,
    operation_length: i32,
    payload: i32,
    payload_length: i32,
) -> wasmtime::Result<i32> {
    let mut text = |at, length| Ok::<_, wasmtime::Error>(String::from_utf8(read(&mut caller, at, length)?)?);
    let (binding, namespace) = (text(binding, binding_length)?, text(namespace, namespace_length)?);
    let operation = text(operation, operation_length)?;
    let payload = read(&mut caller, payload, payload_length)?;
    let host = Arc::clone(&caller.data().host);
    let guest = caller.data_mut();
    match host(&binding, &namespace, &operation, &payload) {
        Ok(answer) => {
            guest.host_answer = answer;
            Ok(1)
        }
        Err(reason) => {
            guest.host_failure = reason.into_bytes();
            Ok(0)
        }
    }
}

fn memory(caller: &mut Caller<'_, Guest>) -> wasmtime::Result<Memory> {
    caller
        .get_export("memory")
        .and_then(Extern::into_memory)
        .ok_or_else(|| wasmtime::Error::msg("the module exports no memory"))
}

fn write(caller: &mut Caller<'_, Guest>, at: i32, bytes: &[u8]) -> wasmtime::Result<()> {
    let memory = memory(caller)?;
    // Addresses of a 32-bit guest are unsigned.
    Ok(memory.write(caller, at.cast_unsigned() as usize, bytes)?)
}

fn read(caller: &mut Caller<'_, Guest>, at: i32, length: i32) -> wasmtime::Result<Vec<u8>> {
    let memory = memory(caller)?;
    let (at, length) = (at.cast_unsigned() as usize, length.cast_unsigned() as usize);
    let end = at.checked_add(length).ok_or_else(|| wasmtime::Error::msg("a length beyond the memory's end"))?;
    let bytes = memory.data(&caller).get(at..end);
    Ok(bytes.ok_or_else(|| wasmtime::Error::msg("an address beyond the memory's end"))?.to_vec())
}
