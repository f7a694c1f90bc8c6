//! A `.deb` → its control files in memory, its files one by one.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::format::ar::ArError;
use crate::format::compress::Compression;
use crate::format::tar::{Entry, EntryKind, TarError, TreePath};

use super::members::Members;
use super::places::PlaceError;
use super::{Control, ControlError, Limits};

/// A package that was read to its very end and found sound.
#[derive(Debug, Clone)]
pub struct Deb {
    /// The format's version (`2.0`).
    pub format: String,
    /// The ar members in their order, with those dpkg ignores.
    pub members: Vec<Member>,
    /// The control file.
    pub control: Control,
    /// The other control files (scripts, `conffiles`, `md5sums`, …) by name.
    pub control_files: BTreeMap<String, ControlFile>,
    /// What is unusual about it, each kind once, in the order found.
    pub oddities: Vec<Oddity>,
}

/// An ar member of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its size in bytes, as it is in the package.
    pub size: u64,
    /// Its time in seconds since 1970.
    pub mtime: i64,
    /// What is in it; `None` for members that are no tar.
    pub tar: Option<TarMember>,
}

/// What is known of a tar member once it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TarMember {
    /// How it is compressed.
    pub compression: Compression,
    /// Its size in bytes unpacked.
    pub unpacked: u64,
    /// How many entries it has.
    pub entries: u64,
    /// Whether there are pax headers; dpkg refuses to unpack such a member.
    pub pax: bool,
}

/// A file of the control member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// Its permission bits.
    pub mode: u32,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// Something unusual that is no reason to stop reading. Whether it is one to
/// refuse the package is for an archive to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// A tar member has pax headers; dpkg refuses to unpack it.
    Pax {
        /// Which member.
        member: String,
    },
    /// The control member is compressed as dpkg does not read it.
    ControlCompression(Compression),
    /// The control file lacks a field that dpkg only warns about.
    MissingField(&'static str),
    /// A field of the control file is not UTF-8.
    NotUtf8(String),
}

