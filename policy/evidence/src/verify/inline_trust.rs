//! Trust that an attestor brings along as PEM: Kyverno's `roots`, `rekor.pubkey`, `ctlog.pubkey`, `ctlog.tsaCertChain`.
//!
//! Each part takes the place of that part of the trust root, and never stands beside it: who names his own log does not
//! believe the public one too. Certificates count within their own validity only, where Go's verifier (Kyverno's) holds
//! every certificate of a chain against it too.

use super::trust::TrustError;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigstore_verify::crypto::{SigningScheme, VerificationKey};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{DerCertificate, DerPublicKey, TimeRange};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::BasicConstraints;

/// Parts of a trust root. Empty parts say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InlineTrust {
    authorities: Vec<DerCertificate>,
    rekor_keys: Vec<DerPublicKey>,
    ct_keys: Vec<DerPublicKey>,
    /// The certificate that signs, intermediates, the root.
    timestamp_chain: Vec<DerCertificate>,
}

impl InlineTrust {
    /// Certificate authorities: every PEM block one, roots and intermediates alike.
    ///
    /// # Errors
    /// When a block is not a certificate, or not an authority's.
    pub fn set_authorities(&mut self, blocks: &[String]) -> Result<(), TrustError> {
        let certificates = certificates(blocks)?;
        for (number, (_, parsed)) in (1..).zip(&certificates) {
            if !is_authority(parsed) {
                return Err(TrustError::NotAnAuthority { number });
            }
        }
        self.authorities = certificates.into_iter().map(|(der, _)| der).collect();
        self.authorities.dedup();
        Ok(())
    }

    /// Keys of transparency logs. A log is known by the hash of its key.
    ///
    /// # Errors
    /// When a block is not a key that a log may have.
    pub fn set_rekor_keys(&mut self, blocks: &[String]) -> Result<(), TrustError> {
        self.rekor_keys = log_keys(blocks, |key| VerificationKey::from_spki(key).map(drop).map_err(|e| e.to_string()))?;
        Ok(())
    }

    /// Keys of certificate transparency logs.
    ///
    /// # Errors
    /// When a block is not a key that a log may have.
    pub fn set_ct_keys(&mut self, blocks: &[String]) -> Result<(), TrustError> {
        self.ct_keys = log_keys(blocks, |key| {
            VerificationKey::from_spki(key)
                .or_else(|_| VerificationKey::from_der(key, SigningScheme::RsaPkcs1Sha256))
                .map(drop)
                .map_err(|e| e.to_string())
        })?;
        Ok(())
    }

    /// The one timestamp authority, its certificates in any order.
    ///
    /// # Errors
    /// When a block is not a certificate, or they are not one chain: a certificate that signs, and a root.
    pub fn set_timestamp_chain(&mut self, blocks: &[String]) -> Result<(), TrustError> {
        let (mut leaves, mut intermediates, mut roots) = (Vec::new(), Vec::new(), Vec::new());
        for (der, parsed) in certificates(blocks)? {
            let is_own_issuer = parsed.tbs_certificate.subject == parsed.tbs_certificate.issuer;
            let part = match (is_authority(&parsed), is_own_issuer) {
                (false, _) => &mut leaves,
                (true, false) => &mut intermediates,
                (true, true) => &mut roots,
            };
            part.push(der);
        }
        if leaves.len() != 1 || roots.len() != 1 {
            return Err(TrustError::TimestampChain { leaves: leaves.len(), roots: roots.len() });
        }
        self.timestamp_chain = leaves.into_iter().chain(intermediates).chain(roots).collect();
        Ok(())
    }

    /// Whether there is no part at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the timestamp authority is among its parts.
    #[must_use]
    pub const fn has_timestamp_authority(&self) -> bool {
        !self.timestamp_chain.is_empty()
    }

    /// Whether it names its own certificate authorities.
    #[must_use]
    pub const fn has_authorities(&self) -> bool {
        !self.authorities.is_empty()
    }

