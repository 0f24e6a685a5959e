//! The settings that admit what was surveyed.
//!
//! An image whose signature holds is admitted for who signed it; one by a key for its key; one that nobody signed for where its
//! provenance says it was built; everything else for its digest and to a day. Where there is provenance beside a signature,
//! it is asked for too. A repository's images share a block, since every block that matches an image must pass.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::{Identity, IdentityPattern, SubjectPattern, generalise};
use super::provenance::{Built, Slsa};
use super::terms::{Terms, add_log};
use crate::convert::tree::{Fields, Tree};
use crate::survey::{Holding, Seen, Signer, Standing};

/// Names in one comment; more say nothing that the pattern does not.
const MAX_NAMED: usize = 5;

/// What would tighten an entry where the build makes no provenance that holds.
const WITH_PROVENANCE: &str = " Provenance from its build (SLSA) would tighten it.";

/// Names that nobody can have (RFC 2606).
const NOBODY: &str = "nobody@example.invalid";
const NO_ISSUER: &str = "https://example.invalid";

/// What the user says beside the survey.
#[derive(Clone, Debug)]
pub struct Options {
    /// The last day of the exceptions, `YYYY-MM-DD`.
    pub expires: String,
    /// The keys with which was surveyed: PEM by name.
    pub keys: BTreeMap<String, String>,
    /// The log that completed signatures without proof, where it is not the public one: a policy asks no other one unless it is told.
    pub log: Option<String>,
    /// Repositories whose provenance does not say what `slsa` asks, and what the policy said: it is not asked for there.
    pub unproven: BTreeMap<String, String>,
}

/// Why nothing can be suggested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuggestError {
    /// Nobody knows what an image has.
    #[error("`{image}` could not be looked into: {reason}")]
    Unseen {
        /// The image.
        image: String,
        /// Why not.
        reason: String,
    },
    /// A key verified something, and was not handed over with the options.
    #[error("the key `{0}` is not among those that were given")]
    Key(String),
}

/// Who may sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Keyless(IdentityPattern, Terms),
    Key { name: String, hash: &'static str, logged: bool },
}

/// For what one image is admitted.
pub(super) enum Ground {
    Keyless(Identity, Terms),
    Key { name: String, hash: &'static str, logged: bool },
}

/// The signature for which an image is admitted.
pub(super) fn chosen(holding: &Holding) -> Option<(&Seen, Ground)> {
    let grounds = holding.signatures.iter().filter_map(|seen| Some((seen, ground(seen)?)));
    grounds.min_by_key(|(_, ground)| preference(ground))
}

/// Who else signed the image, and is not in the draft: whoever may push evidence may sign, so a person has to say who counts.
#[must_use]
pub fn others(holding: &Holding) -> Vec<String> {
    let name = |ground: &Ground| match ground {
        Ground::Keyless(identity, _) => identity.subject.clone(),
        Ground::Key { name, .. } => format!("key {name}"),
    };
    let Some((_, chosen)) = chosen(holding) else { return Vec::new() };
    let all: BTreeSet<String> = holding.signatures.iter().filter_map(ground).map(|ground| name(&ground)).collect();
    all.into_iter().filter(|other| *other != name(&chosen)).collect()
}

/// What is known of the images of one repository.
#[derive(Default)]
struct Repository<'h> {
    /// Those whose signature holds.
    signed: Vec<(&'h Holding, Ground)>,
    /// Those that nobody signed, and of which provenance says where they were built.
    attested: Vec<&'h Holding>,
}

impl<'h> Repository<'h> {
    /// What provenance must say of every image. `None` where there is nothing to ask for; the error says why it cannot be.
    fn provenance(&self, name: &str, options: &Options) -> Result<Option<Slsa>, String> {
        let holdings: Vec<&Holding> =
            self.signed.iter().map(|(holding, _)| *holding).chain(self.attested.iter().copied()).collect();
        let built: Vec<Built> = holdings.iter().filter_map(|holding| Built::of(holding)).collect();
        if built.is_empty() {
            return Ok(None);
        }
        if let Some(reason) = options.unproven.get(name) {
            return Err(reason.clone());
        }
        if built.len() < holdings.len() {
            return Err("not every image of the repository has some that holds".to_owned());
        }
        Slsa::covering(&built).map(Some).map_err(str::to_owned)
    }
}

/// An image that is admitted for its digest.
struct Pinned<'h> {
    holding: &'h Holding,
    /// Why its provenance is not asked for, if there is some.
    unasked: Option<String>,
}

