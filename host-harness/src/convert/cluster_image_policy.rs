//! policy-controller's ClusterImagePolicy, and the TrustRoots that it names.
//!
//! Every policy that matches an image must pass, and within one any authority will do: a block with one attestor set of
//! count 1. Policies of one conversion become one, because images that none of them matches are refused.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigwarden_core::evidence::COSIGN_TYPES;

use super::kyverno::matching::{merged, read_selector};
use super::patterns::whole_regex;
use super::plan::{Action, Plan};
use super::reader::{Node, Object, field_of};
use super::report::{Reason, Reporter};
use super::scope::{Requirement, Resource, Scope};
use super::tree::{Fields, Tree};
use super::verify_image_signatures::add_exact;

/// The label by which a namespace asks for policy-controller.
const OPT_IN: &str = "policy.sigstore.dev/include";
/// Where policy-controller looks for Secrets that are named without a namespace.
const OWN_NAMESPACE: &str = "cosign-system";
const REKOR: &str = "https://rekor.sigstore.dev";
const KMS_HELP: &str = "print the public key (`cosign public-key --key URI`) and write it under `key.data`";

/// TrustRoots by name, as they were supplied.
#[derive(Debug, Default)]
pub(super) struct TrustRoots(BTreeMap<String, Value>);

impl TrustRoots {
    /// Takes the object up, if it is a TrustRoot.
    pub(super) fn take(&mut self, document: &Value) -> bool {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        let is_root = text("/kind") == Some("TrustRoot")
            && text("/apiVersion").is_some_and(|version| version.starts_with("policy.sigstore.dev/"));
        if let (true, Some(name)) = (is_root, text("/metadata/name")) {
            self.0.insert(name.to_owned(), document.clone());
        }
        is_root
    }
}

/// One way to satisfy the policy.
struct Authority {
    /// Entries of an attestor set, any of which will do.
    entries: Vec<Fields>,
    attestations: Vec<Attestation>,
}

struct Attestation {
    predicate_type: String,
}

/// What became of an authority.
enum Reading {
    Asks(Authority),
    /// It is always satisfied.
    Passes,
    /// It is never satisfied.
    Fails(Option<String>),
    /// It was refused.
    Lost,
}

/// Reads a policy.
pub(super) fn read(document: &Value, reporter: &Reporter<'_>, trust_roots: &TrustRoots) -> Vec<Plan> {
    let Some((policy, spec)) = Object::policy(document, reporter) else { return Vec::new() };
    let name = policy.object("metadata").and_then(|metadata| {
        metadata.ignore_all();
        metadata.text("name").map(str::to_owned)
    });
    let action = match spec.text("mode") {
        None | Some("" | "enforce") => Action::Enforce,
        Some("warn") => Action::Audit,
        Some(other) => {
            let message = format!("`{other}` is no mode");
            reporter.refuse(&spec.at("mode"), "mode", Reason::Invalid, message, "write enforce or warn");
            Action::Enforce
        }
    };
    let patterns = read_patterns(&spec);
    let scopes = read_match(&spec);
    if let Some(policy) = spec.get("policy") {
        refuse_language(&policy, "policy");
    }
    let block = read_authorities(&spec, trust_roots, patterns, action);
    reporter.changed(
        "",
        "no tag is looked at: a mutating webhook writes digests, and a tag that is left is refused",
        "the same, by `mutateDigest` and `verifyDigest`; evidence is looked for in both formats, bundles and tags",
    );
    let name = name.unwrap_or_else(|| "cluster-image-policy".to_owned());
    let plan = |scope: Scope| Plan {
        origin: reporter.origin().clone(),
        name: name.clone(),
        part: "images".to_owned(),
        namespaced: false,
        namespace: None,
        scope,
        blocks: block.iter().cloned().collect(),
        action: Action::Enforce,
        overrides: Vec::new(),
        denies_unmatched: true,
        background: true,
        timeout: 10,
        only_watches: false,
        policy_server: None,
        trust_roots: Fields::new(),
    };
    if block.is_none() { Vec::new() } else { scopes.into_iter().map(plan).collect() }
}

