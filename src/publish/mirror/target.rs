//! Where a mirror is: another store, or whatever rsync reaches.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::model::{ArchivePath, Listener, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::sys::interrupt;
use crate::sys::process::ToolError;
use crate::sys::store::{Condition, Content, DirectoryStore, Linked, Store, StoreError};

use super::MirrorFile;
use super::files::{Origin, Phase};

/// Why a mirror was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The archive or the mirror did not do what it was asked for.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive cannot be read.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// rsync failed.
    #[error("cannot {act} {place}")]
    Rsync {
        /// What was tried.
        act: &'static str,
        /// The mirror.
        place: String,
        /// What it said.
        #[source]
        source: ToolError,
    },
    /// A file could not be kept on the way.
    #[error("cannot keep {path} on its way to {place}")]
    OnTheWay {
        /// The file.
        path: ArchivePath,
        /// The mirror.
        place: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Somebody asked to stop.
    #[error("the push to {place} was stopped")]
    Stopped {
        /// The mirror.
        place: String,
    },
    /// Somebody publishes there.
    #[error("{place} is no mirror of this archive: its {suite} was published there")]
    Another {
        /// Where it was to be.
        place: String,
        /// A suite of it.
        suite: Suite,
    },
    /// Only a directory can be given to rsync.
    #[error("rsync reads directories only, and the archive is {place}")]
    NotADirectory {
        /// Where the archive is.
        place: String,
    },
}

/// A mirror.
pub trait Target: Sync {
    /// Names it for a reader.
    fn place(&self) -> String;

    /// Reads a small file; `None` when it is not there.
    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, MirrorError>;

    /// Returns a file's digest; `None` when it is not there.
    fn digest(&self, path: &ArchivePath) -> Result<Option<Sha256>, MirrorError>;

    /// Lists the files below a directory with their sizes in bytes.
    fn list(&self, below: &ArchivePath) -> Result<BTreeMap<ArchivePath, u64>, MirrorError>;

    /// Writes the files of one phase, each whole or not at all. `before` is the
    /// `InRelease` that a new one may replace.
    fn write(
        &self,
        files: &[MirrorFile],
        before: Option<&[u8]>,
        listener: &dyn Listener,
    ) -> Result<(), MirrorError>;

    /// Removes files; one that is not there is no error.
    fn delete(&self, paths: &[ArchivePath]) -> Result<(), MirrorError>;

    /// Removes files with every earlier version that is kept of them.
    fn erase(&self, paths: &[ArchivePath]) -> Result<(), MirrorError> {
        self.delete(paths)
    }

    /// Removes what only writing needed.
    fn end(&self) {}
}

/// A mirror in a store.
pub struct StoreTarget<'a> {
    /// The archive.
    pub from: &'a dyn Store,
    /// Its directory, where it is one.
    pub from_root: Option<PathBuf>,
    /// The mirror.
    pub to: Box<dyn Store>,
    /// Its directory, where it is one.
    pub to_root: Option<PathBuf>,
}

impl StoreTarget<'_> {
    fn put(&self, file: &MirrorFile, before: Option<&[u8]>) -> Result<(), MirrorError> {
        if interrupt::asked() {
            let place = self.to.place();
            return Err(MirrorError::Stopped { place });
        }
        let mut condition = Condition::Always;
        if file.phase == Phase::Switch {
            condition = match (self.to.read_revision(&file.path)?, before) {
                (Some(there), Some(before)) if there.bytes == before => {
                    Condition::IfRevision(there.revision)
                }
                (None, None) => Condition::IfAbsent,
                _ => {
                    return Err(StoreError::Conflict {
                        place: self.to.place(),
                        path: file.path.clone(),
                    }
                    .into());
                }
            };
        }
        match &file.origin {
            Origin::Bytes(bytes) => {
                Ok(self
                    .to
                    .write(&file.path, Content::Bytes(bytes), &condition)?)
            }
            Origin::Store(from) => self.copied(file, from, &condition),
        }
    }

    fn copied(
        &self,
        file: &MirrorFile,
        from: &ArchivePath,
        condition: &Condition,
    ) -> Result<(), MirrorError> {
        let local = self.from_root.as_ref().map(|root| root.join(from.as_str()));
        // A link is no write that the store sees.
        let admitted = self.to.admits(file.sha256.as_ref());
        admitted.map_err(StoreError::from)?;
        // What never changes can be one file with two names.
        if let (Phase::Pool, Some(local), Some(root)) = (file.phase, &local, &self.to_root)
            && let Linked::Done = DirectoryStore::new(root).link(local, &file.path)?
        {
            return Ok(());
        }
        let missing = || PublishError::Missing { path: from.clone() };
        let sha256 = match file.sha256 {
            Some(sha256) => sha256,
            None => self.from.digest(from)?.ok_or_else(missing)?.1,
        };
        let write = |path: &std::path::Path| {
            let content = Content::File { path, sha256 };
            Ok(self.to.write(&file.path, content, condition)?)
        };
        if let Some(local) = &local {
            return write(local);
        }
        let failed = |source| MirrorError::OnTheWay {
            path: from.clone(),
            place: self.to.place(),
            source,
        };
        let mut kept = tempfile::NamedTempFile::new().map_err(failed)?;
        let mut open = self.from.open(from)?.ok_or_else(missing)?;
        io::copy(&mut open, &mut kept).map_err(failed)?;
        write(kept.path())
    }
}

impl Target for StoreTarget<'_> {
    fn place(&self) -> String {
        self.to.place()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, MirrorError> {
        Ok(self.to.read(path)?)
    }

    fn digest(&self, path: &ArchivePath) -> Result<Option<Sha256>, MirrorError> {
        Ok(self.to.digest(path)?.map(|(_, sha256)| sha256))
    }

    fn list(&self, below: &ArchivePath) -> Result<BTreeMap<ArchivePath, u64>, MirrorError> {
        let entries = self.to.list(below)?.into_iter();
        Ok(entries.map(|entry| (entry.path, entry.size)).collect())
    }

    fn write(
        &self,
        files: &[MirrorFile],
        before: Option<&[u8]>,
        _: &dyn Listener,
    ) -> Result<(), MirrorError> {
        files
            .par_iter()
            .map(|file| self.put(file, before))
            .collect()
    }

    fn delete(&self, paths: &[ArchivePath]) -> Result<(), MirrorError> {
        for path in paths {
            self.to.delete(path)?;
        }
        Ok(())
    }

    fn erase(&self, paths: &[ArchivePath]) -> Result<(), MirrorError> {
        for path in paths {
            self.to.erase(path)?;
        }
        Ok(())
    }

    fn end(&self) {
        let Some(own) = self.to_root.as_ref().map(|root| root.join(".debcut")) else {
            return;
        };
        // A mirror with state keeps it: then the directory is not empty.
        let _ = std::fs::remove_file(own.join("mutex"));
        // What a push that was killed left; one that goes on now is told to try
        // again by the file that it misses.
        for left in std::fs::read_dir(own.join("tmp"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let _ = std::fs::remove_file(left.path());
        }
        let _ = std::fs::remove_dir(own.join("tmp"));
        let _ = std::fs::remove_dir(own);
    }
}
