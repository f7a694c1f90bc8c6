//! How a rollout goes: rings, batches, gates, windows. It is fixed when the
//! rollout starts and written into its journal, so that nobody moves the
//! goalposts meanwhile.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::health::Check;
use crate::model::{Fingerprint, HostName, RingName, Suite};

/// The whole policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// The rings, the canaries first. Never empty.
    pub rings: Vec<Ring>,
    /// How hosts are reached.
    pub engine: Engine,
    /// When rings may be opened and batches begun.
    pub calendar: Calendar,
    /// What a newer version does to this one while it soaks.
    pub supersede: Supersede,
    /// Whether somebody must approve before anything happens.
    pub approval: Approval,
    /// Whether the way there and back is rehearsed first.
    pub rehearsal: Rehearsal,
    /// What is restarted after an installation.
    pub restart: Restart,
    /// The `.sources` file of the hosts that has our archive; without it, all
    /// of a host's sources are read.
    pub sources_file: Option<String>,
    /// How long one host's transaction may take, in seconds.
    pub job_seconds: u32,
    /// How long apt waits for dpkg's lock, in seconds, and how long lists are
    /// tried.
    pub lock_seconds: u32,
    /// How often a host that did nothing is asked to begin.
    pub attempts: u32,
    /// How long a host that said nothing is left alone before it is asked
    /// again, in seconds.
    pub retry_seconds: u32,
}

/// One ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ring {
    /// Its name.
    pub name: RingName,
    /// Who is in it.
    pub members: Members,
    /// The suites that open for it, by the release they are for: the version is
    /// promoted there before any host is touched.
    pub suites: Vec<RingSuite>,
    /// How long it soaks after its last host, in seconds.
    pub soak_seconds: u32,
    /// How many hosts may be away at the same time.
    pub batch: Share,
    /// How many connections there are at the same time.
    pub concurrency: u32,
    /// What must hold on every host that got it, and on the controller.
    pub checks: Vec<Check>,
    /// How often checks are repeated while it soaks, in seconds.
    pub check_seconds: u32,
    /// More hosts than this that fail halt the rollout.
    pub max_failures: Share,
    /// More hosts than this that cannot be reached keep the gate shut.
    pub max_unreachable: Share,
    /// Fewer hosts than this that got it and are well prove nothing.
    pub min_sample: u32,
}

/// A suite that a ring's hosts read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingSuite {
    /// The release it is for; `None` for all.
    pub release: Option<String>,
    /// The suite.
    pub suite: Suite,
}

/// Who is in a ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Members {
    /// These hosts, each named once and in no earlier ring; the controller
    /// reaches them. The list was made when the rollout started.
    Hosts(Vec<HostName>),
    /// Hosts that update themselves; a command of the operator's says what they
    /// run.
    Pull(Pull),
}

/// A ring whose hosts update themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pull {
    /// The shell command that prints what the hosts run.
    pub observe: String,
    /// How long it may take, in seconds.
    pub limit_seconds: u32,
    /// How often it is asked, in seconds.
    pub every_seconds: u32,
    /// How much of the ring must run the version before it soaks.
    pub adoption: Share,
    /// The percentages that it is offered to, one after the other
    /// (`Phased-Update-Percentage`); empty: to all at once.
    pub phases: Vec<u8>,
    /// How long each percentage stands, in seconds.
    pub phase_seconds: u32,
}

/// A number of hosts, or a part of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// So many hosts.
    Count(u32),
    /// So many of a hundred.
    Percent(u8),
}

impl Share {
    /// Returns how many hosts of `all` may be away at once: part of a host is
    /// none, but one may always be.
    pub fn batch_of(self, all: usize) -> usize {
        self.at_most_of(all).max(1)
    }

    /// Returns how many hosts of `all` are within the share; part of a host is
    /// none.
    pub fn at_most_of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            Self::Percent(percent) => all * usize::from(percent) / 100,
        }
    }

    /// Returns how many hosts of `all` reach the share; part of a host is one.
    pub fn at_least_of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            Self::Percent(percent) => (all * usize::from(percent)).div_ceil(100),
        }
    }
}

/// How hosts are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The system's OpenSSH, with the user's configuration.
    Ssh,
    /// `ansible-playbook`.
    Ansible,
}

/// What a newer version does to a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supersede {
    /// It is refused until this one has ended.
    Refuse,
    /// It waits, and starts when this one has ended.
    Wait,
    /// It ends this one and starts from the first ring.
    Replace,
}

/// Whether a rollout must be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// It goes on by itself.
    NotNeeded,
    /// So many of these keys (OpenPGP fingerprints) must sign; no keys: any
    /// known key.
    Needed {
        /// How many different ones.
        count: u32,
        /// Whose count.
        keys: Vec<Fingerprint>,
    },
}

/// Whether a rollout is rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rehearsal {
    /// In a throw-away root, once for each release and set of packages.
    Wanted,
    /// Not, for this reason.
    Skipped(String),
}

/// What is restarted after an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Nothing: maintainer scripts have done what they do.
    Nothing,
    /// The units of processes that map files which are gone.
    Stale,
    /// These units.
    Units(Vec<String>),
}
