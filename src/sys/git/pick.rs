//! Cherry-picks in memory: the tree that a commit's change gives on top of
//! another one. No index, no work tree, no ref is touched.

use std::collections::BTreeSet;

use super::{GitError, Repository, failed};

/// What a change comes to on another tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grafted {
    /// This tree.
    Tree(String),
    /// The same tree: the change is there already.
    Nothing,
    /// Paths that both sides changed, sorted.
    Conflicts(BTreeSet<String>),
}

impl Repository {
    /// Opens the same repository once more, so that what it stores is kept in
    /// memory and gone when it is closed.
    pub fn in_memory(&self) -> Result<Self, GitError> {
        let act = || failed("open the repository once more");
        let inner = git2::Repository::open(self.inner.path()).map_err(act())?;
        let odb = inner.odb().map_err(act())?;
        // Above the loose objects and the packs (1 and 2 in libgit2's odb.c).
        odb.add_new_mempack_backend(1000).map_err(act())?;
        drop(odb);
        Ok(Self { inner })
    }

    /// Puts what a commit changes (against its first parent) on a tree, as
    /// git-cherry-pick(1) would (`-m 1` for merges). The tree is stored.
    pub fn graft(&self, commit: &str, onto_tree: &str) -> Result<Grafted, GitError> {
        let act = || failed(format!("pick {commit}"));
        let id = git2::Oid::from_str(commit).map_err(act())?;
        let commit = self.inner.find_commit(id).map_err(act())?;
        let theirs = commit.tree().map_err(act())?;
        let base = match commit.parent(0) {
            Ok(parent) => parent.tree().map_err(act())?,
            Err(_) => {
                let empty = self.inner.treebuilder(None).map_err(act())?;
                let id = empty.write().map_err(act())?;
                self.inner.find_tree(id).map_err(act())?
            }
        };
        let ours = self.tree(onto_tree)?;
        let mut options = git2::MergeOptions::new();
        options.find_renames(true);
        let merged = self
            .inner
            .merge_trees(&base, &ours, &theirs, Some(&options));
        let mut merged = merged.map_err(act())?;
        if merged.has_conflicts() {
            let mut paths = BTreeSet::new();
            for conflict in merged.conflicts().map_err(act())? {
                let conflict = conflict.map_err(act())?;
                let sides = [conflict.our, conflict.their, conflict.ancestor];
                if let Some(side) = sides.into_iter().flatten().next() {
                    paths.insert(String::from_utf8_lossy(&side.path).into_owned());
                }
            }
            return Ok(Grafted::Conflicts(paths));
        }
        let tree = merged.write_tree_to(&self.inner).map_err(act())?;
        Ok(if tree == ours.id() {
            Grafted::Nothing
        } else {
            Grafted::Tree(tree.to_string())
        })
    }
}
