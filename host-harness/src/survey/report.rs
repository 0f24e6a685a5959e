//! What the images of many objects have, put together by image.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use sigwarden_core::reference::ImageRef;

use super::{Holding, Surveyor};
use crate::manifests::{Manifest, NotCovered, Object};
use crate::workers::{self, Options};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurveyReport {
    /// When it was looked, in Unix seconds: ages count from here.
    pub looked_at: i64,
    /// Objects that name images.
    pub objects: usize,
    /// Each distinct image once: what could not be looked into, then what nobody signed, then the rest.
    pub images: Vec<SurveyEntry>,
    /// Objects that run images, and that no policy of this kind is asked about. Their images are in the list all the same.
    pub not_covered: Vec<NotCovered>,
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurveyEntry {
    /// The objects that name it.
    pub uses: Vec<Object>,
    /// What it has.
    #[serde(flatten)]
    pub holding: Holding,
}

/// Looks at every image of the objects, each once. What is not reached in time has an error.
pub fn survey(
    covered: &[Manifest],
    not_covered: Vec<NotCovered>,
    surveyor: Arc<Surveyor>,
    options: Options,
    progress: &dyn Fn(),
) -> SurveyReport {
    let named = covered.iter().map(|manifest| (&manifest.object, &manifest.images));
    let named = named.chain(not_covered.iter().map(|outside| (&outside.object, &outside.images)));
    let mut uses: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for (object, images) in named {
        for image in images {
            let users = uses.entry(image.clone()).or_default();
            if users.last() != Some(object) {
                users.push(object.clone());
            }
        }
    }
    let images: Arc<Vec<String>> = Arc::new(uses.keys().cloned().collect());
    let looked_at = surveyor.now();
    let look = Arc::new(move |image: &String| match ImageRef::parse(image) {
        Ok(reference) => surveyor.look(&reference),
        Err(error) => unseen(image, error.to_string()),
    });
    let order: VecDeque<usize> = (0..images.len()).collect();
    let holdings = workers::answers(&images, order, &look, options, progress);
    let mut entries: Vec<SurveyEntry> = images
        .iter()
        .zip(holdings)
        .map(|(image, holding)| SurveyEntry {
            uses: uses.remove(image).unwrap_or_default(),
            holding: holding.unwrap_or_else(|reason| unseen(image, reason.to_string())),
        })
        .collect();
    entries.sort_by_key(|entry| (entry.rank(), std::cmp::Reverse(entry.uses.len())));
    SurveyReport { looked_at, objects: covered.len(), images: entries, not_covered }
}

fn unseen(image: &str, error: String) -> Holding {
    Holding { image: image.to_owned(), error: Some(error), ..Holding::default() }
}

impl SurveyEntry {
    fn rank(&self) -> u8 {
        match self.standing() {
            "unknown" => 0,
            "unsigned" => 1,
            "unverified" => 2,
            _ => 3,
        }
    }

    /// What it comes to, in a word: `unknown` (it could not be looked), `unsigned` (nobody says anything), `unverified`
    /// (somebody does, and nothing that was given can verify it) or `verified`.
    #[must_use]
    pub fn standing(&self) -> &'static str {
        match &self.holding {
            Holding { error: Some(_), .. } => "unknown",
            holding if holding.verified().next().is_some() => "verified",
            Holding { signatures, attestations, .. } if signatures.is_empty() && attestations.is_empty() => "unsigned",
            _ => "unverified",
        }
    }
}
