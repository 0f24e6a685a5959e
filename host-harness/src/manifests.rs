//! Manifests: which objects do these files hold, and which of them does the policy decide about?
//!
//! Input is what `helm template`, `kustomize build` or `kubectl get -o yaml` print: any number of documents, YAML or JSON, in
//! files, in folders or on standard input. Lists are taken apart. An object of the eight kinds that run images becomes the
//! request to create it. Of the others, those that hold containers all the same (a Rollout, a Knative Service, an operator's
//! own kind) are named as not covered: the cluster would not ask the policy about them, only about the pods that come of
//! them later. The rest is counted.
//!
//! Nothing is left out in silence: a document that cannot be read, or more than is looked at, is an error.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use sigwarden_core::workload::{self, Workload, WorkloadError};

use crate::documents::{self, Document};
use crate::request;

/// Bytes of one file. What a whole cluster prints has some tens of megabytes; a parsed file takes ten times its size.
const MAX_BYTES: u64 = 64 << 20;
/// Files of one scan: more than any repository of manifests has, and an end for a path that was not meant (`/`).
const MAX_FILES: usize = 20_000;
/// Objects of one scan. The largest clusters run some 150,000 pods, and nobody reads about more than these at once.
const MAX_OBJECTS: usize = 200_000;
/// Folders within folders. Deeper than any checkout, and an end for links that lead in a circle.
const MAX_FOLDERS: usize = 32;
/// Lists within lists. `kubectl` prints one; `kustomize` may be given one.
const MAX_LISTS: usize = 8;

/// Names of files in folders that hold manifests.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// What stands for the name of a file where there is none.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// Why manifests cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The system would not read it.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// File or folder.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// It is neither YAML nor JSON.
    #[error("`{file}`, line {line}: {reason}{}", hint(*.is_template))]
    Syntax {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What the parser said.
        reason: String,
        /// Whether it looks like a template that was not rendered.
        is_template: bool,
    },
    /// It is data, but no object.
    #[error("`{file}`, line {line}: {what} is no object of Kubernetes, and nothing here is skipped unseen")]
    NoObject {
        /// The file.
        file: String,
        /// Line on which the document starts.
        line: u64,
        /// What it is.
        what: &'static str,
    },
    /// More than is looked at.
    #[error("`{file}` {what}: scan it in parts")]
    TooMuch {
        /// The file or folder.
        file: String,
        /// What there is too much of.
        what: String,
    },
    /// Nothing at all. A gate that looked at nothing has not said yes.
    #[error("there is no object in {0}")]
    Nothing(String),
}

fn hint(is_template: bool) -> &'static str {
    if is_template { " (this looks like a template: scan what `helm template` makes of the chart)" } else { "" }
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The file, or `standard input`.
    pub file: String,
    /// Line on which its document starts, from 1.
    pub line: u64,
    /// The template that `helm template` made it of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.template {
            Some(template) => f.write_str(template),
            None => write!(f, "{}:{}", self.file, self.line),
        }
    }
}

/// An object that was read, as people know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// Where it comes from.
    pub origin: Origin,
    /// It in words: `Deployment shop/web`.
    #[serde(rename = "object")]
    pub name: String,
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.origin)
    }
}

/// An object that the policy decides about.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Which.
    pub object: Object,
    /// The request that creates it.
    pub request: Value,
    /// The images that it names, as far as it can be read.
    pub images: Vec<String>,
}

/// An object that runs images, and that the policy is not asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotCovered {
    /// Which.
    #[serde(flatten)]
    pub object: Object,
    /// Why the policy is not asked.
    pub reason: String,
    /// The images in its pod templates.
    pub images: Vec<String>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifests {
    /// What the policy decides about.
    pub covered: Vec<Manifest>,
    /// What it does not decide about, although it has containers.
    pub not_covered: Vec<NotCovered>,
    /// How many other objects there are.
    pub others: usize,
    /// How many files there are.
    pub files: usize,
}

impl Manifests {
    /// Every object.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.covered.len().saturating_add(self.not_covered.len()).saturating_add(self.others)
    }
}

