//! One page for a browser, a phone and paper.

use std::io::{self, Write};

use sigwarden_core::decision::{ImageReport, Location};

use super::super::html::{Page, Section, page};
use super::super::text::{Paths, Places};
use super::{tally, told};
use crate::scan::report::{ImageEntry, ScanReport};

/// Places of one image that are listed.
const SHOWN_USES: usize = 5;

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let images: Vec<ImageReport> = report.images.iter().map(placed).collect();
    let whole = report.objects.iter().flat_map(|object| {
        let reasons = object.findings.iter().map(told).chain(object.error.clone());
        reasons.map(move |reason| format!("{}: {reason}", object.object))
    });
    let outside = report.not_covered.iter().map(|object| {
        let images = if object.images.is_empty() { String::new() } else { format!(" ({})", object.images.join(", ")) };
        format!("{}: {}{images}", object.object, object.reason)
    });
    let sections = [
        Section { title: "Refused as a whole, or not answered", items: whole.collect() },
        Section {
            title: "Not covered: these run images, and the policy is not asked about them",
            items: outside.collect(),
        },
    ];
    let title = match (report.outcome().refuses(), report.totals.objects, report.not_covered.is_empty()) {
        (true, ..) => "Some of this would be refused",
        (false, 0, _) => "There is nothing here that the policy is asked about",
        (false, _, false) => "All that the policy is asked about would be admitted",
        (false, _, true) => "All of this would be admitted",
    };
    page(
        out,
        &Page {
            title,
            about: &tally(report.totals),
            problems: &[],
            images: &images,
            sections: &sections,
            warnings: &report.warnings,
            places: Places::Shown,
            paths: Paths::Shown,
        },
    )
}

/// The image with the objects that name it.
fn placed(entry: &ImageEntry) -> ImageReport {
    let mut locations: Vec<Location> = entry
        .uses
        .iter()
        .take(SHOWN_USES)
        .map(|place| Location {
            pointer: String::new(),
            field: format!("{} {}", place.object.name, place.field),
            name: place.container.clone(),
        })
        .collect();
    let more = entry.uses.len().saturating_sub(locations.len());
    if more > 0 {
        locations.push(Location { pointer: String::new(), field: format!("{more} more"), name: String::new() });
    }
    ImageReport { locations, ..entry.report.clone() }
}
