//! The newest entry, read by the rules of dpkg-parsechangelog(1).
//!
//! What dpkg warns about is an error: the text goes into a `.changes` byte for
//! byte. Also an error, where dpkg says nothing, is a weekday that does not fit
//! the date.

use super::bugs;
use super::error::{CHANGE, CHANGE_OR_END, ChangelogError, DATE, HEADING, LAST};
use super::urgency::Urgency;
use crate::format::version::Version;
use crate::model::{PackageName, Suite, Timestamp};

/// The newest entry of a changelog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The source package's name.
    pub source: PackageName,
    /// The version this entry describes.
    pub version: Version,
    /// Where the version is meant to go; never empty.
    pub distributions: Vec<Suite>,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What kind of upload it is.
    pub upload: Upload,
    /// Who made the entry: `Name <mail@example.org>`.
    pub maintainer: String,
    /// When.
    pub date: Timestamp,
    /// When, as written: a `.changes` repeats it with its time zone.
    pub date_text: String,
    /// The lines of changes with their indentation, from the first that is not
    /// empty to the last.
    pub lines: Vec<String>,
    /// The line its heading stands on, counted from 1.
    pub line: usize,
    heading: String,
}

/// What kind of upload an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// A new source package.
    Source,
    /// A rebuild of an old one (`binary-only=yes`): no new source version.
    BinaryOnly,
}

impl Entry {
    /// Reads the newest entry of the bytes of a changelog; what follows it may
    /// be anything.
    pub fn newest(bytes: &[u8]) -> Result<Self, ChangelogError> {
        let mut lines = (1..).zip(bytes.split(|b| *b == b'\n')).map(text_line);
        let (line, heading) = loop {
            match lines.next().transpose()? {
                Some((_, blank)) if blank.trim().is_empty() => {}
                Some(found) => break found,
                None => {
                    return Err(ChangelogError::End {
                        line: 1,
                        expected: HEADING,
                    });
                }
            }
        };
        let mut entry = Self::with_heading(line, heading)?;
        let mut blanks = 0;
        let mut last = line;
        for found in lines {
            let (number, text) = found?;
            last = number;
            let unexpected = |expected| ChangelogError::Unexpected {
                line: number,
                found: text.to_owned(),
                expected,
            };
            if text.trim().is_empty() {
                blanks += 1;
            } else if text.starts_with(" --") {
                if entry.lines.is_empty() {
                    return Err(unexpected(CHANGE));
                }
                entry.end(number, text)?;
                return Ok(entry);
            } else if text.trim_start().len() + 2 <= text.len() {
                if !entry.lines.is_empty() {
                    entry
                        .lines
                        .extend(std::iter::repeat_n(String::new(), blanks));
                }
                blanks = 0;
                entry.lines.push(text.to_owned());
            } else {
                return Err(unexpected(CHANGE_OR_END));
            }
        }
        Err(ChangelogError::End {
            line: last,
            expected: CHANGE_OR_END,
        })
    }

    /// Reads `hello (1.0-1) unstable; urgency=medium`.
    fn with_heading(line: usize, heading: &str) -> Result<Self, ChangelogError> {
        let unexpected = |expected| ChangelogError::Unexpected {
            line,
            found: heading.to_owned(),
            expected,
        };
        let [source, version, suites, options] = heading_parts(heading)
            .filter(|[_, _, suites, _]| suites.starts_with([' ', '\t']))
            .ok_or_else(|| unexpected(HEADING))?;
        let name = |source| ChangelogError::Name { line, source };
        let mut entry = Self {
            source: PackageName::new(source).map_err(name)?,
            version: Version::new(version)
                .map_err(|source| ChangelogError::Version { line, source })?,
            distributions: (suites.split_ascii_whitespace().map(Suite::new))
                .collect::<Result<_, _>>()
                .map_err(name)?,
            urgency: Urgency::Low,
            upload: Upload::Source,
            maintainer: String::new(),
            date: Timestamp::from_unix(0),
            date_text: String::new(),
            lines: Vec::new(),
            line,
            heading: heading.trim_end().to_owned(),
        };
        // dpkg takes a heading with other characters for no heading at all.
        let known = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        let named = |suite: &Suite| suite.as_str().bytes().all(known);
        if entry.distributions.is_empty() || !entry.distributions.iter().all(named) {
            return Err(unexpected(HEADING));
        }
        let mut urgency = None;
        for option in options.split(',') {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match (key.trim().to_ascii_lowercase().as_str(), value.trim()) {
                ("urgency", value) if urgency.is_none() => {
                    let found = value.parse();
                    urgency =
                        Some(found.map_err(|source| ChangelogError::Urgency { line, source })?);
                }
                ("binary-only", "yes") => entry.upload = Upload::BinaryOnly,
                (key, value) if key.starts_with('x') && key.contains('-') && !value.is_empty() => {}
                _ => return Err(unexpected("“urgency=…” and “binary-only=yes” after the ;")),
            }
        }
        entry.urgency = urgency.ok_or_else(|| unexpected("“urgency=…” after the ;"))?;
        Ok(entry)
    }

