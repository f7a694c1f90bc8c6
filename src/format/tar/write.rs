//! A tree → the bytes GNU tar writes for it.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write};

use crate::model::Timestamp;

use super::header::{BLOCK, Header};
use super::{Kind, Node, Owner, Tree, TreePath};

/// What GNU tar is asked for on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// What stands before every path: `./` in a `.deb`, `debian/` or
    /// `NAME-VERSION/` in a source package.
    pub prefix: Vec<u8>,
    /// Where symbolic links stand.
    pub symlinks: Symlinks,
    /// Whose the files are.
    pub owners: Owners,
    /// Which permissions they have.
    pub modes: Modes,
    /// The latest modification time (`--clamp-mtime`): a later one becomes
    /// this one, an earlier one stays.
    pub latest: Timestamp,
}

/// Where symbolic links stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symlinks {
    /// Among the other files.
    InPlace,
    /// After all other files, as in `data.tar`: dpkg then never follows a
    /// link of the package it unpacks.
    Last,
}

/// Whose the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owners {
    /// The nodes' own.
    Kept,
    /// Everything is root's.
    Root,
    /// Everything is number 0's, without names.
    Unnamed,
}

/// Which permissions files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    /// The nodes' own.
    Kept,
    /// `u+rw,go=rX`, as in `control.tar`.
    Readable,
}

/// Says why a tree did not become an archive.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file's contents cannot be read.
    #[error("cannot read {path}")]
    Content {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
    /// A file's contents are not as long as its size says: somebody changes
    /// it right now.
    #[error("{path} changed while it was packed: {found} bytes found, {expected} expected")]
    Size {
        /// The file.
        path: TreePath,
        /// How many bytes came; one more than expected stands for any more.
        found: u64,
        /// How many should have.
        expected: u64,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive at {path}")]
    Output {
        /// What was to be written: a path, the root for the end.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
}

/// Writes the whole archive: in the order of a walk, with missing directories
/// added (mode 0755, root's, the latest time), ended by two zero blocks and
/// filled up to 10240 bytes. File contents are never in memory as a whole.
pub fn write(tree: &Tree, style: &Style, out: &mut impl Write) -> Result<(), WriteError> {
    let mut archive = Archive {
        out,
        style,
        blocks: 0,
        several: several_names(tree),
        first_names: HashMap::new(),
        buffer: vec![0; 64 * 1024],
    };
    let deferred =
        |node: &Node| style.symlinks == Symlinks::Last && matches!(node.kind, Kind::Symlink(_));
    let mut directories = HashSet::new();
    let implied = Node::directory(style.latest.unix());
    for (path, number, node) in tree.named() {
        // What stands above a symbolic link comes in its place in the walk,
        // even when the link itself comes later.
        let mut missing = Vec::new();
        let mut above = path.parent();
        while let Some(parent) = above.filter(|p| !directories.contains(p)) {
            above = parent.parent();
            missing.push(parent);
        }
        for parent in missing.into_iter().rev() {
            archive.entry(&parent, None, &implied)?;
            directories.insert(parent);
        }
        if matches!(node.kind, Kind::Directory) {
            directories.insert(path.clone());
        }
        if !deferred(node) {
            archive.entry(path, Some(number), node)?;
        }
    }
    if directories.is_empty() {
        archive.entry(&TreePath::root(), None, &implied)?;
    }
    for (path, number, node) in tree.named().filter(|(_, _, node)| deferred(node)) {
        archive.entry(path, Some(number), node)?;
    }
    archive.end()
}

/// Finds the numbers of nodes with several names. Nearly none has, and to
/// remember the name of every other would be most of what writing keeps.
fn several_names(tree: &Tree) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let numbers = tree.named().map(|(_, number, _)| number);
    numbers.filter(|number| !seen.insert(*number)).collect()
}

struct Archive<'a, W> {
    out: &'a mut W,
    style: &'a Style,
    blocks: usize,
    several: HashSet<usize>,
    first_names: HashMap<usize, Vec<u8>>,
    /// One for all files: clearing it for each would cost more than small
    /// files are worth.
    buffer: Vec<u8>,
}

