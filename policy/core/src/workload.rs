//! Which images does this request want to run, and where does the object name them?
//!
//! Input is an `AdmissionRequest` as JSON. The kind of the object is decided by `request.kind` and must agree with the
//! object's own; `request.resource` is not asked, because Kubewarden's audit scanner fills it differently. Images are
//! those of containers, init containers, ephemeral containers and image volumes.
//!
//! Everything that cannot be read is an error, and every error is a refusal: an object of another kind, a missing
//! field, an image that is absent. Two requests are let through without reading images: DELETE, which runs nothing,
//! and an UPDATE that leaves the pod specification of an object alone that is on its way out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::decision::{Code, Finding, Location};
use crate::quote::{plain, quote};
use crate::reference::ImageRef;

/// Most images in one object. The API server stores objects up to 1.5 MiB, and a pod with 512 containers is no pod
/// that anybody runs.
const MAX_IMAGES: usize = 512;
/// The API server's own limit on annotations, keys and values together (`TotalAnnotationSizeLimitB`).
pub(crate) const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

/// The kinds, with their groups and the way from the object to the pod specification.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("", "Pod", &["spec"]),
    ("", "ReplicationController", &["spec", "template", "spec"]),
    ("apps", "Deployment", &["spec", "template", "spec"]),
    ("apps", "ReplicaSet", &["spec", "template", "spec"]),
    ("apps", "StatefulSet", &["spec", "template", "spec"]),
    ("apps", "DaemonSet", &["spec", "template", "spec"]),
    ("batch", "Job", &["spec", "template", "spec"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
];

const RULES: &str = r#"give the policy exactly these rules:
rules:
  - {apiGroups: [""], apiVersions: [v1], resources: [pods, pods/ephemeralcontainers, replicationcontrollers], operations: [CREATE, UPDATE]}
  - {apiGroups: [apps], apiVersions: [v1], resources: [deployments, replicasets, statefulsets, daemonsets], operations: [CREATE, UPDATE]}
  - {apiGroups: [batch], apiVersions: [v1], resources: [jobs, cronjobs], operations: [CREATE, UPDATE]}"#;

/// Why a request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// A field that must be there is absent or null.
    #[error("the request has no `{pointer}`")]
    Missing {
        /// RFC 6901 pointer within the request.
        pointer: String,
    },
    /// A field has the wrong type.
    #[error("`{pointer}` must be {wanted}")]
    WrongType {
        /// RFC 6901 pointer within the request; empty for the request itself.
        pointer: String,
        /// What it must be, for example `a list`.
        wanted: &'static str,
    },
    /// Not CREATE, UPDATE or DELETE.
    #[error("operation {} is not one that this policy decides", quote(.operation))]
    UnknownOperation {
        /// The operation as written.
        operation: String,
    },
    /// A part of an object that has its own endpoint, and starts nothing.
    #[error("{} is not an object that this policy decides about", quote(.subresource))]
    Subresource {
        /// For example `pods/status`.
        subresource: String,
    },
    /// Not one of the eight kinds that run images.
    #[error("{} is not a kind that this policy knows: it decides about Pod, ReplicationController, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job and CronJob", quote(.kind))]
    UnknownKind {
        /// Group and kind, for example `autoscaling/Scale`.
        kind: String,
    },
    /// The request and the object in it speak of different kinds.
    #[error("the request is about a {}, but its object is a {}", quote(.request), quote(.object))]
    KindMismatch {
        /// `request.kind.kind`.
        request: String,
        /// `request.object.kind`.
        object: String,
    },
    /// A container or image volume without image. Kubernetes stores that in pod templates, for controllers to fill in.
    #[error("{field} {} names no image, so there is nothing to verify", quote(.name))]
    ImageMissing {
        /// The list and index, for example `initContainers[0]`.
        field: String,
        /// Name of the container or volume.
        name: String,
    },
    /// More images than are looked at.
    #[error("the object names more than {MAX_IMAGES} images")]
    TooManyImages,
    /// More annotations than Kubernetes stores.
    #[error("the object has {0} bytes of annotations; Kubernetes stores up to {MAX_ANNOTATION_BYTES}")]
    TooLarge(usize),
}

