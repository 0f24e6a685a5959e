//! Image references: which image does this string name, and does this pattern mean it?
//!
//! Input is untrusted: the image strings of an admission request and, through [`Digest`] and [`Repository`], what
//! registries and evidence say. The grammar is that of the `distribution` project, which container runtimes use
//! too, and normalisation follows it: `nginx`, `docker.io/nginx` and `index.docker.io/library/nginx` are one image.
//!
//! Refused although that grammar allows it:
//! - digests other than sha256 and sha512 in lower-case hex, because nothing else is ever computed here;
//! - a registry that is one only by its capital letters (`Foo/bar`): in practice a misspelt Docker Hub name;
//! - `sha256:<hex>` and `<64 hex>`, by which runtimes look up images that are already on the node.
//!
//! Nothing is trimmed or repaired: a string that is almost a reference is an error that says what to write.

mod mirror;
mod pattern;

pub use mirror::{MirrorError, Mirrors, Prefix};
pub use pattern::{ImagePattern, PatternError, TextPattern};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::quote::quote;

/// Longest string that is looked at. Every limit of the grammar added up stays below.
const MAX_REFERENCE_BYTES: usize = 1024;
/// The grammar's limit on the path of a repository; used for the registry too, where DNS allows 253.
const MAX_NAME_BYTES: usize = 255;
/// The grammar's limit on tags.
const MAX_TAG_BYTES: usize = 128;

const DOCKER_HUB: &str = "docker.io";
/// Other names under which the same images can be pulled, with and without the port that goes without saying.
const DOCKER_HUB_ALIASES: [&str; 4] =
    [DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];
/// Where Docker Hub keeps images that are written without a namespace.
const OFFICIAL_IMAGES: &str = "library";
const DEFAULT_TAG: &str = "latest";

/// Why a string is not an image reference, a repository or a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// There is nothing.
    #[error("the image is empty: write a repository and a tag or digest")]
    Empty,
    /// Longer than any reference can be.
    #[error("the {what} has {length} bytes and may have {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Repository names have no capitals.
    #[error("{} has upper-case letters: write the repository as {}", quote(.name), quote(&.name.to_lowercase()))]
    UpperCase {
        /// The name as written.
        name: String,
    },
    /// The path breaks the grammar.
    #[error("{} is not a repository name: use lower-case letters and digits, with single `.`, `_`, `/` or dashes between them", quote(.name))]
    BadName {
        /// The path as written.
        name: String,
    },
    /// The part before the first slash is neither a host name nor an address.
    #[error("{} is not a registry: write a host name or address, with `:port` if need be", quote(.registry))]
    BadRegistry {
        /// The registry as written.
        registry: String,
    },
    /// The part after the colon is not a tag.
    #[error("{} is not a tag: use up to 128 letters, digits, `_`, `.` and `-`, starting with a letter, digit or `_`", quote(.tag))]
    BadTag {
        /// The tag as written.
        tag: String,
    },
    /// The part after the at sign is not a digest.
    #[error("{} is not a digest: write `sha256:` and 64 lower-case hex digits", quote(.digest))]
    BadDigest {
        /// The digest as written.
        digest: String,
    },
    /// The string names what a node has stored under an identifier, not what a registry has.
    #[error("{} is the identifier of an image on some node, which nobody can verify: write `repository@sha256:…`", quote(.id))]
    LocalId {
        /// The identifier.
        id: String,
    },
    /// A repository was asked for, and there is a tag or digest.
    #[error("{} has a tag or digest: write the repository alone", quote(.name))]
    NotRepository {
        /// The string as written.
        name: String,
    },
}

/// `sha256:<64 lower-case hex digits>` or `sha512:<128>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Reads a digest.
    ///
    /// # Errors
    /// [`ReferenceError::BadDigest`] for other algorithms, lengths and upper-case hex.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let hex_digits = match text.split_once(':') {
            Some(("sha256", hex)) if hex.len() == 64 => hex,
            Some(("sha512", hex)) if hex.len() == 128 => hex,
            _ => return Err(ReferenceError::BadDigest { digest: text.to_owned() }),
        };
        if hex_digits.bytes().all(is_lower_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::BadDigest { digest: text.to_owned() })
        }
    }

    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("sha256:{hex}"))
    }

    /// The whole digest, for example `sha256:e3b0…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// 64 or 128 lower-case hex digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Digest {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Digest {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

/// A registry and a path in it, normalised: `docker.io/library/nginx`, `ghcr.io/myorg/app`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// Reads a repository without tag and digest, normalising it.
    ///
    /// # Errors
    /// What breaks the grammar, or [`ReferenceError::NotRepository`] when there is a tag or digest.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let image = ImageRef::parse(text)?;
        if image.tag.is_some() || image.digest.is_some() {
            return Err(ReferenceError::NotRepository { name: text.to_owned() });
        }
        Ok(image.repository)
    }

    /// The registry, in lower case, with its port if one is written: `docker.io`, `localhost:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path below the registry: `library/nginx`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn normalised(registry: &str, path: &str) -> Self {
        // Host names are the same in any case (RFC 4343 section 2).
        let registry = match registry.to_ascii_lowercase() {
            alias if DOCKER_HUB_ALIASES.contains(&alias.trim_end_matches(":443")) => DOCKER_HUB.to_owned(),
            other => other,
        };
        let path = if registry == DOCKER_HUB && !path.contains('/') {
            format!("{OFFICIAL_IMAGES}/{path}")
        } else {
            path.to_owned()
        };
        Self { registry, path }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// An image: repository, tag or digest or both, and how it was written.
