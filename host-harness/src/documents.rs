//! The documents of a text that `kubectl` reads too: YAML or JSON, as everybody reads them, or not at all.
//!
//! Whoever looks at something else than what the cluster gets has looked at nothing. So what readers of YAML take
//! differently is an error: odd line breaks and starts of documents ([`ambiguity`]), and merge keys. Input is untrusted, and
//! bounded before it comes here; what aliases multiply is bounded here.

mod once;

pub(crate) use once::Once;
use serde_json::Value;
use serde_saphyr::{MergeKeyPolicy, Options};

/// Values within values. Kubernetes' own objects, CRDs' schemas included, stay far below.
pub(crate) const MAX_DEPTH: usize = 256;
/// Nodes of one document: a list of a whole cluster, and an end for what aliases multiply.
const MAX_NODES: usize = 20_000_000;
/// Documents between two `---`. One; or several that end with `...`, which nothing prints.
const MAX_DOCUMENTS: usize = 200_000;

/// What `helm template` writes above each document.
const HELM_SOURCE: &str = "# Source: ";

/// A document, with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// It. Comments alone are null.
    pub(crate) value: Value,
    /// Line on which its content starts, from 1.
    pub(crate) line: u64,
    /// The template that `helm template` made it of.
    pub(crate) template: Option<String>,
}

/// Why a text has no documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentError {
    /// On which line, from 1.
    pub(crate) line: u64,
    /// What the text is not.
    pub(crate) wanted: Wanted,
    /// What is wrong there.
    pub(crate) reason: String,
    /// Whether it looks like a template that was not rendered.
    pub(crate) is_template: bool,
}

/// What a text should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Json,
    Yaml,
    /// YAML that is read alike by everybody.
    PlainYaml,
}

/// What the text is not, where and why.
impl std::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, reason, .. } = self;
        match self.wanted {
            // Its parser says where.
            Wanted::Json => write!(f, "JSON: {reason}"),
            Wanted::Yaml => write!(f, "YAML: line {line}: {reason}"),
            Wanted::PlainYaml => write!(f, "YAML that everybody reads alike: line {line} has {reason}"),
        }
    }
}

/// Reads all documents. A `file` of JSON, by its name, is read as nothing else.
pub(crate) fn read(text: &str, file: &str) -> Result<Vec<Document>, DocumentError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // What a cluster prints as JSON is read as JSON, its numbers as they are; YAML that starts alike is left to its own parser.
    let json = match json(text) {
        Some(Ok(values)) => {
            let document = |value| Document { value, line: 1, template: None };
            return Ok(values.into_iter().map(document).collect());
        }
        Some(Err(error)) if file.ends_with(".json") => return Err(error),
        Some(Err(error)) => Some(error),
        None => None,
    };
    if let Some((line, reason)) = ambiguity(text) {
        let (wanted, reason) = (Wanted::PlainYaml, reason.to_owned());
        return Err(DocumentError { line, wanted, reason, is_template: false });
    }
    let mut documents = Vec::new();
    for part in parts(text) {
        // What looks like JSON and is neither was meant as JSON.
        documents.extend(part.documents().map_err(|error| json.clone().unwrap_or(error))?);
    }
    Ok(documents)
}

/// The values of a text that begins like JSON.
fn json(text: &str) -> Option<Result<Vec<Value>, DocumentError>> {
    text.trim_start().starts_with(['{', '[']).then(|| {
        let values = serde_json::Deserializer::from_str(text).into_iter().map(|value| value.map(|Once(value)| value));
        values.collect::<Result<_, _>>().map_err(|error: serde_json::Error| DocumentError {
            line: u64::try_from(error.line()).unwrap_or(u64::MAX),
            wanted: Wanted::Json,
            reason: error.to_string(),
            is_template: text.contains("{{"),
        })
    })
}

/// How YAML is read that `kubectl` reads too.
pub(crate) fn options() -> Options {
    serde_saphyr::options! {
        // Which of two values wins, kubectl and the parser here answer otherwise.
        merge_keys: MergeKeyPolicy::Error,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_NODES.saturating_mul(2),
            max_documents: MAX_DOCUMENTS,
        },
    }
}

/// A part of a file, with its place in it.
struct Part<'t> {
    text: &'t str,
    /// Line of its first character, from 1.
    line: u64,
    /// Line on which its content starts.
    first: u64,
}

impl Part<'_> {
    /// The document in it, or several that end with `...`.
    fn documents(&self) -> Result<Vec<Document>, DocumentError> {
        let values: Vec<Once> = serde_saphyr::from_multiple_with_options(self.text, options()).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            DocumentError {
                line: self.line.saturating_add(line.saturating_sub(1)),
                wanted: Wanted::Yaml,
                reason: error.without_snippet().to_string(),
                is_template: self.text.contains("{{"),
            }
        })?;
        let head = self.text.lines().map_while(|line| line.starts_with(['#', '-']).then_some(line));
        let template = head.filter_map(|line| line.strip_prefix(HELM_SOURCE)).next();
        let document =
            |Once(value)| Document { value, line: self.first, template: template.map(|it| it.trim().to_owned()) };
        Ok(values.into_iter().map(document).collect())
    }
}

