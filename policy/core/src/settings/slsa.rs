//! Where an image must have been built, and from what: the words of slsa-verifier.
//!
//! Values are read here and compared in `attestations::slsa`. Only GitHub's names are known: for other builders nothing in
//! a certificate says from which repository they built.

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;

use crate::quote::quote;

/// The predicate types of provenance that is read here, as statements name them.
pub const PROVENANCE_TYPES: [&str; 2] = ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"];

const GITHUB: &str = "https://github.com/";
/// Where slsa-github-generator's workflows stand.
const GENERATORS: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
/// slsa-github-generator's workflow for containers, which slsa-verifier expects where nobody names a builder.
const CONTAINER_GENERATOR: &str = "generator_container_slsa3.yml";

/// Why a value under `slsa` makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlsaError {
    /// Not a workflow's URL.
    #[error("{} is not a workflow of GitHub: write `https://github.com/OWNER/REPOSITORY/.github/workflows/FILE`, with `@v1.2.3` behind it or without", quote(.0))]
    Builder(String),
    /// Not a repository.
    #[error("{} is not a repository on GitHub: write `github.com/OWNER/REPOSITORY`", quote(.0))]
    Source(String),
    /// A repository with a ref behind it.
    #[error("{} names a ref: write the repository alone, and the ref as `sourceBranch` or `sourceTag`", quote(.0))]
    SourceWithRef(String),
    /// A ref where its name is wanted.
    #[error("{} is a whole ref: write the name alone, {}", quote(.given), quote(.name))]
    WholeRef {
        /// As written.
        given: String,
        /// What stands behind `refs/heads/` or `refs/tags/`.
        name: String,
    },
    /// Nothing.
    #[error("is empty")]
    Empty,
    /// Not `v1`, `v1.2` or `v1.2.3`.
    #[error("{} is not a version tag: write `v1`, `v1.2` or `v1.2.3`", quote(.0))]
    VersionedTag(String),
}

/// What `slsa` asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct SlsaRule {
    /// `verifyImages[0].attestations[0].slsa`
    pub path: String,
    /// Who must have built it.
    pub builder: Builder,
    /// From which repository.
    pub source: Source,
    /// From which branch.
    pub branch: Option<String>,
    /// From which tag.
    pub tag: Option<String>,
    /// From a tag of which version.
    pub versioned_tag: Option<VersionedTag>,
    /// Of which kind the build must have been, compared as it is.
    pub build_type: Option<String>,
    /// What must have been typed in where the workflow was started by hand.
    pub workflow_inputs: BTreeMap<String, String>,
}

/// The rule in words, as the settings have it.
impl fmt::Display for SlsaRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "built by {} from {}", self.builder, self.source.as_str())?;
        let named = [
            ("branch", self.branch.as_deref()),
            ("tag", self.tag.as_deref()),
            ("version", self.versioned_tag.as_ref().map(VersionedTag::as_str)),
            ("build type", self.build_type.as_deref()),
        ];
        for (what, value) in named {
            if let Some(value) = value {
                write!(f, ", {what} {value}")?;
            }
        }
        self.workflow_inputs.iter().try_for_each(|(name, value)| write!(f, ", input {name}={value}"))
    }
}

/// A workflow that builds: `https://github.com/o/r/.github/workflows/w.yml`, with or without `@version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    name: String,
    version: Option<String>,
}

impl Builder {
    /// Reads a builder ID.
    ///
    /// # Errors
    /// When it is not a workflow of GitHub, or has an empty version.
    pub fn parse(text: &str) -> Result<Self, SlsaError> {
        let wrong = || SlsaError::Builder(text.to_owned());
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let path = name.strip_prefix(GITHUB).ok_or_else(wrong)?;
        let parts: Vec<_> = path.split('/').collect();
        let is_workflow = matches!(parts.as_slice(), [_, _, ".github", "workflows", _]);
        let is_ref = |version: &str| !version.is_empty() && version.split('/').all(is_name);
        if !is_workflow || !parts.iter().all(|part| is_name(part)) || !version.is_none_or(is_ref) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) })
    }

    /// The builder where nobody names one.
    #[must_use]
    pub fn container_generator() -> Self {
        Self { name: format!("{GENERATORS}{CONTAINER_GENERATOR}"), version: None }
    }

    /// The workflow without its version.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version as written: a tag or a whole ref.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether it is one of slsa-github-generator's, which say of a build what the built project cannot forge.
    #[must_use]
    pub fn is_generator(&self) -> bool {
        self.name.starts_with(GENERATORS)
    }

    /// Whether `id` (`…/w.yml@refs/tags/v1`, as certificates and predicates have it) is this builder.
    ///
    /// A version `v1` means the tag `refs/tags/v1`. Where no version is written, slsa-verifier asks for a release
    /// (`vX.Y.Z`), because whoever can push a branch of the builder's repository could change what it does. A workflow
    /// of the very repository it builds is no more trusted than the source, so that any ref will do there: which one
    /// is for `sourceBranch` and `sourceTag` to say.
    #[must_use]
    pub fn accepts(&self, id: &str, source: &Source) -> bool {
        let Some((name, git_ref)) = id.split_once('@') else { return false };
        if name != self.name {
            return false;
        }
        match &self.version {
            Some(version) => git_ref == version || git_ref.strip_prefix("refs/tags/") == Some(version.as_str()),
            None => {
                let builds_itself =
                    self.name.strip_prefix(&source.0).is_some_and(|rest| rest.starts_with("/.github/workflows/"));
                builds_itself || is_release(git_ref)
            }
        }
    }
}