/// Reads files, folders and, for `-`, standard input. `namespace` is that of objects that name none.
///
/// # Errors
/// See [`ManifestError`].
pub fn read(paths: &[PathBuf], namespace: &str) -> Result<Manifests, ManifestError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() { search(path, MAX_FOLDERS, &mut files)? } else { files.push(path.clone()) }
    }
    let mut reader = Reader { namespace, found: Manifests { files: files.len(), ..Manifests::default() } };
    for path in &files {
        let (file, text) = text_of(path)?;
        reader.text(&text, &file)?;
    }
    if reader.found.objects() == 0 {
        let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(ManifestError::Nothing(names.join(", ")));
    }
    Ok(reader.found)
}

/// Reads one text. `file` names it.
///
/// # Errors
/// See [`ManifestError`].
pub fn parse(text: &str, file: &str, namespace: &str) -> Result<Manifests, ManifestError> {
    let mut reader = Reader { namespace, found: Manifests { files: 1, ..Manifests::default() } };
    reader.text(text, file)?;
    Ok(reader.found)
}

fn text_of(path: &Path) -> Result<(String, String), ManifestError> {
    let is_standard_input = path == Path::new("-");
    let file = if is_standard_input { STANDARD_INPUT.to_owned() } else { path.display().to_string() };
    let unreadable =
        |error: std::io::Error| ManifestError::Unreadable { file: file.clone(), reason: error.to_string() };
    let input: Box<dyn Read> = if is_standard_input {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(unreadable)?)
    };
    let mut text = String::new();
    let read = input.take(MAX_BYTES.saturating_add(1)).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(ManifestError::TooMuch { file, what: format!("has more than {MAX_BYTES} bytes") });
    }
    Ok((file, text))
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ManifestError> {
    let file = || folder.display().to_string();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(ManifestError::TooMuch {
            file: file(),
            what: format!("lies more than {MAX_FOLDERS} folders deep"),
        });
    };
    let unreadable = |error: std::io::Error| ManifestError::Unreadable { file: file(), reason: error.to_string() };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries.map(|entry| Ok(entry.map_err(unreadable)?.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if path.is_dir() {
            // What git keeps is nobody's manifest. Other hidden folders kubectl reads, too.
            if name != ".git" {
                search(&path, depth, found)?;
            }
        } else if EXTENSIONS
            .iter()
            .any(|extension| name.strip_suffix(extension).is_some_and(|name| name.ends_with('.')))
        {
            if found.len() >= MAX_FILES {
                return Err(ManifestError::TooMuch { file: file(), what: format!("has more than {MAX_FILES} files") });
            }
            found.push(path);
        }
    }
    Ok(())
}

struct Reader<'a> {
    namespace: &'a str,
    found: Manifests,
}

