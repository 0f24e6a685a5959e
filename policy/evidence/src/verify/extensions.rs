//! What Fulcio writes into certificates about the identity behind them, by name (fulcio `docs/oid-info.md`).
//!
//! Kyverno and cosign know six of these, by names of their own; all of them are known here, by those names, by Fulcio's
//! and by their object identifiers.

use super::EvidenceError;
use crate::entries;
use std::collections::BTreeMap;
use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::{Decode, oid::ObjectIdentifier};

/// The arc under which Fulcio's extensions stand, with one number behind it each.
const ARC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
/// Longest value. Fulcio copies claims of a token, of which URLs are the longest.
const MAX_VALUE_BYTES: usize = 2048;
/// From this number on values are DER strings; below they are bare text.
const FIRST_DER: u32 = 8;

/// Number under the arc, Fulcio's name, and cosign's and Kyverno's where they have one. Number 7 is a kind of alternative
/// name, and no extension.
const EXTENSIONS: [(u32, &str, Option<&str>); 22] = [
    (1, "issuer", Some("oidcIssuer")),
    (2, "githubWorkflowTrigger", None),
    (3, "githubWorkflowSha", Some("githubWorkflowSHA")),
    (4, "githubWorkflowName", None),
    (5, "githubWorkflowRepository", None),
    (6, "githubWorkflowRef", None),
    (8, "issuerV2", None),
    (9, "buildSignerURI", None),
    (10, "buildSignerDigest", None),
    (11, "runnerEnvironment", None),
    (12, "sourceRepositoryURI", None),
    (13, "sourceRepositoryDigest", None),
    (14, "sourceRepositoryRef", None),
    (15, "sourceRepositoryIdentifier", None),
    (16, "sourceRepositoryOwnerURI", None),
    (17, "sourceRepositoryOwnerIdentifier", None),
    (18, "buildConfigURI", None),
    (19, "buildConfigDigest", None),
    (20, "buildTrigger", None),
    (21, "runInvocationURI", None),
    (22, "sourceRepositoryVisibilityAtSigning", None),
    (23, "deploymentEnvironment", None),
];

/// One of Fulcio's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FulcioExtension {
    number: u32,
}

impl FulcioExtension {
    pub(super) const ISSUER: Self = Self { number: 1 };
    pub(super) const WORKFLOW_TRIGGER: Self = Self { number: 2 };
    pub(super) const WORKFLOW_SHA: Self = Self { number: 3 };
    pub(super) const WORKFLOW_REPOSITORY: Self = Self { number: 5 };
    pub(super) const WORKFLOW_REF: Self = Self { number: 6 };
    pub(super) const ISSUER_V2: Self = Self { number: 8 };
    pub(super) const SOURCE_REPOSITORY_URI: Self = Self { number: 12 };
    pub(super) const SOURCE_REPOSITORY_DIGEST: Self = Self { number: 13 };
    pub(super) const SOURCE_REPOSITORY_REF: Self = Self { number: 14 };
    pub(super) const BUILD_CONFIG_URI: Self = Self { number: 18 };
    pub(super) const BUILD_TRIGGER: Self = Self { number: 20 };

    /// The extension that stands under this object identifier, if it is one of Fulcio's.
    fn of(id: &ObjectIdentifier) -> Option<Self> {
        // Numbers below 128 have one byte of their own behind the arc's (X.690 §8.19).
        let [number] = id.as_bytes().strip_prefix(ARC.as_bytes())? else { return None };
        EXTENSIONS
            .iter()
            .map(|(known, _, _)| *known)
            .find(|known| *known == u32::from(*number))
            .map(|number| Self { number })
    }

    /// The extension of this name: Fulcio's, cosign's or Kyverno's, or the object identifier.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let number = |(number, _, _): &(u32, &str, Option<&str>)| Self { number: *number };
        let found = EXTENSIONS.iter().find(|(_, own, other)| *own == name || *other == Some(name)).map(number);
        found.or_else(|| {
            let tail = name.strip_prefix("1.3.6.1.4.1.57264.1.")?;
            EXTENSIONS.iter().find(|(number, _, _)| number.to_string() == tail).map(number)
        })
    }

    /// Every name that [`Self::named`] knows, but for the object identifiers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EXTENSIONS.iter().flat_map(|(_, own, other)| [Some(*own), *other].into_iter().flatten())
    }

    /// Fulcio's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        EXTENSIONS.iter().find(|(number, _, _)| *number == self.number).map_or("unknown", |(_, name, _)| *name)
    }

    /// Its object identifier, for example `1.3.6.1.4.1.57264.1.18`.
    #[must_use]
    pub fn oid(self) -> String {
        format!("{ARC}.{}", self.number)
    }
}

