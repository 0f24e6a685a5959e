//! Other products' policies about images, as Kubewarden policies with our settings.
//!
//! Read are Kyverno's ClusterPolicy, Policy and ImageValidatingPolicy, policy-controller's ClusterImagePolicy, and the
//! settings of Kubewarden's verify-image-signatures. Nothing is dropped in silence: each field is taken up, or refused
//! because more would be admitted without it, or reported. What comes out is checked as a cluster would check it.

mod cluster_image_policy;
mod image_validating;
mod kyverno;
mod patterns;
pub(crate) mod plan;
mod reader;
pub mod report;
pub(crate) mod scope;
pub mod tree;
mod variables;
mod verify_image_signatures;
pub mod yaml;

use std::collections::BTreeSet;

use serde_json::Value;
use sigwarden_core::settings::Settings;

use cluster_image_policy::TrustRoots;
use plan::Plan;
pub use plan::Written;
use report::{Note, Origin, Reason, Reporter};
pub use variables::ConfigMaps;

/// What the user says beside the policies.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Fields to do without, although more is admitted then.
    pub allowed_losses: BTreeSet<String>,
    /// ConfigMaps whose values may be written out.
    pub config_maps: ConfigMaps,
    /// Where Kubewarden gets the module from; empty for the release of this program.
    pub module: String,
}

/// An object out of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: String,
    /// The object.
    pub value: Value,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Conversion {
    plans: Vec<Plan>,
    module: String,
    /// Everything there is to say.
    pub notes: Vec<Note>,
    /// How many policies were read.
    pub policies_read: usize,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Kyverno,
    ImageValidating,
    ClusterImagePolicy,
    VerifyImageSignatures,
    /// Its settings, without a policy around them.
    SignatureSettings,
}

/// Whether a document is a policy that can be converted, or is meant to be.
#[must_use]
pub fn is_convertible(document: &Value) -> bool {
    product(document).is_some()
}

fn product(document: &Value) -> Option<Product> {
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    let group = text("apiVersion").and_then(|version| version.split_once('/')).map(|(group, _)| group);
    match (group, text("kind")) {
        (Some("kyverno.io"), Some("ClusterPolicy" | "Policy")) => Some(Product::Kyverno),
        (Some(group), Some(kind)) if image_validating::is_policy(group, kind) => Some(Product::ImageValidating),
        (Some("policy.sigstore.dev"), Some("ClusterImagePolicy")) => Some(Product::ClusterImagePolicy),
        (Some("policies.kubewarden.io"), Some("ClusterAdmissionPolicy" | "AdmissionPolicy"))
            if verify_image_signatures::is_policy(document) =>
        {
            Some(Product::VerifyImageSignatures)
        }
        (None, None) if verify_image_signatures::are_settings(document) => Some(Product::SignatureSettings),
        _ => None,
    }
}

/// Where Kubewarden gets the module of this program's release from.
pub(crate) fn released_module() -> String {
    format!("registry://ghcr.io/sigwarden/policies/sigwarden:v{}", env!("CARGO_PKG_VERSION"))
}

/// The kind and name of an object.
fn name_of(document: &Value) -> String {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    match (text("/kind"), text("/metadata/name")) {
        (Some(kind), Some(name)) => format!("{kind} {name}"),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => "settings".to_owned(),
    }
}

/// Converts policies. ConfigMaps among the documents count as supplied.
#[must_use]
pub fn convert(documents: &[Document], options: &Options) -> Conversion {
    let mut config_maps = options.config_maps.clone();
    let mut trust_roots = TrustRoots::default();
    let is_supplied: Vec<bool> = documents
        .iter()
        .map(|document| config_maps.take(&document.value) || trust_roots.take(&document.value))
        .collect();
    let module = if options.module.is_empty() { released_module() } else { options.module.clone() };
    let mut conversion = Conversion { plans: Vec::new(), module, notes: Vec::new(), policies_read: 0 };
    let mut image_policies = Vec::new();
    let mut unneeded = options.allowed_losses.clone();
    for (document, is_supplied) in documents.iter().zip(is_supplied) {
        if is_supplied {
            continue;
        }
        let origin = Origin { file: document.file.clone(), object: name_of(&document.value) };
        let reporter = Reporter::new(origin, &options.allowed_losses);
        let product = product(&document.value);
        let plans = match product {
            Some(Product::Kyverno) => kyverno::read(&document.value, &reporter, &config_maps),
            Some(Product::ImageValidating) => image_validating::read(&document.value, &reporter),
            Some(Product::ClusterImagePolicy) => cluster_image_policy::read(&document.value, &reporter, &trust_roots),
            Some(Product::VerifyImageSignatures) => verify_image_signatures::read_policy(&document.value, &reporter),
            Some(Product::SignatureSettings) => verify_image_signatures::read_settings(&document.value, &reporter),
            None => {
                reporter.elsewhere("", "is no policy about images that can be converted: left out");
                conversion.notes.extend(reporter.into_notes());
                continue;
            }
        };
        // A policy of Kyverno about other things is none about images.
        let has_images = product != Some(Product::Kyverno)
            || !plans.is_empty()
            || reporter.is_refused()
            || kyverno::is_about_images(&document.value);
        conversion.policies_read = conversion.policies_read.saturating_add(usize::from(has_images));
        unneeded.retain(|field| !reporter.has_lost(field));
        let plans = joined(plans);
        plans.iter().filter(|plan| plan.namespaced).for_each(|plan| note_namespaced(plan, &reporter));
        if !reporter.is_refused() {
            check(&plans, &reporter);
        }
        if plans.is_empty() && !reporter.is_refused() {
            reporter.elsewhere("", "says nothing about images: left out");
        }
        // A policy is written whole or not at all.
        if !reporter.is_refused() {
            let written =
                if product == Some(Product::ClusterImagePolicy) { &mut image_policies } else { &mut conversion.plans };
            written.extend(plans);
        }
        conversion.notes.extend(reporter.into_notes());
    }
    if !image_policies.is_empty() {
        let origin = Origin { file: files_of(&image_policies), object: "ClusterImagePolicies together".to_owned() };
        let reporter = Reporter::new(origin, &options.allowed_losses);
        let together = cluster_image_policy::together(image_policies, &reporter);
        unneeded.retain(|field| !reporter.has_lost(field));
        if !reporter.is_refused() {
            conversion.plans.extend(together);
        }
        conversion.notes.extend(reporter.into_notes());
    }
    conversion.notes.extend(unneeded.into_iter().map(|field| Note::Elsewhere {
        origin: Origin { file: "command line".to_owned(), object: "--allow-loss".to_owned() },
        path: field,
        message: "nothing was refused by this name: it can be left out".to_owned(),
    }));
    conversion
}

