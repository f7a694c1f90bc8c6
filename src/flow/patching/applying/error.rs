//! Why an apply did not come to its end.

use std::path::PathBuf;

use crate::sys::files::FileError;
use crate::sys::git::{CommitError, FollowError, GitError, RefsError, ResolveError, UserGitError};

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
