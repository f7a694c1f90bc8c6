//! Files that are whole or not there: staged beside their place, flushed,
//! renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

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

/// Opens a regular file for reading, or says that there is something else: a
/// link is not followed, a pipe not waited for.
pub fn open_regular(path: &Path) -> Result<Option<File>, FileError> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        // A link; a socket or a device that nobody serves.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
        opened => File::from(opened.map_err(|error| failed("open", path)(error.into()))?),
    };
    let found = file.metadata().map_err(failed("read", path))?;
    Ok(found.is_file().then_some(file))
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
    /// Everybody may read and run it (0755).
    Program,
    /// Only its owner may read it (0600).
    Private,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Program => 0o755,
            Self::Private => 0o600,
        }
    }
}

/// Replaces a file whole: killed at any moment, it is old or new, and once
/// this returns it survives a power cut.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let mut staged = StagedFile::beside(path, access)?;
    staged
        .file()
        .write_all(bytes)
        .map_err(failed("write", path))?;
    staged.publish()
}

/// Whether a file of a work tree is a program, as far as git keeps that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkFile {
    /// As the umask has it (0666).
    Plain,
    /// As the umask has it, and executable (0777).
    Program,
}

/// Returns where [`replace_in_work_tree`] stages a file: always the same place
/// beside it, so that what a crash left there can be found.
pub fn staged_in_work_tree(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    parent(path).join(format!(".{name}.debcut-new"))
}

