//! Suites: admissions with the answers that are expected of them, in a file. `sigwarden test` checks them, `sigwarden
//! bench` measures them.
//!
//! ```yaml
//! # sigwarden-test.yaml
//! settings: policy.yaml                    # for every test that names none
//! ociLayout: ["ghcr.io/myorg=layouts"]     # likewise
//! trustedRoot: trusted_root.json           # likewise; without it the public Sigstore is trusted
//! host: extended                           # likewise; without it a stock Kubewarden
//! tests:
//! - name: our image is admitted and pinned
//!   images: ["ghcr.io/myorg/app:1.4.2"]    # or `request: FILE`: an AdmissionRequest, or a manifest to be created
//!   expect:
//!     verdict: admitted                    # admitted | refused | undecided
//!     pinned: ["ghcr.io/myorg/app:1.4.2@sha256:…"]
//! - name: the debug image is not
//!   images: ["ghcr.io/myorg/debug:1.2"]
//!   expect: {verdict: refused, code: SW4001, message: nobody signed}
//! ```
//! No registry is asked: evidence comes from layouts, or from a recording (`replay: FILE`). Paths start at the file's own folder. A field that is not known is an error: a test whose expectation is
//! misspelt would pass.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sigwarden_core::decision::{Code, Explanation};

use crate::commands::Answer;
use crate::host::Profile;
use crate::policy::Explained;

/// Name of the files that are found in folders.
pub const FILE_NAME: &str = "sigwarden-test.yaml";

/// A file of tests.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SuiteFile {
    #[serde(default)]
    settings: Option<PathBuf>,
    #[serde(default)]
    oci_layout: Vec<String>,
    #[serde(default)]
    trusted_root: Option<PathBuf>,
    #[serde(default)]
    host: Option<Profile>,
    tests: Vec<TestFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestFile {
    name: String,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    request: Option<PathBuf>,
    #[serde(default)]
    settings: Option<PathBuf>,
    #[serde(default)]
    oci_layout: Vec<String>,
    #[serde(default)]
    trusted_root: Option<PathBuf>,
    #[serde(default)]
    host: Option<Profile>,
    #[serde(default)]
    replay: Option<PathBuf>,
    expect: Expectation,
}

/// One admission, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// What is asked.
    pub asked: Asked,
    /// The settings, or a policy that holds them.
    pub settings: PathBuf,
    /// Where images and evidence are, as `--oci-layout` takes it.
    pub oci_layout: Vec<String>,
    /// A `trusted_root.json` in place of the built-in one.
    pub trusted_root: Option<PathBuf>,
    /// Which calls the policy's host has.
    pub host: Profile,
    /// A recording that answers in place of a host.
    pub replay: Option<PathBuf>,
    /// What the answer must be.
    pub expect: Expectation,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A Pod with these images.
    Images(Vec<String>),
    /// A request or manifest from a file.
    Request(PathBuf),
}

/// The answer that is expected. What is left out may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Verdict,
    /// A code that must be among those of the answer.
    #[serde(default)]
    pub code: Option<Code>,
    /// What the admission message or a finding must contain.
    #[serde(default)]
    pub message: Option<String>,
    /// The images as they are after pinning, in the order of the object; images that are not pinned are not in it.
    #[serde(default)]
    pub pinned: Option<Vec<String>>,
    /// What a warning must contain.
    #[serde(default)]
    pub warning: Option<String>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Admitted.
    Admitted,
    /// Refused.
    Refused,
    /// Refused because nobody could find out.
    Undecided,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        })
    }
}

impl From<Answer> for Verdict {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::Admitted,
            Answer::No => Self::Refused,
            Answer::Unknown => Self::Undecided,
        }
    }
}

