//! Asynchronous work done for callers that are not: a thread of its own, and a line on the terminal when it takes
//! long.

use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::NetworkError;
use crate::progress;

/// What takes less needs no explanation.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs futures for any thread, also for one that runs futures itself.
pub(in crate::sources) struct Worker {
    runtime: Option<Runtime>,
}

impl Worker {
    pub(in crate::sources) fn new() -> Result<Self, NetworkError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("registry")
            .enable_all()
            .build()
            .map_err(|error| NetworkError::Setup { reason: error.to_string() })?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// The result of `job`. After a while the terminal, if standard error is one, says that `what` is being asked.
    pub(in crate::sources) fn wait<T: Send + 'static>(
        &self,
        what: &str,
        job: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, NetworkError> {
        let stopped = || NetworkError::Setup { reason: "the thread that asks them has stopped".to_owned() };
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        let (sender, receiver) = sync_channel(1);
        runtime.spawn(async move {
            // Nobody listens any more only if the process ends.
            let _ = sender.send(job.await);
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(stopped()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let _line = progress::waiting(what, PATIENCE);
        receiver.recv().map_err(|_| stopped())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Waiting for it here would panic where a caller is asynchronous.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
