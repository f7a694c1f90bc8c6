//! A work tree of its own for a pick that conflicts: git's own cherry-pick
//! stops there, with the tools that the user knows, and what is made of it is
//! read back. Neither the user's work tree nor any branch is touched.

use std::path::{Path, PathBuf};

use git2::Tree;

use super::user::{UserGit, UserGitError, line};
use super::{Author, GitError, NewCommit, Repository, failed};

/// What was made of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// A commit whose change stands for the one that conflicts.
    Commit(String),
    /// These paths are not resolved yet.
    Unmerged(Vec<String>),
    /// These paths were edited after they were staged: which of the two is
    /// meant, only the user knows.
    Unstaged(Vec<String>),
    /// Nothing of the change is left, and nobody has committed that.
    Untouched,
    /// The work tree is gone.
    Gone,
}

/// Why there is no such work tree.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Something is in the way.
    #[error("{} is there already and is not empty", path.display())]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The user's git did not do its part.
    #[error(transparent)]
    User(#[from] UserGitError),
}

impl UserGit<'_> {
    /// Makes a work tree at a commit and begins the pick of another one in it.
    pub fn begin_resolving(
        &self,
        directory: &Path,
        base: &str,
        pick: &str,
        is_merge: bool,
    ) -> Result<(), ResolveError> {
        let taken = std::fs::read_dir(directory).is_ok_and(|mut found| found.next().is_some());
        if taken || directory.is_file() {
            let path = directory.to_owned();
            return Err(ResolveError::Taken { path });
        }
        let tool = self
            .tool()
            .args(["worktree", "add", "--quiet", "--detach"])
            .arg(directory)
            .arg(base);
        self.run("make a work tree", tool)?;
        let mut tool = self
            .tool()
            .dir(directory)
            .args(["cherry-pick", "--allow-empty", "-x"]);
        if is_merge {
            tool = tool.args(["-m", "1"]);
        }
        // It is expected to stop; where git's merge finds a way that ours does
        // not, the commit is there, and is the resolution.
        let _ = tool
            .arg(pick)
            .finish()
            .map_err(super::user::failed("pick"))?;
        Ok(())
    }

    /// Reads what was made of a conflict.
    pub fn resolved(
        &self,
        directory: &Path,
        base: &str,
        author: Author<'_>,
    ) -> Result<Resolution, ResolveError> {
        let Some(there) = self.repository.work_tree_at(directory) else {
            return Ok(Resolution::Gone);
        };
        let git = self.of(&there);
        let unmerged = git.differing("list conflicts", &["--diff-filter=U"])?;
        if !unmerged.is_empty() {
            return Ok(Resolution::Unmerged(unmerged));
        }
        let unstaged = git.differing("list what is not staged", &[])?;
        if !unstaged.is_empty() {
            return Ok(Resolution::Unstaged(unstaged));
        }
        // The index is what was committed, too, where the user did commit.
        let tree = line(&git.run("read the index", git.tool().arg("write-tree"))?);
        if tree == there.commit(base)?.tree && there.commit("HEAD")?.id == base {
            return Ok(Resolution::Untouched);
        }
        let message = format!("Resolve a conflict on {base}\n");
        let commit = NewCommit {
            parent: base,
            tree: &tree,
            author,
            message: &message,
        };
        // Never on a branch: only what it changes counts, so it is not signed.
        let stored = self.repository.write_unsigned(&commit)?;
        Ok(Resolution::Commit(stored))
    }

    /// Lists the paths whose files differ from the index.
    fn differing(&self, action: &str, options: &[&str]) -> Result<Vec<String>, UserGitError> {
        let tool = self
            .tool()
            .args(["diff", "--no-ext-diff", "--name-only", "-z"]);
        let found = self.run(action, tool.args(options))?;
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        Ok(found.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Returns the tree that the files of a work tree for a conflict would be,
    /// those that git does not know left out. Its index stays as it is.
    pub fn resolving_tree(&self, directory: &Path) -> Result<Option<String>, ResolveError> {
        let Some(there) = self.repository.work_tree_at(directory) else {
            return Ok(None);
        };
        Ok(Some(self.of(&there).files_tree()?))
    }

    fn files_tree(&self) -> Result<String, ResolveError> {
        let own = self.repository.own_git_dir();
        // An index of its own: git's must keep what is unmerged there.
        let index = own.join("index.debcut");
        let act = || failed("read the work tree of a conflict");
        let copied = std::fs::copy(own.join("index"), &index);
        copied.map_err(|error| act()(git2::Error::from_str(&error.to_string())))?;
        let tool = || self.tool().env("GIT_INDEX_FILE", &index);
        let added = self.run(
            "read the files of a conflict",
            tool().args(["add", "--update"]),
        );
        let tree = added.and_then(|_| self.run("read the index", tool().arg("write-tree")));
        // It is in git's own directory of this work tree, and goes with it.
        let _ = std::fs::remove_file(&index);
        Ok(line(&tree?))
    }

    /// Removes such a work tree whose files are one of these trees; false: it
    /// holds what nothing else has (edits, files that git does not know), and
    /// stays.
    pub fn end_resolving(&self, directory: &Path, kept: &[String]) -> Result<bool, ResolveError> {
        if let Some(there) = self.repository.work_tree_at(directory) {
            let git = self.of(&there);
            if !kept.contains(&git.files_tree()?) {
                return Ok(false);
            }
            let tool = git.tool().args(["reset", "--quiet", "--hard"]);
            git.run("clean the work tree of the conflict", tool)?;
            let tool = self.tool().args(["worktree", "remove"]).arg(directory);
            return Ok(tool.output().is_ok());
        }
        let tool = self.tool().args(["worktree", "prune"]);
        self.run("forget work trees that are gone", tool)?;
        Ok(true)
    }
}

impl Repository {
    /// Tells whether a commit with this id is here.
    pub fn has_commit(&self, id: &str) -> bool {
        let found = git2::Oid::from_str(id).ok();
        found.is_some_and(|id| self.inner.find_commit(id).is_ok())
    }

    /// Lists the paths that a commit changes, against its first parent; renames
    /// are a path that goes and one that comes.
    pub fn changed_paths(&self, commit: &str) -> Result<Vec<String>, GitError> {
        let act = || failed(format!("read what {commit} changes"));
        let (before, after) = self.around(commit).map_err(act())?;
        let diff = self
            .inner
            .diff_tree_to_tree(before.as_ref(), Some(&after), None)
            .map_err(act())?;
        let path = |delta: git2::DiffDelta<'_>| {
            let path = delta.new_file().path_bytes();
            let path = path.or_else(|| delta.old_file().path_bytes());
            String::from_utf8_lossy(path.unwrap_or_default()).into_owned()
        };
        Ok(diff.deltas().map(path).collect())
    }

    /// Tells which of some paths a commit changes, against its first parent.
    pub fn changes_among(&self, commit: &str, paths: &[String]) -> Result<Vec<String>, GitError> {
        let act = || failed(format!("read what {commit} changes"));
        let (before, after) = self.around(commit).map_err(act())?;
        let entry = |tree: &Tree<'_>, path: &str| {
            let found = tree.get_path(Path::new(path)).ok();
            found.map(|entry| (entry.id(), entry.filemode()))
        };
        let changed = paths.iter().filter(|path| {
            let was = before.as_ref().and_then(|tree| entry(tree, path));
            was != entry(&after, path)
        });
        Ok(changed.cloned().collect())
    }

    /// Reads the trees before and after a commit; before the first one is none.
    fn around(&self, commit: &str) -> Result<(Option<Tree<'_>>, Tree<'_>), git2::Error> {
        let commit = self.inner.find_commit(git2::Oid::from_str(commit)?)?;
        let before = match commit.parent(0) {
            Ok(parent) => Some(parent.tree()?),
            Err(_) => None,
        };
        Ok((before, commit.tree()?))
    }
}
