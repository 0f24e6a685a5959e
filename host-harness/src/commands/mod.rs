//! The command line: what was asked, and the exit code that answers it.
//!
//! One file per subcommand. Each gets its arguments and two streams: results go to `out`, everything else to `err`.
//! Exit codes are the same everywhere: 0 yes, 1 no, 2 could not find out.

mod bench;
mod completions;
mod convert;
mod explain;
mod hosted;
mod inspect;
mod publish;
mod registry;
mod run;
mod scan;
mod suggest;
mod test;
mod verify;
mod verify_bundle;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use serde_json::{Value, json};

use self::registry::RegistryFlags;
use crate::cosign_flags;
use crate::engine::Module;
use crate::host::Profile;
use sigwarden_core::decision::Finding;
use sigwarden_core::reference::ImageRef;

use crate::log::{Detail, Log};
use crate::policy::{Explained, Policy};
use crate::policy_file::{self, PolicyFile, PolicyFileError};
use crate::progress;
use crate::render::text::Paths;
use crate::render::{conversion, json, remark, text};
use crate::request;
use crate::sources::{Anywhere, LayoutArg, Layouts, Registries, Source, Told};
use crate::suite::Asked;

/// File name of the module where none is named.
const MODULE_FILE: &str = "policy.wasm";

/// See what the sigwarden policy admits, and why, without a cluster.
#[derive(Debug, Parser)]
#[command(
    name = "sigwarden",
    version,
    after_help = "Exit codes: 0 admitted, 1 refused, 2 could not decide (bad flags, a misspelt image, unreadable files, invalid settings, \
                  a registry that did not answer).\n\n\
                  Examples:\n  \
                  sigwarden verify ghcr.io/myorg/app:1.4.2 --policy policy.yaml\n  \
                  sigwarden run -r pod.yaml -s policy.yaml -o text\n  \
                  sigwarden inspect ghcr.io/myorg/app:1.4.2\n  \
                  sigwarden explain SW4001"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 1000)]
    color: Color,

    /// Also tell every question that a registry, a log or the module's host is asked, on standard error
    #[arg(short, long, global = true, display_order = 1001, conflicts_with = "quiet")]
    verbose: bool,

    /// Results and errors only: no notes, no warnings, no progress
    #[arg(short, long, global = true, display_order = 1002)]
    quiet: bool,
}

/// The command line for a terminal of so many columns. The examples of its help are broken as a shell takes them, so that they can be
/// copied: what is left longer than a line would be broken without a word.
#[must_use]
pub fn command_line(columns: usize) -> clap::Command {
    fn fitted(command: clap::Command, columns: usize) -> clap::Command {
        let help = command.get_after_help().map(ToString::to_string);
        let examples = help.as_deref().and_then(|help| help.split_once(EXAMPLES));
        let Some((before, examples)) = examples else { return command };
        let examples: Vec<String> = examples.lines().map(|line| broken_for_shells(line, columns)).collect();
        command.after_help(format!("{before}{EXAMPLES}{}", examples.join("\n")))
    }
    let command = fitted(Cli::command(), columns).term_width(columns);
    command.mut_subcommands(|subcommand| fitted(subcommand, columns))
}

/// What stands above examples.
const EXAMPLES: &str = "Examples:\n";

/// A command on as many lines as it needs, each but the last with a `\` behind it.
fn broken_for_shells(line: &str, columns: usize) -> String {
    let mut text = String::from("  ");
    let mut column: usize = 2;
    for (index, word) in line.split_whitespace().enumerate() {
        let length = word.chars().count();
        // A space in front, and the two of a break behind.
        if index > 0 && column.saturating_add(length).saturating_add(3) > columns {
            text.push_str(" \\\n      ");
            column = 6;
        } else if index > 0 {
            text.push(' ');
            column = column.saturating_add(1);
        }
        text.push_str(word);
        column = column.saturating_add(length);
    }
    text
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Box<verify::Arguments>),
    Run(Box<run::Arguments>),
    Scan(Box<scan::Arguments>),
    Suggest(Box<suggest::Arguments>),
    VerifyBundle(Box<verify_bundle::Arguments>),
    Inspect(Box<inspect::Arguments>),
    Publish(Box<publish::Arguments>),
    Convert(convert::Arguments),
    Bench(Box<bench::Arguments>),
    Test(test::Arguments),
    Explain(explain::Arguments),
    Completions(completions::Arguments),
}

