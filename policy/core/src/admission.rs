//! One request, start to end: from the bytes that the host hands over to the answer.
//!
//! ```text
//! AdmissionRequest ─ images of the workload ─ blocks that concern them ─ digest (once per reference)
//!    ─ checks of each block ─ what is pinned ─ response and patched object
//! ```
//!
//! Whatever goes wrong is an answer with a reason: nothing here fails, and nothing that fails admits. Time comes in as an
//! argument.

mod child;
mod message;
pub(crate) mod outline;
mod pull;
mod response;

use outline::{Outline, unreadable, whole};
pub use response::ValidationResponse;

use crate::conditions::{ContainerImage, RequestFacts};
use crate::decision::{BlockReport, Code, Explanation, Finding, ImageReport, Location, Outcome};
use crate::evidence::Store;
use crate::examiner::{Examiner, Target, deadline_finding, host_finding, outcome};
use crate::exceptions::{self, Excepted};
use crate::host::Host;
use crate::json::{self, Json};
use crate::mutation;
use crate::reference::{Digest, ImageRef};
use crate::rules::{self, Concern};
use crate::settings::{Block, Exception, Problem, Settings, Unmatched};
use crate::workload::{self, Operation, Workload};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the host hands over: an admission request, and the policy's settings.
#[derive(Deserialize)]
struct Payload {
    request: Outline,
    #[serde(default)]
    settings: Json,
}

/// The answer, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// What goes back to the API server.
    pub response: ValidationResponse,
    /// Why.
    pub explanation: Explanation,
}

/// Decides a request. `payload` is Kubewarden's `ValidationRequest` as JSON, `now` Unix seconds.
#[must_use]
pub fn decide(host: &dyn Host, payload: &[u8], now: i64) -> Decision {
    let (request, settings) = match read(payload) {
        Ok(read) => read,
        Err(problems) => return refuse_unread(String::new(), problems),
    };
    match Workload::from_request(&request) {
        Ok(workload) => decide_workload(host, payload, &workload, &settings, now),
        Err(error) => refuse_unread(workload::subject_of(&request), vec![error.finding()]),
    }
}

/// Checks settings alone. `Ok` carries warnings, also those that need the whole and the day: `now` is in Unix seconds.
///
/// # Errors
/// With every problem that makes the settings unusable.
pub fn validate_settings(settings: &[u8], now: i64) -> Result<Vec<Finding>, Vec<Finding>> {
    let settings = json::read(settings)
        .map_err(|e| vec![Finding::new(Code::SettingsInvalid, format!("the settings are not JSON: {e}"))])?;
    match Settings::parse(&settings) {
        Ok(settings) => Ok(settings.review(now).iter().map(Problem::to_finding).collect()),
        Err(problems) => Err(problems.iter().map(|problem| problem.to_finding()).collect()),
    }
}

fn read(payload: &[u8]) -> Result<(Value, Settings), Vec<Finding>> {
    let Payload { request: Outline(outline), settings: Json(settings) } =
        serde_json::from_slice(payload).map_err(|e| vec![unreadable(&e)])?;
    let settings = Settings::parse(&settings)
        .map_err(|problems| problems.iter().map(|problem| problem.to_finding()).collect::<Vec<_>>())?;
    // Whether an object on its way out stays as it is, is a question about all of it. Its annotations are read where there
    // could be too many of them: as JSON they are at least as long.
    let needs_all = workload::may_be_leaving(&outline) || payload.len() > workload::MAX_ANNOTATION_BYTES;
    let request = if needs_all { whole(payload).map_err(|e| vec![e])? } else { outline };
    Ok((request, settings))
}

fn refuse_unread(subject: String, problems: Vec<Finding>) -> Decision {
    let explanation =
        Explanation { outcome: Outcome::Failed, subject, problems, images: Vec::new(), warnings: Vec::new() };
    Decision { response: ValidationResponse::reject(&explanation), explanation }
}

