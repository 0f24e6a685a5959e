//! For people: a table of images, worst first; then why each is refused, and what to do; then what would be pinned.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome;

use super::super::page::Page;
use super::super::text;
use super::{tally, told};
use crate::manifests::Object;
use crate::scan::report::{ImageEntry, ScanReport, Use};

/// Places of one image that are listed. A chart may have hundreds of the same.
const SHOWN_USES: usize = 5;

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    Page::new(out).headline(report.outcome(), &tally(report.totals))?;
    table(out, report)?;
    for object in &report.objects {
        let mut page = Page::new(out);
        page.blank()?;
        page.headline(object.outcome, &format!("{}  {}", object.object.name, object.object.origin))?;
        for finding in &object.findings {
            page.marked(object.outcome, &told(finding))?;
            if let Some(remedy) = &finding.remedy {
                page.remedy(remedy)?;
            }
        }
        if let Some(error) = &object.error {
            page.sentence(error)?;
        }
    }
    for entry in report.images.iter().filter(|entry| entry.report.outcome.refuses()) {
        Page::new(out).blank()?;
        text::image(out, &entry.report)?;
        Page::new(out).field("used in", &uses(entry))?;
    }
    pinned(out, report)?;
    if !report.not_covered.is_empty() {
        let mut page = Page::new(out);
        page.blank()?;
        page.line("Not covered: these run images, and the policy is not asked about them")?;
        for object in &report.not_covered {
            page.marked(Outcome::Skipped, &format!("{}  {}", object.object.name, object.object.origin))?;
            page.sentence(&object.reason)?;
            if !object.images.is_empty() {
                page.field("images", &object.images.join("\n"))?;
            }
        }
    }
    let mut page = Page::new(out);
    report.warnings.iter().try_for_each(|warning| page.warning(warning))
}

fn table(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let mut page = Page::new(out);
    for entry in &report.images {
        let mark = if entry.unmatched { Outcome::Skipped } else { entry.report.outcome };
        page.marked(mark, &format!("{:9} {:4}×  {}", entry.verdict(), entry.objects(), entry.report.image))?;
    }
    Ok(())
}

fn pinned(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let mut page = Page::new(out);
    let mut is_first = true;
    for entry in report.images.iter().filter(|entry| !entry.report.outcome.refuses()) {
        let Some(pinned) = &entry.report.pinned else { continue };
        if is_first {
            page.blank()?;
            page.line("Pinned: the cluster would write these in place of what the objects say")?;
            is_first = false;
        }
        page.sentence(&entry.report.image)?;
        page.field("pinned", pinned)?;
    }
    Ok(())
}

fn uses(entry: &ImageEntry) -> String {
    let shown = entry.uses.iter().take(SHOWN_USES);
    let mut lines: Vec<String> = shown
        .map(|place| {
            let Use { object: Object { name, origin }, field, container } = place;
            format!("{name} {field} {container} ({origin})").replace('\n', " ")
        })
        .collect();
    let more = entry.uses.len().saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more: -o json tells of all"));
    }
    lines.join("\n")
}
