//! `sigwarden bench`: how long an admission takes, and what it costs.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{ArgGroup, Args};
use serde::Serialize;
use serde_json::{Value, json};

use super::hosted::PolicyFlags;
use super::test::hosted_test;
use super::verify_bundle::bundle_question;
use super::{Answer, Output, Streams, check_settings, load_policy, tell, unless_closed};
use crate::bench::{
    Asked, Comparison, Effort, Engine, Figures, LiveHost, Measured, Meter, ModuleRunner, NativeRunner, Operation,
    PeerRunner, Question, Runner, measure,
};
use crate::cosign_flags::SignerFlags;
use crate::engine::Module;
use crate::host::Profile;
use crate::log::Log;
use crate::policy::Policy;
use crate::render::text::Paths;
use crate::render::{self, json};
use crate::sources::{Layouts, Registries};
use crate::suite::{self, Verdict};

/// Measure admissions: time, instructions, memory, host calls
#[derive(Args, Debug)]
#[command(
    group(ArgGroup::new("what").args(["suites", "request_path", "bundle"]).required(true).multiple(true)),
    after_help = "Host calls are made once; then their answers are at hand, and every sample is a fresh instance. Each \
                  scenario's verdict is checked in every sample, and what is admitted must be refused with one \
                  bit of its signatures changed.\n\nExit codes: 0 measured, 2 could not measure, or an answer was wrong.\n\n\
                  Examples:\n  \
                  sigwarden bench policies\n  \
                  sigwarden bench -r pod.yaml -s policy.yaml --host-latency 70\n  \
                  sigwarden bench -r pod.yaml -s policy.yaml --live"
)]
pub(super) struct Arguments {
    /// Admissions to measure: suites as for `sigwarden test`, or folders of them
    #[arg(value_name = "SUITE", conflicts_with = "request_path")]
    suites: Vec<PathBuf>,

    /// A request of your own: an AdmissionRequest or AdmissionReview, or a manifest
    #[arg(short, long, value_name = "FILE", requires = "settings_path")]
    request_path: Option<PathBuf>,

    /// The policy for it: settings, or a Kubewarden policy that holds them
    #[arg(short, long, value_name = "FILE", requires = "request_path")]
    settings_path: Option<PathBuf>,

    /// A bundle of your own, as for `sigwarden verify-bundle`: with what was signed, and by whom
    #[arg(short, long, value_name = "FILE", requires = "artifact", conflicts_with_all = ["suites", "request_path"])]
    bundle: Option<PathBuf>,

    /// What the bundle signs: a file, or sha256:<hex> of its content
    #[arg(long, value_name = "FILE_OR_DIGEST", requires = "bundle")]
    artifact: Option<String>,

    #[command(flatten, next_help_heading = "Signer of the bundle")]
    signer: SignerFlags,

    /// What to compare with, in the same run: `native` (this core as a native program on AWS-LC), `rustcrypto-native`,
    /// `own-native` (with the module's own arithmetic), or another module's file
    #[arg(long, value_name = "WHAT")]
    against: Vec<PathBuf>,

    /// A program that verifies the bundle, too: `tests/bench/sigstore-go` says how it is asked
    #[arg(long, value_name = "PROGRAM", requires = "bundle")]
    peer: Vec<PathBuf>,

    /// Samples of each scenario
    #[arg(long, value_name = "N", default_value = "100", alias = "num-samples")]
    samples: usize,

    /// Also measure with the registries as they are: each sample fetches everything anew, over connections and logins that
    /// are there already
    #[arg(
        long,
        requires = "request_path",
        conflicts_with_all = ["offline", "record_host_capabilities_interactions", "replay_host_capabilities_interactions"]
    )]
    live: bool,

    /// Also measure a host that has nothing cached and needs this long for a call
    #[arg(long, value_name = "MS")]
    host_latency: Option<u64>,

    #[command(flatten)]
    asked: PolicyFlags,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    pub(super) output: Output,
}

/// Samples with a cold host: each takes as long as its calls, and there is nothing random in it.
const COLD_SAMPLES: usize = 5;

