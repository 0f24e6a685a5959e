//! Is this image one platform of an index, while signatures are about the index?
//!
//! A person who pins the digest that `docker inspect` shows on one machine pins a child. It must not be admitted as if it
//! were signed; but where the tag beside the digest still leads to its index, the answer can say so. Asked only after a
//! refusal, and only for images with a tag and a digest: nothing else tells which index that could be.

use crate::decision::{CheckReport, Code, Finding, ImageReport};
use crate::host::{Host, ManifestId};
use crate::reference::{Digest, ImageRef};
use serde::Deserialize;

/// Platforms of one index. Docker's own images have about twenty, with an attestation for each.
const MAX_CHILDREN: usize = 1000;

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
        let is_absence = |finding: &Finding| matches!(finding.code, Code::Unsigned | Code::AttestationMissing);
        check.finding.as_ref().is_some_and(is_absence) || check.parts.iter().any(found_nothing)
    }
    report.blocks.iter().flat_map(|block| &block.checks).any(found_nothing)
}

/// The index whose child the image is, if its tag leads there. What the host cannot say is no explanation.
pub(super) fn explain(host: &dyn Host, image: &ImageRef) -> Option<Finding> {
    let (tag, child) = (image.tag()?, image.digest()?);
    let tagged = ImageRef::parse(&format!("{}:{tag}", image.repository())).ok()?;
    let index = host.resolve(&tagged).ok()??;
    if index == *child {
        return None;
    }
    let json = host.manifest(image.repository(), ManifestId::Digest(&index)).ok()??;
    let read: Index = serde_json::from_slice(&json).ok()?;
    read.manifests
        .iter()
        .take(MAX_CHILDREN)
        .any(|it| it.digest == child.as_str())
        .then(|| finding(image, &index, child))
}

fn finding(image: &ImageRef, index: &Digest, child: &Digest) -> Finding {
    let message = "this digest is one platform of an index, and signatures are usually about the index";
    Finding::new(Code::ChildOfIndex, message).contrast(index.as_str(), child.as_str()).remedy(format!(
        "pin the index: {}:{}@{index}",
        image.repository(),
        image.tag_or_latest()
    ))
}
