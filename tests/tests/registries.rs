//! Images and evidence in a live registry: one that works, and every way in which registries do not.

use serde_json::json;
use sigwarden::commands::Answer;
use sigwarden_tests::registry::{Access, Registry};
use sigwarden_tests::{Run, fixture, program, scratch, sigwarden, write};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

const APP: &str = "myorg/app";
const SIGNED: &str = "sha256:29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c";
const WORKFLOW: &str = "https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// A registry that nobody asks: a run that names one does not stay offline.
const ELSEWHERE: [&str; 2] = ["--insecure-registry", "elsewhere.test"];

fn registry() -> Registry {
    Registry::start()
        .with(APP, fixture("layouts/referrers/myorg/app"))
        .with("myorg/app-legacy", fixture("layouts/referrers/myorg/app-legacy"))
        .with("myorg/debug", fixture("layouts/referrers/myorg/debug"))
}

fn question(registry: &Registry, image: &str) -> Vec<String> {
    ["verify", &registry.image(image), "--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER]
        .into_iter()
        .chain(["--trusted-root", &fixture("trust/trusted_root.json"), "--insecure-registry", &registry.host()])
        .map(str::to_owned)
        .collect()
}

fn verify(registry: &Registry, image: &str, more: &[&str]) -> Run {
    let mut words = question(registry, image);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    sigwarden(&words)
}

/// As [`verify`], as a process of its own, with this docker configuration.
fn verify_as(registry: &Registry, image: &str, docker_config: &str) -> (Option<i32>, String) {
    let folder = scratch();
    write(folder.path(), "config.json", docker_config);
    let output = Command::new(program())
        .args(question(registry, image))
        .env("DOCKER_CONFIG", folder.path())
        .env("PATH", folder.path())
        .output()
        .unwrap();
    (output.status.code(), unwrapped(&String::from_utf8([output.stdout, output.stderr].concat()).unwrap()))
}

/// Text as it was before it was wrapped and coloured for the terminal.
fn unwrapped(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().unwrap_or_default();
    let plain: String = pieces.filter_map(|piece| piece.split_once('m')).map(|(_, rest)| rest).collect();
    format!("{first}{plain}").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_layouts_say_registries_say() {
    for referrers in [true, false] {
        let registry = registry();
        registry.set(|switches| switches.referrers = referrers);
        let cases = [
            ("bundles", "myorg/app:1.4.2", Answer::Yes),
            ("by digest", &format!("{APP}@{SIGNED}"), Answer::Yes),
            ("signed by somebody else", "myorg/app:laptop", Answer::No),
            ("cosign 2's tags", "myorg/app-legacy:1.4.2", Answer::Yes),
            ("unsigned", "myorg/debug:1.2", Answer::No),
            ("no such tag", "myorg/app:9.9.9", Answer::No),
            ("no such repository", "myorg/nothing:1", Answer::No),
        ];
        for (name, image, expected) in cases {
            let run = verify(&registry, image, &[]);
            assert_eq!(run.answer, expected, "case `{name}`, referrers API {referrers}: {}", run.text());
        }
    }
}

#[test]
fn each_thing_is_asked_for_once() {
    let registry = registry();
    let run = verify(&registry, "myorg/app:1.4.2", &[&registry.image("myorg/app:1.4.2")]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let mut requests = registry.requests();
    let all = requests.len();
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), all, "{requests:#?}");
    // By digest, the image itself is not fetched.
    assert_eq!(verify(&registry, &format!("{APP}@{SIGNED}"), &[]).answer, Answer::Yes);
    let requests = registry.requests();
    assert!(!requests.iter().any(|request| request.contains(&format!("manifests/{SIGNED}"))), "{requests:#?}");
}

#[test]
fn long_lists_of_referrers_have_pages() {
    let registry = registry();
    registry.set(|switches| switches.page = 1);
    let run = verify(&registry, "myorg/app:1.4.2", &[]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert!(registry.requests().iter().any(|request| request.contains("?from=1 200")));
}

#[test]
fn layouts_come_first_and_offline_asks_nobody() {
    let registry = registry();
    let layout = format!("{}/myorg/debug={}", registry.host(), fixture("layouts/referrers/myorg/app"));
    let run = verify(&registry, "myorg/debug:1.4.2", &["--oci-layout", &layout]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert_eq!(registry.requests(), Vec::<String>::new());

    // A folder that holds no layout for this repository: the registry has the answer, and the run says so.
    let folder = scratch();
    let empty = format!("{}={}", registry.host(), folder.path().display());
    let run = verify(&registry, "myorg/app:1.4.2", &["--oci-layout", &empty]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    assert!(run.err.contains("is not an OCI layout: asked the registry"), "{}", run.err);
    let _ = registry.requests();

    let run = verify(&registry, "myorg/app:1.4.2", &["--offline"]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert_eq!(registry.requests(), Vec::<String>::new());
    let text = unwrapped(&run.text());
    let (name, repository) = (registry.image("myorg/app:1.4.2"), registry.image("myorg/app"));
    assert_eq!(
        text,
        format!(
            "? {name} ? could not look: `{repository}` is not at hand: no --oci-layout holds it, and --offline asks no registry \
             [SW3003] do: `cosign save --dir DIR IMAGE`, then `--oci-layout {repository}=DIR`; or leave --offline out"
        )
    );
    // The same on a stock host, which speaks in free text, and in the line that kubectl shows.
    for host in ["extended", "kubewarden"] {
        let run = verify(&registry, "myorg/app:1.4.2", &["--offline", "--host", host, "-o", "json"]);
        assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
        let message = run.json()["response"]["message"].to_string();
        assert!(message.contains("could not look: `") && message.contains(" — do: `cosign save"), "{message}");
        assert!(!message.contains("see whether the registry answers"), "{message}");
    }
}

#[test]
fn a_failure_of_the_network_says_what_failed_and_with_whom() {
    // A port at which nobody listens any more.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let image = format!("{nobody}/myorg/app:1.4.2");
    let flags = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER];
    let run = sigwarden(&[&["verify", &image][..], &flags, &ELSEWHERE].concat());
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    let text = unwrapped(&run.text());
    let told =
        format!("? could not look: no answer from https://{nobody}/v2/myorg/app/manifests/1.4.2: Connection refused");
    assert!(text.contains(&told), "{text}");
    assert!(text.contains("do: see whether the registry answers this host"), "{text}");
    assert!(!text.contains("--insecure-registry"), "nobody is there: {text}");
}

#[test]
fn a_registry_that_speaks_http_is_told_of() {
    // One that answers in plain text, and one that hangs up: there is a handshake, and it fails.
    let plain = registry();
    let hanging_up = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hanging_up.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in hanging_up.incoming() {
            let mut hello = [0; 4096];
            let _ = stream.and_then(|mut stream| stream.read(&mut hello));
        }
    });
    for (name, host) in [("answers", plain.host()), ("hangs up", address)] {
        let folder = scratch();
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: c, image: '{host}/a/b:1'}}]}}}}"
        );
        let pod = write(folder.path(), "pod.yaml", pod);
        let policy = write(
            folder.path(),
            "policy.yaml",
            format!(
                "verifyImages: [{{imageReferences: [\"{host}/*\"], attestors: [{{entries: [{{keyless: {{subject: \"{WORKFLOW}\", issuer: \"{ISSUER}\"}}}}]}}]}}]"
            ),
        );
        let run = sigwarden(&[&["scan", &pod, "--policy", &policy][..], &ELSEWHERE].concat());
        assert_eq!(run.answer, Answer::Unknown, "case `{name}`: {}", run.text());
        let text = unwrapped(&run.text());
        let hint = format!("do: if it speaks http: --insecure-registry {host}");
        assert!(text.contains(&hint) && !text.contains("see whether the registry"), "case `{name}`: {text}");
    }
}

