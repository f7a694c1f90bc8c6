//! From an admitted change to the next generation: reading what follows from it
//! for the indices that say more of packages.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::archive::admission::Admission;
use crate::archive::chunk::touched;
use crate::archive::current::Current;
use crate::archive::derived::{self, Derived};
use crate::archive::generation::Generation;
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Manifest, Record};
use crate::format::deb::{self, Limits};
use crate::format::index::PoolFile;
use crate::format::index::contents::{self, Brings, FileList};
use crate::format::index::piece::Encoding;
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
    admission: &Admission,
    donors: &[&Manifest],
    record: Record,
) -> Result<Option<Generation>, PublishError> {
    if !admission.is_change() {
        return Ok(None);
    }
    let derived = derive(store, current, admission)?;
    Ok(Generation::next(
        current, admission, &derived, donors, record,
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
    let mut derived = Derived {
        contents: derived::contents(current, admission, &lists)?,
        chunks: BTreeMap::new(),
    };
    for (name, edit) in &derived.contents {
        let Some(index) = current.manifest().and_then(|m| m.index(name)) else {
            continue;
        };
        let rule = admission.settings().rule_of(name);
        for at in touched(&rule, &index.chunks, edit.keys()) {
            let chunk = &index.chunks[at];
            derived.chunks.insert(
                chunk.sha256,
                read_lines(store, &chunk.sha256, &chunk.first)?,
            );
        }
    }
    Ok(derived)
}

/// Reads a chunk of `Contents`.
pub(super) fn read_lines(
    store: &dyn Store,
    sha256: &Sha256,
    first: &str,
) -> Result<Vec<Brings>, PublishError> {
    let text = read_object(store, ObjectKind::Chunk, sha256)?;
    contents::parse(&String::from_utf8_lossy(&text)).map_err(|source| PublishError::Chunk {
        first: first.to_owned(),
        path: layout::object(ObjectKind::Chunk, sha256),
        source: Box::new(source),
    })
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

/// Compresses a list for keeping.
pub(super) fn packed(list: &FileList) -> Vec<u8> {
    Encoding::Zst.compress(list.text().as_bytes())
}

/// Reads a kept list; `None` when it is damaged, and then it is made again.
fn unpacked(bytes: &[u8]) -> Option<FileList> {
    let text = Encoding::Zst.decompress(bytes, LIST_LIMIT).ok()?;
    FileList::from_text(std::str::from_utf8(&text).ok()?)
}
