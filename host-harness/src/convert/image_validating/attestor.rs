//! Attestors of an ImageValidatingPolicy: cosign's keys, identities and certificates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::cluster_image_policy::add_identity;
use super::super::reader::{Node, Object};
use super::super::report::Reason;
use super::super::tree::{Fields, Tree};

const REKOR: &str = "https://rekor.sigstore.dev";
const INLINE: &str = "write the value itself";

/// An attestor: any of these entries satisfies it.
pub(super) type Attestor = Vec<Fields>;

/// Reads one, and its name. Its trust root, if it has one of its own, goes to `trust_roots`.
pub(super) fn read(node: &Node<'_>, trust_roots: &mut Fields) -> Option<(String, Attestor)> {
    let attestor = node.object()?;
    let name = attestor.text("name")?.to_owned();
    if let Some(notary) = attestor.object("notary") {
        notary.ignore_all();
        node.refuse(
            "attestors.notary",
            Reason::Notary,
            "Notary signatures are not read",
            "sign with cosign too, or leave this policy to Kyverno",
        );
        return None;
    }
    let cosign = attestor.object("cosign")?;
    let mut logs = Logs::read(&cosign);
    let mut common = Fields::new();
    if let Some(source) = cosign.object("source") {
        common.add_some("repository", source.text("repository"));
        for key in ["PullSecrets", "pullSecrets"] {
            source.elsewhere(key, "credentials belong to the PolicyServer (`spec.imagePullSecret`)");
        }
        if let Some(prefix) = source.get("tagPrefix") {
            prefix.refuse(
                "source.tagPrefix",
                Reason::Unsupported,
                "signatures lie under tags with a prefix, which are not looked at",
                "publish the evidence (`sigwarden publish`), and convert with --allow-loss source.tagPrefix",
            );
        }
    }
    common.add_some("annotations", cosign.get("annotations").map(|node| Tree::from(node.value)));
    read_trust(&cosign, &name, &mut logs, trust_roots);
    let entries = if let Some(key) = cosign.get("key") {
        read_key(&key, &logs)
    } else if let Some(keyless) = cosign.object("keyless") {
        read_keyless(&keyless, &logs)
    } else if let Some(certificate) = cosign.get("certificate") {
        read_certificate(&certificate, &logs)
    } else {
        node.refuse("attestors.cosign", Reason::Invalid, "names nobody", "write `key`, `keyless` or `certificate`");
        None
    };
    let add_common = |mut entry: Fields| {
        common.iter().for_each(|field| entry.add(&field.key, field.value.clone()));
        entry
    };
    Some((name, entries?.into_iter().map(add_common).collect()))
}

fn read_trust(cosign: &Object<'_>, name: &str, logs: &mut Logs, trust_roots: &mut Fields) {
    if let Some(tuf) = cosign.get("tuf") {
        tuf.refuse(
            "tuf",
            Reason::Context,
            "the trust root is fetched by TUF, so that its keys are not known here",
            "fetch it once, and write it as `trustedRoot.value`",
        );
        if let Some(inner) = tuf.object() {
            inner.ignore_all();
        }
    }
    let Some(root) = cosign.object("trustedRoot") else { return };
    let Some(node) = root.get("value") else {
        refuse_expression(&root, "trustedRoot.expression");
        return;
    };
    let Some(text) = node.text() else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            trust_roots.set(name, Tree::from(&value));
            logs.trust_root = Some(name.to_owned());
        }
        Err(error) => {
            node.refuse("trustedRoot", Reason::Invalid, format!("is no JSON: {error}"), "write a trusted_root.json")
        }
    }
}

fn refuse_expression(object: &Object<'_>, field: &str) {
    object.ignore_all();
    object.reporter.refuse(&object.path, field, Reason::Cel, "is computed by CEL for each request", INLINE);
}

/// `ctlog`: the transparency log, the log of certificates, and timestamps.
#[derive(Default)]
struct Logs {
    rekor: Fields,
    ctlog: Fields,
    trust_root: Option<String>,
}

impl Logs {
    fn read(cosign: &Object<'_>) -> Self {
        let mut logs = Self::default();
        let Some(ctlog) = cosign.object("ctlog") else {
            logs.rekor.add("url", REKOR);
            return logs;
        };
        let ignores_log = ctlog.flag("insecureIgnoreTlog", false);
        let url = ctlog.text("url");
        if url.is_none() && !ignores_log {
            ctlog.reporter.refuse(
                &ctlog.path,
                "ctlog",
                Reason::Invalid,
                "has neither `url` nor `insecureIgnoreTlog`, which is an error for every image",
                "write the log's `url`, or remove `ctlog`",
            );
        }
        logs.rekor.add("url", url.unwrap_or(REKOR));
        if ignores_log {
            logs.rekor.add("ignoreTlog", true);
        }
        logs.rekor.add_some("pubkey", ctlog.text("rekorPubKey"));
        if ctlog.flag("insecureIgnoreSCT", false) {
            logs.ctlog.add("ignoreSCT", true);
        }
        logs.ctlog.add_some("pubkey", ctlog.text("ctLogPubKey"));
        logs.ctlog.add_some("tsaCertChain", ctlog.text("tsaCertChain"));
        logs
    }

