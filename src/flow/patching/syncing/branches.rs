//! The branches that a ledger speaks of: fetched where their picks are not here,
//! and looked for at the remote where they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{BranchName, Listener};
use crate::patch::Queue;
use crate::sys::environment::Environment;
use crate::sys::git::{ObjectId, fetch as fetch_refs, remote_ref};

/// Fetches the branches of picks that are not in this clone, and one more, as
/// `git fetch` does: only refs under `refs/remotes/` move, where the remote is
/// configured so. That it fails is told, and keeps nobody from going on.
pub(super) fn fetch(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    more: Option<&BranchName>,
    listener: &dyn Listener,
) -> Result<(), FlowError> {
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let mut wanted: BTreeSet<&BranchName> = more.into_iter().collect();
    for request in ledger.queue.requests.values() {
        let mut picks = request.applied.iter().flat_map(|said| &said.what);
        if picks.any(|one| one.to.as_ref().is_some_and(|to| !repository.has_commit(to))) {
            wanted.insert(&request.ask.what.onto);
        }
    }
    let mut refspecs = Vec::new();
    for branch in wanted {
        let name = format!("refs/heads/{branch}");
        let Some(place) = repository.tracking_ref(remote, &name) else {
            continue;
        };
        let there = match remote_ref(repository, environment, remote, &name) {
            Ok(there) => there,
            Err(error) => {
                listener.warn(with_causes(&error));
                return Ok(());
            }
        };
        if there.is_some() && there != repository.ref_target(&place)? {
            refspecs.push(format!("+{name}:{place}"));
        }
    }
    if refspecs.is_empty() {
        return Ok(());
    }
    if let Err(error) = fetch_refs(repository, environment, remote, &refspecs, listener) {
        listener.warn(with_causes(&error));
    }
    Ok(())
}

/// Tells whether a remote lacks something of the branch here. Where the remote
/// has what is not here it does: then a push is refused, and says so.
pub(super) fn lacks(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    branch: &BranchName,
) -> Result<bool, FlowError> {
    let repository = &workspace.repository;
    let name = format!("refs/heads/{branch}");
    let Some(own) = repository.ref_target(&name)? else {
        return Ok(false);
    };
    let there = remote_ref(repository, environment, remote, &name).map_err(PatchingError::Fetch)?;
    Ok(match there {
        Some(there) if repository.has_commit(&there) => !repository.is_ancestor(&own, &there)?,
        _ => true,
    })
}

/// Counts, by branch, the picks that a branch here has and that a remote has
/// not, as it was fetched last: those that a ledger speaks of. None of a remote
/// whose branches are not kept here.
pub fn unpushed(
    workspace: &Workspace,
    queue: &Queue,
    remote: &str,
) -> Result<Vec<(BranchName, usize)>, FlowError> {
    let repository = &workspace.repository;
    let mut picks: BTreeMap<&BranchName, Vec<ObjectId>> = BTreeMap::new();
    for request in queue.requests.values() {
        let said = request.applied.iter().flat_map(|said| &said.what);
        let here = said.filter_map(|one| one.to.as_ref());
        let here = here.filter(|to| repository.has_commit(to));
        let ids = here.filter_map(|to| ObjectId::from_hex(to));
        let branch = picks.entry(&request.ask.what.onto).or_default();
        branch.extend(ids);
    }
    let branches = repository.branches()?;
    let theirs: Vec<ObjectId> = branches
        .iter()
        .filter(|branch| branch.remote.as_deref() == Some(remote))
        .map(|branch| branch.commit)
        .collect();
    let mut found = Vec::new();
    for (branch, picks) in picks {
        let name = format!("refs/heads/{branch}");
        if picks.is_empty() || repository.tracking_ref(remote, &name).is_none() {
            continue;
        }
        let Some(own) = repository.ref_target(&name)? else {
            continue;
        };
        let Some(own) = ObjectId::from_hex(&own) else {
            continue;
        };
        let without = repository.lacking(&picks, &theirs)?;
        let without: Vec<ObjectId> = without.into_iter().collect();
        let gone = repository.lacking(&without, &[own])?.len();
        if without.len() > gone {
            found.push((branch.clone(), without.len() - gone));
        }
    }
    Ok(found)
}
