//! Text: for a person at a terminal, at three in the morning.
//!
//! Every image gets a mark (✓ admitted, ✗ refused, ! admitted with a reservation, ? nobody knows), then what was
//! verified, or every check that stands in its way: what was wanted and what was found, where evidence was looked
//! for, and what to do.

use std::io::{self, Write};

use sigwarden_core::decision::{
    BlockReport, CandidateReport, CheckKind, CheckReport, Explanation, Finding, ImageReport, Looked, LookedResult,
    Outcome, from_parting,
};
use sigwarden_core::reference::ImageRef;

use super::page::{Page, fits_field, unbroken};

/// Digits of a digest that are shown where the whole of it stands close by.
const SHORT_DIGITS: usize = 12;
/// Pieces of evidence that are listed for one check: more than that is junk, and would push the reason off the screen.
const SHOWN_EVIDENCE: usize = 20;

/// Whether images are shown with their place in the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// With field and container.
    Shown,
    /// Without: whoever asked named images, not an object.
    Hidden,
}

/// Whether checks are shown with their path in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// With it.
    Shown,
    /// Without: nobody has written these settings.
    Hidden,
}

/// Writes the whole tree.
///
/// # Errors
/// When `out` cannot be written to.
pub fn explanation(out: &mut dyn Write, explanation: &Explanation, places: Places, paths: Paths) -> io::Result<()> {
    let mut text = Text { page: Page::new(out), paths };
    for problem in &explanation.problems {
        text.problem(problem)?;
    }
    for image in &explanation.images {
        text.image(image, places)?;
    }
    for warning in &explanation.warnings {
        text.page.warning(warning)?;
    }
    if explanation.images.len() > 1 {
        text.page.blank()?;
        text.page.line(&tally(&explanation.images))?;
    }
    Ok(())
}

/// Writes what was decided of one image, without its places.
///
/// # Errors
/// When `out` cannot be written to.
pub fn image(out: &mut dyn Write, image: &ImageReport) -> io::Result<()> {
    Text { page: Page::new(out), paths: Paths::Shown }.image(image, Places::Hidden)
}

/// Writes what is wrong with settings or a request as a whole.
///
/// # Errors
/// When `out` cannot be written to.
pub fn problems(out: &mut dyn Write, problems: &[Finding]) -> io::Result<()> {
    let mut text = Text { page: Page::new(out), paths: Paths::Shown };
    problems.iter().try_for_each(|problem| text.problem(problem))
}

/// Writes the verdict on a bundle on one line. `artifact` names what was signed.
///
/// # Errors
/// When `out` cannot be written to.
pub fn bundle(out: &mut dyn Write, artifact: &str, report: &CandidateReport) -> io::Result<()> {
    let verdict = match &report.finding {
        Some(finding) => {
            let contrast = match (&finding.wanted, &finding.found) {
                (Some(wanted), Some(found)) => format!(" (wanted {wanted}, found {found})"),
                _ => String::new(),
            };
            format!("{artifact}: {}{contrast} [{}]", finding.message, finding.code)
        }
        None => {
            let signer = report.signer.as_deref().unwrap_or("the signer that was asked for");
            match &report.predicate_type {
                Some(predicate_type) => format!("{artifact}: {predicate_type} by {signer}"),
                None => format!("{artifact}: signed by {signer}"),
            }
        }
    };
    Page::new(out).headline(report.outcome, &unbroken(&verdict))
}

struct Text<'w> {
    page: Page<'w>,
    paths: Paths,
}

