//! A rollout as it stands: its journal, applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Generation;
use super::facts::{HostFacts, Installed, System};
use super::policy::Policy;
use super::target::{Move, Target};
use crate::format::version::Version;
use crate::model::{Fingerprint, HostName, PackageName, RingName, Suite, Timestamp};

mod admit;
mod apply;
mod counts;
mod host;
mod id;
mod standing;
mod turning;

pub use apply::{ReplayError, Unfit};
pub use id::{RolloutId, RolloutIdError};
pub use standing::Standing;

/// A rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Its name.
    pub id: RolloutId,
    /// When it was planned.
    pub planned: Timestamp,
    /// Who planned it.
    pub by: String,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// The profile that was asked for.
    pub profile: Option<String>,
    /// What is rolled out.
    pub target: Target,
    /// How.
    pub policy: Policy,
    /// Where it is.
    pub phase: Phase,
    /// Whether somebody wants it to wait, and why.
    pub paused: Option<String>,
    /// Which way hosts are moved.
    pub way: Way,
    /// The rings, in the policy's order.
    pub rings: Vec<RingState>,
    /// The hosts that the controller reaches, by name.
    pub hosts: BTreeMap<HostName, Host>,
    /// What the rehearsal found; empty: both ways work, or nobody has tried.
    pub problems: Vec<String>,
    /// Why the rehearsal was skipped.
    pub rehearsal_skipped: Option<String>,
    /// Who approved, each key once.
    pub approved: Vec<Approved>,
    /// The request's digest, once it was asked.
    pub request: Option<String>,
    /// The rollout whose end is waited for before anything is done.
    pub after: Option<RolloutId>,
    /// The suites that are about to lose the version.
    pub withdrawing: Vec<Suite>,
    /// How the archive refused to take it out of them, until it has done so.
    pub refused: Option<Refusal>,
    /// What failed outside when a step was last tried, until one was done.
    pub trouble: Option<Trouble>,
    /// The number of the newest entry.
    pub entries: u64,
    /// When it was written.
    pub newest: Timestamp,
}

/// An approval, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Whose.
    pub key: Fingerprint,
    /// The signed statement.
    pub statement: String,
}

/// The archive refused to withdraw the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it said last.
    pub said: String,
    /// When.
    pub at: Timestamp,
    /// How often in a row.
    pub times: u32,
}

/// Something outside failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What was done.
    pub doing: String,
    /// What was said.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// Where a rollout is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Phase {
    /// Nothing has been done.
    Planned,
    /// The way there and back was tried, or that was skipped.
    Rehearsed,
    /// At this ring.
    Ring {
        /// Its place in the policy.
        index: usize,
        /// How far.
        stage: Stage,
    },
    /// Something is bad; it goes on from where it was when somebody says so.
    Halted {
        /// What.
        why: Halt,
        /// Where it was.
        from: Box<Phase>,
    },
    /// Suites lose the version, then hosts go back.
    RollingBack {
        /// Whether the suites have lost it.
        withdrawn: bool,
    },
    /// Every host that could be reached is as it was.
    RolledBack,
    /// It cannot go back by itself. It has not ended: hosts are not where they
    /// should be until somebody resumes it, lets them converge, ends it, or
    /// brings something newer.
    Blocked {
        /// Why.
        why: Blocked,
    },
    /// Every ring has passed.
    Done,
    /// Somebody ended it where it was.
    Aborted,
    /// A newer one took its place.
    Superseded,
    /// Hosts that were away catch up.
    Converging {
        /// What it was before.
        from: Box<Phase>,
    },
}

/// How far a ring is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Stage {
    /// Its suites get the version.
    Opening,
    /// Its hosts get it, batch by batch.
    Installing,
    /// All hosts are done; checks are made once more.
    Verifying,
    /// It waits to see whether it keeps well.
    Soaking {
        /// Until then.
        until: Timestamp,
    },
    /// Its gate is passed.
    Passed,
}

/// Which way hosts are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// To the new version.
    Forward,
    /// To each host's own previous one.
    Back,
}

