//! `sigwarden suggest PATH…`: which policy admits what runs today, and as little else as the evidence allows?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Value, json};
use sigwarden_core::decision::Outcome;

use super::{
    Answer, ModuleFlag, PATIENCE, SourceFlags, Streams, TrustFlag, check_settings, image_name, look_everywhere,
    read_key, tell, unless_closed,
};
use crate::convert::Written;
use crate::convert::tree::{Fields, Tree};
use crate::convert::yaml;
use crate::engine::Module;
use crate::host::{Host, Profile};
use crate::log::Log;
use crate::manifests::{self, Manifest, Manifests, Object, Origin};
use crate::policy::Policy;
use crate::progress;
use crate::render::text::Paths;
use crate::render::{Place, bound_for, json as json_form, remark, report, scan as render, visible};
use crate::request;
use crate::scan::report::ScanReport;
use crate::sources::{Source, Told};
use crate::suggest::{Options, PUBLIC_LOG, Rehearsal, others, pair, settings, unproven, unpublished};
use crate::survey::{Holding, Surveyor, survey};
use crate::workers;

const SECONDS_OF_A_DAY: u64 = 86_400;
/// Ten years: what is to last longer is no exception.
const MAX_DAYS: u64 = 3_653;

/// Draft the policies that admit what is used today, and little else
#[derive(Args, Debug)]
#[command(
    group(ArgGroup::new("what").args(["paths", "images"]).required(true).multiple(true)),
    after_help = "Images are admitted for who signed them, if that holds; otherwise for a key that was given with --key; \
        for where their provenance says they were built; otherwise, for a while, for their digest. Provenance beside a signature \
        is asked for too. Nobody has approved what is suggested: read it, and each comment in it. \
        Before it is printed both policies are run over the same manifests, and nothing is printed unless they admit them all.\n\n\
        Exit codes: 0 suggested, 2 could not (an unreadable document, an image that could not be looked into, a draft that \
        would refuse something, the deadline).\n\n\
        Examples:\n  \
        helm template shop ./chart | sigwarden suggest - > policies.yaml\n  \
        kubectl get -A -o yaml deploy,sts,ds,cronjobs | sigwarden suggest --name production -\n  \
        sigwarden suggest manifests --key cosign.pub --expires-in-days 14 --output-file policies.yaml\n  \
        sigwarden suggest --image ghcr.io/myorg/app:1.4.2"
)]
pub(super) struct Arguments {
    /// Files, folders that hold *.yaml, *.yml and *.json, or `-` for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// An image that is also to be admitted; may be repeated
    #[arg(long = "image", value_name = "IMAGE", value_parser = image_name)]
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

    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = super::hosted::seconds)]
    deadline: Option<Duration>,

    #[command(flatten)]
    trust: TrustFlag,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten)]
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
        let (start, now) = (Instant::now(), super::scan::now()?);
        let keys = self.named_keys()?;
        let source = self.source.source(log)?;
        let holdings = {
            let told = Arc::new(Told::new(Arc::clone(&source), Arc::clone(log)));
            self.survey(&asked, told, (start, now), &keys)?
        };
        let mut options = Options { expires: self.last_day(now)?, keys, log: self.log(), unproven: BTreeMap::new() };
        let scene = Scene { asked, source, module: self.module.load()?, log };
        let mut drafted = self.draft(&holdings, &options)?;
        let mut report = self.rehearse(&drafted, Profile::Extended, &scene, start, streams)?;
        options.unproven = unproven(&holdings, &report);
        if report.outcome() != Outcome::Passed && !options.unproven.is_empty() {
            drafted = self.draft(&holdings, &options)?;
            report = self.rehearse(&drafted, Profile::Extended, &scene, start, streams)?;
        }
        refuse_what_refuses(&report, log, streams)?;
        let on_stock_host = self.rehearse(&drafted, Profile::Kubewarden, &scene, start, streams)?;
        if let Some(error) = on_stock_host.objects.iter().find_map(|object| object.error.as_deref()) {
            bail!("nobody found out what a stock Kubewarden would answer: {error}");
        }
        tell(log, streams.err)?;
        for holding in &holdings {
            for other in others(holding) {
                // Certificates may hold anything.
                let (image, other) = (holding.image.escape_debug(), other.escape_debug());
                unless_closed(remark(
                    streams.err,
                    "warning",
                    &format!("{image} is also signed by {other}, who is not in this draft: see which signer you mean"),
                ))?;
            }
        }

        let logs = self.source.registry.logs();
        let commands: Vec<String> = unpublished(&holdings, &on_stock_host)
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
        self.keys.iter().map(|path| Ok((path.display().to_string(), read_key(path)?))).collect()
    }

    /// The log that the draft has to name, if it is another one than policies ask by themselves.
    fn log(&self) -> Option<String> {
        let logs = self.source.registry.logs();
        if logs.iter().any(|url| url == PUBLIC_LOG) { None } else { logs.into_iter().next() }
    }

    /// What the images have, each once. One that nobody could look into leaves nothing to suggest.
    fn survey(
        &self,
        asked: &[Manifest],
        source: Arc<dyn Source>,
        (start, now): (Instant, i64),
        keys: &BTreeMap<String, String>,
    ) -> anyhow::Result<Vec<Holding>> {
        let mut surveyor = Surveyor::new(source, now)?.with_logs(self.source.registry.logs());
        if let Some(root) = self.trust.load()? {
            surveyor = surveyor.with_trusted_root(&root.to_string()).context("--trusted-root")?;
        }
        for (name, pem) in keys {
            surveyor = surveyor.with_key(name, pem).context("--key")?;
        }
        let images: BTreeSet<&String> = asked.iter().flat_map(|manifest| &manifest.images).collect();
        let bar = progress::bar(images.len(), "images");
        let found = survey(asked, Vec::new(), Arc::new(surveyor), self.options(start), &|| bar.advance());
        drop(bar);
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

    /// How to go about it in what is left of the time.
    fn options(&self, start: Instant) -> workers::Options {
        let left = |deadline: Duration| deadline.saturating_sub(start.elapsed());
        workers::Options { jobs: self.jobs, deadline: self.deadline.map(left) }
    }

    /// The last day of the exceptions.
    fn last_day(&self, now: i64) -> anyhow::Result<String> {
        let later = now.saturating_add_unsigned(self.expires_in_days.saturating_mul(SECONDS_OF_A_DAY));
        let moment = jiff::Timestamp::from_second(later).context("--expires-in-days")?;
        Ok(jiff::tz::TimeZone::UTC.to_datetime(moment).date().to_string())
    }

    fn draft(&self, holdings: &[Holding], options: &Options) -> anyhow::Result<Fields> {
        let mut drafted = settings(holdings, options)?;
        if let Some(root) = self.trust.load()? {
            let roots = Fields::new().with("sigstore", Tree::from(&root));
            drafted.add_why("trustRoots", roots, "The trust root that was given, in place of the built-in one.");
        }
        Ok(drafted)
    }

    /// Runs both policies over everything that they were drafted for, on a host that hands out this much.
    fn rehearse(
        &self,
        drafted: &Fields,
        profile: Profile,
        scene: &Scene<'_>,
        start: Instant,
        streams: &mut Streams<'_>,
    ) -> anyhow::Result<ScanReport> {
        let source = Arc::clone(&scene.source);
        let host = match profile {
            Profile::Extended => Host::extended(source),
            Profile::Kubewarden => Host::kubewarden(source, &scene.module.declared()?)?,
        };
        // The log has told of the first run all that there is to tell.
        let log = match profile {
            Profile::Extended => Arc::clone(scene.log),
            Profile::Kubewarden => Arc::default(),
        };
        let policy = Policy::on(host, scene.module.clone(), log);
        let [pinning, verifying] = pair(&self.name, drafted, "").map(|written| settings_of(&written, profile));
        for settings in [&pinning, &verifying] {
            check_settings(&policy, settings, Paths::Hidden, streams.err)?;
        }
        let bar = progress::bar(scene.asked.len(), "objects");
        let rehearsal = Rehearsal { pinning, verifying };
        let report = rehearsal.over(scene.asked.clone(), policy, self.options(start), &|| bar.advance());
        drop(bar);
        Ok(report)
    }
}

