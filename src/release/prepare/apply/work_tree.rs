//! The files and index entries of a release, put from before to after; whatever
//! is neither is somebody else's and stays.

use std::path::Path;

use super::journal::{Journal, JournalFile};
use super::{PrepareError, Step, Steps};
use crate::sys::files::{self, WorkFile};
use crate::sys::git::{IndexChange, IndexEntry, Repository, UserGit};

/// Checks that all files are as the plan saw them, or as it wants them, and can
/// follow.
pub(super) fn check(
    git: UserGit<'_>,
    repository: &Repository,
    files: &[JournalFile],
) -> Result<(), PrepareError> {
    for file in files {
        let path = file.path.clone();
        let (found, skipped) = match git.index_entry(&path)? {
            IndexEntry::None => (None, false),
            IndexEntry::Blob { id, skipped } => (Some(id), skipped),
            IndexEntry::Other => return Err(PrepareError::Changed { path }),
        };
        let fits =
            |found: &Option<String>| *found == file.before || found.as_ref() == Some(&file.after);
        if !fits(&found) {
            return Err(PrepareError::Changed { path });
        }
        if skipped {
            continue;
        }
        if !fits(&content(git, repository, file)?) {
            return Err(PrepareError::Changed { path });
        }
        let written = git.smudged(&path, &file.after)?;
        if repository.blob_id(&written)? != file.after
            && git.cleaned_id(&path, &written)? != file.after
        {
            return Err(PrepareError::Filter { path });
        }
    }
    Ok(())
}

/// Returns the id of the blob that a file of the work tree would be; none when
/// there is no file. What is there and is no regular file is an error: nobody
/// would want it replaced.
fn content(
    git: UserGit<'_>,
    repository: &Repository,
    file: &JournalFile,
) -> Result<Option<String>, PrepareError> {
    let path = file.path.as_str();
    let place = repository.top().join(path);
    let Ok(there) = place.symlink_metadata() else {
        return Ok(None);
    };
    if !there.is_file() || leaves(repository.top(), path) {
        let path = path.to_owned();
        return Err(PrepareError::Changed { path });
    }
    let bytes = files::read(&place)?;
    // Without a filter, as nearly always, git need not be asked.
    let id = repository.blob_id(&bytes)?;
    if id == file.after || file.before.as_ref() == Some(&id) {
        return Ok(Some(id));
    }
    Ok(Some(git.cleaned_id(path, &bytes)?))
}

/// Tells whether a directory on the way is a symbolic link, which leads out of
/// the tree.
fn leaves(top: &Path, path: &str) -> bool {
    let mut place = top.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        place.push(part);
        if parts.peek().is_some() && place.is_symlink() {
            return true;
        }
    }
    false
}

/// Replaces one file that is as it was before; tells whether it is now as it
/// should be.
pub(super) fn follow(
    git: UserGit<'_>,
    repository: &Repository,
    file: &JournalFile,
) -> Result<bool, PrepareError> {
    let place = repository.top().join(&file.path);
    let staged = files::staged_in_work_tree(&place);
    if staged.symlink_metadata().is_ok() {
        // What a run before left when it was killed.
        std::fs::remove_file(&staged).map_err(files::failed("remove", &staged))?;
    }
    let found = match content(git, repository, file) {
        Ok(found) => found,
        Err(PrepareError::Changed { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    if found.as_ref() == Some(&file.after) {
        return Ok(true);
    }
    if found != file.before {
        return Ok(false);
    }
    let kind = if file.executable {
        WorkFile::Program
    } else {
        WorkFile::Plain
    };
    let written = git.smudged(&file.path, &file.after)?;
    files::replace_in_work_tree(&place, &written, kind)?;
    Ok(true)
}

/// Opens the work tree that follows, where it still has the branch and the
/// release's files can be told from others'.
pub(super) fn of(journal: &Journal) -> Result<Option<Repository>, PrepareError> {
    if journal.files.is_empty() {
        return Ok(None);
    }
    // A work tree that is gone has nothing to follow.
    let Ok(of) = Repository::discover(&journal.git_dir) else {
        return Ok(None);
    };
    let branch = of.branch_of_head()?;
    let has_it = match journal.reference.strip_prefix("refs/heads/") {
        Some(name) => branch.as_deref() == Some(name),
        None => branch.is_none(),
    };
    Ok((has_it && !of.is_bare()).then_some(of))
}

/// Puts files and index entries to where the commit has them; returns the files
/// that somebody changed, which stay.
pub(super) fn complete(
    journal: &Journal,
    of: &Repository,
    git: UserGit<'_>,
    steps: Steps<'_>,
) -> Result<Vec<String>, PrepareError> {
    let git = git.of(of);
    let path = of.index_lock();
    if path.exists() {
        return Err(PrepareError::IndexLocked { path });
    }
    let mut left = Vec::new();
    let mut changes = Vec::new();
    let tree = of.commit("HEAD")?.tree;
    for file in &journal.files {
        // A later commit may have changed the file again; then it follows that
        // one, by whoever made it.
        let committed = of.file(&tree, &file.path)?;
        let committed = committed.map(|bytes| of.blob_id(&bytes)).transpose()?;
        if committed.as_ref() != Some(&file.after) {
            continue;
        }
        let entry = git.index_entry(&file.path)?;
        let (found, skipped) = match entry {
            IndexEntry::None => (None, false),
            IndexEntry::Blob { id, skipped } => (Some(id), skipped),
            IndexEntry::Other => {
                left.push(file.path.clone());
                continue;
            }
        };
        if !skipped && !follow(git, of, file)? {
            left.push(file.path.clone());
        }
        steps(Step::File)?;
        if found == file.before {
            changes.push(IndexChange {
                placed: file.placed(),
                skipped,
            });
        }
    }
    git.update_index(&changes)?;
    steps(Step::Index)?;
    Ok(left)
}
