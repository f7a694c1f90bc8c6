//! What this process has seen of objects that never change: neither their bytes
//! nor that they are there is asked for twice. A publish looks at the same
//! manifest and the same published files before, during and after its turn.
//!
//! Forgotten whenever a turn begins: between two turns of a process that lives
//! long, somebody may have collected what nothing refers to any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::model::ArchivePath;
use crate::sys::store::Revision;

/// The largest object that is kept.
const LARGEST: usize = 4 << 20;
/// How much is kept of all objects together: the memory of a publisher is for
/// the suite, which is larger.
const MOST: usize = 24 << 20;

/// An object as it was read.
pub(super) type Bytes = (Arc<Vec<u8>>, Revision);

/// What was seen.
#[derive(Default)]
pub(super) struct Known(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    sizes: BTreeMap<ArchivePath, u64>,
    bytes: BTreeMap<ArchivePath, Bytes>,
    total: usize,
}

impl Known {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("nobody panics while holding it")
    }

    /// Returns an object's bytes, if they are kept.
    pub(super) fn bytes(&self, path: &ArchivePath) -> Option<Bytes> {
        self.seen().bytes.get(path).cloned()
    }

    /// Returns an object's size, if it was seen.
    pub(super) fn size(&self, path: &ArchivePath) -> Option<u64> {
        self.seen().sizes.get(path).copied()
    }

    /// Notes that an object is there.
    pub(super) fn note_size(&self, path: &ArchivePath, size: u64) {
        self.seen().sizes.insert(path.clone(), size);
    }

    /// Notes what an object holds, as far as there is room.
    pub(super) fn note(&self, path: &ArchivePath, bytes: &[u8], revision: &Revision) {
        let mut seen = self.seen();
        seen.sizes.insert(path.clone(), bytes.len() as u64);
        if bytes.len() > LARGEST || seen.total + bytes.len() > MOST {
            return;
        }
        let kept = (Arc::new(bytes.to_vec()), revision.clone());
        if seen.bytes.insert(path.clone(), kept).is_none() {
            seen.total += bytes.len();
        }
    }

    /// Forgets one object: it is no more what it was.
    pub(super) fn forget(&self, path: &ArchivePath) {
        let mut seen = self.seen();
        seen.sizes.remove(path);
        if let Some((bytes, _)) = seen.bytes.remove(path) {
            seen.total -= bytes.len();
        }
    }

    /// Forgets everything.
    pub(super) fn forget_all(&self) {
        *self.seen() = Seen::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_given_back() {
        let known = Known::default();
        let path = |n: usize| ArchivePath::new(format!("pool/{n}")).expect("a path");
        let revision = Revision("r".to_owned());
        let large = vec![0; LARGEST];
        for n in 0..MOST / LARGEST + 1 {
            known.note(&path(n), &large, &revision);
        }
        let last = path(MOST / LARGEST);
        assert!(known.bytes(&last).is_none(), "there is no room for it");
        assert_eq!(known.size(&last), Some(LARGEST as u64));
        known.forget(&path(0));
        assert_eq!(known.size(&path(0)), None);
        known.note(&last, &large, &revision);
        assert!(known.bytes(&last).is_some(), "there is room again");
        known.note(&last, &large, &revision);
        known.forget(&last);
        known.note(&path(0), &large, &revision);
        assert!(known.bytes(&path(0)).is_some(), "room is counted once");
        known.forget_all();
        assert_eq!(known.size(&path(1)), None);
    }
}
