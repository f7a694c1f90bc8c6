//! The whole file as entries whose bytes are kept: a file may be decades old,
//! broken, and in three encodings, and still comes out as it went in.
//!
//! Entries are told apart as dpkg-parsechangelog(1) does with `--all`, which
//! passes over what it does not know and stops at the forms of before 1996.

use super::bugs;
use super::lines::{self, HEADING, Kind, TRAILER};
use crate::format::version::Version;

/// A changelog, divided. The pieces in their order are the file, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// What stands before the first entry.
    pub before: &'a [u8],
    /// The entries, the newest first.
    pub entries: Vec<RawEntry<'a>>,
    /// What dpkg does not read as entries: editors' settings, and the forms of
    /// before 1996 with all that follows them.
    pub after: &'a [u8],
}

/// One entry as it is written, right or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry<'a> {
    /// Its bytes up to the next entry, with the empty lines behind it.
    pub bytes: &'a [u8],
    /// The line it starts on, counted from 1.
    pub line: usize,
    heading: Option<&'a [u8]>,
    changes: Vec<&'a [u8]>,
    trailer: Option<&'a [u8]>,
    /// Where in `bytes` the line after the trailer starts; without a trailer,
    /// that after the last change.
    end: usize,
    /// The first line within it that dpkg passes over.
    passed_over: Option<usize>,
}

impl<'a> File<'a> {
    /// Divides the bytes of a changelog; every file can be divided.
    pub fn parse(bytes: &'a [u8]) -> Self {
        let mut reader = Reader::default();
        let mut start = 0;
        let mut after = bytes.len();
        for (number, whole) in (1..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
            let next = start + whole.len();
            let line = whole.strip_suffix(b"\n").unwrap_or(whole);
            let kind = lines::kind(line);
            if kind == Kind::Tail {
                after = start;
                break;
            }
            reader.line(kind, line, number, start..next);
            start = next;
        }
        let mut starts: Vec<_> = reader.open.iter().map(|open| open.start).collect();
        let before = starts.first().copied().unwrap_or(after);
        starts.push(after);
        let entries = reader.open.into_iter().zip(starts.into_iter().skip(1));
        Self {
            before: &bytes[..before],
            entries: entries
                .map(|(open, next)| RawEntry {
                    bytes: &bytes[open.start..next],
                    line: open.line,
                    heading: open.heading,
                    changes: open.changes,
                    trailer: open.trailer,
                    end: open.end - open.start,
                    // Behind the trailer it is of no entry.
                    passed_over: (open.passed_over)
                        .filter(|at| open.trailer.is_none() || at.1 < open.end)
                        .map(|at| at.0),
                })
                .collect(),
            after: &bytes[after..],
        }
    }

    /// Returns the file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = self.entries.iter().map(|entry| entry.bytes);
        let pieces = std::iter::once(self.before)
            .chain(entries)
            .chain([self.after]);
        pieces.collect::<Vec<_>>().concat()
    }
}

/// What is known while lines come in.
#[derive(Default)]
struct Reader<'a> {
    open: Vec<Open<'a>>,
    expect: Expect,
    /// Blank lines that belong to the changes if another change follows.
    blanks: Vec<&'a [u8]>,
}

/// An entry whose end is not known yet.
struct Open<'a> {
    start: usize,
    line: usize,
    heading: Option<&'a [u8]>,
    changes: Vec<&'a [u8]>,
    trailer: Option<&'a [u8]>,
    end: usize,
    /// Number and start of the first line that is passed over.
    passed_over: Option<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Expect {
    #[default]
    FirstHeading,
    StartOfChanges,
    ChangesOrTrailer,
    NextOrEnd,
}

impl<'a> Reader<'a> {
    fn line(&mut self, kind: Kind, line: &'a [u8], number: usize, at: std::ops::Range<usize>) {
        match kind {
            Kind::Heading => {
                self.start(Some(line), number, &at);
                self.blanks.clear();
                self.expect = Expect::StartOfChanges;
            }
            Kind::Trailer => {
                let entry = self.current(number, &at);
                entry.trailer = Some(line);
                entry.end = at.end;
                self.blanks.clear();
                self.expect = Expect::NextOrEnd;
            }
            Kind::Change => {
                if self.expect == Expect::NextOrEnd {
                    // Its heading is missing or was not one.
                    self.start(None, number, &at);
                }
                self.change(line, number, &at);
            }
            Kind::Unrecognised
                if matches!(self.expect, Expect::FirstHeading | Expect::NextOrEnd) =>
            {
                self.change(line, number, &at);
            }
            Kind::Blank
                if matches!(self.expect, Expect::FirstHeading | Expect::ChangesOrTrailer) =>
            {
                self.blanks.push(line);
            }
            Kind::Unrecognised | Kind::Skipped => {
                if let Some(entry) = self.open.last_mut() {
                    entry.passed_over.get_or_insert((number, at.start));
                }
            }
            Kind::Blank | Kind::Tail => {}
        }
    }