/// How an answer differs from what is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase", tag = "what")]
#[non_exhaustive]
pub enum Mismatch {
    /// Another verdict.
    #[error("expected {expected}, but it is {found}")]
    Verdict {
        /// What was expected.
        expected: Verdict,
        /// What the answer is.
        found: Verdict,
    },
    /// The code is not among those of the answer.
    #[error("expected the code {expected}, found {}", if .found.is_empty() { "none" } else { .found })]
    Code {
        /// What was expected.
        expected: Code,
        /// The codes that there are.
        found: String,
    },
    /// No message contains the text.
    #[error("expected a message with `{expected}`, found: {found}")]
    Message {
        /// What was expected.
        expected: String,
        /// The admission message.
        found: String,
    },
    /// Other images are pinned.
    #[error("expected to be pinned: {}; pinned: {}", list(.expected), list(.found))]
    Pinned {
        /// What was expected.
        expected: Vec<String>,
        /// What is pinned.
        found: Vec<String>,
    },
    /// No warning contains the text.
    #[error("expected a warning with `{expected}`, found: {}", list(.found))]
    Warning {
        /// What was expected.
        expected: String,
        /// The warnings.
        found: Vec<String>,
    },
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

impl Expectation {
    /// Everything in which `explained` is not what is expected.
    #[must_use]
    pub fn mismatches(&self, explained: &Explained) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        let found = Verdict::from(Answer::from(explained));
        if found != self.verdict {
            mismatches.push(Mismatch::Verdict { expected: self.verdict, found });
        }
        let response = &explained.response;
        if let Some(expected) = self.code {
            let codes = response.audit_annotations.as_ref().and_then(|annotations| annotations.get("codes"));
            let found = codes.cloned().unwrap_or_default();
            if !found.split([',', ' ']).any(|code| code == expected.as_str()) {
                mismatches.push(Mismatch::Code { expected, found });
            }
        }
        if let Some(expected) = &self.message {
            let found = response.message.clone().unwrap_or_default();
            if !found.contains(expected) && !says(&explained.explanation, expected) {
                mismatches.push(Mismatch::Message { expected: expected.clone(), found });
            }
        }
        if let Some(expected) = &self.pinned {
            let images = &explained.explanation.images;
            let found: Vec<String> = images.iter().filter_map(|image| image.pinned.clone()).collect();
            if found != *expected {
                mismatches.push(Mismatch::Pinned { expected: expected.clone(), found });
            }
        }
        if let Some(expected) = &self.warning {
            let found = &explained.explanation.warnings;
            if !found.iter().any(|warning| warning.contains(expected)) {
                mismatches.push(Mismatch::Warning { expected: expected.clone(), found: found.clone() });
            }
        }
        mismatches
    }
}

/// Whether a finding of the tree contains the text.
fn says(explanation: &Explanation, text: &str) -> bool {
    explanation.findings().into_iter().any(|finding| {
        let parts = [Some(&finding.message), finding.wanted.as_ref(), finding.found.as_ref(), finding.remedy.as_ref()];
        parts.into_iter().flatten().any(|part| part.contains(text))
    })
}

/// Why a file is no suite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// The system would not read it.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It does not say what a suite says.
    #[error("`{}` is no list of tests: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// A test lacks something, or says it twice.
    #[error("`{}`: test `{test}` {problem}", path.display())]
    Test {
        /// The file.
        path: PathBuf,
        /// The test.
        test: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Reads the tests of a file.
///
/// # Errors
/// See [`SuiteError`].
pub fn load(path: &Path) -> Result<Vec<Test>, SuiteError> {
    let unreadable =
        |error: std::io::Error| SuiteError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Vec<Test>, SuiteError> {
    let file: SuiteFile = serde_saphyr::from_str(text).map_err(|error| {
        let name = path.display().to_string();
        let reason = error.render_with_options(serde_saphyr::render_options! {
            source_name: Some(name.as_str()),
            formatter: &serde_saphyr::UserMessageFormatter,
        });
        // Whoever prints an error says that it is one.
        let reason = reason.strip_prefix("error: ").unwrap_or(&reason).to_owned();
        SuiteError::Malformed { path: path.to_owned(), reason }
    })?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let (settings, layouts, root) = (file.settings, file.oci_layout, file.trusted_root);
    let host = file.host.unwrap_or(Profile::Kubewarden);
    let complete = |test: TestFile| {
        let problem = |problem| SuiteError::Test { path: path.to_owned(), test: test.name.clone(), problem };
        let asked = match (&test.request, test.images.is_empty()) {
            (Some(request), true) => Asked::Request(folder.join(request)),
            (None, false) => Asked::Images(test.images.clone()),
            (Some(_), false) => return Err(problem("has both `images` and `request`")),
            (None, true) => return Err(problem("has neither `images` nor `request`")),
        };
        let own_settings = test.settings.as_ref().or(settings.as_ref());
        let settings = folder.join(own_settings.ok_or_else(|| problem("has no `settings`, nor has the file"))?);
        let layouts = if test.oci_layout.is_empty() { &layouts } else { &test.oci_layout };
        Ok(Test {
            asked,
            settings,
            oci_layout: layouts.iter().map(|layout| rooted(layout, folder)).collect(),
            trusted_root: test.trusted_root.as_ref().or(root.as_ref()).map(|root| folder.join(root)),
            host: test.host.unwrap_or(host),
            replay: test.replay.as_ref().map(|replay| folder.join(replay)),
            expect: test.expect,
            name: test.name,
        })
    };
    file.tests.into_iter().map(complete).collect()
}

/// `[REPOSITORY=]DIR` with the folder starting at the suite's.
fn rooted(layout: &str, folder: &Path) -> String {
    match layout.split_once('=') {
        Some((repository, directory)) => format!("{repository}={}", folder.join(directory).display()),
        None => folder.join(layout).display().to_string(),
    }
}

/// The suites in `paths`: files as they are, and in folders every file of that name, in the order of their paths.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SuiteError> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() { search(path, MAX_DEPTH, &mut found)? } else { found.push(path.clone()) }
    }
    Ok(found)
}

