//! `sigwarden verify IMAGE…`: would these images be admitted?
//!
//! The question is put to the module as a Pod that runs the images.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{ArgGroup, Args};
use serde_json::Value;

use super::hosted::PolicyFlags;
use super::{
    Answer, PageOutput, Streams, UnusableSettings, image_name, load_policy, read_key, read_text, tell, unless_closed,
};
use crate::cosign_flags::{self, CertificateFlags, EvidenceFlags, SignerFlags};
use crate::host::Profile;
use crate::log::Log;
use crate::render::text::{Paths, Places};
use crate::render::{html, json, text};
use crate::request;

/// Verify images by a policy, or by cosign's flags
#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("rules")
        .required(true)
        .args(["policy", "certificate_identity", "certificate_identity_regexp", "key"]),
    after_help = "The host is an extended one, unless --host says otherwise: it sees all evidence. What a cluster with a stock \
                  Kubewarden would say: --host kubewarden.\n\n\
                  Exit codes: 0 all admitted, 1 refused, 2 could not decide.\n\n\
                  Where cosign's flags mean something else here: regular expressions must match the whole identity \
                  or issuer, and the transparency log is contacted only with --rekor-url, because evidence carries its proof.\n\n\
                  Examples:\n  \
                  sigwarden verify ghcr.io/myorg/app:1.4.2 --policy policy.yaml\n  \
                  sigwarden verify ghcr.io/myorg/app:1.4.2 --policy policy.yaml -o html > report.html\n  \
                  sigwarden verify ghcr.io/myorg/app:1.4.2 --key cosign.pub\n  \
                  sigwarden verify ghcr.io/myorg/app:1.4.2 --oci-layout ghcr.io/myorg/app=./app --policy policy.yaml"
)]
pub(super) struct Arguments {
    /// The images, by tag or digest
    #[arg(value_name = "IMAGE", required = true, value_parser = image_name)]
    images: Vec<String>,

    /// Settings of the policy (YAML or JSON), or a policy that holds them: Kubewarden's, Kyverno's, policy-controller's
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "certificate_oidc_issuer", "certificate_oidc_issuer_regexp", "insecure_ignore_tlog", "insecure_ignore_sct",
            "annotations", "predicate_type", "signature_digest_algorithm", "certificate_github_workflow_repository",
            "certificate_github_workflow_ref", "certificate_github_workflow_sha", "certificate_github_workflow_name",
            "certificate_github_workflow_trigger", "ca_roots", "ca_intermediates", "certificate_chain",
            "timestamp_certificate_chain",
        ]
    )]
    policy: Option<PathBuf>,

    #[command(flatten, next_help_heading = "In place of a policy")]
    signer: SignerFlags,

    #[command(flatten)]
    certificate: CertificateFlags,

    #[command(flatten)]
    evidence: EvidenceFlags,

    #[command(flatten, next_help_heading = None::<&str>)]
    asked: PolicyFlags,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    pub(super) output: PageOutput,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let (mut settings, paths) = self.settings(streams.err)?;
        let module = self.asked.module.load()?;
        let hosted = self.asked.start(module, Profile::Extended, &mut settings, paths, log, streams.err);
        let hosted = hosted.map_err(|error| self.with_flags(error))?;

        let explained = hosted.explain(&request::pod_with_images(&self.images), &settings, log);
        tell(log, streams.err)?;
        let mut explained = explained?;
        if self.policy.is_none() {
            cosign_flags::in_flags(&mut explained.explanation, &self.signer);
        }
        unless_closed(match self.output {
            PageOutput::Json => json::pretty(streams.out, &explained),
            PageOutput::Html => {
                html::explanation(streams.out, &explained.explanation, &self.about(), Places::Hidden, paths)
            }
            PageOutput::Text => text::explanation(streams.out, &explained.explanation, Places::Hidden, paths),
        })?;
        Ok(Answer::from(&explained))
    }

    /// The same error, about flags where flags were written.
    fn with_flags(&self, mut error: anyhow::Error) -> anyhow::Error {
        if let Some(unusable) = error.downcast_mut::<UnusableSettings>().filter(|_| self.policy.is_none()) {
            unusable.written = "flags";
            cosign_flags::with_flags(&mut unusable.problems, &self.signer, &self.certificate);
        }
        error
    }

    /// What was asked, in a line.
    fn about(&self) -> String {
        let by = self.policy.as_ref().map_or_else(|| "cosign's flags".to_owned(), |path| path.display().to_string());
        match self.images.as_slice() {
            [image] => format!("{image}, by {by}"),
            images => format!("{} images, by {by}", images.len()),
        }
    }

    fn settings(&self, err: &mut dyn Write) -> anyhow::Result<(Value, Paths)> {
        if let Some(policy) = &self.policy {
            return Ok((load_policy(policy, err)?.settings, Paths::Shown));
        }
        let files = self.certificate.files(&self.signer, |flag, path| match flag {
            "--key" => read_key(path),
            _ => read_text(path).with_context(|| flag.to_owned()),
        })?;
        Ok((cosign_flags::settings(&self.signer, &self.certificate, &self.evidence, &files), Paths::Hidden))
    }
}
