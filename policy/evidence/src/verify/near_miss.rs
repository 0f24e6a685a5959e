//! In which way is the signer that was found nearly the one that was asked for?
//!
//! Words for people, from two texts: what the rule asks for and what the certificate says. Nothing is decided here.

use crate::reference::TextPattern;

/// What stands between a repository and one of its workflows in the identities that GitHub's certificates carry.
const WORKFLOWS: &str = "/.github/workflows/";

/// A workflow's identity in its parts, of which each may be a pattern.
struct Workflow<'t> {
    /// `https://github.com/OWNER`
    owner: &'t str,
    repository: &'t str,
    file: &'t str,
    /// `refs/heads/main`
    revision: &'t str,
}

impl<'t> Workflow<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (home, workflow) = text.strip_prefix("https://")?.split_once(WORKFLOWS)?;
        let (owner, repository) = home.rsplit_once('/')?;
        let (file, revision) = workflow.split_once('@')?;
        Some(Self { owner, repository, file, revision })
    }
}

/// What to call the difference. `found` may be several names, of which the first is looked at.
pub(super) fn in_words(wanted: &str, found: &str) -> &'static str {
    if let Some(issuer) = wanted.strip_prefix("issuer ") {
        if found.strip_prefix("issuer https://") == Some(issuer) {
            return "the issuer is right, but for the `https://` in front of it";
        }
        return "the name is right, and another issuer vouches for it";
    }
    let is_person = |text: &str| text.contains('@') && !text.contains("://") && !text.starts_with('/');
    let is_workflow = |text: &str| text.starts_with("https://");
    if is_workflow(wanted) && is_person(found) {
        return "a person signed, and the rule asks for a workflow";
    }
    if is_person(wanted) && is_workflow(found) {
        return "a workflow signed, and the rule asks for a person";
    }
    let Some(signer) = Workflow::read(found) else { return SOMEBODY_ELSE };
    let Some(asked) = Workflow::read(wanted) else { return by_owner(wanted, found) };
    let owner = fits(asked.owner, signer.owner);
    let repository = fits(asked.repository, signer.repository);
    let file = fits(asked.file, signer.file);
    match (owner, repository, file) {
        (true, true, true) => by_revision(asked.revision, signer.revision),
        (true, true, false) => "the repository is right, and another of its workflows signed",
        (true, false, _) => "the organisation is right, and a workflow of another repository signed",
        (false, true, true) => "a workflow of the same name signed, in somebody else's copy of the repository: a fork?",
        (false, _, _) => SOMEBODY_ELSE,
    }
}

const SOMEBODY_ELSE: &str = "the signer is somebody else";

fn by_revision(wanted: &str, found: &str) -> &'static str {
    if found.starts_with("refs/pull/") {
        return "the workflow is right, and ran for a pull request";
    }
    match (wanted.starts_with("refs/tags/"), found.starts_with("refs/tags/")) {
        (false, true) => "the workflow is right, and ran for a tag instead of the branch",
        (true, false) => "the workflow is right, and ran for a branch instead of a tag",
        (true, true) => "the workflow is right, and ran for another tag",
        (false, false) => "the workflow is right, and ran for another branch",
    }
}

/// Where the rule names no workflow, only whose they are.
fn by_owner(wanted: &str, found: &str) -> &'static str {
    let spelt_out = wanted.split(['*', '?']).next().unwrap_or_default();
    let Some(owner) = spelt_out.strip_suffix('/') else { return SOMEBODY_ELSE };
    // Below `https://github.com` everybody is.
    let is_an_owner = owner.strip_prefix("https://").is_some_and(|owner| owner.contains('/'));
    match found.strip_prefix(owner) {
        Some(rest) if is_an_owner && !rest.starts_with('/') => {
            "the signer is somebody else, whose name only begins like the one that is asked for"
        }
        _ => SOMEBODY_ELSE,
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    TextPattern::parse(pattern).is_ok_and(|pattern| pattern.matches(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_words() {
        let main = "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main";
        let any_repository = "https://github.com/o/*/.github/workflows/w.yml@refs/heads/main";
        let tags = "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v*";
        let cases = [
            (main, "https://github.com/o/r/.github/workflows/w.yml@refs/heads/next", "another branch"),
            (any_repository, "https://github.com/o/r/.github/workflows/w.yml@refs/heads/next", "another branch"),
            (main, "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1", "a tag instead"),
            (tags, main, "a branch instead"),
            (tags, "https://github.com/o/r/.github/workflows/w.yml@refs/tags/w1", "another tag"),
            (main, "https://github.com/o/r/.github/workflows/w.yml@refs/pull/1/merge", "a pull request"),
            (main, "https://github.com/o/r/.github/workflows/v.yml@refs/heads/main", "another of its workflows"),
            (main, "https://github.com/o/s/.github/workflows/w.yml@refs/heads/main", "another repository"),
            (main, "https://github.com/evil/r/.github/workflows/w.yml@refs/heads/main", "a fork?"),
            (main, "https://github.com/evil/s/.github/workflows/w.yml@refs/heads/main", SOMEBODY_ELSE),
            ("https://github.com/o/*", "https://github.com/oo/r/.github/workflows/w.yml@x", "only begins like"),
            ("https://github.com/*", "https://github.community/r/.github/workflows/w.yml@x", SOMEBODY_ELSE),
            (main, "me@example.test", "a person signed"),
            ("me@example.test", main, "a workflow signed"),
            ("issuer https://a", "issuer https://b", "another issuer"),
            ("issuer a.test", "issuer https://a.test", "but for the `https://`"),
            ("issuer *.test", "issuer https://a.test", "another issuer"),
            ("issuer a.test", "issuer https://b.test", "another issuer"),
            ("issuer a.test", "issuer http://a.test", "another issuer"),
            ("me@example.test", "you@example.test", SOMEBODY_ELSE),
            ("", "", SOMEBODY_ELSE),
        ];
        for (wanted, found, words) in cases {
            assert!(in_words(wanted, found).contains(words), "{wanted} / {found}: {}", in_words(wanted, found));
        }
    }
}
