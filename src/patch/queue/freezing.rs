//! Freezes and thaws, folded together by what their makers knew.

use std::collections::{BTreeMap, BTreeSet};

use super::knowing::known_of;
use super::{Freeze, Said, Thaw};
use crate::patch::entry::{Entry, EntryId, Event};

/// Takes a freeze or a thaw: either ends the freezes that its maker knew of.
pub(super) fn froze(
    id: EntryId,
    said: &Entry,
    standing: &mut Vec<Freeze>,
    entries: &BTreeMap<EntryId, Entry>,
) -> bool {
    let all: BTreeSet<EntryId> = standing.iter().map(|one| one.said.entry).collect();
    let known = known_of(id, &all, entries);
    standing.retain(|one| !known.contains(&one.said.entry));
    match &said.event {
        Event::Frozen {
            until,
            except,
            reason,
            waiting,
            ..
        } => {
            standing.push(Freeze {
                said: Said::of(id, said, reason.clone()),
                until: *until,
                except: except.iter().cloned().collect(),
                waiting: waiting.iter().cloned().collect(),
                entries: BTreeSet::from([id]),
            });
            true
        }
        _ => !known.is_empty(),
    }
}

/// Reads a thaw; none: it is none.
pub(super) fn thaw(id: EntryId, said: &Entry) -> Option<Thaw> {
    match &said.event {
        Event::Thawed {
            reason, released, ..
        } => Some(Thaw {
            said: Said::of(id, said, reason.clone()),
            released: released.iter().cloned().collect(),
        }),
        _ => None,
    }
}

/// Joins freezes of a branch that people made at the same time: what all of
/// them let through goes on, until the last one ends.
pub(super) fn together(first: Freeze, mut second: Freeze) -> Freeze {
    second.except.retain(|id| first.except.contains(id));
    second.until = first.until.max(second.until);
    second.waiting.extend(first.waiting);
    second.entries.extend(first.entries);
    second
}
