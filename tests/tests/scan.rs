//! `sigwarden scan` through the module: against layouts, and against a registry that counts what it is asked.

use serde_json::Value;
use sigwarden::commands::Answer;
use sigwarden_tests::registry::Registry;
use sigwarden_tests::{Run, fixture, program, scratch, sigwarden, top, write};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIGNED: &str = "ghcr.io/myorg/app:1.4.2";
const UNSIGNED: &str = "ghcr.io/myorg/debug:1.2";
/// A trust root that knows nobody who signed these images.
const STRANGERS: &str = "trust/trusted_root.byo.json";

fn deployment(name: &str, image: &str) -> String {
    format!(
        "---\n# Source: shop/templates/{name}.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n\
         spec:\n  template:\n    spec:\n      containers: [{{name: main, image: '{image}'}}]\n"
    )
}

const ROLLOUT: &str = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: \
                       {spec: {containers: [{name: c, image: 'ghcr.io/myorg/debug:1.2'}]}}}\n";

fn scan(folder: &Path, manifests: &str, more: &[&str]) -> Run {
    let manifests = write(folder, "manifests.yaml", manifests);
    let policy = top().join("demo/1-signed-by-our-workflows.yaml").display().to_string();
    let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    let mut words = vec!["scan", &manifests, "--policy", &policy, "--oci-layout", &layouts, "--trusted-root", &root];
    words.extend(more);
    sigwarden(&words)
}

#[test]
fn what_the_cluster_refuses_is_refused_and_the_rest_is_not() {
    let folder = scratch();
    let signed = deployment("web", SIGNED);
    let unsigned = deployment("debug", UNSIGNED);
    let elsewhere = deployment("other", "docker.io/library/redis:7");
    let cases = [
        ("signed", signed.clone(), Answer::Yes),
        ("unsigned", unsigned.clone(), Answer::No),
        ("both", format!("{signed}{unsigned}"), Answer::No),
        (
            "an unsigned init container",
            signed.replace(
                "containers:",
                &format!("initContainers: [{{name: i, image: '{UNSIGNED}'}}]\n      containers:"),
            ),
            Answer::No,
        ),
        ("no rule", elsewhere.clone(), Answer::Yes),
        ("no image that can be read", deployment("odd", ""), Answer::No),
        ("no workload at all", "kind: Service\napiVersion: v1\n".to_owned(), Answer::Yes),
        ("nothing", "# nothing\n".to_owned(), Answer::Unknown),
        ("a broken document behind a good one", format!("{signed}---\nkind: [\n"), Answer::Unknown),
        ("an image that nobody can look at", deployment("far", "ghcr.io/myorg/far:1"), Answer::Unknown),
    ];
    for (name, manifests, answer) in cases {
        let run = scan(folder.path(), &manifests, &[]);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
    }
}

/// A scan without a policy, under a trust root of the fixtures.
fn survey(folder: &Path, manifests: &str, root: &str, more: &[&str]) -> Run {
    let manifests = write(folder, "manifests.yaml", manifests);
    let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let keys = format!("registry.example.com/team={}", fixture("layouts/referrers"));
    let root = fixture(root);
    let words = ["scan", &manifests, "--oci-layout", &layouts, "--oci-layout", &keys, "--trusted-root", &root];
    sigwarden(&[words.as_slice(), more].concat())
}

