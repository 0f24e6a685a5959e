//! A Rekor v1 log over the network: which entries it has of an artifact, then each of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};
use sigwarden_core::reference::Digest;

use super::{MAX_ENTRIES, RekorUrl, read_entries};
use crate::sources::SourceError;
use crate::sources::network::{
    NetworkError, Patience, Trouble, Web, Worker, excerpt, is_passing, read_body, retry_after,
};

/// An entry has some kilobytes; one of an attestation holds it whole.
const MAX_ANSWER_BYTES: usize = 16 << 20;

type Answer = Result<Option<Vec<Value>>, SourceError>;

/// The logs that may be asked.
pub(super) struct Live {
    allowed: Vec<RekorUrl>,
    timeout: Duration,
    started: OnceLock<Result<(Worker, Arc<Web>), NetworkError>>,
    /// Each question is asked once in a run.
    answers: Mutex<BTreeMap<(String, Digest), Answer>>,
}

impl Live {
    pub(super) fn new(allowed: Vec<RekorUrl>, timeout: Duration) -> Self {
        Self { allowed, timeout, started: OnceLock::new(), answers: Mutex::default() }
    }

    /// Whether the user named this log.
    pub(super) fn may_ask(&self, url: &str) -> bool {
        url.parse().is_ok_and(|url: RekorUrl| self.allowed.contains(&url))
    }

    pub(super) fn entries(&self, url: &str, artifact: &Digest) -> Answer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (url.to_owned(), artifact.clone());
        if let Some(answer) = answers.get(&key) {
            return answer.clone();
        }
        let answer = self.ask(url, artifact);
        answers.insert(key, answer.clone());
        answer
    }

    fn ask(&self, url: &str, artifact: &Digest) -> Answer {
        let not_entries =
            |reason: String| SourceError::NotEntries { what: url.to_owned(), reason: excerpt(reason.as_bytes()) };
        let base = url.trim_end_matches('/');
        let parse = |text: String| Url::parse(&text).map_err(|error| not_entries(error.to_string()));
        let index = parse(format!("{base}/api/v1/index/retrieve"))?;
        let question = json!({"hash": artifact.as_str()}).to_string();
        let Some(found) = self.exchange(index, Some(question))? else { return Ok(None) };
        let uuids: Vec<String> = serde_json::from_slice(&found).map_err(|error| not_entries(error.to_string()))?;
        let mut entries = Vec::new();
        for uuid in uuids.iter().take(MAX_ENTRIES) {
            // It goes into a path.
            if uuid.is_empty() || !uuid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(not_entries(format!("`{uuid}` is not an entry's name")));
            }
            let place = parse(format!("{base}/api/v1/log/entries/{uuid}"))?;
            let what = place.to_string();
            // The index may know of entries of a shard that this log no longer serves.
            if let Some(body) = self.exchange(place, None)? {
                entries.extend(read_entries(&what, &body)?);
            }
        }
        Ok((!entries.is_empty()).then_some(entries))
    }

    /// Posts `question`, or gets. `None`: not found.
    fn exchange(&self, url: Url, question: Option<String>) -> Result<Option<Vec<u8>>, NetworkError> {
        let start = || Ok((Worker::new()?, Arc::new(Web::new(self.timeout)?)));
        let (worker, web) = self.started.get_or_init(start).as_ref().map_err(Clone::clone)?;
        let (web, timeout, what) = (Arc::clone(web), self.timeout, url.to_string());
        worker.wait(&what, async move {
            let mut patience = Patience::new(&url, timeout);
            loop {
                let request = match &question {
                    Some(question) => web
                        .client(&url)
                        .post(url.clone())
                        .header(CONTENT_TYPE, "application/json")
                        .body(question.clone()),
                    None => web.client(&url).get(url.clone()),
                };
                match patience.within(attempt(&web, request, &url)).await {
                    Ok(answer) => return Ok(answer),
                    Err(trouble) => patience.after(trouble).await?,
                }
            }
        })?
    }
}

async fn attempt(web: &Web, request: RequestBuilder, url: &Url) -> Result<Option<Vec<u8>>, Trouble> {
    let response = web.send(request, url).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read_body(response, MAX_ANSWER_BYTES, url).await?;
    match status {
        StatusCode::OK => Ok(Some(body)),
        StatusCode::NOT_FOUND => Ok(None),
        status if is_passing(status) => {
            let reason = format!("{status}: {}", excerpt(&body));
            Err(Trouble::Passing { status: Some(status), reason, wait: retry_after(&headers) })
        }
        status => Err(Trouble::Final(NetworkError::Unclear {
            url: url.to_string(),
            status: status.as_u16(),
            reason: excerpt(&body),
        })),
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}
