//! `debian/changelog`: deb-changelog(5), Debian Policy 4.4.
//!
//! Holds the newest entry, exactly, the versions before it, and the text of a
//! new entry. Knows nothing of how changes are found or worded.
//!
//! The newest entry is read by the rules of dpkg-parsechangelog(1), and what it
//! warns about is an error: the text goes into a `.changes` byte for byte. Also
//! an error, where dpkg says nothing, is a weekday that does not fit the date.
//! What came before may be decades old, so only headings are looked for in it.
//!
//! The crate debian-changelog is not used: it does not know package names with
//! a plus (`gtk+2.0`), and then finds no entry at all.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::version::{Version, VersionError};
use crate::model::name::NameError;
use crate::model::time::TimestampError;
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

/// How urgent an upgrade is, in Debian's order (Policy 5.6.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `emergency`
    Emergency,
    /// `critical`
    Critical,
}

/// What kind of upload an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// A new source package.
    Source,
    /// A rebuild of an old one (`binary-only=yes`): no new source version.
    BinaryOnly,
}

/// Says that a text is no urgency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not an urgency: expected low, medium, high, emergency or critical")]
pub struct UrgencyError(pub String);

impl Urgency {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
        (Self::Emergency, "emergency"),
        (Self::Critical, "critical"),
    ];
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(urgency, _)| urgency == self);
        f.pad(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Urgency {
    type Err = UrgencyError;
    fn from_str(text: &str) -> Result<Self, UrgencyError> {
        // `urgency=low (HIGH for users of x)` is allowed.
        let word = text.split_ascii_whitespace().next().unwrap_or_default();
        let known = |(_, name): &&(Self, &str)| name.eq_ignore_ascii_case(word);
        let found = Self::ALL.iter().find(known);
        found
            .map(|(urgency, _)| *urgency)
            .ok_or_else(|| UrgencyError(word.to_owned()))
    }
}

/// Says where a changelog's newest entry is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangelogError {
    /// There is something else than the format has in this place.
    #[error("line {line}: found “{found}”, expected {expected}")]
    Unexpected {
        /// Where it stands, counted from 1.
        line: usize,
        /// What was found.
        found: String,
        /// What the format has.
        expected: &'static str,
    },
    /// The file ends before the entry does.
    #[error("line {line}: found the end of the file, expected {expected}")]
    End {
        /// The last line.
        line: usize,
        /// What the format has.
        expected: &'static str,
    },
    /// The package or a distribution has no valid name.
    #[error("line {line}: a name in the heading is not valid")]
    Name {
        /// Where it stands, counted from 1.
        line: usize,
        /// Why not.
        source: NameError,
    },
    /// The version is not one.
    #[error("line {line}: the version in the heading is not valid")]
    Version {
        /// Where it stands, counted from 1.
        line: usize,
        /// Why not.
        source: VersionError,
    },
    /// The urgency is not one.
    #[error("line {line}: the urgency in the heading is not valid")]
    Urgency {
        /// Where it stands, counted from 1.
        line: usize,
        /// Why not.
        source: UrgencyError,
    },
    /// The date is not one, or its weekday does not fit.
    #[error("line {line}: the entry's date is not valid")]
    Date {
        /// Where it stands, counted from 1.
        line: usize,
        /// Why not.
        source: TimestampError,
    },
}

const HEADING: &str = "a heading such as “hello (1.0-1) unstable; urgency=medium”";
const CHANGE: &str = "a change, with two blanks before it";
const CHANGE_OR_END: &str =
    "a change, with two blanks before it, or “ -- Name <mail@example.org>  date”";
