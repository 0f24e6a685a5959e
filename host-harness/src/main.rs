//! `sigwarden`: the command line over the library of the same name.

use std::process::ExitCode;

use anstream::AutoStream;
use clap::FromArgMatches;
use sigwarden::commands::{Answer, Cli, Streams, command_line};
use sigwarden::render;
use terminal_size::{Height, Width, terminal_size_of};

/// Columns of help that goes to no terminal.
const PIPE_COLUMNS: usize = 100;

fn main() -> ExitCode {
    // What goes into a file or a pipe is the same everywhere.
    let output = columns(terminal_size_of(std::io::stdout()));
    render::fit_terminals(output, columns(terminal_size_of(std::io::stderr())));
    let cli = match Cli::from_arg_matches(&command_line(output.unwrap_or(PIPE_COLUMNS)).get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let color = cli.color();
    let mut out = AutoStream::new(std::io::stdout().lock(), color);
    // Not locked: the threads that draw what takes long would wait for it, and whoever stops them for these.
    let mut err = AutoStream::new(std::io::stderr(), color);
    match cli.run(&mut Streams { out: &mut out, err: &mut err }) {
        Ok(answer) => answer.into(),
        Err(error) => {
            // Where standard error is closed, the exit code is all that is left to say.
            let _ = render::remark(&mut err, "error", &format!("{error:#}"));
            Answer::Unknown.into()
        }
    }
}

/// How wide a terminal is: as wide as `COLUMNS` says, or else as it says itself.
fn columns(terminal: Option<(Width, Height)>) -> Option<usize> {
    let (Width(columns), _) = terminal?;
    let wanted = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|columns| *columns > 0);
    Some(wanted.unwrap_or_else(|| columns.into()))
}
