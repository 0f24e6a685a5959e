//! A registry on this machine: the OCI distribution protocol over the fixtures' layouts, with switches for everything
//! that goes wrong with registries.

mod answers;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
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

#[derive(Clone, Debug, Default)]
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
    /// Entry of the transparency log that this server is too.
    entry: Option<Value>,
    closed: bool,
}

/// What a registry held at some moment.
#[derive(Clone, Debug)]
pub struct Content(BTreeMap<String, Repository>);

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
            entry: None,
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
        self.push(name, layout);
        self
    }

    /// Adds the content of a layout to repository `name`, its tags too.
    pub fn push(&self, name: &str, layout: impl AsRef<Path>) {
        let layout = layout.as_ref();
        let index: Value = read_json(&std::fs::read(layout.join("index.json")).expect("a layout"));
        let mut state = self.state();
        let repository = state.repositories.entry(name.to_owned()).or_default();
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
    }

    /// Everything in it, to be put back later.
    #[must_use]
    pub fn content(&self) -> Content {
        Content(self.state().repositories.clone())
    }

    /// Holds again what it held then, and nothing else.
    pub fn restore(&self, content: &Content) {
        self.state().repositories = content.0.clone();
    }

    /// Moves a tag to a manifest that is there, as a push would.
    pub fn retag(&self, repository: &str, tag: &str, digest: &str) {
        let mut state = self.state();
        let content = state.repositories.get_mut(repository).expect("a repository");
        assert!(content.manifests.contains_key(digest), "{repository} has no {digest}");
        content.tags.insert(tag.to_owned(), digest.to_owned());
    }

    /// Removes a manifest, and the tags that name it.
    pub fn lose_manifest(&self, repository: &str, digest: &str) {
        let mut state = self.state();
        let content = state.repositories.get_mut(repository).expect("a repository");
        assert!(content.manifests.remove(digest).is_some(), "{repository} has no {digest}");
        content.tags.retain(|_, named| named != digest);
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

    /// Makes this server a transparency log (Rekor v1) with one entry.
    pub fn logs(&self, entry: &Value) {
        self.state().entry = Some(entry.clone());
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
