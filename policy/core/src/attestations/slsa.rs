//! Does this provenance say that the right builder built the image, from the right source?
//!
//! The questions are slsa-verifier's. A predicate is what its signer wrote, so that builder and source count only where
//! the signing certificate says the same: the builder is the certificate's own name, and Fulcio writes repository, ref and
//! commit into it from the workflow's token. Where a certificate does not say it (a key, a person's), the answer is no.
//!
//! One thing no certificate has: the branch from which a tag was pushed. There slsa-github-generator's word counts, whose
//! workflow the built project cannot change, and nobody else's.
//!
//! Provenance v0.2 and v1 are read (slsa.dev `spec/v0.2/provenance`, `spec/v1.0/provenance`); of v1 what GitHub's artifact
//! attestations write (`externalParameters.workflow`) and what slsa-github-generator does (`internalParameters`).

use serde_json::Value;

use crate::decision::{Code, Finding};
use crate::settings::SlsaRule;
use crate::verify::{CertifiedBuild, Claims};

const WORKFLOW_DISPATCH: &str = "workflow_dispatch";
const BRANCH: &str = "refs/heads/";
const TAG: &str = "refs/tags/";

/// Checks a verified statement. `claims` are those of the certificate that signed it, `None` where a key did.
pub(super) fn check(rule: &SlsaRule, claims: Option<&Claims>, predicate: &Value) -> Result<(), Finding> {
    let claims = claims.ok_or_else(|| {
        uncertified("a key signed this provenance, and a key says nothing about builder and source".to_owned()).remedy(
            "name the workflow that attests under `attestors`, or ask for what the predicate says in `conditions`",
        )
    })?;
    check_against(rule, &claims.names, &claims.build(), &Provenance::read(predicate))
}

/// The questions, the builder first: what a stranger writes down is of no interest. `names` are the certificate's.
fn check_against(
    rule: &SlsaRule,
    names: &[String],
    build: &CertifiedBuild<'_>,
    provenance: &Provenance<'_>,
) -> Result<(), Finding> {
    check_builder(rule, names, provenance)?;
    check_source(rule, build, provenance)?;
    let git_ref = check_ref(build, provenance)?;
    check_commit(build, provenance)?;
    check_branch(rule, git_ref, provenance)?;
    check_tags(rule, git_ref)?;
    if let Some(wanted) = &rule.build_type {
        expect("buildType", wanted, provenance.build_type, str::eq)?;
    }
    check_inputs(rule, build, provenance)
}

/// The builder by the certificate, and by the predicate the very same.
fn check_builder(rule: &SlsaRule, names: &[String], provenance: &Provenance<'_>) -> Result<(), Finding> {
    let certified = names.iter().find(|name| rule.builder.accepts(name, &rule.source)).ok_or_else(|| {
        let finding = mismatch("the certificate names another builder", &rule.builder.to_string(), &names.join(", "));
        match rule.builder.version() {
            Some(_) => finding,
            None => finding.remedy(
                "where `builderId` has no version, a builder of another repository must be used at a release tag \
                 (`@refs/tags/v1.2.3`); write the version that is meant behind it, `@refs/heads/main` for a branch",
            ),
        }
    })?;
    match provenance.builder {
        Some(builder) if builder == certified => Ok(()),
        found => {
            Err(mismatch("the predicate and the certificate name different builders", certified, &or_nothing(found)))
        }
    }
}

fn check_source(rule: &SlsaRule, build: &CertifiedBuild<'_>, provenance: &Provenance<'_>) -> Result<(), Finding> {
    let wanted = rule.source.as_str();
    let certified = build.repository.as_deref().ok_or_else(|| {
        uncertified("the signing certificate does not say from which repository it was built".to_owned())
            .contrast(wanted, "no repository in the certificate")
    })?;
    if certified != wanted {
        return Err(mismatch("it was built from another repository", wanted, certified));
    }
    let trigger = provenance.trigger.as_deref();
    let repository = trigger.and_then(repository_of);
    if repository != Some(wanted) {
        let message = "the predicate names another repository than the certificate";
        return Err(mismatch(message, wanted, &or_nothing(trigger)));
    }
    // What was built is what started the build, at the same ref.
    if provenance.material != trigger {
        let message = "the predicate names another source than the one that started the build";
        return Err(mismatch(message, &or_nothing(trigger), &or_nothing(provenance.material)));
    }
    Ok(())
}

