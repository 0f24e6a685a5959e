//! The evidence of one request, each carrier loaded when it is first asked for, and what that may cost.

use super::material::{LogEntry, MaterialError};
use super::{
    Carrier, Content, Evidence, Gap, Item, Load, Plan, cosign_tags, published, published_tag, referrers, rekor,
};
use crate::decision::LookedResult;
use crate::host::{Host, HostError, ManifestId};
use crate::reference::{Digest, Repository};
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Largest single blob that is read. Kyverno stops at 10 MB; an SBOM of a large image comes near.
const MAX_BLOB_BYTES: usize = 16 << 20;
/// Evidence of all images of one request together. Beyond it the guest's memory would be at risk.
const MAX_REQUEST_BYTES: usize = 64 << 20;
/// Pieces of evidence, readable or not, of one request: as much as two images may have published. A list may name the same
/// thing many times, and what it names may be a list again; only a limit on the whole is one.
const MAX_REQUEST_ITEMS: usize = 2 * published::MAX_ELEMENTS;
/// Calls to the host for evidence. Two thousand referrers cost two each, and a pod has several images.
const MAX_REQUEST_CALLS: usize = 8192;
/// Blobs of one repository that the host fails to hand over before no more are asked for: a registry that is down does no
/// better for the next, and one that fails for a single blob must not hide the others.
const MAX_FAILURES: usize = 3;

/// All evidence of one request, loaded when asked for.
pub struct Store<'h> {
    host: &'h dyn Host,
    plan: &'h Plan,
    loads: RefCell<BTreeMap<(Repository, Digest, Carrier), Rc<Load>>>,
    entries: RefCell<BTreeMap<(String, Digest), Entries>>,
    bytes: Cell<usize>,
    items: Cell<usize>,
    calls: Cell<usize>,
    ids: Cell<usize>,
    failures: RefCell<BTreeMap<Repository, usize>>,
    /// Published evidence whose payloads are not in `payloads` yet: they are hashed when somebody needs one.
    unhashed: RefCell<Vec<Rc<Load>>>,
    payloads: RefCell<BTreeMap<Digest, Rc<Evidence>>>,
}

/// What a log answered.
type Entries = Result<Rc<[LogEntry]>, Gap>;

impl<'h> Store<'h> {
    /// An empty store.
    #[must_use]
    pub fn new(host: &'h dyn Host, plan: &'h Plan) -> Self {
        Self {
            host,
            plan,
            loads: RefCell::default(),
            entries: RefCell::default(),
            bytes: Cell::new(0),
            items: Cell::new(0),
            calls: Cell::new(0),
            ids: Cell::new(0),
            failures: RefCell::default(),
            unhashed: RefCell::default(),
            payloads: RefCell::default(),
        }
    }

