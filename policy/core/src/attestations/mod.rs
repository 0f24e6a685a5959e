//! Is there an attestation of this type, by the right signer, that says what the rule asks for?
//!
//! A rule names a predicate type, attestors and conditions. By default (`match: all`, Kyverno's reading) every verified
//! attestation of that type must come from the rule's signer and meet the conditions, so that an old failing scan or a
//! stranger's statement blocks; with `match: any` one good one is enough, and with `match: latest` the one that counts is
//! the signer's own that a log or timestamp authority saw last.
//!
//! A rule without attestors of its own asks the block's attestors, and accepts slsa-github-generator where it was called
//! by one of them. (Kyverno would accept whoever holds any certificate.)

mod denial;
mod recency;
mod slsa;
mod suggest;

pub use denial::check_denial;
pub use slsa::Provenance;

use crate::attestors::{
    candidate, check_identity, check_signer, claimed, fold_set, is_generator_for, keep_further, report,
    signer_in_words, verify_keyless,
};
use crate::conditions::{self, ConditionResult, Operator, Scope, Verdict};
use crate::decision::{CandidateReport, CheckKind, CheckReport, Code, Finding, Outcome};
use crate::evidence::{Claim, Evidence, Item, Purpose};
use crate::examiner::{Examiner, Search, Target, blind_finding, gap_finding, outcome, publish};
use crate::quote::plain;
use crate::settings::{AttestationRule, Attestor, AttestorKind, AttestorSet, KeylessAttestor, Quantifier};
use crate::verify::{Claims, EvidenceError, Verified};
use serde_json::Value;
use std::rc::Rc;

/// Checks one attestation rule. `block` are the attestor sets that a rule without its own falls back to.
pub fn check_rule(
    examiner: &Examiner<'_>,
    target: Target<'_>,
    rule: &AttestationRule,
    block: &[AttestorSet],
    search: &mut Search,
) -> CheckReport {
    let (sets, derived) = if rule.attestors.is_empty() { (block, true) } else { (&*rule.attestors, false) };
    let parts: Vec<_> =
        sets.iter().map(|set| check_set(Check { examiner, target, rule, derived }, set, search)).collect();
    // Without anyone to ask for, an attestation is anybody's word.
    let outcome =
        if parts.is_empty() { Outcome::Failed } else { Outcome::worst(parts.iter().map(|part| part.outcome)) };
    let finding = parts.is_empty().then(|| {
        Finding::new(Code::SettingsInvalid, "an attestation without attestors accepts anybody's word")
            .remedy(format!("say who must have made it: `{}.attestors`", rule.path))
    });
    CheckReport {
        kind: CheckKind::Attestation,
        path: rule.path.clone(),
        label: match &rule.slsa {
            Some(slsa) => format!("SLSA provenance: {slsa}"),
            None => format!("attestation {}", rule.predicate_type),
        },
        outcome,
        finding,
        parts,
        candidates: Vec::new(),
        more_candidates: 0,
    }
}

#[derive(Clone, Copy)]
struct Check<'c> {
    examiner: &'c Examiner<'c>,
    target: Target<'c>,
    rule: &'c AttestationRule,
    /// The attestors are the block's, so slsa-github-generator may speak for them.
    derived: bool,
}

fn check_set(check: Check<'_>, set: &AttestorSet, search: &mut Search) -> CheckReport {
    fold_set(set, |entry| match &entry.kind {
        AttestorKind::Nested(set) => check_set(check, set, search),
        AttestorKind::Key(_) | AttestorKind::SecretKey(_) | AttestorKind::Keyless(_) => {
            check_entry(check, entry, search)
        }
    })
}

/// Statements that a suggestion looks at: enough for what one image has, and each is held in memory.
const MAX_SUGGESTED: usize = 16;

/// An attestation about the image, of whatever type.
struct Statement<'s> {
    predicate_type: &'s str,
    predicate: Value,
}

