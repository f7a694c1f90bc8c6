//! What has reached a branch: by its id, or as a pick of it.

use std::collections::{HashMap, HashSet};

use super::patch_id::PatchIds;
use super::picked::{self, paths, picks};
use super::{GitError, ObjectId, Objects, Repository, failed};

/// What some commits became on a branch.
pub type Landed = HashMap<ObjectId, ObjectId>;

impl Repository {
    /// Returns those of some commits that none of some heads has in its history.
    /// One walk for all of them, as long as the oldest of them is old.
    pub fn lacking(
        &self,
        commits: &[ObjectId],
        heads: &[ObjectId],
    ) -> Result<HashSet<ObjectId>, GitError> {
        if commits.is_empty() {
            return Ok(HashSet::new());
        }
        let wanted: HashSet<ObjectId> = commits.iter().copied().collect();
        let act = || failed("walk its history");
        let mut walk = self.inner.revwalk().map_err(act())?;
        for id in commits {
            walk.push(id.oid()?).map_err(act())?;
        }
        for id in heads {
            walk.hide(id.oid()?).map_err(act())?;
        }
        let mut lacking = HashSet::new();
        for id in walk {
            let id = ObjectId::of(id.map_err(act())?);
            lacking.extend(id.filter(|id| wanted.contains(id)));
            if lacking.len() == wanted.len() {
                break;
            }
        }
        Ok(lacking)
    }

