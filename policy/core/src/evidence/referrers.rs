//! OCI 1.1 referrers: manifests whose `subject` is the image (distribution-spec "Listing Referrers"), where cosign v3
//! and GitHub put Sigstore bundles.
//!
//! A registry without that API keeps the list under the fallback tag `sha256-<hex>`; it is read when the API is missing,
//! cannot be reached through this host, or names no evidence. Descriptors in a fallback list may lack their artifact
//! type or carry the empty config's, so these are looked into.

use super::cosign_tags::{self, Kind};
use super::{Descriptor, Gap, Load, MAX_ITEMS, Manifest, Material, MaterialError, Store};
use crate::decision::LookedResult;
use crate::host::{HostError, ManifestId};
use crate::reference::{Digest, Repository};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const COSIGN_ATTESTATION: &str = "application/vnd.dev.cosign.artifact.att.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

pub(super) fn load(store: &Store<'_>, repository: &Repository, digest: &Digest) -> Load {
    let mut load = Load::default();
    let carrier = format!("referrers of {repository}@{digest}");
    let listed = if store.extended {
        store.host.referrers(repository, digest)
    } else {
        Err(HostError::Unsupported("list referrers (settings: `evidence.extended`)"))
    };
    let mut candidates = match listed {
        Ok(Some(json)) => candidates(&json, carrier.clone(), &mut load),
        Ok(None) => {
            let reason = "the registry has no referrers API".to_owned();
            load.looked(carrier.clone(), LookedResult::Unsupported(reason));
            Vec::new()
        }
        Err(error) => {
            load.unanswered(carrier.clone(), error);
            Vec::new()
        }
    };
    if candidates.is_empty() {
        candidates = fallback(store, repository, digest, &mut load);
    }
    for descriptor in candidates {
        let source = format!("referrer {repository}@{}", descriptor.digest);
        read_referrer(store, repository, &descriptor, source, &mut load);
    }
    load
}

/// The descriptors of a list that may be evidence.
fn candidates(index: &[u8], carrier: String, load: &mut Load) -> Vec<Descriptor> {
    match Manifest::read(index) {
        Ok(index) => {
            let mut found: Vec<_> = index.manifests.into_iter().filter(is_candidate).collect();
            load.looked(carrier, LookedResult::Found(found.len()));
            if found.len() > MAX_ITEMS {
                found.truncate(MAX_ITEMS);
                load.gap.get_or_insert(Gap::Limit { what: "referrers", limit: MAX_ITEMS });
            }
            found
        }
        Err(error) => {
            load.unreadable(carrier, error);
            Vec::new()
        }
    }
}

fn fallback(store: &Store<'_>, repository: &Repository, digest: &Digest, load: &mut Load) -> Vec<Descriptor> {
    let tag = format!("{}-{}", digest.algorithm(), digest.hex());
    let carrier = format!("referrers tag {repository}:{tag}");
    match store.host.manifest(repository, ManifestId::Tag(&tag)) {
        Ok(Some(json)) => candidates(&json, carrier, load),
        Ok(None) => {
            load.looked(carrier, LookedResult::Absent);
            Vec::new()
        }
        Err(error) => {
            load.unanswered(carrier, error);
            Vec::new()
        }
    }
}

fn is_candidate(descriptor: &Descriptor) -> bool {
    match descriptor.artifact_type.as_deref() {
        None | Some("" | EMPTY | COSIGN_SIGNATURE | COSIGN_ATTESTATION) => true,
        Some(other) => other.starts_with(BUNDLE),
    }
}

fn read_referrer(store: &Store<'_>, repository: &Repository, descriptor: &Descriptor, source: String, load: &mut Load) {
    let Ok(digest) = descriptor.digest.parse::<Digest>() else {
        let reason = "its descriptor has no valid digest".to_owned();
        load.unreadable(source, MaterialError::Malformed { what: "referrer", reason });
        return;
    };
    let manifest = match store.host.manifest(repository, ManifestId::Digest(&digest)) {
        Ok(Some(json)) => Manifest::read(&json),
        Ok(None) => {
            let reason = "the registry lists it but does not have it".to_owned();
            Err(MaterialError::Malformed { what: "referrer", reason })
        }
        Err(error) => return load.unanswered(source, error),
    };
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(error) => return load.unreadable(source, error),
    };
    let config_type = manifest.config.as_ref().map(|config| config.media_type.as_str());
    match manifest.artifact_type.as_deref().or(config_type) {
        Some(COSIGN_SIGNATURE) => {
            cosign_tags::read_layers(store, repository, &manifest, Kind::Signatures, &source, load);
        }
        Some(COSIGN_ATTESTATION) => {
            cosign_tags::read_layers(store, repository, &manifest, Kind::Attestations, &source, load);
        }
        _ => {
            // Anything else may refer to an image too (SBOMs, Notary signatures): not evidence of ours, not an error.
            let Some(layer) = manifest.layers.iter().find(|layer| layer.media_type.starts_with(BUNDLE)) else {
                return;
            };
            match store.blob(repository, layer) {
                Err(error) => error.record(load, source),
                Ok(blob) => match Material::from_bundle_json(&blob) {
                    Ok(material) => {
                        let bundle = material.as_parsed_by_sigstore(&blob);
                        load.readable(store, source, material, bundle);
                    }
                    Err(error) => load.unreadable(source, error),
                },
            }
        }
    }
}
