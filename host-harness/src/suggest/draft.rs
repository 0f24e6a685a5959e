//! The settings that admit what was surveyed.
//!
//! An image whose signature holds is admitted for who signed it; one by a key for its key; everything else for its digest and
//! to a day. Attestations are not asked for yet. A repository's images share a block, since every block that matches an
//! image must pass.

use std::collections::{BTreeMap, BTreeSet};

use sigwarden_core::verify::SIGSTORE;

use super::identity::{Identity, IdentityPattern, SubjectPattern, generalise};
use crate::convert::tree::{Fields, Tree};
use crate::survey::{Holding, Seen, Signer, Standing};

/// Names in one comment; more say nothing that the pattern does not.
const MAX_NAMED: usize = 5;
/// Required where a log is not; it is not asked.
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

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

/// What must vouch beside the signature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    trust_root: String,
    logged: bool,
    certificate_logged: bool,
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

/// The settings of the mutating policy that admits everything in `holdings` and no other repository.
///
/// # Errors
/// When something could not be looked into: what nobody saw is not admitted.
pub fn settings(holdings: &[Holding], options: &Options) -> Result<Fields, SuggestError> {
    let mut grounds: Vec<(&Holding, Ground)> = Vec::new();
    let mut pinned: BTreeMap<(String, String), &Holding> = BTreeMap::new();
    for holding in holdings {
        let unseen = |reason: &str| SuggestError::Unseen { image: holding.image.clone(), reason: reason.to_owned() };
        if let Some(error) = &holding.error {
            return Err(unseen(error));
        }
        let digest = holding.digest.as_deref().ok_or_else(|| unseen("it has no digest"))?;
        match chosen(holding) {
            Some((_, found)) => grounds.push((holding, found)),
            None => {
                pinned.insert((reference(holding, digest), digest.to_owned()), holding);
            }
        }
    }

    let entries = entries(&grounds);
    // Repositories with the same signers share a block.
    let mut of_repository: BTreeMap<&str, BTreeSet<Entry>> = BTreeMap::new();
    for ((holding, _), entry) in grounds.iter().zip(entries) {
        of_repository.entry(&holding.repository).or_default().insert(entry);
    }
    let mut blocks: BTreeMap<BTreeSet<Entry>, Vec<&str>> = BTreeMap::new();
    for (repository, entries) in of_repository {
        blocks.entry(entries).or_default().push(repository);
    }

    let seen = |pattern: &IdentityPattern| -> BTreeSet<String> {
        let identities: BTreeSet<Identity> = grounds
            .iter()
            .filter_map(|(_, ground)| match ground {
                Ground::Keyless(identity, _) => Some(identity.clone()),
                Ground::Key { .. } => None,
            })
            .collect();
        let covered = generalise(&identities).remove(pattern).unwrap_or_default();
        covered.into_iter().map(|identity| identity.subject).collect()
    };
    let mut written = Vec::new();
    for (entries, repositories) in blocks {
        written.push(block(&entries, &repositories, options, &seen)?);
    }
    let mut settings = Fields::new();
    settings.add_why("unmatchedImages", "deny", "Nothing else gets in.");
    if written.is_empty() {
        let repositories: BTreeSet<&str> = pinned.values().map(|holding| holding.repository.as_str()).collect();
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
                .map(|((reference, digest), holding)| exception(reference, &digest, holding, options))
                .collect::<Vec<_>>(),
            "No signature admits these: what runs today is admitted by its digest, until the day below. Have them \
             signed, or give the key that signed them (`--key`), and suggest again.",
        );
    }
    Ok(settings)
}

/// What a signature is good for.
fn ground(seen: &Seen) -> Option<Ground> {
    let Standing::Verified { trust_root, logged, certificate_logged, hash } = &seen.standing else { return None };
    match &seen.signer {
        Signer::Keyless { subjects, issuer, .. } => {
            let identity = Identity { subject: subjects.first()?.clone(), issuer: issuer.clone()? };
            // Issuers are patterns too, and no real one has a wildcard in it.
            if identity.issuer.contains(['*', '?']) {
                return None;
            }
            let (logged, certificate_logged) = (*logged, *certificate_logged);
            Some(Ground::Keyless(identity, Terms { trust_root: trust_root.clone(), logged, certificate_logged }))
        }
        Signer::Key { name, .. } => Some(Ground::Key { name: name.clone()?, hash: (*hash)?, logged: *logged }),
        Signer::Unreadable => None,
    }
}

/// The smaller the better: what is logged, who is known by name, and then always the same one.
fn preference(ground: &Ground) -> (bool, bool, String) {
    match ground {
        Ground::Keyless(identity, terms) => (!terms.logged, false, identity.subject.clone()),
        Ground::Key { name, logged, .. } => (!logged, true, name.clone()),
    }
}