/// A ring as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingState {
    /// Its name.
    pub name: RingName,
    /// How many of its hosts are how far.
    pub counts: Counts,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// The generations that have the version.
    pub suites: Vec<Generation>,
    /// Whether it was about to be opened: its suites may have the version.
    pub opening: bool,
    /// When its first host had the version.
    pub first: Option<Timestamp>,
    /// When its last host had it.
    pub last: Option<Timestamp>,
    /// Until when it soaks.
    pub soak: Option<Timestamp>,
    /// Why its soak was let go.
    pub soak_skipped: Option<String>,
    /// When it passed its gate.
    pub passed: Option<Timestamp>,
    /// Its newest checks: by check and host (`None`: the controller).
    pub checks: BTreeMap<(String, Option<HostName>), Checked>,
    /// What a pull ring's hosts said last.
    pub counted: Option<Counted>,
    /// What a pull ring is offered to, and since when.
    pub phased: Option<(u8, Timestamp)>,
    /// Whether its suites lost the version since it was opened: a pull ring
    /// that is paused or halted.
    pub withdrawn: bool,
    /// So many failures of a pull ring were known when somebody said go on.
    pub forgiven: u64,
}

/// How many hosts of a ring are how far; every host is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Nobody has asked them.
    pub pending: usize,
    /// They answered, and something is to be done.
    pub probed: usize,
    /// Nothing is to be done.
    pub skipped: usize,
    /// The rollout goes back, and never touched them.
    pub untouched: usize,
    /// Of those that are skipped: they had what is meant already.
    pub already: usize,
    /// A job runs or may run, or left something half done.
    pub in_flight: usize,
    /// Read back: all is as meant.
    pub ok: usize,
    /// As meant, after a repair.
    pub repaired: usize,
    /// They failed.
    pub failed: usize,
    /// They cannot be asked.
    pub unreachable: usize,
}

impl Counts {
    /// Returns how many there are.
    pub fn all(&self) -> usize {
        self.wanted() + self.skipped + self.untouched
    }

    /// Returns how many there are beside those that are skipped or untouched.
    pub fn wanted(&self) -> usize {
        self.left() + self.installed() + self.failed + self.unreachable
    }

    /// Returns how many there is still something to do for.
    pub fn left(&self) -> usize {
        self.pending + self.probed + self.in_flight
    }

    /// Returns how many the rollout brought it to.
    pub fn installed(&self) -> usize {
        self.ok + self.repaired
    }

    /// Returns how many have it and are well.
    pub fn well(&self) -> usize {
        self.installed() + self.already
    }
}

/// The newest result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When it was made.
    pub at: Timestamp,
    /// What was found.
    pub found: super::health::Verdict,
    /// How often in a row it has failed.
    pub row: u32,
}

/// What a pull ring's hosts said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: Timestamp,
    /// How many there are.
    pub all: u64,
    /// How many run the version or a newer one.
    pub there: u64,
    /// How many say that it failed.
    pub failed: u64,
}

/// A host as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its ring's place in the policy.
    pub ring: usize,
    /// How far it is, on the rollout's way.
    pub state: HostState,
    /// What is to be done to it on the way there, or was; the way back is in
    /// it.
    pub moves: Vec<Move>,
    /// What its last word says is to be done now, on the way that the rollout
    /// goes.
    pub due: Vec<Move>,
    /// What it said before anything was done.
    pub before: Option<Box<HostFacts>>,
    /// What it said last.
    pub now: Option<Box<HostFacts>>,
    /// The newest job's name on it.
    pub job: Option<String>,
    /// How often it was told to begin, on this way.
    pub attempts: u32,
    /// Whether a job was ever started on it, or may have been.
    pub touched: bool,
    /// Whether its newest job is, or was, to repair what was half done.
    pub repair: bool,
    /// When its newest job was ordered.
    pub told: Option<Timestamp>,
    /// When it last said nothing, or refused to begin: it is left alone for a
    /// while, or until somebody says go on.
    pub asked: Option<Timestamp>,
    /// When its state changed.
    pub since: Timestamp,
}

