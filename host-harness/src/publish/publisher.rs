//! Where evidence goes, and how it gets there: read what is published, add what is new, write if that changed anything.

use std::path::PathBuf;
use std::sync::Arc;

use sigwarden_core::evidence::media_type;
use sigwarden_core::evidence::published::{self, EMPTY_BLOB, MEDIA_TYPE, PublishedEvidence};
use sigwarden_core::reference::{Digest, ImageRef, Repository};

use super::report::{Dropped, Found, Outcome, Report};
use super::{PublishError, collect};
use crate::log::Log;
use crate::sources::{Artifact, LayoutArg, Layouts, Manifest, Registries, Source, write_to_layout};

/// Where artifacts are written.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A registry; into the image's repository, or into this one.
    Registry(Arc<Registries>, Option<Repository>),
    /// An OCI layout on disk, made if it is not there.
    Layout(PathBuf),
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Yes.
    Write,
    /// No: only find out what would be.
    DryRun,
}

/// Publishes the evidence of images.
pub struct Publisher {
    source: Arc<dyn Source>,
    destination: Destination,
    mode: Mode,
    log: Arc<Log>,
    /// URLs of transparency logs that may complete what carries no proof.
    logs: Vec<String>,
}

/// What lies under the tag already.
struct Existing {
    artifact: Digest,
    evidence: PublishedEvidence,
}

impl Publisher {
    /// Takes images and evidence from `source`.
    #[must_use]
    pub fn new(source: Arc<dyn Source>, destination: Destination, mode: Mode, log: Arc<Log>) -> Self {
        Self { source, destination, mode, log, logs: Vec::new() }
    }

    /// Completes signatures that carry no proof from these transparency logs, named by their URLs.
    #[must_use]
    pub fn with_logs(self, logs: Vec<String>) -> Self {
        Self { logs, ..self }
    }

    /// Publishes what is known about `image`.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn publish(&self, image: &ImageRef) -> Result<Report, PublishError> {
        let repository = image.repository();
        let (digest, children) = self.resolve(image)?;
        let tag = published::tag(&digest);
        let target = match &self.destination {
            Destination::Registry(_, Some(other)) => other.clone(),
            Destination::Registry(_, None) | Destination::Layout(_) => repository.clone(),
        };
        let existing = self.existing(&target, &tag, &digest)?;
        let collected = collect(self.source.as_ref(), repository, &digest, &self.logs)?;

        let before = existing.as_ref().map(|existing| existing.evidence.clone());
        let mut evidence = before.unwrap_or_else(|| PublishedEvidence::new(digest.clone()));
        let mut found = Vec::new();
        let mut dropped = collected.dropped;
        for piece in collected.found {
            match evidence.add(&piece.element) {
                Ok(new) => found.push(Found { kind: piece.kind().to_owned(), source: piece.place, new }),
                Err(error) => dropped.push(Dropped { source: piece.place, reason: error.to_string() }),
            }
        }
        self.add_own(&mut evidence, repository, (&tag, &digest), &mut dropped)?;

