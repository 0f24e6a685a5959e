//! A layout of the fixtures as a host that counts, and may be tampered with.

use crate::evidence::published::{CosignLayer, Element, PublishedEvidence};
use crate::host::{Host, HostError, ManifestId};
use crate::reference::{Digest, ImageRef, Repository};
use crate::test_host::{Layout, fixtures};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

impl Layout {
    /// Everything that the layout holds about `digest`, as `sigwarden publish` would put it together.
    pub(crate) fn published(&self, digest: &Digest) -> PublishedEvidence {
        let mut evidence = PublishedEvidence::new(digest.clone());
        for suffix in ["sig", "att"] {
            let tag = format!("{}-{}.{suffix}", digest.algorithm(), digest.hex());
            let Some(manifest) = self.tag(&tag).and_then(|digest| self.read(&digest)) else { continue };
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            for layer in manifest["layers"].as_array().unwrap() {
                let Some(payload) = self.read(layer["digest"].as_str().unwrap()) else { continue };
                let annotations = serde_json::from_value(layer["annotations"].clone()).unwrap_or_default();
                let layer = CosignLayer { payload, annotations };
                let element = match suffix {
                    "sig" => Element::CosignSignature(layer),
                    _ => Element::CosignAttestation(layer),
                };
                evidence.add(&element).unwrap();
            }
        }
        for entry in self.index() {
            let Some(manifest) = self.read(entry["digest"].as_str().unwrap()) else { continue };
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            if manifest["subject"]["digest"] != digest.as_str() {
                continue;
            }
            for layer in manifest["layers"].as_array().unwrap() {
                let Some(blob) = self.read(layer["digest"].as_str().unwrap()) else { continue };
                let media_type = layer["mediaType"].as_str().unwrap();
                if media_type.starts_with("application/vnd.dev.sigstore.bundle") {
                    // What is not JSON cannot be published.
                    let _ = evidence.add(&Element::Bundle(String::from_utf8_lossy(&blob).into_owned()));
                } else if let Ok(annotations) = serde_json::from_value(layer["annotations"].clone()) {
                    let layer = CosignLayer { payload: blob, annotations };
                    let is_attestation = manifest["artifactType"].as_str().is_some_and(|kind| kind.contains(".att."));
                    evidence
                        .add(&if is_attestation {
                            Element::CosignAttestation(layer)
                        } else {
                            Element::CosignSignature(layer)
                        })
                        .unwrap();
                }
            }
        }
        evidence
    }
}

/// A layout that notes what it is asked, and may be tampered with.
pub(crate) struct Counting {
    pub(crate) layout: Layout,
    /// The calls so far, each with what it asked for.
    pub(crate) calls: RefCell<Vec<String>>,
    /// Manifests in place of the layout's own, by tag.
    pub(crate) manifests: BTreeMap<String, Value>,
    /// Config blobs by repository and tag, `repository:tag`; `*:tag` for every repository.
    pub(crate) configs: BTreeMap<String, Vec<u8>>,
    /// What fails, by the beginning of the call as it is noted.
    pub(crate) failures: BTreeMap<String, HostError>,
    /// What the log answers.
    pub(crate) entries: Option<Value>,
    /// How long each call takes.
    pub(crate) pace: Duration,
}

impl Counting {
    /// A layout of the fixtures, by its path below `layouts/referrers`.
    pub(crate) fn new(layout: &str) -> Self {
        Self {
            layout: Layout(fixtures().join("layouts/referrers").join(layout)),
            calls: RefCell::default(),
            manifests: BTreeMap::new(),
            configs: BTreeMap::new(),
            failures: BTreeMap::new(),
            entries: None,
            pace: Duration::ZERO,
        }
    }

    /// The same, with everything that the layout holds about its tag `tag` published beside the image.
    pub(crate) fn with_published(mut self, tag: &str) -> Self {
        let digest = self.digest(tag);
        let config = self.layout.published(&digest).artifact().unwrap().config;
        self.configs.insert(format!("*:{}", crate::evidence::published::tag(&digest)), config);
        self
    }

    pub(crate) fn digest(&self, tag: &str) -> Digest {
        self.layout.tag(tag).unwrap_or_else(|| panic!("no tag {tag}")).parse().unwrap()
    }

    /// The operations that were called.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls.borrow().iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect()
    }

    fn ask<T>(&self, call: String, answer: impl FnOnce() -> Result<T, HostError>) -> Result<T, HostError> {
        let failure = self.failures.iter().find(|(start, _)| call.starts_with(start.as_str()));
        self.calls.borrow_mut().push(call.clone());
        failure.map_or_else(answer, |(_, error)| Err(error.clone()))
    }
}

fn in_words(repository: &Repository, id: ManifestId<'_>) -> String {
    match id {
        ManifestId::Tag(tag) => format!("{repository}:{tag}"),
        ManifestId::Digest(digest) => format!("{repository}@{digest}"),
    }
}

impl Host for Counting {
    fn resolve(&self, image: &ImageRef) -> Result<Option<Digest>, HostError> {
        self.ask(format!("resolve {image}"), || self.layout.resolve(image))
    }

    fn manifest(&self, repository: &Repository, id: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        self.ask(format!("manifest {}", in_words(repository, id)), || match id {
            ManifestId::Tag(tag) if self.manifests.contains_key(tag) => {
                Ok(Some(self.manifests[tag].to_string().into_bytes()))
            }
            _ => self.layout.manifest(repository, id),
        })
    }

    fn config(&self, repository: &Repository, id: ManifestId<'_>) -> Result<Option<Vec<u8>>, HostError> {
        self.ask(format!("config {}", in_words(repository, id)), || {
            let ManifestId::Tag(tag) = id else { return self.layout.config(repository, id) };
            let found = self.configs.get(&in_words(repository, id)).or_else(|| self.configs.get(&format!("*:{tag}")));
            match found {
                // As a host hands it out: parsed and written anew.
                Some(config) => match serde_json::from_slice::<Value>(config) {
                    Ok(value) => Ok(Some(value.to_string().into_bytes())),
                    Err(error) => Err(HostError::Unreachable(error.to_string())),
                },
                None => self.layout.config(repository, id),
            }
        })
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        self.ask(format!("blob {repository}@{digest}"), || self.layout.blob(repository, digest))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        self.ask(format!("referrers {repository}@{digest}"), || self.layout.referrers(repository, digest))
    }

    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<u8>>, HostError> {
        self.ask(format!("rekor {url} {artifact}"), || Ok(self.entries.as_ref().map(|v| v.to_string().into_bytes())))
    }

    fn elapsed(&self) -> Duration {
        self.pace.saturating_mul(u32::try_from(self.calls.borrow().len()).unwrap())
    }
}