/// The answer of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes: admitted, verified.
    Yes,
    /// No: refused, not verified.
    No,
    /// Could not find out.
    Unknown,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::from(0),
            Answer::No => Self::from(1),
            Answer::Unknown => Self::from(2),
        }
    }
}

impl From<&Explained> for Answer {
    fn from(explained: &Explained) -> Self {
        match (explained.admits(), explained.undecided()) {
            (true, _) => Self::Yes,
            (false, true) => Self::Unknown,
            (false, false) => Self::No,
        }
    }
}

/// Where a command writes.
pub struct Streams<'a> {
    /// The result. Text has ANSI styles in it; a stream that should have none strips them (`anstream`).
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
}

/// Form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Form of a result that is also worth a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PageOutput {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a browser: one page, with everything in it.
    Html,
}

impl PageOutput {
    /// The form in which errors are told.
    const fn of_errors(self) -> Output {
        match self {
            Self::Text | Self::Html => Output::Text,
            Self::Json => Output::Json,
        }
    }
}

impl Cli {
    /// The colours asked for, as the streams of the terminal understand it.
    #[must_use]
    pub const fn color(&self) -> anstream::ColorChoice {
        match self.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }

    /// Carries out the command.
    ///
    /// # Errors
    /// When there is no answer: a file that cannot be read, a module that cannot be run, settings that cannot be
    /// used. The exit code is then that of [`Answer::Unknown`].
    pub fn run(self, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        let Self { command, verbose, quiet, .. } = self;
        let log = Arc::new(Log::new(match (quiet, verbose) {
            (true, _) => Detail::Nothing,
            (false, true) => Detail::Calls,
            (false, false) => Detail::Notes,
        }));
        if quiet {
            progress::hide();
        }
        let output = command.output();
        let (mut nobody, out) = (io::sink(), &mut *streams.out);
        let ended = {
            let err: &mut dyn Write = if quiet { &mut nobody } else { &mut *streams.err };
            let mut told = Streams { out, err };
            match command {
                Command::Verify(arguments) => arguments.run(&log, &mut told),
                Command::Run(arguments) => arguments.run(&log, &mut told),
                Command::Scan(arguments) => arguments.run(&log, &mut told),
                Command::Suggest(arguments) => arguments.run(&log, &mut told),
                Command::VerifyBundle(arguments) => arguments.run(&log, &mut told),
                Command::Inspect(arguments) => arguments.run(&log, &mut told),
                Command::Bench(arguments) => arguments.run(&log, &mut told),
                Command::Test(arguments) => arguments.run(&log, &mut told),
                Command::Explain(arguments) => arguments.run(&mut told),
                Command::Completions(arguments) => arguments.run(&mut told),
                // What these say beside their result are errors, and what a policy means now: part of the answer.
                Command::Publish(arguments) => arguments.run(&log, streams),
                Command::Convert(arguments) => arguments.run(streams),
            }
        };
        ended.map_err(|error| with_reasons(error, output, quiet, streams))
    }
}

impl Command {
    /// The form in which a program may expect even an error.
    const fn output(&self) -> Output {
        match self {
            Self::Verify(arguments) => arguments.output.of_errors(),
            Self::Run(arguments) => arguments.output,
            Self::Bench(arguments) => arguments.output,
            Self::VerifyBundle(_)
            | Self::Scan(_)
            | Self::Suggest(_)
            | Self::Inspect(_)
            | Self::Publish(_)
            | Self::Convert(_)
            | Self::Test(_)
            | Self::Explain(_)
            | Self::Completions(_) => Output::Text,
        }
    }
}

/// Settings that no module takes, with what is wrong with them.
#[derive(Debug, thiserror::Error)]
#[error("the {written} cannot be used")]
struct UnusableSettings {
    /// What a person wrote: settings, or flags that amount to them.
    written: &'static str,
    problems: Vec<Finding>,
}

/// Tells the reasons behind an error that has more to say than a line: what is wrong with settings, also in the form that was
/// asked for; and what a policy of another product asks for, where nobody has told it yet.
fn with_reasons(error: anyhow::Error, output: Output, quiet: bool, streams: &mut Streams<'_>) -> anyhow::Error {
    let told = if let Some(UnusableSettings { problems, .. }) = error.downcast_ref() {
        let document = match output {
            Output::Json => json::pretty(streams.out, &json!({"error": error.to_string(), "problems": problems})),
            Output::Text => Ok(()),
        };
        // For people in any case: `sigwarden run` prints JSON to whoever types it.
        unless_closed(document).and_then(|()| text::problems(streams.err, problems))
    } else if let Some(PolicyFileError::NotConverted { notes, .. }) = error.downcast_ref().filter(|_| quiet) {
        conversion::notes(streams.err, notes)
    } else {
        Ok(())
    };
    match unless_closed(told) {
        Ok(()) => error,
        Err(unwritten) => error.context(unwritten),
    }
}

