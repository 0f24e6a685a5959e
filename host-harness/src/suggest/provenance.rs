//! From provenance that was verified to the narrowest `slsa` that covers it.
//!
//! Only what the signing certificate says too is taken over: builder, repository and ref. Whether the rest of a statement is
//! as `slsa` wants it, the policy says when the draft is run.

use std::collections::{BTreeMap, BTreeSet};

use sigwarden_core::settings::{Builder, Source, VersionedTag};
use sigwarden_core::verify::GITHUB_ACTIONS_ISSUER;

use super::terms::Terms;
use crate::convert::tree::{Fields, Tree};
use crate::scan::report::ScanReport;
use crate::survey::{Holding, Seen, Signer};

const HEADS: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
const WORKFLOWS: &str = "/.github/workflows/";

/// How one image was built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Built {
    predicate_type: String,
    /// Whether there is provenance of another version beside it.
    has_others: bool,
    /// Whether there is provenance from another source beside it. Whoever may push evidence can have a workflow of their own
    /// say that it built this.
    is_disputed: bool,
    builder_id: String,
    source: String,
    git_ref: String,
    build_type: Option<String>,
    terms: Terms,
}

impl Built {
    /// What the newest version of an image's provenance says, if any holds.
    pub(super) fn of(holding: &Holding) -> Option<Self> {
        let all: Vec<Self> = holding.attestations.iter().filter_map(Self::read).collect();
        let newest = all.iter().max_by(|one, other| one.predicate_type.cmp(&other.predicate_type))?;
        let has_others = all.iter().any(|other| other.predicate_type != newest.predicate_type);
        let is_disputed = all.iter().any(|other| other.source != newest.source);
        Some(Self { has_others, is_disputed, ..newest.clone() })
    }

    /// Signed by the builder that it names.
    fn read(seen: &Seen) -> Option<Self> {
        let terms = Terms::of(&seen.standing)?;
        let Signer::Keyless { subjects, issuer, source_repository, source_ref, .. } = &seen.signer else { return None };
        let provenance = seen.provenance.as_ref()?;
        let builder_id = provenance.builder_id.clone()?;
        let is_builders = issuer.as_deref() == Some(GITHUB_ACTIONS_ISSUER) && subjects.contains(&builder_id);
        is_builders.then_some(Self {
            predicate_type: seen.predicate_type.clone()?,
            has_others: false,
            is_disputed: false,
            builder_id,
            source: source_repository.clone()?,
            git_ref: source_ref.clone()?,
            build_type: provenance.build_type.clone(),
            terms,
        })
    }
}

/// Repositories of images that are refused and have provenance, each with what the policy said.
#[must_use]
pub fn unproven(holdings: &[Holding], report: &ScanReport) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for holding in holdings.iter().filter(|holding| Built::of(holding).is_some()) {
        let refused =
            report.images.iter().find(|entry| entry.report.image == holding.image && entry.report.outcome.refuses());
        if let Some(finding) = refused.and_then(|entry| entry.reasons().into_iter().next()) {
            found.insert(holding.repository.clone(), format!("{} [{}]", finding.message, finding.code));
        }
    }
    found
}

/// What is asked of the provenance of a repository's images.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slsa {
    predicate_type: Option<String>,
    source: String,
    builder: String,
    branch: Option<String>,
    versions: Option<String>,
    build_type: Option<String>,
    terms: Terms,
}

