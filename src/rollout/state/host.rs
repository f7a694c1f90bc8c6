//! What a host's word, and what was done to it, changes.

use super::{Checked, Fault, Host, HostState, Rollout, Skip, Way};
use crate::model::{HostName, RingName, Timestamp};
use crate::rollout::event::{Entry, Event};
use crate::rollout::health::Verdict;

impl Rollout {
    pub(super) fn take_of_host(&mut self, entry: &Entry) {
        let (event, at) = (&entry.event, entry.at);
        let Some(name) = event.host() else { return };
        let Some(host) = self.hosts.get_mut(name) else {
            return;
        };
        let forward = self.way == Way::Forward;
        let state = match event {
            Event::Probed { facts, moves, .. } => {
                if forward {
                    if host.before.is_none() || !host.touched {
                        host.before = Some(facts.clone());
                    }
                    host.moves.clone_from(moves);
                }
                host.due.clone_from(moves);
                host.heard(facts);
                HostState::Probed
            }
            Event::Skipped { why, .. } => HostState::Skipped { why: why.clone() },
            Event::Silent { why, .. } => {
                host.asked = Some(at);
                let why = why.clone();
                match host.state {
                    HostState::Started | HostState::Unknown { .. } => HostState::Unknown { why },
                    HostState::HalfDone => HostState::HalfDone,
                    _ => HostState::Unreachable { why },
                }
            }
            Event::Starting { job, .. } => {
                host.job = Some(job.clone());
                host.attempts += 1;
                host.touched = true;
                host.told = Some(at);
                host.repair |= host.state == HostState::HalfDone;
                // Until the host has answered, nobody knows.
                let why = "it is being told".to_owned();
                HostState::Unknown { why }
            }
            Event::Begun { .. } => HostState::Started,
            Event::Lost { why, .. } => HostState::Unknown { why: why.clone() },
            Event::NotBegun { .. } => {
                host.asked = Some(at);
                host.as_before()
            }
            // It has just said what it has: nothing is to be waited for.
            Event::Unheard { .. } => {
                host.asked = None;
                host.as_before()
            }
            Event::HalfDone { facts, moves, .. } => {
                host.due.clone_from(moves);
                host.heard(facts);
                HostState::HalfDone
            }
            Event::Succeeded { facts, .. } => {
                host.heard(facts);
                HostState::Ok
            }
            Event::Repaired { facts, .. } => {
                host.heard(facts);
                HostState::Repaired
            }
            Event::Failed { fault, .. } => HostState::Failed {
                fault: fault.clone(),
            },
            Event::Excluded { reason, .. } => HostState::Skipped {
                why: Skip::Excluded {
                    reason: reason.clone(),
                    by: entry.by.clone(),
                },
            },
            Event::Included { .. } => {
                host.afresh();
                match forward || host.touched {
                    true => HostState::Pending,
                    false => HostState::Skipped {
                        why: Skip::Untouched,
                    },
                }
            }
            _ => return,
        };
        let index = host.ring;
        if forward && matches!(state, HostState::Ok | HostState::Repaired) {
            let ring = &mut self.rings[index];
            ring.first.get_or_insert(at);
            ring.last = Some(at);
        }
        self.set(name, state, at);
    }

    /// The one place where a host's state changes: its ring keeps count.
    pub(super) fn set(&mut self, name: &HostName, state: HostState, at: Timestamp) {
        if let Some(host) = self.hosts.get_mut(name) {
            let counts = &mut self.rings[host.ring].counts;
            counts.remove(&host.state);
            counts.add(&state);
            host.state = state;
            host.since = at;
        }
    }

    pub(super) fn checked(
        &mut self,
        ring: &RingName,
        host: Option<&HostName>,
        check: &str,
        found: &Verdict,
        at: Timestamp,
    ) {
        let index = self.index(ring);
        let key = (check.to_owned(), host.cloned());
        let checks = &mut self.rings[index].checks;
        let before = checks.get(&key).map_or(0, |known| known.row);
        let row = match found {
            Verdict::Passed => 0,
            Verdict::Inconclusive { .. } => before,
            Verdict::Failed { .. } => before.saturating_add(1),
        };
        let found = found.clone();
        let known = &self.policy.rings[index].checks;
        let needed = known.iter().find(|known| known.name == check);
        let needed = needed.map_or(1, |known| known.failures.max(1));
        // The host has failed with the failure that makes the row long enough:
        // no crash comes between the two.
        if let (Some(name), Verdict::Failed { said }) = (host, &found)
            && row >= needed
        {
            let fault = Fault::Check {
                check: check.to_owned(),
                said: said.clone(),
            };
            self.set(name, HostState::Failed { fault }, at);
        }
        let checks = &mut self.rings[index].checks;
        checks.insert(key, Checked { at, found, row });
    }
}

impl Host {
    pub(super) fn new(ring: usize, at: Timestamp) -> Self {
        Self {
            ring,
            state: HostState::Pending,
            moves: Vec::new(),
            due: Vec::new(),
            before: None,
            now: None,
            job: None,
            attempts: 0,
            touched: false,
            repair: false,
            told: None,
            asked: None,
            since: at,
        }
    }

    /// Tells whether its job runs, or may run.
    pub fn flies(&self) -> bool {
        matches!(self.state, HostState::Started | HostState::Unknown { .. })
    }

    /// Returns how far it was before it was told.
    fn as_before(&self) -> HostState {
        match self.repair {
            true => HostState::HalfDone,
            false => HostState::Probed,
        }
    }

    pub(super) fn heard(&mut self, facts: &crate::rollout::facts::HostFacts) {
        self.now = Some(Box::new(facts.clone()));
        self.asked = None;
    }

    pub(super) fn afresh(&mut self) {
        self.attempts = 0;
        self.repair = false;
        self.asked = None;
    }
}
