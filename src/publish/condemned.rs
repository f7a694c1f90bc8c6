//! The list of files that are to go, and how publishers and the collection of
//! garbage keep out of each other's way without a lock.
//!
//! `.debcut/condemned` says of each file since when nothing has needed it, and
//! whether deleting has begun. Whoever changes it does so on the condition that
//! it is what they read. These are the races, and why none is lost:
//!
//! * *A publisher writes a file that nothing refers to yet, a collector sees it.*
//!   It is condemned, not deleted; at the second look, a grace time later, the
//!   publish has referred to it. So no publish may take longer than the grace.
//! * *A publisher finds a condemned file where it wants to write the same one.*
//!   It takes the file off the list first ([`spare`]). A collector that begins
//!   to delete has to change the list: it fails, and deletes nothing.
//! * *The collector was first.* Then the list says that deleting has begun, and
//!   the publisher is told to try again before it has changed anything.
//! * *A publisher was faster between the first look and the list's change.* The
//!   collector looks again after the change: what has come to be needed stays.
//! * *A collector dies while it deletes.* Where the store has a lock, whoever
//!   gets it knows, and puts the list back ([`abandon`]). Elsewhere the list is
//!   believed for [`SWEEP_SECONDS`], after which no collector deletes any more.
//!   Of every generation that goes, the manifest goes first: so what is half
//!   gone is a generation that nobody can find, and the next collection takes
//!   the rest.
//! * *Content of an old generation comes back* (rollback, snapshot, pin): the
//!   whole list is dropped ([`spare_all`]), and the collector begins anew.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::archive::admission::{Listed, PoolCopy};
use crate::archive::generation::{Generation, NextIndex, Part};
use crate::archive::layout::{self, ObjectKind};
use crate::format::index::{Kind, files, parse_own};
use crate::model::{ArchivePath, Timestamp};
use crate::publish::error::PublishError;
use crate::publish::plan::PublishPlan;
use crate::sys::store::{Condition, Content, Revision, Store};

/// The form this program writes and reads.
const SCHEMA: &str = "debcut/condemned/1";

/// For how long a collector deletes at most, and for how long others believe
/// that one does. An hour is ten million files on a disk; what is left then, the
/// next run deletes.
pub(super) const SWEEP_SECONDS: i64 = 3600;

/// The list as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condemned {
    schema: String,
    /// Since when a collector has been deleting.
    pub(super) sweeping: Option<Timestamp>,
    /// Which files, and since when each.
    pub(super) files: BTreeMap<ArchivePath, Timestamp>,
}

/// A list together with what its change is conditional on.
pub(super) struct Found {
    pub(super) list: Condemned,
    revision: Option<Revision>,
}

impl Condemned {
    pub(super) fn new(files: BTreeMap<ArchivePath, Timestamp>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            sweeping: None,
            files,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("paths are strings");
        bytes.push(b'\n');
        bytes
    }
}

impl Found {
    /// Reads the list. One that cannot be read condemns nothing.
    pub(super) fn read(store: &dyn Store) -> Result<Self, PublishError> {
        let there = store.read_revision(&layout::condemned())?;
        let (bytes, revision) = there.map_or((Vec::new(), None), |there| {
            (there.bytes, Some(there.revision))
        });
        let list = serde_json::from_slice(&bytes).ok();
        let list = list.filter(|list: &Condemned| list.schema == SCHEMA);
        let list = list.unwrap_or_else(|| Condemned::new(BTreeMap::new()));
        Ok(Self { list, revision })
    }

    /// Replaces the list, unless somebody else has.
    pub(super) fn replace(&self, store: &dyn Store, list: &Condemned) -> Result<(), PublishError> {
        if *list == self.list {
            return Ok(());
        }
        let condition = match &self.revision {
            Some(revision) => Condition::IfRevision(revision.clone()),
            None => Condition::IfAbsent,
        };
        let bytes = list.bytes();
        Ok(store.write(&layout::condemned(), Content::Bytes(&bytes), &condition)?)
    }

    /// Refuses to go on while a collector deletes.
    fn refuse_sweep(&self, now: Timestamp) -> Result<(), PublishError> {
        match self.list.sweeping {
            Some(since) if since.plus_seconds(SWEEP_SECONDS) > now => {
                Err(PublishError::Collecting { since })
            }
            _ => Ok(()),
        }
    }
}

