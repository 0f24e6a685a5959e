//! Who must have signed an image, and whether they have.
//!
//! An attestor set asks for so many of its entries; an entry is a key, an identity or another set. One genuine signature
//! satisfies an entry, whatever else lies beside it. Candidates are taken cheapest check first: is it a signature, about
//! this digest, by this kind of signer, naming this identity? Only then is it verified. Annotations must stand on the very
//! signature that verifies.

mod meant;

pub use meant::advised_entry;

use crate::decision::{CandidateReport, CheckKind, CheckReport, Code, Finding, Outcome};
use crate::evidence::{Claim, Clues, Evidence, Item, Material, Opening, Plan, Purpose, SignerMaterial, Subject};
use crate::examiner::{Examiner, Search, Target, blind_finding, gap_finding, outcome, publish};
use crate::quote::quote;
use crate::reference::TextPattern;
use crate::settings::{Attestor, AttestorKind, AttestorSet, ExtensionRule, KeyAttestor, KeylessAttestor, WholeRegex};
use crate::verify::{Claims, EvidenceError, LogRule, Signer, Verified};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Checks whether enough entries of `set` have signed the image.
pub fn check_set(examiner: &Examiner<'_>, target: Target<'_>, set: &AttestorSet, search: &mut Search) -> CheckReport {
    fold_set(set, |entry| check_entry(examiner, target, entry, search))
}

/// Asks `check` about the entries of a set until enough have passed.
pub(crate) fn fold_set(set: &AttestorSet, mut check: impl FnMut(&Attestor) -> CheckReport) -> CheckReport {
    let mut parts = Vec::new();
    let mut passed = 0_usize;
    for entry in &set.entries {
        if passed >= set.required {
            break;
        }
        let report = check(entry);
        passed = passed.saturating_add(usize::from(report.outcome == Outcome::Passed));
        parts.push(report);
    }
    let satisfied = passed >= set.required;
    let outcome = match satisfied {
        true => Outcome::Passed,
        // Where an open question could still have been a yes, the answer is open.
        false => Outcome::worst(parts.iter().map(|part| part.outcome)).max(Outcome::Failed),
    };
    let finding = (!satisfied && set.entries.len() > 1).then(|| {
        Finding::new(
            Code::CountNotReached,
            format!("{passed} of {} attestors are satisfied, {} must be", set.entries.len(), set.required),
        )
    });
    let label = match (set.entries.len(), set.required) {
        (1, _) => "attestor".to_owned(),
        (all, required) if all == required => format!("all of {all} attestors"),
        (all, required) => format!("{required} of {all} attestors"),
    };
    CheckReport {
        kind: CheckKind::AttestorSet,
        path: set.path.clone(),
        label,
        outcome,
        finding,
        parts,
        candidates: Vec::new(),
        more_candidates: 0,
    }
}

