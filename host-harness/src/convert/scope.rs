//! Which requests a policy is for, in the words of a Kubewarden policy.

use std::collections::BTreeSet;

use super::tree::{Fields, Tree};

/// The label that Kubernetes puts on every namespace.
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A kind of object that is made of Pods, by the name of its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    Pods,
    EphemeralContainers,
    ReplicationControllers,
    Deployments,
    ReplicaSets,
    StatefulSets,
    DaemonSets,
    Jobs,
    CronJobs,
}

impl Resource {
    pub(super) const ALL: [Self; 9] = [
        Self::Pods,
        Self::EphemeralContainers,
        Self::ReplicationControllers,
        Self::Deployments,
        Self::ReplicaSets,
        Self::StatefulSets,
        Self::DaemonSets,
        Self::Jobs,
        Self::CronJobs,
    ];

    pub(super) const fn group(self) -> &'static str {
        match self {
            Self::Pods | Self::EphemeralContainers | Self::ReplicationControllers => "",
            Self::Deployments | Self::ReplicaSets | Self::StatefulSets | Self::DaemonSets => "apps",
            Self::Jobs | Self::CronJobs => "batch",
        }
    }

    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::EphemeralContainers => "pods/ephemeralcontainers",
            Self::ReplicationControllers => "replicationcontrollers",
            Self::Deployments => "deployments",
            Self::ReplicaSets => "replicasets",
            Self::StatefulSets => "statefulsets",
            Self::DaemonSets => "daemonsets",
            Self::Jobs => "jobs",
            Self::CronJobs => "cronjobs",
        }
    }

    /// `Pod` for Pods and for their subresource.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Pods | Self::EphemeralContainers => "Pod",
            Self::ReplicationControllers => "ReplicationController",
            Self::Deployments => "Deployment",
            Self::ReplicaSets => "ReplicaSet",
            Self::StatefulSets => "StatefulSet",
            Self::DaemonSets => "DaemonSet",
            Self::Jobs => "Job",
            Self::CronJobs => "CronJob",
        }
    }
}

/// What a label must be like, as in `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Requirement {
    pub(crate) key: String,
    pub(crate) operator: Operator,
    pub(crate) values: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Operator {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "In" => Some(Self::In),
            "NotIn" => Some(Self::NotIn),
            "Exists" => Some(Self::Exists),
            "DoesNotExist" => Some(Self::DoesNotExist),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }

    const fn negated(self) -> Self {
        match self {
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Exists => Self::DoesNotExist,
            Self::DoesNotExist => Self::Exists,
        }
    }
}

impl Requirement {
    pub(super) fn is(key: &str, value: &str) -> Self {
        Self::among(key, [value.to_owned()])
    }

    pub(super) fn among(key: &str, values: impl IntoIterator<Item = String>) -> Self {
        Self { key: key.to_owned(), operator: Operator::In, values: values.into_iter().collect() }
    }

    pub(super) fn negated(mut self) -> Self {
        self.operator = self.operator.negated();
        self
    }
}

/// Which requests a policy is for: all of this must hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) resources: BTreeSet<Resource>,
    pub(crate) create: bool,
    pub(crate) update: bool,
    pub(crate) namespace: BTreeSet<Requirement>,
    pub(crate) object: BTreeSet<Requirement>,
    /// CEL expressions, as in `matchConditions`: name and expression.
    pub(crate) conditions: BTreeSet<(String, String)>,
}

impl Default for Scope {
    fn default() -> Self {
        Self::everything()
    }
}

impl Scope {
    /// Everything that is made of Pods.
    pub(crate) fn everything() -> Self {
        Self {
            resources: Resource::ALL.into_iter().collect(),
            create: true,
            update: true,
            namespace: BTreeSet::new(),
            object: BTreeSet::new(),
            conditions: BTreeSet::new(),
        }
    }

    /// What is in both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.resources.retain(|resource| other.resources.contains(resource));
        self.create &= other.create;
        self.update &= other.update;
        self.namespace.extend(other.namespace.iter().cloned());
        self.object.extend(other.object.iter().cloned());
        self.conditions.extend(other.conditions.iter().cloned());
        self
    }

    /// Whether there is no such request.
    pub(super) fn is_empty(&self) -> bool {
        !(self.create || self.update) || self.resources.is_empty()
    }

    /// Whether a request is outside, as far as its kind, subresource and operation tell.
    pub(super) fn excludes(&self, kind: &str, subresource: &str, operation: &str) -> bool {
        let covers = |resource: &Resource| {
            resource.kind() == kind
                && (*resource == Resource::EphemeralContainers) == (subresource == "ephemeralcontainers")
        };
        let operation_is_outside = match operation {
            "CREATE" => !self.create,
            "UPDATE" => !self.update,
            _ => true,
        };
        operation_is_outside || !self.resources.iter().any(covers)
    }

    /// `rules`
    pub(crate) fn rules(&self) -> Tree {
        let text = |text: &str| Tree::from(text);
        let mut operations = Vec::new();
        if self.create {
            operations.push(text("CREATE"));
        }
        if self.update {
            operations.push(text("UPDATE"));
        }
        let mut rules = Vec::new();
        for group in ["", "apps", "batch"] {
            let resources: Vec<Tree> = self
                .resources
                .iter()
                .filter(|resource| resource.group() == group)
                .map(|resource| text(resource.plural()))
                .collect();
            if !resources.is_empty() {
                rules.push(Tree::from(
                    Fields::new()
                        .with("apiGroups", vec![text(group)])
                        .with("apiVersions", vec![text("v1")])
                        .with("resources", resources)
                        .with("operations", operations.clone()),
                ));
            }
        }
        Tree::List(rules)
    }

    /// `matchConditions`, if there are any.
    pub(super) fn match_conditions(&self) -> Option<Tree> {
        let mut names = BTreeSet::new();
        let mut condition = |(name, expression): &(String, String)| {
            // Names must be unique.
            let numbered = (2_usize..).map(|number| format!("{name}-{number}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| names.insert(name.clone()));
            let name = free.unwrap_or_else(|| name.clone());
            Tree::from(Fields::new().with("name", name).with("expression", expression.as_str()))
        };
        let conditions: Vec<Tree> = self.conditions.iter().map(&mut condition).collect();
        (!conditions.is_empty()).then_some(Tree::List(conditions))
    }
}

/// A label selector, if it asks for anything.
pub(crate) fn selector(requirements: &BTreeSet<Requirement>) -> Option<Tree> {
    let mut labels = Fields::new();
    let mut expressions = Vec::new();
    for requirement in requirements {
        match (requirement.operator, requirement.values.first()) {
            (Operator::In, Some(value)) if requirement.values.len() == 1 && labels.get(&requirement.key).is_none() => {
                labels.add(&requirement.key, value.as_str());
            }
            (operator, _) => {
                let mut fields = Fields::new().with("key", requirement.key.as_str()).with("operator", operator.name());
                if matches!(operator, Operator::In | Operator::NotIn) {
                    let values: Vec<Tree> = requirement.values.iter().map(|value| Tree::from(value.as_str())).collect();
                    fields.add("values", values);
                }
                expressions.push(Tree::from(fields));
            }
        }
    }
    let mut selector = Fields::new();
    if !labels.is_empty() {
        selector.add("matchLabels", labels);
    }
    if !expressions.is_empty() {
        selector.add("matchExpressions", expressions);
    }
    (!selector.is_empty()).then_some(Tree::Map(selector))
}
