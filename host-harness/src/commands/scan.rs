//! `sigwarden scan PATH…`: what would the cluster refuse of these manifests?

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::Args;

use super::hosted::PolicyFlags;
use super::{Answer, Streams, load_policy, read_key, tell, unless_closed};
use crate::host::Profile;
use crate::log::Log;
use crate::manifests::{self, Manifest, Manifests, NotCovered};
use crate::policy_file::PolicyFile;
use crate::progress;
use crate::render::scan::{self as render, Form};
use crate::render::text::Paths;
use crate::render::{Place, bound_for, json, report, survey as in_words};
use crate::scan;
use crate::survey::{SurveyReport, Surveyor, survey};
use crate::workers::{MAX_JOBS, Options};
use sigwarden_core::decision::Outcome;

/// See what a cluster would refuse of manifests, charts or what already runs; without a policy, what their images have
#[derive(Args, Debug)]
#[command(
    after_help = "Without a policy nothing is refused: each image is listed with who signed it, what is attested of it, by which \
        builder, and since when. Each object is asked about as if it were created, and each piece of evidence is fetched once. \
        Objects of other kinds that run images (a Rollout, a Knative Service) are named as not covered.\n\n\
        Exit codes: 0 nothing would be refused, 1 something would, 2 could not decide or look (an unreadable document, a \
        registry that did not answer, the deadline).\n\n\
        Examples:\n  \
        helm template shop ./chart | sigwarden scan --policy policy.yaml -\n  \
        kustomize build overlays/prod | sigwarden scan --policy policy.yaml -n shop -\n  \
        kubectl get -A -o yaml deploy,sts,ds,cronjobs | sigwarden scan --policy policy.yaml -\n  \
        sigwarden scan --policy policy.yaml -o sarif --output-file scan.sarif manifests\n  \
        sigwarden scan --policy policy.yaml -o html --output-file scan.html manifests\n  \
        sigwarden scan --key cosign.pub manifests"
)]
pub(super) struct Arguments {
    /// Files, folders that hold *.yaml, *.yml and *.json, or `-` for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Settings of the policy (YAML or JSON), or a policy that holds them: Kubewarden's, Kyverno's, policy-controller's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Without a policy: a public key (PEM) to try on what keys signed
    #[arg(long = "key", value_name = "FILE", conflicts_with = "policy")]
    keys: Vec<PathBuf>,

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
    asked: PolicyFlags,

    /// Form of the result; junit, sarif and html need --policy
    #[arg(short, long, value_name = "FORM", default_value_t = Form::Report(report::Form::Text))]
    output: Form,

    /// Write the result into this file
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

/// Writes what images have.
type WriteSurvey = fn(&mut dyn Write, &SurveyReport) -> io::Result<()>;

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let found = manifests::read(&self.paths, &self.namespace)?;
        match &self.policy {
            Some(policy) => self.decide(load_policy(policy, streams.err)?, found, log, streams),
            None => self.survey(&found.covered, found.not_covered, log, streams),
        }
    }

    /// What the cluster would answer.
    fn decide(
        &self,
        policy: PolicyFile,
        mut found: Manifests,
        log: &Arc<Log>,
        streams: &mut Streams<'_>,
    ) -> anyhow::Result<Answer> {
        // What a converted policy is not for, the cluster would not ask it about.
        let (asked, left_out): (Vec<_>, Vec<_>) =
            found.covered.into_iter().partition(|manifest| policy.leaves_out(&manifest.request).is_none());
        found.not_covered.extend(left_out.into_iter().filter_map(|manifest| {
            let reason = policy.leaves_out(&manifest.request)?;
            Some(NotCovered { object: manifest.object, reason, images: manifest.images })
        }));

        let mut settings = policy.settings;
        let module = self.asked.module.load()?;
        let hosted = self.asked.start(module, Profile::Extended, &mut settings, Paths::Shown, log, streams.err)?;

        // A recording is a queue: only one at a time asks in its order.
        let jobs = if self.asked.host.is_session() { 1 } else { self.jobs };
        let bar = progress::bar(asked.len(), "objects");
        let hosted = Arc::new(hosted);
        let ask = {
            let (hosted, log) = (Arc::clone(&hosted), Arc::clone(log));
            Arc::new(move |request: &serde_json::Value| hosted.explain_one(request, &settings, &log))
        };
        let mut report = scan::scan(asked, ask, Options { jobs, deadline: self.deadline }, &|| bar.advance());
        drop(bar);
        report.not_covered = found.not_covered;
        report.totals.others = found.others;
        hosted.finish(log)?;
        tell(log, streams.err)?;

        self.write(streams.out, |out| render::write(out, &report, self.output))?;
        Ok(match report.outcome() {
            Outcome::Undecided => Answer::Unknown,
            Outcome::Failed => Answer::No,
            _ if self.fail_on_uncovered && !report.not_covered.is_empty() => Answer::No,
            Outcome::Passed | Outcome::Skipped | Outcome::Audited => Answer::Yes,
        })
    }

    /// What the images have.
    fn survey(
        &self,
        covered: &[Manifest],
        not_covered: Vec<NotCovered>,
        log: &Arc<Log>,
        streams: &mut Streams<'_>,
    ) -> anyhow::Result<Answer> {
        let write = self.words()?;
        let mut surveyor = Surveyor::new(self.asked.source.told(log)?, now()?)?;
        if let Some(root) = self.asked.trust.load()? {
            surveyor = surveyor.with_trusted_root(&root.to_string())?;
        }
        for file in &self.keys {
            surveyor = surveyor.with_key(&file.display().to_string(), &read_key(file)?).context("--key")?;
        }
        let images = covered.iter().flat_map(|manifest| &manifest.images);
        let images: BTreeSet<&String> = images.chain(not_covered.iter().flat_map(|object| &object.images)).collect();
        let bar = progress::bar(images.len(), "images");
        let options = Options { jobs: self.jobs, deadline: self.deadline };
        let report = survey(covered, not_covered, Arc::new(surveyor), options, &|| bar.advance());
        drop(bar);
        tell(log, streams.err)?;
        self.write(streams.out, |out| write(out, &report))?;
        let all_seen = report.images.iter().all(|entry| entry.holding.error.is_none());
        Ok(if all_seen { Answer::Yes } else { Answer::Unknown })
    }

    /// What writes a survey in the form that was asked for.
    fn words(&self) -> anyhow::Result<WriteSurvey> {
        Ok(match self.output {
            Form::Report(report::Form::Text) => in_words::text,
            Form::Report(report::Form::Json) => json::pretty,
            Form::Report(report::Form::Markdown) => in_words::markdown,
            form @ (Form::Report(report::Form::Junit | report::Form::Sarif) | Form::Html) => {
                bail!("without --policy there is no verdict to report as {form}: use -o text, json or markdown")
            }
        })
    }

    /// Writes the result to where it was asked for.
    fn write(&self, out: &mut dyn Write, result: impl Fn(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        let Some(path) = &self.output_file else { return Ok(unless_closed(result(out))?) };
        let mut text = anstream::StripStream::new(Vec::new());
        bound_for(Place::File, || result(&mut text))?;
        std::fs::write(path, text.into_inner()).with_context(|| format!("cannot write `{}`", path.display()))
    }
}

/// Unix seconds.
pub(super) fn now() -> anyhow::Result<i64> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(i64::try_from(elapsed.as_secs())?)
}

pub(super) fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if (1..=MAX_JOBS).contains(&jobs) => Ok(jobs),
        _ => Err(format!("it is not a number from 1 to {MAX_JOBS}")),
    }
}
