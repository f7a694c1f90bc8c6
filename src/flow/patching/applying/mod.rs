//! `patch apply`: approved requests onto their branch, in the order of the main
//! branch's history.
//!
//! Everything is computed in memory first. Then the branch and the ledger move
//! in one transaction, and the work tree that has the branch follows. A
//! conflict moves nothing: what is known is written down, and going on computes
//! all of it again, on the branch and by the decisions as they are then.

mod advice;
mod finishing;
pub mod journal;
mod judging;
mod parting;

use std::path::PathBuf;

use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Listener, Timestamp};
use crate::patch::entry::Picked;
use crate::patch::sequence::{OnConflict, Sequence, Stop, sequence};
use crate::patch::{Event, RequestId};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::files::{FileError, Lock};
use crate::sys::git::{
    Author, CommitError, FollowError, GitError, RefUpdate, RefsError, Repository, Resolution,
    ResolveError, Signs, UserGit, UserGitError,
};

pub use advice::{Advice, Earlier};
pub use finishing::recover;
use journal::{Journal, Stopped};
use judging::{Judged, Place};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The branch.
    pub onto: BranchName,
    /// The requests; empty: all that may go.
    pub requests: Vec<RequestId>,
    /// The command that says whether the branch is green, instead of the
    /// configured one.
    pub require_green: Option<String>,
    /// What becomes of a request that does not apply.
    pub on_conflict: OnConflict,
    /// Where a work tree is made for a conflict.
    pub resolve_in: Option<PathBuf>,
    /// Whether anything is written.
    pub extent: Extent,
    /// Who picks.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Only say what would be done.
    Plan,
    /// Do it.
    Write,
}

/// How an apply that has stopped goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The conflict is resolved: by this commit, else in the work tree that was
    /// made for it, else by a commit on the branch.
    Continue(Option<String>),
    /// The request that does not apply is left out.
    Skip,
    /// Nothing of it is done.
    Abort,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The branch.
    pub onto: BranchName,
    /// Its newest commit before.
    pub from: Option<String>,
    /// Its newest commit after, as far as it is known.
    pub to: Option<String>,
    /// What became of each request, in order.
    pub requests: Vec<Line>,
    /// The conflict that it waits at, and what would make it apply.
    pub stop: Option<Stopping>,
    /// What is refused, and what was set aside.
    pub findings: Vec<Finding>,
    /// How it ended.
    pub ending: Ending,
}

/// How an apply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// This would be done.
    Planned,
    /// It is done.
    Done,
    /// There was nothing to do.
    Unchanged,
    /// It is refused; nothing has happened.
    Refused,
    /// It waits for the resolution of a conflict.
    Stopped,
    /// It was given up.
    Aborted,
}

