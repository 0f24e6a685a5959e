//! What is legal in settings, but probably not meant, as far as only the whole shows it: what never applies, what is said
//! twice, what contradicts something else.
//!
//! Asked when settings are checked, and not with every request. Where a question has no cheap answer (do two patterns have an
//! image in common?), silence is the rule: a warning must be true.

use std::collections::BTreeSet;

use super::house::{AlwaysPull, Exception};
use super::lint::is_anything;
use super::model::{Attestor, AttestorKind, AttestorSet, Block, FailureAction, Settings, TrustRootSource, Unmatched};
use super::reader::Problem;
use crate::quote::quote;
use crate::reference::{ImagePattern, ImageRef};

/// Patterns that are compared with each other. Settings have a few dozen; every pair costs time.
const MAX_COMPARED: usize = 64;

impl Settings {
    /// What the author may want to know before these settings are used: the warnings of single fields, and those about the
    /// whole. `now` is in Unix seconds.
    #[must_use]
    pub fn review(&self, now: i64) -> Vec<Problem> {
        let mut review = Review { settings: self, found: self.warnings.clone() };
        for block in &self.verify_images {
            review.references(block);
            review.skips(block);
            review.pull_policy(block);
        }
        review.pairs();
        review.exceptions(now);
        review.actions();
        review.switches();
        review.trust_roots();
        review.found
    }
}

struct Review<'s> {
    settings: &'s Settings,
    found: Vec<Problem>,
}

