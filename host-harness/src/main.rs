//! `sigwarden`: the command line over the library of the same name.

use std::io::Write;
use std::process::ExitCode;

use anstream::AutoStream;
use clap::Parser;
use sigwarden::commands::{Answer, Cli, Streams};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let color = cli.color();
    // What goes into a file or a pipe is the same everywhere.
    if let Some((terminal_size::Width(columns), _)) = terminal_size::terminal_size_of(std::io::stdout()) {
        sigwarden::render::fit_terminal(columns.into());
    }
    let mut out = AutoStream::new(std::io::stdout().lock(), color);
    // Not locked: the threads that draw what takes long would wait for it, and whoever stops them for these.
    let mut err = AutoStream::new(std::io::stderr(), color);
    match cli.run(&mut Streams { out: &mut out, err: &mut err }) {
        Ok(answer) => answer.into(),
        Err(error) => {
            // Where standard error is closed, the exit code is all that is left to say.
            let _ = writeln!(err, "error: {error:#}");
            Answer::Unknown.into()
        }
    }
}