/// What several policies say together. Images that none of them matches are refused, so they become one policy; where
/// they are for different requests there is none that could refuse those.
pub(super) fn together(plans: Vec<Plan>, reporter: &Reporter<'_>) -> Vec<Plan> {
    let mut together: Vec<Plan> = Vec::new();
    for plan in plans {
        match together.iter_mut().find(|other| other.scope == plan.scope) {
            Some(other) => {
                if !other.origin.object.contains(&plan.origin.object) {
                    other.origin.object = format!("{}, {}", other.origin.object, plan.origin.object);
                }
                other.name = "cluster-image-policies".to_owned();
                other.join(plan);
            }
            None => together.push(plan),
        }
    }
    if together.len() > 1 {
        reporter.refuse(
            "",
            "no-match-policy",
            Reason::Match,
            "the policies are for different kinds of objects, so that none of them knows which images no policy matches",
            "convert them one by one, each with its own rule for unmatched images",
        );
        together.iter_mut().for_each(|plan| plan.denies_unmatched = false);
    } else {
        reporter.changed(
            "",
            "what no policy matches is treated by `no-match-policy` of the controller's ConfigMap: `deny`, unless it says otherwise",
            "`unmatchedImages: deny`; write `warn` or `allow` if that is what the ConfigMap says",
        );
    }
    together
}

/// `images`: globs in which `*` stops at `/` and `**` does not.
fn read_patterns(spec: &Object<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for node in spec.items("images") {
        let Some(image) = node.object() else { continue };
        let Some(glob) = image.text("glob") else {
            node.refuse("images", Reason::Invalid, "has no `glob`", "name the images");
            continue;
        };
        let is_legal = |c: char| c.is_ascii_alphanumeric() || "-_:/*.@".contains(c);
        if !glob.chars().all(is_legal) || glob.is_empty() {
            node.refuse("images.glob", Reason::Invalid, format!("`{glob}` is no glob there"), "correct it");
            continue;
        }
        let pattern = match glob {
            "*" => "docker.io/library/*".to_owned(),
            "*/*" => "docker.io/*/*".to_owned(),
            other => collapsed(other),
        };
        let crosses_no_slash = glob.replace("**", "").contains('*');
        if crosses_no_slash || pattern != glob {
            let there = match glob {
                "*" | "*/*" => format!("`{glob}` is for Docker Hub's images only"),
                _ if crosses_no_slash => {
                    format!("`{glob}`: a single `*` stops at `/`, and images behind it are refused as unmatched")
                }
                _ => format!("`{glob}`: `**` goes over `/`"),
            };
            node.reporter.changed(
                &node.path,
                &there,
                &format!("`{pattern}`: `*` goes over `/` and `:`; what it reaches is verified"),
            );
        }
        patterns.push(pattern);
    }
    if patterns.is_empty() {
        spec.reporter.refuse(&spec.at("images"), "images", Reason::Invalid, "names no images", "name the images");
    }
    patterns
}

/// Runs of stars as one.
fn collapsed(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len());
    for character in glob.chars() {
        if !(character == '*' && pattern.ends_with('*')) {
            pattern.push(character);
        }
    }
    pattern
}

fn read_match(spec: &Object<'_>) -> Vec<Scope> {
    let namespace = Requirement::is(OPT_IN, "true");
    spec.reporter.changed(
        "",
        &format!("for namespaces that carry the label `{OPT_IN}=true`"),
        "the same, as `namespaceSelector`; remove it to be asked everywhere",
    );
    let mut scopes = Vec::new();
    let elements = spec.items("match");
    for node in &elements {
        let Some(element) = node.object() else { continue };
        let (group, resource) =
            (element.text("group").unwrap_or_default(), element.text("resource").unwrap_or_default());
        let version = element.text("version").unwrap_or("v1");
        let is_meant = |one: &Resource| {
            one.group() == group
                && (one.plural() == resource || (*one == Resource::EphemeralContainers && resource == "pods"))
        };
        let mut scope =
            Scope { resources: Resource::ALL.into_iter().filter(is_meant).collect(), ..Scope::everything() };
        if scope.resources.is_empty() || version != "v1" {
            let message = format!("`{group}/{version} {resource}` is not made of Pods");
            node.refuse("match", Reason::Kinds, message, "remove it, or leave this policy where it is");
            continue;
        }
        if let Some(selector) = element.get("selector") {
            scope.object = read_selector(&selector, spec.reporter);
        }
        scopes.push(scope);
    }
    if elements.is_empty() {
        scopes.push(Scope::everything());
    }
    for scope in &mut scopes {
        scope.namespace.insert(namespace.clone());
    }
    merged(scopes)
}

