//! Live registries: manifests, blobs and referrers by the OCI distribution protocol.
//!
//! Reading is written out here, on `reqwest`, because a gate must know things that client libraries smooth over: that
//! a body has a limit, that "no referrers API" is not "no referrers", that a token server which is down is not a
//! refusal. Pushing is `oci-client`'s, which knows the registries' ways; see [`push`].
//!
//! What is fetched is fetched once in a run, failures included, as far as there is room to keep it ([`memo`]); what a tag
//! names is asked once in any case. What has a digest is handed out only if it hashes to
//! it; a tag is what the bytes behind it hash to, whatever the registry's headers say.

mod auth;
mod client;
mod credentials;
mod memo;
mod push;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{StatusCode, Url};
use sigwarden_core::reference::{Digest, Repository};

use super::network::{NetworkError, Worker};
use super::oci::{Descriptor, Manifest, matches_digest};
use super::{Source, SourceError};
use client::{Answer, Client, Kind};
use memo::Memo;

pub use push::Artifact;

/// What registries accept as a manifest (OCI distribution-spec, "Pushing Manifests").
const MAX_MANIFEST_BYTES: usize = 4 << 20;
/// Evidence is JSON of some kilobytes, an SBOM attestation some megabytes. Far above, nothing is evidence.
const MAX_BLOB_BYTES: usize = 64 << 20;
/// Pages of one referrers list. Registries put 50 to 1,000 descriptors on one.
const MAX_PAGES: usize = 100;
/// Descriptors of one referrers list; the module reads fewer.
const MAX_REFERRERS: usize = 10_000;
/// Bytes of blobs that are kept for whoever asks again. The evidence of a thousand images has some 20 MB, with SBOMs of some
/// megabytes for each of fifty of them 200 MB; a laptop has the room, and a scan of more than that fetches some of it twice.
const MAX_KEPT_BLOBS: usize = 256 << 20;
/// The same of manifests and of lists of referrers: some kilobytes each, sixteen of the largest that are read.
const MAX_KEPT_LISTS: usize = 64 << 20;

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

impl RegistryOptions {
    /// How a registry is reached.
    fn scheme(&self, registry: &str) -> &'static str {
        if self.insecure.iter().any(|host| host == registry) { "http" } else { "https" }
    }
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { insecure: Vec::new(), docker_config: None, timeout: Duration::from_secs(30) }
    }
}

type Bytes = Option<Arc<[u8]>>;
/// A list of referrers, and how many bytes it had. `None`: there is no such API.
type Listed = Option<(Arc<Vec<Descriptor>>, usize)>;

/// All registries, asked over the network.
pub struct Registries {
    options: RegistryOptions,
    started: Arc<OnceLock<Result<Started, NetworkError>>>,
    tags: Memo<(Repository, String), Option<Digest>>,
    manifests: Memo<(Repository, Digest), Bytes>,
    blobs: Memo<(Repository, Digest), Bytes>,
    referrers: Memo<(Repository, Digest), Listed>,
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
        Self::over(options, Arc::default())
    }

    /// The same registries over the same connections and logins, with nothing fetched yet.
    #[must_use]
    pub fn with_nothing_fetched(&self) -> Self {
        Self::over(self.options.clone(), Arc::clone(&self.started))
    }

    fn over(options: RegistryOptions, started: Arc<OnceLock<Result<Started, NetworkError>>>) -> Self {
        Self {
            options,
            started,
            // One word each, and asked again it might be another.
            tags: Memo::new(0, |_| 0),
            manifests: Memo::new(MAX_KEPT_LISTS, length),
            blobs: Memo::new(MAX_KEPT_BLOBS, length),
            referrers: Memo::new(MAX_KEPT_LISTS, |listed| listed.as_ref().map_or(0, |(_, bytes)| *bytes)),
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
        let _ = self.manifests.once(key, || Ok(Some(answer.body.into())));
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

    fn fetch_referrers(&self, repository: &Repository, digest: &Digest) -> Result<Listed, NetworkError> {
        let mut list = Vec::new();
        let mut bytes = 0_usize;
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
            bytes = bytes.saturating_add(answer.body.len());
            list.extend(page.manifests.unwrap_or_default());
            next = answer.next_page()?;
        }
        Ok(Some((Arc::new(list), bytes)))
    }
}

fn length(bytes: &Bytes) -> usize {
    bytes.as_ref().map_or(0, |bytes| bytes.len())
}

impl Source for Registries {
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
        Ok(self.tags.once((repository.clone(), tag.to_owned()), || self.fetch_tag(repository, tag))?)
    }

    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        let found = self.manifests.once(key, || self.fetch(repository, Kind::Manifest, digest))?;
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        let found = self.blobs.once(key, || self.fetch(repository, Kind::Blob, digest))?;
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
        let key = (repository.clone(), digest.clone());
        let listed = self.referrers.once(key, || self.fetch_referrers(repository, digest))?;
        Ok(listed.map(|(list, _)| list.to_vec()))
    }

    fn scheme(&self, repository: &Repository) -> &'static str {
        self.options.scheme(repository.registry())
    }
}

impl std::fmt::Debug for Registries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registries").finish_non_exhaustive()
    }
}
