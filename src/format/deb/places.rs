//! Which paths of a package are taken, and by what.

use std::collections::HashMap;

use crate::format::tar::{EntryKind, TreePath};
use crate::model::Sha256;

/// Remembers every path of an archive in a few bytes each, so that none comes
/// twice and none leads through something that is no directory.
///
/// Paths are kept as the first half of their SHA-256: two that meet would at
/// worst be refused, never let through.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: HashMap<[u8; 16], Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Directory,
    /// Something inside came first.
    ImpliedDirectory,
    Symlink,
    Other,
}

/// Says why an entry cannot be where it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// An earlier entry has the same path.
    #[error("{path} comes twice")]
    Twice {
        /// The path.
        path: TreePath,
    },
    /// The path leads through a symbolic link of the same package: it would
    /// be unpacked wherever that points.
    #[error("{path} leads through the symbolic link {link}")]
    ThroughSymlink {
        /// The path.
        path: TreePath,
        /// The link.
        link: TreePath,
    },
    /// The path leads through a file, or a file comes where earlier entries
    /// need a directory.
    #[error("{directory} is no directory, as {path} needs it to be")]
    NoDirectory {
        /// The path.
        path: TreePath,
        /// What should be a directory.
        directory: TreePath,
    },
    /// A hard link's target is no earlier file of the same package.
    #[error("hard link {path} points to {target}, which is no earlier file of the package")]
    LinkTarget {
        /// The link.
        path: TreePath,
        /// Its target.
        target: TreePath,
    },
}

impl Places {
    /// Takes the entry's path.
    pub fn take(&mut self, path: &TreePath, kind: &EntryKind) -> Result<(), PlaceError> {
        self.take_parents(path)?;
        if let EntryKind::HardLink { target } = kind {
            let file = matches!(
                self.taken.get(&key(target)),
                Some(Place::Symlink | Place::Other)
            );
            if !file {
                return Err(PlaceError::LinkTarget {
                    path: path.clone(),
                    target: target.clone(),
                });
            }
        }
        let place = match kind {
            EntryKind::Directory => Place::Directory,
            EntryKind::Symlink { .. } => Place::Symlink,
            EntryKind::HardLink { target } => self.taken[&key(target)],
            _ => Place::Other,
        };
        match (self.taken.insert(key(path), place), place) {
            (None, _) | (Some(Place::ImpliedDirectory), Place::Directory) => Ok(()),
            (Some(Place::ImpliedDirectory), _) => Err(PlaceError::NoDirectory {
                path: path.clone(),
                directory: path.clone(),
            }),
            (Some(_), _) => Err(PlaceError::Twice { path: path.clone() }),
        }
    }

    fn take_parents(&mut self, path: &TreePath) -> Result<(), PlaceError> {
        let mut above = path.parent();
        while let Some(directory) = above {
            let path = path.clone();
            match self.taken.get(&key(&directory)) {
                // What is above it was looked at when it came.
                Some(Place::Directory | Place::ImpliedDirectory) => break,
                Some(Place::Symlink) => {
                    let link = directory;
                    return Err(PlaceError::ThroughSymlink { path, link });
                }
                Some(Place::Other) => return Err(PlaceError::NoDirectory { path, directory }),
                None => {
                    self.taken.insert(key(&directory), Place::ImpliedDirectory);
                }
            }
            above = directory.parent();
        }
        Ok(())
    }
}

fn key(path: &TreePath) -> [u8; 16] {
    let digest = Sha256::of(path.as_bytes());
    let (half, _) = digest.as_bytes().split_at(16);
    half.try_into().expect("half of 32 bytes")
}
