//! What a journal holds: every intent before it is acted on, every result
//! after it. A rollout's state is these, one applied after the other.

use serde::{Deserialize, Serialize};

use super::facts::HostFacts;
use super::health::Verdict;
use super::policy::Policy;
use super::state::{Blocked, Fault, Halt, RolloutId, Skip};
use super::target::{Move, Target};
use crate::model::{Fingerprint, HostName, RingName, Suite, Timestamp};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who ran the controller: user and host.
    pub by: String,
    /// What happened.
    pub event: Event,
}

/// What happened, or is about to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "is"
)]
pub enum Event {
    /// The rollout was planned.
    Planned {
        /// Its name.
        id: RolloutId,
        /// What is rolled out.
        target: Target,
        /// How.
        policy: Box<Policy>,
        /// Why, where somebody said so.
        reason: Option<String>,
        /// The profile that was asked for (`emergency`).
        profile: Option<String>,
        /// The rollout of the same source that must have ended before anything
        /// is done: the one that this takes the place of, or waits for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<RolloutId>,
    },
    /// The rollout that goes first has ended.
    Cleared {
        /// Its name.
        of: RolloutId,
    },
    /// It was asked of somebody who may approve: the request's digest.
    Requested {
        /// SHA-256 of the request's text.
        request: String,
    },
    /// Somebody approved the request.
    Approved {
        /// The key.
        key: Fingerprint,
        /// The signed statement.
        statement: String,
    },
    /// An approval was looked at once more, and does not count (any more).
    Doubted {
        /// The key that was said to approve.
        key: Fingerprint,
        /// Why it does not count.
        why: String,
    },
    /// The way there and back was tried.
    Rehearsed {
        /// What was found; empty: both work.
        problems: Vec<String>,
    },
    /// The rehearsal was skipped.
    RehearsalSkipped {
        /// Why.
        reason: String,
    },
    /// A ring is about to be opened: its suites get the version.
    Opening {
        /// The ring.
        ring: RingName,
    },
    /// A ring is open.
    Opened {
        /// The ring.
        ring: RingName,
        /// Its suites and the generations that have the version.
        suites: Vec<Generation>,
    },
    /// A host answered before anything was done to it.
    Probed {
        /// The host.
        host: HostName,
        /// Its word.
        facts: Box<HostFacts>,
        /// What is to be done.
        moves: Vec<Move>,
    },
    /// A host needs nothing done.
    Skipped {
        /// The host.
        host: HostName,
        /// Why.
        why: Skip,
    },
    /// A host said nothing.
    Silent {
        /// The host.
        host: HostName,
        /// What was heard instead.
        why: String,
    },
    /// A host is about to be told to begin. Written for a whole batch before
    /// the first of it is told.
    Starting {
        /// The host.
        host: HostName,
        /// The job's name on it.
        job: String,
    },
    /// It has begun: the host said so.
    Begun {
        /// The host.
        host: HostName,
    },
    /// Nobody knows whether it has begun: the link was cut.
    Lost {
        /// The host.
        host: HostName,
        /// What was heard instead.
        why: String,
    },
    /// It has not begun: the host refused.
    NotBegun {
        /// The host.
        host: HostName,
        /// Why.
        why: String,
    },
    /// It has not begun and never will: the host, when it was asked, knew
    /// nothing of the job, and since then refuses one of that name.
    Unheard {
        /// The host.
        host: HostName,
    },
    /// Packages of ours are half done: they are to be finished first.
    HalfDone {
        /// The host.
        host: HostName,
        /// Its word.
        facts: Box<HostFacts>,
        /// What is to be done when they are.
        #[serde(default)]
        moves: Vec<Move>,
    },
    /// All is as it was meant to be: read back.
    Succeeded {
        /// The host.
        host: HostName,
        /// Its word.
        facts: Box<HostFacts>,
    },
    /// What was half done was repaired, and all is as it was meant to be.
    Repaired {
        /// The host.
        host: HostName,
        /// Its word.
        facts: Box<HostFacts>,
    },
    /// It did not become what was meant.
    Failed {
        /// The host.
        host: HostName,
        /// How.
        fault: Fault,
    },
    /// A check of a host or the controller was made.
    Checked {
        /// The ring.
        ring: RingName,
        /// The host; `None` for the controller.
        host: Option<HostName>,
        /// The check's name.
        check: String,
        /// What was found.
        found: Verdict,
    },
    /// A pull ring's hosts were counted.
    Counted {
        /// The ring.
        ring: RingName,
        /// How many there are.
        all: u64,
        /// How many run the version or a newer one.
        there: u64,
        /// How many say that it failed.
        failed: u64,
    },
    /// A pull ring is offered to more of its hosts.
    Phased {
        /// The ring.
        ring: RingName,
        /// To so many of a hundred.
        percent: u8,
    },
    /// All of a ring's hosts are done: it soaks.
    Soaking {
        /// The ring.
        ring: RingName,
        /// Until then, whoever controls it.
        until: Timestamp,
    },
    /// The rest of the soak is let go.
    SoakSkipped {
        /// The ring.
        ring: RingName,
        /// Why.
        reason: String,
    },
    /// A ring has passed its gate.
    Passed {
        /// The ring.
        ring: RingName,
    },
    /// Something is bad: nothing new is begun.
    Halted {
        /// What.
        why: Halt,
    },
    /// Somebody wants it to wait.
    Paused {
        /// Why.
        reason: Option<String>,
    },
    /// Somebody wants it to go on: what failed is tried again.
    Resumed {
        /// Why.
        reason: Option<String>,
    },
    /// A host is left out from now on.
    Excluded {
        /// The host.
        host: HostName,
        /// Why.
        reason: String,
    },
    /// A host that was left out is one of its ring's again.
    Included {
        /// The host.
        host: HostName,
        /// Why.
        reason: Option<String>,
    },
    /// All that was touched is to be as it was before.
    RollbackBegun {
        /// Why.
        reason: Option<String>,
    },
    /// Suites are about to lose the version.
    Withdrawing {
        /// Which.
        suites: Vec<Suite>,
    },
    /// They have lost it.
    Withdrawn {
        /// The generations without it.
        suites: Vec<Generation>,
    },
    /// The archive refused to take it out of them; nothing was changed.
    WithdrawalRefused {
        /// Which.
        suites: Vec<Suite>,
        /// What it said.
        said: String,
    },
    /// Something outside failed while a step was done; the step is tried again.
    /// Written once for each different failure.
    Stuck {
        /// What was done: “the rehearsal”, “opening a ring”.
        doing: String,
        /// What was said, with its causes.
        why: String,
    },
    /// Every host that could be reached is as it was.
    RolledBack,
    /// It cannot go back by itself.
    Blocked {
        /// Why.
        why: Blocked,
    },
    /// Hosts that were away are brought to where the others are.
    Converging,
    /// They are there, as far as they could be reached.
    Converged,
    /// It ends where it is.
    Aborted {
        /// Why.
        reason: Option<String>,
    },
    /// A newer rollout takes its place.
    Superseded {
        /// The newer one's id.
        by: String,
    },
    /// Every ring has passed.
    Done,
    /// Somebody was told, or could not be.
    Notified {
        /// Who: the channel's name.
        channel: String,
        /// What was told of: the number of its entry.
        of: u64,
        /// What went wrong, where something did.
        error: Option<String>,
    },
}