impl fmt::Display for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Whether a ref is the tag of a release: `refs/tags/vX.Y.Z`, and nothing behind it.
fn is_release(git_ref: &str) -> bool {
    git_ref.strip_prefix("refs/tags/v").is_some_and(|version| {
        Version::parse(version).is_ok_and(|version| version.pre.is_empty() && version.build.is_empty())
    })
}

/// A repository: `https://github.com/owner/repository`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// Reads `github.com/o/r`, with or without `https://` and `git+` in front.
    ///
    /// # Errors
    /// When it is not a repository of GitHub, or has a ref.
    pub fn parse(text: &str) -> Result<Self, SlsaError> {
        let wrong = || SlsaError::Source(text.to_owned());
        let bare = text.strip_prefix("git+").unwrap_or(text);
        let bare = bare.strip_prefix("https://").unwrap_or(bare);
        if bare.contains('@') {
            return Err(SlsaError::SourceWithRef(text.to_owned()));
        }
        let path = bare.strip_prefix("github.com/").ok_or_else(wrong)?;
        let parts: Vec<_> = path.split('/').collect();
        match parts.as_slice() {
            [owner, repository] if is_name(owner) && is_name(repository) => Ok(Self(format!("{GITHUB}{path}"))),
            _ => Err(wrong()),
        }
    }

    /// `https://github.com/owner/repository`
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What GitHub allows in names, refs a little less: no wildcard and no space is among it.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
}

/// Reads the name of a branch or tag.
///
/// # Errors
/// When it is empty or a whole ref.
pub(super) fn parse_ref_name(text: &str) -> Result<String, SlsaError> {
    if text.is_empty() {
        return Err(SlsaError::Empty);
    }
    match ["refs/heads/", "refs/tags/"].iter().find_map(|kind| text.strip_prefix(kind)) {
        Some(name) => Err(SlsaError::WholeRef { given: text.to_owned(), name: name.to_owned() }),
        None => Ok(text.to_owned()),
    }
}

/// `v1`, `v1.2` or `v1.2.3`: a version, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedTag {
    written: String,
    version: Version,
    /// How many of major, minor and patch are written.
    parts: usize,
}

impl VersionedTag {
    /// Reads a version or the beginning of one.
    ///
    /// # Errors
    /// When it is no version with a `v` in front.
    pub fn parse(text: &str) -> Result<Self, SlsaError> {
        let (version, parts) = parse_version(text).ok_or_else(|| SlsaError::VersionedTag(text.to_owned()))?;
        Ok(Self { written: text.to_owned(), version, parts })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a tag is of this version: what is written must be equal, and build metadata counts for nothing. Where the
    /// patch is written, a pre-release must be equal too.
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        let Some((tag, _)) = parse_version(tag) else { return false };
        tag.major == self.version.major
            && (self.parts < 2 || tag.minor == self.version.minor)
            && (self.parts < 3 || (tag.patch == self.version.patch && tag.pre == self.version.pre))
    }
}

