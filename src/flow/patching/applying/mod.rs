//! `patch apply`: approved requests onto their branch, in the order of the main
//! branch's history.
//!
//! Everything is computed in memory first. Then the branch and the ledger move
//! in one transaction, and the work tree that has the branch follows. A
//! conflict moves nothing: what is known is written down, and going on computes
//! all of it again, on the branch and by the decisions as they are then.

mod advice;
mod error;
mod finishing;
pub mod journal;
mod judging;
mod moving;
mod outcome;
mod parting;
mod running;
mod stopping;
mod trying;
mod wanted;

use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Listener};
use crate::sys::environment::Environment;
use crate::sys::files::Lock;
use crate::sys::git::{Repository, UserGit};

pub use advice::{Advice, Earlier};
pub use error::ApplyError;
pub use finishing::recover;
use journal::Journal;
use outcome::still_stopped;
pub use outcome::{Ending, Fate, Line, Outcome, Stopping};
use running::Run;
pub use trying::{behind, going};
pub use wanted::{Extent, MayChange, Named, Wanted, Way};

/// What has just been done; a test stops there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The commits are written; nothing points at them.
    Commits,
    /// The journal says what is about to happen.
    Journal,
    /// Branch and ledger are moved.
    Refs,
    /// The work tree has followed.
    WorkTree,
    /// Notes are copied.
    Notes,
    /// A conflict is written down.
    Stopped,
}

/// Says whether to go on after a step.
pub(crate) type Steps<'a> = &'a mut dyn FnMut(Step) -> Result<(), ApplyError>;

/// Who works, and with what.
pub struct Shop<'a> {
    /// The repository with its configuration.
    pub workspace: &'a Workspace,
    /// The user's environment.
    pub environment: &'a Environment,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Puts requests onto their branch.
pub fn begin(shop: &Shop<'_>, wanted: &Wanted) -> Result<Outcome, FlowError> {
    begin_in_steps(shop, wanted, &mut |_| Ok(()))
}

pub(crate) fn begin_in_steps(
    shop: &Shop<'_>,
    wanted: &Wanted,
    steps: Steps<'_>,
) -> Result<Outcome, FlowError> {
    let mut journal = Journal::new(wanted.onto.clone(), wanted.requests.clone());
    if wanted.extent == Extent::Plan {
        return shop.run(&mut journal, wanted, steps);
    }
    let repository = &shop.workspace.repository;
    let _lock = lock(repository)?;
    finishing::recover_locked(shop, steps)?;
    if let Some(mut known) = Journal::read(repository).map_err(PatchingError::from)? {
        if known.stopped.is_none() {
            // Killed while it went on behind a conflict.
            return shop.run(&mut known, wanted, steps);
        }
        if let (Some(directory), Some(stopped)) = (&wanted.resolve_in, known.stopped.clone())
            && stopped.directory.is_none()
        {
            stopping::resolve_in(shop, &mut known, stopped, directory)?;
        }
        return Ok(still_stopped(repository, &known)?);
    }
    shop.run(&mut journal, wanted, steps)
}

/// Goes on with an apply that has stopped, or gives it up.
pub fn go_on(shop: &Shop<'_>, way: &Way, wanted: &Wanted) -> Result<Outcome, FlowError> {
    go_on_in_steps(shop, way, wanted, &mut |_| Ok(()))
}

/// Returns the branch of the apply that has stopped.
pub fn stopped_on(repository: &Repository) -> Result<Option<BranchName>, FlowError> {
    let known = Journal::read(repository).map_err(PatchingError::from)?;
    Ok(known.map(|known| known.onto))
}

/// Says that an apply onto a branch waits at a conflict, as a clause; none: none
/// does.
pub fn waits_on(repository: &Repository, branch: &BranchName) -> Result<Option<String>, FlowError> {
    let known = Journal::read(repository).map_err(PatchingError::from)?;
    let known = known.filter(|known| known.onto == *branch);
    let stopped = known.and_then(|known| known.stopped);
    Ok(stopped.map(|stopped| {
        let paths = stopped.paths.join(", ");
        format!(
            "the apply of {} waits at a conflict in {paths}",
            stopped.request
        )
    }))
}

pub(crate) fn go_on_in_steps(
    shop: &Shop<'_>,
    way: &Way,
    wanted: &Wanted,
    steps: Steps<'_>,
) -> Result<Outcome, FlowError> {
    let repository = &shop.workspace.repository;
    let _lock = lock(repository)?;
    let finished = finishing::recover_locked(shop, steps)?;
    let known = Journal::read(repository).map_err(PatchingError::from)?;
    let Some(mut journal) = known else {
        // A run that was killed behind its end has been completed just now.
        return match (finished, way) {
            (Some(onto), Way::Continue(_)) => Ok(Outcome::of(&onto, Ending::Done)),
            _ => Err(PatchingError::from(ApplyError::NothingStopped).into()),
        };
    };
    let stopped = journal.stopped.clone();
    match way {
        Way::Abort => {}
        Way::Skip => {
            if let Some(stopped) = &stopped {
                journal.skipped.push(stopped.request.clone());
            }
        }
        Way::Continue(commit) => {
            if let Some(stopped) = &stopped
                && let Some(refused) =
                    stopping::resolved(shop, &mut journal, stopped, commit.as_ref())?
            {
                let mut outcome = still_stopped(repository, &journal)?;
                outcome.findings = vec![refused];
                return Ok(outcome);
            }
        }
    }
    if wanted.extent == Extent::Plan {
        if *way == Way::Abort {
            return Ok(Outcome::of(&journal.onto, Ending::Planned));
        }
        journal.stopped = None;
        return shop.run(&mut journal, wanted, steps);
    }
    let git = UserGit::new(repository, shop.environment);
    if *way == Way::Abort {
        journal::remove(repository)?;
    } else {
        journal.stopped = None;
        journal.write(repository)?;
    }
    if let Some(directory) = stopped.and_then(|stopped| stopped.directory)
        && !git.end_resolving(&directory)?
    {
        shop.listener.warn(format!(
            "{} holds files that git does not know, and stays: git worktree remove --force {0} when they are not needed",
            directory.display()
        ));
    }
    match way {
        Way::Abort => Ok(Outcome::of(&journal.onto, Ending::Aborted)),
        _ => shop.run(&mut journal, wanted, steps),
    }
}

impl Shop<'_> {
    fn run(
        &self,
        journal: &mut Journal,
        wanted: &Wanted,
        steps: Steps<'_>,
    ) -> Result<Outcome, FlowError> {
        let run = Run {
            shop: self,
            journal,
            wanted,
            steps,
        };
        run.whole()
    }
}

/// Takes an error of the layer below for one of an apply.
fn failed(error: impl Into<ApplyError>) -> PatchingError {
    error.into().into()
}

fn lock(repository: &Repository) -> Result<Lock, PatchingError> {
    let taken = repository.own_lock().map_err(failed)?;
    let path = repository.own_lock_path();
    Ok(taken.ok_or(ApplyError::Busy { path })?)
}

#[cfg(test)]
mod tests;
