use serde_json::{Value, json};

use super::*;

const HEX: &str = "29002f61fd82713b26df03d7d03b88d1d3f97e1242933f7ce81bc8fb5be40f7c";

/// The text of an explanation, without colours.
fn text(explanation: Value, places: Places, paths: Paths) -> String {
    let explanation: Explanation = serde_json::from_value(explanation).unwrap();
    let mut out = Vec::new();
    super::explanation(&mut out, &explanation, places, paths).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
}

/// An explanation of one image with one block.
fn one_block(outcome: &str, image: Value, block: Value) -> Value {
    let mut image_report = json!({"image": "ghcr.io/x/y:1", "outcome": outcome, "digest": format!("sha256:{HEX}"),
        "locations": [{"pointer": "/p", "field": "initContainers[0]", "name": "debug"},
            {"pointer": "/q", "field": "containers[2]", "name": "app"}]});
    for (name, value) in image.as_object().unwrap() {
        image_report[name] = value.clone();
    }
    let mut block_report = json!({"path": "verifyImages[0]", "outcome": outcome});
    for (name, value) in block.as_object().unwrap() {
        block_report[name] = value.clone();
    }
    image_report["blocks"] = json!([block_report]);
    json!({"outcome": outcome, "subject": "Pod default/web", "images": [image_report]})
}

fn entry(outcome: &str, rest: Value) -> Value {
    let mut entry = json!({"kind": "attestor", "path": "verifyImages[0].attestors[0].entries[0]",
        "label": "https://github.com/x/y issued by https://issuer", "outcome": outcome});
    for (name, value) in rest.as_object().unwrap() {
        entry[name] = value.clone();
    }
    json!([{"kind": "attestorSet", "path": "verifyImages[0].attestors[0]", "label": "attestor", "outcome": outcome,
        "parts": [entry]}])
}

#[test]
fn admitted() {
    let signature = json!({"source": format!("cosign tag ghcr.io/x/y:sha256-{HEX}.sig, layer 0"),
        "signer": "https://github.com/x/y (https://issuer)", "outcome": "passed"});
    let attestation = json!({"source": "referrer ghcr.io/x/y@sha256:0", "predicateType": "https://slsa.dev/provenance/v1",
        "signer": "key 0", "outcome": "passed"});
    let stranger = json!({"source": "referrer ghcr.io/x/y@sha256:1", "signer": "stranger", "outcome": "failed"});
    let explanation = one_block(
        "passed",
        json!({"pinned": format!("ghcr.io/x/y:1@sha256:{HEX}")}),
        json!({"checks": entry("passed", json!({"candidates": [stranger, signature, attestation]}))}),
    );
    let expected = format!(
        "\
✓ ghcr.io/x/y:1
    signed by: https://github.com/x/y (https://issuer)
    found in:  cosign tag sha256-29002f61fd82….sig, layer 0
    attested:  https://slsa.dev/provenance/v1
    by:        key 0
    found in:  referrer sha256:0
    pinned:    ghcr.io/x/y:1@sha256:{HEX}
"
    );
    assert_eq!(text(explanation, Places::Hidden, Paths::Hidden), expected);
}

#[test]
fn unsigned() {
    let finding = json!({"code": "SW4001", "message": "nobody signed this image",
        "remedy": format!("cosign sign --yes ghcr.io/x/y@sha256:{HEX}\nor except it, with a date")});
    let looked = json!([
        {"carrier": format!("cosign tag ghcr.io/x/y:sha256-{HEX}.sig"), "result": {"kind": "absent"}},
        {"carrier": format!("referrers of ghcr.io/x/y@sha256:{HEX}"), "result": {"kind": "found", "detail": 0}},
        {"carrier": "published", "result": {"kind": "unsupported", "detail": "this host cannot fetch blobs"}},
    ]);
    let explanation = one_block(
        "failed",
        json!({}),
        json!({"checks": entry("failed", json!({"finding": finding})), "looked": looked}),
    );
    let expected = format!(
        "\
✗ initContainers[0] debug, containers[2] app  ghcr.io/x/y:1
    digest:    sha256:{HEX}
  ✗ nobody signed this image [SW4001]
    rule:      verifyImages[0].attestors[0].entries[0]
               https://github.com/x/y issued by https://issuer
    looked:    cosign tag sha256-29002f61fd82….sig — absent
               referrers of sha256:29002f61fd82… — none · published — this host cannot fetch blobs
    do:        cosign sign --yes ghcr.io/x/y@sha256:{HEX}
               or except it, with a date
"
    );
    assert_eq!(text(explanation, Places::Shown, Paths::Shown), expected);
}

