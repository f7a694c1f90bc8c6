//! An older state again: rolling a suite back, and making another suite of one.
//!
//! Nothing is parsed and nothing compressed: the indices are taken as they
//! were. What describes the content comes back with it; what is a decision of
//! today (who may sign, what is checked, what is kept) stays as it is today.

use std::collections::BTreeSet;

use crate::archive::chunk::Chunk;
use crate::archive::current::Current;
use crate::archive::generation::{Generation, NextIndex};
use crate::archive::manifest::{Base, Index, Manifest, Record};
use crate::archive::proofs::Shelves;
use crate::archive::settings::{Origin, Settings};
use crate::model::{ArchivePath, Suite};

/// Whether a suite that is made of another one can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// It never changes.
    Frozen,
    /// It goes its own way from then on.
    Own,
}

/// Returns the settings of a suite that goes back to what it was.
pub fn settings(now: &Settings, then: &Settings) -> Settings {
    Settings {
        components: then.components.clone(),
        architectures: then.architectures.clone(),
        chunks: then.chunks,
        encodings: then.encodings.clone(),
        contents: then.contents.clone(),
        descriptions: then.descriptions,
        pool: then.pool,
        debug_component: then.debug_component.clone(),
        ..now.clone()
    }
}

/// Returns the generation that gives `current` the content of `then`, which is
/// an older generation of it or one of another suite; `None` where it has that
/// content. `carried` are the files to be copied first, from and to.
pub fn restore(
    current: &Current,
    then: &Manifest,
    carried: Vec<(ArchivePath, ArchivePath)>,
    record: Record,
) -> Option<Generation> {
    let now = current.manifest()?;
    let settings = settings(&now.settings, &then.settings);
    if is_copy(now, then) && now.settings == settings {
        return None;
    }
    let index = |index: &Index| match now.index(&index.name) {
        Some(same) if same_files(same, index) => NextIndex::Same(same.clone()),
        _ => taken(index, &then.suite),
    };
    Some(Generation {
        indices: then.indices.iter().map(index).collect(),
        carried,
        ..empty(
            current.suite.clone(),
            current.base(),
            settings,
            then,
            record,
        )
    })
}

/// Returns the first generation of a suite that is made of a generation of
/// another one.
pub fn derive(
    suite: &Suite,
    (base, then): (Base, &Manifest),
    lasting: Lasting,
    carried: Vec<(ArchivePath, ArchivePath)>,
    record: Record,
) -> Generation {
    let mut settings = then.settings.clone();
    // Clients compare it with the name they ask for.
    settings.codename = Some(suite.to_string());
    settings.snapshot_of = None;
    if lasting == Lasting::Frozen {
        let (suite, number) = (&then.suite, base.number);
        settings.description = Some(format!("Snapshot of {suite}, generation {number}"));
        // It would expire, and nobody renews what never changes.
        settings.valid_for_seconds = None;
        settings.snapshot_of = Some(Origin {
            suite: suite.clone(),
            generation: base,
        });
    }
    Generation {
        indices: then.indices.iter().map(|i| taken(i, &then.suite)).collect(),
        carried,
        ..empty(suite.clone(), None, settings, then, record)
    }
}

/// Tells whether a suite has the content of a generation of another one.
pub fn is_copy(suite: &Manifest, then: &Manifest) -> bool {
    let mut indices = suite.indices.iter().zip(&then.indices);
    suite.indices.len() == then.indices.len()
        && indices.all(|(a, b)| same_files(a, b))
        && suite.shelves == then.shelves
}

/// Tells whether two indices are the same to clients who fetch them whole; the
/// patches to them depend on what there was before.
pub(super) fn same_files(a: &Index, b: &Index) -> bool {
    (&a.name, &a.sha256, &a.chunks, &a.files) == (&b.name, &b.sha256, &b.chunks, &b.files)
}

fn taken(index: &Index, from: &Suite) -> NextIndex {
    NextIndex::Taken {
        index: index.clone(),
        from: from.clone(),
    }
}

fn empty(
    suite: Suite,
    base: Option<Base>,
    settings: Settings,
    then: &Manifest,
    record: Record,
) -> Generation {
    Generation {
        suite,
        base,
        settings,
        record,
        indices: Vec::new(),
        shelves: then.shelves.clone(),
        new_shelves: Shelves::new(),
        carried: Vec::new(),
        rewritten: None,
        proofs: Vec::new(),
        pool: Vec::new(),
        copies: Vec::new(),
        lists: Default::default(),
        added: Vec::new(),
        removed: Vec::new(),
    }
}

/// A chunk in its index.
pub type Place<'a> = (&'a Index, &'a Chunk);

/// Returns the chunks of every listing that only one of two generations has:
/// the first one's, and the second one's.
pub fn differing<'a>(a: &'a Manifest, b: &'a Manifest) -> (Vec<Place<'a>>, Vec<Place<'a>>) {
    (only(a, b), only(b, a))
}

fn only<'a>(a: &'a Manifest, b: &Manifest) -> Vec<Place<'a>> {
    let mut found = Vec::new();
    for index in a.listings() {
        let other = b.index(&index.name).map(|other| &other.chunks);
        let known: BTreeSet<_> = other.into_iter().flatten().map(|c| c.sha256).collect();
        let new = index.chunks.iter().filter(|c| !known.contains(&c.sha256));
        found.extend(new.map(|chunk| (index, chunk)));
    }
    found
}