/// The images of one block: who may sign, and what provenance must say.
type Key = (BTreeSet<Entry>, Option<Slsa>);

/// The settings of the mutating policy that admits everything in `holdings` and no other repository.
///
/// # Errors
/// When something could not be looked into: what nobody saw is not admitted.
pub fn settings(holdings: &[Holding], options: &Options) -> Result<Fields, SuggestError> {
    let mut repositories: BTreeMap<&str, Repository<'_>> = BTreeMap::new();
    let mut pinned: BTreeMap<(String, String), Pinned<'_>> = BTreeMap::new();
    for holding in holdings {
        let unseen = |reason: &str| SuggestError::Unseen { image: holding.image.clone(), reason: reason.to_owned() };
        if let Some(error) = &holding.error {
            return Err(unseen(error));
        }
        let digest = holding.digest.as_deref().ok_or_else(|| unseen("it has no digest"))?;
        match chosen(holding) {
            Some((_, found)) => repositories.entry(&holding.repository).or_default().signed.push((holding, found)),
            None if Built::of(holding).is_some() => {
                repositories.entry(&holding.repository).or_default().attested.push(holding);
            }
            None => {
                let key = (reference(holding, digest), digest.to_owned());
                pinned.insert(key, Pinned { holding, unasked: None });
            }
        }
    }
    for (name, images) in &mut repositories {
        let unasked = match images.provenance(name, options) {
            Ok(Some(_)) if images.signed.is_empty() => continue,
            Err(reason) => reason,
            // A block asks the same of all its images.
            Ok(_) => "other images of the repository are signed".to_owned(),
        };
        for holding in images.attested.drain(..) {
            if let Some(digest) = &holding.digest {
                let key = (reference(holding, digest), digest.clone());
                pinned.insert(key, Pinned { holding, unasked: Some(unasked.clone()) });
            }
        }
    }
    repositories.retain(|_, images| !images.signed.is_empty() || !images.attested.is_empty());

    let patterns = generalise(&identities(&repositories));
    let mut blocks: BTreeMap<Key, Vec<&str>> = BTreeMap::new();
    let mut remarks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, images) in &repositories {
        let remarks = remarks.entry(name).or_default();
        remarks.extend(images.signed.iter().filter_map(|(holding, _)| left_out(holding)));
        let slsa = images.provenance(name, options).unwrap_or_else(|reason| {
            remarks.insert(unasked(&reason));
            None
        });
        let entries = images.signed.iter().map(|(_, ground)| entry(ground, &patterns)).collect();
        blocks.entry((entries, slsa)).or_default().push(name);
    }

    let mut written = Vec::new();
    for (key, names) in &blocks {
        let remarks: BTreeSet<&String> = names.iter().filter_map(|name| remarks.get(name)).flatten().collect();
        written.push(block(key, names, &remarks, options, &patterns)?);
    }
    let mut settings = Fields::new();
    settings.add_why("unmatchedImages", "deny", "Nothing else gets in.");
    if written.is_empty() {
        let repositories: BTreeSet<&str> = pinned.values().map(|pinned| pinned.holding.repository.as_str()).collect();
        settings.add_why(
            "verifyImages",
            vec![by_nobody(&repositories)],
            "Nobody is known to sign these, and so nobody may: a place for who will. The exceptions below do not need it.",
        );
    } else {
        settings.add("verifyImages", written);
    }
    if !pinned.is_empty() {
        settings.add_why(
            "exceptions",
            pinned
                .into_iter()
                .map(|((reference, digest), pinned)| exception(reference, &digest, &pinned, options))
                .collect::<Vec<_>>(),
            "No signature admits these: what runs today is admitted by its digest, until the day below. Have them \
             signed, or give the key that signed them (`--key`), and suggest again.",
        );
    }
    Ok(settings)
}

fn identities(repositories: &BTreeMap<&str, Repository<'_>>) -> BTreeSet<Identity> {
    let grounds = repositories.values().flat_map(|images| &images.signed).map(|(_, ground)| ground);
    let identity = |ground: &Ground| match ground {
        Ground::Keyless(identity, _) => Some(identity.clone()),
        Ground::Key { .. } => None,
    };
    grounds.filter_map(identity).collect()
}