#[test]
fn signed_by_somebody_else() {
    let finding = json!({"code": "SW4002", "message": "the signer is somebody else",
        "wanted": "https://github.com/x/y", "found": "https://github.com/x/z"});
    let other = json!({"code": "SW4004", "message": "the signature is not valid"});
    let candidates = json!([
        {"source": "referrer ghcr.io/x/y@sha256:0", "signer": "https://github.com/x/z (https://issuer)",
            "outcome": "failed", "finding": finding},
        {"source": "referrer ghcr.io/x/y@sha256:1", "signer": "me", "outcome": "failed", "finding": other},
    ]);
    let explanation = one_block(
        "failed",
        json!({}),
        json!({"checks": entry("failed", json!({"finding": finding, "candidates": candidates}))}),
    );
    let expected = format!(
        "\
✗ ghcr.io/x/y:1
    digest:    sha256:{HEX}
  ✗ the signer is somebody else [SW4002]
    wanted:    https://github.com/x/y
    found:     https://github.com/x/z
                                    ^
    evidence:  referrer sha256:0
               referrer sha256:1, by me: the signature is not valid [SW4004]
"
    );
    assert_eq!(text(explanation, Places::Hidden, Paths::Hidden), expected);
}

#[test]
fn a_set_and_an_attestation() {
    let count = json!({"code": "SW4012", "message": "1 of 3 attestors are satisfied, 2 must be"});
    let unsigned = json!({"code": "SW4001", "message": "nobody signed this image"});
    let failed = json!({"code": "SW5003", "message": "`a` does not hold", "wanted": "1", "found": "2"});
    let part = |number: u32, outcome: &str, finding: &Value| {
        json!({"kind": "attestor", "path": format!("p{number}"), "label": format!("attestor {number}"),
            "outcome": outcome, "finding": finding})
    };
    let set = json!({"kind": "attestorSet", "path": "set", "label": "2 of 3 attestors", "outcome": "failed",
        "finding": count, "parts": [part(1, "failed", &unsigned), part(2, "passed", &Value::Null), part(3, "undecided", &unsigned)]});
    let attestation = json!({"kind": "attestation", "path": "attestations[0]", "label": "attestation T",
        "outcome": "failed", "parts": [part(4, "failed", &failed)]});
    let looked = json!([{"carrier": "tag", "result": {"kind": "absent"}}]);
    let explanation = one_block("undecided", json!({}), json!({"checks": [set, attestation], "looked": looked}));
    let expected = format!(
        "\
? ghcr.io/x/y:1
    digest:    sha256:{HEX}
  ✗ 1 of 3 attestors are satisfied, 2 must be [SW4012]
    rule:      set
               2 of 3 attestors
  ✗ nobody signed this image [SW4001]
    rule:      p1
               attestor 1
    looked:    tag — absent
  ? nobody signed this image [SW4001]
    rule:      p3
               attestor 3
  ✗ `a` does not hold [SW5003]
    rule:      attestations[0]
               attestation T
               p4
               attestor 4
    wanted:    1
    found:     2
"
    );
    assert_eq!(text(explanation, Places::Hidden, Paths::Shown), expected);
}

#[test]
fn junk_does_not_push_the_reason_off_the_screen() {
    let finding = json!({"code": "SW4009", "message": "cannot be read"});
    let junk = |count: usize| -> Vec<Value> {
        let piece = |number| json!({"source": format!("referrer {number}"), "outcome": "failed", "finding": finding});
        (0..count).map(piece).collect()
    };
    for (count, last_line) in
        [(20, "               referrer 19"), (21, "               and 1 more: -o json tells of a hundred")]
    {
        let checks = entry("failed", json!({"finding": finding, "candidates": junk(count)}));
        let text = text(one_block("failed", json!({}), json!({"checks": checks})), Places::Hidden, Paths::Hidden);
        assert_eq!(text.lines().last(), Some(last_line), "{count} pieces");
    }
}

