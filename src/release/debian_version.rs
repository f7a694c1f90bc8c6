//! The Debian version of a release: of the project's version and the changelog
//! entry before it. Vectors: deb-version(7), Developer's Reference 5.11.2 (NMU)
//! and 5.5.1 (stable updates), backports.debian.org (`~bpo`).
//!
//! Every version is compared, before it is returned, with those that it has to
//! sort after or before. An epoch is kept and never raised: that is a decision
//! of people (Policy 5.6.12.1).

mod local;
mod rebuild;
mod suffix;
mod suite;

use std::cmp::Ordering;

use super::upstream::{debian_upstream, is_release_of, release_of};
use crate::format::version::Version;

pub use local::masks_security_updates;
pub use rebuild::{check_rebuild, source_of};
pub use suite::{suite_name, suite_number};

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
    /// Of one's own house: `+wmf1`. The word with `+` or `~` before it; without
    /// a sign it is `+`, which outranks Debian's version, while `~` stays below.
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
    /// The suite's number has no code name that is known.
    #[error("no code name of Debian {0} is known here, and a changelog entry needs it")]
    UnnamedSuite(u32),
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
    /// The word cannot mark a local version.
    #[error("“{0}” cannot mark a local version: it takes letters that Debian gives no meaning")]
    LocalWord(String),
    /// A binary-only version is of the source that is there.
    #[error("a rebuild is of {current}, and {wanted} is another release")]
    OtherRelease {
        /// The version that is there.
        current: Version,
        /// The project's version that was asked for.
        wanted: String,
    },
    /// It is not the version of a rebuild.
    #[error(
        "{version} is no rebuild of {source_version}: it would be {source_version}+b and a number"
    )]
    NoRebuild {
        /// What was to be one.
        version: Version,
        /// The source's version.
        source_version: Version,
    },
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
///
/// Where the project's version is the one that the current version is made of,
/// the upstream part stays as it is, with its `+dfsg`, and the revision rises;
/// a native package's release has no revision to rise, so it needs a higher
/// version or none. A new upstream release starts with the basis' revision,
/// as an NMU with `0.1`, as a stable update with `0+deb12u1` (native:
/// `~deb12u1`), which newer suites' own packages of it outrank.
pub fn next(basis: &Basis<'_>, upload: &Upload) -> Result<Version, DebianVersionError> {
    match upload {
        Upload::Release => release(basis),
        Upload::Backport(suite) => backport(basis, suite_number(suite)?),
        Upload::StableUpdate(suite) => stable_update(basis, suite_number(suite)?),
        Upload::Nmu => nmu(basis),
        Upload::Rebuild => rebuild::rebuild(basis),
        Upload::Local(word) => local::local(basis, word),
        Upload::Really(old) => really(basis, old),
    }
}

/// Returns the revision that a new upstream release starts with in the habit of
/// the version before: `1`; `0ubuntu1` of a vendor's package and `0+wmf1` of a
/// house's, which Debian's own `1` then outranks; none of a native package.
pub fn first_revision(current: &Version) -> Option<String> {
    current.revision().map(suffix::first_revision)
}

/// Returns a native version without what marks others' uploads of it:
/// `3.23+nmu1~bpo12+1` → `3.23`.
pub fn without_uploads(version: &str) -> &str {
    suffix::without_uploads(version)
}

/// A version in parts that can be changed.
#[derive(Debug, Clone, Default)]
struct Parts {
    /// With its colon, or empty.
    epoch: String,
    upstream: String,
    revision: Option<String>,
}

/// What an upload is of.
enum Base {
    /// The source that the current version names.
    Same(Parts),
    /// A release of the project that is not in the archive yet.
    New(Parts),
}

impl Parts {
    fn of(version: &Version) -> Self {
        let whole = version.as_str();
        Self {
            epoch: whole[..whole.len() - version.without_epoch().len()].to_owned(),
            upstream: version.upstream().to_owned(),
            revision: version.revision().map(str::to_owned),
        }
    }

    /// Where suffixes are: the revision, or the whole of a native version.
    fn tail(&self) -> &str {
        self.revision.as_deref().unwrap_or(&self.upstream)
    }

    fn with_tail(&self, tail: String) -> Self {
        let mut parts = self.clone();
        match &mut parts.revision {
            Some(revision) => *revision = tail,
            None => parts.upstream = tail,
        }
        parts
    }

    fn version(&self) -> Result<Version, DebianVersionError> {
        let mut text = format!("{}{}", self.epoch, self.upstream);
        if let Some(revision) = &self.revision {
            text = format!("{text}-{revision}");
        }
        Version::new(text.clone()).map_err(|source| DebianVersionError::Invalid { text, source })
    }
}

impl Basis<'_> {
    fn current(&self) -> Result<&Version, DebianVersionError> {
        self.current.ok_or(DebianVersionError::NoEarlier)
    }

    fn base(&self) -> Result<Base, DebianVersionError> {
        let Some(written) = self.upstream else {
            return Ok(Base::Same(Parts::of(self.current()?)));
        };
        if let Some(current) = self.current
            && is_made_of(current, written)
        {
            return Ok(Base::Same(Parts::of(current)));
        }
        Ok(Base::New(Parts {
            epoch: self.current.map(Parts::of).unwrap_or_default().epoch,
            upstream: debian_upstream(written),
            revision: self.revision.map(str::to_owned),
        }))
    }

    /// Returns the version if it sorts after the current one.
    fn after_current(&self, next: Version) -> Result<Version, DebianVersionError> {
        match self.current {
            Some(current) => after(next, current),
            None => Ok(next),
        }
    }
}