fn decide_workload(host: &dyn Host, payload: &[u8], workload: &Workload, settings: &Settings, now: i64) -> Decision {
    // What is deleted starts nothing, and what is on its way out must not be held up by its finalizers.
    if workload.operation == Operation::Delete || workload.is_leaving_unchanged {
        let explanation = Explanation {
            outcome: Outcome::Passed,
            subject: workload.subject().to_owned(),
            problems: Vec::new(),
            images: Vec::new(),
            warnings: Vec::new(),
        };
        return Decision { response: ValidationResponse::accept(&explanation, None), explanation };
    }

    let facts = RequestFacts::new(payload, container_images(workload));
    let mut inquiry = Inquiry {
        host,
        settings,
        examiner: Examiner::new(Store::new(host, &settings.evidence), &settings.trust_roots, now).about(&facts),
        workload,
        now,
        digests: BTreeMap::new(),
        pulls: Vec::new(),
        warnings: Vec::new(),
    };
    let mut images = Vec::new();
    for (written, locations) in distinct(workload) {
        images.push(inquiry.examine(written, locations));
    }
    let Inquiry { warnings, pulls, .. } = inquiry;
    let outcome = Outcome::worst(images.iter().map(|image| image.outcome));
    let explanation =
        Explanation { outcome, subject: workload.subject().to_owned(), problems: Vec::new(), images, warnings };
    if outcome.refuses() {
        return Decision { response: ValidationResponse::reject(&explanation), explanation };
    }
    match patched(facts, workload, &explanation, &pulls) {
        Ok(object) => Decision { response: ValidationResponse::accept(&explanation, object), explanation },
        Err(finding) => refuse_unread(explanation.subject, vec![finding]),
    }
}

/// The containers' images as conditions see them. One that is no reference is refused on its own account.
fn container_images(workload: &Workload) -> Vec<ContainerImage> {
    let known = |image: &workload::WorkloadImage| {
        let (list, _) = image.location.field.split_once('[')?;
        Some(ContainerImage {
            list: list.to_owned(),
            container: image.location.name.clone(),
            image: ImageRef::parse(&image.image).ok()?,
        })
    };
    // Image volumes have no place in Kyverno's `images`.
    workload.images.iter().filter_map(known).filter(|image| image.list != "volumes").collect()
}

/// The distinct image strings of the object in the order in which it names them, each with its places.
fn distinct(workload: &Workload) -> Vec<(&str, Vec<Location>)> {
    let mut images: Vec<(&str, Vec<Location>)> = Vec::new();
    for image in &workload.images {
        match images.iter_mut().find(|(written, _)| *written == image.image) {
            Some((_, locations)) => locations.push(image.location.clone()),
            None => images.push((&image.image, vec![image.location.clone()])),
        }
    }
    images
}

/// The object with every pinned image and pull policy in place, or `None` where nothing changes. `pulls` are the pointers of
/// the pull policies that become `Always`.
fn patched(
    facts: RequestFacts<'_>,
    workload: &Workload,
    explanation: &Explanation,
    pulls: &[String],
) -> Result<Option<Value>, Finding> {
    let pins: Vec<(String, String)> = explanation
        .images
        .iter()
        .filter_map(|image| image.pinned.as_ref().map(|pinned| (image, pinned)))
        .flat_map(|(image, pinned)| {
            // A Job's template is immutable: what was there before stays as it is.
            let changed = image.locations.iter().filter(|location| !workload.is_unchanged(&image.image, location));
            changed.map(|location| (location.pointer.clone(), pinned.clone())).collect::<Vec<_>>()
        })
        .collect();
    if pins.is_empty() && pulls.is_empty() {
        return Ok(None);
    }
    let mut object = facts.into_request()?.get_mut("object").map(Value::take).unwrap_or_default();
    mutation::pin(&mut object, &pins)
        .and_then(|()| mutation::set(&mut object, pulls, "Always"))
        .map_err(|e| Finding::new(Code::RequestMalformed, format!("cannot patch the object: {e}")))?;
    Ok(Some(object))
}

