//! Real images with real provenance of the public good instance: admitted for whom they are, refused with one thing
//! changed.

use serde_json::{Value, json};
use sigwarden::commands::Answer;
use sigwarden_tests::layout::{Layout, flip_base64, flip_pem};
use sigwarden_tests::{Run, advised_attestations, corpus, deny_module, module, scratch, sigwarden_on, write};
use std::path::{Path, PathBuf};

const REPOSITORY: &str = "ghcr.io/slsa-framework/example-package";
const GENERATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const BUILD_TYPE: &str = "https://github.com/slsa-framework/slsa-github-generator/container@v1";

fn policy(version: &str) -> Value {
    let generator = format!("{GENERATOR}/{version}");
    json!({"verifyImages": [{
        "imageReferences": [format!("{REPOSITORY}*")],
        "attestations": [{
            "type": "https://slsa.dev/provenance/v0.2",
            "attestors": [{"entries": [{"keyless": {
                "subject": generator, "issuer": ISSUER, "rekor": {"url": "https://rekor.sigstore.dev"},
            }}]}],
            "conditions": [{"all": [
                {"key": "{{ buildType }}", "operator": "Equals", "value": BUILD_TYPE},
                {"key": "{{ builder.id }}", "operator": "Equals", "value": generator},
            ]}],
        }],
    }]})
}

fn ask(module: &Path, layout: &str, image: &str, policy: &Value) -> Run {
    let folder = scratch();
    let policy = write(folder.path(), "policy.json", policy.to_string());
    let layout = format!("{REPOSITORY}={layout}");
    sigwarden_on(module, &["verify", image, "--policy", &policy, "--oci-layout", &layout, "-o", "json"])
}

/// The images: version, folder, reference by digest.
fn images() -> Option<Vec<(String, PathBuf, String)>> {
    let corpus = corpus("slsa")?;
    let mut images = Vec::new();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let folder = entry.unwrap().path();
        let version = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let layout = Layout::copy(&folder);
        let index = layout.index();
        let image = index["manifests"].as_array().unwrap().iter().find(|entry| {
            let kind = entry["annotations"]["kind"].as_str().unwrap();
            kind.ends_with("/image") || kind.ends_with("/imageIndex")
        });
        let digest = image.unwrap()["digest"].as_str().unwrap();
        images.push((version, folder.clone(), format!("{REPOSITORY}@{digest}")));
    }
    images.sort();
    assert!(!images.is_empty());
    Some(images)
}

#[test]
fn real_images_are_admitted_by_the_policy_and_by_nothing_else() {
    let Some(images) = images() else { return };
    for (version, folder, image) in images {
        let layout = folder.to_str().unwrap();
        let run = ask(&module(), layout, &image, &policy(&version));
        assert_eq!(run.answer, Answer::Yes, "{version}: {}", run.text());
        assert_eq!(ask(&deny_module(), layout, &image, &policy(&version)).answer, Answer::No, "{version}");
        // A tag that the layout does not name means its only image, and is pinned to it.
        let run = ask(&module(), layout, &format!("{REPOSITORY}:{version}"), &policy(&version));
        assert_eq!(run.answer, Answer::Yes, "{version} by tag: {}", run.text());
        let digest = image.split('@').nth(1).unwrap();
        assert_eq!(run.json()["explanation"]["images"][0]["pinned"], format!("{REPOSITORY}:{version}@{digest}"));
    }
}

