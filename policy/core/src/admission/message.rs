//! What a person reads who ran `kubectl apply`: the tree of the explanation on one line per image.

use crate::decision::{BlockReport, CheckReport, Code, Explanation, Finding, ImageReport, Outcome, from_parting};

/// kubectl prints the message whole, events and logs cut it: so much is kept.
const MAX_MESSAGE_BYTES: usize = 1500;

/// Characters of one part of a line: a message, an identity, an image.
const MAX_PART_CHARS: usize = 300;

/// Reasons of one image that its line tells. Which attestor of five failed in which way is for `sigwarden verify`.
const MAX_REASONS: usize = 3;

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

impl Reason<'_> {
    /// Whether both stand on one line: what is about no image stands alone.
    fn is_about_the_image_of(&self, other: &Self) -> bool {
        self.image.zip(other.image).is_some_and(|(own, other)| std::ptr::eq(own, other))
    }
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
    let (refused, others): (Vec<_>, Vec<_>) = reasons.into_iter().partition(|reason| reason.outcome == Outcome::Failed);
    let (open, warnings): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|reason| reason.outcome == Outcome::Undecided);
    [refused, open, warnings].into_iter().flatten().collect()
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
    let mut message = format!("{} refused by sigwarden", first_line(subject));
    let lines = lines(&refusing, explanation);
    for (index, line) in lines.iter().enumerate() {
        let left = lines.len().saturating_sub(index);
        let more = format!("\n… and {left} more");
        // Room is kept for saying that there is more, unless this is the last line.
        let reserved = if left > 1 { more.len() } else { 0 };
        let room = MAX_MESSAGE_BYTES.saturating_sub(message.len()).saturating_sub(reserved).saturating_sub(1);
        if line.len() <= room {
            message.push_str(&format!("\n{line}"));
        } else if index == 0 {
            // One image alone can fill it: its beginning is worth more than a count.
            message.push_str(&format!("\n{}", cut(line, room)));
        } else {
            message.push_str(&more);
            break;
        }
    }
    message
}

/// As many whole characters as fit into so many bytes, with a mark.
fn cut(line: &str, bytes: usize) -> String {
    const MARK: &str = "…";
    let mut kept = String::new();
    for character in line.chars() {
        if kept.len().saturating_add(character.len_utf8()).saturating_add(MARK.len()) > bytes {
            kept.push_str(MARK);
            break;
        }
        kept.push(character);
    }
    kept
}

/// One line for each image, with all that is wrong with it, and one for all images that nobody had the time to check: a list
/// of them tells nothing.
fn lines(refusing: &[&Reason<'_>], explanation: &Explanation) -> Vec<String> {
    let (unchecked, others): (Vec<&Reason<'_>>, Vec<&Reason<'_>>) =
        refusing.iter().copied().partition(|reason| reason.finding.code == Code::DeadlineReached);
    // In the order of the worst reason of each image.
    let mut images: Vec<Vec<&Reason<'_>>> = Vec::new();
    for reason in others {
        let same = |known: &Vec<&Reason<'_>>| known.first().is_some_and(|first| first.is_about_the_image_of(reason));
        match images.iter_mut().find(|known| same(known)) {
            Some(known) => known.push(reason),
            None => images.push(vec![reason]),
        }
    }
    let remedies: Vec<Vec<String>> = images.iter().map(|reasons| remedies(reasons)).collect();
    let mut lines: Vec<String> = images
        .iter()
        .zip(&remedies)
        .enumerate()
        .map(|(index, (reasons, own))| {
            // What there is to do stands behind the last line that it is for.
            let is_last =
                |remedy: &&String| !remedies.iter().skip(index).skip(1).flatten().any(|later| later == *remedy);
            let todo: Vec<&str> = own.iter().filter(is_last).map(String::as_str).collect();
            match todo.is_empty() {
                true => line(reasons),
                false => format!("{} — do: {}", line(reasons), todo.join("; or ")),
            }
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

/// What there is to do about one image, each once.
fn remedies(reasons: &[&Reason<'_>]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for remedy in reasons.iter().take(MAX_REASONS).filter_map(|reason| remedy(reason.finding)) {
        if !all.contains(&remedy) {
            all.push(remedy);
        }
    }
    all
}

/// The warning for a block that only audits.
pub(super) fn audited(image: &ImageReport, block: &BlockReport) -> String {
    let reason = decisive(block)
        .into_iter()
        .next()
        .map_or_else(|| "does not pass".to_owned(), |(_, finding)| format!("{} [{}]", finding.message, finding.code));
    format!("{} would be refused by {} (failureAction: Audit): {reason}", image.image, block.path)
}

/// All that is wrong with one image. Never empty-handed: there is a reason, or there would be no line.
fn line(reasons: &[&Reason<'_>]) -> String {
    let mut line = String::new();
    if let Some(image) = reasons.first().and_then(|reason| reason.image) {
        if let Some(location) = image.locations.first() {
            line.push_str(&format!("{} {}: ", location.field, first_line(&location.name)));
        }
        line.push_str(&format!("{}: ", first_line(&image.image)));
    }
    let told: Vec<String> = reasons.iter().take(MAX_REASONS).map(|reason| sentence(reason)).collect();
    line.push_str(&told.join("; "));
    match reasons.len().saturating_sub(told.len()) {
        0 => {}
        more => line.push_str(&format!("; and {more} more")),
    }
    line
}

fn sentence(reason: &Reason<'_>) -> String {
    let finding = reason.finding;
    let mut sentence = first_line(&finding.message);
    if let (Some(wanted), Some(found)) = (&finding.wanted, &finding.found) {
        let found = match finding.code {
            Code::WrongIdentity | Code::ForeignAttestation => from_parting(wanted, found),
            _ => found.clone(),
        };
        sentence.push_str(&format!(": wanted {}, found {}", first_line(wanted), first_line(&found)));
    }
    match reason.path {
        Some(path) => sentence.push_str(&format!(" [{} {path}]", finding.code)),
        None => sentence.push_str(&format!(" [{}]", finding.code)),
    }
    sentence
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
    let mut characters = line.chars();
    // What could draw on a terminal is shown as a blank.
    let mut shown: String = characters.by_ref().take(limit).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
