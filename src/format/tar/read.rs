//! Any tar that dpkg meets → entries, strictly and in bounded memory.

use std::io::{self, Read};

use super::header::{BLOCK, Header};
use super::pax::Pax;
use super::{Device, HeaderError, Owner, PathError, TreePath};

/// The longest path or link target in bytes: Linux' `PATH_MAX`, no longer one
/// can be unpacked.
const LONGEST_PATH: u64 = 4096;

/// The largest pax header in bytes: room for paths, owners, times and some
/// extended attributes.
const LARGEST_PAX: u64 = 64 * 1024;

/// One member of an archive, without its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: TreePath,
    /// What it is.
    pub kind: EntryKind,
    /// The permission bits, set-id and sticky bits (07777).
    pub mode: u32,
    /// Who owns it.
    pub owner: Owner,
    /// The modification time in seconds since 1970.
    pub mtime: i64,
    /// Whether a pax header says something about it; dpkg unpacks none such.
    pub pax: bool,
}

impl Entry {
    /// Returns its path, unless it is a directory.
    pub fn path_of_file(&self) -> Option<&TreePath> {
        (self.kind != EntryKind::Directory).then_some(&self.path)
    }
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Its size in bytes.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link to these bytes, which may point anywhere.
    Symlink {
        /// Where it points.
        target: Vec<u8>,
    },
    /// Another name of an earlier entry.
    HardLink {
        /// The earlier one.
        target: TreePath,
    },
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice(Device),
    /// A block device.
    BlockDevice(Device),
}

impl EntryKind {
    /// Returns its name in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Directory => "directory",
            Self::Symlink { .. } => "symlink",
            Self::HardLink { .. } => "hardlink",
            Self::Fifo => "fifo",
            Self::CharDevice(_) => "char-device",
            Self::BlockDevice(_) => "block-device",
        }
    }
}

/// Says why bytes are not a tar archive that we read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// A header's field is wrong.
    #[error("tar header at byte {offset} (“{}”): {error}", .name.escape_ascii())]
    Header {
        /// Where the header starts.
        offset: u64,
        /// The name it claims.
        name: Vec<u8>,
        /// Which field and how.
        error: HeaderError,
    },
    /// A name or a hard link's target leads out of the tree or nowhere.
    #[error("tar entry at byte {offset}: {what} {error}")]
    Path {
        /// Where its header starts.
        offset: u64,
        /// `its` or `its link target's`.
        what: &'static str,
        /// The path and what is wrong with it.
        error: PathError,
    },
    /// The entry is none that a package may hold.
    #[error("tar entry at byte {offset} (“{}”): {reason}", .name.escape_ascii())]
    Entry {
        /// Where its header starts.
        offset: u64,
        /// Its name.
        name: Vec<u8>,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive ends too early.
    #[error("tar ends at byte {offset} inside {inside}")]
    Truncated {
        /// Where it ends.
        offset: u64,
        /// What is cut.
        inside: &'static str,
    },
    /// The archive goes on after its end: something is hidden there.
    #[error("bytes other than zero follow the end of the tar before byte {offset}")]
    AfterEnd {
        /// How far they were looked for.
        offset: u64,
    },
    /// Reading the archive's bytes failed.
    #[error("cannot read the tar at byte {offset}")]
    Source {
        /// How far reading came.
        offset: u64,
        /// Why it went no further.
        source: io::Error,
    },
}

/// Reads an archive from front to back.
///
/// [`Reader::next_entry`] moves to an entry, [`Read`] then gives its contents.
/// The last call has read the source to its very end and seen that only zeros
/// follow.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    offset: u64,
    left: u64,
    padding: u64,
    globals: Pax,
}

/// What came before an entry's own header.
#[derive(Debug, Default)]
struct Before {
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax: Option<Pax>,
}

