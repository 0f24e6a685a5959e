//! What the registry answers: the OCI distribution protocol, its token server, and Rekor's two questions.

use super::{Access, Answer, INDEX, Repository, State, digest_of, read_json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

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

/// What a log with one entry answers.
fn rekor(path: &str, entry: &Value, body: &Bytes) -> Answer {
    const UUID: &str = "108e9186e8c5677a";
    match path.strip_prefix("log/entries/") {
        Some(UUID) => plain(StatusCode::OK, json!({UUID: entry}).to_string()),
        Some(_) => plain(StatusCode::NOT_FOUND, r#"{"code":404,"message":"entry not found"}"#),
        None if path == "index/retrieve" => {
            let signed = STANDARD.decode(entry["body"].as_str().unwrap_or_default()).unwrap_or_default();
            let hash =
                format!("sha256:{}", read_json(&signed)["spec"]["data"]["hash"]["value"].as_str().unwrap_or("?"));
            let asked: Value = serde_json::from_slice(body).unwrap_or_default();
            plain(StatusCode::OK, if asked["hash"] == *hash { json!([UUID]).to_string() } else { "[]".to_owned() })
        }
        None => plain(StatusCode::NOT_FOUND, ""),
    }
}

impl State {
    pub(super) fn answer(&mut self, parts: &hyper::http::request::Parts, path: &str, body: &Bytes) -> Answer {
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
        if let (Some(path), Some(entry)) = (path.strip_prefix("/api/v1/"), &self.entry) {
            return rekor(path, entry, body);
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
