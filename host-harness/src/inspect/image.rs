//! An image: every signature and attestation that lies beside it, whoever made them.

use sigwarden_core::evidence::published::{self, PublishedEvidence};
use sigwarden_core::reference::{Digest, ImageRef};

use super::file::{form_of, quoted};
use super::{InspectError, Inspection, KnownLogs, MAX_PIECES, Piece};
use crate::publish::{Dropped, collect_all};
use crate::sources::Source;

/// Says what lies beside `image` in `source`; the transparency logs at `rekor` complete what carries no proof. What is published *and* there in its own place is told once.
///
/// # Errors
/// When there is no such image, or the source could not look everywhere.
pub fn inspect_image(
    image: &ImageRef,
    source: &dyn Source,
    rekor: &[String],
    logs: &KnownLogs,
) -> Result<Inspection, InspectError> {
    let no_image = || InspectError::NoImage(image.written().to_owned());
    let repository = image.repository();
    let digest = match image.digest() {
        Some(digest) => digest.clone(),
        None => source.resolve(repository, image.tag_or_latest())?.ok_or_else(no_image)?,
    };
    source.manifest(repository, &digest)?.ok_or_else(no_image)?;
    let mut inspection = Inspection::new(image.written().to_owned());
    let by_digest = format!("{repository}@{digest}");
    inspection.verify_with = Some(format!("sigwarden verify --policy POLICY_FILE {}", quoted(&by_digest)));
    let tag = published::tag(&digest);
    inspection.looked = looked(&digest, &tag);

    let collected = collect_all(source, repository, &digest, rekor)?;
    inspection.unreadable = collected.dropped;
    let mut told = PublishedEvidence::new(digest.clone());
    let mut more = 0_usize;
    for found in collected.found {
        match told.add(&found.element) {
            Ok(false) => {}
            Ok(true) if inspection.evidence.len() < MAX_PIECES => {
                let form = form_of(&found.element);
                inspection.evidence.push(Piece::of_material(found.place, form, &found.material, logs));
            }
            Ok(true) => more = more.saturating_add(1),
            Err(error) => inspection.unreadable.push(Dropped { source: found.place, reason: error.to_string() }),
        }
    }
    if more > 0 {
        let reason = format!("{more} more pieces of evidence are not shown");
        inspection.unreadable.push(Dropped { source: image.written().to_owned(), reason });
    }
    inspection.digest = Some(digest.to_string());
    Ok(inspection)
}

fn looked(digest: &Digest, published: &str) -> Vec<String> {
    let tag = format!("{}-{}", digest.algorithm(), digest.hex());
    vec![
        format!("cosign tag {tag}.sig"),
        format!("cosign tag {tag}.att"),
        format!("referrers of {digest}"),
        format!("referrers tag {tag}"),
        format!("published evidence {published}"),
    ]
}