impl WorkloadError {
    /// The error with its code and what to do about it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let code = match self {
            Self::Missing { .. } | Self::WrongType { .. } | Self::KindMismatch { .. } => Code::RequestMalformed,
            Self::UnknownOperation { .. } | Self::UnknownKind { .. } | Self::Subresource { .. } => {
                Code::KindUnsupported
            }
            Self::ImageMissing { .. } => Code::ReferenceInvalid,
            Self::TooManyImages | Self::TooLarge(_) => Code::RequestTooLarge,
        };
        let finding = Finding::new(code, self.to_string());
        match self {
            Self::UnknownOperation { .. } | Self::UnknownKind { .. } | Self::Subresource { .. } => {
                finding.remedy(RULES)
            }
            Self::ImageMissing { .. } => finding.remedy("write the image into the object"),
            Self::TooManyImages => finding.remedy("split the workload"),
            _ => finding,
        }
    }
}

/// What the request wants to do with the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Create it.
    Create,
    /// Change it.
    Update,
    /// Remove it: nothing runs that did not run before.
    Delete,
}

/// One image of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadImage {
    /// The image string as written: not empty, not yet parsed.
    pub image: String,
    /// Where it stands. The pointer is relative to the object.
    pub location: Location,
    /// Where its pull policy stands, or would: an RFC 6901 pointer relative to the object.
    pub pull_pointer: String,
    /// Whether nodes pull it each time. Where no policy is written, by Kubernetes' default: for the tag `latest`.
    pub is_always_pulled: bool,
}

/// The images of a request, and what else of it the decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What the request wants.
    pub operation: Operation,
    /// Whether the object is on its way out and its images stay as they are: the update only lets it go.
    pub is_leaving_unchanged: bool,
    /// Init containers first, then containers, ephemeral containers and image volumes. Empty for DELETE, and at most
    /// 512.
    pub images: Vec<WorkloadImage>,
    /// The namespace, if the request names one.
    pub namespace: Option<String>,
    /// For UPDATE, the image strings of the old object by pointer.
    pub old_images: BTreeMap<String, String>,
    is_pod: bool,
    subject: String,
}

impl Workload {
    /// Reads an `AdmissionRequest` (not the `AdmissionReview` around it).
    ///
    /// # Errors
    /// With the first thing that cannot be read; see [`WorkloadError`].
    pub fn from_request(request: &Value) -> Result<Self, WorkloadError> {
        if !request.is_object() {
            return Err(WorkloadError::WrongType { pointer: String::new(), wanted: "an object" });
        }
        let operation = match text_at(request, "/operation")? {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            other => return Err(WorkloadError::UnknownOperation { operation: other.to_owned() }),
        };
        let mut workload = Self {
            operation,
            is_leaving_unchanged: false,
            images: Vec::new(),
            namespace: namespace_of(request).map(str::to_owned),
            is_pod: request.pointer("/kind/kind").is_some_and(|kind| kind == "Pod"),
            old_images: BTreeMap::new(),
            subject: subject_of(request),
        };
        if operation == Operation::Delete {
            return Ok(workload);
        }

        check_subresource(request)?;
        let way = way_to_pod_spec(request)?;
        let object = object_at(request, "/object")?;
        check_kind_of_object(request, object)?;
        check_annotations(object)?;

        if operation == Operation::Update {
            let pod_spec = |object: &str| request.pointer(&format!("/{object}/{}", way.join("/")));
            workload.old_images = pod_spec("oldObject").map(|spec| images_by_pointer(spec, way)).unwrap_or_default();
            workload.is_leaving_unchanged = may_be_leaving(request) && pod_spec("object") == pod_spec("oldObject");
        }
        if !workload.is_leaving_unchanged {
            let pod_spec = object_at(request, &format!("/object/{}", way.join("/")))?;
            workload.images = Images::read(pod_spec, way)?;
        }
        Ok(workload)
    }

    /// The object in words, for example `Pod default/web`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the pull policy of what stands at `location` can still be set. That of a pod's containers cannot be changed
    /// once they are there.
    #[must_use]
    pub fn may_set_pull_policy(&self, location: &Location) -> bool {
        !(self.is_pod && self.old_images.contains_key(&location.pointer))
    }

    /// Whether the old object names the same image in the same place. Never for CREATE.
    #[must_use]
    pub fn is_unchanged(&self, image: &str, location: &Location) -> bool {
        self.old_images.get(&location.pointer).is_some_and(|old| old == image)
    }
}

