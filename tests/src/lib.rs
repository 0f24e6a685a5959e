//! What the end-to-end tests share: the module under test, the fixtures, other people's data, and the command line run
//! in this process.

pub mod layout;
pub mod published;
pub mod questions;
pub mod registry;

use clap::Parser as _;
use serde_json::Value;
use sigwarden::commands::{Answer, Cli, Streams};
use sigwarden::suite::FILE_NAME;
use std::path::{Path, PathBuf};

/// What a command answered.
#[derive(Debug)]
pub struct Run {
    /// Yes, no or unknown. Where the command could not even ask, `Unknown`, with the reason in `err`.
    pub answer: Answer,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Standard output as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("not JSON ({e}): {}\n{}", self.out, self.err))
    }

    /// The codes of everything that failed, from `verify -o json`.
    #[must_use]
    pub fn codes(&self) -> String {
        self.json()["response"]["audit_annotations"]["codes"].as_str().unwrap_or_default().to_owned()
    }

    /// The first finding of the tree with this code, from `verify -o json`.
    #[must_use]
    pub fn finding(&self, code: &str) -> Value {
        let json = self.json();
        find(&json["explanation"], code).unwrap_or_else(|| panic!("no {code} in {}", self.text())).clone()
    }

    /// Everything that was printed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

fn find<'v>(value: &'v Value, code: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) if value["code"] == code && fields.contains_key("message") => Some(value),
        Value::Object(fields) => fields.values().find_map(|value| find(value, code)),
        Value::Array(items) => items.iter().find_map(|value| find(value, code)),
        _ => None,
    }
}

/// The files in `policies-examples/` that hold policies.
#[must_use]
pub fn example_policies() -> Vec<PathBuf> {
    let files = std::fs::read_dir(top().join("policies-examples")).expect("the examples");
    let paths = files.map(|entry| entry.expect("a readable folder").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml") && !path.ends_with(FILE_NAME)).collect()
}

/// The settings that a finding's remedy advises, from `attestations:` on.
#[must_use]
pub fn advised_attestations(finding: &Value) -> String {
    let remedy = finding["remedy"].as_str().expect("a remedy");
    let (_, yaml) = remedy.split_once("attestations:\n").expect("advice");
    let lines: Vec<_> = yaml.lines().map(|line| format!("  {line}")).collect();
    format!("  attestations:\n{}\n", lines.join("\n"))
}

/// Runs `sigwarden` with these arguments, on the module that `make test` built.
pub fn sigwarden<S: AsRef<str>>(arguments: &[S]) -> Run {
    sigwarden_on(&module(), arguments)
}

/// Runs `sigwarden` with these arguments on another module. Commands that could go looking in registries stay offline,
/// unless they are told of one on this machine.
pub fn sigwarden_on<S: AsRef<str>>(module: &Path, arguments: &[S]) -> Run {
    let module = module.to_str().expect("paths in tests are UTF-8");
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let could_ask = matches!(arguments.first(), Some(&("verify" | "run" | "publish" | "scan" | "suggest" | "inspect")));
    let may_ask = arguments.iter().any(|word| matches!(*word, "--insecure-registry" | "--offline"));
    let offline = (could_ask && !may_ask).then_some("--offline");
    let runs_module =
        !matches!(arguments.first(), Some(&("publish" | "inspect" | "convert" | "explain" | "completions")));
    let module = runs_module.then_some(["--module", module]).into_iter().flatten();
    let words = ["sigwarden"].into_iter().chain(arguments).chain(offline).chain(module);
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return Run { answer: Answer::Unknown, out: String::new(), err: error.to_string() },
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let answer = cli.run(&mut Streams { out: &mut out, err: &mut err });
    let mut run = Run {
        answer: Answer::Unknown,
        out: String::from_utf8(out).expect("text"),
        err: String::from_utf8(err).expect("text"),
    };
    match answer {
        Ok(answer) => run.answer = answer,
        Err(error) => run.err.push_str(&format!("{error:#}")),
    }
    run
}

fn from_environment(name: &str) -> PathBuf {
    let path = std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: run `make test`, which builds the modules"));
    PathBuf::from(path)
}

/// `policy.wasm`, as built.
#[must_use]
pub fn module() -> PathBuf {
    from_environment("SIGWARDEN_MODULE")
}

/// `policy.wasm` before its snapshot was made.
#[must_use]
pub fn raw_module() -> PathBuf {
    from_environment("SIGWARDEN_RAW_MODULE")
}

/// The command line tool, as built.
#[must_use]
pub fn program() -> PathBuf {
    from_environment("SIGWARDEN_PROGRAM")
}

/// The module that refuses everything.
#[must_use]
pub fn deny_module() -> PathBuf {
    from_environment("SIGWARDEN_DENY_MODULE")
}

/// ECDSA verification as a module of its own, by two implementations.
#[must_use]
pub fn ecdsa_module() -> PathBuf {
    from_environment("SIGWARDEN_ECDSA_MODULE")
}

/// The top of the checkout.
#[must_use]
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the checkout").to_owned()
}

/// A file or folder of the fixtures.
#[must_use]
pub fn fixture(path: &str) -> String {
    let path = top().join("tests/fixtures").join(path);
    assert!(path.exists(), "no fixture {}", path.display());
    path.to_str().expect("paths in tests are UTF-8").to_owned()
}

/// A folder of other people's data, or `None` where it is not at hand, which is said loudly.
#[must_use]
pub fn corpus(path: &str) -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("SIGWARDEN_CORPUS") else {
        eprintln!("\n*** SKIPPED: SIGWARDEN_CORPUS is not set, so nothing was checked against {path} ***\n");
        return None;
    };
    let path = PathBuf::from(corpus).join(path);
    assert!(path.exists(), "SIGWARDEN_CORPUS is set, but there is no {}", path.display());
    Some(path)
}

/// A folder for one test, removed with it.
#[must_use]
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Writes a file and returns its path as text.
pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a writable temporary folder");
    path.to_str().expect("paths in tests are UTF-8").to_owned()
}
