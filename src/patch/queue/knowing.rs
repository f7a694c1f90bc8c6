//! Who knew of what when they said something: the way from an entry to those
//! before it.

use std::collections::{BTreeMap, BTreeSet};

use super::Said;
use crate::patch::entry::{Decision, Entry, EntryId};

/// Finds which decisions were made in knowledge of which others.
pub(super) fn known(
    decisions: &[Said<(Decision, String)>],
    entries: &BTreeMap<EntryId, Entry>,
) -> BTreeSet<(EntryId, EntryId)> {
    let wanted: BTreeSet<EntryId> = decisions.iter().map(|one| one.entry).collect();
    if wanted.len() < 2 {
        return BTreeSet::new();
    }
    let pairs = wanted.iter().flat_map(|later| {
        let known = known_of(*later, &wanted, entries);
        known.into_iter().map(|earlier| (*later, earlier))
    });
    pairs.collect()
}

/// Finds which of some entries the maker of another one knew of.
pub(super) fn known_of(
    id: EntryId,
    wanted: &BTreeSet<EntryId>,
    entries: &BTreeMap<EntryId, Entry>,
) -> BTreeSet<EntryId> {
    let height = |id: &EntryId| entries.get(id).map_or(0, |entry| entry.height);
    let Some(lowest) = wanted.iter().map(height).min() else {
        return BTreeSet::new();
    };
    // Entries below the lowest one lead to none of them.
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let after = entries.get(&id).map_or(&[][..], |entry| &entry.after);
        for before in after {
            if height(before) >= lowest && seen.insert(*before) {
                open.push(*before);
            }
        }
    }
    seen.intersection(wanted).copied().collect()
}
