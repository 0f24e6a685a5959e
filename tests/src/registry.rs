//! A registry on this machine: the OCI distribution protocol over the fixtures' layouts, with switches for everything
//! that goes wrong with registries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Who may come in.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// Everybody.
    #[default]
    Open,
    /// Whoever sends this user and password with every request.
    Basic(&'static str, &'static str),
    /// Whoever has a token for the repository; the token server gives it to this user and password, or to this refresh
    /// token.
    Token {
        /// User.
        user: &'static str,
        /// Password, and refresh token.
        secret: &'static str,
        /// Whether everybody gets a token to read.
        public: bool,
    },
}

/// How the registry behaves.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Whether it has the referrers API. Without it, lists lie under fallback tags.
    pub referrers: bool,
    /// How many descriptors it puts on a page of referrers.
    pub page: usize,
    /// Who may come in.
    pub access: Access,
    /// How long it thinks about everything.
    pub latency: Duration,
    /// So many requests fail first…
    pub failures: usize,
    /// …with this status,
    pub failure: StatusCode,
    /// and this `Retry-After`.
    pub retry_after: Option<u64>,
    /// Whether it is the token server that fails.
    pub token_server_fails: bool,
    /// So many writes fail first.
    pub failed_writes: usize,
    /// Whether bodies break off in the middle.
    pub cut: bool,
    /// Whether a tag, once written, stays.
    pub immutable: bool,
    /// Whether it answers 404 like any web server.
    pub not_a_registry: bool,
}

#[derive(Debug, Default)]
struct Repository {
    /// Media type and bytes, by digest.
    manifests: BTreeMap<String, (String, Bytes)>,
    tags: BTreeMap<String, String>,
    blobs: BTreeMap<String, Bytes>,
}

#[derive(Debug)]
struct State {
    repositories: BTreeMap<String, Repository>,
    uploads: BTreeMap<usize, Vec<u8>>,
    next_upload: usize,
    switches: Switches,
    requests: Vec<String>,
    closed: bool,
}