#[test]
fn without_a_policy_it_lists_what_images_have() {
    const KEYED: &str = "registry.example.com/team/v2-key-p256:v1";
    let folder = scratch();
    let manifests =
        [deployment("web", SIGNED), deployment("debug", UNSIGNED), deployment("keyed", KEYED), ROLLOUT.to_owned()]
            .concat();
    let key = fixture("keys/k-p256.pub");
    let seen = |run: &Run, image: &str| {
        let json = run.json();
        let images = json["images"].as_array().cloned().unwrap_or_default();
        images.into_iter().find(|entry| entry["image"] == image).unwrap_or_else(|| panic!("no {image}: {}", run.text()))
    };

    let run = survey(folder.path(), &manifests, "trust/trusted_root.json", &["-o", "json"]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    let signed = seen(&run, SIGNED);
    assert_eq!(signed["signatures"][0]["standing"]["state"], "verified");
    assert_eq!(signed["attestations"][0]["predicateType"], "https://slsa.dev/provenance/v1");
    assert!(signed["attestations"][0]["provenance"]["builderId"].is_string());
    assert_eq!(seen(&run, UNSIGNED)["signatures"], serde_json::json!([]));
    // The Rollout's image counts too, though no policy is asked about the Rollout.
    assert_eq!(seen(&run, UNSIGNED)["uses"].as_array().map(Vec::len), Some(2));
    assert_eq!(seen(&run, KEYED)["signatures"][0]["standing"]["state"], "unknownKey");

    // The key makes the difference for what a key signed; another trust root for the rest: then it is a claim, and no more.
    let run = survey(folder.path(), &manifests, "trust/trusted_root.json", &["-o", "json", "--key", &key]);
    assert_eq!(seen(&run, KEYED)["signatures"][0]["standing"]["state"], "verified");
    let run = survey(folder.path(), &manifests, STRANGERS, &["-o", "json"]);
    assert_eq!(seen(&run, SIGNED)["signatures"][0]["standing"]["state"], "refused");
    let run = survey(folder.path(), &manifests, STRANGERS, &[]);
    assert!(run.out.contains("it does not hold"), "{}", run.text());
    assert!(!run.out.contains('✓'), "{}", run.text());

    // Not to be able to look is not "unsigned".
    let far = deployment("far", "ghcr.io/myorg/far:1");
    let run = survey(folder.path(), &far, "trust/trusted_root.json", &[]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.text());
    assert!(!run.out.contains("nobody signed"), "{}", run.text());
    // With `-v`, what was asked is told, as with a policy.
    let told = survey(folder.path(), &manifests, "trust/trusted_root.json", &["-v"]).err;
    for question in [
        "note: registry/manifest_digest \"ghcr.io/myorg/app:1.4.2\": sha256:29002f61",
        "note: registry/referrers \"ghcr.io/myorg/app@sha256:29002f61",
        "note: registry/blob \"ghcr.io/myorg/app@sha256:",
        ".sig\": absent",
    ] {
        assert!(told.contains(question), "`{question}` in {told}");
    }
    assert!(!survey(folder.path(), &manifests, "trust/trusted_root.json", &[]).err.contains("registry/"));
    // There is no verdict to report.
    for form in ["junit", "sarif", "html"] {
        let run = survey(folder.path(), &manifests, "trust/trusted_root.json", &["-o", form]);
        assert_eq!((run.answer, run.out.as_str()), (Answer::Unknown, ""), "{form}");
    }
}

#[test]
fn what_kubectl_reads_otherwise_is_not_waved_through() {
    let folder = scratch();
    let pod = |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  {spec}\n");
    let good = format!("containers: [{{name: c, image: '{SIGNED}'}}]");
    let evil = format!("{{apiVersion: v1, kind: Pod, spec: {{containers: [{{name: e, image: '{UNSIGNED}'}}]}}}}");
    assert_eq!(scan(folder.path(), &pod(&good), &[]).answer, Answer::Yes);
    let cases = [
        ("a line that ends in a comment", pod(&format!("{good} #\u{2028}  initContainers: []")), Answer::Unknown),
        ("the same with another character", pod(&format!("{good} #\u{85}  initContainers: []")), Answer::Unknown),
        ("a document behind an odd start", format!("a: 1\n---#: |\n {evil}\n"), Answer::Unknown),
        (
            "a merge behind the key that it replaces",
            format!(
                "x: &x {{image: '{UNSIGNED}'}}\n{}",
                pod(&format!("containers: [{{name: c, image: '{SIGNED}', <<: *x}}]"))
            ),
            Answer::Unknown,
        ),
        ("a Pod that is a list", format!("{}items: [{evil}]\n", pod(&good)), Answer::Unknown),
        ("a list of no kind", format!("items: [{evil}]\n"), Answer::No),
        (
            "a list of pods that do not say so",
            format!("apiVersion: v1\nkind: PodList\nitems: [{}]\n", evil.replace("kind: Pod", "kind: ''")),
            Answer::No,
        ),
    ];
    for (name, manifests, answer) in cases {
        let run = scan(folder.path(), &manifests, &[]);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        let request = write(folder.path(), "request.yaml", &manifests);
        let policy = top().join("demo/1-signed-by-our-workflows.yaml").display().to_string();
        let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
        let root = fixture("trust/trusted_root.json");
        let words = ["run", "-r", &request, "-s", &policy, "--oci-layout", &layouts, "--trusted-root", &root];
        let run = sigwarden(&[words.as_slice(), &["--host", "extended"]].concat());
        assert_ne!(run.answer, Answer::Yes, "case `{name}`: {}", run.text());
    }

    // kubectl reads hidden folders, and files of which the name is the ending.
    for hidden in [".hidden/pod.yaml", "shown/.yaml"] {
        let folder = scratch();
        let path = folder.path().join(hidden);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &evil).unwrap();
        let words = ["scan", &folder.path().display().to_string(), "--offline"];
        let run = sigwarden(&words);
        assert!(run.text().contains(UNSIGNED), "{hidden}: {}", run.text());
    }
}

