//! HTTP, with a limit on everything.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode, Url, redirect};

use super::err::root_cause;
use super::{NetworkError, Trouble};

/// Whoever does not take a connection in this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two pieces of a body.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Blobs lie behind one redirect, sometimes two.
const MAX_REDIRECTS: usize = 5;

/// Sends requests.
pub(in crate::sources) struct Web {
    http: reqwest::Client,
    /// For servers on this machine, which no proxy should be asked for.
    direct: reqwest::Client,
}

impl Web {
    /// `timeout` is for the whole of an attempt; its parts get no more.
    pub(in crate::sources) fn new(timeout: Duration) -> Result<Self, NetworkError> {
        let setup = |error: reqwest::Error| NetworkError::Setup { reason: root_cause(&error) };
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("sigwarden/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT.min(timeout))
                .read_timeout(READ_TIMEOUT.min(timeout))
                .redirect(redirect::Policy::custom(follow))
        };
        Ok(Self { http: builder().build().map_err(setup)?, direct: builder().no_proxy().build().map_err(setup)? })
    }

    /// The client that may reach `url`.
    pub(in crate::sources) fn client(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) { &self.direct } else { &self.http }
    }

    pub(in crate::sources) async fn send(
        &self,
        request: RequestBuilder,
        url: &Url,
    ) -> Result<reqwest::Response, Trouble> {
        request.send().await.map_err(|error| network_trouble(&error, url, root_cause(&error)))
    }

    /// As [`Web::send`], of a registry that the user named. Only of such a one is it any use to say with which flag it may go
    /// better: token servers and redirects are where a registry wishes.
    pub(in crate::sources) async fn ask_registry(
        &self,
        request: RequestBuilder,
        url: &Url,
    ) -> Result<reqwest::Response, Trouble> {
        request.send().await.map_err(|error| {
            let mut reason = root_cause(&error);
            let is_itself = error.url().is_none_or(|at| at.origin() == url.origin());
            if is_itself
                && is_perhaps_http(&error, &reason, url)
                && let Some(host) = plain_host(url)
            {
                // The core takes it apart into what is wrong and what there is to do (`failure_text::own_advice`).
                reason.push_str("; do: if it speaks http: --insecure-registry ");
                reason.push_str(&host);
            }
            network_trouble(&error, url, reason)
        })
    }
}

/// Host and port, if they can be pasted into a shell.
fn plain_host(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let is_plain = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
    is_plain.then(|| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether the server is this machine.
pub(in crate::sources) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Redirects go from https to https, and not round and round.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from_https = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if from_https && attempt.url().scheme() != "https" {
        attempt.error("the registry redirects from https to http")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else {
        attempt.follow()
    }
}

/// The body, if it is not longer than `limit`.
pub(in crate::sources) async fn read_body(
    mut response: reqwest::Response,
    limit: usize,
    url: &Url,
) -> Result<Vec<u8>, Trouble> {
    let too_large = || Trouble::Final(NetworkError::TooLarge { url: url.to_string(), limit });
    let declared = response.content_length().unwrap_or(0);
    if usize::try_from(declared).map_or(true, |declared| declared > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| network_trouble(&error, url, root_cause(&error)))? {
        if body.len().saturating_add(piece.len()) > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn network_trouble(error: &reqwest::Error, url: &Url, reason: String) -> Trouble {
    if error.is_redirect() || error.is_builder() || reason.contains("certificate") {
        return Trouble::Final(NetworkError::Unreachable { url: url.to_string(), reason });
    }
    Trouble::Passing { status: None, reason, wait: None }
}

/// Whether a handshake failed as it does with a server that speaks plain http.
fn is_perhaps_http(error: &reqwest::Error, reason: &str, url: &Url) -> bool {
    // rustls' words for an answer that is no TLS. Many such servers close the connection or wait for a line instead, which is
    // how others fail too: on this machine, where registries rarely have certificates, it is the likely reason.
    if url.scheme() != "https" {
        return false;
    }
    let failed_in_between = error.is_connect() && !reason.contains("refused") && !reason.contains("certificate");
    reason.contains("InvalidContentType") || (failed_in_between && is_loopback(url))
}

/// Whether it may go better in a moment.
pub(in crate::sources) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3); a date is left to our own pauses.
pub(in crate::sources) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
