//! What publishing found and did, for a person at a terminal.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome as Mark;

use super::page::Page;
use crate::publish::{Outcome, Report};

/// Writes one image.
///
/// # Errors
/// When `out` cannot be written to.
pub fn report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut page = Page::new(out);
    let mark = match report.outcome {
        Outcome::Published | Outcome::Unchanged => Mark::Passed,
        Outcome::WouldPublish => Mark::Audited,
        Outcome::NoEvidence => Mark::Failed,
    };
    page.headline(mark, &report.image)?;
    page.field("digest", &report.digest)?;
    let found: Vec<_> = report
        .found
        .iter()
        .map(|found| format!("{}{} ({})", if found.new { "new: " } else { "" }, found.kind, found.source))
        .collect();
    if !found.is_empty() {
        page.field("found", &found.join("\n"))?;
    }
    let dropped: Vec<_> = report.dropped.iter().map(|it| format!("{}: {}", it.source, it.reason)).collect();
    if !dropped.is_empty() {
        page.field("left out", &dropped.join("\n"))?;
    }
    let pieces = if report.elements == 1 { "piece" } else { "pieces" };
    let size = format!("{} {pieces}, {} bytes", report.elements, report.bytes);
    match report.outcome {
        Outcome::Published => page.field("published", &format!("{}\n{size}", report.place))?,
        Outcome::WouldPublish => page.field("would go", &format!("to {}\n{size}", report.place))?,
        Outcome::Unchanged => {
            page.field("published", &format!("{}\nnothing to do: {size}, all there", report.place))?
        }
        Outcome::NoEvidence => {
            page.sentence("there is no evidence about this image")?;
            page.remedy(&format!("cosign sign --yes {}", by_digest(report)))?;
        }
    }
    if let Some(children) = report.children {
        page.field(
            "index",
            &format!(
                "this is evidence about the index; its {children} images have their own, which a Pod that names one of \
                 them by digest needs"
            ),
        )?;
    }
    Ok(())
}

fn by_digest(report: &Report) -> String {
    let name = report.image.split_once('@').map_or(report.image.as_str(), |(name, _)| name);
    let name = match name.rsplit_once(':') {
        // A colon before the last slash is a port.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    format!("{name}@{}", report.digest)
}
