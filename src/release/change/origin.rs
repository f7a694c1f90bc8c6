//! What a pick leaves unsaid and its parent says: the note for users, the kind,
//! bugs and holes. What the pick itself says goes first, for whoever picked
//! knew the branch.

use std::collections::BTreeSet;

use super::said::{self, extend, push};
use super::{Change, Note, Parent, forge, note, read};
use crate::format::conventional::unix_lines;
use crate::release::commit::{Commit, Origin, Said};

/// Completes the changes of a commit by what it was picked from.
///
/// A pick of several commits that says nothing to users itself is a change for
/// each of them that does.
pub(super) fn completed(
    mut changes: Vec<Change>,
    commit: &Commit,
    types: &BTreeSet<String>,
) -> Vec<Change> {
    if commit.origins.is_empty() {
        return changes;
    }
    let origins: Vec<Known> = commit
        .origins
        .iter()
        .map(|origin| Known::of(origin, types))
        .collect();
    if let [only] = changes.as_slice()
        && only.note == Note::Unsaid
        && let Some(several) = apart(only, &origins)
    {
        return several;
    }
    let alone = changes.len() == 1;
    for change in &mut changes {
        let same = |known: &&Known| known.alike(change).is_some();
        let mut own: Vec<&Known> = origins.iter().filter(same).collect();
        if alone || own.is_empty() {
            own = origins.iter().collect();
        }
        complete(change, &own);
    }
    changes
}

/// Takes a change apart by its parents' notes, where they have different ones.
/// Parents without a note are with the first that has one.
fn apart(change: &Change, origins: &[Known]) -> Option<Vec<Change>> {
    let mut told: Vec<(Note, Vec<&Known>)> = Vec::new();
    let mut silent = Vec::new();
    for known in origins {
        let note = known.note();
        match told.iter_mut().find(|(other, _)| *other == note) {
            _ if !matches!(note, Note::Written(_)) => silent.push(known),
            Some((_, with)) => with.push(known),
            None => told.push((note, vec![known])),
        }
    }
    if told.len() < 2 {
        return None;
    }
    told[0].1.extend(silent);
    let each = told.into_iter().map(|(_, with)| {
        let mut own = change.clone();
        // Each is what its parent was, not what all of them together are.
        if let Some(theirs) = with[0].changes.first().filter(|it| it.kind.is_some()) {
            own.kind = None;
            own.breaking.clone_from(&theirs.breaking);
        }
        complete(&mut own, &with);
        own
    });
    Some(each.collect())
}

fn complete(change: &mut Change, origins: &[&Known]) {
    for known in origins {
        let theirs = known.alike(change).or_else(|| known.changes.first());
        if let Some(theirs) = theirs {
            take(change, theirs);
        }
    }
    change.note = told(change, origins);
    change.parents = origins.iter().map(|known| known.parent.clone()).collect();
}

/// Decides what users are told. A note that the pick has of its parent gives
/// way to one that was said later.
fn told(change: &Change, origins: &[&Known]) -> Note {
    let copied = origins.iter().any(|known| {
        known
            .changes
            .iter()
            .any(|theirs| theirs.note == change.note)
    });
    if change.note != Note::Unsaid && !copied {
        return change.note.clone();
    }
    let later = origins.iter().filter_map(|known| known.later.clone());
    let later = later.fold(Note::Unsaid, note::joined);
    if later != Note::Unsaid || change.note != Note::Unsaid {
        return match later {
            Note::Unsaid => change.note.clone(),
            later => later,
        };
    }
    let notes = origins.iter().map(|known| known.note());
    notes.fold(Note::Unsaid, note::joined)
}

