//! Putting back what clients read, where it is missing or cut short although
//! its publish was completed.
//!
//! Looks at sizes only, so that every publish can afford it; what has the right
//! size and other bytes, the check finds.

use crate::archive::layout::{self, IndexName};
use crate::archive::manifest::{IndexFile, Manifest};
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::join::reassemble;
use crate::publish::objects::Objects;
use crate::sys::store::{Condition, Content, Store, StoreError};

/// Puts back what is damaged of a head's generation, `InRelease` aside; returns
/// whether anything was written. What nothing intact is left of, stays: the
/// check names it.
///
/// Where nothing locks the store, another publisher may be faster: then we may
/// have written over newer files, and the caller has to look for a newer head.
pub(super) fn repair(store: &dyn Store, head: &Head) -> Result<bool, PublishError> {
    let mut written = false;
    let manifest = head.manifest(store)?;
    for index in &manifest.indices {
        for file in &index.files {
            written |= repair_index(store, &manifest, &index.name, file)?;
        }
    }
    for (path, text) in [
        (layout::release(&head.suite), &head.release),
        (layout::release_gpg(&head.suite), &head.release_gpg),
    ] {
        if store.read(&path)?.as_deref() != Some(text.as_bytes()) {
            store.write(&path, Content::Bytes(text.as_bytes()), &Condition::Always)?;
            written = true;
        }
    }
    Ok(written)
}

/// Repairs the two names of an index's file.
fn repair_index(
    store: &dyn Store,
    manifest: &Manifest,
    name: &IndexName,
    file: &IndexFile,
) -> Result<bool, PublishError> {
    let suite: &Suite = &manifest.suite;
    let names = [
        layout::by_hash(suite, name, &file.sha256),
        layout::index_file(suite, name, file.encoding),
    ];
    let mut damaged = Vec::new();
    for path in &names {
        if store.size(path)? != Some(file.size) {
            damaged.push(path);
        }
    }
    if damaged.is_empty() {
        return Ok(false);
    }
    let Some(bytes) = intact(store, &names, file)? else {
        return Ok(false);
    };
    for path in damaged {
        store.write(path, Content::Bytes(&bytes), &Condition::Always)?;
    }
    Ok(true)
}

/// Returns what an index's file must hold, from whatever still has it.
fn intact(
    store: &dyn Store,
    names: &[ArchivePath],
    file: &IndexFile,
) -> Result<Option<Vec<u8>>, StoreError> {
    for path in names {
        let found = store.read(path)?;
        if let Some(bytes) = found.filter(|bytes| Sha256::of(bytes) == file.sha256) {
            return Ok(Some(bytes));
        }
    }
    let bytes = match reassemble(&Objects::of(store), file) {
        Ok(bytes) => bytes,
        Err(PublishError::Store(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    Ok((Sha256::of(&bytes) == file.sha256).then_some(bytes))
}
