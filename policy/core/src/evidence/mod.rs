//! Where evidence about an image lies, and what lies there.
//!
//! Three carriers are read: cosign's tags `sha256-<hex>.sig` and `.att`, and OCI 1.1 referrers with their fallback tag.
//! [`Store`] loads each carrier of each digest at most once, when a rule first asks for it, so that evidence that
//! settles a rule early costs no further calls. The order of calls is fixed: a recording of them is a queue.
//!
//! Evidence verifies itself, so nothing that a registry says is trusted here. What does not parse is kept as
//! [`Item::Unreadable`], because a person who asks why an image is refused wants to know of it.

mod claim;
mod cosign_tags;
mod material;
pub mod published;
mod referrers;

pub use claim::{COSIGN_SIGN_PREDICATE, COSIGN_TYPES, Claim, Predicate, Subject};
pub use material::{Content, LogEntry, Material, MaterialError, SignerMaterial};

use crate::decision::{Looked, LookedResult};
use crate::host::{Host, HostError, ManifestId};
use crate::reference::{Digest, Repository};
use serde::Deserialize;
use sigstore_verify::types::Bundle;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Largest single blob that is read. Kyverno stops at 10 MB; an SBOM of a large image comes near.
const MAX_BLOB_BYTES: usize = 16 << 20;
/// Evidence of all images of one request together. Beyond it the guest's memory would be at risk.
const MAX_REQUEST_BYTES: usize = 64 << 20;
/// Pieces of evidence, readable or not, of one request, and calls to its host. A list may name the same thing many times,
/// and what it names may be a list again; only a limit on the whole is one.
const MAX_REQUEST_ITEMS: usize = 8192;
/// Layers of one `.sig` or `.att` manifest, and referrers of one image. A registry that anyone may push to can be filled
/// with junk; this many are read, so that a thousand junk entries do not hide the good one.
const MAX_ITEMS: usize = 2048;

/// A place where evidence may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// The tag `sha256-<hex>.sig`.
    CosignSignatures,
    /// The tag `sha256-<hex>.att`.
    CosignAttestations,
    /// OCI 1.1 referrers.
    Referrers,
    /// The tag `sha256-<hex>`, under which a registry without that API keeps the list.
    ReferrersTag,
}

impl Carrier {
    /// Where image signatures lie, in the order in which they are looked for.
    pub const OF_SIGNATURES: [Self; 3] = [Self::CosignSignatures, Self::Referrers, Self::ReferrersTag];
    /// Where attestations lie.
    pub const OF_ATTESTATIONS: [Self; 3] = [Self::CosignAttestations, Self::Referrers, Self::ReferrersTag];
}

/// A readable piece of evidence.
#[derive(Debug)]
pub struct Evidence {
    /// Number within the request, for memos.
    pub id: usize,
    /// Where it was found, in words.
    pub source: String,
    /// The signature and its proofs.
    pub material: Material,
    /// The same as sigstore-types read it, if it can.
    pub bundle: Option<Bundle>,
    /// What it claims.
    pub claim: Claim,
}

/// One thing found in a carrier.
#[derive(Clone, Debug)]
pub enum Item {
    /// Evidence.
    Readable(Rc<Evidence>),
    /// Something in the place of evidence that cannot be read.
    Unreadable {
        /// Where it was found, in words.
        source: String,
        /// Why it cannot be read.
        error: MaterialError,
    },
}

/// What one carrier holds for one digest.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The places that were asked, for the explanation.
    pub looked: Vec<Looked>,
    /// What was found.
    pub items: Vec<Item>,
    /// Why this may not be everything.
    pub gap: Option<Gap>,
}

/// Why a carrier may hold more than was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The host could not look.
    Host(HostError),
    /// A limit was reached.
    Limit {
        /// What there was too much of.
        what: &'static str,
        /// How much is read.
        limit: usize,
    },
}

