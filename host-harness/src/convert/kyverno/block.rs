//! One element of Kyverno's `verifyImages`, with its defaults written out and its traps disarmed.
//!
//! What comes out is in the same words. It differs where a field has another place or name today, where a regular
//! expression means more than it says, and where Kyverno ignores what its author believes active.

use serde_json::Value;
use sigwarden_core::settings::WholeRegex;

use super::super::patterns::{escaped, has_wildcard, whole_regex};
use super::super::reader::{Node, Object};
use super::super::report::{Reason, Reporter};
use super::super::tree::{Fields, Tree};

/// Deepest nesting of attestor sets: deeper ones are refused when the settings are read.
const MAX_DEPTH: usize = 16;

/// What the entries of a block need to know of it.
#[derive(Clone, Copy)]
struct Context {
    bundles: bool,
    /// For attestations, not for signatures.
    attested: bool,
    depth: usize,
}

/// Reads a block. `None`: nothing of it is left. `action` is written into it, if there is one.
pub(super) fn read(node: &Node<'_>, action: Option<&str>) -> Option<Fields> {
    let block = node.object()?;
    let bundles = match block.text("type") {
        Some("Notary") => {
            block.ignore_all();
            node.reporter.refuse(
                &node.path,
                "type",
                Reason::Notary,
                "Notary signatures are not read",
                "sign with cosign too, or leave this rule to Kyverno",
            );
            return None;
        }
        None | Some("Cosign") => false,
        Some("SigstoreBundle") => true,
        Some(other) => {
            block.ignore_all();
            node.reporter.refuse(
                &node.path,
                "type",
                Reason::Invalid,
                format!("`{other}` is no type of signature that is known"),
                "write Cosign or SigstoreBundle",
            );
            return None;
        }
    };
    let mut fields = Fields::new();
    let references = image_references(&block);
    warn_of_references(&block, &references);
    fields.add("imageReferences", references.iter().map(|text| Tree::from(text.as_str())).collect::<Vec<_>>());
    if let Some(node) = block.written("skipImageReferences") {
        fields.add("skipImageReferences", Tree::from(node.value));
        node.reporter.changed(
            &node.path,
            "skipped images are pinned all the same, and must have a digest",
            "skipped images are left alone",
        );
    }
    if bundles {
        fields.add("type", "SigstoreBundle");
    }
    fields.add_some("failureAction", action);
    read_attestors(&block, bundles, &mut fields);
    if let Some(node) = block.get("validate") {
        if block.get("attestations").is_none() {
            node.reporter.changed(&node.path, "never evaluated, since the block has no attestations", "evaluated");
        }
        fields.add("validate", Tree::from(node.value));
    }
    for key in ["annotations", "repository"] {
        if let Some(node) = block.get(key) {
            fields.add(key, Tree::from(node.value));
        }
    }
    for key in ["mutateDigest", "verifyDigest", "required"] {
        fields.add(key, block.flag(key, true));
    }
    elsewhere(&block);
    Some(fields)
}

fn elsewhere(block: &Object<'_>) {
    // Its action was read with those of the other blocks.
    block.ignore("failureAction");
    if block.get("useCache").is_some_and(|node| node.value == &Value::Bool(false)) {
        block.elsewhere("useCache", "nothing is cached here; a Kubewarden host keeps what it fetched for 60 seconds");
    }
    block.ignore("useCache");
    if block.flag("cosignOCI11", false) {
        block.elsewhere("cosignOCI11", "signatures are looked for in every place anyway");
    }
    block.elsewhere(
        "imageRegistryCredentials",
        "credentials belong to the PolicyServer (`spec.imagePullSecret`, `spec.insecureSources`, `spec.sourceAuthorities`)",
    );
    // Kyverno never looks at it either.
    block.elsewhere("additionalExtensions", "has no effect on a block, in Kyverno neither: write it under `keyless`");
}

fn image_references(block: &Object<'_>) -> Vec<String> {
    let mut references = block.get("imageReferences").map(|node| node.texts()).unwrap_or_default();
    references.extend(block.text("image").map(str::to_owned));
    if references.is_empty() {
        block.reporter.refuse(
            &block.at("imageReferences"),
            "imageReferences",
            Reason::Invalid,
            "names no images, so the block is for nothing",
            "name the images",
        );
    }
    references
}

