//! `sigwarden convert FILE…`: other products' policies as Kubewarden policies.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{Answer, Output, Streams, unless_closed};
use crate::convert::{ConfigMaps, Conversion, Document, Options, convert, yaml};
use crate::policy_file;
use crate::render::{conversion, json as json_form};

/// Turn policies of Kyverno, policy-controller and verify-image-signatures into Kubewarden policies
///
/// The policies go to standard output, and what changed its meaning or has its place elsewhere to standard error.
/// A policy that would admit more afterwards is not written.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 converted, 1 something was refused, 2 could not read a file or found no policy.\n\n\
                        Examples:\n  \
                        sigwarden convert clusterpolicy.yaml > policies.yaml\n  \
                        kubectl get clusterpolicy signed-by-us -o yaml | sigwarden convert -"
)]
pub(super) struct Arguments {
    /// Policies (YAML or JSON, several documents if need be); `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// A ConfigMap whose values may be written out where the policy uses them
    #[arg(long = "config-map", value_name = "FILE")]
    config_maps: Vec<PathBuf>,

    /// Do without a field, although more is admitted then
    #[arg(long = "allow-loss", value_name = "FIELD")]
    allowed_losses: Vec<String>,

    /// Where Kubewarden gets the module from; without it, the release of this program
    #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
    module_uri: String,

    /// Form of the result: YAML with the report beside it, or both as one JSON document
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

impl Arguments {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let mut documents = Vec::new();
        for path in &self.files {
            let file = path.display().to_string();
            let values = policy_file::documents_of(path)?;
            documents.extend(values.into_iter().map(|value| Document { file: file.clone(), value }));
        }
        let mut config_maps = ConfigMaps::default();
        for path in &self.config_maps {
            for document in policy_file::documents_of(path)? {
                if !config_maps.take(&document) {
                    bail!("`{}` is not a ConfigMap (`kubectl get configmap NAME -o yaml` prints one)", path.display());
                }
            }
        }
        let allowed_losses: BTreeSet<String> = self.allowed_losses.iter().cloned().collect();
        let converted = convert(&documents, &Options { allowed_losses, config_maps, module: self.module_uri });
        if converted.policies_read == 0 {
            unless_closed(conversion::notes(streams.err, &converted.notes))?;
            bail!("there is no policy about images in these files");
        }
        unless_closed(match self.output {
            Output::Text => write_yaml(&converted, streams),
            Output::Json => json_form::pretty(streams.out, &as_json(&converted)),
        })
        .context("cannot write the policies")?;
        Ok(if converted.is_refused() { Answer::No } else { Answer::Yes })
    }
}

fn write_yaml(converted: &Conversion, streams: &mut Streams<'_>) -> std::io::Result<()> {
    let policies = converted.policies();
    let text = yaml::documents(policies.iter().map(|written| (written.comment.as_str(), &written.policy)));
    streams.out.write_all(text.as_bytes())?;
    conversion::notes(streams.err, &converted.notes)
}

fn as_json(converted: &Conversion) -> Value {
    let policies: Vec<Value> = converted.policies().iter().map(|written| written.policy.to_value()).collect();
    json!({"policies": policies, "report": converted.notes})
}
