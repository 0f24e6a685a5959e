//! Settings from a file: which `verifyImages` does the user mean?
//!
//! Input is YAML or JSON, read by one parser that refuses duplicate keys: in settings that decide who may run, the
//! second of two `subject:` lines must not win in silence. A file that holds a Kubewarden policy stands for its
//! `spec.settings`, and one of another product for what [`convert`] makes of it. Whether settings make sense is for the module to say; errors here are about the file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::convert::report::Note;
use crate::convert::{self, Conversion, Document, Options};
use crate::documents::{Once, ambiguity, options};

/// The API group of Kubewarden's policies.
const KUBEWARDEN_GROUP: &str = "policies.kubewarden.io/";

/// Why a file holds no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// The system would not read it.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It is neither YAML nor JSON.
    #[error("{rendered}")]
    Syntax {
        /// Line of the first error, from 1; 0 where it has no place.
        line: u64,
        /// What is wrong, with file, line, column and the lines around it.
        rendered: String,
    },
    /// It holds no document, or several.
    #[error("`{file}` holds {count} documents, and one policy is needed")]
    NotOne {
        /// The file.
        file: String,
        /// How many.
        count: usize,
    },
    /// It is a Kubewarden policy without settings.
    #[error("`{file}` is a {kind} without spec.settings")]
    NoSettings {
        /// The file.
        file: String,
        /// The kind.
        kind: String,
    },
    /// It is something of Kubewarden's that has no settings of its own.
    #[error("`{file}` is a {kind}: take the settings out of one of its policies")]
    OtherKind {
        /// The file.
        file: String,
        /// The kind.
        kind: String,
    },
    /// It is a policy of another product, and would admit more here.
    #[error("`{file}` cannot be converted without loss: see above, and `sigwarden convert --help`")]
    NotConverted {
        /// The file.
        file: String,
        /// Why.
        notes: Vec<Note>,
    },
    /// Its rules are for different requests, or there are none.
    #[error(
        "`{file}` amounts to no policy, or to several for different requests: write them with `sigwarden convert`, and name one"
    )]
    NotOneScope {
        /// The file.
        file: String,
    },
}

/// What a policy file holds.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// The settings.
    pub settings: Value,
    /// What its conversion had to say, if it is another product's policy.
    pub notes: Vec<Note>,
    conversion: Option<Conversion>,
}

impl PolicyFile {
    /// Settings that need no conversion.
    #[must_use]
    pub const fn of(settings: Value) -> Self {
        Self { settings, notes: Vec::new(), conversion: None }
    }

    /// What to say where a cluster would not ask this policy about the request at all. `None` also where that is not
    /// known: settings alone do not say which requests they are for.
    #[must_use]
    pub fn leaves_out(&self, request: &Value) -> Option<String> {
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (kind, operation) = (text("/kind/kind"), text("/operation"));
        let is_outside = self.conversion.as_ref()?.excludes(kind, text("/subResource"), operation);
        is_outside.then(|| {
            format!("the policy is not for {operation} of {kind}: a cluster would not ask it, and admit this unseen")
        })
    }
}

/// Reads the policy in `path`; `-` is standard input.
///
/// # Errors
/// See [`PolicyFileError`].
pub fn load(path: &Path) -> Result<PolicyFile, PolicyFileError> {
    parse(&read(path)?, &path.display().to_string())
}

/// The documents in `path`; `-` is standard input.
///
/// # Errors
/// [`PolicyFileError::Unreadable`], [`PolicyFileError::Syntax`].
pub fn documents_of(path: &Path) -> Result<Vec<Value>, PolicyFileError> {
    documents(&read(path)?, &path.display().to_string())
}

fn read(path: &Path) -> Result<String, PolicyFileError> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| PolicyFileError::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

/// Reads settings. `file` names them in errors.
///
/// # Errors
/// See [`PolicyFileError`].
pub fn parse(text: &str, file: &str) -> Result<PolicyFile, PolicyFileError> {
    let mut documents = documents(text, file)?;
    if documents.iter().any(convert::is_convertible) {
        return converted(documents, file);
    }
    if let [first, second] = documents.as_slice()
        && is_pair(first, second)
    {
        documents.truncate(1);
    }
    let document = match (documents.pop(), documents.len()) {
        (Some(document), 0) => document,
        (last, others) => {
            let count = others.saturating_add(usize::from(last.is_some()));
            return Err(PolicyFileError::NotOne { file: file.to_owned(), count });
        }
    };
    settings_of(document, file).map(PolicyFile::of)
}