/// A policy in CUE or Rego.
fn refuse_language(node: &Node<'_>, field: &str) {
    let Some(policy) = node.object() else { return };
    policy.ignore_all();
    let (reason, language) = match policy.text("type") {
        Some("rego") => (Reason::Rego, "Rego"),
        _ => (Reason::Cue, "CUE"),
    };
    node.refuse(
        field,
        reason,
        format!("what must hold is said in {language}, which is not translated"),
        "write it as `conditions` of the attestation in the converted policy",
    );
}

/// The block for all authorities. `None` where nothing can be written.
fn read_authorities(
    spec: &Object<'_>,
    trust_roots: &TrustRoots,
    patterns: Vec<String>,
    action: Action,
) -> Option<Fields> {
    let reporter = spec.reporter;
    let nodes = spec.items("authorities");
    let pattern_texts = patterns.clone();
    let mut block = Fields::new()
        .with("imageReferences", patterns.into_iter().map(Tree::from).collect::<Vec<_>>())
        .with("failureAction", action.name());
    let (mut asking, mut passes, mut failure, mut is_lost) = (Vec::new(), false, None, false);
    for node in &nodes {
        match read_authority(node, trust_roots) {
            Some(Reading::Asks(authority)) => asking.push(authority),
            Some(Reading::Passes) => passes = true,
            Some(Reading::Fails(message)) => failure = Some(message),
            Some(Reading::Lost) | None => is_lost = true,
        }
    }
    if passes {
        if let Some(pattern) = pattern_texts.iter().find(|text| text.contains('*') || text.contains("docker.io")) {
            reporter.refuse(
                &spec.at("authorities"),
                "static",
                Reason::Anybody,
                format!("`{pattern}` admits unsigned images, and matches more of them here: `*` crosses `/`, and all spellings of docker.io are one"),
                "name the images one by one, or allow the loss with --allow-loss static",
            );
        }
        if nodes.len() > 1 {
            reporter.changed(
                &spec.at("authorities"),
                "one authority passes always, so that the others decide nothing",
                "no signature is asked for",
            );
        }
        let digests = Fields::new().with("mutateDigest", true).with("verifyDigest", true).with("required", false);
        digests.iter().for_each(|field| block.add(&field.key, field.value.clone()));
        return Some(block);
    }
    match (asking.as_slice(), failure) {
        ([], Some(message)) if !is_lost => {
            let message = message.unwrap_or_else(|| "these images are not admitted".to_owned());
            let always = json!({"any": [{"key": "always", "operator": "Equals", "value": "always"}]});
            block.add(
                "validate",
                Fields::new()
                    .with("message", message)
                    .with("deny", Fields::new().with("conditions", Tree::from(&always))),
            );
            block.add("required", false);
        }
        ([], _) => {
            if !is_lost {
                reporter.refuse(
                    &spec.at("authorities"),
                    "authorities",
                    Reason::Invalid,
                    "names no authority that could ever be satisfied",
                    "name a key or identities",
                );
            }
            return None;
        }
        _ => {
            add_rules(&mut block, asking, spec)?;
            block.add("required", true);
        }
    }
    block.add("mutateDigest", true);
    block.add("verifyDigest", true);
    Some(block)
}