fn unasked(reason: &str) -> String {
    format!("There is provenance, and `slsa` cannot ask for it: {reason}.")
}

/// Who else signed an image, in words.
fn left_out(holding: &Holding) -> Option<String> {
    let others = others(holding);
    let others: BTreeSet<&str> = others.iter().map(String::as_str).collect();
    (!others.is_empty()).then(|| {
        let tag = holding.image.rsplit('/').next().unwrap_or_default();
        format!("{tag} is also signed by {}, and not admitted for it: see which signer you mean.", some_of(&others))
    })
}

/// Names, and how many more there are.
fn some_of(names: &BTreeSet<&str>) -> String {
    let named: Vec<&str> = names.iter().take(MAX_NAMED).copied().collect();
    match names.len().saturating_sub(named.len()) {
        0 => named.join(", "),
        more => format!("{}, and {more} more", named.join(", ")),
    }
}

/// What a signature is good for.
fn ground(seen: &Seen) -> Option<Ground> {
    let Standing::Verified { logged, hash, .. } = &seen.standing else { return None };
    match &seen.signer {
        Signer::Keyless { subjects, issuer, .. } => {
            let identity = Identity { subject: subjects.first()?.clone(), issuer: issuer.clone()? };
            // Issuers are patterns too, and no real one has a wildcard in it.
            if identity.issuer.contains(['*', '?']) {
                return None;
            }
            Some(Ground::Keyless(identity, Terms::of(&seen.standing)?))
        }
        Signer::Key { name, .. } => Some(Ground::Key { name: name.clone()?, hash: (*hash)?, logged: *logged }),
        Signer::Unreadable => None,
    }
}

/// The smaller the better: what is logged, a workflow before a person and both before a key, and then always the same one.
fn preference(ground: &Ground) -> (bool, u8, String) {
    match ground {
        Ground::Keyless(identity, terms) => {
            (!terms.logged, u8::from(!identity.is_workflow()), identity.subject.clone())
        }
        Ground::Key { name, logged, .. } => (!logged, 2, name.clone()),
    }
}

/// The patterns, each with the identities that it covers.
type Patterns = BTreeMap<IdentityPattern, BTreeSet<Identity>>;

fn entry(ground: &Ground, patterns: &Patterns) -> Entry {
    match ground {
        Ground::Keyless(identity, terms) => {
            let covering = patterns.iter().find(|(_, covered)| covered.contains(identity));
            let pattern = covering.map_or_else(|| IdentityPattern::of(identity), |(pattern, _)| pattern.clone());
            Entry::Keyless(pattern, terms.clone())
        }
        Ground::Key { name, hash, logged } => Entry::Key { name: name.clone(), hash, logged: *logged },
    }
}

fn block(
    (entries, slsa): &Key,
    repositories: &[&str],
    remarks: &BTreeSet<&String>,
    options: &Options,
    patterns: &Patterns,
) -> Result<Tree, SuggestError> {
    let references: Vec<Tree> = repositories.iter().map(|repository| Tree::from(format!("{repository}:*"))).collect();
    let mut written = Vec::new();
    for entry in entries {
        written.push(match entry {
            Entry::Keyless(pattern, terms) => {
                let covered = patterns.get(pattern).into_iter().flatten();
                let seen: BTreeSet<&str> = covered.map(|identity| identity.subject.as_str()).collect();
                keyless(pattern, terms, &seen, slsa.is_some(), options)
            }
            Entry::Key { name, hash, logged } => key(name, hash, *logged, slsa.is_some(), options)?,
        });
    }
    let mut fields = Fields::new();
    if remarks.is_empty() {
        fields.add("imageReferences", references);
    } else {
        let remarks: Vec<&str> = remarks.iter().take(MAX_NAMED).map(|remark| remark.as_str()).collect();
        fields.add_why("imageReferences", references, &remarks.join("\n"));
    }
    if !written.is_empty() {
        let mut set = Fields::new();
        if entries.len() > 1 {
            set.add_why("count", 1_u64, "Some images of these repositories have one signer, and some another.");
        }
        set.add("entries", written);
        fields.add("attestors", vec![Tree::from(set)]);
    }
    if let Some(slsa) = slsa {
        fields.add("attestations", vec![slsa.written(options.log.as_deref())]);
    }
    Ok(Tree::from(fields))
}