impl Load {
    /// Adds what was read from a bundle.
    fn bundle(&mut self, store: &Store<'_>, source: String, json: &[u8]) {
        let material = match Material::from_bundle_json(json) {
            Ok(material) => material,
            Err(error) => return self.unreadable(store, source, error),
        };
        let malformed = |reason: &str| MaterialError::Malformed { what: "Sigstore bundle", reason: reason.to_owned() };
        if matches!(material.content, Content::Artifact { .. }) {
            // What a workflow signs as a file is not what it signs as an image.
            return self.unreadable(store, source, malformed("it signs a blob, and not an image"));
        }
        let bundle = material.as_parsed_by_sigstore(json);
        // The one reason to go without sigstore-types' reading is an entry kind that it does not know.
        if bundle.is_none() && material.entries.iter().all(|entry| entry.known_kind().is_some()) {
            return self.unreadable(store, source, malformed("sigstore-types reads it otherwise"));
        }
        self.readable(store, source, material, bundle);
    }

    /// Adds what was read from one of cosign's own layers.
    fn legacy(&mut self, store: &Store<'_>, source: String, material: Material) {
        let bundle = material.to_bundle();
        self.readable(store, source, material, bundle);
    }

    fn readable(&mut self, store: &Store<'_>, source: String, material: Material, bundle: Option<Bundle>) {
        if !store.spend(self) {
            return;
        }
        match Claim::read(&material.content) {
            Ok(claim) => {
                let id = store.next_id();
                self.items.push(Item::Readable(Rc::new(Evidence { id, source, material, bundle, claim })));
            }
            Err(error) => self.items.push(Item::Unreadable { source, error }),
        }
    }

    fn unreadable(&mut self, store: &Store<'_>, source: String, error: MaterialError) {
        if store.spend(self) {
            self.items.push(Item::Unreadable { source, error });
        }
    }

    fn looked(&mut self, carrier: String, result: LookedResult) {
        self.looked.push(Looked { carrier, result });
    }

    /// Records that the host did not answer.
    fn unanswered(&mut self, carrier: String, error: HostError) {
        match &error {
            // A host that has no such call cannot hide anything from a rule: nobody could have put it there for us.
            HostError::Unsupported(_) => self.looked(carrier, LookedResult::Unsupported(error.to_string())),
            HostError::Refused { .. } | HostError::Unreachable(_) => {
                self.looked(carrier, LookedResult::Unreachable(error.to_string()));
                self.gap.get_or_insert(Gap::Host(error));
            }
        }
    }
}

/// All evidence of one request, loaded when asked for.
pub struct Store<'h> {
    host: &'h dyn Host,
    extended: bool,
    loads: RefCell<BTreeMap<(Repository, Digest, Carrier), Rc<Load>>>,
    bytes: Cell<usize>,
    items: Cell<usize>,
    ids: Cell<usize>,
}

impl<'h> Store<'h> {
    /// An empty store. `extended` says whether the host may be asked for blobs and referrers
    /// (settings field `evidence.extended`).
    #[must_use]
    pub fn new(host: &'h dyn Host, extended: bool) -> Self {
        Self { host, extended, loads: RefCell::default(), bytes: Cell::new(0), items: Cell::new(0), ids: Cell::new(0) }
    }

    /// The host that it asks.
    #[must_use]
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// What `carrier` holds in `repository` about `digest`.
    pub fn load(&self, repository: &Repository, digest: &Digest, carrier: Carrier) -> Rc<Load> {
        let key = (repository.clone(), digest.clone(), carrier);
        if let Some(load) = self.loads.borrow().get(&key) {
            return Rc::clone(load);
        }
        let load = Rc::new(match carrier {
            Carrier::CosignSignatures => cosign_tags::load(self, repository, digest, cosign_tags::Kind::Signatures),
            Carrier::CosignAttestations => cosign_tags::load(self, repository, digest, cosign_tags::Kind::Attestations),
            Carrier::Referrers => referrers::load(self, repository, digest),
            Carrier::ReferrersTag => referrers::load_tag(self, repository, digest),
        });
        self.loads.borrow_mut().insert(key, Rc::clone(&load));
        load
    }