impl Text<'_> {
    fn problem(&mut self, problem: &Finding) -> io::Result<()> {
        self.page.headline(Outcome::Failed, &coded(problem))?;
        self.details(problem)
    }

    fn image(&mut self, image: &ImageReport, places: Places) -> io::Result<()> {
        let mark = if is_unmatched(image) { Outcome::Skipped } else { image.outcome };
        let name = match places {
            Places::Shown => format!("{}  {}", locations(image), image.image),
            Places::Hidden => image.image.clone(),
        };
        self.page.headline(mark, &name)?;
        match (&image.pinned, &image.digest) {
            (None, Some(digest)) if !image.image.contains(digest.as_str()) => self.page.field("digest", digest)?,
            _ => {}
        }
        if is_unmatched(image) {
            self.page.sentence("no rule matches this image: nothing was verified")?;
        }
        for finding in &image.findings {
            self.page.marked(image.outcome, &coded(finding))?;
            self.details(finding)?;
        }
        if let Some(excepted) = &image.excepted {
            self.page.field("excepted", &one_line(excepted))?;
        }
        for block in &image.blocks {
            self.block(image, block)?;
        }
        image.pinned.as_ref().map_or(Ok(()), |pinned| self.page.field("pinned", pinned))
    }

    fn block(&mut self, image: &ImageReport, block: &BlockReport) -> io::Result<()> {
        let path = match self.paths {
            Paths::Shown => format!("{}: ", block.path),
            Paths::Hidden => String::new(),
        };
        match block.outcome {
            Outcome::Passed if block.checks.is_empty() => {
                self.page.sentence(&format!("{path}asks for no signature: nothing was verified"))
            }
            Outcome::Passed => block.checks.iter().try_for_each(|check| self.passed(image, check)),
            Outcome::Skipped => self.page.sentence(&format!("{path}leaves this image out: nothing was verified")),
            Outcome::Audited | Outcome::Failed | Outcome::Undecided => {
                for finding in &block.findings {
                    self.page.marked(block.outcome, &coded(finding))?;
                    if self.paths == Paths::Shown {
                        self.page.field("rule", &block.path)?;
                    }
                    self.details(finding)?;
                }
                let mut failing = Failing { image, attestation: None, looked: &block.looked };
                for check in &block.checks {
                    self.check(&mut failing, check)?;
                }
                if block.outcome == Outcome::Audited {
                    self.page.sentence(&format!("{path}only audits, so this does not stand in the way"))?;
                }
                Ok(())
            }
        }
    }

    /// What a check that passed rests on.
    fn passed(&mut self, image: &ImageReport, check: &CheckReport) -> io::Result<()> {
        for candidate in check.candidates.iter().filter(|candidate| candidate.outcome == Outcome::Passed) {
            let signer = candidate.signer.as_deref().unwrap_or(&check.label);
            match &candidate.predicate_type {
                Some(predicate_type) => {
                    self.page.field("attested", &one_line(predicate_type))?;
                    self.page.field("by", &one_line(signer))?;
                }
                None => self.page.field("signed by", &one_line(signer))?,
            }
            self.page.field("found in", &one_line(&shortened(&candidate.source, image)))?;
        }
        check.parts.iter().filter(|part| part.outcome == Outcome::Passed).try_for_each(|part| self.passed(image, part))
    }

    /// Why a check did not pass: the parts that say most, or its own finding.
    fn check<'e>(&mut self, failing: &mut Failing<'e>, check: &'e CheckReport) -> io::Result<()> {
        if !check.outcome.refuses() {
            return self.passed(failing.image, check);
        }
        if let Some(finding) = &check.finding {
            self.page.marked(check.outcome, &coded(finding))?;
            let asking: Vec<&CheckReport> = failing.attestation.into_iter().chain([check]).collect();
            self.rule(finding, &asking)?;
            self.contrast(finding)?;
            self.evidence(failing.image, check, finding)?;
            // Where was looked answers "is there none?", once for all checks of a block.
            if check.parts.is_empty() {
                self.looked(failing.image, std::mem::take(&mut failing.looked))?;
            }
            self.remedy(finding)?;
        }
        let outer = failing.attestation;
        if check.kind == CheckKind::Attestation {
            failing.attestation = Some(check);
        }
        let refusing: Vec<_> = check.parts.iter().filter(|part| part.outcome.refuses()).collect();
        if check.finding.is_none() && refusing.is_empty() {
            self.page.marked(check.outcome, &format!("{}: no reason is given", check.label))?;
        }
        for part in refusing {
            self.check(failing, part)?;
        }
        failing.attestation = outer;
        Ok(())
    }

    /// Which checks ask, and what for: where they stand, for those who wrote it, and in words, as far as `wanted` does
    /// not say the same.
    fn rule(&mut self, finding: &Finding, asking: &[&CheckReport]) -> io::Result<()> {
        let told = |label: &str| finding.wanted.as_ref().is_some_and(|wanted| label.contains(wanted));
        let mut lines: Vec<&str> = Vec::new();
        for check in asking {
            if self.paths == Paths::Shown {
                lines.push(&check.path);
            }
            if !told(&check.label) {
                lines.push(&check.label);
            }
        }
        if lines.is_empty() { Ok(()) } else { self.page.field("rule", &lines.join("\n")) }
    }

    fn details(&mut self, finding: &Finding) -> io::Result<()> {
        self.contrast(finding)?;
        self.remedy(finding)
    }

    /// What was wanted above what was found.
    fn contrast(&mut self, finding: &Finding) -> io::Result<()> {
        if let Some(wanted) = &finding.wanted {
            self.page.field("wanted", wanted)?;
        }
        if let Some(found) = &finding.found {
            self.page.field("found", found)?;
        }
        let Some((wanted, found)) = finding.wanted.as_deref().zip(finding.found.as_deref()) else { return Ok(()) };
        let Some(column) = parting(wanted, found) else { return Ok(()) };
        if fits_field(wanted) && fits_field(found) {
            return self.page.caret(column);
        }
        // Broken over several lines, the two do not stand below each other: the place is shown by itself.
        let end = from_parting(wanted, found);
        if !end.starts_with('…') || !fits_field(&end) {
            return Ok(());
        }
        self.page.field("parts at", &end)?;
        self.page.caret(end.chars().count().saturating_sub(found.chars().count().saturating_sub(column)))
    }

    fn remedy(&mut self, finding: &Finding) -> io::Result<()> {
        finding.remedy.as_ref().map_or(Ok(()), |remedy| self.page.remedy(remedy))
    }

    /// The evidence that a check saw, each piece with its own reason where that is not the check's.
    fn evidence(&mut self, image: &ImageReport, check: &CheckReport, settled_by: &Finding) -> io::Result<()> {
        let shown = check.candidates.iter().take(SHOWN_EVIDENCE);
        let mut lines: Vec<String> = shown.map(|candidate| self::candidate(image, candidate, settled_by)).collect();
        let more = check.candidates.len().saturating_add(check.more_candidates).saturating_sub(lines.len());
        if more > 0 {
            lines.push(format!("and {more} more: -o json tells of a hundred"));
        }
        if lines.is_empty() { Ok(()) } else { self.page.field("evidence", &lines.join("\n")) }
    }

    fn looked(&mut self, image: &ImageReport, looked: &[Looked]) -> io::Result<()> {
        let places: Vec<String> =
            looked.iter().map(|looked| place(&shortened(&looked.carrier, image), &looked.result)).collect();
        if places.is_empty() { Ok(()) } else { self.page.field("looked", &places.join(" · ")) }
    }
}

