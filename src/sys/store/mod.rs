//! Stores: where the files of an archive live, behind one trait.
//!
//! A store knows paths, bytes and revisions, and promises two things: a file is
//! there whole or not at all, and a conditional write happens only while its
//! condition holds. It refuses to know what the files mean and in which order
//! they have to appear; that is `publish/`'s.

mod adopt;
mod directory;
mod durable;
mod faulty;
mod fetched;
mod guarded;
mod lock;
mod memory;
mod passing_on;
pub(in crate::sys) mod s3;
mod side_by_side;

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::Digest;

use crate::model::{ArchivePath, Sha256};
use crate::sys::outward::OutwardError;

pub use adopt::Linked;
pub use directory::DirectoryStore;
pub use faulty::{Fault, FaultyStore, Moment};
pub use fetched::FetchedStore;
pub use guarded::GuardedStore;
pub use lock::{Guard, Holder, LockError};
pub use memory::MemoryStore;
pub use s3::{S3Error, S3Store};

/// Names one state of one file: two reads that give the same revision gave the
/// same bytes. Only the store that made it knows what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Which state of it this is.
    pub revision: Revision,
}

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// What a local file holds; refused when that is no longer what it was.
    File {
        /// The local file.
        path: &'a Path,
        /// The digest it must have, computed while it is copied.
        sha256: Sha256,
    },
}

impl Content<'_> {
    /// Returns the digest that the file will have.
    fn sha256(&self) -> Sha256 {
        match self {
            Self::Bytes(bytes) => Sha256::of(bytes),
            Self::File { sha256, .. } => *sha256,
        }
    }
}

/// When a write may happen.
///
/// A file that already holds exactly what is to be written satisfies every
/// condition: so a write whose answer was lost can simply be done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    Always,
    /// While nothing is there.
    IfAbsent,
    /// While this state is there.
    IfRevision(Revision),
}

/// What to do where a new file finds other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Refuse: the name says what the file is for, not what is in it.
    Refuse,
    /// Replace it: the name is the content's digest, so what is there is
    /// damaged.
    Repair,
}

/// A file that nothing refers to yet.
pub type NewFile<'a> = (&'a ArchivePath, Content<'a>);

/// One file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: ArchivePath,
    /// Its size in bytes.
    pub size: u64,
}

/// What many small reads cost in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Next to nothing: a disk, or memory.
    Near,
    /// Each one a request over a network: one large read is cheaper than a few
    /// small ones.
    Far,
}

/// How many writes to a disk wait at the same time. It flushes several files
/// in about the time of one: 1,500 packages take 1.6 s instead of 3.2 s.
const WRITERS: usize = 8;

/// Fewer files than this for each writer to a disk are not worth starting it.
const FILES_A_WRITER: usize = 64;

/// Where the files of an archive live.
pub trait Store: Send + Sync {
    /// Names the store for a reader (`/srv/apt`, `s3://bucket/prefix`).
    fn place(&self) -> String;

    /// Tells whether an embargo lets a file with this digest be written here;
    /// none: whether it lets anything.
    fn admits(&self, _sha256: Option<&Sha256>) -> Result<(), OutwardError> {
        Ok(())
    }

    /// Reads a whole file; `None` when it is not there.
    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads a whole file together with the revision a conditional write wants.
    fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError>;

    /// Opens a file that may be too large for the memory.
    fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError>;

    /// Returns a file's size in bytes; `None` when it is not there.
    fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError>;

    /// Reads a file to its end; returns its size and digest, `None` when it is
    /// not there.
    fn digest(&self, path: &ArchivePath) -> Result<Option<(u64, Sha256)>, StoreError> {
        let Some(mut file) = self.open(path)? else {
            return Ok(None);
        };
        let failed = |error| StoreError::of(self.place(), "read", path, error);
        copy_hashing(&mut file, &mut io::sink(), failed, failed).map(Some)
    }

    /// Returns a file's size and digest as they were noted when it was written;
    /// where nobody noted them, reads it to its end.
    fn recorded_digest(&self, path: &ArchivePath) -> Result<Option<(u64, Sha256)>, StoreError> {
        self.digest(path)
    }

    /// Writes a file: readers see the old one or the new one, never a part, and
    /// when this returns it survives a loss of power.
    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError>;