/// The work on one request's images.
struct Inquiry<'a> {
    host: &'a dyn Host,
    settings: &'a Settings,
    examiner: Examiner<'a>,
    workload: &'a Workload,
    /// Unix seconds.
    now: i64,
    digests: BTreeMap<String, Result<Digest, Finding>>,
    /// Pointers of the pull policies that become `Always`.
    pulls: Vec<String>,
    warnings: Vec<String>,
}

impl<'a> Inquiry<'a> {
    fn examine(&mut self, written: &str, locations: Vec<Location>) -> ImageReport {
        let workload = self.workload;
        let mut report = ImageReport {
            image: written.to_owned(),
            locations,
            digest: None,
            pinned: None,
            excepted: None,
            outcome: Outcome::Passed,
            findings: Vec::new(),
            blocks: Vec::new(),
        };
        let image = match ImageRef::parse(written) {
            Ok(image) => image,
            Err(error) => {
                report.findings.push(Finding::new(Code::ReferenceInvalid, error.to_string()));
                report.outcome = Outcome::Failed;
                return report;
            }
        };
        // Whatever an image from a mirror is called there, it is judged by its name at home.
        let home = self.settings.mirrors.home_of(&image);
        let (named, mirrored) = match &home {
            Some(home) => (home, Some(&image)),
            None => (&image, None),
        };
        let concerning = rules::concerning(self.settings, named, mirrored);
        let excepted = self.excepted(&image, named, concerning.is_empty());
        let changed = report.locations.iter().any(|location| !workload.is_unchanged(written, location));
        if concerning.is_empty() {
            self.unmatched(&mut report, excepted, &image, changed);
            return report;
        }
        let is_left_alone = !self.settings.verify_unchanged && !changed && image.digest().is_some();
        let mut wants_pin = false;
        for (block, concern) in concerning {
            if concern == Concern::Skips || is_left_alone {
                let skipped = BlockReport { outcome: Outcome::Skipped, ..rules::report(block, Vec::new()) };
                report.blocks.push(skipped);
                continue;
            }
            let mut block_report = match excepted {
                Excepted::Yes(_) => self.check_digest_alone(block, &image, changed, &mut report.digest),
                Excepted::Over(_) | Excepted::ForOthers(_) | Excepted::No => {
                    let verified = self.check_block(block, &image, named, changed, &mut report.digest);
                    self.check_pull_policy(block, written, verified)
                }
            };
            let action = self.settings.action_of(block, workload.namespace.as_deref());
            rules::apply_failure_action(action, &mut block_report);
            // Only what this block matched and admitted is pinned on its behalf, or what was excepted from it.
            wants_pin |= block.mutate_digest && matches!(block_report.outcome, Outcome::Passed | Outcome::Skipped);
            if block_report.outcome == Outcome::Audited {
                self.warnings.push(message::audited(&report, &block_report));
            }
            report.blocks.push(block_report);
        }
        self.tell_of_exception(excepted, &mut report);
        let worst = report.blocks.iter().map(|block| block.outcome).filter(|outcome| *outcome != Outcome::Skipped);
        report.outcome = Outcome::worst(worst);
        if report.outcome.refuses()
            && child::may_explain(&report)
            && !self.examiner.is_time_up()
            && let Ok(digest) = self.digest(&image)
        {
            report.findings.extend(child::explain(self.host, &self.examiner, &image, &digest));
        }
        if report.outcome.refuses()
            && let Ok(Some(finding)) = self.why_not_excepted(excepted, &image)
        {
            report.findings.push(finding);
        }
        if wants_pin && image.digest().is_none() && self.settings.mutate && !report.outcome.refuses() {
            if changed {
                report.pinned =
                    report.digest.as_deref().and_then(|digest| digest.parse().ok()).map(|d| image.pinned(&d));
            } else {
                self.warnings.push(format!(
                    "{written} was verified but stays unpinned: it did not change, and what does not change is not patched"
                ));
            }
        }
        report
    }

