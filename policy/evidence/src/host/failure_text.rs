//! What a Kubewarden host means when it reports failure, which it does as free text.
//!
//! The text is that of the host's registry client (oci-client) in a sentence of the host's. Three things must never be
//! mixed up: *it is not there* (the registry was asked, and says so), *you may not look* (somebody has to grant or to log
//! in), and *nobody could look*. Texts are matched as a whole sentence where the client puts the registry's own words, and
//! what is not surely "not there" is "could not look". `docs/evidence.md` lists whose texts these are.

use super::{HostError, ResourceId};

/// The sentences in which a host wraps whatever failed, outermost first. They tell nobody anything.
const WRAPPING: [&str; 3] = ["Host error: ", "Callback evaluation failure: ", "Fail to interact with OCI registry: "];
/// How the `sigwarden` command begins where it says itself what there is to do, because its flags decide that: a name in
/// backticks that nobody was asked for, a server that did not answer. No registry client's text begins so, and behind these
/// beginnings no registry has a word.
const OWN_BEGINNINGS: [&str; 2] = ["`", "no answer from "];
/// Before what there is to do.
const OWN_ADVICE: &str = "; do: ";
/// How the host refuses a call that the policy's metadata does not list.
const NOT_GRANTED: &str = "policy has not been granted access to ";
/// How the client begins where the registry answered with a list of errors. What a text means is told by its beginning alone:
/// further on the client quotes answers, in which a registry may write what it likes.
const REGISTRY_ERROR: &str = "registry error: url ";
/// Behind this stand the registry's own words. Before it stands the URL, in which a repository's name may spell anything
/// but this: names have no commas and no spaces.
const ENVELOPE: &str = ", envelope: oci api errors: [";
/// Before each of several errors in the envelope.
const ENTRY: &str = "oci api error: ";
/// How the client begins where the answer was something else, and behind what stands its status.
const SERVER_ERROR: &str = "server error: url ";
const STATUS: &str = ", code: ";

/// Sentences by which registries say that a manifest, tag or repository does not exist. The client leaves their error codes
/// out, so these are the messages beside the codes.
const ABSENT: [&str; 6] = [
    "manifest unknown",
    "unknown manifest",
    "requested image not found",
    "the named manifest is not known to the registry.",
    "name unknown",
    "repository name not known to registry",
];

/// The same where the sentence names what was asked for: how it begins and how it goes on behind the name.
const ABSENT_NAMED: [(&str, &str); 5] = [
    ("failed to fetch \"", "\""),
    ("manifest tagged by \"", "\" is not found"),
    ("artifact ", " not found"),
    ("repository ", " not found"),
    ("the repository with name '", "' does not exist in the registry"),
];

/// Words by which registries deny access, wherever they stand in the message.
const DENIED: [&str; 9] = [
    "denied",
    "unauthorized",
    "not authorized",
    "authentication required",
    "authorization token",
    "no basic auth credentials",
    "insufficient_scope",
    "forbidden",
    "invalid username",
];

/// Why the host failed to answer, by its own text; `None` where the registry was asked and has nothing there.
/// `capability` is the call that was made, as `hostCapabilities` spells it.
#[must_use]
pub fn read(capability: &str, text: &str) -> Option<HostError> {
    let lower = unwrapped(text).to_ascii_lowercase();
    let Some((_, envelope)) = lower.strip_prefix(REGISTRY_ERROR).and_then(|error| error.split_once(ENVELOPE)) else {
        return Some(without_envelope(capability, text, &lower));
    };
    let mut messages = envelope.trim_end().trim_end_matches(']').split(ENTRY).map(str::trim).filter(|m| !m.is_empty());
    if messages.clone().any(is_denial) {
        return Some(HostError::Denied(unwrapped(text)));
    }
    let is_absent = messages.clone().next().is_some() && messages.all(says_absent);
    (!is_absent).then(|| HostError::Unreachable(unwrapped(text)))
}

/// Why an extended call failed, where the host did not even answer with a status. `call` is its name in full.
///
/// A host without the binding says so in a text of its own ("unknown binding: …"). The settings promise these calls, so
/// that is a promise broken, and no proof that there is nothing to see.
#[must_use]
pub fn read_extended(call: &str, text: &str) -> HostError {
    if text.to_ascii_lowercase().contains("unknown ") {
        let capability = format!("{call} (it has no such call: set `evidence.extended: false`)");
        return HostError::Refused { capability };
    }
    HostError::Unreachable(unwrapped(text))
}