/// Any of the authorities will do.
fn add_rules(block: &mut Fields, authorities: Vec<Authority>, spec: &Object<'_>) -> Option<()> {
    let any_of = |entries: Vec<Fields>| {
        let entries: Vec<Tree> = entries.into_iter().map(Tree::from).collect();
        Tree::from(Fields::new().with("count", 1_u64).with("entries", entries))
    };
    let types = |authority: &Authority| -> Vec<String> {
        authority.attestations.iter().map(|attestation| attestation.predicate_type.clone()).collect()
    };
    let first = authorities.first().map(types)?;
    let authorities_count = authorities.len();
    if authorities.iter().any(|authority| types(authority) != first) {
        // What asks for something that cannot be said has been refused already.
        if spec.reporter.is_refused() {
            return None;
        }
        spec.reporter.refuse(
            &spec.at("authorities"),
            "authorities",
            Reason::Unsupported,
            "some authorities ask for attestations and others for something else, and any of them will do",
            "split them into policies of their own, or drop all but one",
        );
        return None;
    }
    if first.is_empty() {
        let entries = authorities.into_iter().flat_map(|authority| authority.entries).collect();
        block.add("attestors", vec![any_of(entries)]);
        return Some(());
    }
    let entries: Vec<Fields> = authorities.into_iter().flat_map(|authority| authority.entries).collect();
    if authorities_count > 1 && first.len() > 1 {
        spec.reporter.refuse(
            &spec.at("authorities"),
            "authorities",
            Reason::Unsupported,
            "one authority must have attested all of several types, and any of several authorities will do",
            "split them into policies of their own, or drop all but one",
        );
        return None;
    }
    let attestation = |predicate_type: String| {
        let mut fields = Fields::new().with("type", predicate_type);
        fields.add_why("match", "any", "One good attestation of several is enough for policy-controller.");
        Tree::from(fields.with("attestors", vec![any_of(entries.clone())]))
    };
    let attestations: Vec<Tree> = first.into_iter().map(attestation).collect();
    block.add("attestations", attestations);
    Some(())
}

fn read_authority(node: &Node<'_>, trust_roots: &TrustRoots) -> Option<Reading> {
    let authority = node.object()?;
    authority.ignore("name");
    if let Some(fixed) = authority.object("static") {
        for key in ["ctlog", "attestations", "source", "signatureFormat"] {
            authority.elsewhere(key, "has no effect beside `static`");
        }
        let message = fixed.text("message").map(str::to_owned);
        return match fixed.text("action") {
            Some("pass") => Some(Reading::Passes),
            Some("fail") => Some(Reading::Fails(message)),
            _ => {
                node.refuse(
                    "static",
                    Reason::Invalid,
                    "is neither pass nor fail",
                    "write `action: pass` or `action: fail`",
                );
                Some(Reading::Lost)
            }
        };
    }
    if authority.text("signatureFormat") == Some("bundle") {
        node.reporter.changed(
            &authority.at("signatureFormat"),
            "reads bundles only, and of signatures none",
            "both formats are read",
        );
    }
    let ctlog = authority.object("ctlog");
    let timestamps = authority.object("rfc3161timestamp");
    let mut logs = Logs::default();
    if let Some(ctlog) = &ctlog {
        logs.read_ctlog(ctlog, trust_roots);
    }
    let key = authority.get("key");
    if let Some(timestamps) = &timestamps {
        node.refuse(
            "rfc3161timestamp",
            Reason::Unsupported,
            "asks for a timestamp of each signature, and here none is required",
            "ask for a log entry instead (`ctlog.url`), or leave this policy where it is",
        );
        logs.read_timestamps(timestamps, trust_roots);
    }
    let source = Source::read(&authority);
    let attestations: Vec<Attestation> = authority.items("attestations").iter().filter_map(read_attestation).collect();
    let is_for_attestations = !attestations.is_empty();
    let keyless = authority.object("keyless");
    let entries = match (key, keyless) {
        (Some(key), None) => read_key(&key, &logs, is_for_attestations),
        (None, Some(keyless)) => match read_keyless(&keyless, &mut logs, trust_roots) {
            Some(Some(entries)) => Some(entries),
            // `ca-cert` is never satisfied there.
            Some(None) => return Some(Reading::Fails(None)),
            None => None,
        },
        _ => {
            node.refuse(
                "authorities",
                Reason::Invalid,
                "must name one of `key`, `keyless` and `static`",
                "write one authority for each",
            );
            None
        }
    };
    let Some(mut entries) = entries else { return Some(Reading::Lost) };
    for entry in &mut entries {
        entry.add_some("repository", source.repository.as_deref());
    }
    Some(Reading::Asks(Authority { entries, attestations }))
}

