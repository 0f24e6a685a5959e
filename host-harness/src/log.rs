//! What a run has to say beside its result: notes for everybody, details for those who ask.
//!
//! Sources and callbacks write here, from inside a call of the module; only a command prints, to standard error.

use std::sync::{Mutex, PoisonError};

/// Lines the same run has said already are not said again; beyond so many, a run that goes wrong says nothing new.
const MAX_LINES: usize = 10_000;

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing at all.
    Nothing,
    /// Notes only.
    #[default]
    Notes,
    /// Also every call of the module, and what it logs.
    Calls,
}

/// Collects lines until somebody takes them.
#[derive(Debug, Default)]
pub struct Log {
    detail: Detail,
    lines: Mutex<Vec<String>>,
}

impl Log {
    /// A log that keeps as much as `detail` says.
    #[must_use]
    pub fn new(detail: Detail) -> Self {
        Self { detail, lines: Mutex::default() }
    }

    /// Says something that whoever reads the result should know. Once.
    pub fn note(&self, text: impl Into<String>) {
        if self.detail == Detail::Nothing {
            return;
        }
        let text = text.into();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MAX_LINES && !lines.contains(&text) {
            lines.push(text);
        }
    }

    /// Says what happened, for those who look for the reason. `text` is made only if it is wanted.
    pub fn detail(&self, text: impl FnOnce() -> String) {
        if self.detail == Detail::Calls {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() < MAX_LINES {
                lines.push(text());
            }
        }
    }

    /// Hands over what was said, in order, and forgets it.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_said_once_and_details_on_request() {
        let cases = [
            ("nothing", Detail::Nothing, vec![]),
            ("notes", Detail::Notes, vec!["n"]),
            ("calls", Detail::Calls, vec!["n", "d", "d"]),
        ];
        for (name, detail, expected) in cases {
            let log = Log::new(detail);
            log.note("n");
            log.detail(|| "d".to_owned());
            log.note("n");
            log.detail(|| "d".to_owned());
            assert_eq!(log.take(), expected, "case `{name}`");
            assert!(log.take().is_empty(), "case `{name}`: taken twice");
        }
    }
}
