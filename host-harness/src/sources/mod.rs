//! Where the harness gets what registries hold.
//!
//! A [`Source`] answers for any repository. "It is not there" and "I could not look" are never the same answer: the
//! first means unsigned, the second means that nobody knows.

mod anywhere;
#[cfg(test)]
mod fixture;
mod layout;
mod layout_writer;
mod layouts;
mod network;
mod oci;
mod registry;
mod rekor;
mod told;

use std::path::PathBuf;

use serde_json::Value;
use sigwarden_core::reference::{Digest, Repository};

pub use anywhere::Anywhere;
pub use layout_writer::{LayoutWriteError, write_to_layout};
pub use layouts::{LayoutArg, LayoutArgError, Layouts};
pub use network::NetworkError;
pub use oci::{Descriptor, Manifest, index_of};
pub use registry::{Artifact, Registries, RegistryOptions};
pub use rekor::{Rekor, RekorUrl};
pub use told::Told;

/// Contents of registries. `Ok(None)` means that the source looked, and it is not there.
pub trait Source: Send + Sync {
    /// The digest that a tag names.
    ///
    /// # Errors
    /// When the source could not look.
    fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError>;

    /// The bytes of a manifest or index. They hash to `digest`.
    ///
    /// # Errors
    /// When the source could not look, or holds something else under this digest.
    fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError>;

    /// The bytes of a blob. They hash to `digest`.
    ///
    /// # Errors
    /// When the source could not look, or holds something else under this digest.
    fn blob(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<u8>>, SourceError>;

    /// The manifests that name `digest` as their subject. `Ok(None)` when the registry has no referrers API.
    ///
    /// # Errors
    /// When the source could not look.
    fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError>;

    /// How the registry of `repository` is reached: `https`, or `http` where somebody allowed it.
    fn scheme(&self, repository: &Repository) -> &'static str {
        let _ = repository;
        "https"
    }

    /// What the transparency log at `url` has about `artifact`: value objects of Rekor's `/api/v1/log/entries`.
    ///
    /// # Errors
    /// When the source could not look, or may not.
    fn rekor_entries(&self, url: &str, artifact: &Digest) -> Result<Option<Vec<Value>>, SourceError> {
        let _ = artifact;
        Err(SourceError::LogNotAsked { url: url.to_owned() })
    }
}

/// Why a source could not look. Never the same as absent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing was given for this repository. The core takes it apart into what is wrong and what there is to do
    /// (`failure_text::own_advice`).
    #[error(
        "`{repository}` is not at hand: no --oci-layout holds it{}, and --offline asks no registry; do: `cosign save --dir \
         DIR IMAGE`, then `--oci-layout {repository}=DIR`; or leave --offline out",
        looked_in(.tried)
    )]
    NoLayout {
        /// The repository.
        repository: String,
        /// Directories that could have held it, and are no layouts.
        tried: Vec<PathBuf>,
    },
    /// The same for a suite, which has no flags.
    #[error(
        "`{repository}` is not at hand: no `ociLayout` of the suite holds it{}, and a test asks no registry; do: `cosign save \
         --dir DIR IMAGE`, then `ociLayout: [\"{repository}=DIR\"]` in the suite; or `replay: FILE`, a recording",
        looked_in(.tried)
    )]
    NotInSuite {
        /// The repository.
        repository: String,
        /// Directories that could have held it, and are no layouts.
        tried: Vec<PathBuf>,
    },
    /// A registry or a log gave no answer over the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A log was not asked, because nobody allowed it.
    #[error("the transparency log `{url}` is not asked: allow it with --rekor-url {url}, or give --rekor-entries FILE")]
    LogNotAsked {
        /// The log.
        url: String,
    },
    /// What was recorded of a log, or what it answers, is not what Rekor writes.
    #[error("`{what}` holds no log entries: {reason}")]
    NotEntries {
        /// File or URL.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system would not read a file.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file is larger than anything that belongs there.
    #[error("`{}` has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is allowed.
        limit: u64,
    },
    /// A blob is not what its name says.
    #[error("`{}` does not hash to its name: the layout is damaged or was tampered with", path.display())]
    WrongHash {
        /// The file.
        path: PathBuf,
    },
    /// A manifest or index cannot be read.
    #[error("`{what}` is not a manifest: {reason}")]
    NotManifest {
        /// File or digest.
        what: String,
        /// What the JSON parser said.
        reason: String,
    },
    /// `index.json` names a manifest that is not in the layout.
    #[error("`{}` names {digest}, and does not hold it", path.display())]
    Incomplete {
        /// The `index.json`.
        path: PathBuf,
        /// The manifest.
        digest: Digest,
    },
    /// One tag, several images.
    #[error("`{}` has several manifests for `{tag}`", path.display())]
    Ambiguous {
        /// The `index.json`.
        path: PathBuf,
        /// The tag.
        tag: String,
    },
    /// There is more than this harness will walk through.
    #[error("`{}` leads to more than {limit} manifests", path.display())]
    TooMany {
        /// The `index.json`.
        path: PathBuf,
        /// What is allowed.
        limit: usize,
    },
}

fn looked_in(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| format!(", and `{}` is not an OCI layout", path.display())).collect()
}
