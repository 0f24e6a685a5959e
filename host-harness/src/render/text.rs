//! Text: for a person at a terminal, at three in the morning.
//!
//! Every image gets a mark (✓ admitted, ✗ refused, ! admitted with a reservation, ? nobody knows), then what was
//! verified, or every check that stands in its way: what was wanted and what was found, where evidence was looked
//! for, and what to do.

use std::io::{self, Write};

use sigwarden_core::decision::{CandidateReport, Code, Explanation, Finding, ImageReport, Outcome, from_parting};

use super::page::{Page, Place, bound_for, fits_field, unbroken_for_programs};
use super::told::{Reason, Told, coded, is_unmatched, location, told};

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

/// Writes to standard error what is wrong with settings or a request as a whole.
///
/// # Errors
/// When `err` cannot be written to.
pub fn problems(err: &mut dyn Write, problems: &[Finding]) -> io::Result<()> {
    let mut text = Text { page: Page::new(err), paths: Paths::Shown };
    bound_for(Place::Errors, || problems.iter().try_for_each(|problem| text.problem(problem)))
}

/// Writes the verdict on a bundle, on one line but on a terminal. `artifact` names what was signed.
///
/// # Errors
/// When `out` cannot be written to.
pub fn bundle(out: &mut dyn Write, bundle: &str, artifact: &str, report: &CandidateReport) -> io::Result<()> {
    let verdict = match &report.finding {
        Some(finding) => {
            let contrast = match (&finding.wanted, &finding.found) {
                (Some(wanted), Some(found)) => format!(" (wanted {wanted}, found {found})"),
                _ => String::new(),
            };
            // What is malformed is the bundle, and never what it signs.
            let at_fault = if finding.code == Code::EvidenceMalformed { bundle } else { artifact };
            format!("{at_fault}: {}{contrast} [{}]", finding.message, finding.code)
        }
        None => {
            let signer = report.signer.as_deref().unwrap_or("the signer that was asked for");
            match &report.predicate_type {
                Some(predicate_type) => format!("{artifact}: {predicate_type} by {signer}"),
                None => format!("{artifact}: signed by {signer}"),
            }
        }
    };
    let mut page = Page::new(out);
    page.headline(report.outcome, &unbroken_for_programs(&verdict))?;
    let remedy = report.finding.as_ref().and_then(|finding| finding.remedy.as_deref());
    remedy.map_or(Ok(()), |remedy| page.remedy(remedy))
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
            Places::Shown => {
                let places: Vec<String> = image.locations.iter().map(location).collect();
                format!("{}  {}", places.join(", "), image.image)
            }
            Places::Hidden => image.image.clone(),
        };
        self.page.headline(mark, &name)?;
        told(image, self.paths).iter().try_for_each(|told| match told {
            Told::Field(label, text) => self.page.field(label, text),
            Told::Sentence(sentence) => self.page.sentence(sentence),
            Told::Reason(reason) => self.reason(reason),
            Told::Unexplained(outcome, text) => self.page.marked(*outcome, text),
        })
    }

    fn reason(&mut self, reason: &Reason<'_>) -> io::Result<()> {
        self.page.marked(reason.outcome, &coded(reason.finding))?;
        self.lines("rule", &reason.rule)?;
        self.contrast(reason.finding)?;
        self.lines("evidence", &reason.evidence)?;
        if !reason.looked.is_empty() {
            self.page.items("looked", &reason.looked)?;
        }
        self.remedy(reason.finding)
    }

    fn lines(&mut self, label: &str, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() { Ok(()) } else { self.page.field(label, &lines.join("\n")) }
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
}

/// The column at which two lines part, if there are two lines.
fn parting(wanted: &str, found: &str) -> Option<usize> {
    if wanted.contains('\n') || found.contains('\n') { None } else { sigwarden_core::decision::parting(wanted, found) }
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
