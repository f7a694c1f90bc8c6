//! The lock that lets one debcut at a time write into a repository.

use std::path::PathBuf;
use std::time::Duration;

use super::Repository;
use crate::sys::files::{self, FileError, Lock};

/// How often the lock is tried, and how long it is waited between: for a
/// second, in which a debcut that only looks is done. A child that some other
/// thread starts holds a copy of every lock until its program begins.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

impl Repository {
    /// Returns the lock's file.
    pub fn own_lock_path(&self) -> PathBuf {
        self.own_dir().join("lock")
    }

    /// Takes the lock; none when another debcut holds it.
    pub fn own_lock(&self) -> Result<Option<Lock>, FileError> {
        files::create_dir(&self.own_dir())?;
        let path = self.own_lock_path();
        for _ in 1..TRIES {
            if let Some(lock) = files::try_lock(&path)? {
                return Ok(Some(lock));
            }
            std::thread::sleep(PAUSE);
        }
        files::try_lock(&path)
    }
}
