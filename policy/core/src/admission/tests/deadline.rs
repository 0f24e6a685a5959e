//! A request that takes too long.

use super::*;
use std::time::Duration;

fn key_settings() -> Value {
    let mut settings = settings();
    settings["evidence"] = json!({"carriers": ["published"]});
    settings
}

/// Twenty images on a host that takes its time.
fn twenty(pace: Duration, settings: &Value) -> (Decision, usize) {
    let host = Counting { pace, ..Counting::new("v2-key-p256").with_published("v1") };
    let images: Vec<String> = (0..20).map(|i| format!("ghcr.io/x/image-{i}:v1")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let decision = ask(&host, &images, settings);
    let calls = host.calls.borrow().len();
    (decision, calls)
}

#[test]
fn nothing_new_is_started_after_three_quarters_of_the_time() {
    let settings = key_settings();
    let (decision, calls) = twenty(Duration::from_millis(28), &settings);
    assert!(decision.response.accepted, "{:?}", decision.response.message);
    assert_eq!(calls, 40, "two calls for each image");

    // 1.125 s are over after sixteen calls of 70 ms, and the seventeenth is started before that.
    let (decision, calls) = twenty(Duration::from_millis(70), &settings);
    assert!(!decision.response.accepted);
    assert_eq!(decision.explanation.outcome, Outcome::Undecided);
    assert_eq!(calls, 17);
    let message = decision.response.message.unwrap();
    assert_eq!(
        message.lines().nth(1).unwrap(),
        "checked 8 of 20 images when the time for this request was up; try again: the host has what was fetched now \
         [SW1004]"
    );
    assert_eq!(message.lines().count(), 2, "{message}");
    assert_eq!(decision.response.audit_annotations.unwrap()["codes"], "SW1004");

    let mut patient = settings.clone();
    patient["deadline"] = "4s".into();
    assert!(twenty(Duration::from_millis(70), &patient).0.response.accepted);
}

#[test]
fn an_auditing_block_admits_what_it_had_no_time_for_with_a_warning() {
    let mut settings = key_settings();
    settings["verifyImages"][0]["failureAction"] = "Audit".into();
    let (decision, _) = twenty(Duration::from_millis(70), &settings);
    assert!(decision.response.accepted);
    let warnings = decision.response.warnings.unwrap();
    assert_eq!(warnings.iter().filter(|warning| warning.contains("SW1004")).count(), 12, "{warnings:#?}");
}

#[test]
fn an_image_that_is_found_bad_in_time_is_named_beside_those_that_are_not() {
    let host = Counting { pace: Duration::from_millis(150), ..Counting::new("v2-key-rsa2048").with_published("v1") };
    let images: Vec<String> = (0..6).map(|i| format!("ghcr.io/x/image-{i}:v1")).collect();
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let decision = ask(&host, &images, &key_settings());
    let message = decision.response.message.unwrap();
    assert!(
        message.contains("containers[0] c0: ghcr.io/x/image-0:v1: the signature does not verify with"),
        "{message}"
    );
    assert!(message.lines().last().unwrap().starts_with("checked 3 of 6 images"), "{message}");
    // A plain no among them: the whole is refused, and said to be.
    assert!(!decision.response.accepted);
}
