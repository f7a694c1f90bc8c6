//! A new entry's text, read back before anybody sees it.

use super::entry::{Entry, Upload};
use super::error::{ChangelogError, LAST};
use super::urgency::Urgency;
use super::wrap::wrap;
use crate::format::version::Version;
use crate::model::{PackageName, Suite, Timestamp};

/// The columns of a line of a [`NewEntry`].
const WIDTH: usize = 80;

/// An entry to be written: a list of changes and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The source package's name.
    pub source: PackageName,
    /// The version it describes.
    pub version: Version,
    /// Where it is meant to go.
    pub distribution: Suite,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Who makes it: `Name <mail@example.org>`.
    pub maintainer: String,
    /// When.
    pub date: Timestamp,
    /// One text a change; where it has line breaks they are kept, and lines
    /// longer than 80 columns are wrapped.
    pub changes: Vec<String>,
}

impl NewEntry {
    /// Writes the entry's text, after reading it back.
    pub fn text(&self) -> Result<String, ChangelogError> {
        let mut lines = Vec::new();
        for change in &self.changes {
            let mut start = "  * ";
            for line in change.trim().lines() {
                lines.extend(wrap(line, WIDTH, start, "    "));
                start = "    ";
            }
        }
        let heading = Head {
            source: &self.source,
            version: &self.version,
            distributions: std::slice::from_ref(&self.distribution),
            urgency: self.urgency,
            upload: Upload::Source,
            fields: &[],
        };
        entry_text(&heading, &lines, &self.maintainer, self.date)
    }
}

/// What stands in an entry's first line.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// The source package's name.
    pub source: &'a PackageName,
    /// The version.
    pub version: &'a Version,
    /// Where it goes.
    pub distributions: &'a [Suite],
    /// How urgent it is.
    pub urgency: Urgency,
    /// What kind of upload it is.
    pub upload: Upload,
    /// Fields of users' own behind those, such as `XS-Why=because`.
    pub fields: &'a [String],
}

/// Writes an entry of lines of changes that have their indentation already,
/// with the empty lines around them; `maintainer` is `Name <mail@example.org>`.
///
/// The text is read back: a line that spoke for the whole entry, or a
/// maintainer that is none, is an error.
pub fn entry_text(
    head: &Head<'_>,
    lines: &[String],
    maintainer: &str,
    date: Timestamp,
) -> Result<String, ChangelogError> {
    let suites: Vec<_> = head.distributions.iter().map(Suite::as_str).collect();
    let mut text = format!(
        "{} ({}) {}; urgency={}",
        head.source,
        head.version,
        suites.join(" "),
        head.urgency
    );
    if head.upload == Upload::BinaryOnly {
        text.push_str(", binary-only=yes");
    }
    for field in head.fields {
        text.push_str(", ");
        text.push_str(field);
    }
    text.push_str("\n\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!("\n -- {maintainer}  {}\n", date.rfc2822()));
    let read = Entry::newest(text.as_bytes())?;
    let written = lines.join("\n");
    // A line that is blank or spoke for the whole entry, a maintainer that is none.
    let same = read.lines.join("\n") == without_blanks(&written);
    if same && read.maintainer == maintainer && read.date == date {
        Ok(text)
    } else {
        Err(ChangelogError::Unexpected {
            line: text.lines().count(),
            found: maintainer.to_owned(),
            expected: LAST,
        })
    }
}

/// The lines as they read back: blank ones empty, and none at the ends.
fn without_blanks(lines: &str) -> String {
    let lines = lines.split('\n').map(|line| match line.trim().is_empty() {
        true => "",
        false => line,
    });
    let lines: Vec<_> = lines.collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
