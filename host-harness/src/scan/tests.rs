use serde_json::json;
use sigwarden_core::decision::{Explanation, ImageReport, Location, Outcome};

use std::time::Duration;

use super::*;
use crate::manifests::parse;
use crate::policy::ValidationResponse;

fn manifests(images: &[&str]) -> Vec<Manifest> {
    let pod = |(number, image): (usize, &&str)| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}}}\nspec: {{containers: [{{name: c, image: {image}}}]}}\n"
        )
    };
    let text: Vec<String> = images.iter().enumerate().map(pod).collect();
    parse(&text.join("---\n"), "m.yaml", "default").expect("manifests").covered
}

/// Refuses images with `bad` in their name.
fn answer(request: &Value) -> Explained {
    let image = request.pointer("/object/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    let accepted = !image.contains("bad");
    let outcome = if accepted { Outcome::Passed } else { Outcome::Failed };
    let location =
        Location { pointer: "/spec/containers/0/image".into(), field: "containers[0]".into(), name: "c".into() };
    let report = ImageReport {
        image: image.to_owned(),
        locations: vec![location],
        digest: None,
        pinned: None,
        excepted: None,
        outcome,
        findings: Vec::new(),
        blocks: Vec::new(),
    };
    let response: ValidationResponse = serde_json::from_value(json!({"accepted": accepted})).expect("a response");
    let explanation = Explanation {
        outcome,
        subject: String::new(),
        problems: Vec::new(),
        images: vec![report],
        warnings: Vec::new(),
    };
    Explained { response, explanation }
}

const FOUR: Options = Options { jobs: 4, deadline: None };

#[test]
fn images_come_together_worst_first() {
    let asked = manifests(&["good:1", "good:2", "bad:1", "good:2", "bad:1", "good:2"]);
    let report = scan(asked, Arc::new(|request: &Value| Ok(answer(request))), FOUR, &|| ());
    let images: Vec<_> = report.images.iter().map(|entry| (entry.report.image.as_str(), entry.objects())).collect();
    assert_eq!(images, [("bad:1", 2), ("good:2", 3), ("good:1", 1)]);
    assert_eq!((report.totals.admitted, report.totals.refused, report.totals.images), (4, 2, 3));
    assert_eq!(report.outcome(), Outcome::Failed);
    let admitted = scan(manifests(&["good:1"]), Arc::new(|request: &Value| Ok(answer(request))), FOUR, &|| ());
    assert_eq!(admitted.outcome(), Outcome::Passed);
}

#[test]
fn what_was_not_answered_is_undecided() {
    let slow = |request: &Value| {
        if request.pointer("/name").is_some_and(|name| name == "p1") {
            std::thread::sleep(Duration::from_secs(20));
        }
        Ok(answer(request))
    };
    let options = Options { jobs: 1, deadline: Some(Duration::from_millis(500)) };
    let report = scan(manifests(&["good:1", "good:2", "good:3"]), Arc::new(slow), options, &|| ());
    assert_eq!((report.totals.admitted, report.totals.undecided), (1, 2));
    assert_eq!(report.outcome(), Outcome::Undecided);
    assert!(
        report.objects.iter().all(|object| object.error.as_ref().is_some_and(|error| error.contains("not reached")))
    );

    let broken = |_: &Value| Err(PolicyError::Contradiction { accepted: true });
    let report = scan(manifests(&["good:1"]), Arc::new(broken), FOUR, &|| ());
    assert_eq!((report.totals.admitted, report.totals.undecided), (0, 1));
}

#[test]
fn new_images_are_asked_about_first() {
    let asked = manifests(&["a:1", "a:1", "b:1", "a:1", "c:1"]);
    assert_eq!(order(&asked), [0, 2, 4, 1, 3]);
}