/// Where signatures are, if not beside the image.
#[derive(Default)]
struct Source {
    repository: Option<String>,
}

impl Source {
    fn read(authority: &Object<'_>) -> Self {
        let mut source = Self::default();
        for (index, node) in authority.items("source").iter().enumerate() {
            let Some(object) = node.object() else { continue };
            object.elsewhere("signaturePullSecrets", "credentials belong to the PolicyServer (`spec.imagePullSecret`)");
            let repository = object.text("oci").map(str::to_owned);
            if let Some(prefix) = object.get("tagPrefix") {
                prefix.refuse(
                    "source.tagPrefix",
                    Reason::Unsupported,
                    "signatures lie under tags with a prefix, which are not looked at",
                    "publish the evidence (`sigwarden publish`), and convert with --allow-loss source.tagPrefix",
                );
            }
            if index == 0 {
                source.repository = repository;
            } else {
                node.reporter.changed(
                    &node.path,
                    "looked at after the first source",
                    "left out: the first source only",
                );
            }
        }
        source
    }
}

/// What vouches for the time of a signature, and whose keys that are.
#[derive(Default)]
struct Logs {
    url: Option<String>,
    ignores_log: bool,
    rekor_keys: String,
    ct_keys: String,
    timestamp_chain: String,
}

impl Logs {
    fn read_ctlog(&mut self, ctlog: &Object<'_>, trust_roots: &TrustRoots) {
        self.url = ctlog.text("url").map(str::to_owned);
        if let Some(url) = &self.url
            && url.trim_end_matches('/') != REKOR
        {
            ctlog.reporter.changed(
                &ctlog.at("url"),
                &format!("the log at `{url}`, by the keys of the controller's trust root"),
                "no log is asked: signatures carry its proof, and its key must be in the trust root (`trustRoots`)",
            );
        }
        if let Some(node) = ctlog.get("trustRootRef") {
            self.rekor_keys = needed(&node, keys_of(&node, trust_roots).rekor, "tLogs");
            self.url.get_or_insert_with(|| REKOR.to_owned());
        }
    }

    fn read_timestamps(&mut self, timestamps: &Object<'_>, trust_roots: &TrustRoots) {
        self.ignores_log = true;
        if let Some(node) = timestamps.get("trustRootRef") {
            self.timestamp_chain = needed(&node, keys_of(&node, trust_roots).timestamps, "timestampAuthorities");
        }
    }

    fn write(&self, fields: &mut Fields, is_keyless: bool, ignores_sct: bool) {
        let mut rekor = Fields::new();
        // Keys need a log only where one is named.
        let is_logged = !self.ignores_log && (is_keyless || self.url.is_some());
        if is_logged {
            rekor.add("url", self.url.as_deref().unwrap_or(REKOR));
        } else {
            rekor.add_why("ignoreTlog", true, "policy-controller asks no log here.");
            if is_keyless {
                rekor.add("url", REKOR);
            }
        }
        if !self.rekor_keys.is_empty() {
            rekor.add("pubkey", self.rekor_keys.as_str());
        }
        fields.add("rekor", rekor);
        let mut ctlog = Fields::new();
        if ignores_sct {
            ctlog.add("ignoreSCT", true);
        }
        if !self.ct_keys.is_empty() {
            ctlog.add("pubkey", self.ct_keys.as_str());
        }
        if !self.timestamp_chain.is_empty() {
            ctlog.add("tsaCertChain", self.timestamp_chain.as_str());
        }
        if !ctlog.is_empty() {
            fields.add("ctlog", ctlog);
        }
    }
}

/// The keys of a TrustRoot as PEM text.
#[derive(Default)]
struct Keys {
    authorities: String,
    rekor: String,
    ct: String,
    timestamps: String,
}

/// The keys of the TrustRoot that is named. Without it there are none, and the policy is refused.
fn keys_of(reference: &Node<'_>, trust_roots: &TrustRoots) -> Keys {
    known_keys(reference, trust_roots).unwrap_or_default()
}

