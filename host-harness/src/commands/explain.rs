//! `sigwarden explain CODE`: what a code means, and what to do.

use clap::Args;
use sigwarden_core::decision::Code;

use super::{Answer, Streams, unless_closed};
use crate::codes;
use crate::render;

/// Say what a code means, and what to do about it
#[derive(Args, Debug)]
#[command(
    after_help = "Without a code: all of them, a line each.\n\nExamples:\n  sigwarden explain SW4002\n  sigwarden explain"
)]
pub(super) struct Arguments {
    /// For example SW4002
    #[arg(value_name = "CODE", value_parser = codes::CodeParser, hide_possible_values = true)]
    code: Option<Code>,
}

impl Arguments {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> anyhow::Result<Answer> {
        unless_closed(match self.code {
            Some(code) => render::prose(streams.out, &format!("{code}: {}", codes::page(code))),
            None => render::codes(streams.out),
        })?;
        Ok(Answer::Yes)
    }
}
