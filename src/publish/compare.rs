//! What is different between two generations, with as little read as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::error::PublishError;
use super::head::read_object;
use super::history::{Extent, history};
use crate::archive::chunk::Chunk;
use crate::archive::current::Current;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Index, Manifest};
use crate::archive::query::compare::{self, Comparison, names_in, only_in, places, stanzas_named};
use crate::format::index::{IndexError, Kind};
use crate::model::{PackageName, Sha256, Suite};
use crate::sys::store::Store;

/// Compares two generations, of one suite or of two; one that is not there is
/// empty. Only the chunks that are not shared are read, and those of the
/// packages that differ in them.
pub fn compare(
    store: &dyn Store,
    before: &Current,
    after: &Current,
) -> Result<Comparison, PublishError> {
    let mut texts = Texts::default();
    let names = texts.differing(store, before.manifest(), after.manifest())?;
    let before = texts.with(store, before, &names)?;
    let after = texts.with(store, after, &names)?;
    Ok(compare::compare(&before, &after, &names)?)
}

/// Names the packages that may differ between two generations.
pub fn differing(
    store: &dyn Store,
    before: Option<&Manifest>,
    after: Option<&Manifest>,
) -> Result<BTreeSet<PackageName>, PublishError> {
    Texts::default().differing(store, before, after)
}

/// A generation in a suite's history, and what it changed.
#[derive(Debug)]
pub struct Past {
    /// The generation, without any of its packages.
    pub current: Current,
    /// What changed since the one before; none when that is no longer kept.
    pub changes: Option<Comparison>,
}

/// Shows the newest generations of a suite, the newest first, at most `limit`.
pub fn past(
    store: &dyn Store,
    suite: &Suite,
    limit: usize,
) -> Result<(Vec<Past>, Extent), PublishError> {
    let mut seen: Vec<Current> = Vec::new();
    // One more than is wanted: what a generation changed is told by its parent.
    let mut extent = history(store, suite, &[], &mut |current| {
        seen.push(current.clone());
        Ok(match seen.len() > limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    })?;
    let mut found = Vec::new();
    for at in 0..seen.len().min(limit) {
        let parent = seen[at].manifest().and_then(|manifest| manifest.parent);
        let is_parent = |other: &&Current| other.base().map(|base| base.manifest) == parent;
        let before = match parent {
            Some(_) => seen.get(at + 1).filter(is_parent).cloned(),
            None => Some(Current {
                generation: None,
                ..seen[at].clone()
            }),
        };
        let changes = before.map(|before| compare(store, &before, &seen[at]));
        found.push(Past {
            current: seen[at].clone(),
            changes: changes.transpose()?,
        });
    }
    if seen.len() > limit {
        extent = Extent::Cut;
    }
    Ok((found, extent))
}

/// The texts of chunks that were read, by digest.
#[derive(Default)]
struct Texts(BTreeMap<Sha256, String>);

impl Texts {
    fn differing<'m>(
        &mut self,
        store: &dyn Store,
        before: Option<&'m Manifest>,
        after: Option<&'m Manifest>,
    ) -> Result<BTreeSet<PackageName>, PublishError> {
        let old = before.map_or(Vec::new(), |own| match after {
            Some(other) => only_in(own, other),
            None => all(own),
        });
        let new = after.map_or(Vec::new(), |own| match before {
            Some(other) => only_in(own, other),
            None => all(own),
        });
        self.read(store, old.iter().chain(&new))?;
        let read = &self.0;
        let said = |chunks: &[(&'m Index, &'m Chunk)]| -> Vec<(&'m IndexName, &str)> {
            let text = |chunk: &Chunk| read[&chunk.sha256].as_str();
            let place = |found: &(&'m Index, &'m Chunk)| (&found.0.name, text(found.1));
            chunks.iter().map(place).collect()
        };
        names_in(&said(&old), &said(&new))
            .map_err(|source| misread(old.iter().chain(&new).next(), source))
    }

    /// Returns a generation with all that it says of some packages.
    fn with(
        &mut self,
        store: &dyn Store,
        current: &Current,
        names: &BTreeSet<PackageName>,
    ) -> Result<Current, PublishError> {
        let mut found = current.clone();
        found.chunks.clear();
        let Some(manifest) = current.manifest() else {
            return Ok(found);
        };
        let chunks = places(manifest, names);
        self.read(store, &chunks)?;
        for place @ (index, chunk) in &chunks {
            let text = &self.0[&chunk.sha256];
            let stanzas = stanzas_named(text, lists(index), names)
                .map_err(|source| misread(Some(place), source))?;
            found.chunks.insert(chunk.sha256, stanzas);
        }
        Ok(found)
    }

    fn read<'a>(
        &mut self,
        store: &dyn Store,
        chunks: impl IntoIterator<Item = &'a (&'a Index, &'a Chunk)>,
    ) -> Result<(), PublishError> {
        let wanted = chunks
            .into_iter()
            .map(|(index, chunk)| (chunk.sha256, (*index, *chunk)));
        let mut wanted: BTreeMap<_, _> = wanted.collect();
        wanted.retain(|sha256, _| !self.0.contains_key(sha256));
        let read = wanted.into_par_iter().map(|(sha256, place)| {
            let bytes = read_object(store, ObjectKind::Chunk, &sha256)?;
            // What is no text is told by the parser, with its place.
            let text = String::from_utf8(bytes).map_err(|error| {
                let parsed = crate::format::index::parse(error.as_bytes(), lists(place.0));
                misread(Some(&place), parsed.expect_err("it is no text"))
            })?;
            Ok((sha256, text))
        });
        let read: Result<Vec<_>, PublishError> = read.collect();
        self.0.extend(read?);
        Ok(())
    }
}

fn all(manifest: &Manifest) -> Vec<(&Index, &Chunk)> {
    let chunks = |index| -> Vec<(&Index, &Chunk)> {
        let index: &Index = index;
        index.chunks.iter().map(|chunk| (index, chunk)).collect()
    };
    manifest.listings().flat_map(chunks).collect()
}

fn misread(place: Option<&(&Index, &Chunk)>, source: IndexError) -> PublishError {
    let (_, chunk) = place.expect("what is misread was read");
    PublishError::Chunk {
        first: chunk.first.clone(),
        path: layout::object(ObjectKind::Chunk, &chunk.sha256),
        source: Box::new(source),
    }
}

/// Returns what an index lists: others are not read here.
fn lists(index: &Index) -> Kind {
    index.name.kind().expect("it lists packages")
}
