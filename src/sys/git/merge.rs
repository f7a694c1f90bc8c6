//! Merges in memory, and branches that are moved forward. No conflict ever
//! reaches a work tree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::user::{UserGit, line};
use super::{
    BranchPlace, CommitError, GitError, Grafted, NewCommit, PlacedBlob, RefUpdate, RefsError,
    Repository, UserGitError, failed,
};
use crate::sys::process::ToolError;

/// Lists the paths that conflict in a merge, each by the name that the first
/// side has of ours, theirs and the ancestor.
pub(super) fn conflicting(merged: &git2::Index) -> Result<BTreeSet<String>, git2::Error> {
    let mut paths = BTreeSet::new();
    for conflict in merged.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.our, conflict.their, conflict.ancestor];
        if let Some(side) = sides.into_iter().flatten().next() {
            paths.insert(String::from_utf8_lossy(&side.path).into_owned());
        }
    }
    Ok(paths)
}

impl Repository {
    /// Returns the best common ancestor of two commits; none: they have no
    /// history in common.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>, GitError> {
        let act = || failed(format!("find where {one} and {other} part"));
        let parse = |id: &str| git2::Oid::from_str(id).map_err(act());
        match self.inner.merge_base(parse(one)?, parse(other)?) {
            Ok(base) => Ok(Some(base.to_string())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(act()(error)),
        }
    }

    /// Merges two trees that come of a third one, as git-merge(1) merges
    /// commits with one common ancestor. The tree is stored.
    pub fn merge_trees(&self, base: &str, ours: &str, theirs: &str) -> Result<Grafted, GitError> {
        let act = || failed("merge two trees");
        let mut options = git2::MergeOptions::new();
        options.find_renames(true);
        let (base, own, theirs) = (self.tree(base)?, self.tree(ours)?, self.tree(theirs)?);
        let merged = self.inner.merge_trees(&base, &own, &theirs, Some(&options));
        let mut merged = merged.map_err(act())?;
        if merged.has_conflicts() {
            let paths = conflicting(&merged).map_err(act())?;
            return Ok(Grafted::Conflicts(paths));
        }
        let tree = merged.write_tree_to(&self.inner).map_err(act())?;
        Ok(match tree == own.id() {
            true => Grafted::Nothing,
            false => Grafted::Tree(tree.to_string()),
        })
    }

    /// Stores a tree with some files replaced or added.
    pub fn tree_with(&self, tree: &str, placed: &[PlacedBlob]) -> Result<String, GitError> {
        let act = || failed("store a tree");
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for file in placed {
            let mode = match file.executable {
                true => git2::FileMode::BlobExecutable,
                false => git2::FileMode::Blob,
            };
            let id = git2::Oid::from_str(&file.blob).map_err(act())?;
            edits.upsert(file.path.as_str(), id, mode);
        }
        let base = self.tree(tree)?;
        let id = edits.create_updated(&self.inner, &base).map_err(act())?;
        Ok(id.to_string())
    }
}

/// Why a branch did not move forward.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// It is checked out, and its files have changes in the way.
    #[error("{branch} is checked out in {}, whose files cannot follow", work_tree.display())]
    InTheWay {
        /// The branch.
        branch: String,
        /// The work tree.
        work_tree: PathBuf,
        /// What git said.
        source: ToolError,
    },
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The ref could not be moved.
    #[error(transparent)]
    Refs(#[from] RefsError),
}

impl UserGit<'_> {
    /// Stores a merge of `commit`'s parent with another one, signed where the
    /// user's configuration has `commit.gpgSign`. No ref is moved.
    pub fn write_merge(&self, commit: &NewCommit<'_>, other: &str) -> Result<String, CommitError> {
        let who = commit.author;
        if self.is_set("commit.gpgSign")? {
            let moment = format!("{} +0000", who.date.unix());
            let tool = self
                .tool()
                .env("GIT_AUTHOR_NAME", who.name)
                .env("GIT_AUTHOR_EMAIL", who.email)
                .env("GIT_AUTHOR_DATE", &moment)
                .env("GIT_COMMITTER_NAME", who.name)
                .env("GIT_COMMITTER_EMAIL", who.email)
                .env("GIT_COMMITTER_DATE", &moment)
                .args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S"])
                .args(["-p", commit.parent, "-p", other, "-F", "-", commit.tree])
                .input(commit.message);
            return Ok(line(&self.run("sign the merge", tool)?));
        }
        let act = || failed("store a merge");
        let write = || -> Result<String, GitError> {
            let inner = &self.repository.inner;
            let parent = |id: &str| {
                let id = git2::Oid::from_str(id).map_err(act())?;
                inner.find_commit(id).map_err(act())
            };
            let (first, second) = (parent(commit.parent)?, parent(other)?);
            let tree = self.repository.tree(commit.tree)?;
            let time = git2::Time::new(who.date.unix(), 0);
            let who = git2::Signature::new(who.name, who.email, &time).map_err(act())?;
            let parents = [&first, &second];
            let id = inner.commit(None, &who, &who, commit.message, &tree, &parents);
            Ok(id.map_err(act())?.to_string())
        };
        Ok(write()?)
    }

    /// Moves a branch forward, or makes it where it is not there yet (`from` is
    /// none). Where it is checked out, index and files follow as a fast-forward
    /// merge of git's lets them; if they cannot, nothing is moved.
    pub fn forward(
        &self,
        branch: &str,
        from: Option<&str>,
        to: &str,
        why: &str,
    ) -> Result<(), ForwardError> {
        let place = match self.repository.branch_place(branch)? {
            BranchPlace::Nowhere => {
                let update = RefUpdate {
                    name: format!("refs/heads/{branch}"),
                    from: from.map(str::to_owned),
                    to: to.to_owned(),
                };
                return Ok(self.update_refs(&[update], why)?);
            }
            BranchPlace::Here => self.repository.top().to_owned(),
            BranchPlace::Elsewhere(place) => place,
        };
        let name = format!("refs/heads/{branch}");
        let found = self.repository.ref_target(&name)?;
        if found.as_deref() != from {
            let expected = from.map(str::to_owned);
            return Err(ForwardError::Refs(RefsError::Moved {
                name,
                expected,
                found,
            }));
        }
        let tool = self
            .tool()
            .args(["merge", "--ff-only", "--quiet", "--no-stat", to])
            .dir(&place);
        self.run("let the files follow", tool)
            .map(drop)
            .map_err(|error| {
                let UserGitError { source, .. } = error;
                ForwardError::InTheWay {
                    branch: branch.to_owned(),
                    work_tree: place,
                    source,
                }
            })
    }
}
