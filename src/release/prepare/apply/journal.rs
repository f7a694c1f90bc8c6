//! The note of what is about to happen, kept while it does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::PrepareError;
use crate::sys::files::{self, Access, FileError};
use crate::sys::git::{PlacedBlob, Repository};

/// What is about to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// The git directory of the work tree that follows.
    pub git_dir: PathBuf,
    /// The ref that is moved.
    pub reference: String,
    /// Where it is; none: it is made.
    pub old: Option<String>,
    /// The release commit.
    pub new: String,
    /// The files that follow in that work tree.
    pub files: Vec<JournalFile>,
}

/// A file that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JournalFile {
    /// Its path from the top.
    pub path: String,
    /// The blob before; none: it is new.
    pub before: Option<String>,
    /// The blob after.
    pub after: String,
    /// Whether it is executable.
    pub executable: bool,
}

impl JournalFile {
    pub(super) fn placed(&self) -> PlacedBlob {
        PlacedBlob {
            path: self.path.clone(),
            blob: self.after.clone(),
            executable: self.executable,
        }
    }
}

pub(super) fn path(repository: &Repository) -> PathBuf {
    repository.own_dir().join("prepare.json")
}

impl Journal {
    pub(super) fn write(&self, repository: &Repository) -> Result<(), FileError> {
        let text = serde_json::to_vec_pretty(self).expect("a journal has string keys");
        files::replace(&path(repository), &text, Access::Public)
    }

    pub(super) fn read(repository: &Repository) -> Result<Option<Self>, PrepareError> {
        let path = path(repository);
        let Some(text) = files::read_if_there(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|source| PrepareError::Journal { path, source })
    }
}

/// Removes the note; one that is gone is fine.
pub(super) fn remove(repository: &Repository) -> Result<(), FileError> {
    files::remove(&path(repository))
}