#[test]
fn the_page_says_what_the_text_says_and_escapes_it() {
    let folder = scratch();
    let evil = "ghcr.io/myorg/<script>alert(1)</script>:1";
    let manifests =
        [deployment("web", SIGNED), deployment("debug", UNSIGNED), deployment("evil", evil), ROLLOUT.to_owned()]
            .concat();
    // An object that is refused as a whole says why, and what to do, as an image does.
    let whole = scan(folder.path(), &deployment("odd", ""), &["-o", "html"]);
    for part in
        ["<code>Deployment default/odd</code>", "shop/templates/odd.yaml", "SW3001", "write the image into the object"]
    {
        assert!(whole.out.contains(part), "{part}: {}", whole.out);
    }
    let run = scan(folder.path(), &manifests, &["-o", "html"]);
    assert!(!run.out.contains("write the image into the object"), "{}", run.out);
    assert_eq!(run.answer, Answer::No, "{}", run.text());
    for part in ["Some of this would be refused", UNSIGNED, SIGNED, "Deployment default/debug", "Rollout", "SW4001"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    assert!(!run.out.contains("<script"), "{}", run.out);
    let run = scan(folder.path(), &deployment("web", SIGNED), &["-o", "html"]);
    assert_eq!(run.answer, Answer::Yes);
    assert!(run.out.contains("All of this would be admitted") && !run.out.contains("is-failed\">"), "{}", run.out);
}

#[test]
fn each_object_is_answered_as_run_answers_it() {
    let folder = scratch();
    for (image, answer) in [(SIGNED, Answer::Yes), (UNSIGNED, Answer::No)] {
        let manifests = deployment("web", image);
        assert_eq!(scan(folder.path(), &manifests, &[]).answer, answer);
        let request = write(folder.path(), "one.yaml", &manifests);
        let policy = top().join("demo/1-signed-by-our-workflows.yaml").display().to_string();
        let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
        let root = fixture("trust/trusted_root.json");
        let words = ["run", "-r", &request, "-s", &policy, "--oci-layout", &layouts, "--trusted-root", &root];
        let run = sigwarden(&[words.as_slice(), &["--host", "extended"]].concat());
        assert_eq!(run.answer, answer, "{}", run.text());
    }
}

#[test]
fn the_report_says_what_and_where() {
    let folder = scratch();
    let manifests = format!(
        "{}{}{}{}{ROLLOUT}",
        deployment("web", SIGNED),
        deployment("d1", UNSIGNED),
        deployment("d2", UNSIGNED),
        deployment("cache", "redis:7")
    );
    let run = scan(folder.path(), &manifests, &["-o", "json"]);
    assert_eq!(run.answer, Answer::No);
    let json = run.json();
    let images = json["images"].as_array().expect("images");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let seen: Vec<_> =
        images.iter().map(|entry| (text(&entry["report"]["image"]), text(&entry["report"]["outcome"]))).collect();
    assert_eq!(
        seen,
        [
            (UNSIGNED.to_owned(), "failed".to_owned()),
            ("redis:7".to_owned(), "passed".to_owned()),
            (SIGNED.to_owned(), "passed".to_owned())
        ]
    );
    assert_eq!(images[0]["uses"].as_array().map(Vec::len), Some(2));
    assert_eq!(images[0]["uses"][1]["object"], "Deployment default/d2");
    assert_eq!(images[0]["uses"][1]["origin"]["template"], "shop/templates/d2.yaml");
    assert_eq!(images[1]["unmatched"], true);
    assert!(images[2]["report"]["pinned"].as_str().is_some_and(|pinned| pinned.contains("@sha256:29002f61")));
    assert_eq!(json["notCovered"][0]["object"], "Rollout default/r");
    assert_eq!((&json["totals"]["objects"], &json["totals"]["refused"]), (&4.into(), &2.into()));

    let text = scan(folder.path(), &manifests, &[]).out;
    let text = anstream_free(&text);
    for words in [
        "4 objects with 3 images: 2 admitted, 2 refused",
        "refused",
        "do:",
        "Deployment default/d1",
        "Pinned:",
        "Not covered:",
        "Rollout default/r",
    ] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
    for (form, words) in [
        ("junit", vec!["<testsuite name=\"images\" tests=\"4\" failures=\"2\"", "<skipped"]),
        ("sarif", vec!["\"ruleId\": \"not-covered\"", "\"ruleId\": \"SW4001\"", "(shop/templates/d1.yaml)"]),
        ("markdown", vec!["| refused | ghcr.io/myorg/debug:1.2 | 2 |", "Not covered: Rollout default/r"]),
    ] {
        let file = folder.path().join(form).display().to_string();
        let run = scan(folder.path(), &manifests, &["-o", form, "--output-file", &file]);
        assert_eq!((run.answer, run.out.as_str()), (Answer::No, ""), "{form}");
        let written = std::fs::read_to_string(&file).expect("a report");
        for word in words {
            assert!(written.contains(word), "`{word}` in {written}");
        }
    }
}

/// A program that shows results beside code needs files that it has, and the lines of these.
#[test]
fn reports_for_programs_say_what_was_found_and_what_to_do() {
    let folder = scratch();
    for form in ["junit", "sarif"] {
        let run = scan(folder.path(), &deployment("debug", UNSIGNED), &["-o", form]);
        let line_break = if form == "junit" { "&#10;" } else { "\\n" };
        assert!(run.out.contains(&format!("{line_break}do: ")), "{form}: {}", run.out);
    }
    let junit = scan(folder.path(), &deployment("debug", UNSIGNED), &["-o", "junit"]);
    let file = folder.path().join("manifests.yaml").display().to_string();
    assert!(junit.out.contains(&format!("classname=\"{file}\"")), "{}", junit.out);
}

#[test]
fn sarif_names_the_file_that_was_read() {
    let folder = scratch();
    let manifests = format!(
        "# two of them\n{}{}{ROLLOUT}",
        deployment("d1", UNSIGNED),
        deployment("d2", UNSIGNED).replace("# Source: shop/templates/d2.yaml\n", "")
    );
    let path = write(folder.path(), "the manifests.yaml", &manifests);
    let policy = top().join("demo/1-signed-by-our-workflows.yaml").display().to_string();
    let layouts = format!("ghcr.io/myorg={}", fixture("layouts/referrers/myorg"));
    let root = fixture("trust/trusted_root.json");
    let sarif = |path: &str| {
        let mut command = Command::new(program());
        command.args(["scan", path, "--policy", &policy, "--oci-layout", &layouts, "--trusted-root", &root]);
        command.args(["-o", "sarif"]).current_dir(folder.path()).stdout(Stdio::piped()).stdin(Stdio::piped());
        command.stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(manifests.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let sarif: Value = serde_json::from_slice(&output.stdout).unwrap();
        sarif["runs"][0].clone()
    };
    // Name, line, and what Helm says, by object.
    let places = |run: &Value| {
        let results = run["results"].as_array().unwrap().iter();
        let mut places: Vec<_> = results
            .map(|result| {
                let place = &result["locations"][0];
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (
                    text(&place["logicalLocations"][0]["fullyQualifiedName"]),
                    text(&place["physicalLocation"]["artifactLocation"]["uri"]),
                    place["physicalLocation"]["region"]["startLine"].as_u64(),
                    text(&result["properties"]["template"]),
                )
            })
            .collect();
        places.sort();
        places
    };
    let place =
        |name: &str, uri: &str, line, template: &str| (name.to_owned(), uri.to_owned(), line, template.to_owned());
    let line = |name: &str| {
        let before = manifests.lines().take_while(|line| !line.contains(&format!("name: {name}}}"))).count();
        // Its `kind` is one line above, and its `apiVersion` two.
        u64::try_from(before).ok().map(|before| before - 1)
    };
    let d1 = "shop/templates/d1.yaml";
    let run = sarif("the manifests.yaml");
    let expected = |uri: &str| {
        [
            place("Deployment default/d1", uri, line("d1"), d1),
            place("Deployment default/d2", uri, line("d2"), ""),
            place("Rollout default/r", uri, line("r"), ""),
        ]
    };
    assert_eq!(places(&run), expected("the%20manifests.yaml"));
    assert_eq!(places(&sarif(&path)), expected(&path.replace(' ', "%20")));
    let [_, second, third] = expected("standard%20input");
    assert_eq!(places(&sarif("-")), [place("Deployment default/d1", d1, None, d1), second, third]);
    // Each result names a rule, and each rule says what it is about.
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = rules.iter().find(|rule| rule["id"] == result["ruleId"]).expect("a rule");
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| text.ends_with('.')), "{rule}");
    }
}

