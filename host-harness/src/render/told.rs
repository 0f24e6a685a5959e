//! What is told of an image, and in which order: the one way down its tree, for every form that people read.
//!
//! What each form makes of it (columns, marks, markup) is its own. Text is as it came: whoever prints it makes it visible.

use sigwarden_core::decision::{
    BlockReport, CandidateReport, CheckKind, CheckReport, Finding, ImageReport, Location, Looked, LookedResult, Outcome,
};
use sigwarden_core::reference::ImageRef;

use super::page::unbroken;
use super::text::Paths;

/// Digits of a digest that are shown where the whole of it stands close by.
const SHORT_DIGITS: usize = 12;
/// Pieces of evidence that are listed for one check: more than that is junk, and would push the reason off the screen.
const SHOWN_EVIDENCE: usize = 20;

/// One thing that is told.
pub(super) enum Told<'r> {
    /// A text with a label.
    Field(&'static str, String),
    /// A sentence.
    Sentence(String),
    /// Why something did not pass.
    Reason(Reason<'r>),
    /// That nobody says why something did not pass.
    Unexplained(Outcome, String),
}

/// Why something did not pass.
pub(super) struct Reason<'r> {
    pub(super) outcome: Outcome,
    pub(super) finding: &'r Finding,
    /// Which checks ask, and what for: where they stand, for those who wrote it, and in words, as far as `wanted` does not
    /// say the same.
    pub(super) rule: Vec<String>,
    /// The evidence that was seen, each piece with its own reason where that is another.
    pub(super) evidence: Vec<String>,
    /// Where evidence was looked for.
    pub(super) looked: Vec<String>,
}

/// Everything about `image` but its name and places.
pub(super) fn told(image: &ImageReport, paths: Paths) -> Vec<Told<'_>> {
    let mut walk = Walk { image, paths, told: Vec::new(), attestation: None, looked: &[] };
    match (&image.pinned, &image.digest) {
        (None, Some(digest)) if !image.image.contains(digest.as_str()) => walk.field("digest", digest),
        _ => {}
    }
    if is_unmatched(image) {
        walk.sentence("no rule matches this image: nothing was verified".to_owned());
    }
    for finding in &image.findings {
        walk.reason(image.outcome, finding, Vec::new());
    }
    if let Some(excepted) = &image.excepted {
        walk.field("excepted", &one_line(excepted));
    }
    image.blocks.iter().for_each(|block| walk.block(block));
    if let Some(pinned) = &image.pinned {
        walk.field("pinned", pinned);
    }
    walk.told
}

struct Walk<'r> {
    image: &'r ImageReport,
    paths: Paths,
    told: Vec<Told<'r>>,
    /// The attestation that the current check is part of.
    attestation: Option<&'r CheckReport>,
    /// Where evidence was looked for, until it was told.
    looked: &'r [Looked],
}

impl<'r> Walk<'r> {
    fn field(&mut self, label: &'static str, text: &str) {
        self.told.push(Told::Field(label, text.to_owned()));
    }

    fn sentence(&mut self, sentence: String) {
        self.told.push(Told::Sentence(sentence));
    }

    fn reason(&mut self, outcome: Outcome, finding: &'r Finding, rule: Vec<String>) {
        self.told.push(Told::Reason(Reason { outcome, finding, rule, evidence: Vec::new(), looked: Vec::new() }));
    }

    fn block(&mut self, block: &'r BlockReport) {
        let path = match self.paths {
            Paths::Shown => format!("{}: ", block.path),
            Paths::Hidden => String::new(),
        };
        match block.outcome {
            Outcome::Passed if block.checks.is_empty() => {
                self.sentence(format!("{path}asks for no signature: nothing was verified"));
            }
            Outcome::Passed => block.checks.iter().for_each(|check| self.passed(check)),
            Outcome::Skipped => self.sentence(format!("{path}leaves this image out: nothing was verified")),
            Outcome::Audited | Outcome::Failed | Outcome::Undecided => {
                for finding in &block.findings {
                    let rule = (self.paths == Paths::Shown).then(|| block.path.clone());
                    self.reason(block.outcome, finding, rule.into_iter().collect());
                }
                self.looked = &block.looked;
                block.checks.iter().for_each(|check| self.check(check));
                if block.outcome == Outcome::Audited {
                    self.sentence(format!("{path}only audits, so this does not stand in the way"));
                }
            }
        }
    }

    /// What a check that passed rests on. As deep as the settings, which have a limit.
    fn passed(&mut self, check: &CheckReport) {
        for candidate in check.candidates.iter().filter(|candidate| candidate.outcome == Outcome::Passed) {
            let signer = one_line(candidate.signer.as_deref().unwrap_or(&check.label));
            match &candidate.predicate_type {
                Some(predicate_type) => {
                    self.field("attested", &one_line(predicate_type));
                    self.field("by", &signer);
                }
                None => self.field("signed by", &signer),
            }
            self.field("found in", &one_line(&shortened(&candidate.source, self.image)));
        }
        check.parts.iter().filter(|part| part.outcome == Outcome::Passed).for_each(|part| self.passed(part));
    }

