//! One signature and everything handed over to judge it, in one shape whatever carrier it came in.
//!
//! Input is untrusted: a Sigstore bundle (protobuf-specs `Bundle` as JSON, v0.1 to v0.3), or the layer annotations of
//! cosign's `.sig` and `.att` tags. Reading checks form only. Nothing here verifies anything, so nothing here may be
//! believed; `verify` does both in one step.

use super::pem;
use super::proto_bytes::{self, ProtoBytes};
use super::published::PublishedError;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sigstore_verify::types::{
    Bundle, CanonicalizedBody, CertificateContent, DerCertificate, DigestBytes, DsseEnvelope, DsseSignature,
    HashAlgorithm, InclusionPromise, InclusionProof, KeyId, KindVersion, LogId, LogIndex, LogKeyId, MediaType,
    MessageDigest, MessageSignature, PayloadBytes, PublicKeyIdentifier, Rfc3161Timestamp, SignatureBytes,
    SignatureContent, SignedTimestamp, TimestampToken, TimestampVerificationData, TransparencyLogEntry,
    VerificationMaterial, VerificationMaterialContent, X509Certificate,
};
use std::collections::BTreeMap;

/// Longest certificate chain that is read: leaf, at most eight intermediates, root. cosign accepts as many.
const MAX_CERTIFICATES: usize = 10;
/// Log entries, and timestamps, in one bundle. Real ones carry one or two of each, and each costs milliseconds to verify
/// before anything shows whether the signature is worth it.
const MAX_PROOFS: usize = 8;
/// A certificate. Fulcio's have 1 to 3 KB; everything in an oversized one would be matched and printed.
const MAX_CERTIFICATE_BYTES: usize = 16 << 10;

/// The annotation in which cosign keeps a log entry beside a layer.
pub const COSIGN_LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";

/// Why evidence cannot be read. The payload is a parser's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaterialError {
    /// Not of the form it claims to be.
    #[error("not a valid {what}: {reason}")]
    Malformed {
        /// The part that does not parse.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// More parts than anything honest has.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Which parts.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Where published evidence should be, and is not.
    #[error("not valid published evidence: {0}")]
    Published(#[from] PublishedError),
}

fn malformed(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> MaterialError {
    move |reason| MaterialError::Malformed { what, reason: reason.to_string() }
}

/// What the signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The signature covers these bytes: cosign's simple-signing payload.
    Message {
        /// The bytes.
        payload: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// The signature covers an artifact known by its SHA-256 digest alone.
    Artifact {
        /// The digest that the bundle declares.
        sha256: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A DSSE envelope with one signature, which covers the envelope's pre-authentication encoding.
    Envelope {
        /// Its payload type.
        payload_type: String,
        /// Its payload.
        payload: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
        /// The envelope's own bytes where the carrier keeps them. Rekor's `intoto` entries and cosign's legacy
        /// timestamps are about these.
        raw: Option<Vec<u8>>,
    },
}

impl Content {
    /// The signature's bytes.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        match self {
            Self::Message { signature, .. } | Self::Artifact { signature, .. } | Self::Envelope { signature, .. } => {
                signature
            }
        }
    }

    /// The bytes that the signature covers, where they are at hand.
    #[must_use]
    pub fn signed_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Message { payload, .. } => Some(payload.clone()),
            Self::Artifact { .. } => None,
            Self::Envelope { payload_type, payload, .. } => Some(sigstore_verify::types::pae(payload_type, payload)),
        }
    }
}

/// What the evidence brings along about its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerMaterial {
    /// A certificate chain in DER, leaf first, never empty.
    Certificates(Vec<Vec<u8>>),
    /// A key that the verifier must know; the hint is nobody's word.
    Key {
        /// cosign writes the base64 SHA-256 of the key's SPKI.
        hint: String,
    },
}

impl SignerMaterial {
    /// The signing certificate in DER.
    #[must_use]
    pub fn leaf(&self) -> Option<&[u8]> {
        match self {
            Self::Certificates(chain) => chain.first().map(Vec::as_slice),
            Self::Key { .. } => None,
        }
    }
}

