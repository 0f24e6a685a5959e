//! Is this image excepted?
//!
//! An exception admits an image whatever is known of it, so it is read narrowly: its pattern must match the one string
//! that Kyverno compares, and not only another spelling. An image that is named by digest is matched by its tag only where
//! the exception lists that digest, because a tag beside a digest is decoration that nobody checks.

use crate::reference::{Digest, ImageRef};
use crate::settings::{Exception, Settings};

/// What the exceptions say of an image.
#[derive(Clone, Copy, Debug)]
pub enum Excepted<'s> {
    /// It is admitted.
    Yes(&'s Exception),
    /// It was, until this one ended.
    Over(&'s Exception),
    /// This one names it, and is for other digests.
    ForOthers(&'s Exception),
    /// No exception is about it.
    No,
}

/// An exception that could be about an image once its digest is known.
#[must_use]
pub fn wants_digest<'s>(settings: &'s Settings, image: &ImageRef) -> Option<&'s Exception> {
    let names = |exception: &&Exception| exception.image_references.iter().any(|pattern| pattern.matches(image));
    settings.exceptions.iter().filter(names).find(|exception| !exception.digests.is_empty())
}

/// Looks the image up. `digest` is what is known of its digest, `now` in Unix seconds.
#[must_use]
pub fn look_up<'s>(settings: &'s Settings, image: &ImageRef, digest: Option<&Digest>, now: i64) -> Excepted<'s> {
    let concerns = |exception: &&Exception| is_about(exception, image, digest);
    let mut concerning = settings.exceptions.iter().filter(concerns).peekable();
    let first = concerning.peek().copied();
    match (concerning.find(|exception| !exception.is_over(now)), first) {
        (Some(exception), _) => Excepted::Yes(exception),
        (None, Some(exception)) => Excepted::Over(exception),
        (None, None) => wants_digest(settings, image).map_or(Excepted::No, Excepted::ForOthers),
    }
}

fn is_about(exception: &Exception, image: &ImageRef, digest: Option<&Digest>) -> bool {
    let is_listed = digest.is_some_and(|digest| exception.digests.contains(digest));
    (exception.digests.is_empty() || is_listed)
        && exception
            .image_references
            .iter()
            .any(|pattern| pattern.matches(image) && (is_listed || pattern.matches_narrowly(image)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// 2026-12-01T00:00:00Z
    const NOW: i64 = 1_796_083_200;

    #[test]
    fn only_what_the_author_saw_is_excepted() {
        let [listed, other] = ["a", "b"].map(|digit| format!("sha256:{}", digit.repeat(64)));
        let settings = json!({
            "verifyImages": [{"imageReferences": ["*"], "required": false}],
            "exceptions": [
                {"imageReferences": ["docker.io/bitnami/redis:7.2"], "reason": "x", "expires": "2026-12-01"},
                {"imageReferences": ["docker.io/bitnami/mysql*"], "reason": "x", "expires": "2026-12-31"},
                {"imageReferences": ["ghcr.io/x/y:1"], "digests": [listed], "reason": "x", "expires": "2026-12-31"},
                {"imageReferences": ["ghcr.io/x/old:1"], "reason": "x", "expires": "2026-11-30"},
                {"imageReferences": ["ghcr.io/x/older*"], "reason": "x", "expires": "2026-01-01"},
                {"imageReferences": ["ghcr.io/x/older:2"], "reason": "x", "expires": "2026-12-31"},
            ],
        });
        let settings = Settings::parse(&settings).unwrap();
        let cases = [
            ("as written", "docker.io/bitnami/redis:7.2".to_owned(), None, "0"),
            ("another tag", "docker.io/bitnami/redis:7.20".to_owned(), None, "no"),
            ("without its registry, as Kyverno adds it", "bitnami/redis:7.2".to_owned(), None, "0"),
            ("another spelling", "index.docker.io/bitnami/redis:7.2".to_owned(), None, "no"),
            ("a digest behind the tag", format!("docker.io/bitnami/redis:7.2@{other}"), Some(&other), "no"),
            ("any digest", format!("docker.io/bitnami/mysql@{other}"), Some(&other), "1"),
            ("a tag that is the listed digest", "ghcr.io/x/y:1".to_owned(), Some(&listed), "2"),
            ("a tag that is another", "ghcr.io/x/y:1".to_owned(), Some(&other), "2 is for others"),
            ("a tag of which nothing is known", "ghcr.io/x/y:1".to_owned(), None, "2 is for others"),
            ("the listed digest behind the tag", format!("ghcr.io/x/y:1@{listed}"), Some(&listed), "2"),
            ("the listed digest behind another tag", format!("ghcr.io/x/y:2@{listed}"), Some(&listed), "no"),
            ("the listed digest elsewhere", format!("ghcr.io/x/z:1@{listed}"), Some(&listed), "no"),
            ("over", "ghcr.io/x/old:1".to_owned(), None, "over 3"),
            ("over, but for another one", "ghcr.io/x/older:2".to_owned(), None, "5"),
            ("over, and for no other one", "ghcr.io/x/older:3".to_owned(), None, "over 4"),
        ];
        for (name, image, digest, expected) in cases {
            let image = ImageRef::parse(&image).expect(name);
            let digest = digest.map(|digest| Digest::parse(digest).expect(name));
            let index = |exception: &Exception| {
                exception.path.trim_start_matches("exceptions[").trim_end_matches(']').to_owned()
            };
            let answer = match look_up(&settings, &image, digest.as_ref(), NOW) {
                Excepted::Yes(exception) => index(exception),
                Excepted::Over(exception) => format!("over {}", index(exception)),
                Excepted::ForOthers(exception) => format!("{} is for others", index(exception)),
                Excepted::No => "no".to_owned(),
            };
            assert_eq!(answer, expected, "case `{name}`");
        }
        assert!(wants_digest(&settings, &ImageRef::parse("ghcr.io/x/y:1").unwrap()).is_some());
        assert!(wants_digest(&settings, &ImageRef::parse("ghcr.io/x/old:1").unwrap()).is_none());
    }
}