    /// What the exceptions say. Where one is bound to digests, a tag is resolved; if that fails, the block that needs the
    /// digest says so.
    fn excepted(&mut self, image: &ImageRef, named: &ImageRef, is_unmatched: bool) -> Excepted<'a> {
        let settings = self.settings;
        // What is admitted anyway needs no exception, and no call.
        if is_unmatched && settings.unmatched_images != Unmatched::Deny {
            return Excepted::No;
        }
        let digest = match image.digest() {
            Some(digest) => Some(digest.clone()),
            None if exceptions::wants_digest(settings, named).is_some() => self.digest(image).ok(),
            None => None,
        };
        exceptions::look_up(settings, named, digest.as_ref(), self.now)
    }

    /// Why an exception that names the image does not admit it. The error says why nobody knows whether it does.
    fn why_not_excepted(&mut self, excepted: Excepted<'_>, image: &ImageRef) -> Result<Option<Finding>, Finding> {
        match excepted {
            Excepted::Over(exception) => Ok(Some(exception_over(exception))),
            Excepted::ForOthers(exception) => {
                let digest = self.digest(image)?;
                let listed: Vec<&str> = exception.digests.iter().map(Digest::as_str).collect();
                Ok(Some(
                    Finding::new(Code::TagMoved, "an exception names this image, and is for another digest")
                        .contrast(listed.join(", "), digest.as_str())
                        .remedy(format!(
                            "see what changed; if it is meant, add the digest to `{}.digests`",
                            exception.path
                        )),
                ))
            }
            Excepted::Yes(_) | Excepted::No => Ok(None),
        }
    }

    fn tell_of_exception(&mut self, excepted: Excepted<'_>, report: &mut ImageReport) {
        let Excepted::Yes(exception) = excepted else { return };
        let (day, reason) = (exception.expires.as_str(), &exception.reason);
        report.excepted = Some(format!("until {day} by {}: {reason}", exception.path));
        if let Some(days) = exception.ends_soon(self.now) {
            let left = if days == 1 { "today".to_owned() } else { format!("in {days} days") };
            self.warnings.push(format!(
                "{} is admitted by an exception that ends {left}, with {day} ({}): {reason}",
                report.image, exception.path
            ));
        }
    }

    /// Admitted whatever is known of it, but by digest all the same.
    fn check_digest_alone(
        &mut self,
        block: &Block,
        image: &ImageRef,
        changed: bool,
        resolved: &mut Option<String>,
    ) -> BlockReport {
        let mut findings: Vec<_> = self.lacks_digest(block, image, changed).into_iter().collect();
        if findings.is_empty() && block.mutate_digest && image.digest().is_none() {
            match self.digest(image) {
                Ok(digest) => *resolved = Some(digest.to_string()),
                Err(finding) => findings.push(finding),
            }
        }
        match findings.is_empty() {
            true => BlockReport { outcome: Outcome::Skipped, ..rules::report(block, findings) },
            false => rules::report(block, findings),
        }
    }

    fn unmatched(&mut self, report: &mut ImageReport, excepted: Excepted<'_>, image: &ImageRef, changed: bool) {
        self.tell_of_exception(excepted, report);
        if let Excepted::Yes(exception) = excepted {
            if !exception.digests.is_empty() {
                self.pin_excepted(report, image, changed);
            }
            return;
        }
        match self.settings.unmatched_images {
            Unmatched::Allow => {}
            Unmatched::Warn => self.warnings.push(format!("no block of verifyImages matches {}", report.image)),
            Unmatched::Deny => {
                match self.why_not_excepted(excepted, image) {
                    Ok(finding) => report.findings.extend(finding),
                    Err(finding) => {
                        report.outcome = outcome(&finding);
                        report.findings.push(finding);
                        return;
                    }
                }
                let finding =
                    Finding::new(Code::ImageUnmatched, "no block of verifyImages matches this image").remedy(format!(
                        "add a block for it, with `attestors`; if nobody signs it, this one pins it by digest:\n\
                         - {{\"imageReferences\": [\"{}:*\"], \"required\": false}}",
                        image.repository()
                    ));
                report.findings.push(finding);
                report.outcome = Outcome::Failed;
            }
        }
    }

    /// Pins what is excepted by its digest though no block matches it: its tag could be moved to what the exception was not
    /// made for.
    fn pin_excepted(&mut self, report: &mut ImageReport, image: &ImageRef, changed: bool) {
        if image.digest().is_some() || !changed {
            return;
        }
        let resolved = match self.settings.mutate {
            true => self.digest(image),
            false => Err(tag_finding(self.settings.mutate)),
        };
        match resolved {
            Ok(digest) => {
                report.digest = Some(digest.to_string());
                report.pinned = Some(image.pinned(&digest));
            }
            Err(finding) => {
                report.outcome = outcome(&finding);
                report.findings.push(finding);
            }
        }
    }

    fn check_block(
        &mut self,
        block: &Block,
        image: &ImageRef,
        named: &ImageRef,
        changed: bool,
        resolved: &mut Option<String>,
    ) -> BlockReport {
        if self.examiner.is_time_up() {
            return rules::report(block, vec![deadline_finding()]);
        }
        if let Some(finding) = self.lacks_digest(block, image, changed) {
            return rules::report(block, vec![finding]);
        }
        let needs_digest = rules::verifies(block) || (block.mutate_digest && image.digest().is_none());
        if !needs_digest {
            return rules::report(block, Vec::new());
        }
        match self.digest(image) {
            Ok(digest) => {
                *resolved = Some(digest.to_string());
                rules::check(&self.examiner, Target { image: named, digest: &digest }, block)
            }
            Err(finding) => rules::report(block, vec![finding]),
        }
    }

    /// Adds what the block asks of the pull policy to what it says of the image.
    fn check_pull_policy(&mut self, block: &Block, written: &str, mut report: BlockReport) -> BlockReport {
        let Some(rule) = block.always_pull else { return report };
        match pull::check(rule, self.settings.mutate, self.workload, written) {
            Ok(pointers) if report.outcome == Outcome::Passed => self.pulls.extend(pointers),
            Ok(_) => {}
            Err(finding) => {
                report.outcome = report.outcome.max(Outcome::Failed);
                report.findings.push(finding);
            }
        }
        report
    }

    /// What the block asks of the reference itself.
    fn lacks_digest(&self, block: &Block, image: &ImageRef, changed: bool) -> Option<Finding> {
        if image.digest().is_some() {
            return None;
        }
        // What `mutateDigest` would have pinned at its creation may stay as it is until it changes.
        let pinned_here = block.mutate_digest && (self.settings.mutate || !changed);
        let wanted = block.verify_digest || (block.mutate_digest && !self.settings.mutate);
        (wanted && !pinned_here).then(|| tag_finding(self.settings.mutate))
    }

    /// The digest of an image: its own, or what its tag means. A tag is resolved once, and everything after that is about
    /// this digest.
    fn digest(&mut self, image: &ImageRef) -> Result<Digest, Finding> {
        if let Some(digest) = image.digest() {
            return Ok(digest.clone());
        }
        let host = self.host;
        let is_time_up = self.examiner.is_time_up();
        self.digests
            .entry(image.to_string())
            .or_insert_with(|| {
                if is_time_up {
                    return Err(deadline_finding());
                }
                match host.resolve(image) {
                    Ok(Some(digest)) => Ok(digest),
                    Ok(None) => Err(Finding::new(Code::ImageAbsent, format!("there is no image `{image}`"))
                        .remedy("see whether it was pushed, and whether repository and tag are spelled right")),
                    Err(error) => Err(host_finding(&error)),
                }
            })
            .clone()
    }
}

fn tag_finding(may_mutate: bool) -> Finding {
    let remedy = match may_mutate {
        true => "write `@sha256:…` behind the tag, or set `mutateDigest: true` and let this policy do it",
        false => "write `@sha256:…` behind the tag, or run the mutating twin of this policy, which does it",
    };
    Finding::new(Code::DigestMissing, "the image is named by a tag, and must be pinned by digest").remedy(remedy)
}

fn exception_over(exception: &Exception) -> Finding {
    let message =
        format!("an exception for this image ended with {}: {}", exception.expires.as_str(), exception.reason);
    Finding::new(Code::ExceptionOver, message)
        .remedy(format!("have the image signed, or give `{}.expires` a later day", exception.path))
}

#[cfg(test)]
mod tests;
