//! A work tree that follows its branch when that is moved: as a fast-forward
//! merge of git's lets it follow. What the user has changed in other files, or
//! staged, stays as it is.

use std::collections::HashSet;

use super::user::{UserGit, UserGitError, line};
use super::{FileKind, GitError, IndexEntry, Repository};
use crate::sys::files;

/// Whether a work tree can follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Following {
    /// It can.
    Free,
    /// These files of it, which would change, are not as the branch has them.
    Changed(Vec<String>),
    /// Another git has its index, or one that was killed has left its lock.
    Locked,
}

impl UserGit<'_> {
    /// Lists the paths that differ between two commits.
    fn paths_between(&self, from: &str, to: &str) -> Result<Vec<String>, UserGitError> {
        let tool = self
            .tool()
            .args(["diff-tree", "-r", "-z", "--name-only", "--no-renames"])
            .args([from, to]);
        let output = self.run("compare two commits", tool)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Tells whether this work tree, which is at one commit, can follow to
    /// another one. Changes nothing.
    pub fn can_follow(&self, from: &str, to: &str) -> Result<Following, FollowError> {
        if self.repository.index_lock().exists() {
            return Ok(Following::Locked);
        }
        // git-read-tree(1): two trees, merged into the index as a switch of
        // branches would, and only tried.
        let tool = self
            .tool()
            .args(["read-tree", "-m", "-u", "--dry-run", from, to]);
        self.refresh();
        if tool.output().is_ok() {
            return Ok(Following::Free);
        }
        Ok(Following::Changed(self.in_the_way(from, to)?))
    }

    /// Lists the paths that would change and are not as one commit has them,
    /// wherever the branch is by now.
    fn in_the_way(&self, from: &str, to: &str) -> Result<Vec<String>, FollowError> {
        let tool = self
            .tool()
            .args(["diff-index", "--name-only", "-z", from, "--"]);
        let output = self.run("compare the work tree with a commit", tool)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let differing: HashSet<&str> = text.split_terminator('\0').collect();
        let mut found = Vec::new();
        for path in self.paths_between(from, to)? {
            // What git does not know stands in the place of a new file.
            let untracked = || -> Result<bool, GitError> {
                let there = self.repository.top().join(&path).symlink_metadata().is_ok();
                Ok(there && self.repository.file_kind(from, &path)? == FileKind::Nothing)
            };
            if differing.contains(path.as_str()) || untracked()? {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// Lets this work tree follow from one commit to another one. Run again
    /// after a crash, it does what is left.
    pub fn follow(&self, from: &str, to: &str) -> Result<Following, FollowError> {
        if self.repository.index_lock().exists() {
            return Ok(Following::Locked);
        }
        self.refresh();
        let tool = || self.tool().args(["read-tree", "-m", "-u", from, to]);
        if tool().output().is_ok() {
            return Ok(Following::Free);
        }
        // A run that was killed has written some files and not the index:
        // those are as they shall be, and the index may say so.
        for path in self.paths_between(from, to)? {
            self.take_over(&path, to)?;
        }
        self.refresh();
        if tool().output().is_ok() {
            return Ok(Following::Free);
        }
        match self.can_follow(from, to)? {
            Following::Free => Ok(Following::Changed(Vec::new())),
            other => Ok(other),
        }
    }

    /// Puts a path's index entry at a commit's where the file is as that has it.
    fn take_over(&self, path: &str, of: &str) -> Result<(), FollowError> {
        let tool = self.tool().args(["ls-tree", "-z", of, "--", path]);
        let listed = self.run("read a tree", tool)?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let place = self.repository.top().join(path);
        // `MODE blob ID<tab>PATH`
        let words: Vec<&str> = listed.split([' ', '\t']).collect();
        let input = match words[..] {
            [mode, "blob", id, ..] => {
                let Ok(Some(content)) = files::read_if_there(&place) else {
                    return Ok(());
                };
                if self.cleaned_id(path, &content)? != id {
                    return Ok(());
                }
                format!("{mode} {id}\t{path}\0")
            }
            _ if !listed.is_empty() || place.symlink_metadata().is_ok() => return Ok(()),
            // Gone in the commit, and gone here.
            _ if self.index_entry(path)? == IndexEntry::None => return Ok(()),
            _ => format!("0 {}\t{path}\0", "0".repeat(40)),
        };
        let tool = self.tool().args(["update-index", "-z", "--index-info"]);
        self.run("write the index", tool.input(input))?;
        Ok(())
    }

    /// Looks at the files again whose times have changed; it ends with 1 when
    /// anything at all is changed.
    fn refresh(&self) {
        let _ = self
            .tool()
            .args(["update-index", "-q", "--refresh"])
            .finish();
    }

    /// Copies the notes of commits to others that were made of them: those in
    /// the user's notes ref and in the refs that `notes.rewriteRef` names.
    pub fn copy_notes(
        &self,
        pairs: &[(String, String)],
        committer: super::Author<'_>,
    ) -> Result<(), UserGitError> {
        let input: String = (pairs.iter())
            .map(|(from, to)| format!("{from} {to}\n"))
            .collect();
        for name in self.notes_refs()? {
            let tool = self
                .tool()
                .env("GIT_AUTHOR_NAME", committer.name)
                .env("GIT_AUTHOR_EMAIL", committer.email)
                .env("GIT_COMMITTER_NAME", committer.name)
                .env("GIT_COMMITTER_EMAIL", committer.email)
                .args([
                    "notes",
                    &format!("--ref={name}"),
                    "copy",
                    "--force",
                    "--stdin",
                ])
                .input(input.clone());
            self.run("copy the notes of commits", tool)?;
        }
        Ok(())
    }

    fn notes_refs(&self) -> Result<Vec<String>, UserGitError> {
        let usual = self.tool().args(["notes", "get-ref"]);
        let usual = line(&self.run("find its notes", usual)?);
        let wanted = self
            .tool()
            .args(["config", "--get-all", "notes.rewriteRef"]);
        let (_, wanted) = wanted
            .finish()
            .map_err(super::user::failed("read its setting"))?;
        let wanted = String::from_utf8_lossy(&wanted.stdout).into_owned();
        let tool = self
            .tool()
            .args(["for-each-ref", "--format=%(refname)"])
            .arg(usual)
            .args(wanted.lines().map(str::to_owned));
        let found = self.run("list its notes", tool)?;
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        Ok(found.lines().map(str::to_owned).collect())
    }
}

/// Why nobody knows whether a work tree follows.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The user's git did not do its part.
    #[error(transparent)]
    User(#[from] UserGitError),
}

impl Repository {
    /// Opens a work tree of the same repository by its git directory or top.
    pub fn work_tree_at(&self, place: &std::path::Path) -> Option<Self> {
        let inner = git2::Repository::open(place).ok()?;
        (inner.commondir() == self.inner.commondir() && !inner.is_bare()).then_some(Self { inner })
    }
}

#[cfg(test)]
mod tests;
