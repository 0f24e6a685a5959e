//! The settings that would have admitted what is there, for whoever reads a refusal.
//!
//! Only statements that verified, by a signer the rule accepts, are ever suggested: a forged one must not find its way
//! into a policy through our own advice.

use crate::settings::{AttestationRule, Quantifier};
use serde_json::Value;
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

/// The `attestations` that admit this statement.
pub(super) fn admitting_yaml(rule: &AttestationRule, predicate_type: &str, predicate: &Value) -> String {
    let mut yaml = format!("attestations:\n- type: {}\n", Value::from(predicate_type));
    if rule.quantifier == Quantifier::Any {
        yaml.push_str("  match: any\n");
    }
    if !rule.attestors.is_empty() {
        let _ = writeln!(yaml, "  # attestors: as in {}", rule.path);
    }
    if let Some((path, value)) = build_type(predicate) {
        let _ = write!(
            yaml,
            "  conditions:\n  - all:\n    - key: \"{{{{ {path} }}}}\"\n      operator: Equals\n      value: {value}\n"
        );
    }
    yaml.trim_end().to_owned()
}
