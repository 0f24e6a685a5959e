//! The answer in Kubewarden's words (policy-server `ValidationResponse`).

use super::message;
use crate::decision::Explanation;
use crate::entries;
use crate::json::Json;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// HTTP status of a refusal. The API server passes it on, so it must be one; our own codes stand in the message and in
/// the audit annotations.
const FORBIDDEN: u16 = 403;

/// What a policy answers to `validate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationResponse {
    /// Whether the request is admitted.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// HTTP status of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The whole object, where images were pinned.
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub mutated_object: Option<Value>,
    /// For the audit log: `codes` (of everything that failed, also where it was only audited) and `pinned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Shown by kubectl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<String>>,
}

/// The object as the module wrote it.
fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Option::<Json>::deserialize(deserializer).map(|object| object.map(|Json(object)| object))
}

impl ValidationResponse {
    pub(super) fn accept(explanation: &Explanation, mutated_object: Option<Value>) -> Self {
        Self { accepted: true, message: None, code: None, mutated_object, ..Self::reject(explanation) }
    }

    pub(super) fn reject(explanation: &Explanation) -> Self {
        let annotations = audit_annotations(explanation);
        Self {
            accepted: false,
            message: Some(message::refusal(explanation)),
            code: Some(FORBIDDEN),
            mutated_object: None,
            audit_annotations: (!annotations.is_empty()).then_some(annotations),
            warnings: (!explanation.warnings.is_empty()).then(|| explanation.warnings.clone()),
        }
    }
}

fn audit_annotations(explanation: &Explanation) -> BTreeMap<String, String> {
    let mut codes: Vec<_> = message::reasons(explanation).iter().map(|reason| reason.finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let codes: Vec<_> = codes.into_iter().map(|code| code.as_str()).collect();
    let images = explanation.images.iter().filter(|_| !explanation.outcome.refuses());
    let pinned: Vec<_> = images.filter_map(|image| image.pinned.as_deref()).collect();
    let annotations = [("codes", codes), ("pinned", pinned)].into_iter().filter(|(_, values)| !values.is_empty());
    entries::map(annotations.map(|(name, values)| (name.to_owned(), values.join(","))))
}
