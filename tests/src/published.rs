//! What `sigwarden publish` does, for layouts of tests: everything a layout holds about an image, in one artifact beside it.

use crate::layout::Layout;
use serde_json::Value;
use sigwarden_core::evidence::media_type::BUNDLE;
use sigwarden_core::evidence::published::{CosignLayer, Element, PublishedEvidence, tag};
use sigwarden_core::reference::Digest;

/// Publishes the evidence about the image that has this tag. Returns how many pieces there are.
pub fn publish(layout: &Layout, image_tag: &str) -> usize {
    let evidence = evidence(layout, image_tag);
    publish_config(layout, image_tag, &evidence.artifact().expect("not too much").config);
    evidence.len()
}

/// Publishes this config for the image that has this tag, whatever it is.
pub fn publish_config(layout: &Layout, image_tag: &str, config: &[u8]) {
    let subject = subject(layout, image_tag);
    let artifact = PublishedEvidence::new(subject.clone()).artifact().expect("not too much");
    let mut manifest: Value = serde_json::from_slice(&artifact.manifest).expect("a manifest is JSON");
    manifest["config"]["digest"] = Digest::of(config).as_str().into();
    manifest["config"]["size"] = config.len().into();
    layout.write_blob(config);
    layout.tag(&tag(&subject), &manifest);
}

fn subject(layout: &Layout, image_tag: &str) -> Digest {
    layout.tagged(image_tag).expect("the image's tag").parse().expect("a digest")
}

/// The evidence about the image that has this tag.
pub fn evidence(layout: &Layout, image_tag: &str) -> PublishedEvidence {
    let subject = subject(layout, image_tag);
    let mut evidence = PublishedEvidence::new(subject.clone());
    let index = layout.index();
    for entry in index["manifests"].as_array().expect("a list") {
        let manifest = layout.manifest(entry["digest"].as_str().expect("a digest"));
        let is_bundle = manifest["artifactType"].as_str().is_some_and(|kind| kind.starts_with(BUNDLE));
        if is_bundle && manifest["subject"]["digest"] == subject.as_str() {
            let blob = layout.blob(manifest["layers"][0]["digest"].as_str().expect("a layer"));
            add(&mut evidence, &Element::Bundle(String::from_utf8(blob).expect("a bundle is JSON")));
        }
    }
    let base = format!("{}-{}", subject.algorithm(), subject.hex());
    for layer in layers(layout, &format!("{base}.sig")) {
        add(&mut evidence, &Element::CosignSignature(layer));
    }
    for layer in layers(layout, &format!("{base}.att")) {
        add(&mut evidence, &Element::CosignAttestation(layer));
    }
    evidence
}

fn add(evidence: &mut PublishedEvidence, element: &Element) {
    assert_eq!(evidence.add(element), Ok(true), "{element:?}");
}

/// The layers under one of cosign's tags.
fn layers(layout: &Layout, tag: &str) -> Vec<CosignLayer> {
    let Some(digest) = layout.tagged(tag) else { return Vec::new() };
    let manifest = layout.manifest(&digest);
    let layer = |layer: &Value| CosignLayer {
        payload: layout.blob(layer["digest"].as_str().expect("a digest")),
        annotations: serde_json::from_value(layer["annotations"].clone()).expect("annotations are text"),
    };
    manifest["layers"].as_array().expect("layers").iter().map(layer).collect()
}
