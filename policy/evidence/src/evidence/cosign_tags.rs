//! cosign's own tags: `sha256-<hex>.sig` and `sha256-<hex>.att` beside the image.
//!
//! Each layer is one signature or attestation: the blob is the simple-signing payload or the DSSE envelope, the
//! annotations hold signature, certificate, chain, log entry and timestamp (cosign `specs/SIGNATURE_SPEC.md`). OCI 1.1
//! referrers that cosign v2 can write instead have the same manifest, so [`read_layers`] serves both.
//!
//! A signature's annotations say who signed before its payload is at hand, so it stays [`Sealed`] until a rule wants it:
//! then the payload is rebuilt, and fetched only where that fails and the host can.

use super::payload::{self, Clues};
use super::store::{Descriptor, Manifest};
use super::{Claim, Content, Evidence, Fault, Gap, Item, Load, MAX_ITEMS, Material, MaterialError, Store};
use crate::decision::LookedResult;
use crate::host::{HostError, ManifestId};
use crate::reference::{Digest, Repository};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Which of the two tags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Signatures,
    Attestations,
}

impl Kind {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Signatures => "sig",
            Self::Attestations => "att",
        }
    }
}

/// A signature of which everything is known but the signed bytes.
#[derive(Debug)]
pub struct Sealed {
    /// Where it was found, in words.
    pub source: String,
    /// Signature, signer and proofs. Its payload is empty.
    pub material: Material,
    repository: Repository,
    layer: Descriptor,
    /// What opening it gave, where that holds whatever rule asks.
    opened: RefCell<Option<Opening>>,
}

/// What became of a sealed signature.
#[derive(Clone, Debug)]
pub enum Opening {
    /// The payload is at hand.
    Readable(Rc<Evidence>),
    /// The blob is at hand, and is no payload; or the registry does not have it.
    Unreadable(MaterialError),
    /// The host could not hand over the blob.
    Gap(Gap),
    /// The payload is none that can be rebuilt from these clues, and this host hands out no blobs.
    OutOfReach,
}

impl Sealed {
    /// Gets the payload: rebuilt from `clues`, or from the host.
    pub fn open(&self, store: &Store<'_>, clues: Clues<'_>) -> Opening {
        if let Some(known) = self.opened.borrow().as_ref() {
            return known.clone();
        }
        let known = |digest: Digest| payload::rebuild(&digest, clues).or_else(|| store.published_payload(&digest));
        let rebuilt = self.layer.digest.parse().ok().and_then(known);
        let opening = match rebuilt.map_or_else(|| store.blob(&self.repository, &self.layer), Ok) {
            Ok(payload) => self.with_payload(store, payload),
            Err(Fault::Malformed(error)) => Opening::Unreadable(error),
            // Another rule may know the annotations.
            Err(Fault::Host(HostError::Unsupported(_))) => return Opening::OutOfReach,
            Err(Fault::Host(error)) => Opening::Gap(Gap::Host(error)),
            Err(Fault::Gap(gap)) => Opening::Gap(gap),
        };
        self.opened.replace(Some(opening.clone()));
        opening
    }

    fn with_payload(&self, store: &Store<'_>, payload: Vec<u8>) -> Opening {
        let mut material = self.material.clone();
        let signature = material.content.signature().to_vec();
        material.content = Content::Message { payload, signature };
        match Claim::read(&material.content) {
            Ok(claim) => {
                Opening::Readable(Rc::new(Evidence::new(store.next_id(), self.source.clone(), material, claim)))
            }
            Err(error) => Opening::Unreadable(error),
        }
    }
}

pub(super) fn load(store: &Store<'_>, repository: &Repository, digest: &Digest, kind: Kind) -> Load {
    let mut load = Load::default();
    let tag = format!("{}-{}.{}", digest.algorithm(), digest.hex(), kind.suffix());
    let carrier = format!("cosign tag {repository}:{tag}");
    match store.manifest(repository, ManifestId::Tag(&tag)) {
        Ok(None) => load.looked(carrier, LookedResult::Absent),
        Ok(Some(manifest)) => {
            load.looked(carrier.clone(), LookedResult::Found(manifest.layers.len()));
            read_layers(store, repository, &manifest, kind, &carrier, &mut load);
        }
        Err(fault) => fault.record(store, &mut load, carrier),
    }
    load
}

/// Reads every layer of a cosign signature or attestation manifest.
pub(super) fn read_layers(
    store: &Store<'_>,
    repository: &Repository,
    manifest: &Manifest,
    kind: Kind,
    carrier: &str,
    load: &mut Load,
) {
    if manifest.layers.len() > MAX_ITEMS {
        load.gap.get_or_insert(Gap::Limit { what: "layers", limit: MAX_ITEMS });
    }
    for (index, layer) in manifest.layers.iter().take(MAX_ITEMS).enumerate() {
        let source = format!("{carrier}, layer {index}");
        let Some(annotations) = &layer.annotations else {
            let reason = "the layer has no annotations".to_owned();
            load.unreadable(store, source, MaterialError::Malformed { what: "cosign signature", reason });
            continue;
        };
        match kind {
            Kind::Signatures => read_signature(store, repository, layer, annotations, source, load),
            Kind::Attestations => match store.blob(repository, layer) {
                Err(fault) => {
                    let host_failed = matches!(fault, Fault::Host(_) | Fault::Gap(Gap::Deadline));
                    fault.record(store, load, source);
                    // It will not do better for the next layer.
                    if host_failed {
                        return;
                    }
                }
                Ok(blob) => match Material::from_cosign_attestation(blob, annotations) {
                    Ok(material) => load.readable(store, source, material),
                    Err(error) => load.unreadable(store, source, error),
                },
            },
        }
    }
}

fn read_signature(
    store: &Store<'_>,
    repository: &Repository,
    layer: &Descriptor,
    annotations: &BTreeMap<String, String>,
    source: String,
    load: &mut Load,
) {
    match Material::from_cosign_signature(Vec::new(), annotations) {
        Ok(material) if store.spend(load) => load.items.push(Item::Sealed(Rc::new(Sealed {
            source,
            material,
            repository: repository.clone(),
            layer: Descriptor { annotations: None, ..layer.clone() },
            opened: RefCell::default(),
        }))),
        Ok(_) => {}
        Err(error) => load.unreadable(store, source, error),
    }
}
