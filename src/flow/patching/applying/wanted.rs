//! What is wanted of an apply.

use std::path::PathBuf;

use crate::model::{BranchName, Timestamp};
use crate::patch::RequestId;
use crate::patch::sequence::OnConflict;
use crate::release::commit::Person;

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

/// A commit that is named as the resolution of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The commit.
    pub commit: String,
    /// What it may change.
    pub may: MayChange,
}

/// What a resolution may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayChange {
    /// What is in conflict, and what the pick changes.
    Own,
    /// Whatever it does: somebody has said so.
    Anything,
}

/// How an apply that has stopped goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The conflict is resolved: by this commit, else in the work tree that was
    /// made for it, else by a commit on the branch.
    Continue(Option<Named>),
    /// The request that does not apply is left out.
    Skip,
    /// Nothing of it is done.
    Abort,
}