    /// The host that it asks.
    #[must_use]
    pub const fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// Where evidence is looked for.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        self.plan
    }

    /// Whether the request has taken so long that nothing new may be started.
    #[must_use]
    pub fn is_time_up(&self) -> bool {
        self.host.elapsed() >= self.plan.last_start()
    }

    /// What `carrier` holds in `repository` about `digest`.
    pub fn load(&self, repository: &Repository, digest: &Digest, carrier: Carrier) -> Rc<Load> {
        let key = (repository.clone(), digest.clone(), carrier);
        if let Some(load) = self.loads.borrow().get(&key) {
            return Rc::clone(load);
        }
        let load = Rc::new(match carrier {
            Carrier::Published => published_tag::load(self, repository, digest),
            Carrier::CosignSignatures => cosign_tags::load(self, repository, digest, cosign_tags::Kind::Signatures),
            Carrier::CosignAttestations => cosign_tags::load(self, repository, digest, cosign_tags::Kind::Attestations),
            Carrier::Referrers => referrers::load(self, repository, digest),
            Carrier::ReferrersTag => referrers::load_tag(self, repository, digest),
        });
        self.loads.borrow_mut().insert(key, Rc::clone(&load));
        if carrier == Carrier::Published {
            self.unhashed.borrow_mut().push(Rc::clone(&load));
        }
        load
    }

    /// The signed bytes with this digest, where published evidence brought them.
    pub(super) fn published_payload(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut payloads = self.payloads.borrow_mut();
        // At most `MAX_REQUEST_ITEMS`, each hashed once.
        for load in self.unhashed.take() {
            for item in &load.items {
                let Item::Readable(evidence) = item else { continue };
                if let Content::Message { payload, .. } = &evidence.material.content {
                    payloads.insert(Digest::of(payload), Rc::clone(evidence));
                }
            }
        }
        match &payloads.get(digest)?.material.content {
            Content::Message { payload, .. } => Some(payload.clone()),
            _ => None,
        }
    }

    /// What the transparency log at `url` holds about `artifact`. Asked once for each.
    ///
    /// # Errors
    /// When the host could not look, or there is more than is read.
    pub fn rekor_entries(&self, url: &str, artifact: &Digest) -> Entries {
        let key = (url.to_owned(), artifact.clone());
        if let Some(known) = self.entries.borrow().get(&key) {
            return known.clone();
        }
        let entries = self.fetch_entries(url, artifact);
        self.entries.borrow_mut().insert(key, entries.clone());
        entries
    }

    fn fetch_entries(&self, url: &str, artifact: &Digest) -> Entries {
        let gap = |fault: Fault| match fault {
            Fault::Host(error) => Gap::Host(error),
            Fault::Gap(gap) => gap,
            Fault::Malformed(error) => Gap::Host(HostError::Unreachable(error.to_string())),
        };
        if !self.plan.extended {
            return Err(Gap::Host(HostError::Unsupported("ask a transparency log (settings: `evidence.extended`)")));
        }
        self.start_call().map_err(gap)?;
        let Some(json) = self.host.rekor_entries(url, artifact).map_err(Gap::Host)? else {
            return Ok(Rc::from([]));
        };
        self.spend_bytes(json.len()).map_err(gap)?;
        rekor::entries(&json).map(Rc::from).map_err(|error| gap(error.into()))
    }

    /// Takes one piece of evidence from the request's budget. `false`: it is used up, and the load says so.
    pub(super) fn spend(&self, load: &mut Load) -> bool {
        let items = self.items.get().saturating_add(1);
        self.items.set(items);
        if items > MAX_REQUEST_ITEMS {
            load.gap.get_or_insert(Gap::Limit { what: "pieces of evidence", limit: MAX_REQUEST_ITEMS });
        }
        items <= MAX_REQUEST_ITEMS
    }

    /// Takes one call from the request's budget, if there is still time for one.
    fn start_call(&self) -> Result<(), Fault> {
        if self.is_time_up() {
            return Err(Fault::Gap(Gap::Deadline));
        }
        let calls = self.calls.get().saturating_add(1);
        self.calls.set(calls);
        if calls > MAX_REQUEST_CALLS {
            return Err(Fault::Gap(Gap::Limit { what: "calls to the host", limit: MAX_REQUEST_CALLS }));
        }
        Ok(())
    }

    /// A manifest or index.
    pub(super) fn manifest(&self, repository: &Repository, id: ManifestId<'_>) -> Result<Option<Manifest>, Fault> {
        self.start_call()?;
        let Some(json) = self.host.manifest(repository, id).map_err(Fault::Host)? else {
            return Ok(None);
        };
        self.spend_bytes(json.len())?;
        Manifest::read(&json).map(Some).map_err(Fault::Malformed)
    }

    /// The config blob of a manifest.
    pub(super) fn config(&self, repository: &Repository, id: ManifestId<'_>) -> Result<Option<Vec<u8>>, Fault> {
        self.start_call()?;
        let Some(json) = self.host.config(repository, id).map_err(Fault::Host)? else {
            return Ok(None);
        };
        // Its own limit is the carrier's to tell; this one is the request's.
        self.spend_bytes(json.len().min(MAX_BLOB_BYTES))?;
        Ok(Some(json))
    }

    /// The referrers of a manifest.
    pub(super) fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Manifest>, Fault> {
        if !self.plan.extended {
            return Err(Fault::Host(HostError::Unsupported("list referrers (settings: `evidence.extended`)")));
        }
        self.start_call()?;
        let Some(json) = self.host.referrers(repository, digest).map_err(Fault::Host)? else {
            return Ok(None);
        };
        self.spend_bytes(json.len())?;
        Manifest::read(&json).map(Some).map_err(Fault::Malformed)
    }

    fn spend_bytes(&self, bytes: usize) -> Result<(), Fault> {
        let total = self.bytes.get().saturating_add(bytes);
        self.bytes.set(total);
        if bytes > MAX_BLOB_BYTES || total > MAX_REQUEST_BYTES { Err(Fault::too_large()) } else { Ok(()) }
    }

    /// A number that nothing else in this request has.
    pub fn next_id(&self) -> usize {
        let id = self.ids.get();
        // One per blob read, and those are bounded far below usize::MAX.
        self.ids.set(id.saturating_add(1));
        id
    }

    /// Fetches a blob and checks that it is the one asked for.
    pub(super) fn blob(&self, repository: &Repository, descriptor: &Descriptor) -> Result<Vec<u8>, Fault> {
        if !self.plan.extended {
            return Err(Fault::Host(HostError::Unsupported("fetch blobs (settings: `evidence.extended`)")));
        }
        let malformed =
            |reason: &str| Fault::Malformed(MaterialError::Malformed { what: "blob", reason: reason.to_owned() });
        let digest: Digest = descriptor.digest.parse().map_err(|_| malformed("its descriptor has no valid digest"))?;
        if descriptor.size > MAX_BLOB_BYTES as u64 {
            return Err(Fault::too_large());
        }
        if self.failures.borrow().get(repository).is_some_and(|failures| *failures >= MAX_FAILURES) {
            let reason = format!("{MAX_FAILURES} blobs of {repository} could not be had, and no more are tried");
            return Err(Fault::Host(HostError::Unreachable(reason)));
        }
        self.start_call()?;
        let blob = self.host.blob(repository, &digest).map_err(|error| {
            let mut failures = self.failures.borrow_mut();
            let count = failures.entry(repository.clone()).or_default();
            *count = count.saturating_add(1);
            Fault::Host(error)
        })?;
        let blob = blob.ok_or_else(|| malformed("the registry does not have it"))?;
        self.spend_bytes(blob.len())?;
        if digest != Digest::of(&blob) {
            return Err(malformed("its bytes do not hash to its digest"));
        }
        Ok(blob)
    }
}

