//! Settings from a file: which `verifyImages` does the user mean?
//!
//! Input is YAML or JSON, read by one parser that refuses duplicate keys: in settings that decide who may run, the
//! second of two `subject:` lines must not win in silence. A file that holds a Kubewarden policy stands for its
//! `spec.settings`. Whether settings make sense is for the module to say; errors here are about the file.

use std::path::{Path, PathBuf};

use serde_json::Value;

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
}

/// Reads the settings in `path`.
///
/// # Errors
/// See [`PolicyFileError`].
pub fn load(path: &Path) -> Result<Value, PolicyFileError> {
    let unreadable = |reason: String| PolicyFileError::Unreadable { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    parse(&text, &path.display().to_string())
}

/// Reads settings. `file` names them in errors.
///
/// # Errors
/// See [`PolicyFileError`].
pub fn parse(text: &str, file: &str) -> Result<Value, PolicyFileError> {
    let mut documents = documents(text, file)?;
    let document = match (documents.pop(), documents.len()) {
        (Some(document), 0) => document,
        (last, others) => {
            let count = others.saturating_add(usize::from(last.is_some()));
            return Err(PolicyFileError::NotOne { file: file.to_owned(), count });
        }
    };
    settings_of(document, file)
}

fn documents(text: &str, file: &str) -> Result<Vec<Value>, PolicyFileError> {
    let options = serde_saphyr::options! { reject_unsupported_tags: true };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let rendered = error.render_with_options(serde_saphyr::render_options! {
            source_name: Some(file),
            formatter: &serde_saphyr::UserMessageFormatter,
        });
        let line = error.location().map_or(0, |location| location.line());
        // Whoever prints an error says that it is one.
        PolicyFileError::Syntax { line, rendered: rendered.strip_prefix("error: ").unwrap_or(&rendered).to_owned() }
    })
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
            assert_eq!(parse(text, "p.yaml"), Ok(wanted.clone()), "case `{name}`");
        }
    }

    #[test]
    fn other_documents_are_the_modules_to_refuse() {
        let text = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n";
        assert_eq!(parse(text, "p.yaml"), Ok(json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy"})));
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
            assert_eq!(parse(&text, "p.yaml"), Err(expected), "case `{name}`");
        }
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
