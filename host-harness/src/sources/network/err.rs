//! Why a server gave no answer that can be used.

use std::time::Duration;

/// Why a registry or a log could not be looked into, or not be written to. Never the same as absent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The harness cannot start asking.
    #[error("nobody can be asked: {reason}")]
    Setup {
        /// What stands in the way.
        reason: String,
    },
    /// The registry knows who asks, and says no; or does not, and wants to. Many say so too where there is nothing.
    #[error(
        "{registry} does not let {credential} {action} `{repository}` ({reason}), or has no such repository: \
         `docker login {registry}`"
    )]
    Denied {
        /// The registry.
        registry: String,
        /// The repository, with its registry.
        repository: String,
        /// `read` or `write to`.
        action: &'static str,
        /// Who asked, and where that was found.
        credential: String,
        /// What the registry or its token server said.
        reason: String,
    },
    /// No connection, or one that broke.
    #[error("no answer from {url}: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The time is up.
    #[error("{url} took more than {}{}", seconds(.limit), last.as_ref().map(|last| format!(" ({last})")).unwrap_or_default())]
    Slow {
        /// What was asked.
        url: String,
        /// How long it was given.
        limit: Duration,
        /// What it said before, if it said anything.
        last: Option<String>,
    },
    /// The server says, again and again, that it cannot answer now.
    #[error("{url} answered {attempts} times with {status}: {reason}")]
    Failing {
        /// What was asked.
        url: String,
        /// The last HTTP status.
        status: u16,
        /// How often it was asked.
        attempts: u32,
        /// The beginning of its answer.
        reason: String,
    },
    /// An answer that is neither "here it is" nor "there is none".
    #[error("{url} answered {status}, and not as it should: {reason}")]
    Unclear {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// A body is larger than anything that belongs there.
    #[error("{url} has more than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// What is allowed.
        limit: usize,
    },
    /// A list is longer than this harness will read.
    #[error("{url} lists more than {limit}")]
    TooMany {
        /// What was asked.
        url: String,
        /// What is allowed.
        limit: usize,
    },
    /// The content is not what its digest says.
    #[error("{url} does not hash to its digest: the registry is damaged or was tampered with")]
    WrongHash {
        /// What was asked.
        url: String,
    },
    /// The registry refuses to write.
    #[error("{url} refuses the push with {status}: {reason}")]
    PushRefused {
        /// What was written to.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of its answer.
        reason: String,
    },
}

fn seconds(time: &Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// How much of an answer is quoted.
const EXCERPT: usize = 200;

/// The beginning of an answer, on one line; control characters could repaint a terminal.
pub(in crate::sources) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean: String = line.chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
    if clean.is_empty() { "no text".to_owned() } else { clean }
}

/// The innermost reason of an error: `reqwest` says "error sending request", what it rests on says why.
pub(in crate::sources) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}
