//! One OCI layout: a directory with the contents of one repository, as `cosign save`, `skopeo` and `oras` write it.
//!
//! Nothing in it is taken on trust: a blob is handed out only if it hashes to its name, and its path is built from
//! a parsed digest, so that no content of the layout can lead out of the directory. What evidence says is for the
//! policy module to judge.
//!
//! Tags come from `index.json`: `org.opencontainers.image.ref.name`, holding a tag or a whole reference. `cosign
//! save` tells by a `kind` annotation which manifests are an image's signatures and attestations, which in a
//! registry have tags (`sha256-<hex>.sig`, `.att`); they answer to these.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sigwarden_core::reference::{Digest, ImageRef, Repository};

use super::SourceError;
use super::oci::{Descriptor, Manifest, matches_digest};

/// What registries accept as a manifest (OCI distribution-spec, "Pushing Manifests"), which `index.json` is, too.
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
/// Evidence is JSON of some kilobytes, an SBOM attestation some megabytes. Far above, nothing is evidence.
const MAX_BLOB_BYTES: u64 = 64 << 20;
/// Manifests walked through to find referrers. A repository with a hundred images, a hundred referrers each.
const MAX_MANIFESTS: usize = 10_000;

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const COSIGN_KIND: &str = "kind";
const COSIGN_SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
const COSIGN_ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";

/// What a tag was found to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The manifest or index.
    pub(super) digest: Digest,
    /// Whether the layout says so, or only holds nothing else.
    pub(super) basis: Basis,
}

/// Why a tag is taken to name a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The layout names the tag.
    Named,
    /// The layout names no tags at all, and this is its only image.
    OnlyImage,
}

/// Referrers by the digest of their subject.
type Referrers = BTreeMap<Digest, Vec<Descriptor>>;

/// An OCI layout.
#[derive(Debug)]
pub(super) struct Layout {
    index_path: PathBuf,
    blobs: PathBuf,
    entries: Vec<Descriptor>,
    referrers: OnceLock<Result<Referrers, SourceError>>,
}

impl Layout {
    /// Whether `dir` looks like a layout.
    pub(super) fn is_at(dir: &Path) -> bool {
        dir.join("index.json").is_file()
    }

    /// Reads the `index.json` of the layout in `dir`.
    pub(super) fn open(dir: &Path) -> Result<Self, SourceError> {
        let index_path = dir.join("index.json");
        let bytes = read_file(&index_path, MAX_MANIFEST_BYTES)?.ok_or_else(|| SourceError::Unreadable {
            path: index_path.clone(),
            reason: ErrorKind::NotFound.to_string(),
        })?;
        let index = Manifest::parse(&index_path.display().to_string(), &bytes)?;
        Ok(Self {
            index_path,
            blobs: dir.join("blobs"),
            entries: index.manifests.unwrap_or_default(),
            referrers: OnceLock::new(),
        })
    }

    /// What `tag` names. References in the layout that name another repository count for their tag only where none
    /// names this one: layouts are copied, and keep the names they were made under.
    pub(super) fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Resolved>, SourceError> {
        let named = self.tagged(repository, tag)?;
        let found = match (named, CosignTag::parse(tag)) {
            (Some(digest), _) => Some(digest),
            (None, Some(cosign_tag)) => self.beside(&cosign_tag, tag)?,
            (None, None) if names_an_image_digest(tag) => None,
            (None, None) => {
                let digest = self.only_image()?;
                return Ok(digest.map(|digest| Resolved { digest, basis: Basis::OnlyImage }));
            }
        };
        Ok(found.map(|digest| Resolved { digest, basis: Basis::Named }))
    }

