//! A directory tree as a value: what will become an archive.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use super::{Device, Owner, PathError, TreePath};

/// A tree of files, kept in the order of a walk; every path stands once.
///
/// A node may have several names (hard links). Directories nobody inserted
/// are made when the tree is written.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Shared by the trees that were cut out of one.
    nodes: Arc<Vec<Node>>,
    names: BTreeMap<TreePath, usize>,
}

/// One file of any kind, without its name.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The permission bits, set-id and sticky bits (07777).
    pub mode: u32,
    /// Who owns it.
    pub owner: Owner,
    /// The modification time in seconds since 1970.
    pub mtime: i64,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A regular file.
    File(Content),
    /// A directory.
    Directory,
    /// A symbolic link to these bytes.
    Symlink(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice(Device),
    /// A block device.
    BlockDevice(Device),
}

/// The bytes of a regular file: a size, and a way to read them when their
/// turn comes.
#[derive(Clone)]
pub struct Content {
    size: u64,
    source: Source,
}

type Opener = dyn Fn() -> io::Result<Box<dyn Read>> + Send + Sync;

#[derive(Clone)]
enum Source {
    Bytes(Arc<[u8]>),
    Opener(Arc<Opener>),
}

impl Content {
    /// Takes bytes that are in memory.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            size: bytes.len() as u64,
            source: Source::Bytes(bytes),
        }
    }

    /// Takes `size` bytes that `open` will give, each time it is called.
    pub fn opened_by(
        size: u64,
        open: impl Fn() -> io::Result<Box<dyn Read>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            size,
            source: Source::Opener(Arc::new(open)),
        }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Opens the bytes.
    pub fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        match &self.source {
            Source::Bytes(bytes) => Ok(Box::new(&bytes[..])),
            Source::Opener(open) => open().map(|read| read as Box<dyn Read>),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.size)
    }
}

/// Says why a tree cannot take a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Not a path inside a tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The path is taken.
    #[error("{path} is in the tree already")]
    Taken {
        /// The path.
        path: TreePath,
    },
    /// Something would be inside of what is no directory.
    #[error("{path} cannot be inside {parent}, which is no directory")]
    Inside {
        /// The path.
        path: TreePath,
        /// What is above it.
        parent: TreePath,
    },
    /// A hard link's target is missing or a directory.
    #[error("hard link {path} needs a file at {target}")]
    LinkTarget {
        /// The link.
        path: TreePath,
        /// Its target.
        target: TreePath,
    },
}

impl Node {
    /// Makes a regular file of root's in memory.
    pub fn file(bytes: impl Into<Arc<[u8]>>, mode: u32, mtime: i64) -> Self {
        Self::of_root(Kind::File(Content::bytes(bytes)), mode, mtime)
    }

    /// Makes a directory of root's with mode 0755.
    pub fn directory(mtime: i64) -> Self {
        Self::of_root(Kind::Directory, 0o755, mtime)
    }

    /// Makes a symbolic link of root's.
    pub fn symlink(target: impl Into<Vec<u8>>, mtime: i64) -> Self {
        Self::of_root(Kind::Symlink(target.into()), 0o777, mtime)
    }

    /// Makes a node of root's.
    pub fn of_root(kind: Kind, mode: u32, mtime: i64) -> Self {
        Self {
            kind,
            mode,
            owner: Owner::root(),
            mtime,
        }
    }
}

impl Tree {
    /// Makes a tree without anything in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a node at a path that is free.
    pub fn insert(&mut self, path: TreePath, node: Node) -> Result<(), TreeError> {
        let directory = matches!(node.kind, Kind::Directory);
        self.check_free(&path, directory)?;
        self.names.insert(path, self.nodes.len());
        Arc::make_mut(&mut self.nodes).push(node);
        Ok(())
    }

