//! What is signed: an image signature's payload, or a statement with its predicate.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sigwarden_core::attestations::Provenance;
use sigwarden_core::evidence::{Claim, Content, MaterialError};

/// Subjects that are told one by one. A release may have hundreds.
const MAX_SUBJECTS: usize = 50;

/// What a piece of evidence says.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Type of the predicate; none where an image is signed and nothing is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_subjects: usize,
    /// Annotations that the signer added.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
    /// Who built it, as the provenance says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_type: Option<String>,
    /// From what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// From which commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The predicate, whole.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub predicate: Value,
}

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The name it is given: nothing compares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its digests.
    pub digests: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Statement {
    /// Reads what `content` says.
    ///
    /// # Errors
    /// When it is neither cosign's payload nor an in-toto statement.
    pub fn read(content: &Content) -> Result<Self, MaterialError> {
        let claim = Claim::read(content)?;
        let names = names(content);
        let all = claim.subjects();
        let mut statement = Self {
            subjects: all
                .iter()
                .zip(names.into_iter().chain(std::iter::repeat(None)))
                .take(MAX_SUBJECTS)
                .map(|(subject, name)| Subject { name, digests: subject.digests.clone() })
                .collect(),
            more_subjects: all.len().saturating_sub(MAX_SUBJECTS),
            annotations: all.first().map(|subject| subject.annotations.clone()).unwrap_or_default(),
            ..Self::default()
        };
        if let Claim::Attestation { predicate_type, predicate, .. } = claim {
            statement.predicate_type = Some(predicate_type);
            statement.add(predicate.value(content)?);
        }
        Ok(statement)
    }

    /// A predicate without the statement around it.
    #[must_use]
    pub fn of_predicate(predicate: Value) -> Self {
        let mut statement = Self::default();
        statement.add(predicate);
        statement
    }

    fn add(&mut self, predicate: Value) {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let provenance = Provenance::read(&predicate);
        self.builder = text(provenance.builder);
        self.build_type = text(provenance.build_type);
        self.source = provenance.trigger.clone().or_else(|| text(provenance.material));
        self.commit = text(provenance.commit);
        self.predicate = predicate;
    }
}

/// The names of the subjects, which no decision needs, in their order. The payload was bounded when its claim was read.
fn names(content: &Content) -> Vec<Option<String>> {
    let (Content::Envelope { payload, .. } | Content::Message { payload, .. }) = content else { return Vec::new() };
    let value: Value = serde_json::from_slice(payload).unwrap_or_default();
    let name = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
    };
    match value.get("subject").and_then(Value::as_array) {
        Some(subjects) => subjects.iter().take(MAX_SUBJECTS).map(|subject| name(subject, "/name")).collect(),
        None => vec![name(&value, "/critical/identity/docker-reference")],
    }
}
