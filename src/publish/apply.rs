//! Doing what a plan says, or nothing.

use serde::Serialize;

use crate::archive::admission::{Listed, PoolCopy};
use crate::archive::layout;
use crate::archive::manifest::Base;
use crate::format::index::PoolFile;
use crate::model::{ArchivePath, Listener, Suite, Timestamp};
use crate::publish::condemned;
use crate::publish::error::PublishError;
use crate::publish::plan::PublishPlan;
use crate::publish::recover::{Switched, recover, switch};
use crate::publish::seal::{IndexBytes, Seal, SealedPublish, seal};
use crate::publish::spread::write_all;
use crate::sys::interrupt;
use crate::sys::store::{Condition, Content, Store, Taken};

/// A generation that clients read now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The suite.
    pub suite: Suite,
    /// The generation.
    pub generation: Base,
    /// The one before.
    pub parent: Option<Base>,
    /// The `Date` of its `Release`.
    pub date: Timestamp,
    /// What came.
    pub added: Vec<Listed>,
    /// What went.
    pub removed: Vec<Listed>,
}

/// When a publish happens, and the date that its `Release` is to have: for
/// reproducible archives that is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dating {
    /// The present moment, of which signatures are.
    pub now: Timestamp,
    /// The date wanted.
    pub date: Timestamp,
}

impl Dating {
    /// Dates what happens at a moment by that moment.
    #[cfg(test)]
    pub fn of(now: Timestamp) -> Self {
        Self { now, date: now }
    }
}

/// How far in the future apt lets a `Release` be.
pub(super) const APT_TOLERANCE_SECONDS: i64 = 10;

/// Executes a plan: first everything is put together and signed, then written
/// in the order of the phases. Run again after any failure, the same request
/// finishes the work. The caller holds the store's lock, where it has one.
///
/// Its `Release` is dated as wanted, or as the previous one if that is later: apt
/// silently ignores one that is older than what it has, and refuses one that is
/// from the future, so a date never runs ahead of the clock.
pub fn apply(
    store: &dyn Store,
    plan: &PublishPlan,
    signer: &dyn Seal,
    when: Dating,
    listener: &dyn Listener,
) -> Result<Published, PublishError> {
    let suite = plan.suite();
    let there = recover(store, suite)?;
    let found = there.as_ref().map(|there| there.head.generation);
    let lost = |found| PublishError::LostRace {
        suite: suite.clone(),
        expected: plan.base(),
        found,
    };
    if found != plan.base() {
        return Err(lost(found));
    }
    let date = release_date(store, there.as_ref(), when, listener)?;
    condemned::spare_old(store, plan, when.now)?;
    go_on(suite)?;
    let sealed = seal(store, plan, date, signer, when.now)?;
    go_on(suite)?;
    let objects = sealed.objects.iter().map(|(path, _)| path);
    let mut written = objects.chain(sealed.indices.iter().map(|(path, _)| path));
    condemned::spare(store, plan, &mut written, when.now)?;
    write_unreferenced(store, plan, &sealed, listener)?;
    // Until here nothing that anybody reads has changed.
    go_on(suite)?;

    let (commit, turn) = match &there {
        None => (Condition::IfAbsent, Condition::IfAbsent),
        Some(there) => (
            Condition::IfRevision(there.head_revision.clone()),
            Condition::IfRevision(there.in_release.clone()),
        ),
    };
    let head = sealed.head.to_bytes();
    match store.write(&layout::head(suite), Content::Bytes(&head), &commit) {
        Err(error) if error.is_conflict() => {
            let now = recover(store, suite)?;
            return Err(lost(now.map(|there| there.head.generation)));
        }
        result => result?,
    }
    let changed = sealed.changed.iter();
    switch(store, &sealed.head, &sealed.manifest, changed, &turn)?;
    Ok(Published {
        suite: suite.clone(),
        generation: sealed.head.generation,
        parent: plan.base(),
        date,
        added: plan.next().added.clone(),
        removed: plan.next().removed.clone(),
    })
}

/// Stops before the commit where somebody asked for that.
fn go_on(suite: &Suite) -> Result<(), PublishError> {
    match interrupt::asked() {
        true => Err(PublishError::Stopped {
            suite: suite.clone(),
        }),
        false => Ok(()),
    }
}

fn release_date(
    store: &dyn Store,
    there: Option<&Switched>,
    when: Dating,
    listener: &dyn Listener,
) -> Result<Timestamp, PublishError> {
    let Some(there) = there else {
        return Ok(when.date);
    };
    let now = when.now;
    let before = there.head.manifest(store)?.date;
    let date = when.date.max(before);
    if date > now.plus_seconds(APT_TOLERANCE_SECONDS) {
        let why = match when.date < before {
            true => format!("{} was published at {before}", there.head.suite),
            false => "a later date is asked for".to_owned(),
        };
        listener.warn(format!(
            "the clock says {now}, but {why}: \
             the new Release is dated {date}, and apt refuses it until then"
        ));
    }
    Ok(date)
}

/// Copies a file from one pool of the archive into another one, if it is what
/// the suites say, and refuses to overwrite another one.
fn copy(store: &dyn Store, from: &ArchivePath, file: &PoolFile) -> Result<(), PublishError> {
    let differs = |path: &ArchivePath, found| PublishError::Damaged {
        path: path.clone(),
        expected: file.sha256,
        found,
    };
    match store.recorded_digest(&file.path)? {
        Some((_, found)) if found == file.sha256 => return Ok(()),
        Some((_, found)) => return Err(differs(&file.path, found)),
        None => {}
    }
    match store.recorded_digest(from)? {
        Some((_, found)) if found == file.sha256 => Ok(store.copy(from, &file.path)?),
        Some((_, found)) => Err(differs(from, found)),
        None => Err(PublishError::Missing { path: from.clone() }),
    }
}

/// Writes what nothing refers to before the commit: the phases `Pool`, `State`
/// and `ByHash`.
pub(super) fn write_unreferenced(
    store: &dyn Store,
    plan: &PublishPlan,
    sealed: &SealedPublish<'_>,
    listener: &dyn Listener,
) -> Result<(), PublishError> {
    let pool = plan.next().pool.iter().map(|incoming| {
        let content = Content::File {
            path: &incoming.origin,
            sha256: incoming.file.sha256,
        };
        (&incoming.file.path, content)
    });
    let objects = sealed
        .objects
        .iter()
        .map(|(path, b)| (path, Content::Bytes(b)));
    let mut indices = Vec::new();
    for (path, bytes) in &sealed.indices {
        match bytes {
            IndexBytes::Made(bytes) => indices.push((path, Content::Bytes(bytes))),
            IndexBytes::At(other) => store.copy(other, path)?,
        }
    }
    listener.begin("writing packages");
    write_all(store, Taken::Refuse, &pool.collect::<Vec<_>>(), listener)?;
    for PoolCopy { from, file } in &plan.next().copies {
        copy(store, from, file)?;
    }
    listener.begin("writing indices");
    let files: Vec<_> = objects.chain(indices).collect();
    write_all(store, Taken::Repair, &files, listener)?;
    Ok(())
}
