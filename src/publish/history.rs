//! A suite's generations, from the newest back, as far as they are kept: also
//! those that a pin holds beyond a gap.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::error::PublishError;
use super::generations::{Step, walk};
use super::observe::{Question, observe, observed, read_chunk};
use crate::archive::chunk::touched;
use crate::archive::current::Current;
use crate::archive::layout;
use crate::archive::purge::Purge;
use crate::format::index::Stanza;
use crate::model::{PackageName, Sha256, Suite};
use crate::sys::store::Store;

/// Whether what was seen is all there ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every generation was seen, back to the first.
    Whole,
    /// Some are no longer kept, or were not asked for.
    Cut,
}

/// Shows every kept generation of a suite, the newest first, with all that it
/// says of some packages, until `visit` has seen enough. A chunk that several
/// generations share is read once.
pub fn history(
    store: &dyn Store,
    suite: &Suite,
    names: &[PackageName],
    visit: &mut dyn FnMut(&Current) -> Result<ControlFlow<()>, PublishError>,
) -> Result<Extent, PublishError> {
    let mut kept: BTreeMap<Sha256, Vec<Stanza>> = BTreeMap::new();
    let mut extent = Extent::Whole;
    let mut is_there = false;
    // The one before the last that was seen.
    let mut before = None;
    walk(store, suite, |base, manifest| {
        is_there = true;
        if before.is_some_and(|before| before != base.manifest) {
            extent = Extent::Cut;
        }
        before = manifest.parent;
        let mut current = observed(store, suite, base, manifest, Question::Manifest)?;
        let manifest = current.manifest().expect("it was observed").clone();
        for index in manifest.listings() {
            let rule = manifest.settings.rule_of(&index.name);
            for at in touched(&rule, &index.chunks, names.iter().map(PackageName::as_str)) {
                let chunk = &index.chunks[at];
                let stanzas = match kept.remove(&chunk.sha256) {
                    Some(stanzas) => stanzas,
                    None => read_chunk(store, index, chunk)?,
                };
                current.chunks.entry(chunk.sha256).or_insert(stanzas);
            }
        }
        if visit(&current)?.is_break() {
            extent = Extent::Cut;
            return Ok(Step::Enough);
        }
        kept = current.chunks;
        Ok(Step::Further)
    })?;
    if !is_there {
        // A suite of another program's is refused.
        observe(store, suite, Question::Manifest)?;
    }
    Ok(match before {
        Some(_) => Extent::Cut,
        None => extent,
    })
}

/// Returns the records of what was destroyed in an archive.
pub fn purges(store: &dyn Store) -> Result<Vec<Purge>, PublishError> {
    let mut found = Vec::new();
    for entry in store.list(&layout::purged())? {
        let record = store.read(&entry.path)?;
        found.extend(record.and_then(|bytes| Purge::from_bytes(&bytes)));
    }
    Ok(found)
}
