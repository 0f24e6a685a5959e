//! `metadata.yml`, and the same as JSON inside a module.
//!
//! Fields and their spelling are Kubewarden's (`policy_metadata.rs` of its policy-evaluator). The JSON has a fixed
//! order, so that the same sources give the same module.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::capabilities::{self, Pattern, PatternError};
use crate::module::{self, ModuleError};

/// The custom section in which hosts look.
const SECTION: &str = "io.kubewarden.metadata";
/// What our module answers to `protocol_version`; policy-server refuses a policy whose metadata does not say it.
const PROTOCOL_VERSION: &str = "v1";
/// Under this name the README travels with the module.
const USAGE: &str = "io.kubewarden.policy.usage";
/// Multi-line annotations are not pushed to registries, but for the README's.
const VERSION: &str = "io.kubewarden.policy.version";

/// All that Kubewarden wants to know of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Version of the waPC protocol. Not in `metadata.yml`: annotating adds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    /// Which requests to send to the policy.
    pub rules: Vec<Rule>,
    /// Name, version, origin, for people and for Artifact Hub.
    pub annotations: BTreeMap<String, String>,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// Whether the audit scanner may ask it about what runs already.
    pub background_audit: bool,
    /// Kinds of objects that it reads from the cluster.
    pub context_aware_resources: BTreeSet<Resource>,
    /// How to run it: `kubewarden-wapc`.
    pub execution_mode: String,
    /// What it judges: `kubernetes`.
    pub policy_type: String,
    /// Host capabilities that it uses, one by one.
    pub host_capabilities: BTreeSet<String>,
}

