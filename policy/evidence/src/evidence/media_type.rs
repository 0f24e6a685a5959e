//! The media types by which evidence is told apart from whatever else refers to an image, for readers and writers.

/// Sigstore bundles; their version stands behind it.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// What cosign's referrers say they are that hold signatures in the layers of a `.sig` tag.
pub const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The same of attestations, in the layers of an `.att` tag.
pub const COSIGN_ATTESTATION: &str = "application/vnd.dev.cosign.artifact.att.v1+json";
/// Nothing at all, where a manifest has to have something (OCI image-spec).
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// A manifest (OCI image-spec).
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Whether a referrer with this artifact type may be evidence. A list may lack the type, or give the empty config's; such
/// referrers are looked into.
#[must_use]
pub fn may_be_evidence(artifact_type: Option<&str>) -> bool {
    match artifact_type {
        None | Some("" | EMPTY | COSIGN_SIGNATURE | COSIGN_ATTESTATION) => true,
        Some(other) => other.starts_with(BUNDLE),
    }
}
