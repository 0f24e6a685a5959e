//! What commands that run no module ask of registries and logs, told to those who want to know (`--verbose`), as a host tells what its
//! module asks.

use std::fmt::Display;
use std::sync::Arc;

use serde_json::Value;
use sigwarden_core::reference::{Digest, Repository};

use super::oci::Descriptor;
use super::{Source, SourceError};
use crate::log::Log;

/// A source whose questions are told.
pub struct Told {
    source: Arc<dyn Source>,
    log: Arc<Log>,
}

impl Told {
    /// Tells `log` what `source` is asked.
    #[must_use]
    pub const fn new(source: Arc<dyn Source>, log: Arc<Log>) -> Self {
        Self { source, log }
    }

    fn told<T>(
        &self,
        question: impl FnOnce() -> String,
        answer: Result<Option<T>, SourceError>,
        outcome: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, SourceError> {
        self.log.detail(|| {
            let outcome = match &answer {
                Ok(Some(found)) => outcome(found),
                Ok(None) => "absent".to_owned(),
                Err(error) => error.to_string(),
            };
            format!("{}: {outcome}", question())
        });
        answer
    }
}

fn of(operation: &str, repository: &Repository, digest: impl Display) -> String {
    format!("registry/{operation} \"{repository}@{digest}\"")
}

fn bytes(found: &[u8]) -> String {
    format!("{} bytes", found.len())
}

impl Source for Told {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        let question = || format!("registry/manifest_digest \"{repository}:{tag}\"");
        self.told(question, self.source.resolve(repository, tag), Digest::to_string)
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.told(|| of("manifest", repository, digest), self.source.manifest(repository, digest), |found| bytes(found))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.told(|| of("blob", repository, digest), self.source.blob(repository, digest), |found| bytes(found))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        let found = |found: &Vec<Descriptor>| format!("{} found", found.len());
        self.told(|| of("referrers", repository, digest), self.source.referrers(repository, digest), found)
    }

    fn scheme(&self, repository: &Repository) -> &'static str {
        self.source.scheme(repository)
    }

    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<Value>>, SourceError> {
        let question = || format!("log/rekor_entries \"{url}\" {artifact}");
        let found = |found: &Vec<Value>| format!("{} found", found.len());
        self.told(question, self.source.rekor_entries(url, artifact), found)
    }
}