/// A transparency log's entry about the signature.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// SHA-256 of the log's key.
    pub log_id: Vec<u8>,
    /// Index in the log (shard-wide).
    pub log_index: u64,
    /// Unix seconds; believed only when `set` verifies.
    pub integrated_time: Option<i64>,
    /// Kind and version, for example `("dsse", "0.0.1")`.
    pub kind: (String, String),
    /// The canonical JSON that the log signed.
    pub body: Vec<u8>,
    /// Signed entry timestamp (Rekor v1's inclusion promise).
    pub set: Option<Vec<u8>>,
    /// Merkle inclusion proof with checkpoint.
    pub proof: Option<InclusionProof>,
}

/// A signature with its proofs.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// What is signed.
    pub content: Content,
    /// By whom, as it says.
    pub signer: SignerMaterial,
    /// Log entries.
    pub entries: Vec<LogEntry>,
    /// RFC 3161 timestamps, DER.
    pub timestamps: Vec<Vec<u8>>,
    /// Which bundle carried it; `None` for cosign's older forms.
    pub media_type: Option<MediaType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBundle {
    #[serde(default = "oldest")]
    media_type: MediaType,
    verification_material: WireMaterial,
    message_signature: Option<WireMessage>,
    dsse_envelope: Option<WireEnvelope>,
}