/// Fulcio's extensions of a certificate. Ones that nobody has named yet are left out.
pub(super) fn read(certificate: &Certificate) -> Result<BTreeMap<FulcioExtension, String>, EvidenceError> {
    let mut found = BTreeMap::new();
    for extension in certificate.tbs_certificate.extensions.iter().flatten() {
        let Some(named) = FulcioExtension::of(&extension.extn_id) else { continue };
        let bytes = extension.extn_value.as_bytes();
        // What is not as Fulcio writes it counts as absent, and an absent extension matches nothing.
        let text = match bytes {
            _ if bytes.len() > MAX_VALUE_BYTES => None,
            _ if named.number < FIRST_DER => std::str::from_utf8(bytes).ok().map(str::to_owned),
            _ => Utf8StringRef::from_der(bytes).ok().map(|text| text.to_string()),
        };
        // RFC 5280 §4.2 forbids it, and the second must not win in silence.
        if found.insert(named, text).is_some() {
            return Err(EvidenceError::Malformed(format!("certificate: it has {} twice", named.name())));
        }
    }
    Ok(entries::map(found.into_iter().filter_map(|(extension, text)| Some((extension, text?)))))
}

/// The OIDC issuer: by the extension of today, and only where that is absent by the one before it.
///
/// # Errors
/// When the one that counts cannot be read: unlike the others it is matched by every rule.
pub(super) fn issuer(certificate: &Certificate) -> Result<Option<String>, EvidenceError> {
    let value = |wanted: FulcioExtension| {
        let mut extensions = certificate.tbs_certificate.extensions.iter().flatten();
        let found = extensions.find(|extension| FulcioExtension::of(&extension.extn_id) == Some(wanted));
        found.map(|extension| extension.extn_value.as_bytes())
    };
    let der = |bytes| Utf8StringRef::from_der(bytes).ok().map(|text| text.to_string());
    let bare = |bytes| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let (text, extension) = match (value(FulcioExtension::ISSUER_V2), value(FulcioExtension::ISSUER)) {
        (Some(bytes), _) => (der(bytes), FulcioExtension::ISSUER_V2),
        (None, Some(bytes)) => (der(bytes).or_else(|| bare(bytes)), FulcioExtension::ISSUER),
        (None, None) => return Ok(None),
    };
    let text = text.filter(|text| text.len() <= MAX_VALUE_BYTES);
    text.map(Some).ok_or_else(|| EvidenceError::Malformed(format!("certificate: unreadable {}", extension.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_names() {
        let cases = [
            ("oidcIssuer", Some("1.3.6.1.4.1.57264.1.1")),
            ("issuer", Some("1.3.6.1.4.1.57264.1.1")),
            ("githubWorkflowSha", Some("1.3.6.1.4.1.57264.1.3")),
            ("1.3.6.1.4.1.57264.1.6", Some("1.3.6.1.4.1.57264.1.6")),
            ("issuerV2", Some("1.3.6.1.4.1.57264.1.8")),
            ("buildConfigURI", Some("1.3.6.1.4.1.57264.1.18")),
            ("1.3.6.1.4.1.57264.1.23", Some("1.3.6.1.4.1.57264.1.23")),
            ("1.3.6.1.4.1.57264.1.7", None),
            ("1.3.6.1.4.1.57264.1.24", None),
            ("1.3.6.1.4.1.57264.1.08", None),
            ("1.3.6.1.4.1.57264.2.1", None),
            ("OidcIssuer", None),
            ("", None),
        ];
        for (name, oid) in cases {
            assert_eq!(FulcioExtension::named(name).map(FulcioExtension::oid).as_deref(), oid, "case `{name}`");
        }
        for name in FulcioExtension::names() {
            assert!(FulcioExtension::named(name).is_some(), "{name}");
        }
    }
}