fn check_entry(examiner: &Examiner<'_>, target: Target<'_>, entry: &Attestor, search: &mut Search) -> CheckReport {
    if let AttestorKind::Nested(set) = &entry.kind {
        return check_set(examiner, target, set, search);
    }
    let entry = match examiner.with_key(entry) {
        Ok(entry) => entry,
        Err(error) => return report(entry, error.outcome(), Some(error.finding()), Vec::new()),
    };
    let entry = &*entry;
    let clues = Clues { image: target.image, digest: target.digest, annotations: &entry.annotations };
    let mut own = Search::default();
    let mut gap = None;
    let mut candidates = Vec::new();
    let mut furthest: Option<EvidenceError> = None;
    let mut nearest = None;
    let mut out_of_reach = None;
    let mut attestations = 0_usize;
    for carrier in examiner.plan().places(Purpose::Signatures) {
        let load = examiner.load(target, entry.repository.as_ref(), carrier);
        own.note(&load.looked);
        gap = gap.or_else(|| load.gap.clone());
        for item in &load.items {
            let opening = match item {
                Item::Readable(evidence) => Opening::Readable(Rc::clone(evidence)),
                Item::Unreadable { error, .. } => Opening::Unreadable(error.clone()),
                // Who signed is known before what: most junk is sorted out here.
                Item::Sealed(sealed) => {
                    if let Err(error) = check_sealed(entry, &sealed.material) {
                        let signer = signer_of(&sealed.material);
                        candidates.push(candidate(&sealed.source, None, signer, Err(&error)));
                        keep_further(&mut furthest, error);
                        continue;
                    }
                    examiner.open(sealed, clues)
                }
            };
            let evidence = match opening {
                Opening::Readable(evidence) => evidence,
                Opening::Unreadable(error) => {
                    let error = EvidenceError::unreadable(item.source(), &error);
                    candidates.push(candidate(item.source(), None, None, Err(&error)));
                    keep_further(&mut furthest, error);
                    continue;
                }
                Opening::Gap(reason) => {
                    gap.get_or_insert(reason);
                    continue;
                }
                Opening::OutOfReach => {
                    out_of_reach.get_or_insert_with(|| item.source().to_owned());
                    continue;
                }
            };
            if matches!(evidence.claim, Claim::Attestation { .. }) {
                attestations = attestations.saturating_add(1);
                continue;
            }
            let result = check_signature(examiner, target, entry, &evidence);
            let signer = signer_in_words(examiner, &evidence, entry, result.is_ok());
            match result {
                Ok(_) => {
                    candidates.push(candidate(&evidence.source, None, signer, Ok(())));
                    search.note(&own.looked);
                    return report(entry, Outcome::Passed, None, candidates);
                }
                Err(error) => {
                    candidates.push(candidate(&evidence.source, None, signer, Err(&error)));
                    if furthest.as_ref().is_none_or(|known| known.further(&error) != known) {
                        nearest = Some(Rc::clone(&evidence));
                    }
                    keep_further(&mut furthest, error);
                }
            }
        }
    }
    let finding = match (&gap, out_of_reach, furthest) {
        (Some(gap), _, _) => gap_finding(gap),
        (None, Some(source), _) => out_of_reach_finding(target, &source),
        (None, None, Some(error)) => meant::finding(examiner, entry, &error, nearest.as_deref()),
        (None, None, None) if own.is_blind() => blind_finding(target, Purpose::Signatures),
        (None, None, None) => unsigned(target, attestations, examiner.plan()),
    };
    own.note_unseen(examiner.plan(), Purpose::Signatures);
    search.note(&own.looked);
    report(entry, outcome(&finding), Some(finding), candidates)
}

/// Whether a signature whose payload is not at hand may be the one that `entry` asks for.
fn check_sealed(entry: &Attestor, material: &Material) -> Result<(), EvidenceError> {
    match (&entry.kind, material.signer.leaf()) {
        (AttestorKind::Keyless(keyless), Some(leaf)) => check_identity(keyless, &Claims::read(leaf)?),
        (AttestorKind::Keyless(_), None) => {
            Err(EvidenceError::WrongSignerKind("signed with a key, and the rule asks for a certificate"))
        }
        _ => Ok(()),
    }
}

fn out_of_reach_finding(target: Target<'_>, source: &str) -> Finding {
    Finding::new(
        Code::EvidenceOutOfReach,
        format!("{source} may be the signature, and this host does not hand out what it signs"),
    )
    .remedy(format!(
        "publish it where this host can read it:\n{}\n(cosign signed the image under another name, or with annotations that the rule does not name)",
        publish(target)
    ))
}

fn unsigned(target: Target<'_>, attestations: usize, plan: &Plan) -> Finding {
    let pinned = format!("{}@{}", target.image.repository(), target.digest);
    if attestations == 0 && !plan.extended {
        return Finding::new(Code::Unsigned, "nobody signed this image, as far as this host can see").remedy(format!(
            "if cosign 3 signed it, publish the signature where this host can read it:\n{}\nif nobody did:\ncosign sign --yes {pinned}",
            publish(target)
        ));
    }
    let message = match attestations {
        0 => "nobody signed this image".to_owned(),
        1 => "nobody signed this image: it has an attestation, and an attestation is not a signature".to_owned(),
        n => format!("nobody signed this image: it has {n} attestations, and an attestation is not a signature"),
    };
    let remedy = match attestations {
        0 => format!("cosign sign --yes {pinned}"),
        _ => format!("cosign sign --yes {pinned}\nor ask for the attestation: `attestations:` instead of `attestors:`"),
    };
    Finding::new(Code::Unsigned, message).remedy(remedy)
}

