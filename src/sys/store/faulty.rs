//! Any store, with faults on demand: what a test or a rehearsal puts between a
//! publisher and its archive.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::lock::{Guard, Holder, LockError};
use super::passing_on::reads_go_to_inner;
use super::{Condition, Content, Entry, Object, Reads, Store, StoreError};
use crate::model::{ArchivePath, Sha256};

/// Whether a change that fails has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It fails and nothing has happened.
    Before,
    /// It happens and its answer is lost.
    After,
}

/// What goes wrong; changes (writes, copies, deletions) count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This one change fails.
    Once(usize, Moment),
    /// From this change on nothing works any more, as after a kill.
    Dead(usize, Moment),
    /// From this change on no space is left.
    Full(usize),
    /// This change finds that somebody else was first.
    Conflict(usize),
}

type Interruption<'a> = Box<dyn FnOnce() + Send + 'a>;

/// A store that passes everything on to another one, except its fault.
pub struct FaultyStore<'a> {
    inner: &'a dyn Store,
    fault: Option<Fault>,
    interruption: Mutex<Option<(usize, Interruption<'a>)>>,
    changes: AtomicUsize,
}

impl<'a> FaultyStore<'a> {
    /// Passes everything on and counts.
    pub fn new(inner: &'a dyn Store) -> Self {
        Self {
            inner,
            fault: None,
            interruption: Mutex::new(None),
            changes: AtomicUsize::new(0),
        }
    }

    /// Adds the fault.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Runs `work` just before the change `at`: another process at the worst
    /// possible moment.
    #[must_use]
    pub fn interrupted(self, at: usize, work: impl FnOnce() + Send + 'a) -> Self {
        Self {
            interruption: Mutex::new(Some((at, Box::new(work)))),
            ..self
        }
    }

    /// Returns how many changes were asked for.
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::SeqCst)
    }

    fn change(
        &self,
        path: &ArchivePath,
        work: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let now = self.changes.fetch_add(1, Ordering::SeqCst);
        self.interrupt(now);
        let place = self.inner.place();
        let fail = |kind| {
            Err(StoreError::of(
                place.clone(),
                "write",
                path,
                io::Error::from(kind),
            ))
        };
        let broken = io::ErrorKind::ConnectionAborted;
        match self.fault {
            Some(Fault::Once(at, Moment::Before)) if now == at => fail(broken),
            Some(Fault::Dead(at, Moment::Before)) if now >= at => fail(broken),
            Some(Fault::Dead(at, Moment::After)) if now > at => fail(broken),
            Some(Fault::Once(at, Moment::After) | Fault::Dead(at, Moment::After)) if now == at => {
                work()?;
                fail(broken)
            }
            Some(Fault::Full(at)) if now >= at => fail(io::ErrorKind::StorageFull),
            Some(Fault::Conflict(at)) if now == at => Err(StoreError::Conflict {
                place,
                path: path.clone(),
            }),
            _ => work(),
        }
    }

    fn interrupt(&self, now: usize) {
        let mut slot = self.interruption.lock().expect("taken out before it runs");
        let due = slot.take_if(|(at, _)| *at == now);
        drop(slot);
        if let Some((_, work)) = due {
            work();
        }
    }
}

impl Store for FaultyStore<'_> {
    reads_go_to_inner!();

    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.change(path, || self.inner.write(path, content, condition))
    }

    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        self.change(to, || self.inner.copy(from, to))
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.change(path, || self.inner.delete(path))
    }

    fn erase(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.change(path, || self.inner.erase(path))
    }

    fn lock(
        &self,
        holder: &Holder,
        wait: Duration,
        on_wait: &dyn Fn(&Holder),
    ) -> Result<Guard, LockError> {
        self.inner.lock(holder, wait, on_wait)
    }
}
