//! What a person's word changes: on again, back, and those who were away.

use super::{HostState, Phase, Rollout, Skip, Stage, Way};
use crate::model::Timestamp;
use crate::rollout::health::Verdict;

impl Rollout {
    pub(super) fn shorten_soak(&mut self, index: usize, until: Timestamp) {
        let mut phase = &mut self.phase;
        while let Phase::Halted { from, .. } | Phase::Converging { from } = phase {
            phase = from;
        }
        if let Phase::Ring { index: at, stage } = phase
            && *at == index
            && matches!(stage, Stage::Soaking { .. })
        {
            *stage = Stage::Soaking { until };
        }
    }

    /// What failed or was silent is tried again, and is forgiven.
    pub(super) fn resume(&mut self, at: Timestamp) {
        self.paused = None;
        self.refused = None;
        match self.phase.clone() {
            Phase::Halted { from, .. } => {
                // Who caught up meanwhile waits until its ring is open again.
                self.phase = match from.beneath() {
                    ring @ Phase::Ring { .. } => ring.clone(),
                    _ => *from,
                };
                self.soak_anew();
            }
            Phase::Blocked { why } => {
                let withdrawn = !matches!(why, super::Blocked::Withdrawal { .. });
                self.phase = Phase::RollingBack { withdrawn };
            }
            _ => {}
        }
        self.problems.clear();
        for host in self.hosts.values_mut() {
            host.asked = None;
        }
        self.ask_skipped_again(at);
        self.again(at, |state| {
            matches!(
                state,
                HostState::Failed { .. } | HostState::Unreachable { .. }
            )
        });
        for ring in &mut self.rings {
            ring.checks
                .retain(|_, known| known.found == Verdict::Passed);
            ring.forgiven = ring.counted.map_or(0, |counted| counted.failed);
        }
        self.count_again();
    }

    /// What kept hosts of the current ring from taking part may be gone: a hold, a
    /// package that was not there.
    fn ask_skipped_again(&mut self, at: Timestamp) {
        let Phase::Ring { index, .. } = self.phase else {
            return;
        };
        let kept = self.hosts.iter().filter(|(_, host)| {
            let skipped = matches!(
                host.state,
                HostState::Skipped {
                    why: Skip::Held { .. } | Skip::Newer { .. } | Skip::Absent,
                }
            );
            skipped && !host.touched && host.ring == index
        });
        let names: Vec<_> = kept.map(|(name, _)| name.clone()).collect();
        for name in names {
            if let Some(host) = self.hosts.get_mut(&name) {
                host.afresh();
            }
            self.set(&name, HostState::Pending, at);
        }
    }

    /// What was bad while it soaked is mended now, and has proven nothing yet.
    fn soak_anew(&mut self) {
        if let Phase::Ring { index, stage } = &mut self.phase
            && matches!(stage, Stage::Soaking { .. })
        {
            *stage = Stage::Installing;
            self.rings[*index].soak = None;
        }
    }

    /// On the way back, what a pull ring's hosts run is asked for once more.
    fn count_again(&mut self) {
        if self.way == Way::Back {
            for ring in &mut self.rings {
                ring.counted = None;
            }
        }
    }

    pub(super) fn turn_back(&mut self, at: Timestamp) {
        let turning = self.way == Way::Forward;
        self.way = Way::Back;
        self.paused = None;
        self.refused = None;
        self.phase = Phase::RollingBack { withdrawn: false };
        self.count_again();
        let exposed = self.exposed();
        let names: Vec<_> = self.hosts.keys().cloned().collect();
        for name in names {
            let Some(host) = self.hosts.get_mut(&name) else {
                continue;
            };
            let back = matches!(host.state, HostState::Ok | HostState::Repaired);
            let state = match host.touched {
                true if turning || !back => {
                    host.afresh();
                    HostState::Pending
                }
                true => continue,
                // Why it was skipped stays worth knowing.
                false if matches!(host.state, HostState::Skipped { .. }) => continue,
                // It may have taken the version by itself, and is asked.
                false if exposed[host.ring] => {
                    host.afresh();
                    HostState::Pending
                }
                false => HostState::Skipped {
                    why: Skip::Untouched,
                },
            };
            self.set(&name, state, at);
        }
    }

    /// Tells, for each ring, whether one of its suites was opened: its hosts could
    /// take the version before they were told to.
    fn exposed(&self) -> Vec<bool> {
        let suites = |index: usize| {
            let suites = self.policy.rings[index].suites.iter();
            suites.map(|own| &own.suite)
        };
        let rings = 0..self.rings.len();
        let opened = rings.clone().filter(|index| self.rings[*index].opening);
        let opened: std::collections::BTreeSet<_> = opened.flat_map(suites).collect();
        let exposed = rings.map(|index| suites(index).any(|own| opened.contains(own)));
        exposed.collect()
    }

    /// What was about to be withdrawn is.
    pub(super) fn withdrawn(&mut self) {
        self.refused = None;
        let suites = std::mem::take(&mut self.withdrawing);
        let mut phase = &mut self.phase;
        while let Phase::Halted { from, .. } = phase {
            phase = from;
        }
        if let Phase::RollingBack { withdrawn } = phase {
            *withdrawn = true;
        }
        let policies = &self.policy.rings;
        for (ring, policy) in self.rings.iter_mut().zip(policies) {
            let mut own = policy.suites.iter().map(|own| &own.suite);
            let gone = own.any(|own| suites.contains(own));
            ring.withdrawn |= ring.opening && gone;
        }
    }

    pub(super) fn converge(&mut self, at: Timestamp) {
        let back = self.way == Way::Back;
        self.count_again();
        self.phase = Phase::Converging {
            from: Box::new(self.phase.clone()),
        };
        self.again(at, |state| match state {
            HostState::Unreachable { .. } | HostState::Unknown { .. } => true,
            HostState::Failed { .. } => back,
            _ => false,
        });
    }

    pub(super) fn converged(&mut self) {
        let failed = self.hosts.iter();
        let failed = failed.filter(|(_, host)| matches!(host.state, HostState::Failed { .. }));
        let hosts: Vec<_> = failed.map(|(name, _)| name.clone()).collect();
        let Phase::Converging { from } = &self.phase else {
            return;
        };
        self.phase = match (self.way, hosts.is_empty()) {
            (Way::Forward, _) => from.as_ref().clone(),
            (Way::Back, true) => Phase::RolledBack,
            (Way::Back, false) => Phase::Blocked {
                why: super::Blocked::Hosts { hosts },
            },
        };
    }

    /// Makes hosts pending again.
    pub(super) fn again(&mut self, at: Timestamp, which: impl Fn(&HostState) -> bool) {
        let hosts = self.hosts.iter();
        let names = hosts.filter(|(_, host)| which(&host.state));
        let names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            if let Some(host) = self.hosts.get_mut(&name) {
                host.afresh();
            }
            self.set(&name, HostState::Pending, at);
        }
    }
}
