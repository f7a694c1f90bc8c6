//! Hosts by how far they are.

use serde::Serialize;

use crate::rollout::HostState;
use crate::rollout::state::Host;

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
                HostState::Skipped { .. } => &mut counts.skipped,
                HostState::Pending | HostState::Probed => &mut counts.waiting,
                _ => &mut counts.busy,
            } += 1;
        }
        counts
    }

    /// Says them in a clause, without what there is none of.
    pub fn text(&self) -> String {
        let parts = [
            (self.ok, "ok"),
            (self.busy, "installing"),
            (self.failed, "failed"),
            (self.unreachable, "unreachable"),
            (self.skipped, "skipped"),
            (self.waiting, "waiting"),
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
