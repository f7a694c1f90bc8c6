//! What all entries describe, however old they are.

use super::entry::heading_parts;
use crate::format::version::Version;
use crate::model::PackageName;

/// What an entry describes, and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The source package's name, which may have changed over the years.
    pub source: PackageName,
    /// The version.
    pub version: Version,
    /// The line the heading stands on, counted from 1.
    pub line: usize,
}

/// Finds the headings of all entries, the newest first; passes over what has
/// no valid name or version, as some of the oldest have.
pub fn headings(bytes: &[u8]) -> Vec<Heading> {
    let heading = |(line, bytes): (usize, &[u8])| {
        let text = std::str::from_utf8(bytes).ok()?;
        let [source, version, ..] = heading_parts(text)?;
        Some(Heading {
            source: PackageName::new(source).ok()?,
            version: Version::new(version).ok()?,
            line,
        })
    };
    let lines = (1..).zip(bytes.split(|b| *b == b'\n'));
    lines.filter_map(heading).collect()
}
