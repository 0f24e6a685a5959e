//! From the identities that were seen to the narrowest patterns that cover them.
//!
//! Workflows of one owner on one forge that agree in file and kind of ref share a pattern, over repositories and tags; owner,
//! file and issuer are never widened, and a branch only where several were seen. Everything else is taken letter by letter.

use std::collections::{BTreeMap, BTreeSet};

const WORKFLOWS: &str = "/.github/workflows/";
const HEADS: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// Whom a certificate names: one of its names, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The name.
    pub subject: String,
    /// The OIDC issuer, which is never widened.
    pub issuer: String,
}

impl Identity {
    /// Whether it is a workflow's, and no person's.
    #[must_use]
    pub fn is_workflow(&self) -> bool {
        Workflow::read(&self.subject).is_some()
    }
}

/// Which identities an entry admits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityPattern {
    /// Which names.
    pub subject: SubjectPattern,
    /// The OIDC issuer, exactly.
    pub issuer: String,
}

impl IdentityPattern {
    /// This identity and no other.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        Self { subject: SubjectPattern::exactly(&identity.subject), issuer: identity.issuer.clone() }
    }
}

/// Which names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectPattern {
    /// This one (`subject`).
    Exact(String),
    /// Those that match wholly (`subjectRegExp`): a wildcard would also match slashes, and so a branch that is named like a
    /// workflow.
    RegExp(String),
}

impl SubjectPattern {
    /// A name that has a wildcard in it must not become one.
    fn exactly(subject: &str) -> Self {
        if subject.contains(['*', '?']) {
            return Self::RegExp(escaped(subject));
        }
        Self::Exact(subject.to_owned())
    }
}

/// What one owner's workflows have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Family {
    issuer: String,
    /// `https://github.com/myorg`
    owner: String,
    /// `release.yml`
    file: String,
    kind: &'static str,
}

/// A workflow's URL, in its parts.
struct Workflow<'s> {
    owner: &'s str,
    repository: &'s str,
    file: &'s str,
    kind: &'static str,
    name: &'s str,
}

impl<'s> Workflow<'s> {
    /// `https://github.com/OWNER/REPOSITORY/.github/workflows/FILE@refs/tags/NAME`, and nothing that only looks like it.
    fn read(subject: &'s str) -> Option<Self> {
        let (path, git_ref) = subject.split_once('@')?;
        let (repository, file) = path.split_once(WORKFLOWS)?;
        let (owner, repository) = repository.rsplit_once('/')?;
        let bare = owner.strip_prefix("https://")?;
        let (host, account) = bare.split_once('/')?;
        let plain = |part: &str| !part.is_empty() && !part.contains(['/', '*', '?', '@']);
        if ![host, account, repository, file].into_iter().all(plain) {
            return None;
        }
        let (kind, name) = [HEADS, TAGS].into_iter().find_map(|kind| Some((kind, git_ref.strip_prefix(kind)?)))?;
        (!name.is_empty()).then_some(Self { owner, repository, file, kind, name })
    }
}

/// The narrowest patterns that cover `identities`, each with those that it covers.
#[must_use]
pub fn generalise(identities: &BTreeSet<Identity>) -> BTreeMap<IdentityPattern, BTreeSet<Identity>> {
    let mut families: BTreeMap<Family, BTreeSet<Identity>> = BTreeMap::new();
    let mut patterns: BTreeMap<IdentityPattern, BTreeSet<Identity>> = BTreeMap::new();
    for identity in identities {
        match Workflow::read(&identity.subject) {
            Some(workflow) => {
                let family = Family {
                    issuer: identity.issuer.clone(),
                    owner: workflow.owner.to_owned(),
                    file: workflow.file.to_owned(),
                    kind: workflow.kind,
                };
                families.entry(family).or_default().insert(identity.clone());
            }
            None => {
                patterns.entry(IdentityPattern::of(identity)).or_default().insert(identity.clone());
            }
        }
    }
    for (family, members) in families {
        let pattern = IdentityPattern { subject: family.subject(&members), issuer: family.issuer };
        patterns.entry(pattern).or_default().extend(members);
    }
    patterns
}

impl Family {
    fn subject(&self, members: &BTreeSet<Identity>) -> SubjectPattern {
        let workflows = || members.iter().filter_map(|member| Workflow::read(&member.subject));
        let repositories: BTreeSet<&str> = workflows().map(|workflow| workflow.repository).collect();
        let names: BTreeSet<&str> = workflows().map(|workflow| workflow.name).collect();
        let only = |set: &BTreeSet<&str>| match set.len() {
            1 => set.first().map(|one| escaped(one)),
            _ => None,
        };
        // A release has another tag every time; a branch stays.
        let is_version = |name: &&str| {
            let rest = name.strip_prefix('v').unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains(['/', '@'])
        };
        // What stands before it is fixed as far as its `@`, so that a name with another one in it widens nothing.
        let any = if names.iter().any(|name| name.contains('@')) { ".+" } else { "[^@]+" };
        let name = match self.kind {
            TAGS if names.iter().all(is_version) => Some("v[0-9][^/@]*".to_owned()),
            TAGS => None,
            _ => only(&names),
        };
        if let ([member], true) = (members.iter().collect::<Vec<_>>().as_slice(), self.kind == HEADS) {
            return SubjectPattern::exactly(&member.subject);
        }
        SubjectPattern::RegExp(format!(
            "{}/{}{}{}@{}{}",
            escaped(&self.owner),
            only(&repositories).unwrap_or_else(|| "[^/@]+".to_owned()),
            escaped(WORKFLOWS),
            escaped(&self.file),
            self.kind,
            name.unwrap_or_else(|| any.to_owned()),
        ))
    }
}

