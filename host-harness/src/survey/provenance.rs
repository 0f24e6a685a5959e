//! What SLSA provenance says of a build, as the policy reads it.

use serde::Serialize;
use serde_json::Value;
use sigwarden_core::attestations;
use sigwarden_core::settings::PROVENANCE_TYPES;

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
    /// From what: `git+https://github.com/o/r@refs/heads/main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Provenance {
    /// Reads a predicate; `None` where it is no SLSA provenance.
    pub(super) fn read(predicate_type: &str, predicate: &Value) -> Option<Self> {
        let is_provenance = PROVENANCE_TYPES.contains(&predicate_type);
        let said = is_provenance.then(|| attestations::Provenance::read(predicate))?;
        Some(Self {
            builder_id: said.builder.map(str::to_owned),
            build_type: said.build_type.map(str::to_owned),
            source: said.trigger.or_else(|| said.material.map(str::to_owned)),
        })
    }
}
