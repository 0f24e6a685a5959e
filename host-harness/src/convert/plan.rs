//! What is to be written: Kubewarden policies, in pairs.
//!
//! A mutating policy pins what it verified. Webhooks that run after it may bring in other images, so a validating twin
//! verifies what came out of the chain and requires the digest. Where nothing is pinned the twin stands alone.

use serde_json::{Value, json};

use super::report::Origin;
use super::scope::{Scope, selector};
use super::tree::{Fields, Tree};

/// Least and most seconds that Kubewarden accepts for an evaluation.
const TIMEOUTS: (u64, u64) = (2, 30);
/// The part of it in which the policy answers by itself, which says more than a host that cuts it off.
const DEADLINE_PERCENT: u64 = 80;
/// Longest name of a policy: it becomes a label's value.
const MAX_NAME: usize = 63;

/// What stands behind the name of the mutating policy.
pub(crate) const PIN: &str = "pin";

/// What becomes of an image that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Enforce,
    Audit,
}

impl Action {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "Enforce",
            Self::Audit => "Audit",
        }
    }
}

/// Rules for one kind of requests.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) origin: Origin,
    /// Name of the policy that it was.
    pub(super) name: String,
    /// Name of the rule in it, for where there are several.
    pub(super) part: String,
    /// For one namespace only.
    pub(super) namespaced: bool,
    pub(super) namespace: Option<String>,
    pub(super) scope: Scope,
    /// Elements of `verifyImages`.
    pub(super) blocks: Vec<Fields>,
    /// What a block does that says nothing.
    pub(super) action: Action,
    /// `validationFailureActionOverrides`, as written.
    pub(super) overrides: Vec<Value>,
    pub(super) denies_unmatched: bool,
    pub(super) background: bool,
    /// Seconds that the webhook waited.
    pub(super) timeout: u64,
    /// Whether it never refuses anything.
    pub(super) only_watches: bool,
    /// The PolicyServer that runs it, where one is named.
    pub(super) policy_server: Option<String>,
    /// `trustRoots`
    pub(super) trust_roots: Fields,
}

/// A Kubewarden policy, to be written down.
#[derive(Clone, Debug)]
pub struct Written {
    /// What is to be said above it.
    pub comment: String,
    /// The policy.
    pub policy: Tree,
}

impl Plan {
    /// Whether both are for the same requests and differ in nothing but their rules.
    pub(super) fn can_join(&self, other: &Self) -> bool {
        self.origin.object == other.origin.object
            && self.origin.file == other.origin.file
            && self.scope == other.scope
            && self.overrides == other.overrides
            && (self.overrides.is_empty() || self.action == other.action)
            && self.namespace == other.namespace
    }

    pub(super) fn join(&mut self, other: Self) {
        self.blocks.extend(other.blocks);
        for root in other.trust_roots.iter() {
            self.trust_roots.set(&root.key, root.value.clone());
        }
    }

    /// The settings of the mutating policy.
    pub(super) fn settings(&self) -> Fields {
        let mut settings = Fields::new();
        if self.denies_unmatched {
            settings.add_why("unmatchedImages", "deny", "As policy-controller does where no policy matches.");
        }
        let deadline = self.timeout().saturating_mul(DEADLINE_PERCENT).saturating_mul(10);
        settings.add_why("deadline", format!("{deadline}ms"), "Somewhat less than `timeoutEvalSeconds`.");
        if !self.overrides.is_empty() {
            settings.add("failureAction", self.action.name());
            settings.add("failureActionOverrides", self.overrides.iter().map(Tree::from).collect::<Vec<_>>());
        }
        if !self.trust_roots.is_empty() {
            settings.add("trustRoots", self.trust_roots.clone());
        }
        settings.add("verifyImages", self.blocks.iter().cloned().map(Tree::from).collect::<Vec<_>>());
        settings
    }

    fn timeout(&self) -> u64 {
        self.timeout.clamp(TIMEOUTS.0, TIMEOUTS.1)
    }

    fn pins(&self) -> bool {
        let is_true = |fields: &Fields| fields.get("mutateDigest").is_none_or(|value| value.to_value() == json!(true));
        self.blocks.iter().any(is_true)
    }

    fn is_audit(&self) -> bool {
        let is_audit =
            |fields: &Fields| fields.get("failureAction").is_some_and(|value| value.to_value() == json!("Audit"));
        self.overrides.is_empty() && !self.denies_unmatched && self.blocks.iter().all(is_audit)
    }

