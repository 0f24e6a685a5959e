//! `validate.deny`: conditions over several attestations, the request and the image, which must not hold.
//!
//! A denial is lifted only where its conditions certainly fail: an error, a null, a comparison that cannot be made and an
//! attestation that is not there all deny. An attestation is known by its `name`; where there are several of its type, by
//! the right signer, the conditions must fail on each of them (with `match: any` on each that meets the rule's conditions,
//! with `match: latest` on the latest). Signers are asked as the rule asks for them, any one of whom may have made it.
//!
//! What is read here was verified for the rule itself, and is not verified again.

use super::recency::{self, Undated};
use super::{Check, Signed, accept, check_predicate, unreadable};
use crate::conditions::{self, Condition, ConditionResult, Verdict};
use crate::decision::{CheckKind, CheckReport, Code, Finding, Outcome};
use crate::evidence::{Claim, Evidence, Item, Purpose};
use crate::examiner::{Examiner, Search, Target, gap_finding, outcome};
use crate::quote::plain;
use crate::settings::{AttestationRule, Attestor, AttestorKind, AttestorSet, Block, Denial, Quantifier};
use crate::verify::EvidenceError;
use serde_json::Value;
use std::collections::BTreeSet;

/// Choices of one attestation for each name: two scans and two documents are four.
const MAX_CHOICES: usize = 64;

/// Checks what a block denies, if it denies anything.
pub fn check_denial(
    examiner: &Examiner<'_>,
    target: Target<'_>,
    block: &Block,
    search: &mut Search,
) -> Option<CheckReport> {
    let denial = block.denial.as_ref()?;
    let finding = decide(examiner, target, block, denial, search).err();
    Some(CheckReport {
        kind: CheckKind::Condition,
        path: denial.path.clone(),
        label: "validate.deny".to_owned(),
        outcome: finding.as_ref().map_or(Outcome::Passed, outcome),
        finding,
        parts: Vec::new(),
        candidates: Vec::new(),
        more_candidates: 0,
    })
}

fn decide(
    examiner: &Examiner<'_>,
    target: Target<'_>,
    block: &Block,
    denial: &Denial,
    search: &mut Search,
) -> Result<(), Finding> {
    let conditions = || denial.conditions.iter().flat_map(|block| block.conditions());
    let names: BTreeSet<&str> = conditions()
        .flat_map(|Condition { key, value, .. }| key.names().iter().chain(value.names()))
        .map(String::as_str)
        .collect();
    let mut known = Vec::new();
    for rule in &block.attestations {
        let Some(name) = rule.name.as_deref().filter(|name| names.contains(name)) else { continue };
        known.push((name, statements(examiner, target, rule, &block.attestors, search)?));
    }

    let count = known.iter().map(|(_, statements)| statements.len()).try_fold(1_usize, usize::checked_mul);
    let Some(count) = count.filter(|count| *count <= MAX_CHOICES) else {
        let message = format!(
            "there are more than {MAX_CHOICES} ways to choose from the attestations that `validate.deny` names"
        );
        return Err(Finding::new(Code::BudgetExhausted, message)
            .remedy("remove attestations that are out of date, or set `match: latest`"));
    };
    for choice in 0..count {
        let scope = examiner.scope(target).with_named(chosen(&known, choice));
        let results = conditions::evaluate(&denial.conditions, &scope);
        if conditions::deny(&denial.conditions, &results) {
            let message = denial.message.as_ref().map(|message| message.in_words(&scope));
            return Err(denied(message, &results));
        }
    }
    Ok(())
}