/// Text without colours.
fn anstream_free(text: &str) -> String {
    let mut plain = String::new();
    let mut is_escape = false;
    for character in text.chars() {
        match character {
            '\u{1b}' => is_escape = true,
            'm' if is_escape => is_escape = false,
            _ if is_escape => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn what_is_not_covered_fails_only_on_request() {
    let folder = scratch();
    let manifests = format!("{}{ROLLOUT}", deployment("web", SIGNED));
    assert_eq!(scan(folder.path(), &manifests, &[]).answer, Answer::Yes);
    assert_eq!(scan(folder.path(), &manifests, &["--fail-on-uncovered"]).answer, Answer::No);
    assert_eq!(scan(folder.path(), &deployment("web", SIGNED), &["--fail-on-uncovered"]).answer, Answer::Yes);
}

/// 300 manifests with 80 distinct images, of which every tenth is unsigned.
fn many(registry: &Registry) -> String {
    let mut text = String::new();
    for number in 0..300 {
        let image = number % 80;
        let tag = if image % 10 == 0 { "1.2" } else { "1.4.2" };
        let _ =
            write!(text, "{}", deployment(&format!("d{number}"), &registry.image(&format!("org/app-{image}:{tag}"))));
    }
    text
}

fn registry_of_many() -> Registry {
    (0..80).fold(Registry::start(), |registry, image| {
        let layout = if image % 10 == 0 { "debug" } else { "app" };
        registry.with(&format!("org/app-{image}"), fixture(&format!("layouts/referrers/myorg/{layout}")))
    })
}

fn scan_many(registry: &Registry, more: &[&str]) -> Run {
    let folder = scratch();
    let manifests = write(folder.path(), "all.yaml", many(registry));
    let policy = std::fs::read_to_string(top().join("demo/1-signed-by-our-workflows.yaml")).expect("a policy");
    let policy = write(folder.path(), "policy.yaml", policy.replace("ghcr.io/myorg/*", &registry.image("org/*")));
    let (root, host) = (fixture("trust/trusted_root.json"), registry.host());
    let mut words = vec!["scan", &manifests, "--policy", &policy, "--trusted-root", &root];
    words.extend(["--insecure-registry", &host, "-o", "json"]);
    words.extend(more);
    sigwarden(&words)
}

#[test]
fn each_image_is_fetched_once_in_a_scan_of_many() {
    let registry = registry_of_many();
    let run = scan_many(&registry, &["--jobs", "16"]);
    assert_eq!(run.answer, Answer::No, "{}", run.err);
    let totals = &run.json()["totals"];
    assert_eq!((&totals["objects"], &totals["images"]), (&300.into(), &80.into()));
    assert_eq!((&totals["admitted"], &totals["refused"]), (&270.into(), &30.into()));

    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_image: BTreeMap<String, usize> = BTreeMap::new();
    for request in registry.requests() {
        if let Some((image, _)) = request.split_once("org/").and_then(|(_, rest)| rest.split_once('/')) {
            *of_image.entry(image.to_owned()).or_default() += 1;
        }
        *counts.entry(request).or_default() += 1;
    }
    assert!(
        counts.values().all(|count| *count == 1),
        "asked twice: {:?}",
        counts.iter().find(|(_, count)| **count > 1)
    );
    assert_eq!(of_image.len(), 80);
    // The tag, referrers, their manifests and bundles, cosign's tags.
    assert!(of_image.values().all(|count| *count <= 16), "{of_image:?}");
}

#[test]
fn the_deadline_is_kept_and_what_it_cuts_off_is_undecided() {
    let registry = registry_of_many();
    registry.set(|switches| switches.latency = Duration::from_secs(3));
    let start = Instant::now();
    let run = scan_many(&registry, &["--deadline", "1"]);
    assert_eq!(run.answer, Answer::Unknown, "{}", run.err);
    assert_eq!(run.json()["totals"]["undecided"], 300);
    assert!(run.out.contains("not reached within 1 s"), "{}", run.out);
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
}

#[test]
#[ignore = "measures; see `make scan-bench`"]
fn measure_a_scan_of_many() {
    for jobs in ["1", "8", "16"] {
        let registry = registry_of_many();
        registry.set(|switches| switches.latency = Duration::from_millis(50));
        let start = Instant::now();
        let run = scan_many(&registry, &["--jobs", jobs]);
        assert_eq!(run.answer, Answer::No, "{}", run.err);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: not known here").to_owned();
        let requests = registry.requests().len();
        println!(
            "300 manifests, 80 images, 50 ms: --jobs {jobs}: {:.1?}, {requests} requests, {peak}",
            start.elapsed()
        );
    }
}
