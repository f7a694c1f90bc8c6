//! What a build needs of its system, as a value.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::suite::Suites;
use crate::format::buildinfo::Installed;
use crate::model::{Architecture, Component};

/// Everything that decides which system a build gets.
#[derive(Debug, Clone)]
pub struct RootWanted {
    /// What the system is made of.
    pub suites: Suites,
    /// Its architecture: the one that builds, not the one that is built for.
    pub architecture: Architecture,
    /// Where its packages come from.
    pub mirror: Mirror,
    /// The moment it is pinned to; none: as its archives are.
    pub snapshot: Option<Snapshot>,
    /// The components that are taken from the mirror; never empty.
    pub components: Vec<Component>,
    /// Archives that may serve build dependencies beside the mirror.
    pub archives: Vec<ExtraArchive>,
    /// What is installed on top; none: the bare system.
    pub dependencies: Option<Dependencies>,
    /// The packages of a record, to be installed in exactly these versions
    /// instead of what the dependencies would choose.
    pub exact: Option<Vec<Installed>>,
}

/// A mirror of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirror {
    /// The URI that `dists/` is below.
    pub uri: String,
    /// That of its security updates.
    pub security: Option<String>,
    /// The file with the keys that sign it; none: Debian's own.
    pub keyring: Option<PathBuf>,
}

/// A moment of an archive's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The moment, as the service names it (`20250520T000000Z`).
    pub id: String,
    /// The URI of the archive at `@SNAPSHOTID@`.
    pub uri: String,
}

/// An archive of somebody's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraArchive {
    /// What it is called in messages.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Its suites, each below `dists/`.
    pub suites: Vec<String>,
    /// Its components.
    pub components: Vec<String>,
    /// The armoured keys that sign it; none: those that the system trusts.
    pub keys: Option<String>,
}

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// Behind a URI that apt fetches from.
    Uri(String),
}

/// What a build needs installed, as its `debian/control` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependencies {
    /// The text of `debian/control`.
    pub control: String,
    /// Which of its packages are built.
    pub parts: Parts,
    /// The active build profiles.
    pub profiles: Vec<String>,
    /// The architecture that is built for, where it is another.
    pub host_architecture: Option<Architecture>,
}

/// Which packages of a source are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parts {
    /// All.
    All,
    /// Those for one architecture.
    Arch,
    /// Those for every architecture.
    Indep,
}