/// Takes a file apart at its `---`. At the start of a line they are always the start of a document: YAML allows them nowhere
/// else, block scalars and quotes included (YAML 1.2.2, `c-forbidden`). So each document has its own limits, and its line.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    let mut line = 1_u64;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0_usize;
        let mut lines = 0_u64;
        let mut first = None;
        for candidate in rest.split_inclusive('\n') {
            if lines > 0 && is_marker(candidate) {
                break;
            }
            let content = candidate.trim();
            if first.is_none() && !content.is_empty() && !content.starts_with('#') && content != "---" {
                first = Some(line.saturating_add(lines));
            }
            end = end.saturating_add(candidate.len());
            lines = lines.saturating_add(1);
        }
        let (part, after) = rest.split_at_checked(end)?;
        let part = Part { text: part, line, first: first.unwrap_or(line) };
        rest = after;
        line = line.saturating_add(lines);
        Some(part)
    })
}

/// Where other readers of YAML, kubectl's among them, would see other lines or documents than are seen here: line and reason.
pub(crate) fn ambiguity(text: &str) -> Option<(u64, &'static str)> {
    (1..).zip(text.split('\n')).find_map(|(number, line)| {
        if line.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
            return Some((
                number,
                "a line break that not every reader of YAML takes for one (U+0085, U+2028 or U+2029)",
            ));
        }
        let is_odd = line.starts_with("---") && !is_marker(line);
        is_odd.then_some((
            number,
            "a line that begins with `---` and is no document's start: kubectl may take it for one",
        ))
    })
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Resources;
    use crate::{manifests, policy_file, request};

    /// Whether each of those who read what `kubectl` reads takes `text`: as manifests, a request, a policy, an object.
    fn taken(text: &str) -> [bool; 4] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.yaml");
        std::fs::write(&path, text).unwrap();
        [
            manifests::parse(text, "t.yaml", "default").is_ok(),
            request::parse(text, "t.yaml").is_ok(),
            policy_file::parse(text, "t.yaml").is_ok(),
            Resources::load(&[path]).is_ok(),
        ]
    }

    #[test]
    fn what_kubectl_would_read_otherwise_nobody_here_reads() {
        let policy = "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {name: p}\nspec:\n  \
                      settings: {a: &a {b: 1}, c: {d: 2}}\n";
        assert_eq!(taken(policy), [true; 4]);
        let cases = [
            ("a line break of few", policy.replace("kind", "x: 1 #\u{85}y: 1\nkind")),
            ("a line break of others", policy.replace("kind", "x: 1 #\u{2028}y: 1\nkind")),
            ("an odd start", format!("{policy}---#: 1\n")),
            ("a merge", policy.replace("c: {d: 2}", "c: {d: 2, <<: *a}")),
            ("a key twice", policy.replace("c: {d: 2}", "c: {d: 2, d: 3}")),
            ("a key twice, once with a tag", policy.replace("c: {d: 2}", "c: {d: 2, !foo d: 3}")),
            ("a key twice, once in base64", policy.replace("c: {d: 2}", "c: {d: 2, !!binary ZA==: 3}")),
        ];
        for (name, text) in cases {
            assert_ne!(text, policy, "case `{name}`");
            assert_eq!(taken(&text), [false; 4], "case `{name}`");
        }
    }

    #[test]
    fn what_looks_like_json_is_json_or_told_as_json() {
        let wanted = |text: &str, file: &str| read(text, file).map(|found| found.len()).map_err(|error| error.wanted);
        assert_eq!(wanted("{\"a\": 1} {\"b\": 2}", "t.json"), Ok(2));
        assert_eq!(wanted("{a: 1}", "t.yaml"), Ok(1));
        assert_eq!(wanted("{\"a\": 1, \"a\": 2}", "t.json"), Err(Wanted::Json));
        assert_eq!(wanted("[{\"a\": {\"b\": 1, \"\\u0062\": 2}}]", "t.yaml"), Err(Wanted::Json));
        assert_eq!(wanted("{a: 1}", "t.json"), Err(Wanted::Json));
        assert_eq!(wanted("{\"a\": 1", "t.yaml"), Err(Wanted::Json));
        assert_eq!(wanted("a: [", "t.yaml"), Err(Wanted::Yaml));
        assert_eq!(wanted("a: 1\n---#\n", "t.yaml"), Err(Wanted::PlainYaml));
    }
}
