//! What is legal in settings, but probably not meant.
//!
//! Warnings only: nothing here changes what settings mean.

use super::house::Exception;
use super::model::{AttestorKind, AttestorSet, Block};
use super::reader::Node;
use super::whole_regex::WholeRegex;
use crate::evidence::{COSIGN_TYPES, Plan, Purpose};
use crate::quote::quote;
use crate::reference::{ImagePattern, TextPattern};

pub(super) fn image_reference(node: &Node<'_>, pattern: &ImagePattern) {
    let text = pattern.as_str();
    let last_segment = text.rsplit('/').next().unwrap_or(text);
    if !text.contains(['*', '?']) && !last_segment.contains([':', '@']) {
        node.warning(
            format!("{} has no tag, so it matches the tag `latest` only", quote(text)),
            format!("write `{text}:*` for every tag and digest"),
        );
    }
    // A repository that is only begun is a common way to say "with any tag or digest"; an organisation is not.
    let is_in_organisation = literal_start(text).is_some_and(|start| start.matches('/').count() <= 1);
    if is_in_organisation {
        warn_of_open_end(node, text);
    }
}

pub(super) fn skipped_image_reference(node: &Node<'_>, pattern: &ImagePattern) {
    let text = pattern.as_str();
    if is_anything(text) {
        node.warning("every image is skipped, so this block verifies nothing", "name the images that may be skipped");
        return;
    }
    warn_of_open_end(node, text);
    warn_of_any_registry(node, text);
}

pub(super) fn excepted_image_reference(node: &Node<'_>, pattern: &ImagePattern) {
    let text = pattern.as_str();
    if is_anything(text) {
        node.warning("every image is excepted, so nothing is verified", "name the images that may be excepted");
        return;
    }
    warn_of_open_end(node, text);
    warn_of_any_registry(node, text);
}

pub(super) fn exception(node: &Node<'_>, exception: &Exception) {
    for pattern in &exception.image_references {
        let text = pattern.as_str();
        let names_tag = text.rsplit('/').next().is_some_and(|last| last.contains(':') && !last.contains('@'));
        if names_tag && exception.digests.is_empty() {
            node.warning(
                format!(
                    "{} matches tags only, and no image that comes by digest, such as a mutating policy leaves it",
                    quote(text)
                ),
                "list the digests that the tag stands for under `digests`",
            );
        }
    }
}

pub(super) fn subject(node: &Node<'_>, pattern: &TextPattern) {
    let text = pattern.as_str();
    if is_anything(text) {
        warn_of_anybody(node);
        return;
    }
    warn_of_wide_workflows(node, text);
    if let Some(rest) = text.strip_prefix('*')
        && rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        node.warning(
            format!("{} also matches what only ends like it: `evil{}`", quote(text), rest),
            format!("write what stands in front, such as `*@{rest}` for e-mail addresses"),
        );
    }
}

pub(super) fn issuer(node: &Node<'_>, pattern: &TextPattern) {
    let text = pattern.as_str();
    let start = literal_start(text).unwrap_or(text);
    let may_be = |scheme: &&str| start.starts_with(*scheme) || scheme.starts_with(start);
    if is_anything(text) {
        warn_of_any_issuer(node);
    } else if !["https://", "http://"].iter().any(may_be) {
        node.warning(format!("{} matches no issuer: they are URLs", quote(text)), format!("write `https://{text}`"));
    }
}

pub(super) fn subject_regexp(node: &Node<'_>, regexp: &WholeRegex) {
    if is_any_text(regexp) {
        warn_of_anybody(node);
    } else if let Some(pattern) = as_pattern(regexp.as_str()) {
        warn_of_wide_workflows(node, &pattern);
    }
}

/// An expression that says no more than a pattern could, as one.
fn as_pattern(expression: &str) -> Option<String> {
    let bare = expression.trim_start_matches('^').trim_end_matches('$');
    // A placeholder that no URL has, so that an escaped dot is not mistaken for the start of `.*`.
    let pattern =
        bare.replace("\\.", "\0").replace(".*", "*").replace(".+", "*").replace("\\/", "/").replace('\0', ".");
    (!pattern.contains(['[', '(', '{', '|', '+', '\\', '^', '$'])).then_some(pattern)
}

/// Warns of URLs that are open where a host or an organisation should end.
fn warn_of_wide_workflows(node: &Node<'_>, pattern: &str) {
    let without_scheme = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let Some(start) = literal_start(without_scheme) else { return };
    match start.split_once('/') {
        Some((host, "")) if !host.is_empty() => node.warning(
            format!("whoever has a repository on {host} is accepted"),
            format!("name the organisation, such as `https://{host}/myorg/*`"),
        ),
        Some((_, path)) if !path.contains('/') => warn_of_open_end(node, pattern),
        None => warn_of_open_end(node, pattern),
        Some(_) => {}
    }
}

