//! `sigwarden-snapshot MODULE OUTPUT`: the last step of `make policy.wasm`.

use std::process::ExitCode;

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
    let [module, output] = words.as_slice() else {
        return Err("usage: sigwarden-snapshot MODULE OUTPUT".to_owned());
    };
    let bytes = std::fs::read(module).map_err(|error| format!("cannot read `{module}`: {error}"))?;
    let snapshot = sigwarden_snapshot::snapshot(&bytes).map_err(|error| format!("`{module}`: {error}"))?;
    std::fs::write(output, snapshot).map_err(|error| format!("cannot write `{output}`: {error}"))
}