/// Takes over what a parent's change says and the pick's does not.
fn take(own: &mut Change, theirs: &Change) {
    let same = own.kind == theirs.kind && own.description == theirs.description;
    if own.kind.is_none() && theirs.kind.is_some() {
        // `[release-1.2] fix: …`, `Backport of …`: the parent has the words.
        own.kind.clone_from(&theirs.kind);
        own.scopes.clone_from(&theirs.scopes);
        own.description.clone_from(&theirs.description);
        own.remarks.clear();
        own.breaking = own.breaking.take().or_else(|| theirs.breaking.clone());
    } else if own.kind == theirs.kind && own.scopes.is_empty() {
        own.scopes.clone_from(&theirs.scopes);
    }
    // Whoever worded the subject anew has said whether it breaks something.
    if same && own.breaking.is_none() {
        own.breaking.clone_from(&theirs.breaking);
    }
    if own.action_required.is_none() {
        own.action_required.clone_from(&theirs.action_required);
    }
    extend(&mut own.closes, theirs.closes.iter().copied());
    extend(&mut own.launchpad, theirs.launchpad.iter().copied());
    for cve in &theirs.cves {
        push(&mut own.cves, cve.clone());
    }
    for fixed in &theirs.fixes {
        push(&mut own.fixes, fixed.clone());
    }
    own.exploited |= theirs.exploited;
    for author in &theirs.authors {
        said::push_author(own, author.clone());
    }
    // A version that was asked for on the parent's branch is of that one.
    if own.release_as == theirs.release_as {
        own.release_as = None;
    }
}

/// A parent, read.
struct Known {
    parent: Parent,
    changes: Vec<Change>,
    later: Option<Note>,
}

impl Known {
    fn of(origin: &Origin, types: &BTreeSet<String>) -> Self {
        let changes = match &origin.said {
            Some(said) => changes(&origin.id, said, types),
            None => Vec::new(),
        };
        let (own, request) = (changes.first(), origin.request.clone());
        let number = own.and_then(|change| change.pull_request);
        let (other, title) = request.unzip();
        Self {
            parent: Parent {
                commit: origin.id.clone(),
                pull_request: number.or(other),
                title: title
                    .map(|title| forge::without_number(&title).0.to_owned())
                    .filter(|title| !title.is_empty()),
                author: origin.said.as_ref().map(|said| said.author.clone()),
            },
            later: origin.note.as_deref().map(note::written),
            changes,
        }
    }

    /// Finds the change that says the same.
    fn alike(&self, change: &Change) -> Option<&Change> {
        let words = read::words(change);
        self.changes.iter().find(|own| read::words(own) == words)
    }

    fn note(&self) -> Note {
        if let Some(later) = &self.later {
            return later.clone();
        }
        let notes = self.changes.iter().map(|change| change.note.clone());
        notes.fold(Note::Unsaid, note::joined)
    }
}

/// Reads a parent; a merge that says nothing itself says what it brought.
fn changes(id: &str, said: &Said, types: &BTreeSet<String>) -> Vec<Change> {
    let commit = |message: &str| Commit {
        id: id.to_owned(),
        parents: Vec::new(),
        author: said.author.clone(),
        committed: crate::model::Timestamp::from_unix(0),
        message: message.to_owned(),
        touches: Vec::new(),
        unowned: None,
        origins: Vec::new(),
    };
    let read = |message: &str| {
        let text = unix_lines(message);
        read::said(&commit(message), &forge::titled(&text), types)
    };
    let mut own = read(&said.message);
    let [title] = own.as_mut_slice() else {
        return own;
    };
    let mut brought: Vec<Change> = said.brought.iter().flat_map(|it| read(it)).collect();
    // What it is, the commits that users notice tell.
    brought.sort_by_key(|one| !matches!(one.kind.as_deref(), Some("feat" | "fix" | "perf")));
    for brought in brought {
        if title.kind.is_none() && brought.kind.is_some() {
            title.kind.clone_from(&brought.kind);
            title.scopes.clone_from(&brought.scopes);
            if title.description.starts_with("Merge ") {
                title.description.clone_from(&brought.description);
            }
        }
        let words = (title.pull_request, title.breaking.clone());
        said::absorb(title, &brought);
        title.pull_request = words.0;
        title.breaking = words.1.or(brought.breaking);
    }
    own
}

#[cfg(test)]
mod tests;
