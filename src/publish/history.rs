//! A suite's generations, from the newest back, as far as they are kept.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::error::PublishError;
use super::head::read_manifest;
use super::observe::{Question, observe, read_chunk};
use crate::archive::chunk::touched;
use crate::archive::current::Current;
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::Base;
use crate::format::index::Stanza;
use crate::model::{PackageName, Sha256, Suite};
use crate::sys::store::Store;

/// Whether what was seen is all there ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The first generation was seen.
    Whole,
    /// Older ones are no longer kept, or were not asked for.
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
    let mut current = observe(store, suite, Question::Manifest)?;
    loop {
        let Some((base, manifest)) = &current.generation else {
            return Ok(Extent::Whole);
        };
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
            return Ok(Extent::Cut);
        }
        let Some(parent) = manifest.parent else {
            return Ok(Extent::Whole);
        };
        let number = base.number - 1;
        let before = match read_manifest(store, &parent) {
            Ok(manifest) => manifest,
            // Old generations are collected; what is left is no damage.
            Err(PublishError::Missing { path })
                if path == layout::object(ObjectKind::Manifest, &parent) =>
            {
                return Ok(Extent::Cut);
            }
            Err(error) => return Err(error),
        };
        let manifest = parent;
        kept = std::mem::take(&mut current.chunks);
        current.generation = Some((Base { number, manifest }, before));
    }
}
