//! The format, as it is written and read.

use super::*;

fn image() -> Digest {
    Digest::of(b"image")
}

fn layer(payload: &[u8]) -> CosignLayer {
    let annotations = BTreeMap::from([("dev.cosignproject.cosign/signature".to_owned(), "AAAA".to_owned())]);
    CosignLayer { payload: payload.to_vec(), annotations }
}

fn three() -> PublishedEvidence {
    let mut evidence = PublishedEvidence::new(image());
    for element in [
        Element::Bundle(r#"{"b": 1, "a": {"d": [1, {"z": "ü", "y": null}], "c": "/"}}"#.to_owned()),
        Element::CosignSignature(layer(b"payload")),
        Element::CosignAttestation(layer(b"{}")),
    ] {
        assert_eq!(evidence.add(&element), Ok(true));
        assert_eq!(evidence.add(&element), Ok(false), "the same element twice is one");
    }
    evidence
}

fn wire(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&three().artifact().unwrap().config).unwrap();
    change(&mut value);
    value.to_string().into_bytes()
}

#[test]
fn the_same_evidence_is_the_same_bytes() {
    let evidence = three();
    let artifact = evidence.artifact().unwrap();
    let mut reversed = PublishedEvidence::new(image());
    for element in evidence.elements().collect::<Vec<_>>().into_iter().rev() {
        reversed.add(&element.unwrap()).unwrap();
    }
    assert_eq!(reversed.artifact().unwrap(), artifact);
    // As a host hands it out: parsed and written anew.
    let value: Value = serde_json::from_slice(&artifact.config).unwrap();
    let read = PublishedEvidence::read(value.to_string().as_bytes(), &image()).unwrap();
    assert_eq!(read.artifact().unwrap(), artifact);
    let mut merged = PublishedEvidence::new(image());
    merged.add(&Element::Bundle("{}".to_owned())).unwrap();
    assert_eq!(merged.merge(read), Ok(3));
    assert_eq!(merged.merge(evidence), Ok(0));
    assert_eq!(merged.len(), 4);
}

#[test]
fn the_manifest_says_what_it_is() {
    let artifact = three().artifact().unwrap();
    let manifest: Value = serde_json::from_slice(&artifact.manifest).unwrap();
    assert_eq!(manifest["artifactType"], MEDIA_TYPE);
    assert_eq!(manifest["config"]["mediaType"], MEDIA_TYPE);
    assert_eq!(manifest["config"]["digest"], Digest::of(&artifact.config).as_str());
    assert_eq!(manifest["config"]["size"], artifact.config.len());
    // image-spec: the empty descriptor's digest is fixed.
    assert_eq!(
        manifest["layers"][0]["digest"],
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!(manifest.as_object().unwrap().len(), 5);
    let digest = Digest::of(b"image");
    assert_eq!(tag(&digest), format!("sha256-{}.sigwarden", digest.hex()));
}

#[test]
fn what_is_no_published_evidence_has_a_reason() {
    assert_eq!(elements(&wire(|_| {}), &image()).unwrap().len(), 3);
    let extra = wire(|value| value["later"] = true.into());
    assert_eq!(elements(&extra, &image()).unwrap().len(), 3, "fields beside these are allowed");
    let repeated = wire(|value| value["evidence"] = vec![json!({"bundle": {}}); 20_000].into());
    assert_eq!(elements(&repeated, &image()).unwrap().len(), 1, "what stands there twice counts once");
    let wrong_subject = PublishedError::Subject { found: format!("`{}`", Digest::of(b"x")), wanted: image() };
    let cases = [
        (
            "another media type",
            wire(|value| value["mediaType"] = "application/json".into()),
            PublishedError::MediaType { found: "application/json".to_owned() },
        ),
        ("an image's configuration", br#"{"os":"linux"}"#.to_vec(), PublishedError::MediaType { found: String::new() }),
        ("another image", wire(|value| value["subject"] = json!(Digest::of(b"x"))), wrong_subject),
        (
            "one too many",
            wire(|value| value["evidence"] = (0..=MAX_ELEMENTS).map(|n| json!({"bundle": n})).collect()),
            PublishedError::TooMany { count: MAX_ELEMENTS + 1 },
        ),
        (
            "one byte too many",
            wire(|value| value["pad"] = "x".repeat(MAX_BYTES).into()),
            PublishedError::TooLarge { bytes: wire(|_| {}).len() + MAX_BYTES + r#","pad":"""#.len() },
        ),
    ];
    for (name, json, expected) in cases {
        assert_eq!(elements(&json, &image()), Err(expected), "case `{name}`");
    }
    let full = wire(|value| value["evidence"] = (0..MAX_ELEMENTS).map(|n| json!({"bundle": n})).collect());
    assert_eq!(elements(&full, &image()).unwrap().len(), MAX_ELEMENTS);
    let whole = wire(|_| {});
    for json in [&whole[..whole.len() - 1], b"", b"null", br#"{"evidence":{}}"#] {
        let result = elements(json, &image());
        assert!(matches!(result, Err(PublishedError::Unreadable(_))), "{result:?}");
    }
}

#[test]
fn an_element_is_one_kind_of_evidence() {
    let kind = |kind: &str| Some(PublishedError::Kind { kind: kind.to_owned() });
    let cases = [
        ("a bundle", r#"{"bundle":{"a":1}}"#, None),
        ("a layer", r#"{"cosignSignature":{"payload":"e30=","annotations":{"a":"b"}}}"#, None),
        ("a layer without annotations", r#"{"cosignAttestation":{"payload":"e30="}}"#, None),
        ("a later kind", r#"{"notation":{}}"#, kind("notation")),
        ("two kinds", r#"{"bundle":{},"cosignSignature":{"payload":""}}"#, kind("bundle, cosignSignature")),
        ("none", "{}", kind("")),
    ];
    for (name, json, expected) in cases {
        assert_eq!(Element::read(json).err(), expected, "case `{name}`");
    }
    let twice = r#"{"bundle":{},"bundle":{}}"#;
    let not_base64 = r#"{"cosignSignature":{"payload":"%"}}"#;
    for json in ["1", "[]", r#""bundle""#, twice, not_base64, r#"{"cosignSignature":{}}"#] {
        assert!(matches!(Element::read(json), Err(PublishedError::Unreadable(_))), "{json}");
    }
    // Whoever publishes keeps what a later version published.
    let later = wire(|value| value["evidence"].as_array_mut().unwrap().push(json!({"notation": {"a": 1}})));
    let kept = PublishedEvidence::read(&later, &image()).unwrap();
    assert_eq!(kept.len(), 4);
    assert!(String::from_utf8(kept.artifact().unwrap().config).unwrap().contains(r#"{"notation":{"a":1}}"#));
    assert_eq!(kept.elements().filter(Result::is_err).count(), 1);
}

#[test]
fn nobody_publishes_more_than_is_read() {
    let mut evidence = PublishedEvidence::new(image());
    for n in 0..MAX_ELEMENTS {
        evidence.add(&Element::Bundle(n.to_string())).unwrap();
    }
    assert!(evidence.artifact().is_ok());
    evidence.add(&Element::Bundle("-1".to_owned())).unwrap();
    assert_eq!(evidence.artifact(), Err(PublishedError::TooMany { count: MAX_ELEMENTS + 1 }));
    let mut large = PublishedEvidence::new(image());
    large.add(&Element::CosignSignature(layer(&vec![0; MAX_BYTES]))).unwrap();
    assert!(matches!(large.artifact(), Err(PublishedError::TooLarge { .. })));
}
