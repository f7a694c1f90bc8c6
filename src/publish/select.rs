//! The chunks that a selection of packages needs: those of the named packages,
//! and of all that was built from them.
//!
//! What was built from a source, its stanza says. Only where a name has none,
//! every chunk is searched for it, without being read into stanzas: 60 MB take
//! 30 ms.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::archive::chunk::Chunk;
use crate::archive::layout::{IndexName, ObjectKind};
use crate::archive::manifest::{Index, Manifest};
use crate::archive::{Current, Selection, promote};
use crate::format::index::{Kind, Stanza, source_word};
use crate::model::{PackageName, Sha256};
use crate::publish::derive::read_translations;
use crate::publish::error::PublishError;
use crate::publish::head::read_object;
use crate::publish::observe::read_chunk;
use crate::sys::store::Store;

/// Reads what `promote` needs of the suite that packages are taken from.
pub fn observe_selection(
    store: &dyn Store,
    from: &mut Current,
    selection: &Selection,
) -> Result<(), PublishError> {
    let Some((_, manifest)) = from.generation.clone() else {
        return Ok(());
    };
    let listings: Vec<_> = manifest.listings().collect();
    let Selection::Packages(packages) = selection else {
        let all = listings
            .iter()
            .flat_map(|index| index.chunks.iter().map(|c| (*index, c)));
        read(store, from, all.collect())?;
        return describe(store, from, &manifest, selection);
    };
    let names: BTreeSet<_> = packages.iter().map(|wanted| wanted.name.as_str()).collect();
    read(store, from, holding(&listings, names.iter().copied()))?;

    let mut built = BTreeSet::new();
    let mut sourceless = names.clone();
    for index in &listings {
        if index.name.kind() != Some(Kind::Sources) {
            continue;
        }
        for name in &names {
            let Ok(name) = PackageName::new(*name) else {
                continue;
            };
            for stanza in from.versions(index, &name)? {
                sourceless.remove(name.as_str());
                built.extend(binaries(stanza));
            }
        }
    }
    let mut wanted = holding(&listings, built.iter().map(String::as_str));
    if !sourceless.is_empty() {
        wanted.extend(naming(store, &listings, &sourceless)?);
    }
    read(store, from, wanted)?;
    describe(store, from, &manifest, selection)
}

/// Reads all that a suite has of a source: every chunk with a package that was
/// built from it, in any version.
pub fn observe_source(
    store: &dyn Store,
    from: &mut Current,
    source: &PackageName,
) -> Result<(), PublishError> {
    let Some((_, manifest)) = from.generation.clone() else {
        return Ok(());
    };
    let listings: Vec<_> = manifest.listings().collect();
    let mut wanted = holding(&listings, [source.as_str()].into_iter());
    wanted.extend(naming(
        store,
        &listings,
        &BTreeSet::from([source.as_str()]),
    )?);
    read(store, from, wanted)
}

/// Reads the long descriptions that the chosen packages have elsewhere.
fn describe(
    store: &dyn Store,
    from: &mut Current,
    manifest: &Manifest,
    selection: &Selection,
) -> Result<(), PublishError> {
    let is_one = |index: &&Index| matches!(index.name, IndexName::Translation { .. });
    let indices: Vec<_> = manifest.indices.iter().filter(is_one).collect();
    if indices.is_empty() {
        return Ok(());
    }
    // What stands against the selection is told by whoever promotes.
    let names = promote::names(from, selection).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (_, chunk) in holding(&indices, names.iter().map(PackageName::as_str)) {
        if seen.insert(chunk.sha256) {
            from.translations.extend(read_translations(store, chunk)?);
        }
    }
    Ok(())
}

/// Returns the binary packages that a source says are built from it, and those
/// of their debugging symbols.
fn binaries(source: &Stanza) -> Vec<String> {
    let fields = source.paragraph();
    let mut found = BTreeSet::new();
    if let Some(binary) = fields.get("Binary") {
        let words = binary.split([',', ' ', '\n', '\t']);
        found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    if let Some(list) = fields.get("Package-List") {
        let firsts = list
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        found.extend(firsts.map(str::to_owned));
    }
    let symbols: Vec<_> = found.iter().map(|name| format!("{name}-dbgsym")).collect();
    found.extend(symbols);
    found.into_iter().collect()
}

/// Finds the chunks that have these names, if any has.
fn holding<'a, 'n>(
    listings: &[&'a Index],
    names: impl Iterator<Item = &'n str> + Clone,
) -> Vec<(&'a Index, &'a Chunk)> {
    let mut found = Vec::new();
    for index in listings {
        for name in names.clone() {
            let after = index.chunks.partition_point(|chunk| *chunk.first <= *name);
            found.extend(after.checked_sub(1).map(|at| (*index, &index.chunks[at])));
        }
    }
    found
}

/// Finds the chunks with a package that was built from one of these sources.
fn naming<'a>(
    store: &dyn Store,
    listings: &[&'a Index],
    sources: &BTreeSet<&str>,
) -> Result<Vec<(&'a Index, &'a Chunk)>, PublishError> {
    let binary = listings
        .iter()
        .filter(|index| index.name.kind() == Some(Kind::Packages));
    let mut chunks = BTreeMap::<Sha256, (&Index, &Chunk)>::new();
    for index in binary {
        for chunk in &index.chunks {
            chunks.entry(chunk.sha256).or_insert((index, chunk));
        }
    }
    let has = |chunk: &Chunk| {
        let text = read_object(store, ObjectKind::Chunk, &chunk.sha256)?;
        let text = String::from_utf8_lossy(&text);
        let mut rest = &*text;
        while let Some((at, word)) = source_word(rest) {
            if sources.contains(word) {
                return Ok(true);
            }
            rest = &rest[at..];
        }
        Ok::<_, PublishError>(false)
    };
    let found = chunks.into_par_iter().map(|(_, (index, chunk))| {
        let found = has(chunk)?;
        Ok(found.then_some((index, chunk)))
    });
    let found: Result<Vec<_>, PublishError> = found.collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Reads chunks that are not there yet.
fn read(
    store: &dyn Store,
    from: &mut Current,
    wanted: Vec<(&Index, &Chunk)>,
) -> Result<(), PublishError> {
    let mut lacking = BTreeMap::new();
    for (index, chunk) in wanted {
        if !from.chunks.contains_key(&chunk.sha256) {
            lacking.insert(chunk.sha256, (index, chunk));
        }
    }
    let read = lacking
        .into_par_iter()
        .map(|(sha256, (index, chunk))| Ok((sha256, read_chunk(store, index, chunk)?)));
    let read: Result<Vec<_>, PublishError> = read.collect();
    from.chunks.extend(read?);
    Ok(())
}
