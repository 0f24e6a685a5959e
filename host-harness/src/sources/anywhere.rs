//! The layouts that were given, for every other repository its registry, and the transparency logs that may be asked.

use std::sync::Arc;

use serde_json::Value;
use sigwarden_core::reference::{Digest, Repository};

use super::oci::Descriptor;
use super::registry::Registries;
use super::rekor::Rekor;
use super::{Layouts, Source, SourceError};
use crate::log::Log;

/// Layouts first, registries behind them.
#[derive(Debug)]
pub struct Anywhere {
    layouts: Layouts,
    registries: Option<Arc<Registries>>,
    rekor: Rekor,
    log: Arc<Log>,
}

impl Anywhere {
    /// `None` for `registries` stays offline.
    #[must_use]
    pub const fn new(layouts: Layouts, registries: Option<Arc<Registries>>, rekor: Rekor, log: Arc<Log>) -> Self {
        Self { layouts, registries, rekor, log }
    }

    /// What the layouts say; if none is for this repository, what its registry says.
    fn ask<T>(
        &self,
        repository: &Repository,
        question: impl Fn(&dyn Source) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let answer = question(&self.layouts);
        match (answer, &self.registries) {
            (Err(SourceError::NoLayout { tried, .. }), Some(registries)) => {
                for dir in tried {
                    self.log
                        .note(format!("`{}` is not an OCI layout: asked the registry of {repository}", dir.display()));
                }
                question(registries.as_ref())
            }
            (answer, _) => answer,
        }
    }
}

impl Source for Anywhere {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        self.ask(repository, |source| source.resolve(repository, tag))
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.ask(repository, |source| source.manifest(repository, digest))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.ask(repository, |source| source.blob(repository, digest))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        self.ask(repository, |source| source.referrers(repository, digest))
    }

    fn scheme(&self, repository: &Repository) -> &'static str {
        self.registries.as_ref().map_or("https", |registries| registries.scheme(repository))
    }

    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<Value>>, SourceError> {
        self.rekor.entries(url, artifact)
    }
}