/// Replaces a file of a work tree whole, with the permissions that it has, or
/// makes it, with its directories, as the umask has it. Killed at any moment,
/// it is old or new; [`staged_in_work_tree`] may be left.
pub fn replace_in_work_tree(path: &Path, bytes: &[u8], kind: WorkFile) -> Result<(), FileError> {
    let staged = staged_in_work_tree(path);
    let put = || -> io::Result<()> {
        fs::create_dir_all(parent(path))?;
        match fs::remove_file(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mode = match kind {
            WorkFile::Plain => 0o666,
            WorkFile::Program => 0o777,
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&staged)?;
        if let Ok(there) = path.symlink_metadata() {
            file.set_permissions(fs::Permissions::from_mode(there.mode() & 0o777))?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        File::open(parent(path))?.sync_all()
    };
    put().map_err(failed("write", path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file that is written beside its place and then put there whole.
///
/// Dropped before [`publish`](Self::publish), it is removed.
#[derive(Debug)]
pub struct StagedFile {
    staged: tempfile::NamedTempFile,
    place: PathBuf,
    access: Access,
}

impl StagedFile {
    /// Makes the file beside `place`, on the same file system. A place that is
    /// taken by a directory or a device is refused: a rename would destroy it.
    pub fn beside(place: &Path, access: Access) -> Result<Self, FileError> {
        let stage = || -> io::Result<tempfile::NamedTempFile> {
            match fs::metadata(place) {
                Ok(there) if !there.is_file() => {
                    let why = "something that is no regular file is there";
                    return Err(io::Error::new(io::ErrorKind::IsADirectory, why));
                }
                _ => {}
            }
            tempfile::Builder::new()
                .prefix(".debcut-")
                .permissions(fs::Permissions::from_mode(access.mode()))
                .tempfile_in(parent(place))
        };
        Ok(Self {
            staged: stage().map_err(failed("write", place))?,
            place: place.to_owned(),
            access,
        })
    }

    /// Returns the file to write to and to read from.
    pub fn file(&mut self) -> &mut File {
        self.staged.as_file_mut()
    }

    /// Tells whether its place holds the same bytes already.
    pub fn is_there_already(&mut self) -> Result<bool, FileError> {
        let Ok(there) = fs::metadata(&self.place) else {
            return Ok(false);
        };
        let staged = self.staged.as_file_mut();
        let compare = || -> io::Result<bool> {
            if staged.metadata()?.len() != there.len() {
                return Ok(false);
            }
            staged.rewind()?;
            same_bytes(staged, File::open(&self.place)?)
        };
        compare().map_err(failed("read", &self.place))
    }

    /// Flushes the file and puts it in its place: killed at any moment, the
    /// place holds what it held or the whole file, and once this returns it
    /// survives a power cut.
    pub fn publish(self) -> Result<(), FileError> {
        let (staged, place) = (self.staged, self.place.as_path());
        let put = || -> io::Result<()> {
            // The umask may have taken bits away.
            let permissions = fs::Permissions::from_mode(self.access.mode());
            staged.as_file().set_permissions(permissions)?;
            staged.as_file().sync_all()?;
            staged.persist(place).map_err(|error| error.error)?;
            File::open(parent(place))?.sync_all()
        };
        put().map_err(failed("write", place))
    }
}

/// Compares two files from where they stand to their ends.
fn same_bytes(mut a: impl Read, mut b: impl Read) -> io::Result<bool> {
    const PIECE: u64 = 128 * 1024;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        (&mut a).take(PIECE).read_to_end(&mut left)?;
        (&mut b).take(PIECE).read_to_end(&mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}

/// A directory that is filled beside its place and then put there in one step.
///
/// Dropped before [`publish`](Self::publish), it is removed with all it holds.
#[derive(Debug)]
pub struct StagedDir {
    staged: tempfile::TempDir,
    place: PathBuf,
    /// Held as long as somebody works in the directory: the system lets it go
    /// with a process that is killed.
    _lock: File,
}

impl StagedDir {
    /// Makes the directory beside `place`, on the same file system. Those that
    /// killed processes have left there are removed.
    pub fn beside(place: &Path) -> Result<Self, FileError> {
        let parent = parent(place);
        create_dir(parent)?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.partial-");
        sweep(parent, &prefix);
        loop {
            let staged = tempfile::Builder::new()
                .prefix(&prefix)
                .permissions(fs::Permissions::from_mode(0o755))
                .tempdir_in(parent)
                .map_err(failed("create a directory in", parent))?;
            // Another one may sweep it away before it is locked.
            let lock = lock_of(staged.path()).filter(|_| staged.path().is_dir());
            if let Some((lock, locked)) = lock
                && locked != Err(Errno::WOULDBLOCK)
            {
                return Ok(Self {
                    staged,
                    place: place.to_owned(),
                    _lock: lock,
                });
            }
        }
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

/// Removes the staging directories that nobody works in any more. What cannot
/// be removed is in nobody's way.
fn sweep(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let left = entry.file_name().to_string_lossy().starts_with(prefix);
        // A file system without locks cannot tell: then it stays.
        if left && matches!(lock_of(&entry.path()), Some((_, Ok(())))) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Tries to lock a directory; `None` when it is gone.
pub(super) fn lock_of(directory: &Path) -> Option<(File, Result<(), Errno>)> {
    let file = File::open(directory).ok()?;
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    Some((file, locked))
}

/// Waits until nobody else has locked a directory, and locks it: for those who
/// change files in it that belong together.
pub fn lock_directory(directory: &Path) -> Result<Lock, FileError> {
    let directory = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let lock = || -> io::Result<File> {
        let file = File::open(directory)?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    };
    let file = lock().map_err(failed("lock", directory))?;
    Ok(Lock { _file: file })
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

/// Tells whether this user may write into a directory.
pub fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
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

/// Removes a file; one that is gone is fine.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
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

/// Copies one open file's content to a new file, which may be lost with the
/// machine's power: it is for working directories.
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
    fn staged_file_is_all_or_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        let place = dir.path().join("f");
        let stage = |bytes: &[u8]| {
            let mut staged = StagedFile::beside(&place, Access::Public).expect("stages");
            staged.file().write_all(bytes).expect("writes");
            staged
        };
        assert!(!stage(b"old").is_there_already().expect("reads"));
        stage(b"old").publish().expect("publishes");
        for (bytes, want) in [(&b"old"[..], true), (b"odd", false), (b"older", false)] {
            let found = stage(bytes).is_there_already().expect("reads");
            assert_eq!(found, want, "{}", bytes.escape_ascii());
        }
        assert_eq!(fs::read(&place).expect("there"), b"old");
        assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 1);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let dir = tempfile::tempdir().expect("dir");
        for place in [dir.path(), Path::new("/dev/null")] {
            let found = StagedFile::beside(place, Access::Public);
            assert!(found.is_err(), "{}", place.display());
        }
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
