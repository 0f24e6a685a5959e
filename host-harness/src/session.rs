//! Recordings of what the module asked its host and what the host answered, in the format of `kwctl run`
//! (`--record-host-capabilities-interactions`, `--replay-…`): a recording made by one is replayed by the other.
//!
//! A recording is a queue. Replaying, the first question must be the first one recorded, by value, and so on. A question
//! that is not the next one gets an error for an answer, as with kwctl, and the whole run then has no result: it was a
//! run of something else. Calls that kwctl does not have (binding `sigwarden`) are recorded under tags of their own.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::log::Log;

/// First line of a recording that kwctl cannot replay.
const EXTENDED_HEADER: &str = "# Recorded on an extended host: the entries `!Sigwarden…` are calls that kwctl does not have, and cannot replay.\n";

/// Whether answers are recorded, or come from a recording.
#[derive(Debug, Default)]
pub struct Session {
    mode: Mode,
}

#[derive(Debug, Default)]
enum Mode {
    /// Neither.
    #[default]
    Live,
    Record {
        file: PathBuf,
        exchanges: Mutex<Vec<Exchange>>,
    },
    Replay(Mutex<Replay>),
}

/// What is left of a recording.
#[derive(Debug)]
struct Replay {
    file: PathBuf,
    left: VecDeque<(Call, Response)>,
    asked: usize,
    fault: Option<SessionError>,
}

/// One question and its answer, as they stand in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
struct Exchange {
    /// A [`Call`] as YAML text, with its name as a tag.
    request: String,
    response: Response,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

/// Why a recording could not be made, or a run did not go as recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The system would not read or write the file.
    #[error("cannot {what} the recording `{}`: {reason}", file.display())]
    File {
        /// Read or write.
        what: &'static str,
        /// The recording.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is no recording.
    #[error("`{}` is no recording of host calls: {reason}", file.display())]
    Format {
        /// The recording.
        file: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// The module asked something else than was recorded.
    #[error("call {number} is not the one in `{}`:\n  recorded: {recorded:?}\n  asked:    {asked:?}", file.display())]
    Mismatch {
        /// The recording.
        file: PathBuf,
        /// Which question, from 1.
        number: usize,
        /// What should have been asked.
        recorded: Box<Call>,
        /// What was asked.
        asked: Box<Call>,
    },
    /// The module asked more than was recorded.
    #[error("call {number} is not in `{}`, which holds one less:\n  asked:    {asked:?}", file.display())]
    Exhausted {
        /// The recording.
        file: PathBuf,
        /// Which question, from 1.
        number: usize,
        /// What was asked.
        asked: Box<Call>,
    },
}

impl Session {
    /// Records into `file`, once the run has ended.
    #[must_use]
    pub fn recording_to(file: PathBuf) -> Self {
        Self { mode: Mode::Record { file, exchanges: Mutex::default() } }
    }

    /// Answers from the recording in `file`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn replaying(file: &Path) -> Result<Self, SessionError> {
        let text = std::fs::read_to_string(file).map_err(|error| SessionError::File {
            what: "read",
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        let bad = |reason: String| SessionError::Format { file: file.to_owned(), reason };
        let exchanges: Vec<Exchange> = yaml_serde::from_str(&text).map_err(|error| bad(error.to_string()))?;
        let read = |(number, exchange): (usize, Exchange)| {
            let call = yaml_serde::from_str(&exchange.request)
                .map_err(|error| bad(format!("the request of entry {number} is no call: {error}")))?;
            Ok((call, exchange.response))
        };
        let left = (1_usize..).zip(exchanges).map(read).collect::<Result<_, SessionError>>()?;
        Ok(Self { mode: Mode::Replay(Mutex::new(Replay { file: file.to_owned(), left, asked: 0, fault: None })) })
    }

    /// Whether answers come from a recording, and nothing else is asked.
    #[must_use]
    pub const fn is_replay(&self) -> bool {
        matches!(self.mode, Mode::Replay(_))
    }

    /// Answers `call`, by asking `live` unless this is a replay.
    pub(crate) fn answer(
        &self,
        call: &Call,
        live: impl FnOnce() -> Result<Vec<u8>, String>,
    ) -> Result<Vec<u8>, String> {
        match &self.mode {
            Mode::Live => live(),
            Mode::Record { exchanges, .. } => {
                let answer = live();
                let exchange = Exchange::new(call, answer.as_ref());
                match exchange {
                    Ok(exchange) => lock(exchanges).push(exchange),
                    // Answers are JSON and calls are plain text: this does not happen, and if it did, the module must not
                    // go on with an answer that the recording does not hold.
                    Err(reason) => return Err(reason),
                }
                answer
            }
            Mode::Replay(replay) => lock(replay).answer(call),
        }
    }

    /// Ends the run: writes the recording, or says whether the run went as recorded. Entries that nobody asked for are
    /// noted in `log`, as kwctl warns of them.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn finish(&self, log: &Log) -> Result<(), SessionError> {
        match &self.mode {
            Mode::Live => Ok(()),
            Mode::Record { file, exchanges } => {
                let failed = |reason: String| SessionError::File { what: "write", file: file.clone(), reason };
                let exchanges = lock(exchanges);
                let text = write(&exchanges).map_err(&failed)?;
                std::fs::write(file, text).map_err(|error| failed(error.to_string()))
            }
            Mode::Replay(replay) => {
                let mut replay = lock(replay);
                if let Some(fault) = replay.fault.take() {
                    return Err(fault);
                }
                if !replay.left.is_empty() {
                    let (left, file) = (replay.left.len(), replay.file.display());
                    log.note(format!("{left} recorded calls at the end of `{file}` were not asked for"));
                }
                Ok(())
            }
        }
    }
}

impl Replay {
    /// The next recorded answer, if it is one to `call`. The error texts are kwctl's.
    fn answer(&mut self, call: &Call) -> Result<Vec<u8>, String> {
        self.asked = self.asked.saturating_add(1);
        let (number, file) = (self.asked, self.file.clone());
        let Some((recorded, response)) = self.left.pop_front() else {
            self.fault.get_or_insert(SessionError::Exhausted { file, number, asked: Box::new(call.clone()) });
            return Err("the list of recorded responses is empty".to_owned());
        };
        if recorded != *call {
            let error = format!("Replay error: unexpected request. Was expecting {recorded:?}, got {call:?} instead");
            let (recorded, asked) = (Box::new(recorded), Box::new(call.clone()));
            self.fault.get_or_insert(SessionError::Mismatch { file, number, recorded, asked });
            return Err(error);
        }
        match response {
            Response::Success { payload } => Ok(payload.into_bytes()),
            Response::Error { message } => Err(message),
        }
    }
}

impl Exchange {
    fn new(call: &Call, answer: Result<&Vec<u8>, &String>) -> Result<Self, String> {
        let request = yaml_serde::to_string(call).map_err(|error| error.to_string())?;
        let response = match answer {
            Ok(payload) => {
                let payload = String::from_utf8(payload.clone()).map_err(|error| error.to_string())?;
                Response::Success { payload }
            }
            Err(message) => Response::Error { message: message.clone() },
        };
        Ok(Self { request, response })
    }
}

fn write(exchanges: &[Exchange]) -> Result<String, String> {
    let text = yaml_serde::to_string(exchanges).map_err(|error| error.to_string())?;
    let extended = exchanges.iter().any(|exchange| exchange.request.starts_with("!Sigwarden"));
    Ok(if extended { format!("{EXTENDED_HEADER}{text}") } else { text })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
