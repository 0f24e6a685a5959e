//! `sigwarden inspect FILE|IMAGE`: what does this evidence say?

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::{Answer, Output, SourceFlags, Streams, TrustFlag, image, tell, unless_closed};
use crate::inspect::{Inspection, KnownLogs, MAX_BYTES, inspect_file, inspect_image};
use crate::log::Log;
use crate::render::{inspect as text, json};

/// Endings that images do not have: what is named like this, and is no file, is a file that somebody misspelt.
const FILE_ENDINGS: [&str; 10] = ["json", "jsonl", "pem", "crt", "cer", "der", "pub", "sig", "bundle", "sigstore"];

/// Say what evidence says of itself: who, when, which workflow, which log entry. Verifies nothing
#[derive(Args, Debug)]
#[command(
    after_help = "Known are Sigstore bundles (also several in a .jsonl), cosign's manifests and layers, published evidence, DSSE \
                  envelopes, in-toto statements and provenance, certificates, public keys and trusted_root.json; of an \
                  image, everything that lies beside it.\n\n\
                  Inspecting is not verifying: `sigwarden verify` and `sigwarden verify-bundle` do that.\n\n\
                  Exit codes: 0 something could be read, 1 the image has no evidence, 2 nothing could be read.\n\n\
                  Examples:\n  \
                  sigwarden inspect app.sigstore.json\n  \
                  sigwarden inspect ghcr.io/myorg/app:1.4.2\n  \
                  sigwarden inspect ghcr.io/myorg/app:1.4.2 -o json | jq '.evidence[].statement.predicate'\n  \
                  cosign public-key --key cosign.key | sigwarden inspect -"
)]
pub(super) struct Arguments {
    /// A file, `-` for standard input, or an image by tag or digest
    #[arg(value_name = "FILE|IMAGE")]
    what: String,

    #[command(flatten)]
    source: SourceFlags,

    #[command(flatten)]
    trust: TrustFlag,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let inspection = self.inspect(log);
        tell(log, streams.err)?;
        let inspection = inspection?;
        unless_closed(match self.output {
            Output::Json => json::pretty(streams.out, &inspection),
            Output::Text => text::inspection(streams.out, &inspection),
        })?;
        Ok(match (inspection.evidence.is_empty(), inspection.unreadable.is_empty()) {
            (false, _) => Answer::Yes,
            (true, true) => Answer::No,
            (true, false) => Answer::Unknown,
        })
    }

    fn inspect(&self, log: &Arc<Log>) -> anyhow::Result<Inspection> {
        let trusted_root = self.trust.load()?.map(|root| root.to_string());
        let logs = KnownLogs::with(trusted_root.as_deref()).context("--trusted-root")?;
        let what = self.what.as_str();
        if what == "-" {
            let bytes = bounded(&mut io::stdin().lock()).context("cannot read standard input")?;
            return inspect_file("-", &bytes, &logs).context("standard input");
        }
        let path = Path::new(what);
        if path.is_dir() {
            bail!("`{what}` is a folder: name a file in it, or an image and the folder as --oci-layout");
        }
        if path.exists() || names_a_file(what) {
            let read = || bounded(&mut File::open(path)?);
            let bytes = read().with_context(|| format!("cannot read `{what}`"))?;
            return inspect_file(what, &bytes, &logs).with_context(|| format!("`{what}`"));
        }
        let image =
            image(what).map_err(|reason| anyhow!("there is no file `{what}`, and it names no image: {reason}"))?;
        let source = self.source.told(log)?;
        Ok(inspect_image(&image, source.as_ref(), &self.source.registry.logs(), &logs)?)
    }
}

/// Whether this is meant as a file, though there is none.
fn names_a_file(what: &str) -> bool {
    let ending = Path::new(what).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    what.starts_with(['.', '/', '~'])
        || !what.contains([':', '@']) && FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
}

/// As much of `input` as is looked at, and one byte more where there is more.
fn bounded(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    input.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
