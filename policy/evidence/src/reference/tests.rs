use super::*;

const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn image(text: &str) -> ImageRef {
    ImageRef::parse(text).unwrap_or_else(|error| panic!("{text:?} does not parse: {error}"))
}

#[test]
fn digests() {
    let sha512 = format!("sha512:{}", "ab".repeat(64));
    let good = [("sha256", SHA, "sha256", 64), ("sha512", sha512.as_str(), "sha512", 128)];
    for (name, text, algorithm, digits) in good {
        let digest = Digest::parse(text).expect(name);
        assert_eq!((digest.algorithm(), digest.hex().len()), (algorithm, digits), "case `{name}`");
        assert_eq!(digest.to_string(), text, "case `{name}`");
        let json = serde_json::to_string(&digest).expect(name);
        assert_eq!(serde_json::from_str::<Digest>(&json).expect(name), digest, "case `{name}`");
    }
    let upper = SHA.replace("abcdef", "ABCDEF");
    let bad = [
        ("one digit less", SHA.trim_end_matches('f')),
        ("upper-case digits", &upper),
        ("upper-case algorithm", &SHA.replace("sha256", "SHA256")),
        ("not hex", &SHA.replace('f', "g")),
        ("another algorithm", &SHA.replace("sha256", "sha384")),
        ("length of the other algorithm", &SHA.replace("sha256", "sha512")),
        ("no algorithm", &SHA.replace("sha256:", "")),
        ("empty", ""),
        ("line break behind", &format!("{SHA}\n")),
    ];
    for (name, text) in bad {
        assert_eq!(Digest::parse(text), Err(ReferenceError::BadDigest { digest: text.to_owned() }), "case `{name}`");
        assert!(serde_json::from_value::<Digest>(text.into()).is_err(), "case `{name}` through serde");
    }
}

