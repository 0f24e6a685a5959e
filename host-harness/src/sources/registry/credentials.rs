//! Who we are to a registry: docker's configuration, then podman's.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential};

/// Under which docker keeps the login to its own hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
const DOCKER_HUB: &str = "docker.io";

/// A login, and where it was found.
#[derive(Clone)]
pub(super) struct Credential {
    pub(super) login: Login,
    found: String,
}

/// What is shown to the registry.
#[derive(Clone)]
pub(super) enum Login {
    Anonymous,
    Password {
        user: String,
        password: String,
    },
    /// An OAuth2 refresh token, exchanged at the token server.
    IdentityToken(String),
}

/// Never shows a secret.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.login {
            Login::Anonymous => write!(f, "anonymous users (no login in {})", self.found),
            Login::Password { user, .. } => write!(f, "user `{user}` (from {})", self.found),
            Login::IdentityToken(_) => write!(f, "the identity token from {}", self.found),
        }
    }
}

/// Looks up the login for `registry`. What goes wrong on the way is in the text of the anonymous credential, and so in
/// the refusal that an anonymous request may get.
pub(super) fn look_up(registry: &str, docker_config: Option<&Path>) -> Credential {
    let keys: &[&str] = if registry == DOCKER_HUB { &[DOCKER_HUB_KEY, DOCKER_HUB] } else { &[registry] };
    let mut looked = Vec::new();
    match config_file(docker_config) {
        None => looked.push("docker's config.json, as there is no home directory".to_owned()),
        Some(path) => {
            let place = format!("`{}`", path.display());
            for key in keys {
                let found = match File::open(&path) {
                    Ok(file) => docker_credential::get_credential_from_reader(file, key),
                    Err(_) => Err(CredentialRetrievalError::ConfigNotFound),
                };
                match read(found) {
                    Found::Login(login) => return Credential { login, found: place },
                    Found::Nothing => {}
                    Found::Trouble(trouble) => {
                        return Credential { login: Login::Anonymous, found: format!("{place}: {trouble}") };
                    }
                }
            }
            looked.push(place);
        }
    }
    // Only where the user has not said which file counts.
    if docker_config.is_none() {
        for key in keys {
            if let Found::Login(login) = read(docker_credential::get_podman_credential(key)) {
                return Credential { login, found: "podman's auth.json".to_owned() };
            }
        }
        looked.push("podman's auth.json".to_owned());
    }
    Credential { login: Login::Anonymous, found: looked.join(" and ") }
}

enum Found {
    Login(Login),
    Nothing,
    Trouble(String),
}

fn read(found: Result<DockerCredential, CredentialRetrievalError>) -> Found {
    match found {
        Ok(DockerCredential::UsernamePassword(user, password)) => Found::Login(Login::Password { user, password }),
        Ok(DockerCredential::IdentityToken(token)) => Found::Login(Login::IdentityToken(token)),
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => {
            Found::Nothing
        }
        // How every helper says that it has none (docker-credential-helpers, `credentials.errCredentialsNotFoundMessage`).
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            Found::Nothing
        }
        Err(CredentialRetrievalError::HelperFailure { helper, stdout, stderr }) => {
            let said = crate::sources::network::excerpt(format!("{stdout} {stderr}").as_bytes());
            Found::Trouble(format!("`{helper}` failed: {said}"))
        }
        Err(error) => Found::Trouble(error.to_string()),
    }
}

fn config_file(docker_config: Option<&Path>) -> Option<PathBuf> {
    let dir = match docker_config {
        Some(dir) => dir.to_owned(),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".docker"),
    };
    Some(dir.join("config.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_come_from_the_file_that_was_named() {
        let dir = tempfile::TempDir::new().unwrap();
        let config = serde_json::json!({"auths": {
            "ghcr.io": {"auth": "Ym9iOnMzY3JldA=="},
            "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
            "acr.example.test": {"auth": "MDA6", "identitytoken": "t0ken"},
            "broken.example.test": {"auth": "%%%"},
        }});
        std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        let place = format!("`{}`", dir.path().join("config.json").display());
        let cases = [
            ("password", "ghcr.io", format!("user `bob` (from {place})")),
            ("docker hub", "docker.io", format!("user `hub` (from {place})")),
            ("identity token", "acr.example.test", format!("the identity token from {place}")),
            ("none", "quay.io", format!("anonymous users (no login in {place})")),
            (
                "unreadable",
                "broken.example.test",
                format!("anonymous users (no login in {place}: Unable to decode credential)"),
            ),
        ];
        for (name, registry, expected) in cases {
            let credential = look_up(registry, Some(dir.path()));
            assert_eq!(credential.to_string(), expected, "case `{name}`");
            assert!(!credential.to_string().contains("s3cret"), "case `{name}`");
        }
    }

    #[test]
    fn a_missing_file_means_nobody() {
        let dir = tempfile::TempDir::new().unwrap();
        assert!(matches!(look_up("ghcr.io", Some(dir.path())).login, Login::Anonymous));
    }
}
