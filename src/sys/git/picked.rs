//! Which commits of one line another one lacks, by what they change and not by
//! their ids: a cherry-picked commit has reached both.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::{Descend, GitError, ObjectId, Objects, Repository, failed};

/// A commit that one line has and another lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The commit.
    pub id: ObjectId,
    /// Its whole message.
    pub message: String,
}

/// How many commits of either side are looked at: thousands are another
/// project, not a maintenance branch, and take longer than the answer is worth.
pub const LIMIT: usize = 5_000;

/// Says that two lines are too far from each other to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFar;

/// A commit's paths and who wrote it when: what a pick keeps.
pub(super) struct Sketch {
    pub(super) paths: u64,
    pub(super) author: (String, String),
    pub(super) subject: String,
}

impl Repository {
    /// Lists the commits, newest first, that `from` has and `into` has neither
    /// by id nor by content: no commit of `into` makes the same change, says
    /// `(cherry picked from commit …)` of it, or has its author, date and
    /// subject, as a pick with a conflict has. Merges are left out.
    pub fn unpicked(
        &self,
        objects: &Objects<'_>,
        from: ObjectId,
        into: &[ObjectId],
    ) -> Result<Result<Vec<Missing>, TooFar>, GitError> {
        let Ok(own) = self.only(&[from], into)? else {
            return Ok(Err(TooFar));
        };
        if own.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let Ok(others) = self.only(into, &[from])? else {
            return Ok(Err(TooFar));
        };
        let mut named = HashSet::new();
        let mut by_paths: HashMap<u64, Vec<ObjectId>> = HashMap::new();
        let mut written = HashSet::new();
        for other in others {
            let sketch = self.sketch(objects, other)?;
            let message = objects.commit(other)?.message();
            named.extend(picks(&message));
            written.insert((sketch.author, sketch.subject));
            by_paths.entry(sketch.paths).or_default().push(other);
        }
        let mut patches: HashMap<ObjectId, git2::Oid> = HashMap::new();
        let mut missing = Vec::new();
        for id in own {
            let sketch = self.sketch(objects, id)?;
            if named.contains(&id) || written.contains(&(sketch.author, sketch.subject)) {
                continue;
            }
            let alike = by_paths.get(&sketch.paths).into_iter().flatten();
            let mut same = false;
            for other in alike.copied() {
                for commit in [id, other] {
                    if let Entry::Vacant(place) = patches.entry(commit) {
                        place.insert(self.patch_id(commit)?);
                    }
                }
                same |= patches[&id] == patches[&other];
            }
            if !same {
                let message = objects.commit(id)?.message();
                missing.push(Missing { id, message });
            }
        }
        Ok(Ok(missing))
    }

    /// Lists the commits, without merges, that some have and others lack.
    fn only(
        &self,
        of: &[ObjectId],
        without: &[ObjectId],
    ) -> Result<Result<Vec<ObjectId>, TooFar>, GitError> {
        let act = || failed("walk its history");
        let mut walk = self.inner.revwalk().map_err(act())?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME)
            .map_err(act())?;
        for id in of {
            walk.push(id.oid()?).map_err(act())?;
        }
        for id in without {
            walk.hide(id.oid()?).map_err(act())?;
        }
        let mut found = Vec::new();
        for (count, id) in walk.enumerate() {
            if count == LIMIT {
                return Ok(Err(TooFar));
            }
            let id = id.map_err(act())?;
            let commit = self.inner.find_commit(id).map_err(act())?;
            if commit.parent_count() < 2 {
                found.extend(ObjectId::of(id));
            }
        }
        Ok(Ok(found))
    }

    pub(super) fn sketch(&self, objects: &Objects<'_>, id: ObjectId) -> Result<Sketch, GitError> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let commit = objects.commit(id)?;
        let before = match commit.parents.first() {
            Some(parent) => Some(objects.commit(*parent)?.tree),
            None => None,
        };
        let mut paths = DefaultHasher::new();
        objects.compare(before, Some(commit.tree), &mut |found| {
            if !found.is_directory() {
                found.path.hash(&mut paths);
            }
            Descend::Into
        })?;
        let stored = self
            .inner
            .find_commit(id.oid()?)
            .map_err(failed("read a commit"))?;
        let (name, _) = commit.author();
        let message = commit.message();
        Ok(Sketch {
            paths: paths.finish(),
            author: (name, stored.author().when().seconds().to_string()),
            subject: message.lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// Returns git's patch id of what a commit changes.
    pub(super) fn patch_id(&self, id: ObjectId) -> Result<git2::Oid, GitError> {
        let act = || failed(format!("read what {id} changes"));
        let commit = self.inner.find_commit(id.oid()?).map_err(act())?;
        let before = match commit.parent(0) {
            Ok(parent) => Some(parent.tree().map_err(act())?),
            Err(_) => None,
        };
        let after = commit.tree().map_err(act())?;
        let difference = self
            .inner
            .diff_tree_to_tree(before.as_ref(), Some(&after), None)
            .map_err(act())?;
        difference.patchid(None).map_err(act())
    }
}

/// Reads the commits that a message says it was picked from.
pub(super) fn picks(message: &str) -> impl Iterator<Item = ObjectId> {
    message.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("(cherry picked from commit ")?;
        ObjectId::from_hex(rest.strip_suffix(')')?)
    })
}
