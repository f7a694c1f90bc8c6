//! Many new files at once: the file system is flushed twice for all of them,
//! instead of each file and each directory by itself.
//!
//! All are written aside first, then flushed, and only then get their names: so
//! at every moment, also after a loss of power, a name has its whole content or
//! does not exist. A second flush makes the names durable before this returns,
//! and so before anything refers to them; the first one, those that were there.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{Content, DirectoryStore, NewFile, Placed, Staged, Store, StoreError, Taken, durable};
use crate::model::ArchivePath;

/// From so many files on, two flushes of the whole file system cost less than
/// two for each file; they also wait for what other programs have written.
const WORTH_FLUSHES: usize = 48;

/// Tells whether these files are better written together.
pub(super) fn is_worth_it(files: &[NewFile<'_>]) -> bool {
    files.len() >= WORTH_FLUSHES
}

/// Writes new files as [`Store::write_new`] promises.
pub(super) fn write_new(
    store: &DirectoryStore,
    files: &[NewFile<'_>],
    taken: Taken,
    done: &(dyn Fn() + Sync),
) -> Result<(), StoreError> {
    let staged = files.par_iter().map(|(path, content)| {
        let staged = stage(store, path, *content, taken);
        done();
        staged
    });
    // All results, so that the first failure is always the same one.
    let staged: Vec<_> = staged.collect();
    let staged: Result<Vec<_>, _> = staged.into_iter().collect();
    let staged: Vec<Placing<'_>> = staged?.into_iter().flatten().collect();
    let Some((first, _)) = files.first() else {
        return Ok(());
    };
    let flush = || {
        let flushed = durable::flush(&store.root);
        flushed.map_err(|error| store.failed("write", first, error))
    };
    // Also where all are in their places: whoever put them there may have been
    // killed before the second flush.
    flush()?;
    if staged.is_empty() {
        return Ok(());
    }
    staged
        .par_iter()
        .try_for_each(|file| place(store, file, taken))?;
    flush()
}

/// A file that is whole and has no name yet.
struct Placing<'a> {
    path: &'a ArchivePath,
    content: Content<'a>,
    staged: Staged,
}

/// Writes a file aside; `None` when it is in its place already.
fn stage<'a>(
    store: &DirectoryStore,
    path: &'a ArchivePath,
    content: Content<'a>,
    taken: Taken,
) -> Result<Option<Placing<'a>>, StoreError> {
    if store.size(path)?.is_some() {
        match store.holds(path, content.sha256())? {
            true => return Ok(None),
            false if taken == Taken::Refuse => return Err(store.conflict(path)),
            false => {}
        }
    }
    let mut staged = store.stage_soon(path, content)?;
    let closed = staged.close();
    closed.map_err(|error| store.failed("write", path, error))?;
    Ok(Some(Placing {
        path,
        content,
        staged,
    }))
}

fn place(store: &DirectoryStore, file: &Placing<'_>, taken: Taken) -> Result<(), StoreError> {
    let path = file.path;
    let failed = |error| store.failed("write", path, error);
    let target = store.local(path);
    let parent = target.parent().expect("a path has at least one part");
    durable::make_directory_soon(parent).map_err(failed)?;
    match file.staged.rename_new(&target).map_err(failed)? {
        Placed::Done => Ok(()),
        // Somebody else's, or the same file twice.
        Placed::Taken if store.holds(path, file.content.sha256())? => Ok(()),
        Placed::Taken if taken == Taken::Refuse => Err(store.conflict(path)),
        Placed::Taken => file.staged.rename(&target).map_err(failed),
    }
}