/// Go's semantic versions: a `v`, and minor and patch may be missing.
fn parse_version(text: &str) -> Option<(Version, usize)> {
    let version = text.strip_prefix('v')?;
    let parts = version.split(['-', '+']).next()?.split('.').count();
    let filled = match parts {
        1 if !version.contains(['-', '+']) => format!("{version}.0.0"),
        2 if !version.contains(['-', '+']) => format!("{version}.0"),
        _ => version.to_owned(),
    };
    Some((Version::parse(&filled).ok()?, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATOR: &str =
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";

    #[test]
    fn builders() {
        let own = "https://github.com/o/r/.github/workflows/w.yml";
        let cases = [
            ("a release", GENERATOR, format!("{GENERATOR}@refs/tags/v1.9.0"), true),
            ("a branch is no release", GENERATOR, format!("{GENERATOR}@refs/heads/main"), false),
            ("a pre-release is none", GENERATOR, format!("{GENERATOR}@refs/tags/v1.9.0-rc.0"), false),
            ("two numbers are none", GENERATOR, format!("{GENERATOR}@refs/tags/v1.9"), false),
            ("no ref", GENERATOR, GENERATOR.to_owned(), false),
            ("the version as a tag", &format!("{GENERATOR}@v1.9.0"), format!("{GENERATOR}@refs/tags/v1.9.0"), true),
            (
                "the version as a ref",
                &format!("{GENERATOR}@refs/tags/v1.9.0"),
                format!("{GENERATOR}@refs/tags/v1.9.0"),
                true,
            ),
            ("another version", &format!("{GENERATOR}@v1.9.0"), format!("{GENERATOR}@refs/tags/v1.9.1"), false),
            ("a branch of that name", &format!("{GENERATOR}@v1.9.0"), format!("{GENERATOR}@refs/heads/v1.9.0"), false),
            ("a branch that is asked for", &format!("{own}@refs/heads/main"), format!("{own}@refs/heads/main"), true),
            ("a branch is not a tag", &format!("{own}@main"), format!("{own}@refs/heads/main"), false),
            ("the project's own workflow", own, format!("{own}@refs/heads/main"), true),
            (
                "another repository's with the same beginning",
                "https://github.com/o/r2/.github/workflows/w.yml",
                "https://github.com/o/r2/.github/workflows/w.yml@refs/heads/main".to_owned(),
                false,
            ),
            (
                "another workflow",
                own,
                "https://github.com/o/r/.github/workflows/x.yml@refs/heads/main".to_owned(),
                false,
            ),
        ];
        let source = Source::parse("github.com/o/r").unwrap();
        for (name, builder, id, expected) in cases {
            let builder = Builder::parse(builder).expect(name);
            assert_eq!(builder.accepts(&id, &source), expected, "case `{name}`");
        }
        assert!(Builder::container_generator().is_generator());
        assert_eq!(Builder::parse(GENERATOR), Ok(Builder::container_generator()));
        assert!(!Builder::parse(own).unwrap().is_generator());
    }

    #[test]
    fn what_is_no_builder_is_refused() {
        for text in [
            "",
            "https://github.com/o/r",
            "github.com/o/r/.github/workflows/w.yml",
            "https://github.com/o/r/.github/workflows/w.yml@",
            "https://github.com/o/r/.github/workflows/w.yml@v1@v2",
            "https://github.com/o/*/.github/workflows/w.yml",
            "https://github.com/o/r/.github/workflows/sub/w.yml",
            "https://gitlab.com/o/r/.github/workflows/w.yml",
            "https://github.com/actions/runner/github-hosted",
        ] {
            assert_eq!(Builder::parse(text), Err(SlsaError::Builder(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn sources() {
        for text in ["github.com/o/r", "https://github.com/o/r", "git+https://github.com/o/r"] {
            assert_eq!(Source::parse(text).unwrap().as_str(), "https://github.com/o/r", "{text}");
        }
        for text in [
            "",
            "o/r",
            "github.com/o",
            "github.com/o/r/x",
            "github.com/o/",
            "gitlab.com/o/r",
            "http://github.com/o/r",
            "github.com/o/*",
        ] {
            assert_eq!(Source::parse(text), Err(SlsaError::Source(text.to_owned())), "{text}");
        }
        let with_ref = "git+https://github.com/o/r@refs/heads/main";
        assert_eq!(Source::parse(with_ref), Err(SlsaError::SourceWithRef(with_ref.to_owned())));
    }

    #[test]
    fn versions() {
        let cases = [
            ("v1", "v1.2.3", true),
            ("v1", "v2.0.0", false),
            ("v1", "v10.0.0", false),
            ("v1.2", "v1.2.3", true),
            ("v1.2", "v1.20.3", false),
            ("v1.2.3", "v1.2.3", true),
            ("v1.2.3", "v1.2.30", false),
            ("v1.2.3", "v1.2.3+build", true),
            ("v1.2.3", "v1.2.3-rc.1", false),
            ("v1.2.3-rc.1", "v1.2.3-rc.1", true),
            ("v1.2.3-rc.1", "v1.2.3-rc.2", false),
            ("v1.0", "v1", true),
            ("v1.0.0", "v1", true),
            ("v1", "1.2.3", false),
            ("v1", "latest", false),
        ];
        for (wanted, tag, expected) in cases {
            assert_eq!(VersionedTag::parse(wanted).unwrap().matches(tag), expected, "{wanted} and {tag}");
        }
        for text in ["", "1.2.3", "v", "vx", "v1.2.3.4", "v1-rc", "v01", "v1."] {
            assert_eq!(VersionedTag::parse(text), Err(SlsaError::VersionedTag(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn names_of_refs() {
        assert_eq!(parse_ref_name("release/v1").as_deref(), Ok("release/v1"));
        let whole = SlsaError::WholeRef { given: "refs/heads/main".to_owned(), name: "main".to_owned() };
        assert_eq!(parse_ref_name("refs/heads/main"), Err(whole));
        assert_eq!(parse_ref_name(""), Err(SlsaError::Empty));
    }
}
