//! Suites that clients read, but whose head is gone: no list of suites has them.

use std::collections::BTreeMap;

use crate::archive::layout;
use crate::model::{Finding, Suite};
use crate::publish::error::PublishError;
use crate::publish::observe::suites;
use crate::sys::store::Store;

/// Reports every signed suite that has no head.
pub fn lost_heads(store: &dyn Store) -> Result<Vec<Finding>, PublishError> {
    // Of a suite without `InRelease`, `Release.gpg` tells; a `Release` alone may
    // be one of an index.
    let mut signed = BTreeMap::new();
    for entry in store.list(&layout::published())? {
        if let Some(suite) = layout::suite_of_signature(&entry.path) {
            // `InRelease` sorts first, and it is what clients ask for first.
            signed.entry(suite).or_insert(entry.path);
        }
    }
    // After the tree: a suite that is made meanwhile has its head first.
    let known = suites(store)?;
    signed.retain(|suite: &Suite, _| !known.contains(suite));
    let lost = signed.into_iter().map(|(suite, path)| {
        let head = layout::head(&suite);
        Finding::error(
            "lost-head",
            path.as_str(),
            format!("{head} is missing: nobody can publish to {suite}"),
        )
        .fix("restore the head from a backup, or move the suite of another program elsewhere")
    });
    Ok(lost.collect())
}