#[test]
fn another_rule_refuses() {
    let Some(images) = images() else { return };
    type Change = (&'static str, fn(&mut Value), &'static str);
    let changes: [Change; 9] = [
        ("subject", |p| keyless(p)["subject"] = format!("{GENERATOR}/v9.9.9").into(), "SW5005"),
        (
            "subject's last letter",
            |p| {
                let shorter = keyless(p)["subject"].as_str().unwrap().trim_end_matches(char::is_numeric).to_owned();
                keyless(p)["subject"] = shorter.into();
            },
            "SW5005",
        ),
        ("issuer", |p| keyless(p)["issuer"] = "https://accounts.google.com".into(), "SW5005"),
        ("predicate type", |p| rule(p)["type"] = "https://slsa.dev/provenance/v1".into(), "SW5002"),
        ("build type", |p| rule(p)["conditions"][0]["all"][0]["value"] = "https://example.test/x".into(), "SW5003"),
        ("builder", |p| rule(p)["conditions"][0]["all"][1]["value"] = "https://example.test/x".into(), "SW5003"),
        ("operator", |p| rule(p)["conditions"][0]["all"][0]["operator"] = "NotEquals".into(), "SW5003"),
        ("key of condition", |p| rule(p)["conditions"][0]["all"][0]["key"] = "{{ buildtype }}".into(), "SW5004"),
        ("trust root", |p| keyless(p)["trustRoot"] = "github".into(), "SW4"),
    ];
    for (version, folder, image) in images {
        for (name, change, code) in changes {
            let mut policy = policy(&version);
            change(&mut policy);
            let run = ask(&module(), folder.to_str().unwrap(), &image, &policy);
            assert_eq!(run.answer, Answer::No, "{version} with another {name}: {}", run.text());
            assert!(run.codes().contains(code), "{version} with another {name}: {} and not {code}", run.codes());
        }
    }
}

#[test]
fn the_advice_against_a_wrong_type_admits_the_image() {
    let Some(images) = images() else { return };
    for (version, folder, image) in images {
        let mut policy = policy(&version);
        rule(&mut policy)["type"] = "https://slsa.dev/provenance/v1".into();
        rule(&mut policy)["conditions"][0]["all"] = json!([
            {"key": "{{ buildDefinition.buildType }}", "operator": "Equals", "value": "https://github.com/npm/cli/gha/v2"},
        ]);
        let run = ask(&module(), folder.to_str().unwrap(), &image, &policy);
        assert_eq!(run.answer, Answer::No, "{version}: {}", run.text());
        let yaml = advised_attestations(&run.finding("SW5002"));
        let advised = format!("verifyImages:\n- imageReferences: [\"{REPOSITORY}*\"]\n{yaml}");
        let folder_of_policy = scratch();
        let advised = write(folder_of_policy.path(), "policy.yaml", advised);
        let layout = format!("{REPOSITORY}={}", folder.display());
        let run = sigwarden_on(&module(), &["verify", &image, "--policy", &advised, "--oci-layout", &layout]);
        assert_eq!(run.answer, Answer::Yes, "{version}: {yaml}\n{}", run.text());
    }
}

fn rule(policy: &mut Value) -> &mut Value {
    &mut policy["verifyImages"][0]["attestations"][0]
}

fn keyless(policy: &mut Value) -> &mut Value {
    &mut rule(policy)["attestors"][0]["entries"][0]["keyless"]
}

