use super::*;

/// The text of a waPC module whose `__guest_call` has the given body and whose memory holds `data` at 32768.
/// `$request` leaves the operation at 0 and the payload at 1024; `$response` and `$error` take what they answer with
/// from memory.
pub(crate) fn wat(body: &str, data: &str) -> String {
    let data: String = data.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(module
            (import "wapc" "__guest_request" (func $request (param i32 i32)))
            (import "wapc" "__guest_response" (func $response (param i32 i32)))
            (import "wapc" "__guest_error" (func $error (param i32 i32)))
            (import "wapc" "__host_call"
                (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
            (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
            (import "wapc" "__host_response" (func $host_response (param i32)))
            (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
            (import "wapc" "__host_error" (func $host_error (param i32)))
            (memory (export "memory") 1)
            (global $calls (mut i32) (i32.const 48))
            (data (i32.const 512) "bindingnamespaceoperation")
            (data (i32.const 32768) "{data}")
            (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
                (call $request (i32.const 0) (i32.const 1024))
                {body}))"#
    )
}

fn module(body: &str) -> Module {
    Module::from_bytes(wat(body, "").as_bytes()).unwrap()
}

fn silent() -> Arc<HostCalls> {
    Arc::new(|_, _, _, _| Err("nothing is known here".to_owned()))
}

fn no_answer(reason: &str) -> Result<Vec<u8>, EngineError> {
    Err(EngineError::NoAnswer { operation: "op".to_owned(), reason: reason.to_owned() })
}

#[test]
fn an_answer_is_the_modules_own() {
    let echo = module("(call $response (i32.const 1024) (local.get $payload)) (i32.const 1)");
    assert_eq!(echo.call("op", b"payload", silent()), Ok(b"payload".to_vec()));
}

#[test]
fn what_is_no_answer_is_an_error() {
    let cases = [
        ("an error", "(call $error (i32.const 1024) (local.get $payload)) (i32.const 0)", "payload"),
        (
            "an answer and then failure",
            "(call $response (i32.const 1024) (i32.const 1)) (i32.const 0)",
            "No error message set for call failure",
        ),
        ("success without an answer", "(i32.const 1)", "No error message OR response set for call success"),
    ];
    for (name, body, expected) in cases {
        assert_eq!(module(body).call("op", b"payload", silent()), no_answer(expected), "case `{name}`");
    }
    let answers_and_traps = module("(call $response (i32.const 1024) (i32.const 1)) unreachable");
    let trapped = answers_and_traps.call("op", b"payload", silent()).unwrap_err();
    assert!(matches!(trapped, EngineError::NoAnswer { .. }), "{trapped:?}");
}

#[test]
fn a_module_that_never_ends_is_stopped() {
    let endless = module("(loop (br 0)) unreachable").with_time_limit(Duration::from_millis(200));
    let stopped = EngineError::TooSlow { operation: "op".to_owned(), limit: Duration::from_millis(200) };
    assert_eq!(endless.call("op", b"payload", silent()), Err(stopped.clone()));
    assert_eq!(stopped.to_string(), "the module gave no answer to `op` within 0.2 s, and was stopped");

    let echo = module("(call $response (i32.const 1024) (local.get $payload)) (i32.const 1)");
    let quick = echo.with_time_limit(Duration::from_secs(20));
    assert_eq!(quick.call("op", b"payload", silent()), Ok(b"payload".to_vec()));
}

#[test]
fn time_that_the_host_takes_counts() {
    let waits = module(
        "(drop (call $host_call
            (i32.const 512) (i32.const 7) (i32.const 519) (i32.const 9) (i32.const 528) (i32.const 9)
            (i32.const 1024) (local.get $payload)))
         (loop (br 0)) unreachable",
    );
    let slow: Arc<HostCalls> = Arc::new(|_, _, _, _| {
        std::thread::sleep(Duration::from_millis(600));
        Ok(Vec::new())
    });
    let before = std::time::Instant::now();
    let answer = waits.with_time_limit(Duration::from_millis(100)).call("op", b"", slow);
    assert!(matches!(answer, Err(EngineError::TooSlow { .. })), "{answer:?}");
    assert!(before.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_module_that_eats_memory_gets_no_more() {
    // Grows by 16 MiB until it is refused, and answers with the number of the last refusal.
    let eats = module(
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 256)) (i32.const -1))))
         (i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.lt_u (memory.size) (i32.const 32769))))
         (call $response (i32.const 0) (i32.const 1)) (i32.const 1)",
    );
    assert_eq!(eats.call("op", b"", silent()), Ok(b"1".to_vec()), "32768 pages are 2 GiB");
}

