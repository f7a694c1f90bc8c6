//! Health: what must hold, and what was found.

use serde::{Deserialize, Serialize};

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What is tried.
    pub what: What,
    /// How long it may take, in seconds.
    pub limit_seconds: u32,
    /// How often in a row it must fail before it counts: 1 or more.
    pub failures: u32,
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A shell command on each host that got the version: 0 passes, 75
    /// (EX_TEMPFAIL of sysexits(3)) is inconclusive, anything else fails.
    OnHost(String),
    /// The same on the controller, once for the ring.
    OnController(String),
    /// This unit is active on each host that has it, with another main process
    /// than before the installation.
    Service(String),
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not, or it took longer than it may.
    Failed {
        /// What was said.
        said: String,
    },
    /// Nobody can tell: nothing was heard of it, or it said so itself.
    Inconclusive {
        /// What was said.
        said: String,
    },
}