impl Event {
    /// Returns the host it is about.
    pub fn host(&self) -> Option<&HostName> {
        match self {
            Self::Probed { host, .. }
            | Self::Skipped { host, .. }
            | Self::Silent { host, .. }
            | Self::Starting { host, .. }
            | Self::Begun { host }
            | Self::Lost { host, .. }
            | Self::NotBegun { host, .. }
            | Self::Unheard { host }
            | Self::HalfDone { host, .. }
            | Self::Succeeded { host, .. }
            | Self::Repaired { host, .. }
            | Self::Failed { host, .. }
            | Self::Excluded { host, .. }
            | Self::Included { host, .. } => Some(host),
            Self::Checked { host, .. } => host.as_ref(),
            _ => None,
        }
    }

    /// Returns the ring it is about, where it names one.
    pub fn ring(&self) -> Option<&RingName> {
        match self {
            Self::Opening { ring }
            | Self::Opened { ring, .. }
            | Self::Checked { ring, .. }
            | Self::Counted { ring, .. }
            | Self::Phased { ring, .. }
            | Self::Soaking { ring, .. }
            | Self::SoakSkipped { ring, .. }
            | Self::Passed { ring } => Some(ring),
            _ => None,
        }
    }

    /// Names it in a word, as the journal writes it (`is`).
    pub fn word(&self) -> &'static str {
        match self {
            Self::Planned { .. } => "planned",
            Self::Cleared { .. } => "cleared",
            Self::Requested { .. } => "requested",
            Self::Approved { .. } => "approved",
            Self::Doubted { .. } => "doubted",
            Self::Rehearsed { .. } => "rehearsed",
            Self::RehearsalSkipped { .. } => "rehearsal-skipped",
            Self::Opening { .. } => "opening",
            Self::Opened { .. } => "opened",
            Self::Probed { .. } => "probed",
            Self::Skipped { .. } => "skipped",
            Self::Silent { .. } => "silent",
            Self::Starting { .. } => "starting",
            Self::Begun { .. } => "begun",
            Self::Lost { .. } => "lost",
            Self::NotBegun { .. } => "not-begun",
            Self::Unheard { .. } => "unheard",
            Self::HalfDone { .. } => "half-done",
            Self::Succeeded { .. } => "succeeded",
            Self::Repaired { .. } => "repaired",
            Self::Failed { .. } => "failed",
            Self::Checked { .. } => "checked",
            Self::Counted { .. } => "counted",
            Self::Phased { .. } => "phased",
            Self::Soaking { .. } => "soaking",
            Self::SoakSkipped { .. } => "soak-skipped",
            Self::Passed { .. } => "passed",
            Self::Halted { .. } => "halted",
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::Excluded { .. } => "excluded",
            Self::Included { .. } => "included",
            Self::RollbackBegun { .. } => "rollback-begun",
            Self::Withdrawing { .. } => "withdrawing",
            Self::Withdrawn { .. } => "withdrawn",
            Self::WithdrawalRefused { .. } => "withdrawal-refused",
            Self::Stuck { .. } => "stuck",
            Self::RolledBack => "rolled-back",
            Self::Blocked { .. } => "blocked",
            Self::Converging => "converging",
            Self::Converged => "converged",
            Self::Aborted { .. } => "aborted",
            Self::Superseded { .. } => "superseded",
            Self::Done => "done",
            Self::Notified { .. } => "notified",
        }
    }
}

/// A suite at a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The suite.
    pub suite: Suite,
    /// Its number.
    pub number: u64,
}
