//! Why a piece of evidence does not count.

use super::near_miss;
use crate::decision::{Code, Finding, Outcome};
use crate::evidence::MaterialError;

/// Why a piece of evidence does not count, from the least to the most interesting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// It is about something else.
    #[error("it is about another image")]
    WrongSubject,
    /// It does not parse.
    #[error("cannot be read: {0}")]
    Malformed(String),
    /// It lies where published evidence should, and is none, or not this image's.
    #[error("cannot be read: {reason}")]
    Published {
        /// Why.
        reason: String,
        /// The tag, and the repository that it lies in.
        place: String,
    },
    /// It parses, but uses what nobody here can verify.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A rule asks for a certificate and it has none, or for a key and it has a certificate.
    #[error("{0}")]
    WrongSignerKind(&'static str),
    /// The certificate names somebody else.
    #[error("the signer is somebody else")]
    WrongIdentity {
        /// What the rule asks for.
        wanted: String,
        /// What the certificate says.
        found: String,
        /// What would help to see the difference, for example that only Kyverno's looser reading matches.
        hint: Option<String>,
    },
    /// Another key made the signature, or the signed bytes were changed.
    #[error("the signature does not verify with {0}")]
    WrongKey(String),
    /// The signature does not verify with the certificate's key.
    #[error("the signature is not valid: {0}")]
    SignatureInvalid(String),
    /// The certificate does not lead to a trusted authority, or not at the time of signing.
    #[error("the signing certificate is not trusted: {0}")]
    Certificate(String),
    /// The transparency log does not vouch for it.
    #[error("the transparency log does not vouch for it: {0}")]
    Log(String),
    /// It carries no log entry, and the log has none that fits it.
    #[error("it carries no log entry, and {0} has none for it")]
    NotInLog(String),
    /// It carries no log entry, and the log could not be asked.
    #[error("it carries no log entry, and {url} could not be asked: {reason}")]
    LogUnreachable {
        /// The log.
        url: String,
        /// What the host said.
        reason: String,
    },
    /// The time for the request was up. Ends the search.
    #[error("the time for this request was up")]
    OutOfTime,
    /// Nothing was logged, and the rule asks for a log.
    #[error("it carries no log entry")]
    NoLogEntry,
    /// Nothing was logged as far as it says, the rule asks for a log, and this host cannot ask one.
    #[error("it carries no log entry, and this host cannot ask the log")]
    LogNotAsked,
    /// It names a log that the trust root does not know.
    #[error("it names a log that the trust root does not know: {0}")]
    UnknownLog(String),
    /// There is no trusted time, or a timestamp does not verify.
    #[error("no trusted time of signing: {0}")]
    Timestamp(String),
    /// Genuine and by the right signer, but without an annotation that the rule asks for.
    #[error("the signature lacks annotation `{name}`")]
    Annotation {
        /// Name of the annotation.
        name: String,
        /// What it must be.
        wanted: String,
        /// What the signature has, if anything.
        found: Option<String>,
    },
    /// A key or trust root that the rule needs lies in the cluster, and could not be had.
    #[error("{what} {reason}")]
    TrustUnavailable {
        /// What was to be read, for example ``Secret `cosign` in namespace `policies` ``.
        what: String,
        /// Why it could not be, or what is wrong with it.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// Too much evidence. Ends the search.
    #[error("gave up after {limit} {what}")]
    BudgetExhausted {
        /// What there was too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
}

impl EvidenceError {
    /// What lies at `source` cannot be read. `source` is in words, as [`crate::evidence::Item::source`] gives it.
    #[must_use]
    pub fn unreadable(source: &str, error: &MaterialError) -> Self {
        let reason = error.to_string();
        let MaterialError::Published(_) = error else { return Self::Malformed(reason) };
        let artifact = source.split_once(", ").map_or(source, |(artifact, _)| artifact);
        let place = artifact.rsplit_once(' ').map_or(artifact, |(_, name)| name);
        let place = match place.rsplit_once(':') {
            Some((repository, tag)) => format!("the tag `{tag}` in {repository}"),
            None => place.to_owned(),
        };
        Self::Published { reason, place }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::WrongSubject => Code::WrongSubject,
            Self::Malformed(_) | Self::Published { .. } => Code::EvidenceMalformed,
            Self::Unsupported(_) | Self::WrongSignerKind(_) => Code::EvidenceUnsupported,
            Self::WrongIdentity { .. } => Code::WrongIdentity,
            Self::WrongKey(_) => Code::WrongKey,
            Self::SignatureInvalid(_) => Code::SignatureInvalid,
            Self::Certificate(_) => Code::CertificateUntrusted,
            Self::Log(_) | Self::NoLogEntry | Self::LogNotAsked | Self::NotInLog(_) => Code::LogUntrusted,
            Self::LogUnreachable { .. } => Code::LogUnreachable,
            Self::OutOfTime => Code::DeadlineReached,
            Self::UnknownLog(_) => Code::TrustRootOutdated,
            Self::Timestamp(_) => Code::TimestampUntrusted,
            Self::Annotation { .. } => Code::AnnotationMissing,
            Self::TrustUnavailable { .. } => Code::TrustUnavailable,
            Self::BudgetExhausted { .. } => Code::BudgetExhausted,
        }
    }

    /// How far the evidence got: of several that fail, the furthest is the one to show.
    const fn stage(&self) -> u8 {
        match self {
            Self::WrongSubject => 0,
            Self::WrongSignerKind(_) => 1,
            Self::Malformed(_) | Self::Published { .. } => 2,
            Self::Unsupported(_) => 3,
            Self::WrongKey(_) => 4,
            Self::WrongIdentity { .. } => 5,
            Self::SignatureInvalid(_) => 6,
            Self::Timestamp(_)
            | Self::Certificate(_)
            | Self::Log(_)
            | Self::NoLogEntry
            | Self::LogNotAsked
            | Self::NotInLog(_)
            | Self::UnknownLog(_) => 7,
            Self::Annotation { .. } => 8,
            Self::TrustUnavailable { .. } | Self::LogUnreachable { .. } => 9,
            Self::BudgetExhausted { .. } | Self::OutOfTime => 10,
        }
    }

    /// The one of two that got further; the first if both got as far.
    #[must_use]
    pub const fn further<'e>(&'e self, other: &'e Self) -> &'e Self {
        if other.stage() > self.stage() { other } else { self }
    }

    /// Whether the question stays open (a limit was reached, trust could not be read) or is answered with no.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::BudgetExhausted { .. }
            | Self::TrustUnavailable { .. }
            | Self::LogUnreachable { .. }
            | Self::OutOfTime => Outcome::Undecided,
            _ => Outcome::Failed,
        }
    }

    /// This error as a finding, with what to do about it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let finding = Finding::new(self.code(), self.to_string());
        match self {
            Self::WrongIdentity { wanted, found, hint } => {
                let finding = Finding::new(self.code(), near_miss::in_words(wanted, found)).contrast(wanted, found);
                finding.remedy(hint.as_deref().unwrap_or(
                    "if this signer is meant too, add an entry for it; widening the one there admits whoever else fits",
                ))
            }
            Self::Annotation { wanted, found, .. } => {
                finding.contrast(wanted, found.as_deref().unwrap_or("no such annotation"))
            }
            Self::WrongSubject => {
                finding.remedy("sign this digest, if it is the one you mean: what lies here was copied from another")
            }
            Self::UnknownLog(_) | Self::Timestamp(_) | Self::Certificate(_) => finding.remedy(
                "if it was signed with another Sigstore, give its trusted_root.json (`trustRoots`, `--trusted-root`) or its \
                 keys and certificates (`roots`, `rekor.pubkey`, `ctlog.pubkey`, `ctlog.tsaCertChain`); if the log is new, use a newer release of this policy",
            ),
            Self::Published { place, .. } => finding.remedy(format!(
                "delete {place} and publish again (`sigwarden publish`); if a later version published it, use a newer \
                 release of this policy"
            )),
            Self::LogNotAsked => finding.remedy(
                "publish it with its proof (`sigwarden publish --rekor-url URL`, with the log that was used); if it was \
                 never logged, sign with a log, or accept signatures without one \
                 (`rekor: {ignoreTlog: true}`, `--insecure-ignore-tlog`)",
            ),
            Self::LogUnreachable { url, .. } => finding.remedy(format!(
                "see whether {url} answers this host, and try again; or publish the evidence with its proof, \
                 and no log is asked (`sigwarden publish --rekor-url {url}`)"
            )),
            Self::NoLogEntry => finding.remedy(
                "sign with a log, or accept signatures without one \
                 (`rekor: {ignoreTlog: true}`, `--insecure-ignore-tlog`)",
            ),
            Self::WrongSignerKind(_) => {
                finding.remedy("ask for what is there: `keys` where a key signed, `keyless` where a certificate did")
            }
            Self::TrustUnavailable { remedy, .. } => finding.remedy(remedy),
            Self::WrongKey(_) => finding.remedy(
                "compare the key with the one that signed; for another hash set `signatureAlgorithm` \
                 (`--signature-digest-algorithm`)",
            ),
            _ => finding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::published::PublishedError;

    #[test]
    fn errors_that_somebody_can_mend_say_how() {
        let url = "https://rekor.example".to_owned();
        let kind = || MaterialError::Published(PublishedError::Kind { kind: "notation".to_owned() });
        let source = "published evidence r.example:5000/x/y:sha256-00.sigwarden";
        let element = format!("{source}, element 3");
        let delete = "delete the tag `sha256-00.sigwarden` in r.example:5000/x/y and publish again";
        let cases = [
            (EvidenceError::unreadable(source, &kind()), Code::EvidenceMalformed, delete),
            (EvidenceError::unreadable(&element, &kind()), Code::EvidenceMalformed, delete),
            (EvidenceError::LogNotAsked, Code::LogUntrusted, "publish it with its proof"),
            (EvidenceError::WrongSubject, Code::WrongSubject, "sign this digest"),
            (
                EvidenceError::LogUnreachable { url, reason: "time-out".to_owned() },
                Code::LogUnreachable,
                "see whether https://rekor.example answers",
            ),
        ];
        for (error, code, remedy) in cases {
            let finding = error.finding();
            assert_eq!(finding.code, code, "{error}");
            assert!(finding.remedy.as_deref().is_some_and(|text| text.starts_with(remedy)), "{finding:?}");
        }
        let other = MaterialError::Malformed { what: "blob", reason: "gone".to_owned() };
        assert_eq!(
            EvidenceError::unreadable(source, &other),
            EvidenceError::Malformed("not a valid blob: gone".to_owned())
        );
    }
}
