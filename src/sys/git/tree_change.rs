//! A commit with files put, replaced and removed, and the branch brought to it.

use super::export::TreeEntryKind;
use super::user::{UserGit, UserGitError};
use super::{GitError, Repository, failed};

/// What becomes of a path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeChange {
    /// It is this object.
    Put {
        /// The path from the top.
        path: Vec<u8>,
        /// What it is.
        kind: TreeEntryKind,
        /// The object's id.
        id: String,
    },
    /// It is gone.
    Remove {
        /// The path from the top.
        path: Vec<u8>,
    },
}

impl Repository {
    /// Stores a tree with changes; returns its id. A directory that is left
    /// empty is gone, and one cannot be put itself.
    pub fn change_tree(&self, of: &str, changes: &[TreeChange]) -> Result<String, GitError> {
        let act = || failed("store a tree");
        let tree = self.tree(of)?;
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for change in changes {
            match change {
                TreeChange::Remove { path } => drop(edits.remove(path.as_slice())),
                TreeChange::Put { path, kind, id } => {
                    let mode = match kind {
                        TreeEntryKind::File { executable: true } => git2::FileMode::BlobExecutable,
                        TreeEntryKind::File { executable: false } => git2::FileMode::Blob,
                        TreeEntryKind::Symlink => git2::FileMode::Link,
                        TreeEntryKind::Submodule => git2::FileMode::Commit,
                        TreeEntryKind::Directory => continue,
                    };
                    let id = git2::Oid::from_str(id).map_err(act())?;
                    edits.upsert(path.as_slice(), id, mode);
                }
            }
        }
        let id = edits.create_updated(&self.inner, &tree).map_err(act())?;
        Ok(id.to_string())
    }
}

impl UserGit<'_> {
    /// Brings HEAD, its branch, the index and the work tree forward to a commit
    /// that stands on HEAD. No hook is run. Where that would overwrite what
    /// somebody changed, git refuses and nothing is changed.
    pub fn fast_forward(&self, commit: &str) -> Result<(), UserGitError> {
        let tool = self
            .tool()
            .args(["merge", "--quiet", "--ff-only", "--no-autostash", commit]);
        self.run("bring the branch and its files forward", tool)
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::export::TreeEntry;
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn files_come_and_go_with_their_kinds() {
        let scratch = Scratch::new();
        scratch.write("old/only", "old\n");
        scratch.write("both", "one\n");
        std::os::unix::fs::symlink("both", scratch.top().join("link")).expect("a link");
        let old = scratch.commit("feat:+one");
        scratch.git("rm -q old/only link");
        scratch.write("both", "two\n");
        scratch.write("new", "new\n");
        let new = scratch.commit("feat:+two");
        let repository = scratch.repository();
        let entries = repository.entries(&repository.commit(&old).expect("old").tree);
        let mut changes: Vec<_> = entries
            .expect("entries")
            .into_iter()
            .map(|TreeEntry { path, kind, id }| TreeChange::Put { path, kind, id })
            .collect();
        let path = b"new".to_vec();
        changes.push(TreeChange::Remove { path });
        let tree = repository.commit(&new).expect("new").tree;
        let tree = repository.change_tree(&tree, &changes).expect("a tree");
        assert_eq!(tree, repository.commit(&old).expect("old").tree);

        let message = "-m back -p HEAD";
        let commit = scratch.git(&format!("commit-tree {message} {tree}"));
        let environment = scratch.environment();
        let git = UserGit::new(&repository, &environment);
        // What somebody changes there meanwhile is not lost.
        scratch.write("both", "mine\n");
        git.fast_forward(commit.trim()).expect_err("it is changed");
        assert_eq!(scratch.head().trim(), new.trim());
        scratch.git("checkout -q -- both");
        git.fast_forward(commit.trim()).expect("it is forward");
        assert_eq!(scratch.git("status --porcelain").trim(), "");
        assert_eq!(scratch.read("both"), "one\n");
        assert!(!scratch.top().join("new").exists());
        // Again is nothing.
        git.fast_forward(commit.trim()).expect("it is there");
    }
}
