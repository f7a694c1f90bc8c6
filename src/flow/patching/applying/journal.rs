//! What an apply that has not ended has done so far, kept in the repository's
//! own directory: a conflict that waits for its resolution, and refs that are
//! about to be moved.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ApplyError;
use crate::model::BranchName;
use crate::patch::RequestId;
use crate::sys::files::{self, Access, FileError};
use crate::sys::git::Repository;

/// An apply that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The branch.
    pub onto: BranchName,
    /// The requests that were to go when it began.
    pub requests: Vec<RequestId>,
    /// Those that were skipped.
    pub skipped: Vec<RequestId>,
    /// Commits whose changes are taken instead of others': resolutions.
    pub stand_ins: BTreeMap<String, String>,
    /// The conflict that it waits at.
    pub stopped: Option<Stopped>,
    /// What is about to happen, or has happened and is not complete.
    pub moving: Option<Moving>,
}

/// A conflict that waits for its resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The request.
    pub request: RequestId,
    /// The commit that does not apply.
    pub commit: String,
    /// The commit that it does not apply to, made of what goes before it.
    pub base: String,
    /// The paths that both sides changed.
    pub paths: Vec<String>,
    /// The work tree that was made for it.
    pub directory: Option<PathBuf>,
    /// The tree of its files as they were made, git's markers in them: whoever
    /// edits them makes another one.
    #[serde(default)]
    pub made: Option<String>,
}

/// A branch that is moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// The branch's ref.
    pub reference: String,
    /// Where it is; none: it is made.
    pub old: Option<String>,
    /// Where it is put.
    pub new: String,
    /// The git directory of the work tree that follows.
    pub git_dir: Option<PathBuf>,
    /// What was picked as what, whose notes are copied.
    pub notes: Vec<(String, String)>,
}

/// Returns the journal's file.
pub fn path(repository: &Repository) -> PathBuf {
    repository.own_dir().join("patch-apply.json")
}

impl Journal {
    /// Begins one.
    pub fn new(onto: BranchName, requests: Vec<RequestId>) -> Self {
        Self {
            onto,
            requests,
            skipped: Vec::new(),
            stand_ins: BTreeMap::new(),
            stopped: None,
            moving: None,
        }
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, repository: &Repository) -> Result<(), FileError> {
        let text = serde_json::to_vec_pretty(self).expect("a journal has string keys");
        files::create_dir(&repository.own_dir())?;
        files::replace(&path(repository), &text, Access::Public)
    }

    /// Reads it; none: nothing has begun.
    pub fn read(repository: &Repository) -> Result<Option<Self>, ApplyError> {
        let path = path(repository);
        let Some(text) = files::read_if_there(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|source| ApplyError::Journal { path, source })
    }
}

/// Removes the journal; one that is gone is fine.
pub fn remove(repository: &Repository) -> Result<(), FileError> {
    files::remove(&path(repository))
}