/// What `-o json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    module_bytes: usize,
    instantiation: Option<Figures>,
    host_latency_ms: Option<u64>,
    scenarios: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    measured: Measured,
    comparisons: Vec<Comparison>,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let meter = Meter::from_file(&self.asked.module.path()?)?;
        let module = self.asked.module.load()?;
        let mut runners: Vec<Box<dyn Runner>> = vec![Box::new(ModuleRunner::new("module".to_owned(), module.clone()))];
        for other in &self.against {
            if let Some(engine) = other.to_str().and_then(Engine::named) {
                runners.push(Box::new(NativeRunner::new(engine)?));
                continue;
            }
            let name = other.file_stem().unwrap_or(other.as_os_str()).to_string_lossy().into_owned();
            runners.push(Box::new(ModuleRunner::new(name, Module::from_file(other)?)));
        }
        for program in &self.peer {
            let started =
                PeerRunner::start(program).with_context(|| format!("cannot start `{}`", program.display()))?;
            runners.push(Box::new(started));
        }
        let mut questions = Vec::new();
        for path in suite::find(&self.suites)? {
            for test in suite::load(&path)? {
                let asked = hosted_test(&test, &module, log)?;
                let admitted = Some(test.expect.verdict == Verdict::Admitted);
                let question = admission(test.name, &asked.request, &asked.settings, admitted);
                check_settings(&asked.hosted.policy, &asked.settings, Paths::Shown, streams.err)?;
                questions.push(Asked { question, policy: asked.hosted.policy, live: None });
            }
        }
        if let (Some(request), Some(settings)) = (&self.request_path, &self.settings_path) {
            let request = super::run::load_request(request)?;
            let mut settings = load_policy(settings, streams.err)?.settings;
            let hosted =
                self.asked.start(module.clone(), Profile::Kubewarden, &mut settings, Paths::Shown, log, streams.err)?;
            let question = admission("the request".to_owned(), &request, &settings, None);
            let registries = self.asked.source.registry.open().filter(|_| self.live);
            let live = registries.map(|registries| self.live_host(module, registries, log));
            questions.push(Asked { question, policy: hosted.policy, live });
        } else if let (Some(bundle), Some(artifact)) = (&self.bundle, &self.artifact) {
            let question = bundle_question(bundle, artifact, self.signer, &self.asked.trust)?;
            let policy = Policy::new(module, Arc::new(Layouts::open(&[], Arc::clone(log))?), Arc::clone(log));
            let payload = serde_json::to_value(&question)?;
            let (name, operation) = (bundle.display().to_string(), Operation::VerifyBundle);
            let question = Question { name, operation, payload, admitted: Some(true) };
            questions.push(Asked { question, policy, live: None });
        }
        tell(log, streams.err)?;
        let effort = Effort {
            samples: self.samples.max(1),
            cold_samples: COLD_SAMPLES,
            latency: self.host_latency.map(Duration::from_millis),
        };
        let err = &mut *streams.err;
        let measured = measure(questions, &runners, &meter, effort, |stage| {
            // Nobody's answer depends on whether progress can be shown.
            let _ = writeln!(err, "measuring: {stage}");
        })?;
        let report = Report {
            module_bytes: meter.module_bytes(),
            instantiation: measured.instantiation,
            host_latency_ms: self.host_latency,
            scenarios: measured
                .questions
                .into_iter()
                .map(|measured| Row { comparisons: measured.comparisons(), measured })
                .collect(),
        };
        unless_closed(match self.output {
            Output::Json => json::pretty(streams.out, &report),
            Output::Text => text(streams.out, &report),
        })?;
        Ok(Answer::Yes)
    }

    /// Makes hosts that ask `registries` for everything, each anew.
    fn live_host(&self, module: Module, registries: Arc<Registries>, log: &Arc<Log>) -> Box<LiveHost> {
        let (host, source, log) = (self.asked.host.clone(), self.asked.source.clone(), Arc::clone(log));
        Box::new(move || {
            let registries = Arc::new(registries.with_nothing_fetched());
            let source = source.source_with(Some(registries), &log);
            let hosted = source.and_then(|source| host.run(Profile::Kubewarden, module.clone(), source, &log));
            hosted.map(|hosted| hosted.policy.host_calls()).map_err(|error| format!("{error:#}"))
        })
    }
}

fn admission(name: String, request: &Value, settings: &Value, admitted: Option<bool>) -> Question {
    let payload = json!({"request": request, "settings": settings});
    Question { name, operation: Operation::Validate, payload, admitted }
}

/// A table for each scenario's times, and one line of costs.
fn text(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    writeln!(out, "module: {} bytes; times in ms, each sample a fresh instance", report.module_bytes)?;
    let ms = |micros: f64| micros / 1e3;
    if let Some(figures) = &report.instantiation {
        let (min, p50, p95) = (ms(figures.min_us), ms(figures.p50_us), ms(figures.p95_us));
        writeln!(out, "  of which the instance    min {min:>8.3}   p50 {p50:>8.3}   p95 {p95:>8.3}")?;
    }
    writeln!(out)?;
    for Row { measured, comparisons } in &report.scenarios {
        let verdict = match (measured.admitted, measured.twin_refused) {
            (true, true) => "admitted; refused with one bit changed",
            (true, false) => "admitted",
            (false, _) => "refused",
        };
        writeln!(out, "{} ({verdict})", measured.name)?;
        let mut line = |name: &str, figures: &Figures, ratio: &str| {
            let (min, p50, p95) = (ms(figures.min_us), ms(figures.p50_us), ms(figures.p95_us));
            writeln!(out, "  {name:<22} min {min:>8.3}   p50 {p50:>8.3}   p95 {p95:>8.3}{ratio}")
        };
        for timed in &measured.warm {
            let compared = comparisons.iter().find(|comparison| comparison.against == timed.runner);
            let ratio = compared.map_or_else(String::new, |ratio| {
                format!("   module / this: min {:.2}, p50 {:.2}", ratio.min, ratio.p50)
            });
            line(&timed.runner, &timed.figures, &ratio)?;
        }
        if let (Some(cold), Some(latency)) = (&measured.cold, report.host_latency_ms) {
            line(&format!("cold host, {latency} ms"), cold, "")?;
        }
        if let Some(live) = &measured.live {
            line("registries, each anew", live, "")?;
        }
        let cost = &measured.cost;
        let costs = format!(
            "  {} host calls{}, {} bytes answered; request {} bytes; {:.2} M instructions; {:.1} MiB memory",
            cost.host_calls,
            by_operation(&cost.host_calls_by_operation),
            cost.host_bytes,
            cost.request_bytes,
            cost.fuel as f64 / 1e6,
            cost.peak_memory as f64 / 1_048_576.0,
        );
        render::line(out, &costs)?;
        writeln!(out)?;
    }
    Ok(())
}

/// ` (4 v1/oci_manifest, …)`
fn by_operation(calls: &BTreeMap<String, usize>) -> String {
    let calls: Vec<_> = calls.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
    if calls.is_empty() { String::new() } else { format!(" ({})", calls.join(", ")) }
}
