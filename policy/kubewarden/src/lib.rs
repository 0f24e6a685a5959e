//! sigwarden as a Kubewarden policy: waPC in, waPC out, and the clock. Everything else is `sigwarden-core`.
//!
//! Operations: `validate`, `validate_settings` and `protocol_version`, which Kubewarden calls; `sigwarden_explain` and
//! `sigwarden_verify_bundle`, which only the harness does. No operation returns an error: an error would become a refusal
//! without a reason (status 500), and in monitor mode an admission.

use serde::Serialize;
use sigwarden_core::admission;
use sigwarden_core::bundle;
use sigwarden_core::decision::Finding;
use sigwarden_core::host::{CallbackHost, Callbacks};
use sigwarden_core::verify;
use std::time::{Duration, Instant};
use wapc_guest::CallResult;

/// Called by the host once per instance.
// The name is the waPC protocol's; nothing unsafe happens.
#[expect(unsafe_code, reason = "exporting a function under a fixed name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    wapc_guest::register_function("validate", validate);
    wapc_guest::register_function("validate_settings", validate_settings);
    wapc_guest::register_function("protocol_version", |_: &[u8]| Ok(br#""v1""#.to_vec()));
    wapc_guest::register_function("sigwarden_explain", explain);
    wapc_guest::register_function("sigwarden_verify_bundle", verify_bundle);
}

/// Reads the embedded trust roots. `sigwarden-snapshot` calls this when the module is built, keeps what it leaves in
/// memory, and takes the export away: hosts know the name from nowhere. Functions are registered by [`wapc_init`] all
/// the same, as that fills a hash map, whose seed must be the instance's own.
// The name is sigwarden-snapshot's; nothing unsafe happens.
#[expect(unsafe_code, reason = "exporting a function under a fixed name")]
#[unsafe(no_mangle)]
pub extern "C" fn sigwarden_prepare() {
    if verify::prepare().is_err() {
        // There shall be no module with such a root.
        std::process::abort();
    }
}

/// The host of a request, over waPC.
struct Wapc {
    started: Instant,
}

impl Wapc {
    /// The host of a request that begins now.
    fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Callbacks for Wapc {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        wapc_guest::host_call(binding, namespace, operation, payload).map_err(|error| error.to_string())
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

fn validate(payload: &[u8]) -> CallResult {
    let decision = admission::decide(&CallbackHost(Wapc::new()), payload, now());
    Ok(serde_json::to_vec(&decision.response)?)
}

#[derive(Serialize)]
struct SettingsAnswer {
    valid: bool,
    message: Option<String>,
}

fn validate_settings(settings: &[u8]) -> CallResult {
    let answer = match admission::validate_settings(settings, now()) {
        // Nothing is wrong, but something may not be meant: the harness prints it.
        Ok(warnings) => SettingsAnswer { valid: true, message: lines(&warnings) },
        Err(problems) => SettingsAnswer { valid: false, message: lines(&problems) },
    };
    Ok(serde_json::to_vec(&answer)?)
}

fn lines(findings: &[Finding]) -> Option<String> {
    let lines: Vec<_> = findings.iter().map(in_words).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A problem on one line, with what to do about it.
fn in_words(problem: &Finding) -> String {
    match &problem.remedy {
        Some(remedy) => format!("{} ({remedy})", problem.message),
        None => problem.message.clone(),
    }
}

fn explain(payload: &[u8]) -> CallResult {
    let decision = admission::decide(&CallbackHost(Wapc::new()), payload, now());
    Ok(serde_json::to_vec(&decision)?)
}

fn verify_bundle(payload: &[u8]) -> CallResult {
    Ok(serde_json::to_vec(&bundle::verify(payload, now()))?)
}

/// Unix seconds. WASI gives guests the host's clock.
fn now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
        // Before 1970 nothing was signed: every signature is then from the future, and refused.
        .unwrap_or(0)
}