/// What an entry found among the attestations of the rule's type.
#[derive(Default)]
struct Findings {
    /// By the right signer, and as the conditions ask.
    good: usize,
    /// By the right signer, but a condition is not met.
    failed: Option<Finding>,
    /// Genuine, by somebody else.
    foreign: Option<Finding>,
    /// Not looked at to the end, so nobody knows.
    open: Option<Finding>,
    /// Lies where attestations lie, and cannot be read: it may be one that fails, or the latest.
    unreadable: Option<Finding>,
    /// By the right signer, and nobody vouches for when it was made.
    undated: Option<Finding>,
    /// By the right signer, with its verified time and what was found: sorted out when all have been seen.
    dated: Vec<(i64, Result<(), Finding>)>,
    /// Not genuine, or not of this entry's kind of signer.
    furthest: Option<EvidenceError>,
}

fn check_entry(check: Check<'_>, entry: &Attestor, search: &mut Search) -> CheckReport {
    let Check { examiner, target, rule, .. } = check;
    let entry = match examiner.with_key(entry) {
        Ok(entry) => entry,
        Err(error) => return report(entry, error.outcome(), Some(error.finding()), Vec::new()),
    };
    let entry = &*entry;
    let mut gap = None;
    let mut candidates = Vec::new();
    let mut findings = Findings::default();
    let mut others = Vec::new();
    let mut own = Search::default();
    for carrier in examiner.plan().places(Purpose::Attestations) {
        let load = examiner.load(target, entry.repository.as_ref(), carrier);
        gap = gap.or_else(|| load.gap.clone());
        own.note(&load.looked);
        for item in &load.items {
            match item {
                Item::Readable(evidence) => match &evidence.claim {
                    Claim::Attestation { predicate_type, .. }
                        if rule.is_about(predicate_type) && evidence.bundle().is_err() =>
                    {
                        let reason = evidence.bundle().err().map_or_else(String::new, |error| error.to_string());
                        let error = EvidenceError::Malformed(reason);
                        candidates.push(candidate(&evidence.source, Some(predicate_type), None, Err(&error)));
                        findings
                            .unreadable
                            .get_or_insert_with(|| unreadable(rule.quantifier, &evidence.source, &error));
                        keep_further(&mut findings.furthest, error);
                    }
                    Claim::Attestation { predicate_type, .. } if rule.is_about(predicate_type) => {
                        candidates.push(check_attestation(check, entry, evidence, &mut findings));
                    }
                    Claim::Attestation { .. } => others.push(Rc::clone(evidence)),
                    Claim::Signature(_) => {}
                },
                Item::Sealed(_) => {}
                Item::Unreadable { source, error } => {
                    let error = EvidenceError::unreadable(source, error);
                    candidates.push(candidate(source, None, None, Err(&error)));
                    findings.unreadable.get_or_insert_with(|| unreadable(rule.quantifier, source, &error));
                    keep_further(&mut findings.furthest, error);
                }
            }
        }
        if rule.quantifier == Quantifier::Any && findings.good > 0 {
            search.note(&own.looked);
            return report(entry, Outcome::Passed, None, candidates);
        }
    }
    recency::settle(&mut findings);
    let finding = match (rule.quantifier, findings) {
        // "None is bad" needs every carrier; "one is good" was answered above if it could be.
        _ if gap.is_some() => gap.as_ref().map(gap_finding),
        (_, Findings { open: Some(finding), .. }) => Some(finding),
        (Quantifier::Latest, Findings { undated: Some(finding), .. }) => Some(finding),
        (Quantifier::All | Quantifier::Latest, Findings { good: 1.., unreadable: Some(finding), .. }) => Some(finding),
        (Quantifier::All | Quantifier::Latest, Findings { good: 1.., failed: None, foreign: None, .. }) => None,
        (_, Findings { good: 0, failed: None, foreign: Some(finding), .. }) => Some(by_another_alone(finding)),
        (_, Findings { failed: Some(finding), .. } | Findings { foreign: Some(finding), .. }) => Some(finding),
        (_, Findings { undated: Some(finding), .. }) => Some(finding),
        (_, Findings { furthest: Some(error), .. }) => Some(error.finding()),
        (_, Findings { .. }) if own.is_blind() => Some(blind_finding(target, Purpose::Attestations)),
        (_, Findings { .. }) => Some(missing(check, entry, &others)),
    };
    if finding.is_some() {
        own.note_unseen(examiner.plan(), Purpose::Attestations);
    }
    search.note(&own.looked);
    let outcome = finding.as_ref().map_or(Outcome::Passed, outcome);
    report(entry, outcome, finding, candidates)
}

