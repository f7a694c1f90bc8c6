//! What happens behind the move of a branch: its work tree follows, notes are
//! copied. Written down before, so that a killed run is completed.

use super::journal::{self, Journal, Moving};
use super::{ApplyError, Shop, Step, Steps};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::model::{BranchName, Finding};
use crate::sys::git::{Author, BranchPlace, FollowError, Following, UserGit};

/// Completes what a killed run has left. To be called by whoever works on
/// branches.
pub fn recover(shop: &Shop<'_>) -> Result<(), FlowError> {
    let repository = &shop.workspace.repository;
    if !journal::path(repository).exists() {
        return Ok(());
    }
    let _lock = super::lock(repository)?;
    recover_locked(shop, &mut |_| Ok(())).map(drop)
}

/// Completes or forgets a move that was written down; returns the branch of an
/// apply that is over now.
pub(super) fn recover_locked(
    shop: &Shop<'_>,
    steps: Steps<'_>,
) -> Result<Option<BranchName>, FlowError> {
    let repository = &shop.workspace.repository;
    let read = Journal::read(repository).map_err(PatchingError::from)?;
    let Some(mut journal) = read else {
        return Ok(None);
    };
    if let Some(moving) = &journal.moving {
        let found = repository.ref_target(&moving.reference)?;
        let arrived = match &found {
            Some(at) => repository.is_ancestor(&moving.new, at)?,
            None => false,
        };
        if arrived {
            complete(shop, &mut journal, steps)?;
            return Ok(Some(journal.onto));
        }
        journal.moving = None;
        journal.write(repository)?;
    }
    // Killed before anything happened: there is nothing to wait for.
    if journal.stopped.is_none() && journal.stand_ins.is_empty() && journal.skipped.is_empty() {
        journal::remove(repository)?;
    }
    Ok(None)
}

/// Finds the work tree that has the branch, and whether it can follow.
pub(super) fn follower(
    shop: &Shop<'_>,
    mut moving: Moving,
) -> Result<Result<Moving, Finding>, FlowError> {
    let repository = &shop.workspace.repository;
    let branch = moving.reference.strip_prefix("refs/heads/");
    let branch = branch.unwrap_or(&moving.reference).to_owned();
    let there = match repository.branch_place(&branch)? {
        BranchPlace::Nowhere => None,
        BranchPlace::Here => repository.work_tree_at(repository.top()),
        BranchPlace::Elsewhere(path) => repository.work_tree_at(&path),
    };
    let Some(there) = there else {
        return Ok(Ok(moving));
    };
    let git = UserGit::new(&there, shop.environment);
    let old = moving.old.clone().unwrap_or_default();
    let found = git.can_follow(&old, &moving.new).map_err(follow)?;
    let place = there.top().display().to_string();
    let place = place.trim_end_matches('/');
    match found {
        Following::Free => {
            moving.git_dir = Some(there.own_git_dir());
            Ok(Ok(moving))
        }
        Following::Locked => {
            let path = there.index_lock();
            Err(PatchingError::from(ApplyError::IndexLocked { path }).into())
        }
        Following::Changed(paths) => {
            let shown = match paths.is_empty() {
                true => "it".to_owned(),
                false => paths.join(", "),
            };
            let message = format!("{branch} is checked out in {place}, where {shown} is changed");
            let fix = "commit or git stash it there, or git switch to another branch";
            Ok(Err(
                Finding::error("dirty-work-tree", branch, message).fix(fix)
            ))
        }
    }
}

/// Lets the work tree follow, copies notes, and forgets the journal.
pub(super) fn complete(
    shop: &Shop<'_>,
    journal: &mut Journal,
    steps: Steps<'_>,
) -> Result<(), FlowError> {
    let repository = &shop.workspace.repository;
    if let Some(moving) = journal.moving.clone() {
        if let (Some(git_dir), Some(old)) = (&moving.git_dir, &moving.old)
            && let Some(there) = repository.work_tree_at(git_dir)
            && there
                .branch_of_head()?
                .map(|name| format!("refs/heads/{name}"))
                == Some(moving.reference.clone())
        {
            let git = UserGit::new(&there, shop.environment);
            match git.follow(old, &moving.new).map_err(follow)? {
                Following::Free => {}
                Following::Locked => {
                    let path = there.index_lock();
                    return Err(PatchingError::from(ApplyError::IndexLocked { path }).into());
                }
                Following::Changed(paths) => {
                    let commit = moving.new.clone();
                    return Err(PatchingError::from(ApplyError::Behind { commit, paths }).into());
                }
            }
        }
        steps(Step::WorkTree).map_err(PatchingError::from)?;
        let git = UserGit::new(repository, shop.environment);
        let at = repository.commit(&moving.new)?;
        let facts = repository.commit_facts(&at.id)?;
        let by = Author {
            name: &facts.committer.name,
            email: &facts.committer.email,
            date: at.committed,
        };
        git.copy_notes(&moving.notes, by)?;
        steps(Step::Notes).map_err(PatchingError::from)?;
    }
    journal::remove(repository)?;
    Ok(())
}

fn follow(error: FollowError) -> FlowError {
    PatchingError::from(ApplyError::from(error)).into()
}
