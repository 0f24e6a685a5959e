//! Keys and trust roots that the cluster keeps: Secrets and ConfigMaps.
//!
//! What they say is believed, so the settings fix which object is read, namespace and all: a request must not be able to
//! bring its own. An object that is absent, refused, out of reach or not as it should be denies.

use crate::host::{Host, HostError, ResourceId};
use crate::quote::quote;
use crate::verify::{EvidenceError, KeyHash, PublicKey, TrustRoot};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Where cosign puts the public key of a pair that it keeps in a Secret (`cosign generate-key-pair k8s://…`).
const PUBLIC_KEY: &str = "cosign.pub";
/// A Secret or ConfigMap has at most 1 MiB (Kubernetes), and base64 of that.
const MAX_TEXT_BYTES: usize = 2 << 20;

/// The key of a Secret, with the default hash.
pub(super) fn key(host: &dyn Host, namespace: &str, name: &str) -> Result<PublicKey, EvidenceError> {
    let object = Object { kind: "Secret", namespace, name };
    let text = object.field(host, PUBLIC_KEY)?;
    let bytes = STANDARD.decode(text.trim()).map_err(|e| object.broken(format!("holds no base64: {e}")))?;
    let pem = String::from_utf8(bytes).map_err(|_| object.broken("holds no PEM text".to_owned()))?;
    // Kyverno would take the first of several, and leave it to chance which that is.
    if pem.matches("-----BEGIN ").count() > 1 {
        return Err(object.broken(format!("holds several keys under `{PUBLIC_KEY}`, and one is meant")));
    }
    PublicKey::from_pem(&pem, KeyHash::Sha256)
        .map_err(|e| object.broken(format!("holds no usable key under `{PUBLIC_KEY}`: {e}")))
}

/// The trust root of a ConfigMap.
pub(super) fn trust_root(host: &dyn Host, namespace: &str, name: &str, key: &str) -> Result<TrustRoot, EvidenceError> {
    let object = Object { kind: "ConfigMap", namespace, name };
    let json = object.field(host, key)?;
    TrustRoot::from_json(&json).map_err(|e| object.broken(format!("is unusable under {}: {e}", quote(key))))
}

#[derive(Clone, Copy)]
struct Object<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
}

impl Object<'_> {
    /// The text under `data`.
    fn field(self, host: &dyn Host, key: &str) -> Result<String, EvidenceError> {
        let Self { kind, namespace, name } = self;
        let answer = host.resource(ResourceId { api_version: "v1", kind, namespace, name });
        let object = answer.map_err(|e| self.out_of_reach(&e))?.ok_or_else(|| {
            self.error("does not exist", "create it, or name the one that is meant in the policy's settings".to_owned())
        })?;
        // A host that hands over something else must not be believed.
        let is = |pointer: &str, wanted: &str| object.pointer(pointer).and_then(Value::as_str) == Some(wanted);
        if !is("/metadata/name", name) || !is("/metadata/namespace", namespace) {
            return Err(self.broken("is not what the host handed over".to_owned()));
        }
        let text = object.pointer("/data").and_then(|data| data.get(key)).and_then(Value::as_str);
        let text = text.ok_or_else(|| self.broken(format!("has nothing under {} of its `data`", quote(key))))?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(self.broken(format!("has more than {MAX_TEXT_BYTES} bytes under {}", quote(key))));
        }
        Ok(text.to_owned())
    }

    fn out_of_reach(self, error: &HostError) -> EvidenceError {
        let kind = self.kind;
        let granted = format!(
            "list `{{apiVersion: v1, kind: {kind}}}` under the policy's `contextAwareResources`, and let the PolicyServer's \
             service account get and list {}s (RBAC)",
            kind.to_lowercase()
        );
        let remedy = match error {
            HostError::Refused { .. } | HostError::Denied(_) | HostError::Unreachable(_) => granted,
            HostError::Unsupported(_) => match kind {
                "Secret" => "this host has no cluster; paste the public key under `keys.publicKeys`: it is no secret",
                _ => "this host has no cluster; write the trusted_root.json itself under `trustRoots`",
            }
            .to_owned(),
        };
        self.error(&format!("could not be read: {error}"), remedy)
    }

    fn broken(self, reason: String) -> EvidenceError {
        let wanted = match self.kind {
            "Secret" => format!(
                "put the public key as PEM text under `{PUBLIC_KEY}`, as `cosign generate-key-pair k8s://…` does"
            ),
            _ => "put a trusted_root.json there, as `cosign trusted-root create` writes it".to_owned(),
        };
        self.error(&reason, wanted)
    }

    fn error(self, reason: &str, remedy: String) -> EvidenceError {
        let Self { kind, namespace, name } = self;
        EvidenceError::TrustUnavailable {
            what: format!("{kind} {} in namespace {}", quote(name), quote(namespace)),
            reason: reason.to_owned(),
            remedy,
        }
    }
}