const LAST: &str = "“ -- Name <mail@example.org>  date”, with two blanks before the date";
const DATE: &str = "a date such as “Sat, 21 Nov 2026 09:30:00 +0000”";

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
        if entry.distributions.is_empty() {
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
        self.bugs("closes:", |rest| {
            let rest = rest.trim_start_matches(WHITE);
            let rest = strip_word(rest, "bug");
            let rest = rest.strip_prefix('#').unwrap_or(rest);
            rest.strip_prefix(WHITE).unwrap_or(rest)
        })
    }

    /// Returns the numbers of Launchpad's bugs that the entry closes, ascending.
    pub fn closes_launchpad(&self) -> Vec<u64> {
        self.bugs("lp:", |rest| {
            let bare = rest.trim_start_matches(WHITE);
            bare.strip_prefix('#').unwrap_or_default()
        })
    }

    /// Finds each `keyword` and the numbers after it, with commas between
    /// them; `number` takes off what may stand before one.
    fn bugs(&self, keyword: &str, number: impl Fn(&str) -> &str) -> Vec<u64> {
        let text = self.lines.join("\n").to_ascii_lowercase();
        let mut found = BTreeSet::new();
        for (at, _) in text.match_indices(keyword) {
            let mut rest = &text[at + keyword.len()..];
            // `LP:#1`, without a blank, closes nothing.
            if keyword == "lp:" && !rest.starts_with(WHITE) {
                continue;
            }
            loop {
                let digits = number(rest);
                let end = digits
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(digits.len());
                let Ok(bug) = digits[..end].parse() else {
                    break;
                };
                found.insert(bug);
                match digits[end..].strip_prefix(',') {
                    Some(next) => rest = next,
                    None => break,
                }
            }
        }
        found.into_iter().collect()
    }
}

/// Takes `SOURCE (VERSION) SUITES; OPTIONS` apart.
fn heading_parts(line: &str) -> Option<[&str; 4]> {
    let (source, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let (suites, options) = rest.split_once(';')?;
    Some([source, version, suites, options])
}

const WHITE: [char; 3] = [' ', '\t', '\n'];

fn strip_word<'a>(text: &'a str, word: &str) -> &'a str {
    text.strip_prefix(word).unwrap_or(text)
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

// ── What came before ────────────────────────────────────────────────────────

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

// ── Writing ─────────────────────────────────────────────────────────────────

/// An entry to be written.
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
    /// One text a change; its lines are kept as they are broken.
    pub changes: Vec<String>,
}

