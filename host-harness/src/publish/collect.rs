//! All evidence about one image, from every place where signing tools put it: cosign's tags `.sig` and `.att`, OCI
//! referrers, and the tag under which a registry without them keeps their list.
//!
//! What a source cannot look into ends the search with an error: publishing a part would hide that there is more.

use std::collections::BTreeSet;

use sigwarden_core::evidence::published::{CosignLayer, Element, MAX_ELEMENTS};
use sigwarden_core::evidence::{Claim, Content};
use sigwarden_core::reference::{Digest, Repository};

use super::report::Dropped;
use crate::sources::{Descriptor, Manifest, Source, SourceError};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const COSIGN_ATTESTATION: &str = "application/vnd.dev.cosign.artifact.att.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Evidence: where it lies, what it is (`signature` or a predicate type), and itself.
    pub found: Vec<(String, String, Element)>,
    /// What nobody could use.
    pub dropped: Vec<Dropped>,
}

/// Gathers what `source` has about the image `digest` in `repository`.
///
/// # Errors
/// When it cannot look into one of the places.
pub fn collect(source: &dyn Source, repository: &Repository, digest: &Digest) -> Result<Collected, SourceError> {
    let mut walk = Walk { source, repository, digest, collected: Collected::default(), seen: BTreeSet::new() };
    walk.cosign_tag("sig", Layers::Signatures)?;
    walk.cosign_tag("att", Layers::Attestations)?;
    if let Some(referrers) = source.referrers(repository, digest)? {
        walk.referrers(referrers)?;
    }
    // A registry that learnt the API later has both.
    if let Some((_, list)) = walk.tagged(&walk.tag(""))? {
        walk.referrers(list.manifests.unwrap_or_default())?;
    }
    Ok(walk.collected)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layers {
    Signatures,
    Attestations,
    Bundles,
}

struct Walk<'a> {
    source: &'a dyn Source,
    repository: &'a Repository,
    digest: &'a Digest,
    collected: Collected,
    /// Referrers that were read.
    seen: BTreeSet<Digest>,
}

impl Walk<'_> {
    fn tag(&self, suffix: &str) -> String {
        format!("{}-{}{suffix}", self.digest.algorithm(), self.digest.hex())
    }

    fn tagged(&self, tag: &str) -> Result<Option<(Digest, Manifest)>, SourceError> {
        let Some(digest) = self.source.resolve(self.repository, tag)? else { return Ok(None) };
        let Some(bytes) = self.source.manifest(self.repository, &digest)? else { return Ok(None) };
        let manifest = Manifest::parse(&format!("{}:{tag}", self.repository), &bytes)?;
        Ok(Some((digest, manifest)))
    }

    fn cosign_tag(&mut self, suffix: &str, layers: Layers) -> Result<(), SourceError> {
        let tag = self.tag(&format!(".{suffix}"));
        match self.tagged(&tag)? {
            Some((_, manifest)) => self.layers(&format!("cosign tag {tag}"), manifest, layers),
            None => Ok(()),
        }
    }

    /// As many as the source lists, which has a limit of its own.
    fn referrers(&mut self, list: Vec<Descriptor>) -> Result<(), SourceError> {
        for descriptor in list.into_iter().filter(may_be_evidence) {
            if !self.seen.insert(descriptor.digest.clone()) {
                continue;
            }
            let place = format!("referrer {}", descriptor.digest);
            let Some(bytes) = self.source.manifest(self.repository, &descriptor.digest)? else {
                self.drop(place, "the registry lists it and does not have it");
                continue;
            };
            let manifest = match Manifest::parse(descriptor.digest.as_str(), &bytes) {
                Ok(manifest) => manifest,
                Err(error) => {
                    self.drop(place, error);
                    continue;
                }
            };
            let config_type = manifest.config.as_ref().map(|config| config.media_type.as_str());
            let layers = match manifest.artifact_type.as_deref().or(config_type) {
                Some(COSIGN_SIGNATURE) => Layers::Signatures,
                Some(COSIGN_ATTESTATION) => Layers::Attestations,
                _ => Layers::Bundles,
            };
            self.layers(&place, manifest, layers)?;
        }
        Ok(())
    }

    fn layers(&mut self, place: &str, manifest: Manifest, layers: Layers) -> Result<(), SourceError> {
        // No reader takes more than this many; what is beyond it, `PublishedEvidence` refuses to write.
        for (index, layer) in
            manifest.layers.unwrap_or_default().into_iter().enumerate().take(MAX_ELEMENTS.saturating_add(1))
        {
            let source = match layers {
                Layers::Bundles => place.to_owned(),
                Layers::Signatures | Layers::Attestations => format!("{place}, layer {index}"),
            };
            // SBOMs and other signatures may refer to an image too: not evidence, and nothing to tell.
            if layers == Layers::Bundles && !layer.media_type.starts_with(BUNDLE) {
                continue;
            }
            let Some(blob) = self.source.blob(self.repository, &layer.digest)? else {
                self.drop(source, "the registry lists it and does not have it");
                continue;
            };
            let element = match (layers, layer.annotations) {
                (Layers::Bundles, _) => match String::from_utf8(blob) {
                    Ok(json) => Element::Bundle(json),
                    Err(error) => {
                        self.drop(source, error);
                        continue;
                    }
                },
                (_, None) => {
                    self.drop(source, "the layer has no annotations");
                    continue;
                }
                (Layers::Signatures, Some(annotations)) => {
                    Element::CosignSignature(CosignLayer { payload: blob, annotations })
                }
                (Layers::Attestations, Some(annotations)) => {
                    Element::CosignAttestation(CosignLayer { payload: blob, annotations })
                }
            };
            match self.kind(&element) {
                Ok(kind) => self.collected.found.push((source, kind, element)),
                Err(reason) => self.drop(source, reason),
            }
        }
        Ok(())
    }

    /// What the element says of this image, or why it says nothing.
    fn kind(&self, element: &Element) -> Result<String, String> {
        let material = element.clone().material().map_err(|error| error.to_string())?;
        if matches!(material.content, Content::Artifact { .. }) {
            return Err("it signs a file, and not an image".to_owned());
        }
        let claim = Claim::read(&material.content).map_err(|error| error.to_string())?;
        if claim.about(self.digest.as_str()).is_none() {
            let subjects = claim.subjects().iter().flat_map(|subject| &subject.digests);
            let first = subjects.into_iter().next().map_or("nothing", String::as_str);
            return Err(format!("it is about another image ({})", first.chars().take(80).collect::<String>()));
        }
        Ok(match claim {
            Claim::Signature(_) => "signature".to_owned(),
            Claim::Attestation { predicate_type, .. } => predicate_type,
        })
    }

    fn drop(&mut self, source: String, reason: impl ToString) {
        self.collected.dropped.push(Dropped { source, reason: reason.to_string() });
    }
}

/// Descriptors may lack their artifact type or carry the empty config's; these are looked into.
fn may_be_evidence(descriptor: &Descriptor) -> bool {
    match descriptor.artifact_type.as_deref() {
        None | Some("" | EMPTY | COSIGN_SIGNATURE | COSIGN_ATTESTATION) => true,
        Some(other) => other.starts_with(BUNDLE),
    }
}
