//! One GET against a registry: with authorisation, a limit on the body, retries, and a deadline.
//!
//! "Absent" is only what a registry says in a registry's words. A 404 from whatever else answers on that name (a web
//! server, a proxy) is [`NetworkError::Unclear`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{ACCEPT, HeaderMap, LINK};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use sigwarden_core::reference::{Digest, Repository};

use super::auth::{Action, Authorization, Challenge, TokenRequest, read_token};
use super::credentials::{self, Credential, Login};
use super::{MAX_BLOB_BYTES, MAX_MANIFEST_BYTES, NetworkError, RegistryOptions};
use crate::sources::network::{Patience, Trouble, Web, excerpt, is_passing, read_body, retry_after};
use crate::sources::oci::MANIFEST_MEDIA_TYPES;

/// Tokens have some kilobytes; error texts are read to quote their beginning.
const MAX_TOKEN_BYTES: usize = 1 << 20;

/// Docker Hub's images have one registry in their names, and another that serves them.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Manifest,
    Blob,
    Referrers,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Manifest => "manifests",
            Self::Blob => "blobs",
            Self::Referrers => "referrers",
        }
    }

    const fn limit(self) -> usize {
        match self {
            Self::Blob => MAX_BLOB_BYTES,
            Self::Manifest | Self::Referrers => MAX_MANIFEST_BYTES,
        }
    }
}

