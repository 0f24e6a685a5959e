//! The shapes for which Kyverno's own code was measured, over a registry on this machine that is asked anew for each
//! sample: host calls at their real cost, beside none. A few samples in `make test`, more (ignored) in `make bench`.

use serde_json::Value;
use sigwarden::commands::Answer;
use sigwarden_tests::registry::Registry;
use sigwarden_tests::{fixture, scratch, sigwarden, top, write};

/// The tests of `tests/bench` with these shapes, and what Kyverno took, in ms (docs/performance.md).
const SHAPES: [(&str, f64); 3] = [
    ("one image, referrers", 8.6),
    ("eight containers of one image, the same", 61.7),
    ("twenty images, referrers and tags", 156.7),
];

/// The images of a test of `tests/bench`, without `ghcr.io/`.
fn images(name: &str) -> Vec<String> {
    let suite = std::fs::read_to_string(top().join("tests/bench/sigwarden-test.yaml")).expect("the suite");
    let suite: Value = serde_saphyr::from_str(&suite).expect("YAML");
    let tests = suite["tests"].as_array().expect("tests");
    let test = tests.iter().find(|test| test["name"] == name).unwrap_or_else(|| panic!("no test `{name}`"));
    let images = test["images"].as_array().expect("images").iter();
    images
        .map(|image| image.as_str().and_then(|image| image.strip_prefix("ghcr.io/")).expect("an image").to_owned())
        .collect()
}

struct Measured {
    report: Value,
    /// Requests that the registry saw.
    requests: usize,
}

/// Measures a Pod with these images of a registry that holds their layouts. `change` may spoil what it holds.
fn measure(images: &[String], samples: usize, change: impl FnOnce(&Registry)) -> Measured {
    let mut registry = Registry::start();
    let mut containers = String::new();
    for (number, image) in images.iter().enumerate() {
        let (repository, _) = image.rsplit_once(':').expect("a tag");
        let layout = repository.strip_prefix("many/").expect("an image of the suite");
        registry = registry.with(repository, fixture(&format!("layouts/referrers/{layout}")));
        containers += &format!("  - {{name: c{number}, image: '{}'}}\n", registry.image(image));
    }
    change(&registry);
    let folder = scratch();
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}");
    let pod = write(folder.path(), "pod.yaml", pod);
    let settings = std::fs::read_to_string(top().join("tests/bench/twenty-images.yaml")).expect("settings");
    let settings = write(folder.path(), "settings.yaml", settings.replace("ghcr.io/", &registry.image("")));
    let run = sigwarden(&[
        "bench",
        "-r",
        &pod,
        "-s",
        &settings,
        "--host",
        "extended",
        "--insecure-registry",
        &registry.host(),
        "--trusted-root",
        &fixture("trust/trusted_root.json"),
        "--live",
        "--samples",
        &samples.to_string(),
        "-o",
        "json",
    ]);
    assert_eq!(run.answer, Answer::Yes, "{}", run.text());
    Measured { report: run.json(), requests: registry.requests().len() }
}

#[test]
fn each_sample_asks_the_registry_anew() {
    let images = images(SHAPES[0].0);
    let [one, three] = [1, 3].map(|samples| measure(&images, samples, |_| ()));
    let row = &three.report["scenarios"][0];
    assert_eq!((&row["admitted"], &row["twinRefused"]), (&true.into(), &true.into()), "{row:#}");
    assert_eq!(row["live"]["samples"], 3, "{row:#}");
    assert!(row["live"]["minUs"].as_f64() > row["warm"][0]["minUs"].as_f64(), "{row:#}");
    // Once for the answers that are kept, once to connect, and once for each sample.
    assert_eq!((one.requests % 3, one.requests / 3), (three.requests % 5, three.requests / 5));
    assert!(one.requests % 3 == 0 && one.requests > 0, "{} requests", one.requests);
    let instantiation = &three.report["instantiation"];
    assert!(instantiation["minUs"].as_f64() > Some(0.0) && instantiation["samples"] == 3, "{instantiation:#}");
    let by_operation = row["cost"]["hostCallsByOperation"].as_object().expect("calls by operation");
    let sum: u64 = by_operation.values().filter_map(Value::as_u64).sum();
    assert_eq!(Some(sum), row["cost"]["hostCalls"].as_u64(), "{row:#}");

    let spoiled = measure(&images, 1, |registry| {
        let (repository, _) = images[0].rsplit_once(':').expect("a tag");
        for digest in registry.blobs(repository) {
            registry.tamper_with_blob(repository, &digest, |bytes| bytes.reverse());
        }
    });
    assert_eq!(spoiled.report["scenarios"][0]["admitted"], false, "what the registry holds decides");
}

#[test]
#[ignore = "measures; see `make bench`"]
fn measure_the_shapes() {
    let samples = std::env::var("SAMPLES").map_or(30, |samples| samples.parse().expect("a number"));
    println!("each sample a fresh instance; least / median ms of {samples}\n");
    println!("| | Kyverno | host calls | HTTP requests | without host calls | over the registry on loopback |");
    println!("|---|---|---|---|---|---|");
    for (name, kyverno) in SHAPES {
        let images = images(name);
        let Measured { report, requests } = measure(&images, samples, |_| ());
        let row = &report["scenarios"][0];
        assert_eq!((&row["admitted"], &row["twinRefused"]), (&true.into(), &true.into()), "{row:#}");
        let ms = |figures: &Value| {
            let [least, median] = ["minUs", "p50Us"].map(|name| figures[name].as_f64().expect("a time") / 1e3);
            format!("{least:.2} / {median:.2}")
        };
        let calls = row["cost"]["hostCallsByOperation"].as_object().expect("calls by operation").iter();
        let calls: Vec<_> = calls.map(|(operation, count)| format!("{count} {operation}")).collect();
        println!(
            "| {name} | {kyverno} | {}: {} | {} | {} | {} |",
            row["cost"]["hostCalls"],
            calls.join(", "),
            requests / (samples + 2),
            ms(&row["warm"][0]),
            ms(&row["live"]),
        );
    }
}