    /// Why a check did not pass: the parts that say most, or its own finding. As deep as the settings, which have a limit.
    fn check(&mut self, check: &'r CheckReport) {
        if !check.outcome.refuses() {
            return self.passed(check);
        }
        if let Some(finding) = &check.finding {
            // Where was looked answers "is there none?", once for all checks of a block.
            let looked = if check.parts.is_empty() { std::mem::take(&mut self.looked) } else { &[] };
            let reason = Reason {
                outcome: check.outcome,
                finding,
                rule: self.rule(check, finding),
                evidence: evidence(self.image, check, finding),
                looked: looked.iter().map(|looked| place(looked, self.image)).collect(),
            };
            self.told.push(Told::Reason(reason));
        }
        let outer = self.attestation;
        if check.kind == CheckKind::Attestation {
            self.attestation = Some(check);
        }
        let refusing: Vec<_> = check.parts.iter().filter(|part| part.outcome.refuses()).collect();
        if check.finding.is_none() && refusing.is_empty() {
            self.told.push(Told::Unexplained(check.outcome, format!("{}: no reason is given", check.label)));
        }
        refusing.into_iter().for_each(|part| self.check(part));
        self.attestation = outer;
    }

    fn rule(&self, check: &CheckReport, finding: &Finding) -> Vec<String> {
        let told = |label: &str| finding.wanted.as_ref().is_some_and(|wanted| label.contains(wanted));
        let mut lines = Vec::new();
        for asking in self.attestation.into_iter().chain([check]) {
            lines.extend((self.paths == Paths::Shown).then(|| asking.path.clone()));
            lines.extend(Some(asking.label.clone()).filter(|label| !told(label)));
        }
        lines
    }
}

fn evidence(image: &ImageReport, check: &CheckReport, settled_by: &Finding) -> Vec<String> {
    let shown = check.candidates.iter().take(SHOWN_EVIDENCE);
    let mut lines: Vec<String> = shown.map(|it| candidate(image, it, settled_by)).collect();
    let more = check.candidates.len().saturating_add(check.more_candidates).saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more: -o json tells of a hundred"));
    }
    lines
}

fn candidate(image: &ImageReport, candidate: &CandidateReport, settled_by: &Finding) -> String {
    let mut line = shortened(&candidate.source, image);
    let told = |signer: &String| settled_by.found.as_ref().is_some_and(|found| signer.starts_with(found));
    if let Some(signer) = candidate.signer.as_ref().filter(|signer| !told(signer)) {
        line.push_str(&format!(", by {signer}"));
    }
    match &candidate.finding {
        Some(finding) if finding != settled_by => line.push_str(&format!(": {}", coded(finding))),
        Some(_) => {}
        None => line.push_str(": good"),
    }
    one_line(&line)
}

fn place(looked: &Looked, image: &ImageReport) -> String {
    let carrier = shortened(&looked.carrier, image);
    match &looked.result {
        LookedResult::Found(0) => unbroken(&format!("{carrier} — none")),
        LookedResult::Found(count) => unbroken(&format!("{carrier} — {count} found")),
        LookedResult::Absent => unbroken(&format!("{carrier} — absent")),
        LookedResult::Unsupported(reason) | LookedResult::Unreachable(reason) => format!("{carrier} — {reason}"),
    }
}

/// What a certificate or manifest calls itself has one line, whatever it holds.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

/// A finding and its code.
pub(super) fn coded(finding: &Finding) -> String {
    format!("{} [{}]", finding.message, finding.code)
}

/// Where an image stands in its object.
pub(super) fn location(place: &Location) -> String {
    format!("{} {}", place.field, place.name)
}

/// Whether no rule concerns the image.
pub(super) fn is_unmatched(image: &ImageReport) -> bool {
    image.blocks.is_empty() && image.outcome == Outcome::Passed
}

/// `text` without what stands in the headline above it or below: the image's repository is left out, and the digits of its
/// digest are cut short, and marked as cut.
fn shortened(text: &str, image: &ImageReport) -> String {
    let mut text = text.to_owned();
    if let Ok(reference) = ImageRef::parse(&image.image) {
        let repository = reference.repository();
        text = text.replace(&format!(" {repository}:"), " ").replace(&format!(" {repository}@"), " ");
    }
    let hex = image.digest.as_deref().and_then(|digest| digest.split_once(':')).map(|(_, hex)| hex);
    match hex.and_then(|hex| hex.get(..SHORT_DIGITS).map(|start| (hex, start))) {
        Some((hex, start)) => text.replace(hex, &format!("{start}…")),
        None => text,
    }
}