/// Tells whether a version is made of the project's release, by whatever
/// uploads; a native version may carry a house's suffix as well.
fn is_made_of(version: &Version, written: &str) -> bool {
    if is_release_of(written, version) {
        return true;
    }
    let release = debian_upstream(written);
    let suffixes = version.upstream().strip_prefix(&*release);
    version.is_native() && suffixes.is_some_and(suffix::is_chain)
}

fn after(next: Version, current: &Version) -> Result<Version, DebianVersionError> {
    in_order(next, Ordering::Greater, current)
}

fn before(next: Version, limit: &Version) -> Result<Version, DebianVersionError> {
    in_order(next, Ordering::Less, limit)
}

fn in_order(
    next: Version,
    order: Ordering,
    current: &Version,
) -> Result<Version, DebianVersionError> {
    if next.compare(current) == order {
        return Ok(next);
    }
    Err(DebianVersionError::Order {
        next,
        expected: if order == Ordering::Less {
            "before"
        } else {
            "after"
        },
        current: current.clone(),
    })
}

fn release(basis: &Basis<'_>) -> Result<Version, DebianVersionError> {
    let next = match basis.base()? {
        Base::Same(parts) => match (&parts.revision, basis.upstream) {
            (Some(revision), _) => parts.with_tail(suffix::next_revision(revision)),
            (None, None) => parts.with_tail(suffix::next_native(&parts.upstream)),
            // The project says what a native version is.
            (None, Some(written)) => parts.with_tail(debian_upstream(written)),
        },
        Base::New(parts) => {
            let plain = parts.version()?;
            let front = basis.current.and_then(really_front);
            match (front, basis.current) {
                // While the front is ahead, the way goes on behind it.
                (Some(front), Some(current)) if plain.compare(current).is_le() => Parts {
                    upstream: format!("{front}+really{}", parts.upstream),
                    ..parts
                },
                _ => parts,
            }
        }
    };
    basis.after_current(next.version()?)
}

/// Returns `3.1` of `3.1+really2.0-1`.
fn really_front(version: &Version) -> Option<&str> {
    let (front, _) = version.upstream().rsplit_once("+really")?;
    Some(front)
}

fn nmu(basis: &Basis<'_>) -> Result<Version, DebianVersionError> {
    let next = match basis.base()? {
        Base::New(parts) if parts.revision.is_some() => parts.with_tail("0.1".to_owned()),
        Base::Same(parts) | Base::New(parts) => {
            let tail = suffix::without_rebuild(parts.tail());
            let raised = match parts.revision {
                Some(_) => suffix::nmu_revision(tail),
                None => suffix::counted(tail, "+nmu"),
            };
            parts.with_tail(raised)
        }
    };
    basis.after_current(next.version()?)
}

fn stable_update(basis: &Basis<'_>, suite: u32) -> Result<Version, DebianVersionError> {
    let next = match basis.base()? {
        Base::New(parts) => {
            let tail = match parts.revision {
                Some(_) => format!("0+deb{suite}u1"),
                None => format!("{}~deb{suite}u1", parts.upstream),
            };
            parts.with_tail(tail)
        }
        Base::Same(parts) => {
            let tail = suffix::without_rebuild(parts.tail());
            parts.with_tail(suffix::stable_update(tail, suite))
        }
    };
    basis.after_current(next.version()?)
}

fn backport(basis: &Basis<'_>, suite: u32) -> Result<Version, DebianVersionError> {
    let base = basis.base()?;
    let is_new = matches!(base, Base::New(_));
    let (Base::Same(parts) | Base::New(parts)) = base;
    let tail = suffix::without_rebuild(parts.tail());
    let (origin, last) = match suffix::backport(tail) {
        Some((origin, number, last)) if number == suite.to_string() => (origin, Some(last)),
        Some((origin, ..)) => (origin, None),
        None => (tail, None),
    };
    let count = last.map_or_else(|| "1".to_owned(), suffix::incremented);
    let next = parts.with_tail(format!("{origin}~bpo{suite}+{count}"));
    let origin = parts.with_tail(origin.to_owned()).version()?;
    let next = before(next.version()?, &origin)?;
    if is_new || last.is_some() {
        return basis.after_current(next);
    }
    Ok(next)
}

fn really(basis: &Basis<'_>, old: &str) -> Result<Version, DebianVersionError> {
    let current = basis.current()?;
    let old = old_upstream(old);
    let parts = Parts::of(current);
    if really_front(current).is_some()
        && release_of(current) == old
        && let Some(revision) = &parts.revision
    {
        let again = parts.with_tail(suffix::next_revision(revision));
        return after(again.version()?, current);
    }
    let revision = basis.revision.map(str::to_owned);
    let revision = revision.or_else(|| first_revision(current));
    let whole = suffix::without_rebuild(&parts.upstream);
    let shortest = match really_front(current) {
        Some(front) => front,
        None if current.is_native() => suffix::without_uploads(whole),
        None => whole,
    };
    let over = |front: &str| {
        let next = Parts {
            epoch: parts.epoch.clone(),
            upstream: format!("{front}+really{old}"),
            revision: revision.clone(),
        };
        next.version()
    };
    // A second step back, or a suffix above `+really`, needs the whole front.
    after(over(shortest)?, current).or_else(|_| after(over(whole)?, current))
}

/// Reads what to go back to: the project's version, or a Debian one with its
/// revision.
fn old_upstream(old: &str) -> String {
    let is_revision = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let debian = Version::new(old).ok();
    match debian {
        Some(version) if version.epoch() > 0 || version.revision().is_some_and(is_revision) => {
            version.upstream().to_owned()
        }
        _ => debian_upstream(old),
    }
}

#[cfg(test)]
mod tests;
