//! What `release --dry-run` shows.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::flow::patching::ledger;
use crate::flow::project::Workspace;
use crate::flow::releasing::Target;
use crate::model::Finding;
use crate::release::plan::{Decision, PackagePlan, ReleasePlan};
use crate::release::policy::{Hook, When};
use crate::report::{
    PlannedChange, PlannedCommand, PlannedPackage, PlannedPush, PlannedRelease, PlannedState,
};
use crate::sys::outward::archive_place;

/// The request that each commit was picked for, by the commit's id.
pub(super) type Requests = BTreeMap<String, String>;

/// Reads which commits requests became.
pub(super) fn requests(workspace: &Workspace) -> Result<Requests, Failure> {
    let queue = ledger::queue(&workspace.repository)?;
    let became = queue.requests.values().flat_map(|request| {
        let applied = request.applied.iter().flat_map(|said| &said.what);
        let commits = applied.filter_map(|picked| picked.to.clone());
        commits.map(|commit| (commit, request.id.to_string()))
    });
    Ok(became.collect())
}

/// A plan, and what is known beside it.
pub(super) struct Planning<'a> {
    /// The plan.
    pub plan: &'a ReleasePlan,
    /// The requests that commits were picked for.
    pub requests: &'a Requests,
    /// The remote that is pushed to; none: no push was asked for.
    pub push: Option<&'a str>,
    /// The archive; none: a throw-away one.
    pub archive: Option<&'a str>,
    /// Releases before, which a push takes along: what is said of their tags.
    pub unpublished: &'a [Finding],
}

impl Planning<'_> {
    /// Shows what becomes of a package.
    pub(super) fn package(&self, target: &Target) -> Option<PlannedPackage> {
        let mut packages = self.plan.packages.iter();
        let found: &PackagePlan = packages.find(|one| one.name == target.name)?;
        let (state, reason) = match &found.decision {
            Decision::Release(next) => (PlannedState::New, Some(next.reason.clone())),
            Decision::Prepared { .. } => (PlannedState::Prepared, None),
            Decision::Skip { .. } => (PlannedState::Tagged, None),
        };
        let changes = found.changes.iter().map(|change| {
            let request = self.requests.get(&change.commit).cloned();
            PlannedChange::of(change, request)
        });
        Some(PlannedPackage {
            from: found.since.as_ref().map(|release| release.version.clone()),
            state,
            reason,
            changes: match state {
                PlannedState::Tagged => Vec::new(),
                _ => changes.collect(),
            },
        })
    }

    /// Shows what is done with all of them.
    pub(super) fn whole(
        &self,
        targets: &[Target],
        base: Option<u64>,
        commands: &[Hook],
    ) -> PlannedRelease {
        let is_target = |one: &&PackagePlan| targets.iter().any(|target| target.name == one.name);
        let skipped = self.plan.packages.iter().filter(|one| !is_target(one));
        let skipped = skipped.filter_map(|one| match &one.decision {
            Decision::Skip { reason } => {
                let version = one.current.as_ref().map(|release| release.version.as_str());
                let version = version.unwrap_or("unreleased");
                Some(format!("{} {version}: nothing, {reason}", one.name))
            }
            _ => None,
        });
        let mut refs: Vec<String> = self.plan.branch.iter().cloned().collect();
        refs.extend(self.unpublished.iter().map(|one| one.subject.clone()));
        refs.extend(targets.iter().map(|target| target.tag.to_string()));
        PlannedRelease {
            head: self.plan.head.clone(),
            branch: self.plan.branch.clone(),
            archive: self
                .archive
                .map(|place| archive_place(place, Path::new("/"))),
            base,
            push: self.push.map(|remote| PlannedPush {
                remote: remote.to_owned(),
                refs,
            }),
            commands: commands.iter().map(command).collect(),
            skipped: skipped.collect(),
        }
    }
}

fn command(hook: &Hook) -> PlannedCommand {
    let side = match hook.when {
        When::Before => "before",
        When::After => "after",
    };
    PlannedCommand {
        when: format!("{side}-{}", hook.step),
        command: hook.command.clone(),
    }
}