/// The entry for each ground, in their order.
fn entries(grounds: &[(&Holding, Ground)]) -> Vec<Entry> {
    let identities = grounds.iter().filter_map(|(_, ground)| match ground {
        Ground::Keyless(identity, _) => Some(identity.clone()),
        Ground::Key { .. } => None,
    });
    let patterns = generalise(&identities.collect());
    let pattern = |identity: &Identity| {
        let covering = patterns.iter().find(|(_, covered)| covered.contains(identity));
        covering.map_or_else(|| IdentityPattern::of(identity), |(pattern, _)| pattern.clone())
    };
    grounds
        .iter()
        .map(|(_, ground)| match ground {
            Ground::Keyless(identity, terms) => Entry::Keyless(pattern(identity), terms.clone()),
            Ground::Key { name, hash, logged } => Entry::Key { name: name.clone(), hash, logged: *logged },
        })
        .collect()
}

fn block(
    entries: &BTreeSet<Entry>,
    repositories: &[&str],
    options: &Options,
    seen: &impl Fn(&IdentityPattern) -> BTreeSet<String>,
) -> Result<Tree, SuggestError> {
    let references: Vec<Tree> = repositories.iter().map(|repository| Tree::from(format!("{repository}:*"))).collect();
    let mut written = Vec::new();
    for entry in entries {
        written.push(match entry {
            Entry::Keyless(pattern, terms) => keyless(pattern, terms, &seen(pattern)),
            Entry::Key { name, hash, logged } => key(name, hash, *logged, options)?,
        });
    }
    let mut set = Fields::new();
    if entries.len() > 1 {
        set.add_why("count", 1_u64, "Some images of these repositories have one signer, and some another.");
    }
    set.add("entries", written);
    Ok(Tree::from(Fields::new().with("imageReferences", references).with("attestors", vec![Tree::from(set)])))
}

/// A block that no signature satisfies: settings must have one, and one that asks for nothing would let moved tags in.
fn by_nobody(repositories: &BTreeSet<&str>) -> Tree {
    let references: Vec<Tree> = repositories.iter().map(|repository| Tree::from(format!("{repository}:*"))).collect();
    let nobody = Fields::new().with("subject", NOBODY).with("issuer", NO_ISSUER);
    let entry = Tree::from(Fields::new().with("keyless", nobody));
    let set = Tree::from(Fields::new().with("entries", vec![entry]));
    Tree::from(Fields::new().with("imageReferences", references).with("attestors", vec![set]))
}

fn keyless(pattern: &IdentityPattern, terms: &Terms, seen: &BTreeSet<String>) -> Tree {
    let mut fields = Fields::new();
    match &pattern.subject {
        SubjectPattern::Exact(subject) => fields.add("subject", subject.as_str()),
        SubjectPattern::RegExp(subject) => fields.add("subjectRegExp", subject.as_str()),
    }
    fields.add("issuer", pattern.issuer.as_str());
    if terms.trust_root != SIGSTORE {
        fields.add("trustRoot", terms.trust_root.as_str());
    }
    if !terms.logged {
        let rekor = Fields::new().with("url", PUBLIC_LOG).with("ignoreTlog", true);
        fields.add_why(
            "rekor",
            rekor,
            "No log vouches for these signatures, only a timestamp: leave this out once one does.",
        );
    }
    if !terms.certificate_logged {
        fields.add("ctlog", Fields::new().with("ignoreSCT", true));
    }
    let named: Vec<&str> = seen.iter().take(MAX_NAMED).map(String::as_str).collect();
    let others = match seen.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let tighter = match &pattern.subject {
        SubjectPattern::Exact(_) => "Asking for provenance (`attestations`) would tighten it",
        SubjectPattern::RegExp(_) => "Writing out these names (`subject`) would tighten it",
    };
    let why = format!("Seen, not approved: {}{others}. Say whether these may sign. {tighter}.", named.join(", "));
    let mut entry = Fields::new();
    entry.add_why("keyless", fields, &why);
    Tree::from(entry)
}

fn key(name: &str, hash: &str, logged: bool, options: &Options) -> Result<Tree, SuggestError> {
    let pem = options.keys.get(name).ok_or_else(|| SuggestError::Key(name.to_owned()))?;
    let mut fields = Fields::new().with("publicKeys", pem.trim());
    if hash != "sha256" {
        fields.add("signatureAlgorithm", hash);
    }
    if !logged {
        let rekor = Fields::new().with("ignoreTlog", true);
        fields.add_why("rekor", rekor, "No log vouches for these signatures: leave this out once one does.");
    }
    let mut entry = Fields::new();
    entry.add_why(
        "keys",
        fields,
        &format!(
            "Seen, not approved: the key that was given as {name}. Asking for provenance (`attestations`) would tighten it."
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

fn exception(reference: String, digest: &str, holding: &Holding, options: &Options) -> Tree {
    let (reason, tighter) = unsigned(holding);
    let mut fields = Fields::new();
    let why = format!("Seen, not approved: {reason}. {tighter} would tighten it.");
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