impl Review<'_> {
    fn warn(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Problem { path: path.into(), message: message.into(), help: Some(help.into()) });
    }

    fn references(&mut self, block: &Block) {
        let is_alone = self.settings.verify_images.len() == 1;
        for (index, pattern) in block.image_references.iter().enumerate() {
            let path = format!("{}.imageReferences[{index}]", block.path);
            let text = pattern.as_str();
            if !text.contains(['*', '?'])
                && let Err(error) = ImageRef::parse(text)
            {
                self.warn(&path, format!("can never match: {error}"), "write a pattern that some image can have");
            }
            if is_anything(text) && verifies(block) {
                let others = if is_alone { "" } else { ", those of the other blocks too" };
                self.warn(
                    path,
                    format!("every image must satisfy this block{others}: Kubernetes' own and third parties' as well"),
                    "name the registries or organisations that are meant",
                );
            }
        }
    }

    fn skips(&mut self, block: &Block) {
        let covers = |pattern: &ImagePattern| {
            block.skip_image_references.iter().any(|skip| covers(skip, pattern) && !names_tags_only(skip.as_str()))
        };
        // A skip that is everything has been told of where it stands.
        let is_told = block.skip_image_references.iter().any(|skip| is_anything(skip.as_str()));
        if !block.skip_image_references.is_empty() && !is_told && block.image_references.iter().all(covers) {
            self.warn(
                &block.path,
                "every image of this block is skipped, so it verifies nothing",
                "remove the block, or skip less",
            );
        }
        for (index, skip) in block.skip_image_references.iter().enumerate().take(MAX_COMPARED) {
            if !block.image_references.iter().take(MAX_COMPARED).any(|pattern| overlap(pattern, skip)) {
                self.warn(
                    format!("{}.skipImageReferences[{index}]", block.path),
                    format!("skips nothing: the block has no image like {}", quote(skip.as_str())),
                    "remove it, or see whether it is spelled right",
                );
            }
        }
    }

    fn pull_policy(&mut self, block: &Block) {
        let Some(rule) = block.always_pull else { return };
        let path = format!("{}.alwaysPull", block.path);
        if !(block.mutate_digest || block.verify_digest) {
            self.warn(
                &path,
                "nodes pull again, and may get another image than the one that was verified: only a digest binds it",
                "set `mutateDigest: true` or `verifyDigest: true`",
            );
        }
        if rule == AlwaysPull::Mutate && !self.settings.mutate {
            self.warn(
                path,
                "with `mutate: false` nothing is set: the policy must be `Always` already",
                "write `require`, which says so",
            );
        }
    }

    /// Blocks that are about the same images.
    fn pairs(&mut self) {
        let blocks = &self.settings.verify_images;
        for (index, later) in blocks.iter().enumerate().take(MAX_COMPARED) {
            for earlier in blocks.iter().take(index) {
                let same = later
                    .image_references
                    .iter()
                    .find(|pattern| earlier.image_references.iter().any(|other| other.as_str() == pattern.as_str()));
                let Some(pattern) = same else { continue };
                let pattern = quote(pattern.as_str()).to_string();
                let (first, second) = (&earlier.path, &later.path);
                if earlier.failure_action != later.failure_action {
                    let strict = if later.failure_action == FailureAction::Enforce { second } else { first };
                    self.warn(
                        second,
                        format!("{pattern} stands in {first} too, and only one of the two blocks enforces: {strict}"),
                        "give both the same `failureAction`, or other images",
                    );
                } else if !earlier.attestors.is_empty() && !later.attestors.is_empty() {
                    self.warn(
                        second,
                        format!(
                            "{pattern} stands in {first} too, so that the attestors of both blocks must have signed"
                        ),
                        "if either will do, write both as entries of one set with `count: 1`",
                    );
                }
            }
        }
    }

    fn exceptions(&mut self, now: i64) {
        let settings = self.settings;
        for (index, exception) in settings.exceptions.iter().enumerate().take(MAX_COMPARED) {
            let day = exception.expires.as_str();
            if exception.is_over(now) {
                self.warn(
                    format!("{}.expires", exception.path),
                    format!("the exception has ended with {day}: these images are verified again"),
                    "remove it, or give it a later day",
                );
                continue;
            }
            if let Some(days) = exception.ends_soon(now) {
                let left = if days == 1 { "today".to_owned() } else { format!("in {days} days") };
                self.warn(
                    format!("{}.expires", exception.path),
                    format!("the exception ends {left}, with {day}: {}", exception.reason),
                    "have the images signed until then, or give it a later day",
                );
            }
            let earlier = settings.exceptions.iter().take(index);
            if let Some(other) = earlier.filter(|other| !other.is_over(now)).find(|other| contains(other, exception)) {
                self.warn(
                    &exception.path,
                    format!("{} excepts these images already, and for as long", other.path),
                    "remove it",
                );
            } else if settings.unmatched_images != Unmatched::Deny && !self.concerns_a_block(exception) {
                self.warn(
                    &exception.path,
                    "no block is about these images, so they need no exception",
                    "remove it, or see whether its `imageReferences` are spelled right",
                );
            }
        }
    }

    fn concerns_a_block(&self, exception: &Exception) -> bool {
        let mut patterns = self.settings.verify_images.iter().flat_map(|block| &block.image_references);
        patterns.any(|pattern| exception.image_references.iter().any(|excepted| overlap(pattern, excepted)))
    }

    fn actions(&mut self) {
        let settings = self.settings;
        let overrides = &settings.failure_action_overrides;
        if !overrides.is_empty() && settings.verify_images.iter().all(|block| block.says_action) {
            self.warn(
                "failureActionOverrides",
                "changes nothing: every block says its own `failureAction`, which counts more",
                "remove `failureAction` from the blocks that are meant",
            );
            return;
        }
        for (index, it) in overrides.iter().enumerate().take(MAX_COMPARED) {
            let earlier = || overrides.iter().take(index).flat_map(|other| &other.namespaces);
            let is_hidden = |namespace: &crate::reference::TextPattern| {
                earlier().any(|other| covers_text(other.as_str(), namespace.as_str(), |text| other.matches(text)))
            };
            if it.namespaces.iter().all(is_hidden) {
                self.warn(
                    format!("failureActionOverrides[{index}]"),
                    "is never reached: those above it name the same namespaces",
                    "remove it, or write it above them",
                );
            }
        }
        if !overrides.is_empty() && overrides.iter().all(|it| it.action == settings.failure_action) {
            self.warn(
                "failureActionOverrides",
                "changes nothing: the action is the one that holds everywhere",
                "remove it, or set another `failureAction`",
            );
        }
    }

    fn switches(&mut self) {
        let settings = self.settings;
        let mut patterns = settings.verify_images.iter().flat_map(|block| &block.image_references);
        if settings.unmatched_images != Unmatched::Allow && patterns.any(|pattern| is_anything(pattern.as_str())) {
            self.warn(
                "unmatchedImages",
                "changes nothing: a block matches every image",
                "remove it, or name the images of that block",
            );
        }
        if !settings.verify_unchanged {
            self.warn(
                "verifyUnchanged",
                "an image that was pinned before this policy was there is never verified, as long as nobody changes it",
                "verify everything once: `sigwarden scan`, or Kubewarden's audit scanner",
            );
        }
    }

    fn trust_roots(&mut self) {
        let settings = self.settings;
        let mut used = BTreeSet::new();
        for block in &settings.verify_images {
            let of_attestations = block.attestations.iter().flat_map(|rule| &rule.attestors);
            for set in block.attestors.iter().chain(of_attestations) {
                trust_roots_of(set, &mut used);
            }
        }
        for (name, source) in &settings.trust_roots {
            if *source != TrustRootSource::BuiltIn && !used.contains(name.as_str()) {
                self.warn(
                    "trustRoots",
                    format!("no attestor names the trust root {}", quote(name)),
                    format!("write `trustRoot: {name}` in the attestors that are meant, or remove it"),
                );
            }
        }
    }
}

