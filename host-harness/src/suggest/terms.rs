//! What must vouch beside a certificate: which trust root, and which logs.

use sigwarden_core::verify::SIGSTORE;

use crate::convert::tree::Fields;
use crate::survey::Standing;

/// Required where a log is not; it is not asked.
pub(super) const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

/// On what terms a signature or attestation holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    trust_root: String,
    pub(super) logged: bool,
    certificate_logged: bool,
}

impl Terms {
    /// Those of something that holds.
    pub(super) fn of(standing: &Standing) -> Option<Self> {
        let Standing::Verified { trust_root, logged, certificate_logged, .. } = standing else { return None };
        let (logged, certificate_logged) = (*logged, *certificate_logged);
        Some(Self { trust_root: trust_root.clone(), logged, certificate_logged })
    }

    /// Whether they need not be written.
    pub(super) fn are_usual(&self) -> bool {
        self.trust_root == SIGSTORE && self.logged && self.certificate_logged
    }

    /// Adds what a `keyless` entry says of them.
    pub(super) fn add_to(&self, keyless: &mut Fields) {
        if self.trust_root != SIGSTORE {
            let why = "Another Sigstore than the public one vouches for these, and the public one does not.";
            keyless.add_why("trustRoot", self.trust_root.as_str(), why);
        }
        if !self.logged {
            let rekor = Fields::new().with("url", PUBLIC_LOG).with("ignoreTlog", true);
            keyless.add_why(
                "rekor",
                rekor,
                "No log vouches for these, only a timestamp: leave this out once one does.",
            );
        }
        if !self.certificate_logged {
            let unlogged = Fields::new().with("ignoreSCT", true);
            keyless.add_why("ctlog", unlogged, "No log vouches for these certificates: leave this out once one does.");
        }
    }
}
