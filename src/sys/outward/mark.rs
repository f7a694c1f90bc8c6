//! The mark of a repository that is under embargo: a file beside its refs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::place::{is_address_below, is_inside};
use super::{Destination, OutwardError};
use crate::model::Timestamp;
use crate::sys::files;

/// What the gate reads of a mark; who set it and what for is said beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Mark {
    /// The embargo's name.
    pub name: String,
    /// Whether it is being lifted.
    pub phase: Phase,
    /// Where things may go all the time.
    pub private: Places,
    /// Where they may go while it is being lifted.
    #[serde(default)]
    pub public: Places,
}

/// How far an embargo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing leaves but to private places.
    Sealed,
    /// It is being lifted: what was named for that leaves as well.
    Lifting,
}

/// Places, as [`super::remote_place`] and [`super::archive_place`] name them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Places {
    /// Git repositories.
    pub remotes: Vec<String>,
    /// Archives; what is below one is as well.
    pub archives: Vec<String>,
    /// Addresses that messages go to; what is below one is as well.
    pub addresses: Vec<String>,
    /// Commands, to the letter.
    pub commands: Vec<String>,
}

impl Places {
    fn hold(&self, to: &Destination) -> bool {
        match to {
            Destination::Remote(place) => self.remotes.contains(place),
            Destination::Archive(place) => self.archives.iter().any(|own| is_inside(place, own)),
            Destination::Address(url) => {
                self.addresses.iter().any(|own| is_address_below(url, own))
            }
            Destination::Command(command) => self.commands.contains(command),
            // A port that only this machine reaches shows nothing to others.
            Destination::Listeners(address) => address.ip().is_loopback(),
            Destination::Hosts => false,
        }
    }
}

/// What is remembered of an embargo that is over, as far as the gate reads it.
#[derive(Debug, Deserialize)]
pub struct Ended {
    /// Its name.
    name: String,
    /// When it was set; none: a mark of this name counts again.
    #[serde(default)]
    since: Option<Timestamp>,
}

impl Ended {
    /// The file's name in the directory of debcut's notes; newest last.
    pub const FILE: &str = "embargoes-ended.json";

    /// Lists the embargoes that ended in a repository.
    pub(super) fn all(notes: &Path) -> Result<Vec<Self>, OutwardError> {
        let bytes = files::read_if_there(&notes.join(Self::FILE))?.unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Tells whether a mark is of this one: a name may be used again for
    /// another embargo.
    pub(super) fn is_of(&self, name: &str, since: Option<Timestamp>) -> bool {
        self.name == name && self.since.is_some() && self.since == since
    }
}

impl Mark {
    /// The file's name in the directory of debcut's notes.
    pub const FILE: &str = "embargo.json";

    /// Returns the file of a repository, by the directory of debcut's notes.
    pub fn path(notes: &Path) -> PathBuf {
        notes.join(Self::FILE)
    }

    /// Reads the mark of a repository; none: it is not under embargo.
    pub fn read(notes: &Path) -> Result<Option<Self>, OutwardError> {
        let path = Self::path(notes);
        let Some(bytes) = files::read_if_there(&path)? else {
            return Ok(None);
        };
        let mark = serde_json::from_slice(&bytes);
        mark.map(Some)
            .map_err(|source| OutwardError::Unreadable { path, source })
    }

    /// Tells whether something may go there.
    pub fn allows(&self, to: &Destination) -> bool {
        self.private.hold(to) || (self.phase == Phase::Lifting && self.public.hold(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_used_again_is_another_embargo() {
        let at = |seconds| Some(Timestamp::from_unix(seconds));
        for (since, mark, want) in [
            (at(1), at(1), true),
            (at(1), at(2), false),
            (at(1), None, false),
            // It ended elsewhere, and a mark that comes counts again.
            (None, at(1), false),
            (None, None, false),
        ] {
            let name = "ORCHID".to_owned();
            let ended = Ended { name, since };
            assert_eq!(ended.is_of("ORCHID", mark), want, "{since:?} {mark:?}");
            assert!(!ended.is_of("LILY", mark));
        }
    }
}
