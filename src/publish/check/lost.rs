//! Suites that clients read, but whose head is gone: no list of suites has them.

use crate::archive::layout;
use crate::model::Finding;
use crate::publish::error::PublishError;
use crate::publish::import;
use crate::publish::observe::suites;
use crate::sys::store::Store;

/// Reports every suite that clients read, signed or not, and that has no head:
/// nobody here knows what it needs.
pub fn lost_heads(store: &dyn Store) -> Result<Vec<Finding>, PublishError> {
    let mut read = import::suites(store)?;
    // After the tree: a suite that is made meanwhile has its head first.
    let known = suites(store)?;
    read.retain(|suite| !known.contains(suite));
    let mut lost = Vec::new();
    for suite in read {
        let head = layout::head(&suite);
        // What clients ask for first.
        let mut path = layout::in_release(&suite);
        if store.size(&path)?.is_none() {
            path = layout::release(&suite);
        }
        let message = format!("{head} is missing: nobody can publish to {suite}");
        let fix = "debcut archive check --rebuild makes it anew from what is published; \
                   debcut archive import takes over the suite of another program";
        lost.push(Finding::error("lost-head", path.as_str(), message).fix(fix));
    }
    Ok(lost)
}
