//! Kubewarden's verify-image-signatures: its settings, alone or in a policy.
//!
//! Each element of `signatures` is a block of its own, since every one that matches must pass. It asks for all its signers,
//! and for no transparency log where they are keys.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sigwarden_core::verify::certificate_follows;

use super::kyverno::matching::read_selector;
use super::patterns::{escaped, has_wildcard, matches};
use super::plan::{Action, Plan};
use super::reader::{Node, Object};
use super::report::{Reason, Reporter};
use super::scope::{Resource, Scope};
use super::tree::{Fields, Tree};

/// The name by which its module is found in registries.
const MODULE: &str = "verify-image-signatures";
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// A keyless signature is logged. The address is never asked.
const REKOR: &str = "https://rekor.sigstore.dev";
/// The kinds of signers, in the order in which the policy tries to read them.
const KINDS: [&str; 5] = ["pubKeys", "keyless", "githubActions", "keylessPrefix", "certificates"];

/// Whether these are settings of that policy.
pub(super) fn are_settings(document: &Value) -> bool {
    document.get("kind").is_none() && document.get("signatures").is_some_and(Value::is_array)
}

/// Whether a Kubewarden policy runs that module.
pub(super) fn is_policy(document: &Value) -> bool {
    let module = document.pointer("/spec/module").and_then(Value::as_str).unwrap_or_default();
    let name = module.rsplit('/').next().unwrap_or(module);
    name.split([':', '@']).next() == Some(MODULE)
}

/// Reads settings that stand alone.
pub(super) fn read_settings(document: &Value, reporter: &Reporter<'_>) -> Vec<Plan> {
    let Some(settings) = Node::root(document, reporter).object() else { return Vec::new() };
    let blocks = read_blocks(&settings, Action::Enforce);
    vec![plan(reporter, MODULE.to_owned(), Scope::everything(), blocks)]
}

fn plan(reporter: &Reporter<'_>, name: String, scope: Scope, blocks: Vec<Fields>) -> Plan {
    Plan {
        origin: reporter.origin().clone(),
        name,
        part: "signatures".to_owned(),
        namespaced: false,
        namespace: None,
        scope,
        blocks,
        action: Action::Enforce,
        overrides: Vec::new(),
        denies_unmatched: false,
        background: true,
        timeout: 10,
        only_watches: false,
        policy_server: None,
        trust_roots: Fields::new(),
    }
}

/// Reads a ClusterAdmissionPolicy or AdmissionPolicy.
pub(super) fn read_policy(document: &Value, reporter: &Reporter<'_>) -> Vec<Plan> {
    let Some(policy) = Node::root(document, reporter).object() else { return Vec::new() };
    for key in ["apiVersion", "kind", "status"] {
        policy.ignore(key);
    }
    let metadata = policy.get("metadata").map(|node| node.value.clone()).unwrap_or_default();
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(spec) = policy.object("spec") else { return Vec::new() };
    spec.ignore("module");
    spec.elsewhere("mutating", "of the two written policies one pins and one only verifies");
    spec.elsewhere("timeoutSeconds", "the written policies have timeouts of their own: look at `timeoutSeconds`");
    spec.elsewhere("message", "left out: it would hide what the policy says");
    for key in ["contextAwareResources", "matchPolicy", "reinvocationPolicy", "sideEffects"] {
        spec.elsewhere(key, "about the webhook: the written policies need none");
    }
    if spec.text("failurePolicy") == Some("Ignore") {
        reporter.changed(
            &spec.at("failurePolicy"),
            "where the policy cannot be asked, everything is admitted",
            "`failurePolicy: Fail`",
        );
    }
    let action = if spec.text("mode") == Some("monitor") { Action::Audit } else { Action::Enforce };
    let mut scope = read_rules(&spec);
    if scope.is_empty() {
        reporter.refuse(
            &spec.at("rules"),
            "rules",
            // A policy without rules cannot be written.
            Reason::Settings,
            "name nothing that is made of Pods and created or updated",
            "name what the policy is for",
        );
        spec.ignore_all();
        return Vec::new();
    }
    if let Some(node) = spec.get("namespaceSelector") {
        scope.namespace = read_selector(&node, reporter);
    }
    if let Some(node) = spec.get("objectSelector") {
        scope.object = read_selector(&node, reporter);
    }
    for node in spec.items("matchConditions") {
        let Some(condition) = node.object() else { continue };
        if let (Some(name), Some(expression)) = (condition.text("name"), condition.text("expression")) {
            scope.conditions.insert((name.to_owned(), expression.to_owned()));
        }
    }
    let Some(settings) = spec.object("settings") else { return Vec::new() };
    let blocks = read_blocks(&settings, action);
    vec![Plan {
        namespaced: document.get("kind").and_then(Value::as_str) == Some("AdmissionPolicy"),
        namespace: text("namespace"),
        background: spec.flag("backgroundAudit", true),
        timeout: spec.get("timeoutEvalSeconds").and_then(|node| node.value.as_u64()).unwrap_or(10),
        policy_server: spec.text("policyServer").map(str::to_owned),
        ..plan(reporter, text("name").unwrap_or_else(|| MODULE.to_owned()), scope, blocks)
    }]
}