/// One predicate for each name: `choice` counts through all combinations, the first name fastest.
fn chosen<'k>(known: &'k [(&'k str, Vec<Value>)], choice: usize) -> Vec<(&'k str, &'k Value)> {
    let mut rest = choice;
    let mut chosen = Vec::new();
    for (name, statements) in known {
        let index = rest.checked_rem(statements.len()).unwrap_or(0);
        rest = rest.checked_div(statements.len()).unwrap_or(0);
        chosen.extend(statements.get(index).map(|statement| (*name, statement)));
    }
    chosen
}

fn denied(message: Option<String>, results: &[ConditionResult]) -> Finding {
    let deciding = results
        .iter()
        .find(|result| result.error.is_some())
        .or_else(|| results.iter().find(|result| result.verdict == Verdict::Holds))
        .or_else(|| results.iter().find(|result| result.verdict != Verdict::Fails));
    let why = deciding.map(|result| match (&result.error, result.verdict) {
        (Some(error), _) => format!("`{}` cannot be evaluated: {error}", result.text),
        (None, Verdict::Open(why)) => format!("`{}` is open: {why}", result.text),
        (None, _) => format!("`{}` holds", result.text),
    });
    let own = deciding.and_then(|result| result.message.as_deref());
    let words: Vec<String> =
        [message.as_deref(), own].into_iter().flatten().map(|text| plain(text).to_string()).collect();
    let why = why.unwrap_or_else(|| "its conditions do not fail".to_owned());
    let message = match words.is_empty() {
        true => format!("`validate.deny` denies: {why}"),
        false => format!("{} ({why})", words.join("; ")),
    };
    let finding = Finding::new(Code::Denied, message);
    match deciding.and_then(|result| result.found.as_ref()) {
        Some(found) => finding.contrast("conditions that do not hold", found),
        None => finding,
    }
}

/// The predicates that a name stands for; never none.
fn statements(
    examiner: &Examiner<'_>,
    target: Target<'_>,
    rule: &AttestationRule,
    block: &[AttestorSet],
    search: &mut Search,
) -> Result<Vec<Value>, Finding> {
    let (sets, derived) = if rule.attestors.is_empty() { (block, true) } else { (&*rule.attestors, false) };
    let check = Check { examiner, target, rule, derived };
    let mut found = Found::default();
    for entry in sets.iter().flat_map(entries) {
        found.add(check, entry, search)?;
    }
    let statements = match rule.quantifier {
        Quantifier::Latest => recency::latest(found.dated),
        Quantifier::All | Quantifier::Any => found.dated.into_iter().map(|(_, predicate)| predicate).collect(),
    };
    if statements.is_empty() {
        let name = rule.name.as_deref().unwrap_or_default();
        let message = format!("`validate.deny` looks at the attestation `{name}`, and there is none by its attestor");
        return Err(Finding::new(Code::AttestationMissing, message)
            .contrast(&rule.predicate_type, "nothing")
            .remedy("see what the rule of this attestation says: it fails too"));
    }
    Ok(statements)
}

/// The entries of a set and of the sets in it. Settings bound how deep sets nest.
fn entries(set: &AttestorSet) -> Vec<&Attestor> {
    let mut all = Vec::new();
    for entry in &set.entries {
        match &entry.kind {
            AttestorKind::Nested(set) => all.extend(entries(set)),
            _ => all.push(entry),
        }
    }
    all
}

#[derive(Default)]
struct Found {
    seen: BTreeSet<usize>,
    /// With the verified time where the rule is about the latest, and zero elsewhere.
    dated: Vec<(i64, Value)>,
}

impl Found {
    /// Adds what an entry made.
    fn add(&mut self, check: Check<'_>, entry: &Attestor, search: &mut Search) -> Result<(), Finding> {
        let Check { examiner, target, rule, .. } = check;
        let entry = &*examiner.with_key(entry).map_err(|error| error.finding())?;
        for carrier in examiner.plan().places(Purpose::Attestations) {
            let load = examiner.load(target, entry.repository.as_ref(), carrier);
            search.note(&load.looked);
            if let Some(gap) = &load.gap {
                return Err(gap_finding(gap));
            }
            for item in &load.items {
                let broken = |source: &str, error: &dyn std::fmt::Display| {
                    let error = EvidenceError::Malformed(error.to_string());
                    unreadable(rule.quantifier, source, &error)
                };
                let evidence = match item {
                    Item::Readable(evidence) => evidence,
                    Item::Unreadable { source, error } if rule.quantifier != Quantifier::Any => {
                        return Err(broken(source, error));
                    }
                    Item::Unreadable { .. } | Item::Sealed(_) => continue,
                };
                let Claim::Attestation { predicate_type, predicate, .. } = &evidence.claim else { continue };
                if !rule.is_about(predicate_type) || self.seen.contains(&evidence.id) {
                    continue;
                }
                if let (Err(error), true) = (evidence.bundle(), rule.quantifier != Quantifier::Any) {
                    return Err(broken(&evidence.source, &error));
                }
                let verified = match accept(check, entry, evidence) {
                    Ok(Signed::ByAttestor(verified)) => verified,
                    Err(error) if error.outcome() == Outcome::Undecided => return Err(error.finding()),
                    Ok(Signed::ByOther(_)) | Err(_) => continue,
                };
                let predicate = match predicate.value(&evidence.material.content) {
                    Ok(predicate) => predicate,
                    Err(error) if rule.quantifier != Quantifier::Any => return Err(broken(&evidence.source, &error)),
                    Err(_) => continue,
                };
                let time = match rule.quantifier {
                    Quantifier::Latest => {
                        recency::dated(check, entry, evidence).map_err(|Undated { finding, .. }| finding)?
                    }
                    Quantifier::Any if check_predicate(check, &verified, &predicate).is_err() => continue,
                    Quantifier::Any if !is_young(check, entry, evidence) => continue,
                    Quantifier::All | Quantifier::Any => 0,
                };
                self.seen.insert(evidence.id);
                self.dated.push((time, predicate));
            }
        }
        Ok(())
    }
}

/// Whether the rule's `maxAge`, if it has one, lets the attestation count.
fn is_young(check: Check<'_>, entry: &Attestor, evidence: &Evidence) -> bool {
    check.rule.max_age.is_none()
        || recency::dated(check, entry, evidence).is_ok_and(|time| recency::check_age(check, time).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_combination_is_chosen_once() {
        let known = [("a", vec![json!(1), json!(2)]), ("b", vec![json!("x"), json!("y"), json!("z")])];
        let choices: BTreeSet<String> = (0..6).map(|choice| format!("{:?}", chosen(&known, choice))).collect();
        assert_eq!(choices.len(), 6);
        assert_eq!(chosen(&known, 0), [("a", &json!(1)), ("b", &json!("x"))]);
        assert_eq!(chosen(&known, 5), [("a", &json!(2)), ("b", &json!("z"))]);
        assert_eq!(chosen(&[], 0), []);
    }
}