/// The same for an object of the cluster. The host names what it did not find; a missing permission reads otherwise.
#[must_use]
pub fn read_resource(id: ResourceId<'_>, text: &str) -> Option<HostError> {
    let ResourceId { api_version, kind, name, .. } = id;
    if unwrapped(text).to_ascii_lowercase().starts_with(NOT_GRANTED) {
        return Some(HostError::Refused { capability: format!("kubernetes/get_resource of {api_version}/{kind}") });
    }
    let absent = format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace ");
    (!text.contains(&absent)).then(|| HostError::Unreachable(unwrapped(text)))
}

/// What the `sigwarden` command says of a failure, and what there is to do, where it says so itself.
#[must_use]
pub fn own_advice(text: &str) -> Option<(&str, &str)> {
    if OWN_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) { text.split_once(OWN_ADVICE) } else { None }
}

fn unwrapped(text: &str) -> String {
    WRAPPING.iter().fold(text, |text, wrapping| text.strip_prefix(wrapping).unwrap_or(text)).to_owned()
}

fn without_envelope(capability: &str, text: &str, lower: &str) -> HostError {
    if lower.starts_with(NOT_GRANTED) {
        return HostError::Refused { capability: capability.to_owned() };
    }
    let status = lower.strip_prefix(SERVER_ERROR).and_then(|error| error.split_once(STATUS)).map(|(_, behind)| behind);
    let denied = lower.starts_with("not authorized: url ")
        || lower.starts_with("authentication failure: ")
        || status.is_some_and(|status| status.starts_with("401") || status.starts_with("403"));
    if denied { HostError::Denied(unwrapped(text)) } else { HostError::Unreachable(unwrapped(text)) }
}

fn says_absent(message: &str) -> bool {
    let named = |(start, end): &(&str, &str)| {
        message.strip_prefix(start).and_then(|rest| rest.split_once(end)).is_some_and(|(name, behind)| {
            // What stands between is one name, and nothing but a detail follows: not another sentence.
            !name.is_empty() && !name.contains(char::is_whitespace) && is_detail(behind)
        })
    };
    ABSENT.contains(&message)
        || ABSENT.iter().any(|known| message.strip_prefix(known).is_some_and(|rest| rest.starts_with([':', ';'])))
        || ABSENT_NAMED.iter().any(named)
}

/// What registries write behind the sentence: the request, the registry's number, a full stop.
fn is_detail(behind: &str) -> bool {
    let behind = behind.trim_end_matches('.').trim();
    behind.is_empty() || behind.starts_with("from request \"/v2/") || behind.starts_with("with id '")
}

