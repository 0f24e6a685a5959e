//! Evidence that a stock Kubewarden cannot hand to a policy: whatever is neither published nor in cosign's `.sig` tags.

use super::draft::chosen;
use crate::survey::Holding;

/// The images, by digest, that are admitted for a signature which has to be published first. `completed`: signatures were
/// completed from a log, which a policy in a cluster does not ask; then a `.sig` tag alone is not enough.
#[must_use]
pub fn unpublished(holdings: &[Holding], completed: bool) -> Vec<String> {
    let is_readable = |place: &String| {
        let is_tag =
            place.split_once(',').is_some_and(|(tag, _)| tag.starts_with("cosign tag ") && tag.ends_with(".sig"));
        place.starts_with("published evidence ") || (is_tag && !completed)
    };
    let mut images: Vec<String> = holdings
        .iter()
        .filter_map(|holding| {
            let (seen, _) = chosen(holding).filter(|(seen, _)| !seen.places.iter().any(is_readable))?;
            debug_assert!(seen.is_verified());
            Some(format!("{}@{}", holding.repository, holding.digest.as_deref()?))
        })
        .collect();
    images.sort();
    images.dedup();
    images
}