/// What Kyverno's reading of these patterns overlooks, and ours does not.
fn warn_of_references(block: &Object<'_>, references: &[String]) {
    let path = block.at("imageReferences");
    let has_tag = |text: &String| {
        let name = text.rsplit('/').next().unwrap_or(text);
        name.contains(':') && !text.contains('@')
    };
    if let Some(text) = references.iter().find(|text| has_tag(text)) {
        block.reporter.changed(
            &path,
            &format!("`{text}` does not match an image that is given by digest, so that it is admitted unverified"),
            "it matches, and is verified",
        );
    }
    if let Some(text) = references.iter().find(|text| text.contains("docker.io")) {
        block.reporter.changed(
            &path,
            &format!("`{text}` matches one spelling only: `docker.io/x`, `docker.io/library/x` and `index.docker.io/library/x` are three names"),
            "they are one image, and each spelling is matched",
        );
    }
}

/// Attestors and attestations, and the older fields that stand for one attestor.
fn read_attestors(block: &Object<'_>, bundles: bool, fields: &mut Fields) {
    let reporter = block.reporter;
    let context = Context { bundles, attested: false, depth: 0 };
    let mut sets = block.written("attestors").map(|node| read_sets(&node, context));
    let attestations = block.written("attestations");
    if let Some(entry) = deprecated_attestor(block) {
        let set = Tree::from(Fields::new().with("entries", vec![Tree::from(entry)]));
        sets.get_or_insert_with(|| Tree::List(Vec::new()));
        if let Some(Tree::List(items)) = &mut sets {
            items.push(set);
        }
        if attestations.is_some() {
            reporter.changed(
                &block.path,
                "beside `attestations`, `key`, `issuer` and `subject` are lost, so that anybody may have attested",
                "they hold for signatures and attestations",
            );
        }
    }
    let has_attestors = sets.is_some();
    fields.add_some("attestors", sets);
    if let Some(node) = attestations {
        let items = match node.value {
            Value::Array(items) if !items.is_empty() => Tree::List(
                node.items().iter().filter_map(|item| read_attestation(item, bundles, has_attestors)).collect(),
            ),
            elided => Tree::from(elided),
        };
        fields.add("attestations", items);
    }
}

/// `key`, `issuer`, `subject` and `roots` as they were written before there were attestors.
fn deprecated_attestor(block: &Object<'_>) -> Option<Fields> {
    let roots = block.text("roots");
    let (subject, issuer) = (block.text("subject"), block.text("issuer"));
    let mut entry = Fields::new();
    if let Some(node) = block.get("key") {
        let key = node.text()?;
        if is_kms(key) {
            refuse_kms(&node, key);
            return None;
        }
        if issuer.is_some() || subject.is_some() {
            block.reporter.changed(
                &block.path,
                "`key` wins over `issuer` and `subject`, which do nothing",
                "the same; they are left out",
            );
        }
        entry.add("keys", Fields::new().with("publicKeys", pem(key)));
        return Some(entry);
    }
    let Some(issuer) = issuer else {
        if subject.is_some() || roots.is_some() {
            block.reporter.refuse(
                &block.path,
                "subject",
                Reason::Anybody,
                "`subject` and `roots` do nothing without `issuer`: nobody's signature is asked for",
                "write an attestor entry with `keyless.subject` and `keyless.issuer`",
            );
        }
        return None;
    };
    let mut keyless = Fields::new();
    let subject = subject.map(str::to_owned).or_else(|| anybody(&block.path, "subject", block.reporter))?;
    keyless.add("subject", subject);
    keyless.add("issuer", issuer);
    keyless.add_some("roots", roots);
    entry.add("keyless", keyless);
    Some(entry)
}

/// `*`, where the user lets anybody in; refused otherwise.
fn anybody(path: &str, field: &str, reporter: &Reporter<'_>) -> Option<String> {
    let allowed = format!("keyless.{field}");
    reporter.refuse(
        path,
        &allowed,
        Reason::Anybody,
        format!("says nothing about the {field}, so that any {field} will do"),
        "name who may sign; with --allow-loss the policy says `*`",
    );
    reporter.allows(&allowed).then(|| "*".to_owned())
}

