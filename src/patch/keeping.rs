//! What of a ledger stays among those who took part in an embargo, also when it
//! is over without a lift: until somebody lets it out in so many words.
//!
//! The ledger itself says it ([`Event::Kept`]), so every clone that has what is
//! kept has this as well. A remote that has that word, or is one of the private
//! places in it, has all of it; any other remote gets neither.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, EntryId, Event, RequestId};

/// What a remote has of a ledger, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct There<'a> {
    /// The names of the entries that it has.
    pub has: &'a BTreeSet<String>,
    /// The places that a push to it goes to.
    pub places: &'a [String],
}

/// What does not go to a remote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withheld {
    /// The entries, with those that say so.
    pub entries: BTreeSet<EntryId>,
    /// How many are kept for each embargo.
    pub of: BTreeMap<String, usize>,
}

/// Finds what does not go to a remote. What is said later of a request that is
/// kept is kept with it; what the remote has is out already.
pub fn withheld(entries: &[(EntryId, Entry)], there: There<'_>) -> Withheld {
    let has = |id: &EntryId| there.has.contains(&id.hex());
    let let_out: BTreeSet<EntryId> = let_out(entries);
    let mut private: BTreeSet<EntryId> = BTreeSet::new();
    let mut words: BTreeSet<EntryId> = BTreeSet::new();
    let mut kept: BTreeMap<EntryId, &str> = BTreeMap::new();
    for (id, entry) in entries {
        let Event::Kept {
            embargo,
            private: places,
            entries,
        } = &entry.event
        else {
            continue;
        };
        let all_private = || there.places.iter().all(|place| places.contains(place));
        if has(id) || (!there.places.is_empty() && all_private()) {
            private.insert(*id);
            continue;
        }
        words.insert(*id);
        if !let_out.contains(id) {
            let lacks = entries.iter().filter(|id| !has(id));
            kept.extend(lacks.map(|id| (*id, embargo.as_str())));
        }
    }
    for (id, entry) in entries {
        if let Event::LetOut { kept, .. } = &entry.event
            && !has(id)
            && !kept.iter().any(|id| private.contains(id))
        {
            words.insert(*id);
        }
    }
    let requests: BTreeMap<RequestId, &str> = kept
        .iter()
        .map(|(id, embargo)| (RequestId::of(id), *embargo))
        .collect();
    let mut later = Vec::new();
    for (id, entry) in entries {
        let mut about = about(&entry.event).into_iter();
        let of_request = about.find_map(|request| requests.get(request).copied());
        let of_entry = match &entry.event {
            Event::Told { of, .. } => kept.get(of).copied(),
            _ => None,
        };
        if let Some(embargo) = of_request.or(of_entry)
            && !has(id)
        {
            later.push((*id, embargo));
        }
    }
    kept.extend(later);
    let known: BTreeSet<EntryId> = entries.iter().map(|(id, _)| *id).collect();
    kept.retain(|id, _| known.contains(id));
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for embargo in kept.values() {
        *of.entry((*embargo).to_owned()).or_default() += 1;
    }
    words.extend(kept.keys());
    Withheld { entries: words, of }
}

/// Lists what is to be kept when an embargo ends: all that its public remote
/// lacks and that nobody keeps yet.
pub fn to_keep(entries: &[(EntryId, Entry)], has: &BTreeSet<String>) -> Vec<EntryId> {
    let places = &[][..];
    let kept = withheld(entries, There { has, places }).entries;
    let ids = entries.iter().filter(|(_, entry)| !is_word(&entry.event));
    let ids = ids.map(|(id, _)| *id);
    ids.filter(|id| !has.contains(&id.hex()) && !kept.contains(id))
        .collect()
}

/// Lists the entries that keep something for an embargo, as long as nobody has
/// let it out.
pub fn keeping(entries: &[(EntryId, Entry)], name: &str) -> Vec<EntryId> {
    let let_out = let_out(entries);
    let of_it = entries.iter().filter(|(id, entry)| {
        matches!(&entry.event, Event::Kept { embargo, .. } if embargo == name)
            && !let_out.contains(id)
    });
    of_it.map(|(id, _)| *id).collect()
}

fn let_out(entries: &[(EntryId, Entry)]) -> BTreeSet<EntryId> {
    let all = entries.iter().filter_map(|(_, entry)| match &entry.event {
        Event::LetOut { kept, .. } => Some(kept),
        _ => None,
    });
    all.flatten().copied().collect()
}

/// Tells whether an event says what is kept.
fn is_word(event: &Event) -> bool {
    matches!(event, Event::Kept { .. } | Event::LetOut { .. })
}

/// Lists the requests that an event speaks of, with more than their names.
fn about(event: &Event) -> Vec<&RequestId> {
    match event {
        Event::Superseded { request, by } => vec![request, by],
        Event::Answered { request, .. }
        | Event::Titled { request, .. }
        | Event::Decided { request, .. }
        | Event::TakenBack { request, .. }
        | Event::Overridden { request, .. }
        | Event::Applied { request, .. }
        | Event::Withdrawn { request, .. }
        | Event::Linked { request, .. } => vec![request],
        Event::Asked(_)
        | Event::Frozen { .. }
        | Event::Thawed { .. }
        | Event::Told { .. }
        | Event::Announced { .. }
        | Event::Excused { .. }
        | Event::Mocked { .. }
        | Event::Cut { .. }
        | Event::HotfixOpened { .. }
        | Event::Kept { .. }
        | Event::LetOut { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