    /// Tells this trust from every other: a hash of everything in it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let certificates = |der: &DerCertificate| der.as_bytes().to_vec();
        let keys = |der: &DerPublicKey| der.as_bytes().to_vec();
        let parts: [Vec<Vec<u8>>; 4] = [
            self.authorities.iter().map(certificates).collect(),
            self.rekor_keys.iter().map(keys).collect(),
            self.ct_keys.iter().map(keys).collect(),
            self.timestamp_chain.iter().map(certificates).collect(),
        ];
        for part in parts {
            // Lengths first, so that nothing can move from one part to the next.
            hash.update(part.len().to_be_bytes());
            for der in part {
                hash.update(der.len().to_be_bytes());
                hash.update(der);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The parts as Kyverno's fields write them: name and PEM text.
    #[must_use]
    pub fn as_written(&self) -> Vec<(&'static str, String)> {
        let certificates = |chain: &[DerCertificate]| chain.iter().map(|der| der.to_pem().replace('\r', "")).collect();
        let keys = |keys: &[DerPublicKey]| keys.iter().map(|der| der.to_pem().replace('\r', "")).collect();
        let parts: [(&str, String); 4] = [
            ("roots", certificates(&self.authorities)),
            ("rekor.pubkey", keys(&self.rekor_keys)),
            ("ctlog.pubkey", keys(&self.ct_keys)),
            ("ctlog.tsaCertChain", certificates(&self.timestamp_chain)),
        ];
        parts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Puts the parts into a trusted root.
    pub(super) fn replace_in(&self, root: &mut TrustedRoot) -> Result<(), TrustError> {
        let unusable = |e: &dyn std::fmt::Display| TrustError::Unusable(e.to_string());
        if !self.authorities.is_empty() {
            // One authority for each certificate, since each has its own window.
            let authorities = self
                .authorities
                .iter()
                .map(|der| authority(std::slice::from_ref(der), der))
                .collect::<Result<Value, _>>()?;
            root.certificate_authorities = serde_json::from_value(authorities).map_err(|e| unusable(&e))?;
        }
        if !self.rekor_keys.is_empty() {
            root.tlogs = serde_json::from_value(logs(&self.rekor_keys)).map_err(|e| unusable(&e))?;
        }
        if !self.ct_keys.is_empty() {
            root.ctlogs = serde_json::from_value(logs(&self.ct_keys)).map_err(|e| unusable(&e))?;
        }
        if let Some(last) = self.timestamp_chain.last() {
            let authorities = json!([authority(&self.timestamp_chain, last)?]);
            root.timestamp_authorities = serde_json::from_value(authorities).map_err(|e| unusable(&e))?;
        }
        Ok(())
    }
}

fn certificates(blocks: &[String]) -> Result<Vec<(DerCertificate, Certificate)>, TrustError> {
    let read = |(number, block): (usize, &String)| {
        let error = |e: &dyn std::fmt::Display| TrustError::Certificate { number, reason: e.to_string() };
        let der = DerCertificate::from_pem(block.trim()).map_err(|e| error(&e))?;
        let parsed = Certificate::from_der(der.as_bytes()).map_err(|e| error(&e))?;
        // What chains are built with is pickier about some things, and now is the time to say so.
        webpki::anchor_from_trusted_cert(&CertificateDer::from(der.as_bytes())).map_err(|e| error(&e))?;
        Ok((der, parsed))
    };
    (1..).zip(blocks).map(read).collect()
}

/// Whether it may certify others (RFC 5280 §4.2.1.9). Without the extension it may not.
fn is_authority(certificate: &Certificate) -> bool {
    let constraints = certificate.tbs_certificate.get::<BasicConstraints>();
    matches!(constraints, Ok(Some((_, BasicConstraints { ca: true, .. }))))
}

fn log_keys(
    blocks: &[String],
    check: impl Fn(&DerPublicKey) -> Result<(), String>,
) -> Result<Vec<DerPublicKey>, TrustError> {
    let mut keys = Vec::new();
    for (number, block) in (1..).zip(blocks) {
        let error = |reason: String| TrustError::LogKey { number, reason };
        let key = DerPublicKey::from_pem(block.trim()).map_err(|e| error(e.to_string()))?;
        check(&key).map_err(error)?;
        // The same key twice is one log.
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// An authority of a trusted root, valid as long as `root` is.
fn authority(chain: &[DerCertificate], root: &DerCertificate) -> Result<Value, TrustError> {
    let unusable = |e: &dyn std::fmt::Display| TrustError::Unusable(e.to_string());
    let parsed = Certificate::from_der(root.as_bytes()).map_err(|e| unusable(&e))?;
    let validity = parsed.tbs_certificate.validity;
    let time = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|e| unusable(&e))?;
        jiff::Timestamp::from_second(seconds).map_err(|e| unusable(&e))
    };
    let window = TimeRange::new(time(validity.not_before)?, Some(time(validity.not_after)?));
    let certificates: Vec<Value> = chain.iter().map(|der| json!({"rawBytes": der})).collect();
    Ok(json!({"uri": "", "certChain": {"certificates": certificates}, "validFor": window}))
}

/// Logs of a trusted root, known by the SHA-256 of their keys (RFC 6962 §3.2; Rekor does the same).
fn logs(keys: &[DerPublicKey]) -> Value {
    let log = |key: &DerPublicKey| {
        let id = sigstore_verify::types::LogKeyId::from_bytes(&Sha256::digest(key.as_bytes()));
        // `keyDetails` is a hint that the verifier does not need: the key says what it is.
        json!({
            "baseUrl": "", "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": key, "keyDetails": "PUBLIC_KEY_DETAILS_UNSPECIFIED"},
            "logId": {"keyId": id},
        })
    };
    keys.iter().map(log).collect()
}