/// Which module to run.
#[derive(Args, Clone, Debug)]
struct ModuleFlag {
    /// The policy module; without it, policy.wasm beside this program
    #[arg(long, value_name = "FILE", env = "SIGWARDEN_MODULE", hide_env_values = true)]
    module: Option<PathBuf>,
}

impl ModuleFlag {
    fn path(&self) -> anyhow::Result<PathBuf> {
        self.module.clone().map_or_else(beside_this_program, Ok)
    }

    fn load(&self) -> anyhow::Result<Module> {
        let path = self.path()?;
        Module::from_file(&path).with_context(|| format!("no policy to run in `{}`", path.display()))
    }
}

fn beside_this_program() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find the directory of this program")?;
    let path = program.with_file_name(MODULE_FILE);
    if !path.is_file() {
        bail!(
            "there is no policy module: name it with --module or SIGWARDEN_MODULE, or put it at `{}`",
            path.display()
        );
    }
    Ok(path)
}

/// Where images and evidence are.
#[derive(Args, Clone, Debug)]
struct SourceFlags {
    /// Take images and their evidence from an OCI layout. REPOSITORY is a repository, or a registry or prefix, then
    /// DIR holds one layout per repository below it; without it, DIR answers for every other repository
    #[arg(long = "oci-layout", value_name = "[REPOSITORY=]DIR")]
    layouts: Vec<LayoutArg>,

    /// Whether a suite says this, which has no flags.
    #[arg(skip)]
    of_suite: bool,

    #[command(flatten)]
    registry: RegistryFlags,
}

impl SourceFlags {
    /// What a suite says: as if `--oci-layout` had been given these, and `--offline`.
    fn of_suite(layouts: &[String]) -> anyhow::Result<Self> {
        let layouts = layouts.iter().map(|layout| layout.parse()).collect::<Result<_, _>>().context("ociLayout")?;
        Ok(Self { layouts, of_suite: true, registry: RegistryFlags::offline() })
    }

    fn source(&self, log: &Arc<Log>) -> anyhow::Result<Arc<dyn Source>> {
        self.source_with(self.registry.open(), log)
    }

    /// The same for a command that asks by itself, and not through the module's host: it tells what it asks.
    fn told(&self, log: &Arc<Log>) -> anyhow::Result<Arc<dyn Source>> {
        Ok(Arc::new(Told::new(self.source(log)?, Arc::clone(log))))
    }

    /// The layouts, and `registries` for what they do not hold.
    fn source_with(&self, registries: Option<Arc<Registries>>, log: &Arc<Log>) -> anyhow::Result<Arc<dyn Source>> {
        let named = if self.of_suite { "ociLayout" } else { "--oci-layout" };
        let layouts = Layouts::open(&self.layouts, Arc::clone(log)).context(named)?.of_suite(self.of_suite);
        Ok(Arc::new(Anywhere::new(layouts, registries, self.registry.rekor()?, Arc::clone(log))))
    }
}

/// Which keys of certificate authorities and logs to trust.
#[derive(Args, Clone, Debug)]
struct TrustFlag {
    /// A trusted_root.json in place of the built-in trust root `sigstore`
    #[arg(long, value_name = "FILE", alias = "custom-trusted-root")]
    trusted_root: Option<PathBuf>,
}

impl TrustFlag {
    fn load(&self) -> anyhow::Result<Option<Value>> {
        let Some(path) = &self.trusted_root else { return Ok(None) };
        let bytes = read(path)?;
        let root = serde_json::from_slice(&bytes).with_context(|| format!("`{}` is not JSON", path.display()))?;
        Ok(Some(root))
    }

    /// Puts the trust root into settings. What is no object is left for the module to refuse.
    fn apply(&self, settings: &mut Value) -> anyhow::Result<()> {
        if let (Some(root), Some(settings)) = (self.load()?, settings.as_object_mut()) {
            let roots = settings.entry("trustRoots").or_insert_with(|| json!({}));
            if let Some(roots) = roots.as_object_mut() {
                roots.insert("sigstore".to_owned(), root);
            }
        }
        Ok(())
    }
}

