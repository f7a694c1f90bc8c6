//! Directories for the time of a run, which go with it: also those of a run that
//! was killed, as soon as another one makes its own.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::files::{Access, FileError, failed, lock_of, remove_tree};

/// A directory that is removed with all it holds when it is dropped.
///
/// While it is there flock(2) is held on it, which ends with the process,
/// however that ends: so others see that one is left over.
#[derive(Debug)]
pub struct Temporary {
    directory: tempfile::TempDir,
    _lock: File,
}

impl Temporary {
    /// Makes `PREFIXxxxxxx` in a directory, and removes those of the same prefix
    /// there that nobody uses any more.
    pub fn new(parent: &Path, prefix: &str, access: Access) -> Result<Self, FileError> {
        // The umask takes away what others may not.
        let mode = match access {
            Access::Public | Access::Program => 0o755,
            Access::Private => 0o700,
        };
        sweep(parent, prefix);
        loop {
            let directory = tempfile::Builder::new()
                .prefix(prefix)
                .permissions(Permissions::from_mode(mode))
                .tempdir_in(parent);
            let directory = directory.map_err(failed("make a directory in", parent))?;
            // Another one may sweep it away before it is locked.
            let lock = lock_of(directory.path()).filter(|_| directory.path().is_dir());
            if let Some((lock, locked)) = lock
                && locked != Err(Errno::WOULDBLOCK)
            {
                return Ok(Self {
                    directory,
                    _lock: lock,
                });
            }
        }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes this user's directories of a prefix that no process has locked. What
/// cannot be removed stays: it is in nobody's way.
pub fn sweep(parent: &Path, prefix: &str) {
    for path in own_directories(parent, prefix) {
        // A file system without locks cannot tell: then it stays.
        if let Some((_lock, Ok(()))) = lock_of(&path) {
            let _ = remove_tree(&path);
        }
    }
}

/// Lists the directories of a prefix that are this user's own: root could remove
/// those of others, and a link may lead anywhere.
fn own_directories(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let own = entries.filter(|entry| {
        let is_one = entry.file_name().to_string_lossy().starts_with(prefix);
        let known = entry.metadata();
        is_one && known.is_ok_and(|known| known.is_dir() && known.uid() == user)
    });
    own.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_uses_is_swept_away() {
        let parent = tempfile::tempdir().expect("a directory");
        let at = |name: &str| parent.path().join(name);
        for left in ["debcut-mock-left/data", "other-left", "kept"] {
            std::fs::create_dir_all(at(left)).expect("a directory");
        }
        std::fs::write(at("debcut-mock-left/data/key"), "secret").expect("written");
        std::os::unix::fs::symlink(at("kept"), at("debcut-mock-link")).expect("linked");
        let used = Temporary::new(parent.path(), "debcut-mock-", Access::Private).expect("made");
        assert!(!at("debcut-mock-left").exists());
        let next = Temporary::new(parent.path(), "debcut-mock-", Access::Private).expect("made");
        for there in [used.path(), next.path(), &at("other-left"), &at("kept")] {
            assert!(there.is_dir(), "{}", there.display());
        }
        assert!(at("debcut-mock-link").is_symlink());
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &next.path().metadata().expect("there").permissions(),
        );
        assert_eq!(mode & 0o777, 0o700);
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }

    #[test]
    fn root_leaves_others_alone() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let parent = tempfile::tempdir().expect("a directory");
        let theirs = parent.path().join("debcut-mock-theirs");
        std::fs::create_dir(&theirs).expect("a directory");
        std::os::unix::fs::chown(&theirs, Some(65534), Some(65534)).expect("root may");
        sweep(parent.path(), "debcut-mock-");
        assert!(theirs.is_dir());
    }
}