/// Text that a regular expression takes letter by letter.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use sigwarden_core::settings::WholeRegex;

    use super::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    fn patterns(subjects: &[&str]) -> Vec<SubjectPattern> {
        let identity = |subject: &&str| Identity { subject: (*subject).to_owned(), issuer: GITHUB.to_owned() };
        let found = generalise(&subjects.iter().map(identity).collect());
        assert!(found.keys().all(|pattern| pattern.issuer == GITHUB));
        assert_eq!(found.values().flatten().count(), subjects.len(), "each is covered once");
        found.into_keys().map(|pattern| pattern.subject).collect()
    }

    #[test]
    fn an_owners_releases_share_a_pattern() {
        let app = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.4.2";
        let web = "https://github.com/acme/web/.github/workflows/release.yml@refs/tags/v2.0";
        let found = patterns(&[app, web]);
        let [SubjectPattern::RegExp(pattern)] = &found[..] else { panic!("{found:?}") };
        let regex = WholeRegex::parse(pattern).unwrap();
        for seen in [app, web] {
            assert!(regex.matches(seen), "{seen}");
        }
        for stranger in [
            "https://github.com/acme-evil/app/.github/workflows/release.yml@refs/tags/v1",
            "https://github.com/evil/acme/app/.github/workflows/release.yml@refs/tags/v1",
            "https://githubxcom/acme/app/.github/workflows/release.yml@refs/tags/v1",
            "https://github.com/acme/app/.github/workflows/test.yml@refs/tags/v1",
            "https://github.com/acme/app/.github/workflows/release_yml@refs/tags/v1",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/v1",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/nightly",
            // A branch that is named like the release workflow.
            "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/.github/workflows/release.yml@refs/tags/v1",
        ] {
            assert!(!regex.matches(stranger), "{stranger}");
        }
    }

    #[test]
    fn what_was_seen_once_is_not_widened_over_repositories() {
        let found = patterns(&["https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"]);
        let [SubjectPattern::RegExp(pattern)] = &found[..] else { panic!("{found:?}") };
        let regex = WholeRegex::parse(pattern).unwrap();
        assert!(regex.matches("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v2"));
        assert!(!regex.matches("https://github.com/acme/web/.github/workflows/release.yml@refs/tags/v1"));
        let branch = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
        assert_eq!(patterns(&[branch]), [SubjectPattern::Exact(branch.to_owned())]);
    }

    #[test]
    fn whatever_a_tag_or_branch_is_called_the_pattern_matches_what_it_was_made_from() {
        let workflow = "https://github.com/acme/app/.github/workflows/release.yml@";
        for refs in [
            &["refs/tags/v1/hotfix"][..],
            &["refs/tags/app/v1.2.3"],
            &["refs/tags/@acme/app@1.2.3"],
            &["refs/tags/v1@2", "refs/tags/v1"],
            &["refs/heads/feature/x", "refs/heads/a@b"],
            &["refs/heads/a.b*c"],
        ] {
            let seen: Vec<String> = refs.iter().map(|git_ref| format!("{workflow}{git_ref}")).collect();
            let found = patterns(&seen.iter().map(String::as_str).collect::<Vec<_>>());
            let [pattern] = &found[..] else { panic!("{found:?}") };
            let matches = |text: &str| match pattern {
                SubjectPattern::Exact(subject) => subject == text,
                SubjectPattern::RegExp(pattern) => WholeRegex::parse(pattern).unwrap().matches(text),
            };
            assert!(seen.iter().all(|subject| matches(subject)), "{refs:?}: {pattern:?}");
            for git_ref in refs {
                for stranger in [
                    format!("https://github.com/acme/app/.github/workflows/x.yml@refs/heads/release.yml@{git_ref}"),
                    format!("https://github.com/evil/x@github.com/acme/app/.github/workflows/release.yml@{git_ref}"),
                    format!("{workflow}refs/pull/1/{git_ref}"),
                ] {
                    assert!(!matches(&stranger), "{pattern:?}: {stranger}");
                }
            }
        }
    }

    #[test]
    fn a_wildcard_in_a_name_is_no_wildcard() {
        let found = patterns(&["https://github.com/*"]);
        let [SubjectPattern::RegExp(pattern)] = &found[..] else { panic!("{found:?}") };
        let regex = WholeRegex::parse(pattern).unwrap();
        assert!(regex.matches("https://github.com/*") && !regex.matches("https://github.com/acme"));
    }

    #[test]
    fn owners_files_and_people_are_kept_apart() {
        let subjects = [
            "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
            "https://github.com/acme/app/.github/workflows/nightly.yml@refs/tags/v1",
            "https://github.com/acme-evil/app/.github/workflows/release.yml@refs/tags/v1",
            "https://github.com/acme/app/.github/workflows/release.yml@refs/pull/7/merge",
            "alice@acme.test",
            "bob@acme.test",
        ];
        assert_eq!(patterns(&subjects).len(), subjects.len());
    }
}
