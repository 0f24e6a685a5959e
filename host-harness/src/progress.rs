//! Lines on the terminal that say that something is going on.
//!
//! There is one terminal, so all of them are drawn by one [`MultiProgress`]: a bar that counts, and below it what takes long.
//! Nothing is drawn where standard error is no terminal, nor after [`hide`].

use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

const TICK: Duration = Duration::from_millis(120);

static LINES: LazyLock<MultiProgress> = LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// A line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Line(ProgressBar);

impl Line {
    /// One more is done.
    pub(crate) fn advance(&self) {
        self.0.inc(1);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        LINES.remove(&self.0);
    }
}

/// Draws nothing in this process.
pub(crate) fn hide() {
    LINES.set_draw_target(ProgressDrawTarget::hidden());
}

/// A bar for so many things, above all other lines.
pub(crate) fn bar(count: usize, what: &'static str) -> Line {
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX)).with_message(what);
    let bar = match ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    Line(LINES.insert(0, bar))
}

/// A line that says what has been waited for, for so long already.
pub(crate) fn waiting(what: &str, since: Duration) -> Line {
    let spinner = ProgressBar::new_spinner().with_elapsed(since).with_message(format!("waiting for {what}"));
    let spinner = LINES.add(spinner);
    spinner.enable_steady_tick(TICK);
    Line(spinner)
}