/// The cheap filters, then the signature, then what only a verified signature can say.
fn check_signature(
    examiner: &Examiner<'_>,
    target: Target<'_>,
    entry: &Attestor,
    evidence: &Evidence,
) -> Result<Rc<Verified>, EvidenceError> {
    let subject = evidence.claim.about(target.digest.as_str()).ok_or(EvidenceError::WrongSubject)?;
    let verified = check_signer(examiner, entry, evidence)?;
    check_annotations(&entry.annotations, subject)?;
    Ok(verified)
}

/// Whether the signer that `entry` asks for made this signature.
pub(crate) fn check_signer(
    examiner: &Examiner<'_>,
    entry: &Attestor,
    evidence: &Evidence,
) -> Result<Rc<Verified>, EvidenceError> {
    match &entry.kind {
        AttestorKind::Key(key) => verify_key(examiner, key, evidence),
        AttestorKind::Keyless(keyless) => {
            check_identity(keyless, &*claimed(examiner, evidence)?)?;
            let verified = verify_keyless(examiner, keyless, evidence)?;
            // INVARIANT: what the filter saw is what was verified; matched again on the verified certificate.
            let claims = verified.claims().ok_or(EvidenceError::WrongSignerKind("no certificate"))?;
            check_identity(keyless, claims)?;
            Ok(verified)
        }
        AttestorKind::SecretKey(_) => {
            let entry = examiner.with_key(entry)?;
            match &entry.kind {
                AttestorKind::Key(key) => verify_key(examiner, key, evidence),
                _ => Err(EvidenceError::Unsupported("a key that is none".to_owned())),
            }
        }
        // Settings allow nested sets only where sets are folded, and that is not here.
        AttestorKind::Nested(_) => Err(EvidenceError::Unsupported("a nested attestor set here".to_owned())),
    }
}

/// The certificate's claims, before anything is verified.
pub(crate) fn claimed(examiner: &Examiner<'_>, evidence: &Evidence) -> Result<Rc<Claims>, EvidenceError> {
    examiner
        .claims(evidence)?
        .ok_or(EvidenceError::WrongSignerKind("signed with a key, and the rule asks for a certificate"))
}

pub(crate) fn verify_key(
    examiner: &Examiner<'_>,
    key: &KeyAttestor,
    evidence: &Evidence,
) -> Result<Rc<Verified>, EvidenceError> {
    examiner.verify(evidence, &Signer::Key(&key.key), key.log, &key.trust_root)
}

/// Verifies whoever's certificate it is.
pub(crate) fn verify_keyless(
    examiner: &Examiner<'_>,
    keyless: &KeylessAttestor,
    evidence: &Evidence,
) -> Result<Rc<Verified>, EvidenceError> {
    let signer = Signer::Certificate { sct: keyless.sct };
    examiner.verify(evidence, &signer, keyless.log, &keyless.trust_root)
}

/// When the entry's signature was made, in Unix seconds: the earliest time that a log or timestamp authority vouches for.
pub(crate) fn signed_at(
    examiner: &Examiner<'_>,
    entry: &Attestor,
    evidence: &Evidence,
) -> Result<Option<i64>, EvidenceError> {
    match &entry.kind {
        AttestorKind::Key(key) => examiner.signed_at(evidence, &Signer::Key(&key.key), key.log, &key.trust_root),
        AttestorKind::Keyless(keyless) => {
            let signer = Signer::Certificate { sct: keyless.sct };
            examiner.signed_at(evidence, &signer, keyless.log, &keyless.trust_root)
        }
        AttestorKind::SecretKey(_) | AttestorKind::Nested(_) => {
            Err(EvidenceError::Unsupported("an attestor that is not one signer".to_owned()))
        }
    }
}

/// Whether the certificate names whom the entry asks for (Kyverno: `subject` or `subjectRegExp` on any SAN, `issuer` and
/// `issuerRegExp`, `additionalExtensions`).
pub(crate) fn check_identity(keyless: &KeylessAttestor, claims: &Claims) -> Result<(), EvidenceError> {
    if keyless.any_signer {
        return check_extensions(keyless, claims);
    }
    if claims.names.iter().any(|name| accepts_name(keyless, name)) {
        check_issuer(keyless, claims)?;
        return check_extensions(keyless, claims);
    }
    let loosely = |regexp: &WholeRegex| claims.names.iter().any(|name| regexp.matches_loosely(name));
    let hint = keyless.subject_regexp.as_ref().filter(|regexp| loosely(regexp)).map(|_| LOOSE_REGEXP.to_owned());
    Err(EvidenceError::WrongIdentity { wanted: subject_in_words(keyless), found: names_in_words(claims), hint })
}

