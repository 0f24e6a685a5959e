//! The failures that a person meets, each on evidence that real cosign made: what the message says, and that its `do:` line,
//! carried out as it is printed, lets the image in, and no other image.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::{Run, deny_module, fixture, module, scratch, sigwarden_on, top, write};
use std::fmt::Write as _;
use std::path::Path;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const RELEASE: &str = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main";

/// An image, the repository it lies in, and what is asked of it.
#[derive(Clone)]
struct Scene {
    name: &'static str,
    image: String,
    /// Path of an OCI layout.
    layout: String,
    root: String,
    host: &'static str,
    policy: Value,
}

/// What is refused, how, and what becomes of it when the remedy is carried out.
struct Failure {
    scene: Scene,
    code: &'static str,
    /// Words that the message must have.
    words: &'static [&'static str],
    /// Does what the text of the remedy says.
    carry_out: fn(Scene, &str) -> Mended,
    /// What of it the text leaves to a person.
    by_hand: Option<&'static str>,
}

impl Failure {
    const fn of(
        scene: Scene,
        code: &'static str,
        words: &'static [&'static str],
        carry_out: fn(Scene, &str) -> Mended,
    ) -> Self {
        Self { scene, code, words, carry_out, by_hand: None }
    }

    /// The same, where a person has to do a part of it.
    fn by_hand(self, act: &'static str) -> Self {
        Self { by_hand: Some(act), ..self }
    }
}

type Finding = Value;

struct Mended {
    scene: Scene,
    /// Keeps the folder of a layout that was written to.
    _layout: Option<Layout>,
}

impl From<Scene> for Mended {
    fn from(scene: Scene) -> Self {
        Self { scene, _layout: None }
    }
}

fn layout(name: &str) -> String {
    fixture(&format!("layouts/referrers/{name}"))
}

/// The digest that a tag of a layout has.
fn digest(name: &str, tag: &str) -> String {
    Layout::copy(Path::new(&layout(name))).tagged(tag).expect("a tag of the fixtures")
}

fn scene(name: &'static str, image: &str, folder: &str, block: Value) -> Scene {
    let mut block = block;
    if block.get("imageReferences").is_none() {
        block["imageReferences"] = json!(["ghcr.io/*"]);
    }
    Scene {
        name,
        image: image.to_owned(),
        layout: layout(folder),
        root: fixture("trust/trusted_root.json"),
        host: "extended",
        policy: json!({"unmatchedImages": "deny", "verifyImages": [block]}),
    }
}

fn keyless(subject: &str, issuer: &str) -> Value {
    json!({"attestors": [{"entries": [{"keyless": {"subject": subject, "issuer": issuer}}]}]})
}

fn key() -> Value {
    let key = std::fs::read_to_string(fixture("keys/k-p256.pub")).unwrap();
    json!({"attestors": [{"entries": [{"keys": {"publicKeys": key}}]}]})
}

fn verify(module: &Path, scene: &Scene, flags: &[&str]) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", scene.policy.to_string());
    let (repository, _) = scene.image.split_once('@').unwrap_or((&scene.image, ""));
    let repository = repository.rsplit_once(':').expect("a tag").0;
    let mapping = format!("{repository}={}", scene.layout);
    let mut words =
        vec!["verify", &scene.image, "--policy", &policy, "--oci-layout", &mapping, "--trusted-root", &scene.root];
    words.extend(["--host", scene.host]);
    words.extend(flags);
    sigwarden_on(module, &words)
}

/// What kubectl shows.
fn message(run: &Run) -> String {
    run.json()["response"]["message"].as_str().unwrap_or_default().to_owned()
}

/// What stands behind `lead` in a printed remedy.
fn behind<'r>(remedy: &'r str, lead: &str) -> &'r str {
    remedy.split_once(lead).unwrap_or_else(|| panic!("no `{lead}` in: {remedy}")).1
}

/// The one word behind `lead`.
fn word_behind<'r>(remedy: &'r str, lead: &str) -> &'r str {
    behind(remedy, lead).split_whitespace().next().expect("a word")
}

/// What stands in backticks behind `lead`.
fn quoted_behind<'r>(remedy: &'r str, lead: &str) -> &'r str {
    behind(remedy, lead).split('`').nth(1).unwrap_or_else(|| panic!("nothing is quoted in: {remedy}"))
}

