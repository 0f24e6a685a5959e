//! What must vouch beside a certificate: which trust root, and which logs.

use sigwarden_core::verify::SIGSTORE;

use crate::convert::tree::Fields;
use crate::survey::Standing;

/// Sigstore's own transparency log, which entries mean that name none.
pub(crate) const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

/// The log that entries name which leave none out: the one that was asked, where it is not the one that the policy asks anyway.
pub(super) fn add_log(fields: &mut Fields, log: Option<&str>) {
    if let Some(url) = log {
        let rekor = Fields::new().with("url", url);
        fields.add_why("rekor", rekor, "The log that was asked about signatures that carry no proof of their own.");
    }
}

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

    /// Adds what a `keyless` entry says of them; `log` is another one than the public one, which was asked.
    pub(super) fn add_to(&self, keyless: &mut Fields, log: Option<&str>) {
        if self.trust_root != SIGSTORE {
            let why = "Another Sigstore than the public one vouches for these, and the public one does not.";
            keyless.add_why("trustRoot", self.trust_root.as_str(), why);
        }
        if self.logged {
            add_log(keyless, log);
        } else {
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