const LOOSE_REGEXP: &str =
    "regular expressions match the whole text here, not a part of it: write `.*` where anything may stand";

/// A certificate without the extension (of one's own authority, say) has the issuer "", as in cosign: `.*` accepts it.
fn check_issuer(keyless: &KeylessAttestor, claims: &Claims) -> Result<(), EvidenceError> {
    let issuer = claims.issuer.as_deref().unwrap_or_default();
    let by_pattern = keyless.issuer.as_ref().is_none_or(|pattern| pattern.matches(issuer));
    let by_regexp = keyless.issuer_regexp.as_ref().is_none_or(|regexp| regexp.matches(issuer));
    if by_pattern && by_regexp {
        return Ok(());
    }
    let loosely = by_pattern && keyless.issuer_regexp.as_ref().is_some_and(|regexp| regexp.matches_loosely(issuer));
    let without_scheme =
        |pattern: &&TextPattern| by_regexp && issuer.strip_prefix("https://") == Some(pattern.as_str());
    let hint = match keyless.issuer.as_ref().filter(without_scheme) {
        Some(pattern) => Some(format!("write `https://{}`", pattern.as_str())),
        None => loosely.then(|| LOOSE_REGEXP.to_owned()),
    };
    Err(EvidenceError::WrongIdentity {
        wanted: format!("issuer {}", issuer_in_words(keyless)),
        found: format!("issuer {}", if issuer.is_empty() { "(none)" } else { issuer }),
        hint,
    })
}

/// An extension that is absent matches nothing, not even `*`: it says nothing. (In Kyverno it says "".)
fn check_extensions(keyless: &KeylessAttestor, claims: &Claims) -> Result<(), EvidenceError> {
    let value = |rule: &ExtensionRule| claims.extensions.get(&rule.extension).map(String::as_str);
    let unmet = |rule: &&ExtensionRule| !value(rule).is_some_and(|value| rule.pattern.matches(value));
    let Some(rule) = keyless.extensions.iter().find(unmet) else { return Ok(()) };
    let name = rule.extension.name();
    let hint = value(rule).is_none().then(|| {
        format!(
            "this certificate has no {} ({}); see what the issuer writes, and ask for that",
            name,
            rule.extension.oid()
        )
    });
    Err(EvidenceError::WrongIdentity {
        wanted: format!("{name} {}", rule.pattern.as_str()),
        found: format!("{name} {}", value(rule).unwrap_or("(none)")),
        hint,
    })
}

fn accepts_name(keyless: &KeylessAttestor, name: &str) -> bool {
    // An empty name would match `*`, and identifies nobody.
    !name.is_empty()
        && (keyless.subject.as_ref().is_some_and(|pattern| pattern.matches(name))
            || keyless.subject_regexp.as_ref().is_some_and(|regexp| regexp.matches(name)))
}

/// slsa-github-generator's workflow for containers. It signs provenance for others, under its own name.
const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v";