/// What a registry sent.
pub(super) struct Answer {
    pub(super) url: Url,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// What the registry says is the digest of the manifest must be it, as far as it says anything.
    pub(super) fn check_digest_header(&self, digest: &Digest) -> Result<(), NetworkError> {
        let declared = self.headers.get("docker-content-digest").and_then(|value| value.to_str().ok());
        match declared.map(Digest::parse) {
            Some(Ok(declared)) if declared.algorithm() == digest.algorithm() && declared != *digest => {
                Err(NetworkError::WrongHash { url: self.url.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Where a list goes on (RFC 8288): on the same registry, or nowhere.
    pub(super) fn next_page(&self) -> Result<Option<Url>, NetworkError> {
        let Some(link) = self.headers.get(LINK).and_then(|value| value.to_str().ok()) else { return Ok(None) };
        let Some((target, parameters)) = link.split_once('>') else { return Ok(None) };
        if !parameters.replace('"', "").contains("rel=next") {
            return Ok(None);
        }
        let unclear = |reason: &str| NetworkError::Unclear {
            url: self.url.to_string(),
            status: StatusCode::OK.as_u16(),
            reason: reason.to_owned(),
        };
        let next = self.url.join(target.trim().trim_start_matches('<')).map_err(|_| unclear("bad link"))?;
        if next.origin() != self.url.origin() {
            return Err(unclear("its list goes on at another host"));
        }
        Ok(Some(next))
    }
}

/// Talks to all registries.
pub(super) struct Client {
    web: Web,
    pub(super) options: RegistryOptions,
    authorizations: Mutex<BTreeMap<(Repository, Action), Authorization>>,
    credentials: Mutex<BTreeMap<String, Arc<Credential>>>,
}

impl Client {
    pub(super) fn new(options: RegistryOptions) -> Result<Self, NetworkError> {
        Ok(Self {
            web: Web::new(options.timeout)?,
            options,
            authorizations: Mutex::default(),
            credentials: Mutex::default(),
        })
    }

    /// Where something lies.
    pub(super) fn url(&self, repository: &Repository, kind: Kind, name: &str) -> Result<Url, NetworkError> {
        self.place(repository, &format!("{}/{}/{name}", repository.path(), kind.path()))
    }

    /// A path below `/v2/` of the repository's registry.
    pub(super) fn place(&self, repository: &Repository, path: &str) -> Result<Url, NetworkError> {
        let registry = repository.registry();
        let scheme = self.options.scheme(registry);
        let host = if registry == DOCKER_HUB { DOCKER_HUB_HOST } else { registry };
        let text = format!("{scheme}://{host}/v2/{path}");
        Url::parse(&text).map_err(|error| NetworkError::Setup { reason: format!("`{text}`: {error}") })
    }

    fn is_insecure(&self, registry: &str) -> bool {
        self.options.scheme(registry) == "http"
    }

    /// Reads `url`. `None` is the registry's word that there is nothing: no manifest, no blob, no referrers API.
    pub(super) async fn get(
        &self,
        repository: &Repository,
        kind: Kind,
        url: Url,
    ) -> Result<Option<Answer>, NetworkError> {
        let mut patience = self.patience(&url);
        loop {
            match patience.within(self.attempt(repository, kind, &url)).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => patience.after(trouble).await?,
            }
        }
    }

    /// The headers in which a registry asks for a login, if it does.
    pub(super) async fn challenge(&self, url: &Url) -> Result<Option<HeaderMap>, Trouble> {
        let response = self.web.ask_registry(self.web.client(url).get(url.clone()), url).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED => Ok(Some(response.headers().clone())),
            status if is_passing(status) => Err(Trouble::Passing {
                status: Some(status),
                reason: status.to_string(),
                wait: retry_after(response.headers()),
            }),
            _ => Ok(None),
        }
    }

    /// The patience that one thing deserves.
    pub(super) fn patience(&self, url: &Url) -> Patience {
        Patience::new(url, self.options.timeout)
    }

    async fn attempt(&self, repository: &Repository, kind: Kind, url: &Url) -> Result<Option<Answer>, Trouble> {
        let mut authorization = self.remembered(repository, Action::Pull);
        // Twice: what is remembered may have expired, and the first request of all has nothing to show.
        for fresh in [false, true] {
            let mut request = self.web.client(url).get(url.clone());
            if kind == Kind::Manifest {
                request = request.header(ACCEPT, MANIFEST_MEDIA_TYPES.join(", "));
            }
            let response = self.web.ask_registry(with_authorization(request, authorization.as_ref()), url).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = read_body(response, kind.limit(), url).await?;
            let reason = || format!("{status}: {}", excerpt(&body));
            return match status {
                StatusCode::OK => Ok(Some(Answer { url: url.clone(), headers, body })),
                StatusCode::UNAUTHORIZED if !fresh => match Challenge::read(&headers) {
                    Some(challenge) => {
                        authorization = Some(self.authorize(repository, Action::Pull, &challenge).await?);
                        continue;
                    }
                    None => Err(self.denied(repository, Action::Pull, reason())),
                },
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(self.denied(repository, Action::Pull, reason()))
                }
                status if is_passing(status) => {
                    Err(Trouble::Passing { status: Some(status), reason: reason(), wait: retry_after(&headers) })
                }
                status if says_absent(kind, status, &headers, &body) => Ok(None),
                status => Err(Trouble::Final(NetworkError::Unclear {
                    url: url.to_string(),
                    status: status.as_u16(),
                    reason: excerpt(&body),
                })),
            };
        }
        Ok(None)
    }

    /// Proves to a registry, or its token server, who we are.
    pub(super) async fn authorize(
        &self,
        repository: &Repository,
        action: Action,
        challenge: &Challenge,
    ) -> Result<Authorization, Trouble> {
        let credential = self.credential(repository.registry());
        let authorization = match (challenge, &credential.login) {
            (Challenge::Basic, Login::Password { user, password }) => {
                Authorization::Basic { user: user.clone(), password: password.clone() }
            }
            (Challenge::Basic, _) => {
                return Err(self.denied(repository, action, "it wants user and password".to_owned()));
            }
            (Challenge::Bearer { realm, service, scope }, login) => {
                // Where the registry itself has to be reached safely, so has whoever gets the password.
                if realm.scheme() != "https" && !self.is_insecure(repository.registry()) {
                    let reason = format!("its token server `{realm}` is not reached over https");
                    return Err(self.denied(repository, action, reason));
                }
                let wanted = (repository.path(), action);
                let request = TokenRequest::new(realm, service.as_deref(), scope.as_deref(), wanted, login);
                Authorization::Bearer(self.token(repository, action, request).await?)
            }
        };
        let mut remembered = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert((repository.clone(), action), authorization.clone());
        Ok(authorization)
    }

    async fn token(&self, repository: &Repository, action: Action, request: TokenRequest) -> Result<String, Trouble> {
        // Without the query, which may be long, and is the same for everybody.
        let mut url = request.url.clone();
        url.set_query(None);
        let client = self.web.client(&request.url);
        let builder = match request.form {
            Some(form) => client
                .post(request.url)
                .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form),
            None => client.get(request.url),
        };
        let builder = match request.basic {
            Some((user, password)) => builder.basic_auth(user, Some(password)),
            None => builder,
        };
        let response = self.web.send(builder, &url).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, MAX_TOKEN_BYTES, &url).await?;
        let reason = format!("its token server answered {status}: {}", excerpt(&body));
        match status {
            StatusCode::OK => read_token(&body).ok_or_else(|| {
                Trouble::Final(NetworkError::Unclear {
                    url: url.to_string(),
                    status: status.as_u16(),
                    reason: "there is no token in it".to_owned(),
                })
            }),
            status if is_passing(status) => {
                Err(Trouble::Passing { status: Some(status), reason, wait: retry_after(&headers) })
            }
            status if status.is_client_error() => Err(self.denied(repository, action, reason)),
            status => Err(Trouble::Final(NetworkError::Unclear {
                url: url.to_string(),
                status: status.as_u16(),
                reason: excerpt(&body),
            })),
        }
    }