/// `rules` of an admission policy, as Kubernetes' webhooks have them: what is in one of them is meant.
pub(super) fn read_rules(spec: &Object<'_>) -> Scope {
    let mut scope = Scope { resources: Default::default(), create: false, update: false, ..Scope::everything() };
    for node in spec.items("rules") {
        if let Some(rule) = node.object() {
            let read = read_rule(&rule);
            scope.resources.extend(read.resources);
            scope.create |= read.create;
            scope.update |= read.update;
        }
    }
    scope
}

/// One rule: groups, versions, resources and operations.
pub(super) fn read_rule(rule: &Object<'_>) -> Scope {
    let texts = |key: &str| rule.get(key).map(|node| node.texts()).unwrap_or_default();
    let (groups, versions) = (texts("apiGroups"), texts("apiVersions"));
    let (resources, operations) = (texts("resources"), texts("operations"));
    rule.ignore("scope");
    if let Some(node) = rule.get("resourceNames") {
        node.refuse(
            "resourceNames",
            Reason::Match,
            "a Kubewarden rule cannot name single objects",
            "write a matchCondition on `object.metadata.name`",
        );
    }
    let is_one_of = |list: &[String], text: &str| list.iter().any(|entry| entry == "*" || entry == text);
    let names = |resource: &Resource| {
        resources.iter().any(|entry| match entry.as_str() {
            "*" => *resource != Resource::EphemeralContainers,
            "*/*" => true,
            other => matches(other, resource.plural()) && other.contains('/') == resource.plural().contains('/'),
        })
    };
    let found = Resource::ALL.into_iter().filter(|resource| is_one_of(&groups, resource.group()) && names(resource));
    let is_current = versions.is_empty() || is_one_of(&versions, "v1");
    Scope {
        resources: if is_current { found.collect() } else { Default::default() },
        create: is_one_of(&operations, "CREATE"),
        update: is_one_of(&operations, "UPDATE"),
        ..Scope::everything()
    }
}

fn read_blocks(settings: &Object<'_>, action: Action) -> Vec<Fields> {
    let pins = settings.flag("modifyImagesWithDigest", true);
    let elements = settings.items("signatures");
    elements.iter().filter_map(|node| read_element(node, pins, action)).collect()
}

fn read_element(node: &Node<'_>, pins: bool, action: Action) -> Option<Fields> {
    let element = node.object()?;
    let reporter = node.reporter;
    let image = element.text("image")?;
    reporter.changed(
        &element.at("image"),
        &format!("`{image}` is compared with the image as it is written: `docker.io/x`, `x` and `library/x` differ, as does an added digest"),
        "every spelling of an image is matched",
    );
    let annotations = element.get("annotations").map(|node| Tree::from(node.value));
    let mut kinds = KINDS.into_iter().filter(|kind| element.get(kind).is_some());
    let first = kinds.next();
    for other in kinds {
        reporter.changed(
            &element.at(other),
            &format!("ignored beside `{}`", first.unwrap_or_default()),
            "left out; write a block of its own if it is meant",
        );
    }
    let mut entries = match first {
        Some("pubKeys") => element.items("pubKeys").iter().filter_map(key).collect(),
        Some("keyless") => element.items("keyless").iter().filter_map(|node| keyless(node, "subject")).collect(),
        Some("keylessPrefix") => {
            element.items("keylessPrefix").iter().filter_map(|node| keyless(node, "urlPrefix")).collect()
        }
        Some("githubActions") => element.object("githubActions").iter().filter_map(github).collect(),
        Some("certificates") => certificates(&element),
        _ => {
            node.refuse(
                "signatures",
                Reason::Invalid,
                "names nobody who must have signed",
                "name a key or an identity",
            );
            Vec::new()
        }
    };
    for entry in &mut entries {
        entry.add_some("annotations", annotations.clone());
    }
    let set = Fields::new().with("entries", entries.into_iter().map(Tree::from).collect::<Vec<_>>());
    Some(
        Fields::new()
            .with("imageReferences", vec![Tree::from(image)])
            .with("failureAction", action.name())
            .with("attestors", vec![Tree::from(set)])
            .with("mutateDigest", pins)
            .with("verifyDigest", pins)
            .with("required", true),
    )
}