/// Why a manifest or blob could not be had.
pub(super) enum Fault {
    Host(HostError),
    Gap(Gap),
    Malformed(MaterialError),
}

impl From<MaterialError> for Fault {
    fn from(error: MaterialError) -> Self {
        Self::Malformed(error)
    }
}

impl Fault {
    const fn too_large() -> Self {
        Self::Gap(Gap::Limit { what: "bytes of evidence", limit: MAX_REQUEST_BYTES })
    }

    /// Records the failure: as a gap, or as an unreadable item where the registry's answer is wrong in itself.
    pub(super) fn record(self, store: &Store<'_>, load: &mut Load, source: String) {
        let (gap, why) = match self {
            Self::Malformed(error) => return load.unreadable(store, source, error),
            // Unlike a list that cannot be asked for, something is known to lie here.
            Self::Host(error) => (Gap::Host(error.clone()), error.to_string()),
            Self::Gap(gap) => {
                let why = match &gap {
                    Gap::Deadline => "the time for this request was up",
                    Gap::Host(_) | Gap::Limit { .. } => "more evidence than is read",
                };
                (gap, why.to_owned())
            }
        };
        load.looked(source, LookedResult::Unreachable(why));
        load.gap.get_or_insert(gap);
    }
}

/// An OCI manifest or index, as far as evidence needs it (image-spec `manifest.md`, `image-index.md`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
    #[serde(default)]
    pub(super) manifests: Vec<Descriptor>,
}

/// An OCI content descriptor (image-spec `descriptor.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    fn read(json: &[u8]) -> Result<Self, MaterialError> {
        serde_json::from_slice(json)
            .map_err(|e| MaterialError::Malformed { what: "OCI manifest", reason: e.to_string() })
    }
}
