//! One page for a browser, a phone and paper.

use std::io::{self, Write};

use sigwarden_core::decision::{ImageReport, Location};

use super::super::html::{Page, Section, Whole, page};
use super::super::text::{Paths, Places};
use super::tally;
use crate::scan::report::{ImageEntry, ObjectEntry, ScanReport};

/// Places of one image that are listed.
const SHOWN_USES: usize = 5;

pub(super) fn write(out: &mut dyn Write, report: &ScanReport) -> io::Result<()> {
    let images: Vec<ImageReport> = report.images.iter().map(placed).collect();
    let origins: Vec<String> = report.objects.iter().map(|entry| entry.object.origin.to_string()).collect();
    let wholes: Vec<Whole<'_>> =
        report.objects.iter().zip(&origins).map(|(entry, origin)| whole(entry, origin)).collect();
    let outside = report.not_covered.iter().map(|outside| {
        let images =
            if outside.images.is_empty() { String::new() } else { format!(" ({})", outside.images.join(", ")) };
        format!("{}: {}{images}", outside.object, outside.reason)
    });
    let sections = [Section {
        title: "Not covered: these run images, and the policy is not asked about them",
        items: outside.collect(),
    }];
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
            wholes: &wholes,
            images: &images,
            sections: &sections,
            warnings: &report.warnings,
            places: Places::Shown,
            paths: Paths::Shown,
        },
    )
}

fn whole<'a>(entry: &'a ObjectEntry, origin: &'a str) -> Whole<'a> {
    Whole {
        name: &entry.object.name,
        origin,
        outcome: entry.outcome,
        findings: &entry.findings,
        error: entry.error.as_deref(),
    }
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
        locations.push(Location { pointer: String::new(), field: format!("and {more} more"), name: String::new() });
    }
    ImageReport { locations, ..entry.report.clone() }
}
