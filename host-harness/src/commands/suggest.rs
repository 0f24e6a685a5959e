//! `sigwarden suggest PATH…`: which policy admits what runs today, and as little else as the evidence allows?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::json;
use sigwarden_core::decision::Outcome;

use super::{
    Answer, ModuleFlag, SourceFlags, Streams, TrustFlag, check_settings, look_everywhere, read_text, tell,
    unless_closed,
};
use crate::convert::tree::{Fields, Tree};
use crate::convert::yaml;
use crate::host::Profile;
use crate::log::Log;
use crate::manifests::{self, Manifest, Manifests, Object, Origin};
use crate::policy::Policy;
use crate::render::text::Paths;
use crate::render::{json as json_form, report, scan as render, visible};
use crate::request;
use crate::scan;
use crate::sources::Source;
use crate::suggest::{Options, others, pair, settings, unpublished};
use crate::survey::{Holding, Surveyor, survey};
use crate::workers;

const SECONDS_OF_A_DAY: u64 = 86_400;
/// Ten years: what is to last longer is no exception.
const MAX_DAYS: u64 = 3_653;

/// Draft the policies that admit what is used today, and little else
#[derive(Args, Debug)]
#[command(
    after_help = "Images are admitted for who signed them, if that holds; otherwise for a key that was given with --key; \
        otherwise, for a while, for their digest. Nobody has approved what is suggested: read it, and each comment in it. \
        Before it is printed it is run over the same manifests, and nothing is printed unless it admits them all.\n\n\
        Exit codes: 0 suggested, 2 could not (an unreadable document, an image that could not be looked into, a draft that \
        would refuse something).\n\n\
        Examples:\n  \
        helm template shop ./chart | sigwarden suggest - > policies.yaml\n  \
        kubectl get -A -o yaml deploy,sts,ds,cronjobs | sigwarden suggest --name production -\n  \
        sigwarden suggest manifests --key cosign.pub --expires-in-days 14 --output-file policies.yaml\n  \
        sigwarden suggest --image ghcr.io/myorg/app:1.4.2"
)]
pub(super) struct Arguments {
    /// Files, folders that hold *.yaml, *.yml and *.json, or `-` for standard input
    #[arg(value_name = "PATH", required_unless_present = "images")]
    paths: Vec<PathBuf>,

    /// An image that is also to be admitted; may be repeated
    #[arg(long = "image", value_name = "IMAGE")]
    images: Vec<String>,

    /// A public key (PEM) whose signatures count; may be repeated
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,

    /// What the policies are called, before `-pin` and `-verify`
    #[arg(long, value_name = "NAME", default_value = "suggested")]
    name: String,

    /// How long images that nobody signed stay admitted
    #[arg(long, value_name = "NUMBER", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=MAX_DAYS))]
    expires_in_days: u64,

    /// Namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    namespace: String,

    /// How many images to look into at a time
    #[arg(short, long, value_name = "NUMBER", default_value = "8", value_parser = super::scan::jobs)]
    jobs: usize,

    #[command(flatten)]
    trust: TrustFlag,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten, next_help_heading = "Options")]
    module: ModuleFlag,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "yaml")]
    output: Policies,

    /// Write the result into this file
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

