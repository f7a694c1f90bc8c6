//! What came of an apply.

use std::path::PathBuf;

use super::advice::Advice;
use super::journal::Journal;
use crate::model::{BranchName, Finding};
use crate::patch::RequestId;
use crate::patch::entry::Picked;
use crate::sys::git::{GitError, Repository};

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

impl Outcome {
    /// Makes one of which nothing else is known.
    pub(super) fn of(onto: &BranchName, ending: Ending) -> Self {
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
pub(super) fn still_stopped(
    repository: &Repository,
    journal: &Journal,
) -> Result<Outcome, GitError> {
    let mut outcome = Outcome::of(&journal.onto, Ending::Stopped);
    if let Some(stopped) = &journal.stopped {
        outcome.stop = Some(Stopping {
            request: stopped.request.clone(),
            commit: stopped.commit.clone(),
            subject: repository.commit(&stopped.commit)?.subject,
            paths: stopped.paths.clone(),
            advice: None,
            directory: stopped.directory.clone(),
        });
        let subject = stopped.request.as_str();
        let message = format!(
            "an apply onto {} waits here for the resolution of a conflict",
            journal.onto
        );
        let fix = match &stopped.directory {
            Some(_) => "debcut patch apply --continue, --skip or --abort",
            None => "debcut patch apply --resolve-in DIR, --continue, --skip or --abort",
        };
        outcome.findings = vec![Finding::error("apply-stopped", subject, message).fix(fix)];
    }
    Ok(outcome)
}
