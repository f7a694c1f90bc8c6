//! The first generation of a suite that another program has published, in its
//! place: from the switch on, clients read ours.
//!
//! Until then they read the old one, which stays untouched. Files of ours that
//! have the names of old ones (`Packages.xz`) are replaced just before the
//! switch, as in every publish; old clients without by-hash may meet a mismatch
//! for that moment and fetch again.

use std::collections::BTreeMap;

use crate::archive::Current;
use crate::archive::layout::{self, IndexName};
use crate::archive::manifest::Manifest;
use crate::model::{ArchivePath, Listener, Suite, Timestamp};
use crate::publish::apply::{Dating, Published, write_unreferenced};
use crate::publish::error::PublishError;
use crate::publish::plan::PublishPlan;
use crate::publish::recover::switch;
use crate::publish::seal::{Seal, seal};
use crate::sys::store::{Condition, Content, Store, StoreError};

/// Looks at a suite that has no generation yet, whoever publishes it.
pub fn look(suite: &Suite) -> Current {
    Current {
        suite: suite.clone(),
        generation: None,
        chunks: BTreeMap::new(),
        pool: BTreeMap::new(),
        translations: Default::default(),
    }
}

/// Publishes the first generation of a suite, over what another program has
/// published there. It is dated as wanted, or as the old one if that is later.
pub fn adopt(
    store: &dyn Store,
    plan: &PublishPlan,
    signer: &dyn Seal,
    when: Dating,
    before: Option<Timestamp>,
    listener: &dyn Listener,
) -> Result<Published, PublishError> {
    let suite = plan.suite();
    let turn = match store.read_revision(&layout::in_release(suite))? {
        Some(there) => Condition::IfRevision(there.revision),
        None => Condition::IfAbsent,
    };
    let date = before.map_or(when.date, |before| before.max(when.date));
    let sealed = seal(store, plan, date, signer, when.now)?;
    write_unreferenced(store, plan, &sealed, listener)?;
    let head = sealed.head.to_bytes();
    let at = layout::head(suite);
    match store.write(&at, Content::Bytes(&head), &Condition::IfAbsent) {
        Err(error) if error.is_conflict() => {
            return Err(PublishError::LostRace {
                suite: suite.clone(),
                expected: None,
                found: None,
            });
        }
        written => written?,
    }
    let changed = sealed.changed.iter();
    switch(store, &sealed.head, &sealed.manifest, changed, &turn)?;
    Ok(Published {
        suite: suite.clone(),
        generation: sealed.head.generation,
        parent: None,
        date,
        added: plan.next().added.clone(),
        removed: Vec::new(),
    })
}

/// Removes the forms of our indices that only the other program wrote
/// (`Packages`, `Packages.bz2`): they would never be renewed, and whoever
/// prefers them would take old for damaged.
pub fn drop_stale(store: &dyn Store, manifest: &Manifest) -> Result<(), StoreError> {
    for index in &manifest.indices {
        for path in forms(&manifest.suite, &index.name) {
            let ours = |encoding| layout::index_file(&manifest.suite, &index.name, encoding);
            let kept = index.encodings().any(|encoding| ours(*encoding) == path);
            if !kept && store.size(&path)?.is_some() {
                store.delete(&path)?;
            }
        }
    }
    Ok(())
}

fn forms(suite: &Suite, name: &IndexName) -> Vec<ArchivePath> {
    let endings = ["", ".gz", ".bz2", ".xz", ".lzma", ".zst"];
    let path = |ending: &&str| ArchivePath::new(format!("dists/{suite}/{name}{ending}"));
    endings
        .iter()
        .filter_map(|ending| path(ending).ok())
        .collect()
}
