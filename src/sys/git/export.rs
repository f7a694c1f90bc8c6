//! A tree's files, listed or written to a directory.
//!
//! What is written depends on the tree alone: modes come from git's executable
//! bit, times from the caller, never from a checkout, its filters or the umask.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{GitError, Repository, failed};
use crate::model::Timestamp;
use crate::sys::files::{self, FileError};

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeEntryKind {
    /// A file.
    File {
        /// Whether git's executable bit is set.
        executable: bool,
    },
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A submodule's commit; its content is not in this repository.
    Submodule,
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path from the top of the tree, as bytes.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: TreeEntryKind,
    /// The object's id in hexadecimal.
    pub id: String,
}

/// What an export does otherwise than the tree says, by path; a path's bytes
/// that are not UTF-8 stand as `U+FFFD`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportChanges {
    /// Files and whole directories that are not written.
    pub without: BTreeSet<String>,
    /// Files with another content.
    pub instead: BTreeMap<String, Vec<u8>>,
}

impl ExportChanges {
    /// Tells whether a path, or a directory above it, is left out.
    pub fn leave_out(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.chain([path]).any(|path| self.without.contains(path))
    }
}

/// What an export left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Submodules, written as empty directories as `git archive` does.
    pub submodules: Vec<String>,
}

impl Repository {
    /// Lists a tree's entries, a directory before what it holds, in git's
    /// order.
    pub fn entries(&self, tree: &str) -> Result<Vec<TreeEntry>, GitError> {
        let mut found = Vec::new();
        self.collect(&self.tree(tree)?, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    fn collect(
        &self,
        tree: &git2::Tree<'_>,
        above: &mut Vec<u8>,
        found: &mut Vec<TreeEntry>,
    ) -> Result<(), GitError> {
        for entry in tree {
            let name = entry.name_bytes();
            let length = above.len();
            if length > 0 {
                above.push(b'/');
            }
            above.extend_from_slice(name);
            let refuse = |why| GitError::Unexportable {
                path: String::from_utf8_lossy(above).into_owned(),
                why,
            };
            if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
                return Err(refuse("which is no file name"));
            }
            let kind = match entry.filemode() {
                0o040000 => TreeEntryKind::Directory,
                0o120000 => TreeEntryKind::Symlink,
                0o160000 => TreeEntryKind::Submodule,
                0o100755 => TreeEntryKind::File { executable: true },
                0o100644 | 0o100664 => TreeEntryKind::File { executable: false },
                _ => return Err(refuse("whose mode git does not define")),
            };
            let id = entry.id();
            found.push(TreeEntry {
                path: above.clone(),
                kind,
                id: id.to_string(),
            });
            if kind == TreeEntryKind::Directory {
                let below = self
                    .inner
                    .find_tree(id)
                    .map_err(failed(format!("read tree {id}")))?;
                self.collect(&below, above, found)?;
            }
            above.truncate(length);
        }
        Ok(())
    }

    /// Reads the content of a file or the target of a link.
    pub fn blob(&self, id: &str) -> Result<Vec<u8>, GitError> {
        let action = || failed(format!("read the object {id}"));
        let id = git2::Oid::from_str(id).map_err(action())?;
        Ok(self
            .inner
            .find_blob(id)
            .map_err(action())?
            .content()
            .to_vec())
    }

    /// Writes a tree into `directory`, which must not exist: files 0644 or
    /// 0755, directories 0755, all with the modification time `time`.
    pub fn export(
        &self,
        tree: &str,
        directory: &Path,
        time: Timestamp,
    ) -> Result<Exported, GitError> {
        self.export_changed(tree, directory, time, &ExportChanges::default())
    }

    /// Writes a tree as [`export`](Self::export) does, with changes. A
    /// directory of which everything is left out is left out, too, as
    /// git-archive(1) does.
    pub fn export_changed(
        &self,
        tree: &str,
        directory: &Path,
        time: Timestamp,
        changes: &ExportChanges,
    ) -> Result<Exported, GitError> {
        let seconds = Duration::from_secs(time.unix().max(0).unsigned_abs());
        let time = UNIX_EPOCH + seconds;
        let mut exported = Exported::default();
        let mut directories = vec![directory.to_owned()];
        new_directory(directory)?;
        for entry in self.entries(tree)? {
            let shown = String::from_utf8_lossy(&entry.path);
            if changes.leave_out(&shown) {
                continue;
            }
            let path = directory.join(OsStr::from_bytes(&entry.path));
            match entry.kind {
                TreeEntryKind::File { executable } => {
                    let mode = if executable { 0o755 } else { 0o644 };
                    let content = match changes.instead.get(&*shown) {
                        Some(content) => content.clone(),
                        None => self.blob(&entry.id)?,
                    };
                    new_file(&path, &content, mode, time)?;
                }
                TreeEntryKind::Symlink => new_link(&path, &self.blob(&entry.id)?, time)?,
                TreeEntryKind::Directory => {
                    new_directory(&path)?;
                    directories.push(path);
                }
                TreeEntryKind::Submodule => {
                    new_directory(&path)?;
                    exported.submodules.push(shown.into_owned());
                    directories.push(path);
                }
            }
        }
        if !changes.without.is_empty() {
            let kept: BTreeSet<_> = exported.submodules.iter().cloned().collect();
            directories = without_empty(directories, directory, &kept)?;
        }
        // Deepest first: writing a directory's content changes its own time.
        for path in directories.iter().rev() {
            set_time(path, time)?;
        }
        Ok(exported)
    }
}

/// Removes directories that hold nothing; the first is the top, and stays.
fn without_empty(
    directories: Vec<PathBuf>,
    top: &Path,
    kept: &BTreeSet<String>,
) -> Result<Vec<PathBuf>, FileError> {
    let mut left = Vec::new();
    for path in directories.into_iter().rev() {
        let is_empty = |path: &Path| Ok(fs::read_dir(path)?.next().is_none());
        let below = path.strip_prefix(top).unwrap_or(&path).to_string_lossy();
        let goes = path != top
            && !kept.contains(&*below)
            && is_empty(&path).map_err(files::failed("list", &path))?;
        match goes {
            true => fs::remove_dir(&path).map_err(files::failed("remove", &path))?,
            false => left.push(path),
        }
    }
    left.reverse();
    Ok(left)
}

fn new_directory(path: &Path) -> Result<(), FileError> {
    let make = || {
        fs::create_dir(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    };
    make().map_err(files::failed("create", path))
}

fn new_file(path: &PathBuf, bytes: &[u8], mode: u32, time: SystemTime) -> Result<(), FileError> {
    let write = || {
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(mode)
            .open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.set_modified(time)
    };
    write().map_err(files::failed("write", path))
}

fn new_link(path: &PathBuf, target: &[u8], time: SystemTime) -> Result<(), FileError> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    let link = || {
        std::os::unix::fs::symlink(OsStr::from_bytes(target), path)?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = Timespec {
            tv_sec: since.as_secs() as i64,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: at,
            last_modification: at,
        };
        Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    };
    link().map_err(files::failed("link", path))
}

fn set_time(path: &PathBuf, time: SystemTime) -> Result<(), FileError> {
    let set = || fs::File::open(path)?.set_modified(time);
    set().map_err(files::failed("set the time of", path))
}
