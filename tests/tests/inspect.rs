//! `sigwarden inspect`: an image's evidence in words, and that neither size nor garbage does more than an error.

use sigwarden::commands::Answer;
use sigwarden_tests::{fixture, program, scratch, sigwarden, write};
use std::process::Command;

fn inspect(image: &str, words: &[&str]) -> sigwarden_tests::Run {
    let layouts = format!("ghcr.io={}", fixture("layouts/referrers"));
    let words: Vec<&str> =
        ["inspect", image, "--oci-layout", &layouts].into_iter().chain(words.iter().copied()).collect();
    sigwarden(&words)
}

#[test]
fn an_image_has_what_lies_beside_it() {
    let cases = [
        ("bundles", "myorg/app:1.4.2", Answer::Yes, vec!["bundle", "bundle"]),
        ("cosign 2's tags", "myorg/app-legacy:1.4.2", Answer::Yes, vec!["cosignSignature", "cosignAttestation"]),
        ("both", "mixed-v2-v3:v1", Answer::Yes, vec!["cosignSignature", "bundle"]),
        ("nothing", "myorg/debug:1.2", Answer::No, vec![]),
    ];
    for (name, image, answer, forms) in cases {
        let run = inspect(&format!("ghcr.io/{image}"), &["-o", "json"]);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        let json = run.json();
        let found: Vec<&str> =
            json["evidence"].as_array().unwrap().iter().map(|piece| piece["form"].as_str().unwrap()).collect();
        assert_eq!(found, forms, "case `{name}`");
        assert_eq!(json["verified"], false, "case `{name}`");
        assert!(json["digest"].as_str().unwrap().starts_with("sha256:"), "case `{name}`");
        let text = inspect(&format!("ghcr.io/{image}"), &[]);
        assert_eq!(text.answer, answer, "case `{name}`");
        assert!(!text.out.contains('✓'), "{}", text.out);
        // Where nothing says anything there is nothing to doubt, and nothing to verify.
        for words in ["inspecting is not verifying", "sigwarden verify --policy POLICY_FILE ghcr.io/"] {
            assert_eq!(text.out.contains(words), answer == Answer::Yes, "case `{name}`: {}", text.out);
        }
        for words in ["there is no evidence", "looked:", ".sigwarden"] {
            assert_eq!(text.out.contains(words), answer == Answer::No, "case `{name}`: {}", text.out);
        }
    }
    for (name, image) in [("no such tag", "ghcr.io/myorg/app:9"), ("no such layout", "ghcr.io/myorg/gone:1")] {
        assert_eq!(inspect(image, &[]).answer, Answer::Unknown, "case `{name}`");
    }
}

#[test]
fn what_is_no_evidence_is_an_error_and_no_more() {
    let folder = scratch();
    let dir = folder.path();
    let zeros = dir.join("zeros.json");
    std::fs::File::create(&zeros).unwrap().set_len(100 << 20).unwrap();
    let open = format!("{{\"verificationMaterial\": {}", "[".repeat(8 << 20));
    let objects = format!(
        "{{\"_type\": \"https://in-toto.io/Statement/v1\", \"predicateType\": \"x\", \"subject\": [], \"predicate\": [{}{{}}]}}",
        "{},".repeat(300_000)
    );
    let cases = [
        ("100 MB", zeros.display().to_string(), "more than the 16777216 bytes"),
        ("8 MB of brackets", write(dir, "deep.json", open), "not JSON"),
        ("300,000 objects", write(dir, "objects.json", objects), "more than 200000 objects"),
        ("a folder", dir.display().to_string(), "is a folder"),
        ("no file", dir.join("gone.json").display().to_string(), "cannot read"),
        ("a misspelt file", "gone.pem".to_owned(), "cannot read"),
        ("no image", "UPPER CASE".to_owned(), "names no image"),
    ];
    for (name, file, expected) in cases {
        let output = Command::new(program()).args(["inspect", "--offline", &file]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "case `{name}`: {error}");
        assert!(error.starts_with("error: ") && error.contains(expected), "case `{name}`: {error}");
        assert!(output.stdout.is_empty(), "case `{name}`");
    }
}
