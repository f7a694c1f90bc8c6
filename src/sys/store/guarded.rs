//! A store that others may see, behind the gate: it is read as ever, and each
//! write is asked of the embargoes that know the place or what comes.

use std::io::Read;
use std::time::Duration;

use super::passing_on::reads_go_to_inner;
use super::{
    Condition, Content, Entry, Guard, Holder, LockError, NewFile, Object, Reads, Store, StoreError,
    Taken,
};
use crate::model::{ArchivePath, Sha256};
use crate::sys::outward::{Destination, Gate, OutwardError, Products};

/// A store behind the gate.
pub struct GuardedStore {
    inner: Box<dyn Store>,
    gate: Gate,
    to: Destination,
    products: Products,
}

impl GuardedStore {
    /// Puts a store behind the gate; `place` names it as
    /// [`crate::sys::outward::archive_place`] does.
    pub fn new(inner: Box<dyn Store>, gate: &Gate, place: String) -> Result<Self, OutwardError> {
        Ok(Self {
            inner,
            products: gate.products()?,
            gate: gate.clone(),
            to: Destination::Archive(place),
        })
    }

    fn ask(&self) -> Result<(), StoreError> {
        self.gate.permit(self.to.clone())?;
        Ok(())
    }

    fn ask_for(&self, content: &Content<'_>) -> Result<(), StoreError> {
        if !self.products.is_empty() {
            self.products.check(&content.sha256(), &self.to)?;
        }
        Ok(())
    }
}

impl Store for GuardedStore {
    reads_go_to_inner!();

    fn admits(&self, sha256: Option<&Sha256>) -> Result<(), OutwardError> {
        self.gate.permit(self.to.clone())?;
        match sha256 {
            Some(sha256) => self.products.check(sha256, &self.to),
            None => Ok(()),
        }
    }

    fn digest(&self, path: &ArchivePath) -> Result<Option<(u64, Sha256)>, StoreError> {
        self.inner.digest(path)
    }

    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        self.ask()?;
        self.ask_for(&content)?;
        self.inner.write(path, content, condition)
    }

    fn write_new(
        &self,
        files: &[NewFile<'_>],
        taken: Taken,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), StoreError> {
        self.ask()?;
        for (_, content) in files {
            self.ask_for(content)?;
        }
        self.inner.write_new(files, taken, done)
    }

    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        self.ask()?;
        self.inner.copy(from, to)
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.ask()?;
        self.inner.delete(path)
    }

    fn erase(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.ask()?;
        self.inner.erase(path)
    }

    fn tidy(&self, below: &ArchivePath) -> Result<(), StoreError> {
        self.inner.tidy(below)
    }

    fn lock(
        &self,
        holder: &Holder,
        wait: Duration,
        on_wait: &dyn Fn(&Holder),
    ) -> Result<Guard, LockError> {
        if let Err(error) = self.gate.permit(self.to.clone()) {
            return Err(LockError::Store(error.into()));
        }
        self.inner.lock(holder, wait, on_wait)
    }
}