impl Slsa {
    /// The narrowest that covers them all. The error says why there is none.
    pub(super) fn covering(built: &[Built]) -> Result<Self, &'static str> {
        if built.iter().any(|it| it.is_disputed) {
            return Err("builds of several repositories say that they made one of the images");
        }
        let distinct = |field: fn(&Built) -> &str| -> BTreeSet<&str> { built.iter().map(field).collect() };
        let source = only(distinct(|it| &it.source)).ok_or("the images were built from several repositories")?;
        let source = Source::parse(source).map_err(|_| "the source is no repository on GitHub")?;
        let names = distinct(|it| it.builder_id.split_once('@').map_or(&it.builder_id, |(name, _)| name));
        let name = only(names).ok_or("the images were built by several builders")?;
        let refs = distinct(|it| it.builder_id.split_once('@').map_or("", |(_, git_ref)| git_ref));
        let is_own = name.strip_prefix(source.as_str()).is_some_and(|rest| rest.starts_with(WORKFLOWS));
        let builder = match only(refs) {
            // The next release of the project has another tag, and its workflow with it.
            Some(git_ref) if is_own && git_ref.starts_with(TAGS) => name.to_owned(),
            Some(git_ref) => format!("{name}@{}", git_ref.strip_prefix(TAGS).unwrap_or(git_ref)),
            None => name.to_owned(),
        };
        let parsed = Builder::parse(&builder).map_err(|_| "the builder is no workflow of GitHub")?;
        if !built.iter().all(|it| parsed.accepts(&it.builder_id, &source)) {
            return Err("no one `builderId` covers all refs of the builder");
        }
        let git_refs = distinct(|it| &it.git_ref);
        let terms: BTreeSet<&Terms> = built.iter().map(|it| &it.terms).collect();
        let terms = only(terms).ok_or("logs vouch for the provenance of some images, and not for that of others")?;
        let types: BTreeSet<Option<&str>> = built.iter().map(|it| it.build_type.as_deref()).collect();
        let one_type = only(distinct(|it| &it.predicate_type)).filter(|_| built.iter().any(|it| it.has_others));
        Ok(Self {
            predicate_type: one_type.map(str::to_owned),
            source: source.as_str().trim_start_matches("https://").to_owned(),
            builder,
            branch: only(git_refs.clone()).and_then(|git_ref| git_ref.strip_prefix(HEADS)).map(str::to_owned),
            versions: versions(&git_refs),
            build_type: only(types).flatten().map(str::to_owned),
            terms: terms.clone(),
        })
    }

    /// As an entry of `attestations`.
    pub(super) fn written(&self, log: Option<&str>) -> Tree {
        let mut slsa = Fields::new().with("sourceUri", self.source.as_str()).with("builderId", self.builder.as_str());
        slsa.add_some("sourceBranch", self.branch.as_deref());
        slsa.add_some("sourceVersionedTag", self.versions.as_deref());
        slsa.add_some("buildType", self.build_type.as_deref());
        let tighter = match (&self.branch, self.builder.contains('@')) {
            (Some(_), true) => "Nothing in it is wider than what was seen",
            (Some(_), false) => "A ref behind `builderId` would tighten it to one version of the workflow",
            (None, _) => "`sourceTag` would tighten it to one release",
        };
        let why = format!(
            "Seen, not approved: where these were built, and from what, as provenance and the builder's own certificate say. \
             {tighter}."
        );
        let mut fields = Fields::new();
        match &self.predicate_type {
            Some(predicate_type) => {
                let both = format!("{why} There is another version of it too, which is not asked.");
                fields.add_why("type", predicate_type.as_str(), &both);
                fields.add("slsa", slsa);
            }
            None => fields.add_why("slsa", slsa, &why),
        }
        if !self.terms.are_usual() || log.is_some() {
            // What `slsa` means where it names no attestors, on other terms.
            let name = self.builder.split_once('@').map_or(&*self.builder, |(name, _)| name);
            let mut keyless = Fields::new().with("subject", format!("{name}@*")).with("issuer", GITHUB_ACTIONS_ISSUER);
            self.terms.add_to(&mut keyless, log);
            let entry = Tree::from(Fields::new().with("keyless", keyless));
            fields.add("attestors", vec![Tree::from(Fields::new().with("entries", vec![entry]))]);
        }
        Tree::from(fields)
    }
}

/// The one element, if there is one and no other.
fn only<T: Ord>(set: BTreeSet<T>) -> Option<T> {
    let mut elements = set.into_iter();
    elements.next().filter(|_| elements.next().is_none())
}

/// `v1`, where all are tags of that version: releases to come have others.
fn versions(git_refs: &BTreeSet<&str>) -> Option<String> {
    let major = |git_ref: &&str| -> Option<String> {
        let tag = git_ref.strip_prefix(TAGS)?;
        let major = tag.split(['.', '-', '+']).next()?;
        VersionedTag::parse(major).ok().filter(|version| version.matches(tag)).map(|_| major.to_owned())
    };
    let majors: BTreeSet<Option<String>> = git_refs.iter().map(major).collect();
    only(majors).flatten()
}

#[cfg(test)]
mod tests {
    use sigwarden_core::verify::{GITHUB, SIGSTORE};

    use super::*;
    use crate::survey::{Provenance, Standing};

    const OWN: &str = "https://github.com/o/r/.github/workflows/w.yml";
    const FOREIGN: &str = "https://github.com/g/g/.github/workflows/container.yml";

    fn built(builder_id: &str, git_ref: &str) -> Built {
        Built {
            predicate_type: "https://slsa.dev/provenance/v1".to_owned(),
            has_others: false,
            is_disputed: false,
            builder_id: builder_id.to_owned(),
            source: "https://github.com/o/r".to_owned(),
            git_ref: git_ref.to_owned(),
            build_type: Some("t".to_owned()),
            terms: terms(SIGSTORE, true),
        }
    }

    fn terms(trust_root: &str, logged: bool) -> Terms {
        let standing =
            Standing::Verified { trust_root: trust_root.to_owned(), logged, certificate_logged: logged, hash: None };
        Terms::of(&standing).unwrap()
    }

