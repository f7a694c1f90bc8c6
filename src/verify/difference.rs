//! Where two artifacts differ, as deep as formats can be opened: an ar
//! member, a file of a tar, a line of a text, a section of a program.
//!
//! Opens what lies in what (`.deb`, tar, gzip, xz, zstd, bzip2, static
//! libraries, zip and jar, ELF, PNG) and stops where the contents are no
//! container or the two sides are of different kinds. Knows nothing of causes
//! and holds no more of the bytes than a person looks at.

mod bytes;
mod look;
mod packed;
mod parts;
mod text;

use std::fmt;

use serde::Serialize;
use serde::ser::SerializeMap;

pub use look::differences;

/// One thing in which the second artifact differs from the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// How.
    #[serde(flatten)]
    pub what: What,
}

/// Where something is: the artifact's name, then what it holds, outermost
/// first (`hello_2.10-3_amd64.deb`, `data.tar`, `usr/share/doc/…`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(Vec<String>);

impl Place {
    /// Begins at an artifact.
    pub fn of(artifact: &str) -> Self {
        Self(vec![artifact.to_owned()])
    }

    /// Returns the place of something inside.
    #[must_use]
    pub fn inside(&self, name: impl Into<String>) -> Self {
        let mut names = self.0.clone();
        names.push(name.into());
        Self(names)
    }

    /// Returns the place of what it is in; none for an artifact.
    pub fn outside(&self) -> Option<Self> {
        let (_, outer) = self.0.split_last()?;
        (!outer.is_empty()).then(|| Self(outer.to_vec()))
    }

    /// Returns the artifact's name.
    pub fn artifact(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Returns the names, outermost first.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns the innermost name.
    pub fn innermost(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Returns the file that a person would look for: the path in the package
    /// if it goes so far, else the innermost name.
    pub fn file(&self) -> &str {
        let inside_tar = self.0.iter().position(|name| name.ends_with(".tar"));
        let file = inside_tar.and_then(|at| self.0.get(at + 1));
        file.map_or_else(|| self.innermost(), String::as_str)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" → "))
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(&self.0)
    }
}

/// How something differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum What {
    /// In its contents.
    Content {
        /// Where, the first of them.
        spots: Vec<Spot>,
        /// How many more there are.
        omitted: u64,
    },
    /// The same lines or words come in another order.
    Reordered {
        /// The first that changed its place, on both sides.
        spot: Spot,
    },
    /// In what is said of it: time, mode, owner, target.
    Aspect {
        /// In which respect.
        aspect: Aspect,
        /// What the first says.
        first: String,
        /// What the second says.
        second: String,
    },
    /// What it holds comes in another order.
    Entries {
        /// The first that is out of turn in the first.
        first: String,
        /// What the second has there.
        second: String,
    },
    /// Only one has it.
    OnlyIn {
        /// Which.
        side: Side,
    },
    /// Unpacked, the two are the same: they were compressed differently.
    Compression,
    /// Only the digests are known.
    Digest {
        /// The first's.
        first: String,
        /// The second's; none: it was not made.
        second: Option<String>,
    },
    /// Too large to be looked into.
    TooLarge {
        /// The first byte that differs, counted from 0.
        offset: u64,
    },
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The one that was there before.
    First,
    /// The one that was built again.
    Second,
}

/// A respect in which two entries of the same name differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// What it is: file, directory, link.
    Type,
    /// A time.
    Time,
    /// Permission bits, in octal.
    Mode,
    /// User and group, by name and number.
    Owner,
    /// Where a link points.
    Target,
    /// A device's number.
    Device,
    /// A name that a header carries beside its entry.
    Name,
    /// How it is compressed.
    Compression,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A place in contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// Where it begins in the first, in bytes.
    pub offset: u64,
    /// The line in the first, counted from 1, where the contents are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is there, where the format tells (`the source's time`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<&'static str>,
    /// The first's bytes, with what is around them.
    pub first: Excerpt,
    /// The second's.
    pub second: Excerpt,
}

/// Some bytes with their surroundings, at most [`Excerpt::LONGEST`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    bytes: Vec<u8>,
    /// The part that differs.
    differing: std::ops::Range<usize>,
}

impl Excerpt {
    /// How many bytes of contents a person is shown.
    pub const LONGEST: usize = 240;

    /// Takes the bytes of `range` and up to `around` bytes on both sides.
    pub fn of(whole: &[u8], range: std::ops::Range<usize>, around: usize) -> Self {
        let start = range.start.saturating_sub(around).min(whole.len());
        let end = range.end.saturating_add(around).min(whole.len());
        let end = end.min(start + Self::LONGEST);
        let within = |at: usize| at.clamp(start, end) - start;
        Self {
            bytes: whole[start..end].to_vec(),
            differing: within(range.start)..within(range.end),
        }
    }

    /// Returns the bytes with their surroundings.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the part that differs.
    pub fn differing(&self) -> &[u8] {
        &self.bytes[self.differing.clone()]
    }

    /// Returns the bytes as text, if they are one that can be shown.
    pub fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let shows = |c: char| c == '\n' || c == '\t' || !c.is_control();
        text.chars().all(shows).then_some(text)
    }

    /// Returns what a person is shown: the text, or the bytes in hexadecimal
    /// with their printable characters.
    pub fn shown(&self) -> String {
        if let Some(text) = self.text() {
            return text.trim_end_matches('\n').to_owned();
        }
        let bytes = &self.bytes[..self.bytes.len().min(Self::LONGEST / 4)];
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable = bytes.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        });
        format!("{} |{}|", hex.join(" "), printable.collect::<String>())
    }
}

impl Serialize for Excerpt {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        match self.text() {
            Some(text) => map.serialize_entry("text", text)?,
            None => {
                let hex: Vec<_> = self.bytes.iter().map(|b| format!("{b:02x}")).collect();
                map.serialize_entry("hex", &hex.concat())?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