/// The oldest bundles, which cosign 2 wrote to files, name no media type.
const fn oldest() -> MediaType {
    MediaType::Bundle0_1
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMaterial {
    #[serde(default)]
    certificate: Option<WireCertificate>,
    #[serde(default)]
    x509_certificate_chain: Option<WireChain>,
    #[serde(default)]
    public_key: Option<PublicKeyIdentifier>,
    #[serde(default)]
    tlog_entries: Vec<WireEntry>,
    #[serde(default)]
    timestamp_verification_data: Option<WireTimestamps>,
}

#[derive(Deserialize)]
struct WireChain {
    certificates: Vec<WireCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCertificate {
    raw_bytes: ProtoBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMessage {
    message_digest: Option<WireDigest>,
    signature: ProtoBytes,
}

#[derive(Deserialize)]
struct WireDigest {
    algorithm: HashAlgorithm,
    digest: ProtoBytes,
}

/// A DSSE envelope (secure-systems-lab/dsse `envelope.md`). Key IDs are hints, and not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEnvelope {
    payload_type: String,
    payload: ProtoBytes,
    signatures: Vec<WireSignature>,
}

#[derive(Deserialize)]
struct WireSignature {
    sig: ProtoBytes,
}

impl WireEnvelope {
    /// `raw` are the envelope's own bytes, where they count.
    fn read(self, raw: Option<Vec<u8>>) -> Result<Content, MaterialError> {
        match <[WireSignature; 1]>::try_from(self.signatures) {
            Ok([signature]) => Ok(Content::Envelope {
                payload_type: self.payload_type,
                payload: self.payload.0,
                signature: signature.sig.0,
                raw,
            }),
            Err(signatures) => Err(malformed("DSSE envelope")(&format_args!(
                "it has {} signatures, and one is read",
                signatures.len()
            ))),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTimestamps {
    #[serde(default)]
    rfc3161_timestamps: Vec<WireTimestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTimestamp {
    signed_timestamp: ProtoBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePromise {
    signed_entry_timestamp: ProtoBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLogId {
    key_id: ProtoBytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    #[serde(default)]
    log_index: LogIndex,
    log_id: WireLogId,
    kind_version: WireKind,
    #[serde(default)]
    integrated_time: Option<WireSeconds>,
    inclusion_promise: Option<WirePromise>,
    inclusion_proof: Option<InclusionProof>,
    canonicalized_body: ProtoBytes,
}

#[derive(Deserialize)]
struct WireKind {
    kind: String,
    version: String,
}

/// An int64 as protobuf's JSON writes it: a string, or by older tools a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireSeconds {
    Text(String),
    Number(i64),
}

impl WireSeconds {
    fn seconds(&self) -> Result<Option<i64>, MaterialError> {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.parse().map_err(|e| malformed("integrated time")(&e))?,
        };
        // Zero is how protobuf's JSON spells "absent".
        Ok((seconds != 0).then_some(seconds))
    }
}

impl Material {
    /// Reads a Sigstore bundle, including entry kinds that sigstore-types does not know.
    ///
    /// # Errors
    /// When the JSON is not a bundle with exactly one signature, or has more parts than the limits above.
    pub fn from_bundle_json(json: &[u8]) -> Result<Self, MaterialError> {
        let error = malformed("Sigstore bundle");
        let text = std::str::from_utf8(json).map_err(|e| error(&e))?;
        let wire: WireBundle = serde_json::from_str(text).map_err(|e| error(&e))?;
        let material = wire.verification_material;
        let content = match (wire.message_signature, wire.dsse_envelope) {
            (Some(message), None) => match message.message_digest {
                Some(digest) if digest.algorithm == HashAlgorithm::Sha2256 => {
                    Content::Artifact { sha256: digest.digest.0, signature: message.signature.0 }
                }
                _ => return Err(error(&"its message signature declares no SHA-256 digest")),
            },
            (None, Some(envelope)) => envelope.read(None)?,
            _ => return Err(error(&"it must hold one message signature or one DSSE envelope")),
        };
        let signer = match (material.certificate, material.x509_certificate_chain, material.public_key) {
            (Some(leaf), None, None) => SignerMaterial::Certificates(vec![leaf.raw_bytes.0]),
            (None, Some(_), None) if wire.media_type == MediaType::Bundle0_3 => {
                return Err(error(&"from v0.3 on it holds a certificate, and no chain"));
            }
            (None, Some(chain), None) if !chain.certificates.is_empty() => {
                limit("certificates", chain.certificates.len(), MAX_CERTIFICATES)?;
                SignerMaterial::Certificates(
                    chain.certificates.into_iter().map(|certificate| certificate.raw_bytes.0).collect(),
                )
            }
            (None, None, Some(key)) => SignerMaterial::Key { hint: key.hint },
            _ => return Err(error(&"it must hold one certificate, one chain or one key hint")),
        };
        limit("log entries", material.tlog_entries.len(), MAX_PROOFS)?;
        let entries = material.tlog_entries.into_iter().map(WireEntry::read).collect::<Result<_, _>>()?;
        let timestamps = material.timestamp_verification_data.unwrap_or_default().rfc3161_timestamps;
        limit("timestamps", timestamps.len(), MAX_PROOFS)?;
        let timestamps = timestamps.into_iter().map(|timestamp| timestamp.signed_timestamp.0).collect();
        Self { content, signer, entries, timestamps, media_type: Some(wire.media_type) }.checked()
    }

    fn checked(self) -> Result<Self, MaterialError> {
        match &self.signer {
            SignerMaterial::Certificates(chain) if chain.iter().any(|der| der.len() > MAX_CERTIFICATE_BYTES) => {
                Err(MaterialError::TooMany { what: "bytes in a certificate", limit: MAX_CERTIFICATE_BYTES })
            }
            _ => Ok(self),
        }
    }

    /// Reads a layer of cosign's `.sig` tag: `payload` is the blob, the rest stands in the annotations.
    ///
    /// # Errors
    /// When an annotation is missing or does not parse.
    pub fn from_cosign_signature(
        payload: Vec<u8>,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, MaterialError> {
        let signature = annotations
            .get("dev.cosignproject.cosign/signature")
            .ok_or_else(|| malformed("cosign signature")(&"the layer has no signature annotation"))?;
        let signature = proto_bytes::decode(signature).map_err(|e| malformed("cosign signature")(&e))?;
        Self::from_cosign_annotations(Content::Message { payload, signature }, annotations)
    }

    /// Reads a layer of cosign's `.att` tag: `blob` is a DSSE envelope, its proofs stand in the annotations.
    ///
    /// # Errors
    /// When the blob is not an envelope with one signature, or an annotation does not parse.
    pub fn from_cosign_attestation(
        blob: Vec<u8>,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, MaterialError> {
        let envelope: WireEnvelope = serde_json::from_slice(&blob).map_err(|e| malformed("DSSE envelope")(&e))?;
        Self::from_cosign_annotations(envelope.read(Some(blob))?, annotations)
    }

    fn from_cosign_annotations(
        content: Content,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Self, MaterialError> {
        // cosign writes empty annotations for what it does not have.
        let text = |name: &str| annotations.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
        let signer = match text("dev.sigstore.cosign/certificate") {
            Some(leaf) => {
                let mut chain = certificates(leaf)?;
                chain.extend(text("dev.sigstore.cosign/chain").map(certificates).transpose()?.unwrap_or_default());
                limit("certificates", chain.len(), MAX_CERTIFICATES)?;
                SignerMaterial::Certificates(chain)
            }
            None => SignerMaterial::Key { hint: String::new() },
        };
        let entries = text(COSIGN_LOG_ENTRY).map(cosign_entry).transpose()?.into_iter().collect();
        let timestamps =
            text("dev.sigstore.cosign/rfc3161timestamp").map(cosign_timestamp).transpose()?.into_iter().collect();
        Self { content, signer, entries, timestamps, media_type: None }.checked()
    }

    /// Whether a log's promise to include the entry is enough. Bundles from v0.2 on must bring the proof itself.
    #[must_use]
    pub const fn promise_suffices(&self) -> bool {
        matches!(self.media_type, None | Some(MediaType::Bundle0_1))
    }

    /// The same material as a Sigstore bundle, if sigstore-types can express it: what is claimed and what is verified
    /// come from one reading.
    ///
    /// Of cosign's older forms, evidence whose entries carry only a signed entry timestamp becomes media type v0.1, the one
    /// that allows it; evidence without any entry v0.2, the one that allows a chain.
    #[must_use]
    pub fn to_bundle(&self) -> Option<Bundle> {
        // An entry of another kind cannot be expressed: that is told before payloads are copied.
        if self.entries.iter().any(|entry| entry.known_kind().is_none()) {
            return None;
        }
        let content = match &self.content {
            Content::Message { payload, signature } => {
                let digest = DigestBytes::new(Sha256::digest(payload).to_vec());
                SignatureContent::MessageSignature(
                    MessageSignature::new(SignatureBytes::from_bytes(signature))
                        .with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, digest)),
                )
            }
            // A legacy attestation's timestamp covers the whole envelope, a bundle's only the signature.
            Content::Envelope { raw: Some(_), .. } if !self.timestamps.is_empty() => return None,
            Content::Envelope { payload_type, payload, signature, .. } => {
                SignatureContent::DsseEnvelope(DsseEnvelope::new(
                    payload_type.clone(),
                    PayloadBytes::from_bytes(payload),
                    DsseSignature::new(SignatureBytes::from_bytes(signature), KeyId::default()),
                ))
            }
            Content::Artifact { sha256, signature } => SignatureContent::MessageSignature(
                MessageSignature::new(SignatureBytes::from_bytes(signature))
                    .with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, DigestBytes::new(sha256.clone()))),
            ),
        };
        let signer = match &self.signer {
            SignerMaterial::Key { hint } => {
                VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(hint.clone()))
            }
            SignerMaterial::Certificates(chain) => match chain.as_slice() {
                [leaf] => {
                    VerificationMaterialContent::Certificate(CertificateContent::new(DerCertificate::from_bytes(leaf)))
                }
                chain => VerificationMaterialContent::X509CertificateChain {
                    certificates: chain
                        .iter()
                        .map(|certificate| X509Certificate::new(DerCertificate::from_bytes(certificate)))
                        .collect(),
                },
            },
        };
        let entries = self.entries.iter().map(LogEntry::to_sigstore).collect::<Option<Vec<_>>>()?;
        let of_cosign_tags = if entries.is_empty() { MediaType::Bundle0_2 } else { MediaType::Bundle0_1 };
        let timestamps = self
            .timestamps
            .iter()
            .map(|timestamp| Rfc3161Timestamp::new(TimestampToken::from_bytes(timestamp)))
            .collect();
        let material = VerificationMaterial::new(signer)
            .with_tlog_entries(entries)
            .with_timestamp_verification_data(TimestampVerificationData::new(timestamps));
        Some(Bundle::new(self.media_type.unwrap_or(of_cosign_tags), material, content))
    }
}

impl WireEntry {
    fn read(self) -> Result<LogEntry, MaterialError> {
        Ok(LogEntry {
            log_id: self.log_id.key_id.0,
            log_index: self.log_index.get(),
            integrated_time: self.integrated_time.map(|time| time.seconds()).transpose()?.flatten(),
            kind: (self.kind_version.kind, self.kind_version.version),
            body: self.canonicalized_body.0,
            set: self.inclusion_promise.map(|promise| promise.signed_entry_timestamp.0),
            proof: self.inclusion_proof,
        })
    }
}

impl LogEntry {
    /// The kind as sigstore-types knows it.
    #[must_use]
    pub fn known_kind(&self) -> Option<KindVersion> {
        match (self.kind.0.as_str(), self.kind.1.as_str()) {
            ("hashedrekord", "0.0.1") => Some(KindVersion::HashedRekordV001),
            ("hashedrekord", "0.0.2") => Some(KindVersion::HashedRekordV002),
            ("dsse", "0.0.1") => Some(KindVersion::DsseV001),
            ("intoto", "0.0.2") => Some(KindVersion::IntotoV002),
            _ => None,
        }
    }

    fn to_sigstore(&self) -> Option<TransparencyLogEntry> {
        let mut entry = TransparencyLogEntry::new(
            LogIndex::new(self.log_index).ok()?,
            LogId::new(LogKeyId::from_bytes(&self.log_id)),
            self.known_kind()?,
            CanonicalizedBody::from_bytes(&self.body),
        );
        if let Some(time) = self.integrated_time {
            entry = entry.with_integrated_time(jiff::Timestamp::from_second(time).ok()?);
        }
        if let Some(set) = &self.set {
            entry = entry.with_inclusion_promise(InclusionPromise::new(SignedTimestamp::from_bytes(set)));
        }
        if let Some(proof) = &self.proof {
            entry = entry.with_inclusion_proof(proof.clone());
        }
        Some(entry)
    }
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), MaterialError> {
    if count > limit { Err(MaterialError::TooMany { what, limit }) } else { Ok(()) }
}

/// The certificates of a PEM text, in DER and in order.
///
/// # Errors
/// When there is anything but certificates in it, or more of them than a chain has.
pub fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, MaterialError> {
    const END: &str = "-----END CERTIFICATE-----";
    // Text behind the last block is only allowed to be white space: anything else is not what cosign writes.
    let blocks: Vec<&str> = pem.split_inclusive(END).filter(|block| !block.trim().is_empty()).collect();
    limit("certificates", blocks.len(), MAX_CERTIFICATES)?;
    blocks
        .into_iter()
        .map(|block| {
            if !block.trim_start().starts_with("-----BEGIN CERTIFICATE-----") {
                return Err(malformed("certificate")(&"there is text around it"));
            }
            pem::certificate(block.trim()).map_err(|e| malformed("certificate")(&e))
        })
        .collect()
}

/// The [`COSIGN_LOG_ENTRY`] annotation: Rekor v1's answer without its proof.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CosignBundle {
    signed_entry_timestamp: ProtoBytes,
    payload: CosignBundlePayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CosignBundlePayload {
    body: ProtoBytes,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyKind {
    kind: String,
    api_version: String,
}

/// Kind and version of an entry, as its body names them.
pub(super) fn body_kind(body: &[u8]) -> Result<(String, String), MaterialError> {
    let kind: BodyKind = serde_json::from_slice(body).map_err(|e| malformed("Rekor entry body")(&e))?;
    Ok((kind.kind, kind.api_version))
}

fn cosign_entry(json: &str) -> Result<LogEntry, MaterialError> {
    let error = malformed("cosign bundle annotation");
    let bundle: CosignBundle = serde_json::from_str(json).map_err(|e| error(&e))?;
    let body = bundle.payload.body.0;
    let kind = body_kind(&body)?;
    let log_id = DigestBytes::from_hex(&bundle.payload.log_id).map_err(|e| error(&e))?;
    Ok(LogEntry {
        log_id: log_id.into_bytes(),
        log_index: bundle.payload.log_index,
        integrated_time: Some(bundle.payload.integrated_time),
        kind,
        body,
        set: Some(bundle.signed_entry_timestamp.0),
        proof: None,
    })
}

#[derive(Deserialize)]
struct CosignTimestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: ProtoBytes,
}

fn cosign_timestamp(json: &str) -> Result<Vec<u8>, MaterialError> {
    serde_json::from_str::<CosignTimestamp>(json)
        .map(|timestamp| timestamp.token.0)
        .map_err(|e| malformed("timestamp annotation")(&e))
}
