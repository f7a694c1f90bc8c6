//! Files that appear whole: written aside, synced, then renamed into place.
//!
//! Follows what rename(2), link(2) and fsync(2) promise on a local Linux file
//! system. Modes are set, not left to the umask: an archive whose publisher
//! runs with umask 077 must still be readable by its web server.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// A file written aside; removed again unless it reaches its place.
pub(super) struct Staged {
    path: PathBuf,
    /// Open until it is complete.
    file: Option<File>,
}

/// What became of a file that was to be put where nothing is.
pub(super) enum Placed {
    /// It is there.
    Done,
    /// Something else is there already.
    Taken,
}

impl Staged {
    /// Starts a file in `directory`, which must be on the target's file system.
    pub(super) fn new(directory: &Path) -> io::Result<Self> {
        let (file, path) = tempfile::Builder::new()
            .prefix("write-")
            .tempfile_in(directory)?
            .into_parts();
        Ok(Self {
            path: path.keep()?,
            file: Some(file),
        })
    }

    /// Returns the file to write to.
    pub(super) fn file(&mut self) -> &mut File {
        self.file.as_mut().expect("not closed yet")
    }

    /// Makes the content durable and readable for everybody.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.close()?.sync_all()
    }

    /// Makes the content readable for everybody; [`flush`] makes it durable,
    /// together with others.
    pub(super) fn close(&mut self) -> io::Result<File> {
        let file = self.file.take().expect("closed once");
        file.set_permissions(Permissions::from_mode(0o644))?;
        Ok(file)
    }

    /// Puts the file at `target`, whatever is there.
    pub(super) fn replace(self, target: &Path) -> io::Result<()> {
        self.rename(target)?;
        sync_directory_of(target)
    }

    /// Puts the file at `target` unless something is there.
    pub(super) fn place(self, target: &Path) -> io::Result<Placed> {
        let placed = self.rename_new(target)?;
        if let Placed::Done = placed {
            sync_directory_of(target)?;
        }
        Ok(placed)
    }

    /// Does as [`replace`](Self::replace), durable only after a [`flush`].
    pub(super) fn rename(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    /// Does as [`place`](Self::place), durable only after a [`flush`].
    pub(super) fn rename_new(&self, target: &Path) -> io::Result<Placed> {
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(Placed::Taken),
            // Not every file system knows RENAME_NOREPLACE; link(2) never
            // replaces anything, and dropping `self` removes the other name.
            Err(Errno::INVAL | Errno::NOSYS) => match fs::hard_link(&self.path, target) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Placed::Taken),
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error.into()),
        }
        Ok(Placed::Done)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; and whatever a crash
        // leaves is swept when the lock is taken next.
        let _ = fs::remove_file(&self.path);
    }
}

/// Gives the file at `from` a second name at `to`, whatever was there.
///
/// Files of a store are replaced, never changed in place, so two names of one
/// file cannot affect each other.
pub(super) fn link_over(from: &Path, to: &Path, aside: &Path) -> io::Result<()> {
    let mut staged = Staged::new(aside)?;
    fs::remove_file(&staged.path)?;
    if fs::hard_link(from, &staged.path).is_err() {
        // No links on this file system, or too many of them.
        staged.file = Some(File::create_new(&staged.path)?);
        io::copy(&mut File::open(from)?, staged.file())?;
        staged.finish()?;
    }
    // When both already are one file, rename(2) does nothing and says so by
    // success; dropping `staged` then removes the extra name.
    staged.replace(to)
}

/// Makes `directory` and its parents, each durable and open to everybody.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    make_each_directory(directory, &sync_directory_of)
}

/// Does as [`make_directory`], durable only after a [`flush`].
pub(super) fn make_directory_soon(directory: &Path) -> io::Result<()> {
    make_each_directory(directory, &|_| Ok(()))
}

fn make_each_directory(directory: &Path, made: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        make_each_directory(parent, made)?;
    }
    match DirBuilder::new().mode(0o755).create(directory) {
        Ok(()) => {
            fs::set_permissions(directory, Permissions::from_mode(0o755))?;
            made(directory)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes everything durable that was written to the file system of `directory`
/// until now, by whomever. Errors of writing back are told since Linux 5.8.
pub(super) fn flush(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}

/// Makes a file durable that is there, with its entry in its directory.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    sync_directory_of(path)
}

/// Makes the entry of `path` in its directory durable.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
