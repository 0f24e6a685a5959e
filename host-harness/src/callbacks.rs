//! What the module asks of its host, answered as that host would.
//!
//! A stock Kubewarden's calls are answered with its own shapes and errors: free text that the module must read like that
//! of any cluster, and a refusal for what was not granted to the policy. The extended ones (binding `sigwarden`)
//! answer with typed JSON, in which absent and unreachable cannot be mixed up; a stock host does not know them.

mod cluster;
mod extended;
mod stock;

use std::sync::Arc;

use crate::call::{Call, NoCall};
use crate::host::{Host, Profile};
use crate::log::Log;
use stock::Registry;

/// Answers host calls.
pub(crate) struct Callbacks {
    host: Host,
    registry: Registry,
    log: Arc<Log>,
}

impl Callbacks {
    pub(crate) fn new(host: Host, log: Arc<Log>) -> Self {
        Self { registry: Registry::new(Arc::clone(&host.source)), host, log }
    }

    /// Answers one call. The error text is what the module gets to see.
    pub(crate) fn answer(
        &self,
        binding: &str,
        namespace: &str,
        operation: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, String> {
        if (binding, namespace, operation) == ("kubewarden", "tracing", "log") {
            self.log.detail(|| format!("module: {}", String::from_utf8_lossy(payload)));
            return Ok(Vec::new());
        }
        let answer = match (binding, self.host.profile) {
            ("kubewarden", _) => self.kubewarden(namespace, operation, payload),
            ("sigwarden", Profile::Extended) => self.sigwarden(namespace, operation, payload),
            _ => Err(format!("unknown binding: {binding}")),
        };
        self.log.detail(|| {
            let outcome = match &answer {
                Ok(value) => format!("{} bytes", value.len()),
                Err(error) => error.clone(),
            };
            format!("{binding}/{namespace}/{operation} {}: {outcome}", String::from_utf8_lossy(payload))
        });
        answer
    }

    /// Binding `kubewarden`. Grants come first: what a host refuses, it does not read.
    fn kubewarden(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let capability = format!("{namespace}/{operation}");
        if !self.host.granted.allows(&capability) {
            return Err(format!(
                "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
            ));
        }
        let call = Call::stock(namespace, operation, payload).map_err(|reason| match reason {
            NoCall::Unknown(text) | NoCall::Payload(text) => text,
        })?;
        if let Call::KubernetesGetResource { api_version, kind, .. } = &call {
            cluster::check_grant(&self.host, api_version, kind)?;
        }
        let live = || match &call {
            Call::OciManifestDigest { image } => self.registry.manifest_digest(image),
            Call::OciManifest { image } => self.registry.oci_manifest(image),
            Call::OciManifestAndConfig { image } => self.registry.oci_manifest_config(image),
            Call::KubernetesGetResource { .. } => cluster::get_resource(&self.host.resources, &call),
            Call::SigwardenBlob { .. } | Call::SigwardenReferrers { .. } | Call::SigwardenRekorEntries { .. } => {
                Err("not a call of Kubewarden's".to_owned())
            }
        };
        self.host.session.answer(&call, live).map_err(|error| format!("Callback evaluation failure: {error}"))
    }

    /// Binding `sigwarden`.
    fn sigwarden(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let call = Call::extended(namespace, operation, payload).map_err(|reason| match reason {
            NoCall::Unknown(text) => text,
            NoCall::Payload(text) => format!("the payload is not a repository and digest: {text}"),
        })?;
        self.host.session.answer(&call, || extended::answer(self.host.source.as_ref(), &call))
    }
}

#[cfg(test)]
mod tests;
