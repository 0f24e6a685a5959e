//! What the command says to whoever called it in the wrong way: about what was typed, and not about what became of it.

use serde_json::Value;
use sigwarden::commands::Answer;
use sigwarden_tests::{Run, fixture, scratch, sigwarden, write};

const IMAGE: &str = "ghcr.io/myorg/app:1.4.2";
const WORKFLOW: &str = "https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// `sigwarden verify` of an image that [`WORKFLOW`] signed.
fn verify(more: &[&str]) -> Run {
    let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    sigwarden(&[&["verify", IMAGE, "-o", "json", "--oci-layout", &layouts, "--trusted-root", &root][..], more].concat())
}

/// What settles the question, and not what is said of each piece of evidence.
fn finding(run: &Run) -> Value {
    run.json()["explanation"]["images"][0]["blocks"][0]["checks"][0]["parts"][0]["finding"].clone()
}

/// What is advised about the signer.
fn advice(run: &Run) -> String {
    let finding = finding(run);
    assert_eq!(finding["code"], "SW4002", "{}", run.text());
    assert!(!run.json()["explanation"].to_string().contains("entries, with"), "settings are advised: {}", run.text());
    finding["remedy"].as_str().expect("advice").to_owned()
}

#[test]
fn whoever_wrote_flags_is_advised_flags_and_they_do() {
    let other = "https://github.com/myorg/app/.github/workflows/other.yml@refs/heads/main";
    let bare = "token.actions.githubusercontent.com";
    let cases = [
        (
            "another workflow",
            vec!["--certificate-identity", other, "--certificate-oidc-issuer", ISSUER],
            format!("if you trust this signer: `--certificate-identity '{WORKFLOW}'`"),
            vec!["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER],
        ),
        (
            "an issuer without its scheme",
            vec!["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", bare],
            format!("if you trust this issuer: `--certificate-oidc-issuer '{ISSUER}'`"),
            vec!["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER],
        ),
        (
            "another branch",
            vec![
                "--certificate-identity",
                WORKFLOW,
                "--certificate-oidc-issuer",
                ISSUER,
                "--certificate-github-workflow-ref",
                "refs/heads/next",
            ],
            "if that is what you mean: `--certificate-github-workflow-ref 'refs/heads/main'`".to_owned(),
            vec![
                "--certificate-identity",
                WORKFLOW,
                "--certificate-oidc-issuer",
                ISSUER,
                "--certificate-github-workflow-ref",
                "refs/heads/main",
            ],
        ),
    ];
    for (name, flags, expected, advised) in cases {
        let run = verify(&flags);
        assert_eq!(run.answer, Answer::No, "case `{name}`: {}", run.text());
        assert_eq!(advice(&run), expected, "case `{name}`");
        let run = verify(&advised);
        assert_eq!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
    }
}

#[test]
fn an_issuer_without_its_scheme_is_told_of_before_and_afterwards() {
    let folder = scratch();
    let policy = |issuer: &str| {
        let settings = format!(
            "verifyImages: [{{imageReferences: ['ghcr.io/myorg/*'], attestors: [{{entries: [{{keyless: {{subject: '{WORKFLOW}', issuer: '{issuer}'}}}}]}}]}}]"
        );
        write(folder.path(), "policy.yaml", settings)
    };
    let bare = verify(&["--policy", &policy("token.actions.githubusercontent.com")]);
    assert_eq!(bare.answer, Answer::No, "{}", bare.text());
    let warning = "keyless.issuer: `token.actions.githubusercontent.com` matches no issuer: they are URLs (write \
                   `https://token.actions.githubusercontent.com`)";
    assert!(bare.err.contains(warning), "{}", bare.err);
    let finding = finding(&bare);
    assert_eq!(finding["message"], "the issuer is right, but for the `https://` in front of it");
    assert!(finding["remedy"].as_str().unwrap().starts_with(&format!("write `{ISSUER}`; or, ")), "{finding}");

    let whole = verify(&["--policy", &policy(ISSUER)]);
    assert_eq!((whole.answer, whole.err.as_str()), (Answer::Yes, ""), "{}", whole.text());
    // Another issuer is another issuer, with and without a scheme.
    for other in ["https://accounts.google.com", "accounts.google.com"] {
        let run = verify(&["--policy", &policy(other)]);
        assert_eq!(run.finding("SW4002")["message"], "the name is right, and another issuer vouches for it", "{other}");
    }
}

#[test]
fn a_file_that_is_no_public_key_is_named_with_its_flag() {
    let folder = scratch();
    let file = |name: &str, text: &str| write(folder.path(), name, text);
    let pod =
        file("pod.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: a}]}}");
    let bundle = file("bundle.json", "{}");
    let indented = std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap().replace("-----BEGIN", "  -----BEGIN");
    let cases = [
        ("prose", file("README.md", "# Variables look like {{ this }}\n"), "it holds no `-----BEGIN PUBLIC KEY-----`"),
        ("prose about a key", file("docs.md", &indented), "it holds no `-----BEGIN PUBLIC KEY-----`"),
        (
            "a private key",
            file(
                "cosign.key",
                "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
            ),
            "it holds a private key; `cosign public-key --key ",
        ),
        (
            "a certificate",
            file("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
            "it holds a certificate; `openssl x509 -in ",
        ),
    ];
    let with_key = |path| {
        [
            vec!["verify", IMAGE, "--key", path],
            vec!["verify-bundle", "--bundle", &bundle, "--key", path, &pod],
            vec!["suggest", &pod, "--key", path],
            vec!["scan", &pod, "--key", path],
        ]
    };
    for (name, path, expected) in &cases {
        for words in with_key(path) {
            let run = sigwarden(&words);
            assert_eq!(run.answer, Answer::Unknown, "case `{name}`, {}: {}", words[0], run.text());
            let told = format!("--key {path}: not a PEM public key: {expected}");
            assert!(run.err.contains(&told), "case `{name}`, {}: {}", words[0], run.text());
            assert!(!run.text().contains("c2VjcmV0") && !run.text().contains("verifyImages"), "{}", run.text());
        }
    }
    let kms = "cannot read it: keys of a KMS are not read; write the public key into a file, and name that: `cosign public-key --key";
    for (path, expected) in [
        ("gone.pub", "cannot read it: No such file"),
        ("awskms:///alias/a", kms),
        ("gcpkms://a", kms),
        ("azurekms://a", kms),
        ("hashivault://a", kms),
        ("k8s://a/b", "cannot read it: keys of the cluster are not read; write the public key into a file"),
    ] {
        for words in with_key(path) {
            let run = sigwarden(&words);
            assert_eq!(run.answer, Answer::Unknown, "{words:?}: {}", run.text());
            assert!(run.err.contains(&format!("--key {path}: {expected}")), "{words:?}: {}", run.text());
        }
    }
    let key = fixture("keys/k-p256.pub");
    let run = verify(&["--key", &key]);
    assert_eq!(run.answer, Answer::No, "a key is one, and nobody signed with it: {}", run.text());
}

#[test]
fn what_flags_hold_is_told_of_the_flags() {
    let folder = scratch();
    let bad = write(folder.path(), "bad.pem", "no certificate");
    let templated = write(folder.path(), "README.md", "# {{ this }}\n");
    let root = write(folder.path(), "root.json", "[]");
    let broken = write(folder.path(), "broken.json", "{");
    let gone = folder.path().join("gone.pem").display().to_string();
    let signer = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER];
    let expressions = ["--certificate-identity-regexp", "a(", "--certificate-oidc-issuer-regexp", "["];
    let holds_none = "it holds no `-----BEGIN CERTIFICATE-----`";
    let mut cases = vec![
        (expressions.to_vec(), "--certificate-identity-regexp: `a(` is not a regular expression".to_owned()),
        (expressions.to_vec(), "--certificate-oidc-issuer-regexp: `[` is not a regular expression".to_owned()),
    ];
    for flag in ["--ca-roots", "--certificate-chain", "--timestamp-certificate-chain"] {
        for file in [&bad, &templated] {
            cases.push(([&signer[..], &[flag, file]].concat(), format!("{flag} {file}: {holds_none}")));
        }
        cases.push(([&signer[..], &[flag, &gone]].concat(), format!("{flag}: cannot read `{gone}`")));
    }
    for (file, expected) in [
        (&root, format!("--trusted-root {root}: must be a trusted_root.json as an object")),
        (&broken, format!("--trusted-root: `{broken}` is not JSON")),
        (&gone, format!("--trusted-root: cannot read `{gone}`")),
    ] {
        cases.push(([&signer[..], &["--trusted-root", file]].concat(), expected));
    }
    for (flags, expected) in cases {
        let run = sigwarden(&[&["verify", IMAGE, "--offline"][..], &flags].concat());
        assert_eq!(run.answer, Answer::Unknown, "{flags:?}: {}", run.text());
        // Lines are broken where the terminal ends.
        let told = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(&expected), "{flags:?}: {told}");
        for settings in ["verifyImages", "trustRoots", "settings", "paste", "configMap"] {
            assert!(!told.contains(settings), "{flags:?}: {told}");
        }
    }
    let policy = write(folder.path(), "policy.yaml", "verifyImages: [{imageReferences: ['*'], required: false}]");
    let run = sigwarden(&["verify", IMAGE, "--offline", "--policy", &policy, "--trusted-root", &root]);
    assert!(run.err.contains("--trusted-root ") && run.err.contains("the settings cannot be used"), "{}", run.err);
}

#[test]
fn a_wildcard_in_an_exact_name_is_shown_as_it_was_written() {
    let run = verify(&["--certificate-identity", "https://github.com/myorg/*", "--certificate-oidc-issuer", ISSUER]);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    let finding = finding(&run);
    assert_eq!(finding["wanted"], "https://github.com/myorg/*", "{}", run.text());
    let hint = r"if they should not, `--certificate-identity-regexp 'https://github\.com/myorg/.*'`; or, if you trust";
    assert!(finding["remedy"].as_str().unwrap().contains(hint), "{}", run.text());
    let meant = [r"https://github\.com/myorg/.*", "--certificate-oidc-issuer", ISSUER];
    let run = verify(&[&["--certificate-identity-regexp"][..], &meant].concat());
    assert_eq!(run.answer, Answer::Yes, "what is advised does: {}", run.text());

    let run = verify(&["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", "https://token.*"]);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert!(!run.json()["explanation"].to_string().contains("/^https"), "{}", run.text());
    assert!(run.text().contains(r"--certificate-oidc-issuer-regexp 'https://token\\..*'"), "{}", run.text());
}

#[test]
fn what_names_no_image_is_wrong_usage_and_not_a_refusal() {
    let key = fixture("keys/k-p256.pub");
    let digest = "`sha256:abc` is not a digest: write `sha256:` and 64 lower-case hex digits";
    for (image, reason) in [("app@sha256:abc", digest), ("ghcr.io/MyOrg/app:1", "ghcr.io/MyOrg/app"), ("", "")] {
        let layout = scratch();
        let to = layout.path().display().to_string();
        for words in [
            vec!["verify", image, "--key", &key],
            vec!["verify", IMAGE, image, "--key", &key],
            vec!["inspect", image],
            vec!["publish", image, "--to-layout", &to],
            vec!["suggest", "--image", image],
        ] {
            let run = sigwarden(&words);
            assert_eq!(run.answer, Answer::Unknown, "{words:?}: {}", run.text());
            assert!(run.err.contains(reason), "{words:?}: {}", run.text());
            let told = "an image is written like ghcr.io/myorg/app:1.4.2 or ghcr.io/myorg/app@sha256:<64 hex digits>";
            assert!(run.err.contains(told), "{words:?}: {}", run.text());
        }
    }
}

#[test]
fn a_deadline_without_a_unit_says_how_to_write_it() {
    let folder = scratch();
    let policy =
        write(folder.path(), "policy.yaml", "deadline: 2\nverifyImages: [{imageReferences: ['*'], required: false}]");
    let run = verify(&["--policy", &policy]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.err.contains("must be a string, not the number 2") && run.err.contains("write `2s`"), "{}", run.err);
}

#[test]
fn a_url_in_place_of_an_image_or_a_registry_says_what_to_leave_out() {
    let key = fixture("keys/k-p256.pub");
    for (words, scheme) in [
        (vec!["verify", "https://ghcr.io/myorg/app:1.4.2", "--key", &key], "https://"),
        (vec!["verify", IMAGE, "--key", &key, "--insecure-registry", "http://127.0.0.1:1"], "http://"),
        (vec!["suggest", "--image", "http://ghcr.io/myorg/app:1.4.2"], "http://"),
    ] {
        let run = sigwarden(&words);
        assert_eq!(run.answer, Answer::Unknown, "{words:?}: {}", run.text());
        assert!(run.err.contains(&format!("leave `{scheme}` out")), "{words:?}: {}", run.text());
    }
}

#[test]
fn a_file_that_is_no_bundle_is_named_and_no_verdict() {
    let folder = scratch();
    let key = fixture("keys/k-p256.pub");
    let signed = write(folder.path(), "README.md", "# read me\n");
    let verify = |bundle: &str| sigwarden(&["verify-bundle", "--bundle", bundle, "--key", &key, &signed]);
    for (name, text, reason) in [("prose", "# junk\n", "is not JSON"), ("another document", "{}", "no `mediaType`")] {
        let bundle = write(folder.path(), "junk", text);
        let run = verify(&bundle);
        assert_eq!(run.answer, Answer::Unknown, "case `{name}`: {}", run.text());
        assert!(run.err.contains(&format!("`{bundle}` is no Sigstore bundle: it ")), "case `{name}`: {}", run.text());
        assert!(run.err.contains(reason), "case `{name}`: {}", run.text());
    }
    // What calls itself a bundle, and is damaged further in, does not vouch for anything: that is a verdict.
    let damaged = r#"{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": 1}"#;
    let bundle = write(folder.path(), "damaged.json", damaged);
    let run = verify(&bundle);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert!(run.out.contains(&format!("{bundle}: ")) && !run.out.contains(&signed), "{}", run.text());
}

/// A bundle of the fixtures, its artifact, its signer and the trust root.
fn bundle_words() -> [String; 10] {
    let blob = "650eefe57d07365e173e5d6bffee13a290967bf0b55fc4f22d98566e4dc3ee77";
    [
        "verify-bundle".to_owned(),
        "sha256:655fe728e42e03e971f63760a6e150683561eb9a89b860862c425ce900f0cd15".to_owned(),
        "--bundle".to_owned(),
        fixture(&format!("layouts/referrers/v3-keyless-rekor1/blobs/sha256/{blob}")),
        "--certificate-oidc-issuer".to_owned(),
        "https://token.actions.githubusercontent.com".to_owned(),
        "--certificate-identity".to_owned(),
        "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main".to_owned(),
        "--trusted-root".to_owned(),
        fixture("trust/trusted_root.json"),
    ]
}

/// What is asked of a certificate is checked, or it is not asked: no flag is taken and then left aside.
#[test]
fn what_is_not_checked_of_a_bundle_cannot_be_asked() {
    let words = bundle_words();
    let run = sigwarden(&words);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let key = fixture("keys/k-p256.pub");
    for (flag, value) in [
        ("--certificate-github-workflow-repository", "octo-org/octo-repo"),
        ("--certificate-github-workflow-ref", "refs/heads/main"),
        ("--certificate-github-workflow-sha", "0123"),
        ("--certificate-github-workflow-name", "release"),
        ("--certificate-github-workflow-trigger", "push"),
        ("--ca-roots", &key),
        ("--ca-intermediates", &key),
        ("--certificate-chain", &key),
        ("--timestamp-certificate-chain", &key),
    ] {
        let mut asked: Vec<&str> = words.iter().map(String::as_str).collect();
        asked.extend([flag, value]);
        let run = sigwarden(&asked);
        assert_eq!(run.answer, Answer::Unknown, "{flag}: {}", run.text());
        assert!(run.err.contains(&format!("unexpected argument '{flag}'")), "{flag}: {}", run.text());
        asked[0] = "bench";
        asked[1] = "--artifact";
        asked.insert(2, &words[1]);
        let run = sigwarden(&asked);
        assert!(run.err.contains(&format!("unexpected argument '{flag}'")), "bench {flag}: {}", run.text());
    }
}

#[test]
fn what_is_wrong_with_a_bundle_is_told_in_flags() {
    let folder = scratch();
    let words = bundle_words();
    let verify = |changes: &[(&str, &str, &str)]| {
        let mut changed = words.clone();
        for (flag, other_flag, value) in changes {
            let at = changed.iter().position(|word| word == flag).unwrap();
            changed[at] = (*other_flag).to_owned();
            changed[at + 1] = (*value).to_owned();
        }
        sigwarden(&changed)
    };
    let empty = write(folder.path(), "root.json", "{}");
    let unusable = [
        (
            ("--certificate-identity", "--certificate-identity-regexp", "("),
            "--certificate-identity-regexp: `(` is not a regular expression".to_owned(),
        ),
        (
            ("--certificate-oidc-issuer", "--certificate-oidc-issuer-regexp", "["),
            "--certificate-oidc-issuer-regexp: `[` is not a regular expression".to_owned(),
        ),
        (("--trusted-root", "--trusted-root", &*empty), format!("--trusted-root {empty}: not a trusted_root.json: ")),
    ];
    for (change, message) in unusable {
        let run = verify(&[change]);
        assert_eq!(run.answer, Answer::Unknown, "{change:?}: {}", run.text());
        assert!(run.err.contains(&message), "{change:?}: {}", run.text());
    }

    let run = verify(&[("--certificate-identity", "--certificate-identity", "me")]);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    let flags = format!("`--certificate-identity '{}' --certificate-oidc-issuer '{}'`", words[7], words[5]);
    assert!(run.out.contains("if you trust this signer:") && run.out.contains(&flags), "{}", run.text());

    let blob = "07a3df2a63ecb77797250609ba852837ed7f6c975ca278ad9bff038dc6457cce";
    let keyed = fixture(&format!("layouts/referrers/v3-key-p256-rekor1/blobs/sha256/{blob}"));
    let artifact = "sha256:a360fcd5e4bfed1d590ad377ce0ae009260cd84cd1a1c2e3936dae7073c062bb";
    let by = |key: &str| {
        let words = ["verify-bundle", artifact, "--bundle", &keyed, "--key", &fixture(key), &words[8], &words[9]];
        sigwarden(&words)
    };
    assert_eq!(by("keys/k-p256.pub").answer, Answer::Yes);
    let run = by("keys/k-p384.pub");
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    // `--signature-digest-algorithm` is verify's.
    assert!(run.out.contains("compare the key with the one that signed"), "{}", run.text());
    assert!(!run.out.contains("--signature-digest-algorithm"), "{}", run.text());

    let other = format!("sha256:{}", "0".repeat(64));
    let mut about_another = words.clone();
    about_another[1] = other;
    let run = sigwarden(&about_another);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    assert!(run.out.contains("or the bundle that was made for this one"), "{}", run.text());
}

#[test]
fn what_is_not_at_hand_says_what_to_do_on_unbroken_lines() {
    let folder = scratch();
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: 'ghcr.io/myorg/app:1.4.2'}]}}";
    let run = sigwarden(&["scan", &write(folder.path(), "pod.yaml", pod), "--offline"]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(run.out.contains("do:") && !run.out.contains("; do:"), "{}", run.text());
    assert!(run.out.contains("`cosign save --dir DIR IMAGE`"), "{}", run.text());
    assert!(run.out.contains("`--oci-layout ghcr.io/myorg/app=DIR`"), "{}", run.text());
}

#[test]
fn a_suite_that_cannot_be_read_is_named_and_said_once_to_be_wrong() {
    let folder = scratch();
    let suite = write(folder.path(), "sigwarden-test.yaml", "settings: policy.yaml\ntests:\n- nam: x\n");
    let run = sigwarden(&["test", &suite]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(!run.err.contains("<input>") && run.err.contains(&format!("--> {suite}:3")), "{}", run.text());
    assert!(run.err.matches("error:").count() <= 1, "{}", run.text());
}