/// The ref that the certificate names. Whatever the predicate says about it must agree.
fn check_ref<'c>(build: &CertifiedBuild<'c>, provenance: &Provenance<'_>) -> Result<&'c str, Finding> {
    let certified = build.git_ref.ok_or_else(|| {
        uncertified("the signing certificate does not say from which branch or tag it was built".to_owned())
    })?;
    let claimed =
        [provenance.trigger.as_deref().and_then(ref_of), provenance.environment("ref").and_then(Value::as_str)];
    match claimed.into_iter().flatten().find(|claimed| *claimed != certified) {
        Some(claimed) => Err(mismatch("the predicate names another ref than the certificate", certified, claimed)),
        None => Ok(certified),
    }
}

fn check_commit(build: &CertifiedBuild<'_>, provenance: &Provenance<'_>) -> Result<(), Finding> {
    match (build.commit, provenance.commit) {
        (Some(certified), Some(claimed)) if certified != claimed => {
            Err(mismatch("the predicate names another commit than the certificate", certified, claimed))
        }
        _ => Ok(()),
    }
}

fn check_branch(rule: &SlsaRule, git_ref: &str, provenance: &Provenance<'_>) -> Result<(), Finding> {
    let Some(wanted) = &rule.branch else { return Ok(()) };
    let branch = match git_ref.strip_prefix(BRANCH) {
        Some(branch) => Some(branch.to_owned()),
        None if git_ref.starts_with(TAG) && rule.builder.is_generator() => branch_of_tag(provenance),
        None => None,
    };
    match branch {
        Some(branch) if branch == *wanted => Ok(()),
        Some(branch) => Err(mismatch("it was built from another branch", wanted, &branch)),
        None => Err(mismatch("it was not built from a branch", wanted, git_ref)
            .remedy("ask for `sourceTag` or `sourceVersionedTag`, if releases are meant")),
    }
}

/// The branch from which a tag was pushed, as slsa-github-generator writes down what GitHub told it. Only `push` and
/// `release` events know one.
fn branch_of_tag(provenance: &Provenance<'_>) -> Option<String> {
    let base = provenance.environment("base_ref").and_then(Value::as_str).filter(|base| !base.is_empty());
    let payload = provenance.environment("event_payload");
    let git_ref = match (base, provenance.environment("event_name")?.as_str()?) {
        (Some(base), _) => base,
        (None, "push") => payload?.get("base_ref")?.as_str()?,
        (None, "release") => return payload?.get("release")?.get("target_commitish")?.as_str().map(str::to_owned),
        (None, _) => return None,
    };
    git_ref.strip_prefix(BRANCH).map(str::to_owned)
}

fn check_tags(rule: &SlsaRule, git_ref: &str) -> Result<(), Finding> {
    let tag = git_ref.strip_prefix(TAG);
    if let Some(wanted) = &rule.tag {
        expect("sourceTag", wanted, tag, str::eq)?;
    }
    if let Some(wanted) = &rule.versioned_tag {
        expect("sourceVersionedTag", wanted.as_str(), tag, |_, tag| wanted.matches(tag))?;
    }
    Ok(())
}

fn expect(what: &str, wanted: &str, found: Option<&str>, holds: impl Fn(&str, &str) -> bool) -> Result<(), Finding> {
    match found {
        Some(found) if holds(wanted, found) => Ok(()),
        found => Err(mismatch(&format!("`{what}` is another"), wanted, &or_nothing(found))),
    }
}

fn check_inputs(rule: &SlsaRule, build: &CertifiedBuild<'_>, provenance: &Provenance<'_>) -> Result<(), Finding> {
    if rule.workflow_inputs.is_empty() {
        return Ok(());
    }
    for event in [build.trigger, provenance.environment("event_name").and_then(Value::as_str)].into_iter().flatten() {
        if event != WORKFLOW_DISPATCH {
            let message = "only a workflow that somebody started by hand has inputs";
            return Err(mismatch(message, WORKFLOW_DISPATCH, event));
        }
    }
    if build.trigger.is_none() {
        return Err(uncertified("the signing certificate does not say what started the workflow".to_owned()));
    }
    for (name, wanted) in &rule.workflow_inputs {
        let found = provenance.inputs().and_then(|inputs| inputs.get(name));
        if found.and_then(Value::as_str) != Some(wanted.as_str()) {
            let found = found.map_or_else(|| "no such input".to_owned(), Value::to_string);
            return Err(mismatch(&format!("workflow input `{name}` is another"), wanted, &found));
        }
    }
    Ok(())
}