/// What an AdmissionPolicy cannot do, or has to be allowed.
fn note_namespaced(plan: &Plan, reporter: &Reporter<'_>) {
    reporter.elsewhere(
        "metadata.namespace",
        "an AdmissionPolicy may ask its host for images only if the PolicyServer grants it (`spec.namespacedPoliciesCapabilities`)",
    );
    if !plan.scope.namespace.is_empty() {
        reporter.changed(
            "spec",
            "only where the namespace has these names or labels",
            "an AdmissionPolicy is for its one namespace, whatever its labels",
        );
    }
    if plan.reads_secrets() {
        reporter.refuse(
            "spec",
            "keys.secret",
            Reason::Unsupported,
            "names a key in a Secret, which an AdmissionPolicy may not read",
            "write the public key under `publicKeys`: it is no secret",
        );
    }
}

fn files_of(plans: &[Plan]) -> String {
    let files: BTreeSet<&str> = plans.iter().map(|plan| plan.origin.file.as_str()).collect();
    files.into_iter().collect::<Vec<_>>().join(", ")
}

/// Plans for the same requests become one.
fn joined(plans: Vec<Plan>) -> Vec<Plan> {
    let mut joined: Vec<Plan> = Vec::new();
    for plan in plans {
        match joined.iter_mut().find(|other| other.can_join(&plan)) {
            Some(other) => other.join(plan),
            None => joined.push(plan),
        }
    }
    joined
}

/// Reads the settings as the module will: what it would refuse is refused here, at the policy that it came from.
fn check(plans: &[Plan], reporter: &Reporter<'_>) {
    for plan in plans {
        let settings = tree::Tree::from(plan.settings()).to_value();
        for problem in Settings::parse(&settings).err().unwrap_or_default() {
            let help = problem.help.unwrap_or_else(|| "correct it in the policy".to_owned());
            let path = format!("settings: {}", problem.path);
            reporter.refuse(&path, "settings", Reason::Settings, problem.message, &help);
        }
    }
}

impl Conversion {
    /// Whether something was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.notes.iter().any(|note| matches!(note, Note::Refused { .. }))
    }

    /// The Kubewarden policies.
    #[must_use]
    pub fn policies(&self) -> Vec<Written> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut written: Vec<Written> = Vec::new();
        for plan in &self.plans {
            let siblings = self.plans.iter().filter(|other| other.origin == plan.origin).count();
            let name = plan.policy_name(siblings == 1);
            // Of two policies with one name the second would take the place of the first.
            let numbered = (2_usize..).map(|number| plan::suffixed(&name, &number.to_string()));
            let free = std::iter::once(name.clone())
                .chain(numbered)
                .find(|name| ![name.clone(), plan::suffixed(name, plan::PIN)].iter().any(|name| names.contains(name)))
                .unwrap_or_else(|| name.clone());
            names.extend([free.clone(), plan::suffixed(&free, plan::PIN)]);
            written.extend(plan.write(&free, &self.module));
        }
        written
    }

    /// The settings of the only policy that pins, where there is one for all requests.
    #[must_use]
    pub fn settings(&self) -> Option<Value> {
        let mut plans = self.plans.iter();
        let mut all = plans.next()?.clone();
        for plan in plans {
            if plan.scope != all.scope
                || plan.overrides != all.overrides
                || (!plan.overrides.is_empty() && plan.action != all.action)
                || plan.denies_unmatched != all.denies_unmatched
            {
                return None;
            }
            all.join(plan.clone());
        }
        Some(tree::Tree::from(all.settings()).to_value())
    }

    /// Whether every policy leaves out requests for this kind, subresource and operation.
    #[must_use]
    pub fn excludes(&self, kind: &str, subresource: &str, operation: &str) -> bool {
        !self.plans.is_empty() && self.plans.iter().all(|plan| plan.scope.excludes(kind, subresource, operation))
    }
}