impl<W: Write> Archive<'_, W> {
    fn entry(
        &mut self,
        path: &TreePath,
        number: Option<usize>,
        node: &Node,
    ) -> Result<(), WriteError> {
        let mut name = [&self.style.prefix[..], path.as_bytes()].concat();
        if matches!(node.kind, Kind::Directory) && !name.ends_with(b"/") {
            name.push(b'/');
        }
        let (mut type_flag, mut size, mut link, mut device) = (b'0', 0, &[][..], None);
        match &node.kind {
            Kind::File(content) => size = content.size(),
            Kind::Directory => type_flag = b'5',
            Kind::Symlink(target) => (type_flag, link) = (b'2', target),
            Kind::Fifo => type_flag = b'6',
            Kind::CharDevice(of) => (type_flag, device) = (b'3', Some(*of)),
            Kind::BlockDevice(of) => (type_flag, device) = (b'4', Some(*of)),
        }
        let first_name = number.and_then(|n| self.first_names.get(&n).cloned());
        if let Some(first) = &first_name {
            (type_flag, size, link, device) = (b'1', 0, first, None);
        }
        let header = Header {
            mode: self.mode(node),
            owner: self.owner(node),
            size,
            mtime: node.mtime.min(self.style.latest.unix()),
            type_flag,
            link: link.to_vec(),
            device,
            name: name.clone(),
        };
        let output = |source| WriteError::Output {
            path: path.clone(),
            source,
        };
        self.long(b'K', &header.link).map_err(output)?;
        self.long(b'L', &header.name).map_err(output)?;
        self.put(&header.encode()).map_err(output)?;
        if first_name.is_some() {
            return Ok(());
        }
        if let Kind::File(content) = &node.kind {
            let open = content.open().map_err(|source| WriteError::Content {
                path: path.clone(),
                source,
            });
            self.content(path, size, open?)?;
        }
        // GNU tar writes further names of fifos and devices as files of their own.
        if let (Some(number), Kind::File(_) | Kind::Symlink(_)) = (number, &node.kind)
            && self.several.contains(&number)
        {
            self.first_names.insert(number, name);
        }
        Ok(())
    }

    /// Writes a name that does not fit its 100 bytes as an entry of its own.
    fn long(&mut self, type_flag: u8, name: &[u8]) -> io::Result<()> {
        if name.len() <= 100 {
            return Ok(());
        }
        let header = Header {
            name: b"././@LongLink".to_vec(),
            mode: 0o644,
            owner: match self.style.owners {
                Owners::Unnamed => Owner::unnamed(),
                Owners::Kept | Owners::Root => Owner::root(),
            },
            size: name.len() as u64 + 1,
            mtime: 0,
            type_flag,
            link: Vec::new(),
            device: None,
        };
        self.put(&header.encode())?;
        self.put(&[name, b"\0"].concat())
    }

    fn content(&mut self, path: &TreePath, size: u64, from: impl Read) -> Result<(), WriteError> {
        let mut from = from.take(size.saturating_add(1));
        let mut found = 0;
        loop {
            let read = match from.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = path.clone();
                    return Err(WriteError::Content { path, source });
                }
            };
            found += read as u64;
            if found > size {
                break;
            }
            self.out
                .write_all(&self.buffer[..read])
                .map_err(|source| WriteError::Output {
                    path: path.clone(),
                    source,
                })?;
        }
        if found != size {
            return Err(WriteError::Size {
                path: path.clone(),
                found,
                expected: size,
            });
        }
        self.pad(size).map_err(|source| WriteError::Output {
            path: path.clone(),
            source,
        })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.pad(bytes.len() as u64)
    }

    /// Fills the block up after `len` bytes and counts blocks.
    fn pad(&mut self, len: u64) -> io::Result<()> {
        let rest = (len % BLOCK as u64) as usize;
        if rest > 0 {
            self.out.write_all(&[0; BLOCK][rest..])?;
        }
        // Only the number modulo a record matters.
        self.blocks += (len.div_ceil(BLOCK as u64) % RECORD_BLOCKS as u64) as usize;
        Ok(())
    }

    fn end(mut self) -> Result<(), WriteError> {
        let blocks = self.blocks + 2;
        let blocks = blocks.next_multiple_of(RECORD_BLOCKS) - self.blocks;
        (0..blocks)
            .try_for_each(|_| self.put(&[0; BLOCK]))
            .map_err(|source| WriteError::Output {
                path: TreePath::root(),
                source,
            })
    }

    fn owner(&self, node: &Node) -> Owner {
        match self.style.owners {
            Owners::Kept => node.owner.clone(),
            Owners::Root => Owner::root(),
            Owners::Unnamed => Owner::unnamed(),
        }
    }

    /// Applies `u+rw,go=rX` as chmod does: set-group-id of a directory stays,
    /// the sticky bit goes.
    fn mode(&self, node: &Node) -> u32 {
        let mode = node.mode & 0o7777;
        let directory = matches!(node.kind, Kind::Directory);
        match (self.style.modes, &node.kind) {
            (Modes::Kept, _) => mode,
            (Modes::Readable, _) => {
                let search = if directory || mode & 0o111 != 0 {
                    0o11
                } else {
                    0
                };
                let kept = if directory { 0o6700 } else { 0o4700 };
                mode & kept | 0o600 | 0o44 | search
            }
        }
    }
}

/// GNU tar writes records of twenty blocks.
const RECORD_BLOCKS: usize = 20;
