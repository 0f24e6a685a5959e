//! Writing an artifact: its blobs, then its manifest under a tag.
//!
//! `oci-client` does it, which knows how registries differ in taking uploads. Authorisation is ours, so that a refusal
//! names the login that was tried, and a token server that is down is not taken for a refusal.

use std::sync::Arc;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client as Pusher, Reference};
use reqwest::header::HeaderValue;
use reqwest::{StatusCode, Url};
use sigwarden_core::reference::{Digest, Repository};

use super::auth::{Action, Authorization, Challenge};
use super::client::{Client, Kind};
use super::{NetworkError, Registries, Started};
use crate::sources::network::{Trouble, excerpt, root_cause};

/// A manifest and what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The bytes of the manifest; what is read back afterwards are these.
    pub manifest: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
    /// Config and layers.
    pub blobs: Vec<Vec<u8>>,
}

impl Artifact {
    /// The digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

impl Registries {
    /// Writes `artifact` to `repository` under `tag`, and reads it back.
    ///
    /// # Errors
    /// [`NetworkError`]; nothing is said then about what has been written.
    pub fn push(&self, repository: &Repository, tag: &str, artifact: Artifact) -> Result<(), NetworkError> {
        let Started { worker, client } = self.started()?;
        let url = client.url(repository, Kind::Manifest, tag)?;
        let (client, repository, tag) = (Arc::clone(client), repository.clone(), tag.to_owned());
        worker
            .wait(&format!("{url} to be written"), async move { push(&client, &repository, &tag, &artifact).await })?
    }
}

async fn push(client: &Client, repository: &Repository, tag: &str, artifact: &Artifact) -> Result<(), NetworkError> {
    let start = client.place(repository, "")?;
    let mut patience = client.patience(&start);
    let auth = loop {
        match patience.within(authorize(client, repository, &start)).await {
            Ok(auth) => break auth,
            Err(trouble) => patience.after(trouble).await?,
        }
    };
    let pusher = pusher(client, repository)?;
    let target = Reference::with_tag(repository.registry().to_owned(), repository.path().to_owned(), tag.to_owned());
    pusher.store_auth_if_needed(target.resolve_registry(), &auth).await;

    for blob in &artifact.blobs {
        let digest = Digest::of(blob);
        let url = client.url(repository, Kind::Blob, digest.as_str())?;
        let mut patience = client.patience(&url);
        loop {
            let push = async {
                let pushed = pusher.push_blob(&target, blob.clone(), digest.as_str()).await;
                pushed.map_err(|error| trouble(client, repository, &url, error))
            };
            match patience.within(push).await {
                Ok(_) => break,
                Err(trouble) => patience.after(trouble).await?,
            }
        }
    }

    let url = client.url(repository, Kind::Manifest, tag)?;
    let media_type = HeaderValue::from_static(artifact.media_type);
    let mut patience = client.patience(&url);
    loop {
        let push = async {
            let pushed = pusher.push_manifest_raw(&target, artifact.manifest.clone(), media_type.clone()).await;
            pushed.map_err(|error| trouble(client, repository, &url, error))
        };
        match patience.within(push).await {
            Ok(_) => break,
            Err(trouble) => patience.after(trouble).await?,
        }
    }

    match client.get(repository, Kind::Manifest, url.clone()).await? {
        Some(answer) if answer.body == artifact.manifest => Ok(()),
        Some(_) => Err(NetworkError::WrongHash { url: url.to_string() }),
        None => Err(NetworkError::Unclear {
            url: url.to_string(),
            status: StatusCode::NOT_FOUND.as_u16(),
            reason: "it took the manifest and does not have it".to_owned(),
        }),
    }
}

/// What `oci-client` shall show: a token for this repository, or user and password.
async fn authorize(client: &Client, repository: &Repository, start: &Url) -> Result<RegistryAuth, Trouble> {
    let Some(challenge) = client.challenge(start).await? else { return Ok(RegistryAuth::Anonymous) };
    let Some(challenge) = Challenge::read(&challenge) else {
        return Err(client.denied(repository, Action::Push, "it asks for a login of an unknown kind".to_owned()));
    };
    Ok(match client.authorize(repository, Action::Push, &challenge).await? {
        Authorization::Basic { user, password } => RegistryAuth::Basic(user, password),
        Authorization::Bearer(token) => RegistryAuth::Bearer(token),
    })
}

/// A pusher of its own for each repository: `oci-client` remembers one token for a whole registry.
fn pusher(client: &Client, repository: &Repository) -> Result<Pusher, NetworkError> {
    let config = ClientConfig {
        protocol: ClientProtocol::HttpsExcept(client.options.insecure.clone()),
        connect_timeout: Some(client.options.timeout),
        read_timeout: Some(client.options.timeout),
        user_agent: concat!("sigwarden/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    };
    Pusher::try_from(config).map_err(|error| NetworkError::Setup { reason: format!("{repository}: {error}") })
}

fn trouble(client: &Client, repository: &Repository, url: &Url, error: OciDistributionError) -> Trouble {
    let denied = |reason: String| client.denied(repository, Action::Push, reason);
    let text = excerpt(error.to_string().as_bytes());
    match error {
        OciDistributionError::UnauthorizedError { .. } => denied(StatusCode::UNAUTHORIZED.to_string()),
        OciDistributionError::AuthenticationFailure(reason) => denied(excerpt(reason.as_bytes())),
        OciDistributionError::ServerError { code, message, .. } => {
            let reason = excerpt(message.as_bytes());
            match StatusCode::from_u16(code) {
                Ok(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => {
                    denied(format!("{status}: {reason}"))
                }
                Ok(status) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                    Trouble::Passing { status: Some(status), reason, wait: None }
                }
                _ => Trouble::Final(NetworkError::PushRefused { url: url.to_string(), status: code, reason }),
            }
        }
        OciDistributionError::RequestError(error) => {
            Trouble::Passing { status: None, reason: root_cause(&error), wait: None }
        }
        _ => Trouble::Final(NetworkError::Unreachable { url: url.to_string(), reason: text }),
    }
}
