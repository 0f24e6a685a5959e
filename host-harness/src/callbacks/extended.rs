//! Binding `sigwarden`: blobs, referrers and log entries, for hosts that offer more than Kubewarden does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden_core::reference::{Digest, Repository};

use crate::call::Call;
use crate::sources::{Source, SourceError, index_of};

/// Answers one of the extended calls.
pub(super) fn answer(source: &dyn Source, call: &Call) -> Result<Vec<u8>, String> {
    let repository = |text: &str| {
        Repository::parse(text).map_err(|error| format!("the payload is not a repository and digest: {error}"))
    };
    let answer = match call {
        Call::SigwardenBlob { repository: name, digest } => blob(source, &repository(name)?, digest),
        Call::SigwardenReferrers { repository: name, digest } => referrers(source, &repository(name)?, digest),
        Call::SigwardenRekorEntries { url, artifact } => rekor_entries(source, url, artifact),
        Call::OciManifestDigest { .. }
        | Call::OciManifest { .. }
        | Call::OciManifestAndConfig { .. }
        | Call::KubernetesGetResource { .. } => return Err("not an extended call".to_owned()),
    };
    let answer = answer.unwrap_or_else(|error| json!({"status": "unreachable", "reason": error.to_string()}));
    serde_json::to_vec(&answer).map_err(|error| error.to_string())
}

fn blob(source: &dyn Source, repository: &Repository, digest: &Digest) -> Result<Value, SourceError> {
    Ok(match source.blob(repository, digest)? {
        Some(bytes) => json!({"status": "found", "blob": STANDARD.encode(bytes)}),
        None => json!({"status": "absent"}),
    })
}

fn referrers(source: &dyn Source, repository: &Repository, digest: &Digest) -> Result<Value, SourceError> {
    Ok(match source.referrers(repository, digest)? {
        Some(manifests) => json!({"status": "found", "index": index_of(manifests)}),
        // Not "none": this registry has no referrers API, and evidence may lie under the fallback tag.
        None => json!({"status": "absent"}),
    })
}

fn rekor_entries(source: &dyn Source, url: &str, artifact: &Digest) -> Result<Value, SourceError> {
    Ok(match source.rekor_entries(url, artifact)? {
        Some(entries) => json!({"status": "found", "entries": entries}),
        None => json!({"status": "absent"}),
    })
}
