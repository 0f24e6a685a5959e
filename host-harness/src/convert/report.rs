//! What a conversion has to say: what it refuses, what changes its meaning, and what belongs elsewhere.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde::Serialize;

/// Where something was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The file.
    pub file: String,
    /// Kind and name of the object, such as `ClusterPolicy check-images`.
    pub object: String,
}

/// Why something cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The key is in a KMS, which a policy cannot call.
    Kms,
    /// Notary's signatures.
    Notary,
    /// Data that is fetched for each request, or that was not supplied.
    Context,
    /// Which requests it is for cannot be said in a Kubewarden policy.
    Match,
    /// Images in objects that are not made of Pods.
    Kinds,
    /// CEL beyond the shapes that are known.
    Cel,
    /// CUE.
    Cue,
    /// Rego.
    Rego,
    /// The product that it is written for refuses it, or never admits anything by it.
    Invalid,
    /// It accepts anybody, and has to say so itself.
    Anybody,
    /// A field that is not known.
    Unknown,
    /// It is known, and our settings have no words for it.
    Unsupported,
    /// The settings that came out cannot be used.
    Settings,
}

impl Reason {
    /// Whether a user may do without the field: something is left that can be used.
    #[must_use]
    pub const fn can_be_allowed(self) -> bool {
        !matches!(self, Self::Settings)
    }
}

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "part")]
pub enum Note {
    /// Without it more would be admitted, and it cannot be expressed.
    Refused {
        /// Where it was read.
        origin: Origin,
        /// The place in the object.
        path: String,
        /// What to name in `--allow-loss` to do without it.
        field: String,
        /// The kind of reason.
        reason: Reason,
        /// What is in the way.
        message: String,
        /// What to do.
        help: String,
    },
    /// It means something else here.
    Changed {
        /// Where it was read.
        origin: Origin,
        /// The place in the object.
        path: String,
        /// What it means there.
        there: String,
        /// What it means here.
        here: String,
    },
    /// It has a place, but not in the policy's settings.
    Elsewhere {
        /// Where it was read.
        origin: Origin,
        /// The place in the object.
        path: String,
        /// What became of it, or where to say it.
        message: String,
    },
}

/// Takes notes about one object.
#[derive(Debug)]
pub struct Reporter<'a> {
    origin: Origin,
    allowed: &'a BTreeSet<String>,
    notes: RefCell<Vec<Note>>,
    losses: Cell<usize>,
    lost: RefCell<BTreeSet<String>>,
}

impl<'a> Reporter<'a> {
    pub(super) const fn new(origin: Origin, allowed: &'a BTreeSet<String>) -> Self {
        Self {
            origin,
            allowed,
            notes: RefCell::new(Vec::new()),
            losses: Cell::new(0),
            lost: RefCell::new(BTreeSet::new()),
        }
    }

    pub(super) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Refuses, unless the user does without it. The caller goes on without it in either case.
    pub(super) fn refuse(&self, path: &str, field: &str, reason: Reason, message: impl Into<String>, help: &str) {
        let message = message.into();
        self.losses.set(self.losses.get().saturating_add(1));
        // What cannot be used cannot be written, whatever is allowed.
        if self.allowed.contains(field) && reason.can_be_allowed() {
            self.lost.borrow_mut().insert(field.to_owned());
            self.changed(path, &message, "left out, as --allow-loss says: more is admitted than there");
            return;
        }
        self.note(Note::Refused {
            origin: self.origin.clone(),
            path: path.to_owned(),
            field: field.to_owned(),
            reason,
            message,
            help: help.to_owned(),
        });
    }

    /// Whether a field was left out by the user's leave.
    pub(super) fn has_lost(&self, field: &str) -> bool {
        self.lost.borrow().contains(field)
    }

    /// Whether the user does without a field.
    pub(super) fn allows(&self, field: &str) -> bool {
        self.allowed.contains(field)
    }

    /// How often something was refused or, by the user's leave, left out: who reads a part and finds that it grew has
    /// not read the whole part.
    pub(super) const fn losses(&self) -> usize {
        self.losses.get()
    }

    pub(super) fn changed(&self, path: &str, there: &str, here: &str) {
        self.note(Note::Changed {
            origin: self.origin.clone(),
            path: path.to_owned(),
            there: there.to_owned(),
            here: here.to_owned(),
        });
    }

    pub(super) fn elsewhere(&self, path: &str, message: &str) {
        self.note(Note::Elsewhere { origin: self.origin.clone(), path: path.to_owned(), message: message.to_owned() });
    }

    fn note(&self, note: Note) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        self.notes.borrow().iter().any(|note| matches!(note, Note::Refused { .. }))
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes.into_inner()
    }
}
