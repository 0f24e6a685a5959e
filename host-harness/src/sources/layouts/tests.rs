use super::*;
use crate::sources::fixture::Fixture;

fn repository(name: &str) -> Repository {
    Repository::parse(name).unwrap()
}

fn arg(claim: &str, dir: &Path) -> LayoutArg {
    let text = if claim.is_empty() { dir.display().to_string() } else { format!("{claim}={}", dir.display()) };
    text.parse().unwrap()
}

fn layouts(args: &[LayoutArg]) -> Layouts {
    Layouts::open(args, Arc::default()).unwrap()
}

#[test]
fn the_most_specific_claim_answers() {
    let tree = tempfile::tempdir().unwrap();
    let layout_with_tag = |path: &str, tag: &str| {
        let mut fixture = Fixture::at(&tree.path().join(path));
        fixture.tagged(tag);
        fixture.write();
    };
    layout_with_tag("any", "any");
    layout_with_tag("app", "exact");
    layout_with_tag("org/app", "org");
    layout_with_tag("org/other", "org");
    layout_with_tag("registry/org/app", "registry");
    layout_with_tag("registry/org/third", "registry");
    layout_with_tag("hub/nginx", "hub");
    let dir = |path: &str| tree.path().join(path);
    let layouts = layouts(&[
        arg("ghcr.io", &dir("registry")),
        arg("", &dir("any")),
        arg("ghcr.io/org/app", &dir("app")),
        arg("index.docker.io/library", &dir("hub")),
        arg("ghcr.io/org/", &dir("org")),
    ]);

    let cases = [
        ("the repository itself", "ghcr.io/org/app", "exact"),
        ("longest prefix", "ghcr.io/org/other", "org"),
        ("next prefix, where the longer has no such layout", "ghcr.io/org/third", "registry"),
        ("Docker Hub, normalised", "nginx", "hub"),
        ("everything else", "quay.io/x/y", "any"),
        ("a claim is not a prefix of names", "ghcr.io/orgevil/app", "any"),
        ("nor of registries", "ghcr.io.evil.example/org/app", "any"),
    ];
    for (name, asked, tag) in cases {
        let repository = repository(asked);
        assert!(layouts.resolve(&repository, tag).unwrap().is_some(), "case `{name}`");
        assert_eq!(layouts.resolve(&repository, "other-tag"), Ok(None), "case `{name}`");
    }
}

#[test]
fn what_nothing_claims_was_not_looked_at() {
    let mut fixture = Fixture::new();
    fixture.tagged("v1");
    fixture.write();
    let app = repository("ghcr.io/x/y");
    let digest = Digest::parse(&format!("sha256:{:064}", 0)).unwrap();

    let none = layouts(&[]);
    let not_here = SourceError::NoLayout { repository: "ghcr.io/x/y".to_owned(), tried: vec![] };
    assert_eq!(none.resolve(&app, "v1"), Err(not_here.clone()));
    assert_eq!(none.manifest(&app, &digest), Err(not_here.clone()));
    assert_eq!(none.blob(&app, &digest), Err(not_here.clone()));
    assert_eq!(none.referrers(&app, &digest), Err(not_here));

    let elsewhere = layouts(&[arg("ghcr.io/x", fixture.dir())]);
    let not_there =
        SourceError::NoLayout { repository: "ghcr.io/x/y".to_owned(), tried: vec![fixture.dir().join("y")] };
    assert_eq!(elsewhere.resolve(&app, "v1"), Err(not_there));
}

#[test]
fn a_guess_is_told() {
    let mut fixture = Fixture::new();
    let image = fixture.manifest("image", serde_json::json!({}));
    fixture.entry(crate::sources::fixture::MANIFEST, &image, serde_json::json!({}));
    fixture.write();
    let log = Arc::new(Log::default());
    let layouts = Layouts::open(&[arg("", fixture.dir())], Arc::clone(&log)).unwrap();
    for _ in 0..2 {
        assert_eq!(layouts.resolve(&repository("nginx"), "1.2"), Ok(Some(image.clone())));
    }
    let note =
        format!("the layout of docker.io/library/nginx names no tags and holds one image: took {image} for `1.2`");
    assert_eq!(log.take(), [note]);
}

#[test]
fn arguments() {
    let dir = |claim: Option<Claim>, dir: &str| Ok(LayoutArg { claim, dir: dir.into() });
    let claim = |written: &str, name: Option<&str>, prefix: &str| {
        Some(Claim { written: written.to_owned(), repository: name.map(repository), prefix: prefix.to_owned() })
    };
    let cases = [
        ("directory", "layouts/app", dir(None, "layouts/app")),
        ("directory with =", "./a=b", dir(None, "./a=b")),
        ("absolute directory with =", "/a=b", dir(None, "/a=b")),
        ("repository", "ghcr.io/x/y=d", dir(claim("ghcr.io/x/y", Some("ghcr.io/x/y"), "ghcr.io/x/y/"), "d")),
        ("directory after the first =", "a=b=c", dir(claim("a", Some("a"), "docker.io/a/"), "b=c")),
        ("registry", "127.0.0.1:17021=d", dir(claim("127.0.0.1:17021", None, "127.0.0.1:17021/"), "d")),
        ("localhost", "localhost=d", dir(claim("localhost", None, "localhost/"), "d")),
        ("Docker Hub's other name", "index.docker.io=d", dir(claim("index.docker.io", None, "docker.io/"), "d")),
        ("no directory", "ghcr.io=", Err(LayoutArgError::NoDirectory)),
        ("nothing", "", Err(LayoutArgError::NoDirectory)),
    ];
    for (name, text, expected) in cases {
        assert_eq!(text.parse::<LayoutArg>(), expected, "case `{name}`");
    }
    for (name, text) in [("capitals", "ghcr.io/X=d"), ("tag", "ghcr.io/x:1=d"), ("climbing", "ghcr.io/../x=d")] {
        let error = text.parse::<LayoutArg>().unwrap_err();
        assert!(matches!(error, LayoutArgError::Repository { .. }), "case `{name}`: {error:?}");
    }
}

#[test]
fn what_cannot_answer_is_refused_at_once() {
    let fixture = Fixture::new();
    let empty = fixture.dir();
    let missing = empty.join("missing");
    let cases = [
        (
            "same registry",
            vec![arg("docker.io", empty), arg("index.docker.io", empty)],
            LayoutArgError::Twice { claim: Some("index.docker.io".to_owned()) },
        ),
        ("missing", vec![arg("ghcr.io", &missing)], LayoutArgError::NotDirectory { dir: missing.clone() }),
        ("no layout", vec![arg("", empty)], LayoutArgError::NotLayout { dir: empty.to_owned() }),
    ];
    for (name, args, expected) in cases {
        assert_eq!(Layouts::open(&args, Arc::default()).unwrap_err(), expected, "case `{name}`");
    }
    fixture.write();
    let twice = [arg("", empty), arg("", empty)];
    assert_eq!(Layouts::open(&twice, Arc::default()).unwrap_err(), LayoutArgError::Twice { claim: None });
}
