//! From an admitted change to the next generation: reading what follows from it
//! for the indices that say more of packages.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::archive::admission::Admission;
use crate::archive::chunk::{Chunk, Edit, touched};
use crate::archive::current::Current;
use crate::archive::derived::{self, Derived, Edits};
use crate::archive::generation::Generation;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Manifest, Record};
use crate::format::deb::{self, Limits};
use crate::format::index::contents::{self, Brings, FileList};
use crate::format::index::piece::Encoding;
use crate::format::index::translation::{self, Translation};
use crate::format::index::{Entry, PoolFile};
use crate::format::tar::TreePath;
use crate::model::Sha256;
use crate::publish::error::PublishError;
use crate::publish::head::read_object;
use crate::sys::store::Store;

/// A list of files is longer than this only in a package that wants to harm.
const LIST_LIMIT: u64 = 1 << 30;

/// Returns the generation that an admitted change leads to; `None` when it
/// changes nothing. Chunks that one of `donors` has are taken from there.
pub fn next(
    store: &dyn Store,
    current: &Current,
    admission: Admission,
    donors: &[&Manifest],
    record: Record,
) -> Result<Option<Generation>, PublishError> {
    if !admission.is_change() {
        return Ok(None);
    }
    let derived = derive(store, current, &admission)?;
    Ok(Generation::next(
        current, admission, derived, donors, record,
    )?)
}

/// Reads what follows from an admitted change.
fn derive(
    store: &dyn Store,
    current: &Current,
    admission: &Admission,
) -> Result<Derived, PublishError> {
    let wanted = derived::wanted(current, admission)?;
    let lists = wanted
        .par_iter()
        .map(|deb| Ok((deb.sha256, list_of(store, &admission.before(deb))?)))
        .collect::<Result<BTreeMap<Sha256, FileList>, PublishError>>()?;
    let contents = derived::contents(current, admission, &lists)?;
    let translations = derived::translations(current, admission)?;
    Ok(Derived {
        contents: with_chunks(current, admission, contents, &|chunk| {
            read_lines(store, chunk)
        })?,
        translations: with_chunks(current, admission, translations, &|chunk| {
            read_translations(store, chunk)
        })?,
    })
}

/// Reads the chunks that edits touch.
fn with_chunks<T: Entry>(
    current: &Current,
    admission: &Admission,
    edits: BTreeMap<IndexName, Edit<T>>,
    read: &dyn Fn(&Chunk) -> Result<Vec<T>, PublishError>,
) -> Result<Edits<T>, PublishError> {
    let mut chunks = BTreeMap::new();
    for (name, edit) in &edits {
        let Some(index) = current.manifest().and_then(|m| m.index(name)) else {
            continue;
        };
        let rule = admission.settings().rule_of(name);
        for at in touched(&rule, &index.chunks, edit.keys()) {
            let chunk = &index.chunks[at];
            chunks.insert(chunk.sha256, read(chunk)?);
        }
    }
    Ok(Edits { edits, chunks })
}

/// Reads a chunk of `Contents`.
fn read_lines(store: &dyn Store, chunk: &Chunk) -> Result<Vec<Brings>, PublishError> {
    let text = read_object(store, ObjectKind::Chunk, &chunk.sha256)?;
    contents::parse(&String::from_utf8_lossy(&text)).map_err(|error| not_a_chunk(chunk, error))
}

/// Reads a chunk of `Translation-en`.
pub(super) fn read_translations(
    store: &dyn Store,
    chunk: &Chunk,
) -> Result<Vec<Translation>, PublishError> {
    let text = read_object(store, ObjectKind::Chunk, &chunk.sha256)?;
    translation::parse(&text).map_err(|error| not_a_chunk(chunk, error))
}

/// Says that a chunk is no part of the index that it should be one of.
pub(super) fn not_a_chunk(
    chunk: &Chunk,
    source: impl std::error::Error + Send + Sync + 'static,
) -> PublishError {
    PublishError::Chunk {
        first: chunk.first.clone(),
        path: layout::object(ObjectKind::Chunk, &chunk.sha256),
        source: Box::new(source),
    }
}

/// Returns the list of a package's files: as it was kept, else from the package.
pub(super) fn list_of(store: &dyn Store, file: &PoolFile) -> Result<FileList, PublishError> {
    let kept = store.read(&layout::file_list(&file.sha256))?;
    if let Some(list) = kept.and_then(|bytes| unpacked(&bytes)) {
        return Ok(list);
    }
    let path = &file.path;
    let Some(mut from) = store.open(path)? else {
        return Err(PublishError::Missing { path: path.clone() });
    };
    listed(&mut from).map_err(|source| PublishError::Package {
        path: path.clone(),
        source: Box::new(source),
    })
}

/// Lists the files that a `.deb` brings.
fn listed(from: &mut dyn std::io::Read) -> Result<FileList, deb::ReadError> {
    let mut paths = Vec::new();
    deb::read(from, &Limits::default(), |entry, _| {
        paths.extend(entry.path_of_file().cloned());
        Ok(())
    })?;
    Ok(FileList::new(paths.iter().map(TreePath::as_bytes)))
}

/// How hard lists are compressed: hardly, for nobody fetches them. Level 19
/// costs 0.1 ms a list, most of it for setting up, and saves a few bytes.
const LIST_LEVEL: i32 = 1;

/// Compresses a list for keeping.
pub(super) fn packed(list: &FileList) -> Vec<u8> {
    zstd::bulk::compress(list.text().as_bytes(), LIST_LEVEL).expect("memory takes every write")
}

/// Reads a kept list; `None` when it is damaged, and then it is made again.
fn unpacked(bytes: &[u8]) -> Option<FileList> {
    let text = Encoding::Zst.decompress(bytes, LIST_LIMIT).ok()?;
    FileList::from_text(std::str::from_utf8(&text).ok()?)
}
