//! Makes the release commit: objects first, then the branch, then the work
//! tree, with a note of the intent, so that running again completes it.
//!
//! 1. Blobs, tree and commit are written; nothing points at them.
//! 2. A journal says what is about to happen.
//! 3. The branch is put at the commit, if it is still where the plan saw it.
//!    Until here nothing has happened; from here on the release is prepared.
//! 4. Files and index entries of the release, and no others, follow where the
//!    branch is checked out and nobody has changed them.
//! 5. The journal is removed.
//!
//! Killed before 3, there is nothing to do; killed after it, [`recover`] does
//! the rest. Hooks of the repository are not run: the commit is decided, and
//! was shown, before it is made.

mod journal;
mod work_tree;

use std::path::PathBuf;

use super::plan::{Advance, PreparePlan};
use crate::sys::environment::Environment;
use crate::sys::files::{FileError, Lock};
use crate::sys::git::{
    Author, CommitError, GitError, NewCommit, PlacedBlob, RefUpdate, RefsError, Repository,
    UserGit, UserGitError,
};
use journal::{Journal, JournalFile};

/// The commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Its id.
    pub commit: String,
    /// Files of the release that somebody changed while it was made; they are
    /// left as they are in the work tree.
    pub left: Vec<String>,
}

/// What an interrupted run had left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing: no run was interrupted.
    Nothing,
    /// It had changed nothing; its note was dropped.
    Dropped,
    /// Its commit was made; the rest is done now.
    Completed(Prepared),
}

/// Why the release commit was not made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Another debcut prepares or tags in this repository.
    #[error("another debcut works in this repository (it holds {})", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// Another git writes the index, or one that was killed has left its lock.
    #[error("another git works in this repository (it holds {})", path.display())]
    IndexLocked {
        /// The lock.
        path: PathBuf,
    },
    /// The file is not as it was when the release was planned.
    #[error("{path} has changed since the release was planned")]
    Changed {
        /// The file.
        path: String,
    },
    /// The filters of `.gitattributes` do not give back what they are given.
    #[error("{path} would be changed by its own filter: see .gitattributes")]
    Filter {
        /// The file.
        path: String,
    },
    /// The branch has moved; nothing was changed.
    #[error("the branch has moved since the release was planned")]
    Moved(#[source] RefsError),
    /// An interrupted run has left a branch that it cannot make sense of.
    #[error(
        "a release was being prepared on {reference}, from {old} to {new}, but it is at {found}; \
         remove {} once the work tree is as it should be", journal.display()
    )]
    Elsewhere {
        /// The ref.
        reference: String,
        /// Where it was.
        old: String,
        /// Where the interrupted run put it.
        new: String,
        /// Where it is.
        found: String,
        /// The note of the interrupted run.
        journal: PathBuf,
    },
    /// The commit is made, its files are not all in the work tree; running
    /// again completes it.
    #[error("the release commit {commit} is made, but the work tree does not follow yet")]
    Unfinished {
        /// The commit.
        commit: String,
        /// What went wrong.
        #[source]
        source: Box<PrepareError>,
    },
    /// The note of an interrupted run cannot be read.
    #[error("the note {} of an interrupted run cannot be read", path.display())]
    Journal {
        /// The note.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
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
    /// The commit was not written, or not signed.
    #[error("the release commit is not made")]
    Commit(#[source] CommitError),
    /// The branch was not moved.
    #[error(transparent)]
    Refs(RefsError),
}

/// What has just been done; a test stops there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The objects are written.
    Objects,
    /// The journal is written.
    Journal,
    /// The branch is moved.
    Branch,
    /// A file of the work tree is written.
    File,
    /// All entries of the index are.
    Index,
}

/// Says whether to go on after a step.
pub(crate) type Steps<'a> = &'a mut dyn FnMut(Step) -> Result<(), PrepareError>;

/// Makes the commit. What an interrupted run has left is completed first.
pub fn apply(
    plan: &PreparePlan,
    repository: &Repository,
    environment: &Environment,
) -> Result<Prepared, PrepareError> {
    apply_in_steps(plan, repository, environment, &mut |_| Ok(()))
}

/// Tells whether a run was interrupted, or is under way: its note is there.
pub fn is_under_way(repository: &Repository) -> bool {
    journal::path(repository).exists()
}

/// Completes or forgets what an interrupted run has left. To be called at the
/// start of every `prepare`, `tag` and `release`.
pub fn recover(
    repository: &Repository,
    environment: &Environment,
) -> Result<Recovered, PrepareError> {
    if !journal::path(repository).exists() {
        return Ok(Recovered::Nothing);
    }
    let _lock = lock(repository)?;
    recover_locked(
        repository,
        UserGit::new(repository, environment),
        &mut |_| Ok(()),
    )
}

/// Writes the plan's files into the work tree and commits nothing
/// (`prepare --no-commit`); the index is left alone.
pub fn write_files(
    plan: &PreparePlan,
    repository: &Repository,
    environment: &Environment,
) -> Result<(), PrepareError> {
    let _lock = lock(repository)?;
    let git = UserGit::new(repository, environment);
    recover_locked(repository, git, &mut |_| Ok(()))?;
    let files = blobs(plan, repository)?;
    work_tree::check(git, repository, &files)?;
    for file in &files {
        work_tree::follow(git, repository, file)?;
    }
    Ok(())
}