fn read_sets(node: &Node<'_>, context: Context) -> Tree {
    match node.value {
        Value::Array(items) if !items.is_empty() => {
            Tree::List(node.items().iter().filter_map(|set| read_set(set, context)).collect())
        }
        // An elided list is for the settings to refuse.
        elided => Tree::from(elided),
    }
}

fn read_set(node: &Node<'_>, context: Context) -> Option<Tree> {
    let set = node.object()?;
    let mut fields = Fields::new();
    fields.add_some("count", set.get("count").map(|count| Tree::from(count.value)));
    let entries = set.written("entries").map(|node| match node.value {
        Value::Array(items) if !items.is_empty() => {
            Tree::List(node.items().iter().filter_map(|entry| read_entry(entry, context)).map(Tree::from).collect())
        }
        elided => Tree::from(elided),
    });
    fields.add_some("entries", entries);
    Some(Tree::from(fields))
}

fn read_entry(node: &Node<'_>, context: Context) -> Option<Fields> {
    let entry = node.object()?;
    let mut fields = Fields::new();
    let mut is_lost = false;
    if let Some(keys) = entry.get("keys") {
        match read_keys(&keys, context) {
            Some(keys) => fields.add("keys", keys),
            None => is_lost = true,
        }
    }
    if let Some(keyless) = entry.get("keyless") {
        match read_keyless(&keyless, context) {
            Some(keyless) => fields.add("keyless", keyless),
            None => is_lost = true,
        }
    }
    if let Some(certificates) = entry.object("certificates") {
        let mut inner = Fields::new();
        for key in ["cert", "certChain"] {
            inner.add_some(key, certificates.get(key).map(|node| Tree::from(node.value)));
        }
        if inner.get("cert").is_none() && inner.get("certChain").is_some() {
            entry.reporter.changed(
                &certificates.path,
                "`certChain` alone accepts everybody with a certificate of that authority",
                "the same, said aloud: `anySigner: true`; write `keyless` with `roots`, `subject` and `issuer` to name who may sign",
            );
            inner.add_why(
                "anySigner",
                true,
                "Everybody with a certificate of this authority is accepted, as in Kyverno.",
            );
        }
        add_logs(&certificates, context, &mut inner);
        fields.add("certificates", inner);
    }
    if let Some(nested) = entry.get("attestor") {
        if context.attested {
            nested.refuse(
                "attestations.attestors.attestor",
                Reason::Anybody,
                "a set nested under `attestations` is ignored by Kyverno, so that anybody may have attested",
                "write its entries into the attestation's own sets",
            );
            is_lost = true;
        } else if context.depth >= MAX_DEPTH {
            nested.refuse("attestor", Reason::Invalid, "sets are nested too deep", "flatten them");
            is_lost = true;
        } else {
            let deeper = Context { depth: context.depth.saturating_add(1), ..context };
            fields.add_some("attestor", read_set(&nested, deeper));
        }
    }
    for key in ["annotations", "repository"] {
        fields.add_some(key, entry.get(key).map(|node| Tree::from(node.value)));
    }
    if let Some(node) = entry.get("signatureAlgorithm") {
        // `keys.signatureAlgorithm` has a default, which always wins.
        node.reporter.changed(&node.path, "has no effect here", "left out; write it under `keys`");
    }
    (!is_lost).then_some(fields)
}

fn read_keys(node: &Node<'_>, context: Context) -> Option<Fields> {
    let keys = node.object()?;
    let mut fields = Fields::new();
    let public_keys = keys.get("publicKeys");
    let kms = keys.get("kms");
    let secret = keys.get("secret");
    // Kyverno looks at the first of the three.
    if let Some(node) = &public_keys {
        let text = node.text()?;
        if is_kms(text) {
            refuse_kms(node, text);
            return lost(&keys);
        }
        fields.add("publicKeys", pem(text));
        if kms.is_some() || secret.is_some() {
            keys.reporter.changed(
                &keys.path,
                "`publicKeys` wins over `secret` and `kms`, which do nothing",
                "the same; they are left out",
            );
        }
    } else if let Some(secret) = &secret {
        fields.add("secret", Tree::from(secret.value));
    } else if let Some(node) = &kms {
        refuse_kms(node, node.text()?);
        return lost(&keys);
    }
    fields.add_some("signatureAlgorithm", keys.get("signatureAlgorithm").map(|node| Tree::from(node.value)));
    add_logs(&keys, context, &mut fields);
    Some(fields)
}