/// A block that did not pass, on the way down its checks.
struct Failing<'e> {
    image: &'e ImageReport,
    /// The attestation that the current check is part of.
    attestation: Option<&'e CheckReport>,
    /// Where evidence was looked for, until it was told.
    looked: &'e [Looked],
}

pub(super) fn candidate(image: &ImageReport, candidate: &CandidateReport, settled_by: &Finding) -> String {
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

pub(super) fn place(carrier: &str, result: &LookedResult) -> String {
    match result {
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

fn coded(finding: &Finding) -> String {
    format!("{} [{}]", finding.message, finding.code)
}

pub(super) fn locations(image: &ImageReport) -> String {
    let names: Vec<String> = image.locations.iter().map(|place| format!("{} {}", place.field, place.name)).collect();
    names.join(", ")
}

/// `text` without what stands in the headline above it or below: the image's repository is left out, and the digits of its
/// digest are cut short, and marked as cut.
pub(super) fn shortened(text: &str, image: &ImageReport) -> String {
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

/// The column at which two lines part, if there are two lines.
fn parting(wanted: &str, found: &str) -> Option<usize> {
    if wanted.contains('\n') || found.contains('\n') { None } else { sigwarden_core::decision::parting(wanted, found) }
}

/// Whether no rule concerns the image.
pub(super) fn is_unmatched(image: &ImageReport) -> bool {
    image.blocks.is_empty() && image.outcome == Outcome::Passed
}

fn tally(images: &[ImageReport]) -> String {
    let count = |counts: &dyn Fn(&ImageReport) -> bool| images.iter().filter(|image| counts(image)).count();
    let parts = [
        (count(&|image| !image.outcome.refuses() && !is_unmatched(image)), "admitted"),
        (count(&is_unmatched), "without a rule, so admitted"),
        (count(&|image| image.outcome == Outcome::Failed), "refused"),
        (count(&|image| image.outcome == Outcome::Undecided), "undecided, so refused"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("{} images: {}", images.len(), parts.join(", "))
}

#[cfg(test)]
mod tests;
