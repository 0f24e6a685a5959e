//! JSON: one document, for programs.

use std::io::{self, Write};

use serde::Serialize;

/// Writes a document, indented.
///
/// # Errors
/// When `out` cannot be written to.
pub fn pretty(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

/// Writes a document on one line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn line(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}
