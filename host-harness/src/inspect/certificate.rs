//! What a certificate says: whose it is, who issued it, and what Fulcio wrote into it about the build that asked for it.

use std::collections::BTreeMap;

use serde::Serialize;
use sigwarden_core::verify::{Claims, EvidenceError};
use x509_cert::der::Decode as _;

use super::piece::instant;

/// A certificate in words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// Alternative names: the workflow, the person, the host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The OIDC issuer that vouched for the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The distinguished name of its holder. Fulcio's leaves have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The distinguished name of the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// Serial number, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Start of its validity.
    pub not_before: String,
    /// End of its validity.
    pub not_after: String,
    /// Repository of the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Its ref.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// Its commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The workflow that called the signing one, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_config: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Fulcio's extensions (1.3.6.1.4.1.57264.1.*), by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<&'static str, String>,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn read(der: &[u8]) -> Result<Self, EvidenceError> {
        let claims = Claims::read(der)?;
        // `Claims` parsed the same bytes; distinguished names are for people alone.
        let parsed = x509_cert::Certificate::from_der(der).ok().map(|certificate| certificate.tbs_certificate);
        let extensions: BTreeMap<&'static str, String> =
            claims.extensions.iter().map(|(extension, value)| (extension.name(), value.clone())).collect();
        let (start, end) = claims.validity();
        let build = claims.build();
        let named = |name: String| (!name.is_empty()).then_some(name);
        Ok(Self {
            issuer: claims.issuer.clone(),
            subject: parsed.as_ref().and_then(|it| named(it.subject.to_string())),
            issued_by: parsed.as_ref().and_then(|it| named(it.issuer.to_string())),
            serial: parsed.as_ref().map(|it| hex(it.serial_number.as_bytes())),
            not_before: instant(start),
            not_after: instant(end),
            repository: build.repository.clone(),
            git_ref: build.git_ref.map(str::to_owned),
            commit: build.commit.map(str::to_owned),
            trigger: build.trigger.map(str::to_owned),
            build_config: claims.build_config_uri().map(str::to_owned).filter(|uri| !claims.names.contains(uri)),
            run: extensions.get("runInvocationURI").cloned(),
            names: claims.names,
            extensions,
        })
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
