//! In what two builds of the same thing may differ on purpose, and by which
//! means each is varied.
//!
//! Knows nothing of how a build runs: [`Conditions`] are a value, which
//! whoever builds turns into rooms, variables and arguments.

mod conditions;
mod machine;
mod preload;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub use conditions::{Conditions, Order};
pub use machine::{Apart, Machine, Outcome, Tried, vary};
pub use preload::whole_library;

/// Something that must not matter to what a build makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variation {
    /// When it happens: another year.
    Time,
    /// The time zone.
    Zone,
    /// The language and character set.
    Locale,
    /// The permissions that new files do not get.
    Umask,
    /// Who builds.
    User,
    /// What the machine is called.
    HostName,
    /// How many processors there are.
    Processors,
    /// In which order a directory lists its files.
    DirectoryOrder,
    /// Variables that are nobody's business.
    Environment,
    /// What the kernel calls itself.
    Kernel,
    /// Where it happens; varied on request only, because Debian's builders
    /// promise the same path.
    Path,
}

impl Variation {
    /// Every variation.
    pub const ALL: [Self; 11] = [
        Self::Time,
        Self::Zone,
        Self::Locale,
        Self::Umask,
        Self::User,
        Self::HostName,
        Self::Processors,
        Self::DirectoryOrder,
        Self::Environment,
        Self::Kernel,
        Self::Path,
    ];

    /// Returns those that are tried when nobody chooses: all but the path.
    pub fn usual() -> BTreeSet<Self> {
        let usual = Self::ALL.into_iter();
        usual.filter(|variation| *variation != Self::Path).collect()
    }

    /// Returns its name, as on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Zone => "zone",
            Self::Locale => "locale",
            Self::Umask => "umask",
            Self::User => "user",
            Self::HostName => "host-name",
            Self::Processors => "processors",
            Self::DirectoryOrder => "directory-order",
            Self::Environment => "environment",
            Self::Kernel => "kernel",
            Self::Path => "path",
        }
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Says that a text names no variation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is no variation; there are {}", Variation::ALL.map(Variation::name).join(", "))]
pub struct VariationError {
    /// What was found.
    pub text: String,
}

impl FromStr for Variation {
    type Err = VariationError;
    fn from_str(text: &str) -> Result<Self, VariationError> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| VariationError {
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
