//! An archive in a directory of the local file system.
//!
//! The whole directory must be on one file system. Its own files are in
//! `.debcut/`: `lock`, `mutex` (held for the moment of one compare-and-swap)
//! and `tmp/` (files being written; swept by whoever holds the lock).

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use walkdir::WalkDir;

use super::durable::{self, Placed, Staged};
use super::lock::{self, Guard, Holder, LockError};
use super::{
    Condition, Content, Entry, NewFile, Object, Revision, Store, StoreError, Taken, copy_hashing,
    side_by_side,
};
use crate::model::{ArchivePath, Sha256};

mod together;

/// An archive in a directory.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// Takes the directory, which need not exist before something is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn local(&self, path: &ArchivePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn own(&self, name: &str) -> PathBuf {
        self.root.join(".debcut").join(name)
    }

    fn failed(&self, act: &'static str, path: &ArchivePath, error: io::Error) -> StoreError {
        StoreError::of(self.place(), act, path, error)
    }

    /// Turns "is not there" into `None`. A file where a directory is expected
    /// (`a` when `a/b` is asked for) means the same.
    fn found<T>(
        &self,
        act: &'static str,
        path: &ArchivePath,
        result: io::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.failed(act, path, error)),
        }
    }

    fn stage(&self, path: &ArchivePath, content: Content<'_>) -> Result<Staged, StoreError> {
        let mut staged = self.stage_soon(path, content)?;
        let finished = staged.finish();
        finished.map_err(|error| self.failed("write", path, error))?;
        Ok(staged)
    }

    /// Writes a file aside, which is neither durable nor closed yet.
    fn stage_soon(&self, path: &ArchivePath, content: Content<'_>) -> Result<Staged, StoreError> {
        let failed = |error| self.failed("write", path, error);
        let aside = self.own("tmp");
        durable::make_directory(&aside).map_err(failed)?;
        let mut staged = Staged::new(&aside).map_err(failed)?;
        match content {
            Content::Bytes(bytes) => staged.file().write_all(bytes).map_err(failed)?,
            Content::File {
                path: source,
                sha256,
            } => {
                let local = |error| StoreError::Local {
                    file: source.to_owned(),
                    source: error,
                };
                let mut from = File::open(source).map_err(local)?;
                let (_, found) = copy_hashing(&mut from, staged.file(), local, failed)?;
                if found != sha256 {
                    return Err(StoreError::Changed {
                        file: source.to_owned(),
                        expected: sha256,
                        found,
                    });
                }
            }
        }
        Ok(staged)
    }

    /// Tells whether the file at `path` holds exactly `sha256`'s bytes.
    fn holds(&self, path: &ArchivePath, sha256: Sha256) -> Result<bool, StoreError> {
        Ok(self.digest(path)?.is_some_and(|(_, found)| found == sha256))
    }

    fn conflict(&self, path: &ArchivePath) -> StoreError {
        StoreError::Conflict {
            place: self.place(),
            path: path.clone(),
        }
    }

    fn write_if_absent(&self, path: &ArchivePath, content: Content<'_>) -> Result<(), StoreError> {
        let target = self.local(path);
        // Whoever put it there may have been killed before it was durable.
        let taken = |store: &Self| match store.holds(path, content.sha256())? {
            true => durable::sync(&target).map_err(|error| store.failed("write", path, error)),
            false => Err(store.conflict(path)),
        };
        // Looking first spares copying a large pool file that is there.
        if self.size(path)?.is_some() {
            return taken(self);
        }
        let staged = self.stage(path, content)?;
        let failed = |error| self.failed("write", path, error);
        match staged.place(&target).map_err(failed)? {
            Placed::Done => Ok(()),
            Placed::Taken => taken(self),
        }
    }

    fn write_if_revision(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        expected: &Revision,
    ) -> Result<(), StoreError> {
        let failed = |error| self.failed("write", path, error);
        let staged = self.stage(path, content)?;
        let mutex = File::create(self.own("mutex")).map_err(failed)?;
        mutex.lock().map_err(failed)?;
        match self.read_revision(path)? {
            Some(there) if there.revision == *expected => {
                staged.replace(&self.local(path)).map_err(failed)
            }
            Some(there) if Sha256::of(&there.bytes) == content.sha256() => Ok(()),
            _ => Err(self.conflict(path)),
        }
    }
}