    /// Reads ` -- Name <mail@example.org>  date`.
    fn end(&mut self, line: usize, text: &str) -> Result<(), ChangelogError> {
        let parts = text.strip_prefix(" -- ").and_then(|rest| {
            let (person, date) = rest.rsplit_once(">  ")?;
            let (name, mail) = person.rsplit_once(" <")?;
            Some((name, mail, date.trim_end()))
        });
        let unexpected = |expected| ChangelogError::Unexpected {
            line,
            found: text.to_owned(),
            expected,
        };
        let (name, mail, date) = parts
            .filter(|(name, ..)| !name.trim().is_empty())
            .ok_or_else(|| unexpected(LAST))?;
        // Other zones than `+0000`'s form are obsolete, and dpkg refuses them.
        let zone = date.rsplit(' ').next().unwrap_or_default();
        let digits = zone.strip_prefix(['+', '-']).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(unexpected(DATE));
        }
        self.date = Timestamp::parse_rfc2822(date)
            .map_err(|source| ChangelogError::Date { line, source })?;
        self.date_text = date.trim_start().to_owned();
        self.maintainer = format!("{name} <{mail}>");
        Ok(())
    }

    /// Tells whether the entry is still being written (`UNRELEASED`).
    pub fn is_unreleased(&self) -> bool {
        self.distributions
            .iter()
            .any(|suite| suite.as_str() == "UNRELEASED")
    }

    /// Returns the lines of the field `Changes` of a `.changes`, the empty one
    /// beside the field's name first (as `dpkg-parsechangelog -SChanges`).
    pub fn changes(&self) -> impl Iterator<Item = &str> {
        ["", &self.heading, ""]
            .into_iter()
            .chain(self.lines.iter().map(String::as_str))
    }

    /// Returns the numbers of Debian's bugs that the entry closes, ascending.
    pub fn closes(&self) -> Vec<u64> {
        bugs::closes(&self.lines.join("\n"))
    }

    /// Returns the numbers of Launchpad's bugs that the entry closes, ascending.
    pub fn closes_launchpad(&self) -> Vec<u64> {
        bugs::launchpad(&self.lines.join("\n"))
    }
}

/// Takes `SOURCE (VERSION) SUITES; OPTIONS` apart.
pub(super) fn heading_parts(line: &str) -> Option<[&str; 4]> {
    let (source, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let (suites, options) = rest.split_once(';')?;
    Some([source, version, suites, options])
}

/// One line as text; only lines that are asked for must be UTF-8.
fn text_line((line, bytes): (usize, &[u8])) -> Result<(usize, &str), ChangelogError> {
    let unexpected = |expected| ChangelogError::Unexpected {
        line,
        found: String::from_utf8_lossy(bytes).trim_end().to_owned(),
        expected,
    };
    let text = std::str::from_utf8(bytes).map_err(|_| unexpected("UTF-8"))?;
    if text.contains(['\r', '\0']) {
        return Err(unexpected("no carriage return and no NUL byte"));
    }
    Ok((line, text))
}
