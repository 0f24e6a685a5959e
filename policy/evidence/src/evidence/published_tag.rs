//! The carrier of published evidence: the tag `sha256-<hex>.sigwarden`, whose config blob a stock host hands out.
//!
//! The registry may hold anything under that tag: another image's evidence, a later version's, a plain image. None of it is
//! ever evidence of this image; each has its reason, and is something unreadable in the place of evidence, which stands in
//! the way of rules that ask whether there is no bad one.

use super::published::{self, Element, PublishedError};
use super::store::Fault;
use super::{Gap, Load, Store};
use crate::decision::LookedResult;
use crate::host::ManifestId;
use crate::reference::{Digest, Repository};

pub(super) fn load(store: &Store<'_>, repository: &Repository, digest: &Digest) -> Load {
    let mut load = Load::default();
    let tag = published::tag(digest);
    let carrier = format!("published evidence {repository}:{tag}");
    let json = match store.config(repository, ManifestId::Tag(&tag)) {
        Ok(Some(json)) => json,
        Ok(None) => {
            load.looked(carrier, LookedResult::Absent);
            return load;
        }
        Err(Fault::Host(error)) => {
            load.unanswered(carrier, error);
            return load;
        }
        Err(fault) => {
            fault.record(store, &mut load, carrier);
            return load;
        }
    };
    match published::elements(&json, digest) {
        Ok(elements) => {
            load.looked(carrier.clone(), LookedResult::Found(elements.len()));
            for (index, element) in elements.into_iter().enumerate() {
                let source = format!("{carrier}, element {index}");
                match Element::read(element) {
                    Ok(Element::Bundle(json)) => load.bundle(store, source, json.as_bytes()),
                    Ok(layer) => match layer.material() {
                        Ok(material) => load.readable(store, source, material),
                        Err(error) => load.unreadable(store, source, error),
                    },
                    Err(error) => load.unreadable(store, source, error.into()),
                }
            }
        }
        Err(error @ (PublishedError::TooLarge { .. } | PublishedError::TooMany { .. })) => {
            let (what, limit) = match &error {
                PublishedError::TooLarge { .. } => ("bytes of published evidence", published::MAX_BYTES),
                _ => ("pieces of published evidence", published::MAX_ELEMENTS),
            };
            load.looked(carrier, LookedResult::Unreachable(error.to_string()));
            load.gap.get_or_insert(Gap::Limit { what, limit });
        }
        Err(error) => {
            load.looked(carrier.clone(), LookedResult::Found(1));
            load.unreadable(store, carrier, error.into());
        }
    }
    load
}
