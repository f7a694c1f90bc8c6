//! `debian/changelog`: deb-changelog(5), Debian Policy 4.4.
//!
//! Holds the newest entry, exactly ([`Entry`]); the whole file, byte for byte,
//! as entries that may be decades old ([`File`], [`headings`]); the bugs that a
//! text closes; and the text of a new entry ([`NewEntry`], [`wrap`]). Knows
//! nothing of how changes are found or worded.
//!
//! The crate debian-changelog is not used: it does not know package names with
//! a plus (`gtk+2.0`), and then finds no entry at all.

mod bugs;
mod entry;
mod error;
mod file;
mod headings;
mod lines;
mod urgency;
mod wrap;
mod write;

pub use bugs::{closes, launchpad};
pub use entry::{Entry, Upload};
pub use error::ChangelogError;
pub use file::{File, RawEntry};
pub use headings::{Heading, headings};
pub use urgency::{Urgency, UrgencyError};
pub use wrap::wrap;
pub use write::{Head, NewEntry, entry_text};

#[cfg(test)]
pub(crate) mod judge;
#[cfg(test)]
mod tests;
