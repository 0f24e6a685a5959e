//! Objects of the cluster, as `kubernetes/get_resource` hands them out.

use sigwarden_metadata::Resource;

use crate::call::Call;
use crate::host::{Host, Profile};
use crate::resources::{ObjectName, Resources};

/// A host hands out kinds that were granted to the policy (`contextAwareResources`). An extended host grants all.
pub(super) fn check_grant(host: &Host, api_version: &str, kind: &str) -> Result<(), String> {
    let wanted = Resource { api_version: api_version.to_owned(), kind: kind.to_owned() };
    if host.profile == Profile::Extended || host.kinds.contains(&wanted) {
        return Ok(());
    }
    Err(format!(
        "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
    ))
}

/// The object as JSON. The error texts are Kubewarden's; without any object at hand this is a host without a cluster.
pub(super) fn get_resource(resources: &Resources, call: &Call) -> Result<Vec<u8>, String> {
    let Call::KubernetesGetResource { api_version, kind, name, namespace, .. } = call else {
        return Err("not a question about an object".to_owned());
    };
    if resources.is_empty() {
        return Err("kube::Client was not initialized properly".to_owned());
    }
    let wanted = ObjectName {
        api_version: api_version.clone(),
        kind: kind.clone(),
        namespace: namespace.clone(),
        name: name.clone(),
    };
    match resources.get(&wanted) {
        Some(object) => serde_json::to_vec(object).map_err(|error| error.to_string()),
        None => Err(format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")),
    }
}
