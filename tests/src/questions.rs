//! The recorded matrix: what real cosign was asked, and what it said (`tests/fixtures/questions.json`).

use crate::{fixture, write};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One question to cosign, and its answer.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    /// Scenario and question.
    pub name: String,
    /// `cosign-v3` or `cosign-v2`.
    pub client: String,
    /// Image, by digest.
    pub image: String,
    /// The layout that holds its repository.
    pub layout: String,
    /// The layout of the other repository where its signatures lie.
    pub repository_layout: Option<String>,
    /// The question itself.
    pub question: Question,
    /// `accepted` or `refused`.
    pub verdict: String,
    /// cosign's reason.
    #[serde(default)]
    pub message: String,
}

/// What was asked. Unknown fields are errors, so that no new kind of question goes unnoticed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "cosign's own flags")]
pub struct Question {
    pub kind: String,
    #[serde(rename = "type")]
    pub predicate_type: Option<String>,
    pub certificate_identity: Option<String>,
    pub certificate_identity_regexp: Option<String>,
    pub certificate_oidc_issuer: Option<String>,
    pub certificate_oidc_issuer_regexp: Option<String>,
    pub certificate_github_workflow_repository: Option<String>,
    pub key: Option<String>,
    pub signature_digest_algorithm: Option<String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    pub trusted_root: Option<String>,
    pub repository: Option<String>,
    pub ca_roots: Option<String>,
    pub ca_intermediates: Option<String>,
    pub timestamp_certificate_chain: Option<String>,
    #[serde(default)]
    pub insecure_ignore_tlog: bool,
    #[serde(default)]
    pub insecure_ignore_sct: bool,
    // What these ask for is what sigwarden always does: verify the timestamps that are there, read every format,
    // read chains, read referrers.
    #[serde(default)]
    pub use_signed_timestamps: bool,
    #[serde(default)]
    pub new_bundle_format: bool,
    #[serde(default)]
    pub allow_certificate_chain: bool,
    #[serde(default)]
    pub experimental_oci11: bool,
}

/// All of it.
#[must_use]
pub fn recorded() -> Vec<Recorded> {
    let text = std::fs::read_to_string(fixture("questions.json")).expect("readable fixtures");
    serde_json::from_str(&text).expect("the questions have the form above")
}

impl Recorded {
    /// Whether cosign accepted.
    #[must_use]
    pub fn accepted(&self) -> bool {
        assert!(["accepted", "refused"].contains(&self.verdict.as_str()), "{}: verdict {}", self.name, self.verdict);
        self.verdict == "accepted"
    }

    /// The same question in sigwarden's words. `folder` is for a policy, where flags do not say it all.
    #[must_use]
    pub fn arguments(&self, folder: &Path) -> Vec<String> {
        let question = &self.question;
        let repository = self.image.split('@').next().expect("an image by digest");
        let mut words = vec!["verify".to_owned(), self.image.clone()];
        let mut add = |words_to_add: &[&str]| words.extend(words_to_add.iter().map(|word| (*word).to_owned()));
        add(&["--oci-layout", &format!("{repository}={}", fixture(&self.layout))]);
        if let Some(root) = &question.trusted_root {
            add(&["--trusted-root", &fixture(root)]);
        }
        if let (Some(other), Some(layout)) = (&question.repository, &self.repository_layout) {
            add(&["--oci-layout", &format!("{other}={}", fixture(layout))]);
            let key =
                std::fs::read_to_string(fixture(question.key.as_ref().expect("asked with a key"))).expect("a key");
            let policy = serde_json::json!({"verifyImages": [{"imageReferences": ["*"], "repository": other,
                "attestors": [{"entries": [{"keys": {"publicKeys": key}}]}]}]});
            let policy = write(folder, "policy.json", policy.to_string());
            add(&["--policy", &policy]);
            return words;
        }
        assert!(question.repository.is_none(), "{}: no layout for the other repository", self.name);
        let texts = [
            ("--certificate-identity", &question.certificate_identity),
            ("--certificate-identity-regexp", &question.certificate_identity_regexp),
            ("--certificate-oidc-issuer", &question.certificate_oidc_issuer),
            ("--certificate-oidc-issuer-regexp", &question.certificate_oidc_issuer_regexp),
            ("--signature-digest-algorithm", &question.signature_digest_algorithm),
            ("--type", &question.predicate_type),
            ("--certificate-github-workflow-repository", &question.certificate_github_workflow_repository),
        ];
        for (flag, value) in texts {
            if let Some(value) = value {
                add(&[flag, value]);
            }
        }
        let files = [
            ("--key", &question.key),
            ("--ca-roots", &question.ca_roots),
            ("--ca-intermediates", &question.ca_intermediates),
            ("--timestamp-certificate-chain", &question.timestamp_certificate_chain),
        ];
        for (flag, file) in files {
            if let Some(file) = file {
                add(&[flag, &fixture(file)]);
            }
        }
        for (name, value) in &question.annotations {
            add(&["--annotations", &format!("{name}={value}")]);
        }
        let flags = [
            (question.insecure_ignore_tlog, "--insecure-ignore-tlog"),
            (question.insecure_ignore_sct, "--insecure-ignore-sct"),
        ];
        for (_, flag) in flags.into_iter().filter(|(set, _)| *set) {
            add(&[flag]);
        }
        words
    }
}
