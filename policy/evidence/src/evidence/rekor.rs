//! What a transparency log answers about an artifact: Rekor's entries, for signatures that carry no proof of their own.
//!
//! The shape is that of the value objects of Rekor's `/api/v1/log/entries`. Everything in it is untrusted: an entry counts
//! only if its log's key signed it and it is about this signature, which `verify` checks.

use crate::json::Json;
use serde::Deserialize;
use sigstore_verify::types::{
    CanonicalizedBody, CheckpointData, DigestBytes, InclusionProof, LogIndex, Sha256Hash, SignedTimestamp,
};

use super::material::{LogEntry, MaterialError, body_kind};

/// Entries about one artifact that are looked at. An artifact is signed a few times; whoever can write to the log can add
/// more, and then the signature must bring its own proof.
const MAX_ENTRIES: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    body: CanonicalizedBody,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
    verification: WireVerification,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireVerification {
    signed_entry_timestamp: SignedTimestamp,
    #[serde(default)]
    inclusion_proof: Option<WireProof>,
}

/// Rekor's own form of a proof: hexadecimal hashes, and the checkpoint as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProof {
    log_index: u64,
    root_hash: String,
    tree_size: u64,
    hashes: Vec<String>,
    checkpoint: String,
}

/// The entries in `json`, a list. Entries that do not parse are left out: one that cannot be read vouches for nothing.
///
/// # Errors
/// When it is no list, or holds more than are looked at.
pub(super) fn entries(json: &[u8]) -> Result<Vec<LogEntry>, MaterialError> {
    let malformed = |reason: String| MaterialError::Malformed { what: "list of log entries", reason };
    let entries: Vec<Json> = serde_json::from_slice(json).map_err(|e| malformed(e.to_string()))?;
    if entries.len() > MAX_ENTRIES {
        return Err(MaterialError::TooMany { what: "log entries", limit: MAX_ENTRIES });
    }
    let read = |Json(entry)| serde_json::from_value::<Wire>(entry).ok().and_then(Wire::read);
    Ok(entries.into_iter().filter_map(read).collect())
}

impl Wire {
    fn read(self) -> Option<LogEntry> {
        let body = self.body.into_bytes();
        let proof = match self.verification.inclusion_proof {
            Some(proof) => Some(proof.read()?),
            None => None,
        };
        Some(LogEntry {
            log_id: DigestBytes::from_hex(&self.log_id).ok()?.into_bytes(),
            log_index: self.log_index,
            integrated_time: Some(self.integrated_time),
            kind: body_kind(&body).ok()?,
            body,
            set: Some(self.verification.signed_entry_timestamp.into_bytes()),
            proof,
        })
    }
}

impl WireProof {
    fn read(self) -> Option<InclusionProof> {
        let hashes = self.hashes.iter().map(|hash| Sha256Hash::from_hex(hash).ok()).collect::<Option<Vec<_>>>()?;
        Some(InclusionProof::new(
            LogIndex::new(self.log_index).ok()?,
            Sha256Hash::from_hex(&self.root_hash).ok()?,
            self.tree_size,
            hashes,
            CheckpointData::new(self.checkpoint).ok()?,
        ))
    }
}