/// How far a host is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum HostState {
    /// Nobody has asked it.
    Pending,
    /// It answered, and something is to be done.
    Probed,
    /// Nothing is to be done.
    Skipped {
        /// Why.
        why: Skip,
    },
    /// Its job runs.
    Started,
    /// Its job may run or may have ended: it must be asked.
    Unknown {
        /// What was heard instead.
        why: String,
    },
    /// Read back: packages of ours are half done. A job that repairs is due.
    HalfDone,
    /// Read back: all is as meant.
    Ok,
    /// Read back: it is not.
    Failed {
        /// How.
        fault: Fault,
    },
    /// All is as meant, after what was half done was repaired.
    Repaired,
    /// It cannot be asked.
    Unreachable {
        /// What was heard instead.
        why: String,
    },
}

/// Why nothing is to be done to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Skip {
    /// Somebody holds a package of the source there.
    Held {
        /// Which.
        package: PackageName,
    },
    /// It runs something newer.
    Newer {
        /// What.
        version: Version,
    },
    /// It has what is meant already.
    Already,
    /// None of the source's packages is installed.
    Absent,
    /// No version is meant for its system.
    OtherSystem {
        /// What it runs.
        system: System,
    },
    /// Somebody left it out.
    Excluded {
        /// Why.
        reason: String,
        /// Who.
        #[serde(default)]
        by: String,
    },
    /// On the way back: somebody has brought it to another version since.
    Changed {
        /// A package.
        package: PackageName,
        /// Its version.
        version: Version,
    },
    /// The rollout never touched it, so nothing is to be undone.
    Untouched,
}

/// How a host failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Fault {
    /// The lists could not be read: archive down, clock behind, lock held.
    Update {
        /// What apt said.
        log: String,
    },
    /// apt would remove something, or finds no way: nothing was done.
    Refused {
        /// What apt said.
        log: String,
    },
    /// The version is not in what the host reads.
    Gone {
        /// What apt said.
        log: String,
    },
    /// A package is not what was meant, or is half done.
    NotAsMeant {
        /// What dpkg knows.
        found: Vec<Installed>,
        /// What apt and dpkg said.
        log: String,
    },
    /// Something else than ours is half done: not for us to repair.
    Foreign {
        /// What.
        packages: Vec<PackageName>,
    },
    /// It did not end in its time.
    Late,
    /// It was told to begin as often as the policy allows, and did not.
    NeverBegan {
        /// What was heard.
        why: String,
    },
    /// A check of its health failed.
    Check {
        /// The check's name.
        check: String,
        /// What was found.
        said: String,
    },
    /// It still has the version that is taken back, and is not to be moved.
    Stays {
        /// Why.
        why: Skip,
    },
    /// Its own previous version is no longer to be had.
    NoWayBack {
        /// What is missing.
        missing: Vec<String>,
    },
}

/// Why a rollout halted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Halt {
    /// More hosts of a ring failed than its threshold allows.
    Failures {
        /// The ring.
        ring: RingName,
        /// How many failed.
        failed: usize,
        /// How many may.
        allowed: usize,
    },
    /// A check on the controller failed.
    Check {
        /// The ring.
        ring: RingName,
        /// The check's name.
        check: String,
        /// What was found.
        said: String,
    },
    /// The rehearsal found problems.
    Rehearsal {
        /// Which.
        problems: Vec<String>,
    },
    /// No host of the ring got the version: nothing is proven.
    NothingTried {
        /// The ring.
        ring: RingName,
    },
    /// The suites no longer have what the rollout brings.
    VersionGone {
        /// Which.
        suites: Vec<Suite>,
    },
    /// The archive refused to open a ring.
    Promotion {
        /// The ring.
        ring: RingName,
        /// What it said.
        said: String,
    },
    /// Somebody said so.
    Asked {
        /// Why.
        reason: Option<String>,
    },
}

/// Why a rollout cannot go back by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Blocked {
    /// These hosts did not go back.
    Hosts {
        /// Which.
        hosts: Vec<HostName>,
    },
    /// The archive refused to withdraw the version.
    Withdrawal {
        /// What it said.
        said: String,
    },
    /// Hosts of these rings update themselves, and still have it: no withdrawal
    /// takes it from them. Only a newer version with the old content does.
    Pull {
        /// Which.
        rings: Vec<RingName>,
        /// How many hosts.
        hosts: u64,
    },
}