/// What a draft is run over, and with what.
struct Scene<'s> {
    asked: Vec<Manifest>,
    source: Arc<dyn Source>,
    module: Module,
    log: &'s Arc<Log>,
}

/// A policy's settings, for a host on this machine, which may be far from the registry.
fn settings_of(policy: &Written, profile: Profile) -> Value {
    let mut settings = policy.policy.to_value().pointer("/spec/settings").cloned().unwrap_or_default();
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("deadline".to_owned(), PATIENCE.into());
    }
    look_everywhere(&mut settings, profile);
    settings
}

/// A draft that refuses any of what it was drafted for is wrong, and not shown.
fn refuse_what_refuses(report: &ScanReport, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    if report.outcome() == Outcome::Passed {
        return Ok(());
    }
    tell(log, streams.err)?;
    let in_words = render::Form::Report(report::Form::Text);
    unless_closed(bound_for(Place::Errors, || render::write(streams.err, report, in_words)))?;
    bail!(
        "the draft would not admit all that it was drafted for ({} refused, {} undecided): nothing is suggested",
        report.totals.refused,
        report.totals.undecided
    )
}

/// What is to be said above the policies.
fn preface(commands: &[String]) -> String {
    let mut text =
        "Drafted from what was seen, and approved by nobody: go through the entries, and set what only you know."
            .to_owned();
    if !commands.is_empty() {
        text.push_str("\nA stock Kubewarden cannot read this evidence where it is. Before this is applied:");
        for command in commands {
            let _ = write!(text, "\n    {command}");
        }
    }
    text
}