/// The settings that other products' policies amount to. What is no such policy beside them (a Namespace, a ConfigMap)
/// is taken into account or reported.
fn converted(documents: Vec<Value>, file: &str) -> Result<PolicyFile, PolicyFileError> {
    let document = |value| Document { file: file.to_owned(), value };
    let documents: Vec<Document> = documents.into_iter().map(document).collect();
    let conversion = convert::convert(&documents, &Options::default());
    let notes = conversion.notes.clone();
    if conversion.is_refused() {
        return Err(PolicyFileError::NotConverted { file: file.to_owned(), notes });
    }
    match conversion.settings() {
        Some(settings) => Ok(PolicyFile { settings, notes, conversion: Some(conversion) }),
        None => Err(PolicyFileError::NotOneScope { file: file.to_owned() }),
    }
}

fn documents(text: &str, file: &str) -> Result<Vec<Value>, PolicyFileError> {
    // What is checked here must be what the cluster gets, and there `kubectl` reads it.
    if let Some((line, reason)) = ambiguity(text) {
        return Err(PolicyFileError::Syntax { line, rendered: format!("`{file}`, line {line}: {reason}") });
    }
    let mut options = options();
    options.reject_unsupported_tags = true;
    let values = serde_saphyr::from_multiple_with_options::<Once>(text, options);
    values.map(|values| values.into_iter().map(|Once(value)| value).collect()).map_err(|error| {
        let rendered = error.render_with_options(serde_saphyr::render_options! {
            source_name: Some(file),
            formatter: &serde_saphyr::UserMessageFormatter,
        });
        let line = error.location().map_or(0, |location| location.line());
        // Whoever prints an error says that it is one.
        PolicyFileError::Syntax { line, rendered: rendered.strip_prefix("error: ").unwrap_or(&rendered).to_owned() }
    })
}

/// Whether these are a policy that pins and its twin, which verifies what came of it: the same settings, but for `mutate`.
/// The first says all that the second does.
fn is_pair(first: &Value, second: &Value) -> bool {
    let settings = |policy: &Value, mutating: bool| {
        let kubewarden = policy.get("apiVersion").and_then(Value::as_str)?.starts_with(KUBEWARDEN_GROUP);
        let mut settings = policy.pointer("/spec/settings")?.as_object()?.clone();
        let mutate = settings.remove("mutate").and_then(|mutate| mutate.as_bool()).unwrap_or(true);
        let fits = kubewarden && mutate == mutating && policy.pointer("/spec/mutating") == Some(&Value::Bool(mutating));
        fits.then_some(settings)
    };
    settings(first, true).is_some_and(|first| settings(second, false) == Some(first))
}