/// Whether the certificate is slsa-github-generator's, at a release, called by a workflow that the entry accepts.
///
/// The calling workflow is Fulcio's `build config URI` (1.3.6.1.4.1.57264.1.18); certificates older than that extension
/// do not say who called.
pub(crate) fn is_generator_for(keyless: &KeylessAttestor, claims: &Claims) -> bool {
    let released = |name: &String| {
        name.strip_prefix(GENERATOR).is_some_and(|version| {
            let parts: Vec<_> = version.split('.').collect();
            parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    // What the entry says of extensions is said of its own workflow's certificate, and holds for the generator's too.
    check_issuer(keyless, claims).is_ok()
        && check_extensions(keyless, claims).is_ok()
        && claims.names.iter().any(released)
        && claims.build_config_uri().is_some_and(|caller| accepts_name(keyless, caller))
}

fn check_annotations(wanted: &BTreeMap<String, String>, subject: &Subject) -> Result<(), EvidenceError> {
    for (name, wanted) in wanted {
        let found = subject.annotations.get(name);
        if found.and_then(Value::as_str) != Some(wanted.as_str()) {
            let found = found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            return Err(EvidenceError::Annotation { name: name.clone(), wanted: wanted.clone(), found });
        }
    }
    Ok(())
}

/// Keeps the error of the evidence that got further.
pub(crate) fn keep_further(furthest: &mut Option<EvidenceError>, error: EvidenceError) {
    let further = match furthest.as_ref() {
        Some(known) => known.further(&error).clone(),
        None => error,
    };
    *furthest = Some(further);
}

/// A candidate for the explanation.
pub(crate) fn candidate(
    source: &str,
    predicate_type: Option<&str>,
    signer: Option<String>,
    result: Result<(), &EvidenceError>,
) -> CandidateReport {
    CandidateReport {
        source: source.to_owned(),
        predicate_type: predicate_type.map(str::to_owned),
        signer,
        outcome: result.map_or_else(EvidenceError::outcome, |()| Outcome::Passed),
        finding: result.err().map(EvidenceError::finding),
    }
}

pub(crate) fn report(
    entry: &Attestor,
    outcome: Outcome,
    finding: Option<Finding>,
    candidates: Vec<CandidateReport>,
) -> CheckReport {
    CheckReport {
        kind: CheckKind::Attestor,
        path: entry.path.clone(),
        label: entry_in_words(entry),
        outcome,
        finding,
        parts: Vec::new(),
        candidates,
        more_candidates: 0,
    }
    .shortened()
}

/// Who signed, as the evidence says.
pub(crate) fn signer_in_words(
    examiner: &Examiner<'_>,
    evidence: &Evidence,
    entry: &Attestor,
    verified: bool,
) -> Option<String> {
    match (&evidence.material.signer, &entry.kind) {
        // The certificate beside a key's signature is not looked at, so what it says is nobody's word.
        (SignerMaterial::Certificates(_), AttestorKind::Key(key)) if verified => {
            Some(format!("key {}", key.key.fingerprint()))
        }
        (SignerMaterial::Certificates(_), _) => claimed(examiner, evidence).ok().map(|claims| claims.signer()),
        (SignerMaterial::Key { .. }, AttestorKind::Key(key)) if verified => {
            Some(format!("key {}", key.key.fingerprint()))
        }
        _ => signer_of(&evidence.material),
    }
}

fn signer_of(material: &Material) -> Option<String> {
    match material.signer.leaf() {
        Some(leaf) => Claims::read(leaf).ok().map(|claims| claims.signer()),
        None => Some("a key".to_owned()),
    }
}

fn entry_in_words(entry: &Attestor) -> String {
    match &entry.kind {
        AttestorKind::Key(key) => {
            let log = if key.log == LogRule::InsecureIgnore { ", without a log" } else { "" };
            format!("key {} ({}{log})", key.key.fingerprint(), key.key.description())
        }
        AttestorKind::SecretKey(secret) => {
            format!("the key in Secret {}", quote(&format!("{}/{}", secret.namespace, secret.name)))
        }
        AttestorKind::Keyless(keyless) if keyless.any_signer => {
            "whoever has a certificate of the authorities named".to_owned()
        }
        AttestorKind::Keyless(keyless) => {
            let extensions: String = keyless
                .extensions
                .iter()
                .map(|rule| format!(", {} {}", rule.extension.name(), rule.pattern.as_str()))
                .collect();
            format!("{} issued by {}{extensions}", subject_in_words(keyless), issuer_in_words(keyless))
        }
        AttestorKind::Nested(_) => "nested attestors".to_owned(),
    }
}

fn subject_in_words(keyless: &KeylessAttestor) -> String {
    let pattern = keyless.subject.as_ref().map(|pattern| pattern.as_str().to_owned());
    let regexp = keyless.subject_regexp.as_ref().map(|regexp| format!("/{}/", regexp.as_str()));
    [pattern, regexp].into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

fn issuer_in_words(keyless: &KeylessAttestor) -> String {
    let pattern = keyless.issuer.as_ref().map(|pattern| pattern.as_str().to_owned());
    let regexp = keyless.issuer_regexp.as_ref().map(|regexp| format!("/{}/", regexp.as_str()));
    [pattern, regexp].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn names_in_words(claims: &Claims) -> String {
    match claims.names.as_slice() {
        [] => "a certificate without a name".to_owned(),
        names => names.join(", "),
    }
}