    fn add_to(&self, fields: &mut Fields) {
        fields.add("rekor", self.rekor.clone());
        if !self.ctlog.is_empty() {
            fields.add("ctlog", self.ctlog.clone());
        }
        fields.add_some("trustRoot", self.trust_root.as_deref());
    }
}

fn read_key(node: &Node<'_>, logs: &Logs) -> Option<Attestor> {
    let key = node.object()?;
    if let Some(kms) = key.get("kms") {
        kms.refuse(
            "key.kms",
            Reason::Kms,
            "a key in a KMS, which a policy cannot call",
            "print the public key (`cosign public-key --key URI`) and write it under `key.data`",
        );
        key.ignore_all();
        return None;
    }
    if key.get("expression").is_some() {
        refuse_expression(&key, "key.expression");
        return None;
    }
    let Some(data) = key.text("data") else {
        node.refuse("key", Reason::Invalid, "has no `data`", "write the public key as PEM text");
        return None;
    };
    let mut keys = Fields::new().with("publicKeys", data);
    keys.add_some("signatureAlgorithm", key.text("hashAlgorithm").filter(|name| !name.is_empty()));
    logs.add_to(&mut keys);
    Some(vec![Fields::new().with("keys", keys)])
}

fn read_keyless(keyless: &Object<'_>, logs: &Logs) -> Option<Attestor> {
    let roots = keyless.text("roots").filter(|roots| !roots.is_empty());
    let identities = keyless.items("identities");
    if identities.is_empty() {
        keyless.reporter.refuse(
            &keyless.path,
            "keyless.identities",
            Reason::Anybody,
            "names no identity, so that anybody's signature will do",
            "name who may sign",
        );
        return None;
    }
    let mut entries = Vec::new();
    for node in &identities {
        let identity = node.object()?;
        let mut fields = Fields::new();
        // The expression wins there where both are written.
        for (exact, partial) in [("subject", "subjectRegExp"), ("issuer", "issuerRegExp")] {
            add_identity(&identity, &mut fields, exact, partial)?;
        }
        fields.add_some("roots", roots);
        logs.add_to(&mut fields);
        entries.push(Fields::new().with("keyless", fields));
    }
    Some(entries)
}

fn read_certificate(node: &Node<'_>, logs: &Logs) -> Option<Attestor> {
    let certificate = node.object()?;
    let mut fields = Fields::new();
    for (key, name) in [("cert", "cert"), ("certChain", "certChain")] {
        let Some(inner) = certificate.object(key) else { continue };
        match inner.text("value") {
            Some(value) => fields.add(name, value),
            None => {
                refuse_expression(&inner, "certificate.expression");
                return None;
            }
        }
    }
    logs.add_to(&mut fields);
    Some(vec![Fields::new().with("certificates", fields)])
}

/// A set of so many of the named attestors.
pub(super) fn set(
    spec: &Object<'_>,
    attestors: &BTreeMap<String, Attestor>,
    names: &[String],
    count: usize,
    for_attestation: bool,
) -> Option<Tree> {
    let refuse = |reason, message: String, help| {
        spec.reporter.refuse(&spec.at("validations"), "validations", reason, message, help);
    };
    let mut entries = Vec::new();
    for name in names {
        let Some(attestor) = attestors.get(name) else {
            refuse(Reason::Invalid, format!("there is no attestor `{name}`"), "define it under `attestors`");
            return None;
        };
        match attestor.as_slice() {
            [one] => entries.push(one.clone()),
            several if count == 1 => entries.extend(several.iter().cloned()),
            several if !for_attestation => {
                let inner: Vec<Tree> = several.iter().cloned().map(Tree::from).collect();
                let nested = Fields::new().with("count", 1_u64).with("entries", inner);
                entries.push(Fields::new().with("attestor", nested));
            }
            _ => {
                refuse(
                    Reason::Unsupported,
                    format!(
                        "attestor `{name}` has several identities, and attestations by several attestors are asked for"
                    ),
                    "write one attestor for each identity",
                );
                return None;
            }
        }
    }
    let count = u64::try_from(count).ok()?;
    let entries: Vec<Tree> = entries.into_iter().map(Tree::from).collect();
    Some(Tree::from(Fields::new().with("count", count).with("entries", entries)))
}
