//! What variables see: the predicate's keys, and beside them the request, the image and named attestations.
//!
//! The names that stand for the request and the image always do: a predicate with a key `request` cannot pass for it.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use super::err::ConditionError;
use crate::admission::outline::whole;
use crate::decision::Finding;
use crate::reference::{Digest, ImageRef};
use crate::suggestion::closest_first;

/// Keys that an error about an absent key names.
pub(super) const NAMED_KEYS: usize = 5;

/// The names that Kyverno binds, and a predicate cannot.
pub const RESERVED_NAMES: &[&str] = &[
    "request",
    "images",
    "image",
    "serviceAccountName",
    "serviceAccountNamespace",
    "element",
    "elementIndex",
    "target",
];

/// Those of them that have a meaning here. (The others belong to `foreach` and to mutation of existing objects.)
const BOUND_NAMES: &[&str] = &["request", "images", "image", "serviceAccountName", "serviceAccountNamespace"];

/// One container of the object, for the variable `images`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// `containers`, `initContainers` or `ephemeralContainers`.
    pub list: String,
    /// The container's name.
    pub container: String,
    /// Its image.
    pub image: ImageRef,
}

/// What conditions may ask about the request itself. Made once for a request, and worked out only where it is asked for.
#[derive(Clone, Debug)]
pub struct RequestFacts<'r> {
    payload: &'r [u8],
    request: OnceCell<Result<Value, Finding>>,
    containers: Vec<ContainerImage>,
    images: OnceCell<Value>,
    account: OnceCell<(Value, Value)>,
}

impl<'r> RequestFacts<'r> {
    /// `payload` is a `ValidationRequest`, with the `AdmissionRequest` in it.
    #[must_use]
    pub const fn new(payload: &'r [u8], containers: Vec<ContainerImage>) -> Self {
        Self { payload, request: OnceCell::new(), containers, images: OnceCell::new(), account: OnceCell::new() }
    }

    fn request(&self) -> Result<&Value, ConditionError> {
        let request = self.request.get_or_init(|| whole(self.payload));
        request.as_ref().map_err(|finding| ConditionError::Request(finding.message.clone()))
    }

    /// The whole request, for whoever patches it: read once, whether a condition asked for it or not.
    ///
    /// # Errors
    /// When what the outline leaves out cannot be read.
    pub(crate) fn into_request(self) -> Result<Value, Finding> {
        self.request.into_inner().unwrap_or_else(|| whole(self.payload))
    }

    fn images(&self) -> &Value {
        self.images.get_or_init(|| {
            let mut lists: Map<String, Value> = Map::new();
            for container in &self.containers {
                let list = lists.entry(container.list.clone()).or_insert_with(|| json!({}));
                if let Some(list) = list.as_object_mut() {
                    list.insert(container.container.clone(), describe(&container.image, container.image.digest()));
                }
            }
            Value::Object(lists)
        })
    }

    /// Name and namespace of the service account that asks; empty for other users, as in Kyverno.
    fn account(&self) -> Result<&(Value, Value), ConditionError> {
        let request = self.request()?;
        Ok(self.account.get_or_init(|| {
            let user = request.pointer("/userInfo/username").and_then(Value::as_str).unwrap_or_default();
            let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
            let (namespace, name) = account.unwrap_or_default();
            (name.into(), namespace.into())
        }))
    }
}

/// The image that is checked, and what it was resolved to.
#[derive(Clone, Copy, Debug)]
pub struct ImageFacts<'i> {
    /// As the object writes it.
    pub image: &'i ImageRef,
    /// Its digest.
    pub digest: &'i Digest,
}

/// What the variables of one condition see.
#[derive(Clone, Debug)]
pub struct Scope<'s> {
    now: i64,
    predicate: Option<&'s Value>,
    request: Option<&'s RequestFacts<'s>>,
    image: Option<ImageFacts<'s>>,
    named: Vec<(&'s str, &'s Value)>,
    described: OnceCell<Value>,
}

impl<'s> Scope<'s> {
    /// A scope in which nothing is bound. `now` is in Unix seconds.
    #[must_use]
    pub const fn new(now: i64) -> Self {
        Self { now, predicate: None, request: None, image: None, named: Vec::new(), described: OnceCell::new() }
    }

