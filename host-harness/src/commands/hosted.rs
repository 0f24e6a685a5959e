//! A policy on the host that the flags describe, and what is left to do when it has answered: write the recording, or
//! say that the run was another than the recorded one; and tell of evidence that such a host keeps from a policy.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use sigwarden_metadata::capabilities::Pattern;

use super::{ModuleFlag, SourceFlags, TrustFlag, UnusableSettings, check_settings, look_everywhere};
use crate::cosign_flags;
use crate::engine::Module;
use crate::host::{Host, Profile};
use crate::log::Log;
use crate::out_of_reach;
use crate::policy::{Explained, Policy, PolicyError};
use crate::render::text::Paths;
use crate::resources::Resources;
use crate::session::Session;
use crate::sources::Source;

/// What kind of host to be, and what to hand out.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct HostFlags {
    /// Which calls the policy's host has
    #[arg(long, value_name = "HOST")]
    host: Option<Profile>,

    /// Host capabilities to grant, for example `oci/*`; without it those that the policy's metadata lists. An extended host
    /// grants all
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    allowed_host_capabilities: Option<Vec<Pattern>>,

    /// Objects of the cluster (Secrets, ConfigMaps) that the policy may read, as manifests
    #[arg(long = "resource", value_name = "FILE")]
    resources: Vec<PathBuf>,

    /// Stop the policy after so many seconds, host calls included (policy-server: 2)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    policy_timeout: Option<Duration>,

    /// Write down what the policy asks its host, and the answers, as `kwctl run` does
    #[arg(long, value_name = "FILE", conflicts_with = "replay_host_capabilities_interactions")]
    record_host_capabilities_interactions: Option<PathBuf>,

    /// Answer from such a recording, and ask nobody
    #[arg(long, value_name = "FILE")]
    replay_host_capabilities_interactions: Option<PathBuf>,
}

/// What it takes to ask a policy: whom it may trust, where it looks, its host, and itself.
#[derive(Args, Clone, Debug)]
pub(super) struct PolicyFlags {
    #[command(flatten)]
    pub(super) trust: TrustFlag,

    #[command(flatten)]
    pub(super) source: SourceFlags,

    #[command(flatten, next_help_heading = "Host")]
    pub(super) host: HostFlags,

    // Back to the heading that all others have: by another with the same words there would be two.
    #[command(flatten, next_help_heading = None::<&str>)]
    pub(super) module: ModuleFlag,
}

impl PolicyFlags {
    /// Puts `module` on its host, adds to the settings what the flags say, and has it read them. What is wrong with them, or
    /// perhaps not meant, goes to `err`.
    pub(super) fn start(
        &self,
        module: Module,
        default: Profile,
        settings: &mut Value,
        paths: Paths,
        log: &Arc<Log>,
        err: &mut dyn Write,
    ) -> anyhow::Result<Hosted> {
        self.trust.apply(settings).context("--trusted-root")?;
        look_everywhere(settings, self.host.profile(default));
        let hosted = self.host.run(default, module, self.source.source(log)?, log)?;
        check_settings(&hosted.policy, settings, paths, err).map_err(|error| self.with_trusted_root(error))?;
        Ok(hosted)
    }

    /// The same error, naming the flag where it is about its file.
    fn with_trusted_root(&self, mut error: anyhow::Error) -> anyhow::Error {
        if let (Some(file), Some(unusable)) = (&self.trust.trusted_root, error.downcast_mut::<UnusableSettings>()) {
            cosign_flags::trusted_root_named(&mut unusable.problems, file);
        }
        error
    }
}

/// A policy on its host, and what is to be done when it has answered.
pub(super) struct Hosted {
    pub(super) policy: Policy,
    profile: Profile,
    source: Arc<dyn Source>,
    session: Arc<Session>,
}

impl HostFlags {
    /// A host without flags, which answers from a recording if there is one.
    pub(super) fn replaying(recording: Option<PathBuf>) -> Self {
        Self { replay_host_capabilities_interactions: recording, ..Self::default() }
    }

    /// The kind of host: the one asked for, or the command's own.
    pub(super) fn profile(&self, default: Profile) -> Profile {
        self.host.unwrap_or(default)
    }

    /// Whether what is asked is written down, or was.
    pub(super) const fn is_session(&self) -> bool {
        self.record_host_capabilities_interactions.is_some() || self.replay_host_capabilities_interactions.is_some()
    }

    /// Puts `module` on its host, which finds images in `source`.
    pub(super) fn run(
        &self,
        default: Profile,
        module: Module,
        source: Arc<dyn Source>,
        log: &Arc<Log>,
    ) -> anyhow::Result<Hosted> {
        let module = match self.policy_timeout {
            Some(limit) => module.with_time_limit(limit),
            None => module,
        };
        let mut host = match self.profile(default) {
            Profile::Extended => Host::extended(source),
            Profile::Kubewarden => Host::kubewarden(source, &module.declared()?)?,
        };
        if let Some(patterns) = &self.allowed_host_capabilities {
            host.granted = patterns.iter().cloned().collect();
        }
        host.resources = Arc::new(Resources::load(&self.resources).context("--resource")?);
        // Whoever hands an object over has granted its kind.
        host.kinds.extend(host.resources.kinds());
        host.session = Arc::new(
            match (&self.record_host_capabilities_interactions, &self.replay_host_capabilities_interactions) {
                (Some(file), _) => Session::recording_to(file.clone()),
                (None, Some(file)) => Session::replaying(file)?,
                (None, None) => Session::default(),
            },
        );
        let (profile, source, session) = (host.profile, Arc::clone(&host.source), Arc::clone(&host.session));
        Ok(Hosted { policy: Policy::on(host, module, Arc::clone(log)), profile, source, session })
    }
}

impl Hosted {
    /// Asks for the answer to `request`, and ends the recording or replay.
    pub(super) fn explain(&self, request: &Value, settings: &Value, log: &Log) -> anyhow::Result<Explained> {
        let explained = self.explain_one(request, settings, log);
        // A module that gave no answer has asked all the same, and a run that was not the recorded one has no result.
        self.finish(log)?;
        Ok(explained?)
    }

    /// Asks for the answer to one of several requests.
    pub(super) fn explain_one(&self, request: &Value, settings: &Value, log: &Log) -> Result<Explained, PolicyError> {
        let explained = self.policy.explain(request, settings)?;
        if self.profile == Profile::Kubewarden && !self.session.is_replay() {
            for note in out_of_reach::notes(&explained.explanation, self.source.as_ref()) {
                log.note(note);
            }
        }
        Ok(explained)
    }

    /// Ends the recording or replay.
    pub(super) fn finish(&self, log: &Log) -> anyhow::Result<()> {
        Ok(self.session.finish(log)?)
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    // A day is longer than anybody waits, and keeps every later sum in range.
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("more than 0 and at most 86400 seconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_are_numbers_of_seconds() {
        let cases = [
            ("whole", "2", Ok(Duration::from_secs(2))),
            ("part", "0.5", Ok(Duration::from_millis(500))),
            ("no number", "2s", Err("not a number of seconds")),
            ("nothing", "0", Err("more than 0 and at most 86400 seconds")),
            ("negative", "-1", Err("more than 0 and at most 86400 seconds")),
            ("not finite", "inf", Err("more than 0 and at most 86400 seconds")),
            ("not a number at all", "NaN", Err("more than 0 and at most 86400 seconds")),
        ];
        for (name, text, expected) in cases {
            assert_eq!(seconds(text), expected.map_err(str::to_owned), "case `{name}`");
        }
    }
}
