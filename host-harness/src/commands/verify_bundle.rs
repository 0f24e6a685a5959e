//! `sigwarden verify-bundle`: does this Sigstore bundle vouch for that file?
//!
//! The command line is the one that sigstore-conformance puts to every client.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgGroup, Args};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sigwarden_core::decision::{Code, Outcome};
use sigwarden_core::reference::Digest;
use sigwarden_core::settings::WholeRegex;
use sigwarden_core::verify::TrustRoot;

use super::{Answer, ModuleFlag, Output, Streams, TrustFlag, read_key, read_text, tell, unless_closed};
use crate::cosign_flags::{SignerFlags, of_a_bundle};
use crate::log::Log;
use crate::policy::{Artifact, BundleQuestion, Policy};
use crate::render::{json, text};
use crate::sources::Layouts;

/// Larger files are handed to the module as their hash: it has at most 4 GiB of memory, and holds a file several times.
/// Only keys that sign content and not its hash (Ed25519) need the bytes.
const MAX_ARTIFACT_BYTES: u64 = 64 << 20;

/// Verify a Sigstore bundle
#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("rules")
        .required(true)
        .args(["certificate_identity", "certificate_identity_regexp", "key"]),
    after_help = "Exit codes: 0 verified, 1 not verified, 2 could not decide.\n\n\
                  Examples:\n  \
                  sigwarden verify-bundle --bundle app.sigstore.json --key cosign.pub app.tar.gz\n  \
                  sigwarden verify-bundle --bundle app.sigstore.json --certificate-identity you@example.com \
                  --certificate-oidc-issuer https://github.com/login/oauth app.tar.gz"
)]
pub(super) struct Arguments {
    /// The signed file, or sha256:<hex> of its content
    #[arg(value_name = "FILE_OR_DIGEST")]
    artifact: String,

    /// The bundle
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,

    #[command(flatten)]
    signer: SignerFlags,

    #[command(flatten)]
    trust: TrustFlag,

    #[command(flatten)]
    module: ModuleFlag,

    /// Form of the result
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

impl Arguments {
    pub(super) fn run(self, log: &Arc<Log>, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let question = bundle_question(&self.bundle, &self.artifact, self.signer.clone(), &self.trust)?;
        // A bundle brings all its evidence: there is nothing to look up.
        let nothing = Layouts::open(&[], Arc::clone(log))?;
        let policy = Policy::new(self.module.load()?, Arc::new(nothing), Arc::clone(log));

        let report = policy.verify_bundle(&question);
        tell(log, streams.err)?;
        let mut report = report?;
        if let Some(finding) = report.finding.as_mut() {
            if finding.code == Code::SettingsInvalid {
                bail!("{}{}", self.flag_at_fault(&question), finding.message);
            }
            of_a_bundle(finding, &self.signer);
        }
        if report.finding.as_ref().is_some_and(|finding| finding.code == Code::EvidenceMalformed)
            && let Some(reason) = no_bundle(&question.bundle)
        {
            bail!("`{}` is no Sigstore bundle: {reason}", self.bundle.display());
        }
        unless_closed(match self.output {
            Output::Json => json::pretty(streams.out, &report),
            Output::Text => text::bundle(streams.out, &self.bundle.display().to_string(), &self.artifact, &report),
        })?;
        Ok(match report.outcome {
            Outcome::Passed => Answer::Yes,
            Outcome::Undecided => Answer::Unknown,
            Outcome::Skipped | Outcome::Audited | Outcome::Failed => Answer::No,
        })
    }

    /// The flag that the module cannot use, with a colon. It looks at the trust root first.
    fn flag_at_fault(&self, question: &BundleQuestion) -> String {
        let root_is_usable =
            question.trusted_root.as_ref().is_none_or(|root| TrustRoot::from_json(&root.to_string()).is_ok());
        let is_usable = |expression: &str| WholeRegex::parse(expression).is_ok();
        let (signer, identity) = (&self.signer, question.certificate_identity_regexp.as_deref());
        match (&self.trust.trusted_root, &signer.key) {
            (Some(file), _) if !root_is_usable => format!("--trusted-root {}: ", file.display()),
            (_, Some(file)) => format!("--key {}: ", file.display()),
            _ if identity.is_some_and(|expression| !is_usable(expression)) => {
                "--certificate-identity-regexp: ".to_owned()
            }
            _ if signer.certificate_oidc_issuer_regexp.is_some() => "--certificate-oidc-issuer-regexp: ".to_owned(),
            _ => String::new(),
        }
    }
}

/// What the command line asks about a bundle.
pub(super) fn bundle_question(
    bundle: &Path,
    artifact_name: &str,
    signer: SignerFlags,
    trust: &TrustFlag,
) -> anyhow::Result<BundleQuestion> {
    Ok(BundleQuestion {
        bundle: read_text(bundle)?,
        artifact: artifact(artifact_name)?,
        trusted_root: trust.load()?,
        key: signer.key.as_deref().map(read_key).transpose()?,
        certificate_identity: signer.certificate_identity,
        certificate_identity_regexp: signer.certificate_identity_regexp,
        certificate_oidc_issuer: signer.certificate_oidc_issuer,
        certificate_oidc_issuer_regexp: signer.certificate_oidc_issuer_regexp,
        insecure_ignore_tlog: signer.insecure_ignore_tlog,
        insecure_ignore_sct: signer.insecure_ignore_sct,
    })
}

/// Why a text is something else than a bundle. One that is damaged further in is a bundle that does not verify.
fn no_bundle(text: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text) {
        Err(error) => Some(format!("it is not JSON: {error}")),
        Ok(json) if json.get("mediaType").is_none() => Some("it has no `mediaType`".to_owned()),
        Ok(_) => None,
    }
}

/// A file, unless there is none of this name and the name is a digest.
fn artifact(text: &str) -> anyhow::Result<Artifact> {
    let path = Path::new(text);
    if !path.exists() && Digest::parse(text).is_ok_and(|digest| digest.algorithm() == "sha256") {
        return Ok(Artifact::Digest(text.to_owned()));
    }
    let cannot_read = || format!("cannot read `{text}`");
    let mut file = File::open(path).with_context(cannot_read)?;
    if file.metadata().with_context(cannot_read)?.len() > MAX_ARTIFACT_BYTES {
        let mut hash = Hash(Sha256::new());
        io::copy(&mut file, &mut hash).with_context(cannot_read)?;
        let hex: String = hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(Artifact::Digest(format!("sha256:{hex}")));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(cannot_read)?;
    Ok(Artifact::Bytes(STANDARD.encode(bytes)))
}

/// Takes what is written to it into a hash.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