#[test]
fn one_changed_byte_of_the_evidence_refuses() {
    let Some(images) = images() else { return };
    type Tamper = (&'static str, fn(&Layout, &str));
    let tampers: [Tamper; 8] = [
        ("payload", |layout, manifest| {
            change_envelope(layout, manifest, |envelope| {
                envelope["payload"] = flip_base64(envelope["payload"].as_str().unwrap()).into();
            })
        }),
        ("signature", |layout, manifest| {
            change_envelope(layout, manifest, |envelope| {
                envelope["signatures"][0]["sig"] =
                    flip_base64(envelope["signatures"][0]["sig"].as_str().unwrap()).into();
            })
        }),
        ("certificate", |layout, manifest| {
            layout.change_annotation(manifest, "dev.sigstore.cosign/certificate", flip_pem);
        }),
        ("SET", |layout, manifest| {
            change_rekor(layout, manifest, |bundle| {
                let set = flip_base64(bundle["SignedEntryTimestamp"].as_str().unwrap());
                bundle["SignedEntryTimestamp"] = set.into();
            })
        }),
        ("integrated time", |layout, manifest| {
            change_rekor(layout, manifest, |bundle| {
                let time = &mut bundle["Payload"]["integratedTime"];
                *time = (time.as_i64().unwrap() + 1).into();
            })
        }),
        ("log index", |layout, manifest| {
            change_rekor(layout, manifest, |bundle| {
                let index = &mut bundle["Payload"]["logIndex"];
                *index = (index.as_i64().unwrap() + 1).into();
            })
        }),
        ("log entry", |layout, manifest| {
            change_rekor(layout, manifest, |bundle| {
                let body = flip_base64(bundle["Payload"]["body"].as_str().unwrap());
                bundle["Payload"]["body"] = body.into();
            })
        }),
        ("log entry gone", |layout, manifest| {
            layout.change_annotation(manifest, "dev.sigstore.cosign/bundle", |_| String::new());
        }),
    ];
    for (version, folder, image) in images {
        for (name, tamper) in tampers {
            let layout = Layout::copy(&folder);
            tamper(&layout, &layout.of_kind("atts"));
            let run = ask(&module(), layout.path(), &image, &policy(&version));
            // Without its entry it could be completed from the log, which nobody is asked here.
            let expected = if name == "log entry gone" { Answer::Unknown } else { Answer::No };
            assert_eq!(run.answer, expected, "{version}, {name} changed: {}", run.text());
        }
    }
}

fn change_envelope(layout: &Layout, manifest: &str, change: impl FnOnce(&mut Value)) {
    layout.change_layer(manifest, |blob| {
        let mut envelope: Value = serde_json::from_slice(&blob).unwrap();
        change(&mut envelope);
        serde_json::to_vec(&envelope).unwrap()
    });
}

fn change_rekor(layout: &Layout, manifest: &str, change: impl FnOnce(&mut Value)) {
    layout.change_annotation(manifest, "dev.sigstore.cosign/bundle", |text| {
        let mut bundle: Value = serde_json::from_str(text).unwrap();
        change(&mut bundle);
        bundle.to_string()
    });
}

#[test]
fn evidence_of_one_image_does_not_admit_another() {
    let Some(images) = images() else { return };
    for (version, folder, image) in &images {
        for (other, other_folder, other_image) in images.iter().filter(|(other, ..)| other != version) {
            let digest = image.split('@').nth(1).unwrap().replace(':', "-");
            let layout = Layout::copy(folder);
            let stranger = Layout::copy(other_folder);
            // The other image's attestations, under this image's tag.
            let manifest = stranger.blob(&stranger.of_kind("atts"));
            let own = layout.of_kind("atts");
            layout.change_manifest(&own, |own| *own = serde_json::from_slice(&manifest).unwrap());
            for layer in serde_json::from_slice::<Value>(&manifest).unwrap()["layers"].as_array().unwrap() {
                let blob = layer["digest"].as_str().unwrap();
                write(Path::new(layout.path()).join("blobs/sha256").as_path(), &blob[7..], stranger.blob(blob));
            }
            let run = ask(&module(), layout.path(), image, &policy(other));
            assert_eq!(run.answer, Answer::No, "{digest} with the evidence of {other_image}: {}", run.text());
            assert!(run.codes().contains("SW4008"), "{}", run.codes());
        }
    }
}

/// slsa-verifier's words: `slsa-verifier verify-image IMAGE --source-uri … --builder-id …`.
fn in_words(slsa: &Value) -> Value {
    json!({"verifyImages": [{
        "imageReferences": [format!("{REPOSITORY}*")],
        "attestations": [{"slsa": slsa}],
    }]})
}

#[test]
fn the_questions_of_slsa_verifier() {
    let Some(images) = images() else { return };
    let builder = GENERATOR.trim_end_matches("@refs/tags");
    let other_builder = builder.replace("container", "generic");
    let source = "github.com/slsa-framework/example-package";
    for (version, folder, image) in images {
        let tagged = version == "v1.9.0";
        let on_tag = if tagged { "" } else { "SW5006" };
        // What is asked, and the code of the refusal, or nothing.
        let questions = [
            (json!({"sourceUri": source}), ""),
            (json!({"sourceUri": format!("git+https://{source}")}), ""),
            (json!({"sourceUri": source, "type": "x"}), "SW2001"),
            (json!({"sourceUri": "github.com/slsa-framework/example-packag"}), "SW5006"),
            (json!({"sourceUri": "github.com/slsa-framework/slsa-github-generator"}), "SW5006"),
            (json!({"sourceUri": source, "builderId": builder}), ""),
            (json!({"sourceUri": source, "builderId": format!("{builder}@{version}")}), ""),
            (json!({"sourceUri": source, "builderId": format!("{builder}@refs/tags/{version}")}), ""),
            (json!({"sourceUri": source, "builderId": format!("{builder}@{version}0")}), "SW5006"),
            (json!({"sourceUri": source, "builderId": format!("{builder}@refs/heads/main")}), "SW5006"),
            (json!({"sourceUri": source, "builderId": other_builder}), "SW5005"),
            // slsa-verifier knows the branch from which the tag was pushed, by the generator's word.
            (json!({"sourceUri": source, "sourceBranch": "main"}), ""),
            (json!({"sourceUri": source, "sourceBranch": "not-main"}), "SW5006"),
            (json!({"sourceUri": source, "sourceTag": "v13.0.30"}), on_tag),
            (json!({"sourceUri": source, "sourceTag": "v13.0.3"}), "SW5006"),
            (json!({"sourceUri": source, "sourceVersionedTag": "v13"}), on_tag),
            (json!({"sourceUri": source, "sourceVersionedTag": "v13.0"}), on_tag),
            (json!({"sourceUri": source, "sourceVersionedTag": "v13.0.30"}), on_tag),
            (json!({"sourceUri": source, "sourceVersionedTag": "v13.1"}), "SW5006"),
            (json!({"sourceUri": source, "sourceVersionedTag": "v1"}), "SW5006"),
            (json!({"sourceUri": source, "buildType": BUILD_TYPE}), ""),
            (json!({"sourceUri": source, "buildType": "https://example.test/x"}), "SW5006"),
            (json!({"sourceUri": source, "workflowInputs": {"release_version": "v1.2.3"}}), "SW5006"),
        ];
        for (slsa, code) in questions {
            let run = ask(&module(), folder.to_str().unwrap(), &image, &in_words(&slsa));
            let expected = match code {
                "" => Answer::Yes,
                "SW2001" => Answer::Unknown,
                _ => Answer::No,
            };
            assert_eq!(run.answer, expected, "{version}, {slsa}: {}", run.text());
            if expected == Answer::No {
                assert_eq!(run.codes(), code, "{version}, {slsa}: {}", run.text());
            }
        }
        let asked = in_words(&json!({"sourceUri": source}));
        assert_eq!(ask(&deny_module(), folder.to_str().unwrap(), &image, &asked).answer, Answer::No, "{version}");
    }
}

#[test]
fn provenance_of_the_generator_in_words_is_bound_to_its_image() {
    let Some(images) = images() else { return };
    let asked = in_words(&json!({"sourceUri": "github.com/slsa-framework/example-package"}));
    for (version, folder, image) in images {
        let layout = Layout::copy(&folder);
        change_envelope(&layout, &layout.of_kind("atts"), |envelope| {
            envelope["payload"] = flip_base64(envelope["payload"].as_str().unwrap()).into();
        });
        assert_eq!(ask(&module(), layout.path(), &image, &asked).answer, Answer::No, "{version}");
    }
}