    /// Gives the node at `target` a second name: a hard link.
    pub fn link(&mut self, path: TreePath, target: &TreePath) -> Result<(), TreeError> {
        self.check_free(&path, false)?;
        match self.names.get(target) {
            Some(&node) if !matches!(self.nodes[node].kind, Kind::Directory) => {
                self.names.insert(path, node);
                Ok(())
            }
            _ => Err(TreeError::LinkTarget {
                path,
                target: target.clone(),
            }),
        }
    }

    fn check_free(&self, path: &TreePath, directory: bool) -> Result<(), TreeError> {
        // What is inside of it would come right after it.
        let next = self.names.range::<TreePath, _>(path..).next();
        if next.is_some_and(|(found, _)| found == path) {
            return Err(TreeError::Taken { path: path.clone() });
        }
        let mut above = path.parent();
        while let Some(parent) = above {
            match self.get(&parent).map(|node| &node.kind) {
                // It was checked itself when it came.
                Some(Kind::Directory) => break,
                Some(_) => {
                    let path = path.clone();
                    return Err(TreeError::Inside { path, parent });
                }
                None => above = parent.parent(),
            }
        }
        match next {
            Some((inside, _)) if !directory && inside.is_inside(path) => Err(TreeError::Inside {
                path: inside.clone(),
                parent: path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the node at a path.
    pub fn get(&self, path: &TreePath) -> Option<&Node> {
        self.names.get(path).map(|&node| &self.nodes[node])
    }

    /// Returns every path with its node, in the order of a walk; a node with
    /// several names comes several times.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Node)> {
        self.named().map(|(path, _, node)| (path, node))
    }

    /// Returns every path with its node and a number that names of the same
    /// node share.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&TreePath, usize, &Node)> {
        self.names.iter().map(|(p, &n)| (p, n, &self.nodes[n]))
    }

    /// Tells whether nothing is in it, not even a root.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns the tree below `directory`, which becomes its root.
    pub fn below(&self, directory: &TreePath) -> Self {
        let inside = |(path, node): (&TreePath, &usize)| Some((path.below(directory)?, *node));
        Self {
            nodes: Arc::clone(&self.nodes),
            names: self.names.iter().filter_map(inside).collect(),
        }
    }

    /// Keeps only the paths for which `keep` says so.
    pub fn retain(&mut self, keep: impl Fn(&TreePath) -> bool) {
        self.names.retain(|path, _| keep(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).expect(text)
    }

    #[test]
    fn contradictions_are_refused() {
        let mut tree = Tree::new();
        let mut put = |text: &str, node: Node| tree.insert(path(text), node);
        put("a/b/c", Node::file(*b"", 0o644, 0)).expect("free");
        put("d", Node::symlink("a", 0)).expect("free");
        put("a-b", Node::file(*b"", 0o644, 0)).expect("free");
        for (at, node, want) in [
            ("a/b/c", Node::directory(0), "a/b/c is in the tree already"),
            (
                "d/x/y",
                Node::directory(0),
                "d/x/y cannot be inside d, which is no directory",
            ),
            (
                "a",
                Node::symlink("b", 0),
                "a/b/c cannot be inside a, which is no directory",
            ),
        ] {
            let found = put(at, node).map_err(|e| e.to_string());
            assert_eq!(found, Err(want.to_owned()));
        }
        put("a", Node::directory(0)).expect("a directory fits over its contents");
        put("a/b", Node::directory(0)).expect("a directory fits over its contents");
    }

    #[test]
    fn hard_links_need_a_file() {
        let mut tree = Tree::new();
        tree.insert(path("f"), Node::file(*b"x", 0o644, 0))
            .expect("free");
        tree.insert(path("d"), Node::directory(0)).expect("free");
        tree.link(path("g"), &path("f")).expect("a file");
        for target in ["d", "nothing"] {
            let found = tree.link(path("h"), &path(target));
            assert!(
                matches!(found, Err(TreeError::LinkTarget { .. })),
                "{target}"
            );
        }
        assert_eq!(tree.iter().count(), 3);
    }
}
