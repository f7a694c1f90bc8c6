//! What stands between a build and this machine, and what a build may use up.

use std::path::PathBuf;

use serde::Serialize;

/// What stands between a build and this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Isolation {
    /// Nothing: a clean directory and a fixed environment on the host.
    None,
    /// Namespaces of its own around the machine's system, without network.
    Namespace,
    /// Those, around a clean Debian of the target suite.
    Chroot(ChrootWanted),
}

/// A clean Debian, as far as a person says which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChrootWanted {
    /// The suite, and those beside it that it takes packages from.
    pub suites: Vec<String>,
    /// The moment it is pinned to.
    pub snapshot: Option<String>,
}

impl Isolation {
    /// Returns its word, as the command line has it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Namespace => "namespace",
            Self::Chroot(_) => "chroot",
        }
    }
}

/// What a build in a room may use up, and see of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// Processes and threads.
    pub processes: u64,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// What may be written, in bytes.
    pub space_bytes: u64,
    /// Further directories of the machine's that a build may read.
    pub host_paths: Vec<PathBuf>,
    /// What becomes of a build that reached for the network.
    pub network: NetworkAttempts,
    /// What becomes of a build that ran into one of the limits.
    pub limits: LimitsReached,
    /// Paths that a build has no business with; nobody else's affair either.
    #[serde(skip)]
    pub forbidden: Vec<PathBuf>,
}

/// What becomes of a build that reached for the network, which it never gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkAttempts {
    /// It fails: what it makes may depend on the weather.
    Fail,
    /// It is warned of: its tests try and cope.
    Warn,
}

/// What becomes of a build that ran into a limit and ended well all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitsReached {
    /// It fails: whoever was ended for it may be missing in what was made.
    Fail,
    /// It is warned of: its tests try and cope.
    Warn,
}
