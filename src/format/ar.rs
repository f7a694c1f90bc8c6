//! The Unix ar archive, as far as deb(5) uses it: ar(5) common format, names
//! of up to 16 bytes inside the header.
//!
//! Holds the header's grammar and a strict streaming reader. Knows nothing of
//! what members mean. The extensions of GNU and BSD (`//` tables, `#1/` names)
//! are read as plain names: no `.deb` may use them.
//!
//! Headers are laid out by the `ar` crate, which also judges our archives in
//! the tests. Its reader cannot be used on what strangers send: it hands out a
//! truncated member as `Ok` with fewer bytes, does not look at a header's end,
//! takes `+4` for a size, reserves what a `//` table claims to need (up to 10
//! GB) and panics on a name that lies beyond it.

use std::io::{self, Read};

/// The first eight bytes of every archive.
pub const MAGIC: &[u8; 8] = b"!<arch>\n";

/// The length of a member's header in bytes.
pub const HEADER_BYTES: usize = 60;

/// What stands before a member's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name without padding and without GNU's closing `/`.
    pub name: Vec<u8>,
    /// The modification time in seconds since 1970.
    pub mtime: i64,
    /// The size of the contents in bytes.
    pub size: u64,
}

/// Says why bytes are not an ar archive, or cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum ArError {
    /// The archive does not begin with [`MAGIC`].
    #[error("not an ar archive: begins with “{}”, expected “!<arch>\\n”", .found.escape_ascii())]
    Magic {
        /// The first bytes.
        found: Vec<u8>,
    },
    /// A header's field is not what ar(5) allows.
    #[error("ar header at byte {offset}: {field} is “{}”, expected {expected}", .found.escape_ascii())]
    Header {
        /// Where the header starts.
        offset: u64,
        /// Which field.
        field: &'static str,
        /// What stands there.
        found: Vec<u8>,
        /// What should.
        expected: &'static str,
    },
    /// A header cannot hold a value.
    #[error("{field} is “{}”, an ar header holds {expected}", .found.escape_ascii())]
    Unwritable {
        /// Which field.
        field: &'static str,
        /// The value.
        found: Vec<u8>,
        /// What fits.
        expected: &'static str,
    },
    /// The archive ends inside a header, a member or its padding.
    #[error("ar archive ends at byte {offset} inside {inside}: {missing} more bytes expected")]
    Truncated {
        /// Where it ends.
        offset: u64,
        /// What is cut: `a header` or the member's name.
        inside: String,
        /// How many bytes are missing at least.
        missing: u64,
    },
    /// Reading the archive's bytes failed.
    #[error("cannot read the ar archive at byte {offset}")]
    Source {
        /// How far reading came.
        offset: u64,
        /// Why it went no further.
        source: io::Error,
    },
}

impl Header {
    /// Writes the header as dpkg-deb does: owner 0, mode 100644.
    pub fn encode(&self) -> Result<[u8; HEADER_BYTES], ArError> {
        let refuse = |field, found: &[u8], expected| ArError::Unwritable {
            field,
            found: found.to_vec(),
            expected,
        };
        // A blank would end the name, and the crate would write it elsewhere.
        let fits = (1..=16).contains(&self.name.len());
        if !fits || !self.name.iter().all(u8::is_ascii_graphic) {
            let expected = "1 to 16 printable bytes";
            return Err(refuse("the name", &self.name, expected));
        }
        let size = self.size.to_string();
        if size.len() > 10 {
            return Err(refuse("the size", size.as_bytes(), "at most ten digits"));
        }
        let mtime = self.mtime.to_string();
        if mtime.len() > 12 {
            return Err(refuse("the time", mtime.as_bytes(), "at most 12 digits"));
        }
        let mut header = ar::Header::new(self.name.clone(), 0);
        header.set_mode(0o100644);
        let mut archive = ar::Builder::new(Vec::with_capacity(MAGIC.len() + HEADER_BYTES));
        archive
            .append(&header, io::empty())
            .expect("memory takes every write");
        let archive = archive.into_inner().expect("a memory is given back");
        let mut bytes: [u8; HEADER_BYTES] = archive[MAGIC.len()..]
            .try_into()
            .expect("a header with a short name has no more than its 60 bytes");
        // The crate knows no time before 1970, and takes a size together with
        // the bytes only, where ours is known when they are written.
        bytes[16..28].copy_from_slice(format!("{mtime:<12}").as_bytes());
        bytes[48..58].copy_from_slice(format!("{size:<10}").as_bytes());
        Ok(bytes)
    }

