//! What is wrong with a plan as a whole, or odd about its commits.

use super::draft::{Draft, Wish, asked};
use super::{Decision, PackagePlan};
use crate::model::Finding;
use crate::release::facts::Facts;
use crate::release::ownership::DeadPattern;
use crate::release::policy::Policy;
use crate::release::version_file;

/// Refuses what the policy refuses of messages, and warns of what was accepted
/// all the same.
pub(super) fn messages(draft: &Draft<'_>, policy: &Policy) -> Vec<Finding> {
    if !is_planned(draft) {
        return Vec::new();
    }
    // Also where nothing else asks for a release: the refused ones might.
    let refused = draft.changes.refused(policy).map(|ignored| {
        let message = format!("“{}” is no conventional commit", ignored.subject);
        let subject = format!("{:.12}", ignored.commit);
        Finding::error("unconventional-commit", subject, message)
            .fix("reword it, or allow it: unconventional = \"patch\" in [release]")
    });
    let released = matches!(draft.wish, Wish::Release(_));
    let changes = draft.changes.changes.iter().filter(|_| released);
    let odd = changes.flat_map(|change| {
        let subject = format!("{:.12}", change.commit);
        let remarks = change.remarks.iter();
        remarks.map(move |remark| Finding::warning("odd-message", &subject, remark))
    });
    refused.chain(odd).collect()
}

/// Warns of versions that commits of no package ask for: nobody knows of which
/// of the packages.
pub(super) fn lost_requests(facts: &Facts, policy: &Policy) -> Vec<Finding> {
    if policy.units.len() == 1 {
        return Vec::new();
    }
    let nobodys = facts
        .commits
        .iter()
        .filter(|commit| commit.touches.is_empty() && !commit.is_merge());
    let lost = nobodys.filter_map(|commit| {
        let version = asked(&commit.message)?;
        let message =
            format!("Release-As: {version} is passed over: its commit touches no package");
        let finding = Finding::warning("release-as", format!("{:.12}", commit.id), message);
        Some(finding.fix("ask in a commit that touches the package, or with --set-version"))
    });
    lost.collect()
}

/// Refuses patterns that match nothing: what they were meant for is nobody's, or
/// somebody else's.
pub(super) fn dead_patterns(facts: &Facts, policy: &Policy) -> Vec<Finding> {
    let refuse = |dead: &DeadPattern| {
        let name = policy.units[dead.unit].name.as_str();
        let message = format!(
            "“{}” ({}) matches nothing at HEAD",
            dead.pattern, dead.usage
        );
        Finding::error("dead-pattern", name, message)
            .fix("patterns in debcut.toml begin at the repository's top; correct or remove it")
    };
    facts.dead_patterns.iter().map(refuse).collect()
}

/// Refuses to choose between version files that say different versions: which
/// of them is right, only its author knows.
pub(super) fn version_files(draft: &Draft<'_>) -> Vec<Finding> {
    if !matches!(draft.wish, Wish::Release(_)) {
        return Vec::new();
    }
    // One that says nothing is refused when it is to be edited.
    let said = draft.facts.versions.iter().filter_map(|found| {
        let version = found.version.as_ref().ok()?;
        Some((found.path.as_str(), Ok(version.clone())))
    });
    version_file::disagreement(&said.collect::<Vec<_>>(), None)
}

/// Tells whether it is decided now what becomes of a package.
fn is_planned(draft: &Draft<'_>) -> bool {
    draft.selected && draft.pending.is_none()
}

/// Refuses one tag for two versions.
pub(super) fn shared_tags(packages: &[PackagePlan]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen: Vec<(&PackagePlan, &super::Next)> = Vec::new();
    for package in packages {
        let Decision::Release(next) = &package.decision else {
            continue;
        };
        let same = seen
            .iter()
            .find(|(_, other)| other.tag.is_some() && other.tag == next.tag);
        if let Some((other, before)) = same
            && before.version != next.version
        {
            let tag = next
                .tag
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let message = format!("{} and {} would both be {tag}", other.name, package.name);
            found.push(
                Finding::error("tag-shared", package.name.as_str(), message)
                    .fix("give each package a pattern with {name} in it, or a group to both"),
            );
        }
        seen.push((package, next));
    }
    found
}