#[test]
fn a_failure_without_a_reason_is_still_told() {
    let explanation = one_block("failed", json!({"digest": null}), json!({"checks": entry("failed", json!({}))}));
    let expected = "✗ ghcr.io/x/y:1\n  ✗ https://github.com/x/y issued by https://issuer: no reason is given\n";
    assert_eq!(text(explanation, Places::Hidden, Paths::Hidden), expected);
}

#[test]
fn admitted_with_reservations() {
    let unsigned = json!({"code": "SW4001", "message": "nobody signed this image"});
    let block = |outcome: &str, rest: Value| one_block(outcome, json!({"digest": null}), rest);
    let cases = [
        (
            "audited",
            block("audited", json!({"checks": entry("failed", json!({"finding": unsigned}))})),
            "! ghcr.io/x/y:1
  ✗ nobody signed this image [SW4001]
    rule:      verifyImages[0].attestors[0].entries[0]
               https://github.com/x/y issued by https://issuer
    verifyImages[0]: only audits, so this does not stand in the way
",
        ),
        (
            "skipped",
            block("skipped", json!({})),
            "! ghcr.io/x/y:1
    verifyImages[0]: leaves this image out: nothing was verified
",
        ),
        (
            "nothing asked",
            block("passed", json!({})),
            "✓ ghcr.io/x/y:1
    verifyImages[0]: asks for no signature: nothing was verified
",
        ),
    ];
    for (name, explanation, expected) in cases {
        assert_eq!(text(explanation, Places::Hidden, Paths::Shown), expected, "case `{name}`");
    }
}

#[test]
fn every_image_is_counted() {
    let image = |name: &str, outcome: &str, finding: Value| {
        json!({"image": name, "locations": [], "outcome": outcome, "findings": finding,
            "blocks": if name == "a" { json!([{"path": "verifyImages[0]", "outcome": "skipped"}]) } else { json!([]) }})
    };
    let gone = json!([{"code": "SW3002", "message": "there is no image", "remedy": "push it"}]);
    let unreachable = json!([{"code": "SW3003", "message": "could not look"}]);
    let explanation = json!({"outcome": "undecided", "subject": "", "warnings": ["take care"], "images": [
        image("a", "skipped", json!([])),
        image("b", "passed", json!([])),
        image("c", "failed", gone),
        image("d", "undecided", unreachable),
    ]});
    let expected = "\
! a
    leaves this image out: nothing was verified
! b
    no rule matches this image: nothing was verified
✗ c
  ✗ there is no image [SW3002]
    do:        push it
? d
  ? could not look [SW3003]
warning: take care

4 images: 1 admitted, 1 without a rule, so admitted, 1 refused, 1 undecided, so refused
";
    assert_eq!(text(explanation, Places::Hidden, Paths::Hidden), expected);
}

#[test]
fn the_caret_stands_where_two_lines_part() {
    let long = "x".repeat(90);
    let cases = [
        ("in the middle", "https://a/b", "https://a/c", Some(10)),
        ("one goes on", "https://a", "https://a/c", Some(9)),
        ("equal", "a", "a", None),
        ("from the start", "alice@example.org", "https://a", None),
        ("behind a wildcard", "https://a/*@main", "https://a/b@dev", Some(12)),
        ("before a wildcard", "https://a/*", "https://b/x", Some(8)),
        ("several lines", "a1\nb", "a2", None),
        ("long lines", &format!("{long} a {long}"), &format!("{long} b {long}"), Some(91)),
        ("characters, not bytes", "äöü1", "äöü2", Some(3)),
    ];
    for (name, wanted, found, expected) in cases {
        assert_eq!(parting(wanted, found), expected, "case `{name}`");
    }
}

#[test]
fn what_registries_say_cannot_draw_on_the_terminal() {
    let signer = "\u{1b}]0;pwned\u{7}me\n✓ forged";
    let candidate = json!({"source": "tag", "signer": signer, "outcome": "passed"});
    let explanation =
        one_block("passed", json!({}), json!({"checks": entry("passed", json!({"candidates": [candidate]}))}));
    let expected = format!(
        "\
✓ ghcr.io/x/y:1
    digest:    sha256:{HEX}
    signed by: \\u{{1b}}]0;pwned\\u{{7}}me\\n✓ forged
    found in:  tag
"
    );
    assert_eq!(text(explanation, Places::Hidden, Paths::Hidden), expected);
}
