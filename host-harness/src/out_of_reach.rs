//! Evidence that lies in a registry, and that a stock Kubewarden cannot hand to a policy: OCI referrers, the tag under
//! which a registry without them keeps their list, and attestations under `.att`.
//!
//! The policy cannot know of it. The harness can look, and says so beside a refusal, because "not signed" would send
//! people to sign what is signed.

use sigwarden_core::decision::{Explanation, ImageReport};
use sigwarden_core::reference::{Digest, ImageRef, Repository};

use crate::sources::{Source, SourceError};

/// One note for each refused image that has such evidence, with the ways out.
pub fn notes(explanation: &Explanation, source: &dyn Source) -> Vec<String> {
    explanation.images.iter().filter(|image| image.outcome.refuses()).filter_map(|image| note(image, source)).collect()
}

fn note(report: &ImageReport, source: &dyn Source) -> Option<String> {
    let image = ImageRef::parse(&report.image).ok()?;
    let digest = Digest::parse(report.digest.as_deref()?).ok()?;
    let repository = image.repository();
    let found = evidence(repository, &digest, source);
    if found.is_empty() {
        return None;
    }
    Some(format!(
        "{} has evidence that a stock Kubewarden cannot hand to a policy ({}): \
         `sigwarden publish {repository}@{digest}` puts it where one can; `--host extended` shows what a host with more \
         calls would say",
        report.image,
        found.join(", ")
    ))
}

/// What there is, in words. Where nobody can look, there is nothing to tell.
fn evidence(repository: &Repository, digest: &Digest, source: &dyn Source) -> Vec<String> {
    let tag = format!("{}-{}", digest.algorithm(), digest.hex());
    let there = |answer: Result<Option<Digest>, SourceError>| matches!(answer, Ok(Some(_)));
    let referrers = match source.referrers(repository, digest) {
        Ok(Some(referrers)) => referrers.len(),
        Ok(None) | Err(_) => 0,
    };
    let mut found = Vec::new();
    match referrers {
        0 => {}
        1 => found.push("1 OCI referrer".to_owned()),
        more => found.push(format!("{more} OCI referrers")),
    }
    if there(source.resolve(repository, &tag)) {
        found.push("the referrers tag".to_owned());
    }
    if there(source.resolve(repository, &format!("{tag}.att"))) {
        found.push("cosign's attestations".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sources::Descriptor;

    const IMAGE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    /// `ghcr.io/a/all` has everything, `ghcr.io/a/sig` what a Kubewarden can see; elsewhere nobody can look.
    struct FakeSource;

    impl FakeSource {
        fn look(repository: &Repository) -> Result<bool, SourceError> {
            match repository.path() {
                "a/all" => Ok(true),
                "a/sig" => Ok(false),
                other => Err(SourceError::NoLayout { repository: other.to_owned(), tried: Vec::new() }),
            }
        }
    }

    impl Source for FakeSource {
        fn resolve(&self, repository: &Repository, tag: &str) -> Result<Option<Digest>, SourceError> {
            let all = Self::look(repository)?;
            Ok((all || tag.ends_with(".sig")).then(|| Digest::parse(IMAGE).unwrap()))
        }

        fn manifest(&self, _: &Repository, _: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
            Ok(None)
        }

        fn blob(&self, _: &Repository, _: &Digest) -> Result<Option<Vec<u8>>, SourceError> {
            Ok(None)
        }

        fn referrers(&self, repository: &Repository, _: &Digest) -> Result<Option<Vec<Descriptor>>, SourceError> {
            let descriptor = json!({"mediaType": "m", "size": 1, "digest": IMAGE});
            let all = Self::look(repository)?;
            Ok(all.then(|| vec![serde_json::from_value(descriptor).unwrap(); 2]))
        }
    }

    #[test]
    fn evidence_that_is_kept_back_is_told() {
        let note = format!(
            "ghcr.io/a/all:1 has evidence that a stock Kubewarden cannot hand to a policy (2 OCI referrers, the \
             referrers tag, cosign's attestations): `sigwarden publish ghcr.io/a/all@{IMAGE}` puts it where one can; \
             `--host extended` shows what a host with more calls would say"
        );
        let cases = [
            ("refused", "ghcr.io/a/all:1", "failed", Some(IMAGE), Some(&note)),
            ("undecided", "ghcr.io/a/all:1", "undecided", Some(IMAGE), Some(&note)),
            ("admitted", "ghcr.io/a/all:1", "passed", Some(IMAGE), None),
            ("never resolved", "ghcr.io/a/all:1", "failed", None, None),
            ("nothing kept back", "ghcr.io/a/sig:1", "failed", Some(IMAGE), None),
            ("nobody can look", "ghcr.io/b/c:1", "failed", Some(IMAGE), None),
            ("no image", "UPPER", "failed", Some(IMAGE), None),
        ];
        for (name, image, outcome, digest, expected) in cases {
            let explanation = json!({"outcome": outcome, "subject": "Pod a/b",
                "images": [{"image": image, "locations": [], "outcome": outcome, "digest": digest}]});
            let explanation = serde_json::from_value(explanation).unwrap();
            assert_eq!(notes(&explanation, &FakeSource).first(), expected, "case `{name}`");
        }
    }
}