fn lost<T>(object: &Object<'_>) -> Option<T> {
    object.ignore_all();
    None
}

fn is_kms(text: &str) -> bool {
    ["awskms://", "gcpkms://", "azurekms://", "hashivault://"]
        .iter()
        .any(|scheme| text.trim_start().starts_with(scheme))
}

fn refuse_kms(node: &Node<'_>, uri: &str) {
    node.refuse(
        "keys.kms",
        Reason::Kms,
        format!("`{uri}` is a key in a KMS, which a policy cannot call"),
        "print the public key (`cosign public-key --key URI`) and paste it under `publicKeys`",
    );
}

/// The PEM text as Kyverno reads it: what stands behind the last key is dropped there.
fn pem(text: &str) -> String {
    const END: &str = "-----END PUBLIC KEY-----";
    match text.rsplit_once(END) {
        Some((keys, _)) if keys.starts_with("-----BEGIN PUBLIC KEY-----") => format!("{keys}{END}\n"),
        _ => text.to_owned(),
    }
}

fn read_keyless(node: &Node<'_>, context: Context) -> Option<Fields> {
    let keyless = node.object()?;
    let mut fields = Fields::new();
    let mut parts = [None, None];
    for (part, exact, partial) in [(0_usize, "subject", "subjectRegExp"), (1, "issuer", "issuerRegExp")] {
        let written = keyless.get(exact).filter(|node| node.value != "");
        let regex = keyless.get(partial).filter(|node| node.value != "");
        let mut identity = Fields::new();
        if let Some(node) = &written {
            let text = node.text()?;
            if context.bundles && has_wildcard(text) {
                node.reporter.changed(
                    &node.path,
                    &format!("`{text}` is compared letter by letter for SigstoreBundle, so that its wildcards match nobody"),
                    "written as a regular expression for exactly this text; write the pattern without `type` if that is what is meant",
                );
                identity.add(partial, escaped(text));
            } else {
                identity.add(exact, text);
            }
        }
        if let Some(node) = regex {
            let text = node.text()?;
            if context.bundles && written.as_ref().and_then(|node| node.value.as_str()).is_some_and(has_wildcard) {
                let field = format!("keyless.{partial}");
                node.refuse(
                    &field,
                    // Either alone would admit more, so that neither is left out.
                    Reason::Settings,
                    format!("stands beside `{exact}` with a wildcard, and for SigstoreBundle both must match"),
                    "write one of them",
                );
                return lost(&keyless);
            }
            let whole = whole_regex(text);
            let is_met = |exact: &str| WholeRegex::parse(text).is_ok_and(|regex| regex.matches_loosely(exact));
            if context.bundles && written.as_ref().and_then(|node| node.value.as_str()).is_some_and(is_met) {
                node.reporter.changed(
                    &node.path,
                    &format!("for SigstoreBundle `{exact}` and `{partial}` must both match"),
                    &format!("left out: `{exact}` alone says the same, since it matches the expression"),
                );
            } else if whole == text {
                identity.set(partial, text);
            } else {
                node.reporter.changed(
                    &node.path,
                    &format!("`{text}` also matches a part of a longer text"),
                    &format!(
                        "expressions match the whole text, so `{whole}` says the same; anchor it (`^…$`) if it may not"
                    ),
                );
                if identity.get(partial).is_none() {
                    identity.add_why(partial, whole, &format!("Kyverno's `{text}` matches anywhere inside the text."));
                }
            }
        }
        if identity.is_empty() {
            let text = anybody(&node.path, exact, node.reporter);
            identity.add_some(exact, text);
        }
        if let Some(slot) = parts.get_mut(part) {
            *slot = Some(identity);
        }
    }
    for identity in parts.into_iter().flatten() {
        for field in identity.iter() {
            match &field.comment {
                Some(why) => fields.add_why(&field.key, field.value.clone(), why),
                None => fields.add(&field.key, field.value.clone()),
            }
        }
    }
    if let Some(node) = keyless.get("additionalExtensions") {
        let names = node.value.as_object().into_iter().flat_map(|map| map.keys());
        for name in names.filter(|name| !context.bundles && !is_known_extension(name)) {
            node.refuse(
                "additionalExtensions",
                Reason::Invalid,
                format!("Kyverno does not know `{name}`, and accepts nobody by it"),
                "leave it out; with --allow-loss it is honoured as it stands",
            );
        }
        fields.add("additionalExtensions", Tree::from(node.value));
    }
    if let Some(node) = keyless.get("roots") {
        if context.bundles {
            ignored_for_bundles(&node);
        } else {
            fields.add("roots", Tree::from(node.value));
        }
    }
    add_logs(&keyless, context, &mut fields);
    Some(fields)
}

