//! `[rollout]` as written → how rollouts go here. Who the hosts are is found out
//! when one starts.

mod calendar;
mod checked;
mod rings;
#[cfg(test)]
mod tests;
mod words;

pub(super) use calendar::start_days_of;
pub(super) use words::destination;
pub use words::host_word;

use std::collections::BTreeMap;

use super::read::{ConfigError, Source};
use super::written::rollout as written;
use crate::model::{HostName, RingName};
use crate::rollout::calendar::Calendar;
use crate::rollout::health::Check;
use crate::rollout::policy::{
    Approval, Engine, Pull, Rehearsal, Restart, RingSuite, Share, Supersede,
};
use crate::rollout::telling::{Channel, Destination, Form};

/// How rollouts go, as far as the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRules {
    /// The archive: a name of the configuration's, a directory or a URL.
    pub archive: Option<String>,
    /// The suites where versions enter, by the release they are for; empty:
    /// wherever the version is.
    pub from: Vec<RingSuite>,
    /// Everyone, for rings of the rest.
    pub hosts: Option<HostsWanted>,
    /// How hosts are reached.
    pub engine: Engine,
    /// Options that ssh(1) gets before the host's name.
    pub ssh_options: Vec<String>,
    /// Whether scripts run through sudo(8) on hosts.
    pub rights: Rights,
    /// The inventory of groups, and of the engine `ansible`.
    pub inventory: Option<String>,
    /// The `.sources` file of hosts that has the archive.
    pub sources_file: Option<String>,
    /// What a newer version does to an open rollout.
    pub supersede: Supersede,
    /// What is restarted after an installation.
    pub restart: Restart,
    /// Whether the way there and back is rehearsed.
    pub rehearsal: Rehearsal,
    /// What is below it.
    pub rehearsal_base: RehearsalBase,
    /// Whether somebody must approve.
    pub approval: Approval,
    /// When something may be begun.
    pub calendar: Calendar,
    /// How long one host's transaction may take, in seconds.
    pub job_seconds: u32,
    /// How long locks are waited for, in seconds.
    pub lock_seconds: u32,
    /// How often a host that did nothing is asked to begin.
    pub attempts: u32,
    /// How long a silent host is left alone, in seconds.
    pub retry_seconds: u32,
    /// What holds for rings that say nothing of their own.
    pub usual: RingNumbers,
    /// The rings; empty: a canary, then everybody else.
    pub rings: Vec<RingRules>,
    /// Checks that hold in every ring, for the rings there are by default.
    pub checks: Vec<Check>,
    /// Who is told of what.
    pub channels: Vec<Channel>,
    /// How approval is asked for.
    pub request: RequestRules,
    /// Profiles by name; `emergency` is always there.
    pub profiles: BTreeMap<String, Profile>,
}

/// What a rehearsal stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RehearsalBase {
    /// A clean system of the release.
    Clean,
    /// This machine's own, below a layer that goes away.
    Host,
}

/// With whose rights scripts run on hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// Those of the user who is logged in: root.
    OfUser,
    /// Root's, by `sudo -n`.
    Sudo,
}

/// The numbers of a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingNumbers {
    /// How long it soaks, in seconds.
    pub soak_seconds: u32,
    /// How many hosts may be away at once.
    pub batch: Share,
    /// How many connections there are at once.
    pub concurrency: u32,
    /// How often checks are repeated, in seconds.
    pub check_seconds: u32,
    /// More failures halt it.
    pub max_failures: Share,
    /// More that cannot be reached keep its gate shut.
    pub max_unreachable: Share,
    /// Fewer that are well prove nothing.
    pub min_sample: u32,
}

/// A ring whose hosts are not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingRules {
    /// Its name.
    pub name: RingName,
    /// Who is in it.
    pub members: MembersWanted,
    /// The suites that open for it.
    pub suites: Vec<RingSuite>,
    /// Its numbers.
    pub numbers: RingNumbers,
    /// What must hold.
    pub checks: Vec<Check>,
}

/// Who is in a ring, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersWanted {
    /// Hosts that the controller reaches.
    Hosts(HostsWanted),
    /// Hosts that update themselves.
    Pull(Pull),
}

/// Hosts, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostsWanted {
    /// These.
    Named(Vec<HostWord>),
    /// Those that a shell command prints, one a line.
    Command(String),
    /// Everyone who is in no ring before.
    Rest,
}

/// A host, or a group of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostWord {
    /// A host.
    Host(HostName),
    /// `@GROUP`.
    Group(String),
}

/// How approval is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestRules {
    /// How it is said; `None` for Markdown.
    pub form: Option<Form>,
    /// Where it goes beside the journal.
    pub to: Option<Destination>,
}

/// What is different when a rollout is started by a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Each ring's soak, in seconds.
    pub soak_seconds: Option<u32>,
    /// Each ring's batch.
    pub batch: Option<Share>,
    /// Each ring's connections.
    pub concurrency: Option<u32>,
    /// Each ring's failures.
    pub max_failures: Option<Share>,
    /// Each ring's silent hosts.
    pub max_unreachable: Option<Share>,
    /// Each ring's sample.
    pub min_sample: Option<u32>,
    /// Whether the rehearsal is skipped.
    pub skips_rehearsal: bool,
    /// Whether windows, start days and closed days do not count.
    pub skips_windows: bool,
    /// Who must approve instead.
    pub approval: Option<Approval>,
    /// Whether a reason must be given.
    pub needs_reason: bool,
}

/// The profile that is always there: ten minutes instead of a day, half a ring
/// at once, now.
pub const EMERGENCY: &str = "emergency";

impl Default for RolloutRules {
    fn default() -> Self {
        let source = Source {
            file: String::new(),
            text: "",
        };
        Self::read(&source, written::Rollout::default()).expect("silence is right")
    }
}

impl RolloutRules {
    /// Reads a file of its own: the keys of `[rollout]` without that prefix.
    /// `file` is its name for errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source {
            file: file.to_owned(),
            text,
        };
        Self::read(&source, source.parse_as()?)
    }

    /// Takes the table.
    pub(super) fn read(source: &Source<'_>, table: written::Rollout) -> Result<Self, ConfigError> {
        checked::rules(source, table)
    }
}