    pub(super) fn credential(&self, registry: &str) -> Arc<Credential> {
        let mut credentials = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        let look_up = || Arc::new(credentials::look_up(registry, self.options.docker_config.as_deref()));
        Arc::clone(credentials.entry(registry.to_owned()).or_insert_with(look_up))
    }

    fn remembered(&self, repository: &Repository, action: Action) -> Option<Authorization> {
        let remembered = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(&(repository.clone(), action)).cloned()
    }

    pub(super) fn denied(&self, repository: &Repository, action: Action, reason: String) -> Trouble {
        Trouble::Final(NetworkError::Denied {
            registry: repository.registry().to_owned(),
            repository: repository.to_string(),
            action: action.verb(),
            credential: self.credential(repository.registry()).to_string(),
            reason,
        })
    }
}

fn with_authorization(request: RequestBuilder, authorization: Option<&Authorization>) -> RequestBuilder {
    match authorization {
        None => request,
        Some(Authorization::Basic { user, password }) => request.basic_auth(user, Some(password)),
        Some(Authorization::Bearer(token)) => request.bearer_auth(token),
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<RegistryWord>,
}

#[derive(Deserialize)]
struct RegistryWord {
    code: String,
}

/// Error codes for what is not there (OCI distribution-spec, "Error Codes"; `NOT_FOUND` is Harbor's).
const ABSENT: [&str; 5] = ["BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"];

fn says_absent(kind: Kind, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    if kind == Kind::Referrers {
        // The spec's answer of a registry without that API is 404, and others have been seen.
        return matches!(
            status,
            StatusCode::NOT_FOUND
                | StatusCode::BAD_REQUEST
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::NOT_ACCEPTABLE
                | StatusCode::NOT_IMPLEMENTED
        );
    }
    if status != StatusCode::NOT_FOUND {
        return false;
    }
    match serde_json::from_slice::<Errors>(body) {
        Ok(Errors { errors }) => errors.iter().any(|error| ABSENT.contains(&error.code.as_str())),
        Err(_) => headers.contains_key("docker-distribution-api-version"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_only_what_a_registry_calls_so() {
        let plain = HeaderMap::new();
        let mut registry = HeaderMap::new();
        registry.insert("docker-distribution-api-version", "registry/2.0".parse().unwrap());
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
        let denied = r#"{"errors":[{"code":"DENIED","message":"MANIFEST_UNKNOWN"}]}"#;
        let cases = [
            ("its code", Kind::Manifest, 404, &plain, unknown, true),
            ("another code", Kind::Manifest, 404, &plain, denied, false),
            ("another status", Kind::Manifest, 400, &plain, unknown, false),
            ("a web server", Kind::Manifest, 404, &plain, "<html>not found</html>", false),
            ("a registry without words", Kind::Blob, 404, &registry, "", true),
            ("no referrers API", Kind::Referrers, 404, &plain, "404 page not found", true),
            ("referrers that fail", Kind::Referrers, 410, &plain, "", false),
        ];
        for (name, kind, status, headers, body, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(says_absent(kind, status, headers, body.as_bytes()), expected, "case `{name}`");
        }
    }

    #[test]
    fn lists_go_on_where_they_say_and_only_there() {
        let answer = |link: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(link) = link {
                headers.insert(LINK, link.parse().unwrap());
            }
            let url = Url::parse("https://r.test/v2/a/referrers/sha256:0").unwrap();
            Answer { url, headers, body: Vec::new() }.next_page()
        };
        assert_eq!(answer(None), Ok(None));
        assert_eq!(answer(Some("</v2/a/referrers/x?n=2>; rel=\"prev\"")), Ok(None));
        let next = answer(Some("</v2/a/referrers/x?n=2>; rel=\"next\"")).unwrap().unwrap();
        assert_eq!(next.as_str(), "https://r.test/v2/a/referrers/x?n=2");
        assert!(matches!(answer(Some("<https://evil.test/x>; rel=next")), Err(NetworkError::Unclear { .. })));
    }
}
