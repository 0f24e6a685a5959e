//! The schema: which fields settings have, what each may hold, and what only makes sense together.

mod attestations;
mod attestors;
mod certificates;
mod conditions;
mod denial;
mod deprecated;
mod evidence;
mod house;
mod keys;
mod pem;
mod slsa;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::house::AlwaysPull;
use super::lint;
use super::model::{AttestationRule, AttestorSet, Block, FailureAction, Settings, TrustRootSource, Unmatched};
use super::not_yet::Place;
use super::reader::{Fields, Node, Notes, Problem};
use crate::entries;
use crate::quote::quote;
use crate::reference::{ImagePattern, Repository};
use crate::verify::{GITHUB, SIGSTORE, TrustRoot};

impl Settings {
    /// The fields that the reader asks for while it reads `value`, by the kind of object that has them (`Block`, `Keyless`,
    /// …), whatever else is wrong. An object that `value` has not is in no answer.
    ///
    /// For whoever describes settings: documentation and schemas are compared with it.
    #[must_use]
    pub fn fields_of(value: &Value) -> BTreeMap<String, BTreeSet<&'static str>> {
        let notes = Notes::of_fields();
        let _ = read_settings(&Node::root(value, &notes));
        notes.into_fields().into_iter().map(|(place, fields)| (format!("{place:?}"), fields)).collect()
    }

    /// Reads settings: the YAML of the policy's `settings`, as JSON.
    ///
    /// # Errors
    /// With every problem there is, up to a hundred.
    pub fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let notes = Notes::default();
        let settings = read_settings(&Node::root(value, &notes));
        let warnings = notes.into_result()?;
        // Without a problem there are settings; should that ever be wrong, nothing is accepted.
        settings.map(|settings| Self { warnings, ..settings }).ok_or_else(|| {
            vec![Problem { path: String::new(), message: "the settings cannot be read".to_owned(), help: None }]
        })
    }
}

/// What the parts of the settings need to know of each other while they are read.
#[derive(Clone, Copy)]
struct Context<'c> {
    trust_roots: &'c BTreeSet<&'c str>,
    bundles_only: bool,
    annotations: &'c BTreeMap<String, String>,
    repository: Option<&'c Repository>,
}

fn read_settings(root: &Node<'_>) -> Option<Settings> {
    match root.value() {
        Value::Object(_) => {}
        Value::Array(_) => {
            root.problem_with_help("the settings are a list, not an object", "write the list under `verifyImages:`");
            return None;
        }
        _ => {
            root.problem("the settings must be an object with `verifyImages` in it");
            return None;
        }
    }
    if let Some(kind) = kind_of_manifest(root.value()) {
        root.problem_with_help(
            format!("these are not settings, but a whole {kind}"),
            "write only what stands under a rule's `verifyImages`, as `verifyImages:` of the settings",
        );
        return None;
    }
    root.object(Place::Settings, |fields| {
        let trust_roots_node = fields.optional("trustRoots");
        let trust_roots = trust_roots_node.as_ref().and_then(read_trust_roots).unwrap_or_default();
        // By what is written, so that an attestor that names a broken root has no problem of its own.
        let written_names =
            trust_roots_node.iter().filter_map(|node| node.value().as_object()).flat_map(|map| map.keys());
        let trust_root_names = entries::set([SIGSTORE, GITHUB].into_iter().chain(written_names.map(String::as_str)));
        let failure_action =
            fields.optional("failureAction").and_then(|node| read_failure_action(&node)).unwrap_or_default();
        let unmatched_images = fields.optional("unmatchedImages").and_then(|node| {
            node.choice(&[("allow", Unmatched::Allow), ("warn", Unmatched::Warn), ("deny", Unmatched::Deny)])
        });
        let evidence = evidence::read_plan(fields);
        let failure_action_overrides =
            fields.optional("failureActionOverrides").map(|node| house::read_overrides(&node));
        let exceptions = fields.optional("exceptions").map(|node| house::read_exceptions(&node));
        let mirrors = fields.optional("mirrors").map(|node| house::read_mirrors(&node));
        let verify_unchanged = fields.flag("verifyUnchanged", true);
        let mutate = fields.flag("mutate", true);
        let blocks = fields
            .required("verifyImages")
            .and_then(|node| node.each(|node| read_block(&node, &trust_root_names, failure_action)));
        if let (Some(node), Some(plan), Some(blocks)) = (fields.optional("evidence"), &evidence, &blocks) {
            lint::evidence(&node, plan, blocks);
        }
        Some(Settings {
            verify_images: blocks?,
            unmatched_images: unmatched_images.unwrap_or_default(),
            failure_action,
            failure_action_overrides: given(failure_action_overrides)?.unwrap_or_default(),
            exceptions: given(exceptions)?.unwrap_or_default(),
            mirrors: given(mirrors)?.unwrap_or_default(),
            verify_unchanged,
            trust_roots: with_built_in(trust_roots),
            evidence: evidence?,
            mutate,
            warnings: Vec::new(),
        })
    })
}