/// Requests of these kinds go to the policy (`RuleWithOperations` of Kubernetes' webhooks).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// `""` is the core group.
    pub api_groups: Vec<String>,
    /// For example `v1`.
    pub api_versions: Vec<String>,
    /// Plural names, with subresource if any.
    pub resources: Vec<String>,
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`.
    pub operations: Vec<String>,
}

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// For example `v1`.
    pub api_version: String,
    /// For example `Secret`.
    pub kind: String,
}

/// What a module says of itself, as far as a host needs it to answer host calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// Host capabilities; kwctl of before 1.35 did not ask for them.
    #[serde(default)]
    pub host_capabilities: BTreeSet<String>,
    /// Kinds of objects that it reads from the cluster.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<Resource>,
}

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// It is no YAML, or of another shape.
    #[error("{0}")]
    Shape(String),
    /// A list of a rule is empty, or has something beside its `*`.
    #[error("rules[{rule}].{field}: at least one entry, and nothing beside a `*`")]
    Rule {
        /// Which rule.
        rule: usize,
        /// Which of its lists.
        field: &'static str,
    },
    /// A capability that no host has, or a pattern.
    #[error("hostCapabilities: {0}")]
    Capability(#[from] PatternError),
    /// A pattern where capabilities are wanted.
    #[error("hostCapabilities: `{0}` is a pattern: name each capability, so that people see what they grant")]
    Pattern(String),
    /// An annotation of several lines would not be pushed to a registry.
    #[error("annotations: `{0}` is empty or has more than one line")]
    Annotation(String),
    /// Nobody could say which version runs.
    #[error("annotations: there is no `{VERSION}`")]
    Version,
    /// The module carries no metadata, or not as JSON.
    #[error("the module's metadata cannot be read: {0}")]
    Module(String),
}

/// Why a module cannot be annotated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotateError {
    /// The metadata is no good.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The module is no good.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// There is metadata in it already.
    #[error("the module is annotated already")]
    Annotated,
    /// The metadata says something else than the code.
    #[error(
        "hostCapabilities in the metadata and host calls in the module differ: not declared {undeclared:?}, not used {unused:?}"
    )]
    Capabilities {
        /// In the module only.
        undeclared: BTreeSet<String>,
        /// In the metadata only.
        unused: BTreeSet<String>,
    },
    /// The metadata could not be written as JSON.
    #[error("cannot write the metadata: {0}")]
    Write(String),
}

impl Metadata {
    /// Reads a `metadata.yml`.
    ///
    /// # Errors
    /// Every variant of [`MetadataError`] but the last.
    pub fn parse(yaml: &str) -> Result<Self, MetadataError> {
        let metadata: Self = serde_saphyr::from_str(yaml).map_err(|error| MetadataError::Shape(error.to_string()))?;
        metadata.check()?;
        Ok(metadata)
    }

    fn check(&self) -> Result<(), MetadataError> {
        for (number, rule) in self.rules.iter().enumerate() {
            let lists = [
                ("apiGroups", &rule.api_groups),
                ("apiVersions", &rule.api_versions),
                ("resources", &rule.resources),
                ("operations", &rule.operations),
            ];
            for (field, list) in lists {
                let alone = list.len() == 1 || !list.iter().any(|entry| entry == "*");
                if list.is_empty() || !alone {
                    return Err(MetadataError::Rule { rule: number, field });
                }
            }
        }
        for capability in &self.host_capabilities {
            match capability.parse()? {
                Pattern::Exactly(_) => {}
                Pattern::All | Pattern::Below(_) => return Err(MetadataError::Pattern(capability.clone())),
            }
        }
        let broken = |(name, text): &(&String, &String)| *name != USAGE && (text.is_empty() || text.contains('\n'));
        if let Some((name, _)) = self.annotations.iter().find(broken) {
            return Err(MetadataError::Annotation(name.clone()));
        }
        if !self.annotations.contains_key(VERSION) {
            return Err(MetadataError::Version);
        }
        Ok(())
    }
}

impl Declared {
    /// What `module` says of itself; `None` when it is not annotated, or is text and no binary module.
    ///
    /// # Errors
    /// [`MetadataError::Module`].
    pub fn of_module(module: &[u8]) -> Result<Option<Self>, MetadataError> {
        match module::custom_section(module, SECTION) {
            Ok(Some(json)) => {
                serde_json::from_slice(json).map(Some).map_err(|error| MetadataError::Module(error.to_string()))
            }
            Ok(None) | Err(ModuleError::Preamble) => Ok(None),
            Err(error) => Err(MetadataError::Module(error.to_string())),
        }
    }
}

impl From<Metadata> for Declared {
    fn from(metadata: Metadata) -> Self {
        Self {
            host_capabilities: metadata.host_capabilities,
            context_aware_resources: metadata.context_aware_resources,
        }
    }
}

/// Puts `metadata` into `module`, with `usage` (the README) beside it.
///
/// # Errors
/// When there is metadata in the module already, or the module uses other host capabilities than the metadata lists.
pub fn annotate(module: &[u8], mut metadata: Metadata, usage: &str) -> Result<Vec<u8>, AnnotateError> {
    if module::custom_section(module, SECTION)?.is_some() {
        return Err(AnnotateError::Annotated);
    }
    let data = module::data(module)?;
    let used: BTreeSet<String> = capabilities::named_in(&data).into_iter().map(str::to_owned).collect();
    if used != metadata.host_capabilities {
        let without = |all: &BTreeSet<String>, some: &BTreeSet<String>| all.difference(some).cloned().collect();
        return Err(AnnotateError::Capabilities {
            undeclared: without(&used, &metadata.host_capabilities),
            unused: without(&metadata.host_capabilities, &used),
        });
    }
    metadata.protocol_version = Some(PROTOCOL_VERSION.to_owned());
    metadata.annotations.insert(USAGE.to_owned(), usage.to_owned());
    let json = serde_json::to_vec(&metadata).map_err(|error| AnnotateError::Write(error.to_string()))?;
    Ok(module::with_custom_section(module, SECTION, &json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
rules:
- {apiGroups: [\"\"], apiVersions: [v1], resources: [pods], operations: [CREATE]}
annotations: {io.kubewarden.policy.version: 1.2.3, io.kubewarden.policy.title: demo}
mutating: true
backgroundAudit: false
contextAwareResources: [{apiVersion: v1, kind: Secret}]
executionMode: kubewarden-wapc
policyType: kubernetes
hostCapabilities: [oci/v1/manifest_digest]
";

    fn module(data: &str) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0\x0b".to_vec();
        module.push(u8::try_from(data.len()).unwrap());
        module.extend_from_slice(data.as_bytes());
        module
    }

    #[test]
    fn annotations_come_back() {
        let metadata = Metadata::parse(GOOD).unwrap();
        let bare = module("oci v1/manifest_digest");
        let annotated = annotate(&bare, metadata.clone(), "# read\nme\n").unwrap();
        assert_eq!(annotate(&bare, metadata.clone(), "# read\nme\n"), Ok(annotated.clone()));
        let json = module::custom_section(&annotated, SECTION).unwrap().unwrap();
        let expected = concat!(
            r##"{"protocolVersion":"v1","rules":[{"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"],"##,
            r##""operations":["CREATE"]}],"annotations":{"io.kubewarden.policy.title":"demo","##,
            r##""io.kubewarden.policy.usage":"# read\nme\n","io.kubewarden.policy.version":"1.2.3"},"mutating":true,"##,
            r##""backgroundAudit":false,"contextAwareResources":[{"apiVersion":"v1","kind":"Secret"}],"##,
            r##""executionMode":"kubewarden-wapc","policyType":"kubernetes","hostCapabilities":["oci/v1/manifest_digest"]}"##,
        );
        assert_eq!(std::str::from_utf8(json).unwrap(), expected);
        assert_eq!(Declared::of_module(&annotated), Ok(Some(metadata.clone().into())));
        assert_eq!(Declared::of_module(&bare), Ok(None));
        assert_eq!(Declared::of_module(b"(module)"), Ok(None));
        assert_eq!(annotate(&annotated, metadata, ""), Err(AnnotateError::Annotated));
    }

    #[test]
    fn metadata_must_say_what_the_code_does() {
        let metadata = Metadata::parse(GOOD).unwrap();
        let only = |name: &str| BTreeSet::from([name.to_owned()]);
        let cases = [
            ("unused", "oci", BTreeSet::new(), only("oci/v1/manifest_digest")),
            ("undeclared", "oci v1/manifest_digest v1/verify", only("oci/v1/verify"), BTreeSet::new()),
        ];
        for (name, data, undeclared, unused) in cases {
            let expected = AnnotateError::Capabilities { undeclared, unused };
            assert_eq!(annotate(&module(data), metadata.clone(), ""), Err(expected), "case `{name}`");
        }
    }

    #[test]
    fn bad_metadata_is_refused() {
        let rule = |field| MetadataError::Rule { rule: 0, field };
        let cases = [
            ("no groups", "apiGroups: [\"\"]", "apiGroups: []", rule("apiGroups")),
            ("a star and more", "resources: [pods]", "resources: [\"*\", pods]", rule("resources")),
            ("a pattern", "oci/v1/manifest_digest", "oci/*", MetadataError::Pattern("oci/*".to_owned())),
            (
                "an unknown capability",
                "oci/v1/manifest_digest",
                "oci/v1/blob",
                PatternError::Unknown("oci/v1/blob".to_owned()).into(),
            ),
            ("no version", "io.kubewarden.policy.version", "version", MetadataError::Version),
            (
                "an empty annotation",
                "title: demo",
                "title: \"\"",
                MetadataError::Annotation("io.kubewarden.policy.title".to_owned()),
            ),
        ];
        for (name, from, to, expected) in cases {
            assert_eq!(Metadata::parse(&GOOD.replace(from, to)), Err(expected), "case `{name}`");
        }
        for (name, text) in [("unknown field", "contextAware: false\n"), ("twice", "mutating: true\n")] {
            let error = Metadata::parse(&format!("{GOOD}{text}")).unwrap_err();
            assert!(matches!(error, MetadataError::Shape(_)), "case `{name}`: {error:?}");
        }
    }

    #[test]
    fn our_own_metadata_is_good() {
        assert_eq!(Metadata::parse(crate::METADATA).map(|metadata| metadata.protocol_version), Ok(None));
    }
}
