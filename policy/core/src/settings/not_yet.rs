//! Fields that Kyverno or this project's own schema knows, and that are not honoured yet.
//!
//! A field that is understood and ignored would make a policy look stricter than it is, so each is an error of its own,
//! with what to write instead.

/// An object of the settings whose fields are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The settings.
    Settings,
    /// An element of `exceptions`.
    Exception,
    /// An element of `failureActionOverrides`.
    ActionOverride,
    /// `evidence`
    Evidence,
    /// An element of `verifyImages`.
    Block,
    /// An attestor set.
    Set,
    /// An element of `entries`.
    Entry,
    /// `keys`
    Keys,
    /// `keys.secret`
    Secret,
    /// `certificates`
    Certificates,
    /// `imageRegistryCredentials`
    RegistryCredentials,
    /// A trust root that is a `configMap`.
    TrustRoot,
    /// `configMap` of a trust root.
    ConfigMap,
    /// `keyless`
    Keyless,
    /// `rekor`
    Rekor,
    /// `ctlog`
    Ctlog,
    /// An element of `attestations`.
    Attestation,
    /// `slsa`
    Slsa,
    /// `validate`
    Validate,
    /// `deny`
    Deny,
    /// An element of `conditions`.
    ConditionBlock,
    /// A condition.
    Condition,
}

const IN_KUBERNETES: &str = "say in the ClusterAdmissionPolicy which objects the policy is for: `rules`, `namespaceSelector`, `matchConditions`";
const NO_VARIABLES: &str = "write the values themselves where the variables stand";

const FIELDS: &[(Place, &str, &str)] = &[
    (Place::Settings, "validationFailureAction", "write it as `failureAction`"),
    (Place::Settings, "validationFailureActionOverrides", "write them as `failureActionOverrides`"),
    (Place::Settings, "name", "remove it: the policy's own name stands in its metadata"),
    (Place::Settings, "match", IN_KUBERNETES),
    (Place::Settings, "exclude", IN_KUBERNETES),
    (Place::Settings, "preconditions", IN_KUBERNETES),
    (Place::Settings, "celPreconditions", IN_KUBERNETES),
    (Place::Settings, "context", NO_VARIABLES),
    (Place::Settings, "imageExtractors", "the built-in kinds need none: remove it"),
    (Place::Block, "additionalExtensions", "Kyverno never looks at it here either: remove it"),
];

/// What to write instead of the field, if it is one of these.
pub(super) fn advice(place: Place, field: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(known_place, known, _)| (*known_place, *known) == (place, field)).map(|(_, _, advice)| *advice)
}

/// The fields of a place that are not honoured yet.
pub(super) fn fields(place: Place) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(move |(known_place, _, _)| *known_place == place).map(|(_, field, _)| *field)
}