pub(super) fn issuer_regexp(node: &Node<'_>, regexp: &WholeRegex) {
    if is_any_text(regexp) {
        warn_of_any_issuer(node);
    }
}

pub(super) fn evidence(node: &Node<'_>, plan: &Plan, blocks: &[Block]) {
    let asks = blocks.iter().any(|block| !block.attestations.is_empty());
    if asks && plan.places(Purpose::Attestations).is_empty() {
        node.warning(
            "none of the carriers can hold attestations on a host without the extended calls, and `verifyImages` asks \
             for some",
            "list `published` in `carriers`, and run `sigwarden publish` after every `cosign attest`",
        );
    }
}

pub(super) fn rekor_url(node: &Node<'_>, url: &str) {
    if url.trim_end_matches('/') != "https://rekor.sigstore.dev" {
        node.warning(
            format!("{} is asked for signatures without proof alone, and only with `evidence.extended`", quote(url)),
            "the log's key must be in the attestor's trust root (`trustRoot`)",
        );
    }
}

pub(super) fn predicate_type(node: &Node<'_>, text: &str) {
    if let Some((_, uri)) = COSIGN_TYPES.iter().find(|(short, _)| *short == text) {
        node.warning(
            format!("{} is cosign's short name; statements carry the URI, so nothing ever matches", quote(text)),
            format!("write `{uri}`"),
        );
    }
}

pub(super) fn any_signer(node: &Node<'_>) {
    node.warning(
        "anybody with a certificate may have made this attestation, so that it proves nothing about the image",
        "remove it, and name who attests under `attestors`",
    );
}

pub(super) fn set(node: &Node<'_>, set: &AttestorSet) {
    let keys: Vec<_> = set
        .entries
        .iter()
        .filter_map(|entry| match &entry.kind {
            AttestorKind::Key(key) => Some(&key.key),
            AttestorKind::SecretKey(_) | AttestorKind::Keyless(_) | AttestorKind::Nested(_) => None,
        })
        .collect();
    let is_repeated = keys.iter().enumerate().any(|(index, key)| keys.iter().take(index).any(|other| other == key));
    if is_repeated && set.required > 1 {
        node.warning("the same key stands here twice, and counts twice", "write every key once");
    }
}

/// What stands in front of the first wildcard, if there is any.
fn literal_start(pattern: &str) -> Option<&str> {
    pattern.split_once(['*', '?']).map(|(start, _)| start)
}

/// Warns of `name*`, which `name-evil` matches too.
fn warn_of_open_end(node: &Node<'_>, pattern: &str) {
    let Some((start, _)) = pattern.split_once('*') else { return };
    if start.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        let name = start.rsplit('/').next().unwrap_or(start);
        // Behind a colon stands a tag, which whoever owns the repository chooses.
        if name.contains(':') {
            return;
        }
        // Where a host name is open, it is continued to another one.
        let is_host = name.contains('.') && !start.trim_start_matches("https://").contains('/');
        let like_it = if is_host { format!("{name}.evil.com") } else { format!("{name}-evil") };
        node.warning(
            format!("{} also matches what only begins like it: `{like_it}`", quote(pattern)),
            format!("write a boundary in front of the star, such as `{start}/*`"),
        );
    }
}

/// Warns of `*/name`, where a pattern takes images out: anybody has a registry.
fn warn_of_any_registry(node: &Node<'_>, pattern: &str) {
    let first = pattern.split('/').next().unwrap_or_default();
    if pattern.contains('/') && first.starts_with(['*', '?']) {
        node.warning(
            format!("{} also matches images of any other registry, such as `evil.com`", quote(pattern)),
            "begin with the registry",
        );
    }
}

fn warn_of_anybody(node: &Node<'_>) {
    node.warning("everybody with a certificate of this issuer is accepted", "name who may sign");
}

fn warn_of_any_issuer(node: &Node<'_>) {
    node.warning("the word of any identity provider is accepted", "name the issuer whose identities are meant");
}

/// Nothing but wildcards and what every name has: a scheme, separators.
pub(super) fn is_anything(pattern: &str) -> bool {
    let pattern = pattern.strip_prefix("https://").unwrap_or(pattern);
    pattern.chars().all(|character| matches!(character, '*' | '?' | '/' | ':' | '@'))
}

fn is_any_text(regexp: &WholeRegex) -> bool {
    let bare = regexp.as_str().trim_matches(['^', '$', '(', ')']);
    matches!(bare, ".*" | ".+" | "https://.*" | "https://.+")
}
