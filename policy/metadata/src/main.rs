//! `sigwarden-annotate METADATA README MODULE OUTPUT`: what `kwctl annotate` does, for those who build this policy.

use std::process::ExitCode;

use sigwarden_metadata::{Metadata, annotate};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            #[expect(clippy::print_stderr, reason = "the one place that says why nothing was written")]
            {
                eprintln!("error: {message}");
            }
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [metadata, usage, module, output] = words.as_slice() else {
        return Err("usage: sigwarden-annotate METADATA README MODULE OUTPUT".to_owned());
    };
    let read = |path: &str| std::fs::read(path).map_err(|error| format!("cannot read `{path}`: {error}"));
    let text = |path: &str| String::from_utf8(read(path)?).map_err(|_| format!("`{path}` is not UTF-8"));
    let metadata = Metadata::parse(&text(metadata)?).map_err(|error| format!("`{metadata}`: {error}"))?;
    let annotated =
        annotate(&read(module)?, metadata, &text(usage)?).map_err(|error| format!("`{module}`: {error}"))?;
    std::fs::write(output, annotated).map_err(|error| format!("cannot write `{output}`: {error}"))
}