#[test]
fn every_call_has_an_instance_of_its_own() {
    let counts = module(
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
         (i32.store8 (i32.const 0) (global.get $calls))
         (call $response (i32.const 0) (i32.const 1)) (i32.const 1)",
    );
    for _ in 0..3 {
        assert_eq!(counts.call("op", b"", silent()), Ok(b"1".to_vec()));
    }
}

#[test]
fn calls_of_the_module_reach_the_host() {
    let passes_on = module(
        "(if (result i32) (call $host_call
                (i32.const 512) (i32.const 7) (i32.const 519) (i32.const 9) (i32.const 528) (i32.const 9)
                (i32.const 1024) (local.get $payload))
            (then (call $host_response (i32.const 2048))
                (call $response (i32.const 2048) (call $host_response_len)) (i32.const 1))
            (else (call $host_error (i32.const 2048))
                (call $error (i32.const 2048) (call $host_error_len)) (i32.const 0)))",
    );
    let host: Arc<HostCalls> = Arc::new(|binding, namespace, operation, payload| {
        Ok([binding.as_bytes(), namespace.as_bytes(), operation.as_bytes(), payload].join(&b' '))
    });
    assert_eq!(passes_on.call("op", b"payload", host), Ok(b"binding namespace operation payload".to_vec()));
    assert_eq!(passes_on.call("op", b"payload", silent()), no_answer("nothing is known here"));
}

#[test]
fn what_is_no_module_is_refused() {
    let cases: [(&str, &[u8]); 3] = [
        ("text", b"hello"),
        ("a cut module", b"\0asm\x01\0\0\0\x01"),
        ("a module that wants what no host has", b"(module (import \"env\" \"secrets\" (func)))"),
    ];
    for (name, bytes) in cases {
        let error = Module::from_bytes(bytes).unwrap_err();
        assert!(matches!(error, EngineError::Unusable { .. }), "case `{name}`: {error:?}");
    }
    let error = Module::from_file(Path::new("no-such-module.wasm")).unwrap_err();
    assert!(matches!(&error, EngineError::Unreadable { path, .. } if path == Path::new("no-such-module.wasm")));
}

#[test]
fn a_module_that_does_not_start_is_an_error() {
    let cases = [
        ("no waPC module", "(module)"),
        (
            "a trap at the start",
            r#"(module (memory (export "memory") 1) (func (export "wapc_init") unreachable)
                (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#,
        ),
    ];
    for (name, text) in cases {
        let error = Module::from_bytes(text.as_bytes()).unwrap().call("op", b"", silent()).unwrap_err();
        assert!(matches!(error, EngineError::Start { .. }), "case `{name}`: {error:?}");
    }
}

#[test]
fn what_fails_for_a_moment_is_tried_again_and_what_lasts_is_told() {
    for (failures, expected) in [(0, Ok(())), (1, Ok(())), (2, Ok(())), (3, Err("busy, 3 times"))] {
        let mut failed = 0;
        let outcome = insist(3, || {
            if failed == failures {
                return Ok(());
            }
            failed += 1;
            Err(format!("busy, {failed} times"))
        });
        assert_eq!(outcome, expected.map_err(str::to_owned), "{failures} failures");
    }
}