impl Store for DirectoryStore {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError> {
        self.found("read", path, fs::read(self.local(path)))
    }

    fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError> {
        Ok(self.read(path)?.map(|bytes| Object {
            revision: Revision(Sha256::of(&bytes).hex()),
            bytes,
        }))
    }

    fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let file = self.found("read", path, File::open(self.local(path)))?;
        Ok(file.map(|file| Box::new(file) as Box<dyn Read + Send>))
    }

    fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError> {
        let found = self.found("look at", path, fs::metadata(self.local(path)))?;
        Ok(found.map(|file| file.len()))
    }

    fn write(
        &self,
        path: &ArchivePath,
        content: Content<'_>,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        let failed = |error| self.failed("write", path, error);
        let target = self.local(path);
        let parent = target.parent().expect("a path has at least one part");
        durable::make_directory(parent).map_err(failed)?;
        match condition {
            Condition::Always => self.stage(path, content)?.replace(&target).map_err(failed),
            Condition::IfAbsent => self.write_if_absent(path, content),
            Condition::IfRevision(expected) => self.write_if_revision(path, content, expected),
        }
    }

    fn write_new(
        &self,
        files: &[NewFile<'_>],
        taken: Taken,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), StoreError> {
        match together::is_worth_it(files) {
            true => together::write_new(self, files, taken, done),
            false => side_by_side::write_new(self, files, taken, done),
        }
    }

    fn copy(&self, from: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        let failed = |error| self.failed("write", to, error);
        let (target, aside) = (self.local(to), self.own("tmp"));
        durable::make_directory(&aside).map_err(failed)?;
        let parent = target.parent().expect("a path has at least one part");
        durable::make_directory(parent).map_err(failed)?;
        durable::link_over(&self.local(from), &target, &aside).map_err(failed)
    }

    fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for entry in WalkDir::new(self.local(below)) {
            let entry = match entry.map_err(io::Error::from) {
                Ok(entry) => entry,
                Err(error) if is_absence(&error) => continue,
                Err(error) => return Err(self.failed("list", below, error)),
            };
            let relative = entry.path().strip_prefix(&self.root).ok();
            // A name that no archive path can have is none of ours.
            let path = relative.and_then(|path| ArchivePath::new(path.to_str()?).ok());
            if let Some(path) = path.filter(|_| entry.file_type().is_file()) {
                let file = entry.metadata().map_err(io::Error::from);
                let size = self.found("look at", &path, file)?.map(|file| file.len());
                entries.extend(size.map(|size| Entry { path, size }));
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.found("delete", path, fs::remove_file(self.local(path)))?;
        Ok(())
    }

    fn tidy(&self, below: &ArchivePath) -> Result<(), StoreError> {
        let directories = WalkDir::new(self.local(below))
            .min_depth(1)
            .contents_first(true);
        let directories = directories.into_iter().flatten();
        for entry in directories.filter(|entry| entry.file_type().is_dir()) {
            // One that is not empty stays, and so does one we may not remove.
            let _ = fs::remove_dir(entry.path());
        }
        Ok(())
    }

    fn lock(
        &self,
        holder: &Holder,
        wait: Duration,
        on_wait: &dyn Fn(&Holder),
    ) -> Result<Guard, LockError> {
        let name = ArchivePath::new(".debcut/lock").expect("a valid path");
        let path = self.local(&name);
        let guard = lock::take(&self.place(), &name, &path, holder, wait, on_wait)?;
        self.sweep();
        Ok(guard)
    }
}

impl DirectoryStore {
    /// Removes what a crash left in `tmp/`. Only for the holder of the lock;
    /// what cannot be removed now harms nobody and is tried again next time.
    fn sweep(&self) {
        for entry in fs::read_dir(self.own("tmp"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