    /// Lists the commits that the refs below a prefix lead to, each once.
    pub fn heads_below(&self, prefix: &str) -> Result<Vec<ObjectId>, GitError> {
        let act = || failed("list its refs");
        let glob = format!("{prefix}*");
        let mut found = Vec::new();
        for reference in self.inner.references_glob(&glob).map_err(act())? {
            // A branch that leads nowhere has nothing.
            if let Ok(commit) = reference.map_err(act())?.peel_to_commit() {
                found.extend(ObjectId::of(commit.id()));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Lists the commits that one head has and others lack, newest first.
    pub fn commits_only_in(
        &self,
        head: ObjectId,
        others: &[ObjectId],
    ) -> Result<Vec<ObjectId>, GitError> {
        let act = || failed("walk its history");
        let mut walk = self.inner.revwalk().map_err(act())?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL).map_err(act())?;
        walk.push(head.oid()?).map_err(act())?;
        for id in others {
            walk.hide(id.oid()?).map_err(act())?;
        }
        let mut found = Vec::new();
        for id in walk {
            found.extend(ObjectId::of(id.map_err(act())?));
        }
        Ok(found)
    }

    /// Lists the commits that a branch has made since it left the main one,
    /// newest first: those that the main branch lacks. Where the branch was
    /// merged into the main one meanwhile, those that came from it count all the
    /// same: since the newest commit that both have as a first parent.
    pub fn commits_since_parting(
        &self,
        head: ObjectId,
        main: ObjectId,
        mains: &[ObjectId],
    ) -> Result<Vec<ObjectId>, GitError> {
        let base = self.merge_base(&head.to_string(), &main.to_string())?;
        let Some(base) = base.and_then(|base| ObjectId::from_hex(&base)) else {
            return self.commits_only_in(head, mains);
        };
        let mut line = HashSet::new();
        for id in self.first_parents(main)? {
            let id = id?;
            if id == base {
                return self.commits_only_in(head, mains);
            }
            line.insert(id);
        }
        for id in self.first_parents(head)? {
            let id = id?;
            if line.contains(&id) {
                return self.commits_only_in(head, &[id]);
            }
        }
        self.commits_only_in(head, mains)
    }

    /// Walks a commit and its first parents.
    fn first_parents(
        &self,
        head: ObjectId,
    ) -> Result<impl Iterator<Item = Result<ObjectId, GitError>>, GitError> {
        let act = || failed("walk its history");
        let mut walk = self.inner.revwalk().map_err(act())?;
        walk.simplify_first_parent().map_err(act())?;
        walk.push(head.oid()?).map_err(act())?;
        let ids = walk.map(move |id| Ok(ObjectId::of(id.map_err(act())?)));
        Ok(ids.filter_map(Result::transpose))
    }

    /// Finds which commits a branch has taken back, and by which commit. `own`
    /// are its own commits, newest first. A revert that was taken back itself
    /// takes nothing back; what was picked again behind it stays.
    pub fn reverted(
        &self,
        objects: &Objects<'_>,
        own: &[ObjectId],
    ) -> Result<HashMap<ObjectId, ObjectId>, GitError> {
        let mut reverted: HashMap<ObjectId, ObjectId> = HashMap::new();
        for id in own.iter().copied() {
            let message = objects.commit(id)?.message();
            // A pick of a commit that was taken back later is gone with it.
            let mut names = std::iter::once(id).chain(picks(&message));
            if let Some(by) = names.find_map(|name| reverted.get(&name).copied()) {
                reverted.insert(id, by);
                continue;
            }
            for name in crate::format::cherry::reverts(&message) {
                let full = ObjectId::from_hex(name).or_else(|| {
                    let found = self.inner.find_commit_by_prefix(name).ok()?;
                    ObjectId::of(found.id())
                });
                if let Some(full) = full {
                    reverted.insert(full, id);
                }
            }
        }
        Ok(reverted)
    }

    /// Finds what some commits became on a branch: themselves, where it has
    /// them; what says `(cherry picked from commit …)` of them; what changes the
    /// same as they do (git's patch id); what has their author, date and
    /// subject, as a pick with a conflict has. `own` are the branch's own
    /// commits since it left the main branch, newest first. What the branch has
    /// taken back is not there.
    pub fn landed(
        &self,
        objects: &Objects<'_>,
        commits: &[ObjectId],
        head: ObjectId,
        own: &[ObjectId],
    ) -> Result<Landed, GitError> {
        let mut lacking = self.lacking(commits, &[head])?;
        let reverted = self.reverted(objects, own)?;
        lacking.extend(commits.iter().filter(|id| reverted.contains_key(id)));
        let mut landed = Landed::new();
        for id in commits.iter().filter(|id| !lacking.contains(id)) {
            landed.insert(*id, *id);
        }
        if lacking.is_empty() || own.is_empty() {
            return Ok(landed);
        }
        let mut named = HashMap::new();
        let mut written = HashMap::new();
        let mut by_paths: HashMap<u64, Vec<ObjectId>> = HashMap::new();
        // Of where a shallow clone ends nobody knows what it changes.
        let shallow = &objects.substitutes.shallow;
        for other in own.iter().copied() {
            if reverted.contains_key(&other) {
                continue;
            }
            let commit = objects.commit(other)?;
            if commit.parents.len() > 1 {
                continue;
            }
            for from in picks(&commit.message()) {
                named.entry(from).or_insert(other);
            }
            written.entry(picked::written(&commit)).or_insert(other);
            if shallow.contains(&other) {
                continue;
            }
            let paths = paths(objects, other, &commit)?;
            by_paths.entry(paths).or_default().push(other);
        }
        let brought = self.brought(objects, &named)?;
        let mut patches = PatchIds::new(objects);
        for id in lacking {
            if let Some(other) = named.get(&id).or_else(|| brought.get(&id)) {
                landed.insert(id, *other);
                continue;
            }
            let commit = objects.commit(id)?;
            if let Some(other) = written.get(&picked::written(&commit)) {
                landed.insert(id, *other);
                continue;
            }
            if shallow.contains(&id) {
                continue;
            }
            let alike = by_paths.get(&paths(objects, id, &commit)?);
            for other in alike.into_iter().flatten().copied() {
                if patches.are_equal(id, other)? {
                    landed.insert(id, other);
                    break;
                }
            }
        }
        Ok(landed)
    }

    /// Finds what the merges among some picked commits brought: a merge that was
    /// picked whole (`git cherry-pick -m 1`) is each commit that came by it.
    fn brought(
        &self,
        objects: &Objects<'_>,
        picked: &HashMap<ObjectId, ObjectId>,
    ) -> Result<Landed, GitError> {
        let mut found = Landed::new();
        let mut picked: Vec<(&ObjectId, &ObjectId)> = picked.iter().collect();
        picked.sort();
        for (from, to) in picked {
            // What is not in this clone, or where it ends, brought nobody knows what.
            let Ok(commit) = objects.commit(*from) else {
                continue;
            };
            let Some((first, others)) = commit.parents.split_first() else {
                continue;
            };
            if objects.substitutes.shallow.contains(from) {
                continue;
            }
            for other in others {
                for id in self.commits_only_in(*other, &[*first])? {
                    found.insert(id, *to);
                }
            }
        }
        Ok(found)
    }

    /// Lists those of some commits that are picks of another one: by what they say
    /// of it, by its author, date and subject, or else by what they change (git's
    /// patch id).
    pub fn twins(
        &self,
        objects: &Objects<'_>,
        commit: ObjectId,
        among: &[ObjectId],
    ) -> Result<Vec<ObjectId>, GitError> {
        let original = objects.commit(commit).ok();
        let wrote = original.as_ref().map(picked::written);
        let mut found = Vec::new();
        for id in among.iter().copied() {
            let other = objects.commit(id)?;
            let is_named = picks(&other.message()).any(|from| from == commit);
            if is_named || wrote.as_ref() == Some(&picked::written(&other)) {
                found.push(id);
            }
        }
        let shallow = &objects.substitutes.shallow;
        if found.is_empty() && original.is_some() && !shallow.contains(&commit) {
            let whole = among.iter().copied().filter(|id| !shallow.contains(id));
            let whole: Vec<ObjectId> = whole.collect();
            found = self.alike(objects, commit, &whole)?;
        }
        Ok(found)
    }

    /// Finds those of some commits that are not another one, but change the same
    /// (git's patch id). Those that are not in this clone are left out.
    pub fn alike(
        &self,
        objects: &Objects<'_>,
        commit: ObjectId,
        others: &[ObjectId],
    ) -> Result<Vec<ObjectId>, GitError> {
        let own = paths(objects, commit, &objects.commit(commit)?)?;
        let mut patches = PatchIds::new(objects);
        let mut alike = Vec::new();
        for other in others.iter().copied().filter(|other| *other != commit) {
            let Ok(found) = objects.commit(other) else {
                continue;
            };
            if paths(objects, other, &found)? == own && patches.are_equal(commit, other)? {
                alike.push(other);
            }
        }
        Ok(alike)
    }
}
