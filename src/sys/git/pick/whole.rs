//! Both trees compared as a whole, with renames: where a path alone does not
//! tell what becomes of it.

use std::collections::{BTreeSet, HashSet};

use super::driver::{Driver, driver};
use super::{Picking, Step};
use crate::sys::git::merge::conflicting;
use crate::sys::git::{GitError, ObjectId, failed};

/// How many files may have come and gone between both trees for moved ones to be
/// looked for among them: likeness costs their product. Beyond it only files
/// that were moved unchanged are found, as with git's `merge.renameLimit`.
const RENAMES: u32 = 1000;

/// How alike files are that count as moved, in per cent: as with git.
const LIKENESS: u32 = 50;

/// How far git's measure of that may be from libgit2's.
const DOUBT: u32 = 15;

/// Finds the paths that two merges do not have alike.
fn differing(one: &git2::Index, other: &git2::Index) -> BTreeSet<String> {
    let all = |index: &git2::Index| -> BTreeSet<(Vec<u8>, git2::Oid, u32)> {
        let entries = index.iter().filter(|entry| entry.flags >> 12 & 3 == 0);
        entries
            .map(|entry| (entry.path, entry.id, entry.mode))
            .collect()
    };
    let (one, other) = (all(one), all(other));
    let paths = one.symmetric_difference(&other);
    paths
        .map(|(path, ..)| String::from_utf8_lossy(path).into_owned())
        .collect()
}

/// Finds the files in place of directories that have files: libgit2 leaves both
/// in its index and calls it clean.
fn in_each_others_way(merged: &git2::Index) -> BTreeSet<String> {
    let paths: BTreeSet<Vec<u8>> = merged.iter().map(|entry| entry.path).collect();
    let mut found = BTreeSet::new();
    for path in &paths {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let file = slashes
            .map(|(at, _)| &path[..at])
            .find(|parent| paths.contains(*parent));
        found.extend(file.map(|file| String::from_utf8_lossy(file).into_owned()));
    }
    found
}

