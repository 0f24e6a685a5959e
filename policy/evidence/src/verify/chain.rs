//! Does a certificate follow from a chain that somebody wrote down beside it?
//!
//! No evidence is involved, and nothing is decided by it here: whoever takes over a policy that names both has to know
//! whether the policy could ever have accepted anything.

use super::{EvidenceError, provider};
use rustls_pki_types::{CertificateDer, UnixTime};
use sigstore_verify::crypto::WEBPKI_VERIFICATION_ALGS;
use sigstore_verify::types::DerCertificate;
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::der::oid::db::rfc5280::ID_KP_CODE_SIGNING;

/// Whether `certificate` (PEM) may sign code, and follows at `time` from one of the certificates in `chain` that sign
/// themselves, through the others. Times are since 1970.
///
/// # Errors
/// When it does not, or something is not a certificate.
pub fn certificate_follows(certificate: &str, chain: &[String], time: Duration) -> Result<(), EvidenceError> {
    provider::install();
    let error = |e: &dyn std::fmt::Display| EvidenceError::Certificate(e.to_string());
    let read = |pem: &str| DerCertificate::from_pem(pem.trim()).map_err(|e| error(&e));
    let leaf = read(certificate)?;
    let chain = chain.iter().map(|pem| read(pem)).collect::<Result<Vec<_>, _>>()?;
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(der.as_bytes())).collect();
    // Only what nobody else vouches for is an anchor: an intermediate has to be followed up to it.
    let mut anchors = Vec::new();
    for der in &chain {
        if is_self_signed(der)? {
            anchors.push(webpki::anchor_from_trusted_cert(der).map_err(|e| error(&e))?);
        }
    }
    let leaf = CertificateDer::from(leaf.as_bytes());
    let leaf = EndEntityCert::try_from(&leaf).map_err(|e| error(&e))?;
    let usage = KeyUsage::required(ID_KP_CODE_SIGNING.as_bytes());
    let time = UnixTime::since_unix_epoch(time);
    leaf.verify_for_usage(WEBPKI_VERIFICATION_ALGS, &anchors, &chain, time, usage, None, None)
        .map(|_| ())
        .map_err(|e| error(&e))
}

fn is_self_signed(der: &CertificateDer<'_>) -> Result<bool, EvidenceError> {
    use x509_cert::der::Decode as _;
    let certificate = x509_cert::Certificate::from_der(der).map_err(|e| EvidenceError::Certificate(e.to_string()))?;
    Ok(certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject)
}
