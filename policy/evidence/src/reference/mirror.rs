//! Mirrors: an image that is pulled from one place under the name that it has in another.

use super::{ImageRef, ReferenceError, check_path, check_registry};
use crate::quote::quote;

/// Why a string is not the beginning of image names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The first part is not a registry.
    #[error("{} does not begin with a registry: write its host name, such as `mirror.local` or `ghcr.io/myorg`", quote(.0))]
    NoRegistry(String),
    /// Not how image names begin.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// How image names begin: a registry, and any number of path components.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix(String);

impl Prefix {
    /// Reads `mirror.local/ghcr.io`. A slash at its end means nothing.
    ///
    /// # Errors
    /// When it does not begin with a registry, or could not be continued to the name of an image.
    pub fn parse(text: &str) -> Result<Self, MirrorError> {
        let prefix = text.strip_suffix('/').unwrap_or(text);
        let (registry, path) = match prefix.split_once('/') {
            Some((registry, path)) => (registry, Some(path)),
            None => (prefix, None),
        };
        if registry != "localhost" && !registry.contains(['.', ':']) {
            return Err(MirrorError::NoRegistry(text.to_owned()));
        }
        check_registry(registry)?;
        if let Some(path) = path {
            check_path(path)?;
        }
        let registry = registry.to_ascii_lowercase();
        Ok(Self(path.map_or_else(|| registry.clone(), |path| format!("{registry}/{path}"))))
    }

    /// As it is compared: the registry in lower case, no slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the prefix, from the slash on; `""` where it is the whole name.
    fn rest<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&self.0).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Which names stand for which others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirrors(Vec<(Prefix, Prefix)>);

impl Mirrors {
    /// Mirrors: where images are pulled from, and what they are called at home.
    #[must_use]
    pub const fn new(mirrors: Vec<(Prefix, Prefix)>) -> Self {
        Self(mirrors)
    }

    /// The image under the name it has at home; `None` where no mirror holds it. The longest prefix decides, and the new
    /// name is not looked up again.
    #[must_use]
    pub fn home_of(&self, image: &ImageRef) -> Option<ImageRef> {
        let name = image.repository().to_string();
        let (mirror, home) = self
            .0
            .iter()
            .filter(|(mirror, _)| mirror.rest(&name).is_some())
            .max_by_key(|(mirror, _)| mirror.0.len())?;
        let rest = mirror.rest(&name)?;
        // A registry alone is no image: `ghcr.io` would be read as Docker Hub's `library/ghcr.io`.
        if rest.is_empty() && !home.0.contains('/') {
            return None;
        }
        let tag = image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = image.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
        ImageRef::parse(&format!("{}{rest}{tag}{digest}", home.0)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_their_names_at_home() {
        let prefix = |text| Prefix::parse(text).unwrap();
        let mirrors = Mirrors::new(vec![
            (prefix("mirror.local/ghcr.io"), prefix("ghcr.io")),
            (prefix("mirror.local/ghcr.io/special"), prefix("quay.io/elsewhere/")),
            (prefix("Mirror.Local:5000/"), prefix("docker.io")),
            (prefix("mirror.local/one"), prefix("ghcr.io/x/one")),
            (prefix("ghcr.io/old"), prefix("ghcr.io/new")),
        ]);
        let digest = format!("@sha256:{}", "a".repeat(64));
        let cases = [
            ("a tag", "mirror.local/ghcr.io/x/y:1", Some("ghcr.io/x/y:1".to_owned())),
            ("no tag", "mirror.local/ghcr.io/x/y", Some("ghcr.io/x/y:latest".to_owned())),
            ("a digest", &format!("mirror.local/ghcr.io/x/y{digest}"), Some(format!("ghcr.io/x/y{digest}"))),
            ("both", &format!("mirror.local/ghcr.io/x/y:1{digest}"), Some(format!("ghcr.io/x/y:1{digest}"))),
            ("the longest decides", "mirror.local/ghcr.io/special/y:1", Some("quay.io/elsewhere/y:1".to_owned())),
            ("capitals and a port", "MIRROR.local:5000/nginx:1", Some("docker.io/library/nginx:1".to_owned())),
            ("a whole repository", "mirror.local/one:1", Some("ghcr.io/x/one:1".to_owned())),
            ("a home is not looked up again", "ghcr.io/old/y:1", Some("ghcr.io/new/y:1".to_owned())),
            ("no boundary", "mirror.local/ghcr.io-evil/x/y:1", None),
            ("no boundary in a registry", "mirror.local:50000/nginx:1", None),
            ("inside", "evil.com/mirror.local/ghcr.io/x/y:1", None),
            ("elsewhere", "ghcr.io/x/y:1", None),
            ("the prefix itself", "mirror.local/ghcr.io:1", None),
        ];
        for (name, image, expected) in cases {
            let home = mirrors.home_of(&ImageRef::parse(image).expect(name)).map(|home| home.to_string());
            assert_eq!(home, expected, "case `{name}`");
        }
    }

    #[test]
    fn what_begins_no_image_name_is_refused() {
        for text in ["", "mirror", "myorg/app"] {
            assert_eq!(Prefix::parse(text), Err(MirrorError::NoRegistry(text.to_owned())), "{text}");
        }
        for text in
            ["https://mirror.local", "mirror.local/*", "mirror.local/a:1", "mirror.local//a", "mirror.local/A", "/a.b"]
        {
            let error = Prefix::parse(text).expect_err(text);
            assert!(matches!(error, MirrorError::Reference(_) | MirrorError::NoRegistry(_)), "{text}: {error:?}");
        }
    }
}