    /// Writes many files that nothing refers to yet, in any order: each is there
    /// whole or not at all, and when this returns all survive a loss of power.
    /// What is there already with the same content stays. `done` is called for
    /// each file, from any thread. After a failure some may be there.
    fn write_new(
        &self,
        files: &[NewFile<'_>],
        taken: Taken,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), StoreError> {
        side_by_side::write_new(self, files, taken, done)
    }

    /// Writes at `to` what is at `from`, whatever was there.
    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError>;

    /// Lists all files below a directory, in order of their paths.
    fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError>;

    /// Removes a file; one that is not there is no error.
    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError>;

    /// Removes a file with every earlier version that the store keeps of it, so
    /// that nobody can get it back: for content that must not exist.
    fn erase(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.delete(path)
    }

    /// Removes the empty directories below one, where a store has directories.
    /// Only for the holder of the lock.
    fn tidy(&self, _below: &ArchivePath) -> Result<(), StoreError> {
        Ok(())
    }

    /// Tells what many small reads cost here.
    fn reads(&self) -> Reads {
        Reads::Near
    }

    /// Returns how many of `files` writes, or reads, are worth being under way
    /// at once; at least one.
    fn fan_out(&self, files: usize) -> usize {
        (files / FILES_A_WRITER).clamp(1, WRITERS)
    }

    /// Tells what was asked of the store until now, where that costs something.
    fn traffic(&self) -> Option<String> {
        None
    }

    /// Tells what is weaker here than a writer expects, once it has the lock.
    fn caution(&self) -> Option<String> {
        None
    }

    /// Becomes the only writer, waiting at most `wait` for another one, who is
    /// told to `on_wait`. The lock ends with the guard, or with the process.
    fn lock(
        &self,
        holder: &Holder,
        wait: Duration,
        on_wait: &dyn Fn(&Holder),
    ) -> Result<Guard, LockError>;
}

/// Why a store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The condition of a write did not hold: somebody else was there first.
    #[error("{path} in {place} was changed by somebody else")]
    Conflict {
        /// The store.
        place: String,
        /// The file.
        path: ArchivePath,
    },
    /// No room is left.
    #[error("no space left for {path} in {place}")]
    NoSpace {
        /// The store.
        place: String,
        /// The file.
        path: ArchivePath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The store does not let us.
    #[error("{place} does not allow to {act} {path}")]
    Denied {
        /// The store.
        place: String,
        /// What was tried: `read`, `write`, …
        act: &'static str,
        /// The file.
        path: ArchivePath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A local file could not be read while it was copied into the store.
    #[error("cannot read {}", file.display())]
    Local {
        /// The local file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A local file is no longer what it was when it was looked at.
    #[error("{} has changed: expected sha256 {expected}, found {found}", file.display())]
    Changed {
        /// The local file.
        file: PathBuf,
        /// The digest it had.
        expected: Sha256,
        /// The digest it has.
        found: Sha256,
    },
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// The store cannot be used as it was asked for: its name, the key.
    #[error("cannot use {place}")]
    Setup {
        /// The store.
        place: String,
        /// What stands against it.
        #[source]
        source: S3Error,
    },
    /// Anything else that the system or the network says.
    #[error("cannot {act} {path} in {place}")]
    Failed {
        /// The store.
        place: String,
        /// What was tried: `read`, `write`, …
        act: &'static str,
        /// The file.
        path: ArchivePath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// Says what an error of the system means for a store.
    fn of(place: String, act: &'static str, path: &ArchivePath, source: io::Error) -> Self {
        let path = path.clone();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace {
                place,
                path,
                source,
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied {
                place,
                act,
                path,
                source,
            },
            _ => Self::Failed {
                place,
                act,
                path,
                source,
            },
        }
    }

    /// Tells whether a conditional write found that somebody else was first.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// Copies to the end; returns the size and digest of what was copied.
fn copy_hashing<E>(
    from: &mut impl Read,
    to: &mut impl Write,
    read_failed: impl Fn(io::Error) -> E,
    write_failed: impl Fn(io::Error) -> E,
) -> Result<(u64, Sha256), E> {
    let (mut hasher, mut size) = (sha2::Sha256::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let bytes = match from.read(&mut buffer) {
            Ok(0) => return Ok((size, Sha256::from_hasher(hasher))),
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read_failed(error)),
        };
        hasher.update(bytes);
        size += bytes.len() as u64;
        to.write_all(bytes).map_err(&write_failed)?;
    }
}

#[cfg(test)]
mod tests;
