//! `sigwarden test [PATH…]`: do the policies answer as they should?

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use clap::Args;
use serde_json::Value;

use super::hosted::{HostFlags, Hosted};
use super::{
    Answer, ModuleFlag, SourceFlags, Streams, TrustFlag, check_settings, look_everywhere, request_of, tell,
    unless_closed,
};
use crate::engine::Module;
use crate::log::Log;
use crate::policy::Explained;
use crate::policy_file;
use crate::render::report::{self, Form, Report, SuiteReport, Tally, TestReport};
use crate::render::text::Paths;
use crate::suite::{self, Test};

/// Check policies against suites: settings, images, and the answers that are expected
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 everything as expected, 1 a test failed, 2 a test could not be run.\n\n\
                  Examples:\n  \
                  sigwarden test policies\n  \
                  sigwarden test policies -o junit > results.xml")]
pub(super) struct Arguments {
    /// Suites, or folders that hold files named sigwarden-test.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Fail if there is no test at all
    #[arg(long)]
    require_tests: bool,

    /// Report only what failed
    #[arg(long)]
    fail_only: bool,

    #[command(flatten)]
    module: ModuleFlag,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Form,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let module = self.module.load()?;
        let mut whole = Report::default();
        for path in suite::find(&self.paths)? {
            let tests = suite::load(&path)?.iter().map(|test| run_one(test, &module, log)).collect();
            whole.suites.push(SuiteReport { file: path.display().to_string(), tests });
        }
        if whole.tests().next().is_none() {
            let places: Vec<_> = self.paths.iter().map(|path| format!("`{}`", path.display())).collect();
            log.note(format!("there is no test in {}: suites are files named sigwarden-test.yaml", places.join(", ")));
        }
        tell(log, streams.err)?;
        if self.require_tests && whole.tests().next().is_none() {
            bail!(
                "there is no test in {}",
                self.paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
            );
        }
        let tally = Tally::of(&whole);
        let shown = if self.fail_only { whole.failures_only() } else { whole };
        unless_closed(report::write(streams.out, &shown, self.output, tally))?;
        Ok(match tally {
            Tally { errors: 1.., .. } => Answer::Unknown,
            Tally { failed: 1.., .. } => Answer::No,
            Tally { .. } => Answer::Yes,
        })
    }
}

fn run_one(test: &Test, module: &Module, log: &Arc<Log>) -> TestReport {
    let start = Instant::now();
    let asked = ask(test, module, log);
    let mut report = TestReport {
        name: test.name.clone(),
        mismatches: Vec::new(),
        error: None,
        message: None,
        seconds: start.elapsed().as_secs_f64(),
    };
    match asked {
        Ok(explained) => {
            report.mismatches = test.expect.mismatches(&explained);
            if !report.mismatches.is_empty() {
                report.message = explained.response.message;
            }
        }
        Err(error) => report.error = Some(format!("{error:#}")),
    }
    report
}

fn ask(test: &Test, module: &Module, log: &Arc<Log>) -> anyhow::Result<Explained> {
    let asked = hosted_test(test, module, log)?;
    // Warnings about settings are for whoever runs them, not for their tests.
    check_settings(&asked.hosted.policy, &asked.settings, Paths::Shown, &mut std::io::sink())?;
    asked.hosted.explain(&asked.request, &asked.settings, log)
}

/// A test with everything that is needed to run it.
pub(super) struct AskedTest {
    pub(super) hosted: Hosted,
    pub(super) request: Value,
    pub(super) settings: Value,
}

/// Puts the module on the host that a test describes.
pub(super) fn hosted_test(test: &Test, module: &Module, log: &Arc<Log>) -> anyhow::Result<AskedTest> {
    let mut settings = policy_file::load(&test.settings)?.settings;
    TrustFlag { trusted_root: test.trusted_root.clone() }.apply(&mut settings)?;
    look_everywhere(&mut settings, test.host);
    let source = SourceFlags::of_suite(&test.oci_layout)?.source(log)?;
    let hosted = HostFlags::replaying(test.replay.clone()).run(test.host, module.clone(), source, log)?;
    Ok(AskedTest { hosted, request: request_of(&test.asked)?, settings })
}