#[test]
fn references_are_normalised() {
    let with_both = format!("ghcr.io/x/y:v1@{SHA}");
    let with_digest = format!("nginx@{SHA}");
    let cases = [
        ("official image", "nginx", "docker.io/library/nginx:latest"),
        ("official image with tag", "nginx:1.2", "docker.io/library/nginx:1.2"),
        ("library written out", "library/nginx", "docker.io/library/nginx:latest"),
        ("registry written out", "docker.io/nginx", "docker.io/library/nginx:latest"),
        ("all written out", "docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("the registry's old name", "index.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("where the registry is served", "registry-1.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("user on Docker Hub", "foo/bar", "docker.io/foo/bar:latest"),
        ("three levels without registry", "foo/bar/baz", "docker.io/foo/bar/baz:latest"),
        ("registry", "ghcr.io/x/y:v1", "ghcr.io/x/y:v1"),
        ("registry in capitals", "GHCR.io/x/y:v1", "ghcr.io/x/y:v1"),
        ("registry with port", "reg.io:5000/a/b", "reg.io:5000/a/b:latest"),
        ("single name with port", "registry:5000/a", "registry:5000/a:latest"),
        ("localhost", "localhost/foo", "localhost/foo:latest"),
        ("localhost with port", "localhost:5000/foo", "localhost:5000/foo:latest"),
        ("a tag that looks like a port", "localhost:5000", "docker.io/library/localhost:5000"),
        ("IPv4", "10.0.0.1/a", "10.0.0.1/a:latest"),
        ("IPv6", "[::1]/a", "[::1]/a:latest"),
        ("IPv6 with port", "[2001:db8::1]:5000/a:b", "[2001:db8::1]:5000/a:b"),
        ("separators", "a.b/c__d/e---f/g_h/i.j", "a.b/c__d/e---f/g_h/i.j:latest"),
        ("capitals in the tag", "x:RC1_.-", "docker.io/library/x:RC1_.-"),
        ("tag and digest", with_both.as_str(), with_both.as_str()),
        ("digest", &with_digest, &format!("docker.io/library/nginx@{SHA}")),
    ];
    for (name, text, expected) in cases {
        let parsed = image(text);
        assert_eq!(parsed.to_string(), expected, "case `{name}`");
        assert_eq!(parsed.written(), text, "case `{name}`");
    }
}

#[test]
fn what_is_no_reference_is_refused() {
    let upper = |name: &str| ReferenceError::UpperCase { name: name.to_owned() };
    let bad_name = |name: &str| ReferenceError::BadName { name: name.to_owned() };
    let bad_registry = |registry: &str| ReferenceError::BadRegistry { registry: registry.to_owned() };
    let bad_tag = |tag: &str| ReferenceError::BadTag { tag: tag.to_owned() };
    let bad_digest = |digest: &str| ReferenceError::BadDigest { digest: digest.to_owned() };
    let local_id = |id: &str| ReferenceError::LocalId { id: id.to_owned() };
    let cases = [
        ("empty", "", ReferenceError::Empty),
        ("capitals in the path", "ghcr.io/X/y", upper("X/y")),
        ("capitals that would make a registry", "UPPER/case", upper("UPPER/case")),
        ("capitals in a short name", "Nginx:1", upper("Nginx")),
        ("a digest that is none", "a@b", bad_digest("b")),
        ("an empty digest", "a@", bad_digest("")),
        ("two digests", &format!("a@{SHA}@{SHA}"), bad_digest(&format!("{SHA}@{SHA}"))),
        ("an empty tag", "a:", bad_tag("")),
        ("two tags", "a:b:c", bad_tag("b:c")),
        ("a tag with a slash", "ghcr.io/a:b/c", bad_tag("b/c")),
        ("a tag that starts with a dot", "a:.b", bad_tag(".b")),
        ("a tag that starts with a dash", "a:-b", bad_tag("-b")),
        ("only a tag", ":b", bad_name("")),
        ("only a digest", &format!("@{SHA}"), bad_name("")),
        ("a space in front", " nginx", bad_name(" nginx")),
        ("a space behind", "nginx ", bad_name("nginx ")),
        ("a line break behind the tag", "nginx:1\n", bad_tag("1\n")),
        ("a line break behind the digest", &format!("nginx@{SHA}\n"), bad_digest(&format!("{SHA}\n"))),
        ("two slashes", "ghcr.io/a//b", bad_name("a//b")),
        ("a slash in front", "/a", bad_name("/a")),
        ("a slash behind", "a/", bad_name("a/")),
        ("nothing behind the registry", "ghcr.io/", bad_name("")),
        ("three underscores", "a___b", bad_name("a___b")),
        ("two dots", "ghcr.io/a..b", bad_name("a..b")),
        ("mixed separators", "a_-b", bad_name("a_-b")),
        ("a dot in front", "ghcr.io/.a", bad_name(".a")),
        ("a scheme", "https://ghcr.io/a", bad_name("/ghcr.io/a")),
        ("not ASCII", "gхcr", bad_name("gхcr")),
        ("a NUL", "a\0b", bad_name("a\0b")),
        ("a port that is none", "ghcr.io:x/a", bad_registry("ghcr.io:x")),
        ("an empty port", "ghcr.io:/a", bad_registry("ghcr.io:")),
        ("two ports", "ghcr.io:1:2/a", bad_registry("ghcr.io:1:2")),
        ("a host that starts with a dash", "-ghcr.io/a", bad_registry("-ghcr.io")),
        ("a host with an empty label", "ghcr..io/a", bad_registry("ghcr..io")),
        ("a host with a trailing dot", "ghcr.io./a", bad_registry("ghcr.io.")),
        ("a host with an underscore", "gh_cr.io/a", bad_registry("gh_cr.io")),
        ("IPv6 without brackets", "::1/a", bad_registry("::1")),
        ("IPv6 with one bracket", "[::1/a", bad_registry("[::1")),
        ("IPv6 with a zone", "[fe80::1%eth0]/a", bad_registry("[fe80::1%eth0]")),
        ("IPv6 with junk behind", "[::1]x/a", bad_registry("[::1]x")),
        ("an empty IPv6 address", "[]:1/a", bad_registry("[]:1")),
        ("an image identifier", SHA, local_id(SHA)),
        ("a bare image identifier", SHA.trim_start_matches("sha256:"), local_id(SHA.trim_start_matches("sha256:"))),
    ];
    for (name, text, expected) in cases {
        assert_eq!(ImageRef::parse(text), Err(expected), "case `{name}`: {text:?}");
    }
}

#[test]
fn lengths_stop_at_their_limit() {
    let too_long = |what, length, limit| Err(ReferenceError::TooLong { what, length, limit });
    let path = |length: usize| format!("ghcr.io/{}", "a".repeat(length));
    let registry = |length: usize| format!("{}.io/a", "a".repeat(length - 3));
    let tag = |length: usize| format!("a:{}", "t".repeat(length));

    assert!(ImageRef::parse(&path(255)).is_ok());
    assert_eq!(ImageRef::parse(&path(256)), too_long("repository name", 256, 255));
    assert!(ImageRef::parse(&registry(255)).is_ok());
    assert_eq!(ImageRef::parse(&registry(256)), too_long("registry", 256, 255));
    assert!(ImageRef::parse(&tag(128)).is_ok());
    assert_eq!(ImageRef::parse(&tag(129)), Err(ReferenceError::BadTag { tag: "t".repeat(129) }));
    assert_eq!(ImageRef::parse(&"a".repeat(300_000)), too_long("image", 300_000, 1024));
}

#[test]
fn repositories() {
    let cases = [("short", "nginx", "docker.io", "library/nginx"), ("long", "GHCR.io:443/a/b", "ghcr.io:443", "a/b")];
    for (name, text, registry, path) in cases {
        let repository = Repository::parse(text).expect(name);
        assert_eq!((repository.registry(), repository.path()), (registry, path), "case `{name}`");
    }
    for (name, text) in [("tag", "a/b:c".to_owned()), ("digest", format!("a/b@{SHA}"))] {
        assert_eq!(
            Repository::parse(&text),
            Err(ReferenceError::NotRepository { name: text.clone() }),
            "case `{name}`"
        );
    }
}

#[test]
fn pinning_keeps_the_string_as_written() {
    let digest = Digest::parse(SHA).expect("a digest");
    let other = Digest::parse(&SHA.replace('0', "1")).expect("a digest");
    let cases = [
        ("without tag", "nginx".to_owned(), format!("nginx@{SHA}")),
        ("with tag", "index.docker.io/nginx:1".to_owned(), format!("index.docker.io/nginx:1@{SHA}")),
        ("with digest", format!("nginx:1@{other}"), format!("nginx:1@{other}")),
    ];
    for (name, written, expected) in cases {
        assert_eq!(image(&written).pinned(&digest), expected, "case `{name}`");
    }
}

/// Each row: pattern, image, what is verified, what may be skipped.
#[test]
fn patterns_verify_widely_and_skip_narrowly() {
    let pinned = format!("ghcr.io/x/y@{SHA}");
    let tagged_and_pinned = format!("ghcr.io/x/y:v1@{SHA}");
    let of_that_digest = format!("ghcr.io/x/y@{SHA}");
    let of_tag_and_digest = format!("ghcr.io/x/y:v1@{SHA}");
    let cases = [
        ("star crosses slashes and colons", "ghcr.io/*", "ghcr.io/a/b/c:1", true, true),
        ("another registry", "ghcr.io/*", "quay.io/a/b/c:1", false, false),
        ("star as tag, image by digest", "ghcr.io/x/y:*", pinned.as_str(), true, false),
        ("star as tag, image by tag and digest", "ghcr.io/x/y:*", &tagged_and_pinned, true, false),
        ("star as tag, image by tag", "ghcr.io/x/y:*", "ghcr.io/x/y:v1", true, true),
        ("star as tag, neighbour", "ghcr.io/x/y:*", "ghcr.io/x/yevil:1", false, false),
        ("star without colon, image by digest", "ghcr.io/x/y*", &pinned, true, true),
        ("star without colon, neighbour", "ghcr.io/x/y*", "ghcr.io/x/yevil:1", true, true),
        ("a tag, image by that tag and digest", "ghcr.io/x/y:v1", &tagged_and_pinned, true, false),
        ("a tag, image by another tag", "ghcr.io/x/y:v1", "ghcr.io/x/y:v2", false, false),
        ("a digest", &of_that_digest, &tagged_and_pinned, true, true),
        ("a digest, image by tag", &of_that_digest, "ghcr.io/x/y:v1", false, false),
        ("tag and digest", &of_tag_and_digest, &tagged_and_pinned, true, false),
        ("question mark is one character", "ghcr.io/x/?:1", "ghcr.io/x/a:1", true, true),
        ("question mark is not none", "ghcr.io/x/?a:1", "ghcr.io/x/a:1", false, false),
        ("Kyverno's string of a short name", "docker.io/nginx:*", "nginx", true, true),
        ("short name", "nginx:*", "nginx", true, false),
        ("short name without tag", "nginx", "nginx", true, false),
        ("name without tag, image with another tag", "docker.io/nginx", "nginx:1", false, false),
        ("library", "docker.io/library/nginx:*", "nginx:1", true, false),
        ("library without registry", "library/nginx:*", "nginx:1", true, false),
        ("old name of the registry", "index.docker.io/library/nginx:*", "nginx:1", true, false),
        ("where the registry is served", "nginx:*", "registry-1.docker.io:443/library/nginx:1", true, false),
        ("old name in the image", "docker.io/nginx:*", "index.docker.io/nginx:1", true, false),
        ("the image's own spelling", "index.docker.io/nginx:*", "index.docker.io/nginx:1", true, true),
        ("short pattern, long image", "nginx:1", "docker.io/library/nginx:1", true, false),
        ("user on Docker Hub", "foo/*", "docker.io/foo/bar:1", true, false),
        ("library is not any user", "docker.io/nginx:*", "foo/nginx:1", false, false),
        ("library of another registry", "ghcr.io/nginx:*", "ghcr.io/library/nginx:1", false, false),
        ("registry in capitals in the image", "ghcr.io/x/*", "GHCR.io/x/y:1", true, false),
        ("the port that is meant anyway", "ghcr.io/x/*", "ghcr.io:443/x/y:1", true, false),
        ("another port", "ghcr.io/x/*", "ghcr.io:444/x/y:1", false, false),
        ("case of the tag", "ghcr.io/x/y:rc*", "ghcr.io/x/y:RC1", false, false),
        ("everything", "*", "nginx", true, true),
    ];
    for (name, pattern, written, verified, skipped) in cases {
        let (pattern, image) = (ImagePattern::parse(pattern).expect(name), image(written));
        assert_eq!(pattern.matches(&image), verified, "case `{name}`, verified");
        assert_eq!(pattern.matches_narrowly(&image), skipped, "case `{name}`, skipped");
    }
}

#[test]
fn what_can_never_match_is_no_pattern() {
    let upper = |pattern: &str, lower: &str| {
        Err(PatternError::UpperCase { pattern: pattern.to_owned(), in_lower_case: lower.to_owned() })
    };
    let impossible =
        |pattern: &str, character| Err(PatternError::Impossible { pattern: pattern.to_owned(), character });
    let cases = [
        ("empty", "", Err(PatternError::Empty)),
        ("1024 bytes", &"a".repeat(1024), Ok(())),
        ("1025 bytes", &"a".repeat(1025), Err(PatternError::TooLong(1025))),
        ("64 wildcards", &"*".repeat(64), Ok(())),
        ("65 wildcards", &"?".repeat(65), Err(PatternError::TooManyWildcards(65))),
        ("a space behind", "nginx ", impossible("nginx ", ' ')),
        ("a variable", "{{ images }}", impossible("{{ images }}", '{')),
        ("capitals in the path", "ghcr.io/MyOrg/*", upper("ghcr.io/MyOrg/*", "ghcr.io/myorg/*")),
        ("capitals in a short name", "MyOrg/*", upper("MyOrg/*", "myorg/*")),
        ("capitals in path and tag", "x/Y:RC*", upper("x/Y:RC*", "x/y:RC*")),
        ("capitals in the registry", "GHCR.io/x/*", upper("GHCR.io/x/*", "ghcr.io/x/*")),
        (
            "a URL",
            "https://ghcr.io/x/*",
            Err(PatternError::Scheme { pattern: "https://ghcr.io/x/*".to_owned(), without: "ghcr.io/x/*".to_owned() }),
        ),
        ("capitals in the tag", "ghcr.io/x/y:RC*", Ok(())),
        ("capitals behind a star", "ghcr.io/x/*RC1", Ok(())),
    ];
    for (name, text, expected) in cases {
        assert_eq!(ImagePattern::parse(text).map(|_| ()), expected, "case `{name}`");
    }
}

#[test]
fn text_patterns_match_whole_strings() {
    let workflow = "https://github.com/myorg/r/.github/workflows/w.yml@refs/tags/v1.2";
    let cases = [
        ("exact", workflow, workflow, true),
        ("star crosses slashes", "https://github.com/myorg/*", workflow, true),
        ("question marks", "https://github.com/myorg/r/*@refs/tags/v?.?", workflow, true),
        ("one character more", "https://github.com/myorg/r/*@refs/tags/v?.??", workflow, false),
        ("prefix is not a match", "https://github.com/myorg", workflow, false),
        ("neighbour", "https://github.com/myorg/*", "https://github.com/myorg-evil/r", false),
        ("case counts", "https://github.com/MyOrg/*", workflow, false),
        ("star matches nothing too", "a*", "a", true),
        ("question mark does not", "a?", "a", false),
        ("question mark is one character, not one byte", "?", "é", true),
        ("a dot is a dot", "a.c", "abc", false),
        ("brackets are brackets", "[a]", "a", false),
    ];
    for (name, pattern, text, expected) in cases {
        assert_eq!(TextPattern::parse(pattern).expect(name).matches(text), expected, "case `{name}`");
    }
}