fn known_keys(reference: &Node<'_>, trust_roots: &TrustRoots) -> Option<Keys> {
    let name = reference.text()?;
    let Some(root) = trust_roots.0.get(name) else {
        reference.refuse(
            "trustRootRef",
            Reason::Context,
            format!("TrustRoot `{name}` was not supplied"),
            "give its file too: `kubectl get trustroot NAME -o yaml`",
        );
        return None;
    };
    let Some(keys) = root.pointer("/spec/sigstoreKeys") else {
        reference.refuse(
            "trustRootRef",
            Reason::Context,
            format!("TrustRoot `{name}` is fetched by TUF, so that its keys are not known here"),
            "put its trusted_root.json into `trustRoots` of the converted policy, and name that in `trustRoot`",
        );
        return None;
    };
    let texts = |list: &str, field: &str| {
        let entries = keys.get(list).and_then(Value::as_array).into_iter().flatten();
        let texts = entries.filter_map(|entry| entry.get(field).and_then(Value::as_str)).map(pem);
        texts.collect::<Vec<_>>().concat()
    };
    Some(Keys {
        authorities: texts("certificateAuthorities", "certChain"),
        rekor: texts("tLogs", "publicKey"),
        ct: texts("ctLogs", "publicKey"),
        timestamps: texts("timestampAuthorities", "certChain"),
    })
}

/// Keys that are there. Without them the module would fall back on those of the public Sigstore.
fn needed(reference: &Node<'_>, keys: String, list: &str) -> String {
    if keys.trim().is_empty() {
        reference.reporter.refuse(
            &reference.path,
            "trustRootRef",
            Reason::Settings,
            format!("names a TrustRoot without `{list}`, so that nobody is trusted by it"),
            "complete the TrustRoot, or name another",
        );
    }
    keys
}

/// PEM text, which the API holds in base64.
fn pem(text: &str) -> String {
    let compact: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pem = decoded.unwrap_or_else(|| text.to_owned());
    format!("{}\n", pem.trim_end())
}

fn read_key(node: &Node<'_>, logs: &Logs, is_for_attestations: bool) -> Option<Vec<Fields>> {
    let key = node.object()?;
    let mut keys = Fields::new();
    let algorithm = key.text("hashAlgorithm").filter(|name| !name.is_empty());
    if let Some(kms) = key.get("kms") {
        kms.refuse("key.kms", Reason::Kms, "a key in a KMS, which a policy cannot call", KMS_HELP);
        key.ignore_all();
        return None;
    }
    let data = key.text("data").filter(|data| !data.is_empty());
    let several = data.map_or(0, |data| data.matches("-----BEGIN ").count()) > 1;
    match (data, key.object("secretRef")) {
        (Some(data), None) => keys.add("publicKeys", data),
        (None, Some(secret)) => {
            let name = secret.text("name")?;
            let namespace = secret.text("namespace").unwrap_or(OWN_NAMESPACE);
            secret.reporter.changed(
                &secret.path,
                "whatever key is in the Secret, by any name",
                "the key under `cosign.pub`; the policy needs access to the Secret (`contextAwareResources`)",
            );
            keys.add("secret", Fields::new().with("name", name).with("namespace", namespace));
        }
        _ => {
            node.refuse("key", Reason::Invalid, "must have one of `data`, `secretRef` and `kms`", "write one of them");
            return None;
        }
    }
    keys.add_some("signatureAlgorithm", algorithm);
    logs.write(&mut keys, false, false);
    if several && is_for_attestations {
        node.refuse(
            "key.data",
            Reason::Unsupported,
            "several keys in one text must all have attested, and other authorities may stand beside them",
            "write the converted policy's attestor sets by hand: one for each key",
        );
    }
    Some(vec![Fields::new().with("keys", keys)])
}

