//! Whom a `trusted_root.json` trusts.

use serde::Serialize;
use serde_json::Value;
use sigwarden_core::verify::TrustRoot;

use super::InspectError;

/// Longest one that is read. Sigstore's own has 12 KB after five years.
const MAX_ROOT_BYTES: usize = 1 << 20;

/// A trust root in words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedRoot {
    /// Who issues certificates.
    pub certificate_authorities: Vec<Authority>,
    /// Transparency logs.
    pub transparency_logs: Vec<Authority>,
    /// Certificate transparency logs.
    pub certificate_logs: Vec<Authority>,
    /// Who stamps times.
    pub timestamp_authorities: Vec<Authority>,
}

/// One of those that are trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// Its URL, or the name in its certificate.
    pub name: String,
    /// From when on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl TrustedRoot {
    /// Reads one. It is one that `--trusted-root` would take.
    ///
    /// # Errors
    /// When the policy could not use it.
    pub fn read(json: &[u8]) -> Result<Self, InspectError> {
        let unreadable = |error: &dyn std::fmt::Display| InspectError::Unreadable(error.to_string());
        if json.len() > MAX_ROOT_BYTES {
            return Err(unreadable(&format!("a trust root of more than {MAX_ROOT_BYTES} bytes is not read")));
        }
        let text = std::str::from_utf8(json).map_err(|error| unreadable(&error))?;
        TrustRoot::from_json(text).map_err(|error| unreadable(&error))?;
        let root: Value = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
        let list = |field: &str, window: &str| -> Vec<Authority> {
            root.get(field).and_then(Value::as_array).into_iter().flatten().map(|it| authority(it, window)).collect()
        };
        Ok(Self {
            certificate_authorities: list("certificateAuthorities", "/validFor"),
            transparency_logs: list("tlogs", "/publicKey/validFor"),
            certificate_logs: list("ctlogs", "/publicKey/validFor"),
            timestamp_authorities: list("timestampAuthorities", "/validFor"),
        })
    }
}

fn authority(value: &Value, window: &str) -> Authority {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/baseUrl").or_else(|| text("/uri")).or_else(|| text("/subject/commonName"));
    Authority {
        name: name.unwrap_or("without a name").to_owned(),
        from: text(&format!("{window}/start")).map(str::to_owned),
        until: text(&format!("{window}/end")).map(str::to_owned),
    }
}
