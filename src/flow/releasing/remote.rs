//! What the remote has of a release that is about to be made, asked before
//! anything is prepared: a version that is published and can never be pushed is
//! one too many.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Wanted;
use crate::flow::FlowError;
use crate::flow::patching::{PatchingError, maintained};
use crate::flow::planning::Planned;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, TagName};
use crate::release::plan::Decision;
use crate::sys::environment::Environment;
use crate::sys::git::{FetchError, remote_refs};
use crate::sys::process::ToolError;

/// How long a remote may take that is asked although nothing is pushed.
const ASIDE: Duration = Duration::from_secs(20);
/// How long one may take that gets the release.
const PUSHED_TO: Duration = Duration::from_secs(1800);

/// Lists what the remote has that would keep a release from it: commits of the
/// branch that HEAD lacks, and the release's tags on something else.
///
/// Without a push it is asked where a remote-tracking branch says that the
/// branch is shared, and never under embargo; one that does not answer is only
/// told of then.
pub(super) fn in_the_way(
    workspace: &Workspace,
    wanted: &Wanted,
    planned: &Planned,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let remote = &workspace.project.release.remote;
    let branch = repository.branch_of_head()?;
    // What there is nothing to release for may be pushed again, and lack what
    // came meanwhile.
    let own = branch.filter(|_| !planned.plan.is_empty());
    let tags = tags(planned, wanted);
    if !wanted.push && !is_shared(workspace, own.as_deref(), environment)? {
        return Ok(Vec::new());
    }
    let heads = own.iter().map(|branch| format!("refs/heads/{branch}"));
    let names = heads.chain(tags.iter().map(|tag| format!("refs/tags/{tag}")));
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let limit = match wanted.push {
        true => PUSHED_TO,
        false => ASIDE,
    };
    let there = match remote_refs(repository, environment, remote, &names, limit) {
        Ok(there) => there,
        Err(error) if wanted.push || was_stopped(&error) => {
            return Err(PatchingError::from(error).into());
        }
        Err(error) => {
            listener.warn(format!(
                "{error}: whether it has more than HEAD is not known"
            ));
            return Ok(Vec::new());
        }
    };
    let mut found = Vec::new();
    if let Some(branch) = &own {
        found.extend(behind(workspace, wanted, branch, &there)?);
    }
    for tag in &tags {
        found.extend(taken(workspace, tag, &there)?);
    }
    Ok(found)
}

fn was_stopped(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::Unreached {
            source: ToolError::Interrupted { .. },
            ..
        }
    )
}

/// Tells whether a branch is the remote's, too, and may be asked for there.
fn is_shared(
    workspace: &Workspace,
    branch: Option<&str>,
    environment: &Environment,
) -> Result<bool, FlowError> {
    let Some(branch) = branch else {
        return Ok(false);
    };
    let repository = &workspace.repository;
    let remote = &workspace.project.release.remote;
    let theirs = format!("refs/remotes/{remote}/{branch}");
    let gate = environment.gate().clone().of(repository.own_dir());
    // To ask for a version by its name would say that there will be one.
    Ok(repository.ref_target(&theirs)?.is_some() && gate.marks()?.is_empty())
}

/// Lists the tags that a release makes, and those that a push takes along.
fn tags(planned: &Planned, wanted: &Wanted) -> Vec<TagName> {
    let asked = &wanted.request.packages;
    let mut found = Vec::new();
    for package in &planned.plan.packages {
        let tag = match &package.decision {
            Decision::Release(next) => next.tag.clone(),
            Decision::Prepared { tag, .. } => Some(tag.clone()),
            // Tagged before, perhaps by a run that could not push it.
            Decision::Skip { .. } => {
                let is_asked = asked.is_empty() || asked.contains(&package.name);
                let current = package.current.as_ref();
                current
                    .filter(|_| wanted.push && is_asked)
                    .map(|release| release.tag.clone())
            }
        };
        found.extend(tag);
    }
    found.sort();
    found.dedup();
    found
}

/// Says that the remote has commits on the branch that HEAD lacks. A maintenance
/// branch is cut from its head alone, pushed or not.
fn behind(
    workspace: &Workspace,
    wanted: &Wanted,
    branch: &str,
    there: &BTreeMap<String, String>,
) -> Result<Option<Finding>, FlowError> {
    let repository = &workspace.repository;
    let remote = &workspace.project.release.remote;
    let Some(there) = there.get(&format!("refs/heads/{branch}")) else {
        return Ok(None);
    };
    let head = repository.commit("HEAD")?.id;
    if repository.has_commit(there) && repository.is_ancestor(there, &head)? {
        return Ok(None);
    }
    let why = format!("{remote} has commits on it that HEAD lacks: there it is at {there:.12}");
    let policy = workspace.policy("HEAD")?;
    let is_maintained = maintained(workspace, &policy)?.contains_key(branch);
    Ok(Some(match wanted.push || is_maintained {
        true => Finding::error("behind-remote", branch, why)
            .fix("nothing is prepared or tagged: git pull, then the same command again"),
        false => Finding::warning("behind-remote", branch, why)
            .fix("git pull first: the release could not be pushed"),
    }))
}

/// Says that the remote has a tag on something else than it is, or would be, on
/// here.
fn taken(
    workspace: &Workspace,
    tag: &TagName,
    there: &BTreeMap<String, String>,
) -> Result<Option<Finding>, FlowError> {
    let repository = &workspace.repository;
    let remote = &workspace.project.release.remote;
    let name = format!("refs/tags/{tag}");
    let Some(theirs) = there.get(&name) else {
        return Ok(None);
    };
    let (message, fix) = match repository.ref_target(&name)? {
        Some(own) if own == *theirs => return Ok(None),
        Some(_) => {
            let at = repository.tag(tag.as_str())?.commit.id;
            let reset = match repository.commit("HEAD")?.id == at {
                true => "; git reset --keep HEAD~1, where HEAD is its release commit",
                false => "",
            };
            (
                format!("{remote} has another {tag} than the one here, and keeps it"),
                format!(
                    "git tag -d {tag}{reset}; git fetch {remote} --tags; git pull; then release the \
                     next version (--set-version), also where this one is published"
                ),
            )
        }
        None => (
            format!("{remote} has {tag} already, and here it is not: that version is taken"),
            format!(
                "nothing is prepared or tagged: git fetch {remote} --tags; git pull; then release \
                 the next version (--set-version, where the plan still says this one)"
            ),
        ),
    };
    Ok(Some(
        Finding::error("tag-taken", tag.as_str(), message).fix(fix),
    ))
}