/// The entries, one for each identity. `Some(None)`: never satisfied there.
fn read_keyless(keyless: &Object<'_>, logs: &mut Logs, trust_roots: &TrustRoots) -> Option<Option<Vec<Fields>>> {
    let url = keyless.get("url");
    let identities = keyless.items("identities");
    if let Some(node) = keyless.get("ca-cert") {
        let authority = node.object()?;
        authority.ignore_all();
        if url.is_some() {
            node.refuse(
                "ca-cert",
                Reason::Invalid,
                "stands beside `url`, which policy-controller refuses",
                "write one of them",
            );
            return None;
        }
        node.reporter.changed(
            &node.path,
            "is read, and never satisfied: policy-controller then misses `url`",
            "this authority is left out",
        );
        keyless.ignore_all();
        return Some(None);
    }
    if let Some(url) = &url
        && url.value.as_str().is_none_or(|text| text.trim_end_matches('/') != "https://fulcio.sigstore.dev")
    {
        url.reporter.changed(
            &url.path,
            "the authority at this address, by the certificates of the controller's trust root",
            "no address is asked: the authority's certificate must be in the trust root (`trustRoots`)",
        );
    }
    let mut roots = String::new();
    if let Some(node) = keyless.get("trustRootRef") {
        let keys = keys_of(&node, trust_roots);
        roots = needed(&node, keys.authorities, "certificateAuthorities");
        logs.ct_keys = keys.ct;
    }
    let ignores_sct = keyless.flag("insecureIgnoreSCT", false);
    if identities.is_empty() {
        keyless.reporter.refuse(
            &keyless.at("identities"),
            "keyless.identities",
            Reason::Invalid,
            "names no identity, which policy-controller refuses",
            "name who signs",
        );
        return None;
    }
    let mut entries = Vec::new();
    for node in &identities {
        let identity = node.object()?;
        let mut fields = Fields::new();
        for (exact, partial) in [("subject", "subjectRegExp"), ("issuer", "issuerRegExp")] {
            add_identity(&identity, &mut fields, exact, partial)?;
        }
        if !roots.is_empty() {
            fields.add("roots", roots.as_str());
        }
        logs.write(&mut fields, true, ignores_sct);
        entries.push(Fields::new().with("keyless", fields));
    }
    Some(Some(entries))
}

/// An exact text, or an expression that there matches a part.
pub(super) fn add_identity(identity: &Object<'_>, fields: &mut Fields, exact: &str, partial: &str) -> Option<()> {
    let text = identity.text(exact).filter(|text| !text.is_empty());
    let regex = identity.text(partial).filter(|text| !text.is_empty());
    match (text, regex) {
        (Some(text), None) => add_exact(fields, exact, partial, text),
        (None, Some(regex)) => {
            let whole = whole_regex(regex);
            if whole == regex {
                fields.add(partial, regex);
            } else {
                identity.reporter.changed(
                    &identity.at(partial),
                    &format!("`{regex}` also matches a part of a longer text"),
                    &format!(
                        "expressions match the whole text, so `{whole}` says the same; anchor it (`^…$`) if it may not"
                    ),
                );
                fields.add_why(partial, whole, &format!("`{regex}` matched anywhere inside the text."));
            }
        }
        (Some(_), Some(_)) => {
            let path = identity.at(exact);
            identity.reporter.refuse(
                &path,
                &field_of(&path),
                Reason::Invalid,
                format!("`{exact}` stands beside `{partial}`"),
                "write one of them",
            );
            return None;
        }
        (None, None) => {
            let allowed = format!("keyless.{exact}");
            identity.reporter.refuse(
                &identity.path,
                &allowed,
                Reason::Anybody,
                format!("says nothing about the {exact}, so that any {exact} would do"),
                "name who may sign; with --allow-loss the policy says `*`",
            );
            if !identity.reporter.allows(&allowed) {
                return None;
            }
            fields.add(exact, "*");
        }
    }
    Some(())
}

fn read_attestation(node: &Node<'_>) -> Option<Attestation> {
    let attestation = node.object()?;
    attestation.ignore("name");
    if let Some(policy) = attestation.get("policy") {
        refuse_language(&policy, "attestations.policy");
    }
    let Some(written) = attestation.text("predicateType").filter(|written| !written.is_empty()) else {
        node.refuse(
            "attestations.predicateType",
            // Without it no attestation would be asked for at all.
            Reason::Settings,
            "names no `predicateType`, which policy-controller refuses",
            "name the type",
        );
        return None;
    };
    let predicate_type = COSIGN_TYPES
        .iter()
        .find(|(short, _)| *short == written)
        .map_or_else(|| written.to_owned(), |(_, uri)| (*uri).to_owned());
    Some(Attestation { predicate_type })
}
