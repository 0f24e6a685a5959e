//! Where evidence about an image lies, and what lies there.
//!
//! Carriers are read in the order of the settings ([`Plan`]): evidence that was published for hosts without blobs, cosign's
//! tags `sha256-<hex>.sig` and `.att`, and OCI 1.1 referrers with their fallback tag. [`Store`] loads each carrier of each
//! digest at most once, when a rule first asks for it, so that evidence that settles a rule early costs no further calls.
//! The order of calls is fixed: a recording of them is a queue.
//!
//! Evidence verifies itself, so nothing that a registry says is trusted here. What does not parse is kept as
//! [`Item::Unreadable`], because a person who asks why an image is refused wants to know of it.

mod claim;
mod cosign_tags;
mod material;
pub mod media_type;
mod payload;
pub(crate) mod pem;
mod plan;
mod proto_bytes;
pub mod published;
mod published_tag;
mod referrers;
mod rekor;
mod store;

pub use claim::{COSIGN_SIGN_PREDICATE, COSIGN_TYPES, Claim, IN_TOTO_PAYLOAD, Predicate, Subject};
pub use cosign_tags::{Opening, Sealed};
pub use material::{COSIGN_LOG_ENTRY, Content, LogEntry, Material, MaterialError, SignerMaterial, certificates};
pub use payload::Clues;
pub use plan::{Carrier, CarrierKind, DEFAULT_DEADLINE, Plan, Purpose};
pub use store::Store;

use crate::decision::{Looked, LookedResult};
use crate::host::HostError;
use sigstore_verify::types::Bundle;
use std::cell::OnceCell;
use std::rc::Rc;
use store::Fault;

/// Layers of one `.sig` or `.att` manifest, and referrers of one image. A registry that anyone may push to can be filled
/// with junk; this many are read, so that a thousand junk entries do not hide the good one.
const MAX_ITEMS: usize = 2048;

/// A readable piece of evidence.
#[derive(Debug)]
pub struct Evidence {
    /// Number within the request, for memos.
    pub id: usize,
    /// Where it was found, in words.
    pub source: String,
    /// The signature and its proofs.
    pub material: Material,
    /// What it claims.
    pub claim: Claim,
    bundle: OnceCell<Result<Option<Bundle>, MaterialError>>,
}

impl Evidence {
    /// Evidence of which `claim` was read from `material`.
    #[must_use]
    pub const fn new(id: usize, source: String, material: Material, claim: Claim) -> Self {
        Self { id, source, material, claim, bundle: OnceCell::new() }
    }

    /// Whether it came in one of cosign's older forms, which may lack the log's proof.
    #[must_use]
    pub const fn is_legacy(&self) -> bool {
        self.material.media_type.is_none()
    }

    /// The same for sigstore-verify, if it can be expressed. Made when first asked for: most of what lies in a registry is
    /// sorted out without it.
    ///
    /// # Errors
    /// When sigstore-types should know this kind of bundle, and something in it is out of its range.
    pub fn bundle(&self) -> Result<Option<&Bundle>, MaterialError> {
        let bundle = self.bundle.get_or_init(|| {
            let bundle = self.material.to_bundle();
            // The one reason for a bundle to go without sigstore-verify is an entry kind that it does not know.
            let known = self.material.entries.iter().all(|entry| entry.known_kind().is_some());
            if bundle.is_none() && known && !self.is_legacy() {
                let reason = "one of its numbers is out of range".to_owned();
                return Err(MaterialError::Malformed { what: "Sigstore bundle", reason });
            }
            Ok(bundle)
        });
        bundle.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }
}

/// One thing found in a carrier.
#[derive(Clone, Debug)]
pub enum Item {
    /// Evidence.
    Readable(Rc<Evidence>),
    /// A signature whose signed bytes are not at hand, and may be had.
    Sealed(Rc<Sealed>),
    /// Something in the place of evidence that cannot be read.
    Unreadable {
        /// Where it was found, in words.
        source: String,
        /// Why it cannot be read.
        error: MaterialError,
    },
}

impl Item {
    /// Where it was found, in words.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::Readable(evidence) => &evidence.source,
            Self::Sealed(sealed) => &sealed.source,
            Self::Unreadable { source, .. } => source,
        }
    }
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
    /// The time for the request was up.
    Deadline,
}

impl Load {
    /// Adds what was read from a bundle.
    fn bundle(&mut self, store: &Store<'_>, source: String, json: &[u8]) {
        let material = match Material::from_bundle_json(json) {
            Ok(material) => material,
            Err(error) => return self.unreadable(store, source, error),
        };
        if matches!(material.content, Content::Artifact { .. }) {
            // What a workflow signs as a file is not what it signs as an image.
            let reason = "it signs a blob, and not an image".to_owned();
            return self.unreadable(store, source, MaterialError::Malformed { what: "Sigstore bundle", reason });
        }
        self.readable(store, source, material);
    }

    /// Adds what was read.
    fn readable(&mut self, store: &Store<'_>, source: String, material: Material) {
        if !store.spend(self) {
            return;
        }
        match Claim::read(&material.content) {
            Ok(claim) => {
                self.items.push(Item::Readable(Rc::new(Evidence::new(store.next_id(), source, material, claim))));
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
            HostError::Refused { .. } | HostError::Denied(_) | HostError::Unreachable(_) => {
                self.looked(carrier, LookedResult::Unreachable(error.to_string()));
                self.gap.get_or_insert(Gap::Host(error));
            }
        }
    }
}
