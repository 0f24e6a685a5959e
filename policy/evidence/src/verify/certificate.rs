//! What a signing certificate says about its holder: every SAN, the OIDC issuer, Fulcio's extensions.
//!
//! Claims only: they are worth something once the chain behind the certificate verifies. Every SAN is read (Kyverno and
//! cosign match on any), where sigstore-verify keeps the first.

use super::EvidenceError;
use super::extensions::{self, FulcioExtension};
use jiff::Timestamp;
use sigstore_verify::crypto::KeyAlgorithm;
use sigstore_verify::types::DerPublicKey;
use std::collections::BTreeMap;
use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Tag, TagNumber, Tagged};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// Fulcio's SAN for users of an issuer without email addresses (fulcio `docs/oid-info.md`, 1.3.6.1.4.1.57264.1.7).
const FULCIO_OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");
/// Who vouches for the workflows of GitHub Actions.
pub const GITHUB_ACTIONS_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Names in one certificate, and bytes in a name. Fulcio writes one name, a workflow's URL at the longest.
const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 2048;

/// The claims of a signing certificate.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Every subject alternative name that is text: email addresses, URIs, DNS names, Fulcio's own other name.
    pub names: Vec<String>,
    /// OIDC issuer.
    pub issuer: Option<String>,
    /// Fulcio's extensions, as many as there are.
    pub extensions: BTreeMap<FulcioExtension, String>,
    /// From when on it is good.
    pub(super) not_before: Timestamp,
    /// Until when it is good.
    pub(super) not_after: Timestamp,
    /// Its key.
    pub(super) public_key: DerPublicKey,
    /// What its key signs with.
    pub(super) key_algorithm: KeyAlgorithm,
}

impl Claims {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn read(der: &[u8]) -> Result<Self, EvidenceError> {
        let malformed = |e: &dyn std::fmt::Display| EvidenceError::Malformed(format!("certificate: {e}"));
        let certificate = Certificate::from_der(der).map_err(|e| malformed(&e))?;
        let signed = &certificate.tbs_certificate;
        let public_key = signed.subject_public_key_info.to_der().map(DerPublicKey::new).map_err(|e| malformed(&e))?;
        let alternative: Option<(bool, SubjectAltName)> = signed.get().map_err(|e| malformed(&e))?;
        let names = alternative
            .iter()
            .flat_map(|(_, names)| names.0.iter())
            .take(MAX_NAMES)
            .filter_map(|name| match name {
                GeneralName::Rfc822Name(name) => Some(name.to_string()),
                GeneralName::UniformResourceIdentifier(name) => Some(name.to_string()),
                GeneralName::DnsName(name) => Some(name.to_string()),
                GeneralName::OtherName(name) if name.type_id == FULCIO_OTHER_NAME => {
                    let explicit = Tag::ContextSpecific { constructed: true, number: TagNumber::N0 };
                    let value =
                        if name.value.tag() == explicit { name.value.value() } else { return utf8(&name.value) };
                    Utf8StringRef::from_der(value).ok().map(|text| text.to_string())
                }
                _ => None,
            })
            .filter(|name| name.len() <= MAX_NAME_BYTES)
            .collect();
        let time = |time: Time| Timestamp::new(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX), 0);
        Ok(Self {
            names,
            issuer: extensions::issuer(&certificate)?,
            extensions: extensions::read(&certificate)?,
            not_before: time(signed.validity.not_before).map_err(|e| malformed(&e))?,
            not_after: time(signed.validity.not_after).map_err(|e| malformed(&e))?,
            key_algorithm: KeyAlgorithm::from_spki(&public_key).map_err(|e| malformed(&e))?,
            public_key,
        })
    }

    fn text(&self, extension: FulcioExtension) -> Option<&str> {
        self.extensions.get(&extension).map(String::as_str)
    }

    /// The workflow that called the signing one, with its ref (`build config URI`, 1.3.6.1.4.1.57264.1.18).
    #[must_use]
    pub fn build_config_uri(&self) -> Option<&str> {
        self.text(FulcioExtension::BUILD_CONFIG_URI)
    }

    /// What Fulcio says about the build that asked for the certificate.
    #[must_use]
    pub fn build(&self) -> CertifiedBuild<'_> {
        let either = |new, old| agreed(self.text(new), self.text(old));
        let old_repository = self.text(FulcioExtension::WORKFLOW_REPOSITORY);
        let old_repository = old_repository.map(|path| format!("https://github.com/{path}"));
        CertifiedBuild {
            repository: agreed(self.text(FulcioExtension::SOURCE_REPOSITORY_URI).map(str::to_owned), old_repository),
            git_ref: either(FulcioExtension::SOURCE_REPOSITORY_REF, FulcioExtension::WORKFLOW_REF),
            commit: either(FulcioExtension::SOURCE_REPOSITORY_DIGEST, FulcioExtension::WORKFLOW_SHA),
            trigger: either(FulcioExtension::BUILD_TRIGGER, FulcioExtension::WORKFLOW_TRIGGER),
        }
    }

    /// From when to when the certificate is good, in Unix seconds.
    #[must_use]
    pub fn validity(&self) -> (i64, i64) {
        (self.not_before.as_second(), self.not_after.as_second())
    }

    /// How long the certificate is good for, in seconds. `None` where it ends before it begins.
    #[must_use]
    pub fn lifetime(&self) -> Option<i64> {
        let seconds = self.not_after.as_second().checked_sub(self.not_before.as_second())?;
        (seconds >= 0).then_some(seconds)
    }

    /// The holder in words: `name (issuer)`.
    #[must_use]
    pub fn signer(&self) -> String {
        let name = match self.names.as_slice() {
            [] => "a certificate without a name".to_owned(),
            names => names.join(", "),
        };
        match &self.issuer {
            Some(issuer) => format!("{name} ({issuer})"),
            None => name,
        }
    }
}

/// What a certificate says about a build (fulcio `docs/oid-info.md`), by the extensions of today and by those before them,
/// which older certificates have alone. Where both are there and differ, it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedBuild<'c> {
    /// `https://github.com/owner/repository` (1.3.6.1.4.1.57264.1.12 and .5).
    pub repository: Option<String>,
    /// `refs/heads/main` (.14 and .6).
    pub git_ref: Option<&'c str>,
    /// The commit (.13 and .3).
    pub commit: Option<&'c str>,
    /// The event that started it, such as `push` (.20 and .2).
    pub trigger: Option<&'c str>,
}

fn agreed<T: PartialEq>(new: Option<T>, old: Option<T>) -> Option<T> {
    match (new, old) {
        (Some(new), Some(old)) if new != old => None,
        (new, old) => new.or(old),
    }
}

fn utf8(value: &x509_cert::der::Any) -> Option<String> {
    value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string())
}
