//! Cherry-picks in memory: the tree that a commit's change gives on top of
//! another one. No index, no work tree, no ref is touched.
//!
//! A commit changes a handful of paths; only these are looked at, and where the
//! tree still has what the commit found, it gets what the commit left. Files
//! that both sides changed are merged by libgit2's three-way merge. Only where
//! something was moved, or stands in the way, all of both trees are compared,
//! with renames.
//!
//! What git-cherry-pick(1) might do otherwise is a conflict here, which git is
//! asked about when somebody resolves it: where repeated lines can be aligned in
//! more than one way (git does it by its histogram algorithm, which libgit2 does
//! not offer), where git would run a merge driver of its configuration, and
//! where moved files are neither clearly alike nor clearly not (git rates that by
//! a measure of its own).

mod driver;
mod files;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::driver::MergeSettings;
use self::files::Merged;
use super::{Descend, GitError, Item, ObjectId, Objects, Repository, failed};

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

/// What a pick does to the tree that it is put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It changes something.
    Changed,
    /// The change is there already.
    Nothing,
    /// Paths that both sides changed, sorted; nothing was done.
    Conflicts(BTreeSet<String>),
}

/// A file, link or submodule of a tree that is not written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Placed {
    /// A stored object.
    Item(Item),
    /// A merged file.
    New { mode: u32, content: Vec<u8> },
}

/// A tree that commits are picked onto, one after the other.
#[derive(Clone)]
pub struct Picking<'r> {
    repository: &'r Repository,
    objects: &'r Objects<'r>,
    /// The stored tree.
    tree: ObjectId,
    /// What is otherwise now; none: it is gone.
    changed: BTreeMap<Vec<u8>, Option<Placed>>,
}

/// What a path comes to.
enum Outcome {
    /// It stays.
    Stays,
    /// It becomes this.
    Becomes(Option<Placed>),
    /// Both sides changed it.
    Conflict,
    /// Only a look at all of both trees can tell: something was moved, or
    /// stands in the way.
    Unclear,
}

impl<'r> Picking<'r> {
    /// Starts from a stored tree.
    pub fn new(
        repository: &'r Repository,
        objects: &'r Objects<'r>,
        tree: &str,
    ) -> Result<Self, GitError> {
        Ok(Self {
            repository,
            objects,
            tree: parsed(tree)?,
            changed: BTreeMap::new(),
        })
    }

    /// Puts what a commit changes (against its first parent) on the tree, as
    /// git-cherry-pick(1) would (`-m 1` for merges). After a conflict the tree is
    /// as it was.
    pub fn pick(&mut self, commit: &str) -> Result<Step, GitError> {
        let id = parsed(commit)?;
        let theirs = self.objects.commit(id)?;
        let base = self.objects.tree_before(id, &theirs)?;
        let mut changes = Vec::new();
        let mut gone = Vec::new();
        self.objects
            .compare(base, Some(theirs.tree), &mut |found| {
                if !found.is_directory() {
                    changes.push((found.path.to_owned(), found.before, found.after));
                } else if found.after.is_none() {
                    gone.push((found.path.to_owned(), found.before));
                }
                Descend::Into
            })?;
        for (directory, before) in gone {
            if !self.has_unchanged(&directory, before)? {
                return self.pick_whole(base, theirs.tree);
            }
        }
        // Where a file became a directory, its sides come one by one.
        let file = |item: Option<Item>| item.filter(|item| !item.is_directory());
        let mut outcomes = Vec::new();
        let mut conflicts = BTreeSet::new();
        for (path, before, after) in changes {
            match self.outcome(base, &path, file(before), file(after))? {
                Outcome::Stays => {}
                Outcome::Becomes(placed) => outcomes.push((path, placed)),
                Outcome::Conflict => {
                    conflicts.insert(String::from_utf8_lossy(&path).into_owned());
                }
                Outcome::Unclear => return self.pick_whole(base, theirs.tree),
            }
        }
        if !conflicts.is_empty() {
            return Ok(Step::Conflicts(conflicts));
        }
        if outcomes.is_empty() {
            return Ok(Step::Nothing);
        }
        self.changed.extend(outcomes);
        Ok(Step::Changed)
    }

    /// Stores the tree as it is now; returns its id.
    pub fn tree(&mut self) -> Result<String, GitError> {
        let act = || failed("store a tree");
        if self.changed.is_empty() {
            return Ok(self.tree.to_string());
        }
        let inner = &self.repository.inner;
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for (path, placed) in &self.changed {
            let (mode, id) = match placed {
                None => {
                    edits.remove(path.as_slice());
                    continue;
                }
                Some(Placed::Item(item)) => (item.mode, item.id.oid()?),
                Some(Placed::New { mode, content }) => (*mode, inner.blob(content).map_err(act())?),
            };
            edits.upsert(path.as_slice(), id, file_mode(mode));
        }
        let base = inner.find_tree(self.tree.oid()?).map_err(act())?;
        let id = edits.create_updated(inner, &base).map_err(act())?;
        self.tree = ObjectId::of(id).ok_or_else(|| GitError::NoCommit {
            revision: id.to_string(),
        })?;
        self.changed.clear();
        Ok(self.tree.to_string())
    }