    fn change(&mut self, line: &'a [u8], number: usize, at: &std::ops::Range<usize>) {
        let mut blanks = std::mem::take(&mut self.blanks);
        let entry = self.current(number, at);
        entry.changes.append(&mut blanks);
        entry.changes.push(line);
        entry.end = at.end;
        self.expect = Expect::ChangesOrTrailer;
    }

    fn start(&mut self, heading: Option<&'a [u8]>, line: usize, at: &std::ops::Range<usize>) {
        self.open.push(Open {
            start: at.start,
            line,
            heading,
            changes: Vec::new(),
            trailer: None,
            end: at.end,
            passed_over: None,
        });
    }

    /// The entry that lines are added to; one without a heading if there is
    /// none yet.
    fn current(&mut self, line: usize, at: &std::ops::Range<usize>) -> &mut Open<'a> {
        if self.open.is_empty() {
            self.start(None, line, at);
        }
        self.open.last_mut().expect("one was started")
    }
}

impl<'a> RawEntry<'a> {
    fn heading_part(&self, part: usize) -> Option<&'a [u8]> {
        let found = HEADING.captures(self.heading?)?.get(part)?;
        Some(found.as_bytes())
    }

    fn trailer_part(&self, part: usize) -> Option<&'a [u8]> {
        let found = TRAILER.captures(self.trailer?)?.get(part)?;
        Some(found.as_bytes())
    }

    /// Returns the source package's name, whether valid or not.
    pub fn source(&self) -> Option<&'a str> {
        text(self.heading_part(1)?)
    }

    /// Returns the version, if it is one.
    pub fn version(&self) -> Option<Version> {
        Version::new(text(self.heading_part(2)?)?).ok()
    }

    /// Returns where it went, as written.
    pub fn distributions(&self) -> Vec<&'a str> {
        let suites = self.heading_part(3).and_then(text).unwrap_or_default();
        suites.split_ascii_whitespace().collect()
    }

    /// Tells whether it is still being written (`UNRELEASED`).
    pub fn is_unreleased(&self) -> bool {
        self.distributions().contains(&"UNRELEASED")
    }

    /// Returns the options behind the semicolon, as written: `urgency=low`;
    /// without what is none.
    pub fn options(&self) -> Vec<(String, String)> {
        let options = String::from_utf8_lossy(self.heading_part(4).unwrap_or_default());
        let pairs = options.split(',').filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(key, value)| (key.trim_start().to_owned(), value.trim().to_owned()))
            .filter(|(key, value)| !value.is_empty() && is_option(key))
            .collect()
    }

    /// Returns the urgency's word in lower case, known or not.
    pub fn urgency(&self) -> Option<String> {
        let options = self.options();
        let (_, value) = options
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("urgency"))?;
        let word = value.split_ascii_whitespace().next()?;
        Some(word.to_ascii_lowercase())
    }

    /// Returns who made it, `Name <mail@example.org>`, with invalid UTF-8
    /// replaced.
    pub fn maintainer(&self) -> Option<String> {
        let (name, mail) = (self.trailer_part(1)?, self.trailer_part(2)?);
        let whole = [name, b" <", mail, b">"].concat();
        Some(String::from_utf8_lossy(&whole).into_owned())
    }

    /// Returns the date as written.
    pub fn date(&self) -> Option<&'a str> {
        text(self.trailer_part(3)?)
    }

    /// Tells whether there is a trailer, right or wrong.
    pub fn is_ended(&self) -> bool {
        self.trailer.is_some()
    }

    /// Returns the first line within it, counted from 1, that dpkg passes over
    /// because it is neither heading, change nor trailer.
    pub fn passed_over(&self) -> Option<usize> {
        self.passed_over
    }

    /// Returns the lines of changes with the empty ones between them, as bytes.
    pub fn changes(&self) -> &[&'a [u8]] {
        &self.changes
    }

    /// Returns the lines of changes, with invalid UTF-8 replaced.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.changes.iter();
        lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    /// Returns the bytes behind its trailer: usually an empty line.
    pub fn behind(&self) -> &'a [u8] {
        &self.bytes[self.end..]
    }

    /// Returns the numbers of Debian's bugs that it closes, ascending.
    pub fn closes(&self) -> Vec<u64> {
        bugs::closes(&self.lines().join("\n"))
    }

    /// Returns the numbers of Launchpad's bugs that it closes, ascending.
    pub fn closes_launchpad(&self) -> Vec<u64> {
        bugs::launchpad(&self.lines().join("\n"))
    }
}

fn is_option(key: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !key.is_empty() && key.bytes().all(known)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