/// The six that Kyverno looks at; by every other it accepts nobody.
fn is_known_extension(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "oidcIssuer",
        "githubWorkflowTrigger",
        "githubWorkflowSha",
        "githubWorkflowName",
        "githubWorkflowRepository",
        "githubWorkflowRef",
    ];
    let number = name.strip_prefix("1.3.6.1.4.1.57264.1.");
    NAMES.contains(&name) || number.is_some_and(|number| ["1", "2", "3", "4", "5", "6"].contains(&number))
}

/// `rekor` and `ctlog`.
fn add_logs(object: &Object<'_>, context: Context, fields: &mut Fields) {
    for (key, kept, trust) in [
        ("rekor", ["url", "ignoreTlog"].as_slice(), ["pubkey"].as_slice()),
        ("ctlog", &["ignoreSCT"], &["pubkey", "tsaCertChain"]),
    ] {
        let Some(inner) = object.object(key) else { continue };
        let mut parts = Fields::new();
        for name in kept {
            parts.add_some(name, inner.get(name).map(|node| Tree::from(node.value)));
        }
        for name in trust {
            let Some(node) = inner.get(name) else { continue };
            if context.bundles {
                ignored_for_bundles(&node);
            } else {
                parts.add(name, Tree::from(node.value));
            }
        }
        fields.add(key, parts);
    }
}

/// Trust that Kyverno ignores could admit what it refuses.
fn ignored_for_bundles(node: &Node<'_>) {
    node.reporter.changed(
        &node.path,
        "ignored for SigstoreBundle, where only the TUF trust root counts",
        "left out: the trust root `sigstore` counts; name another in `trustRoot` (and define it in `trustRoots`) if that is meant",
    );
}

fn read_attestation(node: &Node<'_>, bundles: bool, has_attestors: bool) -> Option<Tree> {
    let attestation = node.object()?;
    let mut fields = Fields::new();
    let kind = attestation.get("type").or_else(|| attestation.get("predicateType"));
    if let Some(older) = attestation.get("predicateType")
        && kind.as_ref().is_some_and(|kind| kind.value != older.value)
    {
        older.refuse(
            "attestations.predicateType",
            Reason::Invalid,
            "stands beside another `type`",
            "write `type` only",
        );
    }
    fields.add_some("type", kind.map(|node| Tree::from(node.value)));
    fields.add_some("name", attestation.get("name").map(|node| Tree::from(node.value)));
    let context = Context { bundles, attested: true, depth: 0 };
    match attestation.written("attestors") {
        Some(sets) => fields.add("attestors", read_sets(&sets, context)),
        None if has_attestors => attestation.reporter.changed(
            &node.path,
            "names no attestor: an attestation by anybody with a certificate will do",
            "it must come from the block's attestors, or from slsa-github-generator on behalf of one",
        ),
        None => {
            attestation.reporter.refuse(
                &node.path,
                "attestations.attestors",
                Reason::Anybody,
                "names no attestor, and neither does the block: an attestation by anybody with a certificate will do",
                "name who may attest; with --allow-loss the policy says `anySigner: true`",
            );
            if attestation.reporter.allows("attestations.attestors") {
                fields.add("anySigner", true);
            }
        }
    }
    // The settings read them as Kyverno does, and refuse what they do not know.
    fields.add_some("conditions", attestation.written("conditions").map(|node| Tree::from(node.value)));
    Some(Tree::from(fields))
}