/// Says why bytes are no package that anybody should install.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The package is no sound ar archive.
    #[error("not a sound package")]
    Ar(#[source] ArError),
    /// The bytes of the package cannot be read.
    #[error("cannot read the package at byte {offset}")]
    Source {
        /// How far reading came.
        offset: u64,
        /// Why it went no further.
        source: io::Error,
    },
    /// `debian-binary` does not say 2.x.
    #[error("debian-binary says format “{}”, expected 2.x", .found.escape_ascii())]
    Format {
        /// What it says.
        found: Vec<u8>,
    },
    /// The package was made before 1995.
    #[error("format 0.939000 from before 1995, expected 2.x: repack it with dpkg-deb")]
    Ancient,
    /// A member is not the one that must come here.
    #[error("member {found} comes where {expected} is expected")]
    Order {
        /// Its name.
        found: String,
        /// Which must.
        expected: &'static str,
    },
    /// A member is missing.
    #[error("the package ends before {expected}")]
    MissingMember {
        /// Which one.
        expected: &'static str,
    },
    /// A member's name ends in no compression that we know.
    #[error("member {member} has an unknown compression")]
    UnknownCompression {
        /// Its name.
        member: String,
    },
    /// A member's stream is corrupt, cut, or followed by something.
    #[error("{member} is corrupt")]
    Corrupt {
        /// Its name.
        member: String,
        /// What the decompressor says.
        source: io::Error,
    },
    /// A member is no sound tar.
    #[error("{member} is not a sound tar")]
    Tar {
        /// Its name.
        member: String,
        /// Why.
        source: TarError,
    },
    /// A member unpacks to more than the limits allow.
    #[error("{member} of {packed} bytes unpacks to more than {limit} bytes")]
    TooLarge {
        /// Its name.
        member: String,
        /// Its size in the package.
        packed: u64,
        /// The limit that applies to it.
        limit: u64,
    },
    /// There are more entries or members than the limits allow.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// An entry is where it cannot be.
    #[error("{member} holds a path that cannot be unpacked safely")]
    Place {
        /// Which member.
        member: String,
        /// Which path and why.
        source: PlaceError,
    },
    /// The control member holds something that is no control file.
    #[error("{member} holds {found}, expected regular files side by side")]
    ControlEntry {
        /// Which member.
        member: String,
        /// What was found.
        found: String,
    },
    /// There is no control file.
    #[error("{member} holds no file named control")]
    NoControl {
        /// Which member.
        member: String,
    },
    /// The control file is refused.
    #[error("the control file is not valid")]
    Control(#[source] ControlError),
    /// The visitor failed.
    #[error("cannot go on at {path}")]
    Visit {
        /// Which entry it was shown.
        path: TreePath,
        /// What it says.
        source: io::Error,
    },
}

/// Reads a package in one pass and to its very end.
///
/// `visit` is shown every entry of the data member with its contents, of which
/// it may read as much as it likes; nothing of them is kept. When the result
/// is an error, what was shown before must be forgotten.
pub fn read(
    source: impl Read,
    limits: &Limits,
    mut visit: impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> Result<Deb, ReadError> {
    let mut members = Members::open(source, limits)?;
    let (control, control_files) = control_member(&mut members, limits)?;

    members.tar("data.tar", limits.data_bytes, |entry, content| {
        visit(entry, content).map_err(Stop::Io)
    })?;
    let (format, members) = members.end()?;
    Ok(Deb {
        oddities: oddities(&members, &control),
        format,
        members,
        control,
        control_files,
    })
}

/// Reads a package as far as its control file.
pub fn control(source: impl Read, limits: &Limits) -> Result<Control, ReadError> {
    let mut members = Members::open(source, limits)?;
    Ok(control_member(&mut members, limits)?.0)
}

fn control_member(
    members: &mut Members<'_, impl Read>,
    limits: &Limits,
) -> Result<(Control, BTreeMap<String, ControlFile>), ReadError> {
    let mut found = ControlFiles::default();
    let member = members.tar("control.tar", limits.control_bytes, |entry, content| {
        found.take(entry, content, limits.control_bytes)
    })?;
    let mut control_files = found.files;
    match control_files.remove("control") {
        Some(file) => {
            let control = Control::parse(file.bytes).map_err(ReadError::Control)?;
            Ok((control, control_files))
        }
        None => Err(ReadError::NoControl { member }),
    }
}

/// Why an entry's taker wants to go no further.
pub(super) enum Stop {
    /// Reading or whatever else it does failed.
    Io(io::Error),
    /// It is no control file; what it is.
    NoControlFile(String),
    /// The control files are too large together.
    TooLarge,
}

#[derive(Default)]
struct ControlFiles {
    files: BTreeMap<String, ControlFile>,
    bytes: u64,
}

impl ControlFiles {
    fn take(&mut self, entry: &Entry, content: &mut dyn Read, largest: u64) -> Result<(), Stop> {
        let refuse = |what: &str| Stop::NoControlFile(format!("{} {}", what, entry.path));
        let bytes = match &entry.kind {
            EntryKind::Directory if entry.path.is_root() => return Ok(()),
            EntryKind::File { .. } => {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).map_err(Stop::Io)?;
                bytes
            }
            EntryKind::HardLink { target } => {
                let target = self.files.get(&target.to_string());
                target.ok_or_else(|| refuse("the hard link"))?.bytes.clone()
            }
            EntryKind::Directory => return Err(refuse("the directory")),
            EntryKind::Symlink { .. } => return Err(refuse("the symbolic link")),
            _ => return Err(refuse("the device or fifo")),
        };
        // Every hard link is a copy in memory but nearly nothing in the member.
        self.bytes += bytes.len() as u64;
        if self.bytes > largest {
            return Err(Stop::TooLarge);
        }
        let name = std::str::from_utf8(entry.path.as_bytes());
        let name = name.ok().filter(|name| !name.contains(['/', '\n']));
        let name = name.ok_or_else(|| refuse("the file"))?.to_owned();
        let mode = entry.mode;
        self.files.insert(name, ControlFile { mode, bytes });
        Ok(())
    }
}

fn oddities(members: &[Member], control: &Control) -> Vec<Oddity> {
    let mut oddities = Vec::new();
    for member in members {
        let Some(tar) = member.tar else { continue };
        if tar.pax {
            let member = member.name.clone();
            oddities.push(Oddity::Pax { member });
        }
        let rare = matches!(tar.compression, Compression::Bzip2 | Compression::Lzma);
        if rare && member.name.starts_with("control") {
            oddities.push(Oddity::ControlCompression(tar.compression));
        }
    }
    for field in ["Maintainer", "Description"] {
        if control.get(field).is_none_or(<[u8]>::is_empty) {
            oddities.push(Oddity::MissingField(field));
        }
    }
    for field in control.fields() {
        if std::str::from_utf8(field.value).is_err() {
            oddities.push(Oddity::NotUtf8(field.name.to_owned()));
        }
    }
    oddities
}
