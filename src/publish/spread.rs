//! Writing many files at once: each write waits for a disk or a network, and
//! nothing is gained by waiting for them one after the other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::model::{ArchivePath, Event, Listener};
use crate::sys::store::{Condition, Content, Store, StoreError};

/// What to do where other content is already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Refuse: the name says what the file is for, not what is in it.
    Refuse,
    /// Replace it: the name is the content's digest, so what is there is
    /// damaged.
    Repair,
}

/// Writes files in any order; what is there already stays. After a failure no
/// further write is started, and the first failure is returned.
pub(super) fn write_all(
    store: &dyn Store,
    taken: Taken,
    files: &[(&ArchivePath, Content<'_>)],
    listener: &dyn Listener,
) -> Result<(), StoreError> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failure = Mutex::new(None);
    let write = || {
        while let Some((path, content)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut result = store.write(path, *content, &Condition::IfAbsent);
            if taken == Taken::Repair && result.as_ref().is_err_and(StoreError::is_conflict) {
                result = store.write(path, *content, &Condition::Always);
            }
            if let Err(error) = result {
                let mut first = failure.lock().expect("nobody panics while holding it");
                first.get_or_insert(error);
                next.store(files.len(), Ordering::Relaxed);
                return;
            }
            listener.hear(Event::Progress {
                done: done.fetch_add(1, Ordering::Relaxed) as u64 + 1,
                total: files.len() as u64,
            });
        }
    };
    thread::scope(|scope| {
        for _ in 1..store.fan_out(files.len()) {
            scope.spawn(write);
        }
        write();
    });
    let failure = failure
        .into_inner()
        .expect("nobody panics while holding it");
    failure.map_or(Ok(()), Err)
}
