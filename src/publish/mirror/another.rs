//! Whether a place is free for a mirror, or another archive's.

use crate::archive::layout::{self, ObjectKind};
use crate::model::Suite;
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::sys::store::Store;

use super::record::Record;
use super::target::{MirrorError, Target};

/// Refuses a place where debcut publishes something else: a push would replace
/// its suites and take its packages away.
pub fn refuse_another(
    store: &dyn Store,
    target: &dyn Target,
    record: &Record,
) -> Result<(), MirrorError> {
    for path in target.list(&layout::suites())?.keys() {
        let Some(suite) = layout::suite_of_head(path) else {
            continue;
        };
        let bytes = target.read(path)?.unwrap_or_default();
        let head = Head::from_bytes(path, &suite, &bytes).ok();
        let is_ours = match &head {
            Some(head) => came_from_here(store, &suite, head, record)?,
            // Nobody can tell what it was.
            None => false,
        };
        if !is_ours {
            let place = target.place();
            return Err(MirrorError::Another { place, suite });
        }
    }
    Ok(())
}

/// Tells whether a head is of a generation that the archive has, or had when it
/// was pushed and collected since. One that is newer than all was published
/// there: the mirror has taken over.
fn came_from_here(
    store: &dyn Store,
    suite: &Suite,
    head: &Head,
    record: &Record,
) -> Result<bool, PublishError> {
    let base = head.generation;
    let manifest = layout::object(ObjectKind::Manifest, &base.manifest);
    if store.size(&manifest)?.is_some() {
        return Ok(true);
    }
    let mut pushes = record.pushes.iter();
    let was_pushed = pushes.any(|push| push.suite == *suite && push.manifest == base.manifest);
    Ok(was_pushed)
}
