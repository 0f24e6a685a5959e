//! Evidence that a stock Kubewarden cannot hand to a policy, by what such a host answers.

use std::collections::BTreeSet;

use crate::scan::report::ScanReport;
use crate::survey::Holding;

/// The images, by digest, of which a stock host could not show what the policy asks for: their evidence has to be published
/// first.
#[must_use]
pub fn unpublished(holdings: &[Holding], on_stock_host: &ScanReport) -> BTreeSet<String> {
    let refused = on_stock_host.images.iter().filter(|entry| entry.report.outcome.refuses());
    let names: BTreeSet<&str> = refused.map(|entry| entry.report.image.as_str()).collect();
    let unread = holdings.iter().filter(|holding| names.contains(holding.image.as_str()));
    unread.filter_map(|holding| Some(format!("{}@{}", holding.repository, holding.digest.as_deref()?))).collect()
}
