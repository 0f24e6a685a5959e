//! `sigwarden completions SHELL`.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use sigwarden_core::decision::Code;

use super::{Answer, Cli, Streams, unless_closed};

/// Print what a shell needs to complete this command line
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  sigwarden completions bash > ~/.local/share/bash-completion/completions/sigwarden\n  \
                  sigwarden completions zsh > \"${fpath[1]}/_sigwarden\"\n  \
                  sigwarden completions fish > ~/.config/fish/completions/sigwarden.fish"
)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

impl Arguments {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        // The generator panics where it cannot write, and memory can always be written to.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "sigwarden", &mut script);
        if self.shell == Shell::Fish {
            // clap_complete offers fish the values of flags only.
            for code in Code::ALL {
                let summary = code.summary().replace(['\\', '\''], "");
                writeln!(
                    script,
                    "complete -c sigwarden -n \"__fish_sigwarden_using_subcommand explain\" -f -a {code} -d '{summary}'"
                )?;
            }
        }
        unless_closed(streams.out.write_all(&script))?;
        Ok(Answer::Yes)
    }
}
