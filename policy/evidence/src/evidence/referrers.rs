//! OCI 1.1 referrers: manifests whose `subject` is the image (distribution-spec "Listing Referrers"), where cosign v3
//! and GitHub put Sigstore bundles.
//!
//! A registry without that API keeps the list under the fallback tag `sha256-<hex>`, a carrier of its own. Descriptors in
//! it may lack their artifact type or carry the empty config's, so these are looked into.

use super::cosign_tags::{self, Kind};
use super::media_type::{BUNDLE, COSIGN_ATTESTATION, COSIGN_SIGNATURE, may_be_evidence};
use super::store::{Descriptor, Fault, Manifest};
use super::{Gap, Load, MAX_ITEMS, MaterialError, Store};
use crate::decision::LookedResult;
use crate::host::ManifestId;
use crate::reference::{Digest, Repository};
use std::collections::BTreeSet;

/// What the referrers API lists.
pub(super) fn load(store: &Store<'_>, repository: &Repository, digest: &Digest) -> Load {
    let mut load = Load::default();
    let carrier = format!("referrers of {repository}@{digest}");
    match store.referrers(repository, digest) {
        Ok(Some(index)) => read_list(store, repository, index, carrier, &mut load),
        Ok(None) => {
            load.looked(carrier, LookedResult::Unsupported("the registry has no referrers API".to_owned()));
        }
        Err(Fault::Host(error)) => load.unanswered(carrier, error),
        Err(fault) => fault.record(store, &mut load, carrier),
    }
    load
}

/// What the fallback tag lists.
pub(super) fn load_tag(store: &Store<'_>, repository: &Repository, digest: &Digest) -> Load {
    let mut load = Load::default();
    let tag = format!("{}-{}", digest.algorithm(), digest.hex());
    let carrier = format!("referrers tag {repository}:{tag}");
    match store.manifest(repository, ManifestId::Tag(&tag)) {
        Ok(Some(index)) => read_list(store, repository, index, carrier, &mut load),
        Ok(None) => load.looked(carrier, LookedResult::Absent),
        Err(fault) => fault.record(store, &mut load, carrier),
    }
    load
}

/// Reads each distinct referrer of a list that may be evidence.
fn read_list(store: &Store<'_>, repository: &Repository, index: Manifest, carrier: String, load: &mut Load) {
    let mut seen = BTreeSet::new();
    let is_candidate = |descriptor: &Descriptor| may_be_evidence(descriptor.artifact_type.as_deref());
    let mut found: Vec<_> = index.manifests.into_iter().filter(is_candidate).collect();
    found.retain(|descriptor| seen.insert(descriptor.digest.clone()));
    load.looked(carrier, LookedResult::Found(found.len()));
    if found.len() > MAX_ITEMS {
        found.truncate(MAX_ITEMS);
        load.gap.get_or_insert(Gap::Limit { what: "referrers", limit: MAX_ITEMS });
    }
    for descriptor in found {
        let source = format!("referrer {repository}@{}", descriptor.digest);
        read_referrer(store, repository, &descriptor, source, load);
    }
}

fn read_referrer(store: &Store<'_>, repository: &Repository, descriptor: &Descriptor, source: String, load: &mut Load) {
    let malformed = |reason: &str| MaterialError::Malformed { what: "referrer", reason: reason.to_owned() };
    let Ok(digest) = descriptor.digest.parse::<Digest>() else {
        return load.unreadable(store, source, malformed("its descriptor has no valid digest"));
    };
    let manifest = match store.manifest(repository, ManifestId::Digest(&digest)) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return load.unreadable(store, source, malformed("the registry lists it but does not have it")),
        Err(fault) => return fault.record(store, load, source),
    };
    let config_type = manifest.config.as_ref().map(|config| config.media_type.as_str());
    match manifest.artifact_type.as_deref().or(config_type) {
        Some(COSIGN_SIGNATURE) => {
            cosign_tags::read_layers(store, repository, &manifest, Kind::Signatures, &source, load);
        }
        Some(COSIGN_ATTESTATION) => {
            cosign_tags::read_layers(store, repository, &manifest, Kind::Attestations, &source, load);
        }
        // Anything else may refer to an image too (SBOMs, Notary signatures): without a bundle it is not evidence of
        // ours, and not an error.
        _ => {
            let bundles = manifest.layers.iter().filter(|layer| layer.media_type.starts_with(BUNDLE));
            for layer in bundles.take(MAX_ITEMS) {
                match store.blob(repository, layer) {
                    Err(fault) => fault.record(store, load, source.clone()),
                    Ok(blob) => load.bundle(store, source.clone(), &blob),
                }
            }
        }
    }
}