fn key(node: &Node<'_>) -> Option<Fields> {
    let mut keys = Fields::new().with("publicKeys", node.text()?);
    keys.add_why(
        "rekor",
        Fields::new().with("ignoreTlog", true),
        "verify-image-signatures asks no log where a key signs.",
    );
    Some(Fields::new().with("keys", keys))
}

fn keyless(node: &Node<'_>, field: &str) -> Option<Fields> {
    let signer = node.object()?;
    let (issuer, subject) = (signer.text("issuer")?, signer.text(field)?);
    let mut keyless = Fields::new();
    if field == "urlPrefix" {
        let prefix = if subject.ends_with('/') { subject.to_owned() } else { format!("{subject}/") };
        if has_wildcard(&prefix) {
            keyless.add("subjectRegExp", format!("{}.*", escaped(&prefix)));
        } else {
            keyless.add("subject", format!("{prefix}*"));
        }
    } else {
        add_exact(&mut keyless, "subject", "subjectRegExp", subject);
    }
    add_exact(&mut keyless, "issuer", "issuerRegExp", issuer);
    keyless.add("rekor", Fields::new().with("url", REKOR));
    Some(Fields::new().with("keyless", keyless))
}

/// A text that is compared letter by letter there. Here `*` and `?` would be wildcards.
pub(super) fn add_exact(fields: &mut Fields, exact: &str, regex: &str, text: &str) {
    if has_wildcard(text) {
        fields.add(regex, escaped(text));
    } else {
        fields.add(exact, text);
    }
}

fn github(actions: &Object<'_>) -> Option<Fields> {
    let owner = actions.text("owner")?;
    if [actions.text("owner"), actions.text("repo")].into_iter().flatten().any(has_wildcard) {
        actions.reporter.refuse(
            &actions.path,
            "githubActions",
            Reason::Anybody,
            "has a wildcard, which is compared letter by letter there and would match others here",
            "write the names of the owner and the repository",
        );
        return None;
    }
    let repository = match actions.text("repo") {
        Some(repo) => format!("{owner}/{repo}"),
        None => format!("{owner}/*"),
    };
    let keyless = Fields::new()
        .with("subject", "https://github.com/*")
        .with("issuer", GITHUB_ISSUER)
        .with("additionalExtensions", Fields::new().with("githubWorkflowRepository", repository))
        .with("rekor", Fields::new().with("url", REKOR));
    Some(Fields::new().with("keyless", keyless))
}

fn certificates(element: &Object<'_>) -> Vec<Fields> {
    let is_logged = element.flag("requireRekorBundle", false);
    let chain_node = element.get("certificateChain");
    let chain = chain_node.as_ref().map(Node::texts).unwrap_or_default();
    if let Some(node) = &chain_node {
        node.reporter.changed(
            &node.path,
            "the certificates must follow from it whenever a signature is verified",
            "checked now, and never again: the certificates' keys must have signed, also after the certificates expire",
        );
    }
    let certificate = |node: &Node<'_>| {
        let text = node.text()?;
        if chain_node.is_some()
            && let Err(error) = certificate_follows(text, &chain, since_1970())
        {
            node.refuse(
                "certificateChain",
                Reason::Invalid,
                format!("does not follow from `certificateChain`, so that nothing is ever accepted: {error}"),
                "correct the chain, or remove it",
            );
        }
        let mut inner = Fields::new().with("cert", text);
        let rekor = if is_logged { Fields::new().with("url", REKOR) } else { Fields::new().with("ignoreTlog", true) };
        inner.add("rekor", rekor);
        Some(Fields::new().with("certificates", inner))
    };
    element.items("certificates").iter().filter_map(certificate).collect()
}

fn since_1970() -> Duration {
    // Before 1970 no certificate is valid.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
