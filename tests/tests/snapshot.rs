//! `policy.wasm` is a snapshot of the module that the sources make: it says the same, and nothing in it was decided when it
//! was made that each instance must find out for itself.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::questions::recorded;
use sigwarden_tests::{Run, corpus, fixture, module, raw_module, scratch, sigwarden_on};
use std::path::Path;
use wasmtime::{Caller, Config, Engine, Extern, Linker, Module, Store};

/// Runs of a question whose time was up: the machine may be busy.
const ATTEMPTS: usize = 5;

fn ask(module: &Path, words: &[String]) -> Run {
    let mut run = sigwarden_on(module, words);
    for _ in 1..ATTEMPTS {
        if !run.text().contains("SW1004") {
            break;
        }
        run = sigwarden_on(module, words);
    }
    run
}

#[test]
fn it_is_the_snapshot_of_the_module_as_compiled() {
    let (raw, shipped) = (std::fs::read(raw_module()).unwrap(), std::fs::read(module()).unwrap());
    let again = sigwarden_snapshot::snapshot(&raw).unwrap();
    assert!(again == sigwarden_snapshot::snapshot(&raw).unwrap(), "two snapshots of the same module differ");
    assert!(again == shipped, "`policy.wasm` is the snapshot of another module: run `make policy`");
    let exports = |bytes: &[u8]| {
        let module = Module::new(&Engine::default(), bytes).unwrap();
        module.exports().map(|export| export.name().to_owned()).collect::<Vec<_>>()
    };
    let (before, after) = (exports(&raw), exports(&shipped));
    assert!(before.iter().any(|name| name == sigwarden_snapshot::PREPARATION), "{before:?}");
    let kept: Vec<_> = before.into_iter().filter(|name| name != sigwarden_snapshot::PREPARATION).collect();
    assert_eq!(after, kept);
    let twice = sigwarden_snapshot::snapshot(&shipped).unwrap_err().to_string();
    assert!(twice.contains("exports no function"), "{twice}");
}

#[test]
fn it_answers_as_the_module_as_compiled() {
    let folder = scratch();
    let (mut accepted, mut refused, mut built_in) = (0, 0, 0);
    for recorded in recorded() {
        let mut words = recorded.arguments(folder.path());
        words.extend(["-o".to_owned(), "json".to_owned()]);
        let (raw, shipped) = (ask(&raw_module(), &words), ask(&module(), &words));
        assert_eq!(raw.answer, shipped.answer, "{}: {}", recorded.name, shipped.text());
        assert_eq!(raw.json()["explanation"], shipped.json()["explanation"], "{}", recorded.name);
        match shipped.answer {
            Answer::Yes => accepted += 1,
            _ => refused += 1,
        }
        built_in += usize::from(!words.iter().any(|word| word == "--trusted-root"));
    }
    assert!(
        accepted > 50 && refused > 50 && built_in > 10,
        "{accepted} accepted, {refused} refused, {built_in} built in"
    );
}