/// The kind of a Kubernetes manifest that was pasted whole.
fn kind_of_manifest(value: &Value) -> Option<String> {
    value.get("apiVersion")?;
    match value.get("kind") {
        Some(Value::String(kind)) => Some(quote(kind).to_string()),
        _ => Some("Kubernetes object".to_owned()),
    }
}

fn with_built_in(mut trust_roots: BTreeMap<String, TrustRootSource>) -> BTreeMap<String, TrustRootSource> {
    for name in [SIGSTORE, GITHUB] {
        trust_roots.entry(name.to_owned()).or_insert(TrustRootSource::BuiltIn);
    }
    trust_roots
}

fn read_trust_roots(node: &Node<'_>) -> Option<BTreeMap<String, TrustRootSource>> {
    let roots = node.each_entry(|name, root| {
        if name.is_empty() || name.contains(char::is_control) {
            root.problem_with_help("is not a name", "give the trust root a name of letters");
            return None;
        }
        let Value::Object(written) = root.value() else {
            root.problem("must be a trusted_root.json as an object, or a `configMap` that holds one");
            return None;
        };
        if written.contains_key("configMap") {
            return Some((name.to_owned(), read_config_map(&root)?));
        }
        let json = root.value().to_string();
        if let Err(error) = TrustRoot::from_json(&json) {
            root.problem_with_help(error.to_string(), "`cosign trusted-root create` writes such a file");
        }
        Some((name.to_owned(), TrustRootSource::Inline(json)))
    });
    Some(entries::map(roots?))
}

/// Only the name is read here: what the ConfigMap holds is not known before a request comes.
fn read_config_map(node: &Node<'_>) -> Option<TrustRootSource> {
    node.object(Place::TrustRoot, |fields| {
        fields.required("configMap")?.object(Place::ConfigMap, |fields| {
            let read = |node: Option<Node<'_>>| node.and_then(|node| read_object_name(&node, node.text()?));
            let namespace = read(fields.required("namespace"));
            let name = read(fields.required("name"));
            let key = fields.required("key").and_then(|node| node.text()).map(str::to_owned);
            Some(TrustRootSource::ConfigMap { namespace: namespace?, name: name?, key: key? })
        })
    })
}

/// The name of an object in Kubernetes (RFC 1123 subdomain): what is none must not find its way into a host call.
fn read_object_name(node: &Node<'_>, text: &str) -> Option<String> {
    let is_name_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if text.is_empty() || text.len() > 253 || !text.chars().all(is_name_char) {
        node.problem(format!("{} is not a name that Kubernetes allows", quote(text)));
        return None;
    }
    Some(text.to_owned())
}

fn read_failure_action(node: &Node<'_>) -> Option<FailureAction> {
    match node.value().as_str() {
        Some("enforce") => Some(FailureAction::Enforce),
        Some("audit") => Some(FailureAction::Audit),
        _ => node.choice(&[("Enforce", FailureAction::Enforce), ("Audit", FailureAction::Audit)]),
    }
}

fn read_block(node: &Node<'_>, trust_roots: &BTreeSet<&str>, default_action: FailureAction) -> Option<Block> {
    node.object(Place::Block, |fields| {
        let image = fields.optional("image").map(|node| read_pattern(&node, lint::image_reference));
        // `image` is the old form of it; with it, the list may be absent.
        let references = match image {
            Some(_) => fields.optional("imageReferences"),
            None => fields.required("imageReferences"),
        };
        let is_without_list = references.is_none() && image.is_some();
        let image_references = references.and_then(|node| read_patterns(&node, lint::image_reference));
        let skip_image_references = fields
            .optional("skipImageReferences")
            .and_then(|node| read_patterns(&node, lint::skipped_image_reference))
            .unwrap_or_default();
        let bundles_only = fields.optional("type").is_some_and(|node| names_bundles(&node));
        let failure_action = fields.optional("failureAction").and_then(|node| read_failure_action(&node));
        let mutate_digest = fields.flag("mutateDigest", true);
        let verify_digest = fields.flag("verifyDigest", true);
        let required = fields.flag("required", true);
        let always_pull = fields
            .optional("alwaysPull")
            .map(|node| node.choice(&[("require", AlwaysPull::Require), ("mutate", AlwaysPull::Mutate)]));
        // A fresh instance serves every request: there is nothing to cache, and so nothing to switch off.
        fields.flag("useCache", true);
        read_cosign_oci11(fields);
        read_registry_credentials(fields);

        let repository = fields.optional("repository").and_then(|node| node.parsed(Repository::parse));
        let annotations_node = fields.optional("annotations");
        let annotations = annotations_node.as_ref().and_then(read_annotations).unwrap_or_default();
        let context = Context { trust_roots, bundles_only, annotations: &annotations, repository: repository.as_ref() };
        // What is written but broken has its own problem already: it counts as given below.
        let deprecated = deprecated::read(fields, context);
        let attestors = fields.optional("attestors").map(|node| attestors::read_sets(&node, context));
        let has_attestors = attestors.is_some() || deprecated.is_some();
        let attestations_node = fields.optional("attestations");
        let names = denial::written_names(attestations_node.as_ref());
        let attestations =
            attestations_node.as_ref().map(|node| attestations::read_rules(node, context, has_attestors));
        let denial = fields.optional("validate").map(|node| denial::read(&node, &names));
        if let (Some(node), true) = (annotations_node, attestations.is_some()) {
            node.problem_with_help(
                "annotations are part of signatures, and attestations have none, so Kyverno refuses every image here",
                "move the annotations to the entries under `attestors`",
            );
        }
        if !has_attestors && attestations.is_none() {
            check_block_without_rules(fields.node(), required, mutate_digest || verify_digest || denial.is_some());
        }

        let mut attestors = attestors.unwrap_or(Some(Vec::new()))?;
        let mut attestations = attestations.unwrap_or(Some(Vec::new()))?;
        if let Some(set) = deprecated {
            add_deprecated(set?, &mut attestors, &mut attestations);
        }
        let denial = given(denial)?;
        denial::check_names(fields.node(), &attestations, denial.as_ref());
        let mut image_references = if is_without_list { Vec::new() } else { image_references? };
        if let Some(image) = image {
            image_references.push(image?);
        }
        Some(Block {
            path: fields.node().path().to_owned(),
            image_references,
            skip_image_references,
            says_action: failure_action.is_some(),
            failure_action: failure_action.unwrap_or(default_action),
            always_pull: given(always_pull)?,
            attestors,
            attestations,
            denial,
            mutate_digest,
            verify_digest,
            required,
            repository,
        })
    })
}