/// A block that no signature satisfies: settings must have one, and one that asks for nothing would let moved tags in.
fn by_nobody(repositories: &BTreeSet<&str>) -> Tree {
    let references: Vec<Tree> = repositories.iter().map(|repository| Tree::from(format!("{repository}:*"))).collect();
    let nobody = Fields::new().with("subject", NOBODY).with("issuer", NO_ISSUER);
    let entry = Tree::from(Fields::new().with("keyless", nobody));
    let set = Tree::from(Fields::new().with("entries", vec![entry]));
    Tree::from(Fields::new().with("imageReferences", references).with("attestors", vec![set]))
}

fn keyless(
    pattern: &IdentityPattern,
    terms: &Terms,
    seen: &BTreeSet<&str>,
    has_provenance: bool,
    options: &Options,
) -> Tree {
    let mut fields = Fields::new();
    match &pattern.subject {
        SubjectPattern::Exact(subject) => fields.add("subject", subject.as_str()),
        SubjectPattern::RegExp(subject) => fields.add("subjectRegExp", subject.as_str()),
    }
    fields.add("issuer", pattern.issuer.as_str());
    terms.add_to(&mut fields, options.log.as_deref());
    let tighter = match &pattern.subject {
        SubjectPattern::RegExp(_) => " Writing out these names (`subject`) would tighten it.",
        SubjectPattern::Exact(_) if has_provenance => "",
        SubjectPattern::Exact(_) => WITH_PROVENANCE,
    };
    let why = format!("Seen, not approved: {}. Say whether these may sign.{tighter}", some_of(seen));
    let mut entry = Fields::new();
    entry.add_why("keyless", fields, &why);
    Tree::from(entry)
}

fn key(name: &str, hash: &str, logged: bool, has_provenance: bool, options: &Options) -> Result<Tree, SuggestError> {
    let pem = options.keys.get(name).ok_or_else(|| SuggestError::Key(name.to_owned()))?;
    let mut fields = Fields::new().with("publicKeys", pem.trim());
    if hash != "sha256" {
        fields.add_why("signatureAlgorithm", hash, "The hash that this key signs with; without this it is sha256.");
    }
    if logged {
        add_log(&mut fields, options.log.as_deref());
    } else {
        let rekor = Fields::new().with("ignoreTlog", true);
        fields.add_why("rekor", rekor, "No log vouches for these signatures: leave this out once one does.");
    }
    let mut entry = Fields::new();
    entry.add_why(
        "keys",
        fields,
        &format!(
            "Seen, not approved: the key that was given as {name}.{}",
            if has_provenance { "" } else { WITH_PROVENANCE }
        ),
    );
    Ok(Tree::from(entry))
}

/// The tag that was written, or the digest where none was: exceptions are read narrowly.
fn reference(holding: &Holding, digest: &str) -> String {
    let tail = holding.image.rsplit('/').next().unwrap_or_default();
    match tail.split_once('@') {
        Some(_) => format!("{}@{digest}", holding.repository),
        None => format!("{}:{}", holding.repository, tail.split_once(':').map_or("latest", |(_, tag)| tag)),
    }
}

fn exception(reference: String, digest: &str, pinned: &Pinned<'_>, options: &Options) -> Tree {
    let (reason, tighter) = unsigned(pinned.holding);
    let mut fields = Fields::new();
    let unasked = pinned.unasked.as_ref().map_or_else(String::new, |reason| unasked(reason));
    let why = format!("Seen, not approved: {reason}. {tighter} would tighten it. {unasked}");
    fields.add_why("imageReferences", vec![Tree::from(reference)], &why);
    Tree::from(
        fields
            .with("digests", vec![Tree::from(digest)])
            .with("reason", reason)
            .with("expires", options.expires.as_str()),
    )
}

/// Why no signature admits an image, and what would change that.
fn unsigned(holding: &Holding) -> (&'static str, &'static str) {
    let of_children = holding.children.as_ref().is_some_and(|children| !children.with_evidence.is_empty());
    if holding.is_bare() {
        ("nobody signed it", "A signature")
    } else if !holding.signatures.is_empty() {
        ("nobody who is known here signed it", "The key that signed it (`--key`)")
    } else if !holding.attestations.is_empty() {
        ("it has attestations, but no signature", "A signature")
    } else if of_children {
        ("images of its index are signed, but not the index", "A signature of the index")
    } else {
        ("what lies beside it as a signature cannot be used", "A signature")
    }
}