    /// Finds what a path that the commit changed comes to.
    fn outcome(
        &self,
        base: Option<ObjectId>,
        path: &[u8],
        before: Option<Item>,
        after: Option<Item>,
    ) -> Result<Outcome, GitError> {
        let ours = match self.ours(path)? {
            Ours::Nothing => None,
            Ours::Placed(placed) => Some(placed),
            Ours::InTheWay => return Ok(Outcome::Unclear),
        };
        let is = |item: Option<Item>| match (&ours, item) {
            (None, None) => true,
            (Some(Placed::Item(own)), Some(item)) => *own == item,
            (Some(Placed::New { .. }), Some(_)) | (Some(_), None) | (None, Some(_)) => false,
        };
        if is(before) {
            // A new file in a directory that is gone here: it may have moved.
            let moved = before.is_none() && self.lost_directory(base, path)?;
            return Ok(match moved {
                true => Outcome::Unclear,
                false => Outcome::Becomes(after.map(Placed::Item)),
            });
        }
        // Gone on both sides: here it may have been moved.
        if is(after) && after.is_some() {
            return Ok(Outcome::Stays);
        }
        let (Some(before), Some(ours), Some(after)) = (before, ours, after) else {
            return Ok(Outcome::Unclear);
        };
        Ok(match files::merged(self, path, before, &ours, after)? {
            Merged::Ours => Outcome::Stays,
            Merged::Both(placed) => Outcome::Becomes(Some(placed)),
            Merged::Conflict => Outcome::Conflict,
            Merged::NotFiles => Outcome::Unclear,
        })
    }

    /// Finds what the tree has at a path now.
    fn ours(&self, path: &[u8]) -> Result<Ours, GitError> {
        if let Some(placed) = self.changed.get(path) {
            return Ok(placed.clone().map_or(Ours::Nothing, Ours::Placed));
        }
        let below = [path, b"/"].concat();
        let next = self.changed.range(below.clone()..).next();
        let has = |(found, placed): (&Vec<u8>, &Option<Placed>)| {
            placed.is_some() && found.starts_with(&below)
        };
        if next.is_some_and(has) {
            return Ok(Ours::InTheWay);
        }
        for (at, byte) in path.iter().enumerate() {
            if *byte == b'/' && matches!(self.changed.get(&path[..at]), Some(Some(_))) {
                return Ok(Ours::InTheWay);
            }
        }
        let Ok(text) = std::str::from_utf8(path) else {
            return Ok(Ours::InTheWay);
        };
        let mut tree = self.tree;
        let mut parts = text.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(item) = self.objects.entry(tree, part)? else {
                return Ok(Ours::Nothing);
            };
            match (parts.peek().is_some(), item.is_directory()) {
                (true, true) => tree = item.id,
                (false, false) => return Ok(Ours::Placed(Placed::Item(item))),
                // What was deleted stands in no way.
                (false, true) => {
                    return Ok(match self.is_emptied(text)? {
                        true => Ours::Nothing,
                        false => Ours::InTheWay,
                    });
                }
                (true, false) => return Ok(Ours::InTheWay),
            }
        }
        Ok(Ours::Nothing)
    }

    /// Tells whether a directory is as it was, or is not here: where the commit
    /// moves it away, nothing that was added to it is left behind.
    fn has_unchanged(&self, directory: &[u8], before: Option<Item>) -> Result<bool, GitError> {
        let below = [directory, b"/"].concat();
        let next = self.changed.range(below.clone()..).next();
        if next.is_some_and(|(found, _)| found.starts_with(&below)) {
            return Ok(false);
        }
        let Ok(text) = std::str::from_utf8(directory) else {
            return Ok(false);
        };
        let found = self.objects.entry(self.tree, text)?;
        Ok(found.is_none() || found == before)
    }

    /// Tells whether one of a path's directories was there before the commit and
    /// is not here.
    fn lost_directory(&self, base: Option<ObjectId>, path: &[u8]) -> Result<bool, GitError> {
        let Some(base) = base else {
            return Ok(false);
        };
        for at in (0..path.len()).filter(|at| path[*at] == b'/') {
            let directory = String::from_utf8_lossy(&path[..at]);
            let is_there = |tree| -> Result<bool, GitError> {
                let found = self.objects.entry(tree, &directory)?;
                Ok(found.is_some_and(|item| item.is_directory()))
            };
            if !is_there(base)? {
                return Ok(false);
            }
            let below = &path[..=at];
            let next = self.changed.range(below.to_vec()..).next();
            let filled =
                next.is_some_and(|(found, placed)| placed.is_some() && found.starts_with(below));
            if !filled && !is_there(self.tree)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells whether all of a stored directory is gone by now.
    fn is_emptied(&self, directory: &str) -> Result<bool, GitError> {
        let mut left = false;
        let item = self.objects.entry(self.tree, directory)?;
        let tree = item.map(|item| item.id);
        self.objects.compare(None, tree, &mut |found| {
            let path = [directory.as_bytes(), b"/", found.path].concat();
            let gone = matches!(self.changed.get(&path), Some(None));
            left |= !found.is_directory() && !gone;
            Descend::Into
        })?;
        Ok(!left)
    }
}

/// What a tree has at a path.
enum Ours {
    Nothing,
    Placed(Placed),
    /// A directory, or a file in place of one of its directories.
    InTheWay,
}

fn parsed(id: &str) -> Result<ObjectId, GitError> {
    ObjectId::from_hex(id).ok_or_else(|| GitError::NoCommit {
        revision: id.to_owned(),
    })
}

fn file_mode(mode: u32) -> git2::FileMode {
    match mode {
        0o100755 => git2::FileMode::BlobExecutable,
        0o120000 => git2::FileMode::Link,
        0o160000 => git2::FileMode::Commit,
        _ => git2::FileMode::Blob,
    }
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
        let objects = self.objects()?;
        let mut picking = Picking::new(self, &objects, onto_tree)?;
        Ok(match picking.pick(commit)? {
            Step::Nothing => Grafted::Nothing,
            Step::Conflicts(paths) => Grafted::Conflicts(paths),
            Step::Changed => match picking.tree()? {
                same if same == onto_tree => Grafted::Nothing,
                tree => Grafted::Tree(tree),
            },
        })
    }
}
