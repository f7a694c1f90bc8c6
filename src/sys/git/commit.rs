//! Commits made object by object: nothing points at them until a ref is moved.

use std::path::Path;

use super::user::{UserGit, UserGitError, line};
use super::{Author, GitError, Repository, failed, text};

/// A blob and its place in a new tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedBlob {
    /// Its path from the top, with `/`.
    pub path: String,
    /// Its object id.
    pub blob: String,
    /// Whether git's executable bit is set.
    pub executable: bool,
}

/// A commit that is to be written, by one person as author and committer.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// The commit it stands on.
    pub parent: &'a str,
    /// Its tree.
    pub tree: &'a str,
    /// Who makes it, and when, in UTC.
    pub author: Author<'a>,
    /// Its message, written as it is.
    pub message: &'a str,
}

impl Repository {
    /// Stores a file's content as it is; returns its object id.
    pub fn write_blob(&self, content: &[u8]) -> Result<String, GitError> {
        let id = self.inner.blob(content).map_err(failed("store a file"))?;
        Ok(id.to_string())
    }

    /// Returns the id that a file's content has in this repository.
    pub fn blob_id(&self, content: &[u8]) -> Result<String, GitError> {
        let id = git2::Oid::hash_object(git2::ObjectType::Blob, content);
        Ok(id.map_err(failed("compute the id of a file"))?.to_string())
    }

    /// Stores the tree of a commit with some files replaced or added.
    pub fn write_tree(&self, of: &str, placed: &[PlacedBlob]) -> Result<String, GitError> {
        let act = || failed("store a tree");
        let tree = self.tree(&self.commit(of)?.tree)?;
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for file in placed {
            let mode = if file.executable {
                git2::FileMode::BlobExecutable
            } else {
                git2::FileMode::Blob
            };
            let id = git2::Oid::from_str(&file.blob).map_err(act())?;
            edits.upsert(file.path.as_str(), id, mode);
        }
        let id = edits.create_updated(&self.inner, &tree).map_err(act())?;
        Ok(id.to_string())
    }

    /// Tells what a path of a commit's tree is: nothing, a file with its
    /// executable bit, or something that is no file.
    pub fn file_kind(&self, commit: &str, path: &str) -> Result<FileKind, GitError> {
        let tree = self.tree(&self.commit(commit)?.tree)?;
        let found = match tree.get_path(Path::new(path)) {
            Ok(entry) => entry.filemode(),
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                return Ok(FileKind::Nothing);
            }
            Err(error) => return Err(failed(format!("look up {path}"))(error)),
        };
        Ok(match found {
            0o100755 => FileKind::Program,
            0o100644 | 0o100664 => FileKind::Plain,
            0o120000 => FileKind::Other("a symbolic link"),
            0o160000 => FileKind::Other("a submodule"),
            _ => FileKind::Other("a directory"),
        })
    }

    /// Returns the ids of a commit's parents and its message.
    pub fn parents_and_message(&self, id: &str) -> Result<(Vec<String>, String), GitError> {
        let act = || failed(format!("read the commit {id}"));
        let parsed = git2::Oid::from_str(id).map_err(act())?;
        let commit = self.inner.find_commit(parsed).map_err(act())?;
        let message = text::utf8(commit.message_raw_bytes(), &text::encoding(&commit));
        let parents = commit.parent_ids().map(|id| id.to_string());
        Ok((parents.collect(), message))
    }

    pub(super) fn write_unsigned(&self, commit: &NewCommit<'_>) -> Result<String, GitError> {
        let act = || failed("store a commit");
        let tree = self.tree(commit.tree)?;
        let id = git2::Oid::from_str(commit.parent).map_err(act())?;
        let parent = self.inner.find_commit(id).map_err(act())?;
        let Author { name, email, date } = commit.author;
        let time = git2::Time::new(date.unix(), 0);
        let who = git2::Signature::new(name, email, &time).map_err(act())?;
        let id = self
            .inner
            .commit(None, &who, &who, commit.message, &tree, &[&parent])
            .map_err(act())?;
        Ok(id.to_string())
    }
}

/// What stands at a path of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Nothing.
    Nothing,
    /// A file.
    Plain,
    /// A file with the executable bit.
    Program,
    /// This, which is no file.
    Other(&'static str),
}

/// Why a commit was not written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The repository did not take it.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The user's git did not sign it.
    #[error(transparent)]
    User(#[from] UserGitError),
}

impl UserGit<'_> {
    /// Stores a commit, signed where the user's configuration has
    /// `commit.gpgSign`. No ref is moved and no hook is run.
    pub fn write_commit(&self, commit: &NewCommit<'_>) -> Result<String, CommitError> {
        if !self.is_set("commit.gpgSign")? {
            return Ok(self.repository.write_unsigned(commit)?);
        }
        let Author { name, email, date } = commit.author;
        let moment = format!("{} +0000", date.unix());
        let tool = self
            .tool()
            .env("GIT_AUTHOR_NAME", name)
            .env("GIT_AUTHOR_EMAIL", email)
            .env("GIT_AUTHOR_DATE", &moment)
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", email)
            .env("GIT_COMMITTER_DATE", &moment)
            .args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S"])
            .args(["-p", commit.parent, "-F", "-", commit.tree])
            .input(commit.message);
        Ok(line(&self.run("sign the release commit", tool)?))
    }
}
