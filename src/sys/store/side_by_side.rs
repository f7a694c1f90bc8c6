//! Writing many files side by side: each write waits for a disk or a network,
//! and nothing is gained by waiting for them one after the other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Condition, NewFile, Store, StoreError, Taken};

/// Writes each file by itself. After a failure no further write is started,
/// and the first failure is returned.
pub(super) fn write_new<S: Store + ?Sized>(
    store: &S,
    files: &[NewFile<'_>],
    taken: Taken,
    done: &(dyn Fn() + Sync),
) -> Result<(), StoreError> {
    let next = AtomicUsize::new(0);
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
            done();
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