/// Folders below a folder. Deeper than any checkout, and an end for links that lead in a circle.
const MAX_DEPTH: usize = 16;

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), SuiteError> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
    let unreadable =
        |error: std::io::Error| SuiteError::Unreadable { path: folder.to_owned(), reason: error.to_string() };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries.map(|entry| Ok(entry.map_err(unreadable)?.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            // Neither what git keeps nor what cargo builds holds anybody's tests.
            if !name.starts_with('.') && name != "target" {
                search(&path, depth, found)?;
            }
        } else if name == FILE_NAME {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: &str =
        "settings: s.yaml\nociLayout: ['r=l', m]\ntests:\n- name: n\n  images: [a]\n  expect: {verdict: admitted}\n";

    #[test]
    fn paths_start_at_the_file_and_defaults_fill_gaps() {
        let tests = parse(SUITE, Path::new("folder/x.yaml")).expect("a suite");
        let test = tests.first().expect("a test");
        assert_eq!(test.settings, Path::new("folder/s.yaml"));
        assert_eq!(test.oci_layout, ["r=folder/l", "folder/m"]);
        assert_eq!(test.asked, Asked::Images(vec!["a".to_owned()]));
        let own = SUITE.replace("  images: [a]\n", "  request: q.json\n  settings: t.yaml\n  ociLayout: [o]\n");
        let tests = parse(&own, Path::new("folder/x.yaml")).expect("a suite");
        let test = tests.first().expect("a test");
        assert_eq!(test.asked, Asked::Request("folder/q.json".into()));
        assert_eq!(
            (test.settings.as_path(), &*test.oci_layout),
            (Path::new("folder/t.yaml"), &["folder/o".to_owned()][..])
        );
    }

    #[test]
    fn what_is_misspelt_or_missing_is_an_error() {
        let malformed = [
            ("field of the file", SUITE.replace("ociLayout", "ociLayouts")),
            ("field of a test", SUITE.replace("images", "image")),
            ("expectation", SUITE.replace("verdict: admitted", "verdict: admitted, cod: SW4001")),
            ("verdict", SUITE.replace("admitted", "allowed")),
            ("code", SUITE.replace("verdict: admitted", "verdict: refused, code: SW9999")),
            ("nothing expected", SUITE.replace("  expect: {verdict: admitted}\n", "")),
        ];
        for (name, text) in malformed {
            let error = parse(&text, Path::new("x.yaml")).expect_err(name);
            assert!(matches!(error, SuiteError::Malformed { .. }), "case `{name}`: {error}");
        }
        let incomplete = [
            ("no settings", SUITE.replace("settings: s.yaml\n", ""), "has no `settings`, nor has the file"),
            ("nothing asked", SUITE.replace("  images: [a]\n", ""), "has neither `images` nor `request`"),
            (
                "two questions",
                SUITE.replace("  images: [a]\n", "  images: [a]\n  request: q\n"),
                "has both `images` and `request`",
            ),
        ];
        for (name, text, expected) in incomplete {
            match parse(&text, Path::new("x.yaml")) {
                Err(SuiteError::Test { problem, .. }) => assert_eq!(problem, expected, "case `{name}`"),
                other => panic!("case `{name}`: {other:?}"),
            }
        }
    }
}
