//! The story on a registry of this machine, as somebody at a terminal lives it: the real program, images that real cosign
//! signed, one thing broken at a time. What it prints is `docs/story.md`.

use serde_json::Value;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::registry::{Access, Registry};
use sigwarden_tests::{deny_module, fixture, program, scratch, top};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Stands for the registry, with a port of as many digits, so that lines break where they did.
const HOST: &str = "127.0.0.1:50000";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const APP: &str = "myorg/app";
const REDIS: &str = "bitnami/redis";
const COREDNS: &str = "kubernetes/coredns";
const PROXY: &str = "platform/proxy";

/// What `helm template` prints.
const STAGING: &str = r#"---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      initContainers: [{name: debug, image: "HOST/myorg/debug:1.2"}]
      containers:
      - {name: app, image: "HOST/myorg/app:1.4.2"}
      - {name: proxy, image: "HOST/platform/proxy:v1"}
---
# Source: shop/templates/cache.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: redis, image: "HOST/bitnami/redis:7.2"}]
---
# Source: shop/templates/dns.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: dns, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: coredns, image: "HOST/kubernetes/coredns:v1"}]
"#;

fn layout(name: &str) -> String {
    fixture(&format!("layouts/referrers/{name}"))
}

fn digest(name: &str, tag: &str) -> String {
    Layout::copy(Path::new(&layout(name))).tagged(tag).expect("a tag of the fixtures")
}

/// The tag under which cosign keeps an image's signatures.
fn signature_tag(digest: &str) -> String {
    format!("{}.sig", digest.replace(':', "-"))
}

/// The manifest that refers to an image of a layout, with an attestation of this type.
fn attestation(name: &str, image: &str, predicate_type: &str) -> String {
    let layout = Layout::copy(Path::new(&layout(name)));
    let index = layout.index();
    let digests = index["manifests"].as_array().expect("a list").iter().filter_map(|entry| entry["digest"].as_str());
    let is_it = |digest: &&str| {
        let manifest = layout.manifest(digest);
        manifest["subject"]["digest"] == image
            && manifest["annotations"]["dev.sigstore.bundle.predicateType"] == predicate_type
    };
    digests.into_iter().find(is_it).expect("an attestation of this type").to_owned()
}

/// What a command printed, as it was printed.
struct Printed {
    status: i32,
    out: String,
    err: String,
}

/// A folder with manifests, a registry, and what was seen so far.
struct Session {
    folder: tempfile::TempDir,
    registry: Registry,
    page: String,
}

