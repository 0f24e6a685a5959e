//! How long, and how often, a registry is asked for one thing.

use std::future::Future;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use tokio::time::{Instant, sleep, timeout_at};

use super::NetworkError;

/// How often a registry that fails is asked: with these pauses it has a second and a half to recover.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Why one attempt came to nothing.
pub(in crate::sources) enum Trouble {
    /// It may go better in a moment, or in the time that the registry asks for.
    Passing { status: Option<StatusCode>, reason: String, wait: Option<Duration> },
    /// It will not.
    Final(NetworkError),
}

/// The attempts at one thing. Each goes through [`Self::within`], and what fails through [`Self::after`].
pub(in crate::sources) struct Patience {
    url: Url,
    timeout: Duration,
    deadline: Instant,
    attempts: u32,
    pause: Duration,
    last: Option<String>,
}

impl Patience {
    pub(in crate::sources) fn new(url: &Url, timeout: Duration) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now);
        Self { url: url.clone(), timeout, deadline, attempts: 0, pause: FIRST_PAUSE, last: None }
    }

    /// One attempt, cut off at the deadline.
    pub(in crate::sources) async fn within<T>(
        &self,
        attempt: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        timeout_at(self.deadline, attempt).await.unwrap_or_else(|_| Err(Trouble::Final(self.slow())))
    }

    /// Waits before the next attempt, or says why there is none.
    pub(in crate::sources) async fn after(&mut self, trouble: Trouble) -> Result<(), NetworkError> {
        let (status, reason, wait) = match trouble {
            Trouble::Final(error) => return Err(error),
            Trouble::Passing { status, reason, wait } => (status, reason, wait),
        };
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts >= ATTEMPTS {
            let (url, attempts) = (self.url.to_string(), self.attempts);
            return Err(match status {
                Some(status) => NetworkError::Failing { url, status: status.as_u16(), attempts, reason },
                None => NetworkError::Unreachable { url, reason },
            });
        }
        self.last = Some(reason);
        let pause = wait.unwrap_or(self.pause).max(self.pause);
        // It may ask for more time than there is.
        if Instant::now().checked_add(pause).is_none_or(|until| until >= self.deadline) {
            return Err(self.slow());
        }
        sleep(pause).await;
        self.pause = self.pause.saturating_mul(2);
        Ok(())
    }

    fn slow(&self) -> NetworkError {
        NetworkError::Slow { url: self.url.to_string(), limit: self.timeout, last: self.last.clone() }
    }
}
