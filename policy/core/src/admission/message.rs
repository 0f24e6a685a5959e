//! What a person reads who ran `kubectl apply`: the tree of the explanation on one line per image.

use crate::decision::{BlockReport, CheckReport, Code, Explanation, Finding, ImageReport, Outcome};

/// kubectl prints the message whole, events and logs cut it: so much is kept.
const MAX_MESSAGE_BYTES: usize = 1500;

/// Characters of one part of a line: a message, an identity, an image.
const MAX_PART_CHARS: usize = 300;

/// Characters of what there is to do: two commands with a digest each.
const MAX_REMEDY_CHARS: usize = 600;

/// Why something failed.
pub(super) struct Reason<'e> {
    /// The image, if it is about one.
    image: Option<&'e ImageReport>,
    /// The path in the settings, if a rule failed.
    path: Option<&'e str>,
    /// What was found.
    pub(super) finding: &'e Finding,
    outcome: Outcome,
}

/// Everything that failed, worst first.
pub(super) fn reasons(explanation: &Explanation) -> Vec<Reason<'_>> {
    let mut reasons: Vec<_> = explanation
        .problems
        .iter()
        .map(|finding| Reason { image: None, path: None, finding, outcome: Outcome::Failed })
        .collect();
    for image in &explanation.images {
        reasons.extend(image.findings.iter().map(|finding| Reason {
            image: Some(image),
            path: None,
            finding,
            outcome: image.outcome,
        }));
        for block in &image.blocks {
            reasons.extend(decisive(block).into_iter().map(|(path, finding)| Reason {
                image: Some(image),
                path: Some(path),
                finding,
                outcome: block.outcome,
            }));
        }
    }
    // A plain no is of more use than an open question, and both than a warning.
    reasons.sort_by_key(|reason| match reason.outcome {
        Outcome::Failed => 0,
        Outcome::Undecided => 1,
        _ => 2,
    });
    reasons
}

/// The findings that settled a block that did not pass.
fn decisive(block: &BlockReport) -> Vec<(&str, &Finding)> {
    let mut found: Vec<_> = block.findings.iter().map(|finding| (block.path.as_str(), finding)).collect();
    for check in &block.checks {
        collect(check, &mut found);
    }
    found
}

fn collect<'c>(check: &'c CheckReport, found: &mut Vec<(&'c str, &'c Finding)>) {
    if !check.outcome.refuses() {
        return;
    }
    let before = found.len();
    for part in &check.parts {
        collect(part, found);
    }
    // The parts say more than their sum does.
    if found.len() == before {
        found.extend(check.finding.iter().map(|finding| (check.path.as_str(), finding)));
    }
}

/// The message of a refusal.
pub(super) fn refusal(explanation: &Explanation) -> String {
    let reasons = reasons(explanation);
    let refusing: Vec<_> = reasons.iter().filter(|reason| reason.outcome.refuses()).collect();
    let subject = if explanation.subject.is_empty() { "request" } else { &explanation.subject };
    let mut message = format!("{subject} refused by sigwarden");
    let lines = lines(&refusing, explanation);
    for (index, line) in lines.iter().enumerate() {
        let line = format!("\n{line}");
        let left = lines.len().saturating_sub(index);
        if message.len().saturating_add(line.len()) > MAX_MESSAGE_BYTES {
            message.push_str(&format!("\n… and {left} more"));
            break;
        }
        message.push_str(&line);
    }
    message
}

/// One line for each reason, and one for all images that nobody had the time to check: a list of them tells nothing.
fn lines(refusing: &[&Reason<'_>], explanation: &Explanation) -> Vec<String> {
    let (unchecked, others): (Vec<&Reason<'_>>, Vec<&Reason<'_>>) =
        refusing.iter().copied().partition(|reason| reason.finding.code == Code::DeadlineReached);
    let remedies: Vec<Option<String>> = others.iter().map(|reason| remedy(reason.finding)).collect();
    let mut lines: Vec<_> = others
        .into_iter()
        .enumerate()
        .map(|(index, reason)| match remedies.get(index) {
            // What there is to do stands behind the last line that it is for.
            Some(Some(remedy)) if !remedies.iter().skip(index).skip(1).flatten().any(|later| later == remedy) => {
                format!("{} — do: {remedy}", line(reason))
            }
            _ => line(reason),
        })
        .collect();
    if !unchecked.is_empty() {
        let all = explanation.images.len();
        let is_unchecked = |image: &&ImageReport| {
            unchecked.iter().any(|reason| reason.image.is_some_and(|unchecked| std::ptr::eq(unchecked, *image)))
        };
        let checked = all.saturating_sub(explanation.images.iter().filter(is_unchecked).count());
        lines.push(format!(
            "checked {checked} of {all} images when the time for this request was up; try again: \
             the host has what was fetched now [{}]",
            Code::DeadlineReached
        ));
    }
    lines
}

/// The warning for a block that only audits.
pub(super) fn audited(image: &ImageReport, block: &BlockReport) -> String {
    let reason = decisive(block)
        .into_iter()
        .next()
        .map_or_else(|| "does not pass".to_owned(), |(_, finding)| format!("{} [{}]", finding.message, finding.code));
    format!("{} would be refused by {} (failureAction: Audit): {reason}", image.image, block.path)
}

fn line(reason: &Reason<'_>) -> String {
    let finding = reason.finding;
    let mut line = String::new();
    if let Some(image) = reason.image {
        if let Some(location) = image.locations.first() {
            line.push_str(&format!("{} {}: ", location.field, first_line(&location.name)));
        }
        line.push_str(&format!("{}: ", first_line(&image.image)));
    }
    line.push_str(&first_line(&without_wrapping(&finding.message)));
    if let (Some(wanted), Some(found)) = (&finding.wanted, &finding.found) {
        line.push_str(&format!(": wanted {}, found {}", first_line(wanted), first_line(found)));
    }
    match reason.path {
        Some(path) => line.push_str(&format!(" [{} {path}]", finding.code)),
        None => line.push_str(&format!(" [{}]", finding.code)),
    }
    line
}

/// A host's error without the sentences that every one of its errors begins with.
fn without_wrapping(message: &str) -> String {
    ["Host error: ", "Callback evaluation failure: ", "Fail to interact with OCI registry: "]
        .iter()
        .fold(message.to_owned(), |message, wrapping| message.replace(wrapping, ""))
}

/// What there is to do, on one line.
fn remedy(finding: &Finding) -> Option<String> {
    let remedy = finding.remedy.as_deref()?;
    let steps: Vec<&str> = remedy.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if steps.first()?.ends_with(':') && finding.code == Code::WrongPredicateType {
        return Some("`sigwarden verify` with this policy prints the YAML that would admit it".to_owned());
    }
    Some(shortened(&steps.join("; ").replace(":; ", ": "), MAX_REMEDY_CHARS))
}

/// The first line of a text, shortened: what an attacker wrote must not push everything else out.
fn first_line(text: &str) -> String {
    shortened(text.lines().next().unwrap_or_default(), MAX_PART_CHARS)
}

fn shortened(line: &str, limit: usize) -> String {
    let mut shown: String = line.chars().take(limit).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
