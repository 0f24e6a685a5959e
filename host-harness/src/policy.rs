//! The operations of the policy module, typed.
//!
//! A [`Policy`] is a compiled module and what it may ask for while it works. An answer of the wrong shape is an
//! error like no answer at all: neither can be taken for consent.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
pub use sigwarden_core::admission::ValidationResponse;
use sigwarden_core::decision::{CandidateReport, Explanation, Outcome};

use crate::callbacks::Callbacks;
use crate::engine::{EngineError, HostCalls, Module};
use crate::host::Host;
use crate::log::Log;
use crate::sources::Source;

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The module did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The module admits with one half of its answer and refuses with the other.
    #[error("the module's answer contradicts itself: accepted is {accepted}, and the explanation says otherwise")]
    Contradiction {
        /// What the response says.
        accepted: bool,
    },
    /// The module answered something else than was asked.
    #[error("the module's answer to `{operation}` cannot be read: {reason}")]
    Answer {
        /// The operation.
        operation: &'static str,
        /// What the JSON parser said.
        reason: String,
    },
}

/// The answer to `validate_settings`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SettingsVerdict {
    /// Whether the settings can be used.
    pub valid: bool,
    /// What is wrong with them.
    #[serde(default)]
    pub message: Option<String>,
}

/// The answer to `sigwarden_explain`: what `validate` answers, and why.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Explained {
    /// The answer that a cluster gets.
    pub response: ValidationResponse,
    /// What it rests on.
    pub explanation: Explanation,
}

impl Explained {
    /// Whether the module admits.
    #[must_use]
    pub const fn admits(&self) -> bool {
        self.response.accepted
    }

    /// Whether the module refuses because it could not find out.
    #[must_use]
    pub fn undecided(&self) -> bool {
        !self.admits() && self.explanation.outcome == Outcome::Undecided
    }
}

/// The question of `sigwarden_verify_bundle`: does this bundle vouch for that artifact?
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleQuestion {
    /// The bundle, as JSON text.
    #[serde(serialize_with = "as_json_if_it_is")]
    pub bundle: String,
    /// What was signed.
    pub artifact: Artifact,
    /// A `trusted_root.json` in place of the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<Value>,
    /// Exact name in the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_identity: Option<String>,
    /// Regular expression for the whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_identity_regexp: Option<String>,
    /// Exact issuer in the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_oidc_issuer: Option<String>,
    /// Regular expression for the whole issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_oidc_issuer_regexp: Option<String>,
    /// Public key as PEM text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Accept a signature that no transparency log vouches for.
    pub insecure_ignore_tlog: bool,
    /// Accept a certificate that no certificate log vouches for.
    pub insecure_ignore_sct: bool,
}

/// An object stands in the question as it is. Anything else goes as a string: the module says what is wrong with it.
fn as_json_if_it_is<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(object) if object.get().starts_with('{') => object.serialize(serializer),
        _ => serializer.serialize_str(text),
    }
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Artifact {
    /// Its content, in base64.
    Bytes(String),
    /// `sha256:<hex>` of its content.
    Digest(String),
}

/// A compiled policy module and the world as it sees it.
#[derive(Clone)]
pub struct Policy {
    module: Module,
    host_calls: Arc<HostCalls>,
}

impl Policy {
    /// Gives `module` the evidence in `source`, on a host that hands out all of it. What it logs, and what is asked of
    /// `source`, goes to `log`.
    #[must_use]
    pub fn new(module: Module, source: Arc<dyn Source>, log: Arc<Log>) -> Self {
        Self::on(Host::extended(source), module, log)
    }

    /// Runs `module` on `host`. What it logs, and what it asks, goes to `log`.
    #[must_use]
    pub fn on(host: Host, module: Module, log: Arc<Log>) -> Self {
        let callbacks = Callbacks::new(host, log);
        let host_calls = Arc::new(move |binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            callbacks.answer(binding, namespace, operation, payload)
        });
        Self { module, host_calls }
    }

    /// The module.
    #[must_use]
    pub const fn module(&self) -> &Module {
        &self.module
    }

    /// What answers the module's questions.
    #[must_use]
    pub fn host_calls(&self) -> Arc<HostCalls> {
        Arc::clone(&self.host_calls)
    }

    /// Asks whether `settings` can be used. A cluster asks this when a policy is deployed.
    ///
    /// # Errors
    /// When the module gives no answer that can be read.
    pub fn validate_settings(&self, settings: &Value) -> Result<SettingsVerdict, PolicyError> {
        self.ask("validate_settings", settings)
    }

    /// Asks for the answer to an `AdmissionRequest`.
    ///
    /// # Errors
    /// When the module gives no answer that can be read.
    pub fn validate(&self, request: &Value, settings: &Value) -> Result<ValidationResponse, PolicyError> {
        self.ask("validate", &json!({"request": request, "settings": settings}))
    }

    /// Asks for the answer to an `AdmissionRequest`, and why.
    ///
    /// # Errors
    /// When the module gives no answer that can be read, or one that contradicts itself.
    pub fn explain(&self, request: &Value, settings: &Value) -> Result<Explained, PolicyError> {
        let explained: Explained = self.ask("sigwarden_explain", &json!({"request": request, "settings": settings}))?;
        let accepted = explained.response.accepted;
        if accepted == explained.explanation.outcome.refuses() {
            return Err(PolicyError::Contradiction { accepted });
        }
        Ok(explained)
    }

    /// Asks whether a Sigstore bundle vouches for an artifact.
    ///
    /// # Errors
    /// When the module gives no answer that can be read.
    pub fn verify_bundle(&self, question: &BundleQuestion) -> Result<CandidateReport, PolicyError> {
        self.ask("sigwarden_verify_bundle", question)
    }

    fn ask<T: DeserializeOwned>(&self, operation: &'static str, question: &impl Serialize) -> Result<T, PolicyError> {
        let unreadable = |error: serde_json::Error| PolicyError::Answer { operation, reason: error.to_string() };
        let payload = serde_json::to_vec(question).map_err(unreadable)?;
        let answer = self.module.call(operation, &payload, Arc::clone(&self.host_calls))?;
        serde_json::from_slice(&answer).map_err(unreadable)
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("module", &self.module).finish_non_exhaustive()
    }
}