/// What a registry writes is no advice: a token server is where the registry says, under the name that it gives it.
#[test]
fn a_token_server_gets_no_flag() {
    let plain = registry();
    let asking = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = asking.local_addr().unwrap().to_string();
    let realm = format!("https://$(id)&ls@{}/v2/token", plain.host());
    std::thread::spawn(move || {
        for mut stream in asking.incoming().flatten() {
            let mut request = [0; 4096];
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"{realm}\",service=\"s\"\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.read(&mut request).and_then(|_| stream.write_all(answer.as_bytes()));
        }
    });
    let image = format!("{host}/a/b:1");
    let run = sigwarden(
        &[
            &["verify", &image, "--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER][..],
            &["--insecure-registry", &host],
            &ELSEWHERE,
        ]
        .concat(),
    );
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    let text = unwrapped(&run.text());
    let advice = text.split_once("do:").map(|(_, advice)| advice).unwrap_or_default();
    assert!(text.contains("could not look") && !advice.is_empty(), "{text}");
    assert!(!advice.contains("--insecure-registry") && !advice.contains("$("), "{text}");
}

#[test]
fn logins_come_from_docker() {
    let login = |registry: &Registry, user_and_password: &str| {
        use base64::Engine as _;
        let auth = base64::engine::general_purpose::STANDARD.encode(user_and_password);
        format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.host())
    };
    let identity = |registry: &Registry, token: &str| {
        format!(r#"{{"auths": {{"{}": {{"auth": "MDA6", "identitytoken": "{token}"}}}}}}"#, registry.host())
    };
    let token = |public| Access::Token { user: "bob", secret: "s3cret", public };
    for (name, access) in [("basic", Access::Basic("bob", "s3cret")), ("token", token(false))] {
        let registry = registry();
        registry.set(|switches| switches.access = access);
        let cases = [
            ("right", login(&registry, "bob:s3cret"), Some(0), "✓"),
            ("wrong", login(&registry, "bob:secret"), Some(2), "does not let user `bob` (from"),
            ("none", "{}".to_owned(), Some(2), "does not let anonymous users (no login in"),
            (
                "another registry's",
                r#"{"auths": {"ghcr.io": {"auth": "Ym9iOnMzY3JldA=="}}}"#.to_owned(),
                Some(2),
                "docker login",
            ),
            ("no JSON", "{".to_owned(), Some(2), "Unable to read config"),
            (
                "a helper that is missing",
                format!(r#"{{"credHelpers": {{"{}": "nowhere"}}}}"#, registry.host()),
                Some(2),
                "Unable to communicate with credential helper",
            ),
        ];
        for (who, config, code, part) in cases {
            let (found, text) = verify_as(&registry, "myorg/app:1.4.2", &config);
            assert_eq!(found, code, "{name}, {who}: {text}");
            assert!(text.contains(part), "{name}, {who}: {text}");
            assert!(!text.contains("s3cret"), "{name}, {who}: a secret in {text}");
        }
    }

    let registry = registry();
    registry.set(|switches| switches.access = token(false));
    assert_eq!(verify_as(&registry, "myorg/app:1.4.2", &identity(&registry, "s3cret")).0, Some(0), "identity token");
    assert_eq!(verify_as(&registry, "myorg/app:1.4.2", &identity(&registry, "s3cre")).0, Some(2), "wrong one");
    registry.set(|switches| switches.access = token(true));
    assert_eq!(verify_as(&registry, "myorg/app:1.4.2", "{}").0, Some(0), "public images need no login");
    let (code, text) = verify_as(&registry, "myorg/app:1.4.2", &login(&registry, "bob:wrong"));
    assert_eq!(code, Some(2), "a wrong login is not forgotten: {text}");
}

#[cfg(unix)]
#[test]
fn credential_helpers_are_asked() {
    use std::os::unix::fs::PermissionsExt as _;
    let registry = registry();
    registry.set(|switches| switches.access = Access::Basic("bob", "s3cret"));
    let config = format!(r#"{{"credHelpers": {{"{}": "test"}}}}"#, registry.host());
    let helper = |answer: &str| format!("#!/bin/sh\ncat >/dev/null\n{answer}\n");
    let cases = [
        ("knows", helper("echo '{\"Username\":\"bob\",\"Secret\":\"s3cret\"}'"), Some(0), "✓"),
        ("has none", helper("echo 'credentials not found in native keychain'; exit 1"), Some(2), "no login in"),
        ("fails", helper("echo locked; exit 1"), Some(2), "`docker-credential-test` failed: locked"),
    ];
    for (name, script, code, part) in cases {
        let folder = scratch();
        write(folder.path(), "config.json", &config);
        let path = write(folder.path(), "docker-credential-test", script);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let output = Command::new(program())
            .args(question(&registry, "myorg/app:1.4.2"))
            .env("DOCKER_CONFIG", folder.path())
            .env("PATH", format!("{}:/bin:/usr/bin", folder.path().display()))
            .output()
            .unwrap();
        let text = unwrapped(&String::from_utf8([output.stdout, output.stderr].concat()).unwrap());
        assert_eq!(output.status.code(), code, "case `{name}`: {text}");
        assert!(text.contains(part), "case `{name}`: {text}");
    }
}

#[test]
fn a_registry_that_recovers_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let registry = registry();
        registry.set(|switches| {
            switches.failures = 2;
            switches.failure = status.try_into().unwrap();
        });
        let run = verify(&registry, "myorg/app:1.4.2", &[]);
        assert_eq!(run.answer, Answer::Yes, "{status}: {}", run.text());
    }
    let registry = registry();
    registry.set(|switches| {
        switches.access = Access::Token { user: "bob", secret: "s3cret", public: true };
        switches.failures = 2;
        switches.token_server_fails = true;
    });
    let run = verify(&registry, "myorg/app:1.4.2", &[]);
    assert_eq!(run.answer, Answer::Yes, "the token server recovered: {}", run.text());
}

#[test]
fn a_registry_that_does_not_recover_leaves_the_question_open() {
    type Case = (&'static str, fn(&mut sigwarden_tests::registry::Switches), usize, &'static str);
    let cases: [Case; 6] = [
        ("it fails", |switches| switches.failures = usize::MAX, 4, "answered 4 times with 503"),
        (
            "it wants more time than there is",
            |switches| {
                switches.failures = usize::MAX;
                switches.retry_after = Some(3600);
            },
            1,
            "took more than 3 s (503",
        ),
        ("it hangs", |switches| switches.latency = Duration::from_secs(60), 0, "took more than 3 s"),
        ("it breaks off", |switches| switches.cut = true, 4, "no answer from"),
        ("it is no registry", |switches| switches.not_a_registry = true, 1, "answered 404, and not as it should"),
        (
            "it refuses",
            |switches| {
                switches.failures = usize::MAX;
                switches.failure = 403.try_into().unwrap();
            },
            1,
            "does not let anonymous users",
        ),
    ];
    for (name, change, attempts, part) in cases {
        let registry = registry();
        registry.set(change);
        let start = Instant::now();
        let run = verify(&registry, "myorg/app:1.4.2", &["--registry-timeout", "3"]);
        assert_eq!(run.answer, Answer::Unknown, "case `{name}`: {}", run.text());
        assert!(unwrapped(&run.text()).contains(part), "case `{name}`: {}", run.text());
        // The registry's three seconds, and whatever else this machine is doing.
        assert!(start.elapsed() < Duration::from_secs(45), "case `{name}` took {:?}", start.elapsed());
        let requests = registry.requests();
        assert_eq!(requests.len(), attempts, "case `{name}`: {requests:#?}");
    }
}

#[test]
fn a_registry_that_is_down_leaves_the_question_open() {
    let registry = registry();
    let (image, host) = (registry.image("myorg/app:1.4.2"), registry.host());
    let words = question(&registry, "myorg/app:1.4.2");
    drop(registry);
    std::thread::sleep(Duration::from_millis(50));
    let run = sigwarden(&words);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(unwrapped(&run.text()).contains("refused") && run.text().contains(&host), "{}", run.text());
    // Over https, a registry that speaks http is one that does not answer; the message names the way out.
    let plain = self::registry();
    let words: Vec<_> = question(&plain, "myorg/app:1.4.2").into_iter().take(8).collect();
    let mut words = words;
    words.extend(["--insecure-registry".to_owned(), host]);
    let run = sigwarden(&words);
    assert_eq!(run.answer, Answer::Unknown, "{image}: {}", run.text());
    assert!(unwrapped(&run.text()).contains(&format!("--insecure-registry {}", plain.host())), "{}", run.text());
}

/// Asks a stock host whether our workflow signed `image`, or attested its provenance.
fn verify_on_stock_host(registry: &Registry, image: &str, provenance: bool, evidence: Option<&str>) -> Run {
    let attestors = json!([{"entries": [{"keyless": {"subject": WORKFLOW, "issuer": ISSUER}}]}]);
    let mut block = json!({"imageReferences": ["*"], "attestors": attestors});
    if provenance {
        block["attestations"] = json!([{"type": "https://slsa.dev/provenance/v1", "attestors": attestors}]);
    }
    // This machine may be busy, and how fast it is is not the question.
    let mut policy = json!({"verifyImages": [block], "deadline": "10m"});
    if let Some(repository) = evidence {
        policy["evidence"] = json!({"repository": repository});
    }
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    sigwarden(&[
        "verify",
        &registry.image(image),
        "--host",
        "kubewarden",
        "--policy",
        &policy,
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
        "--insecure-registry",
        &registry.host(),
    ])
}

#[test]
fn what_is_published_reaches_a_stock_kubewarden() {
    for referrers in [true, false] {
        let registry = registry();
        registry.set(|switches| switches.referrers = referrers);
        let by_digest = format!("{APP}@{SIGNED}");
        for provenance in [false, true] {
            let run = verify_on_stock_host(&registry, "myorg/app:1.4.2", provenance, None);
            assert_ne!(run.answer, Answer::Yes, "before: {}", run.text());
        }
        let run = sigwarden(&["publish", &registry.image(&by_digest), "--insecure-registry", &registry.host()]);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        for provenance in [false, true] {
            let run = verify_on_stock_host(&registry, "myorg/app:1.4.2", provenance, None);
            assert_eq!(run.answer, Answer::Yes, "provenance {provenance}: {}", run.text());
        }
        // The manifest under the tag and its config, for signature and provenance together: all that a host fetches.
        let _ = registry.requests();
        assert_eq!(verify_on_stock_host(&registry, &by_digest, true, None).answer, Answer::Yes);
        let requests = registry.requests();
        assert_eq!(requests.len(), 2, "{requests:#?}");
        assert!(requests[0].ends_with(".sigwarden 200"), "{requests:#?}");
        // Published is not vouched for: the other tag's signer is as wrong as before.
        let laptop = registry.image("myorg/app:laptop");
        let run = sigwarden(&["publish", &laptop, "--insecure-registry", &registry.host()]);
        assert_eq!(run.answer, Answer::Yes, "{}", run.text());
        assert_eq!(verify_on_stock_host(&registry, "myorg/app:laptop", false, None).answer, Answer::No);
    }
}

#[test]
fn evidence_may_lie_in_a_repository_of_its_own() {
    let registry = registry();
    let (image, elsewhere) = (registry.image("myorg/app:1.4.2"), registry.image("evidence/of-others"));
    let published = sigwarden(&["publish", &image, "--to", &elsewhere, "--insecure-registry", &registry.host()]);
    assert_eq!(published.answer, Answer::Yes, "{}", published.text());
    for (name, repository, expected) in
        [("named", Some(elsewhere.as_str()), Answer::Yes), ("not named", None, Answer::No)]
    {
        let run = verify_on_stock_host(&registry, "myorg/app:1.4.2", true, repository);
        assert_eq!(run.answer, expected, "case `{name}`: {}", run.text());
    }
}

#[test]
fn slow_registries_are_waited_for() {
    let registry = registry();
    registry.set(|switches| switches.latency = Duration::from_millis(300));
    let run = verify(&registry, "myorg/app:1.4.2", &[]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
}

#[test]
fn what_does_not_hash_to_its_digest_is_nothing() {
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let registry = registry();
    for digest in registry.blobs(APP) {
        registry.tamper_with_blob(APP, &digest, flip);
    }
    let run = verify(&registry, "myorg/app:1.4.2", &[]);
    assert_eq!(run.answer, Answer::Unknown, "blobs: {}", run.text());
    assert!(unwrapped(&run.text()).contains("does not hash to its digest"), "{}", run.text());

    let registry = self::registry();
    registry.tamper_with_manifest(APP, SIGNED, flip);
    let run = verify(&registry, "myorg/app:1.4.2", &[]);
    assert_eq!(run.answer, Answer::Unknown, "manifest: {}", run.text());
    assert!(unwrapped(&run.text()).contains("does not hash to its digest"), "{}", run.text());

    let registry = self::registry();
    for digest in registry.blobs(APP) {
        registry.lose_blob(APP, &digest);
    }
    assert_ne!(verify(&registry, "myorg/app:1.4.2", &[]).answer, Answer::Yes, "lost blobs");
}
