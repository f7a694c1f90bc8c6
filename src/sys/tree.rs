//! A directory of the file system → a [`Tree`].
//!
//! [`read`] makes the tree, [`pack`] a `.deb` of trees, its files read by a
//! thread of their own.
//!
//! Follows no symbolic link, keeps hard links together, opens files only when
//! their contents are asked for, ignores extended attributes and access lists.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::format::tar::{Content, Device, Kind, Node, Owner, Tree, TreeError, TreePath};

mod packing;

pub use packing::pack;

/// Says why a directory cannot be read as a tree.
#[derive(Debug, thiserror::Error)]
pub enum TreeReadError {
    /// Something cannot be looked at.
    #[error("cannot read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path is no directory.
    #[error("{} is no directory", path.display())]
    NoDirectory {
        /// The path.
        path: PathBuf,
    },
    /// A file is of a kind that no package holds.
    #[error("{} is a socket or something stranger: no package can hold it", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// The directory changed while it was read.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// How the tree contradicts itself.
        source: TreeError,
    },
}

/// Reads the tree below `directory`, which becomes the root.
///
/// Owners are numbers without names. A file whose size changes before its
/// contents are read makes the packing fail.
pub fn read(directory: &Path) -> Result<Tree, TreeReadError> {
    let metadata = metadata(directory)?;
    if !metadata.is_dir() {
        return Err(TreeReadError::NoDirectory {
            path: directory.to_owned(),
        });
    }
    let mut walk = Walk {
        base: directory,
        tree: Tree::new(),
        first_names: HashMap::new(),
    };
    walk.add(TreePath::root(), &metadata)?;
    walk.enter(&TreePath::root())?;
    Ok(walk.tree)
}

struct Walk<'a> {
    base: &'a Path,
    tree: Tree,
    first_names: HashMap<(u64, u64), TreePath>,
}

impl Walk<'_> {
    fn enter(&mut self, directory: &TreePath) -> Result<(), TreeReadError> {
        let path = self.full(directory);
        let failed = |source| TreeReadError::Read {
            path: path.clone(),
            source,
        };
        for entry in fs::read_dir(&path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let inside = match directory.as_bytes() {
                b"" => name.into_vec(),
                above => [above, b"/", name.as_bytes()].concat(),
            };
            let inside = TreePath::new(inside).expect("names of files hold no / and no NUL");
            let metadata = metadata(&self.full(&inside))?;
            self.add(inside.clone(), &metadata)?;
            if metadata.is_dir() {
                self.enter(&inside)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: TreePath, metadata: &Metadata) -> Result<(), TreeReadError> {
        let full = self.full(&path);
        let inode = (metadata.dev(), metadata.ino());
        let linked = !metadata.is_dir() && metadata.nlink() > 1;
        let added = match self.first_names.get(&inode) {
            Some(first) if linked => self.tree.link(path, first),
            _ => {
                if linked {
                    self.first_names.insert(inode, path.clone());
                }
                let kind = kind(&full, metadata)?;
                self.tree.insert(path, node(kind, metadata))
            }
        };
        added.map_err(|source| TreeReadError::Changed { path: full, source })
    }

    fn full(&self, path: &TreePath) -> PathBuf {
        self.base.join(std::ffi::OsStr::from_bytes(path.as_bytes()))
    }
}

fn metadata(path: &Path) -> Result<Metadata, TreeReadError> {
    fs::symlink_metadata(path).map_err(|source| TreeReadError::Read {
        path: path.to_owned(),
        source,
    })
}

fn node(kind: Kind, metadata: &Metadata) -> Node {
    Node {
        kind,
        mode: metadata.mode() & 0o7777,
        owner: Owner {
            uid: metadata.uid().into(),
            gid: metadata.gid().into(),
            ..Owner::unnamed()
        },
        mtime: metadata.mtime(),
    }
}

fn kind(path: &Path, metadata: &Metadata) -> Result<Kind, TreeReadError> {
    let of = metadata.file_type();
    let device = || Device {
        major: rustix::fs::major(metadata.rdev()),
        minor: rustix::fs::minor(metadata.rdev()),
    };
    Ok(if of.is_file() {
        let path = path.to_owned();
        Kind::File(Content::opened_by(metadata.len(), move || {
            File::open(&path).map(|file| Box::new(file) as Box<dyn Read>)
        }))
    } else if of.is_dir() {
        Kind::Directory
    } else if of.is_symlink() {
        let target = fs::read_link(path).map_err(|source| TreeReadError::Read {
            path: path.to_owned(),
            source,
        })?;
        Kind::Symlink(target.into_os_string().into_vec())
    } else if of.is_fifo() {
        Kind::Fifo
    } else if of.is_char_device() {
        Kind::CharDevice(device())
    } else if of.is_block_device() {
        Kind::BlockDevice(device())
    } else {
        return Err(TreeReadError::Kind {
            path: path.to_owned(),
        });
    })
}

#[cfg(test)]
mod zoo;
