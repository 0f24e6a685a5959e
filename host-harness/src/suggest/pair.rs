//! The settings as a cluster takes them: a policy that pins what it verified, and its twin, which verifies what came out of
//! all mutating webhooks.

use std::collections::BTreeSet;

use crate::convert::Written;
use crate::convert::plan::{PIN, name_of, suffixed};
use crate::convert::released_module;
use crate::convert::scope::{NAMESPACE_NAME, Operator, Requirement, Scope, selector};
use crate::convert::tree::{Fields, Tree};

const VERIFY: &str = "verify";
/// Seconds: for the evaluation, and for the webhook around it.
const TIMEOUTS: (u64, u64) = (5, 10);
/// Somewhat less than an evaluation may take: the policy's own words say more than those of a host that cuts it off.
const DEADLINE: &str = "4s";
/// What the cluster needs to come up.
const SPARED: [&str; 2] = ["kube-system", "kubewarden"];

/// The pair, named after `name`. `comment` stands above the first.
#[must_use]
pub fn pair(name: &str, settings: &Fields, comment: &str) -> [Written; 2] {
    let name = name_of(name, None);
    [
        Written { comment: comment.to_owned(), policy: policy(&suffixed(&name, PIN), settings, true) },
        Written {
            comment: "Its twin sees what comes out of all mutating webhooks: it verifies the same, changes nothing, and refuses \
                      what is not pinned."
                .to_owned(),
            policy: policy(&suffixed(&name, VERIFY), settings, false),
        },
    ]
}

fn policy(name: &str, settings: &Fields, mutating: bool) -> Tree {
    let (evaluation, webhook) = TIMEOUTS;
    let spared = Requirement {
        key: NAMESPACE_NAME.to_owned(),
        operator: Operator::NotIn,
        values: SPARED.into_iter().map(str::to_owned).collect(),
    };
    let mut spec = Fields::new()
        .with("module", released_module())
        .with("mode", "protect")
        .with("mutating", mutating)
        .with("timeoutEvalSeconds", evaluation)
        .with("timeoutSeconds", webhook)
        .with("failurePolicy", "Fail")
        .with("backgroundAudit", true)
        .with("rules", Scope::everything().rules());
    if let Some(selector) = selector(&BTreeSet::from([spared])) {
        let why = "What the cluster needs to come up must not wait for a policy that runs in it.";
        spec.add_why("namespaceSelector", selector, why);
    }
    let mut all = Fields::new().with("deadline", DEADLINE);
    if !mutating {
        all.add("mutate", false);
    }
    all.extend(settings);
    spec.add("settings", all);
    Tree::from(
        Fields::new()
            .with("apiVersion", "policies.kubewarden.io/v1")
            .with("kind", "ClusterAdmissionPolicy")
            .with("metadata", Fields::new().with("name", name))
            .with("spec", spec),
    )
}
