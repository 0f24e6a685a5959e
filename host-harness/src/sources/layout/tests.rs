use serde_json::json;

use super::*;
use crate::sources::fixture::{Fixture, INDEX, MANIFEST, descriptor};

const ABSENT: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn repository(name: &str) -> Repository {
    Repository::parse(name).unwrap()
}

fn open(fixture: &Fixture) -> Layout {
    fixture.write();
    Layout::open(fixture.dir()).unwrap()
}

fn resolve(layout: &Layout, tag: &str) -> Result<Option<(Digest, Basis)>, SourceError> {
    Ok(layout.resolve(&repository("ghcr.io/x/y"), tag)?.map(|found| (found.digest, found.basis)))
}

#[test]
fn tags_are_those_of_the_index() {
    let mut fixture = Fixture::new();
    let bare = fixture.tagged("v1");
    let full = fixture.tagged("ghcr.io/x/y:v2");
    let elsewhere = fixture.tagged("localhost:5000/copied:v3");
    let here_too = fixture.tagged("ghcr.io/x/y:v4");
    fixture.tagged("v4");
    fixture.tagged("ghcr.io/x/y@sha256:0000000000000000000000000000000000000000000000000000000000000000");
    let layout = open(&fixture);

    let cases = [
        ("bare tag", "v1", Some(bare)),
        ("whole reference", "v2", Some(full)),
        ("reference to where it was copied from", "v3", Some(elsewhere)),
        ("this repository's name goes first", "v4", Some(here_too)),
        ("no such tag", "v5", None),
        ("not a prefix", "v", None),
        ("a digest is no tag", "latest", None),
    ];
    for (name, tag, expected) in cases {
        assert_eq!(resolve(&layout, tag), Ok(expected.map(|digest| (digest, Basis::Named))), "case `{name}`");
    }
}

#[test]
fn a_tag_of_two_images_names_neither() {
    let mut fixture = Fixture::new();
    let digest = fixture.tagged("v1");
    fixture.entry(MANIFEST, &digest, json!({"org.opencontainers.image.ref.name": "v1"}));
    assert_eq!(resolve(&open(&fixture), "v1"), Ok(Some((digest, Basis::Named))), "one image, twice");

    let other = fixture.manifest("other", json!({}));
    fixture.entry(MANIFEST, &other, json!({"org.opencontainers.image.ref.name": "v1"}));
    let path = fixture.dir().join("index.json");
    assert_eq!(resolve(&open(&fixture), "v1"), Err(SourceError::Ambiguous { path, tag: "v1".to_owned() }));
}

#[test]
fn the_only_image_answers_to_any_tag_where_no_tag_is_named() {
    let mut fixture = Fixture::new();
    let image = fixture.manifest("image", json!({}));
    let referrer = fixture.manifest("referrer", json!({"subject": descriptor(MANIFEST, &image)}));
    fixture.entry(INDEX, &image, json!({"kind": "dev.cosignproject.cosign/imageIndex"}));
    fixture.entry(MANIFEST, &referrer, json!({}));
    let layout = open(&fixture);
    assert_eq!(resolve(&layout, "v1"), Ok(Some((image.clone(), Basis::OnlyImage))));
    let evidence_tags = ["sig", "att", "sbom"].map(|suffix| format!("sha256-{}.{suffix}", image.hex()));
    for tag in evidence_tags.into_iter().chain([format!("sha256-{}", image.hex())]) {
        assert_eq!(resolve(&layout, &tag), Ok(None), "`{tag}` is where evidence would be, not the image");
    }

    let second = fixture.manifest("second", json!({}));
    fixture.entry(MANIFEST, &second, json!({}));
    assert_eq!(resolve(&open(&fixture), "v1"), Ok(None), "two images");

    let mut fixture = Fixture::new();
    let image = fixture.manifest("image", json!({}));
    fixture.entry(MANIFEST, &image, json!({}));
    fixture.tagged("v2");
    assert_eq!(resolve(&open(&fixture), "v1"), Ok(None), "tags are named");
}

#[test]
fn what_cosign_saved_beside_an_image_has_the_tags_it_has_in_a_registry() {
    for (case, name, other) in
        [("without names", json!(null), json!("v2")), ("with names", json!("ghcr.io/x/y:v1"), json!("ghcr.io/x/y:v2"))]
    {
        let mut fixture = Fixture::new();
        let annotations = |kind: &str, name: &serde_json::Value| {
            let mut annotations = json!({"kind": format!("dev.cosignproject.cosign/{kind}")});
            if let Some(name) = name.as_str() {
                annotations["org.opencontainers.image.ref.name"] = json!(name);
            }
            annotations
        };
        let image = fixture.manifest("image", json!({}));
        let signatures = fixture.manifest("signatures", json!({}));
        let attestations = fixture.manifest("attestations", json!({}));
        let unsigned = fixture.manifest("unsigned", json!({}));
        fixture.entry(MANIFEST, &image, annotations("image", &name));
        fixture.entry(MANIFEST, &signatures, annotations("sigs", &name));
        fixture.entry(MANIFEST, &attestations, annotations("atts", &name));
        fixture.entry(MANIFEST, &unsigned, annotations("image", &other));
        let layout = open(&fixture);

        let tag = |digest: &Digest, suffix: &str| format!("sha256-{}.{suffix}", digest.hex());
        let cases = [
            (tag(&image, "sig"), Some(&signatures)),
            (tag(&image, "att"), Some(&attestations)),
            (tag(&image, "sbom"), None),
            (tag(&unsigned, "sig"), None),
            (tag(&signatures, "sig"), None),
        ];
        for (tag, expected) in cases {
            let expected = expected.map(|digest| (digest.clone(), Basis::Named));
            assert_eq!(resolve(&layout, &tag), Ok(expected), "case `{case}`: {tag}");
        }
        if name.is_string() {
            assert_eq!(resolve(&layout, "v1"), Ok(Some((image, Basis::Named))), "the image, not what lies beside it");
        }
    }
}

