//! Patterns as Kyverno writes them: `*` is any run of characters, `/` and `:` included, `?` is exactly one.
//!
//! A pattern matches the whole string, in its case, and nothing escapes the two wildcards. Patterns come from the
//! settings; what they are held against is untrusted, so the matcher must not be one that backtracks without bound:
//! `wildmatch` takes at most pattern length × text length steps.

use wildmatch::WildMatch;

use super::{DEFAULT_TAG, DOCKER_HUB, DOCKER_HUB_ALIASES, ImageRef, OFFICIAL_IMAGES, split_registry};
use crate::quote::quote;

/// Longest pattern: as long as the longest image reference.
const MAX_PATTERN_BYTES: usize = 1024;
/// Most wildcards in a pattern: real ones have up to five.
const MAX_WILDCARDS: usize = 64;

/// Why a string is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing is ever empty, so it would match nothing.
    #[error("the pattern is empty and matches nothing")]
    Empty,
    /// Longer than anything it could match.
    #[error("the pattern has {0} bytes and may have 1024")]
    TooLong(usize),
    /// More `*` and `?` than a person can mean.
    #[error("the pattern has {0} wildcards and may have 64")]
    TooManyWildcards(usize),
    /// White space around the pattern, or a character that no image reference can hold.
    #[error("{} can never match: no image reference has {character:?} in it", quote(.pattern))]
    Impossible {
        /// The pattern as written.
        pattern: String,
        /// The first character that cannot be.
        character: char,
    },
    /// A URL, and not the name of an image.
    #[error("{} can never match: image names have no scheme, write {}", quote(.pattern), quote(.without))]
    Scheme {
        /// The pattern.
        pattern: String,
        /// What stands behind the scheme.
        without: String,
    },
    /// Names are written in lower case.
    #[error("{} can never match: image names have no upper-case letters, write {}", quote(.pattern), quote(.in_lower_case))]
    UpperCase {
        /// The pattern as written.
        pattern: String,
        /// The pattern with that part in lower case.
        in_lower_case: String,
    },
}

/// A pattern over image references, as in `imageReferences` and `skipImageReferences`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePattern(TextPattern);

impl ImagePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty, breaks a limit, or holds a character that no image reference can hold.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let pattern = TextPattern::parse(text)?;
        if let Some((_, without)) = text.split_once("://") {
            return Err(PatternError::Scheme { pattern: text.to_owned(), without: without.to_owned() });
        }
        let cannot_be = |character: &char| !character.is_ascii_alphanumeric() && !"*?._-/:@[]".contains(*character);
        if let Some(character) = text.chars().find(cannot_be) {
            return Err(PatternError::Impossible { pattern: text.to_owned(), character });
        }
        match impossible_capitals(text) {
            Some(path) => Err(PatternError::UpperCase {
                pattern: text.to_owned(),
                in_lower_case: text.replacen(path, &path.to_lowercase(), 1),
            }),
            None => Ok(Self(pattern)),
        }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the pattern matches this very text.
    pub fn matches_text(&self, text: &str) -> bool {
        self.0.matches(text)
    }

    /// Whether the pattern means this image in any honest spelling: with and without `docker.io`, `index.docker.io`
    /// and `library/`, in the registry's own case or in lower case, with and without the port 443; with the tag (or
    /// `latest`), the digest, or both.
    ///
    /// This is the reading for patterns that say what must be verified: a pinned `ghcr.io/x/y@sha256:…` is found by
    /// `ghcr.io/x/y:*`, which Kyverno overlooks.
    #[must_use]
    pub fn matches(&self, image: &ImageRef) -> bool {
        let versions = version_spellings(image);
        name_spellings(image)
            .iter()
            .any(|name| versions.iter().any(|version| self.0.matches(&format!("{name}{version}"))))
    }

    /// Whether the pattern matches the one string that Kyverno compares: registry and path as written, the default
    /// registry added, then the digest, or else the tag or `latest`.
    ///
    /// This is the reading for patterns that say what need *not* be verified: never wider than its author knew.
    #[must_use]
    pub fn matches_narrowly(&self, image: &ImageRef) -> bool {
        let version = match image.digest() {
            Some(digest) => format!("@{digest}"),
            None => format!(":{}", image.tag_or_latest()),
        };
        self.0.matches(&format!("{}{version}", image.written_name))
    }
}

/// A pattern over any one string, as in `subject` and `issuer`.
#[derive(Clone, Debug, PartialEq)]
pub struct TextPattern {
    written: String,
    matcher: WildMatch,
}

impl TextPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty or breaks a limit.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong(text.len()));
        }
        let wildcards = text.bytes().filter(|byte| matches!(byte, b'*' | b'?')).count();
        if wildcards > MAX_WILDCARDS {
            return Err(PatternError::TooManyWildcards(wildcards));
        }
        Ok(Self { written: text.to_owned(), matcher: WildMatch::new(text) })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the pattern matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.matches(text)
    }
}

/// The path that a pattern spells out, if it has capitals. Behind the first wildcard nobody knows any more whether
/// a letter stands in the path or in the tag, where capitals are legal. Registries are compared in lower case.
fn impossible_capitals(pattern: &str) -> Option<&str> {
    let spelt_out = pattern.split(['*', '?']).next()?;
    let (registry, path_and_version) = split_registry(spelt_out);
    let path = path_and_version.split([':', '@']).next()?;
    [registry, path].into_iter().find(|part| part.bytes().any(|byte| byte.is_ascii_uppercase()))
}

/// Every way to write registry and path.
fn name_spellings(image: &ImageRef) -> Vec<String> {
    let repository = image.repository();
    let (registry, path) = (repository.registry(), repository.path());
    let mut names = vec![image.written_name.clone(), repository.to_string()];
    if let Some(host) = registry.strip_suffix(":443") {
        names.push(format!("{host}/{path}"));
    }
    if registry == DOCKER_HUB {
        let official = path.strip_prefix(OFFICIAL_IMAGES).and_then(|rest| rest.strip_prefix('/'));
        for path in [Some(path), official].into_iter().flatten() {
            names.extend(DOCKER_HUB_ALIASES.map(|registry| format!("{registry}/{path}")));
            names.push(path.to_owned());
        }
    }
    names
}

/// Every way to write tag and digest.
fn version_spellings(image: &ImageRef) -> Vec<String> {
    let tag = image.tag_or_latest();
    let mut versions = vec![format!(":{tag}")];
    match image.digest() {
        Some(digest) => versions.extend([format!("@{digest}"), format!(":{tag}@{digest}")]),
        None if tag == DEFAULT_TAG => versions.push(String::new()),
        None => {}
    }
    versions
}
