//! Another program that verifies bundles, such as sigstore-go.
//!
//! It reads questions, one per line, as the module gets them, with a trusted root in each, and answers with one line each: what the
//! module's report has, and the nanoseconds that it took, so that the way between the programs is not measured.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

use super::{Operation, Runner};
use crate::engine::HostCalls;

/// A program that is running.
#[derive(Debug)]
pub struct PeerRunner {
    name: String,
    child: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl PeerRunner {
    /// Starts `program`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path) -> std::io::Result<Self> {
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let missing = || std::io::Error::other("the program has no pipes");
        let (input, output) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, child, pipes: Mutex::new((input, BufReader::new(output))) })
    }

    fn ask(&self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let mut question: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let fields = question.as_object_mut().ok_or("the question is no object")?;
        if !fields.contains_key("trustedRoot") {
            let root = serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).map_err(|error| error.to_string())?;
            fields.insert("trustedRoot".to_owned(), root);
        }
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = &mut *pipes;
        writeln!(input, "{question}").map_err(|error| error.to_string())?;
        input.flush().map_err(|error| error.to_string())?;
        let mut answer = String::new();
        match output.read_line(&mut answer) {
            Ok(0) => Err("it ended without an answer".to_owned()),
            Ok(_) => Ok(answer.into_bytes()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for PeerRunner {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Runner for PeerRunner {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, operation: Operation, payload: &[u8], _: Arc<HostCalls>) -> Result<Vec<u8>, String> {
        match operation {
            Operation::VerifyBundle => self.ask(payload),
            Operation::Validate => Err("it verifies bundles, and admits nothing".to_owned()),
        }
    }

    fn own_time(&self, answer: &[u8]) -> Option<Duration> {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        answer.get("nanoseconds")?.as_u64().map(Duration::from_nanos)
    }
}
