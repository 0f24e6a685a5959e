//! Live registries: manifests, blobs and referrers by the OCI distribution protocol.
//!
//! Reading is written out here, on `reqwest`, because a gate must know things that client libraries smooth over: that
//! a body has a limit, that "no referrers API" is not "no referrers", that a token server which is down is not a
//! refusal. Pushing is `oci-client`'s, which knows the registries' ways; see [`push`].
//!
//! What is fetched is fetched once in a run, failures included. What has a digest is handed out only if it hashes to
//! it; a tag is what the bytes behind it hash to, whatever the registry's headers say.

mod auth;
mod client;
mod credentials;
mod push;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{StatusCode, Url};
use sigwarden_core::reference::{Digest, Repository};

use super::network::{NetworkError, Worker};
use super::oci::{Descriptor, Manifest, matches_digest};
use super::{Source, SourceError};
use client::{Answer, Client, Kind};

pub use push::Artifact;

/// What registries accept as a manifest (OCI distribution-spec, "Pushing Manifests").
const MAX_MANIFEST_BYTES: usize = 4 << 20;
/// Evidence is JSON of some kilobytes, an SBOM attestation some megabytes. Far above, nothing is evidence.
const MAX_BLOB_BYTES: usize = 64 << 20;
/// Pages of one referrers list. Registries put 50 to 1,000 descriptors on one.
const MAX_PAGES: usize = 100;
/// Descriptors of one referrers list; the module reads fewer.
const MAX_REFERRERS: usize = 10_000;

/// How to reach registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryOptions {
    /// Registries to talk to over http, by the name that images give them: `localhost:5000`.
    pub insecure: Vec<String>,
    /// Directory with docker's `config.json`; `None` is docker's own default.
    pub docker_config: Option<PathBuf>,
    /// How long one thing may take, retries included.
    pub timeout: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { insecure: Vec::new(), docker_config: None, timeout: Duration::from_secs(30) }
    }
}

/// One thing of a registry, fetched at most once.
type Memo<K, V> = Mutex<BTreeMap<K, Arc<OnceLock<Result<V, NetworkError>>>>>;
type Bytes = Option<Arc<[u8]>>;

/// All registries, asked over the network.
pub struct Registries {
    options: RegistryOptions,
    started: OnceLock<Result<Started, NetworkError>>,
    tags: Memo<(Repository, String), Option<Digest>>,
    manifests: Memo<(Repository, Digest), Bytes>,
    blobs: Memo<(Repository, Digest), Bytes>,
    referrers: Memo<(Repository, Digest), Option<Vec<Descriptor>>>,
}

/// What it takes to ask, made when the first question comes: most runs on layouts never ask.
struct Started {
    worker: Worker,
    client: Arc<Client>,
}

impl Registries {
    /// Asks nobody anything yet.
    #[must_use]
    pub fn new(options: RegistryOptions) -> Self {
        Self {
            options,
            started: OnceLock::new(),
            tags: Memo::default(),
            manifests: Memo::default(),
            blobs: Memo::default(),
            referrers: Memo::default(),
        }
    }

    fn started(&self) -> Result<&Started, NetworkError> {
        let start = || {
            let client = Arc::new(Client::new(self.options.clone())?);
            Ok(Started { worker: Worker::new()?, client })
        };
        self.started.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// Reads one thing, and says meanwhile what is taking so long.
    fn get(&self, repository: &Repository, kind: Kind, name: &str) -> Result<Option<Answer>, NetworkError> {
        self.get_url(repository, kind, self.started()?.client.url(repository, kind, name)?)
    }

    fn get_url(&self, repository: &Repository, kind: Kind, url: Url) -> Result<Option<Answer>, NetworkError> {
        let Started { worker, client } = self.started()?;
        let (client, repository, what) = (Arc::clone(client), repository.clone(), url.to_string());
        worker.wait(&what, async move { client.get(&repository, kind, url).await })?
    }

    fn fetch_tag(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, NetworkError> {
        let Some(answer) = self.get(repository, Kind::Manifest, tag)? else { return Ok(None) };
        let digest = Digest::of(&answer.body);
        answer.check_digest_header(&digest)?;
        // It will be asked for by digest next.
        let key = (repository.clone(), digest.clone());
        let _ = slot(&self.manifests, key).set(Ok(Some(answer.body.into())));
        Ok(Some(digest))
    }

    fn fetch(&self, repository: &Repository, kind: Kind, digest: &Digest) -> Result<Bytes, NetworkError> {
        let Some(answer) = self.get(repository, kind, digest.as_str())? else { return Ok(None) };
        if matches_digest(digest, &answer.body) {
            Ok(Some(answer.body.into()))
        } else {
            Err(NetworkError::WrongHash { url: answer.url.to_string() })
        }
    }

    fn fetch_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, NetworkError> {
        let mut list = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(self.started()?.client.url(repository, Kind::Referrers, digest.as_str())?);
        while let Some(url) = next {
            if seen.len() >= MAX_PAGES || list.len() > MAX_REFERRERS {
                return Err(NetworkError::TooMany { url: url.to_string(), limit: MAX_REFERRERS });
            }
            let first_page = seen.is_empty();
            // A list that leads back to itself ends.
            if !seen.insert(url.clone()) {
                break;
            }
            let answer = self.get_url(repository, Kind::Referrers, url.clone())?;
            let Some(answer) = answer else {
                if first_page {
                    return Ok(None);
                }
                return Err(NetworkError::Unclear {
                    url: url.to_string(),
                    status: StatusCode::NOT_FOUND.as_u16(),
                    reason: "the list of referrers breaks off".to_owned(),
                });
            };
            let page = Manifest::parse(url.as_str(), &answer.body).map_err(|error| NetworkError::Unclear {
                url: url.to_string(),
                status: StatusCode::OK.as_u16(),
                reason: error.to_string(),
            })?;
            list.extend(page.manifests.unwrap_or_default());
            next = answer.next_page()?;
        }
        Ok(Some(list))
    }
}

fn slot<K: Ord, V>(memo: &Memo<K, V>, key: K) -> Arc<OnceLock<Result<V, NetworkError>>> {
    Arc::clone(memo.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
}

/// What is remembered under `key`, or what `fetch` brings. Whoever asks meanwhile waits for the same answer.
fn once<K: Ord, V: Clone>(
    memo: &Memo<K, V>,
    key: K,
    fetch: impl FnOnce() -> Result<V, NetworkError>,
) -> Result<V, SourceError> {
    slot(memo, key).get_or_init(fetch).clone().map_err(SourceError::Network)
}

impl Source for Registries {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        once(&self.tags, (repository.clone(), tag.to_owned()), || self.fetch_tag(repository, tag))
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        let found = once(&self.manifests, key, || self.fetch(repository, Kind::Manifest, digest))?;
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        let found = once(&self.blobs, key, || self.fetch(repository, Kind::Blob, digest))?;
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        once(&self.referrers, key, || self.fetch_referrers(repository, digest))
    }
}

impl std::fmt::Debug for Registries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registries").finish_non_exhaustive()
    }
}