/// The YAML that stands behind `lead`.
fn yaml_behind(remedy: &str, lead: &str) -> Value {
    yaml(behind(remedy, lead))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Puts the fields of `printed` where `pointer` points to in the settings.
fn write_into(mut scene: Scene, pointer: &str, printed: &Value) -> Mended {
    let fields = scene.policy.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object of the settings");
    fields.extend(printed.as_object().unwrap_or_else(|| panic!("no fields: {printed}")).clone());
    scene.into()
}

/// Where the scenes have what remedies speak of.
const BLOCK: &str = "/verifyImages/0";
const KEYS: &str = "/verifyImages/0/attestors/0/entries/0/keys";
const CONDITION: &str = "/verifyImages/0/attestations/0/conditions/0/all/0";

/// `cosign sign --yes IMAGE@DIGEST`, which the fixtures' maker ran in another repository: the image is asked for there.
fn sign(mut scene: Scene, remedy: &str, signed: (&str, &str)) -> Mended {
    let printed = word_behind(remedy, "cosign sign --yes ");
    let (repository, _) = scene.image.rsplit_once(':').unwrap();
    assert!(printed.starts_with(&format!("{repository}@sha256:")), "{printed}");
    scene.layout = layout(signed.0);
    scene.image = format!("{repository}:{}", signed.1);
    scene.into()
}

/// The entry that is printed goes where the remedy says.
fn add_entry(mut scene: Scene, remedy: &str) -> Mended {
    let set = &mut scene.policy["verifyImages"][0]["attestors"][0];
    let printed = yaml_behind(remedy, "add it to the entries, with `count: 1`:\n");
    set["entries"].as_array_mut().unwrap().extend(printed.as_array().expect("a list").clone());
    set["count"] = 1.into();
    scene.into()
}

/// The image that is printed is written into the object.
fn pin(mut scene: Scene, remedy: &str) -> Mended {
    scene.image = word_behind(remedy, ": ").to_owned();
    scene.into()
}

fn publish(mut scene: Scene, remedy: &str) -> Mended {
    let image = word_behind(remedy, "sigwarden publish ");
    let copy = Layout::copy(Path::new(&scene.layout));
    let mapping = format!("{}={}", image.split_once('@').unwrap().0, copy.path());
    let run = sigwarden_on(&module(), &["publish", image, "--oci-layout", &mapping, "--to-layout", copy.path()]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    scene.layout = copy.path().to_owned();
    Mended { scene, _layout: Some(copy) }
}

fn with(mut block: Value, field: &str, value: Value) -> Value {
    block[field] = value;
    block
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn failures() -> Vec<Failure> {
    let ours = keyless("https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main", ISSUER);
    let npm = json!([{"type": "https://slsa.dev/provenance/v1", "conditions": [{"all": [{
        "key": "{{ buildDefinition.buildType }}", "operator": "Equals", "value": "https://github.com/npm/cli/gha/v2"}]}]}]);
    let loose = json!({"attestors": [{"entries": [{"keyless": {
        "subjectRegExp": "/octo-repo/.github/workflows/release.yml@refs/heads/main", "issuer": ISSUER}}]}]});
    let tags = "https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/tags/v*";
    let mut expired = scene("an exception that has ended", "ghcr.io/myorg/tools:1.2", "myorg/debug", ours.clone());
    expired.policy["exceptions"] = json!([{"imageReferences": ["ghcr.io/myorg/tools:*"], "expires": "2026-01-31",
        "reason": "until the base image is rebuilt"}]);
    let mut newer =
        scene("a log newer than the trust root", "ghcr.io/o/log:after", "time/rotated-log", keyless(RELEASE, ISSUER));
    newer.root = fixture("trust/trusted_root.json");
    let mut stock = scene(
        "a bundle of cosign 3, on a stock host",
        "ghcr.io/o/bundle:v1",
        "v3-keyless-gha",
        keyless(RELEASE, ISSUER),
    );
    stock.host = "kubewarden";
    vec![
        Failure::of(
            scene("unsigned", "ghcr.io/myorg/debug:1.2", "myorg/debug", ours.clone()),
            "SW4001",
            &["nobody signed this image"],
            |scene, remedy| sign(scene, remedy, ("myorg/app", "1.4.2")),
        )
        .by_hand("only the workflow that the rule asks for can sign as itself. The test has an image that it signed with this command."),
        Failure::of(
            scene("signed by a person", "ghcr.io/myorg/app:laptop", "myorg/app", ours.clone()),
            "SW4002",
            &["a person signed, and the rule asks for a workflow", "found mallory@example.test"],
            add_entry,
        ),
        Failure::of(
            scene("another branch", "ghcr.io/o/app:v1", "v3-keyless-gha", keyless(tags, ISSUER)),
            "SW4002",
            &["the workflow is right, and ran for a branch instead of a tag", "found …", "heads/main"],
            add_entry,
        ),
        Failure::of(
            scene("a fork", "ghcr.io/o/fork:v1", "orgs/fork", keyless(RELEASE, ISSUER)),
            "SW4002",
            &["in somebody else's copy of the repository: a fork?", "evil-org"],
            add_entry,
        ),
        Failure::of(
            scene(
                "another issuer",
                "ghcr.io/o/person:v1",
                "v3-keyless-email",
                keyless("alice@example.test", "https://accounts.google.com"),
            ),
            "SW4002",
            &["another issuer vouches for it", "wanted issuer https://accounts.google.com"],
            add_entry,
        ),
        Failure::of(
            scene(
                "SLSA v0.2, and v1 is asked for",
                "ghcr.io/myorg/generated:2.0",
                "myorg/generated",
                with(keyless("https://github.com/myorg/*", ISSUER), "attestations", npm.clone()),
            ),
            "SW5002",
            &["SLSA provenance v0.2, and the rule asks for v1"],
            |scene, remedy| write_into(scene, BLOCK, &yaml_behind(remedy, "write:\n")),
        ),
        Failure::of(
            scene(
                "a condition that is not met",
                "ghcr.io/myorg/app:1.4.2",
                "myorg/app",
                with(ours.clone(), "attestations", npm),
            ),
            "SW5003",
            &["does not hold", "found"],
            |scene, remedy| {
                let told = "the condition's `value`, if what was found is what you mean:\n";
                write_into(scene, CONDITION, &yaml_behind(remedy, told))
            },
        ),
        Failure::of(
            scene(
                "a platform of a signed index",
                &format!("ghcr.io/o/index:v1@{}", digest("v3-index-flat", "amd64")),
                "v3-index-flat",
                key(),
            ),
            "SW3009",
            &["one platform of an index", "pin the index"],
            pin,
        ),
        Failure::of(
            scene(
                "a tag that moved",
                &format!("ghcr.io/o/moved:v1@{}", digest("hostile/other-subject-legacy", "impostor")),
                "hostile/other-subject-legacy",
                keyless(RELEASE, ISSUER),
            ),
            "SW3013",
            &["the tag leads to another digest by now"],
            pin,
        ),
        Failure::of(
            stock,
            "SW4001",
            &["as far as this host can see", "sigwarden publish ghcr.io/o/bundle@sha256:"],
            publish,
        ),
        Failure::of(
            scene("a key's signature without a log entry", "ghcr.io/o/key:v1", "v3-key-p256-none", key()),
            "SW4006",
            &["it carries no log entry", "ignoreTlog"],
            |scene, remedy| write_into(scene, KEYS, &yaml(quoted_behind(remedy, "accept signatures without one "))),
        ),
        Failure::of(
            scene("a key that signs with another hash", "ghcr.io/o/hash:v1", "v2-key-p256-sha512-attached", {
                let mut block = key();
                block["attestors"][0]["entries"][0]["keys"]["rekor"] = json!({"ignoreTlog": true});
                block
            }),
            "SW4003",
            &["the key is right, and signed with sha512"],
            |scene, remedy| write_into(scene, KEYS, &yaml_behind(remedy, "say so beside the key:\n")),
        ),
        Failure::of(newer, "SW4014", &["log that the trust root does not know"], |mut scene, remedy| {
            // What `--trusted-root` is given, as the scene's policy has no `trustRoots`.
            assert!(remedy.contains("give its trusted_root.json (`trustRoots`, `--trusted-root`)"), "{remedy}");
            scene.root = fixture("trust/trusted_root.log-rotated.json");
            scene.into()
        })
        .by_hand("the trusted_root.json comes from whoever runs that Sigstore, and somebody has to decide to trust it."),
        Failure::of(
            scene("an expression without its ends", "ghcr.io/o/loose:v1", "v3-keyless-gha", loose),
            "SW4002",
            &["match the whole text here, not a part of it", "write `.*`"],
            add_entry,
        ),
        Failure::of(
            expired,
            "SW3007",
            &["ended with 2026-01-31: until the base image is rebuilt", "a later day"],
            |mut scene, remedy| {
                assert!(remedy.contains("` a later day"), "{remedy}");
                let pointer = format!("/{}", quoted_behind(remedy, "give ").replace(['.', '['], "/").replace(']', ""));
                *scene.policy.pointer_mut(&pointer).expect("a field of the settings") = "2099-12-31".into();
                scene.into()
            },
        )
        .by_hand("whether it is still excepted, and until which day, is somebody's decision."),
        Failure::of(
            scene("a third party's image", "docker.io/bitnami/redis:7.2", "thirdparty/redis", ours),
            "SW3005",
            &["no block of verifyImages matches this image", "pins it by digest"],
            |mut scene, remedy| {
                let blocks = scene.policy["verifyImages"].as_array_mut().expect("blocks");
                blocks.extend(yaml_behind(remedy, "this one pins it by digest:\n").as_array().expect("a list").clone());
                scene.into()
            },
        ),
    ]
}

/// The finding that settled a question of the tree, and not one about a single piece of evidence.
fn settled<'v>(value: &'v Value, code: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) if value["code"] == code && fields.contains_key("message") => Some(value),
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| *name != "candidates").find_map(|(_, value)| settled(value, code))
        }
        Value::Array(items) => items.iter().find_map(|value| settled(value, code)),
        _ => None,
    }
}

