//! From a registry's challenge to an `Authorization` header (RFC 7235; distribution's `spec/auth/token.md` and
//! `oauth.md`).

use http_auth::parser::ChallengeParser;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;

use super::credentials::Login;

/// What is done to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Pull,
    Push,
}

impl Action {
    const fn scope(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }

    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Pull => "read",
            Self::Push => "write to",
        }
    }
}

/// How to prove who we are. It has no `Debug`: it is a secret.
#[derive(Clone)]
pub(super) enum Authorization {
    Basic { user: String, password: String },
    Bearer(String),
}

/// What a registry wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: Url, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// The challenge to answer: a token server where there is one. `None`: nothing that we can answer.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut basic = None;
        for header in headers.get_all(WWW_AUTHENTICATE) {
            let Ok(text) = header.to_str() else { continue };
            for challenge in ChallengeParser::new(text).flatten() {
                let parameter = |name: &str| {
                    let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                if challenge.scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                } else if challenge.scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = parameter("realm").and_then(|realm| Url::parse(&realm).ok())
                {
                    return Some(Self::Bearer { realm, service: parameter("service"), scope: parameter("scope") });
                }
            }
        }
        basic
    }
}

/// One question to a token server.
pub(super) struct TokenRequest {
    pub(super) url: Url,
    /// The form to post; without one it is a GET.
    pub(super) form: Option<String>,
    pub(super) basic: Option<(String, String)>,
}

impl TokenRequest {
    pub(super) fn new(
        realm: &Url,
        service: Option<&str>,
        scope: Option<&str>,
        (repository, action): (&str, Action),
        login: &Login,
    ) -> Self {
        // What the registry asks for fits the request that it refused, a read; for a push we ask for more.
        let scope = match (scope, action) {
            (Some(scope), Action::Pull) => scope.to_owned(),
            _ => format!("repository:{repository}:{}", action.scope()),
        };
        let mut fields = vec![("scope", scope.as_str())];
        fields.extend(service.map(|service| ("service", service)));
        match login {
            Login::IdentityToken(token) => {
                fields.extend([
                    ("grant_type", "refresh_token"),
                    ("refresh_token", token.as_str()),
                    ("client_id", "sigwarden"),
                ]);
                // A form is encoded as a query is.
                let mut form = realm.clone();
                form.query_pairs_mut().clear().extend_pairs(fields);
                Self { url: realm.clone(), form: form.query().map(str::to_owned), basic: None }
            }
            Login::Password { user, password } => {
                Self { url: with_query(realm, &fields), form: None, basic: Some((user.clone(), password.clone())) }
            }
            Login::Anonymous => Self { url: with_query(realm, &fields), form: None, basic: None },
        }
    }
}

fn with_query(realm: &Url, fields: &[(&str, &str)]) -> Url {
    let mut url = realm.clone();
    url.query_pairs_mut().extend_pairs(fields);
    url
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

/// The token in a token server's answer, if it can stand in a header.
pub(super) fn read_token(body: &[u8]) -> Option<String> {
    let answer: TokenAnswer = serde_json::from_slice(body).ok()?;
    let token = answer.token.into_iter().chain(answer.access_token).find(|token| !token.is_empty())?;
    HeaderValue::from_str(&token).is_ok().then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn challenges() {
        let bearer = |scope: Option<&str>| {
            Some(Challenge::Bearer {
                realm: url("https://auth.test/token"),
                service: Some("registry".to_owned()),
                scope: scope.map(str::to_owned),
            })
        };
        let cases: [(&str, &[&str], Option<Challenge>); 7] = [
            ("none", &[], None),
            ("basic", &["Basic realm=\"x\""], Some(Challenge::Basic)),
            (
                "bearer",
                &["Bearer realm=\"https://auth.test/token\",service=\"registry\",scope=\"repository:a:pull\""],
                bearer(Some("repository:a:pull")),
            ),
            (
                "bearer behind basic",
                &["Basic realm=\"x\"", "bearer realm=\"https://auth.test/token\",service=registry"],
                bearer(None),
            ),
            ("a realm that is no url", &["Bearer realm=\"token\""], None),
            ("no realm", &["Bearer service=\"registry\""], None),
            ("another scheme", &["Negotiate"], None),
        ];
        for (name, headers, expected) in cases {
            let mut map = HeaderMap::new();
            for header in headers {
                map.append(WWW_AUTHENTICATE, HeaderValue::from_str(header).unwrap());
            }
            assert_eq!(Challenge::read(&map), expected, "case `{name}`");
        }
    }

    #[test]
    fn token_requests() {
        let realm = url("https://auth.test/token?account=x");
        let ask = |action, login: &Login| {
            TokenRequest::new(&realm, Some("r"), Some("repository:a/b:pull"), ("a/b", action), login)
        };
        let pull = ask(Action::Pull, &Login::Anonymous);
        assert_eq!(pull.url.as_str(), "https://auth.test/token?account=x&scope=repository%3Aa%2Fb%3Apull&service=r");
        assert!(pull.basic.is_none() && pull.form.is_none());
        let password = Login::Password { user: "bob".to_owned(), password: "pw".to_owned() };
        let push = ask(Action::Push, &password);
        assert!(push.url.as_str().contains("scope=repository%3Aa%2Fb%3Apull%2Cpush"), "{}", push.url);
        assert_eq!(push.basic, Some(("bob".to_owned(), "pw".to_owned())));
        let exchange = ask(Action::Pull, &Login::IdentityToken("a b".to_owned()));
        assert_eq!(exchange.url, realm, "the token goes into the body, not into logs of urls");
        assert!(exchange.form.unwrap().contains("refresh_token=a+b"));
    }

    #[test]
    fn tokens() {
        let cases: [(&str, &str, Option<&str>); 6] = [
            ("token", r#"{"token": "t", "expires_in": 300}"#, Some("t")),
            ("access token", r#"{"access_token": "t"}"#, Some("t")),
            ("an empty one first", r#"{"token": "", "access_token": "t"}"#, Some("t")),
            ("none", "{}", None),
            ("not for a header", r#"{"token": "a\nb"}"#, None),
            ("no JSON", "<html>", None),
        ];
        for (name, body, expected) in cases {
            assert_eq!(read_token(body.as_bytes()).as_deref(), expected, "case `{name}`");
        }
    }
}