    /// The name of the validating policy. `alone`: no other plan came out of the same policy.
    pub(super) fn policy_name(&self, alone: bool) -> String {
        name_of(&self.name, if alone { None } else { Some(&self.part) })
    }

    /// The policies, under this name.
    pub(super) fn write(&self, name: &str, module: &str) -> Vec<Written> {
        let mut written = Vec::new();
        if self.pins() {
            written.push(Written {
                comment: format!(
                    "From {}: verifies images, and pins them to the digest that it verified.",
                    self.origin.object
                ),
                policy: self.policy(&suffixed(name, PIN), true, module),
            });
        }
        let why = if self.pins() {
            "verifies what came out of all mutating webhooks, and requires the digest."
        } else {
            "verifies images, and pins none."
        };
        written.push(Written {
            comment: format!("From {}: {why}", self.origin.object),
            policy: self.policy(name, false, module),
        });
        written
    }

    fn policy(&self, name: &str, mutating: bool, module: &str) -> Tree {
        let mut metadata = Fields::new().with("name", name);
        metadata.add_some("namespace", self.namespace.as_deref());
        let mut spec = Fields::new().with("module", module);
        spec.add_some("policyServer", self.policy_server.as_deref());
        let mode = if self.only_watches || self.is_audit() { "monitor" } else { "protect" };
        if mode == "monitor" {
            spec.add_why(
                "mode",
                mode,
                "Refuses nothing. To enforce, write `protect` here and `failureAction: Enforce` below.",
            );
        } else {
            spec.add("mode", mode);
        }
        spec.add("mutating", mutating);
        // The audit scanner looks at what runs; that is the twin's task.
        spec.add("backgroundAudit", !mutating && self.background);
        spec.add("failurePolicy", "Fail");
        spec.add("timeoutSeconds", self.timeout());
        spec.add("timeoutEvalSeconds", self.timeout());
        spec.add("rules", self.scope.rules());
        if !self.namespaced {
            spec.add_some("namespaceSelector", selector(&self.scope.namespace));
        }
        spec.add_some("objectSelector", selector(&self.scope.object));
        spec.add_some("matchConditions", self.scope.match_conditions());
        if self.reads_secrets() {
            spec.add_why(
                "contextAwareResources",
                vec![Tree::from(Fields::new().with("apiVersion", "v1").with("kind", "Secret"))],
                "For the keys in Secrets.",
            );
        }
        let mut settings = self.settings();
        if !mutating {
            settings.add("mutate", false);
        }
        spec.add("settings", settings);
        let kind = if self.namespaced { "AdmissionPolicy" } else { "ClusterAdmissionPolicy" };
        Tree::from(
            Fields::new()
                .with("apiVersion", "policies.kubewarden.io/v1")
                .with("kind", kind)
                .with("metadata", metadata)
                .with("spec", spec),
        )
    }

    pub(super) fn reads_secrets(&self) -> bool {
        fn has_secret(tree: &Tree) -> bool {
            match tree {
                Tree::Map(fields) => fields.iter().any(|field| {
                    let is_reference = field.key == "publicKeys"
                        && matches!(&field.value, Tree::Scalar(Value::String(text)) if text.starts_with("k8s://"));
                    (field.key == "secret") || is_reference || has_secret(&field.value)
                }),
                Tree::List(items) => items.iter().any(has_secret),
                Tree::Scalar(_) => false,
            }
        }
        self.blocks
            .iter()
            .any(|block| [block.get("attestors"), block.get("attestations")].into_iter().flatten().any(has_secret))
    }
}

/// A name that Kubernetes accepts.
pub(crate) fn name_of(name: &str, part: Option<&str>) -> String {
    let joined = part.map_or_else(|| name.to_owned(), |part| format!("{name}-{part}"));
    let plain: String = joined
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' })
        .take(MAX_NAME)
        .collect();
    let trimmed = plain.trim_matches(['-', '.']);
    if trimmed.is_empty() { "policy".to_owned() } else { trimmed.to_owned() }
}

/// A name with something behind it, not too long.
pub(crate) fn suffixed(name: &str, suffix: &str) -> String {
    let room = MAX_NAME.saturating_sub(suffix.len()).saturating_sub(1);
    let short: String = name.chars().take(room).collect();
    format!("{}-{suffix}", short.trim_end_matches(['-', '.']))
}