impl Reader<'_> {
    fn text(&mut self, text: &str, file: &str) -> Result<(), ManifestError> {
        let documents = documents::read(text, file).map_err(|error| ManifestError::Syntax {
            file: file.to_owned(),
            line: error.line,
            is_template: error.is_template,
            reason: error.reason,
        })?;
        documents.into_iter().try_for_each(|Document { value, line, template }| {
            self.document(value, &Origin { file: file.to_owned(), line, template })
        })
    }

    fn document(&mut self, document: Value, origin: &Origin) -> Result<(), ManifestError> {
        let what = match &document {
            // Comments only, or nothing.
            Value::Null => return Ok(()),
            Value::Object(_) => return self.object(document, origin, MAX_LISTS),
            Value::Array(_) => "a list without kind",
            Value::String(_) => "a text",
            Value::Bool(_) | Value::Number(_) => "a value",
        };
        Err(ManifestError::NoObject { file: origin.file.clone(), line: origin.line, what })
    }

    fn object(&mut self, mut object: Value, origin: &Origin, lists: usize) -> Result<(), ManifestError> {
        let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, version) = (text(&object, "kind"), text(&object, "apiVersion"));
        let has_items = object.get("items").is_some();
        if has_items && !kind.is_empty() && !kind.ends_with("List") {
            // kubectl creates the items, and nothing else of it.
            let what = "an object with `items` that is no list";
            return Err(ManifestError::NoObject { file: origin.file.clone(), line: origin.line, what });
        }
        if has_items {
            let of = kind.strip_suffix("List").unwrap_or_default();
            let Some(lists) = lists.checked_sub(1) else {
                return Err(ManifestError::TooMuch {
                    file: origin.file.clone(),
                    what: format!("has more than {MAX_LISTS} lists in each other"),
                });
            };
            let items = match object.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items,
                // `kubectl get` of nothing.
                Some(Value::Null) | None => Vec::new(),
                Some(_) => {
                    let what = "a list whose `items` are none";
                    return Err(ManifestError::NoObject { file: origin.file.clone(), line: origin.line, what });
                }
            };
            for mut item in items {
                let Some(fields) = item.as_object_mut() else {
                    let what = "an item of the list";
                    return Err(ManifestError::NoObject { file: origin.file.clone(), line: origin.line, what });
                };
                // The API's own lists say once what their items are.
                if !of.is_empty() {
                    complete(fields, "kind", of);
                    complete(fields, "apiVersion", &version);
                }
                self.object(item, origin, lists)?;
            }
            return Ok(());
        }
        // What kubectl would not create either, and charts and kustomizations are made of.
        let unrendered = match (kind.as_str(), version.split_once('/')) {
            ("", _) => Some("a document without `kind` (of a chart? then scan what `helm template` makes of it)"),
            (_, Some(("kustomize.config.k8s.io", _))) => {
                Some("a kustomization (scan what `kustomize build` makes of it)")
            }
            _ => None,
        };
        if let Some(what) = unrendered {
            return Err(ManifestError::NoObject { file: origin.file.clone(), line: origin.line, what });
        }
        if self.found.objects() >= MAX_OBJECTS {
            let what = format!("brings the scan to more than {MAX_OBJECTS} objects");
            return Err(ManifestError::TooMuch { file: origin.file.clone(), what });
        }
        let request = request::creation(object, &kind, self.namespace);
        let named = Object { origin: origin.clone(), name: workload::subject_of(&request) };
        let images = match Workload::from_request(&request) {
            Err(WorkloadError::UnknownKind { kind }) => {
                self.other(&request, &kind, named);
                return Ok(());
            }
            // What else is wrong with it the module will say.
            Err(_) => Vec::new(),
            Ok(workload) => workload.images.into_iter().map(|image| image.image).collect::<Vec<_>>(),
        };
        // Within quotes a template is YAML.
        if images.iter().any(|image| image.contains("{{")) {
            let (file, reason) = (origin.file.clone(), "an image has `{{` in it".to_owned());
            return Err(ManifestError::Syntax { file, line: origin.line, reason, is_template: true });
        }
        self.found.covered.push(Manifest { object: named, request, images });
        Ok(())
    }

    fn other(&mut self, request: &Value, kind: &str, object: Object) {
        match request.get("object").and_then(images_in) {
            None => self.found.others = self.found.others.saturating_add(1),
            Some(images) => self.found.not_covered.push(NotCovered {
                object,
                reason: format!("the policy is not asked about {kind}, only about the pods that come of it"),
                images,
            }),
        }
    }
}

/// Where other kinds keep containers: as pods do, as steps (Tekton), as sidecars of a template (Argo Workflows).
const LISTS: [&str; 5] = ["initContainers", "containers", "ephemeralContainers", "sidecars", "steps"];
/// Where they keep a single one: Argo's templates.
const SINGLE: [&str; 2] = ["container", "script"];

/// The images of all containers in an object, at any depth; `None` if there is none. A schema that speaks of containers has
/// no list of them, and under `image` no text.
fn images_in(object: &Value) -> Option<Vec<String>> {
    let mut found: Option<Vec<String>> = None;
    // As large as the document, which has a limit.
    let mut left = vec![object];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                let image = |container: &Value| container.get("image").and_then(Value::as_str).map(str::to_owned);
                for list in LISTS {
                    let is_pods = list.ends_with("ontainers");
                    let containers = fields.get(list).and_then(Value::as_array).into_iter().flatten();
                    for container in containers.filter(|it| it.is_object() && (is_pods || image(it).is_some())) {
                        let images = found.get_or_insert_default();
                        images.extend(image(container).filter(|image| !images.contains(image)));
                    }
                }
                for image in SINGLE.iter().filter_map(|name| image(fields.get(*name)?)) {
                    let images = found.get_or_insert_default();
                    images.extend(Some(image).filter(|image| !images.contains(image)));
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found.map(|mut images| {
        images.sort();
        images
    })
}

/// Fills in what is missing, or empty.
fn complete(fields: &mut serde_json::Map<String, Value>, name: &str, value: &str) {
    let says_nothing = |found: &Value| found.is_null() || found.as_str().is_some_and(str::is_empty);
    if fields.get(name).is_none_or(says_nothing) {
        fields.insert(name.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests;