fn trust_roots_of<'s>(set: &'s AttestorSet, used: &mut BTreeSet<&'s str>) {
    // As deep as settings allow sets to nest.
    for Attestor { kind, .. } in &set.entries {
        match kind {
            AttestorKind::Key(key) => drop(used.insert(&key.trust_root.root)),
            AttestorKind::SecretKey(key) => drop(used.insert(&key.trust_root.root)),
            AttestorKind::Keyless(keyless) => drop(used.insert(&keyless.trust_root.root)),
            AttestorKind::Nested(set) => trust_roots_of(set, used),
        }
    }
}

fn verifies(block: &Block) -> bool {
    !(block.attestors.is_empty() && block.attestations.is_empty())
}

/// Whether `wide` admits everything that `narrow` does, and for as long.
fn contains(wide: &Exception, narrow: &Exception) -> bool {
    wide.digests.is_empty()
        && wide.expires.end() >= narrow.expires.end()
        && narrow
            .image_references
            .iter()
            .all(|pattern| wide.image_references.iter().any(|other| covers(other, pattern)))
}

/// `repository:tag`, which narrowly matches no image that has a digest.
fn names_tags_only(text: &str) -> bool {
    text.rsplit('/').next().is_some_and(|last| last.contains(':') && !last.contains('@'))
}

/// Whether everything that `narrow` matches is matched by `wide`. Never wrongly yes.
fn covers(wide: &ImagePattern, narrow: &ImagePattern) -> bool {
    covers_text(wide.as_str(), narrow.as_str(), |text| wide.matches_text(text))
}

/// A star of the wide one may stand for a star of the other, a question mark may not.
fn covers_text(wide: &str, narrow: &str, matches: impl Fn(&str) -> bool) -> bool {
    !(wide.contains('?') && narrow.contains('*')) && matches(narrow)
}

/// Whether some image may be meant by both patterns. Never wrongly no.
fn overlap(one: &ImagePattern, other: &ImagePattern) -> bool {
    let others = spellings(other.as_str());
    spellings(one.as_str()).iter().any(|one| others.iter().any(|other| may_meet(one, other)))
}

/// The ways in which Docker Hub's images are written.
fn spellings(pattern: &str) -> Vec<String> {
    let mut spellings = vec![pattern.to_owned()];
    for registry in ["docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/"] {
        if let Some(path) = pattern.strip_prefix(registry) {
            spellings.extend([format!("docker.io/{path}"), format!("docker.io/library/{path}")]);
        }
    }
    let begins_with_registry = pattern.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']));
    if !begins_with_registry {
        spellings.extend([format!("docker.io/{pattern}"), format!("docker.io/library/{pattern}")]);
    }
    // A repository may stand for its tag `latest`, and a tag for a digest.
    let bare: Vec<_> = spellings
        .iter()
        .filter(|text| text.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])))
        .filter_map(|text| text.rsplit_once([':', '@']))
        .map(|(name, _)| format!("{name}*"))
        .collect();
    let begun: Vec<_> = spellings.iter().map(|text| format!("{text}*")).collect();
    spellings.extend(bare);
    spellings.extend(begun);
    spellings
}

/// Whether the texts before the first wildcard, and those behind the last, do not contradict each other.
fn may_meet(one: &str, other: &str) -> bool {
    let start = |text: &'_ str| text.split(['*', '?']).next().unwrap_or_default().to_owned();
    let end = |text: &'_ str| text.rsplit(['*', '?']).next().unwrap_or_default().to_owned();
    let (one_start, other_start) = (start(one), start(other));
    let (one_end, other_end) = (end(one), end(other));
    (one_start.starts_with(&other_start) || other_start.starts_with(&one_start))
        && (one_end.ends_with(&other_end) || other_end.ends_with(&one_end))
}
