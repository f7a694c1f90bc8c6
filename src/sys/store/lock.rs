//! The lock of a store: one writer at a time, and who that is.
//!
//! A directory's lock is flock(2) on one file: it ends with the process that
//! holds it, so no stale lock ever has to be broken by hand. The file's text
//! only tells others who holds it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::s3::Turn;
use super::{StoreError, durable};
use crate::model::{ArchivePath, Timestamp};

/// Who holds the lock, for whoever has to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process on its host.
    pub pid: u32,
    /// The host's name.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// What it is doing: the command as it was given.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            host,
            since,
            command,
        } = self;
        write!(f, "“{command}” (process {pid} on {host}, since {since})")
    }
}

/// Holds a store's lock as long as it lives.
#[derive(Debug)]
#[must_use = "the lock ends with its guard"]
pub struct Guard {
    _held: Held,
}

/// What ends with the guard.
#[derive(Debug)]
#[expect(dead_code, reason = "what is held is let go of when it goes")]
enum Held {
    /// flock(2), which ends when the file is closed.
    File(File),
    /// A lease.
    Turn(Turn),
    /// Nothing: only one process can see the store, or the store itself keeps
    /// publishers apart.
    Nothing,
}

impl Guard {
    /// Tells whether nobody else can be writing while it lives.
    pub fn excludes(&self) -> bool {
        !matches!(self._held, Held::Nothing)
    }

    /// Returns the guard of a store that needs no lock.
    pub(super) fn needless() -> Self {
        Self {
            _held: Held::Nothing,
        }
    }

    /// Returns the guard of a store where writers take turns.
    pub(super) fn of_turn(turn: Turn) -> Self {
        Self {
            _held: Held::Turn(turn),
        }
    }
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else still has it.
    #[error(
        "{place} is locked by {} and was not released within {waited:?}",
        name(holder)
    )]
    Held {
        /// The store.
        place: String,
        /// Who has it; unknown while the holder has not yet written its name.
        holder: Option<Box<Holder>>,
        /// How long we waited.
        waited: Duration,
    },
    /// The store itself does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a waiting process looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock at `file`, telling each other holder once to `on_wait`.
pub(super) fn take(
    place: &str,
    name: &ArchivePath,
    path: &Path,
    holder: &Holder,
    wait: Duration,
    on_wait: &dyn Fn(&Holder),
) -> Result<Guard, LockError> {
    let failed = |error| StoreError::of(place.to_owned(), "lock", name, error);
    let mut file = open(path).map_err(failed)?;
    let start = Instant::now();
    let mut told = None;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error).into()),
            Err(TryLockError::WouldBlock) => {}
        }
        let other = read_holder(&mut file);
        if other.is_some() && other != told {
            other.iter().for_each(on_wait);
            told = other;
        }
        if start.elapsed() >= wait {
            return Err(LockError::Held {
                place: place.to_owned(),
                holder: told.map(Box::new),
                waited: wait,
            });
        }
        thread::sleep(PAUSE.min(wait));
    }
    write_holder(&mut file, holder).map_err(failed)?;
    Ok(Guard {
        _held: Held::File(file),
    })
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        durable::make_directory(parent)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Reads who holds the lock; `None` while the holder is still writing it.
fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    serde_json::to_writer(&mut *file, holder)?;
    file.write_all(b"\n")
}

fn name(holder: &Option<Box<Holder>>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "another process".to_owned(),
    }
}
