//! What images have, in words, as JSON and as a table for a pull request. Renders a
//! [`SurveyReport`] and adds nothing to it.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome;
use sigwarden_core::host::failure_text::own_advice;

use super::page::{Page, visible};
use super::report::cell;
use crate::survey::{Holding, Seen, Signer, Standing, SurveyEntry, SurveyReport};

/// Objects of one image that are listed.
const SHOWN_USES: usize = 5;
/// Signatures, and attestations, of one image that are listed. More than that is junk.
const SHOWN_EVIDENCE: usize = 20;
const SECONDS_PER_DAY: i64 = 86_400;

/// Writes it for people.
///
/// # Errors
/// When `out` cannot be written to.
pub fn text(out: &mut dyn Write, report: &SurveyReport) -> io::Result<()> {
    let mut page = Page::new(out);
    page.line(&tally(report))?;
    for entry in &report.images {
        page.blank()?;
        page.headline(mark(entry), &entry.holding.image)?;
        let holding = &entry.holding;
        if let Some(digest) = holding.digest.as_ref().filter(|digest| !holding.image.contains(digest.as_str())) {
            page.field("digest", digest)?;
        }
        if let Some(error) = &holding.error {
            let (what, remedy) = own_advice(error).map_or((error.as_str(), None), |(what, to_do)| (what, Some(to_do)));
            page.field("unknown", what)?;
            remedy.map_or(Ok(()), |remedy| page.remedy(remedy))?;
        }
        for seen in holding.signatures.iter().take(SHOWN_EVIDENCE) {
            page.field("signed by", &signed(seen, report.looked_at))?;
            standing(&mut page, seen)?;
        }
        for seen in holding.attestations.iter().take(SHOWN_EVIDENCE) {
            page.field("attested", &kind(seen))?;
            page.field("by", &signed(seen, report.looked_at))?;
            standing(&mut page, seen)?;
            if let Some(builder) = seen.provenance.as_ref().and_then(|provenance| provenance.builder_id.as_ref()) {
                page.field("builder", &visible(builder))?;
            }
        }
        let more = more(holding);
        if more > 0 {
            page.sentence(&format!("and {more} more: -o json tells of all"))?;
        }
        if holding.is_bare() {
            page.sentence("nobody signed or attested it")?;
        }
        children(&mut page, holding)?;
        for dropped in holding.dropped.iter().take(SHOWN_EVIDENCE) {
            page.field("unusable", &visible(&format!("{}: {}", dropped.source, dropped.reason)))?;
        }
        page.field("used in", &uses(entry))?;
    }
    if !report.not_covered.is_empty() {
        page.blank()?;
        page.line("Not covered: these run images, and a policy is not asked about them")?;
        for object in &report.not_covered {
            page.marked(Outcome::Skipped, &format!("{}  {}", object.object.name, object.object.origin))?;
            page.sentence(&object.reason)?;
        }
    }
    Ok(())
}

/// Writes a table for a pull request or a job summary.
///
/// # Errors
/// When `out` cannot be written to.
pub fn markdown(out: &mut dyn Write, report: &SurveyReport) -> io::Result<()> {
    writeln!(out, "**sigwarden scan**: {}\n", cell(&tally(report)))?;
    if !report.images.is_empty() {
        writeln!(out, "| image | evidence | signed by | attested | objects |\n|---|---|---|---|---|")?;
    }
    for entry in &report.images {
        let listed = |all: &[Seen], tell: &dyn Fn(&Seen) -> String| {
            let mut lines: Vec<String> = Vec::new();
            for line in all.iter().take(SHOWN_EVIDENCE).map(|seen| cell(&tell(seen))) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
            lines.join("<br>")
        };
        let holding = &entry.holding;
        let signers = listed(&holding.signatures, &|seen| format!("{}{}", signer(seen), doubt(seen)));
        let types = listed(&holding.attestations, &|seen| format!("{}{}", kind(seen), doubt(seen)));
        let what =
            holding.error.as_deref().map_or_else(|| entry.standing().to_owned(), |error| format!("unknown: {error}"));
        let (image, uses) = (cell(&holding.image), entry.uses.len());
        writeln!(out, "| {image} | {} | {signers} | {types} | {uses} |", cell(&what))?;
    }
    Ok(())
}

