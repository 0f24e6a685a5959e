//! Is it another digest that is signed: the index of this platform, a platform of this index, what the tag leads to by now?
//!
//! A person who pins the digest that `docker inspect` shows on one machine pins a child. It must not be admitted as if it
//! were signed; but where the tag beside the digest still leads to its index, the answer can say so. Where the tag leads to
//! something else, it was moved since this digest was pinned. And where an index is not signed, its platforms may be. Asked
//! only after a refusal, and of tag and digest in the reference alone: nothing else tells which digest was meant.

use crate::decision::{CheckReport, Code, Finding, ImageReport};
use crate::evidence::Purpose;
use crate::examiner::{Examiner, Target};
use crate::host::{Host, ManifestId};
use crate::reference::{Digest, ImageRef};
use serde::Deserialize;

/// Platforms of one index. Docker's own images have about twenty, with an attestation for each.
const MAX_CHILDREN: usize = 1000;

/// Platforms of which signatures are looked for: who signs platforms signs the first ones too, and each is asked in several
/// places.
const MAX_ASKED: usize = 2;

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Child>,
}

#[derive(Deserialize)]
struct Child {
    digest: String,
}

/// Whether a refusal could come from this: nothing was found about the image, for some rule.
pub(super) fn may_explain(report: &ImageReport) -> bool {
    fn found_nothing(check: &CheckReport) -> bool {
        let is_absence =
            |finding: &Finding| matches!(finding.code, Code::Unsigned | Code::AttestationMissing | Code::WrongSubject);
        check.finding.as_ref().is_some_and(is_absence) || check.parts.iter().any(found_nothing)
    }
    report.blocks.iter().flat_map(|block| &block.checks).any(found_nothing)
}

/// Which digest it may be that somebody signed. `digest` is the image's. What the host cannot say is no explanation.
pub(super) fn explain(host: &dyn Host, examiner: &Examiner<'_>, image: &ImageRef, digest: &Digest) -> Option<Finding> {
    tagged(host, image).or_else(|| platforms(host, examiner, image, digest))
}

/// What the tag beside the digest leads to.
fn tagged(host: &dyn Host, image: &ImageRef) -> Option<Finding> {
    let (tag, pinned) = (image.tag()?, image.digest()?);
    let tagged = ImageRef::parse(&format!("{}:{tag}", image.repository())).ok()?;
    let leads_to = host.resolve(&tagged).ok()??;
    if leads_to == *pinned {
        return None;
    }
    let is_child = children(host, image, &leads_to).iter().any(|child| child == pinned.as_str());
    let (code, message) = match is_child {
        true => {
            (Code::ChildOfIndex, "this digest is one platform of an index, and signatures are usually about the index")
        }
        false => (Code::TagMoved, "the tag leads to another digest by now, and signatures may be about that one"),
    };
    let what = if is_child { "pin the index" } else { "pin what the tag leads to, if that is what you mean" };
    Some(Finding::new(code, message).contrast(leads_to.as_str(), pinned.as_str()).remedy(format!(
        "{what}: {}:{}@{leads_to}",
        image.repository(),
        image.tag_or_latest()
    )))
}

/// The image is an index, which nobody signed; has somebody signed its platforms? A stock host is not asked: what it has not
/// cached takes it long, and a pod waits.
fn platforms(host: &dyn Host, examiner: &Examiner<'_>, image: &ImageRef, index: &Digest) -> Option<Finding> {
    if !examiner.plan().extended {
        return None;
    }
    let children = children(host, image, index);
    let is_signed = |child: &Digest| {
        let target = Target { image, digest: child };
        let mut places = examiner.plan().places(Purpose::Signatures).into_iter();
        places.any(|place| !examiner.is_time_up() && !examiner.load(target, None, place).items.is_empty())
    };
    let all: Vec<Digest> = children.iter().take(MAX_ASKED).filter_map(|child| Digest::parse(child).ok()).collect();
    let signed = all.iter().find(|child| is_signed(child))?;
    let message = "this is an index, and there are signatures of its platforms alone";
    Some(
        Finding::new(Code::ChildOfIndex, message)
            .contrast(index.as_str(), signed.as_str())
            .remedy(format!("sign the index too: cosign sign --yes --recursive {}@{index}", image.repository())),
    )
}

/// The digests that an index lists; none where the manifest is no index, or cannot be had.
fn children(host: &dyn Host, image: &ImageRef, index: &Digest) -> Vec<String> {
    let json = host.manifest(image.repository(), ManifestId::Digest(index)).ok().flatten();
    let read: Option<Index> = json.and_then(|json| serde_json::from_slice(&json).ok());
    read.map_or_else(Vec::new, |index| index.manifests.into_iter().take(MAX_CHILDREN).map(|it| it.digest).collect())
}