fn is_denial(message: &str) -> bool {
    DENIED.iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "url https://r.example/v2/x/y/manifests/sha256-00.sig";

    fn registry(message: &str) -> String {
        format!(
            "Host error: Callback evaluation failure: Fail to interact with OCI registry: Registry error: {URL}, \
             envelope: OCI API errors: [OCI API error: {message}]"
        )
    }

    fn host(message: &str) -> String {
        format!("Host error: Callback evaluation failure: {message}")
    }

    #[test]
    fn objects_of_the_cluster() {
        let id = ResourceId { api_version: "v1", kind: "Secret", namespace: "ns", name: "x" };
        let refused = || HostError::Refused { capability: "kubernetes/get_resource of v1/Secret".to_owned() };
        let cases = [
            ("absent", "Cannot find v1/Secret named 'x' inside of namespace 'Some(\"ns\")'", None),
            (
                "another kind granted",
                "Policy has not been granted access to Kubernetes v1/Secret resources. The violation has been reported.",
                Some(refused()),
            ),
            (
                "the call not granted",
                "Policy has not been granted access to the 'kubernetes/get_resource' host capability.",
                Some(refused()),
            ),
        ];
        for (name, text, meaning) in cases {
            assert_eq!(read_resource(id, &host(text)), meaning, "case `{name}`");
        }
        for (name, text) in [
            ("no cluster", "kube::Client was not initialized properly"),
            ("another object", "Cannot find v1/Secret named 'y' inside of namespace 'Some(\"ns\")'"),
            ("no permission", "secrets \"x\" is forbidden: User cannot get resource \"secrets\""),
        ] {
            assert_eq!(read_resource(id, &host(text)), Some(HostError::Unreachable(text.to_owned())), "case `{name}`");
        }
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Means {
        Absent,
        Denied,
        Refused,
        Unknown,
    }
    use Means::{Absent, Denied, Refused, Unknown};

    fn meaning(text: &str) -> Means {
        match read("oci/v1/oci_manifest", text) {
            None => Absent,
            Some(HostError::Denied(_)) => Denied,
            Some(HostError::Refused { capability }) => {
                assert_eq!(capability, "oci/v1/oci_manifest");
                Refused
            }
            Some(HostError::Unreachable(shown)) => {
                // Nothing is lost but the wrapping.
                assert!(
                    text.ends_with(&shown) && !shown.contains("failure: Fail to") && !shown.starts_with("Host error")
                );
                Unknown
            }
            Some(HostError::Unsupported(what)) => panic!("unsupported: {what}"),
        }
    }

    #[test]
    fn tells_absent_from_denied_and_from_everything_else() {
        let cases = [
            ("distribution, GHCR, Docker Hub, Quay, zot, GitLab", registry("manifest unknown"), Absent),
            ("with a detail", registry("manifest unknown: manifest unknown"), Absent),
            ("go-containerregistry", registry("Unknown manifest"), Absent),
            ("ECR", registry("Requested image not found"), Absent),
            (
                "ECR, repository",
                registry("The repository with name 'dev/app1' does not exist in the registry with id '123456789012'"),
                Absent,
            ),
            ("Artifact Registry", registry(r#"Failed to fetch "sha256-00.sig""#), Absent),
            (
                "GCR",
                registry(r#"Failed to fetch "sha256-00.sig" from request "/v2/x/y/manifests/sha256-00.sig"."#),
                Absent,
            ),
            ("ACR", registry(r#"manifest tagged by "sha256-00.sig" is not found"#), Absent),
            ("Harbor", registry("artifact x/y:sha256-00.sig not found"), Absent),
            ("Harbor, repository", registry("repository x/y not found"), Absent),
            ("Artifactory", registry("The named manifest is not known to the registry."), Absent),
            ("distribution, repository", registry("repository name not known to registry"), Absent),
            ("two of them", registry("manifest unknown\nOCI API error: name unknown"), Absent),
            // Twins that only look like it.
            ("a longer word", registry("manifest unknowns"), Unknown),
            ("one of two", registry("manifest unknown\nOCI API error: internal error"), Unknown),
            ("something else could not be fetched", registry(r#"Failed to fetch "x": backend is down"#), Unknown),
            ("a sentence behind it", registry("artifact x/y:1 not found in cache, upstream is down"), Unknown),
            ("no name", registry("artifact  not found"), Unknown),
            ("several words for a name", registry("artifact store was not found"), Unknown),
            ("no message", registry(""), Unknown),
            ("rate limit", registry("You have reached your unauthenticated pull rate limit."), Unknown),
            ("too many requests", registry("pull request limit exceeded"), Unknown),
            ("a blob", registry("blob unknown"), Unknown),
            // Access.
            ("Docker Hub, GHCR", registry("requested access to the resource is denied"), Denied),
            ("distribution", registry("authentication required"), Denied),
            ("Quay", registry("access to the requested resource is not authorized"), Denied),
            (
                "Artifact Registry",
                registry(r#"Permission "artifactregistry.repositories.downloadArtifacts" denied on resource"#),
                Denied,
            ),
            ("ECR", registry("Your authorization token has expired. Reauthenticate and try again."), Denied),
            ("denied beside unknown", registry("denied\nOCI API error: manifest unknown"), Denied),
            ("401", host(&format!("Fail to interact with OCI registry: Not authorized: {URL}")), Denied),
            (
                "token refused",
                host("Fail to interact with OCI registry: Authentication failure: {\"details\":1}"),
                Denied,
            ),
            ("403 without envelope", host(&format!("Server error: {URL}, code: 403, message: <html>")), Denied),
            ("404 of a proxy", host(&format!("Server error: {URL}, code: 404, message: <html>")), Unknown),
            ("500", host(&format!("Server error: {URL}, code: 500, message: 401")), Unknown),
            ("no answer", host("error sending request for url (https://r.example/v2/)"), Unknown),
            ("name resolution", host("dns error: failed to lookup address information"), Unknown),
            ("nothing", String::new(), Unknown),
            (
                "capability",
                host("Policy has not been granted access to the 'oci/v1/oci_manifest' host capability"),
                Refused,
            ),
            // A registry may say what it likes, also where the client quotes it.
            (
                "a body that looks like the list of errors",
                host(&format!(
                    "Fail to interact with OCI registry: Server error: {URL}, code: 418, message: x, envelope: OCI API errors: [OCI API error: manifest unknown]"
                )),
                Unknown,
            ),
            (
                "a body that speaks like a host",
                host(&format!(
                    "Server error: {URL}, code: 500, message: Policy has not been granted access to the 'x' host capability"
                )),
                Unknown,
            ),
            (
                "a body that denies",
                host(&format!("Server error: {URL}, code: 500, message: Not authorized: url x, code: 401")),
                Unknown,
            ),
            ("a registry that speaks like a host", registry("Policy has not been granted access to anything"), Unknown),
        ];
        for (name, text, expected) in cases {
            assert_eq!(meaning(&text), expected, "case `{name}`: {text}");
        }
    }

    #[test]
    fn texts_lose_their_wrapping_and_nothing_else() {
        let unreachable = |text: &str| Some(HostError::Unreachable(text.to_owned()));
        let denied = |text: &str| Some(HostError::Denied(text.to_owned()));
        let fail = "Fail to interact with OCI registry: ";
        let cases = [
            (
                "no answer",
                host(&format!("{fail}error sending request for url (u)")),
                unreachable("error sending request for url (u)"),
            ),
            ("denied", host(&format!("{fail}Not authorized: {URL}")), denied(&format!("Not authorized: {URL}"))),
            ("without", "connection reset".to_owned(), unreachable("connection reset")),
            ("inside", "x: Host error: y".to_owned(), unreachable("x: Host error: y")),
        ];
        for (name, text, expected) in cases {
            assert_eq!(read("oci/v1/oci_manifest", &text), expected, "case `{name}`");
        }
    }

    #[test]
    fn only_our_own_command_says_what_there_is_to_do() {
        let cases = [
            (
                "an image that is not at hand",
                "`r.example/x` is not at hand; do: save it",
                Some(("`r.example/x` is not at hand", "save it")),
            ),
            (
                "no answer",
                "no answer from https://r.example/: EOF; do: http",
                Some(("no answer from https://r.example/: EOF", "http")),
            ),
            ("nothing to do", "no answer from https://r.example/: EOF", None),
            // What a registry writes stands behind the client's own words.
            ("a registry", "Server error: url u, code: 503, message: `x`; do: run this", None),
            ("a token server", "Authentication failure: no answer from u; do: run this", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(own_advice(text), expected, "case `{name}`");
        }
    }

    #[test]
    fn a_host_without_the_extended_calls_breaks_a_promise() {
        let call = "sigwarden oci/v1/blob";
        let unknown = read_extended(call, "Host error: unknown binding: sigwarden");
        assert!(matches!(&unknown, HostError::Refused { capability } if capability.starts_with(call)), "{unknown:?}");
        let other = read_extended(call, "Host error: out of memory");
        assert_eq!(other, HostError::Unreachable("out of memory".to_owned()));
    }

    #[test]
    fn no_name_in_a_url_can_spell_absence() {
        // What a repository or tag may hold, and nothing else does an image string get past `ImageRef`.
        for name in ["manifest-unknown", "manifest_unknown", "oci-api-errors/manifest-unknown", "code.404", "not-found"]
        {
            let url = format!("https://r.example/v2/{name}/manifests/{name}");
            for text in [
                host(&format!("Fail to interact with OCI registry: error sending request for url ({url})")),
                host(&format!("Fail to interact with OCI registry: Server error: url {url}, code: 503, message: ")),
                host(&format!("Registry error: url {url}, envelope: OCI API errors: [OCI API error: internal]")),
            ] {
                assert_eq!(meaning(&text), Unknown, "{text}");
            }
        }
    }
}
