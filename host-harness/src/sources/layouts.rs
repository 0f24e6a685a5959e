//! Which OCI layout answers for which repository: what `--oci-layout [REPOSITORY=]DIR` says.
//!
//! The most specific claim wins: the very repository, then the longest prefix whose directory has a layout for the
//! rest, then the layout given without a name. A repository that nothing claims is one where nobody looked, never
//! one without signatures. Names are compared normalised: `nginx` claims `docker.io/library/nginx`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use sigwarden_core::reference::{Digest, ReferenceError, Repository};

use super::layout::{Basis, Layout};
use super::oci::Descriptor;
use super::{Source, SourceError};
use crate::log::Log;

/// One `--oci-layout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutArg {
    claim: Option<Claim>,
    dir: PathBuf,
}

/// The repositories that a layout, or a tree of layouts, is for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    written: String,
    /// The repository of that name, unless only a registry was named.
    repository: Option<Repository>,
    /// The repositories below, as their normalised names start: `ghcr.io/myorg/`.
    prefix: String,
}

/// Why an `--oci-layout` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutArgError {
    /// What stands before the `=` is no repository, registry or prefix.
    #[error("`{written}` is not a repository or registry: {reason} (a directory with `=` in its name: `./a=b`)")]
    Repository {
        /// What stands there.
        written: String,
        /// What is wrong with it.
        reason: ReferenceError,
    },
    /// No directory is given.
    #[error("the directory is missing: write [REPOSITORY=]DIR")]
    NoDirectory,
    /// The same claim twice.
    #[error("two layouts for {}: name the repository of each, REPOSITORY=DIR", claim.as_ref().map_or("any repository".to_owned(), |claim| format!("`{claim}`")))]
    Twice {
        /// The claim, `None` for layouts without one.
        claim: Option<String>,
    },
    /// The directory is missing.
    #[error("`{}` is not a directory", dir.display())]
    NotDirectory {
        /// The directory.
        dir: PathBuf,
    },
    /// A layout for any repository that is none.
    #[error("`{}` is not an OCI layout: it has no index.json", dir.display())]
    NotLayout {
        /// The directory.
        dir: PathBuf,
    },
}

impl FromStr for LayoutArg {
    type Err = LayoutArgError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (claim, dir) = match text.split_once('=') {
            // No repository starts like this, and many directories do.
            Some((written, _)) if written.starts_with(['.', '/']) => (None, text),
            Some((written, dir)) => (Some(Claim::parse(written)?), dir),
            None => (None, text),
        };
        if dir.is_empty() {
            return Err(LayoutArgError::NoDirectory);
        }
        Ok(Self { claim, dir: dir.into() })
    }
}

impl Claim {
    fn parse(written: &str) -> Result<Self, LayoutArgError> {
        let error = |reason| LayoutArgError::Repository { written: written.to_owned(), reason };
        let name = written.trim_end_matches('/');
        let is_registry = |first: &str| first == "localhost" || first.contains(['.', ':']);
        match name.split_once('/') {
            None if is_registry(name) => {
                // Any repository in it tells how the registry is spelt.
                let inside = Repository::parse(&format!("{name}/any/any")).map_err(error)?;
                Ok(Self { written: written.to_owned(), repository: None, prefix: format!("{}/", inside.registry()) })
            }
            split => {
                let repository = Repository::parse(name).map_err(error)?;
                let below = match split {
                    Some((first, path)) if is_registry(first) => path,
                    _ => name,
                };
                let prefix = format!("{}/{below}/", repository.registry());
                Ok(Self { written: written.to_owned(), repository: Some(repository), prefix })
            }
        }
    }
}

/// All layouts of a run. Layouts are opened when they are first asked for.
#[derive(Debug)]
pub struct Layouts {
    args: Vec<LayoutArg>,
    of_suite: bool,
    opened: Mutex<BTreeMap<PathBuf, Result<Arc<Layout>, SourceError>>>,
    log: Arc<Log>,
}

impl Layouts {
    /// Takes the `--oci-layout` options of a command line. What a reader must know of an answer goes to `log`.
    ///
    /// # Errors
    /// Two claims for the same repository, and directories that are not there or, without a claim, no layouts.
    pub fn open(args: &[LayoutArg], log: Arc<Log>) -> Result<Self, LayoutArgError> {
        let mut claimed = std::collections::BTreeSet::new();
        for arg in args {
            let claim = arg.claim.as_ref();
            if !claimed.insert(claim.map(|claim| &claim.prefix)) {
                return Err(LayoutArgError::Twice { claim: claim.map(|claim| claim.written.clone()) });
            }
            if !arg.dir.is_dir() {
                return Err(LayoutArgError::NotDirectory { dir: arg.dir.clone() });
            }
            if claim.is_none() && !Layout::is_at(&arg.dir) {
                return Err(LayoutArgError::NotLayout { dir: arg.dir.clone() });
            }
        }
        let mut args = args.to_vec();
        // The longest prefix first; what claims nothing comes last.
        args.sort_by_key(|arg| std::cmp::Reverse(arg.claim.as_ref().map_or(0, |claim| claim.prefix.len())));
        Ok(Self { args, of_suite: false, opened: Mutex::default(), log })
    }

    /// The same, as a suite names them: what there is to do is said in its words.
    #[must_use]
    pub fn of_suite(self, of_suite: bool) -> Self {
        Self { of_suite, ..self }
    }

    /// The layout that answers for `repository`.
    fn layout(&self, repository: &Repository) -> Result<Arc<Layout>, SourceError> {
        let mut tried = Vec::new();
        for arg in &self.args {
            let Some(dir) = arg.directory_for(repository) else { continue };
            if Layout::is_at(&dir) {
                return self.open_once(&dir);
            }
            tried.push(dir);
        }
        let repository = repository.to_string();
        Err(if self.of_suite {
            SourceError::NotInSuite { repository, tried }
        } else {
            SourceError::NoLayout { repository, tried }
        })
    }

    fn open_once(&self, dir: &Path) -> Result<Arc<Layout>, SourceError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.entry(dir.to_owned()).or_insert_with(|| Layout::open(dir).map(Arc::new)).clone()
    }
}

impl LayoutArg {
    /// The layout in `dir`, for every repository.
    #[must_use]
    pub fn for_everything(dir: &Path) -> Self {
        Self { claim: None, dir: dir.to_owned() }
    }

    /// Where this option says that `repository` is.
    fn directory_for(&self, repository: &Repository) -> Option<PathBuf> {
        let Some(claim) = &self.claim else { return Some(self.dir.clone()) };
        if claim.repository.as_ref() == Some(repository) {
            return Some(self.dir.clone());
        }
        // INVARIANT: no component of a parsed repository starts with a dot or is empty, so this stays below `dir`.
        let name = repository.to_string();
        name.strip_prefix(&claim.prefix).map(|rest| self.dir.join(rest))
    }
}

impl Source for Layouts {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        let resolved = self.layout(repository)?.resolve(repository, tag)?;
        if let Some(found) = resolved.as_ref().filter(|found| found.basis == Basis::OnlyImage) {
            self.log.note(format!(
                "the layout of {repository} names no tags and holds one image: took {} for `{tag}`",
                found.digest
            ));
        }
        Ok(resolved.map(|found| found.digest))
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.layout(repository)?.manifest(digest)
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.layout(repository)?.blob(digest)
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        self.layout(repository)?.referrers(digest).map(Some)
    }
}

#[cfg(test)]
mod tests;