/// The signer that the old fields name must have signed, or where there are attestations must have attested, whoever else
/// is asked for.
fn add_deprecated(set: AttestorSet, attestors: &mut Vec<AttestorSet>, attestations: &mut [AttestationRule]) {
    if attestations.is_empty() {
        attestors.push(set);
        return;
    }
    for rule in attestations {
        if rule.attestors.is_empty() {
            rule.attestors.clone_from(attestors);
        }
        rule.attestors.push(set.clone());
    }
}

fn read_cosign_oci11(fields: &mut Fields<'_>) {
    if let Some(node) = fields.optional("cosignOCI11")
        && node.boolean() == Some(true)
    {
        node.warning(
            "has no effect here: referrers are looked for wherever `evidence` says so",
            "remove it, and see `evidence`",
        );
    }
}

/// Credentials are the host's affair: it fetches, and the policy never sees one.
fn read_registry_credentials(fields: &mut Fields<'_>) {
    let Some(node) = fields.optional("imageRegistryCredentials") else { return };
    node.object(Place::RegistryCredentials, |fields| {
        for field in ["secrets", "providers", "helpers"] {
            if let Some(node) = fields.optional(field) {
                node.each(|node| node.text().map(drop));
            }
        }
        if let Some(node) = fields.optional("allowInsecureRegistry")
            && node.boolean() == Some(true)
        {
            node.warning(
                "has no effect here: the PolicyServer decides how it talks to registries",
                "list the registry under the PolicyServer's `insecureSources` or `sourceAuthorities`",
            );
        }
        Some(())
    });
    node.warning(
        "has no effect here: the PolicyServer fetches, with its own credentials",
        "give the credentials to the PolicyServer (`imagePullSecret`)",
    );
}

/// A block that names no attestor may ask for digests, and for nothing else.
fn check_block_without_rules(node: &Node<'_>, required: bool, wants_digest: bool) {
    if required {
        node.problem_with_help(
            "`required` can never be met: the block names neither attestors nor attestations",
            "name `attestors`, or set `required: false` if only the digest matters",
        );
    } else if wants_digest {
        node.warning(
            "the block verifies nothing: what it asks for is no matter of who made the image",
            "name `attestors` to say who must have signed",
        );
    } else {
        node.problem_with_help(
            "the block verifies nothing: it names neither attestors nor attestations, and asks for no digest",
            "name `attestors`, or remove the block",
        );
    }
}

fn read_patterns(node: &Node<'_>, lint: impl Fn(&Node<'_>, &ImagePattern)) -> Option<Vec<ImagePattern>> {
    node.each(|node| read_pattern(&node, &lint))
}

fn read_pattern(node: &Node<'_>, lint: impl Fn(&Node<'_>, &ImagePattern)) -> Option<ImagePattern> {
    let pattern = node.parsed(ImagePattern::parse)?;
    lint(node, &pattern);
    Some(pattern)
}

/// Whether `type` says SigstoreBundle. Both types mean the same here: signatures of either format are found.
fn names_bundles(node: &Node<'_>) -> bool {
    if node.value().as_str() == Some("Notary") {
        node.problem_with_help(
            "Notary signatures are not supported",
            "sign with cosign, and leave `type` out; a policy for Notary stays with Kyverno",
        );
        return false;
    }
    node.choice(&[("Cosign", false), ("SigstoreBundle", true)]).unwrap_or(false)
}

/// `None` where a field is given and wrong.
fn given<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    field.map_or(Some(None), |value| value.map(Some))
}

fn read_annotations(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    node.each_value(|node| node.text().map(str::to_owned))
}