fn finding_of(failure: &Failure) -> (Run, Finding) {
    let run = verify(&module(), &failure.scene, &["-o", "json"]);
    assert_eq!(run.answer, Answer::No, "{}: {}", failure.scene.name, run.text());
    let json = run.json();
    let finding = settled(&json["explanation"], failure.code);
    let finding = finding.unwrap_or_else(|| panic!("{}: no {} in {}", failure.scene.name, failure.code, run.text()));
    (run, finding.clone())
}

fn mend(failure: &Failure, finding: &Finding) -> Mended {
    let remedy = finding["remedy"].as_str().unwrap_or_else(|| panic!("{}: no remedy", failure.scene.name));
    (failure.carry_out)(failure.scene.clone(), remedy)
}

/// The document: every failure with its message.
fn document(messages: &[(&Failure, String)]) -> String {
    let mut document = String::from(
        "# What refusals say\n\nFailures that people meet, on evidence that real cosign made, and the message that `kubectl` shows of each. A test \
         takes what stands behind `do:`\n(the YAML, the value, the image, the command), puts it where the sentence says, and the image is let in; and it \
         is seen that this lets in no other.\nWhat a person has to do or to decide is told below the message. Made by the tests (`SIGWARDEN_UPDATE=1 make \
         test`), which fail where it is not true.\n",
    );
    for (Failure { scene, code, by_hand, .. }, message) in messages {
        let _ = write!(
            document,
            "\n## {}: [{code}](codes.md#{})\n\n```\n{message}\n```\n",
            scene.name,
            code.to_lowercase()
        );
        if let Some(act) = by_hand {
            let _ = write!(document, "\nBy hand: {act}\n");
        }
    }
    document
}