    /// Takes one piece of evidence, or one host call, from the request's budget. `false`: it is used up, and the load says
    /// so.
    fn spend(&self, load: &mut Load) -> bool {
        let items = self.items.get().saturating_add(1);
        self.items.set(items);
        if items > MAX_REQUEST_ITEMS {
            load.gap.get_or_insert(Gap::Limit { what: "pieces of evidence", limit: MAX_REQUEST_ITEMS });
        }
        items <= MAX_REQUEST_ITEMS
    }

    /// A manifest or index, counted.
    fn manifest(
        &self,
        repository: &Repository,
        id: ManifestId<'_>,
        load: &mut Load,
    ) -> Result<Option<Manifest>, Fault> {
        if !self.spend(load) {
            return Err(Fault::TooLarge);
        }
        let Some(json) = self.host.manifest(repository, id).map_err(Fault::Host)? else {
            return Ok(None);
        };
        self.spend_bytes(json.len())?;
        Manifest::read(&json).map(Some).map_err(Fault::Malformed)
    }

    fn spend_bytes(&self, bytes: usize) -> Result<(), Fault> {
        let total = self.bytes.get().saturating_add(bytes);
        self.bytes.set(total);
        if bytes > MAX_BLOB_BYTES || total > MAX_REQUEST_BYTES { Err(Fault::TooLarge) } else { Ok(()) }
    }

    fn next_id(&self) -> usize {
        let id = self.ids.get();
        // One per blob read, and those are bounded far below usize::MAX.
        self.ids.set(id.saturating_add(1));
        id
    }

    /// Fetches a blob and checks that it is the one asked for.
    fn blob(&self, repository: &Repository, descriptor: &Descriptor) -> Result<Vec<u8>, Fault> {
        if !self.extended {
            return Err(Fault::Host(HostError::Unsupported("fetch blobs (settings: `evidence.extended`)")));
        }
        let malformed =
            |reason: &str| Fault::Malformed(MaterialError::Malformed { what: "blob", reason: reason.to_owned() });
        let digest: Digest = descriptor.digest.parse().map_err(|_| malformed("its descriptor has no valid digest"))?;
        if descriptor.size > MAX_BLOB_BYTES as u64 {
            return Err(Fault::TooLarge);
        }
        let blob = self.host.blob(repository, &digest).map_err(Fault::Host)?;
        let blob = blob.ok_or_else(|| malformed("the registry does not have it"))?;
        self.spend_bytes(blob.len())?;
        if digest != Digest::of(&blob) {
            return Err(malformed("its bytes do not hash to its digest"));
        }
        Ok(blob)
    }
}

/// Why a manifest or blob could not be had.
enum Fault {
    Host(HostError),
    TooLarge,
    Malformed(MaterialError),
}

impl From<MaterialError> for Fault {
    fn from(error: MaterialError) -> Self {
        Self::Malformed(error)
    }
}

impl Fault {
    /// Records the failure: as a gap, or as an unreadable item where the registry's answer is wrong in itself.
    fn record(self, store: &Store<'_>, load: &mut Load, source: String) {
        match self {
            // Unlike a list that cannot be asked for, something is known to lie here.
            Self::Host(error) => {
                load.looked(source, LookedResult::Unreachable(error.to_string()));
                load.gap.get_or_insert(Gap::Host(error));
            }
            Self::Malformed(error) => load.unreadable(store, source, error),
            Self::TooLarge => {
                load.looked(source, LookedResult::Unreachable("more evidence than is read".to_owned()));
                load.gap.get_or_insert(Gap::Limit { what: "bytes of evidence", limit: MAX_REQUEST_BYTES });
            }
        }
    }
}

/// An OCI manifest or index, as far as evidence needs it (image-spec `manifest.md`, `image-index.md`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

/// An OCI content descriptor (image-spec `descriptor.md`).
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    fn read(json: &[u8]) -> Result<Self, MaterialError> {
        serde_json::from_slice(json)
            .map_err(|e| MaterialError::Malformed { what: "OCI manifest", reason: e.to_string() })
    }
}
