//! Why a version file told no version, or could not take one.

use std::fmt;

/// Why a version file told no version, or could not take one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionFileError {
    /// The file is not valid in its own format.
    #[error("{path}{}: {message}", Line(*line))]
    Malformed {
        /// The file.
        path: String,
        /// The line, counted from 1; 0 when the format's reader does not tell.
        line: usize,
        /// What its reader says.
        message: String,
    },
    /// The file has no version where its format keeps one.
    #[error("{path}: no version at {place}")]
    NoVersion {
        /// The file.
        path: String,
        /// Where it was looked for.
        place: String,
    },
    /// There is no such file in the tree.
    #[error("{path}: there is no such file")]
    Missing {
        /// The file.
        path: String,
    },
    /// The version is not written in the file but made or kept elsewhere.
    #[error("{path}: the version is dynamic, {reason}")]
    Dynamic {
        /// The file.
        path: String,
        /// What makes it, as one clause.
        reason: String,
    },
    /// A version stands in more or fewer places than it should.
    #[error(
        "{path}: {what} is found {}{}, not {}",
        Times(lines.len()),
        Lines(lines),
        Times(*expected)
    )]
    Count {
        /// The file.
        path: String,
        /// What was looked for.
        what: String,
        /// How often it should be there.
        expected: usize,
        /// The lines where it is, counted from 1.
        lines: Vec<usize>,
    },
    /// One file says several versions where one is expected.
    #[error("{path}: {}, where one version is expected", Saying(found))]
    Differing {
        /// The file.
        path: String,
        /// The line, counted from 1, and the version of each place.
        found: Vec<(usize, String)>,
    },
    /// The version cannot be written into this file.
    #[error("{path}: “{to}” cannot be written there: {reason}")]
    Unfit {
        /// The file.
        path: String,
        /// The version.
        to: String,
        /// Why not, as one clause.
        reason: String,
    },
    /// The pattern is none.
    #[error("{path}: the pattern “{pattern}” {reason}")]
    Pattern {
        /// The file.
        path: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it, as one clause.
        reason: &'static str,
    },
    /// After the edit the file does not say the new version in the same places.
    #[error("{path}: writing “{to}” would change what else the file says")]
    NotProven {
        /// The file.
        path: String,
        /// The version.
        to: String,
    },
}

struct Line(usize);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            Ok(())
        } else {
            write!(f, ":{}", self.0)
        }
    }
}

struct Times(usize);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("nowhere"),
            1 => f.write_str("once"),
            times => write!(f, "{times} times"),
        }
    }
}

struct Lines<'a>(&'a [usize]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(usize::to_string).collect();
        match self.0.len() {
            0 => Ok(()),
            1 => write!(f, " (line {})", shown[0]),
            _ => write!(f, " (lines {})", shown.join(", ")),
        }
    }
}

struct Saying<'a>(&'a [(usize, String)]);

impl fmt::Display for Saying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(line, version): &(usize, String)| format!("line {line} says {version}");
        let shown: Vec<String> = self.0.iter().map(shown).collect();
        f.write_str(&shown.join(", "))
    }
}

/// Why a format's reader found no version: the same, before the file's name
/// and lines are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// Not valid, at this byte if it is known.
    Malformed(Option<usize>, String),
    /// No version at this place.
    NoVersion(String),
    /// Not written here, for this reason.
    Dynamic(String),
    /// What was looked for, how often it should be there, and where it is.
    Count(String, usize, Vec<usize>),
}

impl Unread {
    /// Gives it the file's name, and lines in place of bytes of `text`.
    pub(super) fn of(self, path: &str, text: &str) -> VersionFileError {
        let path = path.to_owned();
        match self {
            Self::Malformed(at, message) => VersionFileError::Malformed {
                path,
                line: at.map_or(0, |at| line_of(text, at)),
                message,
            },
            Self::NoVersion(place) => VersionFileError::NoVersion { path, place },
            Self::Dynamic(reason) => VersionFileError::Dynamic { path, reason },
            Self::Count(what, expected, at) => VersionFileError::Count {
                path,
                what,
                expected,
                lines: at.iter().map(|at| line_of(text, *at)).collect(),
            },
        }
    }

    /// Says that a key stands there several times, or a statement.
    pub(super) fn several(what: &str, at: Vec<usize>) -> Self {
        Self::Count(what.to_owned(), 1, at)
    }
}

/// Returns the line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
