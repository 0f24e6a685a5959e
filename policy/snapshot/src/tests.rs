//! Modules written by hand: types, imports, functions, memory, exports, code (core specification 5.5).

use super::*;

/// `(module (type (func)) (import "host" "time" (func 0)) (func 0 BODY) (memory 1) (export "memory") (export EXPORT))`
fn module(export: &str, body: &[u8]) -> Vec<u8> {
    let mut exports = b"\x02\x06memory\x02\x00".to_vec();
    exports.push(u8::try_from(export.len()).unwrap());
    exports.extend(export.as_bytes());
    exports.extend(b"\x00\x01");
    let body = [b"\x00", body, b"\x0b"].concat();
    let mut code = vec![1, u8::try_from(body.len()).unwrap()];
    code.extend(body);
    let sections: [(u8, &[u8]); 6] = [
        (1, b"\x01\x60\x00\x00"),
        (2, b"\x01\x04host\x04time\x00\x00"),
        (3, b"\x01\x00"),
        (5, b"\x01\x00\x01"),
        (7, &exports),
        (10, &code),
    ];
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        module.extend([id, u8::try_from(content.len()).unwrap()]);
        module.extend(content);
    }
    module
}

/// `i32.const 64, i32.const 42, i32.store`
const STORE: &[u8] = b"\x41\xc0\x00\x41\x2a\x36\x02\x00";
/// `call 0`, which is the import.
const CALL: &[u8] = b"\x10\x00";
/// `loop, br 0, end`
const FOR_EVER: &[u8] = b"\x03\x40\x0c\x00\x0b";
/// `unreachable`
const TRAP: &[u8] = b"\x00";

#[test]
fn what_is_prepared_is_there_from_the_start() {
    let original = module(PREPARATION, STORE);
    let made = snapshot(&original).unwrap();
    assert_eq!(made, snapshot(&original).unwrap(), "the same module gives the same snapshot");

    let engine = Engine::default();
    let stored = |bytes: &[u8]| {
        let module = Module::new(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let exports: Vec<_> = module.exports().map(|export| export.name().to_owned()).collect();
        (exports, instance.get_memory(&mut store, "memory").unwrap().data(&store)[64])
    };
    assert_eq!(stored(&original), (vec!["memory".to_owned(), PREPARATION.to_owned()], 0));
    assert_eq!(stored(&made), (vec!["memory".to_owned()], 42));
}

#[test]
fn a_preparation_that_needs_its_host_or_does_not_end_is_refused() {
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("asks its host", module(PREPARATION, CALL), "the preparation failed: it asks its host for `host.time`"),
        ("asks its host at last", module(PREPARATION, &[STORE, CALL].concat()), "it asks its host for `host.time`"),
        ("does not end", module(PREPARATION, FOR_EVER), "the preparation failed: "),
        ("traps", module(PREPARATION, TRAP), "the preparation failed: "),
        ("has none", module("sigwarden_prepared", STORE), "exports no function `sigwarden_prepare`"),
        ("is no module", b"\0asm".to_vec(), "the module cannot be used: "),
    ];
    for (name, bytes, reason) in cases {
        let error = snapshot(&bytes).unwrap_err().to_string();
        assert!(error.contains(reason), "case `{name}`: {error}");
    }
}
