//! One piece of evidence in words: who, when, in which log, and what it says.

use std::sync::Arc;

use serde::Serialize;
use sigwarden_core::evidence::{Content, LogEntry as RawEntry, Material, SignerMaterial};
use sigwarden_core::verify::{GITHUB, SIGSTORE, TrustError, TrustRoot};

use super::certificate::hex;
use super::{Certificate, Form, Statement, TrustedRoot, timestamp};
use crate::publish::Dropped;

/// One thing that was inspected.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    /// Where it lies.
    pub source: String,
    /// What it is.
    pub form: Form,
    /// Who signed, as far as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
    /// Entries of transparency logs about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_entries: Vec<LogEntry>,
    /// RFC 3161 timestamps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<Timestamp>,
    /// What is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
    /// Why that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_unreadable: Option<String>,
    /// Whom it trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<TrustedRoot>,
}

/// Who signed, as the evidence says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Signer {
    /// The holder of a certificate.
    Certificate {
        /// The certificate.
        #[serde(flatten)]
        certificate: Box<Certificate>,
        /// How many certificates of its chain come along.
        #[serde(rename = "chainLength")]
        chain_length: usize,
    },
    /// A certificate that cannot be read.
    UnreadableCertificate {
        /// Why not.
        reason: String,
    },
    /// A key that the verifier must know.
    Key {
        /// What it calls the key: cosign writes the base64 SHA-256 of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// What kind of key it is, where it is at hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        algorithm: Option<String>,
        /// Its fingerprint, as messages of the policy name it.
        #[serde(skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
}

/// An entry of a transparency log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The log, if a trust root knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// SHA-256 of its key, in hexadecimal.
    pub log_id: String,
    /// Number of the entry.
    pub index: u64,
    /// When the log took it in, as it says. Logs of Rekor v2 do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrated_time: Option<String>,
    /// Kind and version of the entry.
    pub entry: String,
    /// Whether a proof of inclusion comes along.
    pub has_inclusion_proof: bool,
    /// Whether the log's signed promise comes along.
    pub has_promise: bool,
}

/// A timestamp of a timestamp authority.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timestamp {
    /// Its time; none where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// Transparency logs that have names here. A name is for people; nothing is trusted because of it.
#[derive(Debug)]
pub struct KnownLogs {
    roots: Vec<Arc<TrustRoot>>,
}

impl KnownLogs {
    /// The logs of the built-in trust roots, and those of one `trusted_root.json` more.
    ///
    /// # Errors
    /// When that is none.
    pub fn with(trusted_root: Option<&str>) -> Result<Self, TrustError> {
        let given = trusted_root.map(|json| TrustRoot::from_json(json).map(Arc::new)).transpose()?;
        let built_in = [SIGSTORE, GITHUB].into_iter().filter_map(TrustRoot::built_in).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { roots: given.into_iter().chain(built_in).collect() })
    }

    fn name(&self, log_id: &[u8]) -> Option<String> {
        self.roots.iter().find_map(|root| root.log_url(log_id)).map(str::to_owned)
    }
}

impl Piece {
    pub(super) const fn new(source: String, form: Form) -> Self {
        Self {
            source,
            form,
            signer: None,
            log_entries: Vec::new(),
            timestamps: Vec::new(),
            statement: None,
            statement_unreadable: None,
            trusted_root: None,
        }
    }

    pub(super) fn of_material(source: String, form: Form, material: &Material, logs: &KnownLogs) -> Self {
        let mut piece = Self::new(source, form);
        piece.signer = Some(Signer::of(&material.signer));
        piece.log_entries = material.entries.iter().map(|entry| LogEntry::of(entry, logs)).collect();
        piece.timestamps =
            material.timestamps.iter().map(|der| Timestamp { time: timestamp::time(der).map(instant) }).collect();
        match &material.content {
            // The manifest alone has the signature, and not what it covers.
            Content::Message { payload, .. } if payload.is_empty() => {
                piece.statement_unreadable = Some("the signed payload is a blob of its own".to_owned());
            }
            content => piece.says(content),
        }
        piece
    }

    pub(super) fn of_certificate(source: String, der: &[u8]) -> Result<Self, Dropped> {
        let mut piece = Self::new(source, Form::Certificate);
        match Signer::of_chain(std::slice::from_ref(&der.to_vec())) {
            Signer::UnreadableCertificate { reason } => Err(Dropped { source: piece.source, reason }),
            signer => {
                piece.signer = Some(signer);
                Ok(piece)
            }
        }
    }

    pub(super) fn says(&mut self, content: &Content) {
        match Statement::read(content) {
            Ok(statement) => self.statement = Some(statement),
            Err(error) => self.statement_unreadable = Some(error.to_string()),
        }
    }
}

impl Signer {
    fn of(signer: &SignerMaterial) -> Self {
        match signer {
            SignerMaterial::Certificates(chain) => Self::of_chain(chain),
            SignerMaterial::Key { hint } => Self::Key {
                hint: Some(hint.clone()).filter(|hint| !hint.is_empty()),
                algorithm: None,
                fingerprint: None,
            },
        }
    }

    fn of_chain(chain: &[Vec<u8>]) -> Self {
        let Some(leaf) = chain.first() else {
            return Self::UnreadableCertificate { reason: "there is none".to_owned() };
        };
        match Certificate::read(leaf) {
            Ok(certificate) => Self::Certificate { certificate: Box::new(certificate), chain_length: chain.len() },
            Err(error) => Self::UnreadableCertificate { reason: error.to_string() },
        }
    }
}

impl LogEntry {
    fn of(entry: &RawEntry, logs: &KnownLogs) -> Self {
        Self {
            log: logs.name(&entry.log_id),
            log_id: hex(&entry.log_id),
            index: entry.log_index,
            integrated_time: entry.integrated_time.map(instant),
            entry: format!("{} {}", entry.kind.0, entry.kind.1),
            has_inclusion_proof: entry.proof.is_some(),
            has_promise: entry.set.is_some(),
        }
    }
}

/// Unix seconds as RFC 3339 writes them; the number itself where no calendar has it.
pub(super) fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}
