//! `sigwarden scan PATH…`: what would the cluster refuse of these manifests?

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::hosted::HostFlags;
use super::{
    Answer, ModuleFlag, SourceFlags, Streams, TrustFlag, check_settings, load_policy, look_everywhere, tell,
    unless_closed,
};
use crate::host::Profile;
use crate::log::Log;
use crate::manifests::{self, NotCovered};
use crate::render::report::Form;
use crate::render::scan as render;
use crate::render::text::Paths;
use crate::scan::{self, MAX_JOBS, Options};
use sigwarden_core::decision::Outcome;

/// See what a cluster would refuse of manifests, charts or what already runs
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
        helm template shop ./chart | sigwarden scan --policy policy.yaml -\n  \
        kustomize build overlays/prod | sigwarden scan --policy policy.yaml -n shop -\n  \
        kubectl get -A -o yaml deploy,sts,ds,cronjobs | sigwarden scan --policy policy.yaml -\n  \
        sigwarden scan --policy policy.yaml -o sarif --output-file scan.sarif manifests\n\n\
        Each object is asked about as if it were created, and each piece of evidence is fetched once. Objects of other kinds \
        that run images (a Rollout, a Knative Service) are named as not covered.\n\n\
        Exit codes: 0 nothing would be refused, 1 something would, 2 could not decide (an unreadable document, a registry that \
        did not answer, the deadline).")]
pub(super) struct Arguments {
    /// Files, folders that hold *.yaml, *.yml and *.json, or `-` for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Settings of the policy (YAML or JSON), or a policy that holds them: Kubewarden's, Kyverno's, policy-controller's
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,

    /// Namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    namespace: String,

    /// Exit with 1 also if an object runs images and the policy is not asked about it
    #[arg(long)]
    fail_on_uncovered: bool,

    /// How many objects to ask about at a time
    #[arg(short, long, value_name = "NUMBER", default_value = "8", value_parser = jobs)]
    jobs: usize,

    /// Stop after so many seconds; what is unanswered by then is undecided
    #[arg(long, value_name = "SECONDS", value_parser = super::hosted::seconds)]
    deadline: Option<Duration>,

    #[command(flatten)]
    trust: TrustFlag,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten, next_help_heading = "Host")]
    host: HostFlags,

    #[command(flatten, next_help_heading = "Options")]
    module: ModuleFlag,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Form,

    /// Write the result into this file
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let policy = load_policy(&self.policy, streams.err)?;
        let mut found = manifests::read(&self.paths, &self.namespace)?;
        // What a converted policy is not for, the cluster would not ask it about.
        let (asked, left_out): (Vec<_>, Vec<_>) =
            found.covered.into_iter().partition(|manifest| policy.leaves_out(&manifest.request).is_none());
        found.not_covered.extend(left_out.into_iter().filter_map(|manifest| {
            let reason = policy.leaves_out(&manifest.request)?;
            Some(NotCovered { origin: manifest.origin, object: manifest.object, reason, images: manifest.images })
        }));

        let mut settings = policy.settings;
        self.trust.apply(&mut settings)?;
        look_everywhere(&mut settings, self.host.profile(Profile::Extended));
        let hosted = self.host.run(Profile::Extended, self.module.load()?, self.source.source(log)?, log)?;
        check_settings(&hosted.policy, &settings, Paths::Shown, streams.err)?;

        // A recording is a queue: only one at a time asks in its order.
        let jobs = if self.host.is_session() { 1 } else { self.jobs };
        let bar = progress(asked.len());
        let hosted = Arc::new(hosted);
        let ask = {
            let (hosted, log) = (Arc::clone(&hosted), Arc::clone(log));
            Arc::new(move |request: &serde_json::Value| hosted.explain_one(request, &settings, &log))
        };
        let mut report = scan::scan(asked, ask, Options { jobs, deadline: self.deadline }, &|| bar.inc(1));
        bar.finish_and_clear();
        report.not_covered = found.not_covered;
        report.totals.others = found.others;
        hosted.finish(log)?;
        tell(log, streams.err)?;

        match &self.output_file {
            None => unless_closed(render::write(streams.out, &report, self.output))?,
            Some(path) => {
                let mut text = anstream::StripStream::new(Vec::new());
                render::write(&mut text, &report, self.output)?;
                let text = text.into_inner();
                std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
            }
        }
        Ok(match report.outcome() {
            Outcome::Undecided => Answer::Unknown,
            Outcome::Failed => Answer::No,
            _ if self.fail_on_uncovered && !report.not_covered.is_empty() => Answer::No,
            Outcome::Passed | Outcome::Skipped | Outcome::Audited => Answer::Yes,
        })
    }
}

/// A bar that is drawn on a terminal only.
fn progress(objects: usize) -> ProgressBar {
    let length = u64::try_from(objects).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos}/{len} objects, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if (1..=MAX_JOBS).contains(&jobs) => Ok(jobs),
        _ => Err(format!("it is not a number from 1 to {MAX_JOBS}")),
    }
}
