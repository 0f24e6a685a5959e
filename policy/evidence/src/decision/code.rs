//! The codes by which refusals are known to alerts, scripts and `docs/codes.md`. Stable, never reused.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal),+ $(,)?) => {
        /// A stable code: `SW1…` the request, `SW2…` the settings, `SW3…` images and hosts, `SW4…` signatures,
        /// `SW5…` attestations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name),+
        }

        impl Code {
            /// Every code, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as people see it, for example `SW4001`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What the code stands for, in one line.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),+ }.trim()
            }
        }
    };
}

codes! {
    /// The admission request cannot be read.
    RequestMalformed = "SW1001",
    /// The object is of a kind that this policy does not know.
    KindUnsupported = "SW1002",
    /// The object breaks a limit.
    RequestTooLarge = "SW1003",
    /// The time for the request ran out before everything was checked.
    DeadlineReached = "SW1004",
    /// The settings cannot be used.
    SettingsInvalid = "SW2001",
    /// An image reference cannot be read.
    ReferenceInvalid = "SW3001",
    /// The image does not exist in its registry.
    ImageAbsent = "SW3002",
    /// The registry could not be asked.
    RegistryUnreachable = "SW3003",
    /// The host refused a call that the policy needs.
    HostRefused = "SW3004",
    /// No block matches the image, and unmatchedImages is deny.
    ImageUnmatched = "SW3005",
    /// The image is not pinned by digest.
    DigestMissing = "SW3006",
    /// The image was excepted, and the exception has ended.
    ExceptionOver = "SW3007",
    /// The imagePullPolicy must be Always.
    PullPolicy = "SW3008",
    /// The image is one platform of an index, and signatures are about the index.
    ChildOfIndex = "SW3009",
    /// The registry denies access.
    RegistryDenied = "SW3010",
    /// There is evidence that this host cannot hand over.
    EvidenceOutOfReach = "SW3011",
    /// The transparency log could not be asked.
    LogUnreachable = "SW3012",
    /// The image is another one by now.
    TagMoved = "SW3013",
    /// Nobody signed this image.
    Unsigned = "SW4001",
    /// The image is signed, but by somebody else.
    WrongIdentity = "SW4002",
    /// The signature does not verify with this key.
    WrongKey = "SW4003",
    /// A signature is not valid.
    SignatureInvalid = "SW4004",
    /// The signing certificate is not trusted.
    CertificateUntrusted = "SW4005",
    /// The transparency log does not vouch for the signature.
    LogUntrusted = "SW4006",
    /// A timestamp is not valid, or none says when the signature was made.
    TimestampUntrusted = "SW4007",
    /// The evidence is about another image.
    WrongSubject = "SW4008",
    /// The evidence cannot be read.
    EvidenceMalformed = "SW4009",
    /// The evidence is of a kind that is not supported.
    EvidenceUnsupported = "SW4010",
    /// The signature lacks a required annotation.
    AnnotationMissing = "SW4011",
    /// Fewer attestors of a set are satisfied than it asks for.
    CountNotReached = "SW4012",
    /// There is more evidence than this policy will look at.
    BudgetExhausted = "SW4013",
    /// The evidence names a log or authority that the trust root does not know.
    TrustRootOutdated = "SW4014",
    /// A key or trust root that the cluster holds could not be read.
    TrustUnavailable = "SW4015",
    /// There is no attestation of the required type.
    AttestationMissing = "SW5001",
    /// There are attestations, but of other types.
    WrongPredicateType = "SW5002",
    /// An attestation does not meet a condition.
    ConditionFailed = "SW5003",
    /// A condition cannot be evaluated.
    ConditionError = "SW5004",
    /// Somebody else attested this type too, and the rule asks for all.
    ForeignAttestation = "SW5005",
    /// The provenance names another builder or source than the rule, or than its own certificate.
    ProvenanceMismatch = "SW5006",
    /// The signing certificate does not say what the rule asks about builder or source.
    ProvenanceUncertified = "SW5007",
    /// The block's `validate.deny` denies the image.
    Denied = "SW5008",
    /// The attestation is older than the rule allows.
    AttestationTooOld = "SW5009",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