fn tally(report: &SurveyReport) -> String {
    let count = |word: &str| report.images.iter().filter(|entry| entry.standing() == word).count();
    let parts: Vec<String> = [
        (count("verified"), "with evidence that holds"),
        (count("unverified"), "with evidence that nothing here can verify"),
        (count("unsigned"), "unsigned"),
        (count("unknown"), "that could not be looked into"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let (objects, images) = (report.objects, report.images.len());
    let what = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{objects} object{} with {images} image{}{what}", plural(objects), plural(images))
}

fn mark(entry: &SurveyEntry) -> Outcome {
    match entry.standing() {
        "unknown" => Outcome::Undecided,
        "verified" => Outcome::Passed,
        _ => Outcome::Audited,
    }
}

/// Who, and when. A claim where it does not hold: the line below says so.
fn signed(seen: &Seen, now: i64) -> String {
    match seen.signed_at {
        Some(at) => format!("{}\n{}", signer(seen), age(at, now)),
        None => signer(seen),
    }
}

/// What it is a statement of. A registry's word, like every name: a line break in it is shown, and breaks no line.
fn kind(seen: &Seen) -> String {
    seen.predicate_type.as_deref().map_or_else(|| "a statement without a type".to_owned(), visible)
}

fn signer(seen: &Seen) -> String {
    let text = match &seen.signer {
        Signer::Keyless { subjects, issuer, .. } => {
            let names =
                if subjects.is_empty() { "a certificate without a name".to_owned() } else { subjects.join(", ") };
            issuer.as_ref().map_or_else(|| names.clone(), |issuer| format!("{names} ({issuer})"))
        }
        Signer::Key { name: Some(name), .. } => format!("key {name}"),
        Signer::Key { fingerprint: Some(fingerprint), .. } => format!("key {fingerprint}"),
        Signer::Key { .. } => "a key".to_owned(),
        Signer::Unreadable => "a certificate that cannot be read".to_owned(),
    };
    visible(&text)
}

fn standing(page: &mut Page<'_>, seen: &Seen) -> io::Result<()> {
    match &seen.standing {
        Standing::Verified { logged: false, .. } => page.field("but", "no transparency log vouches for it"),
        Standing::Verified { .. } => Ok(()),
        Standing::UnknownKey => page.field("but", "the key was not given (--key FILE), so nothing is verified"),
        Standing::Refused { code, message } => {
            page.field("but", &visible(&format!("it does not hold: {message} [{code}]")))
        }
    }
}

/// What a table has room for.
const fn doubt(seen: &Seen) -> &'static str {
    match &seen.standing {
        Standing::Verified { .. } => "",
        Standing::UnknownKey => " (unverified: unknown key)",
        Standing::Refused { .. } => " (does not hold)",
    }
}

/// A verified time, and how long ago that is.
fn age(at: i64, now: i64) -> String {
    let day = jiff::Timestamp::from_second(at).map_or_else(
        |_| format!("second {at}"),
        |time| time.to_string().chars().take_while(|character| *character != 'T').collect(),
    );
    match now.saturating_sub(at).checked_div(SECONDS_PER_DAY).unwrap_or_default() {
        0 => format!("on {day}, within a day"),
        1 => format!("on {day}, a day ago"),
        days => format!("on {day}, {days} days ago"),
    }
}

fn more(holding: &Holding) -> usize {
    let beyond = |all: &[Seen]| all.len().saturating_sub(SHOWN_EVIDENCE);
    beyond(&holding.signatures)
        .saturating_add(beyond(&holding.attestations))
        .saturating_add(holding.dropped.len().saturating_sub(SHOWN_EVIDENCE))
}

/// An index of which only the images are signed looks signed to whoever looks at these.
fn children(page: &mut Page<'_>, holding: &Holding) -> io::Result<()> {
    match &holding.children {
        Some(children) if !children.with_evidence.is_empty() => page.field(
            "but",
            &format!(
                "{} of the {} images in this index have evidence of their own, which says nothing of the index that the tag \
                 names",
                children.with_evidence.len(),
                children.count
            ),
        ),
        _ => Ok(()),
    }
}

fn uses(entry: &SurveyEntry) -> String {
    let shown = entry.uses.iter().take(SHOWN_USES);
    let mut lines: Vec<String> = shown.map(|object| object.to_string().replace('\n', " ")).collect();
    let more = entry.uses.len().saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("and {more} more: -o json tells of all"));
    }
    lines.join("\n")
}
