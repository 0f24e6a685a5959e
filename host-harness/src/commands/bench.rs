//! `sigwarden bench`: how long an admission takes, and what it costs.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::hosted::HostFlags;
use super::test::hosted_test;
use super::{
    Answer, ModuleFlag, Output, SourceFlags, Streams, TrustFlag, check_settings, load_policy, look_everywhere, tell,
    unless_closed,
};
use crate::bench::{Comparison, Effort, Measured, Meter, ModuleRunner, Question, Runner, measure};
use crate::engine::Module;
use crate::host::Profile;
use crate::log::Log;
use crate::render::json;
use crate::render::text::Paths;
use crate::suite::{self, Verdict};

/// Measure admissions: time, instructions, memory, host calls
#[derive(Args, Debug)]
#[command(
    after_help = "Host calls are made once; then their answers are at hand, and every sample is a fresh instance. Each \
                  scenario's verdict is checked in every sample, and what is admitted must be refused with one \
                  bit of its signatures changed.\n\nExit codes: 0 measured, 2 could not measure, or an answer was wrong.\n\n\
                  Examples:\n  \
                  sigwarden bench policies\n  \
                  sigwarden bench -r pod.yaml -s policy.yaml --host-latency 70"
)]
pub(super) struct Arguments {
    /// Admissions to measure: suites as for `sigwarden test`, or folders of them
    #[arg(value_name = "SUITE", required_unless_present = "request_path", conflicts_with = "request_path")]
    suites: Vec<PathBuf>,

    /// A request of your own: an AdmissionRequest or AdmissionReview, or a manifest
    #[arg(short, long, value_name = "FILE", requires = "settings_path")]
    request_path: Option<PathBuf>,

    /// The policy for it: settings, or a Kubewarden policy that holds them
    #[arg(short, long, value_name = "FILE", requires = "request_path")]
    settings_path: Option<PathBuf>,

    /// Another module to compare with, in the same run
    #[arg(long, value_name = "MODULE")]
    against: Vec<PathBuf>,

    /// Samples of each scenario
    #[arg(long, value_name = "N", default_value = "100", alias = "num-samples")]
    samples: usize,

    /// Also measure a host that has nothing cached and needs this long for a call
    #[arg(long, value_name = "MS")]
    host_latency: Option<u64>,

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
    pub(super) output: Output,
}

/// Samples with a cold host: each takes as long as its calls, and there is nothing random in it.
const COLD_SAMPLES: usize = 5;

/// What `-o json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    module_bytes: usize,
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
        let meter = Meter::from_file(&self.module.path()?)?;
        let module = self.module.load()?;
        let mut runners: Vec<Box<dyn Runner>> = vec![Box::new(ModuleRunner::new("module".to_owned(), module.clone()))];
        for other in &self.against {
            let name = other.file_stem().unwrap_or(other.as_os_str()).to_string_lossy().into_owned();
            runners.push(Box::new(ModuleRunner::new(name, Module::from_file(other)?)));
        }
        let mut questions = Vec::new();
        for path in suite::find(&self.suites)? {
            for test in suite::load(&path)? {
                let asked = hosted_test(&test, &module, log)?;
                let admitted = Some(test.expect.verdict == Verdict::Admitted);
                let (request, settings) = (asked.request, asked.settings);
                questions.push((Question { name: test.name, request, settings, admitted }, asked.hosted.policy));
            }
        }
        if let (Some(request), Some(settings)) = (&self.request_path, &self.settings_path) {
            let request = super::run::load_request(request)?;
            let mut settings = load_policy(settings, streams.err)?.settings;
            self.trust.apply(&mut settings)?;
            look_everywhere(&mut settings, self.host.profile(Profile::Kubewarden));
            let hosted = self.host.run(Profile::Kubewarden, module, self.source.source(log)?, log)?;
            let question = Question { name: "the request".to_owned(), request, settings, admitted: None };
            questions.push((question, hosted.policy));
        }
        for (question, policy) in &questions {
            check_settings(policy, &question.settings, Paths::Shown, streams.err)?;
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
            host_latency_ms: self.host_latency,
            scenarios: measured
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
}

/// A table for each scenario's times, and one line of costs.
fn text(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    writeln!(out, "module: {} bytes; times in ms, each sample a fresh instance\n", report.module_bytes)?;
    for Row { measured, comparisons } in &report.scenarios {
        let verdict = match (measured.admitted, measured.twin_refused) {
            (true, true) => "admitted; refused with one bit changed",
            (true, false) => "admitted",
            (false, _) => "refused",
        };
        writeln!(out, "{} ({verdict})", measured.name)?;
        let ms = |micros: f64| micros / 1e3;
        let mut line = |name: &str, figures: &crate::bench::Figures, ratio: &str| {
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
        let cost = &measured.cost;
        writeln!(
            out,
            "  {} host calls, {} bytes answered; request {} bytes; {:.2} M instructions; {:.1} MiB memory\n",
            cost.host_calls,
            cost.host_bytes,
            cost.request_bytes,
            cost.fuel as f64 / 1e6,
            cost.peak_memory as f64 / 1_048_576.0,
        )?;
    }
    Ok(())
}
