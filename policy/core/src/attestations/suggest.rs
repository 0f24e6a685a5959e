//! The settings that would have admitted what is there, for whoever reads a refusal.
//!
//! Only statements that verified, by a signer the rule accepts, are ever suggested: a forged one must not find its way
//! into a policy through our own advice.

use crate::settings::{AttestationRule, Attestor, AttestorKind, AttestorSet, Quantifier, TrustChoice};
use crate::verify::{LogRule, SctRule};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// SLSA provenance v0.2 and v1 keep the build type in different places.
const BUILD_TYPE_PATHS: [&[&str]; 2] = [&["buildDefinition", "buildType"], &["buildType"]];

/// Where the predicate keeps its build type, and the value as JSON text.
pub(super) fn build_type(predicate: &Value) -> Option<(String, String)> {
    BUILD_TYPE_PATHS.iter().find_map(|path| {
        let value = path.iter().try_fold(predicate, |value, key| value.get(key))?;
        value.is_string().then(|| (path.join("."), value.to_string()))
    })
}

/// The rule on one line, or one for each condition.
pub(super) fn rule_in_words(rule: &AttestationRule) -> String {
    let mut words = rule.predicate_type.clone();
    if let Some(other) = &rule.or_type {
        let _ = write!(words, " or {other}");
    }
    if let Some(slsa) = &rule.slsa {
        let _ = write!(words, ", {slsa}");
    }
    for condition in rule.conditions.iter().flat_map(|block| block.conditions()) {
        let _ = write!(words, ", {condition}");
    }
    words
}

/// A statement on one line.
pub(super) fn statement_in_words(predicate_type: &str, predicate: &Value) -> String {
    match build_type(predicate) {
        Some((path, value)) => format!("{predicate_type}, {path} {value}"),
        None => predicate_type.to_owned(),
    }
}

/// How much a type looks like the rule's: the length of what they have in common at their start.
pub(super) fn likeness(predicate_type: &str, rule: &AttestationRule) -> usize {
    predicate_type.bytes().zip(rule.predicate_type.bytes()).take_while(|(a, b)| a == b).count()
}

/// Which SLSA provenance it is: builds that moved from one version to the next are the usual reason for another type.
pub(super) fn slsa_version(predicate_type: &str) -> Option<&str> {
    predicate_type.strip_prefix("https://slsa.dev/provenance/").filter(|version| version.len() <= 8)
}

/// A set as the settings would write it.
fn set_as_written(set: &AttestorSet) -> Value {
    let entries: Vec<Value> = set.entries.iter().map(entry_as_written).collect();
    json!({"count": set.required, "entries": entries})
}

fn entry_as_written(entry: &Attestor) -> Value {
    let rekor =
        |log: LogRule| json!({"url": "https://rekor.sigstore.dev", "ignoreTlog": log == LogRule::InsecureIgnore});
    let (kind, mut fields, trust) = match &entry.kind {
        AttestorKind::Nested(set) => return json!({"attestor": set_as_written(set)}),
        AttestorKind::Key(key) => (
            "keys",
            json!({
                "publicKeys": key.key.to_pem(),
                "signatureAlgorithm": key.key.hash().as_str(),
                "rekor": rekor(key.log),
            }),
            &key.trust_root,
        ),
        AttestorKind::SecretKey(secret) => (
            "keys",
            json!({
                "secret": {"namespace": secret.namespace, "name": secret.name},
                "signatureAlgorithm": secret.hash.as_str(),
                "rekor": rekor(secret.log),
            }),
            &secret.trust_root,
        ),
        AttestorKind::Keyless(keyless) => {
            let mut fields = json!({
                "rekor": rekor(keyless.log),
                "ctlog": {"ignoreSCT": keyless.sct == SctRule::InsecureIgnore},
            });
            let names = [
                ("subject", keyless.subject.as_ref().map(|pattern| pattern.as_str())),
                ("subjectRegExp", keyless.subject_regexp.as_ref().map(|regexp| regexp.as_str())),
                ("issuer", keyless.issuer.as_ref().map(|pattern| pattern.as_str())),
                ("issuerRegExp", keyless.issuer_regexp.as_ref().map(|regexp| regexp.as_str())),
            ];
            let mut extensions = Map::new();
            extensions.extend(
                keyless
                    .extensions
                    .iter()
                    .map(|rule| (rule.extension.name().to_owned(), Value::from(rule.pattern.as_str()))),
            );
            if let Some(fields) = fields.as_object_mut() {
                fields.extend(names.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
                if !extensions.is_empty() {
                    fields.insert("additionalExtensions".to_owned(), extensions.into());
                }
                if keyless.any_signer {
                    fields.insert("anySigner".to_owned(), true.into());
                }
            }
            (if keyless.any_signer { "certificates" } else { "keyless" }, fields, &keyless.trust_root)
        }
    };
    write_trust(&mut fields, trust, kind);
    let mut written = json!({kind: fields});
    if let (Some(fields), Some(repository)) = (written.as_object_mut(), &entry.repository) {
        fields.insert("repository".to_owned(), repository.to_string().into());
    }
    written
}

fn write_trust(fields: &mut Value, trust: &TrustChoice, kind: &str) {
    let Some(fields) = fields.as_object_mut() else { return };
    fields.insert("trustRoot".to_owned(), trust.root.as_str().into());
    for (name, pem) in trust.inline.iter().flat_map(|inline| inline.as_written()) {
        match name.split_once('.') {
            Some((outer, inner)) => {
                let outer = fields.entry(outer).or_insert_with(|| json!({}));
                if let Some(outer) = outer.as_object_mut() {
                    outer.insert(inner.to_owned(), pem.into());
                }
            }
            None => {
                let name = if kind == "certificates" { "certChain" } else { name };
                fields.insert(name.to_owned(), pem.into());
            }
        }
    }
}

/// The `attestations` that admit this statement.
pub(super) fn admitting_yaml(rule: &AttestationRule, predicate_type: &str, predicate: &Value) -> String {
    let mut yaml = format!("attestations:\n- type: {}\n", Value::from(predicate_type));
    if rule.quantifier == Quantifier::Any {
        yaml.push_str("  match: any\n");
    }
    if !rule.attestors.is_empty() {
        // JSON on one line is YAML too.
        let _ = writeln!(yaml, "  attestors: {}", rule.attestors.iter().map(set_as_written).collect::<Value>());
    }
    if let Some((path, value)) = build_type(predicate) {
        if rule.conditions.iter().flat_map(|block| block.conditions()).count() > 1 {
            let _ = writeln!(yaml, "  # of {}'s conditions only the build type is translated here", rule.path);
        }
        let _ = write!(
            yaml,
            "  conditions:\n  - all:\n    - key: \"{{{{ {path} }}}}\"\n      operator: Equals\n      value: {value}\n"
        );
    }
    yaml.trim_end().to_owned()
}
