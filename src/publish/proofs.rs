//! The proofs that a suite keeps: read from their shelves.

use std::collections::BTreeSet;

use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::Manifest;
use crate::archive::proofs::{self, Proof, Shelves};
use crate::model::PackageName;
use crate::publish::error::PublishError;
use crate::publish::head::read_object;
use crate::sys::store::Store;

/// Reads the shelves on which the proofs of these sources are.
pub fn shelves<'a>(
    store: &dyn Store,
    manifest: &Manifest,
    sources: impl IntoIterator<Item = &'a PackageName>,
) -> Result<Shelves, PublishError> {
    let wanted: BTreeSet<_> = sources.into_iter().map(proofs::shelf).collect();
    let mut found = Shelves::new();
    for shelf in wanted {
        if let Some(sha256) = manifest.shelves.get(&shelf) {
            let bytes = read_object(store, ObjectKind::Shelf, sha256)?;
            let list = proofs::from_bytes(&bytes).map_err(|source| PublishError::Shelf {
                path: layout::object(ObjectKind::Shelf, sha256),
                source,
            })?;
            found.insert(shelf, list);
        }
    }
    Ok(found)
}

/// Reads a proof.
pub fn proof(store: &dyn Store, proof: &Proof) -> Result<Vec<u8>, PublishError> {
    read_object(store, ObjectKind::Proof, &proof.sha256)
}