    /// The bytes behind `digest`, checked.
    pub(super) fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.read_blob(digest, MAX_BLOB_BYTES)
    }

    /// The bytes of the manifest or index behind `digest`, checked.
    pub(super) fn manifest(&self, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        self.read_blob(digest, MAX_MANIFEST_BYTES)
    }

    /// The manifests that name `digest` as their subject.
    pub(super) fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, SourceError> {
        let referrers = self.referrers.get_or_init(|| self.collect_referrers()).as_ref().map_err(Clone::clone)?;
        Ok(referrers.get(digest).cloned().unwrap_or_default())
    }

    /// Every manifest that `index.json` leads to, sorted under its subject.
    fn collect_referrers(&self) -> Result<Referrers, SourceError> {
        let mut referrers = Referrers::new();
        let mut seen = BTreeSet::new();
        let mut waiting: VecDeque<Descriptor> = self.entries.iter().cloned().collect();
        while let Some(descriptor) = waiting.pop_front() {
            if !descriptor.is_manifest() || !seen.insert(descriptor.digest.clone()) {
                continue;
            }
            if seen.len() > MAX_MANIFESTS {
                return Err(SourceError::TooMany { path: self.index_path.clone(), limit: MAX_MANIFESTS });
            }
            let Some((manifest, size)) = self.read_manifest(&descriptor.digest)? else {
                // A layout may leave out platforms of an index, but not what its own index.json names.
                if self.entries.contains(&descriptor) {
                    return Err(SourceError::Incomplete { path: self.index_path.clone(), digest: descriptor.digest });
                }
                continue;
            };
            if let Some(subject) = &manifest.subject {
                let referrer = manifest.as_referrer(&descriptor, size);
                referrers.entry(subject.digest.clone()).or_default().push(referrer);
            }
            waiting.extend(manifest.manifests.unwrap_or_default());
        }
        Ok(referrers)
    }

    /// The manifest that the layout itself names `tag`.
    fn tagged(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        let mut this_repository = BTreeSet::new();
        let mut any_repository = BTreeSet::new();
        for entry in self.entries.iter().filter(|entry| !is_cosign_evidence(entry)) {
            match entry.annotation(REF_NAME) {
                Some(name) if name == tag => any_repository.insert(&entry.digest),
                Some(name) => match ImageRef::parse(name) {
                    Ok(image) if image.tag() != Some(tag) => false,
                    Ok(image) if image.repository() == repository => this_repository.insert(&entry.digest),
                    Ok(_) => any_repository.insert(&entry.digest),
                    Err(_) => false,
                },
                None => false,
            };
        }
        let found = if this_repository.is_empty() { any_repository } else { this_repository };
        self.the_only(found, tag)
    }

    /// The signatures or attestations that `cosign save` put beside an image: of the same name as the image, or of
    /// none, like it.
    fn beside(&self, cosign_tag: &CosignTag<'_>, tag: &str) -> Result<Option<Digest>, SourceError> {
        let is_the_image =
            |entry: &&Descriptor| !is_cosign_evidence(entry) && entry.digest.hex() == cosign_tag.image_hex;
        let names: BTreeSet<_> =
            self.entries.iter().filter(is_the_image).map(|entry| entry.annotation(REF_NAME)).collect();
        let is_evidence = |entry: &&Descriptor| {
            entry.annotation(COSIGN_KIND) == Some(cosign_tag.kind) && names.contains(&entry.annotation(REF_NAME))
        };
        self.the_only(self.entries.iter().filter(is_evidence).map(|entry| &entry.digest).collect(), tag)
    }

    /// The image of a layout that holds one image and names no tag.
    fn only_image(&self) -> Result<Option<Digest>, SourceError> {
        if self.entries.len() > MAX_MANIFESTS {
            return Err(SourceError::TooMany { path: self.index_path.clone(), limit: MAX_MANIFESTS });
        }
        // Published evidence has a tag, and says nothing about those of images.
        let is_evidence = |entry: &Descriptor| {
            is_cosign_evidence(entry) || entry.annotation(REF_NAME).is_some_and(names_an_image_digest)
        };
        let others: Vec<_> = self.entries.iter().filter(|entry| !is_evidence(entry)).collect();
        if others.iter().any(|entry| entry.annotation(REF_NAME).is_some()) {
            return Ok(None);
        }
        let mut images = BTreeSet::new();
        for entry in others.into_iter().filter(|entry| entry.is_manifest()) {
            match self.read_manifest(&entry.digest)? {
                Some((manifest, _)) if manifest.subject.is_some() => {}
                Some(_) => {
                    images.insert(entry.digest.clone());
                }
                None => {
                    let (path, digest) = (self.index_path.clone(), entry.digest.clone());
                    return Err(SourceError::Incomplete { path, digest });
                }
            }
        }
        let first = images.pop_first();
        Ok(if images.is_empty() { first } else { None })
    }

    fn the_only(&self, mut found: BTreeSet<&Digest>, tag: &str) -> Result<Option<Digest>, SourceError> {
        let first = found.pop_first().cloned();
        if found.is_empty() {
            Ok(first)
        } else {
            Err(SourceError::Ambiguous { path: self.index_path.clone(), tag: tag.to_owned() })
        }
    }

    /// A manifest and its length in bytes.
    fn read_manifest(&self, digest: &Digest) -> Result<Option<(Manifest, u64)>, SourceError> {
        let Some(bytes) = self.manifest(digest)? else { return Ok(None) };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Some((Manifest::parse(digest.as_str(), &bytes)?, size)))
    }

    fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        // INVARIANT: a parsed digest is `sha256` or `sha512` and lower-case hex, so it cannot climb out of `blobs`.
        let path = self.blobs.join(digest.algorithm()).join(digest.hex());
        let Some(bytes) = read_file(&path, limit)? else { return Ok(None) };
        if matches_digest(digest, &bytes) { Ok(Some(bytes)) } else { Err(SourceError::WrongHash { path }) }
    }
}

/// A tag under which cosign keeps an image's signatures or attestations: `sha256-<hex>.sig`, `.att`.
struct CosignTag<'a> {
    image_hex: &'a str,
    kind: &'static str,
}

impl<'a> CosignTag<'a> {
    fn parse(tag: &'a str) -> Option<Self> {
        let (image, suffix) = tag.split_once('.')?;
        let kind = match suffix {
            "sig" => COSIGN_SIGNATURES,
            "att" => COSIGN_ATTESTATIONS,
            _ => return None,
        };
        let image_hex = image.strip_prefix("sha256-")?;
        Some(Self { image_hex, kind })
    }
}

/// Whether a tag is one of those made from an image's digest, which hold evidence and never the image.
fn names_an_image_digest(tag: &str) -> bool {
    tag.starts_with("sha256-") || tag.starts_with("sha512-")
}

fn is_cosign_evidence(entry: &Descriptor) -> bool {
    matches!(entry.annotation(COSIGN_KIND), Some(COSIGN_SIGNATURES | COSIGN_ATTESTATIONS))
}

/// The content of a file, or `None` where there is no such file.
fn read_file(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
    let unreadable =
        |error: std::io::Error| SourceError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells "full" from "too long".
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        Ok(Some(bytes))
    } else {
        Err(SourceError::TooLarge { path: path.to_owned(), limit })
    }
}

#[cfg(test)]
mod tests;
