//! Transparency logs: entries about a signature that carries no proof of its own.
//!
//! Recorded answers come first. A log is asked only where the user allowed it: which log, is the policy's to say, and a
//! question tells whoever runs it what is being deployed. Entries are handed on as they are; the module verifies them.

mod live;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::Value;
use sigwarden_core::reference::Digest;

use super::SourceError;
use super::network::is_loopback;
use live::Live;

/// Entries about one artifact that are handed on. Each signing of one payload with one key is one entry, so real
/// artifacts have one or two.
const MAX_ENTRIES: usize = 32;
/// Where the bodies of Rekor's entries name the hashes of what was signed: `hashedrekord`, `dsse`, `intoto` 0.0.1 and
/// 0.0.2.
const HASHES: [&str; 6] = [
    "/spec/data/hash",
    "/spec/payloadHash",
    "/spec/envelopeHash",
    "/spec/content/payloadHash",
    "/spec/content/hash",
    "/spec/content/envelope/payloadHash",
];

/// A log that may be asked: https, or http on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RekorUrl(Url);

impl std::fmt::Display for RekorUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RekorUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err("it is not an https URL".to_owned()),
        }
    }
}

/// What is known of transparency logs.
#[derive(Debug, Default)]
pub struct Rekor {
    recorded: Option<Vec<Value>>,
    live: Option<Live>,
}

impl Rekor {
    /// Reads recorded answers; `allowed` logs are asked for what these do not hold.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`] and [`SourceError::NotEntries`].
    pub fn new<P: AsRef<Path>>(files: &[P], allowed: Vec<RekorUrl>, timeout: Duration) -> Result<Self, SourceError> {
        let mut recorded = Vec::new();
        for path in files.iter().map(AsRef::as_ref) {
            let bytes = std::fs::read(path)
                .map_err(|error| SourceError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
            recorded.extend(read_entries(&path.display().to_string(), &bytes)?);
        }
        let live = (!allowed.is_empty()).then(|| Live::new(allowed, timeout));
        Ok(Self { recorded: (!files.is_empty()).then_some(recorded), live })
    }

    pub(super) fn entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<Value>>, SourceError> {
        let recorded = self.recorded.iter().flatten().filter(|entry| is_about(entry, artifact));
        let recorded: Vec<Value> = recorded.take(MAX_ENTRIES).cloned().collect();
        if !recorded.is_empty() {
            return Ok(Some(recorded));
        }
        match &self.live {
            Some(live) if live.may_ask(url) => live.entries(url, artifact),
            // Whoever hands over a recording says that this is what the log has.
            _ if self.recorded.is_some() => Ok(None),
            _ => Err(SourceError::LogNotAsked { url: url.to_owned() }),
        }
    }
}

/// The entries in one of Rekor's answers, `{"<uuid>": {…}, …}`, or in a list of such answers or of entries.
fn read_entries(what: &str, bytes: &[u8]) -> Result<Vec<Value>, SourceError> {
    let not_entries = |reason: &str| SourceError::NotEntries { what: what.to_owned(), reason: reason.to_owned() };
    let json: Value = serde_json::from_slice(bytes).map_err(|error| not_entries(&error.to_string()))?;
    let answers = match json {
        Value::Array(items) => items,
        other => vec![other],
    };
    let mut entries = Vec::new();
    for answer in answers {
        match answer {
            entry if is_entry(&entry) => entries.push(entry),
            Value::Object(by_uuid) if by_uuid.values().all(is_entry) => entries.extend(by_uuid.into_values()),
            _ => return Err(not_entries("there is something else than entries with `body` and `logID`")),
        }
    }
    Ok(entries)
}

fn is_entry(value: &Value) -> bool {
    ["body", "logID"].iter().all(|field| value.get(field).is_some_and(Value::is_string))
}

/// Whether the entry's body names this hash.
fn is_about(entry: &Value, artifact: &Digest) -> bool {
    let body = entry.get("body").and_then(Value::as_str).and_then(|body| STANDARD.decode(body).ok());
    let Some(body) = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok()) else { return false };
    HASHES.iter().filter_map(|pointer| body.pointer(pointer)).any(|hash| {
        let text = |field: &str| hash.get(field).and_then(Value::as_str);
        text("algorithm") == Some(artifact.algorithm()) && text("value") == Some(artifact.hex())
    })
}

#[cfg(test)]
mod tests;
