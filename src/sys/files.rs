//! Files that are whole or not there: staged beside their place, flushed,
//! renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Something that could not be done with a file.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    /// What was tried: `read`, `write`, `create`.
    pub action: &'static str,
    /// On which file or directory.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Makes the closure that turns a system's error on `path` into ours.
pub fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError {
        action,
        path,
        source,
    }
}

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(failed("read", path))
}

/// Reads a file whole, or says that there is none.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(failed("open", path))
}

/// Makes a directory and its parents; one that is there is fine.
pub fn create_dir(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(failed("create", path))
}

/// Whom a new file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody may read it (0644).
    Public,
    /// Only its owner may read it (0600).
    Private,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Private => 0o600,
        }
    }
}

/// Replaces a file whole: killed at any moment, it is old or new, and once
/// this returns it survives a power cut.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        let directory = parent(path);
        let mut staged = tempfile::Builder::new()
            .prefix(".debcut-")
            .permissions(fs::Permissions::from_mode(access.mode()))
            .tempfile_in(directory)?;
        staged.write_all(bytes)?;
        // The umask may have taken bits away.
        staged
            .as_file()
            .set_permissions(fs::Permissions::from_mode(access.mode()))?;
        staged.as_file().sync_all()?;
        staged.persist(path).map_err(|error| error.error)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(failed("write", path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A directory that is filled beside its place and then put there in one step.
///
/// Dropped before [`publish`](Self::publish), it is removed with all it holds.
#[derive(Debug)]
pub struct StagedDir {
    staged: tempfile::TempDir,
    place: PathBuf,
}

impl StagedDir {
    /// Makes the directory beside `place`, on the same file system.
    pub fn beside(place: &Path) -> Result<Self, FileError> {
        let parent = parent(place);
        create_dir(parent)?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let staged = tempfile::Builder::new()
            .prefix(&format!(".{name}.partial-"))
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(parent)
            .map_err(failed("create a directory in", parent))?;
        Ok(Self {
            staged,
            place: place.to_owned(),
        })
    }

    /// Returns where to write for now.
    pub fn path(&self) -> &Path {
        self.staged.path()
    }

    /// Flushes every file and puts the directory in its place. One that is
    /// there is replaced: readers see the old one or the new one.
    pub fn publish(self) -> Result<PathBuf, FileError> {
        let (from, to) = (self.staged.path(), self.place.as_path());
        let put = || -> io::Result<()> {
            for entry in fs::read_dir(from)? {
                let path = entry?.path();
                if path.symlink_metadata()?.is_file() {
                    File::open(&path)?.sync_all()?;
                }
            }
            File::open(from)?.sync_all()?;
            if to.symlink_metadata().is_ok() {
                use rustix::fs::{CWD, RenameFlags, renameat_with};
                // The old content lands in the staging place, which goes.
                renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE)?;
            } else {
                fs::rename(from, to)?;
            }
            File::open(parent(to))?.sync_all()
        };
        put().map_err(failed("put the finished files into", to))?;
        Ok(self.place)
    }
}

/// A lock on a file, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Tries to take the lock file at `path`; `None` when somebody else holds it.
pub fn try_lock(path: &Path) -> Result<Option<Lock>, FileError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed("open the lock", path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(failed("lock", path)(error)),
    }
}

/// Makes a directory that only this user can enter, or checks that the one
/// that is there is such: whoever else could write in it could plant files.
pub fn private_dir(path: &Path) -> Result<(), FileError> {
    let make = || -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = path.symlink_metadata()?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
            let why = "it must be a directory of your own with mode 0700, and is not";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(())
    };
    make().map_err(failed("use", path))
}

/// Removes a tree, also where a build took its own write permission away.
pub fn remove_tree(path: &Path) -> Result<(), FileError> {
    for entry in walkdir::WalkDir::new(path).into_iter().flatten() {
        if entry.file_type().is_dir() {
            // A failure shows when the removal itself fails.
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Copies one open file's content to a new file, flushed.
pub fn copy_to_new(mut from: impl Read, to: &Path) -> Result<u64, FileError> {
    let mut copy = || -> io::Result<u64> {
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o644)
            .open(to)?;
        io::copy(&mut from, &mut file)
    };
    copy().map_err(failed("write", to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_leaves_nothing_beside() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a");
        for (bytes, access, mode) in [
            (&b"1"[..], Access::Public, 0o644),
            (&b"22"[..], Access::Private, 0o600),
        ] {
            replace(&path, bytes, access).expect("writes");
            assert_eq!(fs::read(&path).expect("there"), bytes);
            assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 1);
    }

    #[test]
    fn staged_directory_is_all_or_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        let place = dir.path().join("out");
        let staged = StagedDir::beside(&place).expect("stages");
        fs::write(staged.path().join("f"), "old").expect("writes");
        staged.publish().expect("publishes");
        let staged = StagedDir::beside(&place).expect("stages");
        fs::write(staged.path().join("g"), "never").expect("writes");
        drop(staged);
        assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 1);
        let staged = StagedDir::beside(&place).expect("stages");
        fs::write(staged.path().join("f"), "new").expect("writes");
        staged.publish().expect("publishes");
        assert_eq!(fs::read(place.join("f")).expect("there"), b"new");
        assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 1);
    }

    #[test]
    fn lock_is_exclusive_until_dropped() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("lock");
        let first = try_lock(&path).expect("opens");
        assert!(first.is_some());
        assert!(try_lock(&path).expect("opens").is_none());
        drop(first);
        assert!(try_lock(&path).expect("opens").is_some());
    }
}