#[test]
fn blobs_are_what_their_names_say() {
    let fixture = Fixture::new();
    let good = fixture.blob(b"content");
    let changed = fixture.blob(b"something");
    std::fs::write(fixture.path(&changed), b"somethinh").unwrap();
    let long = Digest::parse("sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f").unwrap();
    std::fs::create_dir_all(fixture.dir().join("blobs/sha512")).unwrap();
    std::fs::write(fixture.path(&long), b"abc").unwrap();
    let layout = open(&fixture);

    assert_eq!(layout.blob(&good), Ok(Some(b"content".to_vec())));
    assert_eq!(layout.blob(&long), Ok(Some(b"abc".to_vec())));
    assert_eq!(layout.blob(&Digest::parse(ABSENT).unwrap()), Ok(None));
    assert_eq!(layout.blob(&changed), Err(SourceError::WrongHash { path: fixture.path(&changed) }));
    assert_eq!(layout.manifest(&changed), Err(SourceError::WrongHash { path: fixture.path(&changed) }));
}

#[test]
fn files_have_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, [0_u8; 11]).unwrap();
    assert_eq!(read_file(&path, 11).map(|bytes| bytes.map(|bytes| bytes.len())), Ok(Some(11)));
    assert_eq!(read_file(&path, 10), Err(SourceError::TooLarge { path, limit: 10 }));
}

#[test]
fn referrers_are_found_by_their_subject() {
    let mut fixture = Fixture::new();
    let image = fixture.tagged("v1");
    let subject = descriptor(MANIFEST, &image);
    let artifact_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let listed = fixture.manifest("listed", json!({"subject": subject, "artifactType": artifact_type}));
    let config = json!({"mediaType": "application/vnd.example+json", "size": 2, "digest": ABSENT});
    let nested = fixture.manifest("nested", json!({"subject": subject, "config": config}));
    let missing = Digest::parse(ABSENT).unwrap();
    let index = fixture.manifest(
        "index",
        json!({"manifests": [descriptor(MANIFEST, &nested), descriptor(MANIFEST, &missing), descriptor(MANIFEST, &listed)]}),
    );
    fixture.entry(MANIFEST, &listed, json!({}));
    fixture.entry(INDEX, &index, json!({}));
    let layout = open(&fixture);

    let found = layout.referrers(&image).unwrap();
    let summary: Vec<_> =
        found.iter().map(|one| (&one.digest, one.artifact_type.as_deref(), one.annotation("distinction"))).collect();
    let expected = [
        (&listed, Some(artifact_type), Some("listed")),
        (&nested, Some("application/vnd.example+json"), Some("nested")),
    ];
    assert_eq!(summary, expected);
    assert_eq!(layout.referrers(&listed), Ok(vec![]), "nobody refers to a referrer here");
}

#[test]
fn what_cannot_be_read_is_not_absent() {
    let mut fixture = Fixture::new();
    let missing = Digest::parse(ABSENT).unwrap();
    fixture.entry(MANIFEST, &missing, json!({}));
    let path = fixture.dir().join("index.json");
    let incomplete = SourceError::Incomplete { path, digest: missing.clone() };
    assert_eq!(open(&fixture).referrers(&missing), Err(incomplete.clone()));
    assert_eq!(resolve(&open(&fixture), "v1"), Err(incomplete));

    let mut fixture = Fixture::new();
    let text = fixture.blob(b"not JSON");
    fixture.entry(MANIFEST, &text, json!({}));
    let error = open(&fixture).referrers(&text).unwrap_err();
    assert!(matches!(&error, SourceError::NotManifest { what, .. } if what == text.as_str()), "{error:?}");

    let fixture = Fixture::new();
    let error = Layout::open(fixture.dir()).unwrap_err();
    assert!(matches!(error, SourceError::Unreadable { .. }), "{error:?}");
    std::fs::write(fixture.dir().join("index.json"), "[]").unwrap();
    let error = Layout::open(fixture.dir()).unwrap_err();
    assert!(matches!(error, SourceError::NotManifest { .. }), "{error:?}");
}

#[test]
fn indexes_that_lead_too_far_are_given_up() {
    let mut fixture = Fixture::new();
    let children: Vec<_> = (0..=MAX_MANIFESTS)
        .map(|number| descriptor(MANIFEST, &Digest::parse(&format!("sha256:{number:064x}")).unwrap()))
        .collect();
    let index = fixture.manifest("index", json!({"manifests": children}));
    fixture.entry(INDEX, &index, json!({}));
    let path = fixture.dir().join("index.json");
    assert_eq!(open(&fixture).referrers(&index), Err(SourceError::TooMany { path, limit: MAX_MANIFESTS }));
}