impl Picking<'_> {
    /// Does what [`Picking::pick`] does, with renames.
    pub(super) fn pick_whole(
        &mut self,
        base: Option<ObjectId>,
        theirs: ObjectId,
    ) -> Result<Step, GitError> {
        let act = || failed("merge two trees");
        let own = self.tree()?;
        let inner = &self.repository.inner;
        let base = match base {
            Some(base) => base.oid()?,
            None => (inner.treebuilder(None).and_then(|empty| empty.write())).map_err(act())?,
        };
        let base = inner.find_tree(base).map_err(act())?;
        let ours = inner.find_tree(self.tree.oid()?).map_err(act())?;
        let theirs = inner.find_tree(theirs.oid()?).map_err(act())?;
        let merge = |patience: bool, likeness: u32| {
            let mut options = git2::MergeOptions::new();
            options.find_renames(true).target_limit(RENAMES);
            options.rename_threshold(likeness).patience(patience);
            inner.merge_trees(&base, &ours, &theirs, Some(&options))
        };
        let mut merged = merge(false, LIKENESS).map_err(act())?;
        if merged.has_conflicts() {
            let paths = conflicting(&merged).map_err(act())?;
            return Ok(Step::Conflicts(paths));
        }
        let mut conflicts = in_each_others_way(&merged);
        conflicts.append(&mut self.homeless(&base, &ours, &theirs)?);
        conflicts.append(&mut self.only_by_git(&merged, [&base, &ours, &theirs])?);
        for (patience, likeness) in [(true, LIKENESS + DOUBT), (false, LIKENESS - DOUBT)] {
            let other = merge(patience, likeness).map_err(act())?;
            conflicts.append(&mut differing(&merged, &other));
        }
        if !conflicts.is_empty() {
            return Ok(Step::Conflicts(conflicts));
        }
        let tree = merged.write_tree_to(inner).map_err(act())?;
        if tree.to_string() == own {
            return Ok(Step::Nothing);
        }
        self.tree = ObjectId::of(tree).unwrap_or(self.tree);
        Ok(Step::Changed)
    }

    /// Finds the files that were merged and that git merges in another way, or
    /// does not.
    fn only_by_git(
        &self,
        merged: &git2::Index,
        [base, ours, theirs]: [&git2::Tree<'_>; 3],
    ) -> Result<BTreeSet<String>, GitError> {
        let act = || failed("compare two trees");
        let inner = &self.repository.inner;
        let taken = inner.diff_tree_to_tree(Some(base), Some(theirs), None);
        let taken = taken.map_err(act())?;
        let taken: HashSet<git2::Oid> = taken.deltas().map(|one| one.new_file().id()).collect();
        let changed = inner.diff_tree_to_index(Some(ours), Some(merged), None);
        let mut found = BTreeSet::new();
        for delta in changed.map_err(act())?.deltas() {
            let file = delta.new_file();
            let path = file.path_bytes().unwrap_or_default();
            let is_merged = !file.id().is_zero() && !taken.contains(&file.id());
            if is_merged && driver(self, path)? != Driver::Text {
                found.insert(String::from_utf8_lossy(path).into_owned());
            }
        }
        Ok(found)
    }

    /// Finds the files that one side adds to a directory whose files the other
    /// one has moved away: git asks where they belong (`merge.directoryRenames`,
    /// whose usual value is `conflict`), and so is it here.
    fn homeless(
        &self,
        base: &git2::Tree<'_>,
        ours: &git2::Tree<'_>,
        theirs: &git2::Tree<'_>,
    ) -> Result<BTreeSet<String>, GitError> {
        let wanted = self.repository.setting("merge.directoryRenames");
        if wanted.as_deref() == Some("false") {
            return Ok(BTreeSet::new());
        }
        let mut homeless = self.added_to_moved(base, ours, theirs)?;
        homeless.append(&mut self.added_to_moved(base, theirs, ours)?);
        Ok(homeless)
    }

    fn added_to_moved(
        &self,
        base: &git2::Tree<'_>,
        moving: &git2::Tree<'_>,
        adding: &git2::Tree<'_>,
    ) -> Result<BTreeSet<String>, GitError> {
        let act = || failed("compare two trees");
        let inner = &self.repository.inner;
        let added = inner.diff_tree_to_tree(Some(base), Some(adding), None);
        let added = added.map_err(act())?;
        let mut candidates = Vec::new();
        for delta in added
            .deltas()
            .filter(|one| one.status() == git2::Delta::Added)
        {
            let Some(path) = delta.new_file().path() else {
                continue;
            };
            // A directory that was there, and is gone on the other side.
            let gone = path.ancestors().skip(1).find(|one| {
                !one.as_os_str().is_empty()
                    && base.get_path(one).is_ok()
                    && moving.get_path(one).is_err()
            });
            if let Some(gone) = gone {
                candidates.push((path.to_owned(), gone.to_owned()));
            }
        }
        if candidates.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut renames = inner
            .diff_tree_to_tree(Some(base), Some(moving), None)
            .map_err(act())?;
        let mut find = git2::DiffFindOptions::new();
        find.renames(true).rename_limit(RENAMES as usize);
        renames.find_similar(Some(&mut find)).map_err(act())?;
        let renamed = renames.deltas();
        let renamed: Vec<_> = renamed
            .filter(|one| one.status() == git2::Delta::Renamed)
            .filter_map(|one| {
                let (from, to) = (one.old_file().path()?, one.new_file().path()?);
                Some((from.to_owned(), to.to_owned()))
            })
            .collect();
        let lost = candidates.into_iter().filter(|(_, gone)| {
            renamed
                .iter()
                .any(|(from, to)| from.starts_with(gone) && !to.starts_with(gone))
        });
        Ok(lost
            .map(|(path, _)| path.to_string_lossy().into_owned())
            .collect())
    }
}
