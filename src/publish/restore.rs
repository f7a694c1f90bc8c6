//! What going back to another generation brings and takes, and whether its
//! packages are still there.

use std::collections::BTreeSet;

use crate::archive::admission::Listed;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Manifest;
use crate::archive::{layout, restore};
use crate::format::index::{self, PoolFile, Stanza};
use crate::model::{ArchivePath, Finding, Suite};
use crate::publish::error::PublishError;
use crate::publish::observe::read_chunk;
use crate::publish::proofs::read_shelf;
use crate::sys::store::Store;

/// What is different after a suite went from one generation to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// What comes.
    pub added: Vec<Listed>,
    /// What goes.
    pub removed: Vec<Listed>,
    /// The files of what comes.
    pub files: Vec<PoolFile>,
}

/// Compares two generations, reading only what is different.
pub fn turn(store: &dyn Store, now: &Manifest, then: &Manifest) -> Result<Turn, PublishError> {
    let (gone, come) = restore::differing(now, then);
    let stanzas = |chunks: Vec<restore::Place<'_>>| {
        let mut found = BTreeSet::<(IndexName, Stanza)>::new();
        for (index, chunk) in chunks {
            let read = read_chunk(store, index, chunk)?.into_iter();
            found.extend(read.map(|stanza| (index.name.clone(), stanza)));
        }
        Ok::<_, PublishError>(found)
    };
    let (gone, come) = (stanzas(gone)?, stanzas(come)?);
    let listed = |list: &mut Vec<Listed>, (name, stanza): &(IndexName, Stanza)| {
        list.push(Listed::of(stanza, name.component()));
    };
    let mut turn = Turn::default();
    for entry in gone.difference(&come) {
        listed(&mut turn.removed, entry);
    }
    for entry in come.difference(&gone) {
        listed(&mut turn.added, entry);
        turn.files
            .extend(index::files(&entry.1).unwrap_or_default());
    }
    for list in [&mut turn.added, &mut turn.removed] {
        list.sort();
        list.dedup();
    }
    turn.files.sort_by(|a, b| a.path.cmp(&b.path));
    turn.files.dedup();
    Ok(turn)
}

/// Says which files are no longer there.
pub fn missing(store: &dyn Store, files: &[PoolFile]) -> Result<Vec<Finding>, PublishError> {
    let mut findings = Vec::new();
    for file in files {
        if store.size(&file.path)? != Some(file.size) {
            let purged = store.size(&layout::purged_record(&file.sha256))?.is_some();
            let (rule, message) = match purged {
                true => ("purged", "it was purged and must not come back"),
                false => ("missing-package", "its file is no longer in the pool"),
            };
            findings.push(
                Finding::error(rule, file.path.as_str(), message)
                    .fix("choose a generation without it"),
            );
        }
    }
    Ok(findings)
}

/// Returns the proofs of a generation of one suite and where another suite
/// keeps them.
pub fn carried(
    store: &dyn Store,
    then: &Manifest,
    to: &Suite,
) -> Result<Vec<(ArchivePath, ArchivePath)>, PublishError> {
    let mut digests = BTreeSet::new();
    for shelf in then.shelves.values() {
        digests.insert(shelf.sha256);
        let list = read_shelf(store, &then.suite, shelf)?;
        digests.extend(list.into_iter().map(|proof| proof.sha256));
    }
    let both = |sha256| {
        (
            layout::proof(&then.suite, &sha256),
            layout::proof(to, &sha256),
        )
    };
    Ok(digests.into_iter().map(both).collect())
}