impl Session {
    fn begin() -> Self {
        let registry = Registry::start()
            .with(APP, layout("myorg/app"))
            .with("myorg/debug", layout("myorg/debug"))
            .with(REDIS, layout("thirdparty/redis"))
            .with(COREDNS, layout("v2-keyless-email"))
            .with(PROXY, layout("v3-index-flat"));
        let session = Self { folder: scratch(), registry, page: String::new() };
        session.write("staging.yaml", &STAGING.replace("HOST", &session.registry.host()));
        session.write("proxy.pub", &std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap());
        session.write("trusted_root.json", &std::fs::read_to_string(fixture("trust/trusted_root.json")).unwrap());
        session
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Runs the program in the folder, with what leads it to the registry and, where it verifies, to the fixtures' Sigstore.
    fn run(&self, line: &str, more: &[&str]) -> Printed {
        let host = self.registry.host();
        let mut words: Vec<&str> = line.split(' ').skip(1).collect();
        words.extend(["--insecure-registry", &host]);
        if words[0] != "publish" {
            words.extend(["--trusted-root", "trusted_root.json"]);
        }
        let folder = self.folder.path();
        // No login of whoever runs the tests.
        let output = Command::new(program())
            .args(words)
            .args(more)
            .current_dir(folder)
            .env("DOCKER_CONFIG", ".docker")
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("REGISTRY_AUTH_FILE")
            .env_remove("CLICOLOR_FORCE")
            .output()
            .unwrap();
        Printed {
            status: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Text as it is the same in every run.
    fn settled(&self, text: &str) -> String {
        let host = self.registry.host();
        assert_eq!(host.len(), HOST.len(), "a port that would break lines elsewhere");
        let mut settled = String::new();
        for line in text.replace(&host, HOST).lines() {
            let line = match (line.split_once(", "), line.split_once("expires: \"20")) {
                (Some((before, ago)), _)
                    if before.contains(" on 20") && (ago.ends_with(" ago") || ago == "within a day") =>
                {
                    format!("{before}, some days ago")
                }
                (_, Some((before, _))) => format!("{before}expires: \"in a month\""),
                _ => line.trim_end().to_owned(),
            };
            let _ = writeln!(settled, "{line}");
        }
        settled
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.page, "\n{text}");
    }

    fn print(&mut self, line: &str, text: &str, status: i32) {
        let code = if status == 0 { String::new() } else { format!("? {status}\n") };
        let text = text.trim_end();
        let text = if text.is_empty() { String::new() } else { format!("{text}\n") };
        let block = self.settled(&format!("\n```console\n$ {line}\n{code}{text}```\n"));
        self.page.push_str(&block);
    }

    /// Runs a command, and shows what it prints, up to `end` if that is there.
    fn show(&mut self, line: &str, status: i32, end: Option<&str>) -> String {
        let printed = self.run(line, &[]);
        let text = format!("{}{}", printed.err, printed.out);
        assert_eq!(printed.status, status, "{line}: {text}");
        let shown = match end.and_then(|end| text.split_once(end)) {
            Some((before, _)) => format!("{}\n...", before.trim_end()),
            None => text.clone(),
        };
        self.print(line, &shown, status);
        text
    }

    /// The images that a scan refuses, by their names in the registry.
    fn refused(&self) -> Vec<String> {
        let printed = self.run(SCAN, &["-o", "json"]);
        let report: Value = serde_json::from_str(&printed.out).expect("JSON");
        let images = report["images"].as_array().expect("images").iter().map(|entry| &entry["report"]);
        let refused = images.filter(|report| report["outcome"] == "failed" || report["outcome"] == "undecided");
        let host = format!("{}/", self.registry.host());
        let mut names: Vec<String> =
            refused.map(|report| report["image"].as_str().expect("an image").replace(&host, "")).collect();
        names.sort();
        names
    }
}

const SCAN: &str = "sigwarden scan staging.yaml --policy policies.yaml";

/// One thing that goes wrong.
struct Break {
    title: &'static str,
    /// What happened, and what to see in the answer.
    told: &'static str,
    break_it: fn(&Session),
    status: i32,
    /// The images that are refused, and no other ones are.
    blamed: &'static [&'static str],
    code: &'static str,
    words: &'static [&'static str],
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn breaks() -> Vec<Break> {
    vec![
        Break {
            title: "The Redis moves",
            told: "Its makers pushed another image under the tag, as they do every week. The exception is for what was seen.",
            break_it: |session| {
                session.registry.push(REDIS, layout("myorg/debug"));
                session.registry.retag(REDIS, "7.2", &digest("myorg/debug", "1.2"));
            },
            status: 1,
            blamed: &["bitnami/redis:7.2"],
            code: "SW3013",
            words: &["an exception names this image, and is for another digest", "exceptions[0].digests"],
        },
        Break {
            title: "Somebody pushes the app from a laptop",
            told: "Signed, and by a person. What stands under `do` would let her deploy from now on.",
            break_it: |session| session.registry.retag(APP, "1.4.2", &digest("myorg/app", "laptop")),
            status: 1,
            blamed: &["myorg/app:1.4.2"],
            code: "SW4002",
            words: &["a person signed, and the rule asks for a workflow", "found:     mallory@example.test"],
        },
        Break {
            title: "A fork builds the app",
            told: "A workflow of the same file name, run for a pull request. The `^` stands where the names part.",
            break_it: |session| {
                session.registry.push(APP, layout("orgs/fork"));
                session.registry.retag(APP, "1.4.2", &digest("orgs/fork", "v1"));
            },
            status: 1,
            blamed: &["myorg/app:1.4.2"],
            code: "SW4002",
            words: &["the signer is somebody else", "https://github.com/evil-org/octo-repo/", "                ^"],
        },
        Break {
            title: "A release that forgot to sign",
            told: "`looked` has every place in which a signature could have been.",
            break_it: |session| {
                session.registry.push(APP, layout("myorg/debug"));
                session.registry.retag(APP, "1.4.2", &digest("myorg/debug", "1.2"));
            },
            status: 1,
            blamed: &["myorg/app:1.4.2"],
            code: "SW4001",
            words: &["nobody signed this image", "cosign sign --yes"],
        },
        Break {
            title: "The provenance is gone",
            told: "Signed as ever; but whoever cleaned the registry up took the attestation for rubbish.",
            break_it: |session| {
                let provenance = attestation("myorg/app", &digest("myorg/app", "1.4.2"), PROVENANCE);
                session.registry.lose_manifest(APP, &provenance);
            },
            status: 1,
            blamed: &["myorg/app:1.4.2"],
            code: "SW5001",
            words: &["this image has no SLSA provenance"],
        },
        Break {
            title: "Another builder",
            told: "Signed by the same workflow, and built by another one, which says so itself.",
            break_it: |session| {
                session.registry.push(APP, layout("myorg/generated"));
                session.registry.retag(APP, "1.4.2", &digest("myorg/generated", "2.0"));
            },
            status: 1,
            blamed: &["myorg/app:1.4.2"],
            code: "SW5005",
            words: &[
                "somebody else made the attestations of this type",
                "generator_container_slsa3.yml@refs/tags/v2.1.0",
            ],
        },
        Break {
            title: "A new image of ours",
            told: "The draft knows repositories that it saw, and no other ones.",
            break_it: |session| {
                session.registry.push("myorg/migrate", layout("myorg/debug"));
                session.write("staging.yaml", &session.read("staging.yaml").replace("myorg/debug", "myorg/migrate"));
            },
            status: 1,
            blamed: &["myorg/migrate:1.2"],
            code: "SW3005",
            words: &["no block of verifyImages matches this image"],
        },
        Break {
            title: "The signature of another image",
            told: "`coredns:v1` became another image, and somebody copied the old one's signature to it: genuine, and about the old one.",
            break_it: |session| {
                let (old, new) = (digest("v2-keyless-email", "v1"), digest("thirdparty/redis", "7.2"));
                let signature = session.registry.tag(COREDNS, &signature_tag(&old)).expect("a signature");
                session.registry.push(COREDNS, layout("thirdparty/redis"));
                session.registry.retag(COREDNS, &signature_tag(&new), &signature);
                session.registry.retag(COREDNS, "v1", &new);
            },
            status: 1,
            blamed: &["kubernetes/coredns:v1"],
            code: "SW4008",
            words: &["it is about another image", "alice@example.test", "sign this digest"],
        },
        Break {
            title: "A mirror that leaves signatures behind",
            told: "Whoever copied the images did not copy the tags that cosign writes beside them.",
            break_it: |session| {
                let signatures = session.registry.tag(COREDNS, &signature_tag(&digest("v2-keyless-email", "v1")));
                session.registry.lose_manifest(COREDNS, &signatures.expect("a signature"));
            },
            status: 1,
            blamed: &["kubernetes/coredns:v1"],
            code: "SW4001",
            words: &["nobody signed this image", ".sig — absent"],
        },
        Break {
            title: "One platform of a signed index",
            told: "Somebody pinned the proxy by the digest that a node shows, which is that of its platform. The index is signed; its images are not.",
            break_it: |session| {
                let pinned = format!("{PROXY}:v1@{}", digest("v3-index-flat", "amd64"));
                session.write("staging.yaml", &session.read("staging.yaml").replace(&format!("{PROXY}:v1"), &pinned));
            },
            status: 1,
            blamed: &["platform/proxy:v1@sha256:3052b1ecd89aa1cb2633bfefdcf7cec0150299bbc78c9bddeaa513f9158440bb"],
            code: "SW3009",
            words: &["one platform of an index", "pin the index"],
        },
        Break {
            title: "Another key signs the proxy",
            told: "The key was changed, and the policy was not.",
            break_it: |session| {
                session.registry.push(PROXY, layout("v3-key-rsa2048-rekor2"));
                session.registry.retag(PROXY, "v1", &digest("v3-key-rsa2048-rekor2", "v1"));
            },
            status: 1,
            blamed: &["platform/proxy:v1"],
            code: "SW4003",
            words: &["the signature does not verify with key sha256:94e285d8ba002ada"],
        },
        Break {
            title: "The exceptions end",
            told: "The month is over, and nobody has signed the two.",
            break_it: |session| {
                let ended = |line: &str| match line.split_once("expires: ") {
                    Some((indent, _)) => format!("{indent}expires: \"2026-01-31\"\n"),
                    None => format!("{line}\n"),
                };
                let policies: String = session.read("policies.yaml").lines().map(ended).collect();
                session.write("policies.yaml", &policies);
            },
            status: 1,
            blamed: &["bitnami/redis:7.2", "myorg/debug:1.2"],
            code: "SW3007",
            words: &["ended with 2026-01-31", "a later day"],
        },
        Break {
            title: "The registry wants a password",
            told: "Nobody could look. That is no reason to admit, and none to call the images bad: the exit code is 2.",
            break_it: |session| {
                session.registry.set(|switches| switches.access = Access::Basic("robot", "secret"));
            },
            status: 2,
            blamed: &[
                "bitnami/redis:7.2",
                "kubernetes/coredns:v1",
                "myorg/app:1.4.2",
                "myorg/debug:1.2",
                "platform/proxy:v1",
            ],
            code: "SW3010",
            words: &["the registry denies access", "http://127.0.0.1:", "docker login"],
        },
    ]
}

const BEGINNING: &str = "\
# The story, as a transcript

An app with a debug init container that nobody signs, a proxy that the platform team signs with a key, somebody's Redis, and a name server whose makers sign
it, on a registry of this machine. What would break, which policy would break nothing, and what does the policy say when something goes wrong? The
[tutorial](tutorial.md) tells why; this is what the terminal shows.

The images and signatures are real cosign's ([fixtures](../tests/fixtures/ORIGIN.md)), the registry is the tests' own, and the tests make this page
(`SIGWARDEN_UPDATE=1 make test`), and fail where it is not true. Behind every command that asks the registry stands `--insecure-registry 127.0.0.1:50000`, since
it speaks plain HTTP, and behind `scan` and `suggest` `--trusted-root trusted_root.json`, the fixtures' Sigstore in place of the public one. `? 1` is an exit code;
`...` stands for what was on the page before, and for the trust root at the end of the settings.
";

#[test]
fn the_story() {
    let mut session = Session::begin();
    session.page.push_str(BEGINNING);
    session.say("## What is there?\n\n`staging.yaml` is what `helm template` prints:");
    let manifests = session.read("staging.yaml");
    session.print("cat staging.yaml", &manifests, 0);
    session.show("sigwarden scan staging.yaml --key proxy.pub", 0, None);

    session.say("## A policy that breaks nothing\n\nEach entry says what it was drafted from. Nothing is approved by being there.");
    session.show("sigwarden suggest staging.yaml --name staging --key proxy.pub --output-file policies.yaml", 0, None);
    let policies = session.read("policies.yaml");
    let (shown, _) = policies.split_once("    # The trust root that was given").expect("a trust root");
    session.print("cat policies.yaml", &format!("{shown}..."), 0);
    session.say(
        "The second of the pair, which has the same settings and `mutate: false`, is left out here. \
         Applied to a cluster, or given to `scan` as one would answer, they refuse nothing:",
    );
    session.show(SCAN, 0, None);

    let registry = session.registry.content();
    let without_policy = deny_module();
    for broken in breaks() {
        session.say(&format!("## {}\n\n{}", broken.title, broken.told));
        (broken.break_it)(&session);
        let text = session.show(SCAN, broken.status, Some("\nPinned: "));
        for words in [&[broken.code], broken.words].concat() {
            assert!(text.contains(words), "{}: `{words}` is missing: {text}", broken.title);
        }
        assert_eq!(session.refused(), broken.blamed, "{}", broken.title);

        session.registry.restore(&registry);
        session.registry.set(|switches| switches.access = Access::Open);
        session.write("staging.yaml", &manifests);
        session.write("policies.yaml", &policies);
        let mended = session.run(SCAN, &[]);
        assert_eq!(mended.status, 0, "{}, mended: {}", broken.title, mended.out);
        let denied = session.run(SCAN, &["--module", without_policy.to_str().unwrap()]);
        assert_eq!(denied.status, 1, "{}: without the policy", broken.title);
    }

    session.say(
        "## Before a stock Kubewarden enforces it\n\nSuch a host hands out `.sig` tags, and nothing that refers to an image. As it sees the registry:",
    );
    let stock = format!("{SCAN} --host kubewarden");
    let text = session.show(&stock, 2, Some("\nPinned: "));
    for words in ["sigwarden publish", "this image has no SLSA provenance, as far as this host can see"] {
        assert!(text.contains(words), "`{words}` is missing: {text}");
    }
    session.say("The head of `policies.yaml` said what is to be done:");
    let commands: Vec<String> =
        policies.lines().filter_map(|line| line.strip_prefix("#     ")).map(str::to_owned).collect();
    assert_eq!(commands.len(), 3, "{policies}");
    for command in commands {
        session.show(&command, 0, None);
    }
    session.show(&stock, 0, Some("\nPinned: "));

    session.say(
        "Now `kubectl apply -f policies.yaml` stops nothing that runs today; the [tutorial](tutorial.md#enforce) says how to begin by watching.",
    );

    let path = top().join("docs/story.md");
    if std::env::var_os("SIGWARDEN_UPDATE").is_some() {
        std::fs::write(&path, &session.page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == session.page, "docs/story.md is out of date: SIGWARDEN_UPDATE=1 make test");
}