impl NewEntry {
    /// Writes the entry's text, after reading it back.
    pub fn text(&self) -> Result<String, ChangelogError> {
        let mut text = format!(
            "{} ({}) {}; urgency={}\n\n",
            self.source, self.version, self.distribution, self.urgency
        );
        for change in &self.changes {
            for (at, line) in change.trim().lines().enumerate() {
                let start = if at == 0 { "  * " } else { "    " };
                text.push_str(format!("{start}{line}").trim_end());
                text.push('\n');
            }
        }
        let date = self.date.rfc2822();
        text.push_str(&format!("\n -- {}  {date}\n", self.maintainer));
        let read = Entry::newest(text.as_bytes())?;
        if read.maintainer == self.maintainer && read.date == self.date {
            Ok(text)
        } else {
            // A change or a maintainer that spoke for the whole entry.
            Err(ChangelogError::Unexpected {
                line: text.lines().count(),
                found: self.maintainer.clone(),
                expected: LAST,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::process::Command;

    use proptest::prelude::*;

    use super::super::deb822::{Syntax, paragraph};
    use super::*;

    const HELLO: &[u8] = include_bytes!("../../fixtures/debian/hello.changelog");

    const GOOD: &str = "\
hello (1:1.0~rc1-1) unstable; urgency=medium

  [ Ada ]
  * One. Closes: #12, bug#3, BUG 4,
    #5

  * Two (closes:7), LP: #9, #10; LP:#11; Fixes: #13; Closes #14; closes:
    #15.

 -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100
";

    #[test]
    fn the_newest_entry_is_read() {
        let found = Entry::newest(GOOD.as_bytes()).expect("an entry");
        assert_eq!(found.source.as_str(), "hello");
        assert_eq!(found.version.as_str(), "1:1.0~rc1-1");
        assert_eq!(found.distributions[0].as_str(), "unstable");
        assert!(!found.is_unreleased());
        assert_eq!(found.urgency, Urgency::Medium);
        assert_eq!(found.upload, Upload::Source);
        assert_eq!(found.maintainer, "Ada Lovelace <ada@example.org>");
        assert_eq!(found.date.to_string(), "2026-11-21T09:30:00Z");
        assert_eq!(found.date_text, "Sat, 21 Nov 2026 10:30:00 +0100");
        assert_eq!(found.lines.len(), 6);
        assert_eq!(found.closes(), [3, 4, 5, 7, 12, 15]);
        assert_eq!(found.closes_launchpad(), [9, 10]);
        let changes: Vec<_> = found.changes().collect();
        assert_eq!(changes[1], "hello (1:1.0~rc1-1) unstable; urgency=medium");
        assert_eq!(changes[3], "  [ Ada ]");

        let open = GOOD.replace(
            "unstable; urgency=medium",
            "UNRELEASED bookworm; Urgency=LOW (x),binary-only=yes",
        );
        let found = Entry::newest(format!("\n{open}").as_bytes()).expect("an entry");
        assert!(found.is_unreleased());
        assert_eq!(
            (found.urgency, found.upload, found.line),
            (Urgency::Low, Upload::BinaryOnly, 2)
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let last = " -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100\n";
        for (from, to, want, cause) in [
            (
                GOOD,
                "",
                "line 1: found the end of the file, expected a heading",
                "",
            ),
            ("hello (", "hello(", "line 1: found “hello(1:1.0", ""),
            (
                "hello (",
                "Hello (",
                "line 1: a name in the heading is not valid",
                "“Hello” is not a valid package name",
            ),
            (
                " unstable;",
                ";",
                "line 1: found “hello (1:1.0~rc1-1); urgency=medium”, expected a heading",
                "",
            ),
            (
                "~rc1-1",
                "~rc1-",
                "line 1: the version in the heading is not valid",
                "“1:1.0~rc1-” is not a valid version",
            ),
            (
                "unstable",
                "un_~stable",
                "line 1: a name in the heading is not valid",
                "“un_~stable” is not a valid suite",
            ),
            (
                "=medium",
                "=soon",
                "line 1: the urgency in the heading is not valid",
                "“soon” is not an urgency",
            ),
            (
                "urgency=medium",
                "",
                "line 1: found “hello (1:1.0~rc1-1) unstable; ”, expected “urgency=…” and",
                "",
            ),
            (
                "urgency=medium",
                "binary-only=yes",
                "line 1: found “hello (1:1.0~rc1-1) unstable; binary-only=yes”, expected “urgency=…” after",
                "",
            ),
            (
                "  * One",
                " * One",
                "line 4: found “ * One. Closes: #12, bug#3, BUG 4,”, expected a change, with two",
                "",
            ),
            (
                "  * One",
                "x (1.0) y; urgency=low",
                "line 4: found “x (1.0) y; urgency=low.",
                "",
            ),
            (
                last,
                "",
                "line 10: found the end of the file, expected a change",
                "",
            ),
            (
                "<ada@example.org>  ",
                "<ada@example.org> ",
                "line 10: found “ -- Ada Lovelace <ada@example.org> Sat",
                "",
            ),
            (
                " -- Ada",
                " --Ada",
                "line 10: found “ --Ada Lovelace <ada@example.org>  Sat",
                "",
            ),
            (
                "Sat, 21",
                "Sun, 21",
                "line 10: the entry's date is not valid",
                "“Sun, 21 Nov 2026 10:30:00 +0100” is not a date",
            ),
            (" +0100", " CET", "line 10: found “ -- Ada Lovelace", ""),
            (" +0100", "", "line 10: found “ -- Ada Lovelace", ""),
            (
                "\n  [",
                "\r\n  [",
                "line 2: found “”, expected no carriage return",
                "",
            ),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = Entry::newest(text.as_bytes()).expect_err(to);
            assert!(error.to_string().starts_with(want), "{error}");
            let source = error.source().map_or(String::new(), ToString::to_string);
            assert!(source.starts_with(cause), "{error}: {source}");
        }
        let empty = "x1 (1) y; urgency=low\n\n -- A <a@b>  Sat, 21 Nov 2026 10:30:00 +0100\n";
        let error = Entry::newest(empty.as_bytes()).expect_err("no changes");
        assert!(error.to_string().starts_with("line 3: "), "{error}");
        assert!(Entry::newest(b"h\xe9llo (1) y; urgency=low\n").is_err());
        let old = [GOOD.as_bytes(), b"\n\nanything \xe9\n"].concat();
        Entry::newest(&old).expect("old entries may be anything");
    }

    /// `dpkg-parsechangelog` prints its fields as the `.changes` has them.
    #[test]
    fn dpkg_reads_the_same() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("changelog");
        for text in [HELLO, GOOD.as_bytes()] {
            std::fs::write(&path, text).expect("a file");
            let output = Command::new("dpkg-parsechangelog")
                .arg("-l")
                .arg(&path)
                .output()
                .expect("cannot run dpkg-parsechangelog: install the package dpkg-dev");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{said}");
            let want = paragraph(&output.stdout, Syntax::Generated).expect("fields");

            let found = Entry::newest(text).expect("an entry");
            let changes = want.field("Changes").expect("Changes");
            let changes: Vec<_> = changes.lines().map(|(_, line)| line).collect();
            assert_eq!(found.changes().collect::<Vec<_>>(), changes);
            let closes: Vec<_> = found.closes().iter().map(u64::to_string).collect();
            for (field, found) in [
                ("Source", found.source.to_string()),
                ("Version", found.version.to_string()),
                ("Date", found.date_text.clone()),
                ("Timestamp", found.date.unix().to_string()),
                ("Maintainer", found.maintainer.clone()),
                ("Urgency", found.urgency.to_string()),
                ("Closes", closes.join(" ")),
            ] {
                assert_eq!(want.get(field), Some(found.as_str()), "{field}");
            }
        }
    }

    #[test]
    fn headings_reach_back_to_the_beginning() {
        let found = headings(HELLO);
        let text = std::str::from_utf8(HELLO).expect("UTF-8");
        for heading in &found {
            let line = text.lines().nth(heading.line - 1).expect("a line");
            let want = format!("{} ({})", heading.source, heading.version);
            assert!(line.starts_with(&want), "{line}: {want}");
        }
        let heading = |line: &&str| line.starts_with("hello");
        let all = text.lines().filter(heading).count();
        assert_eq!(found.len(), all);
    }

    fn new_entry() -> NewEntry {
        NewEntry {
            source: "hello".parse().expect("a name"),
            version: "1.0-1".parse().expect("a version"),
            distribution: "stable".parse().expect("a suite"),
            urgency: Urgency::High,
            maintainer: "Ada Lovelace <ada@example.org>".to_owned(),
            date: Timestamp::from_unix(1_795_253_400),
            changes: vec!["First.".to_owned(), "Second,\nmore.".to_owned()],
        }
    }

    #[test]
    fn headings_of_old_forms_and_odd_names_are_found() {
        let text = b"gtk+2.0 (2.24-1) unstable; urgency=low\n\n  * libc (1.0) x; urgency=low\n\n\
            b\xe9b\xe9 (1) x; urgency=low\nhello (1.3-4); priority=LOW\nA (1) x; y\nhello (1-) x; y\n";
        let found: Vec<_> = headings(text)
            .iter()
            .map(|h| format!("{} {} {}", h.line, h.source, h.version))
            .collect();
        assert_eq!(found, ["1 gtk+2.0 2.24-1", "6 hello 1.3-4"]);
    }

    #[test]
    fn a_new_entry_is_written() {
        let text = new_entry().text().expect("an entry");
        assert_eq!(
            text,
            "hello (1.0-1) stable; urgency=high\n\n  * First.\n  * Second,\n    more.\n\n \
             -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 09:30:00 +0000\n"
        );
        for (case, changed) in [
            (
                "no change",
                NewEntry {
                    changes: Vec::new(),
                    ..new_entry()
                },
            ),
            (
                "no mail",
                NewEntry {
                    maintainer: "Ada".to_owned(),
                    ..new_entry()
                },
            ),
            (
                "two lines",
                NewEntry {
                    maintainer: "A <a@b>  Sat, 21 Nov 2026 09:30:00 +0000\nx <a@b>".to_owned(),
                    ..new_entry()
                },
            ),
        ] {
            assert!(changed.text().is_err(), "{case}");
        }
    }

    proptest! {
        #[test]
        fn any_change_is_refused_or_read(at in 0..GOOD.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
            let end = (at + len).min(GOOD.len());
            let text = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
            if let Ok(found) = Entry::newest(text.as_bytes()) {
                prop_assert!(!found.lines.is_empty());
                found.closes();
                found.closes_launchpad();
            }
            headings(text.as_bytes());
        }

        #[test]
        fn new_entries_are_read_back(changes in prop::collection::vec("[ -~\né]{1,40}", 1..5)) {
            let entry = NewEntry { changes, ..new_entry() };
            if let Ok(text) = entry.text() {
                let found = Entry::newest(text.as_bytes()).expect("what we wrote");
                prop_assert_eq!(found.maintainer, entry.maintainer);
            }
        }
    }
}
