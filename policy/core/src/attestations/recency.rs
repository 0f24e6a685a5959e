//! When was an attestation made, and is that recent enough?
//!
//! A predicate's own dates are its author's word. What counts is the earliest time at which a log or a timestamp authority
//! saw the signature: later ones can be had for any old signature by whoever likes, and whoever can write to the repository can
//! leave the earlier ones out. So a time is believed only of certificates that were good for hours: they, and not the timestamp,
//! say when the signature was made. A key's signature has no time at all. An attestation without a time is never the latest,
//! and since it may be, it blocks where the latest is asked for.

use super::{Check, Findings};
use crate::attestors::{claimed, signed_at};
use crate::decision::{Code, Finding, Outcome};
use crate::evidence::Evidence;
use crate::settings::{Attestor, AttestorKind, Quantifier};

/// Where the finding about one attestation goes.
pub(super) enum Placed {
    /// It counts as it is.
    Here(Result<(), Finding>),
    /// It waits until all attestations have been seen, or has been noted as one without a time.
    Later(Result<(), Finding>),
}

/// Takes the age of an attestation by the right signer into account, where the rule asks for it.
pub(super) fn place(
    check: Check<'_>,
    entry: &Attestor,
    evidence: &Evidence,
    result: Result<(), Finding>,
    findings: &mut Findings,
) -> Placed {
    let rule = check.rule;
    let is_foreign = result.as_ref().is_err_and(|finding| finding.code == Code::ForeignAttestation);
    if is_foreign || (rule.quantifier != Quantifier::Latest && rule.max_age.is_none()) {
        return Placed::Here(result);
    }
    match dated(check, entry, evidence) {
        Ok(time) => {
            let result = result.and_then(|()| check_age(check, time));
            if rule.quantifier == Quantifier::Latest {
                findings.dated.push((time, result.clone()));
                Placed::Later(result)
            } else {
                Placed::Here(result)
            }
        }
        Err(Undated { finding, is_open }) => {
            let slot = if is_open { &mut findings.open } else { &mut findings.undated };
            slot.get_or_insert_with(|| finding.clone());
            Placed::Later(Err(finding))
        }
    }
}

/// Of the attestations that waited, those with the latest time count: all of them, where several have it.
pub(super) fn settle(findings: &mut Findings) {
    let dated = std::mem::take(&mut findings.dated);
    for result in latest(dated) {
        match result {
            Ok(()) => findings.good = findings.good.saturating_add(1),
            Err(finding) => {
                findings.failed.get_or_insert(finding);
            }
        }
    }
}

/// Those with the latest time.
pub(super) fn latest<T>(dated: Vec<(i64, T)>) -> Vec<T> {
    let Some(latest) = dated.iter().map(|(time, _)| *time).max() else { return Vec::new() };
    dated.into_iter().filter(|(time, _)| *time == latest).map(|(_, value)| value).collect()
}

/// Longest life of a certificate whose signatures have a time. Fulcio's have ten minutes; with a day, an old signature can be
/// made to look a day younger.
const MAX_CERTIFICATE_SECONDS: i64 = 24 * 3600;

const KEYS_HAVE_NO_TIME: &str = "a key's signature can be timestamped again by anybody, so that nobody knows its age";

/// Whether the signer is one whose signatures cannot be given another time later.
fn check_signer_dates(check: Check<'_>, entry: &Attestor, evidence: &Evidence) -> Result<(), Undated> {
    let undated = |message: &str| {
        let finding = Finding::new(Code::TimestampUntrusted, message).remedy(
            "let a workflow attest (keyless), or compare the time that the predicate itself names: `{{ time_since('', \
             '{{ metadata.scanFinishedOn }}', '') }}` is what the signer wrote",
        );
        Undated { finding, is_open: false }
    };
    // A certificate beside a key's signature is nobody's word.
    let AttestorKind::Keyless(_) = entry.kind else {
        return Err(undated(KEYS_HAVE_NO_TIME));
    };
    match claimed(check.examiner, evidence) {
        Err(_) => Err(undated(KEYS_HAVE_NO_TIME)),
        Ok(claims) if claims.lifetime().is_none_or(|seconds| seconds > MAX_CERTIFICATE_SECONDS) => {
            Err(undated("the certificate is good for longer than a day, so that nobody knows the signature's age"))
        }
        Ok(_) => Ok(()),
    }
}

/// Why an attestation has no time.
pub(super) struct Undated {
    pub(super) finding: Finding,
    /// Whether that could not be found out.
    pub(super) is_open: bool,
}

/// When the attestation was made, in Unix seconds.
pub(super) fn dated(check: Check<'_>, entry: &Attestor, evidence: &Evidence) -> Result<i64, Undated> {
    check_signer_dates(check, entry, evidence)?;
    match signed_at(check.examiner, entry, evidence) {
        Ok(Some(time)) => Ok(time),
        Ok(None) => {
            let message = "no log and no timestamp authority says when this attestation was made";
            let finding = Finding::new(Code::TimestampUntrusted, message)
                .remedy("attest with the transparency log or a timestamp authority, and let the rule ask for it (`ignoreTlog: false`, `tsaCertChain`)");
            Err(Undated { finding, is_open: false })
        }
        Err(error) => Err(Undated { is_open: error.outcome() == Outcome::Undecided, finding: error.finding() }),
    }
}

/// Whether an attestation made at `time` is young enough.
pub(super) fn check_age(check: Check<'_>, time: i64) -> Result<(), Finding> {
    let Some(max_age) = check.rule.max_age else { return Ok(()) };
    let age = i128::from(check.examiner.now().saturating_sub(time)).saturating_mul(1_000_000_000);
    if age <= max_age.nanoseconds() {
        return Ok(());
    }
    let hours = check.examiner.now().saturating_sub(time).checked_div(3600).unwrap_or(0);
    Err(Finding::new(Code::AttestationTooOld, "the attestation is older than `maxAge` allows")
        .contrast(format!("at most {max_age} old"), format!("{hours} hours old"))
        .remedy("attest the image again, and publish that"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_with_the_latest_time_all_count() {
        let cases = [
            ("none", vec![], vec![]),
            ("one", vec![(5, "a")], vec!["a"]),
            ("the latest", vec![(5, "a"), (7, "b"), (6, "c")], vec!["b"]),
            ("a tie", vec![(7, "a"), (5, "b"), (7, "c")], vec!["a", "c"]),
            ("before 1970", vec![(-7, "a"), (-5, "b")], vec!["b"]),
        ];
        for (name, dated, expected) in cases {
            assert_eq!(latest(dated), expected, "case `{name}`");
        }
    }
}