/// How long the module may work on an extended host, where settings leave that open. A cluster's hosts give it 2 s, and have
/// answers cached; a person who asks live registries would rather wait.
const PATIENCE: &str = "240s";

/// What this host can show, the policy should look at: where settings leave it open whether to ask for blobs and
/// referrers, and how long that may take, they say yes and long on an extended host. (A stock one has no such calls,
/// and logs an error for each.)
fn look_everywhere(settings: &mut Value, profile: Profile) {
    let Some(settings) = settings.as_object_mut().filter(|_| profile == Profile::Extended) else { return };
    settings.entry("deadline").or_insert(PATIENCE.into());
    let evidence = settings.entry("evidence").or_insert_with(|| json!({}));
    if let Some(evidence) = evidence.as_object_mut() {
        evidence.entry("extended").or_insert(Value::Bool(true));
    }
}

/// The admission request that a test asks about.
fn request_of(asked: &Asked) -> anyhow::Result<Value> {
    match asked {
        Asked::Images(images) => Ok(request::pod_with_images(images)),
        Asked::Request(path) => run::load_request(path),
    }
}

/// Asks the module about the settings before anything else, as a cluster does when it starts. What is wrong with them
/// goes to `err`.
fn check_settings(policy: &Policy, settings: &Value, paths: Paths, err: &mut dyn Write) -> anyhow::Result<()> {
    let verdict = policy.validate_settings(settings)?;
    if verdict.valid {
        // Legal, but perhaps not meant. What flags say, nobody has written as settings: there, nothing is unusual.
        let warnings = verdict.message.iter().filter(|_| paths == Paths::Shown);
        for warning in warnings.flat_map(|message| message.lines()) {
            unless_closed(remark(err, "warning", warning))?;
        }
        return Ok(());
    }
    // A cluster gets the problems as one text. Asked to explain, the module tells them one by one, and what to do.
    let nothing = request::pod_with_images::<&str>(&[]);
    let problems = policy.explain(&nothing, settings).map(|explained| explained.explanation.problems);
    match problems {
        Ok(problems) if !problems.is_empty() => Err(UnusableSettings { written: "settings", problems }.into()),
        _ => bail!(
            "the settings cannot be used: {}",
            verdict.message.as_deref().unwrap_or("the module does not say why")
        ),
    }
}

/// Settings from a file. A policy of another product is converted, and what there is to say of that goes to `err`.
fn load_policy(path: &Path, err: &mut dyn Write) -> anyhow::Result<PolicyFile> {
    let policy = policy_file::load(path);
    let notes = match &policy {
        Ok(policy) => policy.notes.as_slice(),
        Err(PolicyFileError::NotConverted { notes, .. }) => notes,
        Err(_) => &[],
    };
    unless_closed(conversion::notes(err, notes))?;
    Ok(policy?)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Public keys from the file that a flag `--key` names.
fn read_key(path: &Path) -> anyhow::Result<String> {
    let named = || format!("--key {}", path.display());
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            return Err(cosign_flags::key_elsewhere(path).map_or_else(|| error.into(), anyhow::Error::from))
                .with_context(|| format!("{}: cannot read it", named()));
        }
    };
    cosign_flags::public_keys(path, bytes).with_context(|| format!("{}: not a PEM public key", named()))
}

/// An image as an argument. The error also says how one looks.
fn image(text: &str) -> Result<ImageRef, String> {
    ImageRef::parse(text).map_err(|error| {
        let error = scheme(text).map_or_else(|| error.to_string(), |scheme| format!("leave `{scheme}` out"));
        format!("{error}; an image is written like ghcr.io/myorg/app:1.4.2 or ghcr.io/myorg/app@sha256:<64 hex digits>")
    })
}

/// The same, as it was written.
fn image_name(text: &str) -> Result<String, String> {
    image(text).map(|_| text.to_owned())
}

/// What a URL begins with, and neither an image nor a registry does.
fn scheme(text: &str) -> Option<&'static str> {
    ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))
}

/// Says on standard error what the run had to say.
fn tell(log: &Log, err: &mut dyn Write) -> anyhow::Result<()> {
    for line in log.take() {
        unless_closed(remark(err, "note", &line))?;
    }
    Ok(())
}

/// A reader that has seen enough (`| head`) has not changed the answer.
fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests;