/// Form of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Policies {
    /// For people and `kubectl`, with comments.
    Yaml,
    /// For programs.
    Json,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let found = match self.paths.as_slice() {
            [] => Manifests::default(),
            paths => manifests::read(paths, &self.namespace)?,
        };
        for object in &found.not_covered {
            log.note(format!("{}: {}; its images are taken into account", object.object.name, object.reason));
        }
        let asked = self.asked(found);
        let now = super::scan::now()?;
        let keys = self.named_keys()?;
        let source = self.source.source(log)?;
        let holdings = self.survey(&asked, Arc::clone(&source), now, &keys)?;
        let mut drafted = settings(&holdings, &Options { expires: self.last_day(now)?, keys })?;
        if let Some(root) = self.trust.load()? {
            let roots = Fields::new().with("sigstore", Tree::from(&root));
            drafted.add_why("trustRoots", roots, "The trust root that was given, in place of the built-in one.");
        }
        for holding in &holdings {
            for other in others(holding) {
                // Certificates may hold anything.
                let (image, other) = (holding.image.escape_debug(), other.escape_debug());
                unless_closed(writeln!(
                    streams.err,
                    "warning: {image} is also signed by {other}, who is not in this draft: see which signer you mean"
                ))?;
            }
        }
        self.check(asked, &drafted, source, log, streams)?;
        tell(log, streams.err)?;

        let logs = self.source.registry.logs();
        let commands: Vec<String> = unpublished(&holdings, !logs.is_empty())
            .into_iter()
            .map(|image| {
                logs.iter().fold(format!("sigwarden publish {image}"), |line, url| format!("{line} --rekor-url {url}"))
            })
            .collect();
        let policies = pair(&self.name, &drafted, &preface(&commands));
        let mut text = Vec::new();
        match self.output {
            Policies::Yaml => {
                let documents = policies.iter().map(|written| (written.comment.as_str(), &written.policy));
                text.extend(yaml::documents(documents).into_bytes());
            }
            Policies::Json => {
                let policies = policies.each_ref().map(|written| written.policy.to_value());
                json_form::pretty(&mut text, &json!({"policies": policies, "publish": commands}))?;
            }
        }
        match &self.output_file {
            None => unless_closed(streams.out.write_all(&text))?,
            Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?,
        }
        Ok(Answer::Yes)
    }

    /// What the policy must admit: the objects, and a pod for each image that is in none of those it is asked about.
    fn asked(&self, found: Manifests) -> Vec<Manifest> {
        let pod = |image: String, object: Object| Manifest {
            object,
            request: request::pod_with_images(&[&image]),
            images: vec![image],
        };
        let mut asked = found.covered;
        for object in found.not_covered {
            for image in object.images {
                let name = format!("a pod of {}", object.object.name);
                asked.push(pod(image, Object { name, origin: object.object.origin.clone() }));
            }
        }
        for image in &self.images {
            let origin = Origin { file: "--image".to_owned(), line: 1, template: None };
            asked.push(pod(image.clone(), Object { name: "a pod".to_owned(), origin }));
        }
        asked
    }

    fn named_keys(&self) -> anyhow::Result<BTreeMap<String, String>> {
        self.keys.iter().map(|path| Ok((path.display().to_string(), read_text(path)?))).collect()
    }

    /// What the images have, each once. One that nobody could look into leaves nothing to suggest.
    fn survey(
        &self,
        asked: &[Manifest],
        source: Arc<dyn Source>,
        now: i64,
        keys: &BTreeMap<String, String>,
    ) -> anyhow::Result<Vec<Holding>> {
        let mut surveyor = Surveyor::new(source, now)?.with_logs(self.source.registry.logs());
        if let Some(root) = self.trust.load()? {
            surveyor = surveyor.with_trusted_root(&root.to_string()).context("--trusted-root")?;
        }
        for (name, pem) in keys {
            surveyor = surveyor.with_key(name, pem).context("--key")?;
        }
        let found = survey(asked, Vec::new(), Arc::new(surveyor), self.options(), &|| {});
        let holdings: Vec<Holding> = found.images.into_iter().map(|entry| entry.holding).collect();
        if holdings.is_empty() {
            bail!("there is no image in these manifests");
        }
        let mut unseen = String::new();
        for holding in &holdings {
            if let Some(error) = &holding.error {
                let _ = write!(unseen, "\n  {}: {}", visible(&holding.image), visible(error));
            }
        }
        if !unseen.is_empty() {
            bail!("what nobody can look into cannot be admitted, and nothing is suggested without it:{unseen}");
        }
        Ok(holdings)
    }

    const fn options(&self) -> workers::Options {
        workers::Options { jobs: self.jobs, deadline: None }
    }

    /// The last day of the exceptions.
    fn last_day(&self, now: i64) -> anyhow::Result<String> {
        let later = now.saturating_add_unsigned(self.expires_in_days.saturating_mul(SECONDS_OF_A_DAY));
        let moment = jiff::Timestamp::from_second(later).context("--expires-in-days")?;
        Ok(jiff::tz::TimeZone::UTC.to_datetime(moment).date().to_string())
    }

    /// Runs the draft over everything that it was drafted for. A draft that refuses any of it is wrong, and not shown.
    fn check(
        &self,
        asked: Vec<Manifest>,
        drafted: &Fields,
        source: Arc<dyn Source>,
        log: &Arc<Log>,
        streams: &mut Streams<'_>,
    ) -> anyhow::Result<()> {
        let mut settings = Tree::from(drafted.clone()).to_value();
        look_everywhere(&mut settings, Profile::Extended);
        let policy = Policy::new(self.module.load()?, source, Arc::clone(log));
        check_settings(&policy, &settings, Paths::Hidden, streams.err)?;
        let ask = Arc::new(move |request: &serde_json::Value| policy.explain(request, &settings));
        let report = scan::scan(asked, ask, self.options(), &|| {});
        if report.outcome() == Outcome::Passed {
            return Ok(());
        }
        tell(log, streams.err)?;
        unless_closed(render::write(streams.err, &report, render::Form::Report(report::Form::Text)))?;
        bail!(
            "the draft would not admit all that it was drafted for ({} refused, {} undecided): nothing is suggested",
            report.totals.refused,
            report.totals.undecided
        )
    }
}

/// What is to be said above the policies.
fn preface(commands: &[String]) -> String {
    let mut text =
        "Drafted from what was seen, and approved by nobody: go through the entries, and set what only you know."
            .to_owned();
    if !commands.is_empty() {
        text.push_str("\nA stock Kubewarden cannot read these signatures where they are. Before this is applied:");
        for command in commands {
            let _ = write!(text, "\n    {command}");
        }
    }
    text
}
