//! An archive in memory, for tests and for rehearsals.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::lock::{Guard, Holder, LockError};
use super::{Condition, Content, Entry, Object, Reads, Revision, Store, StoreError};
use crate::model::{ArchivePath, Sha256};

/// An archive in memory; clones are the same archive.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    files: Arc<Mutex<BTreeMap<ArchivePath, Vec<u8>>>>,
    distance: Distance,
}

/// How an archive in memory answers, and how often it was asked.
#[derive(Debug, Clone, Default)]
enum Distance {
    /// As a disk does.
    #[default]
    Near,
    /// As a network does.
    Far(Arc<AtomicUsize>),
}

impl MemoryStore {
    /// Returns a copy of everything that is there now.
    pub fn files(&self) -> BTreeMap<ArchivePath, Vec<u8>> {
        self.lock_files().clone()
    }

    /// Makes an archive that holds exactly `files`.
    pub fn with_files(files: BTreeMap<ArchivePath, Vec<u8>>) -> Self {
        Self {
            files: Arc::new(Mutex::new(files)),
            distance: Distance::Near,
        }
    }

    /// Makes an empty archive to be treated as one behind a network.
    pub fn far() -> Self {
        Self {
            distance: Distance::Far(Arc::default()),
            ..Self::default()
        }
    }

    /// Returns how many reads a far archive has answered.
    pub fn reads_answered(&self) -> usize {
        match &self.distance {
            Distance::Near => 0,
            Distance::Far(count) => count.load(Ordering::Relaxed),
        }
    }

    fn lock_files(&self) -> MutexGuard<'_, BTreeMap<ArchivePath, Vec<u8>>> {
        self.files
            .lock()
            .expect("nobody panics while holding the map")
    }
}

fn revision(bytes: &[u8]) -> Revision {
    Revision(Sha256::of(bytes).hex())
}

impl Store for MemoryStore {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError> {
        if let Distance::Far(count) = &self.distance {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(self.lock_files().get(path).cloned())
    }

    fn reads(&self) -> Reads {
        match self.distance {
            Distance::Near => Reads::Near,
            Distance::Far(_) => Reads::Far,
        }
    }

    fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError> {
        Ok(self.read(path)?.map(|bytes| Object {
            revision: revision(&bytes),
            bytes,
        }))
    }

    fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let bytes = self.read(path)?;
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }

    fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError> {
        Ok(self.lock_files().get(path).map(|bytes| bytes.len() as u64))
    }

    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let bytes = match content {
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::File { path, sha256 } => {
                let bytes = fs::read(path).map_err(|source| StoreError::Local {
                    file: path.to_owned(),
                    source,
                })?;
                let found = Sha256::of(&bytes);
                if found != sha256 {
                    return Err(StoreError::Changed {
                        file: path.to_owned(),
                        expected: sha256,
                        found,
                    });
                }
                bytes
            }
        };
        let mut files = self.lock_files();
        let there = files.get(path);
        let holds = match condition {
            Condition::Always => true,
            Condition::IfAbsent => there.is_none(),
            Condition::IfRevision(expected) => {
                there.is_some_and(|bytes| revision(bytes) == *expected)
            }
        };
        if !holds && there != Some(&bytes) {
            return Err(StoreError::Conflict {
                place: self.place(),
                path: path.clone(),
            });
        }
        files.insert(path.clone(), bytes);
        Ok(())
    }

    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        let mut files = self.lock_files();
        let Some(bytes) = files.get(from).cloned() else {
            let error = io::Error::from(io::ErrorKind::NotFound);
            return Err(StoreError::of(self.place(), "copy", from, error));
        };
        files.insert(to.clone(), bytes);
        Ok(())
    }

    fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError> {
        let is_below = |path: &ArchivePath| {
            let rest = path.as_str().strip_prefix(below.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let files = self.lock_files();
        let found = files.iter().filter(|(path, _)| is_below(path));
        Ok(found
            .map(|(path, bytes)| Entry {
                path: path.clone(),
                size: bytes.len() as u64,
            })
            .collect())
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.lock_files().remove(path);
        Ok(())
    }

    fn lock(&self, _: &Holder, _: Duration, _: &dyn Fn(&Holder)) -> Result<Guard, LockError> {
        Ok(Guard::needless())
    }
}
