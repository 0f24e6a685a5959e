//! `sigwarden publish IMAGE…`: put evidence where a stock Kubewarden can hand it to a policy.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use sigwarden_core::reference::{ImageRef, Repository};

use super::{Answer, Output, SourceFlags, Streams, image, tell, unless_closed};
use crate::log::Log;
use crate::publish::{Destination, Mode, Outcome, Publisher, Report};
use crate::render::{json, publish as text, remark};
use crate::sources::Told;

/// Publish what is known about images, in one artifact that a stock Kubewarden can read
#[derive(Args, Debug)]
#[command(
    after_help = "Collects signatures and attestations of every format from the image's repository, adds what is \
                        published already, and writes the artifact `sha256-<hex>.sigwarden`. Nothing is verified, and \
                        nothing is ever taken out. Doing it again does nothing.\n\n\
                        Exit codes: 0 published (or nothing to do), 1 an image has no evidence, 2 could not.\n\n\
                        Examples:\n  \
                        sigwarden publish ghcr.io/myorg/app:1.4.2\n  \
                        sigwarden publish ghcr.io/myorg/app:1.4.2 --dry-run\n  \
                        sigwarden publish ghcr.io/myorg/app:1.4.2 --to ghcr.io/myorg/evidence"
)]
pub(super) struct Arguments {
    /// The images, by tag or digest
    #[arg(value_name = "IMAGE", required = true, value_parser = image)]
    images: Vec<ImageRef>,

    /// Publish into this repository, and not beside the image; for settings with `evidence.repository`
    #[arg(long, value_name = "REPOSITORY", conflicts_with = "to_layout")]
    to: Option<Repository>,

    /// Write into an OCI layout, and not into a registry
    #[arg(long, value_name = "DIR")]
    to_layout: Option<PathBuf>,

    /// Say what would be published, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    source: SourceFlags,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

#[derive(Serialize)]
struct Document {
    images: Vec<Report>,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let registries = self.source.registry.open();
        let source = Arc::new(Told::new(self.source.source_with(registries.clone(), log)?, Arc::clone(log)));
        let destination = match (self.to_layout, registries) {
            (Some(dir), _) => Destination::Layout(dir),
            (None, Some(registries)) => Destination::Registry(registries, self.to),
            (None, None) => bail!("with --offline nothing can be pushed: write into a layout with --to-layout DIR"),
        };
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Write };
        let publisher =
            Publisher::new(source, destination, mode, Arc::clone(log)).with_logs(self.source.registry.logs());

        let mut answer = Answer::Yes;
        let mut seen = BTreeSet::new();
        let mut images = Vec::new();
        for image in self.images.iter().filter(|image| seen.insert(image.to_string())) {
            match publisher.publish(image) {
                Ok(report) => {
                    if report.outcome == Outcome::NoEvidence && answer == Answer::Yes {
                        answer = Answer::No;
                    }
                    if self.output == Output::Text {
                        unless_closed(text::report(streams.out, &report))?;
                    }
                    images.push(report);
                }
                Err(error) => {
                    answer = Answer::Unknown;
                    unless_closed(remark(streams.err, "error", &format!("{}: {error}", image.written())))?;
                }
            }
        }
        if self.output == Output::Json {
            unless_closed(json::pretty(streams.out, &Document { images }))?;
        }
        tell(log, streams.err)?;
        Ok(answer)
    }
}
