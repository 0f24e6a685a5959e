//! An image: every signature and attestation that lies beside it, whoever made them.

use sigwarden_core::evidence::published::{self, Element, PublishedEvidence};
use sigwarden_core::reference::{Digest, ImageRef};

use super::file::{form_of, quoted};
use super::{InspectError, Inspection, KnownLogs, MAX_PIECES, Piece, Unreadable};
use crate::publish::{PublishError, collect, published_beside};
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

    let collected = collect(source, repository, &digest, rekor)?;
    let mut known = PublishedEvidence::new(digest.clone());
    let dropped = collected.dropped.into_iter();
    inspection.unreadable = dropped.map(|it| Unreadable { source: it.source, reason: it.reason }).collect();
    let mut elements: Vec<(String, Element)> = Vec::new();
    for (place, _, element) in collected.found {
        match known.add(&element) {
            Ok(true) => elements.push((place, element)),
            Ok(false) => {}
            Err(error) => inspection.unreadable.push(Unreadable { source: place, reason: error.to_string() }),
        }
    }
    let place = format!("published evidence {tag}");
    match published_beside(source, repository, &digest) {
        Ok(None) => {}
        Ok(Some(evidence)) => {
            for element in evidence.elements() {
                match element.and_then(|element| Ok((known.add(&element)?, element))) {
                    Ok((true, element)) => elements.push((place.clone(), element)),
                    Ok((false, _)) => {}
                    Err(error) => {
                        inspection.unreadable.push(Unreadable { source: place.clone(), reason: error.to_string() });
                    }
                }
            }
        }
        Err(PublishError::Source(error)) => return Err(error.into()),
        Err(error) => inspection.unreadable.push(Unreadable { source: place, reason: error.to_string() }),
    }
    let more = elements.len().saturating_sub(MAX_PIECES);
    for (place, element) in elements.into_iter().take(MAX_PIECES) {
        let form = form_of(&element);
        match element.material() {
            Ok(material) => inspection.evidence.push(Piece::of_material(place, form, &material, logs)),
            Err(error) => inspection.unreadable.push(Unreadable { source: place, reason: error.to_string() }),
        }
    }
    if more > 0 {
        let reason = format!("{more} more pieces of evidence are not shown");
        inspection.unreadable.push(Unreadable { source: image.written().to_owned(), reason });
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
