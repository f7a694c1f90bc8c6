//! From the head to what clients read: the second half of every publish, and
//! what completes a publish that a crash stopped there, or repairs what was
//! damaged since.
//!
//! A crash before the head leaves files that nothing refers to; they harm
//! nobody, and the next publish of the same packages uses them.

use crate::archive::layout::{self, IndexName};
use crate::archive::manifest::Manifest;
use crate::archive::pdiff;
use crate::model::Suite;
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::repair::repair;
use crate::sys::store::{Condition, Content, Reads, Revision, Store, StoreError};

/// A suite whose clients read what its head says.
#[derive(Debug)]
pub struct Switched {
    /// The head.
    pub head: Head,
    pub(super) head_revision: Revision,
    pub(super) in_release: Revision,
}

/// How often another publisher may be faster before we say so. Each time it has
/// finished a publish of its own, so this is no deadlock but a crowd.
const ATTEMPTS: usize = 16;

/// Completes what a crash left undone after a suite's commit, and puts back what
/// is missing or cut short; `None` when there is no such suite. Does nothing where nothing is to be done.
pub fn recover(store: &dyn Store, suite: &Suite) -> Result<Option<Switched>, PublishError> {
    follow(store, suite, Plain::IfNotSwitched)
}

/// When indices get their plain names again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// When `InRelease` is not that of the head: then a publish was stopped.
    IfNotSwitched,
    /// In any case: somebody may have written over them.
    Once,
}

fn follow(
    store: &dyn Store,
    suite: &Suite,
    mut plain: Plain,
) -> Result<Option<Switched>, PublishError> {
    let mut attempt = 0;
    let mut repaired: Option<Revision> = None;
    loop {
        // `InRelease` before the head: so the head is never the older one, and
        // when another publisher gets in between, our condition fails.
        let there = store.read_revision(&layout::in_release(suite))?;
        let path = layout::head(suite);
        let Some(found) = store.read_revision(&path)? else {
            refuse_foreign(store, suite)?;
            return Ok(None);
        };
        let head = Head::from_bytes(&path, suite, &found.bytes)?;
        let condition = match there {
            Some(there) if there.bytes == head.in_release.as_bytes() => {
                // A head that came while we repaired has plain names of its own,
                // and we may have written over them.
                let overtaken = repaired.as_ref().is_some_and(|at| *at != found.revision);
                if plain == Plain::IfNotSwitched && !overtaken {
                    // Nobody loses single files of an object store, and each
                    // look is a request.
                    let near = store.reads() == Reads::Near;
                    if near && repaired.is_none() && repair(store, &head)? {
                        repaired = Some(found.revision);
                        continue;
                    }
                    return Ok(Some(Switched {
                        head,
                        head_revision: found.revision,
                        in_release: there.revision,
                    }));
                }
                Condition::IfRevision(there.revision)
            }
            Some(there) => Condition::IfRevision(there.revision),
            None => Condition::IfAbsent,
        };
        let manifest = head.manifest(store)?;
        let all = manifest.indices.iter().map(|index| &index.name);
        plain = match complete(store, &head, &manifest, all, &condition) {
            // Round again: the next look tells what we have switched to.
            Ok(()) => {
                repaired = repaired.and(Some(found.revision));
                Plain::IfNotSwitched
            }
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => Plain::Once,
            Err(error) => return Err(error.into()),
        };
        attempt += 1;
    }
}

/// Refuses a suite that clients read although it has no head: another program
/// publishes it, or its head was lost.
pub(super) fn refuse_foreign(store: &dyn Store, suite: &Suite) -> Result<(), PublishError> {
    let signed = [layout::in_release, layout::release, layout::release_gpg];
    for path in signed.map(|path| path(suite)) {
        if store.size(&path)?.is_none() {
            continue;
        }
        let head = layout::head(suite);
        // A head that came only now is a publisher who was faster, nothing else.
        if store.size(&head)?.is_none() {
            return Err(PublishError::Foreign { path, head });
        }
    }
    Ok(())
}

/// Lets clients read what a head says, after its commit. When somebody else has
/// published meanwhile, theirs is completed instead: ours is part of it.
pub(super) fn switch<'a>(
    store: &dyn Store,
    head: &Head,
    manifest: &Manifest,
    changed: impl Iterator<Item = &'a IndexName>,
    condition: &Condition,
) -> Result<(), PublishError> {
    match complete(store, head, manifest, changed, condition) {
        Ok(()) => Ok(()),
        // We may have written plain names over newer ones.
        Err(error) if error.is_conflict() => {
            follow(store, &head.suite, Plain::Once)?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes the phases `Index`, `Release` and `Switch`.
fn complete<'a>(
    store: &dyn Store,
    head: &Head,
    manifest: &Manifest,
    indices: impl Iterator<Item = &'a IndexName>,
    condition: &Condition,
) -> Result<(), StoreError> {
    let suite = &head.suite;
    for name in indices {
        let index = manifest.index(name).expect("one of its own");
        for file in &index.files {
            let from = layout::by_hash(suite, name, &file.sha256);
            store.copy(&from, &layout::index_file(suite, name, file.encoding))?;
        }
        if let Some(listed) = pdiff::listed(index) {
            let from = layout::patch_index_by_hash(suite, name, &listed.sha256);
            store.copy(&from, &layout::patch_index(suite, name))?;
        }
    }
    let write = |path, text: &str, condition: &Condition| {
        store.write(&path, Content::Bytes(text.as_bytes()), condition)
    };
    write(layout::release(suite), &head.release, &Condition::Always)?;
    write(
        layout::release_gpg(suite),
        &head.release_gpg,
        &Condition::Always,
    )?;
    // InRelease last: until it is there, clients read the old generation.
    write(layout::in_release(suite), &head.in_release, condition)
}
