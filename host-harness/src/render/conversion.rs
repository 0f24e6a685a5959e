//! What a conversion has to say, for a person: refused, changed, elsewhere.

use std::io::{self, Write};

use sigwarden_core::decision::Outcome;

use super::page::{Page, Place, bound_for};
use crate::convert::report::{Note, Origin};

/// Writes the notes to standard error in three parts, and nothing where there are none.
///
/// # Errors
/// When `err` cannot be written to.
pub fn notes(err: &mut dyn Write, notes: &[Note]) -> io::Result<()> {
    bound_for(Place::Errors, || parts(&mut Page::new(err), notes))
}

fn parts(page: &mut Page<'_>, notes: &[Note]) -> io::Result<()> {
    let part = |note: &Note| match note {
        Note::Refused { .. } => 0_u8,
        Note::Changed { .. } => 1,
        Note::Elsewhere { .. } => 2,
    };
    let titles = [
        (0, Outcome::Failed, "refused: without it more would be admitted"),
        (1, Outcome::Audited, "means something else here"),
        (2, Outcome::Skipped, "belongs elsewhere"),
    ];
    for (number, outcome, title) in titles {
        let mut last: Option<&Origin> = None;
        for note in notes.iter().filter(|note| part(note) == number) {
            let (origin, path) = place(note);
            if last.is_none() {
                page.headline(outcome, title)?;
            }
            if last != Some(origin) {
                page.sentence(&format!("{} ({})", origin.object, origin.file))?;
            }
            last = Some(origin);
            one(page, note, path)?;
        }
        if last.is_some() {
            page.blank()?;
        }
    }
    Ok(())
}

fn place(note: &Note) -> (&Origin, &str) {
    match note {
        Note::Refused { origin, path, .. }
        | Note::Changed { origin, path, .. }
        | Note::Elsewhere { origin, path, .. } => (origin, path),
    }
}

fn one(page: &mut Page<'_>, note: &Note, path: &str) -> io::Result<()> {
    page.field("at", if path.is_empty() { "the whole of it" } else { path })?;
    match note {
        Note::Refused { field, message, help, reason, .. } => {
            page.field("why", message)?;
            page.field("do", help)?;
            if reason.can_be_allowed() {
                page.field("or", &format!("--allow-loss {field}"))?;
            }
            Ok(())
        }
        Note::Changed { there, here, .. } => {
            page.field("there", there)?;
            page.field("here", here)
        }
        Note::Elsewhere { message, .. } => page.field("note", message),
    }
}
