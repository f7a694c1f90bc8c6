//! Where a changelog breaks its format, and how.

use super::urgency::UrgencyError;
use crate::format::version::VersionError;
use crate::model::name::NameError;
use crate::model::time::TimestampError;

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

pub(super) const HEADING: &str = "a heading such as “hello (1.0-1) unstable; urgency=medium”";
pub(super) const CHANGE: &str = "a change, with two blanks before it";
pub(super) const CHANGE_OR_END: &str =
    "a change, with two blanks before it, or “ -- Name <mail@example.org>  date”";
pub(super) const LAST: &str =
    "“ -- Name <mail@example.org>  date”, with two blanks before the date";
pub(super) const DATE: &str = "a date such as “Sat, 21 Nov 2026 09:30:00 +0000”";
