//! Where evidence is looked for, in which order, and what each place can hold on which host.

use std::time::Duration;

use crate::reference::Repository;

/// A kind of place that the settings list (`evidence.carriers`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierKind {
    /// Evidence that `sigwarden publish` pushed.
    Published,
    /// cosign's own tags, `.sig` and `.att`.
    Tags,
    /// OCI 1.1 referrers, and the tag that stands in for them.
    Referrers,
}

/// A place where evidence may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// The tag `sha256-<hex>.sigwarden`.
    Published,
    /// The tag `sha256-<hex>.sig`.
    CosignSignatures,
    /// The tag `sha256-<hex>.att`.
    CosignAttestations,
    /// OCI 1.1 referrers.
    Referrers,
    /// The tag `sha256-<hex>`, under which a registry without that API keeps the list.
    ReferrersTag,
}

/// What a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Image signatures.
    Signatures,
    /// Attestations.
    Attestations,
}

/// The settings `evidence` and `deadline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The kinds of places, in the order in which they are asked. Never empty.
    pub carriers: Vec<CarrierKind>,
    /// Where published evidence lies, if not beside the image.
    pub repository: Option<Repository>,
    /// Whether the host offers the calls that a stock Kubewarden does not know: blobs, referrers, Rekor's entries.
    pub extended: bool,
    /// How long one request may take. Nothing new is started after three quarters of it.
    pub deadline: Duration,
}

/// Policy-server gives a policy two seconds, and counts them roughly; what comes after is an error without a reason.
pub const DEFAULT_DEADLINE: Duration = Duration::from_millis(1500);

impl Plan {
    /// What settings mean that say nothing about carriers.
    #[must_use]
    pub fn new(extended: bool) -> Self {
        let mut carriers = vec![CarrierKind::Published, CarrierKind::Tags];
        if extended {
            carriers.push(CarrierKind::Referrers);
        }
        Self { carriers, repository: None, extended, deadline: DEFAULT_DEADLINE }
    }

    /// The places that this host can read for this purpose, in their order.
    #[must_use]
    pub fn places(&self, purpose: Purpose) -> Vec<Carrier> {
        self.carriers
            .iter()
            .flat_map(|kind| match (kind, purpose) {
                (CarrierKind::Published, _) => &[Carrier::Published][..],
                (CarrierKind::Tags, Purpose::Signatures) => &[Carrier::CosignSignatures],
                // An attestation is a blob, and nothing in the manifest stands for it.
                (CarrierKind::Tags, Purpose::Attestations) if self.extended => &[Carrier::CosignAttestations],
                (CarrierKind::Referrers, _) if self.extended => &[Carrier::Referrers, Carrier::ReferrersTag],
                (CarrierKind::Tags | CarrierKind::Referrers, _) => &[],
            })
            .copied()
            .collect()
    }

    /// The places that a host with the extended calls would be asked for, and this one is not: the place, and why.
    #[must_use]
    pub fn unseen(&self, purpose: Purpose) -> Vec<(&'static str, &'static str)> {
        if self.extended {
            return Vec::new();
        }
        let mut unseen = Vec::new();
        if purpose == Purpose::Attestations && self.carriers.contains(&CarrierKind::Tags) {
            unseen.push(("cosign tag .att", "this host hands out no blobs"));
        }
        unseen.push(("referrers", "this host cannot list them"));
        unseen
    }

    /// After this much time nothing new is started: what is under way may still take as long as one call does.
    #[must_use]
    pub fn last_start(&self) -> Duration {
        self.deadline.mul_f64(0.75)
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::new(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stock_host_reads_attestations_from_published_evidence_alone() {
        use Carrier::{CosignAttestations, CosignSignatures, Published, Referrers, ReferrersTag};
        let listed = |carriers: &[CarrierKind], extended| Plan { carriers: carriers.to_vec(), ..Plan::new(extended) };
        let tags = [CarrierKind::Tags];
        let cases = [
            ("stock", Plan::new(false), vec![Published, CosignSignatures], vec![Published]),
            (
                "extended",
                Plan::new(true),
                vec![Published, CosignSignatures, Referrers, ReferrersTag],
                vec![Published, CosignAttestations, Referrers, ReferrersTag],
            ),
            ("tags on a stock host", listed(&tags, false), vec![CosignSignatures], vec![]),
            ("tags on an extended host", listed(&tags, true), vec![CosignSignatures], vec![CosignAttestations]),
            (
                "another order",
                listed(&[CarrierKind::Tags, CarrierKind::Published], false),
                vec![CosignSignatures, Published],
                vec![Published],
            ),
        ];
        for (name, plan, signatures, attestations) in cases {
            assert_eq!(plan.places(Purpose::Signatures), signatures, "case `{name}`");
            assert_eq!(plan.places(Purpose::Attestations), attestations, "case `{name}`");
        }
        assert_eq!(Plan::default().last_start(), Duration::from_millis(1125));
    }
}