/// Whether the object is on its way out: then [`Workload::from_request`] compares all of its pod specification.
#[must_use]
pub fn may_be_leaving(request: &Value) -> bool {
    request.pointer("/object/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())
}

/// The object of a request in words, as far as the request tells: `Pod default/web`, `Pod default/web-*` where the name
/// is yet to be generated. Never fails, so that a malformed request has a subject too.
#[must_use]
pub fn subject_of(request: &Value) -> String {
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("/kind/kind").or_else(|| text("/object/kind")).unwrap_or("object");
    let namespace = namespace_of(request);
    let name = text("/name").or_else(|| text("/object/metadata/name"));
    let generated = text("/object/metadata/generateName");

    let mut subject = plain(kind).to_string();
    subject.push(' ');
    if let Some(namespace) = namespace {
        subject.push_str(&format!("{}/", plain(namespace)));
    }
    match (name, generated) {
        (Some(name), _) => subject.push_str(&plain(name).to_string()),
        (None, Some(prefix)) => subject.push_str(&format!("{}*", plain(prefix))),
        (None, None) => subject.push_str("(unnamed)"),
    }
    subject
}

/// The namespace as the API server names it, or the object where a scanner left it out.
fn namespace_of(request: &Value) -> Option<&str> {
    let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("/namespace").or_else(|| text("/object/metadata/namespace"))
}

/// Ephemeral containers come through an endpoint of their own, with the whole pod. Nothing else that does runs an image,
/// and a policy that is asked about it has rules that are too wide.
fn check_subresource(request: &Value) -> Result<(), WorkloadError> {
    let subresource = match request.pointer("/subResource") {
        None | Some(Value::Null) => return Ok(()),
        Some(_) => text_at(request, "/subResource")?,
    };
    if subresource.is_empty() || subresource == "ephemeralcontainers" {
        return Ok(());
    }
    let resource = request.pointer("/resource/resource").and_then(Value::as_str).unwrap_or("objects");
    Err(WorkloadError::Subresource { subresource: format!("{resource}/{subresource}") })
}

fn way_to_pod_spec(request: &Value) -> Result<&'static [&'static str], WorkloadError> {
    let kind = text_at(request, "/kind/kind")?;
    // The core group is the empty string, which JSON written by Go may leave out.
    let group = match request.pointer("/kind/group") {
        None | Some(Value::Null) => "",
        Some(_) => text_at(request, "/kind/group")?,
    };
    let known = KINDS.iter().find(|(known_group, known_kind, _)| (*known_group, *known_kind) == (group, kind));
    match known {
        Some((_, _, way)) => Ok(way),
        None if group.is_empty() => Err(WorkloadError::UnknownKind { kind: kind.to_owned() }),
        None => Err(WorkloadError::UnknownKind { kind: format!("{group}/{kind}") }),
    }
}

fn check_kind_of_object(request: &Value, object: &Map<String, Value>) -> Result<(), WorkloadError> {
    if !object.contains_key("kind") {
        return Ok(());
    }
    let (request_kind, object_kind) = (text_at(request, "/kind/kind")?, text_at(request, "/object/kind")?);
    if request_kind == object_kind {
        Ok(())
    } else {
        Err(WorkloadError::KindMismatch { request: request_kind.to_owned(), object: object_kind.to_owned() })
    }
}

fn check_annotations(object: &Map<String, Value>) -> Result<(), WorkloadError> {
    let annotations =
        object.get("metadata").and_then(|metadata| metadata.get("annotations")).and_then(Value::as_object);
    let bytes = annotations
        .into_iter()
        .flatten()
        .map(|(key, value)| key.len().saturating_add(value.as_str().map_or(0, str::len)))
        .fold(0, usize::saturating_add);
    if bytes > MAX_ANNOTATION_BYTES { Err(WorkloadError::TooLarge(bytes)) } else { Ok(()) }
}

/// The images of an old object. What cannot be read counts as changed.
fn images_by_pointer(pod_spec: &Value, way: &[&str]) -> BTreeMap<String, String> {
    let images = pod_spec.as_object().and_then(|spec| Images::read(spec, way).ok()).unwrap_or_default();
    images.into_iter().map(|image| (image.location.pointer, image.image)).collect()
}

/// The images of one pod specification, as they are collected.
struct Images<'a> {
    way: &'a [&'a str],
    found: Vec<WorkloadImage>,
}

