//! Hosts by how far they are.

use serde::Serialize;

use crate::rollout::state::{Host, Skip};
use crate::rollout::{HostState, Way};

/// Hosts by how far they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// They have it.
    pub ok: usize,
    /// A job runs, or may run.
    pub busy: usize,
    /// They failed.
    pub failed: usize,
    /// They cannot be asked.
    pub unreachable: usize,
    /// Nothing is to be done to them.
    pub skipped: usize,
    /// The rollout goes back, and never touched them.
    pub untouched: usize,
    /// Their turn is yet to come.
    pub waiting: usize,
}

impl Counts {
    pub(super) fn of<'a>(hosts: impl Iterator<Item = &'a Host>) -> Self {
        let mut counts = Self::default();
        for host in hosts {
            counts.all += 1;
            *match host.state {
                HostState::Ok | HostState::Repaired => &mut counts.ok,
                HostState::Failed { .. } => &mut counts.failed,
                HostState::Unreachable { .. } => &mut counts.unreachable,
                HostState::Skipped {
                    why: Skip::Untouched,
                } => &mut counts.untouched,
                HostState::Skipped { .. } => &mut counts.skipped,
                HostState::Pending | HostState::Probed => &mut counts.waiting,
                _ => &mut counts.busy,
            } += 1;
        }
        counts
    }

    /// Adds up what rings have: those that update themselves are counted by a
    /// command, and no host of theirs is known by name.
    pub(super) fn sum(rings: impl Iterator<Item = Self>) -> Self {
        rings.fold(Self::default(), |one, other| Self {
            all: one.all + other.all,
            ok: one.ok + other.ok,
            busy: one.busy + other.busy,
            failed: one.failed + other.failed,
            unreachable: one.unreachable + other.unreachable,
            skipped: one.skipped + other.skipped,
            untouched: one.untouched + other.untouched,
            waiting: one.waiting + other.waiting,
        })
    }

    /// Returns how many the rollout means to bring somewhere.
    pub fn meant(&self) -> usize {
        self.all - (self.skipped + self.untouched).min(self.all)
    }

    /// Says them in a clause, without what there is none of.
    pub fn text(&self, way: Way) -> String {
        let (there, moving, waiting) = match way {
            Way::Forward => ("ok", "installing", "waiting"),
            Way::Back => ("back", "going back", "to go back"),
        };
        let parts = [
            (self.ok, there),
            (self.busy, moving),
            (self.failed, "failed"),
            (self.unreachable, "unreachable"),
            (self.skipped, "skipped"),
            (self.untouched, "never touched"),
            (self.waiting, waiting),
        ];
        let said: Vec<_> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        match said.is_empty() {
            true => "no hosts".to_owned(),
            false => said.join(", "),
        }
    }
}
