//! How many hosts of a ring are how far: every host is counted once.

use super::{Counts, HostState, Skip};

impl Counts {
    fn place(&mut self, state: &HostState) -> &mut usize {
        match state {
            HostState::Pending => &mut self.pending,
            HostState::Probed => &mut self.probed,
            HostState::Skipped {
                why: Skip::Untouched,
            } => &mut self.untouched,
            HostState::Skipped { .. } => &mut self.skipped,
            HostState::Started | HostState::Unknown { .. } | HostState::HalfDone => {
                &mut self.in_flight
            }
            HostState::Ok => &mut self.ok,
            HostState::Repaired => &mut self.repaired,
            HostState::Failed { .. } => &mut self.failed,
            HostState::Unreachable { .. } => &mut self.unreachable,
        }
    }

    pub(super) fn add(&mut self, state: &HostState) {
        *self.place(state) += 1;
        if *state == (HostState::Skipped { why: Skip::Already }) {
            self.already += 1;
        }
    }

    pub(super) fn remove(&mut self, state: &HostState) {
        *self.place(state) -= 1;
        if *state == (HostState::Skipped { why: Skip::Already }) {
            self.already -= 1;
        }
    }
}
