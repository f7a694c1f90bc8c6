//! A part of what a generation lists, by name.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::error::PublishError;
use super::head::read_object;
use super::observe::read_chunk;
use crate::archive::chunk::Chunk;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Index, Manifest};
use crate::format::deb822::{self, Syntax};
use crate::format::index::Stanza;
use crate::model::PackageName;
use crate::sys::store::Store;

/// Reads every stanza of the packages from one name up to another, which is not
/// among them, with its index; in order of the indices, then of names.
pub fn between(
    store: &dyn Store,
    manifest: &Manifest,
    first: &str,
    next: Option<&str>,
) -> Result<Vec<(IndexName, Stanza)>, PublishError> {
    let is_within = |stanza: &Stanza| {
        let name = stanza.name().as_str();
        name >= first && next.is_none_or(|next| name < next)
    };
    let mut chunks: Vec<(&Index, &Chunk)> = Vec::new();
    for index in manifest.listings() {
        let from = index.chunks.partition_point(|chunk| *chunk.first <= *first);
        let from = from.saturating_sub(1);
        let to = match next {
            Some(next) => index.chunks.partition_point(|chunk| *chunk.first < *next),
            None => index.chunks.len(),
        };
        let own = index.chunks.get(from..to.max(from)).unwrap_or_default();
        chunks.extend(own.iter().map(|chunk| (index, chunk)));
    }
    let read = chunks.into_par_iter().map(|(index, chunk)| {
        let stanzas = read_chunk(store, index, chunk)?.into_iter();
        let within = stanzas.filter(|stanza| is_within(stanza));
        Ok(within.map(|stanza| (index.name.clone(), stanza)).collect())
    });
    let read: Result<Vec<Vec<_>>, PublishError> = read.collect();
    Ok(read?.into_iter().flatten().collect())
}

/// Reads the long descriptions of packages, where the suite keeps them out of
/// `Packages`, by the packages' names and their `Description-md5`.
pub fn descriptions(
    store: &dyn Store,
    manifest: &Manifest,
    names: &[PackageName],
) -> Result<BTreeMap<(PackageName, String), String>, PublishError> {
    let is_one = |index: &&Index| matches!(index.name, IndexName::Translation { .. });
    let mut chunks = BTreeMap::new();
    for index in manifest.indices.iter().filter(is_one) {
        for name in names {
            let after = index
                .chunks
                .partition_point(|chunk| *chunk.first <= *name.as_str());
            if let Some(chunk) = after.checked_sub(1).map(|at| &index.chunks[at]) {
                chunks.insert(chunk.sha256, chunk);
            }
        }
    }
    let mut found = BTreeMap::new();
    for (sha256, chunk) in chunks {
        let bytes = read_object(store, ObjectKind::Chunk, &sha256)?;
        let read = deb822::paragraphs(&bytes, Syntax::Generated);
        let paragraphs = read.map_err(|source| PublishError::Chunk {
            first: chunk.first.clone(),
            path: layout::object(ObjectKind::Chunk, &sha256),
            source: Box::new(source),
        })?;
        for paragraph in paragraphs {
            let fields = ["Package", "Description-md5", "Description-en"];
            let [Some(name), Some(md5), Some(text)] = fields.map(|field| paragraph.get(field))
            else {
                continue;
            };
            if let Some(name) = names.iter().find(|wanted| wanted.as_str() == name) {
                found.insert((name.clone(), md5.to_owned()), text.to_owned());
            }
        }
    }
    Ok(found)
}

/// Names every package of a generation. Reads all its chunks, but parses
/// nothing beyond the names.
pub fn names(store: &dyn Store, manifest: &Manifest) -> Result<BTreeSet<String>, PublishError> {
    let chunks = manifest.listings().flat_map(|index| &index.chunks);
    let chunks: BTreeSet<_> = chunks.map(|chunk| chunk.sha256).collect();
    let read = chunks.into_par_iter().map(|sha256| {
        let bytes = read_object(store, ObjectKind::Chunk, &sha256)?;
        let text = String::from_utf8_lossy(&bytes);
        let name = |line: &str| {
            line.strip_prefix("Package: ")
                .map(|name| name.trim().to_owned())
        };
        Ok(text.lines().filter_map(name).collect())
    });
    let read: Result<Vec<BTreeSet<String>>, PublishError> = read.collect();
    Ok(read?.into_iter().flatten().collect())
}