    /// Reads a header that starts at byte `offset` of the archive.
    pub fn decode(bytes: &[u8; HEADER_BYTES], offset: u64) -> Result<Self, ArError> {
        let refuse = |field, found: &[u8], expected| ArError::Header {
            offset,
            field,
            found: found.to_vec(),
            expected,
        };
        if &bytes[58..] != b"`\n" {
            return Err(refuse("the end", &bytes[58..], "“`\\n”"));
        }
        let name = bytes[..16].trim_ascii_end();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(refuse("the name", &bytes[..16], "printable characters"));
        }
        let number = |field, range: std::ops::Range<usize>, radix| {
            let found = &bytes[range];
            let digits = std::str::from_utf8(found).unwrap_or("x").trim_end();
            // from_str_radix takes a sign, ar(5) has none.
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            u64::from_str_radix(if plain { digits } else { "x" }, radix)
                .map_err(|_| refuse(field, found, "digits"))
        };
        // Nobody acts on time, owner and mode. They may be blank in archives of
        // other tools, and before 1970 is a time too, but they are no free text.
        for (field, range, radix) in [
            ("the time", 16..28, 10),
            ("the owner", 28..34, 10),
            ("the group", 34..40, 10),
            ("the mode", 40..48, 8),
        ] {
            let found = bytes[range.clone()].trim_ascii_end();
            let start = range.start + usize::from(field == "the time" && found.starts_with(b"-"));
            if !found.is_empty() {
                number(field, start..range.end, radix)?;
            }
        }
        let mtime = std::str::from_utf8(bytes[16..28].trim_ascii_end());
        Ok(Self {
            name: name.to_vec(),
            mtime: mtime.ok().and_then(|t| t.parse().ok()).unwrap_or(0),
            size: number("the size", 48..58, 10)?,
        })
    }
}

/// Reads an archive from front to back; holds no more than one header.
///
/// [`Reader::next_member`] moves to a member, [`Read`] then gives its bytes.
/// A member that is cut short is an error of `read` (an [`ArError`] inside the
/// [`io::Error`]), never an early end.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    offset: u64,
    left: u64,
    odd: bool,
    name: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads the magic.
    pub fn new(source: R) -> Result<Self, ArError> {
        let mut reader = Self {
            source,
            offset: 0,
            left: 0,
            odd: false,
            name: Vec::new(),
        };
        let found = reader.up_to(MAGIC.len())?;
        if found == MAGIC {
            Ok(reader)
        } else {
            Err(ArError::Magic { found })
        }
    }

    /// Passes over what is left of the current member and reads the next
    /// header; `None` when the archive ends exactly here.
    pub fn next_member(&mut self) -> Result<Option<Header>, ArError> {
        let rest = io::copy(self, &mut io::sink());
        rest.map_err(|error| {
            error.downcast().unwrap_or_else(|source| ArError::Source {
                offset: self.offset,
                source,
            })
        })?;
        if std::mem::take(&mut self.odd) {
            let offset = self.offset;
            match self.up_to(1)?.as_slice() {
                b"\n" => {}
                [] => return Err(self.truncated("the padding", 1)),
                found => {
                    return Err(ArError::Header {
                        offset,
                        field: "the padding before it",
                        found: found.to_vec(),
                        expected: "“\\n”",
                    });
                }
            }
        }
        let offset = self.offset;
        let found = self.up_to(HEADER_BYTES)?;
        if found.is_empty() {
            return Ok(None);
        }
        let Ok(bytes) = found.as_slice().try_into() else {
            return Err(self.truncated("a header", (HEADER_BYTES - found.len()) as u64));
        };
        let header = Header::decode(bytes, offset)?;
        self.left = header.size;
        self.odd = header.size % 2 == 1;
        self.name.clone_from(&header.name);
        Ok(Some(header))
    }

    fn up_to(&mut self, wanted: usize) -> Result<Vec<u8>, ArError> {
        let mut found = Vec::with_capacity(wanted);
        let read = (&mut self.source)
            .take(wanted as u64)
            .read_to_end(&mut found);
        self.offset += found.len() as u64;
        match read {
            Ok(_) => Ok(found),
            Err(source) => Err(ArError::Source {
                offset: self.offset,
                source,
            }),
        }
    }

    fn truncated(&self, inside: impl Into<String>, missing: u64) -> ArError {
        ArError::Truncated {
            offset: self.offset,
            inside: inside.into(),
            missing,
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |l| l.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        match self.source.read(&mut buffer[..wanted]) {
            Ok(0) => {
                let inside = String::from_utf8_lossy(&self.name).into_owned();
                let error = self.truncated(inside, self.left);
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, error))
            }
            Ok(read) => {
                self.left -= read as u64;
                self.offset += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(source) => Err(io::Error::new(
                source.kind(),
                ArError::Source {
                    offset: self.offset,
                    source,
                },
            )),
        }
    }
}

#[cfg(test)]
mod tests;