pub(crate) fn apply_in_steps(
    plan: &PreparePlan,
    repository: &Repository,
    environment: &Environment,
    steps: Steps<'_>,
) -> Result<Prepared, PrepareError> {
    let git = UserGit::new(repository, environment);
    let _lock = lock(repository)?;
    recover_locked(repository, git, &mut |_| Ok(()))?;
    let follows = plan.advance == Advance::Current && !repository.is_bare();
    let files = blobs(plan, repository)?;
    if follows {
        let path = repository.index_lock();
        if path.exists() {
            return Err(PrepareError::IndexLocked { path });
        }
        work_tree::check(git, repository, &files)?;
    }
    let commit = write_commit(plan, repository, git, &files)?;
    steps(Step::Objects)?;
    let update = RefUpdate {
        name: match &plan.branch {
            Some(branch) => format!("refs/heads/{branch}"),
            None => "HEAD".to_owned(),
        },
        from: match &plan.advance {
            Advance::Current => Some(plan.parent.clone()),
            Advance::New => None,
            Advance::From(at) => Some(at.clone()),
        },
        to: commit,
    };
    let journal = Journal {
        git_dir: repository.own_git_dir(),
        reference: update.name.clone(),
        old: update.from.clone(),
        new: update.to.clone(),
        files: if follows { files } else { Vec::new() },
    };
    journal.write(repository)?;
    steps(Step::Journal)?;
    let why = "debcut: prepare a release";
    if let Err(error) = git.update_refs(std::slice::from_ref(&update), why) {
        journal::remove(repository)?;
        return Err(match error {
            RefsError::Moved { .. } => PrepareError::Moved(error),
            other => PrepareError::Refs(other),
        });
    }
    steps(Step::Branch)?;
    complete(&journal, repository, git, steps)
}

fn blobs(plan: &PreparePlan, repository: &Repository) -> Result<Vec<JournalFile>, PrepareError> {
    let files = plan.files.iter().map(|file| {
        let before = file.before.as_deref();
        Ok(JournalFile {
            path: file.path.clone(),
            before: before.map(|bytes| repository.blob_id(bytes)).transpose()?,
            after: repository.write_blob(&file.after)?,
            executable: file.executable,
        })
    });
    files.collect()
}

fn write_commit(
    plan: &PreparePlan,
    repository: &Repository,
    git: UserGit<'_>,
    files: &[JournalFile],
) -> Result<String, PrepareError> {
    let placed: Vec<PlacedBlob> = files.iter().map(JournalFile::placed).collect();
    let tree = repository.write_tree(&plan.parent, &placed)?;
    let author = Author {
        name: &plan.author.name,
        email: &plan.author.email,
        date: plan.date,
    };
    let commit = NewCommit {
        parent: &plan.parent,
        tree: &tree,
        author,
        message: &plan.message,
    };
    git.write_commit(&commit).map_err(PrepareError::Commit)
}

fn recover_locked(
    repository: &Repository,
    git: UserGit<'_>,
    steps: Steps<'_>,
) -> Result<Recovered, PrepareError> {
    let Some(journal) = Journal::read(repository)? else {
        return Ok(Recovered::Nothing);
    };
    let found = repository.ref_target(&journal.reference)?;
    let arrived = match &found {
        Some(at) => repository.is_ancestor(&journal.new, at)?,
        None => false,
    };
    if arrived {
        return Ok(Recovered::Completed(complete(
            &journal, repository, git, steps,
        )?));
    }
    // Somebody has gone on from the old place before the branch was moved: its
    // log would know if it ever was.
    let never = repository.has_been_at(&journal.reference, &journal.new)? == Some(false);
    if found == journal.old || never {
        journal::remove(repository)?;
        return Ok(Recovered::Dropped);
    }
    let shown = |id: Option<String>| id.unwrap_or_else(|| "nothing".to_owned());
    Err(PrepareError::Elsewhere {
        reference: journal.reference,
        old: shown(journal.old),
        new: journal.new,
        found: shown(found),
        journal: journal::path(repository),
    })
}

fn complete(
    journal: &Journal,
    repository: &Repository,
    git: UserGit<'_>,
    steps: Steps<'_>,
) -> Result<Prepared, PrepareError> {
    let mut work = || -> Result<Vec<String>, PrepareError> {
        let mut left = Vec::new();
        if let Some(of) = work_tree::of(journal)? {
            left = work_tree::complete(journal, &of, git, steps)?;
        }
        journal::remove(repository)?;
        Ok(left)
    };
    match work() {
        Ok(left) => Ok(Prepared {
            commit: journal.new.clone(),
            left,
        }),
        Err(source) => Err(PrepareError::Unfinished {
            commit: journal.new.clone(),
            source: Box::new(source),
        }),
    }
}

fn lock(repository: &Repository) -> Result<Lock, PrepareError> {
    repository.own_lock()?.ok_or_else(|| PrepareError::Busy {
        path: repository.own_lock_path(),
    })
}

#[cfg(test)]
mod tests;