    fn covering(all: &[(&str, &str)]) -> Result<(String, Option<String>, Option<String>), &'static str> {
        let all: Vec<Built> = all.iter().map(|(builder, git_ref)| built(builder, git_ref)).collect();
        let slsa = Slsa::covering(&all)?;
        assert_eq!((slsa.source.as_str(), slsa.build_type.as_deref()), ("github.com/o/r", Some("t")));
        Ok((slsa.builder, slsa.branch, slsa.versions))
    }

    #[test]
    fn what_comes_again_is_kept_and_what_changes_with_a_release_is_not() {
        let (main, dev) = ("refs/heads/main", "refs/heads/dev");
        let at = |name: &str, git_ref: &str| format!("{name}@{git_ref}");
        let (foreign_main, foreign_dev) = (at(FOREIGN, main), at(FOREIGN, dev));
        let (own_main, own_dev, own_v1) = (at(OWN, main), at(OWN, dev), at(OWN, "refs/tags/v1.2.3"));
        let (released, newer) = (at(FOREIGN, "refs/tags/v2.0.0"), at(FOREIGN, "refs/tags/v2.1.0"));
        let text = |text: &str| Some(text.to_owned());
        let cases = [
            ("a branch", vec![(&*own_main, main)], Ok((own_main.clone(), text("main"), None))),
            ("two branches", vec![(&*own_main, main), (&*own_dev, dev)], Ok((OWN.to_owned(), None, None))),
            ("a release", vec![(&*own_v1, "refs/tags/v1.2.3")], Ok((OWN.to_owned(), None, text("v1")))),
            (
                "a builder elsewhere",
                vec![(&*released, "refs/tags/v1.2.3"), (&*released, "refs/tags/v1.3.0")],
                Ok((at(FOREIGN, "v2.0.0"), None, text("v1"))),
            ),
            (
                "two releases of one elsewhere",
                vec![(&*released, main), (&*newer, main)],
                Ok((FOREIGN.to_owned(), text("main"), None)),
            ),
            (
                "tags of two versions",
                vec![(&*released, "refs/tags/v1.2.3"), (&*released, "refs/tags/v2.0.0")],
                Ok((at(FOREIGN, "v2.0.0"), None, None)),
            ),
            ("a tag that is no version", vec![(&*own_v1, "refs/tags/nightly")], Ok((OWN.to_owned(), None, None))),
            (
                "branches of a builder elsewhere",
                vec![(&*foreign_main, main), (&*foreign_dev, main)],
                Err("no one `builderId` covers all refs of the builder"),
            ),
            (
                "two builders",
                vec![(&*own_main, main), (&*released, main)],
                Err("the images were built by several builders"),
            ),
            ("not of GitHub", vec![("https://gitlab.com/o/r", main)], Err("the builder is no workflow of GitHub")),
        ];
        for (name, all, expected) in cases {
            assert_eq!(covering(&all), expected, "case `{name}`");
        }
    }

    #[test]
    fn a_type_is_named_only_where_there_are_two() {
        let one = built(&format!("{OWN}@refs/heads/main"), "refs/heads/main");
        let two = Built { has_others: true, ..one.clone() };
        for (all, expected) in [(vec![one.clone()], None), (vec![one.clone(), two], Some(one.predicate_type.clone()))] {
            assert_eq!(Slsa::covering(&all).unwrap().predicate_type, expected);
        }
        let unlogged = Built { terms: terms(GITHUB, false), ..one.clone() };
        assert!(Slsa::covering(&[one.clone(), unlogged]).is_err(), "what is logged is not asked for on lesser terms");
        let other = Built { build_type: None, ..one.clone() };
        assert_eq!(Slsa::covering(&[one, other]).unwrap().build_type, None);
    }

    /// Verified provenance of an image, from this source.
    fn seen(source: &str, predicate_type: &str) -> Seen {
        let builder_id = format!("{FOREIGN}@refs/tags/v2.0.0");
        Seen {
            places: Vec::new(),
            signer: Signer::Keyless {
                subjects: vec![builder_id.clone()],
                issuer: Some(GITHUB_ACTIONS_ISSUER.to_owned()),
                build_config_uri: None,
                source_repository: Some(source.to_owned()),
                source_ref: Some("refs/heads/main".to_owned()),
                source_commit: None,
                trigger: None,
            },
            standing: Standing::Verified {
                trust_root: SIGSTORE.to_owned(),
                logged: true,
                certificate_logged: true,
                hash: None,
            },
            signed_at: None,
            predicate_type: Some(predicate_type.to_owned()),
            provenance: Some(Provenance { builder_id: Some(builder_id), ..Provenance::default() }),
        }
    }

    /// Anybody can have a builder that all may use say of anybody's image that it made it.
    #[test]
    fn a_second_source_is_a_dispute_and_not_the_newer_truth() {
        let (own, foreign) = ("https://github.com/o/r", "https://github.com/evil/r");
        let (old, new) = ("https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1");
        let cases = [
            ("one", vec![seen(own, old)], true),
            ("two versions of one build", vec![seen(own, old), seen(own, new)], true),
            ("a newer one from elsewhere", vec![seen(own, old), seen(foreign, new)], false),
            ("one of the same version from elsewhere", vec![seen(foreign, new), seen(own, new)], false),
        ];
        for (name, attestations, is_drafted) in cases {
            let holding = Holding {
                image: "ghcr.io/o/r:1".to_owned(),
                repository: "ghcr.io/o/r".to_owned(),
                digest: None,
                signatures: Vec::new(),
                attestations,
                dropped: Vec::new(),
                children: None,
                error: None,
            };
            let drafted = Slsa::covering(&[Built::of(&holding).unwrap()]);
            assert_eq!(drafted.is_ok(), is_drafted, "case `{name}`: {drafted:?}");
        }
    }
}
