//! A question of the module to its host, typed and named as kwctl's recordings name it.

use serde::{Deserialize, Serialize};
use sigwarden_core::reference::Digest;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// The digest that a reference names.
    OciManifestDigest {
        /// The reference, as the module wrote it.
        image: String,
    },
    /// A manifest or index.
    OciManifest {
        /// The reference, as the module wrote it.
        image: String,
    },
    /// A manifest with its digest and its configuration.
    OciManifestAndConfig {
        /// The reference, as the module wrote it.
        image: String,
    },
    /// An object of the cluster.
    KubernetesGetResource {
        /// For example `v1`.
        api_version: String,
        /// For example `Secret`.
        kind: String,
        /// Its own name.
        name: String,
        /// `None` for kinds without namespaces.
        namespace: Option<String>,
        /// Whether the host may not answer from its cache.
        disable_cache: bool,
    },
    /// Binding `sigwarden`: a blob.
    SigwardenBlob {
        /// Registry and path.
        repository: String,
        /// Hash of the blob.
        digest: Digest,
    },
    /// Binding `sigwarden`: the OCI referrers of a manifest.
    SigwardenReferrers {
        /// Registry and path.
        repository: String,
        /// Hash of the manifest.
        digest: Digest,
    },
    /// Binding `sigwarden`: the entries of a transparency log.
    SigwardenRekorEntries {
        /// The log.
        url: String,
        /// Hash of what was signed.
        artifact: Digest,
    },
}

/// What a call asks for, where it is no call that a host knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoCall {
    /// The operation is not known. The text is the host's.
    Unknown(String),
    /// The payload is of another shape.
    Payload(String),
}

/// The payload of `kubernetes/get_resource`.
#[derive(Deserialize)]
struct GetResource {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    #[serde(default)]
    disable_cache: bool,
}

/// The payload of the extended calls about one blob or manifest.
#[derive(Deserialize)]
struct Subject {
    repository: String,
    digest: Digest,
}

/// The payload of the extended call about a transparency log.
#[derive(Deserialize)]
struct Logged {
    url: String,
    artifact: Digest,
}

impl Call {
    /// Reads one of Kubewarden's calls (binding `kubewarden`).
    pub(crate) fn stock(namespace: &str, operation: &str, payload: &[u8]) -> Result<Self, NoCall> {
        let call: fn(String) -> Self = match (namespace, operation) {
            ("oci", "v1/manifest_digest") => |image| Self::OciManifestDigest { image },
            ("oci", "v1/oci_manifest") => |image| Self::OciManifest { image },
            ("oci", "v1/oci_manifest_config") => |image| Self::OciManifestAndConfig { image },
            ("kubernetes", "get_resource") => {
                let wanted: GetResource = read(payload)?;
                return Ok(Self::KubernetesGetResource {
                    api_version: wanted.api_version,
                    kind: wanted.kind,
                    name: wanted.name,
                    namespace: wanted.namespace,
                    disable_cache: wanted.disable_cache,
                });
            }
            ("oci" | "net" | "crypto" | "kubernetes" | "tracing", _) => {
                return Err(NoCall::Unknown(format!("unknown operation: {operation}")));
            }
            _ => return Err(NoCall::Unknown(format!("unknown namespace: {namespace}"))),
        };
        read(payload).map(call)
    }

    /// Reads one of the extended calls (binding `sigwarden`).
    pub(crate) fn extended(namespace: &str, operation: &str, payload: &[u8]) -> Result<Self, NoCall> {
        match (namespace, operation) {
            ("oci", "v1/blob") => {
                let Subject { repository, digest } = read(payload)?;
                Ok(Self::SigwardenBlob { repository, digest })
            }
            ("oci", "v1/referrers") => {
                let Subject { repository, digest } = read(payload)?;
                Ok(Self::SigwardenReferrers { repository, digest })
            }
            ("rekor", "v1/entries") => {
                let Logged { url, artifact } = read(payload)?;
                Ok(Self::SigwardenRekorEntries { url, artifact })
            }
            _ => Err(NoCall::Unknown(format!("unknown operation: sigwarden {namespace}/{operation}"))),
        }
    }

    /// Whether kwctl knows this call.
    #[must_use]
    pub const fn is_stock(&self) -> bool {
        match self {
            Self::OciManifestDigest { .. }
            | Self::OciManifest { .. }
            | Self::OciManifestAndConfig { .. }
            | Self::KubernetesGetResource { .. } => true,
            Self::SigwardenBlob { .. } | Self::SigwardenReferrers { .. } | Self::SigwardenRekorEntries { .. } => false,
        }
    }
}

fn read<'p, T: Deserialize<'p>>(payload: &'p [u8]) -> Result<T, NoCall> {
    serde_json::from_slice(payload).map_err(|error| NoCall::Payload(error.to_string()))
}