#[test]
fn what_the_message_says_to_do_lets_the_image_in() {
    let mut messages = Vec::new();
    let failures = failures();
    for failure in &failures {
        let name = failure.scene.name;
        let (run, finding) = finding_of(failure);
        let text = message(&run);
        assert!(text.contains(failure.code), "{name}: {text}");
        for words in failure.words {
            assert!(text.contains(words), "{name}: `{words}` is missing: {text}");
        }
        assert!(text.contains(" — do: ") && text.len() <= 1500, "{name}: {text}");
        assert_eq!(text.lines().count(), 2, "{name}: one line for one image: {text}");
        let mended = mend(failure, &finding);
        let run = verify(&module(), &mended.scene, &[]);
        assert_eq!(run.answer, Answer::Yes, "{name}, when mended: {}", run.text());
        assert_eq!(verify(&deny_module(), &mended.scene, &[]).answer, Answer::No, "{name}: without the policy");
        messages.push((failure, text));
    }
    let path = top().join("docs/failures.md");
    let document = document(&messages);
    if std::env::var_os("SIGWARDEN_UPDATE").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == document, "docs/failures.md is out of date: SIGWARDEN_UPDATE=1 make test");
}

#[test]
fn what_mends_one_failure_mends_no_other() {
    let failures = failures();
    let (mut asked, mut same) = (0, 0);
    for mended_one in &failures {
        let (_, finding) = finding_of(mended_one);
        let mended = mend(mended_one, &finding);
        let others: Vec<_> = failures.iter().filter(|other| other.scene.name != mended_one.scene.name).collect();
        for other in others {
            // Another scene's image, under the policy and the trust root that the remedy made.
            let under = |policy: &Value, root: &str| {
                let scene = Scene { policy: policy.clone(), root: root.to_owned(), ..other.scene.clone() };
                verify(&module(), &scene, &[])
            };
            let run = under(&mended.scene.policy, &mended.scene.root);
            asked += 1;
            if run.answer != Answer::Yes {
                continue;
            }
            if SAME_SIGNER.contains(&(mended_one.scene.name, other.scene.name)) {
                same += 1;
                continue;
            }
            // What this rule admits was good in its eyes before.
            let before = under(&mended_one.scene.policy, &mended_one.scene.root);
            let (mended, other) = (mended_one.scene.name, other.scene.name);
            assert_eq!(before.answer, Answer::Yes, "{mended}, when mended, lets in {other}: {}", run.text());
        }
    }
    assert!(asked > 150, "{asked}");
    assert_eq!(same, SAME_SIGNER.len(), "each of the pairs is one");
}

/// Failures of two rules, each of which, when mended, asks for the release workflow at `main`, on two images that it signed.
const SAME_SIGNER: &[(&str, &str)] =
    &[("another branch", "an expression without its ends"), ("an expression without its ends", "another branch")];
