//! How a ring stands, as a person asks it.

use super::{HostState, Phase, Rollout, Skip, Stage, Way};
use crate::model::Timestamp;
use crate::rollout::policy::Members;

/// How a ring stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not its turn yet.
    Waiting,
    /// Its suites get the version.
    Opening,
    /// Its hosts get it.
    Installing,
    /// All hosts are done; checks are made once more.
    Verifying,
    /// It waits to see whether it keeps well.
    Soaking {
        /// Until then.
        until: Timestamp,
    },
    /// Its gate is passed: what it got is there.
    Passed,
    /// The rollout ended while it was open: some of it has the version.
    Left,
    /// The rollout goes back, or ended, and never touched it.
    Untouched,
    /// Its hosts go back.
    GoingBack,
    /// They are as they were.
    Back,
    /// Some of them are not, or cannot be asked.
    NotBack,
}

impl Rollout {
    /// Returns how a ring stands; `index` is its place in the policy.
    pub fn standing(&self, index: usize) -> Standing {
        match self.way {
            Way::Forward => self.standing_there(index),
            Way::Back => self.standing_back(index),
        }
    }

    fn standing_there(&self, index: usize) -> Standing {
        let state = &self.rings[index];
        if state.passed.is_some() {
            return Standing::Passed;
        }
        match self.phase.beneath() {
            Phase::Ring { index: at, stage } if *at == index => match stage {
                Stage::Opening => Standing::Opening,
                Stage::Installing => Standing::Installing,
                Stage::Verifying => Standing::Verifying,
                Stage::Soaking { until } => Standing::Soaking { until: *until },
                Stage::Passed => Standing::Passed,
            },
            phase if phase.has_ended() => match state.opening {
                true => Standing::Left,
                false => Standing::Untouched,
            },
            _ => Standing::Waiting,
        }
    }

    fn standing_back(&self, index: usize) -> Standing {
        let state = &self.rings[index];
        if !state.opening {
            return Standing::Untouched;
        }
        let Members::Hosts(members) = &self.policy.rings[index].members else {
            return match state.counted {
                None => Standing::GoingBack,
                Some(counted) if counted.there > 0 => Standing::NotBack,
                Some(_) => Standing::Back,
            };
        };
        let counts = &state.counts;
        let untouched = |state: &HostState| {
            *state
                == HostState::Skipped {
                    why: Skip::Untouched,
                }
        };
        let mut hosts = members.iter().filter_map(|name| self.hosts.get(name));
        match (counts.left(), counts.failed + counts.unreachable) {
            (0, 0) if hosts.all(|host| untouched(&host.state)) => Standing::Untouched,
            (0, 0) => Standing::Back,
            (0, _) => Standing::NotBack,
            _ => Standing::GoingBack,
        }
    }
}
