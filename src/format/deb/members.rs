//! The ar members of a package, in the order deb(5) demands, each unpacked
//! within its limits.

use std::io::{BufReader, Read};

use crate::format::ar::{self, ArError};
use crate::format::compress::{Compression, Decoder};
use crate::format::tar::{self, Entry, TarError, TreePath};

use super::measured::{Fault, Measured};
use super::places::Places;
use super::read::Stop;
use super::{Limits, Member, ReadError, TarMember};

/// A package that is being read.
pub(super) struct Members<'a, R> {
    archive: ar::Reader<R>,
    limits: &'a Limits,
    format: String,
    members: Vec<Member>,
}

impl<'a, R: Read> Members<'a, R> {
    /// Reads up to the end of `debian-binary`.
    pub fn open(source: R, limits: &'a Limits) -> Result<Self, ReadError> {
        let archive = ar::Reader::new(source).map_err(|error| match error {
            ArError::Magic { found } if found.starts_with(b"0.93") => ReadError::Ancient,
            other => of_ar(other),
        })?;
        let mut members = Self {
            archive,
            limits,
            format: String::new(),
            members: Vec::new(),
        };
        const FIRST: &str = "debian-binary";
        let Some(member) = members.next()? else {
            return Err(ReadError::MissingMember { expected: FIRST });
        };
        if member.name != FIRST {
            return Err(ReadError::Order {
                found: member.name,
                expected: FIRST,
            });
        }
        // Further lines are allowed and ignored, but nobody writes a novel.
        const LONGEST: u64 = 1024;
        let mut text = Vec::new();
        let mut start = (&mut members.archive).take(LONGEST);
        if let Err(error) = start.read_to_end(&mut text) {
            return Err(of_ar(
                error
                    .downcast()
                    .unwrap_or_else(|source| ArError::Source { offset: 0, source }),
            ));
        }
        let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
        let minor = line.strip_prefix(b"2.").unwrap_or_default();
        let known = !minor.is_empty() && minor.iter().all(u8::is_ascii_digit);
        if !known || line.len() == text.len() {
            text.truncate(40);
            return Err(ReadError::Format { found: text });
        }
        members.format = String::from_utf8_lossy(line).into_owned();
        members.members.push(member);
        Ok(members)
    }

    /// Reads the tar member that must come now and gives its name; `take` is
    /// shown each entry.
    pub fn tar(
        &mut self,
        stem: &'static str,
        largest: u64,
        mut take: impl FnMut(&Entry, &mut dyn Read) -> Result<(), Stop>,
    ) -> Result<String, ReadError> {
        let Some(mut member) = self.next_known()? else {
            return Err(ReadError::MissingMember { expected: stem });
        };
        let Some(extension) = member.name.strip_prefix(stem) else {
            return Err(ReadError::Order {
                found: member.name,
                expected: stem,
            });
        };
        let Some(compression) = Compression::from_extension(extension) else {
            return Err(ReadError::UnknownCompression {
                member: member.name,
            });
        };
        let limit = self.limits.unpacked(member.size, largest);
        let context = Context {
            member: &member,
            limit,
        };
        let packed = BufReader::with_capacity(64 * 1024, &mut self.archive);
        let stream = Decoder::new(compression, packed, self.limits.window_bytes)
            .map_err(|error| context.of_fault(Fault::of(error)))?;
        let mut reader = tar::Reader::new(Measured::new(stream, limit));
        let mut places = Places::default();
        let (mut entries, mut pax) = (0, false);
        while let Some(entry) = reader.next_entry().map_err(|error| context.of_tar(error))? {
            entries += 1;
            if entries > self.limits.entries {
                return Err(ReadError::TooMany {
                    what: "entries",
                    limit: self.limits.entries,
                });
            }
            pax |= entry.pax;
            places
                .take(&entry.path, &entry.kind)
                .map_err(|source| ReadError::Place {
                    member: member.name.clone(),
                    source,
                })?;
            take(&entry, &mut reader).map_err(|stop| context.of_stop(stop, entry.path))?;
        }
        let unpacked = reader.into_inner().unpacked();
        member.tar = Some(TarMember {
            compression,
            unpacked,
            entries,
            pax,
        });
        let name = member.name.clone();
        self.members.push(member);
        Ok(name)
    }

    /// Reads what may follow the data member, to the package's very end.
    pub fn end(mut self) -> Result<(String, Vec<Member>), ReadError> {
        match self.next_known()? {
            None => Ok((self.format, self.members)),
            Some(member) => Err(ReadError::Order {
                found: member.name,
                expected: "the end",
            }),
        }
    }

    /// Passes over members that dpkg ignores: those that begin with `_`.
    fn next_known(&mut self) -> Result<Option<Member>, ReadError> {
        while let Some(member) = self.next()? {
            if !member.name.starts_with('_') {
                return Ok(Some(member));
            }
            self.members.push(member);
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<Member>, ReadError> {
        let header = self.archive.next_member().map_err(of_ar)?;
        if header.is_some() && self.members.len() == self.limits.members {
            return Err(ReadError::TooMany {
                what: "members",
                limit: self.limits.members as u64,
            });
        }
        Ok(header.map(|header| Member {
            name: String::from_utf8_lossy(&header.name).into_owned(),
            size: header.size,
            mtime: header.mtime,
            tar: None,
        }))
    }
}

/// What every error about a member says.
struct Context<'a> {
    member: &'a Member,
    limit: u64,
}

impl Context<'_> {
    fn name(&self) -> String {
        self.member.name.clone()
    }

    fn of_fault(&self, fault: Fault) -> ReadError {
        match fault {
            Fault::Archive(error) => of_ar(error),
            Fault::Decode(source) => ReadError::Corrupt {
                member: self.name(),
                source,
            },
            Fault::TooLarge => self.too_large(),
        }
    }

    fn of_tar(&self, error: TarError) -> ReadError {
        let (offset, source) = match error {
            TarError::Source { offset, source } => (offset, source),
            source => {
                return ReadError::Tar {
                    member: self.name(),
                    source,
                };
            }
        };
        match source.downcast() {
            Ok(fault) => self.of_fault(fault),
            Err(source) => ReadError::Tar {
                member: self.name(),
                source: TarError::Source { offset, source },
            },
        }
    }

    fn of_stop(&self, stop: Stop, path: TreePath) -> ReadError {
        let error = match stop {
            Stop::Io(error) => error,
            Stop::TooLarge => return self.too_large(),
            Stop::NoControlFile(found) => {
                return ReadError::ControlEntry {
                    member: self.name(),
                    found,
                };
            }
        };
        match error.downcast() {
            Ok(fault) => self.of_fault(fault),
            Err(error) => match error.downcast() {
                Ok(error) => self.of_tar(error),
                Err(source) => ReadError::Visit { path, source },
            },
        }
    }

    fn too_large(&self) -> ReadError {
        ReadError::TooLarge {
            member: self.name(),
            packed: self.member.size,
            limit: self.limit,
        }
    }
}

fn of_ar(error: ArError) -> ReadError {
    match error {
        ArError::Source { offset, source } => ReadError::Source { offset, source },
        other => ReadError::Ar(other),
    }
}
