//! All evidence about one image, from every place where signing tools put it: cosign's tags `.sig` and `.att`, OCI
//! referrers, and the tag under which a registry without them keeps their list ([`collect`]); and with what was published
//! beside it ([`collect_all`]).
//!
//! What a source cannot look into ends the search with an error: publishing a part would hide that there is more.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden_core::evidence::media_type::{BUNDLE, COSIGN_ATTESTATION, COSIGN_SIGNATURE, may_be_evidence};
use sigwarden_core::evidence::published::{self, CosignLayer, Element, MAX_ELEMENTS};
use sigwarden_core::evidence::{COSIGN_LOG_ENTRY, Claim, Content, Material};
use sigwarden_core::reference::{Digest, Repository};

use super::PublishError;
use super::publisher::published_beside;
use super::report::Dropped;
use crate::sources::{Descriptor, Manifest, Source, SourceError};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Evidence. The same piece comes twice where it lies in two places.
    pub found: Vec<Readable>,
    /// What nobody could use.
    pub dropped: Vec<Dropped>,
}

/// A piece of evidence that can be read, and is about the image.
#[derive(Clone, Debug)]
pub struct Readable {
    /// Where it lies, in words.
    pub place: String,
    /// It, as it lies there.
    pub element: Element,
    /// It, as it is verified.
    pub material: Material,
    /// What it claims.
    pub claim: Claim,
}

impl Readable {
    /// Reads an element, or says why it says nothing about the image `digest`.
    fn read(place: String, element: Element, digest: &Digest) -> Result<Self, Dropped> {
        let dropped = |reason: String| Dropped { source: place.clone(), reason };
        let material = element.clone().material().map_err(|error| dropped(error.to_string()))?;
        if matches!(material.content, Content::Artifact { .. }) {
            return Err(dropped("it signs a file, and not an image".to_owned()));
        }
        let claim = Claim::read(&material.content).map_err(|error| dropped(error.to_string()))?;
        if claim.about(digest.as_str()).is_none() {
            let subjects = claim.subjects().iter().flat_map(|subject| &subject.digests);
            let first = subjects.into_iter().next().map_or("nothing", String::as_str);
            let first: String = first.chars().take(80).collect();
            return Err(dropped(format!("it is about another image ({first})")));
        }
        Ok(Self { place, element, material, claim })
    }

    /// `signature`, or the predicate type of an attestation.
    #[must_use]
    pub fn kind(&self) -> &str {
        match &self.claim {
            Claim::Signature(_) => "signature",
            Claim::Attestation { predicate_type, .. } => predicate_type,
        }
    }
}

/// Gathers what `source` has about the image `digest` in `repository`. cosign's layers without a proof are completed from the
/// transparency logs that `logs` names by their URLs.
///
/// # Errors
/// When it cannot look into one of the places.
pub fn collect(
    source: &dyn Source,
    repository: &Repository,
    digest: &Digest,
    logs: &[String],
) -> Result<Collected, SourceError> {
    let mut walk = Walk { source, repository, digest, logs, collected: Collected::default(), seen: BTreeSet::new() };
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

/// The same, and behind it what is published beside the image. Something else in that place is dropped.
///
/// # Errors
/// When it cannot look into one of the places.
pub fn collect_all(
    source: &dyn Source,
    repository: &Repository,
    digest: &Digest,
    logs: &[String],
) -> Result<Collected, SourceError> {
    let mut collected = collect(source, repository, digest, logs)?;
    let place = format!("published evidence {}", published::tag(digest));
    let evidence = match published_beside(source, repository, digest) {
        Ok(Some(evidence)) => evidence,
        Ok(None) => return Ok(collected),
        Err(PublishError::Source(error)) => return Err(error),
        Err(error) => {
            collected.dropped.push(Dropped { source: place, reason: error.to_string() });
            return Ok(collected);
        }
    };
    for element in evidence.elements() {
        match element {
            Ok(element) => collected.add(Readable::read(place.clone(), element, digest)),
            Err(error) => collected.dropped.push(Dropped { source: place.clone(), reason: error.to_string() }),
        }
    }
    Ok(collected)
}

impl Collected {
    fn add(&mut self, read: Result<Readable, Dropped>) {
        match read {
            Ok(readable) => self.found.push(readable),
            Err(dropped) => self.dropped.push(dropped),
        }
    }
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
    logs: &'a [String],
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
        for descriptor in list.into_iter().filter(|it| may_be_evidence(it.artifact_type.as_deref())) {
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
            let element = self.completed(element);
            self.collected.add(Readable::read(source, element, self.digest));
        }
        Ok(())
    }

    /// A layer that carries no proof of its own, with the log's entry about this very signature in it, if the log was named and
    /// has one. Whether the entry is worth anything is for whoever reads it to verify.
    fn completed(&self, element: Element) -> Element {
        let (mut layer, make): (_, fn(CosignLayer) -> Element) = match element {
            Element::CosignSignature(layer) => (layer, Element::CosignSignature),
            Element::CosignAttestation(layer) => (layer, Element::CosignAttestation),
            bundle @ Element::Bundle(_) => return bundle,
        };
        if !layer.annotations.contains_key(COSIGN_LOG_ENTRY)
            && let Some(proof) = self.proof(&make(layer.clone()), &layer)
        {
            layer.annotations.insert(COSIGN_LOG_ENTRY.to_owned(), proof);
        }
        make(layer)
    }

    /// cosign's annotation about a log entry (cosign `specs/SIGNATURE_SPEC.md`, `bundle`).
    fn proof(&self, element: &Element, layer: &CosignLayer) -> Option<String> {
        let content = element.clone().material().ok()?.content;
        let signed = match &content {
            Content::Message { payload, .. } | Content::Envelope { payload, .. } => Digest::of(payload),
            Content::Artifact { .. } => return None,
        };
        let signature = STANDARD.encode(content.signature());
        let envelope = Digest::of(&layer.payload);
        let is_about = |entry: &&Value| {
            let body = entry.get("body").and_then(Value::as_str).and_then(|body| STANDARD.decode(body).ok());
            let body = body.and_then(|body| String::from_utf8(body).ok()).unwrap_or_default();
            body.contains(&signature) || body.contains(envelope.hex())
        };
        // A log that was not named, or does not answer, adds nothing: what is published is then what there is.
        let entries = self.logs.iter().find_map(|url| self.source.rekor_entries(url, &signed).ok().flatten())?;
        let entry = entries.iter().find(is_about)?;
        let proof = json!({
            "SignedEntryTimestamp": entry.pointer("/verification/signedEntryTimestamp")?,
            "Payload": {
                "body": entry.get("body")?, "integratedTime": entry.get("integratedTime")?,
                "logIndex": entry.get("logIndex")?, "logID": entry.get("logID")?,
            },
        });
        Some(proof.to_string())
    }

    fn drop(&mut self, source: String, reason: impl ToString) {
        self.collected.dropped.push(Dropped { source, reason: reason.to_string() });
    }
}
