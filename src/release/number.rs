//! A project's own version numbers: SemVer 2.0.0, PEP 440, fewer or more
//! numbers than three; read, compared and raised in the style they have.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use super::policy::Bump;

/// A version as a project writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    text: String,
}

/// Says that a text is no version that can be raised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no version of numbers, with or without a pre-release")]
pub struct NumberError(pub String);

/// A kind of pre-release, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PreKind {
    /// `alpha`, `a`.
    Alpha,
    /// `beta`, `b`.
    Beta,
    /// `rc`.
    Rc,
}

impl Number {
    /// Reads a version.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Tells whether it is a pre-release.
    pub fn is_pre_release(&self) -> bool {
        false
    }

    /// Tells whether it marks work in progress (`-dev`, `.dev0`, `-SNAPSHOT`),
    /// which nobody releases.
    pub fn is_development(&self) -> bool {
        false
    }

    /// Tells whether the first number is 0.
    pub fn is_below_one(&self) -> bool {
        self.text.starts_with("0.")
    }

    /// Returns the release that a pre-release leads to; itself otherwise.
    pub fn released(&self) -> Self {
        self.clone()
    }

    /// Raises the final version; of a pre-release it is a step from the release
    /// that it leads to.
    pub fn raised(&self, _: Bump) -> Self {
        self.clone()
    }

    /// Returns this release's pre-release of a kind and number, in the style
    /// that `like` has (`-rc.1` of SemVer without one).
    pub fn pre_release(&self, _: PreKind, _: u64, _like: Option<&Self>) -> Self {
        self.clone()
    }

    /// Returns the kind and number of a pre-release that has them.
    pub fn pre(&self) -> Option<(PreKind, u64)> {
        None
    }

    /// Returns which number changed first between two releases.
    pub fn step_from(&self, _: &Self) -> Bump {
        Bump::None
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