    /// Binds the predicate's keys.
    #[must_use]
    pub const fn with_predicate(mut self, predicate: &'s Value) -> Self {
        self.predicate = Some(predicate);
        self
    }

    /// Binds `request`, `images` and the service account.
    #[must_use]
    pub const fn with_request(mut self, request: Option<&'s RequestFacts<'s>>) -> Self {
        self.request = request;
        self
    }

    /// Binds `image`.
    #[must_use]
    pub const fn with_image(mut self, image: ImageFacts<'s>) -> Self {
        self.image = Some(image);
        self
    }

    /// Binds the predicates of named attestations.
    #[must_use]
    pub fn with_named(mut self, named: Vec<(&'s str, &'s Value)>) -> Self {
        self.named = named;
        self
    }

    /// Unix seconds.
    pub(super) const fn now(&self) -> i64 {
        self.now
    }

    /// What a name stands for.
    pub(super) fn name(&self, name: &str) -> Result<&Value, ConditionError> {
        let absent = |within, nearest: Vec<&str>| {
            let nearest = nearest.into_iter().take(NAMED_KEYS).map(str::to_owned).collect();
            Err(ConditionError::MissingKey { within, path: name.to_owned(), nearest })
        };
        if RESERVED_NAMES.contains(&name) {
            let bound = match (name, self.request) {
                ("request", Some(facts)) => Some(facts.request()?),
                ("images", Some(facts)) => Some(facts.images()),
                ("serviceAccountName", Some(facts)) => Some(&facts.account()?.0),
                ("serviceAccountNamespace", Some(facts)) => Some(&facts.account()?.1),
                ("image", _) => {
                    self.image.map(|facts| self.described.get_or_init(|| describe(facts.image, Some(facts.digest))))
                }
                _ => None,
            };
            return match bound {
                Some(value) => Ok(value),
                None => absent("this place", Vec::new()),
            };
        }
        if let Some((_, value)) = self.named.iter().find(|(known, _)| *known == name) {
            return Ok(value);
        }
        match self.predicate {
            Some(Value::Object(keys)) => match keys.get(name) {
                Some(value) => Ok(value),
                None => absent("the predicate", closest_first(name, keys.keys().map(String::as_str))),
            },
            Some(other) => Err(ConditionError::NotTraversable {
                within: "the statement",
                path: "predicate".to_owned(),
                found: kind_of(other),
                wanted: "an object",
            }),
            None => {
                let known = self.named.iter().map(|(known, _)| *known).chain(BOUND_NAMES.iter().copied());
                absent("`validate.deny`", closest_first(name, known))
            }
        }
    }

    /// In words, where a name leads to.
    pub(super) fn place_of(&self, name: &str) -> &'static str {
        match name {
            "request" => "the request",
            "image" | "images" => "the image",
            _ if self.named.iter().any(|(known, _)| *known == name) => "the named attestation",
            _ => "the predicate",
        }
    }
}

/// Whether a name stands for something other than a key of the predicate.
pub fn is_bound_name(name: &str) -> bool {
    BOUND_NAMES.contains(&name)
}

/// Kyverno's `image` and `images.….<container>`: the spelling that its patterns see, without `library/`.
fn describe(image: &ImageRef, digest: Option<&Digest>) -> Value {
    let (registry, path) = image.written_name().split_once('/').unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    // Kyverno fills the tag in only where there is no digest either.
    let tag = match (image.tag(), image.digest()) {
        (Some(tag), _) => tag,
        (None, Some(_)) => "",
        (None, None) => image.tag_or_latest(),
    };
    let with_tag = format!("{registry}/{path}:{tag}");
    let reference = image.digest().map_or_else(|| with_tag.clone(), |digest| format!("{registry}/{path}@{digest}"));
    let mut facts = json!({
        "registry": registry, "path": path, "name": name, "reference": reference, "referenceWithTag": with_tag,
    });
    if let Some(facts) = facts.as_object_mut() {
        if !tag.is_empty() {
            facts.insert("tag".to_owned(), tag.into());
        }
        if let Some(digest) = digest {
            facts.insert("digest".to_owned(), digest.as_str().into());
        }
    }
    facts
}

/// The type of a value, in words.
pub(super) const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
