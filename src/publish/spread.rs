//! Writing many files that nothing refers to yet, with a word on how far it is.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{Event, Listener};
use crate::sys::store::{NewFile, Store, StoreError, Taken};

/// Writes files in any order; what is there already stays.
pub(super) fn write_all(
    store: &dyn Store,
    taken: Taken,
    files: &[NewFile<'_>],
    listener: &dyn Listener,
) -> Result<(), StoreError> {
    let (total, done) = (files.len() as u64, AtomicU64::new(0));
    store.write_new(files, taken, &|| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        listener.hear(Event::Progress { done, total });
    })
}
