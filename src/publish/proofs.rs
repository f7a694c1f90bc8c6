//! The proofs that a suite keeps: read from their shelves.

use std::collections::BTreeSet;

use crate::archive::layout;
use crate::archive::manifest::Manifest;
use crate::archive::proofs::{self, Proof, Shelf, Shelves};
use crate::model::{PackageName, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::read_named;
use crate::sys::store::Store;

/// Reads the shelves on which the proofs of these sources are.
pub fn shelves<'a>(
    store: &dyn Store,
    manifest: &Manifest,
    sources: impl IntoIterator<Item = &'a PackageName>,
) -> Result<Shelves, PublishError> {
    let wanted: BTreeSet<_> = sources.into_iter().map(proofs::shelf).collect();
    let mut found = Shelves::new();
    for name in wanted {
        if let Some(shelf) = manifest.shelves.get(&name) {
            found.insert(name, read_shelf(store, &manifest.suite, shelf)?);
        }
    }
    Ok(found)
}

/// Reads one shelf.
pub(super) fn read_shelf(
    store: &dyn Store,
    suite: &Suite,
    shelf: &Shelf,
) -> Result<Vec<Proof>, PublishError> {
    let bytes = read(store, suite, &shelf.sha256)?;
    proofs::from_bytes(&bytes).map_err(|source| PublishError::Shelf {
        path: layout::proof(suite, &shelf.sha256),
        source,
    })
}

/// Reads a proof of a suite.
pub fn proof(store: &dyn Store, suite: &Suite, proof: &Proof) -> Result<Vec<u8>, PublishError> {
    read(store, suite, &proof.sha256)
}

fn read(store: &dyn Store, suite: &Suite, sha256: &Sha256) -> Result<Vec<u8>, PublishError> {
    read_named(store, layout::proof(suite, sha256), sha256)
}