/// Looks at one attestation of the rule's type.
fn check_attestation(
    check: Check<'_>,
    entry: &Attestor,
    evidence: &Rc<Evidence>,
    findings: &mut Findings,
) -> CandidateReport {
    let (predicate_type, predicate) = match &evidence.claim {
        Claim::Attestation { predicate_type, predicate, .. } => (Some(predicate_type.as_str()), Some(predicate)),
        Claim::Signature(_) => (None, None),
    };
    let accepted = accept(check, entry, evidence);
    let signer = signer_in_words(check.examiner, evidence, entry, accepted.is_ok());
    let result = match accepted {
        Ok(Signed::ByAttestor(verified)) if check.rule.asks_of_predicate() => {
            let predicate = predicate.map(|predicate| predicate.value(&evidence.material.content)).transpose();
            let predicate = predicate.map_err(|error| EvidenceError::unreadable(&evidence.source, &error).finding());
            predicate.and_then(|predicate| check_predicate(check, &verified, &predicate.unwrap_or_default()))
        }
        Ok(Signed::ByAttestor(_)) => Ok(()),
        Ok(Signed::ByOther(error)) => Err(foreign(&error)),
        Err(error) => {
            let report = candidate(&evidence.source, predicate_type, signer, Err(&error));
            if error.outcome() == Outcome::Undecided {
                findings.open.get_or_insert_with(|| error.finding());
            }
            keep_further(&mut findings.furthest, error);
            return report;
        }
    };
    let result = match recency::place(check, entry, evidence, result, findings) {
        recency::Placed::Here(result) => result,
        recency::Placed::Later(result) => {
            return candidate_report(evidence, predicate_type, signer, result.err());
        }
    };
    let finding = match result {
        Ok(()) => {
            findings.good = findings.good.saturating_add(1);
            None
        }
        Err(finding) => {
            let slot =
                if finding.code == Code::ForeignAttestation { &mut findings.foreign } else { &mut findings.failed };
            slot.get_or_insert_with(|| finding.clone());
            Some(finding)
        }
    };
    candidate_report(evidence, predicate_type, signer, finding)
}

fn candidate_report(
    evidence: &Evidence,
    predicate_type: Option<&str>,
    signer: Option<String>,
    finding: Option<Finding>,
) -> CandidateReport {
    CandidateReport {
        source: evidence.source.clone(),
        predicate_type: predicate_type.map(str::to_owned),
        signer,
        outcome: if finding.is_some() { Outcome::Failed } else { Outcome::Passed },
        finding,
    }
}

/// Whose genuine attestation it is.
enum Signed {
    ByAttestor(Rc<Verified>),
    ByOther(EvidenceError),
}

