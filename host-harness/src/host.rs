//! The host that the module runs on, as far as the module can tell.
//!
//! Two kinds. A stock Kubewarden answers for tags, manifests and configurations, and refuses what was not granted to
//! the policy. An extended host also hands out blobs and referrers (binding `sigwarden`). What both can see, the
//! policy decides alike; on the first it just sees less.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::ValueEnum;
use serde::Deserialize;
use sigwarden_metadata::capabilities::Granted;
use sigwarden_metadata::{Declared, Metadata, MetadataError, Resource};

use crate::resources::Resources;
use crate::session::Session;
use crate::sources::Source;

/// Which calls a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Those of Kubewarden: no blobs, no referrers
    Kubewarden,
    /// Those of Kubewarden, and blobs, referrers and log entries
    Extended,
}

/// A host for one policy.
#[derive(Clone)]
pub struct Host {
    /// Which calls it has.
    pub profile: Profile,
    /// Which of Kubewarden's calls it grants to the policy.
    pub granted: Granted,
    /// Which kinds of objects in the cluster it grants to the policy.
    pub kinds: BTreeSet<Resource>,
    /// What its registries hold.
    pub source: Arc<dyn Source>,
    /// What its cluster holds.
    pub resources: Arc<Resources>,
    /// Whether its answers are recorded, or come from a recording.
    pub session: Arc<Session>,
}

impl Host {
    /// An extended host that grants everything and reads `source`.
    #[must_use]
    pub fn extended(source: Arc<dyn Source>) -> Self {
        Self {
            profile: Profile::Extended,
            granted: Granted::everything(),
            kinds: BTreeSet::new(),
            source,
            resources: Arc::default(),
            session: Arc::default(),
        }
    }

    /// A stock Kubewarden that grants what `declared` asks for.
    ///
    /// # Errors
    /// When something is asked for that no host has.
    pub fn kubewarden(source: Arc<dyn Source>, declared: &Declared) -> Result<Self, MetadataError> {
        let patterns: Result<Granted, _> = declared.host_capabilities.iter().map(|text| text.parse()).collect();
        Ok(Self {
            profile: Profile::Kubewarden,
            granted: patterns?,
            kinds: declared.context_aware_resources.clone(),
            ..Self::extended(source)
        })
    }
}

/// What `module` asks for, or where it carries no metadata (`policy.wasm` before it is annotated) what the metadata of
/// this version says.
///
/// # Errors
/// When the module's metadata cannot be read.
pub fn declared(module: &[u8]) -> Result<Declared, MetadataError> {
    match Declared::of_module(module)? {
        Some(declared) => Ok(declared),
        None => Metadata::parse(sigwarden_metadata::METADATA).map(Into::into),
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("profile", &self.profile).field("granted", &self.granted).finish_non_exhaustive()
    }
}