impl<R: Read> Reader<R> {
    /// Starts at the source's first byte.
    pub fn new(source: R) -> Self {
        Self {
            source,
            offset: 0,
            left: 0,
            padding: 0,
            globals: Pax::default(),
        }
    }

    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Passes over what is left of the current entry and reads the next;
    /// `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        io::copy(self, &mut io::sink()).map_err(|error| self.fault(error))?;
        self.pass_padding()?;
        let mut before = Before::default();
        loop {
            let offset = self.offset;
            let Some(block) = self.block()? else {
                return Err(self.truncated("its entries: no zero block"));
            };
            if block.iter().all(|b| *b == 0) {
                if before.long_name.is_some() || before.long_link.is_some() || before.pax.is_some()
                {
                    return Err(self.truncated("an entry whose long name came before"));
                }
                self.pass_end()?;
                return Ok(None);
            }
            let header = Header::decode(&block).map_err(|error| TarError::Header {
                offset,
                name: block[..100]
                    .split(|b| *b == 0)
                    .next()
                    .unwrap_or(&[])
                    .to_vec(),
                error,
            })?;
            let refuse = |reason: String| TarError::Entry {
                offset,
                name: header.name.clone(),
                reason,
            };
            match header.type_flag {
                b'L' if before.long_name.is_none() => {
                    before.long_name = Some(self.long_name(&header, offset)?);
                }
                b'K' if before.long_link.is_none() => {
                    before.long_link = Some(self.long_name(&header, offset)?);
                }
                b'x' if before.pax.is_none() => {
                    let bytes = self.special(&header, LARGEST_PAX, offset)?;
                    let mut pax = self.globals.clone();
                    pax.read(&bytes).map_err(refuse)?;
                    before.pax = Some(pax);
                }
                b'g' => {
                    let bytes = self.special(&header, LARGEST_PAX, offset)?;
                    self.globals.read(&bytes).map_err(refuse)?;
                }
                b'L' | b'K' | b'x' => {
                    return Err(refuse("a second long name for the same entry".to_owned()));
                }
                _ => return self.entry(header, before, offset).map(Some),
            }
        }
    }

    fn entry(&mut self, header: Header, before: Before, offset: u64) -> Result<Entry, TarError> {
        let pax = before.pax.unwrap_or_else(|| self.globals.clone());
        let name = pax.path.or(before.long_name).unwrap_or(header.name);
        let link = pax.link_path.or(before.long_link).unwrap_or(header.link);
        let size = pax.size.unwrap_or(header.size);
        let refuse = |reason: String| TarError::Entry {
            offset,
            name: name.clone(),
            reason,
        };
        let inside = |what, name: &[u8]| {
            TreePath::from_member(name).map_err(|error| TarError::Path {
                offset,
                what,
                error,
            })
        };
        let device = || {
            let missing = || refuse("a device without a number".to_owned());
            header.device.ok_or_else(missing)
        };
        let kind = match header.type_flag {
            // v7 has no type for directories.
            b'\0' | b'0' if name.ends_with(b"/") => EntryKind::Directory,
            b'\0' | b'0' | b'7' => EntryKind::File { size },
            b'1' => EntryKind::HardLink {
                target: inside("its link target's", &link)?,
            },
            b'2' if link.is_empty() => {
                return Err(refuse("a symbolic link to nowhere".to_owned()));
            }
            b'2' => EntryKind::Symlink { target: link },
            b'3' => EntryKind::CharDevice(device()?),
            b'4' => EntryKind::BlockDevice(device()?),
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            b'S' => {
                return Err(refuse(
                    "a sparse file, which dpkg does not unpack".to_owned(),
                ));
            }
            other => {
                let flag = [other];
                let flag = flag.escape_ascii();
                return Err(refuse(format!(
                    "type “{flag}”, expected a file, directory, link, fifo or device"
                )));
            }
        };
        // Tools disagree whether contents follow such an entry, so one could
        // hide the rest of the archive from the other.
        if size > 0 && !matches!(kind, EntryKind::File { .. }) {
            return Err(refuse(format!(
                "{size} bytes of contents for something that is no file"
            )));
        }
        if name.len() as u64 > LONGEST_PATH {
            return Err(refuse(format!("a path of {} bytes", name.len())));
        }
        let path = inside("its", &name)?;
        self.left = size;
        self.padding = padding(size);
        let owner = header.owner;
        Ok(Entry {
            path,
            kind,
            mode: header.mode,
            owner: Owner {
                uid: pax.uid.unwrap_or(owner.uid),
                gid: pax.gid.unwrap_or(owner.gid),
                user: pax.user.unwrap_or(owner.user),
                group: pax.group.unwrap_or(owner.group),
            },
            mtime: pax.mtime.unwrap_or(header.mtime),
            pax: pax.seen,
        })
    }

    fn long_name(&mut self, header: &Header, offset: u64) -> Result<Vec<u8>, TarError> {
        // One byte more for the NUL at the end.
        let mut name = self.special(header, LONGEST_PATH + 1, offset)?;
        let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
        if end == 0 || name[end..].iter().any(|b| *b != 0) {
            return Err(TarError::Entry {
                offset,
                name: header.name.clone(),
                reason: "a long name that is empty or goes on after its end".to_owned(),
            });
        }
        name.truncate(end);
        Ok(name)
    }

    /// Reads the contents of an entry that only describes the next one.
    fn special(&mut self, header: &Header, largest: u64, offset: u64) -> Result<Vec<u8>, TarError> {
        if header.size > largest {
            return Err(TarError::Entry {
                offset,
                name: header.name.clone(),
                reason: format!(
                    "{} bytes of long name or pax header, expected at most {largest}",
                    header.size
                ),
            });
        }
        self.left = header.size;
        self.padding = padding(header.size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)
            .map_err(|error| self.fault(error))?;
        self.pass_padding()?;
        Ok(bytes)
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        let read = self.fill(&mut block)?;
        match read {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => Err(self.truncated("a header")),
        }
    }

    fn pass_padding(&mut self) -> Result<(), TarError> {
        let mut block = [0; BLOCK];
        let wanted = std::mem::take(&mut self.padding) as usize;
        if self.fill(&mut block[..wanted])? < wanted {
            return Err(self.truncated("the padding of an entry"));
        }
        Ok(())
    }

    fn pass_end(&mut self) -> Result<(), TarError> {
        let mut buffer = vec![0; 20 * BLOCK];
        loop {
            let read = self.fill(&mut buffer)?;
            if buffer[..read].iter().any(|b| *b != 0) {
                return Err(TarError::AfterEnd {
                    offset: self.offset,
                });
            }
            if read < buffer.len() {
                return Ok(());
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.source.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    self.offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(TarError::Source {
                        offset: self.offset,
                        source,
                    });
                }
            }
        }
        Ok(filled)
    }

    fn truncated(&self, inside: &'static str) -> TarError {
        TarError::Truncated {
            offset: self.offset,
            inside,
        }
    }

    fn fault(&self, error: io::Error) -> TarError {
        error.downcast().unwrap_or_else(|source| TarError::Source {
            offset: self.offset,
            source,
        })
    }
}

impl<R: Read> Read for Reader<R> {
    /// Gives the current entry's contents; errors of the source come through
    /// as they are, a cut is a [`TarError`] inside the [`io::Error`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |l| l.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.source.read(&mut buffer[..wanted])?;
        if read == 0 {
            let error = self.truncated("the contents of an entry");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
        }
        self.left -= read as u64;
        self.offset += read as u64;
        Ok(read)
    }
}

fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}
