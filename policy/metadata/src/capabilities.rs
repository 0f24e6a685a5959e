//! Host capabilities: which questions a host answers for a policy.
//!
//! A capability is `namespace/operation`, for example `oci/v1/manifest_digest`. Hosts grant patterns of them: `*`, a
//! path that ends with `/*`, or one capability. A pattern that can grant nothing is an error, as it is for a host.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Every capability that Kubewarden 1.36 knows.
pub const KNOWN: [&str; 11] = [
    "crypto/v1/is_certificate_trusted",
    "kubernetes/can_i",
    "kubernetes/get_resource",
    "kubernetes/list_resources_all",
    "kubernetes/list_resources_by_namespace",
    "net/v1/dns_lookup_host",
    "oci/v1/manifest_digest",
    "oci/v1/oci_manifest",
    "oci/v1/oci_manifest_config",
    "oci/v1/verify",
    "oci/v2/verify",
];

/// Capabilities that are granted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// `*`
    All,
    /// `oci/*`: everything that starts with `oci/`.
    Below(String),
    /// One capability.
    Exactly(String),
}

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `*` that is not the whole last part.
    #[error("`{0}`: a `*` stands alone, or is all that follows the last `/`")]
    Wildcard(String),
    /// No capability is called like that.
    #[error("`{0}` grants nothing: a Kubewarden host knows {known}", known = KNOWN.join(", "))]
    Unknown(String),
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::All);
        }
        let pattern = match text.strip_suffix('*') {
            Some(prefix) if prefix.ends_with('/') && !prefix.contains('*') => Self::Below(prefix.to_owned()),
            None if !text.contains('*') => Self::Exactly(text.to_owned()),
            _ => return Err(PatternError::Wildcard(text.to_owned())),
        };
        if KNOWN.iter().any(|capability| pattern.grants(capability)) {
            Ok(pattern)
        } else {
            Err(PatternError::Unknown(text.to_owned()))
        }
    }
}

impl Pattern {
    /// Whether this pattern grants `capability`.
    #[must_use]
    pub fn grants(&self, capability: &str) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefix) => capability.starts_with(prefix),
            Self::Exactly(granted) => granted == capability,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}*"),
            Self::Exactly(capability) => f.write_str(capability),
        }
    }
}

/// What a host grants to a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted(BTreeSet<Pattern>);

impl Granted {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        [Pattern::All].into_iter().collect()
    }

    /// Whether `capability` is granted.
    #[must_use]
    pub fn allows(&self, capability: &str) -> bool {
        self.0.iter().any(|pattern| pattern.grants(capability))
    }
}

impl FromIterator<Pattern> for Granted {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

/// The capabilities whose names stand in the data of a module. As `kwctl annotate` looks for them: namespace and
/// operation anywhere, and an operation that others begin with (`v1/oci_manifest`) once on its own.
pub(crate) fn named_in(data: &[u8]) -> BTreeSet<&'static str> {
    let operations = KNOWN.iter().filter_map(|capability| capability.split_once('/').map(|parts| (*capability, parts)));
    let named = |(capability, (namespace, operation)): (&'static str, (&str, &str))| {
        let longer: Vec<&[u8]> = KNOWN
            .iter()
            .filter_map(|other| other.split_once('/').map(|(_, other)| other))
            .filter(|other| *other != operation && other.starts_with(operation))
            .map(str::as_bytes)
            .collect();
        let alone = tails(data, operation.as_bytes()).any(|tail| !longer.iter().any(|longer| tail.starts_with(longer)));
        (alone && tails(data, namespace.as_bytes()).next().is_some()).then_some(capability)
    };
    operations.filter_map(named).collect()
}

/// `data` from each place on where `needle` stands.
fn tails<'d>(data: &'d [u8], needle: &'d [u8]) -> impl Iterator<Item = &'d [u8]> {
    (0..data.len()).filter_map(|start| data.get(start..)).filter(move |tail| tail.starts_with(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_grant_what_they_say() {
        let cases = [
            ("all", "*", "oci/v1/verify", true),
            ("a namespace", "oci/*", "oci/v1/manifest_digest", true),
            ("another namespace", "oci/*", "kubernetes/get_resource", false),
            ("a version", "oci/v1/*", "oci/v1/verify", true),
            ("another version", "oci/v1/*", "oci/v2/verify", false),
            ("exactly", "oci/v1/oci_manifest", "oci/v1/oci_manifest", true),
            ("not what it begins", "oci/v1/oci_manifest", "oci/v1/oci_manifest_config", false),
        ];
        for (name, pattern, capability, expected) in cases {
            let granted: Granted = [pattern.parse::<Pattern>().unwrap()].into_iter().collect();
            assert_eq!(granted.allows(capability), expected, "case `{name}`");
            assert_eq!(pattern.parse::<Pattern>().unwrap().to_string(), pattern, "case `{name}`");
        }
        assert!(!Granted::default().allows("oci/v1/verify"));
        assert!(Granted::everything().allows("oci/v1/verify"));
    }

    #[test]
    fn what_grants_nothing_is_no_pattern() {
        let wildcard = ["oci*", "oci/v1/oci_*", "*/oci", "**", "oci/*/*"];
        for text in wildcard {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError::Wildcard(text.to_owned())), "{text}");
        }
        let unknown = ["", "oci", "oci/v1", "oci/v9/*", "oci/v1/blob", "sigwarden/*", "OCI/*"];
        for text in unknown {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError::Unknown(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn names_are_found_in_data() {
        let cases: [(&str, &str, &[&str]); 6] = [
            ("nothing", "kubewarden", &[]),
            ("an operation without its namespace", "v1/manifest_digest", &[]),
            ("one", "oci\0v1/manifest_digest", &["oci/v1/manifest_digest"]),
            ("a longer name", "oci v1/oci_manifest_config", &["oci/v1/oci_manifest_config"]),
            (
                "a longer name and a shorter",
                "v1/oci_manifest_configv1/oci_manifestoci",
                &["oci/v1/oci_manifest", "oci/v1/oci_manifest_config"],
            ),
            ("kubernetes", "kubernetesget_resource", &["kubernetes/get_resource"]),
        ];
        for (name, data, expected) in cases {
            assert_eq!(named_in(data.as_bytes()), expected.iter().copied().collect(), "case `{name}`");
        }
    }
}
