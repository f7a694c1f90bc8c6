//! What a commit touches: its tree against its parent's, by owner.

use std::collections::HashMap;
use std::rc::Rc;

use super::moved::Move;
use crate::release::ownership::Ownership;
use crate::release::policy::Unit;
use crate::sys::git::{Descend, GitError, ObjectId, Objects};

/// What a commit's changes are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// The packages, ascending.
    pub(super) owners: Vec<usize>,
    /// Paths of nobody: how many, and the first.
    pub(super) unowned: Option<(usize, String)>,
    /// Packages with a directory of theirs that was not there before.
    pub(super) born: Vec<(usize, String)>,
}

/// Who owns what, in this tree and in older ones.
pub(super) struct Territory<'a> {
    units: &'a [Unit],
    objects: &'a Objects<'a>,
    /// Directories that packages were moved from, as the walk found them.
    moves: Vec<Move>,
    /// By which of the moves are still to come.
    maps: HashMap<Vec<bool>, Map<'a>>,
}

/// An ownership with its answers about directories.
struct Map<'a> {
    ownership: Ownership<'a>,
    whole: HashMap<Vec<u8>, Option<Rc<[usize]>>>,
}

impl<'a> Territory<'a> {
    pub(super) fn new(units: &'a [Unit], objects: &'a Objects<'a>, moves: Vec<Move>) -> Self {
        Self {
            units,
            objects,
            moves,
            maps: HashMap::new(),
        }
    }

    /// Lists the directories that the package has or had, newest first.
    pub(super) fn places(&self, unit: usize) -> impl Iterator<Item = &str> {
        let own = &self.units[unit];
        let moved = self.moves.iter().filter(move |moved| moved.unit == unit);
        [own.path.as_str()]
            .into_iter()
            .chain(moved.map(|moved| moved.older.as_str()))
            .chain(own.former_paths.iter().map(String::as_str))
            .map(|path| path.trim_start_matches("./").trim_end_matches('/'))
    }

    /// Tells whether a tree holds one of the package's directories.
    pub(super) fn is_in(&self, unit: usize, tree: ObjectId) -> Result<bool, GitError> {
        for place in self.places(unit) {
            if self.objects.entry(tree, place)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Compares a commit's tree with its parent's.
    pub(super) fn touched(
        &mut self,
        before: Option<ObjectId>,
        after: ObjectId,
    ) -> Result<Touched, GitError> {
        let mut active = Vec::new();
        for moved in &self.moves {
            active.push(self.objects.entry(after, &moved.newer)?.is_none());
        }
        let mut map = match self.maps.remove(&active) {
            Some(map) => map,
            None => {
                let older = self.moves.iter().zip(&active);
                let older = older.filter(|(_, active)| **active);
                let older = older.map(|(moved, _)| (moved.unit, moved.older.as_str()));
                Map {
                    ownership: Ownership::new(self.units).with_older(older),
                    whole: HashMap::new(),
                }
            }
        };
        let found = self.compare(&mut map, before, after);
        self.maps.insert(active, map);
        found
    }

    fn compare(
        &self,
        map: &mut Map<'a>,
        before: Option<ObjectId>,
        after: ObjectId,
    ) -> Result<Touched, GitError> {
        let mut touched = Touched::default();
        let mut added: Vec<String> = Vec::new();
        let Map { ownership, whole } = map;
        let top = whole.entry(Vec::new());
        let top = top.or_insert_with(|| ownership.owners_of_all("").map(Rc::from));
        if let Some(owners) = top
            && !owners.is_empty()
        {
            if before != Some(after) {
                touched.owners.extend(&owners[..]);
            }
            return Ok(touched);
        }
        self.objects.compare(before, Some(after), &mut |found| {
            let directory = found.is_directory();
            if directory {
                if found.before.is_none() {
                    added.push(String::from_utf8_lossy(found.path).into_owned());
                }
                if !whole.contains_key(found.path) {
                    let path = String::from_utf8_lossy(found.path);
                    let owners = ownership.owners_of_all(&path).map(Rc::from);
                    whole.insert(found.path.to_vec(), owners);
                }
                match &whole[found.path] {
                    Some(owners) if !owners.is_empty() => touched.owners.extend(&owners[..]),
                    _ => return Descend::Into,
                }
                return Descend::Over;
            }
            let path = String::from_utf8_lossy(found.path);
            let owners = ownership.owners(&path);
            if owners.is_empty() {
                let first = || (0, path.into_owned());
                touched.unowned.get_or_insert_with(first).0 += 1;
            }
            touched.owners.extend(owners);
            Descend::Over
        })?;
        touched.owners.sort_unstable();
        touched.owners.dedup();
        for directory in added {
            self.note_births(&directory, after, &mut touched)?;
        }
        Ok(touched)
    }

    fn note_births(
        &self,
        added: &str,
        after: ObjectId,
        touched: &mut Touched,
    ) -> Result<(), GitError> {
        for unit in 0..self.units.len() {
            for place in self.places(unit) {
                let deeper = place.strip_prefix(added);
                let is_deeper = deeper.is_some_and(|rest| rest.starts_with('/'));
                let is_born =
                    place == added || is_deeper && self.objects.entry(after, place)?.is_some();
                let born = (unit, place.to_owned());
                if is_born && !touched.born.contains(&born) {
                    touched.born.push(born);
                }
            }
        }
        Ok(())
    }
}
