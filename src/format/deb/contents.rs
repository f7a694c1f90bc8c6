//! A package whole as a value: what stands in it, with a digest of every file.
//!
//! Keeps no contents: a package may be larger than memory.

use std::io::{self, Read};

use sha2::Digest;

use crate::format::tar::{Entry, EntryKind};
use crate::model::Sha256;

use super::{Deb, Limits, ReadError, read};

/// All that a package says.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Its members and control files.
    pub deb: Deb,
    /// The entries of its data member, in their order there.
    pub files: Vec<Listed>,
}

/// An entry of the data member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the tar says of it.
    pub entry: Entry,
    /// The digest of a regular file's contents.
    pub sha256: Option<Sha256>,
}

impl Contents {
    /// Reads a package in one pass and to its very end.
    pub fn read(source: impl Read, limits: &Limits) -> Result<Self, ReadError> {
        let mut files = Vec::new();
        let mut source = Hashing::new(source);
        let deb = read(&mut source, limits, |entry, content| {
            let sha256 = match entry.kind {
                EntryKind::File { .. } => {
                    let mut content = Hashing::new(content);
                    io::copy(&mut content, &mut io::sink())?;
                    Some(content.end().1)
                }
                _ => None,
            };
            let entry = entry.clone();
            files.push(Listed { entry, sha256 });
            Ok(())
        })?;
        let (size, sha256) = source.end();
        Ok(Self {
            size,
            sha256,
            deb,
            files,
        })
    }
}

/// Hashes and counts what is read through it.
struct Hashing<R> {
    source: R,
    size: u64,
    hasher: sha2::Sha256,
}

impl<R> Hashing<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            size: 0,
            hasher: sha2::Sha256::new(),
        }
    }

    fn end(self) -> (u64, Sha256) {
        (self.size, Sha256::from_hasher(self.hasher))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
