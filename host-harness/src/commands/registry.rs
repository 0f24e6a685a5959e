//! The flags that say how to reach registries and transparency logs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use sigwarden_core::reference::Repository;

use crate::sources::{Registries, RegistryOptions, Rekor, RekorUrl};
use crate::suggest::PUBLIC_LOG;

/// Longer than anybody waits for one manifest.
const MAX_SECONDS: f64 = 3600.0;

/// How to reach the registries of images that no layout holds, and transparency logs.
#[derive(Args, Clone, Debug)]
pub(super) struct RegistryFlags {
    /// Ask no registry: what no --oci-layout holds cannot be looked into
    #[arg(long)]
    offline: bool,

    /// Talk to this registry over http; may be repeated
    #[arg(long = "insecure-registry", value_name = "HOST[:PORT]", value_parser = registry)]
    insecure_registries: Vec<String>,

    /// Directory of docker's config.json, with logins and credential helpers [default: ~/.docker, then podman's]
    #[arg(long, value_name = "DIR", env = "DOCKER_CONFIG", hide_env_values = true)]
    docker_config_json_path: Option<PathBuf>,

    /// How long a registry may take for one thing, retries included
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    registry_timeout: Duration,

    /// Ask this transparency log about signatures that carry no proof of their own; may be repeated
    #[arg(long = "rekor-url", value_name = "URL")]
    rekor_urls: Vec<RekorUrl>,

    /// Recorded answers of a transparency log (`/api/v1/log/entries`), which are looked into first; may be repeated
    #[arg(long, value_name = "FILE")]
    rekor_entries: Vec<PathBuf>,
}

impl RegistryFlags {
    /// As `--offline` says.
    pub(super) const fn offline() -> Self {
        Self {
            offline: true,
            insecure_registries: Vec::new(),
            docker_config_json_path: None,
            registry_timeout: Duration::ZERO,
            rekor_urls: Vec::new(),
            rekor_entries: Vec::new(),
        }
    }

    /// `None` stays offline.
    pub(super) fn open(&self) -> Option<Arc<Registries>> {
        if self.offline {
            return None;
        }
        let options = RegistryOptions {
            insecure: self.insecure_registries.clone(),
            docker_config: self.docker_config_json_path.clone(),
            timeout: self.registry_timeout,
        };
        Some(Arc::new(Registries::new(options)))
    }

    /// The URLs of the transparency logs that may be asked, as settings name them; the public one's where there are recorded answers alone.
    pub(super) fn logs(&self) -> Vec<String> {
        if self.rekor_urls.is_empty() && !self.rekor_entries.is_empty() {
            return vec![PUBLIC_LOG.to_owned()];
        }
        self.rekor_urls.iter().map(|url| url.to_string().trim_end_matches('/').to_owned()).collect()
    }

    /// The transparency logs: recorded, and live unless everything stays offline.
    pub(super) fn rekor(&self) -> anyhow::Result<Rekor> {
        let live = if self.offline { Vec::new() } else { self.rekor_urls.clone() };
        Rekor::new(&self.rekor_entries, live, self.registry_timeout).context("--rekor-entries")
    }
}

/// A registry as normalised references spell it.
fn registry(text: &str) -> Result<String, String> {
    if let Some(scheme) = super::scheme(text) {
        return Err(format!("leave `{scheme}` out: write HOST or HOST:PORT"));
    }
    let inside = Repository::parse(&format!("{text}/any/any")).map_err(|error| error.to_string())?;
    if text.contains('/') || !inside.to_string().eq_ignore_ascii_case(&format!("{text}/any/any")) {
        return Err("it is not a registry: write HOST or HOST:PORT".to_owned());
    }
    Ok(inside.registry().to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("it is not a number of seconds between 0 and {MAX_SECONDS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_hosts() {
        let cases = [
            ("host and port", "localhost:5000", Some("localhost:5000")),
            ("capitals", "Registry.Example.Test", Some("registry.example.test")),
            ("address", "127.0.0.1:17021", Some("127.0.0.1:17021")),
            ("a repository", "ghcr.io/myorg", None),
            ("a url", "http://localhost:5000", None),
            ("a word", "registry", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(registry(text).ok().as_deref(), expected, "case `{name}`");
        }
        assert!(registry("http://localhost:5000").unwrap_err().starts_with("leave `http://` out"));
    }

    #[test]
    fn timeouts_are_seconds() {
        let cases = [("whole", "3", Some(3000)), ("half", "0.5", Some(500)), ("none", "0", None), ("unit", "3s", None)];
        for (name, text, expected) in cases {
            assert_eq!(seconds(text).ok().map(|time| time.as_millis()), expected, "case `{name}`");
        }
        assert!(seconds("NaN").is_err() && seconds("inf").is_err());
    }
}
