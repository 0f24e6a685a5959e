//! What SLSA provenance says of a build. v0.2 and v1 say it in other places.

use serde::Serialize;
use serde_json::Value;

/// The two predicate types.
pub(super) const V02: &str = "https://slsa.dev/provenance/v0.2";
pub(super) const V1: &str = "https://slsa.dev/provenance/v1";

/// What the statement says of the build. Whoever signed it could write anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Who built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder_id: Option<String>,
    /// What kind of build it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_type: Option<String>,
    /// From which repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_repository: Option<String>,
}

impl Provenance {
    /// Reads a predicate; `None` where it is no SLSA provenance.
    pub(super) fn read(predicate_type: &str, predicate: &Value) -> Option<Self> {
        let at = |path: &str| predicate.pointer(path).and_then(Value::as_str).map(str::to_owned);
        match predicate_type {
            V02 => Some(Self {
                builder_id: at("/builder/id"),
                build_type: at("/buildType"),
                source_repository: at("/invocation/configSource/uri"),
            }),
            V1 => Some(Self {
                builder_id: at("/runDetails/builder/id"),
                build_type: at("/buildDefinition/buildType"),
                source_repository: at("/buildDefinition/externalParameters/workflow/repository"),
            }),
            _ => None,
        }
    }
}