/// What a predicate says, wherever its version says it.
pub struct Provenance<'p> {
    /// Who built.
    pub builder: Option<&'p str>,
    /// How.
    pub build_type: Option<&'p str>,
    /// `git+https://github.com/o/r@refs/heads/main`: what started the build.
    pub trigger: Option<String>,
    /// The same of the first thing that was built from.
    pub material: Option<&'p str>,
    /// The commit.
    pub commit: Option<&'p str>,
    environment: Option<&'p Value>,
    external: Option<&'p Value>,
    /// v1 writes `GITHUB_REF` where v0.2 writes `github_ref`.
    is_v1: bool,
}

impl<'p> Provenance<'p> {
    /// Reads a predicate of either version. What it does not say stays empty.
    #[must_use]
    pub fn read(predicate: &'p Value) -> Self {
        let text = |pointer: &str| predicate.pointer(pointer).and_then(Value::as_str);
        if let Some(definition) = predicate.get("buildDefinition") {
            let internal = definition.get("internalParameters");
            let workflow = |field: &str| definition.pointer(&format!("/externalParameters/workflow/{field}"))?.as_str();
            let trigger = match (workflow("repository"), workflow("ref")) {
                (Some(repository), Some(git_ref)) => Some(format!("git+{repository}@{git_ref}")),
                _ => internal.and_then(|it| it.get("GITHUB_WORKFLOW_REF")?.as_str()).and_then(trigger_of_workflow),
            };
            let material = "/buildDefinition/resolvedDependencies/0";
            return Self {
                builder: text("/runDetails/builder/id"),
                build_type: text("/buildDefinition/buildType"),
                trigger,
                material: text(&format!("{material}/uri")),
                commit: text(&format!("{material}/digest/gitCommit"))
                    .or_else(|| text(&format!("{material}/digest/sha1"))),
                environment: internal,
                external: definition.get("externalParameters"),
                is_v1: true,
            };
        }
        Self {
            builder: text("/builder/id"),
            build_type: text("/buildType"),
            trigger: text("/invocation/configSource/uri").map(str::to_owned),
            material: text("/materials/0/uri"),
            commit: text("/invocation/configSource/digest/sha1"),
            environment: predicate.pointer("/invocation/environment"),
            external: None,
            is_v1: false,
        }
    }

    /// What GitHub calls `github.NAME`.
    fn environment(&self, name: &str) -> Option<&'p Value> {
        let key = if self.is_v1 { format!("GITHUB_{}", name.to_uppercase()) } else { format!("github_{name}") };
        self.environment?.get(&key)
    }

    fn inputs(&self) -> Option<&'p Value> {
        let external = self.external.and_then(|external| external.get("inputs"));
        external.or_else(|| self.environment("event_payload")?.get("inputs"))
    }
}

/// `o/r/.github/workflows/w.yml@refs/heads/main` as a repository and a ref.
fn trigger_of_workflow(workflow: &str) -> Option<String> {
    let (path, git_ref) = workflow.split_once('@')?;
    let (repository, _) = path.split_once("/.github/workflows/")?;
    Some(format!("git+https://github.com/{repository}@{git_ref}"))
}

fn repository_of(uri: &str) -> Option<&str> {
    uri.strip_prefix("git+")?.split_once('@').map(|(repository, _)| repository)
}

fn ref_of(uri: &str) -> Option<&str> {
    uri.split_once('@').map(|(_, git_ref)| git_ref)
}

fn or_nothing(found: Option<&str>) -> String {
    found.unwrap_or("nothing").to_owned()
}

fn mismatch(message: &str, wanted: &str, found: &str) -> Finding {
    Finding::new(Code::ProvenanceMismatch, message).contrast(wanted, found)
}

fn uncertified(message: String) -> Finding {
    Finding::new(Code::ProvenanceUncertified, message)
}

#[cfg(test)]
mod tests;
