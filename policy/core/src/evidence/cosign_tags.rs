//! cosign's own tags: `sha256-<hex>.sig` and `sha256-<hex>.att` beside the image.
//!
//! Each layer is one signature or attestation: the blob is the simple-signing payload or the DSSE envelope, the
//! annotations hold signature, certificate, chain, log entry and timestamp (cosign `specs/SIGNATURE_SPEC.md`). OCI 1.1
//! referrers that cosign v2 can write instead have the same manifest, so [`read_layers`] serves both.

use super::{Fault, Gap, Load, MAX_ITEMS, Manifest, Material, MaterialError, Store};
use crate::decision::LookedResult;
use crate::host::ManifestId;
use crate::reference::{Digest, Repository};

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

pub(super) fn load(store: &Store<'_>, repository: &Repository, digest: &Digest, kind: Kind) -> Load {
    let mut load = Load::default();
    let tag = format!("{}-{}.{}", digest.algorithm(), digest.hex(), kind.suffix());
    let carrier = format!("cosign tag {repository}:{tag}");
    match store.manifest(repository, ManifestId::Tag(&tag), &mut load) {
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
        match store.blob(repository, layer) {
            Err(fault) => {
                let host_failed = matches!(fault, Fault::Host(_));
                fault.record(store, load, source);
                // It will not do better for the next layer.
                if host_failed {
                    return;
                }
            }
            Ok(blob) => {
                let material = match kind {
                    Kind::Signatures => Material::from_cosign_signature(blob, annotations),
                    Kind::Attestations => Material::from_cosign_attestation(blob, annotations),
                };
                match material {
                    Ok(material) => load.legacy(store, source, material),
                    Err(error) => load.unreadable(store, source, error),
                }
            }
        }
    }
}