/// Whether the attestation is about the image and genuine, and whose it is.
///
/// With `match: all` strangers' attestations are verified too, since a genuine one blocks; otherwise the cheap identity
/// filter comes first.
fn accept(check: Check<'_>, entry: &Attestor, evidence: &Evidence) -> Result<Signed, EvidenceError> {
    evidence.claim.about(check.target.digest.as_str()).ok_or(EvidenceError::WrongSubject)?;
    let AttestorKind::Keyless(keyless) = &entry.kind else {
        return check_signer(check.examiner, entry, evidence).map(Signed::ByAttestor);
    };
    let identity = |claims: &Claims| check_either(check, keyless, claims);
    if check.rule.quantifier != Quantifier::All {
        identity(&*claimed(check.examiner, evidence)?)?;
    }
    let verified = verify_keyless(check.examiner, keyless, evidence)?;
    let claims = verified.claims().ok_or(EvidenceError::WrongSignerKind("no certificate"))?;
    match identity(claims) {
        Ok(()) => Ok(Signed::ByAttestor(verified)),
        Err(error) if check.rule.quantifier == Quantifier::All => Ok(Signed::ByOther(error)),
        Err(error) => Err(error),
    }
}

/// The entry's own identity, or the generator's on its behalf.
fn check_either(check: Check<'_>, keyless: &KeylessAttestor, claims: &Claims) -> Result<(), EvidenceError> {
    if check.derived && is_generator_for(keyless, claims) { Ok(()) } else { check_identity(keyless, claims) }
}

fn unreadable(quantifier: Quantifier, source: &str, error: &EvidenceError) -> Finding {
    let mut finding = error.finding();
    let must = match quantifier {
        Quantifier::All | Quantifier::Any => "all attestations must hold",
        Quantifier::Latest => "the latest attestation must hold, and this may be it",
    };
    finding.message = format!("{must}, and {source} {}", finding.message);
    finding.remedy("remove it or put it right; if one good attestation is enough, set `match: any`")
}

fn foreign(error: &EvidenceError) -> Finding {
    let mut finding = error.finding();
    finding.code = Code::ForeignAttestation;
    finding.message = "somebody else made an attestation of this type too, and all must be by the attestor".to_owned();
    finding.remedy("if others may attest this image as well, set `match: any`")
}

/// The attestor made none of this type: loosening the rule would not help, and must not be advised.
fn by_another_alone(mut finding: Finding) -> Finding {
    finding.message = "somebody else made the attestations of this type, and the attestor none".to_owned();
    finding.remedy("have the attestor attest the image, or name this signer if it is the one you mean")
}

/// What the rule asks of a genuine statement by the right signer.
fn check_predicate(check: Check<'_>, verified: &Verified, predicate: &Value) -> Result<(), Finding> {
    if let Some(slsa) = &check.rule.slsa {
        slsa::check(slsa, verified.claims(), predicate)?;
    }
    let scope = check.examiner.scope(check.target).with_predicate(predicate);
    check_conditions(check.rule, &scope, predicate)
}

fn check_conditions(rule: &AttestationRule, scope: &Scope<'_>, predicate: &Value) -> Result<(), Finding> {
    let results = conditions::evaluate(&rule.conditions, scope);
    if conditions::hold(&rule.conditions, &results) {
        return Ok(());
    }
    let fails = |result: &&ConditionResult| result.verdict != Verdict::Holds;
    let failing = results.iter().find(|result| result.error.is_some()).or_else(|| results.iter().find(fails));
    Err(failing.map_or_else(
        || Finding::new(Code::ConditionFailed, "the conditions are not met"),
        |result| condition_finding(result, predicate),
    ))
}

fn condition_finding(result: &ConditionResult, predicate: &Value) -> Finding {
    match &result.error {
        Some(error) => {
            let finding = Finding::new(Code::ConditionError, format!("`{}` cannot be evaluated: {error}", result.text));
            match suggest::build_type(predicate) {
                Some((path, value)) => finding.remedy(format!(
                    "this predicate's build type stands at `{path}`: key: \"{{{{ {path} }}}}\", value: {value}"
                )),
                None => finding,
            }
        }
        None => {
            let what = match result.verdict {
                Verdict::Open(why) => format!("`{}` is open: {why}", result.text),
                Verdict::Holds | Verdict::Fails => format!("`{}` does not hold", result.text),
            };
            let message = match &result.message {
                Some(message) => format!("{} ({what})", plain(message)),
                None => what,
            };
            let finding = Finding::new(Code::ConditionFailed, message);
            match &result.found {
                Some(found) => {
                    let remedy = "correct the build; or the condition's `value`, if what was found is what you mean";
                    // Of what is cut short there is no more, and what satisfies other operators is many things.
                    let is_whole = result.operator == Operator::Equals && !found.ends_with('…');
                    let value = if is_whole { format!(":\nvalue: {found}") } else { String::new() };
                    finding.contrast(&result.wanted, found).remedy(format!("{remedy}{value}"))
                }
                None => finding,
            }
        }
    }
}