/// Drops the list where a publish takes content of an old generation: before it
/// looks at what of that is still there.
pub(super) fn spare_old(
    store: &dyn Store,
    plan: &PublishPlan,
    now: Timestamp,
) -> Result<(), PublishError> {
    let next = plan.next();
    let is_old = |index: &NextIndex| matches!(index, NextIndex::Taken { .. });
    match next.indices.iter().any(is_old) || !next.carried.is_empty() {
        true => spare_all(store, now),
        false => Ok(()),
    }
}

/// Takes everything that a publish writes or relies on off the list, and makes
/// sure that what it relies on is there.
pub(super) fn spare(
    store: &dyn Store,
    plan: &PublishPlan,
    written: &mut dyn Iterator<Item = &ArchivePath>,
    now: Timestamp,
) -> Result<(), PublishError> {
    let found = Found::read(store)?;
    found.refuse_sweep(now)?;
    let next = plan.next();
    let relied = relied(next);
    let mut left = found.list.clone();
    let mut spared = |path: &ArchivePath| {
        left.files.remove(path);
    };
    written.for_each(&mut spared);
    next.pool
        .iter()
        .for_each(|incoming| spared(&incoming.file.path));
    relied.iter().for_each(&mut spared);
    for PoolCopy { from, file } in &next.copies {
        spared(from);
        spared(&file.path);
    }
    for index in &next.indices {
        let NextIndex::Changed { parts, .. } = index else {
            continue;
        };
        for part in parts {
            spared(&layout::object(ObjectKind::Chunk, &part.chunk().sha256));
            if let Part::Kept { pieces, .. } = part {
                for (encoding, piece) in pieces {
                    spared(&layout::object(ObjectKind::Piece(*encoding), &piece.sha256));
                }
            }
        }
    }
    found.replace(store, &left)?;
    for path in relied {
        if store.size(&path)?.is_none() {
            // Collected since it was judged: judging again tells what is missing.
            return Err(PublishError::LostRace {
                suite: next.suite.clone(),
                expected: next.base,
                found: next.base,
            });
        }
    }
    Ok(())
}

/// Returns the files in the pool that an upload lists and does not bring: the
/// upstream tarball of an earlier revision.
fn relied(next: &Generation) -> BTreeSet<ArchivePath> {
    let mut found = BTreeSet::new();
    if next.pool.is_empty() {
        return found;
    }
    for index in &next.indices {
        let NextIndex::Changed { name, parts, .. } = index else {
            continue;
        };
        if name.kind() != Some(Kind::Sources) {
            continue;
        }
        for part in parts {
            let Part::New { text, .. } = part else {
                continue;
            };
            let stanzas = parse_own(text, Kind::Sources).unwrap_or_default();
            let come = stanzas
                .iter()
                .filter(|stanza| next.added.contains(&Listed::of(stanza, name.component())));
            for stanza in come {
                let files = files(stanza).unwrap_or_default();
                found.extend(files.into_iter().map(|file| file.path));
            }
        }
    }
    for incoming in &next.pool {
        found.remove(&incoming.file.path);
    }
    for copy in &next.copies {
        found.remove(&copy.file.path);
    }
    found
}

/// Drops the list: what nothing needed may be needed again. Fails while a
/// collector deletes.
pub fn spare_all(store: &dyn Store, now: Timestamp) -> Result<(), PublishError> {
    let found = Found::read(store)?;
    found.refuse_sweep(now)?;
    match (found.list.sweeping, found.list.files.is_empty()) {
        (None, true) => Ok(()),
        _ => found.replace(store, &Condemned::new(BTreeMap::new())),
    }
}

/// Keeps publishers away while something is destroyed, where no lock does:
/// until [`abandon`]. Fails while a collector deletes.
pub fn sweep(store: &dyn Store, now: Timestamp) -> Result<(), PublishError> {
    let found = Found::read(store)?;
    found.refuse_sweep(now)?;
    let mut list = found.list.clone();
    list.sweeping = Some(now);
    found.replace(store, &list)
}

/// Puts the list back that a dead collector left, or [`sweep`]. Only for who
/// began that, and the holder of a lock that keeps every other one out.
pub fn abandon(store: &dyn Store) -> Result<(), PublishError> {
    let found = Found::read(store)?;
    if found.list.sweeping.is_none() {
        return Ok(());
    }
    found.replace(store, &Condemned::new(found.list.files.clone()))
}