/// A conflict, and what would make it apply.
#[derive(Debug, Clone)]
pub struct Stopping {
    /// The request.
    pub request: RequestId,
    /// The commit that does not apply.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// The paths that both sides changed.
    pub paths: Vec<String>,
    /// What would make it apply; none: that was said when it stopped.
    pub advice: Option<Advice>,
    /// The work tree that was made for it.
    pub directory: Option<PathBuf>,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub struct Line {
    /// The request.
    pub id: RequestId,
    /// What it is.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// What its commits became; in a plan only those that are there already
    /// have a name.
    pub commits: Vec<Picked>,
    /// Why it stays.
    pub why: Vec<Finding>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is on the branch, or would be.
    Goes,
    /// It changes nothing there.
    Nothing,
    /// It was on the branch, picked by hand.
    Found,
    /// It stays.
    Stays,
    /// It does not apply.
    Conflicts,
    /// It waits behind one that does not apply.
    Waits,
    /// It is skipped.
    Skipped,
}

/// Why an apply did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Another debcut works here.
    #[error("another debcut works in this repository (it holds {})", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// Another git has the index, or one that was killed has left its lock.
    #[error("another git works in this repository (it holds {})", path.display())]
    IndexLocked {
        /// The lock.
        path: PathBuf,
    },
    /// Nothing has stopped.
    #[error("no apply has stopped here")]
    NothingStopped,
    /// The journal cannot be read.
    #[error("the note {} of an interrupted run cannot be read", path.display())]
    Journal {
        /// The note.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// The branch is moved, and the work tree does not follow yet.
    #[error("the branch is at {commit}, but the work tree does not follow: {} changed there", paths.join(", "))]
    Behind {
        /// The commit.
        commit: String,
        /// The files that are in the way.
        paths: Vec<String>,
    },
    /// Others move the refs all the time.
    #[error("{name} is moved by others again and again")]
    Moved {
        /// The ref.
        name: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The user's git did not do its part.
    #[error(transparent)]
    User(#[from] UserGitError),
    /// A pick was not written, or not signed.
    #[error("a pick is not written")]
    Commit(#[from] CommitError),
    /// Refs were not moved.
    #[error(transparent)]
    Refs(#[from] RefsError),
    /// The work tree did not say whether it can follow.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// There is no work tree for a conflict.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A test stops here.
    #[cfg(test)]
    #[error("killed")]
    Killed,
}

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

/// How often it is computed again when others move the branch or the ledger
/// meanwhile.
const TRIES: u32 = 20;

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
            shop.resolve_in(&mut known, stopped, directory)?;
        }
        return Ok(still_stopped(shop, &known)?);
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
                && let Some(refused) = shop.resolved(&mut journal, stopped, commit.as_deref())?
            {
                let mut outcome = still_stopped(shop, &journal)?;
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
        journal::remove(repository)
            .map_err(ApplyError::from)
            .map_err(PatchingError::from)?;
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

impl Outcome {
    fn of(onto: &BranchName, ending: Ending) -> Self {
        Self {
            onto: onto.clone(),
            from: None,
            to: None,
            requests: Vec::new(),
            stop: None,
            findings: Vec::new(),
            ending,
        }
    }
}

/// Says again where an apply has stopped.
fn still_stopped(shop: &Shop<'_>, journal: &Journal) -> Result<Outcome, GitError> {
    let mut outcome = Outcome::of(&journal.onto, Ending::Stopped);
    if let Some(stopped) = &journal.stopped {
        outcome.stop = Some(Stopping {
            request: stopped.request.clone(),
            commit: stopped.commit.clone(),
            subject: shop.workspace.repository.commit(&stopped.commit)?.subject,
            paths: stopped.paths.clone(),
            advice: None,
            directory: stopped.directory.clone(),
        });
        let subject = stopped.request.as_str();
        let message = format!(
            "an apply onto {} waits here for the resolution of a conflict",
            journal.onto
        );
        let fix = "debcut patch apply --continue, --skip or --abort";
        outcome.findings = vec![Finding::error("apply-stopped", subject, message).fix(fix)];
    }
    Ok(outcome)
}

impl Shop<'_> {
    /// Computes everything, and does it unless something stands against it;
    /// again, when others were faster.
    fn run(
        &self,
        journal: &mut Journal,
        wanted: &Wanted,
        steps: Steps<'_>,
    ) -> Result<Outcome, FlowError> {
        let mut name = String::new();
        for _ in 0..TRIES {
            match self.once(journal, wanted, steps)? {
                Once::Ended(outcome) => return Ok(*outcome),
                Once::Again => {}
                Once::Moved(moved) => name = moved,
            }
        }
        Err(PatchingError::from(ApplyError::Moved { name }).into())
    }

    fn once(
        &self,
        journal: &mut Journal,
        wanted: &Wanted,
        steps: Steps<'_>,
    ) -> Result<Once, FlowError> {
        let repository = &self.workspace.repository;
        let ledger = Ledger::read(repository, self.environment)?;
        let place = Place::of(self.workspace, &journal.onto)?;
        let batch = Wanted {
            requests: journal.requests.clone(),
            ..wanted.clone()
        };
        let judged = judging::judged(self, &ledger, &place, &batch)?;
        let parts = parting::parts(repository, &place, &judged, journal)?;
        let mut outcome = Outcome::of(&journal.onto, Ending::Refused);
        outcome.from = Some(place.line.head.to_string());
        outcome.findings = judged.overridden.clone();
        if !wanted.requests.is_empty() {
            // What was named and cannot go is worth a no; what is there already
            // is not.
            let refused = judged.refused();
            if !refused.is_empty() {
                outcome.findings.extend(refused);
                parting::staying(&mut outcome, &judged);
                return Ok(Once::Ended(Box::new(outcome)));
            }
        }
        if journal.requests.is_empty() {
            // What is approved while a conflict waits does not join.
            let going = judged.going.iter();
            journal.requests = going.map(|one| one.request.id.clone()).collect();
        }
        let memory = repository.in_memory()?;
        let tried = match wanted.extent {
            Extent::Plan => &memory,
            Extent::Write => repository,
        };
        let tree = repository.commit(&place.line.head.to_string())?.tree;
        let mut graft = |commit: &str, tree: &str| tried.graft(commit, tree);
        let found = sequence(&parts, &tree, wanted.on_conflict, &mut graft)?;
        if let Some(stop) = &found.stop {
            let advice = advice::advice(&memory, &place, &parts, stop, &ledger.queue)?;
            parting::planned(&mut outcome, &judged, journal, &found);
            return self.stop(
                journal,
                wanted,
                steps,
                &place,
                &found,
                (stop, advice),
                outcome,
            );
        }
        if wanted.extent == Extent::Plan {
            parting::planned(&mut outcome, &judged, journal, &found);
            outcome.ending = Ending::Planned;
            return Ok(Once::Ended(Box::new(outcome)));
        }
        self.finish(
            journal, wanted, steps, ledger, &place, &judged, &found, outcome,
        )
    }

    /// Writes down where it stops.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are one moment's whole picture"
    )]
    fn stop(
        &self,
        journal: &mut Journal,
        wanted: &Wanted,
        steps: Steps<'_>,
        place: &Place,
        found: &Sequence,
        (stop, advice): (&Stop, Advice),
        mut outcome: Outcome,
    ) -> Result<Once, FlowError> {
        let repository = &self.workspace.repository;
        let request = stop.begun.request.clone();
        let message = format!(
            "{} does not apply: both sides changed {}",
            &stop.commit[..12],
            stop.paths.join(", ")
        );
        let fix = parting::ways_out(&advice, wanted);
        outcome
            .findings
            .push(Finding::error("conflict", request.as_str(), message).fix(fix));
        outcome.stop = Some(Stopping {
            request: request.clone(),
            commit: stop.commit.clone(),
            subject: repository.commit(&stop.commit)?.subject,
            paths: stop.paths.clone(),
            advice: Some(advice),
            directory: None,
        });
        if wanted.extent == Extent::Plan {
            outcome.ending = Ending::Refused;
            return Ok(Once::Ended(Box::new(outcome)));
        }
        // Only a base to resolve on: these are not the picks that stay.
        let git = UserGit::new(repository, self.environment);
        let mut base = place.line.head.to_string();
        let begun = std::iter::once(&stop.begun);
        for gone in found.gone.iter().chain(begun) {
            parting::write(git, gone, &mut base, wanted, Signs::No)?;
        }
        let stopped = Stopped {
            request,
            commit: stop.commit.clone(),
            base,
            paths: stop.paths.clone(),
            directory: None,
        };
        journal.stopped = Some(stopped.clone());
        journal.write(repository)?;
        steps(Step::Stopped).map_err(PatchingError::from)?;
        if let Some(directory) = &wanted.resolve_in {
            if self.resolve_in(journal, stopped, directory)? == Resolving::Resolved {
                return Ok(Once::Again);
            }
            if let Some(stop) = &mut outcome.stop {
                stop.directory = Some(directory.clone());
            }
        }
        outcome.ending = Ending::Stopped;
        Ok(Once::Ended(Box::new(outcome)))
    }

    /// Makes a work tree for a conflict. Where git's own merge finds a way, it
    /// is taken.
    fn resolve_in(
        &self,
        journal: &mut Journal,
        mut stopped: Stopped,
        directory: &std::path::Path,
    ) -> Result<Resolving, FlowError> {
        let repository = &self.workspace.repository;
        let git = UserGit::new(repository, self.environment);
        let (parents, _) = repository.parents_and_message(&stopped.commit)?;
        let begun =
            git.begin_resolving(directory, &stopped.base, &stopped.commit, parents.len() > 1);
        begun
            .map_err(ApplyError::from)
            .map_err(PatchingError::from)?;
        stopped.directory = Some(directory.to_owned());
        journal.stopped = Some(stopped.clone());
        journal.write(repository)?;
        let (refused, known) = (
            self.resolved(journal, &stopped, None)?,
            journal.stand_ins.len(),
        );
        if refused.is_some() || known == 0 || !journal.stand_ins.contains_key(&stopped.commit) {
            return Ok(Resolving::Begun);
        }
        self.listener.note(format!(
            "git's own merge puts {} where it belongs",
            &stopped.commit[..12]
        ));
        journal.stopped = None;
        journal.write(repository)?;
        git.end_resolving(directory)?;
        Ok(Resolving::Resolved)
    }

    /// Takes over how a conflict was resolved; none: it is, or somebody else
    /// has put the commit onto the branch.
    fn resolved(
        &self,
        journal: &mut Journal,
        stopped: &Stopped,
        commit: Option<&str>,
    ) -> Result<Option<Finding>, FlowError> {
        let repository = &self.workspace.repository;
        let stand_in = match (commit, &stopped.directory) {
            (Some(commit), _) => repository.commit(commit)?.id,
            (None, None) => return Ok(None),
            (None, Some(directory)) => {
                let git = UserGit::new(repository, self.environment);
                let who = Person {
                    name: "debcut".to_owned(),
                    email: "debcut@localhost".to_owned(),
                };
                let author = Author {
                    name: &who.name,
                    email: &who.email,
                    date: repository.commit(&stopped.base)?.committed,
                };
                let found = git.resolved(directory, &stopped.base, author);
                let found = found
                    .map_err(ApplyError::from)
                    .map_err(PatchingError::from)?;
                let subject = stopped.request.as_str();
                let place = directory.display();
                match found {
                    Resolution::Commit(commit) => commit,
                    Resolution::Unmerged(paths) => {
                        let message =
                            format!("{} in {place} are not resolved yet", paths.join(", "));
                        let fix = format!("edit them, git -C {place} add them, then --continue");
                        return Ok(Some(
                            Finding::error("unresolved", subject, message).fix(fix),
                        ));
                    }
                    Resolution::Untouched => {
                        let message = format!("nothing of the change is left in {place}");
                        let fix = format!(
                            "--skip leaves the request out; git -C {place} commit --allow-empty says that it changes nothing"
                        );
                        return Ok(Some(
                            Finding::error("unresolved", subject, message).fix(fix),
                        ));
                    }
                    Resolution::Gone => {
                        let message = format!("the work tree {place} is gone");
                        let fix = "--abort, then begin again; --resolution COMMIT takes a commit of yours";
                        return Ok(Some(
                            Finding::error("unresolved", subject, message).fix(fix),
                        ));
                    }
                }
            }
        };
        journal.stand_ins.insert(stopped.commit.clone(), stand_in);
        Ok(None)
    }

    /// Moves branch and ledger, and all that follows.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are one moment's whole picture"
    )]
    fn finish(
        &self,
        journal: &mut Journal,
        wanted: &Wanted,
        steps: Steps<'_>,
        mut ledger: Ledger<'_>,
        place: &Place,
        judged: &Judged,
        found: &Sequence,
        mut outcome: Outcome,
    ) -> Result<Once, FlowError> {
        let repository = &self.workspace.repository;
        let git = UserGit::new(repository, self.environment);
        let signs = git
            .signs()
            .map_err(ApplyError::from)
            .map_err(PatchingError::from)?;
        let mut head = place.line.head.to_string();
        let mut events = Vec::new();
        for one in &judged.found {
            let commits = one.facts.landed.clone().unwrap_or_default();
            let request = one.request.id.clone();
            events.push(Event::Applied { request, commits });
        }
        let mut written = Vec::new();
        for gone in &found.gone {
            let commits = parting::write(git, gone, &mut head, wanted, signs)?;
            let request = gone.request.clone();
            written.push((request.clone(), commits.clone()));
            events.push(Event::Applied { request, commits });
        }
        steps(Step::Commits).map_err(PatchingError::from)?;
        parting::done(&mut outcome, judged, journal, found, &written);
        outcome.to = Some(head.clone());
        if events.is_empty() {
            outcome.ending = Ending::Unchanged;
            if journal.stopped.is_none() {
                journal::remove(repository)?;
            }
            return Ok(Once::Ended(Box::new(outcome)));
        }
        let mut updates = Vec::new();
        let moves = head != place.line.head.to_string();
        if moves {
            let notes = written.iter().flat_map(|(_, commits)| commits);
            let notes = notes.filter_map(|one| Some((one.from.clone(), one.to.clone()?)));
            let moving = journal::Moving {
                reference: place.reference.clone(),
                old: place.local.clone(),
                new: head.clone(),
                git_dir: None,
                notes: notes.collect(),
            };
            let moving = match finishing::follower(self, moving)? {
                Ok(moving) => moving,
                Err(finding) => {
                    outcome.findings.push(finding);
                    outcome.ending = Ending::Refused;
                    outcome.to = None;
                    parting::undone(&mut outcome);
                    return Ok(Once::Ended(Box::new(outcome)));
                }
            };
            updates.push(RefUpdate {
                name: moving.reference.clone(),
                from: moving.old.clone(),
                to: moving.new.clone(),
            });
            journal.moving = Some(moving);
            journal.write(repository)?;
        }
        steps(Step::Journal).map_err(PatchingError::from)?;
        let summary = parting::summary(&outcome);
        updates.extend(ledger.stage(events, &wanted.by, wanted.at, &summary)?);
        if let Err(error) = git.update_refs(&updates, "debcut: apply requests") {
            journal.moving = None;
            match journal.stopped.is_some() || !journal.stand_ins.is_empty() {
                true => journal.write(repository)?,
                false => journal::remove(repository)?,
            }
            return match error {
                RefsError::Moved { name, .. } => Ok(Once::Moved(name)),
                error => Err(PatchingError::from(ApplyError::from(error)).into()),
            };
        }
        steps(Step::Refs).map_err(PatchingError::from)?;
        finishing::complete(self, journal, steps)?;
        outcome.ending = Ending::Done;
        Ok(Once::Ended(Box::new(outcome)))
    }
}

/// What one try came to.
enum Once {
    /// It ended so.
    Ended(Box<Outcome>),
    /// A conflict was resolved on the way.
    Again,
    /// Somebody else has moved this ref meanwhile.
    Moved(String),
}

/// What became of a work tree for a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolving {
    /// It waits.
    Begun,
    /// There is nothing to resolve.
    Resolved,
}

fn lock(repository: &Repository) -> Result<Lock, PatchingError> {
    let taken = repository.own_lock().map_err(ApplyError::from)?;
    let path = repository.own_lock_path();
    Ok(taken.ok_or(ApplyError::Busy { path })?)
}

#[cfg(test)]
mod tests;
