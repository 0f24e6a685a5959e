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
mod plan;
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
    form: Form,
    bundle: OnceCell<Result<Option<Bundle>, MaterialError>>,
}

/// What sigstore-types has to read.
#[derive(Clone, Debug)]
enum Form {
    /// The material, as far as a bundle can express it.
    Material,
    /// A bundle, as JSON text.
    Json(Vec<u8>),
}

impl Evidence {
    /// Evidence that came as a Sigstore bundle, of which `material` and `claim` were read.
    #[must_use]
    pub const fn from_bundle(id: usize, source: String, material: Material, claim: Claim, json: Vec<u8>) -> Self {
        Self { id, source, material, claim, form: Form::Json(json), bundle: OnceCell::new() }
    }

    /// Evidence of cosign's older forms.
    #[must_use]
    pub const fn from_material(id: usize, source: String, material: Material, claim: Claim) -> Self {
        Self { id, source, material, claim, form: Form::Material, bundle: OnceCell::new() }
    }

    /// Evidence of which the caller knows how sigstore-types reads it.
    #[must_use]
    pub fn with_bundle(id: usize, source: String, material: Material, claim: Claim, bundle: Option<Bundle>) -> Self {
        let cell = OnceCell::from(Ok(bundle));
        Self { id, source, material, claim, form: Form::Material, bundle: cell }
    }

    /// Whether it came in one of cosign's older forms, which may lack the log's proof.
    #[must_use]
    pub const fn is_legacy(&self) -> bool {
        matches!(self.form, Form::Material)
    }

    /// The same as sigstore-types reads it, if it can express it. Read when first asked for: most of what lies in a
    /// registry is sorted out without it.
    ///
    /// # Errors
    /// When sigstore-types should know this kind of bundle, and reads something else in it or nothing.
    pub fn bundle(&self) -> Result<Option<&Bundle>, MaterialError> {
        let bundle = self.bundle.get_or_init(|| match &self.form {
            Form::Material => Ok(self.material.to_bundle()),
            Form::Json(json) => {
                let bundle = self.material.as_parsed_by_sigstore(json);
                // The one reason to go without sigstore-types' reading is an entry kind that it does not know.
                if bundle.is_none() && self.material.entries.iter().all(|entry| entry.known_kind().is_some()) {
                    let reason = "sigstore-types reads it otherwise".to_owned();
                    return Err(MaterialError::Malformed { what: "Sigstore bundle", reason });
                }
                Ok(bundle)
            }
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
        let json = json.to_vec();
        self.readable(store, source, material, |id, source, material, claim| {
            Evidence::from_bundle(id, source, material, claim, json)
        });
    }

    /// Adds what was read from one of cosign's own layers.
    fn legacy(&mut self, store: &Store<'_>, source: String, material: Material) {
        self.readable(store, source, material, Evidence::from_material);
    }

    fn readable(
        &mut self,
        store: &Store<'_>,
        source: String,
        material: Material,
        make: impl FnOnce(usize, String, Material, Claim) -> Evidence,
    ) {
        if !store.spend(self) {
            return;
        }
        match Claim::read(&material.content) {
            Ok(claim) => self.items.push(Item::Readable(Rc::new(make(store.next_id(), source, material, claim)))),
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
