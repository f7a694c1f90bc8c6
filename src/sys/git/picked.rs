//! Which commits of one line another one lacks, by what they change and not by
//! their ids: a cherry-picked commit has reached both.

use std::collections::{HashMap, HashSet};

use super::patch_id::PatchIds;
use super::{CommitObject, Descend, GitError, ObjectId, Objects, Repository, failed};

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

/// Who wrote a commit, when, in seconds since 1970, and its subject: what a pick
/// keeps.
pub(super) type Written = (String, i64, String);

pub(super) fn written(commit: &CommitObject) -> Written {
    let (name, _) = commit.author();
    let message = commit.message();
    let subject = message.lines().next().unwrap_or_default().to_owned();
    (name, commit.authored(), subject)
}

impl Repository {
    /// Lists the commits, newest first, that `from` has and `into` has neither
    /// by id nor by content: no commit of `into` makes the same change, says
    /// `(cherry picked from commit …)` of it, or has its author, date and
    /// subject, as a pick with a conflict has; nor does it say that it was picked
    /// from what `into` has. Merges are left out.
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
            let commit = objects.commit(other)?;
            named.extend(picks(&commit.message()));
            written.insert(self::written(&commit));
            let paths = paths(objects, other, &commit)?;
            by_paths.entry(paths).or_default().push(other);
        }
        let mut patches = PatchIds::new(objects);
        let mut missing = Vec::new();
        for id in own {
            let commit = objects.commit(id)?;
            if named.contains(&id) || written.contains(&self::written(&commit)) {
                continue;
            }
            let alike = by_paths
                .get(&paths(objects, id, &commit)?)
                .into_iter()
                .flatten();
            let mut same = false;
            for other in alike.copied() {
                same |= patches.are_equal(id, other)?;
            }
            if !same {
                let message = commit.message();
                missing.push(Missing { id, message });
            }
        }
        let origins = |one: &Missing| -> Vec<ObjectId> {
            let origins = picks(&one.message);
            origins.filter(|id| objects.commit(*id).is_ok()).collect()
        };
        // What says that it was picked from theirs came from there, also where that
        // was a merge: no commit of theirs makes the same change then.
        let named: Vec<ObjectId> = missing.iter().flat_map(origins).collect();
        let foreign = self.lacking(&named, into)?;
        missing.retain(|one| {
            let from = origins(one);
            from.is_empty() || from.iter().any(|id| foreign.contains(id))
        });
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
}

/// Returns a digest of the paths that a commit changes: only commits of the same
/// one can change the same, and it costs far less than a diff.
pub(super) fn paths(
    objects: &Objects<'_>,
    id: ObjectId,
    commit: &CommitObject,
) -> Result<u64, GitError> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let before = match objects.tree_before(id, commit) {
        // To git, what a shallow clone ends at has no parents.
        Err(GitError::Shallow { .. }) => None,
        before => before?,
    };
    let mut paths = DefaultHasher::new();
    objects.compare(before, Some(commit.tree), &mut |found| {
        if !found.is_directory() {
            found.path.hash(&mut paths);
        }
        Descend::Into
    })?;
    Ok(paths.finish())
}

/// Reads the commits that a message says it was picked from.
pub fn picks(message: &str) -> impl Iterator<Item = ObjectId> {
    let named = crate::format::cherry::origins(message);
    named.into_iter().filter_map(ObjectId::from_hex)
}
