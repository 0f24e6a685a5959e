//! A module that refuses whatever it is asked: the control of every test that expects an acceptance.
//!
//! It speaks the same operations as the policy and decides nothing. What the harness accepts with this module in
//! place of the policy, the harness decided by itself, and the acceptances of the real module prove nothing.
//!
//! `validate_settings` alone answers yes: a harness that stops at the settings would never reach the operations
//! whose answers matter here.

use serde_json::{Value, json};
use wapc_guest::{CallResult, register_function};

const REASON: &str = "this module refuses everything";

/// Entry point of waPC: names the operations.
#[expect(unsafe_code, reason = "waPC finds this function by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("protocol_version", |_| answer(&json!("v1")));
    register_function("validate_settings", |_| answer(&json!({"valid": true, "message": null})));
    register_function("validate", |_| answer(&refusal()));
    register_function("sigwarden_explain", |_| {
        let explanation = json!({"outcome": "failed", "subject": "anything", "problems": [finding()]});
        answer(&json!({"response": refusal(), "explanation": explanation}))
    });
    register_function("sigwarden_verify_bundle", |_| {
        answer(&json!({"source": "bundle", "outcome": "failed", "finding": finding()}))
    });
}

fn refusal() -> Value {
    json!({"accepted": false, "message": REASON, "code": 403})
}

fn finding() -> Value {
    json!({"code": "SW4001", "message": REASON})
}

fn answer(value: &Value) -> CallResult {
    Ok(serde_json::to_vec(value)?)
}
