//! `sigwarden run`: what would the cluster answer to this request?
//!
//! The flags and the result are those of `kwctl run`, but for the exit code, which says whether the request is
//! admitted.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::hosted::PolicyFlags;
use super::{Answer, Output, Streams, load_policy, read_text, tell, unless_closed};
use crate::admission::AdmissionResponse;
use crate::host::Profile;
use crate::log::Log;
use crate::policy_file::{self, PolicyFile};
use crate::render::text::{Paths, Places};
use crate::render::{json as json_form, remark, text};
use crate::request;

/// Answer an admission request, as `kwctl run` does
#[derive(Args, Debug)]
#[command(
    after_help = "The host is a stock Kubewarden, unless --host says otherwise: what it cannot hand to a policy, the policy \
                  does not see.\n\n\
                  Exit codes: 0 allowed, 1 refused, 2 could not decide. (kwctl exits with 0 for a refusal too; here a \
                  script need not read the answer to know it.)\n\n\
                  Examples:\n  \
                  sigwarden run -r pod.yaml -s policy.yaml -o text\n  \
                  sigwarden run -r request.json -s policy.yaml --replay-host-capabilities-interactions session.yaml"
)]
pub(super) struct Arguments {
    /// The AdmissionRequest or AdmissionReview, or a manifest (YAML or JSON), which is asked for as if it were created;
    /// `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    request_path: PathBuf,

    /// Settings of the policy (YAML or JSON), or a policy that holds them: Kubewarden's, Kyverno's, policy-controller's
    #[arg(short, long, value_name = "FILE", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,

    /// Settings of the policy, as JSON text
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,

    #[command(flatten)]
    asked: PolicyFlags,

    /// Form of the result: the AdmissionResponse, or the reasons in words
    #[arg(short, long, value_name = "FORM", default_value = "json")]
    pub(super) output: Output,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let policy = self.policy(streams.err)?;
        let request = load_request(&self.request_path)?;
        if let Some(outside) = policy.leaves_out(&request) {
            unless_closed(remark(streams.err, "note", &outside))?;
        }
        let mut settings = policy.settings;
        let module = self.asked.module.load()?;
        let hosted = self.asked.start(module, Profile::Kubewarden, &mut settings, Paths::Shown, log, streams.err)?;

        let explained = hosted.explain(&request, &settings, log);
        tell(log, streams.err)?;
        let explained = explained?;
        let mut answer = Answer::from(&explained);
        let response = AdmissionResponse::new(&request, explained.response);
        if answer == Answer::Yes && !response.allowed {
            answer = Answer::No;
        }
        unless_closed(match self.output {
            Output::Json => json_form::line(streams.out, &response),
            Output::Text => text::explanation(streams.out, &explained.explanation, Places::Shown, Paths::Shown),
        })?;
        Ok(answer)
    }

    fn policy(&self, err: &mut dyn Write) -> anyhow::Result<PolicyFile> {
        match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => load_policy(path, err),
            (None, Some(json)) => Ok(policy_file::parse(json, "--settings-json")?),
            (None, None) => Ok(PolicyFile::of(json!({}))),
        }
    }
}

/// Reads a request or manifest; `-` is standard input.
pub(super) fn load_request(path: &Path) -> anyhow::Result<Value> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).context("cannot read standard input")?;
        text
    } else {
        read_text(path)?
    };
    Ok(request::parse(&text, &path.display().to_string())?)
}