        let mut report = Report {
            image: image.written().to_owned(),
            digest: digest.to_string(),
            outcome: Outcome::NoEvidence,
            place: match &self.destination {
                Destination::Registry(..) => format!("{target}:{tag}"),
                Destination::Layout(dir) => format!("{} ({tag})", dir.display()),
            },
            artifact: None,
            elements: evidence.len(),
            bytes: 0,
            found,
            dropped,
            children,
        };
        if evidence.is_empty() {
            return Ok(report);
        }
        let written = evidence.artifact()?;
        let artifact = Artifact {
            manifest: written.manifest,
            media_type: media_type::MANIFEST,
            blobs: vec![written.config, EMPTY_BLOB.to_vec()],
        };
        report.artifact = Some(artifact.digest().to_string());
        report.bytes = artifact.blobs.iter().fold(artifact.manifest.len(), |sum, blob| sum.saturating_add(blob.len()));
        report.outcome = if existing.is_some_and(|existing| existing.artifact == artifact.digest()) {
            Outcome::Unchanged
        } else if self.mode == Mode::DryRun {
            Outcome::WouldPublish
        } else {
            self.write(&target, &tag, artifact)?;
            Outcome::Published
        };
        Ok(report)
    }

    /// The digest of the image and, if it is an index, the number of its images.
    fn resolve(&self, image: &ImageRef) -> Result<(Digest, Option<usize>), PublishError> {
        let no_image = || PublishError::NoImage { image: image.written().to_owned() };
        let repository = image.repository();
        let digest = match image.digest() {
            Some(digest) => digest.clone(),
            None => self.source.resolve(repository, image.tag_or_latest())?.ok_or_else(no_image)?,
        };
        let bytes = self.source.manifest(repository, &digest)?.ok_or_else(no_image)?;
        let manifest = Manifest::parse(&image.to_string(), &bytes)?;
        Ok((digest, manifest.manifests.map(|children| children.len())))
    }

    /// What is published at the destination.
    fn existing(&self, target: &Repository, tag: &str, digest: &Digest) -> Result<Option<Existing>, PublishError> {
        match &self.destination {
            Destination::Registry(registries, _) => read(registries.as_ref(), target, tag, digest),
            Destination::Layout(dir) if dir.join("index.json").is_file() => {
                let layout =
                    Layouts::open(&[LayoutArg::for_everything(dir)], Arc::clone(&self.log)).map_err(|error| {
                        PublishError::Occupied { place: dir.display().to_string(), reason: error.to_string() }
                    })?;
                read(&layout, target, tag, digest)
            }
            Destination::Layout(_) => Ok(None),
        }
    }

    /// Adds what is published beside the image, where that is another place.
    fn add_own(
        &self,
        evidence: &mut PublishedEvidence,
        repository: &Repository,
        (tag, digest): (&str, &Digest),
        dropped: &mut Vec<Dropped>,
    ) -> Result<(), PublishError> {
        match read(self.source.as_ref(), repository, tag, digest) {
            Ok(Some(own)) => {
                evidence.merge(own.evidence)?;
            }
            Ok(None) => {}
            Err(PublishError::Occupied { place, reason }) => dropped.push(Dropped { source: place, reason }),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn write(&self, target: &Repository, tag: &str, artifact: Artifact) -> Result<(), PublishError> {
        match &self.destination {
            Destination::Layout(dir) => Ok(write_to_layout(dir, tag, &artifact)?),
            Destination::Registry(registries, _) => {
                registries.push(target, tag, artifact).map_err(|error| match error {
                    refused @ crate::sources::NetworkError::PushRefused { .. } => {
                        PublishError::Push { error: Box::new(refused), tag: tag.to_owned() }
                    }
                    other => PublishError::Source(other.into()),
                })
            }
        }
    }
}

/// What is published beside the image `digest`.
///
/// # Errors
/// When it cannot be looked, or something else lies there.
pub(super) fn published_beside(
    source: &dyn Source,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<PublishedEvidence>, PublishError> {
    let existing = read(source, repository, &published::tag(digest), digest)?;
    Ok(existing.map(|existing| existing.evidence))
}

fn read(
    source: &dyn Source,
    repository: &Repository,
    tag: &str,
    subject: &Digest,
) -> Result<Option<Existing>, PublishError> {
    let Some(artifact) = source.resolve(repository, tag)? else { return Ok(None) };
    let occupied = |reason: String| PublishError::Occupied { place: format!("{repository}:{tag}"), reason };
    let lost = || occupied("the registry lists it and does not have it".to_owned());
    let bytes = source.manifest(repository, &artifact)?.ok_or_else(lost)?;
    let manifest = Manifest::parse(tag, &bytes).map_err(|error| occupied(error.to_string()))?;
    let config = manifest.config.filter(|config| config.media_type == MEDIA_TYPE);
    let config = config.ok_or_else(|| occupied("it is something else than evidence".to_owned()))?;
    let json = source.blob(repository, &config.digest)?.ok_or_else(lost)?;
    let evidence = PublishedEvidence::read(&json, subject).map_err(|error| occupied(error.to_string()))?;
    Ok(Some(Existing { artifact, evidence }))
}
