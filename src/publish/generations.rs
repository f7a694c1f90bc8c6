//! The generations of a suite that are kept: from the newest back, and those
//! that a pin holds beyond a gap.

use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Base, Manifest};
use crate::model::{Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::{Head, read_manifest};
use crate::publish::pins::pins;
use crate::sys::store::Store;

/// Returns every kept generation of a suite, the newest first; none where there
/// is no such suite.
pub fn generations(
    store: &dyn Store,
    suite: &Suite,
) -> Result<Vec<(Base, Manifest)>, PublishError> {
    let mut found = Vec::new();
    walk(store, suite, |base, manifest| {
        found.push((base, manifest));
        Ok(Step::Further)
    })?;
    Ok(found)
}

/// Finds a kept generation of a suite by its number.
pub fn generation(
    store: &dyn Store,
    suite: &Suite,
    number: u64,
) -> Result<Option<(Base, Manifest)>, PublishError> {
    let mut found = None;
    walk(store, suite, |base, manifest| {
        match base.number {
            at if at == number => found = Some((base, manifest)),
            at if at > number => return Ok(Step::Further),
            _ => {}
        }
        Ok(Step::Enough)
    })?;
    Ok(found)
}

/// Whether who walks wants to see more.
pub(super) enum Step {
    Further,
    Enough,
}

/// Shows every kept generation of a suite, the newest first.
pub(super) fn walk(
    store: &dyn Store,
    suite: &Suite,
    mut visit: impl FnMut(Base, Manifest) -> Result<Step, PublishError>,
) -> Result<(), PublishError> {
    let path = layout::head(suite);
    let Some(bytes) = store.read(&path)? else {
        return Ok(());
    };
    let newest = Head::from_bytes(&path, suite, &bytes)?.generation;
    let mut next = Some((newest, read_manifest(store, &newest.manifest)?));
    let mut seen = newest.number + 1;
    while let Some((base, manifest)) = next {
        seen = base.number;
        let parent = manifest.parent;
        if matches!(visit(base, manifest)?, Step::Enough) {
            return Ok(());
        }
        next = match parent {
            Some(parent) => kept(store, &parent)?.map(|manifest| {
                let before = Base {
                    number: base.number - 1,
                    manifest: parent,
                };
                (before, manifest)
            }),
            None => None,
        };
    }
    // Beyond the gap that the collection of garbage left.
    let mut islands: Vec<_> = pins(store, suite)?
        .into_iter()
        .map(|pin| pin.generation)
        .collect();
    islands.retain(|base| base.number < seen);
    islands.sort_by_key(|base| std::cmp::Reverse(base.number));
    islands.dedup();
    for base in islands {
        if let Some(manifest) = kept(store, &base.manifest)?
            && matches!(visit(base, manifest)?, Step::Enough)
        {
            break;
        }
    }
    Ok(())
}

/// Reads a manifest that may have been collected.
fn kept(store: &dyn Store, sha256: &Sha256) -> Result<Option<Manifest>, PublishError> {
    match read_manifest(store, sha256) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(PublishError::Missing { path })
            if path == layout::object(ObjectKind::Manifest, sha256) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