/// Nothing of the rule's type is there. What is there instead, and by the right signer, is worth telling.
fn missing(check: Check<'_>, entry: &Attestor, others: &[Rc<Evidence>]) -> Finding {
    let rule = check.rule;
    let genuine: Vec<Statement<'_>> = others
        .iter()
        .filter(|evidence| matches!(accept(check, entry, evidence), Ok(Signed::ByAttestor(_))))
        .take(MAX_SUGGESTED)
        .filter_map(|evidence| match &evidence.claim {
            Claim::Attestation { predicate_type, predicate, .. } => {
                Some(Statement { predicate_type, predicate: predicate.value(&evidence.material.content).ok()? })
            }
            Claim::Signature(_) => None,
        })
        .collect();
    let wanted = suggest::rule_in_words(rule);
    let target = check.target;
    let stock = !check.examiner.plan().extended;
    let first_publish = match stock {
        true => format!(
            "this host reads attestations from published evidence alone; after every attestation:\n{}\nif there is none yet:\n",
            publish(target)
        ),
        false => String::new(),
    };
    if rule.slsa.is_some() {
        let seen = if stock { ", as far as this host can see" } else { "" };
        return Finding::new(Code::AttestationMissing, format!("this image has no SLSA provenance{seen}"))
            .contrast(wanted, types_in_words(others))
            .remedy(format!("{first_publish}build it with slsa-github-generator's container workflow, or attest it with actions/attest-build-provenance"));
    }
    if let Some(first) = genuine.iter().max_by_key(|statement| suggest::likeness(statement.predicate_type, rule)) {
        let found: Vec<_> =
            genuine.iter().map(|s| suggest::statement_in_words(s.predicate_type, &s.predicate)).collect();
        let message = match (suggest::slsa_version(&rule.predicate_type), suggest::slsa_version(first.predicate_type)) {
            (Some(wanted), Some(made)) => {
                format!("the attestor made SLSA provenance {made}, and the rule asks for {wanted}")
            }
            _ => format!("the attestor made no attestation of this type, but {} of another", genuine.len()),
        };
        return Finding::new(Code::WrongPredicateType, message).contrast(wanted, found.join("\n")).remedy(format!(
            "if that is what you mean, write:\n{}",
            suggest::admitting_yaml(rule, first.predicate_type, &first.predicate)
        ));
    }
    let message = match others.len() {
        0 if stock => "this image has no attestation, as far as this host can see".to_owned(),
        0 => "this image has no attestation".to_owned(),
        n => format!("no attestation of this type; {n} of other types, none by the attestor"),
    };
    let attest = format!(
        "cosign attest --yes --type {} --predicate FILE {}@{}",
        rule.predicate_type,
        target.image.repository(),
        target.digest
    );
    Finding::new(Code::AttestationMissing, message)
        .contrast(wanted, types_in_words(others))
        .remedy(format!("{first_publish}{attest}"))
}

fn types_in_words(others: &[Rc<Evidence>]) -> String {
    let mut types: Vec<&str> = others
        .iter()
        .filter_map(|evidence| match &evidence.claim {
            Claim::Attestation { predicate_type, .. } => Some(predicate_type.as_str()),
            Claim::Signature(_) => None,
        })
        .collect();
    types.sort_unstable();
    types.dedup();
    if types.is_empty() { "nothing".to_owned() } else { types.join(", ") }
}