/// The settings in a Kubewarden policy; anything else is settings already.
fn settings_of(mut document: Value, file: &str) -> Result<Value, PolicyFileError> {
    let text = |name| document.get(name).and_then(Value::as_str);
    if !text("apiVersion").is_some_and(|version| version.starts_with(KUBEWARDEN_GROUP)) {
        return Ok(document);
    }
    let kind = text("kind").unwrap_or("policy without kind").to_owned();
    let file = file.to_owned();
    if kind != "ClusterAdmissionPolicy" && kind != "AdmissionPolicy" {
        return Err(PolicyFileError::OtherKind { file, kind });
    }
    match document.pointer_mut("/spec/settings") {
        Some(settings) if !settings.is_null() => Ok(settings.take()),
        _ => Err(PolicyFileError::NoSettings { file, kind }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_found() {
        let wanted = json!({"verifyImages": [{"required": false}]});
        let cases = [
            ("YAML", "verifyImages:\n- required: false\n"),
            ("JSON", r#"{"verifyImages": [{"required": false}]}"#),
            ("JSON with tabs", "{\n\t\"verifyImages\": [\n\t\t{\"required\": false}\n\t]\n}\n"),
            ("one document with its marker", "---\nverifyImages: [{required: false}]\n"),
            (
                "cluster-wide policy",
                "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nspec:\n  settings:\n    verifyImages: [{required: false}]\n",
            ),
            (
                "namespaced policy",
                "apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nspec: {settings: {verifyImages: [{required: false}]}}\n",
            ),
        ];
        for (name, text) in cases {
            assert_eq!(parse(text, "p.yaml").map(|file| file.settings), Ok(wanted.clone()), "case `{name}`");
        }
    }

    #[test]
    fn a_policy_and_its_twin_are_one() {
        let policy = |mutating: bool, settings: &str| {
            format!(
                "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\n\
                 spec: {{mutating: {mutating}, settings: {{{settings}}}}}\n"
            )
        };
        let pin = policy(true, "verifyImages: [{required: false}]");
        let twin = "mutate: false, verifyImages: [{required: false}]";
        let both = parse(&format!("{pin}---\n{}", policy(false, twin)), "p.yaml").map(|file| file.settings);
        assert_eq!(both, Ok(json!({"verifyImages": [{"required": false}]})));
        let two = || Err(PolicyFileError::NotOne { file: "p.yaml".to_owned(), count: 2 });
        let cases = [
            ("other rules", policy(false, "mutate: false, verifyImages: [{required: true}]")),
            ("a twin that may pin", policy(false, "verifyImages: [{required: false}]")),
            ("a twin that changes objects", policy(true, twin)),
            ("the same again", pin.clone()),
        ];
        for (name, second) in cases {
            let settings = parse(&format!("{pin}---\n{second}"), "p.yaml").map(|file| file.settings);
            assert_eq!(settings, two(), "case `{name}`");
        }
    }

    #[test]
    fn other_documents_are_the_modules_to_refuse() {
        let text = "apiVersion: v1\nkind: Pod\n";
        let settings = parse(text, "p.yaml").map(|file| file.settings);
        assert_eq!(settings, Ok(json!({"apiVersion": "v1", "kind": "Pod"})));
    }

    #[test]
    fn files_without_settings_are_errors() {
        let file = || "p.yaml".to_owned();
        let policy = |kind: &str, rest: &str| format!("apiVersion: policies.kubewarden.io/v1\nkind: {kind}\n{rest}");
        let cases = [
            ("empty", String::new(), PolicyFileError::NotOne { file: file(), count: 0 }),
            ("two documents", "a: 1\n---\nb: 1\n".to_owned(), PolicyFileError::NotOne { file: file(), count: 2 }),
            (
                "no settings",
                policy("AdmissionPolicy", "spec: {module: m}\n"),
                PolicyFileError::NoSettings { file: file(), kind: "AdmissionPolicy".to_owned() },
            ),
            (
                "elided settings",
                policy("ClusterAdmissionPolicy", "spec:\n  settings: # ...\n"),
                PolicyFileError::NoSettings { file: file(), kind: "ClusterAdmissionPolicy".to_owned() },
            ),
            (
                "group of policies",
                policy("ClusterAdmissionPolicyGroup", "spec: {settings: {}}\n"),
                PolicyFileError::OtherKind { file: file(), kind: "ClusterAdmissionPolicyGroup".to_owned() },
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(parse(&text, "p.yaml").unwrap_err(), expected, "case `{name}`");
        }
    }

    #[test]
    fn policies_of_kyverno_are_converted() {
        let policy = |kind: &str, images: &str| {
            format!(
                "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p}}\nspec:\n  rules:\n  - name: r\n    match: \
                 {{any: [{{resources: {{kinds: [{kind}]}}}}]}}\n    verifyImages: [{{imageReferences: ['*'], {images}}}]\n"
            )
        };
        let bare = policy("Pod", "required: false");
        let file = parse(&bare, "p.yaml").unwrap();
        assert_eq!(file.settings.pointer("/verifyImages/0/failureAction"), Some(&json!("Audit")));
        let request = |kind: &str, operation: &str| json!({"kind": {"kind": kind}, "operation": operation});
        for (kind, operation, is_left_out) in
            [("CronJob", "CREATE", false), ("Pod", "DELETE", true), ("Task", "CREATE", true)]
        {
            assert_eq!(file.leaves_out(&request(kind, operation)).is_some(), is_left_out, "{operation} of {kind}");
        }
        let several = format!("{bare}---\n{}", policy("Deployment", "required: false"));
        let error = parse(&several, "p.yaml").unwrap_err();
        assert_eq!(error, PolicyFileError::NotOneScope { file: "p.yaml".to_owned() });
        let error = parse(&policy("Pod", "type: Notary"), "p.yaml").unwrap_err();
        assert!(matches!(&error, PolicyFileError::NotConverted { notes, .. } if notes.len() == 1), "{error:?}");
    }

    #[test]
    fn syntax_errors_name_file_and_line() {
        let cases = [
            ("duplicate key", "a:\n  subject: x\n  subject: y\n", 3),
            ("duplicate key in JSON", r#"{"a": 1, "a": 2}"#, 1),
            ("unclosed list", "a: 1\nb: [1,\n", 2),
            ("Helm template", "a: {{ .Values.x }}\n", 1),
            ("tag of an application", "a: !Foo bar\n", 1),
        ];
        for (name, text, expected) in cases {
            let error = parse(text, "p.yaml").unwrap_err();
            let PolicyFileError::Syntax { line, rendered } = error else { panic!("case `{name}`: {error:?}") };
            assert_eq!(line, expected, "case `{name}`: {rendered}");
            assert!(rendered.contains(&format!("p.yaml:{expected}:")), "case `{name}`: {rendered}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Path::new("no-such-file.yaml")).unwrap_err();
        assert!(matches!(&error, PolicyFileError::Unreadable { path, .. } if path == Path::new("no-such-file.yaml")));
    }
}