///
/// Two references that are written differently are not equal; they name the same image when they display the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageRef {
    written: String,
    /// Registry and path before normalisation, the default registry added: what Kyverno's patterns see.
    written_name: String,
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl ImageRef {
    /// Reads an image string as an object or a command line writes it.
    ///
    /// # Errors
    /// The first thing that breaks the grammar; see [`ReferenceError`].
    pub fn parse(written: &str) -> Result<Self, ReferenceError> {
        if written.is_empty() {
            return Err(ReferenceError::Empty);
        }
        check_length("image", written, MAX_REFERENCE_BYTES)?;
        if is_local_id(written) {
            return Err(ReferenceError::LocalId { id: written.to_owned() });
        }

        let (name_and_tag, digest) = match written.split_once('@') {
            Some((name_and_tag, digest)) => (name_and_tag, Some(Digest::parse(digest)?)),
            None => (written, None),
        };
        let (registry, path_and_tag) = split_registry(name_and_tag);
        let (path, tag) = match path_and_tag.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path_and_tag, None),
        };

        check_path(path)?;
        check_registry(registry)?;
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        Ok(Self {
            written: written.to_owned(),
            written_name: format!("{registry}/{path}"),
            repository: Repository::normalised(registry, path),
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// The string as given.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Registry and path before normalisation, the default registry added: `docker.io/nginx`. What Kyverno sees.
    #[must_use]
    pub fn written_name(&self) -> &str {
        &self.written_name
    }

    /// Where the image is.
    #[must_use]
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, if one is written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The tag, or the one that runtimes pull when nothing is written.
    #[must_use]
    pub fn tag_or_latest(&self) -> &str {
        self.tag.as_deref().unwrap_or(DEFAULT_TAG)
    }

    /// The digest, if one is written.
    #[must_use]
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The string to write instead so that nothing but `digest` can run: as given, with the digest behind it. An
    /// image that has a digest already stays what it is.
    #[must_use]
    pub fn pinned(&self, digest: &Digest) -> String {
        match self.digest {
            Some(_) => self.written.clone(),
            None => format!("{}@{digest}", self.written),
        }
    }
}

/// The normalised reference: `docker.io/library/nginx:latest`, `ghcr.io/x/y:v1@sha256:…`, `ghcr.io/x/y@sha256:…`.
impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        match (&self.tag, &self.digest) {
            (Some(tag), Some(digest)) => write!(f, ":{tag}@{digest}"),
            (None, Some(digest)) => write!(f, "@{digest}"),
            (_, None) => write!(f, ":{}", self.tag_or_latest()),
        }
    }
}

impl FromStr for ImageRef {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The registry and what follows it. The first segment is a registry if it has a dot or a colon, or is `localhost`.
/// One with capitals counts as a path here, where they are refused.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first == "localhost" || first.contains(['.', ':']) => (first, rest),
        _ => (DOCKER_HUB, name),
    }
}

fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    check_length("registry", registry, MAX_NAME_BYTES)?;
    let bad = || ReferenceError::BadRegistry { registry: registry.to_owned() };
    let port = match registry.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']').ok_or_else(bad)?;
            if address.is_empty() || !address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') {
                return Err(bad());
            }
            match port {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or_else(bad)?),
            }
        }
        None => {
            let (host, port) = match registry.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (registry, None),
            };
            if !host.split('.').all(is_host_label) {
                return Err(bad());
            }
            port
        }
    };
    match port {
        // A port has one spelling, or one registry would have many names.
        Some(port) if port.starts_with('0') || port.starts_with('+') || port.parse::<u16>().is_err() => Err(bad()),
        _ => Ok(()),
    }
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn check_path(path: &str) -> Result<(), ReferenceError> {
    check_length("repository name", path, MAX_NAME_BYTES)?;
    if path.split('/').all(is_path_component) {
        Ok(())
    } else if path.to_ascii_lowercase().split('/').all(is_path_component) {
        Err(ReferenceError::UpperCase { name: path.to_owned() })
    } else {
        Err(ReferenceError::BadName { name: path.to_owned() })
    }
}

/// Runs of `[a-z0-9]` with one separator between two of them: `.`, `_`, `__` or any number of dashes.
fn is_path_component(component: &str) -> bool {
    let is_alphanumeric = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let is_separator =
        |separator: &str| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-');
    component.starts_with(is_alphanumeric)
        && component.ends_with(is_alphanumeric)
        && component.split(is_alphanumeric).all(is_separator)
}

fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = tag.bytes().next().is_some_and(is_word);
    let goes_on_well = tag.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
    if starts_well && goes_on_well && tag.len() <= MAX_TAG_BYTES {
        Ok(())
    } else {
        Err(ReferenceError::BadTag { tag: tag.to_owned() })
    }
}

fn check_length(what: &'static str, text: &str, limit: usize) -> Result<(), ReferenceError> {
    if text.len() > limit {
        return Err(ReferenceError::TooLong { what, length: text.len(), limit });
    }
    Ok(())
}

fn is_local_id(text: &str) -> bool {
    let bare_id = text.len() == 64 && text.bytes().all(is_lower_hex);
    bare_id || Digest::parse(text).is_ok()
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests;
