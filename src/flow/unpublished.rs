//! Releases that notes begin behind and that are nowhere but here: tagged, and
//! their push was refused or forgotten. Whoever makes the next release would
//! tell nobody what they brought.

use std::collections::BTreeSet;

use super::patching::ledger;
use super::planning::{self, Planned};
use super::project::Workspace;
use super::{FlowError, embargoing};
use crate::model::{Finding, TagName};
use crate::release::Request;
use crate::release::commit::Release;
use crate::release::plan::Decision;
use crate::sys::git::ObjectId;

/// Warns of them for what is planned. Asks no remote: what was fetched or pushed
/// last counts, and what the ledger has as cut. Where nothing was ever fetched
/// nobody can tell.
pub fn unpublished(workspace: &Workspace, planned: &Planned) -> Result<Vec<Finding>, FlowError> {
    let mut before: Vec<(&Release, &str)> = Vec::new();
    for package in &planned.plan.packages {
        let next = match &package.decision {
            Decision::Release(next) => &next.version,
            Decision::Prepared { version, .. } => version,
            Decision::Skip { .. } => continue,
        };
        let Some(release) = &package.since else {
            continue;
        };
        if !before.iter().any(|(known, _)| known.tag == release.tag) {
            before.push((release, next));
        }
    }
    let repository = &workspace.repository;
    // What is under embargo is told of by the lift, all at once.
    if embargoing::read(repository)?.is_some() {
        return Ok(Vec::new());
    }
    let heads = repository.heads_below("refs/remotes/")?;
    if before.is_empty() || heads.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut cut: Option<BTreeSet<TagName>> = None;
    for (release, next) in before {
        let Some(commit) = ObjectId::from_hex(&release.commit) else {
            continue;
        };
        if repository.commits_only_in(commit, &heads)?.first() != Some(&commit) {
            continue;
        }
        let cut = match &mut cut {
            Some(cut) => cut,
            none => {
                let cuts = ledger::queue(repository)?.cuts;
                none.insert(cuts.into_iter().flat_map(|cut| cut.tags).collect())
            }
        };
        if !cut.contains(&release.tag) {
            let remote = &workspace.project.release.remote;
            found.push(warning(release, next, remote));
        }
    }
    Ok(found)
}

/// The same for what is asked for.
pub fn unpublished_before(
    workspace: &Workspace,
    request: &Request,
) -> Result<Vec<Finding>, FlowError> {
    match planning::plan(workspace, "HEAD", request)? {
        planning::Outcome::Planned(planned) => unpublished(workspace, &planned),
        planning::Outcome::Refused(_) => Ok(Vec::new()),
    }
}

fn warning(release: &Release, next: &str, remote: &str) -> Finding {
    let tag = &release.tag;
    let why = format!(
        "it is tagged here, on {:.12}, and no remote has that commit: the notes of {next} begin \
         behind it, so nobody is told what it brought",
        release.commit
    );
    let fix = format!(
        "git ls-remote {remote} {tag} tells for sure; if it is to be out: --push takes it along, \
         and debcut announce {tag} TAG tells of both; if not: git tag -d {tag}, then debcut release \
         --again makes {} anew with all of it",
        release.version
    );
    Finding::warning("unpublished-release", tag.as_str(), why).fix(fix)
}