impl<'a> Images<'a> {
    fn read(pod_spec: &Map<String, Value>, way: &'a [&'a str]) -> Result<Vec<WorkloadImage>, WorkloadError> {
        let mut images = Self { way, found: Vec::new() };
        if pod_spec.get("containers").is_none_or(Value::is_null) {
            return Err(WorkloadError::Missing { pointer: format!("/object{}", images.pointer("containers")) });
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            images.add_list(pod_spec, list, "image", |container| Some(container.get("image")))?;
        }
        images.add_list(pod_spec, "volumes", "image/reference", |volume| {
            volume.get("image").filter(|image| !image.is_null()).map(|image| image.get("reference"))
        })?;
        Ok(images.found)
    }

    /// Adds the images of one list. `image_of` answers `None` for an item that is not about an image at all.
    fn add_list(
        &mut self,
        pod_spec: &Map<String, Value>,
        list: &'static str,
        image_path: &str,
        image_of: impl for<'v> Fn(&'v Map<String, Value>) -> Option<Option<&'v Value>>,
    ) -> Result<(), WorkloadError> {
        let items = match pod_spec.get(list) {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong_type(list, "a list")),
        };
        for (index, item) in items.iter().enumerate() {
            let item_path = format!("{list}/{index}");
            let item = item.as_object().ok_or_else(|| self.wrong_type(&item_path, "an object"))?;
            let Some(image) = image_of(item) else { continue };

            let name = match item.get("name") {
                Some(Value::String(name)) => name,
                Some(_) => return Err(self.wrong_type(&format!("{item_path}/name"), "a string")),
                None => {
                    let pointer = format!("/object{}", self.pointer(&format!("{item_path}/name")));
                    return Err(WorkloadError::Missing { pointer });
                }
            };
            let field = format!("{list}[{index}]");
            let (pull_path, pull_policy) = match item.get("image") {
                Some(Value::Object(volume)) => (format!("{item_path}/image/pullPolicy"), volume.get("pullPolicy")),
                _ => (format!("{item_path}/imagePullPolicy"), item.get("imagePullPolicy")),
            };
            let image_path = format!("{item_path}/{image_path}");
            let image = match image {
                None | Some(Value::Null) => "",
                Some(Value::String(image)) => image,
                Some(_) => return Err(self.wrong_type(&image_path, "a string")),
            };
            if image.is_empty() {
                return Err(WorkloadError::ImageMissing { field, name: name.clone() });
            }
            if self.found.len() >= MAX_IMAGES {
                return Err(WorkloadError::TooManyImages);
            }
            let is_always_pulled = match pull_policy.and_then(Value::as_str).filter(|policy| !policy.is_empty()) {
                Some(policy) => policy == "Always",
                None => is_latest(image),
            };
            self.found.push(WorkloadImage {
                image: image.to_owned(),
                pull_pointer: self.pointer(&pull_path),
                is_always_pulled,
                location: Location { pointer: self.pointer(&image_path), field, name: name.clone() },
            });
        }
        Ok(())
    }

    /// RFC 6901 pointer within the object. No segment ever needs escaping: all are field names of Kubernetes or indices.
    fn pointer(&self, path_in_pod_spec: &str) -> String {
        format!("/{}/{path_in_pod_spec}", self.way.join("/"))
    }

    fn wrong_type(&self, path_in_pod_spec: &str, wanted: &'static str) -> WorkloadError {
        WorkloadError::WrongType { pointer: format!("/object{}", self.pointer(path_in_pod_spec)), wanted }
    }
}

/// Whether Kubernetes takes this for the tag `latest`, whose images it pulls each time (core/v1 `imagePullPolicy`).
fn is_latest(image: &str) -> bool {
    ImageRef::parse(image).is_ok_and(|image| match image.digest() {
        Some(_) => image.tag() == Some("latest"),
        None => image.tag_or_latest() == "latest",
    })
}

fn text_at<'a>(request: &'a Value, pointer: &str) -> Result<&'a str, WorkloadError> {
    match request.pointer(pointer) {
        None | Some(Value::Null) => Err(WorkloadError::Missing { pointer: pointer.to_owned() }),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(WorkloadError::WrongType { pointer: pointer.to_owned(), wanted: "a string" }),
    }
}

fn object_at<'a>(request: &'a Value, pointer: &str) -> Result<&'a Map<String, Value>, WorkloadError> {
    match request.pointer(pointer) {
        None | Some(Value::Null) => Err(WorkloadError::Missing { pointer: pointer.to_owned() }),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(WorkloadError::WrongType { pointer: pointer.to_owned(), wanted: "an object" }),
    }
}

#[cfg(test)]
mod tests;