/// A host with a clock of its own, and numbers that it can repeat.
struct Host {
    now: u64,
    seed: u8,
    /// Seeds that were asked for.
    seeds: usize,
    operation: Vec<u8>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

struct Policy {
    module: Module,
    linker: Linker<Host>,
}

fn write(caller: &mut Caller<'_, Host>, at: i32, bytes: &[u8]) {
    let memory = caller.get_export("memory").and_then(Extern::into_memory).unwrap();
    memory.write(caller, usize::try_from(at).unwrap(), bytes).unwrap();
}

impl Policy {
    fn new(path: &Path) -> Self {
        let mut config = Config::new();
        config.cache(wasmtime::Cache::from_file(None).ok());
        let engine = Engine::new(&config).unwrap();
        let module = Module::from_file(&engine, path).unwrap();
        let mut linker = Linker::new(&engine);
        let wasi = "wasi_snapshot_preview1";
        linker
            .func_wrap(wasi, "clock_time_get", |mut caller: Caller<'_, Host>, _: i32, _: i64, at: i32| {
                let now = caller.data().now * 1_000_000_000;
                write(&mut caller, at, &now.to_le_bytes());
                0
            })
            .unwrap();
        linker
            .func_wrap(wasi, "random_get", |mut caller: Caller<'_, Host>, at: i32, length: i32| {
                caller.data_mut().seeds += 1;
                let bytes = vec![caller.data().seed; usize::try_from(length).unwrap()];
                write(&mut caller, at, &bytes);
                0
            })
            .unwrap();
        linker
            .func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, Host>, operation: i32, request: i32| {
                let (name, payload) = (caller.data().operation.clone(), caller.data().request.clone());
                write(&mut caller, operation, &name);
                write(&mut caller, request, &payload);
            })
            .unwrap();
        linker
            .func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Host>, at: i32, length: i32| {
                let memory = caller.get_export("memory").and_then(Extern::into_memory).unwrap();
                let (at, length) = (usize::try_from(at).unwrap(), usize::try_from(length).unwrap());
                caller.data_mut().answer = memory.data(&caller)[at..at + length].to_vec();
            })
            .unwrap();
        linker.define_unknown_imports_as_traps(&module).unwrap();
        Self { module, linker }
    }

    /// The answer, how many seeds were asked for, and the memory when all was over.
    fn verify_bundle(&self, request: &Value, now: u64, seed: u8) -> (Value, usize, Vec<u8>) {
        let (operation, request) = (b"sigwarden_verify_bundle".to_vec(), serde_json::to_vec(request).unwrap());
        let lengths = (i32::try_from(operation.len()).unwrap(), i32::try_from(request.len()).unwrap());
        let host = Host { now, seed, seeds: 0, operation, request, answer: Vec::new() };
        let mut store = Store::new(self.module.engine(), host);
        let instance = self.linker.instantiate(&mut store, &self.module).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "wapc_init").unwrap().call(&mut store, ()).unwrap();
        let call = instance.get_typed_func::<(i32, i32), i32>(&mut store, "__guest_call").unwrap();
        assert_eq!(call.call(&mut store, lengths).unwrap(), 1);
        let memory = instance.get_memory(&mut store, "memory").unwrap().data(&store).to_vec();
        (serde_json::from_slice(&store.data().answer).unwrap(), store.data().seeds, memory)
    }
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Requests that hold, and the time at which they do: one under the fixtures' root, and where somebody has such a bundle,
/// one under the root that the snapshot holds.
fn requests() -> Vec<(&'static str, Value)> {
    let issuer = "https://token.actions.githubusercontent.com";
    let bundle = "layouts/referrers/v3-keyless-rekor1/blobs/sha256/650eefe57d07365e173e5d6bffee13a290967bf0b55fc4f22d98566e4dc3ee77";
    let root: Value = serde_json::from_str(&text(fixture("trust/trusted_root.json"))).unwrap();
    let mut requests = vec![(
        "the fixtures' root",
        json!({
            "bundle": text(fixture(bundle)),
            "artifact": {"digest": "sha256:655fe728e42e03e971f63760a6e150683561eb9a89b860862c425ce900f0cd15"},
            "certificateIdentity": "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
            "certificateOidcIssuer": issuer,
            "trustedRoot": root,
        }),
    )];
    if let Some(path) = corpus("bundles/conda-attestation.sigstore.json") {
        requests.push((
            "the embedded root",
            json!({
                "bundle": text(path),
                "artifact": {"digest": "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f"},
                "certificateIdentity":
                    "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main",
                "certificateOidcIssuer": issuer,
            }),
        ));
    }
    requests
}

const DAY: u64 = 86_400;
/// 2020-01-01: before anything of this was signed.
const BEFORE: u64 = 1_577_836_800;
/// 2099-01-01
const AFTER: u64 = 4_070_908_800;

#[test]
fn each_request_has_its_own_time() {
    let policy = Policy::new(&module());
    for (name, request) in requests() {
        for (now, holds) in [(AFTER, true), (BEFORE, false), (AFTER + DAY, true)] {
            let (answer, ..) = policy.verify_bundle(&request, now, 1);
            assert_eq!(answer["outcome"] == "passed", holds, "{name} at {now}: {answer}");
        }
        let mut other = request.clone();
        other["certificateIdentity"] = "https://github.com/somebody/else".into();
        let (answer, ..) = policy.verify_bundle(&other, AFTER, 1);
        assert_eq!(answer["outcome"], "failed", "{name}: {answer}");
    }
}

#[test]
fn each_instance_asks_for_its_own_seed() {
    let policy = Policy::new(&module());
    for (name, request) in requests() {
        let (first, asked, memory) = policy.verify_bundle(&request, AFTER, 0xa7);
        assert!(asked > 0, "{name}: no seed was asked for");
        // It is the seed that hash maps have, and none is left of another time.
        let contains = |memory: &[u8], seed: u8| memory.windows(8).filter(|bytes| *bytes == [seed; 8]).count();
        assert!(contains(&memory, 0xa7) > 0, "{name}");
        let (second, _, memory) = policy.verify_bundle(&request, AFTER, 0x5b);
        assert_eq!((contains(&memory, 0xa7), contains(&memory, 0x5b) > 0), (0, true), "{name}");
        assert_eq!(first, second, "{name}: the verdict does not depend on it");
    }
}