/// A registry that listens on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl Registry {
    /// Starts an open, empty registry with the referrers API.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let switches = Switches {
            referrers: true,
            page: 1000,
            access: Access::Open,
            latency: Duration::ZERO,
            failures: 0,
            failure: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: None,
            token_server_fails: false,
            failed_writes: 0,
            cut: false,
            immutable: false,
            not_a_registry: false,
        };
        let state = Arc::new(Mutex::new(State {
            repositories: BTreeMap::new(),
            uploads: BTreeMap::new(),
            next_upload: 0,
            switches,
            requests: Vec::new(),
            closed: false,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || listen(listener, &shared));
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// A reference into this registry: `127.0.0.1:PORT/myorg/app:1.4.2`.
    #[must_use]
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Takes the content of a layout in, as repository `name`.
    #[must_use]
    pub fn with(self, name: &str, layout: impl AsRef<Path>) -> Self {
        let layout = layout.as_ref();
        let index: Value = read_json(&std::fs::read(layout.join("index.json")).expect("a layout"));
        let mut repository = Repository::default();
        for entry in std::fs::read_dir(layout.join("blobs/sha256")).expect("blobs") {
            let bytes = Bytes::from(std::fs::read(entry.expect("a blob").path()).expect("a blob"));
            // A registry keeps manifests and blobs apart; in a layout only the content tells.
            let manifest = serde_json::from_slice::<Value>(&bytes).ok().filter(|json| json["schemaVersion"] == 2);
            if let Some(manifest) = manifest {
                let media_type = manifest["mediaType"].as_str().unwrap_or(INDEX).to_owned();
                repository.manifests.insert(digest_of(&bytes), (media_type, bytes));
            } else {
                repository.blobs.insert(digest_of(&bytes), bytes);
            }
        }
        for entry in index["manifests"].as_array().expect("a list") {
            if let (Some(tag), Some(digest)) =
                (entry["annotations"]["org.opencontainers.image.ref.name"].as_str(), entry["digest"].as_str())
            {
                repository.tags.insert(tag.to_owned(), digest.to_owned());
            }
        }
        self.state().repositories.insert(name.to_owned(), repository);
        self
    }

    /// Changes how the registry behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.state().switches);
    }

    /// What was asked since the last time, as `METHOD PATH STATUS`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// The digest behind a tag.
    #[must_use]
    pub fn tag(&self, repository: &str, tag: &str) -> Option<String> {
        self.state().repositories.get(repository)?.tags.get(tag).cloned()
    }

    /// A manifest, by digest.
    #[must_use]
    pub fn manifest(&self, repository: &str, digest: &str) -> Value {
        read_json(&self.state().repositories[repository].manifests[digest].1)
    }

    /// A blob.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &str) -> Vec<u8> {
        self.state().repositories[repository].blobs[digest].to_vec()
    }

    /// Digests of all blobs of a repository.
    #[must_use]
    pub fn blobs(&self, repository: &str) -> Vec<String> {
        self.state().repositories[repository].blobs.keys().cloned().collect()
    }

    /// Writes other bytes under a blob's digest.
    pub fn tamper_with_blob(&self, repository: &str, digest: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let blob = state.repositories.get_mut(repository).and_then(|r| r.blobs.get_mut(digest)).expect("a blob");
        let mut bytes = blob.to_vec();
        change(&mut bytes);
        *blob = bytes.into();
    }

    /// Writes other bytes under a manifest's digest.
    pub fn tamper_with_manifest(&self, repository: &str, digest: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let found = state.repositories.get_mut(repository).and_then(|r| r.manifests.get_mut(digest));
        let (_, manifest) = found.expect("a manifest");
        let mut bytes = manifest.to_vec();
        change(&mut bytes);
        *manifest = bytes.into();
    }

    /// Puts an artifact under a tag, as somebody else might have.
    pub fn put(&self, repository: &str, tag: &str, manifest: Vec<u8>, blobs: impl IntoIterator<Item = Vec<u8>>) {
        let mut state = self.state();
        let content = state.repositories.entry(repository.to_owned()).or_default();
        content.blobs.extend(blobs.into_iter().map(|blob| (digest_of(&blob), blob.into())));
        content.tags.insert(tag.to_owned(), digest_of(&manifest));
        let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
        content.manifests.insert(digest_of(&manifest), (media_type, manifest.into()));
    }

    /// Removes a blob.
    pub fn lose_blob(&self, repository: &str, digest: &str) {
        let lost = self.state().repositories.get_mut(repository).and_then(|r| r.blobs.remove(digest));
        assert!(lost.is_some(), "{repository} has no {digest}");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.state().closed = true;
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn read_json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn listen(listener: TcpListener, state: &Arc<Mutex<State>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        while let Ok((stream, _)) = listener.accept().await {
            if lock(state).closed {
                return;
            }
            let state = Arc::clone(state);
            tokio::spawn(async move {
                let service = service_fn(|request| answer(Arc::clone(&state), request));
                // A client that goes away is no failure.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer = Response<Full<Bytes>>;

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Answer, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let latency = lock(&state).switches.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut state = lock(&state);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let answer = state.answer(&parts, &path, &body);
    state.requests.push(format!("{} {path} {}", parts.method, answer.status().as_u16()));
    if state.switches.cut && answer.status() == StatusCode::OK {
        // The connection closes before anything is sent.
        return Err(std::io::ErrorKind::ConnectionReset.into());
    }
    Ok(answer)
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer
}

fn error(status: StatusCode, code: &str) -> Answer {
    let message = code.to_ascii_lowercase().replace('_', " ");
    plain(status, json!({"errors": [{"code": code, "message": message}]}).to_string())
}

fn with_header(mut answer: Answer, name: hyper::header::HeaderName, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().expect("a header"));
    answer
}

impl State {
    fn answer(&mut self, parts: &hyper::http::request::Parts, path: &str, body: &Bytes) -> Answer {
        let switches = self.switches.clone();
        let is_token = path.starts_with("/token");
        if switches.failures > 0 && is_token == switches.token_server_fails {
            self.switches.failures -= 1;
            let failed = error(switches.failure, "TOOMANYREQUESTS");
            return match switches.retry_after {
                Some(seconds) => with_header(failed, RETRY_AFTER, &seconds.to_string()),
                None => failed,
            };
        }
        if switches.failed_writes > 0 && !matches!(parts.method, Method::GET | Method::HEAD) {
            self.switches.failed_writes -= 1;
            return error(StatusCode::BAD_GATEWAY, "UNAVAILABLE");
        }
        if switches.not_a_registry {
            return plain(StatusCode::NOT_FOUND, "<html>Not Found</html>");
        }
        if is_token {
            return self.token(parts, path, body);
        }
        let Some(rest) = path.strip_prefix("/v2/") else { return error(StatusCode::NOT_FOUND, "NOT_FOUND") };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if let Some(refusal) = self.refusal(parts, rest) {
            return refusal;
        }
        if rest.is_empty() {
            return plain(StatusCode::OK, "{}");
        }
        let mut segments: Vec<&str> = rest.split('/').collect();
        let name = segments.pop().unwrap_or_default();
        let kind = segments.pop().unwrap_or_default();
        let repository = match kind {
            "uploads" => segments.split_last().map(|(_, rest)| rest.join("/")).unwrap_or_default(),
            _ => segments.join("/"),
        };
        match (&parts.method, kind) {
            (&Method::GET | &Method::HEAD, "manifests") => self.get_manifest(&repository, name),
            (&Method::GET | &Method::HEAD, "blobs") => self.get_blob(&repository, name),
            (&Method::GET, "referrers") if self.switches.referrers => self.get_referrers(&repository, name, query),
            (&Method::GET, "referrers") => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
            (&Method::PUT, "manifests") => self.put_manifest(&repository, name, parts, body),
            (&Method::POST, "uploads") => {
                self.next_upload += 1;
                self.uploads.insert(self.next_upload, Vec::new());
                let location = format!("/v2/{repository}/blobs/uploads/{}", self.next_upload);
                with_header(plain(StatusCode::ACCEPTED, ""), LOCATION, &location)
            }
            (&Method::PATCH | &Method::PUT, "uploads") => self.upload(&repository, name, query, body),
            _ => error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
        }
    }

    /// Why this request may not come in, if it may not.
    fn refusal(&self, parts: &hyper::http::request::Parts, rest: &str) -> Option<Answer> {
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let unauthorized = |challenge: &str| {
            Some(with_header(error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"), WWW_AUTHENTICATE, challenge))
        };
        match &self.switches.access {
            Access::Open => None,
            Access::Basic(user, password) => {
                if shown == basic(user, password) {
                    None
                } else {
                    unauthorized("Basic realm=\"registry\"")
                }
            }
            Access::Token { .. } => {
                let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
                let write = !matches!(parts.method, Method::GET | Method::HEAD);
                let wanted = if write { "pull,push" } else { "pull" };
                let token = shown.strip_prefix("Bearer ").and_then(|token| STANDARD.decode(token).ok());
                let scope = token.and_then(|token| String::from_utf8(token).ok()).unwrap_or_default();
                let allowed = match scope.strip_prefix("repository:").and_then(|scope| scope.rsplit_once(':')) {
                    Some((repository, actions)) => {
                        (rest.is_empty() || rest.starts_with(&format!("{repository}/"))) && actions.starts_with(wanted)
                    }
                    None => false,
                };
                if allowed {
                    return None;
                }
                let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"{host}\"");
                unauthorized(&challenge)
            }
        }
    }

    /// A token is its own scope.
    fn token(&self, parts: &hyper::http::request::Parts, path: &str, body: &Bytes) -> Answer {
        let Access::Token { user, secret, public } = &self.switches.access else {
            return error(StatusCode::NOT_FOUND, "NOT_FOUND");
        };
        let form = String::from_utf8_lossy(body).into_owned();
        let fields =
            if parts.method == Method::POST { form.as_str() } else { path.split_once('?').map_or("", |q| q.1) };
        let field = |name: &str| {
            let found = fields.split('&').filter_map(|field| field.split_once('=')).find(|(key, _)| *key == name);
            found.map(|(_, value)| value.replace("%3A", ":").replace("%2F", "/").replace("%2C", ","))
        };
        let scope = field("scope").unwrap_or_default();
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let known = shown == Some(basic(user, secret).as_str()) || field("refresh_token").as_deref() == Some(secret);
        let anonymous = shown.is_none() && parts.method == Method::GET;
        if known || (anonymous && *public && scope.ends_with(":pull")) {
            plain(StatusCode::OK, json!({"token": STANDARD.encode(scope)}).to_string())
        } else {
            error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED")
        }
    }

    fn get_manifest(&self, repository: &str, name: &str) -> Answer {
        let unknown = || error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
        let Some(content) = self.repositories.get(repository) else {
            return error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
        };
        let digest = content.tags.get(name).map_or(name, String::as_str);
        if let Some((media_type, bytes)) = content.manifests.get(digest) {
            let answer = with_header(plain(StatusCode::OK, bytes.clone()), CONTENT_TYPE, media_type);
            let header = hyper::header::HeaderName::from_static("docker-content-digest");
            return with_header(answer, header, digest);
        }
        // What cosign keeps there where it finds no referrers API.
        let subject = name.replacen('-', ":", 1);
        let referrers = content.referrers(&subject);
        if self.switches.referrers || referrers.is_empty() {
            return unknown();
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": referrers});
        with_header(plain(StatusCode::OK, index.to_string()), CONTENT_TYPE, INDEX)
    }

    fn get_blob(&self, repository: &str, digest: &str) -> Answer {
        match self.repositories.get(repository).and_then(|content| content.blobs.get(digest)) {
            Some(blob) => plain(StatusCode::OK, blob.clone()),
            None => error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
        }
    }

    fn get_referrers(&self, repository: &str, digest: &str, query: &str) -> Answer {
        let all = self.repositories.get(repository).map(|content| content.referrers(digest)).unwrap_or_default();
        let start: usize = query.strip_prefix("from=").and_then(|from| from.parse().ok()).unwrap_or(0);
        let end = start.saturating_add(self.switches.page).min(all.len());
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": all[start.min(end)..end]});
        let answer = with_header(plain(StatusCode::OK, index.to_string()), CONTENT_TYPE, INDEX);
        if end == all.len() {
            return answer;
        }
        let next = format!("</v2/{repository}/referrers/{digest}?from={end}>; rel=\"next\"");
        with_header(answer, hyper::header::LINK, &next)
    }

    fn put_manifest(
        &mut self,
        repository: &str,
        name: &str,
        parts: &hyper::http::request::Parts,
        body: &Bytes,
    ) -> Answer {
        let digest = digest_of(body);
        let content = self.repositories.entry(repository.to_owned()).or_default();
        if self.switches.immutable && content.tags.get(name).is_some_and(|old| *old != digest) {
            return error(StatusCode::BAD_REQUEST, "TAG_INVALID");
        }
        let Ok(manifest) = serde_json::from_slice::<Value>(body) else {
            return error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
        };
        let layers = manifest["layers"].as_array().into_iter().flatten();
        let missing = layers.chain([&manifest["config"]]).any(|descriptor| {
            let digest = descriptor["digest"].as_str().unwrap_or_default();
            let size = content.blobs.get(digest).map(|blob| blob.len() as u64);
            size.is_none() || size != descriptor["size"].as_u64()
        });
        if missing {
            return error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
        }
        let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        content.manifests.insert(digest.clone(), (media_type.to_owned(), body.clone()));
        content.tags.insert(name.to_owned(), digest.clone());
        with_header(plain(StatusCode::CREATED, ""), LOCATION, &format!("/v2/{repository}/manifests/{digest}"))
    }

    fn upload(&mut self, repository: &str, session: &str, query: &str, body: &Bytes) -> Answer {
        let unknown = || error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        let Ok(number) = session.parse::<usize>() else { return unknown() };
        let Some(upload) = self.uploads.get_mut(&number) else { return unknown() };
        upload.extend_from_slice(body);
        let Some(digest) = query.strip_prefix("digest=").map(|digest| digest.replace("%3A", ":")) else {
            let location = format!("/v2/{repository}/blobs/uploads/{number}");
            return with_header(plain(StatusCode::ACCEPTED, ""), LOCATION, &location);
        };
        let bytes = self.uploads.remove(&number).unwrap_or_default();
        if digest_of(&bytes) != digest {
            return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
        }
        let content = self.repositories.entry(repository.to_owned()).or_default();
        content.blobs.insert(digest.clone(), bytes.into());
        with_header(plain(StatusCode::CREATED, ""), LOCATION, &format!("/v2/{repository}/blobs/{digest}"))
    }
}

impl Repository {
    /// Descriptors of the manifests that name `subject` (distribution-spec, "Listing Referrers").
    fn referrers(&self, subject: &str) -> Vec<Value> {
        let manifests = self.manifests.iter().map(|(digest, (media_type, bytes))| (digest, media_type, bytes));
        let read = manifests.map(|(digest, media_type, bytes)| (digest, media_type, bytes.len(), read_json(bytes)));
        read.filter(|(.., manifest)| manifest["subject"]["digest"] == subject)
            .map(|(digest, media_type, size, manifest)| {
                let artifact_type = match &manifest["artifactType"] {
                    Value::Null => manifest["config"]["mediaType"].clone(),
                    named => named.clone(),
                };
                let annotations = manifest["annotations"].clone();
                let mut descriptor =
                    json!({"mediaType": media_type, "digest": digest, "size": size, "artifactType": artifact_type});
                if annotations.is_object() {
                    descriptor["annotations"] = annotations;
                }
                descriptor
            })
            .collect()
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
